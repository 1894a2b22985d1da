//! An evaluator of IAM policies: whether a request is allowed. It knows the operators and wildcards that the roots use, and refuses others.

use serde_json::{Value, json};

use super::judge::{list, words};

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
        let (every, name) = match operator.strip_prefix("ForAllValues:") {
            Some(name) => (true, name),
            None => (false, operator.as_str()),
        };
        let (holds, negated): (fn(&str, &str) -> bool, bool) = match name {
            "StringEquals" | "ArnEquals" | "Bool" => (|wanted, has| wanted == has, false),
            "StringLike" | "ArnLike" => (fits, false),
            "StringNotEquals" => (|wanted, has| wanted == has, true),
            "ArnNotLike" | "StringNotLike" => (fits, true),
            _ => return Err(format!("the evaluator knows no operator `{operator}`")),
        };
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

/// Whether a policy allows a request: some statement allows it and none denies it. A principal, where a statement has one, has to be `*`.
pub fn allows(policy: &Value, request: &Request) -> Result<bool, String> {
    let mut allowed = false;
    for statement in list(&policy["Statement"]) {
        let known = ["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "Condition"];
        if let Some(key) = statement.as_object().into_iter().flatten().map(|(key, _)| key).find(|key| !known.contains(&key.as_str())) {
            return Err(format!("the evaluator knows no `{key}`"));
        }
        if !statement["Principal"].is_null() && statement["Principal"] != "*" {
            return Err(format!("the evaluator knows no principal {}", statement["Principal"]));
        }
        let named = |key: &str, text: &str| texts(&statement[key]).iter().any(|pattern| fits(pattern, text));
        let action = if statement["NotAction"].is_null() { named("Action", request.action) } else { !named("NotAction", request.action) };
        let meant = action && named("Resource", request.resource) && met(&statement["Condition"], request)?;
        match statement["Effect"].as_str() {
            Some("Allow") => allowed |= meant,
            Some("Deny") if meant => return Ok(false),
            // A statement without an effect allows nothing: IAM refuses the policy.
            _ => {}
        }
    }
    Ok(allowed)
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
    Ok(())
}
