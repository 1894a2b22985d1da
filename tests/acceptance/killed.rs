//! The program killed in the middle of a render: every file is whole, and the next render completes the tree.

use super::program::{Project, compare, copy, specs, tree};
use crate::support::{ALLOW_INCOMPLETE, platgen};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

const KILLS: u32 = 60;
const PATIENCE: Duration = Duration::from_secs(30);

/// Two specs whose trees differ in most files, rendered in turns.
pub(crate) fn a_killed_render_leaves_whole_files() {
    let spec = &specs()["sample"];
    let changed = |project: &Project| project.edit("platform.yaml", "platform: {", "platform: {labels: {round: odd}, ");
    let versions = [false, true].map(|odd| {
        let project = Project::new().incomplete();
        copy(spec, &project.folder, false);
        if odd {
            changed(&project);
        }
        project.run(&["render"]).exits(0);
        tree(&project.folder)
    });
    let project = Project::new().incomplete();
    copy(spec, &project.folder, false);
    let (mut interrupted, mut random) = (0, 0x9E37_79B9_7F4A_7C15_u64);
    for kill in 0..KILLS {
        let odd = kill % 2 == 1;
        project.write("platform.yaml", &String::from_utf8_lossy(&versions[usize::from(odd)]["platform.yaml"]));
        let mut child = platgen()
            .args(["render", ALLOW_INCOMPLETE])
            .current_dir(&project.folder)
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let started = Instant::now();
        while !project.at("deploy/.platgen-journal").exists() && child.try_wait().expect("a process").is_none() {
            assert!(started.elapsed() < PATIENCE, "the render neither ends nor writes");
            thread::sleep(Duration::from_micros(100));
        }
        thread::sleep(Duration::from_micros(random % 1_500));
        child.kill().expect("killed");
        child.wait().expect("ended");
        interrupted += u32::from(project.at("deploy/.platgen-journal").exists());
        for (path, bytes) in tree(&project.folder).into_iter().filter(|(path, _)| path.ends_with(".yaml") || path.ends_with(".tf")) {
            assert!(versions.iter().any(|version| version.get(&path) == Some(&bytes)), "{path} is not whole after kill {kill}");
        }
        project.run(&["render"]).exits(0);
        assert_eq!(project.check().code, 0);
        compare(&tree(&project.folder), &versions[usize::from(odd)]).unwrap_or_else(|fault| panic!("after kill {kill}: {fault}"));
    }
    assert!(interrupted > KILLS / 10, "only {interrupted} of {KILLS} kills met a render that was writing");
}
