//! The script that the jobs of a CI system run, and people on their own machine: one command for each thing that a job does.

use std::fmt::Write;

use crate::files::HEADER;
use crate::model::{Estate, Scanner};

/// The version of Terraform that jobs run: that of the project's own tests.
pub(super) const TERRAFORM: &str = "1.11.4";

/// The name of a plan in the folder of its root. Git ignores it.
pub(super) const PLAN: &str = "pipeline.tfplan";

/// The functions of the script.
const FUNCTIONS: &str = include_str!("../../templates/output/pipeline.sh");

/// The versions of the scanners that the script installs.
///
/// Source: those of the project's own tests; ggshield: its releases, 2026-11-28; Prometheus: a release with long support, as its module has no versions of
/// its programs.
const VERSIONS: [(&str, &str); 8] = [
    ("checkov", "3.3.30"),
    ("detect_secrets", "1.5.0"),
    ("ggshield", "1.56.1"),
    ("gitleaks", "v8.30.0"),
    ("kubeconform", "v0.8.0"),
    ("prometheus", "3.5.0"),
    ("tflint", "v0.64.0"),
    ("yamllint", "1.38.0"),
];

/// The text of `pipeline.sh`. `version` is that of the program that renders.
pub fn script(estate: &Estate, version: &str) -> String {
    let mut text = format!("#!/bin/sh\n{HEADER}#\n# What the jobs of the CI system do. People can run every command as well.\n");
    text.push_str(ABOUT);
    let _ = writeln!(text, "platgen={version}");
    for (name, version) in VERSIONS {
        let _ = writeln!(text, "{name}={version}");
    }
    let chosen: Vec<&str> = estate.scanners.iter().map(|scanner| scanner.name()).collect();
    let _ = writeln!(text, "scanners='{}'", chosen.join(" "));
    text.push_str("# The version of Kubernetes of each region.\nversions='");
    let regions = estate.environments.values().flat_map(|platform| platform.regions.values().map(move |region| (platform, region)));
    let lines: Vec<String> =
        regions.map(|(platform, region)| format!("{}/{} {}.0", platform.environment, region.name, region.cluster.version)).collect();
    let _ = writeln!(text, "{}'", lines.join("\n"));
    let _ = writeln!(text, "kept={PLAN}");
    text.push_str(FUNCTIONS);
    text
}

/// Whether a scanner of the spec asks a service.
pub(super) fn asks_service(estate: &Estate) -> bool {
    estate.scanners.contains(&Scanner::Gitguardian)
}

const ABOUT: &str = "\
# Usage: sh pipeline.sh COMMAND
#   install-platgen      puts the version of platgen that wrote these files into $TOOLS (default: ~/.local/bin)
#   install-scanners     the same for the scanners; needs pipx and Go
#   test                 layout, references and tests of every Terraform root; needs terraform and no account
#   scan                 the scanners over every file, the schemas of Kubernetes over its objects, and the tests of alerts
#   plan ROOT            plans a root without a lock, keeps the plan in ROOT and prints a report in Markdown
#   apply ROOT           applies the plan that `plan` kept
#   revert COMMIT        makes a branch from the one that is checked out, and reverts the commit on it; pushes nothing
# Exit code: 0 fine, 1 a finding or an error, 2 of `plan`: there are changes, 64 wrong usage.
";
