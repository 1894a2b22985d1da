//! Files of one folder of `src` never import one another in a circle: a reader can take them one after the other.
//!
//! A folder counts as one node beside its sibling files. Paths are read from `use` declarations and from the code; methods that an `impl` block
//! adds to a type of another file leave no path, so they are not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;

use crate::support::functions;

/// The trials of this module.
pub(crate) fn trials() -> Vec<Trial> {
    functions! { self: files_import_one_another_in_no_circle circles_are_found; }
}

/// Modules of a folder with the siblings that each one imports.
type Graph = BTreeMap<String, BTreeSet<String>>;

fn files_import_one_another_in_no_circle() {
    let mut found = Vec::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut found);
    assert!(found.is_empty(), "these import one another:\n{}", found.join("\n"));
}

fn circles_are_found() {
    let graph = |edges: &[(&str, &[&str])]| -> Graph {
        edges.iter().map(|(from, to)| (from.to_string(), to.iter().map(ToString::to_string).collect())).collect()
    };
    assert_eq!(circle(&graph(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])])), BTreeSet::new());
    let found = circle(&graph(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("d", &["a"])]));
    assert_eq!(found, BTreeSet::from(["b".to_string(), "c".to_string()]));
    let code =
        "use super::{b::{self, X}, c::Y as Z};\nfn f() { super::d::g(); crate::here::e::h(); crate::else_where::f(); self::i::k() }\n";
    assert_eq!(paths(code).iter().filter_map(|path| sibling(path, &["here"], 1)).collect::<BTreeSet<_>>(), ["b", "c", "d", "e"].into());
}

/// Adds a line for the circle of each folder that has one.
fn visit(folder: &Path, module: &[&str], found: &mut Vec<String>) {
    let mut children: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let name = path.file_stem().expect("a name").to_string_lossy().to_string();
        let is_code = path.is_dir() || path.extension().is_some_and(|extension| extension == "rs");
        if is_code && !["mod", "lib", "main", "tests"].contains(&name.as_str()) {
            children.entry(name).or_default().push(path);
        }
    }
    let mut graph = Graph::new();
    for (name, places) in &children {
        let siblings = graph.entry(name.clone()).or_default();
        for (file, depth) in places.iter().flat_map(|path| sources(path, 1)) {
            let code = std::fs::read_to_string(&file).expect("a file");
            let code = code.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            let used = paths(code);
            siblings.extend(
                used.iter()
                    .filter_map(|path| sibling(path, module, depth))
                    .filter(|used| used != name && children.contains_key(*used))
                    .map(str::to_string),
            );
        }
    }
    let circle = circle(&graph);
    if !circle.is_empty() {
        found.push(format!("{}: {}", folder.display(), circle.into_iter().collect::<Vec<_>>().join(", ")));
    }
    for (name, places) in &children {
        for place in places.iter().filter(|place| place.is_dir()) {
            visit(place, &[module, &[name.as_str()]].concat(), found);
        }
    }
}

/// The files of a module, each with the number of `super` that leads from it to the folder where the module stands.
fn sources(path: &Path, depth: usize) -> Vec<(PathBuf, usize)> {
    if path.is_file() {
        let own = if path.file_stem().is_some_and(|stem| stem == "mod") { depth - 1 } else { depth };
        return vec![(path.to_path_buf(), own)];
    }
    let inside = std::fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path());
    inside.filter(|path| !path.ends_with("tests.rs")).flat_map(|path| sources(&path, depth + 1)).collect()
}

/// The sibling that a path leads to, seen from a file `depth` levels below the folder of `module`.
fn sibling<'p>(path: &'p str, module: &[&str], depth: usize) -> Option<&'p str> {
    let parts: Vec<&str> = path.split("::").collect();
    let above = match parts[0] {
        "super" => parts.iter().take_while(|part| **part == "super").count(),
        "crate" => return (parts.len() > module.len() + 1 && parts[1..=module.len()] == *module).then(|| parts[module.len() + 1]),
        _ => return None,
    };
    (above == depth && parts.len() > above).then(|| parts[above])
}

/// Every path of a text that starts with `crate` or `super`; the groups of `use` declarations are taken apart.
fn paths(code: &str) -> Vec<String> {
    let code: String = code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
    let mut all = Vec::new();
    for part in code.split("use ").skip(1) {
        expand("", part.split(';').next().unwrap_or_default(), &mut all);
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words =
        code.split(|c| !is_word(c)).filter(|word| (word.starts_with("crate::") || word.starts_with("super::")) && !word.ends_with(':'));
    all.extend(words.map(str::to_string));
    all
}

/// Adds the paths of a `use` tree such as `super::{a::b, c::{d, e}}`.
fn expand(before: &str, tree: &str, all: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((start, rest)) = tree.split_once('{') else {
        all.push(format!("{before}{}", tree.split(" as ").next().unwrap_or_default().trim()));
        return;
    };
    let (mut depth, mut from) = (0, 0);
    let inside = rest.strip_suffix('}').unwrap_or(rest);
    for (at, c) in inside.char_indices().chain([(inside.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !inside[from..at].trim().is_empty() {
                    expand(&format!("{before}{}", start.trim()), &inside[from..at], all);
                }
                from = at + 1;
            }
            _ => {}
        }
    }
}

/// Every module from which imports lead back to itself.
fn circle(graph: &Graph) -> BTreeSet<String> {
    let reaches = |from: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(name) = next.pop() {
            next.extend(graph[name].iter().filter(|used| seen.insert(used.as_str())).map(String::as_str));
        }
        seen.contains(from)
    };
    graph.keys().filter(|name| reaches(name)).cloned().collect()
}
