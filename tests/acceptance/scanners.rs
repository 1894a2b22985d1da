//! What scanners are told: each waiver where it belongs and nowhere else. That scanners hear it is what `tests/judges` proves.

use super::program::Project;

const SPEC: &str = r#"
apiVersion: platgen/v1
platform: {name: shop, owner: ops, domain: shop.example}
cloud: {provider: aws, accounts: {dev: "111111111111", production: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}}
environments:
  dev: {branch: develop, regions: [eu-west-1], domain: dev.shop.example}
  production: {branch: main, regions: [eu-west-1], domain: shop.example, protected: true}
access: {mfa: required, groups: {ops: {id: platform-admin, role: admin}}}
teams: {ops: {group: ops, page: {email: ops@shop.example}, ticket: {email: ops@shop.example}}}
namespaces: {shop: {owner: ops}, empty: {owner: ops}}
apps:
  web:
    namespace: shop
    image: registry.example/web:v1
    port: 8080
    probes: {none: nobody asks}
    security: {user: 1000, reason: "a=b, #1"}
  plain: {namespace: shop, image: registry.example/plain:v1, probes: {ready: {exec: [a]}, live: {exec: [b]}}}
waivers:
  everywhere: {rule: checkov/CKV_K8S_43, reason: "they are | named", expires: 2999-12-31}
  one: {rule: checkov/CKV_K8S_99, objects: ["Deployment/shop/w*"], reason: "two\nlines", expires: 2999-12-31}
  here: {rule: kube-score/label-values, objects: ["Service/shop/*"], only: [dev], reason: short, expires: 2999-12-31}
  cloud: {rule: checkov/CKV_AWS_11, objects: ["aws_vpc.*"], reason: it is so, expires: 2999-12-31}
  lint: {rule: yamllint/colons, reason: we like blanks, expires: 2999-12-31}
  names: {rule: tflint/terraform_typed_variables, reason: no types, expires: 2999-12-31}
  words: {rule: detect-secrets/KeywordDetector, reason: no words, expires: 2999-12-31}
  ours: {rule: platgen/single-replica, reason: not for scanners, expires: 2999-12-31}
"#;

/// The annotations of the object of a file, with the comments between them.
fn annotations(text: &str, kind: &str) -> Vec<String> {
    let document = text.split("---\n").find(|document| document.contains(&format!("kind: {kind}\n"))).unwrap_or_default();
    let after = document.split_once("\n  annotations:\n").map(|(_, after)| after).unwrap_or_default();
    after.lines().take_while(|line| line.starts_with("    ")).map(|line| line.trim().to_string()).collect()
}

pub(crate) fn are_told_what_is_accepted() {
    let project = Project::new();
    project.write("platform.yaml", SPEC);
    project.run(&["render"]).exits(0);
    let read = |path: &str| std::fs::read_to_string(project.at(&format!("deploy/{path}"))).expect(path);
    let web = |environment: &str| read(&format!("kubernetes/{environment}/eu-west-1/shop/web.yaml"));
    let (rights, probes, pods) = ("container-security-context-user-group-id", "pod-probes", "deployment-replicas");
    let mut wanted = vec![
        "checkov.io/skip1: CKV_K8S_40=a:b, #1".to_string(),
        "checkov.io/skip2: CKV_K8S_8=nobody asks".to_string(),
        "checkov.io/skip3: CKV_K8S_9=nobody asks".to_string(),
        "checkov.io/skip4: CKV_K8S_99=two lines".to_string(),
        format!("# {rights}: a=b, #1"),
        format!("# {pods}: one pod is the default where the environment is not protected"),
        format!("# {probes}: nobody asks"),
        format!("kube-score/ignore: {rights},{pods},{probes}"),
        "platgen.io/no-probes: nobody asks".to_string(),
        "platgen.io/reason: \"a=b, #1\"".to_string(),
    ];
    let quoted = |line: &String| line.replace('"', "");
    assert_eq!(
        annotations(&web("dev"), "Deployment").iter().map(quoted).collect::<Vec<_>>(),
        wanted.iter().map(quoted).collect::<Vec<_>>()
    );
    wanted.retain(|line| !line.starts_with("# deployment"));
    wanted[6] = format!("kube-score/ignore: {rights},{probes}");
    let production = annotations(&web("production"), "Deployment");
    assert_eq!(production.iter().map(quoted).collect::<Vec<_>>(), wanted.iter().map(quoted).collect::<Vec<_>>());
    assert_eq!(annotations(&web("dev"), "Service"), ["# label-values: short", "kube-score/ignore: label-values"]);
    assert!(annotations(&web("production"), "Service").is_empty());
    let plain = read("kubernetes/production/eu-west-1/shop/plain.yaml");
    assert!(!plain.contains("checkov.io") && !plain.contains("kube-score"), "{plain}");
    assert!(read("kubernetes/dev/eu-west-1/empty/namespace.yaml").contains("kube-score/ignore: networkpolicy-targets-pod"));
    assert!(!read("kubernetes/dev/eu-west-1/shop/namespace.yaml").contains("kube-score/ignore"));

    let network = read("terraform/dev/eu-west-1/network/network.tf");
    let vpc = network.split("resource \"aws_vpc\" ").nth(1).expect("a VPC");
    assert!(vpc.lines().nth(1) == Some("  #checkov:skip=CKV_AWS_11:it is so"), "{vpc}");
    assert_eq!(network.matches("CKV_AWS_11").count(), network.matches("resource \"aws_vpc\" ").count());

    let checkov = read(".checkov.yaml");
    let skipped: Vec<&str> = checkov.lines().filter_map(|line| line.strip_prefix("  - CKV")).collect();
    assert_eq!(skipped, ["_K8S_15", "_K8S_43"]);
    assert!(checkov.contains("  # until 2999-12-31: they are | named\n  - CKV_K8S_43\n"), "{checkov}");
    assert!(read(".yamllint.yaml").contains("  # until 2999-12-31: we like blanks\n  colons: disable\n"));
    assert!(read(".tflint.hcl").contains("# until 2999-12-31: no types\nrule \"terraform_typed_variables\" {\n  enabled = false\n}\n"));
    let secrets: serde_json::Value = serde_json::from_str(&read(".secrets.baseline")).expect("JSON");
    let detectors = secrets["plugins_used"].as_array().expect("a list");
    assert_eq!(detectors.len(), 26);
    assert!(detectors.iter().all(|detector| detector["name"] != "KeywordDetector"));

    let readme = read("README.md");
    assert!(readme.contains("| checkov/CKV_K8S_43 | `*` | all | 2999-12-31 | they are \\| named |"), "{readme}");
    assert!(readme.contains("| kube-score/label-values | `Service/shop/*` | dev | 2999-12-31 | short |"), "{readme}");
    assert_eq!(readme.matches("--ignore-test container-image-pull-policy ").count(), 2);
}
