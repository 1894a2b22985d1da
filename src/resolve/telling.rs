//! The findings that every section reports in the same words.

use super::EnvironmentResolver;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::source::{Role, Span};
use crate::syntax::{Field, Map};
use crate::value::Name;

/// The maximum length of a reason, in bytes. A reason becomes an annotation, and the annotations of an object hold 256 KiB in total.
const LONGEST_REASON: usize = 4096;

/// Two keys that exclude each other: the finding is at the first, the note at the second.
type Exclusion<'m> = (Option<Span>, Option<Span>, &'m str);

impl EnvironmentResolver<'_> {
    /// Adds a finding of this environment.
    pub(super) fn tell(&mut self, mut diagnostic: Diagnostic) {
        if diagnostic.environments.is_empty() {
            diagnostic.environments.push(self.environment.to_string());
        }
        self.found.push(diagnostic);
    }

    /// Reports that the output would lack something that an entry needs: an error, or a warning if that is allowed. The message becomes a line of the
    /// output's README. Only this function reports [`Code::Incomplete`], for:
    ///
    /// - variables, arguments, files and `needs` that refer to a store, chart, bucket or service of the platform that is not rendered, to a user of a store
    ///   whose users nobody creates, or to a store of another region;
    /// - a connection that no network policy can open;
    /// - stores whose engine or mode is not rendered, and of rendered stores `backup` where nobody makes them, `standby`, `renamed_from`,
    ///   which keeps the data, and `users` where no operator creates them;
    /// - `backup` of volumes;
    /// - of apps `scale.metric`, and `identity` unless every region is on AWS; references to buckets in regions outside of AWS.
    ///
    /// Everything else that is not rendered is [`Code::NotRendered`], because the entries work without it: `slo` without `observability`, of apps that
    /// speak gRPC, and with `source: metrics`; `metrics`, `page` and `ticket` without `observability`; `logs` and `traces` of `observability`; outside of
    /// AWS, buckets that nothing refers to; `renamed_from` of apps; and the clusters and networks around the entries on
    /// clouds other than AWS, which this version expects to exist.
    pub(super) fn incomplete(&mut self, mut finding: Diagnostic) {
        if self.inputs.allow_incomplete {
            finding.severity = Severity::Warning;
        } else {
            let help = finding.help.take().unwrap_or_default();
            finding.help = Some(format!("{help}; or accept the gap with `--allow-incomplete`"));
        }
        self.tell(finding);
    }

    /// Warns of a field that this version does not render. If an entry needs the field, see [`EnvironmentResolver::incomplete`].
    pub(super) fn not_rendered(&mut self, name: &str, at: Span) {
        let message = format!("`{name}` is read and checked, but this version does not render it");
        self.tell(Diagnostic::new(Code::NotRendered, message).at(at));
    }

    /// Whether a value is from the spec, and not a static default.
    pub(super) fn is_of_the_user(&self, at: Span) -> bool {
        self.inputs.sources.get(at.file).role == Role::User
    }

    pub(super) fn error(&mut self, code: Code, message: impl Into<String>, at: Span) {
        self.tell(Diagnostic::new(code, message).at(at));
    }

    /// The value of a required field. Reports a missing field.
    pub(super) fn require<'f, T>(&mut self, field: &'f Field<T>, name: &str, entry: Span) -> Option<&'f T> {
        if field.is_missing() {
            let diagnostic = Diagnostic::new(Code::MissingField, format!("`{name}` is missing")).at(entry);
            self.tell(diagnostic.help(format!("add `{name}:`")));
        }
        field.get()
    }

    /// Reports a name that nothing has.
    pub(super) fn unknown<'n>(&mut self, kind: &str, name: &str, known: impl IntoIterator<Item = &'n str>, at: Span) {
        if !self.is_unreadable(kind) {
            self.tell(Diagnostic::unknown(kind, name, known, at));
        }
    }

    /// Whether the section that declares what is of a kind could not be read, such as one with a misspelt name: that is reported itself.
    pub(super) fn is_unreadable(&self, kind: &str) -> bool {
        let spec = self.spec;
        match kind {
            "add-on" => spec.addons.is_bad(),
            "app" => spec.apps.is_bad(),
            "bucket" => spec.buckets.is_bad(),
            "chart" => spec.charts.is_bad(),
            "environment" => spec.environments.is_bad(),
            "external" => spec.external.is_bad(),
            "group" => spec.access.is_bad() || spec.access.at(|access| &access.groups).is_bad(),
            "namespace" => spec.namespaces.is_bad(),
            "pool" => spec.cluster.is_bad() || spec.cluster.at(|cluster| &cluster.pools).is_bad(),
            "region" => spec.regions.is_bad(),
            "storage class" => spec.cluster.is_bad() || spec.cluster.at(|cluster| &cluster.storage).is_bad(),
            "store" => spec.stores.is_bad(),
            "subnet" => spec.network.is_bad() || spec.network.at(|network| &network.subnets).is_bad(),
            "team" => spec.teams.is_bad(),
            "variable" => spec.vars.is_bad(),
            "volume" => spec.volumes.is_bad(),
            _ => false,
        }
    }

    /// Whether a section declares the name. If not, reports it, unless the section has an invalid name, which may be the one that is meant.
    pub(super) fn is_declared<V>(&mut self, kind: &str, section: &Field<Map<Name, V>>, name: &Name, at: Span) -> bool {
        let declared = section.find(name.as_str()).is_some();
        if !declared && !section.get().is_some_and(Map::is_broken) {
            self.unknown(kind, name.as_str(), section.keys().map(Name::as_str), at);
        }
        declared
    }

    /// Reports a key that conflicts with another one.
    pub(super) fn contradiction(&mut self, message: impl Into<String>, at: Span, other: Option<Span>) {
        let mut diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).help("keep one of them");
        if let Some(other) = other {
            diagnostic = diagnostic.related(other, "conflicts with this");
        }
        self.tell(diagnostic);
    }

    /// Reports each row of a table of keys that exclude each other in which both keys are set.
    pub(super) fn exclude(&mut self, table: &[Exclusion<'_>]) {
        for &(key, other, message) in table {
            if let (Some(key), Some(other)) = (key, other) {
                self.contradiction(message, key, Some(other));
            }
        }
    }

    /// The reason for a setting, which the checks accept as its waiver. Reports a missing reason.
    pub(super) fn reason(&mut self, field: &Field<String>, name: &str, what: &str, at: Span) -> Option<String> {
        match field {
            Field::Set(text, at) if text.len() > LONGEST_REASON => {
                let message = format!("this {name} has {} bytes, but an annotation holds at most {LONGEST_REASON}", text.len());
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(*at).help("write a few sentences"));
                None
            }
            Field::Set(text, _) if !text.trim().is_empty() => Some(text.clone()),
            Field::Bad(_) => None,
            _ => {
                let at = field.span().unwrap_or(at);
                let diagnostic = Diagnostic::new(Code::MissingReason, format!("{what} needs a `{name}`")).at(at);
                self.tell(diagnostic.help(format!("add `{name}: ...` with a sentence: reviews show it, and checks accept it as a waiver")));
                None
            }
        }
    }

    /// Whether an entry with this `only` exists in the environment. Reports unknown environments.
    pub(super) fn is_here(&mut self, only: &Field<Vec<Field<Name>>>) -> bool {
        for (name, at) in only.items() {
            self.is_declared("environment", &self.spec.environments, name, at);
        }
        only.get().is_none() || only.values().any(|name| name == self.environment)
    }
}
