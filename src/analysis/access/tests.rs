use super::*;
use std::collections::BTreeMap;

fn rule(groups: &[&str], resources: &[&str], verbs: &[&str]) -> Rule {
    let words = |all: &[&str]| all.iter().map(|word| (*word).to_owned()).collect();
    Rule { verbs: words(verbs), groups: words(groups), resources: words(resources), ..Rule::default() }
}

fn named(rule: Rule) -> Rule {
    Rule { names: vec!["one".to_owned()], ..rule }
}

#[test]
fn levels() {
    for (wanted, rule) in [
        (Level::Read, rule(&[""], &["pods", "pods/log"], &["get", "list", "watch"])),
        (Level::Change, rule(&[""], &["pods"], &["get", "delete"])),
        (Level::Change, rule(&[""], &["pods/exec"], &["get"])),
        (Level::Change, rule(&["*"], &["*"], &["get", "patch"])),
        (Level::Change, rule(&["apps"], &["*"], &["*"])),
        (Level::Change, named(rule(&["*"], &["*"], &["*"]))),
        (Level::Full, rule(&["*"], &["*"], &["*"])),
    ] {
        assert_eq!(level_of(&rule), wanted, "{rule:?}");
    }
}

#[test]
fn notable_rights() {
    let notable = |rule: &Rule| -> String { Notable::ALL.iter().filter(|one| one.is_given_by(rule)).map(|one| one.letter()).collect() };
    for (wanted, rule) in [
        ("", rule(&[""], &["pods", "configmaps"], &["get", "list", "watch"])),
        ("", rule(&[""], &["pods"], &["delete"])),
        ("", rule(&["apps"], &["deployments/scale"], &["patch"])),
        ("", rule(&["example.com"], &["secrets"], &["get"])),
        ("S", rule(&[""], &["secrets"], &["list"])),
        ("", rule(&[""], &["secrets"], &["create"])),
        ("s", named(rule(&[""], &["secrets"], &["get"]))),
        ("X", rule(&[""], &["pods/exec"], &["create"])),
        ("X", rule(&[""], &["pods/attach"], &["get"])),
        ("X", rule(&[""], &["nodes/proxy"], &["get"])),
        ("X", rule(&[""], &["pods/ephemeralcontainers"], &["patch"])),
        ("P", rule(&["batch"], &["cronjobs"], &["create"])),
        ("P", named(rule(&["apps"], &["deployments"], &["patch"]))),
        ("F", rule(&[""], &["pods/portforward"], &["create"])),
        ("F", rule(&[""], &["services/proxy"], &["get"])),
        ("D", rule(&[""], &["persistentvolumeclaims"], &["delete"])),
        ("D", rule(&["postgresql.cnpg.io"], &["clusters"], &["deletecollection"])),
        ("R", rule(&[""], &["serviceaccounts/token"], &["create"])),
        ("R", rule(&[""], &["users"], &["impersonate"])),
        ("R", rule(&["rbac.authorization.k8s.io"], &["clusterroles"], &["bind"])),
        ("", rule(&["rbac.authorization.k8s.io"], &["roles", "rolebindings"], &["get", "list", "watch"])),
        ("G", rule(&["networking.k8s.io"], &["networkpolicies"], &["delete"])),
        ("G", rule(&[""], &["namespaces"], &["patch"])),
        ("SXPFDRG", rule(&["*"], &["*"], &["*"])),
        ("SXPFDRG", rule(&[""], &["*"], &["get", "create", "delete"])),
    ] {
        assert_eq!(notable(&rule), wanted, "{rule:?}");
    }
}

#[test]
fn every_letter_is_its_own() {
    let letters: BTreeMap<char, Notable> = Notable::ALL.into_iter().map(|one| (one.letter(), one)).collect();
    assert_eq!(letters.len(), Notable::ALL.len());
}
