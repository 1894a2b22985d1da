//! Cases that evaluators, and people, get wrong.

use platgen::policy::{End, NamedPort, Place, Pod, Policies, Protocol, Side};
use serde_json::{Value, json};

use super::{documents, pod};

fn policy(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name, "namespace": "shop"}, "spec": spec})
}

fn read(values: &[Value]) -> Policies {
    Policies::read(&documents(values)).unwrap_or_else(|fault| panic!("{fault}"))
}

fn one(spec: Value) -> Policies {
    read(&[policy("p", spec)])
}

fn open(policies: &Policies, from: &Pod, to: &Pod) -> bool {
    let place = |pod: &Pod| policies.place(&End::Pod(pod.clone()));
    policies.allows(&place(from), &place(to), 80, Protocol::Tcp).allowed
}

fn outside(policies: &Policies, address: &str) -> Place {
    policies.place(&End::Range(address.parse::<std::net::IpAddr>().unwrap().into()))
}

fn web() -> Pod {
    pod("shop", &[("app", "web")])
}

fn cart() -> Pod {
    pod("shop", &[("app", "cart")])
}

fn stranger() -> Pod {
    pod("other", &[("app", "web")])
}

pub(crate) fn without_types_a_policy_isolates_ingress_alone() {
    let policies = one(json!({"podSelector": {"matchLabels": {"app": "web"}}}));
    assert!(!open(&policies, &cart(), &web()) && open(&policies, &web(), &cart()));
    // Not even an empty list of rules makes it one for egress.
    assert!(open(&one(json!({"podSelector": {}, "egress": []})), &web(), &stranger()));
}

pub(crate) fn without_types_egress_rules_isolate_egress() {
    let policies = one(json!({"podSelector": {}, "ingress": [{}], "egress": [{"to": [{"podSelector": {}}]}]}));
    assert!(open(&policies, &web(), &cart()) && !open(&policies, &web(), &stranger()) && open(&policies, &stranger(), &web()));
}

pub(crate) fn rules_of_a_direction_that_is_not_among_the_types_say_nothing() {
    let policies = one(json!({"podSelector": {}, "policyTypes": ["Egress"], "ingress": [], "egress": [{}]}));
    assert!(open(&policies, &stranger(), &web()));
}

pub(crate) fn a_policy_without_a_spec_isolates_its_namespace() {
    let bare = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p", "namespace": "shop"}});
    let policies = read(&[bare]);
    assert!(!open(&policies, &stranger(), &web()) && open(&policies, &web(), &stranger()));
}

pub(crate) fn an_empty_rule_allows_everything_and_no_rule_nothing() {
    assert!(open(&one(json!({"podSelector": {}, "ingress": [{}]})), &stranger(), &web()));
    assert!(open(&one(json!({"podSelector": {}, "ingress": [{"from": [], "ports": []}]})), &stranger(), &web()));
    assert!(open(&one(json!({"podSelector": {}, "ingress": [{"from": null, "ports": null}]})), &stranger(), &web()));
    assert!(!open(&one(json!({"podSelector": {}, "ingress": []})), &web(), &cart()));
    assert!(!open(&one(json!({"podSelector": {}, "ingress": null})), &web(), &cart()));
}

pub(crate) fn a_pod_selector_alone_means_the_own_namespace() {
    let policies = one(json!({"podSelector": {}, "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}]}));
    assert!(open(&policies, &web(), &cart()) && !open(&policies, &cart(), &web()) && !open(&policies, &stranger(), &web()));
    let all = one(json!({"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}));
    assert!(open(&all, &cart(), &web()) && !open(&all, &stranger(), &web()));
}

pub(crate) fn one_entry_with_both_selectors_is_and_two_entries_are_or() {
    let (pods, namespaces) = (json!({"matchLabels": {"app": "web"}}), json!({"matchLabels": {"kubernetes.io/metadata.name": "other"}}));
    let and = one(json!({"podSelector": {}, "ingress": [{"from": [{"podSelector": pods, "namespaceSelector": namespaces}]}]}));
    let or = one(json!({"podSelector": {}, "ingress": [{"from": [{"podSelector": pods}, {"namespaceSelector": namespaces}]}]}));
    let other_cart = pod("other", &[("app", "cart")]);
    assert!(open(&and, &stranger(), &cart()) && !open(&and, &other_cart, &cart()) && !open(&and, &web(), &cart()));
    assert!(open(&or, &stranger(), &cart()) && open(&or, &other_cart, &cart()) && open(&or, &web(), &cart()));
}

pub(crate) fn an_empty_namespace_selector_is_every_namespace_even_an_undeclared_one() {
    let policies = one(json!({"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {}}]}]}));
    assert!(open(&policies, &stranger(), &web()));
    // But no address.
    assert!(!policies.allows(&outside(&policies, "8.8.8.8"), &policies.place(&End::Pod(web())), 80, Protocol::Tcp).allowed);
}

pub(crate) fn the_name_label_of_a_namespace_cannot_be_forged() {
    let labels = json!({"kubernetes.io/metadata.name": "trusted"});
    let forged = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other", "labels": labels}});
    let rule = json!({"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {"matchLabels": labels}}]}]});
    assert!(!open(&read(&[forged, policy("p", rule)]), &stranger(), &web()));
}

pub(crate) fn not_in_is_met_by_pods_without_the_label() {
    let from =
        |expression: Value| one(json!({"podSelector": {}, "ingress": [{"from": [{"podSelector": {"matchExpressions": [expression]}}]}]}));
    let bare = pod("shop", &[]);
    let not_in = from(json!({"key": "app", "operator": "NotIn", "values": ["web"]}));
    assert!(open(&not_in, &bare, &web()) && open(&not_in, &cart(), &web()) && !open(&not_in, &web(), &cart()));
    let absent = from(json!({"key": "app", "operator": "DoesNotExist"}));
    assert!(open(&absent, &bare, &web()) && !open(&absent, &cart(), &web()));
}

pub(crate) fn policies_add_up_and_one_that_allows_is_enough() {
    let policies = read(&[
        policy("deny", json!({"podSelector": {}})),
        policy("allow", json!({"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"from": [{"podSelector": {}}]}]})),
    ]);
    assert!(open(&policies, &cart(), &web()) && !open(&policies, &web(), &cart()));
    let place = |pod: Pod| policies.place(&End::Pod(pod));
    let verdict = policies.allows(&place(cart()), &place(web()), 80, Protocol::Tcp);
    assert!(matches!(&verdict.ingress, Side::Allowed(by) if by.len() == 1 && by[0].name == "allow") && verdict.egress == Side::Open);
    let verdict = policies.allows(&place(web()), &place(cart()), 80, Protocol::Tcp);
    assert!(matches!(&verdict.ingress, Side::Denied(by) if by.len() == 1 && by[0].to_string() == "NetworkPolicy shop/deny"));
}

pub(crate) fn both_sides_have_to_agree() {
    let isolated = policy("both", json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}));
    let into_cart =
        json!({"podSelector": {"matchLabels": {"app": "cart"}}, "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}]});
    let out_of_web = json!({"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "cart"}}}]}]});
    let halves = [policy("in", into_cart), policy("out", out_of_web)];
    for half in &halves {
        assert!(!open(&read(&[isolated.clone(), half.clone()]), &web(), &cart()));
    }
    let policies = read(&[vec![isolated], halves.to_vec()].concat());
    assert!(open(&policies, &web(), &cart()) && !open(&policies, &cart(), &web()));
}

pub(crate) fn ports_are_tcp_unless_they_say_otherwise() {
    let policies = one(json!({"podSelector": {}, "ingress": [{"ports": [{"port": 53}, {"protocol": "UDP"}]}]}));
    let place = policies.place(&End::Pod(web()));
    let allows = |port, protocol| policies.allows(&place, &place, port, protocol).allowed;
    assert!(allows(53, Protocol::Tcp) && !allows(54, Protocol::Tcp) && allows(54, Protocol::Udp) && !allows(53, Protocol::Sctp));
    assert_eq!(policies.ports(&place, &place).to_string(), "TCP 53, UDP");
}

pub(crate) fn an_end_port_makes_a_range_with_both_ends() {
    let policies = one(json!({"podSelector": {}, "ingress": [{"ports": [{"port": 8000, "endPort": 8002}, {"port": 8003}]}]}));
    let place = policies.place(&End::Pod(web()));
    let allows = |port| policies.allows(&place, &place, port, Protocol::Tcp).allowed;
    assert!(!allows(7999) && allows(8000) && allows(8002) && allows(8003) && !allows(8004));
    assert_eq!(policies.ports(&place, &place).to_string(), "TCP 8000-8003");
}

pub(crate) fn a_named_port_is_that_of_the_target_pod() {
    let named = |pod: Pod, number| Pod { named_ports: vec![NamedPort { name: "http".into(), protocol: Protocol::Tcp, number }], ..pod };
    let (web, cart) = (named(web(), 80), named(cart(), 8080));
    let into = one(json!({"podSelector": {}, "ingress": [{"ports": [{"port": "http"}]}]}));
    let out = one(json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": [{"port": "http"}]}]}));
    for policies in [&into, &out] {
        let place = |pod: &Pod| policies.place(&End::Pod(pod.clone()));
        assert_eq!(policies.ports(&place(&web), &place(&cart)).to_string(), "TCP 8080");
        assert_eq!(policies.ports(&place(&cart), &place(&web)).to_string(), "TCP 80");
        assert!(policies.ports(&place(&cart), &place(&pod("shop", &[]))).is_empty());
    }
    // Outside nobody has names for ports, and a name of another protocol is another name.
    assert!(out.ports(&out.place(&End::Pod(web.clone())), &outside(&out, "8.8.8.8")).is_empty());
    let udp = one(json!({"podSelector": {}, "ingress": [{"ports": [{"port": "http", "protocol": "UDP"}]}]}));
    assert!(udp.ports(&udp.place(&End::Pod(cart)), &udp.place(&End::Pod(web))).is_empty());
}

pub(crate) fn addresses_are_outside_and_pods_are_no_addresses() {
    let block = json!({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}});
    let policies =
        one(json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{"from": [block]}], "egress": [{"to": [block]}]}));
    let place = policies.place(&End::Pod(web()));
    let allows = |address| policies.allows(&place, &outside(&policies, address), 443, Protocol::Tcp).allowed;
    assert!(allows("8.8.8.8") && !allows("10.9.9.9") && !allows("2001:db8::1") && !open(&policies, &cart(), &web()));
    assert!(policies.allows(&outside(&policies, "8.8.8.8"), &place, 443, Protocol::Tcp).allowed);
}

pub(crate) fn a_rule_without_peers_is_for_addresses_too() {
    let policies = one(json!({"podSelector": {}, "ingress": [{"ports": [{"port": 80}]}]}));
    let place = policies.place(&End::Pod(web()));
    assert!(policies.allows(&outside(&policies, "2001:db8::1"), &place, 80, Protocol::Tcp).allowed);
}

pub(crate) fn pods_in_the_network_of_their_node_are_no_pods() {
    let policies = one(json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{"from": [{"podSelector": {}}]}]}));
    let agent = Pod { host_network: true, ..web() };
    assert!(!open(&policies, &agent, &cart()) && !open(&policies, &cart(), &agent) && open(&policies, &agent, &stranger()));
}

pub(crate) fn other_kinds_of_policies_are_named_and_not_judged() {
    let other =
        json!({"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "x", "namespace": "shop"}, "spec": {}});
    let calico = json!({"apiVersion": "crd.projectcalico.org/v1", "kind": "NetworkPolicy", "metadata": {"name": "y", "namespace": "shop"}, "spec": 1});
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [other, policy("p", json!({})), calico]});
    let policies = read(&[list, json!(null), json!([1]), json!({"kind": 5})]);
    let names: Vec<String> = policies.unjudged().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["CiliumNetworkPolicy shop/x", "NetworkPolicy shop/y"]);
    assert!(!open(&policies, &stranger(), &web()));
}

pub(crate) fn what_the_server_refuses_is_refused_with_its_field() {
    let rule = |rule: Value| policy("p", json!({"podSelector": {}, "ingress": [{}, rule]}));
    let deployment = |spec: Value| json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec});
    for (value, wanted) in [
        (policy("p", json!([])), "`spec` of NetworkPolicy shop/p: it is not a map"),
        (
            policy("p", json!({"podSelector": {"matchLabel": {}}})),
            "`spec.podSelector.matchLabel` of NetworkPolicy shop/p: there is no such field",
        ),
        (
            policy("p", json!({"policyTypes": ["ingress"]})),
            "`spec.policyTypes[0]` of NetworkPolicy shop/p: it is neither `Ingress` nor `Egress`",
        ),
        (policy("p", json!({"ingress": {}})), "`spec.ingress` of NetworkPolicy shop/p: it is not a list"),
        (policy("p", json!({"ingress": [null]})), "`spec.ingress[0]` of NetworkPolicy shop/p: it is null"),
        (rule(json!({"form": []})), "`spec.ingress[1].form` of NetworkPolicy shop/p: there is no such field"),
        (rule(json!({"from": [{}]})), "`spec.ingress[1].from[0]` of NetworkPolicy shop/p: it names no peer"),
        (
            rule(json!({"from": [{"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}]})),
            "`spec.ingress[1].from[0].ipBlock` of NetworkPolicy shop/p: it stands alone, without a selector",
        ),
        (
            rule(json!({"from": [{"ipBlock": {"cidr": "10.0.0.0"}}]})),
            "`spec.ingress[1].from[0].ipBlock.cidr` of NetworkPolicy shop/p: it is not a range of addresses, such as `10.0.0.0/16`",
        ),
        (
            rule(json!({"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}}]})),
            "`spec.ingress[1].from[0].ipBlock.except[0]` of NetworkPolicy shop/p: it is no part of `cidr`",
        ),
        (
            rule(json!({"from": [{"podSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}]})),
            "`spec.ingress[1].from[0].podSelector.matchExpressions[0].operator` of NetworkPolicy shop/p: it needs `values`",
        ),
        (
            rule(json!({"from": [{"podSelector": {"matchLabels": {"a": 1}}}]})),
            "`spec.ingress[1].from[0].podSelector.matchLabels.a` of NetworkPolicy shop/p: it is not text",
        ),
        (
            rule(json!({"ports": [{"protocol": "tcp"}]})),
            "`spec.ingress[1].ports[0].protocol` of NetworkPolicy shop/p: it is none of `TCP`, `UDP`, `SCTP`",
        ),
        (
            rule(json!({"ports": [{"port": 0}]})),
            "`spec.ingress[1].ports[0].port` of NetworkPolicy shop/p: it is not a number from 1 to 65535",
        ),
        (
            rule(json!({"ports": [{"port": "80"}]})),
            "`spec.ingress[1].ports[0].port` of NetworkPolicy shop/p: it is neither a number nor the name of a port",
        ),
        (
            rule(json!({"ports": [{"endPort": 80}]})),
            "`spec.ingress[1].ports[0].endPort` of NetworkPolicy shop/p: it needs `port`, where the range starts",
        ),
        (
            rule(json!({"ports": [{"port": 81, "endPort": 80}]})),
            "`spec.ingress[1].ports[0].endPort` of NetworkPolicy shop/p: it is below `port`",
        ),
        (
            rule(json!({"ports": [{"port": "http", "endPort": 80}]})),
            "`spec.ingress[1].ports[0].endPort` of NetworkPolicy shop/p: it goes with a number in `port`, not with a name",
        ),
        (deployment(json!({})), "`spec.template` of Deployment default/d: it is missing"),
        (
            deployment(json!({"template": {"spec": {"hostNetwork": "yes"}}})),
            "`spec.template.spec.hostNetwork` of Deployment default/d: it is neither true nor false",
        ),
        (
            deployment(json!({"template": {"spec": {"containers": [{"ports": [{"containerPort": 70000}]}]}}})),
            "`spec.template.spec.containers[0].ports[0].containerPort` of Deployment default/d: it is not a number from 1 to 65535",
        ),
        (json!({"apiVersion": "v1", "kind": "Namespace"}), "`metadata` of Namespace default/: it is missing"),
        (
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": 5}}),
            "`metadata.name` of Namespace default/: it is not text",
        ),
    ] {
        let fault = Policies::read(&documents(&[value])).expect_err(wanted);
        assert_eq!(fault.to_string(), wanted);
    }
}
