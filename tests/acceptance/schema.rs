//! The JSON Schema against every spec of the repository and against the refused ones whose fault a schema can see.

use super::program::{is_spec, root, specs};
use crate::support::platgen;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Refused specs that the schema accepts, and why.
const UNSEEN: [(&str, &str); 17] = [
    ("unknown-value/disk.yaml", "the types of disks depend on another field, the provider"),
    ("unknown-value/kubernetes-version.yaml", "which versions are printed for is no matter of form"),
    ("unknown-value/region-of-a-copy.yaml", "which regions there are depends on another field, the provider"),
    ("unknown-value/region-of-backups.yaml", "which regions there are depends on another field, the provider"),
    ("unknown-value/region-of-the-provider.yaml", "the same"),
    ("unknown-value/region-of-the-state.yaml", "the same"),
    ("unknown-value/region-of-another-cloud.yaml", "the same"),
    ("unknown-value/self-part.yaml", "the word stands inside a text"),
    ("unknown-value/version-of-a-database.yaml", "which versions there are depends on another field, the engine"),
    ("unknown-value/minor-version-of-a-managed-store.yaml", "the same"),
    ("unknown-value/version-of-a-managed-store.yaml", "the same"),
    ("unknown-value/version-of-collections.yaml", "the same"),
    ("unknown-value/version-of-queues.yaml", "the same"),
    ("unknown-value/version-of-topics.yaml", "the same"),
    ("unknown-value/version-of-transactions.yaml", "the same"),
    ("unknown-value/timezone.yaml", "the list of time zones belongs to the version of the time zone database"),
    ("unknown-value/timezone-of-a-night.yaml", "the same"),
];

fn read(path: &Path) -> Value {
    let mut text = fs::read_to_string(path).expect("a file");
    // The texts of `platgen init`, as the command writes them.
    if path.starts_with(root().join("src")) {
        let words = [("CLOUD", "aws"), ("REGION", "eu-west-1"), ("ACCOUNT", "111111111111")];
        words.iter().for_each(|(from, to)| text = text.replace(from, to));
    }
    if path.extension().is_some_and(|extension| extension == "toml") {
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    } else {
        serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

/// The schema as the program prints it.
fn schema() -> Value {
    let ran = platgen().arg("schema").output().expect("the program starts");
    serde_json::from_slice(&ran.stdout).expect("the schema is JSON")
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_path_buf()];
    }
    let mut all: Vec<PathBuf> = fs::read_dir(path).expect("a folder").flatten().map(|entry| entry.path()).filter(|p| is_spec(p)).collect();
    all.sort();
    all
}

pub(crate) fn accepts_every_spec() {
    let schema = schema();
    jsonschema::meta::validate(&schema).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let more = ["src/cli/init.yaml", "src/cli/init.toml"].map(|path| root().join(path));
    let mut faults = Vec::new();
    for path in specs().values().chain(&more).flat_map(|path| files(path)) {
        let value = read(&path);
        faults.extend(validator.iter_errors(&value).map(|error| format!("{}: {}: {error:.300}", path.display(), error.instance_path())));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Unknown keys and values are marked in the editor already.
pub(crate) fn refuses_what_is_unknown() {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    let mut wrong = Vec::new();
    let mut cases = 0;
    for code in ["unknown-key", "unknown-value"] {
        for path in files(&root().join("tests/reject").join(code)) {
            let name = format!("{code}/{}", path.file_name().unwrap_or_default().to_string_lossy());
            let excused = UNSEEN.iter().any(|(known, _)| *known == name);
            cases += 1;
            if validator.is_valid(&read(&path)) != excused {
                wrong.push(if excused { format!("{name} is refused now: it needs no excuse") } else { format!("{name} is accepted") });
            }
        }
    }
    assert!(cases > 20 && wrong.is_empty(), "{cases} cases:\n{}", wrong.join("\n"));
}

/// The other refused specs are shapes of the language, or the fault is one of shape.
pub(crate) fn refuses_wrong_types() {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    // What a patch writes is no part of the schema.
    let is_patch = |path: &&PathBuf| path.to_string_lossy().ends_with("-of-a-patch.yaml");
    let accepted: Vec<String> = files(&root().join("tests/reject/wrong-type"))
        .iter()
        .filter(|path| !is_patch(path) && validator.is_valid(&read(path)))
        .map(|path| path.display().to_string())
        .collect();
    assert!(accepted.is_empty(), "{accepted:#?}");
}
