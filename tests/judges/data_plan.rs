//! Properties of a planned data root, read from its plan, and of the rights that cluster roots give to buckets: each bucket has everything that belongs to
//! it, and exactly the users of `tests/data/buckets.toml` read and write objects. A difference is a finding of tfcheck's rule `data`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::iam::{Request, allows, texts};
use super::judge::{Fault, list, words};

/// The table.
pub const TEXT: &str = include_str!("../data/buckets.toml");

/// What belongs to every bucket.
const PARTS: [&str; 7] = [
    "aws_s3_bucket",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
];

/// A bucket of the table.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    name: String,
    readers: BTreeSet<String>,
    writers: BTreeSet<String>,
    lock: String,
    copy: String,
    from: String,
}

/// Buckets by key.
type Buckets = BTreeMap<String, Wanted>;

/// The buckets of the table by spec, environment and region.
type Table = BTreeMap<String, BTreeMap<String, BTreeMap<String, Buckets>>>;

fn table(text: &str) -> Result<Table, String> {
    toml::from_str(text).map_err(|error| format!("buckets.toml: {error}"))
}

/// The instance of a type with a key.
fn instance<'a>(planned: &'a Value, kind: &str, name: &str, key: &str) -> Option<&'a Value> {
    let address = format!("{kind}.{name}[\"{key}\"]");
    list(planned).iter().find(|resource| resource["address"] == address[..]).map(|resource| &resource["after"])
}

/// The keys of the instances of a type.
fn keys(planned: &Value, kind: &str) -> BTreeSet<String> {
    let of = list(planned).iter().filter(|resource| resource["type"] == kind);
    of.filter_map(|resource| words(&resource["address"]).split('"').nth(1).map(str::to_owned)).collect()
}

/// Whether a policy lets a request pass; `context` as of [`Request`].
fn passes(policy: &Value, action: &str, resource: &str, context: &[(&str, &str)]) -> Result<bool, String> {
    allows(policy, &Request { action, resource, context })
}

/// The policy of a bucket, for somebody whose own policies allow everything: the refusals alone decide.
fn refusals(policy: Option<&Value>) -> Result<Value, String> {
    let Some(after) = policy else { return Ok(json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})) };
    let mut document: Value = serde_json::from_str(&words(&after["policy"])).map_err(|error| format!("the policy of a bucket: {error}"))?;
    if let Some(statements) = document["Statement"].as_array_mut() {
        statements.push(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    }
    Ok(document)
}

/// Everything that is wrong with a planned data root, whatever the spec: the object, and why.
pub fn faults(planned: &Value) -> Result<Vec<Fault>, String> {
    let mut found: Vec<Fault> = Vec::new();
    let all: BTreeSet<String> = PARTS.iter().flat_map(|part| keys(planned, part)).collect();
    let mut wrong = |kind: &str, key: &str, why: &str| found.push((format!("{kind}.this[\"{key}\"]"), why.to_owned()));
    if all.is_empty() {
        wrong("aws_s3_bucket", "", "the root has no bucket");
    }
    for key in &all {
        let of = |kind: &str| instance(planned, kind, "this", key);
        let absent: Vec<&str> = PARTS.into_iter().filter(|part| of(part).is_none()).collect();
        absent.iter().for_each(|part| wrong(part, key, "the bucket lacks it"));
        if !absent.is_empty() {
            continue;
        }
        let (mut bad, part) = (Vec::new(), |kind: &str| of(kind).cloned().unwrap_or_default());
        let bucket = part("aws_s3_bucket");
        bad.push((
            bucket["force_destroy"] != false || bucket["object_lock_enabled"] != true,
            "it can be destroyed with its objects, or can't lock them",
        ));
        bad.push((part("aws_s3_bucket_versioning")["versioning_configuration"][0]["status"] != "Enabled", "it keeps no old versions"));
        let encryption = part("aws_s3_bucket_server_side_encryption_configuration")["rule"][0].clone();
        let default = &encryption["apply_server_side_encryption_by_default"][0];
        // The plan does not know the key; it would show the name of one of AWS, and null where none is said.
        let own =
            default["sse_algorithm"] == "aws:kms" && default["kms_master_key_id"].is_null() == default.get("kms_master_key_id").is_none();
        bad.push((!own || encryption["bucket_key_enabled"] != true, "objects are not encrypted with a customer key"));
        let block = part("aws_s3_bucket_public_access_block");
        let all_blocked = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];
        bad.push((all_blocked.iter().any(|switch| block[switch] != true), "it can be made public"));
        let owner = &part("aws_s3_bucket_ownership_controls")["rule"][0]["object_ownership"];
        bad.push((owner != "BucketOwnerEnforced", "objects can belong to other accounts"));
        let rules = part("aws_s3_bucket_lifecycle_configuration")["rule"].clone();
        let days = rules[0]["noncurrent_version_expiration"][0]["noncurrent_days"].as_u64();
        let lock = of("aws_s3_bucket_object_lock_configuration").map(|lock| &lock["rule"][0]["default_retention"][0]);
        let locked = lock.and_then(|lock| lock["days"].as_u64()).unwrap_or_default();
        bad.push((days < Some(locked.max(30)), "old versions go before a month is over, or before their retention is"));
        let expires = list(&rules).iter().filter_map(|rule| rule["expiration"][0]["days"].as_u64()).min();
        bad.push((expires.is_some_and(|days| locked == 0 || days <= 2 * locked), "objects go while a restore may need them"));
        for (_, why) in bad.into_iter().filter(|(bad, _)| *bad) {
            wrong("aws_s3_bucket", key, why);
        }
        for copy in of("aws_s3_bucket_replication_configuration").into_iter().flat_map(|copies| list(&copies["rule"])) {
            let (target, region) = (&copy["destination"][0], words(&bucket["bucket"]));
            let alias = words(&target["encryption_configuration"][0]["replica_kms_key_id"]);
            let at = alias.split(':').nth(3).unwrap_or_default();
            if at.is_empty() || region.contains(at) || !words(&target["bucket"]).contains(at) {
                wrong(
                    "aws_s3_bucket_replication_configuration",
                    key,
                    "the copy is in the region of the bucket, or has the key of another region",
                );
            }
            let status = |value: &Value| words(&value[0]["status"]);
            let encrypted = status(&copy["source_selection_criteria"][0]["sse_kms_encrypted_objects"]);
            if (words(&copy["status"]), status(&copy["delete_marker_replication"]), encrypted)
                != ("Enabled".to_owned(), "Disabled".to_owned(), "Enabled".to_owned())
            {
                wrong("aws_s3_bucket_replication_configuration", key, "the copy misses objects, or forgets with the bucket");
            }
        }
    }
    Ok(found)
}

/// The parts of `deploy/terraform/ENVIRONMENT/REGION/LAYER`.
fn place(path: &str) -> Option<(&str, &str)> {
    let mut parts = path.rsplit('/').skip(1);
    let region = parts.next()?;
    Some((parts.next()?, region))
}

/// Where the users of buckets and the table differ, in a data root or in a cluster root of a spec.
pub fn compare(spec: &str, path: &str, planned: &Value) -> Result<Vec<Fault>, String> {
    users(&table(TEXT)?, spec, path, planned)
}

fn users(table: &Table, spec: &str, path: &str, planned: &Value) -> Result<Vec<Fault>, String> {
    let Some((environment, region)) = place(path) else { return Ok(Vec::new()) };
    let regions = table.get(spec).and_then(|environments| environments.get(environment));
    if !path.ends_with("/cluster") && !path.ends_with("/data") {
        return Ok(Vec::new());
    }
    if path.ends_with("/cluster") {
        // The roles of other regions are those of other clusters.
        let here = |role: &&String| role.split('.').next().is_some_and(|cluster| cluster.ends_with(region));
        let all = regions.into_iter().flatten().flat_map(|(_, buckets)| buckets.values());
        let own: Vec<Wanted> = all
            .map(|bucket| Wanted {
                readers: bucket.readers.iter().filter(here).cloned().collect(),
                writers: bucket.writers.iter().filter(here).cloned().collect(),
                ..bucket.clone()
            })
            .collect();
        return rights(own.iter(), planned);
    }
    let none = Buckets::new();
    buckets(regions.and_then(|regions| regions.get(region)).unwrap_or(&none), planned)
}

/// The buckets of a data root, and the role that copies them.
fn buckets(wanted: &Buckets, planned: &Value) -> Result<Vec<Fault>, String> {
    let mut found = Vec::new();
    let all: BTreeSet<String> = wanted.keys().cloned().chain(keys(planned, "aws_s3_bucket")).collect();
    for key in all {
        let address = format!("aws_s3_bucket.this[\"{key}\"]");
        let (Some(bucket), Some(after)) = (wanted.get(&key), instance(planned, "aws_s3_bucket", "this", &key)) else {
            found.push((address, "it is in buckets.toml or in the root, and not in both".to_owned()));
            continue;
        };
        let name = words(&after["bucket"]);
        let lock =
            instance(planned, "aws_s3_bucket_object_lock_configuration", "this", &key).map(|lock| &lock["rule"][0]["default_retention"][0]);
        let lock = lock.map(|lock| format!("{} {}", words(&lock["mode"]), lock["days"])).unwrap_or_default();
        let copy = instance(planned, "aws_s3_bucket_replication_configuration", "this", &key)
            .map(|copy| words(&copy["rule"][0]["destination"][0]["bucket"]));
        let copy = copy.map(|arn| arn.trim_start_matches("arn:aws:s3:::").to_owned()).unwrap_or_default();
        if (&name, &lock, &copy) != (&bucket.name, &bucket.lock, &bucket.copy) {
            found.push((address.clone(), format!("it is {name}, locked {lock:?}, copied to {copy:?}; buckets.toml says {bucket:?}")));
        }
        let policy = refusals(instance(planned, "aws_s3_bucket_policy", "this", &key))?;
        for (who, action, secure, may) in requests(bucket) {
            let resource = format!("arn:aws:s3:::{name}{}", if action == "s3:PutBucketPolicy" { "" } else { "/a" });
            let mut context = vec![("aws:SecureTransport", if secure { "true" } else { "false" })];
            context.extend(who.as_deref().map(|who| ("aws:PrincipalArn", who)));
            if passes(&policy, action, &resource, &context)? != may {
                let who = who.as_deref().unwrap_or("a service");
                found.push((address.clone(), format!("{who} {} {action}, TLS: {secure}", if may { "can't do" } else { "can do" })));
            }
        }
    }
    found.extend(copier(wanted, planned)?);
    Ok(found)
}

/// Requests to a bucket: who, what, whether over TLS, and whether the bucket lets it pass.
fn requests(bucket: &Wanted) -> Vec<(Option<String>, &'static str, bool, bool)> {
    let account = bucket.name.rsplit('-').next().unwrap_or_default();
    let role = |name: &str| Some(format!("arn:aws:iam::{account}:role/{name}"));
    let mut all = vec![
        (role("any"), "s3:PutBucketPolicy", true, true),
        (role("any"), "s3:GetObject", true, false),
        (role("any"), "s3:PutObject", true, false),
        (Some("arn:aws:iam::999999999999:role/any".to_owned()), "s3:GetObject", true, false),
        (None, "s3:GetObject", true, false),
    ];
    let root = || Some(format!("arn:aws:iam::{account}:root"));
    for action in ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"] {
        all.push((root(), action, true, true));
        all.push((root(), action, false, false));
    }
    let writes = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:PutObjectTagging", "s3:ReplicateObject"];
    let never = ["s3:DeleteObjectVersion", "s3:BypassGovernanceRetention", "s3:PutObjectRetention", "s3:PutObjectLegalHold"];
    let copies = (!bucket.copy.is_empty()).then(|| {
        format!(
            "{}-bucket-copier",
            bucket.readers.iter().chain(&bucket.writers).next().map_or("", |role| role.split('.').next().unwrap_or_default())
        )
    });
    let readers = bucket.readers.iter().chain(&copies).map(|name| (name, false));
    let makes = (!bucket.from.is_empty()).then_some(&bucket.from);
    for (name, may) in readers.chain(bucket.writers.iter().chain(makes).map(|name| (name, true))) {
        all.push((role(name), "s3:GetObject", true, true));
        all.push((role(name), "s3:GetObject", false, false));
        all.extend(writes.map(|action| (role(name), action, true, may)));
        all.extend(never.map(|action| (role(name), action, true, false)));
    }
    all
}

/// The role that copies: it reads the buckets that have a copy, writes their copies, and can do nothing else.
fn copier(wanted: &Buckets, planned: &Value) -> Result<Vec<Fault>, String> {
    let address = "aws_iam_role_policy.copier".to_owned();
    let text = list(planned).iter().find(|resource| resource["address"] == address[..]).map(|policy| words(&policy["after"]["policy"]));
    let copied: Vec<&Wanted> = wanted.values().filter(|bucket| !bucket.copy.is_empty()).collect();
    let Some(text) = text else {
        let lacks = (!copied.is_empty()).then(|| (address, "buckets.toml has a copy, and the root no role that makes it".to_owned()));
        return Ok(lacks.into_iter().collect());
    };
    let policy: Value = serde_json::from_str(&text).map_err(|error| format!("{address}: {error}"))?;
    let mut found = Vec::new();
    let sources: BTreeSet<&str> = copied.iter().map(|bucket| &bucket.name[..]).collect();
    let copies: BTreeSet<&str> = copied.iter().map(|bucket| &bucket.copy[..]).collect();
    let others = wanted.values().map(|bucket| &bucket.name[..]).chain(["another"]);
    for name in sources.iter().chain(&copies).copied().chain(others).collect::<BTreeSet<_>>() {
        let (bucket, object) = (format!("arn:aws:s3:::{name}"), format!("arn:aws:s3:::{name}/a"));
        let (reads, writes) = (sources.contains(name), copies.contains(name));
        let rows = [
            ("s3:GetReplicationConfiguration", &bucket, reads),
            ("s3:ListBucket", &bucket, reads),
            ("s3:GetObjectVersionForReplication", &object, reads),
            ("s3:GetObjectVersionTagging", &object, reads),
            ("s3:GetObjectRetention", &object, reads),
            ("s3:ReplicateObject", &object, writes),
            ("s3:ReplicateTags", &object, writes),
            ("s3:ReplicateDelete", &object, false),
            ("s3:GetObject", &object, false),
            ("s3:PutObject", &object, false),
            ("s3:DeleteObject", &object, false),
            ("s3:DeleteObjectVersion", &object, false),
            ("s3:PutBucketPolicy", &bucket, false),
        ];
        for (action, resource, may) in rows {
            if passes(&policy, action, resource, &[])? != may {
                found.push((address.clone(), format!("{} {action} on {resource}", if may { "can't do" } else { "can do" })));
            }
        }
    }
    for bucket in copied {
        for (name, action, may) in [
            (&bucket.name, "kms:Decrypt", true),
            (&bucket.copy, "kms:Encrypt", true),
            (&bucket.copy, "kms:Decrypt", false),
            (&bucket.name, "kms:Encrypt", false),
        ] {
            found.extend(uses_key(&policy, action, name, may)?.map(|why| (address.clone(), why)));
        }
    }
    Ok(found)
}

/// Whether a policy lets S3 use the key of a bucket for it, and for nothing else; why not.
fn uses_key(policy: &Value, action: &str, name: &str, may: bool) -> Result<Option<String>, String> {
    let mut parts = name.split('-').collect::<Vec<_>>();
    let account = parts.pop().unwrap_or_default();
    let region = parts.split_off(parts.len().saturating_sub(3)).join("-");
    // The names of the platform and of the environment have no hyphen in the specs.
    parts.truncate(2);
    let alias = format!("alias/{}-{region}-data", parts.join("-"));
    let (key, service, object) =
        (format!("arn:aws:kms:{region}:{account}:key/1"), format!("s3.{region}.amazonaws.com"), format!("arn:aws:s3:::{name}"));
    let whole = [("kms:ViaService", &service[..]), ("kms:EncryptionContext:aws:s3:arn", &object), ("kms:ResourceAliases", &alias)];
    if passes(policy, action, &key, &whole)? != may {
        return Ok(Some(format!("{} {action} for {name}", if may { "can't do" } else { "can do" })));
    }
    for at in 0..whole.len() {
        let mut changed = whole;
        changed[at].1 = "another";
        if passes(policy, action, &key, &changed)? {
            return Ok(Some(format!("can do {action} for {name} with another {}", whole[at].0)));
        }
    }
    Ok(None)
}

/// The rights that a cluster root gives to buckets.
fn rights<'w>(wanted: impl Iterator<Item = &'w Wanted>, planned: &Value) -> Result<Vec<Fault>, String> {
    let roles: BTreeMap<String, String> = list(planned)
        .iter()
        .filter(|resource| words(&resource["address"]).starts_with("aws_iam_role.identity["))
        .filter_map(|role| Some((words(&role["address"]).split('"').nth(1)?.to_owned(), words(&role["after"]["name"]))))
        .collect();
    let mut found = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let wanted: Vec<&Wanted> = wanted.collect();
    for key in keys(planned, "aws_iam_role_policy") {
        let Some(after) = instance(planned, "aws_iam_role_policy", "buckets", &key) else { continue };
        let address = format!("aws_iam_role_policy.buckets[\"{key}\"]");
        let policy: Value = serde_json::from_str(&words(&after["policy"])).map_err(|error| format!("{address}: {error}"))?;
        let role = roles.get(&key).cloned().unwrap_or_default();
        for bucket in &wanted {
            let (reads, writes) = (bucket.readers.contains(&role) || bucket.writers.contains(&role), bucket.writers.contains(&role));
            let (whole, object) = (format!("arn:aws:s3:::{}", bucket.name), format!("arn:aws:s3:::{}/a", bucket.name));
            let rows = [
                ("s3:ListBucket", &whole, reads),
                ("s3:GetObject", &object, reads),
                ("s3:PutObject", &object, writes),
                ("s3:DeleteObject", &object, writes),
                ("s3:AbortMultipartUpload", &object, writes),
                ("s3:DeleteObjectVersion", &object, false),
                ("s3:PutObjectRetention", &object, false),
                ("s3:BypassGovernanceRetention", &object, false),
                ("s3:PutBucketPolicy", &whole, false),
                ("s3:DeleteBucket", &whole, false),
            ];
            for (action, resource, may) in rows {
                if passes(&policy, action, resource, &[])? != may {
                    found.push((address.clone(), format!("{} {action} on {resource}", if may { "can't do" } else { "can do" })));
                }
            }
            for (action, may) in [("kms:Decrypt", reads), ("kms:GenerateDataKey", writes), ("kms:ScheduleKeyDeletion", false)] {
                found.extend(uses_key(&policy, action, &bucket.name, may)?.map(|why| (address.clone(), why)));
            }
        }
        for statement in list(&policy["Statement"]) {
            if texts(&statement["Resource"]).iter().any(|resource| resource == "*") {
                found.push((address.clone(), "a statement is about everything".to_owned()));
            }
        }
        seen.insert(role);
    }
    let own: BTreeSet<&String> = roles.values().collect();
    for role in wanted.iter().flat_map(|bucket| bucket.readers.iter().chain(&bucket.writers)).filter(|role| !seen.contains(*role)) {
        if own.contains(role) || own.is_empty() {
            found.push(("aws_iam_role_policy.buckets".to_owned(), format!("{role} has no right to a bucket")));
        } else {
            found.push(("aws_iam_role.identity".to_owned(), format!("{role} is used by a bucket, and is no role here")));
        }
    }
    Ok(found)
}

/// A small data root without faults: a bucket with a copy.
fn whole() -> Vec<Value> {
    let resource = |kind: &str, at: &str, after: Value| json!({"type": kind, "address": format!("{kind}.{at}"), "after": after});
    let own = |kind: &str, after: Value| resource(kind, "this[\"a\"]", after);
    let (bucket, objects) = ("arn:aws:s3:::p-e-a-eu-west-1-1", "arn:aws:s3:::p-e-a-eu-west-1-1/*");
    let role = |name: &str| format!("arn:aws:iam::1:role/{name}");
    let (reader, writer, copier, root) = (role("p-e.s.r"), role("p-e.s.w"), role("p-e-bucket-copier"), "arn:aws:iam::1:root".to_owned());
    let deny = |what: (&str, Value), resource: Value, condition: Value| {
        let mut statement = json!({"Effect": "Deny", "Principal": "*", "Resource": resource, "Condition": condition});
        statement[what.0] = what.1;
        statement
    };
    let but = |who: &[&String]| json!({"ArnNotLike": {"aws:PrincipalArn": who}});
    let policy = json!({"Statement": [
        deny(("Action", json!("s3:*")), json!([bucket, objects]), json!({"Bool": {"aws:SecureTransport": "false"}})),
        deny(("Action", json!("s3:*")), json!(objects), but(&[&reader, &writer, &copier, &root])),
        deny(("NotAction", json!("s3:GetObject*")), json!(objects), but(&[&writer, &root])),
        deny(("Action", json!(["s3:BypassGovernanceRetention", "s3:DeleteObjectVersion", "s3:PutObjectLegalHold", "s3:PutObjectRetention"])), json!(objects), but(&[&root])),
    ]});
    let key = |action: &str, region: &str, name: &str| {
        json!({"Effect": "Allow", "Action": [action], "Resource": [format!("arn:aws:kms:{region}:1:key/*")], "Condition": {
            "StringEquals": {"kms:ViaService": format!("s3.{region}.amazonaws.com")},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": [format!("arn:aws:s3:::{name}")]},
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": format!("alias/p-e-{region}-data")},
        }})
    };
    let copies = json!({"Statement": [
        {"Effect": "Allow", "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"], "Resource": [bucket]},
        {"Effect": "Allow", "Action": ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging", "s3:GetObjectRetention"], "Resource": [objects]},
        {"Effect": "Allow", "Action": ["s3:ReplicateObject", "s3:ReplicateTags"], "Resource": ["arn:aws:s3:::p-e-a-eu-north-1-1/*"]},
        key("kms:Decrypt", "eu-west-1", "p-e-a-eu-west-1-1"),
        key("kms:Encrypt", "eu-north-1", "p-e-a-eu-north-1-1"),
    ]});
    let enabled = json!([{"status": "Enabled"}]);
    vec![
        own("aws_s3_bucket", json!({"bucket": "p-e-a-eu-west-1-1", "force_destroy": false, "object_lock_enabled": true})),
        own("aws_s3_bucket_versioning", json!({"versioning_configuration": enabled})),
        own("aws_s3_bucket_object_lock_configuration", json!({"rule": [{"default_retention": [{"mode": "COMPLIANCE", "days": 35}]}]})),
        own(
            "aws_s3_bucket_server_side_encryption_configuration",
            json!({"rule": [{"bucket_key_enabled": true, "apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms"}]}]}),
        ),
        own(
            "aws_s3_bucket_public_access_block",
            json!({"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}),
        ),
        own("aws_s3_bucket_ownership_controls", json!({"rule": [{"object_ownership": "BucketOwnerEnforced"}]})),
        own(
            "aws_s3_bucket_lifecycle_configuration",
            json!({"rule": [{"noncurrent_version_expiration": [{"noncurrent_days": 35}]}, {"expiration": [{"days": 71}]}]}),
        ),
        own("aws_s3_bucket_policy", json!({"policy": policy.to_string()})),
        own(
            "aws_s3_bucket_replication_configuration",
            json!({"rule": [{
                "status": "Enabled", "delete_marker_replication": [{"status": "Disabled"}],
                "source_selection_criteria": [{"sse_kms_encrypted_objects": enabled}],
                "destination": [{"bucket": "arn:aws:s3:::p-e-a-eu-north-1-1", "encryption_configuration": [{"replica_kms_key_id": "arn:aws:kms:eu-north-1:1:alias/p-e-eu-north-1-data"}]}],
            }]}),
        ),
        resource("aws_iam_role_policy", "copier", json!({"policy": copies.to_string()})),
    ]
}

/// Each fault of a small plan is found.
pub fn prove() -> Result<(), String> {
    let known = table(
        "[s.e.eu-west-1.a]\nname = \"p-e-a-eu-west-1-1\"\nreaders = [\"p-e.s.r\"]\nwriters = [\"p-e.s.w\"]\nlock = \"COMPLIANCE 35\"\ncopy = \"p-e-a-eu-north-1-1\"\n",
    )?;
    let found = |plan: &[Value]| -> Result<usize, String> {
        let planned = Value::from(plan.to_vec());
        Ok(faults(&planned)?.len() + users(&known, "s", "deploy/terraform/e/eu-west-1/data", &planned)?.len())
    };
    if found(&whole())? != 0 {
        let planned = Value::from(whole());
        return Err(format!("{:?} {:?}", faults(&planned)?, users(&known, "s", "deploy/terraform/e/eu-west-1/data", &planned)?));
    }
    // Another value at a pointer below a resource's values, by the number of the resource above.
    let changes: [(usize, &str, Value); 15] = [
        (0, "/force_destroy", json!(true)),
        (0, "/object_lock_enabled", json!(false)),
        (1, "/versioning_configuration/0/status", json!("Suspended")),
        (2, "/rule/0/default_retention/0/mode", json!("GOVERNANCE")),
        (2, "/rule/0/default_retention/0/days", json!(36)),
        (3, "/rule/0/bucket_key_enabled", json!(false)),
        (3, "/rule/0/apply_server_side_encryption_by_default/0/sse_algorithm", json!("AES256")),
        (4, "/block_public_policy", json!(false)),
        (5, "/rule/0/object_ownership", json!("ObjectWriter")),
        (6, "/rule/0/noncurrent_version_expiration/0/noncurrent_days", json!(34)),
        (6, "/rule/1/expiration/0/days", json!(70)),
        (8, "/rule/0/delete_marker_replication/0/status", json!("Enabled")),
        (8, "/rule/0/destination/0/bucket", json!("arn:aws:s3:::p-e-a-eu-west-1-1")),
        (8, "/rule/0/source_selection_criteria/0/sse_kms_encrypted_objects/0/status", json!("Disabled")),
        (8, "/rule/0/status", json!("Disabled")),
    ];
    for (at, pointer, value) in changes {
        let mut plan = whole();
        *plan[at]["after"].pointer_mut(pointer).ok_or(pointer)? = value;
        if found(&plan)? == 0 {
            return Err(format!("{} {pointer} is not noticed", plan[at]["address"]));
        }
    }
    for at in 0..whole().len() {
        let mut plan = whole();
        let gone = plan.remove(at);
        if found(&plan)? == 0 {
            return Err(format!("without {} nothing is noticed", gone["address"]));
        }
    }
    // A statement less, or a right more, in each policy.
    for at in [7, 9] {
        let text = words(&whole()[at]["after"]["policy"]);
        let document: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let count = list(&document["Statement"]).len();
        for statement in 0..=count {
            let (mut plan, mut document) = (whole(), document.clone());
            let statements = document["Statement"].as_array_mut().ok_or("no statements")?;
            if statement < count {
                statements.remove(statement);
            } else if at == 7 {
                statements[1]["Condition"]["ArnNotLike"]["aws:PrincipalArn"] = json!(["arn:aws:iam::1:*"]);
            } else {
                statements[2]["Action"] = json!(["s3:*"]);
            }
            plan[at]["after"]["policy"] = document.to_string().into();
            if found(&plan)? == 0 {
                return Err(format!("the policy {} without its statement {statement} is not noticed", plan[at]["address"]));
            }
        }
    }
    Ok(())
}
