//! `waivers`: accepted findings of checks and scanners, with a reason and an expiry date.

use crate::syntax::Field;
use crate::value::{Date, Name, ObjectPattern, RuleName};
use schemars::JsonSchema;
use serde::Deserialize;

/// An accepted finding. `platgen check` reports waivers that are unused or expired.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Waiver {
    /// The rule: `platgen/` or a scanner and `/`, then the name of the rule, such as `checkov/CKV_K8S_43`. Required.
    pub rule: Field<RuleName>,
    /// Objects for which findings are accepted: `Kind/namespace/name`, `Kind/name` or a Terraform address. `*` matches any run of characters.
    pub objects: Field<Vec<Field<ObjectPattern>>>,
    /// Why the finding is acceptable. Required.
    pub reason: Field<String>,
    /// The last day of the waiver, such as `2027-01-31`. Required.
    pub expires: Field<Date>,
    /// The environments in which the waiver holds. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}
