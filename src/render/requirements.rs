//! What the files of a region use and do not make: one list, which the region's README prints and its `preflight.sh` looks through.

use std::collections::{BTreeMap, BTreeSet};

use super::preflight::ONLY_WHOSE;
use super::requirement::{Place, Requirement, ask, cluster, listed, look};
use super::uses::Uses;
use super::ways::{chosen_images, file_systems, images, operator_image, percona_image, routes};
use super::{certificates, gitops};
use crate::cloud::Root;
use crate::diagnostic::wording::shell_quoted as quoted;
use crate::kinds::{Operated, Operator};
use crate::labels::{POOL, SUBNET};
use crate::layers::Layer;
use crate::model::{AddonChart, Controller, Platform, PolicyEngine, Region, SecretStore, Workload};
use crate::provider::Provider;

/// Everything that a region needs, first what is in the cluster.
pub(super) fn requirements(platform: &Platform, region: &Region, uses: &Uses, roots: &[&Root]) -> Vec<Requirement> {
    let mut all = Vec::new();
    if platform.is_guarded() {
        let whose = format!("{}/{}/{}", platform.name, platform.environment, region.name);
        all.push(Requirement {
            place: Place::Cluster,
            sentence: None,
            checks: vec![format!("belongs {}", quoted(&whose)), ONLY_WHOSE.to_owned()],
        });
    }
    let made = roots.iter().any(|root| root.layer == Layer::Cluster);
    in_cluster(region, uses, made, &mut all);
    operator_image(region, &mut all);
    chosen_images(region, &mut all);
    percona_image(region, &mut all);
    if made {
        with_rights(region, uses, &mut all);
    }
    if !made {
        nodes(region, &mut all);
    }
    images(region, &mut all);
    all.extend(gitops::requirement(platform, region));
    file_systems(region, &mut all);
    routes(platform, region, &mut all);
    let roles = uses.roles.iter().filter(|_| !made);
    outside(platform, region, (uses, made), roles, &mut all);
    all
}

/// The controllers that work with the rights of these files and that people install. [`in_cluster`] names that of load balancers.
fn with_rights(region: &Region, uses: &Uses, all: &mut Vec<Requirement>) {
    let (several, records) = (!region.shared_hosts.is_empty(), records(region, uses));
    for controller in &region.cluster.controllers {
        let (title, why, needed) = match controller {
            Controller::Autoscaler => ("the Kubernetes Cluster Autoscaler", "without, pools stay at their smallest number of nodes", true),
            Controller::CertManager => ("cert-manager", "makes and renews certificates, unless another program does", false),
            Controller::ExternalDns => ("ExternalDNS", records.as_str(), several),
            Controller::Disks | Controller::LoadBalancers | Controller::PodNetwork => continue,
        };
        let (namespace, account) = controller.account();
        let of = format!("as the account `{account}` in `{namespace}`, which has its rights");
        let check = if needed {
            let filter = format!("{{.items[?(@.spec.template.spec.serviceAccountName==\"{account}\")].metadata.name}}");
            let arguments = format!("--namespace {} get deployments --output jsonpath={}", quoted(namespace), quoted(&filter));
            cluster("prints", title, &arguments)
        } else {
            ask(&format!("whether {title} runs as the account {account} in {namespace}, or another program does its work"))
        };
        let sentence = AddonChart::of(*controller).and_then(|addon| by_hand(region, addon, format!("{title}, {of}: {why}")));
        all.push(Requirement { place: Place::Cluster, sentence, checks: vec![check] });
    }
}

/// The sentence about an add-on, unless these files install it: then its checks say whether that was done.
fn by_hand(region: &Region, addon: AddonChart, sentence: String) -> Option<String> {
    region.chart(addon).is_none().then_some(sentence)
}

/// What ExternalDNS does, and how it has to run. Without the prefix, the mark of its record of a domain would be outside of the domain's zone, and it would
/// never change or remove that record. Where several regions answer at a host, no other program reads the annotations of the routes.
fn records(region: &Region, uses: &Uses) -> String {
    let owned = format!("`--registry=txt`, `--txt-prefix=extdns-%{{record_type}}.` and `--txt-owner-id={}`", region.cluster.name);
    if region.shared_hosts.is_empty() {
        return format!("makes the DNS records of the hosts, unless another program does. It runs with {owned}");
    }
    let routes = ["GRPCRoute", "HTTPRoute", "TLSRoute"];
    let kinds = uses.apis.values().flatten().filter(|kind| routes.contains(&kind.as_str()));
    let sources = listed(kinds.map(|kind| format!("--source=gateway-{}", kind.to_ascii_lowercase())).collect::<BTreeSet<_>>());
    format!(
        "makes the DNS records of the hosts, a record of each region where several answer. It is 0.22 or newer and runs with {sources}, `--provider=aws`, `--policy=sync`, {owned}, because the regions share a zone"
    )
}

/// `made` says whether a root of these files makes the cluster.
fn in_cluster(region: &Region, uses: &Uses, made: bool, all: &mut Vec<Requirement>) {
    let mut push = |sentence: Option<String>, checks| all.push(Requirement { place: Place::Cluster, sentence, checks });
    // Of an add-on, or of none.
    let mut add = |of: Option<AddonChart>, sentence: String, checks| {
        push(of.is_none_or(|addon| region.chart(addon).is_none()).then_some(sentence), checks);
    };
    let name = &region.cluster.name;
    let cluster_of = if made { "a way to the private address of the cluster," } else { "the cluster," };
    add(
        None,
        format!("{cluster_of} as the context `{name}` of kubectl, and there the rights of the ClusterRole `cluster-admin`"),
        vec![cluster("allowed", "all rights in the cluster", "auth can-i '*' '*' --all-namespaces")],
    );
    let (engine, selector) = match region.cluster.policy_engine {
        PolicyEngine::Native => ("an engine that enforces network policies, the provider's own", None),
        PolicyEngine::Cilium if region.is_monitored() => (
            "Cilium, which enforces network policies, with policyCIDRMatchMode for nodes: Prometheus reads their metrics",
            Some("k8s-app=cilium"),
        ),
        PolicyEngine::Cilium => ("Cilium, which enforces network policies", Some("k8s-app=cilium")),
        PolicyEngine::Calico => ("Calico, which enforces network policies", Some("k8s-app=calico-node")),
    };
    let check = match selector {
        Some(selector) => cluster("prints", engine, &format!("get daemonsets --all-namespaces --selector {selector} --output name")),
        None => ask("whether the cluster enforces network policies: without, every pod can reach every other"),
    };
    if !(made && selector.is_none()) {
        add(None, engine.to_owned(), vec![check]);
    }
    for namespace in uses.foreign_namespaces() {
        let check = cluster("exists", &format!("namespace {namespace}"), &format!("get namespace {}", quoted(namespace)));
        add(None, format!("the namespace `{namespace}`"), vec![check]);
    }
    for (api, kinds) in uses.foreign_apis() {
        let words: Vec<String> = kinds.iter().map(|kind| quoted(kind)).collect();
        let check = format!("serves {} {}", quoted(api), words.join(" "));
        let group = api.split('/').next().unwrap_or_default();
        let addon = AddonChart::ALL.into_iter().find(|addon| addon.serves(group));
        add(addon, format!("the controller of `{api}`, and the definitions of {}", listed(kinds)), vec![check]);
    }
    for operator in Operator::ALL {
        let facts = operator.facts();
        if !uses.rollouts.iter().any(|rollout| rollout.operated == Some(facts)) {
            continue;
        }
        let Operated { title, namespace, pods: (key, value), oldest: (version, api, field), engine, setup, .. } = facts;
        let arguments = format!("--namespace {} get pods --selector {key}={value} --output name", quoted(namespace));
        let field = format!("explain --api-version={api} {field}");
        add(
            AddonChart::of_operator(operator),
            format!(
                "{title}, {version} or newer, in `{namespace}` with the label `{key}={value}` on its pods, which the network policies of its stores let in\
                 {}: it makes the servers of {engine}",
                setup.map(|(sentence, _)| format!(", {sentence}")).unwrap_or_default()
            ),
            [
                cluster("prints", &format!("{title} in {namespace}"), &arguments),
                cluster("exists", &format!("{title} {version} or newer"), &field),
            ]
            .into_iter()
            .chain(setup.map(|(_, question)| ask(question)))
            .collect(),
        );
    }
    for (sentence, checks) in certificates::made(region) {
        add(Some(AddonChart::CertManager), sentence, checks);
    }
    if region.workloads.values().any(|workload| workload.backups.sidecar().is_some()) {
        let namespace = Operator::CloudNativePg.facts().namespace;
        let arguments = format!(
            "--namespace {} get services --selector cnpg.io/pluginName=barman-cloud.cloudnative-pg.io --output name",
            quoted(namespace)
        );
        add(
            Some(AddonChart::BarmanCloud),
            format!(
                "the Barman Cloud plugin of CloudNativePG, 0.13 or newer, in `{namespace}`, and cert-manager, \
                 which makes the certificates between the two: it copies databases to their buckets"
            ),
            vec![
                cluster("prints", &format!("Barman Cloud plugin in {namespace}"), &arguments),
                cluster(
                    "exists",
                    "Barman Cloud plugin 0.13 or newer",
                    // The field came with 0.13.
                    "explain --api-version=barmancloud.cnpg.io/v1 objectstores.spec.configuration.data.restoreAdditionalCommandArgs",
                ),
            ],
        );
    }
    if uses.autoscaled {
        let check = cluster("exists", "API metrics.k8s.io/v1beta1 (metrics-server)", "get --raw /apis/metrics.k8s.io/v1beta1");
        add(Some(AddonChart::Metrics), "metrics-server: without, no autoscaler adds pods".to_owned(), vec![check]);
    }
    if region.workloads.values().flat_map(Workload::containers).any(|container| container.gpus > 0) {
        let allocatable = quoted(r"{.items[*].status.allocatable.nvidia\.com/gpu}");
        let check = cluster("prints", "GPUs of NVIDIA on nodes", &format!("get nodes --output jsonpath={allocatable}"));
        add(
            None,
            "nodes with GPUs and the device plugin of NVIDIA, which makes them the resource `nvidia.com/gpu`".to_owned(),
            vec![check],
        );
    }
    if uses.restarted {
        let selector = "group=com.stakater.platform,provider=stakater";
        let check = cluster("prints", "Reloader", &format!("get deployments --all-namespaces --selector {selector} --output name"));
        let sentence =
            "Reloader of Stakater, which restarts pods when a secret that they read changes: without, they read it at their next start";
        add(Some(AddonChart::Reloader), sentence.to_owned(), vec![check]);
    }
    for class in uses.classes.difference(&uses.served) {
        let check =
            cluster("exists", &format!("GatewayClass {class}"), &format!("get gatewayclasses.gateway.networking.k8s.io {}", quoted(class)));
        add(Some(AddonChart::Gateway), format!("the GatewayClass `{class}`, which a controller serves"), vec![check]);
    }
    for (sentence, checks) in certificates::given(uses) {
        add(None, sentence, checks);
    }
    for class in uses.storage.iter().filter(|class| class.as_ref().is_none_or(|class| !uses.drivers.contains_key(class))) {
        let (sentence, check) = match class {
            Some(class) => (
                format!("the StorageClass `{class}`"),
                cluster("exists", &format!("StorageClass {class}"), &format!("get storageclass {}", quoted(class))),
            ),
            None => {
                let filter = r#"{.items[?(@.metadata.annotations.storageclass\.kubernetes\.io/is-default-class=="true")].metadata.name}"#;
                let sentence =
                    "a default StorageClass that makes volumes in the zone of their pod (`WaitForFirstConsumer`) and lets them grow";
                let arguments = format!("get storageclasses --output jsonpath={}", quoted(filter));
                (sentence.to_owned(), cluster("prints", "default StorageClass", &arguments))
            }
        };
        add(None, sentence, vec![check]);
    }
    for driver in uses.drivers.values().collect::<BTreeSet<_>>() {
        let classes = listed(uses.drivers.iter().filter(|(_, of)| *of == driver).map(|(class, _)| class));
        // The name of a CSI driver has no slash. Other provisioners have one, and no object in the cluster names them.
        let check = match !driver.contains('/') {
            true => cluster("exists", &format!("CSI driver {driver}"), &format!("get csidriver {}", quoted(driver))),
            false => ask(&format!("whether the provisioner {driver} runs: without, no volume is made")),
        };
        add(None, format!("the driver `{driver}`, which makes the volumes of the classes {classes} of these files"), vec![check]);
    }
    if region.provider == Provider::Aws && !uses.gateways.is_empty() {
        let selector = "app.kubernetes.io/name=aws-load-balancer-controller";
        let (namespace, account) = Controller::LoadBalancers.account();
        let account = match made {
            true => format!(
                ", as the account `{account}` in `{namespace}`, which has its rights, with `clusterName: {}`, `region` and `vpcId` set: pods cannot ask the node for them",
                region.cluster.name
            ),
            false => String::new(),
        };
        add(
            Some(AddonChart::LoadBalancers),
            format!(
                "the AWS Load Balancer Controller, 2.5 or newer, with its webhook for Services{account}: it makes the load balancers of the Gateways"
            ),
            vec![cluster(
                "prints",
                "AWS Load Balancer Controller",
                &format!("get deployments --all-namespaces --selector {selector} --output name"),
            )],
        );
    }
    let hosts: BTreeSet<&String> = uses.hosts.keys().map(|(host, _)| host).collect();
    // Any name below a wildcard will do.
    let checks = hosts.iter().map(|host| format!("resolves {}", quoted(&host.replacen('*', "preflight", 1)))).collect();
    all.push(Requirement { place: Place::Elsewhere, sentence: None, checks });
}

fn nodes(region: &Region, all: &mut Vec<Requirement>) {
    let mut add = |sentence: String, checks| all.push(Requirement { place: Place::Cluster, sentence: Some(sentence), checks });
    let labelled = |key: &str, value: &str| {
        cluster(
            "prints",
            &format!("node with the label {key}={value}"),
            &format!("get nodes --selector {} --output name", quoted(&format!("{key}={value}"))),
        )
    };
    let chosen = region.workloads.values().filter(|workload| !workload.placement.everywhere);
    let of_monitoring = region.monitoring.iter().filter_map(|monitoring| monitoring.subnet.as_ref());
    let subnets = chosen.flat_map(|workload| &workload.placement.subnets).chain(of_monitoring);
    let subnets: BTreeSet<&str> = subnets.map(|subnet| subnet.as_str()).collect();
    for subnet in &subnets {
        let isolated = region.network.iter().flat_map(|network| &network.subnets).any(|one| one.isolated && one.name.as_str() == *subnet);
        let taint = if isolated { format!(" and the taint `{SUBNET}={subnet}:NoSchedule`") } else { String::new() };
        let mut checks = vec![labelled(SUBNET, subnet)];
        if isolated {
            checks.push(format!("tainted {} {}", quoted(SUBNET), quoted(subnet)));
        }
        add(format!("nodes with the label `{SUBNET}={subnet}`{taint}"), checks);
    }
    let needed: BTreeSet<&str> =
        region.workloads.values().filter_map(|workload| workload.placement.pool.as_ref()).map(|pool| pool.as_str()).collect();
    for pool in &region.cluster.pools {
        let labels: BTreeMap<&str, &str> = pool.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        if !needed.contains(pool.name.as_str()) && labels.is_empty() && pool.taints.is_empty() {
            continue;
        }
        let labels = labels.iter().map(|(key, value)| format!("{key}={value}"));
        let labels = listed([format!("{POOL}={}", pool.name), format!("{SUBNET}={}", pool.subnet)].into_iter().chain(labels));
        let taints = pool.taints.iter().map(|(key, value, effect)| format!("{key}={value}:{effect}"));
        let taints = if pool.taints.is_empty() { String::new() } else { format!(" and the taints {}", listed(taints)) };
        let checks = if pool.nodes.0 > 0 { vec![labelled(POOL, pool.name.as_str())] } else { Vec::new() };
        add(format!("on the nodes of the pool `{}` the labels {labels}{taints}", pool.name), checks);
    }
}

/// What the account has to have. `made` says whether a root of these files makes the cluster; `roles` are the roles of readers of secrets that nobody else
/// makes.
fn outside<'r>(
    platform: &Platform,
    region: &Region,
    (uses, made): (&Uses, bool),
    roles: impl Iterator<Item = (&'r String, &'r BTreeSet<String>)>,
    all: &mut Vec<Requirement>,
) {
    let mut add = |place, sentence: Option<String>, checks| all.push(Requirement { place, sentence, checks });
    let sets: BTreeSet<&str> = platform.groups.iter().map(|group| group.id.as_str()).collect();
    if let Some(account) = region.account.as_ref().filter(|_| made && !sets.is_empty()) {
        let look_for = |set: &&str| {
            let query = format!("Roles[?starts_with(RoleName, 'AWSReservedSSO_{set}_')].RoleName");
            let command =
                format!("aws iam list-roles --path-prefix /aws-reserved/sso.amazonaws.com/ --output text --query {}", quoted(&query));
            look("prints", &format!("permission set {set} in the account {account}"), &command)
        };
        add(
            Place::Account,
            Some(format!(
                "in the account {account} the permission sets {} of IAM Identity Center, assigned to their groups: before `bootstrap`, whose administrators have one of them",
                listed(&sets)
            )),
            sets.iter().map(look_for).collect(),
        );
    }
    for (arn, namespaces) in roles {
        let role = arn.rsplit('/').next().unwrap_or_default();
        add(
            Place::Account,
            Some(format!("the role `{role}`, which the accounts `platgen` of {} take to read the secrets below", listed(namespaces))),
            vec![look("exists", &format!("role {role}"), &format!("aws iam get-role --role-name {}", quoted(role)))],
        );
    }
    let namespaces: BTreeSet<&String> = uses.secrets.values().flat_map(|secret| &secret.namespaces).collect();
    if namespaces.is_empty() {
        return;
    }
    let (account, vault) = (region.account.as_deref().unwrap_or_default(), platform.secrets.vault.as_ref());
    let (server, mount, role) = vault.map_or(("", "", ""), |(server, path, role)| (server, path, role));
    match (platform.secrets.store, region.provider) {
        (SecretStore::Vault, _) => add(
            Place::Elsewhere,
            Some(format!(
                "in Vault at `{server}` the role `{role}` of the login `kubernetes`, which lets the accounts `platgen` of {} read the secrets below",
                listed(&namespaces)
            )),
            vec![look(
                "exists",
                &format!("role {role} in Vault"),
                &format!("vault read -address={} {}", quoted(server), quoted(&format!("auth/kubernetes/role/{role}"))),
            )],
        ),
        (SecretStore::Cloud, Provider::Google | Provider::Azure) => add(
            Place::Elsewhere,
            Some(format!("the right to read the secrets below, for the accounts `platgen` of {}", listed(&namespaces))),
            vec![ask("whether the accounts platgen may read the secrets: the ExternalSecrets say so after the apply")],
        ),
        (SecretStore::Cloud, Provider::Aws | Provider::Kind | Provider::Existing) => (),
    }
    let check = |path: &str, secret: &super::uses::Secret| match (platform.secrets.store, region.provider) {
        (SecretStore::Vault, _) => {
            vec![look(
                "exists",
                &format!("secret {path}"),
                &format!("vault kv metadata get -address={} -mount={} {}", quoted(server), quoted(mount), quoted(path)),
            )]
        }
        (SecretStore::Cloud, Provider::Aws) => {
            let (at, id) = (quoted(region.name.as_str()), quoted(path));
            vec![look("exists", &format!("secret {path}"), &format!("aws secretsmanager describe-secret --region {at} --secret-id {id}"))]
        }
        (SecretStore::Cloud, Provider::Google) => {
            let project = quoted(account);
            vec![look("exists", &format!("secret {path}"), &format!("gcloud secrets describe {} --project {project}", quoted(path)))]
        }
        (SecretStore::Cloud, Provider::Azure) => {
            let vault = quoted(&region.key_vault());
            let arguments = format!("--vault-name {vault} --name {} --query '[].id' --output tsv", quoted(path));
            vec![look("prints", &format!("secret {path}"), &format!("az keyvault secret list-versions {arguments}"))]
        }
        (SecretStore::Cloud, Provider::Kind | Provider::Existing) => secret
            .namespaces
            .iter()
            .map(|namespace| {
                let arguments = format!("--namespace {} get secret {} --output name", quoted(namespace), quoted(path));
                cluster("exists", &format!("Secret {namespace}/{path}"), &arguments)
            })
            .collect(),
    };
    let mut checks: Vec<String> = uses.secrets.iter().flat_map(|(path, secret)| check(path, secret)).collect();
    checks.push(ask("whether each secret has the keys that README.md lists: to see them is to read the secret"));
    let place = match (platform.secrets.store, region.provider) {
        (SecretStore::Cloud, Provider::Aws) => Place::Account,
        (SecretStore::Cloud, Provider::Kind | Provider::Existing) => Place::Cluster,
        (SecretStore::Vault, _) | (SecretStore::Cloud, Provider::Google | Provider::Azure) => Place::Elsewhere,
    };
    add(place, None, checks);
}
