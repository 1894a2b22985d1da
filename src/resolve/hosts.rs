//! The hosts that apps take of the load balancers, in every environment, and those that two of them take.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::Span;
use crate::value::{Name, Via};
use std::collections::{BTreeMap, BTreeSet};

/// The hostnames of every environment, to find those claimed twice.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    /// By host, load balancer and path.
    claims: BTreeMap<(String, Via, String), Vec<Claim>>,
    /// Hosts that one declaration takes with all paths.
    whole: BTreeSet<(String, Via)>,
    /// The environment, the app's key and the place of each claim. Apps that share a profile share the place.
    places: BTreeSet<(String, Span, Span)>,
}

#[derive(Debug)]
pub(super) struct Claim {
    pub(super) span: Span,
    /// The app, such as `app/web`, and its key in the spec.
    pub(super) app: (String, Span),
    /// The domain of its environment, and the span of that domain.
    pub(super) domain: (String, Option<Span>),
    pub(super) environment: String,
}

/// The claims of two declarations to the same hosts.
#[derive(Default)]
struct Clash {
    hosts: Vec<String>,
    environments: Vec<String>,
    /// Both apps, with their environments where these differ.
    by: [String; 2],
}

impl Hosts {
    pub(super) fn claim(&mut self, host: String, via: Via, path: Option<String>, claim: Claim) {
        if path.is_none() {
            self.whole.insert((host.clone(), via));
        }
        // A declaration that applies to several regions is one claim; in several environments, there is one claim for each.
        self.places.insert((claim.environment.clone(), claim.app.1, claim.span));
        self.claims.entry((host, via, path.unwrap_or_else(|| "/".to_owned()))).or_default().push(claim);
    }

    /// Whether the app has claimed the hosts of the declaration in another region of the environment.
    pub(super) fn seen(&self, span: Span, app: Span, environment: &Name) -> bool {
        self.places.contains(&(environment.to_string(), app, span))
    }

    /// Reports hosts and paths with two claims, in one finding for each pair of declarations.
    pub(super) fn report(&self, found: &mut Diagnostics) {
        let mut pairs: BTreeMap<[(Span, Span); 2], Clash> = BTreeMap::new();
        let mut by_path: BTreeMap<(&str, Via, &str), Vec<&Claim>> = BTreeMap::new();
        for ((host, via, path), claims) in &self.claims {
            let path = if self.whole.contains(&(host.clone(), *via)) { "/" } else { path };
            by_path.entry((host, *via, path)).or_default().extend(claims);
        }
        for ((host, _, path), mut claims) in by_path {
            let shown = if path == "/" { format!("`{host}`") } else { format!("`{host}{path}`") };
            claims.sort_by_key(|claim| claim.span);
            let Some((first, others)) = claims.split_first() else { continue };
            for claim in others {
                // The same declaration of one app in two environments: the environments have the same domain.
                let is_same = claim.span == first.span && claim.app == first.app;
                let (first_at, at) = if is_same && claim.domain.0 == first.domain.0 {
                    (first.domain.1.unwrap_or(first.span), claim.domain.1.unwrap_or(claim.span))
                } else {
                    (first.span, claim.span)
                };
                let Clash { hosts, environments, by } = pairs.entry([(first_at, first.app.1), (at, claim.app.1)]).or_default();
                if hosts.is_empty() {
                    let place = |one: &Claim| {
                        let other = first.environment != claim.environment;
                        if other { format!("`{}` in `{}`", one.app.0, one.environment) } else { format!("`{}`", one.app.0) }
                    };
                    *by = [place(first), place(claim)];
                }
                hosts.push(shown.clone());
                environments.push(claim.environment.clone());
            }
        }
        for ([(first, first_app), (at, app)], Clash { mut hosts, mut environments, by: [first_by, by] }) in pairs {
            hosts.dedup();
            environments.dedup();
            let verb = if hosts.len() == 1 { "is" } else { "are" };
            let by = if first_by == by { format!("by {by}") } else { format!("by {first_by} and by {by}") };
            let mut diagnostic = Diagnostic::new(Code::HostTaken, format!("{} {verb} claimed twice: {by}", hosts.join(" and "))).at(at);
            if first != at {
                diagnostic = diagnostic.related(first, "first claimed here");
            } else if first_app != app {
                // One profile declares both.
                diagnostic = diagnostic.related(first_app, "claimed by this app").related(app, "and by this one");
            }
            diagnostic = diagnostic.help("give one of them another host, path or domain");
            diagnostic.environments = environments;
            found.push(diagnostic);
        }
    }
}
