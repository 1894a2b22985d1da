//! An API server of our own on the loopback device: etcd and kube-apiserver, with the definitions of PLATGEN_CRDS.
//!
//! Loading the definitions takes most of the time, so the store that has them is kept, and later servers start from a copy.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use platgen::model::{Addon, FOREIGN_NAMESPACES};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::api::Api;
use super::definitions;
use super::process::{Running, free_ports, wait};
use crate::judges::cache::hex;
use crate::judges::judge::{Program, fetched, home, on_path, say};

/// How long a server may take until it is ready; it takes 5 to 10 seconds of an idle machine.
const READY: Duration = Duration::from_secs(120);

/// How often a server is started: another program may take a port that was free.
const STARTS: usize = 3;

/// The programs of a server.
pub struct Programs {
    pub etcd: Program,
    pub apiserver: Program,
    pub kubectl: Program,
    pub openssl: Program,
    /// The folder of definitions.
    pub definitions: PathBuf,
}

/// A server that runs until it is dropped.
pub struct Server {
    /// How it is spoken to.
    pub api: Api,
    /// How it came to be, for the report.
    pub origin: String,
    /// The folder of its programs; empty where the server is not our own.
    pub run: PathBuf,
    running: Vec<Running>,
    _socket: TempDir,
}

impl Programs {
    /// Looks for them; the error says how to get what is missing.
    pub fn find() -> Result<Self, String> {
        let definitions = env::var_os("PLATGEN_CRDS").map(PathBuf::from);
        let absent = "no definitions of custom kinds: set PLATGEN_CRDS to a folder of CustomResourceDefinitions";
        Ok(Self {
            apiserver: fetched("kube-apiserver", &["--version"])?,
            etcd: fetched("etcd", &["--version"])?,
            kubectl: on_path("kubectl", &["version", "--client"])?,
            openssl: on_path("openssl", &["version"])?,
            definitions: definitions.ok_or(absent)?,
        })
    }
}

impl Server {
    /// Starts a server, with a store that has the definitions. `name` tells it apart from the other servers of this process.
    pub fn start(programs: &Programs, name: &str) -> Result<Self, String> {
        let started = Instant::now();
        let place = home().join("apiserver");
        let (store, fresh) = store(programs, &place)?;
        let run = place.join(format!("run-{}-{name}", std::process::id()));
        let data = run.join("etcd/data");
        copy(&store, &data).map_err(|error| format!("{}: {error}", data.display()))?;
        let mut server = Self::over(programs, &run, &data)?;
        add_ons(&server.api)?;
        let from = if fresh { "definitions loaded anew" } else { "from the kept store" };
        server.origin =
            format!("kube-apiserver {}, ready after {:.0} s, {from}", programs.apiserver.version, started.elapsed().as_secs_f64());
        Ok(server)
    }

    /// A server whose store is the folder `data`; its other files stand in `run`.
    fn over(programs: &Programs, run: &Path, data: &Path) -> Result<Self, String> {
        let mut fault = String::new();
        for _ in 0..STARTS {
            let (socket, mut running) = launch(programs, run, data)?;
            let api = Api::new(socket.path().join("proxy/socket"));
            let ready = wait("the API server is ready", READY, || {
                running.iter_mut().try_for_each(Running::check)?;
                // The proxy itself may not listen yet.
                Ok(api.get("/readyz").ok().filter(|answer| answer.is_ok()).map(drop))
            });
            match ready {
                Ok(()) => return Ok(Self { api, origin: String::new(), run: run.to_owned(), running, _socket: socket }),
                Err(error) => {
                    let logs: Vec<String> = running.iter().map(Running::log).collect();
                    fault = format!("{error}\n{}", logs.join("\n"));
                }
            }
        }
        Err(fault)
    }

    /// Speaks to the cluster of a kubeconfig, and loads the definitions into it.
    pub fn of(kubeconfig: &str, kubectl: &Program, definitions: Option<&Path>) -> Result<Self, String> {
        let socket = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut running = vec![proxy(kubectl, &socket, kubeconfig)?];
        let api = Api::new(socket.path().join("proxy/socket"));
        wait("the cluster of PLATGEN_CLUSTER answers", READY, || {
            running.iter_mut().try_for_each(Running::check)?;
            Ok(api.get("/readyz").ok().filter(|answer| answer.is_ok()).map(drop))
        })?;
        if let Some(folder) = definitions {
            definitions::load(&api, &definitions::read(folder)?)?;
        }
        add_ons(&api)?;
        Ok(Self { api, origin: format!("the cluster of {kubeconfig}"), run: PathBuf::new(), running, _socket: socket })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // In this order: who is asked ends after who asks.
        self.running.drain(..).for_each(drop);
    }
}

/// The folder of a store that has the definitions, and whether it was made just now. It is known by everything that decides its content.
fn store(programs: &Programs, place: &Path) -> Result<(PathBuf, bool), String> {
    let fault = |error: std::io::Error| format!("{}: {error}", place.display());
    let definitions = definitions::read(&programs.definitions)?;
    let mut digest = Sha256::new();
    let texts = definitions.iter().map(|object| &object.text);
    for part in [&programs.etcd.version, &programs.apiserver.version].into_iter().chain(texts) {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    let store = place.join(format!("store-{}", &hex(&digest.finalize())[..16]));
    fs::create_dir_all(place).map_err(fault)?;
    // Other trials may make the same store at the same time.
    let lock = File::create(place.join(".lock")).map_err(fault)?;
    lock.lock().map_err(fault)?;
    if store.exists() {
        return Ok((store, false));
    }
    for old in fs::read_dir(place).map_err(fault)?.flatten() {
        if old.file_name().to_string_lossy().starts_with("store-") {
            fs::remove_dir_all(old.path()).map_err(fault)?;
        }
    }
    let fresh = place.join("fresh");
    let _ = fs::remove_dir_all(&fresh);
    let server = Server::over(programs, &place.join(format!("run-{}", std::process::id())), &fresh)?;
    definitions::load(&server.api, &definitions)?;
    drop(server);
    fs::rename(&fresh, &store).map_err(fault)?;
    Ok((store, true))
}

/// Starts etcd, kube-apiserver and the proxy before it; the last one started comes first.
fn launch(programs: &Programs, run: &Path, data: &Path) -> Result<(TempDir, Vec<Running>), String> {
    let [client, peer, secure] = free_ports()?;
    let etcd = [
        "--name=judge".to_owned(),
        format!("--data-dir={}", data.display()),
        format!("--listen-client-urls=http://127.0.0.1:{client}"),
        format!("--advertise-client-urls=http://127.0.0.1:{client}"),
        format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
        format!("--initial-advertise-peer-urls=http://127.0.0.1:{peer}"),
        format!("--initial-cluster=judge=http://127.0.0.1:{peer}"),
        // Nothing of the store has to outlive the machine.
        "--unsafe-no-fsync".to_owned(),
        "--log-level=error".to_owned(),
    ];
    let folder = run.join("kube-apiserver");
    let at = |name: &str| folder.join(name).display().to_string();
    let token = certificates(programs, &folder)?;
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "judge", "cluster": {"server": format!("https://127.0.0.1:{secure}"), "certificate-authority": at("tls.crt")}}],
        "users": [{"name": "judge", "user": {"token": token}}],
        "contexts": [{"name": "judge", "context": {"cluster": "judge", "user": "judge"}}],
        "current-context": "judge",
    });
    fs::write(at("kubeconfig"), kubeconfig.to_string()).map_err(|error| error.to_string())?;
    let apiserver = [
        format!("--etcd-servers=http://127.0.0.1:{client}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={secure}"),
        // No Service of the server itself: its address would be the loopback device's.
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--cert-dir={}", at("certificates")),
        format!("--tls-cert-file={}", at("tls.crt")),
        format!("--tls-private-key-file={}", at("tls.key")),
        format!("--token-auth-file={}", at("tokens")),
        "--authorization-mode=Node,RBAC".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", at("accounts.key")),
        format!("--service-account-signing-key-file={}", at("accounts.key")),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
    ];
    let socket = tempfile::tempdir().map_err(|error| error.to_string())?;
    let etcd = Running::start(&run.join("etcd"), &programs.etcd.path, &etcd)?;
    let apiserver = Running::start(&folder, &programs.apiserver.path, &apiserver)?;
    let proxy = proxy(&programs.kubectl, &socket, &at("kubeconfig"))?;
    Ok((socket, vec![proxy, apiserver, etcd]))
}

/// `kubectl proxy` speaks TLS and signs in. It listens on a socket that only this user can open; paths of sockets have to be short.
fn proxy(kubectl: &Program, socket: &TempDir, kubeconfig: &str) -> Result<Running, String> {
    let folder = socket.path().join("proxy");
    // Commands in pods are asked about as well: only a path that nobody has is rejected.
    let arguments = [
        "proxy".to_owned(),
        format!("--kubeconfig={kubeconfig}"),
        format!("--unix-socket={}", folder.join("socket").display()),
        "--reject-paths=^/nowhere$".to_owned(),
    ];
    Running::start(&folder, &kubectl.path, &arguments)
}

/// Writes the server's certificate, the key of service accounts and the token of the one user there is, who may do everything. The token.
fn certificates(programs: &Programs, folder: &Path) -> Result<String, String> {
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let openssl = |arguments: &[&str]| say(Command::new(&programs.openssl.path).current_dir(folder).args(arguments), &[0]);
    let server = ["-subj", "/CN=judge", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", "tls.key", "-out", "tls.crt"];
    openssl(&[&["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], &server[..]].concat())?;
    openssl(&["genpkey", "-algorithm", "RSA", "-out", "accounts.key"])?;
    let token = openssl(&["rand", "-hex", "16"])?.trim().to_owned();
    fs::write(folder.join("tokens"), format!("{token},judge,judge,system:masters\n")).map_err(|error| error.to_string())?;
    Ok(token)
}

/// Stores the namespaces of add-ons: the tree has objects in them, and where somebody else installs the add-on, the namespace is in no file.
pub fn add_ons(api: &Api) -> Result<(), String> {
    // That of the monitoring is in the files.
    for name in FOREIGN_NAMESPACES.into_iter().filter(|name| *name != Addon::Monitoring.namespace()) {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}).to_string();
        api.apply(&format!("/api/v1/namespaces/{name}"), &namespace, false)?.ok()?;
    }
    Ok(())
}

/// Copies a folder.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
