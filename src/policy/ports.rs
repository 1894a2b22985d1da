//! Ports with their protocols, as sets of ranges.

use std::fmt;

use super::field::{Fault, Field};

/// The transport protocol of a port.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Protocol {
    /// TCP, the default of the API.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Protocol; 3] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];

    pub(super) fn read(field: &Field<'_>) -> Result<Protocol, Fault> {
        let word = field.text()?;
        let found = Protocol::ALL.into_iter().find(|protocol| protocol.to_string() == word);
        found.ok_or_else(|| field.fault("it is none of `TCP`, `UDP`, `SCTP`"))
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Sctp => "SCTP",
        })
    }
}

/// A container port with a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NamedPort {
    /// The name.
    pub name: String,
    /// The transport protocol.
    pub protocol: Protocol,
    /// The number.
    pub number: u16,
}

/// A protocol, the first and the last port.
pub(super) type Range = (Protocol, u16, u16);

/// A set of ports: ranges in order that neither overlap nor touch.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ports(Vec<Range>);

impl Ports {
    /// Every port of every protocol.
    pub fn all() -> Ports {
        Ports(Protocol::ALL.map(|protocol| (protocol, 1, u16::MAX)).to_vec())
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the set contains this port.
    pub fn contains(&self, port: u16, protocol: Protocol) -> bool {
        self.0.iter().any(|&(of, first, last)| of == protocol && (first..=last).contains(&port))
    }

    /// The protocol, first and last port of each range, in order.
    pub fn ranges(&self) -> impl Iterator<Item = (Protocol, u16, u16)> {
        self.0.iter().copied()
    }

    /// The ports that are in this set and not in the other.
    pub fn without(&self, other: &Ports) -> Ports {
        let mut left = self.0.clone();
        for &(protocol, first, last) in &other.0 {
            let cut = |range: &Range| match *range {
                (of, from, to) if of != protocol || to < first || last < from => [Some((of, from, to)), None],
                (of, from, to) => [(from < first).then(|| (of, from, first - 1)), (last < to).then(|| (of, last + 1, to))],
            };
            left = left.iter().flat_map(cut).flatten().collect();
        }
        Ports(left)
    }

    /// The ports that are in one of the sets.
    pub fn or(&self, other: &Ports) -> Ports {
        self.0.iter().chain(&other.0).copied().collect()
    }

    /// The ports that are in both sets.
    pub fn and(&self, other: &Ports) -> Ports {
        let overlap = |a: &Range, b: &Range| {
            let (first, last) = (a.1.max(b.1), a.2.min(b.2));
            (a.0 == b.0 && first <= last).then_some((a.0, first, last))
        };
        self.0.iter().flat_map(|a| other.0.iter().filter_map(move |b| overlap(a, b))).collect()
    }
}

impl FromIterator<Range> for Ports {
    fn from_iter<I: IntoIterator<Item = Range>>(ranges: I) -> Ports {
        let mut ranges: Vec<Range> = ranges.into_iter().collect();
        ranges.sort_unstable();
        ranges.dedup_by(|next, kept| {
            let touches = next.0 == kept.0 && u32::from(next.1) <= u32::from(kept.2) + 1;
            if touches {
                kept.2 = kept.2.max(next.2);
            }
            touches
        });
        Ports(ranges)
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (protocol, first, last)) in self.ranges().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            match (first, last) {
                (1, u16::MAX) => write!(f, "{comma}{protocol}")?,
                _ if first == last => write!(f, "{comma}{protocol} {first}")?,
                _ => write!(f, "{comma}{protocol} {first}-{last}")?,
            }
        }
        Ok(())
    }
}
