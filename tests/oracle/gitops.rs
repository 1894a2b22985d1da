//! The objects of Argo CD, held against the documents that it is to apply: it may do what these need, and no more.

use platgen::files::Files;
use platgen::inventory::Inventory;
use platgen::model::Estate;
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
        let read = |unit: &platgen::files::Unit| {
            let documents = unit.files.iter().filter(|(path, _)| path.ends_with(".yaml") && *path != "kustomization.yaml");
            Inventory::read(documents.map(|(path, text)| (path.as_str(), text.as_str())))
        };
        let told = read(unit);
        let mut is = |what: String, found: Value, wanted: Value| {
            if found != wanted {
                faults.push(format!("{environment}: {what} is {found} and not {wanted}"));
            }
        };
        let (mut kinds, mut destinations) = ([BTreeSet::new(), BTreeSet::new()], BTreeSet::new());
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
        is("the number of objects".to_owned(), json!(told.objects().len()), json!(platform.regions.len() + 1));
    }
    faults
}
