//! The part of a region's README about the stores that operators run, those of several servers, and those of services of the cloud.

use super::databases::database;
use super::gitops;
use super::kafka::kafka;
use super::managed::managed;
use super::mongodb::mongodb;
use super::mysql::mysql;
use super::rabbitmq::rabbitmq;
use super::replication::replication;
use super::standbys::standby;
use crate::model::{Platform, Region, Software};

/// The section, empty without such a store.
pub(super) fn stores(platform: &Platform, region: &Region) -> String {
    let mut text = String::new();
    if !region.managed.is_empty() {
        text = format!("\n## Stores\n{}", gitops::stores(platform));
    }
    for store in region.managed.values() {
        managed(platform, region, store, &mut text);
    }
    for workload in region.workloads.values() {
        if workload.operated().is_none() && !workload.is_replicated() {
            continue;
        }
        if text.is_empty() {
            text = format!("\n## Stores\n{}", gitops::stores(platform));
        }
        replication(platform, region, workload, &mut text);
        let Some(operated) = workload.operated() else { continue };
        match &operated.software {
            Software::Postgres(of) => match workload.backups.followed() {
                Some(followed) => text.push_str(&standby(platform, region, workload, (of, followed))),
                None => database(platform, region, workload, (operated, of), &mut text),
            },
            Software::Rabbitmq => rabbitmq(platform, region, workload, operated, &mut text),
            Software::Kafka(of) => kafka(platform, region, workload, (operated, of), &mut text),
            Software::Mongodb(of) => mongodb(platform, region, workload, (operated, of), &mut text),
            Software::Mysql(of) => mysql(platform, region, workload, (operated, of), &mut text),
        }
    }
    text
}
