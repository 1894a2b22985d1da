use std::collections::BTreeSet;

use crate::cloud::{self, Root};
use crate::layers::Layer;
use crate::tests::estate::estate;

/// Environments `dev` and `beta` share an account, `production` has its own; `data` has no route to the internet.
const SPEC: &str = r#"
apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud:
  provider: aws
  accounts: {dev: "111111111111", beta: "111111111111", production: "222222222222"}
  state: {region: eu-central-1}
regions: {eu-west-1: {zones: 2}}
environments:
  dev: {regions: [eu-west-1]}
  beta: {regions: [eu-west-1]}
  production: {regions: [eu-west-1], protected: true}
cluster: {version: "1.35"}
network:
  subnets:
    general: {default: true}
    data: {egress: none}
  on_premises: {cidrs: [192.168.0.0/24, 192.168.9.0/24]}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
external:
  cards: {host: cards.example, port: 8443}
  mainframe: {host: mainframe.corp.example, port: 9000, via: on_premises}
apps:
  web:
    image: registry.example/web:v1
    port: 8080
    probes: {ready: /ready, live: /live}
    needs: [app/report, external/cards, external/mainframe]
  report:
    image: registry.example/report:v1
    port: 8081
    probes: {ready: /ready, live: /live}
    subnet: data
"#;

fn root(spec: &str, environment: &str) -> Root {
    let estate = estate(spec);
    let roots = cloud::roots(&estate.environments[environment]).unwrap();
    roots.into_iter().find(|root| root.layer == Layer::Network).unwrap()
}

/// The keys of the map `name` in `locals.tf`.
fn keys(root: &Root, name: &str) -> Vec<String> {
    let body: hcl_edit::structure::Body = root.files["locals.tf"].parse().unwrap();
    let locals = body.get_blocks("locals").next().unwrap();
    let map = locals.body.get_attribute(name).unwrap().value.as_object().unwrap();
    map.iter().map(|(key, _)| key.as_expr().and_then(|key| key.as_str()).unwrap().to_owned()).collect()
}

#[test]
fn every_layer_of_the_list_is_rendered() {
    // The link needs two regions, and the root of data a bucket.
    let spec =
        SPEC.replace("2}}", "2}, eu-central-1: {zones: 2}}").replace("[eu-west-1], protected", "[eu-west-1, eu-central-1], protected");
    let spec = spec + "buckets: {pictures: {}}\n";
    let estate = estate(&spec);
    let built: BTreeSet<Layer> =
        estate.environments.values().flat_map(|platform| cloud::roots(platform).unwrap()).map(|root| root.layer).collect();
    let provider = estate.environments[0].regions[0].provider;
    assert_eq!(built, Layer::ALL.iter().copied().filter(|layer| layer.providers().contains(&provider)).collect());
}

#[test]
fn the_state_is_in_the_region_of_the_root() {
    let root = root(SPEC, "production");
    assert_eq!(root.folder(), "terraform/production/eu-west-1/network");
    let state = (root.state.bucket.as_str(), root.state.key.as_str(), root.state.region.as_str());
    let expected = ("shop-production-eu-west-1-state-222222222222", "production/eu-west-1/network/terraform.tfstate", "eu-west-1");
    assert_eq!(state, expected);
}

#[test]
fn files_without_resources_are_left_out() {
    let files = |spec: &str, environment| root(spec, environment).files.into_keys().collect::<BTreeSet<String>>();
    let all = files(SPEC, "production");
    let left_out = |fewer: &BTreeSet<String>| all.difference(fewer).cloned().collect::<Vec<_>>();
    // Two environments share the account.
    assert_eq!(left_out(&files(SPEC, "dev")), ["guards.tf"]);
    let closed = SPEC.replace("general: {default: true}", "general: {default: true, egress: none}").replace("external/cards, ", "");
    assert_eq!(left_out(&files(&closed, "production")), ["internet.tf", "nat.tf"]);
}

#[test]
fn a_further_zone_removes_no_line() {
    let (before, after) = (root(SPEC, "production"), root(&SPEC.replace("zones: 2", "zones: 3"), "production"));
    let kept: Vec<&str> = after.files["locals.tf"].lines().collect();
    let lost = before.files["locals.tf"].lines().filter(|line| !line.contains("zones ") && !kept.contains(line));
    assert_eq!(lost.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn rules_are_those_that_clusters_and_flows_need() {
    let production = root(SPEC, "production");
    let flows = ["data/data/all", "data/general/tcp-53", "data/general/udp-53", "general/data/tcp-10250", "general/data/tcp-8081"];
    assert_eq!(keys(&production, "flows"), [&flows[..], &["general/general/all"]].concat());
    let mainframe = ["general/external/mainframe 192.168.0.0/24/tcp-9000", "general/external/mainframe 192.168.9.0/24/tcp-9000"];
    let internet = ["general/internet/tcp-443", "general/internet/tcp-8443"];
    // `data` has no route to the internet.
    assert_eq!(keys(&production, "exits"), [&["data/vpc/tcp-443"][..], &mainframe, &internet].concat());

    let udp = root(
        &SPEC
            .replace("port: 8081", "port: 8081/udp")
            .replace("probes: {ready: /ready, live: /live}\n    subnet", "probes: {none: silent}\n    subnet"),
        "production",
    );
    assert_eq!(keys(&udp, "flows")[4], "general/data/udp-8081");

    // The rule for HTTPS holds the ranges of the endpoints; another port has rules of its own.
    let private = SPEC.replace(
        "external:\n",
        "external:\n  kms: {url: \"https://kms.eu-west-1.amazonaws.com\"}\n  search: {host: search.example, port: 9200, via: private}\n",
    );
    let private = private.replace("network:\n", "network:\n  endpoints: all\n");
    let private = root(&private.replace("subnet: data", "subnet: data\n    needs: [external/kms, external/search]"), "production");
    assert_eq!(keys(&private, "exits")[..2], ["data/external/search/tcp-9200", "data/vpc/tcp-443"]);

    // Nodes of `data` without a taint take pods that name no subnet, so that CoreDNS and the other services of the cluster may run there.
    let shared = root(&SPEC.replace("data: {egress: none}", "data: {}"), "production");
    assert_eq!(keys(&shared, "flows"), ["data/data/all", "data/general/all", "general/data/all", "general/general/all"]);
}

#[test]
fn isolated_nodes_with_copies_of_images_call_what_their_flows_name_alone() {
    let exits = |spec: &str| {
        let all = keys(&root(spec, "production"), "exits");
        all.into_iter().filter(|key| key.starts_with("data/")).collect::<Vec<_>>()
    };
    let isolated = SPEC.replace("data: {egress: none}", "data: {isolated: true}");
    assert_eq!(exits(&isolated), ["data/internet/tcp-443"]);
    let mirrored = isolated.replace("{version: \"1.35\"}", "{version: \"1.35\", registry: {mirror: true}}");
    assert_eq!(exits(&mirrored), ["data/vpc/tcp-443"]);
    // Layers of images are in S3, at public addresses.
    let list = |spec: &str, name: &str| {
        let text = root(spec, "production").files["locals.tf"].clone();
        text.lines().find_map(|line| line.trim().strip_prefix(name)?.split_once("= ").map(|(_, list)| list.to_owned())).unwrap()
    };
    assert_eq!((list(&mirrored, "private_classes"), list(&mirrored, "closed_classes")), ("[\"data\"]".to_owned(), "[]".to_owned()));
    assert_eq!(list(&isolated, "private_classes"), "[]");
    // Environments that are not protected have the endpoints that private nodes need.
    let endpoints = |spec: &str| root(spec, "dev").files["endpoints.tf"].contains("interface_endpoints = [\"ec2\", \"ecr.api\"");
    assert_eq!((endpoints(&isolated), endpoints(&mirrored)), (false, true));
    let calls = |port: &str| mirrored.replace("port: 8443", port).replace("subnet: data", "subnet: data\n    needs: [external/cards]");
    assert_eq!(exits(&calls("port: 8443")), ["data/internet/tcp-8443", "data/vpc/tcp-443"]);
    assert_eq!(exits(&calls("port: 443")), ["data/internet/tcp-443", "data/vpc/tcp-443"]);
}

#[test]
fn buckets_of_the_region_are_reached_through_the_gateway_endpoint() {
    let exits = |spec: &str| keys(&root(spec, "production"), "exits");
    let closed = SPEC.replace("subnet: data", "subnet: data\n    needs: [bucket/pictures]") + "buckets: {pictures: {}}\n";
    let private = "{version: \"1.35\", registry: {mirror: true}}";
    let isolated = closed.replace("data: {egress: none}", "data: {isolated: true}").replace("{version: \"1.35\"}", private);
    assert_eq!((exits(&closed), exits(&isolated)), (exits(SPEC), exits(SPEC)));
}

#[test]
fn nodes_reach_the_file_systems_that_their_pods_mount() {
    let shared = SPEC.replace("apps:\n", "volumes: {files: {size: 1Gi, backup: {none: trial}}}\napps:\n");
    assert_eq!(keys(&root(&shared, "production"), "exits").len(), 5);
    let mounted = root(&shared.replace("subnet: data", "subnet: data\n    volumes: {/files: volume/files}"), "production");
    assert_eq!(keys(&mounted, "exits")[..2], ["data/vpc/tcp-2049", "data/vpc/tcp-443"]);
}

#[test]
fn pods_of_a_class_with_a_group_of_its_own_tolerate_its_taint() {
    let tolerations = |spec: &str| {
        let estate = estate(spec);
        let region = &estate.environments["production"].regions["eu-west-1"];
        let report = &region.workloads["shop/report"];
        report.placement.tolerations.iter().map(|one| format!("{}={}", one.key, one.value)).collect::<Vec<_>>()
    };
    assert_eq!(tolerations(SPEC), ["platgen.io/subnet=data"]);
    assert_eq!(tolerations(&SPEC.replace("data: {egress: none}", "data: {isolated: true}")), ["platgen.io/subnet=data"]);
    assert_eq!(tolerations(&SPEC.replace("data: {egress: none}", "data: {}")), [""; 0]);
    // A default subnet takes whatever names no other: no taint keeps pods away.
    let default = SPEC
        .replace("general: {default: true}", "general: {}")
        .replace("data: {egress: none}", "data: {default: true, egress: none}")
        .replace("external/cards, ", "");
    assert_eq!(tolerations(&default), [""; 0]);
}

#[test]
fn layers_of_images_come_from_the_buckets_of_the_region() {
    let london = SPEC.replace("eu-west-1", "eu-west-2");
    let endpoints = root(&london, "production").files.remove("endpoints.tf").unwrap();
    for bucket in ["prod-eu-west-2-starport-layer-bucket", "767373bbdcb8270361b96548387bf2a9ad0d48758c35-eu-west-2"] {
        assert!(endpoints.contains(&format!("\"arn:aws:s3:::{bucket}/*\"")), "{bucket}: {endpoints}");
    }
}
