//! Killed at any moment, and two at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use platgen::files::{Files, Unit};
use platgen::output::{self, Cause, Force, Job, Lock, Outcome, Roots, Selection};
use tempfile::TempDir;

const KILLS: usize = 200;
const PATIENCE: Duration = Duration::from_secs(30);

/// One of two versions of a tree of 300 files: most differ, some are only in one of them.
fn version(odd: bool) -> (Files, Lock) {
    let mut units: BTreeMap<String, Unit> = BTreeMap::new();
    for number in 0..300 {
        let unit = units.entry(format!("kubernetes/env{}/eu", number % 3)).or_default();
        let text = if number % 5 == 0 { "the same in both\n".to_owned() } else { format!("{odd} {number}\n").repeat(40) };
        let path = format!("ns{}/app{number}.yaml", number % 7);
        let path = if number % 10 == 1 { format!("only-{odd}/app{number}.yaml") } else { path };
        unit.files.insert(path, text);
    }
    (
        Files { units, ..Files::default() },
        Lock { path: "platgen.lock".into(), text: format!("version = {odd}\n"), previous: None, vital: true },
    )
}

fn roots(folder: &Path) -> Roots {
    Roots { output: folder.join("deploy"), project: folder.to_owned(), outside: vec!["platgen.lock".into()] }
}

/// Runs `with` over the job of one version.
fn with_job<T>(folder: &Path, odd: bool, with: impl FnOnce(&Job<'_>) -> T) -> T {
    let (files, mut lock) = version(odd);
    let roots = roots(folder);
    lock.previous = fs::read_to_string(folder.join("platgen.lock")).ok();
    let locks = [lock];
    with(&Job {
        roots: &roots,
        files: &files,
        outside: None,
        locks: &locks,
        selection: Selection::default(),
        force: &Force::default(),
        version: "1.0.0",
        never_foreign: &[],
    })
}

/// The child: renders one version after the other until it is killed, or `rounds` times.
pub(crate) fn part_loop(folder: &str, rounds: usize) {
    for round in 0..rounds {
        if let Err(error) = output::recover(&roots(Path::new(folder))) {
            panic!("{error:?}");
        }
        match with_job(Path::new(folder), round % 2 == 1, output::render) {
            Ok(Outcome::Done(_)) => {}
            // The other of two renders wrote the lock in between; nothing was done.
            Err(list) if rounds < usize::MAX && list.iter().all(|d| d.code.name() == "concurrent-change") => {}
            other => panic!("{other:?}"),
        }
    }
}

fn child(folder: &Path, part: &str) -> Child {
    let program = std::env::current_exe().unwrap();
    Command::new(program).env("PLATGEN_OUTPUT_PART", part).arg(folder).stdout(Stdio::null()).spawn().unwrap()
}

/// Waits until a file begins like this.
fn wait_for(path: &Path, start: &str) {
    let begun = Instant::now();
    while !fs::read_to_string(path).is_ok_and(|text| text.starts_with(start)) {
        assert!(begun.elapsed() < PATIENCE, "{} never appeared", path.display());
        thread::sleep(Duration::from_micros(100));
    }
}

/// Every file below a folder.
fn files(folder: &Path, below: &str, all: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = Path::new(below).join(entry.file_name()).to_string_lossy().into_owned();
        if entry.file_type().unwrap().is_dir() {
            files(folder, &name, all);
        } else {
            all.insert(name);
        }
    }
}

/// A fast place where there is one: the renames are what is tested, not the disk.
fn scratch() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).or_else(|_| TempDir::new()).unwrap() } else { TempDir::new().unwrap() }
}

pub(crate) fn killed_at_any_moment() {
    let dir = scratch();
    let folder = dir.path();
    let texts = [false, true].map(|odd| version(odd).0.iter().map(|(path, text)| (path, text.to_owned())).collect::<BTreeMap<_, _>>());
    let expected = [false, true].map(|odd| {
        let dir = scratch();
        with_job(dir.path(), odd, output::render).unwrap();
        let mut all = BTreeSet::new();
        files(dir.path(), "", &mut all);
        all
    });
    let mut random: u64 = 0x9E37_79B9_7F4A_7C15;
    let (mut interrupted, mut staging) = (0, 0);
    for kill in 0..KILLS {
        let mut process = child(folder, "loop");
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // Some at any moment of its life, some once a render writes, and some once it renames: no sleep is as long on every machine as that takes.
        let journal = folder.join("deploy/.platgen-journal");
        match kill % 4 {
            0 => thread::sleep(Duration::from_micros(random % 100_000)),
            1 => {
                wait_for(&journal, "platgen-journal");
                thread::sleep(Duration::from_micros(random % 15_000));
            }
            _ => wait_for(&journal, "platgen-journal 1 commit"),
        }
        process.kill().unwrap();
        assert!(!process.wait().unwrap().success(), "the child ended by itself");
        let journal = fs::read_to_string(&journal).ok();
        interrupted += usize::from(journal.is_some());
        staging += usize::from(journal.is_some_and(|text| text.starts_with("platgen-journal 1 staging")));
        let mut found = BTreeSet::new();
        files(folder, "", &mut found);
        for path in found.iter().filter(|path| path.ends_with(".yaml")) {
            let text = fs::read_to_string(folder.join(path)).unwrap();
            let path = path.strip_prefix("deploy/").unwrap();
            assert!(texts.iter().any(|version| version.get(path) == Some(&text)), "{path} is not whole");
        }
        let has_manifest = found.iter().any(|path| path.ends_with(".platgen-manifest"));
        assert!(!has_manifest || found.contains("platgen.lock"), "a tree without its lock");
        let odd = kill % 2 == 0;
        let differences = with_job(folder, odd, output::check).unwrap().differences;
        let reported = differences.iter().any(|difference| difference.path.ends_with(".platgen-journal"));
        assert_eq!(reported, folder.join("deploy/.platgen-journal").exists());
        let wrong = differences.iter().find(|d| d.causes.contains(&Cause::Edited) || d.causes.contains(&Cause::Foreign));
        assert!(wrong.is_none(), "after kill {kill}: {wrong:?}");
        output::recover(&roots(folder)).unwrap();
        let outcome = with_job(folder, odd, output::render);
        assert!(matches!(outcome, Ok(Outcome::Done(_))), "after kill {kill}: {outcome:?}");
        assert!(with_job(folder, odd, output::check).unwrap().is_clean());
        let mut found = BTreeSet::new();
        files(folder, "", &mut found);
        assert_eq!(found, expected[usize::from(odd)], "stray files after kill {kill}");
    }
    eprintln!("{KILLS} kills: {interrupted} within a render, {staging} of them while staging");
    assert!(interrupted > KILLS / 5 && interrupted - staging > KILLS / 20, "{interrupted} {staging}");
}

pub(crate) fn an_interrupted_render_with_edits_after() {
    let dir = scratch();
    let folder = dir.path();
    with_job(folder, false, output::render).unwrap();
    // Killed again and again until it was halfway through the renames.
    let start = Instant::now();
    let journal = folder.join("deploy/.platgen-journal");
    while !fs::read_to_string(&journal).is_ok_and(|text| text.starts_with("platgen-journal 1 commit")) {
        assert!(start.elapsed() < PATIENCE, "never caught it renaming");
        let mut process = child(folder, "loop");
        wait_for(&journal, "platgen-journal 1 commit");
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let path = folder.join("deploy/kubernetes/env0/eu/ns3/app3.yaml");
    fs::write(&path, "an edit\n").unwrap();
    let differences = with_job(folder, true, output::check).unwrap().differences;
    assert!(differences.iter().any(|d| d.path.ends_with("env0/eu/ns3/app3.yaml") && d.causes.contains(&Cause::Edited)));
    let outcome = with_job(folder, true, |job| output::recover(job.roots)).and_then(|_| with_job(folder, true, output::render));
    assert!(matches!(&outcome, Ok(Outcome::Refused(list)) if list.len() == 1), "{outcome:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "an edit\n");
    assert!(!journal.exists());
}

pub(crate) fn two_at_once() {
    let dir = scratch();
    let folder = dir.path();
    let mut processes = [(); 3].map(|()| child(folder, "rounds"));
    for process in &mut processes {
        assert!(process.wait().unwrap().success());
    }
    // Whoever came last, the tree is one version, whole.
    let clean = [false, true].map(|odd| with_job(folder, odd, output::check).unwrap().is_clean());
    assert!(clean.contains(&true), "two renders were mixed");
    let mut found = BTreeSet::new();
    files(folder, "deploy", &mut found);
    assert!(!found.iter().any(|path| path.contains(".platgen-new") || path.contains("journal") || path.contains("busy")));
}

pub(crate) fn a_hostile_journal() {
    let dir = scratch();
    let folder = dir.path();
    with_job(folder, false, output::render).unwrap();
    fs::write(folder.join("victim"), "x\n").unwrap();
    let hash = "73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac";
    let text = format!(
        "platgen-journal 1 commit\nremove output {hash} ../victim\nremove project {hash} victim\nremove output {hash} {}/victim\n",
        folder.display()
    );
    fs::write(folder.join("deploy/.platgen-journal"), text).unwrap();
    assert!(matches!(with_job(folder, false, output::render), Ok(Outcome::Done(summary)) if summary.recovered));
    assert!(folder.join("victim").exists() && !folder.join("deploy/.platgen-journal").exists());
}
