//! Five-field cron schedules in the syntax of Kubernetes CronJobs.
//!
//! Kubernetes uses the standard parser of `robfig/cron`: lists, ranges, steps, names of months and days; Sunday is 0 and never 7; `?` means `*`;
//! `a/n` runs from `a` to the end. This parser also refuses three typing errors: empty list items, steps larger than the field, and dates that
//! never occur.

use super::{Invalid, quote};

string! {
    /// A cron schedule: minute, hour, day of the month, month, day of the week.
    Schedule, "a schedule such as `0 3 * * *`", {
        "type": "string",
        "description": "A cron schedule of five fields: minute, hour, day of the month, month, day of the week.",
        "pattern": "^ *[*?0-9]\\S*( +([*?0-9]\\S*)){2} +[*?0-9A-Za-z]\\S* +[*?0-9A-Za-z]\\S* *$",
        "examples": ["0 3 * * *", "*/5 * * * *", "30 2 * * mon-fri"],
    }
}

/// The allowed values of one field.
struct Rule {
    name: &'static str,
    low: u32,
    high: u32,
    /// Names of the values, starting with `low`.
    words: &'static [&'static str],
}

const RULES: [Rule; 5] = [
    Rule { name: "minute", low: 0, high: 59, words: &[] },
    Rule { name: "hour", low: 0, high: 23, words: &[] },
    Rule { name: "day of the month", low: 1, high: 31, words: &[] },
    Rule { name: "month", low: 1, high: 12, words: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"] },
    Rule { name: "day of the week", low: 0, high: 6, words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/// The days of each month in a leap year.
const DAYS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// The values of a field as bits, and whether the field is `*`.
#[derive(Clone, Copy, Default)]
struct Values {
    bits: u64,
    any: bool,
}

impl Values {
    fn has(self, value: u32) -> bool {
        self.bits >> value & 1 == 1
    }
}

impl Schedule {
    fn parse(text: &str) -> Result<Self, Invalid> {
        if text.starts_with('@') {
            return Err(Invalid::new(shorthand(text)));
        }
        if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
            return Err(Invalid::new(format!("{} contains a time zone: set `timezone` next to `schedule` instead", quote(text))));
        }
        let fields: Vec<&str> = text.split(' ').filter(|field| !field.is_empty()).collect();
        let mut values = [Values::default(); 5];
        if fields.len() != RULES.len() {
            let rule = "write minute, hour, day of the month, month and day of the week, such as `0 3 * * *`";
            return Err(Invalid::new(format!("{} has {} fields instead of five: {rule}", quote(text), fields.len())));
        }
        for ((slot, field), rule) in values.iter_mut().zip(&fields).zip(&RULES) {
            *slot = rule.read(field).map_err(|why| Invalid::not(text, "a schedule", why))?;
        }
        let [_, _, days, months, weekdays] = values;
        // If day of the month and day of the week are both restricted, cron runs when either matches.
        let date_exists = (1..=12).any(|month| months.has(month) && (1..=DAYS[month as usize - 1]).any(|day| days.has(day)));
        if weekdays.any && !date_exists {
            return Err(Invalid::new(format!(
                "{} never runs: none of the months has such a day; write an existing date, such as `0 3 28 2 *`",
                quote(text)
            )));
        }
        Ok(Schedule(fields.join(" ")))
    }
}

/// The message for `@daily` and other shorthands.
fn shorthand(text: &str) -> String {
    let fields = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => return format!("{} is not a schedule: write five fields, such as `0 3 * * *`", quote(text)),
    };
    format!("{} is not a schedule: write the five fields, `{fields}`", quote(text))
}

/// The minutes of a week.
pub const WEEK: usize = 7 * DAY;

/// The minutes of a day.
const DAY: usize = 24 * 60;

impl Schedule {
    fn values(&self) -> [Values; 5] {
        let mut values = [Values::default(); 5];
        for ((slot, field), rule) in values.iter_mut().zip(self.0.split(' ')).zip(&RULES) {
            *slot = rule.read(field).unwrap_or_default();
        }
        values
    }

    /// Whether it depends on the day of the month or on the month.
    pub fn has_dates(&self) -> bool {
        let [_, _, days, months, _] = self.values();
        !days.any || !months.any
    }

    /// The minutes of a week, from Sunday 00:00 on, at which it may run. If it names days of the month, these may be any day of the week.
    pub fn week(&self) -> Vec<bool> {
        let [minutes, hours, days, _, weekdays] = self.values();
        let runs = |at: usize| {
            let [minute, hour, day] = [at % 60, at % DAY / 60, at / DAY].map(|one| one as u32);
            minutes.has(minute) && hours.has(hour) && (!days.any || weekdays.has(day))
        };
        (0..WEEK).map(runs).collect()
    }

    /// The longest time between two runs, in seconds, over eight years that start with a leap year.
    pub fn longest_gap(&self) -> u64 {
        let [minutes, hours, days, months, weekdays] = self.values();
        let times: Vec<u64> = (0..DAY as u64).filter(|at| hours.has((at / 60) as u32) && minutes.has((at % 60) as u32)).collect();
        let (Some(first), Some(last)) = (times.first(), times.last()) else { return 0 };
        let within = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default();
        // 2024 starts on a Monday. If day of the month and day of the week are both restricted, cron runs when either matches.
        let (mut weekday, mut before, mut longest, mut day) = (1, None::<u64>, within, 0);
        for year in 0..8 {
            for (month, length) in (1..).zip(DAYS) {
                let length = if month == 2 && year % 4 != 0 { 28 } else { length };
                for date in 1..=length {
                    let (by_date, by_week) = (days.has(date), weekdays.has(weekday));
                    let matches = if days.any || weekdays.any { by_date && by_week } else { by_date || by_week };
                    if months.has(month) && matches {
                        longest = before.map_or(longest, |known| longest.max((day - known) * DAY as u64 + first - last));
                        before = Some(day);
                    }
                    (weekday, day) = ((weekday + 1) % 7, day + 1);
                }
            }
        }
        longest * 60
    }

    /// The same schedule in `*`, figures, ranges and lists, which every cron reads. Some know no names in ranges, no `?` and no `a/n`.
    pub fn in_figures(&self) -> String {
        let fields =
            self.values().into_iter().zip(&RULES).map(|(values, rule)| if values.any { "*".to_owned() } else { ranges(values, rule) });
        fields.collect::<Vec<_>>().join(" ")
    }
}

/// The values of a field as a list of figures and ranges.
fn ranges(values: Values, rule: &Rule) -> String {
    let mut all: Vec<(u32, u32)> = Vec::new();
    for value in (rule.low..=rule.high).filter(|value| values.has(*value)) {
        match all.last_mut() {
            Some((_, end)) if *end + 1 == value => *end = value,
            _ => all.push((value, value)),
        }
    }
    let range = |(start, end): &(u32, u32)| if start == end { start.to_string() } else { format!("{start}-{end}") };
    all.iter().map(range).collect::<Vec<_>>().join(",")
}

impl Rule {
    fn read(&self, field: &str) -> Result<Values, String> {
        let mut all = Values::default();
        for item in field.split(',') {
            let values = self.read_item(item)?;
            all = Values { bits: all.bits | values.bits, any: all.any | values.any };
        }
        Ok(all)
    }

    /// One of `*`, `a`, `a-b`, each with or without `/step`.
    fn read_item(&self, item: &str) -> Result<Values, String> {
        let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
        let every = range == "*" || range == "?";
        let (start, end) = match range.split_once('-') {
            _ if every => (self.low, self.high),
            Some((start, end)) => (self.value(start)?, self.value(end)?),
            None => {
                let start = self.value(range)?;
                (start, if step.is_some() { self.high } else { start })
            }
        };
        if start > end {
            return Err(format!(
                "the {} `{range}` starts above its end; write the smaller end first, or two ranges with a comma",
                self.name
            ));
        }
        let step = match step.map(|step| (step, number(step))) {
            None => 1,
            Some((_, Some(step))) if (1..=self.high).contains(&step) => step,
            Some((step, _)) => return Err(format!("the {} has the step {}; write a step from 1 to {}", self.name, quote(step), self.high)),
        };
        let bits = (start..=end).step_by(step as usize).fold(0, |bits, value| bits | 1 << value);
        Ok(Values { bits, any: every && step == 1 })
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let word = self.words.iter().position(|word| word.eq_ignore_ascii_case(text)).map(|at| at as u32 + self.low);
        if let Some(value) = word.or_else(|| number(text)).filter(|value| (self.low..=self.high).contains(value)) {
            return Ok(value);
        }
        let sunday = if self.high == 6 && text == "7" { "; Sunday is 0" } else { "" };
        let words = match self.words {
            [first, .., last] => format!(" or `{first}` to `{last}`"),
            _ => String::new(),
        };
        Err(format!("the {} is {}; write {} to {}{words}{sunday}", self.name, quote(text), self.low, self.high))
    }
}

/// Parses one or two digits; cron allows a leading zero.
fn number(text: &str) -> Option<u32> {
    let fits = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn schedules_agree_with_their_schema() {
        let good = ["0 3 * * *", "*/5 * * * *", "0,30 8-18/2 1 jan-MAR mon-fri", "5/15 ? ? * sun", "0 0 31 2 1", "0 0 29 2 *"];
        let bad = ["", "* * * *", "* * * * * *", "@daily", "TZ=UTC 0 3 * * *", "a * * * *"];
        let loose = [
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 7",
            "*/0 * * * *",
            "*/60 * * * *",
            "1,,2 * * * *",
            "5-1 * * * *",
            "0 0 31 2,4 *",
            "1/2/3 * * * *",
        ];
        agree::<Schedule>(&good, &bad, &loose);
    }

    #[test]
    fn every_cron_reads_the_figures() {
        let figures = |text: &str| text.parse::<Schedule>().unwrap().in_figures();
        assert_eq!(figures("0 20 * * mon-fri"), "0 20 * * 1-5");
        assert_eq!(figures("*/15 8-18/2 ? jan,mar SUN"), "0,15,30,45 8,10,12,14,16,18 * 1,3 0");
        assert_eq!(figures("50/3 0 1,2,3,5 * *"), "50,53,56,59 0 1-3,5 * *");
        for text in ["0 20 * * mon-fri", "*/15 8-18/2 ? jan,mar SUN", "5 0 1,2,3,5 * 6"] {
            assert_eq!(figures(text).parse::<Schedule>().unwrap().week(), text.parse::<Schedule>().unwrap().week(), "{text}");
        }
    }

    #[test]
    fn a_week_holds_every_run() {
        let runs = |text: &str| -> Vec<usize> {
            let week = text.parse::<Schedule>().unwrap().week();
            (0..WEEK).filter(|at| week[*at]).collect()
        };
        assert_eq!(runs("30 1 * * 0,2"), [90, 2 * DAY + 90]);
        assert_eq!(runs("0 0 1 * *").len(), 7);
        // Either of the two days: the first of a month may be any day.
        assert_eq!(runs("0 0 1 * 3").len(), 7);
        assert_eq!(runs("* * * * *").len(), WEEK);
        let dates = |text: &str| text.parse::<Schedule>().unwrap().has_dates();
        assert!(dates("0 0 1 * *") && dates("0 0 * 1 *") && !dates("0 0 * * 1") && !dates("0 0 ? * 1"));
    }

    #[test]
    fn the_longest_gap_is_between_two_runs() {
        let hours = |text: &str| text.parse::<Schedule>().unwrap().longest_gap() as f64 / 3600.0;
        assert_eq!((hours("*/5 * * * *"), hours("0 3 * * *"), hours("0 8-18 * * *")), (1.0 / 12.0, 24.0, 14.0));
        assert_eq!((hours("0 3 * * 1-5"), hours("0 3 * * 0"), hours("30 2 1 * *")), (72.0, 168.0, 31.0 * 24.0));
        assert_eq!((hours("0 0 31 * *"), hours("0 0 29 2 *"), hours("0 0 1 * 1")), (61.0 * 24.0, 1461.0 * 24.0, 168.0));
    }

    #[test]
    fn messages_carry_the_fix() {
        let message = |text: &str| text.parse::<Schedule>().unwrap_err().message;
        assert_eq!(message("@daily"), "`@daily` is not a schedule: write the five fields, `0 0 * * *`");
        assert!(message("0 0 * * 7").ends_with("the day of the week is `7`; write 0 to 6 or `sun` to `sat`; Sunday is 0"));
        assert_eq!("0  3 * * *".parse::<Schedule>().unwrap(), "0 3 * * *");
    }
}
