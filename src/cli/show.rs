//! `platgen show`: every effective value of an environment and where it comes from.
//!
//! Prints the leaves of the merged tree with their places, and the values that resolve recorded with their origins.

use super::values::{DEFAULT, Line, lines};
use super::{Ended, FAILED, Terminal, print_all};
use crate::diagnostic::{self, Code, Diagnostic, Format, Severity, wording};
use crate::project::{Failure, Project};
use crate::resolve::{Computed, Origin};
use crate::syntax::Node;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Flags of `show`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Show {
    /// The place to show, such as `apps.web` or `cluster.version`. Default: everything.
    path: Option<String>,
    /// The spec: a file, a folder, or `-` for a YAML text on stdin. Default: the nearest one.
    #[arg(long)]
    spec: Option<std::path::PathBuf>,
    /// The environment. Default: the first.
    #[arg(long)]
    env: Option<String>,
    #[command(flatten)]
    gaps: super::Gaps,
}

pub(super) fn run(show: &Show, terminal: &Terminal) -> Ended {
    let as_json = match terminal.data_is_json() {
        Ok(as_json) => as_json,
        Err(code) => return Ok(code),
    };
    let mut project =
        Project::open(show.spec.as_deref()).map_err(|failure| with_flag(failure, show))?.allow_incomplete(show.gaps.allow_incomplete);
    terminal.tell_files(&project);
    let resolution = project.resolve_with_provenance();
    let errors: Vec<&Diagnostic> = project.found.sorted().into_iter().filter(|found| found.severity == Severity::Error).collect();
    if project.specs.trees.is_empty() {
        terminal.tell(&errors, &project.sources);
        return Ok(FAILED);
    }
    // A JSON document has the findings in a field of its own.
    if !as_json {
        terminal.tell(&errors, &project.sources);
    }
    let names: Vec<&str> = project.specs.trees.keys().map(String::as_str).collect();
    let Some(name) = show.env.as_deref().or(names.first().copied()) else { return Ok(FAILED) };
    let Some(tree) = project.specs.trees.get(name) else {
        let fault = Diagnostic::new(Code::UnknownReference, format!("there is no environment `{name}`"));
        terminal.tell_plain(&[fault.help(format!("declared: {}", wording::all(&names)))]);
        return Ok(FAILED);
    };
    let mut lines = lines(tree, &project, name);
    // The defaults of stores describe pods and volumes, which a store that exists already does not have.
    let stores = tree.get("stores").map(Node::entries).unwrap_or_default().iter();
    for store in stores.filter(|store| store.value.get("mode").and_then(Node::scalar) == Some("existing")) {
        let below = format!("stores.{}.", store.key);
        lines.retain(|(path, _, origin)| origin != DEFAULT || !path.starts_with(&below));
    }
    if let Some(recorded) = resolution.as_ref().and_then(|resolution| resolution.provenance.get(name)) {
        let lock = project.lock_text.as_deref().unwrap_or_default();
        let written: BTreeSet<String> = lines.iter().map(|(path, _, _)| path.clone()).collect();
        // A value that the spec holds has its line already.
        lines.extend(recorded.iter().filter(|one| !written.contains(&one.path)).map(|one| computed(one, lock)));
    }
    let wanted = show.path.as_deref().unwrap_or("");
    let within =
        |path: &str| wanted.is_empty() || path == wanted || path.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(['.', '[']));
    let chosen: Vec<_> = lines.iter().filter(|(path, _, _)| within(path)).collect();
    if chosen.is_empty() {
        let known: Vec<&str> = lines.iter().map(|(path, _, _)| path.as_str()).collect();
        let fault = Diagnostic::new(Code::UnknownReference, format!("nothing stands at `{wanted}` in `{name}`"));
        terminal.tell_plain(&[match (misplaced_spec(show), closest(wanted, &known)) {
            (Some(spec), _) => fault.help(spec),
            (None, Some(close)) => fault.help(format!("did you mean `{close}`?")),
            (None, None) => fault.help("`platgen show` without a path prints everything"),
        }]);
        return Ok(FAILED);
    }
    if as_json {
        let value = |(path, value, origin): &&Line| json!({"path": path, "value": value, "origin": origin});
        let found = diagnostic::print(Format::Json, &errors, &project.sources, false);
        let found: Value = serde_json::from_str(&found).unwrap_or_default();
        let values: Vec<Value> = chosen.iter().map(value).collect();
        print_all(&format!("{:#}\n", json!({"environment": name, "values": values, "findings": found})));
        return Ok(u8::from(!errors.is_empty()));
    }
    let path_width = chosen.iter().map(|(path, _, _)| path.chars().count()).max().unwrap_or(0).min(60);
    let value_width = chosen.iter().map(|(_, value, _)| value.chars().count()).max().unwrap_or(0).min(40);
    let text: String =
        chosen.iter().map(|(path, value, origin)| format!("{path:path_width$}  {value:value_width$}  # {origin}\n")).collect();
    print_all(&text);
    Ok(u8::from(!errors.is_empty()))
}

/// The failure of a `show` without `--spec`: elsewhere the spec is an argument, and here a flag.
fn with_flag(mut failure: Box<Failure>, show: &Show) -> Box<Failure> {
    if show.spec.is_none() {
        let help = misplaced_spec(show).unwrap_or_else(|| "name the spec with `--spec SPEC`; or `platgen init` writes a first one".into());
        let found = std::mem::take(&mut failure.found).into_iter();
        failure.found.extend(found.map(|fault| if fault.code == Code::NoSpec { fault.help(&help) } else { fault }));
    }
    failure
}

/// The help for a file or folder in place of the path within the spec.
fn misplaced_spec(show: &Show) -> Option<String> {
    let path = show.path.as_deref().filter(|path| show.spec.is_none() && Path::new(path).exists())?;
    Some(format!("name the spec with `--spec {path}`"))
}

/// The path that the writer of an unknown path means: the same entries in a section with a similar name, or the closest path.
fn closest(wanted: &str, known: &[&str]) -> Option<String> {
    let (section, rest) = wanted.split_once('.').unwrap_or((wanted, ""));
    let sections: BTreeSet<&str> = known.iter().filter_map(|path| path.split('.').next()).collect();
    let in_section =
        wording::suggest(section, sections).map(|close| if rest.is_empty() { close.to_owned() } else { format!("{close}.{rest}") });
    let exists = |path: &String| {
        known.iter().any(|one| one.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])))
    };
    // The last key, deeper below the same entry.
    let deeper = wanted.rsplit_once('.').and_then(|(above, key)| {
        let is_meant =
            |path: &&str| path.strip_prefix(above).is_some_and(|rest| rest.starts_with('.')) && path.ends_with(&format!(".{key}"));
        known.iter().copied().find(is_meant).map(str::to_owned)
    });
    in_section.filter(exists).or(deeper).or_else(|| wording::suggest(wanted, known.iter().copied()).map(str::to_owned))
}

/// The line of a computed value; a range of the lock has its line there.
fn computed(one: &Computed, lock: &str) -> Line {
    let origin = match &one.origin {
        Origin::Spec(from) => from.clone(),
        Origin::Lock(key) => match lock.lines().position(|line| line.split_whitespace().next() == Some(key.as_str())) {
            Some(at) => format!("platgen.lock:{}", at + 1),
            None => "network.cidr: the next free range, not in platgen.lock yet".to_string(),
        },
    };
    // A value takes one line.
    let value = if one.value.contains(char::is_control) { format!("{:?}", one.value) } else { one.value.clone() };
    (one.path.clone(), value, format!("computed from {origin}"))
}
