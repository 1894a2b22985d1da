//! What is rendered where one line of a spec has to reach several objects.

use super::night::turns;
use super::program::Project;
use serde_json::{Value, json};

const SPEC: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {production: "111111111111"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 2}}
environments: {production: {branch: main, regions: [eu-west-1]}}
network: {cidr: 10.0.0.0/8, subnets: {general: {default: true}, data: {isolated: true}}}
cluster:
  pools:
    general: {subnet: general, machine: m7i.large, nodes: 2..4}
    gpu: {subnet: general, machine: m7i.large, nodes: 2..4, taints: {gpu: "yes"}}
    data: {subnet: data, machine: m7i.large, nodes: 2..4}
access: {mfa: required, groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre, page: {email: sre@shop.example}, ticket: {email: sre@shop.example}}}
namespaces:
  shop: {owner: sre}
  system: {owner: sre, pod_security: {level: privileged, reason: agents use their node's network}}
apps:
  agent:
    namespace: system
    image: registry.example/agent:v1
    per_node: true
    port: 9000
    probes: {ready: {tcp: true}}
    security: {host: {network: true}, reason: it counts the node's packets}
    needs: [app/shop/web]
  limited:
    namespace: system
    subnet: data
    image: registry.example/limited:v1
    per_node: true
  web:
    namespace: shop
    image: registry.example/web:v1
    port: 8080
    probes: {ready: /ready}
    needs: [app/system/agent]
"#;

fn documents(project: &Project, path: &str) -> Vec<Value> {
    let text = project.read(&format!("deploy/kubernetes/production/eu-west-1/{path}"));
    text.split("\n---\n").map(|one| serde_yaml::from_str(one).expect("a document")).collect()
}

fn one(documents: &[Value], kind: &str) -> Value {
    documents.iter().find(|document| document["kind"] == kind).unwrap_or_else(|| panic!("no {kind}")).clone()
}

/// What runs on every node, in the node's own network: nothing keeps it away, and the ways to it and from it are open.
pub(crate) fn agents_are_on_every_node() {
    let project = Project::new();
    project.write("platform.yaml", SPEC);
    project.run(&["render"]).exits(0);
    let check = project.run(&["check"]).exits(0);
    assert!(check.err.contains(", 0 findings"), "{}", check.err);

    let agent = documents(&project, "system/agent.yaml");
    let pod = &one(&agent, "DaemonSet")["spec"]["template"]["spec"];
    let tolerated = |key: &str, value: &str| json!({"key": key, "operator": "Equal", "value": value, "effect": "NoSchedule"});
    assert_eq!(pod["tolerations"], json!([tolerated("platgen.io/subnet", "data"), tolerated("gpu", "yes")]));
    assert_eq!(pod["affinity"], Value::Null);

    // One that names a subnet runs on its nodes alone.
    let pod = &one(&documents(&project, "system/limited.yaml"), "DaemonSet")["spec"]["template"]["spec"];
    assert_eq!(pod["tolerations"], json!([tolerated("platgen.io/subnet", "data")]));
    let terms = &pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
    assert_eq!(terms, &json!([{"matchExpressions": [{"key": "platgen.io/subnet", "operator": "In", "values": ["data"]}]}]));

    // A policy knows pods in the node's network by the ranges of the nodes: those of both subnets in both zones.
    let lock = project.read("platgen.lock");
    let range = |subnet: &str, zone: &str| {
        let key = format!("production/eu-west-1/subnet/{subnet}/{zone} ");
        let cidr = lock.lines().find_map(|line| line.strip_prefix(&key)).unwrap_or_else(|| panic!("no {key} in {lock}"));
        json!({"ipBlock": {"cidr": cidr}})
    };
    let mut nodes: Vec<Value> = ["general", "data"].iter().flat_map(|subnet| ["a", "b"].map(|zone| range(subnet, zone))).collect();
    nodes.sort_by_key(Value::to_string);
    let web = one(&documents(&project, "shop/web.yaml"), "NetworkPolicy");
    for (side, peers, port) in [("egress", "to", 9000), ("ingress", "from", 8080)] {
        let rules = web["spec"][side].as_array().expect("rules");
        let rule = rules.iter().find(|rule| rule["ports"][0]["port"] == port).unwrap_or_else(|| panic!("{side}: {web}"));
        let mut found = rule[peers].as_array().expect("peers").clone();
        found.sort_by_key(Value::to_string);
        assert_eq!(found, nodes, "{side}");
    }
}

/// A job that comes before a rollout is applied and waited for by the name in its file, and never runs again by itself.
pub(crate) fn jobs_come_before_the_rollout() {
    let project = Project::init();
    project.edit(
        "platform.yaml",
        "apps:\n",
        "apps:\n  schema: {image: \"registry.example/schema:v1\", run: before-deploy, deadline: 5m, secrets: {KEY: \"hello/db#key\"}}\n",
    );
    project.run(&["render"]).exits(0);
    let job = one(&documents(&project, "hello/schema.yaml"), "Job");
    let readme = project.read("deploy/kubernetes/production/eu-west-1/README.md");
    assert_eq!(turns(&project, "production"), ["hello/schema -1"]);
    // A deadline of less than ten minutes: the script waits for as long as for everything else.
    assert!(project.read("deploy/kubernetes/production/apply.sh").contains("\n      jobs=600\n"));
    assert!(readme.contains("| `production/hello/db` | `key` | `hello/schema` |"), "{readme}");
    assert_eq!(job["spec"]["ttlSecondsAfterFinished"], Value::Null);

    // Another place of a secret is another Secret, and so another job.
    project.edit("platform.yaml", "hello/db#key", "hello/db#other");
    project.run(&["render"]).exits(0);
    let again = one(&documents(&project, "hello/schema.yaml"), "Job");
    assert_ne!(again["metadata"]["name"], job["metadata"]["name"]);
}

/// A job finds what it calls, also through others, and so do two jobs with the same store. A job that needs no app is over before any app rolls out;
/// jobs after the rollout come last, in their order.
pub(crate) fn a_job_comes_after_what_it_calls() {
    let project = Project::init();
    let store = "stores:\n  db: {engine: custom, image: \"registry.example/db:v1\", port: 5432, data: /data, storage: 1Gi, probes: {none: trial}, backup: {none: trial}}\n";
    let apps = "apps:\n  schema: {image: \"registry.example/schema:v1\", run: before-deploy, needs: [store/db]}\n  \
                a-test: {image: \"registry.example/test:v1\", run: after-deploy, after: app/warm-up, config: {WEB: \"${app/web.public_url}\"}}\n  \
                warm-up: {image: \"registry.example/warm-up:v1\", run: after-deploy, needs: [app/api]}\n  \
                fill: {image: \"registry.example/fill:v1\", run: before-deploy, needs: [app/api]}\n  \
                api: {image: \"registry.example/api:v1\", port: 80, probes: {ready: /r}, needs: [store/db], resources: {cpu: 10m, memory: 64Mi}}\n";
    project.edit("platform.yaml", "apps:\n", &format!("{store}{apps}"));
    project.run(&["render"]).exits(0);
    let turns = turns(&project, "production");
    let order: Vec<&str> = turns.iter().filter_map(|turn| turn.strip_prefix("hello/")?.split(' ').next()).collect();
    assert_eq!(order, ["db", "schema", "api", "fill", "web", "warm-up", "a-test"], "{turns:?}");
}

/// A route holds sixteen rules, so a host with more paths has several, each with its callers.
pub(crate) fn many_paths_are_several_routes() {
    let project = Project::init();
    let paths: String = (0..20).map(|at| format!("      - {{host: \"@\", path: /p{at}, from: [10.0.0.0/8]}}\n")).collect();
    project.edit("platform.yaml", "    expose: \"@\"   # the environment's domain itself\n", &format!("    expose:\n{paths}"));
    project.run(&["render"]).exits(0);
    assert!(project.run(&["check"]).exits(0).err.contains(", 0 findings"));
    let all = documents(&project, "hello/web.yaml");
    let rules: Vec<usize> = all
        .iter()
        .filter(|document| document["kind"] == "HTTPRoute")
        .map(|route| route["spec"]["rules"].as_array().expect("rules").len())
        .collect();
    assert_eq!(rules, [16, 4]);
    assert_eq!(all.iter().filter(|document| document["kind"] == "SecurityPolicy").count(), 2);
}

/// The port of a store that platgen knows reaches the server, its probes and its Service alike.
pub(crate) fn an_engine_listens_where_it_is_told() {
    let project = Project::init();
    let store = "stores: {carts: {engine: redis, storage: none, port: 6400, backup: {none: carts are rebuilt}}}\napps:\n";
    project.edit("platform.yaml", "apps:\n", store);
    project.run(&["render"]).exits(0);
    let all = documents(&project, "hello/carts.yaml");
    let container = &one(&all, "Deployment")["spec"]["template"]["spec"]["containers"][0];
    let args = container["args"].as_array().expect("arguments");
    assert_eq!(args[args.len() - 2..], [json!("--port"), json!("6400")]);
    assert_eq!(container["livenessProbe"]["tcpSocket"]["port"], 6400);
    assert!(container["readinessProbe"]["exec"]["command"][2].as_str().expect("a command").contains("-p 6400"), "{container}");
    assert_eq!(one(&all, "Service")["spec"]["ports"][0]["port"], 6400);
}
