//! Faults made by hand in Kubernetes documents.

use super::hand::Edit::{Beta, Cut, Drop, Swap, Twice};
use super::hand::Fault;

macro_rules! faults {
    ($($name:literal, $file:literal, $object:literal, $edit:expr, $why:literal;)*) => {
        &[$(Fault { name: $name, file: $file, object: $object, edit: $edit, why: $why }),*]
    };
}
pub(crate) use faults;

/// The table.
pub const FAULTS: &[Fault] = faults! {
    // Environments and names.
    "settings of beta", "shop/api.yaml", "ConfigMap/*", Beta, "production runs with the settings of another environment";
    "whole app of beta", "payments/card.yaml", "", Beta, "production takes money with the card app of another environment";
    "secret of beta", "payments/card.yaml", "ExternalSecret/card-secrets-*", Swap("key: production/", "key: beta/"), "production takes money with the keys of a test";
    "environment label of beta", "cluster/namespaces.yaml", "Namespace/shop", Swap("platgen.io/environment: production", "platgen.io/environment: beta"), "whoever selects by environment acts on the wrong one";
    "platform label gone", "cluster/namespaces.yaml", "Namespace/shop", Cut("    platgen.io/platform: acme\n"), "the gateway refuses the routes of the namespace";
    "owner of another team", "shop/web.yaml", "Deployment/web", Swap("platgen.io/owner: shop", "platgen.io/owner: sre"), "the wrong people are woken";
    "namespace gone", "cluster/namespaces.yaml", "Namespace/payments", Drop, "everything in it is refused";
    "object in another namespace", "shop/web.yaml", "Deployment/web", Swap("namespace: shop", "namespace: payments"), "the app runs beside the money";
    "pod security gone", "cluster/namespaces.yaml", "Namespace/payments", Cut("    pod-security.kubernetes.io/enforce: restricted\n"), "any pod is let in";
    "pod security privileged", "cluster/namespaces.yaml", "Namespace/payments", Swap("enforce: restricted", "enforce: privileged"), "any pod is let in";
    // Workloads.
    "selector of another app", "shop/web.yaml", "Service/web", Swap("selector:\n    platgen.io/workload: web", "selector:\n    platgen.io/workload: api"), "calls reach another app";
    "pod label not selected", "shop/web.yaml", "Deployment/web", Swap("        platgen.io/workload: web\n    spec", "        platgen.io/workload: wep\n    spec"), "the API server refuses it";
    "readiness probe gone", "shop/web.yaml", "Deployment/web", Cut("        readinessProbe:\n          httpGet:\n            path: /ready\n            port: 8080\n            httpHeaders:\n            - name: Host\n              value: web.example\n          initialDelaySeconds: 5\n          periodSeconds: 5\n          timeoutSeconds: 2\n          failureThreshold: 2\n"), "traffic reaches pods that are not ready";
    "probe of another port", "shop/web.yaml", "Deployment/web", Swap("path: /live\n            port: 8080", "path: /live\n            port: 8081"), "no pod is ever started";
    "image latest", "shop/web.yaml", "Deployment/web", Swap("image: 333333333333.dkr.ecr.eu-west-1.amazonaws.com/acme-production/registry.example/web:v1", "image: 333333333333.dkr.ecr.eu-west-1.amazonaws.com/acme-production/registry.example/web:latest"), "nobody knows what runs";
    "image without tag", "shop/web.yaml", "Deployment/web", Swap("image: 333333333333.dkr.ecr.eu-west-1.amazonaws.com/acme-production/registry.example/web:v1", "image: 333333333333.dkr.ecr.eu-west-1.amazonaws.com/acme-production/registry.example/web"), "nobody knows what runs";
    "image of another app", "shop/web.yaml", "Deployment/web", Swap("image: 333333333333.dkr.ecr.eu-west-1.amazonaws.com/acme-production/registry.example/web:v1", "image: 333333333333.dkr.ecr.eu-west-1.amazonaws.com/acme-production/registry.example/api:v1"), "another app answers";
    "service account token mounted", "shop/web.yaml", "Deployment/web", Swap("automountServiceAccountToken: false", "automountServiceAccountToken: true"), "a broken app speaks to the API server";
    "default account with token", "shop/namespace.yaml", "ServiceAccount/default", Swap("automountServiceAccountToken: false", "automountServiceAccountToken: true"), "a broken app speaks to the API server";
    "account of another app", "shop/web.yaml", "Deployment/web", Swap("serviceAccountName: web", "serviceAccountName: platgen"), "the app reads every secret of the namespace";
    "runAsNonRoot gone", "shop/web.yaml", "Deployment/web", Cut("        runAsNonRoot: true\n"), "an image that runs as root runs";
    "root user", "shop/web.yaml", "Deployment/web", Swap("          runAsNonRoot: true\n          runAsUser: 10001", "          runAsNonRoot: false\n          runAsUser: 0"), "a broken app is root";
    "privileged", "shop/web.yaml", "Deployment/web", Swap("privileged: false", "privileged: true"), "a broken app owns the node";
    "privilege escalation", "shop/web.yaml", "Deployment/web", Swap("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"), "a broken app becomes root";
    "writable root", "shop/web.yaml", "Deployment/web", Swap("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"), "a broken app rewrites itself";
    "hostNetwork", "shop/web.yaml", "Deployment/web", Swap("      priorityClassName:", "      hostNetwork: true\n      priorityClassName:"), "network policies do not hold for it";
    "hostPID", "shop/web.yaml", "Deployment/web", Swap("      priorityClassName:", "      hostPID: true\n      priorityClassName:"), "a broken app sees every process";
    "capabilities kept", "shop/web.yaml", "Deployment/web", Cut("          capabilities:\n            drop:\n            - ALL\n"), "a broken app has rights it needs not";
    "capability added", "shop/web.yaml", "Deployment/web", Swap("          capabilities:\n", "          capabilities:\n            add:\n            - NET_ADMIN\n"), "a broken app changes routes";
    "seccomp unconfined", "shop/web.yaml", "Deployment/web", Swap("type: RuntimeDefault", "type: Unconfined"), "every system call is open";
    "host path", "agents/agent.yaml", "DaemonSet/agent", Swap("path: /var/log", "path: /"), "the agent sees the whole node";
    "host path writable", "agents/agent.yaml", "DaemonSet/agent", Cut("          readOnly: true\n"), "the agent writes to the node";
    "requests gone", "shop/web.yaml", "Deployment/web", Cut("            cpu: 100m\n            ephemeral-storage: 128Mi\n            memory: 64Mi\n"), "nodes are overbooked";
    "memory limit gone", "shop/web.yaml", "Deployment/web", Cut("            memory: 128Mi\n"), "one leak takes the node";
    "memory in milli", "shop/web.yaml", "Deployment/web", Swap("memory: 64Mi", "memory: 64m"), "nothing is reserved";
    "replicas beside an autoscaler", "shop/web.yaml", "Deployment/web", Swap("spec:\n  revisionHistoryLimit", "spec:\n  replicas: 1\n  revisionHistoryLimit"), "every apply undoes the scaling";
    "one replica", "shop/api.yaml", "Deployment/api", Swap("replicas: 3", "replicas: 1"), "one node takes the app down";
    "rollout without surge", "shop/web.yaml", "Deployment/web", Swap("maxUnavailable: 0", "maxUnavailable: 100%"), "every rollout is an outage";
    "toleration gone", "payments/card.yaml", "Deployment/card", Cut("      tolerations:\n      - key: platgen.io/subnet\n        operator: Equal\n        value: payments\n        effect: NoSchedule\n"), "the pods of the money find no node";
    "toleration of everything", "payments/card.yaml", "Deployment/card", Swap("      - key: platgen.io/subnet\n        operator: Equal\n        value: payments\n        effect: NoSchedule\n", "      - operator: Exists\n"), "the pods run on sick nodes";
    "node affinity gone", "payments/card.yaml", "Deployment/card", Cut("        nodeAffinity:\n          requiredDuringSchedulingIgnoredDuringExecution:\n            nodeSelectorTerms:\n            - matchExpressions:\n              - key: platgen.io/subnet\n                operator: In\n                values:\n                - payments\n"), "the money runs on everyone's nodes";
    "node affinity of another subnet", "payments/card.yaml", "Deployment/card", Swap("values:\n                - payments", "values:\n                - general"), "the money runs on everyone's nodes";
    "spread without taints policy", "shop/web.yaml", "Deployment/web", Cut("        nodeTaintsPolicy: Honor\n"), "nodes of others are counted and pods wait for ever";
    "spread over another app", "shop/web.yaml", "Deployment/web", Swap("            platgen.io/workload: web\n        matchLabelKeys", "            platgen.io/workload: api\n        matchLabelKeys"), "a zone takes all pods with it";
    "anti-affinity to another app", "shop/web.yaml", "Deployment/web", Swap("                  platgen.io/workload: web\n      topologySpread", "                  platgen.io/workload: api\n      topologySpread"), "one node takes all pods with it";
    "priority class missing", "cluster/priorities.yaml", "PriorityClass/acme-critical", Drop, "pods that name it are refused";
    "priority class typo", "shop/web.yaml", "Deployment/web", Swap("acme-critical", "acme-crtical"), "the pods are refused";
    "priority of jobs", "shop/web.yaml", "Deployment/web", Swap("acme-critical", "acme-batch"), "the shop goes before the reports do";
    "batch jobs preempt", "cluster/priorities.yaml", "PriorityClass/acme-batch", Swap("preemptionPolicy: Never", "preemptionPolicy: PreemptLowerPriority"), "a job throws out what serves";
    "priority of everyone", "cluster/priorities.yaml", "PriorityClass/acme-standard", Swap("globalDefault: false", "globalDefault: true"), "pods of others are raised";
    "preStop gone", "shop/web.yaml", "Deployment/web", Cut("        lifecycle:\n          preStop:\n            sleep:\n              seconds: 10\n"), "every rollout cuts connections";
    "grace shorter than draining", "shop/web.yaml", "Deployment/web", Swap("terminationGracePeriodSeconds: 30", "terminationGracePeriodSeconds: 5"), "every rollout cuts connections";
    "variable from a missing ConfigMap", "shop/web.yaml", "Deployment/web", Swap("name: web-config-", "name: web-confg-"), "no pod starts";
    "settings changed, name kept", "shop/web.yaml", "ConfigMap/web-config-*", Swap("API: api:50051", "API: api:50052"), "pods keep the old settings, new ones call nobody";
    "secret in plain text", "payments/card.yaml", "Deployment/card", Swap("          valueFrom:\n            secretKeyRef:\n              name: card-secrets-2957f45f3b\n              key: CARD_KEY\n", "          value: c2stbGl2ZS00ZUM4Slh0N0p0cThu\n"), "the key of the money is in git";
    "Secret object in git", "payments/card.yaml", "ExternalSecret/card-secrets-*", Swap("apiVersion: external-secrets.io/v1\nkind: ExternalSecret", "apiVersion: v1\nkind: Secret"), "the key of the money is in git";
    "secret key typo", "payments/card.yaml", "Deployment/card", Swap("key: CARD_KEY", "key: CARD_KEYS"), "no pod starts";
    "secret of another store", "payments/card.yaml", "ExternalSecret/card-secrets-*", Swap("name: platgen\n", "name: vault\n"), "the secret never comes";
    "store of every namespace", "payments/card.yaml", "ExternalSecret/card-secrets-*", Swap("kind: SecretStore", "kind: ClusterSecretStore"), "secrets are read with rights of the whole cluster";
    "store of another region", "payments/namespace.yaml", "SecretStore/platgen", Swap("region: eu-west-1", "region: eu-east-1"), "the secret never comes";
    "reader role of beta", "payments/namespace.yaml", "ServiceAccount/platgen", Swap("333333333333", "222222222222"), "the secrets of another account are read";
    "secret goes with its source", "payments/card.yaml", "ExternalSecret/card-secrets-*", Swap("deletionPolicy: Retain", "deletionPolicy: Delete"), "an outage of the manager takes the app down";
    "mount of a missing volume", "shop/web.yaml", "Deployment/web", Swap("- name: tmp\n          mountPath", "- name: tmpp\n          mountPath"), "the API server refuses it";
    "superuser over the network", "shop/orders.yaml", "Cluster/orders", Swap("enableSuperuserAccess: false", "enableSuperuserAccess: true"), "whoever has the password owns every database";
    "database in one zone", "shop/orders.yaml", "Cluster/orders", Swap("topologyKey: topology.kubernetes.io/zone", "topologyKey: kubernetes.io/os"), "the loss of a zone loses the database";
    "copies without a wait", "shop/orders.yaml", "Cluster/orders", Cut("      failoverQuorum: true\n"), "a server takes over that lacks what clients were told of";
    "writes to a copy", "shop/orders.yaml", "Service/orders", Swap("cnpg.io/instanceRole: primary", "cnpg.io/instanceRole: replica"), "every write fails";
    "database unwatched", "shop/orders.yaml", "NetworkPolicy/orders", Swap("kubernetes.io/metadata.name: cnpg-system", "kubernetes.io/metadata.name: cnpg"), "no server takes over";
    "password of another user", "shop/orders.yaml", "ExternalSecret/orders.app", Swap("key: production/shop/orders/app", "key: production/shop/orders/reports"), "the app can't sign in";
    "queues without copies", "shop/events.yaml", "RabbitmqCluster/events", Swap("default_queue_type = quorum", "default_queue_type = classic"), "the loss of a server loses messages";
    "an operator's own user", "shop/events.yaml", "RabbitmqCluster/events", Swap("name: events-default-user", "name: events-user"), "the server never starts";
    "another name to nobody", "shop/events.yaml", "Service/queue", Swap("platgen.io/workload: events", "platgen.io/workload: event"), "clients by that name find no server";
    "password in no quotes", "shop/events.yaml", "ExternalSecret/events-default-user", Swap("default_pass = '{{ .password }}'", "default_pass = {{ .password }}"), "a password with a # is cut";
    "claim of another size", "shop/search.yaml", "StatefulSet/search", Swap("storage: 12Gi", "storage: 1Gi"), "the disk is full after a day";
    "claims deleted with the set", "shop/search.yaml", "StatefulSet/search", Swap("whenDeleted: Retain", "whenDeleted: Delete"), "the data goes with a rename";
    "headless service typo", "shop/search.yaml", "StatefulSet/search", Swap("serviceName: search-headless", "serviceName: search-headles"), "pods do not find each other";
    // Network.
    "default-deny gone", "payments/namespace.yaml", "NetworkPolicy/default-deny", Drop, "anything may call the money";
    "default-deny without egress", "payments/namespace.yaml", "NetworkPolicy/default-deny", Cut("  - Egress\n"), "a broken app calls home";
    "allow everything", "payments/namespace.yaml", "NetworkPolicy/allow-dns", Swap("  egress:\n", "  egress:\n  - {}\n"), "a broken app calls home";
    "policy gone", "payments/card.yaml", "NetworkPolicy/card", Drop, "the money answers nobody";
    "egress to the world", "shop/api.yaml", "NetworkPolicy/api", Swap("cidr: 192.168.0.0/16", "cidr: 0.0.0.0/0"), "a broken app calls home";
    "private ranges open", "payments/card.yaml", "NetworkPolicy/card", Cut("        - 10.0.0.0/8\n"), "the money calls every network of the company";
    "metadata service open", "payments/card.yaml", "NetworkPolicy/card", Cut("        - 169.254.0.0/16\n"), "a broken app takes the rights of its node";
    "peer namespace typo", "payments/card.yaml", "NetworkPolicy/card", Swap("kubernetes.io/metadata.name: shop", "kubernetes.io/metadata.name: shp"), "the shop does not reach the money";
    "peer of a whole namespace", "payments/card.yaml", "NetworkPolicy/card", Cut("      podSelector:\n        matchLabels:\n          platgen.io/workload: api\n"), "every app of the shop calls the money";
    "peer as two", "payments/card.yaml", "NetworkPolicy/card", Swap("      podSelector:\n        matchLabels:\n          platgen.io/workload: api", "    - podSelector:\n        matchLabels:\n          platgen.io/workload: api"), "every app of the shop calls the money";
    "port of another app", "payments/card.yaml", "NetworkPolicy/card", Swap("port: 50051", "port: 50052"), "the shop does not reach the money";
    "ports gone", "payments/card.yaml", "NetworkPolicy/card", Cut("    ports:\n    - port: 50051\n      protocol: TCP\n"), "every port of the money is open";
    "caller gone", "shop/api.yaml", "NetworkPolicy/api", Cut("  # app/report calls app/api\n  - from:\n    - namespaceSelector:\n        matchLabels:\n          kubernetes.io/metadata.name: shop\n      podSelector:\n        matchLabels:\n          platgen.io/workload: report\n    ports:\n    - port: 50051\n      protocol: TCP\n"), "the report finds nobody";
    "gateway may not call", "shop/api.yaml", "NetworkPolicy/api", Swap("kubernetes.io/metadata.name: envoy-gateway-system", "kubernetes.io/metadata.name: envoy-gateway"), "the shop is down";
    "public Service", "shop/web.yaml", "Service/web", Swap("type: ClusterIP", "type: LoadBalancer"), "the app stands on the internet past the gateway";
    "target port of nobody", "shop/web.yaml", "Service/web", Swap("targetPort: 8080", "targetPort: 8081"), "the shop is down";
    "named target port typo", "shop/web.yaml", "Service/web", Swap("targetPort: 8080", "targetPort: htpp"), "the shop is down";
    "service port changed", "shop/web.yaml", "Service/web", Swap("port: 80\n", "port: 81\n"), "the shop is down";
    "alias gone", "shop/web.yaml", "Service/www", Drop, "whoever calls it by its other name finds nobody";
    "gateway without TLS", "cluster/gateways.yaml", "Gateway/public", Cut("    tls:\n      mode: Terminate\n      certificateRefs:\n      - kind: Secret\n        name: public-tls\n"), "passwords travel in the open";
    "gateway passes TLS through", "cluster/gateways.yaml", "Gateway/public", Swap("mode: Terminate", "mode: Passthrough"), "no route works";
    "gateway open to every namespace", "cluster/gateways.yaml", "Gateway/public", Swap("from: Selector\n        selector:\n          matchLabels:\n            platgen.io/platform: acme", "from: All"), "a stranger's route takes the shop's name";
    "agent kept off a subnet", "agents/agent.yaml", "DaemonSet/agent", Cut("      - key: platgen.io/subnet\n        operator: Equal\n        value: payments\n        effect: NoSchedule\n"), "nobody sees what the payments' nodes log";
    "public gateway off the internet", "cluster/gateways.yaml", "Gateway/public", Swap("scheme: internet-facing", "scheme: internal"), "nobody finds the shop";
    "internal gateway on the internet", "cluster/gateways.yaml", "Gateway/internal", Swap("scheme: internal", "scheme: internet-facing"), "the office pages stand on the internet";
    "redirect gone", "cluster/gateways.yaml", "HTTPRoute/public-redirect", Drop, "who types the name without https finds nothing";
    "route of the public gateway", "shop/web.yaml", "HTTPRoute/web.back.*", Swap("name: internal", "name: public"), "the office pages stand on the internet";
    "route to another app", "shop/web.yaml", "HTTPRoute/web.acme.*", Swap("    backendRefs:\n    - name: web", "    backendRefs:\n    - name: api"), "another app answers";
    "route to a missing port", "shop/web.yaml", "HTTPRoute/web.acme.*", Swap("port: 80", "port: 8080"), "the shop is down";
    "route of another host", "shop/web.yaml", "HTTPRoute/web.acme.*", Swap("- acme.example", "- beta.acme.example"), "the shop is down";
    "route past TLS", "shop/web.yaml", "HTTPRoute/web.acme.*", Swap("sectionName: https", "sectionName: http"), "the shop is down, or open";
    "caller ranges gone", "shop/web.yaml", "SecurityPolicy/*", Drop, "the office pages stand open to all of the network";
    "caller ranges widened", "shop/web.yaml", "SecurityPolicy/*", Swap("192.168.0.0/16", "0.0.0.0/0"), "the office pages stand open to all of the network";
    "callers allowed by default", "shop/web.yaml", "SecurityPolicy/*", Swap("defaultAction: Deny", "defaultAction: Allow"), "the office pages stand open to all of the network";
    // Scale and disruption.
    "autoscaler target typo", "shop/web.yaml", "HorizontalPodAutoscaler/web", Swap("kind: Deployment\n    name: web", "kind: Deployment\n    name: wep"), "nothing is scaled";
    "least above most", "shop/web.yaml", "HorizontalPodAutoscaler/web", Swap("minReplicas: 2", "minReplicas: 9"), "the API server refuses it";
    "autoscaler gone", "shop/web.yaml", "HorizontalPodAutoscaler/web", Drop, "one pod takes all the load";
    "scaling of a sidecar", "shop/web.yaml", "HorizontalPodAutoscaler/web", Swap("container: web", "container: wep"), "nothing is scaled";
    "budget of none", "shop/web.yaml", "PodDisruptionBudget/web", Swap("maxUnavailable: 1", "maxUnavailable: 0"), "no node can ever be drained";
    "budget of another app", "shop/web.yaml", "PodDisruptionBudget/web", Swap("    matchLabels:\n      platgen.io/workload: web\n", "    matchLabels:\n      platgen.io/workload: api\n"), "a drain takes all pods";
    "budget gone", "shop/web.yaml", "PodDisruptionBudget/web", Drop, "a drain takes all pods";
    "quota gone", "shop/namespace.yaml", "ResourceQuota/quota", Drop, "one team takes the cluster";
    "quota of memory gone", "shop/namespace.yaml", "ResourceQuota/quota", Cut("    requests.memory: 80Gi\n"), "one team takes the cluster";
    "load balancers allowed", "shop/namespace.yaml", "ResourceQuota/quota", Swap("services.loadbalancers: \"0\"", "services.loadbalancers: \"5\""), "a team opens its own way in";
    "limits gone", "shop/namespace.yaml", "LimitRange/limits", Drop, "containers without figures are refused by the quota";
    "cron minute 61", "shop/report.yaml", "CronJob/report", Swap("0 3 * * *", "61 3 * * *"), "the API server refuses it";
    "cron at another hour", "shop/report.yaml", "CronJob/report", Swap("0 3 * * *", "0 13 * * *"), "the report runs at noon";
    "jobs side by side", "shop/report.yaml", "CronJob/report", Swap("concurrencyPolicy: Forbid", "concurrencyPolicy: Allow"), "two reports run at once";
    "restartPolicy Always in a job", "shop/report.yaml", "CronJob/report", Swap("restartPolicy: Never", "restartPolicy: Always"), "the API server refuses it";
    "time zone typo", "shop/report.yaml", "CronJob/report", Swap("timeZone: Europe/Berlin", "timeZone: Europe/Berln"), "the API server refuses it";
    // Rights.
    "role verb *", "cluster/access.yaml", "ClusterRole/acme-viewer", Swap("  verbs:\n  - get\n", "  verbs:\n  - \"*\"\n"), "auditors change everything";
    "role reads secrets", "cluster/access.yaml", "ClusterRole/acme-viewer", Swap("  - services\n", "  - secrets\n  - services\n"), "auditors read every key";
    "role of admin", "shop/namespace.yaml", "RoleBinding/auditors-viewer", Swap("name: acme-viewer", "name: acme-admin"), "auditors change everything";
    "role of cluster-admin", "shop/namespace.yaml", "RoleBinding/auditors-viewer", Swap("name: acme-viewer", "name: cluster-admin"), "auditors change everything";
    "binding to another group", "payments/namespace.yaml", "RoleBinding/sre-admin", Swap("name: platform-admin", "name: shop-developer"), "the shop's developers own the money";
    "binding to everyone", "payments/namespace.yaml", "RoleBinding/auditors-viewer", Swap("name: auditor\n", "name: system:authenticated\n"), "everyone reads the money's namespace";
    "binding of the whole cluster", "shop/namespace.yaml", "RoleBinding/shop-developers-developer", Swap("kind: RoleBinding", "kind: ClusterRoleBinding"), "the shop's developers own the cluster";
    "binding gone", "payments/namespace.yaml", "RoleBinding/sre-admin", Drop, "nobody can mend anything";
    "binding too many", "payments/namespace.yaml", "RoleBinding/sre-admin", Twice, "kustomize refuses the folder";
    // The form of files.
    "duplicate object", "shop/web.yaml", "Service/web", Twice, "kustomize refuses the folder";
    "duplicate key", "shop/web.yaml", "Service/web", Swap("  type: ClusterIP\n", "  type: ClusterIP\n  type: NodePort\n"), "the reader decides which one holds";
    "word of YAML 1.1", "shop/web.yaml", "ConfigMap/web-config-*", Swap("DEBUG: \"no\"", "DEBUG: no"), "the API server refuses it";
    "key of YAML 1.1", "shop/web.yaml", "ConfigMap/web-config-*", Swap("DEBUG: \"no\"", "on: \"no\""), "the API server refuses it";
    "number for a text", "shop/namespace.yaml", "ResourceQuota/quota", Swap("cost-center: \"42\"", "cost-center: 42"), "the API server refuses it";
    "tab", "shop/web.yaml", "Service/web", Swap("  type: ClusterIP", "\ttype: ClusterIP"), "nobody can read it";
    "wrong apiVersion", "shop/web.yaml", "HorizontalPodAutoscaler/web", Swap("autoscaling/v2", "autoscaling/v2beta2"), "the API server knows no such thing";
    "misspelt field", "shop/web.yaml", "Deployment/web", Swap("readinessProbe:", "readynessProbe:"), "the probe is gone";
    "field in the wrong place", "shop/web.yaml", "Deployment/web", Swap("        imagePullPolicy: IfNotPresent\n", "        imagePullPolicy: IfNotPresent\n        enableServiceLinks: false\n"), "the API server refuses it";
    "missing from the kustomization", "kustomization.yaml", "", Cut("- payments/namespace.yaml\n"), "the policies of the money are never applied";
    "missing file", "payments/namespace.yaml", "", Drop, "kustomize refuses the folder";
    "stray file", "kustomization.yaml", "", Swap("- shop/web.yaml\n", "- shop/web.yaml\n- shop/wep.yaml\n"), "kustomize refuses the folder";
    "empty file", "shop/worker.yaml", "Deployment/worker", Drop, "the worker is gone";
};
