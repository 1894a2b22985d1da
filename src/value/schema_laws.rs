//! The test that every value type passes: parser, printer, serde and JSON Schema agree.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Invalid;

/// Checks that parser and schema accept `good` texts, that both refuse `bad` texts, and that the parser alone refuses `loose` texts. Then checks the
/// laws of accepted texts on mutations of these texts and on arbitrary ones.
pub(super) fn agree<T>(good: &[&str], bad: &[&str], loose: &[&str])
where
    T: FromStr<Err = Invalid> + Display + Debug + PartialEq + JsonSchema + Serialize + DeserializeOwned,
{
    let schema = serde_json::to_value(schemars::schema_for!(T)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let in_schema = |text: &str| validator.is_valid(&serde_json::Value::from(text));
    for example in schema["examples"].as_array().expect("a schema shows examples") {
        let text = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        assert!(text.parse::<T>().is_ok() && validator.is_valid(example), "example {text:?}");
    }
    for text in good {
        assert!(text.parse::<T>().is_ok(), "{text:?} is a value: {:?}", text.parse::<T>());
        assert!(in_schema(text), "the schema takes {text:?}");
    }
    for text in bad.iter().chain(loose) {
        let message = text.parse::<T>().expect_err(text).message;
        assert!(!message.ends_with('.') && !message.contains('\n') && !message.starts_with(char::is_uppercase), "{message}");
    }
    for text in bad {
        assert!(!in_schema(text), "the schema refuses {text:?}");
    }
    for text in loose {
        assert!(in_schema(text), "the schema refuses {text:?}: move it from `loose` to `bad`");
    }

    let laws = |text: &str| -> Result<(), TestCaseError> {
        let Ok(value) = text.parse::<T>() else { return Ok(()) };
        prop_assert!(in_schema(text), "the schema takes {:?}", text);
        let printed = value.to_string();
        let again = printed.parse::<T>();
        prop_assert_eq!(again.as_ref(), Ok(&value));
        prop_assert_eq!(again.unwrap().to_string(), printed.clone());
        let json = serde_json::to_value(&value).unwrap();
        prop_assert_eq!(&json, &serde_json::Value::from(printed));
        let again = serde_json::from_value::<T>(json).ok();
        prop_assert_eq!(again.as_ref(), Some(&value));
        Ok(())
    };
    let seeds: Vec<String> = good.iter().chain(bad).chain(loose).map(|text| text.to_string()).collect();
    let piece = prop_oneof!["[-a-zA-Z0-9._:/#@*$%{}+ ,]{0,3}", any::<String>()];
    let mutated =
        (proptest::sample::select(seeds), any::<(prop::sample::Index, prop::sample::Index)>(), piece).prop_map(|(seed, (a, b), piece)| {
            let characters: Vec<char> = seed.chars().collect();
            let (a, b) = (a.index(characters.len() + 1), b.index(characters.len() + 1));
            let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 3));
            characters[..from].iter().copied().chain(piece.chars()).chain(characters[to..].iter().copied()).collect::<String>()
        });
    // A fixed seed, so that a failure points at the change that caused it.
    let config = Config { cases: 512, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner.run(&prop_oneof![9 => mutated, 1 => any::<String>()], |text| laws(&text)).unwrap();
}
