//! Stores that an operator runs: what its object says beyond the pods.

use super::{Container, Database, Kafka, Percona};
use crate::kinds::{Operated as Facts, Operator};
use crate::labels::{DATABASE, DATABASE_ROLE, KAFKA_BROKER, PERCONA_COMPONENT, WORKLOAD};
use crate::value::{Image, Name, SecretRef};
use std::collections::BTreeMap;

/// The servers of a store. An operator makes their pods and volumes from one object.
#[derive(Clone, Debug)]
pub struct Operated {
    /// What they run.
    pub software: Software,
    /// Those who sign in.
    pub users: Vec<User>,
    /// Settings of the servers by name.
    pub parameters: BTreeMap<String, String>,
    /// Whether each server has a zone of its own, or waits for one. The volume of a server never leaves its zone.
    pub one_per_zone: bool,
    /// The pods that the operator makes beside the servers. They call them.
    pub helper: Option<Helper>,
}

/// Pods that an operator makes beside the servers of a store.
#[derive(Clone, Debug)]
pub struct Helper {
    /// How many there are.
    pub pods: u32,
    /// The containers of each.
    pub containers: Vec<Container>,
}

/// The software of the servers, with what its operator alone is told.
#[derive(Clone, Debug)]
pub enum Software {
    /// PostgreSQL.
    Postgres(Database),
    /// RabbitMQ.
    Rabbitmq,
    /// Kafka.
    Kafka(Kafka),
    /// MySQL.
    Mysql(Percona),
    /// MongoDB.
    Mongodb(Percona),
}

/// A user of a store.
#[derive(Clone, Debug)]
pub struct User {
    /// The name.
    pub name: Name,
    /// The password in the secret manager.
    pub password: SecretRef,
}

impl Software {
    /// The operator that runs it.
    pub fn operator(&self) -> Operator {
        match self {
            Software::Postgres(_) => Operator::CloudNativePg,
            Software::Rabbitmq => Operator::Rabbitmq,
            Software::Kafka(_) => Operator::Strimzi,
            Software::Mysql(_) => Operator::PerconaMysql,
            Software::Mongodb(_) => Operator::PerconaMongodb,
        }
    }

    /// What the operator makes.
    pub fn facts(&self) -> &'static Facts {
        self.operator().facts()
    }

    /// The label whose value is the store's name, by which policies and Services select the pods. CloudNativePG has pods for jobs as well, which inherit no
    /// label.
    pub fn label(&self) -> &'static str {
        match self {
            Software::Postgres(_) => DATABASE,
            Software::Rabbitmq | Software::Kafka(_) | Software::Mysql(_) | Software::Mongodb(_) => WORKLOAD,
        }
    }

    /// Another label of the pods that answer under the store's name. `None`: every pod does.
    pub fn answering(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Software::Postgres(_) => Some((DATABASE_ROLE, "primary")),
            // Clients of MongoDB ask any server which one takes writes.
            Software::Rabbitmq | Software::Mongodb(_) => None,
            Software::Kafka(_) => Some((KAFKA_BROKER, "true")),
            Software::Mysql(_) => Some((PERCONA_COMPONENT, "haproxy")),
        }
    }

    /// The name of the Secret of a user. No other name has a dot; the RabbitMQ Cluster Operator looks for its own name.
    pub fn secret(&self, store: &Name, user: &Name) -> String {
        match self {
            Software::Postgres(_) | Software::Kafka(_) | Software::Mysql(_) | Software::Mongodb(_) => format!("{store}.{user}"),
            Software::Rabbitmq => format!("{store}-default-user"),
        }
    }

    /// The series of the engine that an image runs, such as `8.0`. Empty, if its tag does not say so.
    pub fn series(&self, image: &str) -> String {
        let numbers = image.parse::<Image>().ok().and_then(|image| image.tag()?.numbers(self.facts().series));
        numbers.unwrap_or_default().iter().map(u32::to_string).collect::<Vec<_>>().join(".")
    }

    /// Whether the operator makes the Service with the store's name.
    pub fn has_own_service(&self) -> bool {
        self.facts().services.contains(&"")
    }
}
