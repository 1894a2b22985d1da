//! What is wrong with the names, ARNs and regions in what a root makes.

use std::collections::BTreeSet;

use super::apply::{Said, Thing, Used, World};
use super::literals::{self, Text};
use super::pages;
use super::roots::{Platform, Root};
use super::there::{COMPARED, GIVEN, LATER, is};
use crate::judges::iam::fits;
use crate::judges::states::Resource;

/// Sign-ins to the console are events here, and Route 53 writes its logs here, wherever a platform is.
const HOME: &str = "us-east-1";

/// Names and ARNs that AWS looks up at once, of what does not exist.
pub fn now(world: &World, root: &Root, said: &[Said], used: &mut Used) -> Result<Vec<String>, String> {
    let title = title(world.platform)?;
    let known: BTreeSet<String> = world.near(root).flat_map(|thing| literals::given(thing.one)).collect();
    let mut wrong = Vec::new();
    for (one, texts) in said {
        // What the root makes itself, before this resource; some names of a resource stand in it twice.
        let is_before = |other: &Resource| one.after.iter().any(|block| block == other.block()) || other.address == one.address;
        let own = || said.iter().map(|(other, _)| *other).filter(|other| !other.data && is_before(other));
        for text in texts.iter().filter(|text| !compared(text)) {
            let mut lacks = |name: &str| wrong.push(format!("{} names {name} at {}, which does not exist yet", one.address, text.at));
            if text.is_arn() && !given(&text.text, root, used) {
                let own: Vec<Thing> = own().map(|other| Thing::new(other, root.account())).collect();
                if !named(&text.text, world.near(root).chain(&own)) {
                    lacks(&text.text);
                }
            }
            // What a data source asks for is looked up elsewhere.
            let names = if one.data { Vec::new() } else { text.names(title) };
            for name in names.into_iter().filter(|name| !known.contains(*name)) {
                if !own().flat_map(literals::given).any(|given| given == name) {
                    lacks(name);
                }
            }
        }
    }
    Ok(wrong)
}

/// Names and ARNs that AWS compares with those of requests, of what is never made.
pub fn ever(world: &World, root: &Root, said: &[Said], used: &mut Used) -> Result<Vec<String>, String> {
    let title = title(world.platform)?;
    let known: BTreeSet<String> = world.near(root).flat_map(|thing| literals::given(thing.one)).collect();
    let mut wrong = Vec::new();
    for (one, texts) in said {
        for text in texts.iter().filter(|text| one.data || compared(text)) {
            let arn = &text.text;
            if text.is_arn() && !given(arn, root, used) && !named(arn, world.near(root)) {
                wrong.extend(later(world.platform, arn, root, used)?.map(|fault| format!("{} names {arn}, {fault}", one.address)));
            }
            let unknown = text.names(title).into_iter().filter(|name| !known.contains(*name));
            wrong.extend(unknown.map(|name| format!("{} names {name} at {}, and nothing has this name", one.address, text.at)));
        }
    }
    Ok(wrong)
}

/// The name of the platform, which is the start of names.
fn title(platform: &Platform) -> Result<&str, String> {
    let line = platform.page("README.md")?.lines().next().unwrap_or_default();
    line.strip_prefix("# The platform ").ok_or_else(|| "the README has no title".to_owned())
}

/// What is wrong with an ARN of something that others make after the roots.
fn later(platform: &Platform, text: &str, root: &Root, used: &mut Used) -> Result<Option<String>, String> {
    let Some((pattern, maker)) = LATER.iter().find(|(pattern, _)| is(text, pattern, root)) else {
        return Ok(Some("and nobody makes it".to_owned()));
    };
    used.insert(pattern);
    let (Some(maker), [region]) = (maker, &root.regions[..]) else { return Ok(None) };
    let asks = pages::region(platform, &root.environment, region)?.contains(maker);
    let installs = platform.applied(&root.environment).any(|file| file.contains(maker));
    Ok((!asks && !installs).then(|| format!("and no page asks for {maker}, which makes it")))
}

/// Whether AWS compares a text with requests, and does not look for what it names.
fn compared(text: &Text) -> bool {
    COMPARED.iter().any(|place| text.at.contains(place))
}

/// Whether every account has what a text names.
fn given(text: &str, root: &Root, used: &mut Used) -> bool {
    let found = GIVEN.iter().find(|pattern| is(text, pattern, root));
    used.extend(found);
    found.is_some()
}

/// Whether a text is the ARN of one of the things, a pattern that one fits, or something below one.
fn named<'w, 'p: 'w>(text: &str, mut things: impl Iterator<Item = &'w Thing<'p>>) -> bool {
    let below = |arn: &str| text.strip_prefix(arn).is_some_and(|rest| rest.starts_with([':', '/']));
    things.any(|thing| thing.arn.as_ref().is_some_and(|arn| fits(text, arn) || below(arn)))
}

/// The regions in which an environment has roots.
fn regions(platform: &Platform, environment: &str) -> BTreeSet<String> {
    platform.roots.values().filter(|root| root.environment == environment).flat_map(|root| root.regions.iter().cloned()).collect()
}

/// What a root has to do with regions and accounts that are none of its own.
pub fn abroad(platform: &Platform, root: &Root, said: &[Said]) -> Result<Vec<String>, String> {
    let backend = &root.backend;
    let own: BTreeSet<String> = match root.layer.as_str() {
        // The stores of all states of the environment.
        "bootstrap" => regions(platform, &root.environment),
        "global" => [backend.region.clone(), HOME.to_owned()].into(),
        // One region, or both of a link.
        _ => root.regions.iter().cloned().collect(),
    };
    // Users of a bucket are in all regions of the environment, and its copy is in another one: names, while what the root makes is in its own region.
    let named = if root.layer == "data" { regions(platform, &root.environment) } else { own.clone() };
    let mut wrong = Vec::new();
    // A link is asked for by its first region; roots of a whole environment start from the region of their state.
    let at = root.regions.first().unwrap_or(&backend.region);
    let configured: Vec<&str> = root.providers.iter().map(|provider| provider.region.as_str()).collect();
    if configured != [at.as_str()] {
        wrong.push(format!("its providers are for {configured:?}, not for {at} alone"));
    }
    if root.providers.iter().any(|provider| provider.accounts.len() != 1) {
        wrong.push("its provider takes more than one account, or any".to_owned());
    }
    if backend.region != *at || !own.contains(at) {
        wrong.push(format!("its state is in {}", backend.region));
    }
    for (one, texts) in said {
        let region = one.text("region");
        if !region.is_empty() && !own.contains(&region) {
            wrong.push(format!("{} is in {region}", one.address));
        }
        for text in texts {
            let others = literals::regions(&text.text).into_iter().filter(|region| !named.contains(*region));
            wrong.extend(others.map(|region| format!("{} names {region} at {}", one.address, text.at)));
            let account = text.text.split(':').nth(4).filter(|_| text.is_arn()).unwrap_or_default();
            if !["", "aws", root.account()].contains(&account) {
                wrong.push(format!("{} names the account {account} at {}", one.address, text.at));
            }
        }
    }
    wrong.dedup();
    Ok(wrong)
}
