//! Properties of a planned cluster root, read from its plan: nothing is public, nodes stand in the subnets of their class, and no identity can do
//! more than it needs. A difference is a finding of tfcheck's rule `cluster`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::cluster_requests::{self, Place};
use super::iam::texts;
use super::judge::{Finding, list, words};

/// Everything that is wrong with a planned cluster: the object, and why.
fn faults(planned: &Value, place: &Place) -> Result<Vec<(String, String)>, String> {
    let of = |kind: &'static str| list(planned).iter().filter(move |resource| resource["type"] == kind);
    let mut found: Vec<(String, String)> = Vec::new();
    let mut wrong = |resource: &Value, said: &str| found.push((words(&resource["address"]), said.to_owned()));
    for cluster in of("aws_eks_cluster") {
        let after = &cluster["after"];
        let network = &after["vpc_config"][0];
        if network["endpoint_public_access"] != false || network["endpoint_private_access"] != true {
            wrong(cluster, "the API server has a public address, or no private one");
        }
        if list(&network["subnet_ids"]).len() < 2 {
            wrong(cluster, "the API server needs subnets in two zones");
        }
        if list(&after["enabled_cluster_log_types"]).len() != 5 {
            wrong(cluster, "the API server does not log everything");
        }
        if after["encryption_config"][0]["resources"] != json!(["secrets"]) {
            wrong(cluster, "secrets are not encrypted");
        }
    }
    // Subnets and security groups by class, and classes by subnet: what data sources found.
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for template in of("aws_launch_template") {
        let after = &template["after"];
        let interfaces = list(&after["network_interfaces"]);
        let [interface] = interfaces else {
            wrong(template, "a node has another number of network interfaces than one");
            continue;
        };
        if interface["associate_public_ip_address"] != "false" {
            wrong(template, "nodes can have a public address");
        }
        groups.insert(words(&template["address"]), texts(&interface["security_groups"]));
        let metadata = &after["metadata_options"][0];
        if metadata["http_tokens"] != "required" || metadata["http_put_response_hop_limit"] != 1 {
            wrong(template, "pods can read the credentials of their node");
        }
        if !after["key_name"].is_null() {
            wrong(template, "nodes accept a key for SSH");
        }
        let disks = list(&after["block_device_mappings"]);
        if disks.is_empty() || disks.iter().any(|disk| disk["ebs"][0]["encrypted"] != "true") {
            wrong(template, "a disk is not encrypted");
        }
    }
    let mut classes: BTreeMap<String, String> = BTreeMap::new();
    for group in of("aws_eks_node_group") {
        let after = &group["after"];
        let subnets = texts(&after["subnet_ids"]);
        let [subnet] = &subnets[..] else {
            wrong(group, "a node group has another number of subnets than one");
            continue;
        };
        let labels = &after["labels"];
        let (class, address) = (words(&labels["platgen.io/subnet"]), words(&group["address"]));
        let zone = address.trim_end_matches("\"]").rsplit('/').next().unwrap_or_default();
        if *classes.entry(subnet.clone()).or_insert_with(|| class.clone()) != class {
            wrong(group, "nodes of two classes are in one subnet");
        }
        if words(&labels["k8s.amazonaws.com/eniConfig"]) != format!("{class}-{zone}") {
            wrong(group, "its pods are in the subnet or the security group of another class");
        }
        let pool = address.split('"').nth(1).and_then(|key| key.split('/').next()).unwrap_or_default();
        match groups.get(&format!("aws_launch_template.pool[\"{pool}\"]")).map(Vec::as_slice) {
            Some([_]) => {}
            _ => wrong(group, "its nodes have another number of security groups than one"),
        }
    }
    for policy in of("aws_iam_role_policy") {
        let Some(text) = policy["after"]["policy"].as_str() else { continue };
        let document: Value = serde_json::from_str(text).map_err(|error| format!("{}: {error}", policy["address"]))?;
        for statement in list(&document["Statement"]) {
            let wide = texts(&statement["Resource"]).iter().any(|resource| resource == "*");
            let reads = |action: &String| {
                action.split(':').nth(1).is_some_and(|verb| ["Describe", "Get", "List"].iter().any(|word| verb.starts_with(word)))
            };
            if texts(&statement["Action"]).iter().any(|action| action == "*" || action.ends_with(":*") || wide && !reads(action)) {
                wrong(policy, "a statement allows to change everything");
            }
        }
        let address = words(&policy["address"]);
        let identity =
            address.strip_prefix("aws_iam_role_policy.identity[\"").and_then(|rest| rest.strip_suffix("\"]")).unwrap_or_default();
        for answer in cluster_requests::wrong(identity, &document, place)? {
            wrong(policy, &answer);
        }
    }
    for provider in of("aws_iam_role").filter(|role| words(&role["address"]).starts_with("aws_iam_role.identity")) {
        let Some(text) = provider["after"]["assume_role_policy"].as_str() else { continue };
        if !text.contains("aws:RequestTag/kubernetes-service-account") {
            wrong(provider, "every pod can take the role");
        }
    }
    Ok(found)
}

/// The manifests of a region, all as one text.
pub fn manifests(folder: &Path) -> Result<String, String> {
    let mut all = String::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            all += &manifests(&path)?;
        } else if path.extension().is_some_and(|kind| kind == "yaml") {
            all += &fs::read_to_string(&path).map_err(|error| error.to_string())?;
        }
    }
    Ok(all)
}

/// The roles that service accounts name.
fn named(manifests: &str) -> BTreeSet<String> {
    let lines = manifests.lines().filter(|line| line.contains("eks.amazonaws.com/role-arn"));
    lines.filter_map(|line| line.trim_end().trim_end_matches('"').rsplit('/').next()).map(str::to_owned).collect()
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

/// Where a root stands, read from its plan.
fn place(path: &str, planned: &Value) -> Place {
    let of =
        |address: &str| list(planned).iter().find(|resource| words(&resource["address"]) == address).map(|resource| &resource["after"]);
    let text = |address: &str, key: &str| of(address).map(|after| words(&after[key])).unwrap_or_default();
    let administrators = text("aws_iam_role.administrator", "assume_role_policy");
    let account = administrators.split("arn:aws:iam::").nth(1).and_then(|rest| rest.split(':').next()).unwrap_or_default();
    let records: Value = serde_json::from_str(&text("aws_iam_role_policy.identity[\"external-dns\"]", "policy")).unwrap_or_default();
    let names = &records["Statement"][0]["Condition"]["ForAllValues:StringLike"]["route53:ChangeResourceRecordSetsNormalizedRecordNames"];
    Place {
        region: path.rsplit('/').nth(1).unwrap_or_default().to_owned(),
        account: account.to_owned(),
        cluster: text("aws_eks_cluster.this", "name"),
        domains: texts(names).into_iter().filter(|name| !name.starts_with('*')).chain([String::new()]).collect(),
    }
}

/// The findings of a root's plan (tfcheck's `planned`); `tree` is the folder that `path` is relative to.
pub fn judge(tree: &Path, path: &str, planned: &Value) -> Result<Vec<Finding>, String> {
    let place = place(path, planned);
    let mut all = faults(planned, &place)?;
    let made: BTreeSet<String> = list(planned)
        .iter()
        .filter(|resource| words(&resource["address"]).starts_with("aws_iam_role.secrets["))
        .map(|role| words(&role["after"]["name"]))
        .collect();
    let manifests = manifests(&tree.join(path.replace("/terraform/", "/kubernetes/").trim_end_matches("/cluster")))?;
    let below = |host: &str, domain: &String| !domain.is_empty() && format!(".{host}").ends_with(&format!(".{domain}"));
    for host in hosts(&manifests).into_iter().filter(|host| !place.domains.iter().any(|domain| below(host, domain))) {
        all.push(("aws_iam_role_policy.identity".to_owned(), format!("external-dns can't make the record of {host}")));
    }
    for role in made.symmetric_difference(&named(&manifests)) {
        all.push(("aws_iam_role.secrets".to_owned(), format!("`{role}` is made and not used, or used and not made")));
    }
    let finding = |(object, message)| Finding {
        judge: "tfcheck".into(),
        rule: "cluster".into(),
        object,
        file: path.into(),
        accepted: false,
        message,
    };
    Ok(all.into_iter().map(finding).collect())
}

/// Each fault of a small plan is found.
pub fn prove() -> Result<(), String> {
    let cluster = json!({"type": "aws_eks_cluster", "address": "aws_eks_cluster.this", "after": {
        "enabled_cluster_log_types": ["api", "audit", "authenticator", "controllerManager", "scheduler"], "encryption_config": [{"resources": ["secrets"]}],
        "vpc_config": [{"endpoint_public_access": false, "endpoint_private_access": true, "subnet_ids": ["a", "b"]}]}});
    let template = json!({"type": "aws_launch_template", "address": "aws_launch_template.pool[\"web\"]", "after": {
        "network_interfaces": [{"associate_public_ip_address": "false", "security_groups": ["sg"]}], "key_name": null,
        "metadata_options": [{"http_tokens": "required", "http_put_response_hop_limit": 1}], "block_device_mappings": [{"ebs": [{"encrypted": "true"}]}]}});
    let group = |zone: &str, class: &str| {
        let labels = json!({"platgen.io/subnet": class, "k8s.amazonaws.com/eniConfig": format!("{class}-{zone}")});
        json!({"type": "aws_eks_node_group", "address": format!("aws_eks_node_group.this[\"web/{zone}\"]"), "after": {"subnet_ids": ["subnet-1"], "labels": labels}})
    };
    let policy = |action: &str, resource: &str| {
        let text = json!({"Statement": [{"Effect": "Allow", "Action": [action], "Resource": [resource]}]}).to_string();
        json!({"type": "aws_iam_role_policy", "address": "aws_iam_role_policy.one", "after": {"policy": text}})
    };
    let changed = |resource: &Value, at: &str, value: Value| -> Value {
        let mut changed = resource.clone();
        if let Some(place) = changed.pointer_mut(at) {
            *place = value;
        }
        changed
    };
    let whole = vec![cluster.clone(), template.clone(), group("a", "general"), policy("ec2:DescribeVpcs", "*")];
    let with = |at: usize, resource: Value| {
        whole.iter().enumerate().map(|(place, old)| if place == at { resource.clone() } else { old.clone() }).collect()
    };
    let cases: Vec<(Vec<Value>, Vec<&str>)> = vec![
        (whole.clone(), vec![]),
        (
            with(0, changed(&cluster, "/after/vpc_config/0/endpoint_public_access", true.into())),
            vec!["the API server has a public address, or no private one"],
        ),
        (with(0, changed(&cluster, "/after/vpc_config/0/subnet_ids", json!(["a"]))), vec!["the API server needs subnets in two zones"]),
        (with(0, changed(&cluster, "/after/enabled_cluster_log_types", json!(["api"]))), vec!["the API server does not log everything"]),
        (with(0, changed(&cluster, "/after/encryption_config", json!([]))), vec!["secrets are not encrypted"]),
        (
            with(1, changed(&template, "/after/network_interfaces/0/associate_public_ip_address", "true".into())),
            vec!["nodes can have a public address"],
        ),
        (
            with(1, changed(&template, "/after/network_interfaces/0/security_groups", json!(["sg", "eks"]))),
            vec!["its nodes have another number of security groups than one"],
        ),
        (
            with(1, changed(&template, "/after/metadata_options/0/http_put_response_hop_limit", 2.into())),
            vec!["pods can read the credentials of their node"],
        ),
        (with(1, changed(&template, "/after/key_name", "me".into())), vec!["nodes accept a key for SSH"]),
        (with(1, changed(&template, "/after/block_device_mappings/0/ebs/0/encrypted", "false".into())), vec!["a disk is not encrypted"]),
        ([whole.clone(), vec![group("b", "payments")]].concat(), vec!["nodes of two classes are in one subnet"]),
        (
            with(2, changed(&group("a", "general"), "/after/subnet_ids", json!(["a", "b"]))),
            vec!["a node group has another number of subnets than one"],
        ),
        (with(3, policy("ec2:CreateVpc", "*")), vec!["a statement allows to change everything"]),
        (
            with(3, policy("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:1:secret:*")),
            vec!["it allows secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:1:secret:other/shop/web-abcdef"],
        ),
    ];
    let place = Place { region: "eu-west-1".into(), account: "1".into(), cluster: "shop".into(), domains: vec!["shop.example".into()] };
    for (plan, wanted) in cases {
        let found: Vec<String> = faults(&plan.into(), &place)?.into_iter().map(|(_, fault)| fault).collect();
        if found != wanted {
            return Err(format!("found {found:?}, wanted {wanted:?}"));
        }
    }
    Ok(())
}
