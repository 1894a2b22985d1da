//! The objects of a GitOps controller before and after -> what people do about them: no controller applies its own objects, and none deletes them.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic, wording};
use crate::inventory::Inventory;

/// A file that a render changes.
#[derive(Clone, Copy, Debug)]
pub struct File<'f> {
    /// Relative to the output folder.
    pub path: &'f str,
    /// The text that is there.
    pub before: Option<&'f str>,
    /// The text from now on.
    pub after: Option<&'f str>,
}

/// A finding for each environment whose objects change, and for each whose Applications leave. The README.md of new objects says how to apply them.
pub fn findings(files: &[File<'_>]) -> Vec<Diagnostic> {
    let mut environments: BTreeMap<&str, Vec<&File<'_>>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.path.ends_with(".yaml")) {
        let mut parts = file.path.split('/');
        // What is in a folder of a region, Flux applies itself.
        if let (Some("gitops"), Some(environment), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) {
            environments.entry(environment).or_default().push(file);
        }
    }
    let of = |(environment, files): (&str, Vec<&File<'_>>)| {
        let mut found = Vec::new();
        let mut tell = |message: String, help: String| {
            let mut finding = Diagnostic::new(Code::NotInPlace, message).subject(format!("gitops/{environment}")).help(help);
            finding.environments.push(environment.to_owned());
            found.push(finding);
        };
        let left = Inventory::read(files.iter().filter(|file| file.after.is_none()).filter_map(|file| Some((file.path, file.before?))));
        let names: Vec<&str> = left.of_kind("Application").map(|object| object.name.as_str()).collect();
        if !names.is_empty() {
            let message = format!("Argo CD goes on with the Application {}, which left the files", wording::all(&names));
            let delete = format!("kubectl --context CONTEXT --namespace argocd delete applications.argoproj.io {}", names.join(" "));
            tell(
                message,
                format!(
                    "before the merge, with the context of the cluster in which Argo CD runs: `{delete}`; that deletes nothing that it applied"
                ),
            );
        }
        let regions: Vec<&str> = left.of_kind("GitRepository").map(|object| object.file.as_str()).collect();
        for file in regions {
            let region = file.trim_end_matches(".yaml").rsplit('/').next().unwrap_or_default();
            tell(
                format!("Flux goes on in `{region}` with the files that it has: its GitRepository left the files"),
                format!(
                    "before the merge, with the context of the cluster: delete what Flux is told, as gitops/{environment}/README.md of the branch says; that deletes nothing that it applied"
                ),
            );
        }
        let is_flux = |file: &&&File<'_>| {
            let text = file.after.or(file.before).unwrap_or_default();
            Inventory::read([(file.path, text)]).of_kind("GitRepository").next().is_some()
        };
        for file in files.iter().filter(|file| file.before.is_some() && file.after.is_some()).filter(is_flux) {
            tell(
                format!("what Flux is told in `{}` changes, and no sync applies it", file.path),
                format!("with the context of the cluster: `kubectl --context CONTEXT apply --server-side -f {}`", file.path),
            );
        }
        let files: Vec<&&File<'_>> = files.iter().filter(|file| !is_flux(file)).collect();
        if files.iter().any(|file| file.before.is_some()) && files.iter().any(|file| file.after.is_some()) {
            let apply = format!("kubectl --context CONTEXT apply --server-side -f gitops/{environment}");
            tell(
                format!("what Argo CD is told about `{environment}` changes, and no sync applies it"),
                format!("with the context of the cluster in which Argo CD runs: `{apply}`; gitops/{environment}/README.md says when"),
            );
        }
        found
    };
    environments.into_iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[(&str, Option<&str>, Option<&str>)]) -> Vec<String> {
        let files: Vec<File> = files.iter().map(|(path, before, after)| File { path, before: *before, after: *after }).collect();
        findings(&files).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn people_apply_and_delete_the_objects() {
        let application = Some("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop-dev-a, namespace: argocd}\n");
        let project = Some("apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: shop-dev, namespace: argocd}\n");
        assert_eq!(told(&[("gitops/dev/a.yaml", None, application), ("gitops/dev/project.yaml", None, project)]), Vec::<String>::new());
        let changes = "what Argo CD is told about `dev` changes, and no sync applies it";
        let left = "Argo CD goes on with the Application `shop-dev-a`, which left the files";
        assert_eq!(told(&[("gitops/dev/project.yaml", project, project)]), [changes]);
        assert_eq!(told(&[("gitops/dev/a.yaml", application, None), ("gitops/dev/project.yaml", project, project)]), [left, changes]);
        assert_eq!(told(&[("gitops/dev/a.yaml", application, None), ("gitops/dev/project.yaml", project, None)]), [left]);
        let repository =
            Some("apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: shop, namespace: flux-system}\n");
        assert_eq!(
            told(&[("gitops/dev/a.yaml", repository, repository)]),
            ["what Flux is told in `gitops/dev/a.yaml` changes, and no sync applies it"]
        );
        assert_eq!(
            told(&[("gitops/dev/a.yaml", repository, None), ("gitops/dev/a/stages/stages.yaml", application, application)]),
            ["Flux goes on in `a` with the files that it has: its GitRepository left the files"]
        );
        assert_eq!(
            told(&[("gitops/dev/README.md", Some("a"), Some("b")), ("kubernetes/dev/a/x.yaml", project, None)]),
            Vec::<String>::new()
        );
    }
}
