//! The API of a cluster, spoken over the socket of `kubectl proxy`.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use super::objects::Object;
use crate::judges::judge::{list, words};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);

/// A body that is JSON.
pub const JSON: &str = "application/json";

/// A body that is merged into the object.
pub const MERGE: &str = "application/merge-patch+json";

/// Server-side apply. The server reads the YAML itself.
pub const APPLY: &str = "application/apply-patch+yaml";

/// What is asked of writes: the manager of the fields; unknown and duplicate fields are errors.
const STRICT: &str = "fieldManager=platgen-judge&fieldValidation=Strict";

/// Kinds of a group and version: the path segment of each, and whether it has a namespace.
type Kinds = BTreeMap<String, (String, bool)>;

/// The API of a cluster.
pub struct Api {
    socket: PathBuf,
    /// The kinds that were looked up, by the path of their group and version.
    kinds: Mutex<BTreeMap<String, Kinds>>,
}

/// What the server answers.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Texts of the `Warning` headers.
    pub warnings: Vec<String>,
    /// The body; null when it is not JSON.
    pub body: Value,
}

impl Answer {
    /// Whether the server did what was asked.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Why the server did not.
    pub fn message(&self) -> String {
        format!("{} (HTTP {})", words(&self.body["message"]), self.status)
    }

    /// The body, or why there is none.
    pub fn ok(self) -> Result<Value, String> {
        if self.is_ok() { Ok(self.body) } else { Err(self.message()) }
    }
}

impl Api {
    /// The API behind a socket.
    pub fn new(socket: PathBuf) -> Self {
        Self { socket, kinds: Mutex::default() }
    }

    /// The same API, for another thread.
    pub fn another(&self) -> Self {
        Self::new(self.socket.clone())
    }

    /// Merges a part into an object.
    pub fn merge(&self, path: &str, part: &Value) -> Result<(), String> {
        self.send("PATCH", path, MERGE, &part.to_string())?.ok().map(drop)
    }

    /// One request. `headers` are whole lines.
    pub fn ask(&self, method: &str, path: &str, headers: &[String], body: &str) -> Result<Answer, String> {
        let fault = |error: std::io::Error| format!("{method} {path}: {error}");
        let mut stream = UnixStream::connect(&self.socket).map_err(fault)?;
        stream.set_read_timeout(Some(ANSWER)).and_then(|()| stream.set_write_timeout(Some(ANSWER))).map_err(fault)?;
        // HTTP/1.0: the answer comes in one piece and ends with the connection.
        let mut request = format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
        headers.iter().for_each(|header| request += &format!("{header}\r\n"));
        request += "\r\n";
        stream.write_all((request + body).as_bytes()).map_err(fault)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(fault)?;
        read(&String::from_utf8_lossy(&answer)).ok_or_else(|| format!("{method} {path}: no answer"))
    }

    /// A request without a body.
    pub fn get(&self, path: &str) -> Result<Answer, String> {
        self.ask("GET", path, &[], "")
    }

    /// A request with a body of the type.
    pub fn send(&self, method: &str, path: &str, kind: &str, body: &str) -> Result<Answer, String> {
        self.ask(method, path, &[format!("Content-Type: {kind}")], body)
    }

    /// Server-side apply of an object, strictly; `dry` stores nothing.
    pub fn apply(&self, path: &str, text: &str, dry: bool) -> Result<Answer, String> {
        let query = if dry { format!("{STRICT}&dryRun=All") } else { STRICT.to_owned() };
        self.send("PATCH", &format!("{path}?{query}"), APPLY, text)
    }

    /// The path of an object; an error says that the server does not know its kind, or that a namespace is missing.
    pub fn path(&self, object: &Object) -> Result<String, String> {
        let base = match object.version.contains('/') {
            true => format!("/apis/{}", object.version),
            false => format!("/api/{}", object.version),
        };
        let (segment, namespaced) = self.kind(&base, &object.kind)?;
        match (namespaced, object.namespace.as_str()) {
            (false, _) => Ok(format!("{base}/{segment}/{}", object.name)),
            (true, "") => Err("the object names no namespace".into()),
            (true, namespace) => Ok(format!("{base}/namespaces/{namespace}/{segment}/{}", object.name)),
        }
    }

    fn kind(&self, base: &str, kind: &str) -> Result<(String, bool), String> {
        let mut known = self.kinds.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if !known.get(base).is_some_and(|kinds| kinds.contains_key(kind)) {
            let answer = self.get(base)?;
            let resources = list(&answer.body["resources"]).iter().filter(|resource| !words(&resource["name"]).contains('/'));
            let kinds = resources.map(|resource| (words(&resource["kind"]), (words(&resource["name"]), resource["namespaced"] == true)));
            known.insert(base.to_owned(), kinds.collect());
        }
        known[base].get(kind).cloned().ok_or_else(|| format!("the server knows no kind `{kind}` below `{base}`"))
    }
}

/// Status line, headers and body of an answer.
fn read(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let warning = |line: &str| {
        let (name, value) = line.split_once(':')?;
        // `299 - "text"`, with `\"` and `\\` in the text.
        let text = value.trim().strip_prefix("299 - \"")?.strip_suffix('"')?.replace("\\\"", "\"").replace("\\\\", "\\");
        name.eq_ignore_ascii_case("warning").then_some(text)
    };
    let body = serde_json::from_str(body).unwrap_or_default();
    Some(Answer { status, warnings: head.lines().filter_map(warning).collect(), body })
}
