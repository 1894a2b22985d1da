//! Groups, teams and namespaces.

use super::Scope;
use super::provenance::HARDENED;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{FOREIGN_NAMESPACES, Group, Namespace, Quota};
use crate::syntax::Field;
use crate::value::{Name, PodSecurityLevel};
use indexmap::IndexMap;

/// Who is there.
#[derive(Debug, Default)]
pub(super) struct Access {
    pub(super) groups: Vec<Group>,
    pub(super) namespaces: IndexMap<String, Namespace>,
}

impl Scope<'_> {
    pub(super) fn access(&mut self) -> Access {
        let spec = self.spec;
        let namespaces: Vec<&Name> = spec.namespaces.get().map(|all| all.keys().collect()).unwrap_or_default();
        let groups: Vec<&Name> =
            spec.access.get().and_then(|access| access.groups.get()).map(|all| all.keys().collect()).unwrap_or_default();
        let teams: Vec<&Name> = spec.teams.get().map(|all| all.keys().collect()).unwrap_or_default();
        let mut access = Access::default();
        for (name, span, group) in spec.access.get().into_iter().flat_map(|access| access.groups.entries()) {
            let id = if self.on_a_cloud() {
                self.require(&group.id, "id", span).cloned()
            } else {
                Some(group.id.get().cloned().unwrap_or(name.to_string()))
            };
            if let Some((id, at)) = group.id.spanned().filter(|(id, _)| id.starts_with("system:")) {
                let message = format!("the group `{id}` belongs to Kubernetes: callers are in it without anybody's decision");
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("name a group of your identity provider"));
            }
            let role = self.require(&group.role, "role", span).copied();
            let mut limited = Vec::new();
            for (namespace, at) in group.namespaces.get().into_iter().flatten().filter_map(Field::spanned) {
                if namespaces.contains(&namespace) {
                    limited.push(namespace.clone());
                } else {
                    self.unknown("namespace", namespace.as_str(), namespaces.iter().map(|name| name.as_str()), at);
                }
            }
            if let (Some(id), Some(role)) = (id, role) {
                access.groups.push(Group { name: name.clone(), id, role, namespaces: limited });
            }
        }
        for (_, span, team) in spec.teams.entries() {
            if let (Some(group), Some(at)) = (self.require(&team.group, "group", span), team.group.span())
                && !groups.contains(&group)
            {
                self.unknown("group", group.as_str(), groups.iter().map(|name| name.as_str()), at);
            }
        }
        self.check_mail();
        let platform_owner = spec.platform.get().and_then(|platform| platform.owner.get());
        for (name, span, namespace) in spec.namespaces.entries() {
            self.check_owner(&namespace.owner, &teams);
            if FOREIGN_NAMESPACES.contains(&name.as_str()) || name.as_str().starts_with("kube-") {
                let message = format!("the namespace `{name}` belongs to the cluster: its guards would stop what runs there");
                self.tell(Diagnostic::new(Code::NameTaken, message).at(span).help("choose a name of your own"));
            }
            let level =
                namespace.pod_security.get().and_then(|security| security.level.get()).copied().unwrap_or(PodSecurityLevel::Restricted);
            if namespace.pod_security.get().is_none_or(|security| security.level.is_missing()) {
                self.record(|| (format!("namespaces.{name}.pod_security.level"), format!("{level:?}").to_lowercase(), HARDENED));
            }
            let reason = match (level, namespace.pod_security.get()) {
                (PodSecurityLevel::Restricted, _) | (_, None) => None,
                (_, Some(security)) => {
                    self.reason(&security.reason, "reason", "a looser pod security standard", namespace.pod_security.span().unwrap_or(span))
                }
            };
            let quota = namespace.quota.get();
            let Some(owner) = namespace.owner.get().or(platform_owner) else { continue };
            if namespace.owner.is_missing() {
                self.record(|| (format!("namespaces.{name}.owner"), owner, "platform.owner"));
            }
            access.namespaces.insert(
                name.to_string(),
                Namespace {
                    name: name.clone(),
                    owner: owner.clone(),
                    quota: Quota {
                        cpu: quota.and_then(|quota| quota.cpu.get()).cloned(),
                        memory: quota.and_then(|quota| quota.memory.get()).cloned(),
                        storage: quota.and_then(|quota| quota.storage.get()).cloned(),
                    },
                    pod_security: level,
                    reason,
                },
            );
        }
        if let Some(platform) = spec.platform.get() {
            self.check_owner(&platform.owner, &teams);
        }
        access
    }

    /// Owners are teams.
    pub(super) fn check_owner(&mut self, owner: &Field<Name>, teams: &[&Name]) {
        if let Some((name, at)) = owner.spanned()
            && !teams.contains(&name)
        {
            self.unknown("team", name.as_str(), teams.iter().map(|name| name.as_str()), at);
        }
    }

    /// Mail addresses have one `@` with something on both sides, and no blanks.
    fn check_mail(&mut self) {
        let spec = self.spec;
        let teams = spec.teams.entries().flat_map(|(_, _, team)| [&team.page, &team.ticket]);
        let defaults = spec.observability.get().into_iter().flat_map(|all| [&all.page, &all.ticket]);
        for receiver in teams.chain(defaults) {
            let Some((address, at)) = receiver.get().and_then(|receiver| receiver.email.spanned()) else { continue };
            let sound = address.split_once('@').is_some_and(|(who, at)| !who.is_empty() && at.contains('.') && !at.contains('@'));
            if !sound || address.contains(char::is_whitespace) {
                self.error(Code::InvalidValue, format!("`{address}` is not a mail address, such as `ops@shop.example`"), at);
            }
        }
    }
}
