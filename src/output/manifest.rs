//! The list of a unit's files that platgen wrote: `.platgen-manifest`, in the folder of the unit.
//!
//! A head of `#` lines, then one line per file, sorted by path, in the format of `sha256sum -c`. Each line covers one file, so that branches that
//! change different files merge. Where two branches change neighbouring lines, git keeps the lines of both (`merge=union`): a path then has two
//! hashes, and the head may name two versions of platgen.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sha2::{Digest, Sha256};

use super::place::objection;
use crate::conflict::marker;

/// The manifest's name, in the folder of its unit.
pub(super) const NAME: &str = ".platgen-manifest";
/// The name of the manifest of files outside of the output folder; the manifest itself is in the output folder.
pub(super) const OUTSIDE: &str = ".platgen-outside";
const FORMAT: &str = "# platgen-manifest 1";

/// The SHA-256 of a file's content, after CRLF to LF: a checkout may change line ends.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Hash([u8; 32]);

impl Hash {
    /// The hash of this content.
    pub(super) fn of(bytes: &[u8]) -> Hash {
        let mut digest = Sha256::new();
        pieces(bytes).for_each(|piece| digest.update(piece));
        Hash(digest.finalize().into())
    }

    /// Reads the hexadecimal form, lower case.
    pub(super) fn parse(text: &str) -> Option<Hash> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut hash = [0; 32];
        let pairs = text.as_bytes().chunks_exact(2);
        if text.len() != 64 {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(pairs) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Hash(hash))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            text.extend([byte >> 4, byte & 15].map(|half| char::from(DIGITS[usize::from(half)])));
        }
        f.write_str(&text)
    }
}

/// A manifest.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Manifest {
    /// The version of platgen that wrote the files; several after a merge, none where only a part of the unit was ever written.
    pub(super) versions: BTreeSet<String>,
    pub(super) environment: Option<String>,
    pub(super) region: Option<String>,
    /// The hashes of each file, by path; more than one after a merge.
    pub(super) files: BTreeMap<String, Vec<Hash>>,
    /// Whether the text has conflict markers.
    pub(super) conflicted: bool,
    /// Whether a line could not be read.
    pub(super) damaged: bool,
}

impl Manifest {
    /// Reads a manifest; lines that can't be read are left out and noted in `damaged`. `None`: the format is a newer one.
    pub(super) fn parse(text: &str) -> Option<Manifest> {
        let mut manifest = Manifest::default();
        let mut format = false;
        for line in text.lines() {
            let understood = match line.strip_prefix("# ") {
                Some(head) => match head.split_once(' ') {
                    Some(("platgen-manifest", "1")) => {
                        format = true;
                        true
                    }
                    Some(("platgen-manifest", version)) if version.parse::<u64>().is_ok() => return None,
                    Some(("platgen", version)) => {
                        manifest.versions.insert(version.to_owned());
                        true
                    }
                    Some(("environment", name)) => manifest.environment.replace(name.to_owned()).is_none_or(|before| before == name),
                    Some(("region", name)) => manifest.region.replace(name.to_owned()).is_none_or(|before| before == name),
                    _ => false,
                },
                None if marker(line).is_some() => {
                    manifest.conflicted = true;
                    true
                }
                None => match line.split_once("  ").map(|(hash, path)| (Hash::parse(hash), path)) {
                    Some((Some(hash), path)) if objection(path).is_none() => {
                        let hashes = manifest.files.entry(path.to_owned()).or_default();
                        if !hashes.contains(&hash) {
                            hashes.push(hash);
                        }
                        true
                    }
                    _ => false,
                },
            };
            manifest.damaged |= !understood;
        }
        manifest.damaged |= !format;
        Some(manifest)
    }

    /// The manifest's text.
    pub(super) fn print(&self) -> String {
        let mut text = format!("{FORMAT}\n");
        let versions = self.versions.iter().map(|version| ("platgen", version));
        let places = [("environment", &self.environment), ("region", &self.region)];
        let places = places.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        for (key, value) in versions.chain(places) {
            text.extend(["# ", key, " ", value, "\n"]);
        }
        for (path, hashes) in &self.files {
            for hash in hashes {
                text.extend([&hash.to_string(), "  ", path, "\n"]);
            }
        }
        text
    }

    /// Whether it has lines of two branches.
    pub(super) fn is_merged(&self) -> bool {
        self.conflicted || self.files.values().any(|hashes| hashes.len() > 1)
    }

    /// Whether this manifest, perhaps with further lines of another branch, has every line of `wanted`.
    pub(super) fn covers(&self, wanted: &Manifest) -> bool {
        let listed = |(path, hashes): (&String, &Vec<Hash>)| {
            self.files.get(path).is_some_and(|known| hashes.iter().all(|hash| known.contains(hash)))
        };
        let places = (&self.environment, &self.region) == (&wanted.environment, &wanted.region);
        !self.conflicted && !self.damaged && places && wanted.files.iter().all(listed)
    }
}

/// Whether a file's content is this text, line ends apart.
pub(super) fn same(bytes: &[u8], text: &str) -> bool {
    bytes == text.as_bytes()
        || ((bytes.contains(&b'\r') || text.contains('\r')) && pieces(bytes).flatten().eq(pieces(text.as_bytes()).flatten()))
}

/// The bytes without each `\r` before a `\n`.
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
        assert_eq!(Hash::of(b"a\r\nb\r\n"), Hash::of(b"a\nb\n"));
        assert_ne!(Hash::of(b"a\rb"), Hash::of(b"ab"));
        assert_eq!(Hash::of(b"").to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert!(same(b"a\r\n", "a\n") && same(b"a\n", "a\r\n") && !same(b"a\r", "a") && !same(b"a\r\nb", "a\n"));
    }

    fn manifest(lines: &str) -> Manifest {
        Manifest::parse(&format!("{FORMAT}\n{lines}")).unwrap()
    }

    #[test]
    fn a_manifest_is_read_as_printed() {
        let (a, b) = (Hash::of(b"a"), Hash::of(b"b"));
        let text = format!("{FORMAT}\n# platgen 1.0.0\n# environment dev\n{a}  x y/a.yaml\n{b}  ü\n");
        let manifest = Manifest::parse(&text).unwrap();
        assert!(!manifest.damaged && !manifest.is_merged());
        assert_eq!((manifest.environment.as_deref(), manifest.region.as_deref()), (Some("dev"), None));
        assert_eq!(manifest.files["ü"], vec![b]);
        assert_eq!(manifest.print(), text);
    }

    #[test]
    fn both_sides_of_a_merge_are_ours() {
        let (a, b) = (Hash::of(b"a"), Hash::of(b"b"));
        let both = BTreeMap::from([("f".to_owned(), vec![a, b])]);
        let union = manifest(&format!("# platgen 1\n# platgen 2\n{a}  f\n{b}  f\n"));
        assert!(!union.damaged && union.is_merged() && !union.conflicted);
        assert_eq!((&union.files, union.versions.len()), (&both, 2));
        let marked = manifest(&format!("<<<<<<< x\n{a}  f\n||||||| base\n=======\n{b}  f\n>>>>>>> y\n"));
        assert!(!marked.damaged && marked.conflicted && marked.files == both);
        assert!(manifest(&format!("{a}  ../f\n")).damaged && manifest(&format!("# inputs {a}\n")).damaged);
        assert!(Manifest::parse("# platgen-manifest 2\n").is_none());
    }

    #[test]
    fn a_merged_manifest_covers_both_branches() {
        let (a, b) = (Hash::of(b"a"), Hash::of(b"b"));
        let merged = manifest(&format!("{a}  f\n{b}  f\n{a}  gone\n"));
        assert!(merged.covers(&manifest(&format!("{b}  f\n"))));
        assert!(!merged.covers(&manifest(&format!("{a}  f\n{a}  new\n"))) && !merged.covers(&manifest(&format!("{b}  gone\n"))));
        assert!(!manifest(&format!("{a}  f\nx\n")).covers(&manifest(&format!("{a}  f\n"))));
    }
}
