//! Availability zones of a region.

use std::fmt;

use super::{Invalid, whole};

/// The zones of a region: how many, or the name of one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Zone {
    /// The first zones of the region. In a list of several, a zone whose name is a number.
    Count(u8),
    /// The part of a zone's name that is unique in its region, such as `a` of `eu-west-1a`.
    Name(String),
}

text!(Zone, "a number of zones, or the name of a zone such as `a`", {
    "type": ["integer", "string"],
    "description": "A number of zones, or the name of a zone without its region.",
    "minimum": 0,
    "maximum": 255,
    "pattern": "^(0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]|[a-z][a-z0-9]*)$",
    "examples": [3, "a"],
});

impl Zone {
    fn parse(text: &str) -> Result<Self, Invalid> {
        if let Some(count) = whole(text).and_then(|count| u8::try_from(count).ok()) {
            return Ok(Zone::Count(count));
        }
        let named =
            text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if named {
            return Ok(Zone::Name(text.to_owned()));
        }
        Err(Invalid::not(
            text,
            "a number of zones or the name of a zone",
            "write a number such as `3`, or names without the region, such as `[a, b]`",
        ))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Count(count) => count.fmt(f),
            Zone::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn zones_agree_with_their_schema() {
        agree::<Zone>(&["0", "3", "255", "a", "b2"], &["", "256", "03", "-1", "eu-west-1a", "A", "1a"], &[]);
    }
}
