//! A Kafka store -> the Kafka of Strimzi with its KafkaNodePools, which makes pods, volumes, Services, certificates, disruption budgets and accounts, and the
//! KafkaUsers.

use serde::Serialize;

use super::cluster::Priority;
use super::container::{Resources, resources};
use super::metadata::{Metadata, Owner, REGISTRY, fragment};
use super::pod::{Condition, TolerationView, conditions, toleration};
use super::policy;
use super::secrets::UserSecret;
use crate::labels::{KAFKA, KAFKA_BROKER, KAFKA_VOTER, NO_BACKUP};
use crate::model::{Kafka, Operated, Volume};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::value::Name;
use crate::yaml::Document;
use serde_json::json;
use std::collections::BTreeMap;

/// What the pods of a store have in common.
#[derive(Serialize)]
struct Pods<'m> {
    /// The Secret with which they pull images.
    registry: Option<&'static str>,
    priority: String,
    annotations: Option<Fragment>,
    conditions: Vec<Condition>,
    tolerations: Option<Vec<TolerationView<'m>>>,
}

#[derive(Serialize)]
struct View<'m> {
    metadata: Metadata,
    version: &'static str,
    settings: Fragment,
    /// Who may call the port of clients.
    callers: Fragment,
    /// Whether servers know their zones.
    zonal: bool,
    /// The start of the names of the Secrets that the operator makes for users.
    prefix: String,
    /// The resources of the pod that makes users.
    helper: Option<Resources>,
    #[serde(flatten)]
    pods: Pods<'m>,
}

#[derive(Serialize)]
struct Pool<'m> {
    metadata: Metadata,
    replicas: u32,
    voters: bool,
    size: &'m str,
    resources: Option<Resources>,
    grace: u64,
    /// The labels of servers that wait for zones of their own.
    zonal: Option<Fragment>,
    /// The labels of servers that keep apart where they can.
    spread: Option<Fragment>,
    #[serde(flatten)]
    pods: Pods<'m>,
}

#[derive(Serialize)]
struct User {
    metadata: Metadata,
    secret: String,
}

/// The pools, the Kafka and its users. The pool of servers without a vote is there without servers as well: Strimzi takes no server away that has
/// partitions, but the pods of a pool that is deleted go at once.
pub(super) fn documents(owner: &Owner, operated: &Operated, kafka: &Kafka) -> Result<Vec<Document>, TemplateError> {
    let workload = owner.workload;
    let size = workload.volumes.iter().find_map(|volume| match volume {
        Volume::Claim { size, .. } => Some(size.canonical()),
        Volume::Tmp { .. } | Volume::Shared { .. } | Volume::Host(_) => None,
    });
    let (name, servers) = (workload.name.as_str(), workload.replicas.0);
    let labels = |key: &str| fragment(&BTreeMap::from([(KAFKA, name), (key, "true")]));
    let pool = |called: String, ids: &str, replicas: u32, voters: bool| {
        let zonal = voters && kafka.voters_apart;
        let apart = (servers > 1).then(|| labels(if voters { KAFKA_VOTER } else { KAFKA_BROKER }));
        let view = Pool {
            metadata: belonging(owner, called).annotated("strimzi.io/next-node-ids", Some(ids)),
            replicas,
            voters,
            size: size.as_deref().unwrap_or_default(),
            resources: resources(&workload.main),
            grace: workload.grace,
            zonal: apart.clone().filter(|_| zonal),
            spread: apart.filter(|_| !zonal),
            pods: pods(owner),
        };
        render_yaml("kubernetes/kafka-pool.yaml.j2", &view)
    };
    let mut documents = pool(name.to_owned(), "[0-2]", kafka.voters, true)?;
    if servers > 1 {
        documents.extend(pool(format!("{name}-brokers"), "[3-999]", servers.saturating_sub(kafka.voters), false)?);
    }
    let view = View {
        metadata: owner.metadata(name).with_annotations(&workload.annotations).annotated(NO_BACKUP, workload.backups.reason()),
        version: kafka.version,
        settings: fragment(&operated.parameters),
        callers: callers(owner),
        zonal: kafka.zonal,
        prefix: prefix(&workload.name),
        helper: operated.helper.as_ref().and_then(|helper| helper.containers.first()).and_then(resources),
        pods: pods(owner),
    };
    documents.extend(render_yaml("kubernetes/kafka.yaml.j2", &view)?);
    for user in &operated.users {
        let secret = operated.software.secret(&workload.name, &user.name);
        documents
            .extend(render_yaml("kubernetes/kafka-user.yaml.j2", &User { metadata: belonging(owner, user.name.to_string()), secret })?);
    }
    Ok(documents)
}

/// The start of the names of the Secrets that Strimzi makes for users, beside those that it reads. No other name has dots.
fn prefix(store: &Name) -> String {
    format!("{store}.kafka.")
}

/// Metadata of an object that names its Kafka in a label.
fn belonging(owner: &Owner, name: String) -> Metadata {
    let mut metadata = owner.metadata(name);
    let mut labels = metadata.labels.document().to_json();
    labels[KAFKA] = json!(owner.workload.name);
    metadata.labels = Fragment::from_json(&labels);
    metadata
}

fn pods<'m>(owner: &Owner<'m>) -> Pods<'m> {
    let (context, workload) = (owner.context, owner.workload);
    let tolerations: Vec<TolerationView> = workload.placement.tolerations.iter().map(toleration).collect();
    Pods {
        registry: context.region.cluster.registry_secret.is_some().then_some(REGISTRY),
        priority: Priority::of(workload, context.flows).class(context),
        annotations: (!workload.annotations.is_empty()).then(|| fragment(&workload.annotations)),
        conditions: conditions(workload),
        tolerations: (!tolerations.is_empty()).then_some(tolerations),
    }
}

/// Who may call the port of clients. Strimzi makes a network policy of its own, which would let everybody in if nobody were named; the servers themselves are
/// named where nobody else calls.
fn callers(owner: &Owner) -> Fragment {
    let workload = owner.workload;
    let ports: Vec<u16> = workload.service.iter().flat_map(|service| &service.ports).map(|port| port.target).collect();
    let mut peers = policy::callers(owner, &ports);
    if peers.is_empty() {
        peers.push(json!({"podSelector": {"matchLabels": owner.selector.document().to_json()}}));
    }
    Fragment::from_json(&json!(peers))
}

/// The Secret of a user. Strimzi reads the password every two minutes.
pub(super) fn user_secret(name: &Name) -> UserSecret {
    UserSecret { r#type: "Opaque", entries: vec![("password", "{{ .password }}".to_owned()), ("username", name.to_string())], label: None }
}
