//! Rules and objects of waivers: `checkov/CKV_K8S_43` and `Deployment/shop/*`.

use std::fmt;

use super::{Invalid, expected_one_of};

/// platgen itself, then the scanners whose findings a spec can waive.
const SCANNERS: [&str; 6] = ["platgen", "checkov", "kube-score", "detect-secrets", "yamllint", "tflint"];

/// A rule of platgen or of a scanner.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RuleName {
    scanner: &'static str,
    rule: String,
}

text!(RuleName, "a rule such as `checkov/CKV_K8S_43`", {
    "type": "string",
    "description": "A rule: `platgen` or a scanner, `/`, and the name of the rule.",
    "pattern": format!("^({})/[A-Za-z0-9][A-Za-z0-9_.-]{{0,99}}$", SCANNERS.join("|")),
    "examples": ["platgen/single-replica", "checkov/CKV_K8S_43", "kube-score/deployment-replicas"],
});

impl RuleName {
    /// The scanner, or `platgen`.
    pub fn scanner(&self) -> &str {
        self.scanner
    }

    /// The name of the rule, without the scanner.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// The name of the rule if it is a rule of platgen.
    pub fn own(&self) -> Option<&str> {
        (self.scanner == SCANNERS[0]).then_some(&self.rule)
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let Some((scanner, rule)) = text.split_once('/') else {
            return Err(Invalid::not(text, "a rule", "write the scanner and the rule, such as `checkov/CKV_K8S_43`"));
        };
        let Some(known) = SCANNERS.iter().find(|known| **known == scanner) else {
            return Err(Invalid::not(scanner, "a scanner", expected_one_of(scanner, &SCANNERS)));
        };
        let fits = rule.len() <= 100
            && rule.starts_with(|c: char| c.is_ascii_alphanumeric())
            && rule.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        match fits {
            true => Ok(RuleName { scanner: known, rule: rule.to_owned() }),
            false => Err(Invalid::not(rule, "a rule name", "write letters, digits, `_`, `.` and `-`")),
        }
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.scanner, self.rule)
    }
}

string! {
    /// A pattern of object names, in which `*` matches any run of characters.
    ObjectPattern, "objects such as `Deployment/shop/*`", {
        "type": "string",
        "description": "Objects: `Kind/namespace/name`, `Kind/name` or the address of a Terraform resource; `*` matches any run of characters.",
        "pattern": "^[!-~]*[*./][!-~]*$",
        "maxLength": 300,
        "examples": ["Deployment/shop/*", "ClusterRole/viewer", "aws_vpc.main"],
    }
}

impl ObjectPattern {
    /// Whether the pattern matches the name.
    pub fn matches(&self, name: &str) -> bool {
        matches_pattern(&self.0, name)
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let fits = text.len() <= 300 && text.bytes().all(|b| b.is_ascii_graphic()) && text.contains(['*', '.', '/']);
        let rule = "write `Kind/namespace/name`, `Kind/name` or the address of a Terraform resource, with `*` for any run of characters";
        if fits { Ok(ObjectPattern(text.to_owned())) } else { Err(Invalid::not(text, "an object pattern", rule)) }
    }
}

/// Whether a name matches a pattern in which `*` stands for any run of characters. Takes at most time proportional to the product of the lengths.
pub fn matches_pattern(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    // The first occurrence of a part leaves the longest rest for the following parts.
    for part in middle.split('*') {
        let Some(at) = name.find(part) else { return false };
        name = &name[at + part.len()..];
    }
    name.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn rules_agree_with_their_schema() {
        let good = ["platgen/single-replica", "checkov/CKV_K8S_43", "kube-score/deployment-replicas", "detect-secrets/KeywordDetector"];
        agree::<RuleName>(&good, &["", "checkov", "checkov/", "trivy/x", "checkov/a b", "/x", "checkov/a/b", "checkov/-"], &[]);
        let message = "checkow/CKV_K8S_43".parse::<RuleName>().unwrap_err().message;
        assert!(message.contains("did you mean `checkov`?"), "{message}");
        let rule: RuleName = "platgen/x".parse().unwrap();
        assert_eq!((rule.scanner(), rule.rule(), rule.own()), ("platgen", "x", Some("x")));
        assert_eq!("tflint/x".parse::<RuleName>().unwrap().own(), None);
    }

    #[test]
    fn patterns_agree_with_their_schema() {
        let good = ["*", "Deployment/shop/web", "Deployment/shop/*", "aws_subnet.nodes[\"a\"]", "**"];
        agree::<ObjectPattern>(&good, &["", "web", "a/b c", "a/b\n", "ä/b"], &[]);
    }

    #[test]
    fn a_star_stands_for_any_run() {
        let fits = |pattern: &str, name: &str| pattern.parse::<ObjectPattern>().unwrap().matches(name);
        for (pattern, name) in [
            ("*", ""),
            ("*", "a/b"),
            ("a/b", "a/b"),
            ("a/*", "a/"),
            ("*/b", "a/b"),
            ("a*c*e/", "abcde/"),
            ("*aa/", "aaa/"),
            ("a/**", "a/b"),
            ("/*b*b", "/bb"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a/b", "a/bc"), ("a/*", "b/a"), ("*/b", "a/bc"), ("a/*a", "a/"), ("/*b*b", "/b"), ("a/b*b", "a/b")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        assert!(!fits(&format!("{}/", "*a".repeat(140)), &"a".repeat(10_000)));
    }
}
