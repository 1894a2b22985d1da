//! `platgen check`: the rules over the model and what would be rendered, without the findings that the spec accepts.

use super::select::unknown_place;
use super::{DIFFERENT, Ended, FAILED, FINE, Terminal};
use crate::check::{apply, findings};
use crate::diagnostic::wording::Count;
use crate::diagnostic::{Code, Severity};
use crate::project::{Project, Rendered, Resolved};
use crate::value::Date;
use std::time::{SystemTime, UNIX_EPOCH};

/// Flags of `check`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = rules())]
pub(super) struct Check {
    #[command(flatten)]
    spec: super::Spec,
    /// Only this environment.
    #[arg(long)]
    env: Option<String>,
    /// Only this region.
    #[arg(long)]
    region: Option<String>,
    /// The day by which waivers are judged, `YYYY-MM-DD`. Default: the system's, in UTC.
    #[arg(long, value_name = "DAY")]
    today: Option<Date>,
}

/// The list of rules, for `--help`.
fn rules() -> String {
    let width = Code::RULES.iter().map(|rule| rule.name().len()).max().unwrap_or(0);
    let lines = Code::RULES.iter().map(|rule| format!("  {:width$}  {}", rule.name(), rule.summary()));
    std::iter::once("Rules (`platgen explain RULE` says why and how to mend):".to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

pub(super) fn run(check: &Check, terminal: &Terminal) -> Ended {
    let Rendered { resolved: Resolved { mut project, mut estate, .. }, files } =
        Project::open(check.spec.spec.as_deref())?.resolve()?.render()?;
    if let Some(fault) = unknown_place(&estate, check.env.as_deref(), check.region.as_deref()) {
        terminal.tell_plain(&[fault]);
        return Ok(FAILED);
    }
    estate.environments.retain(|name, _| check.env.as_ref().is_none_or(|wanted| wanted == name));
    for platform in estate.environments.values_mut() {
        platform.regions.retain(|name, _| check.region.as_ref().is_none_or(|wanted| wanted == name));
    }
    let whole = check.env.is_none() && check.region.is_none();
    let judged = apply(&estate, findings(&estate, &files), check.today.unwrap_or_else(today), whole);
    let worth = |severity| matches!(severity, Severity::Error | Severity::Warning);
    let count = judged.left.iter().filter(|finding| worth(finding.severity)).count();
    // What reading the spec has to say is said as well, and is no finding of the check.
    project.found.extend(judged.left);
    terminal.tell(&project.found.sorted(), &project.sources);
    let waived = if judged.waived == 0 { String::new() } else { format!(", {} waived", judged.waived) };
    terminal.say(&format!("{} rules, {}{waived}", Code::RULES.len(), Count(count, "finding")));
    Ok(if count == 0 { FINE } else { DIFFERENT })
}

/// The system's day in UTC.
fn today() -> Date {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    // No clock is beyond the year 9999; one that is has no waiver that still holds.
    Date::after_1970(seconds / 86_400).unwrap_or(Date::LAST)
}
