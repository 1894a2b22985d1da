//! The bootstrap root: every region that holds a state has a bucket, and nobody but administrators and pipelines uses it.

use std::collections::BTreeMap;

use super::super::Finding;
use super::Root;
use platgen::model::GroupRole;
use platgen::provider::Provider;
use serde_json::json;

pub(super) fn judge(root: &Root, found: &mut Vec<Finding>) {
    let (platform, account) = (root.platform, root.account);
    let regions = platform.regions.values().filter(|region| region.provider == Provider::Aws).map(|region| region.name.as_str());
    let states: BTreeMap<&str, serde_json::Value> =
        regions.chain([root.home()]).map(|region| (region, json!({"bucket": platform.state_bucket(account, region)}))).collect();
    let text = |name: &str, wanted: serde_json::Value, found: &mut Vec<Finding>| {
        let (file, has) = root.local(name);
        root.expect(found, "wrong-bootstrap", (&format!("local.{name}"), file), has, &wanted);
    };
    text("name", json!(format!("{}-{}", platform.name, platform.environment)), found);
    text("account", json!(account), found);
    text("states", json!(states), found);
    text("state_key", json!(platform.state_key()), found);
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
