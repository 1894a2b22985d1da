//! An engine that platgen does not know: the store names image, ports, probes and data folder itself.

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
        alone: false,
    }),
};
