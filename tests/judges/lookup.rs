//! What a data source finds: the resources that have everything that its block asks for. Both proofs over states look things up here.

use std::collections::BTreeMap;
use std::path::Path;

use hcl_edit::structure::Body;
use serde_json::Value;

use super::judge::{list, words};
use super::states::Resource;

/// Arguments that say how Terraform treats a block, and nothing of what it asks AWS for.
const META: [&str; 4] = ["count", "depends_on", "for_each", "provider"];

/// The blocks in the `*.tf` files of a root.
pub fn blocks(folder: &Path) -> Result<Vec<hcl_edit::structure::Block>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let mut files: Vec<_> =
        entries.iter().map(std::fs::DirEntry::path).filter(|path| path.extension().is_some_and(|end| end == "tf")).collect();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(failed)?;
        let body: Body = text.parse().map_err(|error| format!("{}: {error}", file.display()))?;
        all.extend(body.into_blocks());
    }
    Ok(all)
}

/// Notes with each data source of a root what its block asks for: names of arguments and of blocks.
pub fn note(folder: &Path, resources: &mut [Resource]) -> Result<(), String> {
    for block in blocks(folder)?.iter().filter(|block| block.ident.as_str() == "data") {
        let labels: Vec<&str> = block.labels.iter().map(hcl_edit::structure::BlockLabel::as_str).collect();
        let address = format!("data.{}", labels.join("."));
        let arguments = block.body.attributes().map(|one| one.key.as_str()).filter(|key| !META.contains(key));
        let inner = block.body.blocks().map(|one| one.ident.as_str()).filter(|name| *name != "lifecycle");
        let mut asks: Vec<String> = arguments.chain(inner).map(str::to_owned).collect();
        asks.sort();
        asks.dedup();
        for one in resources.iter_mut().filter(|one| one.block() == address) {
            one.asks.clone_from(&asks);
        }
    }
    Ok(())
}

/// The resources that a data source finds. `known` has what stands for an identifier that another data source found.
pub fn finds<'r>(
    data: &Resource,
    among: impl IntoIterator<Item = &'r Resource>,
    known: &BTreeMap<String, String>,
) -> Result<Vec<&'r Resource>, String> {
    if data.asks.iter().all(|ask| ask == "region") {
        return Err(format!("{}: {} asks for no property of what it looks for", data.root, data.address));
    }
    let mut found = Vec::new();
    for one in among {
        let near = !one.data && one.kind == data.kind && one.values["region"] == data.values["region"];
        if near && data.asks.iter().map(|ask| has(one, data, ask, known)).collect::<Result<Vec<_>, _>>()?.into_iter().all(|has| has) {
            found.push(one);
        }
    }
    Ok(found)
}

/// Whether a resource has what an argument of a data source asks for.
fn has(one: &Resource, data: &Resource, ask: &str, known: &BTreeMap<String, String>) -> Result<bool, String> {
    let tag = |key: &str| if one.values["tags"][key].is_null() { &one.values["tags_all"][key] } else { &one.values["tags"][key] };
    let wanted = &data.values[ask];
    match ask {
        "tags" => {
            let tags = wanted.as_object().filter(|tags| !tags.is_empty());
            Ok(tags.is_some_and(|tags| tags.iter().all(|(key, value)| tag(key) == value)))
        }
        "filter" => {
            let one = |filter: &Value| {
                let name = words(&filter["name"]);
                let key = name.strip_prefix("tag:").ok_or_else(|| format!("{}: what does the filter `{name}` ask for?", data.address))?;
                Ok(list(&filter["values"]).contains(tag(key)))
            };
            Ok(list(wanted).iter().map(one).collect::<Result<Vec<_>, String>>()?.into_iter().all(|has| has))
        }
        _ => match wanted.as_str() {
            Some(text) => Ok(one.values[ask] == *known.get(text).map_or(text, String::as_str)),
            None => Ok(one.values[ask] == *wanted),
        },
    }
}
