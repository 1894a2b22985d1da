//! The API has every verb and resource of a role, and no role uses `*`.

use super::context::TreeContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::{Code, wording};
use crate::inventory::Object;
use serde_json::Value;

pub(super) const RULE: Rule = Rule { codes: &[Code::UnknownPermission], judge: Judge::Tree(judge), loosens: true };

/// The verbs of the API.
const VERBS: [&str; 14] = [
    "approve",
    "attest",
    "bind",
    "create",
    "delete",
    "deletecollection",
    "escalate",
    "get",
    "impersonate",
    "list",
    "patch",
    "sign",
    "update",
    "watch",
];

/// The resources of the groups that a platform's roles are about, with their subresources.
const RESOURCES: &[(&str, &str)] = &[
    (
        "",
        "bindings configmaps endpoints events limitranges namespaces namespaces/finalize namespaces/status nodes nodes/log nodes/metrics nodes/proxy nodes/stats nodes/status persistentvolumeclaims persistentvolumeclaims/status persistentvolumes persistentvolumes/status pods pods/attach pods/binding pods/ephemeralcontainers pods/eviction pods/exec pods/log pods/portforward pods/proxy pods/resize pods/status podtemplates replicationcontrollers replicationcontrollers/scale replicationcontrollers/status resourcequotas resourcequotas/status secrets serviceaccounts serviceaccounts/token services services/proxy services/status",
    ),
    (
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
    ),
    ("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
    ("barmancloud.cnpg.io", "objectstores objectstores/status"),
    ("batch", "cronjobs cronjobs/status jobs jobs/status"),
    ("coordination.k8s.io", "leases"),
    ("discovery.k8s.io", "endpointslices"),
    ("events.k8s.io", "events"),
    (
        "external-secrets.io",
        "clusterexternalsecrets clustersecretstores externalsecrets externalsecrets/status secretstores secretstores/status",
    ),
    (
        "gateway.envoyproxy.io",
        "backends backends/status backendtrafficpolicies backendtrafficpolicies/status clienttrafficpolicies clienttrafficpolicies/status \
         envoyextensionpolicies envoyextensionpolicies/status envoypatchpolicies envoypatchpolicies/status envoyproxies envoyproxies/status httproutefilters \
         securitypolicies securitypolicies/status",
    ),
    (
        "gateway.networking.k8s.io",
        "backendtlspolicies backendtlspolicies/status gatewayclasses gatewayclasses/status gateways gateways/status grpcroutes grpcroutes/status httproutes httproutes/status \
         referencegrants tcproutes tcproutes/status tlsroutes tlsroutes/status udproutes udproutes/status",
    ),
    (
        "kafka.strimzi.io",
        "kafkabridges kafkaconnectors kafkaconnects kafkamirrormaker2s kafkanodepools kafkanodepools/scale kafkanodepools/status kafkarebalances kafkas \
         kafkas/status kafkatopics kafkatopics/status kafkausers kafkausers/status",
    ),
    ("metrics.k8s.io", "nodes pods"),
    ("networking.k8s.io", "ingressclasses ingresses ingresses/status ipaddresses networkpolicies servicecidrs"),
    ("node.k8s.io", "runtimeclasses"),
    ("policy", "poddisruptionbudgets poddisruptionbudgets/status"),
    (
        "postgresql.cnpg.io",
        "backups backups/status clusterimagecatalogs clusters clusters/scale clusters/status databaseroles databaseroles/status databases databases/status \
         failoverquorums failoverquorums/status imagecatalogs poolers poolers/scale poolers/status publications publications/status \
         scheduledbackups scheduledbackups/status subscriptions subscriptions/status",
    ),
    (
        "psmdb.percona.com",
        "perconaservermongodbbackups perconaservermongodbbackups/status perconaservermongodbrestores perconaservermongodbrestores/status perconaservermongodbs \
         perconaservermongodbs/status",
    ),
    (
        "pxc.percona.com",
        "perconaxtradbclusterbackups perconaxtradbclusterbackups/status perconaxtradbclusterrestores perconaxtradbclusterrestores/status perconaxtradbclusters \
         perconaxtradbclusters/scale perconaxtradbclusters/status",
    ),
    ("rabbitmq.com", "rabbitmqclusters rabbitmqclusters/status"),
    ("rbac.authorization.k8s.io", "clusterrolebindings clusterroles rolebindings roles"),
    ("scheduling.k8s.io", "priorityclasses"),
    ("storage.k8s.io", "csidrivers csinodes csistoragecapacities storageclasses volumeattachments volumeattributesclasses"),
];

pub(super) fn words<'v>(rule: &'v Value, key: &str) -> Vec<&'v str> {
    rule.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

pub(super) fn roles<'s>(context: &'s TreeContext) -> impl Iterator<Item = &'s Object> {
    context.inventory.of_kind("ClusterRole").chain(context.inventory.of_kind("Role"))
}

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for object in roles(context) {
        for (number, rule) in object.items("/rules").iter().enumerate() {
            let mut tell = |field: &str, what: &str, word: &str, known: &[&str]| {
                let message = match word {
                    "*" => format!("`{}` grants every {what}", object.id()),
                    "" => format!("a rule of `{}` grants nothing: it needs verbs, and resources or URLs", object.id()),
                    word => format!("`{}` names the {what} `{word}`, which the API does not have", object.id()),
                };
                let help = match wording::suggest(word, known.iter().copied()) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => "list the verbs and resources that are needed".to_owned(),
                };
                found.push(Finding::new(Code::UnknownPermission, object, &format!("/rules/{number}/{field}"), message, help));
            };
            let verbs = words(rule, "verbs");
            verbs.iter().filter(|verb| !VERBS.contains(verb)).for_each(|verb| tell("verbs", "verb", verb, &VERBS));
            let groups = words(rule, "apiGroups");
            let known: Vec<&str> =
                RESOURCES.iter().filter(|(group, _)| groups.contains(group)).flat_map(|(_, all)| all.split(' ')).collect();
            // The resources of other groups are not known here.
            let all_known = !groups.is_empty() && groups.iter().all(|group| RESOURCES.iter().any(|(known, _)| known == group));
            let listed = |group: &str| RESOURCES.iter().any(|(known, _)| *known == group);
            for group in groups.iter().filter(|group| **group == "*" || (!group.contains('.') && !listed(group))) {
                let known: Vec<&str> = RESOURCES.iter().map(|(group, _)| *group).filter(|group| !group.is_empty()).collect();
                tell("apiGroups", "API group", group, &known);
            }
            for resource in words(rule, "resources").iter().filter(|name| **name == "*" || (all_known && !known.contains(name))) {
                tell("resources", "resource", resource, &known);
            }
            if verbs.is_empty() || (words(rule, "resources").is_empty() && words(rule, "nonResourceURLs").is_empty()) {
                tell("", "", "", &known);
            }
        }
    }
}
