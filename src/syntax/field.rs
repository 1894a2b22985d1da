//! The two types that make decoding infallible, so that one run finds every fault.
//!
//! A [`Field`] swallows the fault of its value and remembers that there was one; a [`Map`] does so for each of its entries and keeps the places of
//! the keys. They reach the decoder through reserved newtype names; any other deserializer refuses them, which is right: only ours knows where
//! things stand.

use super::decode::{FIELD, MAP, Place};
use crate::source::Span;
use indexmap::IndexMap;
use serde::de::{self, Deserialize, SeqAccess, Visitor};
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

/// A field of the spec: absent, present but wrong (and reported), or read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Field<T> {
    /// Nobody wrote it.
    #[default]
    Missing,
    /// Somebody wrote something that is no `T`; a finding says so.
    Bad(Span),
    /// The value and where it stands.
    Set(T, Span),
}

impl<T> Field<T> {
    /// The value, if it was read.
    pub fn get(&self) -> Option<&T> {
        match self {
            Field::Set(value, _) => Some(value),
            _ => None,
        }
    }

    /// The place of the value, read or not.
    pub fn span(&self) -> Option<Span> {
        match self {
            Field::Set(_, span) | Field::Bad(span) => Some(*span),
            Field::Missing => None,
        }
    }

    /// The value and its place.
    pub fn spanned(&self) -> Option<(&T, Span)> {
        match self {
            Field::Set(value, span) => Some((value, *span)),
            _ => None,
        }
    }

    /// Whether nobody wrote it.
    pub fn is_missing(&self) -> bool {
        matches!(self, Field::Missing)
    }
}

impl<K: Eq + Hash, V> Field<Map<K, V>> {
    /// Key, place of the key and value of the entries that could be read; none where the map is missing or could not be read.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = (&K, Span, &V)> {
        self.get().into_iter().flat_map(Map::set)
    }
}

/// A named map in the order it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Map<K: Eq + Hash, V> {
    entries: IndexMap<K, Item<V>>,
    /// Whether a key could not be read, which has been told.
    broken: bool,
}

/// One entry of a [`Map`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item<V> {
    /// Where its key stands.
    pub key: Span,
    /// Its value.
    pub value: Field<V>,
}

impl<K: Eq + Hash, V> Default for Map<K, V> {
    fn default() -> Self {
        Map { entries: IndexMap::new(), broken: false }
    }
}

impl<K: Eq + Hash, V> Map<K, V> {
    /// Key, place of the key, value.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, Span, &Field<V>)> {
        self.entries.iter().map(|(key, item)| (key, item.key, &item.value))
    }

    /// Key, place of the key and value of the entries that could be read.
    pub fn set(&self) -> impl DoubleEndedIterator<Item = (&K, Span, &V)> {
        self.iter().filter_map(|(key, span, value)| value.get().map(|value| (key, span, value)))
    }

    /// The entry of this name.
    pub fn get<Q: ?Sized + Hash + indexmap::Equivalent<K>>(&self, key: &Q) -> Option<&Item<V>> {
        self.entries.get(key)
    }

    /// The names.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    /// Whether an entry is missing here because its key could not be read, which has been told.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds or replaces an entry.
    pub fn insert(&mut self, key: K, span: Span, value: Field<V>) {
        self.entries.insert(key, Item { key: span, value });
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldVisitor<T> {
            type Value = Field<T>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a value")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Field<T>, A::Error> {
                let Some(span) = access.next_element::<Place>()? else { return Ok(Field::Missing) };
                Ok(match access.next_element::<T>() {
                    Ok(Some(value)) => Field::Set(value, span.0),
                    _ => Field::Bad(span.0),
                })
            }
        }
        deserializer.deserialize_newtype_struct(FIELD, FieldVisitor(PhantomData))
    }
}

impl<'de, K: Deserialize<'de> + Eq + Hash, V: Deserialize<'de>> Deserialize<'de> for Map<K, V> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapVisitor<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Deserialize<'de> + Eq + Hash, V: Deserialize<'de>> Visitor<'de> for MapVisitor<K, V> {
            type Value = Map<K, V>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a map")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Map<K, V>, A::Error> {
                let mut map = Map { entries: IndexMap::with_capacity(access.size_hint().unwrap_or(0)), broken: false };
                while let Some(span) = access.next_element::<Place>()? {
                    let key = access.next_element::<K>();
                    let value = access.next_element::<Field<V>>()?.unwrap_or_default();
                    match key {
                        Ok(Some(key)) => map.insert(key, span.0, value),
                        _ => map.broken = true,
                    }
                }
                Ok(map)
            }
        }
        deserializer.deserialize_newtype_struct(MAP, MapVisitor(PhantomData))
    }
}

impl<T: schemars::JsonSchema> schemars::JsonSchema for Field<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

impl<K: schemars::JsonSchema + Eq + Hash, V: schemars::JsonSchema> schemars::JsonSchema for Map<K, V> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("map_of_{}", V::schema_name()).into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let value = generator.subschema_for::<V>();
        let key = generator.subschema_for::<K>();
        schemars::json_schema!({"type": "object", "additionalProperties": value, "propertyNames": key})
    }
}
