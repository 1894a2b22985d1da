//! The entries and the ports that references name.

use super::EnvironmentResolver;
use super::names::{Entry, EntrySpec, Names};
use super::ports::EntryPort;
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::source::Span;
use crate::spec::JobRun;
use crate::value::{Name, Ref, RefKind};

/// The maximum number of unknown references of an environment that get a suggestion.
const SUGGESTED: u32 = 20;

/// Services of the platform itself that a reference may name.
const SERVICES: [&str; 5] = ["alertmanager", "grafana", "loki", "prometheus", "tempo"];

impl EnvironmentResolver<'_> {
    /// The entry of a reference. `None` if there is none in this environment, which is reported.
    pub(super) fn lookup<'n>(&mut self, names: &'n Names, reference: &Ref, namespace: &Name, at: Span) -> Option<&'n Entry> {
        match names.candidates(reference, namespace)[..] {
            [] => {
                let kind = reference.kind().as_str();
                let written = reference.without_suffix().to_string();
                let at = self.place_of(&written, at);
                if reference.kind() == RefKind::Platform {
                    self.platform_service(reference.name().as_str(), at);
                    return None;
                }
                if self.is_unreadable(kind) {
                    return None;
                }
                // So many unknown references come from a renamed entry, and suggestions are expensive.
                self.unknown_references += 1;
                if self.unknown_references > SUGGESTED {
                    self.error(Code::UnknownReference, format!("there is no {kind} `{written}`"), at);
                    return None;
                }
                let known = || names.iter().filter(|entry| entry.kind == reference.kind());
                let close = wording::suggest(reference.name().as_str(), known().map(|entry| entry.name.as_str()));
                let close = close.map(|name| format!("{kind}/{name}"));
                // Else an entry of the same name is meant that is of another kind, or in another namespace.
                let mut same = names.iter().filter(|entry| entry.name == *reference.name());
                let close = close.or_else(|| same.next().filter(|_| same.next().is_none()).map(Entry::display));
                let declared = known().map(Entry::display).collect::<Vec<_>>();
                let otherwise = match &declared[..] {
                    [] => format!("the spec declares no {kind}"),
                    _ => format!("declared: {}", wording::all(&declared)),
                };
                let finding = Diagnostic::new(Code::UnknownReference, format!("there is no {kind} `{written}`")).at(at);
                self.tell(finding.suggest(close.as_deref(), otherwise));
                None
            }
            [entry] => {
                if let Some(only) = entry.absent {
                    let message = format!("`{}` does not exist in `{}`", entry.display(), self.environment);
                    let diagnostic =
                        Diagnostic::new(Code::AbsentInEnvironment, message).at(at).related(only, "its environments are limited here");
                    self.tell(diagnostic.help("limit this entry in the same way, or remove the reference there with `without`"));
                    return None;
                }
                Some(entry)
            }
            [first, ..] => {
                let message = format!("`{reference}` is ambiguous");
                let places: Vec<String> = names
                    .candidates(reference, namespace)
                    .iter()
                    .filter_map(|entry| Some(format!("{}/{}/{}", entry.kind.as_str(), entry.namespace.as_ref()?, entry.name)))
                    .collect();
                let words: Vec<&str> = places.iter().map(String::as_str).collect();
                let diagnostic = Diagnostic::new(Code::UnknownReference, message).at(at).related(first.key, "one of them");
                self.tell(diagnostic.help(format!("write {}", wording::either(&words))));
                None
            }
        }
    }

    /// Reports a reference to a service of the platform itself, which this version does not render.
    fn platform_service(&mut self, name: &str, at: Span) {
        if !SERVICES.contains(&name) {
            let known = SERVICES.map(|known| format!("platform/{known}"));
            return self.unknown("platform service", &format!("platform/{name}"), known.iter().map(String::as_str), at);
        }
        let finding = Diagnostic::new(Code::Incomplete, format!("`platform/{name}` is not rendered by this version"));
        self.incomplete(finding.at(at).help("remove the reference, or run the service elsewhere and declare it under `external`"));
    }

    /// The port of a reference: the named one, or the only one.
    pub(super) fn port_of<'e>(&mut self, entry: &'e Entry, reference: &Ref, at: Span) -> Option<&'e EntryPort> {
        if entry.ports_invalid || entry.is_nowhere() {
            return None;
        }
        let listed: Vec<&str> = entry.ports.iter().map(|port| port.name.as_str()).collect();
        // The spec gives the ports of an external service no names.
        let unnamed = matches!(entry.spec, EntrySpec::External);
        match (reference.port(), &entry.ports[..]) {
            (Some(wanted), _) if unnamed => {
                let message = format!("`{}` has no port called `{wanted}`: ports of `external` have no names", entry.display());
                let diagnostic = Diagnostic::new(Code::UnknownReference, message).at(at).related(entry.key, "declared here");
                self.tell(diagnostic.help(match &listed[..] {
                    [_] => format!("remove `:{wanted}`"),
                    _ => "declare the service under `external` once for each port".to_owned(),
                }));
                None
            }
            (Some(wanted), ports) => match ports.iter().find(|port| wanted.as_str() == port.name) {
                Some(port) => Some(port),
                None => {
                    let place = self.place_of(&format!(":{wanted}"), at);
                    let place = if place == at { at } else { Span { start: place.start + 1, ..place } };
                    self.unknown(&format!("port of `{}` called", entry.display()), wanted.as_str(), listed, place);
                    None
                }
            },
            (None, [only]) => Some(only),
            (None, []) => {
                let message = format!("`{}` has no port", entry.display());
                let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).related(entry.key, "declared here");
                let run = match &entry.spec {
                    EntrySpec::App(app) => app.run.get(),
                    _ => None,
                };
                self.tell(diagnostic.help(match run {
                    Some(JobRun::BeforeDeploy) => {
                        "remove the reference: a rollout waits for the `before-deploy` jobs of its namespace anyway"
                    }
                    Some(JobRun::AfterDeploy) => "remove the reference: jobs have no Service, and this one runs after the rollout",
                    None if entry.kind == RefKind::Chart => "name its `ports`, or remove the reference",
                    None => "give it a `port`, or remove the reference",
                }));
                None
            }
            (None, _) => {
                let message = format!("`{}` has several ports: {}", entry.display(), wording::all(&listed));
                let diagnostic = Diagnostic::new(Code::UnknownReference, message).at(at).related(entry.key, "declared here");
                self.tell(diagnostic.help(match unnamed {
                    true => "write the number in place of the reference, or declare the service under `external` once for each port".into(),
                    false => format!("name the port after a `:`, such as `:{}`", listed.first().unwrap_or(&"http")),
                }));
                None
            }
        }
    }
}
