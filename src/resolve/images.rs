//! Whether the nodes of a subnet reach the registries of the images that run there.

use super::EnvironmentResolver;
use super::mirror::DEFAULT;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Kind, Region, Replication};
use crate::provider::Provider;
use crate::spec::ExternalVia;
use crate::value::Image;

impl EnvironmentResolver<'_> {
    /// Warns of images that nodes without a route to the internet can't pull: they reach the registries of AWS in their region, and those that `external`
    /// declares in the private or the company's network.
    pub(super) fn images_in_reach(&mut self, region: &Region) {
        let Some(network) = region.network.as_ref().filter(|_| region.provider == Provider::Aws) else { return };
        for workload in region.workloads.values() {
            let here = |name| workload.placement.subnets.contains(name);
            let Some(subnet) = network.subnets.iter().find(|subnet| !subnet.internet && here(&subnet.name)) else { continue };
            // The other images of a restore test are that of the same container, and that of the store.
            let all = if workload.test_of.is_some() { 1 } else { usize::MAX };
            for container in workload.containers().take(all).filter(|_| !matches!(workload.kind, Kind::Restored(_))) {
                let Ok(image) = container.image.parse::<Image>() else { continue };
                let registry = image.registry().unwrap_or(DEFAULT);
                let host = registry.split_once(':').map_or(registry, |(host, _)| host);
                if network.answers(host) || self.is_inside(host) {
                    continue;
                }
                let kind = if workload.is_store() || workload.test_of.is_some() { "store" } else { "app" };
                let name = match (&workload.test_of, &workload.replication) {
                    (Some(store), _) => format!("the restore test of `store/{store}`"),
                    (None, Some(Replication::Proxies { store })) => format!("the proxies of `store/{store}`"),
                    (None, _) => format!("`{kind}/{}`", workload.name),
                };
                let (subnet, shown) = (&subnet.name, &container.image);
                let message = format!("{name} can't start in the subnet `{subnet}`: its nodes have no route to the registry of `{shown}`");
                let account = region.account.as_deref().unwrap_or("ACCOUNT");
                let copy = format!("{account}.dkr.ecr.{}.amazonaws.com/{}", region.name, image.repository());
                let help = format!(
                    "write `cluster: {{registry: {{mirror: true}}}}`, with which nodes pull copies from ECR; or copy this image there, such as to `{copy}`, and name the copy; or move the {kind} to a subnet with a route to the internet"
                );
                self.tell(Diagnostic::new(Code::UnreachableImage, message).at(workload.span).help(help));
            }
        }
    }

    /// Whether `external` says that a host is in the private or the company's network.
    fn is_inside(&self, host: &str) -> bool {
        self.spec.external.entries().any(|(_, _, one)| {
            let inside = matches!(one.via.get(), Some(ExternalVia::Private | ExternalVia::OnPremises));
            let named = one.url.get().map(|url| url.host().to_string()).or_else(|| one.host.get().map(ToString::to_string));
            let here = one.only.is_missing() || one.only.values().any(|name| name == self.environment);
            here && inside && named.as_deref() == Some(host)
        })
    }
}
