//! Address ranges that the standards reserve.

use crate::value::Cidr;
use std::net::Ipv4Addr;

/// Ranges that no network may use, with their purpose.
pub(super) const RANGES: [(&str, &str); 5] = [
    ("0.0.0.0/8", "this network (RFC 1122)"),
    ("127.0.0.0/8", "loopback (RFC 1122)"),
    ("169.254.0.0/16", "link-local addresses (RFC 3927)"),
    ("224.0.0.0/4", "multicast (RFC 5771)"),
    ("240.0.0.0/4", "reserved addresses (RFC 1112)"),
];

/// Whether an address is loopback, link-local or reserved.
pub(super) fn is_inside(address: Ipv4Addr) -> bool {
    let ranges = RANGES.iter().filter_map(|(range, _)| range.parse::<Cidr>().ok());
    let one = Cidr::around(address.into(), 32);
    ranges.into_iter().any(|range| range.contains(one))
}
