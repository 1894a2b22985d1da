//! The addresses of planned subnets, read from the plans of network and cluster roots: each subnet lies in a range of its region and shares no address
//! with another one, and the ranges of a region share none with those of other regions, of the company and of Services. A difference is a finding of
//! tfcheck's rule `addresses`.

use std::fs;
use std::path::Path;

use hcl_edit::expr::Expression;
use serde_json::{Value, json};

use super::interconnect_plan::{bounds, locals, locals_of, share, text};
use super::judge::{Fault, list, words};

/// What a plan has to keep apart.
struct Place {
    /// The ranges of the region: nodes and pods.
    own: Vec<String>,
    /// The ranges of others, by name.
    others: Vec<(String, String)>,
}

/// Whether a range lies in another one.
fn inside(range: &str, outer: &str) -> bool {
    bounds(range).zip(bounds(outer)).is_some_and(|(range, outer)| outer.0 <= range.0 && range.1 <= outer.1)
}

/// Everything that is wrong with the planned addresses: the object, and why.
fn faults(planned: &Value, place: &Place) -> Vec<Fault> {
    let of = |kind: &'static str| list(planned).iter().filter(move |resource| resource["type"] == kind);
    let mut found = Vec::new();
    let subnets: Vec<(String, String)> =
        of("aws_subnet").map(|subnet| (words(&subnet["address"]), words(&subnet["after"]["cidr_block"]))).collect();
    for (at, (address, range)) in subnets.iter().enumerate() {
        if place.own.iter().filter(|own| inside(range, own)).count() != 1 {
            found.push((address.clone(), format!("{range} lies in no range of its region")));
        }
        for (other, second) in subnets[at + 1..].iter().filter(|(_, second)| share(range, second)) {
            found.push((address.clone(), format!("{range} shares addresses with {second} of {other}")));
        }
    }
    let services = of("aws_eks_cluster").map(|cluster| words(&cluster["after"]["kubernetes_network_config"][0]["service_ipv4_cidr"]));
    let mut own: Vec<(&str, String)> = place.own.iter().map(|range| ("the region", range.clone())).collect();
    own.extend(services.map(|range| ("Services", range)));
    for (at, (name, range)) in own.iter().enumerate() {
        let rest = own[at + 1..].iter().map(|(other, second)| (*other, second));
        for (other, second) in rest.chain(place.others.iter().map(|(other, second)| (other.as_str(), second))) {
            if share(range, second) {
                found.push(("aws_vpc.this".to_owned(), format!("{range} of {name} shares addresses with {second} of {other}")));
            }
        }
    }
    found
}

/// What a root has to keep apart: its region's ranges, and those of every network of the platform and of the company.
fn place(tree: &Path, path: &str) -> Result<Place, String> {
    let mut place = Place { own: Vec::new(), others: Vec::new() };
    let (region, _) = path.rsplit_once('/').ok_or_else(|| format!("{path} is in no region"))?;
    let (environment, _) = region.rsplit_once('/').ok_or_else(|| format!("{path} is in no environment"))?;
    let (terraform, _) = environment.rsplit_once('/').ok_or_else(|| format!("{path} is not in a tree"))?;
    let folders = |at: &str| -> Result<Vec<String>, String> {
        let entries = fs::read_dir(tree.join(at)).map_err(|error| format!("{at}: {error}"))?;
        Ok(entries.flatten().map(|entry| format!("{at}/{}", entry.file_name().to_string_lossy())).collect())
    };
    for found in folders(terraform)? {
        for other in folders(&found)? {
            let network = tree.join(&other).join("network");
            if !network.is_dir() {
                continue;
            }
            let theirs = locals(&network)?;
            let get = |name: &str| text(theirs.get(name), &[]);
            if other == region {
                place.own = vec![get("vpc_cidr"), get("pod_cidr")];
                continue;
            }
            place.others.push((other.clone(), get("vpc_cidr")));
            // Only regions of one environment route to one another's pods.
            if found == environment {
                place.others.push((other.clone(), get("pod_cidr")));
            }
        }
    }
    let network = tree.join(region).join("network");
    if network.join("hybrid.tf").is_file() {
        let hybrid = locals_of(&network, "hybrid.tf")?;
        let company = hybrid.get("company_cidrs").and_then(Expression::as_array).into_iter().flat_map(|cidrs| cidrs.iter());
        place.others.extend(company.filter_map(|cidr| Some(("the company".to_owned(), cidr.as_str()?.to_owned()))));
    }
    Ok(place)
}

/// The faults of a root's plan (tfcheck's `planned`); `tree` is the folder that `path` is relative to.
pub fn judge(tree: &Path, path: &str, planned: &Value) -> Result<Vec<Fault>, String> {
    Ok(faults(planned, &place(tree, path)?))
}

/// Each fault of a small plan is found.
pub fn prove() -> Result<(), String> {
    let check = |subnets: [&str; 2], services: &str, others: &[(&str, &str)], wanted: &[&str]| {
        let mut plan: Vec<Value> = subnets
            .iter()
            .enumerate()
            .map(|(at, range)| json!({"type": "aws_subnet", "address": at.to_string(), "after": {"cidr_block": range}}))
            .collect();
        plan.push(json!({"type": "aws_eks_cluster", "after": {"kubernetes_network_config": [{"service_ipv4_cidr": services}]}}));
        let others = others.iter().map(|(name, range)| (name.to_string(), range.to_string())).collect();
        let place = Place { own: vec!["10.0.0.0/16".into(), "100.64.0.0/16".into()], others };
        let found: Vec<String> = faults(&plan.into(), &place).into_iter().map(|(_, fault)| fault).collect();
        if found == wanted { Ok(()) } else { Err(format!("found {found:?}, wanted {wanted:?}")) }
    };
    let (apart, services) = (["10.0.0.0/20", "100.64.0.0/20"], "172.20.0.0/16");
    check(apart, services, &[("b", "10.1.0.0/16")], &[])?;
    check(["10.1.0.0/20", "100.64.0.0/20"], services, &[], &["10.1.0.0/20 lies in no range of its region"])?;
    check(["10.0.0.0/8", "100.64.0.0/20"], services, &[], &["10.0.0.0/8 lies in no range of its region"])?;
    check(["10.0.0.0/20", "10.0.8.0/24"], services, &[], &["10.0.0.0/20 shares addresses with 10.0.8.0/24 of 1"])?;
    check(apart, "100.64.0.0/20", &[], &["100.64.0.0/16 of the region shares addresses with 100.64.0.0/20 of Services"])?;
    check(apart, services, &[("b", "10.0.0.0/24")], &["10.0.0.0/16 of the region shares addresses with 10.0.0.0/24 of b"])?;
    check(
        apart,
        services,
        &[("the company", "172.16.0.0/12")],
        &["172.20.0.0/16 of Services shares addresses with 172.16.0.0/12 of the company"],
    )
}
