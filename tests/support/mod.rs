//! Shared by the modules of this crate: the program under test, trials from plain functions, cases that several modules read.

pub(crate) mod features;
pub(crate) mod finding;
pub(crate) mod toml;

use libtest_mimic::Trial;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use tempfile::TempDir;

/// The program under test: the binary that `PLATGEN_BIN` names, else the debug binary that cargo built for this crate.
///
/// Cargo builds the debug binary together with the dev-dependencies, and unifies the features of crates that both use: such a binary may work
/// only because a dev-dependency turned a feature on. `.ci/run` therefore tests the binary of `cargo build --release`.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| match std::env::var_os("PLATGEN_BIN") {
    Some(path) => std::fs::canonicalize(&path).unwrap_or_else(|error| panic!("PLATGEN_BIN={}: {error}", path.display())),
    None => PathBuf::from(env!("CARGO_BIN_EXE_platgen")),
});

/// The path of the program under test.
pub(crate) fn program() -> &'static Path {
    &PROGRAM
}

/// The program under test, without colours and without input.
pub(crate) fn platgen() -> Command {
    let mut command = Command::new(program());
    command.env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// The flag with which specs are rendered that use something this version does not render, as `specs/sample` does.
pub(crate) const ALLOW_INCOMPLETE: &str = "--allow-incomplete";

/// A temporary folder in memory where the machine has one: the program flushes each file that it writes, which a disk makes slow.
pub(crate) fn scratch() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a temporary folder")
}

/// Whether a trial whose judge is absent fails: `PLATGEN_JUDGES=required`.
pub(crate) fn required() -> bool {
    std::env::var("PLATGEN_JUDGES").is_ok_and(|value| value == "required" || value == "all")
}

/// A function as a trial. The trial has the path of the function in this crate as its name, such as `policy::traps::both_sides_have_to_agree`.
pub(crate) fn function<F: FnOnce() + Send + 'static>(run: F) -> Trial {
    let path = std::any::type_name::<F>();
    let name = path.split_once("::").map_or(path, |(_, name)| name);
    Trial::test(name, || {
        run();
        Ok(())
    })
}

/// Trials from functions of modules: `functions! { module: one other; self: third; }`.
macro_rules! functions {
    ($($module:ident: $($name:ident)*;)*) => {
        vec![$($($crate::support::function($module::$name),)*)*]
    };
}
pub(crate) use functions;
