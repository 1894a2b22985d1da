//! The result of a render: paths and texts. A render is complete before the first file is written.
//!
//! Files are grouped into units, one per folder that owns a manifest (`kubernetes/<environment>/<region>`, `terraform/<environment>/<region>`,
//! ...), because ownership and pruning are decided per unit. The module does not access the disk.

use std::collections::BTreeMap;

/// The output folder beside a spec file, or in a spec folder, unless another is named.
pub const OUTPUT: &str = "deploy";

/// Every file of a render, by unit.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Files {
    /// Units by folder, relative to the output folder, `/` between parts; `""` is the output folder itself.
    pub units: BTreeMap<String, Unit>,
    /// The files of the CI system, by path relative to the folder of the spec. They name the output folder [`OUTPUT`].
    pub outside: Unit,
}

/// The files of one folder that are owned, checked and pruned together.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Unit {
    /// The environment; `None` for files that all environments share.
    pub environment: Option<String>,
    /// The region; `None` for a unit of several regions.
    pub region: Option<String>,
    /// Text by path relative to the unit's folder.
    pub files: BTreeMap<String, String>,
}

impl Files {
    /// Every file with its path relative to the output folder, in path order within each unit.
    pub fn iter(&self) -> impl Iterator<Item = (String, &str)> {
        self.units.iter().flat_map(|(folder, unit)| {
            unit.files.iter().map(move |(path, text)| {
                let whole = if folder.is_empty() { path.clone() } else { format!("{folder}/{path}") };
                (whole, text.as_str())
            })
        })
    }
}
