//! `show`: every effective value has an origin, and the origin is true.

use super::program::{Project, copy, root, specs};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A printed line: path, value, origin.
type Line = (String, String, String);

/// What `show` prints of an environment.
fn shown(project: &Project, spec: &str, environment: &str) -> Vec<Line> {
    let out = project.run(&["show", "--spec", spec, "--env", environment]).exits(0).out;
    let line = |line: &str| {
        let (rest, origin) = line.rsplit_once("  # ").unwrap_or_else(|| panic!("no origin: {line}"));
        let (path, value) = rest.split_once("  ").unwrap_or_else(|| panic!("no value: {line}"));
        (path.to_string(), value.trim().to_string(), origin.to_string())
    };
    out.lines().map(line).collect()
}

/// A rendered copy of a spec, the name to call it by, and its environments.
fn project(spec: &Path) -> (Project, String, Vec<String>) {
    let project = Project::new().incomplete();
    let named = copy(spec, &project.folder, false);
    let name = if named.is_dir() { ".".to_string() } else { named.file_name().expect("a name").to_string_lossy().into_owned() };
    project.run(&["lock", &name]).exits(0);
    let ran = project.run(&["show", "--spec", &name, "environments"]).exits(0);
    let mut environments: Vec<String> = ran.out.lines().filter_map(|line| Some(line.split('.').nth(1)?.to_string())).collect();
    environments.dedup();
    (project, name, environments)
}

/// The texts that a printed value may stand as in its source: the text itself, or its first line.
fn literal(value: &str) -> String {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inside) => inside.split("\\n").find(|line| !line.is_empty()).unwrap_or_default().replace("\\\"", "\"").replace("\\\\", "\\"),
        None => value.to_string(),
    }
}

/// Every line of every spec: it has an origin; a place holds the value, literally; a computed value names what there is.
pub(crate) fn every_origin_is_true() {
    let mut all = specs();
    all.insert("sample in TOML".to_string(), root().join("tests/data/sample.toml"));
    all.insert("computed".to_string(), root().join("tests/data/computed.yaml"));
    let (mut literals, mut computed) = (0, 0);
    let defaults = fs::read_to_string(root().join("src/spec/defaults.yaml")).expect("the defaults");
    for (spec, path) in all {
        let (project, name, environments) = project(&path);
        assert!(environments.len() >= 2, "{spec}: {environments:?}");
        let texts = |file: &str| project.read(file).lines().map(str::to_string).collect::<Vec<_>>();
        for environment in environments {
            let lines = shown(&project, &name, &environment);
            let paths: BTreeSet<&str> = lines.iter().map(|(path, ..)| path.as_str()).collect();
            assert_eq!(paths.len(), lines.len(), "{spec}/{environment}: a path stands twice");
            let mut faults = Vec::new();
            for (path, value, origin) in &lines {
                let at = |place: &str| {
                    let (file, number) = place.rsplit_once(':').expect("a file and a line");
                    texts(file.trim_start_matches("./"))[number.parse::<usize>().expect("a number") - 1].clone()
                };
                let said = literal(value);
                let line = match origin.strip_prefix("computed from ") {
                    Some(from) => {
                        computed += 1;
                        match from.split_once(' ').map_or(from, |(first, _)| first).strip_prefix("platgen.lock:") {
                            Some(_) => at(from),
                            None => {
                                faults.extend(unknown(from, &paths).map(|word| format!("{path}: there is no `{word}`: {origin}")));
                                continue;
                            }
                        }
                    }
                    None if origin == "default" => defaults.clone(),
                    None => {
                        literals += 1;
                        at(origin.split(", ").next().expect("a place"))
                    }
                };
                if !line.contains(&said) {
                    faults.push(format!("{path} {value} does not stand at {origin}: {line}"));
                }
            }
            assert!(faults.is_empty(), "{spec}/{environment}:\n{}", faults.join("\n"));
        }
    }
    assert!(literals > 1000 && computed > 1000, "{literals} literal, {computed} computed");
}

/// The first path that an origin names and nothing has.
fn unknown<'a>(from: &'a str, paths: &BTreeSet<&str>) -> Option<&'a str> {
    let words = from.split([' ', ':', ',']).filter(|word| word.contains('.') && word.as_bytes()[0].is_ascii_lowercase());
    let within = |path: &str, word: &str| path.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    words.into_iter().find(|word| !paths.iter().any(|path| within(path, word)))
}

/// Each secret, without its value, and who reads it.
pub(crate) fn secrets_have_their_readers() {
    let project = Project::new();
    project.write(
        "platform.yaml",
        r#"apiVersion: platgen/v1
platform: {name: shop, owner: ops, domain: shop.example}
cloud: {provider: existing}
regions: {desk: {}}
environments: {beta: {regions: [desk]}, production: {regions: [desk]}}
cluster: {registry: {pull: platform/registry}}
teams: {ops: {group: ops}}
access: {groups: {ops: {role: admin}}}
namespaces: {shop: {owner: ops}, desk: {owner: ops}}
apps:
  web: {namespace: shop, image: "registry.example/web:v1", secrets: {KEY: "shop/db#key"}, files: {/key: {secret: "shop/db#key"}, /cert: {secret: "shop/db#cert"}}}
  job: {namespace: desk, image: "registry.example/job:v1", run: before-deploy, secrets: {KEY: "shop/db#key"}, secrets_from: [desk/all]}
"#,
    );
    let lines = shown(&project, "platform.yaml", "production").into_iter();
    let readers: Vec<(String, String)> =
        lines.filter_map(|(path, value, _)| Some((path.strip_prefix("secrets.readers.")?.to_owned(), value))).collect();
    let wanted = [
        ("production-desk-all", "desk/job"),
        ("production-platform-registry", "every namespace"),
        ("production-shop-db#cert", "shop/web"),
        ("production-shop-db#key", "desk/job, shop/web"),
    ];
    assert_eq!(readers, wanted.map(|(secret, readers)| (secret.to_owned(), readers.to_owned())));
}

/// What comes from a profile or from an environment's block says so, and nothing else does.
pub(crate) fn layers_are_named() {
    let (project, name, _) = project(&specs()["sample"]);
    let of = |environment: &str, word: &str| -> BTreeMap<String, String> {
        let lines = shown(&project, &name, environment).into_iter();
        lines.filter(|(_, _, origin)| origin.ends_with(word)).map(|(path, value, _)| (path, value)).collect()
    };
    let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(path, value)| (path.to_string(), value.to_string())).collect::<BTreeMap<_, _>>();
    let dev = [
        ("apps.frontend.config.LOG_LEVEL", "debug"),
        ("apps.frontend.scale.replicas", "1"),
        ("cluster.pools.general.nodes", "3..4"),
        ("stores.orders.replicas", "1"),
    ];
    assert_eq!(of("dev", ", environment dev"), map(&dev));
    assert_eq!(of("beta", ", environment beta"), map(&[]));
    let scaled = ["cart", "frontend", "payment"].map(|app| [(app, "cpu", "70%"), (app, "replicas", "3..12")]).concat();
    let scaled = scaled.into_iter().map(|(app, key, value)| (format!("apps.{app}.scale.{key}"), value.to_string())).collect();
    assert_eq!(of("production", ", profile service, environment production"), scaled);
    let roles = ["payments", "shop"].map(|team| (format!("access.groups.{team}-developers.role"), "viewer".to_string()));
    let mut all = scaled.clone();
    all.extend(roles);
    assert_eq!(of("production", ", environment production"), all);
    let shared = ["namespace", "resources.cpu", "resources.memory", "security.group", "security.reason", "security.user"];
    let both =
        ["cart", "payment"].iter().flat_map(|app| shared.iter().chain(["protocol"].iter()).map(move |key| format!("apps.{app}.{key}")));
    let mut wanted: BTreeSet<String> = both.chain(shared.iter().map(|key| format!("apps.frontend.{key}"))).collect();
    wanted.remove("apps.payment.namespace");
    assert_eq!(of("dev", ", profile service").into_keys().collect::<BTreeSet<_>>(), wanted);
}

/// A store that exists already has no defaults of pods and volumes.
pub(crate) fn existing_stores_show_what_is_written() {
    let (project, name, _) = project(&specs()["features"]);
    let lines = shown(&project, &name, "production");
    let keys: BTreeSet<&str> = lines.iter().filter_map(|(path, ..)| path.strip_prefix("stores.orders.")).collect();
    assert_eq!(keys, BTreeSet::from(["cidrs[0]", "engine", "host", "mode", "namespace", "users.app.name", "users.app.password"]));
}

/// What the spec says of a setting of a database is shown once, with its place.
pub(crate) fn settings_of_the_spec_are_not_computed() {
    let project = Project::new();
    project.write(
        "platform.yaml",
        r#"apiVersion: platgen/v1
platform: {name: shop, owner: ops, domain: shop.example}
cloud: {provider: existing}
regions: {desk: {}}
environments: {production: {regions: [desk]}}
teams: {ops: {group: ops}}
access: {groups: {ops: {role: admin}}}
namespaces: {shop: {owner: ops}}
stores:
  db: {engine: postgres, version: "17", users: {app: {}}, storage: 10Gi, parameters: {shared_buffers: 1GB}, backup: {none: a trial}}
"#,
    );
    let lines = shown(&project, "platform.yaml", "production");
    let settings: Vec<(&str, &str, bool)> = lines
        .iter()
        .filter(|(path, ..)| path.contains("shared_buffers") || path.contains("effective_cache_size"))
        .map(|(path, value, origin)| (path.as_str(), value.as_str(), origin.starts_with("computed from")))
        .collect();
    let wanted = [("stores.db.parameters.shared_buffers", "1GB", false), ("stores.db.settings.effective_cache_size", "768MB", true)];
    assert_eq!(settings, wanted);
}

/// A path, its value, how its origin begins.
type Expected = (&'static str, &'static str, &'static str);

/// What resolving decides is shown with what it was decided by.
pub(crate) fn computed_values_name_their_reasons() {
    let cases: [(&str, &str, &[Expected]); 4] = [
        (
            "sample",
            "production",
            &[
                ("addresses.eu-central-1.data.eu-central-1a", "10.32.64.0/22", "platgen.lock:"),
                ("apps.cart.disruption_budget.max_unavailable", "1", "apps.cart.scale.replicas"),
                ("apps.cart.kind", "Deployment", "the entry: no schedule, run, per_node or volumes"),
                ("apps.cart.limits.cpu", "200m", "apps.cart.resources.cpu"),
                ("apps.cart.owner", "shop", "namespaces.shop.owner"),
                ("apps.cart.probes.live.port", "7070", "apps.cart.port"),
                ("apps.cart.resolved.REDIS_ADDR", "carts:6379", "apps.cart.config.REDIS_ADDR"),
                ("apps.cart.security.fs_group", "1000", "apps.cart.security.group"),
                ("apps.cart.service.ports.grpc", "7070->7070", "apps.cart.port"),
                ("apps.cart.service_account", "cart", "the entry's name"),
                ("apps.cart.subnet", "general", "network.subnets: the default one"),
                ("apps.cart.zone_spread", "hard", "apps.cart.scale.replicas and the zones of the region"),
                ("apps.frontend.expose[0].hostname", "boutique.example", "apps.frontend.expose[0].host and environment.domain"),
                ("apps.payment.tolerations[0]", "platgen.io/subnet=payments:NoSchedule", "network.subnets.payments.isolated"),
                ("apps.report.kind", "CronJob", "apps.report.schedule"),
                ("apps.report.limits.cpu", "400m", "apps.report.resources.cpu"),
                ("apps.report.security.user", "10001", "the hardened default"),
                ("apps.report.timezone", "Etc/UTC", "apps.report.schedule: UTC unless `timezone` is set"),
                ("cluster.pools.payments.node_taints[0]", "platgen.io/subnet=payments:NoSchedule", "network.subnets.payments.isolated"),
                ("environment.primary", "eu-west-1", "environments.production.regions: the first"),
                ("regions.eu-west-1.account", "333333333333", "cloud.accounts.production"),
                ("stores.carts.image", "docker.io/library/redis:8.2-alpine", "stores.carts.engine and version"),
                ("stores.carts.service.ports.redis", "6379->6379", "stores.carts.engine"),
            ],
        ),
        (
            "minimal",
            "production",
            &[
                ("apps.web.disruption_budget.max_unavailable", "1", "environments.production.protected"),
                ("apps.web.namespace", "hello", "namespaces: there is one"),
                ("apps.web.scale.replicas", "2", "environments.production.protected"),
                ("apps.web.subnet", "general", "the only subnet: none is declared"),
            ],
        ),
        (
            "features",
            "production",
            &[
                ("buckets.editions.copy", "atelier-production-editions-eu-central-1-222222222222", "buckets.editions.copy_to"),
                ("buckets.editions.lock", "compliance", "buckets.editions.retention and environments.production.protected"),
                ("buckets.editions.name", "atelier-production-editions-eu-west-1-222222222222", "platform.name"),
                ("buckets.editions.old_versions", "35d", "buckets.editions.retention"),
                ("buckets.editions.region", "eu-west-1", "environment.primary"),
                ("buckets.editions.users.studio/gallery", "read", "the references of the entry to the bucket"),
                ("buckets.editions.users.studio/printer", "write", "the references of the entry to the bucket"),
                ("buckets.drafts.old_versions", "30d", "the default of buckets"),
            ],
        ),
        (
            "boutique",
            "dev",
            &[
                ("apps.frontend.service.ports.http", "80->8080", "apps.frontend.port"),
                (
                    "apps.loadgenerator.init.frontend-check.resolved.FRONTEND_ADDR",
                    "frontend.shop:80",
                    "apps.loadgenerator.init.frontend-check.config.FRONTEND_ADDR",
                ),
                ("apps.paymentservice.resolved.DISABLE_PROFILER", "1", "apps.paymentservice.config.DISABLE_PROFILER"),
            ],
        ),
    ];
    for (spec, environment, wanted) in cases {
        let (project, name, _) = project(&specs()[spec]);
        let lines = shown(&project, &name, environment);
        for (path, value, from) in wanted {
            let (_, found, origin) =
                lines.iter().find(|(known, ..)| known == path).unwrap_or_else(|| panic!("{spec} does not show {path}"));
            let computed = origin.strip_prefix("computed from ").unwrap_or_else(|| panic!("{path}: {origin}"));
            assert_eq!((found.as_str(), computed.starts_with(from)), (*value, true), "{spec}: {path} {origin}");
        }
    }
    // Before there is a lock, an address is a proposal.
    let project = Project::init();
    let line = project.run(&["show", "addresses.eu-west-1.vpc"]).exits(0).out;
    assert!(line.contains("computed from network.cidr") && line.contains("not in platgen.lock yet"), "{line}");
}

/// The fields of the model that resolve computes, with the path of a recorded value; `*` is any name.
const COMPUTED: &str = "
    Platform.domain environment.domain
    Platform.primary environment.primary
    Namespace.owner namespaces.*.owner
    Namespace.pod_security namespaces.*.pod_security.level
    Region.provider regions.*.provider
    Region.zones regions.*.zone_names
    Region.account regions.*.account
    Region.inside regions.*.not_the_internet
    Region.owns_account regions.*.owns_account
    Region.shared_hosts regions.*.shared_hosts
    Platform.leads_account environment.leads_account
    Platform.second_factor environment.second_factor
    Platform.zone environment.zone
    Pipelines.issuer environment.pipelines.issuer
    Pipelines.planners environment.pipelines.planners
    Pipelines.applier environment.pipelines.applier
    Pipelines.reference environment.pipelines.reference
    Pipelines.makes_provider environment.pipelines.makes_provider
    GitOps.reference environment.gitops.reference
    Zone.parent environment.zone.parent
    ParentZone.environment environment.zone.parent.environment
    ParentZone.account environment.zone.parent.account
    Bucket.id buckets.*.name
    Bucket.region buckets.*.region
    Bucket.copy buckets.*.copy
    Bucket.lock buckets.*.lock
    Bucket.version_days buckets.*.old_versions
    BucketLock.mode buckets.*.lock
    BucketCopy.id buckets.*.copy
    BucketCopy.days stores.*.backup.copy_retention
    Cluster.name regions.*.cluster
    Cluster.controllers regions.*.controllers
    Cluster.log_days regions.*.cluster_logs
    Cluster.mirror regions.*.mirror
    Mirror.registry regions.*.mirror
    Mirror.copies apps.*.pulled_image
    ImageCopy.repository apps.*.pulled_image
    ImageCopy.tag apps.*.pulled_image
    ImageCopy.source apps.*.pulled_image
    Pool.capacity cluster.pools.*.capacity.arch
    Machine.architecture cluster.pools.*.capacity.arch
    Machine.cpu cluster.pools.*.capacity.cpu
    Machine.memory cluster.pools.*.capacity.memory
    Pool.taints cluster.pools.*.node_taints
    Pool.alternatives regions.*.pools.*.alternatives
    Pool.spot regions.*.pools.*.spot
    Night.timezone environments.*.night.timezone
    Network.cidr addresses.*.vpc
    Network.pods addresses.*.pods
    Network.pod_zones addresses.*.pods.*
    Network.services addresses.*.services
    Network.lb_public addresses.*.lb-public.*
    Network.lb_internal addresses.*.lb-internal.*
    Network.endpoints addresses.*.endpoints.*
    Network.transit addresses.*.transit.*
    Network.nat regions.*.nat
    Network.endpoint_services regions.*.endpoints
    PrivateService.host regions.*.endpoints
    Network.flow_log_days regions.*.flow_logs
    Network.dns_firewall regions.*.dns_firewall
    NetworkSubnet.private regions.*.subnets.*.private
    NetworkSubnet.ranges addresses.*.data.*
    ZoneRange.zone addresses.*.data.*
    ZoneRange.cidr addresses.*.data.*
    Workload.namespace apps.*.namespace
    Workload.owner apps.*.owner
    Workload.name apps.*.service_account
    Workload.kind apps.*.kind
    ServicePort.protocol stores.*.protocol
    Workload.replicas apps.*.scale.replicas
    Workload.grace stores.*.grace
    Workload.fs_group apps.*.security.fs_group
    Cron.deadline apps.*.deadline
    Cron.timezone apps.*.timezone
    Autoscaling.cpu apps.*.scale.cpu
    ServicePort.name apps.*.service.ports.*
    ServicePort.port apps.*.service.ports.*
    ServicePort.target apps.*.service.ports.*
    ServicePort.transport apps.*.service.ports.*
    Exposure.host apps.*.expose.hostname
    Exposure.path apps.*.expose.path
    Exposure.port apps.*.expose.port
    Exposure.via apps.*.expose.via
    Placement.subnets apps.*.subnet
    StorageClass.provisioner regions.*.storage_classes.*.provisioner
    StorageClass.reclaim_policy regions.*.storage_classes.*.reclaim_policy
    Namespace.default_cpu namespaces.*.container.cpu
    Namespace.default_memory namespaces.*.container.memory
    StorageClass.expandable regions.*.storage_classes.*.expandable
    Proxies.least regions.*.proxies.least
    Proxies.most regions.*.proxies.most
    Proxies.tolerations regions.*.proxies.tolerations
    Proxies.load_balancer_class regions.*.proxies.load_balancer_class
    Placement.tolerations apps.*.tolerations
    Placement.spread apps.*.zone_spread
    Placement.min_domains apps.*.zone_spread
    Toleration.key apps.*.tolerations
    Toleration.value apps.*.tolerations
    Toleration.effect apps.*.tolerations
    Database.durability stores.*.durability
    Operated.one_per_zone stores.*.one_per_zone
    Container.image stores.*.image
    Container.command apps.*.resolved.command
    Container.args stores.*.args
    Backup.archive_timeout stores.*.backup.archive_timeout
    Backup.bucket stores.*.backup.bucket
    Backup.keep stores.*.backup.retention
    Backup.restore stores.*.backup.restore
    Kafka.copies stores.*.settings.default.replication.factor
    Kafka.in_sync stores.*.settings.min.insync.replicas
    Kafka.voters stores.*.controllers
    Operated.helper stores.*.helpers.*.memory
    Percona.system stores.*.system_users.*.password
    Backup.schedule stores.*.backup.schedule
    Followed.bucket stores.*.standby.follows
    Managed.id stores.*.identifier
    Managed.job stores.*.users_job
    Managed.owned_by stores.*.owner_of_database
    ManagedBackup.schedule stores.*.backup.schedule
    RestoreTest.database stores.*.backup.restore_test.database
    RestoreTest.job stores.*.backup.restore_test.job
    RestoreTest.limit stores.*.backup.restore_test.limit
    RestoreTest.oldest stores.*.backup.restore_test.oldest
    RestoreTest.schedule stores.*.backup.restore_test.schedule
    Container.ports apps.*.container_ports.*
    Container.cpu apps.*.limits.cpu
    Container.memory apps.*.limits.memory
    Container.ephemeral apps.*.limits.ephemeral
    Variable.value apps.*.resolved.*
    Probe.action stores.*.probes.ready.exec
    Probes.live apps.*.probes.live.port
    Probes.ready stores.*.probes.ready.exec
    Probes.start apps.*.probes.start.port
    Security.user apps.*.security.user
    Security.group apps.*.security.group
    Security.writable_root apps.*.security.writable_root
    Security.privileged apps.*.security.privileged
    Monitoring.pages regions.*.monitoring.pages
    Monitoring.quiet regions.*.monitoring.quiet_hours
    Monitoring.routes alerts.*.page
";

/// The other fields of the model that are not computed: spans, parts with fields of their own, and values of the spec under another name. A field
/// with the name of a key of the spec holds the value of that key, and needs no line here.
const NOT_COMPUTED: &str = "
    Cluster.issuer Field.items Managed.database Outside.callers Outside.service Parity.desktop Parity.differences Parity.environment Parity.outside Step.weight
    Unlike.desktop Unlike.environment Unlike.field Unlike.kind Unlike.object Unlike.reasons Unlike.weight
    MailServer.login Objective.threshold Workload.objectives
    Managed.aliases Managed.span Managed.stand_in Region.managed Workload.users_of
    Endpoint.number Monitoring.closed Monitoring.images Monitoring.tolerations Region.monitoring
    Network.vpn Vpn.name_servers Kafka.voters_apart Kafka.zonal Helper.containers Helper.pods Percona.database Percona.small
    Backup.sidecar Backup.test Backup.url Followed.sidecar Restored.servers Restored.source Restored.url Workload.test_of Cron.retries Bucket.account Bucket.holds Bucket.key Bucket.moves Bucket.span BucketLock.days
    Chart.addon Chart.definitions Chart.images Chart.program Chart.span Cluster.existing_classes Cluster.name_servers Cluster.proxies Cluster.registry_secret ConfigFile.content Container.mounts Container.variables Estate.missing Exposure.entrance Exposure.span Firewall.exits Firewall.flows Flow.span Flow.to
    Platform.no_guard GitOps.controller
    Desk.cpus Desktop.outside Desktop.steps Desktop.workers HostPort.node Proxies.host_ports
    Flow.why Manifest.span Missing.needed Missing.what Mount.read_only Mount.volume NetworkSubnet.internet Operated.software Patch.change Patch.span
    Placement.architectures Placement.everywhere Pipelines.system Platform.environment Platform.pipelines Platform.state_region Redirect.replacement Redirect.scheme Redirect.to Region.flows Region.workloads Rule.reasons
    Rule.to Service.aliases SharedVolume.no_backup SharedVolume.span TerraformFile.span Waiver.everywhere Waiver.expires_span Waiver.span Workload.autoscaling Workload.exposures
    Workload.api Workload.host_network Workload.host_pid Workload.backups Workload.main Workload.no_probes Workload.parallel_start Workload.placement Workload.policies Workload.redirects Workload.replication Workload.restarts_on_rotation Workload.service Workload.span
";

/// The keys of the spec: the names of the fields of its types.
fn spec_keys() -> BTreeSet<String> {
    let files = fs::read_dir(root().join("src/spec")).expect("the types of the spec").map(|entry| entry.expect("a file").path());
    let sources: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .map(|path| fs::read_to_string(path).expect("a source"))
        .collect();
    let fields =
        sources.iter().flat_map(|source| source.lines()).filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(": Field<"));
    fields.map(|(name, _)| name.to_string()).collect()
}

/// The public fields of the structs of the model, as `Struct.field`.
fn model_fields() -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    for file in fs::read_dir(root().join("src/model")).expect("the model").map(|entry| entry.expect("a file").path()) {
        if file.is_dir() {
            continue;
        }
        let mut owner = None;
        for line in fs::read_to_string(&file).expect("a source").lines() {
            if let Some(rest) = line.strip_prefix("pub struct ") {
                owner = rest.split([' ', '(', '<']).next().map(str::to_string);
            } else if line.starts_with('}') {
                owner = None;
            } else if let (Some(owner), Some((field, _))) = (&owner, line.strip_prefix("    pub ").and_then(|rest| rest.split_once(':'))) {
                fields.insert(format!("{owner}.{field}"));
            }
        }
    }
    fields
}

/// A path without its indexes, such as `apps.web.expose.port`.
fn without_indexes(path: &str) -> String {
    path.split('[').enumerate().map(|(at, part)| if at == 0 { part } else { part.split_once(']').map_or("", |(_, rest)| rest) }).collect()
}

/// Every field of the model is recorded by resolve, and then `show` prints it as computed, or has the name of a key of the spec, or is listed as
/// not computed.
pub(crate) fn every_computed_field_is_recorded() {
    let computed: BTreeMap<&str, &str> = COMPUTED.lines().filter_map(|line| line.trim().split_once(' ')).collect();
    let mut listed: BTreeSet<String> =
        computed.keys().chain(&NOT_COMPUTED.split_whitespace().collect::<Vec<_>>()).map(|field| field.to_string()).collect();
    assert_eq!(listed.len(), computed.len() + NOT_COMPUTED.split_whitespace().count(), "a field is listed twice");
    let fields = model_fields();
    let keys = spec_keys();
    let is_key = |field: &str| field.split_once('.').is_some_and(|(_, name)| keys.contains(name));
    let unlisted: Vec<&String> = fields.difference(&listed).filter(|field| !is_key(field)).collect();
    assert!(unlisted.is_empty(), "record these fields of the model where resolve decides them, or list them as not computed: {unlisted:?}");
    listed.retain(|field| !fields.contains(field));
    assert!(listed.is_empty(), "the model has no such fields: {listed:?}");
    let mut recorded = BTreeSet::new();
    let cases = specs().into_iter().chain([("computed".to_string(), root().join("tests/data/computed.yaml"))]);
    for (_, path) in cases {
        let (project, name, environments) = project(&path);
        let lines = environments.iter().flat_map(|environment| shown(&project, &name, environment));
        recorded.extend(lines.filter(|(_, _, origin)| origin.starts_with("computed from ")).map(|(path, ..)| without_indexes(&path)));
    }
    let matches = |pattern: &str, path: &String| {
        let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), path.split('.').collect());
        pattern.len() == path.len() && pattern.iter().zip(path).all(|(wanted, part)| *wanted == "*" || *wanted == part)
    };
    let missing: Vec<_> = computed.iter().filter(|(_, pattern)| !recorded.iter().any(|path| matches(pattern, path))).collect();
    assert!(missing.is_empty(), "show prints no computed value for {missing:?}");
}
