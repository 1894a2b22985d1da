//! The command line: flags, output and exit codes.
//!
//! Data goes to stdout, messages to stderr. Exit codes: 0 success, 1 failure, 2 differences or findings, 64 wrong usage.

mod access;
mod check;
mod compare;
mod diff;
mod explain;
mod fmt;
mod formats;
mod git;
mod graph;
mod guard;
mod impact;
mod init;
mod kind;
mod lock;
mod manual;
mod names;
mod outage;
mod parity;
mod reach;
mod reference;
mod render;
mod run;
mod schema;
mod secrets;
mod select;
mod show;
mod stream;
mod transition;
mod tree;
mod validate;
mod values;

pub use schema::schema;

use crate::diagnostic::wording::{self, Count};
use crate::diagnostic::{self, Code, Diagnostic, Diagnostics, Format, Severity};
use crate::project::{Failure, Project};
use crate::source::{Role, Sources};
use clap::{FromArgMatches, Parser, Subcommand, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Success.
const FINE: u8 = 0;
/// Failure.
const FAILED: u8 = 1;
/// Differences or findings.
const DIFFERENT: u8 = 2;
/// Wrong usage.
const USAGE: u8 = 64;

/// The result of a command: its exit code, or the findings to print before exiting with [`FAILED`].
type Ended = Result<u8, Box<Failure>>;

/// One platform spec in; Terraform for its networks and clusters and Kubernetes manifests for its workloads out.
#[derive(Debug, Parser)]
#[command(name = "platgen", version = env!("PLATGEN_VERSION"), about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Output format of findings.
    #[arg(long, global = true, value_enum, default_value = "human")]
    format: FormatName,
    /// Print errors only, and other findings that decide the exit code.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Print the files that are read, too.
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    verbose: bool,
    /// Run as if started in this folder.
    #[arg(long, short = 'C', global = true, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// When to use colors. `auto` respects `NO_COLOR`.
    #[arg(long, global = true, value_enum, default_value = "auto")]
    color: Color,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatName {
    Human,
    Json,
    Sarif,
    Github,
    /// Reports of `access`, `diff`, `graph`, `impact`, `outage`, `parity`, `reach` and `secrets` alone.
    Markdown,
    /// The graphs of `graph` and `reach` alone, in the language of Mermaid.
    Mermaid,
    /// The graph of `graph` alone, in the language of Graphviz.
    Dot,
    /// The drawing of `graph` and the matrix of `reach` alone.
    Svg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a small, commented, valid spec.
    Init(init::Init),
    /// Check the spec in every environment and report all faults; write nothing.
    Validate(validate::Validate),
    /// Write the files of the platform, or compare them with `--check`.
    Render(render::Render),
    /// Judge the committed Kubernetes files, with patches, raw manifests and hand edits; or any tree of manifests with `--tree`. Terraform is not judged.
    Check(check::Check),
    /// Print the effective values of an environment, each with its origin.
    Show(show::Show),
    /// Print what the spec changes about the rendered files, or about those of a revision: pods, values, connections, rights, hosts and resources.
    Diff(diff::Diff),
    /// Predict what happens when the files of one environment are applied to the cluster of another, and print the way back.
    Impact(impact::Impact),
    /// Predict what an environment loses without one of its zones or regions, and what to change in the spec.
    Outage(outage::Outage),
    /// Print who may do what in each cluster, by the roles and bindings that are rendered.
    Access(access::Access),
    /// Print who may talk to whom in each cluster, by flows, network policies and firewall, and where these differ.
    Reach(reach::Reach),
    /// Print what runs where in each cluster, and who calls whom: as text, or as a picture.
    Graph(graph::Graph),
    /// Ask a cluster whose it is, and whether its guard is in force; refuse any other one than is meant.
    Guard(guard::Guard),
    /// Print every secret with its readers, its copy in each cluster and who may read the copy; no values.
    Secrets(secrets::Secrets),
    /// Print what is different from an environment on its desktop, or in another environment: by weight, each with its reason or the line that says so.
    Parity(parity::Parity),
    /// Write a kind cluster with a region of an environment for a laptop: its rendered files with patches, and every difference with its reason.
    Kind(kind::Kind),
    /// Format spec files; meaning and comments stay.
    Fmt(fmt::Fmt),
    /// Update `platgen.lock`, the address plan, and `addons.lock`, the versions of add-ons.
    Lock(lock::LockCommand),
    /// Explain a key of the spec language, the references `${...}`, or the code of a finding.
    Explain(explain::Explain),
    /// Print the JSON Schema of the spec language.
    Schema,
    /// Print shell completions, of the names in the spec too.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print a manual page, or write the pages of all commands.
    Man(manual::Man),
}

/// The spec to read.
#[derive(Clone, Debug, clap::Args)]
struct Spec {
    /// The spec: a file, a folder, or `-` for a YAML text on stdin. Default: `platform.yaml`, `platform.toml` or the folder `platform/`, in the current folder or the nearest parent
    /// folder that has one. If other spec files are next to that file, the spec is their folder.
    spec: Option<PathBuf>,
}

/// What the output may lack.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Gaps {
    /// Go on without what an entry asks for and this version does not render: warn, and list it in the README of the output.
    #[arg(long)]
    allow_incomplete: bool,
}

/// Whether warnings fail the command.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Strict {
    /// Exit with 2 if there is a warning; `render` then writes nothing.
    #[arg(long)]
    deny_warnings: bool,
}

impl Strict {
    /// Whether there are warnings that fail the command.
    fn denies<'f>(self, found: impl IntoIterator<Item = &'f Diagnostic>) -> bool {
        found.into_iter().any(|finding| self.is_denied(finding))
    }

    /// Whether a finding is a warning that fails the command.
    fn is_denied(self, finding: &Diagnostic) -> bool {
        self.deny_warnings && finding.severity == Severity::Warning
    }
}

/// Output settings.
struct Terminal {
    format: Format,
    /// Whether data is printed as Markdown, and findings for people.
    markdown: bool,
    /// The picture that is printed in place of data.
    picture: Option<formats::Picture>,
    quiet: bool,
    verbose: bool,
    colour: bool,
}

impl Terminal {
    /// The columns that text may use: those of the terminal, at most 100; 100 where stdout is no terminal.
    fn width(&self) -> usize {
        let columns = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
        columns.unwrap_or(100).clamp(40, 100)
    }

    /// Whether data is printed as JSON; an exit code for `sarif` and `github`, which are formats of findings alone.
    fn data_is_json(&self) -> Result<bool, u8> {
        match self.format {
            Format::Human => Ok(false),
            Format::Json => Ok(true),
            Format::Sarif | Format::Github => {
                eprint_all("error: this command prints data, not findings: use `--format human` or `--format json`\n");
                Err(USAGE)
            }
        }
    }

    /// With `--verbose`, lists the files of a project.
    fn tell_files(&self, project: &Project) {
        if self.verbose {
            project.sources.iter().filter(|(_, source)| source.role == Role::User).for_each(|(_, source)| {
                eprint_all(&format!("read {} ({})\n", source.name, Count(source.text.lines().count(), "line")));
            });
            project.included.keys().for_each(|path| eprint_all(&format!("read {path}, which the spec includes\n")));
        }
    }

    /// Prints how many errors and warnings a failed command has found: the last error may have scrolled away.
    fn conclude(&self, found: &Diagnostics) {
        let count = |severity, noun| {
            let count = found.iter().filter(|finding| finding.severity == severity).count();
            (count > 0).then(|| Count(count, noun).to_string())
        };
        let counts = [count(Severity::Error, "error"), count(Severity::Warning, "warning")];
        if self.is_for_people() {
            self.say(&format!("\n{}", wording::plain(counts.into_iter().flatten())));
        }
    }

    /// Prints findings: as text to stderr, in other formats to stdout.
    fn tell(&self, findings: &[&Diagnostic], sources: &Sources) {
        self.tell_deciding(findings, sources, |_| false);
    }

    /// Prints findings as [`Terminal::tell`]; with `--quiet` errors, and those that decide the exit code.
    fn tell_deciding(&self, findings: &[&Diagnostic], sources: &Sources, decides: impl Fn(&Diagnostic) -> bool) {
        let is_shown = |finding: &&Diagnostic| !self.quiet || finding.severity == Severity::Error || decides(finding);
        let shown: Vec<&Diagnostic> = findings.iter().copied().filter(is_shown).collect();
        if matches!(self.format, Format::Human) {
            eprint_all(&diagnostic::print(self.format, &shown, sources, self.colour));
        } else {
            print_all(&diagnostic::print(self.format, &shown, sources, false));
        }
    }

    /// Whether findings are printed as text.
    fn is_for_people(&self) -> bool {
        matches!(self.format, Format::Human)
    }

    /// Prints findings without spans.
    fn tell_plain(&self, findings: &[Diagnostic]) {
        self.tell(&findings.iter().collect::<Vec<_>>(), &Sources::default());
    }

    /// Prints a warning without span to stderr, beside data on stdout.
    fn tell_warning(&self, warning: &Diagnostic) {
        if !self.quiet {
            eprint_all(&diagnostic::print(Format::Human, &[warning], &Sources::default(), self.colour));
        }
    }

    /// Prints a line to stderr unless `--quiet`.
    fn say(&self, text: &str) {
        if !self.quiet {
            eprint_all(&format!("{text}\n"));
        }
    }
}

/// Writes data to stdout. Ignores a closed pipe; any other error ends the program with [`FAILED`], so that nobody takes partial output for complete.
fn print_all(text: &str) {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            eprint_all(&format!("error: stdout can't be written: {error}\n"));
            std::process::exit(FAILED.into());
        }
        _ => {}
    }
}

fn eprint_all(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Says why the words of a command mean nothing; its exit code.
fn usage(text: &str) -> u8 {
    eprint_all(&format!("error: {text}\n"));
    USAGE
}

/// Commands of other tools, and what to do here.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (&["apply", "deploy", "install", "sync", "up"], "platgen applies nothing: the README.md of the output folder has the commands."),
    (&["delete", "destroy", "down", "uninstall"], "platgen deletes nothing: the RUNBOOK.md of the output folder has the commands."),
    (&["plan", "preview"], "`platgen diff` says what the spec changes, and `platgen render --check` prints the lines that differ."),
    (&["build", "convert", "generate", "synth", "template"], "`platgen render` writes the files."),
    (&["lint", "test", "verify"], "`platgen validate` checks the spec, and `platgen check` the committed files."),
];

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    clap_complete::CompleteEnv::with_factory(manual::command).complete();
    let arguments = match manual::command().try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            if let Some(clap::error::ContextValue::String(word)) = error.get(clap::error::ContextKind::InvalidSubcommand)
                && let Some((_, tip)) = ELSEWHERE.iter().find(|(words, _)| words.contains(&word.as_str()))
            {
                eprint_all(&format!("\n{tip}\n"));
            }
            return ExitCode::from(if error.use_stderr() { USAGE } else { FINE });
        }
    };
    let colour = match arguments.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never,
    };
    let format = match arguments.format {
        FormatName::Human | FormatName::Markdown | FormatName::Mermaid | FormatName::Dot | FormatName::Svg => Format::Human,
        FormatName::Json => Format::Json,
        FormatName::Sarif => Format::Sarif,
        FormatName::Github => Format::Github,
    };
    let (markdown, picture) = match formats::markdown(arguments.format, &arguments.command)
        .and_then(|markdown| Ok((markdown, formats::picture(arguments.format, &arguments.command)?)))
    {
        Ok(formats) => formats,
        Err(text) => return ExitCode::from(usage(text)),
    };
    let terminal = Terminal { format, markdown, picture, quiet: arguments.quiet, verbose: arguments.verbose, colour };
    if let Some(folder) = &arguments.directory
        && let Err(error) = std::env::set_current_dir(folder)
    {
        let fault = Diagnostic::new(Code::Unreadable, format!("the folder `{}` can't be entered: {error}", folder.display()));
        terminal.tell_plain(&[fault.help("check the path after `-C`")]);
        return ExitCode::from(FAILED);
    }
    let ended = match arguments.command {
        Command::Init(init) => Ok(init::run(&init, &terminal)),
        Command::Validate(validate) => validate::run(&validate, &terminal),
        Command::Render(render) => render::run(&render, &terminal),
        Command::Check(check) => check::run(&check, &terminal),
        Command::Show(show) => show::run(&show, &terminal),
        Command::Diff(diff) => diff::run(&diff, &terminal),
        Command::Impact(impact) => impact::run(&impact, &terminal),
        Command::Outage(outage) => outage::run(&outage, &terminal),
        Command::Access(access) => access::run(&access, &terminal),
        Command::Reach(reach) => reach::run(&reach, &terminal),
        Command::Graph(graph) => graph::run(&graph, &terminal),
        Command::Guard(guard) => guard::run(&guard, &terminal),
        Command::Secrets(secrets) => secrets::run(&secrets, &terminal),
        Command::Parity(parity) => parity::run(&parity, &terminal),
        Command::Kind(kind) => kind::run(&kind, &terminal),
        Command::Fmt(fmt) => fmt::run(&fmt, &terminal),
        Command::Lock(lock) => lock::run(&lock, &terminal),
        Command::Explain(explain) => explain::run(&explain, &terminal),
        Command::Schema => {
            print_all(&format!("{:#}\n", schema()));
            Ok(FINE)
        }
        Command::Completions { shell } => Ok(manual::completions(shell)),
        Command::Man(man) => Ok(manual::run(&man, &terminal)),
    };
    ExitCode::from(ended.unwrap_or_else(|failure| {
        terminal.tell(&failure.found.sorted(), &failure.sources);
        terminal.conclude(&failure.found);
        FAILED
    }))
}
