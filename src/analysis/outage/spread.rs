//! How many pods of a workload are left without one of the zones that it runs in.

use crate::model::{Placement, Spread};

/// `maxSkew` of the constraint over zones: how many more pods the fullest zone may have than the emptiest.
const SKEW: u32 = 1;

/// The pods that are left without a zone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Left {
    /// The fewest that the scheduler guarantees, of pods that were placed while other zones were away.
    pub(super) worst: u32,
    /// The fewest if the pods are spread evenly over all zones.
    pub(super) even: u32,
}

/// The most pods that a strict spread allows in one zone.
fn most_in_one(pods: u32, zones: u32, skew: u32) -> u32 {
    let zones = zones.max(1);
    pods.min((pods.saturating_add(skew.saturating_mul(zones - 1))) / zones)
}

/// What is left of pods that may run in as many zones, the lost one among them. A strict spread counts the zones that have nodes at that moment, and waits
/// for the fewest that it names: a zone that was away before may be as empty as on the day of its return.
pub(super) fn left(pods: u32, zones: u32, placement: &Placement) -> Left {
    let even = pods - most_in_one(pods, zones, SKEW);
    let worst = match placement.spread {
        Spread::None | Spread::Soft => 0,
        Spread::Hard => pods - most_in_one(pods, placement.min_domains.unwrap_or(1).min(zones), SKEW),
    };
    Left { worst, even }
}

/// How many of these pods run in so few zones: where a strict spread waits for more zones than there are, an empty zone counts, and each zone takes no more
/// than the allowed difference.
pub(super) fn allowed(pods: u32, zones: u32, placement: &Placement) -> u32 {
    match placement.min_domains.filter(|_| placement.spread == Spread::Hard) {
        Some(fewest) if zones < fewest => pods.min(zones.saturating_mul(SKEW)),
        _ if zones == 0 => 0,
        _ => pods,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way to place pods in zones with at most this skew, and the largest zone among them.
    fn largest(pods: u32, zones: u32, skew: u32) -> u32 {
        fn walk(rest: u32, zones: u32, placed: &mut Vec<u32>, skew: u32, found: &mut u32) {
            if zones == 0 {
                let (least, most) = (placed.iter().min().copied().unwrap_or(0), placed.iter().max().copied().unwrap_or(0));
                if rest == 0 && most - least <= skew {
                    *found = most.max(*found);
                }
                return;
            }
            for here in 0..=rest {
                placed.push(here);
                walk(rest - here, zones - 1, placed, skew, found);
                placed.pop();
            }
        }
        let mut found = 0;
        walk(pods, zones, &mut Vec::new(), skew, &mut found);
        found
    }

    #[test]
    fn no_placement_has_more_in_a_zone_and_one_has_as_many() {
        for pods in 0..=8 {
            for zones in 1..=4 {
                for skew in 1..=3 {
                    assert_eq!(most_in_one(pods, zones, skew), largest(pods, zones, skew), "{pods} pods, {zones} zones, skew {skew}");
                }
            }
        }
    }

    fn placement(spread: Spread, min_domains: Option<u32>) -> Placement {
        Placement {
            subnets: Vec::new(),
            everywhere: false,
            pool: None,
            architectures: Vec::new(),
            tolerations: Vec::new(),
            spread,
            min_domains,
        }
    }

    #[test]
    fn a_strict_spread_guarantees_what_the_fewest_zones_hold() {
        let strict = placement(Spread::Hard, Some(2));
        for (pods, zones, worst, even) in [(2, 3, 1, 1), (3, 3, 1, 2), (6, 3, 3, 4), (12, 4, 6, 9), (1, 1, 0, 0)] {
            assert_eq!(left(pods, zones, &strict), Left { worst, even }, "{pods} pods, {zones} zones");
        }
        assert_eq!(left(6, 2, &placement(Spread::Soft, None)), Left { worst: 0, even: 3 });
        assert_eq!(left(1, 3, &placement(Spread::None, None)), Left { worst: 0, even: 0 });
    }

    /// What is lost and what is left are all pods, and the only zone takes them all.
    #[test]
    fn nothing_is_left_of_the_only_zone() {
        for spread in [Spread::None, Spread::Soft, Spread::Hard] {
            for pods in 0..=12 {
                for domains in [None, Some(1), Some(2), Some(3)] {
                    let placement = placement(spread, domains);
                    assert_eq!(left(pods, 1, &placement), Left { worst: 0, even: 0 });
                    for zones in 1..=4 {
                        let left = left(pods, zones, &placement);
                        assert!(left.worst <= left.even && left.even <= pods, "{pods} {zones} {left:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_strict_spread_waits_for_zones_that_are_away() {
        let strict = placement(Spread::Hard, Some(2));
        assert_eq!([allowed(6, 0, &strict), allowed(6, 1, &strict), allowed(6, 2, &strict)], [0, 1, 6]);
        assert_eq!([allowed(6, 0, &placement(Spread::Soft, None)), allowed(6, 1, &placement(Spread::Soft, None))], [0, 6]);
    }
}
