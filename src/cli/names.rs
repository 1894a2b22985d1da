//! Completion of the names in the nearest spec: environments, regions, groups, apps and stores; and of the codes.

use crate::diagnostic::Code;
use crate::project::Project;
use crate::spec::Spec;
use clap::Command;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use std::ffi::OsStr;
use std::sync::Arc;

/// Adds the completion of names to the flags of a command.
pub(super) fn complete(command: Command) -> Command {
    let subcommands: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_string()).collect();
    subcommands.into_iter().fold(command, |command, name| command.mut_subcommand(name, arguments))
}

fn arguments(command: Command) -> Command {
    let is_explain = command.get_name() == "explain";
    command.mut_args(|argument| match argument.get_id().as_str() {
        "env" | "applied" | "onto" | "with" => argument.add(ArgValueCompleter::new(|typed: &OsStr| matching(typed, environments()))),
        "region" => argument.add(ArgValueCompleter::new(|typed: &OsStr| matching(typed, regions()))),
        "group" => argument.add(ArgValueCompleter::new(|typed: &OsStr| matching(typed, groups()))),
        "from" | "to" => argument.add(ArgValueCompleter::new(|typed: &OsStr| matching(typed, entries()))),
        "app" => argument.add(ArgValueCompleter::new(|typed: &OsStr| matching(typed, entries()))),
        "what" if is_explain => argument.add(ArgValueCompleter::new(|typed: &OsStr| {
            matching(typed, Code::ALL.iter().map(|code| code.name().to_string()).chain(["references".to_string()]).collect())
        })),
        _ => argument,
    })
}

/// The names that start with the typed text.
fn matching(typed: &OsStr, names: Vec<String>) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    names.into_iter().filter(|name| name.starts_with(&*typed)).map(CompletionCandidate::new).collect()
}

/// The nearest spec as far as it can be read. A shell has no place for its faults.
fn spec() -> Arc<Spec> {
    Project::open(None).map(|project| project.specs.base).unwrap_or_default()
}

fn environments() -> Vec<String> {
    spec().environments.entries().map(|(name, _, _)| name.to_string()).collect()
}

fn regions() -> Vec<String> {
    spec().regions.entries().map(|(name, _, _)| name.to_string()).collect()
}

fn groups() -> Vec<String> {
    let spec = spec();
    spec.access.at(|access| &access.groups).entries().map(|(name, _, _)| name.to_string()).collect()
}

fn entries() -> Vec<String> {
    let spec = spec();
    let apps = spec.apps.entries().map(|(name, _, _)| name.to_string());
    apps.chain(spec.stores.entries().map(|(name, _, _)| name.to_string())).collect()
}
