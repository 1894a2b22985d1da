//! The part of a region's README about the stores that operators run.

use super::databases::database;
use super::gitops;
use super::kafka::kafka;
use super::mysql::mysql;
use super::rabbitmq::rabbitmq;
use crate::model::{Platform, Region, Software};

/// The section, empty without such a store.
pub(super) fn stores(platform: &Platform, region: &Region) -> String {
    let mut text = String::new();
    for workload in region.workloads.values() {
        let Some(operated) = workload.operated() else { continue };
        if text.is_empty() {
            text = format!("\n## Stores\n{}", gitops::stores(platform));
        }
        match &operated.software {
            Software::Postgres(of) => database(platform, region, workload, (operated, of), &mut text),
            Software::Rabbitmq => rabbitmq(platform, region, workload, operated, &mut text),
            Software::Kafka(of) => kafka(platform, region, workload, (operated, of), &mut text),
            Software::Mysql(of) => mysql(platform, region, workload, (operated, of), &mut text),
        }
    }
    text
}
