//! Small worlds from a string of choices: up to four namespaces, eight workloads, five policies, with everything that a policy can say.

use platgen::policy::{End, Labels, NamedPort, Pod, Protocol};
use serde_json::{Map, Value, json};

/// Port numbers that rules and pods speak of; ranges end at them and around them.
const NUMBERS: [u16; 6] = [1, 80, 81, 443, 8080, 65535];

/// Ports that are asked for.
pub(crate) const PORTS: [(u16, Protocol); 9] = [
    (1, Protocol::Tcp),
    (80, Protocol::Tcp),
    (80, Protocol::Udp),
    (80, Protocol::Sctp),
    (81, Protocol::Tcp),
    (442, Protocol::Tcp),
    (443, Protocol::Tcp),
    (8080, Protocol::Udp),
    (65535, Protocol::Tcp),
];

/// Addresses that are asked for.
pub(crate) const RANGES: [&str; 5] = ["10.1.0.1/32", "10.1.0.0/30", "10.1.0.0/23", "8.8.8.8/32", "2001:db8::1/128"];

const NAMESPACES: [&str; 4] = ["a", "b", "c", "d"];

/// What a cluster holds.
#[derive(Debug)]
pub(crate) struct World {
    namespaces: Vec<(String, Labels)>,
    pub(crate) ends: Vec<End>,
    pub(crate) policies: Vec<Value>,
}

impl World {
    /// The labels of a namespace, whether it was declared or not.
    pub(crate) fn namespace_labels(&self, name: &str) -> Labels {
        let mut labels = self.namespaces.iter().find(|(known, _)| known == name).map(|(_, labels)| labels.clone()).unwrap_or_default();
        labels.insert("kubernetes.io/metadata.name".into(), name.into());
        labels
    }

    /// Everything as documents; each pod starts in another way.
    pub(crate) fn documents(&self) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        for (name, labels) in &self.namespaces {
            all.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}));
        }
        for (at, end) in self.ends.iter().enumerate() {
            let End::Pod(pod) = end else { continue };
            let port = |port: &NamedPort| json!({"name": port.name, "containerPort": port.number, "protocol": port.protocol.to_string()});
            let ports: Vec<Value> = pod.named_ports.iter().map(port).collect();
            let spec = json!({"hostNetwork": pod.host_network, "containers": [{"name": "main", "ports": ports}]});
            let template = json!({"metadata": {"labels": pod.labels}, "spec": spec});
            let metadata = json!({"name": format!("w{at}"), "namespace": pod.namespace});
            let (version, kind) =
                [("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "Job")][at % 4];
            all.push(match at {
                4 => {
                    let job = json!({"jobTemplate": {"spec": {"template": template}}});
                    json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": job})
                }
                _ => json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": {"template": template}}),
            });
        }
        all.extend(self.policies.iter().cloned());
        all
    }
}

/// Choices in turn; when they run out, always the first.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, limit: usize) -> usize {
        self.0.next().map_or(0, |byte| usize::from(*byte) % limit)
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn some<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }

    fn labels(&mut self) -> Labels {
        let mut labels = Labels::new();
        for key in ["app", "tier"] {
            if let value @ ("x" | "y") = self.one(&["x", "y", ""]) {
                labels.insert(key.into(), value.into());
            }
        }
        labels
    }

    fn selector(&mut self, key: &str) -> Value {
        let mut selector = Map::new();
        if self.below(2) == 1 {
            let own = if key == "namespaceSelector" && self.below(2) == 1 {
                Labels::from([("kubernetes.io/metadata.name".to_owned(), self.one(&NAMESPACES).to_owned())])
            } else {
                self.labels()
            };
            selector.insert("matchLabels".into(), json!(own));
        }
        let expressions = self.some(2, |choices| {
            let key = choices.one(&["app", "tier", "none"]);
            match choices.one(&["Exists", "DoesNotExist", "In", "NotIn"]) {
                operator @ ("Exists" | "DoesNotExist") => match choices.below(2) {
                    0 => json!({"key": key, "operator": operator}),
                    _ => json!({"key": key, "operator": operator, "values": []}),
                },
                operator => {
                    let values: &[&str] = choices.one(&[&["x"], &["y"], &["x", "y"]]);
                    json!({"key": key, "operator": operator, "values": values})
                }
            }
        });
        if !expressions.is_empty() {
            selector.insert("matchExpressions".into(), json!(expressions));
        }
        Value::from(selector)
    }

    fn peer(&mut self) -> Value {
        match self.below(4) {
            0 => json!({"podSelector": self.selector("podSelector")}),
            1 => json!({"namespaceSelector": self.selector("namespaceSelector"), "ipBlock": null}),
            2 => json!({"namespaceSelector": self.selector("namespaceSelector"), "podSelector": self.selector("podSelector")}),
            _ => json!({"ipBlock": self.one(&[
                (&r#"{"cidr": "10.0.0.0/8"}"#),
                &r#"{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}"#,
                &r#"{"cidr": "10.0.0.0/8", "except": ["10.1.1.0/24"]}"#,
                &r#"{"cidr": "10.1.0.0/31"}"#,
                &r#"{"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "192.168.0.0/16"]}"#,
                &r#"{"cidr": "8.8.8.8/32", "except": []}"#,
                &r#"{"cidr": "::/0"}"#,
                &r#"{"cidr": "2001:db8::/32", "except": ["2001:db8::/64"]}"#,
            ]).parse::<Value>().unwrap()}),
        }
    }

    fn port(&mut self) -> Value {
        let mut port = Map::new();
        if let Some(protocol) = self.one(&[None, Some("TCP"), Some("UDP"), Some("SCTP")]) {
            port.insert("protocol".into(), json!(protocol));
        }
        match self.below(5) {
            0 => {}
            1 => _ = port.insert("port".into(), json!(self.one(&["http", "dns"]))),
            2 | 3 => _ = port.insert("port".into(), json!(self.one(&NUMBERS))),
            _ => {
                let (first, last) = self.one(&[(1, 65535), (80, 81), (81, 442), (443, 443), (81, 8080), (8081, 65535)]);
                port.insert("port".into(), json!(first));
                port.insert("endPort".into(), json!(last));
            }
        }
        Value::from(port)
    }

    fn rule(&mut self, peers: &str) -> Value {
        let mut rule = Map::new();
        if self.below(4) > 0 {
            rule.insert(peers.into(), json!(self.some(2, Choices::peer)));
        }
        if self.below(3) > 0 {
            rule.insert("ports".into(), json!(self.some(2, Choices::port)));
        }
        Value::from(rule)
    }

    fn policy(&mut self, number: usize) -> Value {
        let mut spec = Map::new();
        if self.below(4) > 0 {
            spec.insert("podSelector".into(), self.selector("podSelector"));
        }
        let types: Option<&[&str]> = self.one(&[None, Some(&[]), Some(&["Ingress"]), Some(&["Egress"]), Some(&["Egress", "Ingress"])]);
        if let Some(types) = types {
            spec.insert("policyTypes".into(), json!(types));
        }
        for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
            if self.below(3) > 0 {
                spec.insert(direction.into(), json!(self.some(2, |choices| choices.rule(peers))));
            }
        }
        let metadata = json!({"name": format!("p{number}"), "namespace": self.one(&NAMESPACES[..2])});
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec})
    }

    fn pod(&mut self) -> Pod {
        let named_ports = self.some(2, |choices| NamedPort {
            name: choices.one(&["http", "dns"]).into(),
            protocol: choices.one(&[Protocol::Tcp, Protocol::Tcp, Protocol::Udp]),
            number: choices.one(&NUMBERS),
        });
        let namespace = self.one(&["a", "a", "a", "b", "b", "c", "d"]).to_owned();
        Pod { namespace, labels: self.labels(), named_ports, host_network: self.below(16) == 15 }
    }
}

/// The world that these choices make.
pub(crate) fn world(choices: &[u8]) -> World {
    let mut choices = Choices(choices.iter());
    let policies: Vec<Value> = (0..1 + choices.below(5)).map(|number| choices.policy(number)).collect();
    let mut ends: Vec<End> = (0..1 + choices.below(8)).map(|_| End::Pod(choices.pod())).collect();
    ends.extend(RANGES.iter().map(|range| End::Range(range.parse().unwrap())));
    let declared = choices.below(5);
    let namespaces = NAMESPACES[..declared].iter().map(|name| ((*name).to_owned(), choices.labels())).collect();
    World { namespaces, ends, policies }
}
