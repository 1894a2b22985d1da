//! The commands that freeze, find, restore and verify, with the names of the objects.

use super::effect::When;
use super::{Applied, Impact, Outcome, Workload};
use crate::diagnostic::wording::shell_word;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The cluster, and the files that it should run.
#[derive(Clone, Debug)]
pub struct Target {
    /// The context of kubectl; `None` leaves a variable to be set.
    pub context: Option<String>,
    /// The files.
    pub files: Files,
    /// The git tag of the commit that was applied last.
    pub tag: Option<String>,
    /// The namespace of objects that name none, where it is not `default`.
    pub namespace: Option<String>,
}

/// Files that kubectl can apply, as paths of the shell.
#[derive(Clone, Debug)]
pub enum Files {
    /// A folder with a kustomization.
    Kustomization(String),
    /// A folder of manifests.
    Folder(String),
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
const SCALERS: [&str; 2] = ["HorizontalPodAutoscaler", "ScaledObject"];

/// Kinds that hold other objects, or data.
const HOLDERS: [&str; 4] = ["CustomResourceDefinition", "Namespace", "PersistentVolume", "PersistentVolumeClaim"];

/// The most names in one command.
const NAMES: usize = 12;

/// The commands for an impact.
pub fn procedure(impact: &Impact, target: &Target) -> Procedure {
    let shell = Shell(target);
    Procedure { freeze: shell.freeze(impact), find: shell.find(impact), restore: shell.restore(impact), verify: shell.verify(impact) }
}

struct Shell<'a>(&'a Target);

fn step(why: impl Into<String>, commands: Vec<String>) -> Option<Step> {
    (!commands.is_empty()).then(|| Step { why: why.into(), commands })
}

/// The number of a CronJob's `suspend` as a merge patch.
fn suspend(on: bool) -> String {
    format!(r#"--type=merge --patch '{{"spec":{{"suspend":{on}}}}}'"#)
}

fn is_deployment(workload: &Workload) -> bool {
    workload.object.starts_with("Deployment/")
}

impl Shell<'_> {
    fn kubectl(&self) -> String {
        match &self.0.context {
            Some(context) => format!("kubectl --context {}", shell_word(context)),
            None => "kubectl --context \"${context:?}\"".to_owned(),
        }
    }

    fn files(&self) -> String {
        let namespace = self.0.namespace.as_ref().map(|name| format!("--namespace {} ", shell_word(name))).unwrap_or_default();
        match &self.0.files {
            Files::Kustomization(path) => format!("{namespace}-k {}", shell_word(path)),
            Files::Folder(path) => format!("{namespace}--recursive -f {}", shell_word(path)),
        }
    }

    /// A command for objects, namespace by namespace, with a limited number of names each.
    fn each<'o>(&self, verb: &str, objects: impl Iterator<Item = (&'o str, &'o str)>) -> Vec<String> {
        let mut by_namespace: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        objects.for_each(|(namespace, argument)| by_namespace.entry(namespace).or_default().push(argument));
        let kubectl = self.kubectl();
        let command = |namespace: &str, names: &[&str]| {
            let place = if namespace.is_empty() { String::new() } else { format!(" -n {namespace}") };
            format!("{kubectl}{place} {verb} {}", names.join(" "))
        };
        by_namespace
            .iter()
            .flat_map(|(namespace, names)| names.chunks(NAMES).map(|names| command(namespace, names)).collect::<Vec<_>>())
            .collect()
    }

    /// One command for each object.
    fn one<'o>(&self, objects: impl Iterator<Item = (&'o str, &'o str)>, line: impl Fn(&str) -> String) -> Vec<String> {
        let kubectl = self.kubectl();
        let place = |namespace: &str| if namespace.is_empty() { String::new() } else { format!(" -n {namespace}") };
        objects.map(|(namespace, argument)| format!("{kubectl}{} {}", place(namespace), line(argument))).collect()
    }

    fn freeze(&self, impact: &Impact) -> Vec<Step> {
        let scalers = impact.of(Outcome::Created).filter(|one| SCALERS.contains(&one.kind.as_str())).map(named);
        let jobs = impact.workloads.iter().filter(|workload| workload.object.starts_with("CronJob/")).map(of);
        let rolling = impact.workloads.iter().filter(|workload| workload.restarts && is_deployment(workload)).map(of);
        let waiting: Vec<&str> = impact
            .workloads
            .iter()
            .filter(|workload| workload.changes.iter().any(|change| change.when == When::NextStart))
            .map(|workload| workload.object.as_str())
            .collect();
        let mut steps: Vec<Step> = [
            step("Stop the rollouts: pods that were not replaced yet stay.", self.each("rollout pause", rolling)),
            step("Stop the CronJobs before their next run.", self.one(jobs, |job| format!("patch {job} {}", suspend(true)))),
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

    fn find(&self, impact: &Impact) -> Vec<Step> {
        let kubectl = self.kubectl();
        let touched: Vec<&Applied> =
            impact.objects.iter().filter(|one| !matches!(one.outcome, Outcome::Refused | Outcome::Unchanged)).collect();
        let mut steps = Vec::new();
        steps.extend(
            impact
                .protection
                .label
                .as_ref()
                .and_then(|label| step("What was applied carries this label.", vec![self.labelled(&touched, label)])),
        );
        let first = touched.iter().find(|one| one.acts()).or(touched.first());
        let fields = r#"-o jsonpath='{range .metadata.managedFields[*]}{.time} {.manager} {.operation}{"\n"}{end}'"#;
        let who = self.one(first.iter().map(|one| named(one)), |one| format!("get {one} {fields}"));
        steps.extend(step("When, and with which program. The audit log of the API server has the person.", who));
        if touched.iter().any(|one| one.outcome != Outcome::Created) {
            let files = self.files();
            steps.extend(step(
                "What differs from the files now; exit code 1 means that something does.",
                vec![format!("{kubectl} diff --server-side --force-conflicts {files}")],
            ));
        }
        steps
    }

    /// The objects that carry a label.
    fn labelled(&self, touched: &[&Applied], (key, value): &(String, String)) -> String {
        let kinds: BTreeSet<&str> = touched.iter().map(|one| one.argument.split('/').next().unwrap_or_default()).collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();
        format!("{} get {} --all-namespaces -l {key}={value}", self.kubectl(), kinds.join(","))
    }

    fn restore(&self, impact: &Impact) -> Vec<Step> {
        let kubectl = self.kubectl();
        let new = || impact.of(Outcome::Created).filter(|one| !HOLDERS.contains(&one.kind.as_str()));
        let gone = |one: &&Applied| SCALERS.contains(&one.kind.as_str());
        let waits = |one: &&Applied| super::WAITING.contains(&one.kind.as_str());
        let acting = new().filter(|one| !gone(one) && !waits(one)).map(named);
        let held = impact.of(Outcome::Created).filter(|one| HOLDERS.contains(&one.kind.as_str()));
        let existing = || impact.workloads.iter().filter(|workload| !workload.created);
        let apply = impact.objects.iter().any(|one| matches!(one.outcome, Outcome::Changed | Outcome::Relabelled));
        let mut steps: Vec<Option<Step>> = Vec::new();
        if let (Some(tag), true, Files::Kustomization(path) | Files::Folder(path)) = (&self.0.tag, apply, &self.0.files) {
            let why = "The files have to be those that were applied last: this prints nothing. If it prints files, `git stash` or check out the tag first.";
            steps.push(step(why, vec![format!("git diff --stat {tag} -- {}", shell_word(path))]));
        }
        steps.push(step(
            "Delete the new objects that act by themselves. Never use `delete -k`: it takes the namespaces with it.",
            self.each("delete", acting),
        ));
        if apply {
            steps.push(step(
                "Bring every overwritten field back. The fields belong to the files, so conflicts are taken.",
                vec![format!("{kubectl} apply --server-side --force-conflicts {}", self.files())],
            ));
        }
        let rolling = || existing().filter(|workload| workload.restarts);
        steps.push(step(
            "Let the rollouts go on, back to the old pods.",
            self.each("rollout resume", rolling().filter(|one| is_deployment(one)).map(of)),
        ));
        let controlled =
            |workload: &&Workload| ["Deployment/", "StatefulSet/", "DaemonSet/"].iter().any(|kind| workload.object.starts_with(kind));
        steps.push(step(
            "Wait for them.",
            self.one(rolling().filter(controlled).map(of), |one| format!("rollout status {one} --timeout=600s")),
        ));
        let stale =
            || existing().filter(|workload| !workload.restarts && workload.changes.iter().any(|change| change.when == When::NextStart));
        let namespaces: BTreeSet<&str> = stale().map(|workload| workload.namespace.as_str()).collect();
        let pods = "get pods --sort-by=.status.startTime -o custom-columns=POD:.metadata.name,STARTED:.status.startTime";
        steps.push(step(
            "Look for pods that started after the accident.",
            namespaces.iter().map(|name| format!("{kubectl} -n {name} {pods}")).collect(),
        ));
        steps.push(step(
            "Restart those of these workloads that have such pods.",
            self.each("rollout restart", stale().filter(controlled).map(of)),
        ));
        let jobs = existing().filter(|workload| workload.object.starts_with("CronJob/")).map(of);
        steps.push(step("Let the CronJobs run again.", self.one(jobs, |job| format!("patch {job} {}", suspend(false)))));
        steps.push(step(
            "Delete the other new objects, now that no pod reads them.",
            self.each("delete", new().filter(|one| !gone(one) && waits(one)).map(named)),
        ));
        let held = self.each("delete", held.map(named)).into_iter().map(|command| format!("# {command}")).collect();
        steps.push(step(
            "These hold other objects, or data. Look what is in them first; what is in them was made after the accident.",
            held,
        ));
        steps.into_iter().flatten().collect()
    }

    fn verify(&self, impact: &Impact) -> Vec<Step> {
        let kubectl = self.kubectl();
        let touched: Vec<&Applied> =
            impact.objects.iter().filter(|one| !matches!(one.outcome, Outcome::Refused | Outcome::Unchanged)).collect();
        let created: Vec<&&Applied> = touched.iter().filter(|one| one.outcome == Outcome::Created).collect();
        let changed = touched.len() > created.len();
        let mut steps: Vec<Option<Step>> = Vec::new();
        match &impact.protection.label {
            Some(label) if !touched.is_empty() => {
                steps.push(step("Nothing of the applied environment is left: `No resources found`.", vec![self.labelled(&touched, label)]));
            }
            _ => {
                let names = created.iter().map(|one| named(one));
                steps.push(step("The new objects are gone: this prints nothing.", self.each("get --ignore-not-found", names)));
            }
        }
        if changed {
            let diff = format!("{kubectl} diff --server-side {}", self.files());
            steps.push(step("The cluster is what the files say: no difference, exit code 0.", vec![diff]));
        }
        steps.into_iter().flatten().collect()
    }
}

fn named(one: &Applied) -> (&str, &str) {
    (&one.namespace, &one.argument)
}

fn of(workload: &Workload) -> (&str, &str) {
    (&workload.namespace, &workload.argument)
}
