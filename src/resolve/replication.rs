//! Stores of several servers that copy each other's data: the servers, and the Sentinels beside them.
//!
//! Redis and Valkey have no operator that runs both, so their own Sentinels elect another server when the one that takes the writes is lost. Clients need not
//! know of Sentinels: the proxies send them to that server under the store's own name.

use super::EnvironmentResolver;
use super::consumer::Consumer;
use super::database_checks::Votes;
use super::engines::{self, Keeps, Programs};
use super::names::Entry;
use super::provenance::RecordPath;
use super::volumes::{Pod, unique};
use crate::model::{
    ConfigFile, Container, FileContent, Flow, Medium, Mount, Placement, PodFact, Probe, ProbeAction, Probes, Region, Replication, Source,
    Spread, User, Variable, Volume, headless_name,
};
use crate::spec::Store;
use crate::value::{Name, NetworkPort, NetworkPorts, Quantity};

/// What servers and Sentinels start with, and what is asked of them.
const SERVERS: &str = include_str!("../../templates/output/replication/servers.sh");

/// The folder of these files in the containers.
pub(super) const FOLDER: &str = "/platgen";

/// The folder of the server's own configuration, which has passwords: in memory.
const RUN: &str = "/platgen/run";

/// The folder of the data.
const DATA: &str = "/data";

/// The port of a Sentinel.
const SENTINEL_PORT: u16 = 26379;

/// Seconds that a server has to stop: 20 for the next one to catch up and take over, 10 for its own end, and as many to spare.
pub(super) const STOP: u64 = 40;

/// Request and limit of processors in thousandths, and memory in bytes, of a Sentinel.
const SENTINEL_AMOUNTS: Amounts = ((20, 200), 64 << 20);

/// Request and limit of processors in thousandths, and memory in bytes, of a proxy. It has 4000 connections, each with buffers of 32 KiB while something is
/// under way.
pub(super) const PROXY_AMOUNTS: Amounts = ((50, 500), 256 << 20);

/// Request and limit of processors in thousandths, and memory in bytes.
type Amounts = ((u64, u64), u64);

/// What follows from several servers.
pub(super) struct Replicated {
    /// The Sentinel beside a server.
    pub(super) sentinel: Container,
    pub(super) replication: Replication,
    /// What servers and Sentinels call of each other.
    pub(super) flow: Flow,
}

/// The probes of a server. A server that follows is ready once it has everything that the writer has: only then may another one be taken away.
pub(super) fn probes() -> Probes {
    Probes { ready: ask("ready"), live: ask("live"), start: None }
}

/// A probe that asks the script.
fn ask(what: &str) -> Option<Probe> {
    Some(Probe { timeout: Some(5), ..plain(ProbeAction::Exec { command: script(what) }) })
}

/// A probe with the default intervals of Kubernetes.
pub(super) fn plain(action: ProbeAction) -> Probe {
    Probe { action, after: None, every: None, timeout: None, failures: None }
}

fn script(what: &str) -> Vec<String> {
    ["sh", "/platgen/servers.sh", what].map(str::to_owned).to_vec()
}

impl EnvironmentResolver<'_> {
    /// Makes the server of a store one of several.
    pub(super) fn replicate(
        &mut self,
        consumer: &Consumer<'_>,
        store: &Store,
        programs: Programs,
        (settings, keeps): (&[(String, String)], Keeps),
        (main, pod): (&mut Container, &mut Pod),
    ) -> Option<Replicated> {
        let (namespace, name) = (consumer.namespace, consumer.name);
        let members = store.replicas.get().copied()?;
        let port = main.ports.first().map(|(_, port)| port.number())?;
        let system = engines::system_password(namespace, name, Replication::SYSTEM)?;
        let with_password = |user: &Name| Some(User { name: user.clone(), password: engines::password(namespace, name, user)? });
        let users: Vec<User> = store.users.entries().filter_map(|(user, ..)| with_password(user)).collect();
        let data = main.mounts.iter().find(|mount| mount.path == DATA).cloned()?;

        let words = [
            ("<auth>", programs.password.to_owned()),
            ("<cli>", programs.client.to_owned()),
            ("<server>", programs.server.to_owned()),
            ("<servers>", members.to_string()),
            ("<port>", port.to_string()),
            ("<keeps>", if keeps == Keeps::OnVolume { "volume" } else { "memory" }.to_owned()),
            ("<home>", DATA.to_owned()),
            ("<name>", name.to_string()),
            ("<peers>", headless_name(name)),
        ];
        let text = words.iter().fold(SERVERS.to_owned(), |text, (word, with)| text.replace(word, with));
        let shared = [file("servers.sh", FileContent::Text(text)), file("system", FileContent::Secret(system.clone()))];
        let who = Variable { name: PodFact::Name.variable().to_owned(), value: Source::Fact(PodFact::Name) };

        let ((request, limit), memory) = amounts(SENTINEL_AMOUNTS);
        let sentinel = Container {
            name: Replication::SENTINEL.parse().ok()?,
            command: script("sentinel"),
            args: Vec::new(),
            workdir: None,
            variables: vec![who.clone()],
            secrets: Vec::new(),
            files: shared.to_vec(),
            mounts: vec![data],
            ports: vec![(Replication::SENTINEL.to_owned(), NetworkPort::tcp(SENTINEL_PORT))],
            cpu: Some((request, Some(limit))),
            memory: Some((memory.clone(), memory)),
            gpus: 0,
            probes: Probes { ready: ask("votes"), live: Some(plain(ProbeAction::Tcp { port: SENTINEL_PORT })), start: None },
            stop: Vec::new(),
            before_init: false,
            ..main.clone()
        };

        main.command = script("server");
        main.stop = script("hand-over");
        main.files.extend(shared);
        main.files.push(file("server.conf", FileContent::Text(configuration(&consumer.label, port, settings))));
        main.files.extend(users.iter().map(|user| file(&format!("users/{}", user.name), FileContent::Secret(user.password.clone()))));
        if !main.variables.iter().any(|known| known.name == who.name) {
            main.variables.insert(0, who);
        }
        let run = unique("run", RUN, pod);
        pod.volumes.push(Volume::Tmp { name: run.clone(), medium: Medium::Memory, size: Quantity::from_bytes(1 << 20) });
        main.mounts.push(Mount { volume: run, path: RUN.to_owned(), read_only: false });

        let at = &consumer.at;
        for user in users.iter().filter(|_| self.records()) {
            self.record_entry(at, || (format!("users.{}.password", user.name), &user.password, format!("{}.users", at.entry)));
        }
        self.record_entry(at, || ("system_users.replication.password", &system, format!("{}.replicas", at.entry)));
        self.record_entry(at, || ("sentinel.memory", Quantity::from_bytes(SENTINEL_AMOUNTS.1), format!("{}.replicas", at.entry)));
        self.record_entry(at, || ("proxies.memory", Quantity::from_bytes(PROXY_AMOUNTS.1), format!("{}.replicas", at.entry)));
        let own = consumer.peer();
        let ports = NetworkPorts::new(NetworkPort::tcp(port), [NetworkPort::tcp(SENTINEL_PORT)]);
        let why = format!("servers of {} call each other", consumer.label);
        let span = store.replicas.span().unwrap_or(consumer.entry.key);
        let flow = Flow { from: own.clone(), to: own, ports, why, span };
        Some(Replicated { sentinel, replication: Replication::Servers { users, system, client: programs.client }, flow })
    }

    /// Lets each server have a zone of its own, or wait for one, as far as there are enough: the loss of one zone then leaves a majority.
    pub(super) fn one_per_zone(
        &mut self,
        entry: &Entry,
        store: &Store,
        region: &Region,
        (placement, members): (&mut Placement, u32),
        at: &RecordPath,
    ) {
        let zones = u32::try_from(region.zones.len()).unwrap_or(u32::MAX);
        let is_strict = placement.spread == Spread::Hard;
        if is_strict {
            placement.min_domains = Some(members.min(zones));
        }
        let one_per_zone = is_strict && members <= zones;
        self.record_entry(at, || ("one_per_zone", one_per_zone, format!("{}.replicas and the zones of the region", at.entry)));
        if one_per_zone {
            self.check_zones(entry, store, Votes::SENTINELS, region, placement);
        }
    }
}

pub(super) fn file(name: &str, content: FileContent) -> ConfigFile {
    ConfigFile { path: format!("{FOLDER}/{name}"), content, mode: None }
}

pub(super) fn amounts(((request, limit), memory): Amounts) -> ((Quantity, Quantity), Quantity) {
    ((Quantity::from_millis(request.into()), Quantity::from_millis(limit.into())), Quantity::from_bytes(memory))
}

/// The settings that all servers of a store have. A writer that no other server follows, or only behind the time, takes no writes: when it is cut off from
/// the others, they elect another one, and what it took would be lost.
pub(super) const WRITES: [(&str, &str); 2] = [("min-replicas-to-write", "1"), ("min-replicas-max-lag", "10")];

/// What a server on a volume does when its memory is full: it refuses writes, before the container reaches its limit. A server that was killed for its memory
/// would be followed by one with the same data and the same limit. A quarter of the limit is left for connections, copies and the rewrite of its file.
pub(super) fn full(keeps: Keeps, main: &Container) -> impl Iterator<Item = (String, String)> + use<> {
    let limit = main.memory.as_ref().filter(|_| keeps == Keeps::OnVolume).map(|(_, limit)| limit.bytes());
    let most = limit.map(|limit| ("maxmemory".to_owned(), format!("{}mb", (limit / 4 * 3) >> 20)));
    most.into_iter().flat_map(|most| [most, ("maxmemory-policy".to_owned(), "noeviction".to_owned())])
}

/// The configuration that all servers of a store have.
fn configuration(label: &str, port: u16, settings: &[(String, String)]) -> String {
    let mut text = format!(
        "# What every server of {label} has. servers.sh adds its name, the users, and the server that it follows.\n\
         bind * -::*\nport {port}\nprotected-mode no\ndir {DATA}\n"
    );
    for (name, value) in settings {
        text.push_str(&format!("{name} {}\n", quoted(value)));
    }
    text
}

/// A value in a configuration: in quotation marks unless it is one plain word.
fn quoted(value: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "-_./:".contains(sign);
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_no_line_and_no_quotes() {
        let all = ["900 1", "", "a\"b\\c", "a\nuser x on nopass", "64mb"].map(quoted);
        assert_eq!(all, ["\"900 1\"", "\"\"", "\"a\\\"b\\\\c\"", "\"a\\nuser x on nopass\"", "64mb"]);
    }
}
