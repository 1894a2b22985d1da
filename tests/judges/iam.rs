//! An evaluator of IAM policies: whether a request is allowed by one policy, or to an identity with several policies and a permissions boundary. It
//! knows the operators and wildcards that the roots use, and refuses others.

use serde_json::{Value, json};

use super::judge::{Fault, list, words};

/// A request. `context` has the condition keys that it carries, each with its values.
pub struct Request<'a> {
    pub action: &'a str,
    pub resource: &'a str,
    pub context: &'a [(&'a str, &'a str)],
}

/// Whether a text fits a pattern with `*` and `?`.
pub fn fits(pattern: &str, text: &str) -> bool {
    let Some(at) = pattern.find(['*', '?']) else { return pattern == text };
    let Some(rest) = text.strip_prefix(&pattern[..at]) else { return false };
    let mut starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    match pattern.as_bytes()[at] {
        b'*' => starts.any(|start| fits(&pattern[at + 1..], &rest[start..])),
        _ => starts.nth(1).is_some_and(|start| fits(&pattern[at + 1..], &rest[start..])),
    }
}

/// The texts of a value that is one text or a list.
pub fn texts(value: &Value) -> Vec<String> {
    if value.is_string() { vec![words(value)] } else { list(value).iter().map(words).collect() }
}

/// Whether the conditions of a statement are met.
fn met(conditions: &Value, request: &Request) -> Result<bool, String> {
    for (operator, wanted) in conditions.as_object().into_iter().flatten() {
        let (every, name) = match operator.split_once(':') {
            Some(("ForAllValues", name)) => (true, name),
            // One value of several is enough, as it is for a key with one.
            Some(("ForAnyValue", name)) => (false, name),
            _ => (false, operator.as_str()),
        };
        if name == "Null" {
            let is_there = |key: &str| request.context.iter().any(|(name, _)| *name == key);
            let wanted = wanted.as_object().into_iter().flatten();
            if wanted.into_iter().any(|(key, values)| texts(values).iter().all(|value| (value == "true") == is_there(key))) {
                return Ok(false);
            }
            continue;
        }
        let (holds, negated): (fn(&str, &str) -> bool, bool) = match name {
            "StringEquals" | "ArnEquals" | "Bool" => (|wanted, has| wanted == has, false),
            "StringLike" | "ArnLike" => (fits, false),
            "ArnNotEquals" | "StringNotEquals" => (|wanted, has| wanted == has, true),
            "ArnNotLike" | "StringNotLike" => (fits, true),
            _ => return Err(format!("the evaluator knows no operator `{operator}`")),
        };
        if negated && operator.contains(':') {
            return Err(format!("the evaluator knows no operator `{operator}`"));
        }
        for (key, values) in wanted.as_object().into_iter().flatten() {
            let values = texts(values);
            let mut has = request.context.iter().filter(|(name, _)| name == key).map(|(_, value)| *value).peekable();
            // A key that the request lacks meets no positive condition, but every negated one and every one about all values.
            let known = has.peek().is_some();
            let one = |has: &str| values.iter().any(|wanted| holds(wanted, has));
            let fine = match (negated, every) {
                (true, _) => !known || !has.any(one),
                (false, true) => has.all(one),
                (false, false) => known && has.any(one),
            };
            if !fine {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// What a policy says of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it.
    Denied,
    /// No statement is about it.
    Silent,
}

/// Whether a policy allows a request: some statement allows it and none denies it. A principal, where a statement has one, has to be `*`.
pub fn allows(policy: &Value, request: &Request) -> Result<bool, String> {
    Ok(verdict(policy, request)? == Verdict::Allowed)
}

/// Whether an identity may do what it asks for: none of its policies, its boundary and the policies of the resource denies it, one of its own policies
/// allows it, and its boundary does. A policy of a resource allows nothing here: those of the roots only deny.
pub fn may(own: &[&Value], boundary: Option<&Value>, resource: &[&Value], request: &Request) -> Result<bool, String> {
    let verdicts = |policies: &[&Value]| policies.iter().map(|policy| verdict(policy, request)).collect::<Result<Vec<_>, _>>();
    let (own, boundary, resource) = (verdicts(own)?, boundary.map(|policy| verdict(policy, request)).transpose()?, verdicts(resource)?);
    let denied = own.iter().chain(&boundary).chain(&resource).any(|verdict| *verdict == Verdict::Denied);
    Ok(!denied && own.contains(&Verdict::Allowed) && boundary.is_none_or(|verdict| verdict == Verdict::Allowed))
}

fn verdict(policy: &Value, request: &Request) -> Result<Verdict, String> {
    let mut allowed = Verdict::Silent;
    for statement in list(&policy["Statement"]) {
        let known = ["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
        if let Some(key) = statement.as_object().into_iter().flatten().map(|(key, _)| key).find(|key| !known.contains(&key.as_str())) {
            return Err(format!("the evaluator knows no `{key}`"));
        }
        if !statement["Principal"].is_null() && statement["Principal"] != "*" {
            return Err(format!("the evaluator knows no principal {}", statement["Principal"]));
        }
        let named = |key: &str, text: &str| texts(&statement[key]).iter().any(|pattern| fits(pattern, text));
        let action = if statement["NotAction"].is_null() { named("Action", request.action) } else { !named("NotAction", request.action) };
        let resource =
            if statement["NotResource"].is_null() { named("Resource", request.resource) } else { !named("NotResource", request.resource) };
        let meant = action && resource && met(&statement["Condition"], request)?;
        match statement["Effect"].as_str() {
            Some("Allow") if meant => allowed = Verdict::Allowed,
            Some("Deny") if meant => return Ok(Verdict::Denied),
            // A statement without an effect allows nothing: IAM refuses the policy.
            _ => {}
        }
    }
    Ok(allowed)
}

/// What is malformed in the policies of planned resources: IAM refuses a statement without an effect or an action, and one for nobody says nothing.
pub fn malformed(planned: &Value) -> Vec<Fault> {
    let mut found = Vec::new();
    for resource in list(planned) {
        for (key, value) in resource["after"].as_object().into_iter().flatten() {
            let policy: Value = value.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
            for statement in list(&policy["Statement"]) {
                let has = |key: &str| !texts(&statement[key]).is_empty();
                let nobody = match &statement["Principal"] {
                    Value::Object(all) => all.is_empty() || all.values().any(|names| texts(names).is_empty()),
                    _ => false,
                };
                let effect = ["Allow", "Deny"].contains(&statement["Effect"].as_str().unwrap_or_default());
                if !effect || nobody || !has("Action") && !has("NotAction") {
                    found.push((
                        words(&resource["address"]),
                        format!("`{key}` has a statement without an effect, an action or a principal"),
                    ));
                }
            }
        }
    }
    found
}

/// The evaluator knows what it claims to know.
pub fn prove() -> Result<(), String> {
    let own = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": "1"}}});
    let deny = json!({"Effect": "Deny", "Action": "s3:Put*", "Resource": ["arn:aws:s3:::a/*"]});
    let names = json!({"Effect": "Allow", "Action": "dns:Change", "Resource": "zone", "Condition": {"ForAllValues:StringLike": {"names": ["*.a", "b-????"]}}});
    let rest = json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "rest", "Condition": {"StringNotEquals": {"tag": "keep"}}});
    let policy = json!({"Statement": [own, deny, names, rest]});
    let one: &[(&str, &str)] = &[("aws:PrincipalAccount", "1")];
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], bool);
    let cases: [Case; 11] = [
        ("s3:GetObject", "arn:aws:s3:::a/b", one, true),
        ("s3:GetObject", "arn:aws:s3:::a/b", &[], false),
        ("s3:PutObject", "arn:aws:s3:::a/b", one, false),
        ("s3:PutObject", "arn:aws:s3:::b/b", one, true),
        ("dns:Change", "zone", &[("names", "x.a"), ("names", "b-1234")], true),
        ("dns:Change", "zone", &[("names", "x.a"), ("names", "b-123")], false),
        ("dns:Change", "other", &[("names", "x.a")], false),
        ("ec2:Run", "rest", &[], true),
        ("ec2:Run", "rest", &[("tag", "keep")], false),
        ("ec2:Run", "rest", &[("tag", "other")], true),
        ("iam:Pass", "rest", &[], false),
    ];
    for (action, resource, context, wanted) in cases {
        if allows(&policy, &Request { action, resource, context })? != wanted {
            return Err(format!("{action} on {resource} with {context:?} is not {wanted}"));
        }
    }
    let unknown = json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"DateLessThan": {"a": "true"}}}]});
    if allows(&unknown, &Request { action: "a:B", resource: "c", context: one }).is_ok() {
        return Err("an unknown operator is taken for met".to_owned());
    }
    prove_malformed()?;
    prove_boundary()
}

fn prove_malformed() -> Result<(), String> {
    let whole = json!({"Effect": "Allow", "Action": ["a:B"], "Principal": {"Service": "a.example"}, "Resource": "*"});
    let faults = |edit: &dyn Fn(&mut Value)| {
        let mut statement = whole.clone();
        edit(&mut statement);
        malformed(&json!([{"address": "a", "after": {"policy": json!({"Statement": [statement]}).to_string(), "name": "{}"}}])).len()
    };
    let counts = [
        faults(&|_| {}),
        faults(&|one| one["Effect"] = "allow".into()),
        faults(&|one| one["Action"] = json!([])),
        faults(&|one| one["Principal"] = json!({})),
        faults(&|one| one["Principal"] = json!({"AWS": []})),
        faults(&|one| one["Principal"] = "*".into()),
    ];
    if counts == [0, 1, 1, 1, 1, 0] { Ok(()) } else { Err(format!("malformed statements: {counts:?}")) }
}

/// A boundary allows nothing by itself, and what it does not allow nobody may do.
fn prove_boundary() -> Result<(), String> {
    let policy = |statements: Value| json!({"Statement": statements});
    let reads = policy(json!([{"Effect": "Allow", "Action": ["s3:GetObject", "iam:*"], "Resource": "*"}]));
    let writes = policy(json!([{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]));
    let boundary = policy(json!([
        {"Effect": "Allow", "NotAction": "sso:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:*", "NotResource": ["role/own-*"]},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"ForAnyValue:StringEquals": {"aliases": ["state"]}}},
    ]));
    let bucket = policy(json!([{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "closed"}]));
    let aliases: &[(&str, &str)] = &[("aliases", "other"), ("aliases", "state")];
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], bool, bool);
    // The last two: whether the boundary lets it pass, and whether it would without one.
    let cases: [Case; 8] = [
        ("s3:GetObject", "open", &[], true, true),
        ("s3:PutObject", "open", &[], true, true),
        ("s3:PutObject", "open", aliases, false, true),
        ("s3:PutObject", "closed", &[], false, false),
        ("ec2:RunInstances", "open", &[], false, false),
        ("iam:CreateRole", "role/own-1", &[], true, true),
        ("iam:CreateRole", "role/other", &[], false, true),
        ("iam:CreateUser", "*", &[], false, true),
    ];
    for (action, resource, context, bounded, free) in cases {
        for (boundary, wanted) in [(Some(&boundary), bounded), (None, free)] {
            if may(&[&reads, &writes], boundary, &[&bucket], &Request { action, resource, context })? != wanted {
                return Err(format!("{action} on {resource} with {context:?} is not {wanted}, boundary: {}", boundary.is_some()));
            }
        }
    }
    Ok(())
}
