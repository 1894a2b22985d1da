//! Applies the roots one after the other, in the order of the pages, and says what each of them lacks.

use std::collections::{BTreeMap, BTreeSet};

use super::literals::{self, Text};
use super::names;
use super::pages;
use super::roots::{Platform, Root};
use super::there::{ANSWERED, LISTED, arn, asked};
use crate::judges::iam::texts;
use crate::judges::lookup::finds;
use crate::judges::states::Resource;

/// The lists' entries that were needed.
pub type Used = BTreeSet<&'static str>;

/// A resource of a root with its texts.
pub type Said<'p> = (&'p Resource, Vec<Text>);

/// A thing that exists, with its account and its ARN.
pub struct Thing<'p> {
    pub one: &'p Resource,
    pub account: &'p str,
    pub arn: Option<String>,
}

impl<'p> Thing<'p> {
    pub fn new(one: &'p Resource, account: &'p str) -> Self {
        Self { one, account, arn: arn(one, account) }
    }
}

/// What exists at a moment.
pub struct World<'p> {
    pub platform: &'p Platform,
    made: Vec<Thing<'p>>,
}

/// Everything that is wrong when the roots are applied in the order of the pages, with or without those of one region.
pub fn faults(platform: &Platform, without: Option<(&str, &str)>, used: &mut Used) -> Result<Vec<String>, String> {
    let order = pages::order(platform)?;
    let unknown = platform.roots.keys().filter(|path| !order.contains(path));
    let mut wrong: Vec<String> = unknown.map(|path| format!("{path}: no page says when to apply it")).collect();
    let listed = pages::listed(platform)?;
    let turn = |path: &String| order.iter().position(|one| one == path);
    if let Some(pair) = listed.windows(2).find(|pair| turn(&pair[0]) > turn(&pair[1])) {
        wrong.push(format!("{}: README.md has it before {}, and the pages of the regions after it", pair[0], pair[1]));
    }
    let removed = |root: &Root| {
        without.is_some_and(|(environment, region)| root.environment == environment && root.regions.iter().any(|one| one == region))
    };
    // What people made is of roots that are called like their account.
    let before = asked(platform)?;
    let mut world = World { platform, made: before.iter().map(|one| Thing::new(one, &one.root)).collect() };
    let mut applied: Vec<(&String, &Root, Vec<Said>)> = Vec::new();
    for path in &order {
        let Some(root) = platform.roots.get(path) else {
            wrong.push(format!("{path}: the pages apply it, and there is no such root"));
            continue;
        };
        if removed(root) {
            continue;
        }
        // What the roles of pipelines may do names what other roots make later; `pipelines_plan` judges all of it.
        let of_pipelines = |one: &Resource| path.contains("/bootstrap/") && ["aws_iam_policy", "aws_iam_role"].contains(&one.kind.as_str());
        let texts = |one: &Resource| if of_pipelines(one) { Vec::new() } else { literals::texts(one) };
        let mut said: Vec<Said> = platform.of(path).map(|one| (one, texts(one))).collect();
        // A copy of a bucket is in another region by its nature: the pages have that region first, and the copies end when it is lost.
        if let Some((_, lost)) = without.filter(|_| root.layer == "data") {
            said.iter_mut().for_each(|(_, texts)| texts.retain(|text| !literals::regions(&text.text).contains(&lost)));
        }
        let mut found = world.state(path, root)?;
        found.extend(world.delegation(path)?);
        found.extend(world.reads(path, root, used)?);
        found.extend(names::now(&world, root, &said, used)?);
        found.extend(names::abroad(platform, root, &said)?);
        wrong.extend(found.into_iter().map(|fault| format!("{path}: {fault}")));
        world.made.extend(platform.of(path).filter(|one| !one.data).map(|one| Thing::new(one, root.account())));
        applied.push((path, root, said));
    }
    for (path, root, said) in &applied {
        wrong.extend(names::ever(&world, root, said, used)?.into_iter().map(|fault| format!("{path}: {fault}")));
    }
    Ok(wrong)
}

impl<'p> World<'p> {
    /// What exists in the account of a root.
    pub fn near(&self, root: &Root) -> impl Iterator<Item = &Thing<'p>> {
        self.made.iter().filter(|thing| thing.account == root.account())
    }

    /// What is wrong with the place of a root's state.
    fn state(&self, path: &str, root: &Root) -> Result<Vec<String>, String> {
        let (mut wrong, backend) = (Vec::new(), &root.backend);
        let own = self.platform.of(path).filter(|one| !one.data && root.layer == "bootstrap");
        let near: Vec<&Resource> = self.near(root).map(|thing| thing.one).chain(own).collect();
        let here = |kind: &'static str| near.iter().filter(move |one| one.kind == kind && one.text("region") == backend.region);
        if !here("aws_s3_bucket").any(|one| one.text("bucket") == backend.bucket) {
            wrong.push(format!("the bucket of its state, {} in {}, does not exist yet", backend.bucket, backend.region));
        }
        if !here("aws_kms_alias").any(|one| arn(one, root.account()).as_ref() == Some(&backend.kms_key)) {
            wrong.push(format!("the key of its state, {}, does not exist yet", backend.kms_key));
        }
        if root.layer == "bootstrap" && !pages::first_apply(self.platform.page(&format!("{path}/README.md"))?) {
            wrong.push("it makes the bucket of its state, and its page does not say how".to_owned());
        }
        let same = |other: &&Root| (&other.backend.bucket, &other.backend.key) == (&backend.bucket, &backend.key);
        if self.platform.roots.values().filter(same).count() > 1 {
            wrong.push(format!("another root has its state, {}", backend.key));
        }
        Ok(wrong)
    }

    /// What is wrong with the delegation to the zone of a root: the zone above has to exist.
    fn delegation(&self, path: &str) -> Result<Option<String>, String> {
        let Some((domain, account)) = pages::parent(self.platform.page(&format!("{path}/README.md"))?)? else { return Ok(None) };
        let is = |thing: &Thing| thing.one.kind == "aws_route53_zone" && thing.one.text("name") == domain && thing.account == account;
        let there = self.made.iter().any(is);
        Ok((!there).then(|| format!("the zone {domain} of {account}, which has to delegate to its zone, does not exist yet")))
    }

    /// What is wrong with the data sources of a root.
    fn reads(&self, path: &str, root: &Root, used: &mut Used) -> Result<Vec<String>, String> {
        let mut wrong = Vec::new();
        // What stands for an identifier that another data source found.
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        let mut data: Vec<&Resource> = self.platform.of(path).filter(|one| one.data).collect();
        // Networks first: the others are looked for inside of one.
        data.sort_by_key(|one| one.kind != "aws_vpc");
        for one in &data {
            if let Some((kind, _)) = ANSWERED.iter().find(|(kind, _)| *kind == one.kind) {
                used.insert(kind);
                continue;
            }
            if let Some([_, argument, list, answer]) = LISTED.iter().find(|[kind, ..]| *kind == one.kind) {
                let lists = data.iter().filter(|other| other.kind == *list);
                if !lists.flat_map(|list| texts(&list.values[*answer])).any(|name| name == one.text(argument)) {
                    wrong.push(format!("{} reads `{}`, which no {list} has found", one.address, one.text(argument)));
                }
                continue;
            }
            let near = self.near(root).map(|thing| thing.one);
            let found = if one.kind == "aws_iam_roles" { roles(one, near)? } else { finds(one, near, &known)? };
            match found[..] {
                [only] => _ = known.insert(one.text("id"), only.text("id")),
                _ => wrong.push(format!("{} finds {} of what exists", one.address, found.len())),
            }
        }
        Ok(wrong)
    }
}

/// The roles that a list of roles finds, by path and pattern.
fn roles<'p>(list: &Resource, among: impl Iterator<Item = &'p Resource>) -> Result<Vec<&'p Resource>, String> {
    let pattern = regex::Regex::new(&list.text("name_regex")).map_err(|error| format!("{}: {error}", list.address))?;
    let path = list.text("path_prefix");
    let fits = |one: &&Resource| one.kind == "aws_iam_role" && one.text("path").starts_with(&path) && pattern.is_match(&one.text("name"));
    Ok(among.filter(fits).collect())
}
