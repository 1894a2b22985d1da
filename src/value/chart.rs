//! Words about Helm charts.

/// Where the definitions of a chart's kinds are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Definitions {
    /// It defines none that the platform uses.
    None,
    /// In its folder `crds`, and nothing of the platform uses them.
    Unused,
    /// Among its templates: helm applies and upgrades them.
    Within,
    /// In its folder `crds`: helm makes them once and never changes them.
    Beside,
    /// In a chart of their own.
    Apart,
}
