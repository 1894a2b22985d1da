//! What is written, kept, pruned and refused.

use std::fs;

use platgen::output::{Force, Lock, Obstacle};

use super::tree::{DEV, NETWORK, PROD, World, unit};

pub(crate) fn first_render() {
    let world = World::new();
    let summary = world.done();
    assert_eq!(summary.units[DEV].written.len(), 3);
    assert_eq!(summary.locks.len(), 1);
    let paths: Vec<String> = world.snapshot().into_keys().filter(|path| !path.ends_with('/')).collect();
    assert_eq!(
        paths,
        [
            ".github/workflows/platform.yml",
            "deploy/.gitattributes",
            "deploy/.platgen-manifest",
            "deploy/.platgen-outside",
            "deploy/README.md",
            "deploy/kubernetes/dev/eu/.platgen-manifest",
            "deploy/kubernetes/dev/eu/kustomization.yaml",
            "deploy/kubernetes/dev/eu/shop/ad.yaml",
            "deploy/kubernetes/dev/eu/shop/cart.yaml",
            "deploy/kubernetes/prod/eu/.platgen-manifest",
            "deploy/kubernetes/prod/eu/kustomization.yaml",
            "deploy/kubernetes/prod/eu/shop/cart.yaml",
            "deploy/terraform/dev/eu/network/.platgen-manifest",
            "deploy/terraform/dev/eu/network/main.tf",
            "deploy/terraform/dev/eu/network/versions.tf",
            "platgen.lock",
        ]
    );
    assert_eq!(
        world.read("kubernetes/prod/eu/.platgen-manifest"),
        "# platgen-manifest 1\n# platgen 1.0.0\n# environment prod\n# region eu\n\
         84078aede30485348f433f22b11768c6de0f75c4ed3c0ec3740fa7f9356465f4  kustomization.yaml\n\
         5108bb0085271ee48eb0e485baa1e6c3020aa1e450634ec9bd67aa3a977a483f  shop/cart.yaml\n"
    );
}

pub(crate) fn second_render_touches_nothing() {
    let world = World::rendered();
    let before = world.snapshot();
    let time = fs::metadata(&world.roots.output).unwrap().modified().unwrap();
    let summary = world.done();
    assert!(summary.is_unchanged() && summary.units[DEV].unchanged == 3);
    assert_eq!(before, world.snapshot());
    assert_eq!(time, fs::metadata(&world.roots.output).unwrap().modified().unwrap());
}

pub(crate) fn only_what_differs_is_written() {
    let mut world = World::rendered();
    let before = world.snapshot();
    world.change(DEV, "shop/cart.yaml", "a: 9\n");
    let summary = world.done();
    assert_eq!(summary.units[DEV].written, ["kubernetes/dev/eu/shop/cart.yaml"]);
    let after = world.snapshot();
    let changed: Vec<&String> = after.keys().filter(|path| before.get(*path) != after.get(*path)).collect();
    assert_eq!(changed, ["deploy/kubernetes/dev/eu/.platgen-manifest", "deploy/kubernetes/dev/eu/shop/cart.yaml"]);
    assert!(world.differences().is_empty());
}

pub(crate) fn stale_files_are_pruned() {
    let mut world = World::rendered();
    world.files.units.remove(PROD);
    world.files.units.get_mut(DEV).unwrap().files.remove("shop/ad.yaml");
    world.outside = None;
    let summary = world.done();
    assert_eq!(summary.units[DEV].removed, ["kubernetes/dev/eu/shop/ad.yaml"]);
    assert_eq!(summary.units[PROD].removed.len(), 2);
    assert!(!world.at("kubernetes/prod").exists() && world.at(DEV).exists());
    assert!(!world.roots.project.join(".github").exists() && !world.at(".platgen-outside").exists());
    assert!(world.differences().is_empty());
}

pub(crate) fn edited_files_refuse_everything() {
    let mut world = World::rendered();
    let (cart, ad) = ("kubernetes/dev/eu/shop/cart.yaml", "kubernetes/dev/eu/shop/ad.yaml");
    world.write(cart, "edited\n");
    world.write(ad, "edited\n");
    world.change(PROD, "shop/cart.yaml", "new\n");
    world.files.units.get_mut(DEV).unwrap().files.remove("shop/ad.yaml");
    assert_eq!(world.refused(), [(ad.to_owned(), Obstacle::EditedStale), (cart.to_owned(), Obstacle::Edited)]);
    world.force = Force { paths: vec![cart.into()], ..Force::default() };
    assert_eq!(world.refused(), [(ad.to_owned(), Obstacle::EditedStale)]);
    world.force = Force { paths: vec![world.at(DEV)], ..Force::default() };
    world.done();
    assert!(world.read(cart) == "a: 1\nb: 2\n" && !world.at(ad).exists());
    world.write(cart, "again\n");
    world.force = Force { everything: true, ..Force::default() };
    world.done();
    assert!(world.differences().is_empty());
}

pub(crate) fn foreign_files() {
    let mut world = World::rendered();
    world.write("kubernetes/dev/eu/shop/new.yaml", "theirs\n");
    world.write("kubernetes/dev/eu/notes.txt", "theirs\n");
    let summary = world.done();
    assert_eq!(summary.foreign.len(), 2, "not in the way: reported and left");
    world.change(DEV, "shop/new.yaml", "ours\n");
    assert_eq!(world.refused(), [("kubernetes/dev/eu/shop/new.yaml".to_owned(), Obstacle::Foreign)]);
    world.force = Force { everything: true, ..Force::default() };
    world.done();
    assert_eq!(world.read("kubernetes/dev/eu/shop/new.yaml"), "ours\n");
    assert_eq!(world.read("kubernetes/dev/eu/notes.txt"), "theirs\n");
    // The same text by another hand is adopted.
    world.write("kubernetes/dev/eu/same.yaml", "same\n");
    world.change(DEV, "same.yaml", "same\n");
    world.force = Force::default();
    assert!(world.done().is_unchanged());
    let report = world.report();
    assert!(report.is_clean() && report.foreign == [world.at("kubernetes/dev/eu/notes.txt").display().to_string()], "{report:?}");
}

pub(crate) fn terraform_roots_are_not_pruned_silently() {
    let mut world = World::rendered();
    world.write("terraform/dev/eu/network/.terraform/x", "cache");
    world.files.units.remove(NETWORK);
    world.change(DEV, "shop/cart.yaml", "new\n");
    let folder = world.at(NETWORK).display().to_string();
    let mut commands = ["init", "destroy"].map(|verb| format!("terraform -chdir={folder} {verb}")).to_vec();
    commands.push(format!("platgen render --force={folder}"));
    // Nothing of the root is a difference: the refusal says all.
    let paths: Vec<String> = world.differences().into_iter().map(|difference| difference.path).collect();
    assert_eq!(
        paths,
        ["kubernetes/dev/eu/.platgen-manifest", "kubernetes/dev/eu/shop/cart.yaml"].map(|path| world.at(path).display().to_string())
    );
    assert_eq!(world.refused(), [(NETWORK.to_owned(), Obstacle::LiveRoot { commands: commands.clone() })]);
    world.force = Force { everything: true, ..Force::default() };
    assert_eq!(world.refused(), [(NETWORK.to_owned(), Obstacle::LiveRoot { commands })], "it has to be named");
    world.force = Force { paths: vec![NETWORK.into()], ..Force::default() };
    world.done();
    assert!(!world.at(NETWORK).join("main.tf").exists() && world.at(NETWORK).join(".terraform/x").exists());
    world.force = Force::default();
    assert!(world.report().is_clean());
}

pub(crate) fn guards_of_a_terraform_root_are_removed_first() {
    let mut world = World::new();
    world.change(NETWORK, "guarded.tf", "lifecycle {\n  prevent_destroy = true\n}\n");
    world.done();
    world.read_lock();
    world.files.units.remove(NETWORK);
    let folder = world.at(NETWORK).display().to_string();
    let commands = vec![
        format!("terraform -chdir={folder} init"),
        format!("sed -i.bak '/prevent_destroy/d' {folder}/*.tf && rm {folder}/*.tf.bak"),
        format!("terraform -chdir={folder} destroy"),
        format!("platgen render --force={folder}"),
    ];
    assert_eq!(world.refused(), [(NETWORK.to_owned(), Obstacle::LiveRoot { commands: commands.clone() })]);
    let sed = std::process::Command::new("sh").arg("-c").arg(&commands[1]).status().unwrap();
    assert!(sed.success() && world.read(&format!("{NETWORK}/guarded.tf")) == "lifecycle {\n}\n");
    world.force = Force { paths: vec![NETWORK.into()], ..Force::default() };
    world.done();
    assert!(!world.at(NETWORK).exists());
}

pub(crate) fn a_root_inside_a_living_unit() {
    let mut world = World::new();
    world
        .files
        .units
        .insert("terraform/dev/us".into(), unit(Some("dev"), &[("network/a.tf", "n\n"), ("data/a.tf", "d\n"), ("data/b.tf", "d\n")]));
    world.done();
    world.read_lock();
    let us = world.files.units.get_mut("terraform/dev/us").unwrap();
    us.files.remove("data/b.tf");
    world.done();
    let us = world.files.units.get_mut("terraform/dev/us").unwrap();
    us.files.remove("data/a.tf");
    let refused = world.refused();
    assert!(matches!(&refused[..], [(path, Obstacle::LiveRoot { .. })] if path == "terraform/dev/us/data"), "{refused:?}");
    world.files.units.remove("terraform/dev/us");
    world.files.units.remove(NETWORK);
    let paths: Vec<String> = world.refused().into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["terraform/dev/us/data", NETWORK, "terraform/dev/us/network"], "in the order in which to destroy them");
}

pub(crate) fn a_partial_render_stays_in_its_selection() {
    let mut world = World::rendered();
    let before = world.snapshot();
    world.change("", "README.md", "new\n");
    world.change(DEV, "shop/cart.yaml", "new\n");
    world.files.units.remove(PROD);
    world.environment = Some("dev".into());
    let summary = world.done();
    assert_eq!(summary.units.keys().collect::<Vec<_>>(), [DEV, NETWORK]);
    assert_eq!(summary.left, [world.at("README.md").display().to_string()]);
    assert!(world.differences().is_empty(), "a partial check looks at its selection");
    let after = world.snapshot();
    let changed: Vec<&String> = after.keys().filter(|path| before.get(*path) != after.get(*path)).collect();
    assert_eq!(changed, ["deploy/kubernetes/dev/eu/.platgen-manifest", "deploy/kubernetes/dev/eu/shop/cart.yaml"]);
    world.environment = Some("prod".into());
    assert_eq!(world.done().units[PROD].removed.len(), 2, "a unit that is gone is known by its manifest");
    world.environment = None;
    assert_eq!(world.causes(), ["README.md: spec changed"]);
}

pub(crate) fn one_app_alone() {
    let mut world = World::rendered();
    world.change(DEV, "shop/cart.yaml", "new\n");
    world.change(DEV, "kustomization.yaml", "new\n");
    world.files.units.get_mut(DEV).unwrap().files.remove("shop/ad.yaml");
    world.paths = Some(["kubernetes/dev/eu/shop/cart.yaml".to_owned()].into());
    let summary = world.done();
    assert_eq!(summary.units[DEV].written, ["kubernetes/dev/eu/shop/cart.yaml"]);
    let left = ["kustomization.yaml", "shop/ad.yaml"].map(|path| world.at(DEV).join(path).display().to_string());
    assert_eq!(summary.left, left);
    world.paths = None;
    assert_eq!(world.causes(), ["kubernetes/dev/eu/kustomization.yaml: spec changed", "kubernetes/dev/eu/shop/ad.yaml: spec changed"]);
    world.done();
    assert!(world.differences().is_empty());

    // Into an empty folder: the rest of the unit was never rendered.
    let mut world = World::new();
    world.paths = Some(["kubernetes/dev/eu/shop/cart.yaml".to_owned()].into());
    world.done();
    world.read_lock();
    world.paths = None;
    assert!(world.causes().contains(&"kubernetes/dev/eu/shop/ad.yaml: missing".to_owned()), "{:?}", world.causes());
    world.done();
    assert!(world.differences().is_empty());
}

pub(crate) fn the_lock_goes_with_the_tree() {
    let mut world = World::rendered();
    let lock = world.roots.project.join("platgen.lock");
    fs::remove_file(&lock).unwrap();
    world.read_lock();
    assert_eq!(world.refused(), [("./platgen.lock".to_owned(), Obstacle::LockMissing)]);
    world.force = Force { everything: true, ..Force::default() };
    assert_eq!(world.refused().len(), 1, "it has to be named");
    world.force = Force { paths: vec![lock.clone()], ..Force::default() };
    world.done();
    assert!(lock.exists());

    // Someone else wrote it since it was read: nothing is overwritten.
    world.force = Force::default();
    world.read_lock();
    fs::write(&lock, "a = 1\nb = 2\n").unwrap();
    world.locks[0].text = "a = 1\nc = 2\n".into();
    world.change(DEV, "shop/cart.yaml", "new\n");
    assert_eq!(world.fails()[0].0, "concurrent-change");
    world.read_lock();
    world.done();
    assert_eq!(fs::read_to_string(&lock).unwrap(), "a = 1\nc = 2\n");
}

pub(crate) fn line_ends_are_not_edits() {
    let mut world = World::rendered();
    for path in ["kubernetes/dev/eu/shop/cart.yaml", "kubernetes/dev/eu/shop/ad.yaml", "kubernetes/dev/eu/.platgen-manifest", "README.md"] {
        world.write(path, &world.read(path).replace('\n', "\r\n"));
    }
    fs::write(world.roots.project.join("platgen.lock"), "a = 1\r\n").unwrap();
    world.read_lock();
    assert!(world.differences().is_empty());
    let before = world.snapshot();
    assert!(world.done().is_unchanged());
    assert_eq!(before, world.snapshot());
    world.change(DEV, "shop/cart.yaml", "new\n");
    assert_eq!(world.done().units[DEV].written.len(), 1, "an unedited file with other line ends is replaced");
}

/// Two branches change two files each; git leaves a manifest with the lines of both.
fn merged(world: &mut World, cart: &str, marked: bool) {
    let manifest = "kubernetes/dev/eu/.platgen-manifest";
    world.change(DEV, "shop/cart.yaml", "ours\n");
    world.done();
    let ours = world.read(manifest);
    world.change(DEV, "shop/cart.yaml", "theirs\n");
    world.done();
    let theirs = world.read(manifest);
    let union: Vec<&str> = ours.lines().chain(theirs.lines().filter(|line| !ours.contains(line))).collect();
    let text = if marked { format!("<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> branch\n") } else { union.join("\n") + "\n" };
    world.write(manifest, &text);
    world.write("kubernetes/dev/eu/shop/cart.yaml", cart);
    world.change(DEV, "shop/cart.yaml", "both\n");
}

pub(crate) fn files_after_a_merge_are_mended() {
    let conflict = "<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> branch\n";
    for (cart, marked) in [(conflict, false), (conflict, true), ("git put this together\n", false), ("ours\n", true)] {
        let mut world = World::rendered();
        merged(&mut world, cart, marked);
        let cause = if cart == "ours\n" { "spec changed" } else { "left by a merge, spec changed" };
        assert_eq!(world.causes(), [format!("kubernetes/dev/eu/shop/cart.yaml: {cause}")]);
        assert!(world.report().refused.is_empty());
        world.done();
        assert_eq!(world.read("kubernetes/dev/eu/shop/cart.yaml"), "both\n");
        assert!(!world.read("kubernetes/dev/eu/.platgen-manifest").contains("<<<<") && world.report().is_clean());
    }
}

pub(crate) fn markers_alone_give_no_file_away() {
    let conflict = "<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> branch\n";
    let mut world = World::rendered();
    // No branch changed `ad.yaml`, and no manifest lists `mine.yaml` and `new.yaml`.
    for path in ["ad", "mine", "new"] {
        world.write(&format!("kubernetes/dev/eu/shop/{path}.yaml"), conflict);
    }
    world.change(DEV, "shop/new.yaml", "new\n");
    let refused = world.refused();
    let path = |name: &str| format!("kubernetes/dev/eu/shop/{name}.yaml");
    let conflict = Obstacle::Conflict { line: 1 };
    assert_eq!(refused, [(path("ad"), conflict.clone()), (path("new"), conflict)]);
    assert_eq!(world.causes(), [path("ad") + ": conflict markers", path("new") + ": conflict markers, spec changed"]);
    let told = world.report().diagnostics("platgen render");
    let markers: Vec<&str> = told.iter().filter(|one| one.code.name() == "conflict-markers").map(|one| one.message.as_str()).collect();
    assert!(markers.len() == 2 && markers.iter().all(|message| message.contains("from line 1 on")), "{told:?}");
    world.files.units.get_mut(DEV).unwrap().files.remove("shop/new.yaml");
    world.files.units.get_mut(DEV).unwrap().files.remove("shop/ad.yaml");
    assert_eq!(world.refused(), [(path("ad"), Obstacle::EditedStale)]);
}

pub(crate) fn doubled_lines_are_understood() {
    let mut world = World::rendered();
    merged(&mut world, "theirs\n", false);
    world.change(DEV, "shop/cart.yaml", "theirs\n");
    assert!(world.report().is_clean(), "{:?}", world.report());
    assert_eq!(world.report().merged, [world.at("kubernetes/dev/eu/.platgen-manifest").display().to_string()]);
    let notes = world.report().diagnostics("platgen render");
    assert!(notes.len() == 1 && notes[0].severity == platgen::diagnostic::Severity::Note, "{notes:?}");
    // One of both hashes is that of the render, so git had nothing to merge: another text is an edit, with markers or without.
    world.write("kubernetes/dev/eu/shop/cart.yaml", "mine\n");
    assert_eq!(world.refused(), [("kubernetes/dev/eu/shop/cart.yaml".to_owned(), Obstacle::Edited)]);
    world.write("kubernetes/dev/eu/shop/cart.yaml", "ours\n");
    world.done();
    let manifest = world.read("kubernetes/dev/eu/.platgen-manifest");
    assert_eq!(manifest.matches("shop/cart.yaml").count(), 1, "{manifest}");
    assert_eq!(world.report().merged, [""; 0]);
}

/// A manifest with a hash that the file does not have is mended, although the file itself is as rendered.
pub(crate) fn a_wrong_hash_is_mended() {
    let world = World::rendered();
    let (manifest, right) = ("kubernetes/dev/eu/.platgen-manifest", world.read("kubernetes/dev/eu/.platgen-manifest"));
    let hash = right.lines().find(|line| line.ends_with("  shop/cart.yaml")).unwrap().split(' ').next().unwrap();
    world.write(manifest, &right.replace(hash, &hash.chars().rev().collect::<String>()));
    assert_eq!(world.causes(), ["kubernetes/dev/eu/.platgen-manifest: file edited"]);
    world.done();
    assert_eq!(world.read(manifest), right);
}

pub(crate) fn paths_that_lead_out_are_refused() {
    let mut world = World::rendered();
    for bad in ["../x", "/etc/x", "a/../../x", "a\\b", "a\nb", ".platgen-manifest", "shop/.platgen-new-0123456789abcdef"] {
        let mut files = world.files.clone();
        files.units.get_mut(DEV).unwrap().files.insert(bad.into(), "x".into());
        std::mem::swap(&mut files, &mut world.files);
        assert_eq!(world.fails()[0].0, "unsafe-path", "{bad:?}");
        std::mem::swap(&mut files, &mut world.files);
    }
    world.files.units.get_mut(DEV).unwrap().files.insert("shop".into(), "x".into());
    assert_eq!(world.fails()[0].0, "unsafe-path", "file and folder");
    world.files.units.get_mut(DEV).unwrap().files.remove("shop");
    world.files.units.get_mut("").unwrap().files.insert(format!("{DEV}/shop/ad.yaml"), "x".into());
    assert_eq!(world.fails(), [("unsafe-path", "`kubernetes/dev/eu/shop/ad.yaml` is not written: two units hold it".to_owned())]);
    world.files.units.get_mut("").unwrap().files.clear();
    world.locks.push(Lock { path: "other.lock".into(), text: String::new(), previous: None, vital: true });
    assert_eq!(world.fails()[0].0, "unsafe-path", "outside the declared roots");
    // A manifest that names files elsewhere has no say over them.
    let mut world = World::rendered();
    let victim = world.dir.path().join("victim");
    fs::write(&victim, "x\n").unwrap();
    let hash = "73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac";
    world.write(
        "kubernetes/dev/eu/.platgen-manifest",
        &format!("{}{hash}  ../../../../victim\n", world.read("kubernetes/dev/eu/.platgen-manifest")),
    );
    world.write(".platgen-outside", &format!("{}{hash}  victim\n", world.read(".platgen-outside")));
    world.files.units.remove(DEV);
    world.outside = None;
    world.done();
    assert!(victim.exists() && !world.at(DEV).exists());
}
