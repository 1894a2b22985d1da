//! The rights of service accounts in the cloud: of add-ons, of apps with `identity` or buckets, and of the readers of secrets.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{BucketAccess, Controller, Namespace, Platform, Region, SECRET_READER, SecretStore};
use crate::value::Name;

/// A service account with a role of its own.
#[derive(Serialize)]
pub(super) struct Identity<'a> {
    key: String,
    role: String,
    namespace: &'a str,
    account: &'a str,
    /// Managed policies, as ARNs.
    policies: Vec<String>,
}

/// The managed policy that a controller needs. The policies of the others are in `policies.tf`.
fn managed(controller: Controller) -> Option<&'static str> {
    match controller {
        Controller::Disks => Some("service-role/AmazonEBSCSIDriverPolicy"),
        Controller::PodNetwork => Some("AmazonEKS_CNI_Policy"),
        Controller::Autoscaler | Controller::CertManager | Controller::ExternalDns | Controller::LoadBalancers => None,
    }
}

/// Every identity, by its key: the name of the add-on, or `NAMESPACE/APP`.
pub(super) fn identities<'a>(region: &'a Region, account: &str) -> Vec<Identity<'a>> {
    let of = |controller: &Controller| {
        let ((namespace, account), key, policy) = (controller.account(), controller.purpose(), managed(*controller));
        let policies = policy.iter().map(|policy| format!("arn:aws:iam::aws:policy/{policy}")).collect();
        Identity { key: key.to_owned(), role: region.role(key), namespace, account, policies }
    };
    let mut all: Vec<Identity> = region.cluster.controllers.iter().map(of).collect();
    for workload in region.workloads.values().filter(|workload| workload.has_role()) {
        let own =
            |policy: &String| if policy.starts_with("arn:") { policy.clone() } else { format!("arn:aws:iam::{account}:policy/{policy}") };
        all.push(Identity {
            key: format!("{}/{}", workload.namespace, workload.name),
            role: region.account_role(workload),
            namespace: workload.namespace.as_str(),
            account: workload.name.as_str(),
            policies: workload.policies.iter().map(own).collect::<BTreeSet<_>>().into_iter().collect(),
        });
    }
    all.sort_by(|a, b| a.key.cmp(&b.key));
    all
}

/// The view of `buckets.tf`: the service accounts that use buckets, and where these are.
#[derive(Serialize)]
pub(super) struct Buckets<'a> {
    users: Vec<BucketUser<'a>>,
    homes: Vec<BucketHome<'a>>,
}

/// A service account that uses buckets, by the key of its identity.
#[derive(Serialize)]
struct BucketUser<'a> {
    key: String,
    /// The names of all of them in the cloud.
    uses: BTreeSet<&'a str>,
    /// Those that it writes.
    writes: BTreeSet<&'a str>,
}

/// A region with buckets that service accounts use.
#[derive(Serialize)]
struct BucketHome<'a> {
    region: &'a str,
    /// The alias of the key that encrypts them.
    key: String,
    buckets: BTreeSet<&'a str>,
}

impl<'a> Buckets<'a> {
    /// None where no service account of the region uses a bucket.
    pub(super) fn new(platform: &'a Platform, region: &'a Region) -> Option<Buckets<'a>> {
        let mut homes: BTreeMap<&Name, BTreeSet<&str>> = BTreeMap::new();
        let mut users = Vec::new();
        for workload in region.workloads.values().filter(|workload| !workload.buckets.is_empty()) {
            let (mut uses, mut writes) = (BTreeSet::new(), BTreeSet::new());
            for (key, access) in &workload.buckets {
                let Some(bucket) = platform.buckets.get(key) else { continue };
                let (home, id) = bucket.used_in(&region.name);
                homes.entry(home).or_default().insert(id);
                uses.insert(id);
                if *access == BucketAccess::Write {
                    writes.insert(id);
                }
            }
            users.push(BucketUser { key: format!("{}/{}", workload.namespace, workload.name), uses, writes });
        }
        users.sort_by(|a, b| a.key.cmp(&b.key));
        let home = |(region, buckets): (&'a Name, _)| BucketHome { region: region.as_str(), key: platform.data_key(region), buckets };
        (!users.is_empty()).then(|| Buckets { users, homes: homes.into_iter().map(home).collect() })
    }
}

/// The reader of a namespace's secrets.
#[derive(Serialize)]
pub(super) struct Reader<'a> {
    namespace: &'a str,
    role: String,
    account: &'static str,
    /// Names of secrets in the secret manager, as patterns: those of the namespace, and others that its entries name.
    secrets: Vec<String>,
}

/// The readers of the namespaces in which something reads secrets; none where another manager holds them.
pub(super) fn readers<'a>(platform: &'a Platform, region: &'a Region) -> Vec<Reader<'a>> {
    if platform.secrets.store != SecretStore::Cloud {
        return Vec::new();
    }
    let reader = |namespace: &'a Namespace| {
        let secrets = platform.secrets_of(region, namespace);
        let own = format!("{}/{}/", platform.environment, namespace.name);
        let paths = secrets.iter().map(|path| platform.secret_path(path));
        // AWS adds a hyphen and six signs to the name of a secret.
        let others: BTreeSet<String> = paths.filter(|path| !path.starts_with(&own)).map(|path| format!("{path}-??????")).collect();
        let namespace = namespace.name.as_str();
        let patterns = std::iter::once(format!("{own}*")).chain(others).collect();
        (!secrets.is_empty()).then(|| Reader { namespace, role: region.secrets_role(namespace), account: SECRET_READER, secrets: patterns })
    };
    platform.namespaces_in(region).filter_map(reader).collect()
}

/// The view of `databases.tf`: in which namespaces a job makes the users of databases.
#[derive(Serialize)]
pub(super) struct Administrators<'a> {
    readers: Vec<AdministratorsOf<'a>>,
}

/// The databases of a namespace, as ARNs.
#[derive(Serialize)]
struct AdministratorsOf<'a> {
    namespace: &'a str,
    databases: BTreeSet<String>,
}

impl<'a> Administrators<'a> {
    /// None where no service runs a store of the region, or another manager holds the secrets.
    pub(super) fn new(platform: &Platform, region: &'a Region) -> Option<Administrators<'a>> {
        if platform.secrets.store != SecretStore::Cloud {
            return None;
        }
        let mut readers: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for store in region.managed.values() {
            readers.entry(store.namespace.as_str()).or_default().insert(store.arn(region));
        }
        let readers: Vec<_> = readers.into_iter().map(|(namespace, databases)| AdministratorsOf { namespace, databases }).collect();
        (!readers.is_empty()).then_some(Administrators { readers })
    }
}

/// The view of `policies.tf`.
#[derive(Serialize)]
pub(super) struct Policies<'a> {
    dns: bool,
    balanced: bool,
    autoscaled: bool,
    /// The domain of the environment, and hosts outside of it.
    domains: Vec<&'a str>,
}

impl<'a> Policies<'a> {
    pub(super) fn new(platform: &'a Platform, region: &'a Region) -> Policies<'a> {
        let has = |controller| region.cluster.controllers.contains(&controller);
        Policies {
            balanced: has(Controller::LoadBalancers),
            dns: has(Controller::ExternalDns),
            autoscaled: has(Controller::Autoscaler),
            domains: platform.zones_of(region),
        }
    }
}
