//! Two trees that platgen never made, with names that both have, and what the analysis says of them.

mod commands;
mod databases;
mod guard;
mod outcomes;
mod reach;
mod readers;

use super::*;
use crate::analysis::page::Style;

const BETA: &str = include_str!("beta.yaml");
const PRODUCTION: &str = include_str!("production.yaml");

fn side(name: &str, text: &str) -> Side {
    let inventory = Inventory::read([(name, text)]);
    assert_eq!(inventory.unreadable(), [], "{name}");
    Side { name: name.to_owned(), inventory, unread: Vec::new() }
}

/// The objects of these kinds of production, applied to beta.
fn found(kinds: &[&str]) -> Impact {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let applied = side("production", PRODUCTION);
    impact(&Side { inventory: select(&applied.inventory, &kinds, "default"), ..applied }, &side("beta", BETA), &[])
}

/// One tree, applied to another.
fn between(applied: &str, onto: &str) -> Impact {
    impact(&side("applied", applied), &side("onto", onto), &[])
}

/// A cluster of which nothing is known but its context.
fn target(context: &str, files: Files) -> Target {
    let files = vec![Part { files, namespace: None }];
    Target { context: Some(context.to_owned()), files, mixed: Vec::new(), applied: Revision::Unknown, identity: None }
}

/// The way back, with the context `c` and the files `files`.
fn way_back(found: &Impact) -> Procedure {
    procedure(found, &target("c", Files::Folder("files".to_owned())))
}

/// The whole text of an impact.
fn text(found: &Impact) -> String {
    report(found, &way_back(found), false, Style::Plain)
}

fn lines(steps: &[Step]) -> Vec<String> {
    steps.iter().flat_map(|step| step.commands.clone()).collect()
}
