//! IPv4 ranges: parsing and arithmetic.
//!
//! A [`Cidr`] is always a whole block. Host bits are an error instead of being dropped: in `10.0.1.5/16` either the address or the prefix is
//! wrong, and only the author knows which.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv4Net;

use super::{Invalid, quote, whole};

/// An IPv4 address, e.g. `203.0.113.10`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Address(Ipv4Addr);

text!(Address, "an IPv4 address such as `203.0.113.10`", {
    "type": "string",
    "description": "An IPv4 address.",
    "format": "ipv4",
    "examples": ["203.0.113.10"],
});

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Address {
    /// The address.
    pub fn get(self) -> Ipv4Addr {
        self.0
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        text.parse().map(Address).map_err(|_| Invalid::not(text, "an IPv4 address", "write four numbers from 0 to 255"))
    }
}

/// An IPv4 block, e.g. `10.16.0.0/12`. Ordered by first address, then larger blocks first, so that a block precedes the blocks inside it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Cidr(Ipv4Net);

text!(Cidr, "an IPv4 range such as `10.0.0.0/16`", {
    "type": "string",
    "description": "An IPv4 range in CIDR notation, without host bits.",
    "pattern": r"^([0-9]{1,3}\.){3}[0-9]{1,3}/([0-9]|[12][0-9]|3[0-2])$",
    "examples": ["10.0.0.0/16"],
});

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Cidr {
    /// The ranges that the internet does not route: private networks (RFC 1918), carrier-grade NAT (RFC 6598) and link-local addresses (RFC 3927).
    pub const PRIVATE: [&str; 5] = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

    fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = |why: String| Invalid::not(text, "an IPv4 range", why);
        let Some((address, prefix)) = text.split_once('/') else {
            let is_address = text.parse::<Ipv4Addr>().is_ok();
            let missing = if is_address {
                "the prefix length is missing, such as `/16`"
            } else {
                "write address and prefix length, such as `10.0.0.0/16`"
            };
            return Err(wrong(missing.to_owned()));
        };
        if address.parse::<Ipv6Addr>().is_ok() {
            return Err(wrong("IPv6 ranges are not supported".to_owned()));
        }
        let first = Address::parse(address).map_err(|why| wrong(why.message))?;
        let Some(length) = whole(prefix).filter(|length| *length <= 32) else {
            return Err(wrong(format!("the prefix length {} is not a number from 0 to 32", quote(prefix))));
        };
        match Cidr::around(first.0.into(), length as u8) {
            block if block.first() == u32::from(first.0) => Ok(block),
            block => Err(wrong(format!("host bits are set; the block of this size is `{block}`"))),
        }
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
    use crate::value::schema_laws::agree;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    #[test]
    fn cidrs_agree_with_their_schema() {
        let bad = ["", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/256", "fd00::/8"];
        agree::<Cidr>(&["0.0.0.0/0", "10.0.0.0/8", "203.0.113.10/32"], &bad, &["10.0.1.5/16", "10.0.0.256/24"]);
        let message = |text: &str| text.parse::<Cidr>().unwrap_err().message;
        assert_eq!(message("10.0.0.0"), "`10.0.0.0` is not an IPv4 range: the prefix length is missing, such as `/16`");
        assert!(message("10.0.1.5/16").ends_with("host bits are set; the block of this size is `10.0.0.0/16`"));
        assert!(message("10.0.0.256/24").contains("`10.0.0.256` is not an IPv4 address: write four numbers from 0 to 255"));
        assert!(message("10.0.0.0/08").ends_with("the prefix length `08` is not a number from 0 to 32"));
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
