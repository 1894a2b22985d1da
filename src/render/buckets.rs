//! The runbook of buckets: an object back, and another region in place of the first.

use std::fmt::Write;

use crate::model::{Bucket, Estate};

/// The sections of `RUNBOOK.md` about buckets; empty without one.
pub(super) fn runbook(estate: &Estate) -> String {
    let all = || estate.environments.iter().flat_map(|(name, platform)| platform.buckets.values().map(move |bucket| (name, bucket)));
    let Some((_, example)) = all().next() else { return String::new() };
    let mut table =
        "| environment | bucket | region | name | copy | retention | old versions stay |\n|---|---|---|---|---|---|---|\n".to_owned();
    for (environment, bucket) in all() {
        let Bucket { name, region, id, .. } = bucket;
        let copy = bucket.copy.as_ref().map_or("none".to_owned(), |copy| format!("`{}` in {}", copy.id, copy.region));
        let retention = bucket.retention.map_or("none".to_owned(), |days| format!("{days} days"));
        let _ = writeln!(table, "| {environment} | {name} | {region} | `{id}` | {copy} | {retention} | {} days |", bucket.version_days());
    }
    let text = BACK.replace("TABLE", &table).replace("EXAMPLE", &format!("bucket={} at={}", example.id, example.region));
    if all().any(|(_, bucket)| bucket.copy.is_some()) { text + LOST } else { text }
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

const LOST: &str = r#"
## The region of a bucket is lost

The copy has every object but those of the last minutes. Apps that run in the region of the copy go on with it:

1. In the spec, set `primary` of the environment to the region of the copy, and `copy_to` of the bucket to the lost region. Render. The copy
   becomes the bucket, under the name that it has.
2. Apply the roots `data` and `cluster` of that region, then the region, as its README.md says. While the lost region is down, the apply of `data` may end
   with an error about the copy: everything else is done by then.
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

4. Objects that an app deleted in the meantime are among them: ask its owner which to take. This takes one, and then what the new bucket got while it had
   no copy:

   ```sh
   key=
   aws s3 cp --source-region "${old_at:?}" --region "${new_at:?}" "s3://${old:?}/${key:?}" "s3://${new:?}/${key:?}"
   aws s3 sync --source-region "${new_at:?}" --region "${old_at:?}" "s3://${new:?}" "s3://${old:?}"
   ```

Where the environment does not run in the region of the copy, the copy is for people: read objects from it with the commands of "Get an object back".
"#;
