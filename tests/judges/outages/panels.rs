//! A dashboard and what its queries found -> a picture as Grafana would show it, near enough to see what each panel is for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::super::judge::{list, words};

/// A series: its name, and its value at each moment.
pub struct Line {
    pub legend: String,
    pub points: Vec<Option<f64>>,
}

/// Pixels: of a column and a row of Grafana's grid, between panels, around what they hold, and above all of them.
const COLUMN: f64 = 50.0;
const ROW: f64 = 32.0;
const GAP: f64 = 8.0;
const INSIDE: f64 = 12.0;
const HEAD: f64 = 56.0;

/// The width of a character of a title and of a legend, about.
const TITLE: f64 = 7.7;
const SMALL: f64 = 6.7;

/// The colours of lines, which are seen on light and on dark.
const LINES: [&str; 8] = ["#3b82f6", "#f59e0b", "#10b981", "#ef4444", "#8b5cf6", "#06b6d4", "#ec4899", "#84cc16"];

/// The styles on a light and on a dark page. `g`, `y` and `r` are the colours of limits.
const LIGHT: &str = ".back{fill:#f4f5f7}.box{fill:#fff;stroke:#d8dade}text{fill:#24292e}.dim{fill:#6b7280}.grid{stroke:#e3e5e9}.rest{fill:#eceef1}\
    .g{fill:#1a7f37}.y{fill:#b7791f}.r{fill:#c53030}.ly{stroke:#b7791f}.lr{stroke:#c53030}.lg{stroke:#1a7f37}";
const DARK: &str = ".back{fill:#111217}.box{fill:#181b1f;stroke:#2c3038}text{fill:#d8d9da}.dim{fill:#8e9299}.grid{stroke:#2c3038}.rest{fill:#22252b}\
    .g{fill:#73bf69}.y{fill:#e3b341}.r{fill:#f2495c}.ly{stroke:#e3b341}.lr{stroke:#f2495c}.lg{stroke:#73bf69}";

/// A place on the picture.
#[derive(Clone, Copy)]
struct Area {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// The picture of a dashboard. `lines` has those of each panel by its number; the first time is an hour of the day, and then how many are shown.
pub fn picture(dashboard: &Value, choices: &[String], lines: &BTreeMap<u64, Vec<Line>>, (from, hours): (u32, u32)) -> String {
    let panels = list(&dashboard["panels"]);
    let at = |panel: &Value, key: &str| panel["gridPos"][key].as_f64().unwrap_or_default();
    let rows = panels.iter().map(|panel| at(panel, "y") + at(panel, "h")).fold(0.0, f64::max);
    let (width, height) = (24.0 * COLUMN + GAP, HEAD + rows * ROW + GAP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <style>text{{font:12px system-ui,-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif}}.t{{font-size:13px;font-weight:600}}.h{{font-size:18px;font-weight:600}}\
         .n{{font-size:36px;font-weight:600;text-anchor:middle}}.s{{font-size:11px}}.m{{text-anchor:middle}}.e{{text-anchor:end}}\
         .l{{fill:none;stroke-width:1.5;stroke-linejoin:round}}{LIGHT}\n\
         @media(prefers-color-scheme:dark){{{DARK}}}</style>\n\
         <title>{}: {}</title>\n<rect class=\"back\" width=\"{width}\" height=\"{height}\"/>\n",
        escaped(&words(&dashboard["title"])),
        escaped(&words(&dashboard["description"])),
    );
    text(&mut svg, GAP + 4.0, 24.0, "h", &words(&dashboard["title"]));
    text(&mut svg, GAP + 4.0, 44.0, "s dim", &words(&dashboard["description"]));
    text(&mut svg, width - GAP - 4.0, 24.0, "s e", &choices.join("   "));
    for panel in panels {
        let area = Area {
            x: GAP + at(panel, "x") * COLUMN,
            y: HEAD + at(panel, "y") * ROW,
            width: at(panel, "w") * COLUMN - GAP,
            height: at(panel, "h") * ROW - GAP,
        };
        if panel["type"] == "row" {
            text(&mut svg, area.x + 4.0, area.y + 18.0, "t", &format!("⌄ {}", words(&panel["title"])));
            continue;
        }
        let Area { x, y, width, height } = area;
        let _ = writeln!(svg, "<rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"3\"/>");
        title(&mut svg, x + INSIDE, y + 20.0, width - 2.0 * INSIDE, &words(&panel["title"]));
        let inside = Area { x: x + INSIDE, y: y + 30.0, width: width - 2.0 * INSIDE, height: height - 30.0 - INSIDE / 2.0 };
        let all = panel["id"].as_u64().and_then(|id| lines.get(&id)).map_or(&[][..], Vec::as_slice);
        if all.is_empty() {
            text(&mut svg, x + width / 2.0, y + height / 2.0 + 8.0, "dim m", "No data");
            continue;
        }
        let defaults = &panel["fieldConfig"]["defaults"];
        match panel["type"].as_str() {
            Some("stat") => number(&mut svg, inside, all, defaults),
            Some("bargauge") => bars(&mut svg, inside, all, defaults),
            _ => graph(&mut svg, inside, all, defaults, (from, hours)),
        }
    }
    svg + "</svg>\n"
}

/// The title of a panel: a long one is squeezed, and a longer one cut.
fn title(svg: &mut String, x: f64, y: f64, room: f64, title: &str) {
    if title.chars().count() as f64 * TITLE <= room {
        return text(svg, x, y, "t", title);
    }
    let title = escaped(&short(title, room, TITLE * 0.85));
    let (x, y) = (px(x), px(y));
    let _ =
        writeln!(svg, "<text class=\"t\" x=\"{x}\" y=\"{y}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\">{title}</text>", px(room));
}

/// The last value, large.
fn number(svg: &mut String, area: Area, lines: &[Line], defaults: &Value) {
    let value = last(&lines[0]);
    let class = format!("n {}", colour(defaults, value));
    text(svg, area.x + area.width / 2.0, area.y + area.height / 2.0 + 12.0, &class, &said(&words(&defaults["unit"]), value));
}

/// The last value of each series as a bar.
fn bars(svg: &mut String, area: Area, lines: &[Line], defaults: &Value) {
    let unit = words(&defaults["unit"]);
    let least = if unit == "percentunit" { 1.0 } else { 0.0 };
    let most = lines.iter().map(last).fold(least, f64::max);
    let names =
        (lines.iter().map(|line| line.legend.chars().count()).max().unwrap_or_default() as f64 * SMALL + 12.0).min(area.width * 0.4);
    let step = (area.height / lines.len() as f64).min(34.0);
    for (number, line) in lines.iter().enumerate() {
        let (value, y) = (last(line), area.y + number as f64 * step);
        let (x, full) = (area.x + names, area.width - names - 64.0);
        let part = (full * value / most).clamp(0.0, full);
        let class = colour(defaults, value);
        text(svg, area.x, y + step / 2.0 + 4.0, "s", &short(&line.legend, names, SMALL));
        let bar = |class: &str, width: f64| {
            format!(
                "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"2\"/>\n",
                px(x),
                px(y + 4.0),
                px(width),
                px(step - 8.0)
            )
        };
        *svg += &(bar("rest", full) + &bar(class, part));
        text(svg, area.x + area.width, y + step / 2.0 + 4.0, &format!("{class} e"), &said(&unit, value));
    }
}

/// Lines over time, or lines that add up, with the legend below them.
fn graph(svg: &mut String, area: Area, lines: &[Line], defaults: &Value, (from, hours): (u32, u32)) {
    let unit = words(&defaults["unit"]);
    let stacked = defaults["custom"]["stacking"]["mode"] == "normal";
    let points = lines[0].points.len();
    let mut below = vec![0.0; points];
    let heights: Vec<Vec<Option<f64>>> = lines
        .iter()
        .map(|line| {
            if !stacked {
                return line.points.clone();
            }
            line.points
                .iter()
                .zip(&mut below)
                .map(|(value, below)| {
                    *below += value.unwrap_or_default();
                    Some(*below)
                })
                .collect()
        })
        .collect();
    let most = heights.iter().flatten().flatten().copied().fold(0.0, f64::max);
    let step = step(&unit, if most > 0.0 { most } else { 1.0 });
    let top = ((if most > 0.0 { most } else { 1.0 }) / step).ceil() * step;
    let (rows, hidden) = legend(lines, area.width);
    let below = rows.len() as f64 * 16.0 + 18.0;
    let plot = Area { x: area.x + 52.0, y: area.y + 4.0, width: area.width - 68.0, height: area.height - below - 6.0 };
    let x = |at: f64| plot.x + plot.width * at;
    let y = |value: f64| plot.y + plot.height * (1.0 - value.clamp(0.0, top) / top);
    for tick in 0..=(top / step).round() as u32 {
        let value = f64::from(tick) * step;
        let _ = writeln!(svg, "<path class=\"grid\" d=\"M{} {}h{}\"/>", px(plot.x), px(y(value)), px(plot.width));
        text(svg, plot.x - 6.0, y(value) + 4.0, "s dim e", &said(&unit, value));
    }
    for hour in 0..=hours {
        let time = (from + hour) % 24;
        text(svg, x(f64::from(hour) / f64::from(hours)), plot.y + plot.height + 15.0, "s dim m", &format!("{time:02}:00"));
    }
    if defaults["custom"]["thresholdsStyle"]["mode"] == "line" {
        for limit in list(&defaults["thresholds"]["steps"]) {
            let (Some(value), Some(name)) = (limit["value"].as_f64().filter(|value| *value <= top), limit["color"].as_str()) else {
                continue;
            };
            let class = &name[..1];
            let _ = writeln!(
                svg,
                "<path class=\"l l{class}\" stroke-dasharray=\"6 4\" d=\"M{} {}h{}\"/>",
                px(plot.x),
                px(y(value)),
                px(plot.width)
            );
        }
    }
    let at = |number: usize| x(number as f64 / (points - 1) as f64);
    for (number, heights) in heights.iter().enumerate() {
        let colour = LINES[number % LINES.len()];
        let mut path = String::new();
        let mut drawing = false;
        for (point, height) in heights.iter().enumerate() {
            if let Some(height) = height {
                let _ = write!(path, "{}{} {}", if drawing { 'L' } else { 'M' }, px(at(point)), px(y(*height)));
                // A value alone is a dot.
                if !drawing && heights.get(point + 1).is_none_or(Option::is_none) {
                    path += "h1";
                }
            }
            drawing = height.is_some();
        }
        if stacked {
            let base = |point: usize| if number == 0 { y(0.0) } else { y(heights_of(lines, number - 1, point)) };
            let floor: String = (0..points).rev().map(|point| format!("L{} {}", px(at(point)), px(base(point)))).collect();
            let _ = writeln!(svg, "<path fill=\"{colour}\" fill-opacity=\".3\" d=\"{path}{floor}z\"/>");
        }
        let _ = writeln!(svg, "<path class=\"l\" stroke=\"{colour}\" d=\"{path}\"/>");
    }
    let mut y = plot.y + plot.height + 34.0;
    for row in &rows {
        let mut x = area.x;
        for number in row {
            let colour = LINES[number % LINES.len()];
            let _ = writeln!(svg, "<path class=\"l\" stroke=\"{colour}\" stroke-width=\"3\" d=\"M{} {}h12\"/>", px(x), px(y - 4.0));
            text(svg, x + 16.0, y, "s", &lines[*number].legend);
            x += entry(&lines[*number]);
        }
        if hidden > 0 && std::ptr::eq(row, &rows[rows.len() - 1]) {
            text(svg, x, y, "s dim", &format!("and {hidden} more"));
        }
        y += 16.0;
    }
}

/// The height of a stack up to a line.
fn heights_of(lines: &[Line], number: usize, point: usize) -> f64 {
    lines[..=number].iter().filter_map(|line| line.points[point]).sum()
}

/// The width of an entry of a legend.
fn entry(line: &Line) -> f64 {
    line.legend.chars().count() as f64 * SMALL + 30.0
}

/// The lines in each of two rows of a legend, and how many have no room there.
fn legend(lines: &[Line], width: f64) -> (Vec<Vec<usize>>, usize) {
    let mut rows: Vec<Vec<usize>> = vec![Vec::new()];
    let mut used = 0.0;
    for (number, line) in lines.iter().enumerate() {
        let room = if rows.len() == 2 && number + 1 < lines.len() { width - 80.0 } else { width };
        if used + entry(line) > room && used > 0.0 {
            if rows.len() == 2 {
                return (rows, lines.len() - number);
            }
            rows.push(Vec::new());
            used = 0.0;
        }
        used += entry(line);
        rows.last_mut().expect("a row").push(number);
    }
    (rows, 0)
}

/// The last value of a line.
fn last(line: &Line) -> f64 {
    line.points.iter().rev().flatten().next().copied().unwrap_or_default()
}

/// The class of a value's colour: that of the last limit that it reaches.
fn colour(defaults: &Value, value: f64) -> &'static str {
    let reached = |limit: &&Value| limit["value"].as_f64().is_none_or(|from| value >= from);
    match list(&defaults["thresholds"]["steps"]).iter().rfind(reached).and_then(|limit| limit["color"].as_str()) {
        Some("red") => "r",
        Some("yellow") => "y",
        _ => "g",
    }
}

/// The distance of lines of a grid, up to five of them.
fn step(unit: &str, most: f64) -> f64 {
    let (unit, base) = match unit {
        "bytes" => (1024_f64.powf(most.log(1024.0).floor()), 10.0_f64),
        "s" if most >= 172_800.0 => (86_400.0, 10.0),
        "s" if most >= 3600.0 => (3600.0, 10.0),
        "s" if most >= 60.0 => (60.0, 10.0),
        _ => (1.0, 10.0),
    };
    let rough = most / unit / 4.0;
    let power = base.powf(rough.log10().floor());
    let nice = [1.0, 2.0, 5.0, 10.0].into_iter().find(|nice| nice * power >= rough * 0.999).unwrap_or(10.0);
    nice * power * unit
}

/// A value with its unit.
fn said(unit: &str, value: f64) -> String {
    let scaled = |base: f64, names: &[&str]| {
        let mut value = value;
        let mut at = 0;
        while value.abs() >= base && at + 1 < names.len() {
            value /= base;
            at += 1;
        }
        format!("{}{}", digits(value), names[at])
    };
    match unit {
        "percentunit" => format!("{}%", digits(value * 100.0)),
        "bytes" => scaled(1024.0, &[" B", " KiB", " MiB", " GiB", " TiB"]),
        "reqps" => scaled(1000.0, &[" req/s", "K req/s"]),
        "ops" => scaled(1000.0, &[" ops/s", "K ops/s"]),
        "ms" if value >= 1000.0 => format!("{} s", digits(value / 1000.0)),
        "ms" => format!("{} ms", digits(value)),
        "s" if value >= 86_400.0 => format!("{} days", digits(value / 86_400.0)),
        "s" if value >= 3600.0 => format!("{} h", digits(value / 3600.0)),
        "s" if value >= 60.0 => format!("{} min", digits(value / 60.0)),
        "s" if value > 0.0 && value < 1.0 => format!("{} ms", digits(value * 1000.0)),
        "s" => format!("{} s", digits(value)),
        _ => scaled(1000.0, &["", "K", "M", "G"]),
    }
}

/// A number with three digits.
fn digits(value: f64) -> String {
    let places = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.places$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A text that fits into a width.
fn short(text: &str, width: f64, character: f64) -> String {
    let room = (width / character) as usize;
    if text.chars().count() <= room { text.to_owned() } else { text.chars().take(room.saturating_sub(1)).chain(['…']).collect() }
}

/// A length with one decimal.
fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, text: &str) {
    let _ = writeln!(svg, "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>", px(x), px(y), escaped(text));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
