//! What each Terraform root plans, held against `tests/data/resources.toml`: every type and every count, both ways.
//!
//! tfcheck's plan is read where tfcheck is started; a difference is a finding of its rule `planned`. Here are the table and the comparison.
//! Knows no program.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::judge::{Finding, list, words};
use super::trees::Tree;

/// The table.
pub const TEXT: &str = include_str!("../data/resources.toml");

/// Instances by type.
type Counts = BTreeMap<String, usize>;

/// Every root of the table, as `SPEC/terraform/...`, with what it plans.
fn table(text: &str) -> Result<BTreeMap<String, Counts>, String> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Group {
        roots: Vec<String>,
        planned: Counts,
    }
    let groups: BTreeMap<String, Vec<Group>> = toml::from_str(text).map_err(|error| format!("resources.toml: {error}"))?;
    let mut roots = BTreeMap::new();
    for group in groups.into_values().flatten() {
        for root in group.roots {
            if roots.insert(root.clone(), group.planned.clone()).is_some() {
                return Err(format!("resources.toml: {root} stands twice"));
            }
        }
    }
    Ok(roots)
}

/// The types that roots plan whose names in the table are `wanted`.
pub fn types(wanted: impl Fn(&str) -> bool) -> Result<BTreeSet<String>, String> {
    Ok(table(TEXT)?.into_iter().filter(|(root, _)| wanted(root)).flat_map(|(_, planned)| planned.into_keys()).collect())
}

/// A root's name in the table; `path` is relative to the tree.
fn name(spec: &str, path: &str) -> String {
    format!("{spec}/{}", path.trim_start_matches("deploy/"))
}

/// Where a root's plan (tfcheck's `planned`) and the table differ.
pub fn compare(spec: &str, path: &str, planned: &Value) -> Result<Vec<Finding>, String> {
    differences(&table(TEXT)?, spec, path, planned)
}

fn differences(table: &BTreeMap<String, Counts>, spec: &str, path: &str, planned: &Value) -> Result<Vec<Finding>, String> {
    let mut found = Counts::new();
    for resource in list(planned) {
        *found.entry(words(&resource["type"])).or_default() += 1;
    }
    let none = Counts::new();
    let wanted = table.get(&name(spec, path)).unwrap_or(&none);
    let types: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
    let of = |counts: &Counts, kind: &str| counts.get(kind).copied().unwrap_or_default();
    let differing = types.into_iter().filter(|kind| of(wanted, kind) != of(&found, kind)).map(|kind| {
        let message = format!("{} planned, tests/data/resources.toml says {}", of(&found, kind), of(wanted, kind));
        Finding::new("tfcheck", "planned", path, message).about(kind)
    });
    Ok(differing.collect())
}

/// The table names exactly the roots that are rendered. Needs no program.
pub fn same_roots(trees: &[std::sync::Arc<Tree>]) -> Result<(), String> {
    let rendered: BTreeSet<String> = trees.iter().flat_map(|tree| tree.roots().map(|path| name(&tree.name, path))).collect();
    let table: BTreeSet<String> = table(TEXT)?.into_keys().collect();
    let line = |word: &str, root: &String| format!("{root}: {word}\n");
    let mut text: String = table.difference(&rendered).map(|root| line("in resources.toml, but not rendered", root)).collect();
    text.extend(rendered.difference(&table).map(|root| line("rendered, but not in resources.toml", root)));
    if text.is_empty() { Ok(()) } else { Err(text) }
}

/// A resource too many, one too few, a type that is gone, one that is new and a root that nobody listed are each found.
pub fn prove() -> Result<(), String> {
    let table = table("[[group]]\nroots = [\"shop/terraform/a\"]\nplanned = { one = 1, two = 2, gone = 1 }\n")?;
    let planned = |types: &[&str]| Value::from(types.iter().map(|kind| serde_json::json!({ "type": kind })).collect::<Vec<_>>());
    let lines = |path: &str, types: &[&str]| -> Result<Vec<String>, String> {
        let found = differences(&table, "shop", path, &planned(types))?;
        Ok(found
            .into_iter()
            .map(|finding| format!("{} {}", finding.object, finding.message.replace(" planned, tests/data/resources.toml says", "")))
            .collect())
    };
    let cases = [
        (lines("deploy/terraform/a", &["one", "two", "two", "gone"])?, vec![]),
        (lines("deploy/terraform/a", &["one", "one", "two", "new"])?, vec!["gone 0 1", "new 1 0", "one 2 1", "two 1 2"]),
        (lines("deploy/terraform/b", &["one"])?, vec!["one 1 0"]),
    ];
    match cases.iter().find(|(found, wanted)| found != wanted) {
        Some((found, wanted)) => Err(format!("found {found:?}, wanted {wanted:?}")),
        None => Ok(()),
    }
}
