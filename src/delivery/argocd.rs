//! The objects of Argo CD: an AppProject for each environment, which says what Argo CD may do there, and an Application for each region. For charts, an
//! AppProject and Applications of their own.
//!
//! No Application has other Applications: whoever may change the files could then make one of any project. So nothing orders the Applications of a region
//! but people, once, and Argo CD itself: it refuses a whole sync while one of its kinds is not defined, and tries again.
//!
//! Sources: the CustomResourceDefinitions of Argo CD 3.5; "Projects", "Automated Sync Policy", "Sync Options" and "Diff Strategies" in its documentation.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::files::{ADDONS, HEADER, OUTPUT};
use crate::guard::IDENTITY_NAMESPACE;
use crate::model::{AddonChart, GitOps, Platform, Region};
use crate::template::{Comment, Fragment, TemplateError, render_yaml};
use crate::yaml::{Document, emit_all};

use super::applied::Applied;
use super::releases::releases;

/// The kinds that the charts of add-ons have. Source: `helm template` of each with the values of these files.
const CHART_KINDS: [&[(&str, &str)]; 2] = [
    &[
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ],
    &[
        ("", "ConfigMap"),
        ("", "PersistentVolumeClaim"),
        ("", "Secret"),
        ("", "Service"),
        ("", "ServiceAccount"),
        ("apps", "DaemonSet"),
        ("apps", "Deployment"),
        ("apps", "StatefulSet"),
        ("batch", "Job"),
        ("cert-manager.io", "Certificate"),
        ("cert-manager.io", "Issuer"),
        ("monitoring.coreos.com", "Alertmanager"),
        ("monitoring.coreos.com", "Prometheus"),
        ("monitoring.coreos.com", "PrometheusRule"),
        ("monitoring.coreos.com", "ServiceMonitor"),
        ("policy", "PodDisruptionBudget"),
        ("rbac.authorization.k8s.io", "Role"),
        ("rbac.authorization.k8s.io", "RoleBinding"),
    ],
];

/// The oldest version that knows every field of the objects.
pub const OLDEST: &str = "3.2";

/// Why the Applications of a protected environment wait for a person.
const BY_HAND: [&str; 4] = [
    "Nothing is applied here before a person starts the sync. A merge to the branch is not enough in a protected environment: Argo CD would apply",
    "it to every region at once, so that a mistake takes all of them, and before Terraform has made what the pods need and the images are",
    "copied. With a sync for each region, the first one shows what a change does. README.md of the region has the commands.",
    "There is no finalizer: whoever deletes this Application deletes nothing that it applied.",
];

/// Why the Applications of charts in a protected environment wait for a person.
const CHART_BY_HAND: [&str; 2] = [
    "A person starts the sync: README.md of the region has the commands in their order.",
    "There is no finalizer: whoever deletes this Application uninstalls nothing.",
];

/// What those of other environments do.
const CHART_AUTOMATED: [&str; 2] = [
    "A merge to the branch is applied by itself. What left the chart stays until a person prunes it: with a definition go all its objects.",
    "There is no finalizer: whoever deletes this Application uninstalls nothing.",
];

/// The namespace of programs of the cluster itself.
const SYSTEM: &str = "kube-system";

/// Why those of other environments do not.
const AUTOMATED: [&str; 3] = [
    "A merge to the branch is applied by itself, and what left the files is deleted when everything else is healthy. Namespaces, claims, databases",
    "and queues are never deleted: they are marked with `Prune=false`.",
    "There is no finalizer: whoever deletes this Application deletes nothing that it applied.",
];

#[derive(Serialize)]
struct Project<'a> {
    name: String,
    namespace: &'static str,
    labels: Fragment,
    about: String,
    repositories: Vec<&'a str>,
    destinations: Vec<Destination<'a>>,
    cluster_kinds: Vec<ObjectKind<'a>>,
    namespaced_kinds: Vec<ObjectKind<'a>>,
}

#[derive(Serialize)]
struct Destination<'a> {
    cluster: &'a str,
    namespace: &'a str,
}

#[derive(Serialize)]
struct ObjectKind<'a> {
    group: &'a str,
    kind: &'a str,
}

#[derive(Serialize)]
struct Application<'a> {
    about: Vec<Comment>,
    name: &'a str,
    namespace: &'static str,
    labels: Fragment,
    project: String,
    repository: &'a str,
    reference: &'a str,
    path: String,
    cluster: &'a str,
    /// The namespace of objects that name none: there are none, and Argo CD asks for one.
    home: &'static str,
    automated: bool,
}

/// The Application of a chart.
#[derive(Serialize)]
struct Chart<'a> {
    about: Vec<Comment>,
    name: String,
    namespace: &'static str,
    labels: Fragment,
    project: String,
    /// The repository without its scheme, where it is one of images.
    charts: &'a str,
    chart: &'a str,
    version: &'a str,
    release: &'a str,
    skips_definitions: bool,
    values: Option<Fragment>,
    /// The files with values in the repository of the platform.
    files: Option<Vec<String>>,
    repository: &'a str,
    reference: &'a str,
    cluster: &'a str,
    home: &'a str,
    automated: bool,
}

/// The name of the AppProject of an environment.
pub fn project(platform: &Platform) -> String {
    format!("{}-{}", platform.name, platform.environment)
}

/// The files of an environment, below its folder.
///
/// # Errors
/// A template that cannot be printed.
pub(super) fn files(platform: &Platform, gitops: &GitOps, applied: &Applied) -> Result<BTreeMap<String, String>, TemplateError> {
    let namespace = gitops.controller.namespace();
    let destinations = applied.destinations.iter().map(|(cluster, namespace)| Destination { cluster, namespace });
    let view = Project {
        name: project(platform),
        namespace,
        labels: labels(platform),
        about: format!("{} in the environment {}", platform.name, platform.environment),
        repositories: vec![&gitops.repository],
        destinations: destinations.collect(),
        cluster_kinds: shown(&applied.cluster_kinds),
        namespaced_kinds: shown(&applied.namespaced_kinds),
    };
    let mut files = BTreeMap::from([("project.yaml".to_owned(), print("project", &view)?)]);
    for (name, region) in &platform.regions {
        let about: &[&str] = if platform.protected { &BY_HAND } else { &AUTOMATED };
        let view = Application {
            about: about.iter().map(|line| Comment::new(line)).collect(),
            name: &region.cluster.name,
            namespace,
            labels: labels(platform),
            project: project(platform),
            repository: &gitops.repository,
            reference: &gitops.reference,
            path: format!("{OUTPUT}/kubernetes/{}/{name}", platform.environment),
            cluster: &region.cluster.name,
            home: IDENTITY_NAMESPACE,
            automated: !platform.protected,
        };
        files.insert(format!("{name}.yaml"), print("application", &view)?);
    }
    files.extend(addons(platform, gitops)?);
    Ok(files)
}

/// The AppProject and the Applications of the charts; nothing without a chart.
fn addons(platform: &Platform, gitops: &GitOps) -> Result<BTreeMap<String, String>, TemplateError> {
    let (mut files, mut repositories, mut destinations) = (BTreeMap::new(), BTreeSet::from([gitops.repository.as_str()]), BTreeSet::new());
    let mut is_open = false;
    for (name, region) in &platform.regions {
        let (mut documents, cluster) = (Vec::new(), region.cluster.name.as_str());
        for release in releases(region) {
            let of = release.of;
            let charts = of.repository.trim_start_matches("oci://");
            repositories.insert(charts);
            destinations.insert((cluster, of.namespace.as_str()));
            // These charts have objects for programs of the cluster itself.
            if [Some(AddonChart::CertManager), Some(AddonChart::Monitoring)].contains(&of.addon) {
                destinations.insert((cluster, SYSTEM));
            }
            is_open |= of.addon.is_none() || of.values.is_some();
            let folder = format!("$values/{OUTPUT}/kubernetes/{}/{name}/{ADDONS}", platform.environment);
            let about: &[&str] = if platform.protected { &CHART_BY_HAND } else { &CHART_AUTOMATED };
            let view = Chart {
                about: about.iter().map(|line| Comment::new(line)).collect(),
                name: application(region, &release.id),
                namespace: gitops.controller.namespace(),
                labels: labels(platform),
                project: addons_project(platform),
                charts,
                chart: release.chart,
                version: &of.version,
                release: &release.name,
                skips_definitions: release.makes_definitions == Some(false),
                files: release.values.is_none().then(|| of.value_files().iter().map(|file| format!("{folder}/{file}")).collect()),
                values: release.values.as_ref().map(Fragment::from_json),
                repository: &gitops.repository,
                reference: &gitops.reference,
                cluster,
                home: &of.namespace,
                automated: !platform.protected,
            };
            documents.extend(render_yaml("delivery/argocd/chart.yaml.j2", &view)?);
        }
        if !documents.is_empty() {
            files.insert(format!("{name}.addons.yaml"), format!("{HEADER}{}", emit_all(&documents)));
        }
    }
    if files.is_empty() {
        return Ok(files);
    }
    let kinds = |of: &[(&'static str, &'static str)]| of.iter().map(|(group, kind)| ObjectKind { group, kind }).collect();
    let any = || vec![ObjectKind { group: "*", kind: "*" }];
    let [of_cluster, in_namespaces] = CHART_KINDS;
    let view = Project {
        name: addons_project(platform),
        namespace: gitops.controller.namespace(),
        labels: labels(platform),
        about: format!("the charts of {} in the environment {}", platform.name, platform.environment),
        repositories: repositories.into_iter().collect(),
        destinations: destinations.into_iter().map(|(cluster, namespace)| Destination { cluster, namespace }).collect(),
        // Nobody knows what a chart makes with values of the spec.
        cluster_kinds: if is_open { any() } else { kinds(of_cluster) },
        namespaced_kinds: if is_open { any() } else { kinds(in_namespaces) },
    };
    files.insert("addons.yaml".to_owned(), print("project", &view)?);
    Ok(files)
}

/// The name of the AppProject of an environment's charts.
pub fn addons_project(platform: &Platform) -> String {
    format!("{}-addons", project(platform))
}

/// The name of the Application of a release.
pub fn application(region: &Region, release: &str) -> String {
    format!("{}-{release}", region.cluster.name)
}

fn shown(kinds: &BTreeSet<(String, String)>) -> Vec<ObjectKind<'_>> {
    kinds.iter().map(|(group, kind)| ObjectKind { group, kind }).collect()
}

/// The labels of the objects. They do not say which environment they are of: the guard of the cluster where Argo CD runs would refuse those of other
/// environments.
fn labels(platform: &Platform) -> Fragment {
    let labels = [("app.kubernetes.io/managed-by", "platgen"), ("app.kubernetes.io/part-of", platform.name.as_str())];
    Fragment::new(Document::from_texts(labels))
}

fn print(name: &str, view: &impl Serialize) -> Result<String, TemplateError> {
    Ok(format!("{HEADER}{}", emit_all(&render_yaml(&format!("delivery/argocd/{name}.yaml.j2"), view)?)))
}
