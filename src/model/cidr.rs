//! Text to an IPv4 range and the arithmetic on it.
//!
//! A [`Cidr`] is always a whole block: host bits are refused, never cut off in silence, because `10.0.1.5/16` is either a typing error in
//! the address or in the prefix, and only the author knows which. Knows nothing of what a range is for.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;

/// An IPv4 block, e.g. `10.16.0.0/12`. Ordered by first address, then larger blocks first, so an enclosing block precedes what lies in it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Cidr(Ipv4Net);

/// Why a text is not a [`Cidr`]; the display text completes "`x` is not an IPv4 range: ...".
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CidrError {
    /// There is no `/`.
    NoPrefix,
    /// The part before `/` is not four numbers from 0 to 255.
    Address(String),
    /// The part before `/` is an IPv6 address.
    Ipv6,
    /// The part after `/` is not a number from 0 to 32.
    Prefix(String),
    /// Bits after the prefix are set; holds the block that the address lies in.
    HostBits(Cidr),
}

impl fmt::Display for CidrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CidrError::NoPrefix => write!(f, "it has no prefix length such as `/16`"),
            CidrError::Address(text) => write!(f, "`{text}` is not an address of four numbers from 0 to 255"),
            CidrError::Ipv6 => write!(f, "it is an IPv6 range, and the address plan is IPv4"),
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

impl Cidr {
    /// The block of this prefix length that `address` lies in; a length above 32 counts as 32.
    pub fn around(address: u32, prefix: u8) -> Cidr {
        let prefix = prefix.min(32);
        // `Ipv4Net::new` refuses lengths above 32 only, so the default never serves.
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

    /// How many addresses it holds.
    pub fn size(self) -> u64 {
        1 << (32 - self.prefix())
    }

    /// Whether all of `other` lies inside; a block contains itself.
    pub fn contains(self, other: Cidr) -> bool {
        self.0.contains(&other.0)
    }

    /// Whether they share an address. Blocks never overlap in part: one then contains the other.
    pub fn overlaps(self, other: Cidr) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The block of this prefix length around it; itself where it is larger than that.
    pub fn supernet(self, prefix: u8) -> Cidr {
        Cidr::around(self.first(), prefix.min(self.prefix()))
    }

    /// Its parts of this prefix length, in order; none where the length is shorter than its own or above 32.
    pub fn subnets(self, prefix: u8) -> impl Iterator<Item = Cidr> {
        self.0.subnets(prefix).into_iter().flatten().map(Cidr)
    }

    /// The block of the same size that follows; none after the last one.
    pub fn next(self) -> Option<Cidr> {
        self.last().checked_add(1).map(|start| Cidr::around(start, self.prefix()))
    }

    /// The address at this offset, counted from the first.
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
        assert_eq!(reason("10.0.0.0"), "it has no prefix length such as `/16`");
        assert_eq!(reason("10.0.1.5/16"), "host bits are set; the block of this size is `10.0.0.0/16`");
        assert_eq!(reason("10.0.0.256/24"), "`10.0.0.256` is not an address of four numbers from 0 to 255");
        assert_eq!(reason("fd00::/8"), "it is an IPv6 range, and the address plan is IPv4");
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
