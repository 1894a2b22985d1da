//! Addresses, callers, and who may write.

use super::*;

#[test]
fn policies_decide_about_new_addresses() {
    let calls: Vec<(String, String, Leads, Reach)> =
        found(&[]).calls.into_iter().map(|call| (call.workload, call.host, call.leads, call.reach)).collect();
    let expected = [
        ("Deployment/shop/by-env", "orders.production.example", Leads::Outside, Reach::Unknown),
        ("Deployment/shop/by-env-from", "orders.production.example", Leads::Outside, Reach::Open),
    ];
    assert_eq!(calls, expected.map(|(workload, host, leads, reach)| (workload.to_owned(), host.to_owned(), leads, reach)));
}

#[test]
fn addresses_are_judged_by_policies_networks_and_services() {
    const ONTO: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {selector: {matchLabels: {app: cart}}, template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: main, image: "x:1", ports: [{name: http, containerPort: 8080}]}]}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: api, namespace: shop}
data: {A_URL: "http://one", B_URL: "http://one", C_HOST: "10.1.0.1:443", D_HOST: "10.1.0.1:443", E_URL: "http://one", F_URL: "http://one"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec: {selector: {matchLabels: {app: api}}, template: {metadata: {labels: {app: api}}, spec: {containers: [{name: main, image: "x:1", envFrom: [{configMapRef: {name: api}}]}]}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Egress]
  egress:
  - {to: [{podSelector: {matchLabels: {app: cart}}}], ports: [{port: 8080}]}
  - {to: [{ipBlock: {cidr: 0.0.0.0/0, except: [192.168.0.0/16]}}], ports: [{port: 443}]}
"#;
    const APPLIED: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: api, namespace: shop}
data: {A_URL: "http://cart", B_URL: "http://gone.shop.svc", C_HOST: "10.33.0.7:443", D_HOST: "192.168.0.9:443", E_URL: "https://shop.example/x", F_URL: "http://shop.example"}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: shop}
spec: {hostnames: ["*.example"], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"#;
    let range = "10.33.0.0/16".parse().expect("a range");
    let calls: Vec<String> = impact(&side("a", APPLIED), &side("b", ONTO), &[range])
        .calls
        .into_iter()
        .map(|call| {
            format!("{} {} {:?} {:?} {:?}: {}", call.name, call.host, call.port.unwrap_or_default(), call.leads, call.reach, call.reason)
        })
        .collect();
    let expected = [
        "A_URL cart 80 Inside Open: Service shop/cart of this cluster, not of the applied one",
        "B_URL gone.shop.svc 80 Inside Blocked: the cluster has no Service shop/gone: the name does not resolve",
        "C_HOST 10.33.0.7 443 Outside Blocked: the networks of the two environments are not linked",
        "D_HOST 192.168.0.9 443 Outside Blocked: NetworkPolicy shop/api allows no such address on port 443",
        "E_URL shop.example 443 Entrance Open: no policy blocks the internet",
        "F_URL shop.example 80 Entrance Blocked: NetworkPolicy shop/api allows no such address on port 80",
    ];
    assert_eq!(calls, expected);
}

#[test]
fn callers_are_the_second_ring() {
    let dependants: Vec<(String, String)> = found(&["ConfigMap"]).dependants.into_iter().map(|one| (one.workload, one.caller)).collect();
    assert_eq!(dependants, [("Deployment/shop/by-env".to_owned(), "Deployment/shop/elsewhere".to_owned())]);
}

#[test]
fn people_who_may_write_are_named() {
    let writers = found(&[]).writers;
    let [writer] = &writers[..] else { panic!("{writers:?}") };
    assert_eq!((writer.subject.as_str(), writer.objects), ("Group developers", 5));
}

/// What becomes of the addresses that a workload has now.
fn calls(onto: &str, values: &str) -> Vec<String> {
    let map =
        |values: &str| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: api, namespace: shop}}, data: {{{values}}}}}\n---\n");
    let pod = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop}, spec: {selector: {matchLabels: {app: api}}, template: {metadata: {labels: {app: api}}, spec: {containers: [{name: main, image: 'x:1', envFrom: [{configMapRef: {name: api}}]}]}}}}\n---\n";
    let found = between(&map(values), &(map("") + pod + onto));
    found.calls.into_iter().map(|call| format!("{} {} {:?} {:?}: {}", call.name, call.host, call.port, call.reach, call.reason)).collect()
}

const CART: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart-a, namespace: shop}
spec: {selector: {matchLabels: {app: cart, part: a}}, template: {metadata: {labels: {app: cart, part: a}}, spec: {containers: [{name: main, image: "x:1"}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart-b, namespace: shop}
spec: {selector: {matchLabels: {app: cart, part: b}}, template: {metadata: {labels: {app: cart, part: b}}, spec: {containers: [{name: main, image: "x:1"}]}}}
---
"#;

fn closed(labels: &str) -> String {
    format!(
        "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: closed, namespace: shop}}, spec: {{podSelector: {{matchLabels: {{{labels}}}}}, policyTypes: [Ingress]}}}}"
    )
}

#[test]
fn a_word_alone_need_not_be_a_service() {
    assert_eq!(
        calls("", "S3_BUCKET: prod-orders, CACHE_HOST: localhost, LOCAL_URL: 'http://127.0.0.1:80'"),
        ["S3_BUCKET prod-orders None Unknown: there is no Service shop/prod-orders here, and nothing says what the name stands for"]
    );
    assert_eq!(
        calls("", "A_URL: 'http://gone:80'"),
        ["A_URL gone Some(80) Blocked: the cluster has no Service shop/gone: the name does not resolve"]
    );
}

#[test]
fn ingress_policies_block_as_well() {
    assert_eq!(
        calls(&(CART.to_owned() + &closed("app: cart")), "A_URL: 'http://cart'"),
        ["A_URL cart Some(80) Blocked: Service shop/cart of this cluster; NetworkPolicy shop/closed blocks it"]
    );
}

#[test]
fn one_open_pod_is_enough() {
    assert_eq!(
        calls(&(CART.to_owned() + &closed("part: a")), "A_URL: 'http://cart'"),
        ["A_URL cart Some(80) Open: Service shop/cart of this cluster, not of the applied one"]
    );
}

#[test]
fn a_service_without_the_port_is_blocked() {
    assert_eq!(
        calls(CART, "A_URL: 'http://cart:81'"),
        ["A_URL cart Some(81) Blocked: the Service shop/cart of this cluster has no such port"]
    );
}

#[test]
fn services_without_pods_are_no_open_door() {
    let service =
        |spec: &str| format!("{{apiVersion: v1, kind: Service, metadata: {{name: cart, namespace: shop}}, spec: {{{spec}}}}}\n---\n");
    let egress = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: out, namespace: shop}, spec: {podSelector: {}, policyTypes: [Egress]}}";
    let call = |spec: &str| calls(&(service(spec) + egress), "A_URL: 'http://cart'");
    assert_eq!(
        call("type: ExternalName, externalName: orders.production.example"),
        [
            "A_URL cart Some(80) Blocked: Service shop/cart stands for `orders.production.example`: NetworkPolicy shop/out allows no such address on port 80"
        ]
    );
    assert_eq!(
        call("selector: {app: gone}, ports: [{port: 80}]"),
        ["A_URL cart Some(80) Blocked: no pod of the documents answers for the Service shop/cart of this cluster"]
    );
    assert_eq!(
        call("ports: [{port: 80}]"),
        ["A_URL cart Some(80) Unknown: the Service shop/cart of this cluster selects no pods: nothing here says where it leads"]
    );
}

#[test]
fn services_of_databases_are_known() {
    let onto = "{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: orders, namespace: shop}, spec: {instances: 3}}";
    assert_eq!(
        calls(onto, "A_URL: 'postgres://orders-rw/o'"),
        ["A_URL orders-rw Some(5432) Open: Service shop/orders-rw of this cluster, not of the applied one"]
    );
    let alone = onto.replace("instances: 3", "instances: 3, managed: {services: {disabledDefaultServices: [r, ro]}}");
    assert_eq!(
        calls(&alone, "A_URL: 'postgres://orders-ro/o'"),
        ["A_URL orders-ro Some(5432) Blocked: the cluster has no Service shop/orders-ro: the name does not resolve"]
    );
}

#[test]
fn a_url_with_a_password_is_an_address_too() {
    let found = calls("", "DSN: 'postgres://u:hunter2x,y@db.production.example:5432/o?a=b', API_TOKEN: 'k3Jd82hHq0pLz7vW.a.bc'");
    assert_eq!(found, ["DSN db.production.example Some(5432) Open: no policy blocks the internet"]);
}

#[test]
fn built_in_roles_write_what_kubernetes_lets_them() {
    let account = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: s, namespace: a}}";
    let role = "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: a}}";
    let binding = |role: &str| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: b, namespace: a}}, roleRef: {{kind: ClusterRole, name: {role}}}, subjects: [{{kind: User, name: u}}]}}"
        )
    };
    let objects = |of: &str| between(&format!("{account}\n---\n{role}"), &binding(of)).writers.iter().map(|one| one.objects).sum::<usize>();
    assert_eq!((objects("edit"), objects("admin"), objects("view")), (1, 2, 0));
}
