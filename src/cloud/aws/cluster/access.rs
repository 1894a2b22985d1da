//! Who may sign in to the cluster.

use serde::Serialize;

use crate::model::Platform;

/// A group of people: a permission set of IAM Identity Center, which is a role in the account.
#[derive(Serialize)]
pub(super) struct Group<'a> {
    /// The permission set, and the group that the role bindings of Kubernetes name.
    id: &'a str,
    /// A regular expression of the role's name, whose end Identity Center chooses.
    role: String,
}

/// Every group, once.
pub(super) fn groups(platform: &Platform) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = platform.groups.iter().map(|group| Group { id: &group.id, role: pattern(&group.id) }).collect();
    groups.sort_by(|a, b| a.id.cmp(b.id));
    groups.dedup_by(|a, b| a.id == b.id);
    groups
}

fn pattern(id: &str) -> String {
    let escaped: String = id
        .chars()
        .flat_map(|char| (!char.is_alphanumeric() && char != '-' && char != '_').then_some('\\').into_iter().chain([char]))
        .collect();
    format!("^AWSReservedSSO_{escaped}_[0-9a-f]{{16}}$")
}
