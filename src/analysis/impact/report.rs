//! An impact as text: the verdict, what to do now, then the details; for a terminal or as Markdown.

mod objects;

use super::commands::Procedure;
use super::settle::jumps;
use super::{Call, Change, Impact, Leads, Outcome, Reach, Step, When, Workload};
use crate::analysis::page::{Page, Style};
use crate::diagnostic::wording::{Count, plain};
use std::collections::{BTreeMap, BTreeSet};

/// The text of an impact and of the way back. `set_context` says that the commands use a variable for the context.
pub fn report(impact: &Impact, procedure: &Procedure, set_context: bool, style: Style) -> String {
    let mut page = Page::new(style);
    page.title(&format!("{} applied to {}", impact.applied, impact.onto));
    page.line(&verdict(impact));
    page.unread(impact);
    page.line(&counts(impact));
    page.gone(impact);
    page.procedure(procedure, set_context);
    page.workloads(&impact.workloads);
    page.values(&impact.workloads);
    page.unjudged_calls(impact);
    page.calls(&impact.calls, &impact.applied);
    page.dependants(impact);
    page.objects(&impact.objects);
    page.prevention(impact);
    page.text
}

/// The first sentence.
fn verdict(impact: &Impact) -> String {
    let onto = &impact.onto;
    if !impact.hit {
        let rest = if impact.touched().next().is_some() { "what was applied lies there without effect" } else { "nothing was stored" };
        let known = if impact.unread.is_empty() { "" } else { ", as far as the files could be read" };
        return format!("{onto} is not hit{known}: no workload reads anything of {}, and {rest}.", impact.applied);
    }
    let count = |holds: &dyn Fn(&Workload) -> bool| impact.workloads.iter().filter(|workload| holds(workload)).count();
    let existing = |workload: &Workload| !workload.created;
    let soon = |workload: &Workload| workload.changes.iter().any(|change| change.when == When::Minutes);
    let later = |workload: &Workload| workload.changes.iter().any(|change| matches!(change.when, When::NextStart | When::NextRun));
    let calls: BTreeSet<&str> = impact
        .calls
        .iter()
        .filter(|call| call.leads != Leads::Inside && call.reach == Reach::Open)
        .map(|call| call.host.as_str())
        .collect();
    let parts = [
        (count(&|one| existing(one) && one.restarts), "workload restarts", "workloads restart"),
        (
            count(&|one| existing(one) && !one.restarts && soon(one)),
            "reads other values within two minutes",
            "read other values within two minutes",
        ),
        (
            count(&|one| existing(one) && !one.restarts && !soon(one) && later(one)),
            "reads other values at its next start",
            "read other values at their next start",
        ),
        (count(&|one| one.changes.iter().any(|change| change.fails)), "does not start again", "do not start again"),
        (count(&|one| one.loses_data), "loses its data", "lose their data"),
        (count(&|one| one.jumps.is_some()), "is scaled behind its autoscaler", "are scaled behind their autoscalers"),
        (count(&|one| one.created), "new workload starts", "new workloads start"),
        (
            impact.objects.iter().filter(|one| one.redirects_backups).count(),
            "place of backups is another one",
            "places of backups are other ones",
        ),
        (calls.len(), "new address outside can be reached", "new addresses outside can be reached"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
    if parts.is_empty() {
        let acting = impact.objects.iter().filter(|one| one.acts()).count();
        return format!("{onto} is hit: {} of {} act there, and no workload restarts.", Count(acting, "object"), impact.applied);
    }
    let mut sentence = plain(parts);
    // What comes first says what is counted.
    if let Some((number, rest)) =
        sentence.split_once(' ').filter(|(_, rest)| !["workload", "new ", "place"].iter().any(|start| rest.starts_with(start)))
    {
        sentence = format!("{number} {} {rest}", if number == "1" { "workload" } else { "workloads" });
    }
    format!("{onto} is hit: {sentence}.")
}

fn counts(impact: &Impact) -> String {
    let count = |outcome| impact.of(outcome).count();
    let idle = impact.of(Outcome::Created).filter(|one| one.inert).count();
    let parts = [
        format!("{} new ({idle} without effect)", count(Outcome::Created)),
        format!("{} changed", count(Outcome::Changed)),
        format!("{} with other labels alone", count(Outcome::Relabelled)),
        format!("{} refused", count(Outcome::Refused)),
        format!("{} as before", count(Outcome::Unchanged)),
    ];
    format!("{}: {}.", Count(impact.objects.len(), "applied object"), parts.join(", "))
}

impl Page {
    fn procedure(&mut self, procedure: &Procedure, set_context: bool) {
        let parts =
            [("Freeze", &procedure.freeze), ("Find", &procedure.find), ("Restore", &procedure.restore), ("Verify", &procedure.verify)];
        let has_commands = parts.iter().any(|(_, steps)| steps.iter().any(|step| !step.commands.is_empty()));
        if set_context && has_commands {
            self.heading("First");
            self.step(&Step {
                why: "The context of the cluster in kubectl, as `kubectl config get-contexts` lists it.".to_owned(),
                commands: vec!["context=".to_owned()],
            });
        }
        for (name, steps) in parts.into_iter().filter(|(_, steps)| !steps.is_empty()) {
            self.heading(name);
            steps.iter().for_each(|step| self.step(step));
        }
    }

    fn step(&mut self, step: &Step) {
        match self.style {
            Style::Plain => {
                self.text += &format!("  # {}\n", step.why);
                step.commands.iter().for_each(|command| self.text += &format!("  {command}\n"));
            }
            Style::Markdown if step.commands.is_empty() => self.line(&self.escaped(&step.why)),
            Style::Markdown => {
                let why = self.escaped(&step.why).replace("\\`", "`");
                self.text += &format!("{why}\n\n```sh\n{}\n```\n\n", step.commands.join("\n"));
            }
        }
    }

    /// The workloads, each with what happens to it.
    pub(in crate::analysis) fn workloads(&mut self, workloads: &[Workload]) {
        let said: Vec<(&Workload, String)> = workloads.iter().map(|workload| (workload, happens(workload))).collect();
        if said.is_empty() {
            return;
        }
        self.heading("Workloads that are hit");
        for (workload, what) in said {
            self.item(0, &format!("{}: {what}", workload.object));
        }
    }

    /// Values by their source and key, each with its readers.
    pub(in crate::analysis) fn values(&mut self, workloads: &[Workload]) {
        let mut groups: BTreeMap<(String, String), Vec<(&Workload, &Change)>> = BTreeMap::new();
        for workload in workloads {
            for change in &workload.changes {
                let key = match &change.source {
                    Some(source) if source.key.is_empty() => (source.object.clone(), "every key".to_owned()),
                    Some(source) => (source.object.clone(), source.key.clone()),
                    None => (workload.object.clone(), change.name.clone()),
                };
                groups.entry(key).or_default().push((workload, change));
            }
        }
        if groups.is_empty() {
            return;
        }
        self.heading("Values that change");
        let mut last = String::new();
        for ((object, key), readers) in groups {
            if object != last {
                self.item(0, &object);
                last = object;
            }
            let Some((_, first)) = readers.first() else { continue };
            self.item(1, &format!("{key}: {} ({})", arrow(first.before.as_deref(), first.after.as_deref()), first.meaning.word()));
            for (workload, change) in readers {
                let name = if change.name == key { String::new() } else { format!(" as {}", change.name) };
                let optional = if change.optional { ", optional" } else { "" };
                let fails = if change.fails { "; a pod that starts then fails, as it needs the key" } else { "" };
                let way = change.way.word();
                self.item(2, &format!("{} {}: {way}{name}{optional}, {}{fails}", workload.object, change.container, change.when.words()));
            }
        }
    }

    /// What the report does not know.
    fn unread(&mut self, impact: &Impact) {
        if !impact.unread.is_empty() {
            self.line("INCOMPLETE: these are not part of the report, and may hit as well.");
            impact.unread.iter().for_each(|one| self.item(0, one));
        }
    }

    /// What a value that is gone depends on.
    fn gone(&mut self, impact: &Impact) {
        let is_gone = impact.workloads.iter().flat_map(|workload| &workload.changes).any(|change| change.after.is_none())
            || impact.touched().flat_map(|one| &one.differences).any(|difference| difference.after.is_none());
        if is_gone {
            self.line("What is gone goes with `kubectl apply --server-side`. A plain `kubectl apply` keeps what it did not set itself.");
        }
    }

    fn unjudged_calls(&mut self, impact: &Impact) {
        if let Some(fault) = &impact.unjudged {
            self.heading("Addresses and callers");
            self.item(0, &format!("not judged: {fault}"));
        }
    }

    /// Addresses in changed values, and whether they can be reached. `applied` is the name of the side whose entrances may be among them.
    pub(in crate::analysis) fn calls(&mut self, calls: &[Call], applied: &str) {
        if calls.is_empty() {
            return;
        }
        self.heading("Addresses that are called now");
        for call in calls {
            let address = match call.port {
                Some(port) if call.host.contains(':') => format!("[{}]:{port}", call.host),
                Some(port) => format!("{}:{port}", call.host),
                None => call.host.clone(),
            };
            let leads = match call.leads {
                Leads::Entrance => format!(", an entrance of {applied}"),
                Leads::Inside | Leads::Outside => String::new(),
            };
            let reach = match call.reach {
                Reach::Open => "OPEN",
                Reach::Blocked => "blocked",
                Reach::Unknown => "not known",
            };
            self.item(0, &format!("{address}{leads}: {reach}; {}", call.reason));
            self.item(1, &format!("{} by {}", call.workload, call.name));
        }
    }

    fn dependants(&mut self, impact: &Impact) {
        if impact.dependants.is_empty() {
            return;
        }
        self.heading("Who depends on them");
        let mut groups: BTreeMap<&str, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
        for one in &impact.dependants {
            let group = groups.entry(&one.workload).or_default();
            if one.host { group.1.push(&one.caller) } else { group.0.push(&one.caller) }
        }
        for (workload, (callers, hosts)) in groups {
            let called = (!callers.is_empty()).then(|| format!("called by {}", callers.join(", ")));
            let hosts = (!hosts.is_empty()).then(|| format!("answers at {}", hosts.join(", ")));
            self.item(0, &format!("{workload}: {}", called.into_iter().chain(hosts).collect::<Vec<_>>().join("; ")));
        }
    }

    fn prevention(&mut self, impact: &Impact) {
        self.heading("What protects, and what would have protected");
        let protection = &impact.protection;
        if protection.hashed > 0 {
            self.item(
                0,
                &format!("names with a hash: {} of the new objects are ConfigMaps or Secrets that nothing reads", protection.hashed),
            );
        }
        for policy in protection.policies.iter().filter(|policy| policy.refused > 0) {
            self.item(0, &format!("the admission policy `{}` refuses {}", policy.name, Count(policy.refused, "object")));
        }
        if protection.refused > 0 {
            self.item(0, &format!("the API server refuses {}", Count(protection.refused, "object")));
        }
        let mutable = impact.of(Outcome::Changed).filter(|one| one.is_configuration()).count();
        if mutable > 0 {
            let said = "a hash in their names would have made them new and without a reader, `immutable: true` would have refused them";
            self.item(0, &format!("ConfigMaps and Secrets that are overwritten: {}; {said}", mutable));
        }
        if !protection.admission.is_empty() {
            self.item(0, &format!("admission, whose rules are not evaluated here: {}", protection.admission.join(", ")));
        }
        match &protection.label {
            _ if !protection.policies.is_empty() || !protection.admission.is_empty() => {}
            Some((key, value)) => {
                self.item(
                    0,
                    &format!("no admission policy in these files: one that refuses `{key}: {value}` would have refused every object"),
                );
            }
            None => self.item(0, "no admission policy in these files, and no label that tells the two environments apart"),
        }
        let touched = impact.touched().count();
        for writer in &impact.writers {
            let bindings: Vec<&str> = writer.bindings.iter().map(String::as_str).collect();
            self.item(
                0,
                &format!("{} may write {} of {}, by {}", writer.subject, writer.objects, Count(touched, "object"), plain(bindings)),
            );
        }
        let others = if impact.writers.is_empty() { "no person" } else { "no other person" };
        self.item(
            0,
            &format!(
                "{others} may write them by the bindings in these files; bindings elsewhere, as to `cluster-admin`, and service accounts are not judged"
            ),
        );
    }
}

/// What happens to a workload.
fn happens(workload: &Workload) -> String {
    let mut parts = Vec::new();
    if workload.created {
        parts.push("is new".to_owned());
    }
    if workload.restarts {
        parts.push(if workload.reloaded { "its pods are replaced where Reloader runs" } else { "its pods are replaced" }.to_owned());
    }
    if workload.loses_data {
        parts.push("ITS DATA IS LOST, as no volume keeps it".to_owned());
    }
    if !workload.created && workload.pods_before != workload.pods_after {
        parts.push(format!("pods: {}", arrow(workload.pods_before.as_deref(), workload.pods_after.as_deref())));
    }
    parts.extend(workload.jumps.map(jumps));
    if !workload.changes.is_empty() {
        let first = workload.changes.iter().map(|change| change.when).min().unwrap_or(When::NextStart);
        parts.push(format!("{}, {}", Count(workload.changes.len(), "other value"), first.words()));
    }
    if workload.changes.iter().any(|change| change.fails) {
        parts.push("NEW PODS FAIL".to_owned());
    }
    parts.join("; ")
}

pub(in crate::analysis) fn arrow(before: Option<&str>, after: Option<&str>) -> String {
    match (before, after) {
        (None, Some(after)) => format!("new, {after}"),
        (Some(before), None) => format!("{before} -> gone"),
        (before, after) => format!("{} -> {}", before.unwrap_or_default(), after.unwrap_or_default()),
    }
}
