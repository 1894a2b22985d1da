//! A small platform made by hand -> its Kubernetes documents: which objects there are, what stands in them, and what kubectl says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use indexmap::IndexMap;
use libtest_mimic::Trial;
use platgen::kubernetes::{RenderError, Tree, every_patch_fits, files, render};
use platgen::model::*;
use platgen::provider::Provider;
use platgen::source::{FileId, Sources, Span};
use platgen::value::{GroupRole, Medium, Name, PodSecurityLevel, PolicyEngine, Protocol, Quantity, SecretStore, Via};
use serde_json::{Value, json};

use crate::support::functions;

/// The trials of this module.
pub(crate) fn trials() -> Vec<Trial> {
    functions! {
        self: every_object_stands_in_its_file the_folder_builds references_resolve
            secrets_are_references words_follow_the_version a_config_map_belongs_to_its_environment
            patches_change_one_object a_patch_may_change_one_region_alone raw_manifests_are_objects
            equal_maps_of_two_workloads_have_two_names;
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn span() -> Span {
    let mut sources = Sources::default();
    let file = sources.add("platform.yaml", "x");
    Span::new(file, 0..1)
}

fn amount(text: &str) -> Option<(Quantity, Quantity)> {
    let quantity: Quantity = text.parse().unwrap();
    Some((quantity.clone(), quantity))
}

fn container(called: &str) -> Container {
    Container {
        name: name(called),
        image: format!("registry.example/{called}:v1"),
        command: Vec::new(),
        args: Vec::new(),
        workdir: None,
        variables: Vec::new(),
        gpus: 0,
        secrets: Vec::new(),
        files: Vec::new(),
        mounts: Vec::new(),
        ports: Vec::new(),
        cpu: amount("100m").map(|(request, limit)| (request, Some(limit))),
        memory: amount("128Mi"),
        ephemeral: amount("1Gi"),
        probes: Probes::default(),
        stop: Vec::new(),
        before_init: false,
        security: Security { user: 10001, group: 10001, capabilities: Vec::new(), writable_root: false, privileged: false },
    }
}

fn workload(called: &str, kind: Kind) -> Workload {
    Workload {
        users_of: None,
        span: span(),
        name: name(called),
        namespace: name("shop"),
        owner: name("shop-team"),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        api: None,
        store: None,
        kind,
        restarts_on_rotation: true,
        parallel_start: false,
        replicas: (1, 1),
        autoscaling: None,
        init: Vec::new(),
        main: container(called),
        sidecars: Vec::new(),
        volumes: Vec::new(),
        service: None,
        exposures: Vec::new(),
        certificate: None,
        redirects: Vec::new(),
        placement: Placement {
            subnets: vec![name("general")],
            everywhere: false,
            pool: None,
            architectures: Vec::new(),
            tolerations: Vec::new(),
            spread: Spread::None,
            min_domains: None,
        },
        grace: 30,
        fs_group: 10001,
        ndots: None,
        host_network: false,
        host_pid: false,
        reason: None,
        no_probes: None,
        policies: Vec::new(),
        buckets: BTreeMap::new(),
        backups: Backups::None(None),
        test_of: None,
        metrics: Vec::new(),
        objectives: Vec::new(),
        replication: None,
    }
}

fn text(name: &str, value: &str) -> Variable {
    Variable { name: name.to_owned(), value: Source::Text(value.to_owned()) }
}

fn probe(action: ProbeAction) -> Option<Probe> {
    Some(Probe { action, after: Some(10), every: None, timeout: None, failures: Some(3) })
}

fn port(name: &str, number: u16) -> ServicePort {
    ServicePort {
        name: name.to_owned(),
        port: number,
        target: number,
        transport: platgen::value::Transport::Tcp,
        protocol: Some(Protocol::Http),
    }
}

fn web() -> Workload {
    let mut web = workload("web", Kind::Deployment);
    web.replicas = (3, 12);
    web.autoscaling = Some(Autoscaling { cpu: Some("70%".parse().unwrap()), memory: None });
    (web.placement.spread, web.placement.min_domains) = (Spread::Hard, Some(2));
    web.placement.pool = Some(name("web"));
    web.placement.architectures = vec!["amd64"];
    web.placement.tolerations = vec![Toleration { key: "platgen.io/subnet".into(), value: "general".into(), effect: "NoSchedule" }];
    web.service = Some(Service { ports: vec![port("http", 8080), port("grpc", 9090)], headless: false, aliases: vec![name("frontend")] });
    let exposure = Exposure {
        span: Span::new(FileId(0), 0..0),
        host: "shop.example".into(),
        entrance: Entrance::Http,
        path: "/".into(),
        rewrite: None,
        port: 8080,
        target: 8080,
        timeout: Some("30s".parse().unwrap()),
        sticky: None,
        websocket: false,
        via: Via::Public,
        from: Vec::new(),
    };
    let admin = Exposure {
        span: Span::new(FileId(0), 0..0),
        host: "admin.shop.example".into(),
        path: "/admin".into(),
        rewrite: Some("/".into()),
        timeout: None,
        websocket: true,
        via: Via::Internal,
        from: vec!["10.0.0.0/8".parse().unwrap()],
        ..exposure.clone()
    };
    web.exposures = vec![exposure, admin];
    web.volumes = vec![Volume::Tmp { name: "tmp".into(), medium: Medium::Memory, size: "64Mi".parse().unwrap() }];
    let main = &mut web.main;
    main.ports = vec![("http".into(), 8080.into()), ("grpc".into(), 9090.into())];
    main.mounts = vec![Mount { volume: "tmp".into(), path: "/tmp".into(), read_only: false }];
    main.probes.ready =
        probe(ProbeAction::Http { tls: false, path: "/healthz".into(), port: 8080, headers: vec![("Cookie".into(), "a=b".into())] });
    main.probes.live = probe(ProbeAction::Grpc { service: String::new(), port: 9090 });
    main.probes.start = probe(ProbeAction::Tcp { port: 8080 });
    let secret = |text: &str| text.parse().unwrap();
    main.variables = vec![
        text("LOG_LEVEL", "info"),
        Variable { name: "KEY".into(), value: Source::Secret(secret("shop/web#key")) },
        Variable {
            name: "DSN".into(),
            value: Source::Template(vec![
                TemplatePart::Text("postgres://app:".into()),
                TemplatePart::Secret { reference: secret("shop/orders#password"), in_url: true },
                TemplatePart::Text("@orders:5432/{{".into()),
            ]),
        },
    ];
    main.files = vec![
        ConfigFile { path: "/etc/web/a.yml".into(), content: FileContent::Text("a: 1\n".into()), mode: None },
        ConfigFile { path: "/etc/web/b/a.yml".into(), content: FileContent::Text("b: 2\n".into()), mode: None },
        ConfigFile { path: "/etc/web/tls.pem".into(), content: FileContent::Secret(secret("shop/web#pem")), mode: None },
    ];
    web.init = vec![container("migrate")];
    let mut agent = container("agent");
    agent.variables = vec![text("MODE", "sidecar"), Variable { name: "KEY".into(), value: Source::Secret(secret("shop/agent#key")) }];
    web.sidecars = vec![agent];
    web
}

fn orders() -> Workload {
    let mut orders = workload("orders", Kind::StatefulSet);
    orders.store = Some(Engine::Postgres);
    orders.replicas = (3, 3);
    orders.placement.spread = Spread::Soft;
    let postgres = ServicePort { protocol: Some(Protocol::Tcp), ..port("postgres", 5432) };
    orders.service = Some(Service { ports: vec![postgres], aliases: Vec::new(), headless: false });
    orders.volumes = vec![Volume::Claim { name: "data".into(), size: "100Gi".parse().unwrap(), class: None }];
    orders.main.ports = vec![("postgres".into(), 5432.into())];
    orders.main.mounts = vec![Mount { volume: "data".into(), path: "/var/lib/data".into(), read_only: false }];
    orders
}

fn agent() -> Workload {
    let mut agent = workload("node-agent", Kind::DaemonSet);
    agent.namespace = name("system");
    agent.host_network = true;
    agent.host_pid = true;
    agent.reason = Some("it reads the node's counters".into());
    agent.volumes = vec![Volume::Host(HostPath { name: "proc".into(), path: "/proc".into() })];
    agent.main.mounts = vec![Mount { volume: "proc".into(), path: "/host/proc".into(), read_only: true }];
    agent.main.security = Security { user: 0, group: 0, capabilities: vec!["SYS_PTRACE".into()], writable_root: true, privileged: true };
    agent
}

fn flows() -> Vec<Flow> {
    let peer = |name: &str| Peer::Workload { region: "eu-west-1".parse().unwrap(), namespace: "shop".into(), name: name.into() };
    let flow = |from, to, port: u16, why: &str| Flow { from, to, ports: port.into(), why: why.into(), span: Span::new(FileId(0), 0..0) };
    vec![
        flow(peer("web"), peer("orders"), 5432, "`needs` of app/web"),
        flow(
            peer("web"),
            Peer::Outside { name: "mail".into(), cidrs: Vec::new(), app: None, gateway: false },
            443,
            "`needs` of app/web: external/mail",
        ),
        flow(
            peer("report"),
            Peer::Outside { name: "erp".into(), cidrs: vec!["192.168.1.0/24".parse().unwrap()], app: None, gateway: false },
            443,
            "two\nlines",
        ),
        flow(Peer::Addon(Addon::Gateway), peer("web"), 8080, "`expose` of app/web"),
        flow(Peer::Addon(Addon::Monitoring), peer("web"), 9090, "`metrics` of app/web"),
    ]
}

fn platform(version: &str, provider: Provider) -> Platform {
    let cron = Cron { schedule: "0 3 * * *".into(), timezone: "Europe/Rome".into(), deadline: 600, retries: 2 };
    let mut worker = workload("worker", Kind::Deployment);
    worker.main.command = vec!["/worker".into()];
    worker.no_probes = Some("it has no port".into());
    let workloads = [
        web(),
        worker,
        workload("report", Kind::CronJob(cron)),
        workload("schema", Kind::Job { deadline: 300, after_rollout: false, after: Vec::new() }),
        agent(),
        orders(),
    ];
    let region = Region {
        name: name("eu-west-1"),
        provider,
        zones: ["a", "b", "c"].map(|zone| format!("eu-west-1{zone}")).to_vec(),
        account: Some("111111111111".into()),
        primary: true,
        owns_account: true,
        shared_hosts: BTreeSet::new(),
        inside: platgen::value::Cidr::PRIVATE.iter().map(|range| range.parse().unwrap()).collect(),
        network: None,
        cluster: Cluster {
            controllers: Default::default(),
            name: "shop-beta-eu-west-1".into(),
            version: version.parse().unwrap(),
            policy_engine: PolicyEngine::Native,
            registry_secret: None,
            mirror: None,
            name_servers: Vec::new(),
            issuer: None,
            pools: Vec::new(),
            admin_cidrs: Vec::new(),
            log_days: 30,
            proxies: Default::default(),
            storage: Vec::new(),
            existing_classes: BTreeSet::new(),
        },
        managed: IndexMap::new(),
        volumes: Vec::new(),
        workloads: workloads.into_iter().map(|workload| (format!("{}/{}", workload.namespace, workload.name), workload)).collect(),
        flows: flows(),
        monitoring: None,
        charts: Vec::new(),
    };
    let namespace = |called: &str, pod_security, reason: Option<&str>| Namespace {
        name: name(called),
        owner: name("shop-team"),
        quota: Quota { cpu: Some("40".parse().unwrap()), memory: Some("80Gi".parse().unwrap()), storage: None },
        default_cpu: "100m".parse().unwrap(),
        default_memory: "128Mi".parse().unwrap(),
        pod_security,
        reason: reason.map(str::to_owned),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
    };
    let group = |called: &str, role, namespaces: &[&str]| Group {
        name: name(called),
        id: format!("id:{called}"),
        role,
        namespaces: namespaces.iter().map(|text| name(text)).collect(),
    };
    Platform {
        identity: "beta".to_owned(),
        no_guard: None,
        night: None,
        zone: None,
        leads_account: true,
        pipelines: None,
        gitops: None,
        second_factor: false,
        name: name("shop"),
        labels: BTreeMap::from([("cost-centre".into(), "42".into())]),
        environment: name("beta"),
        protected: false,
        domain: "shop.example".parse().unwrap(),
        primary: name("eu-west-1"),
        owner: name("sre"),
        state_region: None,
        secrets: Secrets { store: SecretStore::Cloud, vault: None },
        groups: vec![
            group("sre", GroupRole::Admin, &[]),
            group("developers", GroupRole::Developer, &["shop"]),
            group("auditors", GroupRole::Viewer, &[]),
        ],
        namespaces: IndexMap::from([
            ("shop".to_owned(), namespace("shop", PodSecurityLevel::Restricted, None)),
            ("system".to_owned(), namespace("system", PodSecurityLevel::Privileged, Some("agents read their node"))),
        ]),
        regions: IndexMap::from([("eu-west-1".to_owned(), region)]),
        buckets: IndexMap::new(),
        patches: Vec::new(),
        manifests: vec![Manifest {
            name: name("extra"),
            span: span(),
            path: "extra.yaml".into(),
            text: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\ndata: {a: 'yes'}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n"
                .into(),
            namespace: Some(name("shop")),
            reason: "a test brings it".into(),
        }],
        terraform: Vec::new(),
        waivers: Vec::new(),
    }
}

fn region(platform: &Platform) -> &Region {
    &platform.regions["eu-west-1"]
}

/// The documents of one region of a platform all of whose regions can be rendered.
fn documents(platform: &Platform, wanted: &Region) -> Result<Tree, RenderError> {
    let (mut tree, mut patched) = (Tree::new(), BTreeSet::new());
    for region in platform.regions.values() {
        let rendered = render(platform, region)?;
        patched.extend(rendered.patched);
        if region.name == wanted.name {
            tree = rendered.tree;
        }
    }
    every_patch_fits(platform, &patched)?;
    Ok(tree)
}

fn objects(platform: &Platform) -> Vec<Value> {
    documents(platform, region(platform)).unwrap().into_values().flatten().map(|document| document.to_json()).collect()
}

/// The name of an object, without its hash.
fn identity(path: &str, object: &Value) -> String {
    let name = object["metadata"]["name"].as_str().unwrap();
    let stem = match name.rsplit_once('-') {
        Some((stem, hash)) if hash.len() == 10 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => format!("{stem}-#"),
        _ => name.to_owned(),
    };
    format!("{path} {}/{stem}", object["kind"].as_str().unwrap())
}

fn find<'o>(objects: &'o [Value], kind: &str, name: &str) -> &'o Value {
    let found: Vec<_> = objects.iter().filter(|object| object["kind"] == kind && object["metadata"]["name"] == name).collect();
    assert_eq!(found.len(), 1, "{kind}/{name}");
    found[0]
}

fn every_object_stands_in_its_file() {
    let platform = platform("1.35", Provider::Aws);
    let tree = documents(&platform, region(&platform)).unwrap();
    let found: Vec<String> =
        tree.iter().flat_map(|(path, documents)| documents.iter().map(|document| identity(path, &document.to_json()))).collect();
    let expected = include_str!("data/kubernetes/objects.txt");
    assert_eq!(found.join("\n"), expected.trim_end());
}

fn the_folder_builds() {
    for (version, provider) in [("1.33", Provider::Aws), ("1.35", Provider::Google), ("1.36", Provider::Kind), ("1.37", Provider::Azure)] {
        let platform = platform(version, provider);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kubernetes").join(version);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        let files = files(documents(&platform, region(&platform)).unwrap()).unwrap();
        for (path, text) in &files {
            assert!(text.starts_with("# Generated by platgen from the platform spec. Do not edit"), "{path}");
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let kubectl = Command::new("kubectl").arg("kustomize").arg(&folder).output();
        let Ok(output) = kubectl else {
            eprintln!("skipped: kubectl is not there");
            continue;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let built = String::from_utf8(output.stdout).unwrap().split("\n---\n").count();
        assert_eq!(built, objects(&platform).len());
    }
}

fn references_resolve() {
    let platform = platform("1.35", Provider::Aws);
    let objects = objects(&platform);
    let names = |kind: &str| -> BTreeSet<String> {
        objects
            .iter()
            .filter(|object| object["kind"] == kind)
            .map(|object| object["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let web = find(&objects, "Deployment", "web");
    let pod = &web["spec"]["template"]["spec"];
    let main = &pod["containers"][0];
    assert!(web["spec"].get("replicas").is_none());
    assert!(names("ConfigMap").contains(main["envFrom"][0]["configMapRef"]["name"].as_str().unwrap()));
    assert!(names("PriorityClass").contains(pod["priorityClassName"].as_str().unwrap()));
    assert!(names("ServiceAccount").contains(pod["serviceAccountName"].as_str().unwrap()));
    let volumes: BTreeSet<&str> = pod["volumes"].as_array().unwrap().iter().map(|volume| volume["name"].as_str().unwrap()).collect();
    let containers = pod["containers"].as_array().unwrap().iter().chain(pod["initContainers"].as_array().unwrap());
    let mounts = containers.flat_map(|container| container["volumeMounts"].as_array().into_iter().flatten());
    let mounted: BTreeSet<&str> = mounts.map(|mount| mount["name"].as_str().unwrap()).collect();
    assert_eq!(volumes, mounted);
    for object in &objects {
        assert_eq!(object["metadata"]["labels"]["platgen.io/environment"], "beta", "{object}");
    }
}

fn secrets_are_references() {
    let platform = platform("1.35", Provider::Aws);
    let objects = objects(&platform);
    let name = objects.iter().filter(|object| object["kind"] == "ExternalSecret").filter_map(|object| object["metadata"]["name"].as_str());
    let name = name.filter(|name| name.starts_with("web-secrets-")).collect::<Vec<_>>()[0].to_owned();
    let secret = &find(&objects, "ExternalSecret", &name)["spec"];
    assert_eq!(
        secret["data"],
        json!([
            {"secretKey": "value1", "remoteRef": {"key": "beta/shop/web", "property": "key"}},
            {"secretKey": "value2", "remoteRef": {"key": "beta/shop/orders", "property": "password"}},
            {"secretKey": "value3", "remoteRef": {"key": "beta/shop/web", "property": "pem"}},
            {"secretKey": "value4", "remoteRef": {"key": "beta/shop/agent", "property": "key"}},
        ])
    );
    assert_eq!(
        secret["target"]["template"]["data"],
        json!({
            "DSN": "postgres://app:{{ .value2 | urlquery | replace \"+\" \"%20\" }}@orders:5432/{{ \"{\" }}{{ \"{\" }}",
            "KEY": "{{ .value1 }}",
            "agent.KEY": "{{ .value4 }}",
            "tls.pem": "{{ .value3 }}",
        })
    );
}

fn words_follow_the_version() {
    let distribution = |version| find(&objects(&platform(version, Provider::Aws)), "Service", "web")["spec"]["trafficDistribution"].clone();
    assert_eq!(distribution("1.33"), "PreferClose");
    assert_eq!(distribution("1.35"), "PreferSameZone");
}

fn a_config_map_belongs_to_its_environment() {
    let config = |platform: &Platform| {
        objects(platform)
            .iter()
            .filter(|object| object["kind"] == "ConfigMap")
            .map(|object| object["metadata"]["name"].to_string())
            .collect::<BTreeSet<_>>()
    };
    let beta = platform("1.35", Provider::Aws);
    let production = Platform { environment: name("production"), identity: "production".to_owned(), ..beta.clone() };
    let shared: Vec<_> = config(&beta).intersection(&config(&production)).cloned().collect();
    assert_eq!(shared, ["\"extra\""]);
}

fn patches_change_one_object() {
    let patch = |target: &str, change| Patch {
        name: name("tune"),
        span: span(),
        target: target.parse().unwrap(),
        change,
        reason: "measured".into(),
    };
    let render = |patches: Vec<Patch>| {
        let platform = Platform { patches, ..platform("1.35", Provider::Aws) };
        documents(&platform, region(&platform))
            .map(|tree| tree.into_values().flatten().map(|document| document.to_json()).collect::<Vec<_>>())
    };
    let merge = Change::Merge(
        json!({"spec": {"minReadySeconds": 5, "progressDeadlineSeconds": null, "strategy": {"type": "Recreate", "rollingUpdate": null}}}),
    );
    let steps = Change::Json(json!([{"op": "replace", "path": "/spec/minReadySeconds", "value": 7}]));
    let objects = render(vec![patch("Deployment/shop/web", merge), patch("Deployment/shop/web", steps)]).unwrap();
    let spec = &find(&objects, "Deployment", "web")["spec"];
    assert_eq!((&spec["minReadySeconds"], &spec["strategy"]), (&json!(7), &json!({"type": "Recreate"})));
    assert!(spec.get("progressDeadlineSeconds").is_none());

    let fault = |target: &str, change| match render(vec![patch(target, change)]) {
        Err(RenderError::Patch { message, .. }) => message,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        fault("Deployment/shop/nope", Change::Merge(json!({}))),
        "patch `tune` changes `Deployment/shop/nope`, which is not rendered in any region"
    );
    assert_eq!(
        fault("Service/shop/web", Change::Merge(json!({"metadata": {"name": "x"}}))),
        "patch `tune` makes another object of `Service/shop/web`"
    );
}

fn a_patch_may_change_one_region_alone() {
    let mut platform = platform("1.35", Provider::Aws);
    let mut second = region(&platform).clone();
    second.name = name("eu-central-1");
    second.workloads.shift_remove("shop/report");
    platform.regions.insert("eu-central-1".into(), second);
    platform.patches = vec![Patch {
        name: name("later"),
        span: span(),
        target: "CronJob/shop/report".parse().unwrap(),
        change: Change::Merge(json!({"spec": {"suspend": true}})),
        reason: "paused".into(),
    }];
    let patched = platform.regions.values().flat_map(|region| render(&platform, region).unwrap().patched).collect();
    assert_eq!(every_patch_fits(&platform, &patched), Ok(()));
}

fn raw_manifests_are_objects() {
    let fault = |text: &str| {
        let mut platform = platform("1.35", Provider::Aws);
        platform.manifests[0].text = text.into();
        match documents(&platform, region(&platform)) {
            Err(RenderError::Manifest { message, .. }) => message,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(fault("# nothing\n"), "`extra.yaml` holds no object");
    assert_eq!(fault("- a\n"), "`extra.yaml` holds something else than an object in document 1");
    assert_eq!(fault("kind: ConfigMap\n"), "`extra.yaml` has no `apiVersion` and `kind` in document 1");
    assert!(fault("a: [\n").starts_with("`extra.yaml` is not valid YAML: "));
}

fn equal_maps_of_two_workloads_have_two_names() {
    let mut platform = platform("1.35", Provider::Aws);
    let mut twin = workload("web-agent", Kind::Deployment);
    twin.main.variables = vec![text("MODE", "sidecar")];
    platform.regions["eu-west-1"].workloads.insert("shop/web-agent".into(), twin);
    let objects = objects(&platform);
    let maps = objects.iter().filter(|object| object["kind"] == "ConfigMap" && object["data"]["MODE"] == "sidecar");
    let names: BTreeSet<&str> = maps.map(|object| object["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 2);
}
