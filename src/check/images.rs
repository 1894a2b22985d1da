//! Every image has a version.

use super::context::{TreeContext, text};
use super::pod_parts::containers;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;

pub(super) const RULE: Rule = Rule { codes: &[Code::UnpinnedImage], judge: Judge::Tree(judge), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for (object, pointer, spec) in context.pods() {
        for (at, container) in containers(&pointer, spec) {
            if let Some(fault) = unpinned(text(container, "/image")) {
                let message = format!("the container `{}` of `{}` has {fault}", text(container, "/name"), object.id());
                found.push(Finding::new(Code::UnpinnedImage, object, &format!("{at}/image"), message, "name a version or a digest"));
            }
        }
    }
}

/// What is wrong with an image's version.
fn unpinned(image: &str) -> Option<String> {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let tag = name.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
    match (image, digest, tag) {
        ("", ..) => Some("no image".to_owned()),
        (_, Some(_), _) => None,
        (_, None, None | Some("")) => Some(format!("the image `{image}` without a version")),
        (_, None, Some("latest")) => Some(format!("the image `{image}`")),
        _ => None,
    }
}
