//! The list of codes: name, severity, meaning and remedy. `platgen explain`, the SARIF rules and the reference are made from it.

use super::Severity;

macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident $summary:literal $explain:literal)*) => {
        /// The stable name of a kind of finding.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Code {
            $(#[doc = $summary] $variant,)*
        }

        impl Code {
            /// Every code, in alphabetical order of the names.
            pub const ALL: &[Code] = &[$(Code::$variant),*];

            /// The name, in kebab case.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// How bad it is unless a finding says otherwise.
            pub fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)* }
            }

            /// What it means, in one line.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$variant => $summary,)* }
            }

            /// Why it matters and what to do.
            pub fn explain(self) -> &'static str {
                match self { $(Code::$variant => $explain,)* }
            }
        }
    };
}

// One entry per code, sorted by name: variant, name, severity, meaning, explanation.
codes! {
    DuplicateKey "duplicate-key" Error
        "the same key stands twice in one map"
        "YAML readers keep the last of two equal keys and say nothing, so one of the two would be lost. Remove one of them, or give it another name."
    Syntax "syntax" Error
        "the file is not valid YAML or TOML"
        "The reader could not make sense of the file at this place. In YAML, text that starts with a sign such as `@`, `*`, `%`, `!` or `&` has to be quoted."
    UnknownKey "unknown-key" Error
        "a key that the spec language does not have at this place"
        "Nothing in a spec is ignored, so a key with a typing error is an error. `platgen explain PATH` lists the keys of a section."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unique() {
        let names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
    }
}
