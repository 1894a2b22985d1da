//! Every image has a version.

use super::context::TreeContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;

pub(super) const RULE: Rule = Rule { codes: &[Code::UnpinnedImage], judge: Judge::Tree(judge), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for image in context.images() {
        let (name, (repository, version)) = (image.name, split(image.name));
        let fault = match (name, version) {
            ("", _) => "has no image".to_owned(),
            (_, None | Some("")) => format!("has the image `{name}` without a version"),
            (_, Some("latest")) => format!("has the image `{name}`, which changes under the same name"),
            _ => continue,
        };
        // The `images` of a kustomization give versions to images.
        if !context.kustomizations.lists("images", repository) {
            let message = format!("{} {fault}", image.shown);
            found.push(image.finding(Code::UnpinnedImage, message, "name a version or a digest"));
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
