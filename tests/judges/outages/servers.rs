//! The programs of a play: Prometheus, Alertmanager, and a server of the test that is exporter and receiver in one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A request that somebody sent: the path and the body.
pub type Sent = (String, Value);

/// Answers a path of the exporter; `None`: it does not answer well.
pub type Answer = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// An HTTP server on the loopback device.
pub struct Server {
    pub port: u16,
    sent: Arc<Mutex<Vec<Sent>>>,
    ends: Arc<AtomicBool>,
}

impl Server {
    /// Starts to serve pages, and to keep what is sent.
    pub fn start(answer: Answer) -> Result<Server, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let port = listener.local_addr().map_err(|error| error.to_string())?.port();
        let (sent, ends) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (kept, over, answer) = (Arc::clone(&sent), Arc::clone(&ends), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                thread::spawn(move || serve(stream, &kept, &answer));
            }
        });
        Ok(Server { port, sent, ends })
    }

    /// What was sent until now.
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().map(|sent| sent.clone()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for a caller.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Serves the requests of a connection until the caller hangs up.
fn serve(stream: TcpStream, sent: &Mutex<Vec<Sent>>, answer: &Answer) {
    let Ok(mut out) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).unwrap_or_default() == 0 {
            return;
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or_default() == 0 {
                return;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or_default();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let mut words = first.split_whitespace();
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let page = if method == "GET" {
            answer(path)
        } else {
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            sent.lock().map(|mut sent| sent.push((path.to_owned(), body))).ok();
            Some("ok".to_owned())
        };
        let (status, page) = page.map_or(("503 Service Unavailable", String::new()), |page| ("200 OK", page));
        let text = format!("HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        if out.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

/// A port that nobody has.
pub fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}

/// A program that runs until it is dropped.
pub struct Running {
    child: Child,
    port: u16,
    log: std::path::PathBuf,
}

impl Running {
    /// Starts a program, and waits until it says that it is ready.
    pub fn start(command: &mut Command, port: u16, log: &Path) -> Result<Running, String> {
        let file = std::fs::File::create(log).map_err(|error| error.to_string())?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn().map_err(|error| error.to_string())?;
        let running = Running { child, port, log: log.to_owned() };
        let started = Instant::now();
        while running.get("/-/ready").is_none() {
            if started.elapsed() > Duration::from_secs(20) {
                return Err(format!("it is not ready:\n{}", running.said()));
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(running)
    }

    /// The answer to a request for a page, if it is a good one.
    pub fn get(&self, path: &str) -> Option<String> {
        self.ask("GET", path)
    }

    /// The answer to a request, if it is a good one.
    pub fn ask(&self, method: &str, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(format!("{method} {path} HTTP/1.0\r\nContent-Length: 0\r\n\r\n").as_bytes()).ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        head.split_whitespace().nth(1).filter(|status| *status == "200").map(|_| body.to_owned())
    }

    /// The end of what it printed.
    pub fn said(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
