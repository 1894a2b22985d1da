//! One question: may this end talk to that one, and why.

use super::ends::End;
use super::layers::Layers;
use super::{Blocked, Layer, Pair, words};
use crate::diagnostic::wording::plain;
use crate::policy::{Ports, Protocol};
use serde::Serialize;

/// The answer to a question.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Answer {
    /// Whether there is a port on which connections are possible.
    pub reaches: bool,
    /// The two ends.
    pub pair: Pair,
    /// What denies connections, where none is possible.
    pub lacks: Vec<Blocked>,
    /// What allows or declares connections, where some are possible.
    pub allowed_by: Vec<String>,
    /// What to change, where flows and layers differ or nobody declared the connection.
    pub remedy: Option<String>,
}

/// The names of ends that a word stands for: a whole name, or one without its namespace, its section or both.
pub fn matching<'n>(names: impl IntoIterator<Item = &'n str>, word: &str) -> Vec<&'n str> {
    let fits = |name: &&str| {
        let parts: Vec<&str> = name.split('/').collect();
        match parts[..] {
            [kind, namespace, last] => {
                [last.to_owned(), format!("{kind}/{last}"), format!("{namespace}/{last}")].iter().any(|alias| alias == word)
                    || *name == word
            }
            [_, last] => last == word || *name == word,
            _ => *name == word,
        }
    };
    let mut found: Vec<&str> = names.into_iter().filter(fits).collect();
    // A whole name is not ambiguous.
    if found.contains(&word) {
        found.retain(|name| *name == word);
    }
    found.sort_unstable();
    found.dedup();
    found
}

impl Layers<'_> {
    /// The answer about two ends.
    pub(super) fn answer(&self, from: &End<'_>, to: &End<'_>) -> Answer {
        let pair = self.judged(from, to);
        let reaches = !pair.open.is_empty();
        let mut lacks = pair.blocked.clone();
        if !reaches && lacks.is_empty() {
            lacks = self.lacking(from, to);
        }
        let open = self.open(from, to);
        let allowed_by = if reaches { self.allowing(from, to, &open) } else { Vec::new() };
        let remedy = match (&pair.declared[..], pair.undeclared.is_empty(), pair.blocked.is_empty()) {
            ([], true, _) if reaches => None,
            ([], true, _) => self.line(from, to),
            (_, false, _) => {
                let line = self.line(from, to).map(|line| format!("{line}, or ")).unwrap_or_default();
                Some(format!("{line}remove the rule from {}", plain(&pair.allowed_by)))
            }
            (_, true, false) => Some("remove the patch or the manifest that changes what the flow is rendered to".to_owned()),
            (_, true, true) => None,
        };
        Answer { reaches, pair, lacks, allowed_by, remedy }
    }

    fn open(&self, from: &End<'_>, to: &End<'_>) -> Ports {
        let policies = self.policies(from, to);
        self.firewall(from, to).map_or_else(|| policies.clone(), |firewall| policies.and(&firewall))
    }

    /// What denies connections that nobody declared, for any port.
    fn lacking(&self, from: &End<'_>, to: &End<'_>) -> Vec<Blocked> {
        let any = [(Protocol::Tcp, 1, u16::MAX)].into_iter().collect();
        let mut lacks = self.denied(from, to, &any);
        // A layer that denies every port says more than one that denies some.
        if lacks.iter().any(|lack| lack.ports == words(&any)) {
            lacks.retain(|lack| lack.ports == words(&any));
        }
        lacks.iter_mut().for_each(|lack| lack.ports = Vec::new());
        if lacks.is_empty() && from.places.iter().chain(&to.places).next().is_some() {
            let reason = "the security groups of their subnets allow no port of it".to_owned();
            lacks.push(Blocked { ports: Vec::new(), layer: Layer::Firewall, reason });
        }
        lacks
    }

    /// The line of the spec that declares a flow; `None` where no spec can.
    fn line(&self, from: &End<'_>, to: &End<'_>) -> Option<String> {
        let (section, name) = from.reference.as_ref()?.split_once('/')?;
        // Stores call what their engine needs, and nothing that a spec says.
        if section != "app" {
            return None;
        }
        // An app needs no leave to call itself by `needs`.
        let callee = to.reference.as_ref().filter(|_| from.name != to.name)?;
        Some(format!("write `needs: [{callee}]` at `apps.{name}`"))
    }
}
