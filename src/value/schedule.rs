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
    fn messages_carry_the_fix() {
        let message = |text: &str| text.parse::<Schedule>().unwrap_err().message;
        assert_eq!(message("@daily"), "`@daily` is not a schedule: write the five fields, `0 0 * * *`");
        assert!(message("0 0 * * 7").ends_with("the day of the week is `7`; write 0 to 6 or `sun` to `sat`; Sunday is 0"));
        assert_eq!("0  3 * * *".parse::<Schedule>().unwrap(), "0 3 * * *");
    }
}
