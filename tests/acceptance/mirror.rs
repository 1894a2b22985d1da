//! The script that copies images, with programs in its place that say what they were asked.

use super::program::{Project, Ran};
use std::collections::BTreeSet;
use std::process::Command;

/// A pinned image, one of Docker Hub, two of one repository, and one that is in the registry already.
const SPEC: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: ops, domain: shop.example}
cloud: {provider: aws, accounts: {production: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}}
environments: {production: {regions: [eu-west-1], protected: true}}
network: {subnets: {general: {default: true}, data: {egress: none}}}
cluster: {registry: {mirror: true}}
access: {groups: {ops: {id: platform-admin, role: admin}}}
addons: {aws-load-balancer-controller: {mode: existing}, cert-manager: {mode: existing}, cloudnative-pg: {mode: existing}, cluster-autoscaler: {mode: existing}, envoy-gateway: {mode: existing}, external-dns: {mode: existing}, external-secrets: {mode: existing}, metrics-server: {mode: existing}, plugin-barman-cloud: {mode: existing}, reloader: {mode: existing}}
teams: {ops: {group: ops}}
namespaces: {shop: {owner: ops}}
apps:
  old: {image: "registry.example/web:v1"}
  own: {image: "222222222222.dkr.ecr.eu-west-1.amazonaws.com/own:v1"}
  pinned: {image: "busybox:1.38@sha256:fd8d9aa63ba2f0982b5304e1ee8d3b90a210bc1ffb5314d980eb6962f1a9715d"}
  web: {image: "registry.example/web:v2"}
stores:
  cache: {engine: redis, version: "8.2", storage: none, subnet: data, backup: {none: it is filled again}}
"#;

const PLACE: &str = "deploy/kubernetes/production/eu-west-1";

/// What the AWS CLI of the trials answers to: the account, a password, and a look for an image, which `$has` knows or which ends with `$error`.
const PROGRAMS: &str = r#"
aws() {
  case $* in
    'sts get-caller-identity'*) echo "$signed_in" ;;
    'ecr get-login-password'*) echo secret ;;
    *"--image-ids imageTag=$has") echo '{}' ;;
    *) echo "An error occurred ($error) when calling the DescribeImages operation: no" >&2; return 254 ;;
  esac
}
crane() {
  if [ "$1" = auth ]; then read -r password; echo "login $password $*" >>log; return; fi
  echo "$*" >>log
  [ "$2" != "$fails" ]
}
signed_in=222222222222 has=none error=ImageNotFoundException fails=none
"#;

fn shop() -> Project {
    let project = Project::new();
    project.write("platform.yaml", SPEC);
    project.run(&["render"]).exits(0);
    project
}

/// Runs the script with the programs, some of whose values are others. Returns what it said and what crane was asked.
fn mirror(project: &Project, values: &str) -> (Ran, Vec<String>) {
    project.write("log", "");
    let script = format!("{PROGRAMS}{values}\n. ./{PLACE}/mirror.sh");
    let output = Command::new("sh").args(["-c", &script]).current_dir(&project.folder).output().expect("a shell");
    let asked = project.read("log").lines().map(|line| line.replace(REGISTRY, "ECR")).collect();
    (Ran::from(output), asked)
}

const REGISTRY: &str = "222222222222.dkr.ecr.eu-west-1.amazonaws.com";
const LOGIN: &str = "login secret auth login --username AWS --password-stdin ECR";

/// An empty registry gets every image, once and by its tag; a digest has a tag of its own. Nothing is printed that is secret.
pub(crate) fn every_image_is_copied_once() {
    let project = shop();
    let (ran, asked) = mirror(&project, "");
    let ran = ran.exits(0);
    let digest = "fd8d9aa63ba2f0982b5304e1ee8d3b90a210bc1ffb5314d980eb6962f1a9715d";
    let pinned =
        format!("copy docker.io/library/busybox:1.38@sha256:{digest} ECR/shop-production/docker.io/library/busybox:digest-{digest}");
    let copies = [
        LOGIN,
        pinned.as_str(),
        "copy docker.io/library/redis:8.2-alpine ECR/shop-production/docker.io/library/redis:8.2-alpine",
        "copy registry.example/web:v1 ECR/shop-production/registry.example/web:v1",
        "copy registry.example/web:v2 ECR/shop-production/registry.example/web:v2",
    ];
    assert_eq!(asked, copies);
    assert_eq!(ran.out.lines().count(), 4, "{}", ran.out);
    assert!(ran.out.lines().all(|line| line.starts_with("copying ")) && ran.err.is_empty(), "{}{}", ran.out, ran.err);
}

/// What is there is not copied again.
pub(crate) fn a_copy_is_kept() {
    let project = shop();
    let (ran, asked) = mirror(&project, "has=v1");
    let ran = ran.exits(0);
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert!(ran.out.contains("is there: shop-production/registry.example/web:v1\n"), "{}", ran.out);
}

/// The script stops at the first trouble, says what it is, and touches no other account.
pub(crate) fn it_stops_at_the_first_trouble() {
    let project = shop();
    let (ran, asked) = mirror(&project, "signed_in=333333333333");
    assert_eq!(ran.exits(1).err, "signed in to the account 333333333333, and the registry is in 222222222222\n");
    assert!(asked.is_empty(), "{asked:?}");
    let (ran, asked) = mirror(&project, "fails=docker.io/library/redis:8.2-alpine");
    ran.exits(1);
    assert_eq!(asked.len(), 3, "{asked:?}");
    let (ran, asked) = mirror(&project, "error=RepositoryNotFoundException");
    let err = ran.exits(1).err;
    assert!(err.starts_with("no repository shop-production/docker.io/library/busybox: apply the Terraform root cluster"), "{err}");
    assert_eq!(asked, [LOGIN]);
    let (ran, _) = mirror(&project, "error=AccessDeniedException");
    assert!(ran.exits(1).err.contains("(AccessDeniedException)"));
}

/// A region that runs gets its copies before its network changes: isolated nodes would pull from nowhere.
pub(crate) fn a_running_region_gets_its_copies_first() {
    let told = |isolated: bool| {
        let project = Project::new();
        let spec = SPEC.replace("{mirror: true}", "{mirror: false}");
        // A subnet without the internet has no way to lose.
        project.write("platform.yaml", &if isolated { spec.replace("data: {egress: none}", "data: {isolated: true}") } else { spec });
        let first = project.run(&["render", "--allow-incomplete"]).exits(0);
        project.edit("platform.yaml", "{mirror: false}", "{mirror: true}");
        let second = project.run(&["render", "--allow-incomplete"]).exits(0);
        let third = project.run(&["render", "--allow-incomplete"]).exits(0);
        [first, second, third].map(|ran| ran.err.contains(ORDER))
    };
    assert_eq!(told(true), [false, true, false]);
    assert_eq!(told(false), [false, false, false]);
}

/// Terraform deletes the repositories of a region that goes on without copies: pods pull from elsewhere first. People empty those of a protected one.
pub(crate) fn copies_go_after_the_pods_that_run_them() {
    let told = |spec: &str| {
        let project = Project::new();
        project.write("platform.yaml", spec);
        project.run(&["render", "--allow-incomplete"]).exits(0);
        project.edit("platform.yaml", "{mirror: true}", "{mirror: false}");
        let ran = project.run(&["render", "--allow-incomplete"]).exits(0);
        // Said once, and only where copies were.
        assert!(!project.run(&["render", "--allow-incomplete"]).exits(0).err.contains("in this order"));
        ran.err
    };
    let spec = SPEC.replace("data: {egress: none}", "data: {isolated: true}");
    let unprotected = spec.replace(", protected: true", "");
    let pods = "pods of `production/eu-west-1` run images of 3 repositories that the apply of `cluster`";
    let delete =
        "`aws ecr delete-repository --region eu-west-1 --force --repository-name NAME` for each repository in the plan of `cluster`, then ";
    for (spec, fate, network, by_hand) in [
        (&spec, "can't delete while they hold images", "the root `network`, ", delete),
        (&unprotected, "deletes with the images in them", "the root `network`, ", ""),
        (&unprotected.replace("data: {isolated: true}", "data: {}"), "deletes with the images in them", "", ""),
    ] {
        let err = told(spec);
        let order = format!("apply in this order, once: {network}the manifests, and after the rollout {by_hand}the root `cluster`\n");
        assert!(err.contains(&format!("{pods} {fate}\n")) && err.contains(&order), "{order}{err}");
    }
}

const ORDER: &str =
    "apply in this order, once: the root `cluster`, `sh kubernetes/production/eu-west-1/mirror.sh`, the manifests, the root `network`";

/// Pods run what the script copies, Terraform makes a repository for it, and preflight.sh looks for it.
pub(crate) fn pods_terraform_and_preflight_agree() {
    let project = shop();
    let manifests: String =
        ["cache", "old", "own", "pinned", "web"].iter().map(|app| project.read(&format!("{PLACE}/shop/{app}.yaml"))).collect();
    let images: BTreeSet<&str> = manifests.lines().filter_map(|line| line.trim().strip_prefix("image: ")?.strip_prefix(REGISTRY)).collect();
    let digest = "@sha256:fd8d9aa63ba2f0982b5304e1ee8d3b90a210bc1ffb5314d980eb6962f1a9715d";
    let pinned = format!("/shop-production/docker.io/library/busybox:1.38{digest}");
    let wanted = [
        "/own:v1",
        &pinned,
        "/shop-production/docker.io/library/redis:8.2-alpine",
        "/shop-production/registry.example/web:v1",
        "/shop-production/registry.example/web:v2",
    ];
    assert_eq!(images, wanted.into());
    let locals = project.read("deploy/terraform/production/eu-west-1/cluster/locals.tf");
    let (_, repositories) = locals.split_once("  repositories = [\n").expect("the repositories");
    let repositories: Vec<&str> = repositories.lines().map_while(|line| line.trim().strip_suffix("\",")?.strip_prefix('"')).collect();
    let names = ["docker.io/library/busybox", "docker.io/library/redis", "registry.example/web"];
    assert_eq!(repositories, names.map(|name| format!("shop-production/{name}")));
    let preflight = project.read(&format!("{PLACE}/preflight.sh"));
    let looked: Vec<&str> = preflight.lines().filter_map(|line| line.trim().strip_prefix("exists 'copy of ")?.split('\'').next()).collect();
    let busybox = format!("docker.io/library/busybox:1.38{digest}");
    assert_eq!(looked, [&busybox, "docker.io/library/redis:8.2-alpine", "registry.example/web:v1", "registry.example/web:v2"]);
    let readme = project.read(&format!("{PLACE}/README.md"));
    let at = |words: &str| readme.find(words).unwrap_or_else(|| panic!("{words}\n{readme}"));
    let steps = ["cluster apply cluster.tfplan", "/mirror.sh\n```", "aws eks update-kubeconfig", ". Look at the difference"];
    assert!(steps.map(at).is_sorted(), "{readme}");
    assert!(project.read("deploy/RUNBOOK.md").contains("\n## An image is missing or left the spec\n"));
}

/// The operator gives every server its own image, which the script does not copy. Where nodes reach no other registry without the internet, a person looks.
pub(crate) fn servers_of_databases_start_with_the_image_of_their_operator() {
    let store = |subnet: &str| {
        format!(
            r#"  db: {{engine: postgres, version: "17", users: {{app: {{}}}}, storage: 10Gi, subnet: {subnet}, backup: {{none: a trial}}}}"#
        )
    };
    let said = |spec: &str| {
        let project = Project::new();
        project.write("platform.yaml", spec);
        project.run(&["render"]).exits(0);
        let preflight = project.read(&format!("{PLACE}/preflight.sh"));
        let lines = |text: &str| text.lines().filter(|line| line.contains("OPERATOR_IMAGE_NAME")).map(str::to_owned).collect::<Vec<_>>();
        (lines(&project.read(&format!("{PLACE}/README.md"))), lines(&preflight))
    };
    let mirrored = |mirror: &str| SPEC.replace("{mirror: true}", mirror);
    for subnet in ["general", "data"] {
        let (readme, preflight) = said(&format!("{SPEC}{}\n", store(subnet)));
        assert!(readme.len() == 1 && readme[0].contains(&format!("in a repository of yours in `{REGISTRY}`")), "{readme:?}");
        let look = format!("prints 'OPERATOR_IMAGE_NAME of CloudNativePG with an image from {REGISTRY}' kubectl ");
        let compares = format!(r#"(eq (printf "%.{}s" .value) "{REGISTRY}/")"#, REGISTRY.len() + 1);
        assert!(preflight.len() == 1 && preflight[0].trim().starts_with(&look) && preflight[0].contains(&compares), "{preflight:?}");
    }
    let (readme, preflight) = said(&format!("{}{}\n", mirrored("{mirror: false}"), store("data")));
    assert!(readme.len() == 1 && readme[0].contains("in a registry that the nodes of `data` reach without the internet"), "{readme:?}");
    assert!(preflight.len() == 1 && preflight[0].trim().starts_with("printf 'look yourself: "), "{preflight:?}");
    let (readme, preflight) = said(&format!("{}{}\n", mirrored("{mirror: false}"), store("general")));
    assert!(readme.is_empty() && preflight.is_empty(), "{readme:?}{preflight:?}");
    let (readme, preflight) = said(SPEC);
    assert!(readme.is_empty() && preflight.is_empty(), "{readme:?}{preflight:?}");
}

/// Without a mirror nothing of it is there.
pub(crate) fn there_is_no_mirror_unless_the_spec_asks() {
    let project = Project::new();
    project.write("platform.yaml", &SPEC.replace("{mirror: true}", "{mirror: false}"));
    project.run(&["render"]).exits(0);
    for path in ["kubernetes/production/eu-west-1/mirror.sh", "terraform/production/eu-west-1/cluster/registry.tf"] {
        assert!(!project.at(&format!("deploy/{path}")).exists(), "{path}");
    }
    assert!(!project.read("deploy/RUNBOOK.md").contains("An image is missing"));
    assert!(project.read(&format!("{PLACE}/shop/web.yaml")).contains("image: registry.example/web:v2\n"));
}

/// A region that left is destroyed with the copies: Terraform deletes no repository that holds images, unless it is told to.
pub(crate) fn a_region_that_left_goes_with_its_copies() {
    let project = shop();
    project.edit("platform.yaml", "{eu-west-1: {zones: 3}}", "{eu-west-1: {zones: 3}, eu-central-1: {zones: 3}}");
    project.edit("platform.yaml", "regions: [eu-west-1]", "regions: [eu-central-1]");
    let refused = project.run(&["render"]).exits(2);
    let edit =
        "sed -i.bak '/deletion_protection/s/true/false/; /force_delete/s/false/true/' deploy/terraform/production/eu-west-1/cluster/*.tf";
    assert!(refused.out.contains(edit) || refused.err.contains(edit), "{}{}", refused.out, refused.err);
}
