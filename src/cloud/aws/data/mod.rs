//! The data root of a region: buckets, copies of buckets of another region, and stores that services run, under a key of the region.
//!
//! A bucket and the copy of a bucket are the same resources under the same addresses. When the primary region of an environment moves to that of the
//! copies, each copy becomes the bucket, and each bucket that is left the copy: no plan replaces one.

mod databases;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::people;
use crate::cloud::{Nothing, Root};
use crate::layers::{Layer, Scope};
use crate::model::{Bucket, BucketAccess, Platform, Region};
use crate::provider::Provider;
use crate::template::TemplateError;
use crate::value::Name;

/// The templates of this root.
const TEMPLATES: &str = "terraform/aws/data";

/// The view of `locals.tf`: everything that differs between data roots.
#[derive(Serialize)]
struct Locals<'a> {
    name: String,
    account: &'a str,
    region: &'a str,
    /// Whether something here names the region.
    regional: bool,
    key: String,
    buckets: Vec<Store<'a>>,
    /// None where no bucket of the region has a copy.
    copies: Option<Copies<'a>>,
    /// None where no service runs a store of the region.
    databases: Option<databases::Databases<'a>>,
    /// None where no store has backups.
    plans: Option<databases::Plans<'a>>,
    /// None where no backup is.
    vault: Option<databases::Vault>,
    /// The boundary of the roles here, as an ARN.
    boundary: Option<String>,
    administrators: Vec<String>,
}

/// The copies of buckets of this region in others.
#[derive(Serialize)]
struct Copies<'a> {
    all: Vec<Copy<'a>>,
    /// The role that makes them.
    copier: String,
}

/// A bucket, or the copy of a bucket.
#[derive(Serialize)]
struct Store<'a> {
    key: &'a str,
    name: &'a str,
    lock: Option<Lock>,
    old_versions: u32,
    /// The days after which objects are deleted.
    expires: Option<u32>,
    /// The roles that read objects, as ARNs.
    readers: Vec<String>,
    /// The roles that read, write and delete objects, as ARNs.
    writers: Vec<String>,
}

/// The lock of each version of an object.
#[derive(Serialize)]
struct Lock {
    mode: &'static str,
    days: u32,
}

/// The copy of a bucket of this region in another one.
#[derive(Serialize)]
struct Copy<'a> {
    key: &'a str,
    name: &'a str,
    region: &'a str,
    alias: String,
}

/// The ARN of a role.
fn arn(account: &str, role: &str) -> String {
    format!("arn:aws:iam::{account}:role/{role}")
}

/// A bucket as it is in a region. None in a region that holds neither the bucket nor its copy.
fn store<'a>(platform: &'a Platform, bucket: &'a Bucket, region: &Name) -> Option<Store<'a>> {
    let of = |name, expires, readers, writers| {
        let lock = bucket.lock.map(|lock| Lock { mode: lock.mode.name(), days: lock.days });
        Store { key: &bucket.key, name, lock, old_versions: bucket.version_days, expires, readers, writers }
    };
    let copier = || arn(&bucket.account, &platform.copier_role(&bucket.region));
    let with = |wanted: BucketAccess| {
        let is_here = move |own: &Region| bucket.used_in(&own.name).0 == region;
        let users = platform.users_of(bucket).filter(move |(own, _, access)| *access == wanted && is_here(own));
        users.map(|(region, workload, _)| arn(&bucket.account, &region.account_role(workload))).collect::<Vec<_>>()
    };
    if bucket.region == *region {
        let mut readers = with(BucketAccess::Read);
        readers.extend(bucket.copy.iter().map(|_| copier()));
        return Some(of(&bucket.id, None, readers, with(BucketAccess::Write)));
    }
    let copy = bucket.copy.as_ref().filter(|copy| copy.region == *region)?;
    Some(of(&copy.id, copy.days, with(BucketAccess::Read), vec![copier()]))
}

impl<'a> Locals<'a> {
    fn new(platform: &'a Platform, account: &'a str, region: &'a Name) -> Locals<'a> {
        let copy = |bucket: &'a Bucket| {
            let copy = bucket.copy.as_ref().filter(|_| bucket.region == *region)?;
            Some(Copy { key: &bucket.key, name: &copy.id, region: copy.region.as_str(), alias: platform.data_key(&copy.region) })
        };
        let mut administrators = people::administrators(platform, account);
        administrators.push(format!("arn:aws:iam::{account}:root"));
        let copies = Some(platform.buckets.values().filter_map(copy).collect::<Vec<_>>()).filter(|all| !all.is_empty());
        let own = platform.regions.get(region.as_str()).filter(|own| own.provider == Provider::Aws);
        let databases = own.and_then(databases::Databases::new);
        let plans = own.and_then(|own| databases::Plans::new(platform, own, account));
        let boundary = super::boundary(platform, account).filter(|_| copies.is_some() || plans.is_some());
        Locals {
            name: format!("{}-{}-{region}", platform.name, platform.environment),
            account,
            region: region.as_str(),
            regional: copies.is_some() || databases.is_some(),
            key: platform.data_key(region),
            buckets: platform.buckets.values().filter_map(|bucket| store(platform, bucket, region)).collect(),
            copies: copies.map(|all| Copies { all, copier: platform.copier_role(region) }),
            vault: databases::Vault::new(platform, region),
            databases,
            plans,
            boundary,
            administrators,
        }
    }
}

/// The view of `buckets.tf`.
#[derive(Serialize)]
struct Buckets {
    /// Whether a bucket here has no copy.
    not_all_copied: bool,
}

/// The view of `replication.tf` and `plans.tf`.
#[derive(Serialize)]
struct Replication {
    bounded: bool,
}

/// The view of `kms.tf`.
#[derive(Serialize)]
struct Key {
    /// Whether databases write logs.
    logged: bool,
}

/// The view of the tests: `tests/data.tftest.hcl` for Terraform, `tests/data.tofutest.hcl`, which OpenTofu reads in place of the former.
#[derive(Serialize)]
struct Tests {
    terraform: bool,
    bounded: bool,
    copied: bool,
    logged: bool,
    planned: bool,
    vault: Option<databases::Locked>,
    database: Option<databases::Lasting>,
}

/// The root of a region that holds buckets, copies, or stores that services run. None without an account.
pub(super) fn root(platform: &Platform, region: &Name) -> Result<Option<Root>, TemplateError> {
    let Some(account) = platform.account(Provider::Aws) else { return Ok(None) };
    let scope = Scope::region(platform.environment.as_str(), region.as_str());
    let mut root = super::root(Layer::Data, platform, scope, account, region.as_str())?;
    let locals = Locals::new(platform, account, region);
    let (copied, bounded) = (locals.copies.is_some(), locals.boundary.is_some());
    let (logged, planned) = (locals.databases.is_some(), locals.plans.is_some());
    let not_all_copied = locals.copies.as_ref().map_or(0, |copies| copies.all.len()) < locals.buckets.len();
    let vault = || locals.vault.as_ref().map(|_| databases::Locked::new(platform));
    let database = || locals.databases.as_ref().map(|_| databases::Instances::new(platform));
    let own = include_str!("../../../../templates/terraform/aws/data/README.md").to_owned();
    let part = include_str!("../../../../templates/terraform/aws/data/databases.md");
    root.document(&if logged || vault().is_some() { own + part } else { own });
    root.print(TEMPLATES, "access.tf", &Nothing {})?;
    root.print(TEMPLATES, "buckets.tf", &Buckets { not_all_copied })?;
    if let Some(instances) = database() {
        root.print(TEMPLATES, "databases.tf", &instances)?;
    }
    root.print(TEMPLATES, "kms.tf", &Key { logged })?;
    root.print(TEMPLATES, "locals.tf", &locals)?;
    if planned {
        root.print(TEMPLATES, "plans.tf", &Replication { bounded })?;
    }
    if copied {
        root.print(TEMPLATES, "replication.tf", &Replication { bounded })?;
    }
    if let Some(vault) = vault() {
        root.print(TEMPLATES, "vault.tf", &vault)?;
    }
    for (path, terraform) in [("tests/data.tftest.hcl", true), ("tests/data.tofutest.hcl", false)] {
        root.print(
            TEMPLATES,
            path,
            &Tests { terraform, bounded, copied, logged, planned, vault: vault(), database: database().map(databases::Lasting::from) },
        )?;
    }
    Ok(Some(root))
}
