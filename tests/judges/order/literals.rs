//! Texts in what Terraform makes that name something: ARNs, names of things of the platform, and regions.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::judges::states::Resource;

/// The account of ARNs that tfcheck invents where a resource refers to another one: Terraform itself orders these.
pub const INVENTED: &str = "123456789012";

/// Attributes that give a resource its own name, or are read by people alone.
const OWN: [&str; 14] = [
    "/arn",
    "/bucket",
    "/bucket_domain_name",
    "/comment",
    "/description",
    "/final_snapshot_identifier",
    "/id",
    "/name",
    "/name_prefix",
    "/repository",
    "/node_group_name",
    "/policy_name",
    "/tags",
    "/tags_all",
];

/// A text, with the keys that lead to it.
pub struct Text {
    pub at: String,
    pub text: String,
}

/// Every text of a resource, and of what a data source asks for. Texts that hold JSON are opened; keys are texts too.
pub fn texts(one: &Resource) -> Vec<Text> {
    let mut all = Vec::new();
    for (key, value) in one.values.as_object().into_iter().flatten().filter(|(key, _)| !one.data || one.asks.contains(key)) {
        walk(value, format!("/{key}"), &mut all);
    }
    all
}

fn walk(value: &Value, at: String, all: &mut Vec<Text>) {
    match value {
        Value::String(text) => match serde_json::from_str(text) {
            Ok(inner) if text.starts_with(['{', '[']) => walk(&inner, at, all),
            _ => all.push(Text { at, text: text.clone() }),
        },
        Value::Array(inner) => inner.iter().for_each(|one| walk(one, at.clone(), all)),
        Value::Object(inner) => {
            for (key, one) in inner {
                all.push(Text { at: at.clone(), text: key.clone() });
                walk(one, format!("{at}/{key}"), all);
            }
        }
        _ => {}
    }
}

impl Text {
    /// Whether it is an ARN that somebody wrote, and no reference.
    pub fn is_arn(&self) -> bool {
        self.text.starts_with("arn:") && !self.text.contains(INVENTED) && !OWN.contains(&self.at.as_str())
    }

    /// Words that begin with the name of the platform and name something else than the resource itself.
    pub fn names(&self, platform: &str) -> Vec<&str> {
        let own = || OWN.iter().any(|own| self.at.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        if !self.text.contains(platform) || self.text.starts_with("arn:") || own() {
            return Vec::new();
        }
        let words = self.text.split(|one: char| one != '-' && !one.is_ascii_alphanumeric());
        words.filter(|word| word.strip_prefix(platform).is_some_and(|rest| rest.starts_with('-'))).collect()
    }
}

/// The regions that a text names, those of its zones included.
pub fn regions(text: &str) -> Vec<&str> {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("(?:af|ap|ca|eu|il|me|mx|sa|us)-(?:gov-)?(?:north|south)?(?:central|east|west|north|south)-[0-9]").expect("a pattern")
    });
    // Most texts name none: a quick look is enough.
    if text.bytes().filter(|one| *one == b'-').count() < 2 {
        return Vec::new();
    }
    PATTERN.find_iter(text).map(|found| found.as_str()).collect()
}

/// The names that a resource gives to what it makes.
pub fn given(one: &Resource) -> Vec<String> {
    let mut names: Vec<String> = ["name", "bucket", "node_group_name", "policy_name"].map(|key| one.text(key)).to_vec();
    names.push(one.text("name").trim_start_matches("alias/").to_owned());
    names.push(one.text("name_prefix").trim_end_matches('-').to_owned());
    names.extend(one.values["tags"]["Name"].as_str().map(str::to_owned));
    names
}
