//! The commands that apply a region: networks, cluster, images, add-ons, secrets, difference and files.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::preflight::WHOSE;
use super::uses::Uses;
use super::{apply, charts, controller, gitops};
use crate::cloud::Root;
use crate::delivery::flux;
use crate::kubernetes::{self, RunOnce};
use crate::labels::WORKLOAD;
use crate::layers::Layer;
use crate::model::{AddonChart, Chart, GitOpsController, Platform, Region, SecretStore};
use crate::provider::Provider;

/// What follows a step that writes `removal.sh`.
const REMOVAL: &str = "\nRead the file. Then:\n\n```sh\nsh removal.sh\n```\n";

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
    commands.addons(platform, made);
    let flux = platform.gitops.as_ref().is_some_and(|gitops| gitops.controller == GitOpsController::Flux);
    if (flux || others(region).next().is_none()) && in_cluster && !uses.secrets.is_empty() {
        commands.namespaces();
    }
    if in_cluster {
        commands.secrets();
    }
    if platform.gitops.is_some() {
        commands.by_controller(platform);
    } else {
        commands.by_hand(platform);
    }
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
    /// The add-ons of the cluster, as far as its files make them, and a look for everything else. `made` says whether a root of these files makes the cluster.
    fn addons(&mut self, platform: &Platform, made: bool) {
        let region = self.region;
        let place = format!("{}/{}", platform.environment, region.name);
        let preflight = format!("sh kubernetes/{place}/preflight.sh");
        let mut context = context(region).filter(|_| made);
        let changes: Vec<String> = gitops::known(platform, region).into_iter().chain(charts::definitions(region)).collect();
        const NEXT: &str = "Go on when the script could look at everything, and nothing is missing but DNS records of new hosts, which come after the first\napply, and Secrets in namespaces that the apply makes.";
        let flux = platform.gitops.as_ref().is_some_and(|gitops| gitops.controller == GitOpsController::Flux);
        let none = others(region).next().is_none() && !flux;
        // What changes the cluster before the script looks that looks for everything.
        if platform.is_guarded() && !(none && changes.is_empty()) {
            let about = format!(
                "The steps below change the cluster of the context `{}`. When this says `refused`, that is another one: stop.",
                region.cluster.name
            );
            let look = format!("{preflight} {WHOSE}");
            self.add("Ask the cluster whose it is", &about, &context.take().into_iter().chain([look]).collect::<Vec<_>>());
        }
        let before: Vec<String> = context.clone().into_iter().chain(changes).collect();
        if none {
            let about = if made {
                format!("The files make the cluster, and of its add-ons those of EKS alone. {NEXT}")
            } else {
                format!("These files make neither. {NEXT}")
            };
            let title = if made { "Make the add-ons" } else { "Make the cluster and the add-ons" };
            self.add(title, &about, &before.into_iter().chain([preflight]).collect::<Vec<_>>());
            return;
        }
        let (folder, kubectl) = (self.folder.clone(), self.kubectl.clone());
        let namespaces: BTreeSet<&str> = others(region).map(|chart| chart.namespace.as_str()).collect();
        let rules = platform.namespaces_in(region).map(|one| one.name.as_str()).filter(|name| namespaces.contains(name));
        let rules: String = rules.map(|name| format!(" -f {folder}/{name}/{}", kubernetes::RULES)).collect();
        let files: String = self.uses.made.keys().map(|file| format!(" -f {folder}/{file}")).collect();
        let roles: String = self.uses.roles_of_groups.iter().map(|file| format!(" -f {folder}/{file}")).collect();
        let namespaces = format!("{kubectl} apply --server-side{files}{roles} -f {folder}/{}{rules}", kubernetes::PRIORITIES);
        if let Some(steps) = gitops::install(platform, region, context, namespaces.clone()) {
            steps.into_iter().for_each(|(title, about, lines)| self.add(title, &about, &lines));
            let about = if flux {
                "Flux makes namespaces, definitions and add-ons with the first sync: before that, they are missing. Everything else has to be there, but for DNS records of\nnew hosts."
            } else {
                NEXT
            };
            self.add("Look whether anything is missing", about, &[preflight]);
            return;
        }
        if !before.is_empty() {
            self.add("Make the definitions", "Of the objects of add-ons: helm makes them once and never changes them.", &before);
        }
        self.add(
            "Make the namespaces",
            "And the policies of those of the add-ons: no program starts before the policy that denies every connection but its own.",
            &[namespaces],
        );
        let installs: Vec<String> = others(region).map(|chart| charts::install(region, chart, &folder)).collect();
        self.add(
            "Install the add-ons",
            "In this order, and again when values or a version change: a command without a difference changes nothing that runs. `chart.sh` fetches a chart, and refuses it\n\
             when its SHA-256 is not the one here.",
            &installs,
        );
        self.add("Look whether anything is missing", NEXT, &[preflight]);
    }

    /// What people do where they apply the files themselves.
    fn by_hand(&mut self, platform: &Platform) {
        let (environment, name) = (&platform.environment, &self.region.name);
        let tag = flux::tag(platform, self.region);
        let script = format!("sh kubernetes/{environment}/{} --region {name}", apply::SCRIPT);
        let new = if platform.is_guarded() {
            " In a new cluster, which does not say yet whose it is, add\n`--new` here and in the next step."
        } else {
            ""
        };
        self.add(
            "Look at the difference",
            &format!(
                "It changes nothing. Exit code 2 means that there is one. Anything that the commit does not explain was changed by hand. An error that names\n\
                 a conflict means so as well: see \"A conflict of fields\" in RUNBOOK.md.{new}"
            ),
            &[format!("{script} --dry-run")],
        );
        self.add(
            "Apply",
            "From a clone of the repository, with everything committed. The script applies one wave after the other, waits until each works, and deletes at the end\n\
             what left the files: its first lines say more. When it stops, it says why. Mend the cause and run it again. In a new cluster, it waits for values of\n\
             secrets, certificates and add-ons like everything else.",
            &[script],
        );
        self.text.push_str("\nWhat it prints after `kept.` holds other objects or data. Run such a command only when the owner agrees.\n");
        self.add(
            "Note what is applied",
            "`removed.sh` and a rollback start from this tag.",
            &[format!("git tag --force {tag}"), format!("git push --force origin refs/tags/{tag}")],
        );
    }

    /// What people do where a controller applies the files.
    fn by_controller(&mut self, platform: &Platform) {
        for (title, about, lines) in gitops::steps(platform, self.region) {
            self.add(title, &about, &lines);
            if title == controller::SYNC {
                self.failed_jobs(
                    &kubernetes::jobs(self.region),
                    "A job that fails ends the sync. Read the log, mend the cause, delete the job and sync again:",
                );
                let last = gitops::install_last(platform, self.region);
                last.into_iter().for_each(|(title, about, lines)| self.add(title, &about, &lines));
            }
        }
        self.text.push_str(REMOVAL);
    }

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
            self.add("Make the namespaces", "The next step fails without them. The cluster says whose it is from now on.", &[apply]);
        }
    }

    /// What to do when one of the jobs fails; nothing without a job.
    fn failed_jobs(&mut self, jobs: &[RunOnce], about: &str) {
        if jobs.is_empty() {
            return;
        }
        let kubectl = &self.kubectl;
        let _ = write!(self.text, "\n{about}\n\n```sh\n");
        for RunOnce { namespace, workload, .. } in jobs {
            let _ = writeln!(self.text, "{kubectl} -n {namespace} logs --selector {WORKLOAD}={workload} --tail=50");
            let _ = writeln!(self.text, "{kubectl} -n {namespace} delete jobs --selector {WORKLOAD}={workload}");
        }
        self.text.push_str("```\n");
    }
}

/// The charts of add-ons but that of the monitoring, which reads Secrets: it comes after the objects that have them fetched.
fn others(region: &Region) -> impl Iterator<Item = &Chart> {
    region.charts.iter().filter(|chart| chart.addon.is_some_and(|addon| addon != AddonChart::Monitoring))
}
