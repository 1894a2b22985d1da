//! `guard` through the program: clusters that are the one that is meant, another one, nobody's, and without a guard in force; and words that mean nothing. A stand-in
//! plays kubectl here; the judge `cluster` asks a real API server.

use super::program::{Project, Ran, copy, specs};
use crate::support::platgen;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A kubectl that has the answers of a cluster in files, and writes down how it was called.
const KUBECTL: &str = "#!/bin/sh\nprintf '%s\\n' \"$*\" >> calls\ncase \" $* \" in\n  *' get namespace '*) [ -f namespace.json ] || { printf '%s\\n' \"$FAULT\" >&2; exit 1; }; cat namespace.json ;;\n  *) cat policies.json ;;\nesac\n";

const NOT_FOUND: &str = "Error from server (NotFound): namespaces \"platgen-system\" not found";

struct Cluster {
    project: Project,
}

impl Cluster {
    /// A cluster that runs the files of an environment.
    fn of(environment: &str) -> Cluster {
        let project = Project::new().incomplete();
        copy(&specs()["sample"], &project.folder, false);
        project.run(&["render"]).exits(0);
        project.write("bin/kubectl", KUBECTL);
        fs::set_permissions(project.at("bin/kubectl"), fs::Permissions::from_mode(0o755)).expect("permissions");
        let cluster = Cluster { project };
        cluster.runs(environment);
        cluster
    }

    fn runs(&self, environment: &str) {
        let read = |file: &str| -> Vec<Value> {
            let text = self.project.read(&format!("deploy/kubernetes/{environment}/eu-west-1/cluster/{file}.yaml"));
            serde_yaml::from_multiple(&text).expect("YAML")
        };
        let identity = read("identity").into_iter().find(|one| one["metadata"]["name"] == "platgen-system").expect("an identity");
        self.project.write("namespace.json", &identity.to_string());
        let mut policies = read("guard");
        // What an API server adds.
        policies.iter_mut().for_each(|policy| policy["metadata"]["uid"] = json!("1"));
        self.project.write("policies.json", &json!({"kind": "List", "items": policies}).to_string());
    }

    fn asks(&self, words: &[&str], code: i32) -> Ran {
        let path = format!("{}:{}", self.project.at("bin").display(), std::env::var("PATH").unwrap_or_default());
        let mut command = platgen();
        command.arg("guard").args(words).arg("--allow-incomplete").current_dir(&self.project.folder);
        Ran::from(command.env("PATH", path).env("FAULT", NOT_FOUND).output().expect("the program starts")).exits(code)
    }
}

pub(crate) fn a_cluster_says_whose_it_is() {
    let cluster = Cluster::of("beta");
    let own = cluster.asks(&["--env", "beta"], 0);
    assert_eq!(
        own.out,
        "The cluster of `boutique-beta-eu-west-1` is boutique/beta/eu-west-1.\nIts guard is in force: it refuses objects of other platforms, environments and regions.\n"
    );
    // Read, and nothing else, in the named cluster alone.
    let calls = cluster.project.read("calls");
    assert_eq!(calls.lines().count(), 2, "{calls}");
    assert!(calls.lines().all(|call| call.starts_with("--context boutique-beta-eu-west-1 --request-timeout=20s get ")), "{calls}");
    assert!(cluster.asks(&["--context", "somewhere"], 0).out.starts_with("The cluster of `somewhere` is boutique/beta/eu-west-1.\n"));
    let found: Value = serde_json::from_str(&cluster.asks(&["--env", "beta", "--format", "json"], 0).out).expect("JSON");
    let place = |environment: &str| json!({"platform": "boutique", "environment": environment, "region": "eu-west-1"});
    assert_eq!(
        found,
        json!({"context": "boutique-beta-eu-west-1", "found": place("beta"), "protected": false, "expected": place("beta"), "own": true, "broken": []})
    );
    // Another one.
    let other = cluster.asks(&["--env", "production", "--context", "boutique-beta-eu-west-1"], 2);
    assert_eq!(
        other.out,
        "REFUSED: the cluster of `boutique-beta-eu-west-1` is boutique/beta/eu-west-1, and boutique/production/eu-west-1 is meant.\n"
    );
    cluster.asks(&["--env", "production", "--region", "eu-central-1"], 2);
    cluster.runs("production");
    assert!(cluster.asks(&["--env", "production"], 0).out.contains("eu-west-1, which is protected.\n"));
    // Of another platform.
    let namespace =
        cluster.project.read("namespace.json").replace("\"platgen.io/platform\":\"boutique\"", "\"platgen.io/platform\":\"bank\"");
    cluster.project.write("namespace.json", &namespace);
    let foreign = cluster.asks(&["--context", "somewhere"], 2);
    assert_eq!(foreign.out, "REFUSED: the cluster of `somewhere` is bank/production/eu-west-1, and no cluster of this spec.\n");
    // Of nobody.
    fs::remove_file(cluster.project.at("namespace.json")).expect("removed");
    let nobody = cluster.asks(&["--env", "beta"], 2);
    assert!(
        nobody.out.starts_with(
            "REFUSED: the cluster of `boutique-beta-eu-west-1` does not say whose it is, and boutique/beta/eu-west-1 is meant.\n"
        ),
        "{nobody:?}"
    );
    // A guard that lost a policy, and one whose policy was changed by hand.
    cluster.runs("beta");
    let all: Value = serde_json::from_str(&cluster.project.read("policies.json")).expect("JSON");
    let mut items = all["items"].as_array().cloned().expect("items");
    items.retain(|one| one["kind"] != "ValidatingAdmissionPolicyBinding" || one["metadata"]["name"] != "platgen-environment");
    let changed = items.iter_mut().find(|one| one["metadata"]["name"] == "platgen-deletion").expect("a policy");
    changed["spec"]["failurePolicy"] = json!("Ignore");
    // Fields that only the cluster has narrow what is refused.
    let narrowed = items.iter_mut().rfind(|one| one["metadata"]["name"] == "platgen-hand-made").expect("a binding");
    narrowed["spec"]["matchResources"] = json!({"namespaceSelector": {"matchLabels": {"never": "there"}}});
    let deleted = items.iter_mut().find(|one| one["metadata"]["name"] == "platgen-namespaces").expect("a policy");
    deleted["metadata"]["deletionTimestamp"] = json!("2026-12-01T00:00:00Z");
    cluster.project.write(
        "namespace.json",
        &cluster.project.read("namespace.json").replace("\"platgen.io/protected\":\"false\"", "\"platgen.io/protected\":\"true\""),
    );
    cluster.project.write("policies.json", &json!({"items": items}).to_string());
    let broken = cluster.asks(&["--env", "beta"], 2);
    for line in [
        "\nTHE GUARD IS NOT IN FORCE:\n",
        "\n  ValidatingAdmissionPolicyBinding platgen-environment: missing\n",
        "\n  ValidatingAdmissionPolicy platgen-deletion: other than the spec says at spec.failurePolicy\n",
        "\n  ValidatingAdmissionPolicyBinding platgen-hand-made: other than the spec says at spec.matchResources\n",
        "\n  ValidatingAdmissionPolicy platgen-namespaces: deleted, and in force until its finalizer is removed\n",
        "\n  Namespace platgen-system: other than the spec says at metadata.labels.platgen.io/protected\n",
        "\n  kubectl --context boutique-beta-eu-west-1 replace --filename kubernetes/beta/eu-west-1/cluster/guard.yaml\n",
    ] {
        assert!(broken.out.contains(line), "{line} is not in:\n{}", broken.out);
    }
    assert_eq!(broken.out.lines().filter(|line| line.starts_with("  ")).count(), 9, "{}", broken.out);
}

pub(crate) fn words_that_mean_nothing() {
    let cluster = Cluster::of("beta");
    let fails = |words: &[&str], code: i32, told: &str| {
        let ran = cluster.asks(words, code);
        assert!(ran.err.contains(told) && ran.out.is_empty(), "{words:?}: {}{}", ran.err, ran.out);
    };
    fails(&[], 64, "name the cluster: `--context` or `--env`");
    fails(&["--region", "eu-west-1"], 64, "--env");
    fails(&["--env", "beat"], 1, "there is no environment `beat`");
    fails(&["--env", "beta", "--region", "eu-central-1"], 1, "there is no region of `beta` called `eu-central-1`");
    fails(&["--env", "beta", "--format", "sarif"], 64, "this command prints data");
    // kubectl says no more than why.
    fs::remove_file(cluster.project.at("namespace.json")).expect("removed");
    cluster.project.write("bin/kubectl", "#!/bin/sh\nprintf 'error: context \"%s\" does not exist\\n' \"$2\" >&2\nexit 1\n");
    let ran = cluster.asks(&["--context", "nowhere"], 1);
    assert!(ran.codes().contains("unreachable-cluster"), "{}", ran.err);
    assert!(ran.err.contains("the cluster of `nowhere` can't be asked: error: context \"nowhere\" does not exist"), "{}", ran.err);
    // A cluster that others share has no identity.
    cluster.project.edit("platform.yaml", "\ncluster:\n", "\ncluster:\n  guard: {none: others share the clusters}\n");
    fails(&["--env", "beta"], 1, "has no guard, and so no identity: others share the clusters");
}
