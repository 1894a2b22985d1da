//! Configuration files of the scanners, for the top of the output folder. Each is a few fixed lines around a list of rules.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::everywhere;
use crate::files::HEADER;
use crate::model::Estate;

/// The detectors of detect-secrets with their default settings. detect-secrets runs only the detectors that the file lists.
const DETECTORS: [(&str, Option<(&str, f64)>); 27] = [
    ("ArtifactoryDetector", None),
    ("AWSKeyDetector", None),
    ("AzureStorageKeyDetector", None),
    ("Base64HighEntropyString", Some(("limit", 4.5))),
    ("BasicAuthDetector", None),
    ("CloudantDetector", None),
    ("DiscordBotTokenDetector", None),
    ("GitHubTokenDetector", None),
    ("GitLabTokenDetector", None),
    ("HexHighEntropyString", Some(("limit", 3.0))),
    ("IbmCloudIamDetector", None),
    ("IbmCosHmacDetector", None),
    ("IPPublicDetector", None),
    ("JwtTokenDetector", None),
    ("KeywordDetector", None),
    ("MailchimpDetector", None),
    ("NpmDetector", None),
    ("OpenAIDetector", None),
    ("PrivateKeyDetector", None),
    ("PypiTokenDetector", None),
    ("SendGridDetector", None),
    ("SlackDetector", None),
    ("SoftlayerDetector", None),
    ("SquareOAuthDetector", None),
    ("StripeDetector", None),
    ("TelegramBotTokenDetector", None),
    ("TwilioKeyDetector", None),
];

/// The default filters of detect-secrets against false positives.
const FILTERS: [&str; 10] = [
    "allowlist.is_line_allowlisted",
    "heuristic.is_indirect_reference",
    "heuristic.is_likely_id_string",
    "heuristic.is_lock_file",
    "heuristic.is_not_alphanumeric_string",
    "heuristic.is_potential_uuid",
    "heuristic.is_prefixed_with_dollar_sign",
    "heuristic.is_sequential_string",
    "heuristic.is_swagger_file",
    "heuristic.is_templated_secret",
];

/// False positives in rendered files: settings whose name contains `token` or `secret`, the variable or file names of an ExternalSecret, names of
/// Secrets, and image digests.
const NO_SECRET: [&str; 12] = [
    r"^\s*automountServiceAccountToken: (false|true)$",
    r#"^\s*http_tokens\s*= "required"$"#,
    r#"^\s*- secretKey: "?[A-Za-z0-9._-]+"?$"#,
    r#"^\s*existingSecret: "?grafana-admin"?$"#,
    r"^\s*(create|keep|process)[A-Za-z]*Secret[A-Za-z]*: (false|true)$",
    r"^\s*manage_master_user_password\s*= true$",
    r#"^\s*StringLike\s*= \{ "kms:EncryptionContext:SecretARN" = .*$"#,
    r"^\s*secretPrefix: [a-z0-9-]+\.kafka\.$",
    r"^\s*secretsName: [a-z0-9-]+\.system$",
    r"^\s*(- )?image(Name)?: \S+@sha256:[0-9a-f]{64}$",
    r"^copy '\S+@sha256:[0-9a-f]{64}' '\S+' 'digest-[0-9a-f]{64}'$",
    r"^\s*exists 'copy of \S+@sha256:[0-9a-f]{64}' aws ecr describe-images .* imageTag='digest-[0-9a-f]{64}'$",
];

/// The configuration files by their path in the output folder.
pub fn files(estate: &Estate) -> BTreeMap<String, String> {
    let rules = |scanner| everywhere(estate, scanner);
    BTreeMap::from([
        (".checkov.yaml".to_string(), checkov(&rules("checkov"))),
        (".secrets.baseline".to_string(), detect_secrets(&rules("detect-secrets"))),
        (".tflint.hcl".to_string(), tflint(&rules("tflint"))),
        (".trivyignore.yaml".to_string(), super::trivy::ignored(estate, HEADER)),
        (".yamllint.yaml".to_string(), yamllint(&rules("yamllint"))),
    ])
}

type Rules = [(String, String)];

fn checkov(rules: &Rules) -> String {
    let mut text = format!("{HEADER}compact: true\nquiet: true\nskip-download: true\nframework:\n  - kubernetes\n  - terraform\n");
    if !rules.is_empty() {
        text.push_str("skip-check:\n");
    }
    for (rule, reason) in rules {
        let _ = writeln!(text, "  # {reason}\n  - {rule}");
    }
    text
}

/// Enables the rules about meaning and readability, not those about line length and comments.
fn yamllint(rules: &Rules) -> String {
    let mut kept = BTreeMap::from([
        ("comments", "disable"),
        ("comments-indentation", "disable"),
        ("document-start", "disable"),
        ("empty-values", "enable"),
        ("indentation", "{spaces: 2, indent-sequences: consistent}"),
        ("line-length", "disable"),
        ("octal-values", "{forbid-implicit-octal: true, forbid-explicit-octal: true}"),
        ("truthy", "{check-keys: false}"),
    ]);
    for (rule, _) in rules {
        kept.insert(rule, "disable");
    }
    let mut text = format!("{HEADER}extends: default\nrules:\n");
    for (rule, setting) in kept {
        for (_, reason) in rules.iter().filter(|(waived, _)| waived == rule) {
            let _ = writeln!(text, "  # {reason}");
        }
        let _ = writeln!(text, "  {rule}: {setting}");
    }
    text
}

/// Enables the rules of the `terraform` plugin, which needs no download.
fn tflint(rules: &Rules) -> String {
    let mut text = format!(
        "{HEADER}\nconfig {{\n  call_module_type = \"local\"\n}}\n\nplugin \"terraform\" {{\n  enabled = true\n  preset  = \"recommended\"\n}}\n"
    );
    for (rule, reason) in rules {
        let _ = write!(text, "\n# {reason}\nrule \"{rule}\" {{\n  enabled = false\n}}\n");
    }
    text
}

/// JSON has no comments, so the README lists the reasons.
fn detect_secrets(rules: &Rules) -> String {
    let detector = |(name, setting): &(&str, Option<(&str, f64)>)| match setting {
        Some((key, value)) => json!({"name": name, *key: value}),
        None => json!({"name": name}),
    };
    let detectors: Vec<Value> = DETECTORS.iter().filter(|(name, _)| !rules.iter().any(|(rule, _)| rule == name)).map(detector).collect();
    let mut filters: Vec<Value> = FILTERS.iter().map(|name| json!({"path": format!("detect_secrets.filters.{name}")})).collect();
    filters.push(json!({"path": "detect_secrets.filters.regex.should_exclude_line", "pattern": NO_SECRET}));
    let list = |items: &[Value]| items.iter().map(|item| format!("    {item}")).collect::<Vec<_>>().join(",\n");
    format!(
        "{{\n  \"version\": \"1.5.0\",\n  \"plugins_used\": [\n{}\n  ],\n  \"filters_used\": [\n{}\n  ],\n  \"results\": {{}}\n}}\n",
        list(&detectors),
        list(&filters)
    )
}
