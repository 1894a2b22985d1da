//! Presence: every namespace of the model with its guards.

use super::Finding;
use super::compare::expect;
use super::context::{GATEWAYS, RegionContext};
use platgen::inventory::Object;
use platgen::model::{Namespace, PodSecurityLevel};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let mut guards: BTreeMap<(&str, &str), Vec<&Object>> = BTreeMap::new();
    for kind in ["ResourceQuota", "LimitRange"] {
        for object in context.inventory.of_kind(kind).filter(|object| !context.is_by_hand(object)) {
            guards.entry((kind, &object.namespace)).or_default().push(object);
        }
    }
    for namespace in context.platform.namespaces_in(context.region) {
        let name = namespace.name.as_str();
        match context.inventory.get("Namespace", "", name) {
            None => {
                found.push(context.about("wrong-namespace", &format!("Namespace/{name}"), format!("the namespace `{name}` is not there")))
            }
            Some(object) => standards(context, namespace, object, found),
        }
        for (kind, place, wanted) in [("ResourceQuota", "/spec/hard", quota(namespace)), ("LimitRange", "/spec/limits", limits())] {
            match guards.get(&(kind, name)).map_or(&[][..], Vec::as_slice) {
                // Without an amount there is nothing to limit.
                [] if wanted == json!({}) => (),
                [one] => expect(context, found, "wrong-namespace", one, place, &wanted),
                all => {
                    let message =
                        format!("the namespace `{name}` has {} objects of the kind `{kind}`, where there is to be one", all.len());
                    found.push(context.about("wrong-namespace", &format!("{kind}/{name}/*"), message));
                }
            }
        }
        match context.inventory.get("ServiceAccount", name, "default") {
            Some(account) => expect(context, found, "wrong-namespace", account, "/automountServiceAccountToken", &json!(false)),
            None => {
                let message = format!("the default account of the namespace `{name}` is left as the cluster makes it, with a token");
                found.push(context.about("wrong-namespace", &format!("ServiceAccount/{name}/default"), message));
            }
        }
    }
}

fn standards(context: &RegionContext, namespace: &Namespace, object: &Object, found: &mut Vec<Finding>) {
    let level = match namespace.pod_security {
        PodSecurityLevel::Restricted => "restricted",
        PodSecurityLevel::Baseline => "baseline",
        PodSecurityLevel::Privileged => "privileged",
    };
    let version = format!("v{}", context.region.cluster.version);
    let mut wanted = vec![("platgen.io/platform".to_owned(), context.platform.name.to_string())];
    for mode in ["enforce", "warn", "audit"] {
        wanted.push((format!("pod-security.kubernetes.io/{mode}"), level.to_owned()));
        wanted.push((format!("pod-security.kubernetes.io/{mode}-version"), version.clone()));
    }
    for (key, value) in wanted {
        expect(context, found, "wrong-namespace", object, &format!("/metadata/labels/{}", key.replace('/', "~1")), &json!(value));
    }
}

fn quota(namespace: &Namespace) -> Value {
    let quota = &namespace.quota;
    // Load balancers lead to the proxies of Gateways, and to nothing else.
    let closed: &[&str] = if namespace.name.as_str() == GATEWAYS { &[] } else { &["services.loadbalancers", "services.nodeports"] };
    let mut hard: Map<String, Value> = closed.iter().map(|key| ((*key).to_owned(), json!("0"))).collect();
    let amounts = [
        ("requests.cpu", &quota.cpu),
        ("requests.memory", &quota.memory),
        ("limits.memory", &quota.memory),
        ("requests.storage", &quota.storage),
    ];
    hard.extend(amounts.into_iter().filter_map(|(key, amount)| Some((key.to_owned(), json!(amount.as_ref()?.canonical())))));
    Value::Object(hard)
}

/// What a container without requests of its own takes.
fn limits() -> Value {
    json!([{"type": "Container", "default": {"memory": "128Mi"}, "defaultRequest": {"cpu": "100m", "memory": "128Mi"}}])
}
