//! What Terraform made of each root: the states that tfcheck's applies to a scratch state leave, one file for each input below
//! `target/judges/states`.
//!
//! A plan says "known after apply" wherever one resource names another. After the apply to a scratch state, Terraform itself has put every reference
//! in: whoever follows references reads states. Values that AWS would choose are invented (`stub-...`).

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::cache::hex;
use super::judge::{Input, Program, home, list, words};

/// Whether the states of an input are kept: those of the specs in `specs/`, and not those of random specs, of mutants and of the fixture.
pub fn wanted(input: &Input) -> bool {
    !input.hash.is_empty() && !input.tree.starts_with("random-") && input.tree != "fixture"
}

/// Where the state of an input is kept.
fn place(program: &Program, input: &Input) -> PathBuf {
    let parts = [&program.version, &program.config, &input.tree, &input.path, &input.hash].map(String::as_str);
    home().join("states").join(format!("{}.json", hex(&Sha256::digest(parts.join("\n")))))
}

/// Keeps the states below `scratch`, the TMPDIR that tfcheck ran with. A root that was not applied has the state null.
pub fn keep(scratch: &Path, tree: &Path, program: &Program, inputs: &[&Input]) -> Result<(), String> {
    let below = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    // tfcheck copies each root to a folder of its own, under the whole path of the root.
    let copies: Vec<PathBuf> = below(scratch).iter().flat_map(|run| below(run)).collect();
    let home = home().join("states");
    let failed = |error: std::io::Error| format!("{}: {error}", home.display());
    for input in inputs.iter().filter(|input| wanted(input)) {
        let root = tree.join(&input.path);
        let inside = root.strip_prefix("/").map_err(|error| error.to_string())?.join("tfcheck.tfstate");
        let text = copies.iter().find_map(|copy| fs::read_to_string(copy.join(&inside)).ok()).unwrap_or_else(|| "null".to_owned());
        fs::create_dir_all(&home).map_err(failed)?;
        let fresh = tempfile::NamedTempFile::new_in(&home).map_err(failed)?;
        fs::write(fresh.path(), text).map_err(failed)?;
        fresh.persist(place(program, input)).map_err(|error| failed(error.error))?;
    }
    Ok(())
}

/// Whether there is nothing to keep, or something is kept.
pub fn known(program: &Program, input: &Input) -> bool {
    !wanted(input) || place(program, input).exists()
}

/// The state of an input; none before tfcheck was run on it.
pub fn read(program: &Program, input: &Input) -> Option<Value> {
    serde_json::from_slice(&fs::read(place(program, input)).ok()?).ok()
}

/// An instance of a resource or of a data source.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The folder of its root, relative to the tree.
    pub root: String,
    /// Its address in the root, as Terraform prints it: `aws_subnet.this["lb-public/eu-west-1a"]`.
    pub address: String,
    /// Its type.
    pub kind: String,
    /// Whether it is a data source: something that another root makes.
    pub data: bool,
    /// Its attributes.
    pub values: Value,
    /// The blocks of its root that Terraform makes before it: `aws_subnet.this`.
    pub after: Vec<String>,
    /// The arguments of a data source that its block has; the others are answers.
    pub asks: Vec<String>,
}

impl Resource {
    /// The address of its block, without the key of an instance.
    pub fn block(&self) -> &str {
        self.address.split('[').next().unwrap_or_default()
    }

    /// A text of it, empty when there is none.
    pub fn text(&self, key: &str) -> String {
        words(&self.values[key])
    }
}

/// The resources and data sources in the state of a root.
pub fn resources(root: &str, state: &Value) -> Vec<Resource> {
    let mut all = Vec::new();
    for resource in list(&state["resources"]) {
        let (kind, data) = (words(&resource["type"]), resource["mode"] == "data");
        for instance in list(&resource["instances"]) {
            let key = instance.get("index_key").map(|key| format!("[{key}]")).unwrap_or_default();
            let address = format!("{}{kind}.{}{key}", if data { "data." } else { "" }, words(&resource["name"]));
            let values = instance.get("attributes").cloned().unwrap_or_else(|| json!({}));
            let after = list(&instance["dependencies"]).iter().map(words).collect();
            all.push(Resource { root: root.to_owned(), address, kind: kind.clone(), data, values, after, asks: Vec::new() });
        }
    }
    all
}
