//! Simulates the kubelets of all nodes and the controller of Gateways: a pod that has a node is ready a moment later, that of a job is over then, and a pod that
//! is deleted is gone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::judges::cluster::api::{Api, JSON};
use crate::judges::judge::{list, words};

/// How long a pod takes until it is ready: long enough for every loss of a pod to be seen.
const START: Duration = Duration::from_millis(1500);

/// How often the cluster is asked.
const PAUSE: Duration = Duration::from_millis(100);

/// The simulation; it ends when dropped.
pub struct Kubelet {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Kubelet {
    /// Starts the simulation.
    pub fn start(api: Api) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ends);
        let thread = thread::spawn(move || {
            let mut seen = BTreeMap::new();
            while !told.load(Ordering::Relaxed) {
                // What fails now is done in the next turn: pods come and go, and the server may be slow.
                let _ = pods(&api, &mut seen);
                let _ = gateways(&api);
                thread::sleep(PAUSE);
            }
        });
        Self { ends, thread: Some(thread) }
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// `seen` holds when each pod got its node.
fn pods(api: &Api, seen: &mut BTreeMap<String, Instant>) -> Result<(), String> {
    for pod in list(&api.get("/api/v1/pods")?.ok()?["items"]) {
        let meta = &pod["metadata"];
        let path = format!("/api/v1/namespaces/{}/pods/{}", words(&meta["namespace"]), words(&meta["name"]));
        if meta["deletionTimestamp"].is_string() {
            let now = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}});
            api.send("DELETE", &path, JSON, &now.to_string())?;
        } else if pod["spec"]["nodeName"].is_string() && pod["status"]["phase"] == "Pending" {
            let placed = *seen.entry(words(&meta["uid"])).or_insert_with(Instant::now);
            if placed.elapsed() >= START {
                let of_job = list(&meta["ownerReferences"]).iter().any(|owner| owner["kind"] == "Job");
                api.merge(&format!("{path}/status"), &json!({"status": if of_job { over(pod) } else { running(pod) }}))?;
            }
        }
    }
    Ok(())
}

/// The status of a pod that is ready.
fn running(pod: &Value) -> Value {
    let since = &pod["metadata"]["creationTimestamp"];
    let conditions: Vec<Value> = ["PodScheduled", "Initialized", "ContainersReady", "Ready"]
        .iter()
        .map(|name| json!({"type": name, "status": "True", "lastTransitionTime": since}))
        .collect();
    let container = |container: &Value| {
        json!({
            "name": container["name"], "image": container["image"], "imageID": "", "ready": true, "started": true, "restartCount": 0,
            "state": {"running": {"startedAt": since}},
        })
    };
    let containers: Vec<Value> = list(&pod["spec"]["containers"]).iter().map(container).collect();
    json!({"phase": "Running", "conditions": conditions, "containerStatuses": containers, "startTime": since})
}

/// The status of a pod that did its work.
fn over(pod: &Value) -> Value {
    let since = &pod["metadata"]["creationTimestamp"];
    let done = json!({"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": since, "finishedAt": since}});
    let container = |container: &Value| json!({"name": container["name"], "image": container["image"], "imageID": "", "ready": false, "started": false, "restartCount": 0, "state": done});
    let containers: Vec<Value> = list(&pod["spec"]["containers"]).iter().map(container).collect();
    json!({"phase": "Succeeded", "containerStatuses": containers, "startTime": since})
}

/// Says of each Gateway that it works.
fn gateways(api: &Api) -> Result<(), String> {
    for gateway in list(&api.get("/apis/gateway.networking.k8s.io/v1/gateways")?.body["items"]) {
        let meta = &gateway["metadata"];
        if list(&gateway["status"]["conditions"]).iter().any(|condition| condition["type"] == "Programmed" && condition["status"] == "True")
        {
            continue;
        }
        let since = &meta["creationTimestamp"];
        let condition = |name: &str| json!({"type": name, "status": "True", "reason": name, "message": "", "lastTransitionTime": since});
        let path =
            format!("/apis/gateway.networking.k8s.io/v1/namespaces/{}/gateways/{}/status", words(&meta["namespace"]), words(&meta["name"]));
        api.merge(&path, &json!({"status": {"conditions": [condition("Accepted"), condition("Programmed")]}}))?;
    }
    Ok(())
}
