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
    AbsentInEnvironment "absent-in-environment" Error
        "a reference to an entry that does not exist in this environment"
        "`only` limits the entry that is named to other environments. Limit this one in the same way, or take the reference away there with `without` under `environments`."
    AbsentInRegion "absent-in-region" Error
        "a reference to an app that does not run in this region"
        "The app that is named runs in other regions only, and its name means nothing here. Run both in the same regions."
    AddressOutside "address-outside" Error
        "a range does not lie in the range it belongs to"
        "A subnet lies in its region's network, a region in its environment's range, an environment in `network.cidr`. A range given with `cidr` has to be inside; and `network.cidr` cannot change once ranges are allocated from it."
    Anchor "anchor" Error
        "an anchor, alias, merge key or tag in a spec"
        "What a spec says stands where it is read: anchors, aliases, merge keys (`<<`) and tags are not part of the language. Write the value where it is used, or share it with a profile."
    CidrDisagreement "cidr-disagreement" Error
        "the spec gives a subnet another range than it has"
        "The range of a subnet cannot change while anything lives in it, so platgen neither ignores the `cidr` nor follows it in silence. Take the range of the lock, or give the subnet a new name and move what is in it."
    Contradiction "contradiction" Error
        "two things that exclude each other"
        "What an entry is follows from what it says, and these two say different things. Remove one of them."
    DefinedTwice "defined-twice" Error
        "the same entry or section in two files"
        "A folder is read as the union of its files; an entry of a named map, or a section with fixed fields, stands in one of them."
    DuplicateKey "duplicate-key" Error
        "the same key stands twice in one map"
        "YAML readers keep the last of two equal keys and say nothing, so one of the two would be lost. Remove one of them, or give it another name."
    FixedField "fixed-field" Error
        "a field that can't differ by environment"
        "This field says what the thing is, so it is the same in every environment. Move it out of the `environments` block."
    HostTaken "host-taken" Error
        "a hostname that two entries claim"
        "A hostname and path lead to one app of one environment. Give one of them another host or path."
    ImpossibleRange "impossible-range" Error
        "a range whose start is above its end"
        "A range is `a..b` with a not above b."
    InvalidValue "invalid-value" Error
        "a text that its field can't read"
        "The field has a small grammar of its own (a quantity, a duration, a range, an address, ...) and this text is not in it. The message shows an example; `platgen explain PATH` shows the grammar."
    LockConflict "lock-conflict" Error
        "the lock is as a merge of two branches left it"
        "Two branches changed `platgen.lock` at the same place or gave one key two ranges. `platgen lock --resolve` keeps every range that both knew and moves only what collides."
    LockSyntax "lock-syntax" Error
        "a line of the lock cannot be read"
        "`platgen.lock` is written by platgen: a header, then one line per key. Restore the committed file."
    MissingField "missing-field" Error
        "a field that is required"
        "Nothing is guessed: the field has no default. `platgen explain PATH` shows what it takes."
    MissingReason "missing-reason" Error
        "a loosening without a reason"
        "The platform is safe by default. What loosens it says why, in the spec, where reviewers see it; the reason is the waiver in the checks."
    NameTooLong "name-too-long" Error
        "a name that its target does not allow"
        "Names become parts of the names of cloud resources and Kubernetes objects, which have limits of their own."
    NetworkOverlap "network-overlap" Error
        "two ranges share addresses"
        "Everything that is joined by peering, transit or a tunnel needs addresses of its own, in all environments; on-premises networks, `network.reserved` and ranges that a cloud keeps for itself count too. After merging two branches that both added something, `platgen lock --resolve` moves the newer of the two."
    NetworkTooSmall "network-too-small" Error
        "a range has no room for what it must hold"
        "Clouds keep addresses of every subnet for themselves and refuse subnets below a size; nodes and pods each take addresses up to the maximum of their pools. The plan gives every environment, region, subnet and zone a block of its own and never renumbers one: removed keys keep their range until their line is deleted from `platgen.lock`."
    NotRendered "not-rendered" Warning
        "something is read and checked, but not rendered"
        "The spec language is whole, and this version of platgen renders a part of it. What is left out is named, nothing is left out silently."
    NothingToRemove "nothing-to-remove" Error
        "`without` names what is not there"
        "`without` takes away what the layers below set. If they don't set it, the path is misspelt or the line is left over."
    SecretLiteral "secret-literal" Error
        "a text that looks like a credential"
        "Secrets stand in the secret manager, never in files: a spec is committed and read by many. Put the value there and refer to it under `secrets`, or with `${secret/path#key}`."
    Syntax "syntax" Error
        "the file is not valid YAML or TOML"
        "The reader could not make sense of the file at this place. In YAML, text that starts with a sign such as `@`, `*`, `%`, `!` or `&` has to be quoted."
    UnknownKey "unknown-key" Error
        "a key that the spec language does not have at this place"
        "Nothing in a spec is ignored, so a key with a typing error is an error. `platgen explain PATH` lists the keys of a section."
    UnknownReference "unknown-reference" Error
        "a name that nothing has"
        "The entry that is named here is not declared. Declare it, or mend the name."
    UnknownValue "unknown-value" Error
        "a word that is not among the ones the field knows"
        "The field takes one of a few words. The message lists them."
    UnusedProfile "unused-profile" Warning
        "a profile that no app uses"
        "It has no effect. Name it in the `from` of an app, or remove it."
    WrongType "wrong-type" Error
        "a value of the wrong kind"
        "The field wants text, a number, a list or a map, and something else was written. `platgen explain PATH` shows what it takes."
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
