//! Placement: subnet, pool, tolerations, architectures and zone spread of an entry.

use super::EnvironmentResolver;
use super::consumer::Consumer;
use crate::labels;
use crate::model::{Placement, Spread, Toleration};
use crate::syntax::Field;
use crate::value::{Architecture, Name};
use std::rc::Rc;

/// The zones that must have nodes before a second pod runs in one of them. A strict spread has three zones or more. When the first nodes of a cluster
/// are of one zone, pods wait for a second zone: they would stay where they are, and a loss of that zone would end them all. Two zones are enough, so
/// that the loss of one of three stops nothing.
const MIN_ZONES: u32 = 2;

/// The number of pods at a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Runs {
    Once,
    Several,
    OnEveryNode,
}

impl Runs {
    /// The value for a maximum number of replicas.
    pub(super) fn replicas(most: u32) -> Runs {
        if most > 1 { Runs::Several } else { Runs::Once }
    }
}

impl EnvironmentResolver<'_> {
    /// The placement of an entry's pods.
    pub(super) fn placement(
        &mut self,
        subnet: &Field<Name>,
        pool: &Field<Name>,
        arch: &Field<Vec<Field<Architecture>>>,
        consumer: &Consumer<'_>,
        runs: Runs,
    ) -> Option<Placement> {
        let (region, at) = (consumer.region, &consumer.at);
        let section = self.spec.network.at(|network| &network.subnets);
        let declared = Rc::clone(&self.subnets);
        let pools = &region.cluster.pools;
        let chosen = match pool.spanned() {
            Some((name, span)) => match pools.iter().find(|pool| pool.name == *name) {
                Some(pool) => Some(pool),
                None if self.has_faulty_pools(region) => return None,
                None => {
                    self.unknown("pool", name.as_str(), pools.iter().map(|pool| pool.name.as_str()), span);
                    return None;
                }
            },
            None => None,
        };
        let wanted = match (subnet.spanned(), chosen) {
            (Some((name, span)), _) if section.find(name.as_str()).is_none() && declared.iter().all(|subnet| subnet.name != *name) => {
                self.unknown("subnet", name.as_str(), declared.iter().map(|subnet| subnet.name.as_str()), span);
                return None;
            }
            (Some((name, span)), Some(chosen)) if chosen.subnet != *name => {
                let message = format!("the pool `{}` is in the subnet `{}`, not in `{name}`", chosen.name, chosen.subnet);
                self.contradiction(message, span, pool.span());
                return None;
            }
            (Some((name, _)), _) => name.clone(),
            (None, Some(pool)) => pool.subnet.clone(),
            (None, None) => declared.iter().find(|subnet| subnet.default)?.name.clone(),
        };
        let everywhere = runs == Runs::OnEveryNode && subnet.is_missing() && chosen.is_none();
        let subnets = if everywhere { declared.iter().map(|subnet| subnet.name.clone()).collect() } else { vec![wanted] };
        let is_isolated = |name: &Name| declared.iter().any(|subnet| subnet.name == *name && subnet.isolated);
        // A pod on every node tolerates the taint of every isolated subnet. A subnet without nodes has no taint.
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
        self.record_entry(at, || {
            let from = match chosen {
                Some(pool) => format!("cluster.pools.{}.subnet", pool.name),
                None if everywhere => format!("{}.per_node", at.entry),
                None => self.default_subnet().to_string(),
            };
            let names: Vec<&str> = subnets.iter().map(Name::as_str).collect();
            ("subnet", names.join(", "), from)
        });
        for (number, taint) in tolerations.iter().enumerate().filter(|_| self.records()) {
            self.record_entry(at, || {
                let from = match taint.key.as_str() {
                    labels::SUBNET => self.isolation(&taint.value),
                    _ if everywhere => format!("{}.per_node", at.entry),
                    _ => format!("{}.pool", at.entry),
                };
                (format!("tolerations[{number}]"), format!("{}={}:{}", taint.key, taint.value, taint.effect), from)
            });
        }
        let architectures = arch.values().map(|one| one.name());
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
            min_domains: (spread == Spread::Hard).then_some(MIN_ZONES),
        })
    }
}
