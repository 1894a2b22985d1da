//! What the specs render, against what their models say: the allowed pairs are the flows, nothing more and nothing less, in every region.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use platgen::diagnostic::Diagnostics;
use platgen::kinds::Operator;
use platgen::kubernetes;
use platgen::model::lock::{AddonLock, Lock};
use platgen::model::{Addon, Estate, Flow, Peer, Region};
use platgen::policy::{End, Place, Policies, Ports, Protocol};
use platgen::resolve::{Inputs, resolve};
use platgen::source::Sources;
use platgen::spec::{DEFAULTS, assemble};
use platgen::syntax::parse;
use platgen::yaml::Document;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::pod;

/// The model of a spec; its faults are told.
fn estate(texts: &[(String, String)], included: &BTreeMap<String, Result<Vec<u8>, String>>) -> Estate {
    let mut sources = Sources::default();
    let mut found = Diagnostics::default();
    let nodes: Vec<_> = texts.iter().map(|(name, text)| sources.add(name.as_str(), text.as_str())).collect();
    let nodes: Vec<_> = nodes.into_iter().filter_map(|id| parse(&sources, id, &mut found)).collect();
    let id = sources.add_default("defaults.yaml", DEFAULTS);
    let defaults = parse(&sources, id, &mut found).expect("the defaults");
    let specs = assemble(&nodes, &defaults, &mut found);
    let resolution =
        resolve(&specs, &Lock::default(), Inputs { sources: &sources, included, addons: &AddonLock::default(), allow_incomplete: true });
    found.extend(resolution.diagnostics);
    let errors: Vec<_> = found.iter().filter(|d| d.severity == platgen::diagnostic::Severity::Error).map(|d| &d.message).collect();
    assert!(errors.is_empty(), "{errors:?}");
    resolution.estate.expect("an estate")
}

/// A folder below `specs/`.
fn folder(path: &Path) -> Estate {
    let list = |folder: &Path| -> Vec<PathBuf> {
        let mut all: Vec<_> =
            fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
        all.sort();
        all
    };
    let read = |path: &PathBuf| fs::read(path).expect("a file");
    let spec = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml" || extension == "toml");
    let texts: Vec<_> = list(path)
        .iter()
        .filter(|path| spec(path))
        .map(|path| (path.display().to_string(), String::from_utf8(read(path)).expect("a text")))
        .collect();
    let name = |file: &PathBuf| file.strip_prefix(path).expect("below").display().to_string();
    let included = list(&path.join("files")).iter().map(|path| (name(path), Ok(read(path)))).collect();
    estate(&texts, &included)
}

/// What differs between the flows of a region and what its documents allow, one line each.
fn differences(region: &Region, documents: &[Document]) -> Vec<String> {
    let policies = Policies::read(documents).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(policies.unjudged().is_empty(), "{:?}", policies.unjudged());
    let mut lines = Vec::new();
    let mut compare = |from: &str, to: &str, allowed: &Ports, flows: &dyn Fn(&Flow) -> bool, name_service: bool| {
        let mut wanted: Vec<(Protocol, u16, u16)> = Vec::new();
        for flow in region.flows.iter().filter(|flow| flows(flow)) {
            let ports = flow.ports.iter();
            wanted.extend(ports.map(|port| (if port.is_udp() { Protocol::Udp } else { Protocol::Tcp }, port.number(), port.number())));
        }
        if name_service {
            wanted.extend([(Protocol::Tcp, 53, 53), (Protocol::Udp, 53, 53)]);
        }
        let wanted: Ports = wanted.into_iter().collect();
        if wanted != *allowed {
            lines.push(format!("{from} to {to}: the flows say `{wanted}`, the documents `{allowed}`"));
        }
    };
    // Raw manifests may bring workloads of which the model knows nothing; none of our flows is theirs.
    let ours = |namespace: &str, name: &str| region.workloads.contains_key(&format!("{namespace}/{name}"));
    // The name of a Job ends in a hash; the label is the name in the spec.
    let called = |workload: &platgen::policy::Workload| workload.pod.labels.get("platgen.io/workload").cloned().unwrap_or_default();
    let workloads: Vec<_> = policies.workloads().iter().filter(|w| !w.pod.host_network && ours(&w.object.namespace, &called(w))).collect();
    let on_nodes = region.workloads.values().filter(|workload| workload.host_network).count();
    assert_eq!(workloads.len() + on_nodes, region.workloads.len(), "{:?}", policies.workloads());
    let is = |peer: &Peer, workload: &platgen::policy::Workload| matches!(peer, Peer::Workload { namespace, name, .. } if *namespace == workload.object.namespace && *name == called(workload));
    let pairs: BTreeMap<_, Ports> = policies.pairs().into_iter().map(|pair| ((&pair.from.object, &pair.to.object), pair.ports)).collect();
    for from in &workloads {
        for to in &workloads {
            let allowed = pairs.get(&(&from.object, &to.object)).cloned().unwrap_or_default();
            let between = |flow: &Flow| is(&flow.from, from) && is(&flow.to, to);
            compare(&from.object.to_string(), &to.object.to_string(), &allowed, &between, false);
        }
    }
    // Stores that are not rendered yet are called all the same, and call nobody.
    for flow in &region.flows {
        let Peer::Workload { namespace, name, .. } = &flow.to else { continue };
        if !ours(namespace, name) {
            let place = policies.place(&End::Pod(pod(namespace, &[("platgen.io/workload", name)])));
            for from in &workloads {
                let allowed = policies.ports(&policies.place(&End::Pod(from.pod.clone())), &place);
                compare(&from.object.to_string(), name, &allowed, &|other| is(&other.from, from) && other.to == flow.to, false);
            }
        }
    }
    // The ends that are no workloads of ours.
    let here = |end: End| policies.place(&end);
    let gateway = here(End::Pod(pod("envoy-gateway-system", &[("app.kubernetes.io/component", "proxy")])));
    let metrics = here(End::Pod(pod("monitoring", &[("app.kubernetes.io/name", "prometheus")])));
    let operators = Operator::ALL.map(|operator| (operator, here(End::Pod(pod(operator.facts().namespace, &[operator.facts().pods])))));
    let names = here(End::Pod(pod("kube-system", &[("k8s-app", "kube-dns")])));
    let mut strangers: Vec<Place> =
        [("envoy-gateway-system", "app.kubernetes.io/name", "prometheus"), ("monitoring", "app.kubernetes.io/component", "proxy")]
            .map(|(namespace, key, value)| here(End::Pod(pod(namespace, &[(key, value)]))))
            .to_vec();
    strangers.extend(
        workloads
            .iter()
            .map(|w| here(End::Pod(pod("stranger", &w.pod.labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect::<Vec<_>>())))),
    );
    // Addresses in and around every range that a flow names, on the internet, and where no flow may lead.
    let mut addresses: Vec<std::net::IpAddr> =
        ["8.8.8.8", "10.0.0.1", "169.254.169.254", "172.16.0.1", "100.64.0.1", "192.168.0.1", "2001:4860:4860::8888"]
            .map(|address| address.parse().unwrap())
            .to_vec();
    for flow in &region.flows {
        for peer in [&flow.from, &flow.to] {
            let (Peer::Cluster { cidrs } | Peer::Outside { cidrs, .. }) = peer else { continue };
            let range = |cidr: &platgen::value::Cidr| cidr.to_string().parse::<ipnet::IpNet>().expect("a range");
            addresses.extend(cidrs.iter().map(range).flat_map(|range| [range.network(), range.broadcast()]));
        }
    }
    let private = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
        .map(|range| range.parse::<ipnet::IpNet>().unwrap());
    for workload in &workloads {
        let (name, own) = (workload.object.to_string(), here(End::Pod(workload.pod.clone())));
        compare(
            "the gateway",
            &name,
            &policies.ports(&gateway, &own),
            &|flow| flow.from == Peer::Addon(Addon::Gateway) && is(&flow.to, workload),
            false,
        );
        compare(
            "the metrics",
            &name,
            &policies.ports(&metrics, &own),
            &|flow| flow.from == Peer::Addon(Addon::Monitoring) && is(&flow.to, workload),
            false,
        );
        for (operator, place) in &operators {
            let title = operator.facts().title;
            let watched = |flow: &Flow| flow.from == Peer::Addon(Addon::Operator(*operator)) && is(&flow.to, workload);
            compare(title, &name, &policies.ports(place, &own), &watched, false);
            compare(&name, title, &policies.ports(&own, place), &|_| false, false);
        }
        compare(&name, "the name service", &policies.ports(&own, &names), &|_| false, true);
        for stranger in &strangers {
            compare("a stranger", &name, &policies.ports(stranger, &own), &|_| false, false);
            compare(&name, "a stranger", &policies.ports(&own, stranger), &|_| false, false);
        }
        for address in &addresses {
            let outside = here(End::Range((*address).into()));
            compare(&address.to_string(), &name, &policies.ports(&outside, &own), &|_| false, false);
            let reaches = |cidrs: &[platgen::value::Cidr]| match cidrs {
                [] => address.is_ipv4() && !private.iter().any(|range| range.contains(address)),
                some => some.iter().any(|cidr| cidr.to_string().parse::<ipnet::IpNet>().expect("a range").contains(address)),
            };
            let there = |flow: &Flow| {
                is(&flow.from, workload) && matches!(&flow.to, Peer::Cluster { cidrs } | Peer::Outside { cidrs, .. } if reaches(cidrs))
            };
            compare(&name, &address.to_string(), &policies.ports(&own, &outside), &there, false);
        }
    }
    // The programs of add-ons, by their policies.
    let own: Vec<Addon> = region.programs().filter(|program| region.guards(*program)).collect();
    let place = |addon: Addon| here(End::Pod(pod(addon.namespace(), &[addon.pods()])));
    let stack: Vec<(Addon, Place)> = own.iter().map(|addon| (*addon, place(*addon))).collect();
    let others = Addon::ALL.into_iter().filter(|addon| !addon.is_on_nodes() && !own.contains(addon)).map(|addon| (addon, place(addon)));
    let others: Vec<(Addon, Place)> = others.collect();
    for (from, one) in &stack {
        let calls = |flow: &Flow| flow.from == Peer::Addon(*from);
        for (to, other) in stack.iter().chain(&others) {
            let there = |flow: &Flow| calls(flow) && flow.to == Peer::Addon(*to);
            compare(from.name(), to.name(), &policies.ports(one, other), &there, *to == Addon::Dns);
        }
        for address in &addresses {
            let outside = here(End::Range((*address).into()));
            let is_in = |cidrs: &[platgen::value::Cidr]| match cidrs {
                [] => address.is_ipv4() && !private.iter().any(|range| range.contains(address)),
                some => some.iter().any(|cidr| cidr.to_string().parse::<ipnet::IpNet>().expect("a range").contains(address)),
            };
            let holds = |peer: &Peer| match peer {
                Peer::Cluster { cidrs } | Peer::Outside { cidrs, .. } => is_in(cidrs),
                other => region.node_ranges(other).is_some_and(|ranges| is_in(&ranges)),
            };
            compare(from.name(), &address.to_string(), &policies.ports(one, &outside), &|flow| calls(flow) && holds(&flow.to), false);
            let called = |flow: &Flow| flow.to == Peer::Addon(*from) && holds(&flow.from);
            compare(&address.to_string(), from.name(), &policies.ports(&outside, one), &called, false);
        }
        for stranger in &strangers {
            compare("a stranger", from.name(), &policies.ports(stranger, one), &|_| false, false);
            compare(from.name(), "a stranger", &policies.ports(one, stranger), &|_| false, false);
        }
    }
    lines
}

/// Every region of every environment; returns how many flows there were.
fn compare(estate: &Estate) -> usize {
    let mut flows = 0;
    for (environment, platform) in &estate.environments {
        for (name, region) in &platform.regions {
            let tree = kubernetes::render(platform, region).unwrap_or_else(|fault| panic!("{fault}")).tree;
            let documents: Vec<Document> = tree.into_values().flatten().collect();
            let differences = differences(region, &documents);
            assert!(differences.is_empty(), "{environment} {name}:\n{}", differences.join("\n"));
            flows += region.flows.len();
        }
    }
    flows
}

pub(crate) fn the_specs_allow_their_flows_and_nothing_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let mut flows = BTreeMap::new();
    for path in fs::read_dir(root).expect("specs").flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
        flows.insert(path.file_name().unwrap_or_default().to_string_lossy().to_string(), compare(&folder(&path)));
    }
    assert!(flows.len() >= 4 && flows["boutique"] > 50 && flows["sample"] >= 20, "{flows:?}");
}

/// What one policy more, or one less, would be worth: it shows.
pub(crate) fn a_difference_is_seen() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/sample");
    let estate = folder(&root);
    let platform = &estate.environments["dev"];
    let region = &platform.regions["eu-west-1"];
    let documents: Vec<Document> = kubernetes::render(platform, region).expect("documents").tree.into_values().flatten().collect();
    let is_policy = |document: &&Document| document.get("kind").and_then(|kind| kind.as_str()) == Some("NetworkPolicy");
    let (mut unseen, mut policies) = (Vec::new(), 0);
    for at in (0..documents.len()).filter(|&at| is_policy(&&documents[at])) {
        let mut fewer = documents.clone();
        let removed = fewer.remove(at);
        policies += 1;
        if differences(region, &fewer).is_empty() {
            unseen.push(removed.root().at(&["metadata", "name"]).and_then(|name| name.as_str()).unwrap_or_default().to_owned());
        }
    }
    // Each workload has a policy of its own for both directions, so those for the whole namespace guard only what comes later.
    unseen.sort();
    unseen.dedup();
    assert!(policies > 5 && unseen == ["allow-dns", "default-deny"], "{policies}: {unseen:?}");
    let more = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "more", "namespace": "shop"},
        "spec": {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}], "egress": [{"to": [{"podSelector": {}}]}]},
    });
    let with: Vec<Document> = documents.into_iter().chain([Document::from_json(&more)]).collect();
    assert!(differences(region, &with).len() > 3);
}

/// The sample with other needs, other ports and ends of every kind.
pub(crate) fn changed_needs_change_the_policies_alike() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/sample/platform.yaml");
    let sample: Value = serde_yaml::from_str(&fs::read_to_string(path).expect("the sample")).expect("YAML");
    let targets = [
        "app/frontend",
        "app/cart",
        "app/payment",
        "store/carts",
        "store/orders",
        "external/card-gateway",
        "external/erp",
        "external/clock",
    ];
    let callers = ["frontend", "cart", "payment", "report", "exporter"];
    let make = |needs: &[u8]| {
        let mut tree = sample.clone();
        tree["external"]["erp"] = json!({"host": "erp.example", "port": 8443, "via": "on_premises"});
        tree["external"]["clock"] = json!({"url": "http://203.0.113.99:1234"});
        let mut exporter = tree["apps"]["payment"].clone();
        exporter["namespace"] = "shop".into();
        exporter["subnet"] = "general".into();
        exporter["ports"] = json!({"main": 9000, "admin": "9001"});
        exporter.as_object_mut().expect("an app").retain(|key, _| !["port", "secrets"].contains(&key.as_str()));
        exporter["probes"] = json!({"none": "it is probed by nobody"});
        tree["apps"]["exporter"] = exporter;
        for (caller, bits) in callers.iter().zip(needs) {
            let chosen = targets.iter().enumerate().filter(|(at, target)| bits & (1 << at) != 0 && **target != format!("app/{caller}"));
            tree["apps"][caller]["needs"] = chosen.map(|(_, target)| Value::from(*target)).collect();
        }
        estate(&[("platform.yaml".into(), tree.to_string())], &BTreeMap::new())
    };
    let config = Config { failure_persistence: None, ..Config::with_cases(24) };
    let law = |needs: Vec<u8>| {
        compare(&make(&needs));
        Ok(())
    };
    TestRunner::new(config).run(&prop::collection::vec(any::<u8>(), 5), law).unwrap_or_else(|fault| panic!("{fault}"));
}
