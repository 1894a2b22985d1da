//! Changes of a running platform, played against a real control plane with the commands that the output prints.
//!
//! Each play renders a spec, applies it as the README of its region says, changes the spec, and does what `render`, the README and the runbook
//! print, word for word. While it does, the pods that are ready are counted: their number must not fall below the disruption budget. At the end the
//! cluster must hold the objects of the files and no others.

mod kubelet;
mod scenes;
mod stage;
mod steps;
mod theatre;

use std::sync::{Arc, Mutex, MutexGuard};

use libtest_mimic::{Completion, Failed, Trial};

use stage::Stage;
use theatre::Theatre;

/// The control plane of all plays: each play has a platform of its own name, and so namespaces and roles of its own.
static STAGE: Mutex<State> = Mutex::new(State::Idle);

enum State {
    Idle,
    Running(Arc<Stage>),
    Failed(String),
}

/// One trial for each play.
pub fn trials(required: bool) -> Vec<Trial> {
    let trial = |(name, play): &scenes::Play| {
        let play = *play;
        let platform = *name;
        Trial::ignorable_test(format!("judges::plays/{name}"), move || match stage::find() {
            Err(missing) if required => Err(missing.into()),
            Err(missing) => Ok(Completion::ignored_with(missing)),
            Ok(programs) => {
                let stage = running(&programs)?;
                play(&Theatre::new(stage, platform)?).map(|()| Completion::Completed).map_err(Failed::from)
            }
        })
    };
    scenes::PLAYS.iter().map(trial).collect()
}

/// The control plane, which the first play starts.
fn running(programs: &stage::Programs) -> Result<Arc<Stage>, String> {
    let mut state = state();
    if let State::Idle = *state {
        *state = Stage::start(programs).map_or_else(State::Failed, |stage| State::Running(Arc::new(stage)));
    }
    match &*state {
        State::Running(stage) => Ok(Arc::clone(stage)),
        State::Failed(error) => Err(error.clone()),
        State::Idle => Err("the control plane was not started".into()),
    }
}

/// Ends the control plane.
pub fn stop() {
    *state() = State::Idle;
}

fn state() -> MutexGuard<'static, State> {
    STAGE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
