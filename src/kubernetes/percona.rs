//! What the objects of both operators of Percona, for MySQL and for MongoDB, have in common: the pods, and the Secrets of the users.

use serde::Serialize;

use super::cluster::Priority;
use super::container::{Resources, resources};
use super::metadata::{Owner, REGISTRY, fragment};
use super::pod::{Condition, TolerationView, conditions, toleration};
use super::secrets::UserSecret;
use crate::labels::{PERCONA_COMPONENT, WORKLOAD};
use crate::model::{Operated, Volume, Workload};
use crate::template::Fragment;
use crate::value::Name;
use std::collections::BTreeMap;

/// What all pods of a store have.
#[derive(Serialize)]
pub(super) struct Common<'m> {
    /// The Secret with which the pods pull images.
    registry: Option<&'static str>,
    /// The labels of the pods, beside those of the operator.
    labels: Fragment,
    annotations: Option<Fragment>,
    priority: String,
    /// User and group of the pods.
    user: u32,
    conditions: Vec<Condition>,
    tolerations: Option<Vec<TolerationView<'m>>>,
}

/// The servers of a store, or other pods of it.
#[derive(Serialize)]
pub(super) struct Pods {
    pub(super) count: u32,
    pub(super) resources: Option<Resources>,
    /// The labels of servers that wait for zones of their own.
    pub(super) zonal: Option<Fragment>,
    /// The labels of servers that keep apart where they can.
    pub(super) spread: Option<Fragment>,
}

/// What all pods of a store have.
pub(super) fn common<'m>(owner: &Owner<'m>) -> Common<'m> {
    let (context, workload) = (owner.context, owner.workload);
    let tolerations: Vec<TolerationView> = workload.placement.tolerations.iter().map(toleration).collect();
    Common {
        registry: context.region.cluster.registry_secret.is_some().then_some(REGISTRY),
        labels: fragment(&context.inherited_labels(workload)),
        annotations: (!workload.annotations.is_empty()).then(|| fragment(&workload.annotations)),
        priority: Priority::of(workload, context.flows).class(context),
        user: workload.main.security.user,
        conditions: conditions(workload),
        tolerations: (!tolerations.is_empty()).then_some(tolerations),
    }
}

/// The servers of a store.
pub(super) fn servers(workload: &Workload, operated: &Operated, component: &str) -> Pods {
    let apart = (workload.replicas.0 > 1).then(|| selector(workload, component));
    Pods {
        count: workload.replicas.0,
        resources: resources(&workload.main),
        zonal: apart.clone().filter(|_| operated.one_per_zone),
        spread: apart.filter(|_| !operated.one_per_zone),
    }
}

/// The size of a server's volume.
pub(super) fn size(workload: &Workload) -> String {
    let size = workload.volumes.iter().find_map(|volume| match volume {
        Volume::Claim { size, .. } => Some(size.canonical()),
        Volume::Tmp { .. } | Volume::Shared { .. } | Volume::Host(_) => None,
    });
    size.unwrap_or_default()
}

/// The labels of the pods that are a component of a store.
pub(super) fn selector(workload: &Workload, component: &str) -> Fragment {
    fragment(&BTreeMap::from([(WORKLOAD, workload.name.as_str()), (PERCONA_COMPONENT, component)]))
}

/// The Secret of a user. The operator sets the password anew when the Secret changes.
pub(super) fn user_secret(name: &Name) -> UserSecret {
    UserSecret { r#type: "Opaque", entries: vec![("password", "{{ .password }}".to_owned()), ("username", name.to_string())], label: None }
}
