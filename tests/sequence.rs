//! Nothing is applied before what it needs, whoever applies it: the steps of a region's README are read as people read them, with what Argo CD and Flux
//! make of theirs, and held against the references of the documents, the charts that serve their kinds, and the calls of jobs.

use crate::acceptance::program::{Project as Folder, copy, specs};
use crate::oracle::waited_for;
use crate::support::functions;
use libtest_mimic::Trial;
use platgen::files::{Files, Unit, is_values};
use platgen::inventory::{Inventory, Object, references};
use platgen::kinds;
use platgen::model::{AddonChart, Estate, GitOps, GitOpsController, Kind, Platform, Region};
use platgen::project::Project;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn trials() -> Vec<Trial> {
    functions! { self: steps_come_after_what_they_need streams_come_after_what_they_need; }
}

/// What a command does.
#[derive(Clone, Debug, Default)]
struct Step {
    /// The objects that it applies, by their place in the inventory, in groups that are applied one after the other.
    objects: Vec<Vec<usize>>,
    /// The charts whose definitions it makes.
    definitions: Vec<String>,
    /// The charts that it installs.
    charts: Vec<String>,
}

struct World<'w> {
    platform: &'w Platform,
    region: &'w Region,
    applied: Inventory,
    unit: &'w Unit,
    told: Option<&'w Unit>,
}

/// Kinds whose objects have to be there before their users, and not at the same time.
const STRICT: [&str; 3] = ["Namespace", "PriorityClass", "StorageClass"];

/// What has to hold when the first pod of a namespace starts. Policies beside apps only open ways.
fn is_before_pods(object: &Object) -> bool {
    ["LimitRange", "NetworkPolicy", "ResourceQuota"].contains(&object.kind.as_str()) && object.file.ends_with("/namespace.yaml")
}

/// Charts whose objects need those of another one.
const CERTIFIED: [AddonChart; 3] = [AddonChart::BarmanCloud, AddonChart::PerconaMongodb, AddonChart::PerconaMysql];

impl<'w> World<'w> {
    fn of(platform: &'w Platform, region: &'w Region, files: &'w Files) -> World<'w> {
        let unit = &files.units[&format!("kubernetes/{}/{}", platform.environment, region.name)];
        let is_object = |path: &str| path.ends_with(".yaml") && path != "kustomization.yaml" && !is_values(path);
        let texts = unit.files.iter().filter(|(path, _)| is_object(path));
        let applied = Inventory::read(texts.map(|(path, text)| (path.as_str(), text.as_str())));
        World { platform, region, applied, unit, told: files.units.get(&format!("gitops/{}", platform.environment)) }
    }

    fn folder(&self) -> String {
        format!("kubernetes/{}/{}", self.platform.environment, self.region.name)
    }

    fn objects_where(&self, is_it: impl Fn(&Object) -> bool) -> Vec<usize> {
        self.applied.objects().iter().enumerate().filter(|(_, object)| is_it(object)).map(|(at, _)| at).collect()
    }

    /// The commands of the README.
    fn steps(&self) -> Vec<Step> {
        fn after<'l>(words: &'l [&'l str], flag: &'static str) -> impl Iterator<Item = &'l str> {
            words.iter().zip(words.iter().skip(1)).filter(move |(word, _)| **word == flag).map(|(_, next)| *next)
        }
        let readme = self.unit.files["README.md"].split_once("\n## Apply\n").expect("a section").1;
        let blocks = readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
        let mut steps = Vec::new();
        for line in blocks.flat_map(str::lines) {
            // What fetches and compares a chart comes before the command for its archive.
            let (fetches, line) = line.split_once(" && helm ").map_or(("", line), |(fetches, _)| (fetches, &line[fetches.len() + 4..]));
            let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_end_matches(';').trim_matches('\'')).collect();
            match words[..] {
                ["helm", "show" | "template", ..] => {
                    let is_it = |source: &str| {
                        fetches.split(' ').chain(words.iter().copied()).any(|word| word == source)
                            || line.contains("gateway-crds-helm") && source.ends_with("gateway-helm")
                    };
                    let charts = self.region.charts.iter().filter(|chart| is_it(&chart.source().0));
                    steps.push(Step { definitions: charts.map(|chart| chart.name.clone()).collect(), ..Step::default() });
                }
                ["helm", "upgrade", "--install", name, ..] => steps.push(Step { charts: vec![name.to_owned()], ..Step::default() }),
                ["for", "application", "in", ref names @ ..] => steps.extend(names.iter().map(|name| self.release(name))),
                // The second opinion on waves judges the order of the script itself.
                ["sh", script, ..] if script.ends_with("/apply.sh") && !line.contains("--dry-run") => {
                    let turns = platgen::kubernetes::waves::turns(self.region);
                    // Routes and Gateways come with everything else.
                    let of_file = |object: &Object| turns.get(&object.file).copied().filter(|_| !object.api.starts_with("gateway."));
                    let turn = |object: &Object| of_file(object).unwrap_or(0);
                    let all: BTreeSet<i32> = turns.values().copied().chain([0]).collect();
                    let early = self.objects_where(|object| kinds::stage(&object.api, &object.kind) <= kinds::Stage::Configuration);
                    steps.push(Step { objects: self.by_kind(early), ..Step::default() });
                    for wave in all {
                        steps.push(Step { objects: self.by_kind(self.objects_where(|object| turn(object) == wave)), ..Step::default() });
                    }
                    let last =
                        self.region.charts.iter().filter(|chart| chart.addon.is_none_or(|addon| addon.name() == "kube-prometheus-stack"));
                    steps.extend(last.map(|chart| Step { charts: vec![chart.name.clone()], ..Step::default() }));
                }
                ["argocd", "app", "get" | "sync", name, ..] if name == self.region.cluster.name => steps.extend(self.waves()),
                ["argocd", "app", "sync", name, ..] if name.starts_with(&self.region.cluster.name) => steps.push(self.release(name)),
                ["kubectl", ..] if line.contains(" apply --server-side") => {
                    steps.extend(after(&words, "-f").flat_map(|path| self.file(path)));
                    steps.extend(after(&words, "-k").map(|_| Step { objects: vec![self.objects_where(|_| true)], ..Step::default() }));
                }
                _ => {}
            }
        }
        steps
    }

    /// The release of an Application.
    fn release(&self, application: &str) -> Step {
        let name = application.strip_prefix(&format!("{}-", self.region.cluster.name)).unwrap_or(application);
        self.made(name)
    }

    /// A release by the name of its objects, which for a chart of the spec begins with the namespace.
    fn made(&self, id: &str) -> Step {
        let of_spec = self.region.charts.iter().find(|chart| chart.addon.is_none() && format!("{}-{}", chart.namespace, chart.name) == id);
        release(of_spec.map_or(id, |chart| &chart.name))
    }

    /// A file, or those of a folder.
    fn file(&self, path: &str) -> Vec<Step> {
        if let Some(path) = path.strip_prefix(&format!("{}/", self.folder())) {
            let is_it = |object: &Object| object.file == path || object.file.starts_with(&format!("{path}/"));
            let mut files: Vec<String> =
                self.applied.objects().iter().filter(|object| is_it(object)).map(|object| object.file.clone()).collect();
            files.dedup();
            return files
                .iter()
                .map(|file| Step { objects: vec![self.objects_where(|object| object.file == *file)], ..Step::default() })
                .collect();
        }
        let controller = self.platform.gitops.as_ref().map(|gitops| gitops.controller);
        let is_start = path.ends_with(&format!("/{}.yaml", self.region.name));
        if controller == Some(GitOpsController::Flux) && is_start { self.stages() } else { Vec::new() }
    }

    /// The waves of Argo CD.
    fn waves(&self) -> Vec<Step> {
        let mut waves: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
        for (at, object) in self.applied.objects().iter().enumerate() {
            let wave = object.at("/metadata/annotations/argocd.argoproj.io~1sync-wave").and_then(|wave| wave.as_str()?.parse().ok());
            waves.entry(wave.unwrap_or(0)).or_default().push(at);
        }
        waves.into_values().map(|objects| Step { objects: self.by_kind(objects), ..Step::default() }).collect()
    }

    /// Objects in the order in which controllers apply kinds.
    fn by_kind(&self, objects: Vec<usize>) -> Vec<Vec<usize>> {
        let mut kinds: BTreeMap<kinds::Stage, Vec<usize>> = BTreeMap::new();
        for at in objects {
            let object = &self.applied.objects()[at];
            kinds.entry(kinds::stage(&object.api, &object.kind)).or_default().push(at);
        }
        kinds.into_values().collect()
    }

    /// The Kustomizations of Flux, each after those that it depends on.
    fn stages(&self) -> Vec<Step> {
        let told = self.told.expect("objects of Flux");
        let read = |path: &str| Inventory::read([("file", told.files[path].as_str())]);
        let name = &self.region.name;
        let start = read(&format!("{name}.yaml"));
        let mut known: BTreeSet<String> = start.of_kind("Kustomization").map(|one| one.name.clone()).collect();
        assert_eq!(
            start.of_kind("Kustomization").map(|one| one.text("/spec/path")).collect::<Vec<_>>(),
            [format!("./deploy/gitops/{}/{name}/stages", self.platform.environment)]
        );
        let stages = read(&format!("{name}/stages/stages.yaml"));
        let mut steps = Vec::new();
        loop {
            let is_next = |one: &&Object| {
                !known.contains(&one.name)
                    && one.items("/spec/dependsOn").iter().all(|on| known.contains(on["name"].as_str().unwrap_or_default()))
            };
            let Some(next) = stages.of_kind("Kustomization").find(is_next) else { break };
            known.insert(next.name.clone());
            let path = next.text("/spec/path").trim_start_matches("./deploy/").to_owned();
            if path == self.folder() {
                let stage =
                    next.text("/spec/patches/0/target/annotationSelector").strip_prefix("platgen.io/stage!=").expect("a stage").to_owned();
                let is_of =
                    |object: &Object| object.at("/metadata/annotations/platgen.io~1stage").and_then(|one| one.as_str()) == Some(&stage);
                steps.push(Step { objects: self.by_kind(self.objects_where(is_of)), ..Step::default() });
            } else {
                let phase = path.rsplit('/').next().unwrap_or_default();
                let charts = read(&format!("{name}/{phase}/{phase}.yaml"));
                let mut made: Vec<String> = Vec::new();
                for chart in charts.of_kind("HelmRelease") {
                    let needs = chart.items("/spec/dependsOn").iter().filter_map(|on| on["name"].as_str());
                    assert_eq!(needs.collect::<Vec<_>>(), made.last().map(String::as_str).into_iter().collect::<Vec<_>>());
                    made.push(chart.name.clone());
                    steps.push(self.made(&chart.name));
                }
            }
        }
        assert_eq!(known.len(), stages.of_kind("Kustomization").count() + 1, "a circle of Kustomizations");
        steps
    }

    /// What comes before something that it needs. `jobs` says whether the steps wait for each other.
    fn faults(&self, steps: &[Step], jobs: bool) -> Vec<String> {
        let mut faults = Vec::new();
        let objects = self.applied.objects();
        let mut turns: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        let (mut defined, mut installed): (BTreeMap<&str, usize>, BTreeMap<&str, usize>) = (BTreeMap::new(), BTreeMap::new());
        for (step, done) in steps.iter().enumerate() {
            for (inner, group) in done.objects.iter().enumerate() {
                group.iter().for_each(|at| _ = turns.entry(*at).or_insert((step, inner)));
            }
            done.definitions.iter().for_each(|name| _ = defined.entry(name).or_insert(step));
            done.charts.iter().for_each(|name| _ = installed.entry(name).or_insert(step));
        }
        let of = |object: &Object| objects.iter().position(|one| std::ptr::eq(one, object)).and_then(|at| turns.get(&at).copied());
        let mut tell = |what: &str, needed: &str| faults.push(format!("{what} comes before {needed}"));
        for (at, object) in objects.iter().enumerate() {
            let Some(turn) = turns.get(&at).copied() else {
                tell(&object.id(), "the end: nothing applies it");
                continue;
            };
            let runs = kinds::pod_template(&object.api, &object.kind).is_some() || kinds::operated(&object.api, &object.kind).is_some();
            let mut needs: Vec<(&Object, bool)> =
                self.applied.get("Namespace", "", &object.namespace).into_iter().map(|one| (one, true)).collect();
            let accounts = references(object).into_iter().filter(|one| one.kind == "ServiceAccount" && runs);
            let named = accounts.filter_map(|one| self.applied.get("ServiceAccount", &one.namespace, &one.name)).flat_map(references);
            // Kubernetes takes an account that names a Secret of registries before the Secret is there.
            let own = references(object).into_iter().filter(|_| object.kind != "ServiceAccount");
            for reference in own.chain(named) {
                let kind = if reference.kind == "Secret" { "ExternalSecret" } else { &reference.kind };
                let needed = self.applied.get(kind, &reference.namespace, &reference.name);
                needs.extend(needed.map(|needed| (needed, runs && STRICT.contains(&kind))));
            }
            needs.extend(
                objects.iter().filter(|rule| runs && rule.namespace == object.namespace && is_before_pods(rule)).map(|rule| (rule, true)),
            );
            for (needed, strict) in needs {
                let first = of(needed).unwrap_or((usize::MAX, 0));
                if if strict { first >= turn } else { first.0 > turn.0 } {
                    tell(&object.id(), &needed.id());
                }
            }
            for chart in self.region.charts.iter().filter(|_| jobs) {
                let serves = chart.addon.is_some_and(|addon| addon.serves(object.group()));
                let ready = match chart.addon {
                    Some(AddonChart::Monitoring) => defined.get(chart.name.as_str()),
                    _ => installed.get(chart.name.as_str()),
                };
                if serves && ready.is_none_or(|ready| *ready >= turn.0) {
                    tell(&object.id(), &chart.name);
                }
            }
        }
        if jobs {
            self.faults_of_charts(&of, &defined, &installed, &mut tell);
            self.faults_of_jobs(&of, &mut tell);
        }
        faults
    }

    fn faults_of_charts(
        &self,
        of: &dyn Fn(&Object) -> Option<(usize, usize)>,
        defined: &BTreeMap<&str, usize>,
        installed: &BTreeMap<&str, usize>,
        tell: &mut impl FnMut(&str, &str),
    ) {
        for chart in &self.region.charts {
            let Some(turn) = installed.get(chart.name.as_str()).copied() else {
                tell(&chart.name, "the end: nothing installs it");
                continue;
            };
            let is_monitoring = chart.addon == Some(AddonChart::Monitoring);
            let needs = |object: &&Object| {
                let is_here = object.namespace == chart.namespace;
                let is_rule = is_before_pods(object) || is_monitoring && object.kind == "ExternalSecret";
                object.kind == "Namespace" && object.name == chart.namespace || object.kind == "PriorityClass" || is_here && is_rule
            };
            for needed in self.applied.objects().iter().filter(needs).filter(|needed| of(needed).is_none_or(|first| first.0 >= turn)) {
                tell(&chart.name, &needed.id());
            }
            let is_apart = ["envoy-gateway", "kube-prometheus-stack"].contains(&chart.name.as_str());
            if is_apart && defined.get(chart.name.as_str()).is_none_or(|first| *first >= turn) {
                tell(&chart.name, "its definitions");
            }
            let certifies = installed.get(AddonChart::CertManager.name());
            if chart.addon.is_some_and(|addon| CERTIFIED.contains(&addon)) && certifies.is_some_and(|first| *first >= turn) {
                tell(&chart.name, AddonChart::CertManager.name());
            }
        }
    }

    /// A job comes after what it calls and the jobs that it waits for, and before everything that no job calls.
    fn faults_of_jobs(&self, of: &dyn Fn(&Object) -> Option<(usize, usize)>, tell: &mut impl FnMut(&str, &str)) {
        let running = |key: &str| {
            let file = format!("{key}.yaml");
            let runs = |object: &&Object| {
                kinds::pod_template(&object.api, &object.kind).is_some() || kinds::operated(&object.api, &object.kind).is_some()
            };
            self.applied.objects().iter().filter(move |object| object.file == file).filter(runs).collect::<Vec<_>>()
        };
        for job in self.region.workloads.values().filter(|one| matches!(one.kind, Kind::Job { .. })) {
            for object in running(&format!("{}/{}", job.namespace, job.name)) {
                for needed in waited_for(self.region, job).iter().flat_map(|key| running(key)) {
                    if of(needed).is_none_or(|first| Some(first.0) >= of(object).map(|turn| turn.0)) {
                        tell(&object.id(), &needed.id());
                    }
                }
            }
        }
    }
}

/// A release, by its name.
fn release(name: &str) -> Step {
    match name.strip_suffix("-definitions") {
        Some(of) => Step { definitions: vec![of.to_owned()], ..Step::default() },
        None => Step { charts: vec![name.to_owned()], ..Step::default() },
    }
}

/// The estates of every spec, applied in each way.
fn estates() -> Vec<(String, Estate)> {
    let mut all = Vec::new();
    for (name, spec) in specs().into_iter().filter(|(name, _)| name != "minimal-toml") {
        let project = Project::open(Some(&spec))
            .map(|project| project.allow_incomplete(true))
            .unwrap_or_else(|failure| panic!("{:?}", failure.found));
        let estate = project.resolve().unwrap_or_else(|failure| panic!("{name}: {:?}", failure.found)).estate;
        for controller in [None, Some(GitOpsController::ArgoCd), Some(GitOpsController::Flux)] {
            let mut estate = estate.clone();
            for platform in estate.environments.values_mut() {
                let (repository, reference) = ("https://git.example/shop/platform.git".to_owned(), "refs/heads/main".to_owned());
                platform.gitops = controller.map(|controller| GitOps { controller, repository, reference });
            }
            all.push((format!("{name} by {controller:?}"), estate));
        }
    }
    all
}

/// The steps of every region keep the order, and would not in another one.
fn steps_come_after_what_they_need() {
    let (mut faults, mut regions, mut moved) = (Vec::new(), 0, 0);
    for (name, estate) in estates() {
        let files = platgen::render::files(&estate).unwrap_or_else(|found| panic!("{name}: {found:?}"));
        for (environment, platform) in &estate.environments {
            for (region, resolved) in &platform.regions {
                let world = World::of(platform, resolved, &files);
                let steps = world.steps();
                let found = world.faults(&steps, true);
                faults.extend(found.iter().map(|fault| format!("{name}, {environment}/{region}: {fault}")));
                regions += 1;
                // A chart that comes last is missed, and so are the objects that came first.
                let is_needed =
                    |step: &&Step| step.charts.iter().any(|chart| ["external-secrets", "envoy-gateway"].contains(&chart.as_str()));
                // Nothing but the guard reads the namespace that says whose the cluster is, and a sync makes the others in their turn.
                let is_namespace = |at: &usize| {
                    world.applied.objects().get(*at).is_some_and(|one| one.kind == "Namespace" && one.name != "platgen-system")
                };
                let first = steps.iter().find(|step| step.objects.iter().flatten().any(is_namespace));
                let first = first.filter(|_| platform.gitops.is_none() || !resolved.charts.is_empty());
                for late in steps.iter().filter(is_needed).chain(first) {
                    let others = steps.iter().filter(|step| !std::ptr::eq(*step, late)).cloned();
                    let mut others: Vec<Step> = others.collect();
                    // People apply everything at the end once more: what came first is not there before that.
                    let last = Step { objects: vec![late.objects.concat()], ..late.clone() };
                    others.retain(|step| step.objects.concat().len() < world.applied.objects().len());
                    others.push(last);
                    assert!(!world.faults(&others, true).is_empty(), "{name}, {environment}/{region}: {late:?} may come last");
                    moved += 1;
                }
            }
        }
    }
    assert!(regions >= 30 && moved > 60, "{regions} regions, {moved} steps moved");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The documents of a stream keep the order among themselves.
fn streams_come_after_what_they_need() {
    let mut faults = Vec::new();
    for (name, spec) in specs().into_iter().filter(|(name, _)| name != "minimal-toml") {
        let project = Project::open(Some(&spec))
            .map(|project| project.allow_incomplete(true))
            .unwrap_or_else(|failure| panic!("{:?}", failure.found));
        let estate = project.resolve().unwrap_or_else(|failure| panic!("{name}: {:?}", failure.found)).estate;
        let files = platgen::render::files(&estate).unwrap_or_else(|found| panic!("{name}: {found:?}"));
        let folder = Folder::new().incomplete();
        let named = copy(&spec, &folder.folder, false).display().to_string();
        for (environment, platform) in &estate.environments {
            for (region, resolved) in &platform.regions {
                let world = World::of(platform, resolved, &files);
                let ran = folder.run(&["render", &named, "--env", environment, "--region", region.as_str(), "--stdout"]).exits(0);
                let stream = Inventory::read([("stream", ran.out.as_str())]);
                let mut files: Vec<&str> =
                    stream.objects().iter().filter_map(|object| Some(world.applied.named(&object.id()).next()?.file.as_str())).collect();
                files.dedup();
                let of_file = |file: &&str| Step { objects: vec![world.objects_where(|object| object.file == **file)], ..Step::default() };
                let steps: Vec<Step> = files.iter().map(of_file).collect();
                faults.extend(world.faults(&steps, false).into_iter().map(|fault| format!("{name}, {environment}/{region}: {fault}")));
                let reversed: Vec<Step> = steps.into_iter().rev().collect();
                assert!(!world.faults(&reversed, false).is_empty(), "{name}, {environment}/{region}: any order will do");
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
