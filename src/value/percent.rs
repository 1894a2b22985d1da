//! Percentages: of service level objectives, with four decimals, and whole ones of an autoscaler.

use std::fmt;

use super::Invalid;

/// A percentage above 0 and up to 100.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Percent {
    millionths: u32,
}

/// 100 percent in millionths.
const ONE: u32 = 1_000_000;

text!(Percent, "a percentage such as `99.9%`", {
    "type": "string",
    "description": "A percentage above 0 and up to 100, with at most four decimals.",
    "pattern": "^(0|[1-9][0-9]?|100)([.][0-9]{1,4})?%$",
    "examples": ["70%", "99.9%"],
});

impl Percent {
    /// The ratio in millionths: `99.9%` is 999000.
    pub fn millionths(self) -> u32 {
        self.millionths
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = || {
            let rule = "write a number above 0 and up to 100 with at most four decimals and a percent sign, such as `70%` or `99.9%`";
            Invalid::not(text, "a percentage", rule)
        };
        let number = text.strip_suffix('%').ok_or_else(wrong)?;
        let (integer, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let integer = super::whole(integer).filter(|whole| *whole <= 100).ok_or_else(wrong)?;
        if !(1..=4).contains(&fraction.len()) || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let fraction: u32 = format!("{fraction:0<4}").parse().map_err(|_| wrong())?;
        match integer as u32 * 10_000 + fraction {
            millionths @ 1..=ONE => Ok(Percent { millionths }),
            _ => Err(wrong()),
        }
    }
}

/// The utilization of a request that an autoscaler aims at: a whole percentage from 1 to 1000. It is above 100 where pods may use more than they request.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Utilization {
    percent: u32,
}

text!(Utilization, "a whole percentage such as `70%`", {
    "type": "string",
    "description": "A whole percentage from 1 to 1000. Above 100, pods use more than they request.",
    "pattern": "^([1-9][0-9]{0,2}|1000)%$",
    "examples": ["70%", "150%"],
});

impl Utilization {
    /// The percentage.
    pub const fn percent(self) -> u32 {
        self.percent
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let percent = text.strip_suffix('%').and_then(super::whole).filter(|percent| (1..=1000).contains(percent));
        match percent {
            Some(percent) => Ok(Utilization { percent: percent as u32 }),
            None => Err(Invalid::not(text, "a whole percentage", "an autoscaler takes whole percents from 1 to 1000, such as `70%`")),
        }
    }
}

impl fmt::Display for Utilization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.percent)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = format!("{}.{:04}", self.millionths / 10_000, self.millionths % 10_000);
        write!(f, "{}%", number.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn percentages_agree_with_their_schema() {
        agree::<Percent>(
            &["70%", "99.9%", "0.5%", "100%", "99.9999%"],
            &["", "%", "70", "070%", "-1%", "1.%", "99.99999%", "101%"],
            &["0%", "100.1%"],
        );
    }

    #[test]
    fn utilizations_agree_with_their_schema() {
        agree::<Utilization>(&["1%", "70%", "150%", "1000%"], &["", "%", "70", "0%", "070%", "70.5%", "-1%", "1001%", "2000%"], &[]);
    }

    #[test]
    fn shares_are_exact() {
        let percent: Percent = "99.95%".parse().unwrap();
        assert_eq!(percent.millionths(), 999_500);
        assert_eq!("70.0%".parse::<Percent>().unwrap().to_string(), "70%");
    }
}
