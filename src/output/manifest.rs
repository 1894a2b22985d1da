//! The list of the files of one unit that are ours, as text beside them: `.platgen-manifest`.
//!
//! One line per file, sorted by path, so that branches merge and `sha256sum -c` can read it; the head holds what the unit was made from.
//! A manifest with merge conflict marks still counts: both sides' hashes are ours. Neither time nor tool version stands in it.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::place::objection;

/// The manifest's name, in the folder of its unit.
pub(super) const NAME: &str = ".platgen-manifest";
/// The manifest of what is ours outside the output folder; it lies in the output folder.
pub(super) const OUTSIDE: &str = ".platgen-outside";
const FORMAT: &str = "# platgen-manifest 1";

/// A manifest as found on the disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Manifest {
    /// Hash of what the unit was made from; two after a merge conflict, none after a partial render into an empty folder.
    pub(super) inputs: BTreeSet<String>,
    pub(super) environment: Option<String>,
    pub(super) region: Option<String>,
    /// SHA-256 by path; several after a merge conflict.
    pub(super) files: BTreeMap<String, Vec<String>>,
    /// Whether every line was understood.
    pub(super) intact: bool,
}

impl Manifest {
    /// Reads a manifest; lines that make no sense are left out and noted in `intact`. `None`: the format is a newer one.
    pub(super) fn parse(text: &str) -> Option<Manifest> {
        let mut manifest = Manifest { intact: text.lines().next() == Some(FORMAT), ..Manifest::default() };
        for line in text.lines() {
            let understood = match line.strip_prefix("# ") {
                Some(head) => match head.split_once(' ') {
                    Some(("platgen-manifest", "1")) => true,
                    Some(("platgen-manifest", version)) if version.parse::<u64>().is_ok() => return None,
                    Some(("inputs", hash)) => manifest.inputs.insert(hash.to_owned()),
                    Some(("environment", name)) => manifest.environment.replace(name.to_owned()).is_none(),
                    Some(("region", name)) => manifest.region.replace(name.to_owned()).is_none(),
                    _ => false,
                },
                None => match line.split_once("  ") {
                    Some((hash, path)) if is_hash(hash) && objection(path).is_none() => {
                        let hashes = manifest.files.entry(path.to_owned()).or_default();
                        hashes.push(hash.to_owned());
                        hashes.len() == 1
                    }
                    _ => false,
                },
            };
            manifest.intact &= understood;
        }
        Some(manifest)
    }
}

/// The manifest's text. Without `inputs` it says that only some files of the unit were ever written.
pub(super) fn print<'a>(
    inputs: Option<&str>,
    environment: Option<&str>,
    region: Option<&str>,
    files: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut text = format!("{FORMAT}\n");
    for (key, value) in [("inputs", inputs), ("environment", environment), ("region", region)] {
        if let Some(value) = value {
            text.extend(["# ", key, " ", value, "\n"]);
        }
    }
    for (path, hash) in files {
        text.extend([hash, "  ", path, "\n"]);
    }
    text
}

/// Whether this is a hash as [`hash`] prints it.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// SHA-256 in hexadecimal, after CRLF to LF: a checkout may change line ends.
pub(super) fn hash(bytes: &[u8]) -> String {
    let mut digest = Sha256::new();
    for piece in pieces(bytes) {
        digest.update(piece);
    }
    digest.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(half)]));
        }
        text
    })
}

/// Whether a file's content is this text, line ends apart.
pub(super) fn same(bytes: &[u8], text: &str) -> bool {
    bytes == text.as_bytes()
        || ((bytes.contains(&b'\r') || text.contains('\r')) && pieces(bytes).flatten().eq(pieces(text.as_bytes()).flatten()))
}

/// The bytes without those `\r` that stand before `\n`.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest?;
        let cut = if bytes.contains(&b'\r') { bytes.windows(2).position(|two| two == b"\r\n") } else { None };
        rest = cut.map(|at| &bytes[at + 1..]);
        Some(&bytes[..cut.unwrap_or(bytes.len())])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_do_not_count() {
        assert_eq!(hash(b"a\r\nb\r\n"), hash(b"a\nb\n"));
        assert_ne!(hash(b"a\rb"), hash(b"ab"));
        assert_eq!(hash(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert!(same(b"a\r\n", "a\n") && same(b"a\n", "a\r\n") && !same(b"a\r", "a") && !same(b"a\r\nb", "a\n"));
    }

    #[test]
    fn a_manifest_is_read_as_printed() {
        let (a, b) = (hash(b"a"), hash(b"b"));
        let text = print(Some("1"), Some("dev"), None, [("x y/a.yaml", a.as_str()), ("ü", b.as_str())].into_iter());
        let manifest = Manifest::parse(&text).unwrap();
        assert!(manifest.intact);
        assert_eq!((manifest.environment.as_deref(), manifest.region), (Some("dev"), None));
        assert_eq!(manifest.files["x y/a.yaml"], [a]);
        assert_eq!(manifest.files["ü"], [b]);
    }

    #[test]
    fn both_sides_of_a_conflict_are_ours() {
        let (a, b) = (hash(b"a"), hash(b"b"));
        let text = format!(
            "{FORMAT}\n<<<<<<< x\n# inputs 1\n=======\n# inputs 2\n>>>>>>> y\n<<<<<<< x\n{a}  f\n=======\n{b}  f\n>>>>>>> y\n{a}  ../f\n"
        );
        let manifest = Manifest::parse(&text).unwrap();
        assert!(!manifest.intact);
        assert_eq!(manifest.files, BTreeMap::from([("f".to_owned(), vec![a, b])]));
        assert_eq!(manifest.inputs.len(), 2);
        assert!(Manifest::parse("# platgen-manifest 2\n").is_none());
    }
}
