//! The cost of a render, compared with the least that a program needs for the same objects.
//!
//! `cargo run --release -p gate`, after `cargo build --release`, is the gate: callgrind counts the instructions of `platgen render --stdout` and of the
//! floor program (`floor.rs`), and the counts are compared with those in `gate.json`. `PLATGEN_BIN` names the program to measure instead of the one that
//! lies beside the gate. `-- update` writes `gate.json` anew. `-- table` prints processor time and peak memory for larger specs instead. Without valgrind
//! the gate is skipped, and says so.

mod floor;
mod specs;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// The sizes that the gate counts, in apps.
const SIZES: [usize; 2] = [100, 200];

/// How many times the instructions of the smaller size the larger, twice as large, may take.
const GROWTH: f64 = 2.1;

/// How much the ratio of platgen to the floor may grow over the committed one. The path of the sources decides how the compiler divides a crate into
/// code generation units, and so moves each of the two counts by up to three percent.
const RATIO_TOLERANCE: f64 = 1.05;

/// How much platgen's own count may grow over the committed one: counts differ between machines, ratios hardly do.
const COUNT_TOLERANCE: f64 = 1.10;

/// Instructions of a program, by apps.
type Counts = BTreeMap<usize, u64>;

/// Instructions by program, then by apps.
type Gate = BTreeMap<String, Counts>;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["floor", spec] => print_floor(Path::new(spec)),
        ["update"] => update(),
        ["table"] => table(),
        [] => check(),
        _ => Err("usage: cargo run --release -p gate [-- update | table]".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("render: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print_floor(spec: &Path) -> Outcome<()> {
    print!("{}", floor::print(&std::fs::read_to_string(spec)?)?);
    Ok(())
}

/// The committed counts.
fn gate_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("gate.json")
}

/// A folder with a spec.
fn folder(apps: usize, environments: usize, regions: usize) -> Outcome<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("platform.yaml"), specs::spec(apps, environments, regions))?;
    Ok(folder)
}

/// The program that is measured.
fn platgen() -> Outcome<PathBuf> {
    let named = std::env::var_os("PLATGEN_BIN").map(PathBuf::from);
    let program = named.map_or_else(|| Ok(std::env::current_exe()?.with_file_name("platgen")), Outcome::Ok)?;
    program.canonicalize().map_err(|_| format!("{} is missing: `cargo build --release` builds it", program.display()).into())
}

/// The commands that are compared, each in the folder of its spec.
fn programs() -> Outcome<[(&'static str, PathBuf, Vec<&'static str>); 2]> {
    Ok([("platgen", platgen()?, vec!["-q", "render", "--stdout"]), ("floor", std::env::current_exe()?, vec!["floor", "platform.yaml"])])
}

/// The counts of this build. `None` where valgrind is not installed.
fn count() -> Outcome<Option<Gate>> {
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        return Ok(None);
    }
    let mut gate = Gate::new();
    for apps in SIZES {
        let folder = folder(apps, 1, 1)?;
        for (name, program, arguments) in programs()? {
            let run = Command::new("valgrind")
                .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
                .arg(program)
                .args(arguments)
                .current_dir(folder.path())
                .output()?;
            let said = String::from_utf8_lossy(&run.stderr);
            let counted = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
            let counted = counted.filter(|_| run.status.success()).ok_or_else(|| format!("{name} with {apps} apps failed:\n{said}"))?;
            gate.entry(name.to_owned()).or_default().insert(apps, counted);
        }
    }
    Ok(Some(gate))
}

fn counted(gate: &Gate, program: &str, apps: usize) -> Outcome<f64> {
    let count = gate.get(program).and_then(|counts| counts.get(&apps)).ok_or_else(|| format!("no count of {program} with {apps} apps"))?;
    Ok(*count as f64)
}

fn update() -> Outcome<()> {
    same_objects()?;
    let gate = count()?.ok_or("valgrind is not installed")?;
    std::fs::write(gate_file(), serde_json::to_string_pretty(&gate)? + "\n")?;
    show(&gate)
}

fn show(gate: &Gate) -> Outcome<()> {
    for apps in SIZES {
        let (platgen, floor) = (counted(gate, "platgen", apps)?, counted(gate, "floor", apps)?);
        println!("{apps} apps: platgen {:.1} million instructions, floor {:.1}, ratio {:.2}", platgen / 1e6, floor / 1e6, platgen / floor);
    }
    Ok(())
}

fn check() -> Outcome<()> {
    same_objects()?;
    let Some(found) = count()? else {
        println!("SKIPPED: valgrind is not installed, so no instruction was counted");
        return Ok(());
    };
    show(&found)?;
    let committed: Gate = serde_json::from_str(&std::fs::read_to_string(gate_file())?)?;
    let mut faults = Vec::new();
    let mut limit = |what: String, found: f64, most: f64| {
        if found > most {
            faults.push(format!("{what} is {found:.3}, and at most {most:.3} is allowed"));
        }
    };
    let [small, large] = SIZES;
    limit(
        format!("platgen's count for {large} apps over that for {small}"),
        counted(&found, "platgen", large)? / counted(&found, "platgen", small)?,
        GROWTH,
    );
    for apps in SIZES {
        let ratio = |gate: &Gate| Outcome::Ok(counted(gate, "platgen", apps)? / counted(gate, "floor", apps)?);
        limit(format!("platgen's count over the floor's for {apps} apps"), ratio(&found)?, ratio(&committed)? * RATIO_TOLERANCE);
        let millions = |gate: &Gate| Outcome::Ok(counted(gate, "platgen", apps)? / 1e6);
        limit(format!("platgen's count for {apps} apps in millions"), millions(&found)?, millions(&committed)? * COUNT_TOLERANCE);
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}

/// Checks that platgen prints every object of the floor to the character: else the two would not be comparable.
fn same_objects() -> Outcome<()> {
    let folder = folder(SIZES[0], 1, 1)?;
    let mut printed = Vec::new();
    for (name, program, arguments) in programs()? {
        let run = Command::new(program).args(arguments).current_dir(folder.path()).output()?;
        if !run.status.success() {
            return Err(format!("{name} failed:\n{}", String::from_utf8_lossy(&run.stderr)).into());
        }
        printed.push(String::from_utf8(run.stdout)?);
    }
    let ours: std::collections::BTreeSet<&str> = printed[0].split("---\n").collect();
    match printed[1].split("---\n").find(|object| !ours.contains(object)) {
        Some(object) => Err(format!("platgen does not print this object of the floor; mend `app.yaml.j2`:\n{object}").into()),
        None => Ok(()),
    }
}

/// Processor time and peak memory, as `/usr/bin/time` measures them.
fn table() -> Outcome<()> {
    println!("{:>5} {:>4} {:>4}  {:<26} {:>8} {:>9}", "apps", "envs", "regs", "command", "CPU s", "peak MiB");
    for (apps, environments, regions) in [(100, 1, 1), (1000, 1, 1), (5000, 3, 2)] {
        let folder = folder(apps, environments, regions)?;
        let floor = std::env::current_exe()?;
        let platgen = platgen()?;
        let runs: [(&str, &Path, &[&str]); 4] = [
            ("floor, one environment", &floor, &["floor", "platform.yaml"]),
            ("render --stdout=all", &platgen, &["-q", "render", "--stdout=all"]),
            ("render, a new tree", &platgen, &["-q", "render"]),
            ("render, nothing changed", &platgen, &["-q", "render"]),
        ];
        for (name, program, arguments) in runs {
            let run = Command::new("/usr/bin/time")
                .args(["-f", "measured %U %S %M"])
                .arg(program)
                .args(arguments)
                .current_dir(folder.path())
                .stdout(Stdio::null())
                .output()
                .map_err(|error| format!("/usr/bin/time: {error}"))?;
            let said = String::from_utf8_lossy(&run.stderr);
            let figures = said.lines().find_map(|line| line.strip_prefix("measured ")).ok_or_else(|| said.to_string())?;
            let figures: Vec<f64> = figures.split(' ').filter_map(|figure| figure.parse().ok()).collect();
            let [user, system, peak] = figures[..] else { return Err(format!("`{name}` was not measured: {said}").into()) };
            println!("{apps:>5} {environments:>4} {regions:>4}  {name:<26} {:>8.2} {:>9.0}", user + system, peak / 1024.0);
        }
    }
    Ok(())
}
