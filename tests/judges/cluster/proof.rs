//! Faults planted by hand in a rendered region: the judge has to find each of them and nothing else, so that its silence means something.

use serde_json::{Value, json};

use super::objects::Object;
use super::region::{self, Folder};
use super::{platform, with};
use crate::judges::judge::{Finding, configuration};
use crate::judges::trees;

/// The region that faults are planted in.
const REGION: &str = "deploy/kubernetes/production/eu-west-1";

/// A fault: what is done to the objects, and each finding that comes of it: rule, object, part of the message.
struct Fault {
    plant: fn(&mut Vec<Object>),
    found: &'static [(&'static str, &'static str, &'static str)],
}

/// Faults that do not touch each other; they are planted together.
const FAULTS: &[Fault] = &[
    // A misspelt field.
    Fault {
        plant: |objects| edit(objects, "Deployment/shop/frontend", |value| value["spec"]["replica"] = json!(3)),
        found: &[("refused", "Deployment/shop/frontend", ".spec.replica: field not declared in schema")],
    },
    // A text where a number must stand.
    Fault {
        plant: |objects| edit(objects, "Deployment/payments/payment", |value| value["spec"]["revisionHistoryLimit"] = json!("three")),
        found: &[("refused", "Deployment/payments/payment", "revisionHistoryLimit")],
    },
    // What Pod Security forbids: the namespace warns of the workload and refuses its pods.
    Fault {
        plant: |objects| {
            edit(objects, "Deployment/shop/cart", |value| {
                value["spec"]["template"]["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = json!(true);
            });
        },
        found: &[
            ("warning", "Deployment/shop/cart", "would violate PodSecurity \"restricted"),
            ("pod-refused", "Deployment/shop/cart", "violates PodSecurity \"restricted"),
        ],
    },
    // A pod that asks for more than the quota of its namespace.
    Fault {
        plant: |objects| {
            edit(objects, "Deployment/shop/carts", |value| {
                let resources = &mut value["spec"]["template"]["spec"]["containers"][0]["resources"];
                resources["requests"]["memory"] = json!("100Gi");
                resources["limits"]["memory"] = json!("100Gi");
            });
        },
        found: &[("pod-refused", "Deployment/shop/carts", "exceeded quota: quota, requested: limits.memory=100Gi")],
    },
    // The quota allows no load balancers.
    Fault {
        plant: |objects| edit(objects, "Service/shop/cart", |value| value["spec"]["type"] = json!("LoadBalancer")),
        found: &[("refused", "Service/shop/cart", "exceeded quota: quota, requested: services.loadbalancers=1")],
    },
    // A pod of an account that is missing.
    Fault {
        plant: |objects| objects.retain(|object| object.id() != "ServiceAccount/shop/report"),
        found: &[("pod-refused", "CronJob/shop/report", "serviceaccount \"report\" not found")],
    },
    // A rule of a custom kind that is written in CEL.
    Fault {
        plant: |objects| {
            edit(objects, "HTTPRoute/shop/frontend.boutique.example", |value| {
                value["spec"]["rules"][0]["matches"] = json!([{"path": {"type": "PathPrefix", "value": "/a//b"}}]);
            });
        },
        found: &[("refused", "HTTPRoute/shop/frontend.boutique.example", "must not contain '//'")],
    },
    // A policy of the tree.
    Fault {
        plant: |objects| {
            let kinds =
                json!({"apiGroups": ["policy"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["poddisruptionbudgets"]});
            let validation = json!({"expression": "object.metadata.name != 'cart'", "message": "the cart needs no budget"});
            let spec = json!({"matchConstraints": {"resourceRules": [kinds]}, "validations": [validation]});
            add(objects, "admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", &json!({"name": "guard"}), &json!({"spec": spec}));
            let spec = json!({"policyName": "guard", "validationActions": ["Deny"]});
            add(
                objects,
                "admissionregistration.k8s.io/v1",
                "ValidatingAdmissionPolicyBinding",
                &json!({"name": "guard"}),
                &json!({"spec": spec}),
            );
        },
        found: &[("refused", "PodDisruptionBudget/shop/cart", "the cart needs no budget")],
    },
    // Viewers read secrets; in this environment developers are viewers.
    Fault {
        plant: |objects| {
            edit(objects, "ClusterRole/boutique-viewer", |value| {
                let rule = json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]});
                value["rules"].as_array_mut().into_iter().for_each(|rules| rules.push(rule.clone()));
            });
        },
        found: &[
            ("rights", "Group/auditor", "in `cert-manager`, where the spec gives the role viewer: may `get` `secrets`"),
            ("rights", "Group/auditor", "in `cnpg-system`, where the spec gives the role viewer: may `get` `secrets`"),
            ("rights", "Group/auditor", "in `envoy-gateway-system`, where the spec gives the role viewer: may `get` `secrets`"),
            ("rights", "Group/auditor", "in `external-dns`, where the spec gives the role viewer: may `get` `secrets`"),
            ("rights", "Group/auditor", "in `external-secrets`, where the spec gives the role viewer: may `get` `secrets`"),
            ("rights", "Group/auditor", "in `monitoring`, where the spec gives the role viewer: may `get` `secrets`"),
            ("rights", "Group/auditor", "in `payments`, where the spec gives the role viewer: may `get` `secrets`"),
            ("rights", "Group/auditor", "in `reloader`, where the spec gives the role viewer: may `get` `secrets`"),
            ("rights", "Group/auditor", "in `restore-tests`, where the spec gives the role viewer: may `get` `secrets`"),
            ("rights", "Group/auditor", "in `shop`, where the spec gives the role viewer: may `get` `secrets`"),
            ("rights", "Group/shop-developer", "in `shop`, where the spec gives the role viewer: may `get` `secrets`"),
        ],
    },
    // A binding names the group of another team.
    Fault {
        plant: |objects| {
            edit(objects, "RoleBinding/payments/payments-developers-viewer", |value| {
                value["subjects"][0]["name"] = json!("shop-developer")
            });
        },
        found: &[
            ("rights", "Group/payments-developer", "in `payments`, where the spec gives the role viewer: may not `get` `configmaps`"),
            ("rights", "Group/shop-developer", "in `payments`, where the spec gives no role: may `get` `configmaps`"),
        ],
    },
    // The view of the whole cluster goes to another group.
    Fault {
        plant: |objects| {
            edit(objects, "ClusterRoleBinding/boutique-sre-cluster-viewer", |value| value["subjects"][0]["name"] = json!("auditor"));
        },
        found: &[
            ("rights", "Group/auditor", "in the cluster, where the spec gives no role: may `get` `namespaces`"),
            ("rights", "Group/platform-admin", "in the cluster, where the spec gives the role admin: may not `get` `namespaces`"),
        ],
    },
    // The account of a workload has a right.
    Fault {
        plant: |objects| {
            let subject = json!({"kind": "ServiceAccount", "namespace": "shop", "name": "cart"});
            let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "boutique-viewer"});
            let body = json!({"roleRef": role, "subjects": [subject]});
            add(objects, "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", &json!({"name": "cart"}), &body);
        },
        found: &[("rights", "ServiceAccount/shop/cart", "in `shop`, where the spec gives no role: may `get, list, watch`")],
    },
];

/// Plants the faults in `specs/sample`, and holds what is found against what is expected.
pub fn prove() -> Result<(), String> {
    let spec = configuration().join("../../specs/sample");
    let tree = trees::folder().and_then(|keep| trees::render(&spec, keep))?;
    let input = tree.inputs.iter().find(|input| input.path == REGION).ok_or_else(|| format!("no {REGION}"))?;
    let read = || Folder::read(&tree.root, input, platform(&tree.root, REGION)?);

    let mut folder = read()?;
    FAULTS.iter().for_each(|fault| (fault.plant)(&mut folder.objects));
    let expected = FAULTS.iter().flat_map(|fault| fault.found).map(|(rule, object, part)| [*rule, *object, *part].map(str::to_owned));
    compare(&folder, expected.collect())?;

    // A namespace is missing: everything in it is refused, and nobody has rights there.
    let mut folder = read()?;
    folder.objects.retain(|object| object.id() != "Namespace/payments");
    let inside = folder.objects.iter().filter(|object| object.namespace == "payments");
    let refused = inside.map(|object| ["refused".to_owned(), object.id(), "namespaces \"payments\" not found".to_owned()]);
    let groups = [("auditor", "viewer"), ("payments-developer", "viewer"), ("platform-admin", "admin")];
    let rights = groups.map(|(group, role)| {
        [
            "rights".to_owned(),
            format!("Group/{group}"),
            format!("in `payments`, where the spec gives the role {role}: may not `get` `configmaps`"),
        ]
    });
    compare(&folder, refused.chain(rights).collect())?;
    claims(read)?;
    super::guard::prove(&tree)
}

/// A cluster with other roles and bindings than `platgen access` has read: a verb more, a binding less, an account with rights.
fn claims<'a>(read: impl Fn() -> Result<Folder<'a>, String>) -> Result<(), String> {
    let (claimed, mut folder) = (read()?.objects, read()?);
    // Without a model nothing is known of the rights that the spec gives.
    folder.platform = None;
    edit(&mut folder.objects, "ClusterRole/boutique-admin", |value| {
        value["rules"][0]["verbs"].as_array_mut().into_iter().for_each(|verbs| verbs.push(json!("delete")));
    });
    folder.objects.retain(|object| object.id() != "RoleBinding/payments/payments-developers-viewer");
    let subject = json!({"kind": "ServiceAccount", "namespace": "shop", "name": "cart"});
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "boutique-cluster-viewer"});
    let body = json!({"roleRef": role, "subjects": [subject]});
    add(&mut folder.objects, "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", &json!({"name": "cart"}), &body);
    let mut expected = vec![
        ("group platform-admin", "in monitoring, other than `platgen access` says: may delete endpoints"),
        ("group platform-admin", "in payments, other than `platgen access` says: may delete endpoints"),
        ("group platform-admin", "in restore-tests, other than `platgen access` says: may delete endpoints"),
        ("group platform-admin", "in shop, other than `platgen access` says: may delete endpoints"),
        ("group payments-developer", "in payments, other than `platgen access` says: may not get configmaps"),
    ];
    let of_addons =
        ["in cert-manager", "in cnpg-system", "in envoy-gateway-system", "in external-dns", "in external-secrets", "in reloader"];
    let others = ["in the cluster", "in kube-system", "in monitoring", "in payments", "in platgen-system", "in restore-tests", "in shop"];
    for place in of_addons.into_iter().chain(others) {
        expected.push(("account shop/cart", place));
    }
    let expected = expected.into_iter().map(|(subject, part)| ["access", subject, part].map(str::to_owned));
    held(with(|server, counts| region::judge_claims(&server.api, &folder, &claimed, counts))?, expected.collect())
}

/// Judges the folder; every finding has to be expected, and every expectation found.
fn compare(folder: &Folder, expected: Vec<[String; 3]>) -> Result<(), String> {
    held(with(|server, counts| region::judge(&server.api, folder, counts))?, expected)
}

fn held(findings: Vec<Finding>, mut expected: Vec<[String; 3]>) -> Result<(), String> {
    let mut wrong = Vec::new();
    for finding in findings {
        let meant =
            |[rule, object, part]: &[String; 3]| finding.rule == *rule && finding.object == *object && finding.message.contains(part);
        match expected.iter().position(meant) {
            Some(place) => drop(expected.swap_remove(place)),
            None => wrong.push(format!("found besides: {} {} {}", finding.rule, finding.object, finding.message)),
        }
    }
    wrong.extend(expected.iter().map(|expected| format!("missed: {}", expected.join(" "))));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Changes an object.
fn edit(objects: &mut [Object], id: &str, change: fn(&mut Value)) {
    for object in objects.iter_mut().filter(|object| object.id() == id) {
        change(&mut object.value);
        object.text = object.value.to_string();
    }
}

/// Adds an object: its metadata, and its other keys.
fn add(objects: &mut Vec<Object>, version: &str, kind: &str, metadata: &Value, body: &Value) {
    let mut value = json!({"apiVersion": version, "kind": kind, "metadata": metadata});
    for (key, part) in body.as_object().into_iter().flatten() {
        value[key] = part.clone();
    }
    objects.push(Object::new(REGION, value.to_string(), value));
}
