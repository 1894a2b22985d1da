//! `impact` through the program: production's files applied to beta, folders that nobody rendered, and words that mean nothing.

use super::program::{Project, copy, specs};
use crate::support::platgen;
use serde_json::Value;

/// The sample, whose stores are not all rendered.
fn guarded() -> Project {
    let project = Project::new().incomplete();
    copy(&specs()["sample"], &project.folder, false);
    project
}

/// The sample on clusters that refuse nothing.
fn sample() -> Project {
    let project = guarded();
    project.edit("platform.yaml", "cluster:\n", "cluster:\n  guard: {none: the clusters are shared}\n");
    project
}

/// The policy of the cluster refuses every object of another environment; it judges no policies, which are the same in both.
pub(crate) fn a_guard_refuses_what_is_foreign() {
    let project = guarded();
    let words = ["--applied", "production", "--onto", "beta"];
    let [impact] = &report(&project, &words, 0)[..] else { panic!("one region") };
    assert_eq!(impact["hit"], false);
    let (refused, relabelled) = (of(impact, "refused"), of(impact, "relabelled"));
    let kinds = ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"];
    let names = ["environment", "namespaces", "deletion", "hand-made"];
    let policies: Vec<String> = names.iter().flat_map(|name| kinds.map(|kind| format!("{kind}/platgen-{name}"))).collect();
    assert_eq!(relabelled, policies);
    let all = impact["objects"].as_array().expect("objects");
    assert!(refused.len() > 40 && refused.len() + relabelled.len() == all.len(), "{} of {}", refused.len(), all.len());
    let why = "the policy `platgen-environment`: the environment of the object is `production`, and that of the cluster is `beta`";
    assert!(all.iter().filter(|one| one["outcome"] == "refused").all(|one| one["reason"] == why), "{all:?}");
    let protection = &impact["protection"];
    let policies = |impact: &Value| -> Vec<(String, u64)> {
        let all = impact["protection"]["policies"].as_array().cloned().unwrap_or_default();
        all.iter().map(|one| (one["name"].as_str().unwrap_or_default().to_owned(), one["refused"].as_u64().unwrap_or_default())).collect()
    };
    let namespaces = refused.iter().filter(|id| id.starts_with("Namespace/")).count() as u64;
    assert!(namespaces > 2);
    let counts = |named: [u64; 4]| -> Vec<(String, u64)> {
        names.iter().zip(named).map(|(name, count)| (format!("platgen-{name}"), count)).collect()
    };
    assert_eq!(policies(impact), counts([refused.len() as u64, namespaces, 0, 0]));
    assert_eq!(protection["refused"], 0);
    assert_eq!(protection["admission"], serde_json::json!([]));
    let text = project.run(&[&["impact"], &words[..]].concat()).exits(0).out;
    let said = format!("the admission policy `platgen-environment` refuses {} objects", refused.len());
    assert!(text.starts_with("production/eu-west-1 applied to beta/eu-west-1\n") && text.contains(&said), "{text}");
    assert!(!text.contains("would have refused"), "{text}");
    // Nothing is hit, so nothing has to stop; the labels of the policies come back in the right cluster all the same.
    assert!(
        text.contains("  # Ask the cluster first whose it is: this prints `boutique/beta/eu-west-1`.\n") && !text.contains("Stop Argo CD"),
        "{text}"
    );
    // Neither are the files of another region of the same environment.
    let regions = ["--applied", "production/eu-west-1", "--onto", "production/eu-central-1"];
    let [impact] = &report(&project, &regions, 0)[..] else { panic!("one region") };
    let why = "the policy `platgen-environment`: the region of the object is `eu-west-1`, and that of the cluster is `eu-central-1`";
    let all = impact["objects"].as_array().expect("objects");
    assert!(all.iter().filter(|one| one["outcome"] == "refused").all(|one| one["reason"] == why), "{all:?}");
    assert!(of(impact, "refused").len() > 40);

    // A policy that somebody changed is not evaluated, nor one that is not bound, nor one without an identity.
    project.run(&["render"]).exits(0);
    let folder = "deploy/kubernetes/beta/eu-west-1";
    let onto = format!("./{folder}");
    let of_folder = ["--applied", "production", "--onto", &onto];
    let in_force = |code: i32| policies(&report(&project, &of_folder, code)[0]).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let all = names.map(|name| format!("platgen-{name}"));
    assert_eq!(in_force(0), all);
    for (file, from, to) in [
        ("guard.yaml", "== params.metadata.labels['platgen.io/environment'] ||", "!= '' ||"),
        ("guard.yaml", "  - Deny\n", "  - Warn\n"),
        ("guard.yaml", "failurePolicy: Fail", "failurePolicy: Ignore"),
        ("guard.yaml", "- CREATE\n", "- CONNECT\n"),
        ("guard.yaml", "        - kube-public\n", "        - shop\n"),
        ("guard.yaml", "    kind: Namespace\n", "    kind: ConfigMap\n"),
        ("guard.yaml", "    name: platgen-system\n", "    name: another\n"),
        ("identity.yaml", "  name: platgen-system\n", "  name: another\n"),
    ] {
        let path = format!("{folder}/cluster/{file}");
        let before = project.read(&path);
        project.edit(&path, from, to);
        let without = if file == "identity.yaml" { &all[1..2] } else { &all[1..] };
        assert_eq!(in_force(2), without, "{from}");
        project.write(&path, &before);
    }
}

fn report(project: &Project, words: &[&str], code: i32) -> Vec<Value> {
    let ran = project.run(&[&["impact", "--format", "json"], words].concat()).exits(code);
    let value: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}", ran.out));
    value["impacts"].as_array().cloned().unwrap_or_default()
}

/// The objects with an outcome.
fn of<'v>(impact: &'v Value, outcome: &str) -> Vec<&'v str> {
    let objects = impact["objects"].as_array().into_iter().flatten().filter(|object| object["outcome"] == outcome);
    objects.filter_map(|object| object["object"].as_str()).collect()
}

pub(crate) fn config_maps_hit_nobody() {
    let project = sample();
    let words = ["--applied", "production", "--onto", "beta", "--kind", "ConfigMap"];
    let [impact] = &report(&project, &words, 0)[..] else { panic!("one region") };
    assert_eq!(impact["hit"], false);
    let created = of(impact, "created");
    assert!(created.len() > 1 && created.iter().all(|id| id.starts_with("ConfigMap/")), "{created:?}");
    // Each has a name of its own, but for dashboards, which are the same everywhere.
    let relabelled = of(impact, "relabelled");
    assert!(relabelled.iter().all(|id| id.starts_with("ConfigMap/monitoring/dashboard-")), "{relabelled:?}");
    assert_eq!(impact["objects"].as_array().map(Vec::len), Some(created.len() + relabelled.len()));
    assert_eq!(impact["protection"]["hashed"], created.len());
    assert_eq!(impact["protection"]["label"], serde_json::json!(["platgen.io/environment", "production"]));
    assert_eq!(impact["workloads"], serde_json::json!([]));
    let text = project.run(&[&["impact"], &words[..]].concat()).exits(0).out;
    let first =
        "beta/eu-west-1 is not hit: no workload reads anything of production/eu-west-1, and what was applied lies there without effect.";
    assert!(text.contains(first), "{text}");
    for id in created {
        let name = id.rsplit('/').next().unwrap_or_default();
        assert!(
            text.lines().any(|line| line.contains(" delete ") && line.contains(&format!("configmap/{name}"))),
            "{name} is not deleted:\n{text}"
        );
    }
}

pub(crate) fn a_whole_tree_restarts_everything() {
    let project = sample();
    let words = ["--applied", "production", "--onto", "beta"];
    let [impact] = &report(&project, &words, 2)[..] else { panic!("one region") };
    let workloads: Vec<&str> = impact["workloads"].as_array().into_iter().flatten().filter_map(|one| one["object"].as_str()).collect();
    let expected = [
        "Deployment/payments/payment",
        "CronJob/restore-tests/orders-shop-test",
        "Deployment/shop/cart",
        "Deployment/shop/carts",
        "Deployment/shop/frontend",
        "Cluster/shop/orders",
        "CronJob/shop/report",
    ];
    assert_eq!(workloads, expected);
    let lost: Vec<&Value> =
        impact["workloads"].as_array().into_iter().flatten().filter(|one| one["loses_data"] == true).map(|one| &one["object"]).collect();
    assert_eq!(lost, ["Deployment/shop/carts"]);
    assert_eq!(of(impact, "refused"), [""; 0]);
    let route = impact["objects"].as_array().into_iter().flatten().find(|one| one["kind"] == "HTTPRoute" && one["outcome"] == "created");
    assert_eq!(route.map(|route| &route["effect"]), Some(&Value::from("takes requests for boutique.example")));
    let fetched =
        impact["objects"].as_array().into_iter().flatten().find(|one| one["kind"] == "ExternalSecret" && one["outcome"] == "created");
    let paths: Vec<&Value> =
        fetched.into_iter().flat_map(|one| one["differences"].as_array().into_iter().flatten()).map(|one| &one["after"]).collect();
    assert!(paths.contains(&&Value::from("production/payments/cards")), "{paths:?}");
    let text = project.run(&[&["impact"], &words[..]].concat()).exits(2).out;
    for line in [
        "beta/eu-west-1 is hit: 5 workloads restart",
        "Cluster/shop/orders: called by CronJob/shop/report",
        "kubectl --context \"${argocd:?}\" -n argocd patch applications.argoproj.io boutique-beta-eu-west-1 --type=merge ",
        "revision=$(kubectl --context \"${argocd:?}\" -n argocd get applications.argoproj.io boutique-beta-eu-west-1 -o jsonpath=",
        "git diff --quiet \"${revision:?}\" -- deploy/kubernetes/beta/eu-west-1 && kubectl --context boutique-beta-eu-west-1 apply --server-side --force-conflicts -k deploy/kubernetes/beta/eu-west-1",
        "kubectl --context \"${argocd:?}\" apply --server-side --force-conflicts -f deploy/gitops/beta/eu-west-1.yaml",
        "Deployment/shop/carts: its pods are replaced; ITS DATA IS LOST, as no volume keeps it",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    let markdown = project.run(&[&["impact", "--format", "markdown"], &words[..]].concat()).exits(2).out;
    assert!(
        markdown.starts_with("# production/eu-west-1 applied to beta/eu-west-1\n") && markdown.contains("\n```sh\nkubectl "),
        "{markdown}"
    );
}

/// The accident that was played by hand, of a shop with twelve workloads: 34 new objects and 12 changed ones in its namespaces. The monitoring and the add-ons
/// have come since.
pub(crate) fn the_shop_has_34_new_and_12_changed_objects() {
    let project = Project::new();
    copy(&specs()["boutique"], &project.folder, false);
    project.edit("platform.yaml", "\ncluster:\n", "\ncluster:\n  guard: {none: the accident is played}\n");
    let words = ["--applied", "production", "--onto", "beta", "--region", "eu-west-1"];
    let [impact] = &report(&project, &words, 2)[..] else { panic!("one region") };
    let kinds = |outcome: &str| -> Vec<String> {
        let is_of_the_shop = |id: &&str| ["shop", "payments", "fulfilment", "load"].contains(&id.split('/').nth(1).unwrap_or_default());
        let mut kinds: Vec<String> =
            of(impact, outcome).into_iter().filter(is_of_the_shop).map(|id| id.split('/').next().unwrap_or_default().to_owned()).collect();
        kinds.sort();
        kinds
    };
    let times = |parts: &[(&str, usize)]| -> Vec<String> {
        parts.iter().flat_map(|(kind, count)| std::iter::repeat_n((*kind).to_owned(), *count)).collect()
    };
    let created =
        times(&[("ConfigMap", 10), ("HTTPRoute", 1), ("HorizontalPodAutoscaler", 10), ("PodDisruptionBudget", 10), ("RoleBinding", 3)]);
    assert_eq!((created.len(), kinds("created")), (34, created));
    let changed = times(&[("Deployment", 11), ("NetworkPolicy", 1)]);
    assert_eq!((changed.len(), kinds("changed")), (12, changed));
    assert_eq!(of(impact, "refused"), [""; 0]);
    // With the guard, nothing of it is taken.
    project.edit("platform.yaml", "  guard: {none: the accident is played}\n", "");
    let [guarded] = &report(&project, &words, 0)[..] else { panic!("one region") };
    assert_eq!((of(guarded, "created"), of(guarded, "changed")), (Vec::new(), Vec::new()));
}

pub(crate) fn every_region_is_judged() {
    let project = sample();
    let sides = |words: &[&str]| -> Vec<String> {
        report(&project, words, 2)
            .iter()
            .map(|one| format!("{} to {}", one["applied"].as_str().unwrap_or_default(), one["onto"].as_str().unwrap_or_default()))
            .collect()
    };
    assert_eq!(
        sides(&["--applied", "beta", "--onto", "production"]),
        ["beta/eu-west-1 to production/eu-west-1", "beta/eu-west-1 to production/eu-central-1"]
    );
    assert_eq!(sides(&["--applied", "beta", "--onto", "production", "--region", "eu-west-1"]), ["beta/eu-west-1 to production/eu-west-1"]);
    assert_eq!(
        sides(&["--applied", "production/eu-west-1", "--onto", "production/eu-central-1"]),
        ["production/eu-west-1 to production/eu-central-1"]
    );
    // The committed files of one side, as a folder.
    project.run(&["render"]).exits(0);
    let folder = "./deploy/kubernetes/production/eu-west-1";
    assert_eq!(sides(&["--applied", folder, "--onto", "beta"]), ["deploy/kubernetes/production/eu-west-1 to beta/eu-west-1"]);
    let said = project.run(&["impact", "--applied", "production", "--onto", "./deploy/kubernetes/beta/eu-west-1"]).exits(2).err;
    assert!(said.contains("`production` has 2 regions: the files of eu-west-1 are applied; `--region` chooses another one"), "{said}");
    let rendered = report(&project, &["--applied", "production", "--onto", "beta"], 2);
    let committed = report(&project, &["--applied", folder, "--onto", "beta"], 2);
    assert!(rendered[0]["objects"].as_array().is_some_and(|objects| objects.len() > 20), "{rendered:?}");
    assert_eq!(rendered[0]["objects"], committed[0]["objects"], "files say the same as the spec that they were rendered from");
}

/// Two folders that nobody rendered: names that both have, a broken file, a kustomization that would change its objects.
pub(crate) fn folders_without_a_spec() {
    let project = Project::new();
    let map = |value: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: api}}\ndata: {{DB_HOST: {value}.example}}\n");
    let pod = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: 'x:1', envFrom: [{configMapRef: {name: api}}]}]}}}\n";
    project.write("all/beta/api.yaml", &map("db.beta"));
    project.write("all/beta/web.yaml", pod);
    project.write("all/production/api.yaml", &map("db.production"));
    project.write("all/production/broken.yaml", "a: [\n");
    project.write("all/production/kustomization.yaml", "resources: [api.yaml]\nimages: [{name: x, newTag: '2'}]\n");
    let words = ["impact", "--tree", "all", "--applied", "production", "--onto", "beta", "--namespace", "shop"];
    let ran = project.run(&words).exits(2);
    for line in [
        "all/beta is hit: 1 workload reads other values at its next start and 1 new address outside can be reached.",
        "INCOMPLETE: these are not part of the report, and may hit as well.",
        "  `all/production/broken.yaml` can't be read: ",
        "  context=\n",
        "kubectl --context \"${context:?}\" apply --server-side --force-conflicts --namespace shop --recursive -f all/beta",
        "DB_HOST: db.beta.example -> db.production.example (address)",
        "Deployment/shop/web main: envFrom, at the next start of a pod",
        "db.production.example: OPEN; no policy blocks the internet",
    ] {
        assert!(ran.out.contains(line), "{line} is not in:\n{}", ran.out);
    }
    assert!(ran.err.contains("warning[unreadable-document]: `all/production/broken.yaml` can't be read"), "{}", ran.err);
    assert!(ran.err.contains("the kustomization in `all/production` changes its objects"), "{}", ran.err);
    let named = project.run(&[&words[..], &["--context", "c"]].concat()).exits(2).out;
    assert!(named.contains("kubectl --context c -n shop rollout restart deployment.apps/web") && !named.contains("context="), "{named}");
}

/// What could not be read may hit as well: that is no exit code 0.
pub(crate) fn unread_files_are_no_all_clear() {
    let project = Project::new();
    let map = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\n");
    project.write("a/one.yaml", &map("one"));
    project.write("b/two.yaml", &map("two"));
    let words = ["impact", "--applied", "./a", "--onto", "./b"];
    project.run(&words).exits(0);
    assert_eq!(report(&project, &words[1..], 0)[0]["unread"], serde_json::json!([]));
    let unread = |path: &str, text: &str, said: &str| {
        project.write(path, text);
        let out = project.run(&words).exits(1).out;
        let first = "b is not hit, as far as the files could be read: no workload reads anything of a, and ";
        assert!(out.contains(first) && out.contains(said), "{path}:\n{out}");
        let listed = report(&project, &words[1..], 1)[0]["unread"].as_array().map(Vec::len);
        assert_eq!(listed, Some(1), "{path}");
        std::fs::remove_file(project.at(path)).expect("the file is removed");
    };
    unread("a/broken.yaml", "a: [\n", "`a/broken.yaml` can't be read: ");
    unread("b/broken.yaml", "a: [\n", "`b/broken.yaml` can't be read: ");
    unread("a/kustomization.yaml", "resources: [one.yaml]\nnamePrefix: x-\n", "the kustomization in `a` changes its objects");
    // Nothing hides a hit.
    let pod = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: main, image: 'x:1'}]}}}\n";
    project.write("a/web.yaml", pod);
    project.write("a/broken.yaml", "a: [\n");
    project.run(&words).exits(2);
}

/// kubectl refuses objects of other namespaces beside its flag: the files are told apart. Nobody's context is changed.
pub(crate) fn namespaces_of_mixed_folders_are_said_file_by_file() {
    let project = Project::new();
    let map = |name: &str, namespace: &str, value: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}{namespace}}}\ndata: {{A: {value}}}\n")
    };
    let words = ["impact", "--applied", "./a", "--onto", "./b", "--namespace", "shop", "--context", "c"];
    let applies = |other: &str, more: &str| -> (Vec<String>, bool) {
        project.write("a/one.yaml", &map("api", "", "b"));
        project.write("b/one.yaml", &map("api", "", "a"));
        project.write("b/two.yaml", &(map("two", other, "a") + more));
        let out = project.run(&words).exits(0).out;
        assert!(!out.contains("kubectl config"), "{out}");
        let command = "  kubectl --context c apply --server-side --force-conflicts ";
        let applies = out.lines().filter_map(|line| line.strip_prefix(command)).map(str::to_owned).collect();
        (applies, out.contains("hold objects with a namespace beside others without one, which no flag of kubectl tells apart: write it into those first: b/two.yaml."))
    };
    let mail = ", namespace: mail";
    assert_eq!(applies(", namespace: shop", ""), (vec!["--namespace shop --recursive -f b".to_owned()], false));
    assert_eq!(applies(mail, ""), (vec!["-f b/two.yaml".to_owned(), "--namespace shop -f b/one.yaml".to_owned()], false));
    let more = format!("---\n{}", map("three", "", "a"));
    assert_eq!(applies(mail, &more), (vec!["-f b/two.yaml".to_owned(), "--namespace shop -f b/one.yaml".to_owned()], true));
}

pub(crate) fn words_that_mean_nothing() {
    let project = sample();
    project.write("empty/readme.txt", "");
    let refused = |words: &[&str], code: i32, said: &str| {
        let ran = project.run(&[&["impact"], words].concat()).exits(code);
        assert!(ran.out.is_empty() && ran.err.contains(said), "{words:?}: {ran:?}");
    };
    refused(&["--applied", "prodution", "--onto", "beta"], 1, "did you mean `production`?");
    refused(&["--applied", "./nowhere", "--onto", "beta"], 1, "there is no environment or folder `./nowhere`");
    refused(&["--applied", "./empty", "--onto", "beta"], 1, "`empty` holds no object of Kubernetes");
    refused(
        &["--applied", "production", "--onto", "beta", "--region", "eu-central-1"],
        1,
        "there is no region of `beta` called `eu-central-1`",
    );
    refused(&["--applied", "production/eu-north-1", "--onto", "beta"], 1, "there is no region of `production` called `eu-north-1`");
    refused(&["--applied", "production", "--onto", "beta", "--kind", "ConfigMaps"], 1, "did you mean `ConfigMap`?");
    refused(&["--applied", "production", "--onto", "beta", "--kind", "ConfigMap,Deploymnt"], 1, "did you mean `Deployment`?");
    refused(
        &["--applied", "production", "--onto", "beta", "--kind", "DaemonSet,Pod"],
        1,
        "`production/eu-west-1` has no object of the kind",
    );
    refused(&["--applied", "beta", "--onto", "beta"], 64, "are the same");
    refused(&["--applied", "./empty", "--onto", "./empty/."], 64, "are the same");
    refused(
        &["--applied", "production/eu-west-1", "--onto", "beta", "--region", "eu-central-1"],
        64,
        "`production/eu-west-1` and `--region eu-central-1` name two regions",
    );
    refused(&["--applied", "./a", "--onto", "./b", "--region", "eu-west-1"], 64, "`--region` means nothing for two folders");
    refused(&["--applied", "./a", "--onto", "./b", "--output", "x"], 64, "`--output` means nothing for two folders");
    refused(&["--applied", "./a", "--onto", "./b"], 64, "`--allow-incomplete` means nothing for two folders");
    refused(&["platform.yaml", "--applied", "./a", "--onto", "./b"], 64, "the spec means nothing for two folders");
    refused(&["--applied", "beta", "--onto", "beta/eu-west-1"], 64, "are the same region");
    refused(&["--applied", "beta"], 64, "--onto");
    refused(&["--applied", "production", "--onto", "beta", "--format", "sarif"], 64, "prints data");
    refused(&["--tree", "x", "--region", "y", "--applied", "a", "--onto", "b"], 64, "cannot be used with");
    let ran = Project::new().run(&["impact", "--tree", "nowhere", "--applied", "a", "--onto", "b"]).exits(1);
    assert!(ran.err.contains("`nowhere/a` is not a folder"), "{ran:?}");
    let ran = platgen().args(["validate", "--format", "markdown"]).current_dir(&project.folder).output().expect("the program starts");
    assert_eq!(ran.status.code(), Some(64));
}
