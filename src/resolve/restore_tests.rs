//! `restore_test` of stores: the job that makes a database from the newest backup, looks at it and deletes it, and that database.
//!
//! Nothing else runs in their namespace: the restored database has the data of the store, and talks to its bucket, its operator and the API server alone.

use super::EnvironmentResolver;
use super::backup_times::{MINUTE, minutes, nearest, restore, schedule, transfer};
use super::backups::size;
use super::engines;
use super::external::{Outside, Reach};
use super::flows::{api_server, credentials};
use super::names::Entry;
use super::night::UTC;
use super::restore_check::check;
use super::security::USER;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{
    Addon, ApiAccess, Backup, Backups, ConfigFile, Container, Cron, Database, FileContent, Flow, Kind, Operated, Peer, Placement, Probes,
    RESTORE_TESTS, Region, RestoreTest, Restored, Right, Security, Software, Source, Spread, Variable, Workload,
};
use crate::source::Span;
use crate::spec::{self, Store};
use crate::value::{BucketAccess, Duration, KubernetesVersion, Name, NetworkPort, NetworkPorts, Quantity, digest};
use std::collections::BTreeMap;

/// The images of kubectl, each with the oldest cluster that gets it. kubectl talks to clusters that are one minor version older or newer ("Version Skew
/// Policy" in the Kubernetes documentation).
const KUBECTL: [(KubernetesVersion, &str); 2] = [
    (
        KubernetesVersion::new(1, 35),
        "registry.k8s.io/kubectl:v1.36.4@sha256:b8d523e7b8cdc5e3caa0f8891ee9f504abf137dec786e6e0ddd33e4f272c2f13",
    ),
    (
        KubernetesVersion::new(0, 0),
        "registry.k8s.io/kubectl:v1.34.1@sha256:59bafa07ff3a6d4b417e7633ddb9d79a9606ca98bf64bac080b3e65748669250",
    ),
];

/// Seconds in which the database and its volume are gone.
const DELETE: u64 = 5 * MINUTE;

/// Seconds for each half of the check: what the spec declares, and its query.
const CHECK: u64 = 5 * MINUTE;

/// Seconds of a run beside the restore: a node for its pod, what an earlier run left behind, the check, and the end.
const AROUND: u64 = 5 * MINUTE + 2 * DELETE + 2 * CHECK + DELETE;

/// The files of the job.
const FOLDER: &str = "/etc/restore-test";

/// How long the parts of a test may take, in seconds.
struct Times {
    /// Until the restored database is ready.
    limit: u64,
    /// The whole run.
    deadline: u64,
    /// Since the newest copy of all files was begun. There is one in every interval; the next one may be under way when the run starts, and counts once it is
    /// complete.
    oldest: u64,
}

impl Times {
    /// The limit of a restore is its objective. Without one it is twice what a full volume takes at least: the log since the copy is replayed as well.
    fn of(size: &Quantity, every: Duration, rto: Option<Duration>) -> Times {
        let limit = rto.map_or(2 * restore(size), Duration::seconds);
        let deadline = limit + AROUND;
        Times { limit, deadline, oldest: every.seconds() + transfer(size) + deadline }
    }
}

/// The parts of a test that the job and the database have in common.
struct Test<'t> {
    entry: &'t Entry,
    store: &'t Workload,
    region: &'t Region,
    /// The key of `restore_test`.
    span: Span,
}

impl EnvironmentResolver<'_> {
    /// Reports a query of a store or a volume that nobody tests.
    pub(super) fn query_needs_postgres(&mut self, backup: &spec::Backup, engine: Option<Span>) {
        if let Some(at) = backup.restore_test.at(|test| &test.query).span() {
            let message = "`query` needs `engine: postgres`: nothing else has restore tests";
            let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).help("remove `query`");
            self.tell(engine.into_iter().fold(diagnostic, |all, engine| all.related(engine, "the engine is chosen here")));
        }
    }

    /// Reports a test whose interval no schedule has, one that can't end before the next one, and an empty query.
    pub(super) fn check_restore_test(&mut self, store: &Store, backup: &spec::Backup) {
        let Some(test) = backup.restore_test.get() else { return };
        if let Some((_, at)) = test.query.spanned().filter(|(query, _)| query.trim().is_empty()) {
            let diagnostic = Diagnostic::new(Code::InvalidValue, "`query` is empty").at(at);
            self.tell(diagnostic.help("write a query such as `select count(*) > 0 from orders`, or remove `query`"));
        }
        let Some((every, at)) = test.every.spanned().filter(|(every, _)| every.millis() > 0) else { return };
        if schedule(*every, 0).is_none() {
            let message = format!("`{every}` is not an interval of a schedule: it divides no hour and no day, and is not a number of days");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("write `{}`", nearest(*every))));
            return;
        }
        let Some((size, of)) = size(store) else { return };
        let rto = backup.rto.spanned();
        let deadline = Times::of(size, *every, rto.map(|(rto, _)| *rto)).deadline;
        if every.seconds() <= deadline {
            let message = format!("a restore test may take {}, and the next one comes after `{every}`", minutes(deadline));
            let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at);
            let diagnostic = match rto {
                Some((_, rto)) => diagnostic.related(rto, "the time that a restore may take"),
                None => diagnostic.related(of, "the size of the volume"),
            };
            self.tell(diagnostic.help("test less often, such as every `7d`"));
        }
    }

    /// The restore test of a store in a region: its job, the database that the job makes, and their flows. `workload` is the store, with the image that its
    /// nodes pull. None without a test.
    pub(super) fn restore_test(
        &mut self,
        entry: &Entry,
        store: &Store,
        workload: &mut Workload,
        region: &Region,
    ) -> Option<(Vec<Workload>, Vec<Flow>)> {
        let said = store.backup.get()?;
        let (wanted, span) = said.restore_test.spanned()?;
        let kept = workload.backups.kept()?.clone();
        let every = *said.every.get()?;
        let Times { limit, deadline, oldest } = Times::of(size(store)?.0, every, kept.rto);
        let seed = digest(&[workload.namespace.as_str(), workload.name.as_str(), "restore test"], 8);
        // CronJobs have no seconds.
        let times = schedule(*wanted.every.get()?, u64::from_str_radix(&seed, 16).unwrap_or_default())?;
        let (database, job) = RestoreTest::names(&workload.namespace, &workload.name);
        let test = RestoreTest {
            database: database.parse().ok()?,
            job: job.parse().ok()?,
            schedule: times.strip_prefix("0 ")?.to_owned(),
            limit: minutes(limit),
            oldest: minutes(oldest),
            query: wanted.query.get().cloned(),
        };
        let at = self.record_path(entry, &region.name).below("backup.restore_test");
        let of = &at.entry;
        self.record_entry(&at, || ("schedule", &test.schedule, format!("{of}.every and the entry's name")));
        let from = if kept.rto.is_some() { "backup.rto" } else { "storage" };
        self.record_entry(&at, || ("limit", test.limit, format!("stores.{}.{from}", entry.name)));
        self.record_entry(&at, || ("oldest", test.oldest, format!("stores.{}.backup.every and the time of a test", entry.name)));
        self.record_entry(&at, || ("job", format!("{RESTORE_TESTS}/{}", test.job), "the entry's name and namespace"));
        self.record_entry(&at, || ("database", format!("{RESTORE_TESTS}/{}", test.database), "the entry's name and namespace"));
        let parts = Test { entry, store: workload, region, span };
        let restored = self.restored(&parts, &test, &kept)?;
        let runs = parts.job(&test, deadline)?;
        if let Backups::Kept(kept) = &mut workload.backups {
            kept.test = Some(test);
        }
        Some((vec![runs.0, restored.0], runs.1.into_iter().chain(restored.1).collect()))
    }

    /// The restored database. It reads the bucket, and has nothing else of the store's rights.
    fn restored(&self, test: &Test<'_>, names: &RestoreTest, backup: &Backup) -> Option<(Workload, Vec<Flow>)> {
        let Test { entry, store, region, span } = *test;
        let label = format!("the restored database of {}", entry.display());
        let own = test.peer(&names.database);
        let operated = engines::operated(store.store)?;
        let operator = Peer::Addon(Addon::Operator(operated.operator));
        let mut watched = operated.watched.iter().map(|port| NetworkPort::tcp(*port));
        let watched = NetworkPorts::new(watched.next()?, watched);
        let why = format!("{} watches {label}", operated.operator.facts().name);
        let mut flows = vec![Flow { from: operator, to: own.clone(), ports: watched, why, span }];
        let (cidrs, ports) = api_server(region);
        flows.push(Flow { from: own.clone(), to: Peer::Cluster { cidrs }, ports, why: format!("{label} uses the Kubernetes API"), span });
        flows.push(credentials(own.clone(), &label, span));
        let Reach { cidrs, .. } = self.reach(&Outside::object_store(&region.name, span)?, region);
        let to = Peer::Outside { name: format!("the backups of {}", entry.display()), cidrs, app: None, gateway: true };
        flows.push(Flow { from: own, to, ports: NetworkPort::tcp(443).into(), why: format!("{label} reads its backups"), span });

        // One server waits for no other.
        let software = Software::Postgres(Database { durability: None, ..store.database()?.clone() });
        let servers = Operated { software, users: Vec::new(), one_per_zone: false, ..store.operated()?.clone() };
        let kind = Kind::Restored(Box::new(Restored { servers, source: store.name.clone(), url: backup.url.clone() }));
        let main = Container { name: names.database.clone(), ..store.main.clone() };
        let base = test.workload(&names.database, kind, main)?;
        let workload = Workload {
            annotations: store.annotations.clone(),
            sidecars: vec![backup.sidecar.clone()],
            volumes: store.volumes.clone(),
            grace: store.grace,
            fs_group: store.fs_group,
            buckets: BTreeMap::from([(backup.bucket.clone(), BucketAccess::Read)]),
            ..base
        };
        Some((workload, flows))
    }
}

impl Test<'_> {
    fn peer(&self, name: &Name) -> Peer {
        Peer::Workload { region: self.region.name.clone(), namespace: RESTORE_TESTS.to_owned(), name: name.to_string() }
    }

    /// The job, whose containers do one step each. A step that fails ends the run, and leaves the database for a look until the next one.
    fn job(&self, names: &RestoreTest, deadline: u64) -> Option<(Workload, Vec<Flow>)> {
        let kubectl = KUBECTL.iter().find(|(oldest, _)| *oldest <= self.region.cluster.version).map(|(_, image)| *image)?;
        let cluster = format!("clusters.postgresql.cnpg.io/{}", names.database);
        let step = |name: &str, arguments: &[&str]| {
            let here = format!("--namespace={RESTORE_TESTS}");
            let args = arguments.iter().map(ToString::to_string).chain([here]).collect();
            Some(Container { args, ..container(name, kubectl.to_owned(), "/bin/kubectl")? })
        };
        let within = |seconds: u64| format!("--timeout={seconds}s");
        let delete = |name: &str| step(name, &["delete", &cluster, "--ignore-not-found", &within(DELETE)]);
        // The operator would take over a volume that is still there.
        let volume = format!("persistentvolumeclaims/{}-1", names.database);
        let gone = step("volume-gone", &["wait", &volume, "--for=delete", &within(DELETE)])?;
        let manifest = format!("{FOLDER}/cluster.yaml");
        let mut create = step("restore", &["create", &format!("--filename={manifest}")])?;
        let content = FileContent::Restored(format!("{RESTORE_TESTS}/{}", names.database));
        create.files.push(ConfigFile { path: manifest, content, mode: None });
        let ready = step("ready", &["wait", &cluster, "--for=condition=Ready", &within(names.limit.seconds())])?;
        let init = vec![delete("left-over")?, gone, create, ready, self.look(names)?];

        let right = |groups: &str, resources: &str, verbs: &[&'static str], names: &[String]| Right {
            groups: vec![groups.to_owned()],
            resources: vec![resources.to_owned()],
            verbs: verbs.to_vec(),
            names: names.to_vec(),
        };
        const OPERATOR: &str = "postgresql.cnpg.io";
        let rights = vec![
            right(OPERATOR, "clusters", &["create"], &[]),
            right(OPERATOR, "clusters", &["delete", "get", "list", "watch"], &[names.database.to_string()]),
            right("", "persistentvolumeclaims", &["get", "list", "watch"], &[format!("{}-1", names.database)]),
        ];
        let label = format!("the restore test of {}", self.entry.display());
        let (cidrs, ports) = api_server(self.region);
        let (from, span) = (self.peer(&names.job), self.span);
        let port = engines::of(self.store.store?).port.map(|(_, port)| NetworkPort::tcp(port))?;
        let calls = format!("{label} calls the restored database");
        let flows = vec![
            Flow { from: from.clone(), to: Peer::Cluster { cidrs }, ports, why: format!("{label} uses the Kubernetes API"), span },
            Flow { from, to: self.peer(&names.database), ports: port.into(), why: calls, span },
        ];
        // A second try would delete what the first one left for a look.
        let cron = Cron { schedule: names.schedule.clone(), timezone: UTC.to_owned(), deadline, retries: 0 };
        let base = self.workload(&names.job, Kind::CronJob(cron), delete("delete")?)?;
        let api = Some(ApiAccess { namespace: rights, cluster: Vec::new(), reason: None });
        Some((Workload { api, init, ..base }, flows))
    }

    /// The container that looks at the restored database, as its superuser: the operator makes the password, and nobody else knows it.
    fn look(&self, names: &RestoreTest) -> Option<Container> {
        let database = self.store.database()?;
        let mut look = container("check", self.store.main.image.clone(), "sh")?;
        let sql = format!("{FOLDER}/check.sql");
        // The operator gives the superuser its password when the database is ready already. Without a connection psql ends with 2.
        let psql = format!("psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file={sql}");
        let again = format!("for try in 1 2 3 4 5 6; do {psql}; status=$?; test $status -eq 2 || exit $status; sleep 10; done; exit 2");
        look.args = vec!["-c".to_owned(), again];
        let text = |name: &str, value: &str| Variable { name: name.to_owned(), value: Source::Text(value.to_owned()) };
        let password = Source::Made { secret: Restored::superuser(names.database.as_str()), key: "password" };
        look.variables = vec![
            // The channel is bound to the password, so that no other server can pass for this one.
            text("PGCHANNELBINDING", "require"),
            text("PGCONNECT_TIMEOUT", "30"),
            text("PGDATABASE", &database.name),
            text("PGHOST", &format!("{}-rw", names.database)),
            text("PGSSLMODE", "require"),
            text("PGUSER", "postgres"),
            Variable { name: "PGPASSWORD".to_owned(), value: password },
        ];
        let users: Vec<&Name> = self.store.operated()?.users.iter().map(|user| &user.name).collect();
        let content = FileContent::Text(check(&database.owner, &users, names.oldest, names.query.as_deref(), CHECK));
        look.files.push(ConfigFile { path: sql, content, mode: None });
        Some(look)
    }

    /// A workload of the test, where the pods of the store run.
    fn workload(&self, name: &Name, kind: Kind, main: Container) -> Option<Workload> {
        let store = self.store;
        Some(Workload {
            span: store.span,
            name: name.clone(),
            namespace: RESTORE_TESTS.parse().ok()?,
            owner: store.owner.clone(),
            labels: store.labels.clone(),
            annotations: BTreeMap::new(),
            api: None,
            store: None,
            kind,
            restarts_on_rotation: false,
            parallel_start: false,
            replicas: (1, 1),
            autoscaling: None,
            init: Vec::new(),
            main,
            sidecars: Vec::new(),
            volumes: Vec::new(),
            service: None,
            exposures: Vec::new(),
            certificate: None,
            redirects: Vec::new(),
            placement: Placement { spread: Spread::None, min_domains: None, ..store.placement.clone() },
            grace: 30,
            fs_group: USER,
            ndots: None,
            host_network: false,
            host_pid: false,
            reason: None,
            no_probes: None,
            backups: Backups::None(None),
            policies: Vec::new(),
            buckets: BTreeMap::new(),
            test_of: Some(format!("{}/{}", store.namespace, store.name)),
            users_of: None,
            metrics: Vec::new(),
            objectives: Vec::new(),
            replication: None,
        })
    }
}

/// A container that runs one command.
pub(super) fn container(name: &str, image: String, program: &str) -> Option<Container> {
    let memory = |mebibytes: u64| Quantity::from_bytes(mebibytes << 20);
    Some(Container {
        name: name.parse().ok()?,
        image,
        command: vec![program.to_owned()],
        args: Vec::new(),
        workdir: None,
        variables: Vec::new(),
        secrets: Vec::new(),
        files: Vec::new(),
        mounts: Vec::new(),
        ports: Vec::new(),
        cpu: Some((Quantity::from_millis(50), Some(Quantity::from_millis(500)))),
        memory: Some((memory(128), memory(128))),
        ephemeral: Some((memory(64), memory(64))),
        gpus: 0,
        probes: Probes::default(),
        stop: Vec::new(),
        before_init: false,
        security: Security { user: USER, group: USER, capabilities: Vec::new(), writable_root: false, privileged: false },
    })
}
