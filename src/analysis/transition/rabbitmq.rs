//! Changes of a RabbitMQ store that its operator refuses or ignores.
//!
//! Source: `internal/controller/reconcile_scale_down.go` of the RabbitMQ Cluster Operator. RabbitMQ makes its user at the first start of the first server.

use super::Change;
use crate::inventory::Object;
use serde_json::Value;

const REPLICAS: &str = "/spec/replicas";

/// What the name of the Secret of the user has after that of the store.
const SECRET: &str = "-default-user";

/// The name of the user, in the ExternalSecret.
const USER: &str = "/spec/target/template/data/username";

/// The changes of a RabbitmqCluster that is there before and after.
pub(super) fn changes(old: &Object, new: &Object) -> Option<Change> {
    let servers = |object: &Object| object.at(REPLICAS).and_then(Value::as_u64).unwrap_or(1);
    let (from, to) = (servers(old), servers(new));
    (to < from).then_some(Change::Fewer { from, to })
}

/// The change of an ExternalSecret that is there before and after, if it is that of the user.
pub(super) fn user(old: &Object, new: &Object) -> Option<Change> {
    let store = old
        .name
        .strip_suffix(SECRET)
        .filter(|_| old.kind == "ExternalSecret" && old.at("/spec/target/template/data/default_user.conf").is_some())?;
    let (from, to) = (old.text(USER), new.text(USER));
    (from != to).then(|| Change::OtherUser { store: store.to_owned(), from: from.to_owned(), to: to.to_owned() })
}
