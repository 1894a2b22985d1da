//! Every image has a version.

use super::context::{TreeContext, text};
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;

pub(super) const RULE: Rule = Rule { codes: &[Code::UnpinnedImage], judge: Judge::Tree(judge), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for container in context.containers() {
        let image = text(container.value, "/image");
        let fault = match (image, split(image)) {
            ("", _) => "has no image".to_owned(),
            (_, (_, None | Some(""))) => format!("has the image `{image}` without a version"),
            (_, (_, Some("latest"))) => format!("has the image `{image}`, which changes under the same name"),
            _ => continue,
        };
        // The `images` of a kustomization give versions to images.
        if !context.kustomizations.lists("images", split(image).0) {
            let message = format!("{} {fault}", container.shown());
            found.push(container.finding(Code::UnpinnedImage, "/image", message, "name a version or a digest"));
        }
    }
}

/// The repository of an image, and its digest or else its tag.
pub(super) fn split(image: &str) -> (&str, Option<&str>) {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[last..].find(':') {
        Some(colon) => (&name[..last + colon], digest.or(Some(&name[last + colon + 1..]))),
        None => (name, digest),
    }
}
