//! Which pools have Spot nodes: where the spec does not say, those of an environment that is not protected on which no pod with a persistent volume may
//! run.

use super::EnvironmentResolver;
use super::names::{Entry, EntrySpec, Names};
use crate::facts;
use crate::layers::Layer;
use crate::model::{Pool, Region, Volume};
use crate::spec::StoreSize;
use crate::value::{Name, StoreMode};

impl EnvironmentResolver<'_> {
    /// Decides for each pool of a region, whose workloads are known, whether its nodes are Spot instances, and which machines they may have.
    pub(super) fn spot(&self, names: &Names, region: &mut Region, protected: bool) {
        if !Layer::Cluster.providers().contains(&region.provider) {
            return;
        }
        let declared = self.spec.cluster.at(|cluster| &cluster.pools);
        let decided: Vec<(bool, Vec<&'static str>)> = region
            .cluster
            .pools
            .iter()
            .map(|pool| {
                let said = declared.value(pool.name.as_str()).is_some_and(|pool| !pool.spot.is_missing());
                let at = format!("regions.{}.pools.{}", region.name, pool.name);
                let machine = if declared.value(pool.name.as_str()).is_some() {
                    format!("cluster.pools.{}.machine", pool.name)
                } else {
                    format!("{at}.machine")
                };
                let spot = if said {
                    pool.spot
                } else {
                    let gpus = pool.capacity.as_ref().is_some_and(|machine| machine.gpus > 0);
                    let holder = self.with_volume(names, region, pool);
                    let spot = !protected && !gpus && holder.is_none();
                    self.record(|| {
                        let why = match holder {
                            _ if protected => format!("environments.{}.protected", self.environment),
                            _ if gpus => format!("{machine}, which has GPUs"),
                            Some(entry) => format!("{}, whose volume a node may hold", self.record_path(entry, &region.name).entry),
                            None => format!("environments.{}.protected, and no volume on its nodes", self.environment),
                        };
                        (format!("{at}.spot"), spot, why)
                    });
                    spot
                };
                let alternatives = if spot { facts::similar_machines(region.provider, &pool.machine) } else { Vec::new() };
                let decides = if said { format!("cluster.pools.{}.spot", pool.name) } else { format!("{at}.spot") };
                for (number, other) in alternatives.iter().enumerate() {
                    self.record(|| (format!("{at}.alternatives[{number}]"), other, format!("{machine} and {decides}")));
                }
                (spot, alternatives)
            })
            .collect();
        for (pool, (spot, alternatives)) in region.cluster.pools.iter_mut().zip(decided) {
            (pool.spot, pool.alternatives) = (spot, alternatives);
        }
    }

    /// An entry whose pods have persistent volumes and may run on the nodes of a pool. Stores that this version does not render count by their subnet, so
    /// that the pool stays as it is when they are.
    fn with_volume<'n>(&self, names: &'n Names, region: &Region, pool: &Pool) -> Option<&'n Entry> {
        names.iter().filter(|entry| entry.absent.is_none()).find(|entry| {
            let workload = entry.workload_key().and_then(|key| region.workloads.get(&key));
            if let Some(workload) = workload.filter(|workload| workload.span == entry.key) {
                return workload.placement.admits(pool) && workload.volumes.iter().any(|one| matches!(one, Volume::Claim { .. }));
            }
            !entry.rendered && self.stores_in(entry, region, &pool.subnet)
        })
    }

    /// Whether an entry is a store with a volume in a subnet of a region.
    fn stores_in(&self, entry: &Entry, region: &Region, subnet: &Name) -> bool {
        let EntrySpec::Store(store) = &entry.spec else { return false };
        let here = region.primary || store.independent.is_true() || store.standby.values().any(|name| *name == region.name);
        let home = store.subnet.get().or_else(|| self.subnets.iter().find(|subnet| subnet.default).map(|subnet| &subnet.name));
        here && store.mode.get() != Some(&StoreMode::Managed) && store.storage.get() != Some(&StoreSize::None) && home == Some(subnet)
    }
}
