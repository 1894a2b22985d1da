//! Two trees that platgen never made, with names that both have, and what the analysis says of them.

use super::*;

/// What beta runs: unhashed names, every way of reading.
const BETA: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: api, namespace: shop, labels: {env: beta}}
data:
  DB_HOST: orders.beta.example
  FEATURE_PAY: "false"
  POOL: "5"
  SMTP_SANDBOX: "true"
  app.ini: |
    [mail]
    to=sandbox
---
apiVersion: v1
kind: ConfigMap
metadata: {name: sealed, namespace: shop, labels: {env: beta}}
immutable: true
data: {REGION: a}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: unread, namespace: shop, labels: {env: beta}}
data: {X: a}
---
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: shop, labels: {env: beta}}
stringData: {TOKEN: beta-token}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: by-env-from, namespace: shop, labels: {env: beta}}
spec:
  replicas: 2
  selector: {matchLabels: {app: by-env-from}}
  template:
    metadata: {labels: {app: by-env-from}}
    spec:
      containers:
      - name: main
        image: x:1
        envFrom: [{prefix: P_, configMapRef: {name: api}}]
        env: [{name: P_POOL, value: "7"}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: by-env, namespace: shop, labels: {env: beta}}
spec:
  selector: {matchLabels: {app: by-env}}
  template:
    metadata: {labels: {app: by-env}}
    spec:
      initContainers:
      - name: before
        image: x:1
        env: [{name: HOST, valueFrom: {configMapKeyRef: {name: api, key: DB_HOST}}}]
      containers:
      - name: main
        image: x:1
        env:
        - {name: SANDBOX, valueFrom: {configMapKeyRef: {name: api, key: SMTP_SANDBOX}}}
        - {name: EXTRA, valueFrom: {configMapKeyRef: {name: api, key: NEW_KEY, optional: true}}}
        - {name: TOKEN, valueFrom: {secretKeyRef: {name: keys, key: TOKEN}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: by-volume, namespace: shop, labels: {env: beta}}
spec:
  serviceName: by-volume
  selector: {matchLabels: {app: by-volume}}
  template:
    metadata: {labels: {app: by-volume}}
    spec:
      containers:
      - name: main
        image: x:1
        volumeMounts:
        - {name: config, mountPath: /etc/app}
        - {name: config, mountPath: /etc/one.ini, subPath: app.ini}
        - {name: all, mountPath: /all}
      volumes:
      - {name: config, configMap: {name: api, items: [{key: app.ini, path: app.ini}]}}
      - {name: all, projected: {sources: [{configMap: {name: api, items: [{key: POOL, path: pool}]}}]}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: billing, namespace: shop, labels: {env: beta}}
spec:
  schedule: "17 7 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers: [{name: main, image: "x:1", env: [{name: PAY, valueFrom: {configMapKeyRef: {name: api, key: FEATURE_PAY}}}]}]
          restartPolicy: Never
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: elsewhere, namespace: shop, labels: {env: beta}}
spec:
  selector: {matchLabels: {app: elsewhere}}
  template:
    metadata: {labels: {app: elsewhere}}
    spec:
      containers: [{name: main, image: "x:1", envFrom: [{configMapRef: {name: sealed}}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: by-env, namespace: shop, labels: {env: beta}}
spec:
  podSelector: {matchLabels: {app: by-env}}
  policyTypes: [Ingress, Egress]
  ingress: [{from: [{podSelector: {matchLabels: {app: elsewhere}}}]}]
  egress: [{to: [{ipBlock: {cidr: 10.0.0.0/16}}]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: editors, namespace: shop, labels: {env: beta}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: developers}, {kind: ServiceAccount, name: ci, namespace: shop}]
"#;

/// What is applied.
const PRODUCTION: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: api, namespace: shop, labels: {env: production}}
data:
  DB_HOST: orders.production.example
  FEATURE_PAY: "true"
  POOL: "50"
  NEW_KEY: "1"
  app.ini: |
    [mail]
    to=everyone
---
apiVersion: v1
kind: ConfigMap
metadata: {name: sealed, namespace: shop, labels: {env: production}}
immutable: true
data: {REGION: b}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: unread, namespace: shop, labels: {env: production}}
data: {X: b}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings-0123456789, namespace: shop, labels: {env: production}}
data: {X: b}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: api, namespace: vault, labels: {env: production}}
data: {X: b}
---
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: shop, labels: {env: production}}
stringData: {TOKEN: production-token}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: by-env, namespace: shop, labels: {env: production}}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: by-env}, minReplicas: 3, maxReplicas: 9}
"#;

fn side(name: &str, text: &str) -> Side {
    let inventory = Inventory::read([(name, text)]);
    assert_eq!(inventory.unreadable(), [], "{name}");
    Side { name: name.to_owned(), inventory }
}

fn found(kinds: &[&str]) -> Impact {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let applied = side("production", PRODUCTION);
    impact(&Side { inventory: select(&applied.inventory, &kinds, "default"), ..applied }, &side("beta", BETA), &[])
}

#[test]
fn every_object_has_its_outcome() {
    let outcomes: Vec<(String, Outcome, bool, When)> =
        found(&[]).objects.into_iter().map(|one| (one.object, one.outcome, one.inert, one.when)).collect();
    let expected = [
        ("ConfigMap/shop/api", Outcome::Changed, false, When::Minutes),
        ("ConfigMap/shop/sealed", Outcome::Refused, true, When::Never),
        ("ConfigMap/shop/unread", Outcome::Changed, true, When::Never),
        ("ConfigMap/shop/settings-0123456789", Outcome::Created, true, When::Never),
        ("ConfigMap/vault/api", Outcome::Refused, true, When::Never),
        ("Secret/shop/keys", Outcome::Changed, false, When::NextStart),
        ("HorizontalPodAutoscaler/shop/by-env", Outcome::Created, false, When::AtOnce),
    ];
    assert_eq!(outcomes, expected.map(|(id, outcome, inert, when)| (id.to_owned(), outcome, inert, when)));
}

#[test]
fn every_reader_is_named_with_its_way_and_moment() {
    let mut read = Vec::new();
    for workload in found(&["ConfigMap"]).workloads {
        for change in workload.changes {
            let key = change.source.map(|source| source.key).unwrap_or_default();
            let fails = if change.fails { " FAILS" } else { "" };
            read.push(format!(
                "{} {} {}={} by {} {:?} {:?}{fails}",
                workload.object,
                change.container,
                change.name,
                key,
                change.way.word(),
                change.when,
                change.meaning
            ));
        }
    }
    let expected = [
        // `env` wins over `envFrom`: the variable P_POOL does not change.
        "Deployment/shop/by-env-from main P_DB_HOST=DB_HOST by envFrom NextStart Address",
        "Deployment/shop/by-env-from main P_FEATURE_PAY=FEATURE_PAY by envFrom NextStart Switch",
        "Deployment/shop/by-env-from main P_NEW_KEY=NEW_KEY by envFrom NextStart Limit",
        "Deployment/shop/by-env-from main P_SMTP_SANDBOX=SMTP_SANDBOX by envFrom NextStart Switch",
        "Deployment/shop/by-env-from main P_app.ini=app.ini by envFrom NextStart File",
        "Deployment/shop/by-env before HOST=DB_HOST by env NextStart Address",
        "Deployment/shop/by-env main EXTRA=NEW_KEY by env NextStart Limit",
        "Deployment/shop/by-env main SANDBOX=SMTP_SANDBOX by env NextStart Switch FAILS",
        "StatefulSet/shop/by-volume main /all/pool=POOL by projected volume Minutes Limit",
        "StatefulSet/shop/by-volume main /etc/app/app.ini=app.ini by volume Minutes File",
        "StatefulSet/shop/by-volume main /etc/one.ini=app.ini by subPath NextStart File",
        "CronJob/shop/billing main PAY=FEATURE_PAY by env NextRun Switch",
    ];
    assert_eq!(read, expected);
}

#[test]
fn reloader_restarts_what_asks_for_it() {
    let restarts = |note: &str| -> Vec<(String, bool)> {
        let from = "metadata: {name: by-env, namespace: shop, labels: {env: beta}}\nspec:\n  selector";
        assert!(BETA.contains(from));
        let to = from.replace("namespace: shop,", &format!("namespace: shop, annotations: {{{note}}},"));
        let found = impact(&side("production", PRODUCTION), &side("beta", &BETA.replace(from, &to)), &[]);
        found.workloads.into_iter().filter(|one| one.restarts).map(|one| (one.object, one.reloaded)).collect()
    };
    let one = [("Deployment/shop/by-env".to_owned(), true)];
    assert_eq!(restarts(""), []);
    assert_eq!(restarts("reloader.stakater.com/auto: 'true'"), one);
    assert_eq!(restarts("configmap.reloader.stakater.com/reload: 'other, api'"), one);
    assert_eq!(restarts("configmap.reloader.stakater.com/reload: other"), []);
    assert_eq!(restarts("secret.reloader.stakater.com/reload: keys"), one);
}

#[test]
fn secrets_are_not_shown() {
    let found = found(&["Secret"]);
    let [workload] = &found.workloads[..] else { panic!("{:?}", found.workloads) };
    let [change] = &workload.changes[..] else { panic!("{:?}", workload.changes) };
    assert_eq!(
        (change.before.as_deref(), change.after.as_deref(), change.meaning),
        (Some("(not shown)"), Some("(not shown)"), Meaning::Credential)
    );
    let target = Target { context: None, files: Files::Folder("beta".to_owned()), tag: None, namespace: None };
    let way_back = procedure(&found, &target);
    for style in [Style::Plain, Style::Markdown] {
        let text = report(&found, &way_back, true, style);
        assert!(!text.contains("-token"), "{text}");
    }
    assert!(!serde_json::to_string(&found).unwrap_or_default().contains("-token"));
}

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

#[test]
fn a_label_of_one_side_is_found() {
    assert_eq!(found(&[]).protection.label, Some(("env".to_owned(), "production".to_owned())));
}

#[test]
fn nothing_is_hit_by_hashed_names() {
    let text = PRODUCTION.replace("name: api,", "name: api-0123456789,").replace("name: unread,", "name: sealed-bfgh2456kt,");
    let applied = side("production", &text);
    let maps = select(&applied.inventory, &["configmap".to_owned()], "default");
    let found = impact(&Side { inventory: maps, ..applied }, &side("beta", BETA), &[]);
    assert!(!found.hit, "{found:?}");
    assert_eq!(found.protection.hashed, 3);
    let counterparts: Vec<_> = found.objects.iter().filter_map(|one| one.counterpart.as_deref()).collect();
    assert_eq!(counterparts, ["ConfigMap/shop/api", "ConfigMap/shop/sealed"]);
}

#[test]
fn commands_have_real_names() {
    let found = found(&[]);
    let target = Target { context: Some("beta".to_owned()), files: Files::Kustomization("k/beta".to_owned()), tag: None, namespace: None };
    let way_back = procedure(&found, &target);
    let lines = |steps: &[Step]| -> Vec<String> { steps.iter().flat_map(|step| step.commands.clone()).collect() };
    assert_eq!(
        lines(&way_back.freeze),
        [
            r#"kubectl --context beta -n shop patch cronjob.batch/billing --type=merge --patch '{"spec":{"suspend":true}}'"#,
            "kubectl --context beta -n shop delete horizontalpodautoscaler.autoscaling/by-env",
        ]
    );
    assert_eq!(
        lines(&way_back.restore),
        [
            "kubectl --context beta apply --server-side --force-conflicts -k k/beta",
            "kubectl --context beta -n shop get pods --sort-by=.status.startTime -o custom-columns=POD:.metadata.name,STARTED:.status.startTime",
            "kubectl --context beta -n shop rollout restart deployment.apps/by-env-from deployment.apps/by-env statefulset.apps/by-volume",
            r#"kubectl --context beta -n shop patch cronjob.batch/billing --type=merge --patch '{"spec":{"suspend":false}}'"#,
            "kubectl --context beta -n shop delete configmap/settings-0123456789",
        ]
    );
}

#[test]
fn what_the_api_server_refuses_is_known() {
    let onto = side(
        "onto",
        r#"
{apiVersion: v1, kind: Namespace, metadata: {name: a}}
---
{apiVersion: v1, kind: Service, metadata: {name: s, namespace: a}, spec: {clusterIP: None, ports: [{port: 1}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: t, namespace: a}, spec: {ports: [{port: 1}]}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: p, namespace: a}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: r, namespace: a}, roleRef: {kind: Role, name: x}}
---
{apiVersion: v1, kind: Secret, metadata: {name: o, namespace: a}, stringData: {}}
"#,
    );
    let applied = side(
        "applied",
        r#"
{apiVersion: v1, kind: Service, metadata: {name: s, namespace: a}, spec: {ports: [{port: 1}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: t, namespace: a}, spec: {clusterIP: None, ports: [{port: 1}]}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: p, namespace: a}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 9Gi}}}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: r, namespace: a}, roleRef: {kind: Role, name: y}}
---
{apiVersion: v1, kind: Secret, metadata: {name: o, namespace: a}, type: Opaque, stringData: {}}
"#,
    );
    let reasons: Vec<(String, Option<String>)> =
        impact(&applied, &onto, &[]).objects.into_iter().map(|one| (one.object, one.reason)).collect();
    let expected = [
        ("Service/a/s", Some("`spec.clusterIP` is immutable")),
        ("Service/a/t", Some("`spec.clusterIP` is immutable")),
        ("PersistentVolumeClaim/a/p", Some("a claim can't shrink")),
        ("RoleBinding/a/r", Some("`roleRef` is immutable")),
        ("Secret/a/o", None),
    ];
    assert_eq!(reasons, expected.map(|(id, reason)| (id.to_owned(), reason.map(str::to_owned))));
}
