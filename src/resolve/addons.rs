//! `addons`: the charts that a region installs.
//!
//! An add-on is installed where something in the region needs it and these files make the cluster, unless the spec says that it exists.
//! The monitoring is installed wherever the spec asks for it.

use super::EnvironmentResolver;
use super::cluster::is_rendered_for;
use crate::diagnostic::wording::plain;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::{self, Chart as Known};
use crate::kinds::Operator;
use crate::layers::Layer;
use crate::model::lock::{AddonLock, Locked};
use crate::model::{AddonChart, Chart, Controller, ImageCopy, Kind, Platform, Region, Software, Workload};
use crate::source::Span;
use crate::spec::AddonMode;
use crate::value::SecretStore;
use std::collections::{BTreeMap, BTreeSet};

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
            let message = format!(
                "`{}` has no rights in the cloud in `{}`: nothing there gives it work, or these files don't make the cluster",
                addon.name(),
                region.name
            );
            self.tell(
                Diagnostic::new(Code::Contradiction, message)
                    .at(at)
                    .help("remove `mode: install`: the add-on is installed where it has work"),
            );
        }
    }

    /// The add-ons that these files install.
    fn installed(&self, platform: &Platform, region: &Region) -> BTreeSet<AddonChart> {
        let made = Layer::Cluster.providers().contains(&region.provider);
        let needed = self.needed(platform, region);
        let wanted = |addon: &AddonChart| match self.spec.addons.value(addon.name()).and_then(|entry| entry.mode.get()) {
            Some(AddonMode::Install) => true,
            Some(AddonMode::Existing) => false,
            None => (made || *addon == AddonChart::Monitoring) && needed.contains(addon),
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
        }
        if workloads().any(|workload| workload.autoscaling.is_some()) {
            needed.insert(AddonChart::Metrics);
        }
        needed.extend(workloads().filter_map(Workload::operated).filter_map(|one| AddonChart::of_operator(one.software.operator())));
        if workloads().any(|workload| workload.database().is_some() && workload.backups.sidecar().is_some()) {
            needed.insert(AddonChart::BarmanCloud);
        }
        // Their servers and webhooks have certificates of cert-manager, and so has the operator of RabbitMQ, which has no chart.
        let certified = [AddonChart::BarmanCloud, AddonChart::PerconaMongodb, AddonChart::PerconaMysql];
        let queues = workloads().filter_map(Workload::operated).any(|one| one.software.operator() == Operator::Rabbitmq);
        if queues || certified.iter().any(|addon| needed.contains(addon)) {
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
        let fits = |one: &Known| one.fits(minor);
        // Versions of a program can share a version of the chart.
        let of_version =
            |version: &str| known().find(|one| one.version == version && fits(one)).or_else(|| known().find(|one| one.version == version));
        let locked = self.inputs.addons.find(addon.name(), minor);
        let of_lock = locked.and_then(|locked| of_version(&locked.version));
        let entry_value = entry.and_then(|entry| entry.value.get());
        let said = entry_value.and_then(|entry| entry.version.spanned());
        if said.is_none() {
            self.check_locked(addon, locked, of_lock.as_ref());
        }
        let nearest = of_lock.or_else(|| known().find(fits)).unwrap_or(newest);
        let exact = said.map_or_else(|| Some(nearest.clone()), |(version, _)| of_version(version.as_str()));
        let digest = match said {
            Some(_) => entry_value.and_then(|entry| entry.digest.get().cloned()),
            None => locked.and_then(|locked| locked.digest.clone()),
        };
        if let (Some((version, at)), None, Some(mirror)) = (said, &exact, &region.cluster.mirror) {
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
        let program = exact.as_ref().or(Some(&nearest).filter(|_| addon == AddonChart::Autoscaler));
        let chart = Chart {
            name: addon.name().to_owned(),
            addon: Some(addon),
            repository: nearest.repository.to_owned(),
            chart: nearest.chart.to_owned(),
            program: program.and_then(|one| Some(one.images().next()?.1.rsplit_once(':')?.1.to_owned())),
            version: said.map_or_else(|| nearest.version.to_owned(), |(version, _)| version.to_string()),
            digest: digest.or_else(|| exact.as_ref()?.digest.clone()),
            namespace: addon.namespace().to_owned(),
            definitions: nearest.definitions,
            values: entry_value.and_then(|entry| entry.values.get().cloned()),
            images: BTreeMap::new(),
            span: entry.map_or(cluster, |entry| entry.key),
        };
        Some((chart, exact))
    }

    /// Reports a locked version that this version of platgen does not know, and one whose archive is not the one that it knows.
    fn check_locked(&mut self, addon: AddonChart, locked: Option<&Locked>, known: Option<&Known>) {
        let Some((Locked { version, digest, .. }, at)) = locked.and_then(|locked| Some((locked, locked.at?))) else { return };
        let Some(known) = known else {
            let message = format!("this version of platgen does not know version {version} of {}", addon.title());
            let help = "install the version of platgen that wrote the lock, or choose the newest known ones with `platgen lock --addons`";
            self.tell(Diagnostic::new(Code::LockSyntax, message).at(at).help(help));
            return;
        };
        if let (Some(digest), Some(wanted)) = (digest, &known.digest)
            && digest != wanted
        {
            let message = format!("the digest of version {version} of {} is not the one that platgen knows, `{wanted}`", addon.title());
            let help =
                "find out who changed the line: another digest installs another chart. `platgen lock --addons` writes the known ones";
            self.tell(Diagnostic::new(Code::LockSyntax, message).at(at).help(help));
        }
    }

    /// Warns of add-ons of which no known release names the Kubernetes version. Once for each environment.
    pub(super) fn untested_addons(&mut self, platform: &Platform) {
        let spec = self.spec;
        let Some((version, at)) = spec.cluster.at(|cluster| &cluster.version).spanned().filter(|(version, _)| is_rendered_for(**version))
        else {
            return;
        };
        let has_version = |addon: &AddonChart| spec.addons.value(addon.name()).is_some_and(|entry| !entry.version.is_missing());
        let is_tested = |addon: &AddonChart| facts::charts(addon.name()).any(|known| known.fits(version.minor()));
        let charts = platform.regions.values().flat_map(|region| &region.charts).filter_map(|chart| chart.addon);
        let untested: BTreeSet<AddonChart> = charts.filter(|addon| !has_version(addon) && !is_tested(addon)).collect();
        let Some(first) = untested.first() else { return };
        let titles = plain(untested.iter().map(|addon| addon.title()));
        let message = format!("no release of {titles} that platgen knows was tested with Kubernetes {version}, as their projects say");
        let help = format!(
            "choose another `cluster.version`, or name versions that you have tried, such as `addons: {{{}: {{version: ...}}}}`",
            first.name()
        );
        self.tell(Diagnostic::new(Code::UntestedAddon, message).at(at).help(help));
    }

    /// Locks the versions of the charts of an environment which the spec does not say.
    pub(super) fn lock_addons(&self, platform: Option<&Platform>, lock: &mut AddonLock) {
        for region in platform.into_iter().flat_map(|platform| platform.regions.values()) {
            for chart in &region.charts {
                let Some(name) = chart.addon.map(AddonChart::name) else { continue };
                let said = self.spec.addons.value(name).is_some_and(|entry| !entry.version.is_missing());
                if !said {
                    lock.insert(name, region.cluster.version.minor(), &chart.version, chart.digest.clone());
                }
            }
        }
    }

    /// Warns of a digest of a chart that nothing compares.
    pub(super) fn compared(&mut self, name: &str, at: Span) {
        if let Some(controller) = self.gitops_controller() {
            let title = controller.title();
            let message = format!("nothing compares `digest` of `{name}` in `{}`: {title} fetches the chart", self.environment);
            let help = format!("{title} has no field for it; `sh chart.sh` of the output compares a chart that people fetch");
            self.tell(Diagnostic::new(Code::NotRendered, message).at(at).help(help));
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
            if let Some(at) = entry.digest.span().filter(|_| !existing) {
                self.require(&entry.version, "version", at);
                self.compared(name.as_str(), at);
            }
            for (key, at) in [("version", entry.version.span()), ("digest", entry.digest.span()), ("values", entry.values.span())] {
                if let Some(at) = at.filter(|_| existing) {
                    self.contradiction(format!("`{key}` is for an add-on that these files install"), at, entry.mode.span());
                }
            }
        }
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
