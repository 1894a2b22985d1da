//! The estate -> the section of the runbook about going back to an earlier version: which branch gets the revert, how it gets there, and what does not go back.

use std::fmt::Write;

use crate::model::{CiSystem, Estate};

/// The section. `bring` says how reverted files get into the clusters.
pub(super) fn section(estate: &Estate, bring: &str) -> String {
    let mut rows = String::new();
    let mut system = None;
    for platform in estate.environments.values() {
        let Some(pipelines) = &platform.pipelines else { continue };
        let (environment, branch) = (&platform.environment, &pipelines.branch);
        system = Some(pipelines.system);
        let start = match pipelines.system {
            CiSystem::Github => format!("`gh workflow run platgen-rollback.yaml --ref {branch} --field commit=COMMIT`"),
            CiSystem::Gitlab => format!("in the pipeline of the bad commit, start the job `platgen:rollback:{environment}`"),
        };
        let _ = writeln!(rows, "| {environment} | `{branch}` | {start} |");
    }
    let how = match system {
        None => BY_HAND.to_owned(),
        Some(system) => BY_JOB.replace("ROWS", &rows).replace("REQUEST", request(system)),
    };
    format!("\n## Roll back\n\n{START}{how}\n{bring}{KEPT}")
}

/// What the CI system calls a proposed change.
fn request(system: CiSystem) -> &'static str {
    match system {
        CiSystem::Gitlab => "merge request",
        CiSystem::Github => "pull request",
    }
}

const START: &str =
    "A bad release goes back as a commit: spec, lock and files together, so that `platgen render --check` finds no difference. ";

const BY_HAND: &str = r#"On a branch of
its own, revert the commit, and merge that like every other change:

```sh
commit=
git revert --no-edit "${commit:?}"
platgen render --check
```

For a merge commit, add `--mainline 1` to the revert.
"#;

const BY_JOB: &str = r#"A job opens
the REQUEST with the revert, which is judged, approved and merged like every other one:

| environment | branch | to start the job |
|---|---|---|
ROWS
The job runs this, which works in any clone, and pushes the new branch:

```sh
commit=
sh pipeline.sh revert "${commit:?}"
platgen render --check
```
"#;

/// What a revert does not undo.
const KEPT: &str = r#"
What does not go back by itself:

- Data, and what migrations did to it: a migration has to fit the version before it as well. A job that ran is not undone.
- What a Terraform plan destroyed: the revert makes it anew, and empty. Restore it as the README.md of the region says. Read the plan of the revert: it may destroy what
  the bad commit made.
- Databases, queues, claims and namespaces that the bad commit added stay until somebody deletes them.
- The version of a database: no engine goes back to an older one. Restore a backup into a new store.
- Values of secrets: the secret manager keeps versions of its own.
"#;
