//! The cluster and the repository in which the script of an environment runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::control_plane::{ControlPlane, Programs, ZONES};
use super::test_cluster::Said;
use crate::acceptance::program::Project;
use crate::judges::cluster::objects;
use crate::judges::cluster::process::wait;
use crate::judges::judge::{list, words};

/// How long the controllers may take until they write nothing any more.
const QUIET: Duration = Duration::from_secs(60);

/// The platform: a job that comes before the apps, a kind of its own with an object, an app that leaves, and one whose configuration changes.
const SPEC: &str = r#"apiVersion: platgen/v1
platform: {name: script, owner: ops, domain: script.example}
cloud: {provider: existing}
regions: {here: {zones: 3}, there: {zones: 3}}
network: {subnets: {script: {default: true}}}
environments:
  beta: {regions: [here], domain: beta.script.example}
  production: {regions: [here, there], domain: script.example, protected: true}
access: {groups: {ops: {id: platform-admin, role: admin}}}
teams: {ops: {group: ops}}
namespaces: {shop: {owner: ops}}
manifests:
  a-widget: {from: files/widget.yaml, namespace: shop, reason: an object of a kind}
  widgets: {from: files/widgets.yaml, reason: the kind}
apps:
  migrate: {image: "registry.example/web:v1", run: before-deploy, resources: {cpu: 100m, memory: 64Mi}}
  old: {image: "registry.example/old:v1", port: 8080, probes: {ready: /ready}, resources: {cpu: 100m, memory: 64Mi}, config: {A: b}, scale: {replicas: 2}}
  web: {image: "registry.example/web:v1", port: 8080, probes: {ready: /ready}, resources: {cpu: 100m, memory: 64Mi}, config: {VERSION: "1"}, scale: {replicas: 2}}
"#;

const KIND: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

pub const WIDGET: &str = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: one, namespace: shop}\nspec: {size: 1}\n";

/// In place of kubectl: counts its calls, and kills the whole script with itself while the call number `$KILL_AT` runs.
const KUBECTL: &str = r#"#!/bin/sh
number=$(($(cat "$COUNT") + 1))
echo "$number" >"$COUNT"
if [ "$number" -eq "$KILL_AT" ]; then
  exec 3<&0
  REAL "$@" <&3 &
  sleep "$KILL_AFTER"
  kill -KILL 0
fi
exec REAL "$@"
"#;

/// The objects of the platform by `Kind/namespace/name`.
pub type Objects = BTreeMap<String, Value>;

/// The repository and the cluster.
pub struct Run {
    control_plane: ControlPlane,
    pub project: Project,
}

/// The note of the script in the cluster.
pub const RECORD: &str = "ConfigMap/platgen-system/applied-script-production-here";

/// What an object has when nothing wrote it: its version. Of an admission policy, what it says: the API server compares what is applied with what is stored
/// before it adds its defaults, and notes the time of such an apply although nothing differs.
pub fn version(object: &Value) -> &Value {
    if object["kind"] == "ValidatingAdmissionPolicy" { &object["spec"] } else { &object["metadata"]["resourceVersion"] }
}

impl Run {
    pub fn new(programs: &Programs) -> Result<Self, String> {
        let run = Self { control_plane: ControlPlane::start(programs, "script")?, project: Project::new() };
        for zone in ZONES {
            run.control_plane.nodes("script", zone)?;
        }
        let kubeconfig = run.control_plane.server.run.join("kube-apiserver/kubeconfig");
        let text = fs::read_to_string(&kubeconfig).map_err(|error| format!("{}: {error}", kubeconfig.display()))?;
        let mut kubeconfig: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let contexts = ["beta-here", "production-here", "production-there"].map(|place| {
            let mut context = kubeconfig["contexts"][0].clone();
            context["name"] = json!(format!("script-{place}"));
            context
        });
        kubeconfig["contexts"] = json!(contexts);
        kubeconfig["current-context"] = json!("");
        let project = &run.project;
        project.write("../kubeconfig", &kubeconfig.to_string());
        project.write("../tmp/.keep", "");
        let real = programs.kubectl().display().to_string();
        project.write("../bin/kubectl", &KUBECTL.replace("REAL", &real));
        fs::set_permissions(project.at("../bin/kubectl"), fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
        project.write("platform.yaml", SPEC);
        project.write("files/widget.yaml", WIDGET);
        project.write("files/widgets.yaml", KIND);
        run.succeeds("git init --quiet --initial-branch main .")?;
        run.render()?;
        Ok(run)
    }

    /// Renders the spec, and commits what was written.
    pub fn render(&self) -> Result<(), String> {
        let ran = self.project.run(&["render", "--force"]);
        if ran.code != 0 {
            return Err(format!("render ended with {}:\n{}{}", ran.code, ran.out, ran.err));
        }
        self.succeeds("git add --all . && git commit --quiet --message 'A change of the spec'").map(drop)
    }

    /// Replaces what must be in the spec, and renders.
    pub fn commit(&self, from: &str, to: &str) -> Result<(), String> {
        let text = self.project.read("platform.yaml");
        let at = text.rfind(from).ok_or_else(|| format!("the spec has no `{from}`"))?;
        self.project.write("platform.yaml", &format!("{}{to}{}", &text[..at], &text[at + from.len()..]));
        self.render()
    }

    /// The app `old` leaves the spec.
    pub fn leaves(&self) -> Result<(), String> {
        let text = self.project.read("platform.yaml");
        let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("  old: ")).collect();
        self.project.write("platform.yaml", &(kept.join("\n") + "\n"));
        self.render()
    }

    pub fn command(&self, script: &str) -> Command {
        let home = self.project.at("..");
        let mut command = Command::new("timeout");
        let path = format!("{}:{}", home.join("bin").display(), std::env::var("PATH").unwrap_or_default());
        command.args(["--foreground", "120", "sh", "-euc", script]).current_dir(&self.project.folder);
        command.env("HOME", &home).env("KUBECONFIG", home.join("kubeconfig")).env("PATH", path).env("TMPDIR", home.join("tmp"));
        command.env("COUNT", home.join("count")).env("KILL_AT", "0").env("KILL_AFTER", "0");
        for key in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{key}_NAME"), "ops").env(format!("GIT_{key}_EMAIL"), "ops@example.com");
        }
        self.project.write("../count", "0\n");
        command
    }

    pub fn succeeds(&self, script: &str) -> Result<String, String> {
        let said = said(self.command(script))?;
        if said.code == 0 { Ok(said.out) } else { Err(format!("{script}\nended with {}:\n{}{}", said.code, said.out, said.err)) }
    }

    /// Runs the script of an environment, which has to end with a code.
    pub fn script(&self, environment: &str, flags: &str, code: i32) -> Result<Said, String> {
        let said = said(self.command(&format!("sh deploy/kubernetes/{environment}/apply.sh {flags}")))?;
        match said.code == code {
            true => Ok(said),
            false => Err(format!("apply.sh {flags} of {environment} ended with {}, not {code}:\n{}{}", said.code, said.out, said.err)),
        }
    }

    /// Runs the script, which is killed in the call of kubectl with a number, some milliseconds after its start.
    pub fn start(&self, environment: &str, flags: &str, call: u64, after: u64) -> Result<Said, String> {
        let mut command = self.command(&format!("sh deploy/kubernetes/{environment}/apply.sh {flags}"));
        command.env("KILL_AT", call.to_string()).env("KILL_AFTER", format!("0.{after:03}")).process_group(0);
        said(command)
    }

    /// Runs the script; how often it calls kubectl.
    pub fn counted(&self, flags: &str) -> Result<u64, String> {
        self.script("production", flags, 0)?;
        self.project.read("../count").trim().parse().map_err(|error| format!("the count of calls: {error}"))
    }

    /// The script ends with 1 and a word, and nothing in the cluster is another one.
    pub fn refuses(&self, environment: &str, flags: &str, word: &str, before: &Objects) -> Result<(), String> {
        let said = self.script(environment, flags, 1)?;
        if !said.err.contains(word) || !said.err.contains("othing is changed") {
            return Err(format!("apply.sh {flags} of {environment} refuses with `{word}`, not:\n{}", said.err));
        }
        self.same(word, before)
    }

    /// Nothing changed: every object has the version that it had.
    pub fn same(&self, what: &str, before: &Objects) -> Result<(), String> {
        let now = self.objects()?;
        let ids: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        let changed: Vec<&&String> = ids.iter().filter(|id| before.get(**id).map(version) != now.get(**id).map(version)).collect();
        let Some(first) = changed.first() else { return Ok(()) };
        let shown = |objects: &Objects| objects.get(**first).map(Value::to_string).unwrap_or_default();
        Err(format!("{what} changed {changed:?}, the first from\n{}\nto\n{}", shown(before), shown(&now)))
    }

    /// The objects of the platform: those that say so, and those of its kind.
    pub fn objects(&self) -> Result<Objects, String> {
        let api = &self.control_plane.server.api;
        let mut bases = vec!["/api/v1".to_owned()];
        let groups = api.get("/apis")?.ok()?;
        // The definitions of add-ons bring many kinds, and no object here is of one of them.
        let known = |group: &&Value| {
            let name = words(&group["name"]);
            !name.contains('.') || name.ends_with(".k8s.io") || name == "example.com"
        };
        let groups = list(&groups["groups"]).iter().filter(known);
        bases.extend(groups.map(|group| format!("/apis/{}", words(&group["preferredVersion"]["groupVersion"]))));
        let mut found = Objects::new();
        for base in bases {
            for kind in list(&api.get(&base)?.body["resources"]) {
                if !list(&kind["verbs"]).contains(&json!("list")) || kind["kind"] == "Event" {
                    continue;
                }
                for object in list(&api.get(&format!("{base}/{}", words(&kind["name"])))?.body["items"]) {
                    let meta = &object["metadata"];
                    let ours = meta["labels"]["platgen.io/platform"] == "script"
                        || meta["labels"]["app.kubernetes.io/part-of"] == "script"
                        || kind["kind"] == "Widget";
                    if ours && list(&meta["ownerReferences"]).is_empty() {
                        let parts = [words(&kind["kind"]), words(&meta["namespace"]), words(&meta["name"])];
                        let id = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("/");
                        let mut object = object.clone();
                        // Lists leave it out.
                        object["kind"] = kind["kind"].clone();
                        found.insert(id, object);
                    }
                }
            }
        }
        Ok(found)
    }

    /// The objects, once controllers write nothing any more.
    pub fn quiet(&self) -> Result<Objects, String> {
        let mut last = self.objects()?;
        wait("the controllers have nothing to write", QUIET, || {
            std::thread::sleep(Duration::from_millis(500));
            let now = self.objects()?;
            let same = now.len() == last.len() && now.iter().all(|(id, object)| last.get(id).map(version) == Some(version(object)));
            last = now;
            Ok(same.then_some(()))
        })?;
        Ok(last)
    }

    /// What the objects say, without what differs from run to run.
    pub fn settled(&self) -> Result<Objects, String> {
        let mut found = self.quiet()?;
        for object in found.values_mut() {
            let Some(fields) = object.as_object_mut() else { continue };
            fields.remove("status");
            if let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) {
                // The API server chooses the address of a Service that is made anew.
                spec.retain(|key, _| !["clusterIP", "clusterIPs"].contains(&key.as_str()));
            }
            if let Some(meta) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
                meta.retain(|key, _| ["annotations", "labels", "name", "namespace"].contains(&key.as_str()));
                if let Some(notes) = meta.get_mut("annotations").and_then(Value::as_object_mut) {
                    notes.remove("deployment.kubernetes.io/revision");
                }
            }
        }
        Ok(found)
    }

    /// The cluster holds every object of the files, and beside them the note of the script alone.
    pub fn holds_the_files(&self) -> Result<(), String> {
        let folder: PathBuf = self.project.at("deploy/kubernetes/production/here");
        let text = self.succeeds(&format!("kubectl kustomize '{}'", folder.display()))?;
        let wanted: BTreeSet<String> = objects::parse("files", &text)?.iter().map(objects::Object::id).collect();
        let held: BTreeSet<String> = self.objects()?.into_keys().filter(|id| id != RECORD).collect();
        let differs: Vec<&String> = wanted.symmetric_difference(&held).collect();
        if differs.is_empty() { Ok(()) } else { Err(format!("in the files or in the cluster alone: {differs:?}")) }
    }
}

/// What a command said; its code is -1 when it was killed.
fn said(mut command: Command) -> Result<Said, String> {
    let done = command.output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Said { code: done.status.code().unwrap_or(-1), out: text(&done.stdout), err: text(&done.stderr) })
}
