//! What a disk can do to a render.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use libtest_mimic::{Completion, Failed};
use tempfile::TempDir;

use super::tree::{DEV, PROD, World};

pub(crate) fn spaces_and_unicode() {
    let mut world = World::under(TempDir::new().unwrap(), "my plätform ☃/a b");
    world.change(DEV, "shöp/ü ☃.yaml", "x\n");
    world.done();
    world.read_lock();
    assert!(world.differences().is_empty());
    world.files.units.get_mut(DEV).unwrap().files.remove("shöp/ü ☃.yaml");
    world.done();
    assert!(!world.at(DEV).join("shöp").exists());
}

pub(crate) fn links_are_never_followed() {
    let mut world = World::rendered();
    let elsewhere = world.dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("cart.yaml"), "a: 1\nb: 2\n").unwrap();
    fs::write(elsewhere.join("ad.yaml"), "x\n").unwrap();
    fs::remove_dir_all(world.at("kubernetes/dev/eu/shop")).unwrap();
    symlink(&elsewhere, world.at("kubernetes/dev/eu/shop")).unwrap();
    world.change(PROD, "shop/cart.yaml", "new\n");
    let found = world.fails();
    assert_eq!(found, [("path-in-the-way", "`kubernetes/dev/eu/shop` is a symbolic link where the render needs a folder".to_owned())]);
    // A unit that is gone is not pruned through a link either.
    world.files.units.remove(DEV);
    assert_eq!(world.fails()[0].0, "path-in-the-way");

    let world = World::rendered();
    let file = world.at("kubernetes/dev/eu/shop/cart.yaml");
    fs::rename(&file, world.dir.path().join("kept")).unwrap();
    symlink(world.dir.path().join("kept"), &file).unwrap();
    assert_eq!(world.fails().len(), 1);
    assert_eq!(fs::read_to_string(world.dir.path().join("kept")).unwrap(), "a: 1\nb: 2\n");
}

pub(crate) fn something_else_has_the_name() {
    let world = World::new();
    fs::write(&world.roots.output, "a file\n").unwrap();
    assert_eq!(world.fails(), [("path-in-the-way", "`OUTPUT` is a file where the render needs a folder".to_owned())]);
    fs::remove_file(&world.roots.output).unwrap();
    fs::create_dir_all(world.at("kubernetes/dev/eu/shop/cart.yaml/x")).unwrap();
    world.write("kubernetes/prod", "a file\n");
    let codes: Vec<_> = world.fails().into_iter().map(|(_, message)| message).collect();
    assert_eq!(
        codes,
        [
            "`kubernetes/dev/eu/shop/cart.yaml` is a folder where the render needs a file",
            "`kubernetes/prod` is a file where the render needs a folder"
        ]
    );
    let mut world = World::new();
    world.write("../below", "a file\n");
    world.roots.output = world.roots.project.join("below/deploy");
    assert_eq!(world.fails()[0].0, "path-in-the-way");
    symlink("nowhere", world.roots.project.join("dangling")).unwrap();
    world.roots.output = world.roots.project.join("dangling");
    assert_eq!(world.fails()[0].0, "path-in-the-way");
}

pub(crate) fn a_replaced_file_keeps_its_mode() {
    let mut world = World::rendered();
    let file = world.at("kubernetes/dev/eu/shop/cart.yaml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    world.change(DEV, "shop/cart.yaml", "new\n");
    world.done();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
}

/// Runs a part of this program as somebody without rights; `None` where that is not possible.
fn as_nobody(part: &str, folder: &std::path::Path) -> Option<String> {
    use std::os::unix::process::CommandExt;
    // Copied by another process: what this one had open for writing, a child of another trial could hold open, and it could not be run.
    let program = folder.parent()?.join("program");
    let copied = program.exists() || Command::new("cp").arg(std::env::current_exe().ok()?).arg(&program).status().ok()?.success();
    if !copied {
        return None;
    }
    let output =
        Command::new(&program).env("PLATGEN_OUTPUT_PART", part).current_dir("/").arg(folder).uid(65534).gid(65534).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}

/// As somebody without rights: one changed render; prints what it says.
pub(crate) fn part_render(folder: &str) {
    let mut world = World::new();
    let project = std::path::Path::new(folder);
    world.roots.project = project.to_owned();
    world.roots.output = project.join("deploy");
    world.read_lock();
    world.change(DEV, "shop/cart.yaml", "new\n");
    world.change(PROD, "shop/cart.yaml", "new\n");
    match world.render() {
        Ok(outcome) => print!("{outcome:?}"),
        Err(list) => list.iter().for_each(|d| println!("{}: {}", d.code.name(), d.message)),
    }
}

pub(crate) fn a_read_only_folder() -> Result<Completion, Failed> {
    let dir = TempDir::new().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let world = World::under(dir, "project");
    world.done();
    let all = |mode: u32| {
        let run = Command::new("chmod").args(["-R", &format!("{mode:o}")]).arg(&world.roots.project).status();
        assert!(run.unwrap().success());
    };
    // All writable but one folder: the other folders' preparations are taken back.
    all(0o777);
    fs::set_permissions(world.at("kubernetes/prod/eu/shop"), fs::Permissions::from_mode(0o555)).unwrap();
    let before = world.snapshot();
    let Some(said) = as_nobody("render", &world.roots.project) else {
        return Ok(Completion::ignored_with("can't run a program as another user"));
    };
    if said.contains("Done") {
        return Ok(Completion::ignored_with("this user may write to a read-only folder"));
    }
    assert_eq!(before, world.snapshot());
    let path = world.at("kubernetes/prod/eu/shop/cart.yaml");
    assert_eq!(said, format!("output-failed: cannot write `{}`: permission denied\n", path.display()));
    // The whole tree.
    all(0o555);
    let said = as_nobody("render", &world.roots.project).unwrap_or_default();
    assert_eq!(said, format!("output-failed: cannot write to `{}`: permission denied\n", world.roots.output.display()));
    assert_eq!(before, world.snapshot());
    // Unreadable.
    all(0o777);
    fs::set_permissions(world.at("kubernetes/dev/eu/shop"), fs::Permissions::from_mode(0o0)).unwrap();
    let said = as_nobody("render", &world.roots.project).unwrap_or_default();
    assert_eq!(said, format!("output-failed: cannot read `{}`: permission denied\n", world.at("kubernetes/dev/eu/shop").display()));
    all(0o777);
    Ok(Completion::Completed)
}

pub(crate) fn a_full_disk() -> Result<Completion, Failed> {
    let dir = TempDir::new().unwrap();
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"]).arg(dir.path()).output();
    if !mount.is_ok_and(|run| run.status.success()) {
        return Ok(Completion::ignored_with("can't mount a small file system"));
    }
    let path = dir.path().to_owned();
    let result = std::panic::catch_unwind(|| full(dir));
    let _ = Command::new("umount").arg("-l").arg(&path).status();
    let _ = fs::remove_dir(&path);
    result.map(|()| Completion::Completed).map_err(|panic| format!("{:?}", panic.downcast_ref::<String>()).into())
}

fn full(dir: TempDir) {
    let mut world = World::under(dir, "project");
    world.done();
    world.read_lock();
    world.change(DEV, "a.yaml", &"a\n".repeat(20_000));
    world.change(DEV, "shop/cart.yaml", "new\n");
    world.change(PROD, "new/b.yaml", &"b\n".repeat(300_000));
    let said = world.fails();
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].0, "output-failed");
    assert!(said[0].1.contains("new/b.yaml") && said[0].1.ends_with("the disk is full"), "{said:?}");
    world.change(PROD, "new/b.yaml", "small\n");
    world.done();
    assert!(world.differences().is_empty());
}
