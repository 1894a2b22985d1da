//! Waivers on Terraform resources: a comment inside the block, which is where checkov looks.

use super::named;
use crate::model::Platform;

/// The text of a root's file with the comments of its resources, by their addresses `type.name`.
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

/// The address of the resource whose block a line opens.
fn address(line: &str) -> Option<String> {
    let names = line.strip_prefix("resource \"")?.strip_suffix("\" {")?;
    let (kind, name) = names.split_once("\" \"")?;
    Some(format!("{kind}.{name}"))
}
