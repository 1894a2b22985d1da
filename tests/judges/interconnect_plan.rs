//! Properties of a planned link between two regions, read from its plan and from the networks that it links: every inner route table of a side leads
//! to the nodes and the pods of the other side, and nowhere else. A difference is a finding of tfcheck's rule `interconnect`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::Body;
use serde_json::{Value, json};

use super::judge::{Fault, list, words};

/// A network, as its own root has it.
#[derive(Clone)]
struct Network {
    /// Its ranges: nodes and pods.
    ranges: BTreeSet<String>,
    /// Its route tables but that of the public load balancers.
    tables: BTreeSet<String>,
}

/// The first and the last address of a range.
pub fn bounds(cidr: &str) -> Option<(u32, u32)> {
    let (address, prefix) = cidr.split_once('/')?;
    let (first, prefix) = (u32::from(address.parse::<std::net::Ipv4Addr>().ok()?), prefix.parse::<u32>().ok()?);
    let rest = u32::try_from((1u64 << (32 - prefix.min(32))) - 1).ok()?;
    Some((first & !rest, first | rest))
}

/// Whether two ranges share addresses; so do texts that are no ranges.
pub fn share(one: &str, other: &str) -> bool {
    bounds(one).zip(bounds(other)).is_none_or(|(one, other)| one.0 <= other.1 && other.0 <= one.1)
}

/// Everything that is wrong with a planned link: the object, and why. `networks` are those of both regions, by region.
fn faults(planned: &Value, networks: &BTreeMap<String, Network>) -> Vec<Fault> {
    let of = |kind: &'static str| list(planned).iter().filter(move |resource| resource["type"] == kind);
    let mut found: Vec<Fault> = Vec::new();
    let mut wrong = |object: &str, said: String| found.push((object.to_owned(), said));
    let regions: Vec<&String> = networks.keys().collect();
    let [requester, accepter] = regions[..] else {
        wrong("aws_vpc_peering_connection.this", format!("it links {} networks", regions.len()));
        return found;
    };
    let peerings: Vec<String> = of("aws_vpc_peering_connection").map(|peering| words(&peering["after"]["peer_region"])).collect();
    if peerings != [accepter.clone()] {
        wrong("aws_vpc_peering_connection.this", format!("{peerings:?} are asked for a peering, not {accepter}"));
    }
    let accepted = |one: &Value| one["after"]["auto_accept"] == true && one["after"]["region"] == **accepter;
    if of("aws_vpc_peering_connection_accepter").filter(|one| accepted(one)).count() != 1 {
        wrong("aws_vpc_peering_connection_accepter.this", format!("nobody accepts the peering in {accepter}"));
    }
    let ranges: Vec<(&String, &String)> =
        networks.iter().flat_map(|(region, network)| network.ranges.iter().map(move |range| (region, range))).collect();
    for (at, (region, range)) in ranges.iter().enumerate() {
        for (other, second) in &ranges[at + 1..] {
            if share(range, second) {
                wrong("aws_vpc_peering_connection.this", format!("{range} of {region} and {second} of {other} share addresses"));
            }
        }
    }
    // By region and table: where its routes lead.
    let mut routes: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for route in of("aws_route") {
        let (address, after) = (words(&route["address"]), &route["after"]);
        let key = address.split('"').nth(1).unwrap_or_default();
        let table = key.split_once('/').and_then(|(_, rest)| rest.rsplit_once('/')).map_or("", |(table, _)| table);
        // A region of the resource is left out where it is that of the provider.
        let region = after["region"].as_str().unwrap_or(requester);
        if !key.starts_with(&format!("{region}/")) {
            wrong(&address, format!("it is made in {region}"));
        }
        routes.entry((region.to_owned(), table.to_owned())).or_default().insert(words(&after["destination_cidr_block"]));
    }
    for (region, other) in [(requester, accepter), (accepter, requester)] {
        for table in &networks[region].tables {
            let to = routes.remove(&(region.clone(), table.clone())).unwrap_or_default();
            for range in networks[other].ranges.difference(&to) {
                wrong("aws_route.this", format!("{table} of {region} does not lead to {range} of {other}"));
            }
            for range in to.difference(&networks[other].ranges) {
                wrong("aws_route.this", format!("{table} of {region} leads to {range}, which is not of {other}"));
            }
        }
    }
    for (region, table) in routes.into_keys() {
        wrong("aws_route.this", format!("`{table}` of {region} gets routes, and its network has no such table"));
    }
    found
}

/// The locals of a root.
pub fn locals(folder: &Path) -> Result<BTreeMap<String, Expression>, String> {
    locals_of(folder, "locals.tf")
}

/// The locals of a file of a root.
pub fn locals_of(folder: &Path, file: &str) -> Result<BTreeMap<String, Expression>, String> {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let body: Body = text.parse().map_err(|error| format!("{}: {error}", path.display()))?;
    let blocks = body.get_blocks("locals").flat_map(|block| block.body.attributes());
    Ok(blocks.map(|attribute| (attribute.key.to_string(), attribute.value.clone())).collect())
}

/// The text at a path of keys.
pub fn text(expression: Option<&Expression>, path: &[&str]) -> String {
    let mut at = expression;
    for key in path {
        at = at.and_then(Expression::as_object).and_then(|object| {
            let is = |known: &ObjectKey| match known {
                ObjectKey::Ident(name) => name.as_str() == *key,
                ObjectKey::Expression(name) => name.as_str() == Some(key),
            };
            object.iter().find(|(known, _)| is(known)).map(|(_, value)| value.expr())
        });
    }
    at.and_then(Expression::as_str).unwrap_or_default().to_owned()
}

/// The faults of a root's plan (tfcheck's `planned`); `tree` is the folder that `path` is relative to.
pub fn judge(tree: &Path, path: &str, planned: &Value) -> Result<Vec<Fault>, String> {
    let (environment, pair) = path.split_once("/interconnect/").ok_or_else(|| format!("{path} is no pair"))?;
    let own = locals(&tree.join(path))?;
    let mut networks = BTreeMap::new();
    let mut all = Vec::new();
    for region in pair.split("--") {
        let theirs = locals(&tree.join(environment).join(region).join("network"))?;
        let get = |name: &str| text(theirs.get(name), &[]);
        let objects = theirs.get("subnets").and_then(Expression::as_object).into_iter().flat_map(|subnets| subnets.iter());
        let routes = objects.map(|(_, subnet)| text(Some(subnet.expr()), &["routes"]));
        let tables: BTreeSet<String> = routes.filter(|routes| routes != "public").collect();
        // The names by which the link looks for what the network root makes.
        for table in &tables {
            let name = text(own.get("route_tables"), &[&format!("{region}/{table}"), "name"]);
            if name != format!("{}-{}", get("name"), table.replace('/', "-")) {
                all.push(("data.aws_route_table.this".to_owned(), format!("it looks for `{name}`, which {region} does not make")));
            }
        }
        for (key, theirs) in [("name", "name"), ("nodes", "vpc_cidr"), ("pods", "pod_cidr")] {
            if text(own.get("networks"), &[region, key]) != get(theirs) {
                all.push(("data.aws_vpc.this".to_owned(), format!("`{key}` of {region} is not `{}`", get(theirs))));
            }
        }
        networks.insert(region.to_owned(), Network { ranges: [get("vpc_cidr"), get("pod_cidr")].into(), tables });
    }
    all.extend(faults(planned, &networks));
    Ok(all)
}

/// Each fault of a small plan is found.
pub fn prove() -> Result<(), String> {
    let network = |nodes: &str, pods: &str| Network {
        ranges: [nodes.to_owned(), pods.to_owned()].into(),
        tables: ["closed".to_owned(), "private/z".to_owned()].into(),
    };
    let networks: BTreeMap<String, Network> =
        [("a".to_owned(), network("10.0.0.0/16", "100.64.0.0/16")), ("b".to_owned(), network("10.1.0.0/16", "100.65.0.0/16"))].into();
    let route = |region: &str, key: &str, to: &str| json!({"type": "aws_route", "address": format!("aws_route.this[\"{key}\"]"), "after": {"region": region, "destination_cidr_block": to}});
    let mut whole = vec![
        json!({"type": "aws_vpc_peering_connection", "address": "aws_vpc_peering_connection.this", "after": {"peer_region": "b"}}),
        json!({"type": "aws_vpc_peering_connection_accepter", "address": "it", "after": {"region": "b", "auto_accept": true}}),
    ];
    for (region, nodes, pods) in [("a", "10.1.0.0/16", "100.65.0.0/16"), ("b", "10.0.0.0/16", "100.64.0.0/16")] {
        for table in ["closed", "private/z"] {
            whole.push(route(region, &format!("{region}/{table}/nodes"), nodes));
            whole.push(route(region, &format!("{region}/{table}/pods"), pods));
        }
    }
    let without = |at: usize| whole.iter().enumerate().filter(|(place, _)| *place != at).map(|(_, one)| one.clone()).collect::<Vec<_>>();
    let with = |one: Value| [whole.clone(), vec![one]].concat();
    let mut near = networks.clone();
    near.insert("b".to_owned(), network("10.0.128.0/17", "100.65.0.0/16"));
    type Case<'a> = (Vec<Value>, &'a BTreeMap<String, Network>, Vec<&'a str>);
    let cases: Vec<Case> = vec![
        (whole.clone(), &networks, vec![]),
        (without(0), &networks, vec!["[] are asked for a peering, not b"]),
        (without(1), &networks, vec!["nobody accepts the peering in b"]),
        (without(3), &networks, vec!["closed of a does not lead to 100.65.0.0/16 of b"]),
        (without(8), &networks, vec!["private/z of b does not lead to 10.0.0.0/16 of a"]),
        (with(route("a", "a/closed/world", "0.0.0.0/0")), &networks, vec!["closed of a leads to 0.0.0.0/0, which is not of b"]),
        (
            with(route("a", "a/public/nodes", "10.1.0.0/16")),
            &networks,
            vec!["`public` of a gets routes, and its network has no such table"],
        ),
        (
            [without(2), vec![route("b", "a/closed/nodes", "10.1.0.0/16")]].concat(),
            &networks,
            vec!["it is made in b", "closed of a does not lead to 10.1.0.0/16 of b", "closed of b leads to 10.1.0.0/16, which is not of a"],
        ),
        (
            whole.iter().filter(|one| !one.to_string().contains("10.1.0.0/16")).cloned().collect(),
            &near,
            vec![
                "10.0.0.0/16 of a and 10.0.128.0/17 of b share addresses",
                "closed of a does not lead to 10.0.128.0/17 of b",
                "private/z of a does not lead to 10.0.128.0/17 of b",
            ],
        ),
    ];
    for (plan, networks, wanted) in cases {
        let found: Vec<String> = faults(&plan.into(), networks).into_iter().map(|(_, fault)| fault).collect();
        if found != wanted {
            return Err(format!("found {found:?}, wanted {wanted:?}"));
        }
    }
    Ok(())
}
