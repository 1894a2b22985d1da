//! A thousand workloads: what comes out, and how long it takes.

use std::time::Instant;

use platgen::policy::Policies;
use serde_json::{Value, json};

use super::documents;

const COUNT: usize = 1000;

/// Each calls the next and the tenth after it; in ten namespaces, each shut but for that.
pub(crate) fn a_thousand_workloads_take_a_moment() {
    let place = |at: usize| (format!("n{}", at % 10), format!("w{}", at % COUNT));
    let peer = |at: usize| {
        let (namespace, name) = place(at);
        json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}, "podSelector": {"matchLabels": {"app": name}}})
    };
    let policy = |(namespace, name): (String, String), spec: Value| json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name, "namespace": namespace}, "spec": spec});
    let mut values: Vec<Value> =
        (0..10).map(|at| policy((format!("n{at}"), "deny".into()), json!({"policyTypes": ["Ingress", "Egress"]}))).collect();
    for at in 0..COUNT {
        let (namespace, name) = place(at);
        let labels = json!({"app": name, "part-of": "everything", "owner": "somebody", "environment": "production"});
        let template = json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main"}]}});
        values.push(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace}, "spec": {"template": template}}));
        let rule = |key: &str, peers: [usize; 2]| json!([{key: peers.map(peer), "ports": [{"port": 8080}]}]);
        let (from, to) = ([at + COUNT - 1, at + COUNT - 10], [at + 1, at + 10]);
        let spec = json!({"podSelector": {"matchLabels": {"app": name}}, "policyTypes": ["Ingress", "Egress"], "ingress": rule("from", from), "egress": rule("to", to)});
        values.push(policy(place(at), spec));
    }
    let documents = documents(&values);
    let begun = Instant::now();
    let policies = Policies::read(&documents).unwrap_or_else(|fault| panic!("{fault}"));
    let read = begun.elapsed();
    let pairs = policies.pairs();
    println!("read in {read:?}, all pairs in {:?}", begun.elapsed() - read);
    assert_eq!(pairs.len(), 2 * COUNT);
    assert!(pairs.iter().all(|pair| pair.ports.to_string() == "TCP 8080"));
}
