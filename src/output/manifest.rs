//! The list of the files of one unit that are ours, as text beside them: `.platgen-manifest`.
//!
//! A head of `#` lines, then one line per file, sorted by path, in the form that `sha256sum -c` reads. No line covers more than one file, so that
//! branches that change different files merge. Where two branches change the same line, git keeps both lines (`merge=union`): a path then has two
//! hashes, and the head may name two versions of platgen.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::place::objection;

/// The manifest's name, in the folder of its unit.
pub(super) const NAME: &str = ".platgen-manifest";
/// The manifest of what is ours outside the output folder; it lies in the output folder.
pub(super) const OUTSIDE: &str = ".platgen-outside";
const FORMAT: &str = "# platgen-manifest 1";

/// A manifest.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Manifest {
    /// The version of platgen that wrote the files; several after a merge, none where only a part of the unit was ever written.
    pub(super) versions: BTreeSet<String>,
    pub(super) environment: Option<String>,
    pub(super) region: Option<String>,
    /// SHA-256 by path; several after a merge.
    pub(super) files: BTreeMap<String, BTreeSet<String>>,
    /// Whether git left conflict markers in the text.
    pub(super) conflicted: bool,
    /// Whether a line could not be read.
    pub(super) damaged: bool,
}

impl Manifest {
    /// Reads a manifest; lines that make no sense are left out and noted in `damaged`. `None`: the format is a newer one.
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
                None => match line.split_once("  ") {
                    Some((hash, path)) if is_hash(hash) && objection(path).is_none() => {
                        manifest.files.entry(path.to_owned()).or_default().insert(hash.to_owned());
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
                text.extend([hash, "  ", path, "\n"]);
            }
        }
        text
    }

    /// Whether lines of two branches stand side by side.
    pub(super) fn is_merged(&self) -> bool {
        self.conflicted || self.files.values().any(|hashes| hashes.len() > 1)
    }

    /// Whether this manifest, as a merge may have left it, says all that `wanted` says: further lines are those of the other branch.
    pub(super) fn covers(&self, wanted: &Manifest) -> bool {
        let listed = |(path, hashes): (&String, &BTreeSet<String>)| self.files.get(path).is_some_and(|known| known.is_superset(hashes));
        let places = (&self.environment, &self.region) == (&wanted.environment, &wanted.region);
        !self.conflicted && !self.damaged && places && wanted.files.iter().all(listed)
    }
}

/// Which of git's conflict markers a line is, by its character: `<`, `|`, `=` or `>`.
fn marker(line: &str) -> Option<char> {
    let line = line.trim_end_matches('\r');
    ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].into_iter().find_map(|marker| {
        let rest = line.strip_prefix(marker)?;
        (rest.is_empty() || rest.starts_with(' ')).then(|| marker.chars().next())?
    })
}

/// Whether a text has at least one whole conflict hunk of git, and no part of one.
pub(super) fn has_conflict(text: &str) -> bool {
    let markers: String = text.lines().filter_map(marker).collect();
    !markers.is_empty() && markers.replace("<|=>", "").replace("<=>", "").is_empty()
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

    fn manifest(lines: &str) -> Manifest {
        Manifest::parse(&format!("{FORMAT}\n{lines}")).unwrap()
    }

    #[test]
    fn a_manifest_is_read_as_printed() {
        let (a, b) = (hash(b"a"), hash(b"b"));
        let text = format!("{FORMAT}\n# platgen 1.0.0\n# environment dev\n{a}  x y/a.yaml\n{b}  ü\n");
        let manifest = Manifest::parse(&text).unwrap();
        assert!(!manifest.damaged && !manifest.is_merged());
        assert_eq!((manifest.environment.as_deref(), manifest.region.as_deref()), (Some("dev"), None));
        assert_eq!(manifest.files["ü"], BTreeSet::from([b]));
        assert_eq!(manifest.print(), text);
    }

    #[test]
    fn both_sides_of_a_merge_are_ours() {
        let (a, b) = (hash(b"a"), hash(b"b"));
        let both = BTreeMap::from([("f".to_owned(), BTreeSet::from([a.clone(), b.clone()]))]);
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
        let (a, b) = (hash(b"a"), hash(b"b"));
        let merged = manifest(&format!("{a}  f\n{b}  f\n{a}  gone\n"));
        assert!(merged.covers(&manifest(&format!("{b}  f\n"))));
        assert!(!merged.covers(&manifest(&format!("{a}  f\n{a}  new\n"))) && !merged.covers(&manifest(&format!("{b}  gone\n"))));
        assert!(!manifest(&format!("{a}  f\nx\n")).covers(&manifest(&format!("{a}  f\n"))));
    }

    #[test]
    fn only_whole_hunks_are_conflicts() {
        assert!(has_conflict("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\n<<<<<<< HEAD\n||||||| 1\n=======\n>>>>>>> x\n"));
        for text in ["", "a\n", "<<<<<<< HEAD\n", "=======\n", "<<<<<<< a\n=======\n>>>>>>> b\n=======\n", "<<<<<<<x\n=======x\n>>>>>>>x\n"]
        {
            assert!(!has_conflict(text), "{text:?}");
        }
    }
}
