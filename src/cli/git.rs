//! The commits of a merge, as git knows them. Without git, or outside of a repository, every answer is `None`.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// The commits of a merge, by their hashes.
#[derive(Debug)]
pub(super) struct Merge {
    /// The merge base of the two sides.
    pub(super) base: Option<String>,
    /// The side into which the other is merged.
    pub(super) target: String,
    /// The target in a message.
    pub(super) name: String,
}

/// The main branch, by the names that a repository may have for it.
const MAIN: [&str; 3] = ["refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master"];

/// What git prints for these arguments, run in a folder.
fn ask(folder: &Path, arguments: &[&str]) -> Option<String> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let ran = Command::new("git").current_dir(folder).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    ran.status.success().then(|| String::from_utf8(ran.stdout).ok())?
}

fn commit(folder: &Path, revision: &str) -> Option<String> {
    let found = ask(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])?;
    Some(found.trim().to_owned())
}

fn contains(folder: &Path, branch: &str, commit: &str) -> bool {
    ask(folder, &["merge-base", "--is-ancestor", commit, branch]).is_some()
}

/// What git knows about a folder.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum History {
    /// Nothing: it is in no repository, or there is no git.
    None,
    /// A repository without a commit.
    Empty,
    /// Commits.
    Some,
}

/// Whether a folder, which need not be there, is in a repository, and whether that has commits.
pub(super) fn history(folder: &Path) -> History {
    let there =
        std::path::absolute(folder).ok().and_then(|folder| folder.ancestors().find(|ancestor| ancestor.is_dir()).map(Path::to_path_buf));
    let Some(there) = there.filter(|there| ask(there, &["rev-parse", "--git-dir"]).is_some()) else { return History::None };
    if ask(&there, &["rev-list", "--all", "--max-count=1"]).is_some_and(|found| !found.trim().is_empty()) {
        History::Some
    } else {
        History::Empty
    }
}

/// A file of a folder as a commit has it.
pub(super) fn file_at(folder: &Path, commit: &str, name: &str) -> Option<String> {
    ask(folder, &["show", &format!("{commit}:./{name}")])
}

/// The files of a folder as a revision has them and as `wanted` takes them by their path in the folder. `None`: there is no such revision. The folder itself need
/// not be on the disk any more.
pub(super) fn files_at(folder: &Path, revision: &str, wanted: &dyn Fn(&str) -> bool) -> Option<BTreeMap<String, String>> {
    let folder = std::path::absolute(folder).ok()?;
    let there = folder.ancestors().find(|ancestor| ancestor.is_dir())?;
    let prefix = folder.strip_prefix(there).ok()?.components().map(|part| part.as_os_str().to_str()).collect::<Option<Vec<_>>>()?.join("/");
    let prefix = if prefix.is_empty() { prefix } else { format!("{prefix}/") };
    let commit = commit(there, revision)?;
    let listed = ask(there, &["ls-tree", "-r", "-z", &commit, "--", if prefix.is_empty() { "." } else { &prefix }])?;
    let file = |line: &str| {
        let (facts, path) = line.split_once('\t')?;
        let (kind, hash) = facts.split_once(' ')?.1.split_once(' ')?;
        let path = path.strip_prefix(&prefix)?;
        (kind == "blob" && wanted(path)).then(|| (path.to_owned(), hash.trim().to_owned()))
    };
    let files: Vec<(String, String)> = listed.split('\0').filter_map(file).collect();
    let texts = blobs(there, files.iter().map(|(_, hash)| hash.as_str()))?;
    Some(files.into_iter().map(|(path, _)| path).zip(texts).collect())
}

/// The texts of blobs, by one process of git.
fn blobs<'h>(folder: &Path, hashes: impl Iterator<Item = &'h str>) -> Option<Vec<String>> {
    let asked: String = hashes.map(|hash| format!("{hash}\n")).collect();
    let mut git = Command::new("git");
    git.current_dir(folder).args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut git = git.spawn().ok()?;
    let (mut to, mut from) = (git.stdin.take()?, git.stdout.take()?);
    // Git answers while it is asked: both pipes fill up if only one of them is served.
    let answer = std::thread::scope(|scope| {
        scope.spawn(move || to.write_all(asked.as_bytes()));
        let mut answer = Vec::new();
        from.read_to_end(&mut answer).ok().map(|_| answer)
    });
    git.wait().ok()?;
    let answer = answer?;
    let (mut rest, mut texts) = (answer.as_slice(), Vec::new());
    while !rest.is_empty() {
        // A line "<hash> blob <size>", the content, and a line feed.
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let size: usize = std::str::from_utf8(&rest[..end]).ok()?.rsplit(' ').next()?.parse().ok()?;
        let content = rest.get(end + 1..end + 1 + size)?;
        texts.push(String::from_utf8_lossy(content).into_owned());
        rest = rest.get(end + 2 + size..)?;
    }
    Some(texts)
}

/// The running merge; else the future merge of the main branch and a branch that left it; else the last merge on the first-parent line of `HEAD`.
///
/// The target is the side that is on the main branch (`origin/HEAD`, else `main`, else `master`), so that a branch that merges the main branch into
/// itself keeps the ranges of main. Where both sides or neither are, the target is `HEAD` during a merge, a rebase or a cherry-pick, and the first
/// parent afterwards. `onto` names another target; the sides are then `HEAD` and `onto`, or those above where `onto` is checked out.
pub(super) fn merge(folder: &Path, onto: Option<&str>) -> Option<Merge> {
    let base = |first: &str, second: &str| Some(ask(folder, &["merge-base", first, second])?.trim().to_owned());
    let short = |commit: &str| commit.chars().take(10).collect::<String>();
    if let Some(onto) = onto {
        let target = commit(folder, onto)?;
        let head = commit(folder, "HEAD").filter(|head| *head != target);
        let (first, second) = head.map(|head| (head, target.clone())).or_else(|| sides(folder)).unzip();
        let base = first.zip(second).and_then(|(first, second)| base(&first, &second));
        return Some(Merge { base, name: format!("`{onto}` ({})", short(&target)), target });
    }
    let (first, second) = sides(folder)?;
    let base = base(&first, &second);
    let decided = MAIN.into_iter().find_map(|branch| {
        let has = [&first, &second].map(|side| contains(folder, branch, side));
        let name = branch.rsplit('/').next().filter(|name| *name != "HEAD").unwrap_or("origin/HEAD");
        match has {
            [true, false] => Some((first.clone(), format!("`{name}` ({})", short(&first)))),
            [false, true] => Some((second.clone(), format!("`{name}` ({})", short(&second)))),
            _ => None,
        }
    });
    let (target, name) = decided.unwrap_or_else(|| (first.clone(), format!("the first parent ({})", short(&first))));
    Some(Merge { base, target, name })
}

/// The two sides of a merge; first the one that is checked out, or the first parent.
fn sides(folder: &Path) -> Option<(String, String)> {
    let head = commit(folder, "HEAD")?;
    if let Some(other) = ["MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD"].iter().find_map(|name| commit(folder, name)) {
        return Some((head, other));
    }
    // Apart from a merge, a branch that left the main branch is about to be merged into it.
    let is_merge = commit(folder, "HEAD^2").is_some();
    if let Some(main) = MAIN.iter().find_map(|branch| commit(folder, branch)).filter(|main| !is_merge && !contains(folder, main, &head)) {
        return Some((main, head));
    }
    let last = ask(folder, &["rev-list", "--first-parent", "--merges", "--max-count=1", "HEAD"])?;
    let last = Some(last.trim()).filter(|last| !last.is_empty())?;
    Some((commit(folder, &format!("{last}^1"))?, commit(folder, &format!("{last}^2"))?))
}
