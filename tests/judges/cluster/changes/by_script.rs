//! `apply.sh` of an environment that no controller applies, against a cluster of its own: from empty to whole, again without a change, after an app left,
//! killed at ten points and run again, and on clusters that are not the environment's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::control_plane::{ControlPlane, Programs, ZONES};
use super::test_cluster::Said;
use crate::acceptance::program::Project;
use crate::judges::cluster::process::wait;
use crate::judges::judge::{list, words};

/// The seed of the points at which the script is killed.
const SEED: u64 = 20_261_130;

/// How often it is killed.
const KILLS: usize = 10;

/// How long the controllers may take until they write nothing any more.
const QUIET: Duration = Duration::from_secs(60);

/// The platform: a job that comes before the apps, a kind of its own with an object, an app that leaves, and one whose configuration changes.
const SPEC: &str = r#"apiVersion: platgen/v1
platform: {name: script, owner: ops, domain: script.example}
cloud: {provider: existing}
regions: {here: {zones: 3}, there: {zones: 3}}
network: {subnets: {script: {default: true}}}
environments:
  beta: {regions: [here], domain: beta.script.example}
  production: {regions: [here, there], domain: script.example, protected: true}
access: {groups: {ops: {id: platform-admin, role: admin}}}
teams: {ops: {group: ops}}
namespaces: {shop: {owner: ops}}
manifests:
  a-widget: {from: files/widget.yaml, namespace: shop, reason: an object of a kind}
  widgets: {from: files/widgets.yaml, reason: the kind}
apps:
  migrate: {image: "registry.example/web:v1", run: before-deploy, resources: {cpu: 100m, memory: 64Mi}}
  old: {image: "registry.example/old:v1", port: 8080, probes: {ready: /ready}, resources: {cpu: 100m, memory: 64Mi}, config: {A: b}, scale: {replicas: 2}}
  web: {image: "registry.example/web:v1", port: 8080, probes: {ready: /ready}, resources: {cpu: 100m, memory: 64Mi}, config: {VERSION: "1"}, scale: {replicas: 2}}
"#;

const KIND: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

const WIDGET: &str = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: one, namespace: shop}\nspec: {size: 1}\n";

/// In place of kubectl: counts its calls, and kills the whole script with itself while the call number `$KILL_AT` runs.
const KUBECTL: &str = r#"#!/bin/sh
number=$(($(cat "$COUNT") + 1))
echo "$number" >"$COUNT"
if [ "$number" -eq "$KILL_AT" ]; then
  exec 3<&0
  REAL "$@" <&3 &
  sleep "$KILL_AFTER"
  kill -KILL 0
fi
exec REAL "$@"
"#;

/// The objects of the platform by `Kind/namespace/name`.
type Objects = BTreeMap<String, Value>;

/// The repository and the cluster.
struct Run {
    control_plane: ControlPlane,
    project: Project,
}

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

/// The note of the script in the cluster.
const RECORD: &str = "ConfigMap/platgen-system/applied-script-production-here";

/// What an object has when nothing wrote it: its version. Of an admission policy, what it says: the API server compares what is applied with what is stored
/// before it adds its defaults, and notes the time of such an apply although nothing differs.
fn version(object: &Value) -> &Value {
    if object["kind"] == "ValidatingAdmissionPolicy" { &object["spec"] } else { &object["metadata"]["resourceVersion"] }
}

impl Run {
    fn new(programs: &Programs) -> Result<Self, String> {
        let run = Self { control_plane: ControlPlane::start(programs, "script")?, project: Project::new() };
        for zone in ZONES {
            run.control_plane.nodes("script", zone)?;
        }
        let kubeconfig = run.control_plane.server.run.join("kube-apiserver/kubeconfig");
        let text = fs::read_to_string(&kubeconfig).map_err(|error| format!("{}: {error}", kubeconfig.display()))?;
        let mut kubeconfig: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let contexts = ["beta-here", "production-here", "production-there"].map(|place| {
            let mut context = kubeconfig["contexts"][0].clone();
            context["name"] = json!(format!("script-{place}"));
            context
        });
        kubeconfig["contexts"] = json!(contexts);
        kubeconfig["current-context"] = json!("");
        let project = &run.project;
        project.write("../kubeconfig", &kubeconfig.to_string());
        project.write("../tmp/.keep", "");
        let real = programs.kubectl().display().to_string();
        project.write("../bin/kubectl", &KUBECTL.replace("REAL", &real));
        fs::set_permissions(project.at("../bin/kubectl"), fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
        project.write("platform.yaml", SPEC);
        project.write("files/widget.yaml", WIDGET);
        project.write("files/widgets.yaml", KIND);
        run.succeeds("git init --quiet --initial-branch main .")?;
        run.render()?;
        Ok(run)
    }

    /// Renders the spec, and commits what was written.
    fn render(&self) -> Result<(), String> {
        let ran = self.project.run(&["render", "--force"]);
        if ran.code != 0 {
            return Err(format!("render ended with {}:\n{}{}", ran.code, ran.out, ran.err));
        }
        self.succeeds("git add --all . && git commit --quiet --message 'A change of the spec'").map(drop)
    }

    /// Replaces what must be in the spec, and renders.
    fn commit(&self, from: &str, to: &str) -> Result<(), String> {
        let text = self.project.read("platform.yaml");
        let at = text.rfind(from).ok_or_else(|| format!("the spec has no `{from}`"))?;
        self.project.write("platform.yaml", &format!("{}{to}{}", &text[..at], &text[at + from.len()..]));
        self.render()
    }

    /// The app `old` leaves the spec.
    fn leaves(&self) -> Result<(), String> {
        let text = self.project.read("platform.yaml");
        let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("  old: ")).collect();
        self.project.write("platform.yaml", &(kept.join("\n") + "\n"));
        self.render()
    }

    fn command(&self, script: &str) -> Command {
        let home = self.project.at("..");
        let mut command = Command::new("timeout");
        let path = format!("{}:{}", home.join("bin").display(), std::env::var("PATH").unwrap_or_default());
        command.args(["--foreground", "120", "sh", "-euc", script]).current_dir(&self.project.folder);
        command.env("HOME", &home).env("KUBECONFIG", home.join("kubeconfig")).env("PATH", path).env("TMPDIR", home.join("tmp"));
        command.env("COUNT", home.join("count")).env("KILL_AT", "0").env("KILL_AFTER", "0");
        for key in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{key}_NAME"), "ops").env(format!("GIT_{key}_EMAIL"), "ops@example.com");
        }
        self.project.write("../count", "0\n");
        command
    }

    fn succeeds(&self, script: &str) -> Result<String, String> {
        let said = said(self.command(script))?;
        if said.code == 0 { Ok(said.out) } else { Err(format!("{script}\nended with {}:\n{}{}", said.code, said.out, said.err)) }
    }

    /// Runs the script of an environment, which has to end with a code.
    fn script(&self, environment: &str, flags: &str, code: i32) -> Result<Said, String> {
        let said = said(self.command(&format!("sh deploy/kubernetes/{environment}/apply.sh {flags}")))?;
        match said.code == code {
            true => Ok(said),
            false => Err(format!("apply.sh {flags} of {environment} ended with {}, not {code}:\n{}{}", said.code, said.out, said.err)),
        }
    }

    /// Runs the script, which is killed in the call of kubectl with a number, some milliseconds after its start.
    fn start(&self, environment: &str, flags: &str, call: u64, after: u64) -> Result<Said, String> {
        let mut command = self.command(&format!("sh deploy/kubernetes/{environment}/apply.sh {flags}"));
        command.env("KILL_AT", call.to_string()).env("KILL_AFTER", format!("0.{after:03}")).process_group(0);
        said(command)
    }

    /// Runs the script; how often it calls kubectl.
    fn counted(&self, flags: &str) -> Result<u64, String> {
        self.script("production", flags, 0)?;
        self.project.read("../count").trim().parse().map_err(|error| format!("the count of calls: {error}"))
    }

    /// The script ends with 1 and a word, and nothing in the cluster is another one.
    fn refuses(&self, environment: &str, flags: &str, word: &str, before: &Objects) -> Result<(), String> {
        let said = self.script(environment, flags, 1)?;
        if !said.err.contains(word) || !said.err.contains("othing is changed") {
            return Err(format!("apply.sh {flags} of {environment} refuses with `{word}`, not:\n{}", said.err));
        }
        self.same(word, before)
    }

    /// Nothing changed: every object has the version that it had.
    fn same(&self, what: &str, before: &Objects) -> Result<(), String> {
        let now = self.objects()?;
        let ids: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        let changed: Vec<&&String> = ids.iter().filter(|id| before.get(**id).map(version) != now.get(**id).map(version)).collect();
        let Some(first) = changed.first() else { return Ok(()) };
        let shown = |objects: &Objects| objects.get(**first).map(Value::to_string).unwrap_or_default();
        Err(format!("{what} changed {changed:?}, the first from\n{}\nto\n{}", shown(before), shown(&now)))
    }

    /// The objects of the platform: those that say so, and those of its kind.
    fn objects(&self) -> Result<Objects, String> {
        let api = &self.control_plane.server.api;
        let mut bases = vec!["/api/v1".to_owned()];
        let groups = api.get("/apis")?.ok()?;
        // The definitions of add-ons bring many kinds, and no object here is of one of them.
        let known = |group: &&Value| {
            let name = words(&group["name"]);
            !name.contains('.') || name.ends_with(".k8s.io") || name == "example.com"
        };
        let groups = list(&groups["groups"]).iter().filter(known);
        bases.extend(groups.map(|group| format!("/apis/{}", words(&group["preferredVersion"]["groupVersion"]))));
        let mut found = Objects::new();
        for base in bases {
            for kind in list(&api.get(&base)?.body["resources"]) {
                if !list(&kind["verbs"]).contains(&json!("list")) || kind["kind"] == "Event" {
                    continue;
                }
                for object in list(&api.get(&format!("{base}/{}", words(&kind["name"])))?.body["items"]) {
                    let meta = &object["metadata"];
                    let ours = meta["labels"]["platgen.io/platform"] == "script"
                        || meta["labels"]["app.kubernetes.io/part-of"] == "script"
                        || kind["kind"] == "Widget";
                    if ours && list(&meta["ownerReferences"]).is_empty() {
                        let parts = [words(&kind["kind"]), words(&meta["namespace"]), words(&meta["name"])];
                        let id = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("/");
                        let mut object = object.clone();
                        // Lists leave it out.
                        object["kind"] = kind["kind"].clone();
                        found.insert(id, object);
                    }
                }
            }
        }
        Ok(found)
    }

    /// The objects, once controllers write nothing any more.
    fn quiet(&self) -> Result<Objects, String> {
        let mut last = self.objects()?;
        wait("the controllers have nothing to write", QUIET, || {
            std::thread::sleep(Duration::from_millis(500));
            let now = self.objects()?;
            let same = now.len() == last.len() && now.iter().all(|(id, object)| last.get(id).map(version) == Some(version(object)));
            last = now;
            Ok(same.then_some(()))
        })?;
        Ok(last)
    }

    /// What the objects say, without what differs from run to run.
    fn settled(&self) -> Result<Objects, String> {
        let mut found = self.quiet()?;
        for object in found.values_mut() {
            let Some(fields) = object.as_object_mut() else { continue };
            fields.remove("status");
            if let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) {
                // The API server chooses the address of a Service that is made anew.
                spec.retain(|key, _| !["clusterIP", "clusterIPs"].contains(&key.as_str()));
            }
            if let Some(meta) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
                meta.retain(|key, _| ["annotations", "labels", "name", "namespace"].contains(&key.as_str()));
                if let Some(notes) = meta.get_mut("annotations").and_then(Value::as_object_mut) {
                    notes.remove("deployment.kubernetes.io/revision");
                }
            }
        }
        Ok(found)
    }

    /// The cluster holds every object of the files, and beside them the note of the script alone.
    fn holds_the_files(&self) -> Result<(), String> {
        let folder: PathBuf = self.project.at("deploy/kubernetes/production/here");
        let text = self.succeeds(&format!("kubectl kustomize '{}'", folder.display()))?;
        let wanted: BTreeSet<String> =
            crate::judges::cluster::objects::parse("files", &text)?.iter().map(crate::judges::cluster::objects::Object::id).collect();
        let held: BTreeSet<String> = self.objects()?.into_keys().filter(|id| id != RECORD).collect();
        let differs: Vec<&String> = wanted.symmetric_difference(&held).collect();
        if differs.is_empty() { Ok(()) } else { Err(format!("in the files or in the cluster alone: {differs:?}")) }
    }
}

/// What a command said; its code is -1 when it was killed.
fn said(mut command: Command) -> Result<Said, String> {
    let done = command.output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Said { code: done.status.code().unwrap_or(-1), out: text(&done.stdout), err: text(&done.stderr) })
}
