//! Groups, teams and namespaces.

use super::EnvironmentResolver;
use super::provenance::HARDENED;
use crate::diagnostic::{Code, Diagnostic};
use crate::guard::{IDENTITY_NAMESPACE, OWN_GROUPS};
use crate::model::{Addon, AddonChart, FOREIGN_NAMESPACES, Group, Namespace, Platform, Quota, RESTORE_TESTS, Region, SYSTEM_NAMESPACES};
use crate::syntax::Field;
use crate::value::{Name, PodSecurityLevel, Quantity};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// The CPU request of a container that sets none, in thousandths of a processor.
pub(super) const DEFAULT_CPU: u128 = 100;

/// The memory request and limit of a container that sets none, in bytes.
pub(super) const DEFAULT_MEMORY: u64 = 128 << 20;

/// Folders of a region's files that stand beside those of its namespaces.
const FOLDERS: [&str; 2] = ["addons", "cluster"];

/// Groups and namespaces of an environment.
#[derive(Debug, Default)]
pub(super) struct Access {
    pub(super) groups: Vec<Group>,
    pub(super) namespaces: IndexMap<String, Namespace>,
}

/// CPU request and memory of a container that sets none.
fn defaults() -> (Quantity, Quantity) {
    (Quantity::from_millis(DEFAULT_CPU), Quantity::from_bytes(DEFAULT_MEMORY))
}

impl EnvironmentResolver<'_> {
    pub(super) fn access(&mut self) -> Access {
        let spec = self.spec;
        let groups = spec.access.at(|access| &access.groups);
        let mut access = Access::default();
        for (name, span, group) in groups.entries() {
            let id = if self.on_a_cloud() {
                if group.id.is_missing() {
                    let diagnostic =
                        Diagnostic::new(Code::MissingField, "`id` is missing: the name of the group where people sign in").at(span);
                    let such =
                        if self.on_aws() { "that of its permission set in IAM Identity Center" } else { "its mail address or object id" };
                    self.tell(diagnostic.help(format!("add `id:`, {such}, such as `{name}: {{id: platform-admin, role: admin}}`")));
                }
                group.id.get().cloned()
            } else {
                Some(group.id.get().cloned().unwrap_or(name.to_string()))
            };
            if let Some((_, at)) = group.id.spanned().filter(|(id, _)| id.trim().is_empty()) {
                let diagnostic = Diagnostic::new(Code::InvalidValue, "the `id` of a group can't be empty").at(at);
                self.tell(diagnostic.help("write the identity provider's id of the group"));
            }
            if let Some((id, at)) = group.id.spanned().filter(|(id, _)| id.starts_with("system:")) {
                let message = format!("the group `{id}` belongs to Kubernetes, which decides who is in it");
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("name a group of your identity provider"));
            }
            if let Some((id, at)) = group.id.spanned().filter(|(id, _)| id.starts_with(OWN_GROUPS)) {
                let message = format!("the group `{id}` is one of platgen's own, which no identity provider has");
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("name a group of your identity provider"));
            }
            let role = self.require(&group.role, "role", span).copied();
            let limited = group.namespaces.items().filter(|(namespace, at)| self.has_namespace(namespace, *at, true));
            let namespaces = limited.map(|(namespace, _)| namespace.clone()).collect();
            if let (Some(id), Some(role)) = (id, role) {
                access.groups.push(Group { name: name.clone(), id, role, namespaces });
            }
        }
        for (_, span, team) in spec.teams.entries() {
            if let (Some(group), Some(at)) = (self.require(&team.group, "group", span), team.group.span()) {
                self.is_declared("group", groups, group, at);
            }
        }
        self.check_receivers();
        let platform_owner = spec.platform.at(|platform| &platform.owner).get();
        for (name, span, namespace) in spec.namespaces.entries() {
            self.check_owner(&namespace.owner);
            let here = self.is_here(&namespace.only);
            if name.as_str() == Addon::Monitoring.namespace() {
                let message = format!("the namespace `{name}` belongs to the monitoring, and nothing else runs there");
                self.tell(Diagnostic::new(Code::NameTaken, message).at(span).help("choose another name"));
            } else if FOREIGN_NAMESPACES.contains(&name.as_str()) || name.as_str().starts_with("kube-") {
                let message = format!("the namespace `{name}` belongs to the cluster: platgen's policies would stop its pods");
                self.tell(Diagnostic::new(Code::NameTaken, message).at(span).help("choose another name"));
            }
            if FOLDERS.contains(&name.as_str()) {
                let message = format!("the namespace `{name}` would share the folder `{name}` of the output with other files");
                self.tell(Diagnostic::new(Code::NameTaken, message).at(span).help("choose another name"));
            }
            if name.as_str() == RESTORE_TESTS {
                let message = format!("the namespace `{name}` belongs to the restore tests of stores, and nothing else runs there");
                self.tell(Diagnostic::new(Code::NameTaken, message).at(span).help("choose another name"));
            }
            if name.as_str() == IDENTITY_NAMESPACE {
                let message = format!("the namespace `{name}` belongs to the guard of the cluster, and nothing runs there");
                self.tell(Diagnostic::new(Code::NameTaken, message).at(span).help("choose another name"));
            }
            let level = namespace.pod_security.at(|security| &security.level);
            let said = !level.is_missing();
            let level = level.get().copied().unwrap_or(PodSecurityLevel::Restricted);
            if !said && here {
                self.record(|| (format!("namespaces.{name}.pod_security.level"), level.name(), HARDENED));
            }
            let reason = match (level, namespace.pod_security.get()) {
                (PodSecurityLevel::Restricted, _) | (_, None) => None,
                (_, Some(security)) => self.reason(
                    &security.reason,
                    "reason",
                    "a loosening of `pod_security.level`",
                    namespace.pod_security.span().unwrap_or(span),
                ),
            };
            let quota = &namespace.quota;
            for (name, size) in [("memory", quota.at(|quota| &quota.memory)), ("storage", quota.at(|quota| &quota.storage))] {
                if let Some((size, at)) = size.spanned() {
                    self.has_unit(name, size, at);
                }
            }
            if let Some((cpu, at)) = quota.at(|quota| &quota.cpu).spanned() {
                self.is_processors(cpu, at);
            }
            let (labels, annotations) = (self.labels(&namespace.labels), self.annotations(&namespace.annotations));
            let Some(owner) = namespace.owner.get().or(platform_owner).filter(|_| here) else { continue };
            if namespace.owner.is_missing() {
                self.record(|| (format!("namespaces.{name}.owner"), owner, "platform.owner"));
            }
            let defaults = defaults();
            let origin = "containers that set no `resources`";
            self.record(|| (format!("namespaces.{name}.container.cpu"), defaults.0.canonical(), origin));
            self.record(|| (format!("namespaces.{name}.container.memory"), defaults.1.canonical(), origin));
            access.namespaces.insert(
                name.to_string(),
                Namespace {
                    name: name.clone(),
                    owner: owner.clone(),
                    quota: Quota {
                        cpu: quota.at(|quota| &quota.cpu).get().cloned(),
                        memory: quota.at(|quota| &quota.memory).get().cloned(),
                        storage: quota.at(|quota| &quota.storage).get().cloned(),
                    },
                    default_cpu: defaults.0,
                    default_memory: defaults.1,
                    pod_security: level,
                    reason,
                    labels,
                    annotations,
                },
            );
        }
        if let Some(platform) = spec.platform.get() {
            self.check_owner(&platform.owner);
        }
        access
    }

    /// Adds the namespaces that no section declares: those of restore tests and of add-ons, where there are any.
    pub(super) fn own_namespaces(&mut self, platform: &mut Platform) {
        if platform.regions.values().any(Region::tests_restores) {
            self.own_namespace(platform, RESTORE_TESTS, "the restore tests of stores");
        }
        let here = |region: &Region, addon| region.chart(addon).is_some() || (addon == AddonChart::Monitoring && region.is_monitored());
        let installed = |addon: &AddonChart| platform.regions.values().any(|region| here(region, *addon));
        for addon in AddonChart::ALL.into_iter().filter(installed).collect::<Vec<_>>() {
            let namespace = addon.namespace();
            if !SYSTEM_NAMESPACES.contains(&namespace) && !platform.namespaces.contains_key(namespace) {
                self.own_namespace(platform, namespace, addon.title());
            }
        }
    }

    /// Adds a namespace of the platform's owner.
    fn own_namespace(&mut self, platform: &mut Platform, name: &str, purpose: &str) {
        let Ok(name) = name.parse::<Name>() else { return };
        let (default_cpu, default_memory) = defaults();
        // The pods of every chart hold it with the values of platgen, and the proxies that Envoy Gateway makes without any (`DefaultSecurityContext` in
        // `internal/infrastructure/kubernetes/resource/resource.go`, and `expectedEnvoySecurityContext`, of its version 1.9).
        let pod_security = PodSecurityLevel::Restricted;
        self.record(|| (format!("namespaces.{name}.owner"), &platform.owner, format!("platform.owner, for {purpose}")));
        self.record(|| (format!("namespaces.{name}.pod_security.level"), pod_security.name(), HARDENED));
        let namespace = Namespace {
            name: name.clone(),
            owner: platform.owner.clone(),
            quota: Quota::default(),
            default_cpu,
            default_memory,
            pod_security,
            reason: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        };
        platform.namespaces.insert(name.to_string(), namespace);
    }

    /// Reports an owner that is not a team.
    pub(super) fn check_owner(&mut self, owner: &Field<Name>) {
        if let Some((name, at)) = owner.spanned() {
            self.is_declared("team", &self.spec.teams, name, at);
        }
    }

    /// Reports an invalid mail address.
    pub(super) fn check_address(&mut self, address: &Field<String>) {
        let Some((address, at)) = address.spanned() else { return };
        let sound = address.split_once('@').is_some_and(|(who, at)| !who.is_empty() && at.contains('.') && !at.contains('@'));
        if !sound || address.contains(char::is_whitespace) {
            self.error(Code::InvalidValue, format!("`{address}` is not a mail address, such as `ops@shop.example`"), at);
        }
    }

    /// Reports receivers that are not exactly one, and invalid mail addresses.
    fn check_receivers(&mut self) {
        let spec = self.spec;
        let teams = spec.teams.entries().flat_map(|(_, _, team)| [&team.page, &team.ticket]);
        let defaults = spec.observability.get().into_iter().flat_map(|all| [&all.page, &all.ticket]);
        for (receiver, at) in teams.chain(defaults).filter_map(Field::spanned) {
            let keys = [receiver.pagerduty.span(), receiver.slack.span(), receiver.email.span(), receiver.webhook.span()];
            match keys.into_iter().flatten().collect::<Vec<_>>()[..] {
                [] => {
                    let diagnostic = Diagnostic::new(Code::MissingField, "the receiver names nobody").at(at);
                    self.tell(diagnostic.help("add `pagerduty`, `slack`, `email` or `webhook`"));
                }
                [first, other, ..] => {
                    self.contradiction("a receiver has one of `pagerduty`, `slack`, `email` and `webhook`", other, Some(first))
                }
                [_] => {}
            }
            self.check_address(&receiver.email);
        }
        if let Some(mail) = spec.observability.at(|all| &all.mail).get() {
            self.check_address(&mail.from);
        }
    }
}
