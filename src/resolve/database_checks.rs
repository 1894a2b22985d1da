//! Checks of stores whose servers an operator runs: keys that the operator decides, versions, sizes, users, settings, and servers against zones.
//!
//! Reports findings and resolves nothing.

use super::engines::{self, Operated};
use super::names::Entry;
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic, Severity, wording};
use crate::kinds::Operator;
use crate::model::{Placement, Region};
use crate::source::Span;
use crate::spec::{Store, StoreSize, StoreUser};
use crate::value::{ImageTag, Name};

/// How many servers of a store are possible, and which of them have to be there.
#[derive(Clone, Copy)]
pub(super) struct Votes {
    /// The program that runs the servers.
    title: &'static str,
    /// As in [`Operated`].
    most_servers: Option<u32>,
    /// As in [`Operated`].
    voters: Option<(u32, &'static str)>,
}

impl Votes {
    /// Sentinels elect another server by a majority of all of them, and there is one beside each server.
    pub(super) const SENTINELS: Votes = Votes { title: "Sentinel", most_servers: None, voters: Some((u32::MAX, "servers")) };

    pub(super) fn of(operated: &Operated) -> Votes {
        Votes { title: operated.title(), most_servers: operated.most_servers, voters: operated.voters }
    }
}

impl EnvironmentResolver<'_> {
    /// Checks a store whose pods an operator makes.
    pub(super) fn check_database(&mut self, entry: &Entry, store: &Store, operated: &Operated) {
        let engine = store.engine.get().map_or("", |engine| engine.name());
        let of_pods = [
            ("args", store.args.span()),
            ("command", store.command.span()),
            ("config", store.config.span()),
            ("files", store.files.span()),
            ("init", store.init.span()),
            ("kubernetes", store.kubernetes.span()),
            ("metrics", store.metrics.span()),
            ("probes", store.probes.span()),
            ("rotation", store.rotation.span()),
            ("secrets", store.secrets.span()),
            ("secrets_from", store.secrets_from.span()),
            ("security", store.security.span()),
            ("sidecars", store.sidecars.span()),
            ("start", store.start.span()),
            ("stop", store.stop.span()),
            ("tmp", store.tmp.span()),
            ("workdir", store.workdir.span()),
            ("resources.gpu", store.resources.at(|resources| &resources.gpu).span()),
        ];
        for (key, at) in written(of_pods).into_iter().filter(|(_, at)| self.is_of_the_user(*at)).collect::<Vec<_>>() {
            let message = format!("`{key}` can't be combined with `engine: {engine}`: {} makes the pods", operated.title());
            let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).help(format!("remove `{key}`"));
            self.tell(store.engine.span().into_iter().fold(diagnostic, |all, engine| all.related(engine, "the engine is chosen here")));
        }
        for (key, at) in written([("port", store.port.span()), ("ports", store.ports.span())]) {
            let port = store.engine.get().and_then(|engine| engines::of(*engine).port).map_or(0, |(_, port)| port);
            let message = format!("`{key}` can't be combined with `engine: {engine}`, which always listens on {port}");
            self.contradiction(message, at, store.engine.span());
        }
        if operated.chooses_images() {
            for (key, at) in written([("image", store.image.span()), ("tag", store.tag.span())]) {
                let message = format!("`{key}` can't be combined with `engine: {engine}`: {} chooses the image", operated.title());
                let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).help("say `version` instead");
                self.tell(store.engine.span().into_iter().fold(diagnostic, |all, engine| all.related(engine, "the engine is chosen here")));
            }
        }
        self.check_version(entry, store, operated, engine);
        self.check_amounts(store, operated, engine);
        self.check_users(entry, store, operated);
        match (operated.databases, store.name.spanned()) {
            (Some(wrong), Some((name, at))) => self.check_database_name(name, at, wrong),
            (Some(wrong), None) if store.name.is_missing() => self.check_database_name(entry.name.as_str(), entry.key, wrong),
            (Some(_), None) => {}
            (None, name) => {
                let owners = store.users.entries().filter_map(|(_, _, user)| Some(("owner", user.owner.span()?)));
                for (key, at) in name.map(|(_, at)| ("name", at)).into_iter().chain(owners) {
                    let message = format!("`{key}` can't be combined with `engine: {engine}`, which has no databases");
                    self.contradiction(message, at, store.engine.span());
                }
            }
        }
        self.check_parameters(store, operated);
        match operated.operator {
            Operator::Strimzi => self.check_copies_of_topics(entry, store, operated),
            Operator::PerconaMongodb => self.check_setting_sections(store),
            Operator::CloudNativePg | Operator::PerconaMysql | Operator::Rabbitmq => {}
        }
    }

    fn check_version(&mut self, entry: &Entry, store: &Store, operated: &Operated, engine: &str) {
        let versions = operated.versions();
        if let Some((version, at)) = store.version.spanned().filter(|(version, _)| operated.named(version).is_none()) {
            let message = format!("`{version}` is not a version of `{engine}` that this version renders");
            let other = if operated.chooses_images() { "" } else { "; for another minor version, name its image under `image`" };
            let choose = format!("write {}{other}", wording::either(&versions));
            self.tell(Diagnostic::new(Code::UnknownValue, message).at(at).suggest(operated.version_of(version), choose));
        } else if store.version.is_missing() && (store.image.is_missing() || operated.chooses_images()) && !self.lacks_profile(entry) {
            // A default would upgrade the data of every store with the next version of platgen.
            let diagnostic = Diagnostic::new(Code::MissingField, "`version` is missing").at(entry.key);
            self.tell(diagnostic.help(format!("add `version:` with {}", wording::either(&versions))));
        }
        if operated.chooses_images() {
            return;
        }
        // `tag` replaces the tag of `image`.
        let (tag, shown, at) = match (store.tag.spanned(), store.image.spanned()) {
            (Some((tag, at)), _) => {
                // An invalid tag is reported with the image.
                let Ok(tag) = tag.parse::<ImageTag>() else { return };
                (Some(tag.clone()), format!("`tag: {tag}`"), at)
            }
            (None, Some((image, at))) if store.tag.is_missing() => (image.tag().cloned(), format!("the tag of `{image}`"), at),
            (None, _) => return,
        };
        if tag.is_none_or(|tag| operated.version_of(tag.as_ref()).is_none()) {
            let message = format!("{shown} does not start with a version of `{engine}`");
            let (versions, release) = (wording::either(&versions), operated.release());
            let help = format!("name an image for the operator whose tag starts with {versions}, such as `{release}`");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
        }
    }

    fn check_amounts(&mut self, store: &Store, operated: &Operated, engine: &str) {
        // The engine has a default of its own, which is enough.
        let memory = store.resources.at(|resources| &resources.memory).spanned().filter(|(_, at)| self.is_of_the_user(*at));
        let memory = memory.map(|(range, at)| ("memory", range.request().clone(), at));
        let storage = store.storage.spanned().and_then(|(size, at)| match size {
            StoreSize::Size(size) => Some(("storage", size.clone(), at)),
            StoreSize::None => None,
        });
        let least = [(memory, operated.least_memory), (storage, operated.least_storage)];
        for ((key, amount, at), least) in least.into_iter().filter_map(|(amount, least)| Some((amount?, least))) {
            if amount.bytes() < least {
                let message = format!("`{key}: {amount}` is too little for a server of `{engine}`");
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("write at least `{}Mi`", least >> 20)));
            }
        }
        if store.storage.get() == Some(&StoreSize::None) {
            let message = format!("`storage: none` can't be combined with `engine: {engine}`, which keeps data");
            let at = store.storage.span();
            at.into_iter().for_each(|at| self.contradiction(message.as_str(), at, store.engine.span()));
        }
        if let Some((0, at)) = store.replicas.spanned().map(|(replicas, at)| (*replicas, at)) {
            self.error(Code::InvalidValue, "`replicas: 0`: a store has at least one server", at);
        }
    }

    /// Somebody can sign in, and every database has an owner: the only user, or the one that says so.
    pub(super) fn check_users(&mut self, entry: &Entry, store: &Store, operated: &Operated) {
        let users: Vec<(&Name, Span, &StoreUser)> = store.users.entries().collect();
        if users.is_empty() && !store.users.is_bad() && !store.users.get().is_some_and(|users| users.is_broken()) {
            let diagnostic = Diagnostic::new(Code::MissingField, "`users` is missing: nobody could sign in").at(entry.key);
            self.tell(diagnostic.help("add `users: {app: {}}`"));
        }
        let (reserved, what) = operated.reserved_users;
        for (name, at, _) in users.iter().filter(|(name, ..)| reserved.contains(&name.as_str())) {
            let message = format!("`{name}` is {what}");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(*at).help("choose another name"));
        }
        for (name, at, _) in users.iter().filter(|(name, ..)| operated.longest_user.is_some_and(|most| name.as_str().len() > most)) {
            let most = operated.longest_user.unwrap_or_default();
            let message = format!(
                "`{name}` has {} characters, and a user of {} has at most {most}",
                name.as_str().len(),
                operated.operator.facts().engine
            );
            self.tell(Diagnostic::new(Code::NameTooLong, message).at(*at).help("choose a shorter name"));
        }
        if let (Some(most), [.., (_, at, _)]) = (operated.most_users, &users[..])
            && users.len() > most
        {
            let message = format!("{} makes {} of a store", operated.title(), wording::Count(most, "user"));
            let help = "keep one user here, and make the others in the running store, as its part of the region's README.md shows";
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(*at).help(help));
        }
        if operated.databases.is_none() {
            return;
        }
        let owners: Vec<(&Name, Span)> = users
            .iter()
            .filter(|(_, _, user)| user.owner.is_true())
            .filter_map(|(name, _, user)| Some((*name, user.owner.span()?)))
            .collect();
        if let [(_, first), (_, second), ..] = owners[..] {
            let message = format!("`{}` has several owners, and a database has one", entry.display());
            self.contradiction(message, second, Some(first));
        }
        if let ([], [(first, ..), _, ..]) = (&owners[..], &users[..]) {
            let at = store.users.span().unwrap_or(entry.key);
            let message = format!("`owner` is missing: `{}` has several users", entry.display());
            let help = format!("write `owner: true` for the user that owns the database, such as `{first}`");
            self.tell(Diagnostic::new(Code::MissingField, message).at(at).help(help));
        }
    }

    pub(super) fn check_database_name(&mut self, name: &str, at: Span, wrong: fn(&str) -> Option<&'static str>) {
        if let Some(problem) = wrong(name) {
            self.tell(Diagnostic::new(Code::InvalidValue, format!("the database can't have the name `{name}`")).at(at).help(problem));
        }
    }

    fn check_parameters(&mut self, store: &Store, operated: &Operated) {
        for (name, at, value) in store.parameters.entries() {
            if (operated.fixed)(name) {
                let message = format!("`{name}` is set by {} itself", operated.title());
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("remove `{name}`")));
            } else if !(operated.setting.0)(name) {
                let message = format!("`{name}` is not the name of a setting");
                let (facts, (_, example)) = (operated.operator.facts(), operated.setting);
                let help = format!("write it as {} does, such as `{example}`", facts.engine);
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
            } else if let Some(sign) = value.chars().find(|sign| operated.unwritable.contains(sign)) {
                let message = format!("the value of `{name}` has a {sign:?}, which the file of the settings can't hold");
                let help = format!("write the value without it, or change the setting in the running {}", operated.operator.facts().engine);
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
            }
        }
    }

    /// Settings of MongoDB stand in sections: a name is that of a setting or of a section.
    fn check_setting_sections(&mut self, store: &Store) {
        let names: Vec<(&String, Span)> = store.parameters.entries().map(|(name, at, _)| (name, at)).collect();
        for (name, at) in &names {
            let below = |other: &str| other.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'));
            if let Some((setting, place)) = names.iter().find(|(other, _)| below(other)) {
                let diagnostic =
                    Diagnostic::new(Code::Contradiction, format!("`{name}` can't be a setting beside `{setting}`, which is a part of it"));
                self.tell(diagnostic.at(*at).related(*place, "the part is set here").help(format!("remove `{name}` or `{setting}`")));
            }
        }
    }

    /// Servers of which a majority has to be there are of an odd number, and the loss of one zone leaves a majority.
    pub(super) fn check_majority(&mut self, entry: &Entry, store: &Store, votes: Votes, region: &Region) {
        let Some((members, at)) = store.replicas.spanned().map(|(members, at)| (*members, at)).filter(|(members, _)| *members > 1) else {
            return;
        };
        if let Some(most) = votes.most_servers.filter(|most| members > *most) {
            let message = format!("{} runs at most {most} servers of a store", votes.title);
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("write `replicas: {most}` or less")));
            return;
        }
        let Some((most, are)) = votes.voters else { return };
        let (name, zones, members) = (entry.display(), region.zones.len(), members.min(most));
        if members % 2 == 0 {
            let lost = (members - 1) / 2;
            let message = format!(
                "`{name}` serves while a majority of its {are} is there: {members} {are} survive the loss of {lost}, no more than {} would",
                members - 1
            );
            let help = format!("write `replicas: {}` or `replicas: {}`", members - 1, members.saturating_add(1));
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
        } else if zones == 2 {
            let message = format!(
                "`{name}` serves while a majority of its {members} {are} is there, and one of the 2 zones of `{}` has {} of them: its loss stops the store",
                region.name,
                members.div_ceil(2)
            );
            let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at);
            let zones = self.spec.regions.value(region.name.as_str()).and_then(|region| region.zones.span());
            let diagnostic = zones.into_iter().fold(diagnostic, |all, zones| all.related(zones, "the zones are declared here"));
            self.tell(diagnostic.help("give the region 3 zones, or write `replicas: 1`"));
        }
    }

    /// Warns of servers that wait for ever: each has a zone of its own, and fewer zones have nodes for them.
    pub(super) fn check_zones(&mut self, entry: &Entry, store: &Store, votes: Votes, region: &Region, placement: &Placement) {
        let Some((members, at)) = store.replicas.spanned().map(|(members, at)| (*members, at)) else { return };
        let there = u32::try_from(region.zones_of(placement).len()).unwrap_or(u32::MAX);
        let pool = region.cluster.pools.iter().filter(|pool| placement.admits(pool)).max_by_key(|pool| pool.nodes.1);
        // Where no zone has nodes, no pod has room, which is told of every workload.
        let Some(pool) = pool.filter(|_| (1..members).contains(&there) && !self.has_faulty_pools(region)) else { return };
        let message = format!(
            "{} of the {members} servers of `{}` {} for ever: each has a zone of its own, and {there} of the {} zones of `{}` {} nodes for them",
            members - there,
            entry.display(),
            if members - there == 1 { "waits" } else { "wait" },
            region.zones.len(),
            region.name,
            if there == 1 { "has" } else { "have" }
        );
        let fewer = if votes.voters.is_some() && there % 2 == 0 { there - 1 } else { there };
        let help = format!("raise `nodes` of `{}` to {members} or more, or write `replicas: {fewer}`", pool.name);
        self.tell(Diagnostic { severity: Severity::Warning, ..Diagnostic::new(Code::NoRoom, message).at(at).help(help) });
    }
}
