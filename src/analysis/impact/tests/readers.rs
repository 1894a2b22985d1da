//! Who reads which value, how and when.

use super::*;

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
    let target = Target { context: None, ..target("beta", Files::Folder("beta".to_owned())) };
    let way_back = procedure(&found, &target);
    for style in [Style::Plain, Style::Markdown] {
        let text = report(&found, &way_back, true, style);
        assert!(!text.contains("-token"), "{text}");
    }
    let json = serde_json::to_string(&found).expect("JSON");
    assert!(json.contains("(not shown)") && !json.contains("-token"), "{json}");
}

#[test]
fn values_that_are_cut_show_where_they_differ() {
    let long = "a".repeat(90);
    let map = |value: &str| {
        format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m, namespace: a}}, data: {{A: {value}, B: \"x\\ny: {value}\\n\", C: \"\\e[31m{value}\"}}}}"
        )
    };
    let pod = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: a}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: m, image: 'x:1', envFrom: [{configMapRef: {name: m}}]}]}}}}";
    let said = text(&between(&map(&format!("{long}two")), &format!("{}\n---\n{pod}", map(&format!("{long}one")))));
    assert!(said.contains("A: ...aaaaaaaaaaaaone -> ...aaaaaaaaaaaatwo (text)"), "{said}");
    assert!(said.contains("B: line 2 of 2: ...aaaaaaaaaaaaone -> line 2 of 2: ...aaaaaaaaaaaatwo"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
}
