//! The thresholds that a spec can set -> their place in expressions: a fact of the platform, or else the value of platgen.

/// What a threshold is a number of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// A share, written as a percentage.
    Share,
    /// Seconds, written as a duration.
    Seconds,
    /// A whole number.
    Count,
}

/// A threshold that a spec can set.
#[derive(Clone, Copy, Debug)]
pub struct Threshold {
    /// The alert.
    pub alert: &'static str,
    /// The value, as PromQL writes it, unless the spec says another.
    pub value: &'static str,
    /// The same, as people write it.
    pub text: &'static str,
    /// What it is a number of.
    pub unit: Unit,
    /// When the alert fires, in words around the threshold.
    pub fires: &'static str,
}

/// The word in an expression that stands for the threshold.
pub(super) const THRESHOLD: &str = "THRESHOLD";

/// The series of thresholds that a spec sets.
pub(super) const SERIES: &str = "platgen:alert:threshold";

const fn row(alert: &'static str, value: &'static str, text: &'static str, unit: Unit, fires: &'static str) -> Threshold {
    Threshold { alert, value, text, unit, fires }
}

/// Every threshold that a spec can set.
const THRESHOLDS: [Threshold; 14] = [
    row("CertificateExpires", "259200", "3d", Unit::Seconds, "a certificate whose renewal is late holds for less than this"),
    row("CertificateRenewalLate", "86400", "1d", Unit::Seconds, "a renewal is later than this"),
    row("ContainerNearMemoryLimit", "0.9", "90%", Unit::Share, "more than this share of its memory limit is in use"),
    row("ContainerRestarts", "4", "4", Unit::Count, "there are more restarts than this in two hours"),
    row("MonitoringVolumeAlmostFull", "0.1", "10%", Unit::Share, "less than this share of the volume is free"),
    row("NodeDiskAlmostFull", "0.1", "10%", Unit::Share, "less than this share of the disk is free"),
    row("PostgresConnectionsAlmostGone", "0.85", "85%", Unit::Share, "more than this share of the connections is in use"),
    row("PostgresLongTransaction", "3600", "1h", Unit::Seconds, "a transaction takes longer than this"),
    row("PostgresReplicationLag", "60", "1m", Unit::Seconds, "a replica is behind by more than this"),
    row("PostgresStandbyOld", "3600", "1h", Unit::Seconds, "the last transaction of a standby in another region is older than this"),
    row("QuotaAlmostUsed", "0.9", "90%", Unit::Share, "more than this share of the quota is in use"),
    row("RequestsFail", "0.1", "10%", Unit::Share, "more than this share of the requests fails"),
    row("VolumeAlmostFull", "0.05", "5%", Unit::Share, "less than this share of the volume is free"),
    row("VolumeInodesAlmostGone", "0.05", "5%", Unit::Share, "less than this share of the inodes is free"),
];

/// Every threshold that a spec can set, by the name of its alert.
pub fn thresholds() -> &'static [Threshold] {
    &THRESHOLDS
}

/// The threshold of an alert that a spec can set.
pub fn threshold(alert: &str) -> Option<&'static Threshold> {
    THRESHOLDS.iter().find(|one| one.alert == alert)
}

/// What stands for the threshold in an expression. A sum has no labels, so that the value of platgen gives way to it.
pub(super) fn filled(alert: &str, expr: String) -> String {
    match threshold(alert) {
        Some(Threshold { value, .. }) => {
            expr.replace(THRESHOLD, &format!("on () group_left () (sum({SERIES}{{alert=\"{alert}\"}}) or vector({value}))"))
        }
        None => expr,
    }
}

#[cfg(test)]
mod tests {
    use super::{THRESHOLD, thresholds};
    use crate::alerts::all;

    #[test]
    fn the_table_has_those_of_expressions() {
        let alerts = all().flat_map(|subject| subject.alerts);
        let mut named: Vec<&str> = alerts.filter(|alert| alert.expr.contains(THRESHOLD)).map(|alert| alert.name).collect();
        named.sort_unstable();
        assert_eq!(named, thresholds().iter().map(|one| one.alert).collect::<Vec<_>>());
    }
}
