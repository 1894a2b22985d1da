//! What becomes of a region on a laptop, step by step.

use super::*;
use crate::model::Durability;
use crate::tests::estate::estate;
use crate::value::Quantity;

/// An environment with every kind of store, pools with taints, copies of images, a job and an autoscaler.
fn shop() -> Platform {
    let estate = estate(
        r#"
apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {production: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}}
environments: {production: {regions: [eu-west-1]}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
network: {subnets: {general: {default: true}, data: {isolated: true}}}
cluster:
  version: "1.35"
  registry: {mirror: true}
  storage: {fast: {type: gp3}}
  pools:
    general: {subnet: general, machine: m7i.4xlarge, nodes: 3..9}
    data: {subnet: data, machine: m7i.4xlarge, nodes: 3..9}
apps:
  web:
    image: registry.example/web:v1
    port: 8080
    expose: "@"
    probes: {ready: /ready, live: /live}
    scale: {replicas: 3..9, cpu: 70%}
    identity: {aws: ["arn:aws:iam::222222222222:policy/mail"]}
    resources: {cpu: 1, memory: 1Gi}
  one: {image: "registry.example/one:v1", arch: [amd64]}
stores:
  carts: {engine: redis, storage: none, backup: {none: filled again}}
  orders:
    {engine: postgres, version: "17", replicas: 3, storage: 10Gi, subnet: data, users: {app: {}}, backup: {every: 6h, keep: 30d, restore_test: 7d}}
  events:
    engine: kafka
    version: "4.2"
    replicas: 3
    storage: 10Gi
    users: {app: {}}
    parameters: {min.insync.replicas: "2", num.partitions: "6"}
    backup: {none: trial}
  bills: {engine: mysql, version: "8.4", replicas: 3, storage: 10Gi, users: {app: {}}, backup: {none: trial}}
  notes: {engine: mongodb, version: "8.0", replicas: 3, storage: 10Gi, users: {app: {}}, backup: {none: trial}}
  queue: {engine: rabbitmq, version: "4.2", replicas: 3, storage: 10Gi, users: {app: {}}, backup: {none: trial}}
"#,
    );
    estate.environments["production"].clone()
}

fn on(cpus: &str, memory: &str) -> Result<Desktop, Box<Diagnostic>> {
    let platform = shop();
    let desk = Desk { cpus: cpus.parse().expect("a quantity"), memory: memory.parse().expect("a quantity") };
    desktop(&Specs::default(), &platform, &platform.regions["eu-west-1"], &desk)
}

#[test]
fn stores_have_one_server() {
    let desktop = on("100", "1Ti").expect("a desktop");
    let (_, region) = desktop.result().expect("a step");
    for name in ["orders", "events", "bills", "notes", "queue"] {
        let store = &region.workloads[&format!("shop/{name}")];
        assert_eq!((store.replicas, store.placement.spread), ((1, 1), Spread::None), "{name}");
        assert!(!store.operated().expect("servers").one_per_zone && store.backups.kept().is_none(), "{name}");
    }
    let before = shop();
    let old = &before.regions["eu-west-1"].workloads["shop/orders"];
    assert_eq!(old.database().and_then(|database| database.durability), Some(Durability::Required));
    assert_eq!(region.workloads["shop/orders"].database().and_then(|database| database.durability), None);
    let kafka = region.workloads["shop/events"].operated().expect("servers");
    // The spec says two copies in sync, and there is one server; what counts no server stays.
    for (name, value) in [("default.replication.factor", "1"), ("min.insync.replicas", "1"), ("num.partitions", "6")] {
        assert_eq!(kafka.parameters.get(name).map(String::as_str), Some(value), "{name}");
    }
    for name in ["shop/bills", "shop/notes"] {
        assert!(region.workloads[name].percona().is_some_and(|percona| percona.small), "{name}");
    }
    assert!(region.workloads.values().all(|workload| workload.test_of.is_none()));
}

#[test]
fn apps_keep_what_can_be_seen() {
    let desktop = on("100", "1Ti").expect("a desktop");
    let (platform, region) = desktop.result().expect("a step");
    let (web, one) = (&region.workloads["shop/web"], &region.workloads["shop/one"]);
    assert_eq!((web.replicas, web.autoscaling.is_some(), web.placement.spread), ((2, 2), false, Spread::Soft));
    assert!(web.policies.is_empty() && one.placement.architectures.is_empty() && region.account.is_none());
    assert_eq!((one.replicas, web.main.image.as_str()), ((1, 1), "registry.example/web:v1"));
    assert_eq!(region.workloads["shop/carts"].main.image, "docker.io/library/redis:8.2-alpine");
    assert_eq!((platform.regions.len(), region.provider), (1, Provider::Kind));
    let classes: Vec<(&str, bool)> = region.cluster.storage.iter().map(|class| (class.provisioner, class.expandable)).collect();
    assert_eq!(classes, [("rancher.io/local-path", false)]);
    // No flow leads to a bucket, to the agent for credentials, or to an address of the network.
    for flow in &region.flows {
        let is_of_aws = matches!(&flow.to, Peer::Outside { gateway: true, .. }) || is_credentials(flow);
        assert!(!is_of_aws, "{flow:?}");
        if let Peer::Cluster { cidrs } = &flow.to {
            assert_eq!(*cidrs, api_server_of_kind().0);
        }
    }
}

#[test]
fn workers_carry_zones_and_pools() {
    let desktop = on("100", "1Ti").expect("a desktop");
    assert_eq!(desktop.workers.len(), 3);
    let label = |key: &str| -> Vec<&str> { desktop.workers.iter().map(|worker| worker.labels[key].as_str()).collect() };
    assert_eq!(label("topology.kubernetes.io/zone"), ["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
    assert_eq!(label("platgen.io/pool"), ["general", "data", "general"]);
    let taints: Vec<usize> = desktop.workers.iter().map(|worker| worker.taints.len()).collect();
    assert_eq!(taints, [0, 1, 0]);
}

#[test]
fn requests_fit_and_limits_stay() {
    let whole = on("100", "1Ti").expect("a desktop");
    let small = on("2", "9Gi").expect("a desktop");
    let (before, after) = (whole.result().expect("a step").1, small.result().expect("a step").1);
    let main = |region: &Region| region.workloads["shop/web"].main.clone();
    let ((cpu, most_cpu), (memory, most_memory)) = (main(after).cpu.expect("a request"), main(after).memory.expect("a request"));
    assert_eq!((most_cpu, most_memory), (main(before).cpu.expect("a request").1, main(before).memory.expect("a request").1));
    assert!(cpu.millis() < 1000 && memory.bytes() < 1 << 30 && memory.bytes() >= 256 << 20, "{cpu} {memory}");
    assert!(memory.bytes().is_multiple_of(1 << 20));
    let reason = &small.steps.last().expect("a step").reason;
    assert!(
        reason.starts_with("Requests are ") && reason.contains("at most three quarters of the laptop's 2 processors and 9Gi of memory."),
        "{reason}"
    );
    let fault = on("2", "1Gi").expect_err("a fault");
    assert_eq!(fault.code, Code::DesktopTooSmall);
    assert!(fault.message.contains("and three quarters, `768Mi`, are for them") && fault.span.is_some(), "{}", fault.message);
    // What the help says is enough, and a little less is not.
    let words = fault.help.clone().unwrap_or_default();
    let enough = words.split("--memory ").nth(1).and_then(|rest| rest.split('`').next()).expect("an amount").to_owned();
    assert!(on("2", &enough).is_ok(), "{enough}");
    let less = Quantity::from_bytes(enough.parse::<Quantity>().expect("a quantity").bytes() - (1 << 30)).canonical();
    assert!(on("2", &less).is_err(), "{less}");
}

#[test]
fn a_kind_cluster_needs_no_desktop() {
    let mut platform = shop();
    platform.regions.values_mut().for_each(|region| region.provider = Provider::Kind);
    let desk = Desk { cpus: Quantity::from_millis(4000), memory: Quantity::from_bytes(8 << 30) };
    let fault = desktop(&Specs::default(), &platform, &platform.regions["eu-west-1"], &desk).expect_err("a fault");
    assert_eq!(fault.code, Code::AlreadyKind);
}

/// A server in the cluster has the name, the users and the passwords of a store that RDS runs, and its callers call it.
#[test]
fn a_server_stands_in_for_a_store_of_a_service() {
    let text = r#"
apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {dev: "111111111111"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}}
environments: {dev: {regions: [eu-west-1]}}
network: {cidr: 10.0.0.0/8, subnets: {general: {default: true}, data: {isolated: true}}}
cluster: {version: "1.35", pools: {general: {subnet: general, machine: m7i.large, nodes: 3}}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
apps:
  web: {image: "registry.example/web:v1", needs: [store/orders]}
  migrate: {image: "registry.example/web:v1", run: before-deploy, needs: [store/orders]}
stores:
  orders:
    {engine: postgres, version: "17", mode: managed, machine: db.m7g.large, storage: 100Gi, replicas: 2, subnet: data, users: {app: {}, reports: {owner: true}}, parameters: {work_mem: "1"}, backup: {every: 6h, keep: 7d}}
"#;
    let estate = estate(text);
    let region = &estate.environments["dev"].regions["eu-west-1"];
    let waits = |region: &Region| match &region.workloads["shop/migrate"].kind {
        Kind::Job { after, .. } => after.clone(),
        _ => Vec::new(),
    };
    assert_eq!(region.workloads.keys().collect::<Vec<_>>(), ["shop/migrate", "shop/web", "shop/orders-users"]);
    assert_eq!(waits(region), ["shop/orders-users"]);
    let mut here = region.clone();
    assert!(super::services(&mut here) && here.managed.is_empty());
    assert_eq!(here.workloads.keys().collect::<Vec<_>>(), ["shop/migrate", "shop/web", "shop/orders"]);
    assert_eq!(waits(&here), [""; 0]);
    let orders = &here.workloads["shop/orders"];
    let users: Vec<&str> = orders.operated().expect("servers").users.iter().map(|user| user.password.path()).collect();
    assert_eq!(users, ["shop/orders/app", "shop/orders/reports"]);
    assert_eq!((orders.replicas, orders.database().map(|database| database.owner.as_str())), ((1, 1), Some("reports")));
    assert!(!orders.operated().expect("servers").parameters.contains_key("work_mem"));
    let callers: Vec<&str> = here
        .flows
        .iter()
        .filter(|flow| here.workload_of(&flow.to).is_some_and(|one| one.name == orders.name))
        .filter_map(|flow| Some(here.workload_of(&flow.from)?.name.as_str()))
        .collect();
    assert_eq!(callers, ["migrate", "web"]);
    let left = here.flows.iter().filter(|flow| matches!(flow.to, Peer::Outside { .. }) && !matches!(flow.from, Peer::Addon(_)));
    assert_eq!(left.count(), 0, "{:?}", here.flows);
    assert!(!super::services(&mut here));
}
