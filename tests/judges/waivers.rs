//! Findings that are accepted: `waivers.toml`, each with a reason, most with a date by which someone must look again.
//!
//! A waiver that no finding needs is a fault, and so is one past its date: the list never outlives its reasons.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use crate::judge::{Finding, configuration};

/// The file, and which of its lines were needed.
pub struct Waivers {
    entries: Vec<Waiver>,
    used: Mutex<BTreeSet<usize>>,
}

/// One accepted kind of finding. Patterns match whole; `*` stands for any text.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The judge's name.
    pub judge: String,
    /// The judge's id of the rule.
    pub rule: String,
    /// Pattern of the object.
    #[serde(default = "anything")]
    pub object: String,
    /// Pattern of the file.
    #[serde(default = "anything")]
    pub file: String,
    /// Why it is right as it is.
    pub reason: String,
    /// The last day it holds, `YYYY-MM-DD`; a conflict has none.
    pub expires: Option<String>,
    /// Of a conflict: the judge and rule that ask for the opposite.
    pub against: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    #[serde(default)]
    waiver: Vec<Waiver>,
    #[serde(default)]
    conflict: Vec<Waiver>,
}

fn anything() -> String {
    "*".into()
}

impl Waivers {
    /// Reads `tests/judges/waivers.toml`.
    pub fn read() -> Result<Self, String> {
        let path = configuration().join("waivers.toml");
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&text).map_err(|error| format!("waivers.toml: {error}"))
    }

    /// Waivers of a text; a waiver needs `expires`, a conflict `against`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lists: Lists = toml::from_str(text).map_err(|error| error.to_string())?;
        for waiver in &lists.waiver {
            let date = waiver.expires.as_deref().unwrap_or_default();
            if waiver.against.is_some() || !is_date(date) {
                return Err(format!("{}: a waiver has `expires = \"YYYY-MM-DD\"` and no `against`", waiver.name()));
            }
        }
        for conflict in &lists.conflict {
            if conflict.expires.is_some() || conflict.against.is_none() {
                return Err(format!("{}: a conflict has `against` and no `expires`", conflict.name()));
            }
        }
        let entries = lists.waiver.into_iter().chain(lists.conflict).collect();
        Ok(Self { entries, used: Mutex::default() })
    }

    /// Whether the finding is accepted; remembers what accepted it.
    pub fn accept(&self, finding: &Finding) -> bool {
        let matching = self.entries.iter().enumerate().filter(|(_, waiver)| waiver.covers(finding)).map(|(index, _)| index);
        let mut used = self.used.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let before = matching.collect::<Vec<_>>();
        used.extend(&before);
        !before.is_empty()
    }

    /// Waivers whose day has passed.
    pub fn expired(&self, today: &str) -> Vec<String> {
        let past = self.entries.iter().filter(|waiver| waiver.expires.as_deref().is_some_and(|date| date < today));
        past.map(|waiver| format!("{} expired on {}", waiver.name(), waiver.expires.as_deref().unwrap_or_default())).collect()
    }

    /// Waivers of the judges that ran, which no finding needed.
    pub fn unused(&self, ran: impl Fn(&str) -> bool) -> Vec<String> {
        let used = self.used.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let idle = self.entries.iter().enumerate().filter(|(index, waiver)| !used.contains(index) && ran(&waiver.judge));
        idle.map(|(_, waiver)| format!("{} is not needed", waiver.name())).collect()
    }

    /// Judges that are named.
    pub fn judges(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|waiver| waiver.judge.as_str())
    }
}

impl Waiver {
    fn covers(&self, finding: &Finding) -> bool {
        self.judge == finding.judge
            && self.rule == finding.rule
            && matches(&self.object, &finding.object)
            && matches(&self.file, &finding.file)
    }

    fn name(&self) -> String {
        format!("{}: {} on {} ({})", self.judge, self.rule, self.object, self.reason)
    }
}

/// Whether the pattern covers the whole text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text
            .strip_prefix(head)
            .is_some_and(|rest| rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| matches(tail, &rest[at..]))),
    }
}

fn is_date(text: &str) -> bool {
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    form == "0000-00-00"
}

/// PLATGEN_TODAY, else the system's day in UTC.
pub fn today() -> String {
    std::env::var("PLATGEN_TODAY").unwrap_or_else(|_| {
        let days = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() / 86_400);
        // Days since 1970 to a date, counted in years that begin in March so that the leap day comes last.
        let day = days + 719_468;
        let (era, of_era) = (day / 146_097, day % 146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let (day, month) = (of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
        format!("{:04}-{month:02}-{day:02}", year + era * 400 + u64::from(month <= 2))
    })
}

/// The waivers' own rules, proved on a small list.
pub fn prove() -> Result<(), String> {
    let text = r#"
        waiver = [{judge = "j", rule = "r", object = "Deployment/*/a", reason = "x", expires = "2026-01-31"}, {judge = "j", rule = "idle", reason = "x", expires = "2030-01-01"}]
        conflict = [{judge = "j", rule = "c", reason = "x", against = "k/d"}]"#;
    let waivers = Waivers::parse(text)?;
    let finding = |rule: &str, object: &str| Finding {
        judge: "j".into(),
        rule: rule.into(),
        object: object.into(),
        file: "f".into(),
        message: String::new(),
    };
    let judged =
        [finding("r", "Deployment/shop/a"), finding("r", "Deployment/shop/b"), finding("c", "")].map(|finding| waivers.accept(&finding));
    let checks = [
        ("accepts what it covers and nothing else", judged == [true, false, true]),
        ("knows what is idle", waivers.unused(|_| true) == ["j: idle on * (x) is not needed"]),
        ("holds through its last day", waivers.expired("2026-01-31").is_empty()),
        ("ends the day after", waivers.expired("2026-02-01").len() == 1),
        ("refuses a waiver without a date", Waivers::parse("waiver = [{judge = 'j', rule = 'r', reason = 'x'}]").is_err()),
        ("refuses a conflict without an opponent", Waivers::parse("conflict = [{judge = 'j', rule = 'r', reason = 'x'}]").is_err()),
    ];
    match checks.iter().find(|(_, holds)| !holds) {
        Some((rule, _)) => Err(format!("no longer {rule}")),
        None => Ok(()),
    }
}
