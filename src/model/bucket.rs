//! Buckets: object stores of apps and of the backups of stores, each with a copy in another region if the spec asks for one.

use super::{BUCKET, Platform, ROLE, Region, Workload};
use crate::source::Span;
use crate::value::{BucketAccess, Name, digest, truncate_with_hash};
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// A bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// The span of its entry in the spec.
    pub span: Span,
    /// Its key: the name in the spec, `NAMESPACE.STORE` for backups, `NAMESPACE.STORE.REGION` for backups of a store with data of its own in each region.
    pub key: String,
    /// What it holds.
    pub holds: Holds,
    /// Its region: the environment's primary, or that of the store.
    pub region: Name,
    /// Whether it goes with the primary region. Its copy then takes its place.
    pub moves: bool,
    /// Its account.
    pub account: String,
    /// Its name in the cloud, unique across all customers, at most 63 characters.
    pub id: String,
    /// How versions of objects are locked. None: no retention.
    pub lock: Option<BucketLock>,
    /// The days after which a version that is not the current one is deleted: never before its lock ends.
    pub version_days: u32,
    /// Its copy.
    pub copy: Option<BucketCopy>,
}

/// The lock of each version of an object.
#[derive(Clone, Copy, Debug)]
pub struct BucketLock {
    /// Who can end it early.
    pub mode: LockMode,
    /// The days for which no version of an object can be deleted.
    pub days: u32,
}

/// Who can end the lock of a version before its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LockMode {
    /// Nobody, not even the root user of the account.
    Compliance,
    /// Administrators.
    Governance,
}

impl LockMode {
    /// The word of the cloud.
    pub fn name(self) -> &'static str {
        match self {
            LockMode::Compliance => "COMPLIANCE",
            LockMode::Governance => "GOVERNANCE",
        }
    }
}

/// What a bucket holds, which says where the spec asks for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Holds {
    /// Objects of apps: it is an entry of `buckets`.
    Objects,
    /// Backups, for which `backup` of a store asks.
    Backups {
        /// The namespace of the store.
        namespace: Name,
        /// The store.
        store: Name,
    },
}

/// The copy of a bucket in another region.
#[derive(Clone, Debug)]
pub struct BucketCopy {
    /// The region, which the environment need not run in.
    pub region: Name,
    /// The name of the copy in the cloud. It is that of the bucket itself once the region is the primary one.
    pub id: String,
    /// The days after which an object of the copy is deleted, because deletions in the bucket are not copied. None: it stays.
    pub days: Option<u32>,
}

impl Bucket {
    /// What a bucket of the spec says there so that its copy of one environment is in `region`: for that environment alone where others have the bucket,
    /// with the region that all of them copy it to. For backups, what `backup` of the store says: no layer of the spec changes a part of it.
    pub fn copy_to(&self, environments: &IndexMap<String, Platform>, environment: &str, region: &Name) -> String {
        if self.holds != Holds::Objects {
            return format!("backup: {{copy_to: {region}}}");
        }
        let others =
            environments.iter().filter(|(other, _)| *other != environment).filter_map(|(_, platform)| platform.buckets.get(&self.key));
        let copies: BTreeSet<Option<&Name>> = others.map(|bucket| bucket.copy.as_ref().map(|copy| &copy.region)).collect();
        let alone = format!("environments: {{{environment}: {{copy_to: {region}}}}}");
        match (copies.len(), copies.first().copied().flatten()) {
            (0, _) => format!("copy_to: {region}"),
            (1, Some(common)) => format!("copy_to: {common}, {alone}"),
            _ => alone,
        }
    }

    /// The region and the name in the cloud of the bucket that a workload of a region uses: a standby reads the copy of the backups in its own region.
    pub fn used_in(&self, region: &Name) -> (&Name, &str) {
        let copy = self.copy.as_ref().filter(|copy| copy.region == *region && self.holds != Holds::Objects);
        copy.map_or((&self.region, &self.id), |copy| (&copy.region, &copy.id))
    }

    /// The entry of the spec that asks for it, such as `bucket/uploads` or `store/orders`.
    pub fn entry(&self) -> String {
        match &self.holds {
            Holds::Objects => format!("bucket/{}", self.key),
            Holds::Backups { store, .. } => format!("store/{store}"),
        }
    }
}

impl Platform {
    /// The regions with a data root: those of the buckets and of the stores that services run, and those of their copies, whether the environment runs there
    /// or not.
    pub fn data_regions(&self) -> BTreeSet<&Name> {
        let copies = self.buckets.values().filter_map(|bucket| bucket.copy.as_ref()).map(|copy| &copy.region);
        let of_stores = self.regions.values().filter(|region| !region.managed.is_empty()).map(|region| &region.name);
        self.buckets.values().map(|bucket| &bucket.region).chain(copies).chain(of_stores).chain(self.vault_regions()).collect()
    }

    /// The names in the cloud of what the data root of a region makes: buckets, and copies of buckets of another region.
    pub fn buckets_in<'p>(&'p self, region: &'p Name) -> impl Iterator<Item = &'p str> {
        let copies = self.buckets.values().filter_map(|bucket| bucket.copy.as_ref()).filter(move |copy| copy.region == *region);
        let own = self.buckets.values().filter(move |bucket| bucket.region == *region).map(|bucket| &bucket.id);
        own.chain(copies.map(|copy| &copy.id)).map(String::as_str)
    }

    /// The name in the cloud of a bucket, or of its copy, in a region. With the region behind the name, no bucket has the name of a bucket of states.
    pub fn bucket_name(&self, bucket: &str, region: &Name, account: &str) -> String {
        truncate_with_hash(&format!("{}-{}-{bucket}-{region}-{account}", self.name, self.environment), BUCKET)
    }

    /// The name in the cloud of the bucket with the key of a store's backups, or of its copy, in a region. Hyphens join the parts of a name and are in
    /// them as well: the digest tells stores apart, and the rest is for people.
    pub fn backups_name(&self, (namespace, store, key): (&Name, &Name, &str), region: &Name, account: &str) -> String {
        let whole = format!("{namespace}-{store}");
        let hash = digest(&[key], 8);
        let around = self.bucket_name(&hash, region, account).len() + 1;
        let start = whole.get(..BUCKET.saturating_sub(around)).unwrap_or(&whole).trim_end_matches('-');
        let name = if start.is_empty() { hash } else { format!("{start}-{hash}") };
        self.bucket_name(&name, region, account)
    }

    /// The alias of the key that encrypts the buckets in a region, without `alias/`.
    pub fn data_key(&self, region: &Name) -> String {
        format!("{}-{}-{region}-data", self.name, self.environment)
    }

    /// The IAM role that copies the objects of the buckets in a region, at most [`ROLE`] characters.
    pub fn copier_role(&self, region: &Name) -> String {
        truncate_with_hash(&format!("{}-{}-{region}-bucket-copier", self.name, self.environment), ROLE)
    }

    /// The workloads that use a bucket, each in every region that it runs in, with the access.
    pub fn users_of<'p>(&'p self, bucket: &'p Bucket) -> impl Iterator<Item = (&'p Region, &'p Workload, BucketAccess)> {
        let users = move |region: &'p Region| {
            region.workloads.values().filter_map(move |workload| Some((region, workload, *workload.buckets.get(&bucket.key)?)))
        };
        self.regions.values().flat_map(users)
    }
}
