//! An ExternalSecret -> the Secret that it makes, and which value of the secret manager each entry comes from.

use crate::inventory::{Inventory, Object, references};
use crate::labels::IAM_ROLE;
use serde_json::Value;
use std::collections::BTreeMap;

/// A value of the secret manager.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Path {
    pub(super) path: String,
    /// The key of it; `None` for the whole value.
    pub(super) key: Option<String>,
}

/// What an ExternalSecret fetches.
pub(super) struct Fetched<'d> {
    pub(super) namespace: &'d str,
    /// The name of the Secret.
    pub(super) name: &'d str,
    /// `Secret/namespace/name`.
    pub(super) copy: String,
    pub(super) interval: &'d str,
    pub(super) account: Option<String>,
    pub(super) role: Option<String>,
    /// The values by entry of the Secret; all keys of a path are the entry without a name.
    pub(super) entries: BTreeMap<String, Vec<Path>>,
}

impl Fetched<'_> {
    /// The values behind an entry; behind all for an empty name.
    pub(super) fn paths(&self, entry: &str) -> impl Iterator<Item = &Path> {
        let is_read = move |name: &str| entry.is_empty() || name.is_empty() || name == entry;
        self.entries.iter().filter(move |(name, _)| is_read(name)).flat_map(|(_, paths)| paths)
    }
}

/// What an ExternalSecret fetches, and with whose identity.
pub(super) fn fetched<'d>(documents: &'d Inventory, object: &'d Object) -> Fetched<'d> {
    let named = object.text("/spec/target/name");
    let name = if named.is_empty() { object.name.as_str() } else { named };
    let account = account(documents, object);
    let role = account.and_then(|account| account.at("/metadata/annotations")?.get(IAM_ROLE)?.as_str());
    Fetched {
        namespace: &object.namespace,
        name,
        copy: format!("Secret/{}/{name}", object.namespace),
        interval: object.text("/spec/refreshInterval"),
        account: account.map(|account| format!("{}/{}", account.namespace, account.name)),
        role: role.map(str::to_owned),
        entries: entries(object),
    }
}

/// The service account of the store that an ExternalSecret names.
fn account<'d>(documents: &'d Inventory, object: &Object) -> Option<&'d Object> {
    let store = references(object).into_iter().find(|one| one.kind.ends_with("SecretStore"))?;
    let store = documents.get(&store.kind, &store.namespace, &store.name)?;
    let account = references(store).into_iter().find(|one| one.kind == "ServiceAccount")?;
    documents.get("ServiceAccount", &account.namespace, &account.name)
}

fn entries(object: &Object) -> BTreeMap<String, Vec<Path>> {
    let path = |reference: Option<&Value>| {
        let word = |key: &str| reference.and_then(|one| one.get(key)).and_then(Value::as_str).map(str::to_owned);
        Some(Path { path: word("key")?, key: word("property") })
    };
    let data = object.items("/spec/data").iter();
    let fetched: Vec<(&str, Path)> = data.filter_map(|one| Some((one.get("secretKey")?.as_str()?, path(one.get("remoteRef"))?))).collect();
    let mut all: BTreeMap<String, Vec<Path>> = BTreeMap::new();
    match object.at("/spec/target/template/data").and_then(Value::as_object) {
        // A template alone decides about entries; its texts name the fetched values.
        Some(texts) => {
            for (entry, text) in texts {
                let names = names(text.as_str().unwrap_or_default());
                let of = fetched.iter().filter(|(name, _)| names.contains(name)).map(|(_, path)| path.clone());
                all.insert(entry.clone(), of.collect());
            }
        }
        None => {
            for (entry, path) in fetched {
                all.entry(entry.to_owned()).or_default().push(path);
            }
        }
    }
    for from in object.items("/spec/dataFrom") {
        all.entry(String::new()).or_default().extend(path(from.get("extract")));
    }
    all
}

/// The names of values in a template: `{{ .password }}` has `password`.
fn names(text: &str) -> Vec<&str> {
    let is_end = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let actions = text.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
    actions.flat_map(|action| action.split('.').skip(1)).map(|rest| rest.split(is_end).next().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn templates_name_values() {
        assert_eq!(names("postgres://app:{{ .value1 | urlquery | replace \"+\" \"%20\" }}@db/{{.value2}} .value3"), ["value1", "value2"]);
        assert_eq!(names("{{ \"{\" }} plain"), Vec::<&str>::new());
    }
}
