//! The parts of a region's README that MySQL and MongoDB stores share: operators of Percona run both.

use super::guard::break_glass;
use crate::diagnostic::wording;
use crate::model::{Operated, Percona, Platform, Region};

/// A title with commands.
pub(super) fn commands(title: &str, lines: &[String]) -> String {
    format!("\n{title}:\n\n```sh\n{}\n```\n", lines.join("\n"))
}

/// How passwords change. `rule` says what a password of the operator's users can't hold, `effect` what a new one of these does.
pub(super) fn passwords(
    platform: &Platform,
    region: &Region,
    (operated, percona): (&Operated, &Percona),
    (rule, effect): (&str, &str),
) -> String {
    let passwords: Vec<String> = (operated.users.iter())
        .map(|user| format!("`{}` for `{}`", platform.secret_name(region.provider, user.password.path()), user.name))
        .collect();
    let system = percona.system.first().map(|(_, password)| platform.secret_name(region.provider, password.path())).unwrap_or_default();
    let keys = wording::all(percona.system.iter().map(|(user, _)| *user));
    format!(
        "\nTo change a password, write the new value to {} and wait until the Secret has it; \"Rotate a secret\" in RUNBOOK.md says how to be quick. The operator takes \
         it within a minute. Clients that start between the two fail.\n\n\
         `{system}` has the passwords of the users of the operator and of the servers: {keys}. All are there before the first apply, {rule}. A new value is taken in the \
         same way{effect}.\n",
        passwords.join(", "),
    )
}

/// The commands that make a server anew whose volume is lost. `claim` is the start of the name of its claim, before that of the server.
pub(super) fn anew(platform: &Platform, kubectl: &str, claim: &str) -> [String; 2] {
    let glass = break_glass(platform);
    [
        "server=".to_owned(),
        format!("{kubectl}{glass} delete --wait=false \"pvc/{claim}-${{server:?}}\" && {kubectl} delete \"pod/${{server:?}}\""),
    ]
}
