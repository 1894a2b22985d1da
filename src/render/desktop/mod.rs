//! A region on a desktop: the configuration of a kind cluster, a kustomization over the region's rendered files, and scripts.
//!
//! The kustomization is the difference between two renderings of the region: for its own provider, and for the desktop. Each step of the desktop is rendered
//! as well, so that every difference has the reasons of the steps that made it.

mod addons;
mod cluster;
mod difference;
mod overlay;
mod parity;
mod readme;
mod scripts;
mod secrets;

use super::uses::Uses;
use crate::files::HEADER;
use crate::kubernetes::{self, RenderError};
use crate::model::{Desktop, Platform, Region};
use crate::yaml::{Document, emit};
use addons::Addon;
use difference::Objects;
use std::collections::BTreeMap;

/// The files that a developer and the scripts write: values of secrets, and what gives access to the cluster. Git ignores them, and platgen neither reads
/// nor writes them.
pub const OWN: [&str; 3] = ["secrets.env", "kubeconfig", "certificate.pem"];

/// The name of the kustomization of a desktop, and of that of a region.
const KUSTOMIZATION: &str = "kustomization.yaml";

/// Everything that the pages and scripts of a desktop are made from.
struct Desk<'d> {
    /// The environment, for its own provider.
    platform: &'d Platform,
    /// Its region.
    region: &'d Region,
    /// The region as it is on the desktop.
    own: &'d Region,
    desktop: &'d Desktop,
    /// What the files use on the desktop.
    uses: Uses,
    /// The path from the folder of the desktop to that of the region's files.
    base: &'d str,
}

/// The files of a desktop. `base` is the path from their folder to the rendered folder of the region.
///
/// # Errors
/// A patch of the spec does not fit the objects of a desktop, or a fault in a template.
pub fn files(platform: &Platform, region: &Region, desktop: &Desktop, base: &str) -> Result<BTreeMap<String, String>, RenderError> {
    let render = |platform, region| kubernetes::render(platform, region).map(|rendered| rendered.tree);
    let tree = render(platform, region)?;
    let before = Objects::of(&tree);
    let mut stages: Vec<(&str, Objects)> = Vec::new();
    for step in &desktop.steps {
        for region in step.platform.regions.values() {
            stages.push((&step.reason, Objects::of(&render(&step.platform, region)?)));
        }
    }
    let Some((last, own)) = desktop.result() else { return Ok(BTreeMap::new()) };
    let uses = Uses::of(&render(last, own)?);
    let differences = difference::differences(&before, &stages);
    let desk = Desk { platform, region, own, desktop, uses, base };
    let mut files = overlay::files(&desk, &differences);
    let addons = addons::needed(&desk.uses, own.cluster.policy_engine);
    files.extend([
        (".gitattributes".to_owned(), format!("{HEADER}* text eol=lf\n.platgen-manifest merge=union\n")),
        (".gitignore".to_owned(), format!("{HEADER}{}", OWN.map(|file| format!("/{file}\n")).concat())),
        ("README.md".to_owned(), readme::readme(&desk, &addons)),
        ("PARITY.md".to_owned(), parity::page(&desk, &differences, &addons)),
        ("cluster.yaml".to_owned(), cluster::configuration(&desk)),
        ("up.sh".to_owned(), scripts::up(&desk, &addons)),
        ("down.sh".to_owned(), scripts::down(&desk)),
    ]);
    if secrets::needed(&desk).next().is_some() {
        files.insert("secrets.example.env".to_owned(), secrets::template(&desk));
    }
    Ok(files)
}

/// A document with the header of generated files and a comment below it.
fn print(document: &Document, comment: &str) -> String {
    let mut text = HEADER.to_owned();
    comment.lines().for_each(|line| text.push_str(&format!("# {line}\n")));
    emit(document, &mut text);
    text
}
