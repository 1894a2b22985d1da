//! `--force`: the obstacles that a render overrides.

use std::path::PathBuf;

use super::place::{Place, Roots, normal};

/// The edited and foreign files that may be replaced or removed, and the Terraform roots that may be removed although their resources may exist.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Force {
    /// Nothing.
    #[default]
    Nothing,
    /// Every edited or foreign file in the way. Terraform roots and a missing lock have to be named.
    Everything,
    /// These files, and everything in these folders; paths as the user typed them, or relative to the output folder.
    Paths(Vec<PathBuf>),
}

impl Force {
    /// Whether an edited or foreign file may be replaced or removed.
    pub(super) fn takes(&self, roots: &Roots, place: &Place) -> bool {
        *self == Force::Everything || self.covers(roots, place)
    }

    /// Whether a given path is this place or a folder above it, other than the whole output folder.
    pub(super) fn names(&self, roots: &Roots, place: &Place) -> bool {
        let output = normal(&roots.output);
        let Force::Paths(paths) = self else { return false };
        let narrow = paths.iter().filter(|path| !output.starts_with(normal(path)) && !output.starts_with(normal(&roots.output.join(path))));
        Force::Paths(narrow.cloned().collect()).covers(roots, place)
    }

    fn covers(&self, roots: &Roots, place: &Place) -> bool {
        let Force::Paths(paths) = self else { return false };
        let target = normal(&roots.at(place));
        paths.iter().any(|path| target.starts_with(normal(path)) || target.starts_with(normal(&roots.output.join(path))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_as_typed_or_from_the_output_folder() {
        let roots = Roots { output: "x/deploy".into(), project: "x".into(), outside: Vec::new() };
        let place = Place::output("terraform/dev/a/main.tf");
        let force = |path: &str| Force::Paths(vec![path.into()]);
        for path in ["x/deploy/terraform/dev", "terraform/dev/a/main.tf", "./x/y/../deploy/terraform/", "terraform"] {
            assert!(force(path).takes(&roots, &place) && force(path).names(&roots, &place), "{path}");
        }
        for path in ["deploy/terraform", "terraform/de", "terraform/dev/a/main.tf/x"] {
            assert!(!force(path).takes(&roots, &place), "{path}");
        }
        for force in [force("x/deploy"), force("."), Force::Everything] {
            assert!(force.takes(&roots, &place) && !force.names(&roots, &place), "{force:?}");
        }
    }
}
