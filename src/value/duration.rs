//! Durations: a whole number and a unit.

use std::fmt;

use super::{Invalid, quote, whole};

/// A duration such as `90s` or `35d`. Comparison is by length: `60s` equals `1m`.
///
/// `Display` prints the text that the user wrote, which is also the notation of Prometheus.
#[derive(Clone, Copy, Debug)]
pub struct Duration {
    count: u64,
    unit: Unit,
}

/// A unit: suffix and length in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Unit(&'static str, u64);

const UNITS: [Unit; 6] =
    [Unit("ms", 1), Unit("s", 1_000), Unit("m", 60_000), Unit("h", 3_600_000), Unit("d", 86_400_000), Unit("w", 604_800_000)];

/// A hundred years. Programs that count nanoseconds in 64 bits overflow at 292 years.
const MAX_MILLIS: u64 = 36_525 * 86_400_000;

text!(Duration, "a duration such as `90s`", {
    "type": "string",
    "description": "A duration: a whole number and one of the units ms, s, m, h, d and w.",
    "pattern": "^(0|[1-9][0-9]*)(ms|s|m|h|d|w)$",
    "examples": ["300ms", "90s", "6h", "35d"],
});

impl Duration {
    /// A duration of `millis` milliseconds, in the largest exact unit up to days.
    pub fn from_millis(millis: u64) -> Self {
        let unit = UNITS[..5].iter().rev().find(|unit| millis.is_multiple_of(unit.1) && millis > 0).copied().unwrap_or(UNITS[1]);
        Duration { count: millis / unit.1, unit }
    }

    /// The length in milliseconds.
    pub fn millis(self) -> u64 {
        self.count * self.unit.1
    }

    /// The length in whole seconds, rounded up.
    pub fn seconds(self) -> u64 {
        self.millis().div_ceil(1000)
    }

    /// The notation of PromQL and the Prometheus configuration: `35d`.
    pub fn prometheus(self) -> String {
        self.to_string()
    }

    /// The notation of Go and the Gateway API, which have no days and weeks: `35d` is `840h`, `90s` is `1m30s`.
    pub fn go(self) -> String {
        let mut rest = self.millis();
        let mut text = String::new();
        for Unit(suffix, length) in UNITS[..4].iter().rev() {
            if rest >= *length {
                text.push_str(&format!("{}{suffix}", rest / length));
                rest %= length;
            }
        }
        if text.is_empty() { "0s".to_owned() } else { text }
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let rule = "write a whole number and one of the units ms, s, m, h, d and w, such as `90s` or `35d`";
        let number_ends = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, suffix) = text.split_at(number_ends);
        let unit = UNITS.into_iter().find(|unit| unit.0 == suffix);
        let (Some(unit), false) = (unit, number.is_empty() || (number.len() > 1 && number.starts_with('0'))) else {
            return Err(Invalid::not(text, "a duration", rule));
        };
        match whole(number) {
            Some(count) if count <= MAX_MILLIS / unit.1 => Ok(Duration { count, unit }),
            _ => Err(Invalid::new(format!("{} is too long: the longest duration is a hundred years, `36525d`", quote(text)))),
        }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit.0)
    }
}

compared_by!(Duration, millis);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn durations_agree_with_their_schema() {
        let bad = ["", "s", "90", "1h30m", "1.5h", "-5s", "05m", "1y", "5 m", "5M"];
        agree::<Duration>(&["300ms", "90s", "5m", "6h", "35d", "2w", "0s"], &bad, &["36526d", "99999999999999999999w"]);
    }

    #[test]
    fn one_length_in_three_spellings() {
        let duration = |text: &str| text.parse::<Duration>().unwrap();
        assert_eq!((duration("35d").go(), duration("90s").go(), duration("0s").go()), ("840h".into(), "1m30s".into(), "0s".into()));
        assert_eq!(duration("300ms").seconds(), 1);
        assert_eq!(duration("7d"), duration("1w"));
        assert_eq!(duration("2w").prometheus(), "2w");
        assert_eq!(Duration::from_millis(1_800_000).to_string(), "30m");
    }
}
