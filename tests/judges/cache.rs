//! Findings of earlier runs, under target/judges/cache: a judge sees the same bytes only once.
//!
//! The key holds everything that decides a finding: judge, version, configuration, this harness's own reading of answers, the input.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::judge::{Finding, Input, Judge, Program, home};

/// How answers are read decides findings too.
const READERS: [&str; 22] = [
    include_str!("judge.rs"),
    include_str!("address_plan.rs"),
    include_str!("alertmanager.rs"),
    include_str!("checkov.rs"),
    include_str!("bootstrap_plan.rs"),
    include_str!("cluster_plan.rs"),
    include_str!("data_plan.rs"),
    include_str!("cluster_requests.rs"),
    include_str!("global_plan.rs"),
    include_str!("iam.rs"),
    include_str!("interconnect_plan.rs"),
    include_str!("run_checkov.py"),
    include_str!("kubernetes.rs"),
    include_str!("network_plan.rs"),
    include_str!("node_plan.rs"),
    include_str!("pipelines_plan.rs"),
    include_str!("pipelines_requests.rs"),
    include_str!("resources.rs"),
    include_str!("states.rs"),
    include_str!("terraform.rs"),
    include_str!("text.rs"),
    include_str!("vpn_plan.rs"),
];

/// Where the findings of this judging are kept.
fn place(judge: &Judge, program: &Program, input: &Input) -> PathBuf {
    // The plans of tfcheck are held against what stands beside a root.
    let seen = if judge.name == "tfcheck" { &input.whole } else { &input.hash };
    let mut digest = Sha256::new();
    for part in [judge.name, &program.version, &program.config, &input.tree, &input.path, seen].iter().chain(&READERS) {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    home().join("cache").join(format!("{}-{}.json", judge.name, hex(&digest.finalize())))
}

/// What the judge found in the same input before.
pub fn read(judge: &Judge, program: &Program, input: &Input) -> Option<Vec<Finding>> {
    serde_json::from_slice(&fs::read(place(judge, program, input)).ok()?).ok()
}

/// Keeps findings; a cache that can't be written is only slower.
pub fn write(judge: &Judge, program: &Program, input: &Input, findings: &[Finding]) {
    let place = place(judge, program, input);
    let fresh = place.with_extension(format!("{}", std::process::id()));
    let _ = fs::create_dir_all(home().join("cache"));
    if serde_json::to_vec(findings).is_ok_and(|bytes| fs::write(&fresh, bytes).is_ok()) {
        let _ = fs::rename(fresh, place);
    }
}

/// Bytes as lower-case hexadecimal text.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
