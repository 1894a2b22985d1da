//! What an entry says of subnet, pool and architecture -> where its pods may run.

use super::Scope;
use crate::labels;
use crate::model::{Placement, Region, Spread, Toleration};
use crate::syntax::Field;
use crate::value::{Architecture, Name};

/// How many pods there are at a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Runs {
    Once,
    Several,
    OnEveryNode,
}

impl Runs {
    /// Of a number of replicas.
    pub(super) fn replicas(most: u32) -> Runs {
        if most > 1 { Runs::Several } else { Runs::Once }
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
        runs: Runs,
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
                self.contradiction(message, at, Some(at), "the pool says so");
                return None;
            }
            (Some((name, _)), _) => name.clone(),
            (None, Some(pool)) => pool.subnet.clone(),
            (None, None) => match declared {
                Some(all) => all.set().find(|(_, _, subnet)| subnet.default.get() == Some(&true)).map(|(name, _, _)| name.clone())?,
                None => "general".parse().ok()?,
            },
        };
        let everywhere = runs == Runs::OnEveryNode && subnet.is_missing() && chosen.is_none();
        let subnets = match declared {
            Some(all) if everywhere => all.keys().cloned().collect(),
            _ => vec![wanted],
        };
        let is_isolated = |name: &Name| {
            let subnet = declared.and_then(|all| all.get(name.as_str())).and_then(|item| item.value.get());
            subnet.is_some_and(|subnet| subnet.isolated.get() == Some(&true))
        };
        // What runs on every node is kept away from none. A subnet without nodes has no taint.
        let has_nodes = |name: &Name| !everywhere || pools.is_empty() || pools.iter().any(|pool| pool.subnet == *name);
        let isolated = subnets.iter().filter(|name| is_isolated(name) && has_nodes(name));
        let mut tolerations: Vec<Toleration> =
            isolated.map(|name| Toleration { key: labels::SUBNET.to_string(), value: name.to_string(), effect: "NoSchedule" }).collect();
        for (key, value, effect) in
            pools.iter().filter(|pool| everywhere || chosen.is_some_and(|one| one.name == pool.name)).flat_map(|pool| &pool.taints)
        {
            let toleration = Toleration { key: key.clone(), value: value.clone(), effect };
            if !tolerations.contains(&toleration) {
                tolerations.push(toleration);
            }
        }
        self.record_entry(|at| {
            let from = match chosen {
                Some(pool) => format!("cluster.pools.{}.subnet", pool.name),
                None if everywhere => format!("{}.per_node", at.entry),
                None => self.default_subnet().to_string(),
            };
            let names: Vec<&str> = subnets.iter().map(Name::as_str).collect();
            ("subnet", names.join(", "), from)
        });
        for (number, taint) in tolerations.iter().enumerate().filter(|_| self.records()) {
            self.record_entry(|at| {
                let from = match taint.key.as_str() {
                    labels::SUBNET => format!("network.subnets.{}.isolated", taint.value),
                    _ if everywhere => format!("{}.per_node", at.entry),
                    _ => format!("{}.pool", at.entry),
                };
                (format!("tolerations[{number}]"), format!("{}={}:{}", taint.key, taint.value, taint.effect), from)
            });
        }
        let architectures = arch.get().into_iter().flatten().filter_map(Field::get).map(|one| one.name());
        let spread = match (runs, region.zones.len()) {
            (Runs::Once | Runs::OnEveryNode, _) => Spread::None,
            (Runs::Several, zones) if zones >= 3 && !matches!(region.provider, crate::provider::Provider::Kind) => Spread::Hard,
            _ => Spread::Soft,
        };
        Some(Placement {
            subnets,
            everywhere,
            pool: chosen.map(|pool| pool.name.clone()),
            architectures: architectures.collect(),
            tolerations,
            spread,
        })
    }
}
