//! `charts`: the releases of third-party charts, and the connections of their pods.
//!
//! No file tells which pods a chart makes. Policies select those with the name of the release, which charts write into `app.kubernetes.io/instance`.

use super::EnvironmentResolver;
use super::flows::api_server;
use super::names::{Entry, Names};
use super::ports::ports;
use super::workloads::Site;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts;
use crate::model::{AddonChart, Chart, Flow, Peer, Placement, Region, Spread};
use crate::source::Span;
use crate::spec;
use crate::syntax::Field;
use crate::value::{Definitions, EntryName, Ref, RefKind};
use std::collections::BTreeMap;

impl EnvironmentResolver<'_> {
    /// Checks the entries, those of other environments as well.
    pub(super) fn check_charts(&mut self) {
        let (spec, mut taken) = (self.spec, BTreeMap::new());
        for (key, span, chart) in spec.charts.entries() {
            if let Some(first) = taken.insert(key.name(), span).filter(|_| self.is_here(&chart.only)) {
                let message = format!("two charts are called `{}`: the name is that of a release and of its values", key.name());
                let finding = Diagnostic::new(Code::NameTaken, message).at(span).related(first, "the first one");
                self.tell(finding.help("choose another name, and set the names of its objects in `values`"));
            }
            self.require(&chart.repository, "repository", span);
            self.require(&chart.version, "version", span);
            if let Some((_, at)) = chart.values.spanned().filter(|(values, _)| !values.is_object()) {
                self.error(Code::InvalidValue, "values of a chart are a map", at);
            }
            if let Some(at) = chart.digest.span().filter(|_| self.is_here(&chart.only)) {
                self.compared(key.name().as_str(), at);
            }
            let said = chart.chart.get().map_or(key.name().as_str(), |name| name.as_str());
            let is_of =
                |addon: &AddonChart| facts::charts(addon.name()).any(|known| known.chart == said) || addon.name() == key.name().as_str();
            if let Some(addon) = AddonChart::ALL.into_iter().find(is_of) {
                let message =
                    format!("`{said}` is the chart of an add-on: two releases of {} would claim the same definitions", addon.title());
                let help = format!("set its version and values under `addons: {{{}: ...}}`, and remove this entry", addon.name());
                self.tell(Diagnostic::new(Code::NameTaken, message).at(chart.chart.span().unwrap_or(span)).help(help));
            }
        }
    }

    /// The entry of a chart in the index.
    pub(super) fn chart_entry(&mut self, key: &EntryName, span: Span, chart: &spec::Chart) -> Entry {
        let absent = (!self.is_here(&chart.only)).then(|| chart.only.span()).flatten();
        let namespace = self.namespace_of(key, &chart.namespace, span, "chart", absent.is_none());
        let ports = ports(&Field::Missing, &chart.ports, None);
        Entry { namespace, absent, ports, ports_invalid: chart.ports.is_bad(), ..Entry::other(RefKind::Chart, key, span) }
    }

    /// The releases of a region, in the order of the spec, and the connections that their pods start.
    pub(super) fn releases(&mut self, names: &Names, site: Site<'_>) -> (Vec<Chart>, Vec<Flow>) {
        let (spec, region) = (self.spec, site.region);
        let (mut charts, mut flows) = (Vec::new(), Vec::new());
        for (key, span, chart) in spec.charts.entries() {
            let mut entries = names.iter().filter(|entry| entry.kind == RefKind::Chart && entry.key == span && entry.absent.is_none());
            let Some(entry) = entries.next() else { continue };
            let Some(mut consumer) = self.consumer(entry, site) else { continue };
            for (reference, at) in chart.needs.items().filter(|(reference, _)| reference.kind() == RefKind::Bucket) {
                let message =
                    format!("`needs` of `{}` names `{reference}`, and the pods of a chart have no identity in the cloud", entry.display());
                let help = "name the bucket in `needs` of an app: its pods get the right to use it";
                self.incomplete(Diagnostic::new(Code::Incomplete, message).at(at).help(help));
            }
            let others = chart.needs.get().into_iter().flatten().filter(|need| !need.get().is_some_and(is_apart));
            let others = chart.needs.span().map_or(Field::Missing, |at| Field::Set(others.cloned().collect(), at));
            let needs = self.needs(&others, &mut consumer);
            flows.extend(self.flows_of(&consumer, &anywhere(region), &needs));
            if let Some((_, at)) = chart.needs.items().find(|(reference, _)| is_api(reference)) {
                let (cidrs, ports) = api_server(region);
                let why = format!("{} uses the Kubernetes API", entry.display());
                flows.push(Flow { from: consumer.peer(), to: Peer::Cluster { cidrs }, ports, why, span: at });
            }
            let (Some(repository), Some(version)) = (chart.repository.get(), chart.version.get()) else { continue };
            if let Some(mirror) = &region.cluster.mirror {
                let message =
                    format!("no image of `{}` is copied: nodes pull them from the registries that the chart names", entry.display());
                let help = format!("copy them to `{}`, and name the copies in `values`", mirror.registry);
                self.tell(Diagnostic::new(Code::NotRendered, message).at(span).help(help));
            }
            charts.push(Chart {
                name: entry.name.to_string(),
                addon: None,
                repository: repository.to_string(),
                chart: chart.chart.get().map_or_else(|| key.name().to_string(), ToString::to_string),
                version: version.to_string(),
                digest: chart.digest.get().cloned(),
                program: None,
                namespace: consumer.namespace.to_string(),
                definitions: Definitions::None,
                values: chart.values.get().cloned(),
                images: BTreeMap::new(),
                span,
            });
        }
        (charts, flows)
    }
}

/// Whether a chart needs the API server of its cluster. Its own objects give it the rights there.
fn is_api(reference: &Ref) -> bool {
    reference.kind() == RefKind::Platform && reference.name().as_str() == "kubernetes"
}

/// Whether a need is none of an entry that runs.
fn is_apart(reference: &Ref) -> bool {
    is_api(reference) || reference.kind() == RefKind::Bucket
}

/// The place of pods that name none: every class of nodes without a taint.
fn anywhere(region: &Region) -> Placement {
    let shared = region.network.iter().flat_map(|network| network.shared()).cloned().collect();
    Placement {
        subnets: shared,
        everywhere: false,
        pool: None,
        architectures: Vec::new(),
        tolerations: Vec::new(),
        spread: Spread::None,
        min_domains: None,
    }
}
