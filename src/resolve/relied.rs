//! Values of add-ons' charts that the platform relies on: a spec that sets one of them is told so.
//!
//! Policies, rights in the cloud and the objects of the platform name what these values make.

use super::EnvironmentResolver;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::AddonChart;
use crate::source::Span;
use serde_json::Value;

/// Keys, and why the spec can't set them.
type Rows = &'static [(&'static [&'static str], &'static str)];

const NAMES: &str = "network policies and rights name what it names";
const PORT: &str = "network policies and firewalls open another port";
const HOST: &str = "network policies don't see pods in the network of their node";
const SCOPE: &str = "the objects of every namespace have to be seen";
const DEFINED: &str = "the files hold objects of these kinds";
const CLUSTER: &str = "it is that of the cluster";

/// The keys of every chart: they change the names of objects and the labels of pods, or the namespace.
const OF_ALL: Rows = &[(&["fullnameOverride", "nameOverride", "namespace", "namespaceOverride"], NAMES)];

const fn rows(addon: AddonChart) -> Rows {
    match addon {
        AddonChart::LoadBalancers => &[
            (&["clusterName", "region", "vpcId", "vpcTags"], CLUSTER),
            (&["serviceAccount/create", "serviceAccount/name"], NAMES),
            (&["webhookBindPort"], PORT),
            (&["hostNetwork"], HOST),
        ],
        AddonChart::CertManager => &[
            (&["serviceAccount/create", "serviceAccount/name"], NAMES),
            (&["webhook/securePort"], PORT),
            (&["webhook/hostNetwork"], HOST),
            (&["crds/enabled", "installCRDs"], DEFINED),
            (&["config/namespace"], SCOPE),
        ],
        AddonChart::ExternalSecrets => &[
            (&["webhook/port"], PORT),
            (&["hostNetwork", "webhook/hostNetwork", "certController/hostNetwork"], HOST),
            (&["crds/createExternalSecret", "crds/createSecretStore", "installCRDs"], DEFINED),
            (&["controllerClass", "processSecretStore", "scopedNamespace", "scopedRBAC"], SCOPE),
        ],
        AddonChart::ExternalDns => &[
            (&["serviceAccount/create", "serviceAccount/name"], NAMES),
            (&["provider", "txtOwnerId"], CLUSTER),
            (&["domainFilters", "registry", "txtPrefix", "txtSuffix"], "it says which records are those of the cluster"),
            (&["namespaced", "sources"], "the routes of every namespace have to be seen"),
        ],
        AddonChart::Autoscaler => &[
            (&["rbac/serviceAccount/create", "rbac/serviceAccount/name"], NAMES),
            (&["autoDiscovery/clusterName", "autoDiscovery/tags", "awsRegion", "cloudProvider", "image/tag"], CLUSTER),
        ],
        AddonChart::Metrics => &[(&["containerPort"], PORT), (&["hostNetwork/enabled"], HOST), (&["apiService/create"], DEFINED)],
        AddonChart::Reloader => &[(
            &[
                "reloader/ignoreNamespaces",
                "reloader/ignoreSecrets",
                "reloader/namespaceSelector",
                "reloader/namespaces",
                "reloader/resourceLabelSelector",
                "reloader/watchGlobally",
            ],
            "the secrets of every namespace have to be seen",
        )],
        AddonChart::Gateway => &[
            (&["config/envoyGateway/gateway/controllerName"], "the GatewayClass of the platform names it"),
            (&["config/envoyGateway/provider"], SCOPE),
            (&["deployment/ports"], PORT),
            (&["crds/enabled"], "the definitions are applied before the chart"),
        ],
        AddonChart::CloudNativePg => &[
            (&["webhook/port"], PORT),
            (&["hostNetwork"], HOST),
            (&["config/clusterWide", "config/data/WATCH_NAMESPACE"], SCOPE),
            (&["crds/create"], DEFINED),
        ],
        AddonChart::BarmanCloud => &[(&["service/name", "service/port"], PORT), (&["hostNetwork"], HOST), (&["crds/create"], DEFINED)],
        AddonChart::PerconaMongodb | AddonChart::PerconaMysql => &[(&["watchAllNamespaces", "watchNamespace"], SCOPE)],
        AddonChart::Strimzi => &[
            (&["serviceAccount", "serviceAccountCreate"], NAMES),
            (&["watchAnyNamespace", "watchNamespaces"], SCOPE),
            (&["generateNetworkPolicy"], "the files hold the policies of servers and clients"),
        ],
        AddonChart::Monitoring => &[
            (&["crds/enabled", "prometheus/enabled", "prometheusOperator/enabled"], DEFINED),
            (&["prometheus-node-exporter/namespaceOverride"], NAMES),
        ],
    }
}

impl EnvironmentResolver<'_> {
    /// Reports values of an add-on's chart that the platform relies on.
    pub(super) fn check_relied(&mut self, addon: AddonChart, values: &Value, at: Span) {
        for (keys, why) in OF_ALL.iter().chain(rows(addon)) {
            for key in keys.iter().filter(|key| sets(values, key)) {
                let place = self.place_of_key(key, at);
                let message = format!("`{}` of `{}` can't be set: {why}", key.replace('/', "."), addon.name());
                self.tell(Diagnostic::new(Code::Contradiction, message).at(place).help("remove the key"));
            }
        }
    }

    /// The place of a key in a map, as far as it is written there.
    fn place_of_key(&self, key: &str, at: Span) -> Span {
        let (text, mut from, mut place) = (self.inputs.sources.text(at), 0, at);
        for part in key.split('/') {
            let Some(start) = text.get(from..).and_then(|rest| rest.find(part)) else { break };
            let (first, last) = (from + start, from + start + part.len());
            place = Span { start: at.start + first as u32, end: at.start + last as u32, ..at };
            from = last;
        }
        place
    }
}

/// Whether values say anything about a key: the key itself, or in place of a map above it something else.
fn sets(values: &Value, key: &str) -> bool {
    let mut value = values;
    for part in key.split('/') {
        let Some(map) = value.as_object() else { return true };
        let Some(below) = map.get(part) else { return false };
        value = below;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_is_set_by_itself_and_by_what_replaces_its_map() {
        assert!(sets(&json!({"a": {"b": 1}}), "a/b"));
        assert!(sets(&json!({"a": null}), "a/b"));
        assert!(!sets(&json!({"a": {"c": 1}}), "a/b"));
        assert!(!sets(&json!({}), "a/b"));
    }
}
