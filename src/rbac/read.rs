//! Reads roles and bindings from objects.

use super::{Binding, CLUSTER_ADMIN, GROUP, Rights, Rule, Subject};
use serde_json::Value;
use std::fmt;

/// The namespace of an object that names none.
const DEFAULT_NAMESPACE: &str = "default";

/// A field that the API server refuses, because of which a role or binding can't be evaluated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The object, `Kind/namespace/name` or `Kind/name`.
    pub object: String,
    /// The JSON pointer of the field.
    pub field: String,
    /// The problem, as a part of a sentence.
    pub reason: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of `{}`: {}", self.field, self.object, self.reason)
    }
}

/// An object with its name.
struct Object<'v> {
    id: String,
    namespace: Option<String>,
    value: &'v Value,
}

impl<'v> Object<'v> {
    fn fault(&self, field: impl Into<String>, reason: &'static str) -> Fault {
        Fault { object: self.id.clone(), field: field.into(), reason }
    }

    /// The items of the list at a pointer; none where it is missing.
    fn items(&self, pointer: &str) -> Result<&'v [Value], Fault> {
        match self.value.pointer(pointer) {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.fault(pointer, "it is not a list")),
        }
    }

    fn words(&self, pointer: &str) -> Result<Vec<String>, Fault> {
        let word =
            |item: &Value| item.as_str().map(str::to_owned).ok_or_else(|| self.fault(pointer, "it holds something that is not text"));
        self.items(pointer)?.iter().map(word).collect()
    }

    /// The text at a pointer; empty where it is missing.
    fn text(&self, pointer: &str) -> Result<&'v str, Fault> {
        match self.value.pointer(pointer) {
            None | Some(Value::Null) => Ok(""),
            Some(value) => value.as_str().ok_or_else(|| self.fault(pointer, "it is not text")),
        }
    }

    /// Refuses an object at a pointer with other keys: a misspelt key would count as missing.
    fn only(&self, pointer: &str, keys: &[&str]) -> Result<(), Fault> {
        let Some(map) = self.value.pointer(pointer).and_then(Value::as_object) else { return Err(self.fault(pointer, "it is not a map")) };
        match map.keys().find(|key| !keys.contains(&key.as_str())) {
            Some(key) => Err(self.fault(format!("{pointer}/{key}"), "there is no such field")),
            None => Ok(()),
        }
    }
}

impl Rights {
    /// Reads the objects of one cluster. Objects of other kinds than roles and bindings are skipped.
    ///
    /// # Errors
    /// The object and field of the first role or binding that the API server would refuse.
    pub fn read<'v>(objects: impl IntoIterator<Item = &'v Value>) -> Result<Rights, Fault> {
        let mut rights = Rights::default();
        for value in objects {
            let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let kind = text("/kind");
            if text("/apiVersion").split('/').next() != Some(GROUP) {
                continue;
            }
            let namespaced = ["Role", "RoleBinding"].contains(&kind);
            let namespace = Some(text("/metadata/namespace")).filter(|name| !name.is_empty()).unwrap_or(DEFAULT_NAMESPACE);
            let namespace = namespaced.then(|| namespace.to_owned());
            let object = Object { id: id(kind, namespace.as_deref(), text("/metadata/name")), namespace, value };
            match kind {
                "Role" | "ClusterRole" => rights.role(&object)?,
                "RoleBinding" | "ClusterRoleBinding" => rights.bindings.push(binding(&object)?),
                _ => {}
            }
        }
        rights.roles.entry(id("ClusterRole", None, CLUSTER_ADMIN)).or_insert_with(|| vec![Rule::everything()]);
        Ok(rights)
    }

    fn role(&mut self, object: &Object<'_>) -> Result<(), Fault> {
        if object.value.get("aggregationRule").is_some_and(|rule| !rule.is_null()) {
            self.filled.insert(object.id.clone());
        }
        let rules = (0..object.items("/rules")?.len()).map(|at| rule(object, &format!("/rules/{at}"))).collect::<Result<_, _>>()?;
        self.roles.insert(object.id.clone(), rules);
        Ok(())
    }
}

fn id(kind: &str, namespace: Option<&str>, name: &str) -> String {
    namespace.map_or_else(|| format!("{kind}/{name}"), |namespace| format!("{kind}/{namespace}/{name}"))
}

fn rule(object: &Object<'_>, at: &str) -> Result<Rule, Fault> {
    object.only(at, &["apiGroups", "nonResourceURLs", "resourceNames", "resources", "verbs"])?;
    let words = |key: &str| object.words(&format!("{at}/{key}"));
    Ok(Rule {
        verbs: words("verbs")?,
        groups: words("apiGroups")?,
        resources: words("resources")?,
        names: words("resourceNames")?,
        urls: words("nonResourceURLs")?,
    })
}

fn binding(object: &Object<'_>) -> Result<Binding, Fault> {
    object.only("/roleRef", &["apiGroup", "kind", "name"])?;
    let name = object.text("/roleRef/name")?;
    let role = match (object.text("/roleRef/kind")?, &object.namespace) {
        ("ClusterRole", _) => id("ClusterRole", None, name),
        ("Role", Some(namespace)) => id("Role", Some(namespace), name),
        ("Role", None) => return Err(object.fault("/roleRef/kind", "a ClusterRoleBinding binds ClusterRoles alone")),
        _ => return Err(object.fault("/roleRef/kind", "it is neither `Role` nor `ClusterRole`")),
    };
    let subjects = (0..object.items("/subjects")?.len()).map(|at| subject(object, &format!("/subjects/{at}")));
    Ok(Binding { object: object.id.clone(), namespace: object.namespace.clone(), role, subjects: subjects.collect::<Result<_, _>>()? })
}

fn subject(object: &Object<'_>, at: &str) -> Result<Subject, Fault> {
    object.only(at, &["apiGroup", "kind", "name", "namespace"])?;
    let text = |key: &str| object.text(&format!("{at}/{key}"));
    let name = text("name")?.to_owned();
    if name.is_empty() {
        return Err(object.fault(format!("{at}/name"), "it is missing"));
    }
    match text("kind")? {
        "Group" => Ok(Subject::Group(name)),
        "User" => Ok(Subject::User(name)),
        // An account without a namespace is one of the binding's.
        "ServiceAccount" => match (text("namespace")?, &object.namespace) {
            ("", Some(own)) => Ok(Subject::Account(own.clone(), name)),
            ("", None) => Err(object.fault(format!("{at}/namespace"), "it is missing")),
            (namespace, _) => Ok(Subject::Account(namespace.to_owned(), name)),
        },
        _ => Err(object.fault(format!("{at}/kind"), "it is none of `Group`, `User`, `ServiceAccount`")),
    }
}
