//! The script that looks for everything a region needs, and changes nothing.

use std::fmt::Write;

use super::requirement::{Place, Requirement};
use crate::diagnostic::wording::shell_quoted as quoted;
use crate::files::HEADER;
use crate::model::{Platform, Region};

/// The functions of the script, each after a comment that starts with its name.
const FUNCTIONS: &str = include_str!("../../templates/output/preflight.sh");

/// The functions that others call; every other one is printed where a check needs it.
const ALWAYS: [&str; 2] = ["missing", "unseen"];

/// The flag with which the script looks whose the cluster is, and at nothing else.
pub(super) const WHOSE: &str = "--whose";

/// Ends the script where it has the flag.
pub(super) const ONLY_WHOSE: &str = r#"if [ "${1-}" = --whose ]; then exit "$((unseen * 2))"; fi"#;

/// The text of `preflight.sh`.
pub(super) fn script(platform: &Platform, region: &Region, requirements: &[Requirement]) -> String {
    let (environment, name, context) = (&platform.environment, &region.name, &region.cluster.name);
    let mut text = format!(
        "#!/bin/sh\n{HEADER}#\n\
         # Looks for everything that {environment} in {name} needs and these files do not make. Changes nothing and reads no value of a secret.\n\
         {}# Exit code: 0 nothing is missing, 1 something is missing, or the cluster is another one, 2 nothing is missing but something could not be looked at.\n",
        if platform.is_guarded() { "# With `--whose`, it looks alone whether the cluster is this one, or a new one.\n" } else { "" },
    );
    let checks: Vec<&String> = requirements.iter().flat_map(|requirement| &requirement.checks).collect();
    let mut parts = FUNCTIONS.split("\n# ");
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let function = part.split([' ', ':']).next().unwrap_or_default();
        if ALWAYS.contains(&function) || checks.iter().any(|check| check.split(' ').next() == Some(function)) {
            let _ = write!(text, "\n# {}\n", part.trim_end());
        }
    }
    let lines = |place: Place, indent: &str| -> String {
        let here = requirements.iter().filter(|requirement| requirement.place == place);
        here.flat_map(|requirement| &requirement.checks).map(|check| format!("{indent}{check}\n")).collect()
    };
    let ends = if platform.is_guarded() { format!("  {ONLY_WHOSE}\n") } else { String::new() };
    let _ = write!(
        text,
        "\ncontext={}\nif answer=$(kubectl --context \"$context\" --request-timeout=20s get --raw /version 2>&1); then\n{}else\n  unseen \"the cluster $context and everything in it\" \"$answer\"\n{ends}fi\n",
        quoted(context),
        lines(Place::Cluster, "  "),
    );
    let account = lines(Place::Account, "  ");
    if !account.is_empty() {
        let number = region.account.as_deref().unwrap_or_default();
        let _ = write!(
            text,
            "\nanswer=$(aws sts get-caller-identity --query Account --output text 2>&1)\nif [ \"$answer\" = {} ]; then\n{account}else\n  unseen {} \"signed in: $answer\"\nfi\n",
            quoted(number),
            quoted(&format!("the account {number} and everything in it")),
        );
    }
    let elsewhere = lines(Place::Elsewhere, "");
    if !elsewhere.is_empty() {
        let _ = write!(text, "\n{elsewhere}");
    }
    text.push_str(
        "\nprintf '%s missing, %s not looked at\\n' \"$missing\" \"$unseen\"\nif [ \"$missing\" -gt 0 ]; then exit 1; fi\nif [ \"$unseen\" -gt 0 ]; then exit 2; fi\n",
    );
    text
}
