//! A real API server judges every folder of manifests: what it refuses or warns of, pods that admission refuses, rights that groups have.
//!
//! For each folder the namespaces and what admission and authorization read are stored, everything else is applied as a dry run, and what was
//! stored is removed again. The server is started when the first folder is judged, and ended with the trials.

mod access;
mod api;
pub mod changes;
mod definitions;
mod guard;
mod guard_kinds;
mod objects;
mod process;
mod proof;
mod region;
mod rights;
mod server;

use std::env;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use platgen::model::Platform;
use platgen::project::{LOCK, Project};

use super::judge::{Finding, Input, Judge, Program, Subject, on_path};
pub use proof::prove;
use region::{Counts, Folder};
use server::{Programs, Server};

/// The server, for one folder at a time: the trees have namespaces and roles of the same names.
static SERVER: Mutex<State> = Mutex::new(State::Idle);

enum State {
    /// Nothing was judged yet.
    Idle,
    /// Runs, with the counts of what it was asked.
    Running(Box<Server>, Counts, f64),
    /// Could not be started, and why; it is not tried again.
    Failed(String),
}

pub fn judge() -> Judge {
    Judge { name: "cluster", subject: Subject::Manifests, batch: false, find, run }
}

/// The kubeconfig of a cluster that may be used up, in place of a server of our own.
fn elsewhere() -> Option<String> {
    env::var("PLATGEN_CLUSTER").ok().filter(|path| !path.is_empty())
}

/// Looks for the programs of a server; the error says how to get what is missing.
pub fn find() -> Result<Program, String> {
    match elsewhere() {
        Some(kubeconfig) => Ok(Program { version: kubeconfig, ..on_path("kubectl", &["version", "--client"])? }),
        None => Ok(Programs::find()?.apiserver),
    }
}

fn run(_: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for input in inputs {
        let folder = Folder::read(tree, input, platform(tree, &input.path)?)?;
        findings.extend(with(|server, counts| region::judge(&server.api, &folder, counts))?);
    }
    Ok(findings)
}

/// Does something with the server, which is started when it does not run yet.
fn with<T>(work: impl FnOnce(&Server, &mut Counts) -> Result<T, String>) -> Result<T, String> {
    let mut state = state();
    if let State::Idle = *state {
        let started = match elsewhere() {
            Some(kubeconfig) => on_path("kubectl", &["version", "--client"]).and_then(|kubectl| {
                let definitions = env::var_os("PLATGEN_CRDS").map(PathBuf::from);
                Server::of(&kubeconfig, &kubectl, definitions.as_deref())
            }),
            None => Programs::find().and_then(|programs| Server::start(&programs, "judge")),
        };
        *state = started.map_or_else(State::Failed, |server| State::Running(Box::new(server), Counts::default(), 0.0));
    }
    match &mut *state {
        State::Running(server, counts, seconds) => {
            let started = Instant::now();
            let done = work(server, counts);
            *seconds += started.elapsed().as_secs_f64();
            done
        }
        State::Failed(error) => Err(error.clone()),
        State::Idle => Err("the server was not started".into()),
    }
}

/// Ends the server; what it was asked, in one line, when it ran.
pub fn stop() -> Option<String> {
    changes::stop();
    match std::mem::replace(&mut *state(), State::Idle) {
        State::Running(server, counts, seconds) => Some(format!("cluster: {}; {counts} in {seconds:.0} s", server.origin)),
        _ => None,
    }
}

fn state() -> MutexGuard<'static, State> {
    SERVER.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The model of the environment that a folder `.../kubernetes/<environment>/<region>` was rendered for; `None` for the fixture, which was not
/// rendered and so has no lock, and for the GitOps objects, which stand outside of environments.
fn platform(tree: &Path, folder: &str) -> Result<Option<Platform>, String> {
    let environment = folder.split('/').skip_while(|part| *part != "kubernetes").nth(1);
    let (true, Some(environment)) = (tree.join(LOCK).is_file(), environment) else { return Ok(None) };
    let resolved = Project::open(Some(tree))
        .and_then(|project| project.allow_incomplete(true).resolve())
        .map_err(|failure| format!("{:?}", failure.found))?;
    let platform = resolved.estate.environments.get(environment).cloned();
    platform.map(Some).ok_or_else(|| format!("the spec has no environment `{environment}`"))
}
