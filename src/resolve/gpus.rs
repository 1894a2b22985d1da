//! GPUs: where pods that ask for them may run.

use super::EnvironmentResolver;
use super::provenance::RecordPath;
use crate::model::{Container, Placement, Region, Toleration};

/// The taint that Google Kubernetes Engine puts on every node with GPUs.
pub(super) const GOOGLE_TAINT: (&str, &str, &str) = ("nvidia.com/gpu", "present", "NoSchedule");

impl EnvironmentResolver<'_> {
    /// Lets pods with GPUs run on nodes that are tainted because they have GPUs: those of the pool that the entry names, or of any pool in its subnet. Only
    /// these nodes have the resource that the pods ask for. `beside` are the init containers and the sidecars.
    pub(super) fn tolerate_gpus(
        &self,
        placement: &mut Placement,
        region: &Region,
        main: &Container,
        [init, sidecars]: [&[Container]; 2],
        at: &RecordPath,
    ) {
        let of = |section, containers: &[Container]| {
            containers.iter().find(|one| one.gpus > 0).map(|one| format!("{}.{section}.{}", at.entry, one.name))
        };
        let own = (main.gpus > 0).then(|| at.entry.clone());
        let Some(asking) = own.or_else(|| of("init", init)).or_else(|| of("sidecars", sidecars)) else { return };
        let is_its_own = |name| placement.pool.as_ref().is_none_or(|pool| pool == name);
        let pools = region.cluster.pools.iter().filter(|pool| placement.subnets.contains(&pool.subnet) && is_its_own(&pool.name));
        let tainted = pools.filter(|pool| pool.capacity.as_ref().is_some_and(|machine| machine.gpus > 0)).flat_map(|pool| &pool.taints);
        let tainted = tainted.map(|(key, value, effect)| Toleration { key: key.clone(), value: value.clone(), effect });
        let all: Vec<Toleration> = tainted.collect();
        for toleration in all {
            if placement.tolerations.contains(&toleration) {
                continue;
            }
            self.record_entry(at, || {
                let taint = format!("{}={}:{}", toleration.key, toleration.value, toleration.effect);
                (format!("tolerations[{}]", placement.tolerations.len()), taint, format!("{asking}.resources.gpu"))
            });
            placement.tolerations.push(toleration);
        }
    }
}
