//! A rendered project on disk, judged by the program.

use super::case::Found;
use super::root;
use super::world::copy;
use crate::support::platgen;
use platgen::diagnostic::Code;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A folder with a spec, its lock and its rendered files.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    /// The spec of the cases with replacements in its text, rendered.
    pub(crate) fn rendered(replacements: &[(String, String)]) -> Project {
        let project = Project { folder: TempDir::new().expect("a temporary folder") };
        copy(&root().join("tests/check/spec"), project.folder.path());
        let path = project.folder.path().join("platform.yaml");
        let mut text = fs::read_to_string(&path).expect("the spec");
        for (from, to) in replacements {
            assert!(text.contains(from.as_str()), "the spec has no {from:?}");
            text = text.replace(from, to);
        }
        fs::write(&path, text).expect("written");
        let ran = platgen().args(["-q", "render", "."]).current_dir(project.folder.path()).output().expect("the program");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        project
    }

    pub(crate) fn copied(&self) -> Project {
        let project = Project { folder: TempDir::new().expect("a temporary folder") };
        copy(self.folder.path(), project.folder.path());
        project
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The YAML files below a folder, by their paths inside of it.
    pub(crate) fn texts(&self, folder: &str) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        read(&self.folder.path().join(folder), "", &mut texts);
        texts
    }

    /// Makes these the YAML files of a folder.
    pub(crate) fn replace(&self, folder: &str, files: &BTreeMap<String, String>) {
        let folder_path = self.folder.path().join(folder);
        for path in self.texts(folder).keys().filter(|path| !files.contains_key(*path)) {
            fs::remove_file(folder_path.join(path)).expect("removed");
        }
        for (path, text) in files {
            let path = folder_path.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("written");
        }
    }

    /// What `platgen check` finds, and what the spec accepts.
    pub(crate) fn check(&self, words: &[&str]) -> (Vec<Found>, Vec<Found>) {
        let list = run(self.path(), &[&["check", "--accepted", "--today", "2026-11-23", "--format", "json", "."], words].concat());
        list.into_iter().filter(|(_, found)| Code::RULES.iter().any(|rule| rule.name() == found.rule)).fold(
            (Vec::new(), Vec::new()),
            |(mut found, mut accepted), (severity, one)| {
                if severity == "note" {
                    accepted.push(one)
                } else {
                    found.push(one)
                }
                (found, accepted)
            },
        )
    }
}

/// Findings with their severities, as the program prints them for programs.
pub(crate) fn run(folder: &Path, words: &[&str]) -> Vec<(String, Found)> {
    let ran = platgen().args(words).current_dir(folder).output().expect("the program");
    let text = String::from_utf8(ran.stdout).expect("UTF-8");
    let list: Vec<Value> =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&ran.stderr)));
    let found = |one: &Value| {
        let text = |pointer: &str| one.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let file = text("/place/file");
        // Below the folder of the region, as cases name it.
        let file = file.splitn(5, '/').nth(4).filter(|_| file.starts_with("deploy/")).map_or(file.clone(), str::to_owned);
        let place = one.pointer("/place/line").map_or(String::new(), |line| format!("{file}:{line}"));
        (text("/severity"), Found { rule: text("/code"), object: text("/subject"), place, message: text("/message") })
    };
    list.iter().map(found).collect()
}

fn read(folder: &Path, prefix: &str, texts: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{name}/"), texts);
        } else if name.ends_with(".yaml") {
            texts.insert(name, fs::read_to_string(entry.path()).expect("text"));
        }
    }
}
