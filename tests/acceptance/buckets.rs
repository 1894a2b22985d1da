//! What `render` says of buckets that leave their root, and of those that would start empty.

use super::program::Project;
use super::transitions::{HEAD, WEB, with};

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
    let told = ["`bucket/plain` moves from `eu-west-1` to `eu-central-1` and starts empty", "--force=production/bucket:plain"];
    assert!(told.iter().all(|text| ran.err.contains(text)) && !ran.err.contains("`bucket/kept`"), "{}", ran.err);
    let ran = project.run(&["render", "--force=production/bucket:plain"]).exits(0);
    assert!(ran.err.contains("allowed by `--force`"), "{}", ran.err);
    assert!(project.at("deploy/terraform/production/eu-central-1/data/replication.tf").exists() && !folder.join("replication.tf").exists());
}

/// A data root goes with its buckets: the commands take the guards away and let Terraform empty the buckets. Every bucket is named, and so is the loss.
pub(crate) fn a_data_root_leaves_its_buckets() {
    const ROOT: &str = "deploy/terraform/production/eu-west-1/data";
    const FORCE: &str = "--force=production/bucket:invoices";
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

/// A bucket moves to another region: a render of one of both regions tells it as a render of everything does. A copy that leaves is no loss.
pub(crate) fn a_part_of_a_render_leaves_no_bucket_behind() {
    const FORCE: &str = "--force=production/bucket:invoices";
    let start = |bucket: &str| {
        let project = Project::new();
        let buckets = format!("buckets: {{invoices: {{{bucket}}}, other: {{only: [production]}}}}");
        project.write("platform.yaml", &format!("{HEAD}apps: {{{WEB}}}\n{buckets}\n"));
        project.edit("platform.yaml", "production: {regions", "production: {primary: eu-west-1, regions");
        project.run(&["render"]).exits(0);
        project
    };
    let told = "`bucket/invoices` moves from `eu-west-1` to `eu-central-1` and starts empty: its objects stay in `shop-production-invoices-eu-west-1-222222222222`";
    for region in ["eu-west-1", "eu-central-1"] {
        let project = start("only: [production]");
        project.edit("platform.yaml", "primary: eu-west-1", "primary: eu-central-1");
        // The other bucket leaves a copy behind, so that the root stays.
        project.edit("platform.yaml", "other: {only: [production]}", "other: {only: [production], copy_to: eu-west-1}");
        let other = "--force=production/bucket:other";
        for more in [&[][..], &["--check"], &["--dry-run"], &[other]] {
            let ran = project.run(&[&["render", "--region", region], more].concat()).exits(2);
            assert!(ran.codes().contains("loses-data") && ran.err.contains(told), "{region} {more:?}: {}", ran.err);
        }
        let ran = project.run(&["render", "--region", region, FORCE, other]).exits(0);
        let copied = "allowed by `--force`; after the apply, copy its objects from `shop-production-other-eu-west-1-222222222222`, which becomes the copy";
        assert!(ran.err.contains("warning[loses-data]") && ran.err.contains(copied), "{region}: {}", ran.err);
        // What is allowed once is not told again.
        let ran = project.run(&["render"]).exits(0);
        assert!(!ran.codes().contains("loses-data"), "{region}: {}", ran.err);
        project.run(&["render", "--check"]).exits(0);
    }

    let project = start("only: [production], copy_to: eu-central-1");
    project.edit("platform.yaml", ", copy_to: eu-central-1", "");
    let root = "deploy/terraform/production/eu-central-1/data";
    let ran = project.run(&["render", "--region", "eu-central-1"]).exits(2);
    assert!(ran.err.contains("leaves with the root") && !ran.codes().contains("loses-data"), "{}", ran.err);
    let ran = project.run(&["render", "--region", "eu-central-1", &format!("--force={root}")]).exits(0);
    assert!(!ran.codes().contains("loses-data"), "{}", ran.err);
    // The other side changes nothing that is told.
    let ran = project.run(&["render", "--region", "eu-west-1"]).exits(0);
    assert!(ran.codes().is_empty(), "{}", ran.err);
}

/// A store and a bucket of one name in a namespace called `bucket`: each is allowed by its own word.
pub(crate) fn a_namespace_is_no_bucket() {
    const STORE: &str = "invoices: {namespace: bucket, engine: custom, image: \"registry.example/db:v1\", port: 5432, data: /data, storage: 10Gi, probes: {none: trial}, backup: {none: trial}}";
    let head = HEAD.replace("{shop: {owner: sre}}", "{shop: {owner: sre}, bucket: {owner: sre}}");
    let head = head.replace("production: {regions", "production: {primary: eu-west-1, regions");
    let web = WEB.replace("{image", "{namespace: shop, image");
    let buckets = "buckets: {invoices: {only: [production]}, kept: {only: [production], copy_to: eu-central-1}}";
    let project = Project::new();
    project.write("platform.yaml", &format!("{head}apps: {{{web}}}\nstores: {{{STORE}}}\n{buckets}\n"));
    project.run(&["render"]).exits(0);
    project.edit("platform.yaml", "primary: eu-west-1", "primary: eu-central-1");
    project.edit("platform.yaml", "copy_to: eu-central-1", "copy_to: eu-west-1");
    let (store, bucket) = ("--force=production/bucket/invoices", "--force=production/bucket:invoices");
    for (flags, errors) in [(&[][..], 2), (&[store], 1), (&[bucket], 1)] {
        let ran = project.run(&[&["render"], flags].concat()).exits(2);
        assert_eq!(ran.err.matches("error[loses-data]").count(), errors, "{flags:?}: {}", ran.err);
    }
    project.run(&["render", store, bucket]).exits(0);
}

/// The bucket of a store's backups is told by the store: when the store has no backups any more, and when it moves to a region without a copy.
pub(crate) fn backups_are_not_left_silently() {
    const STORE: &str = "stores: {orders: {engine: postgres, version: \"17\", users: {app: {}}, storage: 10Gi, only: [production], backup: {every: 6h, keep: 35d}}}\n";
    let project = Project::new();
    project.write(
        "platform.yaml",
        &format!("{HEAD}apps: {{{WEB}}}\nbuckets: {{kept: {{only: [production], copy_to: eu-central-1}}}}\n{STORE}"),
    );
    project.edit("platform.yaml", "production: {regions", "production: {primary: eu-west-1, regions");
    project.run(&["render"]).exits(0);
    let locals = std::fs::read_to_string(project.at("deploy/terraform/production/eu-west-1/data/locals.tf")).unwrap();
    let name = locals.split('"').find(|word| word.starts_with("shop-production-shop-")).unwrap().to_owned();
    assert!(name.len() <= 63 && name.ends_with("-eu-west-1-222222222222"), "{name}");

    project.edit("platform.yaml", "backup: {every: 6h, keep: 35d}", "backup: {none: a trial}");
    let ran = project.run(&["render", "--dry-run"]).exits(0);
    let told = [
        format!("the bucket `{name}` left the files and stays, with the backups of `shop/orders`"),
        "terraform -chdir=terraform/production/eu-west-1/data state list | grep -F '[\"shop.orders\"]'".to_owned(),
    ];
    assert!(told.iter().all(|text| ran.err.contains(text)) && ran.codes().contains("not-in-place"), "{}", ran.err);
    project.edit("platform.yaml", "backup: {none: a trial}", "backup: {every: 6h, keep: 35d}");

    project.edit("platform.yaml", "primary: eu-west-1", "primary: eu-central-1");
    project.edit("platform.yaml", "copy_to: eu-central-1", "copy_to: eu-west-1");
    let ran = project.run(&["render"]).exits(2);
    let told = [
        format!(
            "the bucket of the backups of `store/orders` moves from `eu-west-1` to `eu-central-1` and starts empty: the backups of `shop/orders` stay in `{name}`"
        ),
        "give `store/orders` `backup: {copy_to: eu-central-1}`, apply".to_owned(),
        "--force=production/bucket:shop.orders".to_owned(),
    ];
    assert!(told.iter().all(|text| ran.err.contains(text)) && !ran.err.contains("`bucket/kept`"), "{}", ran.err);
    let ran = project.run(&["render", "--force=production/bucket:shop.orders", "--force=production/shop/orders"]).exits(0);
    assert!(ran.err.contains("allowed by `--force`"), "{}", ran.err);
}
