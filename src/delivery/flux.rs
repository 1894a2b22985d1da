//! The objects of Flux in each cluster: the repository, a Kustomization for each stage of the region's files, and a HelmRelease for each chart.
//!
//! People apply the repository and the Kustomization that has all others, once. These are files of the repository themselves, so that a commit which adds
//! a stage needs nobody. A Kustomization waits for the one before it, and for the commit that it has applied: both have the same source.
//!
//! Sources: the CustomResourceDefinitions of kustomize-controller 1.9, helm-controller 1.6 and source-controller 1.9; their documentation;
//! `checkDependencies` and `prune` in kustomize-controller.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::applied::{Applied, OfRegion, Rolled};
use super::releases::{Phase, Release, releases};
use crate::files::{HEADER, OUTPUT};
use crate::kinds;
use crate::labels::GITOPS_STAGE;
use crate::model::{CiSystem, GitOps, Kind, Platform, Region, Stages};
use crate::template::{Comment, Fragment, TemplateError, render_yaml};
use crate::value::truncate_with_hash;
use crate::yaml::{Document, emit_all};

/// The oldest version that knows every field of the objects.
pub const OLDEST: &str = "2.7";

/// Minutes to wait for the rollouts of a stage.
const PATIENCE: u64 = 30;

/// What is said above the repository of a protected environment.
const BY_TAG: [&str; 3] = [
    "Nothing is applied here before a person moves the tag of the region to a commit of the branch. A merge is not enough in a protected environment: it",
    "would be applied to every region at once, and before Terraform has made what the pods need and the images are copied. README.md of the region has",
    "the commands.",
];

/// What is said above that of other environments.
const BY_BRANCH: [&str; 1] = ["A merge to the branch is applied by itself."];

/// A patch that deletes what it meets.
const DELETION: &str = "$patch: delete\napiVersion: v1\nkind: Any\nmetadata:\n  name: any\n";

#[derive(Serialize)]
struct Repository<'a> {
    about: Vec<Comment>,
    name: &'a str,
    namespace: &'static str,
    labels: Fragment,
    repository: &'a str,
    branch: Option<&'a str>,
    tag: Option<String>,
    provider: Option<&'static str>,
    secret: String,
    ignored: String,
}

#[derive(Serialize)]
struct Kustomization<'a> {
    about: Vec<Comment>,
    name: String,
    namespace: &'static str,
    labels: Fragment,
    after: Option<String>,
    source: &'a str,
    path: String,
    others: Option<String>,
    deletion: &'static str,
    timeout: String,
    wait: bool,
    checks: Option<Vec<&'a Rolled>>,
    expressions: Option<Vec<Expression<'a>>>,
}

/// When an object that has no condition `Ready` is ready.
#[derive(Serialize)]
struct Expression<'a> {
    api: &'a str,
    kind: &'a str,
    current: String,
}

/// The index of a repository of charts.
#[derive(Serialize)]
struct Index<'a> {
    name: &'a str,
    namespace: &'static str,
    labels: Fragment,
    url: &'a str,
}

/// A chart in a repository of images.
#[derive(Serialize)]
struct Packed<'a> {
    name: &'a str,
    namespace: &'static str,
    labels: Fragment,
    url: String,
    version: &'a str,
}

#[derive(Serialize)]
struct HelmRelease<'a> {
    name: &'a str,
    release: &'a str,
    namespace: &'static str,
    labels: Fragment,
    after: Option<&'a str>,
    /// The name in the index of a repository. None: the source is the chart.
    chart: Option<&'a str>,
    version: &'a str,
    is_oci: bool,
    target: &'a str,
    definitions: Option<&'static str>,
    values: Fragment,
}

/// The git tag of the commit that was applied last to a region: people set it after an apply by hand, and Flux applies it in a protected environment.
pub fn tag(platform: &Platform, region: &Region) -> String {
    format!("applied/{}/{}", platform.environment, region.name)
}

/// The name of the Secret with which Flux reads the repository.
pub fn secret(platform: &Platform) -> String {
    format!("{}-repository", platform.name)
}

/// The name of the Kustomization of a stage.
pub fn kustomization(platform: &Platform, stage: &str) -> String {
    truncate_with_hash(&format!("{}-{stage}", platform.name), 63)
}

/// The files of an environment, below its folder.
///
/// # Errors
/// A template that cannot be printed.
pub(super) fn files(platform: &Platform, gitops: &GitOps, applied: &Applied) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut files = BTreeMap::new();
    for (name, region) in &platform.regions {
        let Some(of) = applied.regions.get(name.as_str()) else { continue };
        files.insert(format!("{name}.yaml"), text(&start(platform, region, gitops)?));
        files.insert(format!("{name}/stages/stages.yaml"), text(&stages(platform, region, gitops, of)?));
        let all = releases(region);
        for phase in [Phase::Definitions, Phase::Addons, Phase::Monitoring, Phase::Charts] {
            let here: Vec<&Release<'_>> = all.iter().filter(|release| release.phase == phase).collect();
            if !here.is_empty() {
                files.insert(format!("{name}/{0}/{0}.yaml", phase.name()), text(&helm(platform, gitops, of, &here)?));
            }
        }
    }
    Ok(files)
}

fn text(documents: &[Document]) -> String {
    format!("{HEADER}{}", emit_all(documents))
}

/// The labels of the objects.
fn labels(platform: &Platform) -> Fragment {
    let labels = [("app.kubernetes.io/managed-by", "platgen"), ("app.kubernetes.io/part-of", platform.name.as_str())];
    Fragment::new(Document::from_texts(labels))
}

/// What people apply: the repository, and the Kustomization that has the others.
fn start(platform: &Platform, region: &Region, gitops: &GitOps) -> Result<Vec<Document>, TemplateError> {
    let about: &[&str] = if platform.protected { &BY_TAG } else { &BY_BRANCH };
    let on_github = platform.pipelines.as_ref().is_some_and(|pipelines| pipelines.system == CiSystem::Github);
    let mut documents = render_yaml(
        "delivery/flux/git-repository.yaml.j2",
        &Repository {
            about: about.iter().map(|line| Comment::new(line)).collect(),
            name: platform.name.as_str(),
            namespace: gitops.controller.namespace(),
            labels: labels(platform),
            repository: &gitops.repository,
            branch: (!platform.protected).then(|| gitops.branch()),
            tag: platform.protected.then(|| tag(platform, region)),
            provider: on_github.then_some("github"),
            secret: secret(platform),
            ignored: format!("/*\n!/{OUTPUT}\n/{OUTPUT}/*\n!/{OUTPUT}/kubernetes\n!/{OUTPUT}/gitops\n"),
        },
    )?;
    let about = ["The Kustomizations of the stages of this region, which apply its files one after the other."];
    let all = Kustomization {
        about: about.iter().map(|line| Comment::new(line)).collect(),
        name: platform.name.to_string(),
        path: folder(platform, region, "stages"),
        wait: false,
        ..kustomization_of(platform, region, gitops)
    };
    documents.extend(render_yaml("delivery/flux/kustomization.yaml.j2", &all)?);
    Ok(documents)
}

/// The folder of objects of Flux for a region.
fn folder(platform: &Platform, region: &Region, of: &str) -> String {
    format!("./{OUTPUT}/gitops/{}/{}/{of}", platform.environment, region.name)
}

/// A Kustomization of the region's files that waits for everything in them.
fn kustomization_of<'a>(platform: &'a Platform, region: &Region, gitops: &GitOps) -> Kustomization<'a> {
    Kustomization {
        about: Vec::new(),
        name: String::new(),
        namespace: gitops.controller.namespace(),
        labels: labels(platform),
        after: None,
        source: platform.name.as_str(),
        path: format!("./{OUTPUT}/kubernetes/{}/{}", platform.environment, region.name),
        others: None,
        deletion: DELETION,
        timeout: format!("{PATIENCE}m"),
        wait: true,
        checks: None,
        expressions: None,
    }
}

/// The Kustomizations of a region, each after the one before it. Nothing waits for the programs of the
/// monitoring, nor for the charts of the spec.
fn stages(platform: &Platform, region: &Region, gitops: &GitOps, of: &OfRegion) -> Result<Vec<Document>, TemplateError> {
    let phases: BTreeSet<Phase> = releases(region).iter().map(|release| release.phase).collect();
    let mut documents = Vec::new();
    let mut last = platform.name.to_string();
    let mut add = |stage: &str, view: Kustomization<'_>, is_end: bool| {
        let name = kustomization(platform, stage);
        let view = Kustomization { name: name.clone(), after: Some(last.clone()), ..view };
        if !is_end {
            last = name;
        }
        documents.extend(render_yaml("delivery/flux/kustomization.yaml.j2", &view)?);
        Ok::<(), TemplateError>(())
    };
    let of_charts =
        |phase: Phase| Kustomization { path: folder(platform, region, phase.name()), ..kustomization_of(platform, region, gitops) };
    let mut is_monitored = phases.contains(&Phase::Monitoring);
    for (stage, rolled) in &of.stages {
        if is_monitored && ![Stages::RULES, Stages::CONFIG].contains(&stage.as_str()) {
            add(Phase::Monitoring.name(), of_charts(Phase::Monitoring), true)?;
            is_monitored = false;
        }
        let is_last = stage == Stages::APPS;
        let view = Kustomization {
            others: Some(format!("{GITOPS_STAGE}!={stage}")),
            timeout: patience(region, stage),
            wait: !is_last || rolled.is_empty(),
            checks: (is_last && !rolled.is_empty()).then(|| rolled.iter().collect()),
            expressions: expressions(rolled),
            ..kustomization_of(platform, region, gitops)
        };
        add(stage, view, false)?;
        if stage == Stages::APPS && phases.contains(&Phase::Charts) {
            add(Phase::Charts.name(), of_charts(Phase::Charts), true)?;
        }
        if stage == Stages::RULES {
            for phase in [Phase::Definitions, Phase::Addons].into_iter().filter(|phase| phases.contains(phase)) {
                add(phase.name(), of_charts(phase), false)?;
            }
        }
    }
    if is_monitored {
        add(Phase::Monitoring.name(), of_charts(Phase::Monitoring), true)?;
    }
    Ok(documents)
}

/// How long a stage takes at most: that of a job until Kubernetes ends the job, and five minutes for its images.
fn patience(region: &Region, stage: &str) -> String {
    let job = region.workloads.iter().find(|(key, _)| Stages::of(key) == stage);
    match job.map(|(_, workload)| &workload.kind) {
        Some(Kind::Job { deadline, .. }) => format!("{}s", deadline + 300),
        _ => format!("{PATIENCE}m"),
    }
}

/// When the objects of operators are ready, for kinds that do not say so in a condition `Ready`.
fn expressions(rolled: &BTreeSet<Rolled>) -> Option<Vec<Expression<'_>>> {
    let mut all: BTreeMap<(&str, &str), String> = BTreeMap::new();
    for object in rolled {
        let Some(ready) = kinds::operated(&object.api, &object.kind).map(|operated| operated.ready) else { continue };
        let current = match ready.split_once('=') {
            Some(("condition", "Ready")) => continue,
            Some(("condition", condition)) => format!("status.conditions.exists(e, e.type == '{condition}' && e.status == 'True')"),
            Some((path, value)) => {
                let path = path.trim_start_matches("jsonpath='{.").trim_end_matches("}'");
                format!("has({path}) && {path} == '{value}'")
            }
            None => continue,
        };
        all.insert((&object.api, &object.kind), current);
    }
    (!all.is_empty()).then(|| all.into_iter().map(|((api, kind), current)| Expression { api, kind, current }).collect())
}

/// The releases of a phase with their sources, each after the one before it.
fn helm(platform: &Platform, gitops: &GitOps, of: &OfRegion, releases: &[&Release<'_>]) -> Result<Vec<Document>, TemplateError> {
    let namespace = gitops.controller.namespace();
    let mut documents = Vec::new();
    let mut after = None;
    for release in releases {
        let chart = release.of;
        let is_oci = chart.repository.starts_with("oci://");
        let (name, labels_of) = (release.id.as_str(), labels(platform));
        documents.extend(if is_oci {
            let url = format!("{}/{}", chart.repository, release.chart);
            let source = Packed { name, namespace, labels: labels_of, url, version: &chart.version };
            render_yaml("delivery/flux/oci-repository.yaml.j2", &source)?
        } else {
            render_yaml("delivery/flux/helm-repository.yaml.j2", &Index { name, namespace, labels: labels_of, url: &chart.repository })?
        });
        let values = release.values.as_ref().or_else(|| of.values.get(&release.id));
        let view = HelmRelease {
            name: &release.id,
            release: &release.name,
            namespace,
            labels: labels(platform),
            after,
            chart: (!is_oci).then_some(release.chart),
            version: &chart.version,
            is_oci,
            target: &chart.namespace,
            definitions: release.makes_definitions.map(|makes| if makes { "CreateReplace" } else { "Skip" }),
            values: Fragment::from_json(values.unwrap_or(&json!({}))),
        };
        documents.extend(render_yaml("delivery/flux/helm-release.yaml.j2", &view)?);
        after = Some(release.id.as_str());
    }
    Ok(documents)
}

/// Values that win, over others: as helm does it, maps by key, everything else as a whole, and null takes a value away.
pub fn overlaid(below: Value, above: &Value) -> Value {
    match (below, above) {
        (Value::Object(mut below), Value::Object(above)) => {
            for (key, value) in above {
                let old = below.remove(key).unwrap_or(Value::Null);
                if !value.is_null() {
                    below.insert(key.clone(), overlaid(old, value));
                }
            }
            Value::Object(below)
        }
        (_, above) => above.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_spec_win() {
        let below = json!({"a": {"b": 1, "c": [1, 2]}, "d": 2, "e": 3});
        assert_eq!(overlaid(below, &json!({"a": {"c": [3]}, "d": null, "f": {}})), json!({"a": {"b": 1, "c": [3]}, "e": 3, "f": {}}));
    }
}
