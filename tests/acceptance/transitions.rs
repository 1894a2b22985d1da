//! What `render` says of changes that a running cluster does not take in place, and what it refuses.

use super::program::Project;

pub(super) const HEAD: &str = "apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {beta: \"111111111111\", production: \"222222222222\"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}, eu-central-1: {zones: 3}}
environments:
  beta: {regions: [eu-west-1]}
  production: {regions: [eu-west-1, eu-central-1], protected: true}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
";
pub(super) const WEB: &str = "web: {image: \"registry.example/web:v1\", port: 8080, probes: {ready: /r}}";
const STORE: &str = "stores: {db: {engine: custom, image: \"registry.example/db:v1\", port: 5432, data: /data, storage: 10Gi, replicas: 1, probes: {none: trial}, backup: {none: trial}}}";

/// A rendered platform with these apps, and its store.
fn rendered(app: &str) -> Project {
    let project = Project::new();
    project.write("platform.yaml", &format!("{HEAD}apps: {{{app}}}\n{STORE}\n"));
    project.run(&["render"]).exits(0);
    project
}

/// An app with further fields.
pub(super) fn with(more: &str) -> String {
    WEB.replace("port: 8080", &format!("port: 8080, {more}"))
}

pub(crate) fn an_autoscaler_takes_replicas_over() {
    let project = rendered(&with("scale: {replicas: 6}"));
    project.edit("platform.yaml", "replicas: 6", "replicas: \"6..12\"");
    let ran = project.run(&["render"]).exits(0);
    assert!(ran.codes().contains("not-in-place"), "{}", ran.err);
    let told = [
        "an autoscaler takes over `replicas` of `Deployment/shop/web`: `kubectl apply --server-side` alone would drop from 6 pods to 1",
        "kubectl --context shop-beta-eu-west-1 -n shop apply --server-side --force-conflicts --field-manager=hand-over",
        "`shop-production-eu-west-1`",
        "platform.yaml:11:",
    ];
    assert!(told.iter().all(|text| ran.err.contains(text)), "{}", ran.err);
    // Said once: the files are those of the spec now.
    assert!(!project.run(&["render"]).exits(0).codes().contains("not-in-place"));
}

/// The same of a StatefulSet whose scale is a profile's, of one environment, and the way back.
pub(crate) fn autoscalers_come_and_go_anywhere() {
    let in_a_profile = |app: &str| {
        let project = Project::new();
        project.write("platform.yaml", &format!("{HEAD}profiles: {{big: {{scale: 6}}}}\napps: {{{app}}}\n"));
        project.run(&["render"]).exits(0);
        project
    };
    let project = in_a_profile(&with("from: big, volumes: {/data: 1Gi}"));
    project.edit("platform.yaml", "scale: 6", "scale: 6..9");
    let err = project.run(&["render"]).exits(0).err;
    assert!(err.contains("takes over `replicas` of `StatefulSet/shop/web`") && err.contains("from 6 pods to 1"), "{err}");
    assert!(err.contains(r#""kind":"StatefulSet","metadata":{"name":"web"},"spec":{"replicas":6}"#), "{err}");

    let project = in_a_profile(&with("from: big"));
    project.edit("platform.yaml", "from: big", "from: big, environments: {production: {scale: {replicas: 4..9, memory: 80%}}}");
    let err = project.run(&["render"]).exits(0).err;
    assert!(err.contains("takes over `replicas` of `Deployment/shop/web`") && err.contains("= note: in production\n"), "{err}");
    assert!(err.contains("shop-production-eu-west-1") && !err.contains("shop-beta-eu-west-1"), "{err}");

    let project = in_a_profile(&with("from: big, scale: 6..9"));
    project.edit("platform.yaml", ", scale: 6..9", "");
    let err = project.run(&["render"]).exits(0).err;
    assert!(err.contains("`HorizontalPodAutoscaler/shop/web` left the files: the end of the apply deletes it"), "{err}");
    assert!(err.contains("-n shop delete --ignore-not-found horizontalpodautoscaler.autoscaling/web"), "{err}");
}

pub(crate) fn a_comparison_tells_them() {
    let project = rendered(&with("scale: {replicas: 6}"));
    project.edit("platform.yaml", "replicas: 6", "replicas: \"6..12\"");
    for word in ["--check", "--dry-run"] {
        let ran = project.run(&["render", word]).exits(if word == "--check" { 2 } else { 0 });
        assert!(ran.codes().contains("not-in-place") && ran.err.contains("platform.yaml:11:"), "{word}: {}", ran.err);
    }
    let json = project.run(&["render", "--check", "--format", "json"]).exits(2).out;
    assert!(json.contains(r#""code":"not-in-place""#) && json.contains(r#""code":"spec-changed""#), "{json}");
    // A warning that is denied is written by no render.
    let before = super::program::tree(&project.folder);
    let ran = project.run(&["render", "--deny-warnings"]).exits(2);
    assert!(ran.err.ends_with("nothing was written\n") && before == super::program::tree(&project.folder), "{}", ran.err);
}

pub(crate) fn what_left_the_spec_is_named() {
    let project = rendered(&format!("{WEB}, {}", WEB.replace("web", "old").replace("registry.example/old", "registry.example/other")));
    project.edit(
        "platform.yaml",
        &format!(", {}", WEB.replace("web", "old").replace("registry.example/old", "registry.example/other")),
        "",
    );
    let ran = project.run(&["render"]).exits(0);
    let told =
        ["`Deployment/shop/old` and 3 more objects left the files: the end of the apply deletes them", " service/old deployment.apps/old`"];
    assert!(told.iter().all(|text| ran.err.contains(text)), "{}", ran.err);
}

pub(crate) fn volumes_grow_by_hand() {
    let project = rendered(WEB);
    project.edit("platform.yaml", "storage: 10Gi", "storage: 20Gi");
    let ran = project.run(&["render"]).exits(0);
    let told = [
        "the volume claims of `StatefulSet/shop/db` can't change in place",
        r#"'{"spec":{"resources":{"requests":{"storage":"20Gi"}}}}'"#,
        "delete statefulset.apps/db --cascade=orphan",
    ];
    assert!(told.iter().all(|text| ran.err.contains(text)), "{}", ran.err);
}

/// A volume makes another kind of an app: the old object stays, with the same pods.
pub(crate) fn kinds_change_beside_each_other() {
    for (more, object, delete) in [
        (
            "volumes: {/data: 1Gi}",
            "`Deployment/shop/web` left the files: the end of the apply deletes it, beside `StatefulSet/shop/web` with the same pods",
            "deployment.apps/web",
        ),
        ("per_node: true", "`Deployment/shop/web` and", "deployment.apps/web"),
    ] {
        let project = rendered(WEB);
        project.edit("platform.yaml", "port: 8080", &format!("port: 8080, {more}"));
        let ran = project.run(&["render"]).exits(0);
        assert!(ran.codes().contains("not-in-place") && ran.err.contains(object) && ran.err.contains(delete), "{more}: {}", ran.err);
    }
}

/// What was completed is not called unwritten.
pub(crate) fn a_refusal_after_an_interrupted_render() {
    let project = rendered(WEB);
    project.write("deploy/.platgen-journal", "platgen-journal 1 commit\n");
    project.edit("platform.yaml", "storage: 10Gi", "storage: 5Gi");
    let dry = project.run(&["render", "--dry-run"]).exits(2);
    assert!(dry.err.ends_with("\nnothing was written\n") && project.at("deploy/.platgen-journal").exists(), "{}", dry.err);
    let ran = project.run(&["render"]).exits(2);
    assert!(ran.err.ends_with("\nan interrupted render was completed first; nothing else was written\n"), "{}", ran.err);
    assert!(project.run(&["render"]).exits(2).err.ends_with("\nnothing was written\n"));
}

pub(crate) fn data_is_not_left_behind() {
    for (from, to, message) in [
        ("storage: 10Gi", "storage: 5Gi", "`StatefulSet/shop/db` loses its data: `data` shrinks or is gone"),
        ("{db: {engine", "{orders: {engine", "`StatefulSet/shop/orders` starts empty: the volumes stay with `StatefulSet/shop/db`"),
        (
            "regions: [eu-west-1, eu-central-1]",
            "regions: [eu-central-1, eu-west-1]",
            "`StatefulSet/shop/db` moves from `eu-west-1` to `eu-central-1` and starts empty",
        ),
    ] {
        let project = rendered(WEB);
        project.edit("platform.yaml", from, to);
        let before = super::program::tree(&project.folder);
        let ran = project.run(&["render"]).exits(2);
        // Of the environments, one is allowed at a time.
        let flags: Vec<String> = ["beta", "production"].map(|name| format!("--force={name}/shop/db")).into();
        let flags: Vec<&String> = flags.iter().filter(|flag| ran.err.contains(flag.as_str())).collect();
        assert!(ran.codes().contains("loses-data") && ran.err.contains(message) && !flags.is_empty(), "{}", ran.err);
        assert!(ran.err.ends_with("nothing was written\n") && before == super::program::tree(&project.folder), "something was written");
        for missing in flags.iter().filter(|_| flags.len() > 1) {
            let others = flags.iter().filter(|flag| *flag != missing).map(|flag| flag.as_str());
            project.run(&["render"].into_iter().chain(others).collect::<Vec<_>>()).exits(2);
        }
        // The comparison and the dry run tell it as well.
        for word in ["--check", "--dry-run"] {
            assert!(project.run(&["render", word]).exits(2).err.contains(message), "{word}");
        }
        let forced = project.run(&["render"].into_iter().chain(flags.iter().map(|flag| flag.as_str())).collect::<Vec<_>>()).exits(0);
        let delete = "-n shop delete ";
        assert!(forced.err.contains("warning[loses-data]") && forced.err.contains(delete), "{}", forced.err);
        assert!(forced.err.contains("statefulset") && !forced.err.contains("error["), "{}", forced.err);
        project.run(&["render", "--check"]).exits(0);
    }
}

/// A shared volume is one claim with the data of several apps.
pub(crate) fn data_of_a_shared_volume_is_not_left_behind() {
    const MORE: &str =
        "namespaces: {shop: {owner: sre}, till: {owner: sre}}\nvolumes: {files: {namespace: shop, size: 100Gi, backup: {none: trial}}}\n";
    let head = HEAD
        .replace("namespaces: {shop: {owner: sre}}\n", MORE)
        .replace("[eu-west-1, eu-central-1]", "[eu-west-1, eu-central-1], primary: eu-west-1");
    for (from, to, message) in [
        (
            "size: 100Gi",
            "size: 50Gi",
            "`spec.resources.requests.storage` of `PersistentVolumeClaim/shop/files` can't shrink in place, and a new claim starts empty",
        ),
        (
            "{files: {",
            "{media: {",
            "`PersistentVolumeClaim/shop/media` starts empty: the volumes stay with `PersistentVolumeClaim/shop/files`",
        ),
        (
            "namespace: shop, size",
            "namespace: till, size",
            "`PersistentVolumeClaim/till/files` starts empty: the volumes stay with `PersistentVolumeClaim/shop/files`",
        ),
        (
            "primary: eu-west-1",
            "primary: eu-central-1",
            "`PersistentVolumeClaim/shop/files` moves from `eu-west-1` to `eu-central-1` and starts empty",
        ),
    ] {
        let project = Project::new();
        project.write("platform.yaml", &head);
        project.run(&["render"]).exits(0);
        project.edit("platform.yaml", from, to);
        let before = super::program::tree(&project.folder);
        let ran = project.run(&["render"]).exits(2);
        assert!(ran.codes().contains("loses-data") && ran.err.contains(message), "{}", ran.err);
        assert!(ran.err.ends_with("nothing was written\n") && before == super::program::tree(&project.folder), "something was written");
        let flags: Vec<String> = ["beta", "production"].map(|name| format!("--force={name}/shop/files")).into();
        let flags: Vec<&str> = flags.iter().map(String::as_str).filter(|flag| ran.err.contains(flag)).collect();
        let forced = project.run(&[&["render"], &flags[..]].concat()).exits(0);
        assert!(!flags.is_empty() && forced.err.contains("warning[loses-data]") && !forced.err.contains("error["), "{}", forced.err);
    }
    // The whole entry is removed on purpose: its data stays until the owner agrees.
    let project = Project::new();
    project.write("platform.yaml", &head);
    project.run(&["render"]).exits(0);
    project.edit("platform.yaml", "volumes: {files: {namespace: shop, size: 100Gi, backup: {none: trial}}}\n", "");
    let err = project.run(&["render"]).exits(0).err;
    assert!(err.contains("deleting `persistentvolumeclaim/files` deletes everything in it: ask its owner first"), "{err}");
}

/// The names of routes hold the host, which differs between environments.
pub(crate) fn every_environment_has_its_own_command() {
    let old = format!(", {}", with("scale: 2, expose: \"@\"").replace("web", "old"));
    let project = rendered(&format!("{WEB}{old}"));
    project.edit("platform.yaml", &old, "");
    let err = project.run(&["render"]).exits(0).err;
    let commands: Vec<&str> = err.lines().filter(|line| line.contains(" delete ") && line.contains("deployment.apps/old")).collect();
    let clusters = ["shop-beta-eu-west-1", "shop-production-eu-west-1"];
    assert!(commands.len() == 2 && clusters.iter().all(|name| commands.iter().any(|line| line.contains(name))), "{err}");
    assert_eq!(err.matches("`Deployment/shop/old` and ").count(), 1, "{err}");
}

/// A database goes to another major version, back, and loses a user: what the operator does not do by itself, with commands that name it.
pub(crate) fn databases_change() {
    const DATABASE: &str = "apps: {}\nstores: {db: {engine: postgres, version: \"17\", users: {app: {owner: true}, old: {}}, storage: 10Gi, replicas: 3, backup: {none: trial}}}\n";
    let project = Project::new();
    project.write("platform.yaml", &format!("{HEAD}{DATABASE}"));
    project.run(&["render"]).exits(0);
    let says = |err: &str, told: &[&str]| assert!(told.iter().all(|text| err.contains(text)), "{err}");
    let primary = "\"$(kubectl --context shop-beta-eu-west-1 -n shop get clusters.postgresql.cnpg.io/db --output jsonpath='{.status.currentPrimary}')\"";
    project.edit("platform.yaml", "\"17\"", "\"18\"");
    project.edit("platform.yaml", ", old: {}", "");
    let err = project.run(&["render"]).exits(0).err;
    says(
        &err,
        &[
            "`Cluster/shop/db` goes from PostgreSQL 17 to 18: all its servers stop while the data is upgraded",
            &format!("exec {primary} --container postgres -- vacuumdb --all --analyze-in-stages`: the upgrade keeps no statistics"),
            "If it fails, revert the commit and apply the old files: the data is as it was. Don't delete the Cluster",
            "`old` left the spec but can still sign in to the database of `Cluster/shop/db`",
            &format!("exec {primary} --container postgres -- psql --command='ALTER ROLE \"old\" NOLOGIN'"),
        ],
    );
    project.edit("platform.yaml", "\"18\"", "\"17\"");
    let err = project.run(&["render"]).exits(2).err;
    says(&err, &["`Cluster/shop/db` can't go from PostgreSQL 18 back to 17", "`--force=beta/shop/db --force=production/shop/db`"]);
    let back = "after an upgrade that failed, revert the commit, apply the old files and delete nothing; else ";
    says(&err, &[&format!("{back}keep the entry as it was")]);
    project.edit("platform.yaml", "\"17\"", "\"18\"");
    let (version, other) = ("version: \"18\"", "image: \"registry.example/postgres:18.5\", parameters: {log_line_prefix: \"it's %m \"}");
    project.edit("platform.yaml", version, other);
    let err = project.run(&["render"]).exits(0).err;
    says(&err, &["the image and the settings of `Cluster/shop/db` can't change together", r#""log_line_prefix":"it'\''s %m ""#]);
    project.edit("platform.yaml", other, version);
    project.run(&["render"]).exits(0);
    project.edit("platform.yaml", "stores: {db:", "stores: {orders:");
    let err = project.run(&["render"]).exits(2).err;
    says(&err, &["`Cluster/shop/orders` starts empty: the volumes stay with `Cluster/shop/db`, which it replaces"]);
    let err = project.run(&["render", "--force=beta/shop/db", "--force=production/shop/db"]).exits(0).err;
    says(&err, &["deleting `cluster.postgresql.cnpg.io/db` deletes everything in it: ask its owner first"]);
}

/// A store moves to another region, or gets another name: a render of one of both sides tells it as a render of everything does.
pub(crate) fn a_part_of_a_render_leaves_no_data_behind() {
    let (moved, renamed) =
        (("regions: [eu-west-1, eu-central-1]", "regions: [eu-central-1, eu-west-1]"), ("{db: {engine", "{orders: {engine"));
    for ((from, to), selection, flags) in [
        (moved, ["--region", "eu-west-1"], &["--force=production/shop/db"][..]),
        (moved, ["--region", "eu-central-1"], &["--force=production/shop/db"]),
        (renamed, ["--app", "orders"], &["--force=beta/shop/db", "--force=production/shop/db"]),
    ] {
        let project = rendered(WEB);
        project.edit("platform.yaml", from, to);
        for more in [&[][..], &["--check"], &["--dry-run"]] {
            let ran = project.run(&[&["render"], &selection[..], more].concat()).exits(2);
            let told = flags.iter().all(|flag| ran.err.contains(flag)) && ran.err.contains("starts empty");
            assert!(told && ran.codes().contains("loses-data"), "{selection:?} {more:?}: {}", ran.err);
        }
        project.run(&[&["render"], &selection[..], flags].concat()).exits(0);
        assert!(!project.run(&["render"]).exits(0).codes().contains("loses-data"));
    }
    // The other parts of the render are not told.
    let project = rendered(&format!("{}, other: {{image: \"registry.example/other:v1\"}}", with("scale: {replicas: 6}")));
    project.edit("platform.yaml", "replicas: 6", "replicas: \"6..12\"");
    let told = |words: &[&str]| project.run(&[&["render", "--dry-run"], words].concat()).exits(0).codes().contains("not-in-place");
    assert_eq!([&["--app", "web"][..], &["--app", "other"], &["--region", "eu-west-1"]].map(told), [true, false, true]);
}

/// A managed database goes back no more than one in the cluster, and the days of backups are data as well.
pub(crate) fn managed_databases_and_backups_are_kept() {
    let project = Project::new().incomplete();
    super::program::copy(&super::program::specs()["data"], &project.folder, false);
    project.run(&["render"]).exits(0);
    let spec = project.read("platform.yaml");
    for (from, to, flag, message) in [
        (
            "engine: postgres\n    version: \"17\"\n    mode: managed",
            "engine: postgres\n    version: \"16\"\n    mode: managed",
            "production/orders/orders",
            "the managed database `orders/orders` in `eu-west-1` can't go from postgres 17 to postgres 16, and a new database starts empty",
        ),
        (
            "storage: 200Gi",
            "storage: 150Gi",
            "production/orders/orders",
            "the storage of the managed database `orders/orders` in `eu-west-1` can't shrink from 200 to 150 GiB, and a new database starts empty",
        ),
        (
            "every: 12h, keep: 30d",
            "every: 12h, keep: 7d",
            "production/billing/ledger",
            "the managed database `billing/ledger` in `eu-west-1` can be restored to points in time of 7 days and no longer of 30: older backups are deleted",
        ),
        (
            "keep: 35d, copy_to: eu-central-1, rpo: 10m",
            "keep: 14d, copy_to: eu-central-1, rpo: 10m",
            "production/orders/archive",
            "`ObjectStore/orders/archive` keeps backups for 14d and no longer for 35d: the older ones are deleted after the next backup",
        ),
    ] {
        assert!(spec.contains(from), "{from}");
        project.write("platform.yaml", &spec.replace(from, to));
        let before = super::program::tree(&project.folder);
        let ran = project.run(&["render"]).exits(2);
        let flag = format!("--force={flag}");
        assert!(ran.err.contains("error[loses-data]") && ran.err.contains(message) && ran.err.contains(&flag), "{}", ran.err);
        assert!(ran.err.contains("platform.yaml:"), "{}", ran.err);
        assert!(ran.err.ends_with("nothing was written\n") && before == super::program::tree(&project.folder), "something was written");
        // `diff` tells it as well.
        let told = project.run(&["diff"]).exits(2).out;
        assert!(told.contains(" DATA IS LOST.\n") && told.contains(&format!("  loses-data: {message}\n")), "{told}");
        let word = |rest: &str| format!("--force={}", rest.split([' ', '`']).next().unwrap_or_default());
        let flags: Vec<String> = ran.err.split("--force=").skip(1).map(word).collect();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let forced = project.run(&[&["render", "--dry-run"], &flags[..]].concat()).exits(0);
        assert!(forced.err.contains("warning[loses-data]") && !forced.err.contains("error["), "{}", forced.err);
    }
    // What grows is an ordinary change.
    project.write("platform.yaml", &spec.replace("storage: 200Gi", "storage: 300Gi").replace("keep: 30d", "keep: 31d"));
    assert!(!project.run(&["render", "--dry-run"]).exits(0).codes().contains("loses-data"));
}
