//! The test cluster of a scenario, with a platform in its repository: the spec is rendered, printed commands are run, ready pods are counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::control_plane::{ControlPlane, ZONES};
use super::steps::{Step, commands, steps};
use crate::acceptance::program::{Project, Ran, copy, specs};
use crate::judges::cluster::objects;
use crate::judges::cluster::process::wait;
use crate::judges::judge::{list, say, words};

/// The one region of every scenario with a spec of its own.
const REGION: &str = "here";

/// The environment that the cluster runs, unless a scenario says otherwise.
const ENVIRONMENT: &str = "production";

/// The namespace of the apps, after the name of the platform.
pub const NAMESPACE: &str = "apps";

/// How often the ready pods are counted.
const SAMPLE: Duration = Duration::from_millis(50);

/// How long controllers may take: a second on an idle machine, and much longer beside all other judges.
pub const PATIENCE: Duration = Duration::from_secs(240);

/// A platform in its repository, and its cluster.
pub struct TestCluster {
    control_plane: Arc<ControlPlane>,
    platform: &'static str,
    region: &'static str,
    environment: OnceLock<&'static str>,
    project: Project,
}

/// What a command of a shell said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl TestCluster {
    /// An empty repository with a remote one, and a kubeconfig with the context that the output names.
    pub fn new(control_plane: Arc<ControlPlane>, platform: &'static str) -> Result<Self, String> {
        let cluster = Self::of(control_plane, platform, REGION)?;
        ZONES.iter().try_for_each(|zone| cluster.zone_is_back(zone))?;
        Ok(cluster)
    }

    /// The same for a region of another name, and without nodes.
    pub fn of(control_plane: Arc<ControlPlane>, platform: &'static str, region: &'static str) -> Result<Self, String> {
        let cluster = Self { control_plane, platform, region, environment: OnceLock::new(), project: Project::new() };
        let kubeconfig = cluster.control_plane.server.run.join("kube-apiserver/kubeconfig");
        let text = fs::read_to_string(&kubeconfig).map_err(|error| format!("{}: {error}", kubeconfig.display()))?;
        let mut kubeconfig: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let contexts = [ENVIRONMENT, "beta"].map(|environment| {
            let mut context = kubeconfig["contexts"][0].clone();
            context["name"] = json!(cluster.context_of(environment));
            context
        });
        kubeconfig["contexts"] = json!(contexts);
        // Commands that forget their context fail.
        kubeconfig["current-context"] = json!("");
        cluster.project.write("../kubeconfig", &kubeconfig.to_string());
        let git = "git init --quiet --initial-branch main . && git init --quiet --bare ../remote && git remote add origin ../remote";
        cluster.succeeds(".", git)?;
        Ok(cluster)
    }

    /// The nodes of a zone end, with their pods.
    pub fn zone_is_lost(&self, zone: &str) -> Result<(), String> {
        self.control_plane.lose(self.platform, zone)
    }

    /// A zone has nodes again.
    pub fn zone_is_back(&self, zone: &str) -> Result<(), String> {
        self.control_plane.nodes(self.platform, zone)
    }

    /// How many ready pods of an app each zone has.
    pub fn zones(&self, app: &str) -> Result<BTreeMap<String, usize>, String> {
        let mut zones = BTreeMap::new();
        for pod in self.pods(&[app])? {
            let node = self.control_plane.server.api.get(&format!("/api/v1/nodes/{}", words(&pod["spec"]["nodeName"])))?.ok()?;
            *zones.entry(words(&node["metadata"]["labels"]["topology.kubernetes.io/zone"])).or_default() += 1;
        }
        Ok(zones)
    }

    /// Says, before everything else, which environment the cluster runs.
    pub fn runs(&self, environment: &'static str) {
        assert!(self.environment.set(environment).is_ok(), "the environment is settled");
    }

    fn environment(&self) -> &'static str {
        self.environment.get_or_init(|| ENVIRONMENT)
    }

    /// The environment and the region.
    fn place(&self) -> String {
        format!("{}/{}", self.environment(), self.region)
    }

    /// The context of the cluster.
    pub fn context(&self) -> String {
        self.context_of(self.environment())
    }

    fn context_of(&self, environment: &str) -> String {
        format!("{}-{environment}-{}", self.platform, self.region)
    }

    /// Copies a spec of `specs/` into the repository.
    pub fn copies(&self, spec: &str) {
        copy(&specs()[spec], &self.project.folder, false);
    }

    /// Replaces a text of a file, which has it.
    pub fn edits(&self, path: &str, from: &str, to: &str) {
        self.project.edit(path, from, to);
    }

    /// The label by which commands tell this platform's objects from those of others in the same control plane.
    pub fn part_of(&self) -> String {
        format!("app.kubernetes.io/part-of={}", self.platform)
    }

    /// Writes a file of the repository.
    pub fn write(&self, path: &str, text: &str) {
        self.project.write(path, text);
    }

    /// Runs the program under test; its exit code has to be the expected one.
    pub fn platgen(&self, words: &[&str], code: i32) -> Result<Value, String> {
        let ran = self.project.run(words);
        if ran.code != code {
            return Err(format!("{words:?} ended with {}:\n{}{}", ran.code, ran.out, ran.err));
        }
        serde_json::from_str(&ran.out).map_err(|error| format!("{words:?}: {error}"))
    }

    /// The namespace of the apps.
    pub fn namespace(&self) -> String {
        format!("{}-{NAMESPACE}", self.platform)
    }

    /// Writes the spec: what every scenario shares, the quota of the namespace, and the apps.
    pub fn spec(&self, quota: &str, apps: &str) {
        let (platform, namespace) = (self.platform, self.namespace());
        let text = format!(
            "apiVersion: platgen/v1
platform: {{name: {platform}, owner: ops, domain: {platform}.example}}
cloud: {{provider: existing}}
regions: {{here: {{zones: 3}}}}
network: {{subnets: {{{platform}: {{default: true}}}}}}
environments: {{production: {{regions: [here], protected: true}}}}
cluster: {{guard: {{none: the control plane of the scenarios is shared}}}}
access: {{groups: {{ops: {{id: platform-admin, role: admin}}}}}}
teams: {{ops: {{group: ops}}}}
namespaces: {{{namespace}: {{owner: ops{quota}}}}}
apps:
{apps}"
        );
        self.project.write("platform.yaml", &text);
    }

    /// Renders the spec, and commits what was written.
    pub fn render(&self) -> Result<Ran, String> {
        let ran = self.project.run(&["render", "--format", "json"]);
        if ran.code != 0 {
            return Err(format!("render ended with {}:\n{}{}", ran.code, ran.out, ran.err));
        }
        self.succeeds(".", "git add --all . && git commit --quiet --message 'A change of the spec'")?;
        Ok(ran)
    }

    /// Whether `validate` refuses the spec: the messages.
    pub fn refused(&self) -> Option<String> {
        let ran = self.project.run(&["validate"]);
        (ran.code == 1).then_some(ran.err)
    }

    /// Runs a script in a folder of the repository.
    pub fn shell(&self, folder: &str, script: &str) -> Result<Said, String> {
        let home = self.project.at("..");
        // The printed commands wait for ten minutes: here nothing takes as long.
        let mut command = Command::new("timeout");
        command
            .args(["240", "sh", "-euc", script])
            .current_dir(self.project.at(folder))
            .env("HOME", &home)
            .env("KUBECONFIG", home.join("kubeconfig"));
        for (key, value) in [("AUTHOR", "ops"), ("COMMITTER", "ops")] {
            command.env(format!("GIT_{key}_NAME"), value).env(format!("GIT_{key}_EMAIL"), format!("{value}@example.com"));
        }
        let done = command.output().map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Said { code: done.status.code().unwrap_or(-1), out: text(&done.stdout), err: text(&done.stderr) })
    }

    /// Runs a script that has to succeed.
    pub fn succeeds(&self, folder: &str, script: &str) -> Result<String, String> {
        let said = self.shell(folder, script)?;
        if said.code == 0 { Ok(said.out) } else { Err(format!("{script}\nended with {}:\n{}{}", said.code, said.out, said.err)) }
    }

    /// Runs a script of the output folder that has to succeed.
    pub fn does(&self, script: &str) -> Result<String, String> {
        self.succeeds("deploy", script)
    }

    /// A section of the runbook whose first lines name the region, the context, the namespace and the app: these lines, then each block.
    pub fn runbook(&self, title: &str, app: &str) -> Result<Vec<String>, String> {
        let sections = steps(&self.project.read("deploy/RUNBOOK.md"));
        let first = sections.first().and_then(|section| section.blocks.first()).ok_or("the runbook has no values")?;
        let (place, context, namespace) = (self.place(), self.context(), self.namespace());
        let values = [("region", place.as_str()), ("context", &context), ("namespace", &namespace), ("kind", "deployment"), ("app", app)];
        let mut lines = String::new();
        for line in first.lines() {
            let name = line.split('=').next().unwrap_or_default();
            let (_, value) = values.iter().find(|(known, _)| *known == name).ok_or_else(|| format!("nobody knows `{line}`"))?;
            lines += &format!("{name}={value}\n");
        }
        let section = sections.into_iter().find(|section| section.title == title).ok_or_else(|| format!("no section `{title}`"))?;
        Ok(section.blocks.iter().map(|block| format!("{lines}{block}")).collect())
    }

    /// The steps of the README of the region, without those of roots and of what is made elsewhere.
    fn procedure(&self) -> Vec<Step> {
        let readme = self.project.read(&format!("deploy/kubernetes/{}/README.md", self.place()));
        let apply = readme.split_once("## Apply\n").map(|(_, apply)| apply.to_owned()).unwrap_or_default();
        let mut steps = steps(&apply);
        steps.retain(|step| step.title != "Make the cluster and the add-ons");
        steps
    }

    /// Runs the README's steps but the last one.
    pub fn apply(&self) -> Result<(), String> {
        self.apply_with(|step| if step.title == "Look at the difference" { &[0, 2] } else { &[0] }).map(drop)
    }

    /// Runs the README's steps before the one of this title.
    pub fn apply_until(&self, title: &str) -> Result<(), String> {
        self.steps(Some(title), |_| &[0, 2]).map(drop)
    }

    /// Like `apply`, and each step may end with the codes that are given; what the last one said that did not succeed.
    pub fn apply_with(&self, codes: impl Fn(&Step) -> &'static [i32]) -> Result<String, String> {
        self.steps(None, codes)
    }

    fn steps(&self, end: Option<&str>, codes: impl Fn(&Step) -> &'static [i32]) -> Result<String, String> {
        let mut complaint = String::new();
        for step in self.procedure().into_iter().take_while(|step| Some(step.title.as_str()) != end) {
            if step.title == NOTE {
                continue;
            }
            for block in &step.blocks {
                let said = self.shell("deploy", block)?;
                if !codes(&step).contains(&said.code) {
                    return Err(format!("{}\n{block}\nended with {}:\n{}{}", step.title, said.code, said.out, said.err));
                }
                if said.code != 0 {
                    complaint = said.err;
                }
            }
        }
        Ok(complaint)
    }

    /// The last step of the README: notes what is applied.
    pub fn finish(&self) -> Result<(), String> {
        self.procedure()
            .iter()
            .filter(|step| step.title == NOTE)
            .flat_map(|step| &step.blocks)
            .try_for_each(|block| self.does(block).map(drop))
    }

    /// The first apply of a spec, whole.
    pub fn opens(&self) -> Result<(), String> {
        self.render()?;
        self.apply()?;
        self.finish()
    }

    /// The commands that the findings of a render print.
    pub fn told(&self, ran: &Ran) -> Result<Vec<String>, String> {
        let findings: Value = serde_json::from_str(&ran.out)
            .or_else(|_| serde_json::from_str(&ran.err))
            .map_err(|error| format!("the findings are no JSON ({error}):\n{}\n{}", ran.out, ran.err))?;
        let findings = if findings.is_array() { findings } else { findings["diagnostics"].clone() };
        Ok(list(&findings).iter().flat_map(|finding| commands(&words(&finding["help"]))).collect())
    }

    /// The number of these apps' pods that are ready and not about to end.
    pub fn ready(&self, apps: &[&str]) -> Result<usize, String> {
        Ok(self.pods(apps)?.len())
    }

    fn pods(&self, apps: &[&str]) -> Result<Vec<Value>, String> {
        let path = format!("/api/v1/namespaces/{}/pods", self.namespace());
        let pods = self.control_plane.server.api.get(&path)?.ok()?;
        let serves = |pod: &&Value| {
            let ready = list(&pod["status"]["conditions"]).iter().any(|one| one["type"] == "Ready" && one["status"] == "True");
            ready
                && pod["metadata"]["deletionTimestamp"].is_null()
                && apps.contains(&words(&pod["metadata"]["labels"]["platgen.io/workload"]).as_str())
        };
        Ok(list(&pods["items"]).iter().filter(serves).cloned().collect())
    }

    /// Waits until as many pods of an app are ready.
    pub fn settles(&self, app: &str, pods: usize) -> Result<(), String> {
        wait(&format!("{app} has {pods} ready pods"), PATIENCE, || Ok((self.ready(&[app])? == pods).then_some(())))
    }

    /// Does something, and counts the ready pods of these apps meanwhile; the lowest number.
    pub fn lowest(&self, apps: &[&str], work: impl FnOnce() -> Result<(), String>) -> Result<usize, String> {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let counter = scope.spawn(|| {
                let mut lowest = usize::MAX;
                while !done.load(Ordering::Relaxed) {
                    lowest = lowest.min(self.ready(apps)?);
                    thread::sleep(SAMPLE);
                }
                Ok::<_, String>(lowest)
            });
            let worked = work();
            // A loss that the last command caused is seen a moment later.
            thread::sleep(SAMPLE * 20);
            done.store(true, Ordering::Relaxed);
            let lowest = counter.join().map_err(|_| "the counter broke off".to_owned())?;
            worked.and(lowest)
        })
    }

    /// How many pods of an app have to be healthy, as its disruption budget says.
    pub fn budget(&self, app: &str) -> Result<usize, String> {
        let path = format!("/apis/policy/v1/namespaces/{}/poddisruptionbudgets/{app}", self.namespace());
        wait(&format!("the budget of {app} counts its pods"), PATIENCE, || {
            let status = &self.control_plane.server.api.get(&path)?.ok()?["status"];
            let number = |key: &str| status[key].as_u64().and_then(|number| usize::try_from(number).ok());
            Ok(number("desiredHealthy").filter(|wanted| *wanted > 0 && number("currentHealthy") >= Some(*wanted)))
        })
    }

    /// Like `lowest`, and the number must not be below the budget that the first app has now.
    pub fn keeps_budget(&self, apps: &[&str], work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
        self.keeps(self.budget(apps[0])?, apps, work)
    }

    /// Like `lowest`, and the number must not be below a budget.
    pub fn keeps(&self, budget: usize, apps: &[&str], work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
        match self.lowest(apps, work)? {
            lowest if lowest >= budget => Ok(()),
            lowest => Err(format!("{lowest} ready pods of {}, and the budget asks for {budget}", apps.join(" and "))),
        }
    }

    /// The objects of this platform in the cluster that are no object of the files, and those of the files that are missing; made by controllers left out.
    pub fn differences(&self) -> Result<Vec<String>, String> {
        let folder = self.project.at(&format!("deploy/kubernetes/{}", self.place()));
        let kustomized = say(Command::new("kubectl").arg("kustomize").arg(&folder), &[0])?;
        let wanted: BTreeSet<String> = objects::parse("files", &kustomized)?.iter().map(objects::Object::id).collect();
        let held: BTreeSet<String> = self.held(&wanted)?.into_keys().collect();
        let left = held.difference(&wanted).map(|id| format!("left behind: {id}"));
        Ok(left.chain(wanted.difference(&held).map(|id| format!("missing: {id}"))).collect())
    }

    /// The objects of this platform in the cluster; those that controllers make are left out, unless they are wanted.
    pub fn held(&self, wanted: &BTreeSet<String>) -> Result<BTreeMap<String, Value>, String> {
        let api = &self.control_plane.server.api;
        let mut bases = vec!["/api/v1".to_owned()];
        let groups = api.get("/apis")?.ok()?;
        // The preferred version of a group need not serve all of its kinds.
        for group in list(&groups["groups"]) {
            let versions = std::iter::once(&group["preferredVersion"]).chain(list(&group["versions"]));
            bases.extend(versions.map(|version| format!("/apis/{}", words(&version["groupVersion"]))));
        }
        let mut held = BTreeMap::new();
        for base in bases {
            for kind in list(&api.get(&base)?.body["resources"]) {
                if !list(&kind["verbs"]).contains(&json!("list")) {
                    continue;
                }
                let all = api.get(&format!("{base}/{}", words(&kind["name"])))?.body;
                for object in list(&all["items"]) {
                    let meta = &object["metadata"];
                    let (namespace, labels) = (words(&meta["namespace"]), &meta["labels"]);
                    let within = namespace == self.namespace() || (kind["kind"] == "Namespace" && words(&meta["name"]) == self.namespace());
                    let ours = within || words(&labels["app.kubernetes.io/part-of"]) == self.platform;
                    let made = !list(&meta["ownerReferences"]).is_empty() || SERVERS_OWN.contains(&words(&kind["kind"]).as_str());
                    let given = ["kube-root-ca.crt", "default"].contains(&words(&meta["name"]).as_str()) && namespace == self.namespace();
                    let parts = [words(&kind["kind"]), namespace, words(&meta["name"])];
                    let id = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("/");
                    if ours && !made && (!given || wanted.contains(&id)) {
                        held.entry(id).or_insert_with(|| object.clone());
                    }
                }
            }
        }
        Ok(held)
    }

    /// Waits until the cluster holds the objects of the files and no others: what is deleted is gone a moment later.
    pub fn leaves_nothing(&self) -> Result<(), String> {
        let mut last = Vec::new();
        let gone = wait("the cluster holds the objects of the files", PATIENCE, || {
            last = self.differences()?;
            Ok(last.is_empty().then_some(()))
        });
        gone.map_err(|error| format!("{error}\n{}", last.join("\n")))
    }
}

/// The last step of the README of a region.
const NOTE: &str = "Note what is applied";

/// Kinds that the server and controllers make without an owner.
const SERVERS_OWN: [&str; 3] = ["Event", "Lease", "PodMetrics"];
