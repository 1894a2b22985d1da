//! The documents of an environment whose files people apply -> the script that applies them: one region after the other, one wave after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::charts;
use crate::diagnostic::wording::shell_quoted as quoted;
use crate::files::HEADER;
use crate::guard::IDENTITY_NAMESPACE;
use crate::kinds;
use crate::kubernetes::waves::{CONFIGURED, DEFINITIONS, LAST, RULES_HOLD, Where, by_kind, turns};
use crate::kubernetes::{Tree, jobs};
use crate::model::{AddonChart, Chart, Platform, Region};
use crate::yaml::Node;

/// The name of the script in the folder of an environment.
pub(super) const SCRIPT: &str = "apply.sh";

/// The functions of the script, and what it does.
const FUNCTIONS: &str = include_str!("../../templates/output/apply.sh");

/// The least seconds that the script waits for a job. Kubernetes ends a job after its own deadline.
const PATIENCE: u64 = 600;

/// Seconds between the deadline of a job and its end.
const SPARE: u64 = 60;

/// How to wait for objects of kinds that no operator makes pods of: API group, kind, and a word of the script or a condition as `kubectl wait` takes it.
const WAITS: [(&str, &str, &str); 8] = [
    ("apiextensions.k8s.io", "CustomResourceDefinition", "condition=Established"),
    ("apps", "DaemonSet", "rollout"),
    ("apps", "Deployment", "rollout"),
    ("apps", "StatefulSet", "rollout"),
    ("batch", "Job", "job"),
    ("cert-manager.io", "Certificate", "condition=Ready"),
    ("external-secrets.io", "ExternalSecret", "condition=Ready"),
    ("gateway.networking.k8s.io", "Gateway", "condition=Programmed"),
];

/// What the script of an environment has to know of the documents.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    /// The line of each kind, by its name and group.
    lines: BTreeMap<String, String>,
}

impl Kinds {
    /// Adds the kinds of a region.
    pub(super) fn add(&mut self, tree: &Tree) {
        for document in tree.values().flatten() {
            let text = |key: &str| document.root().get(key).and_then(Node::as_str).unwrap_or_default();
            let (api, kind) = (text("apiVersion"), text("kind"));
            let name = match api.split_once('/') {
                Some((group, _)) => format!("{kind}.{group}"),
                None => kind.to_owned(),
            };
            let wave = match by_kind(api, kind) {
                Some((wave, Where::Everywhere)) => format!("{wave} everywhere"),
                Some((wave, Where::Rules)) => format!("{wave} rules"),
                None => "- -".to_owned(),
            };
            self.lines.entry(name).or_insert_with(|| format!("{wave} {}", wait(api, kind)));
        }
    }
}

/// How to wait for objects of a kind; `-` for kinds that are ready at once.
fn wait(api: &str, kind: &str) -> String {
    let group = api.split_once('/').map_or("", |(group, _)| group);
    let known = WAITS.iter().find(|(of, name, _)| (*of, *name) == (group, kind)).map(|(_, _, how)| (*how).to_owned());
    // The quotes are for a shell, which reads no table.
    let operated = || kinds::operated(api, kind).map(|operated| operated.ready.replace('\'', ""));
    known.or_else(operated).unwrap_or_else(|| "-".to_owned())
}

/// The text of `apply.sh`.
pub(super) fn script(platform: &Platform, kinds: &Kinds) -> String {
    let environment = &platform.environment;
    let mut text = format!("#!/bin/sh\n{HEADER}#\n");
    text.push_str(&ABOUT.replace("ENVIRONMENT", environment.as_str()));
    let regions: Vec<&str> = platform.regions.keys().map(AsRef::as_ref).collect();
    let charts = platform.regions.values().any(|region| !region.charts.is_empty());
    let (guarded, keeper) = if platform.is_guarded() { ("yes", IDENTITY_NAMESPACE) } else { ("", "default") };
    let _ = write!(
        text,
        "platform={}\nenvironment={}\nregions='{}'\ntools='awk git {}kubectl tar'\n\
         # Whether clusters say whose they are: see cluster/identity.yaml of a region.\nguarded='{guarded}'\n\
         # The namespace of the ConfigMap that says what is applied.\nkeeper={keeper}\n\n",
        quoted(platform.name.as_str()),
        quoted(environment.as_str()),
        regions.join(" "),
        if charts { "helm " } else { "" },
    );
    text.push_str("# Of each kind: its wave, where its objects have this wave, and how to wait for them. Other objects are in the wave of their file.\nkinds='\n");
    for (name, line) in &kinds.lines {
        let _ = writeln!(text, "{name} {line}");
    }
    text.push_str("'\n\n# What differs between regions.\nabout() {\n  case $1 in\n");
    for (name, region) in &platform.regions {
        let _ = writeln!(text, "    {name})");
        about(platform, region, &mut text);
        text.push_str("      ;;\n");
    }
    text.push_str("  esac\n}\n\n");
    text.push_str(FUNCTIONS);
    text
}

/// The values of one region.
fn about(platform: &Platform, region: &Region, text: &mut String) {
    let record = format!("applied-{}-{}-{}", platform.name, platform.environment, region.name);
    let longest = jobs(region).iter().map(|job| job.deadline + SPARE).max().unwrap_or(PATIENCE).max(PATIENCE);
    let _ = write!(
        text,
        "      context={}\n      record={}\n      # Seconds until a job has to be over.\n      jobs={longest}\n",
        quoted(&region.cluster.name),
        quoted(&record)
    );
    let turns = turns(region);
    let mut waves: BTreeSet<(i32, &String)> = turns.iter().map(|(file, wave)| (*wave, file)).collect();
    text.push_str(
        "      # The files of jobs and of what they call, with their waves. Those of all others are in the wave 0.\n      files='",
    );
    while let Some((wave, file)) = waves.pop_first() {
        let _ = write!(text, "\n{file} {wave}");
    }
    text.push_str("'\n      # Commands for charts, each after a wave. A shell of its own runs each.\n      # shellcheck disable=SC2016\n");
    let folder = format!("kubernetes/{}/{}", platform.environment, region.name);
    let definitions = charts::definitions(region).into_iter().map(|command| (DEFINITIONS, command));
    let installs = region.charts.iter().map(|chart| (after(chart), charts::install(region, chart, &folder)));
    let mut commands: Vec<(i32, String)> = definitions.chain(installs).collect();
    commands.sort_by_key(|(wave, _)| *wave);
    let lines: String = commands.into_iter().map(|(wave, command)| format!("\n{wave} {command}")).collect();
    let _ = writeln!(text, "      charts={}", quoted(&lines));
}

/// The wave after which a chart is installed. Add-ons come once their namespaces have their policies, and before what needs them; the monitoring reads Secrets,
/// and charts of the spec may need everything.
fn after(chart: &Chart) -> i32 {
    match chart.addon {
        Some(AddonChart::Monitoring) => CONFIGURED,
        Some(_) => RULES_HOLD,
        None => LAST,
    }
}

const ABOUT: &str = "\
# Applies the Kubernetes files of ENVIRONMENT, one region after the other. In each, one wave after the other: namespaces, classes and roles, policies, what pods read,
# jobs with what they wait for, everything else. It waits until a wave works, and says what does not. Then it deletes what an applied commit
# had and these files have not, but never namespaces, claims, databases and queues. It stops at the first fault. Stop it wherever you like: what
# runs goes on running, and the next run does the rest. A second run without a change changes nothing.
#
# Each cluster is asked first whose it is, and nothing is changed in another one.
#
# Usage: sh apply.sh [FLAG]...
#   --region REGION     this region alone
#   --dry-run           prints what would change, and changes nothing
#   --new               the cluster is new: it does not say yet whose it is
#   --force-conflicts   takes back fields that others set: see \"A conflict of fields\" in RUNBOOK.md
#   --no-prune          deletes nothing, so that `kubectl rollout undo` finds old ConfigMaps; the next run without it does
#   --since COMMIT      also deletes what this commit had: for a cluster that something else applied before
#   --timeout SECONDS   the most to wait for a wave, in place of ten minutes, or the time that its jobs have
# Exit code: 0 fine, 1 an error, or something does not work, 2 of `--dry-run`: there are changes, 64 wrong usage.

";
