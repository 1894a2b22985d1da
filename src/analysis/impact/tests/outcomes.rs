//! What the API server does with each object, and whether it acts.

use super::*;

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
fn another_group_is_another_object() {
    let onto = "{apiVersion: v1, kind: Service, metadata: {name: s, namespace: a}, spec: {ports: [{port: 1}]}}";
    let applied = "{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: s, namespace: a}, spec: {template: {}}}";
    let found = between(applied, onto);
    let [object] = &found.objects[..] else { panic!("{found:?}") };
    assert_eq!((object.outcome, object.effect.as_str()), (Outcome::Created, "does what its controller makes of it"));
    let both = between(&format!("{onto}\n---\n{applied}"), &format!("{onto}\n---\n{applied}"));
    assert_eq!(both.objects.iter().map(|one| one.outcome).collect::<Vec<_>>(), [Outcome::Unchanged; 2]);
}

#[test]
fn the_last_document_of_an_object_counts() {
    let map = |value: &str| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m, namespace: a}}, data: {{A: {value}}}}}");
    let two = |first: &str, last: &str| format!("{}\n---\n{}", map(first), map(last));
    let outcomes = |applied: &str, onto: &str| between(applied, onto).objects.iter().map(|one| one.outcome).collect::<Vec<_>>();
    assert_eq!(outcomes(&two("x", "y"), &map("y")), [Outcome::Unchanged]);
    assert_eq!(outcomes(&map("y"), &two("x", "y")), [Outcome::Unchanged]);
    assert_eq!(outcomes(&map("x"), &two("x", "y")), [Outcome::Changed]);
}

#[test]
fn a_namespace_is_missing_only_where_the_files_declare_theirs() {
    let map = |namespace: &str| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m, namespace: {namespace}}}}}");
    let declared = format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: a}}}}\n---\n{}", map("a"));
    let outcome = |onto: &str| between(&map("b"), onto).objects[0].outcome;
    assert_eq!(outcome(&map("a")), Outcome::Created);
    assert_eq!(outcome(&declared), Outcome::Refused);
    assert_eq!(outcome(&format!("{declared}\n---\n{}", map("c"))), Outcome::Created);
}

#[test]
fn labels_that_add_rights_act() {
    let role = |labels: &str| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: r, labels: {{{labels}}}}}, rules: [{{apiGroups: [''], resources: [pods], verbs: [get]}}]}}"
        )
    };
    let other = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: a}}";
    let judged = |applied: &str, onto: &str| {
        let found = between(&role(applied), onto);
        (found.objects[0].outcome, found.objects[0].inert, found.objects[0].effect.clone())
    };
    let adds = "adds its rights to the ClusterRole admin";
    let aggregated = "rbac.authorization.k8s.io/aggregate-to-admin: 'true'";
    assert_eq!(judged(aggregated, &role("env: beta")), (Outcome::Changed, false, adds.to_owned()));
    assert_eq!(judged(aggregated, other), (Outcome::Created, false, adds.to_owned()));
    assert_eq!(judged("env: production", &role("env: beta")).0, Outcome::Relabelled);
    assert!(judged("env: production", other).1);
}

#[test]
fn on_delete_and_paused_replace_no_pod() {
    let set = |kind: &str, image: &str, more: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: s, namespace: a}}, spec: {{{more}selector: {{matchLabels: {{a: b}}}}, template: {{metadata: {{labels: {{a: b}}}}, spec: {{containers: [{{name: m, image: '{image}', env: [{{name: A, value: '{image}'}}]}}]}}}}}}}}"
        )
    };
    let when = |kind: &str, more: &str| {
        let found = between(&set(kind, "x:2", more), &set(kind, "x:1", more));
        (found.objects[0].when, found.workloads.iter().any(|one| one.restarts), found.workloads[0].changes[0].when)
    };
    assert_eq!(when("StatefulSet", ""), (When::Rollout, true, When::Rollout));
    assert_eq!(when("StatefulSet", "updateStrategy: {type: OnDelete}, "), (When::NextStart, false, When::NextStart));
    assert_eq!(when("DaemonSet", "updateStrategy: {type: OnDelete}, "), (When::NextStart, false, When::NextStart));
    assert_eq!(when("Deployment", ""), (When::Rollout, true, When::Rollout));
    assert_eq!(when("Deployment", "paused: true, "), (When::NextStart, false, When::NextStart));
}

#[test]
fn a_changed_map_whose_readers_see_no_change_does_not_act() {
    let map =
        |unread: &str| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m, namespace: a}}, data: {{A: x, B: {unread}}}}}");
    let pod = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: a}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: m, image: 'x:1', env: [{name: A, valueFrom: {configMapKeyRef: {name: m, key: A}}}]}]}}}}";
    let found = between(&map("y"), &format!("{}\n---\n{pod}", map("x")));
    assert!(!found.hit, "{found:?}");
    let said = text(&found);
    assert!(said.contains("ConfigMap a/m: no value differs for its readers\n"), "{said}");
}

#[test]
fn a_new_map_without_a_hash_is_no_merit_of_hashes() {
    let map = |name: &str| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, namespace: a}}}}");
    assert_eq!(between(&map("zzz-new"), &map("m")).protection.hashed, 0);
    assert_eq!(between(&map("zzz-0123456789"), &map("m")).protection.hashed, 1);
}

#[test]
fn a_policy_that_loses_a_rule_shows_the_rule() {
    let policy = |rules: &str| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p, namespace: a}}, spec: {{podSelector: {{}}, policyTypes: [Egress], egress: [{rules}]}}}}"
        )
    };
    let (one, two) = ("{to: [{ipBlock: {cidr: 10.0.0.0/16}}]}", "{ports: [{port: 443}]}");
    let found = between(&policy(two), &policy(&format!("{one}, {two}")));
    let said = text(&found);
    assert!(said.contains("spec.egress: {to: [{ipBlock: {cidr: 10.0.0.0/16}}]} -> gone\n"), "{said}");
}

#[test]
fn a_binding_without_subjects_grants_nobody_anything() {
    let binding =
        "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: r, namespace: a}, roleRef: {kind: Role, name: x}}";
    assert_eq!(between(binding, "").objects[0].effect, "grants x to nobody");
}

/// A number of pods that is written over the autoscaler's, or given up to one, is harm: the pods are gone before it looks.
#[test]
fn numbers_of_pods_behind_an_autoscaler_are_told() {
    let deployment = |replicas: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, namespace: shop}}, spec: {{{replicas}selector: {{matchLabels: {{a: b}}}}, template: {{metadata: {{labels: {{a: b}}}}, spec: {{containers: [{{name: m, image: 'x:1'}}]}}}}}}}}"
        )
    };
    let scaler = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: web, namespace: shop}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 3, maxReplicas: 9}}";
    let judged = |applied: &str, onto: &str| {
        let found = between(applied, onto);
        let effect = found.objects[0].effect.clone();
        (found.hit, effect, found.workloads.iter().map(|one| one.jumps).collect::<Vec<_>>(), text(&found))
    };
    let scaled = format!("{}\n---\n{scaler}", deployment(""));
    let (hit, effect, jumps, said) = judged(&deployment("replicas: 2, "), &scaled);
    assert_eq!((hit, jumps), (true, vec![Some(2)]));
    assert_eq!(effect, "replaces no pod; GOES TO 2 PODS AT ONCE, until its autoscaler finds the number again");
    assert!(said.contains("onto is hit: 1 workload is scaled behind its autoscaler.\n"), "{said}");
    // The files don't have the number, and to apply them gives it up.
    let hand_over = "kubectl --context c -n shop get deployment.apps/web -o go-template='{\"apiVersion\":\"{{.apiVersion}}\",\"kind\":\"{{.kind}}\",\"metadata\":{\"name\":\"{{.metadata.name}}\"},\"spec\":{\"replicas\":{{.spec.replicas}}}}' | kubectl --context c -n shop apply --server-side --force-conflicts --field-manager=hand-over --validate=false -f -";
    assert!(said.contains(hand_over), "{said}");
    let (_, effect, jumps, said) = judged(&scaled, &deployment("replicas: 6, "));
    assert_eq!(
        (effect.as_str(), jumps),
        ("replaces no pod; GOES TO 1 POD AT ONCE, until its autoscaler finds the number again", vec![Some(1)])
    );
    assert!(!said.contains("hand-over"), "{said}");
    // Without an autoscaler the number is what it says.
    let (_, effect, jumps, _) = judged(&deployment("replicas: 2, "), &deployment("replicas: 6, "));
    assert_eq!((effect.as_str(), jumps), ("replaces no pod", vec![None]));
}

/// A store that archives into the place of another environment mixes with it, or keeps its logs until the disk is full.
#[test]
fn redirected_backups_are_told_by_their_harm() {
    let store = |environment: &str| {
        format!(
            "{{apiVersion: barmancloud.cnpg.io/v1, kind: ObjectStore, metadata: {{name: orders, namespace: shop}}, spec: {{configuration: {{destinationPath: 's3://{environment}/orders', wal: {{compression: zstd}}}}}}}}"
        )
    };
    let cluster = "{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: orders, namespace: shop}, spec: {instances: 3, plugins: [{name: barman-cloud.cloudnative-pg.io, isWALArchiver: true, parameters: {barmanObjectName: orders}}]}}";
    let found = between(&store("production"), &format!("{}\n---\n{cluster}", store("beta")));
    let one = &found.objects[0];
    assert_eq!((one.redirects_backups, one.when), (true, When::AtOnce));
    assert_eq!(
        one.effect,
        "BACKUPS GO TO s3://production/orders: they mix with those of others where its role may write, and fail where it may not; s3://beta/orders gets nothing more"
    );
    let said = text(&found);
    assert!(said.contains("onto is hit: 1 place of backups is another one.\n"), "{said}");
    let backup = "kubectl --context c -n shop create -f -";
    assert!(
        lines(&way_back(&found).restore).iter().any(|line| line.ends_with(backup) && line.contains("\"cluster\":{\"name\":\"orders\"}")),
        "{said}"
    );
    // Another compression is no other place.
    let other = between(&store("beta").replace("zstd", "gzip"), &store("beta"));
    assert!(!other.objects[0].redirects_backups && other.objects[0].outcome == Outcome::Changed);
}

/// What keeps an object from being deleted by a controller, and in which order it is applied, changes nothing that runs. One mark less is a finding.
#[test]
fn marks_of_controllers_change_nothing_unless_they_go() {
    let namespace = |notes: &str| format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, annotations: {{{notes}}}}}}}");
    let outcome = |applied: &str, onto: &str| {
        let found = between(&namespace(applied), &namespace(onto));
        (found.objects[0].outcome, found.hit)
    };
    let (argocd, flux) = ("argocd.argoproj.io/sync-options: 'Prune=false,Delete=false'", "kustomize.toolkit.fluxcd.io/prune: disabled");
    for mark in [argocd, flux, "argocd.argoproj.io/sync-wave: '-5'"] {
        assert_eq!(outcome(mark, ""), (Outcome::Relabelled, false), "{mark}");
    }
    assert_eq!(outcome("argocd.argoproj.io/sync-wave: '-5'", "argocd.argoproj.io/sync-wave: '3'"), (Outcome::Relabelled, false));
    assert_eq!(outcome(flux, argocd), (Outcome::Changed, true));
    assert_eq!(outcome("", flux), (Outcome::Changed, true));
    assert_eq!(outcome("kustomize.toolkit.fluxcd.io/reconcile: disabled", ""), (Outcome::Changed, true));
    assert_eq!(outcome("argocd.argoproj.io/sync-options: 'Prune=false,Replace=true'", ""), (Outcome::Changed, true));
}
