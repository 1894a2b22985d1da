//! The data roots of a platform before and after -> managed databases that would go back, and data that is deleted earlier than before.
//!
//! Sources: "Upgrading a DB instance engine version", "Modifying settings for DB instances" (storage can grow only, and backups of days that are no longer kept are
//! deleted) in the user guide of RDS; "Examples of S3 Lifecycle configurations" in that of S3.

use crate::diagnostic::wording::all;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::hcl::Block;
use crate::layers::{FOLDER, Layer, Scope};
use crate::source::Span;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A data root that is there before and after.
#[derive(Debug)]
pub struct Root<'t> {
    /// The environment.
    pub environment: &'t str,
    /// The region.
    pub region: &'t str,
    /// Its [`super::buckets::NAMES`] before.
    pub before: &'t str,
    /// The same afterwards.
    pub after: &'t str,
}

/// What a root loses.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lost<'t> {
    /// The environment.
    pub environment: &'t str,
    /// The region.
    pub region: &'t str,
    /// The namespace and name of a database, separated by a slash, or the key of a bucket.
    pub key: String,
    /// Why.
    pub cause: Cause,
}

/// Why data is lost.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cause {
    /// The database has another engine, or an older version.
    Downgrade {
        /// Engine and version that run.
        from: String,
        /// Those that are asked for.
        to: String,
    },
    /// The volume of a database would shrink, in GiB.
    Smaller {
        /// The size that it has.
        from: u64,
        /// The size that is asked for.
        to: u64,
    },
    /// A point in time of a database can be restored for fewer days.
    Backups {
        /// The days before.
        from: u64,
        /// The days from now on.
        to: u64,
    },
    /// A bucket deletes what it holds, or old versions of it, after fewer days.
    Expiry {
        /// What is deleted.
        what: &'static str,
        /// The days before; `None`: never.
        from: Option<u64>,
        /// The days from now on.
        to: u64,
    },
}

/// What the roots lose, root by root.
pub fn lost<'t>(roots: &[Root<'t>]) -> Vec<Lost<'t>> {
    let of_root = |root: &Root<'t>| {
        let [before, after] = [root.before, root.after].map(|text| Block::read(text).unwrap_or_default());
        let mut all = Vec::new();
        for (key, old, new) in pairs(&before, &after, "databases") {
            all.extend(of_database(&old, &new).into_iter().map(|cause| (key.clone(), cause)));
        }
        for (key, old, new) in pairs(&before, &after, "buckets") {
            all.extend(of_bucket(&old, &new).into_iter().map(|cause| (key.clone(), cause)));
        }
        let (environment, region) = (root.environment, root.region);
        all.into_iter().map(move |(key, cause)| Lost { environment, region, key, cause }).collect::<Vec<_>>()
    };
    roots.iter().flat_map(of_root).collect()
}

/// The entries of a local value that are there before and after.
fn pairs(before: &Block, after: &Block, name: &str) -> Vec<(String, Value, Value)> {
    let all = |file: &Block| -> Map<String, Value> {
        file.inside("locals").find_map(|block| block.get(name).as_object()).cloned().unwrap_or_default()
    };
    let new = all(after);
    all(before).into_iter().filter_map(|(key, old)| Some((key.clone(), old, new.get(&key)?.clone()))).collect()
}

fn of_database(old: &Value, new: &Value) -> Vec<Cause> {
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let numbers = |version: &str| version.split('.').map_while(|part| part.parse().ok()).collect::<Vec<u32>>();
    let (from, to) = (text(old, "version"), text(new, "version"));
    let mut all = Vec::new();
    // A version of fewer numbers leaves the others to the service.
    let is_older = || numbers(&from).iter().zip(&numbers(&to)).find(|(from, to)| from != to).is_some_and(|(from, to)| to < from);
    if old["engine"] != new["engine"] || is_older() {
        let shown = |value: &Value, version: &str| format!("{} {version}", text(value, "engine"));
        all.push(Cause::Downgrade { from: shown(old, &from), to: shown(new, &to) });
    }
    let fewer = |field: &str| {
        let (from, to) = (old[field].as_u64()?, new[field].as_u64()?);
        (to < from).then_some((from, to))
    };
    all.extend(fewer("storage").map(|(from, to)| Cause::Smaller { from, to }));
    all.extend(fewer("keep").map(|(from, to)| Cause::Backups { from, to }));
    all
}

fn of_bucket(old: &Value, new: &Value) -> Vec<Cause> {
    let sooner = |field: &str, what| {
        let (from, to) = (old[field].as_u64(), new[field].as_u64()?);
        from.is_none_or(|from| to < from).then_some(Cause::Expiry { what, from, to })
    };
    [sooner("old_versions", "versions that were replaced or deleted"), sooner("expires", "objects")].into_iter().flatten().collect()
}

/// The finding about each loss; the same one in several environments is one finding. What is in `forced`, a database as `environment/namespace/store` or a bucket as
/// [`super::buckets::word`] writes it, may be lost. `place` is the line of the spec that declares it.
pub fn findings(all: &[Lost<'_>], forced: &BTreeSet<String>, place: impl Fn(&Lost<'_>) -> Option<Span>) -> Vec<Diagnostic> {
    let is_forced = |one: &Lost<'_>| forced.contains(&one.word());
    let mut groups: Vec<Vec<&Lost<'_>>> = Vec::new();
    for one in all {
        let same = |group: &&mut Vec<&Lost<'_>>| {
            let what = |one: &Lost<'_>| (one.region.to_owned(), one.key.clone(), one.cause.clone(), is_forced(one));
            group.first().is_some_and(|first| what(first) == what(one))
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    let finding = |group: &Vec<&Lost<'_>>| {
        let first = *group.first()?;
        let mut finding = first.finding(group, is_forced(first));
        match place(first) {
            Some(span) => finding.span = Some(span),
            None => finding.subject = Some(format!("{}/{}", first.folder(), super::buckets::NAMES)),
        }
        finding.environments = group.iter().map(|one| one.environment.to_owned()).collect();
        Some(finding)
    };
    groups.iter().filter_map(finding).collect()
}

impl Lost<'_> {
    fn folder(&self) -> String {
        format!("{FOLDER}/{}", Scope::region(self.environment, self.region).path(Layer::Data))
    }

    /// Namespace and name of the store that it is, or whose backups it holds; `None` for a bucket of the spec.
    pub fn entry(&self) -> Option<(&str, &str)> {
        match self.cause {
            Cause::Expiry { .. } => {
                let mut parts = self.key.split('.');
                Some((parts.next()?, parts.next()?))
            }
            _ => self.key.split_once('/'),
        }
    }

    /// How `--force` names it.
    fn word(&self) -> String {
        match self.entry() {
            Some((namespace, store)) => format!("{}/{namespace}/{store}", self.environment),
            None => super::buckets::word(self.environment, &self.key),
        }
    }

    /// The finding about the same loss in several environments.
    fn finding(&self, group: &[&Lost<'_>], forced: bool) -> Diagnostic {
        let (key, region) = (&self.key, self.region);
        let message = match &self.cause {
            Cause::Downgrade { from, to } => {
                format!("the managed database `{key}` in `{region}` can't go from {from} to {to}, and a new database starts empty")
            }
            Cause::Smaller { from, to } => {
                format!(
                    "the storage of the managed database `{key}` in `{region}` can't shrink from {from} to {to} GiB, and a new database starts empty"
                )
            }
            Cause::Backups { from, to } => format!(
                "the managed database `{key}` in `{region}` can be restored to points in time of {to} days and no longer of {from}: older backups are deleted"
            ),
            Cause::Expiry { what, from, to } => {
                let from = from.map_or_else(|| "never".to_owned(), |from| format!("after {from}"));
                format!("the bucket `{key}` in `{region}` deletes {what} after {to} days, and before {from}")
            }
        };
        let finding = Diagnostic::new(Code::LosesData, message);
        let (is_refused, way) = match self.cause {
            Cause::Downgrade { .. } | Cause::Smaller { .. } => {
                (true, "declare a new store beside it, move the data, and remove this one; or keep the entry as it was")
            }
            Cause::Backups { .. } => (false, "keep the entry as it was, or copy the snapshots that have to stay"),
            Cause::Expiry { .. } => (false, "keep the entry as it was, or copy what has to stay"),
        };
        if !forced {
            let flags: Vec<String> = group.iter().map(|one| format!("--force={}", one.word())).collect();
            return finding.help(format!("{way}; or render with `{}`", flags.join(" ")));
        }
        let help = match is_refused {
            true => {
                let folders: Vec<String> = group.iter().map(|one| one.folder()).collect();
                format!(
                    "allowed by `--force`: RDS refuses the change, and each apply of {} fails until the database is deleted by hand",
                    all(&folders)
                )
            }
            false => "allowed by `--force`; before the apply, copy what has to stay".to_owned(),
        };
        Diagnostic { severity: Severity::Warning, ..finding.help(help) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root<'t>(before: &'t str, after: &'t str) -> Vec<Lost<'t>> {
        lost(&[Root { environment: "production", region: "west", before, after }])
    }

    fn database(words: &str) -> String {
        format!("locals {{\n  databases = {{\n    \"shop/orders\" = {{ {words} }}\n  }}\n}}\n")
    }

    const NOW: &str = "engine = \"postgres\", version = \"17.4\", storage = 200, keep = 35";

    #[test]
    fn databases_go_forward_alone() {
        let causes = |words: &str| root(&database(NOW), &database(words)).into_iter().map(|lost| lost.cause).collect::<Vec<_>>();
        let back = |to: &str| Cause::Downgrade { from: "postgres 17.4".to_owned(), to: to.to_owned() };
        for (from, to, expected) in [
            ("17.4", "17.4", vec![]),
            ("17.4", "18", vec![]),
            ("17.4", "17", vec![]),
            ("17.4", "17.3", vec![back("postgres 17.3")]),
            ("17.4", "9.6", vec![back("postgres 9.6")]),
            ("\"postgres", "\"mysql", vec![back("mysql 17.4")]),
            ("200", "300", vec![]),
            ("200", "100", vec![Cause::Smaller { from: 200, to: 100 }]),
            ("35", "36", vec![]),
            ("35", "7", vec![Cause::Backups { from: 35, to: 7 }]),
        ] {
            assert_eq!(causes(&NOW.replacen(from, to, 1)), expected, "{from} to {to}");
        }
    }

    #[test]
    fn buckets_delete_sooner() {
        let bucket = |words: &str| format!("locals {{\n  buckets = {{\n    \"media\" = {{ {words} }}\n  }}\n}}\n");
        let causes = |from: &str, to: &str| root(&bucket(from), &bucket(to)).into_iter().map(|lost| lost.cause).collect::<Vec<_>>();
        let objects = |from, to| Cause::Expiry { what: "objects", from, to };
        assert_eq!(causes("expires = null", "expires = 9"), [objects(None, 9)]);
        assert_eq!(causes("expires = 10", "expires = 9"), [objects(Some(10), 9)]);
        assert_eq!(causes("expires = 9", "expires = 10"), []);
        assert_eq!(causes("expires = 9", "expires = null"), []);
        let versions = Cause::Expiry { what: "versions that were replaced or deleted", from: Some(35), to: 7 };
        assert_eq!(causes("old_versions = 35", "old_versions = 7"), [versions]);
    }
}
