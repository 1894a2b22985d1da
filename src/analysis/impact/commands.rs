//! The commands that freeze, find, restore and verify, with the names of the objects.

use super::controller::Controller;
use super::when::When;
use super::{Applied, Impact, Outcome, Workload};
use crate::diagnostic::wording::shell_word;
use crate::guard;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The cluster, and the files that it should run.
#[derive(Clone, Debug)]
pub struct Target {
    /// The context of kubectl; `None` leaves a variable to be set.
    pub context: Option<String>,
    /// The files; in several parts where kubectl has to be told a namespace for some alone.
    pub files: Vec<Part>,
    /// Files that hold objects which name a namespace beside others which don't: a person has to write it.
    pub mixed: Vec<String>,
    /// What names the commit that was applied last.
    pub applied: Revision,
    /// What the cluster says that it is, where it has an identity: platform, environment and region, with slashes between them.
    pub identity: Option<String>,
}

/// What names the commit whose files were applied last.
#[derive(Clone, Debug)]
pub enum Revision {
    /// A git tag, which people set after each apply.
    Tag(String),
    /// The controller that applied it.
    Of(Controller),
    /// Nothing that is known here.
    Unknown,
}

/// Files, and the namespace of their objects that name none, where kubectl has to be told. It then refuses objects of other namespaces.
#[derive(Clone, Debug)]
pub struct Part {
    /// The files.
    pub files: Files,
    /// The namespace.
    pub namespace: Option<String>,
}

/// Files that kubectl can apply, as paths of the shell.
#[derive(Clone, Debug)]
pub enum Files {
    /// A folder with a kustomization.
    Kustomization(String),
    /// A folder of manifests.
    Folder(String),
    /// Manifests.
    Several(Vec<String>),
}

/// The way back, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Procedure {
    /// Stops what would make it worse.
    pub freeze: Vec<Step>,
    /// Finds what was applied, by whom.
    pub find: Vec<Step>,
    /// Undoes it.
    pub restore: Vec<Step>,
    /// Shows that it is undone.
    pub verify: Vec<Step>,
}

/// A step: why, and its commands; a step without commands is something to know.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Step {
    /// Why, as a sentence.
    pub why: String,
    /// Commands of a POSIX shell.
    pub commands: Vec<String>,
}

/// Kinds that raise the number of pods by themselves.
pub(super) const SCALERS: [&str; 2] = ["HorizontalPodAutoscaler", "ScaledObject"];

/// The most names in one command.
const NAMES: usize = 12;

/// The commands for an impact.
pub fn procedure(impact: &Impact, target: &Target) -> Procedure {
    let shell = Shell(target);
    Procedure { freeze: shell.freeze(impact), find: shell.find(impact), restore: shell.restore(impact), verify: shell.verify(impact) }
}

/// Prints commands for a target.
pub(super) struct Shell<'a>(&'a Target);

/// A step with commands; none without one.
pub(super) fn step(why: impl Into<String>, commands: Vec<String>) -> Option<Step> {
    (!commands.is_empty()).then(|| Step { why: why.into(), commands })
}

/// The arguments of a merge patch of the `suspend` of a CronJob or a Job.
pub(super) fn suspend(on: bool) -> String {
    format!(r#"--type=merge --patch '{{"spec":{{"suspend":{on}}}}}'"#)
}

/// Whether a workload is of one of the kinds.
pub(super) fn is_a(workload: &Workload, kinds: &[&str]) -> bool {
    kinds.iter().any(|kind| workload.object.split('/').next() == Some(kind))
}

/// The flag for a namespace, with a space before it; empty for objects of the whole cluster.
pub(super) fn place(namespace: &str) -> String {
    if namespace.is_empty() { String::new() } else { format!(" -n {}", shell_word(namespace)) }
}

impl Shell<'_> {
    fn context(&self) -> String {
        self.0.context.as_ref().map_or("\"${context:?}\"".to_owned(), |context| shell_word(context))
    }

    pub(super) fn kubectl(&self) -> String {
        format!("kubectl --context {}", self.context())
    }

    fn controller(&self) -> Option<&Controller> {
        match &self.0.applied {
            Revision::Of(controller) => Some(controller),
            Revision::Tag(_) | Revision::Unknown => None,
        }
    }

    /// The arguments that name the files, for each part of them.
    fn files(&self) -> impl Iterator<Item = String> {
        self.0.files.iter().map(|part| {
            let namespace = part.namespace.as_ref().map(|name| format!("--namespace {} ", shell_word(name))).unwrap_or_default();
            let files = match &part.files {
                Files::Kustomization(path) => format!("-k {}", shell_word(path)),
                Files::Folder(path) => format!("--recursive -f {}", shell_word(path)),
                Files::Several(paths) => paths.iter().map(|path| format!("-f {}", shell_word(path))).collect::<Vec<_>>().join(" "),
            };
            namespace + &files
        })
    }

    /// The files, as arguments of git.
    fn paths(&self) -> String {
        let paths = |part: &Part| match &part.files {
            Files::Kustomization(path) | Files::Folder(path) => vec![shell_word(path)],
            Files::Several(paths) => paths.iter().map(|path| shell_word(path)).collect(),
        };
        self.0.files.iter().flat_map(paths).collect::<Vec<_>>().join(" ")
    }

    /// The commands that compare the cluster with the files. A field that another manager owns is right if its value is; without the flag it is a conflict.
    fn diff(&self) -> Vec<String> {
        self.files().map(|files| format!("{} diff --server-side --force-conflicts {files}", self.kubectl())).collect()
    }

    /// What goes before a command that belongs to an apply: it goes on with the files of the commit that was applied last alone. Those of a later one would
    /// be another change, in the middle of the night.
    pub(super) fn only(&self) -> String {
        let revision = match &self.0.applied {
            Revision::Tag(tag) => Some(shell_word(tag)),
            Revision::Of(_) => Some("\"${revision:?}\"".to_owned()),
            Revision::Unknown => None,
        };
        revision.map(|revision| format!("git diff --quiet {revision} -- {} && ", self.paths())).unwrap_or_default()
    }

    /// The commands that apply the files, with further flags, and with something before each.
    pub(super) fn apply(&self, before: &str, flags: &str) -> Vec<String> {
        let kubectl = self.kubectl();
        self.files().map(|files| format!("{before}{kubectl} apply --server-side --force-conflicts{flags} {files}")).collect()
    }

    /// How the files become those of the commit that was applied last.
    pub(super) fn revision(&self, hit: bool) -> Option<Step> {
        match &self.0.applied {
            Revision::Tag(tag) => step(
                "The files have to be those that were applied last: this prints nothing. If it prints files, `git stash` or check out the tag first: the apply below refuses them.",
                vec![format!("git diff --stat {} -- {}", shell_word(tag), self.paths())],
            ),
            Revision::Of(controller) => Some(controller.checkout(&self.kubectl(), hit)),
            Revision::Unknown => None,
        }
    }

    /// Before the first command that reads the files: those of which kubectl can't be told the namespace.
    fn mixed(&self) -> Option<Step> {
        let why =
            "hold objects with a namespace beside others without one, which no flag of kubectl tells apart: write it into those first";
        (!self.0.mixed.is_empty()).then(|| Step { why: format!("These files {why}: {}.", self.0.mixed.join(", ")), commands: Vec::new() })
    }

    /// A command for objects, namespace by namespace, with a limited number of names each.
    pub(super) fn each<'o>(&self, verb: &str, objects: impl Iterator<Item = (&'o str, &'o str)>) -> Vec<String> {
        let mut by_namespace: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        objects.for_each(|(namespace, argument)| by_namespace.entry(namespace).or_default().push(shell_word(argument)));
        let kubectl = self.kubectl();
        let command = |namespace: &str, names: &[String]| format!("{kubectl}{} {verb} {}", place(namespace), names.join(" "));
        by_namespace
            .iter()
            .flat_map(|(namespace, names)| names.chunks(NAMES).map(|names| command(namespace, names)).collect::<Vec<_>>())
            .collect()
    }

    /// The commands that delete objects; those that the guard keeps are deleted with the flags that break the glass.
    pub(super) fn delete<'o>(&self, why: &str, objects: impl Iterator<Item = &'o Applied>) -> Option<Step> {
        let (kept, others): (Vec<&Applied>, Vec<&Applied>) = objects.partition(|one| one.kept);
        let mut commands = self.each("delete", others.into_iter().map(named));
        let glass = if kept.is_empty() { "" } else { " The guard keeps data: the flags break the glass, with the consent of the owner." };
        commands.extend(self.each(&format!("{} delete", guard::BREAK_GLASS_FLAGS), kept.into_iter().map(named)));
        step(format!("{why}{glass}"), commands)
    }

    /// One command for each object.
    pub(super) fn one<'o>(&self, objects: impl Iterator<Item = (&'o str, &'o str)>, line: impl Fn(&str) -> String) -> Vec<String> {
        let kubectl = self.kubectl();
        objects.map(|(namespace, argument)| format!("{kubectl}{} {}", place(namespace), line(&shell_word(argument)))).collect()
    }

    /// One command for each namespace of workloads.
    pub(super) fn namespaces<'o>(&self, workloads: impl Iterator<Item = &'o Workload>, line: &str) -> Vec<String> {
        let names: BTreeSet<&str> = workloads.map(|workload| workload.namespace.as_str()).collect();
        names.into_iter().map(|name| format!("{}{} {line}", self.kubectl(), place(name))).collect()
    }

    fn freeze(&self, impact: &Impact) -> Vec<Step> {
        let scalers = impact.of(Outcome::Created).filter(|one| SCALERS.contains(&one.kind.as_str())).map(named);
        let jobs = || impact.workloads.iter().filter(|workload| is_a(workload, &["CronJob"]));
        let rolling = impact.workloads.iter().filter(|workload| workload.restarts && is_a(workload, &["Deployment"])).map(of);
        let started = "get jobs -o 'custom-columns=JOB:.metadata.name,CRONJOB:.metadata.ownerReferences[*].name,STARTED:.status.startTime,RUNNING:.status.active'";
        let waiting: Vec<&str> = impact
            .workloads
            .iter()
            .filter(|workload| workload.changes.iter().any(|change| change.when == When::NextStart))
            .map(|workload| workload.object.as_str())
            .collect();
        let asks = self.0.identity.as_ref().filter(|_| impact.touched().next().is_some()).and_then(|identity| {
            step(format!("Ask the cluster first whose it is: this prints `{identity}`."), vec![guard::whose(&self.kubectl())])
        });
        let runs = impact.of(Outcome::Created).filter(|one| one.kind == "Job").map(named);
        let mut steps: Vec<Step> = [
            asks,
            self.controller().filter(|_| impact.hit).map(|controller| controller.stop(&self.context())),
            step("Stop the rollouts: pods that were not replaced yet stay.", self.each("rollout pause", rolling)),
            step("Stop the CronJobs before their next run.", self.one(jobs().map(of), |job| format!("patch {job} {}", suspend(true)))),
            step(
                "Stop the new Jobs. Their pods go, and with them logs that nothing collects.",
                self.one(runs, |job| format!("patch {job} {}", suspend(true))),
            ),
            self.evidence(impact),
            step(
                "Jobs that a CronJob started since then run on with the wrong values. Look for them, and delete those that must not end.",
                self.namespaces(jobs(), started),
            ),
            step("Delete the new autoscalers: they would hold the number of pods.", self.each("delete", scalers)),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !waiting.is_empty() {
            let why = format!(
                "Restart, scale up and drain nothing before it is restored: new pods of {} take the wrong values.",
                waiting.join(", ")
            );
            steps.push(Step { why, commands: Vec::new() });
        }
        steps
    }

    /// What a restore overwrites, in files. The names have the time: a second run keeps what the first one wrote.
    fn evidence(&self, impact: &Impact) -> Option<Step> {
        let touched: Vec<&Applied> = impact.touched().filter(|one| one.kind != "Secret").collect();
        if touched.is_empty() {
            return None;
        }
        let kubectl = self.kubectl();
        let file = |of: &str| format!("> \"accident-{of}-$(date -u +%Y%m%dT%H%M%SZ).yaml\"");
        let objects = match &impact.protection.label {
            Some(label) => self.labelled(&touched, label),
            None => format!("{kubectl} get {} --all-namespaces", kinds(&touched)),
        };
        step(
            "Keep the evidence: RESTORE overwrites the objects with their times and authors, and events are gone after an hour. Secrets are left out.",
            vec![
                format!("{kubectl} get events --all-namespaces -o yaml {}", file("events")),
                format!("{objects} --show-managed-fields -o yaml {}", file("objects")),
            ],
        )
    }

    fn find(&self, impact: &Impact) -> Vec<Step> {
        let touched: Vec<&Applied> = impact.touched().collect();
        let mut steps = Vec::new();
        // Where everything was refused, nothing carries the label.
        let label = impact.protection.label.as_ref().filter(|_| !touched.is_empty());
        steps.extend(label.and_then(|label| step("What was applied carries this label.", vec![self.labelled(&touched, label)])));
        let first = touched.iter().find(|one| one.acts()).or(touched.first());
        let fields = r#"-o jsonpath='{range .metadata.managedFields[*]}{.time} {.manager} {.operation}{"\n"}{end}'"#;
        let who = self.one(first.iter().map(|one| named(one)), |one| format!("get {one} {fields}"));
        steps.extend(step("When, and with which program. The audit log of the API server has the person.", who));
        if touched.iter().any(|one| one.outcome != Outcome::Created) {
            steps.extend(self.mixed());
            let obstacles: Vec<&str> = touched.iter().filter(|one| one.obstacle.is_some()).map(|one| one.object.as_str()).collect();
            // The server refuses the comparison like the apply, and kubectl goes on to no other object.
            steps.extend(match &obstacles[..] {
                [] => step("What differs from the files now; exit code 1 means that something does.", self.diff()),
                _ => Some(Step {
                    why: format!(
                        "What differs from the files is compared in VERIFY alone: `kubectl diff` ends at what can't be changed back, {}.",
                        obstacles.join(", ")
                    ),
                    commands: Vec::new(),
                }),
            });
        }
        steps
    }

    /// The objects that carry a label.
    fn labelled(&self, touched: &[&Applied], (key, value): &(String, String)) -> String {
        format!("{} get {} --all-namespaces -l {}", self.kubectl(), kinds(touched), shell_word(&format!("{key}={value}")))
    }

    fn verify(&self, impact: &Impact) -> Vec<Step> {
        let touched: Vec<&Applied> = impact.touched().collect();
        let created: Vec<&&Applied> = touched.iter().filter(|one| one.outcome == Outcome::Created).collect();
        let mut steps: Vec<Option<Step>> = Vec::new();
        if impact.protection.label.is_some() && !touched.is_empty() {
            let why = "Nothing of the applied environment is left: run the first command of FIND again, it says `No resources found`.";
            steps.push(Some(Step { why: why.to_owned(), commands: Vec::new() }));
        } else {
            let names = created.iter().map(|one| named(one));
            steps.push(step("The new objects are gone: this prints nothing.", self.each("get --ignore-not-found", names)));
        }
        if touched.len() > created.len() {
            steps.push(step("Every field of the files is right: no difference, exit code 0.", self.diff()));
        }
        steps.push(self.controller().filter(|_| impact.hit).map(|controller| controller.go_on(&self.context())));
        steps.into_iter().flatten().collect()
    }
}

/// The kinds of objects, as an argument of kubectl.
fn kinds(objects: &[&Applied]) -> String {
    let kinds: BTreeSet<&str> = objects.iter().map(|one| one.argument.split('/').next().unwrap_or_default()).collect();
    shell_word(&kinds.into_iter().collect::<Vec<_>>().join(","))
}

/// An object, as commands name it: its namespace and the argument of kubectl.
pub(super) fn named(one: &Applied) -> (&str, &str) {
    (&one.namespace, &one.argument)
}

/// A workload, as commands name it.
pub(super) fn of(workload: &Workload) -> (&str, &str) {
    (&workload.namespace, &workload.argument)
}
