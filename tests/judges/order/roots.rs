//! The roots of a platform with what their files say about backend and provider, and the READMEs of the output.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};

use crate::judges::lookup::blocks;
use crate::judges::states::Resource;

/// Where the files of a platform are, relative to its tree.
const OUTPUT: &str = "deploy/";

/// A platform: what it says, and what Terraform makes of it.
#[derive(Clone)]
pub struct Platform {
    /// Every README.md of the output, what lies beside it for people, and the files for a GitOps controller, by path below the output folder.
    pub pages: BTreeMap<String, String>,
    /// The roots by folder below the output folder: `terraform/ENVIRONMENT/REGION/network`.
    pub roots: BTreeMap<String, Root>,
    /// Everything that Terraform makes and reads; the root of each is a key of `roots`.
    pub resources: Vec<Resource>,
}

/// A root.
#[derive(Clone)]
pub struct Root {
    /// The kind of root.
    pub layer: String,
    pub environment: String,
    /// The regions that the folder names: none, one, or the two of a link.
    pub regions: Vec<String>,
    /// The `provider` blocks.
    pub providers: Vec<Provider>,
    /// Where the state is.
    pub backend: Backend,
}

/// A `provider` block: the region and the only accounts that it takes.
#[derive(Clone)]
pub struct Provider {
    pub region: String,
    pub accounts: Vec<String>,
}

/// A `backend` block.
#[derive(Clone, Default)]
pub struct Backend {
    pub bucket: String,
    pub key: String,
    pub region: String,
    pub kms_key: String,
}

impl Root {
    /// The account of the root: that of its provider.
    pub fn account(&self) -> &str {
        self.providers.first().and_then(|provider| provider.accounts.first()).map_or("", String::as_str)
    }
}

impl Platform {
    /// Reads the output of a tree; `resources` are those of all its roots.
    pub fn read(tree: &Path, resources: &[Resource]) -> Result<Platform, String> {
        let output = tree.join(OUTPUT);
        let short = |path: &str| path.trim_start_matches(OUTPUT).to_owned();
        let mut platform = Platform { pages: BTreeMap::new(), roots: BTreeMap::new(), resources: resources.to_vec() };
        platform.resources.iter_mut().for_each(|one| one.root = short(&one.root));
        pages(&output, "", &mut platform.pages).map_err(|error| format!("{}: {error}", output.display()))?;
        let folders: BTreeSet<String> = platform.resources.iter().map(|one| one.root.clone()).collect();
        for folder in folders {
            let root = root(&output, &folder)?;
            platform.roots.insert(folder, root);
        }
        Ok(platform)
    }

    /// A page of the output.
    pub fn page(&self, path: &str) -> Result<&str, String> {
        self.pages.get(path).map(String::as_str).ok_or_else(|| format!("there is no {path}"))
    }

    /// The files that a GitOps controller applies for an environment.
    pub fn applied(&self, environment: &str) -> impl Iterator<Item = &str> {
        let folder = format!("gitops/{environment}/");
        self.pages.iter().filter(move |(path, _)| path.starts_with(&folder) && path.ends_with(".yaml")).map(|(_, text)| text.as_str())
    }

    /// The resources and data sources of a root.
    pub fn of(&self, root: &str) -> impl Iterator<Item = &Resource> {
        self.resources.iter().filter(move |one| one.root == root)
    }
}

/// What people and a GitOps controller are told: pages, scripts and the controller's files.
fn pages(output: &Path, below: &str, all: &mut BTreeMap<String, String>) -> std::io::Result<()> {
    for entry in fs::read_dir(output.join(below))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if entry.file_type()?.is_dir() {
            pages(output, &path, all)?;
        } else if name.ends_with(".md") || name == "preflight.sh" || path.starts_with("gitops/") {
            all.insert(path, fs::read_to_string(entry.path())?);
        }
    }
    Ok(())
}

/// A root by its folder.
fn root(output: &Path, folder: &str) -> Result<Root, String> {
    let parts: Vec<&str> = folder.split('/').collect();
    let (layer, environment, regions) = match parts[..] {
        ["terraform", "bootstrap", environment] => ("bootstrap", environment, vec![]),
        ["terraform", environment, "global"] => ("global", environment, vec![]),
        ["terraform", environment, "interconnect", pair] => ("interconnect", environment, pair.split("--").collect()),
        ["terraform", environment, region, layer] => (layer, environment, vec![region]),
        _ => return Err(format!("which root is {folder}?")),
    };
    let blocks = blocks(&output.join(folder))?;
    let named = |name: &'static str| blocks.iter().filter(move |block| block.ident.as_str() == name);
    let providers = named("provider").map(|block| {
        let accounts = block.body.get_attribute("allowed_account_ids").and_then(|one| one.value.as_array().cloned()).unwrap_or_default();
        let accounts = accounts.iter().filter_map(Expression::as_str).map(str::to_owned).collect();
        Provider { region: literal(&block.body, "region"), accounts }
    });
    let backends: Vec<&Block> = named("terraform").flat_map(|block| block.body.get_blocks("backend")).collect();
    let [backend] = backends[..] else { return Err(format!("{folder} has {} backends", backends.len())) };
    let [bucket, key, region, kms_key] = ["bucket", "key", "region", "kms_key_id"].map(|key| literal(&backend.body, key));
    Ok(Root {
        layer: layer.to_owned(),
        environment: environment.to_owned(),
        regions: regions.into_iter().map(str::to_owned).collect(),
        providers: providers.collect(),
        backend: Backend { bucket, key, region, kms_key },
    })
}

/// The text of an argument, empty when it is no literal.
fn literal(body: &Body, key: &str) -> String {
    body.get_attribute(key).and_then(|one| one.value.as_str()).unwrap_or_default().to_owned()
}
