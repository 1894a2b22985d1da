//! Pictures of what the program prints, for the README: `docs/*.svg`. Each is held against what the program prints today;
//! `PLATGEN_PICTURES=write cargo test --test integration acceptance::pictures` draws them anew.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use super::program::{Project, copy, root, specs};
use crate::support::program;

/// The size of a character, and the space around the text, in pixels.
const CHARACTER: (usize, usize) = (8, 18);
const MARGIN: usize = 16;

/// What a terminal calls a colour, the class of its text, and the colour on a light and on a dark page.
const COLOURS: [(u8, &str, &str, &str); 6] = [
    (1, "r", "#b3261e", "#ff7b72"),
    (2, "g", "#1a7f37", "#56d364"),
    (3, "y", "#8a5a00", "#e3b341"),
    (4, "b", "#0550ae", "#79c0ff"),
    (5, "m", "#8250df", "#d2a8ff"),
    (6, "c", "#0b6e7f", "#56d4dd"),
];

/// A spec with a fault of each main kind.
const FAULTS: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: existing}
regions: {here: {zones: 3}}
environments: {production: {regions: [here], protected: true}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces:
  shop: {owner: sre, quota: {cpu: 600m}}
apps:
  cart:
    image: registry.example/cart:v1.4.2
    port: 7070
    probes: {ready: {grpc: ""}}
    scale: {replicas: 6}
    resources: {cpu: 100m, memory: 64Mi}
  web:
    image: registry.example/web:v2
    port: 8080
    probes: {redy: /healthz}
    resources: {cpu: 100m, memory: 64Mi}
    config:
      CART: "${app/crat.address}"
"#;

/// A spec whose number of pods goes to an autoscaler.
const SCALED: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: existing}
regions: {here: {zones: 3}}
environments: {production: {regions: [here], protected: true}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
apps:
  web:
    image: registry.example/web:v2
    port: 8080
    probes: {ready: /healthz}
    scale: {replicas: 6}
"#;

/// A spec of two environments that differ.
const MIXED_UP: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: existing}
regions: {here: {zones: 3}}
environments: {beta: {regions: [here]}, production: {regions: [here], protected: true}}
cluster: {guard: {none: the clusters are shared}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
apps:
  web:
    image: registry.example/web:v2
    port: 8080
    probes: {ready: /healthz}
    config: {PAYMENTS: sandbox}
    environments: {production: {config: {PAYMENTS: live}}}
"#;

/// Manifests of an environment that nobody rendered: its values are the address of the database and whether mails are sent.
const OLD_STYLE: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {DB_HOST: orders.ENVIRONMENT.example, MAIL: "SENDS"}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "registry.example/web:v1", envFrom: [{configMapRef: {name: settings}}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: mailer, namespace: shop}
spec:
  selector: {matchLabels: {app: mailer}}
  template:
    metadata: {labels: {app: mailer}}
    spec:
      containers: [{name: main, image: "registry.example/mailer:v1", volumeMounts: [{name: settings, mountPath: /etc/mailer}]}]
      volumes: [{name: settings, configMap: {name: settings}}]
"#;

/// A spec whose cache has one pod.
const CACHED: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: existing}
regions: {here: {zones: 3}}
environments: {production: {regions: [here], protected: true}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
apps:
  web:
    image: registry.example/web:v2
    port: 8080
    probes: {ready: /healthz}
    expose: "@"
    needs: [app/cart]
    scale: {replicas: 6}
  cart:
    image: registry.example/cart:v1.4.2
    port: 7070
    probes: {ready: {grpc: ""}}
    config: {CARTS: "${store/carts.address}"}
    scale: {replicas: 1..4, cpu: 70%}
stores:
  carts: {engine: redis, storage: none, backup: {none: carts are rebuilt from the shop}}
  orders: {engine: postgres, version: "17", users: {app: {}}, storage: 10Gi, replicas: 3, backup: {none: the bank has them}}
"#;

/// What the README's first command prints.
pub(crate) fn first_command() {
    let project = Project::new();
    copy(&specs()["boutique"], &project.folder.join("specs/boutique"), false);
    // The lock is committed with the spec; the files are not.
    fs::copy(specs()["boutique"].join("platgen.lock"), project.at("specs/boutique/platgen.lock")).expect("a lock");
    drawn("first-command", &project, &["render", "specs/boutique"]);
}

/// What `validate` says of faults.
pub(crate) fn faults() {
    let project = Project::new();
    project.write("platform.yaml", FAULTS);
    drawn("faults", &project, &["validate"]);
}

/// What `render` says of a change that a running platform does not take in place.
pub(crate) fn a_running_platform() {
    let project = Project::new();
    project.write("platform.yaml", SCALED);
    project.run(&["render"]).exits(0);
    project.edit("platform.yaml", "replicas: 6", "replicas: 6..12, cpu: 70%");
    drawn("running-platform", &project, &["render"]);
}

/// The ConfigMaps that nobody reads.
pub(crate) fn the_wrong_environment() {
    let project = Project::new();
    project.write("platform.yaml", MIXED_UP);
    drawn("wrong-environment", &project, &["impact", "--applied", "production", "--onto", "beta", "--kind", "ConfigMap"]);
}

/// The ConfigMaps of an environment in another one, with equal names.
pub(crate) fn an_old_style_accident() {
    let project = Project::new();
    for (environment, sends) in [("beta", "false"), ("production", "true")] {
        let text = OLD_STYLE.replace("ENVIRONMENT", environment).replace("SENDS", sends);
        project.write(&format!("manifests/{environment}/all.yaml"), &text);
    }
    drawn("accident", &project, &["impact", "--tree", "manifests", "--applied", "production", "--onto", "beta", "--kind", "ConfigMap"]);
}

/// What a lost zone takes.
pub(crate) fn a_lost_zone() {
    let project = Project::new();
    project.write("platform.yaml", CACHED);
    drawn("lost-zone", &project, &["outage", "--env", "production", "--zone", "a"]);
}

/// What runs where in the shop. The picture is what the program prints.
pub(crate) fn what_runs_where() {
    let project = Project::new();
    copy(&specs()["boutique"], &project.folder, false);
    fs::copy(specs()["boutique"].join("platgen.lock"), project.at("platgen.lock")).expect("a lock");
    let ran = project.run(&["graph", "--env", "production", "--region", "eu-west-1", "--format", "svg"]).exits(0);
    held("graph", &ran.out, TRIALS, &ran.out);
}

/// Runs the program as on a terminal with colours, and holds the picture of what it prints against the one in `docs/`.
fn drawn(name: &str, project: &Project, arguments: &[&str]) {
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" --color always \"$@\" 2>&1"]).arg(program()).args(arguments).current_dir(&project.folder);
    let done = command.output().expect("the program starts");
    let text = format!("\u{1b}[1m$ platgen {}\u{1b}[0m\n{}", arguments.join(" "), String::from_utf8_lossy(&done.stdout));
    held(name, &picture(&text), TRIALS, &text);
}

/// The trials that draw what the program prints.
const TRIALS: &str = "acceptance::pictures";

/// Holds a picture against the one in `docs/`, or writes it there. `trials` draw it, of `text`.
pub(crate) fn held(name: &str, drawing: &str, trials: &str, text: &str) {
    let path = root().join(format!("docs/{name}.svg"));
    if std::env::var("PLATGEN_PICTURES").is_ok_and(|value| value == "write") {
        let folder = path.parent().expect("a folder");
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, drawing)).expect("a picture");
    }
    let again = format!("draw the pictures anew: PLATGEN_PICTURES=write cargo test --test integration {trials}");
    assert!(fs::read_to_string(&path).unwrap_or_default() == drawing, "docs/{name}.svg is not what is drawn today: {again}\n{text}");
}

/// The text of a terminal as an SVG that follows the page's colours.
fn picture(text: &str) -> String {
    let lines: Vec<Vec<(String, String)>> = text.lines().flat_map(wrapped).collect();
    let (width, height) = (WIDTH * CHARACTER.0 + 2 * MARGIN, lines.len() * CHARACTER.1 + 2 * MARGIN);
    let mut light = String::from(".p{fill:#f6f8fa;stroke:#d0d7de}text{fill:#1f2328}");
    let mut dark = String::from(".p{fill:#0d1117;stroke:#30363d}text{fill:#e6edf3}");
    for (_, class, on_light, on_dark) in COLOURS {
        let _ = write!(light, ".{class}{{fill:{on_light}}}");
        let _ = write!(dark, ".{class}{{fill:{on_dark}}}");
    }
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <style>text{{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;white-space:pre}}.B{{font-weight:700}}{light}\n\
         @media(prefers-color-scheme:dark){{{dark}}}</style>\n\
         <rect class=\"p\" x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n",
        width - 1,
        height - 1
    );
    for (number, line) in lines.iter().enumerate() {
        let baseline = MARGIN + number * CHARACTER.1 + 13;
        let mut column = 0;
        for (class, part) in line {
            let length = part.chars().count();
            if !part.trim().is_empty() {
                let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
                let (x, long) = (MARGIN + column * CHARACTER.0, length * CHARACTER.0);
                let part = part.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                // Each part has its place and its length: columns stand below each other in every font.
                let _ = writeln!(svg, "<text x=\"{x}\" y=\"{baseline}\" textLength=\"{long}\" xml:space=\"preserve\"{class}>{part}</text>");
            }
            column += length;
        }
    }
    svg + "</svg>\n"
}

/// The columns of the terminal.
const WIDTH: usize = 120;

/// A line as the terminal shows it: broken at its width, each part with the classes of its text.
fn wrapped(line: &str) -> Vec<Vec<(String, String)>> {
    let mut rows = vec![Vec::new()];
    let mut column = 0;
    let (mut bold, mut colour) = (false, "");
    for (number, piece) in line.split("\u{1b}[").enumerate() {
        let text = match piece.split_once('m').filter(|_| number > 0) {
            Some((codes, text)) => {
                for code in codes.split(';').map(|code| code.parse::<u8>().unwrap_or(0)) {
                    match code {
                        0 => (bold, colour) = (false, ""),
                        1 => bold = true,
                        30..=37 | 90..=97 => {
                            colour = COLOURS.iter().find(|(known, ..)| *known == code % 10).map_or("", |(_, class, ..)| class);
                        }
                        _ => panic!("the picture knows no code {code}: {line:?}"),
                    }
                }
                text
            }
            None => piece,
        };
        let class = [colour, if bold { "B" } else { "" }].join(" ").trim().to_owned();
        for char in text.chars() {
            if column == WIDTH {
                rows.push(Vec::new());
                column = 0;
            }
            column += 1;
            let row: &mut Vec<(String, String)> = rows.last_mut().expect("a row");
            match row.last_mut() {
                Some((same, part)) if *same == class => part.push(char),
                _ => row.push((class.clone(), char.to_string())),
            }
        }
    }
    rows
}
