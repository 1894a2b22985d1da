//! Waivers on Terraform resources: checkov reads them from comments inside the resource block.

use super::named;
use crate::model::Platform;

/// Adds the waivers of each resource, found by its address `type.name`, to the text of a Terraform file.
pub fn mark(platform: &Platform, text: &str) -> String {
    let mut marked = String::with_capacity(text.len());
    for line in text.lines() {
        marked.push_str(line);
        marked.push('\n');
        let Some(address) = address(line) else { continue };
        for accepted in named(platform, &address).iter().filter(|accepted| accepted.scanner == "checkov") {
            marked.push_str(&format!("  #checkov:skip={}:{}\n", accepted.rule, accepted.reason));
        }
    }
    marked
}

/// The address of the resource, if the line opens a resource block.
fn address(line: &str) -> Option<String> {
    let names = line.strip_prefix("resource \"")?.strip_suffix("\" {")?;
    let (kind, name) = names.split_once("\" \"")?;
    Some(format!("{kind}.{name}"))
}
