//! Dates in the form `2027-01-31`, whose order as text is the order in time.

use std::fmt;

use super::Invalid;

/// A date of the Gregorian calendar, from year 1 to 9999.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

text!(Date, "a date such as `2027-01-31`", {
    "type": "string",
    "description": "A date: year, month and day.",
    "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    "examples": ["2027-01-31"],
});

impl Date {
    /// The latest date.
    pub const LAST: Date = Date { year: 9999, month: 12, day: 31 };

    /// The date that is `days` days after 1 January 1970. `None` beyond the year 9999.
    pub fn after_1970(days: u64) -> Option<Self> {
        let mut left = days;
        for year in 1970..=9999 {
            for month in 1..=12 {
                let length = u64::from(length(year, month));
                if left < length {
                    return Some(Date { year, month, day: left as u8 + 1 });
                }
                left -= length;
            }
        }
        None
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::not(text, "a date", "write year, month and day, such as `2027-01-31`");
        let form =
            text.len() == 10 && text.bytes().enumerate().all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
        if !form {
            return Err(wrong());
        }
        let figure = |from: usize, to: usize| text[from..to].parse::<u16>().map_err(|_| wrong());
        let (year, month, day) = (figure(0, 4)?, figure(5, 7)? as u8, figure(8, 10)? as u8);
        if year == 0 || !(1..=12).contains(&month) || day == 0 || day > length(year, month) {
            return Err(Invalid::not(text, "a date of the calendar", "check the month and the day"));
        }
        Ok(Date { year, month, day })
    }
}

/// The number of days in a month.
fn length(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn days_agree_with_their_schema() {
        let bad = [
            "",
            "2027",
            "2027-1-31",
            "27-01-31",
            "2027-13-01",
            "2027-00-01",
            "2027-01-00",
            "2027-01-32",
            "2027/01/31",
            "2027-01-31T00:00:00Z",
        ];
        let loose = ["2027-02-29", "2100-02-29", "2027-04-31", "0000-01-01"];
        agree::<Date>(&["2027-01-31", "2028-02-29", "2000-02-29", "0001-01-01", "9999-12-31"], &bad, &loose);
    }

    #[test]
    fn days_are_ordered_and_counted() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert!(day("2026-12-31") < day("2027-01-01") && day("2027-01-31") < day("2027-02-01"));
        assert_eq!(Date::after_1970(0), Some(day("1970-01-01")));
        assert_eq!(Date::after_1970(19_782), Some(day("2024-02-29")));
        assert_eq!(Date::after_1970(20_453), Some(day("2025-12-31")));
        assert_eq!(Date::after_1970(2_932_896), Some(day("9999-12-31")));
        assert_eq!(Date::after_1970(2_932_897), None);
    }
}
