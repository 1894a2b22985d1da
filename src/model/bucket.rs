//! Buckets: object stores of apps, each with a copy in another region if the spec asks for one.

use crate::source::Span;
use crate::value::Name;

/// The days for which old versions of objects are kept at least: the time to notice an object that was overwritten or deleted by mistake.
const VERSION_DAYS: u32 = 30;

/// A bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// The span of its key in the spec.
    pub span: Span,
    /// Its name in the spec.
    pub name: Name,
    /// Its region: the environment's primary.
    pub region: Name,
    /// Its account.
    pub account: String,
    /// Its name in the cloud, unique across all customers, at most 63 characters.
    pub id: String,
    /// The days for which no version of an object can be deleted. None: no retention.
    pub retention: Option<u32>,
    /// Its copy.
    pub copy: Option<BucketCopy>,
}

/// The copy of a bucket in another region.
#[derive(Clone, Debug)]
pub struct BucketCopy {
    /// The region, which the environment need not run in.
    pub region: Name,
    /// The name of the copy in the cloud. It is that of the bucket itself once the region is the primary one.
    pub id: String,
}

impl Bucket {
    /// The days after which a version that is not the current one is deleted: never before its retention ends.
    pub fn version_days(&self) -> u32 {
        self.retention.unwrap_or_default().max(VERSION_DAYS)
    }
}
