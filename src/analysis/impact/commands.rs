//! The commands that freeze, find, restore and verify, with the names of the objects.

use super::backups::PLUGIN;
use super::controller::Controller;
use super::obstacle::Obstacle;
use super::when::When;
use super::{Applied, Impact, Outcome, Workload};
use crate::analysis::procedure::holds_others;
use crate::diagnostic::wording::shell_word;
use crate::guard;
use crate::kinds::Operator;
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
const SCALERS: [&str; 2] = ["HorizontalPodAutoscaler", "ScaledObject"];

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

/// The arguments of a merge patch of the `suspend` of a CronJob or a Job.
fn suspend(on: bool) -> String {
    format!(r#"--type=merge --patch '{{"spec":{{"suspend":{on}}}}}'"#)
}

fn is_a(workload: &Workload, kinds: &[&str]) -> bool {
    kinds.iter().any(|kind| workload.object.split('/').next() == Some(kind))
}

/// Kinds whose rollouts kubectl follows.
const CONTROLLED: [&str; 3] = ["DaemonSet", "Deployment", "StatefulSet"];

/// The flag for a namespace, with a space before it; empty for objects of the whole cluster.
fn place(namespace: &str) -> String {
    if namespace.is_empty() { String::new() } else { format!(" -n {}", shell_word(namespace)) }
}

impl Shell<'_> {
    fn context(&self) -> String {
        self.0.context.as_ref().map_or("\"${context:?}\"".to_owned(), |context| shell_word(context))
    }

    fn kubectl(&self) -> String {
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
    fn only(&self) -> String {
        let revision = match &self.0.applied {
            Revision::Tag(tag) => Some(shell_word(tag)),
            Revision::Of(_) => Some("\"${revision:?}\"".to_owned()),
            Revision::Unknown => None,
        };
        revision.map(|revision| format!("git diff --quiet {revision} -- {} && ", self.paths())).unwrap_or_default()
    }

    /// The commands that apply the files, with further flags, and with something before each.
    fn apply(&self, before: &str, flags: &str) -> Vec<String> {
        let kubectl = self.kubectl();
        self.files().map(|files| format!("{before}{kubectl} apply --server-side --force-conflicts{flags} {files}")).collect()
    }

    /// How the files become those of the commit that was applied last.
    fn revision(&self, hit: bool) -> Option<Step> {
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
    fn each<'o>(&self, verb: &str, objects: impl Iterator<Item = (&'o str, &'o str)>) -> Vec<String> {
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
    fn delete<'o>(&self, why: &str, objects: impl Iterator<Item = &'o Applied>) -> Option<Step> {
        let (kept, others): (Vec<&Applied>, Vec<&Applied>) = objects.partition(|one| one.kept);
        let mut commands = self.each("delete", others.into_iter().map(named));
        let glass = if kept.is_empty() { "" } else { " The guard keeps data: the flags break the glass, with the consent of the owner." };
        commands.extend(self.each(&format!("{} delete", guard::BREAK_GLASS_FLAGS), kept.into_iter().map(named)));
        step(format!("{why}{glass}"), commands)
    }

    /// One command for each object.
    fn one<'o>(&self, objects: impl Iterator<Item = (&'o str, &'o str)>, line: impl Fn(&str) -> String) -> Vec<String> {
        let kubectl = self.kubectl();
        objects.map(|(namespace, argument)| format!("{kubectl}{} {}", place(namespace), line(&shell_word(argument)))).collect()
    }

    /// One command for each namespace of workloads.
    fn namespaces<'o>(&self, workloads: impl Iterator<Item = &'o Workload>, line: &str) -> Vec<String> {
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

    fn restore(&self, impact: &Impact) -> Vec<Step> {
        let new = || impact.of(Outcome::Created).filter(|one| !holds_others(&one.argument));
        let gone = |one: &&Applied| SCALERS.contains(&one.kind.as_str());
        let acting = new().filter(|one| !gone(one) && !one.waits);
        let existing = || impact.workloads.iter().filter(|workload| !workload.created);
        let apply = impact.objects.iter().any(|one| matches!(one.outcome, Outcome::Changed | Outcome::Relabelled));
        let mut steps: Vec<Option<Step>> = Vec::new();
        steps.push(self.revision(impact.hit).filter(|_| apply));
        steps.push(
            self.delete("Delete the new objects that act by themselves. Never use `delete -k`: it takes the namespaces with it.", acting),
        );
        let held = impact.of(Outcome::Created).filter(|one| holds_others(&one.argument));
        let held = self
            .delete("These hold other objects, or data. Look what is in them first; what is in them was made after the accident.", held);
        let stores: Vec<&str> = impact
            .objects
            .iter()
            .filter_map(|one| match &one.obstacle {
                Some(Obstacle::Store(why)) => Some(why.as_str()),
                _ => None,
            })
            .collect();
        let stopped = steps.len();
        // With what runs written into them, the files are no longer those of the commit.
        let only = if stores.is_empty() { self.only() } else { String::new() };
        if !stores.is_empty() {
            let why = format!(
                "STOP: {}. Write the version and the size that run into the files, or restore a backup into a new store. Then go on with the commands below.",
                stores.join("; ")
            );
            steps.push(Some(Step { why, commands: Vec::new() }));
        }
        let grown: Vec<String> = impact
            .objects
            .iter()
            .filter_map(|one| match &one.obstacle {
                Some(Obstacle::Claim(size)) => Some(format!("{} of {size}", one.object)),
                _ => None,
            })
            .collect();
        if !grown.is_empty() {
            let why = format!(
                "These claims stay as large as they are, as no volume shrinks: {}. The apply brings everything else back, and ends with an error for each of them, as does VERIFY, until the files have the new size.",
                grown.join(", ")
            );
            steps.push(Some(Step { why, commands: Vec::new() }));
        }
        let sealed = impact.objects.iter().filter(|one| one.obstacle == Some(Obstacle::Sealed)).map(named);
        let sealed = self.each("delete", sealed).into_iter().map(|delete| only.clone() + &delete);
        steps.push(step(
            "An apply changes nothing of these, as they say `immutable: true` now. Delete them right before it, which makes them anew; a pod that starts in between waits for them.",
            sealed.collect(),
        ));
        let number = r#"{"apiVersion":"{{.apiVersion}}","kind":"{{.kind}}","metadata":{"name":"{{.metadata.name}}"},"spec":{"replicas":{{.spec.replicas}}}}"#;
        let kubectl = self.kubectl();
        let scaled = impact.workloads.iter().filter(|workload| workload.gives_up).map(|workload| {
            let place = place(&workload.namespace);
            format!(
                "{kubectl}{place} get {} -o go-template='{number}' | {kubectl}{place} apply --server-side --force-conflicts --field-manager=hand-over --validate=false -f -",
                shell_word(&workload.argument)
            )
        });
        steps.push(step(
            "The files leave the number of these pods to an autoscaler: the apply would give it up, and they would fall to one. Give the number another owner right before it.",
            scaled.collect(),
        ));
        if apply {
            steps.push(step(
                "Bring every overwritten field back. The fields belong to the files, so conflicts are taken.",
                self.apply(&only, ""),
            ));
        }
        let adds = |one: &Applied| one.differences.iter().any(|difference| difference.before.is_none());
        if impact.of(Outcome::Changed).any(adds) {
            steps.push(step(
                "What the applied files alone have stays if another field manager than `kubectl` set it; FIND names it. Apply the files under its name as well.",
                self.apply(&format!("# {only}"), " --field-manager=MANAGER"),
            ));
        }
        // Pods that may do without them would read them again at their next start.
        steps.push(self.delete("Delete the other new objects before pods start again.", new().filter(|one| !gone(one) && one.waits)));
        let rolling = || existing().filter(|workload| workload.restarts && !workload.held);
        steps.push(step(
            "Let the rollouts go on, back to the old pods.",
            self.each("rollout resume", rolling().filter(|one| is_a(one, &["Deployment"])).map(of)),
        ));
        let controlled = || rolling().filter(|workload| is_a(workload, &CONTROLLED)).map(of);
        let mut waits = self.one(controlled(), |one| format!("rollout status {one} --timeout=600s"));
        for facts in Operator::ALL.map(Operator::facts) {
            let operated = rolling().filter(|workload| workload.argument.starts_with(&facts.argument())).map(of);
            waits.extend(self.one(operated, |one| format!("wait --for={} --timeout=600s {one}", facts.ready)));
        }
        steps.push(step("Wait for them.", waits));
        let paused: Vec<&str> =
            existing().filter(|one| one.restarts && one.held && is_a(one, &["Deployment"])).map(|one| one.object.as_str()).collect();
        if !paused.is_empty() {
            let why = format!("The files pause {}: pods that were replaced stay until somebody resumes the rollout.", paused.join(", "));
            steps.push(Some(Step { why, commands: Vec::new() }));
        }
        let stale =
            || existing().filter(|workload| !workload.restarts && workload.changes.iter().any(|change| change.when == When::NextStart));
        // A container that starts anew in its pod reads the values again.
        let pods = "get pods -o 'custom-columns=POD:.metadata.name,STARTED:.status.containerStatuses[*].state.running.startedAt'";
        steps.push(step("Look for containers that started after the accident.", self.namespaces(stale(), pods)));
        steps.push(step(
            "Restart those of these workloads that have such containers.",
            self.each("rollout restart", stale().filter(|workload| is_a(workload, &CONTROLLED)).map(of)),
        ));
        let places = impact.objects.iter().filter(|one| one.redirects_backups);
        let backup = |namespace: &str, name: &str| {
            let object = format!(
                r#"{{"apiVersion":"postgresql.cnpg.io/v1","kind":"Backup","metadata":{{"generateName":"{name}-"}},"spec":{{"cluster":{{"name":"{name}"}},"method":"plugin","pluginConfiguration":{{"name":"{PLUGIN}"}}}}}}"#
            );
            format!("echo {} | {kubectl}{} create -f -", shell_word(&object), place(namespace))
        };
        let backups = places.clone().flat_map(|one| one.redirected.iter().map(|name| backup(&one.namespace, name)));
        steps.push(step(
            "Make a backup now: what was written in the meantime lies in the place of others, and no restore reaches past the gap.",
            backups.collect(),
        ));
        let others: Vec<&str> = places.filter(|one| one.redirected.is_empty()).map(|one| one.object.as_str()).collect();
        if !others.is_empty() {
            let why = format!(
                "Make a backup of what writes to the place in {}: what was written in the meantime lies in that of others.",
                others.join(", ")
            );
            steps.push(Some(Step { why, commands: Vec::new() }));
        }
        // Those that the files suspend are suspended by the files.
        let jobs = existing().filter(|workload| is_a(workload, &["CronJob"]) && !workload.held).map(of);
        steps.push(step("Let the CronJobs run again.", self.one(jobs, |job| format!("patch {job} {}", suspend(false)))));
        if !stores.is_empty() {
            steps[stopped..].iter_mut().flatten().for_each(comment_out);
        }
        steps.push(held.map(|mut held| {
            comment_out(&mut held);
            held
        }));
        steps.into_iter().flatten().collect()
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

/// Makes comments of commands that nobody must run without a thought.
fn comment_out(step: &mut Step) {
    step.commands.iter_mut().filter(|command| !command.starts_with("# ")).for_each(|command| command.insert_str(0, "# "));
}

/// The kinds of objects, as an argument of kubectl.
fn kinds(objects: &[&Applied]) -> String {
    let kinds: BTreeSet<&str> = objects.iter().map(|one| one.argument.split('/').next().unwrap_or_default()).collect();
    shell_word(&kinds.into_iter().collect::<Vec<_>>().join(","))
}

fn named(one: &Applied) -> (&str, &str) {
    (&one.namespace, &one.argument)
}

fn of(workload: &Workload) -> (&str, &str) {
    (&workload.namespace, &workload.argument)
}
