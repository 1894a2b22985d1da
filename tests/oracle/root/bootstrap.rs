//! The bootstrap root: every region that holds a state has a bucket, and nobody but administrators and pipelines uses it.

use std::collections::BTreeMap;

use super::super::Finding;
use super::Root;
use platgen::model::{GroupRole, Subjects};
use platgen::provider::Provider;
use serde_json::json;

pub(super) fn judge(root: &Root, found: &mut Vec<Finding>) {
    let (platform, account) = (root.platform, root.account);
    let regions = platform.regions.values().filter(|region| region.provider == Provider::Aws).map(|region| region.name.as_str());
    let buckets = platform.buckets.values();
    let data = buckets.flat_map(|bucket| [Some(&bucket.region), bucket.copy.as_ref().map(|copy| &copy.region)]).flatten();
    let states: BTreeMap<&str, serde_json::Value> = regions
        .chain(data.map(|region| region.as_str()))
        .chain([root.home()])
        .map(|region| (region, json!({"bucket": platform.state_bucket(account, region)})))
        .collect();
    let text = |name: &str, wanted: serde_json::Value, found: &mut Vec<Finding>| {
        let (file, has) = root.local(name);
        root.expect(found, "wrong-bootstrap", (&format!("local.{name}"), file), has, &wanted);
    };
    text("name", json!(format!("{}-{}", platform.name, platform.environment)), found);
    text("account", json!(account), found);
    text("states", json!(states), found);
    text("state_key", json!(platform.state_key()), found);
    identities(root, found);
    // After the apply is too late: whoever ran it could not read the states any more.
    for (file, policy) in root.blocks("resource", &["aws_s3_bucket_policy"]) {
        if policy.inside("lifecycle").flat_map(|lifecycle| lifecycle.inside("precondition")).next().is_none() {
            let message = "anybody may apply it, and be locked out".to_owned();
            found.push(root.finding("wrong-bootstrap", &policy.labels.join("."), file, message));
        }
    }
    // The root user, and each group of administrators; without a group, everyone in the account.
    let (file, has) = root.local("administrators");
    let admins: Vec<&str> = platform
        .groups
        .iter()
        .filter(|group| group.role == GroupRole::Admin && group.namespaces.is_empty())
        .map(|group| group.id.as_str())
        .collect();
    let has: Vec<&str> = has.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
    let own = format!("arn:aws:iam::{account}:");
    let fits = |one: &&str| {
        let Some(rest) = one.strip_prefix(&own) else { return false };
        let role = rest
            .strip_prefix("role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_")
            .and_then(|name| name.strip_suffix("_????????????????"));
        rest == "root" || if admins.is_empty() { rest == "*" } else { role.is_some_and(|name| admins.contains(&name)) }
    };
    if !has.iter().all(fits) || !has.iter().any(|one| one.ends_with(":root")) || has.len() != admins.len().max(1) + 1 {
        found.push(root.finding(
            "wrong-bootstrap",
            "local.administrators",
            file,
            "others than the administrators use the states".to_owned(),
        ));
    }
}

/// The identities of pipelines: the tokens of the repository's own jobs, and the regions and roles of the environment.
fn identities(root: &Root, found: &mut Vec<Finding>) {
    let (platform, account) = (root.platform, root.account);
    let name = format!("{}-{}", platform.name, platform.environment);
    let Some(pipelines) = &platform.pipelines else {
        for (file, role) in root.blocks("resource", &["aws_iam_role"]) {
            let message = "nothing in the spec asks for a role of pipelines".to_owned();
            found.push(root.finding("wrong-bootstrap", &role.labels.join("."), file, message));
        }
        return;
    };
    let claim = |claim: &str| format!("{}:{claim}", pipelines.issuer);
    let mut apply = json!({"StringEquals": {claim("aud"): ["sts.amazonaws.com"], claim("sub"): [pipelines.applier]}});
    if let Some(reference) = &pipelines.reference {
        apply["StringEquals"][claim("ref")] = json!([reference]);
    }
    let mut plan = json!({"StringEquals": {claim("aud"): ["sts.amazonaws.com"]}});
    match &pipelines.planners {
        Subjects::Exactly(subjects) => plan["StringEquals"][claim("sub")] = json!(subjects),
        Subjects::Like(pattern) => plan["StringLike"] = json!({claim("sub"): [pattern]}),
    }
    let on_aws = || platform.regions.values().filter(|region| region.provider == Provider::Aws).map(|region| region.name.as_str());
    let region = |region: &str| {
        let own = format!("{name}-{region}");
        let start = own.get(..55).unwrap_or(&own).trim_end_matches('-');
        let administrator = platform.regions[region].administrator_role();
        (region.to_owned(), json!({"name": own, "roles": format!("arn:aws:iam::{account}:role/{start}*"), "administrator": administrator}))
    };
    let regions: serde_json::Map<String, serde_json::Value> = on_aws().map(region).collect();
    // Where zones log their queries and the console its sign-ins.
    let home = (platform.zone.is_some() || platform.leads_account).then_some("us-east-1");
    let mut buckets: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for bucket in platform.buckets.values() {
        buckets.entry(bucket.region.as_str()).or_default().push(bucket.id.clone());
    }
    for copy in platform.buckets.values().filter_map(|bucket| bucket.copy.as_ref()) {
        buckets.entry(copy.region.as_str()).or_default().push(copy.id.clone());
    }
    let elsewhere = buckets.keys().filter(|region| !platform.regions.contains_key(**region));
    let keys: BTreeMap<&str, String> = elsewhere.map(|region| (*region, format!("{name}-{region}-data"))).collect();
    let copied = platform.buckets.values().any(|bucket| bucket.copy.is_some());
    let copiers: Vec<String> =
        buckets.keys().filter(|_| copied).map(|region| format!("arn:aws:iam::{account}:role/{name}-{region}-bucket-copier")).collect();
    let any = |value: serde_json::Value| if buckets.is_empty() { serde_json::Value::Null } else { value };
    let allowed: std::collections::BTreeSet<&str> = on_aws().chain(buckets.keys().copied()).chain([root.home()]).chain(home).collect();
    for (local, wanted) in [
        ("environment", json!(platform.environment.as_str())),
        ("issuer", json!(pipelines.issuer)),
        ("boundary", json!(format!("{name}-boundary"))),
        (
            "pipelines",
            json!({
                "apply": {"role": format!("{name}-pipeline-apply"), "tokens": apply},
                "plan": {"role": format!("{name}-pipeline-plan"), "tokens": plan},
            }),
        ),
        ("regions", regions.into()),
        ("buckets", any(json!(buckets))),
        ("copy_keys", if keys.is_empty() { serde_json::Value::Null } else { json!(keys) }),
        ("copiers", if copied { json!(copiers) } else { serde_json::Value::Null }),
        ("allowed_regions", json!(allowed)),
    ] {
        let (file, has) = root.local(local);
        root.expect(found, "wrong-bootstrap", (&format!("local.{local}"), file), has, &wanted);
    }
    let providers = root.blocks("resource", &["aws_iam_openid_connect_provider"]).count();
    if providers != usize::from(pipelines.makes_provider) {
        let message =
            format!("{providers} identity providers of pipelines, where there should be {}", usize::from(pipelines.makes_provider));
        found.push(root.finding("wrong-bootstrap", "aws_iam_openid_connect_provider", "", message));
    }
}
