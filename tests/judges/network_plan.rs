//! Properties of a planned network root, read from its plan: who gets through the policies of the endpoints, whether closed classes reach the
//! object store, whether every class reaches the name service, how many rules a group has.
//!
//! tfcheck's plan is read where tfcheck is
//! started; a difference is a finding of its rule `network`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::iam::{Request, allows};
use super::judge::{Fault, list, words};

/// The number of rules that AWS allows in one direction of a group, unless the account has a higher quota.
const MOST_RULES: usize = 60;

/// The most rules for received calls that other owners add: 5 of the API server, which the cluster root makes, and 1 of load balancers.
const OF_OTHERS: usize = 6;

/// Requests that have to get through an endpoint, and requests that must not: service, what it is, request, answer.
fn requests(account: &str, region: &str, service: &str, policy: &Value) -> Result<Vec<String>, String> {
    const OTHER: &str = "999999999999";
    let role = |account: &str| format!("arn:aws:iam::{account}:role/reader");
    let own = [("aws:PrincipalAccount", account), ("aws:ResourceAccount", account)];
    // A token belongs to no account.
    let member = [("aws:PrincipalAccount", account)];
    let outwards = [("aws:PrincipalAccount", account), ("aws:ResourceAccount", OTHER)];
    let foreign = [("aws:PrincipalAccount", OTHER), ("aws:ResourceAccount", account)];
    let anonymous = [("aws:ResourceAccount", OTHER)];
    let layers = format!("arn:aws:s3:::prod-{region}-starport-layer-bucket/layer");
    let image = format!("arn:aws:ecr:{region}:{OTHER}:repository/eks/coredns");
    let any = "arn:aws:any:::thing";
    let (own_role, other_role) = (role(account), role(OTHER));
    type Case<'a> = (&'a str, &'a str, &'a str, &'a str, &'a [(&'a str, &'a str)], bool);
    let cases: Vec<Case> = vec![
        ("sts", "sign-in with a token of the cluster", "sts:AssumeRoleWithWebIdentity", &own_role, &[], true),
        ("sts", "sign-in to a role of another account", "sts:AssumeRoleWithWebIdentity", &other_role, &[], false),
        ("sts", "an anonymous request", "sts:GetCallerIdentity", "*", &[], false),
        ("eks-auth", "an identity for a pod", "eks-auth:AssumeRoleForPodIdentity", any, &own, true),
        ("s3", "a layer of an image", "s3:GetObject", &layers, &anonymous, true),
        ("s3", "an anonymous write", "s3:PutObject", &layers, &anonymous, false),
        ("s3", "an anonymous read of another bucket", "s3:GetObject", "arn:aws:s3:::elsewhere/object", &anonymous, false),
        ("s3", "a write to a bucket of another account", "s3:PutObject", "arn:aws:s3:::elsewhere/object", &outwards, false),
        ("ecr.api", "a read of an image of AWS", "ecr:BatchGetImage", &image, &outwards, true),
        ("ecr.api", "a look for a layer of AWS", "ecr:BatchCheckLayerAvailability", &image, &outwards, true),
        ("ecr.api", "the address of a layer of AWS", "ecr:GetDownloadUrlForLayer", &image, &outwards, true),
        ("ecr.api", "a token for registries", "ecr:GetAuthorizationToken", "*", &member, true),
        ("ecr.dkr", "a write of an image to another account", "ecr:PutImage", &image, &outwards, false),
        ("ecr.api", "a write of an image to another account", "ecr:PutImage", &image, &outwards, false),
        ("dynamodb", "a row in a table of another account", "dynamodb:PutItem", any, &outwards, false),
        ("kms", "a key of another account", "kms:Encrypt", any, &outwards, false),
        ("logs", "a log of another account", "logs:PutLogEvents", any, &outwards, false),
        ("secretsmanager", "a secret of another account", "secretsmanager:GetSecretValue", any, &outwards, false),
    ];
    let mut wrong = Vec::new();
    let everywhere = [("an own identity at an own resource", &own, true), ("an identity of another account", &foreign, false)];
    let everywhere = everywhere.iter().map(|(what, context, wanted)| (service, *what, "any:Action", any, &context[..], *wanted));
    for (_, what, action, resource, context, wanted) in cases.into_iter().filter(|case| case.0 == service).chain(everywhere) {
        if allows(policy, &Request { action, resource, context })? != wanted {
            wrong.push(format!("{what} is {}", if wanted { "refused" } else { "let through" }));
        }
    }
    Ok(wrong)
}

/// Everything that is wrong with a planned network: the object, and why.
pub fn faults(planned: &Value) -> Result<Vec<Fault>, String> {
    let of = |kind: &'static str| list(planned).iter().filter(move |resource| resource["type"] == kind);
    let mut found = Vec::new();
    let mut open: BTreeSet<String> = BTreeSet::new();
    let mut rules: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for endpoint in of("aws_vpc_endpoint") {
        let service = words(&endpoint["after"]["service_name"]);
        let Some((region, service)) = service.strip_prefix("com.amazonaws.").and_then(|name| name.split_once('.')) else {
            return Err(format!("a service named `{service}`"));
        };
        let policy: Value = serde_json::from_str(&words(&endpoint["after"]["policy"])).map_err(|error| format!("{service}: {error}"))?;
        let account = &policy["Statement"][0]["Condition"]["StringEquals"]["aws:PrincipalAccount"];
        found.extend(requests(&words(account), region, service, &policy)?.into_iter().map(|fault| (words(&endpoint["address"]), fault)));
    }
    for (kind, side) in [("aws_vpc_security_group_ingress_rule", "calls received"), ("aws_vpc_security_group_egress_rule", "calls made")] {
        for rule in of(kind) {
            let after = &rule["after"];
            let name = words(&after["tags"]["Name"]);
            let parts: Vec<&str> = name.split('/').collect();
            // The rules of the endpoints' group have no name.
            let [from, to, ..] = parts[..] else { continue };
            let class = if side == "calls made" { from } else { to };
            *rules.entry((class.to_owned(), side)).or_default() += 1;
            if after["ip_protocol"] == "-1" {
                open.extend(["tcp-53", "udp-53", "tcp-443"].map(|last| format!("{side} {from} {to} {last}")));
            } else {
                open.insert(format!("{side} {from} {to} {}-{}", words(&after["ip_protocol"]), after["from_port"]));
            }
        }
    }
    let classes: BTreeSet<String> = of("aws_security_group")
        .filter_map(|group| {
            words(&group["address"]).strip_prefix("aws_security_group.nodes[\"").map(|rest| rest.trim_end_matches("\"]").to_owned())
        })
        .collect();
    // A class that answers for names is one that others ask; a class that asks nobody must answer itself.
    let servers: BTreeSet<&String> =
        classes.iter().filter(|to| classes.iter().all(|from| open.contains(&format!("calls received {from} {to} udp-53")))).collect();
    if servers.is_empty() {
        found.push(("aws_security_group.nodes".to_owned(), "no class is reached by every class on port 53".to_owned()));
    }
    for class in &classes {
        let group = format!("aws_security_group.nodes[\"{class}\"]");
        for (server, last) in servers.iter().flat_map(|server| ["tcp-53", "udp-53"].map(|last| (server, last))) {
            for side in ["calls made", "calls received"] {
                if !open.contains(&format!("{side} {class} {server} {last}")) {
                    found.push((group.clone(), format!("`{class}` does not reach `{server}` by {last}: {side}")));
                }
            }
        }
        if !open.contains(&format!("calls made {class} internet tcp-443")) && !open.contains(&format!("calls made {class} s3 tcp-443")) {
            found.push((
                group.clone(),
                "its nodes fetch no layer of an image: neither the internet nor the object store is open".to_owned(),
            ));
        }
        for side in ["calls made", "calls received"] {
            let count = rules.get(&(class.clone(), side)).copied().unwrap_or_default();
            let most = MOST_RULES - if side == "calls received" { OF_OTHERS } else { 0 };
            if count > most {
                found.push((group.clone(), format!("{count} rules for {side}, where AWS leaves room for {most}")));
            }
        }
    }
    Ok(found)
}

/// Each fault of a small plan is found.
pub fn prove() -> Result<(), String> {
    let own = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": "1"}}});
    let group =
        |class: &str| json!({"type": "aws_security_group", "address": format!("aws_security_group.nodes[\"{class}\"]"), "after": {}});
    let rule = |side: &str, name: &str, protocol: &str, port: Option<u16>| {
        let after = json!({"tags": {"Name": name}, "ip_protocol": protocol, "from_port": port});
        json!({"type": format!("aws_vpc_security_group_{side}_rule"), "address": name, "after": after})
    };
    let flow = |name: &str, protocol: &str, port: Option<u16>| ["ingress", "egress"].map(|side| rule(side, name, protocol, port));
    let mut plan = vec![group("general"), group("data"), rule("egress", "general/internet/tcp-443", "tcp", Some(443))];
    plan.extend(flow("general/general/all", "-1", None));
    plan.extend(flow("data/data/all", "-1", None));
    plan.extend(flow("data/general/udp-53", "udp", Some(53)));
    let whole = [&plan[..], &flow("data/general/tcp-53", "tcp", Some(53)), &[rule("egress", "data/s3/tcp-443", "tcp", Some(443))]].concat();
    let many: Vec<Value> = (1..=60).map(|port| rule("egress", &format!("general/x/tcp-{port}"), "tcp", Some(port))).collect();
    let asked: Vec<Value> = (1..=53).map(|port| rule("ingress", &format!("x/general/tcp-{port}"), "tcp", Some(port))).collect();
    let sts = |statement: Value| {
        let after = json!({"service_name": "com.amazonaws.eu-west-1.sts", "policy": json!({"Statement": [statement]}).to_string()});
        json!({"type": "aws_vpc_endpoint", "address": "sts", "after": after})
    };
    let cases = [
        (whole.clone(), vec![]),
        (
            plan.clone(),
            vec![
                "`data` does not reach `general` by tcp-53: calls made",
                "`data` does not reach `general` by tcp-53: calls received",
                "its nodes fetch no layer of an image: neither the internet nor the object store is open",
            ],
        ),
        ([whole.clone(), many].concat(), vec!["62 rules for calls made, where AWS leaves room for 60"]),
        ([whole.clone(), asked].concat(), vec!["56 rules for calls received, where AWS leaves room for 54"]),
        ([whole, vec![sts(own)]].concat(), vec!["sign-in with a token of the cluster is refused"]),
    ];
    for (plan, wanted) in cases {
        let found: Vec<String> = faults(&plan.into())?.into_iter().map(|(_, fault)| fault).collect();
        if found != wanted {
            return Err(format!("found {found:?}, wanted {wanted:?}"));
        }
    }
    Ok(())
}
