//! Every feature of the language in every form that a user could write it in: YAML, TOML, a folder of both, blocks under `environments`, profiles, and taken away
//! again. All forms of a case come to the same files and the same warnings.
//!
//! A case is a line of `tests/features/*.yaml`; its forms are made here. The JSON Schema holds them to be complete.

mod forms;
mod profiles;
mod required;
mod schema;

use crate::acceptance::program::tree;
use crate::support::features::{Case, cases, count_by_name, folder};
use crate::support::finding::findings;
use crate::support::{ALLOW_INCOMPLETE, scratch};
use forms::{ELSEWHERE, Form, HERE, Like, NO_TOML, forms, plain};
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeMap;
use std::fs;

/// Cases whose feature changes no file and needs no word, each with the reason.
const SILENT: &[(&str, &str)] = &[
    ("additions/external-in-some-environments", "nothing there needs it"),
    ("apps/everywhere", "the default"),
    ("apps/rotation", "the default"),
    ("cloud/aws", "the default of its region"),
    ("cloud/machines", "what is known of machines; pods that they have no room for are told"),
    ("cloud/secrets-of-the-cloud", "the default"),
    ("network/native", "the default"),
    ("objects/start-in-order", "the default"),
    ("objects/start-of-a-store-in-order", "the default"),
    ("people/restricted", "the default"),
    ("operations/by-hand", "the default"),
    ("platform/region-of-aws", "the default"),
    ("platform/region-renamed", "it keeps addresses that the lock has"),
    ("platform/tool", "who may read the spec"),
    ("stores/backup", "the store is not rendered, which is said"),
    ("stores/in-the-cluster", "the default"),
    ("stores/rotation", "the default"),
];

/// What became of a form.
#[derive(Debug, Default)]
struct Made {
    /// Texts by path, of each environment; those of none under `""`.
    files: BTreeMap<String, BTreeMap<String, String>>,
    /// Manifests by path.
    manifests: BTreeMap<String, String>,
    /// Environments (all, if none is named), code and message of each warning.
    warnings: Vec<(Vec<String>, String, String)>,
    /// Code and message of each error.
    errors: Vec<(String, String)>,
}

impl Made {
    /// What an environment is to see.
    fn of(&self, environment: &str) -> (Option<&BTreeMap<String, String>>, Vec<String>) {
        // What names no environment is said of the platform.
        let here = |names: &[String]| if environment.is_empty() { names.is_empty() } else { names.iter().any(|name| name == environment) };
        let mut warnings: Vec<String> =
            self.warnings.iter().filter(|(names, ..)| here(names)).map(|(_, code, message)| format!("{code}: {message}")).collect();
        warnings.sort();
        (self.files.get(environment), warnings)
    }
}

/// Renders a form with the program.
fn make(form: &Form) -> Made {
    let place = scratch();
    let root = place.path();
    fs::create_dir(root.join("files")).expect("a folder");
    for file in fs::read_dir(folder().join("files")).expect("a folder").flatten() {
        fs::copy(file.path(), root.join("files").join(file.file_name())).expect("copied");
    }
    form.files.iter().for_each(|(name, text)| fs::write(root.join(name), text).expect("written"));
    let spec = if form.files.len() == 1 { form.files[0].0.as_str() } else { "." };
    let mut made = Made::default();
    for found in findings(root, &["render", ALLOW_INCOMPLETE, spec]).unwrap_or_else(|fault| panic!("{}: {fault}", form.name)) {
        match found.severity.as_str() {
            "error" => made.errors.push((found.code, found.message)),
            _ => made.warnings.push((found.environments, found.code, found.message)),
        }
    }
    for (path, bytes) in tree(&root.join("deploy")) {
        let text = String::from_utf8(bytes).unwrap_or_else(|_| panic!("{path} is not UTF-8"));
        if path.ends_with(".platgen-manifest") {
            made.manifests.insert(path, text);
        } else {
            made.files.entry(environment(&path).to_owned()).or_default().insert(path, text);
        }
    }
    made
}

/// The environment that a path of the output folder belongs to; empty if it belongs to none.
fn environment(path: &str) -> &str {
    match path.split('/').collect::<Vec<_>>()[..] {
        ["terraform", "bootstrap", environment, ..] | ["terraform" | "kubernetes", environment, ..] => environment,
        _ => "",
    }
}

/// The first thing that differs.
fn compare(what: &str, wanted: &Made, found: &Made, environments: &[&str]) -> Result<(), String> {
    for environment in environments {
        let ((files, warnings), (texts, told)) = (wanted.of(environment), found.of(environment));
        if warnings != told {
            return Err(format!("{what}: {environment:?} warns of {told:#?}, not of {warnings:#?}"));
        }
        let (files, texts) = (files.cloned().unwrap_or_default(), texts.cloned().unwrap_or_default());
        for path in files.keys().chain(texts.keys()) {
            let (wanted, found) = (files.get(path), texts.get(path));
            if wanted != found {
                let text = |side: Option<&String>| side.cloned().unwrap_or_else(|| "(not there)\n".to_owned());
                let diff = similar::TextDiff::from_lines(text(wanted), text(found)).unified_diff().to_string();
                return Err(format!("{what}: {path} differs:\n{diff}"));
            }
        }
    }
    Ok(())
}

fn judge(form: &Form, base: &Made, feature: &Made) -> Result<(), String> {
    let made = make(form);
    let what = &form.name;
    let all = ["", ELSEWHERE, HERE];
    if let Like::Refused(code) = form.like {
        let others = made.errors.iter().any(|(found, _)| found != code);
        return if made.errors.is_empty() || others { Err(format!("{what}: {:?}, not {code}", made.errors)) } else { Ok(()) };
    }
    if !made.errors.is_empty() {
        return Err(format!("{what}: {:#?}", made.errors));
    }
    match form.like {
        Like::Exactly | Like::Feature => compare(what, feature, &made, &all)?,
        Like::Here => {
            compare(what, feature, &made, &[HERE])?;
            compare(what, base, &made, &[ELSEWHERE])?;
        }
        Like::HereAtLeast => compare(what, feature, &made, &[HERE])?,
        Like::Base => compare(what, base, &made, &all)?,
        Like::Refused(_) => {}
    }
    if form.like == Like::Exactly && made.manifests != feature.manifests {
        return Err(format!("{what}: other manifests"));
    }
    Ok(())
}

fn run(case: &Case) -> Result<(), Failed> {
    let [base, feature] = plain(case);
    let (base, feature) = (make(&base), make(&feature));
    for (what, made) in [("base", &base), ("feature", &feature)] {
        if !made.errors.is_empty() {
            return Err(format!("the {what} is refused: {:#?}", made.errors).into());
        }
    }
    let mut codes: Vec<&str> = feature.warnings.iter().map(|(_, code, _)| code.as_str()).collect();
    codes.sort_unstable();
    let mut faults = Vec::new();
    let silent = compare("", &base, &feature, &["", ELSEWHERE, HERE]).is_ok();
    if silent != SILENT.iter().any(|(name, _)| *name == case.name) {
        faults.push(if silent { "the feature changes nothing and nobody says so" } else { "the list of silent cases is wrong" }.to_owned());
    }
    if codes != case.warnings {
        faults.push(format!("warnings {:#?}, not {:?}", feature.warnings, case.warnings));
    }
    let forms = forms(case);
    if forms.iter().any(|form| form.name == "TOML") == NO_TOML.contains(&case.name.as_str()) {
        faults.push("the list of cases without TOML is wrong".to_owned());
    }
    faults.extend(forms.iter().filter_map(|form| {
        let text = || form.files.iter().map(|(name, text)| format!("--- {name}\n{text}")).collect::<String>();
        judge(form, &base, &feature).err().map(|fault| format!("{fault}\n{}", text()))
    }));
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n\n").into()) }
}

/// The trials of this module.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = cases()
        .into_iter()
        .map(|case| {
            let name = format!("features::{}", case.name);
            Trial::test(name, move || run(&case))
        })
        .collect();
    trials.push(Trial::test("features::every_word_of_the_schema_has_a_case", || Ok(schema::every_word_has_a_case()?)));
    trials.push(Trial::test("features::every_required_key_is_missed", || Ok(required::every_required_key_is_missed()?)));
    trials.push(Trial::test("features::names_are_unique", || {
        let all = cases();
        let twice: Vec<&str> = count_by_name(&all).into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name).collect();
        if twice.is_empty() { Ok(()) } else { Err(format!("{twice:?}").into()) }
    }));
    trials
}
