//! What `platgen outage` predicts of a lost zone, held against Kubernetes' own scheduler.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::control_plane::ZONES;
use super::test_cluster::TestCluster;
use crate::judges::judge::{list, words};

/// The apps, each with its number of pods: one that is spread, one that fills every node, and one of a single pod.
const APPS: [(&str, &str, usize); 3] = [("web", "100m", 6), ("full", "3", 12), ("one", "100m", 1)];

/// How long pods that have no room are watched.
const WATCHED: Duration = Duration::from_secs(5);

/// The spec: its pool has the nodes of the cluster.
fn spec(namespace: &str) -> String {
    let app = |(name, cpu, pods): &(&str, &str, usize)| {
        format!(
            "  {name}: {{image: \"registry.example/{name}:v1\", port: 8080, probes: {{ready: /ready}}, resources: {{cpu: \"{cpu}\", memory: 64Mi}}, scale: {{replicas: {pods}}}}}\n"
        )
    };
    format!(
        "apiVersion: platgen/v1
platform: {{name: outage, owner: ops, domain: outage.example}}
cloud: {{provider: existing, machines: {{simulated: {{arch: amd64, cpu: \"8\", memory: 32Gi}}}}}}
regions: {{here: {{zones: 3}}}}
network: {{subnets: {{outage: {{default: true}}}}}}
cluster: {{guard: {{none: the control plane of the scenarios is shared}}, pools: {{simulated: {{subnet: outage, machine: simulated, nodes: 6}}}}}}
environments: {{production: {{regions: [here], protected: true}}}}
access: {{groups: {{ops: {{id: platform-admin, role: admin}}}}}}
teams: {{ops: {{group: ops}}}}
namespaces: {{{namespace}: {{owner: ops}}}}
apps:
{}",
        APPS.iter().map(app).collect::<String>()
    )
}

/// Each zone is lost in turn, and pods stay where they are when it is back: at worst, a zone has half of them.
pub fn of_zones(cluster: &TestCluster) -> Result<(), String> {
    cluster.write("platform.yaml", &spec(&cluster.namespace()));
    cluster.opens()?;
    for (app, _, pods) in APPS {
        cluster.settles(app, pods)?;
    }
    for zone in ZONES {
        // A single pod has no second one.
        let outage = cluster.platgen(&["outage", "--env", "production", "--zone", zone, "--format", "json"], 2)?;
        let mut left = Vec::new();
        for (app, _, pods) in APPS {
            let spread = cluster.zones(app)?;
            let lost = spread.get(&format!("here-{zone}")).copied().unwrap_or_default();
            let is_even = spread.len() == ZONES.len()
                && spread.values().max().zip(spread.values().min()).is_some_and(|(most, least)| most - least <= 1);
            left.push((app, pods - lost, is_even));
        }
        cluster.zone_is_lost(zone)?;
        for (app, left, is_even) in left {
            let predicted = pods(&outage, app)?;
            let (worst, even, after) = (number(predicted, "worst")?, number(predicted, "even")?, number(predicted, "after")?);
            if left < worst || is_even && left < even {
                return Err(format!(
                    "without {zone}, {left} pods of {app} are left, and predicted are {worst} at worst and {even} if even"
                ));
            }
            cluster.settles(app, after)?;
            if words(&predicted["waits"]) == "room" {
                thread::sleep(WATCHED);
                cluster.settles(app, after)?;
            }
        }
        cluster.zone_is_back(zone)?;
        for (app, _, pods) in APPS {
            cluster.settles(app, pods)?;
        }
    }
    cluster.leaves_nothing()
}

/// What is predicted of the pods of an app.
fn pods<'v>(outage: &'v Value, app: &str) -> Result<&'v Value, String> {
    let found = list(&outage["entries"]).iter().find(|entry| words(&entry["entry"]).ends_with(&format!("/{app}")));
    found.map(|entry| &entry["pods"]).ok_or(format!("nothing is predicted of {app}"))
}

fn number(pods: &Value, key: &str) -> Result<usize, String> {
    pods[key].as_u64().and_then(|number| usize::try_from(number).ok()).ok_or(format!("`{key}` is missing in {pods}"))
}
