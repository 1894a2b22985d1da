//! Checks across the containers of a pod: names, ports, and fields that an init container can't have.
//!
//! Reports findings and resolves nothing.

use super::names::Entry;
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::Container;
use crate::source::Span;
use crate::spec;
use crate::syntax::{Field, Map};
use crate::value::{Name, NetworkPort};
use std::collections::BTreeMap;

impl EnvironmentResolver<'_> {
    /// Reports containers of a pod with the same name. The main container has the name of the entry.
    pub(super) fn check_container_names(&mut self, entry: &Entry) {
        let mut taken = vec![(&entry.name, entry.key)];
        let init = entry.init().get().into_iter().flat_map(|all| all.iter()).map(|(name, at, _)| (name, at));
        let sidecars = entry.sidecars().get().into_iter().flat_map(|all| all.iter()).map(|(name, at, _)| (name, at));
        for (name, at) in init.chain(sidecars) {
            match taken.iter().find(|(known, _)| *known == name) {
                Some((_, first)) => {
                    let message = format!("another container of the pod has the name `{name}`");
                    let diagnostic = Diagnostic::new(Code::NameTaken, message).at(at).related(*first, "it stands here");
                    self.tell(diagnostic.help("choose another name"));
                }
                None => taken.push((name, at)),
            }
        }
    }

    /// Reports a port on which two containers of a pod listen: they share one address.
    pub(super) fn check_listeners(&mut self, sidecars: &Field<Map<Name, spec::Sidecar>>, port: Option<Span>, main: Option<&Container>) {
        let own = main.into_iter().flat_map(|main| &main.ports).map(|(_, number)| *number);
        let mut taken: BTreeMap<NetworkPort, Option<Span>> = own.map(|number| (number, port)).collect();
        for (_, _, sidecar) in sidecars.entries() {
            let mut listens = Vec::new();
            for (_, at, map) in sidecar.ports.entries() {
                let number = NetworkPort::new(map.container().get(), map.transport());
                match taken.get(&number) {
                    Some(first) => {
                        let message = format!("another container of the pod listens on port {number}");
                        self.contradiction(message, at, *first);
                    }
                    None => listens.push((number, Some(at))),
                }
            }
            taken.extend(listens);
        }
    }

    /// Reports fields that an init container can't have.
    pub(super) fn check_init(&mut self, containers: &Field<Map<Name, spec::Container>>) {
        for (_, key, container) in containers.entries() {
            let message = |name: &str| format!("an init container can't have `{name}`");
            for (name, at) in
                written([("probes", container.probes.span()), ("metrics", container.metrics.span()), ("stop", container.stop.span())])
            {
                self.contradiction(message(name), at, Some(key));
            }
        }
    }
}
