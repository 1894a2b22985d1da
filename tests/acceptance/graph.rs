//! `graph` through the program: every flow that `reach` knows, what runs where in a real platform, pictures, one app with its neighbours, and words that mean
//! nothing.

use super::program::{Project, copy, specs};
use serde_json::Value;
use std::collections::BTreeSet;

fn of(spec: &str) -> Project {
    let project = Project::new().incomplete();
    copy(&specs()[spec], &project.folder, false);
    project
}

fn graphs(project: &Project, words: &[&str]) -> Vec<Value> {
    let ran = project.run(&[&["graph", "--format", "json"], words].concat()).exits(0);
    let value: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}", ran.out));
    value["graphs"].as_array().cloned().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    match value {
        Value::Array(all) => all.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `group: node (kind)` of each node.
fn nodes(graph: &Value) -> Vec<String> {
    let group = |node: &Value| text(&graph["groups"][usize::try_from(node["group"].as_u64().unwrap_or(99)).unwrap_or(99)]["name"]);
    list(&graph["nodes"]).iter().map(|node| format!("{}: {} ({})", group(node), text(&node["name"]), text(&node["kind"]))).collect()
}

/// `caller callee: ports` of each flow that pictures show.
fn flows(graph: &Value) -> Vec<String> {
    let shown = list(&graph["edges"]).iter().filter(|edge| edge["routine"] == false);
    shown.map(|edge| format!("{} {}: {}", text(&edge["from"]), text(&edge["to"]), text(&edge["ports"]))).collect()
}

/// What runs where in production of `specs/boutique`, without what its clusters have of others.
const NODES: &[&str] = &[
    "entrances: entrance/public (entrance)",
    "general: app/shop/adservice (app)",
    "general: app/shop/cartservice (app)",
    "general: app/shop/currencyservice (app)",
    "general: app/fulfilment/emailservice (app)",
    "general: app/shop/frontend (app)",
    "general: app/shop/productcatalogservice (app)",
    "general: app/shop/recommendationservice (app)",
    "general: app/fulfilment/shippingservice (app)",
    "payments: app/payments/checkoutservice (app)",
    "payments: app/payments/paymentservice (app)",
    "data: store/shop/redis-cart (store)",
];

const FLOWS: &[&str] = &[
    "app/shop/cartservice store/shop/redis-cart: TCP 6379",
    "app/payments/checkoutservice app/shop/cartservice: TCP 7070",
    "app/payments/checkoutservice app/shop/currencyservice: TCP 7000",
    "app/payments/checkoutservice app/fulfilment/emailservice: TCP 8080",
    "app/payments/checkoutservice app/payments/paymentservice: TCP 50051",
    "app/payments/checkoutservice app/shop/productcatalogservice: TCP 3550",
    "app/payments/checkoutservice app/fulfilment/shippingservice: TCP 50051",
    "app/shop/frontend app/shop/adservice: TCP 9555",
    "app/shop/frontend app/shop/cartservice: TCP 7070",
    "app/shop/frontend app/payments/checkoutservice: TCP 5050",
    "app/shop/frontend app/shop/currencyservice: TCP 7000",
    "app/shop/frontend app/shop/productcatalogservice: TCP 3550",
    "app/shop/frontend app/shop/recommendationservice: TCP 8080",
    "app/shop/frontend app/fulfilment/shippingservice: TCP 50051",
    "app/shop/recommendationservice app/shop/productcatalogservice: TCP 3550",
    "entrance/public app/shop/frontend: TCP 8080",
];

pub(crate) fn what_runs_where() {
    let project = of("boutique");
    let found = graphs(&project, &["--env", "production", "--region", "eu-west-1"]);
    let [graph] = &found[..] else { panic!("{} graphs", found.len()) };
    let own: Vec<String> = nodes(graph).into_iter().filter(|node| !node.contains("of the cluster: ")).collect();
    assert_eq!(own, NODES);
    assert_eq!(flows(graph), FLOWS);
    let payments = list(&graph["groups"]).iter().find(|group| group["name"] == "payments").expect("a group");
    let details = text(&payments["details"]);
    assert!(details.contains("/22 eu-west-1a, ") && details.ends_with(", isolated"), "{details}");
    let public = list(&graph["nodes"]).iter().find(|node| node["name"] == "entrance/public").expect("an entrance");
    assert_eq!(text(&public["details"]), "boutique.example");
    let edge = list(&graph["edges"]).iter().find(|edge| edge["to"] == "store/shop/redis-cart").expect("a flow");
    assert_eq!((text(&edge["why"]), text(&edge["lines"])), ("app/cartservice calls store/redis-cart".into(), "shop.yaml:49".into()));
    let people = project.run(&["graph", "--env", "production", "--region", "eu-west-1"]).exits(0).out;
    for line in [
        "boutique/production/eu-west-1: what runs where, and who calls whom\n\n",
        "\nSUBNET PAYMENTS\n10.",
        "\n  app/payments/checkoutservice: payments, Deployment 3..12\n",
        "\n  app/shop/cartservice            store/shop/redis-cart           TCP 6379   shop.yaml:49\n",
    ] {
        assert!(people.contains(line), "{line} is not in:\n{people}");
    }
    // Without flags, every cluster.
    let all: Vec<String> =
        graphs(&project, &[]).iter().map(|one| format!("{} {}", text(&one["environment"]), text(&one["region"]))).collect();
    assert_eq!(all, ["dev eu-west-1", "beta eu-west-1", "production eu-west-1", "production eu-central-1"]);
}

/// The arrows are the flows that `reach` knows; a load balancer stands for its Gateway.
pub(crate) fn every_flow_is_an_arrow() {
    for name in specs().keys() {
        let project = of(name);
        let value: Value = serde_json::from_str(&project.run(&["reach", "--format", "json"]).out).expect("JSON");
        let all = graphs(&project, &[]);
        assert_eq!(all.len(), list(&value["reach"]).len(), "{name}");
        for (reach, graph) in list(&value["reach"]).iter().zip(&all) {
            let pairs = list(&reach["pairs"]).iter().filter(|pair| !list(&pair["declared"]).is_empty());
            let declared: BTreeSet<String> = pairs.map(|pair| format!("{} {}", text(&pair["from"]), text(&pair["to"]))).collect();
            let gateway = |from: &Value| if text(from).starts_with("entrance/") { "gateway".to_owned() } else { text(from) };
            let drawn: BTreeSet<String> =
                list(&graph["edges"]).iter().map(|edge| format!("{} {}", gateway(&edge["from"]), text(&edge["to"]))).collect();
            assert_eq!(drawn, declared, "{name}");
            let names: BTreeSet<String> = list(&graph["nodes"]).iter().map(|node| text(&node["name"])).collect();
            let ends = list(&graph["edges"]).iter().flat_map(|edge| [text(&edge["from"]), text(&edge["to"])]);
            assert_eq!(ends.filter(|end| !names.contains(end)).collect::<Vec<_>>(), Vec::<String>::new(), "{name}");
            assert_eq!(names.len(), list(&graph["nodes"]).len(), "{name}: a node twice");
        }
    }
}

pub(crate) fn pictures_show_the_flows() {
    let project = of("boutique");
    let draw = |format: &str| project.run(&["graph", "--env", "production", "--region", "eu-west-1", "--format", format]).exits(0).out;
    let mermaid = draw("mermaid");
    assert!(
        mermaid.starts_with("---\ntitle: \"boutique/production/eu-west-1: what runs where, and who calls whom\"\n---\nflowchart LR\n"),
        "{mermaid}"
    );
    assert!(
        mermaid.contains("  subgraph g2[\"subnet payments\"]\n") && mermaid.contains("[\"redis-cart<br>shop, Deployment 1\"]\n"),
        "{mermaid}"
    );
    let dot = draw("dot");
    assert!(dot.starts_with("digraph {\n") && dot.contains("    label=\"subnet payments\";\n"), "{dot}");
    let svg = draw("svg");
    assert!(svg.contains("<title>store/shop/redis-cart: shop, Deployment 1</title>"), "{svg}");
    // Flows that no picture shows are in none of them, and the others are in each.
    assert_eq!((mermaid.matches(" -->|").count(), dot.matches(" -> ").count()), (FLOWS.len(), FLOWS.len()));
    let callees = FLOWS.iter().map(|flow| flow.split([' ', ':']).nth(1).unwrap_or_default()).collect::<BTreeSet<_>>();
    for callee in &callees {
        assert_eq!(svg.matches(&format!(" to {callee}</title>")).count(), 1, "{callee}");
    }
    for picture in [&mermaid, &dot, &svg] {
        assert!(!picture.contains("alertmanager") && !picture.contains("kubelet"), "{picture}");
    }
    let markdown = draw("markdown");
    assert!(
        markdown.contains(&format!("```mermaid\n{mermaid}```\n")) && markdown.contains("| from | to | ports | said by |"),
        "{markdown}"
    );
}

pub(crate) fn one_app_with_its_neighbours() {
    let project = of("boutique");
    let near = |word: &str| graphs(&project, &["--env", "production", "--region", "eu-west-1", "--app", word]);
    let found = near("cartservice");
    assert_eq!(
        nodes(&found[0]).into_iter().filter(|node| !node.contains("of the cluster: ")).collect::<Vec<_>>(),
        [
            "general: app/shop/cartservice (app)",
            "general: app/shop/frontend (app)",
            "payments: app/payments/checkoutservice (app)",
            "data: store/shop/redis-cart (store)",
        ]
    );
    let own: Vec<&&str> = FLOWS.iter().filter(|flow| flow.contains("app/shop/cartservice")).collect();
    assert_eq!(flows(&found[0]), own.into_iter().map(|flow| (*flow).to_owned()).collect::<Vec<_>>());
    for word in ["app/cartservice", "app/shop/cartservice", "shop/cartservice"] {
        assert_eq!(near(word), found, "{word}");
    }
    // Clusters without it are left out.
    let load = graphs(&project, &["--app", "loadgenerator"]);
    assert_eq!(load.iter().map(|one| text(&one["environment"])).collect::<Vec<_>>(), ["dev", "beta"]);
}

pub(crate) fn words_that_mean_nothing() {
    let project = of("boutique");
    let fails = |words: &[&str], code: i32, told: &str| {
        let ran = project.run(&[&["graph"], words].concat()).exits(code);
        assert!(ran.err.contains(told) && ran.out.is_empty(), "{words:?}: {}{}", ran.err, ran.out);
    };
    fails(&["--env", "prodction"], 1, "did you mean `production`?");
    fails(&["--app", "cartservce"], 1, "there is no node called `cartservce`");
    fails(&["--env", "production", "--app", "loadgenerator"], 1, "it is in `dev` and `beta`: name one of them with `--env`");
    fails(&["--format", "svg"], 64, "a picture shows one cluster: name it with `--env` and `--region`");
    fails(&["--format", "sarif"], 64, "this command prints data, not findings");
    let ran = project.run(&["reach", "--env", "beta", "--format", "dot"]).exits(64);
    assert!(ran.err.contains("`--format dot` is for `platgen graph`"), "{}", ran.err);
    let ran = project.run(&["outage", "--env", "beta", "--zone", "a", "--format", "svg"]).exits(64);
    assert!(ran.err.contains("this command draws no picture"), "{}", ran.err);
}
