//! What a rendered tree accepts, read from what it says itself: its README and the scanners' files.
//!
//! A waiver that no finding needs is a fault, and so is one past its day: the list never outlives its reasons. Few rules may be waived.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use platgen::value::{Date, ObjectPattern};

/// The most rules that all specs together may waive, of Kubernetes and of Terraform.
const MOST: usize = 10;

/// A waiver of a spec, or a rule that is off for everything.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// `scanner/rule`.
    pub rule: String,
    /// Which objects.
    pub objects: Vec<ObjectPattern>,
    /// The last day; a conflict has none.
    pub until: Option<Date>,
}

/// A finding that was accepted, of a tree.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Needed {
    /// The tree.
    pub tree: String,
    /// `scanner/rule`.
    pub rule: String,
    /// What it is about.
    pub object: String,
}

/// Rows of the README's table of waivers, and the rules that are off for everything.
pub fn read(root: &Path) -> Result<Vec<Waiver>, String> {
    let text = fs::read_to_string(root.join("deploy/README.md")).map_err(|error| format!("deploy/README.md: {error}"))?;
    let mut all = Vec::new();
    let whole = |rule: String| Waiver { rule, objects: "*".parse().into_iter().collect(), until: None };
    for line in text.lines() {
        if let Some(rule) = line.strip_prefix("Nobody is held to ") {
            all.extend(rule.split('`').skip(1).step_by(2).filter(|rule| rule.contains('/')).map(|rule| whole(rule.into())));
        }
        let cells: Vec<_> = line.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
        if let [rule, objects, _, until, _] = cells[..]
            && let (true, Ok(until)) = (rule.contains('/'), until.parse::<Date>())
        {
            let objects = objects.split(", ").filter_map(|pattern| pattern.trim_matches('`').parse().ok()).collect();
            all.push(Waiver { rule: rule.into(), objects, until: Some(until) });
        }
    }
    // What the scanners are told must stand in the README.
    let checkov = fs::read_to_string(root.join("deploy/.checkov.yaml")).map_err(|error| format!("deploy/.checkov.yaml: {error}"))?;
    let skipped = checkov.lines().filter_map(|line| line.strip_prefix("  - CKV")).map(|rule| format!("checkov/CKV{rule}"));
    let ignored = flags(root, "kube-score", "--ignore-test").into_iter().map(|rule| format!("kube-score/{rule}"));
    match skipped.chain(ignored).find(|rule| !all.iter().any(|waiver| waiver.rule == *rule)) {
        Some(rule) => Err(format!("{rule} is off and README.md does not say so")),
        None => Ok(all),
    }
}

/// The values of a flag in the README's commands, each once.
pub fn flags(root: &Path, program: &str, flag: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root.join("deploy/README.md")).unwrap_or_default();
    let commands = text.lines().filter(|line| line.split_whitespace().next() == Some(program));
    let words: Vec<&str> = commands.flat_map(str::split_whitespace).collect();
    words.windows(2).filter(|pair| pair[0] == flag).map(|pair| pair[1].to_owned()).collect()
}

/// Waivers of a tree that no finding needed. Only scanners that judged are asked.
pub fn unneeded(tree: &str, waivers: &[Waiver], needed: &BTreeSet<Needed>, ran: impl Fn(&str) -> bool) -> Vec<String> {
    let needs = |waiver: &Waiver, one: &Needed| {
        one.tree == tree && one.rule == waiver.rule && waiver.objects.iter().any(|pattern| pattern.matches(&one.object))
    };
    let idle = waivers.iter().filter(|waiver| waiver.rule.split_once('/').is_some_and(|(scanner, _)| ran(scanner)));
    idle.filter(|waiver| !needed.iter().any(|one| needs(waiver, one)))
        .map(|waiver| format!("{tree}: {} is not needed", waiver.rule))
        .collect()
}

/// Waivers whose day has passed.
pub fn expired(tree: &str, waivers: &[Waiver], today: Date) -> Vec<String> {
    let over = waivers.iter().filter_map(|waiver| waiver.until.filter(|day| *day < today).map(|day| (waiver, day)));
    over.map(|(waiver, day)| format!("{tree}: {} ended on {day}", waiver.rule)).collect()
}

/// More waived rules than there may be.
pub fn too_many(all: &[Waiver]) -> Option<String> {
    let rules: BTreeSet<&str> = all.iter().filter(|waiver| waiver.until.is_some()).map(|waiver| waiver.rule.as_str()).collect();
    let (kubernetes, terraform): (Vec<&str>, Vec<&str>) =
        rules.into_iter().partition(|rule| rule.starts_with("kube-score/") || rule.contains("_K8S_"));
    [("Kubernetes", kubernetes), ("Terraform", terraform)]
        .into_iter()
        .find(|(_, rules)| rules.len() > MOST)
        .map(|(kind, rules)| format!("{} rules of {kind} are waived, more than {MOST}: {}", rules.len(), rules.join(", ")))
}

/// PLATGEN_TODAY, else the system's day in UTC.
pub fn today() -> Result<Date, String> {
    match std::env::var("PLATGEN_TODAY") {
        Ok(day) => day.parse().map_err(|_| format!("PLATGEN_TODAY={day} is not a day such as 2027-01-31")),
        Err(_) => {
            let days = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() / 86_400);
            Date::after_1970(days).ok_or_else(|| "the clock is wrong".into())
        }
    }
}

/// These rules, proved on a small tree.
pub fn prove() -> Result<(), String> {
    let tree = tempfile::tempdir().map_err(|error| error.to_string())?;
    let write = |name: &str, text: &str| fs::write(tree.path().join("deploy").join(name), text).map_err(|error| error.to_string());
    fs::create_dir(tree.path().join("deploy")).map_err(|error| error.to_string())?;
    let readme = "kube-score score --ignore-test c\n\nNobody is held to `checkov/CKV_A` and `kube-score/c`: x.\n\n| rule | on | in | until | why |\n|---|---|---|---|---|\n| checkov/CKV_B | `Deployment/*/a`, `x/*` | all | 2026-01-31 | x |\n| kube-score/d | `*` | beta | 2030-01-01 | y |\n";
    write("README.md", readme)?;
    write(".checkov.yaml", "skip-check:\n  - CKV_A\n")?;
    let waivers = read(tree.path())?;
    let need = |rule: &str, object: &str| Needed { tree: "t".into(), rule: rule.into(), object: object.into() };
    let all = BTreeSet::from([need("checkov/CKV_A", ""), need("kube-score/c", "y"), need("checkov/CKV_B", "Deployment/shop/a")]);
    let other = BTreeSet::from([need("checkov/CKV_B", "Deployment/shop/b")]);
    let day = |text: &str| text.parse::<Date>().map_err(|_| text.to_owned());
    let many: Vec<Waiver> = (0..11).map(|n| Waiver { rule: format!("checkov/CKV_K8S_{n}"), ..waivers[2].clone() }).collect();
    write(".checkov.yaml", "skip-check:\n  - CKV_A\n  - CKV_Z\n")?;
    let checks = [
        ("reads conflicts and rows", waivers.len() == 4),
        ("knows what is idle", unneeded("t", &waivers, &all, |_| true) == ["t: kube-score/d is not needed"]),
        ("asks the scanners that judged", unneeded("t", &waivers, &all, |name| name == "checkov").is_empty()),
        ("looks at the object", unneeded("t", &waivers, &other, |name| name == "checkov").len() == 2),
        ("looks at the tree", unneeded("u", &waivers, &all, |_| true).len() == 4),
        ("holds through its last day", expired("t", &waivers, day("2026-01-31")?).is_empty()),
        ("ends the day after", expired("t", &waivers, day("2026-02-01")?) == ["t: checkov/CKV_B ended on 2026-01-31"]),
        ("takes ten rules", too_many(&many[1..]).is_none()),
        ("refuses the eleventh", too_many(&many).is_some()),
        ("refuses a rule that is off in silence", read(tree.path()).is_err()),
    ];
    match checks.iter().find(|(_, holds)| !holds) {
        Some((rule, _)) => Err(format!("no longer {rule}")),
        None => Ok(()),
    }
}
