//! Other people's checkers judge what platgen prints: one trial per judge and rendered folder.
//!
//! Every spec of `specs/`, and specs composed at random, are rendered by the built binary. An absent judge is an ignored trial that says how to
//! get it, or a failure when PLATGEN_JUDGES is `required`. A finding fails its trial unless the scanner's own configuration, as rendered, keeps
//! it silent. The `fixture` holds planted faults: each judge must find its own, so that silence means something. README.md beside this file says
//! how the judges are run.

// Nothing is reachable from outside a test; `pub` says what the other modules use.
#![allow(unreachable_pub)]

mod address_plan;
mod alertmanager;
mod bench;
mod bootstrap_plan;
mod cache;
mod checkov;
mod ci_steps;
mod cluster;
mod cluster_plan;
mod cluster_requests;
mod data_plan;
mod global_plan;
mod iam;
mod interconnect_plan;
pub(crate) mod judge;
mod kubernetes;
mod lookup;
mod network_plan;
mod node_plan;
mod order;
mod outages;
mod pipelines_plan;
mod pipelines_requests;
mod random;
mod reach;
mod resources;
mod scan;
mod states;
mod terraform;
mod text;
mod trees;
mod vpn_plan;
mod waivers;

use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::required;

use bench::Bench;
use judge::Finding;
use trees::Tree;
use waivers::Waiver;

/// The judges of every random spec; the others see the first few.
const FAST: [&str; 6] = ["kubeconform", "kube-score", "kubectl", "pyyaml", "yamllint", "cluster"];

/// How many random specs there are, and how many of them every judge sees.
const RANDOM: (u64, u64) = (8, 1);

/// Judges that nobody requires but PLATGEN_JUDGES=all, and that `get` fetches by their names alone: building them takes minutes. OpenTofu is asked what
/// Terraform is asked as well.
const BY_NAME: [&str; 1] = ["tofu"];

/// Whether every judge is required.
fn whole() -> bool {
    std::env::var("PLATGEN_JUDGES").is_ok_and(|value| value == "all")
}

/// What the trials of this module share, for the report after them.
struct Session {
    bench: Arc<Bench>,
    /// The waivers of each rendered spec, by its name.
    waived: Vec<(String, Vec<Waiver>)>,
}

/// Set once the trials are collected.
static SESSION: OnceLock<Session> = OnceLock::new();

/// The trials of this module. Renders every spec.
pub(crate) fn trials() -> Vec<Trial> {
    let bench = Arc::new(Bench::open(judge::all()));
    let required = required();
    let mut trials = vec![
        Trial::test("judges::waivers/rules", || waivers::prove().map_err(Failed::from)),
        Trial::test("judges::iam/rules", || iam::prove().map_err(Failed::from)),
        Trial::test("judges::address_plan/rules", || address_plan::prove().map_err(Failed::from)),
        Trial::test("judges::bootstrap_plan/rules", || bootstrap_plan::prove().map_err(Failed::from)),
        Trial::test("judges::data_plan/rules", || data_plan::prove().map_err(Failed::from)),
        Trial::test("judges::cluster_plan/rules", || cluster_plan::prove().map_err(Failed::from)),
        Trial::test("judges::cluster_requests/rules", || cluster_requests::prove().map_err(Failed::from)),
        Trial::test("judges::interconnect_plan/rules", || interconnect_plan::prove().map_err(Failed::from)),
        Trial::test("judges::global_plan/rules", || global_plan::prove().map_err(Failed::from)),
        Trial::test("judges::network_plan/rules", || network_plan::prove().map_err(Failed::from)),
        Trial::test("judges::node_plan/rules", || node_plan::prove().map_err(Failed::from)),
        Trial::test("judges::pipelines_plan/rules", || pipelines_plan::prove().map_err(Failed::from)),
        Trial::test("judges::vpn_plan/rules", || vpn_plan::prove().map_err(Failed::from)),
        Trial::test("judges::resources/rules", || resources::prove().map_err(Failed::from)),
        Trial::ignorable_test("judges::cluster/faults", move || match cluster::find() {
            Err(missing) if required => Err(missing.into()),
            Err(missing) => Ok(Completion::ignored_with(missing)),
            Ok(_) => cluster::prove().map(|()| Completion::Completed).map_err(Failed::from),
        }),
    ];
    for system in ["github", "gitlab"] {
        trials.push(Trial::ignorable_test(format!("judges::steps/{system}"), move || match ci_steps::find() {
            Err(missing) if required => Err(missing.into()),
            Err(missing) => Ok(Completion::ignored_with(missing)),
            Ok(()) => ci_steps::prove(system).map(|()| Completion::Completed).map_err(Failed::from),
        }));
    }
    let mut waived: Vec<(String, Vec<Waiver>)> = Vec::new();
    let mut configured = None;
    let mut trees = Vec::new();
    for spec in specs() {
        let name = spec.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match trees::folder().and_then(|keep| trees::render(&spec, keep)) {
            Ok(tree) => {
                let tree = Arc::new(tree);
                match waivers::read(&tree.root) {
                    Ok(read) => waived.push((name, read)),
                    Err(error) => trials.push(Trial::test(format!("judges::waivers/{name}"), move || Err(error.into()))),
                }
                trials.extend(judged(&tree, &bench, required, |_| true));
                trials.extend(proven(&tree, &bench, required));
                trees.push(Arc::clone(&tree));
                configured.get_or_insert(tree);
            }
            Err(error) => trials.push(Trial::test(format!("judges::render/{name}"), move || Err(error.into()))),
        }
    }
    trials.extend(ordered(&trees, &bench, required));
    trials.push(Trial::test("judges::resources/roots", move || resources::same_roots(&trees).map_err(Failed::from)));
    trials.extend(dates(&waived));
    trials.push(scanned(&bench, required));
    if let Some(tree) = &configured {
        trials.extend(planted(&bench, tree, required));
    }
    trials.extend(composed(&bench, required));
    trials.extend(cluster::changes::trials(required));
    trials.extend(outages::trials(required));
    SESSION.get_or_init(|| Session { bench, waived });
    trials
}

/// Ends the API server, prints the table of judges, and writes it to `report.txt`. After a `whole` run, a waiver that no finding needed is a fault.
/// Returns whether everything is in order; it is if the trials were never collected.
pub(crate) fn report(whole: bool) -> bool {
    let asked = cluster::stop();
    let Some(Session { bench, waived }) = SESSION.get() else { return true };
    let mut table = bench.table();
    if let Some(asked) = asked {
        table += &format!("{asked}\n");
    }
    println!("{table}");
    if waived.is_empty() {
        println!("no spec was rendered: nothing was judged\n");
    }
    let mut sound = true;
    let written = fs::create_dir_all(judge::home()).and_then(|()| fs::write(judge::home().join("report.txt"), table));
    if let Err(error) = written {
        eprintln!("{}/report.txt: {error}", judge::home().display());
        sound = false;
    }
    // Only a whole run knows that nothing needed a waiver, and only of scanners that ran.
    let ran = |name: &str| {
        let mut known = bench.judges.iter().filter(|(judge, _)| judge.name == name).peekable();
        known.peek().is_some() && known.all(|(_, program)| program.is_ok())
    };
    let needed = bench.needed();
    for (tree, waivers) in waived.iter().filter(|_| whole) {
        for idle in waivers::unneeded(tree, waivers, &needed, ran) {
            eprintln!("waivers: {idle}");
            sound = false;
        }
    }
    sound
}

/// A spec that becomes the same files as another one, as a test says: nobody has to judge them twice.
const TWICE: &str = "minimal-toml";

/// The folders of `specs/` with files of their own, in name order.
fn specs() -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("specs")).into_iter().flatten().flatten();
    let mut specs: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_dir() && !path.ends_with(TWICE)).collect();
    specs.sort();
    specs
}

/// One trial per judge and folder of a rendered spec.
fn judged(tree: &Arc<Tree>, bench: &Arc<Bench>, required: bool, sees: impl Fn(&str) -> bool) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (index, (judge, _)) in bench.judges.iter().enumerate().filter(|(_, (judge, _))| sees(judge.name)) {
        for input in (0..tree.inputs.len()).filter(|input| tree.inputs[*input].subject == judge.subject) {
            let name = format!("judges::{}/{}/{}", judge.name, tree.name, tree.inputs[input].path);
            let tree = Arc::clone(tree);
            trials.push(trial(name, index, Arc::clone(bench), required, move |bench| {
                let findings = bench.judge(index, &tree, input)?;
                bench.note(index, &tree, input, &findings);
                let news: Vec<_> = findings.into_iter().filter(|finding| !finding.accepted).collect();
                if news.is_empty() { Ok(()) } else { Err(tree.keep(&listing(&news))) }
            }));
        }
    }
    trials
}

/// The proofs over what Terraform makes of a whole spec.
fn proven(tree: &Arc<Tree>, bench: &Arc<Bench>, required: bool) -> Vec<Trial> {
    let terraform = bench.judges.iter().position(|(judge, _)| judge.name == "tfcheck");
    let proof = |index: usize| {
        let shown = Arc::clone(tree);
        trial(format!("judges::reach/{}", tree.name), index, Arc::clone(bench), required, move |bench| {
            reach::prove(&shown.name, &bench.made(index, &shown)?)
        })
    };
    terraform.map(proof).into_iter().collect()
}

/// The simulation of the order in which the roots of every spec are applied.
fn ordered(trees: &[Arc<Tree>], bench: &Arc<Bench>, required: bool) -> Option<Trial> {
    let index = bench.judges.iter().position(|(judge, _)| judge.name == "tfcheck")?;
    let trees = trees.to_vec();
    Some(trial("judges::order/specs".to_owned(), index, Arc::clone(bench), required, move |bench| {
        let mut made = Vec::new();
        for tree in &trees {
            made.push(order::Made { spec: &tree.name, tree: &tree.root, resources: bench.made(index, tree)? });
        }
        order::prove(&made)
    }))
}

/// Trials of specs composed at random.
fn composed(bench: &Arc<Bench>, required: bool) -> Vec<Trial> {
    let number = |name: &str, default: u64| match std::env::var(name) {
        Ok(text) => text.parse().map_err(|_| format!("{name}={text} is not a number")),
        Err(_) => Ok(default),
    };
    let (seed, count) = match (number("PLATGEN_SEED", 1), number("PLATGEN_RANDOM", RANDOM.0)) {
        (Ok(seed), Ok(count)) => (seed, count),
        (Err(error), _) | (_, Err(error)) => return vec![Trial::test("judges::random", move || Err(error.into()))],
    };
    let mut trials = Vec::new();
    for (place, seed) in (0..count).map(|place| (place, seed.wrapping_add(place))) {
        match trees::random(seed) {
            Ok(tree) => {
                let tree = Arc::new(tree);
                trials.extend(judged(&tree, bench, required, |name| place < RANDOM.1 || FAST.contains(&name)));
            }
            Err(error) => trials.push(Trial::test(format!("judges::render/random-{seed}"), move || Err(error.into()))),
        }
    }
    trials
}

/// What a user does who scans a rendered platform.
fn scanned(bench: &Arc<Bench>, required: bool) -> Trial {
    let bench = Arc::clone(bench);
    Trial::ignorable_test("judges::scan/sample", move || {
        let scanners = bench
            .judges
            .iter()
            .filter(|(judge, _)| ["checkov", "yamllint", "tflint", "detect-secrets", "kube-score", "trivy"].contains(&judge.name));
        match scanners.filter_map(|(_, program)| program.as_ref().err()).next() {
            Some(missing) if required => return Err(missing.into()),
            Some(missing) => return Ok(Completion::ignored_with(missing.clone())),
            None => {}
        }
        let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/sample");
        let tree = trees::folder().and_then(|keep| trees::render(&spec, keep))?;
        scan::prove(&tree).map(|()| Completion::Completed).map_err(Failed::from)
    })
}

/// One trial per judge over the fixture: it must report every fault that `expected.toml` says was planted for it.
fn planted(bench: &Arc<Bench>, configured: &Tree, required: bool) -> Vec<Trial> {
    let folder = judge::configuration().join("fixture");
    let tree = match trees::folder().and_then(|keep| trees::fixture(&folder, configured, keep)) {
        Ok(tree) => Arc::new(tree),
        Err(error) => return vec![Trial::test("judges::fixture", move || Err(error.into()))],
    };
    let expected: toml::Table = match fs::read_to_string(folder.join("expected.toml")).ok().and_then(|text| toml::from_str(&text).ok()) {
        Some(expected) => expected,
        None => return vec![Trial::test("judges::fixture", || Err("fixture/expected.toml cannot be read".into()))],
    };
    let mut trials = Vec::new();
    for (index, (judge, _)) in bench.judges.iter().enumerate() {
        let key = format!("{} {:?}", judge.name, judge.subject).to_lowercase();
        let lines = expected.get(&key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let tree = Arc::clone(&tree);
        trials.push(trial(format!("judges::fixture/{key}"), index, Arc::clone(bench), required, move |bench| {
            let mut findings = Vec::new();
            for input in (0..tree.inputs.len()).filter(|input| tree.inputs[*input].subject == bench.judges[index].0.subject) {
                findings.extend(bench.judge(index, &tree, input)?);
            }
            let found: Vec<_> = findings
                .iter()
                .filter(|finding| !finding.accepted)
                .map(|finding| format!("{} {} {}", finding.rule, finding.file, finding.object).trim().to_owned())
                .collect();
            let missed: Vec<_> =
                lines.iter().filter_map(toml::Value::as_str).filter(|line| !found.iter().any(|found| found == line)).collect();
            match (lines.is_empty(), missed.is_empty()) {
                (true, _) => Err(format!("expected.toml plants nothing for it; it found:\n{}", found.join("\n"))),
                (_, false) => Err(format!("missed:\n{}\nfound:\n{}", missed.join("\n"), found.join("\n"))),
                _ => Ok(()),
            }
        }));
    }
    trials
}

/// A trial of one judge: ignored with the way to get it when it is absent, failed when it is required.
fn trial(
    name: String,
    index: usize,
    bench: Arc<Bench>,
    required: bool,
    run: impl FnOnce(&Bench) -> Result<(), String> + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || match &bench.judges[index] {
        (judge, Err(missing)) if required && (whole() || !BY_NAME.contains(&judge.name)) => Err(missing.into()),
        (_, Err(missing)) => Ok(Completion::ignored_with(missing.clone())),
        (_, Ok(_)) => run(&bench).map(|()| Completion::Completed).map_err(Failed::from),
    })
}

/// No waiver past its day, and few waived rules.
fn dates(waived: &[(String, Vec<Waiver>)]) -> Vec<Trial> {
    let (dated, all) = (waived.to_vec(), waived.iter().flat_map(|(_, waivers)| waivers.clone()).collect::<Vec<_>>());
    let expired = move || {
        let today = waivers::today()?;
        let over: Vec<String> = dated.iter().flat_map(|(tree, waivers)| waivers::expired(tree, waivers, today)).collect();
        if over.is_empty() { Ok(()) } else { Err(over.join("\n").into()) }
    };
    let few = move || waivers::too_many(&all).map_or(Ok(()), |error| Err(error.into()));
    vec![Trial::test("judges::waivers/dates", expired), Trial::test("judges::waivers/few", few)]
}

/// Findings as lines that a waiver can be written from.
fn listing(findings: &[Finding]) -> String {
    let line = |finding: &Finding| format!("{} | {} | {} | {}", finding.rule, finding.object, finding.file, finding.message);
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}
