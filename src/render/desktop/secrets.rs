//! The values of secrets that a desktop needs: a template without any value.

use super::super::requirement::listed;
use super::super::uses::Secret;
use super::Desk;
use std::fmt::Write;

/// A Secret that has to be in the cluster: namespace, name, and the keys that are read; all of them, if none is named.
pub(super) fn needed<'d>(desk: &'d Desk) -> impl Iterator<Item = (&'d String, &'d String, &'d Secret)> {
    desk.uses.secrets.iter().flat_map(|(name, secret)| secret.namespaces.iter().map(move |namespace| (namespace, name, secret)))
}

/// The text of `secrets.example.env`.
pub(super) fn template(desk: &Desk) -> String {
    let mut text = format!(
        "{}#\n# Values of secrets for {} in {} on a laptop. Copy this file to secrets.env, which git ignores, and write a value after each `=`.\n\
         # Never write those of the environment itself. A value is the rest of its line, without quotes; `@PATH` stands for the content of a file.\n",
        super::HEADER,
        desk.platform.environment,
        desk.region.name
    );
    for (namespace, name, secret) in needed(desk) {
        let _ = write!(text, "\n# read by {}\n", listed(&secret.readers).replace('`', ""));
        if secret.keys.is_empty() {
            let _ =
                write!(text, "# every key of it is read: write a line for each, with its name in place of KEY\n{namespace}/{name}#KEY=\n");
        }
        for key in &secret.keys {
            let _ = writeln!(text, "{namespace}/{name}#{key}=");
        }
    }
    text
}
