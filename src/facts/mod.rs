//! Facts about cloud providers: machine types, regions, zones and Kubernetes versions.
//!
//! `generate.py` writes the tables in this folder; line 1 of each table names source and date. Lookups search the text in place, without parsing
//! whole tables. Providers add machine types every week, so an unknown machine type is not an error here.

mod charts;
mod services;
mod similar;
mod table;

use crate::diagnostic::wording;
use crate::provider::Provider;
use crate::value::Architecture;
pub use charts::{Chart, charts};
pub use services::{SERVICES, Service, has_gateway_endpoint};
pub use similar::{larger_machine, similar_machines};
use table::Table;

/// The tables of a provider; empty for one whose clusters are not made by platgen.
impl Provider {
    fn machines(self) -> Table {
        match self {
            Provider::Aws => Table(include_str!("aws-machines.tsv")),
            Provider::Google => Table(include_str!("google-machines.tsv")),
            Provider::Azure => Table(include_str!("azure-machines.tsv")),
            Provider::Kind | Provider::Existing => Table(""),
        }
    }

    fn regions(self) -> Table {
        match self {
            Provider::Aws => Table(include_str!("aws-regions.tsv")),
            Provider::Google => Table(include_str!("google-regions.tsv")),
            Provider::Azure => Table(include_str!("azure-regions.tsv")),
            Provider::Kind | Provider::Existing => Table(""),
        }
    }
}

/// A machine type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Machine {
    /// The CPU architecture.
    pub architecture: Architecture,
    /// The number of virtual CPUs.
    pub cpus: u32,
    /// Memory in MiB.
    pub memory: u64,
    /// The number of GPUs of NVIDIA.
    pub gpus: u32,
    /// The maximum number of pods; `None` if the cluster sets the limit, not the machine.
    pub pods: Option<Pods>,
}

/// The maximum number of pods of a machine on AWS, where pods have addresses of the VPC.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pods {
    /// With single addresses: network interfaces times (addresses per interface - 1), plus 2 for pods in the host network.
    pub by_addresses: u32,
    /// With prefixes of 16 addresses: at most 110 below 30 virtual CPUs, at most 250 from 30 on, as AWS recommends. `None` if the machine does not
    /// support prefixes.
    pub by_prefixes: Option<u32>,
}

/// A region of a provider.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Region {
    /// The provider's names of the zones (`eu-west-1a`, `europe-west1-b`, `1`), in the order of use. Empty if the region has no zones.
    pub zones: Vec<&'static str>,
    /// The public bucket of the region, if any, that `registry.k8s.io` sends clients of the region to. On AWS alone.
    pub registry_bucket: Option<&'static str>,
}

/// A Kubernetes minor version at a provider. Dates are `YYYY-MM-DD`, whose order as text is the order in time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Version {
    /// The minor version, e.g. `1.35`.
    pub name: &'static str,
    /// The date of release by the provider.
    pub released: &'static str,
    /// The last day of standard support.
    pub end: &'static str,
    /// The last day of paid extended support, if the provider offers it.
    pub extended: Option<&'static str>,
}

/// The machine type `name`, if known.
pub fn machine(provider: Provider, name: &str) -> Option<Machine> {
    match provider.machines().find(name) {
        Some(fields) => parse_machine(fields).map(|machine| Machine { gpus: gpus(name), ..machine }),
        None if provider == Provider::Google => custom_machine(name),
        None => None,
    }
}

const GPUS: Table = Table(include_str!("gpus.tsv"));

/// The number of GPUs of a machine; most have none.
fn gpus(name: &str) -> u32 {
    GPUS.find(name).and_then(|mut fields| fields.next()?.parse().ok()).unwrap_or(0)
}

fn parse_machine(mut fields: impl Iterator<Item = &'static str>) -> Option<Machine> {
    let architecture = if fields.next()? == "arm64" { Architecture::Arm64 } else { Architecture::Amd64 };
    let cpus = fields.next()?.parse().ok()?;
    let memory = fields.next()?.parse().ok()?;
    let by_addresses = fields.next()?.parse().ok();
    let by_prefixes = fields.next()?.parse().ok();
    Some(Machine { architecture, cpus, memory, gpus: 0, pods: by_addresses.map(|by_addresses| Pods { by_addresses, by_prefixes }) })
}

/// Parses the name of a custom machine type on Google Cloud: `n2-custom-4-8192` has 4 virtual CPUs and 8192 MiB (`-ext` allows more memory).
/// `custom-4-8192` belongs to the family N1. Machines of the family G2 have the GPUs of the standard machine with as many virtual CPUs.
fn custom_machine(name: &str) -> Option<Machine> {
    let (family, size) = name.strip_prefix("custom-").map(|size| ("n1", size)).or_else(|| name.split_once("-custom-"))?;
    if !["e2", "g2", "n1", "n2", "n2d", "n4", "n4a", "n4d"].contains(&family) {
        return None;
    }
    let (cpus, memory) = size.strip_suffix("-ext").unwrap_or(size).split_once('-')?;
    let architecture = if family == "n4a" { Architecture::Arm64 } else { Architecture::Amd64 };
    let gpus = if family == "g2" { gpus(&format!("g2-standard-{cpus}")) } else { 0 };
    Some(Machine { architecture, cpus: cpus.parse().ok()?, memory: memory.parse().ok()?, gpus, pods: None })
}

/// The region `name`, if known.
pub fn region(provider: Provider, name: &str) -> Option<Region> {
    let mut fields = provider.regions().find(name)?;
    let zones = fields.next()?.split(',').filter(|&zone| zone != "-").collect();
    Some(Region { zones, registry_bucket: fields.next().filter(|&bucket| bucket != "-") })
}

/// The names of all machine types, sorted.
pub fn machines(provider: Provider) -> impl Iterator<Item = &'static str> {
    provider.machines().names()
}

/// The names of all regions, sorted.
pub fn regions(provider: Provider) -> impl Iterator<Item = &'static str> {
    provider.regions().names()
}

/// The machine type with the most similar name, if close.
pub fn nearest_machine(provider: Provider, name: &str) -> Option<&'static str> {
    wording::suggest(name, machines(provider))
}

/// The smallest machine type of the architecture AMD64 with at least so many GPUs.
pub fn machine_with_gpus(provider: Provider, gpus: u32) -> Option<&'static str> {
    let known = machines(provider).filter_map(|name| Some((machine(provider, name)?, name)));
    let fitting = known.filter(|(machine, _)| machine.gpus >= gpus && machine.architecture == Architecture::Amd64);
    fitting.min_by_key(|(machine, _)| (machine.gpus, machine.cpus, machine.memory)).map(|(_, name)| name)
}

/// The region with the most similar name, if close.
pub fn nearest_region(provider: Provider, name: &str) -> Option<&'static str> {
    wording::suggest(name, regions(provider))
}

const VERSIONS: Table = Table(include_str!("kubernetes-versions.tsv"));

/// The Kubernetes versions that a provider offers, from 1.31 on, oldest first. Empty for a provider without managed clusters.
pub fn versions(provider: Provider) -> Vec<Version> {
    let of_provider = |key: &'static str| key.strip_prefix(provider.name())?.strip_prefix('-');
    VERSIONS.names().filter_map(of_provider).filter_map(|name| version(provider, name)).collect()
}

/// A Kubernetes version at a provider, if known.
pub fn version(provider: Provider, name: &str) -> Option<Version> {
    let key = VERSIONS.names().find(|key| key.strip_prefix(provider.name()).and_then(|key| key.strip_prefix('-')) == Some(name))?;
    let mut fields = VERSIONS.find(key)?;
    let (released, end, extended) = (fields.next()?, fields.next()?, fields.next()?);
    Some(Version { name: &key[provider.name().len() + 1..], released, end, extended: Some(extended).filter(|&date| date != "-") })
}

const ADDONS: Table = Table(include_str!("aws-addons.tsv"));

/// Prices of AWS.
const PRICES: Table = Table(include_str!("aws-prices.tsv"));

/// The hours of a month, as the price lists of AWS count them.
const HOURS: u64 = 730;

/// The price of a part on AWS for a month, or of a GB of what has a price for each, in ten thousandths of a dollar, by the list for `us-east-1`; 0 for an unknown part.
pub fn price(part: &str) -> u64 {
    let Some(mut fields) = PRICES.find(part) else { return 0 };
    let price: u64 = fields.next().and_then(|price| price.parse().ok()).unwrap_or(0);
    if fields.next() == Some("hour") { price * HOURS } else { price }
}

/// The add-ons of EKS, in the order of the table's columns.
const ADDON_NAMES: [&str; 5] = ["aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"];

/// The add-ons of EKS by name, each with its version for a Kubernetes version; `None` if the versions are not known.
pub fn addons(version: &str) -> [(&'static str, Option<&'static str>); 5] {
    let mut known = ADDONS.find(version);
    ADDON_NAMES.map(|name| (name, known.as_mut().and_then(Iterator::next)))
}

/// The names of the IANA time zone database.
pub fn timezones() -> impl Iterator<Item = &'static str> {
    include_str!("timezones.txt").lines().filter(|line| !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOUDS: [Provider; 3] = [Provider::Aws, Provider::Google, Provider::Azure];

    fn known(provider: Provider, name: &str) -> (&'static str, u32, u64) {
        let machine = machine(provider, name).unwrap_or_else(|| panic!("no {name}"));
        (machine.architecture.name(), machine.cpus, machine.memory)
    }

    #[test]
    fn tables_are_sorted_and_every_line_is_whole() {
        for provider in CLOUDS {
            for names in [machines(provider).collect::<Vec<_>>(), regions(provider).collect()] {
                assert!(names.len() > 35 && names.is_sorted_by(|a, b| a < b), "{provider:?}");
            }
            for name in machines(provider) {
                let machine = machine(provider, name).unwrap_or_else(|| panic!("no {name}"));
                assert!((1..2000).contains(&machine.cpus) && (256..40_000_000).contains(&machine.memory), "{name}: {machine:?}");
                assert_eq!(machine.pods.is_some(), provider == Provider::Aws, "{name}");
            }
            for name in regions(provider) {
                let zones = region(provider, name).unwrap_or_else(|| panic!("no {name}")).zones;
                assert!(zones.len() <= 6 && (provider == Provider::Azure || zones.len() >= 2), "{name}: {zones:?}");
            }
        }
    }

    #[test]
    fn every_table_names_its_source_and_is_small() {
        for table in CLOUDS.iter().flat_map(|provider| [provider.machines(), provider.regions()]).chain([VERSIONS, ADDONS]) {
            assert!(table.0.starts_with("# ") && table.0.lines().next().is_some_and(|line| line.contains("; from ")));
            assert!(table.0.len() < 100_000 && table.0.ends_with('\n') && table.0.is_ascii());
        }
    }

    #[test]
    fn machines_are_what_their_makers_say() {
        assert_eq!(known(Provider::Aws, "m7i.xlarge"), ("amd64", 4, 16384));
        assert_eq!(known(Provider::Aws, "m7g.large"), ("arm64", 2, 8192));
        assert_eq!(known(Provider::Aws, "r7i.large"), ("amd64", 2, 16384));
        assert_eq!(known(Provider::Aws, "c8gn.metal-48xl"), ("arm64", 192, 393_216));
        assert_eq!(known(Provider::Google, "e2-standard-4"), ("amd64", 4, 16384));
        assert_eq!(known(Provider::Google, "e2-medium"), ("amd64", 2, 4096));
        assert_eq!(known(Provider::Google, "n1-standard-1"), ("amd64", 1, 3840));
        assert_eq!(known(Provider::Google, "c4a-highmem-8"), ("arm64", 8, 65536));
        assert_eq!(known(Provider::Google, "n2d-custom-4-8192"), ("amd64", 4, 8192));
        assert_eq!(known(Provider::Azure, "Standard_D4s_v5"), ("amd64", 4, 16384));
        assert_eq!(known(Provider::Azure, "Standard_D2ps_v6"), ("arm64", 2, 8192));
        for (provider, name) in [
            (Provider::Aws, "m7i.huge"),
            (Provider::Aws, "e2-standard-4"),
            (Provider::Google, "n2-custom-x-8192"),
            (Provider::Google, "z9-custom-4-8192"),
            (Provider::Azure, ""),
            (Provider::Kind, "m7i.xlarge"),
        ] {
            assert_eq!(machine(provider, name), None, "{name}");
        }
    }

    #[test]
    fn every_offered_version_of_kubernetes_has_its_add_ons() {
        for version in versions(Provider::Aws).iter().filter(|version| version.name >= "1.33") {
            let addons = addons(version.name);
            assert!(addons.iter().all(|(_, version)| version.is_some_and(|version| version.contains("-eksbuild."))), "{addons:?}");
            let proxy = addons.iter().find(|(name, _)| *name == "kube-proxy").and_then(|(_, version)| *version);
            assert!(proxy.is_some_and(|proxy| proxy.starts_with(&format!("v{}.", version.name))), "{proxy:?}");
        }
        assert_eq!(addons("1.37").map(|(_, version)| version), [None; 5]);
    }

    #[test]
    fn machines_have_gpus() {
        let gpus = |provider, name| machine(provider, name).map(|machine| machine.gpus);
        assert_eq!((gpus(Provider::Aws, "g5.xlarge"), gpus(Provider::Aws, "p4d.24xlarge")), (Some(1), Some(8)));
        assert_eq!((gpus(Provider::Google, "g2-standard-24"), gpus(Provider::Google, "a2-megagpu-16g")), (Some(2), Some(16)));
        assert_eq!((gpus(Provider::Google, "g2-custom-8-36864"), gpus(Provider::Google, "g2-custom-48-200704-ext")), (Some(1), Some(4)));
        assert_eq!(gpus(Provider::Google, "n2-custom-4-8192"), Some(0));
        assert_eq!(
            (machine_with_gpus(Provider::Aws, 1), machine_with_gpus(Provider::Google, 1)),
            (Some("g4dn.xlarge"), Some("g2-standard-4"))
        );
        assert_eq!((machine_with_gpus(Provider::Azure, 9), machine_with_gpus(Provider::Kind, 1)), (None, None));
        assert_eq!(gpus(Provider::Azure, "Standard_NC64as_T4_v3"), Some(4));
        // GPUs of AMD are another resource of Kubernetes.
        assert_eq!((gpus(Provider::Aws, "g4ad.xlarge"), gpus(Provider::Aws, "m7i.xlarge")), (Some(0), Some(0)));
        let known: Vec<&str> = CLOUDS.into_iter().flat_map(machines).collect();
        let unknown: Vec<&str> = GPUS.names().filter(|name| !known.contains(name)).collect();
        assert_eq!(unknown, [""; 0]);
    }

    #[test]
    fn pods_are_limited_by_addresses_on_amazon() {
        let pods = |name| machine(Provider::Aws, name).and_then(|machine| machine.pods);
        assert_eq!(pods("m7i.xlarge"), Some(Pods { by_addresses: 58, by_prefixes: Some(110) }));
        assert_eq!(pods("m7i.16xlarge"), Some(Pods { by_addresses: 737, by_prefixes: Some(250) }));
        assert_eq!(pods("t2.micro"), Some(Pods { by_addresses: 4, by_prefixes: None }));
    }

    #[test]
    fn regions_have_the_zones_their_makers_gave_them() {
        let zones = |provider, name| region(provider, name).map(|region| region.zones.join(" "));
        assert_eq!(zones(Provider::Aws, "eu-west-1").as_deref(), Some("eu-west-1a eu-west-1b eu-west-1c"));
        assert_eq!(region(Provider::Aws, "us-east-1").map(|region| region.zones.len()), Some(6));
        assert_eq!(zones(Provider::Google, "europe-west1").as_deref(), Some("europe-west1-b europe-west1-c europe-west1-d"));
        assert_eq!(zones(Provider::Azure, "westeurope").as_deref(), Some("1 2 3"));
        assert_eq!(zones(Provider::Azure, "ukwest").as_deref(), Some(""));
        assert_eq!(zones(Provider::Azure, "eu-west-1"), None);
        assert_eq!(zones(Provider::Existing, "eu-west-1"), None);
    }

    #[test]
    fn buckets_of_the_registry_are_those_of_the_region_itself() {
        let bucket = |name| region(Provider::Aws, name).and_then(|region| region.registry_bucket);
        assert_eq!(bucket("eu-west-1"), Some("prod-registry-k8s-io-eu-west-1"));
        assert_eq!(bucket("eu-west-2"), Some("767373bbdcb8270361b96548387bf2a9ad0d48758c35-eu-west-2"));
        // Clients of these regions are sent to buckets of others, which the endpoint of the region does not reach.
        assert_eq!((bucket("me-south-1"), bucket("cn-north-1")), (None, None));
        assert_eq!(region(Provider::Google, "europe-west1").and_then(|region| region.registry_bucket), None);
    }

    #[test]
    fn the_nearest_name_is_offered() {
        assert_eq!(nearest_machine(Provider::Aws, "m7i.xlrage"), Some("m7i.xlarge"));
        assert_eq!(nearest_machine(Provider::Azure, "standard_d4s_v5"), Some("Standard_D4s_v5"));
        assert_eq!(nearest_machine(Provider::Aws, "enormous"), None);
        assert_eq!(nearest_region(Provider::Aws, "eu-west1"), Some("eu-west-1"));
        assert_eq!(nearest_region(Provider::Google, "europe-west-1"), Some("europe-west1"));
        assert_eq!(nearest_region(Provider::Kind, "eu-west-1"), None);
    }

    #[test]
    fn versions_have_an_end() {
        for provider in CLOUDS {
            let known = versions(provider);
            assert!(known.len() >= 6 && known.iter().all(|version| version.released < version.end), "{known:?}");
            assert_eq!(version(provider, known[0].name), Some(known[0]));
            assert_eq!(version(provider, "1.3"), None);
        }
        assert_eq!(version(Provider::Aws, "1.35").map(|version| version.end), Some("2027-03-27"));
        assert!(versions(Provider::Kind).is_empty());
    }
}
