//! A program that runs beside the trials and ends with them, however they end.

use std::fs::{self, File};
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Runs a program until standard input is closed. The trials' process holds the other end of that pipe: the system closes it when the process ends,
/// also when it is killed. Removes the program's folder then, and the one around it
/// when that is empty; a program that ends by itself leaves its folder and its log.
const WATCH: &str = r#"folder=$1; shift
trap '' INT
exec 3<&0
"$@" < /dev/null 3<&- & child=$!
(cat <&3 > /dev/null; kill -9 $child) & exec 3<&-
wait $child
[ $? -eq 137 ] && rm -rf "$folder" && rmdir "${folder%/*}" 2> /dev/null
"#;

/// How long a killed program may take to end.
const END: Duration = Duration::from_secs(20);

/// A running program.
pub struct Running {
    name: String,
    folder: PathBuf,
    watch: Child,
    /// The program is killed when this closes.
    input: Option<ChildStdin>,
}

impl Running {
    /// Starts a program. `folder` is its own: it holds the program's log, and is removed when the program is stopped.
    pub fn start(folder: &Path, program: &Path, arguments: &[String]) -> Result<Self, String> {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let fault = |error: std::io::Error| format!("{name}: {error}");
        fs::create_dir_all(folder).map_err(fault)?;
        let log = File::create(folder.join("log")).map_err(fault)?;
        let mut command = Command::new("sh");
        command.args(["-c", WATCH, "watch"]).arg(folder).arg(program).args(arguments).stdin(Stdio::piped());
        let mut watch = command.stdout(log.try_clone().map_err(fault)?).stderr(log).spawn().map_err(fault)?;
        let input = watch.stdin.take();
        Ok(Self { name, folder: folder.to_owned(), watch, input })
    }

    /// An error with the end of the log, when the program has ended by itself.
    pub fn check(&mut self) -> Result<(), String> {
        match self.watch.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(format!("{} ended:\n{}", self.name, self.log())),
            Err(error) => Err(format!("{}: {error}", self.name)),
        }
    }

    /// The last lines of the program's log.
    pub fn log(&self) -> String {
        let mut text = Vec::new();
        let _ = File::open(self.folder.join("log")).and_then(|mut file| file.read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.input.take());
        let asked = Instant::now();
        while matches!(self.watch.try_wait(), Ok(None)) && asked.elapsed() < END {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Ports of the loopback device that are free.
pub fn free_ports<const N: usize>() -> Result<[u16; N], String> {
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string());
    // All are held until the last is known, so that they differ.
    let held: Vec<TcpListener> =
        (0..N).map(|_| TcpListener::bind(("127.0.0.1", 0))).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    let ports: Vec<u16> = held.iter().map(port).collect::<Result<_, _>>()?;
    ports.try_into().map_err(|_| "no free ports".to_owned())
}

/// Asks until there is an answer, but no longer than `limit`; an error ends the waiting. `wanted` names what is waited for.
pub fn wait<T>(wanted: &str, limit: Duration, mut ask: impl FnMut() -> Result<Option<T>, String>) -> Result<T, String> {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if started.elapsed() > limit {
            return Err(format!("{wanted}: not within {} s", limit.as_secs()));
        }
        thread::sleep(Duration::from_millis(100));
    }
}
