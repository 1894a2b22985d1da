//! Does every reader of YAML read what we print as what we meant?
//!
//! The strings of `tests/data/yaml/strings.txt` (one JSON string per line), and thousands put together from their pieces, go through the
//! emitter as value, key, list item and deep inside; our reader, two YAML 1.2 libraries, PyYAML (1.1) and kubectl must give them back. Without
//! PyYAML (looked for in `PLATGEN_PYTHON`, `target/judges/python`, `python3`) or kubectl a trial shows as ignored; with
//! `PLATGEN_JUDGES=required` it fails.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use libtest_mimic::{Completion, Failed, Trial};
use platgen::yaml::{Document, emit_all, read};
use serde_json::{Map, Value, json};

use crate::support::required;

/// No YAML reader takes keys of more than 1,024 characters; our own says so.
const LONGEST_KEY: usize = 500;

/// The trials of this module.
pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("yaml_oracle::own_reader", || agrees(|text| Ok(read(text)?[0].to_json()))),
        Trial::test("yaml_oracle::printing_again_changes_nothing", prints_the_same_again),
        Trial::test("yaml_oracle::serde_saphyr", || agrees(|text| Ok(serde_yaml::from_str(text)?))),
        Trial::test("yaml_oracle::yaml_serde", || agrees(|text| Ok(yaml_serde::from_str(text)?))),
        Trial::ignorable_test("yaml_oracle::pyyaml", pyyaml),
        Trial::ignorable_test("yaml_oracle::kubectl", kubectl),
    ]
}

/// The listed strings, then the made ones; none twice.
fn strings() -> Vec<String> {
    let listed = include_str!("data/yaml/strings.txt").lines().map(|line| serde_json::from_str(line).expect("one JSON string per line"));
    let mut all: Vec<String> = listed.collect();
    assert!(all.len() >= 300, "the list has shrunk to {}", all.len());
    const PIECES: [&str; 40] = [
        "a",
        "Z",
        "0",
        "1",
        "9",
        "e",
        "x",
        "_",
        "-",
        "+",
        ".",
        ":",
        ": ",
        " ",
        "  ",
        "#",
        " #",
        "\n",
        "\n\n",
        "\t",
        "'",
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&",
        "*",
        "!",
        "|",
        ">",
        "%",
        "@",
        "~",
        "yes",
        "é",
        "\u{a0}",
        "\u{1f600}",
    ];
    let mut state = 0x2545_f491_4f6c_dd1du64; // any number but 0: the strings are the same in every run
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below
    };
    for _ in 0..2000 {
        all.push((0..1 + random(5)).map(|_| PIECES[random(PIECES.len())]).collect());
    }
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|text| seen.insert(text.clone()));
    all
}

/// Every string in every place, with the other scalars beside them.
fn everything() -> Value {
    let strings = strings();
    let named = |value: &dyn Fn(&String) -> Value| -> Value {
        strings.iter().enumerate().map(|(at, text)| (format!("k{at}"), value(text))).collect::<Map<_, _>>().into()
    };
    let as_keys = |value: &dyn Fn(usize) -> Value| -> Value {
        let short = strings.iter().enumerate().filter(|(_, text)| text.len() <= LONGEST_KEY);
        short.map(|(at, text)| (text.clone(), value(at))).collect::<Map<_, _>>().into()
    };
    json!({
        "value": named(&|text| json!(text)),
        "key": as_keys(&|at| json!(at)),
        "key of a block": as_keys(&|at| json!([{"at": at}])),
        "item": strings,
        "nested": named(&|text| {
            let key = if text.len() <= LONGEST_KEY { text } else { "long" };
            json!([[text, {key: {key: [text]}}], {key: []}])
        }),
        "numbers": [0, -1, 7.0, 1.5, -2.5e-7, 1e5, 1e300, 0.1, u64::MAX, i64::MIN],
        "others": [true, false, null, {}, []],
    })
}

fn agrees(read: impl Fn(&str) -> Result<Value, Box<dyn std::error::Error>>) -> Result<(), Failed> {
    let wanted = everything();
    let text = emit_all([&Document::from_json(&wanted)]);
    compare(&wanted, &read(&text).map_err(|error| error.to_string())?)
}

fn prints_the_same_again() -> Result<(), Failed> {
    let text = emit_all([&Document::from_json(&everything())]);
    let again = emit_all(&read(&text)?);
    if text == again { Ok(()) } else { Err("the text changes when it is read and printed again".into()) }
}

/// Names what differs, down to the scalar.
fn compare(wanted: &Value, found: &Value) -> Result<(), Failed> {
    let mut differences = Vec::new();
    differ("", wanted, found, &mut differences);
    if differences.is_empty() {
        return Ok(());
    }
    Err(format!("{} differences, the first of them:\n{}", differences.len(), differences[..differences.len().min(20)].join("\n")).into())
}

fn differ(path: &str, wanted: &Value, found: &Value, out: &mut Vec<String>) {
    match (wanted, found) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            for (key, value) in a {
                match b.get(key) {
                    Some(other) => differ(&format!("{path}.{key:?}"), value, other, out),
                    None => out.push(format!("{path}: the key {key:?} is gone")),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(at, (a, b))| differ(&format!("{path}[{at}]"), a, b, out));
        }
        _ if wanted == found => {}
        _ => {
            let short = |value: &Value| value.to_string().chars().take(120).collect::<String>();
            out.push(format!("{path}: {} became {}", short(wanted), short(found)));
        }
    }
}

/// Ignored with a reason, or a failure where judges are required.
fn absent(reason: &str) -> Result<Completion, Failed> {
    if required() { Err(reason.into()) } else { Ok(Completion::ignored_with(reason)) }
}

fn output(program: &Path, arguments: &[&str], folder: &Path) -> Result<Vec<u8>, Failed> {
    let run =
        Command::new(program).args(arguments).current_dir(folder).output().map_err(|error| format!("{}: {error}", program.display()))?;
    if run.status.success() {
        Ok(run.stdout)
    } else {
        Err(String::from_utf8_lossy(&run.stderr).chars().take(2000).collect::<String>().into())
    }
}

/// Reads with every loader there is, refuses duplicate types: `1` must not equal `True` or `1.0`.
const PYYAML: &str = r#"
import json, sys, yaml
def typed(value):
    if isinstance(value, dict): return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list): return [typed(item) for item in value]
    return [type(value).__name__, value]
text, wanted = open("text.yaml", encoding="utf-8").read(), json.load(open("wanted.json", encoding="utf-8"))
for loader in [yaml.SafeLoader, getattr(yaml, "CSafeLoader", None)]:
    if loader is None: continue
    found = yaml.load(text, loader)
    for place in wanted:
        pairs = zip(wanted[place].items(), found[place].items()) if isinstance(wanted[place], dict) else zip(wanted[place], found[place])
        bad = [pair for pair in pairs if typed(list(pair[0]) if isinstance(pair[0], tuple) else pair[0]) != typed(list(pair[1]) if isinstance(pair[1], tuple) else pair[1])]
        if bad or len(wanted[place]) != len(found[place]):
            sys.exit(f"{loader.__name__}, {place}: {len(bad)} differ, such as {bad[:10]!r}")
"#;

fn pyyaml() -> Result<Completion, Failed> {
    let candidates = [
        env::var_os("PLATGEN_PYTHON").map(PathBuf::from),
        Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/judges/python/bin/python")),
        Some(PathBuf::from("python3")),
    ];
    let here = Path::new(".");
    let Some(python) = candidates.into_iter().flatten().find(|python| output(python, &["-c", "import yaml"], here).is_ok()) else {
        return absent("no Python with PyYAML: run tests/judges/get, or set PLATGEN_PYTHON");
    };
    let scratch = tempfile::tempdir()?;
    let wanted = everything();
    fs::write(scratch.path().join("wanted.json"), wanted.to_string())?;
    fs::write(scratch.path().join("text.yaml"), emit_all([&Document::from_json(&wanted)]))?;
    output(&python, &["-c", PYYAML], scratch.path())?;
    Ok(Completion::Completed)
}

/// As keys and values of a ConfigMap's data, and deep inside an object of a kind that kustomize does not know, through its reader and writer.
fn kubectl() -> Result<Completion, Failed> {
    let kubectl = Path::new("kubectl");
    if output(kubectl, &["version", "--client"], Path::new(".")).is_err() {
        return absent("no kubectl on the PATH");
    }
    // Kustomize writes an object as JSON and reads that as YAML: what JSON leaves raw and YAML refuses, it cannot carry, however it was written.
    let carried = |text: &String| !text.contains(|char| matches!(char, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'));
    let strings: Vec<String> = strings().into_iter().filter(carried).collect();
    let mut data: Map<_, _> = strings.iter().enumerate().map(|(at, text)| (format!("k{at}"), json!(text))).collect();
    // It takes the key `<<` for a merge, quoted or not.
    let keys = strings.iter().enumerate().filter(|(_, text)| text.len() <= LONGEST_KEY && *text != "<<");
    data.extend(keys.map(|(at, text)| (text.clone(), json!(format!("v{at}")))));
    let nested = |text: &String| {
        let key = if text.len() <= LONGEST_KEY && text != "<<" { text } else { "long" };
        json!([[text, {key: {key: [text]}}], {key: []}, {key: [{key: text}]}])
    };
    let nested: Vec<Value> = strings.iter().map(nested).collect();
    let flat = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data});
    let deep = json!({"apiVersion": "example.org/v1", "kind": "Anything", "metadata": {"name": "b"}, "spec": {"nested": nested}});
    for wanted in [flat, deep] {
        let scratch = tempfile::tempdir()?;
        fs::write(scratch.path().join("object.yaml"), emit_all([&Document::from_json(&wanted)]))?;
        fs::write(scratch.path().join("kustomization.yaml"), "resources:\n- object.yaml\n")?;
        let printed = output(kubectl, &["kustomize", "."], scratch.path())?;
        compare(&wanted, &yaml_serde::from_slice(&printed)?)?;
    }
    Ok(Completion::Completed)
}
