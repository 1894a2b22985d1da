//! The formats that some commands alone have: Markdown and pictures.

use super::{Command, FINE, FormatName, Terminal, print_all, usage};
use crate::analysis::page::Style;
use serde::Serialize;
use serde_json::json;

/// A picture of a cluster, in place of data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Picture {
    /// A graph in the language of Mermaid.
    Mermaid,
    /// A graph in the language of Graphviz.
    Dot,
    /// A drawing.
    Svg,
}

/// Prints what a command found in each cluster: a picture of the only one, data under `key`, or a report. The exit code: that of a wrong use where a picture
/// of several clusters is asked for.
pub(super) fn print_found<F: Serialize>(
    terminal: &Terminal,
    as_json: bool,
    (key, all): (&str, &[F]),
    picture: impl Fn(Picture, &F) -> String,
    report: impl Fn(&[F], Style) -> String,
) -> u8 {
    let text = match (terminal.picture, all) {
        (Some(kind), [one]) => picture(kind, one),
        (Some(_), _) => return usage("a picture shows one cluster: name it with `--env` and `--region`"),
        (None, _) if as_json => format!("{:#}\n", json!({ key: all })),
        (None, _) => report(all, if terminal.markdown { Style::Markdown } else { Style::Plain }),
    };
    print_all(&text);
    FINE
}

/// The picture that is asked for.
///
/// # Errors
/// Why the command does not draw it.
pub(super) fn picture(format: FormatName, command: &Command) -> Result<Option<Picture>, &'static str> {
    let picture = match format {
        FormatName::Mermaid => Picture::Mermaid,
        FormatName::Dot => Picture::Dot,
        FormatName::Svg => Picture::Svg,
        FormatName::Human | FormatName::Json | FormatName::Sarif | FormatName::Github | FormatName::Markdown => return Ok(None),
    };
    match (command, picture) {
        (Command::Graph(_), _) | (Command::Access(_) | Command::Reach(_), Picture::Mermaid | Picture::Svg) => Ok(Some(picture)),
        (_, Picture::Dot) => Err("this command draws no graph of Graphviz: `--format dot` is for `platgen graph`"),
        (_, Picture::Mermaid | Picture::Svg) => {
            Err("this command draws no picture: `--format mermaid` and `--format svg` are for `platgen access`, `graph` and `reach`")
        }
    }
}

/// Whether data is printed as Markdown.
///
/// # Errors
/// Why the command prints none.
pub(super) fn markdown(format: FormatName, command: &Command) -> Result<bool, &'static str> {
    let reports = matches!(
        command,
        Command::Access(_)
            | Command::Diff(_)
            | Command::Graph(_)
            | Command::Impact(_)
            | Command::Outage(_)
            | Command::Parity(_)
            | Command::Reach(_)
            | Command::Secrets(_)
    );
    match (format, reports) {
        (FormatName::Markdown, false) => Err(
            "this command prints no Markdown: `--format markdown` is for `platgen access`, `diff`, `graph`, `impact`, `outage`, `parity`, `reach` and `secrets`",
        ),
        (format, _) => Ok(matches!(format, FormatName::Markdown)),
    }
}
