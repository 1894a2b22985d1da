//! The section of the output's README about scanning: commands, disabled rules and waivers.

use std::fmt::Write;

use super::{everywhere, line, waivers};
use crate::model::Estate;

/// The commands that run each scanner with its configuration, and a table of the spec's waivers.
pub fn guide(estate: &Estate) -> String {
    let mut text = "\n## Scan\n\nScanners find nothing here but news: what was decided otherwise stands on the object that it concerns, with the reason, and what\nconcerns everything in the scanners' own files. In this folder:\n\n```sh\ncheckov --directory .\nyamllint .\ntflint --recursive --config \"$PWD/.tflint.hcl\"\ndetect-secrets-hook --baseline .secrets.baseline $(find . -type f ! -path '*/.terraform/*')\ntrivy config --quiet --skip-check-update --exit-code 1 --ignorefile .trivyignore.yaml .\n".to_string();
    let ignored: String = everywhere(estate, "kube-score").iter().map(|(rule, _)| format!(" --ignore-test {rule}")).collect();
    for (environment, platform) in &estate.environments {
        for (region, here) in &platform.regions {
            let (version, folder) = (&here.cluster.version, format!("kubernetes/{environment}/{region}"));
            let _ = writeln!(
                text,
                "kube-score score --kubernetes-version v{version}{ignored} $(find {folder} -name '*.yaml' ! -name kustomization.yaml)"
            );
        }
    }
    text.push_str("```\n");
    for (reason, rules) in conflicts() {
        let _ = writeln!(text, "\nNobody is held to {}: {reason}.", rules.join(" and "));
    }
    let waivers = waivers(estate);
    if !waivers.is_empty() {
        text.push_str("\nThe spec accepts these findings:\n\n| rule | on | in | until | why |\n|---|---|---|---|---|\n");
    }
    for (waiver, environments) in waivers {
        let objects: Vec<String> = waiver.objects.iter().map(|pattern| format!("`{}`", cell(pattern.as_str()))).collect();
        let environments = if environments.len() == estate.environments.len() { "all".to_string() } else { environments.join(", ") };
        let reason = cell(&line(&waiver.reason));
        let _ = writeln!(text, "| {} | {} | {environments} | {} | {reason} |", waiver.rule, objects.join(", "), waiver.expires);
    }
    text
}

/// The rules that are disabled for every object, grouped by reason.
fn conflicts() -> Vec<(&'static str, Vec<String>)> {
    let mut all: Vec<(&str, Vec<String>)> = Vec::new();
    for conflict in super::conflicts::EVERYWHERE {
        let rule = format!("`{}`", conflict.rule);
        match all.iter_mut().find(|(reason, _)| *reason == conflict.reason) {
            Some((_, rules)) => rules.push(rule),
            None => all.push((conflict.reason, vec![rule])),
        }
    }
    all
}

/// Text escaped for a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;")
}
