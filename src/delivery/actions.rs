//! The actions of GitHub that workflows use, each pinned to a commit: a tag can be moved, a commit cannot.

use serde::Serialize;

use crate::template::Comment;

/// An action at a version.
#[derive(Serialize)]
pub(super) struct Action {
    /// Its repository and version, for people.
    version: Comment,
    /// Its repository and the commit of the version.
    uses: String,
}

fn action(repository: &str, version: &str, commit: &str) -> Action {
    Action { version: Comment::new(&format!("{repository} {version}")), uses: format!("{repository}@{commit}") }
}

/// The actions of every job that plans or applies.
///
/// Source, as of [`Artifacts`]: the tags of each repository, 2026-11-29.
#[derive(Serialize)]
pub(super) struct Actions {
    checkout: Action,
    credentials: Action,
    terraform: Action,
}

/// The action of a job that only changes the repository.
#[derive(Serialize)]
pub(super) struct Checkout {
    checkout: Action,
}

pub(super) fn checkout() -> Checkout {
    Checkout { checkout: actions().checkout }
}

/// The actions that hand files from one job to another.
#[derive(Serialize)]
pub(super) struct Artifacts {
    download: Action,
    upload: Action,
}

pub(super) fn actions() -> Actions {
    Actions {
        checkout: action("actions/checkout", "v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1"),
        credentials: action("aws-actions/configure-aws-credentials", "v6.2.3", "e6de054238d6b7531b4efff3b6587d9aade6a06c"),
        terraform: action("hashicorp/setup-terraform", "v4.0.1", "dfe3c3f87815947d99a8997f908cb6525fc44e9e"),
    }
}

pub(super) fn artifacts() -> Artifacts {
    Artifacts {
        download: action("actions/download-artifact", "v8.0.1", "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c"),
        upload: action("actions/upload-artifact", "v7.0.0", "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f"),
    }
}
