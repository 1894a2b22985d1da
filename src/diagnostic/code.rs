//! The list of codes: name, severity, meaning and remedy. `platgen explain`, the SARIF rules and the reference are made from it.

use super::Severity;

macro_rules! codes {
    (
        messages { $($variant:ident $name:literal $severity:ident $summary:literal $explain:literal)* }
        rules { $($rule:ident $rule_name:literal $rule_severity:ident $rule_summary:literal $rule_explain:literal)* }
    ) => {
        /// The stable name of a kind of finding.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Code {
            $(#[doc = $summary] $variant,)*
            $(#[doc = $rule_summary] $rule,)*
        }

        impl Code {
            /// Every code: messages, then rules, each in alphabetical order of the names.
            pub const ALL: &[Code] = &[$(Code::$variant,)* $(Code::$rule,)*];

            /// The rules of `platgen check`: what a waiver can name.
            pub const RULES: &[Code] = &[$(Code::$rule),*];

            /// The name, in kebab case.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* $(Code::$rule => $rule_name,)* }
            }

            /// How bad it is unless a finding says otherwise.
            pub fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)* $(Code::$rule => Severity::$rule_severity,)* }
            }

            /// What it means, in one line.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$variant => $summary,)* $(Code::$rule => $rule_summary,)* }
            }

            /// Why it matters and what to do.
            pub fn explain(self) -> &'static str {
                match self { $(Code::$variant => $explain,)* $(Code::$rule => $rule_explain,)* }
            }
        }
    };
}

// One entry per code, sorted by name: variant, name, severity, meaning, explanation.
codes! {
messages {
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
        "The file no longer has the content that platgen wrote, so writing would lose the edit. Say in the spec what the edit says, or give it up with `--force=PATH`."
    ExpiredWaiver "expired-waiver" Error
        "a waiver whose last day is over"
        "A waiver holds for a time, so that somebody looks again. Mend what it waives, or give it a new day and say why it still holds."
    FixedField "fixed-field" Error
        "a field that can't differ by environment"
        "This field says what the thing is, so it is the same in every environment. Move it out of the `environments` block."
    ForeignFile "foreign-file" Error
        "a file that platgen did not write is in the way"
        "The render needs the path of a file that no manifest lists. Move the file away, or let it be replaced with `--force=PATH`."
    HostTaken "host-taken" Error
        "a hostname that two entries claim"
        "A hostname and path lead to one app of one environment. Give one of them another host or path."
    ImpossibleRange "impossible-range" Error
        "a range whose start is above its end"
        "A range is `a..b` with a not above b."
    InterruptedRender "interrupted-render" Error
        "a render stopped halfway"
        "Some files are new and some are old, each of them whole. The next `platgen render` completes what was begun."
    InternalError "internal-error" Error
        "a fault in platgen itself"
        "A template printed something that is not read back, or a table that is part of the program does not build. The fault is in platgen, not in the spec: please report it with the message."
    InvalidValue "invalid-value" Error
        "a text that its field can't read"
        "The field has a small grammar of its own (a quantity, a duration, a range, an address, ...) and this text is not in it. The message shows an example; `platgen explain PATH` shows the grammar."
    Layout "layout" Error
        "a spec file that `platgen fmt` can't put into its canonical form"
        "A canonical form must say the same and keep every comment. Where that is not certain, the file is left as it is. Write the place in another way, or lay the file out by hand."
    LiveTerraformRoot "live-terraform-root" Error
        "a Terraform root left the spec while its resources may still run"
        "Removing the configuration would leave its resources without an owner. Destroy them first with the commands shown, then remove the files with `--force=PATH`."
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
    MissingFile "missing-file" Error
        "a rendered file is not there"
        "The spec asks for a file that was deleted or never committed. Render, and commit it with the spec."
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
    NoRoom "no-room" Error
        "pods that no pool of nodes takes"
        "They would stay pending for ever: no pool stands in their subnet, all of them are tainted, none has their architecture, or every machine is smaller than one pod. Mend the entry, or add a pool under `cluster.pools`."
    NoSpec "no-spec" Error
        "there is no spec"
        "Name a file or a folder, or run platgen where `platform.yaml`, `platform.toml` or the folder `platform/` stands, or below. `platgen init` writes a first one."
    NotRendered "not-rendered" Warning
        "something is read and checked, but not rendered"
        "The spec language is whole, and this version of platgen renders a part of it. What is left out is named, nothing is left out silently."
    NothingToRemove "nothing-to-remove" Error
        "`without` names what is not there"
        "`without` takes away what the layers below set. If they don't set it, the path is misspelt or the line is left over."
    OtherVersion "other-version" Error
        "a spec for another version of platgen"
        "`platgen` in the spec says which versions may read it, so that all of a team render the same files."
    OutputFailed "output-failed" Error
        "the disk refused to read or write a file"
        "Nothing is lost: a failure while preparing is undone, a later one is completed by the next render. The message names the path and the cause."
    PatchTarget "patch-target" Error
        "a patch that does not fit what it changes"
        "A patch names exactly one rendered object, as `Kind/namespace/name` or `Kind/name`, and changes neither its kind nor its name. `platgen render --stdout` prints all objects."
    PathInTheWay "path-in-the-way" Error
        "a link, folder or file stands where something else has to be written"
        "Links are never followed or replaced, because they can lead out of the output folder. Move what is there away."
    PlatgenChanged "platgen-changed" Error
        "a file that this version of platgen writes in another way"
        "The spec is the one that the file was rendered from, the program is not. Render, read the difference as a change of its own, and commit it."
    PortMapping "port-mapping" Warning
        "a Service's port differs from the container's where the policy engine needs them equal"
        "The network policy agent of EKS compares a policy's port with the port of the Service. Where the two differ, calls that a policy allows are dropped. Use the same number, or another policy engine."
    QuotaExceeded "quota-exceeded" Error
        "what always runs in a namespace is more than its quota"
        "The API server refuses pods beyond the quota, long after the Deployment was accepted. What is counted is the fewest replicas of apps and stores: their requests of processors, their limits of memory, their volumes."
    SecretLiteral "secret-literal" Error
        "a text that looks like a credential"
        "Secrets stand in the secret manager, never in files: a spec is committed and read by many. Put the value there and refer to it under `secrets`, or with `${secret/path#key}`."
    SpecChanged "spec-changed" Error
        "a file that the spec no longer says"
        "The spec changed after the last render. Render, and commit the files with the spec: a review then shows both."
    SpecExists "spec-exists" Error
        "a spec is here already"
        "`platgen init` never overwrites. Move the spec away, or work with it."
    StaleLock "stale-lock" Error
        "the lock lacks what the spec needs"
        "The spec has a region, subnet or zone without a range of its own yet. `platgen lock`, or a render, adds it and moves nothing; commit the lock with the spec."
    Syntax "syntax" Error
        "the file is not valid YAML or TOML"
        "The reader could not make sense of the file at this place. In YAML, text that starts with a sign such as `@`, `*`, `%`, `!` or `&` has to be quoted."
    UnknownKey "unknown-key" Error
        "a key that the spec language does not have at this place"
        "Nothing in a spec is ignored, so a key with a typing error is an error. `platgen explain PATH` lists the keys of a section."
    UnknownMachine "unknown-machine" Warning
        "a machine type that platgen does not know"
        "Clouds add machines every week, so that one may exist all the same. Say what it is under `cloud.machines`, so that its architecture and size can be judged, or mend the name."
    UnknownReference "unknown-reference" Error
        "a name that nothing has"
        "The entry that is named here is not declared. Declare it, or mend the name."
    UnknownValue "unknown-value" Error
        "a word that is not among the ones the field knows"
        "The field takes one of a few words. The message lists them."
    UnofferedVersion "unoffered-version" Warning
        "a Kubernetes version that the provider may not offer"
        "When this version of platgen was made, the provider did not offer it. It may do so by now; if it does not, the cluster's plan fails."
    Unreadable "unreadable" Error
        "a file can't be read"
        "The system refused to read it; the message says why."
    UnsafePath "unsafe-path" Error
        "a rendered path could lead outside the folders that platgen writes"
        "Paths are made from names in the spec. None may be absolute, hold `..`, a backslash or control characters, or be one of platgen's own records."
    UnusedProfile "unused-profile" Warning
        "a profile that no app uses"
        "It has no effect. Name it in the `from` of an app, or remove it."
    UnusedWaiver "unused-waiver" Warning
        "a waiver that no finding needs"
        "What it waived is mended, or its rule or objects are misspelt. Remove it, so that the list of exceptions shows what is really there."
    Unwritable "unwritable" Error
        "a file can't be written"
        "The system refused to write it; the message says why. Nothing was lost."
    WrongType "wrong-type" Error
        "a value of the wrong kind"
        "The field wants text, a number, a list or a map, and something else was written. `platgen explain PATH` shows what it takes."
}
rules {
    BlockedEviction "blocked-eviction" Error
        "a disruption budget that allows no eviction"
        "A budget that spares no pod, or two budgets on one pod, keep every node from being drained: upgrades hang. Let at least one pod be away, and run at least two."
    ClosedFlow "closed-flow" Error
        "a call that the spec allows and a network policy drops"
        "Both sides have to allow a call: the caller's egress and the other's ingress. The spec's `needs` and references open both; say there what is called."
    DuplicateName "duplicate-name" Error
        "two parts of a pod have one name"
        "Of two variables, volumes, ports or containers with one name one is lost or the pod is refused. Rename one of them."
    DuplicateObject "duplicate-object" Error
        "two documents are the same object"
        "The one that is applied last wins, in an order that nobody promises. Remove one of them."
    ExcessPermission "excess-permission" Error
        "people get rights that no level of the spec gives"
        "No group reads secrets, opens a shell in a pod or changes rights, and viewers change nothing. Take the right away; emergencies go through the cloud's own access, where they leave a trace."
    ExposedWithoutTls "exposed-without-tls" Error
        "a way in from outside without encryption"
        "Whatever comes in on the plain port is only redirected, and every other listener ends TLS with a certificate. Attach the route to the `https` listener."
    HashMismatch "hash-mismatch" Error
        "a ConfigMap whose name is not that of its content"
        "The name ends with a hash over environment, owner and content, so that a change is a rollout and no other environment's map is ever taken for this one. Render again instead of editing the file."
    KustomizationList "kustomization-list" Error
        "`kustomization.yaml` does not list exactly the files beside it"
        "What is not listed is not applied, and what is not there stops everything. Render again."
    MissingBudget "missing-budget" Error
        "several replicas without a disruption budget"
        "Without one, a drained node may take all of them at once. A workload with two replicas or more has a budget for its pods."
    MissingConfigMap "missing-config-map" Error
        "a pod names a ConfigMap, or an entry of one, that is not there"
        "The pod will not start: it waits for the map for ever. Name a map of the same namespace and environment."
    MissingIsolation "missing-isolation" Error
        "a namespace where traffic is not denied by default, or names are not resolved"
        "Every namespace denies traffic in both directions unless a policy allows it, and opens the way to the name service. Render again, or take back the patch."
    MissingNamespace "missing-namespace" Error
        "an object in a namespace that is not there"
        "The API refuses it, and without a namespace it lands in `default`. Declare the namespace under `namespaces`."
    MissingParent "missing-parent" Error
        "a route or its policy names a Gateway, listener or route that is not there, or that does not admit it"
        "The route is accepted and never answers. Name a listener of a rendered Gateway that admits routes of this namespace."
    MissingPort "missing-port" Error
        "a port that the pod behind it does not have"
        "The Service or probe leads nowhere. Name a port of the container."
    MissingPriorityClass "missing-priority-class" Error
        "a pod names a priority class that is not there"
        "Its pods are refused when they are made, long after the object was accepted. Name a rendered class."
    MissingRole "missing-role" Error
        "a binding names a role that is not there"
        "The binding is accepted and gives nothing. Name a rendered role, or one that every cluster has."
    MissingRoot "missing-root" Error
        "a region without the Terraform root of its network"
        "Every region in an account of ours has a root that makes its network. Render again."
    MissingScaleTarget "missing-scale-target" Error
        "an autoscaler whose target or container is not there"
        "It is accepted and never scales anything. Name the workload and one of its containers."
    MissingSecret "missing-secret" Error
        "a pod names a secret, or an entry of one, that nothing makes"
        "The pod will not start. Declare the value under `secrets` of the app, so that it is fetched from the secret manager."
    MissingSecretStore "missing-secret-store" Error
        "a secret is fetched from a store that is not there"
        "It is never fetched and what needs it will not start. Name the store of its namespace."
    MissingService "missing-service" Error
        "a route or StatefulSet names a Service, or a port of one, that is not there"
        "Requests are answered with an error. Name a Service of the same namespace and one of its ports."
    MissingServiceAccount "missing-service-account" Error
        "an account is named that is not there"
        "Pods are refused when they are made, long after the object was accepted. Name a rendered account."
    MissingStorageClass "missing-storage-class" Error
        "a claim names a class of storage that is not there"
        "The claim is never bound, and its pod waits for ever. Name a rendered class, or one that the provider brings."
    MissingVolume "missing-volume" Error
        "a container mounts a volume, or a pod claims one, that is not there"
        "The pod is refused, or waits for ever. Declare the volume."
    MissingWorkload "missing-workload" Error
        "an app or store of the spec has no object that runs it, or several"
        "Every app and store has exactly one object of its kind in each region it runs in. Render again."
    NoMemoryLimit "no-memory-limit" Warning
        "a container without a limit of memory"
        "It can take the memory of its neighbours, and the kernel then picks a victim. Give `resources.memory` a limit."
    OpenPolicy "open-policy" Error
        "a network policy allows what the spec does not"
        "Only what an app says it needs is open. Say it with `needs`, or take the rule away."
    PlainSecret "plain-secret" Error
        "a Secret with its values in the file"
        "Files are committed and read by many. Put the value into the secret manager and refer to it under `secrets`."
    PolicyPort "policy-port" Error
        "a network policy opens a port that the pods behind it do not have"
        "It is accepted and opens nothing: the call is dropped. A policy names container ports, not those of the Service."
    RouteConflict "route-conflict" Error
        "two routes or Services claim one hostname"
        "Which of them answers depends on their age. Give one of them another host or path."
    SelectsNothing "selects-nothing" Error
        "a selector that means no pod"
        "It is accepted and has no effect: a Service without pods, a budget that protects nothing, a policy that closes nothing. Select a label that the pods have."
    SelectsWrongPods "selects-wrong-pods" Error
        "a selector that means other pods than its own"
        "Requests, budgets or spreading would apply to another workload. Select the one label that tells the workload."
    SingleReplica "single-replica" Warning
        "one replica serves in a protected environment"
        "A drained or lost node takes it away. Give it two replicas, or say with a waiver why one is enough."
    UnaccountedObject "unaccounted-object" Error
        "an object that nothing in the spec accounts for"
        "Whatever is rendered follows from the spec. Declare it there, as a manifest if need be, or remove it."
    UnguardedResource "unguarded-resource" Error
        "what cannot be had again may be destroyed by one apply"
        "In a protected environment the network, its public addresses and its keys carry `prevent_destroy`; elsewhere nothing does, so that it can be taken down. Render again."
    UnknownPeer "unknown-peer" Error
        "a network policy names a peer that nobody is"
        "It is accepted and opens nothing. Name the labels and the namespace of pods that are there."
    UnknownPermission "unknown-permission" Error
        "a role names a verb or resource that the API does not have, or all of them"
        "A misspelt right is accepted and gives nothing, and `*` gives what nobody read. Spell out verbs and resources."
    UnknownTaint "unknown-taint" Warning
        "a pod tolerates a taint that no pool has"
        "It has no effect: a word is misspelt, or the pool lost its taint. Remove it, or declare the taint on the pool."
    UnpinnedImage "unpinned-image" Error
        "an image without a version"
        "`latest`, or no tag at all, means another image tomorrow. Name a version or a digest."
    UnreadableDocument "unreadable-document" Error
        "a file that cannot be read as what it should hold"
        "It can't be applied. A Kubernetes document has `apiVersion`, `kind` and `metadata.name`; a Terraform file is HCL."
    UnsafeRollout "unsafe-rollout" Error
        "a rollout that takes pods away before others stand in their place"
        "A Deployment starts a new pod before it stops an old one, a StatefulSet and a DaemonSet replace one after the other. Render again."
    Unschedulable "unschedulable" Error
        "a pod that no pool of nodes takes"
        "It stays pending: no pool has the labels it asks for, or all that have them keep it out by a taint. Mend `subnet`, `pool`, `arch` or the tolerations."
    WrongAccess "wrong-access" Error
        "the bindings of groups are not those of the spec"
        "Each group has its role where the spec says so, and nobody has more. Say it under `access.groups`."
    WrongConfig "wrong-config" Error
        "a container reads other configuration than the spec says"
        "Variables and files come from the ConfigMap of the container, complete and unchanged. Render again."
    WrongContainers "wrong-containers" Error
        "the containers of a workload are not those of the spec"
        "Names, images, commands, arguments and ports follow from the spec. Render again."
    WrongEnvironment "wrong-environment" Error
        "something of another environment"
        "An object of one environment among the files of another is how production's configuration reaches beta. Every object carries its environment in a label, and reads secrets below its environment's name. Render again."
    WrongFirewall "wrong-firewall" Error
        "security groups open other ways than the spec says"
        "Between classes of nodes, and out of them, only declared needs are open, and what every cluster needs. Render again."
    WrongLabels "wrong-labels" Error
        "an object without the labels that say whose it is"
        "Owner, platform and what manages it stand on every object: alerts, costs and clean-up go by them. Render again."
    WrongNamespace "wrong-namespace" Error
        "a namespace without the guards of the spec"
        "Each has its pod security standard, a quota, default limits, and a default account without a token. Render again."
    WrongNetwork "wrong-network" Error
        "a network has other ranges, zones or ways out than the plan"
        "Ranges come from `platgen.lock`, zones and ways out from the spec; another environment's network is another network. Render again."
    WrongPlacement "wrong-placement" Error
        "a workload runs or spreads elsewhere than the spec says"
        "Subnet, pool, architecture, tolerations and spreading over zones follow from the spec. Render again."
    WrongPriority "wrong-priority" Error
        "pods that go before others that should go before them"
        "When nodes are full, jobs wait for apps, apps for what answers people from outside, and all of them for stores. Render again."
    WrongProbes "wrong-probes" Error
        "the probes of a container are not those of the spec"
        "Traffic and restarts depend on them. Render again."
    WrongProvider "wrong-provider" Error
        "a Terraform root acts in another account or region, or by an unbounded version"
        "The provider names the account and the region of the environment and tags what it makes; versions have a lowest and a highest one. Render again."
    WrongResources "wrong-resources" Error
        "a container asks for other resources than the spec says"
        "Requests decide where it runs, limits when it is stopped. Render again."
    WrongRoute "wrong-route" Error
        "the ways in from outside are not those of the spec"
        "Each host and path of `expose` has its route, its callers and its timeout, and nothing else is exposed. Render again."
    WrongRun "wrong-run" Error
        "a job runs otherwise than the spec says"
        "Schedule, time zone and deadline follow from the spec. Render again."
    WrongScale "wrong-scale" Error
        "replicas or autoscaling are not those of the spec"
        "A fixed number has no autoscaler; an autoscaler has the bounds and targets of the spec, and nothing else sets the number. Render again."
    WrongSecrets "wrong-secrets" Error
        "a container reads another secret than the spec says"
        "Each variable and file leads to one place in the secret manager, below the environment's name. Render again."
    WrongSecurity "wrong-security" Error
        "a pod has other rights than the spec says"
        "No token, no root, no capabilities and a file system that can't be written, unless the spec says otherwise and why. Render again."
    WrongService "wrong-service" Error
        "the Services of a workload are not those of the spec"
        "One under its name and each of its other names, with its ports. Render again."
    WrongShutdown "wrong-shutdown" Error
        "a pod has other time to stop than the spec says"
        "Connections are drained first, then the app has its own time. Render again."
    WrongState "wrong-state" Error
        "the state of a Terraform root is kept elsewhere than it should be"
        "Each root has a state of its own, in the bucket of its environment, encrypted and locked: with another's state its next plan would destroy the other. Render again."
    WrongVolumes "wrong-volumes" Error
        "the volumes of a workload are not those of the spec"
        "Names, sizes, kinds and places follow from the spec. Render again."
}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unique() {
        let (messages, rules) = Code::ALL.split_at(Code::ALL.len() - Code::RULES.len());
        assert_eq!(rules, Code::RULES);
        for list in [messages, rules] {
            assert!(list.is_sorted_by(|a, b| a.name() < b.name()), "{list:?}");
        }
        assert!(messages.iter().all(|code| rules.iter().all(|rule| code.name() != rule.name())));
    }
}
