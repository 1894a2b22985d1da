//! `platgen init`: creates a first spec. Never overwrites a file of the user.

use super::{FAILED, FINE, Terminal, schema};
use crate::diagnostic::{Code, Diagnostic};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Flags of `init`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Init {
    /// The cloud provider.
    #[arg(long, value_parser = ["aws", "google", "azure"], default_value = "aws")]
    cloud: String,
    /// Write `platform.toml` instead of `platform.yaml`.
    #[arg(long)]
    toml: bool,
}

const YAML: &str = include_str!("init.yaml");
const TOML: &str = include_str!("init.toml");

pub(super) fn run(init: &Init, terminal: &Terminal) -> u8 {
    let (region, account) = match init.cloud.as_str() {
        "google" => ("europe-west1", "hello-production"),
        "azure" => ("westeurope", "00000000-0000-0000-0000-000000000000"),
        _ => ("eu-west-1", "111111111111"),
    };
    let (path, text) = if init.toml { ("platform.toml", TOML) } else { ("platform.yaml", YAML) };
    let text = text.replace("CLOUD", &init.cloud).replace("REGION", region).replace("ACCOUNT", account);
    for other in ["platform.yaml", "platform.toml", "platform"] {
        if Path::new(other).exists() {
            let fault = Diagnostic::new(Code::SpecExists, format!("`{other}` exists already, nothing was written"));
            terminal
                .tell_plain(&[fault.help("run `platgen validate` to check the existing spec, or run `platgen init` in another folder")]);
            return FAILED;
        }
    }
    let write = |path: &str, text: &str, fresh: bool| {
        let file = OpenOptions::new().write(true).create(true).create_new(fresh).truncate(!fresh).open(path);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
    };
    let written = write(path, &text, true).and_then(|()| write("platgen.schema.json", &format!("{:#}\n", schema()), false));
    if let Err(error) = written {
        let fault = Diagnostic::new(Code::Unwritable, format!("`{path}` can't be written: {error}"));
        terminal.tell_plain(&[fault.help("check the folder's permissions")]);
        return FAILED;
    }
    terminal.say(&format!("wrote {path} and platgen.schema.json\nnext: edit {path}, then run `platgen validate` and `platgen render`"));
    FINE
}
