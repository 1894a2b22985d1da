//! Inclusive ranges `a..b`: of quantities (request and limit) and of counts.

use std::fmt;

use super::quantity::PATTERN;
use super::{Invalid, Quantity, quote, whole};

/// Request and limit of a resource: `100m..200m`, or one figure whose meaning depends on the resource.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct QuantityRange {
    request: Quantity,
    limit: Option<Quantity>,
}

text!(QuantityRange, "a quantity or a range such as `100m..200m`", {
    "type": ["number", "string"],
    "description": "Request and limit as `100m..200m`, or one figure: for CPU the request, with four times as much as the limit; for other resources both.",
    "minimum": 0,
    "pattern": format!("^{PATTERN}([.][.]{PATTERN})?$"),
    "examples": ["100m..200m", "512Mi"],
});

impl QuantityRange {
    /// The request: the lower end, or the only figure.
    pub fn request(&self) -> &Quantity {
        &self.request
    }

    /// The limit: the upper end, if the user wrote one.
    pub fn limit(&self) -> Option<&Quantity> {
        self.limit.as_ref()
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let Some((low, high)) = text.split_once("..") else {
            return Ok(QuantityRange { request: text.parse()?, limit: None });
        };
        if low.is_empty() || high.is_empty() {
            return Err(Invalid::new(format!("{} has only one end: write both, such as `100m..200m`", quote(text))));
        }
        let (request, limit): (Quantity, Quantity) = (low.parse()?, high.parse()?);
        if request > limit {
            return Err(Invalid::reversed(text, format_args!("{limit}..{request}")));
        }
        Ok(QuantityRange { request, limit: Some(limit) })
    }
}

impl fmt::Display for QuantityRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.limit {
            Some(limit) => write!(f, "{}..{limit}", self.request),
            None => self.request.fmt(f),
        }
    }
}

/// A number of replicas or nodes: `3`, or `2..10`. `3..3` is `3`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CountRange {
    min: u32,
    max: u32,
}

text!(CountRange, "a number or a range such as `2..10`", {
    "type": ["integer", "string"],
    "description": "A number, or a range from the lowest to the highest number: `2..10`.",
    "minimum": 0,
    "maximum": 999_999,
    "pattern": "^(0|[1-9][0-9]{0,5})([.][.](0|[1-9][0-9]{0,5}))?$",
    "examples": [3, "2..10"],
});

impl CountRange {
    /// The range with `count` as both ends.
    pub const fn single(count: u32) -> Self {
        CountRange { min: count, max: count }
    }

    /// The lower end.
    pub const fn min(self) -> u32 {
        self.min
    }

    /// The upper end.
    pub const fn max(self) -> u32 {
        self.max
    }

    /// Whether both ends are the same.
    pub const fn is_single(self) -> bool {
        self.min == self.max
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        let count = |text| whole(text).filter(|count| *count <= 999_999).map(|count| count as u32);
        match (count(low), count(high)) {
            (Some(min), Some(max)) if min <= max => Ok(CountRange { min, max }),
            (Some(min), Some(max)) => Err(Invalid::reversed(text, format_args!("{max}..{min}"))),
            _ => {
                let rule = "write a whole number below a million, such as `3`, or both ends of a range, such as `2..10`";
                Err(Invalid::not(text, "a number or a range", rule))
            }
        }
    }
}

impl fmt::Display for CountRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_single() { self.min.fmt(f) } else { write!(f, "{}..{}", self.min, self.max) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn ranges_agree_with_their_schema() {
        agree::<QuantityRange>(&["100m..200m", "512Mi", "1..1", "0.5..1.5"], &["", "..", "1..", "..1", "1...2", "1..2..3"], &["2..1"]);
        agree::<CountRange>(&["3", "2..10", "0", "999999"], &["", "..", "2..", "..3", "-1", "1.5", "03", "1000000"], &["3..2"]);
    }

    #[test]
    fn ends_are_told_apart() {
        let range: QuantityRange = "64Mi..128Mi".parse().unwrap();
        assert_eq!((range.request().to_string(), range.limit().unwrap().to_string()), ("64Mi".into(), "128Mi".into()));
        assert_eq!("64Mi".parse::<QuantityRange>().unwrap().limit(), None);
        assert!("3..3".parse::<CountRange>().unwrap().is_single());
    }
}
