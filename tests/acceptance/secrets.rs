//! `secrets` through the program: the specs of the repository, manifests, and words that mean nothing.

use super::program::{Project, copy, specs};
use serde_json::Value;

fn of(spec: &str) -> Project {
    let project = Project::new().incomplete();
    copy(&specs()[spec], &project.folder, false);
    project
}

fn report(project: &Project, words: &[&str]) -> Vec<Value> {
    let ran = project.run(&[&["secrets", "--format", "json"], words].concat()).exits(0);
    let value: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}", ran.out));
    value["secrets"].as_array().cloned().unwrap_or_default()
}

/// A line for each reader: path, key, reader, container, name, effect.
fn uses(secrets: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for secret in secrets["secrets"].as_array().into_iter().flatten() {
        let start = format!("{}#{}", secret["path"].as_str().unwrap_or_default(), secret["key"].as_str().unwrap_or_default());
        let readers = secret["uses"].as_array().into_iter().flatten();
        let word = |one: &Value, key: &str| one[key].as_str().unwrap_or("-").to_owned();
        let told: Vec<String> = readers
            .map(|one| {
                [&start, &word(one, "object"), &word(one, "container"), &word(one, "name"), &word(one, "effect")]
                    .map(String::as_str)
                    .join(" ")
            })
            .collect();
        lines.extend(if told.is_empty() { vec![format!("{start} nobody")] } else { told });
    }
    lines
}

pub(crate) fn readers_of_a_real_platform() {
    let sample = of("sample");
    let production = report(&sample, &["--env", "production", "--region", "eu-west-1"]);
    assert_eq!(
        uses(&production[0]),
        [
            "production/monitoring/grafana#password Deployment/monitoring/kube-prometheus-stack-grafana grafana GF_SECURITY_ADMIN_PASSWORD next-start",
            "production/monitoring/heartbeat#eu-west-1 AlertmanagerConfig/monitoring/heartbeat - spec.receivers[0].webhookConfigs[0].urlSecret controller",
            "production/payments/cards#key Deployment/payments/payment payment CARD_KEY restart",
            "production/payments/pagerduty#key AlertmanagerConfig/monitoring/alerts-payments - spec.receivers[1].pagerdutyConfigs[0].routingKey controller",
            "production/payments/slack#url AlertmanagerConfig/monitoring/alerts-payments - spec.receivers[2].slackConfigs[0].apiURL controller",
            "production/shop/orders/app#password Cluster/shop/orders - spec.bootstrap.initdb.secret controller",
            "production/shop/orders/app#password Cluster/shop/orders - spec.managed.roles[0].passwordSecret controller",
            "production/shop/orders/app#password CronJob/shop/report report DSN next-run",
            "production/shop/pagerduty#key AlertmanagerConfig/monitoring/alerts-shop - spec.receivers[1].pagerdutyConfigs[0].routingKey controller",
            "production/shop/slack#url AlertmanagerConfig/monitoring/alerts-shop - spec.receivers[2].slackConfigs[0].apiURL controller",
            "production/sre/pagerduty#key AlertmanagerConfig/monitoring/alerts - spec.receivers[1].pagerdutyConfigs[0].routingKey controller",
            "production/sre/pagerduty#key AlertmanagerConfig/monitoring/heartbeat - spec.receivers[1].pagerdutyConfigs[0].routingKey controller",
            "production/sre/slack#url AlertmanagerConfig/monitoring/alerts - spec.receivers[2].slackConfigs[0].apiURL controller",
            "production/sre/slack#url AlertmanagerConfig/monitoring/heartbeat - spec.receivers[2].slackConfigs[0].apiURL controller",
        ]
    );
    let copies: Vec<&Value> = production[0]["copies"].as_array().into_iter().flatten().collect();
    assert_eq!(copies.len(), 8, "{copies:?}");
    let orders = copies.iter().find(|copy| copy["object"] == "Secret/shop/orders.app").expect("the copy of the database");
    assert_eq!(orders["interval"], "1h");
    assert_eq!(orders["account"], "shop/platgen");
    assert_eq!(orders["role"], "arn:aws:iam::333333333333:role/boutique-production-eu-west-1-secrets-shop");
    assert_eq!(orders["read_by"], serde_json::json!([]));
    assert_eq!(production[0]["administrator"]["groups"], serde_json::json!(["sre"]));
    // Other environments have other paths, and the other region another manager.
    let all = report(&sample, &[]);
    assert_eq!(all.len(), 4);
    for one in &all {
        let start = format!("{}/", one["environment"].as_str().unwrap_or_default());
        assert!(!uses(one).is_empty() && uses(one).iter().all(|line| line.starts_with(&start)), "{:?}", uses(one));
        let region = one["region"].as_str().unwrap_or_default();
        assert!(one["manager"].as_str().unwrap_or_default().starts_with(&format!("In AWS Secrets Manager of {region}, ")), "{one}");
    }
    let text = sample.run(&["secrets", "--env", "production", "--region", "eu-west-1"]).exits(0).out;
    for line in [
        "production/eu-west-1: secrets\n",
        "  production/shop/orders/app       password   CronJob/shop/report report                                   DSN                                               next run\n",
        "  restart: Reloader restarts the pods, where it runs; without Reloader, when they start next\n",
        "  Secret/shop/orders.app                      1h             shop/platgen (boutique-production-eu-west-1-secrets-shop)              nobody else\n",
        "  all of them: sre, with the role boutique-production-eu-west-1-administrator of AWS, which does everything in the cluster\n",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    let markdown = sample.run(&["secrets", "--env", "production", "--format", "markdown"]).exits(0).out;
    assert!(markdown.starts_with("# production/eu-west-1: secrets\n") && markdown.contains("\n|---|---|---|---|---|\n"), "{markdown}");
    let minimal = of("minimal").run(&["secrets", "--env", "beta", "--region", "eu-west-1"]).exits(0).out;
    assert_eq!(minimal, "beta/eu-west-1: secrets\n\nNothing reads a secret.\n");
}

pub(crate) fn every_way_to_read_is_known() {
    let features = of("features");
    let production = report(&features, &["--env", "production"]);
    let mut uses = uses(&production[0]);
    let pulls = uses.iter().filter(|line| line.ends_with(" imagePullSecrets next-pull")).count();
    assert!(pulls > 10, "{uses:#?}");
    uses.retain(|line| !line.ends_with(" imagePullSecrets next-pull"));
    assert_eq!(
        uses,
        [
            "production/studio/bookings/app#password Deployment/studio/callbacks callbacks BOOKINGS restart",
            "production/studio/bookings/app#password PerconaXtraDBCluster/studio/bookings - spec.users[0].passwordSecretRef controller",
            "production/studio/bookings/reports#password PerconaXtraDBCluster/studio/bookings - spec.users[1].passwordSecretRef controller",
            "production/studio/bookings/system#monitor PerconaXtraDBCluster/studio/bookings - spec.secretsName controller",
            "production/studio/bookings/system#operator PerconaXtraDBCluster/studio/bookings - spec.secretsName controller",
            "production/studio/bookings/system#proxyadmin PerconaXtraDBCluster/studio/bookings - spec.secretsName controller",
            "production/studio/bookings/system#replication PerconaXtraDBCluster/studio/bookings - spec.secretsName controller",
            "production/studio/bookings/system#root PerconaXtraDBCluster/studio/bookings - spec.secretsName controller",
            "production/studio/bookings/system#xtrabackup PerconaXtraDBCluster/studio/bookings - spec.secretsName controller",
            "production/studio/events/app#password Deployment/studio/callbacks callbacks QUEUE restart",
            "production/studio/events/app#password RabbitmqCluster/studio/events - spec.secretBackend.externalSecret controller",
            "production/studio/journal/app#password Deployment/studio/callbacks callbacks JOURNAL_PASSWORD restart",
            "production/studio/journal/app#password KafkaUser/studio/app - spec.authentication.password.valueFrom.secretKeyRef controller",
            "production/studio/journal/audit#password KafkaUser/studio/audit - spec.authentication.password.valueFrom.secretKeyRef controller",
            "production/studio/mailer# Deployment/studio/mailer mailer all keys, as variables restart",
            "production/studio/orders#password Deployment/studio/callbacks callbacks DSN restart",
            "production/studio/signer#key Deployment/studio/signer signer /etc/signer/key.pem next-start",
            "production/studio/sketches/app#password Deployment/studio/callbacks callbacks SKETCHES restart",
            "production/studio/sketches/app#password PerconaServerMongoDB/studio/sketches - spec.users[0].passwordSecretRef controller",
            "production/studio/sketches/reports#password PerconaServerMongoDB/studio/sketches - spec.users[1].passwordSecretRef controller",
            "production/studio/sketches/system#backup PerconaServerMongoDB/studio/sketches - spec.secrets.users controller",
            "production/studio/sketches/system#clusterAdmin PerconaServerMongoDB/studio/sketches - spec.secrets.users controller",
            "production/studio/sketches/system#clusterMonitor PerconaServerMongoDB/studio/sketches - spec.secrets.users controller",
            "production/studio/sketches/system#databaseAdmin PerconaServerMongoDB/studio/sketches - spec.secrets.users controller",
            "production/studio/sketches/system#userAdmin PerconaServerMongoDB/studio/sketches - spec.secrets.users controller",
            "production/studio/visits/app#password Deployment/studio/callbacks callbacks VISITS restart",
            "production/studio/visits/app#password StatefulSet/studio/visits visits /platgen/users/app restart",
            "production/studio/visits/system#replication StatefulSet/studio/visits sentinel /platgen/system restart",
            "production/studio/visits/system#replication StatefulSet/studio/visits visits /platgen/system restart",
        ]
    );
    // One line for the pods of a namespace.
    let text = features.run(&["secrets", "--env", "production"]).exits(0).out;
    assert_eq!(text.matches("pods in studio ").count(), 1, "{text}");
}

/// What is printed counts, whatever the spec says elsewhere: a secret that nobody reads, a file that changes while its reader runs, a group that reads copies.
pub(crate) fn manifests_count() {
    let project = Project::init();
    let spec = project.read("platform.yaml");
    project.write("platform.yaml", &format!("{spec}manifests:\n  more: {{from: files/more.yaml, reason: a part of another company}}\n"));
    project.write("files/more.yaml", MORE);
    let production = report(&project, &["--env", "production"]);
    assert_eq!(
        uses(&production[0]),
        [
            "other/idle#a nobody",
            "other/live#b ReplicaSet/hello/reader reader /keys/both file",
            "other/live#b ReplicaSet/hello/reader reader /keys/one file",
            "other/live#c ReplicaSet/hello/reader reader /keys/both file"
        ]
    );
    let copies = serde_json::json!([
        {"object": "Secret/hello/idle", "interval": "1h", "account": null, "role": null, "read_by": ["group helpers", "account hello/robot"]},
        {"object": "Secret/hello/live", "interval": "5m", "account": null, "role": null, "read_by": ["group helpers"]},
    ]);
    assert_eq!(production[0]["copies"], copies);
    let text = project.run(&["secrets", "--env", "production"]).exits(0).out;
    for line in
        ["  other/idle  a    NOBODY\n", "  Secret/hello/idle  1h             its store             group helpers and account hello/robot\n"]
    {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    // The rules of `edit` are in no file, and let their holders read Secrets.
    project.write("files/more.yaml", &MORE.replace("name: cluster-admin", "name: edit"));
    let text = project.run(&["secrets", "--env", "production"]).exits(1).out;
    for line in ["NOT COMPLETE: ", "  ClusterRoleBinding/helpers gives ClusterRole/edit to group helpers\n", "account hello/robot\n"] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
}

const MORE: &str = r#"apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: idle, namespace: hello}
spec:
  secretStoreRef: {kind: ClusterSecretStore, name: company}
  data: [{secretKey: a, remoteRef: {key: other/idle, property: a}}]
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: fetch-live, namespace: hello}
spec:
  refreshInterval: 5m
  secretStoreRef: {kind: ClusterSecretStore, name: company}
  target: {name: live, template: {data: {one: "{{ .b }}", both: "{{ .b }}:{{ .c }}"}}}
  data: [{secretKey: b, remoteRef: {key: other/live, property: b}}, {secretKey: c, remoteRef: {key: other/live, property: c}}]
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: reader, namespace: hello}
spec:
  selector: {matchLabels: {app: reader}}
  template:
    metadata: {labels: {app: reader}}
    spec:
      containers: [{name: reader, image: "registry.example/reader:v1", volumeMounts: [{name: keys, mountPath: /keys}]}]
      volumes: [{name: keys, secret: {secretName: live}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reads-idle, namespace: hello}
rules: [{apiGroups: [""], resources: [secrets], resourceNames: [idle], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reads-idle, namespace: hello}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reads-idle}
subjects: [{kind: ServiceAccount, name: robot, namespace: hello}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: helpers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: helpers}]
"#;

pub(crate) fn words_that_mean_nothing() {
    let project = of("boutique");
    let fails = |words: &[&str], code: i32, said: &str| {
        let ran = project.run(&[&["secrets"], words].concat()).exits(code);
        assert!(ran.err.contains(said) && ran.out.is_empty(), "{said} is not in:\n{}{}", ran.err, ran.out);
    };
    fails(&["--env", "prodction"], 1, "there is no environment `prodction`");
    fails(&["--region", "eu-west-2"], 1, "there is no region `eu-west-2`");
    fails(&["--format", "sarif"], 64, "this command prints data, not findings");
    fails(&["--format", "svg"], 64, "this command draws no picture");
}
