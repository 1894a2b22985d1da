//! The README of each region, the runbook and the scripts of the output: their commands, in order, and what they find.

use super::program::{Project, Ran, copy, specs, tree};
use crate::judges::judge::say;
use libtest_mimic::Failed;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// A job that calls a store, a host, a secret and an autoscaler.
const SPEC: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: ops, domain: shop.example}
cloud: {provider: aws, accounts: {production: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}}
environments: {production: {regions: [eu-west-1], protected: true}}
access: {groups: {ops: {id: platform-admin, role: admin}}}
addons: {aws-load-balancer-controller: {mode: existing}, cert-manager: {mode: existing}, cloudnative-pg: {mode: existing}, cluster-autoscaler: {mode: existing}, envoy-gateway: {mode: existing}, external-dns: {mode: existing}, external-secrets: {mode: existing}, metrics-server: {mode: existing}, plugin-barman-cloud: {mode: existing}, reloader: {mode: existing}}
teams: {ops: {group: ops}}
namespaces: {shop: {owner: ops}}
stores:
  db: {engine: custom, image: "registry.example/db:v1", port: 5432, storage: 10Gi, backup: {none: trial}}
apps:
  migrate: {image: "registry.example/web:v1", run: before-deploy, config: {DB: "${store/db.address}"}, secrets: {KEY: "shop/db#key"}}
  old: {image: "registry.example/old:v1"}
  web: {image: "registry.example/web:v1", port: 8080, probes: {ready: /ready}, expose: "@", scale: {replicas: 2..4, cpu: 70%}}
"#;

/// Jobs that wait for others: `audit`, the first by name, is in a namespace of its own, and `base` calls a store.
const JOBS: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: ops, domain: shop.example}
cloud: {provider: aws, accounts: {production: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}}
environments: {production: {regions: [eu-west-1], protected: true}}
access: {groups: {ops: {id: platform-admin, role: admin}}}
teams: {ops: {group: ops}}
namespaces: {desk: {owner: ops}, shop: {owner: ops}}
stores:
  db: {namespace: shop, engine: custom, image: "registry.example/db:v1", port: 5432, storage: 10Gi, backup: {none: trial}}
apps:
  audit: {namespace: desk, image: "registry.example/audit:v1", run: before-deploy, after: app/base}
  other: {namespace: shop, image: "registry.example/other:v1", run: before-deploy}
  base: {namespace: shop, image: "registry.example/base:v1", run: before-deploy, needs: [store/db], after: [app/clean]}
  clean: {namespace: shop, image: "registry.example/clean:v1", run: before-deploy}
"#;

const PLACE: &str = "production/eu-west-1";

fn shop() -> Project {
    let project = Project::new();
    project.write("platform.yaml", SPEC);
    project.run(&["render"]).exits(0);
    project
}

/// The files with a wave of their own in the script of an environment with one region, and their waves.
pub(super) fn turns(project: &Project, environment: &str) -> Vec<String> {
    let script = project.read(&format!("deploy/kubernetes/{environment}/apply.sh"));
    let (_, rest) = script.split_once(" files='").expect("files");
    let (table, _) = rest.split_once('\'').expect("their end");
    table.lines().filter(|line| !line.is_empty()).map(|line| line.replace(".yaml", "")).collect()
}

/// The text of the `sh` blocks, also of those inside lists.
fn blocks(text: &str) -> String {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim_start) {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => lines.push(line),
            _ => (),
        }
    }
    lines.join("\n") + "\n"
}

/// Each job is applied after the jobs that it waits for and the stores that it calls, and once.
pub(crate) fn jobs_wait_for_others() {
    let project = Project::new();
    project.write("platform.yaml", JOBS);
    project.run(&["render"]).exits(0);
    assert_eq!(turns(&project, "production"), ["shop/db -5", "shop/clean -4", "shop/base -3", "desk/audit -2", "shop/other -1"]);
}

/// The link of two regions comes after the roots of both: with the region that is applied last.
pub(crate) fn links_come_with_the_last_region() {
    let project = Project::new();
    project.write("platform.yaml", SPEC);
    project.edit("platform.yaml", "{eu-west-1: {zones: 3}}", "{eu-west-1: {zones: 3}, eu-central-1: {zones: 3}, us-east-1: {zones: 3}}");
    project.edit("platform.yaml", "[eu-west-1], protected", "[us-east-1, eu-west-1, eu-central-1], protected");
    project.edit("platform.yaml", "storage: 10Gi,", "storage: 10Gi, independent: true,");
    project.run(&["render"]).exits(0);
    let planned = |region: &str| -> Vec<String> {
        let readme = project.read(&format!("deploy/kubernetes/production/{region}/README.md"));
        let folders = readme.lines().filter_map(|line| line.strip_prefix("terraform -chdir=terraform/production/")?.strip_suffix(" init"));
        folders.map(str::to_owned).collect()
    };
    assert_eq!(planned("us-east-1"), ["us-east-1/network", "us-east-1/cluster"]);
    assert_eq!(planned("eu-west-1"), ["eu-west-1/network", "eu-west-1/cluster", "interconnect/eu-west-1--us-east-1"]);
    let links = ["interconnect/eu-central-1--eu-west-1", "interconnect/eu-central-1--us-east-1"];
    assert_eq!(planned("eu-central-1"), [&["eu-central-1/network", "eu-central-1/cluster"], &links[..]].concat());
}

/// Where each host has a record of each region, people take a region out; they change the records of other hosts of several regions.
pub(crate) fn records_of_a_lost_region() {
    let runbook = |environments: &str| {
        let project = Project::new();
        let spec = format!(
            r#"apiVersion: platgen/v1
platform: {{name: shop, owner: ops, domain: shop.example}}
cloud: {{provider: aws, accounts: {{production: "222222222222"}}, state: {{region: eu-west-1}}}}
regions: {{eu-west-1: {{zones: 3}}, eu-central-1: {{zones: 3}}, desk: {{provider: kind, zones: 1}}, den: {{provider: kind, zones: 1}}}}
environments: {{{environments}}}
access: {{groups: {{ops: {{id: platform-admin, role: admin}}}}}}
teams: {{ops: {{group: ops}}}}
namespaces: {{shop: {{owner: ops}}}}
apps: {{web: {{image: "registry.example/web:v1", port: 8080, probes: {{ready: /ready}}, expose: "@"}}}}
"#
        );
        project.write("platform.yaml", &spec);
        project.run(&["render", "--allow-incomplete"]).exits(0);
        let text = project.read("deploy/RUNBOOK.md");
        let says = |words: &str| text.contains(words);
        [
            says("2. Change the DNS records of the lost region's hosts"),
            says("2. Hosts that several regions on AWS answer at need nothing"),
            says("   Change the DNS records of the lost region's other hosts"),
            says("1. Change the DNS records of its hosts, and see"),
            says("1. Take it out as in \"Which region answers\", and see"),
            says("1. Take it out as in \"Which region answers\", change the DNS records of its other hosts, and see"),
        ]
    };
    let (several, others) = ("production: {regions: [eu-west-1, eu-central-1]}", "beta: {regions: [desk, den], domain: beta.shop.example}");
    assert_eq!(runbook("production: {regions: [eu-west-1]}"), [true, false, false, true, false, false]);
    assert_eq!(runbook(several), [false, true, false, false, true, false]);
    assert_eq!(runbook(&format!("{others}, {several}")), [false, true, true, false, false, true]);
}

/// Network, cluster, difference, files, note: in this order. The script has the order of the files.
pub(crate) fn steps_are_in_order() {
    let readme = shop().read(&format!("deploy/kubernetes/{PLACE}/README.md"));
    let (_, steps) = readme.split_once("## Apply\n").expect("steps");
    let commands = blocks(steps)
        .replace("kubectl --context shop-production-eu-west-1", "kubectl")
        .replace(&format!("kubernetes/{PLACE}"), "K")
        .replace(&format!("terraform -chdir=terraform/{PLACE}/"), "terraform ");
    let wanted = "terraform network init
terraform network plan -out=network.tfplan
terraform network apply network.tfplan
terraform cluster init
terraform cluster plan -out=cluster.tfplan
terraform cluster apply cluster.tfplan
aws eks update-kubeconfig --region eu-west-1 --name shop-production-eu-west-1 --alias shop-production-eu-west-1 --role-arn arn:aws:iam::222222222222:role/shop-production-eu-west-1-administrator
sh K/preflight.sh
sh kubernetes/production/apply.sh --region eu-west-1 --dry-run
sh kubernetes/production/apply.sh --region eu-west-1
git tag --force applied/production/eu-west-1
git push --force origin refs/tags/applied/production/eu-west-1
";
    assert_eq!(commands, wanted, "{commands}");
    assert_eq!(turns(&shop(), "production"), ["shop/db -2", "shop/migrate -1"]);
    let titles: Vec<&str> = steps.lines().filter_map(|line| line.strip_prefix("### ")).take(4).collect();
    let [network, cluster] = ["network", "cluster"].map(|root| format!("Plan terraform/{PLACE}/{root}"));
    assert_eq!(titles, [&format!("1. {network}"), &format!("2. {cluster}"), "3. Write the secrets", "4. Make the add-ons"]);
}

/// The script looks for everything that the README lists.
pub(crate) fn preflight_looks_for_every_requirement() {
    let script = shop().read(&format!("deploy/kubernetes/{PLACE}/preflight.sh"));
    let (_, checks) = script.split_once("\ncontext='shop-production-eu-west-1'\n").expect("checks");
    let name = |line: &str| Some(line.trim_start().split_once(" '")?.1.split_once('\'')?.0.to_owned());
    let looks =
        |line: &&str| ["exists ", "prints ", "allowed ", "resolves ", "serves "].iter().any(|how| line.trim_start().starts_with(how));
    let found: Vec<String> = checks.lines().filter(looks).filter_map(name).collect();
    let wanted = [
        "all rights in the cluster",
        "namespace envoy-gateway-system",
        "external-secrets.io/v1",
        "gateway.envoyproxy.io/v1alpha1",
        "gateway.networking.k8s.io/v1",
        "API metrics.k8s.io/v1beta1 (metrics-server)",
        "GatewayClass envoy",
        "Secret envoy-gateway-system/public-tls with a certificate",
        "default StorageClass",
        "AWS Load Balancer Controller",
        "the Kubernetes Cluster Autoscaler",
        "permission set platform-admin in the account 222222222222",
        "secret production/shop/db",
        "production.shop.example",
    ];
    assert_eq!(found, wanted);
}

/// What the files need of other networks and file systems, and how clients come in.
pub(crate) fn the_readme_names_routes_file_systems_and_entrances() {
    let project = shop();
    project.edit("platform.yaml", "apps:\n", "external: {search: {host: search.corp.example, port: 9200, via: private, cidrs: [10.9.0.0/24]}, archive: {host: archive.corp.example, port: 9, via: private}}\nvolumes: {files: {size: 1Gi, backup: {none: trial}}}\napps:\n");
    let entrances = "expose: [{host: \"@\"}, {host: \"@\", via: internal}, {host: own, tls: passthrough}, {listen: 22, protocol: tcp, from: [192.0.2.0/24]}]";
    project.edit(
        "platform.yaml",
        "expose: \"@\"",
        &format!("needs: [external/search, external/archive], volumes: {{/files: volume/files}}, {entrances}"),
    );
    project.edit(
        "platform.yaml",
        "access:",
        "network: {on_premises: {cidrs: [192.168.0.0/16]}}\ncluster: {registry: {pull: platform/registry}, pools: {general: {machine: m7i.xlarge, nodes: 3..9}}}\naccess:",
    );
    project.run(&["render"]).exits(0);
    let readme = project.read(&format!("deploy/kubernetes/{PLACE}/README.md"));
    for line in [
        "| `production/platform/registry` | the whole value is the text of `.dockerconfigjson` | `shop/platgen-registry` |",
        "A `.dockerconfigjson` holds the logins of the registries: `{\"auths\": {\"registry.example\": {\"auth\": \"...\"}}}`, with `user:password` in",
        "- the Kubernetes Cluster Autoscaler, as the account `cluster-autoscaler` in `kube-system`, which has its rights: without, pools stay at their smallest number of nodes",
        "- cert-manager, as the account `cert-manager` in `cert-manager`, which has its rights: makes and renews certificates, unless another program does",
        "- ExternalDNS, as the account `external-dns` in `external-dns`, which has its rights: makes the DNS records of the hosts, unless another program does. It runs with `--registry=txt`, `--txt-prefix=extdns-%{record_type}.` and `--txt-owner-id=shop-production-eu-west-1`",
        "- a link to the company's network `192.168.0.0/16`, with a route to it from `10.0.0.0/16` and one back: these files join no networks",
        "- a route from the nodes of `general` to `10.9.0.0/24`, and one back, for `external/search`: these files join no networks",
        "- the file system behind the StorageClass `efs-sc`, with a mount target in each zone whose security group admits NFS (TCP 2049) from the nodes",
        "- the Secret `public-tls` in the namespace `envoy-gateway-system`, with a certificate of the hosts of the Gateway `public`",
        "| `own.production.shop.example` | `envoy-gateway-system/public-passthrough` | `shop/web.yaml` |",
        "| `tcp-22` | `envoy-gateway-system/public` | `shop/web.yaml` |",
        "A name has the record of one Gateway, and these are on several: `production.shop.example`. The internet and the company's network need DNS zones of",
        "The proxies alone refuse clients outside of the ranges of `from`: a load balancer takes connections from everywhere. A proxy has to see the",
    ] {
        assert!(readme.lines().any(|one| one == line), "{line}\n{readme}");
    }
    assert!(!readme.contains("public-passthrough-tls"), "{readme}");
    let preflight = project.read(&format!("deploy/kubernetes/{PLACE}/preflight.sh"));
    for line in [
        "prints 'the Kubernetes Cluster Autoscaler' kubectl --context \"$context\" --request-timeout=20s --namespace 'kube-system' get deployments --output jsonpath='{.items[?(@.spec.template.spec.serviceAccountName==\"cluster-autoscaler\")].metadata.name}'",
        "printf 'look yourself: %s\\n' 'whether ExternalDNS runs as the account external-dns in external-dns, or another program does its work'",
        "printf 'look yourself: %s\\n' 'whether 10.0.0.0/16 has a route to 192.168.0.0/16 in the company'\\''s network, and one back'",
    ] {
        assert!(preflight.lines().any(|one| one.trim() == line), "{line}\n{preflight}");
    }
    let policy = project.read(&format!("deploy/kubernetes/{PLACE}/shop/web.yaml"));
    for line in ["# app/web calls external/archive (no cidrs: every address of its network)", "# app/web calls external/search"] {
        assert!(policy.lines().any(|one| one.trim() == line), "{line}\n{policy}");
    }
}

/// A cluster of one's own has no network of these files, and calls the company all the same.
pub(crate) fn a_cluster_of_ones_own_needs_routes() {
    let project = Project::new();
    let external = "external: {search: {host: search.corp.example, port: 9200, via: on_premises}}\nnetwork: {on_premises: {cidrs: [192.168.0.0/16]}}\napps:\n";
    let spec = SPEC
        .replace("{zones: 3}", "{zones: 3, provider: existing}")
        .replace("apps:\n", external)
        .replace("expose: \"@\"", "needs: [external/search]");
    project.write("platform.yaml", &spec);
    project.run(&["render"]).exits(0);
    let readme = project.read(&format!("deploy/kubernetes/{PLACE}/README.md"));
    let wanted =
        "- a route from the nodes of `general` to `192.168.0.0/16`, and one back, for `external/search`: these files join no networks";
    let routes: Vec<&str> = readme.lines().filter(|line| line.contains("a route from")).collect();
    assert_eq!(routes, [wanted], "{readme}");
}

/// A class of volumes that the files make is nothing to look for: its driver is.
pub(crate) fn preflight_knows_what_the_files_make() {
    let project = shop();
    project.edit("platform.yaml", "access:", "cluster: {storage: {fast: {type: gp3}}}\naccess:");
    project.edit("platform.yaml", "old:v1\"}", "old:v1\", probes: {none: trial}, volumes: {/data: {size: 1Gi, class: fast}}}");
    project.run(&["render"]).exits(0);
    let storage = |file: &str| {
        let text = project.read(&format!("deploy/kubernetes/{PLACE}/{file}"));
        let about = |line: &&str| line.contains("fast") || line.contains("csi");
        text.lines().filter(about).map(|line| line.trim().to_owned()).collect::<Vec<String>>()
    };
    let look = "exists 'CSI driver ebs.csi.aws.com' kubectl --context \"$context\" --request-timeout=20s get csidriver 'ebs.csi.aws.com'";
    assert_eq!(storage("preflight.sh"), [look]);
    assert_eq!(storage("README.md"), ["- the driver `ebs.csi.aws.com`, which makes the volumes of the classes `shop-fast` of these files"]);
}

/// A version of an API has to have the kinds of these files: the API server of the trial has no routes for HTTP.
pub(crate) fn preflight_asks_for_kinds() {
    let project = shop();
    let path = project.at(&format!("deploy/kubernetes/{PLACE}/preflight.sh")).display().to_string();
    let kinds = r#"{"resources":[{"kind":"Gateway"},{"kind":"EnvoyProxy"}]}"#;
    let server = format!(
        "kubectl() {{ case $* in *platgen-system*) echo shop/{PLACE} ;; *secrets.io*) echo no; return 1 ;; *) echo '{kinds}' ;; esac; }}; . '{path}'"
    );
    let output = Command::new("sh").args(["-c", &server]).env("PATH", "/usr/bin:/bin").output().expect("a shell");
    let found: Vec<String> = Ran::from(output).out.lines().filter(|line| line.contains(" API ")).map(str::to_owned).collect();
    assert_eq!(found, ["not looked at: API external-secrets.io/v1: no", "missing: HTTPRoute of the API gateway.networking.k8s.io/v1"]);
}

/// What kubectl says of an operator that is older than a field, and of one that is not there, means that it is missing; another error does not.
pub(crate) fn preflight_knows_the_words_of_kubectl() {
    let project = shop();
    let store = "  orders: {engine: postgres, version: 18, storage: 20Gi, users: {app: {}}, backup: {none: trial}}\napps:\n";
    project.edit("platform.yaml", "apps:\n", store);
    project.run(&["render"]).exits(0);
    let path = project.at(&format!("deploy/kubernetes/{PLACE}/preflight.sh")).display().to_string();
    let said = |error: &str| {
        let server = format!(
            "kubectl() {{ case $* in *platgen-system*) echo shop/{PLACE} ;; *' explain '*) echo \"$error\" >&2; return 1 ;; *) echo some ;; esac; }}; . '{path}'"
        );
        let output = Command::new("sh").args(["-c", &server]).env("PATH", "/usr/bin:/bin").env("error", error).output().expect("a shell");
        let lines: Vec<String> = Ran::from(output).out.lines().map(str::to_owned).collect();
        lines.into_iter().filter(|line| line.contains("CloudNativePG 1.30")).collect::<Vec<String>>()
    };
    let missing = ["missing: CloudNativePG 1.30 or newer"];
    assert_eq!(said(r#"error: field "primaryLease" does not exist"#), missing);
    assert_eq!(said(r#"error: couldn't find resource for "postgresql.cnpg.io/v1, Resource=clusters""#), missing);
    let denied = "error: the context does not exist";
    assert_eq!(said(denied), [format!("not looked at: CloudNativePG 1.30 or newer: {denied}")]);
}

/// In the cluster of another environment the script looks at nothing; a new cluster does not say yet whose it is.
pub(crate) fn preflight_refuses_another_cluster() {
    let project = shop();
    let path = project.at(&format!("deploy/kubernetes/{PLACE}/preflight.sh")).display().to_string();
    let said = |identity: &str| {
        let server = format!("kubectl() {{ case $* in *platgen-system*) {identity} ;; *) echo yes ;; esac; }}; . '{path}'");
        let ran = Ran::from(Command::new("sh").args(["-c", &server]).env("PATH", "/usr/bin:/bin").output().expect("a shell"));
        (ran.code, ran.out.lines().filter(|line| line.contains("cluster shop-")).map(str::to_owned).collect::<Vec<String>>(), ran.out)
    };
    let (code, found, out) = said("echo shop/beta/eu-west-1");
    let refused = "refused: the cluster shop-production-eu-west-1 is shop/beta/eu-west-1, and these files are of shop/production/eu-west-1";
    assert_eq!((code, found, out), (1, vec![refused.to_owned()], format!("{refused}\n")));
    let (_, found, out) = said("echo 'Error from server (NotFound): configmaps' >&2; return 1");
    let new = "new: the cluster shop-production-eu-west-1 does not say yet whose it is; the first apply makes it shop/production/eu-west-1";
    assert!(found == [new] && out.contains(" missing, "), "{out}");
    let (_, found, out) = said("echo forbidden >&2; return 1");
    assert_eq!(found, ["not looked at: whose the cluster shop-production-eu-west-1 is: forbidden"], "{out}");
    let (_, found, out) = said("echo shop/production/eu-west-1");
    assert!(found.is_empty() && out.contains(" missing, "), "{out}");
    // Before the first add-on is installed, the question alone.
    let whose = |identity: &str| {
        let server = format!("kubectl() {{ case $* in *platgen-system*) {identity} ;; *) echo yes ;; esac; }}; . '{path}'");
        let ran =
            Ran::from(Command::new("sh").args(["-c", &server, "sh", "--whose"]).env("PATH", "/usr/bin:/bin").output().expect("a shell"));
        (ran.code, ran.out)
    };
    assert_eq!(whose("echo shop/beta/eu-west-1"), (1, format!("{refused}\n")));
    assert_eq!(whose("echo shop/production/eu-west-1"), (0, String::new()));
    assert_eq!(whose("echo 'Error from server (NotFound): configmaps' >&2; return 1"), (0, format!("{new}\n")));
    assert_eq!(whose("echo forbidden >&2; return 1").0, 2);
}

/// No page changes a cluster before it asked whose that is.
pub(crate) fn clusters_are_asked_before_they_change() {
    let mut pages = 0;
    for spec in ["minimal", "sample", "data", "github", "gitlab"] {
        let project = Project::new().incomplete();
        copy(&specs()[spec], &project.folder, false);
        project.run(&["render"]).exits(0);
        for (path, bytes) in tree(&project.at("deploy/kubernetes")) {
            if !path.ends_with("README.md") {
                continue;
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some((_, steps)) = text.split_once("\n## Apply\n") else { continue };
            let commands = blocks(steps);
            let at = |words: &[&str]| commands.lines().position(|line| words.iter().any(|word| line.contains(word)));
            let changes = at(&["kubectl --context", "helm ", "argocd cluster add", "argocd app", "apply.sh"]);
            assert!(changes.is_some() && at(&["/preflight.sh"]) < changes, "{spec}/{path}:\n{commands}");
            pages += 1;
        }
    }
    assert!(pages > 9, "{pages}");
}

/// The guard of a protected environment refuses to delete data: every command of the pages that does has the flags.
pub(crate) fn deletions_of_data_break_the_glass() {
    let kinds = [
        " pvc/",
        "\"pvc/",
        "persistentvolumeclaims",
        "clusters.postgresql",
        "kafka",
        "perconaservermongodbs",
        "perconaxtradbclusters",
        "rabbitmqclusters",
        " -k ",
    ];
    let deletes =
        |command: &&str| command.contains("kubectl ") && command.contains(" delete ") && kinds.iter().any(|kind| command.contains(kind));
    let mut all = Vec::new();
    for spec in ["features", "sample"] {
        let project = Project::new().incomplete();
        copy(&specs()[spec], &project.folder, false);
        project.run(&["render"]).exits(0);
        for page in ["kubernetes/production/eu-west-1/README.md", "RUNBOOK.md"] {
            let text = project.read(&format!("deploy/{page}"));
            let commands = text.lines().flat_map(|line| line.split(" && ")).filter(deletes);
            all.extend(commands.map(|command| command.trim().to_owned()));
        }
    }
    let flags = " --as=break-glass --as-group=system:masters --as-group=platgen:break-glass delete ";
    let without: Vec<&String> = all.iter().filter(|command| !command.contains(flags)).collect();
    assert_eq!(without, [""; 0]);
    for data in ["pvc/$server", "pvc/datadir-", "pvc/persistence-", "clusters.postgresql.cnpg.io/orders", "delete -k "] {
        assert!(all.iter().any(|command| command.contains(data)), "{data}: {all:#?}");
    }
}

/// Without a cluster and an account the script says that it could not look, and claims nothing.
pub(crate) fn preflight_says_what_it_could_not_look_at() -> Result<(), Failed> {
    let project = shop();
    let mut script = Command::new("sh");
    script.arg(project.at(&format!("deploy/kubernetes/{PLACE}/preflight.sh"))).env("KUBECONFIG", "/nonexistent");
    let Ran { code, out, err } = Ran::from(script.env("PATH", "/usr/bin:/bin").env("AWS_CONFIG_FILE", "/nonexistent").output()?);
    let cluster = out.contains("not looked at: the cluster shop-production-eu-west-1 and everything in it: ");
    let account = out.contains("not looked at: the account 222222222222 and everything in it: ");
    if cluster && account && code != 0 { Ok(()) } else { Err(format!("{code}\n{out}\n{err}").into()) }
}

/// What left the spec is listed with the commands that delete it, and nothing else is; a changed API version is no other object.
pub(crate) fn removed_lists_what_left() -> Result<(), Failed> {
    let project = shop();
    let git = |words: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@shop.example"];
        say(Command::new("git").arg("-C").arg(&project.folder).args(identity).args(words), &[0])
    };
    git(&["init", "--quiet"])?;
    git(&["add", "--all"])?;
    git(&["commit", "--quiet", "--message=one"])?;
    project.edit("platform.yaml", "  old: {image: \"registry.example/old:v1\"}\n", "");
    project.run(&["render"]).exits(0);
    let web = format!("deploy/kubernetes/{PLACE}/shop/web.yaml");
    project.write(&web, &project.read(&web).replace("autoscaling/v2\n", "autoscaling/v3\n"));
    let run = |place: &str| Command::new("sh").arg(project.at("deploy/removed.sh")).args(["HEAD", place, "shop"]).output();
    let ran = Ran::from(run(PLACE)?).exits(0);
    let delete = |object: &str| format!("kubectl --context 'shop' --namespace 'shop' delete --ignore-not-found {object}");
    let objects = ["'Deployment.apps'", "'NetworkPolicy.networking.k8s.io'", "'PodDisruptionBudget.policy'", "'ServiceAccount'"];
    let wanted: Vec<String> = objects.iter().map(|kind| delete(&format!("{kind} 'old'"))).collect();
    // The cluster is asked first whose it is.
    let asks = format!(
        "identity=$(kubectl --context 'shop' get namespace platgen-system --output 'jsonpath={{.metadata.labels.platgen\\.io/platform}}/{{.metadata.labels.platgen\\.io/environment}}/{{.metadata.labels.platgen\\.io/region}}')
if [ \"$identity\" != 'shop/{PLACE}' ]; then
  echo \"the cluster of the context shop is '$identity' and not 'shop/{PLACE}': nothing is deleted\" >&2
  exit 1
fi
"
    );
    let found: Vec<&str> = ran.out.strip_prefix(&asks).ok_or(ran.out.as_str())?.lines().collect();
    if found != wanted {
        return Err(format!("{found:#?}").into());
    }
    let deleted = |identity: &str| -> Result<Ran, Failed> {
        let server = format!("kubectl() {{ case $* in *platgen-system*) echo {identity} ;; *) echo deleted ;; esac; }}\n{}", ran.out);
        Ok(Ran::from(Command::new("sh").args(["-c", &server]).output()?))
    };
    let other = deleted("shop/beta/eu-west-1")?.exits(1);
    if !other.out.is_empty() || !other.err.contains("'shop/beta/eu-west-1' and not 'shop/production/eu-west-1'") {
        return Err(format!("{other:?}").into());
    }
    if deleted(&format!("shop/{PLACE}"))?.exits(0).out.lines().count() != wanted.len() {
        return Err("the own cluster is refused".into());
    }
    // A region that left is no reason to delete everything.
    Ran::from(run("production/elsewhere")?).exits(1);

    // Claims, namespaces and databases are for their owner to decide, and a database needs its objects until then.
    let object =
        |api: &str, kind: &str, name: &str| format!("---\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\n");
    let claim = object("v1", "PersistentVolumeClaim", "data")
        + &object("postgresql.cnpg.io/v1", "Cluster", "orders")
        + &object("external-secrets.io/v1", "ExternalSecret", "orders.app")
        + &object("external-secrets.io/v1", "ExternalSecret", "orders-page.app")
        + &object("external-secrets.io/v1", "ExternalSecret", "platgen-registry");
    let region = format!("deploy/kubernetes/{PLACE}");
    project.write(&format!("{region}/shop/claim.yaml"), &claim);
    let list = format!("{region}/kustomization.yaml");
    let before = project.read(&list);
    project.write(&list, &format!("{before}- shop/claim.yaml\n"));
    git(&["add", "--all"])?;
    git(&["commit", "--quiet", "--message=two"])?;
    project.write(&list, &before);
    let ran = Ran::from(run(PLACE)?).exits(0);
    let glass = "--as=break-glass --as-group=system:masters --as-group=platgen:break-glass";
    let wanted = format!(
        "{asks}# Holds data. Ask the owner first: {}\n{}\n# Needed until the database or queue is deleted: {}\n# Needed until the database or queue is deleted: {}\n# Holds other objects or data. Ask the owner first: {}\n",
        delete(&format!("{glass} 'Cluster.postgresql.cnpg.io' 'orders'")),
        delete("'ExternalSecret.external-secrets.io' 'orders-page.app'"),
        delete("'ExternalSecret.external-secrets.io' 'orders.app'"),
        delete("'ExternalSecret.external-secrets.io' 'platgen-registry'"),
        delete(&format!("{glass} 'PersistentVolumeClaim' 'data'"))
    );
    if ran.out == wanted { Ok(()) } else { Err(ran.out.into()) }
}

/// Objects of the whole cluster are deleted without a namespace, entries of one environment in the others alone, and a namespace is for its owner.
pub(crate) fn removed_knows_every_scope() -> Result<(), Failed> {
    let project = Project::new();
    let old = "kubernetes: {cluster: [{resources: [nodes], verbs: [get]}]}";
    let spec = JOBS
        .replace("accounts: {", "accounts: {beta: \"111111111111\", ")
        .replace("{production: {regions", "{beta: {regions: [eu-west-1]}, production: {regions");
    let spec = spec.replace("other:v1\", run: before-deploy", &format!("other:v1\", {old}"));
    let spec = spec.replace(
        "audit: {namespace: desk, image: \"registry.example/audit:v1\", run: before-deploy, after: app/base}",
        "load: {namespace: desk, image: \"registry.example/load:v1\"}",
    );
    project.write("platform.yaml", &spec);
    project.run(&["render"]).exits(0);
    let git = |words: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@shop.example"];
        say(Command::new("git").arg("-C").arg(&project.folder).args(identity).args(words), &[0])
    };
    git(&["init", "--quiet"])?;
    git(&["add", "--all"])?;
    git(&["commit", "--quiet", "--message=one"])?;
    project.edit("platform.yaml", old, "only: [beta]");
    project.edit("platform.yaml", "desk: {owner: ops}", "desk: {owner: ops, only: [beta]}");
    project.edit("platform.yaml", "load:v1\"", "load:v1\", only: [beta]");
    project.run(&["render"]).exits(0);
    let lines = |place: &str| -> Result<Vec<String>, Failed> {
        let ran = Ran::from(Command::new("sh").arg(project.at("deploy/removed.sh")).args(["HEAD", place, "shop"]).output()?).exits(0);
        let short = |line: &str| line.replace("kubectl --context 'shop' ", "").replace("delete --ignore-not-found ", "").replace('\'', "");
        let after = ran.out.split_once("\nfi\n").map_or("", |(_, after)| after);
        Ok(after.lines().map(short).collect())
    };
    let rights = ["ClusterRole.rbac.authorization.k8s.io shop.shop.other", "ClusterRoleBinding.rbac.authorization.k8s.io shop.shop.other"];
    if lines("beta/eu-west-1")? != rights {
        return Err(format!("{:#?}", lines("beta/eu-west-1")?).into());
    }
    let found = lines("production/eu-west-1")?;
    let wanted = [
        rights[0],
        rights[1],
        "--namespace shop Deployment.apps other",
        "--namespace desk Deployment.apps load",
        "--namespace desk LimitRange limits",
        "# Holds other objects or data. Ask the owner first: --as=break-glass --as-group=system:masters --as-group=platgen:break-glass Namespace desk",
        "--namespace shop NetworkPolicy.networking.k8s.io other",
        "--namespace desk NetworkPolicy.networking.k8s.io allow-dns",
        "--namespace desk NetworkPolicy.networking.k8s.io default-deny",
        "--namespace desk NetworkPolicy.networking.k8s.io load",
        "--namespace desk PodDisruptionBudget.policy load",
        "--namespace desk ResourceQuota quota",
        "--namespace desk RoleBinding.rbac.authorization.k8s.io ops-admin",
        "--namespace shop PodDisruptionBudget.policy other",
        "--namespace shop ServiceAccount other",
        "--namespace desk ServiceAccount default",
        "--namespace desk ServiceAccount load",
    ];
    let (found, wanted) = (found.iter().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(wanted));
    if found == wanted { Ok(()) } else { Err(format!("{found:#?}").into()) }
}

/// A pasted command of the runbook stops until its values are set.
pub(crate) fn the_runbook_names_no_cluster() {
    let runbook = shop().read("deploy/RUNBOOK.md");
    let (values, commands) = runbook.split_once("\n## ").expect("sections");
    let (asks, set): (Vec<String>, Vec<String>) = blocks(values).lines().map(str::to_owned).partition(|line| line.contains("kubectl"));
    assert_eq!(asks.len(), 1, "{asks:?}");
    for line in blocks(commands)
        .lines()
        .chain([asks[0].as_str()])
        .filter(|line| line.contains('$') && (line.contains("kubectl") || line.starts_with("sh ")))
    {
        let script = format!("kubectl() {{ echo called; }}\nsh() {{ echo called; }}\n{}\n{line}\n", set.join("\n"));
        let ran = Command::new("sh").args(["-c", &script]).output().expect("sh");
        assert!(!ran.status.success() && ran.stdout.is_empty(), "{line}");
    }
}

/// Every script and every block of every page, of every spec of the repository.
pub(crate) fn shellcheck_is_content(shellcheck: &Path) -> Result<(), Failed> {
    let mut judged = 0;
    let mut project = shop();
    for (_, spec) in std::iter::once((String::new(), project.folder.clone())).chain(specs()) {
        if spec != project.folder {
            project = Project::new().incomplete();
            let named = super::program::copy(&spec, &project.folder, false);
            project.run(&["render", &named.display().to_string()]).exits(0);
        }
        for (path, bytes) in tree(&project.folder) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let pages = path.ends_with(".md").then(|| blocks(text.split("## Scan").next().unwrap_or_default()));
            let script = if path.ends_with(".sh") { Some(text.clone()) } else { pages.filter(|text| text.len() > 1) };
            let Some(script) = script else { continue };
            let file = tempfile::NamedTempFile::new()?;
            std::fs::write(file.path(), script)?;
            say(Command::new(shellcheck).args(["--shell=sh"]).arg(file.path()), &[0]).map_err(|fault| format!("{path}: {fault}"))?;
            judged += 1;
        }
    }
    if judged >= 12 { Ok(()) } else { Err(format!("only {judged} scripts").into()) }
}
