//! Faults in the output of `specs/sample`, and in that of `specs/features`, which has buckets, each with the start of a line by which the simulation has to notice it: the proof of the proof.

use serde_json::{Value, json};

use super::roots::{Platform, Provider, Root};
use crate::judges::states::Resource;

/// The network and the cluster of a region, the link, and the root of the whole environment.
const NETWORK: &str = "terraform/production/eu-west-1/network";
const CLUSTER: &str = "terraform/production/eu-west-1/cluster";
const OTHER: &str = "terraform/production/eu-central-1/cluster";
const REMOTE: &str = "terraform/production/eu-central-1/network";
const LINK: &str = "terraform/production/interconnect/eu-central-1--eu-west-1";
const GLOBAL: &str = "terraform/production/global";
const BOOTSTRAP: &str = "terraform/bootstrap/production";

/// The page of the region, and that of the region that comes last.
const PAGE: &str = "kubernetes/production/eu-west-1/README.md";
const LAST: &str = "kubernetes/production/eu-central-1/README.md";

/// Damages a platform.
impl Platform {
    /// A root.
    fn root(&mut self, path: &str) -> Result<&mut Root, String> {
        self.roots.get_mut(path).ok_or_else(|| format!("there is no {path}"))
    }

    /// A resource or data source.
    fn at(&mut self, root: &str, address: &str) -> Result<&mut Resource, String> {
        self.resources.iter_mut().find(|one| one.root == root && one.address == address).ok_or_else(|| format!("{root} has no {address}"))
    }

    /// Sets a value.
    fn set(&mut self, root: &str, address: &str, key: &str, value: Value) -> Result<(), String> {
        self.at(root, address)?.values[key] = value;
        Ok(())
    }

    /// Replaces a text in a value, which holds it.
    fn say(&mut self, root: &str, address: &str, key: &str, from: &str, to: &str) -> Result<(), String> {
        let text = self.at(root, address)?.text(key);
        if !text.contains(from) {
            return Err(format!("{address} does not say {from}"));
        }
        self.set(root, address, key, text.replace(from, to).into())
    }

    /// Replaces a text in a page, which holds it.
    fn write(&mut self, page: &str, from: &str, to: &str) -> Result<(), String> {
        let text = self.pages.get_mut(page).ok_or_else(|| format!("there is no {page}"))?;
        if !text.contains(from) {
            return Err(format!("{page} does not say {from}"));
        }
        *text = text.replace(from, to);
        Ok(())
    }

    /// Exchanges two texts of a page.
    fn exchange(&mut self, page: &str, one: &str, other: &str) -> Result<(), String> {
        self.write(page, one, "\0")?;
        self.write(page, other, one)?;
        self.write(page, "\0", other)
    }

    /// A policy of a role of the cluster with one statement.
    fn allow(&mut self, statement: Value) -> Result<(), String> {
        let policy = json!({"Statement": [statement]});
        self.set(CLUSTER, POLICY, "policy", policy.to_string().into())
    }
}

/// A policy of a role.
const POLICY: &str = "aws_iam_role_policy.identity[\"cert-manager\"]";

/// What is damaged, how, and the start of a line that says so.
type Fault = (&'static str, fn(&mut Platform) -> Result<(), String>, &'static str);

fn faults(spec: &str) -> Vec<Fault> {
    match spec {
        "sample" => {}
        "features" => return buckets(),
        _ => return Vec::new(),
    }
    let mut all = order();
    all.extend(reads());
    all.extend(states());
    all.extend(names());
    all.extend(regions());
    all
}

fn order() -> Vec<Fault> {
    vec![
        (
            "the cluster comes before its network",
            |all| all.exchange(PAGE, &format!("{NETWORK} apply"), &format!("{CLUSTER} apply")),
            "terraform/production/eu-west-1/cluster: data.aws_vpc.this finds 0 of what exists",
        ),
        (
            "the link comes before a network",
            |all| all.exchange(LAST, &format!("{REMOTE} apply"), &format!("{LINK} apply")),
            "terraform/production/interconnect/eu-central-1--eu-west-1: data.aws_vpc.this[\"eu-central-1\"] finds 0",
        ),
        (
            "the root of the environment comes before the stores of states",
            |all| {
                let pages: Vec<String> =
                    all.pages.keys().filter(|page| page.starts_with("kubernetes/") && page.ends_with(".md")).cloned().collect();
                let line = |root: &str| format!("- [`{root}/README.md`]");
                pages.iter().try_for_each(|page| all.exchange(page, &line(GLOBAL), &line(BOOTSTRAP)))
            },
            "terraform/production/global: the bucket of its state, boutique-production-eu-west-1-state-333333333333 in eu-west-1, does not exist yet",
        ),
        (
            "no page applies a root",
            |all| all.write(LAST, &format!("{LINK} apply"), ""),
            "terraform/production/interconnect/eu-central-1--eu-west-1: no page says when",
        ),
        (
            "a page applies what is not there",
            |all| all.write(PAGE, &format!("{NETWORK} apply"), "terraform/production/eu-west-1/net apply"),
            "terraform/production/eu-west-1/net: the pages apply it",
        ),
        (
            "the README has another order",
            |all| all.exchange("README.md", "- [`terraform/bootstrap/beta/", "- [`terraform/beta/global/"),
            "terraform/beta/global: README.md has it before terraform/bootstrap/beta, and",
        ),
        (
            "the zone above another one comes later",
            |all| {
                let pages = ["dev", "beta"].map(|environment| format!("kubernetes/{environment}/eu-west-1/README.md"));
                pages.iter().try_for_each(|page| all.write(page, "- [`terraform/production/global", "- [`"))
            },
            "terraform/dev/global: the zone boutique.example of 333333333333, which has to delegate to its zone, does not exist yet",
        ),
    ]
}

fn buckets() -> Vec<Fault> {
    const DATA: &str = "terraform/production/eu-west-1/data";
    const COPIES: &str = "terraform/production/eu-central-1/data";
    vec![
        (
            "a bucket comes before its copy",
            |all| all.exchange(PAGE, &format!("{COPIES} apply"), &format!("{DATA} apply")),
            "terraform/production/eu-west-1/data: aws_s3_bucket_replication_configuration.this[\"editions\"] names arn:aws:s3:::atelier-production-editions-eu-central-1-222222222222 at",
        ),
        (
            "nobody makes the key of a copy",
            |all| all.set(COPIES, "aws_kms_alias.this", "name", "alias/atelier-production-eu-central-1-objects".into()),
            "terraform/production/eu-west-1/data: aws_s3_bucket_replication_configuration.this[\"editions\"] names arn:aws:kms:eu-central-1:222222222222:alias/atelier-production-eu-central-1-data at",
        ),
        (
            "a bucket is in the region of its copy",
            |all| all.set(DATA, "aws_s3_bucket.this[\"editions\"]", "region", "eu-central-1".into()),
            "terraform/production/eu-west-1/data: aws_s3_bucket.this[\"editions\"] is in eu-central-1",
        ),
        (
            "a user of a bucket is nobody",
            |all| {
                let policy = "aws_s3_bucket_policy.this[\"editions\"]";
                all.say(DATA, policy, "policy", "atelier-production-eu-west-1.studio.gallery", "atelier-production-eu-west-1.studio.viewer")
            },
            "terraform/production/eu-west-1/data: aws_s3_bucket_policy.this[\"editions\"] names arn:aws:iam::222222222222:role/atelier-production-eu-west-1.studio.viewer, and nobody makes it",
        ),
    ]
}

fn reads() -> Vec<Fault> {
    const GROUP: &str = "data.aws_security_group.nodes[\"data\"]";
    vec![
        (
            "a data source looks for another name",
            |all| all.set(CLUSTER, GROUP, "tags", json!({"Name": "boutique-production-eu-west-1-data"})),
            "terraform/production/eu-west-1/cluster: data.aws_security_group.nodes[\"data\"] finds 0 of what exists",
        ),
        (
            "a data source looks for less",
            |all| {
                all.at(CLUSTER, GROUP)?.asks.retain(|ask| ask != "tags");
                Ok(())
            },
            "terraform/production/eu-west-1/cluster: data.aws_security_group.nodes[\"data\"] finds 4 of what exists",
        ),
        (
            "a data source looks for nothing",
            |all| {
                all.at(CLUSTER, GROUP)?.asks.clear();
                Ok(())
            },
            "error: terraform/production/eu-west-1/cluster: data.aws_security_group.nodes[\"data\"] asks for no property",
        ),
        (
            "a subnet has another range",
            |all| all.set(NETWORK, "aws_subnet.this[\"nodes-data/eu-west-1a\"]", "cidr_block", "10.33.76.0/22".into()),
            "terraform/production/eu-west-1/cluster: data.aws_subnet.nodes[\"data/eu-west-1a\"] finds 0 of what exists",
        ),
        (
            "nobody asks for a permission set",
            |all| {
                let pages = [PAGE, LAST];
                pages.iter().try_for_each(|page| all.write(page, "`shop-developer` of", "of"))
            },
            "terraform/production/eu-central-1/cluster: data.aws_iam_roles.group[\"shop-developer\"] finds 0 of what exists",
        ),
        (
            "a data source names what a list should find",
            |all| all.set(CLUSTER, "data.aws_autoscaling_group.current[\"data/eu-west-1a\"]", "name", "eks-data".into()),
            "terraform/production/eu-west-1/cluster: data.aws_autoscaling_group.current[\"data/eu-west-1a\"] reads `eks-data`, which no",
        ),
    ]
}

fn states() -> Vec<Fault> {
    vec![
        (
            "an alias is misspelt",
            |all| {
                all.root(NETWORK)?.backend.kms_key += "s";
                Ok(())
            },
            "terraform/production/eu-west-1/network: the key of its state, arn:aws:kms:eu-west-1:333333333333:alias/boutique-production-terraform-states, does",
        ),
        (
            "a bucket is misspelt",
            |all| {
                all.root(NETWORK)?.backend.bucket += "3";
                Ok(())
            },
            "terraform/production/eu-west-1/network: the bucket of its state, boutique-production-eu-west-1-state-3333333333333 in eu-west-1, does",
        ),
        (
            "a state is in the bucket of another region",
            |all| {
                let backend = all.root(OTHER)?.backend.clone();
                let own = &mut all.root(CLUSTER)?.backend;
                *own = super::roots::Backend { key: own.key.clone(), ..backend };
                Ok(())
            },
            "terraform/production/eu-west-1/cluster: its state is in eu-central-1",
        ),
        (
            "two roots have one state",
            |all| {
                all.root(CLUSTER)?.backend.key = "production/eu-west-1/network/terraform.tfstate".to_owned();
                Ok(())
            },
            "terraform/production/eu-west-1/network: another root has its state",
        ),
        (
            "the first apply leaves the state on the disk",
            |all| all.write(&format!("{BOOTSTRAP}/README.md"), "init -migrate-state", "init"),
            "terraform/bootstrap/production: it makes the bucket of its state, and its page does not say how",
        ),
    ]
}

fn names() -> Vec<Fault> {
    vec![
        (
            "a policy names a role that nobody makes",
            |all| {
                all.allow(
                    json!({"Action": "iam:PassRole", "Resource": "arn:aws:iam::333333333333:role/boutique-production-eu-west-1-node"}),
                )
            },
            "terraform/production/eu-west-1/cluster: aws_iam_role_policy.identity[\"cert-manager\"] names arn:aws:iam::333333333333:role/boutique-production-eu-west-1-node, and nobody makes it",
        ),
        (
            "a role is for somebody who comes later",
            |all| {
                all.say(
                    NETWORK,
                    "aws_iam_role.flow_logs",
                    "assume_role_policy",
                    "{\"Service\":\"vpc-flow-logs.amazonaws.com\"}",
                    "{\"AWS\":\"arn:aws:iam::333333333333:role/boutique-production-eu-west-1-nodes\"}",
                )
            },
            "terraform/production/eu-west-1/network: aws_iam_role.flow_logs names arn:aws:iam::333333333333:role/boutique-production-eu-west-1-nodes at /assume_role_policy/Statement/Principal/AWS, which does not exist yet",
        ),
        (
            "a role has a boundary that nobody makes",
            |all| {
                all.set(
                    CLUSTER,
                    "aws_iam_role.nodes",
                    "permissions_boundary",
                    "arn:aws:iam::333333333333:policy/boutique-production-limits".into(),
                )
            },
            "terraform/production/eu-west-1/cluster: aws_iam_role.nodes names arn:aws:iam::333333333333:policy/boutique-production-limits at /permissions_boundary, which does not exist yet",
        ),
        (
            "a policy is for a role that comes later",
            |all| all.set(NETWORK, "aws_iam_role_policy.flow_logs", "role", "boutique-production-eu-west-1-nodes".into()),
            "terraform/production/eu-west-1/network: aws_iam_role_policy.flow_logs names boutique-production-eu-west-1-nodes at /role, which does not exist yet",
        ),
        (
            "AWS has no such policy",
            |all| {
                all.set(
                    CLUSTER,
                    "aws_iam_role_policy_attachment.cluster",
                    "policy_arn",
                    "arn:aws:iam::aws:policy/AmazonEKSClusterPolicies".into(),
                )
            },
            "terraform/production/eu-west-1/cluster: aws_iam_role_policy_attachment.cluster names arn:aws:iam::aws:policy/AmazonEKSClusterPolicies at",
        ),
        (
            "a condition names another cluster",
            |all| {
                all.allow(json!({"Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/cluster": "boutique-production-west"}}}))
            },
            "terraform/production/eu-west-1/cluster: aws_iam_role_policy.identity[\"cert-manager\"] names boutique-production-west at",
        ),
        (
            "nobody asks for the controller of load balancers",
            |all| {
                let name = "aws-load-balancer-controller";
                let pages: Vec<String> = all.pages.iter().filter(|(_, text)| text.contains(name)).map(|(page, _)| page.clone()).collect();
                pages.iter().try_for_each(|page| all.write(page, name, "controller"))
            },
            "terraform/production/eu-west-1/cluster: aws_iam_role_policy.identity[\"load-balancer-controller\"] names arn:aws:elasticloadbalancing:eu-west-1:333333333333:",
        ),
        (
            "nobody asks for a secret",
            |all| {
                let page = "| `production/payments/cards` |";
                all.allow(json!({"Action": "*", "Resource": "arn:aws:secretsmanager:eu-west-1:333333333333:secret:production/payments/cards-??????"}))?;
                all.write(PAGE, page, "| |")
            },
            "terraform/production/eu-west-1/cluster: aws_iam_role_policy.identity[\"cert-manager\"] names arn:aws:secretsmanager:eu-west-1:333333333333:secret:production/payments/cards-??????, and nobody",
        ),
        (
            "a role of another account is named",
            |all| all.allow(json!({"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111111111111:role/boutique-dev-eu-west-1-nodes"})),
            "terraform/production/eu-west-1/cluster: aws_iam_role_policy.identity[\"cert-manager\"] names the account 111111111111",
        ),
    ]
}

fn regions() -> Vec<Fault> {
    vec![
        (
            "the provider is for another region",
            |all| {
                all.root(CLUSTER)?.providers[0].region = "eu-central-1".to_owned();
                Ok(())
            },
            "terraform/production/eu-west-1/cluster: its providers are for [\"eu-central-1\"], not for eu-west-1",
        ),
        (
            "there is a second provider",
            |all| {
                let second = Provider { region: "eu-central-1".to_owned(), accounts: vec!["333333333333".to_owned()] };
                all.root(CLUSTER)?.providers.push(second);
                Ok(())
            },
            "terraform/production/eu-west-1/cluster: its providers are for [\"eu-west-1\", \"eu-central-1\"], not",
        ),
        (
            "the provider takes any account",
            |all| {
                all.root(GLOBAL)?.providers[0].accounts.push("111111111111".to_owned());
                Ok(())
            },
            "terraform/production/global: its provider takes more than one account",
        ),
        (
            "a resource is in another region",
            |all| all.set(CLUSTER, "aws_kms_alias.this", "region", "eu-central-1".into()),
            "terraform/production/eu-west-1/cluster: aws_kms_alias.this is in eu-central-1",
        ),
        (
            "a data source reads the other region",
            |all| {
                all.set(CLUSTER, "data.aws_vpc.this", "region", "eu-central-1".into())?;
                all.set(CLUSTER, "data.aws_vpc.this", "tags", json!({"Name": "boutique-production-eu-central-1"}))
            },
            "terraform/production/eu-west-1/cluster: data.aws_vpc.this is in eu-central-1",
        ),
        (
            "an endpoint is for the service of another region",
            |all| all.set(NETWORK, "aws_vpc_endpoint.interface[\"eks\"]", "service_name", "com.amazonaws.eu-central-1.eks".into()),
            "terraform/production/eu-west-1/network: aws_vpc_endpoint.interface[\"eks\"] names eu-central-1 at /service_name",
        ),
        (
            "a policy names the cluster of the other region",
            |all| {
                all.allow(json!({"Action": "eks:*", "Resource": "arn:aws:eks:eu-central-1:333333333333:cluster/boutique-production-eu-central-1"}))
            },
            "terraform/production/eu-west-1/cluster: aws_iam_role_policy.identity[\"cert-manager\"] names eu-central-1",
        ),
        // Roles have no region: only without the other region does one notice where the role comes from.
        (
            "a role of the other region is needed",
            |all| {
                let mut role = all.at(OTHER, "aws_iam_role.nodes")?.clone();
                role.values["name"] = "boutique-production-nodes".into();
                all.resources.push(role);
                all.allow(json!({"Action": "iam:PassRole", "Resource": "arn:aws:iam::333333333333:role/boutique-production-nodes"}))
            },
            "without production/eu-central-1: terraform/production/eu-west-1/cluster: aws_iam_role_policy.identity[\"cert-manager\"] names arn:aws:iam::333333333333:role/boutique-production-nodes, and nobody makes it",
        ),
        (
            "the root of the environment has something in a region",
            |all| all.set(GLOBAL, "aws_sns_topic.alarms", "region", "eu-central-1".into()),
            "terraform/production/global: aws_sns_topic.alarms is in eu-central-1",
        ),
    ]
}

/// Faults that the simulation does not notice, or not by the line that is expected.
pub fn unnoticed(spec: &str, whole: &Platform) -> Result<Vec<String>, String> {
    let mut missed = Vec::new();
    for (name, damage, wanted) in faults(spec) {
        let mut damaged = whole.clone();
        damage(&mut damaged).map_err(|error| format!("{name}: {error}"))?;
        let lines = super::all(&damaged, &mut Default::default()).unwrap_or_else(|error| vec![format!("error: {error}")]);
        if !lines.iter().any(|line| line.starts_with(wanted)) {
            missed.push(format!("nobody notices that {name} by `{wanted}`; said was:\n  {}", lines.join("\n  ")));
        }
    }
    Ok(missed)
}
