//! The security context of a container, within the pod security standard of its namespace.

use super::EnvironmentResolver;
use super::consumer::Consumer;
use super::containers::Declared;
use super::provenance::HARDENED;
use super::volumes::{Pod, Volumes};
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::model::{FIRST_POD_ID, PodSecurityLevel, Security};
use crate::source::Span;
use crate::spec;
use crate::syntax::Field;

/// The default user of containers: above 10000, so that no account of the node has the same id.
pub(super) const USER: u32 = 10001;

/// The largest id of a user or group in Kubernetes.
const LARGEST_ID: u32 = i32::MAX as u32;

impl EnvironmentResolver<'_> {
    pub(super) fn security(&mut self, declared: &Declared<'_>, consumer: &Consumer<'_>, pod: &mut Pod, volumes: &mut Volumes) -> Security {
        let (security, at) = match declared.fields.security.spanned() {
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
        let capabilities: Vec<String> = security.capabilities.values().map(ToString::to_string).collect();
        let writable_root = security.writable_root.is_true();
        let privileged = security.privileged.is_true();
        let host = security.host.get();
        let low = |id: &Field<u32>| id.get().is_some_and(|id| *id < FIRST_POD_ID);
        let loosened = [
            ("user", low(&security.user)),
            ("group", low(&security.group)),
            ("fs_group", low(&security.fs_group)),
            ("capabilities", !capabilities.is_empty()),
            ("writable_root", writable_root),
            ("privileged", privileged),
            ("host", host.is_some()),
        ];
        let loosened: Vec<String> = loosened.iter().filter(|(_, is)| *is).map(|(key, _)| format!("security.{key}")).collect();
        if let Some(at) = at.filter(|_| !loosened.is_empty()) {
            let what = format!("a loosening of {}", wording::all(&loosened));
            let reason = self.reason(&security.reason, "reason", &what, at);
            pod.reason = pod.reason.take().or(reason);
        }
        if let Some(host) = host {
            pod.host_network |= host.network.is_true();
            pod.host_pid |= host.pid.is_true();
            for (path, at, node) in host.paths.entries() {
                self.mount_host(volumes, path, node, at, pod);
            }
        }
        self.admitted(&security, consumer);
        let path = &declared.at;
        let fs_group = security.fs_group.get().copied().or(at.map(|_| group));
        if let (None, Some(group)) = (pod.fs_group, fs_group) {
            self.record_entry(path, || {
                let keys = [("fs_group", &security.fs_group), ("group", &security.group), ("user", &security.user)];
                let key = keys.into_iter().find(|(_, field)| !field.is_missing());
                let from = key.map_or_else(|| HARDENED.to_string(), |(key, _)| format!("{}.security.{key}", path.container));
                ("security.fs_group", group, from)
            });
            pod.fs_group = Some(group);
        }
        self.record_container(path, || ("security.user", user, HARDENED));
        self.record_container(path, || {
            let from = if security.user.is_missing() { HARDENED.to_string() } else { format!("{}.security.user", path.container) };
            ("security.group", group, from)
        });
        self.record_container(path, || ("security.writable_root", writable_root, HARDENED));
        self.record_container(path, || ("security.privileged", privileged, HARDENED));
        Security { user, group, capabilities, writable_root, privileged }
    }

    /// Reports settings that the pod security standard of the namespace forbids, which the API server would reject only during the rollout.
    fn admitted(&mut self, security: &spec::Security, consumer: &Consumer<'_>) {
        let Some(namespace) = consumer.platform.namespaces.get(consumer.namespace.as_str()) else { return };
        let level = namespace.pod_security;
        if level == PodSecurityLevel::Privileged {
            return;
        }
        let restricted = level == PodSecurityLevel::Restricted;
        let name = level.name();
        // The setting, its span, and the level that allows it.
        let mut refused: Vec<(String, Span, &str)> = Vec::new();
        if let Some((0, at)) = security.user.spanned().map(|(user, at)| (*user, at)).filter(|_| restricted) {
            refused.push(("`user: 0`".to_owned(), at, "baseline"));
        }
        for (capability, at) in security.capabilities.items() {
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
            let message = format!("{what} is not allowed in the namespace `{}`, whose `pod_security` is `{name}`", consumer.namespace);
            let mut diagnostic = Diagnostic::new(Code::Contradiction, message).at(at);
            if let Some(item) = declared {
                let place = item.value.get().and_then(|namespace| namespace.pod_security.span()).unwrap_or(item.key);
                diagnostic = diagnostic.related(place, "the level is set here");
            }
            let namespace = consumer.namespace;
            self.tell(diagnostic.help(format!(
                "remove it, or loosen `namespaces.{namespace}.pod_security: {{level: {needed}, reason: ...}}`, preferably for a separate namespace"
            )));
        }
    }
}
