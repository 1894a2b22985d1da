//! Kafka stores: what Kafka alone has.

/// Servers with copies of partitions. Some of them have a vote in who leads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Kafka {
    /// The release, by which the operator chooses the image.
    pub version: &'static str,
    /// The servers that have a vote. All others keep partitions alone.
    pub voters: u32,
    /// Whether each voter has a zone of its own, or waits for one.
    pub voters_apart: bool,
    /// Whether servers know their zones, so that the copies of a partition are in different ones.
    pub zonal: bool,
    /// The copies of a partition, unless its topic says otherwise.
    pub copies: u32,
    /// The copies that have a message before its sender hears so, unless its topic says otherwise.
    pub in_sync: u32,
}

impl Kafka {
    /// How many servers can be lost while the store takes messages: a majority of the voters is left, and so are enough copies.
    pub fn spare(&self) -> u32 {
        (self.voters.saturating_sub(1) / 2).min(self.copies.saturating_sub(self.in_sync))
    }
}
