//! What a spec adds by hand: patches, raw manifests, raw Terraform files and waivers.

use crate::layers::Layer;
use crate::source::Span;
use crate::value::{Date, Name, ObjectPattern, RuleName, Target};

/// A change to one rendered object.
#[derive(Clone, Debug)]
pub struct Patch {
    /// Its name in the spec.
    pub name: Name,
    /// The span of the target.
    pub span: Span,
    /// The object.
    pub target: Target,
    /// The change.
    pub change: Change,
    /// Why.
    pub reason: String,
}

/// The change of a patch.
#[derive(Clone, Debug)]
pub enum Change {
    /// Maps merge, everything else replaces, null removes (RFC 7386).
    Merge(serde_json::Value),
    /// Steps of a JSON patch (RFC 6902).
    Json(serde_json::Value),
}

/// A file of raw manifests.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its name in the spec.
    pub name: Name,
    /// The span of the path.
    pub span: Span,
    /// The file's name, for messages.
    pub path: String,
    /// The text.
    pub text: String,
    /// The namespace of objects without `metadata.namespace`.
    pub namespace: Option<Name>,
    /// Why the platform needs it.
    pub reason: String,
}

/// Waivers: accepted findings.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// Its name in the spec.
    pub name: Name,
    /// The span of the key.
    pub span: Span,
    /// The rule.
    pub rule: RuleName,
    /// The objects.
    pub objects: Vec<ObjectPattern>,
    /// Whether it holds for every object of every environment.
    pub everywhere: bool,
    /// Why.
    pub reason: String,
    /// The last day of the waiver.
    pub expires: Date,
    /// The span of the last day.
    pub expires_span: Span,
}

/// A raw Terraform file.
#[derive(Clone, Debug)]
pub struct TerraformFile {
    /// Its name in the spec.
    pub name: Name,
    /// Where the spec names the root.
    pub span: Span,
    /// The text.
    pub text: String,
    /// The layer of the roots that contain the file.
    pub root: Layer,
}

impl TerraformFile {
    /// The name of the file in the root. No other file that platgen writes has this prefix.
    pub fn file_name(&self) -> String {
        format!("raw-{}.tf", self.name)
    }
}
