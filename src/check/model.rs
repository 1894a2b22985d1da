//! Rules about the model itself: what a spec may say and should not in production. Few, because a spec that says why is right.

use super::Finding;
use super::scene::Scene;
use crate::diagnostic::Code;
use crate::model::{Kind, Volume};

pub(super) fn judge(scene: &Scene, found: &mut Vec<Finding>) {
    for workload in scene.region.workloads.values() {
        let name = format!("{}/{}", workload.namespace, workload.name);
        let object = format!("{}/{name}", super::running::kind(workload));
        let serves = matches!(workload.kind, Kind::Deployment | Kind::StatefulSet) && workload.service.is_some();
        // A store without volumes is a cache: what it loses is made again.
        let cache = workload.is_store() && !workload.volumes.iter().any(|volume| matches!(volume, Volume::Claim { .. }));
        if scene.platform.protected && serves && workload.replicas.0 < 2 && !cache {
            let message = format!("one replica of `{name}` serves in the protected environment `{}`", scene.platform.environment);
            let help = if workload.is_store() {
                "say `replicas` where the engine keeps copies of its own, or a waiver with the reason why one is enough"
            } else {
                "say `scale: {replicas: 2..6}` or more, or a waiver with the reason why one is enough"
            };
            let help = help.to_owned();
            found.push(Finding { help, ..scene.lacks(Code::SingleReplica, workload, &object, message) });
        }
    }
}
