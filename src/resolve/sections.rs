//! What is said of sections once per environment: what is missing or can't be, and what this version does not render.
//!
//! Tells, and changes nothing.

use super::names::Names;
use super::places::whole_days;
use super::{Scope, written};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::facts;
use crate::provider::Provider;
use crate::source::Span;
use crate::spec::Specs;
use crate::syntax::Field;
use crate::value::{Cidr, Name, RefKind, SecretStore};
use std::net::{IpAddr, Ipv4Addr};

/// Ranges that no network of its own may take: this host, the metadata services' and other link-local addresses, groups, and what is reserved.
const NEVER_OURS: [(&str, &str); 5] = [
    ("0.0.0.0/8", "this network (RFC 1122)"),
    ("127.0.0.0/8", "the machine itself (RFC 1122)"),
    ("169.254.0.0/16", "link-local addresses (RFC 3927)"),
    ("224.0.0.0/4", "groups of machines (RFC 5771)"),
    ("240.0.0.0/4", "addresses that nobody has (RFC 1112)"),
];

/// The retentions that CloudWatch Logs offers, in days.
const RETENTIONS: [u32; 22] = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Names the sections that are read and checked, but not rendered by this version, and what belongs to one of them and is said without it.
pub(super) fn warn_of_unrendered(specs: &Specs, found: &mut Diagnostics) {
    for section in ["observability", "delivery", "charts", "buckets"] {
        if let Some(&span) = specs.sections.get(section) {
            let message = format!("`{section}` is read and checked, but this version does not render it");
            found.push(Diagnostic::new(Code::NotRendered, message).at(span).help(match section {
                "delivery" => "nothing of it is in the output, nor the branches, approvals and approvers of `environments`",
                "observability" => "nothing of it is in the output: nobody of `teams` is told of anything",
                _ => "nothing of it is in the output, nor what refers to it",
            }));
        }
    }
    // Each word once: all of its uses wait for the same.
    let mut once = |name: &str, places: Vec<Span>, why: &str| {
        if let Some(span) = places.first() {
            let message = format!("`{name}` is read and checked, but this version {why}");
            found.push(Diagnostic::new(Code::NotRendered, message).at(*span));
        }
    };
    let environments = || specs.base.environments.entries().map(|(_, _, environment)| environment);
    let teams = || specs.base.teams.entries().map(|(_, _, team)| team);
    if !specs.sections.contains_key("delivery") {
        let approvals = |count: &Field<u32>| count.spanned().filter(|(count, _)| **count > 0).map(|(_, at)| at);
        once("branch", environments().filter_map(|one| one.branch.span()).collect(), "renders no pipeline");
        once("approvals", environments().filter_map(|one| approvals(&one.approvals)).collect(), "renders no pipeline");
        once("approvers", environments().filter_map(|one| one.approvers.span()).collect(), "renders no pipeline");
    }
    if !specs.sections.contains_key("observability") {
        once("page", teams().filter_map(|team| team.page.span()).collect(), "tells nobody of anything");
        once("ticket", teams().filter_map(|team| team.ticket.span()).collect(), "tells nobody of anything");
    }
}

impl Scope<'_> {
    pub(super) fn check_sections(&mut self, names: &Names) {
        self.unrendered();
        self.check_platform();
        self.check_environment();
        self.check_cloud();
        self.check_network();
        self.check_secret_store();
        self.check_externals();
        self.check_charts(names);
        let spec = self.spec;
        let regions = spec.regions.entries();
        self.check_former("region", regions.map(|(name, _, region)| (name, &region.renamed_from)));
        let subnets = spec.network.get().into_iter().flat_map(|network| network.subnets.entries());
        self.check_former("subnet", subnets.map(|(name, _, subnet)| (name, &subnet.renamed_from)));
        for (_, _, bucket) in spec.buckets.entries() {
            if let Some((name, at)) = bucket.copy_to.spanned() {
                self.region_of_spec(name, at);
            }
        }
    }

    /// Names what is said of clouds and clusters and belongs to roots and pipelines that this version does not render.
    fn unrendered(&mut self) {
        let spec = self.spec;
        let (cloud, cluster) = (spec.cloud.get(), spec.cluster.get());
        let premises = spec.network.get().and_then(|network| network.on_premises.get());
        let mirror = cluster.and_then(|cluster| cluster.registry.get()).filter(|registry| registry.mirror.get() == Some(&true));
        let fields = [
            ("cloud.organization", cloud.and_then(|cloud| cloud.organization.span())),
            ("cloud.tenant", cloud.and_then(|cloud| cloud.tenant.span())),
            ("cluster.admin_cidrs", cluster.and_then(|cluster| cluster.admin_cidrs.span())),
            ("cluster.pools", cluster.and_then(|cluster| cluster.pools.span())),
            ("cluster.registry.mirror", mirror.and_then(|registry| registry.mirror.span())),
            ("access.mfa", spec.access.get().and_then(|access| access.mfa.spanned()).map(|(_, at)| at)),
            ("network.on_premises.gateway", premises.and_then(|premises| premises.gateway.span())),
            ("network.on_premises.asn", premises.and_then(|premises| premises.asn.span())),
            ("network.on_premises.dns", premises.and_then(|premises| premises.dns.span())),
        ];
        for (name, span) in written(fields) {
            self.not_rendered(name, span);
        }
        for place in self.places.clone() {
            let at = spec.regions.get().and_then(|all| all.get(place.name.as_str())).map(|item| item.key);
            if let (Provider::Google | Provider::Azure, Some(at)) = (place.provider, at) {
                let message = format!("the network of `{}` is planned and left out: this version renders those of AWS alone", place.name);
                self.tell(Diagnostic::new(Code::NotRendered, message).at(at));
            }
        }
    }

    /// Names of classes of priority start with the platform's, and Kubernetes keeps `system-` for itself.
    fn check_platform(&mut self) {
        let name = self.spec.platform.get().and_then(|platform| platform.name.spanned());
        if let Some((name, at)) = name.filter(|(name, _)| name.as_str() == "system" || name.as_str().starts_with("system-")) {
            let message = format!("`{name}` would start the names of objects with `system-`, which Kubernetes keeps for itself");
            self.tell(Diagnostic::new(Code::NameTaken, message).at(at).help("choose another name for the platform"));
        }
    }

    fn check_environment(&mut self) {
        let Some((regions, at)) = self.own_environment().and_then(|environment| environment.regions.spanned()) else { return };
        if regions.is_empty() {
            let diagnostic = Diagnostic::new(Code::InvalidValue, format!("`{}` has no region to run in", self.environment)).at(at);
            self.tell(diagnostic.help("name one of `regions`"));
        }
        let words: Vec<(&Name, Span)> = regions.iter().filter_map(Field::spanned).collect();
        self.once_each(&words);
    }

    fn check_cloud(&mut self) {
        let spec = self.spec;
        let Some((cloud, _)) = spec.cloud.spanned() else { return };
        let state = cloud.state.get().and_then(|state| state.region.spanned());
        if let (Some((name, at)), Some(Provider::Aws)) = (state, cloud.provider.get())
            && facts::region(Provider::Aws, name.as_str()).is_none()
        {
            let diagnostic = Diagnostic::new(Code::UnknownValue, format!("`{name}` is not a region of {}", Provider::Aws.name())).at(at);
            self.tell(match facts::nearest_region(Provider::Aws, name.as_str()) {
                Some(close) => diagnostic.help(format!("did you mean `{close}`?")).fix(at, close),
                None => diagnostic.help("name it as the provider does"),
            });
        }
        if let Some((cluster, at)) = spec.cluster.spanned() {
            self.require(&cluster.version, "version", at);
        }
        for group in spec.access.get().into_iter().flat_map(|access| access.groups.entries()).map(|(_, _, group)| group) {
            if let Some((_, at)) = group.id.spanned().filter(|(id, _)| id.trim().is_empty()) {
                let diagnostic = Diagnostic::new(Code::InvalidValue, "the `id` of a group is never empty").at(at);
                self.tell(diagnostic.help("write what the identity provider calls the group"));
            }
        }
    }

    /// Ranges that can be somebody's.
    fn check_network(&mut self) {
        let spec = self.spec;
        let Some((network, at)) = spec.network.spanned() else { return };
        if self.on_a_cloud() {
            self.require(&network.cidr, "cidr", at);
        }
        if let Some((kept, at)) = network.flow_logs.spanned().filter(|_| self.on_aws()) {
            let days = whole_days(*kept).unwrap_or_default();
            if !RETENTIONS.contains(&days) {
                let message = format!("CloudWatch Logs has no retention of `{kept}`");
                let longer = RETENTIONS.iter().find(|one| **one > days).unwrap_or(&RETENTIONS[0]);
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("the next longer one is `{longer}d`")));
            }
        }
        let explicit = network.subnets.entries().map(|(_, _, subnet)| &subnet.cidr);
        let premises = network.on_premises.get().and_then(|premises| premises.cidrs.get()).into_iter().flatten();
        for (cidr, at) in [&network.cidr].into_iter().chain(explicit).chain(premises).filter_map(Field::spanned) {
            let never = NEVER_OURS.iter().find(|(range, _)| range.parse::<Cidr>().is_ok_and(|range| range.overlaps(*cidr)));
            if let Some((range, whose)) = never {
                let message = format!("`{cidr}` has addresses of `{range}`, which are for {whose}");
                let diagnostic = Diagnostic::new(Code::InvalidValue, message).at(at);
                self.tell(diagnostic.help("take a private range, such as one of `10.0.0.0/8`"));
            }
        }
    }

    fn check_secret_store(&mut self) {
        let Some((secrets, at)) = self.spec.secrets.spanned() else { return };
        match (secrets.store.get(), secrets.vault.spanned()) {
            (Some(SecretStore::Vault), None) => {
                let at = secrets.store.span().unwrap_or(at);
                self.require(&secrets.vault, "vault", at);
            }
            (Some(SecretStore::Vault), Some((vault, at))) => {
                self.require(&vault.address, "address", at);
                for (name, field) in [("path", &vault.path), ("role", &vault.role)] {
                    self.require(field, name, at);
                    if let Some((_, at)) = field.spanned().filter(|(text, _)| text.trim().is_empty()) {
                        self.error(Code::InvalidValue, format!("`{name}` is never empty"), at);
                    }
                }
            }
            (_, Some((_, at))) => {
                self.contradiction("`vault` is for `store: vault`, and secrets come from the cloud", at, secrets.store.span(), "said here");
            }
            (_, None) => {}
        }
    }

    /// Addresses that are outside.
    fn check_externals(&mut self) {
        let spec = self.spec;
        for (_, _, external) in spec.external.entries() {
            let url = external.url.spanned().map(|(url, at)| (url.host().to_string(), at));
            let host = external.host.spanned().map(|(host, at)| (host.to_string(), at));
            let Some((host, at)) = url.or(host) else { continue };
            match host.parse::<IpAddr>() {
                Ok(IpAddr::V6(address)) => {
                    let message = format!("`{address}` is an IPv6 address, and the networks here have none");
                    self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("name the host, or its IPv4 address"));
                }
                Ok(IpAddr::V4(address)) if is_inside(address) => {
                    let message = format!("`{address}` is not outside: such addresses mean this machine, its neighbours or nobody");
                    self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("name the host that is called"));
                }
                _ if host == "localhost" || host.ends_with(".localhost") => {
                    let message = format!("`{host}` is not outside: every pod would call itself");
                    self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("name the host that is called"));
                }
                _ => {}
            }
        }
    }

    /// Charts are read and checked, though not rendered.
    fn check_charts(&mut self, names: &Names) {
        let spec = self.spec;
        for (key, span, chart) in spec.charts.entries() {
            self.require(&chart.repository, "repository", span);
            self.require(&chart.version, "version", span);
            let here = self.is_here(&chart.only);
            let Some(namespace) = self.namespace_of(key, &chart.namespace, span, "chart") else { continue };
            for (reference, at) in chart.needs.get().into_iter().flatten().filter_map(Field::spanned).filter(|_| here) {
                if reference.kind() != RefKind::Platform {
                    self.lookup(names, reference, &namespace, at);
                }
            }
        }
    }

    /// Names that others had before: not their own, not one that is still there, and each only once.
    pub(super) fn check_former<'n>(&mut self, what: &str, entries: impl Iterator<Item = (&'n Name, &'n Field<Name>)>) {
        let entries: Vec<(&Name, &Field<Name>)> = entries.collect();
        let mut taken: Vec<(&Name, Span)> = Vec::new();
        for (name, former) in &entries {
            let Some((was, at)) = former.spanned() else { continue };
            let problem = if was == *name {
                Some("is its name still")
            } else if entries.iter().any(|(other, _)| *other == was) {
                Some("is there still")
            } else {
                None
            };
            if let Some(problem) = problem {
                let diagnostic =
                    Diagnostic::new(Code::Contradiction, format!("the {what} `{was}` {problem}: `{name}` can't have its place")).at(at);
                self.tell(diagnostic.help("remove `renamed_from`, or write the name it had before"));
            } else if let Some((_, first)) = taken.iter().find(|(known, _)| *known == was) {
                let message = format!("two entries were the {what} `{was}` before");
                self.contradiction(message, at, Some(*first), "the first stands here");
            } else {
                taken.push((was, at));
            }
        }
    }
}

/// Whether an address means the machine itself, its neighbours, or nobody.
fn is_inside(address: Ipv4Addr) -> bool {
    let ranges = NEVER_OURS.iter().filter_map(|(range, _)| range.parse::<Cidr>().ok());
    let one = Cidr::around(address.into(), 32);
    ranges.into_iter().any(|range| range.contains(one))
}
