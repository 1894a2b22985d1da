//! `diff` through the program: prepared changes of one spec with everything that each changes, files of revisions and folders, and words that mean nothing.

use super::changes::MORE;
use super::program::Project;
use crate::support::program;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

const SPEC: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {beta: "111111111111", production: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}, eu-central-1: {zones: 3}}
environments:
  beta: {regions: [eu-west-1]}
  production: {regions: [eu-west-1, eu-central-1], protected: true}
network:
  subnets:
    general: {default: true}
    data: {}
cluster:
  pools:
    general: {subnet: general, machine: m7i.xlarge, nodes: 3..9}
    data: {subnet: data, machine: r7i.large, nodes: 3..6}
access:
  groups:
    sre: {id: platform-admin, role: admin}
    developers: {id: developer, role: developer, namespaces: [shop]}
    auditors: {id: auditor, role: viewer}
addons: {aws-load-balancer-controller: {mode: existing}, cert-manager: {mode: existing}, cloudnative-pg: {mode: existing}, cluster-autoscaler: {mode: existing}, envoy-gateway: {mode: existing}, external-dns: {mode: existing}, external-secrets: {mode: existing}, metrics-server: {mode: existing}, plugin-barman-cloud: {mode: existing}, reloader: {mode: existing}}
teams: {sre: {group: sre}}
namespaces:
  shop: {owner: sre, quota: {cpu: "40"}}
  back: {owner: sre}
external:
  mail: {url: "https://mail.example"}
apps:
  web:
    namespace: shop
    image: registry.example/web:v1
    port: 8080
    expose: "@"
    probes: {ready: /r}
    config: {LOG_LEVEL: info, API: "http://${app/api.address}"}
    secrets: {TOKEN: "shop/web#token"}
  api:
    namespace: back
    image: registry.example/api:v1
    port: 9090
    scale: {replicas: 3}
    probes: {ready: /r}
    config: {DSN: "redis://${store/cache.address}"}
  night:
    namespace: back
    image: registry.example/night:v1
    schedule: "0 3 * * *"
stores:
  cache: {namespace: back, engine: redis, version: "8.2", storage: 10Gi, backup: {none: the cache fills itself}, independent: true}
"#;

/// What is replaced in the spec, by what, and everything that it changes in beta.
const CHANGES: &[(&str, &str, &[&str])] = &[
    ("image: registry.example/web:v1", "image: registry.example/web:v2", &["Deployment/shop/web: restarts", "changed Deployment/shop/web"]),
    (
        "LOG_LEVEL: info",
        "LOG_LEVEL: debug",
        &[
            "Deployment/shop/web: restarts",
            "value LOG_LEVEL: info -> debug (text)",
            "created ConfigMap/shop/web-config-ed5858b34e",
            "changed Deployment/shop/web",
        ],
    ),
    (
        "config: {LOG_LEVEL: info, ",
        "config: {",
        &[
            "Deployment/shop/web: restarts",
            "value LOG_LEVEL: info ->  (text)",
            "created ConfigMap/shop/web-config-09e9b260cc",
            "changed Deployment/shop/web",
        ],
    ),
    (
        "LOG_LEVEL: info,",
        "LOG_LEVEL: info, THEME: dark,",
        &[
            "Deployment/shop/web: restarts",
            "value THEME:  -> dark (text)",
            "created ConfigMap/shop/web-config-cbce3a921b",
            "changed Deployment/shop/web",
        ],
    ),
    (
        r#""shop/web#token""#,
        r#""shop/web#other""#,
        &[
            "Deployment/shop/web: restarts",
            "value TOKEN: beta/shop/web#token -> beta/shop/web#other (credential)",
            "created ExternalSecret/shop/web-secrets-f53d4a358a",
            "changed Deployment/shop/web",
            "left ExternalSecret/shop/web-secrets-55ec48a692",
            "step not-in-place: `ExternalSecret/shop/web-secrets-55ec48a692` left the files: the end of the apply deletes it",
        ],
    ),
    (
        r#"    secrets: {TOKEN: "shop/web#token"}
"#,
        "",
        &[
            "Deployment/shop/web: restarts",
            "value TOKEN: beta/shop/web#token ->  (credential)",
            "changed Deployment/shop/web",
            "left ServiceAccount/shop/platgen",
            "left SecretStore/shop/platgen",
            "left ExternalSecret/shop/web-secrets-55ec48a692",
            "eu-west-1/cluster stays local.secret_readers shop",
            "step not-in-place: `ServiceAccount/shop/platgen` and 1 more object left the files: the end of the apply deletes them",
            "step not-in-place: `ExternalSecret/shop/web-secrets-55ec48a692` left the files: the end of the apply deletes it",
        ],
    ),
    ("scale: {replicas: 3}", "scale: {replicas: 5}", &["Deployment/back/api:  pods 3 -> 5", "changed Deployment/back/api"]),
    (
        "scale: {replicas: 3}",
        "scale: {replicas: 3..9, cpu: 70%}",
        &[
            "Deployment/back/api:  pods 3 -> 3..9",
            "changed Deployment/back/api",
            "created HorizontalPodAutoscaler/back/api",
            "step not-in-place: an autoscaler takes over `replicas` of `Deployment/back/api`: `kubectl apply --server-side` alone would drop from 3 pods to 1",
        ],
    ),
    (
        r#"expose: "@""#,
        "expose: www",
        &[
            "created HTTPRoute/shop/web.www.beta.shop.example",
            "left HTTPRoute/shop/web.beta.shop.example",
            "host www.beta.shop.example is new",
            "host beta.shop.example is gone",
            "step not-in-place: `HTTPRoute/shop/web.beta.shop.example` left the files: the end of the apply deletes it",
        ],
    ),
    (
        r#"    expose: "@"
"#,
        "",
        &[
            "Deployment/back/api: restarts",
            "Deployment/shop/web: restarts",
            "changed Deployment/back/api",
            "changed NetworkPolicy/shop/web",
            "changed Deployment/shop/web",
            "left EnvoyProxy/envoy-gateway-system/public",
            "left Gateway/envoy-gateway-system/public",
            "left HTTPRoute/envoy-gateway-system/public-redirect",
            "left HTTPRoute/shop/web.beta.shop.example",
            "closes gateway to Deployment/shop/web: TCP 8080",
            "host beta.shop.example is gone",
            "eu-west-1/cluster leaves local.domains",
            "eu-west-1/cluster stays local.identities cert-manager external-dns load-balancer-controller",
            "eu-west-1/cluster leaves local.own_load_balancers",
            "eu-west-1/cluster stays local.statements load-balancer-controller external-dns cert-manager",
            "eu-west-1/network stays aws_vpc_block_public_access_exclusion.this internet_gateway_exclusion_mode",
            "eu-west-1/network stays local.subnets lb-public/eu-west-1a.tags[kubernetes.io/role/elb] lb-public/eu-west-1b.tags[kubernetes.io/role/elb] lb-public/eu-west-1c.tags[kubernetes.io/role/elb]",
            "global leaves aws_cloudwatch_log_group.queries",
            "global leaves aws_cloudwatch_log_resource_policy.queries",
            "global stays aws_kms_key.this policy",
            "global leaves aws_route53_query_log.this",
            "global leaves aws_route53_zone.this",
            "global leaves local.domain",
            "global leaves local.queries_arn",
            "global leaves local.queries_group",
            "global leaves output.delegation",
            "global leaves output.name_servers",
            "global leaves output.zone_id",
            "step not-in-place: `EnvoyProxy/envoy-gateway-system/public` and 1 more object left the files: the end of the apply deletes them",
            "step not-in-place: `HTTPRoute/envoy-gateway-system/public-redirect` left the files: the end of the apply deletes it",
            "step not-in-place: `HTTPRoute/shop/web.beta.shop.example` left the files: the end of the apply deletes it",
        ],
    ),
    (
        r#", API: "http://${app/api.address}""#,
        "",
        &[
            "Deployment/back/api: restarts",
            "Deployment/shop/web: restarts",
            "value API: http://api.back:9090 ->  (address)",
            "changed NetworkPolicy/back/api",
            "changed Deployment/back/api",
            "changed NetworkPolicy/shop/web",
            "created ConfigMap/shop/web-config-ebbd43dedb",
            "changed Deployment/shop/web",
            "closes Deployment/shop/web to Deployment/back/api: TCP 9090",
        ],
    ),
    (r#"    schedule: "0 3 * * *""#, r#"    schedule: "0 4 * * *""#, &["changed CronJob/back/night"]),
    (
        r#"    schedule: "0 3 * * *""#,
        r#"    schedule: "0 3 * * *"
    needs: [external/mail]"#,
        &[
            "changed NetworkPolicy/back/night",
            "opens CronJob/back/night to internet: TCP 443",
            "eu-west-1/network stays local.exits general/internet/tcp-443.description",
        ],
    ),
    (
        "port: 9090",
        "port: 9091",
        &[
            "Deployment/back/api: restarts",
            "Deployment/shop/web: restarts",
            "value API: http://api.back:9090 -> http://api.back:9091 (address)",
            "changed NetworkPolicy/back/api",
            "changed Service/back/api",
            "changed Deployment/back/api",
            "changed NetworkPolicy/shop/web",
            "created ConfigMap/shop/web-config-22a2b913df",
            "changed Deployment/shop/web",
            "opens Deployment/shop/web to Deployment/back/api: TCP 9091",
            "closes Deployment/shop/web to Deployment/back/api: TCP 9090",
        ],
    ),
    (
        "storage: 10Gi",
        "storage: 20Gi",
        &[
            "refused StatefulSet/back/cache",
            "step not-in-place: the volume claims of `StatefulSet/back/cache` can't change in place: the API server refuses the new object",
        ],
    ),
    (
        "storage: 10Gi",
        "storage: 5Gi",
        &[
            "refused StatefulSet/back/cache",
            "step loses-data: `StatefulSet/back/cache` loses its data: `data` shrinks or is gone, and no volume can shrink",
        ],
    ),
    (r#"version: "8.2""#, r#"version: "8.4""#, &["StatefulSet/back/cache: restarts", "changed StatefulSet/back/cache"]),
    (
        "role: developer, namespaces: [shop]",
        "role: developer, namespaces: [shop, back]",
        &["created RoleBinding/back/developers-developer", "rights of developers back: none -> change, +24 -0"],
    ),
    (
        "role: developer, namespaces: [shop]",
        "role: viewer, namespaces: [shop]",
        &[
            "created RoleBinding/shop/developers-viewer",
            "left ClusterRole/shop-developer",
            "left RoleBinding/shop/developers-developer",
            "rights of developers shop: change -> read, +0 -3",
            "step not-in-place: `ClusterRole/shop-developer` left the files: the end of the apply deletes it",
            "step not-in-place: `RoleBinding/shop/developers-developer` left the files: the end of the apply deletes it",
        ],
    ),
    (
        "    auditors: {id: auditor, role: viewer}\n",
        "",
        &[
            "left RoleBinding/back/auditors-viewer",
            "left ClusterRole/shop-viewer",
            "left RoleBinding/shop/auditors-viewer",
            "rights of auditor back: read -> none, +0 -21",
            "rights of auditor shop: read -> none, +0 -21",
            "eu-west-1/cluster stays local.groups auditor",
            "step not-in-place: `ClusterRole/shop-viewer` left the files: the end of the apply deletes it",
            "step not-in-place: `RoleBinding/back/auditors-viewer` left the files: the end of the apply deletes it",
            "step not-in-place: `RoleBinding/shop/auditors-viewer` left the files: the end of the apply deletes it",
        ],
    ),
    (r#"quota: {cpu: "40"}"#, r#"quota: {cpu: "20"}"#, &["changed ResourceQuota/shop/quota"]),
    (
        "nodes: 3..9",
        "nodes: 3..12",
        &["eu-west-1/cluster stays local.node_groups general/eu-west-1a.max general/eu-west-1b.max general/eu-west-1c.max"],
    ),
    (
        "machine: r7i.large",
        "machine: r7i.xlarge",
        &[
            "eu-west-1/cluster stays local.pools data.machines[0] data.machines[1] data.machines[2] data.machines[3] data.machines[4] data.machines[5]",
        ],
    ),
    (
        "    data: {}\n",
        "    data: {egress: none}\n",
        &[
            "eu-west-1/cluster stays local.control_plane_calls data/tcp-443 data/tcp-4443 data/tcp-8443 data/tcp-9443",
            "eu-west-1/cluster stays local.pools data.taints",
            "eu-west-1/network stays local.closed_classes",
            "eu-west-1/network stays local.exits data/internet/tcp-443 data/vpc/tcp-443",
            "eu-west-1/network stays local.flows data/general/all general/data/all data/general/tcp-53 data/general/udp-53 general/data/tcp-10250",
            "eu-west-1/network stays local.interface_endpoints",
            "eu-west-1/network stays local.private_classes",
            "eu-west-1/network stays local.subnets nodes-data/eu-west-1a.routes nodes-data/eu-west-1b.routes nodes-data/eu-west-1c.routes",
        ],
    ),
    ("  night:\n    namespace: back", "  night:\n    namespace: back\n    subnet: data", &["changed CronJob/back/night"]),
    (
        "  back: {owner: sre}\n",
        "  back: {owner: sre}\n  third: {owner: sre}\n",
        &[
            "created Namespace/third",
            "created ServiceAccount/third/default",
            "created ResourceQuota/third/quota",
            "created LimitRange/third/limits",
            "created NetworkPolicy/third/default-deny",
            "created NetworkPolicy/third/allow-dns",
            "created RoleBinding/third/sre-admin",
            "created RoleBinding/third/auditors-viewer",
            "rights of auditors third: none -> read, +21 -0",
            "rights of sre third: none -> change, +33 -0",
        ],
    ),
];

/// What the spec that varies says of beta in place of production.
const DECLARED: &[&str] = &[
    "access.groups.developers.role: viewer -> developer (platform.yaml:19)",
    "apps.api.scale.replicas: 3 -> nothing (platform.yaml:42, environment production)",
    "apps.night.only: [] -> [beta] (platform.yaml:47)",
    "apps.web.config.LOG_LEVEL: info -> debug (platform.yaml:35, environment beta)",
    "apps.web.config.THEME: dark -> nothing (platform.yaml:35, environment production)",
    "environments.beta.protected: true -> false (default)",
    "environments.beta.regions: [eu-west-1, eu-central-1] -> [eu-west-1] (platform.yaml:6)",
];

/// What makes beta another environment than it would be with the configuration of production.
const COMPARED: &[&str] = &[
    "Deployment/back/api: restarts pods 3 -> 1",
    "CronJob/back/night: created",
    "Deployment/shop/web: restarts pods 2 -> 1",
    "value LOG_LEVEL: info -> debug (text)",
    "value THEME: dark ->  (text)",
    "changed Deployment/back/api",
    "created ServiceAccount/back/night",
    "created NetworkPolicy/back/night",
    "created CronJob/back/night",
    "created ClusterRole/shop-developer",
    "changed EnvoyProxy/envoy-gateway-system/public",
    "changed Namespace/platgen-system",
    "created RoleBinding/shop/developers-developer",
    "created ConfigMap/shop/web-config-ed5858b34e",
    "changed Deployment/shop/web",
    "changed HTTPRoute/shop/web.beta.shop.example",
    "left PodDisruptionBudget/back/api",
    "left RoleBinding/shop/developers-viewer",
    "left PodDisruptionBudget/shop/web",
    "opens CronJob/back/night to dns: TCP 53, UDP 53",
    "rights of developers shop: read -> change, +3 -0",
    "eu-west-1/cluster stays aws_cloudwatch_log_group.this retention_in_days",
    "eu-west-1/cluster stays aws_eks_cluster.this deletion_protection lifecycle",
    "eu-west-1/cluster stays aws_eks_node_group.this instance_types lifecycle",
    "eu-west-1/cluster stays aws_kms_key.this lifecycle",
    "eu-west-1/cluster stays aws_launch_template.pool instance_type",
    "eu-west-1/cluster new data.aws_ec2_instance_type_offerings.spot",
    "eu-west-1/cluster stays local.pools data.machines data.machines data.machines data.machines data.machines data.capacity",
    "eu-west-1/cluster new local.spot_machines",
    "eu-west-1/cluster new terraform_data.machine",
    "eu-west-1/network stays aws_cloudwatch_log_group.dns_queries retention_in_days",
    "eu-west-1/network stays aws_cloudwatch_log_group.flow_logs retention_in_days",
    "eu-west-1/network stays aws_eip.nat lifecycle",
    "eu-west-1/network stays aws_kms_key.logs lifecycle",
    "eu-west-1/network leaves aws_route53_resolver_firewall_config.this",
    "eu-west-1/network leaves aws_route53_resolver_firewall_rule.this",
    "eu-west-1/network leaves aws_route53_resolver_firewall_rule_group.this",
    "eu-west-1/network leaves aws_route53_resolver_firewall_rule_group_association.this",
    "eu-west-1/network stays aws_vpc.this lifecycle",
    "eu-west-1/network stays local.interface_endpoints",
    "eu-west-1/network stays local.nat_gateways eu-west-1b eu-west-1c",
    "eu-west-1/network stays local.subnets nodes-data/eu-west-1b.routes nodes-data/eu-west-1c.routes nodes-general/eu-west-1b.routes nodes-general/eu-west-1c.routes",
];

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// Everything that a report says about beta, a line for each fact.
fn facts(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut all = Vec::new();
    for cluster in list(&report["clusters"]) {
        for workload in list(&cluster["workloads"]) {
            let what: Vec<&str> =
                ["created", "restarts", "loses_data"].into_iter().filter(|key| workload[*key] == Value::Bool(true)).collect();
            let pods = match (&workload["pods_before"], &workload["pods_after"]) {
                (before, after) if before == after => String::new(),
                (before, after) => format!(" pods {} -> {}", text(before), text(after)),
            };
            all.push(format!("{}: {}{pods}", text(&workload["object"]), what.join(" ")));
            for change in list(&workload["changes"]) {
                let (before, after) = (text(&change["before"]), text(&change["after"]));
                all.push(format!("value {}: {before} -> {after} ({})", text(&change["name"]), text(&change["meaning"])));
            }
        }
        for object in list(&cluster["objects"]) {
            all.push(format!("{} {}", text(&object["outcome"]), text(&object["object"])));
        }
        all.extend(list(&cluster["left"]).iter().map(|left| format!("left {}", text(&left["object"]))));
        for connection in list(&cluster["connections"]) {
            let (opened, closed) = (text(&connection["opened"]), text(&connection["closed"]));
            let between = format!("{} to {}", text(&connection["from"]), text(&connection["to"]));
            all.extend((!opened.is_empty()).then(|| format!("opens {between}: {opened}")));
            all.extend((!closed.is_empty()).then(|| format!("closes {between}: {closed}")));
        }
        for grant in list(&cluster["grants"]) {
            let (granted, taken) = (list(&grant["granted"]).len(), list(&grant["taken"]).len());
            let place = grant["namespace"].as_str().unwrap_or("cluster-wide");
            let levels = format!("{} -> {}", text(&grant["level_before"]), text(&grant["level_after"]));
            all.push(format!("rights of {} {place}: {levels}, +{granted} -{taken}", text(&grant["name"])));
        }
        all.extend(list(&cluster["new_hosts"]).iter().map(|host| format!("host {} is new", text(host))));
        all.extend(list(&cluster["left_hosts"]).iter().map(|host| format!("host {} is gone", text(host))));
    }
    for root in list(&report["roots"]) {
        for resource in list(&root["resources"]) {
            let arguments: Vec<String> = list(&resource["arguments"]).iter().map(|argument| text(&argument["path"])).collect();
            let folder = text(&root["folder"]).replace("terraform/beta/", "");
            all.push(format!("{folder} {} {} {}", text(&resource["existence"]), text(&resource["address"]), arguments.join(" ")));
        }
    }
    for step in list(&report["steps"]) {
        all.push(format!("step {}: {}", text(&step["code"]), text(&step["message"])));
    }
    all.iter().map(|fact| fact.trim_end().to_owned()).collect()
}

fn rendered() -> Project {
    let project = Project::new();
    project.write("platform.yaml", SPEC);
    project.run(&["render"]).exits(0);
    project
}

fn report(project: &Project, words: &[&str], code: i32) -> Value {
    let ran = project.run(&[&["diff", "--format", "json"], words].concat()).exits(code);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}", ran.out))
}

/// Runs git as somebody.
fn git(folder: &Path, words: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=shop", "-c", "user.email=shop@shop.example"]).args(words);
    let done = command.output().expect("git runs");
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
}

pub(crate) fn changes_are_told_by_meaning() {
    let project = rendered();
    assert_eq!(facts(&report(&project, &[], 0)), [""; 0]);
    let mut wrong = Vec::new();
    assert!(CHANGES.len() + MORE.len() >= 50, "{} changes", CHANGES.len() + MORE.len());
    for (from, to, expected) in CHANGES.iter().chain(MORE) {
        assert_eq!(SPEC.matches(from).count(), 1, "`{from}` has to stand once in the spec");
        project.write("platform.yaml", &SPEC.replace(from, to));
        let found = facts(&report(&project, &["--env", "beta"], 2));
        if found != *expected {
            wrong.push(format!("{from} -> {to}\n{}", found.iter().map(|fact| format!("            {fact:?},\n")).collect::<String>()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A store that moves starts empty, as one that restarts does, where its pods alone hold the data.
pub(crate) fn a_store_in_memory_leaves_with_its_data() {
    let project = Project::new();
    let spec = SPEC.replace("storage: 10Gi", "storage: none");
    project.write("platform.yaml", &spec);
    project.run(&["render"]).exits(0);
    project.write("platform.yaml", &spec.replace("cache: {namespace: back", "cache: {namespace: shop"));
    let told = project.run(&["diff", "--env", "beta"]).exits(2).out;
    assert!(told.contains("1 workload LOSES ITS DATA") && told.contains("/back/cache: ITS DATA IS LOST\n"), "{told}");
    let restarted = spec.replace("version: \"8.2\"", "version: \"8.4\"");
    project.write("platform.yaml", &restarted);
    let told = project.run(&["diff", "--env", "beta"]).exits(2).out;
    assert!(told.contains("1 workload LOSES ITS DATA"), "{told}");
}

/// What a change protects no more comes before everything else.
pub(crate) fn protection_that_ends_is_told_first() {
    let project = Project::new();
    project.write("platform.yaml", SPEC);
    project.run(&["render"]).exits(0);
    project.edit("platform.yaml", ", protected: true", "");
    let told = project.run(&["diff", "--env", "production"]).exits(2).out;
    let place = "production/eu-central-1, production/eu-west-1: Namespace/platgen-system\n";
    let start = format!(
        " PROTECTION IS REMOVED.\n\nPROTECTION IS REMOVED\n  the guard lets everybody with the right delete, and make objects by hand\n    {place}  Terraform may destroy it\n"
    );
    assert!(told.contains(&start), "{told}");
    let cluster = "    terraform/production/eu-central-1/cluster, terraform/production/eu-west-1/cluster: aws_eks_cluster.this\n";
    for consequence in ["the cloud does not refuse its deletion\n", "Terraform may destroy it\n"] {
        assert!(told.contains(&format!("  {consequence}{cluster}")), "{consequence}: {told}");
    }
    let ran = project.run(&["diff", "--env", "production", "--format", "json"]).exits(2);
    let value: Value = serde_json::from_str(&ran.out).expect("JSON");
    let found = value["unprotected"].as_array().cloned().unwrap_or_default();
    assert_eq!(found[0]["object"], "Namespace/platgen-system", "{found:#?}");
    // The way back protects more, and is no loss.
    project.run(&["render"]).exits(0);
    project.write("platform.yaml", SPEC);
    let told = project.run(&["diff"]).exits(2).out;
    assert!(!told.contains("PROTECTION IS REMOVED"), "{told}");
}

pub(crate) fn files_of_revisions_and_folders() {
    let project = rendered();
    let git = |words: &[&str]| git(&project.folder, words);
    git(&["init", "--quiet", "--initial-branch=main"]);
    commit(&project, "first");
    project.edit("platform.yaml", "web:v1", "web:v2");
    let changed = report(&project, &["--env", "beta"], 2);
    project.run(&["render"]).exits(0);
    // The files on the disk are those of the spec now; those of the commit are not.
    assert_eq!(facts(&report(&project, &[], 0)), [""; 0]);
    let since = report(&project, &["--env", "beta", "--from", "main"], 2);
    assert_eq!((facts(&since), &since["before"]), (facts(&changed), &Value::from("main")));
    // A folder says the same, and the folder of the files need not be there for git.
    let old = project.folder.join("old");
    git(&["worktree", "add", "--quiet", "--detach", old.to_str().expect("a path"), "main"]);
    assert_eq!(facts(&report(&project, &["--env", "beta", "--from", "old/deploy"], 2)), facts(&changed));
    fs::remove_dir_all(project.folder.join("deploy")).expect("the folder goes");
    assert_eq!(facts(&report(&project, &["--env", "beta", "--from", "HEAD"], 2)), facts(&changed));
    // All regions of an environment that change alike are one part.
    let text = project.run(&["diff", "--from", "main"]).exits(2).out;
    assert!(
        text.contains("\nproduction/eu-west-1 and production/eu-central-1\n===")
            || text.contains("\nproduction/eu-central-1 and production/eu-west-1\n==="),
        "{text}"
    );
    let markdown = project.run(&["diff", "--from", "main", "--format", "markdown"]).exits(2).out;
    assert!(markdown.starts_with("# From main to the spec\n") && markdown.contains("\n## beta/eu-west-1\n"), "{markdown}");
    assert!(markdown.contains("\n### Workloads that are hit\n"), "{markdown}");
}

/// A repository on its branch `main`: a commit with the spec, and one with the rendered files and jobs. Its folder `bin` has the program.
fn repository(delivery: &str) -> Project {
    let project = Project::new();
    let branches = SPEC.replace("  beta: {", "  beta: {branch: beta, ").replace("  production: {", "  production: {branch: main, ");
    project.write("platform.yaml", &format!("{branches}delivery: {{{delivery}}}\n"));
    project.write(".gitignore", "bin\nsummary\n");
    git(&project.folder, &["init", "--quiet", "--initial-branch=main"]);
    commit(&project, "spec");
    project.run(&["render"]).exits(0);
    commit(&project, "files");
    fs::create_dir(project.at("bin")).expect("a folder");
    std::os::unix::fs::symlink(program(), project.at("bin/platgen")).expect("a link");
    project
}

fn commit(project: &Project, message: &str) {
    git(&project.folder, &["add", "--all"]);
    git(&project.folder, &["commit", "--quiet", "--allow-empty", &format!("--message={message}")]);
}

/// Runs lines of a job in a repository, whose program stands before others. Returns what they print.
fn job(project: &Project, lines: &str, variables: &[(&str, &str)]) -> String {
    let path = format!("{}:{}", project.at("bin").display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    shell.current_dir(&project.folder).args(["-e", "-c", lines]).env("PATH", path).envs(variables.iter().copied());
    let done = shell.output().expect("bash runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// The step of the workflow of GitHub that says what a pull request changes, in commits as GitHub checks them out.
pub(crate) fn a_pull_request_says_what_it_changes() {
    let project = repository("repository: \"https://github.com/acme/platform\", ci: github");
    let workflow: Value = serde_yaml::from_str(&project.read(".github/workflows/platgen-check.yaml")).expect("YAML");
    let steps = workflow["jobs"]["files"]["steps"].as_array().expect("steps");
    assert_eq!(steps[0]["with"]["fetch-depth"], 2, "the parents of the commit are fetched");
    let step = steps.iter().find(|step| step["name"] == "Say what changes").and_then(|step| step["run"].as_str()).expect("the step");
    let run = || {
        project.write("summary", "");
        job(&project, step, &[("GITHUB_STEP_SUMMARY", "summary")]);
        project.read("summary")
    };
    // Before the first render there were no files.
    assert!(run().contains("\nThe cluster is new, with "));
    commit(&project, "nothing");
    assert!(run().ends_with("Nothing changes in clusters and in the cloud.\n\n"));
    project.edit("platform.yaml", "web:v1", "web:v2");
    project.run(&["render"]).exits(0);
    commit(&project, "web");
    assert!(run().contains("\n- Deployment/shop/web: its pods are replaced\n"));
    // Jobs are files beside the spec.
    project.edit("platform.yaml", "branch: beta", "branch: develop");
    let jobs = |report: Value| {
        list(&report["others"]).iter().filter_map(Value::as_str).filter(|path| path.starts_with('.')).map(str::to_owned).collect::<Vec<_>>()
    };
    let expected = ["apply", "check", "drift", "rollback"].map(|name| format!(".github/workflows/platgen-{name}.yaml"));
    assert_eq!(jobs(report(&project, &[], 2)), expected);
    assert_eq!(jobs(report(&project, &["--from", "main"], 2)), expected);
}

/// The same of GitLab's job, which fetches the commit that the merge request began at.
pub(crate) fn a_merge_request_says_what_it_changes() {
    let project = repository("repository: \"https://gitlab.com/acme/platform\", ci: gitlab");
    project.edit("platform.yaml", "web:v1", "web:v2");
    project.run(&["render"]).exits(0);
    let origin = format!("file://{}", project.folder.display());
    let base = job(&project, "git rev-parse HEAD", &[]);
    commit(&project, "web");
    // A runner has the newest commit alone.
    git(&project.folder, &["clone", "--quiet", "--depth=1", &origin, "bin/clone"]);
    let jobs: Value = serde_yaml::from_str(&project.read(".gitlab/platgen.yaml")).expect("YAML");
    let lines: Vec<&str> = jobs["platgen:files"]["script"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|line| line.contains("git fetch") || line.contains("platgen diff"))
        .collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    let told = job(&project, &format!("cd bin/clone\n{}", lines.join("\n")), &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.trim())]);
    assert!(told.contains("\n  Deployment/shop/web: its pods are replaced\n"), "{told}");
}

/// The spec with blocks of both environments, and an app that only one of them has.
pub(super) fn spec_that_varies() -> String {
    let night = "  night:\n    namespace: back\n";
    SPEC.replace(
        "    config: {LOG_LEVEL: info,",
        "    environments: {beta: {config: {LOG_LEVEL: debug}}, production: {config: {THEME: dark}}}\n    config: {LOG_LEVEL: info,",
    )
    .replace("scale: {replicas: 3}", "environments: {production: {scale: {replicas: 3}}}")
    .replace(night, &format!("{night}    only: beta\n"))
    .replace("role: developer, namespaces: [shop]", "role: developer, namespaces: [shop], environments: {production: {role: viewer}}")
}

pub(crate) fn an_environment_is_compared_with_another() {
    let project = Project::new();
    project.write("platform.yaml", &spec_that_varies());
    let found = report(&project, &["--env", "beta", "--with", "production", "--region", "eu-west-1"], 2);
    let text = |value: &Value| value.as_str().unwrap_or("nothing").to_owned();
    let declared: Vec<String> = list(&found["declared"])
        .iter()
        .map(|one| format!("{}: {} -> {} ({})", text(&one["path"]), text(&one["before"]), text(&one["after"]), text(&one["place"])))
        .collect();
    assert_eq!(declared, DECLARED);
    assert_eq!(facts(&found), COMPARED);
    // A region of the other one that the environment lacks is a difference as well.
    let all = report(&project, &["--env", "beta", "--with", "production"], 2);
    let left = list(&all["clusters"]).into_iter().find(|cluster| cluster["region"] == "eu-central-1").expect("the cluster is told");
    assert_eq!(left["existence"], "leaves");
    // The other way round, what came goes.
    let back = report(&project, &["--env", "production", "--with", "beta", "--region", "eu-west-1"], 2);
    assert!(facts(&back).contains(&"left CronJob/back/night".to_owned()), "{:#?}", facts(&back));
    // Nothing differs between environments that the spec declares alike.
    project.write("platform.yaml", &SPEC.replace("regions: [eu-west-1, eu-central-1], protected: true", "regions: [eu-west-1]"));
    let none = report(&project, &["--env", "production", "--with", "beta"], 0);
    assert_eq!((list(&none["declared"]), facts(&none)), (Vec::new(), Vec::new()));
}

pub(crate) fn words_that_mean_nothing() {
    let project = rendered();
    for (words, told) in [
        (&["--from", "nowhere"][..], "`nowhere` is no folder, and the output folder is in no repository of git"),
        (&["--env", "staging"], "there is no environment `staging`"),
        (&["--env", "beta", "--region", "eu-central-1"], "there is no region of `beta` called `eu-central-1`"),
        (&["--output", "away"], "`away` is not a folder"),
        (&["--from", "."], "holds no rendered file"),
        (&["--env", "beta", "--with", "staging"], "there is no environment `staging`"),
        (&["--env", "beta", "--with", "beta"], "`beta` is compared with itself"),
    ] {
        let ran = project.run(&[&["diff"], words].concat()).exits(1);
        assert!(ran.err.contains(told), "{words:?}: {}", ran.err);
    }
    let ran = project.run(&["diff", "--format", "sarif"]).exits(64);
    assert!(ran.err.contains("prints data"), "{}", ran.err);
    let git =
        |words: &[&str]| assert!(Command::new("git").current_dir(&project.folder).args(words).output().expect("git").status.success());
    git(&["init", "--quiet"]);
    let ran = project.run(&["diff", "--from", "main"]).exits(1);
    assert!(ran.err.contains("`main` is no folder, and the repository of git has no commit yet"), "{}", ran.err);
    git(&["-c", "user.name=a", "-c", "user.email=a@shop.example", "commit", "--quiet", "--allow-empty", "--message=first"]);
    let ran = project.run(&["diff", "--from", "nowhere"]).exits(1);
    assert!(ran.err.contains("`nowhere` is neither a folder nor a revision of git"), "{}", ran.err);
}
