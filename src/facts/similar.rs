//! Machine types of AWS that can stand in for each other.

use std::cmp::Reverse;

use super::{Machine, machine, machines};
use crate::provider::Provider;

/// The most types that a node of one size may have, the wanted one included. Each further type is a further place to find spare capacity, and has less
/// to add than the one before.
const MOST: usize = 6;

/// The name of a machine type on AWS: `m6id.xlarge` is of the series `m`, of generation 6, of the maker Intel, with one extra (local disks).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Family<'n> {
    series: &'n str,
    generation: u32,
    /// Whether it has processors whose full speed lasts for a part of the time (`m7i-flex`).
    flex: bool,
    /// Local disks, a faster network and the like.
    extras: usize,
    /// Whether nodes are whole servers.
    metal: bool,
}

impl Family<'_> {
    fn of(name: &str) -> Option<Family<'_>> {
        let (family, size) = name.split_once('.')?;
        let digit = family.find(|one: char| one.is_ascii_digit())?;
        let (series, rest) = family.split_at(digit);
        let end = rest.find(|one: char| !one.is_ascii_digit()).unwrap_or(rest.len());
        let (generation, rest) = rest.split_at(end);
        let (attributes, flex) = rest.strip_suffix("-flex").map_or((rest, false), |attributes| (attributes, true));
        // The maker of the processor; Intel before the sixth generation says nothing.
        let extras = attributes.strip_prefix(['a', 'g', 'i']).unwrap_or(attributes);
        Some(Family { series, generation: generation.parse().ok()?, flex, extras: extras.len(), metal: size.starts_with("metal") })
    }
}

/// The machine types on AWS that a node of the type `name` may have instead: of the same series, architecture, processors, memory and number of pods, so
/// that an autoscaler which counts with one counts right with all. None is of a later generation, so that the list stays as it is when AWS adds one.
/// First come types without extras, which most zones offer, and among those the latest generation. None for a type with GPUs, which differ in kind, and
/// for a type that is not known.
pub fn similar_machines(provider: Provider, name: &str) -> Vec<&'static str> {
    let (Provider::Aws, Some(wanted), Some(family)) = (provider, machine(provider, name), Family::of(name)) else { return Vec::new() };
    if wanted.gpus > 0 {
        return Vec::new();
    }
    let fits = |other: &&'static str| {
        let Some(found) = Family::of(other) else { return false };
        *other != name
            && (found.series, found.flex, found.metal) == (family.series, family.flex, family.metal)
            && found.generation <= family.generation
            && machine(provider, other).is_some_and(|other: Machine| other == wanted)
    };
    let mut all: Vec<&str> = machines(provider).filter(fits).collect();
    all.sort_by_key(|other| Family::of(other).map(|found| (found.extras, Reverse(found.generation))));
    all.truncate(MOST - 1);
    all
}

/// The smallest machine type of the family of `name` on AWS with at least so many thousandths of a processor and so many bytes.
pub fn larger_machine(provider: Provider, name: &str, cpu: u128, memory: u128) -> Option<&'static str> {
    let (family, _) = name.split_once('.').filter(|_| provider == Provider::Aws)?;
    let own =
        machines(provider).filter(|other| other.split_once('.').is_some_and(|(other, size)| other == family && !size.starts_with("metal")));
    let known = own.filter_map(|name| Some((machine(provider, name)?, name)));
    let fits = |(machine, _): &(Machine, &str)| u128::from(machine.cpus) * 1000 >= cpu && u128::from(machine.memory << 20) >= memory;
    known.filter(fits).min_by_key(|(machine, _)| (machine.cpus, machine.memory)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_stand_in_for_each_other() {
        let similar = |name| similar_machines(Provider::Aws, name).join(" ");
        assert_eq!(similar("m7i.xlarge"), "m7a.xlarge m6a.xlarge m6i.xlarge m5.xlarge m5a.xlarge");
        assert_eq!(similar("c7i.large"), "c7a.large c6a.large c6i.large c5.large c5a.large");
        assert_eq!(similar("r7i.2xlarge"), "r7a.2xlarge r6a.2xlarge r6i.2xlarge r5.2xlarge r5a.2xlarge");
        // Graviton, with and without local disks.
        assert_eq!(similar("m7g.large"), "m6g.large m7gd.large m6gd.large");
        assert_eq!(similar("m5.large"), "m5a.large m5ad.large m5d.large m5n.large m5dn.large");
        // The speed of these is another one: they stand in for their own kind alone.
        assert_eq!((similar("t3.large"), similar("m7i-flex.large")), ("t3a.large".to_owned(), String::new()));
        for name in ["g5.xlarge", "nonsense", "m9x.large"] {
            assert_eq!(similar(name), "", "{name}");
        }
        assert!(similar_machines(Provider::Google, "n2-standard-4").is_empty());
    }

    #[test]
    fn every_stand_in_has_the_same_size() {
        for name in machines(Provider::Aws) {
            for other in similar_machines(Provider::Aws, name) {
                assert_eq!(machine(Provider::Aws, name), machine(Provider::Aws, other), "{name} and {other}");
            }
        }
    }

    #[test]
    fn a_larger_machine_is_of_the_same_family() {
        let larger = |name, cpu, gib: u128| larger_machine(Provider::Aws, name, cpu, gib << 30);
        assert_eq!((larger("m7i.large", 3000, 4), larger("m7i.large", 2000, 8)), (Some("m7i.xlarge"), Some("m7i.large")));
        assert_eq!((larger("m7i.large", 3000, 100), larger("m7i.large", 1_000_000, 1)), (Some("m7i.8xlarge"), None));
        assert_eq!(larger_machine(Provider::Google, "n2-standard-4", 1, 1), None);
    }

    #[test]
    fn names_are_understood() {
        let family = |series, generation, flex, extras, metal| Some(Family { series, generation, flex, extras, metal });
        assert_eq!(Family::of("m6id.xlarge"), family("m", 6, false, 1, false));
        assert_eq!(Family::of("m5.metal"), family("m", 5, false, 0, true));
        assert_eq!(Family::of("m7i-flex.large"), family("m", 7, true, 0, false));
        assert_eq!(Family::of("m5zn.large"), family("m", 5, false, 2, false));
        assert_eq!(Family::of("x2iedn.xlarge"), family("x", 2, false, 3, false));
        assert_eq!((Family::of("m.large"), Family::of("nonsense")), (None, None));
    }
}
