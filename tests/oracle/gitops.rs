//! The objects of Argo CD, held against the documents that it is to apply: it may do what these need, and no more. And those of Flux: it applies every object
//! once.

use platgen::files::{Files, Unit, is_values};
use platgen::inventory::Inventory;
use platgen::model::{Estate, GitOpsController, Platform, Region};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is wrong with the objects of every environment; `deploy` is the output folder.
pub(crate) fn faults(estate: &Estate, files: &Files) -> Vec<String> {
    let mut faults = Vec::new();
    let known: BTreeSet<&String> = estate.environments.iter().filter(|(_, one)| one.gitops.is_some()).map(|(name, _)| name).collect();
    for folder in files.units.keys().filter_map(|folder| folder.strip_prefix("gitops/")).filter(|name| !known.iter().any(|one| one == name))
    {
        faults.push(format!("gitops/{folder} is of no environment of Argo CD"));
    }
    for (environment, platform) in estate.environments.iter().filter(|(name, _)| known.contains(name)) {
        let Some(unit) = files.units.get(&format!("gitops/{environment}")) else {
            faults.push(format!("gitops/{environment} is not there"));
            continue;
        };
        if platform.gitops.as_ref().is_some_and(|gitops| gitops.controller == GitOpsController::Flux) {
            faults.extend(of_flux(platform, files, &read(unit)).into_iter().map(|fault| format!("{environment}: {fault}")));
            continue;
        }
        let told = read(unit);
        let mut is = |what: String, found: Value, wanted: Value| {
            if found != wanted {
                faults.push(format!("{environment}: {what} is {found} and not {wanted}"));
            }
        };
        let (mut kinds, mut destinations) = ([BTreeSet::new(), BTreeSet::new()], BTreeSet::new());
        let mut count = platform.regions.len() + 1;
        for (name, region) in &platform.regions {
            let folder = format!("kubernetes/{environment}/{name}");
            let applied = &files.units[&folder];
            is(
                format!("{name}.yaml"),
                json!(told.objects().iter().filter(|object| object.file == format!("{name}.yaml")).count()),
                json!(1),
            );
            let cluster = &region.cluster.name;
            destinations.insert((cluster.clone(), "platgen-system".to_owned()));
            for object in read(applied).objects() {
                kinds[usize::from(!object.namespace.is_empty())].insert((object.group().to_owned(), object.kind.clone()));
                if !object.namespace.is_empty() {
                    destinations.insert((cluster.clone(), object.namespace.clone()));
                }
            }
            let Some(application) = told.get("Application", "argocd", cluster) else {
                is(format!("the Application {cluster}"), Value::Null, json!("there"));
                continue;
            };
            let automated = if platform.protected { Value::Null } else { json!({"prune": true, "selfHeal": false}) };
            let repository = platform.gitops.as_ref().map(|gitops| gitops.repository.clone());
            for (pointer, wanted) in [
                ("/spec/project", json!(format!("{}-{environment}", platform.name))),
                ("/spec/source/path", json!(format!("deploy/{folder}"))),
                ("/spec/source/repoURL", json!(repository)),
                ("/spec/destination/name", json!(cluster)),
                ("/spec/syncPolicy/automated", automated),
                ("/spec/syncPolicy/syncOptions", json!(["ServerSideApply=true", "PruneLast=true", "FailOnSharedResource=true"])),
                ("/metadata/finalizers", Value::Null),
                ("/metadata/labels/platgen.io~1environment", Value::Null),
            ] {
                is(format!("{pointer} of {cluster}"), application.at(pointer).cloned().unwrap_or_default(), wanted);
            }
            count += charts(&told, platform, region, &mut is);
            is(format!("kustomization of {folder}"), json!(applied.files.contains_key("kustomization.yaml")), json!(true));
        }
        let Some(project) = told.get("AppProject", "argocd", &format!("{}-{environment}", platform.name)) else {
            is("the AppProject".to_owned(), Value::Null, json!("there"));
            continue;
        };
        let kinds = kinds.map(|set| set.into_iter().map(|(group, kind)| json!({"group": group, "kind": kind})).collect::<Vec<_>>());
        let destinations: Vec<Value> =
            destinations.into_iter().map(|(name, namespace)| json!({"name": name, "namespace": namespace})).collect();
        for (pointer, wanted) in [
            ("/spec/sourceRepos", json!([platform.gitops.as_ref().map(|gitops| gitops.repository.clone())])),
            ("/spec/destinations", json!(destinations)),
            ("/spec/clusterResourceWhitelist", json!(kinds[0])),
            ("/spec/namespaceResourceWhitelist", json!(kinds[1])),
        ] {
            is(pointer.to_owned(), project.at(pointer).cloned().unwrap_or_default(), wanted);
        }
        is("the number of objects".to_owned(), json!(told.objects().len()), json!(count + usize::from(count > platform.regions.len() + 1)));
    }
    faults
}

fn read(unit: &Unit) -> Inventory {
    let is_object = |path: &str| path.ends_with(".yaml") && path != "kustomization.yaml" && !is_values(path);
    let documents = unit.files.iter().filter(|(path, _)| is_object(path));
    Inventory::read(documents.map(|(path, text)| (path.as_str(), text.as_str())))
}

/// The Applications of a region's charts, which take what the AppProject of charts allows. Returns how many there are.
fn charts(told: &Inventory, platform: &Platform, region: &Region, is: &mut impl FnMut(String, Value, Value)) -> usize {
    let file = format!("{}.addons.yaml", region.name);
    let project = format!("{}-{}-addons", platform.name, platform.environment);
    let allowed = |pointer: &str| -> Vec<Value> {
        told.get("AppProject", "argocd", &project).map(|project| project.items(pointer).to_vec()).unwrap_or_default()
    };
    let applications: Vec<_> = told.of_kind("Application").filter(|one| one.file == file).collect();
    for chart in &region.charts {
        let name = format!("{}-{}", region.cluster.name, chart.name);
        let Some(application) = told.get("Application", "argocd", &name) else {
            is(format!("the Application {name}"), Value::Null, json!("there"));
            continue;
        };
        let folder = format!("$values/deploy/kubernetes/{}/{}/addons", platform.environment, region.name);
        let values: Vec<String> = chart.value_files().iter().map(|file| format!("{folder}/{file}")).collect();
        for (pointer, wanted) in [
            ("/spec/project", json!(project)),
            ("/spec/sources/0/repoURL", json!(chart.repository.trim_start_matches("oci://"))),
            ("/spec/sources/0/chart", json!(chart.chart)),
            ("/spec/sources/0/targetRevision", json!(chart.version)),
            ("/spec/sources/0/helm/valueFiles", json!(values)),
            ("/spec/sources/0/helm/releaseName", json!(chart.name)),
            ("/spec/destination", json!({"name": region.cluster.name, "namespace": chart.namespace})),
            ("/metadata/finalizers", Value::Null),
        ] {
            is(format!("{pointer} of {name}"), application.at(pointer).cloned().unwrap_or_default(), wanted);
        }
        let automated = application.at("/spec/syncPolicy/automated").is_some();
        is(format!("whether {name} waits for a person"), json!(!automated), json!(platform.protected));
    }
    for application in &applications {
        for source in application.items("/spec/sources") {
            is(format!("{} may use {}", application.name, source["repoURL"]), json!(allowed("/spec/sourceRepos").contains(&source["repoURL"])), json!(true));
        }
        let destination = application.at("/spec/destination").cloned().unwrap_or_default();
        is(format!("{} may install", application.name), json!(allowed("/spec/destinations").contains(&destination)), json!(true));
    }
    applications.len()
}

/// What is wrong with the objects of Flux.
fn of_flux(platform: &Platform, files: &Files, told: &Inventory) -> Vec<String> {
    let mut faults = Vec::new();
    let mut is = |what: String, found: Value, wanted: Value| {
        if found != wanted {
            faults.push(format!("{what} is {found} and not {wanted}"));
        }
    };
    for (name, region) in &platform.regions {
        let folder = format!("kubernetes/{}/{name}", platform.environment);
        let start = format!("{name}.yaml");
        for repository in told.of_kind("GitRepository").filter(|one| one.file == start) {
            let branch = platform.gitops.as_ref().map(|gitops| gitops.reference.trim_start_matches("refs/heads/"));
            let reference =
                if platform.protected { json!({"tag": format!("applied/{}/{name}", platform.environment)}) } else { json!({"branch": branch}) };
            is(format!("the reference of {name}"), repository.at("/spec/ref").cloned().unwrap_or_default(), reference);
        }
        let at = format!("{name}/");
        let stages: Vec<_> = told.of_kind("Kustomization").filter(|one| one.file.starts_with(&at)).collect();
        let mut wanted: BTreeSet<String> = BTreeSet::new();
        for object in read(&files.units[&folder]).objects() {
            let stage = object.at("/metadata/annotations/platgen.io~1stage").and_then(Value::as_str).unwrap_or("none");
            wanted.insert(format!("platgen.io/stage!={stage}"));
        }
        let selected: Vec<&str> = stages.iter().map(|one| one.text("/spec/patches/0/target/annotationSelector")).filter(|text| !text.is_empty()).collect();
        is(format!("the number of stages of {name}"), json!(selected.len()), json!(wanted.len()));
        is(format!("the stages of {name}"), json!(selected.into_iter().collect::<BTreeSet<_>>()), json!(wanted));
        for one in told.of_kind("Kustomization").filter(|one| one.file.starts_with(&at) || one.file == start) {
            for (pointer, wanted) in [("/spec/prune", json!(true)), ("/spec/deletionPolicy", json!("Orphan")), ("/spec/sourceRef/name", json!(platform.name))] {
                is(format!("{pointer} of {}", one.name), one.at(pointer).cloned().unwrap_or_default(), wanted);
            }
            let waits = one.at("/spec/wait") == Some(&json!(true)) || !one.items("/spec/healthChecks").is_empty();
            is(format!("whether {} waits", one.name), json!(waits), json!(one.file != start));
        }
        let releases = |chart: &str| told.of_kind("HelmRelease").find(|one| one.file.starts_with(&at) && one.name == chart);
        for chart in &region.charts {
            let Some(release) = releases(&chart.name) else {
                is(format!("the HelmRelease {}", chart.name), Value::Null, json!("there"));
                continue;
            };
            for (pointer, wanted) in [
                ("/spec/targetNamespace", json!(chart.namespace)),
                ("/spec/storageNamespace", json!(chart.namespace)),
                ("/metadata/annotations/kustomize.toolkit.fluxcd.io~1prune", json!("disabled")),
            ] {
                is(format!("{pointer} of {}", chart.name), release.at(pointer).cloned().unwrap_or_default(), wanted);
            }
            let has_values = release.at("/spec/values").and_then(Value::as_object).is_some_and(|values| !values.is_empty());
            is(format!("whether {} has values", chart.name), json!(has_values), json!(true));
        }
    }
    faults
}
