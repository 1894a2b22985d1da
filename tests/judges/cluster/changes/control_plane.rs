//! A control plane with nodes: the API server of the judge, Kubernetes' own controllers and scheduler, and nodes whose kubelet is simulated.

use serde_json::{Value, json};

use super::kubelet::Kubelet;
use crate::judges::cluster::process::Running;
use crate::judges::cluster::server::{self, Server};
use crate::judges::judge::{Program, fetched, list, words};

/// The zones, and how many nodes a subnet has in each.
pub const ZONES: [&str; 3] = ["a", "b", "c"];
const NODES: usize = 2;

/// Controllers that do not run: those of nodes would take the simulated ones for lost, and `Endpoints` are deprecated.
const LEFT_OUT: [&str; 4] = ["node-lifecycle-controller", "taint-eviction-controller", "endpoints-controller", "node-ipam-controller"];

/// The programs of a control plane.
pub struct Programs {
    server: server::Programs,
    controllers: Program,
    scheduler: Program,
}

/// A control plane that runs until it is dropped.
pub struct ControlPlane {
    // Dropped in this order: who asks ends before who is asked.
    _kubelet: Kubelet,
    _controllers: [Running; 2],
    pub server: Server,
}

/// Looks for the programs; the error says how to get what is missing.
pub fn find() -> Result<Programs, String> {
    Ok(Programs {
        server: server::Programs::find()?,
        controllers: fetched("kube-controller-manager", &["--version"])?,
        scheduler: fetched("kube-scheduler", &["--version"])?,
    })
}

impl ControlPlane {
    /// Starts everything; there are no nodes yet. `name` tells it apart from the other control planes of this process.
    pub fn start(programs: &Programs, name: &str) -> Result<Self, String> {
        let server = Server::start(&programs.server, name)?;
        let run = server.run.clone();
        let at = |name: &str| run.join("kube-apiserver").join(name).display().to_string();
        let common = [format!("--kubeconfig={}", at("kubeconfig")), "--leader-elect=false".to_owned(), "--secure-port=0".to_owned()];
        let left_out: String = LEFT_OUT.iter().map(|name| format!(",-{name}")).collect();
        let of_controllers = [
            format!("--controllers=*{left_out}"),
            format!("--service-account-private-key-file={}", at("accounts.key")),
            "--horizontal-pod-autoscaler-sync-period=2s".to_owned(),
            "--resource-quota-sync-period=2s".to_owned(),
        ];
        let controllers = [
            Running::start(&run.join("controllers"), &programs.controllers.path, &[&common[..], &of_controllers].concat())?,
            Running::start(&run.join("scheduler"), &programs.scheduler.path, &common)?,
        ];
        Ok(Self { _kubelet: Kubelet::start(server.api.another()), _controllers: controllers, server })
    }

    /// Makes the nodes of a subnet in a zone.
    pub fn nodes(&self, subnet: &str, zone: &str) -> Result<(), String> {
        (0..NODES).try_for_each(|number| self.node(&format!("{subnet}-{zone}-{number}"), subnet, zone))
    }

    /// Removes the nodes of a subnet in a zone, and their pods.
    pub fn lose(&self, subnet: &str, zone: &str) -> Result<(), String> {
        let api = &self.server.api;
        for name in (0..NODES).map(|number| format!("{subnet}-{zone}-{number}")) {
            api.ask("DELETE", &format!("/api/v1/nodes/{name}"), &[], "")?;
            for pod in list(&api.get(&format!("/api/v1/pods?fieldSelector=spec.nodeName={name}"))?.ok()?["items"]) {
                let meta = &pod["metadata"];
                let path = format!("/api/v1/namespaces/{}/pods/{}", words(&meta["namespace"]), words(&meta["name"]));
                api.ask("DELETE", &path, &[], "")?;
            }
        }
        Ok(())
    }

    fn node(&self, name: &str, subnet: &str, zone: &str) -> Result<(), String> {
        let labels = json!({
            "kubernetes.io/hostname": name, "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux",
            "topology.kubernetes.io/zone": format!("here-{zone}"), "topology.kubernetes.io/region": "here", "platgen.io/subnet": subnet,
        });
        let room = json!({"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi"});
        self.ready_node(name, &labels, &json!(null), &room)
    }

    /// Makes a node that is ready, with labels, taints and what it has for pods.
    pub fn ready_node(&self, name: &str, labels: &Value, taints: &Value, room: &Value) -> Result<(), String> {
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}});
        let ready = json!([{"type": "Ready", "status": "True"}]);
        let status = json!({"status": {"capacity": room, "allocatable": room, "conditions": ready}});
        self.server.api.apply(&format!("/api/v1/nodes/{name}"), &node.to_string(), false)?.ok()?;
        self.server.api.merge(&format!("/api/v1/nodes/{name}/status"), &status)?;
        // Admission taints each new node as not ready; the controller that takes the taint away does not run.
        self.server.api.merge(&format!("/api/v1/nodes/{name}"), &json!({"spec": {"taints": taints}}))
    }
}
