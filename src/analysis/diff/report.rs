//! A change as text: the verdict, what is protected less, what loses data or needs more than an apply, then each cluster and each root; for a terminal or as Markdown.

use super::{Cluster, Connection, Declared, Diff, Existence, Grant, Left, Resource, Root};
use crate::analysis::access::Level;
use crate::analysis::impact::{Outcome, Workload, arrow, pair};
use crate::analysis::page::{Page, Style, groups};
use crate::diagnostic::Code;
use crate::diagnostic::wording::{Count, plain};

/// The most arguments of one resource, and rights of one subject; JSON has all of them.
const LINES: usize = 8;

/// The text of a change.
pub fn report(diff: &Diff, style: Style) -> String {
    let mut page = Page::new(style);
    page.title(&format!("From {} to {}", diff.before, diff.after));
    page.line(&verdict(diff));
    page.unread_parts(diff);
    page.unprotected(diff);
    page.steps(diff);
    page.declared_values(diff);
    groups(&diff.clusters, is_alike).iter().for_each(|clusters| page.clusters(clusters));
    let is_same = |one: &Root, other: &Root| (one.existence, &one.resources) == (other.existence, &other.resources);
    groups(&diff.roots, is_same).iter().for_each(|roots| page.roots(roots));
    if !diff.others.is_empty() {
        page.part("Other files");
        page.line(
            "Objects of GitOps controllers need an apply of their own, as the README.md beside them says; jobs of pipelines come with the merge.",
        );
        diff.others.iter().for_each(|path| page.item(0, path));
    }
    page.text
}

/// Whether two regions of an environment change in the same way.
fn is_alike(one: &Cluster, other: &Cluster) -> bool {
    fn changes(cluster: &Cluster) -> impl PartialEq + '_ {
        let Cluster { environment, region: _, existence, objects, left, workloads, calls, connections, grants, new_hosts, left_hosts } =
            cluster;
        ((environment, existence, objects, left, workloads), (calls, connections, grants, new_hosts, left_hosts))
    }
    changes(one) == changes(other)
}

fn verdict(diff: &Diff) -> String {
    if let Some(declared) = &diff.declared {
        let of_the_spec = match declared.len() {
            0 => "No value of the spec differs".to_owned(),
            1 => "1 value of the spec differs".to_owned(),
            count => format!("{count} values of the spec differ"),
        };
        return format!(
            "{of_the_spec}. The rest is told as a change: from {after} with {} to {after} as it is.",
            diff.before,
            after = diff.after
        );
    }
    let parts = [(diff.clusters.len(), "cluster"), (diff.roots.len(), "Terraform root")];
    let parts: Vec<String> = parts.iter().filter(|(count, _)| *count > 0).map(|(count, noun)| Count(*count, noun).to_string()).collect();
    if parts.is_empty() {
        let known = if diff.unread.is_empty() { "" } else { ", as far as the files could be read" };
        let others = if diff.others.is_empty() { String::new() } else { format!("; {} below", Count(diff.others.len(), "other file")) };
        return format!("Nothing changes in clusters and in the cloud{known}{others}.");
    }
    let verb = if diff.clusters.len() + diff.roots.len() == 1 { "changes" } else { "change" };
    let loses_data = diff.steps.iter().any(|step| step.code == Code::LosesData.name());
    let unprotected = if diff.unprotected.is_empty() { "" } else { " PROTECTION IS REMOVED." };
    format!("{} {verb}.{unprotected}{}", plain(parts), if loses_data { " DATA IS LOST." } else { "" })
}

/// The section, the entry and the key of a path of the spec.
fn parts(path: &str) -> Option<(&str, &str, &str)> {
    let (section, rest) = path.split_once('.')?;
    let (name, key) = rest.split_once('.')?;
    Some((section, name, key))
}

/// What happens in a cluster, in a sentence.
fn summary(cluster: &Cluster) -> String {
    let of = |outcome| cluster.objects.iter().filter(move |object| object.outcome == outcome).count();
    match cluster.existence {
        Existence::New => return format!("The cluster is new, with {}.", Count(of(Outcome::Created), "object")),
        Existence::Leaves => return format!("The cluster leaves, with {}.", Count(cluster.left.len(), "object")),
        Existence::Stays => {}
    }
    let workloads = |holds: &dyn Fn(&Workload) -> bool| cluster.workloads.iter().filter(|one| holds(one)).count();
    let opened = cluster.connections.iter().filter(|connection| !connection.opened.is_empty()).count();
    let closed = cluster.connections.iter().filter(|connection| !connection.closed.is_empty()).count();
    let granted = cluster.grants.iter().filter(|grant| !grant.granted.is_empty()).count();
    let taken = cluster.grants.iter().filter(|grant| !grant.taken.is_empty()).count();
    let lost = workloads(&|one| one.loses_data) + cluster.left.iter().filter(|left| left.loses_data).count();
    let parts = [
        (workloads(&|one| !one.created && one.restarts), "workload restarts", "workloads restart"),
        (workloads(&|one| one.created), "workload is new", "workloads are new"),
        (cluster.left.iter().filter(|left| left.runs_pods).count(), "workload leaves", "workloads leave"),
        (lost, "workload LOSES ITS DATA", "workloads LOSE THEIR DATA"),
        (of(Outcome::Created), "object is new", "objects are new"),
        (of(Outcome::Changed), "object changes", "objects change"),
        (of(Outcome::Relabelled), "object has other labels alone", "objects have other labels alone"),
        (of(Outcome::Refused), "object is REFUSED", "objects are REFUSED"),
        (cluster.left.iter().filter(|left| !left.runs_pods).count(), "object leaves", "objects leave"),
        (opened, "connection opens", "connections open"),
        (closed, "connection closes", "connections close"),
        (granted, "grant of rights", "grants of rights"),
        (taken, "loss of rights", "losses of rights"),
    ];
    let parts = parts.into_iter().filter(|(count, ..)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many })).collect();
    format!("{}.", plain(parts))
}

impl Page {
    /// The beginning of what is about some clusters or roots.
    fn part(&mut self, names: &str) {
        let blank = if self.text.ends_with("\n\n") { "" } else { "\n" };
        self.text += &match self.style {
            Style::Plain => format!("{blank}{names}\n{}\n", "=".repeat(names.chars().count())),
            Style::Markdown => format!("{blank}## {names}\n\n"),
        };
    }

    /// What the report does not know.
    fn unread_parts(&mut self, diff: &Diff) {
        if !diff.unread.is_empty() {
            self.line("INCOMPLETE: what these hold is not known, and may look new or gone below.");
            diff.unread.iter().for_each(|one| self.item(0, one));
        }
    }

    /// What is protected less, by consequence; places that lose the same are told once.
    fn unprotected(&mut self, diff: &Diff) {
        if diff.unprotected.is_empty() {
            return;
        }
        self.heading("Protection is removed");
        for same in diff.unprotected.chunk_by(|one, other| one.what == other.what) {
            let Some(first) = same.first() else { continue };
            self.item(0, &first.what);
            let mut objects: Vec<(&str, Vec<&str>)> = Vec::new();
            for one in same {
                match objects.last_mut() {
                    Some((object, places)) if *object == one.object => places.push(&one.place),
                    _ => objects.push((&one.object, vec![&one.place])),
                }
            }
            objects.sort_by(|(_, one), (_, other)| one.cmp(other));
            for alike in objects.chunk_by(|(_, one), (_, other)| one == other) {
                let Some((_, places)) = alike.first() else { continue };
                let names: Vec<&str> = alike.iter().map(|(object, _)| *object).collect();
                self.item(1, &format!("{}: {}", places.join(", "), names.join(", ")));
            }
        }
    }

    fn steps(&mut self, diff: &Diff) {
        if diff.steps.is_empty() {
            return;
        }
        self.heading("More than an apply");
        self.line("`platgen render` prints the commands for each of these.");
        for step in &diff.steps {
            self.item(0, &format!("{}: {}", step.code, step.message));
        }
    }

    /// The values of the spec that differ. What one line of a profile sets for many entries is told once.
    fn declared_values(&mut self, diff: &Diff) {
        let Some(declared) = diff.declared.as_ref().filter(|declared| !declared.is_empty()) else { return };
        self.heading("Values of the spec");
        let is_same = |one: &Declared, other: &Declared| {
            let of = |one: &Declared| (one.before.clone(), one.after.clone(), one.place.clone());
            of(one) == of(other)
                && parts(&one.path).map(|(section, _, key)| (section, key)) == parts(&other.path).map(|(section, _, key)| (section, key))
        };
        for alike in groups(declared, is_same) {
            let Some(one) = alike.first() else { continue };
            let path = match (alike.len(), parts(&one.path)) {
                (2.., Some((section, _, key))) => format!("{section}.*.{key}"),
                _ => one.path.clone(),
            };
            self.item(0, &format!("{path}: {} ({})", arrow(one.before.as_deref(), one.after.as_deref()), one.place));
            let names: Vec<&str> = alike.iter().filter_map(|one| parts(&one.path)).map(|(_, name, _)| name).collect();
            if alike.len() > 1 {
                self.item(1, &names.join(", "));
            }
        }
    }

    fn clusters(&mut self, clusters: &[&Cluster]) {
        let Some(cluster) = clusters.first() else { return };
        let names = clusters.iter().map(|cluster| format!("{}/{}", cluster.environment, cluster.region));
        self.part(&plain(names.collect::<Vec<_>>()));
        self.line(&summary(cluster));
        match cluster.existence {
            Existence::Stays => {}
            Existence::New => return,
            Existence::Leaves => {
                cluster.left.iter().filter(|left| left.runs_pods).for_each(|left| self.item(0, &left.object));
                return;
            }
        }
        // The parts of a cluster stand below its heading.
        self.level += 1;
        self.workloads(&cluster.workloads);
        self.values(&cluster.workloads);
        self.calls(&cluster.calls, &cluster.environment);
        self.connections(&cluster.connections);
        self.grants(&cluster.grants);
        self.hosts(cluster);
        self.objects(&cluster.objects);
        self.left(cluster);
        self.level -= 1;
    }

    fn connections(&mut self, connections: &[Connection]) {
        if connections.is_empty() {
            return;
        }
        self.heading("Connections");
        for connection in connections {
            let opened = (!connection.opened.is_empty()).then(|| format!("opens {}", connection.opened));
            let closed = (!connection.closed.is_empty()).then(|| format!("closes {}", connection.closed));
            let words: Vec<String> = opened.into_iter().chain(closed).collect();
            self.item(0, &format!("{} to {}: {}", connection.from, connection.to, words.join("; ")));
        }
    }

    fn grants(&mut self, grants: &[Grant]) {
        if grants.is_empty() {
            return;
        }
        self.heading("Rights");
        for grant in grants {
            let place = grant.namespace.as_ref().map_or_else(|| "cluster-wide".to_owned(), |namespace| format!("in {namespace}"));
            let level = |level: Level| level.word();
            let levels = match grant.level_before == grant.level_after {
                true => level(grant.level_after).to_owned(),
                false => arrow(Some(level(grant.level_before)), Some(level(grant.level_after))),
            };
            self.item(0, &format!("{} {} {place}: {levels}", grant.kind.word(), grant.name));
            if grant.level_after == Level::None {
                self.item(1, "taken: every right");
                continue;
            }
            let granted = grant.granted.iter().map(|right| format!("granted: {right}"));
            let lines: Vec<String> = granted.chain(grant.taken.iter().map(|right| format!("taken: {right}"))).collect();
            lines.iter().take(LINES).for_each(|line| self.item(1, line));
            if lines.len() > LINES {
                self.item(1, &format!("and {}", Count(lines.len() - LINES, "more right")));
            }
        }
    }

    fn hosts(&mut self, cluster: &Cluster) {
        if cluster.new_hosts.is_empty() && cluster.left_hosts.is_empty() {
            return;
        }
        self.heading("Hosts");
        cluster.new_hosts.iter().for_each(|host| self.item(0, &format!("{host}: new")));
        cluster.left_hosts.iter().for_each(|host| self.item(0, &format!("{host}: nothing answers any more")));
    }

    fn left(&mut self, cluster: &Cluster) {
        for (name, runs_pods) in [("Workloads that leave", true), ("Objects that leave", false)] {
            let lost = |left: &Left| if left.loses_data { ": ITS DATA IS LOST" } else { "" };
            let of_sort = cluster.left.iter().filter(|left| left.runs_pods == runs_pods);
            let names: Vec<String> = of_sort.map(|left| format!("{}{}", left.object, lost(left))).collect();
            if !names.is_empty() {
                self.heading(name);
                names.iter().for_each(|name| self.item(0, name));
            }
        }
    }

    fn roots(&mut self, roots: &[&Root]) {
        let Some(root) = roots.first() else { return };
        let folders: Vec<&str> = roots.iter().map(|root| root.folder.as_str()).collect();
        self.part(&folders.join(", "));
        let of = |existence| root.resources.iter().filter(move |resource| resource.existence == existence).count();
        let counts = [(of(Existence::New), "new"), (of(Existence::Stays), "changed"), (of(Existence::Leaves), "gone")];
        let counts: Vec<String> =
            counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        match root.existence {
            Existence::New => self.line(&format!("The root is new, with {}.", Count(root.resources.len(), "block"))),
            Existence::Leaves => self.line(&format!("The root leaves, with {}.", Count(root.resources.len(), "block"))),
            Existence::Stays => {
                self.line(&format!("Blocks: {}. A plan says which resources are replaced.", counts.join(", ")));
                root.resources.iter().for_each(|resource| self.resource(resource));
            }
        }
    }

    fn resource(&mut self, resource: &Resource) {
        let word = match resource.existence {
            Existence::New => "new",
            Existence::Leaves => "gone",
            Existence::Stays => "changed",
        };
        self.item(0, &format!("{}: {word}", resource.address));
        for argument in resource.arguments.iter().take(LINES) {
            let path = if argument.path.is_empty() { "value" } else { &argument.path };
            let (before, after) = pair(argument.before.as_ref(), argument.after.as_ref());
            self.item(1, &format!("{path}: {}", arrow(before.as_deref(), after.as_deref())));
        }
        if resource.arguments.len() > LINES {
            self.item(1, &format!("and {}", Count(resource.arguments.len() - LINES, "more argument")));
        }
    }
}
