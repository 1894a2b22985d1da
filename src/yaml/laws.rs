//! What must hold for any tree and any bytes.

use std::sync::LazyLock;

use proptest::prelude::*;
use regex::RegexSet;
use serde::Deserialize;
use serde_json::Value;

use super::{Document, emit_all, read};

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,12}", "[-.:#~0-9eExX_+ \\n\\t'\"{}\\[\\]|>&*!%@a]{0,8}", any::<String>()]
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has none", |number| number.is_finite()).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((prop_oneof![text(), "metadata|name|kind|apiVersion|spec"], inner), 0..6)
                .prop_map(|entries| entries.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// A valid text in which stretches were cut out, doubled and filled with signs.
fn spoilt() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0usize..4, "[-:#|\" \\n\\t{}\\[\\],&*a0\\\\]{0,3}");
    let base = "# head\nkind: List\nmetadata: {\"name\": \"a\\n\", \"labels\": {}}\nitems:\n# one\n- a: |\n    x\n\n    y\n  b: [1, 2.5e3, null]\n- - true\n---\nz: web\n";
    prop::collection::vec(edit, 1..6).prop_map(move |edits| {
        let mut bytes = base.as_bytes().to_vec();
        for (at, cut, filling) in edits {
            let at = at.index(bytes.len() + 1);
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, filling.bytes());
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Whatever is accepted is printed so that it reads the same again, and other readers take it for the same.
fn accepted_is_understood(text: &str) -> Result<(), TestCaseError> {
    let Ok(documents) = read(text) else { return Ok(()) };
    let printed = emit_all(&documents);
    let again = read(&printed).map_err(|error| TestCaseError::fail(format!("{error} in {printed:?}")))?;
    prop_assert_eq!(&documents, &again);
    prop_assert_eq!(emit_all(&again), printed);
    // Documents that say nothing differ among readers: ours leaves them out, as kubectl does.
    let speaking = |values: Vec<Value>| values.into_iter().filter(|value| !value.is_null()).collect::<Vec<_>>();
    let ours = speaking(documents.iter().map(Document::to_json).collect());
    let theirs: Result<Vec<Value>, _> = yaml_serde::Deserializer::from_str(text).map(Value::deserialize).collect();
    let theirs = theirs.map_err(|error| TestCaseError::fail(format!("yaml_serde: {error} in {text:?}")))?;
    prop_assert_eq!(&ours, &speaking(theirs), "yaml_serde: {:?}", text);
    let theirs: Vec<Value> =
        serde_yaml::from_multiple(text).map_err(|error| TestCaseError::fail(format!("saphyr: {error} in {text:?}")))?;
    prop_assert_eq!(&ours, &speaking(theirs), "saphyr: {:?}", text);
    Ok(())
}

/// What an unquoted word is besides text, in YAML 1.1 (its type repository) or in the core schema of YAML 1.2.
const TYPED: [&str; 16] = [
    "y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
    "~|null|Null|NULL|",
    "[-+]?0b[0-1_]+",
    "[-+]?0[0-7_]+",
    "[-+]?(0|[1-9][0-9_]*)",
    "[-+]?0x[0-9a-fA-F_]+",
    "[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+",
    "[-+]?([0-9][0-9_]*)?\\.[0-9_]*([eE][-+][0-9]+)?",
    "[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\\.[0-9_]*",
    "[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)",
    "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \\t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\\.[0-9]*)?([ \\t]*(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?",
    "<<|=",
    "[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?",
    "[-+]?[0-9]+[eE][-+]?[0-9]+",
];

static PATTERNS: LazyLock<RegexSet> =
    LazyLock::new(|| RegexSet::new(TYPED.map(|pattern| format!("^({pattern})$"))).unwrap_or_else(|error| panic!("{error}")));

/// Words at the edge of being typed.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[-+]?[0-9_]{1,4}[.:eExob_]?[-+]?[0-9_]{0,3}[.:TZ%]?[0-9]{0,2}",
        "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[Tt ]?[0-9:.Zz]{0,8}",
        "[~=<.+-]?[yYnNoOtTfFeEsSrRuUaAlLiI]{0,5}",
        "[!-~]{1,5}",
        "[!-~é\u{a0} ]{1,8}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn trees_come_back(value in tree()) {
        let document = Document::from_json(&value);
        let text = emit_all([&document]);
        let read_back = read(&text).map_err(|error| TestCaseError::fail(format!("{error} in {text:?}")))?;
        prop_assert_eq!(read_back.len(), 1);
        prop_assert_eq!(&read_back[0], &document, "{}", text);
        prop_assert_eq!(emit_all(&read_back), text.as_str());
        accepted_is_understood(&text)?;
    }

    /// A word that a version of YAML takes for anything else is no text to ours. Numbers are those of JSON, where the two versions agree but for
    /// `1e5`, a text in YAML 1.1: templates print it as JSON does, and the emitter gives it its point and sign.
    #[test]
    fn unquoted_text_is_text_in_both_versions(word in word()) {
        for text in [format!("a: {word}\n"), format!("- {word}\n"), format!("{word}: a\n")] {
            accepted_is_understood(&text)?;
            let Some(value) = read(&text).ok().and_then(|all| all.first().map(Document::to_json)) else { continue };
            let is_text = |value: &Value| value.as_str() == Some(word.trim());
            let taken = match &value {
                Value::Object(map) if map.contains_key(&word) => true,
                Value::Object(map) => map.get("a").is_some_and(is_text),
                Value::Array(items) => items.first().is_some_and(is_text),
                _ => false,
            };
            prop_assert!(!(taken && PATTERNS.is_match(&word)), "{:?} became {}", text, value);
        }
    }

    #[test]
    fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        accepted_is_understood(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn spoilt_text_is_refused_or_understood(text in spoilt()) {
        accepted_is_understood(&text)?;
    }
}
