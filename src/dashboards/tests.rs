use super::{ALL, Dashboard};
use serde_json::Value;
use std::collections::BTreeSet;

fn read(dashboard: &Dashboard) -> Value {
    serde_json::from_str(&dashboard.json()).expect("JSON")
}

/// The fields of the grid that a panel covers.
fn fields(panel: &Value) -> impl Iterator<Item = (u64, u64)> {
    let at = |key: &str| panel["gridPos"][key].as_u64().expect("a number");
    let (x, y, width, height) = (at("x"), at("y"), at("w"), at("h"));
    (x..x + width).flat_map(move |x| (y..y + height).map(move |y| (x, y)))
}

/// Panels stand beside each other and on none of the others, within the width of a dashboard; numbers and letters are said once.
#[test]
fn panels_have_places_of_their_own() {
    for dashboard in ALL {
        let value = read(dashboard);
        let (mut taken, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for panel in value["panels"].as_array().expect("panels") {
            assert!(ids.insert(panel["id"].as_u64()), "{}: {panel}", dashboard.uid);
            for field in fields(panel) {
                assert!(field.0 < 24 && taken.insert(field), "{}: {} at {field:?}", dashboard.uid, panel["title"]);
            }
        }
    }
}

/// Every variable of an expression is one of the dashboard or of Grafana, and every variable is used.
#[test]
fn variables_are_declared_and_used() {
    for dashboard in ALL {
        let text: String = dashboard.expressions().collect();
        let word = |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
        let used: BTreeSet<String> = text.split('$').skip(1).map(word).filter(|name| !name.starts_with("__") && *name != "1").collect();
        let declared: BTreeSet<String> = dashboard.variables.iter().map(|variable| variable.name.to_owned()).collect();
        assert_eq!(used, declared, "{}", dashboard.uid);
    }
}

/// Grafana takes names of up to 40 characters; the API server takes a ConfigMap of up to a megabyte.
#[test]
fn names_and_sizes_are_allowed() {
    let names: BTreeSet<&str> = ALL.iter().map(|dashboard| dashboard.uid).collect();
    assert_eq!(names.len(), ALL.len());
    for dashboard in ALL {
        assert!(dashboard.uid.len() <= 40 && dashboard.json().len() < 200_000, "{}", dashboard.uid);
        assert_eq!(read(dashboard).get("id"), None, "the number of a dashboard is that of one Grafana");
    }
}
