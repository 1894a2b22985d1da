//! `certificate`: the certificate of an app that speaks HTTPS with the gateway. `cluster.certificates`: the authority that makes those of the Gateways.

use super::EnvironmentResolver;
use super::consumer::Consumer;
use super::ports::protocol;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Certificate, Entrance, Exposure, Issuer};
use crate::source::Span;
use crate::spec::App;
use crate::syntax::Field;
use crate::value::{Protocol, RelativePath};
use std::collections::BTreeSet;

/// The first line of a certificate in a PEM file.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// The directory of Let's Encrypt, from its documentation.
const AUTHORITY: &str = "https://acme-v02.api.letsencrypt.org/directory";

impl EnvironmentResolver<'_> {
    /// The certificate authority of the Gateways. `None`: others make their certificates.
    pub(super) fn issuer(&mut self) -> Option<Issuer> {
        let (wanted, at) = self.spec.cluster.at(|cluster| &cluster.certificates).spanned()?;
        self.check_address(&wanted.email);
        if let Some((url, at)) = wanted.server.spanned().filter(|(url, _)| url.scheme() != "https") {
            let message = format!("`{url}` is no directory of a certificate authority: those begin with `https://`");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("leave `server` out for Let's Encrypt"));
        }
        let email = self.require(&wanted.email, "email", at)?.clone();
        let server = wanted.server.get().cloned().or_else(|| AUTHORITY.parse().ok())?;
        if wanted.server.is_missing() {
            self.record(|| ("cluster.certificates.server".to_owned(), &server, "the default"));
        }
        Some(Issuer { server, email })
    }

    /// The certificate with which an app answers the gateway. `None` if no entrance leads to a port of `protocol: https`.
    pub(super) fn certificate(&mut self, app: &App, consumer: &Consumer<'_>, exposures: &[Exposure]) -> Option<Certificate> {
        let entry = consumer.entry;
        let requests = || exposures.iter().filter(|exposure| exposure.entrance == Entrance::Http);
        let is_exposed = |number: u16| requests().any(|exposure| exposure.port == number);
        let encrypted = entry.ports.iter().filter(|port| protocol(port, entry.protocol()) == Some(Protocol::Https));
        let (ports, numbers): (Vec<String>, BTreeSet<u16>) =
            encrypted.filter(|port| is_exposed(port.service)).map(|port| (port.name.clone(), port.service)).unzip();
        if ports.is_empty() {
            if let Some(at) = app.certificate.span().filter(|_| !entry.ports_invalid) {
                let message = "`certificate` needs an entrance to a port of `protocol: https`";
                let help = "only the gateway verifies the certificate: add `expose:`, or remove `certificate`";
                self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help(help));
            }
            return None;
        }
        let said = app.certificate.at(|certificate| &certificate.host);
        let hosts: BTreeSet<&str> =
            requests().filter(|exposure| numbers.contains(&exposure.port)).map(|exposure| exposure.host.as_str()).collect();
        let only = hosts.first().filter(|host| hosts.len() == 1 && !host.starts_with("*."));
        let host = match (said, only) {
            (Field::Set(host, _), _) => host.to_string(),
            (Field::Bad(_), _) => return None,
            (Field::Missing, Some(host)) => {
                self.record_entry(&consumer.at, || ("certificate.host", host, format!("{}.expose", consumer.at.entry)));
                (*host).to_owned()
            }
            (Field::Missing, None) => {
                let at = app.expose.span().unwrap_or(entry.key);
                let message = "`certificate.host` is missing: the app is not exposed under exactly one host";
                let help = "name the host in the app's certificate: `certificate: {host: HOST}`";
                self.tell(Diagnostic::new(Code::MissingField, message).at(at).help(help));
                return None;
            }
        };
        let authority = match app.certificate.at(|certificate| &certificate.authority) {
            Field::Missing => None,
            Field::Bad(_) => return None,
            Field::Set(path, at) => Some(self.authority(path, *at)?),
        };
        Some(Certificate { ports, host, authority })
    }

    /// The certificates of an authority. Reports a file that holds none, and a file that holds more than certificates.
    fn authority(&mut self, path: &RelativePath, at: Span) -> Option<String> {
        let text = self.included(path.as_str(), at)?;
        let blocks = text.lines().filter(|line| line.starts_with("-----BEGIN ")).collect::<Vec<_>>();
        if blocks.is_empty() || blocks.iter().any(|line| line.trim_end() != BEGIN) {
            let message = format!("`{path}` is not a PEM file of certificates");
            let help = format!("each of its blocks starts with `{BEGIN}`; keep keys in the secret manager");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
            return None;
        }
        Some(text)
    }
}
