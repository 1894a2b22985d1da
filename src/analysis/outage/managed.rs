//! Stores that services of the cloud run, without a zone or their region.
//!
//! Source: "Failing over a Multi-AZ DB instance" in the user guide of RDS.

use super::behind::id;
use super::parts::{Part, Standing};
use crate::model::{Managed, Platform, Region};
use std::collections::BTreeSet;

/// What they are called among the parts.
const PART: &str = "managed-store";

/// The entries that call a store.
fn callers(region: &Region, store: &Managed) -> BTreeSet<String> {
    let workloads = region.callers_of(store).filter_map(|flow| region.workload_of(&flow.from));
    workloads.filter(|workload| workload.users_of.is_none()).map(id).collect()
}

fn name(store: &Managed) -> String {
    format!("store/{}/{}", store.namespace, store.name)
}

/// The stores of a region without one of its zones.
pub(super) fn of_zone(region: &Region) -> Vec<Part> {
    let of = |store: &Managed| {
        let part = if store.standby {
            let note =
                "if its server is in this zone, RDS lets the one in another zone take over, which has every commit; connections break off";
            Part::new(PART, Standing::Works, format!("{}: {note}", name(store)))
        } else {
            let note = "one server, in a zone that RDS chose: if it is this one, away until the zone is back, or a person restores it in another zone";
            Part::new(PART, Standing::Lost, format!("{}: {note}", name(store)))
        };
        part.of(callers(region, store))
    };
    region.managed.values().map(of).collect()
}

/// The stores of a region that is lost, and copies there of backups of others.
pub(super) fn of_region(platform: &Platform, region: &Region) -> Vec<Part> {
    let of = |store: &Managed| {
        let part = match &store.backup {
            Ok(backup) => match &backup.copy_to {
                Some(copy) => {
                    let note = format!(
                        "{}: a person makes it anew from the newest copy in {copy}, as the README.md of the region says",
                        name(store)
                    );
                    Part::new(PART, Standing::Manual, note)
                }
                None => Part::new(PART, Standing::Lost, format!("{}: its backups are in the region", name(store))),
            },
            Err(Some(reason)) => {
                Part::new(PART, Standing::Lost, format!("{}: nothing brings it back, as the spec accepts: {reason}", name(store)))
            }
            Err(None) => Part::new(PART, Standing::Lost, format!("{}: nothing brings it back", name(store))),
        };
        part.of(callers(region, store))
    };
    let mut all: Vec<Part> = region.managed.values().map(of).collect();
    let others = platform.regions.values().flat_map(|other| other.managed.values());
    let copied = others.filter(|store| store.backup.as_ref().is_ok_and(|backup| backup.copy_to.as_ref() == Some(&region.name)));
    let copies: Vec<String> = copied.map(name).collect();
    if !copies.is_empty() {
        let note = format!(
            "{}: the copies of backups are away, and new ones fail until the region is back",
            crate::diagnostic::wording::plain(&copies)
        );
        all.push(Part::new("backup-copies", Standing::Lost, note).spare());
    }
    all
}
