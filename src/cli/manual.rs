//! `platgen man` and `platgen completions`: exit codes and examples of every command, manual pages and shell completions.

use super::{Arguments, FAILED, FINE, Terminal, names, print_all};
use crate::diagnostic::{Code, Diagnostic};
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use std::path::{Path, PathBuf};

/// Flags of `man`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Man {
    /// The command whose page to print. Default: the page of platgen itself.
    command: Option<String>,
    /// Write one page per command into this folder instead.
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

const EXIT: &str = "Exit codes:\n  0   success\n  1   failure: the spec has errors, or a file can't be read or written\n  2   differences, findings of `check`, an `impact` or an `outage` that hits something, a `reach` other than declared or a refused render\n  64  wrong usage";

/// Examples by command: what to run, and its effect.
const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    ("init", &[("platgen init", "a first spec for AWS"), ("platgen init --cloud google --toml", "one for Google Cloud, in TOML")]),
    ("validate", &[("platgen validate", "check the nearest spec"), ("platgen validate - < platform.yaml", "check a text on stdin")]),
    (
        "render",
        &[
            ("platgen render", "write all files"),
            ("platgen render --check", "compare the files with the spec, in CI"),
            ("platgen render --env beta --region eu-west-1 --stdout", "print the manifests of one cluster"),
        ],
    ),
    (
        "check",
        &[
            ("platgen check", "judge the committed files"),
            ("platgen check --format sarif > findings.sarif", "for code scanning"),
            ("platgen check --tree manifests/", "judge manifests without a spec"),
        ],
    ),
    (
        "show",
        &[("platgen show --env beta apps.cart", "the values of one app"), ("platgen show --format json", "every value, for programs")],
    ),
    (
        "diff",
        &[
            ("platgen diff", "what the next `platgen render` changes"),
            ("platgen diff --from main --format markdown", "what a branch changes, for a pull request"),
            ("platgen diff --from HEAD~1 --env production", "production, since the last commit"),
            ("platgen diff --env beta --with production", "how beta differs from production, and where the spec says so"),
        ],
    ),
    (
        "impact",
        &[
            ("platgen impact --applied production --onto beta", "all of production's files, applied to beta's clusters"),
            ("platgen impact --applied production --onto beta --kind ConfigMap", "its ConfigMaps alone"),
            ("platgen impact --tree manifests --applied production --onto beta", "two folders of manifests, without a spec"),
        ],
    ),
    (
        "outage",
        &[
            ("platgen outage --env production --zone eu-west-1a", "production without a zone"),
            ("platgen outage --env production --region eu-west-1", "production without a region"),
            ("platgen outage --env production --zone a --region eu-west-1 --format markdown", "for a pull request"),
        ],
    ),
    (
        "access",
        &[
            ("platgen access", "every environment"),
            ("platgen access --env production --group developers", "every right of one group"),
            ("platgen access --env production --format json", "with verbs and resources, for programs"),
        ],
    ),
    (
        "reach",
        &[
            ("platgen reach", "every environment"),
            ("platgen reach --env production --from web --to store/orders", "one question, with the reasons"),
            ("platgen reach --env production --region eu-west-1 --format svg > reach.svg", "a picture of one cluster"),
        ],
    ),
    (
        "graph",
        &[
            ("platgen graph --env production --region eu-west-1", "what runs where, and who calls whom"),
            ("platgen graph --env production --region eu-west-1 --format svg > graph.svg", "as a picture"),
            ("platgen graph --env production --app cart", "one app with its callers and callees"),
        ],
    ),
    (
        "guard",
        &[
            ("platgen guard --env beta && kubectl --context shop-beta-eu-west-1 apply ...", "only if the cluster is beta's"),
            ("platgen guard --context somewhere", "whose cluster is it?"),
        ],
    ),
    (
        "parity",
        &[
            ("platgen parity --env production", "what is different on a laptop"),
            ("platgen parity --env beta --with production", "how beta differs from production, the heaviest first"),
            ("platgen parity --env beta --with production --format markdown", "for a pull request; exit 2: nobody declared it"),
        ],
    ),
    (
        "kind",
        &[
            ("platgen kind --env production", "production's primary region for a laptop"),
            ("platgen kind --env production --region eu-central-1 --memory 16Gi", "another region, for a larger laptop"),
            ("platgen kind --env production --check", "in CI: is the committed desktop as the spec says?"),
        ],
    ),
    (
        "secrets",
        &[
            ("platgen secrets", "every environment"),
            ("platgen secrets --env production --format markdown", "for an audit"),
            ("platgen secrets --env production --format json", "for programs"),
        ],
    ),
    ("fmt", &[("platgen fmt", "format the nearest spec"), ("platgen fmt --check", "print the differences, in CI")]),
    ("lock", &[("platgen lock", "plan addresses for new subnets"), ("platgen lock --resolve", "mend the lock after a merge")]),
    (
        "explain",
        &[
            ("platgen explain apps.web.probes", "a key"),
            ("platgen explain replicas", "every key of that name"),
            ("platgen explain stores --recursive", "a section with every key"),
            ("platgen explain references", "the forms of ${...}"),
            ("platgen explain unknown-key", "a finding"),
        ],
    ),
    ("schema", &[("platgen schema > platgen.schema.json", "the schema for editors")]),
    (
        "completions",
        &[("source <(platgen completions bash)", "in ~/.bashrc"), ("platgen completions fish | source", "in ~/.config/fish/config.fish")],
    ),
    ("man", &[("platgen man render", "one page"), ("platgen man --dir /usr/local/share/man/man1", "all pages")]),
];

/// The command line with exit codes, examples and the completion of names.
pub(super) fn command() -> Command {
    let command = Arguments::command().after_long_help(EXIT);
    let with_examples = EXAMPLES.iter().fold(command, |command, (name, examples)| {
        command.mut_subcommand(name, |sub| {
            let width = examples.iter().map(|(line, _)| line.len()).max().unwrap_or(0);
            let lines: Vec<String> = examples.iter().map(|(line, words)| format!("  {line:width$}  {words}")).collect();
            let own = sub.get_after_long_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
            sub.after_long_help(format!("{own}Examples:\n{}\n\n{EXIT}", lines.join("\n")))
        })
    });
    names::complete(with_examples)
}

/// Prints the script that makes a shell ask platgen for completions.
pub(super) fn completions(shell: Shell) -> u8 {
    let mut script = Vec::new();
    let shells = clap_complete::env::Shells::builtins();
    let written = shells
        .completer(&shell.to_string())
        .map(|completer| completer.write_registration("COMPLETE", "platgen", "platgen", "platgen", &mut script));
    print_all(&String::from_utf8_lossy(&script));
    if matches!(written, Some(Ok(()))) { FINE } else { FAILED }
}

pub(super) fn run(man: &Man, terminal: &Terminal) -> u8 {
    let mut command = command();
    command.build();
    if let Some(folder) = &man.dir {
        return match write(command, folder) {
            Ok(()) => FINE,
            Err(error) => {
                let fault = Diagnostic::new(Code::Unwritable, format!("the manual can't be written to `{}`: {error}", folder.display()));
                terminal.tell_plain(&[fault.help("check the folder and its permissions")]);
                FAILED
            }
        };
    }
    let chosen = match &man.command {
        None => Some(command),
        Some(name) => command.get_subcommands().find(|sub| sub.get_name() == name).cloned(),
    };
    let Some(chosen) = chosen else {
        let names: Vec<&str> = EXAMPLES.iter().map(|(name, _)| *name).collect();
        terminal.tell_plain(&[super::select::unknown("command", man.command.as_deref().unwrap_or_default(), &names)]);
        return FAILED;
    };
    let mut text = Vec::new();
    let _ = clap_mangen::Man::new(chosen).render(&mut text);
    print_all(&String::from_utf8_lossy(&text));
    FINE
}

fn write(command: Command, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command, folder)
}
