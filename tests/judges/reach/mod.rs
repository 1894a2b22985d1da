//! A proof of what reaches what: routes, gateways, security groups and endpoints of each region, as Terraform makes them, against a table that says
//! what the spec means (`tables/`).
//!
//! `world.rs` and `interfaces.rs` read the states of the region's roots, `packet.rs` says what becomes of one packet, `table.rs` compares all pairs
//! with the table, `needs.rs` asks whether every service that a role may call is reached, and `faults.rs` plants faults that the proof has to find.

mod faults;
mod interfaces;
mod needs;
mod packet;
mod table;
mod world;

use super::states::Resource;
use table::Table;
use world::World;

/// The tables by spec.
const TABLES: [(&str, &str); 7] = [
    ("boutique", include_str!("tables/boutique.txt")),
    ("data", include_str!("tables/data.txt")),
    ("features", include_str!("tables/features.txt")),
    // The two differ in who applies what.
    ("github", include_str!("tables/github.txt")),
    ("gitlab", include_str!("tables/github.txt")),
    ("minimal", include_str!("tables/minimal.txt")),
    ("sample", include_str!("tables/sample.txt")),
];

/// The regions (`ENVIRONMENT/REGION`) that a spec has a table of; an error where it has none, or says a region twice.
fn tables(spec: &str) -> Result<Vec<(String, Table)>, String> {
    let (_, text) = TABLES.iter().find(|(name, _)| *name == spec).ok_or_else(|| format!("no table for specs/{spec}"))?;
    let tables = table::parse(text)?;
    Ok(tables.iter().flat_map(|table| table.regions.iter().map(|region| (region.clone(), table.clone()))).collect())
}

/// Whether a resource belongs to the root of a region: network or cluster.
fn of_region(one: &Resource, environment: &str, region: &str) -> bool {
    let folder = format!("deploy/terraform/{environment}/{region}/");
    one.root == format!("{folder}network") || one.root == format!("{folder}cluster")
}

/// Proves all regions of a spec; `resources` are those of all its roots.
pub fn prove(spec: &str, resources: &[Resource]) -> Result<(), String> {
    let mut wrong: Vec<String> = Vec::new();
    let tables = tables(spec)?;
    let made = resources.iter().filter(|one| one.root.ends_with("/network") && one.kind == "aws_vpc").map(|one| {
        let path = one.root.trim_start_matches("deploy/terraform/").trim_end_matches("/network");
        path.to_owned()
    });
    let mut known: Vec<String> = tables.iter().map(|(region, _)| region.clone()).collect();
    let mut made: Vec<String> = made.collect();
    known.sort();
    made.sort();
    if known != made {
        return Err(format!("the tables are about {known:?}, where the spec has {made:?}"));
    }
    for (path, table) in &tables {
        let (environment, region) = path.split_once('/').unwrap_or_default();
        let whole: Vec<Resource> = environment_of(resources, environment);
        let found = |resources: &[Resource], table: &Table| -> Result<Vec<String>, String> {
            let world = World::new(resources)?;
            let lines = table.differences(&world, path).into_iter().chain(needs::unmet(resources, &world, region)?);
            Ok(lines.collect())
        };
        let regions = tables.iter().filter(|(path, _)| path.starts_with(&format!("{environment}/"))).count();
        if regions > 1 {
            wrong.extend(found(&whole, table)?.into_iter().map(|line| format!("{path}: {line}")));
        }
        // Whatever happens to other regions and to the links between regions: the region keeps everything else.
        let alone: Vec<Resource> = whole.iter().filter(|one| of_region(one, environment, region)).cloned().collect();
        wrong.extend(found(&alone, &table.alone())?.into_iter().map(|line| format!("{path} alone: {line}")));
    }
    if spec == "sample" && wrong.is_empty() {
        wrong = faults::unnoticed(&environment_of(resources, "production"), &tables)?;
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// The networks, clusters and links of an environment.
fn environment_of(resources: &[Resource], environment: &str) -> Vec<Resource> {
    let folder = format!("deploy/terraform/{environment}/");
    let inside = |one: &&Resource| one.root.strip_prefix(&folder).is_some_and(|rest| rest != "global");
    resources.iter().filter(inside).cloned().collect()
}
