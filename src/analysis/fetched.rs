//! An ExternalSecret -> the Secret that it makes, and which values of the secret manager stand behind each entry.
//!
//! Source: "ExternalSecret" and "Advanced Templating" in the documentation of External Secrets.

use crate::inventory::Object;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A value of the secret manager.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Fetch {
    /// The path of the secret; of a search the path below which, or the expression by which it searches.
    pub(super) path: String,
    /// The key of it; `None` for the whole secret.
    pub(super) key: Option<String>,
}

impl fmt::Display for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{}#{key}", self.path),
            None => f.write_str(&self.path),
        }
    }
}

/// What an ExternalSecret fetches.
pub(super) struct Fetched<'d> {
    /// The name of the Secret that it makes.
    pub(super) name: &'d str,
    /// Everything that it fetches.
    pub(super) values: BTreeSet<Fetch>,
    /// The entries of the Secret. The one without a name stands for all keys of secrets that are fetched whole.
    pub(super) entries: BTreeMap<&'d str, Entry<'d>>,
}

/// An entry of the Secret.
#[derive(Default)]
pub(super) struct Entry<'d> {
    /// The text around the values.
    pub(super) template: Option<&'d str>,
    /// The values in it.
    pub(super) values: Vec<Fetch>,
}

impl<'d> Fetched<'d> {
    /// What an ExternalSecret fetches.
    pub(super) fn of(object: &'d Object) -> Fetched<'d> {
        let named = object.text("/spec/target/name");
        let data = object.items("/spec/data").iter();
        let values: Vec<(&str, Fetch)> = data.filter_map(|one| Some((text(one, "/secretKey")?, fetch(one.get("remoteRef")?)?))).collect();
        let whole: Vec<Fetch> = object.items("/spec/dataFrom").iter().filter_map(whole).collect();
        let template = object.at("/spec/target/template/data").and_then(Value::as_object);
        let mut entries: BTreeMap<&str, Entry> = BTreeMap::new();
        // A template takes the place of what is fetched, unless it says otherwise.
        if template.is_none() || object.text("/spec/target/template/mergePolicy") == "Merge" {
            values.iter().for_each(|(name, value)| entries.entry(*name).or_default().values.push(value.clone()));
            if !whole.is_empty() {
                entries.entry("").or_default().values.extend(whole.clone());
            }
        }
        for (name, template) in template.into_iter().flatten() {
            let template = template.as_str().unwrap_or_default();
            let names = names(template);
            let mut of: Vec<Fetch> = values.iter().filter(|(name, _)| names.contains(name)).map(|(_, value)| value.clone()).collect();
            if names.iter().any(|name| !values.iter().any(|(known, _)| known == name)) {
                of.extend(whole.clone());
            }
            entries.insert(name.as_str(), Entry { template: Some(template), values: of });
        }
        Fetched {
            name: if named.is_empty() { &object.name } else { named },
            values: values.into_iter().map(|(_, value)| value).chain(whole).collect(),
            entries,
        }
    }

    /// The values behind an entry; behind all for an empty name.
    pub(super) fn behind(&self, entry: &str) -> impl Iterator<Item = &Fetch> {
        let is_read = move |name: &str| entry.is_empty() || name.is_empty() || name == entry;
        self.entries.iter().filter(move |(name, _)| is_read(name)).flat_map(|(_, entry)| &entry.values)
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The value that a reference names.
fn fetch(reference: &Value) -> Option<Fetch> {
    Some(Fetch { path: text(reference, "/key")?.to_owned(), key: text(reference, "/property").map(str::to_owned) })
}

/// The secrets that an item of `dataFrom` fetches. What a generator makes is none of the secret manager.
fn whole(from: &Value) -> Option<Fetch> {
    let found = || ["/find/path", "/find/name/regexp"].iter().find_map(|pointer| text(from, pointer));
    from.get("extract").and_then(fetch).or_else(|| Some(Fetch { path: found()?.to_owned(), key: None }))
}

/// The names of values in a template: `{{ .password }}` has `password`.
fn names(text: &str) -> Vec<&str> {
    let is_end = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let actions = text.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
    actions.flat_map(|action| action.split('.').skip(1)).map(|rest| rest.split(is_end).next().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Fetched, names};
    use crate::inventory::Inventory;

    #[test]
    fn templates_name_values() {
        assert_eq!(names("postgres://app:{{ .value1 | urlquery | replace \"+\" \"%20\" }}@db/{{.value2}} .value3"), ["value1", "value2"]);
        assert_eq!(names("{{ \"{\" }} plain"), Vec::<&str>::new());
    }

    /// The entries with the values behind each, and everything that is fetched.
    fn read(spec: &str) -> (Vec<String>, Vec<String>) {
        let text = format!(
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {{name: one, namespace: shop}}\nspec: {{{spec}}}\n"
        );
        let inventory = Inventory::read([("one.yaml", text.as_str())]);
        let fetched = Fetched::of(&inventory.objects()[0]);
        let behind = |name: &&str| fetched.entries[name].values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let entries = fetched.entries.keys().map(|name| format!("{name}: {}", behind(name))).collect();
        (entries, fetched.values.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_template_decides_about_entries() {
        let data = "data: [{secretKey: a, remoteRef: {key: p, property: x}}, {secretKey: b, remoteRef: {key: q}}]";
        let template = |policy: &str| format!("{data}, target: {{template: {{{policy}data: {{one: \"{{{{ .a }}}}\", fixed: text}}}}}}");
        assert_eq!(read(data).0, ["a: p#x", "b: q"]);
        assert_eq!(read(&template("")).0, ["fixed: ", "one: p#x"]);
        assert_eq!(read(&template("mergePolicy: Merge, ")).0, ["a: p#x", "b: q", "fixed: ", "one: p#x"]);
        // Nobody reads `b`, and it is fetched all the same.
        assert_eq!(read(&template("")).1, ["p#x", "q"]);
    }

    #[test]
    fn whole_secrets_are_behind_names_of_their_own() {
        let from = "dataFrom: [{extract: {key: all}}, {find: {name: {regexp: \"^shop/\"}}}, {sourceRef: {generatorRef: {kind: Password, name: new}}}]";
        assert_eq!(read(from), (vec![": all ^shop/".to_owned()], vec!["^shop/".to_owned(), "all".to_owned()]));
        let template = format!("{from}, target: {{template: {{data: {{one: \"{{{{ .user }}}}\"}}}}}}");
        assert_eq!(read(&template).0, ["one: all ^shop/"]);
    }
}
