//! The run: asks who notices the faults, the cheap ones first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use super::attributes;
use super::fields;
use super::mutant::{Class, Mutant};
use super::outside::{Noticed, Outside, Scope};
use super::own;
use super::planted::{FEW, Planted};
use super::report::{self, Outcome};
use super::survivors::Survivors;
use crate::judges::judge::Subject;

/// Who may notice, in the order of their cost. The first four are our own.
const JUDGES: [&str; 14] = [
    "render",
    "form",
    "check",
    "oracle",
    "kubeconform",
    "pyyaml",
    "yamllint",
    "kubectl",
    "kube-score",
    "detect-secrets",
    "tflint",
    "tfcheck",
    "checkov",
    "checkov terraform",
];

/// The judges that are not ours.
const OUTSIDE: [&str; 9] = ["kubeconform", "pyyaml", "yamllint", "kubectl", "kube-score", "detect-secrets", "tflint", "tfcheck", "checkov"];

/// One of this many mechanical Terraform faults is shown to the slow judges: a part of those that are planted.
const SAMPLE: u16 = 30 * FEW;

/// One of this many Terraform faults made by hand is shown to the slow judges in a sample.
const BY_HAND: u16 = 5;

/// Why no fault of a field is planted in the objects of the monitoring.
const UNOBSERVED: &str = "printed for a platform with `observability`, and this one has none";

/// Why no fault is planted in what stores of services of the cloud have.
const UNMANAGED: &str = "printed for a store of `mode: managed`, and this platform has none";

/// Templates that print only a part of a document, or a file that this platform has none of.
const PARTS: &[(&str, &str)] = &[
    ("kubernetes/account-rules.yaml.j2", "a part of the roles of accounts"),
    ("kubernetes/alertmanager-config.yaml.j2", UNOBSERVED),
    ("kubernetes/container.yaml.j2", "a part of every workload"),
    ("kubernetes/dashboard.yaml.j2", UNOBSERVED),
    ("kubernetes/database-recovery.yaml.j2", "a text of a ConfigMap, whose lines are changed by hand"),
    ("kubernetes/dns-rule.yaml.j2", "a part of both kinds of policies"),
    ("kubernetes/external-name.yaml.j2", UNMANAGED),
    ("kubernetes/grafana-role.yaml.j2", UNOBSERVED),
    ("kubernetes/heartbeat.yaml.j2", UNOBSERVED),
    ("kubernetes/mysql-spread.yaml.j2", "a part of the PerconaXtraDBCluster"),
    ("kubernetes/percona-pods.yaml.j2", "a part of the PerconaServerMongoDB, and twice of the PerconaXtraDBCluster"),
    ("kubernetes/pod.yaml.j2", "a part of every workload"),
    ("kubernetes/pod-monitor.yaml.j2", UNOBSERVED),
    ("kubernetes/prometheus-rule.yaml.j2", UNOBSERVED),
    ("kubernetes/rule-group.yaml.j2", UNOBSERVED),
    ("kubernetes/rule-ports.yaml.j2", "a part of every policy"),
    ("terraform/aws/bootstrap/pipeline_store_names.tf.j2", UNMANAGED),
    ("terraform/aws/bootstrap/pipeline_stores.tf.j2", UNMANAGED),
    ("terraform/aws/cluster/databases.tf.j2", UNMANAGED),
    ("terraform/aws/data/databases.tf.j2", UNMANAGED),
    ("terraform/aws/data/instances.tf.j2", UNMANAGED),
    ("terraform/aws/data/lifecycle.tf.j2", "a part of buckets.tf"),
    ("terraform/aws/data/locals_databases.tf.j2", UNMANAGED),
    ("terraform/aws/data/plans.tf.j2", UNMANAGED),
    ("terraform/aws/data/vault.tf.j2", UNMANAGED),
    ("terraform/aws/cluster/policies_load_balancers.tf.j2", "a part of policies.tf"),
    ("terraform/aws/cluster/night.tf.j2", "printed for an environment with a night, and faults are planted in a protected one"),
    ("terraform/aws/interconnect/locals.tf.j2", "printed for two regions on AWS, and this platform has one"),
    ("terraform/aws/interconnect/peering.tf.j2", "printed for two regions on AWS, and this platform has one"),
    ("terraform/aws/interconnect/routes.tf.j2", "printed for two regions on AWS, and this platform has one"),
    ("terraform/aws/network/moved.tf.j2", "printed for a subnet that was renamed, once"),
];

/// Which faults in Terraform roots the judges of Terraform are shown: they take seconds for each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shown {
    /// None.
    None,
    /// One of [`BY_HAND`] of those made by hand, and one of [`SAMPLE`] of the others.
    Sample,
    /// Those made by hand, and one of [`SAMPLE`] of the others.
    Hand,
    /// All.
    All,
}

impl Shown {
    /// Whether the judges of Terraform see a fault.
    fn has(self, mutant: &Mutant) -> bool {
        let by_hand = mutant.class == Class::Hand;
        match self {
            Shown::None => false,
            Shown::Sample => mutant.is_in_sample(if by_hand { BY_HAND } else { SAMPLE }),
            Shown::Hand => by_hand || mutant.is_in_sample(SAMPLE),
            Shown::All => true,
        }
    }
}

/// What was planted, and what came of it.
pub struct Run {
    planted: &'static Planted,
    /// Judges that are absent, each with how to get it.
    pub absent: Vec<String>,
    noticed: BTreeMap<usize, BTreeMap<&'static str, String>>,
    accepted: BTreeMap<usize, usize>,
    spared: BTreeSet<usize>,
    survivors: Survivors,
}

impl Run {
    /// Has every fault judged; `terraform` says which the slow judges are shown.
    pub fn new(planted: &'static Planted, terraform: Shown) -> Result<Self, String> {
        let outside = Outside::open();
        let refused = planted.refused.iter().map(|(number, error)| (*number, BTreeMap::from([("render", error.clone())])));
        let mut run = Self {
            planted,
            absent: outside.absent(&OUTSIDE),
            noticed: refused.collect(),
            accepted: BTreeMap::new(),
            spared: BTreeSet::new(),
            survivors: Survivors::read()?,
        };
        run.judge(&outside, terraform);
        Ok(run)
    }

    fn judge(&mut self, outside: &Outside, terraform: Shown) {
        let Planted { ground, mutants, .. } = self.planted;
        let started = Instant::now();
        let only = std::env::var("PLATGEN_ONLY").ok();
        let wanted = |name: &str| only.as_deref().is_none_or(|only| only.split(',').any(|one| one == name));
        if wanted("check") {
            self.ask_ourselves();
        }
        eprintln!("{:>7.1} s  platgen itself, {} faults", started.elapsed().as_secs_f64(), mutants.len());
        let mut started = Instant::now();
        let rounds: [(&'static str, &str, Subject, Scope, bool); 10] = [
            ("kubeconform", "kubeconform", Subject::Manifests, Scope::Files, false),
            ("pyyaml", "pyyaml", Subject::Tree, Scope::Files, true),
            ("yamllint", "yamllint", Subject::Tree, Scope::Files, true),
            ("kubectl", "kubectl", Subject::Manifests, Scope::Region, true),
            ("kube-score", "kube-score", Subject::Manifests, Scope::Region, false),
            ("detect-secrets", "detect-secrets", Subject::Tree, Scope::Files, true),
            ("checkov", "checkov", Subject::Manifests, Scope::Files, true),
            ("tflint", "tflint", Subject::Root, Scope::Root, true),
            ("tfcheck", "tfcheck", Subject::Root, Scope::Roots, false),
            ("checkov terraform", "checkov", Subject::Root, Scope::Roots, true),
        ];
        for (shown, name, subject, scope, hand_only) in rounds {
            if !wanted(shown) {
                continue;
            }
            let top = if subject == Subject::Root { "terraform" } else { "kubernetes" };
            let mut asked = Vec::new();
            for (number, mutant) in mutants.iter().enumerate() {
                let by_hand = mutant.class == Class::Hand;
                let open = by_hand || !hand_only && !self.noticed.contains_key(&number);
                let kustomization = name == "kubectl" && mutant.place.starts_with("Kustomization/") && !self.noticed.contains_key(&number);
                if !(open || kustomization) || mutant.below(top).next().is_none() {
                    continue;
                }
                // A sample asks the judges of Terraform only about what is still open: their fixtures prove that they see.
                if subject == Subject::Root && terraform != Shown::All && self.noticed.contains_key(&number) {
                    continue;
                }
                if subject == Subject::Root && !terraform.has(mutant) {
                    self.spared.insert(number);
                    continue;
                }
                asked.push((number, mutant));
            }
            let found: Noticed = outside.show(ground, name, subject, scope, &asked).unwrap_or_else(|error| {
                // What the others found is still worth telling.
                self.absent.push(error);
                Noticed::new()
            });
            let count = asked.len();
            for (number, what) in found {
                self.noticed.entry(number).or_default().insert(shown, what);
            }
            eprintln!("{:>7.1} s  {shown}, {count} faults", started.elapsed().as_secs_f64());
            started = Instant::now();
        }
        self.spared.retain(|number| !self.noticed.contains_key(number));
        for (number, mutant) in mutants.iter().enumerate().filter(|(number, _)| !self.noticed.contains_key(number)) {
            if let Some(line) = self.survivors.accept(&mutant.full_name()) {
                self.accepted.insert(number, line);
            }
        }
    }

    /// The reader, the canonical form, the rules and the second opinion, over everything, on two threads.
    fn ask_ourselves(&mut self) {
        let check = own::Check::new(&self.planted.ground);
        let ask = |start: usize| {
            let mutants = self.planted.mutants.iter().enumerate().skip(start).step_by(2);
            let noticed = mutants.map(|(number, mutant)| (number, own::form(mutant), check.notices(mutant)));
            noticed.collect::<Vec<_>>()
        };
        let answers = std::thread::scope(|scope| {
            let other = scope.spawn(|| ask(1));
            let mut answers = ask(0);
            answers.extend(other.join().unwrap_or_default());
            answers
        });
        for (number, form, found) in answers {
            if form {
                self.noticed.entry(number).or_default().insert("form", String::new());
            }
            if !found.is_empty() {
                self.noticed.entry(number).or_default().extend(found);
            }
        }
    }

    /// Whether nobody noticed a fault that somebody should have.
    pub fn unjustified(&self, number: usize) -> bool {
        !self.noticed.contains_key(&number) && !self.accepted.contains_key(&number) && !self.spared.contains(&number)
    }

    /// The fault as the list of survivors would name it, and its file.
    pub fn describe(&self, number: usize) -> String {
        let mutant = &self.planted.mutants[number];
        let files: Vec<&str> = mutant.changes.keys().map(String::as_str).take(3).collect();
        let why = if mutant.why.is_empty() { String::new() } else { format!("; {}", mutant.why) };
        format!("{} ({}{why})", mutant.full_name(), files.join(", "))
    }

    /// Lines of the list that nothing needs. While a judge is absent, with some of the faults alone, or before anything was judged, that can't be known.
    pub fn unneeded(&self) -> Vec<String> {
        if !self.planted.whole || !self.absent.is_empty() || self.noticed.is_empty() || std::env::var_os("PLATGEN_ONLY").is_some() {
            return Vec::new();
        }
        self.survivors.faults(&self.accepted.values().copied().collect())
    }

    /// Templates that no fault is planted for.
    pub fn templates(&self) -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut faults = Vec::new();
        for part in [
            "kubernetes",
            "terraform/aws",
            "terraform/aws/bootstrap",
            "terraform/aws/cluster",
            "terraform/aws/data",
            "terraform/aws/global",
            "terraform/aws/interconnect",
            "terraform/aws/network",
        ] {
            // What all roots share is planted in the network root.
            let root = part.strip_prefix("terraform/aws/").unwrap_or("network");
            for entry in std::fs::read_dir(folder.join(part)).into_iter().flatten().flatten() {
                let file = entry.file_name().to_string_lossy().into_owned();
                let Some(name) = file.strip_suffix(".j2") else { continue };
                let stem = name.trim_end_matches(".yaml");
                let planted = fields::TEMPLATES.iter().chain(fields::DESKTOP).any(|(template, ..)| *template == stem)
                    || attributes::FILES.contains(&format!("{root}/{name}").as_str())
                    || PARTS.iter().any(|(part_name, _)| *part_name == format!("{part}/{file}"));
                if !planted {
                    faults.push(format!("{part}/{file}: no fault is planted in what it prints"));
                }
            }
        }
        faults
    }

    /// The tables.
    pub fn table(&self) -> String {
        report::text(&self.outcome(), &self.survivors)
    }

    /// Every fault that nobody noticed, with the reason why nobody had to.
    pub fn unnoticed(&self) -> String {
        report::unnoticed(&self.outcome(), &self.survivors)
    }

    fn outcome(&self) -> Outcome<'_> {
        Outcome { mutants: &self.planted.mutants, noticed: &self.noticed, accepted: &self.accepted, spared: &self.spared, judges: &JUDGES }
    }
}
