//! Label selectors without duplicates, indexed by the labels that they require.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexSet;

use super::field::{Fault, Field};

/// The labels of a pod or a namespace.
pub type Labels = BTreeMap<String, String>;

/// The requirements of a label selector. Labels match if they meet all of them, so a selector without requirements matches all labels.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Selector(BTreeSet<Requirement>);

/// A requirement. The order of the variants puts the requirement first that fewest labels meet.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
enum Requirement {
    In(String, BTreeSet<String>),
    Exists(String),
    /// Labels without the key meet the requirement too.
    NotIn(String, BTreeSet<String>),
    DoesNotExist(String),
}

impl Selector {
    pub(super) fn read(field: &Field<'_>) -> Result<Selector, Fault> {
        field.only(&["matchLabels", "matchExpressions"])?;
        let mut all = BTreeSet::new();
        for (key, value) in field.get("matchLabels").map_or(Ok(Vec::new()), |labels| labels.entries())? {
            all.insert(Requirement::In(key.to_owned(), BTreeSet::from([value.text()?.to_owned()])));
        }
        for expression in field.list("matchExpressions")? {
            expression.only(&["key", "operator", "values"])?;
            let key = expression.require("key")?.text()?.to_owned();
            let values = expression.list("values")?.iter().map(|value| Ok(value.text()?.to_owned())).collect::<Result<BTreeSet<_>, _>>()?;
            let operator = expression.require("operator")?;
            all.insert(match (operator.text()?, values.is_empty()) {
                ("In", false) => Requirement::In(key, values),
                ("NotIn", false) => Requirement::NotIn(key, values),
                ("Exists", true) => Requirement::Exists(key),
                ("DoesNotExist", true) => Requirement::DoesNotExist(key),
                ("In" | "NotIn", true) => return Err(operator.fault("it needs `values`")),
                ("Exists" | "DoesNotExist", false) => return Err(operator.fault("it takes no `values`")),
                _ => return Err(operator.fault("it is none of `In`, `NotIn`, `Exists`, `DoesNotExist`")),
            });
        }
        Ok(Selector(all))
    }

    fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => labels.get(key).is_some_and(|value| values.contains(value)),
            Requirement::NotIn(key, values) => labels.get(key).is_none_or(|value| !values.contains(value)),
            Requirement::Exists(key) => labels.contains_key(key),
            Requirement::DoesNotExist(key) => !labels.contains_key(key),
        })
    }
}

/// Selectors by index.
#[derive(Debug, Default)]
pub(super) struct Selectors {
    all: IndexSet<Selector>,
    /// Indexes of selectors by a label (key, then value) that the selector requires.
    by_label: BTreeMap<String, BTreeMap<String, Vec<usize>>>,
    /// Indexes of the selectors that require no value.
    others: Vec<usize>,
}

impl Selectors {
    /// The index of a selector, which is added if it is new.
    pub(super) fn number(&mut self, selector: Selector) -> usize {
        let (number, new) = self.all.insert_full(selector);
        match self.all[number].0.first() {
            _ if !new => {}
            Some(Requirement::In(key, values)) => {
                let by_value = self.by_label.entry(key.clone()).or_default();
                values.iter().for_each(|value| by_value.entry(value.clone()).or_default().push(number));
            }
            _ => self.others.push(number),
        }
        number
    }

    /// The indexes of the selectors that match these labels.
    pub(super) fn matching(&self, labels: &Labels) -> Bits {
        let indexed = labels.iter().filter_map(|(key, value)| self.by_label.get(key)?.get(value)).flatten();
        let candidates = indexed.chain(&self.others);
        candidates.copied().filter(|&number| self.all[number].matches(labels)).collect()
    }
}

/// A set of small numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn has(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }
}

impl FromIterator<usize> for Bits {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Bits {
        let mut words = Vec::new();
        for number in numbers {
            if words.len() <= number / 64 {
                words.resize(number / 64 + 1, 0);
            }
            words[number / 64] |= 1 << (number % 64);
        }
        Bits(words)
    }
}
