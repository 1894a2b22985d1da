//! `expose`: the entrances of an app.

use crate::syntax::Field;
use crate::value::{Cidr, Duration, Host, Port, PortSpecifier, RoutePath, Sticky, Url, Via};
use schemars::JsonSchema;
use serde::Deserialize;

/// An entrance from outside the cluster.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Expose {
    /// Hostname below the environment's domain: `shop`, `*.shop`, or `@` for the domain itself. A trailing dot makes the hostname absolute. Required,
    /// except with `protocol: tcp`.
    pub host: Field<Host>,
    /// Path prefix of the requests. Default: `/`.
    pub path: Field<RoutePath>,
    /// Path prefix that replaces `path` before the request reaches the app. Default: no change.
    pub rewrite: Field<RoutePath>,
    /// The Service port, by name or number. Default: the only port.
    pub port: Field<PortSpecifier>,
    /// What the entrance passes on: requests, or with `tcp` connections of any protocol. Default: `http`.
    pub protocol: Field<EntranceProtocol>,
    /// The port of the load balancer, for `protocol: tcp`. Required there.
    pub listen: Field<Port>,
    /// Where TLS ends. Default: `terminate`.
    pub tls: Field<TlsMode>,
    /// URL to which requests are sent on with status 301, such as `https://shop.example`. A path in the URL replaces the path of the request.
    pub redirect: Field<Url>,
    /// What binds a client to one pod of the app. Default: nothing.
    pub sticky: Field<Sticky>,
    /// The longest time a request may take, such as `30s` or `1500ms`, up to `99999h`; `0s` for no limit. Default: the gateway's.
    pub timeout: Field<Duration>,
    /// Whether clients open WebSocket connections: they have no timeout unless `timeout` sets one. Default: `false`.
    pub websocket: Field<bool>,
    /// The load balancer of the entrance. Two entries with the same host may have different ones. Default: `public`.
    pub via: Field<Via>,
    /// Client IP ranges that may use the entrance. The proxies of the Gateway refuse other clients; the load balancer takes connections from everywhere.
    /// Default: all.
    pub from: Field<Vec<Field<Cidr>>>,
}

/// What an entrance passes on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum EntranceProtocol {
    /// Requests of HTTP and gRPC.
    Http,
    /// Connections of any protocol over TCP.
    Tcp,
}

/// Where TLS ends.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// At the gateway.
    Terminate,
    /// At the app: the gateway reads the hostname alone, so that paths, rewrites and timeouts are not possible. These hosts have a load balancer of
    /// their own.
    Passthrough,
}
