//! `observability`: the monitoring of the regions of an environment.

use super::EnvironmentResolver;
use crate::model::Monitoring;

/// How many Prometheus and Alertmanager servers a protected environment has: one stays when a node or a zone is lost.
const PAIR: u32 = 2;

impl EnvironmentResolver<'_> {
    /// The monitoring of each region, without the routes of alerts, which depend on what runs there. `None` if the spec has no section `observability`.
    pub(super) fn monitoring(&mut self, protected: bool) -> Option<Monitoring> {
        let (wanted, at) = self.spec.observability.spanned()?;
        if !self.is_of_the_user(at) {
            return None;
        }
        Some(Monitoring {
            retention: *wanted.retention.get()?,
            storage: wanted.storage.get()?.clone(),
            replicas: if protected { PAIR } else { 1 },
            routes: Vec::new(),
            heartbeat: None,
        })
    }
}
