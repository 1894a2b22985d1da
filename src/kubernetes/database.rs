//! A database -> the Cluster of CloudNativePG, which makes its pods, volumes, certificates, disruption budgets and service account.

use serde::Serialize;

use super::backup::PLUGIN;
use super::cluster::Priority;
use super::container::{Resources, resources};
use super::metadata::{Metadata, Owner, REGISTRY, fragment};
use super::pod::{Condition, TolerationView, conditions, toleration};
use super::secrets::UserSecret;
use crate::labels::NO_BACKUP;
use crate::model::{Database, Durability, Kind, Operated, Restored, Volume, Workload};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::value::Name;
use crate::yaml::Document;

#[derive(Serialize)]
struct View<'m> {
    metadata: Metadata,
    instances: u32,
    image: &'m str,
    /// The Secret with which its pods pull images.
    registry: Option<&'static str>,
    /// The labels that the operator adds to everything that it makes.
    labels: Fragment,
    annotations: Option<Fragment>,
    priority: String,
    /// Whether there are several servers.
    several: bool,
    /// Whether the superuser has a password.
    superuser: bool,
    /// How it is made: empty, or from backups.
    empty: Option<Empty<'m>>,
    recovery: Option<Recovery<'m>>,
    /// The names by which clients verify the server.
    names: Option<Vec<String>>,
    parameters: Fragment,
    durability: Option<&'static str>,
    /// Whether a server may take over only if it has every transaction that clients were told of.
    quorum: bool,
    /// What archives the log and copies the files, and where to.
    backup: Option<Archive<'m>>,
    size: String,
    resources: Option<Resources>,
    /// Whether pods keep apart, and how strictly from zone to zone.
    apart: Option<&'static str>,
    conditions: Vec<Condition>,
    tolerations: Option<Vec<TolerationView<'m>>>,
}

/// A database that starts empty.
#[derive(Serialize)]
struct Empty<'m> {
    database: &'m str,
    owner: User<'m>,
    users: Vec<User<'m>>,
}

/// A database that starts with the newest state of the backups.
#[derive(Serialize)]
struct Recovery<'m> {
    plugin: &'static str,
    /// The ObjectStore.
    store: &'m str,
    /// The name under which the ObjectStore has the backups.
    server: &'m str,
    /// Whether it goes on to follow them.
    follows: bool,
    database: &'m str,
    owner: User<'m>,
}

#[derive(Serialize)]
struct Archive<'m> {
    plugin: &'static str,
    store: &'m str,
}

#[derive(Serialize)]
struct User<'m> {
    name: &'m str,
    secret: String,
}

/// The Cluster of a store.
pub(super) fn document(owner: &Owner, operated: &Operated, database: &Database) -> Result<Vec<Document>, TemplateError> {
    let workload = owner.workload;
    let (name, of_database) = (database.name.as_str(), user(workload, operated, &database.owner));
    if workload.backups.followed().is_some() {
        let store = workload.name.as_str();
        let recovery = Recovery { plugin: PLUGIN, store, server: store, follows: true, database: name, owner: of_database };
        return print(owner, operated, None, (None, Some(recovery), Some(names(workload))));
    }
    let users = operated.users.iter().map(|one| user(workload, operated, &one.name)).collect();
    let empty = Empty { database: name, owner: of_database, users };
    print(owner, operated, database.durability, (Some(empty), None, Some(names(workload))))
}

/// The Cluster that a restore test makes.
pub(super) fn restored(owner: &Owner, restored: &Restored) -> Result<Vec<Document>, TemplateError> {
    let store = owner.workload.name.as_str();
    // The database and the user of every server: others that the backups lack, the operator would make. It makes the password of this one anew each time.
    let superuser = User { name: "postgres", secret: Restored::superuser(store) };
    let server = restored.source.as_str();
    let recovery = Recovery { plugin: PLUGIN, store, server, follows: false, database: "postgres", owner: superuser };
    print(owner, &restored.servers, None, (None, Some(recovery), None))
}

fn print<'m>(
    owner: &Owner<'m>,
    operated: &'m Operated,
    durability: Option<Durability>,
    (empty, recovery, names): (Option<Empty<'m>>, Option<Recovery<'m>>, Option<Vec<String>>),
) -> Result<Vec<Document>, TemplateError> {
    let (context, workload) = (owner.context, owner.workload);
    let size = workload.volumes.iter().find_map(|volume| match volume {
        Volume::Claim { size, .. } => Some(size.canonical()),
        Volume::Tmp { .. } | Volume::Shared { .. } | Volume::Host(_) => None,
    });
    let several = workload.replicas.0 > 1;
    let tolerations: Vec<TolerationView> = workload.placement.tolerations.iter().map(toleration).collect();
    let view = View {
        metadata: owner
            .metadata(workload.name.as_str())
            .with_annotations(&workload.annotations)
            .annotated(NO_BACKUP, workload.backups.reason()),
        instances: workload.replicas.0,
        image: &workload.main.image,
        registry: context.region.cluster.registry_secret.is_some().then_some(REGISTRY),
        labels: fragment(&context.inherited_labels(workload)),
        annotations: (!workload.annotations.is_empty()).then(|| fragment(&workload.annotations)),
        priority: Priority::of(workload, context.flows).class(context),
        several,
        superuser: matches!(workload.kind, Kind::Restored(_)),
        empty,
        recovery,
        names,
        parameters: fragment(&operated.parameters),
        durability: durability.map(Durability::name),
        quorum: durability == Some(Durability::Required),
        backup: workload.backups.kept().map(|_| Archive { plugin: PLUGIN, store: workload.name.as_str() }),
        size: size.unwrap_or_default(),
        resources: resources(&workload.main),
        apart: several.then_some(if operated.one_per_zone { "required" } else { "preferred" }),
        conditions: conditions(workload),
        tolerations: (!tolerations.is_empty()).then_some(tolerations),
    };
    render_yaml("kubernetes/database.yaml.j2", &view)
}

fn user<'m>(workload: &Workload, operated: &Operated, name: &'m Name) -> User<'m> {
    User { name: name.as_str(), secret: operated.software.secret(&workload.name, name) }
}

/// The Secret of a user. The operator sets the password anew when the Secret changes.
pub(super) fn user_secret(name: &Name) -> UserSecret {
    UserSecret {
        r#type: "kubernetes.io/basic-auth",
        entries: vec![("username", name.to_string()), ("password", "{{ .password }}".to_owned())],
        label: Some(("cnpg.io/reload", "true")),
    }
}

/// The names of a store's Services, as clients inside and outside of the namespace write them. The operator knows its own Services alone.
fn names(workload: &Workload) -> Vec<String> {
    let aliases = workload.service.iter().flat_map(|service| &service.aliases);
    let all = std::iter::once(&workload.name).chain(aliases);
    all.flat_map(|name| {
        let namespace = &workload.namespace;
        [name.to_string(), format!("{name}.{namespace}"), format!("{name}.{namespace}.svc")]
    })
    .collect()
}
