//! Who may do what as text: the table, what its words and letters mean, how people sign in; for a terminal or as Markdown.

use super::{Access, Administrator, Cell, Holder, HolderKind, Level, Notable, Right, SignIn, Unjudged};
use crate::analysis::page::{Page, Style, groups};
use crate::diagnostic::wording::plain;
use std::collections::BTreeSet;

/// The text of the clusters of a platform. Regions of an environment with the same rights are one section; `details` lists every right.
pub fn report(all: &[Access], details: bool, style: Style) -> String {
    let sections =
        groups(all, |one, other| (&one.environment, &one.holders, &one.unjudged) == (&other.environment, &other.holders, &other.unjudged));
    let texts: Vec<String> = sections.iter().map(|section| text(section, details, style)).collect();
    texts.join("\n")
}

/// The text of regions with the same rights.
fn text(section: &[&Access], details: bool, style: Style) -> String {
    let mut page = Page::new(style);
    let Some(access) = section.first() else { return page.text };
    let places = section.iter().map(|access| format!("{}/{}", access.environment, access.region));
    page.title(&format!("{}: who may do what", plain(places)));
    page.unjudged(&access.unjudged);
    page.levels(access);
    page.legend(access);
    if details {
        page.details(access);
    }
    page.people(section);
    page.identities(section);
    page.text
}

impl Level {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::Read => "read",
            Level::Change => "change",
            Level::Full => "full",
        }
    }

    fn meaning(self) -> Option<&'static str> {
        match self {
            Level::None => None,
            Level::Read => Some("gets, lists and watches objects of some kinds"),
            Level::Change => Some("changes objects of some kinds, or makes them do something; `--group NAME` lists every right"),
            Level::Full => Some("does everything"),
        }
    }
}

impl Administrator {
    /// Who may take the role.
    pub(in crate::analysis) fn takers(&self) -> String {
        match self.groups[..] {
            [] => format!("every identity of the account {} whose policies allow it", self.account),
            _ => plain(&self.groups),
        }
    }
}

/// A cell of the table: the level, and letters of what is notable.
pub(super) fn shown(cell: &Cell) -> String {
    let letters: String = cell.notable.iter().map(|notable| notable.letter()).collect();
    format!("{} {letters}", cell.level.word()).trim_end().to_owned()
}

impl Page {
    /// What is missing in the report, before anything else.
    pub(in crate::analysis) fn unjudged(&mut self, unjudged: &[Unjudged]) {
        if unjudged.is_empty() {
            return;
        }
        self.line("NOT COMPLETE: the rules of these roles are in no file, and what they give is not part of the report.");
        for one in unjudged {
            self.item(0, &format!("{} gives {} to {}", one.binding, one.role, plain(&one.subjects)));
        }
        self.text.push('\n');
    }

    fn levels(&mut self, access: &Access) {
        let Some(first) = access.holders.first() else {
            self.line("Nobody has a right: there is no group in the spec, and no binding in the files.");
            return;
        };
        let places = first.cells.iter().map(|cell| cell.namespace.clone().unwrap_or_else(|| "cluster-wide".to_owned()));
        let head: Vec<String> = std::iter::once(String::new()).chain(places).collect();
        let row = |holder: &Holder| {
            std::iter::once(format!("{} {}", holder.kind.word(), holder.name)).chain(holder.cells.iter().map(shown)).collect()
        };
        let rows: Vec<Vec<String>> = access.holders.iter().map(row).collect();
        self.grid(&head, &rows);
    }

    /// The words and letters of the table.
    fn legend(&mut self, access: &Access) {
        let cells = || access.holders.iter().flat_map(|holder| &holder.cells);
        let levels: BTreeSet<Level> = cells().map(|cell| cell.level).collect();
        let mut notable: Vec<Notable> = cells().flat_map(|cell| cell.notable.iter().copied()).collect();
        notable.sort_unstable();
        notable.dedup();
        if levels.iter().all(|level| *level == Level::None) {
            return;
        }
        self.heading("Words and letters");
        for level in levels {
            if let Some(meaning) = level.meaning() {
                self.item(0, &format!("{}: {meaning}", level.word()));
            }
        }
        for one in notable {
            self.item(0, &format!("{}: {}", one.letter(), one.words()));
        }
        self.item(
            0,
            "cluster-wide: rights on objects of the whole cluster, and on those of every namespace; the columns of namespaces hold the latter as well",
        );
    }

    /// Every right of each subject.
    fn details(&mut self, access: &Access) {
        self.heading("Rights");
        for holder in &access.holders {
            let id = if holder.name == holder.id { String::new() } else { format!(" ({})", holder.id) };
            let none = if holder.cells.iter().all(|cell| cell.rights.is_empty()) { ": no right" } else { "" };
            self.item(0, &format!("{} {}{id}{none}", holder.kind.word(), holder.name));
            for cell in &holder.cells {
                let place = cell.namespace.as_ref().map_or_else(|| "cluster-wide".to_owned(), |namespace| format!("in {namespace}"));
                let bindings: BTreeSet<&str> = cell.rights.iter().map(|right| right.binding.as_str()).collect();
                for binding in bindings {
                    self.item(1, &format!("{place}, by {binding}"));
                    let given = cell.rights.iter().filter(|right| right.binding == binding);
                    given.for_each(|right| self.item(2, &right_in_words(right)));
                }
            }
        }
    }

    /// The service accounts with roles in the cloud, whose names differ from region to region.
    fn identities(&mut self, section: &[&Access]) {
        if section.iter().all(|access| access.identities.is_empty()) {
            return;
        }
        self.heading("Identities in the cloud");
        for identity in section.iter().flat_map(|access| &access.identities) {
            self.item(0, &format!("{}, as {}: {}", identity.account, identity.role, identity.rights));
        }
    }

    fn people(&mut self, section: &[&Access]) {
        let Some(access) = section.first() else { return };
        let groups: Vec<&Holder> = access.holders.iter().filter(|holder| holder.kind == HolderKind::Group).collect();
        if groups.is_empty() && access.administrator.is_none() {
            return;
        }
        self.heading("How people sign in");
        for holder in groups {
            let Some(sign_in) = &holder.sign_in else {
                self.item(
                    0,
                    &format!(
                        "{}: the cluster has to name the group `{}`; these files do not say how its members sign in",
                        holder.name, holder.id
                    ),
                );
                continue;
            };
            let factor = if sign_in.second_factor { ", second factor required" } else { ", no second factor required" };
            let set = &sign_in.permission_set;
            self.item(0, &format!("{}: with the permission set `{set}` in the account {}{factor}", holder.name, sign_in.account));
        }
        let signing: Vec<&SignIn> = access.holders.iter().filter_map(|holder| holder.sign_in.as_ref()).collect();
        match signing.first().map(|sign_in| sign_in.second_factor) {
            Some(true) => self
                .item(0, "second factor: IAM Identity Center asks for it once it is set as ACCOUNT.md of the account's global root says"),
            Some(false) => self.item(0, "second factor: `access: {mfa: required}` in the spec requires one"),
            None => {}
        }
        let mut lines = BTreeSet::new();
        for administrator in section.iter().filter_map(|access| access.administrator.as_ref()) {
            lines.insert(format!(
                "{}: {} may take this role of AWS, which does everything in the cluster, for an hour at most",
                administrator.role,
                administrator.takers()
            ));
        }
        lines.iter().for_each(|line| self.item(0, line));
    }
}

/// A right in words, without what gives it: `get, list: pods, pods/log`.
pub(in crate::analysis) fn right_in_words(right: &Right) -> String {
    let mut parts = Vec::new();
    if !right.resources.is_empty() {
        let core = |group: &String| if group.is_empty() { "core".to_owned() } else { group.clone() };
        let groups: Vec<String> = right.groups.iter().map(core).collect();
        let of = if groups == ["core"] { String::new() } else { format!(" of {}", groups.join(", ")) };
        let names = if right.names.is_empty() { String::new() } else { format!(", named {}", plain(&right.names)) };
        parts.push(format!("{}{of}{names}", right.resources.join(", ")));
    }
    parts.extend(right.urls.iter().cloned());
    format!("{}: {}", right.verbs.join(", "), parts.join(", "))
}
