//! The objects that apply to a whole namespace: quota, default limits, default account, and the policies that deny all traffic but DNS.

use serde::Serialize;

use super::metadata::{Account, Context, Metadata, OnlyMetadata, Texts};
use crate::model::{Addon, Namespace};
use crate::template::{TemplateError, render_yaml};
use crate::value::Cidr;
use crate::yaml::Document;

#[derive(Serialize)]
struct AllowDns<'m> {
    metadata: Metadata,
    name_servers: &'m [Cidr],
}

/// Quota, limits, the default account and the policies of a namespace.
pub(super) fn documents(context: &Context, namespace: &Namespace) -> Result<Vec<Document>, TemplateError> {
    #[derive(Serialize)]
    struct Quota {
        metadata: Metadata,
        hard: Texts,
    }
    #[derive(Serialize)]
    struct Limits {
        metadata: Metadata,
        cpu: String,
        memory: String,
    }
    let metadata = |name: &str| context.shared(namespace, name);
    let account = metadata("default");
    // Add-ons are there before the program that fetches the password of a registry, and their charts name public ones.
    let has_password = !context.platform.secrets_of(context.region, namespace).is_empty();
    let account = if has_password { Account::new(context, account) } else { Account::without_registry(account) };
    let mut documents = render_yaml("kubernetes/service-account.yaml.j2", &account)?;
    let quota = Quota { metadata: metadata("quota"), hard: hard(namespace) };
    if !quota.hard.is_empty() {
        documents.extend(render_yaml("kubernetes/resource-quota.yaml.j2", &quota)?);
    }
    let limits =
        Limits { metadata: metadata("limits"), cpu: namespace.default_cpu.canonical(), memory: namespace.default_memory.canonical() };
    documents.extend(render_yaml("kubernetes/limit-range.yaml.j2", &limits)?);
    documents.extend(render_yaml("kubernetes/default-deny.yaml.j2", &OnlyMetadata { metadata: metadata("default-deny") })?);
    documents.extend(render_yaml(
        "kubernetes/allow-dns.yaml.j2",
        &AllowDns { metadata: metadata("allow-dns"), name_servers: &context.region.cluster.name_servers },
    )?);
    Ok(documents)
}

/// The quota. It has no CPU limit, which would refuse every pod without one.
fn hard(namespace: &Namespace) -> Texts {
    // Only Gateways have load balancers, so that no app is reachable around them.
    let closed = ["services.loadbalancers", "services.nodeports"].map(|key| (key.to_owned(), "0".to_owned()));
    let mut hard = if namespace.name.as_str() == Addon::Gateway.namespace() { Texts::new() } else { Texts::from(closed) };
    let quota = &namespace.quota;
    let amounts = [
        ("requests.cpu", &quota.cpu),
        ("requests.memory", &quota.memory),
        ("limits.memory", &quota.memory),
        ("requests.storage", &quota.storage),
    ];
    for (key, amount) in amounts {
        if let Some(amount) = amount {
            hard.insert(key.to_owned(), amount.canonical());
        }
    }
    hard
}
