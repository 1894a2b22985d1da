//! What the spec accepts of an outage. The rule is that of `platgen/single-replica`, which asks for a second pod.

use crate::model::{Platform, Volume, Workload};

/// The rule whose waivers accept that one pod is enough.
const RULE: &str = "single-replica";

/// Why the spec accepts that an entry is away for a while: the environment promises nothing, a waiver says that one pod is enough, a cache loses nothing that
/// its clients can't make again, or nothing calls the entry. `replaced` says that it comes back by itself.
pub(super) fn accepted(platform: &Platform, workload: &Workload, replaced: bool) -> Option<String> {
    if !platform.protected {
        return Some(format!("`{}` is not protected", platform.environment));
    }
    let object = format!("{}/{}/{}", workload.kind.name(), workload.namespace, workload.name);
    let covers =
        |waiver: &&crate::model::Waiver| waiver.rule.own() == Some(RULE) && waiver.objects.iter().any(|objects| objects.matches(&object));
    if let Some(waiver) = platform.waivers.iter().find(covers).filter(|_| workload.replicas.0 < 2) {
        return Some(waiver.reason.clone());
    }
    if workload.is_store() && !workload.volumes.iter().any(|volume| matches!(volume, Volume::Claim { .. })) {
        return Some(
            workload
                .backups
                .reason()
                .map(str::to_owned)
                .unwrap_or_else(|| "a store without a volume holds what its clients can make again".to_owned()),
        );
    }
    (replaced && workload.service.is_none()).then(|| "nothing calls it, and it comes back by itself".to_owned())
}
