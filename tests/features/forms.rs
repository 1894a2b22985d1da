//! A case -> every form in which a user could write the same platform.

use super::profiles::through_a_profile;
use crate::support::features::{Case, at, lay};
use crate::support::toml::toml;
use serde_json::{Map, Value, json};

/// The environment in which a block stands, and the one that must not hear of it.
pub(crate) const HERE: &str = "beta";
pub(crate) const ELSEWHERE: &str = "dev";

/// Cases without a form in TOML: it has no `null`.
pub(crate) const NO_TOML: [&str; 1] = ["additions/patch-that-removes"];

/// Cases in which an environment leaves or enters the address plan, which all of them share.
const PLANNED_TOGETHER: [&str; 6] =
    ["cloud/azure", "cloud/existing", "cloud/google", "cloud/kind", "network/on-premises-range", "network/reserved"];

/// Sections with fixed fields that may differ by environment.
const FIXED: [&str; 8] = ["access", "cloud", "cluster", "delivery", "network", "observability", "secrets", "vars"];

/// Sections whose entries may differ by environment.
const NAMED: [&str; 14] = [
    "addons",
    "apps",
    "buckets",
    "charts",
    "external",
    "manifests",
    "namespaces",
    "patches",
    "profiles",
    "stores",
    "teams",
    "terraform",
    "volumes",
    "waivers",
];

/// Maps of entries inside sections with fixed fields.
const INNER: [(&str, &str); 3] = [("access", "groups"), ("cluster", "pools"), ("network", "subnets")];

/// Sections that are the same in every environment, those with named entries second; a block in them is an unknown key.
const SAME: [&str; 1] = ["platform"];
const SAME_ENTRIES: [&str; 2] = ["environments", "regions"];

/// Fields that are the same in every environment: the section, and `*` for an entry.
const SAME_FIELDS: [(&[&str], &[&str]); 6] = [
    (&["cloud"], &["accounts", "state"]),
    (&["network"], &["cidr"]),
    (&["network", "subnets", "*"], &["renamed_from"]),
    (&["apps", "*"], &["from"]),
    (&["stores", "*"], &["from"]),
    (&["*", "*"], &["only", "renamed_from"]),
];

/// What a form must come to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Like {
    /// All files and manifests of the platform with the feature.
    Exactly,
    /// All of the platform with the feature.
    Feature,
    /// The platform with the feature in one environment, and without it in the other.
    Here,
    /// As `Here`, but the case changes something for every environment besides.
    HereAtLeast,
    /// The platform without the feature.
    Base,
    /// Errors of this code, and no others.
    Refused(&'static str),
}

/// One way to write a case.
pub(crate) struct Form {
    pub(crate) name: String,
    /// Names and texts.
    pub(crate) files: Vec<(String, String)>,
    /// What stands in them.
    pub(crate) tree: Value,
    pub(crate) like: Like,
}

fn yaml(tree: &Value) -> String {
    serde_yaml::to_string(tree).expect("YAML")
}

pub(crate) fn one(name: &str, tree: Value, like: Like) -> Form {
    Form { name: name.to_owned(), files: vec![("platform.yaml".to_owned(), yaml(&tree))], tree, like }
}

/// The platform without and with the feature, in one file of YAML.
pub(crate) fn plain(case: &Case) -> [Form; 2] {
    [one("base", case.base.clone(), Like::Exactly), one("YAML", case.whole(), Like::Exactly)]
}

/// The other forms.
pub(crate) fn forms(case: &Case) -> Vec<Form> {
    let mut forms = Vec::new();
    let whole = case.whole();
    if let Some(text) = toml(&whole) {
        let files = vec![("platform.toml".to_owned(), text)];
        forms.push(Form { name: "TOML".to_owned(), files, tree: whole.clone(), like: Like::Exactly });
    }
    forms.push(folder(case, &whole));
    let places = places(&case.feature);
    let inner: Vec<Place> = places.iter().flat_map(|place| innermost(place, &case.feature)).collect();
    forms.extend(under_environments(case, &places, "environments"));
    forms.extend(said_anew(case, &inner));
    forms.extend(over_the_defaults(case, &inner));
    if inner != places {
        forms.extend(under_environments(case, &inner, "environments of the entries inside"));
    }
    forms.extend(taken_away(case, &inner));
    forms.extend(through_a_profile(case));
    forms.extend(refused(case, &places));
    forms
}

/// Where a part of the feature stands, and whether it may stand in a block.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Place {
    path: Vec<String>,
    varies: bool,
}

pub(crate) fn keys(value: &Value) -> Vec<String> {
    value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

/// The outermost places that hold a block of their own.
fn places(feature: &Value) -> Vec<Place> {
    let mut places = Vec::new();
    for section in keys(feature) {
        let entries = |varies| keys(&feature[&section]).into_iter().map(move |name| (name, varies)).collect::<Vec<_>>();
        match section.as_str() {
            name if FIXED.contains(&name) => places.push(Place { path: vec![section], varies: true }),
            name if NAMED.contains(&name) || SAME_ENTRIES.contains(&name) => {
                let all = entries(NAMED.contains(&name));
                places.extend(all.into_iter().map(|(name, varies)| Place { path: vec![section.clone(), name], varies }));
            }
            _ => places.push(Place { path: vec![section], varies: false }),
        }
    }
    places
}

/// The entries inside a section, where the feature says nothing else of the section.
fn innermost(place: &Place, feature: &Value) -> Vec<Place> {
    let [section] = &place.path[..] else { return vec![place.clone()] };
    let Some((_, inner)) = INNER.iter().find(|(name, _)| name == section) else { return vec![place.clone()] };
    let content = &feature[section];
    if keys(content) != [*inner] {
        return vec![place.clone()];
    }
    let path = |entry| vec![section.clone(), inner.to_string(), entry];
    keys(&content[*inner]).into_iter().map(|entry| Place { path: path(entry), varies: true }).collect()
}

fn is_same(path: &[String], key: &str) -> bool {
    SAME_FIELDS.iter().any(|(pattern, fields)| {
        fields.contains(&key)
            && pattern.len() == path.len()
            && pattern.iter().zip(path).all(|(wanted, found)| *wanted == "*" || wanted == found)
    })
}

/// A fragment at its place.
pub(crate) fn put(tree: &mut Value, path: &[String], fragment: &Value) {
    let above = path.iter().rev().fold(fragment.clone(), |inner, key| json!({key: inner}));
    lay(tree, &above);
}

/// What of a fragment is the same everywhere, and what may differ.
pub(crate) fn split(path: &[String], fragment: &Value) -> (Map<String, Value>, Map<String, Value>) {
    let map = fragment.as_object().cloned().unwrap_or_default();
    map.into_iter().partition(|(key, _)| is_same(path, key))
}

/// The feature as blocks under the entries that it changes.
fn under_environments(case: &Case, places: &[Place], name: &str) -> Option<Form> {
    let mut tree = case.base.clone();
    let (mut moved, mut stayed) = (false, PLANNED_TOGETHER.contains(&case.name.as_str()));
    for place in places {
        let fragment = at(&case.feature, &place.path)?;
        if !place.varies {
            put(&mut tree, &place.path, fragment);
            stayed = true;
            continue;
        }
        let (same, free) = split(&place.path, fragment);
        stayed |= !same.is_empty();
        put(&mut tree, &place.path, &Value::Object(same));
        if !free.is_empty() {
            put(&mut tree, &place.path, &json!({"environments": {HERE: free}}));
            moved = true;
        }
    }
    moved.then(|| one(name, tree, if stayed { Like::HereAtLeast } else { Like::Here }))
}

/// The feature in a file of its own, in the other format.
fn folder(case: &Case, whole: &Value) -> Form {
    let mut rest = whole.as_object().cloned().unwrap_or_default();
    let mut own = Map::from_iter([("apiVersion".to_owned(), whole["apiVersion"].clone())]);
    for section in keys(&case.feature) {
        if NAMED.contains(&section.as_str()) || SAME_ENTRIES.contains(&section.as_str()) || section == "vars" {
            let Some(all) = rest.get_mut(&section).and_then(Value::as_object_mut) else { continue };
            let moved = keys(&case.feature[&section]).into_iter().filter_map(|name| all.shift_remove_entry(&name)).collect();
            if all.is_empty() {
                rest.shift_remove(&section);
            }
            own.insert(section, Value::Object(moved));
        } else {
            own.extend(rest.shift_remove_entry(&section));
        }
    }
    let own = Value::Object(own);
    // Its name comes last, so that the environments keep their order.
    let feature = match toml(&own) {
        Some(text) => ("z.toml".to_owned(), text),
        None => ("z.yml".to_owned(), yaml(&own)),
    };
    let files = vec![("platform.yaml".to_owned(), yaml(&Value::Object(rest))), feature];
    Form { name: "a folder".to_owned(), files, tree: whole.clone(), like: Like::Feature }
}

/// The feature taken away again in one environment, where all of it is new.
fn taken_away(case: &Case, places: &[Place]) -> Option<Form> {
    let mut tree = case.whole();
    for place in places.iter().map(|place| place.varies.then_some(place)) {
        let path = &place?.path;
        put(&mut tree, path, &json!({"environments": {ELSEWHERE: {"without": added(case, path)?}}}));
    }
    let together = PLANNED_TOGETHER.contains(&case.name.as_str());
    (!together).then(|| one("taken away in an environment", tree, Like::Here))
}

/// Blocks that take away what they say anew.
fn said_anew(case: &Case, places: &[Place]) -> Option<Form> {
    let mut tree = case.base.clone();
    for place in places.iter().map(|place| place.varies.then_some(place)) {
        let path = &place?.path;
        let (known, _) = changes(case, path, true)?;
        let mut block = at(&case.feature, path)?.clone();
        put(&mut block, &[], &json!({"without": known}));
        put(&mut tree, path, &json!({"environments": {HERE: block}}));
    }
    let together = PLANNED_TOGETHER.contains(&case.name.as_str());
    (!together).then(|| one("taken away and said anew in an environment", tree, Like::Here))
}

/// Sections and entries that take away the defaults that they say anew.
fn over_the_defaults(case: &Case, places: &[Place]) -> Option<Form> {
    let mut tree = case.whole();
    let mut some = false;
    for place in places.iter().filter(|place| place.varies) {
        let (known, _) = changes(case, &place.path, false)?;
        if !known.is_empty() {
            put(&mut tree, &place.path, &json!({"without": known}));
            some = true;
        }
    }
    some.then(|| one("defaults taken away", tree, Like::Feature))
}

/// The paths that a feature adds at a place; none where it changes what was there.
pub(crate) fn added(case: &Case, path: &[String]) -> Option<Vec<String>> {
    let (known, fresh) = changes(case, path, true)?;
    (known.is_empty() && !fresh.is_empty()).then_some(fresh)
}

/// What a feature says at a place: the paths that have a value below already, by default or (with `base`) in the base, and those that are new. With `base`, for
/// a block, none where it says what is the same everywhere.
fn changes(case: &Case, path: &[String], base: bool) -> Option<(Vec<String>, Vec<String>)> {
    let defaults: Value = serde_yaml::from_str(platgen::spec::DEFAULTS).expect("the defaults");
    let default = path.iter().try_fold(&defaults, |value, key| value.get(key).or_else(|| value.get("*")));
    let fragment = at(&case.feature, path)?;
    let mut paths = (Vec::new(), Vec::new());
    collect(fragment, base.then(|| at(&case.base, path)).flatten(), default, "", &mut paths);
    (!base || fragment.as_object()?.keys().all(|key| !is_same(path, key))).then_some(paths)
}

fn collect(fragment: &Value, base: Option<&Value>, default: Option<&Value>, prefix: &str, paths: &mut (Vec<String>, Vec<String>)) {
    for (key, value) in fragment.as_object().into_iter().flatten() {
        let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-/".contains(&byte));
        let path = if plain { format!("{prefix}{key}") } else { format!("{prefix}\"{key}\"") };
        match (base.and_then(|below| below.get(key)), default.and_then(|below| below.get(key))) {
            (None, None) => paths.1.push(path),
            (base, default) if value.is_object() && base.or(default).is_some_and(Value::is_object) => {
                collect(value, base, default, &format!("{path}."), paths);
            }
            _ => paths.0.push(path),
        }
    }
}

/// Blocks where none may stand.
fn refused(case: &Case, places: &[Place]) -> Vec<Form> {
    let mut forms = Vec::new();
    for place in places {
        let mut refuse = |fragment: Value, code| {
            let mut tree = case.base.clone();
            put(&mut tree, &place.path, &json!({"environments": {HERE: fragment}}));
            forms.push(one(&format!("a block in {}", place.path.join(".")), tree, Like::Refused(code)));
        };
        let Some(fragment) = at(&case.feature, &place.path) else { continue };
        if place.varies {
            let (same, _) = split(&place.path, fragment);
            if !same.is_empty() {
                refuse(Value::Object(same), "fixed-field");
            }
        } else if SAME.contains(&place.path[0].as_str()) || SAME_ENTRIES.contains(&place.path[0].as_str()) {
            refuse(fragment.clone(), "unknown-key");
        }
    }
    forms
}
