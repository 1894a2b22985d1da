//! Ports that are open between two ends though none of their flows declares them, and that policies do not tell apart from declared ones -> why they are open.

use super::ends::End;
use super::layers::{Layers, net, of_flow};
use super::words;
use crate::diagnostic::wording::plain;
use crate::policy::{INTERNET, Ports};
use ipnet::IpNet;
use serde::Serialize;

/// Ports that are open though no flow between the two ends declares them. No rendered policy is wrong: it can't tell the ends apart.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Also {
    /// The ports.
    pub ports: Vec<String>,
    /// What is missing to close them.
    pub cause: Cause,
    /// The ends that the cause is about: of shared addresses the declared ends that have them too, else the pods that no policy selects.
    pub with: Vec<String>,
    /// The cause as a sentence without a full stop.
    pub reason: String,
}

/// Why a port is open that no flow of its pair declares.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Policies and firewall know an end by addresses that a declared end has too.
    SharedAddresses,
    /// No NetworkPolicy of the documents selects the pods that would have to be limited.
    NoPolicy,
}

impl Layers<'_> {
    /// Why ports are open that the flows of two ends do not declare.
    pub(super) fn also(&self, from: &End<'_>, to: &End<'_>, ports: &Ports) -> Option<Also> {
        if ports.is_empty() {
            return None;
        }
        let is_selected = |end: &End<'_>| end.own && !end.on_node;
        let (cause, with, reason) = if is_selected(from) && to.is_outside() {
            let with = self.reached_there(from, to, ports);
            (Cause::SharedAddresses, with.clone(), shared(to, &with))
        } else if is_selected(to) && from.is_outside() {
            let with = self.callers_from_there(from, to, ports);
            (Cause::SharedAddresses, with.clone(), shared(from, &with))
        } else {
            let free: Vec<String> =
                [from, to].into_iter().filter(|end| end.pods && !is_selected(end)).map(|end| end.name.clone()).collect();
            let reason = format!("no NetworkPolicy of these files selects the pods of {}", plain(&free));
            (Cause::NoPolicy, free, reason)
        };
        Some(Also { ports: words(ports), cause, with, reason })
    }

    /// The ends that a caller may call at all addresses of another one.
    fn reached_there(&self, from: &End<'_>, to: &End<'_>, ports: &Ports) -> Vec<String> {
        let ranges: Vec<IpNet> = if to.ranges.is_empty() { vec![INTERNET.into()] } else { to.ranges.iter().filter_map(net).collect() };
        let flows = self.site.region.flows.iter().filter(|flow| from.is(&flow.from) && !to.is(&flow.to));
        let there =
            flows.filter(|flow| !of_flow(&flow.ports).and(ports).is_empty() && ranges.iter().any(|range| self.leads(flow, *range, &[])));
        self.names(there.map(|flow| &flow.to))
    }

    /// The declared callers whose addresses hold those of another one.
    fn callers_from_there(&self, from: &End<'_>, to: &End<'_>, ports: &Ports) -> Vec<String> {
        let flows = self.site.region.flows.iter().filter(|flow| to.is(&flow.to) && !from.is(&flow.from));
        let there = flows.filter(|flow| !of_flow(&flow.ports).and(ports).is_empty() && self.is_from(flow, from));
        self.names(there.map(|flow| &flow.from))
    }
}

fn shared(end: &End<'_>, with: &[String]) -> String {
    match with {
        [] => format!("a rule allows a range that holds {}", end.name),
        with => format!("{} shares addresses with {}", end.name, plain(with)),
    }
}
