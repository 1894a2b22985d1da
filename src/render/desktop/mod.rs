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
use crate::model::{Desktop, Parity, Platform, Region};
use crate::yaml::{Document, emit};
use addons::Needed;
use difference::{Difference, Objects};
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
    let Some(Made { desk, differences, needed }) = made(platform, region, desktop, base)? else { return Ok(BTreeMap::new()) };
    let mut files = overlay::files(&desk, &differences);
    files.extend([
        (".gitattributes".to_owned(), format!("{HEADER}* text eol=lf\n.platgen-manifest merge=union\n")),
        (".gitignore".to_owned(), format!("{HEADER}{}", OWN.map(|file| format!("/{file}\n")).concat())),
        ("README.md".to_owned(), readme::readme(&desk, &needed)),
        ("PARITY.md".to_owned(), parity::page(&parity::parity(&desk, &differences, &needed), base)),
        ("cluster.yaml".to_owned(), cluster::configuration(&desk)),
        ("up.sh".to_owned(), scripts::up(&desk, &needed)),
        ("down.sh".to_owned(), scripts::down(&desk)),
    ]);
    if secrets::needed(&desk).next().is_some() {
        files.insert("secrets.example.env".to_owned(), secrets::template(&desk));
    }
    Ok(files)
}

/// Every difference between a desktop and its environment, and the text of `PARITY.md`, which is printed from it. `base` is as of [`files`].
///
/// # Errors
/// As of [`files`].
pub fn parity(platform: &Platform, region: &Region, desktop: &Desktop, base: &str) -> Result<Option<(Parity, String)>, RenderError> {
    let made = made(platform, region, desktop, base)?;
    Ok(made.map(|Made { desk, differences, needed }| {
        let parity = parity::parity(&desk, &differences, &needed);
        let page = parity::page(&parity, base);
        (parity, page)
    }))
}

/// A desktop, with what is different there.
struct Made<'d> {
    desk: Desk<'d>,
    differences: Vec<Difference>,
    needed: Needed,
}

/// Renders the region for its own provider and for each step of the desktop; `None` for a desktop without a step.
fn made<'d>(platform: &'d Platform, region: &'d Region, desktop: &'d Desktop, base: &'d str) -> Result<Option<Made<'d>>, RenderError> {
    let render = |platform, region| kubernetes::render(platform, region).map(|rendered| rendered.tree);
    let before = Objects::of(&render(platform, region)?);
    let mut stages: Vec<(&str, Objects)> = Vec::new();
    for step in &desktop.steps {
        for region in step.platform.regions.values() {
            stages.push((&step.reason, Objects::of(&render(&step.platform, region)?)));
        }
    }
    let Some((last, own)) = desktop.result() else { return Ok(None) };
    let uses = Uses::of(&render(last, own)?);
    let needed = addons::needed(&uses, own.cluster.policy_engine);
    let differences = difference::differences(&before, &stages);
    Ok(Some(Made { desk: Desk { platform, region, own, desktop, uses, base }, differences, needed }))
}

/// A document with the header of generated files and a comment below it.
fn print(document: &Document, comment: &str) -> String {
    let mut text = HEADER.to_owned();
    comment.lines().for_each(|line| text.push_str(&format!("# {line}\n")));
    emit(document, &mut text);
    text
}
