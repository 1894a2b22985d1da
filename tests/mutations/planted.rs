//! Plants every fault, of every class.

use std::collections::BTreeMap;

use super::attributes;
use super::fields;
use super::ground::{Ground, HOME};
use super::hand;
use super::hand_bootstrap;
use super::hand_cluster;
use super::hand_kubernetes;
use super::hand_terraform;
use super::model;
use super::mutant::Mutant;

/// The faults, and what they are planted in.
pub struct Planted {
    pub ground: Ground,
    pub mutants: Vec<Mutant>,
    /// By mutant: what the renderer said when it refused it.
    pub refused: BTreeMap<usize, String>,
    /// Whether all faults are planted.
    pub whole: bool,
}

/// One of this many faults that were not made by hand is planted, unless all are.
pub const FEW: u16 = 4;

impl Planted {
    /// Plants those made by hand, and all of the others or some.
    pub fn new(whole: bool) -> Result<Self, String> {
        let planted = |mutant: &Mutant| whole || mutant.is_in_sample(FEW);
        let ground = Ground::new()?;
        let mut mutants =
            hand::mutants(&ground, hand_kubernetes::FAULTS, |environment, file| format!("kubernetes/{environment}/{}/{file}", HOME.1))?;
        mutants.extend(hand::mutants(&ground, hand_terraform::FAULTS, |environment, file| {
            format!("terraform/{environment}/{}/network/{file}", HOME.1)
        })?);
        mutants.extend(hand::mutants(&ground, hand_bootstrap::FAULTS, |environment, file| {
            format!("terraform/bootstrap/{environment}/{file}")
        })?);
        mutants.extend(hand::mutants(&ground, hand_cluster::FAULTS, |environment, file| {
            format!("terraform/{environment}/{}/{file}", HOME.1)
        })?);
        mutants.extend(fields::mutants(&ground)?.into_iter().filter(planted));
        mutants.extend(attributes::mutants(&ground)?.into_iter().filter(planted));
        let mut refused = BTreeMap::new();
        for (mutant, error) in model::mutants(&ground, planted) {
            refused.extend(error.map(|error| (mutants.len(), error)));
            mutants.push(mutant);
        }
        Ok(Self { ground, mutants, refused, whole })
    }
}
