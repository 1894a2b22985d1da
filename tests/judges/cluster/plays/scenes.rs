//! The plays.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use super::stage::ZONES;
use super::theatre::Theatre;

/// The name of a play, which is also the name of its platform, and what the play does.
pub type Play = (&'static str, fn(&Theatre) -> Result<(), String>);

/// Every play.
pub const PLAYS: [Play; 7] = [
    ("hand-over", hand_over),
    ("hand-over-unseen", hand_over_unseen),
    ("quota", quota),
    ("scale-by-hand", scale_by_hand),
    ("removal", removal),
    ("rename", rename),
    ("cold-start", cold_start),
];

/// An app of the profile that every play uses.
fn app(name: &str, more: &str) -> String {
    format!(
        "  {name}: {{image: \"registry.example/{name}:v1\", port: 8080, probes: {{ready: /ready}}, resources: {{cpu: 100m, memory: 64Mi}}, {more}}}\n"
    )
}

/// A number of replicas goes to an autoscaler and comes back.
fn hand_over(theatre: &Theatre) -> Result<(), String> {
    theatre.spec("", &app("web", "scale: {replicas: 6}"));
    theatre.opens()?;
    theatre.settles("web", 6)?;

    theatre.spec("", &app("web", "scale: {replicas: 6..12, cpu: 70%}"));
    let commands = theatre.told(&theatre.render()?)?;
    if commands.len() != 1 {
        return Err(format!("one command hands over, and render prints {commands:?}"));
    }
    theatre.keeps_budget(&["web"], || {
        commands.iter().try_for_each(|command| theatre.does(command).map(drop))?;
        theatre.apply()
    })?;
    theatre.finish(false)?;
    theatre.settles("web", 6)?;

    // Back: the files set the number again, which the autoscaler and the hand-over own.
    theatre.spec("", &app("web", "scale: {replicas: 8}"));
    theatre.render()?;
    theatre.keeps_budget(&["web"], || take_back(theatre, "web"))?;
    theatre.finish(false)?;
    theatre.settles("web", 8)?;
    theatre.leaves_nothing()
}

/// Without the printed command the number drops: the counting sees it.
fn hand_over_unseen(theatre: &Theatre) -> Result<(), String> {
    theatre.spec("", &app("web", "scale: {replicas: 6}"));
    theatre.opens()?;
    theatre.settles("web", 6)?;
    let budget = theatre.budget("web")?;
    theatre.spec("", &app("web", "scale: {replicas: 6..12, cpu: 70%}"));
    theatre.render()?;
    match theatre.lowest(&["web"], || theatre.apply())? {
        lowest if lowest < budget => Ok(()),
        lowest => Err(format!("never below {lowest} pods without the hand-over: the counting sees nothing, or the hand-over is needless")),
    }
}

/// The smallest quota that the spec may have is enough for a rollout.
fn quota(theatre: &Theatre) -> Result<(), String> {
    let apps = |version: &str| app("web", &format!("scale: {{replicas: 6}}, config: {{VERSION: \"{version}\"}}"));
    theatre.spec(", quota: {cpu: 600m, memory: 384Mi}", &apps("1"));
    let refused = theatre.refused().ok_or("a quota without room for a rollout is not refused")?;
    let need = |what: &str| {
        let (_, rest) = refused.split_once("needs up to ").filter(|_| refused.contains(what))?;
        let mut parts = rest.split("needs up to ").filter(|part| part.split(',').next().is_some_and(|head| head.ends_with(what)));
        parts.next().and_then(|part| part.split(' ').next()).map(str::to_owned)
    };
    let (cpu, memory) = (need(" processors").ok_or(&refused)?, need(" of memory").ok_or(&refused)?);
    theatre.spec(&format!(", quota: {{cpu: {cpu}, memory: {memory}}}"), &apps("1"));
    theatre.opens()?;
    theatre.settles("web", 6)?;

    theatre.spec(&format!(", quota: {{cpu: {cpu}, memory: {memory}}}"), &apps("2"));
    theatre.render()?;
    // The step that waits ends when the rollout has.
    theatre.keeps_budget(&["web"], || theatre.apply())?;
    theatre.finish(false)?;
    theatre.settles("web", 6)?;
    theatre.leaves_nothing()
}

/// A number that a person set, and its way back to the spec.
fn scale_by_hand(theatre: &Theatre) -> Result<(), String> {
    let apps = |replicas: &str| app("web", &format!("scale: {{replicas: {replicas}}}"));
    theatre.spec("", &apps("3"));
    theatre.opens()?;
    theatre.settles("web", 3)?;
    let budget = theatre.budget("web")?;
    let scale = theatre.runbook("Scale by hand and give it back", "web")?;
    theatre.does(scale.first().ok_or("no command scales")?)?;
    theatre.settles("web", 6)?;

    theatre.keeps(budget, &["web"], || take_back(theatre, "web"))?;
    theatre.settles("web", 3)?;
    // The next change of the number is an ordinary one.
    theatre.spec("", &apps("4"));
    theatre.render()?;
    theatre.keeps_budget(&["web"], || theatre.apply())?;
    theatre.finish(false)?;
    theatre.settles("web", 4)?;
    theatre.leaves_nothing()
}

/// An app with a route leaves the spec.
fn removal(theatre: &Theatre) -> Result<(), String> {
    let web = app("web", "scale: {replicas: 3}, expose: \"@\"");
    let old = app("old", "expose: old, config: {A: b}, needs: [app/web], scale: {replicas: 2..3, cpu: 70%}");
    theatre.spec("", &format!("{old}{web}"));
    theatre.opens()?;
    theatre.settles("old", 2)?;
    theatre.settles("web", 3)?;

    theatre.spec("", &web);
    theatre.render()?;
    theatre.keeps_budget(&["web"], || theatre.apply().and_then(|()| theatre.finish(false)))?;
    theatre.leaves_nothing()?;
    theatre.settles("old", 0)
}

/// An app gets another name; its caller follows.
fn rename(theatre: &Theatre) -> Result<(), String> {
    let apps = |name: &str, was: &str| {
        let cart = app(name, &format!("scale: {{replicas: 3}}, config: {{A: b}}{was}"))
            .replace("registry.example/basket", "registry.example/cart");
        format!("{cart}{}", app("web", &format!("scale: {{replicas: 3}}, config: {{CART: \"${{app/{name}.address}}\"}}")))
    };
    theatre.spec("", &apps("cart", ""));
    theatre.opens()?;
    theatre.settles("cart", 3)?;
    theatre.settles("web", 3)?;

    theatre.spec("", &apps("basket", ", renamed_from: cart"));
    let commands = theatre.told(&theatre.render()?)?;
    if commands.is_empty() {
        return Err("render prints no command that deletes the old objects".into());
    }
    theatre.keeps_budget(&["cart", "basket"], || {
        theatre.apply()?;
        theatre.settles("basket", 3)?;
        commands.iter().try_for_each(|command| theatre.does(command).map(drop))?;
        // ConfigMaps with a hash in their name are left to the last step: an undone rollout needs them.
        let left = theatre.differences()?;
        match left.iter().find(|line| !line.starts_with("left behind: ConfigMap/")) {
            Some(_) => Err(format!("after `{}`:\n{}", commands.join("`, `"), left.join("\n"))),
            None => theatre.finish(false),
        }
    })?;
    theatre.settles("cart", 0)?;
    theatre.leaves_nothing()
}

/// With one zone ready, pods wait for a second one; when a zone is lost, every pod runs in the others.
fn cold_start(theatre: &Theatre) -> Result<(), String> {
    theatre.spec("", &app("web", "scale: {replicas: 6}"));
    theatre.zone_is_lost(ZONES[1])?;
    theatre.zone_is_lost(ZONES[2])?;
    theatre.render()?;
    theatre.apply_until("Wait until it runs")?;
    theatre.settles("web", 1)?;
    thread::sleep(Duration::from_secs(5));
    if theatre.zones("web")? != BTreeMap::from([("here-a".to_owned(), 1)]) {
        return Err(format!("with one zone, its pods are in {:?}", theatre.zones("web")?));
    }
    theatre.zone_is_back(ZONES[1])?;
    theatre.zone_is_back(ZONES[2])?;
    theatre.settles("web", 6)?;
    let spread = theatre.zones("web")?;
    if spread.len() < 2 || spread.values().max() > Some(&3) {
        return Err(format!("six pods are in {spread:?}"));
    }
    theatre.finish(true)?;
    for zone in ZONES {
        theatre.zone_is_lost(zone)?;
        theatre.settles("web", 6)?;
        theatre.zone_is_back(zone)?;
    }

    // Every zone but one stays away.
    theatre.zone_is_lost(ZONES[1])?;
    theatre.zone_is_lost(ZONES[2])?;
    let [_, alone, _] = &theatre.runbook("A zone is lost", "web")?[..] else { return Err("three blocks about the loss of a zone".into()) };
    theatre.does(alone)?;
    theatre.settles("web", 6)?;
    theatre.zone_is_back(ZONES[1])?;
    theatre.zone_is_back(ZONES[2])?;
    theatre.apply()?;
    theatre.settles("web", 6)?;
    theatre.leaves_nothing()
}

/// Applies the README's steps, meets a conflict, and takes the fields back as the runbook says.
fn take_back(theatre: &Theatre, app: &str) -> Result<(), String> {
    let conflict = theatre.apply_with(|step| match step.title.as_str() {
        // It ends with an error at a conflict.
        "Look at the difference" => &[0, 1, 2],
        "Apply everything" => &[1],
        _ => &[0],
    })?;
    if !conflict.contains("conflict") {
        return Err(format!("the apply should meet a conflict, and says:\n{conflict}"));
    }
    let blocks = theatre.runbook("A conflict of fields", app)?;
    let [look, take] = &blocks[..] else { return Err(format!("{} blocks about conflicts", blocks.len())) };
    theatre.does(look)?;
    // The difference: exit code 1 means that there is one, and ends the script that stops at errors.
    for line in take.lines().filter(|line| line.contains("kubectl")) {
        let values: String = take.lines().filter(|line| !line.contains("kubectl")).map(|line| format!("{line}\n")).collect();
        let said = theatre.shell("deploy", &format!("{values}{line}"))?;
        if said.code != 0 && !(said.code == 1 && line.contains(" diff ")) {
            return Err(format!("{line}\nended with {}:\n{}", said.code, said.err));
        }
    }
    Ok(())
}
