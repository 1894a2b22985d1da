//! The number of firewall rules that the flows of a region need.

use super::EnvironmentResolver;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::Region;
use crate::provider::Provider;

/// The default quota of AWS for the rules in one direction of a security group.
const MOST: usize = 60;

impl EnvironmentResolver<'_> {
    /// Warns of subnets that need more rules than AWS allows by default.
    pub(super) fn firewall_size(&mut self, region: &Region) {
        let Some(network) = region.network.as_ref().filter(|_| region.provider == Provider::Aws) else { return };
        let firewall = region.firewall(network);
        for subnet in &network.subnets {
            let (received, made) = firewall.size(region, network, subnet);
            for (count, calls) in [(received, "that others make to its nodes"), (made, "that its nodes make")] {
                if count <= MOST {
                    continue;
                }
                let (name, region) = (&subnet.name, &region.name);
                let message = format!("the subnet `{name}` in `{region}` needs {count} security group rules for the calls {calls}");
                let mut diagnostic = Diagnostic::new(Code::TooManyRules, message);
                let network = &self.spec.network;
                let declared = network.at(|network| &network.subnets).find(name.as_str());
                diagnostic.span = declared.and_then(|item| item.value.span()).or(network.span());
                self.tell(diagnostic.help(format!("AWS takes {MOST}: move apps to another subnet, or raise the account's quota")));
            }
        }
    }
}
