//! Checks of the sections that become no part of the model, and warnings of sections and fields that are not rendered.
//!
//! Reports findings and resolves nothing.

use super::external::SHORTEST;
use super::regions::provider_of;
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, wording};
use crate::provider::Provider;
use crate::source::Span;
use crate::spec::{Ci, Environment, GitOps, Logs, Spec, Specs, Traces};
use crate::syntax::Field;
use crate::value::{Name, SecretStore};
use std::rc::Rc;

/// Warns of sections that this version does not render, and of fields elsewhere that depend on them.
pub(super) fn warn_of_unrendered(specs: &Specs, found: &mut Diagnostics) {
    warn_of_delivery(specs, found);
    // One warning for all uses of a field.
    let mut once = |name: &str, places: Vec<Span>, why: &str| {
        if let Some(span) = places.first() {
            let message = format!("`{name}` is read and checked, but {why}");
            found.push(Diagnostic::new(Code::NotRendered, message).at(*span));
        }
    };
    let environments = || specs.base.environments.entries().map(|(_, _, environment)| environment);
    let teams = || specs.base.teams.entries().map(|(_, _, team)| team);
    let delivery = &specs.base.delivery;
    // A word that means nothing has a finding of its own.
    let is_bad = delivery.at(|delivery| &delivery.ci).is_bad() || delivery.at(|delivery| &delivery.gitops).is_bad();
    if !has_ci(&specs.base) && !has_gitops(specs) && !is_bad {
        let branches = environments().filter_map(|one| one.branch.span()).collect();
        once("branch", branches, "nothing uses it without `ci` or `gitops` in `delivery`");
    }
    if !specs.sections.contains_key("delivery") {
        once("approvals", environments().filter_map(|one| approvals(&one.approvals)).collect(), "nothing uses it without `delivery.ci`");
        once("approvers", environments().filter_map(|one| one.approvers.span()).collect(), "nothing uses it without `delivery.ci`");
    }
    if !specs.sections.contains_key("observability") {
        once("page", teams().filter_map(|team| team.page.span()).collect(), "nothing uses it without `observability`");
        once("ticket", teams().filter_map(|team| team.ticket.span()).collect(), "nothing uses it without `observability`");
    }
}

/// Warns of what the spec says about pipelines and GitOps that nothing reads. One warning for all of it.
fn warn_of_delivery(specs: &Specs, found: &mut Diagnostics) {
    let (spec, Some(&at)) = (&specs.base, specs.sections.get("delivery")) else { return };
    let Some(delivery) = spec.delivery.get() else { return };
    let environments = || spec.environments.entries().map(|(_, _, environment)| environment);
    let has_ci = has_ci(spec);
    let provider = |name: &Name| provider_of(spec, spec.regions.value(name.as_str())?);
    let off_aws = |environment: &Environment| !environment.regions.values().any(|name| provider(name) == Some(Provider::Aws));
    let parts = [
        ("`repository`", !has_ci && !has_gitops(specs) && !delivery.repository.is_missing()),
        ("`ci` of environments that are not on AWS", has_ci && environments().any(off_aws)),
        ("`scanners`", !has_ci && delivery.scanners.get().is_some_and(|scanners| !scanners.is_empty())),
        ("`approvals` of `environments`", !has_ci && environments().any(|one| approvals(&one.approvals).is_some())),
        ("`approvers` of `environments`", !has_ci && environments().any(|one| !one.approvers.is_missing())),
    ];
    let written: Vec<&str> = parts.into_iter().filter_map(|(part, is_written)| is_written.then_some(part)).collect();
    if !written.is_empty() {
        let verb = if written.len() == 1 { "has" } else { "have" };
        let help = format!("{} {verb} no effect", wording::plain(&written));
        let message =
            "of `delivery`, this version renders the objects of GitOps controllers and, on AWS, the jobs of pipelines and their roles";
        found.push(Diagnostic::new(Code::NotRendered, message).at(at).help(help));
    }
}

/// Whether a controller applies the Kubernetes files of an environment.
fn has_gitops(specs: &Specs) -> bool {
    let has = |spec: &Spec| matches!(spec.delivery.at(|delivery| &delivery.gitops).get(), Some(GitOps::Argocd | GitOps::Flux));
    has(&specs.base) || specs.environments.values().any(|spec| has(spec))
}

/// Whether a CI system plans and applies.
fn has_ci(spec: &Spec) -> bool {
    matches!(spec.delivery.at(|delivery| &delivery.ci).get(), Some(Ci::Github | Ci::Gitlab))
}

/// The place of a number of approvals, unless nobody has to approve.
fn approvals(count: &Field<u32>) -> Option<Span> {
    count.spanned().filter(|(count, _)| **count > 0).map(|(_, at)| at)
}

impl EnvironmentResolver<'_> {
    pub(super) fn check_sections(&mut self) {
        self.unrendered();
        self.unrendered_buckets();
        self.check_platform();
        self.check_environment();
        self.check_cloud();
        self.check_network();
        self.check_secret_store();
        self.check_charts();
        let spec = self.spec;
        for (range, at) in spec.cluster.at(|cluster| &cluster.admin_cidrs).items() {
            if range.prefix() < SHORTEST {
                let message = format!("`{range}` is larger than any private network, and the API server has private addresses alone");
                let help = "write the ranges in which people are when they call the API server, such as those of the company's VPN";
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
            }
        }
        let regions = spec.regions.entries();
        self.check_former("region", regions.map(|(name, _, region)| (name, &region.renamed_from)));
        let subnets = spec.network.at(|network| &network.subnets);
        self.check_former("subnet", subnets.entries().map(|(name, _, subnet)| (name, &subnet.renamed_from)));
    }

    /// Warns of fields of clouds, clusters and networks that this version does not render.
    fn unrendered(&mut self) {
        let spec = self.spec;
        let (cloud, cluster) = (&spec.cloud, &spec.cluster);
        let premises = spec.network.at(|network| &network.on_premises);
        let off_aws = self.off_aws();
        let fields = [
            ("cloud.organization", cloud.at(|cloud| &cloud.organization).span()),
            ("cloud.tenant", cloud.at(|cloud| &cloud.tenant).span()),
            ("cluster.admin_cidrs", cluster.at(|cluster| &cluster.admin_cidrs).span().filter(|_| off_aws)),
            ("cluster.certificates", cluster.at(|cluster| &cluster.certificates).span().filter(|_| off_aws)),
            ("cluster.pools", cluster.at(|cluster| &cluster.pools).span().filter(|_| off_aws)),
            ("access.mfa", spec.access.at(|access| &access.mfa).span().filter(|_| off_aws)),
            ("network.on_premises.gateway", premises.at(|premises| &premises.gateway).span().filter(|_| off_aws)),
            ("network.on_premises.asn", premises.at(|premises| &premises.asn).span().filter(|_| off_aws)),
            ("network.on_premises.dns", premises.at(|premises| &premises.dns).span().filter(|_| off_aws)),
        ];
        for (name, span) in written(fields) {
            self.not_rendered(name, span);
        }
        let observability = spec.observability.get();
        let logs = observability.and_then(|all| all.logs.spanned()).filter(|(logs, _)| **logs != Logs::None);
        let traces = observability.and_then(|all| all.traces.spanned()).filter(|(traces, _)| **traces != Traces::None);
        let stores = [("observability.logs", logs.map(|(_, at)| at)), ("observability.traces", traces.map(|(_, at)| at))];
        for (name, span) in written(stores) {
            self.not_rendered(name, span);
        }
        self.mirror_off_aws();
        for place in Rc::clone(&self.region_specs).iter() {
            let at = spec.regions.find(place.name.as_str()).map(|item| item.key);
            if let (Provider::Google | Provider::Azure, Some(at)) = (place.provider, at) {
                let message = format!(
                    "the network of `{}` is planned but not rendered: this version renders only networks and clusters of AWS",
                    place.name
                );
                self.tell(Diagnostic::new(Code::NotRendered, message).at(at));
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
                        self.error(Code::InvalidValue, format!("`{name}` can't be empty"), at);
                    }
                }
            }
            (_, Some((_, at))) => {
                self.contradiction("`vault` needs `store: vault`", at, secrets.store.span());
            }
            (_, None) => {}
        }
    }

    /// Checks `renamed_from`: not the own name, not an existing name, and each name only once.
    pub(super) fn check_former<'n>(&mut self, what: &str, entries: impl Iterator<Item = (&'n Name, &'n Field<Name>)>) {
        let entries: Vec<(&Name, &Field<Name>)> = entries.collect();
        let mut taken: Vec<(&Name, Span)> = Vec::new();
        for (name, former) in &entries {
            let Some((was, at)) = former.spanned() else { continue };
            let problem = if was == *name {
                Some("is still its name")
            } else if entries.iter().any(|(other, _)| *other == was) {
                Some("still exists")
            } else {
                None
            };
            if let Some(problem) = problem {
                let diagnostic = Diagnostic::new(
                    Code::Contradiction,
                    format!("the {what} `{was}` {problem}: `renamed_from` of `{name}` must be an earlier name"),
                )
                .at(at);
                self.tell(diagnostic.help("remove `renamed_from`, or write the name it had before"));
            } else if let Some((_, first)) = taken.iter().find(|(known, _)| *known == was) {
                let message = format!("two entries are renamed from the {what} `{was}`");
                self.contradiction(message, at, Some(*first));
            } else {
                taken.push((was, at));
            }
        }
    }
}
