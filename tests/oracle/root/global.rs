//! The global root: the zone is the domain's where the environment makes it, and the alarms watch the account that it leads.

use super::super::Finding;
use super::Root;
use serde_json::{Value, json};

pub(super) fn judge(root: &Root, found: &mut Vec<Finding>) {
    let platform = root.platform;
    let domain = if platform.zone.is_some() { json!(platform.domain.as_str()) } else { Value::Null };
    let name = format!("{}-{}", platform.name, platform.environment);
    for (local, wanted) in [("name", json!(name)), ("account", json!(root.account)), ("domain", domain), ("home", json!("us-east-1"))] {
        let (file, has) = root.local(local);
        root.expect(found, "wrong-global", (&format!("local.{local}"), file), has, &wanted);
    }
    for (kind, wanted) in [
        ("aws_route53_zone", platform.zone.is_some()),
        ("aws_iam_account_password_policy", platform.leads_account),
        ("aws_sns_topic", platform.leads_account),
    ] {
        let count = root.blocks("resource", &[kind]).count();
        if count != usize::from(wanted) {
            let message = format!("{count} resources are `{kind}`, where there should be {}", usize::from(wanted));
            found.push(root.finding("wrong-global", kind, "", message));
        }
    }
}
