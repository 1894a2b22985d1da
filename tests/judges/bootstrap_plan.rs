//! Properties of a planned bootstrap root, read from its plan: each region that holds a state has a bucket with everything that belongs to it, and nobody
//! but its users reaches a state. A difference is a finding of tfcheck's rule `bootstrap`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::iam::{Request, allows};
use super::judge::{Fault, list, words};

/// What belongs to a region with a state.
const PARTS: [&str; 9] = [
    "aws_kms_alias",
    "aws_kms_key",
    "aws_s3_bucket",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
];

/// Everything that is wrong with a planned bootstrap root: the object, and why.
pub fn faults(planned: &Value) -> Result<Vec<Fault>, String> {
    let mut found: Vec<Fault> = Vec::new();
    let mut regions: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for part in PARTS {
        for resource in list(planned).iter().filter(|resource| resource["type"] == part) {
            let region = words(&resource["address"]).split('"').nth(1).unwrap_or_default().to_owned();
            if resource["after"]["region"] != region.as_str() {
                found.push((words(&resource["address"]), "it is in another region than its key says".to_owned()));
            }
            regions.entry(region).or_default().insert(part);
        }
    }
    if regions.is_empty() {
        found.push(("aws_s3_bucket.state".to_owned(), "no region has a bucket".to_owned()));
    }
    for (region, parts) in &regions {
        for part in PARTS.iter().filter(|part| !parts.contains(*part)) {
            found.push((format!("{part}.state[\"{region}\"]"), "the region lacks it".to_owned()));
        }
    }
    for bucket in list(planned).iter().filter(|resource| resource["type"] == "aws_s3_bucket") {
        let (address, name) = (words(&bucket["address"]), words(&bucket["after"]["bucket"]));
        let policy = list(planned).iter().find(|one| words(&one["address"]) == address.replace("aws_s3_bucket.", "aws_s3_bucket_policy."));
        let text = policy.map(|policy| words(&policy["after"]["policy"])).unwrap_or_default();
        let mut document: Value = serde_json::from_str(&text).map_err(|error| format!("{address}: {error}"))?;
        // Rights come from the policies of identities: here, everybody has all of them, so that the refusals alone decide.
        if let Some(statements) = document["Statement"].as_array_mut() {
            statements.push(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
        }
        let account = name.rsplit('-').next().unwrap_or_default();
        for (who, action, below, secure, wanted) in requests(account) {
            let resource = format!("arn:aws:s3:::{name}{below}");
            let mut context = vec![("aws:SecureTransport", if secure { "true" } else { "false" })];
            context.extend(who.as_deref().map(|who| ("aws:PrincipalArn", who)));
            if allows(&document, &Request { action, resource: &resource, context: &context })? != wanted {
                let who = who.as_deref().unwrap_or("a service");
                let verb = if wanted { "can't do" } else { "can do" };
                found.push((address.clone(), format!("{who} {verb} {action} on {resource}, TLS: {secure}")));
            }
        }
    }
    Ok(found)
}

/// Requests: who, what, on what of a bucket, whether over TLS, and whether the bucket lets it pass.
fn requests(account: &str) -> Vec<(Option<String>, &'static str, &'static str, bool, bool)> {
    let root = || Some(format!("arn:aws:iam::{account}:root"));
    let other = || Some("arn:aws:iam::999999999999:role/admin".to_owned());
    vec![
        (root(), "s3:GetObject", "/a", true, true),
        (root(), "s3:PutObject", "/a", true, true),
        (root(), "s3:DeleteObjectVersion", "/a", true, true),
        (root(), "s3:GetObject", "/a", false, false),
        (root(), "s3:ListBucket", "", false, false),
        (other(), "s3:GetObject", "/a", true, false),
        (other(), "s3:PutObject", "/a", true, false),
        (None, "s3:GetObject", "/a", true, false),
        // Whoever administers the account can mend the policy: the bucket is never locked.
        (Some(format!("arn:aws:iam::{account}:role/any")), "s3:PutBucketPolicy", "", true, true),
    ]
}

/// Each fault of a small plan is found.
pub fn prove() -> Result<(), String> {
    let deny = |action: &str, resource: Value, condition: Value| json!({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource, "Condition": condition});
    let (bucket, objects) = ("arn:aws:s3:::states-1", "arn:aws:s3:::states-1/*");
    let users = json!({"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::1:role/admin", "arn:aws:iam::1:root"]}});
    let secure = deny("s3:*", json!([bucket, objects]), json!({"Bool": {"aws:SecureTransport": "false"}}));
    let own = deny("s3:*", json!(objects), users.clone());
    let plan = |statements: Vec<&Value>| -> Vec<Value> {
        let resource = |part: &&str| {
            let mut after = json!({"region": "a", "bucket": "states-1"});
            if *part == "aws_s3_bucket_policy" {
                after["policy"] = json!({"Statement": statements}).to_string().into();
            }
            json!({"type": part, "address": format!("{part}.state[\"a\"]"), "after": after})
        };
        PARTS.iter().map(resource).collect()
    };
    let whole = plan(vec![&secure, &own]);
    let mut elsewhere = whole.clone();
    elsewhere[1]["after"]["region"] = "b".into();
    let locked = deny("s3:*", json!([bucket, objects]), users);
    let cases: [(Vec<Value>, usize); 7] = [
        (whole.clone(), 0),
        (vec![], 1),
        (whole[1..].to_vec(), 1),
        (elsewhere, 1),
        (plan(vec![&own]), 2),
        (plan(vec![&secure]), 3),
        (plan(vec![&secure, &locked]), 1),
    ];
    for (plan, wanted) in cases {
        let found = faults(&plan.into())?;
        if found.len() != wanted {
            return Err(format!("found {found:?}, wanted {wanted}"));
        }
    }
    Ok(())
}
