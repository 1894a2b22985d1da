//! `render --check`: what differs between the files on disk and the spec, and what a running cluster does not take in place.

use super::run::{Run, foreign};
use super::{DIFFERENT, FAILED, FINE, Terminal, print_all};
use crate::diagnostic::wording::Count;
use crate::diagnostic::{Diagnostic, Severity};
use crate::output::{self, Cause, Job, Refusal, Report};
use crate::project::Project;
use crate::source::Span;

/// How many lines of differences are printed for people.
const SHOWN: usize = 120;

/// Prints the differences. Returns the exit code.
pub(super) fn compare(job: &Job<'_>, run: &mut Run<'_>) -> u8 {
    let (mut found, terminal) = (Vec::new(), run.terminal);
    let report = match output::check_reviewed(job, |replaced| found = run.transitions(replaced)) {
        Ok(report) => report,
        Err(faults) => return run.end(FAILED, faults),
    };
    let code = if report.is_clean() { FINE } else { DIFFERENT };
    let is_refused = !report.refused.is_empty() || found.iter().any(|finding| finding.severity == Severity::Error);
    // People see the lines that differ, programs a finding for each cause.
    if !terminal.is_for_people() {
        found.extend(report.diagnostics("platgen render").into_iter().map(|finding| located(finding, &mut run.project)));
        return run.end(code, found);
    }
    differences(&report, terminal);
    found.extend(report.refused.iter().map(Refusal::diagnostic));
    let code = run.end(code, found);
    terminal.say(&conclude(&report, is_refused, job.version));
    code
}

/// Prints the files that differ, each with its causes and the lines that differ, for people.
pub(super) fn differences(report: &Report, terminal: &Terminal) {
    let mut left = SHOWN;
    for difference in &report.differences {
        let causes: Vec<&str> = difference.causes.iter().map(|cause| cause.text()).collect();
        let (change, conflict) = (difference.change.text(), difference.conflict_text());
        print_all(&format!("{} {change}: {}{conflict}\n", difference.path, causes.join(", ")));
        if let Some(diff) = difference.diff.as_deref().filter(|_| !terminal.quiet) {
            let lines: Vec<&str> = diff.split_inclusive('\n').collect();
            let (shown, rest) = lines.split_at(left.min(lines.len()));
            left -= shown.len();
            print_all(&shown.concat());
            if !rest.is_empty() {
                print_all(&format!("... {} not shown\n", Count(rest.len(), "more line")));
            }
        }
    }
}

/// A finding about a file with the file as its place, for formats that annotate files.
fn located(finding: Diagnostic, project: &mut Project) -> Diagnostic {
    match finding.subject.clone().filter(|_| finding.span.is_none()) {
        Some(path) => finding.at(Span::new(project.sources.add(path, ""), 0..0)),
        None => finding,
    }
}

/// The summary of a check.
fn conclude(report: &Report, is_refused: bool, version: &str) -> String {
    let mut lines: Vec<String> = report.foreign.iter().map(|path| foreign(path)).collect();
    if report.differences.iter().any(|difference| difference.causes.contains(&Cause::PlatgenChanged)) {
        let versions: Vec<&str> = report.versions.iter().map(String::as_str).collect();
        lines.push(format!(
            "files were rendered by platgen {}, this is {version}: changes of the spec may be among the differences",
            versions.join(" and ")
        ));
    }
    if !report.merged.is_empty() {
        let manifests = Count(report.merged.len(), "manifest");
        lines.push(format!(
            "{manifests} with lines of both branches of a merge: they work as they are, and the next `platgen render` tidies them"
        ));
    }
    let differences = Count(report.differences.len(), "difference");
    let lock_is_missing =
        report.differences.iter().any(|difference| difference.causes == [Cause::LockMissing]) && !report.refused.is_empty();
    lines.push(match (report.is_clean(), is_refused) {
        (true, _) => "the files are as the spec says".to_string(),
        (false, false) => format!("{differences} between the spec and the files; `platgen render` writes the files"),
        (false, true) if lock_is_missing => "the lock is missing: without it the files can't be compared with the spec".to_string(),
        (false, true) => {
            format!("{differences} between the spec and the files; `platgen render` writes nothing until the errors above are resolved")
        }
    });
    lines.join("\n")
}
