//! `teams` and `observability.page` and `ticket`: who is told of the alerts of each team that owns something.

use super::EnvironmentResolver;
use super::flows::unite;
use super::regions::RegionSpec;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{AlertRoute, MailServer, Platform, Receiver};
use crate::source::Span;
use crate::spec;
use crate::syntax::Field;
use crate::value::{Name, SecretRef};
use std::collections::{BTreeMap, BTreeSet};

/// A receiver, and where the spec has it.
type Found = Option<(Receiver, Span)>;

impl EnvironmentResolver<'_> {
    /// Gives the monitoring of each region the routes of alerts. Reports a team that owns something and that nobody can reach.
    pub(super) fn routes(&mut self, platform: &mut Platform) {
        if !self.is_monitored() {
            return;
        }
        let mut owned: BTreeMap<Name, String> = BTreeMap::new();
        let mut by_region: Vec<(String, BTreeSet<Name>)> = Vec::new();
        for (name, region) in platform.regions.iter().filter(|(_, region)| region.is_monitored()) {
            let of_workloads = region.workloads.values().map(|workload| {
                let kind = if workload.is_store() { "store" } else { "app" };
                (workload.owner.clone(), format!("`{kind}/{}`", workload.name))
            });
            let of_namespaces = platform.namespaces_in(region).map(|one| (one.owner.clone(), format!("the namespace `{}`", one.name)));
            let mut owners = BTreeSet::new();
            for (owner, what) in of_workloads.chain(of_namespaces).chain([(platform.owner.clone(), "the platform".to_owned())]) {
                owners.insert(owner.clone());
                owned.entry(owner).or_insert(what);
            }
            by_region.push((name.clone(), owners));
        }
        let mut routes: BTreeMap<Name, AlertRoute> = BTreeMap::new();
        let (mut pages, mut mailed) = (false, None);
        for (owner, what) in owned {
            let [page, ticket] = self.receivers_of(&owner);
            for (receiver, at) in [&page, &ticket].into_iter().flatten() {
                mailed = mailed.or_else(|| matches!(receiver, Receiver::Mail(_)).then_some(*at));
            }
            if page.is_none() && ticket.is_none() {
                self.unreachable(&owner, &what);
            }
            pages |= page.is_some();
            let [page, ticket] = [page, ticket].map(|found| found.map(|(receiver, _)| receiver));
            let route = AlertRoute { owner: owner.clone(), page, ticket };
            self.record_route(&route);
            routes.insert(owner, route);
        }
        if platform.protected && !pages {
            self.nobody_is_paged();
        }
        if platform.protected && self.spec.observability.at(|all| &all.heartbeat).is_missing() {
            self.no_heartbeat();
        }
        let mail = mailed.and_then(|at| self.mail(at));
        for (name, owners) in by_region {
            let mut ordered: Vec<AlertRoute> = owners.iter().filter_map(|owner| routes.get(owner).cloned()).collect();
            // The order is stable, so that the others stay sorted by name.
            ordered.sort_by_key(|route| route.owner != platform.owner);
            let Some(region) = platform.regions.get_mut(&name) else { continue };
            if let Some(monitoring) = region.monitoring.as_mut() {
                monitoring.mail = mail.clone().filter(|_| ordered.iter().any(AlertRoute::tells_by_mail));
                monitoring.routes = ordered;
                let flows = self.flows_to_receivers(monitoring);
                region.flows = unite(std::mem::take(&mut region.flows).into_iter().chain(flows).collect());
            }
        }
    }

    /// The value that holds the URL of a region's heartbeat. An environment that has no nodes at night has none: its silence is no fault.
    pub(super) fn heartbeat(&self, place: &RegionSpec) -> Option<SecretRef> {
        let path = self.spec.observability.at(|all| &all.heartbeat).get()?;
        let sleeps = self.own_environment().is_some_and(|environment| !environment.night.is_missing());
        let value = format!("{path}#{}", place.name).parse().ok().filter(|_| !sleeps)?;
        self.record(|| (format!("regions.{}.monitoring.heartbeat", place.name), &value, "observability.heartbeat and the region"));
        Some(value)
    }

    /// The receivers of a team: its own, else those of `observability`.
    fn receivers_of(&self, owner: &Name) -> [Found; 2] {
        let (team, all) = (self.spec.teams.value(owner.as_str()), self.spec.observability.get());
        let own = |of: fn(&spec::Team) -> &Field<spec::Receiver>| team.map(of).filter(|field| !field.is_missing());
        let page = own(|team| &team.page).or(all.map(|all| &all.page));
        let ticket = own(|team| &team.ticket).or(all.map(|all| &all.ticket));
        [found(page), found(ticket)]
    }

    /// The server that sends mails. `at` is a receiver that needs it.
    fn mail(&mut self, at: Span) -> Option<MailServer> {
        let Some((mail, mail_at)) = self.spec.observability.at(|all| &all.mail).spanned() else {
            if !self.spec.observability.at(|all| &all.mail).is_bad() {
                let message = "nothing sends mails: `observability` has no `mail`";
                let help = "name the server, such as `observability: {mail: {host: smtp.shop.example, port: 587, from: alerts@shop.example}}`, or write `pagerduty`, `slack` or `webhook`";
                self.tell(Diagnostic::new(Code::MissingField, message).at(at).help(help));
            }
            return None;
        };
        let host = self.require(&mail.host, "host", mail_at).cloned();
        let port = self.require(&mail.port, "port", mail_at).map(|port| port.get());
        let from = self.require(&mail.from, "from", mail_at).cloned();
        let login = match (mail.user.get(), mail.password.get()) {
            (Some(user), Some(password)) => Some((user.clone(), password.clone())),
            (Some(_), None) => {
                let diagnostic = Diagnostic::new(Code::MissingField, "`password` is missing").at(mail_at);
                self.tell(diagnostic.help("add the secret that holds it, such as `password: \"monitoring/mail#password\"`"));
                None
            }
            (None, Some(_)) => {
                self.require(&mail.user, "user", mail_at);
                None
            }
            (None, None) => None,
        };
        Some(MailServer { host: host?, port: port?, from: from?, login })
    }

    /// Reports a team whose alerts nobody would see.
    fn unreachable(&mut self, owner: &Name, what: &str) {
        let Some(team) = self.spec.teams.find(owner.as_str()) else { return };
        // A receiver that could not be read is reported itself.
        let faulty = |field: &Field<spec::Receiver>| field.is_bad() || field.get().is_some_and(is_faulty);
        let (own, all) = (team.value.get(), self.spec.observability.get());
        let fields =
            own.into_iter().flat_map(|team| [&team.page, &team.ticket]).chain(all.into_iter().flat_map(|all| [&all.page, &all.ticket]));
        if fields.into_iter().any(faulty) {
            return;
        }
        let message = format!("nobody receives the alerts of `{owner}`, which owns {what}");
        let help = format!(
            "add `page: {{pagerduty: \"{owner}/pagerduty#key\"}}` and `ticket: {{slack: \"{owner}/slack#url\"}}` to the team, or to `observability` for all teams"
        );
        self.tell(Diagnostic::new(Code::NoReceiver, message).at(team.key).help(help));
    }

    /// Warns that a protected environment wakes nobody up.
    fn nobody_is_paged(&mut self) {
        let Some(at) = self.monitored_at() else { return };
        let message =
            format!("no team has a `page` receiver: critical alerts of `{}` wait until somebody reads a ticket", self.environment);
        let help = "add `page` to the teams or to `observability`, such as `page: {pagerduty: \"sre/pagerduty#key\"}`";
        self.tell(Diagnostic::new(Code::NoPage, message).at(at).help(help));
    }

    /// Warns that nobody notices when a region of a protected environment sends no alerts any more.
    fn no_heartbeat(&mut self) {
        let Some(at) = self.monitored_at() else { return };
        let message = format!("nobody notices when the monitoring of `{}` itself stops", self.environment);
        let help = "write `heartbeat: monitoring/heartbeat`, the path of a secret with a key for each region: the URL of a service outside that alerts when no call comes";
        self.tell(Diagnostic::new(Code::NoHeartbeat, message).at(at).help(help));
    }

    /// Records whom the alerts of a team reach.
    fn record_route(&self, route: &AlertRoute) {
        for (kind, receiver) in [("page", &route.page), ("ticket", &route.ticket)] {
            if let Some(receiver) = receiver {
                let own = self
                    .spec
                    .teams
                    .value(route.owner.as_str())
                    .is_some_and(|team| !(if kind == "page" { &team.page } else { &team.ticket }).is_missing());
                let from = if own { format!("teams.{}.{kind}", route.owner) } else { format!("observability.{kind}") };
                self.record(|| (format!("alerts.{}.{kind}", route.owner), receiver.target(), from));
            }
        }
    }
}

/// A receiver of the spec as Alertmanager has it.
fn found(field: Option<&Field<spec::Receiver>>) -> Found {
    let (receiver, at) = field?.spanned()?;
    let known = [
        receiver.pagerduty.get().cloned().map(Receiver::PagerDuty),
        receiver.slack.get().cloned().map(Receiver::Slack),
        receiver.webhook.get().cloned().map(Receiver::Webhook),
        receiver.email.get().cloned().map(Receiver::Mail),
    ];
    Some((known.into_iter().flatten().next()?, at))
}

/// Whether a part of a receiver could not be read.
fn is_faulty(receiver: &spec::Receiver) -> bool {
    receiver.pagerduty.is_bad() || receiver.slack.is_bad() || receiver.webhook.is_bad() || receiver.email.is_bad()
}
