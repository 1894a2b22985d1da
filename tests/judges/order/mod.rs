//! A simulation of the roots of a platform, applied from empty accounts: what each of them reads and names exists before it, and no root of one region
//! needs another region.
//!
//! `roots.rs` reads the roots, `pages.rs` the order in which the pages of the output apply them and what they ask people for, `there.rs` has what
//! exists before and what comes later, `literals.rs` and `names.rs` judge names in what Terraform makes, `apply.rs` applies one root after the other, and
//! `faults.rs` plants faults that the simulation has to find.

mod apply;
mod faults;
mod literals;
mod names;
mod pages;
mod roots;
mod there;

use std::path::Path;

use super::states::Resource;
use apply::Used;
use roots::Platform;

/// A rendered spec: its name, its tree, and what Terraform makes of its roots.
pub struct Made<'t> {
    pub spec: &'t str,
    pub tree: &'t Path,
    pub resources: Vec<Resource>,
}

/// Proves every spec, and that the lists of what exists have no entry that none of them needs.
pub fn prove(specs: &[Made]) -> Result<(), String> {
    let (mut wrong, mut used) = (Vec::new(), Used::new());
    for made in specs {
        let platform = Platform::read(made.tree, &made.resources)?;
        let of = |faults: Vec<String>| faults.into_iter().map(|fault| format!("{}: {fault}", made.spec)).collect::<Vec<_>>();
        wrong.extend(of(all(&platform, &mut used)?));
        if wrong.is_empty() {
            wrong.extend(faults::unnoticed(made.spec, &platform)?);
        }
    }
    let lists = there::GIVEN.iter().chain(there::ANSWERED.iter().map(|(kind, _)| kind)).chain(there::LATER.iter().map(|(arn, _)| arn));
    wrong.extend(lists.filter(|entry| !used.contains(*entry)).map(|entry| format!("there.rs lists `{entry}`, which no spec needs")));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// What is wrong with a platform, and, where nothing is, with what is left of it without a region.
fn all(platform: &Platform, used: &mut Used) -> Result<Vec<String>, String> {
    let mut wrong = apply::faults(platform, None, used)?;
    let regions = if wrong.is_empty() { pages::regions(platform)? } else { Vec::new() };
    for (environment, region) in &regions {
        if regions.iter().filter(|(other, _)| other == environment).count() > 1 {
            let without = apply::faults(platform, Some((environment, region)), used)?;
            wrong.extend(without.into_iter().map(|fault| format!("without {environment}/{region}: {fault}")));
        }
    }
    Ok(wrong)
}
