//! References to shared volumes.

use std::fmt;

use super::name::LABEL;
use super::{EntryName, Invalid, quote};

/// A reference to an entry of `volumes`: `volume/uploads`, or `volume/uploads:read`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct VolumeRef {
    entry: EntryName,
    read_only: bool,
}

text!(VolumeRef, "a volume such as `volume/uploads`", {
    "type": "string",
    "description": "A volume of the section `volumes`, with `:read` to mount it read-only.",
    "pattern": format!("^volume/({LABEL}/)?{LABEL}(:read)?$"),
    "examples": ["volume/uploads", "volume/uploads:read"],
});

impl VolumeRef {
    /// The volume's name, with the namespace if the user wrote one.
    pub fn entry(&self) -> &EntryName {
        &self.entry
    }

    /// Whether the volume is mounted read-only.
    pub fn read_only(&self) -> bool {
        self.read_only
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let Some(rest) = text.strip_prefix("volume/") else {
            return Err(Invalid::new(format!("{} is neither a size, such as `10Gi`, nor a volume, such as `volume/uploads`", quote(text))));
        };
        let (name, suffix) = rest.split_once(':').map_or((rest, None), |(name, suffix)| (name, Some(suffix)));
        match suffix {
            None | Some("read") => Ok(VolumeRef { entry: name.parse()?, read_only: suffix.is_some() }),
            Some(suffix) => Err(Invalid::new(format!("{} after a volume: only `:read` may stand there", quote(suffix)))),
        }
    }
}

impl fmt::Display for VolumeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("volume/{}{}", self.entry, if self.read_only { ":read" } else { "" }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn a_volume_is_a_reference_with_read() {
        let bad = ["uploads", "volume/", "volume/a:write", "volume/a/b/c", "volume/A", "10Gi", "app/a"];
        agree::<VolumeRef>(&["volume/uploads", "volume/shop/uploads", "volume/uploads:read"], &bad, &[]);
    }
}
