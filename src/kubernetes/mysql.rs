//! A MySQL store -> the PerconaXtraDBCluster of the Percona Operator for MySQL, which makes pods, volumes, Services, certificates, disruption budgets, the users
//! and the database, and the Secrets of the users.

use serde::Serialize;

use super::container::{Resources, resources};
use super::metadata::{Metadata, Owner};
use super::percona::{Common, Pods, common, selector, servers, size};
use super::pod::{Constraint, spread};
use super::secrets::system_users;
use crate::labels::NO_BACKUP;
use crate::model::{Container, Operated, Percona, Workload};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::yaml::Document;

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
    database: &'m str,
    users: Vec<User<'m>>,
    parts: [Part<'m>; 2],
    common: Common<'m>,
}

#[derive(Serialize)]
struct User<'m> {
    name: &'m str,
    secret: String,
    /// Whether the database is the user's.
    owns: bool,
}

/// The servers, or the proxies before them.
#[derive(Serialize)]
struct Part<'m> {
    part: &'static str,
    image: &'m str,
    #[serde(flatten)]
    pods: Pods,
    server: Option<Server>,
    /// The resources of the container beside the proxy, which tells it of servers.
    beside: Option<Resources>,
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
pub(super) fn documents(owner: &Owner, operated: &Operated, percona: &Percona) -> Result<Vec<Document>, TemplateError> {
    let workload = owner.workload;
    let settings: String = operated.parameters.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
    let view = View {
        metadata: owner
            .metadata(workload.name.as_str())
            .with_annotations(&workload.annotations)
            .annotated(NO_BACKUP, workload.backups.reason()),
        version: format!("{}.0", operated.software.facts().oldest.0),
        small: percona.small,
        names: names(workload),
        secret: Percona::secret(&workload.name),
        database: &percona.database,
        users: operated
            .users
            .iter()
            .map(|user| User {
                name: user.name.as_str(),
                secret: operated.software.secret(&workload.name, &user.name),
                owns: user.name == percona.owner,
            })
            .collect(),
        parts: [
            Part {
                part: "pxc",
                image: &workload.main.image,
                pods: servers(workload, operated, "pxc"),
                server: Some(Server { settings: format!("[mysqld]\n{settings}"), size: size(workload), grace: workload.grace }),
                beside: None,
                constraints: None,
                selector: selector(workload, "pxc"),
            },
            proxies(workload, operated),
        ],
        common: common(owner),
    };
    let mut documents = system_users(owner, &view.secret, &percona.system)?;
    documents.extend(render_yaml("kubernetes/mysql.yaml.j2", &view)?);
    Ok(documents)
}

fn proxies<'m>(workload: &'m Workload, operated: &'m Operated) -> Part<'m> {
    let helper = operated.helper.as_ref();
    let containers = helper.map_or(&[][..], |helper| &helper.containers);
    let constraints = spread(workload);
    Part {
        part: "haproxy",
        image: containers.first().map_or("", |proxy| &proxy.image),
        pods: Pods {
            count: helper.map_or(0, |helper| helper.pods),
            resources: containers.first().and_then(resources),
            zonal: None,
            spread: None,
        },
        server: None,
        beside: containers.get(1).and_then(|beside: &Container| resources(beside)),
        constraints: (!constraints.is_empty()).then_some(constraints),
        selector: selector(workload, "haproxy"),
    }
}

/// The names of the store's own Service, as clients write them. The certificates are made once, so that those of `alias` would come too late.
fn names(workload: &Workload) -> [String; 3] {
    let (name, namespace) = (&workload.name, &workload.namespace);
    [name.to_string(), format!("{name}.{namespace}"), format!("{name}.{namespace}.svc")]
}
