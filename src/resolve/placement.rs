//! What an entry says of subnet, pool and architecture -> where its pods may run.

use super::Scope;
use crate::model::{Placement, Region, Spread, Toleration};
use crate::spec::Architecture;
use crate::syntax::Field;
use crate::value::Name;

/// The name of an architecture in Kubernetes.
pub(super) fn architecture(arch: Architecture) -> &'static str {
    match arch {
        Architecture::Amd64 => "amd64",
        Architecture::Arm64 => "arm64",
    }
}

impl Scope<'_> {
    /// Where pods may run: their subnet, one of its pools, the architectures of both.
    pub(super) fn placement(
        &mut self,
        subnet: &Field<Name>,
        pool: &Field<Name>,
        arch: &Field<Vec<Field<Architecture>>>,
        region: &Region,
        many: bool,
    ) -> Option<Placement> {
        let declared = self.spec.network.get().and_then(|network| network.subnets.get()).filter(|all| !all.is_empty());
        let names: Vec<&str> = declared.map(|all| all.keys().map(|name| name.as_str()).collect()).unwrap_or_else(|| vec!["general"]);
        let pools = &region.cluster.pools;
        let chosen = match pool.spanned() {
            Some((name, at)) => match pools.iter().find(|pool| pool.name == *name) {
                Some(pool) => Some(pool),
                None => {
                    self.unknown("pool", name.as_str(), pools.iter().map(|pool| pool.name.as_str()), at);
                    return None;
                }
            },
            None => None,
        };
        let wanted = match (subnet.spanned(), chosen) {
            (Some((name, at)), _) if !names.contains(&name.as_str()) => {
                self.unknown("subnet", name.as_str(), names, at);
                return None;
            }
            (Some((name, at)), Some(pool)) if pool.subnet != *name => {
                let message = format!("the `pool` stands in the subnet `{}`, not in `{name}`", pool.subnet);
                self.contradiction(message, at, pool.name.as_str().is_empty().then_some(at).or_else(|| at.into()), "the pool says so");
                return None;
            }
            (Some((name, _)), _) => name.clone(),
            (None, Some(pool)) => pool.subnet.clone(),
            (None, None) => match declared {
                Some(all) => all.set().find(|(_, _, subnet)| subnet.default.get() == Some(&true)).map(|(name, _, _)| name.clone())?,
                None => "general".parse().ok()?,
            },
        };
        let isolated = declared
            .and_then(|all| all.get(wanted.as_str()))
            .and_then(|item| item.value.get())
            .is_some_and(|subnet| subnet.isolated.get() == Some(&true));
        let mut tolerations = Vec::new();
        if isolated {
            tolerations.push(Toleration { key: "platgen.io/subnet".to_string(), value: wanted.to_string(), effect: "NoSchedule" });
        }
        for (key, value, effect) in chosen.into_iter().flat_map(|pool| &pool.taints) {
            tolerations.push(Toleration { key: key.clone(), value: value.clone(), effect });
        }
        let architectures = arch.get().into_iter().flatten().filter_map(Field::get).copied().map(architecture);
        let spread = match (many, region.zones.len()) {
            (false, _) => Spread::None,
            (true, zones) if zones >= 3 && !matches!(region.provider, crate::facts::Provider::Kind) => Spread::Hard,
            _ => Spread::Soft,
        };
        Some(Placement {
            subnet: wanted,
            isolated,
            pool: chosen.map(|pool| pool.name.clone()),
            architectures: architectures.collect(),
            tolerations,
            spread,
        })
    }
}
