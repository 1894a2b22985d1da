//! Stores that operators run: these make the pods, and refuse some changes.

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

/// A store whose files ask for smaller volumes than it has takes no other change.
#[test]
fn volumes_that_grew_stay_and_the_files_say_so_first() {
    let found = between(&cluster(18, "9Gi", "a"), &cluster(18, "5Gi", "a"));
    let restore = way_back(&found).restore;
    let stop = "STOP: the volumes of Cluster/shop/orders grow from 5Gi to 9Gi, and can't shrink. Write the version and the size that run into the files, ";
    assert!(restore.iter().any(|step| step.why.starts_with(stop)), "{restore:?}");
    assert!(lines(&restore).iter().all(|line| line.starts_with("# ") || !line.contains(" apply ")), "{restore:?}");
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

fn queues(image: &str, servers: u32) -> String {
    format!(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: shop}}}}\n---\n{{apiVersion: rabbitmq.com/v1beta1, kind: RabbitmqCluster, metadata: {{name: events, namespace: shop}}, spec: {{image: 'rabbitmq:{image}', replicas: {servers}, persistence: {{storage: 5Gi}}}}}}\n"
    )
}

#[test]
fn queues_restart_wait_and_refuse() {
    let found = between(&queues("4.2.10", 3), &queues("4.2.9", 3));
    let restarted: Vec<(&str, bool)> = found.workloads.iter().map(|one| (one.object.as_str(), one.restarts)).collect();
    assert_eq!(restarted, [("RabbitmqCluster/shop/events", true)]);
    let said = lines(&way_back(&found).restore);
    let wait = "kubectl --context c -n shop wait --for=condition=AllReplicasReady --timeout=600s rabbitmqcluster.rabbitmq.com/events";
    assert!(said.iter().any(|line| line == wait), "{said:?}");
    // The API server takes what the operator then does not do.
    let reason = |applied: &str, onto: &str| between(applied, onto).objects[1].reason.clone().unwrap_or_default();
    assert_eq!(reason(&queues("4.3.6", 1), &queues("4.3.6", 3)), "");
    assert!(text(&between(&queues("4.3.6", 1), &queues("4.3.6", 3))).contains("makes no change until 3 are asked for again"));
    assert!(text(&between(&queues("4.2.9", 3), &queues("4.3.6", 3))).contains("RabbitMQ 4.2 does not start on the data of 4.3"));
    let upgraded = lines(&way_back(&between(&queues("4.3.6", 3), &queues("4.2.9", 3))).restore);
    assert!(upgraded.iter().all(|line| line.starts_with("# ") || !line.contains(" apply ")), "{upgraded:?}");
}

/// The operator makes the Service with the store's own name.
#[test]
fn callers_of_queues_are_found_by_the_name_of_the_store() {
    let caller = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: report, namespace: shop}\nspec: {selector: {matchLabels: {app: report}}, template: {metadata: {labels: {app: report}}, spec: {containers: [{name: main, image: 'x:1', env: [{name: QUEUE, value: 'amqp://events:5672'}]}]}}}\n";
    let found = between(&queues("4.3.6", 3), &(queues("4.2.9", 3) + caller));
    let dependants: Vec<(&str, &str)> = found.dependants.iter().map(|one| (one.workload.as_str(), one.caller.as_str())).collect();
    assert_eq!(dependants, [("RabbitmqCluster/shop/events", "Deployment/shop/report")]);
}

fn topics(version: &str, memory: &str, callers: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: shop}}}}\n---\n{{apiVersion: kafka.strimzi.io/v1, kind: Kafka, metadata: {{name: events, namespace: shop}}, spec: {{kafka: {{version: {version}, listeners: [{{name: plain, port: 9092, networkPolicyPeers: [{callers}]}}]}}}}}}\n---\n{{apiVersion: kafka.strimzi.io/v1, kind: KafkaNodePool, metadata: {{name: events, namespace: shop, labels: {{strimzi.io/cluster: events}}}}, spec: {{replicas: 3, resources: {{limits: {{memory: {memory}}}}}}}}}\n"
    )
}

/// The pods are those of the Kafka, and its pool says how large they are.
#[test]
fn topics_restart_with_their_pool() {
    let restarted = |applied: &str, onto: &str| -> Vec<String> {
        between(applied, onto).workloads.iter().filter(|one| one.restarts).map(|one| one.object.clone()).collect()
    };
    let old = topics("4.2.1", "2Gi", "");
    assert_eq!(restarted(&topics("4.3.1", "2Gi", ""), &old), ["Kafka/shop/events"]);
    assert_eq!(restarted(&topics("4.2.1", "4Gi", ""), &old), ["Kafka/shop/events"]);
    assert_eq!(restarted(&topics("4.2.1", "2Gi", "{podSelector: {}}"), &old), Vec::<String>::new());
    let said = text(&between(&old, &topics("4.3.1", "2Gi", "")));
    assert!(said.contains("Kafka 4.2 does not start on the data of 4.3"), "{said}");
}

fn collections(image: &str, settings: &str, size: u32, database: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: shop}}}}\n---\n{{apiVersion: psmdb.percona.com/v1, kind: PerconaServerMongoDB, metadata: {{name: orders, namespace: shop}}, spec: {{image: \"percona:{image}\", replsets: [{{name: rs0, size: {size}, configuration: \"{settings}\"}}], users: [{{name: app, db: {database}}}]}}}}\n"
    )
}

/// Servers restart for what they read at their start, and neither for users nor for more servers.
#[test]
fn collections_restart_for_their_settings() {
    let restarted = |applied: &str, onto: &str| -> Vec<String> {
        between(applied, onto).workloads.iter().filter(|one| one.restarts).map(|one| one.object.clone()).collect()
    };
    let old = collections("8.0.19", "a", 3, "shop");
    assert_eq!(restarted(&collections("8.0.20", "a", 3, "shop"), &old), ["PerconaServerMongoDB/shop/orders"]);
    assert_eq!(restarted(&collections("8.0.19", "b", 3, "shop"), &old), ["PerconaServerMongoDB/shop/orders"]);
    let other = collections("8.0.19", "a", 5, "bills");
    assert_eq!(restarted(&other, &old), Vec::<String>::new());
    let said = text(&between(&other, &old));
    assert!(said.contains("makes the database bills beside shop, empty; the user shop.app stays in the database"), "{said}");
}

fn transactions(image: &str, (settings, proxies): (&str, &str), users: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: shop}}}}\n---\n{{apiVersion: pxc.percona.com/v1, kind: PerconaXtraDBCluster, metadata: {{name: orders, namespace: shop}}, spec: {{pxc: {{size: 3, image: \"percona:{image}\", configuration: \"{settings}\"}}, haproxy: {{enabled: true, size: {proxies}}}, users: [{users}]}}}}\n"
    )
}

/// Servers restart for what they read at their start, and neither for users nor for the number of proxies.
#[test]
fn transactions_restart_for_their_settings() {
    let restarted = |applied: &str, onto: &str| -> Vec<String> {
        between(applied, onto).workloads.iter().filter(|one| one.restarts).map(|one| one.object.clone()).collect()
    };
    let both = "{name: app, dbs: [shop]}, {name: reports}";
    let old = transactions("8.4.7", ("a", "3"), both);
    assert_eq!(restarted(&transactions("8.4.8", ("a", "3"), both), &old), ["PerconaXtraDBCluster/shop/orders"]);
    assert_eq!(restarted(&transactions("8.4.7", ("b", "3"), both), &old), ["PerconaXtraDBCluster/shop/orders"]);
    let fewer = transactions("8.4.7", ("a", "2"), "{name: app, dbs: [bills]}");
    assert_eq!(restarted(&fewer, &old), Vec::<String>::new());
    let said = text(&between(&fewer, &old));
    assert!(said.contains("makes the database bills beside shop, empty; the user reports stays in the database"), "{said}");
}
