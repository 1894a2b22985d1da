//! Checks of stores of several servers that copy each other's data: keys that platgen decides, versions, users and settings.
//!
//! Reports findings and resolves nothing.

use super::names::Entry;
use super::replication::FOLDER;
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Percona, Replication};
use crate::source::Span;
use crate::spec::Store;

/// What servers.sh and the model set, sorted.
const FIXED: &[&str] = &[
    "aclfile",
    "appenddirname",
    "bind",
    "cluster-enabled",
    "daemonize",
    "dbfilename",
    "dir",
    "include",
    "masterauth",
    "masteruser",
    "port",
    "primaryauth",
    "primaryuser",
    "protected-mode",
    "rename-command",
    "replica-announce-ip",
    "replica-announce-port",
    "replica-announced",
    "replica-priority",
    "replicaof",
    "requirepass",
    "supervised",
    "tls-port",
    "tls-replication",
    "user",
];

/// The number of servers that have to follow the writer before it takes writes.
const FOLLOWERS: &str = "min-replicas-to-write";

/// The oldest version that Sentinels can watch by the names of servers while some of these names are away.
const OLDEST: u32 = 7;

impl EnvironmentResolver<'_> {
    /// Checks a store of several servers.
    pub(super) fn check_replication(&mut self, entry: &Entry, store: &Store) {
        let several = store.replicas.span();
        let decided = [
            ("args", store.args.span()),
            ("command", store.command.span()),
            ("port", store.port.span()),
            ("ports", store.ports.span()),
            ("probes", store.probes.span()),
            ("start", store.start.span()),
            ("stop", store.stop.span()),
        ];
        for (key, at) in written(decided).into_iter().filter(|(_, at)| self.is_of_the_user(*at)).collect::<Vec<_>>() {
            let message = format!("`{key}` can't be combined with several servers: it follows from how they take each other's place");
            let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).help(format!("remove `{key}`"));
            self.tell(several.into_iter().fold(diagnostic, |all, at| all.related(at, "the servers are several here")));
        }
        let files = store.files.entries().map(|(path, at, _)| (path.as_str(), at));
        let folders = store.tmp.entries().map(|(path, at, _)| (path.as_str(), at));
        let inside = |path: &str| path.strip_prefix(FOLDER).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        for (path, at) in files.chain(folders).filter(|(path, _)| inside(path)).collect::<Vec<_>>() {
            let message = format!("`{path}` is in `{FOLDER}`, where the servers of a store find their own files");
            self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help("choose another path"));
        }
        let beside = store.init.entries().map(|(name, at, _)| (name, at)).chain(store.sidecars.entries().map(|(name, at, _)| (name, at)));
        for (name, at) in beside.filter(|(name, _)| name.as_str() == Replication::SENTINEL).collect::<Vec<_>>() {
            let message = format!("`{name}` is the container that watches the servers of a store");
            self.tell(Diagnostic::new(Code::NameTaken, message).at(at).help("choose another name"));
        }
        self.check_series(store);
        self.check_signing_in(entry, store);
        self.check_settings(store);
    }

    fn check_series(&mut self, store: &Store) {
        let image = || store.image.spanned().and_then(|(image, at)| Some((image.tag()?.to_string(), at)));
        let version = store.version.spanned().or(store.tag.spanned()).map(|(text, at)| (text.clone(), at)).or_else(image);
        let Some((version, at)) = version else { return };
        let figures: String = version.chars().take_while(char::is_ascii_digit).collect();
        if figures.parse::<u32>().is_ok_and(|series| series < OLDEST) {
            let message = format!("`{version}` is too old for several servers: Sentinels know them by names since version {OLDEST}");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("choose a version from {OLDEST} on")));
        }
    }

    fn check_signing_in(&mut self, entry: &Entry, store: &Store) {
        let users: Vec<_> = store.users.entries().collect();
        if users.is_empty() && !store.users.is_bad() && !store.users.get().is_some_and(|users| users.is_broken()) {
            let at = store.replicas.span().unwrap_or(entry.key);
            let diagnostic =
                Diagnostic::new(Code::MissingField, "`users` is missing: nobody could sign in to one of several servers").at(at);
            self.tell(diagnostic.help("add `users: {app: {}}`, and let the clients sign in with name and password"));
        }
        let reserved = [("default", "the user of clients that don't sign in"), (Replication::SYSTEM, "the user of the servers themselves")];
        let reserved = reserved.into_iter().chain([(Percona::SYSTEM, "what the secret of the servers themselves is called")]);
        for (name, what) in reserved {
            for (_, at, _) in users.iter().filter(|(user, ..)| user.as_str() == name) {
                let message = format!("`{name}` is {what}");
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(*at).help("choose another name"));
            }
        }
        let engine = store.engine.get().map_or("", |engine| engine.name());
        for at in users.iter().filter_map(|(_, _, user)| user.owner.span()) {
            self.contradiction(
                format!("`owner` can't be combined with `engine: {engine}`, which has no databases"),
                at,
                store.engine.span(),
            );
        }
    }

    fn check_settings(&mut self, store: &Store) {
        let settings: Vec<(&String, Span, &String)> = store.parameters.entries().collect();
        let members = store.replicas.get().copied().unwrap_or(1);
        for (name, at, value) in settings {
            let is_name = name.starts_with(|first: char| first.is_ascii_lowercase())
                && name.chars().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || "-_.".contains(sign));
            if FIXED.binary_search(&name.as_str()).is_ok() {
                let message = format!("`{name}` of several servers follows from how they take each other's place");
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("remove `{name}`")));
            } else if !is_name {
                let message = format!("`{name}` is not the name of a setting");
                self.tell(
                    Diagnostic::new(Code::InvalidValue, message).at(at).help("write it as the server does, such as `maxmemory-policy`"),
                );
            } else if name.contains("slave") {
                let now = name.replace("slave", "replica");
                let message = format!("`{name}` is the former name of `{now}`");
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("write `{now}`")));
            } else if name == FOLLOWERS && value.parse::<u32>().is_ok_and(|wanted| wanted >= members) {
                let message = format!("`{name}: {value}` lets no server take writes: {} follow it", members - 1);
                let help = format!("write at most `{}`, with which the loss of a zone stops no writes", (members - 1) / 2);
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn settings_are_sorted() {
        assert!(super::FIXED.is_sorted());
    }
}
