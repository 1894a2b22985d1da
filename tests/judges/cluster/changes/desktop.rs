//! A desktop in a real control plane: the script of `platgen kind` brings it up, on simulated nodes that are shaped as the workers of its kind cluster.
//!
//! The control plane is its own, as the desktop has a guard. Stand-ins play `kind` and `helm`; `kubectl` is the real one, but for the manifests of add-ons, which
//! are on the internet, and for the wait for them: no add-on runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use platgen::value::Quantity;
use serde_json::{Value, json};

use super::control_plane::{ControlPlane, Programs};
use crate::acceptance::program::{Project, copy, specs};
use crate::judges::cluster::objects;
use crate::judges::judge::{list, on_path, say, words};
use crate::support::platgen;

/// The folder of the desktop.
const FOLDER: &str = "kind/production/eu-west-1";

/// The context that kind writes for its cluster.
const CONTEXT: &str = "kind-boutique-production-eu-west-1";

/// What `kind` and `helm` do here. The cluster exists; its kubeconfig has the context that kind writes.
const KIND: &str = "#!/bin/sh\n[ \"$1\" != get ] || exit 0\nwhile [ $# -gt 0 ]; do [ \"$1\" != --kubeconfig ] || cp \"$HERE/kubeconfig\" \"$2\"; shift; done\n";
const HELM: &str = "#!/bin/sh\n";

/// The real kubectl, without the internet and without add-ons.
const KUBECTL: &str = "#!/bin/sh\ncase \" $* \" in *' https://'* | *' wait deployment --all '*) exit 0 ;; esac\nexec \"$REAL\" \"$@\"\n";

/// The whole desktop of a real platform becomes ready, fits the laptop, and comes up again as it is.
pub fn becomes_ready(programs: &Programs) -> Result<(), String> {
    let project = Project::new().incomplete();
    copy(&specs()["boutique"], &project.folder, false);
    for words in [&["render"][..], &["kind", "--env", "production"]] {
        let ran = project.run(words);
        if ran.code != 0 {
            return Err(format!("{words:?} ended with {}:\n{}", ran.code, ran.err));
        }
    }
    let control_plane = ControlPlane::start(programs, "desktop")?;
    let workers = nodes(&control_plane, &project)?;
    let up = || brings_up(&control_plane, &project);
    up()?;
    let pods = fits(&control_plane, &workers)?;
    holds_every_object(&control_plane, &project.at(FOLDER))?;
    refuses_another_environment(&control_plane, &project)?;
    // It can run again at any time, and replaces no pod.
    up()?;
    if fits(&control_plane, &workers)? != pods {
        return Err("the second run of the script replaced pods".into());
    }
    Ok(())
}

/// Makes the nodes of the kind cluster, each of which reports the whole laptop; the labels of the workers by name.
fn nodes(control_plane: &ControlPlane, project: &Project) -> Result<BTreeMap<String, Value>, String> {
    let cluster: Value = serde_yaml::from_str(&project.read(&format!("{FOLDER}/cluster.yaml"))).map_err(|error| error.to_string())?;
    let room = json!({"cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "100Gi"});
    let mut workers = BTreeMap::new();
    for (number, node) in list(&cluster["nodes"]).iter().enumerate() {
        let name = format!("desk-{number}");
        let mut labels = node["labels"].clone();
        if labels.is_null() {
            labels = json!({});
        }
        for (key, value) in [("kubernetes.io/hostname", name.as_str()), ("kubernetes.io/arch", "amd64"), ("kubernetes.io/os", "linux")] {
            labels[key] = json!(value);
        }
        let patch: Value =
            serde_yaml::from_str(node["kubeadmConfigPatches"][0].as_str().unwrap_or("{}")).map_err(|error| error.to_string())?;
        let mut taints = patch["nodeRegistration"]["taints"].clone();
        if node["role"] == "control-plane" {
            taints = json!([{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]);
        } else {
            workers.insert(name.clone(), labels.clone());
        }
        control_plane.ready_node(&name, &labels, &taints, &room)?;
    }
    if workers.len() < 3 { Err(format!("{} workers", workers.len())) } else { Ok(workers) }
}

/// Runs the script of the desktop.
fn brings_up(control_plane: &ControlPlane, project: &Project) -> Result<(), String> {
    let fault = |error: std::io::Error| error.to_string();
    let here = project.at("../stand-ins");
    fs::create_dir_all(&here).map_err(fault)?;
    let kubeconfig = control_plane.server.run.join("kube-apiserver/kubeconfig");
    let text = fs::read_to_string(&kubeconfig).map_err(fault)?;
    let mut kubeconfig: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    kubeconfig["contexts"][0]["name"] = json!(CONTEXT);
    kubeconfig["current-context"] = json!("");
    fs::write(here.join("kubeconfig"), kubeconfig.to_string()).map_err(fault)?;
    for (name, text) in [("kind", KIND), ("helm", HELM), ("kubectl", KUBECTL)] {
        let path = here.join(name);
        fs::write(&path, text).and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o755))).map_err(fault)?;
    }
    let real = on_path("kubectl", &["version", "--client"])?.path;
    let path = format!("{}:{}", here.display(), std::env::var("PATH").unwrap_or_default());
    // Rollouts may take fifteen minutes on a laptop: here nothing takes as long.
    let mut command = Command::new("timeout");
    command.args(["300", "sh", "up.sh"]).current_dir(project.at(FOLDER)).env("PATH", path).env("HERE", &here).env("REAL", real);
    say(&mut command, &[0]).map(drop)
}

/// Whether every pod is ready on a worker of its subnet, and all of them leave a quarter of the laptop; the pods.
fn fits(control_plane: &ControlPlane, workers: &BTreeMap<String, Value>) -> Result<BTreeSet<String>, String> {
    let pods = control_plane.server.api.get("/api/v1/pods")?.ok()?;
    let mut names = BTreeSet::new();
    let (mut cpu, mut memory) = (0, 0);
    for pod in list(&pods["items"]) {
        let name = format!("{}/{}", words(&pod["metadata"]["namespace"]), words(&pod["metadata"]["name"]));
        let is_ready = list(&pod["status"]["conditions"]).iter().any(|one| one["type"] == "Ready" && one["status"] == "True");
        let labels = workers.get(&words(&pod["spec"]["nodeName"])).ok_or_else(|| format!("{name} is on no worker"))?;
        let wanted = pod["spec"]["nodeSelector"].as_object().cloned().unwrap_or_default();
        if !is_ready || wanted.iter().any(|(key, value)| labels[key] != *value) {
            return Err(format!("{name} wants {wanted:?}, and is on {labels}; ready: {is_ready}"));
        }
        for container in list(&pod["spec"]["containers"]) {
            let requests = &container["resources"]["requests"];
            let quantity = |key: &str| words(&requests[key]).parse::<Quantity>().map_err(|fault| format!("{name}: {key}: {fault:?}"));
            cpu += quantity("cpu")?.millis();
            memory += u128::from(quantity("memory")?.bytes());
        }
        names.insert(name);
    }
    // Two pods of each of the ten apps, and the store.
    if names.len() != 21 {
        return Err(format!("{} pods: {names:?}", names.len()));
    }
    let (most_cpu, most_memory) = (3000, 6 << 30);
    if cpu > most_cpu || memory > most_memory {
        return Err(format!("pods request {cpu}m of {most_cpu}m processors and {memory} of {most_memory} bytes of memory"));
    }
    Ok(names)
}

/// Whether the cluster says that it is a desktop, and takes nothing of an environment, that of which it is a desktop among them: neither ConfigMaps alone nor a
/// whole tree. The policies are the same in all of them.
fn refuses_another_environment(control_plane: &ControlPlane, project: &Project) -> Result<(), String> {
    let kubeconfig = project.at(&format!("{FOLDER}/kubeconfig"));
    for environment in ["production", "beta"] {
        let mut command = platgen();
        command.args(["guard", "--context", CONTEXT, "--env", environment]).current_dir(&project.folder).env("KUBECONFIG", &kubeconfig);
        let said = say(&mut command, &[2])?;
        let told = format!(
            "is boutique/production.desktop/eu-west-1, which `platgen kind` made, and boutique/{environment}/eu-west-1 is meant.\n"
        );
        if !said.contains(&told) {
            return Err(format!("guard says of {environment}:\n{said}"));
        }
    }
    let before = versions(control_plane)?;
    let scripts = ["beta", "production"].into_iter().flat_map(|environment| {
        let folder = format!("deploy/kubernetes/{environment}/eu-west-1");
        let maps = format!("kubectl kustomize {folder} | awk 'BEGIN {{ RS = \"---\\n\"; ORS = \"---\\n\" }} /\\nkind: ConfigMap\\n/'");
        [
            (format!("ConfigMaps of {environment}"), format!("{maps} | kubectl --context {CONTEXT} apply --server-side --filename -")),
            (
                format!("everything of {environment}"),
                format!("kubectl --context {CONTEXT} apply --server-side --force-conflicts -k {folder}"),
            ),
        ]
    });
    for (what, script) in scripts {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{{ {script}; }} 2>&1")]).current_dir(&project.folder).env("KUBECONFIG", &kubeconfig);
        let done = command.output().map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&done.stdout);
        // What an apply changes here are the labels of policies, which no policy may judge.
        let taken = text.lines().filter(|line| line.ends_with("serverside-applied") && !line.starts_with("validatingadmissionpolicy"));
        let taken: Vec<&str> = taken.collect();
        let refused = text.matches("ValidatingAdmissionPolicy 'platgen-").count();
        if done.status.success() || !taken.is_empty() || refused < 5 {
            return Err(format!("{what}: taken {taken:?}, refused {refused}:\n{text}"));
        }
    }
    if versions(control_plane)? != before {
        return Err("files of an environment changed something".into());
    }
    Ok(())
}

/// Every object of the platform's namespaces and its namespaces, with the generation or the content that an apply would change.
fn versions(control_plane: &ControlPlane) -> Result<BTreeSet<String>, String> {
    let mut all = BTreeSet::new();
    let kinds = [
        "/api/v1/namespaces",
        "/api/v1/configmaps",
        "/api/v1/serviceaccounts",
        "/api/v1/services",
        "/apis/apps/v1/deployments",
        "/apis/autoscaling/v2/horizontalpodautoscalers",
        "/apis/networking.k8s.io/v1/networkpolicies",
        "/apis/rbac.authorization.k8s.io/v1/rolebindings",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    ];
    for path in kinds {
        for object in list(&control_plane.server.api.get(path)?.ok()?["items"]) {
            let meta = &object["metadata"];
            let id = format!("{path}/{}/{}", words(&meta["namespace"]), words(&meta["name"]));
            all.insert(format!("{id} {} {} {} {}", meta["uid"], meta["labels"], object["data"], object["spec"]));
        }
    }
    Ok(all)
}

/// Whether the cluster has every object of the kustomization.
fn holds_every_object(control_plane: &ControlPlane, folder: &Path) -> Result<(), String> {
    let kustomized = say(Command::new("kubectl").arg("kustomize").arg(folder), &[0])?;
    let all = objects::parse("desktop", &kustomized)?;
    let api = &control_plane.server.api;
    for object in &all {
        api.get(&api.path(object)?)?.ok().map_err(|error| format!("{}: {error}", object.id()))?;
    }
    if all.len() < 60 { Err(format!("{} objects", all.len())) } else { Ok(()) }
}
