//! Clusters of CloudNativePG: their operator makes the pods, and refuses some changes.

use super::*;

fn cluster(version: u32, size: &str, repository: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: shop}}}}\n---\n{{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {{name: orders, namespace: shop}}, spec: {{instances: 3, imageName: '{repository}/postgresql:{version}', storage: {{size: {size}}}}}}}\n"
    )
}

const CALLER: &str = r#"
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: orders, namespace: shop}
spec:
  podSelector: {matchLabels: {cnpg.io/cluster: orders}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: report}}}], ports: [{port: 5432}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: report, namespace: shop}
spec: {selector: {matchLabels: {app: report}}, template: {metadata: {labels: {app: report}}, spec: {containers: [{name: main, image: "x:1"}]}}}
"#;

#[test]
fn another_image_restarts_the_servers() {
    let found = between(&cluster(18, "5Gi", "b"), &(cluster(18, "5Gi", "a") + CALLER));
    let [workload] = &found.workloads[..] else { panic!("{:?}", found.workloads) };
    assert_eq!((workload.object.as_str(), workload.restarts, workload.pods_after.as_deref()), ("Cluster/shop/orders", true, Some("3")));
    let dependants: Vec<(&str, &str)> = found.dependants.iter().map(|one| (one.workload.as_str(), one.caller.as_str())).collect();
    assert_eq!(dependants, [("Cluster/shop/orders", "Deployment/shop/report")]);
    let said = lines(&way_back(&found).restore);
    let wait = "kubectl --context c -n shop wait --for=condition=Ready --timeout=600s cluster.postgresql.cnpg.io/orders";
    assert!(said.iter().any(|line| line == wait), "{said:?}");
}

#[test]
fn a_new_cluster_is_one_workload_and_is_not_deleted_blindly() {
    let found = between(&cluster(18, "5Gi", "a"), "");
    let created: Vec<(&str, bool)> = found.workloads.iter().map(|one| (one.object.as_str(), one.created)).collect();
    assert_eq!(created, [("Cluster/shop/orders", true)]);
    let restore = lines(&way_back(&found).restore);
    let delete = "kubectl --context c -n shop delete cluster.postgresql.cnpg.io/orders";
    assert!(restore.contains(&format!("# {delete}")) && !restore.iter().any(|line| line == delete), "{restore:?}");
}

#[test]
fn after_an_upgrade_the_files_are_not_applied() {
    let found = between(&cluster(18, "5Gi", "a"), &cluster(17, "5Gi", "a"));
    let said = text(&found);
    assert!(said.contains("goes from PostgreSQL 17 to 18"), "{said}");
    let restore = lines(&way_back(&found).restore);
    assert!(restore.iter().filter(|line| line.contains(" apply ")).all(|line| line.starts_with("# ")), "{restore:?}");
    assert!(restore.iter().any(|line| line.contains(" apply ")), "{restore:?}");
}

#[test]
fn what_the_operator_refuses_is_refused() {
    let reason = |applied: &str, onto: &str| between(applied, onto).objects[1].reason.clone().unwrap_or_default();
    assert_eq!(reason(&cluster(17, "5Gi", "a"), &cluster(18, "5Gi", "a")), "its operator refuses to go from PostgreSQL 18 back to 17");
    assert_eq!(reason(&cluster(18, "1Gi", "a"), &cluster(18, "5Gi", "a")), "its operator refuses to shrink `spec.storage.size`");
    assert_eq!(reason(&cluster(18, "9Gi", "a"), &cluster(18, "5Gi", "a")), "");
}

#[test]
fn users_that_left_stay() {
    let with =
        |role: &str| cluster(18, "5Gi", "a").replace("instances: 3", &format!("instances: 3, managed: {{roles: [{{name: {role}}}]}}"));
    let said = text(&between(&with("app"), &with("beta")));
    assert!(said.contains("the user beta stays in the database"), "{said}");
}
