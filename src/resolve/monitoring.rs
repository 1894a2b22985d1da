//! `observability`: the monitoring of the regions of an environment, and the connections of its programs.

use super::EnvironmentResolver;
use super::flows::api_server;
use super::network::SubnetSpec;
use super::proxies::tolerations;
use super::regions::RegionSpec;
use crate::diagnostic::{Code, Diagnostic};
use crate::kinds::Operator;
use crate::model::{
    Addon, AlertRoute, Endpoint, Exposure, FILLED, Flow, IMAGES, Monitoring, Peer, Platform, Pool, Protocol, Region, Service, Workload,
};
use crate::provider::Provider;
use crate::source::Span;
use crate::value::{Name, NetworkPort, NetworkPorts, Quantity, Transport, Via};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// How many Prometheus and Alertmanager servers a protected environment has: one stays when a node or a zone is lost.
const PAIR: u32 = 2;

/// The secret value with the password of Grafana's administrator.
const PASSWORD: &str = "monitoring/grafana#password";

/// The smallest volume of metrics, in bytes: less holds no day of a small cluster.
const LEAST: u64 = 5 << 30;

/// Series of a cluster of three nodes without workloads: Grafana's "Reduce Kubernetes metrics usage" has this number for kube-prometheus.
const SERIES: u64 = 50_000;

/// Series of the node exporter on each further node.
const SERIES_OF_NODE: u64 = 1000;

/// Seconds between two samples of a series: the default of the Prometheus operator, which the chart keeps.
const INTERVAL: u64 = 30;

/// Bytes of a sample. "Storage" in the documentation of Prometheus has an average of 1 to 2: this is the less.
const SAMPLE: u64 = 1;

/// Seconds of a day.
const DAY: u64 = 24 * 3600;

/// The ports of the stack: the chart's defaults, and for the reloaders of configuration, the mesh of Alertmanager and the webhook those of the operator.
const PROMETHEUS: u16 = 9090;
const ALERTMANAGER: u16 = 9093;
const MESH: u16 = 9094;
const RELOADER: u16 = 8080;
const GRAFANA: u16 = 3000;
const OPERATOR: u16 = 10250;
const STATE: [u16; 2] = [8080, 8081];
const NODE_EXPORTER: u16 = 9100;
const KUBELET: u16 = 10250;
const DNS: u16 = 9153;

/// The port at which each proxy of Envoy Gateway serves metrics.
const PROXIES: u16 = 19001;

/// Services that hold repositories, each with what stands before the branch in the URL of a file.
const PAGES: [(&str, &str); 2] = [("github.com", "blob"), ("gitlab.com", "-/blob")];

/// Where receivers of alerts are.
const HTTPS: u16 = 443;

/// The end of a flow that is an add-on.
fn addon(addon: Addon) -> Peer {
    Peer::Addon(addon)
}

/// TCP ports. The first is that of the caller's business, the others serve metrics as well.
fn tcp(first: u16, others: &[u16]) -> NetworkPorts {
    NetworkPorts::new(NetworkPort::tcp(first), others.iter().map(|port| NetworkPort::tcp(*port)))
}

/// Name, number and path of the metrics that the servers of an operator serve without being asked: `pkg/specs/pods.go` of CloudNativePG 1.30 and
/// `internal/resource/statefulset.go` of the RabbitMQ Cluster Operator 2.22. The others serve none.
fn of_operator(operator: Operator) -> Option<(&'static str, u16, &'static str)> {
    match operator {
        Operator::CloudNativePg => Some(("metrics", 9187, "/metrics")),
        Operator::Rabbitmq => Some(("prometheus", 15692, "/metrics")),
        Operator::PerconaMongodb | Operator::PerconaMysql | Operator::Strimzi => None,
    }
}

impl EnvironmentResolver<'_> {
    /// Whether the spec asks for monitoring.
    pub(super) fn is_monitored(&self) -> bool {
        self.monitored_at().is_some()
    }

    /// Where the spec asks for monitoring: the section, if it says anything for this environment.
    pub(super) fn monitored_at(&self) -> Option<Span> {
        let (all, at) = self.spec.observability.spanned()?;
        let receivers = [all.page.span(), all.ticket.span(), all.mail.span(), all.heartbeat.span()];
        let mut said = [all.alerts.span(), all.retention.span(), all.storage.span(), all.logs.span(), all.traces.span()]
            .into_iter()
            .chain(receivers)
            .flatten();
        let first = said.find(|at| self.is_of_the_user(*at))?;
        Some(if self.is_of_the_user(at) { at } else { first })
    }

    /// The monitoring of a region, without the routes of alerts, which depend on what runs there. `None` if the spec has no section `observability`.
    pub(super) fn monitoring(&mut self, place: &RegionSpec, protected: bool, subnets: &[SubnetSpec], pools: &[Pool]) -> Option<Monitoring> {
        let (wanted, _) = self.spec.observability.spanned().filter(|_| self.is_monitored())?;
        // A value that can't be read is reported; the others are judged with one that fits.
        let retention = wanted.retention.get().copied().or_else(|| "35d".parse().ok())?;
        let storage = wanted.storage.get().cloned().or_else(|| "50Gi".parse().ok())?;
        // Prometheus runs where nodes reach the internet, which holds the images and the receivers of alerts.
        let open = |subnet: &&SubnetSpec| !subnet.isolated && subnet.internet;
        let chosen = subnets.iter().filter(open).find(|subnet| subnet.default).or_else(|| subnets.iter().find(open));
        let subnet = chosen.or_else(|| subnets.iter().find(|subnet| subnet.default)).filter(|_| place.provider.is_cloud());
        let at = format!("regions.{}.monitoring", place.name);
        let replicas = if protected { PAIR } else { 1 };
        self.record(|| (format!("{at}.replicas"), replicas, format!("environments.{}.protected", self.environment)));
        self.record(|| (format!("{at}.quiet_hours"), !protected, format!("environments.{}.protected", self.environment)));
        let tolerations = tolerations(subnet, pools);
        for (number, taint) in tolerations.iter().enumerate() {
            let value = format!("{}={}:{}", taint.key, taint.value, taint.effect);
            self.record(|| (format!("{at}.tolerations[{number}]"), value, "network.subnets and cluster.pools"));
        }
        if let Some(subnet) = subnet {
            self.record(|| (format!("{at}.subnet"), &subnet.name, "network.subnets: one that reaches the internet"));
        }
        let pages = self.pages();
        self.record_pages(&at, pages.as_ref());
        Some(Monitoring {
            retention,
            storage,
            replicas,
            subnet: subnet.map(|subnet| subnet.name.clone()),
            tolerations,
            routes: Vec::new(),
            quiet: !protected,
            heartbeat: self.heartbeat(place),
            mail: None,
            pages,
            alerts: BTreeMap::new(),
            password: PASSWORD.parse().ok()?,
            closed: Vec::new(),
            images: BTreeMap::new(),
        })
    }

    /// Where a browser shows the files of the environment's branch: at the services whose pages are known.
    fn pages(&self) -> Option<String> {
        let url = self.spec.delivery.at(|all| &all.repository).get()?;
        let host = url.host().to_string();
        let files = PAGES.into_iter().find(|(known, _)| *known == host).map(|(_, files)| files)?;
        let path = url.path().trim_matches('/');
        let branch = self.own_environment().and_then(|environment| environment.branch.get());
        let pages =
            format!("https://{host}/{}/{files}/{}", path.strip_suffix(".git").unwrap_or(path), branch.map_or("HEAD", |branch| branch));
        pages.chars().all(|one| one.is_ascii_alphanumeric() || "-._/:".contains(one)).then_some(pages)
    }

    /// Records where messages find the page on an alert.
    fn record_pages(&self, at: &str, pages: Option<&String>) {
        if let Some(pages) = pages {
            let from = format!("delivery.repository and environments.{}.branch", self.environment);
            self.record(|| (format!("{at}.pages"), pages, from));
        }
    }

    /// Reports a volume of metrics that is too small, and a retention of nothing. Once for each environment.
    pub(super) fn check_observability(&mut self) {
        let Some(wanted) = self.spec.observability.get().filter(|_| self.is_monitored()) else { return };
        if let Some((storage, at)) = wanted.storage.spanned().filter(|(storage, _)| storage.bytes() < LEAST) {
            let message = format!("`{storage}` holds no day of metrics of a small cluster");
            let least = Quantity::from_bytes(LEAST).canonical();
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("write at least `{least}`")));
        }
        if let Some((retention, at)) = wanted.retention.spanned().filter(|(retention, _)| retention.seconds() < 2 * 3600) {
            let message = format!("Prometheus keeps metrics in memory for two hours, and `{retention}` is less");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("write days, such as `15d`"));
        }
    }

    /// Warns of a volume that is full before the retention ends, even where nothing but the cluster itself has metrics. Once for each environment.
    pub(super) fn short_retention(&mut self, platform: &Platform) {
        let Some(wanted) = self.spec.observability.get() else { return };
        let Some(at) = wanted.retention.span().or(wanted.storage.span()) else { return };
        let nodes = |region: &Region| region.cluster.pools.iter().map(|pool| u64::from(pool.nodes.0)).sum::<u64>();
        let monitored = platform.regions.values().filter_map(|region| Some((nodes(region), region.monitoring.as_ref()?)));
        let Some((nodes, monitoring)) = monitored.max_by_key(|(nodes, _)| *nodes) else { return };
        let series = SERIES + SERIES_OF_NODE * nodes.saturating_sub(3);
        let seconds = monitoring.retention.seconds();
        let needed = seconds.saturating_mul(series * SAMPLE / INTERVAL);
        let room = monitoring.storage.bytes() / 100 * FILLED;
        if needed <= room || monitoring.storage.bytes() < LEAST {
            return;
        }
        let shown = |bytes: u64| Quantity::from_bytes(bytes.div_ceil(1 << 30) << 30).canonical();
        let days = room / (series * SAMPLE / INTERVAL) / DAY;
        let (retention, storage) = (monitoring.retention, monitoring.storage.canonical());
        let message = format!(
            "a volume of `{storage}` does not hold metrics of `{retention}`: Prometheus deletes what is older than {days} days at most"
        );
        let sum = format!(
            "{series} series, which a cluster of {nodes} nodes has without any workload, every {INTERVAL} s for {seconds} s with {SAMPLE} to {} bytes each take at least {}, and Prometheus fills {FILLED} % of its volume: write `storage: {}` or more, or a shorter `retention`",
            2 * SAMPLE,
            shown(needed),
            shown(needed / FILLED * 100),
        );
        self.tell(Diagnostic::new(Code::ShortRetention, message).at(at).help(sum));
    }

    /// Where each workload of a region serves metrics that an operator's servers have anyway, with the flows.
    pub(super) fn scrape_operated(&self, region: &Region, workload: &mut Workload) -> Option<Flow> {
        let operated = workload.operated().filter(|_| region.is_monitored())?;
        let (port, number, path) = of_operator(operated.software.operator())?;
        workload.metrics = vec![Endpoint { port: port.to_owned(), number, path: path.to_owned() }];
        let (namespace, name) = (workload.namespace.to_string(), workload.name.to_string());
        let why = format!("store/{name} has metrics");
        let to = Peer::Workload { region: region.name.clone(), namespace, name };
        Some(Flow { from: addon(Addon::Monitoring), to, ports: number.into(), why, span: workload.span })
    }

    /// The connections of the programs of a region's monitoring.
    pub(super) fn flows_of_monitoring(&self, region: &Region, workloads: &IndexMap<String, Workload>) -> Vec<Flow> {
        let (Some(monitoring), Some(span)) = (&region.monitoring, self.monitored_at()) else { return Vec::new() };
        use Addon::{
            Alertmanager, Dns, Gateway, Grafana, Kubelet, Monitoring, NodeExporter, PrometheusOperator, PrometheusWebhook, StateMetrics,
        };
        let mut flows = Vec::new();
        let mut add =
            |from: Peer, to: Peer, ports: NetworkPorts, why: &str| flows.push(Flow { from, to, ports, why: why.to_owned(), span });
        let (cidrs, api) = api_server(region);
        let server = || Peer::Cluster { cidrs: cidrs.clone() };
        for (caller, why) in [
            (Monitoring, "Prometheus finds what it scrapes, and reads the metrics of the API server"),
            (Grafana, "Grafana finds its dashboards"),
            (PrometheusOperator, "the Prometheus operator uses the Kubernetes API"),
            (PrometheusWebhook, "jobs make the certificate of the webhook"),
            (StateMetrics, "kube-state-metrics reads the state of objects"),
        ] {
            add(addon(caller), server(), api.clone(), why);
        }
        let metrics = [
            (Monitoring, tcp(PROMETHEUS, &[RELOADER]), "Prometheus reads its own metrics"),
            (Alertmanager, tcp(ALERTMANAGER, &[RELOADER]), "Prometheus sends alerts to Alertmanager and reads its metrics"),
            (Grafana, tcp(GRAFANA, &[]), "Prometheus reads the metrics of Grafana"),
            (PrometheusOperator, tcp(OPERATOR, &[]), "Prometheus reads the metrics of its operator"),
            (StateMetrics, tcp(STATE[0], &STATE[1..]), "Prometheus reads the metrics of kube-state-metrics"),
            (NodeExporter, tcp(NODE_EXPORTER, &[]), "Prometheus reads the metrics of nodes"),
            (Kubelet, tcp(KUBELET, &[]), "Prometheus reads the metrics of kubelets"),
        ];
        for (called, ports, why) in metrics {
            add(addon(Monitoring), addon(called), ports, why);
        }
        if has_coredns(region.provider) {
            add(addon(Monitoring), addon(Dns), tcp(DNS, &[]), "Prometheus reads the metrics of the DNS service");
        }
        if workloads.values().any(|workload| workload.entrances().next().is_some()) {
            add(addon(Monitoring), addon(Gateway), tcp(PROXIES, &[]), "Prometheus reads the metrics of the Gateways' proxies");
        }
        add(
            server(),
            addon(PrometheusOperator),
            tcp(OPERATOR, &[]),
            "the API server has rules judged by the webhook of the Prometheus operator",
        );
        add(addon(Grafana), addon(Monitoring), tcp(PROMETHEUS, &[]), "Grafana shows metrics");
        add(addon(Grafana), addon(Alertmanager), tcp(ALERTMANAGER, &[]), "Grafana shows alerts");
        if monitoring.replicas > 1 {
            let mesh = NetworkPorts::new(NetworkPort::tcp(MESH), [NetworkPort::new(MESH, Transport::Udp)]);
            add(addon(Alertmanager), addon(Alertmanager), mesh, "the Alertmanager servers tell each other what was sent");
        }
        flows
    }

    /// The connections of Alertmanager to those whom it tells of alerts.
    pub(super) fn flows_to_receivers(&self, monitoring: &Monitoring) -> Vec<Flow> {
        let Some(span) = self.spec.observability.span() else { return Vec::new() };
        let mut receivers = monitoring.routes.iter().flat_map(AlertRoute::receivers);
        let over_https = monitoring.heartbeat.is_some() || receivers.any(|(_, receiver)| receiver.secret().is_some());
        let receivers = over_https.then_some(("receivers of alerts", HTTPS, "Alertmanager tells the receivers of alerts"));
        let mail = monitoring.mail.as_ref().map(|mail| ("the mail server", mail.port, "Alertmanager sends mails"));
        let flow = |(name, port, why): (&str, u16, &str)| {
            let to = Peer::Outside { name: name.to_owned(), cidrs: Vec::new(), app: None, gateway: false };
            Flow { from: addon(Addon::Alertmanager), to, ports: port.into(), why: why.to_owned(), span }
        };
        receivers.into_iter().chain(mail).map(flow).collect()
    }

    /// Lets the programs of a region's monitoring run copies of their images where nodes pull copies, and warns where nodes reach neither.
    pub(super) fn images_of_monitoring(&mut self, region: &mut Region) {
        let Some(monitoring) = &region.monitoring else { return };
        let Some(at) = self.monitored_at() else { return };
        let mut images = BTreeMap::new();
        let mut copies = Vec::new();
        for (part, image) in IMAGES {
            if let Some((image, copy)) = self.copy_of_addon(image, region) {
                images.insert(part, image);
                copies.push(copy);
            }
        }
        let subnets = region.network.iter().flat_map(|network| &network.subnets);
        let closed: Vec<Name> = subnets.filter(|subnet| !subnet.internet).map(|subnet| subnet.name.clone()).collect();
        if let Some(subnet) = closed.iter().find(|name| Some(*name) == monitoring.subnet.as_ref()) {
            let message =
                format!("Alertmanager reaches no receiver of alerts: it runs in the subnet `{subnet}`, which has no route to the internet");
            let help = "add a subnet that is neither `isolated` nor without `egress`";
            self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help(help));
        }
        if let Some(mirror) = &mut region.cluster.mirror {
            mirror.copies.extend(copies);
        }
        if let Some(monitoring) = &mut region.monitoring {
            monitoring.closed = if images.is_empty() { closed } else { Vec::new() };
            monitoring.images = images;
        }
    }

    /// Reports metrics at a port that speaks gRPC: a server of gRPC knows no paths.
    pub(super) fn metrics_over_grpc(&mut self, label: &str, service: Option<&Service>, scraped: &[(Endpoint, Span)]) {
        for (endpoint, at) in scraped {
            let mut ports = service.iter().flat_map(|service| &service.ports);
            if ports.any(|port| port.target == endpoint.number && port.protocol == Some(Protocol::Grpc)) {
                let message = format!("port {} of `{label}` speaks gRPC, and Prometheus reads metrics over HTTP", endpoint.number);
                let diagnostic = Diagnostic::new(Code::Contradiction, message).at(*at);
                self.tell(diagnostic.help("serve metrics at a port of their own, such as `metrics: {port: 9090}`"));
            }
        }
    }

    /// Reports metrics at a port and a path that a public route reaches.
    pub(super) fn exposed_metrics(&mut self, label: &str, exposures: &[Exposure], scraped: &[(Endpoint, Span)]) {
        for (endpoint, at) in scraped {
            let reached =
                exposures.iter().find(|one| one.via == Via::Public && one.target == endpoint.number && one.leads_to(&endpoint.path));
            if let Some(exposure) = reached {
                let message =
                    format!("everybody can read the metrics of `{label}`: its public route leads to port {} as well", endpoint.number);
                let diagnostic = Diagnostic::new(Code::ExposedMetrics, message).at(*at).related(exposure.span, "exposed here");
                self.tell(diagnostic.help("serve metrics at a port of their own, such as `metrics: {port: 9090}`"));
            }
        }
    }
}

/// Whether pods of the DNS service are those of CoreDNS: Google's are of another program.
pub(super) fn has_coredns(provider: Provider) -> bool {
    provider != Provider::Google
}
