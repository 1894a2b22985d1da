//! What the policies of the guard refuse, and what they keep.

use super::*;
use crate::analysis::identity::wanted;
use crate::guard::{BREAK_GLASS_FLAGS, guard_policies};

/// A cluster with these policies, whose environment is protected or not.
fn guarded(policies: &[&str], protected: bool, more: &str) -> String {
    let of_policies = guard_policies().into_iter().filter(|policy| policies.contains(&policy.name));
    let policies = of_policies.flat_map(|policy| wanted(&policy)).map(|mut object| {
        object["apiVersion"] = "admissionregistration.k8s.io/v1".into();
        format!("{object}\n---\n")
    });
    let labels = "platgen.io/platform: shop, platgen.io/environment: production, platgen.io/region: here";
    format!(
        "{}{{apiVersion: v1, kind: Namespace, metadata: {{name: platgen-system, labels: {{{labels}, platgen.io/protected: '{protected}'}}}}}}\n---\n\
         {{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {{{labels}}}}}}}\n---\n\
         {{apiVersion: v1, kind: Namespace, metadata: {{name: other}}}}\n---\n{more}",
        policies.collect::<String>()
    )
}

/// Each refused object with its reason, and the policies in force with what they refuse.
fn judged(applied: &str, onto: &str) -> (Vec<String>, Vec<(&'static str, usize)>) {
    let found = between(applied, onto);
    let reasons = found.of(Outcome::Refused).map(|one| format!("{} {}", one.object, one.reason.clone().unwrap_or_default())).collect();
    (reasons, found.protection.policies.iter().map(|policy| (policy.name, policy.refused)).collect())
}

#[test]
fn config_maps_of_people_are_refused_where_the_environment_is_protected() {
    let map = |namespace: &str, labels: &str| {
        format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: api, namespace: {namespace}{labels}}}, data: {{A: b}}}}")
    };
    let policy = ["platgen-hand-made"];
    let why = "ConfigMap/shop/api the policy `platgen-hand-made`: a ConfigMap of people has the labels of the platform";
    let (refused, policies) = judged(&map("shop", ""), &guarded(&policy, true, ""));
    assert_eq!((refused, policies), (vec![why.to_owned()], vec![("platgen-hand-made", 1)]));
    // Neither elsewhere, nor where nothing is protected, nor with labels, nor without the policy.
    let own = ", labels: {platgen.io/environment: production}";
    assert_eq!(judged(&map("other", ""), &guarded(&policy, true, "")).0, [""; 0]);
    assert_eq!(judged(&map("shop", ""), &guarded(&policy, false, "")).0, [""; 0]);
    assert_eq!(judged(&map("shop", own), &guarded(&policy, true, "")).0, [""; 0]);
    assert_eq!(judged(&map("shop", ""), &guarded(&[], true, "")).0, [""; 0]);
}

#[test]
fn namespaces_keep_whose_they_are() {
    let namespace = |labels: &str| format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {{{labels}}}}}}}");
    let whole = "platgen.io/platform: shop, platgen.io/environment: production, platgen.io/region: here";
    let policy = ["platgen-namespaces"];
    let refused = |labels: &str| judged(&namespace(labels), &guarded(&policy, true, "")).0;
    let why = "Namespace/shop the policy `platgen-namespaces`: the environment of the namespace stays `production`";
    assert_eq!(refused(&whole.replace("production", "beta")), [why]);
    assert_eq!(refused("team: ops"), [why]);
    assert_eq!(refused(&format!("{whole}, team: ops")), [""; 0]);
    let identity = |protected: bool| guarded(&[], protected, "");
    let ended = judged(&identity(false), &guarded(&policy, true, "")).0;
    assert_eq!(ended, ["Namespace/platgen-system the policy `platgen-namespaces`: a protected environment stays protected"]);
    assert_eq!(judged(&identity(true), &guarded(&policy, false, "")).0, [""; 0]);
}

#[test]
fn what_the_guard_keeps_is_deleted_with_its_flags() {
    let claim = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}}";
    let store = "{apiVersion: barmancloud.cnpg.io/v1, kind: ObjectStore, metadata: {name: orders, namespace: shop}}";
    let service = "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}}";
    let applied = format!("{claim}\n---\n{store}\n---\n{service}");
    let deletes = |protected: bool| -> Vec<String> {
        let restore = way_back(&between(&applied, &guarded(&["platgen-deletion"], protected, ""))).restore;
        lines(&restore).into_iter().filter(|line| line.contains(" delete ")).collect()
    };
    let kubectl = "kubectl --context c -n shop";
    let (claim, store, service) =
        ("delete persistentvolumeclaim/data", "delete objectstore.barmancloud.cnpg.io/orders", format!("{kubectl} delete service/web"));
    assert_eq!(
        deletes(true),
        [service, format!("{kubectl} {BREAK_GLASS_FLAGS} {store}"), format!("# {kubectl} {BREAK_GLASS_FLAGS} {claim}")]
    );
    assert_eq!(deletes(false), [format!("{kubectl} {store} service/web"), format!("# {kubectl} {claim}")]);
}
