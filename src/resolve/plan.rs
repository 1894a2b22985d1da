//! The address request for the specs of all environments, and the problems of the plan as findings.
//!
//! `addresses` chooses the addresses.

use super::addresses::{self, Plan, Request, Reserved};
use super::network::subnets;
use super::regions::region_specs;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::lock::{Key, Lock};
use crate::model::short_zone;
use crate::source::Span;
use crate::spec::Specs;
use crate::value::Cidr;
use std::collections::BTreeMap;

/// Plans the ranges of every environment and region.
pub(super) fn plan_addresses(specs: &Specs, lock: &Lock, found: &mut Diagnostics) -> (Plan, Lock) {
    let base = specs.base.network.get();
    let Some((network, network_span)) = base.and_then(|network| network.cidr.spanned()) else { return (Plan::default(), lock.clone()) };
    let (reserved, spans) = taken(specs, found);
    let mut environments = BTreeMap::new();
    let mut explicit: BTreeMap<String, Span> = BTreeMap::new();
    for (name, spec) in &specs.environments {
        let mut regions = BTreeMap::new();
        for place in region_specs(spec, name, &mut |_| {}) {
            if !place.provider.is_cloud() {
                continue;
            }
            let mut wanted = BTreeMap::new();
            for subnet in subnets(spec) {
                if let Some((_, span)) = subnet.cidr {
                    explicit.insert(Key::subnet(name, place.name.as_str(), subnet.name.as_str()).as_str().to_string(), span);
                }
                let wish = addresses::Subnet {
                    default: subnet.default,
                    cidr: subnet.cidr.map(|(cidr, _)| cidr),
                    renamed_from: subnet.was.map(|was| was.to_string()),
                };
                wanted.insert(subnet.name.to_string(), wish);
            }
            let was = spec.regions.value(place.name.as_str());
            let region = addresses::Region {
                provider: place.provider,
                zones: place.zones.iter().map(|zone| short_zone(place.name.as_str(), zone)).collect(),
                subnets: wanted,
                renamed_from: was.and_then(|region| region.renamed_from.get()).map(|was| was.to_string()),
            };
            regions.insert(place.name.to_string(), region);
        }
        environments.insert(name.clone(), addresses::Environment { regions });
    }
    let request =
        Request { network: *network, pods: addresses::pod_supernet(), services: addresses::service_supernets(), reserved, environments };
    let (plan, lock, problems) = addresses::plan(&request, lock);
    let faulty: Vec<Key> =
        problems.iter().filter(|problem| !matches!(problem, addresses::Problem::NoRoom { .. })).map(|p| p.key().clone()).collect();
    for problem in problems {
        // Lack of room inside an invalid range is only a consequence.
        if matches!(problem, addresses::Problem::NoRoom { .. })
            && faulty.iter().any(|key| key.is_ancestor_of(problem.key()) || key == problem.key())
        {
            continue;
        }
        let is_short = matches!(problem, addresses::Problem::NoRoom { pool: addresses::Pool::Network, .. });
        if let Some((cidr, at)) = spans.iter().find(|(cidr, _)| is_short && cidr.contains(*network)) {
            let others: Vec<Cidr> = spans.iter().map(|(cidr, _)| *cidr).collect();
            let written = base.is_some_and(|base| base.cidr.span().is_some_and(|span| span.file == at.file));
            let fault = nothing_left((*cidr, *at), *network, &others);
            found.push(if written { fault.related(network_span, "`network.cidr`") } else { fault });
            continue;
        }
        let span = explicit.get(problem.key().as_str()).copied().unwrap_or(network_span);
        let mut diagnostic = Diagnostic::new(problem.code(), problem.message()).at(span).help(problem.help());
        let other = match &problem {
            addresses::Problem::Overlap { stays, .. } => explicit.get(stays.key.as_str()).copied(),
            addresses::Problem::Reserved { reserved, .. } => spans.iter().find(|(cidr, _)| *cidr == reserved.cidr).map(|(_, span)| *span),
            _ => None,
        };
        if let Some(other) = other {
            diagnostic = diagnostic.related(other, "the other stands here");
        }
        found.push(diagnostic);
    }
    (plan, lock)
}

/// The finding for a range of others that takes the whole of `network.cidr`.
fn nothing_left((taken, at): (Cidr, Span), network: Cidr, others: &[Cidr]) -> Diagnostic {
    let private = addresses::service_supernets();
    let free = private.iter().find(|range| !others.iter().any(|other| other.overlaps(**range)));
    let fewer = "name only the parts of the range that are in use";
    let help = match free {
        Some(free) => format!("{fewer}, or give the platform another range: `network: {{cidr: {free}}}`"),
        None => fewer.to_owned(),
    };
    let message = format!("`{taken}` takes the whole of `network.cidr` ({network}): no address is left for the platform");
    Diagnostic::new(Code::NetworkOverlap, message).at(at).help(help)
}

/// The reserved ranges with their spans. Environments share one address space, so a range that is reserved in one is reserved in all.
fn taken(specs: &Specs, found: &mut Diagnostics) -> (Vec<Reserved>, Vec<(Cidr, Span)>) {
    let mut reserved = Vec::new();
    let mut spans: Vec<(Cidr, Span)> = Vec::new();
    for network in specs.environments.values().map(|spec| &spec.network) {
        let lists = [
            (network.at(|network| &network.on_premises).at(|premises| &premises.cidrs), "the on-premises network"),
            (network.at(|network| &network.reserved), "`network.reserved`"),
        ];
        let mut own: Vec<(Cidr, Span)> = Vec::new();
        for (cidrs, by) in lists {
            for (cidr, span) in cidrs.items() {
                if let Some((other, first)) = own.iter().find(|(other, _)| other.overlaps(*cidr)) {
                    let message = format!("`{cidr}` overlaps `{other}`");
                    let diagnostic = Diagnostic::new(Code::NetworkOverlap, message).at(span).related(*first, "named here");
                    found.push(diagnostic.help(if cidr == other { "remove one of them" } else { "keep the larger one" }));
                }
                own.push((*cidr, span));
                if spans.iter().all(|(known, _)| known != cidr) {
                    reserved.push(Reserved { cidr: *cidr, by: by.to_string(), only: None });
                    spans.push((*cidr, span));
                }
            }
        }
    }
    (reserved, spans)
}
