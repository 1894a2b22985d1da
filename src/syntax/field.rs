//! The two types that make decoding infallible, so that one run reports every fault.
//!
//! A [`Field`] whose value has a fault is [`Field::Bad`]; a [`Map`] holds such fields and keeps the spans of the keys. The decoder recognizes both
//! by reserved newtype names. Other deserializers fail, since they have no spans.

use super::decode::{FIELD, MAP, Place};
use crate::source::Span;
use indexmap::IndexMap;
use serde::de::{self, Deserialize, SeqAccess, Visitor};
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

/// A field of the spec: missing, invalid (and reported), or set.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Field<T> {
    /// The field is not in the spec.
    #[default]
    Missing,
    /// The value is not a `T`; a finding reports the fault.
    Bad(Span),
    /// The value and its span.
    Set(T, Span),
}

impl<T> Field<T> {
    /// The value, if set.
    pub fn get(&self) -> Option<&T> {
        match self {
            Field::Set(value, _) => Some(value),
            _ => None,
        }
    }

    /// The span of the value, valid or not.
    pub fn span(&self) -> Option<Span> {
        match self {
            Field::Set(_, span) | Field::Bad(span) => Some(*span),
            Field::Missing => None,
        }
    }

    /// The value and its span, if set.
    pub fn spanned(&self) -> Option<(&T, Span)> {
        match self {
            Field::Set(value, span) => Some((value, *span)),
            _ => None,
        }
    }

    /// Whether the field is not in the spec.
    pub fn is_missing(&self) -> bool {
        matches!(self, Field::Missing)
    }

    /// Whether the field is in the spec and could not be read, which is reported already.
    pub fn is_bad(&self) -> bool {
        matches!(self, Field::Bad(_))
    }

    /// A field of the value; missing if the value is.
    pub fn at<U: 'static>(&self, field: impl FnOnce(&T) -> &Field<U>) -> &Field<U> {
        self.get().map_or(const { &Field::Missing }, field)
    }
}

impl Field<bool> {
    /// Whether the field is set to `true`.
    pub fn is_true(&self) -> bool {
        matches!(self, Field::Set(true, _))
    }
}

impl<T> Field<Vec<Field<T>>> {
    /// Value and span of each valid item.
    pub fn items(&self) -> impl Iterator<Item = (&T, Span)> {
        self.get().into_iter().flatten().filter_map(Field::spanned)
    }

    /// The span of the list, if the list is set and empty.
    pub fn empty(&self) -> Option<Span> {
        self.spanned().filter(|(list, _)| list.is_empty()).map(|(_, span)| span)
    }

    /// The valid items.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.get().into_iter().flatten().filter_map(Field::get)
    }
}

impl<K: Eq + Hash, V> Field<Map<K, V>> {
    /// Key, span of the key and value of each valid entry.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = (&K, Span, &V)> {
        self.get().into_iter().flat_map(Map::set)
    }

    /// The keys, also those of invalid values.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.get().into_iter().flat_map(Map::keys)
    }

    /// The entry with this key.
    pub fn find<Q: ?Sized + Hash + indexmap::Equivalent<K>>(&self, key: &Q) -> Option<&Item<V>> {
        self.get()?.get(key)
    }

    /// The valid value of the entry with this key.
    pub fn value<Q: ?Sized + Hash + indexmap::Equivalent<K>>(&self, key: &Q) -> Option<&V> {
        self.find(key)?.value.get()
    }
}

/// A map with the order and the spans of its keys.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Map<K: Eq + Hash, V> {
    entries: IndexMap<K, Item<V>>,
    /// Whether a key was invalid, and reported.
    broken: bool,
}

/// One entry of a [`Map`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item<V> {
    /// The span of the key.
    pub key: Span,
    /// The value.
    pub value: Field<V>,
}

impl<K: Eq + Hash, V> Default for Map<K, V> {
    fn default() -> Self {
        Map { entries: IndexMap::new(), broken: false }
    }
}

impl<K: Eq + Hash, V> Map<K, V> {
    /// Each key, the key's span, and the value.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, Span, &Field<V>)> {
        self.entries.iter().map(|(key, item)| (key, item.key, &item.value))
    }

    /// Each key, the key's span, and the value, without invalid values.
    pub fn set(&self) -> impl DoubleEndedIterator<Item = (&K, Span, &V)> {
        self.iter().filter_map(|(key, span, value)| value.get().map(|value| (key, span, value)))
    }

    /// The entry with this key.
    pub fn get<Q: ?Sized + Hash + indexmap::Equivalent<K>>(&self, key: &Q) -> Option<&Item<V>> {
        self.entries.get(key)
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    /// Whether an entry is missing because its key was invalid, and reported.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the map is empty.
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
