//! Properties of a planned VPN to the company's network, read from the plan of its network root: how the tunnels encrypt, that no key is in the plan,
//! and where the routes lead. A difference is a finding of tfcheck's rule `vpn`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::iam::texts;
use super::interconnect_plan::share;
use super::judge::{Fault, list, words};

/// The hashes of AWS that are not SHA-1.
const HASHES: [&str; 3] = ["SHA2-256", "SHA2-384", "SHA2-512"];

/// What is wrong with a tunnel of a connection.
fn tunnel(after: &Value, number: u8) -> Vec<String> {
    let of = |key: &str| &after[format!("tunnel{number}_{key}")];
    let mut wrong = Vec::new();
    if !of("preshared_key").is_null() {
        wrong.push(format!("the key of tunnel {number} is in the plan"));
    }
    if texts(of("ike_versions")) != ["ikev2"] {
        wrong.push(format!("tunnel {number} accepts other versions of IKE than the second"));
    }
    for phase in ["phase1", "phase2"] {
        if texts(of(&format!("{phase}_encryption_algorithms"))) != ["AES256-GCM-16"] {
            wrong.push(format!("tunnel {number} accepts a weaker encryption in {phase}"));
        }
        let hashes = texts(of(&format!("{phase}_integrity_algorithms")));
        if hashes.is_empty() || !hashes.iter().all(|hash| HASHES.contains(&hash.as_str())) {
            wrong.push(format!("tunnel {number} accepts a weak hash in {phase}"));
        }
        let groups = list(of(&format!("{phase}_dh_group_numbers")));
        if groups.is_empty() || !groups.iter().all(|group| group.as_u64().is_some_and(|group| group >= 19)) {
            wrong.push(format!("tunnel {number} accepts a weak Diffie-Hellman group in {phase}"));
        }
    }
    if of("log_options")[0]["cloudwatch_log_options"][0]["log_enabled"] != true {
        wrong.push(format!("tunnel {number} has no log"));
    }
    wrong
}

/// Everything that is wrong with a planned VPN: the object, and why.
pub fn faults(planned: &Value) -> Vec<Fault> {
    let of = |kind: &'static str| list(planned).iter().filter(move |resource| resource["type"] == kind);
    let mut found: Vec<Fault> = Vec::new();
    let mut wrong = |resource: &Value, said: String| found.push((words(&resource["address"]), said));
    let own: Vec<String> = of("aws_vpc")
        .map(|vpc| words(&vpc["after"]["cidr_block"]))
        .chain(of("aws_vpc_ipv4_cidr_block_association").map(|part| words(&part["after"]["cidr_block"])))
        .collect();
    let to_company = |route: &&Value| words(&route["address"]).starts_with("aws_route.company[");
    let mut ranges: BTreeSet<String> = BTreeSet::new();
    for route in of("aws_route").filter(to_company) {
        let (address, range) = (words(&route["address"]), words(&route["after"]["destination_cidr_block"]));
        if !address.ends_with(&format!("/{range}\"]")) {
            wrong(route, format!("it leads to {range}"));
        }
        if range.ends_with("/0") || own.iter().any(|own| share(own, &range)) {
            wrong(route, format!("{range} is not the company's network alone"));
        }
        ranges.insert(range);
    }
    for connection in of("aws_vpn_connection") {
        let after = &connection["after"];
        if after["preshared_key_storage"] != "SecretsManager" {
            wrong(connection, "the keys of the tunnels are in the state".to_owned());
        }
        [1, 2].iter().flat_map(|number| tunnel(after, *number)).for_each(|said| wrong(connection, said));
        let settings = |number: &str| -> BTreeMap<String, Value> {
            let all = after.as_object().into_iter().flatten();
            all.filter_map(|(key, value)| Some((key.strip_prefix(number)?.to_owned(), value.clone()))).collect()
        };
        let (one, two) = (settings("tunnel1_"), settings("tunnel2_"));
        // AWS makes these up for each.
        let own = [
            "address",
            "bgp_asn",
            "bgp_holdtime",
            "cgw_inside_address",
            "inside_cidr",
            "inside_ipv6_cidr",
            "preshared_key",
            "vgw_inside_address",
        ];
        for key in one.keys().chain(two.keys()).collect::<BTreeSet<_>>() {
            if !own.contains(&key.as_str()) && one.get(key) != two.get(key) {
                wrong(connection, format!("its tunnels differ in {key}"));
            }
        }
        let sent: BTreeSet<String> = of("aws_vpn_connection_route").map(|route| words(&route["after"]["destination_cidr_block"])).collect();
        let wanted = if after["static_routes_only"] == true { ranges.clone() } else { BTreeSet::new() };
        if sent != wanted || ranges.is_empty() {
            wrong(connection, format!("it sends {sent:?} into the tunnels, and the routes lead to {ranges:?}"));
        }
    }
    for endpoint in of("aws_route53_resolver_endpoint") {
        let addresses: BTreeSet<String> = list(&endpoint["after"]["ip_address"]).iter().map(|one| words(&one["ip"])).collect();
        if addresses.len() < 2 || addresses.contains("") {
            wrong(endpoint, "the resolver has no fixed address in two zones".to_owned());
        }
    }
    for kind in ["aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"] {
        for rule in of(kind).filter(|rule| words(&rule["address"]).contains(".resolver[")) {
            let (after, range) = (&rule["after"], words(&rule["after"]["cidr_ipv4"]));
            if (&after["from_port"], &after["to_port"]) != (&json!(53), &json!(53)) || !ranges.iter().any(|known| share(known, &range)) {
                wrong(rule, format!("more than DNS with the company: {range}"));
            }
        }
    }
    found
}

/// Each fault of a small plan is found.
pub fn prove() -> Result<(), String> {
    let mut after = json!({"preshared_key_storage": "SecretsManager", "static_routes_only": true});
    for number in ["tunnel1", "tunnel2"] {
        after[format!("{number}_ike_versions")] = json!(["ikev2"]);
        after[format!("{number}_log_options")] = json!([{"cloudwatch_log_options": [{"log_enabled": true}]}]);
        for phase in ["phase1", "phase2"] {
            after[format!("{number}_{phase}_encryption_algorithms")] = json!(["AES256-GCM-16"]);
            after[format!("{number}_{phase}_integrity_algorithms")] = json!(["SHA2-384"]);
            after[format!("{number}_{phase}_dh_group_numbers")] = json!([20]);
        }
    }
    let resource = |kind: &str, address: &str, after: Value| json!({"type": kind, "address": address, "after": after});
    let range = "192.168.0.0/16";
    let rule = |range: &str, port: u16| {
        let after = json!({"cidr_ipv4": range, "from_port": port, "to_port": port});
        resource("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_ingress_rule.resolver[\"tcp/x\"]", after)
    };
    let route =
        |key: &str, to: &str| resource("aws_route", &format!("aws_route.company[\"closed/{key}\"]"), json!({"destination_cidr_block": to}));
    let whole = vec![
        resource("aws_vpn_connection", "aws_vpn_connection.company", after.clone()),
        resource("aws_vpn_connection_route", "sent", json!({"destination_cidr_block": range})),
        route(range, range),
        resource("aws_vpc", "aws_vpc.this", json!({"cidr_block": "10.0.0.0/16"})),
        resource("aws_route53_resolver_endpoint", "inbound", json!({"ip_address": [{"ip": "10.0.0.4"}, {"ip": "10.0.0.20"}]})),
        rule(range, 53),
    ];
    let with = |at: usize, one: Value| {
        let mut changed = whole.clone();
        changed[at] = one;
        changed
    };
    let set = |key: &str, value: Value| {
        let mut changed = after.clone();
        changed[key] = value;
        with(0, resource("aws_vpn_connection", "aws_vpn_connection.company", changed))
    };
    let cases: Vec<(Vec<Value>, Vec<&str>)> = vec![
        (whole.clone(), vec![]),
        (set("preshared_key_storage", json!(null)), vec!["the keys of the tunnels are in the state"]),
        (set("tunnel2_preshared_key", json!("secret")), vec!["the key of tunnel 2 is in the plan"]),
        (
            set("tunnel1_ike_versions", json!(["ikev1", "ikev2"])),
            vec!["tunnel 1 accepts other versions of IKE than the second", "its tunnels differ in ike_versions"],
        ),
        (
            set("tunnel2_phase2_encryption_algorithms", json!(["AES128"])),
            vec!["tunnel 2 accepts a weaker encryption in phase2", "its tunnels differ in phase2_encryption_algorithms"],
        ),
        (
            set("tunnel1_phase1_integrity_algorithms", json!(["SHA1"])),
            vec!["tunnel 1 accepts a weak hash in phase1", "its tunnels differ in phase1_integrity_algorithms"],
        ),
        (
            set("tunnel2_phase1_dh_group_numbers", json!([14, 20])),
            vec!["tunnel 2 accepts a weak Diffie-Hellman group in phase1", "its tunnels differ in phase1_dh_group_numbers"],
        ),
        (set("tunnel2_startup_action", json!("start")), vec!["its tunnels differ in startup_action"]),
        (set("tunnel1_log_options", json!([])), vec!["tunnel 1 has no log", "its tunnels differ in log_options"]),
        (
            set("static_routes_only", json!(false)),
            vec!["it sends {\"192.168.0.0/16\"} into the tunnels, and the routes lead to {\"192.168.0.0/16\"}"],
        ),
        (
            with(2, route(range, "0.0.0.0/0")),
            vec![
                "it leads to 0.0.0.0/0",
                "0.0.0.0/0 is not the company's network alone",
                "it sends {\"192.168.0.0/16\"} into the tunnels, and the routes lead to {\"0.0.0.0/0\"}",
            ],
        ),
        (
            with(4, resource("aws_route53_resolver_endpoint", "inbound", json!({"ip_address": [{"ip": "10.0.0.4"}]}))),
            vec!["the resolver has no fixed address in two zones"],
        ),
        (with(5, rule("10.9.0.0/16", 53)), vec!["more than DNS with the company: 10.9.0.0/16"]),
        (with(5, rule(range, 22)), vec!["more than DNS with the company: 192.168.0.0/16"]),
    ];
    for (plan, wanted) in cases {
        let found: Vec<String> = faults(&plan.into()).into_iter().map(|(_, fault)| fault).collect();
        if found != wanted {
            return Err(format!("found {found:?}, wanted {wanted:?}"));
        }
    }
    Ok(())
}
