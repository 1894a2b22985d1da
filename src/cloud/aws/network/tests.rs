use std::path::Path;
use std::{env, fs};

use super::*;
use crate::cloud::Content;

/// Three zones, an isolated class, one without a way out.
pub(crate) fn production() -> Network {
    let zones: Vec<String> = ["eu-west-1a", "eu-west-1b", "eu-west-1c"].map(String::from).into();
    let class = |name: &str, default: bool, internet: bool| Class { name: name.into(), renamed_from: None, default, internet };
    let plan = [
        (Use::Nodes("general".into()), "10.32", 0, 16, 20),
        (Use::Nodes("payments".into()), "10.32", 64, 4, 22),
        (Use::Nodes("data".into()), "10.32", 80, 4, 22),
        (Use::PublicLoadBalancers, "10.32", 96, 1, 24),
        (Use::InternalLoadBalancers, "10.32", 100, 1, 24),
        (Use::Endpoints, "10.32", 104, 1, 24),
        (Use::Transit, "10.32", 108, 1, 28),
    ];
    let subnets = plan.into_iter().flat_map(|(purpose, net, start, step, prefix)| {
        zones.clone().into_iter().enumerate().map(move |(index, zone)| Subnet {
            purpose: purpose.clone(),
            zone,
            cidr: format!("{net}.{}.0/{prefix}", start + index * step).parse().unwrap(),
        })
    });
    let flow = |from: &str, to: &str, port: u16, text: &str| Flow {
        from: from.into(),
        to: to.into(),
        protocol: Protocol::Tcp,
        port,
        description: text.into(),
    };
    let exit = |from: &str| Exit {
        from: from.into(),
        name: "internet".into(),
        cidr: "0.0.0.0/0".parse().unwrap(),
        protocol: Protocol::Tcp,
        port: 443,
        description: format!("HTTPS to the internet, from {from}"),
    };
    Network {
        platform: "boutique".into(),
        owner: "sre".into(),
        labels: [("cost-centre".into(), "4711".into())].into(),
        environment: "production".into(),
        region: "eu-west-1".into(),
        account: "333333333333".into(),
        state: State {
            bucket: "boutique-production-333333333333-state".into(),
            region: "eu-west-1".into(),
            key_alias: "boutique-production-state".into(),
        },
        protected: true,
        owns_account: true,
        public_entry: true,
        vpc: "10.32.0.0/16".parse().unwrap(),
        pods: "100.64.0.0/16".parse().unwrap(),
        subnets: subnets.collect(),
        zones,
        classes: vec![class("general", true, true), class("payments", false, true), class("data", false, false)],
        flows: vec![
            flow("general", "payments", 50051, "app/cart needs app/payment"),
            flow("general", "data", 5432, "app/report needs store/orders"),
            flow("general", "data", 5432, "app/other needs store/orders"),
        ],
        exits: vec![exit("general"), exit("payments")],
    }
}

/// Nothing of it reaches the internet, nor is reached, and the account is shared.
pub(crate) fn closed() -> Network {
    let mut network = production();
    network.environment = "dev".into();
    (network.protected, network.owns_account, network.public_entry) = (false, false, false);
    network.subnets.retain(|subnet| !matches!(subnet.purpose, Use::PublicLoadBalancers | Use::Transit));
    network.classes.iter_mut().for_each(|class| class.internet = false);
    network.classes[2].renamed_from = Some("stores".into());
    network.exits.clear();
    network
}

fn render(network: &Network) -> Vec<(&'static str, String)> {
    let print = |page: Page| match page.content {
        Content::Text(text) => (page.path, text.to_owned()),
        Content::Template(name, view) => (page.path, crate::template::render_hcl(name, &view).unwrap()),
    };
    super::network(network).into_iter().map(print).collect()
}

/// Every page is HCL to a foreign reader. With `PLATGEN_RENDERED`, the roots are left in that folder for outside judges.
#[test]
fn prints_hcl() {
    for network in [production(), closed()] {
        for (path, text) in render(&network) {
            if !path.ends_with(".md") {
                text.parse::<hcl_edit::structure::Body>().unwrap_or_else(|error| panic!("{path}: {error}\n{text}"));
            }
            if let Some(folder) = env::var_os("PLATGEN_RENDERED") {
                let file = Path::new(&folder).join(&network.environment).join(&network.region).join("network").join(path);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, text).unwrap();
            }
        }
    }
}

#[test]
fn leaves_out_what_there_is_nothing_to_say_for() {
    let paths = |network: &Network| super::network(network).iter().map(|page| page.path).collect::<Vec<_>>();
    let always = ["README.md", "backend.tf", "checks.tf", "endpoints.tf", "flow_logs.tf"];
    let rest = ["outputs.tf", "providers.tf", "security_groups.tf"];
    let test = |name: &'static str| format!("tests/{name}.tftest.hcl");
    let all = [&always[..], &["guards.tf", "internet.tf", "locals.tf", "nat.tf", "network.tf"], &rest].concat();
    let tests = ["addresses", "endpoints", "groups", "guards", "internet", "network"].map(test);
    assert_eq!(paths(&production()), [all, tests.iter().map(String::as_str).collect(), vec!["versions.tf"]].concat());
    let few = [&always[..], &["locals.tf", "moved.tf", "network.tf"], &rest].concat();
    let tests = ["addresses", "endpoints", "groups", "network"].map(test);
    let few = [few, tests.iter().map(String::as_str).collect(), vec!["versions.tf"]].concat();
    assert_eq!(paths(&closed()), few);
}

#[test]
fn a_further_zone_changes_no_line_of_the_others() {
    let before = production();
    let mut after = before.clone();
    after.zones.push("eu-west-1d".into());
    after.subnets.push(Subnet { purpose: Use::Endpoints, zone: "eu-west-1d".into(), cidr: "10.32.250.0/24".parse().unwrap() });
    for ((path, old), (_, new)) in render(&before).iter().zip(render(&after)) {
        let kept: Vec<&str> = new.lines().collect();
        assert!(old.lines().all(|line| line.contains("zones ") || line.contains("names ") || kept.contains(&line)), "{path}");
    }
}
