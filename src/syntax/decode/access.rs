//! How serde walks through lists, maps, [`Field`](crate::syntax::Field) and [`Map`](crate::syntax::Map).

use super::{Decoder, Fault, place};
use crate::diagnostic::{Code, Diagnostic, Expected as Wanted, advice, meant, wording};
use crate::syntax::node::{Entry, Node};
use crate::value::credential;
use serde::de::{self, DeserializeSeed, IntoDeserializer, SeqAccess};

/// The items of a list.
pub(super) struct Items<'de> {
    pub(super) decoder: Decoder<'de>,
    pub(super) items: std::slice::Iter<'de, Node>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        self.items.next().map(|node| seed.deserialize(Decoder { item: true, ..self.decoder.at(node) })).transpose()
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The entries of a map. For a struct, unknown keys are reported. A misspelt key sets the field that was meant to [`Field::Bad`](crate::syntax::Field::Bad), so
/// that the field is not also reported as missing.
pub(super) struct Entries<'de> {
    decoder: Decoder<'de>,
    all: &'de [Entry],
    entries: std::slice::Iter<'de, Entry>,
    known: Option<&'static [&'static str]>,
    value: Option<Decoder<'de>>,
}

impl<'de> de::MapAccess<'de> for Entries<'de> {
    type Error = Fault;
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        while let Some(entry) = self.entries.next() {
            if let Some(known) = self.known
                && !known.contains(&&*entry.key)
            {
                let mut faults = self.decoder.faults.borrow_mut();
                faults.push(unknown_key(entry, known));
                // A finding about a credential also hides its line. Every other text of the spec is searched for credentials later.
                let is_credential = |text: &str| !credential::has_shape(text) && credential::is_named(&entry.key, text);
                if entry.value.scalar().is_some_and(is_credential) {
                    let message = format!("`{}` looks like a credential", entry.key);
                    let help = "put the credential in the secret manager, and revoke it if it was committed";
                    faults.push(Diagnostic::new(Code::SecretLiteral, message).at(entry.value.span).help(help));
                }
                drop(faults);
                let Some(meant) = meant(&entry.key, known).filter(|meant| self.stands_for(entry, meant)) else { continue };
                self.value = Some(Decoder { misspelt: true, ..self.decoder.at(&entry.value) });
                return seed.deserialize(meant.into_deserializer()).map(Some);
            }
            self.value = Some(Decoder { key: &entry.key, ..self.decoder.at(&entry.value) });
            return seed.deserialize((&*entry.key).into_deserializer()).map(Some);
        }
        Ok(None)
    }
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        match self.value.take() {
            Some(decoder) => seed.deserialize(decoder),
            None => Err(de::Error::custom("serde requested a value before its key")),
        }
    }
}

impl<'de> Entries<'de> {
    pub(super) fn new(decoder: Decoder<'de>, all: &'de [Entry], known: Option<&'static [&'static str]>) -> Self {
        Entries { decoder, all, entries: all.iter(), known, value: None }
    }

    /// Whether an unknown key is the first misspelling of `wanted`, and `wanted` itself is absent.
    fn stands_for(&self, entry: &Entry, wanted: &str) -> bool {
        let known = self.known.unwrap_or_default();
        let mut like = self
            .all
            .iter()
            .filter(|other| &*other.key == wanted || (!known.contains(&&*other.key) && meant(&other.key, known) == Some(wanted)));
        like.next().is_some_and(|first| std::ptr::eq(first, entry)) && !self.all.iter().any(|other| &*other.key == wanted)
    }
}

fn unknown_key(entry: &Entry, known: &[&str]) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(Code::UnknownKey, format!("unknown key `{}`", entry.key)).at(entry.span);
    match (advice(&entry.key, known), meant(&entry.key, known)) {
        (Some(help), _) => diagnostic = diagnostic.help(help),
        (None, Some(close)) => diagnostic = diagnostic.help(format!("did you mean `{close}`?")).fix(entry.span, close),
        (None, None) => {
            diagnostic = diagnostic.help(format!("allowed keys: {}", wording::all(known)));
            diagnostic.expected = Some(Wanted::Key { shortened: wording::is_shortened(known.len()) });
        }
    }
    diagnostic
}

/// Deserializes a [`Field`]: the span, then the value. A fault of the value is recorded.
pub(super) struct FieldProbe<'de> {
    pub(super) decoder: Decoder<'de>,
    pub(super) step: u8,
}

impl<'de> SeqAccess<'de> for FieldProbe<'de> {
    type Error = Fault;
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        self.step += 1;
        match self.step {
            1 => place(self.decoder.node.span, seed).map(Some),
            _ if self.decoder.misspelt => Err(de::Error::custom("recorded")),
            _ => match seed.deserialize(self.decoder) {
                Ok(value) => Ok(Some(value)),
                Err(fault) => {
                    self.decoder.record(fault);
                    Err(de::Error::custom("recorded"))
                }
            },
        }
    }
}

/// Deserializes a [`Map`]: for each entry the span of the key, the key, then the value. A fault of the key is recorded.
pub(super) struct MapProbe<'de> {
    pub(super) decoder: Decoder<'de>,
    pub(super) entries: std::slice::Iter<'de, Entry>,
    pub(super) entry: Option<&'de Entry>,
    pub(super) step: u8,
}

impl<'de> SeqAccess<'de> for MapProbe<'de> {
    type Error = Fault;
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        let step = self.step;
        self.step = (step + 1) % 3;
        if step == 0 {
            self.entry = self.entries.next();
        }
        let Some(entry) = self.entry else { return Ok(None) };
        match step {
            0 => place(entry.span, seed).map(Some),
            1 => match seed.deserialize((&*entry.key).into_deserializer()) {
                Ok(key) => Ok(Some(key)),
                Err(fault) => {
                    let fault: Fault = fault;
                    Decoder { key: "", ..self.decoder }.record(Fault { span: Some(entry.span), ..fault });
                    Err(de::Error::custom("recorded"))
                }
            },
            _ => seed.deserialize(Decoder { key: "", ..self.decoder.at(&entry.value) }).map(Some),
        }
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}
