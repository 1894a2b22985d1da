//! `check`: every cause, alone and together.

use std::fs;

use platgen::output::{Cause, Change};

use super::tree::{DEV, PROD, World, unit};

pub(crate) fn nothing_differs() {
    assert!(World::rendered().differences().is_empty());
}

pub(crate) fn nothing_was_ever_rendered() {
    let world = World::new();
    let causes = world.causes();
    assert_eq!(causes.len(), 11, "{causes:?}");
    assert_eq!(causes[0], "./platgen.lock: lock missing");
    assert!(causes[1..].iter().all(|line| line.ends_with(": missing")), "{causes:?}");
    assert!(!world.roots.output.exists());
}

pub(crate) fn spec_changed() {
    let mut world = World::rendered();
    world.change(DEV, "shop/cart.yaml", "a: 1\nb: 3\n");
    world.change(DEV, "shop/new.yaml", "n\n");
    world.files.units.get_mut(DEV).unwrap().files.remove("shop/ad.yaml");
    let paths = ["ad", "cart", "new"].map(|name| format!("kubernetes/dev/eu/shop/{name}.yaml: spec changed"));
    assert_eq!(world.causes(), paths);
    let list = world.differences();
    assert_eq!(list.iter().map(|d| d.change).collect::<Vec<_>>(), [Change::Modify, Change::Remove, Change::Modify, Change::Create]);
    let path = world.at("kubernetes/dev/eu/shop/cart.yaml").display().to_string();
    assert_eq!(list[2].diff.as_deref(), Some(format!("--- {path}\n+++ {path}\n@@ -1,2 +1,2 @@\n a: 1\n-b: 2\n+b: 3\n").as_str()));
    assert_eq!(list[1].diff, None, "the lines of a file that goes say nothing");
}

pub(crate) fn an_upgrade_alone_changes_nothing() {
    let mut world = World::rendered();
    world.version = "2.0.0";
    assert!(world.report().is_clean() && world.done().is_unchanged());
    assert!(world.read("kubernetes/dev/eu/.platgen-manifest").contains("# platgen 1.0.0\n"));
}

pub(crate) fn platgen_changed() {
    let mut world = World::rendered();
    world.version = "2.0.0";
    world.files.units.get_mut(DEV).unwrap().files.insert("shop/cart.yaml".into(), "new\n".into());
    world.files.units.get_mut(PROD).unwrap().files.remove("shop/cart.yaml");
    world.files.units.get_mut(PROD).unwrap().files.insert("shop/more.yaml".into(), "new\n".into());
    assert_eq!(
        world.causes(),
        [
            "kubernetes/dev/eu/shop/cart.yaml: platgen changed",
            "kubernetes/prod/eu/shop/cart.yaml: platgen changed",
            "kubernetes/prod/eu/shop/more.yaml: platgen changed",
        ]
    );
    let report = world.report();
    assert!(report.differences.iter().all(|d| d.causes == [Cause::PlatgenChanged]));
    assert_eq!(report.versions, ["1.0.0".to_owned()].into());
    world.done();
    assert!(world.read("kubernetes/dev/eu/.platgen-manifest").contains("# platgen 2.0.0\n"));
    assert!(world.read("terraform/dev/eu/network/.platgen-manifest").contains("# platgen 1.0.0\n"), "an untouched unit");
    // A merge of two branches that two versions rendered names both.
    let manifest = "kubernetes/dev/eu/.platgen-manifest";
    world.write(manifest, &world.read(manifest).replace("# platgen 2.0.0\n", "# platgen 1.0.0\n# platgen 2.0.0\n"));
    assert!(world.report().is_clean());
    world.change(DEV, "shop/cart.yaml", "newer\n");
    assert_eq!(world.causes(), ["kubernetes/dev/eu/shop/cart.yaml: platgen changed"]);
}

pub(crate) fn edited_missing_foreign() {
    let world = World::rendered();
    world.write("kubernetes/dev/eu/shop/cart.yaml", "a: 1\nb: 7\n");
    fs::remove_file(world.at("kubernetes/dev/eu/shop/ad.yaml")).unwrap();
    world.write("kubernetes/prod/eu/shop/x.yaml", "x");
    world.write("stray.txt", "x");
    world.write(".git/config", "x");
    for fine in [".terraform.lock.hcl", ".terraform/providers/x", "prod.tfplan"] {
        world.write(&format!("terraform/dev/eu/network/{fine}"), "x");
    }
    world.write("terraform/dev/eu/network/terraform.tfstate", "x");
    assert_eq!(world.causes(), ["kubernetes/dev/eu/shop/ad.yaml: missing", "kubernetes/dev/eu/shop/cart.yaml: file edited",]);
    assert_eq!(world.differences().len(), 2, "no manifest differs, and no file that is not in the way");
    let foreign = ["kubernetes/prod/eu/shop/x.yaml", "stray.txt", "terraform/dev/eu/network/terraform.tfstate"];
    assert_eq!(world.report().foreign, foreign.map(|path| world.at(path).display().to_string()));
    let world = World { ignored: vec!["*.tfstate".into(), "/stray.txt".into(), "kubernetes/prod/*/shop/x.yaml".into()], ..world };
    assert_eq!(world.report().foreign, [""; 0]);
}

pub(crate) fn edited_and_more() {
    let mut world = World::rendered();
    world.write("kubernetes/dev/eu/shop/cart.yaml", "edited\n");
    world.write("kubernetes/dev/eu/shop/ad.yaml", "edited\n");
    world.write("kubernetes/prod/eu/shop/cart.yaml", "edited\n");
    fs::remove_file(world.at("kubernetes/dev/eu/kustomization.yaml")).unwrap();
    world.change(DEV, "shop/cart.yaml", "new\n");
    world.change(DEV, "kustomization.yaml", "new\n");
    world.files.units.get_mut(PROD).unwrap().files.insert("shop/cart.yaml".into(), "new\n".into());
    fs::write(world.roots.project.join(".github/workflows/platform.yml"), "edited\n").unwrap();
    assert_eq!(
        world.causes(),
        [
            "./.github/workflows/platform.yml: file edited",
            "kubernetes/dev/eu/kustomization.yaml: missing, spec changed",
            "kubernetes/dev/eu/shop/ad.yaml: file edited",
            "kubernetes/dev/eu/shop/cart.yaml: file edited, spec changed",
            "kubernetes/prod/eu/shop/cart.yaml: file edited, spec changed",
        ]
    );
}

pub(crate) fn a_folder_is_gone_or_new() {
    let mut world = World::rendered();
    fs::remove_dir_all(world.at(PROD)).unwrap();
    assert!(world.differences().iter().all(|d| d.causes == [Cause::Missing]) && world.differences().len() == 3);
    world.done();
    world.files.units.insert("kubernetes/beta/eu".into(), unit(Some("beta"), &[("a.yaml", "a\n")]));
    world.change("", "README.md", "with beta\n");
    assert_eq!(world.causes(), ["README.md: spec changed", "kubernetes/beta/eu/a.yaml: missing, spec changed"]);
}

pub(crate) fn manifests() {
    let world = World::rendered();
    world
        .write("kubernetes/dev/eu/.platgen-manifest", &world.read("kubernetes/dev/eu/.platgen-manifest").replace("  shop/ad", "  shop/ae"));
    assert_eq!(world.causes(), ["kubernetes/dev/eu/.platgen-manifest: file edited"]);
    fs::remove_file(world.at("kubernetes/dev/eu/.platgen-manifest")).unwrap();
    assert_eq!(world.causes(), ["kubernetes/dev/eu/.platgen-manifest: missing"]);
    world.done();
    assert!(world.differences().is_empty());
    world.write("kubernetes/dev/eu/.platgen-manifest", "# platgen-manifest 2\n");
    assert_eq!(world.fails()[0].0, "newer-manifest");
}

pub(crate) fn locks() {
    let mut world = World::rendered();
    world.locks[0].text = "a = 1\nb = 2\n".into();
    assert_eq!(world.causes(), ["./platgen.lock: lock stale"]);
    assert!(world.differences()[0].diff.as_ref().unwrap().ends_with("@@ -1 +1,2 @@\n a = 1\n+b = 2\n"));
    fs::remove_file(world.roots.project.join("platgen.lock")).unwrap();
    world.read_lock();
    assert_eq!(world.causes(), ["./platgen.lock: lock missing"]);
    // Addresses that were planned anew are no differences of the spec.
    world.change(DEV, "shop/cart.yaml", "other addresses\n");
    let differences = world.differences();
    assert!(differences.len() == 1 && differences[0].causes == [Cause::LockMissing] && differences[0].diff.is_none(), "{differences:?}");
}
