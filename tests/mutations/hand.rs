//! Faults made by hand: what a wrong renderer, a wrong template or a wrong merge would do, one line each, with what would come of it.

use super::fields::fits;
use super::ground::{Ground, HOME};
use super::mutant::{Class, Mutant};

/// What is done to a text.
pub enum Edit {
    /// The first occurrence of a text becomes another.
    Swap(&'static str, &'static str),
    /// The text goes.
    Cut(&'static str),
    /// The object goes; without an object, the file.
    Drop,
    /// The object stands there twice.
    Twice,
    /// The object of the other environment stands there.
    Beta,
}

/// One fault.
pub struct Fault {
    /// What is wrong, in a few words.
    pub name: &'static str,
    /// The file: below the region's Kubernetes folder, in the network root, or below the region's folder of roots.
    pub file: &'static str,
    /// The object in it as `Kind/name`; empty is the whole file.
    pub object: &'static str,
    /// What is done to it.
    pub edit: Edit,
    /// What would come of it.
    pub why: &'static str,
}

/// The faults of a table, planted; `folder` gives a file's path from its environment and its name.
pub fn mutants(ground: &Ground, table: &[Fault], folder: fn(&str, &str) -> String) -> Result<Vec<Mutant>, String> {
    table.iter().map(|fault| plant(ground, fault, folder).map_err(|error| format!("hand: {}: {error}", fault.name))).collect()
}

fn plant(ground: &Ground, fault: &Fault, folder: fn(&str, &str) -> String) -> Result<Mutant, String> {
    let path = folder(HOME.0, fault.file);
    let text = ground.text(&path).ok_or_else(|| format!("no file {path}"))?;
    let changed = match (&fault.edit, fault.object) {
        (Edit::Drop, "") => None,
        (Edit::Beta, "") => Some(ground.text(&folder("beta", fault.file)).ok_or("beta has no such file")?.to_owned()),
        (edit, "") => Some(edited(edit, text)?),
        (edit, object) => {
            let mut parts: Vec<String> = text.split("---\n").map(str::to_owned).collect();
            let at = position(&parts, object).ok_or_else(|| format!("no {object}"))?;
            match edit {
                Edit::Drop => drop(parts.remove(at)),
                Edit::Twice => parts.insert(at, parts[at].clone()),
                Edit::Beta => {
                    let other = ground.text(&folder("beta", fault.file)).ok_or("beta has no such file")?;
                    let others: Vec<String> = other.split("---\n").map(str::to_owned).collect();
                    parts[at] = others[position(&others, object).ok_or("beta has no such object")?].clone();
                }
                edit => parts[at] = edited(edit, &parts[at])?,
            }
            Some(parts.join("---\n"))
        }
    };
    if changed.as_deref() == Some(text) {
        return Err("it changes nothing".into());
    }
    let place = if fault.object.is_empty() { fault.file } else { fault.object };
    Ok(Mutant { why: fault.why, ..Mutant::of(Class::Hand, place, fault.name, path, changed) })
}

fn position(parts: &[String], object: &str) -> Option<usize> {
    let (kind, name) = object.split_once('/')?;
    let of = |part: &str, key: &str| part.lines().find_map(|line| line.strip_prefix(key).map(str::to_owned)).unwrap_or_default();
    parts.iter().position(|part| of(part, "kind: ") == kind && fits(name, &of(part, "  name: ")))
}

fn edited(edit: &Edit, text: &str) -> Result<String, String> {
    let (from, to) = match edit {
        Edit::Swap(from, to) => (*from, *to),
        Edit::Cut(from) => (*from, ""),
        Edit::Twice => return Ok(format!("{text}{text}")),
        Edit::Drop | Edit::Beta => return Err("that is done to objects and files".into()),
    };
    if !text.contains(from) {
        return Err(format!("`{from}` does not stand there"));
    }
    Ok(text.replacen(from, to, 1))
}
