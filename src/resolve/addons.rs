//! `addons`: the charts that a region installs, and the connections of their programs.
//!
//! An add-on is installed where something in the region needs it and these files make the cluster, unless the spec says that it exists.

use super::EnvironmentResolver;
use super::flows::{api_server, credentials};
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::{self, Chart as Known};
use crate::kinds::Operator;
use crate::layers::Layer;
use crate::model::lock::AddonLock;
use crate::model::{Addon, AddonChart, Chart, Controller, Flow, ImageCopy, Kind, Peer, Platform, Region, Software, Workload};
use crate::spec::AddonMode;
use crate::value::{NetworkPort, NetworkPorts, SecretStore};
use std::collections::{BTreeMap, BTreeSet};

/// The port of a kubelet, which metrics-server asks.
const KUBELET: u16 = 10250;

impl EnvironmentResolver<'_> {
    /// The charts of a region, in the order of installation, with the copies of their images.
    pub(super) fn charts(&mut self, platform: &Platform, region: &Region) -> (Vec<Chart>, Vec<ImageCopy>) {
        let (mut charts, mut copies) = (Vec::new(), Vec::new());
        for addon in self.installed(platform, region) {
            self.has_rights(addon, region);
            let Some((mut chart, known)) = self.chart(addon, region) else { continue };
            for (part, image) in known.iter().flat_map(Known::images).filter(|(part, _)| is_run(region, part)) {
                if let Some((image, copy)) = self.copy_of_addon(image, region) {
                    chart.images.insert(part, image);
                    copies.push(copy);
                }
            }
            self.record(|| {
                let at = format!("regions.{}.addons.{}", region.name, addon.name());
                (at, &chart.version, "addons, or the Kubernetes version")
            });
            charts.push(chart);
        }
        (charts, copies)
    }

    /// Reports an add-on that calls the cloud and that a spec installs where these files give it no rights there.
    fn has_rights(&mut self, addon: AddonChart, region: &Region) {
        let mut callers = [Controller::Autoscaler, Controller::ExternalDns, Controller::LoadBalancers].into_iter();
        let caller = callers.find(|one| AddonChart::of(*one) == Some(addon));
        let mode = self.spec.addons.value(addon.name()).and_then(|entry| entry.mode.span());
        if let Some(at) = mode.filter(|_| caller.is_some_and(|one| !region.cluster.controllers.contains(&one))) {
            let message = format!("`{}` has no rights in the cloud in `{}`: nothing there gives it work, or these files don't make the cluster", addon.name(), region.name);
            self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help("remove `mode: install`: the add-on is installed where it has work"));
        }
    }

    /// The add-ons that these files install.
    fn installed(&self, platform: &Platform, region: &Region) -> BTreeSet<AddonChart> {
        let made = Layer::Cluster.providers().contains(&region.provider);
        let needed = self.needed(platform, region);
        let wanted = |addon: &AddonChart| match self.spec.addons.value(addon.name()).and_then(|entry| entry.mode.get()) {
            Some(AddonMode::Install) => true,
            Some(AddonMode::Existing) => false,
            None => made && needed.contains(addon),
        };
        AddonChart::ALL.into_iter().filter(wanted).collect()
    }

    /// The add-ons that something in a region needs.
    fn needed(&self, platform: &Platform, region: &Region) -> BTreeSet<AddonChart> {
        let mut needed: BTreeSet<AddonChart> = region.cluster.controllers.iter().filter_map(|one| AddonChart::of(*one)).collect();
        let workloads = || region.workloads.values();
        if workloads().any(|workload| workload.entrances().next().is_some()) {
            // Autoscalers of the proxies ask metrics-server.
            needed.extend([AddonChart::Gateway, AddonChart::Metrics]);
        } else {
            needed.remove(&AddonChart::LoadBalancers);
        }
        if workloads().any(|workload| workload.autoscaling.is_some()) {
            needed.insert(AddonChart::Metrics);
        }
        needed.extend(workloads().filter_map(Workload::operated).filter_map(|one| AddonChart::of_operator(one.software.operator())));
        if workloads().any(|workload| workload.database().is_some() && workload.backups.kept().is_some()) {
            needed.insert(AddonChart::BarmanCloud);
        }
        // Their servers and webhooks have certificates of cert-manager.
        let certified = [AddonChart::BarmanCloud, AddonChart::PerconaMongodb, AddonChart::PerconaMysql];
        if certified.iter().any(|addon| needed.contains(addon)) {
            needed.insert(AddonChart::CertManager);
        }
        let reads = |workload: &Workload| workload.secrets().next().is_some();
        let external = platform.secrets.store == SecretStore::Vault || region.provider.is_cloud();
        if external && (workloads().any(reads) || region.is_monitored() || region.cluster.registry_secret.is_some()) {
            needed.insert(AddonChart::ExternalSecrets);
        }
        let restarts = |workload: &Workload| {
            workload.restarts_on_rotation
                && matches!(workload.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)
                && reads(workload)
        };
        if workloads().any(restarts) {
            needed.insert(AddonChart::Reloader);
        }
        if region.is_monitored() {
            needed.insert(AddonChart::Monitoring);
        }
        needed
    }

    /// The release of an add-on's chart: at the version of the spec, or the newest one whose project names the Kubernetes version. With what the table of
    /// charts says about that version.
    fn chart(&mut self, addon: AddonChart, region: &Region) -> Option<(Chart, Option<Known>)> {
        let spec = self.spec;
        let entry = spec.addons.find(addon.name());
        let cluster = spec.cluster.at(|cluster| &cluster.version).span().or(spec.cluster.span())?;
        let minor = region.cluster.version.minor();
        let known = || facts::charts(addon.name());
        let newest = known().next()?;
        let fits = |one: &Known| (one.kubernetes.0..=one.kubernetes.1).contains(&minor);
        // Versions of a program can share a version of the chart.
        let of_version =
            |version: &str| known().find(|one| one.version == version && fits(one)).or_else(|| known().find(|one| one.version == version));
        let locked = self.inputs.addons.version(addon.name(), minor);
        let of_lock = locked.and_then(|(version, _)| of_version(version));
        let fitting = of_lock.or_else(|| known().find(fits));
        let said = entry.and_then(|entry| entry.value.get()).and_then(|entry| entry.version.spanned());
        if let (None, None, Some((version, Some(at)))) = (said, of_lock, locked) {
            let message = format!("this version of platgen does not know version {version} of {}", addon.title());
            let help = "install the version of platgen that wrote the lock, or choose the newest known ones with `platgen lock --addons`";
            self.tell(Diagnostic::new(Code::LockSyntax, message).at(at).help(help));
        }
        // A version that the provider does not offer is told itself.
        let offered = facts::version(region.provider, &region.cluster.version.to_string()).is_some();
        if fitting.is_none() && said.is_none() && offered {
            let (oldest, last) = newest.kubernetes;
            let message = format!(
                "the project of {} names Kubernetes 1.{oldest} to 1.{last} for its version {}, and not 1.{minor}",
                addon.title(),
                newest.version
            );
            let help = format!(
                "name a version that you have tried: `addons: {{{}: {{version: ...}}}}`, or choose another `cluster.version`",
                addon.name()
            );
            self.tell(Diagnostic::new(Code::UntestedAddon, message).at(cluster).help(help));
        }
        let nearest = fitting.unwrap_or(newest);
        let exact = said.map_or(Some(nearest), |(version, _)| of_version(version.as_str()));
        if let (Some((version, at)), None, Some(mirror)) = (said, exact, &region.cluster.mirror) {
            let message = format!(
                "this version of platgen does not know the images of version {version} of `{}`: nodes pull them from the registries that the chart names",
                addon.name()
            );
            let help = format!(
                "copy them to `{}`, and name the copies in `values`, or leave out `version` for {}",
                mirror.registry, nearest.version
            );
            self.tell(Diagnostic::new(Code::NotRendered, message).at(at).help(help));
        }
        // The autoscaler is that of the cluster's version, whatever the version of its chart.
        let program = exact.or(Some(nearest).filter(|_| addon == AddonChart::Autoscaler));
        let chart = Chart {
            name: addon.name().to_owned(),
            addon: Some(addon),
            repository: nearest.repository.to_owned(),
            chart: nearest.chart.to_owned(),
            program: program.and_then(|one| Some(one.images().next()?.1.rsplit_once(':')?.1.to_owned())),
            version: said.map_or_else(|| nearest.version.to_owned(), |(version, _)| version.to_string()),
            namespace: addon.namespace().to_owned(),
            definitions: nearest.definitions,
            values: entry.and_then(|entry| entry.value.get()).and_then(|entry| entry.values.get().cloned()),
            images: BTreeMap::new(),
            span: entry.map_or(cluster, |entry| entry.key),
        };
        Some((chart, exact))
    }

    /// Locks the versions of the charts of an environment which the spec does not say.
    pub(super) fn lock_addons(&self, platform: Option<&Platform>, lock: &mut AddonLock) {
        for region in platform.into_iter().flat_map(|platform| platform.regions.values()) {
            for addon in region.charts.iter().filter_map(|chart| Some((chart.addon?.name(), &chart.version))) {
                let (name, version) = addon;
                let said = self.spec.addons.value(name).is_some_and(|entry| !entry.version.is_missing());
                if !said {
                    lock.insert(name, region.cluster.version.minor(), version);
                }
            }
        }
    }

    /// Reports entries of `addons` whose names no add-on has, and values that are no map. Once for each environment.
    pub(super) fn check_addons(&mut self) {
        let spec = self.spec;
        for (name, span, entry) in spec.addons.entries() {
            if !AddonChart::ALL.iter().any(|addon| addon.name() == name.as_str()) {
                self.unknown("add-on", name.as_str(), AddonChart::ALL.map(AddonChart::name), span);
            }
            if let Some((_, at)) = entry.values.spanned().filter(|(values, _)| !values.is_object()) {
                self.error(Code::InvalidValue, "values of a chart are a map", at);
            }
            let addon = AddonChart::ALL.into_iter().find(|addon| addon.name() == name.as_str());
            if let (Some(addon), Some((values, at))) = (addon, entry.values.spanned().filter(|(values, _)| values.is_object())) {
                self.check_relied(addon, values, at);
            }
            let existing = entry.mode.get() == Some(&AddonMode::Existing);
            for (key, at) in [("version", entry.version.span()), ("values", entry.values.span())] {
                if let Some(at) = at.filter(|_| existing) {
                    self.contradiction(format!("`{key}` is for an add-on that these files install"), at, entry.mode.span());
                }
            }
        }
    }

    /// The connections of the programs of a region's charts, but those of the monitoring.
    pub(super) fn flows_of_addons(&self, region: &Region) -> Vec<Flow> {
        let mut flows = Vec::new();
        let (cidrs, api) = api_server(region);
        for chart in &region.charts {
            let Some(addon) = chart.addon.filter(|addon| *addon != AddonChart::Monitoring) else { continue };
            let mut add = |from: Peer, to: Peer, ports: NetworkPorts, why: &str| {
                flows.push(Flow { from, to, ports, why: why.to_owned(), span: chart.span });
            };
            let server = || Peer::Cluster { cidrs: cidrs.clone() };
            for program in addon.programs().iter().copied().filter(|program| *program != Addon::Gateway) {
                add(Peer::Addon(program), server(), api.clone(), &format!("{} uses the Kubernetes API", program.name()));
                if let Some((port, why)) = webhook(program) {
                    add(server(), Peer::Addon(program), NetworkPort::tcp(port).into(), why);
                }
            }
            for (from, to, ports, why) in between(addon) {
                add(Peer::Addon(from), Peer::Addon(to), ports_of(ports), why);
            }
            if let Some((program, what)) = calls_outside(addon) {
                let to = Peer::Outside { name: what.to_owned(), cidrs: Vec::new(), app: None, gateway: false };
                add(Peer::Addon(program), to, NetworkPort::tcp(443).into(), &format!("{} calls {what}", program.name()));
            }
        }
        flows.extend(self.flows_of_identities(region));
        flows
    }

    /// The calls of controllers for the credentials of their identities.
    fn flows_of_identities(&self, region: &Region) -> Vec<Flow> {
        let of = |controller: &Controller| {
            let chart = region.chart(AddonChart::of(*controller)?)?;
            let program = chart.addon?.programs().first().copied()?;
            Some(credentials(Peer::Addon(program), program.name(), chart.span))
        };
        region.cluster.controllers.iter().filter_map(of).collect()
    }
}

/// Whether the pods of a region run a part of a chart: of the servers of Kafka, those of the releases that its stores have.
fn is_run(region: &Region, part: &str) -> bool {
    let release = part.strip_prefix("kafka-");
    let runs = |workload: &Workload, release: &str| {
        workload.operated().is_some_and(|operated| matches!(&operated.software, Software::Kafka(kafka) if kafka.version == release))
    };
    release.is_none_or(|release| region.workloads.values().any(|workload| runs(workload, release)))
}

/// The port at which the API server calls a program, and why.
fn webhook(program: Addon) -> Option<(u16, &'static str)> {
    Some(match program {
        Addon::CertManagerWebhook => (10250, "the API server has certificates and issuers judged by the webhook of cert-manager"),
        Addon::ExternalSecretsWebhook => (10250, "the API server has secrets judged by the webhook of External Secrets Operator"),
        Addon::MetricsServer => (10250, "the API server asks metrics-server"),
        Addon::LoadBalancers => (9443, "the API server has objects judged by the webhook of the AWS Load Balancer Controller"),
        Addon::EnvoyGateway => (9443, "the API server tells Envoy Gateway the zone of a proxy"),
        Addon::Operator(Operator::CloudNativePg) => (9443, "the API server has databases judged by the webhook of CloudNativePG"),
        Addon::Operator(Operator::PerconaMysql) => (9443, "the API server has databases judged by the webhook of the operator"),
        _ => return None,
    })
}

/// The connections between programs of add-ons.
fn between(addon: AddonChart) -> Vec<(Addon, Addon, &'static [u16], &'static str)> {
    match addon {
        // Routes, and modules of WebAssembly.
        AddonChart::Gateway => vec![(Addon::Gateway, Addon::EnvoyGateway, &[18000, 18002], "proxies get their routes")],
        AddonChart::BarmanCloud => {
            vec![(Addon::Operator(Operator::CloudNativePg), Addon::BarmanCloud, &[9090], "CloudNativePG has backups made by the plugin")]
        }
        AddonChart::Metrics => vec![(Addon::MetricsServer, Addon::Kubelet, &[KUBELET], "metrics-server asks kubelets")],
        _ => Vec::new(),
    }
}

/// The program of an add-on that calls addresses outside of the cluster, and what it calls there.
fn calls_outside(addon: AddonChart) -> Option<(Addon, &'static str)> {
    Some(match addon {
        AddonChart::LoadBalancers => (Addon::LoadBalancers, "the API of the cloud"),
        AddonChart::CertManager => (Addon::CertManager, "the certificate authority and the API of the cloud"),
        AddonChart::ExternalSecrets => (Addon::ExternalSecrets, "the secret manager"),
        AddonChart::ExternalDns => (Addon::ExternalDns, "the API of the cloud"),
        AddonChart::Autoscaler => (Addon::Autoscaler, "the API of the cloud"),
        _ => return None,
    })
}

fn ports_of(ports: &[u16]) -> NetworkPorts {
    let (first, others) = ports.split_first().map_or((443, &[] as &[u16]), |(first, others)| (*first, others));
    NetworkPorts::new(NetworkPort::tcp(first), others.iter().map(|port| NetworkPort::tcp(*port)))
}
