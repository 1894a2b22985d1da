//! Texts that nobody would write, for PLATGEN_FUZZ_SECONDS (default 5): seeds of the corpus, cut, joined and spoilt. Nothing may panic or hang.
//!
//! The corpus is replayed as it stands, first. A text that makes the reader panic is written to `target/tmp`; put it into the corpus.

use super::mutate::HOSTILE;
use super::pipeline::make;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The longest that one text may take, in a debug build.
const PATIENCE: Duration = Duration::from_secs(20);
/// Texts do not grow beyond this (bytes).
const LONGEST: usize = 1 << 15;

/// What has a meaning in YAML, in TOML or in a value.
const MARKS: &[u8] = b"{}[]:,-#&*!|>'\"%@`?\\\n\t $=.";

/// A text of the corpus or one made from it.
pub(crate) type Seed = (String, Vec<u8>);

/// Every text in the repository that is a spec or looks like one, with its format.
pub(crate) fn corpus() -> Vec<Seed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("tests/properties/corpus"), root.join("specs"), root.join("tests/reject"), root.join("tests/data")];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() && !path.ends_with("deploy") { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let spec = |path: &PathBuf| path.extension().and_then(|e| e.to_str()).filter(|e| ["yaml", "toml"].contains(e)).map(str::to_string);
    files.iter().filter_map(|path| Some((spec(path)?, fs::read(path).ok()?))).collect()
}

/// Runs one text; it must come back.
fn run(format: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let name = format!("platform.{format}");
    let begun = Instant::now();
    let done = catch_unwind(|| drop(make(&[(&name, &text)])));
    if done.is_err() || begun.elapsed() > PATIENCE {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("found.{format}"));
        let _ = fs::write(&path, bytes);
        panic!("{} after {:?}: {}", if done.is_err() { "a panic" } else { "too slow" }, begun.elapsed(), path.display());
    }
}

pub(crate) fn the_corpus() {
    let seeds = corpus();
    assert!(seeds.len() > 150, "{}", seeds.len());
    seeds.iter().for_each(|(format, bytes)| run(format, bytes));
}

/// xorshift64*: the same texts every time for the same seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit.max(1)
    }

    fn stretch(&mut self, length: usize) -> (usize, usize) {
        let start = self.below(length + 1);
        (start, start + self.below((length - start).min(40) + 1))
    }
}

/// Cuts, doubles or fills a stretch.
pub(crate) fn spoil(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let (start, end) = random.stretch(bytes.len());
    match random.below(8) {
        0 => _ = bytes.drain(start..end),
        1 => _ = bytes.splice(start..end, HOSTILE[random.below(HOSTILE.len())].bytes()),
        2 => {
            let (from, to) = random.stretch(other.len());
            bytes.splice(start..end, other[from..to].iter().copied());
        }
        3 => {
            let piece = bytes[start..end].repeat(1 + random.below(30));
            bytes.splice(start..end, piece);
        }
        4 => bytes.truncate(start),
        5 => _ = bytes.splice(start..end, [MARKS[random.below(MARKS.len())]]),
        6 => {
            let opened =
                [&b"{a: "[..], b"[", b"- ", b"a = {b = ", b"? ", b"\"\\u", b"<<: *a\n", b"[a]\n", b"'''", b"|\n "][random.below(10)];
            bytes.splice(start..start, opened.repeat(1 + random.below(200)));
        }
        _ => {
            if let Some(byte) = bytes.get_mut(start) {
                *byte = random.below(256) as u8;
            }
        }
    }
    bytes.truncate(LONGEST);
}

pub(crate) fn spoilt_texts() {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let seconds = number("PLATGEN_FUZZ_SECONDS", 5);
    let mut random = Random(number("PLATGEN_FUZZ_SEED", 0x9E37_79B9_7F4A_7C15).max(1));
    let seeds = corpus();
    let begun = Instant::now();
    let mut count = 0_u64;
    while begun.elapsed() < Duration::from_secs(seconds) {
        let (format, mut bytes) = seeds[random.below(seeds.len())].clone();
        let other = &seeds[random.below(seeds.len())].1;
        for _ in 0..=random.below(4) {
            spoil(&mut bytes, other, &mut random);
        }
        run(&format, &bytes);
        count += 1;
    }
    eprintln!("{count} texts in {:?}", begun.elapsed());
}
