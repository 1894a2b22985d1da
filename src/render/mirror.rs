//! The script that copies the images of a region into the registry from which its nodes pull.

use std::fmt::Write;

use crate::diagnostic::wording::shell_quoted as quoted;
use crate::files::HEADER;
use crate::model::{Mirror, Platform, Region};

/// The functions of the script, and what it does before the first copy.
const START: &str = include_str!("../../templates/output/mirror.sh");

/// The text of `mirror.sh`.
pub(super) fn script(platform: &Platform, region: &Region, mirror: &Mirror) -> String {
    let (environment, name) = (&platform.environment, &region.name);
    let mut text = format!(
        "#!/bin/sh\n{HEADER}#\n\
         # Copies the images that pods of {environment} in {name} run into the registry from which nodes pull them. An image that is there is not copied\n\
         # again. Stops at the first image that can't be copied: run it again when the cause is mended. Needs crane and the AWS CLI.\n\
         # Exit code: 0 every image is there, 1 one is missing.\n\
         account={}\nregion={}\nregistry={}\n",
        quoted(region.account.as_deref().unwrap_or_default()),
        quoted(name.as_str()),
        quoted(&mirror.registry)
    );
    text.push_str(START);
    for copy in &mirror.copies {
        let _ = writeln!(text, "copy {} {} {}", quoted(&copy.source), quoted(&copy.repository), quoted(&copy.tag));
    }
    text
}
