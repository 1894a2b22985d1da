//! Waivers: what they accept, for how long, and when they are no longer needed.

use super::root;
use super::world::{World, day};
use libtest_mimic::{Failed, Trial};
use platgen::check::{apply, findings};

/// A spec with one finding that is not waived: one replica of `web` in production.
const ALONE: (&str, &str) = ("scale: {replicas: 3}\n  db:", "scale: {replicas: 1}\n  db:");

/// Name, the waivers of the spec, the day, whether all environments are judged, what is left, how many are waived.
type Case = (&'static str, &'static str, &'static str, bool, &'static [&'static str], usize);

const FOUND: &str = "single-replica: one replica of `shop/cart` serves in the protected environment `production`";

const CASES: &[Case] = &[
    ("none", "", "2027-01-31", true, &[FOUND], 0),
    (
        "fits",
        "one: {rule: platgen/single-replica, objects: Deployment/shop/cart, reason: r, expires: 2027-01-31}",
        "2027-01-31",
        true,
        &[],
        1,
    ),
    (
        "pattern",
        "one: {rule: platgen/single-replica, objects: [\"*/shop/c*t\"], reason: r, expires: 2027-01-31}",
        "2027-01-30",
        true,
        &[],
        1,
    ),
    ("every object", "one: {rule: platgen/single-replica, reason: r, expires: 2027-01-31}", "2027-01-31", true, &[], 1),
    (
        "expired",
        "one: {rule: platgen/single-replica, reason: r, expires: 2027-01-31}",
        "2027-02-01",
        true,
        &["expired-waiver: the waiver `one` of `platgen/single-replica` expired on 2027-01-31", FOUND],
        0,
    ),
    (
        "wrong object",
        "one: {rule: platgen/single-replica, objects: Deployment/shop/web, reason: r, expires: 2027-01-31}",
        "2027-01-31",
        true,
        &[FOUND, "unused-waiver: the waiver `one` of `platgen/single-replica` is not needed"],
        0,
    ),
    (
        "wrong rule",
        "one: {rule: platgen/no-memory-limit, reason: r, expires: 2027-01-31}",
        "2027-01-31",
        true,
        &[FOUND, "unused-waiver: the waiver `one` of `platgen/no-memory-limit` is not needed"],
        0,
    ),
    (
        "other environment",
        "one: {rule: platgen/single-replica, reason: r, expires: 2027-01-31, only: beta}",
        "2027-01-31",
        true,
        &[FOUND, "unused-waiver: the waiver `one` of `platgen/single-replica` is not needed"],
        0,
    ),
    (
        "own environment",
        "one: {rule: platgen/single-replica, reason: r, expires: 2027-01-31, only: production}",
        "2027-01-31",
        true,
        &[],
        1,
    ),
    ("a part is judged", "one: {rule: platgen/no-memory-limit, reason: r, expires: 2027-01-31}", "2027-01-31", false, &[FOUND], 0),
    ("a scanner's", "one: {rule: checkov/CKV_K8S_43, reason: r, expires: 2027-01-31}", "2027-01-31", true, &[FOUND], 0),
    (
        "a scanner's expired",
        "one: {rule: checkov/CKV_K8S_43, reason: r, expires: 2027-01-31}",
        "2027-02-01",
        true,
        &["expired-waiver: the waiver `one` of `checkov/CKV_K8S_43` expired on 2027-01-31", FOUND],
        0,
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    CASES.iter().map(|case| Trial::test(format!("check::waivers/{}", case.0), || run(case))).collect()
}

fn run((_, waivers, today, whole, left, waived): &Case) -> Result<(), Failed> {
    let with = if waivers.is_empty() { String::new() } else { format!("waivers:\n  {waivers}\nsecrets:") };
    let mut replacements = vec![(ALONE.0.to_owned(), ALONE.1.to_owned())];
    if !with.is_empty() {
        replacements.push(("\nsecrets:".to_owned(), format!("\n{with}")));
    }
    let world = World::load(&root().join("tests/check/spec"), &replacements);
    let judged = apply(&world.estate, findings(&world.estate, &world.files), day(today), *whole);
    let mut said: Vec<String> = judged.left.iter().map(|found| format!("{}: {}", found.code.name(), found.message)).collect();
    said.sort();
    if said == *left && judged.waived == *waived { Ok(()) } else { Err(format!("{} waived, left {said:#?}", judged.waived).into()) }
}
