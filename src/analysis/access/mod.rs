//! The roles and bindings of a cluster -> who may do what: a level for each subject in each namespace and in the whole cluster, what is notable about it,
//! and how people sign in.
//!
//! Levels and rights follow from the documents alone, whatever the spec says: what is claimed is what is printed. Of the resolved platform come the names
//! of groups, and how their members sign in to the cloud.
//!
//! Sources: "Using RBAC Authorization" and "Role Based Access Control Good Practices" in the Kubernetes documentation.

mod notable;
mod picture;
mod report;
#[cfg(test)]
mod tests;

pub use notable::Notable;
pub use picture::{mermaid, svg};
pub use report::report;
pub(super) use report::right_in_words;

use crate::diagnostic::wording::plain;
use crate::inventory::Inventory;
use crate::kinds::is_void_in_a_namespace;
use crate::model::{BucketAccess, Group, Namespace, Platform, Region, SECRET_READER, SecretStore};
use crate::provider::Provider;
use crate::rbac::{Binding, Fault, Rights, Rule, Subject};
use serde::Serialize;
use std::collections::BTreeSet;

/// Who may do what in a cluster.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Access {
    /// The environment.
    pub environment: String,
    /// The region.
    pub region: String,
    /// The groups of the spec in its order, then the other subjects of bindings.
    pub holders: Vec<Holder>,
    /// The role in the cloud that may do everything in the cluster. Absent where these files make none.
    pub administrator: Option<Administrator>,
    /// The service accounts with a role in the cloud. Empty where these files make none.
    pub identities: Vec<Identity>,
    /// Bindings to roles whose rules are in no document: what they give is not part of the report.
    pub unjudged: Vec<Unjudged>,
}

/// Somebody with rights, or a group of the spec without any.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Holder {
    /// The kind of the subject.
    pub kind: HolderKind,
    /// The group's name in the spec; else the name in the cluster, of an account with its namespace.
    pub name: String,
    /// The name in the cluster. Of an account the name of its user.
    pub id: String,
    /// How the members of a group sign in. Absent where these files do not say it, and for other subjects.
    pub sign_in: Option<SignIn>,
    /// The rights in the whole cluster, then those in each namespace. The latter hold the former, as far as namespaces have such resources.
    pub cells: Vec<Cell>,
}

/// The kind of a subject.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HolderKind {
    /// A group of people.
    Group,
    /// A user.
    User,
    /// A service account.
    Account,
}

impl HolderKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            HolderKind::Group => "group",
            HolderKind::User => "user",
            HolderKind::Account => "account",
        }
    }
}

/// How the members of a group sign in to the cloud.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct SignIn {
    /// The account of the cloud.
    pub account: String,
    /// The permission set of IAM Identity Center whose role they sign in with.
    pub permission_set: String,
    /// Whether the spec asks for a second factor.
    pub second_factor: bool,
    /// Whether they may take the role that may do everything in the cluster.
    pub administers: bool,
}

/// The role in the cloud that may do everything in a cluster.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Administrator {
    /// Its account.
    pub account: String,
    /// Its name.
    pub role: String,
    /// The groups that may take it. Empty: every identity of the account whose own policies allow that.
    pub groups: Vec<String>,
}

impl Administrator {
    /// The administrator of the cluster of a region.
    pub(super) fn of(platform: &Platform, region: &Region) -> Option<Administrator> {
        let groups = platform.groups.iter().filter(|group| group.administers()).map(|group| group.name.to_string());
        Some(Administrator { account: account(region)?.to_owned(), role: region.administrator_role(), groups: groups.collect() })
    }
}

/// The account of a region in which these files make the sign-in.
fn account(region: &Region) -> Option<&str> {
    region.account.as_deref().filter(|_| region.provider == Provider::Aws)
}

/// A service account with a role in the cloud.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Identity {
    /// The account, with its namespace.
    pub account: String,
    /// The name of the role.
    pub role: String,
    /// What it may do there, as a sentence without a subject.
    pub rights: String,
}

impl Identity {
    /// The identities of a region: those of add-ons, of apps, and of the readers of secrets.
    fn all(platform: &Platform, region: &Region) -> Vec<Identity> {
        if account(region).is_none() {
            return Vec::new();
        }
        let of_controllers = region.cluster.controllers.iter().map(|one| {
            let (namespace, name) = one.account();
            Identity { account: format!("{namespace}/{name}"), role: region.role(one.purpose()), rights: one.rights().to_owned() }
        });
        let of_workloads = region.workloads.values().filter(|workload| workload.has_role()).map(|workload| {
            let policies = workload.policies.iter().map(|policy| format!("has the rights of the policy {policy}"));
            let buckets = workload.buckets.iter().map(|(bucket, access)| match access {
                BucketAccess::Read => format!("reads bucket/{bucket}"),
                BucketAccess::Write => format!("reads and writes bucket/{bucket}"),
            });
            let account = format!("{}/{}", workload.namespace, workload.name);
            Identity { account, role: region.account_role(workload), rights: plain(policies.chain(buckets)) }
        });
        let reads =
            |namespace: &&Namespace| platform.secrets.store == SecretStore::Cloud && !platform.secrets_of(region, namespace).is_empty();
        let of_readers = platform.namespaces_in(region).filter(reads).map(|namespace| Identity {
            account: format!("{}/{SECRET_READER}", namespace.name),
            role: region.secrets_role(namespace.name.as_str()),
            rights: "reads the secrets of the namespace in the secret manager".to_owned(),
        });
        let mut all: Vec<Identity> = of_controllers.chain(of_workloads).chain(of_readers).collect();
        all.sort();
        all
    }
}

/// The rights of a subject in a place.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Cell {
    /// The namespace; absent for the whole cluster.
    pub namespace: Option<String>,
    /// The level.
    pub level: Level,
    /// What is notable about the rights.
    pub notable: BTreeSet<Notable>,
    /// The rights.
    pub rights: Vec<Right>,
}

/// What the rights of a subject in a place come to.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// No right.
    None,
    /// Objects are read, of some kinds at least.
    Read,
    /// Some objects are changed, or made to do something.
    Change,
    /// Everything.
    Full,
}

/// A right: a rule of a role, and what gives it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Right {
    /// Verbs.
    pub verbs: Vec<String>,
    /// API groups; empty text for the core group.
    pub groups: Vec<String>,
    /// Resources.
    pub resources: Vec<String>,
    /// Names of the objects. Empty: all.
    pub names: Vec<String>,
    /// Paths of the API that are no resources.
    pub urls: Vec<String>,
    /// The binding.
    pub binding: String,
    /// The role.
    pub role: String,
}

/// A binding whose role is not judged.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Unjudged {
    /// The binding.
    pub binding: String,
    /// The role.
    pub role: String,
    /// The subjects.
    pub subjects: Vec<String>,
}

impl Unjudged {
    /// The bindings that are not judged.
    pub(super) fn all(rights: &Rights) -> Vec<Unjudged> {
        let unjudged = |binding: &Binding| Unjudged {
            binding: binding.object.clone(),
            role: binding.role.clone(),
            subjects: binding.subjects.iter().map(Subject::to_string).collect(),
        };
        rights.unjudged().map(unjudged).collect()
    }
}

/// Who may do what in the cluster of a region, by its documents.
///
/// # Errors
/// A role or a binding that the API server refuses.
pub fn access(platform: &Platform, region: &Region, documents: &Inventory) -> Result<Access, Fault> {
    let rights = Rights::read(documents.objects().iter().map(|object| &object.value))?;
    let declared = documents.of_kind("Namespace").map(|object| object.name.as_str());
    let namespaces: BTreeSet<&str> = declared.chain(rights.namespaces()).collect();
    let account = account(region);
    let cells = |subject: &Subject| {
        let places = std::iter::once(None).chain(namespaces.iter().copied().map(Some));
        places.map(|place| cell(&rights, subject, place)).collect()
    };
    // Two names of the spec may stand for one group.
    let of_group = |group: &Group| Holder {
        kind: HolderKind::Group,
        name: group.name.to_string(),
        id: group.id.clone(),
        sign_in: account.map(|account| SignIn {
            account: account.to_owned(),
            permission_set: group.id.clone(),
            second_factor: platform.second_factor,
            administers: platform.groups.iter().any(|other| other.id == group.id && other.administers()),
        }),
        cells: cells(&Subject::Group(group.id.clone())),
    };
    let mut holders: Vec<Holder> = platform.groups.iter().map(of_group).collect();
    let is_known = |subject: &&&Subject| matches!(subject, Subject::Group(id) if platform.groups.iter().any(|group| group.id == *id));
    holders.extend(rights.subjects().iter().filter(|subject| !is_known(subject)).map(|subject| other(subject, cells(subject))));
    Ok(Access {
        environment: platform.environment.to_string(),
        region: region.name.to_string(),
        holders,
        administrator: Administrator::of(platform, region),
        identities: Identity::all(platform, region),
        unjudged: Unjudged::all(&rights),
    })
}

/// A subject that is no group of the spec.
fn other(subject: &Subject, cells: Vec<Cell>) -> Holder {
    let (kind, name, id) = match subject {
        Subject::Group(name) => (HolderKind::Group, name.clone(), name.clone()),
        Subject::User(name) => (HolderKind::User, name.clone(), name.clone()),
        Subject::Account(namespace, name) => {
            (HolderKind::Account, format!("{namespace}/{name}"), format!("system:serviceaccount:{namespace}:{name}"))
        }
    };
    Holder { kind, name, id, sign_in: None, cells }
}

fn cell(rights: &Rights, subject: &Subject, namespace: Option<&str>) -> Cell {
    let mut all = BTreeSet::new();
    let (mut level, mut notable) = (Level::None, BTreeSet::new());
    for given in rights.given(subject, namespace) {
        let mut rule = given.rule.clone();
        // A role of a namespace may name the namespace itself.
        let own = given.binding.namespace.is_some();
        rule.resources.retain(|resource| {
            namespace.is_none()
                || !is_void_in_a_namespace(&rule.groups, resource)
                || (own && resource.split('/').next() == Some("namespaces"))
        });
        if namespace.is_some() {
            rule.urls.clear();
        }
        if rule.verbs.is_empty() || (rule.resources.is_empty() && rule.urls.is_empty()) {
            continue;
        }
        level = level.max(level_of(&rule));
        notable.extend(Notable::ALL.into_iter().filter(|one| one.is_given_by(&rule)));
        let Rule { verbs, groups, resources, names, urls } = rule;
        let (binding, role) = (given.binding.object.clone(), given.binding.role.clone());
        all.insert(Right { verbs, groups, resources, names, urls, binding, role });
    }
    if notable.contains(&Notable::Secrets) {
        notable.remove(&Notable::NamedSecrets);
    }
    Cell { namespace: namespace.map(str::to_owned), level, notable, rights: all.into_iter().collect() }
}

fn level_of(rule: &Rule) -> Level {
    let star = |list: &[String]| list.iter().any(|word| word == "*");
    if star(&rule.verbs) && star(&rule.groups) && star(&rule.resources) && rule.names.is_empty() {
        return Level::Full;
    }
    let reads = |verb: &String| ["get", "list", "watch"].contains(&verb.as_str());
    let acts = |resource: &String| notable::ACTING.iter().any(|one| *one == resource);
    if rule.verbs.iter().all(reads) && !rule.resources.iter().any(acts) { Level::Read } else { Level::Change }
}
