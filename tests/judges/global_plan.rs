//! Properties of a planned global root, read from its plan: each zone answers everybody and has hosts of the environment, what is written down is encrypted,
//! nobody outside of the account may use it, and the alarms see the sign-ins that they are for, and no others. A difference is a finding of tfcheck's rule `global`.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::cluster_plan::{hosts, manifests};
use super::iam::texts;
use super::judge::{Fault, list, words};

/// The region of the events of sign-ins and of the logs of zones.
const HOME: &str = "us-east-1";

/// Policies that name what AWS has yet to number, so that no plan shows them. The tests of the root hold each of their statements.
const UNKNOWN: [&str; 2] = ["aws_cloudwatch_log_resource_policy.queries", "aws_sns_topic_policy.alarms"];

/// Whether a pattern of EventBridge takes an event: each of its keys has one of the listed values there.
fn takes(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(keys) => keys.iter().all(|(key, wanted)| match wanted {
            Value::Object(_) => takes(wanted, &event[key]),
            _ => list(wanted).iter().any(|one| match one.get("exists") {
                Some(there) => (*there == json!(true)) != event[key].is_null(),
                None => *one == event[key],
            }),
        }),
        _ => false,
    }
}

/// A sign-in to the console, as CloudTrail tells it.
fn sign_in(kind: &str, mfa: &str, result: &str) -> Value {
    json!({"source": "aws.signin", "detail-type": "AWS Console Sign In via CloudTrail", "detail": {
        "eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "eventType": "AwsConsoleSignIn",
        "userIdentity": {"type": kind}, "additionalEventData": {"MFAUsed": mfa}, "responseElements": {"ConsoleLogin": result}}})
}

/// A call of an API.
fn call(kind: &str, service: &str, name: &str, by: Option<&str>) -> Value {
    let mut identity = json!({"type": kind});
    if let Some(by) = by {
        identity["invokedBy"] = json!(by);
    }
    json!({"source": format!("aws.{service}"), "detail-type": "AWS API Call via CloudTrail", "detail": {
        "eventSource": format!("{service}.amazonaws.com"), "eventName": name, "eventType": "AwsApiCall", "userIdentity": identity}})
}

/// Events, and whether somebody has to hear of them.
fn events() -> Vec<(&'static str, Value, bool)> {
    vec![
        ("a sign-in of the root user", sign_in("Root", "Yes", "Success"), true),
        ("a sign-in of the root user that fails", sign_in("Root", "No", "Failure"), true),
        ("a call of the root user", call("Root", "iam", "CreateRole", None), true),
        ("a call of AWS for the root user", call("Root", "kms", "Decrypt", Some("AWS Internal")), false),
        ("a sign-in of a user without a second factor", sign_in("IAMUser", "No", "Success"), true),
        ("a sign-in of a user with a second factor", sign_in("IAMUser", "Yes", "Success"), false),
        ("a sign-in through Identity Center", sign_in("AssumedRole", "No", "Success"), false),
        ("a new key of a user", call("AssumedRole", "iam", "CreateAccessKey", None), true),
        ("the end of a user's second factor", call("IAMUser", "iam", "DeactivateMFADevice", None), true),
        ("a new role", call("AssumedRole", "iam", "CreateRole", None), false),
        ("the start of a machine", call("AssumedRole", "ec2", "RunInstances", None), false),
    ]
}

/// Everything that is wrong with a planned root: the object, and why.
fn faults(planned: &Value, hosts: &BTreeSet<&str>) -> Result<Vec<Fault>, String> {
    let of = |kind: &'static str| list(planned).iter().filter(move |resource| resource["type"] == kind);
    let mut found: Vec<Fault> = Vec::new();
    let mut wrong = |resource: &Value, said: String| found.push((words(&resource["address"]), said));
    for zone in of("aws_route53_zone") {
        let domain = words(&zone["after"]["name"]);
        if !list(&zone["after"]["vpc"]).is_empty() {
            wrong(zone, "the zone answers inside of a network alone".to_owned());
        }
        if !hosts.iter().any(|host| format!(".{host}").ends_with(&format!(".{domain}"))) {
            wrong(zone, format!("no host is in {domain}"));
        }
        if of("aws_route53_query_log").count() != 1 {
            wrong(zone, "its queries are not logged".to_owned());
        }
    }
    for kind in ["aws_cloudwatch_log_group", "aws_cloudwatch_log_resource_policy", "aws_kms_key", "aws_kms_alias", "aws_sns_topic"] {
        for resource in of(kind).filter(|resource| resource["after"]["region"] != HOME) {
            wrong(resource, format!("it is not in {HOME}, where it is used"));
        }
    }
    let resource = |kind: &'static str, key: &str, said: &str, found: &mut Vec<Fault>| {
        // A reference is known after the apply, and absent from a plan.
        let bare = of(kind).filter(|one| one["after"].get(key).is_some_and(Value::is_null));
        found.extend(bare.map(|one| (words(&one["address"]), said.to_owned())));
    };
    resource("aws_cloudwatch_log_group", "kms_key_id", "it is not encrypted with a key of the account", &mut found);
    resource("aws_sns_topic", "kms_master_key_id", "it is not encrypted with a key of the account", &mut found);
    let rules: Vec<&Value> = of("aws_cloudwatch_event_rule").collect();
    let mut patterns = Vec::new();
    for rule in &rules {
        let text = words(&rule["after"]["event_pattern"]);
        patterns.push(serde_json::from_str::<Value>(&text).map_err(|error| format!("{}: {error}", rule["address"]))?);
        if rule["after"]["region"] != HOME {
            found.push((words(&rule["address"]), "it does not see sign-ins".to_owned()));
        }
        let name = words(&rule["after"]["name"]);
        if of("aws_cloudwatch_event_target").filter(|target| target["after"]["rule"] == json!(name)).count() != 1 {
            found.push((words(&rule["address"]), "it tells nobody".to_owned()));
        }
    }
    for (what, event, wanted) in events().into_iter().filter(|_| !rules.is_empty()) {
        if patterns.iter().any(|pattern| takes(pattern, &event)) != wanted {
            let said = if wanted { "nobody hears of" } else { "somebody is woken for" };
            found.push(("aws_cloudwatch_event_rule".to_owned(), format!("{said} {what}")));
        }
    }
    for policy in of("aws_sns_topic_policy").chain(of("aws_cloudwatch_log_resource_policy")).chain(of("aws_kms_key")) {
        let address = words(&policy["address"]);
        let Some(text) = ["policy", "policy_document"].into_iter().find_map(|key| policy["after"][key].as_str()) else {
            if !UNKNOWN.contains(&address.as_str()) {
                found.push((address, "the plan does not show its policy".to_owned()));
            }
            continue;
        };
        let document: Value = serde_json::from_str(text).map_err(|error| format!("{address}: {error}"))?;
        let allowed = list(&document["Statement"]).iter().filter(|statement| statement["Effect"] == "Allow");
        let principals = |statement: &Value| {
            let principal = &statement["Principal"];
            texts(if principal.is_object() { &principal["AWS"] } else { principal })
        };
        if allowed.flat_map(principals).any(|principal| principal == "*") {
            found.push((address, "everybody may use it".to_owned()));
        }
    }
    Ok(found)
}

/// The faults of a root's plan (tfcheck's `planned`); `tree` is the folder that `path` is relative to.
pub fn judge(tree: &Path, path: &str, planned: &Value) -> Result<Vec<Fault>, String> {
    faults(planned, &hosts(&manifests(tree, path)?))
}

/// Each fault of a small plan is found.
pub fn prove() -> Result<(), String> {
    let resource = |kind: &str, after: Value| json!({"type": kind, "address": format!("{kind}.this"), "after": after});
    let rule = |name: &str, pattern: Value| {
        let after = json!({"name": name, "region": HOME, "event_pattern": pattern.to_string()});
        [resource("aws_cloudwatch_event_rule", after), resource("aws_cloudwatch_event_target", json!({"rule": name}))]
    };
    let root = rule("root", json!({"detail": {"userIdentity": {"type": ["Root"], "invokedBy": [{"exists": false}]}}}));
    let user = rule(
        "user",
        json!({"source": ["aws.signin"], "detail": {"userIdentity": {"type": ["IAMUser"]}, "additionalEventData": {"MFAUsed": ["No"]}}}),
    );
    let key = rule("key", json!({"detail": {"eventName": ["CreateAccessKey", "DeactivateMFADevice"]}}));
    let policy = |principal: Value| {
        let text = json!({"Statement": [{"Effect": "Allow", "Principal": principal}]}).to_string();
        resource("aws_sns_topic_policy", json!({"policy": text}))
    };
    let whole = vec![
        resource("aws_route53_zone", json!({"name": "shop.example", "vpc": []})),
        resource("aws_route53_query_log", json!({})),
        resource("aws_cloudwatch_log_group", json!({"region": HOME, "kms_key_id": "arn"})),
        resource("aws_sns_topic", json!({"region": HOME, "kms_master_key_id": "arn"})),
        policy(json!({"AWS": "arn:aws:iam::1:root"})),
    ];
    let alarms = [&root[..], &user, &key].concat();
    let whole = [whole, alarms].concat();
    let with = |at: usize, key: &str, value: Value| {
        let mut plan = whole.clone();
        plan[at]["after"][key] = value;
        plan
    };
    let without = |at: usize| whole.iter().enumerate().filter(|(place, _)| *place != at).map(|(_, one)| one.clone()).collect::<Vec<_>>();
    let cases: Vec<(Vec<Value>, Vec<&str>)> = vec![
        (whole.clone(), vec![]),
        (with(0, "vpc", json!([{"vpc_id": "vpc-1"}])), vec!["the zone answers inside of a network alone"]),
        (with(0, "name", "other.example".into()), vec!["no host is in other.example"]),
        (without(1), vec!["its queries are not logged"]),
        (with(2, "kms_key_id", Value::Null), vec!["it is not encrypted with a key of the account"]),
        (with(2, "region", "eu-west-1".into()), vec!["it is not in us-east-1, where it is used"]),
        (with(3, "kms_master_key_id", Value::Null), vec!["it is not encrypted with a key of the account"]),
        (with(4, "policy", policy(json!({"AWS": "*"}))["after"]["policy"].clone()), vec!["everybody may use it"]),
        (with(4, "policy", policy(json!({"AWS": ["arn:aws:iam::1:root", "*"]}))["after"]["policy"].clone()), vec!["everybody may use it"]),
        (with(4, "policy", policy(json!("*"))["after"]["policy"].clone()), vec!["everybody may use it"]),
        (with(4, "policy", Value::Null), vec!["the plan does not show its policy"]),
        (with(5, "region", "eu-west-1".into()), vec!["it does not see sign-ins"]),
        (without(6), vec!["it tells nobody"]),
        (
            with(7, "event_pattern", json!({"source": ["aws.signin"]}).to_string().into()),
            vec![
                "somebody is woken for a sign-in of a user with a second factor",
                "somebody is woken for a sign-in through Identity Center",
            ],
        ),
        (
            with(9, "event_pattern", json!({"detail": {"eventName": ["CreateAccessKey"]}}).to_string().into()),
            vec!["nobody hears of the end of a user's second factor"],
        ),
    ];
    for (plan, wanted) in cases {
        let found: Vec<String> = faults(&plan.into(), &["www.shop.example"].into())?.into_iter().map(|(_, fault)| fault).collect();
        if found != wanted {
            return Err(format!("found {found:?}, wanted {wanted:?}"));
        }
    }
    Ok(())
}
