//! Where the pods of a workload run.

use super::Pool;
use crate::value::Name;

/// Placement of a workload's pods.
#[derive(Clone, Debug)]
pub struct Placement {
    /// The permitted subnets: one, or all of them for a pod on every node.
    pub subnets: Vec<Name>,
    /// Whether a pod runs on every node of every subnet.
    pub everywhere: bool,
    /// The pool, if the spec sets one.
    pub pool: Option<Name>,
    /// The permitted architectures. Empty: any.
    pub architectures: Vec<&'static str>,
    /// Tolerations.
    pub tolerations: Vec<Toleration>,
    /// The spread of its pods over zones.
    pub spread: Spread,
    /// How many zones must have nodes before a second pod may run in one of them, for a strict spread.
    pub min_domains: Option<u32>,
}

impl Placement {
    /// Whether its pods may run on the nodes of a pool.
    pub fn admits(&self, pool: &Pool) -> bool {
        let chosen = self.pool.as_ref().is_none_or(|name| *name == pool.name);
        chosen && self.subnets.contains(&pool.subnet) && self.tolerates(pool) && self.runs_on(pool)
    }

    /// Whether its pods tolerate the taints that the spec gives to a pool.
    pub fn tolerates(&self, pool: &Pool) -> bool {
        pool.taints.iter().all(|(key, value, effect)| {
            let same = |one: &Toleration| (&one.key, &one.value, one.effect) == (key, value, *effect);
            *effect == "PreferNoSchedule" || self.tolerations.iter().any(same)
        })
    }

    /// Whether its pods run on the architecture of a pool's machines. A machine that is not known may have any.
    pub fn runs_on(&self, pool: &Pool) -> bool {
        let known = pool.capacity.as_ref().and_then(|machine| machine.architecture);
        self.architectures.is_empty() || known.is_none_or(|known| self.architectures.contains(&known))
    }
}

/// A toleration of a taint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Toleration {
    /// The taint's key.
    pub key: String,
    /// The taint's value.
    pub value: String,
    /// Its effect, as in Kubernetes.
    pub effect: &'static str,
}

/// The spread of pods over zones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spread {
    /// No spread: one pod, a job, or a pod on every node.
    None,
    /// Even if possible.
    Soft,
    /// Even, or the pod is not scheduled.
    Hard,
}

impl Spread {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Spread::None => "none",
            Spread::Soft => "soft",
            Spread::Hard => "hard",
        }
    }
}
