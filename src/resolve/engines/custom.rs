//! `engine: custom`: the store sets image, ports, probes and data directory itself.

use super::{Definition, Server};
use crate::model::Probes;

pub(super) const DEFINITION: Definition = Definition {
    port: None,
    scheme: "tcp",
    server: Some(Server {
        image: None,
        probes: |_| Probes::default(),
        data: "/data",
        writes_always: false,
        settings: |_| Vec::new(),
        port_argument: None,
        programs: None,
    }),
    operated: None,
};
