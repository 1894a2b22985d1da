//! Scenarios: changes of a running platform, made in a real control plane with the commands that the output prints.
//!
//! Each scenario renders a spec, applies it as the README of its region says, changes the spec, and does what `render`, the README and the runbook
//! print, word for word. While it does, the pods that are ready are counted: their number must not fall below the disruption budget. At the end the
//! cluster must hold the objects of the files and no others.

mod accident;
mod control_plane;
mod desktop;
mod kubelet;
mod outage;
mod scenarios;
mod steps;
mod test_cluster;

use std::sync::{Arc, Mutex, MutexGuard};

use libtest_mimic::{Completion, Failed, Trial};

use control_plane::ControlPlane;
use test_cluster::TestCluster;

/// The control plane of all scenarios: each scenario has a platform of its own name, and so namespaces and roles of its own.
static CONTROL_PLANE: Mutex<State> = Mutex::new(State::Idle);

enum State {
    Idle,
    Running(Arc<ControlPlane>),
    Failed(String),
}

/// One trial for each scenario, for a desktop and for the accident of a shop.
pub fn trials(required: bool) -> Vec<Trial> {
    let trial = |(name, scenario): &scenarios::Scenario| {
        let scenario = *scenario;
        let platform = *name;
        Trial::ignorable_test(format!("judges::changes/{name}"), move || match control_plane::find() {
            Err(missing) if required => Err(missing.into()),
            Err(missing) => Ok(Completion::ignored_with(missing)),
            Ok(programs) => {
                let control_plane = running(&programs)?;
                scenario(&TestCluster::new(control_plane, platform)?).map(|()| Completion::Completed).map_err(Failed::from)
            }
        })
    };
    // Each of these has a control plane of its own.
    let alone = |name: &str, run: fn(&control_plane::Programs) -> Result<(), String>| {
        Trial::ignorable_test(format!("judges::changes/{name}"), move || match control_plane::find() {
            Err(missing) if required => Err(missing.into()),
            Err(missing) => Ok(Completion::ignored_with(missing)),
            Ok(programs) => run(&programs).map(|()| Completion::Completed).map_err(Failed::from),
        })
    };
    let all = scenarios::SCENARIOS.iter().map(trial);
    all.chain([alone("desktop", desktop::becomes_ready), alone("accident-of-a-shop", accident::of_a_shop)]).collect()
}

/// The control plane, which the first scenario starts.
fn running(programs: &control_plane::Programs) -> Result<Arc<ControlPlane>, String> {
    let mut state = state();
    if let State::Idle = *state {
        *state = ControlPlane::start(programs, "changes").map_or_else(State::Failed, |started| State::Running(Arc::new(started)));
    }
    match &*state {
        State::Running(control_plane) => Ok(Arc::clone(control_plane)),
        State::Failed(error) => Err(error.clone()),
        State::Idle => Err("the control plane was not started".into()),
    }
}

/// Ends the control plane.
pub fn stop() {
    *state() = State::Idle;
}

fn state() -> MutexGuard<'static, State> {
    CONTROL_PLANE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
