//! A view that notes what a template does with it: which fields it reads, and which maps it prints whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ValueKind};

/// What a template did with a view. Places are paths of names, with `[]` for the items of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Spied {
    /// Fields that were read.
    pub(super) read: BTreeSet<String>,
    /// Maps whose keys were listed: they were printed whole, so their keys are text and no words of the template.
    pub(super) whole: BTreeSet<String>,
    /// Places of texts, and whether each was printed.
    pub(super) texts: BTreeMap<String, bool>,
}

/// A place below another.
pub(super) fn inside(place: &str, name: &str) -> String {
    match (place, name) {
        ("", name) => name.to_owned(),
        (place, "[]") => format!("{place}[]"),
        (place, name) => format!("{place}.{name}"),
    }
}

/// Prints a view and notes what is done with it.
pub(super) fn spy(view: &Value, print: impl FnOnce(Value) -> Result<(), String>) -> Result<Spied, String> {
    let notes = Arc::new(Mutex::new(Spied::default()));
    print(watched(view, "", &notes))?;
    let spied = notes.lock().expect("one thread").clone();
    Ok(spied)
}

/// The value with every map in it watched.
fn watched(value: &Value, place: &str, notes: &Arc<Mutex<Spied>>) -> Value {
    match value.kind() {
        ValueKind::Seq => value.try_iter().expect("a list").map(|item| watched(&item, &inside(place, "[]"), notes)).collect(),
        ValueKind::Map => {
            let entry = |key: Value| {
                let item = value.get_item(&key).expect("a key of this map");
                (key.to_string(), watched(&item, &inside(place, &key.to_string()), notes))
            };
            let entries = value.try_iter().expect("a map").map(entry).collect();
            Value::from_object(Watched { entries, place: place.to_owned(), notes: notes.clone() })
        }
        _ => value.clone(),
    }
}

#[derive(Debug)]
struct Watched {
    entries: Vec<(String, Value)>,
    place: String,
    notes: Arc<Mutex<Spied>>,
}

impl Object for Watched {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let (name, value) = self.entries.iter().find(|(name, _)| Some(name.as_str()) == key.as_str())?;
        self.notes.lock().expect("one thread").read.insert(inside(&self.place, name));
        Some(value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.notes.lock().expect("one thread").whole.insert(self.place.clone());
        Enumerator::Values(self.entries.iter().map(|(name, _)| Value::from(name.clone())).collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.entries.len())
    }
}
