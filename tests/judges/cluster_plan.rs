//! Properties of a planned cluster root, read from its plan: nothing is public, nodes stand in the subnets of their class, and no identity can do
//! more than it needs. A difference is a finding of tfcheck's rule `cluster`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::cluster_requests::{self, Place};
use super::iam::texts;
use super::judge::{Fault, list, words};

/// Policies that name what AWS has yet to number, so that no plan shows them. The tests of the root hold each of their statements.
const UNKNOWN: [&str; 3] = ["aws_iam_role_policy.cluster", "aws_iam_role_policy.identity[\"ebs-csi\"]", "aws_iam_role.secrets["];

/// The resources of a plan, and what is wrong with them.
struct Plan<'a> {
    planned: &'a Value,
    found: Vec<Fault>,
}

impl<'a> Plan<'a> {
    fn of(&self, kind: &'static str) -> impl Iterator<Item = &'a Value> + use<'a> {
        list(self.planned).iter().filter(move |resource| resource["type"] == kind)
    }

    fn wrong(&mut self, resource: &Value, said: &str) {
        self.found.push((words(&resource["address"]), said.to_owned()));
    }

    fn cluster(&mut self) {
        for cluster in self.of("aws_eks_cluster") {
            let after = &cluster["after"];
            let network = &after["vpc_config"][0];
            if network["endpoint_public_access"] != false || network["endpoint_private_access"] != true {
                self.wrong(cluster, "the API server has a public address, or no private one");
            }
            if list(&network["subnet_ids"]).len() < 2 {
                self.wrong(cluster, "the API server needs subnets in two zones");
            }
            if list(&after["enabled_cluster_log_types"]).len() != 5 {
                self.wrong(cluster, "the API server does not log everything");
            }
            if after["encryption_config"][0]["resources"] != json!(["secrets"]) {
                self.wrong(cluster, "secrets are not encrypted");
            }
        }
    }

    /// Repositories of images: a tag keeps its content, a key of the platform encrypts, something looks for holes.
    fn repositories(&mut self) {
        for repository in self.of("aws_ecr_repository") {
            let after = &repository["after"];
            if after["image_tag_mutability"] != "IMMUTABLE" {
                self.wrong(repository, "a tag can get other content");
            }
            if after["encryption_configuration"][0]["encryption_type"] != "KMS" {
                self.wrong(repository, "images are not encrypted with a key of the platform");
            }
            if after["image_scanning_configuration"][0]["scan_on_push"] != true {
                self.wrong(repository, "nothing scans its images");
            }
        }
    }

    /// Launch templates. Returns the security groups of the nodes of each.
    fn templates(&mut self) -> BTreeMap<String, Vec<String>> {
        let mut groups = BTreeMap::new();
        for template in self.of("aws_launch_template") {
            let after = &template["after"];
            let interfaces = list(&after["network_interfaces"]);
            let [interface] = interfaces else {
                self.wrong(template, "a node has another number of network interfaces than one");
                continue;
            };
            if interface["associate_public_ip_address"] != "false" {
                self.wrong(template, "nodes can have a public address");
            }
            groups.insert(words(&template["address"]), texts(&interface["security_groups"]));
            let metadata = &after["metadata_options"][0];
            if metadata["http_tokens"] != "required" || metadata["http_put_response_hop_limit"] != 1 {
                self.wrong(template, "pods can read the credentials of their node");
            }
            if !after["key_name"].is_null() {
                self.wrong(template, "nodes accept a key for SSH");
            }
            let disks = list(&after["block_device_mappings"]);
            if disks.is_empty() || disks.iter().any(|disk| disk["ebs"][0]["encrypted"] != "true") {
                self.wrong(template, "a disk is not encrypted");
            }
        }
        groups
    }

    fn node_groups(&mut self, groups: &BTreeMap<String, Vec<String>>) {
        let mut classes: BTreeMap<String, String> = BTreeMap::new();
        for group in self.of("aws_eks_node_group") {
            let after = &group["after"];
            let subnets = texts(&after["subnet_ids"]);
            let [subnet] = &subnets[..] else {
                self.wrong(group, "a node group has another number of subnets than one");
                continue;
            };
            let labels = &after["labels"];
            let (class, address) = (words(&labels["platgen.io/subnet"]), words(&group["address"]));
            let zone = address.trim_end_matches("\"]").rsplit('/').next().unwrap_or_default();
            if *classes.entry(subnet.clone()).or_insert_with(|| class.clone()) != class {
                self.wrong(group, "nodes of two classes are in one subnet");
            }
            if words(&labels["k8s.amazonaws.com/eniConfig"]) != format!("{class}-{zone}") {
                self.wrong(group, "its pods are in the subnet or the security group of another class");
            }
            let pool = address.split('"').nth(1).and_then(|key| key.split('/').next()).unwrap_or_default();
            match groups.get(&format!("aws_launch_template.pool[\"{pool}\"]")).map(Vec::as_slice) {
                Some([_]) => {}
                _ => self.wrong(group, "its nodes have another number of security groups than one"),
            }
            let size = &after["scaling_config"][0];
            let [min, now, max] = ["min_size", "desired_size", "max_size"].map(|key| size[key].as_u64());
            if now.is_none() || now < min || max < now {
                self.wrong(group, "EKS refuses bounds that do not hold the number of nodes");
            }
        }
        self.capacity();
        self.night();
        // CoreDNS tolerates this taint and no other, and Terraform waits until it runs.
        let tolerated = |taint: &Value| taint["effect"] == "PREFER_NO_SCHEDULE" || taint["key"] == "CriticalAddonsOnly";
        let takes = |group: &Value| {
            group["after"]["scaling_config"][0]["desired_size"].as_u64() > Some(0) && list(&group["after"]["taint"]).iter().all(tolerated)
        };
        for addon in self.of("aws_eks_addon").filter(|addon| addon["after"]["addon_name"] == "coredns") {
            if !self.of("aws_eks_node_group").any(takes) {
                self.wrong(addon, "no node takes its pods");
            }
        }
    }

    /// Groups of Spot nodes list their machines, others have that of their launch template: EKS refuses both, and takes one of its own for neither.
    fn capacity(&mut self) {
        for group in self.of("aws_eks_node_group") {
            let after = &group["after"];
            let pool = words(&group["address"]).split('"').nth(1).and_then(|key| key.split('/').next()).unwrap_or_default().to_owned();
            let address = format!("aws_launch_template.pool[\"{pool}\"]");
            let Some(template) = self.of("aws_launch_template").find(|template| words(&template["address"]) == address) else { continue };
            let named = template["after"]["instance_type"].is_string();
            let spot = match after["capacity_type"].as_str() {
                Some("SPOT") => true,
                Some("ON_DEMAND") => false,
                _ => {
                    self.wrong(group, "its nodes are of no type of capacity");
                    continue;
                }
            };
            if named == spot || spot == texts(&after["instance_types"]).is_empty() {
                self.wrong(group, "its machines stand in the launch template and not in the group, or the other way round");
            }
        }
    }

    /// Where there is a night, every group is stopped and has its own bounds again.
    fn night(&mut self) {
        let sizes = |action: &Value| ["min_size", "desired_capacity", "max_size"].map(|key| action["after"][key].as_u64());
        let actions: BTreeMap<String, [Option<u64>; 3]> =
            self.of("aws_autoscaling_schedule").map(|action| (words(&action["address"]), sizes(action))).collect();
        if actions.is_empty() {
            return;
        }
        for group in self.of("aws_eks_node_group") {
            let key = words(&group["address"]).split('"').nth(1).unwrap_or_default().to_owned();
            let action = |name: &str| actions.get(&format!("aws_autoscaling_schedule.{name}[\"{key}\"]")).copied();
            let bounds = &group["after"]["scaling_config"][0];
            let [min, max] = ["min_size", "max_size"].map(|key| bounds[key].as_u64());
            if action("stop") != Some([Some(0); 3]) || action("start") != Some([min, min, max]) {
                self.wrong(group, "it is not stopped at night, or does not start with its bounds");
            }
        }
    }

    /// The document at `key` of a resource; none, and a finding, where the plan does not show it.
    fn document(&mut self, resource: &Value, key: &str) -> Result<Option<Value>, String> {
        let address = words(&resource["address"]);
        let Some(text) = resource["after"][key].as_str() else {
            if !UNKNOWN.iter().any(|known| address == *known || known.ends_with('[') && address.starts_with(known)) {
                self.wrong(resource, "the plan does not show its policy");
            }
            return Ok(None);
        };
        serde_json::from_str(text).map(Some).map_err(|error| format!("{address}: {error}"))
    }

    fn policies(&mut self, place: &Place) -> Result<(), String> {
        for key in self.of("aws_kms_key") {
            self.document(key, "policy")?;
        }
        for policy in self.of("aws_iam_role_policy") {
            let Some(document) = self.document(policy, "policy")? else { continue };
            for statement in list(&document["Statement"]) {
                let wide = texts(&statement["Resource"]).iter().any(|resource| resource == "*");
                let reads = |action: &String| {
                    action
                        .split(':')
                        .nth(1)
                        .is_some_and(|verb| ["BatchGet", "Describe", "Get", "List"].iter().any(|word| verb.starts_with(word)))
                };
                if texts(&statement["Action"]).iter().any(|action| action == "*" || action.ends_with(":*") || wide && !reads(action)) {
                    self.wrong(policy, "a statement allows to change everything");
                }
            }
            for answer in cluster_requests::wrong(&key_of(policy, "aws_iam_role_policy.identity").unwrap_or_default(), &document, place)? {
                self.wrong(policy, &answer);
            }
        }
        Ok(())
    }

    /// Who may take a role: those of add-ons and apps serve one service account each.
    fn trusts(&mut self, place: &Place) -> Result<(), String> {
        let accounts: BTreeMap<String, &Value> = self
            .of("aws_eks_pod_identity_association")
            .filter_map(|one| Some((key_of(one, "aws_eks_pod_identity_association.this")?, &one["after"])))
            .collect();
        let cluster = format!("arn:aws:eks:{}:{}:cluster/{}", place.region, place.account, place.cluster);
        for role in self.of("aws_iam_role") {
            let (document, key) = (self.document(role, "assume_role_policy")?, key_of(role, "aws_iam_role.identity"));
            let (Some(document), Some(key)) = (document, key) else { continue };
            let account = accounts.get(&key).copied().unwrap_or(&Value::Null);
            let wanted = json!({"StringEquals": {
                "aws:RequestTag/eks-cluster-arn": cluster,
                "aws:RequestTag/kubernetes-namespace": account["namespace"],
                "aws:RequestTag/kubernetes-service-account": account["service_account"],
            }});
            let one = |statement: &Value| {
                statement["Principal"] == json!({"Service": "pods.eks.amazonaws.com"}) && statement["Condition"] == wanted
            };
            if account.is_null() || !matches!(list(&document["Statement"]), [statement] if one(statement)) {
                self.wrong(role, "another service account than its own can take the role");
            }
        }
        Ok(())
    }
}

/// The key of an instance of `resource`; none for instances of other resources.
fn key_of(instance: &Value, resource: &str) -> Option<String> {
    let address = words(&instance["address"]);
    Some(address.strip_prefix(resource)?.strip_prefix("[\"")?.strip_suffix("\"]")?.to_owned())
}

/// Everything that is wrong with a planned cluster: the object, and why.
fn faults(planned: &Value, place: &Place) -> Result<Vec<Fault>, String> {
    let mut plan = Plan { planned, found: Vec::new() };
    plan.cluster();
    plan.repositories();
    let groups = plan.templates();
    plan.node_groups(&groups);
    plan.policies(place)?;
    plan.trusts(place)?;
    Ok(plan.found)
}

/// The manifests beside a root, those of its region or of its whole environment, as one stream of documents.
pub fn manifests(tree: &Path, root: &str) -> Result<String, String> {
    let (place, _) = root.rsplit_once('/').ok_or_else(|| format!("{root} is in no region"))?;
    documents(&tree.join(place.replace("/terraform/", "/kubernetes/")))
}

fn documents(folder: &Path) -> Result<String, String> {
    let mut all = String::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            all += &documents(&path)?;
        } else if path.extension().is_some_and(|kind| kind == "yaml") {
            all += &format!("---\n{}", fs::read_to_string(&path).map_err(|error| error.to_string())?);
        }
    }
    Ok(all)
}

/// The roles that service accounts name.
fn named(manifests: &str) -> BTreeSet<String> {
    let lines = manifests.lines().filter(|line| line.contains("eks.amazonaws.com/role-arn"));
    lines.filter_map(|line| line.trim_end().trim_end_matches('"').rsplit('/').next()).map(str::to_owned).collect()
}

/// The repositories of a registry that pods pull from.
fn pulled<'m>(manifests: &'m str, registry: &str) -> BTreeSet<&'m str> {
    let value = |line: &'m str| line.trim().trim_start_matches("- ").split_once(": ").map(|(_, value)| value);
    let images = manifests.lines().filter_map(value);
    let of = |image: &'m str| image.trim_matches('"').strip_prefix(registry)?.strip_prefix('/')?.split(['@', ':']).next();
    // Values of some charts have the registry in the line before that of the repository.
    let lines = || manifests.lines().map(str::trim);
    let of_chart = lines().zip(lines().skip(1)).filter(|(first, _)| first.strip_prefix("registry: ") == Some(registry));
    images.filter_map(of).chain(of_chart.filter_map(|(_, second)| second.strip_prefix("repository: "))).collect()
}

/// The hosts of routes.
pub fn hosts(manifests: &str) -> BTreeSet<&str> {
    let mut hosts = BTreeSet::new();
    let mut lines = manifests.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if line == "hostnames:" {
            hosts.extend(lines.by_ref().map_while(|line| line.strip_prefix("- ")).map(|host| host.trim_matches('"')));
        }
    }
    hosts
}

/// Where a root stands: by its plan, and the hosts by the manifests.
fn place(path: &str, planned: &Value, manifests: &str) -> Place {
    let of =
        |address: &str| list(planned).iter().find(|resource| words(&resource["address"]) == address).map(|resource| &resource["after"]);
    let text = |address: &str, key: &str| of(address).map(|after| words(&after[key])).unwrap_or_default();
    let administrators = text("aws_iam_role.administrator", "assume_role_policy");
    let account = administrators.split("arn:aws:iam::").nth(1).and_then(|rest| rest.split(':').next()).unwrap_or_default();
    Place {
        region: path.rsplit('/').nth(1).unwrap_or_default().to_owned(),
        account: account.to_owned(),
        cluster: text("aws_eks_cluster.this", "name"),
        hosts: hosts(manifests).into_iter().map(|host| host.trim_start_matches("*.").to_owned()).collect(),
    }
}

/// The faults of a root's plan (tfcheck's `planned`); `tree` is the folder that `path` is relative to.
pub fn judge(tree: &Path, path: &str, planned: &Value) -> Result<Vec<Fault>, String> {
    let manifests = manifests(tree, path)?;
    let place = place(path, planned, &manifests);
    let mut all = faults(planned, &place)?;
    for name in ["cert-manager", "external-dns"] {
        let address = format!("aws_iam_role_policy.identity[\"{name}\"]");
        if list(planned).iter().any(|resource| resource["address"] == address[..]) == place.hosts.is_empty() {
            all.push((address, format!("the routes have {} hosts", place.hosts.len())));
        }
    }
    let alias =
        list(planned).iter().find(|resource| resource["address"] == "aws_kms_alias.this").map(|alias| words(&alias["after"]["name"]));
    let key = format!("arn:aws:kms:{}:{}:{}", place.region, place.account, alias.unwrap_or_default());
    for other in manifests.lines().filter_map(|line| line.trim().strip_prefix("kmsKeyId: ")).filter(|named| named.trim_matches('"') != key)
    {
        all.push(("aws_kms_alias.this".to_owned(), format!("a storage class names the key {other}, where the cluster has {key}")));
    }
    let made: BTreeSet<String> = list(planned)
        .iter()
        .filter(|resource| words(&resource["address"]).starts_with("aws_iam_role.secrets["))
        .map(|role| words(&role["after"]["name"]))
        .collect();
    for role in made.symmetric_difference(&named(&manifests)) {
        all.push(("aws_iam_role.secrets".to_owned(), format!("`{role}` is made and not used, or used and not made")));
    }
    let repositories = list(planned).iter().filter(|resource| resource["type"] == "aws_ecr_repository");
    let repositories: BTreeSet<String> = repositories.map(|repository| words(&repository["after"]["name"])).collect();
    let pulled = pulled(&manifests, &format!("{}.dkr.ecr.{}.amazonaws.com", place.account, place.region));
    let pulled: BTreeSet<String> = pulled.into_iter().map(str::to_owned).collect();
    for name in repositories.symmetric_difference(&pulled) {
        all.push((
            "aws_ecr_repository.mirror".to_owned(),
            format!("`{name}` is made and no pod pulls from it, or pods pull and it is not made"),
        ));
    }
    Ok(all)
}

/// A small plan without faults.
fn whole() -> Vec<Value> {
    let resource = |kind: &str, at: &str, after: Value| json!({"type": kind, "address": format!("{kind}.{at}"), "after": after});
    let policy =
        |action: &str, resource: &str| json!({"Statement": [{"Effect": "Allow", "Action": [action], "Resource": [resource]}]}).to_string();
    let labels = json!({"platgen.io/subnet": "general", "k8s.amazonaws.com/eniConfig": "general-a"});
    let size = json!([{"min_size": 1, "desired_size": 2, "max_size": 3}]);
    let trust = json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Condition": {"StringEquals": {
        "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:1:cluster/shop",
        "aws:RequestTag/kubernetes-namespace": "kube-system",
        "aws:RequestTag/kubernetes-service-account": "one",
    }}}]});
    vec![
        resource(
            "aws_eks_cluster",
            "this",
            json!({
                "enabled_cluster_log_types": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
                "encryption_config": [{"resources": ["secrets"]}],
                "vpc_config": [{"endpoint_public_access": false, "endpoint_private_access": true, "subnet_ids": ["a", "b"]}],
            }),
        ),
        resource(
            "aws_launch_template",
            "pool[\"web\"]",
            json!({
                "network_interfaces": [{"associate_public_ip_address": "false", "security_groups": ["sg"]}],
                "metadata_options": [{"http_tokens": "required", "http_put_response_hop_limit": 1}],
                "block_device_mappings": [{"ebs": [{"encrypted": "true"}]}],
                "key_name": null,
                "instance_type": "m7i.large",
            }),
        ),
        resource(
            "aws_eks_node_group",
            "this[\"web/a\"]",
            json!({"subnet_ids": ["subnet-1"], "labels": labels, "scaling_config": size, "taint": [], "capacity_type": "ON_DEMAND", "instance_types": null}),
        ),
        resource("aws_eks_addon", "on_nodes[\"coredns\"]", json!({"addon_name": "coredns"})),
        resource("aws_kms_key", "this", json!({"policy": "{}"})),
        resource("aws_iam_role_policy", "one", json!({"policy": policy("ec2:DescribeVpcs", "*")})),
        resource("aws_iam_role_policy", "cluster", json!({})),
        resource("aws_iam_role_policy", "identity[\"ebs-csi\"]", json!({})),
        resource("aws_iam_role", "secrets[\"shop\"]", json!({})),
        resource("aws_iam_role", "identity[\"one\"]", json!({"assume_role_policy": trust.to_string()})),
        resource("aws_eks_pod_identity_association", "this[\"one\"]", json!({"namespace": "kube-system", "service_account": "one"})),
        resource(
            "aws_ecr_repository",
            "mirror[\"shop/web\"]",
            json!({
                "image_tag_mutability": "IMMUTABLE",
                "encryption_configuration": [{"encryption_type": "KMS"}],
                "image_scanning_configuration": [{"scan_on_push": true}],
            }),
        ),
    ]
}

/// Each fault of a small plan is found.
pub fn prove() -> Result<(), String> {
    const PUBLIC: &str = "the API server has a public address, or no private one";
    const OTHERS: &str = "another service account than its own can take the role";
    const CREDENTIALS: &str = "pods can read the credentials of their node";
    const BOUNDS: &str = "EKS refuses bounds that do not hold the number of nodes";
    const ADDONS: &str = "no node takes its pods";
    const MACHINES: &str = "its machines stand in the launch template and not in the group, or the other way round";
    const NIGHT: &str = "it is not stopped at night, or does not start with its bounds";
    const WIDE: &str = "a statement allows to change everything";
    const HIDDEN: &str = "the plan does not show its policy";
    let policy = |action: &str, resource: &str| {
        Value::from(json!({"Statement": [{"Effect": "Allow", "Action": [action], "Resource": [resource]}]}).to_string())
    };
    let statements = |edit: &dyn Fn(&mut Vec<Value>)| {
        let text = whole()[9]["after"]["assume_role_policy"].as_str().unwrap_or_default().to_owned();
        let mut document: Value = serde_json::from_str(&text).unwrap_or_default();
        document["Statement"].as_array_mut().into_iter().for_each(edit);
        Value::from(document.to_string())
    };
    let tag =
        |name: &str, value: Value| statements(&|all| all[0]["Condition"]["StringEquals"][format!("aws:RequestTag/{name}")] = value.clone());
    let spot = json!([{"key": "spot", "value": "true", "effect": "NO_EXECUTE"}]);
    // The resource, the place in its planned values, what stands there instead, what is found.
    let cases: Vec<(usize, &str, Value, Vec<&str>)> = vec![
        (0, "/vpc_config/0/endpoint_public_access", true.into(), vec![PUBLIC]),
        (0, "/vpc_config/0/endpoint_private_access", false.into(), vec![PUBLIC]),
        (0, "/vpc_config/0/subnet_ids", json!(["a"]), vec!["the API server needs subnets in two zones"]),
        (0, "/enabled_cluster_log_types", json!(["api"]), vec!["the API server does not log everything"]),
        (0, "/encryption_config", json!([]), vec!["secrets are not encrypted"]),
        (0, "/encryption_config/0/resources", Value::Null, vec!["secrets are not encrypted"]),
        (1, "/network_interfaces/0/associate_public_ip_address", "true".into(), vec!["nodes can have a public address"]),
        (
            1,
            "/network_interfaces",
            json!([{}, {}]),
            vec!["a node has another number of network interfaces than one", "its nodes have another number of security groups than one"],
        ),
        (
            1,
            "/network_interfaces/0/security_groups",
            json!(["sg", "eks"]),
            vec!["its nodes have another number of security groups than one"],
        ),
        (1, "/metadata_options/0/http_tokens", "optional".into(), vec![CREDENTIALS]),
        (1, "/metadata_options/0/http_put_response_hop_limit", 2.into(), vec![CREDENTIALS]),
        (1, "/key_name", "me".into(), vec!["nodes accept a key for SSH"]),
        (1, "/block_device_mappings/0/ebs/0/encrypted", "false".into(), vec!["a disk is not encrypted"]),
        (1, "/block_device_mappings", json!([]), vec!["a disk is not encrypted"]),
        (2, "/subnet_ids", json!(["a", "b"]), vec!["a node group has another number of subnets than one"]),
        (
            2,
            "/labels/k8s.amazonaws.com~1eniConfig",
            "payments-a".into(),
            vec!["its pods are in the subnet or the security group of another class"],
        ),
        (2, "/scaling_config/0/desired_size", 4.into(), vec![BOUNDS]),
        (2, "/scaling_config/0/min_size", 3.into(), vec![BOUNDS]),
        (2, "/scaling_config/0/desired_size", Value::Null, vec![BOUNDS, ADDONS]),
        (2, "/scaling_config", json!([{"min_size": 0, "desired_size": 0, "max_size": 3}]), vec![ADDONS]),
        (2, "/capacity_type", "SPOT".into(), vec![MACHINES]),
        (2, "/capacity_type", Value::Null, vec!["its nodes are of no type of capacity"]),
        (2, "/instance_types", json!(["m7i.large", "m6i.large"]), vec![MACHINES]),
        (1, "/instance_type", Value::Null, vec![MACHINES]),
        (2, "/taint", spot, vec![ADDONS]),
        (
            2,
            "/taint",
            json!([{"key": "CriticalAddonsOnly", "effect": "NO_SCHEDULE"}, {"key": "slow", "effect": "PREFER_NO_SCHEDULE"}]),
            vec![],
        ),
        (4, "/policy", Value::Null, vec![HIDDEN]),
        (5, "/policy", Value::Null, vec![HIDDEN]),
        (5, "/policy", policy("ec2:CreateVpc", "*"), vec![WIDE]),
        (5, "/policy", policy("ec2:*", "arn:aws:ec2:eu-west-1:1:vpc/a"), vec![WIDE]),
        (5, "/policy", policy("*", "arn:aws:ec2:eu-west-1:1:vpc/a"), vec![WIDE]),
        (
            5,
            "/policy",
            policy("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:1:secret:*"),
            vec!["it allows secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:1:secret:other/shop/web-abcdef"],
        ),
        (9, "/assume_role_policy", Value::Null, vec![HIDDEN]),
        (9, "/assume_role_policy", tag("kubernetes-service-account", Value::Null), vec![OTHERS]),
        (9, "/assume_role_policy", tag("kubernetes-namespace", "shop".into()), vec![OTHERS]),
        (9, "/assume_role_policy", tag("eks-cluster-arn", "arn:aws:eks:eu-west-1:1:cluster/other".into()), vec![OTHERS]),
        (9, "/assume_role_policy", statements(&|all| all[0]["Principal"] = json!({"AWS": "arn:aws:iam::1:root"})), vec![OTHERS]),
        (9, "/assume_role_policy", statements(&|all| all.push(all[0].clone())), vec![OTHERS]),
        (10, "/service_account", "two".into(), vec![OTHERS]),
        (11, "/image_tag_mutability", "MUTABLE".into(), vec!["a tag can get other content"]),
        (11, "/encryption_configuration", json!([]), vec!["images are not encrypted with a key of the platform"]),
        (11, "/image_scanning_configuration/0/scan_on_push", false.into(), vec!["nothing scans its images"]),
    ];
    let hosts = ["shop.example".to_owned()].into();
    let place = Place { region: "eu-west-1".into(), account: "1".into(), cluster: "shop".into(), hosts };
    let check = |plan: Vec<Value>, wanted: &[&str]| {
        let found: Vec<String> = faults(&plan.into(), &place)?.into_iter().map(|(_, fault)| fault).collect();
        if found == wanted { Ok(()) } else { Err(format!("found {found:?}, wanted {wanted:?}")) }
    };
    check(whole(), &[])?;
    for (at, pointer, value, wanted) in cases {
        let mut plan = whole();
        *plan[at]["after"].pointer_mut(pointer).ok_or(pointer)? = value;
        check(plan, &wanted)?;
    }
    let other = |address: &str, class: &str| {
        let labels = json!({"platgen.io/subnet": class, "k8s.amazonaws.com/eniConfig": format!("{class}-b")});
        let mut group = whole()[2].clone();
        (group["address"], group["after"]["labels"]) = (address.into(), labels);
        [whole(), vec![group]].concat()
    };
    check(other("aws_eks_node_group.this[\"web/b\"]", "payments"), &["nodes of two classes are in one subnet"])?;
    check(other("aws_eks_node_group.this[\"new/b\"]", "general"), &["its nodes have another number of security groups than one"])?;
    let spot = |machines: Value| {
        let mut plan = whole();
        (plan[1]["after"]["instance_type"], plan[2]["after"]["capacity_type"]) = (Value::Null, "SPOT".into());
        plan[2]["after"]["instance_types"] = machines;
        plan
    };
    check(spot(json!(["m7i.large", "m6i.large"])), &[])?;
    check(spot(json!([])), &[MACHINES])?;
    let night = |stop: [u64; 3], start: [u64; 3], key: &str| {
        let action = |name: &str, [min, now, max]: [u64; 3]| {
            let after = json!({"min_size": min, "desired_capacity": now, "max_size": max});
            json!({"type": "aws_autoscaling_schedule", "address": format!("aws_autoscaling_schedule.{name}[\"{key}\"]"), "after": after})
        };
        [whole(), vec![action("stop", stop), action("start", start)]].concat()
    };
    check(night([0, 0, 0], [1, 1, 3], "web/a"), &[])?;
    for (stop, start, key) in [([0, 0, 3], [1, 1, 3], "web/a"), ([0, 0, 0], [1, 1, 2], "web/a"), ([0, 0, 0], [1, 1, 3], "web/b")] {
        check(night(stop, start, key), &[NIGHT])?;
    }
    let without = |at: usize| whole().into_iter().enumerate().filter(move |(place, _)| *place != at).map(|(_, one)| one).collect();
    check(without(2), &[ADDONS])?;
    check(without(10), &[OTHERS])
}
