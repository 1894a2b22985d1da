//! `network.on_premises`: the VPN to the company's network, and the names that the company's servers answer.

use super::reserved::is_inside;
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::Vpn;
use crate::provider::Provider;
use crate::spec::ExternalVia;
use crate::value::{Cidr, ExternalHost, HostAddress, StoreMode};
use std::collections::BTreeSet;

use super::external::private;

/// The number of the gateway on the side of AWS.
const AWS: u32 = 64512;

/// Why no gateway of a company can have a number.
fn objection(asn: u32) -> Option<&'static str> {
    match asn {
        0 | 65535 | u32::MAX => Some("is reserved (RFC 7607, RFC 7300)"),
        23456 => Some("stands for larger numbers in old routers (RFC 6793)"),
        7224 => Some("belongs to AWS"),
        AWS => Some("is the number of the gateway on the side of AWS"),
        _ => None,
    }
}

impl EnvironmentResolver<'_> {
    /// The VPN of a region on AWS, if the spec names the company's gateway.
    pub(super) fn vpn(&self, region: &str, provider: Provider) -> Option<Vpn> {
        let premises = self.spec.network.at(|network| &network.on_premises);
        let gateway = premises.at(|premises| &premises.gateway).get().filter(|_| provider == Provider::Aws)?;
        let name_servers: Vec<_> = premises.at(|premises| &premises.dns).values().map(|address| address.get()).collect();
        let names = if name_servers.is_empty() { BTreeSet::new() } else { self.company_names() };
        if !names.is_empty() {
            let shown = names.iter().cloned().collect::<Vec<_>>().join(", ");
            self.record(|| (format!("regions.{region}.forwarded_names"), shown, "the hosts with `via: on_premises`"));
        }
        let asn = premises.at(|premises| &premises.asn).get().copied();
        Some(Vpn { gateway: gateway.get(), asn, name_servers, names: names.into_iter().collect() })
    }

    /// The hosts in the company's network that the environment's entries name.
    fn company_names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut add = |host: &HostAddress| {
            if let HostAddress::Domain(domain) = host {
                names.insert(domain.to_string());
            }
        };
        let is_here = |only: &crate::syntax::Field<Vec<crate::syntax::Field<crate::value::Name>>>| {
            only.get().is_none() || only.values().any(|name| name == self.environment)
        };
        let there = |via: Option<&ExternalVia>| via == Some(&ExternalVia::OnPremises);
        for (_, _, external) in self.spec.external.entries().filter(|(_, _, one)| there(one.via.get()) && is_here(&one.only)) {
            external.url.get().into_iter().for_each(|url| add(url.host()));
            if let Some(ExternalHost::Address(host)) = external.host.get() {
                add(host);
            }
        }
        for (_, _, store) in self.spec.stores.entries().filter(|(_, _, one)| there(one.via.get()) && is_here(&one.only)) {
            if store.mode.get() == Some(&StoreMode::Existing) {
                store.host.get().into_iter().for_each(&mut add);
            }
        }
        names
    }

    /// Checks the gateway, its number and the name servers of the company's network.
    pub(super) fn check_premises(&mut self) {
        let Some(premises) = self.spec.network.at(|network| &network.on_premises).get() else { return };
        if let Some((gateway, at)) = premises.gateway.spanned() {
            if premises.cidrs.is_missing() || premises.cidrs.empty().is_some() {
                let message = "`gateway` needs `cidrs`: without ranges, nothing is routed into the VPN";
                let diagnostic = Diagnostic::new(Code::MissingField, message).at(at);
                self.tell(diagnostic.help("add the ranges of the company's network"));
            }
            let one = Cidr::around(gateway.get().into(), 32);
            if is_inside(gateway.get()) || private().any(|range| range.contains(one)) {
                let message = format!("`{gateway}` is not a public address: the tunnels come over the internet");
                let diagnostic = Diagnostic::new(Code::InvalidValue, message).at(at);
                self.tell(diagnostic.help("write the public address of the company's VPN gateway"));
            }
        } else if premises.gateway.is_missing() {
            for (key, at) in written([("asn", premises.asn.span()), ("dns", premises.dns.span())]) {
                let message = format!("`{key}` needs `gateway`: without a gateway there is no VPN");
                let diagnostic = Diagnostic::new(Code::MissingField, message).at(at);
                self.tell(diagnostic.help(format!("add the public address of the company's VPN gateway, or remove `{key}`")));
            }
        }
        if let Some((asn, at)) = premises.asn.spanned()
            && let Some(why) = objection(*asn)
        {
            let diagnostic = Diagnostic::new(Code::InvalidValue, format!("`{asn}` {why}")).at(at);
            self.tell(diagnostic.help("write the number of the company's gateway: its own public one, or a private one such as `65010`"));
        }
        for (server, at) in premises.dns.items() {
            let one = Cidr::around(server.get().into(), 32);
            if !premises.cidrs.values().any(|range| range.contains(one)) && premises.cidrs.values().next().is_some() {
                let message = format!("the name server `{server}` is not in the company's network");
                let diagnostic = Diagnostic::new(Code::InvalidValue, message).at(at);
                self.tell(diagnostic.help("write an address of `cidrs`, or add its range there"));
            }
        }
    }
}
