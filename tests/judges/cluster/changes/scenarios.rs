//! The scenarios.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use super::control_plane::ZONES;
use super::test_cluster::TestCluster;
use super::{accident, outage};

/// The name of a scenario, which is also the name of its platform, and its steps.
pub type Scenario = (&'static str, fn(&TestCluster) -> Result<(), String>);

/// Every scenario.
pub const SCENARIOS: [Scenario; 10] = [
    ("hand-over", hand_over),
    ("hand-over-unseen", hand_over_unseen),
    ("quota", quota),
    ("scale-by-hand", scale_by_hand),
    ("removal", removal),
    ("rename", rename),
    ("cold-start", cold_start),
    ("outage", outage::of_zones),
    ("accident", accident::of_a_spec),
    ("accident-by-hand", accident::of_manifests),
];

/// An app as every scenario uses it.
fn app(name: &str, more: &str) -> String {
    format!(
        "  {name}: {{image: \"registry.example/{name}:v1\", port: 8080, probes: {{ready: /ready}}, resources: {{cpu: 100m, memory: 64Mi}}, {more}}}\n"
    )
}

/// A number of replicas goes to an autoscaler and comes back.
fn hand_over(cluster: &TestCluster) -> Result<(), String> {
    cluster.spec("", &app("web", "scale: {replicas: 6}"));
    cluster.opens()?;
    cluster.settles("web", 6)?;

    cluster.spec("", &app("web", "scale: {replicas: 6..12, cpu: 70%}"));
    let commands = cluster.told(&cluster.render()?)?;
    if commands.len() != 1 {
        return Err(format!("one command hands over, and render prints {commands:?}"));
    }
    cluster.keeps_budget(&["web"], || {
        commands.iter().try_for_each(|command| cluster.does(command).map(drop))?;
        cluster.apply()
    })?;
    cluster.finish()?;
    cluster.settles("web", 6)?;

    // Back: the files set the number again, which the autoscaler and the hand-over own.
    cluster.spec("", &app("web", "scale: {replicas: 8}"));
    cluster.render()?;
    cluster.keeps_budget(&["web"], || take_back(cluster, "web"))?;
    cluster.finish()?;
    cluster.settles("web", 8)?;
    cluster.leaves_nothing()
}

/// Without the printed command the number drops: the counting sees it.
fn hand_over_unseen(cluster: &TestCluster) -> Result<(), String> {
    cluster.spec("", &app("web", "scale: {replicas: 6}"));
    cluster.opens()?;
    cluster.settles("web", 6)?;
    let budget = cluster.budget("web")?;
    cluster.spec("", &app("web", "scale: {replicas: 6..12, cpu: 70%}"));
    cluster.render()?;
    match cluster.lowest(&["web"], || cluster.apply())? {
        lowest if lowest < budget => Ok(()),
        lowest => Err(format!("never below {lowest} pods without the hand-over: the counting sees nothing, or the hand-over is needless")),
    }
}

/// The smallest quota that the spec may have is enough for a rollout.
fn quota(cluster: &TestCluster) -> Result<(), String> {
    let apps = |version: &str| app("web", &format!("scale: {{replicas: 6}}, config: {{VERSION: \"{version}\"}}"));
    cluster.spec(", quota: {cpu: 600m, memory: 384Mi}", &apps("1"));
    let refused = cluster.refused().ok_or("a quota without room for a rollout is not refused")?;
    let need = |what: &str| {
        let (_, rest) = refused.split_once("needs up to ").filter(|_| refused.contains(what))?;
        let mut parts = rest.split("needs up to ").filter(|part| part.split(',').next().is_some_and(|head| head.ends_with(what)));
        parts.next().and_then(|part| part.split(' ').next()).map(str::to_owned)
    };
    let (cpu, memory) = (need(" processors").ok_or(&refused)?, need(" of memory").ok_or(&refused)?);
    cluster.spec(&format!(", quota: {{cpu: {cpu}, memory: {memory}}}"), &apps("1"));
    cluster.opens()?;
    cluster.settles("web", 6)?;

    cluster.spec(&format!(", quota: {{cpu: {cpu}, memory: {memory}}}"), &apps("2"));
    cluster.render()?;
    // The step that waits ends when the rollout has.
    cluster.keeps_budget(&["web"], || cluster.apply())?;
    cluster.finish()?;
    cluster.settles("web", 6)?;
    cluster.leaves_nothing()
}

/// A number that a person set, and its way back to the spec.
fn scale_by_hand(cluster: &TestCluster) -> Result<(), String> {
    let apps = |replicas: &str| app("web", &format!("scale: {{replicas: {replicas}}}"));
    cluster.spec("", &apps("3"));
    cluster.opens()?;
    cluster.settles("web", 3)?;
    let budget = cluster.budget("web")?;
    let scale = cluster.runbook("Scale by hand and give it back", "web")?;
    cluster.does(scale.first().ok_or("no command scales")?)?;
    cluster.settles("web", 6)?;

    cluster.keeps(budget, &["web"], || take_back(cluster, "web"))?;
    cluster.settles("web", 3)?;
    // The next change of the number is an ordinary one.
    cluster.spec("", &apps("4"));
    cluster.render()?;
    cluster.keeps_budget(&["web"], || cluster.apply())?;
    cluster.finish()?;
    cluster.settles("web", 4)?;
    cluster.leaves_nothing()
}

/// An app with a route leaves the spec.
fn removal(cluster: &TestCluster) -> Result<(), String> {
    let web = app("web", "scale: {replicas: 3}, expose: \"@\"");
    let old = app("old", "expose: old, config: {A: b}, needs: [app/web], scale: {replicas: 2..3, cpu: 70%}");
    cluster.spec("", &format!("{old}{web}"));
    cluster.opens()?;
    cluster.settles("old", 2)?;
    cluster.settles("web", 3)?;

    cluster.spec("", &web);
    cluster.render()?;
    cluster.keeps_budget(&["web"], || cluster.apply().and_then(|()| cluster.finish()))?;
    cluster.leaves_nothing()?;
    cluster.settles("old", 0)
}

/// An app gets another name; its caller follows.
fn rename(cluster: &TestCluster) -> Result<(), String> {
    let apps = |name: &str, was: &str| {
        let cart = app(name, &format!("scale: {{replicas: 3}}, config: {{A: b}}{was}"))
            .replace("registry.example/basket", "registry.example/cart");
        format!("{cart}{}", app("web", &format!("scale: {{replicas: 3}}, config: {{CART: \"${{app/{name}.address}}\"}}")))
    };
    cluster.spec("", &apps("cart", ""));
    cluster.opens()?;
    cluster.settles("cart", 3)?;
    cluster.settles("web", 3)?;

    cluster.spec("", &apps("basket", ", renamed_from: cart"));
    let commands = cluster.told(&cluster.render()?)?;
    if commands.is_empty() {
        return Err("render prints no command that deletes the old objects".into());
    }
    cluster.keeps_budget(&["cart", "basket"], || {
        cluster.apply()?;
        cluster.settles("basket", 3)?;
        commands.iter().try_for_each(|command| cluster.does(command).map(drop))?;
        // ConfigMaps with a hash in their name are left to the last step: an undone rollout needs them.
        let left = cluster.differences()?;
        match left.iter().find(|line| !line.starts_with("left behind: ConfigMap/")) {
            Some(_) => Err(format!("after `{}`:\n{}", commands.join("`, `"), left.join("\n"))),
            None => cluster.finish(),
        }
    })?;
    cluster.settles("cart", 0)?;
    cluster.leaves_nothing()
}

/// With one zone ready, pods wait for a second one; when a zone is lost, every pod runs in the others.
fn cold_start(cluster: &TestCluster) -> Result<(), String> {
    cluster.spec("", &app("web", "scale: {replicas: 6}"));
    cluster.zone_is_lost(ZONES[1])?;
    cluster.zone_is_lost(ZONES[2])?;
    cluster.render()?;
    cluster.apply_until("Apply")?;
    let said = cluster.shell("deploy", "sh kubernetes/production/apply.sh --timeout 2")?;
    if said.code != 1 || !said.err.contains("not ready: Deployment.apps cold-start-apps/web: ") {
        return Err(format!("the script says what is not ready, and ended with {}:\n{}", said.code, said.err));
    }
    cluster.settles("web", 1)?;
    thread::sleep(Duration::from_secs(5));
    if cluster.zones("web")? != BTreeMap::from([("here-a".to_owned(), 1)]) {
        return Err(format!("with one zone, its pods are in {:?}", cluster.zones("web")?));
    }
    cluster.zone_is_back(ZONES[1])?;
    cluster.zone_is_back(ZONES[2])?;
    cluster.settles("web", 6)?;
    let spread = cluster.zones("web")?;
    if spread.len() < 2 || spread.values().max() > Some(&3) {
        return Err(format!("six pods are in {spread:?}"));
    }
    cluster.finish()?;
    for zone in ZONES {
        cluster.zone_is_lost(zone)?;
        cluster.settles("web", 6)?;
        cluster.zone_is_back(zone)?;
    }

    // Every zone but one stays away.
    cluster.zone_is_lost(ZONES[1])?;
    cluster.zone_is_lost(ZONES[2])?;
    let [_, alone, _] = &cluster.runbook("A zone is lost", "web")?[..] else { return Err("three blocks about the loss of a zone".into()) };
    cluster.does(alone)?;
    cluster.settles("web", 6)?;
    cluster.zone_is_back(ZONES[1])?;
    cluster.zone_is_back(ZONES[2])?;
    cluster.apply()?;
    cluster.settles("web", 6)?;
    cluster.leaves_nothing()
}

/// Applies the README's steps, meets a conflict, and takes the fields back as the runbook says.
fn take_back(cluster: &TestCluster, app: &str) -> Result<(), String> {
    let conflict = cluster.apply_with(|step| match step.title.as_str() {
        // It ends with an error at a conflict.
        "Look at the difference" => &[0, 1, 2],
        "Apply" => &[1],
        _ => &[0],
    })?;
    if !conflict.contains("conflict") {
        return Err(format!("the apply should meet a conflict, and says:\n{conflict}"));
    }
    let blocks = cluster.runbook("A conflict of fields", app)?;
    let [look, take] = &blocks[..] else { return Err(format!("{} blocks about conflicts", blocks.len())) };
    cluster.does(look)?;
    // The difference: exit code 2 means that there is one, and ends the script that stops at errors.
    let (values, commands): (Vec<&str>, Vec<&str>) = take.lines().partition(|line| !line.starts_with("sh "));
    for command in commands {
        let said = cluster.shell("deploy", &format!("{}\n{command}", values.join("\n")))?;
        if said.code != 0 && !(said.code == 2 && command.contains(" --dry-run ")) {
            return Err(format!("{command}\nended with {}:\n{}", said.code, said.err));
        }
    }
    Ok(())
}
