//! What the repository holds itself to: who may import whom, what templates may say, how long things may be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;

use crate::support::functions;

/// Every module and what it may use. `lib.rs` and tests are free; siblings never import siblings.
const EDGES: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("conflict", &[]),
    ("value", &[]),
    ("provider", &[]),
    ("files", &[]),
    ("labels", &[]),
    ("commands", &[]),
    ("kinds", &["labels"]),
    ("guard", &["kinds", "labels", "model"]),
    ("hcl", &[]),
    ("diagnostic", &["source"]),
    ("facts", &["diagnostic", "value", "provider"]),
    ("layers", &["provider"]),
    ("yaml", &[]),
    ("inventory", &["yaml", "kinds"]),
    ("policy", &["value", "yaml", "kinds", "labels"]),
    ("rbac", &[]),
    ("syntax", &["source", "diagnostic", "value"]),
    ("spec_fmt", &["source", "diagnostic", "syntax", "yaml"]),
    ("template", &["hcl", "yaml", "diagnostic"]),
    ("spec", &["source", "diagnostic", "syntax", "value", "provider"]),
    ("model", &["source", "conflict", "diagnostic", "value", "provider", "layers", "kinds", "labels"]),
    (
        "resolve",
        &["source", "diagnostic", "syntax", "value", "provider", "spec", "facts", "layers", "model", "alerts", "guard", "kinds", "labels"],
    ),
    ("alerts", &["value", "guard", "kinds", "model"]),
    ("dashboards", &["model"]),
    ("scanners", &["files", "model"]),
    (
        "kubernetes",
        &[
            "source",
            "diagnostic",
            "value",
            "provider",
            "files",
            "model",
            "alerts",
            "dashboards",
            "scanners",
            "template",
            "yaml",
            "facts",
            "guard",
            "kinds",
            "labels",
        ],
    ),
    ("cloud", &["value", "provider", "files", "model", "scanners", "template", "facts", "layers"]),
    ("delivery", &["value", "provider", "model", "guard", "files", "kinds", "labels", "template", "yaml"]),
    (
        "check",
        &["source", "diagnostic", "value", "provider", "model", "guard", "files", "hcl", "yaml", "inventory", "policy", "kinds", "labels"],
    ),
    (
        "analysis",
        &[
            "source",
            "diagnostic",
            "value",
            "provider",
            "files",
            "model",
            "layers",
            "yaml",
            "hcl",
            "inventory",
            "policy",
            "rbac",
            "commands",
            "guard",
            "kinds",
            "labels",
        ],
    ),
    ("output", &["conflict", "diagnostic", "value", "files", "layers"]),
    ("project", &["source", "conflict", "diagnostic", "syntax", "spec", "files", "model", "resolve", "render"]),
    (
        "render",
        &[
            "diagnostic",
            "source",
            "provider",
            "facts",
            "files",
            "commands",
            "guard",
            "kinds",
            "labels",
            "layers",
            "model",
            "alerts",
            "spec",
            "syntax",
            "scanners",
            "kubernetes",
            "cloud",
            "delivery",
            "template",
            "value",
            "yaml",
        ],
    ),
];

/// The trials of this module.
pub(crate) fn trials() -> Vec<Trial> {
    functions! {
        self: every_test_is_a_trial modules_import_only_what_lies_below_them templates_print_and_never_decide the_core_is_pure;
    }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            all.push(path);
        }
    }
    all.sort();
    all
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The test crate has its own `main`, so the compiler drops functions with the attribute `test` without a warning: they would never run.
fn every_test_is_a_trial() {
    let folder = root().join("tests");
    let dropped: Vec<PathBuf> = files(&folder, "rs").into_iter().filter(|path| read(path).contains(concat!("#[", "test]"))).collect();
    assert!(dropped.is_empty(), "list these tests in `trials` of their module: {dropped:?}");
}

fn modules_import_only_what_lies_below_them() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> = EDGES.iter().map(|(module, uses)| (*module, uses.iter().copied().collect())).collect();
    let src = root().join("src");
    let mut faults = Vec::new();
    for path in files(&src, "rs") {
        let inside = path.strip_prefix(&src).unwrap_or(&path).to_string_lossy().replace(".rs", "");
        let module = inside.split('/').next().unwrap_or_default().to_string();
        if matches!(module.as_str(), "lib" | "main" | "cli" | "tests") || inside.ends_with("tests") {
            continue;
        }
        let Some(uses) = allowed.get(module.as_str()) else {
            faults.push(format!("{module} is not in the table of modules"));
            continue;
        };
        let text = read(&path);
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        for part in text.split("crate::").skip(1) {
            let used: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if !used.is_empty() && used != module && allowed.contains_key(used.as_str()) && !uses.contains(used.as_str()) {
                faults.push(format!("{inside} uses {used}"));
            }
        }
    }
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn templates_print_and_never_decide() {
    let mut faults = Vec::new();
    for path in files(&root().join("templates"), "j2") {
        let text = read(&path);
        let name = path.file_name().map(|name| name.to_string_lossy().to_string()).unwrap_or_default();
        if text.lines().count() > 120 {
            faults.push(format!("{name} has more than 120 lines"));
        }
        let mut depth = 0i32;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if let Some(statement) = line.strip_prefix("{%").and_then(|rest| rest.strip_suffix("%}")) {
                let words: Vec<&str> = statement.split_whitespace().collect();
                match words[..] {
                    ["for", _, "in", _] => depth += 1,
                    ["if", condition] if !condition.contains(['=', '|', '(', '+']) => depth += 1,
                    ["if", _, "is", "not", "none"] => depth += 1,
                    ["endfor" | "endif"] => depth -= 1,
                    ["else"] | ["include", _] => {}
                    _ => faults.push(format!("{name}:{}: `{line}`", number + 1)),
                }
                if depth > 3 {
                    faults.push(format!("{name}:{}: nested deeper than three levels", number + 1));
                }
            }
            for expression in line.split("{{").skip(1) {
                let inside = expression.split("}}").next().unwrap_or_default().trim();
                if !inside.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')) {
                    faults.push(format!("{name}:{}: `{inside}` is more than a name", number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn the_core_is_pure() {
    let banned = ["HashMap", "HashSet", "SystemTime", "std::env::", "todo!(", "unimplemented!(", "dbg!("];
    let mut faults = Vec::new();
    for path in files(&root().join("src"), "rs") {
        let inside = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
        if inside.ends_with("tests.rs")
            || inside.starts_with("src/cli")
            || inside.starts_with("src/output")
            || inside.starts_with("src/project")
            || inside.starts_with("src/main")
        {
            continue;
        }
        for (number, line) in read(&path).lines().enumerate() {
            for word in banned.iter().filter(|word| line.contains(**word) && !line.trim_start().starts_with("//")) {
                faults.push(format!("{inside}:{}: {word}", number + 1));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
