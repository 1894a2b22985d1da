//! `--force`: the obstacles that the user overrides.

use std::path::PathBuf;

use super::place::{Place, Roots, normal};

/// The edited or foreign files and live Terraform roots that a render may replace or remove.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Force {
    /// Nothing.
    #[default]
    Nothing,
    /// Every edited or foreign file. Live Terraform roots and a missing lock have to be named as paths.
    Everything,
    /// These files and the files in these folders. Paths are relative to the current folder or to the output folder.
    Paths(Vec<PathBuf>),
}

impl Force {
    /// Whether an edited or foreign file may be replaced or removed.
    pub(super) fn takes(&self, roots: &Roots, place: &Place) -> bool {
        *self == Force::Everything || self.covers(roots, place)
    }

    /// Whether a path names this place or a folder above it, but not the whole output folder.
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
