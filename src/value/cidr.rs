//! IPv4 ranges: parsing and arithmetic.
//!
//! A [`Cidr`] is always a whole block. Host bits are an error instead of being dropped: in `10.0.1.5/16` either the address or the prefix is
//! wrong, and only the author knows which.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;

/// An IPv4 block, e.g. `10.16.0.0/12`. Ordered by first address, then larger blocks first, so that a block precedes the blocks inside it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Cidr(Ipv4Net);

/// Why a text is not a [`Cidr`]. The display text completes "`x` is not an IPv4 range: ...".
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CidrError {
    /// The text has no `/`.
    NoPrefix,
    /// The part before `/` is not four numbers from 0 to 255.
    Address(String),
    /// The part before `/` is an IPv6 address.
    Ipv6,
    /// The part after `/` is not a number from 0 to 32.
    Prefix(String),
    /// Bits after the prefix are set. Holds the block that contains the address.
    HostBits(Cidr),
}

impl fmt::Display for CidrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CidrError::NoPrefix => write!(f, "the prefix length is missing, such as `/16`"),
            CidrError::Address(text) => write!(f, "`{text}` is not an address of four numbers from 0 to 255"),
            CidrError::Ipv6 => write!(f, "IPv6 ranges are not supported"),
            CidrError::Prefix(text) => write!(f, "the prefix length `{text}` is not a number from 0 to 32"),
            CidrError::HostBits(block) => write!(f, "host bits are set; the block of this size is `{block}`"),
        }
    }
}

impl std::error::Error for CidrError {}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let (address, prefix) = text.split_once('/').ok_or(CidrError::NoPrefix)?;
        if address.parse::<std::net::Ipv6Addr>().is_ok() {
            return Err(CidrError::Ipv6);
        }
        let address: Ipv4Addr = address.parse().map_err(|_| CidrError::Address(address.to_owned()))?;
        let digits = (1..=2).contains(&prefix.len())
            && prefix.bytes().all(|byte| byte.is_ascii_digit())
            && (prefix == "0" || !prefix.starts_with('0'));
        let length =
            prefix.parse::<u8>().ok().filter(|length| digits && *length <= 32).ok_or_else(|| CidrError::Prefix(prefix.to_owned()))?;
        let block = Cidr::around(address.into(), length);
        if block.first() == u32::from(address) { Ok(block) } else { Err(CidrError::HostBits(block)) }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl serde::Serialize for Cidr {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Cidr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| serde::de::Error::custom(format!("`{text}` is not an IPv4 range: {error}")))
    }
}

impl schemars::JsonSchema for Cidr {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cidr".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "An IPv4 range in CIDR notation, without host bits.",
            "pattern": r"^([0-9]{1,3}\.){3}[0-9]{1,3}/([0-9]|[12][0-9]|3[0-2])$",
            "examples": ["10.0.0.0/16"],
        })
    }
}

impl Cidr {
    /// The ranges that the internet does not route: private networks (RFC 1918), carrier-grade NAT (RFC 6598) and link-local addresses (RFC 3927).
    pub const PRIVATE: [&str; 5] = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

    /// Whether the block lies inside one of [`Cidr::PRIVATE`].
    pub fn is_private(self) -> bool {
        Cidr::PRIVATE.iter().any(|range| range.parse::<Cidr>().is_ok_and(|range| range.contains(self)))
    }

    /// The block of this prefix length that contains `address`. A length above 32 counts as 32.
    pub fn around(address: u32, prefix: u8) -> Cidr {
        let prefix = prefix.min(32);
        // `Ipv4Net::new` fails only for lengths above 32, so the default is never used.
        Cidr(Ipv4Net::new(address.into(), prefix).unwrap_or_default().trunc())
    }

    /// The prefix length, 0 to 32.
    pub fn prefix(self) -> u8 {
        self.0.prefix_len()
    }

    /// The first address as a number.
    pub fn first(self) -> u32 {
        self.0.network().into()
    }

    /// The last address as a number.
    pub fn last(self) -> u32 {
        self.0.broadcast().into()
    }

    /// The number of addresses.
    pub fn size(self) -> u64 {
        1 << (32 - self.prefix())
    }

    /// Whether the block contains all of `other`. A block contains itself.
    pub fn contains(self, other: Cidr) -> bool {
        self.0.contains(&other.0)
    }

    /// Whether the blocks share an address. One of them then contains the other.
    pub fn overlaps(self, other: Cidr) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The block of this prefix length that contains the block, or the block itself if it is larger.
    pub fn supernet(self, prefix: u8) -> Cidr {
        Cidr::around(self.first(), prefix.min(self.prefix()))
    }

    /// The parts of this prefix length, in order. None if the length is shorter than the block's or above 32.
    pub fn subnets(self, prefix: u8) -> impl Iterator<Item = Cidr> {
        self.0.subnets(prefix).into_iter().flatten().map(Cidr)
    }

    /// The next block of the same size. `None` after the last one.
    pub fn next(self) -> Option<Cidr> {
        self.last().checked_add(1).map(|start| Cidr::around(start, self.prefix()))
    }

    /// The address at this offset from the first. `None` beyond the last.
    pub fn address(self, offset: u32) -> Option<Ipv4Addr> {
        self.first().checked_add(offset).filter(|address| *address <= self.last()).map(Ipv4Addr::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    #[test]
    fn reads_and_prints_whole_blocks() {
        for text in ["0.0.0.0/0", "10.0.0.0/8", "172.16.0.0/12", "192.168.1.0/24", "203.0.113.10/32"] {
            assert_eq!(cidr(text).to_string(), text);
        }
    }

    #[test]
    fn says_why_a_text_is_none() {
        let reason = |text: &str| text.parse::<Cidr>().unwrap_err().to_string();
        assert_eq!(reason("10.0.0.0"), "the prefix length is missing, such as `/16`");
        assert_eq!(reason("10.0.1.5/16"), "host bits are set; the block of this size is `10.0.0.0/16`");
        assert_eq!(reason("10.0.0.256/24"), "`10.0.0.256` is not an address of four numbers from 0 to 255");
        assert_eq!(reason("fd00::/8"), "IPv6 ranges are not supported");
        for prefix in ["33", "", "+8", "08", "-1", "256", "x"] {
            assert_eq!(reason(&format!("10.0.0.0/{prefix}")), format!("the prefix length `{prefix}` is not a number from 0 to 32"));
        }
    }

    #[test]
    fn arithmetic_holds_at_the_ends() {
        assert_eq!(cidr("0.0.0.0/0").size(), 1 << 32);
        assert_eq!(cidr("0.0.0.0/0").next(), None);
        assert_eq!(cidr("255.255.255.0/24").next(), None);
        assert_eq!(cidr("10.0.0.0/24").next(), Some(cidr("10.0.1.0/24")));
        assert_eq!(cidr("10.0.0.0/24").address(255), Some(Ipv4Addr::new(10, 0, 0, 255)));
        assert_eq!(cidr("10.0.0.0/24").address(256), None);
        assert_eq!(
            cidr("10.0.0.0/22").subnets(24).map(|part| part.to_string()).collect::<Vec<_>>(),
            ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]
        );
        assert_eq!(cidr("10.0.0.0/24").subnets(22).count() + cidr("10.0.0.0/24").subnets(33).count(), 0);
        assert_eq!(cidr("10.3.16.0/20").supernet(12), cidr("10.0.0.0/12"));
    }

    #[test]
    fn enclosing_blocks_sort_first() {
        let mut blocks = ["10.0.1.0/24", "10.0.0.0/24", "10.0.0.0/16", "9.0.0.0/8"].map(cidr);
        blocks.sort();
        assert_eq!(blocks.map(|block| block.to_string()), ["9.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.0.1.0/24"]);
    }
}
