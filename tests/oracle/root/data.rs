//! The literals of a data root against the model: each bucket with its lock and the roles of those who use it, and its copy elsewhere.

use super::super::Finding;
use super::Root;
use platgen::model::{Bucket, BucketAccess, Holds, Platform};
use platgen::value::{digest, truncate_with_hash};
use serde_json::{Map, Value, json};

const RULE: &str = "wrong-data";

pub(super) fn judge(root: &Root, found: &mut Vec<Finding>) {
    let (platform, here) = (root.platform, root.region.name.as_str());
    let start = format!("{}-{}", platform.name, platform.environment);
    let role = |name: &str| format!("arn:aws:iam::{}:role/{name}", root.account);
    let named = |bucket: &Bucket, region: &str| named(platform, bucket, region, root.account);
    let users = |bucket: &Bucket, wanted: BucketAccess| {
        let regions = platform.regions.values();
        let all = regions.flat_map(|region| region.workloads.values().map(move |workload| (region, workload)));
        // Backups are read where they are: in the region of the store, or in that of the copy.
        let is_here = |region: &str| bucket.holds == Holds::Objects || region == here;
        let using = all.filter(|(region, workload)| workload.buckets.get(&bucket.key) == Some(&wanted) && is_here(region.name.as_str()));
        using
            .map(|(region, workload)| role(&format!("{start}-{}.{}.{}", region.name, workload.namespace, workload.name)))
            .collect::<Vec<_>>()
    };
    let (mut buckets, mut copies) = (Map::new(), Map::new());
    for bucket in platform.buckets.values() {
        let copy = bucket.copy.as_ref().map(|copy| copy.region.as_str());
        let copier = role(&format!("{start}-{}-bucket-copier", bucket.region));
        let (readers, writers, expires) = if bucket.region.as_str() == here {
            let own = copy.map(|_| copier.clone());
            (users(bucket, BucketAccess::Read).into_iter().chain(own).collect::<Vec<_>>(), users(bucket, BucketAccess::Write), None)
        } else if copy == Some(here) {
            (
                users(bucket, BucketAccess::Read).into_iter().filter(|_| bucket.holds != Holds::Objects).collect(),
                vec![copier],
                bucket.copy.as_ref().and_then(|copy| copy.days),
            )
        } else {
            continue;
        };
        // A lock that ends when somebody says so is no promise.
        let mode = if platform.protected { "COMPLIANCE" } else { "GOVERNANCE" };
        let days = bucket.lock.map(|lock| lock.days);
        let lock = days.map(|days| json!({"mode": mode, "days": days}));
        let kept = days.unwrap_or_default().max(30);
        let wanted = json!({"name": named(bucket, here), "lock": lock, "old_versions": kept, "expires": expires, "readers": readers, "writers": writers});
        buckets.insert(bucket.key.clone(), wanted);
        if let Some(copy) = copy.filter(|copy| *copy != here) {
            copies
                .insert(bucket.key.clone(), json!({"name": named(bucket, copy), "region": copy, "alias": format!("{start}-{copy}-data")}));
        }
    }
    let copied = !copies.is_empty();
    let copier = if copied { json!(format!("{start}-{here}-bucket-copier")) } else { Value::Null };
    let boundary = platform.pipelines.as_ref().filter(|_| copied).map(|_| format!("arn:aws:iam::{}:policy/{start}-boundary", root.account));
    for (name, wanted) in [
        ("name", json!(root.name())),
        ("account", json!(root.account)),
        // What copies is all that says where it is.
        ("region", if copied { json!(here) } else { Value::Null }),
        ("key", json!(format!("{start}-{here}-data"))),
        ("buckets", buckets.into()),
        ("copies", if copied { copies.into() } else { Value::Null }),
        ("copier", copier),
        ("boundary", json!(boundary)),
    ] {
        let (file, has) = root.local(name);
        root.expect(found, RULE, (&format!("local.{name}"), file), has, &wanted);
    }
    let count = root.blocks("resource", &["aws_s3_bucket_replication_configuration"]).count();
    if count != usize::from(copied) {
        let message = format!("{count} resources copy buckets, where there should be {}", usize::from(copied));
        found.push(root.finding(RULE, "aws_s3_bucket_replication_configuration", "", message));
    }
}

/// The name of a bucket in a region: of one for backups, the store as far as there is room, and a digest of the key.
pub(super) fn named(platform: &Platform, bucket: &Bucket, region: &str, account: &str) -> String {
    let (start, end) = (format!("{}-{}-", platform.name, platform.environment), format!("-{region}-{account}"));
    let middle = match &bucket.holds {
        Holds::Objects => bucket.key.clone(),
        Holds::Backups { namespace, store } => {
            let store = format!("{namespace}-{store}");
            let room = 63_usize.saturating_sub(start.len() + end.len() + 9).min(store.len());
            format!("{}-{}", store[..room].trim_end_matches('-'), digest(&[&bucket.key], 8)).trim_start_matches('-').to_owned()
        }
    };
    truncate_with_hash(&format!("{start}{middle}{end}"), 63)
}
