//! Where trees are judged: cache first, one start per judge and tree where starting is slow, a row of the table per judge.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use super::cache;
use super::judge::{Finding, Input, Judge, Program, Subject};
use super::lookup;
use super::states::{self, Resource};
use super::trees::Tree;
use super::waivers::Needed;

/// The judges with what was found of them, and what they did so far.
pub struct Bench {
    /// Every judge with its program, or how to get it.
    pub judges: Vec<(Judge, Result<Program, String>)>,
    rows: Mutex<BTreeMap<usize, Row>>,
    needed: Mutex<BTreeSet<Needed>>,
    /// Held while a judge works a whole tree, so that the others of that tree wait for its answers, and while the cluster is asked.
    busy: Vec<Mutex<()>>,
}

#[derive(Default)]
struct Row {
    files: usize,
    findings: usize,
    waived: usize,
    seconds: f64,
}

impl Bench {
    /// Looks for every judge.
    pub fn open(judges: Vec<Judge>) -> Self {
        let judges: Vec<_> = judges.into_iter().map(|judge| ((judge.find)(), judge)).map(|(program, judge)| (judge, program)).collect();
        let busy = judges.iter().map(|_| Mutex::default()).collect();
        Self { judges, rows: Mutex::default(), needed: Mutex::default(), busy }
    }

    /// What the judge finds in one input of the tree.
    pub fn judge(&self, index: usize, tree: &Tree, input: usize) -> Result<Vec<Finding>, String> {
        let (judge, program) = &self.judges[index];
        let program = program.as_ref().map_err(Clone::clone)?;
        // There is one cluster, and what it answers depends on more than the input.
        let is_cluster = judge.name == "cluster";
        let _turn = (judge.batch || is_cluster).then(|| lock(&self.busy[index]));
        let shown = &tree.inputs[input];
        // tfcheck leaves states beside its findings.
        let left = |input: &Input| judge.name != "tfcheck" || states::known(program, input);
        let known = |input: &Input| (!is_cluster && left(input)).then(|| cache::read(judge, program, input)).flatten();
        if let Some(findings) = known(shown) {
            return Ok(findings);
        }
        let inputs: Vec<&Input> = match judge.batch {
            true => tree.inputs.iter().filter(|other| other.subject == judge.subject && known(other).is_none()).collect(),
            false => vec![shown],
        };
        let started = Instant::now();
        let answer = (judge.run)(program, &tree.root, &inputs)?;
        lock(&self.rows).entry(index).or_default().seconds += started.elapsed().as_secs_f64();
        let mut sorted = share(answer, &inputs)?;
        for (input, findings) in inputs.iter().zip(&sorted).filter(|_| !is_cluster) {
            cache::write(judge, program, input, findings);
        }
        let place = inputs.iter().position(|input| std::ptr::eq(*input, shown)).unwrap_or_default();
        Ok(sorted.swap_remove(place))
    }

    /// What Terraform made of all roots of the tree, from nothing; `index` is tfcheck's.
    pub fn made(&self, index: usize, tree: &Tree) -> Result<Vec<Resource>, String> {
        let mut all = Vec::new();
        let program = self.judges[index].1.as_ref().map_err(Clone::clone)?;
        for (place, input) in tree.inputs.iter().enumerate().filter(|(_, input)| input.subject == Subject::Root) {
            self.judge(index, tree, place)?;
            let state =
                states::read(program, input).filter(|state| !state.is_null()).ok_or_else(|| format!("{} was not applied", input.path))?;
            let mut made = states::resources(&input.path, &state);
            lookup::note(&tree.root.join(&input.path), &mut made)?;
            all.extend(made);
        }
        Ok(all)
    }

    /// Notes what came of one input.
    pub fn note(&self, index: usize, tree: &Tree, input: usize, findings: &[Finding]) {
        let accepted = findings.iter().filter(|finding| finding.accepted);
        lock(&self.needed).extend(accepted.clone().map(|finding| Needed {
            tree: tree.name.clone(),
            rule: format!("{}/{}", finding.judge, finding.rule),
            object: finding.object.clone(),
        }));
        let mut rows = lock(&self.rows);
        let row = rows.entry(index).or_default();
        row.files += tree.inputs[input].files.len();
        row.findings += findings.len();
        row.waived += accepted.count();
    }

    /// Findings that were accepted so far.
    pub fn needed(&self) -> BTreeSet<Needed> {
        lock(&self.needed).clone()
    }

    /// The table: one line per judge, also of those that were absent.
    pub fn table(&self) -> String {
        let mut text = format!("{:<20}{:<28}{:>6}{:>10}{:>8}{:>9}\n", "judge", "version", "files", "findings", "waived", "seconds");
        let rows = lock(&self.rows);
        for (index, (judge, program)) in self.judges.iter().enumerate() {
            let _ = match (program, rows.get(&index)) {
                (Err(missing), _) => writeln!(text, "{:<20}{missing}", judge.title()),
                (Ok(program), None) => writeln!(text, "{:<20}{:<28}{:>6}", judge.title(), program.version, 0),
                (Ok(program), Some(row)) => writeln!(
                    text,
                    "{:<20}{:<28}{:>6}{:>10}{:>8}{:>9.1}",
                    judge.title(),
                    program.version,
                    row.files,
                    row.findings,
                    row.waived,
                    row.seconds
                ),
            };
        }
        text
    }
}

/// Gives each finding to the deepest input that holds its file.
fn share(findings: Vec<Finding>, inputs: &[&Input]) -> Result<Vec<Vec<Finding>>, String> {
    let mut shared = vec![Vec::new(); inputs.len()];
    for finding in findings {
        let holds = |input: &&Input| input.path == "." || Path::new(&finding.file).starts_with(&input.path);
        let owner = (0..inputs.len()).filter(|at| holds(&inputs[*at])).max_by_key(|at| inputs[*at].path.len());
        shared[owner.ok_or_else(|| format!("{} answered about `{}`, which it was not shown", finding.judge, finding.file))?].push(finding);
    }
    shared.iter_mut().for_each(|findings| findings.sort());
    Ok(shared)
}

/// The value of a lock; a trial that failed while holding it leaves it usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
