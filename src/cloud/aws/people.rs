//! People as principals of AWS.

use crate::model::Platform;

/// Patterns of the principals that administer the account: groups of admins of every namespace. Without such a group, every identity of the account whose
/// own policies allow it.
pub(super) fn administrators(platform: &Platform, account: &str) -> Vec<String> {
    let admins = platform.groups.iter().filter(|group| group.administers());
    let hash = "?".repeat(16);
    let role = |id: &str| format!("arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{id}_{hash}");
    let mut all: Vec<String> = admins.map(|group| role(&group.id)).collect();
    all.sort();
    all.dedup();
    if all.is_empty() { vec![format!("arn:aws:iam::{account}:*")] } else { all }
}
