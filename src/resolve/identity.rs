//! `identity`: the rights of an app in the cloud.

use super::EnvironmentResolver;
use crate::diagnostic::{Code, Diagnostic};
use crate::provider::Provider;
use crate::spec::{App, Identity};
use crate::syntax::Field;

/// Policies and roles, by the last part of their name, that let an app change everything or give itself any right.
const BROAD: [(Provider, &[&str]); 3] = [
    (Provider::Aws, &["AdministratorAccess", "IAMFullAccess", "PowerUserAccess"]),
    (Provider::Google, &["editor", "iam.securityAdmin", "owner", "resourcemanager.projectIamAdmin"]),
    (Provider::Azure, &["Contributor", "Owner", "Role Based Access Control Administrator", "User Access Administrator"]),
];

/// The longest name of a policy on AWS.
const NAME: usize = 128;

impl EnvironmentResolver<'_> {
    /// The policies of an app on a provider. Reports names that no policy has, and broad ones without a reason.
    pub(super) fn policies(&mut self, app: &App, provider: Provider) -> Vec<String> {
        let Some(identity) = app.identity.get() else { return Vec::new() };
        for (provider, broad) in BROAD {
            for (name, at) in of(identity, provider).items() {
                if !is_policy(name, provider) {
                    let message = format!("`{name}` is not {}", expected(provider));
                    let help = "name a policy or role that gives the app the rights that it needs";
                    self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
                } else if broad.contains(&name.rsplit('/').next().unwrap_or(name)) {
                    self.reason(
                        &identity.reason,
                        "reason",
                        &format!("`{name}` gives the app every right, or lets it take every right: `identity`"),
                        at,
                    );
                }
            }
        }
        if provider == Provider::Aws { identity.aws.values().cloned().collect() } else { Vec::new() }
    }
}

fn of(identity: &Identity, provider: Provider) -> &Field<Vec<Field<String>>> {
    match provider {
        Provider::Google => &identity.google,
        Provider::Azure => &identity.azure,
        Provider::Aws | Provider::Kind | Provider::Existing => &identity.aws,
    }
}

fn expected(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "a role of Google Cloud, such as `roles/storage.objectViewer`",
        Provider::Azure => "a role of Azure, such as `Storage Blob Data Reader`",
        Provider::Aws | Provider::Kind | Provider::Existing => {
            "the name or the ARN of an IAM policy, such as `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess`"
        }
    }
}

/// Whether a policy or role can have this name.
fn is_policy(name: &str, provider: Provider) -> bool {
    let word = |text: &str, more: &str| !text.is_empty() && text.chars().all(|one| one.is_ascii_alphanumeric() || more.contains(one));
    match provider {
        Provider::Google => {
            let parts: Vec<&str> = name.split('/').collect();
            let named = matches!(parts[..], ["roles", _] | ["projects" | "organizations", _, "roles", _]);
            named && parts.iter().all(|part| word(part, "-._:"))
        }
        Provider::Azure => word(name, " -._()/"),
        Provider::Aws | Provider::Kind | Provider::Existing => match name.strip_prefix("arn:") {
            Some(arn) => {
                let parts: Vec<&str> = arn.splitn(5, ':').collect();
                let path = |text: &str| text.strip_prefix("policy/").is_some_and(|path| word(path, "+=,.@_-/"));
                matches!(parts[..], [partition, "iam", "", account, policy] if word(partition, "-") && word(account, "") && path(policy))
            }
            None => name.len() <= NAME && word(name, "+=,.@_-"),
        },
    }
}
