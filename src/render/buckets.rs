//! The runbook of buckets: an object back, and another region in place of the first.

use std::fmt::Write;

use crate::model::{Bucket, Estate, Holds, Platform};

/// The sections of `RUNBOOK.md` about buckets; empty without one.
pub(super) fn runbook(estate: &Estate) -> String {
    let all = || estate.environments.iter().flat_map(|(name, platform)| of_apps(platform).map(move |bucket| (name, bucket)));
    let Some((_, example)) = all().next() else { return String::new() };
    let mut table =
        "| environment | bucket | region | name | copy | retention | old versions stay |\n|---|---|---|---|---|---|---|\n".to_owned();
    for (environment, bucket) in all() {
        let Bucket { key, region, id, version_days, .. } = bucket;
        let copy = bucket.copy.as_ref().map_or("none".to_owned(), |copy| format!("`{}` in {}", copy.id, copy.region));
        let retention = bucket.lock.map_or("none".to_owned(), |lock| format!("{} days", lock.days));
        let _ = writeln!(table, "| {environment} | {key} | {region} | `{id}` | {copy} | {retention} | {version_days} days |");
    }
    let text = BACK.replace("TABLE", &table).replace("EXAMPLE", &format!("bucket={} at={}", example.id, example.region));
    text + &lost(estate)
}

/// The buckets of the spec. What to do with those of backups, the README.md of the region says of each database.
fn of_apps(platform: &Platform) -> impl Iterator<Item = &Bucket> {
    platform.buckets.values().filter(|bucket| bucket.holds == Holds::Objects)
}

/// What to do without the region of a bucket.
fn lost(estate: &Estate) -> String {
    let (mut moves, mut elsewhere, mut single) = (String::new(), false, false);
    for (environment, platform) in &estate.environments {
        for bucket in of_apps(platform) {
            match &bucket.copy {
                Some(copy) if platform.regions.contains_key(copy.region.as_str()) => {
                    let form = bucket.copy_to(&estate.environments, environment, &bucket.region);
                    let _ = writeln!(moves, "   | {environment} | {} | {} | `{{{form}}}` |", bucket.key, copy.region);
                }
                Some(_) => elsewhere = true,
                None => single = true,
            }
        }
    }
    let mut text = LOST.to_owned();
    if !moves.is_empty() {
        text += &MOVE.replace("MOVES", &moves);
    }
    for (needed, part) in [(elsewhere, ELSEWHERE), (single, SINGLE)] {
        text += if needed { part } else { "" };
    }
    text
}

const BACK: &str = r#"
## Get an object back

An object that was deleted or overwritten keeps its old versions for the days that the table says. An administrator gets one back.

TABLE
Set the name and the region of the bucket, from the table, and the key of the object first, such as `EXAMPLE key=orders/1.pdf`:

```sh
bucket=
at=
key=
aws s3api list-object-versions --region "${at:?}" --bucket "${bucket:?}" --prefix "${key:?}" --query "[DeleteMarkers[].[Key,VersionId,IsLatest,LastModified,'deleted'], Versions[].[Key,VersionId,IsLatest,LastModified,Size]][]" --output text
```

When the newest line of the key says `deleted`, this takes the mark of the deletion away, and the object is there again:

```sh
marker=$(aws s3api list-object-versions --region "${at:?}" --bucket "${bucket:?}" --prefix "${key:?}" --query "DeleteMarkers[?IsLatest && Key=='$key'].VersionId" --output text)
aws s3api delete-object --region "${at:?}" --bucket "${bucket:?}" --key "${key:?}" --version-id "${marker:?}"
```

When the object was overwritten, this makes an old version the newest one; nothing is lost by it. For more than 5 GB, fetch the version with
`aws s3api get-object` and upload it again:

```sh
version=
aws s3api copy-object --region "${at:?}" --bucket "${bucket:?}" --key "${key:?}" --copy-source "${bucket:?}/${key:?}?versionId=${version:?}"
```
"#;

const LOST: &str = "
## The region of a bucket is lost
";

/// Steps where the environment runs in the region of the copy.
const MOVE: &str = r#"
The copy lacks objects of the last minutes, large ones that were still on their way, and those from before the bucket had a copy. Apps that run in the
region of the copy go on with it:

1. In the spec, set `primary` of the environment, and these keys of its buckets. Other keys of a bucket stay as they are. Render. The copy becomes
   the bucket, under the name that it has.

   | environment | bucket | `primary` | the bucket in the spec |
   |---|---|---|---|
MOVES
2. Apply the roots `data` and `cluster` of that region, then the region, as its README.md says; leave out roots of the lost region, whose states are
   there. While the lost region is down, the apply of `data` may end with an error about the copy: everything else is done by then.
3. When the lost region is back, apply its root `data` and `cluster`, then `data` of the other region again. This lists what is in the old bucket alone;
   set the names of both, and their regions, from the table above as it was:

   ```sh
   old=
   old_at=
   new=
   new_at=
   aws s3api list-objects-v2 --region "${old_at:?}" --bucket "${old:?}" --query 'Contents[].[Key]' --output text | sort > old-keys.txt
   aws s3api list-objects-v2 --region "${new_at:?}" --bucket "${new:?}" --query 'Contents[].[Key]' --output text | sort > new-keys.txt
   comm -23 old-keys.txt new-keys.txt
   ```

   This lists what was written in the old bucket since a time shortly before the loss, such as `since=2026-01-31T08:00`. Where the new bucket has an
   older object of the same key, that is the state before the last write:

   ```sh
   since=
   aws s3api list-objects-v2 --region "${old_at:?}" --bucket "${old:?}" --query "Contents[?LastModified>='${since:?}'].[LastModified,Size,Key]" --output text
   ```

4. Objects that an app deleted in the meantime are among them: ask its owner which to take. The first command takes one; the second, once all are taken,
   gives the old bucket what the new one has:

   ```sh
   key=
   aws s3 cp --source-region "${old_at:?}" --region "${new_at:?}" "s3://${old:?}/${key:?}" "s3://${new:?}/${key:?}"
   aws s3 sync --source-region "${new_at:?}" --region "${old_at:?}" "s3://${new:?}" "s3://${old:?}"
   ```
"#;

/// Where the environment does not run in the region of the copy.
const ELSEWHERE: &str = "
Where the environment does not run in the region of the copy, the copy is for people: read objects from it with the commands of \"Get an object back\".
";

/// Where a bucket has no copy.
const SINGLE: &str = "
A bucket without a copy starts empty in another region: `platgen render` refuses the new `primary`, and names the flag that allows it. When its root
`data` left the spec as a whole, that is refused as well: `--force` with the path of the root removes its files. When the lost region is back, the
objects are in the bucket whose name is in the table above.
";
