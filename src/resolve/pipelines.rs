//! `delivery`: the CI system and the repository whose jobs may take the roles of an environment's pipelines.

use super::EnvironmentResolver;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{CiSystem, Pipelines, Subjects};
use crate::source::Span;
use crate::spec::Ci;
use crate::syntax::Field;
use crate::value::{HostAddress, Name, Url};

/// The host of GitHub's own service.
const GITHUB: &str = "github.com";

/// The host of GitLab's own service.
const GITLAB: &str = "gitlab.com";

/// The domain of companies that have GitHub's service in a region of their choice.
const GITHUB_ENTERPRISE: &str = ".ghe.com";

/// The issuer of tokens of GitHub's own service. AWS reads more of its claims than `aud` and `sub`.
const GITHUB_TOKENS: &str = "token.actions.githubusercontent.com";

/// Other signs than letters and digits that a branch may have: no pattern, and nothing that a policy or a shell would read.
const IN_BRANCH: &str = "-._/#@=";

/// A repository that can hold the files: its host, and its path without slashes at the ends.
struct Repository {
    host: String,
    path: String,
}

impl EnvironmentResolver<'_> {
    /// Whether a CI system gets roles in the account of the environment: they are rendered on AWS alone.
    pub(super) fn ci_on_aws(&self) -> bool {
        self.on_aws() && matches!(self.spec.delivery.at(|delivery| &delivery.ci).get(), Some(Ci::Github | Ci::Gitlab))
    }

    /// Whose tokens may take the roles of the environment's pipelines, which work on a branch; none without a CI system.
    pub(super) fn pipelines(&mut self, branch: Option<String>) -> Option<Pipelines> {
        let (delivery, at) = self.spec.delivery.spanned()?;
        let ci = match delivery.ci.get()? {
            Ci::None => {
                if let Some(at) = delivery.subject.span() {
                    let message = "`subject` needs a CI system: without one there are no tokens";
                    let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at);
                    self.tell(diagnostic.help("write `ci: github` or `ci: gitlab`, or remove `subject`"));
                }
                return None;
            }
            Ci::Github => CiSystem::Github,
            Ci::Gitlab => CiSystem::Gitlab,
        };
        // Roles of pipelines are rendered on AWS alone.
        if !self.on_aws() {
            return None;
        }
        let repository = self.repository(ci, &delivery.repository, at);
        let subject = self.subject(ci, &delivery.subject);
        let (approvals, approvers) = self.approvals();
        let (repository, branch) = (repository?, branch?);
        let of_system = match ci {
            CiSystem::Gitlab => gitlab(&repository, subject, &branch),
            CiSystem::Github => github(&repository, subject, &branch, self.environment.as_str()),
        };
        let pipelines = Pipelines { approvals, approvers, ..of_system };
        self.record(|| ("environment.pipelines.issuer".to_owned(), &pipelines.issuer, "delivery.ci and delivery.repository"));
        let from = format!("delivery.ci, delivery.repository and environments.{}.branch", self.environment);
        self.record(|| {
            let planners = match &pipelines.planners {
                Subjects::Exactly(subjects) => subjects.join(", "),
                Subjects::Like(pattern) => pattern.clone(),
            };
            ("environment.pipelines.planners".to_owned(), planners, from.clone())
        });
        self.record(|| ("environment.pipelines.applier".to_owned(), &pipelines.applier, from.clone()));
        if let Some(reference) = &pipelines.reference {
            let from = format!("environments.{}.branch", self.environment);
            self.record(|| ("environment.pipelines.reference".to_owned(), reference, from));
        }
        Some(pipelines)
    }

    /// The repository of a CI system.
    fn repository(&mut self, ci: CiSystem, field: &Field<Url>, delivery: Span) -> Option<Repository> {
        let url = self.require(field, "repository", delivery)?;
        let at = field.span()?;
        let path = url.path().trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let parts: Vec<&str> = path.split('/').collect();
        let plain = |part: &&str| !part.is_empty() && part.chars().all(|one| one.is_ascii_alphanumeric() || "-._".contains(one));
        let (whole, expected) = match ci {
            CiSystem::Gitlab => (parts.len() >= 2, "https://gitlab.com/GROUP/PROJECT"),
            CiSystem::Github => (parts.len() == 2, "https://github.com/OWNER/REPOSITORY"),
        };
        let host = match url.host() {
            HostAddress::Domain(host) if url.scheme() == "https" && url.port().get() == 443 => Some(host.to_string()),
            _ => None,
        };
        if !whole || !parts.iter().all(plain) {
            let message = format!("`{url}` names no repository: its identity is the path after the host");
            let diagnostic = Diagnostic::new(Code::InvalidValue, message).at(at);
            self.tell(diagnostic.help(format!("write its URL, such as `{expected}`")));
            return None;
        }
        let other = match (ci, host.as_deref()) {
            (CiSystem::Gitlab, Some(GITHUB)) => Some("github"),
            (CiSystem::Github, Some(GITLAB)) => Some("gitlab"),
            _ => None,
        };
        if let Some(other) = other {
            let diagnostic = Diagnostic::new(Code::InvalidValue, format!("`{url}` runs no jobs of this CI system")).at(at);
            self.tell(diagnostic.help(format!("write `ci: {other}`, or the URL of a repository that runs its jobs")));
            return None;
        }
        let Some(host) = host else {
            let message = format!("`{url}` can't issue tokens for a cloud: an issuer has a name, `https` and no port");
            let diagnostic = Diagnostic::new(Code::InvalidValue, message).at(at);
            self.tell(diagnostic.help(format!("write the URL that the CI system has for the cloud, such as `{expected}`")));
            return None;
        };
        Some(Repository { host, path: path.to_owned() })
    }

    /// The start of the subject that the spec sets.
    fn subject(&mut self, ci: CiSystem, field: &Field<String>) -> Option<String> {
        let (subject, at) = field.spanned()?;
        let example = match ci {
            CiSystem::Gitlab => "project_path:GROUP/PROJECT",
            CiSystem::Github => "repo:OWNER@123456/REPOSITORY@456789",
        };
        let signs = |text: &str| text.chars().all(|one| one.is_ascii_alphanumeric() || "-._/@:".contains(one));
        let named = subject.split_once(':').is_some_and(|(claim, value)| !claim.is_empty() && !value.is_empty());
        if !named || subject.ends_with(':') || !signs(subject) {
            let message = format!("`{subject}` is not the start of a subject: it names one repository, without a colon at its end");
            let diagnostic = Diagnostic::new(Code::InvalidValue, message).at(at);
            self.tell(diagnostic.help(format!("write what the CI system shows before the branch, such as `{example}`")));
            return None;
        }
        Some(subject.clone())
    }

    /// How many people have to approve a change of the environment, and the groups that they are of.
    fn approvals(&mut self) -> (u32, Vec<Name>) {
        let Some(environment) = self.own_environment() else { return (0, Vec::new()) };
        let approvers: Vec<Name> = environment.approvers.values().cloned().collect();
        let Some((count, at)) = environment.approvals.spanned().filter(|(count, _)| **count > 0) else { return (0, approvers) };
        if environment.approvers.is_missing() || environment.approvers.get().is_some_and(Vec::is_empty) {
            let message = format!("`approvals: {count}` names nobody: who may approve a change of `{}`?", self.environment);
            let help = "add `approvers:` with groups of `access.groups`, or remove `approvals`";
            self.tell(Diagnostic::new(Code::MissingField, message).at(at).help(help));
        }
        (*count, approvers)
    }

    /// The branch of the environment: it names one branch, and no other environment has it. None where nothing works on it.
    pub(super) fn branch(&mut self) -> Option<String> {
        let without = match (self.ci_on_aws(), self.gitops_controller()) {
            (true, Some(_)) => "`ci: none` and `gitops: none`",
            (true, None) => "`ci: none`",
            (false, Some(_)) => "`gitops: none`",
            (false, None) => return None,
        };
        let item = self.spec.environments.find(self.environment.as_str())?;
        let environment = item.value.get()?;
        let field = &environment.branch;
        if field.is_missing() {
            let message = format!("`{}` has no `branch`: nothing says whose files are applied to the environment", self.environment);
            let diagnostic = Diagnostic::new(Code::MissingField, message).at(item.key);
            self.tell(diagnostic.help(format!("add `branch:` with the branch whose files are applied, or write {without}")));
        }
        let (branch, at) = field.spanned()?;
        let signs = branch.chars().all(|one| one.is_ascii_alphanumeric() || IN_BRANCH.contains(one));
        if !signs || branch.is_empty() || branch.starts_with(['-', '/']) || branch.ends_with('/') {
            let message = format!("`{branch}` is not the name of one branch");
            let diagnostic = Diagnostic::new(Code::InvalidValue, message).at(at);
            self.tell(diagnostic.help("write a name such as `main`, of letters, digits and `-._/#@=`"));
            return None;
        }
        let others = self.spec.environments.entries().take_while(|(name, ..)| *name != self.environment);
        let taken = others.filter_map(|(name, _, other)| Some((name, other.branch.spanned()?))).find(|(_, (other, _))| *other == branch);
        if let Some((other, (_, first))) = taken {
            let message = format!("`{branch}` is also the branch of `{other}`: one merge would change both environments");
            let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).related(first, "taken here");
            self.tell(
                diagnostic.help("give each environment a branch of its own: a change is promoted by a merge from one branch to the next"),
            );
        }
        Some(branch.clone())
    }
}

/// Jobs of GitHub Actions. The subject of a job with an environment names the environment and no branch.
fn github(repository: &Repository, subject: Option<String>, branch: &str, environment: &str) -> Pipelines {
    let subject = subject.unwrap_or_else(|| format!("repo:{}", repository.path));
    let issuer = match repository.host.strip_suffix(GITHUB_ENTERPRISE) {
        Some(company) => format!("token.actions.{company}{GITHUB_ENTERPRISE}"),
        None if repository.host == GITHUB => GITHUB_TOKENS.to_owned(),
        None => format!("{}/_services/token", repository.host),
    };
    let reference = format!("refs/heads/{branch}");
    Pipelines {
        system: CiSystem::Github,
        branch: branch.to_owned(),
        planners: Subjects::Exactly(vec![format!("{subject}:pull_request"), format!("{subject}:ref:{reference}")]),
        applier: format!("{subject}:environment:{environment}"),
        reference: (issuer == GITHUB_TOKENS).then_some(reference),
        issuer,
        makes_provider: false,
        approvals: 0,
        approvers: Vec::new(),
    }
}

/// Jobs of GitLab CI. The subject of a job names the branch; a job for a merge request has its source branch there, which may be any one of the project.
fn gitlab(repository: &Repository, subject: Option<String>, branch: &str) -> Pipelines {
    let subject = subject.unwrap_or_else(|| format!("project_path:{}", repository.path));
    Pipelines {
        system: CiSystem::Gitlab,
        branch: branch.to_owned(),
        issuer: repository.host.clone(),
        makes_provider: false,
        planners: Subjects::Like(format!("{subject}:ref_type:branch:ref:*")),
        applier: format!("{subject}:ref_type:branch:ref:{branch}"),
        reference: None,
        approvals: 0,
        approvers: Vec::new(),
    }
}
