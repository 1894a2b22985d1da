//! `apply.sh` of an environment that no controller applies, against a cluster of its own: from empty to whole, again without a change, after an app left,
//! killed at ten points and run again, and on clusters that are not the environment's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::control_plane::Programs;
use super::script_run::{RECORD, Run, WIDGET, version};
use crate::judges::judge::words;

/// The seed of the points at which the script is killed.
const SEED: u64 = 20_261_130;

/// How often it is killed.
const KILLS: usize = 10;

/// Proves the script.
pub fn prove(programs: &Programs) -> Result<(), String> {
    let run = Run::new(programs)?;
    let place = "--region here";

    // Somebody forgot the flag; the dry run of a new cluster.
    let empty = run.objects()?;
    run.refuses("production", place, "does not say whose it is", &empty)?;
    let said = run.script("production", &format!("{place} --new --dry-run"), 2)?;
    for wanted in ["new: Deployment shop/web", "+kind: Namespace"] {
        if !said.out.contains(wanted) {
            return Err(format!("a dry run says `{wanted}`, not:\n{}{}", said.out, said.err));
        }
    }
    run.same("a dry run", &empty)?;

    // From empty to whole.
    let said = run.script("production", &format!("{place} --new"), 0)?;
    run.holds_the_files()?;
    let whole = run.quiet()?;
    let time = |id: &str, pointer: &str| whole.get(id).and_then(|object| object.pointer(pointer)).map(words).unwrap_or_default();
    let job = whole.keys().find(|id| id.starts_with("Job/shop/migrate")).ok_or("no job")?;
    let (over, web) = (time(job, "/status/completionTime"), time("Deployment/shop/web", "/metadata/creationTimestamp"));
    if over.is_empty() || over > web {
        return Err(format!("the job is over at `{over}`, and the app that follows it was made at {web}:\n{}", said.out));
    }
    let policy = time("NetworkPolicy/shop/default-deny", "/metadata/creationTimestamp");
    if policy.is_empty() || policy > time(job, "/metadata/creationTimestamp") {
        return Err(format!("the policy of the namespace was made at `{policy}`, after the job"));
    }

    // Again, without a change.
    run.script("production", &format!("{place} --dry-run"), 0)?;
    run.script("production", place, 0)?;
    run.same("a second run", &whole)?;

    // Other clusters: of another environment, of another region, and changes that no commit has.
    run.refuses("beta", place, "is script/production/here, and these files are of script/beta/here", &whole)?;
    run.refuses("beta", &format!("{place} --new --force-conflicts"), "and these files are of script/beta/here", &whole)?;
    run.refuses("production", "", "is script/production/here, and these files are of script/production/there", &whole)?;
    run.project.write("deploy/kubernetes/production/here/shop/more.yaml", WIDGET);
    run.refuses("production", place, "has changes that no commit has", &whole)?;
    fs::remove_file(run.project.at("deploy/kubernetes/production/here/shop/more.yaml")).map_err(|error| error.to_string())?;

    // What does not become ready is named, and nothing after it is pruned.
    run.commit(
        "v1\", port: 8080, probes: {ready: /ready}, resources: {cpu: 100m",
        "v1\", port: 8080, probes: {ready: /ready}, resources: {cpu: \"99\"",
    )?;
    let said = run.script("production", &format!("{place} --timeout 3"), 1)?;
    if !said.err.contains("not ready: Deployment.apps shop/web: ") || said.err.contains("shop/migrate") {
        return Err(format!("the script says what is not ready, not:\n{}", said.err));
    }
    run.succeeds("git revert --no-edit HEAD && git tag first")?;

    // An app leaves: exactly its objects do.
    run.script("production", place, 0)?;
    let before = run.quiet()?;
    run.leaves()?;
    let (left, of_app) =
        (run.succeeds("git tag second && git rev-parse HEAD")?, |id: &&String| id.ends_with("/old") || id.contains("/old-"));
    let said = run.script("production", &format!("{place} --dry-run"), 2)?;
    if !said.out.contains("delete --ignore-not-found 'Deployment.apps' 'old'") {
        return Err(format!("a dry run says what is deleted, not:\n{}", said.out));
    }
    run.script("production", place, 0)?;
    let after = run.quiet()?;
    let gone: BTreeSet<&String> = before.keys().filter(|id| !after.contains_key(*id)).collect();
    let wanted: BTreeSet<&String> = before.keys().filter(of_app).collect();
    if gone != wanted || wanted.len() < 6 || after.keys().any(|id| !before.contains_key(id)) {
        return Err(format!("gone: {gone:?}\nof the app: {wanted:?}"));
    }
    let changed: Vec<&String> = after.iter().filter(|(id, object)| version(object) != version(&before[*id])).map(|(id, _)| id).collect();
    if changed != [RECORD] || words(&after[RECORD]["data"]["commits"]) != left.trim() {
        return Err(format!("changed with the app that left: {changed:?}, and the record says {}", after[RECORD]["data"]));
    }

    killed(&run, place)
}

/// Two commits in turn: each is killed on its way, and run again.
fn killed(run: &Run, place: &str) -> Result<(), String> {
    let mut states = BTreeMap::new();
    for commit in ["first", "second"] {
        run.succeeds(&format!("git checkout --quiet {commit}"))?;
        let calls = run.counted(place)?;
        run.holds_the_files()?;
        states.insert(commit, (calls, run.settled()?));
    }
    let mut seed = SEED;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for kill in 0..KILLS {
        let commit = ["first", "second"][kill % 2];
        let (calls, state) = &states[commit];
        run.succeeds(&format!("git checkout --quiet {commit}"))?;
        let (at, after) = (1 + next(*calls), next(250));
        let said = run.start("production", place, at, after)?;
        if said.code != -1 {
            return Err(format!("killed in call {at} of {calls}, the script ended with {}:\n{}{}", said.code, said.out, said.err));
        }
        run.script("production", place, 0).map_err(|error| format!("killed in call {at}, after {after} ms: {error}"))?;
        let found = run.settled()?;
        if found != *state {
            let differs = |id: &&&String| found.get(**id) != state.get(**id);
            let ids: BTreeSet<&String> = found.keys().chain(state.keys()).collect();
            let differing: Vec<String> =
                ids.iter().filter(differs).map(|id| format!("{id}:\n  {:?}\n  {:?}", state.get(*id), found.get(*id))).collect();
            return Err(format!("killed in call {at} of {calls}, after {after} ms, and run again:\n{}", differing.join("\n")));
        }
    }
    Ok(())
}
