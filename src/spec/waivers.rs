//! `waivers`: findings of the checks that are accepted, for a reason and for a time.

use crate::syntax::Field;
use crate::value::{Date, Name, ObjectPattern, RuleName};
use schemars::JsonSchema;
use serde::Deserialize;

/// A finding that is accepted. `platgen check` tells when it is no longer needed, and when its time is over.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Waiver {
    /// The rule that finds it: `platgen/` or the scanner, then the rule's name there.
    pub rule: Field<RuleName>,
    /// The objects it is accepted on: `Kind/namespace/name`, `Kind/name` or Terraform addresses, `*` standing for any run of characters.
    pub objects: Field<Vec<Field<ObjectPattern>>>,
    /// Why it is right as it is.
    pub reason: Field<String>,
    /// The last day it holds; then somebody has to look again.
    pub expires: Field<Date>,
    /// The environments it holds in. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}
