//! The commands that undo an accident, in their order: what acts goes first, then the fields come back, then pods start again.

use super::backups::PLUGIN;
use super::commands::{SCALERS, Shell, is_a, named, of, place, step, suspend};
use super::obstacle::Obstacle;
use super::when::When;
use super::{Applied, Impact, Outcome, Step, Workload};
use crate::analysis::procedure::holds_others;
use crate::diagnostic::wording::shell_word;
use crate::kinds::Operator;

/// Kinds whose rollouts kubectl follows.
const CONTROLLED: [&str; 3] = ["DaemonSet", "Deployment", "StatefulSet"];

/// An object of a workload with the number of pods that it has now, for kubectl's templates.
const NUMBER: &str = r#"{"apiVersion":"{{.apiVersion}}","kind":"{{.kind}}","metadata":{"name":"{{.metadata.name}}"},"spec":{"replicas":{{.spec.replicas}}}}"#;

/// Something to know, where there is something.
fn note(why: impl FnOnce(&str) -> String, about: &[&str], joined: &str) -> Option<Step> {
    (!about.is_empty()).then(|| Step { why: why(&about.join(joined)), commands: Vec::new() })
}

/// The workloads that the cluster had before.
fn existing(impact: &Impact) -> impl Iterator<Item = &Workload> {
    impact.workloads.iter().filter(|workload| !workload.created)
}

impl Shell<'_> {
    /// The commands, in their order.
    pub(super) fn restore(&self, impact: &Impact) -> Vec<Step> {
        let new = || impact.of(Outcome::Created).filter(|one| !holds_others(&one.argument));
        let gone = |one: &&Applied| SCALERS.contains(&one.kind.as_str());
        let apply = impact.objects.iter().any(|one| matches!(one.outcome, Outcome::Changed | Outcome::Relabelled));
        let mut steps = vec![
            self.revision(impact.hit).filter(|_| apply),
            self.delete(
                "Delete the new objects that act by themselves. Never use `delete -k`: it takes the namespaces with it.",
                new().filter(|one| !gone(one) && !one.waits),
            ),
        ];
        let stores: Vec<&str> = impact
            .objects
            .iter()
            .filter_map(|one| match &one.obstacle {
                Some(Obstacle::Store(why)) => Some(why.as_str()),
                _ => None,
            })
            .collect();
        let stopped = steps.len();
        steps.push(note(
            |stores| {
                format!("STOP: {stores}. Write the version and the size that run into the files, or restore a backup into a new store. Then go on with the commands below.")
            },
            &stores,
            "; ",
        ));
        // With what runs written into them, the files are no longer those of the commit.
        let only = if stores.is_empty() { self.only() } else { String::new() };
        steps.extend(self.fields(impact, apply, &only));
        // Pods that may do without them would read them again at their next start.
        steps.push(self.delete("Delete the other new objects before pods start again.", new().filter(|one| !gone(one) && one.waits)));
        steps.extend(self.rollouts(impact));
        steps.extend(self.starts(impact));
        steps.extend(self.backups(impact));
        // Those that the files suspend are suspended by the files.
        let jobs = existing(impact).filter(|workload| is_a(workload, &["CronJob"]) && !workload.held).map(of);
        steps.push(step("Let the CronJobs run again.", self.one(jobs, |job| format!("patch {job} {}", suspend(false)))));
        if !stores.is_empty() {
            steps[stopped..].iter_mut().flatten().for_each(comment_out);
        }
        let mut held = self.delete(
            "These hold other objects, or data. Look what is in them first; what is in them was made after the accident.",
            impact.of(Outcome::Created).filter(|one| holds_others(&one.argument)),
        );
        held.iter_mut().for_each(comment_out);
        steps.push(held);
        steps.into_iter().flatten().collect()
    }

    /// The fields come back, and with them what the apply alone does not bring. `only` goes before what belongs to the apply.
    fn fields(&self, impact: &Impact, apply: bool, only: &str) -> Vec<Option<Step>> {
        let grown: Vec<String> = impact
            .objects
            .iter()
            .filter_map(|one| match &one.obstacle {
                Some(Obstacle::Claim(size)) => Some(format!("{} of {size}", one.object)),
                _ => None,
            })
            .collect();
        let grown: Vec<&str> = grown.iter().map(String::as_str).collect();
        let kubectl = self.kubectl();
        let scaled = impact.workloads.iter().filter(|workload| workload.gives_up).map(|workload| {
            let place = place(&workload.namespace);
            format!(
                "{kubectl}{place} get {} -o go-template='{NUMBER}' | {kubectl}{place} apply --server-side --force-conflicts --field-manager=hand-over --validate=false -f -",
                shell_word(&workload.argument)
            )
        });
        let sealed = impact.objects.iter().filter(|one| one.obstacle == Some(Obstacle::Sealed)).map(named);
        let sealed = self.each("delete", sealed).into_iter().map(|delete| only.to_owned() + &delete);
        let adds = |one: &Applied| one.differences.iter().any(|difference| difference.before.is_none());
        let of_others = impact.of(Outcome::Changed).any(adds);
        vec![
            note(
                |claims| {
                    format!("These claims stay as large as they are, as no volume shrinks: {claims}. The apply brings everything else back, and ends with an error for each of them, as does VERIFY, until the files have the new size.")
                },
                &grown,
                ", ",
            ),
            step(
                "The files leave the number of these pods to an autoscaler: the apply would give it up, and they would fall to one. Give the number another owner right before it.",
                scaled.collect(),
            ),
            step(
                "An apply changes nothing of these, as they say `immutable: true` now. Delete them right before it, which makes them anew; a pod that starts in between waits for them.",
                sealed.collect(),
            ),
            step("Bring every overwritten field back. The fields belong to the files, so conflicts are taken.", self.apply(only, "")).filter(|_| apply),
            step(
                "What the applied files alone have stays if another field manager than `kubectl` set it; FIND names it. Apply the files under its name as well.",
                self.apply(&format!("# {only}"), " --field-manager=MANAGER"),
            )
            .filter(|_| of_others),
        ]
    }

    /// Pods that were replaced are replaced again.
    fn rollouts(&self, impact: &Impact) -> Vec<Option<Step>> {
        let rolling = || existing(impact).filter(|workload| workload.restarts && !workload.held);
        let controlled = rolling().filter(|workload| is_a(workload, &CONTROLLED)).map(of);
        let mut waits = self.one(controlled, |one| format!("rollout status {one} --timeout=600s"));
        for facts in Operator::ALL.map(Operator::facts) {
            let operated = rolling().filter(|workload| workload.argument.starts_with(&facts.argument())).map(of);
            waits.extend(self.one(operated, |one| format!("wait --for={} --timeout=600s {one}", facts.ready)));
        }
        let paused = existing(impact).filter(|one| one.restarts && one.held && is_a(one, &["Deployment"]));
        let paused: Vec<&str> = paused.map(|one| one.object.as_str()).collect();
        vec![
            step(
                "Let the rollouts go on, back to the old pods.",
                self.each("rollout resume", rolling().filter(|one| is_a(one, &["Deployment"])).map(of)),
            ),
            step("Wait for them.", waits),
            note(
                |paused| format!("The files pause {paused}: pods that were replaced stay until somebody resumes the rollout."),
                &paused,
                ", ",
            ),
        ]
    }

    /// Containers that started in between have the wrong values.
    fn starts(&self, impact: &Impact) -> Vec<Option<Step>> {
        let is_stale = |one: &&Workload| !one.restarts && one.changes.iter().any(|change| change.when == When::NextStart);
        let stale = || existing(impact).filter(is_stale);
        // A container that starts anew in its pod reads the values again.
        let pods = "get pods -o 'custom-columns=POD:.metadata.name,STARTED:.status.containerStatuses[*].state.running.startedAt'";
        vec![
            step("Look for containers that started after the accident.", self.namespaces(stale(), pods)),
            step(
                "Restart those of these workloads that have such containers.",
                self.each("rollout restart", stale().filter(|workload| is_a(workload, &CONTROLLED)).map(of)),
            ),
        ]
    }

    /// What was written in between is in no place of the cluster's own.
    fn backups(&self, impact: &Impact) -> Vec<Option<Step>> {
        let places = || impact.objects.iter().filter(|one| one.redirects_backups);
        let kubectl = self.kubectl();
        let backup = |namespace: &str, name: &str| {
            let object = format!(
                r#"{{"apiVersion":"postgresql.cnpg.io/v1","kind":"Backup","metadata":{{"generateName":"{name}-"}},"spec":{{"cluster":{{"name":"{name}"}},"method":"plugin","pluginConfiguration":{{"name":"{PLUGIN}"}}}}}}"#
            );
            format!("echo {} | {kubectl}{} create -f -", shell_word(&object), place(namespace))
        };
        let own = places().flat_map(|one| one.redirected.iter().map(|name| backup(&one.namespace, name)));
        let others: Vec<&str> = places().filter(|one| one.redirected.is_empty()).map(|one| one.object.as_str()).collect();
        vec![
            step(
                "Make a backup now: what was written in the meantime lies in the place of others, and no restore reaches past the gap.",
                own.collect(),
            ),
            note(
                |others| {
                    format!(
                        "Make a backup of what writes to the place in {others}: what was written in the meantime lies in that of others."
                    )
                },
                &others,
                ", ",
            ),
        ]
    }
}

/// Makes comments of commands that nobody must run without a thought.
fn comment_out(step: &mut Step) {
    step.commands.iter_mut().filter(|command| !command.starts_with("# ")).for_each(|command| command.insert_str(0, "# "));
}
