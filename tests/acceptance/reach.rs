//! `reach` through the program: the specs of the repository, patches and manifests that open or close something, questions, and words that mean nothing.

use super::program::{Project, copy, specs};
use serde_json::{Value, json};

fn of(spec: &str) -> Project {
    let project = Project::new().incomplete();
    copy(&specs()[spec], &project.folder, false);
    project
}

fn report(project: &Project, words: &[&str], code: i32) -> Vec<Value> {
    let ran = project.run(&[&["reach", "--format", "json"], words].concat()).exits(code);
    let value: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}", ran.out));
    value["reach"].as_array().cloned().unwrap_or_default()
}

/// `from to: open ports` of each pair with a flow of the spec.
fn pairs(reach: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    let told = reach["pairs"].as_array().into_iter().flatten().filter(|pair| pair["to"] != "dns");
    told.map(|pair| {
        format!("{} {}: {}", pair["from"].as_str().unwrap_or_default(), pair["to"].as_str().unwrap_or_default(), text(&pair["open"]))
    })
    .collect()
}

pub(crate) fn every_spec_is_as_declared() {
    for name in specs().keys() {
        let project = of(name);
        for reach in report(&project, &[], 0) {
            assert_eq!(reach["hit"], false, "{name}: {reach:#}");
            assert!(!pairs(&reach).is_empty(), "{name}: {reach:#}");
            every_open_port_has_a_cause(name, &reach);
        }
    }
}

/// What is open is declared, a difference, or told with the reason why policies can't close it.
fn every_open_port_has_a_cause(spec: &str, reach: &Value) {
    for pair in reach["pairs"].as_array().into_iter().flatten() {
        let is_told = ["declared_open", "undeclared"].iter().any(|part| pair[part].as_array().is_some_and(|ports| !ports.is_empty()));
        assert!(is_told || pair["also"].is_object() || pair["open"] == json!([]), "{spec}: {pair:#}");
        let also = &pair["also"];
        if !also.is_null() {
            let of_others = |with: &Vec<Value>| also["cause"] == "no-policy" || !with.contains(&pair["to"]);
            assert!(also["with"].as_array().is_some_and(|with| !with.is_empty() && of_others(with)), "{spec}: {pair:#}");
        }
    }
}

/// Two databases in the same subnets have the same addresses: who may call one may call the other one at its port.
pub(crate) fn shared_addresses_are_told() {
    let data = of("data");
    let here = ["--env", "production", "--region", "eu-west-1"];
    let value = report(&data, &here, 0);
    let pair = |from: &str, to: &str| {
        let pairs = value[0]["pairs"].as_array().into_iter().flatten();
        pairs.clone().find(|pair| pair["from"] == from && pair["to"] == to).cloned().unwrap_or_default()
    };
    let api = pair("app/orders/api", "store/ledger");
    assert_eq!((&api["declared"], &api["undeclared"], &api["declared_open"]), (&json!([]), &json!([]), &json!([])), "{api:#}");
    let expected = json!({
        "ports": ["TCP 5432"],
        "cause": "shared-addresses",
        "with": ["store/orders"],
        "reason": "store/ledger shares addresses with store/orders"
    });
    assert_eq!(api["also"], expected, "{api:#}");
    let invoices = pair("app/billing/invoices", "store/ledger");
    assert_eq!((&invoices["declared_open"], &invoices["also"]["ports"]), (&json!(["TCP 3306"]), &json!(["TCP 5432"])), "{invoices:#}");
    let text = data.run(&[&["reach"], &here[..]].concat()).exits(0).out;
    assert!(!text.contains("nothing else is"), "{text}");
    assert!(text.contains("\nOPEN, AND POLICIES CAN'T CLOSE IT\n"), "{text}");
    let ask = |from: &str, to: &str| data.run(&[&["reach"], &here[..], &["--from", from, "--to", to]].concat()).exits(0).out;
    let answer = ask("api", "store/ledger");
    let expected = "\n\nYes, on TCP 5432. No flow declares it.\n  TCP 5432: policies know it by its addresses alone; store/ledger shares addresses with store/orders\n";
    assert!(answer.contains(expected), "{answer}");
    assert!(!answer.contains("to change it"), "{answer}");
    // Of add-ons that somebody else limits, nothing is known.
    let answer = of("boutique")
        .run(&["reach", "--env", "production", "--region", "eu-west-1", "--from", "load-balancers", "--to", "cluster-autoscaler"])
        .exits(0)
        .out;
    let expected = "not judged; no NetworkPolicy of these files selects the pods of load-balancers and cluster-autoscaler\n";
    assert!(answer.contains(expected), "{answer}");
    // The matrix has them in another colour than declared ones.
    let matrix = data.run(&[&["reach"], &here[..], &["--format", "svg"]].concat()).exits(0).out;
    assert!(
        matrix.contains("fill=\"#60a5fa\" stroke=\"#ffffff\"><title>app/orders/api to store/ledger: TCP 5432, not declared: "),
        "{matrix}"
    );
}

pub(crate) fn flows_of_a_real_platform() {
    let sample = of("sample");
    let production = report(&sample, &["--env", "production", "--region", "eu-west-1"], 0);
    let found = pairs(&production[0]);
    for line in [
        "app/shop/frontend app/shop/cart: TCP 7070",
        "app/shop/cart app/payments/payment: TCP 50051",
        "app/shop/cart store/shop/carts: TCP 6379",
        "app/payments/payment external/card-gateway: TCP 443",
        "gateway app/shop/frontend: TCP 8080",
    ] {
        assert!(found.iter().any(|pair| pair == line), "{line} is not in {found:#?}");
    }
    let text = sample.run(&["reach", "--env", "production", "--region", "eu-west-1"]).exits(0).out;
    assert!(
        text.starts_with("production/eu-west-1: who may talk to whom\n\nEvery declared flow is open. ")
            && !text.contains("nothing else is"),
        "{text}"
    );
    assert!(text.contains("app/cart calls store/carts (platform.yaml:"), "{text}");
    let one = ["reach", "--env", "production", "--region", "eu-west-1", "--format"];
    let graph = sample.run(&[&one[..], &["mermaid"]].concat()).exits(0).out;
    assert!(graph.starts_with("---\ntitle: \"production/eu-west-1") && graph.contains("-->|\"TCP 7070\"|"), "{graph}");
    let matrix = sample.run(&[&one[..], &["svg"]].concat()).exits(0).out;
    assert!(matrix.starts_with("<svg ") && matrix.contains("<title>app/shop/cart to store/shop/carts: TCP 6379</title>"), "{matrix}");
}

/// `from to: declared ports` of each pair with a flow that names an end whose name starts with a word.
fn declared(reach: &Value, word: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of_word = |pair: &&Value| [&pair["from"], &pair["to"]].iter().any(|end| text(end).starts_with(word));
    let ports = |pair: &Value| -> Vec<String> {
        let flows = pair["declared"].as_array().into_iter().flatten().filter(|flow| !flow["place"].is_null());
        flows.flat_map(|flow| flow["ports"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>()).collect()
    };
    let pairs = reach["pairs"].as_array().into_iter().flatten().filter(of_word).filter(|pair| !ports(pair).is_empty());
    pairs.map(|pair| format!("{} {}: {}", text(&pair["from"]), text(&pair["to"]), ports(pair).join(", "))).collect()
}

/// Add-ons are ends like the others, and one that somebody else installs is none.
pub(crate) fn add_ons_have_flows_while_they_are_installed() {
    let sample = of("sample");
    let words = ["--env", "dev"];
    let dev = report(&sample, &words, 0);
    let expected = [
        "cert-manager cloud-credentials: TCP 80",
        "cert-manager kubernetes-api: TCP 443",
        "cert-manager the certificate authority and the API of the cloud: TCP 443",
        "cert-manager-webhook kubernetes-api: TCP 443",
        "cert-manager-cainjector kubernetes-api: TCP 443",
        "cert-manager-check kubernetes-api: TCP 443",
        "metrics cert-manager: TCP 9402",
        "metrics cert-manager-webhook: TCP 9402",
        "metrics cert-manager-cainjector: TCP 9402",
        "kubernetes-api cert-manager-webhook: TCP 10250",
    ];
    assert_eq!(declared(&dev[0], "cert-manager"), expected);
    // The proxies of Gateways listen above the ports that need a right of the system.
    assert_eq!(declared(&dev[0], "clients"), ["clients of public Gateways gateway: TCP 10080, TCP 10443"]);
    for program in ["load-balancers", "external-dns", "cluster-autoscaler", "metrics-server", "reloader", "barman-cloud", "cloudnative-pg"]
    {
        assert!(!declared(&dev[0], program).is_empty(), "{program}");
    }
    let yes = sample.run(&["reach", "--env", "dev", "--from", "gateway", "--to", "envoy-gateway"]).exits(0).out;
    assert!(yes.starts_with("dev/eu-west-1: gateway to envoy-gateway\n\nYes, on TCP 18000.\n"), "{yes}");
    let no = sample.run(&["reach", "--env", "dev", "--from", "reloader", "--to", "cert-manager"]).exits(0).out;
    assert!(no.contains("\n\nNo, and nobody declared it.\n"), "{no}");
    let namespaces = |sample: &Project| sample.run(&[&["access"], &words[..]].concat()).exits(0).out;
    assert!(namespaces(&sample).contains(" cert-manager "), "{}", namespaces(&sample));
    let spec = sample.read("platform.yaml");
    sample.write("platform.yaml", &format!("{spec}addons: {{cert-manager: {{mode: existing}}, envoy-gateway: {{mode: existing}}}}\n"));
    let dev = report(&sample, &words, 0);
    for word in ["cert-manager", "clients", "envoy-gateway"] {
        assert_eq!(declared(&dev[0], word), [""; 0]);
    }
    // Its policies are gone with it, and not those of workloads that it calls. It has its rights in the cloud from whoever installs it.
    assert_eq!(declared(&dev[0], "gateway"), ["gateway app/shop/frontend: TCP 8080", "metrics gateway: TCP 19001"]);
    let text = namespaces(&sample);
    assert!(
        !text.contains(" cert-manager ") && text.contains("\n  cert-manager/cert-manager, as boutique-dev-eu-west-1-cert-manager: "),
        "{text}"
    );
}

pub(crate) fn questions_are_answered() {
    let sample = of("sample");
    let ask = |from: &str, to: &str| {
        sample.run(&["reach", "--env", "production", "--region", "eu-west-1", "--from", from, "--to", to]).exits(0).out
    };
    let yes = ask("cart", "store/carts");
    assert!(yes.starts_with("production/eu-west-1: app/shop/cart to store/shop/carts\n\nYes, on TCP 6379.\n"), "{yes}");
    assert!(yes.contains("  declared: app/cart calls store/carts (TCP 6379, platform.yaml:"), "{yes}");
    assert!(yes.contains("  allowed by NetworkPolicy/shop/cart, NetworkPolicy/shop/carts\n"), "{yes}");
    let no = ask("frontend", "payments/payment");
    for line in [
        "\n\nNo, and nobody declared it.\n",
        "  policies of the caller: no rule for the egress of app/shop/frontend allows it in NetworkPolicy/",
        "  policies of the callee: no rule for the ingress of app/payments/payment allows it in NetworkPolicy/",
        "  to change it: write `needs: [app/payment]` at `apps.frontend`\n",
    ] {
        assert!(no.contains(line), "{line} is not in:\n{no}");
    }
    let value = report(&sample, &["--env", "production", "--region", "eu-west-1", "--from", "frontend", "--to", "payment"], 0);
    assert_eq!((&value[0]["answer"]["reaches"], &value[0]["pairs"]), (&json!(false), &json!([])));
    // Nobody writes that an app needs itself.
    let own = ask("frontend", "frontend");
    assert!(own.contains("\n\nNo, and nobody declared it.\n") && !own.contains("to change it"), "{own}");
    // The internet is an end of questions.
    let out = ask("payment", "internet");
    assert!(out.starts_with("production/eu-west-1: app/payments/payment to internet\n\nYes, on TCP 443. No flow declares it.\n"), "{out}");
    let out = ask("cart", "internet");
    assert!(out.contains("\n\nNo, and nobody declared it.\n"), "{out}");
    let all = report(&sample, &["--env", "production", "--region", "eu-west-1", "--to", "internet"], 0);
    assert!(pairs(&all[0]).iter().any(|pair| pair == "app/payments/payment external/card-gateway: TCP 443"), "{all:#?}");
    // One of the two alone keeps its pairs.
    let from = report(&sample, &["--env", "production", "--from", "payment"], 0);
    assert!(
        from.iter()
            .all(|reach| reach["pairs"].as_array().is_some_and(|pairs| pairs.iter().all(|pair| pair["from"] == "app/payments/payment")))
    );
}

/// What patches and manifests do is seen, as what the cluster runs.
pub(crate) fn differences_are_told_first() {
    let project = Project::init();
    let spec = project.read("platform.yaml");
    let opened = format!("{spec}manifests:\n  more: {{from: files/more.yaml, namespace: hello, reason: a policy of another tool}}\n");
    project.write("platform.yaml", &opened);
    let policy = |rules: &str| {
        format!("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: more}}\nspec: {{podSelector: {{}}, {rules}}}\n")
    };
    project
        .write("files/more.yaml", &policy("policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 443}]}]"));
    let production = report(&project, &["--env", "production"], 2);
    let wide: Vec<&Value> = production[0]["pairs"].as_array().into_iter().flatten().filter(|pair| pair["to"] == "10.0.0.0/8").collect();
    assert_eq!(wide.len(), 1, "{:#}", production[0]);
    assert_eq!((&wide[0]["undeclared"], &wide[0]["allowed_by"]), (&json!(["TCP 443"]), &json!(["NetworkPolicy/hello/more"])));
    let text = project.run(&["reach", "--env", "production"]).exits(2).out;
    assert!(text.contains("\n\nDIFFERENCES: 0 declared flows blocked, 1 open that nobody declared.\n"), "{text}");
    assert!(text.contains("\n  app/hello/web to 10.0.0.0/8: TCP 443\n    allowed by NetworkPolicy/hello/more\n"), "{text}");
    // A patch that takes the ingress of the gateway away.
    let closed = format!(
        "{spec}patches:\n  closed: {{target: NetworkPolicy/hello/web, json: [{{op: remove, path: /spec/ingress}}], reason: a mistake}}\n"
    );
    project.write("platform.yaml", &closed);
    let text = project.run(&["reach", "--env", "production"]).exits(2).out;
    for line in [
        "DIFFERENCES: 1 declared flow blocked, 0 open that nobody declared.\n",
        "\n  gateway to app/hello/web\n    TCP 8080, policies of the callee: no rule for the ingress of app/hello/web allows it in NetworkPolicy/hello/default-deny, NetworkPolicy/hello/web\n",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
}

/// Two ports beside one another, of which each end closes another one: each layer is told with its own.
pub(crate) fn each_layer_has_its_own_ports() {
    let project = Project::new();
    let app = "resources: {cpu: 100m, memory: 64Mi}";
    let closed = |name: &str, path: &str| {
        format!("  {name}: {{target: NetworkPolicy/shop/{name}, json: [{{op: remove, path: /spec/{path}}}], reason: a mistake}}\n")
    };
    project.write(
        "platform.yaml",
        &format!(
            "apiVersion: platgen/v1\nplatform: {{name: shop, owner: ops, domain: shop.example}}\ncloud: {{provider: existing}}\nregions: {{here: {{zones: 3}}}}\n\
             network: {{subnets: {{general: {{default: true}}}}}}\nenvironments: {{production: {{regions: [here], domain: shop.example}}}}\n\
             access: {{groups: {{ops: {{id: ops, role: admin}}}}}}\nteams: {{ops: {{group: ops}}}}\nnamespaces: {{shop: {{owner: ops}}}}\napps:\n  \
             caller: {{image: \"registry.example/a:v1\", {app}, needs: [\"app/callee:one\", \"app/callee:two\"]}}\n  \
             callee: {{image: \"registry.example/b:v1\", {app}, ports: {{one: 8080, two: 8081}}, probes: {{ready: {{http: /ready, port: one}}}}}}\n\
             patches:\n{}{}",
            closed("caller", "egress/2"),
            closed("callee", "ingress/0")
        ),
    );
    let found = report(&project, &["--env", "production"], 2);
    let pair = found[0]["pairs"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|pair| pair["from"] == "app/shop/caller" && pair["to"] == "app/shop/callee");
    let blocked: Vec<(&Value, &Value)> =
        pair.and_then(|pair| pair["blocked"].as_array()).into_iter().flatten().map(|one| (&one["layer"], &one["ports"])).collect();
    assert_eq!(blocked, [(&json!("egress"), &json!(["TCP 8081"])), (&json!("ingress"), &json!(["TCP 8080"]))], "{pair:#?}");
}

pub(crate) fn words_that_mean_nothing() {
    let project = of("boutique");
    let fails = |words: &[&str], code: i32, said: &[&str]| {
        let ran = project.run(&[&["reach"], words].concat()).exits(code);
        for line in said {
            assert!(ran.err.contains(line) && ran.out.is_empty(), "{line} is not in:\n{}{}", ran.err, ran.out);
        }
    };
    fails(&["--env", "prodction"], 1, &["there is no environment `prodction`", "did you mean `production`?"]);
    fails(&["--from", "fronted"], 1, &["there is no end called `fronted`", "did you mean `frontend`?"]);
    fails(&["--from", "frontend", "--to", "cartservce"], 1, &["there is no end called `cartservce`", "did you mean `cartservice`?"]);
    fails(&["--env", "production", "--from", "loadgenerator"], 1, &["it is in `dev` and `beta`: name one of them with `--env`"]);
    fails(&["--format", "svg"], 64, &["a picture shows one cluster: name it with `--env` and `--region`"]);
    fails(&["--format", "sarif"], 64, &["this command prints data, not findings"]);
    let ran = project.run(&["outage", "--env", "beta", "--zone", "a", "--format", "mermaid"]).exits(64);
    assert!(ran.err.contains("this command draws no picture"), "{}", ran.err);
}
