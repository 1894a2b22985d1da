//! A store of several servers, run: the script and the settings of the rendered files, with real servers, Sentinels and a proxy on loopback. Only addresses and folders are
//! other ones.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::program::Project;
use crate::judges::judge::{fetched, say};
use libtest_mimic::Failed;

const SPEC: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: ops, domain: shop.example}
cloud: {provider: existing}
regions: {desk: {zones: 3}}
environments: {dev: {regions: [desk]}}
access: {groups: {ops: {role: admin}}}
teams: {ops: {group: ops}}
namespaces: {shop: {owner: ops}}
stores:
  carts: {engine: redis, storage: 1Gi, replicas: 3, users: {app: {}}, parameters: {repl-diskless-sync-delay: "0", save: "900 1 300 10"}, backup: {none: trial}}
"#;

/// A password that needs quotation marks in a configuration.
const SYSTEM: &str = "sys\"te\\m word";
const PASSWORD: &str = "pass-of-app";

/// The file of this name in the ConfigMaps of the rendered files.
fn rendered(project: &Project, path: &str, name: &str) -> String {
    let text = fs::read_to_string(project.folder.join("deploy/kubernetes/dev/desk/shop").join(path)).expect("rendered");
    let documents = text.split("\n---\n").map(|text| serde_yaml::from_str::<serde_json::Value>(text).expect("YAML"));
    let mut found = documents.filter_map(|one| Some(one.get("data")?.get(name)?.as_str()?.to_owned()));
    found.next().unwrap_or_else(|| panic!("{path} has no {name}"))
}

/// A pod of a server and its Sentinel.
struct Pod {
    folder: PathBuf,
    number: usize,
    programs: String,
    running: Vec<Child>,
}

impl Pod {
    fn command(&self, what: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg(self.folder.join("servers.sh")).arg(what).env("PLATGEN_POD_NAME", format!("carts-{}", self.number));
        command.env("PATH", &self.programs).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn start(&mut self) {
        for what in ["sentinel", "server"] {
            self.running.push(self.command(what).spawn().expect("started"));
        }
    }

    fn kill(&mut self) {
        for mut child in self.running.drain(..) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn is(&self, what: &str) -> bool {
        self.command(what).status().is_ok_and(|status| status.success())
    }

    /// The number of the server that takes writes, as the Sentinels say.
    fn writer(&self) -> Option<usize> {
        let said = self.command("writer").stdout(Stdio::piped()).output().ok()?;
        String::from_utf8(said.stdout).ok()?.trim().chars().last()?.to_digit(10).map(|number| number as usize)
    }
}

/// Three pods and a proxy.
struct Store {
    pods: Vec<Pod>,
    proxy: Child,
    address: String,
    written: BTreeSet<u32>,
}

impl Drop for Store {
    fn drop(&mut self) {
        self.pods.iter_mut().for_each(Pod::kill);
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}

impl Store {
    fn start(project: &Project, programs: &[PathBuf]) -> Store {
        let place = std::process::id();
        let addresses = format!("127.{}.{}.1", place / 250 % 120 + 100, place % 250);
        let path = std::env::var("PATH").unwrap_or_default();
        let folders: Vec<String> = programs.iter().filter_map(|one| Some(one.parent()?.display().to_string())).collect();
        let path = format!("{}:{path}", folders.join(":"));
        let pods = (0..3).map(|number| {
            let folder = project.folder.join(format!("pod-{number}"));
            for inner in ["data", "run", "users"] {
                fs::create_dir_all(folder.join(inner)).expect("a folder");
            }
            let adapt = |text: String| {
                let text = text.replace("/platgen/", &format!("{}/", folder.display()));
                let text = text
                    .replace("home=/data", &format!("home={}/data", folder.display()))
                    .replace("dir /data", &format!("dir {}/data", folder.display()));
                let text = text
                    .replace("carts-$1.carts-headless", &format!("{addresses}$1"))
                    .replace("127.0.0.1", &format!("{addresses}{number}"));
                text.replace("bind * -::*", &format!("bind {addresses}{number}"))
            };
            for name in ["servers.sh", "server.conf"] {
                fs::write(folder.join(name), adapt(rendered(project, "carts.yaml", name))).expect("written");
            }
            fs::write(folder.join("system"), SYSTEM).expect("written");
            fs::write(folder.join("users/app"), PASSWORD).expect("written");
            Pod { folder, number, programs: path.clone(), running: Vec::new() }
        });
        let pods: Vec<Pod> = pods.collect();
        let mut settings = rendered(project, "carts-proxy.yaml", "haproxy.cfg").replace("bind :", &format!("bind {addresses}9:"));
        for number in 0..3 {
            settings = settings.replace(&format!("carts-{number}.carts-headless.${{DOMAIN}}"), &format!("{addresses}{number}"));
        }
        let file = project.folder.join("haproxy.cfg");
        fs::write(&file, settings).expect("written");
        let log = fs::File::create(project.folder.join("haproxy.log")).expect("a file");
        let proxy = Command::new("haproxy")
            .env("PATH", &path)
            .args(["-db", "-f"])
            .arg(file)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("started");
        Store { pods, proxy, address: format!("{addresses}9:6379"), written: BTreeSet::new() }
    }

    /// Sends a line through the proxy, as the user of the spec, and returns the answer.
    fn says(&self, line: &str, most: usize) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(8))).ok()?;
        stream.write_all(format!("AUTH app {PASSWORD}\r\n{line}\r\nPING\r\n").as_bytes()).ok()?;
        let (mut all, mut part) = (Vec::new(), [0; 4096]);
        while !all.ends_with(b"+PONG\r\n") && all.len() < most {
            match stream.read(&mut part) {
                Ok(0) | Err(_) => return None,
                Ok(count) => all.extend_from_slice(part.get(..count)?),
            }
        }
        String::from_utf8(all).ok()?.strip_prefix("+OK\r\n").map(str::to_owned)
    }

    /// Writes a number; whether that was confirmed.
    fn write(&mut self) -> bool {
        let next = self.written.last().map_or(0, |last| last + 1);
        let confirmed = self.says(&format!("SADD all {next}"), 1 << 16).is_some_and(|said| said.starts_with(':'));
        if confirmed {
            self.written.insert(next);
        }
        confirmed
    }

    fn write_until_confirmed(&mut self, what: &str) {
        let started = Instant::now();
        while !self.write() {
            assert!(started.elapsed() < Duration::from_secs(60), "{what}: no write is confirmed");
            thread::sleep(Duration::from_millis(100));
        }
        for _ in 0..50 {
            self.write();
        }
    }

    /// Every number that was confirmed is there.
    fn lost_nothing(&self, what: &str) {
        let said = self.says("SMEMBERS all", 1 << 20).unwrap_or_else(|| panic!("{what}: no answer"));
        let there: BTreeSet<u32> =
            said.lines().filter(|line| !line.starts_with(['$', '*'])).filter_map(|line| line.trim().parse().ok()).collect();
        let lost: Vec<&u32> = self.written.difference(&there).collect();
        assert!(lost.is_empty() && !self.written.is_empty(), "{what}: lost {lost:?} of {}", self.written.len());
    }

    /// Waits until servers are ready, as the kubelet asks them.
    fn ready(&self, numbers: &[usize], what: &str) {
        let started = Instant::now();
        while !numbers.iter().all(|number| self.pods[*number].is("ready")) {
            assert!(started.elapsed() < Duration::from_secs(40), "{what}: {numbers:?} are not ready");
            thread::sleep(Duration::from_millis(200));
        }
    }

    fn writer(&self, of: usize) -> usize {
        self.pods[of].writer().expect("a majority of the Sentinels")
    }
}

/// What the pods of the store need that runs here.
pub(crate) fn programs() -> Result<Vec<PathBuf>, String> {
    ["redis-server", "redis-cli", "haproxy"]
        .iter()
        .map(|name| fetched(name, &[if *name == "haproxy" { "-v" } else { "--version" }]).map(|one| one.path))
        .collect()
}

pub(crate) fn shellcheck_is_content(shellcheck: &Path) -> Result<(), Failed> {
    let project = Project::new();
    project.write("platform.yaml", SPEC);
    project.run(&["render"]).exits(0);
    for (file, name) in [("carts.yaml", "servers.sh"), ("carts-proxy.yaml", "proxy.sh")] {
        let script = project.folder.join(name);
        fs::write(&script, rendered(&project, file, name))?;
        say(Command::new(shellcheck).arg("--shell=sh").arg(script), &[0])?;
    }
    Ok(())
}

/// The writer hands over, is lost, and comes back behind the time; in between, nothing that was confirmed is lost.
pub(crate) fn confirmed_writes_outlive_the_writer(programs: &[PathBuf]) {
    let project = Project::new();
    project.write("platform.yaml", SPEC);
    project.run(&["render"]).exits(0);
    let mut store = Store::start(&project, programs);
    store.pods.iter_mut().for_each(Pod::start);
    store.ready(&[0, 1, 2], "the first start");
    store.write_until_confirmed("the first start");
    assert_eq!(store.writer(0), 0, "the first pod is the writer on the first day");

    // Writes go on while the writer hands over.
    let done = AtomicBool::new(false);
    let mut command = store.pods[0].command("hand-over");
    thread::scope(|scope| {
        scope.spawn(|| {
            let handed = command.status();
            done.store(true, Ordering::Relaxed);
            assert!(handed.is_ok_and(|status| status.success()));
        });
        while !done.load(Ordering::Relaxed) {
            store.write();
        }
    });
    store.write_until_confirmed("the writer handed over");
    store.lost_nothing("the writer handed over");
    let second = store.writer(0);
    assert_ne!(second, 0, "another one writes");
    store.ready(&[0, 1, 2], "the writer handed over");

    // The writer and its Sentinel are lost at once.
    let other = 3 - second;
    store.pods[second].kill();
    store.write_until_confirmed("the writer is lost");
    store.lost_nothing("the writer is lost");
    let third = store.writer(other);
    assert_ne!(third, second, "another one writes");

    // All are lost, and those that come back first have nothing to say: one missed the last writes, the other may have.
    let follows = 3 - second - third;
    store.pods.iter_mut().for_each(Pod::kill);
    store.pods[second].start();
    store.pods[follows].start();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(9) {
        assert!(!store.write(), "a server with older data takes writes");
        thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(store.writer(second), third, "the last election counts");
    store.pods[third].start();
    store.write_until_confirmed("a cold start");
    store.lost_nothing("a cold start");
    store.ready(&[0, 1, 2], "a cold start");

    // All start again at once.
    store.pods.iter_mut().for_each(Pod::kill);
    store.pods.iter_mut().for_each(Pod::start);
    store.write_until_confirmed("all at once");
    store.lost_nothing("all at once");
}
