//! The files of a spec on disk: which ones they are, and their texts.

use crate::diagnostic::{Code, Diagnostic};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest spec file, lock and included file, in bytes: far beyond what people write, and far below what fills a memory.
pub(crate) const READ: u64 = 64 << 20;

/// The nearest spec, here or above: a file, or the folder whose files it is one of.
pub(super) fn find() -> Result<PathBuf, Box<Diagnostic>> {
    let mut folder = PathBuf::from(".");
    let depth = std::env::current_dir().map(|here| here.ancestors().count()).unwrap_or(1);
    for _ in 0..depth {
        let names = ["platform.yaml", "platform.toml", "platform"];
        let mut present: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).filter(|path| path.exists()).collect();
        present.retain(|path| path.file_name().is_some_and(|name| name != "platform") || path.is_dir());
        match &present[..] {
            [] => folder = folder.join(".."),
            [one] if one.is_file() && is_part(one)? => return Ok(folder),
            [one] => return Ok(one.strip_prefix("./").map(Path::to_path_buf).unwrap_or_else(|_| one.clone())),
            [first, second, ..] => {
                let message = format!("`{}` and `{}` are both here", first.display(), second.display());
                let fault = Diagnostic::new(Code::AmbiguousSpec, message);
                return Err(Box::new(fault.help("name the one you mean, or remove the other")));
            }
        }
    }
    let fault = Diagnostic::new(Code::NoSpec, "there is no `platform.yaml`, `platform.toml` or folder `platform/` here or above");
    let other = ["platform.yml", "platform.YAML", "platform.YML"].into_iter().find(|name| Path::new(name).is_file());
    Err(Box::new(match other {
        Some(other) => fault.help(format!("`{other}` is here: rename it to `platform.yaml`")),
        None => fault.help("`platgen init` writes a first one; or name the spec"),
    }))
}

/// Whether other spec files stand beside one. They are one spec then: read alone, the file would leave out everything that the others declare, and
/// a render would remove it.
fn is_part(file: &Path) -> Result<bool, Box<Diagnostic>> {
    for other in spec_files(file.parent().unwrap_or(Path::new(".")))? {
        if other.file_name() != file.file_name() && other.is_file() && says_version(&read(&other)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a text has the line that every file of a spec has, in YAML or in TOML.
fn says_version(text: &str) -> bool {
    let value = |line: &str| line.strip_prefix("apiVersion").map(|rest| rest.trim_start_matches([' ', ':', '=', '"', '\'']).to_string());
    text.lines().filter_map(value).any(|value| value.starts_with("platgen/"))
}

/// The folder of a spec and its files, in name order.
pub(super) fn files(path: &Path) -> Result<(PathBuf, Vec<PathBuf>), Box<Diagnostic>> {
    if !path.is_dir() {
        let parent = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let folder = if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent };
        return Ok((folder, vec![path.to_path_buf()]));
    }
    let files = spec_files(path)?;
    if files.is_empty() {
        let message = format!("the folder `{}` holds no `.yaml`, `.yml` or `.toml` file", path.display());
        return Err(Box::new(Diagnostic::new(Code::NoSpec, message).help("put the spec's files at its top level")));
    }
    Ok((path.to_path_buf(), files))
}

/// The files at the top level of a folder that a spec consists of, in name order. Hidden ones configure other tools; a link that leads nowhere is among
/// them, so that reading it fails and nothing is left out in silence.
fn spec_files(folder: &Path) -> Result<Vec<PathBuf>, Box<Diagnostic>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let file = entry.map_err(|error| unreadable(folder, &error))?.path();
        let hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let extension = file.extension().map(|extension| extension.to_string_lossy().into_owned()).unwrap_or_default();
        let is_spec = |extension: &str| ["toml", "yaml", "yml"].contains(&extension);
        if !is_spec(&extension) && is_spec(&extension.to_ascii_lowercase()) && !hidden {
            let fault = Diagnostic::new(Code::UnsafePath, format!("`{}` is no part of the spec as it is called", file.display()));
            let name = file.with_extension(extension.to_ascii_lowercase());
            return Err(Box::new(fault.help(format!("rename it to `{}`, or move it away", name.display()))));
        }
        if is_spec(&extension) && !hidden && !file.is_dir() {
            files.push(file.strip_prefix(".").map(Path::to_path_buf).unwrap_or(file));
        }
    }
    files.sort();
    Ok(files)
}

pub(super) fn read(path: &Path) -> Result<String, Box<Diagnostic>> {
    regular(path, READ).map_err(|error| unreadable(path, &error))?;
    let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    text(path, bytes)
}

/// The text on stdin.
pub(super) fn stream() -> Result<String, Box<Diagnostic>> {
    let (mut bytes, name) = (Vec::new(), Path::new("<stdin>"));
    std::io::stdin().lock().take(READ + 1).read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
    text(name, bytes)
}

pub(super) fn text(path: &Path, bytes: Vec<u8>) -> Result<String, Box<Diagnostic>> {
    String::from_utf8(bytes).map_err(|error| {
        let message = format!("`{}` is not UTF-8: byte {} is wrong", path.display(), error.utf8_error().valid_up_to());
        Box::new(Diagnostic::new(Code::Syntax, message).help("save it as UTF-8"))
    })
}

/// Refuses what would be read for ever, such as pipes and devices, and what is larger than a limit in bytes.
pub(crate) fn regular(path: &Path, limit: u64) -> std::io::Result<()> {
    let known = std::fs::metadata(path)?;
    if !known.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    if known.len() > limit {
        return Err(std::io::Error::other(format!("it has {} bytes, and {limit} are allowed", known.len())));
    }
    Ok(())
}

/// The reason of an error, in plain words for the common ones.
pub(crate) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_string(),
        std::io::ErrorKind::PermissionDenied => "its permissions don't allow it".to_string(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8".to_string(),
        _ => error.to_string(),
    }
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    let is_absent = error.kind() == std::io::ErrorKind::NotFound;
    let code = if is_absent { Code::NoSpec } else { Code::Unreadable };
    // A bare word is often the name of an environment.
    let help = match path.to_str().filter(|name| is_absent && !name.contains(['.', '/'])) {
        Some(name) => format!("name the spec's file or folder; for an environment write `--env {name}`"),
        None => "check the path and its permissions".to_owned(),
    };
    Box::new(Diagnostic::new(code, format!("`{}` can't be read: {}", path.display(), reason(error))).help(help))
}

/// The content of a file inside the spec's folder; a link that leads out of it is refused.
pub(super) fn include(folder: &Path, path: &str) -> Result<Vec<u8>, String> {
    let file = folder.join(path);
    let inside = || -> std::io::Result<bool> { Ok(file.canonicalize()?.starts_with(folder.canonicalize()?)) };
    match inside() {
        Ok(true) => {}
        Ok(false) => return Err("it lies outside the spec's folder".to_string()),
        Err(error) => return Err(reason(&error)),
    }
    regular(&file, READ).and_then(|()| std::fs::read(&file)).map_err(|error| reason(&error))
}
