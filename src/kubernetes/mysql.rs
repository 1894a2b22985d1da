//! A MySQL store -> the PerconaXtraDBCluster of the Percona Operator for MySQL, which makes pods, volumes, Services, certificates, disruption budgets, the users
//! and the database, and the Secrets of the users.

use serde::Serialize;

use super::cluster::Priority;
use super::container::{Resources, resources};
use super::metadata::{Metadata, Owner, REGISTRY, fragment};
use super::pod::{Condition, Constraint, TolerationView, conditions, spread, toleration};
use super::secrets::{UserSecret, system_users};
use crate::labels::{MYSQL_COMPONENT, NO_BACKUP, WORKLOAD};
use crate::model::{Container, Mysql, Operated, Volume, Workload};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::value::Name;
use crate::yaml::Document;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct View<'m> {
    metadata: Metadata,
    /// The release of the operator whose ways it keeps.
    version: String,
    /// Whether the operator takes it for too small to be safe.
    small: bool,
    /// The names by which clients verify the servers.
    names: [String; 3],
    /// The Secret of the users of the operator.
    secret: String,
    users: Vec<User<'m>>,
    parts: [Pods<'m>; 2],
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

#[derive(Serialize)]
struct User<'m> {
    name: &'m str,
    secret: String,
    /// The database that is the user's.
    database: Option<&'m str>,
}

/// The servers, or the proxies before them.
#[derive(Serialize)]
struct Pods<'m> {
    part: &'static str,
    count: u32,
    image: &'m str,
    resources: Option<Resources>,
    server: Option<Server>,
    /// The resources of the container beside the proxy, which tells it of servers.
    beside: Option<Resources>,
    /// The labels of servers that wait for zones of their own.
    zonal: Option<Fragment>,
    /// The labels of servers that keep apart where they can.
    spread: Option<Fragment>,
    /// How proxies are spread, and their labels.
    constraints: Option<Vec<Constraint>>,
    selector: Fragment,
}

/// What servers alone have.
#[derive(Serialize)]
struct Server {
    /// The file of settings.
    settings: String,
    size: String,
    grace: u64,
}

/// The Secret of the operator's users, and the PerconaXtraDBCluster.
pub(super) fn documents(owner: &Owner, operated: &Operated, mysql: &Mysql) -> Result<Vec<Document>, TemplateError> {
    let (context, workload) = (owner.context, owner.workload);
    let tolerations: Vec<TolerationView> = workload.placement.tolerations.iter().map(toleration).collect();
    let user = |name: &'_ Name| operated.software.secret(&workload.name, name);
    let view = View {
        metadata: owner
            .metadata(workload.name.as_str())
            .with_annotations(&workload.annotations)
            .annotated(NO_BACKUP, workload.backups.reason()),
        version: format!("{}.0", operated.software.facts().oldest.0),
        small: mysql.small,
        names: names(workload),
        secret: Mysql::secret(&workload.name),
        users: operated
            .users
            .iter()
            .map(|one| User {
                name: one.name.as_str(),
                secret: user(&one.name),
                database: (one.name == mysql.owner).then_some(mysql.database.as_str()),
            })
            .collect(),
        parts: [servers(workload, operated), proxies(workload, operated)],
        registry: context.region.cluster.registry_secret.is_some().then_some(REGISTRY),
        labels: fragment(&context.inherited_labels(workload)),
        annotations: (!workload.annotations.is_empty()).then(|| fragment(&workload.annotations)),
        priority: Priority::of(workload, context.flows).class(context),
        user: workload.main.security.user,
        conditions: conditions(workload),
        tolerations: (!tolerations.is_empty()).then_some(tolerations),
    };
    let mut documents = system_users(owner, &view.secret, &mysql.system)?;
    documents.extend(render_yaml("kubernetes/mysql.yaml.j2", &view)?);
    Ok(documents)
}

fn servers<'m>(workload: &'m Workload, operated: &'m Operated) -> Pods<'m> {
    let size = workload.volumes.iter().find_map(|volume| match volume {
        Volume::Claim { size, .. } => Some(size.canonical()),
        Volume::Tmp { .. } | Volume::Shared { .. } | Volume::Host(_) => None,
    });
    let settings: String = operated.parameters.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
    let selector = selector(workload, "pxc");
    let apart = (workload.replicas.0 > 1).then(|| selector.clone());
    Pods {
        part: "pxc",
        count: workload.replicas.0,
        image: &workload.main.image,
        resources: resources(&workload.main),
        server: Some(Server { settings: format!("[mysqld]\n{settings}"), size: size.unwrap_or_default(), grace: workload.grace }),
        beside: None,
        zonal: apart.clone().filter(|_| operated.one_per_zone),
        spread: apart.filter(|_| !operated.one_per_zone),
        constraints: None,
        selector,
    }
}

fn proxies<'m>(workload: &'m Workload, operated: &'m Operated) -> Pods<'m> {
    let helper = operated.helper.as_ref();
    let containers = helper.map_or(&[][..], |helper| &helper.containers);
    let constraints = spread(workload);
    Pods {
        part: "haproxy",
        count: helper.map_or(0, |helper| helper.pods),
        image: containers.first().map_or("", |proxy| &proxy.image),
        resources: containers.first().and_then(resources),
        server: None,
        beside: containers.get(1).and_then(|beside: &Container| resources(beside)),
        zonal: None,
        spread: None,
        constraints: (!constraints.is_empty()).then_some(constraints),
        selector: selector(workload, "haproxy"),
    }
}

fn selector(workload: &Workload, component: &str) -> Fragment {
    fragment(&BTreeMap::from([(WORKLOAD, workload.name.as_str()), (MYSQL_COMPONENT, component)]))
}

/// The names of the store's own Service, as clients write them. The certificates are made once, so that those of `alias` would come too late.
fn names(workload: &Workload) -> [String; 3] {
    let (name, namespace) = (&workload.name, &workload.namespace);
    [name.to_string(), format!("{name}.{namespace}"), format!("{name}.{namespace}.svc")]
}

/// The Secret of a user. The operator sets the password anew when the Secret changes.
pub(super) fn user_secret(name: &Name) -> UserSecret {
    UserSecret { r#type: "Opaque", entries: vec![("password", "{{ .password }}".to_owned()), ("username", name.to_string())], label: None }
}
