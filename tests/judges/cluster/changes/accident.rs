//! The accident, played: files of one environment are applied to the cluster of another. What `platgen impact` predicts is held against what the API
//! server did, object by object, and the printed commands have to bring the cluster back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::control_plane::{ControlPlane, Programs};
use super::test_cluster::{PATIENCE, TestCluster};
use crate::judges::cluster::objects;
use crate::judges::cluster::process::wait;
use crate::judges::judge::{list, words};

/// Objects by `Kind/namespace/name`.
type Objects = BTreeMap<String, Value>;

/// Identities by what happened: `created`, `changed`, `relabelled`, `unchanged`, `refused`.
type Outcomes = BTreeMap<String, BTreeSet<String>>;

/// The label by which the commands tell production's objects from beta's. Other scenarios run in the same control plane, and are of production as well:
/// the commands look among the objects of this platform.
const LABEL: &str = "platgen.io/environment=production";

/// Production's ConfigMaps, and then its whole tree, applied to beta.
pub(super) fn of_a_spec(cluster: &TestCluster) -> Result<(), String> {
    cluster.runs("beta");
    let namespace = cluster.namespace();
    cluster.write("platform.yaml", &spec(&namespace));
    cluster.opens()?;
    cluster.settles("web", 1)?;
    cluster.settles("api", 1)?;
    let before = snapshot(cluster)?;

    let maps = cluster.platgen(&["impact", "--applied", "production", "--onto", "beta", "--kind", "ConfigMap", "--format", "json"], 0)?;
    let context = cluster.context();
    let documents = objects::parse("production", &cluster.succeeds(".", "kubectl kustomize deploy/kubernetes/production/here")?)?;
    let texts: Vec<&str> = documents.iter().filter(|object| object.kind == "ConfigMap").map(|object| object.text.as_str()).collect();
    cluster.write("maps/all.yaml", &texts.join("---\n"));
    cluster.succeeds(".", &format!("kubectl --context {context} apply --server-side -f maps"))?;
    holds(&maps["impacts"][0], &before, &snapshot(cluster)?)?;
    undo(cluster, &maps["impacts"][0], None)?;
    returns(cluster, &before)?;

    let words = ["impact", "--applied", "production", "--onto", "beta", "--format", "json"];
    let whole = cluster.platgen(&words, 2)?;
    cluster.succeeds(".", &format!("kubectl --context {context} apply --server-side -k deploy/kubernetes/production/here"))?;
    holds(&whole["impacts"][0], &before, &snapshot(cluster)?)?;
    // The autoscaler of production takes over before anybody notices.
    cluster.settles("web", 3)?;
    undo(cluster, &whole["impacts"][0], None)?;
    cluster.settles("web", 1)?;
    returns(cluster, &before)?;
    cluster.leaves_nothing()
}

/// The accident of a shop with twelve workloads, as it was played by hand before there was a guard: 34 new objects and 12 changed ones in its namespaces. The
/// monitoring and the add-ons have come since.
pub(super) fn of_a_shop(programs: &Programs) -> Result<(), String> {
    let control_plane = Arc::new(ControlPlane::start(programs, "accident")?);
    for (subnet, zone) in ["general", "payments", "data"].into_iter().flat_map(|subnet| ["a", "b", "c"].map(|zone| (subnet, zone))) {
        let name = format!("{subnet}-{zone}");
        let labels = json!({
            "kubernetes.io/hostname": name, "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "platgen.io/subnet": subnet,
            "topology.kubernetes.io/zone": format!("eu-west-1{zone}"),
        });
        let room = json!({"cpu": "32", "memory": "128Gi", "pods": "110", "ephemeral-storage": "100Gi"});
        control_plane.ready_node(&name, &labels, &Value::Null, &room)?;
    }
    let cluster = &TestCluster::of(control_plane, "boutique", "eu-west-1")?;
    cluster.runs("beta");
    cluster.copies("boutique");
    cluster.edits("platform.yaml", "\ncluster:\n", "\ncluster:\n  guard: {none: the accident is played}\n");
    // No controller runs here that could be stopped.
    cluster.edits("platform.yaml", "gitops: argocd", "gitops: none");
    cluster.render()?;
    let kubectl = format!("kubectl --context {}", cluster.context());
    cluster
        .succeeds(".", &format!("{kubectl} apply --server-side -k deploy/kubernetes/beta/eu-west-1 && git tag applied/beta/eu-west-1"))?;
    let waits = |namespaces: &[&str]| -> Result<(), String> {
        let wait = |name: &&str| format!("{kubectl} -n {name} wait deployment --all --for=condition=Available --timeout=200s");
        cluster.succeeds(".", &namespaces.iter().map(wait).collect::<Vec<_>>().join(" && ")).map(drop)
    };
    let namespaces = ["shop", "payments", "fulfilment", "load"];
    waits(&namespaces)?;
    let before = snapshot(cluster)?;
    let ask = ["impact", "--applied", "production", "--onto", "beta", "--region", "eu-west-1", "--format", "json"];
    let predicted = cluster.platgen(&ask, 2)?;
    let impact = &predicted["impacts"][0];
    let counts = ["created", "changed"].map(|outcome| {
        let is_of_the_shop = |one: &Value| namespaces.contains(&words(&one["namespace"]).as_str());
        list(&impact["objects"]).iter().filter(|one| one["outcome"] == outcome && is_of_the_shop(one)).count()
    });
    if counts != [34, 12] {
        return Err(format!("{counts:?} objects are new and changed, and not 34 and 12"));
    }
    cluster.succeeds(".", &format!("{kubectl} apply --server-side -k deploy/kubernetes/production/eu-west-1"))?;
    holds(impact, &before, &snapshot(cluster)?)?;
    waits(&namespaces)?;
    undo(cluster, impact, None)?;
    returns(cluster, &before)
}

/// Two environments that differ in every way that matters here.
fn spec(namespace: &str) -> String {
    format!(
        r#"apiVersion: platgen/v1
platform: {{name: accident, owner: ops, domain: accident.example}}
cloud: {{provider: existing}}
regions: {{here: {{zones: 3}}}}
network: {{subnets: {{accident: {{default: true}}}}}}
environments:
  beta: {{regions: [here], domain: beta.accident.example}}
  production: {{regions: [here], domain: accident.example, protected: true}}
cluster: {{guard: {{none: the control plane of the scenarios is shared}}}}
access:
  groups:
    ops: {{id: platform-admin, role: admin}}
    devs: {{id: developer, role: developer, namespaces: [{namespace}], environments: {{production: {{role: viewer}}}}}}
teams: {{ops: {{group: ops}}}}
namespaces: {{{namespace}: {{owner: ops}}}}
profiles:
  service:
    port: 8080
    probes: {{ready: /ready}}
    resources: {{cpu: 100m, memory: 64Mi}}
apps:
  web:
    from: service
    image: registry.example/web:v1
    expose: "@"
    config: {{API: "${{app/api.address}}", LOG_LEVEL: debug}}
    environments: {{production: {{scale: {{replicas: 3..6, cpu: 70%}}, config: {{LOG_LEVEL: warn}}}}}}
  api:
    from: service
    image: registry.example/api:v1
    config: {{PAY: "false"}}
    environments: {{production: {{scale: {{replicas: 2}}, config: {{PAY: "true"}}}}}}
  load:
    from: service
    image: registry.example/load:v1
    only: [beta]
    needs: [app/web]
  audit:
    from: service
    image: registry.example/audit:v1
    only: [production]
  nightly:
    image: registry.example/nightly:v1
    schedule: "0 3 * * *"
    resources: {{cpu: 100m, memory: 64Mi}}
    config: {{TARGET: beta}}
    environments: {{production: {{config: {{TARGET: production}}}}}}
"#
    )
}

/// Manifests with equal names in both environments, which nobody rendered, applied by the client.
pub(super) fn of_manifests(cluster: &TestCluster) -> Result<(), String> {
    let namespace = cluster.namespace();
    for (environment, values) in [
        ("beta", &["beta", "\"5\"", "sandbox", "10Gi", "one", "1"]),
        ("production", &["production", "\"50\"", "everyone", "5Gi", "two", "2"]),
    ] {
        cluster.write(&format!("manifests/{environment}/all.yaml"), &manifests(&namespace, values));
    }
    let extra = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: api, namespace: nowhere}}\ndata: {{A: b}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: extra, namespace: {namespace}}}\ndata: {{A: b}}\n"
    );
    cluster.write("manifests/production/extra.yaml", &extra);
    let context = cluster.context();
    cluster.succeeds(".", &format!("kubectl --context {context} apply -f manifests/beta"))?;
    cluster.settles("reader", 1)?;
    cluster.settles("scaled", 2)?;
    let words = ["impact", "--tree", "manifests", "--applied", "production", "--onto", "beta", "--context", &context, "--format", "json"];
    let predicted = cluster.platgen(&words, 2)?;
    let applies =
        [("", None), ("--server-side --force-conflicts ", None), ("--server-side --force-conflicts --field-manager=other ", Some("other"))];
    for (flags, manager) in applies {
        let before = snapshot(cluster)?;
        let said = cluster.shell(".", &format!("kubectl --context {context} apply {flags}-f manifests/production"))?;
        if said.code == 0 {
            return Err(format!("the API server should refuse some objects:\n{}", said.out));
        }
        holds(&predicted["impacts"][0], &before, &snapshot(cluster)?).map_err(|error| format!("apply {flags}:\n{error}\n{}", said.err))?;
        cluster.settles("scaled", 2)?;
        // The readers that print their values at the next start need no restart here: no pod started.
        undo(cluster, &predicted["impacts"][0], manager)?;
        returns(cluster, &before).map_err(|error| format!("apply {flags}:\n{error}"))?;
    }
    cluster.succeeds(".", &format!("kubectl --context {context} delete namespace {namespace} --wait=false")).map(drop)
}

fn manifests(namespace: &str, [name, pool, mail, size, role, cluster_ip]: &[&str; 6]) -> String {
    let only = if *name == "beta" { "SMTP_SANDBOX: \"true\"" } else { "NEW_KEY: \"1\"" };
    // Somebody suspended beta's CronJob on purpose.
    let suspended = if *name == "beta" { "suspend: true, " } else { "" };
    // Production sets a number that beta leaves to the autoscaler.
    let replicas = if *name == "beta" { "" } else { "replicas: 1\n  " };
    // Production's is sealed.
    let sealing = if *name == "beta" { "" } else { "immutable: true\n" };
    let headless = if *cluster_ip == "1" { "clusterIP: None, " } else { "" };
    format!(
        r#"apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: api, namespace: {namespace}}}
data: {{DB_HOST: orders.{name}.example, POOL: {pool}, MAIL: {mail}, {only}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: sealed, namespace: {namespace}}}
immutable: true
data: {{REGION: {name}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: sealing, namespace: {namespace}}}
{sealing}data: {{REGION: {name}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: labelled, namespace: {namespace}, labels: {{env: {name}}}}}
data: {{A: b}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: same, namespace: {namespace}}}
data: {{A: b}}
---
apiVersion: v1
kind: Secret
metadata: {{name: keys, namespace: {namespace}}}
stringData: {{TOKEN: {name}}}
---
apiVersion: v1
kind: Service
metadata: {{name: reader, namespace: {namespace}}}
spec: {{{headless}selector: {{platgen.io/workload: reader}}, ports: [{{port: 80}}]}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data, namespace: {namespace}}}
spec: {{storageClassName: none, accessModes: [ReadWriteOnce], resources: {{requests: {{storage: {size}}}}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: people, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {role}}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: Group, name: people}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {{name: nightly, namespace: {namespace}}}
spec:
  {{{suspended}schedule: "0 3 1 1 *", jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, containers: [
    {{name: main, image: "registry.example/nightly:v1", env: [{{name: TARGET, value: {name}}}]}}]}}}}}}}}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: scaled, namespace: {namespace}}}
spec:
  minReplicas: 2
  maxReplicas: 4
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: scaled}}
  metrics: [{{type: Resource, resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 70}}}}}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: scaled, namespace: {namespace}}}
spec:
  {replicas}selector: {{matchLabels: {{platgen.io/workload: scaled}}}}
  template:
    metadata: {{labels: {{platgen.io/workload: scaled}}}}
    spec: {{containers: [{{name: main, image: "registry.example/scaled:v1", env: [{{name: TARGET, value: {name}}}], resources: {{requests: {{cpu: 10m}}}}}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: reader, namespace: {namespace}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{platgen.io/workload: reader}}}}
  template:
    metadata: {{labels: {{platgen.io/workload: reader}}}}
    spec:
      containers:
      - name: main
        image: registry.example/reader:v1
        envFrom: [{{configMapRef: {{name: api}}}}]
        env: [{{name: TOKEN, valueFrom: {{secretKeyRef: {{name: keys, key: TOKEN}}}}}}]
"#
    )
}

/// Every object of the platform as it is stored, without what the API server and controllers write.
fn snapshot(cluster: &TestCluster) -> Result<Objects, String> {
    // The account that pods have by default is an object of the files as well.
    let mut held = cluster.held(&BTreeSet::from([format!("ServiceAccount/{}/default", cluster.namespace())]))?;
    for object in held.values_mut() {
        let Some(fields) = object.as_object_mut() else { continue };
        fields.retain(|key, _| !["status", "apiVersion", "kind"].contains(&key.as_str()));
        if let Some(meta) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            meta.retain(|key, _| ["annotations", "labels", "name", "namespace"].contains(&key.as_str()));
            if let Some(notes) = meta.get_mut("annotations").and_then(Value::as_object_mut) {
                notes.retain(|key, _| {
                    !["deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"].contains(&key.as_str())
                });
                if notes.is_empty() {
                    meta.remove("annotations");
                }
            }
        }
    }
    Ok(held)
}

/// Holds the outcomes that are predicted against those that happened.
fn holds(impact: &Value, before: &Objects, after: &Objects) -> Result<(), String> {
    let mut predicted = Outcomes::new();
    let mut refused = BTreeSet::new();
    for object in list(&impact["objects"]) {
        let id = words(&object["object"]);
        match words(&object["outcome"]).as_str() {
            // A refused object is as it was, or absent.
            "refused" => _ = refused.insert(id),
            outcome => _ = predicted.entry(outcome.to_owned()).or_default().insert(id),
        }
    }
    let applied: BTreeSet<&String> = predicted.values().flatten().chain(&refused).collect();
    let mut happened = Outcomes::new();
    for (id, new) in after {
        let outcome = match before.get(id) {
            None => "created",
            Some(old) if old == new => "unchanged",
            Some(old) if meaning(id, old) == meaning(id, new) => "relabelled",
            Some(_) => "changed",
        };
        if outcome != "unchanged" || (applied.contains(id) && !refused.contains(id)) {
            happened.entry(outcome.to_owned()).or_default().insert(id.clone());
        }
    }
    if predicted == happened {
        return Ok(());
    }
    let of = |outcomes: &Outcomes| -> BTreeSet<String> {
        outcomes.iter().flat_map(|(outcome, ids)| ids.iter().map(move |id| format!("{outcome} {id}"))).collect()
    };
    let (predicted, happened) = (of(&predicted), of(&happened));
    let wrong = predicted.difference(&happened).map(|line| format!("predicted, and did not happen: {line}"));
    let unseen = happened.difference(&predicted).map(|line| format!("happened, and was not predicted: {line}"));
    Err(wrong.chain(unseen).collect::<Vec<_>>().join("\n"))
}

/// An object without its labels and the notes that no controller reads.
fn meaning(id: &str, object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(meta) = object["metadata"].as_object_mut() {
        meta.remove("labels");
        if let Some(notes) = meta.get_mut("annotations").and_then(Value::as_object_mut) {
            notes.retain(|key, _| !["platgen.io/", "kube-score/", "checkov.io/"].iter().any(|own| key.starts_with(own)));
        }
        if meta.get("annotations").and_then(Value::as_object).is_some_and(|notes| notes.is_empty()) {
            meta.remove("annotations");
        }
    }
    // An autoscaler sets the number of pods a moment later: the file says none.
    if id.starts_with("Deployment/") {
        object["spec"]["replicas"] = Value::Null;
    }
    object
}

/// Runs every printed command in its order. `manager` is the field manager that applied the files, where it is not kubectl's own.
fn undo(cluster: &TestCluster, impact: &Value, manager: Option<&str>) -> Result<(), String> {
    let mut labelled = None;
    for part in ["freeze", "find", "restore"] {
        for step in list(&impact["procedure"][part]) {
            for mut command in list(&step["commands"]).iter().map(words) {
                if let Some(manager) = manager.filter(|_| command.contains("--field-manager=MANAGER")) {
                    command = command.trim_start_matches("# ").replace("MANAGER", manager);
                }
                let command = command.replace(LABEL, &format!("{LABEL},{}", cluster.part_of()));
                let said = cluster.shell(".", &command)?;
                // A difference is what `find` looks for.
                let is_look = part == "find" && command.contains(" diff ");
                if said.code != 0 && !(is_look && said.code == 1) {
                    return Err(format!("{part}: {command}\nended with {}:\n{}{}", said.code, said.out, said.err));
                }
                if command.starts_with("git diff --stat") && !said.out.is_empty() {
                    return Err(format!("{part}: {command}\nshould print nothing:\n{}", said.out));
                }
                if part == "find" && !command.contains(" diff ") && said.out.is_empty() {
                    return Err(format!("{part}: {command}\nfinds nothing"));
                }
                if part == "find" && command.contains(" -l ") {
                    labelled = Some(command);
                }
            }
        }
    }
    keeps_evidence(cluster, impact)?;
    for step in list(&impact["procedure"]["verify"]) {
        let mut looks: Vec<String> = list(&step["commands"]).iter().map(words).collect();
        if words(&step["why"]).contains("the first command of FIND again") {
            looks.push(labelled.clone().ok_or("FIND has no command with a label")?);
        }
        looks.iter().try_for_each(|command| verify(cluster, command))?;
    }
    Ok(())
}

/// Looks whether the objects are in a file, with their times and authors.
fn keeps_evidence(cluster: &TestCluster, impact: &Value) -> Result<(), String> {
    let first = list(&impact["objects"])
        .iter()
        .find(|one| ["changed", "created"].iter().any(|outcome| one["outcome"] == *outcome) && one["kind"] != "Secret");
    let Some(first) = first else { return Ok(()) };
    let name = words(&first["object"]).rsplit('/').next().unwrap_or_default().to_owned();
    cluster
        .succeeds(
            ".",
            &format!(
                "grep -q 'name: {name}$' accident-objects-*.yaml && grep -q managedFields accident-objects-*.yaml && rm accident-*.yaml"
            ),
        )
        .map(drop)
}

/// Waits until a look says that everything is as it was: controllers may still write, such as the status of a rollout between the two reads of a `diff`.
fn verify(cluster: &TestCluster, command: &str) -> Result<(), String> {
    let mut last = String::new();
    let holds = wait(&format!("verify: {command}"), PATIENCE, || {
        let said = cluster.shell(".", command)?;
        last = format!("ended with {}:\n{}{}", said.code, said.out, said.err);
        Ok((said.code == 0 && said.out.is_empty()).then_some(()))
    });
    holds.map_err(|error| format!("{error}\n{last}"))
}

/// Waits until every object is what it was.
fn returns(cluster: &TestCluster, before: &Objects) -> Result<(), String> {
    let mut last = Vec::new();
    let done = wait("the cluster is what it was", PATIENCE, || {
        let now = snapshot(cluster)?;
        let ids: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        let differs = |id: &&&String| before.get(**id).map(restarted) != now.get(**id).map(restarted);
        last = ids
            .iter()
            .filter(differs)
            .map(|id| format!("{id}:\n  {}\n  {}", before.get(*id).unwrap_or(&Value::Null), now.get(*id).unwrap_or(&Value::Null)))
            .collect();
        Ok(last.is_empty().then_some(()))
    });
    done.map_err(|error| format!("{error}\n{}", last.join("\n")))
}

/// An object without the note of `rollout restart`, which the procedure leaves.
fn restarted(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(meta) = object.pointer_mut("/spec/template/metadata").and_then(Value::as_object_mut)
        && meta
            .get("annotations")
            .and_then(Value::as_object)
            .is_some_and(|notes| notes.keys().all(|key| key == "kubectl.kubernetes.io/restartedAt"))
    {
        meta.remove("annotations");
    }
    object
}
