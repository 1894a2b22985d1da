//! A case -> the forms in which its apps take what they say from profiles.

use super::forms::{ELSEWHERE, Form, HERE, Like, added, keys, one, put, split};
use crate::support::features::{Case, lay};
use serde_json::{Map, Value, json};

/// Hands what an app says over to a profile; `app` is what it still says itself.
fn hand_over(tree: &mut Value, name: &str, mut app: Map<String, Value>, shared: Value) {
    app.insert("from".to_owned(), json!([format!("{name}-profile")]));
    tree["apps"][name] = Value::Object(app);
    lay(tree, &json!({"profiles": {format!("{name}-profile"): shared}}));
}

/// Apps whose fields stand in a profile: all of them, those of one environment, and those that the app, an environment or a second profile takes away again.
pub(crate) fn through_a_profile(case: &Case) -> Vec<Form> {
    let whole = case.whole();
    let apps = keys(&case.feature["apps"]);
    if apps.is_empty() || apps.iter().any(|name| whole["apps"][name].get("from").is_some()) {
        return Vec::new();
    }
    let path = |name: &str| ["apps".to_owned(), name.to_owned()];
    let mut tree = whole.clone();
    apps.iter().for_each(|name| hand_over(&mut tree, name, Map::new(), whole["apps"][name].clone()));
    let mut forms = vec![one("a profile", tree.clone(), Like::Feature)];
    let in_profiles = tree;

    let same = apps.iter().any(|name| !split(&path(name), &case.feature["apps"][name]).0.is_empty());
    if keys(&case.feature) != ["apps"] || same {
        return forms;
    }
    let mut tree = case.base.clone();
    for name in &apps {
        let mut shared = case.base["apps"][name].clone();
        put(&mut shared, &[], &json!({"environments": {HERE: case.feature["apps"][name]}}));
        hand_over(&mut tree, name, Map::new(), shared);
    }
    forms.push(one("environments of a profile", tree, Like::Here));

    let taken: Option<Vec<(&String, Vec<String>)>> = apps.iter().map(|name| Some((name, added(case, &path(name))?))).collect();
    let Some(taken) = taken else { return forms };
    let [mut by_the_app, mut by_a_block, mut by_a_profile] = [in_profiles.clone(), in_profiles.clone(), in_profiles];
    for (name, paths) in taken {
        let profile = format!("{name}-profile");
        by_the_app["apps"][name]["without"] = json!(paths);
        by_a_block["profiles"][&profile]["environments"] = json!({ELSEWHERE: {"without": paths}});
        by_a_profile["apps"][name]["from"] = json!([profile, format!("{name}-less")]);
        by_a_profile["profiles"][format!("{name}-less")] = json!({"without": paths});
    }
    forms.push(one("taken away from a profile", by_the_app, Like::Base));
    forms.push(one("taken away in an environment of a profile", by_a_block, Like::Here));
    forms.push(one("taken away by a second profile", by_a_profile, Like::Base));
    forms
}
