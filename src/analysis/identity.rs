//! What a cluster says of itself, and the guard that the spec renders for it -> whose the cluster is, and whether its guard is in force.

use crate::guard::{GuardPolicy, GuardValidation, IDENTITY_NAMESPACE, guard_policies};
use crate::labels::{ENVIRONMENT, PLATFORM, PROTECTED, REGION};
use crate::model::{Desktop, Platform, Region};
use serde::Serialize;
use serde_json::{Value, json};

/// A cluster.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Place {
    /// The platform.
    pub platform: String,
    /// The environment.
    pub environment: String,
    /// The region.
    pub region: String,
}

impl Place {
    /// The cluster of a region.
    pub fn of(platform: &Platform, region: &Region) -> Place {
        Place { platform: platform.name.to_string(), environment: platform.environment.to_string(), region: region.name.to_string() }
    }
}

/// What is known of the cluster of a context.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Identity {
    /// The context of kubectl.
    pub context: String,
    /// What the cluster says that it is. Absent where it says nothing.
    pub found: Option<Place>,
    /// Whether its environment is protected, as the cluster says.
    pub protected: bool,
    /// What it should be. Absent where it may be any cluster of the platform.
    pub expected: Option<Place>,
    /// Whether it is the cluster that is meant.
    pub own: bool,
    /// The objects of the guard that are missing or other ones than the spec renders. Empty where the cluster is another one.
    pub broken: Vec<Broken>,
}

/// An object of the guard that does not do what it should.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Broken {
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The path of the first value that differs, or of the time at which somebody deleted the object; absent where the object is missing.
    pub path: Option<String>,
}

/// Where an object that only waits for its finalizer says so.
const DELETED: &str = "metadata.deletionTimestamp";

/// Whose a cluster is. `namespace` is the namespace that is the identity, if there is one; `known` are the clusters of the spec.
pub fn identity(context: &str, namespace: Option<&Value>, expected: Option<Place>, known: &[Place]) -> Identity {
    let label = |key: &str| {
        let labels = namespace.and_then(|namespace| namespace.pointer("/metadata/labels"))?;
        Some(labels.get(key)?.as_str()?.to_owned())
    };
    let found = || Some(Place { platform: label(PLATFORM)?, environment: label(ENVIRONMENT)?, region: label(REGION)? });
    let found = found();
    let own = found.as_ref().is_some_and(|found| expected.as_ref().map_or_else(|| known.contains(found), |expected| expected == found));
    let protected = label(PROTECTED).as_deref() == Some("true");
    Identity { context: context.to_owned(), found, protected, expected, own, broken: Vec::new() }
}

/// The objects of the guard that are missing in a cluster, are to be deleted, or have other values than the spec renders: policies and bindings in their
/// specs, and the identity in its labels of platgen. What the API server adds by itself is no difference.
pub fn broken<'o>(wanted: impl Iterator<Item = &'o Value>, there: &[Value]) -> Vec<Broken> {
    let name = |object: &Value| {
        ["/kind", "/metadata/name"].map(|path| object.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned())
    };
    let mut all = Vec::new();
    for object in wanted {
        let [kind, own] = name(object);
        let same = there.iter().find(|other| name(other) == [kind.clone(), own.clone()]);
        let path = same.map(|other| {
            if other.pointer("/metadata/deletionTimestamp").is_some() {
                return Some(DELETED.to_owned());
            }
            if kind == "Namespace" {
                return differs(&own_labels(object), &own_labels(other), "metadata.labels");
            }
            differs(object.get("spec").unwrap_or(&Value::Null), other.get("spec").unwrap_or(&Value::Null), "spec")
        });
        match path {
            Some(None) => {}
            Some(path @ Some(_)) => all.push(Broken { kind, name: own, path }),
            None => all.push(Broken { kind, name: own, path: None }),
        }
    }
    all
}

/// A policy of the guard and its binding, as a cluster should have them.
pub fn wanted(policy: &GuardPolicy) -> [Value; 2] {
    let GuardPolicy { name, reads_identity, namespaces, requests, conditions, validations, about: _ } = policy;
    let mut constraints = json!({
        "resourceRules": requests.iter().map(|one| json!({
            "apiGroups": [one.group], "apiVersions": ["*"], "operations": one.operations, "resources": one.resources,
        })).collect::<Vec<_>>(),
    });
    if let Some((key, operator, names)) = namespaces {
        let mut expression = json!({"key": key, "operator": operator});
        if !names.is_empty() {
            expression["values"] = json!(names);
        }
        constraints["namespaceSelector"] = json!({"matchExpressions": [expression]});
    }
    let validation = |one: &GuardValidation| {
        let mut value = json!({"expression": one.expression, "message": one.message, "reason": "Forbidden"});
        if let Some(detail) = &one.detail {
            value["messageExpression"] = json!(detail);
        }
        value
    };
    let mut rules = json!({
        "failurePolicy": "Fail",
        "matchConstraints": constraints,
        "matchConditions": conditions.iter().map(|(name, expression)| json!({"name": name, "expression": expression})).collect::<Vec<_>>(),
        "validations": validations.iter().map(validation).collect::<Vec<_>>(),
    });
    let mut binding = json!({"policyName": name, "validationActions": ["Deny", "Audit"]});
    if *reads_identity {
        rules["paramKind"] = json!({"apiVersion": "v1", "kind": "Namespace"});
        binding["paramRef"] = json!({"name": IDENTITY_NAMESPACE, "parameterNotFoundAction": "Allow"});
    }
    let object = |kind: &str, spec: Value| json!({"kind": kind, "metadata": {"name": name}, "spec": spec});
    [object("ValidatingAdmissionPolicy", rules), object("ValidatingAdmissionPolicyBinding", binding)]
}

/// The policies of the guard that are in force, of the policies and bindings of a cluster.
pub fn in_force(there: &[Value]) -> Vec<GuardPolicy> {
    guard_policies().into_iter().filter(|policy| broken(wanted(policy).iter(), there).is_empty()).collect()
}

/// The labels of platgen.
fn own_labels(object: &Value) -> Value {
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    let own = labels.into_iter().flatten().filter(|(key, _)| key.starts_with("platgen.io/"));
    Value::Object(own.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Whether the API server writes a field by itself: the defaults of policies. Source: `pkg/apis/admissionregistration/v1/defaults.go` of Kubernetes.
fn is_default(key: &str, value: &Value) -> bool {
    match key {
        "matchPolicy" => value == "Equivalent",
        "namespaceSelector" | "objectSelector" => *value == json!({}),
        "scope" => value == "*",
        _ => false,
    }
}

/// The path of the first value that is another one, or that only the cluster has: a field more can narrow what a policy looks at.
fn differs(wanted: &Value, there: &Value, path: &str) -> Option<String> {
    match (wanted, there) {
        (Value::Object(wanted), Value::Object(there)) => {
            let changed =
                wanted.iter().find_map(|(key, value)| differs(value, there.get(key).unwrap_or(&Value::Null), &format!("{path}.{key}")));
            let is_added = |(key, value): &(&String, &Value)| !wanted.contains_key(*key) && !is_default(key, value);
            changed.or_else(|| there.iter().find(is_added).map(|(key, _)| format!("{path}.{key}")))
        }
        (Value::Array(wanted), Value::Array(there)) if wanted.len() == there.len() => {
            wanted.iter().zip(there).enumerate().find_map(|(at, (value, other))| differs(value, other, &format!("{path}[{at}]")))
        }
        _ => (wanted != there).then(|| path.to_owned()),
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.platform, self.environment, self.region)
    }
}

/// The text about a cluster.
pub fn report(identity: &Identity) -> String {
    let Identity { context, found, protected, expected, own, broken } = identity;
    let Some(found) = found else {
        let meant = expected.as_ref().map(|expected| format!(", and {expected} is meant")).unwrap_or_default();
        return format!(
            "REFUSED: the cluster of `{context}` does not say whose it is{meant}.\nThe first apply of a new cluster makes its identity; a cluster without one refuses nothing.\n"
        );
    };
    if !own {
        let meant = expected.as_ref().map_or_else(|| "no cluster of this spec".to_owned(), |expected| format!("{expected} is meant"));
        let what = if found.environment.ends_with(Desktop::ENDING) { ", which `platgen kind` made," } else { "," };
        return format!("REFUSED: the cluster of `{context}` is {found}{what} and {meant}.\n");
    }
    let protected = if *protected { ", which is protected" } else { "" };
    let mut text = format!("The cluster of `{context}` is {found}{protected}.\n");
    if broken.is_empty() {
        text.push_str("Its guard is in force: it refuses objects of other platforms, environments and regions.\n");
    } else {
        text.push_str("THE GUARD IS NOT IN FORCE:\n");
        for Broken { kind, name, path } in broken {
            let what = match path.as_deref() {
                None => "missing".to_owned(),
                Some(DELETED) => "deleted, and in force until its finalizer is removed".to_owned(),
                Some(path) => format!("other than the spec says at {path}"),
            };
            text.push_str(&format!("  {kind} {name}: {what}\n"));
        }
        text.push_str(&mended(context, &format!("kubernetes/{}/{}/cluster", found.environment, found.region), broken));
    }
    text
}

/// The commands that mend a guard, in the folder of the rendered files.
fn mended(context: &str, folder: &str, broken: &[Broken]) -> String {
    let kubectl = format!("  kubectl --context {context}");
    let has = |kind: &dyn Fn(&Broken) -> bool| broken.iter().any(kind);
    let mut text = "Ask who changed it: the audit log of the API server says it. In the folder of the rendered files:\n".to_owned();
    for Broken { kind, name, .. } in broken.iter().filter(|one| one.path.as_deref() == Some(DELETED)) {
        text.push_str(&format!("{kubectl} patch {kind} {name} --type merge --patch '{{\"metadata\":{{\"finalizers\":null}}}}'\n"));
    }
    if has(&|one| one.kind == "Namespace") {
        text.push_str(&format!("{kubectl} apply --server-side --force-conflicts --filename {folder}/identity.yaml\n"));
    }
    // A replacement takes away the fields that an apply leaves alone.
    if has(&|one| one.kind != "Namespace" && one.path.as_deref().is_some_and(|path| path != DELETED)) {
        text.push_str(&format!("{kubectl} replace --filename {folder}/guard.yaml\n"));
    }
    if has(&|one| one.kind != "Namespace") {
        text.push_str(&format!("{kubectl} apply --server-side --force-conflicts --filename {folder}/guard.yaml\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(environment: &str) -> Place {
        Place { platform: "shop".into(), environment: environment.into(), region: "here".into() }
    }

    fn namespace(environment: &str) -> Value {
        let labels = json!({"platgen.io/platform": "shop", "platgen.io/environment": environment, "platgen.io/region": "here", "platgen.io/protected": "true"});
        json!({"kind": "Namespace", "metadata": {"name": "platgen-system", "labels": labels}})
    }

    #[test]
    fn a_cluster_is_the_one_that_is_meant_or_is_refused() {
        let known = [place("beta"), place("production")];
        let own = |there: Option<Value>, expected: Option<Place>| identity("c", there.as_ref(), expected, &known).own;
        assert!(own(Some(namespace("beta")), Some(place("beta"))) && own(Some(namespace("beta")), None));
        assert!(!own(Some(namespace("production")), Some(place("beta"))));
        assert!(!own(Some(namespace("staging")), None) && !own(None, None) && !own(None, Some(place("beta"))));
        // Labels that are gone say nothing.
        let mut bare = namespace("beta");
        bare["metadata"]["labels"] = json!({"platgen.io/environment": "beta"});
        assert!(!own(Some(bare), Some(place("beta"))));
        assert!(identity("c", Some(&namespace("beta")), None, &known).protected);
    }

    #[test]
    fn what_the_server_adds_is_no_difference() {
        let wanted = json!({"kind": "P", "metadata": {"name": "a"}, "spec": {"rules": [{"verbs": ["CREATE"]}], "failurePolicy": "Fail"}});
        let mut there = wanted.clone();
        there["spec"]["matchPolicy"] = json!("Equivalent");
        assert_eq!(broken([&wanted].into_iter(), &[there.clone()]), []);
        let path = |there: &Value| broken([&wanted].into_iter(), std::slice::from_ref(there)).first().and_then(|one| one.path.clone());
        // Other values, fields that narrow it, and an object that is on its way out.
        for (at, value, expected) in [
            ("/spec/rules/0/verbs", json!(["UPDATE"]), "spec.rules[0].verbs[0]"),
            ("/spec/matchPolicy", json!("Exact"), "spec.matchPolicy"),
            (
                "/spec",
                json!({"rules": [{"verbs": ["CREATE"]}], "failurePolicy": "Fail", "objectSelector": {"matchLabels": {"a": "b"}}}),
                "spec.objectSelector",
            ),
            ("/metadata", json!({"name": "a", "deletionTimestamp": "2026-12-01T00:00:00Z"}), DELETED),
        ] {
            let mut other = there.clone();
            *other.pointer_mut(at).expect("a value") = value;
            assert_eq!(path(&other).as_deref(), Some(expected));
        }
        assert_eq!(broken([&wanted].into_iter(), &[])[0].path, None);
    }
}
