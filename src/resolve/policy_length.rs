//! The length of the IAM policy by which pipelines see buckets. It names each of them, and AWS refuses one that is too long.

use super::EnvironmentResolver;
use crate::diagnostic::wording::Count;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Bucket, Platform};
use crate::provider::Provider;
use std::collections::BTreeSet;

/// The most characters of a managed policy, without whitespace.
const MOST: usize = 6_144;

/// The characters of the policy without the names of stores and buckets, and some for actions that join.
const STATEMENTS: usize = 1_350;

/// The characters of the statement about databases, which names none.
const DATABASES: usize = 250;

/// The characters of a resource in the policy: the ARN of a bucket with its quotes and a comma.
fn resource(name: &str) -> usize {
    "\"arn:aws:s3:::\",".len() + name.len()
}

/// The characters of the policy about the states in a region: their bucket, the objects in it, and its keys.
fn states(platform: &Platform, account: &str, region: &str) -> usize {
    let bucket = resource(&platform.state_bucket(account, region));
    2 * bucket + format!("/{}/*\"arn:aws:kms:{region}:{account}:key/*\",", platform.environment).len()
}

impl EnvironmentResolver<'_> {
    /// Reports buckets that make the policy too long, at the first one that has no place in it.
    pub(super) fn policy_length(&mut self, platform: &Platform) {
        let (Some(account), Some(_)) = (platform.account(Provider::Aws), &platform.pipelines) else { return };
        let own = platform.regions.values().filter(|region| region.provider == Provider::Aws).map(|region| &region.name);
        let regions: BTreeSet<_> = own.chain(platform.data_regions()).chain(&platform.state_region).map(|name| name.as_str()).collect();
        let names = |bucket: &Bucket| resource(&bucket.id) + bucket.copy.as_ref().map_or(0, |copy| resource(&copy.id));
        let of_databases = if platform.has_managed_stores() { DATABASES } else { 0 };
        let mut length = STATEMENTS
            + of_databases
            + platform.state_key().len()
            + regions.into_iter().map(|region| states(platform, account, region)).sum::<usize>();
        let mut first = None;
        for bucket in platform.buckets.values() {
            length += names(bucket);
            first = first.or((length > MOST).then_some(bucket));
        }
        let Some(bucket) = first else { return };
        let copies = platform.buckets.values().filter(|bucket| bucket.copy.is_some()).count();
        let message = format!(
            "pipelines of `{}` need an IAM policy of {length} characters to see {} and {}, and AWS takes {MOST}",
            self.environment,
            Count(platform.buckets.len(), "bucket"),
            Count(copies, "copy")
        );
        let help = format!(
            "each name takes {} characters and its own: give buckets shorter names or fewer copies, or let apps share a bucket",
            resource("")
        );
        self.tell(Diagnostic::new(Code::TooManyBuckets, message).at(bucket.span).help(help));
    }
}
