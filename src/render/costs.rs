//! What regions and environments cost before anybody uses them.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::uses::Uses;
use crate::cloud::Root;
use crate::facts;
use crate::layers::Layer;
use crate::model::{Estate, Managed, Platform, Pool, Region, Vpn};

/// The table of the parts of a region with a price of their own; empty for a region without Terraform roots.
pub(super) fn costs(platform: &Platform, region: &Region, uses: &Uses, roots: &[&Root]) -> String {
    let has = |layer| roots.iter().any(|root| root.layer == layer);
    let Some(network) = region.network.as_ref().filter(|_| has(Layer::Network)) else { return String::new() };
    let (zones, gateways) = (count(region.zones.len()), count(uses.gateways.len()));
    let public = count(uses.gateways.iter().filter(|(_, name)| name.starts_with("public")).count());
    let nat = count(region.nat_zones().len());
    let clusters = u64::from(has(Layer::Cluster));
    // Copies in another region have their own key there.
    let buckets = u64::from(roots.iter().any(|root| root.layer == Layer::Data && root.scope.regions == [region.name.to_string()]));
    let asks = |asked: fn(&Vpn) -> bool| if network.vpn.as_ref().is_some_and(asked) { zones } else { 0 };
    let resolvers = asks(|vpn| !vpn.name_servers.is_empty()) + asks(|vpn| !vpn.names.is_empty());
    let parts = [
        ("control plane of EKS", clusters, "control-plane"),
        ("NAT gateway", nat, "nat-gateway"),
        ("endpoint of an AWS service, in each zone", count(network.endpoint_services.len()) * zones, "endpoint"),
        ("load balancer of a Gateway", gateways, "load-balancer"),
        ("public address, of NAT gateways and public load balancers", nat + public * zones, "public-address"),
        ("VPN to the company's network", u64::from(network.vpn.is_some()), "vpn"),
        ("address of the resolver, in each zone and direction", resolvers, "resolver-address"),
        ("key of KMS", 1 + clusters + buckets, "key"),
    ];
    let mut text = "\n### Fixed costs\n\nPer month, by the list prices of us-east-1 in 2026: other regions differ by some percent.\n\n\
                    | part | number | USD each | USD |\n|---|---:|---:|---:|\n"
        .to_owned();
    let mut total = 0;
    for (part, number, price) in parts.into_iter().filter(|(_, number, _)| *number > 0) {
        let price = facts::price(price);
        total += number * price;
        let _ = writeln!(text, "| {part} | {number} | {} | {} |", dollars(price), dollars(number * price));
    }
    let _ = writeln!(text, "| together | | | {} |", dollars(total));
    let nodes = |pool: &Pool| format!("{} of `{}`{}", pool.nodes.0, pool.machine, if pool.spot { " as Spot instances" } else { "" });
    let nodes: Vec<String> = region.cluster.pools.iter().map(nodes).collect();
    let database = |store: &Managed| format!("`{}` for `{}`{}", store.machine, store.key(), if store.standby { ", twice" } else { "" });
    let databases: Vec<String> = region.managed.values().map(database).collect();
    let databases = if databases.is_empty() {
        String::new()
    } else {
        format!("databases of RDS with their volumes and copies ({}), ", databases.join("; "))
    };
    let night = if platform.night.is_some() { ", and none at night" } else { "" };
    let _ = write!(
        text,
        "\nOn top come the nodes, each with a disk: at least {}{night}. Then {databases}volumes, objects, logs\nand traffic. The README.md of the output lists what the environment pays once for all regions. `spot` of pools, `night` of\nenvironments, `network.nat`, `network.endpoints` and `network.flow_logs` in the spec make an environment cheaper.\n",
        nodes.join(", ")
    );
    text
}

/// The section of the output's README on the parts that an environment pays once for all of its regions; empty without a root of that kind.
pub(super) fn shared_costs(estate: &Estate, roots: &[Root]) -> String {
    let mut rows = String::new();
    for (environment, platform) in &estate.environments {
        let own = || roots.iter().filter(|root| root.scope.environment == *environment);
        let has = |layer| u64::from(own().any(|root| root.layer == layer));
        let states: BTreeSet<&str> = own().map(|root| root.state.region.as_str()).collect();
        let keys = has(Layer::Bootstrap) * count(states.len()) + has(Layer::Global);
        // The README.md of a region has the key of the buckets there. A region that holds nothing but copies has none.
        let is_elsewhere =
            |root: &&Root| root.layer == Layer::Data && !root.scope.regions.iter().any(|name| platform.regions.contains_key(name));
        let parts = [
            ("key of KMS, for states, DNS queries and alarms", keys, "key"),
            ("key of KMS, for copies of buckets in a region without a cluster", count(own().filter(is_elsewhere).count()), "key"),
            ("DNS zone", has(Layer::Global) * u64::from(platform.zone.is_some()), "zone"),
        ];
        for (part, number, price) in parts.into_iter().filter(|(_, number, _)| *number > 0) {
            let price = facts::price(price);
            let _ = writeln!(rows, "| {environment} | {part} | {number} | {} | {} |", dollars(price), dollars(number * price));
        }
    }
    if rows.is_empty() {
        return rows;
    }
    let links = if roots.iter().any(|root| root.layer == Layer::Interconnect) {
        format!(
            "\nA link between two regions has no fixed price. Each GB from one region to the other costs {} USD.\n",
            dollars(facts::price("peering"))
        )
    } else {
        String::new()
    };
    format!(
        "\n### Fixed costs of environments\n\nPer month, beside those that the README.md of each region lists, by the list prices of us-east-1 in 2026.\n\n| environment | part | number | USD each | USD |\n|---|---|---:|---:|---:|\n{rows}{links}"
    )
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Dollars and cents, from ten thousandths of a dollar.
fn dollars(price: u64) -> String {
    let cents = (price + 50) / 100;
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use crate::render;
    use crate::tests::estate::estate;

    const SPEC: &str = r#"
apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {dev: "111111111111", production: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}, desk: {zones: 1, provider: existing}}
environments:
  dev: {regions: [eu-west-1, desk]}
  production: {regions: [eu-west-1], protected: true}
cluster: {version: "1.35", pools: {general: {machine: m7i.large, nodes: 3..6}}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
apps:
  web: {image: "registry.example/web:v1", port: 8080, probes: {ready: /ready, live: /live}, environments: {production: {expose: "@"}}}
"#;

    /// The rows of the table in the README of a region.
    fn rows(place: &str) -> Vec<String> {
        let files = render::files(&estate(SPEC)).unwrap();
        let text = &files.units[&format!("kubernetes/{place}")].files["README.md"];
        let table = text.split_once("### Fixed costs").map_or("", |(_, rest)| rest.split("\n## ").next().unwrap());
        table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| part")).map(str::to_owned).collect()
    }

    #[test]
    fn an_environment_pays_once_for_its_keys_and_its_zone() {
        let section = |spec: &str| -> Vec<String> {
            let text = render::files(&estate(spec)).unwrap().units[""].files["README.md"].clone();
            let (_, rest) = text.split_once("### Fixed costs of environments").unwrap();
            rest.split("\n## ")
                .next()
                .unwrap()
                .lines()
                .filter(|line| !line.is_empty() && !line.starts_with("| environment"))
                .map(str::to_owned)
                .collect()
        };
        let rows = |spec: &str| -> Vec<String> { section(spec).into_iter().filter(|line| line.starts_with("| ")).collect() };
        let keys = |environment: &str| format!("| {environment} | key of KMS, for states, DNS queries and alarms | 2 | 1.00 | 2.00 |");
        // Nothing answers at the domain of `dev`.
        assert_eq!(rows(SPEC), [keys("dev"), keys("production"), "| production | DNS zone | 1 | 0.50 | 0.50 |".to_owned()]);
        // A copy in a region without a cluster has a key of its own there, one in another region of the environment is in the README.md of that one.
        let copied = |region: &str| {
            let spec = SPEC.replace("eu-west-1: {zones: 3},", "eu-west-1: {zones: 3}, eu-central-1: {zones: 3}, eu-north-1: {zones: 3},");
            let spec = spec.replace("production: {regions: [eu-west-1]", "production: {regions: [eu-west-1, eu-central-1]");
            let rows = rows(&format!("{spec}buckets: {{pictures: {{only: [production], copy_to: {region}}}}}\n"));
            rows.into_iter().filter(|row| row.contains("copies")).collect::<Vec<_>>()
        };
        let copies = "| production | key of KMS, for copies of buckets in a region without a cluster | 1 | 1.00 | 1.00 |";
        assert_eq!((copied("eu-north-1"), copied("eu-central-1")), (vec![copies.to_owned()], Vec::new()));
        // Two regions have two stores of states, and a link.
        let two = SPEC
            .replace("eu-west-1: {zones: 3},", "eu-west-1: {zones: 3}, eu-central-1: {zones: 3},")
            .replace("production: {regions: [eu-west-1]", "production: {regions: [eu-west-1, eu-central-1]");
        assert_eq!(rows(&two)[1], "| production | key of KMS, for states, DNS queries and alarms | 3 | 1.00 | 3.00 |");
        assert!(section(&two).iter().any(|line| line.ends_with("Each GB from one region to the other costs 0.02 USD.")));
        assert!(!section(SPEC).iter().any(|line| line.contains("GB")));
    }

    #[test]
    fn every_part_with_a_price_is_counted() {
        let production = [
            "| control plane of EKS | 1 | 73.00 | 73.00 |",
            "| NAT gateway | 3 | 32.85 | 98.55 |",
            "| endpoint of an AWS service, in each zone | 33 | 7.30 | 240.90 |",
            "| load balancer of a Gateway | 1 | 16.43 | 16.43 |",
            "| public address, of NAT gateways and public load balancers | 6 | 3.65 | 21.90 |",
            "| key of KMS | 2 | 1.00 | 2.00 |",
            "| together | | | 452.78 |",
        ];
        assert_eq!(rows("production/eu-west-1"), production);
        // Without protection: one NAT gateway, no endpoint that is not needed, and here no entrance.
        let dev = [
            "| control plane of EKS | 1 | 73.00 | 73.00 |",
            "| NAT gateway | 1 | 32.85 | 32.85 |",
            "| public address, of NAT gateways and public load balancers | 1 | 3.65 | 3.65 |",
            "| key of KMS | 2 | 1.00 | 2.00 |",
            "| together | | | 111.50 |",
        ];
        assert_eq!(rows("dev/eu-west-1"), dev);
        assert!(rows("dev/desk").is_empty());
    }
}
