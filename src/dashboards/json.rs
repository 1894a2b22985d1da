//! A dashboard -> the JSON of Grafana: version 42 of its schema, which Grafana 12 and 13 read (grafana/grafana, apps/dashboard/pkg/migration).

use super::{Dashboard, Panel, Row, Shape, Variable};
use serde_json::{Map, Value, json};

/// The version of the schema.
const SCHEMA: u32 = 42;

/// The width of a dashboard in units of its grid.
const WIDTH: u8 = 24;

/// How long a line of the text may be before a list or a map stands on several lines.
const LINE: usize = 160;

/// The data source: each dashboard has a variable of that name, so that it works with any Prometheus.
fn source() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

/// The text of a dashboard.
pub(super) fn text(dashboard: &Dashboard) -> String {
    let value = json!({
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.about,
        "tags": ["platgen"],
        "schemaVersion": SCHEMA,
        "editable": false,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "links": [{"title": "Dashboards", "type": "dashboards", "tags": ["platgen"], "asDropdown": true, "includeVars": true, "keepTime": true}],
        "templating": {"list": variables(dashboard.variables)},
        "panels": panels(dashboard.rows),
    });
    let mut text = String::new();
    print(&value, 0, &mut text);
    text.push('\n');
    text
}

fn variables(variables: &[Variable]) -> Vec<Value> {
    let source_of_data = json!({"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0});
    let mut chosen: Vec<String> = Vec::new();
    let mut all = vec![source_of_data];
    for Variable { name, series, only } in variables {
        // A later choice is one of what the earlier ones leave.
        let matchers: Vec<&str> = chosen.iter().map(String::as_str).chain(Some(*only)).filter(|matcher| !matcher.is_empty()).collect();
        let selector = if matchers.is_empty() { (*series).to_owned() } else { format!("{series}{{{}}}", matchers.join(",")) };
        let query = format!("label_values({selector}, {name})");
        all.push(json!({
            "name": name,
            "label": capital(name),
            "type": "query",
            "datasource": source(),
            "query": {"query": query, "refId": "StandardVariableQuery"},
            "refresh": 2,
            "sort": 1,
        }));
        chosen.push(format!("{name}=\"${name}\""));
    }
    all
}

/// A name with a capital letter.
fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The panels, each group below a line with its title, from left to right and from top to bottom.
fn panels(rows: &[Row]) -> Vec<Value> {
    let (mut all, mut y) = (Vec::new(), 0);
    for row in rows {
        let id = all.len() + 1;
        all.push(json!({"id": id, "type": "row", "title": row.title, "collapsed": false, "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": y}, "panels": []}));
        y += 1;
        let (mut x, mut height) = (0, 0);
        for panel in row.panels {
            if x + panel.width > WIDTH {
                (x, y, height) = (0, y + height, 0);
            }
            let id = all.len() + 1;
            all.push(of_panel(panel, id, (x, y)));
            height = height.max(panel.shape.height());
            x += panel.width;
        }
        y += height;
    }
    all
}

impl Shape {
    fn height(self) -> u32 {
        match self {
            Shape::Number => 4,
            Shape::Bars | Shape::Lines | Shape::Stack => 8,
        }
    }

    /// The plugin that draws it.
    fn plugin(self) -> &'static str {
        match self {
            Shape::Number => "stat",
            Shape::Bars => "bargauge",
            Shape::Lines | Shape::Stack => "timeseries",
        }
    }

    /// Whether the last value is all that is asked for.
    fn is_instant(self) -> bool {
        matches!(self, Shape::Number | Shape::Bars)
    }
}

fn of_panel(panel: &Panel, id: usize, (x, y): (u8, u32)) -> Value {
    let shape = panel.shape;
    let mut defaults = json!({"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps(panel.limits)}});
    if !shape.is_instant() {
        defaults["min"] = json!(0);
        let mode = if shape == Shape::Stack { "normal" } else { "none" };
        let fill = if shape == Shape::Stack { 30 } else { 0 };
        let style = if panel.limits.is_some() { "line" } else { "off" };
        defaults["custom"] = json!({
            "fillOpacity": fill, "showPoints": "never", "stacking": {"mode": mode, "group": "A"}, "thresholdsStyle": {"mode": style},
        });
    }
    let reduced = json!({"calcs": ["lastNotNull"], "fields": "", "values": false});
    let options = match shape {
        Shape::Number => json!({"reduceOptions": reduced, "colorMode": "value", "graphMode": "none", "textMode": "auto"}),
        Shape::Bars => json!({"reduceOptions": reduced, "orientation": "horizontal", "displayMode": "basic"}),
        Shape::Lines | Shape::Stack => json!({
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": true},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }),
    };
    let letters = 'A'..='Z';
    let target = |(letter, (expr, legend)): (char, &(&str, &str))| {
        let way = if shape.is_instant() { "instant" } else { "range" };
        json!({"refId": letter.to_string(), "expr": one_line(expr), "legendFormat": legend, way: true})
    };
    let mut all = Map::new();
    let mut set = |key: &str, value: Value| drop(all.insert(key.to_owned(), value));
    set("id", json!(id));
    set("type", json!(shape.plugin()));
    set("title", json!(panel.title));
    if !panel.about.is_empty() {
        set("description", json!(panel.about));
    }
    set("gridPos", json!({"h": shape.height(), "w": panel.width, "x": x, "y": y}));
    set("datasource", source());
    set("fieldConfig", json!({"defaults": defaults, "overrides": []}));
    set("options", options);
    set("targets", letters.zip(panel.queries).map(target).collect());
    Value::Object(all)
}

/// The colours: green, from the first limit on yellow, from the second on red; with descending limits red below the second, yellow below the first.
fn steps(limits: Option<(f64, f64)>) -> Vec<Value> {
    let step = |color: &str, value: Option<f64>| json!({"color": color, "value": value});
    match limits {
        None => vec![step("green", None)],
        Some((yellow, red)) if yellow <= red => vec![step("green", None), step("yellow", Some(yellow)), step("red", Some(red))],
        Some((yellow, red)) => vec![step("red", None), step("yellow", Some(red)), step("green", Some(yellow))],
    }
}

/// An expression whose runs of blanks and newlines are one blank.
fn one_line(expr: &str) -> String {
    expr.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Prints a value: what fits into a line stands on one.
fn print(value: &Value, depth: usize, text: &mut String) {
    let whole = value.to_string();
    let indent = "  ".repeat(depth + 1);
    if depth > 0 && whole.len() <= LINE {
        text.push_str(&whole);
        return;
    }
    let (open, close, items): (char, char, Vec<(Option<&String>, &Value)>) = match value {
        Value::Object(map) => ('{', '}', map.iter().map(|(key, value)| (Some(key), value)).collect()),
        Value::Array(list) => ('[', ']', list.iter().map(|value| (None, value)).collect()),
        _ => return text.push_str(&whole),
    };
    text.push(open);
    for (number, (key, value)) in items.into_iter().enumerate() {
        text.push_str(if number > 0 { ",\n" } else { "\n" });
        text.push_str(&indent);
        if let Some(key) = key {
            text.push_str(&format!("{}: ", Value::String(key.clone())));
        }
        print(value, depth + 1, text);
    }
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
    text.push(close);
}
