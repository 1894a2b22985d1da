//! Patches, raw manifests and raw Terraform files.

use super::EnvironmentResolver;
use super::names::Names;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, wording};
use crate::layers::Layer;
use crate::model::{Change, Manifest, Patch, Platform, TerraformFile};
use crate::provider::Provider;
use crate::source::Span;
use crate::value::{Name, Target, credential};
use indexmap::IndexMap;

/// The kinds of objects that have the name of their workload.
const NAMED_AFTER: &[&str] =
    &["CronJob", "DaemonSet", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount", "StatefulSet"];

/// Reports each raw Terraform file for a root that its environment does not have: no file would contain it.
pub(super) fn check_roots(environments: &IndexMap<String, Platform>, found: &mut Diagnostics) {
    for (environment, platform) in environments {
        for TerraformFile { root, span, .. } in &platform.terraform {
            let (is_there, help) = match root {
                Layer::Interconnect => (!platform.links().is_empty(), "environments with several regions on AWS"),
                Layer::Data => (!platform.buckets.is_empty(), "environments with buckets on AWS"),
                // Another finding tells of an account that is missing.
                Layer::Global if platform.account(Provider::Aws).is_some() => {
                    (platform.has_global_root(), "environments that make a zone or lead their account: `platgen show` tells which do")
                }
                _ => {
                    let is_there = platform.regions.values().any(|region| root.providers().contains(&region.provider));
                    (is_there, "environments whose regions have the root")
                }
            };
            if !is_there {
                let message = format!("`{environment}` has no Terraform root `{root}`");
                let mut diagnostic = Diagnostic::new(Code::AbsentInEnvironment, message).at(*span);
                diagnostic.environments.push(environment.clone());
                found.push(diagnostic.help(format!("limit the file with `only` to {help}")));
            }
        }
    }
}

impl EnvironmentResolver<'_> {
    /// Reports a patch whose target can't exist. Only objects of workloads are checked here; the renderer checks the others.
    fn check_target(&mut self, target: &Target, at: Span, platform: &Platform, names: &Names) {
        let (kind, Some(namespace)) = (target.kind(), target.namespace()) else { return };
        if !NAMED_AFTER.contains(&kind) || platform.namespaces.get(namespace.as_str()).is_none() || target.name() == "default" {
            return;
        }
        let entry = names.iter().find(|entry| entry.name.as_str() == target.name() && entry.namespace.as_ref() == Some(namespace));
        match entry {
            Some(entry) => {
                if let Some(only) = entry.absent {
                    let message = format!("`{}` does not exist in `{}`", entry.display(), self.environment);
                    let diagnostic =
                        Diagnostic::new(Code::AbsentInEnvironment, message).at(at).related(only, "its environments are limited here");
                    self.tell(diagnostic.help("limit the patch in the same way with `only`"));
                }
            }
            None if self.may_be_other(target) => {}
            None => {
                let known: Vec<String> = names
                    .iter()
                    .filter(|entry| entry.namespace.as_ref() == Some(namespace))
                    .map(|entry| format!("{kind}/{namespace}/{}", entry.name))
                    .collect();
                self.unknown("object", &target.to_string(), known.iter().map(String::as_str), at);
            }
        }
    }

    /// Whether an object may be rendered although it has no entry's name: a policy of a whole namespace, an alias or another account, or an object of
    /// a raw manifest. Rendering tells of a patch whose target is not there.
    fn may_be_other(&self, target: &Target) -> bool {
        let is_of_namespace = match target.kind() {
            "NetworkPolicy" => ["allow-dns", "default-deny"].contains(&target.name()),
            kind => ["Service", "ServiceAccount"].contains(&kind),
        };
        is_of_namespace || self.spec.manifests.entries().next().is_some()
    }

    pub(super) fn extensions(&mut self, platform: &mut Platform, names: &Names) {
        let spec = self.spec;
        for (name, span, patch) in spec.patches.entries() {
            let here = self.is_here(&patch.only);
            let target = self.require(&patch.target, "target", span).cloned();
            let reason = self.reason(&patch.reason, "reason", "a patch", span);
            let change = match (patch.merge.spanned(), patch.json.spanned()) {
                (Some((_, first)), Some((_, at))) => {
                    self.contradiction("a patch can't have both `json` and `merge`", at, Some(first));
                    None
                }
                (Some((value, _)), None) => Some(Change::Merge(value.clone())),
                (None, Some((value, _))) => Some(Change::Json(value.clone())),
                (None, None) => {
                    if patch.json.is_missing() {
                        self.require(&patch.merge, "merge", span);
                    }
                    None
                }
            };
            if let (true, Some(target), Some(reason), Some(change)) = (here, target, reason, change) {
                let at = patch.target.span().unwrap_or(span);
                self.check_target(&target, at, platform, names);
                platform.patches.push(Patch { name: name.clone(), span: at, target, change, reason });
            }
        }
        for (name, span, manifest) in spec.manifests.entries() {
            let here = self.is_here(&manifest.only);
            let reason = self.reason(&manifest.reason, "reason", "a raw manifest", span);
            let Some(path) = self.require(&manifest.from, "from", span).cloned() else { continue };
            let at = manifest.from.span().unwrap_or(span);
            let Some(text) = self.included(path.as_str(), at) else { continue };
            self.refuse_secrets(&text, path.as_str(), at);
            if let Some((namespace, at)) = manifest.namespace.spanned() {
                self.has_namespace(namespace, at, here);
            }
            if let (true, Some(reason)) = (here, reason) {
                let namespace = manifest.namespace.get().cloned();
                platform.manifests.push(Manifest { name: name.clone(), span: at, path: path.to_string(), text, namespace, reason });
            }
        }
        for (name, span, file) in spec.terraform.entries() {
            let here = self.is_here(&file.only);
            self.reason(&file.reason, "reason", "a raw Terraform file", span);
            let root = self.require(&file.root, "root", span).cloned();
            let Some(path) = self.require(&file.from, "from", span).cloned() else { continue };
            let at = file.from.span().unwrap_or(span);
            let Some(text) = self.included(path.as_str(), at) else { continue };
            self.refuse_secrets(&text, path.as_str(), at);
            if let Err(fault) = hcl_edit::parser::parse_body(&text) {
                let (line, column) = (fault.location().line(), fault.location().column());
                let message = format!("`{path}` is not valid Terraform: syntax error at line {line}, column {column}");
                self.error(Code::InvalidValue, message, at);
                continue;
            }
            let Some(root) = root else { continue };
            let span = file.root.span().unwrap_or(span);
            if let Some(root) = self.layer(&root, span).filter(|_| here) {
                platform.terraform.push(TerraformFile { name: name.clone(), span, text, root });
            }
        }
    }

    /// The layer of a raw Terraform file. `None` for a name of no layer, which is reported.
    fn layer(&mut self, name: &Name, at: Span) -> Option<Layer> {
        let rendered = Layer::ALL.iter().copied().filter(|layer| !layer.providers().is_empty());
        let layer = rendered.clone().find(|layer| layer.name() == name.as_str());
        if layer.is_none() {
            let rendered: Vec<&str> = rendered.map(Layer::name).collect();
            let diagnostic = Diagnostic::new(Code::UnknownValue, format!("there is no Terraform root `{name}`")).at(at);
            self.tell(diagnostic.help(format!("this version renders {}", wording::all(&rendered))));
        }
        layer
    }

    fn refuse_secrets(&mut self, text: &str, path: &str, at: crate::source::Span) {
        if credential::has_shape(text) {
            let diagnostic = Diagnostic::new(Code::SecretLiteral, format!("`{path}` contains text that looks like a credential")).at(at);
            self.tell(diagnostic.help("put it in the secret manager"));
        }
    }
}
