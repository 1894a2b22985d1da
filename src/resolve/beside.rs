//! The containers beside that of an app or a store, and the ports at which Prometheus reads metrics.

use super::EnvironmentResolver;
use super::consumer::Consumer;
use super::containers::Declared;
use super::engines::Fallback;
use super::names::Entry;
use super::volumes::{Pod, Volumes};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Container, Endpoint};
use crate::source::Span;
use crate::spec::{self, ContainerFields};
use crate::syntax::Field;
use crate::value::{Name, NetworkPort};

/// The name of the container port that only Prometheus uses.
const METRICS: &str = "metrics";

/// The path of metrics of most programs.
const PATH: &str = "/metrics";

/// Whether a text is the path of a request, without a query.
fn is_path(text: &str) -> bool {
    text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\"\\".contains(&byte))
}

/// The containers beside an entry's own.
pub(super) struct Beside {
    pub(super) init: Vec<Container>,
    pub(super) sidecars: Vec<Container>,
    /// Where the sidecars serve metrics.
    pub(super) metrics: Vec<(Endpoint, Span)>,
}

impl EnvironmentResolver<'_> {
    /// The init containers and sidecars of an entry. `main` is its own container, whose folders they may share.
    pub(super) fn beside(&mut self, main: Option<&Container>, consumer: &mut Consumer<'_>, pod: &mut Pod) -> Beside {
        let entry = consumer.entry;
        pod.shared = Some(main.map(|main| main.mounts.clone()).unwrap_or_default());
        pod.incomplete = main.is_none();
        self.check_init(entry.init());
        self.check_container_names(entry);
        let fields = entry.init().entries().map(|(name, at, one)| (name, at, one.container()));
        let init = self.others("init", fields, consumer, pod);
        let fields = entry.sidecars().entries().map(|(name, at, one)| (name, at, one.container()));
        let mut sidecars = self.others("sidecars", fields, consumer, pod);
        self.check_listeners(entry.sidecars(), entry.ports_at(), main);
        let mut metrics = Vec::new();
        for (name, _, container) in entry.sidecars().entries() {
            if let Some(sidecar) = sidecars.iter_mut().find(|sidecar| sidecar.name == *name) {
                sidecar.before_init = container.before_init.is_true();
                metrics.extend(self.metrics_port(&container.metrics, sidecar, entry));
            }
        }
        Beside { init, sidecars, metrics }
    }

    /// The containers of `init` or `sidecars`.
    fn others<'s>(
        &mut self,
        section: &str,
        containers: impl Iterator<Item = (&'s Name, Span, ContainerFields<'s>)>,
        consumer: &mut Consumer<'_>,
        pod: &mut Pod,
    ) -> Vec<Container> {
        let mut all = Vec::new();
        for (name, span, fields) in containers {
            let ports = fields.ports.entries();
            let ports = ports.map(|(name, _, map)| (name.to_string(), NetworkPort::new(map.container().get(), map.transport()))).collect();
            let volumes = Volumes::of(Some(name.as_str()));
            let (at, fallback) = (consumer.at.container(section, name), &Fallback::default());
            let declared = Declared { name, span, fields, volumes, ports, fallback, at };
            all.extend(self.container(declared, consumer, pod));
        }
        all
    }

    /// Where a container serves metrics. A port that the container does not declare is added to the container, but not to the Service.
    pub(super) fn metrics_port(
        &mut self,
        metrics: &Field<spec::Metrics>,
        container: &mut Container,
        entry: &Entry,
    ) -> Option<(Endpoint, Span)> {
        let (metrics, at) = metrics.spanned()?;
        if let Some((path, at)) = metrics.path.spanned().filter(|(path, _)| !is_path(path)) {
            let diagnostic = Diagnostic::new(Code::InvalidValue, format!("`{path}` is not the path of a request")).at(at);
            self.tell(diagnostic.help("write a leading slash, and no query, such as `/metrics`"));
            return None;
        }
        let path = metrics.path.get().map_or(PATH, String::as_str).to_owned();
        let (port, number) = match (metrics.port.spanned(), &container.ports[..]) {
            (Some((port, port_at)), ports) => {
                let port = self.named_port(port, port_at, ports)?;
                let number = self.tcp(port, "Prometheus reads metrics", port_at)?;
                if !ports.iter().any(|(_, known)| *known == number.into()) {
                    let taken = ports.iter().any(|(name, _)| name == METRICS);
                    let name = if taken { format!("{METRICS}-{number}") } else { METRICS.to_owned() };
                    container.ports.push((name, number.into()));
                }
                let (name, _) = container.ports.iter().find(|(_, known)| *known == number.into())?;
                (name.clone(), number)
            }
            (None, [(name, port)]) => (name.clone(), self.tcp(*port, "Prometheus reads metrics", at)?),
            _ if entry.ports_invalid => return None,
            _ => {
                let diagnostic = Diagnostic::new(Code::MissingField, "`metrics` has no `port`").at(at);
                self.tell(diagnostic.help("name the port: the container does not have exactly one"));
                return None;
            }
        };
        Some((Endpoint { port, number, path }, at))
    }
}
