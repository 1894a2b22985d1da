//! Outages, played: what the rules, the receivers and the dashboards of a rendered region make of an exporter of the test that plays the region, on a healthy
//! day and with outages. `live` has a real Prometheus and a real Alertmanager, `evening` has promtool play a day and an evening, and draws the dashboards.

mod addons;
mod evening;
mod live;
mod panels;
mod play;
mod servers;
mod usage;
mod world;

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Completion, Failed, Trial};
use serde_json::{Value, json};

use super::alertmanager::configs;
use super::judge::{fetched, list, say, words};
use super::trees::folder;
use crate::support::platgen;

/// The trials of this module.
pub fn trials(required: bool) -> Vec<Trial> {
    let trial = |name: &str, programs: &'static [&'static str], run: fn(&[PathBuf]) -> Result<(), String>| {
        Trial::ignorable_test(format!("judges::outages/{name}"), move || {
            let found: Result<Vec<PathBuf>, String> =
                programs.iter().map(|name| fetched(name, &["--version"]).map(|program| program.path)).collect();
            match found {
                Err(missing) if required => Err(missing.into()),
                Err(missing) => Ok(Completion::ignored_with(missing)),
                Ok(found) => run(&found).map(|()| Completion::Completed).map_err(Failed::from),
            }
        })
    };
    vec![
        trial("reach_their_receivers", &["prometheus", "alertmanager", "promtool"], live::played),
        trial("a_healthy_day_is_silent_and_dashboards_show_an_evening", &["promtool"], |programs| evening::played(&programs[0])),
    ]
}

/// A rendered region.
struct Region {
    groups: Vec<Value>,
    configs: Vec<Value>,
    dashboards: Vec<Value>,
    labels: Value,
}

impl Region {
    /// Renders `platform.yaml`.
    fn render() -> Result<Region, String> {
        let keep = folder()?;
        fs::write(keep.path().join("platform.yaml"), include_str!("platform.yaml")).map_err(|error| error.to_string())?;
        say(platgen().current_dir(keep.path()).args(["--quiet", "render", "."]), &[0])?;
        let folder = keep.path().join("deploy/kubernetes/production/eu-west-1");
        let rules = documents(&folder.join("monitoring/rules.yaml"))?;
        let groups = rules.iter().flat_map(|rule| list(&rule["spec"]["groups"]).to_vec()).collect();
        let text = fs::read_to_string(folder.join("monitoring/alerts.yaml")).map_err(|error| error.to_string())?;
        let mut configs = configs(&text)?;
        configs.sort_by_key(|config| words(&config["metadata"]["name"]));
        let mut dashboards = Vec::new();
        for map in documents(&folder.join("monitoring/dashboards.yaml"))? {
            for text in map["data"].as_object().into_iter().flat_map(|data| data.values()).filter_map(Value::as_str) {
                dashboards.push(super::judge::json(text)?);
            }
        }
        let values = documents(&folder.join("addons/kube-prometheus-stack.yaml"))?;
        let labels = values.first().map(|values| values["prometheus"]["prometheusSpec"]["externalLabels"].clone()).unwrap_or_default();
        if labels != json!({"platform": "market", "environment": "production", "region": "eu-west-1"}) {
            return Err(format!("the labels of the region are {labels}"));
        }
        Ok(Region { groups, configs, dashboards, labels })
    }

    /// The panels of its dashboards that ask something, each with the name of its dashboard.
    fn panels(&self) -> impl Iterator<Item = (String, &Value)> {
        let of = |dashboard: &Value| words(&dashboard["uid"]);
        self.dashboards.iter().flat_map(move |one| list(&one["panels"]).iter().map(move |panel| (of(one), panel)))
    }
}

fn documents(path: &Path) -> Result<Vec<Value>, String> {
    use serde::Deserialize;
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    yaml_serde::Deserializer::from_str(&text).map(|one| Value::deserialize(one).map_err(|error| error.to_string())).collect()
}

/// What a person chose on a dashboard. Grafana's own variable is five minutes at least.
fn chosen(dashboard: &str, expr: &str) -> String {
    let workload = match dashboard {
        "platgen-postgres" => "orders",
        "platgen-rabbitmq" => "events",
        _ => "web",
    };
    expr.replace("$namespace", "shop").replace("$workload", workload).replace("$__rate_interval", "5m")
}
