//! Other people's checkers judge what platgen prints: one trial per judge and rendered folder.
//!
//! Every spec of `specs/` is rendered by the built binary. An absent judge is an ignored trial that says how to get it, or a failure when
//! PLATGEN_JUDGES is `required`. A finding fails its trial unless `waivers.toml` accepts it. The `fixture` holds planted faults: each judge
//! must find its own, so that silence means something. README.md beside this file says how the judges are run.

// Nothing is reachable from outside a test; `pub` says what the other modules use.
#![allow(unreachable_pub)]

mod bench;
mod cache;
mod judge;
mod kubernetes;
mod loosened;
mod resources;
mod terraform;
mod text;
mod trees;
mod waivers;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use bench::Bench;
use judge::Finding;
use trees::Tree;
use waivers::Waivers;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let bench = Arc::new(Bench::open(judge::all()));
    let required = std::env::var("PLATGEN_JUDGES").is_ok_and(|value| value == "required");
    let mut trials = vec![Trial::test("waivers/rules", || waivers::prove().map_err(Failed::from))];
    let waivers = Arc::new(match Waivers::read() {
        Ok(waivers) => waivers,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    });
    trials.push(Trial::test("waivers/loosened", || loosened::prove().map_err(Failed::from)));
    trials.push(Trial::test("resources/rules", || resources::prove().map_err(Failed::from)));
    trials.push(known(&waivers, &bench));
    trials.push(dates(&waivers));
    trials.extend(planted(&bench, required));
    let mut rendered = Vec::new();
    for spec in specs() {
        let name = spec.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match trees::folder().and_then(|keep| trees::render(&spec, keep)) {
            Ok(tree) => {
                let tree = Arc::new(tree);
                trials.extend(judged(&tree, &bench, &waivers, required));
                rendered.push(tree);
            }
            Err(error) => trials.push(Trial::test(format!("render/{name}"), move || Err(error.into()))),
        }
    }
    let trees = rendered.clone();
    trials.push(Trial::test("resources/roots", move || resources::same_roots(&trees).map_err(Failed::from)));
    let whole = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list && !arguments.ignored;
    let conclusion = libtest_mimic::run(&arguments, trials);
    if arguments.list {
        return ExitCode::SUCCESS;
    }
    let mut failed = conclusion.has_failed();
    let table = bench.table();
    println!("{table}");
    if rendered.is_empty() {
        println!("no spec was rendered: only the fixture was judged\n");
    }
    let written = fs::create_dir_all(judge::home()).and_then(|()| fs::write(judge::home().join("report.txt"), table));
    if let Err(error) = written {
        eprintln!("target/judges/report.txt: {error}");
        failed = true;
    }
    // Only a whole run knows that nothing needed a waiver, and only judges that ran.
    let ran = |name: &str| bench.judges.iter().filter(|(judge, _)| judge.name == name).all(|(_, program)| program.is_ok());
    for idle in if whole && !rendered.is_empty() { waivers.unused(ran) } else { Vec::new() } {
        eprintln!("waivers.toml: {idle}");
        failed = true;
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The folders of `specs/`, in name order.
fn specs() -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("specs")).into_iter().flatten().flatten();
    let mut specs: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    specs.sort();
    specs
}

/// One trial per judge and folder of a rendered spec.
fn judged(tree: &Arc<Tree>, bench: &Arc<Bench>, waivers: &Arc<Waivers>, required: bool) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (index, (judge, _)) in bench.judges.iter().enumerate() {
        for input in (0..tree.inputs.len()).filter(|input| tree.inputs[*input].subject == judge.subject) {
            let name = format!("{}/{}/{}", judge.name, tree.name, tree.inputs[input].path);
            let (tree, bench, waivers) = (Arc::clone(tree), Arc::clone(bench), Arc::clone(waivers));
            trials.push(trial(name, index, bench, required, move |bench| {
                let findings = bench.judge(index, &tree, input)?;
                let (waived, rest): (Vec<_>, Vec<_>) =
                    findings.into_iter().partition(|finding| loosened::accept(&tree.root, finding) || waivers.accept(finding));
                bench.note(index, &tree.inputs[input], rest.len() + waived.len(), waived.len());
                if rest.is_empty() { Ok(()) } else { Err(listing(&rest)) }
            }));
        }
    }
    trials
}

/// One trial per judge over the fixture: it must report every fault that `expected.toml` says was planted for it.
fn planted(bench: &Arc<Bench>, required: bool) -> Vec<Trial> {
    let folder = judge::configuration().join("fixture");
    let tree = match trees::folder().and_then(|keep| trees::fixture(&folder, keep)) {
        Ok(tree) => Arc::new(tree),
        Err(error) => return vec![Trial::test("fixture", move || Err(error.into()))],
    };
    let expected: toml::Table = match fs::read_to_string(folder.join("expected.toml")).ok().and_then(|text| toml::from_str(&text).ok()) {
        Some(expected) => expected,
        None => return vec![Trial::test("fixture", || Err("fixture/expected.toml cannot be read".into()))],
    };
    let mut trials = Vec::new();
    for (index, (judge, _)) in bench.judges.iter().enumerate() {
        let key = format!("{} {:?}", judge.name, judge.subject).to_lowercase();
        let lines = expected.get(&key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let tree = Arc::clone(&tree);
        trials.push(trial(format!("fixture/{key}"), index, Arc::clone(bench), required, move |bench| {
            let mut findings = Vec::new();
            for input in (0..tree.inputs.len()).filter(|input| tree.inputs[*input].subject == bench.judges[index].0.subject) {
                findings.extend(bench.judge(index, &tree, input)?);
            }
            let found: Vec<_> =
                findings.iter().map(|finding| format!("{} {} {}", finding.rule, finding.file, finding.object).trim().to_owned()).collect();
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
    Trial::ignorable_test(name, move || match &bench.judges[index].1 {
        Err(missing) if required => Err(missing.into()),
        Err(missing) => Ok(Completion::ignored_with(missing.clone())),
        Ok(_) => run(&bench).map(|()| Completion::Completed).map_err(Failed::from),
    })
}

/// No waiver for a judge that does not exist.
fn known(waivers: &Arc<Waivers>, bench: &Arc<Bench>) -> Trial {
    let (waivers, bench) = (Arc::clone(waivers), Arc::clone(bench));
    Trial::test("waivers/judges", move || match waivers.judges().find(|name| !bench.judges.iter().any(|(judge, _)| judge.name == *name)) {
        Some(name) => Err(format!("waivers.toml: no judge `{name}`").into()),
        None => Ok(()),
    })
}

/// No waiver past its day.
fn dates(waivers: &Arc<Waivers>) -> Trial {
    let waivers = Arc::clone(waivers);
    Trial::test("waivers/dates", move || match waivers.expired(&waivers::today()) {
        expired if expired.is_empty() => Ok(()),
        expired => Err(expired.join("\n").into()),
    })
}

/// Findings as lines that a waiver can be written from.
fn listing(findings: &[Finding]) -> String {
    let line = |finding: &Finding| format!("{} | {} | {} | {}", finding.rule, finding.object, finding.file, finding.message);
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}
