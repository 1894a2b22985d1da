use super::*;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every file below a folder of the repository.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// `apiVersion` and `kind` of each object that a template prints or that a manifest of an example holds.
fn printed(folder: &str) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let mut version = None;
        for line in text.lines() {
            if let Some(found) = line.strip_prefix("apiVersion: ") {
                version = Some(found);
            } else if let (Some(kind), Some(version)) = (line.strip_prefix("kind: "), version) {
                all.insert((version.to_owned(), kind.to_owned()));
            }
        }
    }
    all
}

fn of_stage(stage: Stage) -> Vec<&'static str> {
    KINDS.iter().filter(|kind| kind.stage == stage).map(|kind| kind.name).collect()
}

#[test]
fn the_table_is_sorted_and_has_no_kind_twice() {
    let keys: Vec<(&str, &str)> = KINDS.iter().map(|kind| (kind.name, kind.group)).collect();
    let sorted: Vec<(&str, &str)> = keys.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    assert_eq!(keys, sorted);
}

#[test]
fn the_table_has_every_kind_of_the_templates_and_examples() {
    let (templates, examples) = (printed("templates"), printed("specs"));
    assert!(templates.len() > 20 && !examples.is_empty(), "{templates:?} {examples:?}");
    let unknown: Vec<_> = templates.union(&examples).filter(|(version, kind)| find(version, kind).is_none()).collect();
    // The kustomization file is read by kustomize and is never sent to an API server.
    assert_eq!(unknown, [&("kustomize.config.k8s.io/v1beta1".to_owned(), "Kustomization".to_owned())]);
}

#[test]
fn resources_of_the_cluster_are_those_of_its_kinds() {
    let plural = |kind: &Kind| crate::diagnostic::wording::plural(&kind.name.to_lowercase());
    for kind in KINDS {
        assert_eq!(is_of_the_cluster(kind.group, &plural(kind)), kind.scope == Scope::Cluster, "{kind:?}");
    }
    assert!(is_of_the_cluster("", "nodes/proxy") && !is_of_the_cluster("metrics.k8s.io", "pods"));
    let groups = |all: &[&str]| all.iter().map(|group| (*group).to_owned()).collect::<Vec<_>>();
    assert!(
        is_void_in_a_namespace(&groups(&["", "apps"]), "nodes") && is_void_in_a_namespace(&groups(&["cert-manager.io"]), "clusterissuers")
    );
    assert!(!is_void_in_a_namespace(&groups(&["", "example.com"]), "nodes") && !is_void_in_a_namespace(&groups(&["", "*"]), "nodes"));
    assert!(!is_void_in_a_namespace(&groups(&["", "apps"]), "pods"));
}

#[test]
fn a_kind_is_found_by_group_and_name() {
    assert_eq!(find("apps/v1", "Deployment").map(|kind| (kind.group, kind.name)), Some(("apps", "Deployment")));
    assert_eq!(find("v1", "Service").map(|kind| kind.group), Some(""));
    assert_eq!(find("serving.knative.dev/v1", "Service"), None);
    assert_eq!(scope("v1", "Namespace"), Scope::Cluster);
    assert_eq!((scope("example.com/v1", "Namespace"), stage("example.com/v1", "Namespace")), (Scope::Namespace, Stage::Unknown));
    let last = KINDS.iter().map(|kind| kind.stage).max();
    assert!(last < Some(Stage::Unknown), "{last:?}");
}

#[test]
fn what_others_need_is_applied_before() {
    assert_eq!(of_stage(Stage::Namespace), ["Namespace"]);
    assert_eq!(of_stage(Stage::Definition), ["CustomResourceDefinition"]);
    let early: Vec<&str> = KINDS.iter().filter(|kind| kind.stage <= Stage::Definition).map(|kind| kind.name).collect();
    assert_eq!(early, ["CustomResourceDefinition", "Namespace"]);
    let needed = [
        ("v1", "ConfigMap"),
        ("v1", "Secret"),
        ("external-secrets.io/v1", "ExternalSecret"),
        ("v1", "ServiceAccount"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("v1", "PersistentVolumeClaim"),
        ("v1", "Service"),
        ("scheduling.k8s.io/v1", "PriorityClass"),
    ];
    let dependent = [
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("policy/v1", "PodDisruptionBudget"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
        ("gateway.networking.k8s.io/v1", "GRPCRoute"),
    ];
    assert_eq!(needed.iter().filter(|(version, kind)| stage(version, kind) >= Stage::Workload).collect::<Vec<_>>(), [&("", ""); 0]);
    let after = |(version, kind): &&(&str, &str)| (Stage::Attachment..Stage::Unknown).contains(&stage(version, kind));
    assert_eq!(dependent.iter().filter(after).collect::<Vec<_>>(), dependent.iter().collect::<Vec<_>>());
    let elsewhere = KINDS.iter().filter(|kind| kind.pod_template.is_some() && kind.stage != Stage::Workload);
    assert_eq!(elsewhere.count(), 0);
}

#[test]
fn these_kinds_run_pods_and_these_are_scaled() {
    let pods: Vec<_> = KINDS.iter().filter_map(|kind| Some((kind.name, kind.pod_template?))).collect();
    let expected = [
        ("CronJob", "/spec/jobTemplate/spec/template"),
        ("DaemonSet", "/spec/template"),
        ("Deployment", "/spec/template"),
        ("Job", "/spec/template"),
        ("Pod", ""),
        ("ReplicaSet", "/spec/template"),
        ("StatefulSet", "/spec/template"),
    ];
    assert_eq!(pods, expected);
    let scaled: Vec<_> = KINDS.iter().filter_map(|kind| Some((kind.name, kind.replicas?))).collect();
    let expected = [
        ("Alertmanager", "/spec/replicas"),
        ("Cluster", "/spec/instances"),
        ("Deployment", "/spec/replicas"),
        ("KafkaNodePool", "/spec/replicas"),
        ("PerconaXtraDBCluster", "/spec/pxc/size"),
        ("Prometheus", "/spec/shards"),
        ("ReplicaSet", "/spec/replicas"),
        ("StatefulSet", "/spec/replicas"),
    ];
    assert_eq!(scaled, expected);
}

#[test]
fn a_config_map_is_fixed_once_it_says_so() {
    let map = find("v1", "ConfigMap").expect("a ConfigMap");
    assert_eq!(map.immutable_fields(&json!({"data": {}})).count(), 0);
    assert_eq!(map.immutable_fields(&json!({"immutable": false})).count(), 0);
    let fields: Vec<_> = map.immutable_fields(&json!({"immutable": true})).collect();
    assert_eq!(fields, ["/data", "/binaryData", "/immutable"]);
    let secret = find("v1", "Secret").expect("a Secret");
    assert_eq!(secret.immutable_fields(&json!({})).collect::<Vec<_>>(), ["/type"]);
    assert_eq!(secret.immutable_fields(&json!({"immutable": true})).collect::<Vec<_>>(), ["/type", "/data", "/immutable"]);
}

#[test]
fn every_pointer_is_a_pointer() {
    for kind in KINDS {
        let pointers = kind.immutable.iter().chain(kind.sealed).chain(&kind.replicas).chain(&kind.pod_template);
        let wrong: Vec<_> =
            pointers.filter(|pointer| !pointer.is_empty() && (!pointer.starts_with('/') || pointer.ends_with('/'))).collect();
        assert!(wrong.is_empty(), "{} {wrong:?}", kind.name);
    }
}

/// What deletes objects that left the files has the same list as what never deletes some of them.
#[test]
fn what_holds_data_is_known_to_the_script() {
    let script = include_str!("../../templates/output/removed.sh");
    let names: Vec<String> =
        HOLDERS.iter().map(|(group, kind)| if group.is_empty() { (*kind).to_owned() } else { format!("{kind}.{group}") }).collect();
    assert!(script.contains(&format!("    {})\n", names.join(" | "))), "{names:?}");
    assert!(holds("v1", "Namespace") && holds("kafka.strimzi.io/v1", "KafkaNodePool") && holds("postgresql.cnpg.io/v1", "Cluster"));
    assert!(!holds("apps/v1", "Namespace") && !holds("apps/v1", "Deployment") && !holds("other.example/v1", "Cluster"));
}
