//! Inclusive ranges `a..b`: of quantities (request and limit), of CPU, which may have no limit, and of counts.

use std::fmt;

use super::quantity::PATTERN;
use super::{Invalid, Quantity, quote, whole};

/// Request and limit of memory or storage: `64Mi..128Mi`, or one figure for both.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct QuantityRange {
    request: Quantity,
    limit: Option<Quantity>,
}

text!(QuantityRange, "a quantity or a range such as `64Mi..128Mi`", {
    "type": ["number", "string"],
    "description": "Request and limit as `64Mi..128Mi`, or one figure for both.",
    "minimum": 0,
    "pattern": format!("^{PATTERN}([.][.]{PATTERN})?$"),
    "examples": ["64Mi..128Mi", "512Mi"],
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
        if high == NO_LIMIT {
            let rule = "only `cpu` can do without a limit; a container without this limit may take all of its node";
            return Err(Invalid::new(format!("{} has no limit: {rule}", quote(text))));
        }
        let (request, limit) = both_ends(text, low, high)?;
        Ok(QuantityRange { request, limit: Some(limit) })
    }
}

/// The ends of a range of quantities.
fn both_ends(text: &str, low: &str, high: &str) -> Result<(Quantity, Quantity), Invalid> {
    if low.is_empty() || high.is_empty() {
        return Err(Invalid::new(format!("{} has only one end: write both, such as `100m..200m`", quote(text))));
    }
    let (request, limit): (Quantity, Quantity) = (low.parse()?, high.parse()?);
    if request > limit {
        return Err(Invalid::reversed(text, format_args!("{limit}..{request}")));
    }
    Ok((request, limit))
}

impl fmt::Display for QuantityRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.limit {
            Some(limit) => write!(f, "{}..{limit}", self.request),
            None => self.request.fmt(f),
        }
    }
}

/// The upper end of a range of CPU without a limit.
const NO_LIMIT: &str = "none";

/// Request and limit of CPU: `100m..200m`, `250m..none`, or the request alone.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct CpuRange {
    request: Quantity,
    limit: CpuLimit,
}

/// The limit of CPU.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum CpuLimit {
    /// The user wrote the request alone.
    Unsaid,
    /// No limit.
    None,
    /// A limit.
    At(Quantity),
}

text!(CpuRange, "a quantity or a range such as `100m..200m`", {
    "type": ["number", "string"],
    "description": "CPU request and limit as `100m..200m`; `250m..none` has no limit. One figure is the request; the limit is then four times the request.",
    "minimum": 0,
    "pattern": format!("^{PATTERN}([.][.](none|{PATTERN}))?$"),
    "examples": ["100m..200m", "250m..none"],
});

impl CpuRange {
    /// The request: the lower end, or the only figure.
    pub fn request(&self) -> &Quantity {
        &self.request
    }

    /// The limit.
    pub fn limit(&self) -> &CpuLimit {
        &self.limit
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let (request, limit) = match text.split_once("..") {
            None => (text.parse()?, CpuLimit::Unsaid),
            Some((low, NO_LIMIT)) if !low.is_empty() => (low.parse()?, CpuLimit::None),
            Some((low, high)) => both_ends(text, low, high).map(|(request, limit)| (request, CpuLimit::At(limit)))?,
        };
        Ok(CpuRange { request, limit })
    }
}

impl fmt::Display for CpuRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.limit {
            CpuLimit::Unsaid => self.request.fmt(f),
            CpuLimit::None => write!(f, "{}..{NO_LIMIT}", self.request),
            CpuLimit::At(limit) => write!(f, "{}..{limit}", self.request),
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
        agree::<QuantityRange>(
            &["100m..200m", "512Mi", "1..1", "0.5..1.5"],
            &["", "..", "1..", "..1", "1...2", "1..2..3", "1Gi..none"],
            &["2..1"],
        );
        agree::<CpuRange>(&["100m..200m", "250m..none", "2"], &["", "..", "..none", "1..", "none", "1..None"], &["2..1"]);
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
