//! The commands of the way back.

use super::*;
use crate::model::GitOpsController;

#[test]
fn commands_have_real_names() {
    let found = found(&[]);
    let target = target("beta", Files::Kustomization("k/beta".to_owned()));
    let way_back = procedure(&found, &target);
    assert_eq!(
        lines(&way_back.freeze),
        [
            r#"kubectl --context beta -n shop patch cronjob.batch/billing --type=merge --patch '{"spec":{"suspend":true}}'"#,
            r#"kubectl --context beta get events --all-namespaces -o yaml > "accident-events-$(date -u +%Y%m%dT%H%M%SZ).yaml""#,
            r#"kubectl --context beta get configmap,horizontalpodautoscaler.autoscaling --all-namespaces -l env=production --show-managed-fields -o yaml > "accident-objects-$(date -u +%Y%m%dT%H%M%SZ).yaml""#,
            "kubectl --context beta -n shop get jobs -o 'custom-columns=JOB:.metadata.name,CRONJOB:.metadata.ownerReferences[*].name,STARTED:.status.startTime,RUNNING:.status.active'",
            "kubectl --context beta -n shop delete horizontalpodautoscaler.autoscaling/by-env",
        ]
    );
    assert_eq!(
        lines(&way_back.restore),
        [
            "kubectl --context beta apply --server-side --force-conflicts -k k/beta",
            "# kubectl --context beta apply --server-side --force-conflicts --field-manager=MANAGER -k k/beta",
            "kubectl --context beta -n shop delete configmap/settings-0123456789",
            "kubectl --context beta -n shop get pods -o 'custom-columns=POD:.metadata.name,STARTED:.status.containerStatuses[*].state.running.startedAt'",
            "kubectl --context beta -n shop rollout restart deployment.apps/by-env-from deployment.apps/by-env statefulset.apps/by-volume",
            r#"kubectl --context beta -n shop patch cronjob.batch/billing --type=merge --patch '{"spec":{"suspend":false}}'"#,
        ]
    );
    // Another manager may own a field with the right value.
    assert_eq!(lines(&way_back.verify), ["kubectl --context beta diff --server-side --force-conflicts -k k/beta"]);
}

/// Another cluster may have the name of the context, and the files may be those of another commit.
#[test]
fn the_cluster_is_asked_and_only_what_was_applied_is_restored() {
    let found = found(&[]);
    let of = |applied: Revision| {
        let files = Files::Kustomization("k/beta".to_owned());
        let way_back = procedure(&found, &Target { applied, identity: Some("shop/beta/here".to_owned()), ..target("beta", files) });
        assert_eq!(way_back.freeze[0].why, "Ask the cluster first whose it is: this prints `shop/beta/here`.");
        let label = |name: &str| format!("{{.metadata.labels.platgen\\.io/{name}}}");
        let asks = ["platform", "environment", "region"].map(label).join("/");
        assert_eq!(way_back.freeze[0].commands, [format!("kubectl --context beta get namespace platgen-system -o jsonpath='{asks}'")]);
        let restore = lines(&way_back.restore);
        let applies: Vec<&String> = restore.iter().filter(|line| line.contains(" apply ")).collect();
        assert!(
            !applies.is_empty() && applies.iter().all(|line| line.trim_start_matches("# ").starts_with("git diff --quiet ")),
            "{restore:?}"
        );
        restore[..3].to_vec()
    };
    let apply = "kubectl --context beta apply --server-side --force-conflicts -k k/beta";
    let by_hand = of(Revision::Tag("applied/beta/here".to_owned()));
    assert_eq!(
        by_hand[..2],
        ["git diff --stat applied/beta/here -- k/beta".to_owned(), format!("git diff --quiet applied/beta/here -- k/beta && {apply}")]
    );
    let by = |controller: GitOpsController, name: &str| {
        of(Revision::Of(Controller { of: controller, name: name.to_owned(), file: "g/beta/here.yaml".to_owned() }))
    };
    let applied = format!("git diff --quiet \"${{revision:?}}\" -- k/beta && {apply}");
    assert_eq!(
        by(GitOpsController::Flux, "shop-apps"),
        [
            "revision=$(kubectl --context beta -n flux-system get kustomizations.kustomize.toolkit.fluxcd.io shop-apps -o jsonpath='{.status.lastAppliedRevision}' | sed 's/.*://')",
            "git checkout --detach \"${revision:?}\"",
            &applied,
        ]
    );
    assert_eq!(
        by(GitOpsController::ArgoCd, "shop-beta-here"),
        [
            "revision=$(kubectl --context \"${argocd:?}\" -n argocd get applications.argoproj.io shop-beta-here -o jsonpath='{.status.history[-1:].revision}')",
            "git checkout --detach \"${revision:?}\"",
            &applied,
        ]
    );
}

/// A controller would take the restore back, or apply the next commit in the middle of it.
#[test]
fn the_controller_stops_first_and_goes_on_last() {
    let found = found(&[]);
    let of = |controller: GitOpsController, name: &str| {
        let controller = Controller { of: controller, name: name.to_owned(), file: "g/beta/here.yaml".to_owned() };
        let files = Files::Kustomization("k/beta".to_owned());
        let way_back = procedure(&found, &Target { applied: Revision::Of(controller), ..target("beta", files) });
        (lines(&way_back.freeze), lines(&way_back.verify).pop())
    };
    let (freeze, last) = of(GitOpsController::ArgoCd, "shop-beta-here");
    assert_eq!(
        freeze[..2],
        [
            "argocd=",
            r#"kubectl --context "${argocd:?}" -n argocd patch applications.argoproj.io shop-beta-here --type=merge --patch '{"spec":{"syncPolicy":{"automated":null}}}'"#
        ]
    );
    let again = r#"kubectl --context "${argocd:?}" apply --server-side --force-conflicts -f g/beta/here.yaml"#;
    assert_eq!(last.as_deref(), Some(again));
    let (freeze, last) = of(GitOpsController::Flux, "shop-apps");
    assert_eq!(freeze[0], "flux --context beta suspend kustomization --all");
    assert_eq!(last.as_deref(), Some("flux --context beta resume kustomization --all"));
}

/// What the accident brought stops before it is looked at, and is kept before it is deleted. Secrets lie in no file.
#[test]
fn new_jobs_stop_and_the_evidence_is_kept() {
    let job = "{apiVersion: batch/v1, kind: Job, metadata: {name: import, namespace: shop}, spec: {template: {spec: {containers: [{name: main, image: 'x:1'}]}}}}";
    let secret = "{apiVersion: v1, kind: Secret, metadata: {name: keys, namespace: shop}}";
    let scaler = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: web, namespace: shop}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 2}}";
    let onto = "{apiVersion: v1, kind: ConfigMap, metadata: {name: other, namespace: shop}}";
    let freeze = lines(&way_back(&between(&format!("{job}\n---\n{secret}\n---\n{scaler}"), onto)).freeze);
    assert_eq!(
        freeze,
        [
            r#"kubectl --context c -n shop patch job.batch/import --type=merge --patch '{"spec":{"suspend":true}}'"#,
            r#"kubectl --context c get events --all-namespaces -o yaml > "accident-events-$(date -u +%Y%m%dT%H%M%SZ).yaml""#,
            r#"kubectl --context c get horizontalpodautoscaler.autoscaling,job.batch --all-namespaces --show-managed-fields -o yaml > "accident-objects-$(date -u +%Y%m%dT%H%M%SZ).yaml""#,
            "kubectl --context c -n shop delete horizontalpodautoscaler.autoscaling/web",
        ]
    );
}

/// An apply gives back neither what is immutable by then nor a smaller volume.
#[test]
fn what_an_apply_does_not_give_back_is_said() {
    let map = |value: &str, immutable: &str| {
        format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: api, namespace: shop}}, {immutable}data: {{A: {value}}}}}")
    };
    let claim = |size: &str| {
        format!(
            "{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: data, namespace: shop}}, spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: {size}}}}}}}}}"
        )
    };
    let found = between(&map("b", "immutable: true, "), &map("a", ""));
    let target = Target { applied: Revision::Tag("t".to_owned()), ..target("c", Files::Kustomization("files".to_owned())) };
    assert_eq!(
        lines(&procedure(&found, &target).restore)[1..3],
        [
            "git diff --quiet t -- files && kubectl --context c -n shop delete configmap/api",
            "git diff --quiet t -- files && kubectl --context c apply --server-side --force-conflicts -k files",
        ]
    );
    let deletes =
        |applied: &str, onto: &str| lines(&way_back(&between(applied, onto)).restore).iter().any(|line| line.contains(" delete "));
    assert!(!deletes(&map("b", ""), &map("a", "")) && !deletes(&map("a", "immutable: true, "), &map("a", "immutable: true, ")));

    let restore = |applied: &str, onto: &str| way_back(&between(&claim(applied), &claim(onto))).restore;
    let stays = "These claims stay as large as they are, as no volume shrinks: PersistentVolumeClaim/shop/data of 9Gi. ";
    assert!(restore("9Gi", "5Gi")[0].why.starts_with(stays), "{:?}", restore("9Gi", "5Gi"));
    assert!(lines(&restore("9Gi", "5Gi")).iter().any(|line| line.starts_with("kubectl ") && line.contains(" apply ")));
    assert!(restore("5Gi", "5Gi").is_empty());
}

fn cron_job(suspend: &str, image: &str) -> String {
    format!(
        "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: night, namespace: a}}, spec: {{{suspend}schedule: '0 3 * * *', jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: m, image: 'x:1', env: [{{name: A, value: '{image}'}}]}}]}}}}}}}}}}}}"
    )
}

#[test]
fn what_the_files_hold_is_not_started() {
    let jobs = |suspend: &str| {
        let found = between(&cron_job(suspend, "b"), &cron_job(suspend, "a"));
        lines(&way_back(&found).restore).iter().any(|line| line.contains(r#""suspend":false"#))
    };
    assert_eq!((jobs(""), jobs("suspend: false, "), jobs("suspend: true, ")), (true, true, false));
    let deployment = |paused: &str, image: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d, namespace: a}}, spec: {{{paused}selector: {{matchLabels: {{a: b}}}}, template: {{metadata: {{labels: {{a: b}}}}, spec: {{containers: [{{name: m, image: '{image}'}}]}}}}}}}}"
        )
    };
    let resumes = |paused: &str| {
        let found = between(&deployment("", "x:2"), &deployment(paused, "x:1"));
        lines(&way_back(&found).restore).iter().filter(|line| line.contains("rollout")).count()
    };
    assert_eq!((resumes(""), resumes("paused: true, ")), (2, 0));
}

#[test]
fn jobs_that_run_already_are_looked_for() {
    let found = between(&cron_job("", "b"), &cron_job("", "a"));
    let freeze = lines(&way_back(&found).freeze);
    assert!(freeze.iter().any(|line| line.starts_with("kubectl --context c -n a get jobs ")), "{freeze:?}");
}

#[test]
fn names_are_quoted() {
    let map = |value: &str| {
        format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: 'm;x', namespace: 'a b', labels: {{env: '$x{value}'}}}}, data: {{A: {value}}}}}"
        )
    };
    let found = between(&map("b"), &map("a"));
    let find = lines(&way_back(&found).find);
    assert!(find[0].ends_with(" -l 'env=$xb'"), "{find:?}");
    assert!(find[1].starts_with("kubectl --context c -n 'a b' get 'configmap/m;x' "), "{find:?}");
}

#[test]
fn restarted_containers_are_looked_for() {
    let found = found(&["ConfigMap"]);
    let restore = lines(&way_back(&found).restore);
    assert!(restore.iter().any(|line| line.contains("containerStatuses[*].state.running.startedAt")), "{restore:?}");
}

/// An object without a name is not applied, and no command names one.
#[test]
fn nothing_is_said_of_objects_without_a_name() {
    let job = |image: &str| {
        format!(
            "{{apiVersion: batch/v1, kind: Job, metadata: {{generateName: import-, namespace: shop}}, spec: {{template: {{spec: {{containers: [{{name: main, \
             image: \"{image}\", envFrom: [{{configMapRef: {{name: api}}}}]}}]}}}}}}}}\n---\n"
        )
    };
    let map =
        |value: &str| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: api, namespace: shop}}, data: {{A: {value}}}}}\n");
    let found = between(&(job("x:2") + &map("two")), &(job("x:1") + &map("one")));
    let outcomes: Vec<Outcome> = found.objects.iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [Outcome::Refused, Outcome::Changed]);
    assert_eq!(found.workloads, []);
    let text = text(&found);
    assert!(text.contains("`kubectl apply` takes no object with `generateName`") && !text.contains("job.batch"), "{text}");
}
