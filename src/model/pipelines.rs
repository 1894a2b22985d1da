//! The identities of CI pipelines: whose tokens may take which role of an environment.

use crate::value::Name;

/// Which tokens of the CI system may take the roles of an environment's pipelines. A token says who issued it, for whom (`aud`), and what the job runs for
/// (`sub`); clouds compare these words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pipelines {
    /// The CI system.
    pub system: CiSystem,
    /// The branch whose files are applied to the environment.
    pub branch: String,
    /// The issuer of the tokens, without `https://`, such as `token.actions.githubusercontent.com`.
    pub issuer: String,
    /// Whether the environment makes the identity provider of its account, which an account has once per issuer: the first environment in promotion order
    /// with this issuer there does.
    pub makes_provider: bool,
    /// The subjects of jobs that may plan: those of proposed changes, and those of the environment's branch.
    pub planners: Subjects,
    /// The subject of jobs that may apply.
    pub applier: String,
    /// The Git reference that jobs that may apply run for, such as `refs/heads/main`. None where the cloud does not read this claim of the issuer: the
    /// subject has to name the branch then, or the CI system has to restrict the branches of its environment.
    pub reference: Option<String>,
    /// How many people have to approve a change of the branch. 0: the spec asks for none.
    pub approvals: u32,
    /// The groups of the people who may approve.
    pub approvers: Vec<Name>,
}

/// A system that runs pipelines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CiSystem {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
}

/// Subjects of tokens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Subjects {
    /// These and no others.
    Exactly(Vec<String>),
    /// Every subject that fits the pattern, in which `*` stands for any text.
    Like(String),
}
