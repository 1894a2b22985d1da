//! The findings that the program prints with `--format json`.

use super::platgen;
use serde::Deserialize;
use std::path::Path;

/// One finding. Keys that no trial reads are left out.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Finding {
    pub(crate) code: String,
    /// `error`, `warning` or `note`.
    pub(crate) severity: String,
    pub(crate) message: String,
    pub(crate) place: Option<Place>,
    pub(crate) related: Vec<Related>,
    pub(crate) help: Option<String>,
    pub(crate) environments: Vec<String>,
}

/// A further place of a finding.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Related {
    pub(crate) place: Option<Place>,
}

/// Where a finding points at: the file as the command line names it, and the line, counted from 1.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: usize,
}

/// Runs a command of the program in a folder with `--format json`; its findings. The program has to end with 0, or with 1 and an error.
pub(crate) fn findings(folder: &Path, words: &[&str]) -> Result<Vec<Finding>, String> {
    let ran = platgen().args(words).args(["--format", "json"]).current_dir(folder).output().map_err(|error| error.to_string())?;
    let found: Vec<Finding> = serde_json::from_slice(&ran.stdout)
        .map_err(|error| format!("{words:?}: {error}\n{}", String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat())))?;
    let expected = i32::from(found.iter().any(|finding| finding.severity == "error"));
    match ran.status.code() == Some(expected) {
        true => Ok(found),
        false => Err(format!("{words:?} ends with {}, not with {expected}: {found:#?}", ran.status)),
    }
}
