//! `--force`: the obstacles that a render overrides.

use std::path::{Path, PathBuf};

use super::place::{Place, Roots, normal};

/// The edited and foreign files that may be replaced or removed, and the Terraform roots that may be removed although their resources may exist. By default
/// none of them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Force {
    /// Every edited or foreign file in the way. Terraform roots and a missing lock have to be named.
    pub everything: bool,
    /// These files, and everything in these folders; paths as the user typed them, or relative to the output folder.
    pub paths: Vec<PathBuf>,
}

impl Force {
    /// Whether an edited or foreign file may be replaced or removed.
    pub(super) fn takes(&self, roots: &Roots, place: &Place) -> bool {
        self.everything || self.paths.iter().any(|path| covers(path, roots, place))
    }

    /// Whether a given path is this place or a folder above it, other than the whole output folder.
    pub(super) fn names(&self, roots: &Roots, place: &Place) -> bool {
        let output = normal(&roots.output);
        let is_narrow = |path: &Path| !output.starts_with(normal(path)) && !output.starts_with(normal(&roots.output.join(path)));
        self.paths.iter().any(|path| is_narrow(path) && covers(path, roots, place))
    }
}

fn covers(path: &Path, roots: &Roots, place: &Place) -> bool {
    let target = normal(&roots.at(place));
    target.starts_with(normal(path)) || target.starts_with(normal(&roots.output.join(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_as_typed_or_from_the_output_folder() {
        let roots = Roots { output: "x/deploy".into(), project: "x".into(), outside: Vec::new() };
        let place = Place::output("terraform/dev/a/main.tf");
        let force = |path: &str| Force { everything: false, paths: vec![path.into()] };
        for path in ["x/deploy/terraform/dev", "terraform/dev/a/main.tf", "./x/y/../deploy/terraform/", "terraform"] {
            assert!(force(path).takes(&roots, &place) && force(path).names(&roots, &place), "{path}");
        }
        for path in ["deploy/terraform", "terraform/de", "terraform/dev/a/main.tf/x"] {
            assert!(!force(path).takes(&roots, &place), "{path}");
        }
        let everything = Force { everything: true, ..Force::default() };
        for force in [force("x/deploy"), force("."), everything] {
            assert!(force.takes(&roots, &place) && !force.names(&roots, &place), "{force:?}");
        }
        let both = Force { everything: true, ..force("terraform/dev/b") };
        assert!(both.takes(&roots, &place) && !both.names(&roots, &place), "a path takes nothing from the flag without one");
    }
}
