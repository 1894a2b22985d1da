//! The tables of what may reach what, one file for each spec, and the comparison with what the evaluator finds.
//!
//! ```text
//! # A comment.
//! regions: ENVIRONMENT/REGION ...     what follows is about these regions
//! nat in ZONE: ENVIRONMENT/REGION ... all zones of these regions share the NAT gateway in ZONE; elsewhere, each has its own
//! services in ENVIRONMENT/REGION ...: SERVICE ...
//!                                     services of AWS that answer inside of the VPC; below, `aws` is each of them
//! outside: NAME ADDRESS               an address outside of the VPC
//! A B -> C D: PORTS [by WAY]          all that is called A or B reaches all that is called C or D, on these ports and no others
//! A -> B in ENVIRONMENT/REGION ...: PORTS
//!                                     the same in these regions, where it differs from the others
//! A -/> B                             closed twice: neither a route nor a rule leads there. B or A is `internet`
//! ```
//!
//! What a pair of names is not said to reach is not reached. `other:` marks things of the other region.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::packet::{PUBLIC, Target};
use super::world::{Interface, World};

/// What may reach what in some regions.
#[derive(Clone, Default)]
pub struct Table {
    /// `ENVIRONMENT/REGION`.
    pub regions: Vec<String>,
    /// The zone of the only NAT gateway, by region.
    nat: BTreeMap<String, String>,
    /// Services with an endpoint, by region.
    services: BTreeMap<String, BTreeSet<String>>,
    /// Addresses outside.
    outside: BTreeMap<String, Ipv4Addr>,
    /// By sender and receiver: ports and way.
    open: BTreeMap<(String, String), String>,
    /// By region, sender and receiver: ports and way where a region differs.
    special: BTreeMap<(String, String, String), String>,
    /// Pairs that are closed twice.
    closed: BTreeSet<(String, String)>,
}

/// The names in a text.
fn names(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// The tables of a file.
pub fn parse(text: &str) -> Result<Vec<Table>, String> {
    let mut tables: Vec<Table> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(regions) = line.strip_prefix("regions: ") {
            tables.push(Table { regions: names(regions), ..Table::default() });
            continue;
        }
        let table = tables.last_mut().ok_or_else(|| format!("`{line}` is about no region"))?;
        if let Some((zone, regions)) = line.strip_prefix("nat in ").and_then(|rest| rest.split_once(": ")) {
            table.nat.extend(names(regions).into_iter().map(|region| (region, zone.to_owned())));
        } else if let Some((regions, services)) = line.strip_prefix("services in ").and_then(|rest| rest.split_once(": ")) {
            let services: BTreeSet<String> = names(services).into_iter().collect();
            table.services.extend(names(regions).into_iter().map(|region| (region, services.clone())));
        } else if let Some((name, address)) = line.strip_prefix("outside: ").and_then(|rest| rest.split_once(' ')) {
            table.outside.insert(name.to_owned(), address.parse().map_err(|_| format!("`{address}` is no address"))?);
        } else if let Some((from, to)) = line.split_once(" -/> ") {
            table.closed.extend(names(from).into_iter().flat_map(|from| names(to).into_iter().map(move |to| (from.clone(), to))));
        } else if let Some((from, (to, what))) = line.split_once(" -> ").and_then(|(from, rest)| Some((from, rest.split_once(": ")?))) {
            if let Some((to, regions)) = to.split_once(" in ") {
                table.special.extend(names(regions).into_iter().map(|region| ((region, from.to_owned(), to.to_owned()), what.to_owned())));
                continue;
            }
            for pair in names(from).into_iter().flat_map(|from| names(to).into_iter().map(move |to| (from.clone(), to))) {
                if table.open.insert(pair.clone(), what.to_owned()).is_some() {
                    return Err(format!("`{} -> {}` stands twice", pair.0, pair.1));
                }
            }
        } else {
            return Err(format!("`{line}` is no line of a table"));
        }
    }
    Ok(tables)
}

impl Table {
    /// The same without the other region.
    pub fn alone(&self) -> Table {
        let other = |name: &str| name.starts_with("other:");
        let mut alone = self.clone();
        alone.open.retain(|(from, to), _| !other(from) && !other(to));
        alone
    }

    /// What the table says of a pair.
    pub fn says(&self, from: &str, to: &str) -> Option<&str> {
        self.open.get(&(from.to_owned(), to.to_owned())).map(String::as_str)
    }

    /// Where the table and the world differ, one line each, for a region (`ENVIRONMENT/REGION`).
    pub fn differences(&self, world: &World, path: &str) -> BTreeSet<String> {
        let (_, region) = path.split_once('/').unwrap_or_default();
        // By pair of names: each answer, with an example.
        let mut answers: BTreeMap<(String, String), BTreeMap<String, String>> = BTreeMap::new();
        let mut note = |from: &str, to: &str, answer: String, example: String| {
            answers.entry((from.to_owned(), to.to_owned())).or_default().entry(answer).or_insert(example);
        };
        // A table has one name for all services with an endpoint.
        let called = |one: &Interface| {
            let name = if one.name.starts_with("aws:") { "aws" } else { &one.name };
            if one.region == region { name.to_owned() } else { format!("other:{name}") }
        };
        let outside = self.outside.iter().map(|(name, address)| (name.as_str(), *address)).chain([("internet", PUBLIC)]);
        let outside: Vec<(&str, Ipv4Addr)> = outside.collect();
        let services: BTreeSet<&str> = world.prefix_lists.keys().map(|(_, name)| name.as_str()).chain(["dynamodb", "s3"]).collect();
        for from in world.interfaces.iter().filter(|one| one.groups.is_some()) {
            let zone = self.nat.get(path).unwrap_or(&world.subnets[&from.subnet].zone);
            let name = called(from);
            for to in world.interfaces.iter().filter(|to| from.region == region || to.region == region) {
                let example = format!("{} to {}", from.place, to.place);
                note(&name, &called(to), world.send(from, Target::Interface(to)).text(zone), example);
            }
            if from.region != region {
                continue;
            }
            let mut beyond = |to: &str, target: Target| note(&name, to, world.send(from, target).text(zone), from.place.clone());
            outside.iter().for_each(|(to, address)| beyond(to, Target::Address(*address)));
            services.iter().for_each(|to| beyond(to, Target::Service(to)));
            beyond("resolver", Target::Resolver);
        }
        for to in world.interfaces.iter().filter(|one| one.region == region) {
            let zone = &world.subnets[&to.subnet].zone;
            for (from, address) in &outside {
                note(from, &called(to), world.receive(*address, to).text(zone), to.place.clone());
            }
        }
        let mut lines = BTreeSet::new();
        let own = world.interfaces.iter().filter(|one| one.region == region);
        let planned: BTreeSet<&str> = own.filter_map(|one| one.name.strip_prefix("aws:")).collect();
        let none = BTreeSet::new();
        let declared: BTreeSet<&str> = self.services.get(path).unwrap_or(&none).iter().map(String::as_str).collect();
        for service in planned.symmetric_difference(&declared) {
            lines.insert(format!("aws: {service} has an endpoint and is not in the table, or the other way round"));
        }
        for ((from, to), found) in &answers {
            let special = self.special.get(&(path.to_owned(), from.clone(), to.clone()));
            let wanted = special.map(String::as_str).or_else(|| self.says(from, to)).unwrap_or("-");
            for (answer, example) in found.iter().filter(|(answer, _)| *answer != wanted) {
                lines.insert(format!("{from} -> {to}: {answer}, where the table says {wanted} ({example})"));
            }
        }
        let idle = |name: &str| name == "aws" && declared.is_empty();
        for (from, to) in self.open.keys().filter(|pair| !answers.contains_key(*pair) && !idle(&pair.0) && !idle(&pair.1)) {
            lines.insert(format!("{from} -> {to}: nothing has such a name"));
        }
        for (from, to) in &self.closed {
            let name = if from == "internet" { to } else { from };
            for one in world.interfaces.iter().filter(|one| called(one) == *name) {
                let open = if from == "internet" { world.half_open_in(one) } else { world.half_open_out(one, PUBLIC) };
                lines.extend(open.iter().map(|what| format!("{from} -/> {to}: {what} ({})", one.place)));
            }
        }
        lines
    }
}
