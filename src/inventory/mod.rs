//! Kubernetes documents -> objects, what each names, and which pods a selector means.
//!
//! It judges nothing and knows no model: the texts may be ours, changed by hand, or anybody's, and whatever a document lacks is simply not there.
//! One inventory is one cluster, so that a name means one thing. Lookups are by index, because a platform may have thousands of apps.

mod object;
mod reference;
mod selector;
#[cfg(test)]
mod tests;

pub use object::{Object, PodTemplate};
pub use reference::{Part, Reference, references};
pub use selector::{Labels, Selector};

use crate::yaml;
use std::collections::BTreeMap;

/// The objects of one cluster.
#[derive(Debug, Default)]
pub struct Inventory {
    objects: Vec<Object>,
    pods: Vec<PodTemplate>,
    /// What is no object: file, line, why.
    unreadable: Vec<Unreadable>,
    by_name: BTreeMap<String, Vec<usize>>,
    by_kind: BTreeMap<String, Vec<usize>>,
    /// Pods by namespace, and by namespace, label and value.
    by_namespace: BTreeMap<String, Vec<usize>>,
    by_label: BTreeMap<(String, String, String), Vec<usize>>,
}

/// A text, or a document in it, that is no object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unreadable {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Why, as a part of a sentence.
    pub reason: String,
}

impl Inventory {
    /// Reads texts in the form that platgen prints, by the paths of their files.
    pub fn read<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Inventory {
        let mut inventory = Inventory::default();
        for (file, text) in files {
            match yaml::read(text) {
                Ok(documents) => {
                    for document in &documents {
                        let line = document.root().entries().next().and_then(|(_, value)| value.line()).unwrap_or(1);
                        inventory.add(file, line, document.to_json());
                    }
                }
                Err(error) => inventory.refuse(file, error.line, error.reason),
            }
        }
        inventory
    }

    /// Adds one document of a file.
    pub fn add(&mut self, file: &str, line: usize, value: serde_json::Value) {
        match Object::new(file, line, value) {
            Ok(object) => self.index(object),
            Err(reason) => self.refuse(file, line, reason.to_owned()),
        }
    }

    fn refuse(&mut self, file: &str, line: usize, reason: String) {
        self.unreadable.push(Unreadable { file: file.to_owned(), line, reason });
    }

    fn index(&mut self, object: Object) {
        let at = self.objects.len();
        self.by_name.entry(object.id()).or_default().push(at);
        self.by_kind.entry(object.kind.clone()).or_default().push(at);
        if let Some(pod) = PodTemplate::of(at, &object) {
            let number = self.pods.len();
            self.by_namespace.entry(object.namespace.clone()).or_default().push(number);
            for (key, value) in &pod.labels {
                self.by_label.entry((object.namespace.clone(), key.clone(), value.clone())).or_default().push(number);
            }
            self.pods.push(pod);
        }
        self.objects.push(object);
    }

    /// Every object, in the order of the files.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// What could not be read.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// The objects of a kind.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Object> {
        self.by_kind.get(kind).into_iter().flatten().filter_map(|at| self.objects.get(*at))
    }

    /// The object of this kind, namespace (empty: none) and name; the first where there are several.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<&Object> {
        self.named(&object::id(kind, namespace, name)).next()
    }

    /// The objects with this id, `Kind/namespace/name`.
    pub fn named(&self, id: &str) -> impl Iterator<Item = &Object> {
        self.by_name.get(id).into_iter().flatten().filter_map(|at| self.objects.get(*at))
    }

    /// The pods of every object that runs some.
    pub fn pods(&self) -> &[PodTemplate] {
        &self.pods
    }

    /// The object that a pod template belongs to.
    pub fn owner(&self, pod: &PodTemplate) -> &Object {
        &self.objects[pod.owner]
    }

    /// The pod templates of a namespace that a selector means, by their numbers in [`Inventory::pods`].
    pub fn selected(&self, namespace: &str, selector: &Selector) -> Vec<usize> {
        let first = selector.equal.iter().next();
        let candidates = match first {
            Some((key, value)) => self.by_label.get(&(namespace.to_owned(), key.clone(), value.clone())),
            None => self.by_namespace.get(namespace),
        };
        let fits = |number: &usize| self.pods.get(*number).is_some_and(|pod| selector.matches(&pod.labels));
        candidates.into_iter().flatten().copied().filter(fits).collect()
    }
}
