//! A requirement of a region, and the lines of `preflight.sh` that look for it.

use crate::diagnostic::wording::shell_quoted as quoted;

/// Where a requirement is looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// In the cluster, through kubectl.
    Cluster,
    /// In the account of AWS, through the AWS CLI.
    Account,
    /// Anywhere else: each check says with which tool.
    Elsewhere,
}

/// Something that has to exist.
#[derive(Debug)]
pub(super) struct Requirement {
    /// Where it is looked for.
    pub(super) place: Place,
    /// A sentence without its stop; none for what a table of the README lists.
    pub(super) sentence: Option<String>,
    /// The lines of the script that look for it.
    pub(super) checks: Vec<String>,
}

/// A line that looks for a thing with a command; `how` is the function of the script.
pub(super) fn look(how: &str, name: &str, command: &str) -> String {
    format!("{how} {} {command}", quoted(name))
}

/// A line that looks for something in the cluster.
pub(super) fn cluster(how: &str, name: &str, arguments: &str) -> String {
    look(how, name, &format!("kubectl --context \"$context\" --request-timeout=20s {arguments}"))
}

/// A line that says what a person has to look at.
pub(super) fn ask(text: &str) -> String {
    format!("printf 'look yourself: %s\\n' {}", quoted(text))
}

/// Names as words of a sentence.
pub(super) fn listed(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    names.join(", ")
}
