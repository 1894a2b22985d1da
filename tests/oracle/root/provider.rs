//! The provider of a root: region, account and tags of the environment, and a version that the next major one does not replace unasked.

use super::super::Finding;
use super::Root;
use serde_json::{Map, Value, json};

pub(super) fn judge(root: &Root, found: &mut Vec<Finding>) {
    let providers: Vec<_> = root.blocks("provider", &["aws"]).collect();
    let [(file, provider)] = &providers[..] else {
        let message = format!("{} blocks configure the provider `aws`, where there is to be one", providers.len());
        found.push(root.finding("wrong-provider", "provider.aws", "", message));
        return;
    };
    let place = ("provider.aws", *file);
    let has = Value::Object(provider.attributes.clone());
    root.expect(found, "wrong-provider", place, &has, &json!({"region": root.home(), "allowed_account_ids": [root.account]}));
    let tags = provider.inside("default_tags").next().map_or(&Value::Null, |block| block.get("tags"));
    root.expect(found, "wrong-provider", ("default_tags", file), tags, &tags_of(root));
    versions(root, found);
}

/// What every resource carries: the platform's own labels under what platgen says.
fn tags_of(root: &Root) -> Value {
    let platform = root.platform;
    let mut tags: Map<String, Value> = platform.labels.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    let own = [
        ("environment", platform.environment.as_str()),
        ("layer", root.layer.name()),
        ("managed_by", "platgen"),
        ("owner", platform.owner.as_str()),
        ("platform", platform.name.as_str()),
        ("region", root.home()),
    ];
    tags.extend(own.map(|(key, value)| (key.to_owned(), json!(value))));
    Value::Object(tags)
}

/// Terraform and every provider have a lowest and a highest version.
fn versions(root: &Root, found: &mut Vec<Finding>) {
    let mut ranges = vec![("required_version".to_owned(), "versions.tf", None)];
    for (file, block) in root.blocks("terraform", &[]) {
        if let Some(range) = block.attributes.get("required_version") {
            ranges[0] = ("required_version".to_owned(), file, range.as_str());
        }
        for (name, provider) in block.inside("required_providers").flat_map(|block| &block.attributes) {
            ranges.push((format!("required_providers.{name}"), file, provider.get("version").and_then(Value::as_str)));
        }
    }
    for (name, file, range) in ranges {
        let bounded = range.is_some_and(|range| range.contains("~>") || range.contains('>') && range.contains('<'));
        if !bounded {
            let message = format!("`{name}` has no lowest and highest version: {}", range.unwrap_or("nothing is said"));
            found.push(root.finding("wrong-provider", &name, file, message));
        }
    }
}
