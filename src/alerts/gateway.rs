//! Alerts on the proxies of Gateways and on what they answer.

use super::{Alert, Case, Owned, Page, Severity, Subject, any, facts};
use crate::model::{Entrance, Platform, Region};

pub(super) const SUBJECT: Subject = Subject { name: "gateway", title: "Gateways", alerts: ALERTS, replaces: &[] };

fn gateways(_: &Platform, region: &Region) -> bool {
    !facts::gateways(region).is_empty()
}

fn requests(_: &Platform, region: &Region) -> bool {
    any(region, |workload| workload.exposures.iter().any(|exposure| exposure.entrance == Entrance::Http))
}

fn objectives(_: &Platform, region: &Region) -> bool {
    any(region, |workload| !workload.objectives.is_empty())
}

const TARGET: (&str, &str) = (r#"platgen:slo:target{namespace="shop",workload="cart",slo="availability"}"#, "0.999x60");
const CART: &[(&str, &str)] = &[("namespace", "shop"), ("workload", "cart"), ("slo", "availability"), ("owner", "carts")];
const INFO: (&str, &str) = (r#"platgen:workload:info{namespace="shop",workload="cart",owner="carts",role="served"}"#, "1x60");
const LEAST: (&str, &str) = (r#"platgen:gateway:least_proxies{gateway="public"}"#, "2x60");
const POD: (&str, &str) =
    (r#"kube_pod_labels{namespace="envoy-gateway-system",pod="envoy-1",label_gateway_envoyproxy_io_owning_gateway_name="public"}"#, "1x60");
const READY: (&str, &str) = (r#"kube_pod_status_ready{namespace="envoy-gateway-system",pod="envoy-1",condition="true"}"#, "1x60");
const UNREADY: (&str, &str) = (r#"kube_pod_status_ready{namespace="envoy-gateway-system",pod="envoy-1",condition="true"}"#, "0x60");
const KUBE_STATE: (&str, &str) = (r#"up{job="kube-state-metrics",endpoint="http",instance="10.0.0.1:8080"}"#, "1x60");
const PUBLIC: &[(&str, &str)] = &[("gateway", "public")];
const LOOK: &[&str] = &[
    "@@ --namespace envoy-gateway-system get pods --output wide",
    "@@ --namespace envoy-gateway-system get gateways.gateway.networking.k8s.io",
    "@@ --namespace envoy-gateway-system logs deployment/envoy-gateway --tail 100",
];

const PROGRAMMED: (&str, &str) = (
    r#"kube_customresource_condition{customresource_kind="Gateway",namespace="envoy-gateway-system",name="public",platform="shop",type="Programmed"}"#,
    "1x60",
);

const ALERTS: &[Alert] = &[
    Alert {
        name: "GatewayDown",
        expr: r#"(platgen:gateway:least_proxies unless on (gateway)
              label_replace(
                max by (namespace, pod, label_gateway_envoyproxy_io_owning_gateway_name) (kube_pod_labels{namespace="envoy-gateway-system",label_gateway_envoyproxy_io_owning_gateway_name!=""})
                  and on (namespace, pod) kube_pod_status_ready{condition="true"} == 1,
                "gateway", "$1", "label_gateway_envoyproxy_io_owning_gateway_name", "(.+)"))
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "3m",
        severity: Severity::Critical,
        owned: Owned::Platform,
        applies: gateways,
        summary: "the Gateway {{ $labels.gateway }} has no ready proxy",
        description: "No proxy of the Gateway {{ $labels.gateway }} has been ready for 3 minutes.",
        page: Page {
            meaning: "Nobody reaches any host of the Gateway in this region.",
            look: LOOK,
            mend: "No pods at all: the Gateway is not in the cluster (apply the files), or Envoy Gateway does not run (GatewayControllerDown). Pods that wait: no node of their subnet. Where other regions answer at the same hosts, DNS leaves this region out on its own.",
        },
        fires: Case::fires(3, &[LEAST, POD, UNREADY, KUBE_STATE], PUBLIC),
        silent: Case::silent(30, &[LEAST, POD, READY, KUBE_STATE]),
    },
    Alert {
        name: "GatewayProxiesMissing",
        expr: r#"count by (gateway) (label_replace(
              max by (namespace, pod, label_gateway_envoyproxy_io_owning_gateway_name) (kube_pod_labels{namespace="envoy-gateway-system",label_gateway_envoyproxy_io_owning_gateway_name!=""})
                and on (namespace, pod) kube_pod_status_ready{condition="true"} == 1,
              "gateway", "$1", "label_gateway_envoyproxy_io_owning_gateway_name", "(.+)"))
            < on (gateway) platgen:gateway:least_proxies"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: gateways,
        summary: "the Gateway {{ $labels.gateway }} has fewer ready proxies than its least",
        description: "{{ $value }} proxies of the Gateway {{ $labels.gateway }} are ready, fewer than its least, for 15 minutes.",
        page: Page { meaning: "Requests are answered. The loss of one more proxy, node or zone may end that.", look: LOOK, mend: "The description of the pods says why one is not ready, often that its subnet has no room." },
        fires: Case::fires(15, &[LEAST, POD, READY], PUBLIC).with("1"),
        silent: Case::silent(30, &[(r#"platgen:gateway:least_proxies{gateway="public"}"#, "1x60"), POD, READY]),
    },
    Alert {
        name: "GatewayNotProgrammed",
        expr: r#"label_replace(
              max by (name) (kube_customresource_condition{customresource_kind="Gateway",namespace="envoy-gateway-system",type="Programmed"}) == 0,
              "gateway", "$1", "name", "(.+)")
            * on (gateway) group_left () platgen:gateway:least_proxies"#,
        wait: "10m",
        severity: Severity::Critical,
        owned: Owned::Platform,
        applies: gateways,
        summary: "the Gateway {{ $labels.gateway }} has no address or no proxies",
        description: "Envoy Gateway has not been able to program the Gateway {{ $labels.gateway }} for 10 minutes.",
        page: Page {
            meaning: "Without an address or ready proxies, nobody reaches any host of the Gateway in this region. Proxies that run go on with the routes that they have.",
            look: &[
                "@@ --namespace envoy-gateway-system describe gateways.gateway.networking.k8s.io \"$gateway\"",
                "@@ --namespace envoy-gateway-system get services,pods --output wide",
                "@@ --namespace envoy-gateway-system logs deployment/envoy-gateway --tail 100",
            ],
            mend: "The message of the condition says what is missing. No address: the events of its Service and the log of the controller of load balancers. No proxies: GatewayDown.",
        },
        fires: Case::fires(
            10,
            &[LEAST, (r#"kube_customresource_condition{customresource_kind="Gateway",namespace="envoy-gateway-system",name="public",platform="shop",type="Programmed"}"#, "0x60")],
            &[("gateway", "public"), ("name", "public")],
        ),
        silent: Case::silent(
            30,
            &[
                LEAST,
                PROGRAMMED,
                (r#"kube_customresource_condition{customresource_kind="Gateway",namespace="envoy-gateway-system",name="public",platform="shop",type="ResolvedRefs"}"#, "0x60"),
            ],
        ),
    },
    Alert {
        name: "GatewayUnknown",
        // Also where kube-state-metrics does not read Gateways: the two alerts on what Envoy Gateway says of them would be silent.
        expr: r#"(platgen:gateway:least_proxies unless on (gateway)
              label_replace(
                kube_customresource_condition{customresource_kind="Gateway",namespace="envoy-gateway-system",type="Programmed"},
                "gateway", "$1", "name", "(.+)"))
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: gateways,
        summary: "the Gateway {{ $labels.gateway }} is not there, or nobody reads its state",
        description: "For 15 minutes nothing has said whether the Gateway {{ $labels.gateway }} is programmed.",
        page: Page {
            meaning: "With ready proxies, requests are answered as ever.",
            look: LOOK,
            mend: "No Gateway in the cluster: apply the files. Else kube-state-metrics lacks the configuration or the rights to read it: install the monitoring again with the values file of the region.",
        },
        fires: Case::fires(15, &[LEAST, KUBE_STATE], PUBLIC),
        silent: Case::silent(30, &[LEAST, KUBE_STATE, PROGRAMMED]),
    },
    Alert {
        name: "RouteNotAccepted",
        expr: r#"(min by (namespace, name, customresource_kind, gateway, type) (kube_customresource_parent_condition) == 0)
            + on (namespace) group_left (owner) platgen:namespace:info"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: gateways,
        summary: "the Gateway {{ $labels.gateway }} does not serve all of {{ $labels.name }} in {{ $labels.namespace }}",
        description: "The condition {{ $labels.type }} of the {{ $labels.customresource_kind }} {{ $labels.name }} in {{ $labels.namespace }} has not been true at the Gateway {{ $labels.gateway }} for 15 minutes.",
        page: Page {
            meaning: "Requests to its hosts are answered with 404 or 500, or by what was accepted before.",
            look: &["@ describe httproutes.gateway.networking.k8s.io,grpcroutes.gateway.networking.k8s.io", "@ get services"],
            mend: "The message of the condition says why: a Service that is not there, another route that has the same host and path, or a Gateway that does not let the namespace in. Apply the files of the region.",
        },
        fires: Case::fires(
            15,
            &[
                (r#"platgen:namespace:info{namespace="shop",owner="carts"}"#, "1x60"),
                (r#"kube_customresource_parent_condition{customresource_kind="HTTPRoute",namespace="shop",name="cart",gateway="public",listener="https",type="ResolvedRefs"}"#, "0x60"),
            ],
            &[("namespace", "shop"), ("name", "cart"), ("customresource_kind", "HTTPRoute"), ("gateway", "public"), ("type", "ResolvedRefs"), ("owner", "carts")],
        ),
        silent: Case::silent(
            30,
            &[
                (r#"platgen:namespace:info{namespace="shop",owner="carts"}"#, "1x60"),
                (r#"kube_customresource_parent_condition{customresource_kind="HTTPRoute",namespace="shop",name="cart",gateway="public",listener="https",type="ResolvedRefs"}"#, "0x13 1x60"),
            ],
        ),
    },
    Alert {
        name: "GatewayControllerDown",
        expr: r#"(absent(kube_deployment_status_replicas_available{namespace="envoy-gateway-system",deployment="envoy-gateway"} > 0)
            and on () platgen:kube_state_metrics:up > 0)"#,
        wait: "10m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: gateways,
        summary: "Envoy Gateway does not run",
        description: "No pod of the Deployment envoy-gateway has been available for 10 minutes.",
        page: Page {
            meaning: "Proxies go on with the routes and the addresses of pods that they know. Pods that move are not found, and changed routes have no effect.",
            look: LOOK,
            mend: "Its log and the events of its pods say why. Install the version that the README.md of the region names if it is gone.",
        },
        fires: Case::fires(10, &[KUBE_STATE, (r#"kube_deployment_status_replicas_available{namespace="envoy-gateway-system",deployment="envoy-gateway"}"#, "0x60")], &[]),
        silent: Case::silent(30, &[KUBE_STATE, (r#"kube_deployment_status_replicas_available{namespace="envoy-gateway-system",deployment="envoy-gateway"}"#, "1x60")]),
    },
    Alert {
        name: "GatewayMetricsMissing",
        expr: r#"(platgen:gateway:least_proxies unless on (gateway)
              label_replace(
                max by (namespace, pod, label_gateway_envoyproxy_io_owning_gateway_name) (kube_pod_labels{namespace="envoy-gateway-system",label_gateway_envoyproxy_io_owning_gateway_name!=""})
                  and on (namespace, pod) up == 1,
                "gateway", "$1", "label_gateway_envoyproxy_io_owning_gateway_name", "(.+)"))
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: requests,
        summary: "Prometheus reads no metrics of the Gateway {{ $labels.gateway }}",
        description: "For 15 minutes Prometheus has read metrics from no proxy of the Gateway {{ $labels.gateway }}: objectives and alerts on requests stay silent.",
        page: Page {
            meaning: "Requests may be answered as ever.",
            look: LOOK,
            mend: "No proxies: see GatewayDown. Else a network policy is missing, or the PodMonitor of the proxies: Status, Target health in the web page of Prometheus has the error.",
        },
        fires: Case::fires(15, &[LEAST, POD, (r#"up{namespace="envoy-gateway-system",pod="envoy-1"}"#, "0x60"), KUBE_STATE], PUBLIC),
        silent: Case::silent(30, &[LEAST, POD, (r#"up{namespace="envoy-gateway-system",pod="envoy-1"}"#, "1x60"), KUBE_STATE]),
    },
    Alert {
        name: "ProxiesAtLimit",
        expr: r#"max by (horizontalpodautoscaler) (kube_horizontalpodautoscaler_status_desired_replicas{namespace="envoy-gateway-system"})
            >= on (horizontalpodautoscaler) max by (horizontalpodautoscaler) (
              kube_horizontalpodautoscaler_spec_max_replicas{namespace="envoy-gateway-system"})"#,
        wait: "30m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: gateways,
        summary: "the proxies of {{ $labels.horizontalpodautoscaler }} can't become more",
        description: "The autoscaler {{ $labels.horizontalpodautoscaler }} has been at its most proxies, {{ $value }}, for 30 minutes.",
        page: Page {
            meaning: "If more requests come, answers get slower.",
            look: &["@@ --namespace envoy-gateway-system get horizontalpodautoscalers", "@@ --namespace envoy-gateway-system top pods"],
            mend: "Find out where the requests come from. The number of proxies is platgen's own: a patch of the EnvoyProxy raises it.",
        },
        fires: Case::fires(
            30,
            &[
                (r#"kube_horizontalpodautoscaler_status_desired_replicas{namespace="envoy-gateway-system",horizontalpodautoscaler="envoy-public"}"#, "6x60"),
                (r#"kube_horizontalpodautoscaler_spec_max_replicas{namespace="envoy-gateway-system",horizontalpodautoscaler="envoy-public"}"#, "6x60"),
            ],
            &[("horizontalpodautoscaler", "envoy-public")],
        )
        .with("6"),
        silent: Case::silent(
            50,
            &[
                (r#"kube_horizontalpodautoscaler_status_desired_replicas{namespace="envoy-gateway-system",horizontalpodautoscaler="envoy-public"}"#, "5x60"),
                (r#"kube_horizontalpodautoscaler_spec_max_replicas{namespace="envoy-gateway-system",horizontalpodautoscaler="envoy-public"}"#, "6x60"),
            ],
        ),
    },
    Alert {
        name: "RequestsFail",
        // For apps without an objective as well. A tenth of a request in a second: below that, a few errors are a large share.
        expr: r#"(sum by (namespace, workload) (platgen:gateway:requests:rate5m{code_class="5"})
              / on (namespace, workload) (sum by (namespace, workload) (platgen:gateway:requests:rate5m) > 0.1) > THRESHOLD)
            * on (namespace, workload) group_left (owner) platgen:workload:info"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: requests,
        summary: "many requests to {{ $labels.workload }} in {{ $labels.namespace }} fail",
        description: "{{ $value | humanizePercentage }} of the requests that came to {{ $labels.workload }} in {{ $labels.namespace }} through a Gateway have failed for 15 minutes.",
        page: Page {
            meaning: "People see errors.",
            look: &["@ get pods --selector platgen.io/workload=\"$workload\"", "@ logs --selector platgen.io/workload=\"$workload\" --tail 100 --prefix", "@ get httproutes.gateway.networking.k8s.io,grpcroutes.gateway.networking.k8s.io"],
            mend: "Since a rollout: roll back (RUNBOOK.md). Else the log of the app, and the alerts of what it calls.",
        },
        fires: Case::fires(
            16,
            &[
                INFO,
                (r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name="httproute/shop/cart",envoy_response_code_class="5",pod="envoy-1"}"#, "0+12x60"),
                (r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name="httproute/shop/cart",envoy_response_code_class="2",pod="envoy-1"}"#, "0+48x60"),
            ],
            &[("namespace", "shop"), ("workload", "cart"), ("owner", "carts")],
        )
        .with("20%"),
        silent: Case::silent(
            40,
            &[
                INFO,
                (r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name="httproute/shop/cart",envoy_response_code_class="5",pod="envoy-1"}"#, "0+5x60"),
                (r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name="httproute/shop/cart",envoy_response_code_class="2",pod="envoy-1"}"#, "0+55x60"),
                (r#"platgen:workload:info{namespace="shop",workload="night",owner="carts",role="served"}"#, "1x60"),
                (r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name="httproute/shop/night",envoy_response_code_class="5",pod="envoy-1"}"#, "0+2.1x60"),
                (r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name="httproute/shop/night",envoy_response_code_class="2",pod="envoy-1"}"#, "0+2.1x60"),
            ],
        ),
    },
    Alert {
        name: "ObjectiveNotMeasured",
        // The proxies know how many pods a backend has before the first request, and nothing of a backend whose route they don't serve.
        expr: r#"(platgen:slo:target unless on (namespace, workload)
              label_replace(label_replace(
                envoy_cluster_membership_total{envoy_cluster_name=~"(http|grpc)route/.+"},
                "namespace", "$1", "envoy_cluster_name", "[a-z]+/([^/]+)/.+"),
                "workload", "$1", "envoy_cluster_name", "[a-z]+/[^/]+/(.+)"))
            * on (namespace, workload) group_left (owner) platgen:workload:info"#,
        wait: "30m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: objectives,
        summary: "requests to {{ $labels.workload }} in {{ $labels.namespace }} are not measured for {{ $labels.slo }}",
        description: "No proxy of a Gateway has counted for {{ $labels.workload }} in {{ $labels.namespace }} for 30 minutes: its objective can't be judged.",
        page: Page {
            meaning: "No route leads to the app, it has no pod at all (AppDown), or the metrics of the proxies are not read.",
            look: LOOK,
            mend: "See GatewayMetricsMissing, AppDown, and whether the route of the app is accepted: its status says so.",
        },
        fires: Case::fires(
            30,
            &[INFO,
                TARGET, (r#"envoy_cluster_membership_total{envoy_cluster_name="httproute/shop/other",pod="envoy-1"}"#, "2x500")],
            CART,
        ),
        silent: Case::silent(
            50,
            &[INFO,
                TARGET, (r#"envoy_cluster_membership_total{envoy_cluster_name="httproute/shop/cart",pod="envoy-1"}"#, "2x500")],
        ),
    },
];
