//! Values of a document together with their object and path, which faults name.

use std::fmt;

use crate::yaml::{Node, Value};

/// The identity of an object.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Object {
    /// The kind, such as `NetworkPolicy`.
    pub kind: String,
    /// The namespace; `default` if the object names none.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// An invalid field, because of which a document can't be evaluated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The object at fault.
    pub object: Object,
    /// The path of the field, e.g. `spec.ingress[0].ports[1].port`.
    pub field: String,
    /// The problem, in the words of a diagnostic.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of {}: {}", self.field, self.object, self.reason)
    }
}

impl std::error::Error for Fault {}

/// A value and its path.
#[derive(Clone, Debug)]
pub(super) struct Field<'d> {
    object: &'d Object,
    path: String,
    pub(super) node: Node<'d>,
}

impl<'d> Field<'d> {
    pub(super) fn root(object: &'d Object, node: Node<'d>) -> Field<'d> {
        Field { object, path: String::new(), node }
    }

    /// The value of a key. A key with the value `null` counts as missing, as in the API.
    pub(super) fn get(&self, key: &str) -> Option<Field<'d>> {
        let node = self.node.get(key).filter(|node| !matches!(node.value(), Value::Null))?;
        Some(Field { object: self.object, path: self.join(key), node })
    }

    /// The item of a list, by its number as a step of a JSON pointer.
    pub(super) fn item(&self, number: &str) -> Option<Field<'d>> {
        let node = self.node.items().nth(number.parse().ok()?)?;
        Some(Field { object: self.object, path: format!("{}[{number}]", self.path), node })
    }

    /// The value of a required key.
    pub(super) fn require(&self, key: &str) -> Result<Field<'d>, Fault> {
        self.get(key).ok_or_else(|| Fault { object: self.object.clone(), field: self.join(key), reason: "it is missing".into() })
    }

    /// The items of the list under a key; empty if the key is missing. A `null` item is a fault: as a rule or peer it would match everything.
    pub(super) fn list(&self, key: &str) -> Result<Vec<Field<'d>>, Fault> {
        let Some(list) = self.get(key) else { return Ok(Vec::new()) };
        if !matches!(list.node.value(), Value::List(_)) {
            return Err(list.fault("it is not a list"));
        }
        let item = |(at, node): (usize, Node<'d>)| {
            let item = Field { object: self.object, path: format!("{}[{at}]", list.path), node };
            if let Value::Null = node.value() { Err(item.fault("it is null")) } else { Ok(item) }
        };
        list.node.items().enumerate().map(item).collect()
    }

    /// The keys and values of a map.
    pub(super) fn entries(&self) -> Result<Vec<(&'d str, Field<'d>)>, Fault> {
        if !matches!(self.node.value(), Value::Map(_)) {
            return Err(self.fault("it is not a map"));
        }
        let entry = |(key, node)| (key, Field { object: self.object, path: self.join(key), node });
        Ok(self.node.entries().map(entry).collect())
    }

    /// Refuses a map with other keys: a misspelt key would count as missing, and a missing key allows more.
    pub(super) fn only(&self, keys: &[&str]) -> Result<(), Fault> {
        match self.entries()?.into_iter().find(|(key, _)| !keys.contains(key)) {
            Some((_, entry)) => Err(entry.fault("there is no such field")),
            None => Ok(()),
        }
    }

    pub(super) fn text(&self) -> Result<&'d str, Fault> {
        self.node.as_str().ok_or_else(|| self.fault("it is not text"))
    }

    /// The number of a port.
    pub(super) fn port(&self) -> Result<u16, Fault> {
        let number = self.node.as_i64().and_then(|number| u16::try_from(number).ok()).filter(|&number| number > 0);
        number.ok_or_else(|| self.fault("it is not a number from 1 to 65535"))
    }

    pub(super) fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault { object: self.object.clone(), field: self.path.clone(), reason: reason.into() }
    }

    fn join(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}
