//! Implementations that every value type shares. A type writes its grammar alone, as the function `parse`, and its `Display`.

/// Implements `FromStr`, `Deserialize`, `Serialize` and `JsonSchema` for a type with a function `parse(&str) -> Result<Self, Invalid>` and `Display`.
/// Arguments: type, expected value in words, JSON Schema.
macro_rules! text {
    ($type:ident, $expecting:literal, { $($schema:tt)* }) => {
        impl std::str::FromStr for $type {
            type Err = crate::value::Invalid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                <$type>::parse(text)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                concat!(module_path!(), "::", stringify!($type)).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ $($schema)* })
            }
        }
    };
}

/// Defines a newtype over a string with a function `parse`: [`text!`], `as_str`, `Display` and the borrowing traits. Arguments: documentation and
/// attributes, type, expected value in words, JSON Schema.
macro_rules! string {
    ($(#[$attribute:meta])* $type:ident, $expecting:literal, { $($schema:tt)* }) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $type(String);

        text!($type, $expecting, { $($schema)* });
        impl $type {
            /// The value as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $type {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $type {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    };
}

/// Implements comparison and hashing by the result of a method. Arguments: type, method.
macro_rules! compared_by {
    ($type:ident, $key:ident) => {
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.$key() == other.$key()
            }
        }

        impl Eq for $type {}

        impl PartialOrd for $type {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $type {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.$key().cmp(&other.$key())
            }
        }

        impl std::hash::Hash for $type {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.$key().hash(state);
            }
        }
    };
}

/// Defines an enum of words, in the order in which messages list them. Arguments: documentation, type, variants with their words.
macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[doc = $variant_doc:literal])+ $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum $type {
            $($(#[doc = $variant_doc])+ $variant),+
        }

        impl $type {
            /// Every value, in the order of messages.
            pub const ALL: &[$type] = &[$($type::$variant),+];

            /// The word of every value.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The documentation of the value.
            pub const fn doc(self) -> &'static str {
                match self {
                    $($type::$variant => concat!($($variant_doc),+).trim_ascii()),+
                }
            }

            /// The value of a word.
            pub fn find(word: &str) -> Option<$type> {
                $type::ALL.iter().copied().find(|known| known.as_str() == word)
            }

            /// The word in the spec.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($type::$variant => $word),+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
