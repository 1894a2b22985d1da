//! What `render` says of changes that a running cluster does not take in place, and what it refuses.

use super::program::Project;

const HEAD: &str = "apiVersion: platgen/v1
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
const WEB: &str = "web: {image: \"registry.example/web:v1\", port: 8080, probes: {ready: /r}}";
const STORE: &str = "stores: {db: {engine: custom, image: \"registry.example/db:v1\", port: 5432, data: /data, storage: 10Gi, replicas: 1, probes: {none: trial}, backup: {none: trial}}}";

/// A rendered platform with these apps, and its store.
fn rendered(app: &str) -> Project {
    let project = Project::new();
    project.write("platform.yaml", &format!("{HEAD}apps: {{{app}}}\n{STORE}\n"));
    project.run(&["render"]).exits(0);
    project
}

/// An app with further fields.
fn with(more: &str) -> String {
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
    assert!(err.contains("`HorizontalPodAutoscaler/shop/web` left the files but stays in the cluster"), "{err}");
    assert!(err.contains("-n shop delete horizontalpodautoscaler.autoscaling/web"), "{err}");
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
    let told = ["`Deployment/shop/old` and 3 more objects left the files but stay in the cluster", " service/old deployment.apps/old`"];
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
            "`Deployment/shop/web` left the files but stays in the cluster, beside `StatefulSet/shop/web` with the same pods",
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

/// A bucket that leaves, one that leaves its copy behind, one that moves with its copy, and one that would start empty.
pub(crate) fn buckets_are_not_left_silently() {
    let web = with("config: {KEPT: \"${bucket/kept.name}\"}, regions: primary");
    let project = Project::new();
    project.write(
        "platform.yaml",
        &format!("{HEAD}apps: {{{web}}}\nbuckets:\n  kept: {{copy_to: eu-central-1}}\n  plain: {{only: [production]}}\n"),
    );
    project.run(&["render"]).exits(0);
    let folder = project.at("deploy/terraform/production/eu-west-1/data");
    assert!(folder.join("replication.tf").exists());

    project.edit("platform.yaml", "  plain: {only: [production]}\n", "");
    let ran = project.run(&["render", "--dry-run"]).exits(0);
    let told = [
        "the bucket `shop-production-plain-eu-west-1-222222222222` left the files and stays, with its objects",
        "terraform -chdir=terraform/production/eu-west-1/data state list | grep -F '[\"plain\"]'",
    ];
    assert!(told.iter().all(|text| ran.err.contains(text)) && ran.codes().contains("not-in-place"), "{}", ran.err);
    project.edit("platform.yaml", "buckets:\n", "buckets:\n  plain: {only: [production]}\n");

    project.edit(
        "platform.yaml",
        "production: {regions: [eu-west-1, eu-central-1]",
        "production: {primary: eu-central-1, regions: [eu-west-1, eu-central-1]",
    );
    project.edit("platform.yaml", "copy_to: eu-central-1", "copy_to: eu-central-1, environments: {production: {copy_to: eu-west-1}}");
    let ran = project.run(&["render"]).exits(2);
    let told = ["`bucket/plain` moves from `eu-west-1` to `eu-central-1` and starts empty", "--force=production/bucket/plain"];
    assert!(told.iter().all(|text| ran.err.contains(text)) && !ran.err.contains("`bucket/kept`"), "{}", ran.err);
    let ran = project.run(&["render", "--force=production/bucket/plain"]).exits(0);
    assert!(ran.err.contains("allowed by `--force`"), "{}", ran.err);
    assert!(project.at("deploy/terraform/production/eu-central-1/data/replication.tf").exists() && !folder.join("replication.tf").exists());
}

/// A data root goes with its buckets: the commands take the guards away and let Terraform empty the buckets. Every bucket is named, and so is the loss.
pub(crate) fn a_data_root_leaves_its_buckets() {
    const ROOT: &str = "deploy/terraform/production/eu-west-1/data";
    const FORCE: &str = "--force=production/bucket/invoices";
    let forgotten = [
        "live-terraform-root".to_owned(),
        format!("terraform -chdir={ROOT} state rm"),
        format!("let Terraform forget the buckets that `{ROOT}/locals.tf` names, and their key: they stay, with their objects"),
    ];
    let all_forgotten = |err: &str| forgotten.iter().all(|text| err.contains(text)) && !err.contains("destroy");
    let start = || {
        let project = Project::new();
        project.write("platform.yaml", &format!("{HEAD}apps: {{{WEB}}}\nbuckets: {{invoices: {{only: [production]}}}}\n"));
        project.edit("platform.yaml", "production: {regions", "production: {primary: eu-west-1, regions");
        project.run(&["render"]).exits(0);
        project
    };

    // The only bucket leaves the spec.
    let project = start();
    project.edit("platform.yaml", "buckets: {invoices: {only: [production]}}\n", "");
    let told = "`invoices` of `production` leaves with the root `terraform/production/eu-west-1/data`: the bucket `shop-production-invoices-eu-west-1-222222222222` stays, with its objects";
    for words in [&["render"][..], &["render", "--dry-run"], &["render", "--check"]] {
        let ran = project.run(words).exits(2);
        assert!(all_forgotten(&ran.err) && ran.err.contains(told) && ran.codes().contains("not-in-place"), "{words:?}: {}", ran.err);
    }
    project.run(&["render", &format!("--force={ROOT}")]).exits(0);
    assert!(!project.at(ROOT).exists());

    // It moves: the root that leaves is told beside the bucket that starts empty, and each is allowed by its own word.
    let project = start();
    project.edit("platform.yaml", "primary: eu-west-1", "primary: eu-central-1");
    let before = super::program::tree(&project.folder);
    let told = "`bucket/invoices` moves from `eu-west-1` to `eu-central-1` and starts empty: its objects stay in `shop-production-invoices-eu-west-1-222222222222`";
    for words in [&["render"][..], &["render", "--dry-run"], &["render", "--check"], &["render", &format!("--force={ROOT}")]] {
        let ran = project.run(words).exits(2);
        let lost =
            [told, "error[loses-data]", FORCE, "give the bucket `copy_to: eu-central-1`, apply"].iter().all(|text| ran.err.contains(text));
        assert!(lost && (words.len() == 2 && words[1].contains(ROOT) || all_forgotten(&ran.err)), "{words:?}: {}", ran.err);
    }
    let ran = project.run(&["render", FORCE]).exits(2);
    let saved = "allowed by `--force`: repeat the flag in the last command of the root";
    assert!(all_forgotten(&ran.err) && ran.err.contains("warning[loses-data]") && ran.err.contains(saved), "{}", ran.err);
    assert_eq!(before, super::program::tree(&project.folder), "something was written");
    project.run(&["render", FORCE, &format!("--force={ROOT}")]).exits(0);
    assert!(!project.at(ROOT).exists() && project.at("deploy/terraform/production/eu-central-1/data").exists());
}

/// The runbook of a lost region says what the spec needs, for each environment alone, and that is rendered without loss.
pub(crate) fn the_runbook_moves_buckets() {
    let production = "production: {primary: eu-west-1, regions";
    let head = HEAD.replace("production: {regions", production);
    let form = |project: &Project, line: &str| {
        let runbook = project.read("deploy/RUNBOOK.md");
        let row = runbook.lines().find_map(|text| text.trim_start().strip_prefix(line)).unwrap_or_else(|| panic!("{runbook}"));
        row.split('`').nth(1).unwrap_or_default().to_owned()
    };
    for (bucket, wanted) in [
        ("{copy_to: eu-central-1}", "{copy_to: eu-central-1, environments: {production: {copy_to: eu-west-1}}}"),
        ("{only: [production], copy_to: eu-central-1}", "{copy_to: eu-west-1}"),
        ("{copy_to: eu-central-1, environments: {beta: {without: [copy_to]}}}", "{environments: {production: {copy_to: eu-west-1}}}"),
    ] {
        let project = Project::new();
        project.write("platform.yaml", &format!("{head}apps: {{{WEB}}}\nbuckets: {{kept: {bucket}}}\n"));
        project.run(&["render"]).exits(0);
        let runbook = project.read("deploy/RUNBOOK.md");
        assert!(runbook.contains(
            "4. Jobs and schedules run in the primary region alone. For an environment with buckets, see \"The region of a bucket"
        ));
        assert_eq!(form(&project, "| production | kept | eu-central-1 |"), wanted);
        // The keys that the bucket has beside them stay.
        let whole = match bucket {
            "{copy_to: eu-central-1}" => wanted.to_owned(),
            _ if bucket.contains("only") => wanted.replace('{', "{only: [production], "),
            _ => wanted.replacen('{', "{copy_to: eu-central-1, ", 1).replace("{production", "{beta: {without: [copy_to]}, production"),
        };
        project.edit("platform.yaml", bucket, &whole);
        project.edit("platform.yaml", production, &production.replace("eu-west-1", "eu-central-1"));
        let ran = project.run(&["render"]).exits(0);
        assert!(ran.codes().is_empty(), "{bucket}: {}", ran.err);
    }

    // Without buckets the runbook names none, and a bucket without a copy is told to start empty.
    let project = Project::new();
    project.write("platform.yaml", &format!("{head}apps: {{{WEB}}}\n"));
    project.run(&["render"]).exits(0);
    assert!(!project.read("deploy/RUNBOOK.md").contains("bucket is lost"));
    project.write("platform.yaml", &format!("{head}apps: {{{WEB}}}\nbuckets: {{plain: {{}}}}\n"));
    project.run(&["render"]).exits(0);
    let runbook = project.read("deploy/RUNBOOK.md");
    assert!(runbook.contains("A bucket without a copy starts empty in another region") && !runbook.contains("| `primary` |"), "{runbook}");
}
