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
    AddressOutside "address-outside" Error
        "a range does not lie in the range it belongs to"
        "A subnet lies in its region's network, a region in its environment's range, an environment in `network.cidr`. A range given with `cidr` has to be inside; and `network.cidr` cannot change once ranges are allocated from it."
    AddressOverlap "address-overlap" Error
        "two ranges of the platform share addresses"
        "Everything that is joined by peering, transit or a tunnel needs addresses of its own, in all environments, since they share the way to the premises. After merging two branches that both added something, `platgen lock --resolve` moves the newer of the two."
    AddressReserved "address-reserved" Error
        "a range of the platform takes addresses that belong to others"
        "On-premises networks, `network.reserved` and the ranges that a cloud or a container runtime keeps for itself cannot be reached once a network of the platform uses the same addresses."
    AddressSpace "address-space" Error
        "there is no room left for a range"
        "The plan gives every environment, region, subnet and zone a block of its own and never renumbers one. Removed keys keep their range until their line is deleted from `platgen.lock`."
    AddressTooSmall "address-too-small" Error
        "a range is smaller than the cloud allows or the nodes need"
        "Clouds keep addresses of every subnet for themselves and refuse subnets below a size; nodes and pods each take addresses up to the maximum of their pools."
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
    InvalidValue "invalid-value" Error
        "a text that its field can't read"
        "The field has a small grammar of its own (a quantity, a duration, a range, an address, ...) and this text is not in it. The message shows an example; `platgen explain PATH` shows the grammar."
    LockConflict "lock-conflict" Error
        "the lock is as a merge of two branches left it"
        "Two branches changed `platgen.lock` at the same place or gave one key two ranges. `platgen lock --resolve` keeps every range that both knew and moves only what collides."
    LockSyntax "lock-syntax" Error
        "a line of the lock cannot be read"
        "`platgen.lock` is written by platgen: a header, then one line per key. Restore the committed file."
    ManifestInvalid "manifest-invalid" Error
        "a raw manifest that is no Kubernetes object"
        "Files of `manifests` hold Kubernetes objects in YAML, `---` between them, each with `apiVersion`, `kind` and `metadata`."
    MissingField "missing-field" Error
        "a field that is required"
        "Nothing is guessed: the field has no default. `platgen explain PATH` shows what it takes."
    NothingToRemove "nothing-to-remove" Error
        "`without` names what is not there"
        "`without` takes away what the layers below set. If they don't set it, the path is misspelt or the line is left over."
    PatchTarget "patch-target" Error
        "a patch that does not fit what it changes"
        "A patch names exactly one rendered object, as `Kind/namespace/name` or `Kind/name`, and changes neither its kind nor its name. `platgen render --stdout` prints all objects."
    Syntax "syntax" Error
        "the file is not valid YAML or TOML"
        "The reader could not make sense of the file at this place. In YAML, text that starts with a sign such as `@`, `*`, `%`, `!` or `&` has to be quoted."
    TemplateBug "template-bug" Error
        "a template of platgen itself failed"
        "Every template prints a strict form that is read back before a file is written; this one did not hold to it. The fault is in platgen, not in the spec."
    UnknownKey "unknown-key" Error
        "a key that the spec language does not have at this place"
        "Nothing in a spec is ignored, so a key with a typing error is an error. `platgen explain PATH` lists the keys of a section."
    UnknownReference "unknown-reference" Error
        "a name that nothing has"
        "The entry that is named here is not declared. Declare it, or mend the name."
    UnknownValue "unknown-value" Error
        "a word that is not among the ones the field knows"
        "The field takes one of a few words. The message lists them."
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
