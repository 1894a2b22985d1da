//! What an entry says of rights -> the rights of a container, within the pod security standard of its namespace.

use super::Scope;
use super::provenance::HARDENED;
use super::values::Consumer;
use super::volumes::{Pod, Volumes};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{PodSecurityLevel, Security};
use crate::source::Span;
use crate::spec::{self, ContainerFields};
use crate::syntax::Field;

/// The user that containers run as unless they say otherwise: above 10000, so that no account of the node has it.
pub(super) const USER: u32 = 10001;

/// The largest id of a user or group that the API takes.
const LARGEST_ID: u32 = i32::MAX as u32;

impl Scope<'_> {
    pub(super) fn security(
        &mut self,
        fields: ContainerFields<'_>,
        consumer: &Consumer<'_>,
        pod: &mut Pod,
        volumes: &mut Volumes,
    ) -> Security {
        let (security, at) = match fields.security.spanned() {
            Some((security, at)) => (security.clone(), Some(at)),
            None => (spec::Security::default(), None),
        };
        for (name, field) in [("user", &security.user), ("group", &security.group), ("fs_group", &security.fs_group)] {
            if let Some((id, at)) = field.spanned().filter(|(id, _)| **id > LARGEST_ID) {
                self.error(
                    Code::InvalidValue,
                    format!("`{name}: {id}` is larger than {LARGEST_ID}, the largest id that Kubernetes takes"),
                    at,
                );
            }
        }
        let user = security.user.get().copied().unwrap_or(USER);
        let group = security.group.get().copied().unwrap_or(user);
        let capabilities: Vec<String> =
            security.capabilities.get().into_iter().flatten().filter_map(Field::get).map(ToString::to_string).collect();
        let writable_root = security.writable_root.get() == Some(&true);
        let privileged = security.privileged.get() == Some(&true);
        let host = security.host.get();
        let low = [Some(user), Some(group), security.fs_group.get().copied()].into_iter().flatten().any(|id| id < 10000);
        if let Some(at) = at
            && (low || !capabilities.is_empty() || writable_root || privileged || host.is_some())
        {
            let reason = self.reason(&security.reason, "reason", "a loosening of `security`", at);
            pod.reason = pod.reason.take().or(reason);
        }
        if let Some(host) = host {
            pod.host_network |= host.network.get() == Some(&true);
            pod.host_pid |= host.pid.get() == Some(&true);
            for (path, at, node) in host.paths.entries() {
                self.mount_host(volumes, path, node, at, pod);
            }
        }
        self.admitted(&security, consumer);
        let fs_group = security.fs_group.get().copied().or(at.map(|_| group));
        if let (None, Some(group)) = (pod.fs_group, fs_group) {
            self.record_entry(|at| {
                let keys = [("fs_group", &security.fs_group), ("group", &security.group), ("user", &security.user)];
                let key = keys.into_iter().find(|(_, field)| !field.is_missing());
                let from = key.map_or_else(|| HARDENED.to_string(), |(key, _)| format!("{}.security.{key}", at.container));
                ("security.fs_group", group, from)
            });
            pod.fs_group = Some(group);
        }
        self.record_container(|_| ("security.user", user, HARDENED));
        self.record_container(|at| {
            let from = if security.user.is_missing() { HARDENED.to_string() } else { format!("{}.security.user", at.container) };
            ("security.group", group, from)
        });
        self.record_container(|_| ("security.writable_root", writable_root, HARDENED));
        self.record_container(|_| ("security.privileged", privileged, HARDENED));
        Security { user, group, capabilities, writable_root, privileged }
    }

    /// Whether the pod security standard of the namespace lets such a pod in: the API server refuses it, else, long after the render.
    fn admitted(&mut self, security: &spec::Security, consumer: &Consumer<'_>) {
        let Some(namespace) = consumer.platform.namespaces.get(consumer.namespace.as_str()) else { return };
        let level = namespace.pod_security;
        if level == PodSecurityLevel::Privileged {
            return;
        }
        let restricted = level == PodSecurityLevel::Restricted;
        let name = if restricted { "restricted" } else { "baseline" };
        // What is refused, where it stands, and the level that takes it.
        let mut refused: Vec<(String, Span, &str)> = Vec::new();
        if let Some((0, at)) = security.user.spanned().map(|(user, at)| (*user, at)).filter(|_| restricted) {
            refused.push(("`user: 0`".to_owned(), at, "baseline"));
        }
        for (capability, at) in security.capabilities.get().into_iter().flatten().filter_map(Field::spanned) {
            let may = if restricted { capability.in_restricted() } else { capability.in_baseline() };
            if !may {
                let needed = if capability.in_baseline() { "baseline" } else { "privileged" };
                refused.push((format!("the capability `{capability}`"), at, needed));
            }
        }
        let host = security.host.get();
        let flags = [
            ("`privileged`", Some(&security.privileged)),
            ("`host.network`", host.map(|host| &host.network)),
            ("`host.pid`", host.map(|host| &host.pid)),
        ];
        for (what, field) in flags {
            if let Some((true, at)) = field.and_then(Field::spanned).map(|(said, at)| (*said, at)) {
                refused.push((what.to_owned(), at, "privileged"));
            }
        }
        if let Some(at) = host.filter(|host| host.paths.get().is_some_and(|all| !all.is_empty())).and_then(|host| host.paths.span()) {
            refused.push(("`host.paths`".to_owned(), at, "privileged"));
        }
        let declared = self.spec.namespaces.get().and_then(|all| all.get(consumer.namespace.as_str()));
        for (what, at, needed) in refused {
            let message = format!("{what} is refused in the namespace `{}`, whose `pod_security` is `{name}`", consumer.namespace);
            let mut diagnostic = Diagnostic::new(Code::Contradiction, message).at(at);
            if let Some(item) = declared {
                let place = item.value.get().and_then(|namespace| namespace.pod_security.span()).unwrap_or(item.key);
                diagnostic = diagnostic.related(place, "the namespace says so");
            }
            let namespace = consumer.namespace;
            self.tell(diagnostic.help(format!(
                "take it away, or loosen `namespaces.{namespace}.pod_security: {{level: {needed}, reason: ...}}`, better for a namespace of its own"
            )));
        }
    }
}
