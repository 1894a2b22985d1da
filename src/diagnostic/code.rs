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
    AmbiguousSpec "ambiguous-spec" Error
        "two specs where one is expected"
        "Without a name, platgen takes `platform.yaml`, `platform.toml` or the folder `platform/`, here or in a folder above. Two of them are here: name the one you mean."
    Anchor "anchor" Error
        "an anchor, alias, merge key or tag in a spec"
        "What a spec says stands where it is read: anchors, aliases, merge keys (`<<`) and tags are not part of the language. Write the value where it is used, or share it with a profile."
    CidrDisagreement "cidr-disagreement" Error
        "the spec gives a subnet another range than it has"
        "The range of a subnet cannot change while anything lives in it, so platgen neither ignores the `cidr` nor follows it in silence. Take the range of the lock, or give the subnet a new name and move what is in it."
    ConcurrentChange "concurrent-change" Error
        "a file that the render was made from changed while it was under way"
        "Another render, or an editor, wrote the lock between reading and writing it. Nothing was written. Render again: it then starts from the new text."
    ConfigTooLarge "config-too-large" Error
        "more configuration than a ConfigMap holds"
        "The files of a container become one ConfigMap, and the API server refuses one of more than 1 MiB. Put large files into the image, a volume or a bucket."
    Contradiction "contradiction" Error
        "two things that exclude each other"
        "What an entry is follows from what it says, and these two say different things. Remove one of them."
    DefinedTwice "defined-twice" Error
        "the same entry or section in two files"
        "A folder is read as the union of its files; an entry of a named map, or a section with fixed fields, stands in one of them."
    DuplicateKey "duplicate-key" Error
        "the same key stands twice in one map"
        "YAML readers keep the last of two equal keys and say nothing, so one of the two would be lost. Remove one of them, or give it another name."
    EditedFile "edited-file" Error
        "a rendered file was changed by hand"
        "The file no longer has the content that platgen wrote, so writing would lose the edit. Say in the spec what the edit says, or give it up with `--force PATH`."
    FixedField "fixed-field" Error
        "a field that can't differ by environment"
        "This field says what the thing is, so it is the same in every environment. Move it out of the `environments` block."
    ForeignFile "foreign-file" Error
        "a file that platgen did not write is in the way"
        "The render needs the path of a file that no manifest lists. Move the file away, or let it be replaced with `--force PATH`."
    HostTaken "host-taken" Error
        "a hostname that two entries claim"
        "A hostname and path lead to one app of one environment. Give one of them another host or path."
    ImpossibleRange "impossible-range" Error
        "a range whose start is above its end"
        "A range is `a..b` with a not above b."
    InterruptedRender "interrupted-render" Error
        "a render stopped halfway"
        "Some files are new and some are old, each of them whole. The next `platgen render` completes what was begun."
    InvalidValue "invalid-value" Error
        "a text that its field can't read"
        "The field has a small grammar of its own (a quantity, a duration, a range, an address, ...) and this text is not in it. The message shows an example; `platgen explain PATH` shows the grammar."
    LiveTerraformRoot "live-terraform-root" Error
        "a Terraform root left the spec while its resources may still run"
        "Removing the configuration would leave its resources without an owner. Destroy them first with the commands shown, then remove the files with `--force PATH`."
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
    MissingLock "missing-lock" Error
        "the lock is gone, but files were rendered with it"
        "Without the lock every address would be planned anew, and networks that exist would be replaced. Bring the file back from version control."
    MissingReason "missing-reason" Error
        "a loosening without a reason"
        "The platform is safe by default. What loosens it says why, in the spec, where reviewers see it; the reason is the waiver in the checks."
    NameTaken "name-taken" Error
        "a name that something else of the namespace has"
        "Every entry gives its name, and each alias, to objects in its namespace: two that claim one name would overwrite each other. Some names belong to the namespace itself. Choose another name, or another namespace."
    NameTooLong "name-too-long" Error
        "a name that its target does not allow"
        "Names become parts of the names of cloud resources and Kubernetes objects, which have limits of their own."
    NetworkOverlap "network-overlap" Error
        "two ranges that overlap"
        "Everything that can be routed to each other needs ranges of its own."
    NetworkTooSmall "network-too-small" Error
        "a range has no room for what it must hold"
        "Clouds keep addresses of every subnet for themselves and refuse subnets below a size; nodes and pods each take addresses up to the maximum of their pools. The plan gives every environment, region, subnet and zone a block of its own and never renumbers one: removed keys keep their range until their line is deleted from `platgen.lock`."
    NewerManifest "newer-manifest" Error
        "a manifest has a format that this version does not know"
        "The files were last rendered by a newer platgen. Use that version, or a later one."
    NoSpec "no-spec" Error
        "there is no spec"
        "Name a file or a folder, or run platgen where `platform.yaml`, `platform.toml` or the folder `platform/` stands, or below. `platgen init` writes a first one."
    NotRendered "not-rendered" Warning
        "something is read and checked, but not rendered"
        "The spec language is whole, and this version of platgen renders a part of it. What is left out is named, nothing is left out silently."
    NothingToRemove "nothing-to-remove" Error
        "`without` names what is not there"
        "`without` takes away what the layers below set. If they don't set it, the path is misspelt or the line is left over."
    OutputFailed "output-failed" Error
        "the disk refused to read or write a file"
        "Nothing is lost: a failure while preparing is undone, a later one is completed by the next render. The message names the path and the cause."
    PatchTarget "patch-target" Error
        "a patch that does not fit what it changes"
        "A patch names exactly one rendered object, as `Kind/namespace/name` or `Kind/name`, and changes neither its kind nor its name. `platgen render --stdout` prints all objects."
    PathInTheWay "path-in-the-way" Error
        "a link, folder or file stands where something else has to be written"
        "Links are never followed or replaced, because they can lead out of the output folder. Move what is there away."
    PortMapping "port-mapping" Warning
        "a Service's port differs from the container's where the policy engine needs them equal"
        "The network policy agent of EKS compares a policy's port with the port of the Service. Where the two differ, calls that a policy allows are dropped. Use the same number, or another policy engine."
    SecretLiteral "secret-literal" Error
        "a text that looks like a credential"
        "Secrets stand in the secret manager, never in files: a spec is committed and read by many. Put the value there and refer to it under `secrets`, or with `${secret/path#key}`."
    SpecExists "spec-exists" Error
        "a spec is here already"
        "`platgen init` never overwrites. Move the spec away, or work with it."
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
    Unreadable "unreadable" Error
        "a file can't be read"
        "The system refused to read it; the message says why."
    UnsafePath "unsafe-path" Error
        "a rendered path could lead outside the folders that platgen writes"
        "Paths are made from names in the spec. None may be absolute, hold `..`, a backslash or control characters, or be one of platgen's own records."
    UnusedProfile "unused-profile" Warning
        "a profile that no app uses"
        "It has no effect. Name it in the `from` of an app, or remove it."
    Unwritable "unwritable" Error
        "a file can't be written"
        "The system refused to write it; the message says why. Nothing was lost."
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
