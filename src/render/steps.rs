//! The commands that apply a region: networks, cluster, namespaces, difference, jobs, all files, and the objects to wait for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::uses::{Rollout, Uses};
use crate::cloud::Root;
use crate::kubernetes::{self, RunOnce};
use crate::labels::WORKLOAD;
use crate::layers::Layer;
use crate::model::{Kind, Platform, Region, SecretStore, Workload};
use crate::provider::Provider;

/// Seconds to wait for a rollout.
const PATIENCE: u64 = 600;

/// What the commands of a region have in common.
struct Commands<'r> {
    region: &'r Region,
    uses: &'r Uses,
    /// The folder of the region.
    folder: String,
    /// `kubectl` with the context of the region.
    kubectl: String,
    text: String,
    /// The number of the last step.
    step: u32,
}

/// The section of a region's README about applying it. `roots` are those of the region and its links, `shared` those of the
/// whole environment.
pub(super) fn steps(platform: &Platform, region: &Region, uses: &Uses, roots: &[&Root], shared: &[&Root]) -> String {
    let place = format!("{}/{}", platform.environment, region.name);
    let mut commands = Commands {
        region,
        uses,
        folder: format!("kubernetes/{place}"),
        kubectl: format!("kubectl --context {}", region.cluster.name),
        text: "\n## Apply\n".to_owned(),
        step: 0,
    };
    commands.shared(platform, shared);
    for root in roots {
        commands.root(root);
    }
    let made = roots.iter().any(|root| root.layer == Layer::Cluster);
    // Secrets of the cluster itself need their namespaces.
    let in_cluster = platform.secrets.store == SecretStore::Cloud && matches!(region.provider, Provider::Kind | Provider::Existing);
    if !in_cluster {
        commands.secrets();
    }
    if region.cluster.mirror.is_some() {
        commands.add(
            "Copy the images",
            "Nodes pull from ECR. The script needs crane of go-containerregistry, which copies an image for all architectures with its digest and needs no\n\
             daemon, and the rights that the README.md of the root `cluster` lists. Before you run it, sign in to the account, and with `crane auth login`\n\
             to each registry that asks for a password. Images that are there are not copied again.",
            &[format!("sh kubernetes/{place}/mirror.sh")],
        );
    }
    commands.add(
        if made { "Make the add-ons" } else { "Make the cluster and the add-ons" },
        if made {
            "The files make the cluster, and of its add-ons those of EKS alone. Go on when the script could look at everything, and nothing is missing\n\
             but DNS records of new hosts, which come after the first apply, and Secrets in namespaces that the next step makes."
        } else {
            "These files make neither. Go on when the script could look at everything, and nothing is missing but DNS records of new hosts, which\n\
             come after the first apply, and Secrets in namespaces that the next step makes."
        },
        &context(region).filter(|_| made).into_iter().chain([format!("sh kubernetes/{place}/preflight.sh")]).collect::<Vec<_>>(),
    );
    commands.namespaces();
    if in_cluster {
        commands.secrets();
    }
    let diff = format!("{} diff --server-side -k {}", commands.kubectl, commands.folder);
    commands.add(
        "Look at the difference",
        "Exit code 1 means that there is one. Anything that the commit does not explain was changed by hand. An error that names a conflict\nmeans so as well: see \"A conflict of fields\" in RUNBOOK.md.",
        &[diff],
    );
    commands.rules(platform);
    commands.jobs();
    let apply = format!("{} apply --server-side -k {}", commands.kubectl, commands.folder);
    commands.add("Apply everything", "For a conflict see \"A conflict of fields\" in RUNBOOK.md.", &[apply]);
    commands.wait();
    commands.add(
        "Remove what left the spec",
        "Not after the very first apply. This writes the commands into a file and runs none:",
        &[format!("sh removed.sh applied/{place} {place} {} > removal.sh", region.cluster.name)],
    );
    commands.text.push_str("\nRead the file. Then:\n\n```sh\nsh removal.sh\n```\n");
    commands.add(
        "Note what is applied",
        "`removed.sh` and a rollback start from this tag.",
        &[format!("git tag --force applied/{place}"), format!("git push --force origin refs/tags/applied/{place}")],
    );
    commands.text
}

/// A list of roots: what each makes, and the file with its commands; `prefix` leads to the output folder.
pub(super) fn listed(roots: &[&Root], prefix: &str) -> String {
    let line = |root: &&Root| {
        let page = format!("{}/README.md", root.folder());
        format!("- [`{page}`]({prefix}{page}): {}\n", root.layer.about())
    };
    roots.iter().map(line).collect()
}

/// The command that makes the context of kubectl for a cluster on AWS, with the rights of the administrator.
fn context(region: &Region) -> Option<String> {
    let (account, name) = (region.account.as_ref()?, &region.cluster.name);
    let role = format!("arn:aws:iam::{account}:role/{}", region.administrator_role());
    Some(format!("aws eks update-kubeconfig --region {} --name {name} --alias {name} --role-arn {role}", region.name))
}

impl Commands<'_> {
    /// Adds a step.
    fn add(&mut self, title: &str, about: &str, lines: &[String]) {
        self.step += 1;
        let about = if about.is_empty() { String::new() } else { format!("{about}\n\n") };
        let _ = write!(self.text, "\n### {}. {title}\n\n{about}```sh\n{}\n```\n", self.step, lines.join("\n"));
    }

    /// The values that people write.
    fn secrets(&mut self) {
        if !self.uses.secrets.is_empty() {
            self.step += 1;
            let about =
                "Those of the table \"Secrets\" above that do not exist yet, each with all its keys. These files make none of them.";
            let _ = write!(self.text, "\n### {}. Write the secrets\n\n{about}\n", self.step);
        }
    }

    fn root(&mut self, root: &Root) {
        let (folder, layer) = (root.folder(), root.layer);
        let plan = [format!("terraform -chdir={folder} init"), format!("terraform -chdir={folder} plan -out={layer}.tfplan")];
        let others: Vec<&str> =
            root.scope.regions.iter().map(String::as_str).filter(|region| *region != self.region.name.as_str()).collect();
        let about = match (others.is_empty(), layer) {
            (true, _) => String::new(),
            (false, Layer::Data) => "It holds copies of buckets. Apply it before the root that holds the buckets.".to_owned(),
            (false, _) => format!("It needs the network of {}, whose README.md has the commands.", others.join(", ")),
        };
        self.add(&format!("Plan {}", root.folder()), &about, &plan);
        let _ = write!(
            self.text,
            "\nRead the plan. Stop when it destroys or replaces something that the commit does not mean to. Then:\n\n```sh\nterraform -chdir={folder} apply {layer}.tfplan\n```\n"
        );
    }

    /// Names the roots of whole environments, whose own README.md has the commands.
    fn shared(&mut self, platform: &Platform, roots: &[&Root]) {
        if roots.is_empty() {
            return;
        }
        let parent = platform.zone.as_ref().and_then(|zone| zone.parent.as_ref());
        let parent =
            parent.map(|parent| format!(" The zone of `{}` delegates the domain of `{}`.", parent.environment, platform.environment));
        let about = format!("Once, before everything else, in this order.{}", parent.unwrap_or_default());
        let _ = write!(self.text, "\n{about}\n\n{}", listed(roots, "../../../"));
    }

    fn namespaces(&mut self) {
        let files: String = self.uses.made.keys().map(|file| format!(" -f {}/{file}", self.folder)).collect();
        if !files.is_empty() {
            let apply = format!("{} apply --server-side{files}", self.kubectl);
            self.add("Make the namespaces", "The next step fails without them.", &[apply]);
        }
    }

    /// What holds for the whole cluster and for all pods of a namespace: no pod starts before the policy that denies every connection.
    fn rules(&mut self, platform: &Platform) {
        let Commands { folder, kubectl, .. } = &self;
        let files = platform.namespaces_in(self.region).map(|namespace| format!(" -f {folder}/{}/{}", namespace.name, kubernetes::RULES));
        let files: String = files.collect();
        let apply = format!("{kubectl} apply --server-side -f {folder}/cluster{files}");
        self.add(
            "Apply the rules of the namespaces",
            "Before the first pod: every namespace denies all connections that no policy allows.",
            &[apply],
        );
    }

    /// The jobs, each after the jobs that it waits for and the workloads that it calls.
    fn jobs(&mut self) {
        let jobs = kubernetes::jobs(self.region);
        if jobs.is_empty() {
            return;
        }
        let order = in_order(self.region, &jobs);
        let files: Vec<(String, Option<&RunOnce>)> = order.into_iter().map(|(key, job)| (format!("{key}.yaml"), job)).collect();
        let (folder, kubectl) = (self.folder.clone(), self.kubectl.clone());
        let mut lines = Vec::new();
        for (file, job) in &files {
            lines.push(format!("{kubectl} apply --server-side -f {folder}/{file}"));
            match job {
                // The name of a Job changes with its image; the README stays.
                Some(RunOnce { namespace, deadline, .. }) => lines.push(format!(
                    "{kubectl} get -f {folder}/{file} -o name | grep '^job' | xargs {kubectl} -n {namespace} wait --for=condition=complete --timeout={}s",
                    deadline
                )),
                None => lines.extend(self.uses.rollouts.iter().filter(|one| one.file == *file).map(|one| rollout(&kubectl, one))),
            }
        }
        self.add(
            "Run the jobs",
            "Each after the jobs that it waits for, and the stores and apps that it calls; the jobs that call no app come first, and those that\nfollow a rollout last.",
            &lines,
        );
        self.text.push_str("\nWhen a job fails, its wait ends with an error after the timeout. Read the log, mend the cause, delete the job and repeat the step:\n\n```sh\n");
        for RunOnce { namespace, workload, .. } in &jobs {
            let _ = writeln!(self.text, "{kubectl} -n {namespace} logs --selector {WORKLOAD}={workload} --tail=50");
            let _ = writeln!(self.text, "{kubectl} -n {namespace} delete jobs --selector {WORKLOAD}={workload}");
        }
        self.text.push_str("```\n");
    }

    fn wait(&mut self) {
        let (uses, kubectl) = (self.uses, self.kubectl.clone());
        let secrets: BTreeSet<&String> = uses.secrets.values().flat_map(|secret| &secret.namespaces).collect();
        let mut lines: Vec<String> = secrets
            .iter()
            .map(|namespace| {
                format!("{kubectl} -n {namespace} wait --for=condition=Ready --timeout=300s externalsecrets.external-secrets.io --all")
            })
            .collect();
        lines.extend(uses.rollouts.iter().map(|one| rollout(&kubectl, one)));
        lines.extend(uses.gateways.iter().map(|(namespace, name)| {
            format!("{kubectl} -n {namespace} wait --for=condition=Programmed --timeout=300s gateways.gateway.networking.k8s.io/{name}")
        }));
        if !lines.is_empty() {
            let about =
                "A rollout that stands still keeps the old pods. `kubectl describe` and `kubectl get events` of its namespace say why.";
            self.add("Wait until it runs", about, &lines);
        }
    }
}

/// The command that waits for the pods of an object.
fn rollout(kubectl: &str, Rollout { namespace, object, operated, .. }: &Rollout) -> String {
    match operated {
        Some(operated) => format!("{kubectl} -n {namespace} wait --for={} --timeout={PATIENCE}s {object}", operated.ready),
        None => format!("{kubectl} -n {namespace} rollout status {object} --timeout={PATIENCE}s"),
    }
}

/// The jobs, and the workloads that they call in the region, directly or through others, each after the jobs that it waits for and the workloads that
/// it calls; the jobs that need no app come first, those after a rollout last. Called jobs are left out: jobs have no Service.
fn in_order<'r>(region: &Region, jobs: &'r [RunOnce]) -> Vec<(String, Option<&'r RunOnce>)> {
    let jobs: Vec<(String, &RunOnce)> = jobs.iter().map(|job| (format!("{}/{}", job.namespace, job.workload), job)).collect();
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for flow in &region.flows {
        let (Some(from), Some(called)) = (region.workload_of(&flow.from), region.answering(&flow.to)) else { continue };
        if !matches!(called.kind, Kind::Job { .. } | Kind::CronJob(_)) {
            calls.entry(key(from)).or_default().push(key(called));
        }
    }
    for (key, workload) in &region.workloads {
        if let Kind::Job { after, .. } = &workload.kind {
            calls.entry(key.clone()).or_default().extend(after.iter().cloned());
        }
    }
    // An app that a job calls rolls out before the job: the jobs that need no app come first, so that they are over by then.
    let is_app = |key: &String| region.workloads.get(key).is_some_and(|one| !one.is_store() && !matches!(one.kind, Kind::Job { .. }));
    let (mut apps, mut roots): (Vec<&String>, Vec<&String>) =
        jobs.iter().map(|(key, _)| key).partition(|key| depth_first([*key], &calls).iter().any(is_app));
    apps.sort_by_key(|key| matches!(region.workloads.get(*key).map(|one| &one.kind), Some(Kind::Job { after_rollout: true, .. })));
    roots.extend(apps);
    let with_job = |key: String| {
        let job = jobs.iter().find(|(job, _)| *job == key).map(|(_, job)| *job);
        (key, job)
    };
    depth_first(roots, &calls).into_iter().map(with_job).collect()
}

/// The roots and what they call, directly or through others, each after what it calls.
fn depth_first<'k>(roots: impl IntoIterator<Item = &'k String>, calls: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    // Without recursion: a key is pushed again below the keys that it calls, and listed when it is popped the second time.
    let mut stack: Vec<(String, bool)> = roots.into_iter().map(|key| (key.clone(), false)).collect();
    stack.reverse();
    while let Some((at, listed)) = stack.pop() {
        if listed {
            order.push(at);
        } else if seen.insert(at.clone()) {
            stack.push((at.clone(), true));
            stack.extend(calls.get(&at).into_iter().flatten().rev().map(|next| (next.clone(), false)));
        }
    }
    order
}

fn key(workload: &Workload) -> String {
    format!("{}/{}", workload.namespace, workload.name)
}
