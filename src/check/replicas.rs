//! Several replicas serve in a protected environment.

use super::context::RegionContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::model::{Kind, Volume};

pub(super) const RULE: Rule = Rule { codes: &[Code::SingleReplica], judge: Judge::Region(judge), loosens: false };

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for workload in context.region.workloads.values() {
        let name = format!("{}/{}", workload.namespace, workload.name);
        let kind = match workload.kind {
            Kind::Deployment => "Deployment",
            Kind::StatefulSet => "StatefulSet",
            Kind::DaemonSet | Kind::CronJob(_) | Kind::Job { .. } => continue,
        };
        // A cache loses nothing that its clients can't make again.
        let cache = workload.is_store() && !workload.volumes.iter().any(|volume| matches!(volume, Volume::Claim { .. }));
        if context.platform.protected && workload.service.is_some() && workload.replicas.0 < 2 && !cache {
            let message = format!("one replica of `{name}` serves in the protected environment `{}`", context.platform.environment);
            let help = if workload.is_store() {
                "say `replicas` where the engine keeps copies of its own, or a waiver with the reason why one is enough"
            } else {
                "say `scale: {replicas: 2..6}` or more, or a waiver with the reason why one is enough"
            };
            let finding = Finding::missing(Code::SingleReplica, &format!("{kind}/{name}"), message, help);
            found.push(Finding { entry: Some(workload.span), ..finding });
        }
    }
}
