//! The list of codes: name, severity, summary and explanation. `platgen explain`, the SARIF rules and the README print them.

use super::Severity;

macro_rules! codes {
    (
        messages { $($variant:ident $name:literal $severity:ident $summary:literal $explain:literal)* }
        rules { $($rule:ident $rule_name:literal $rule_severity:ident $rule_summary:literal $rule_explain:literal)* }
    ) => {
        /// A kind of finding, with a stable name.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Code {
            $(#[doc = $summary] $variant,)*
            $(#[doc = $rule_summary] $rule,)*
        }

        impl Code {
            /// Every code: messages, then rules, each sorted by name.
            pub const ALL: &[Code] = &[$(Code::$variant,)* $(Code::$rule,)*];

            /// The rules of `platgen check`, which waivers can name.
            pub const RULES: &[Code] = &[$(Code::$rule),*];

            /// The name, in kebab case.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* $(Code::$rule => $rule_name,)* }
            }

            /// The default severity of findings.
            pub fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)* $(Code::$rule => Severity::$rule_severity,)* }
            }

            /// The meaning, in one line.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$variant => $summary,)* $(Code::$rule => $rule_summary,)* }
            }

            /// The reason for the code, and the steps that solve the problem.
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
        "`only` limits the referenced entry to other environments. Limit the referring entry to the same environments with `only`, or remove the reference in this environment with `without` under `environments`."
    AbsentInRegion "absent-in-region" Error
        "a reference to an app that does not run in this region"
        "The referenced app runs in other regions only, and its name does not resolve in this region. Set the same `regions` for both apps."
    AddressOutside "address-outside" Error
        "an address range outside of its parent range"
        "A subnet's range has to be inside the region's network, a region's inside the environment's range, and an environment's inside `network.cidr`. Choose a `cidr` inside of the parent range. `network.cidr` can't change once ranges are allocated from it."
    AlreadyKind "already-kind" Error
        "a desktop of a region that is a kind cluster"
        "`platgen kind` writes what a kind cluster needs beside the rendered files of a cluster that is none. The files of this region are for a kind cluster as they are. Apply them, or name an environment of a cloud."
    AmbiguousSpec "ambiguous-spec" Error
        "several specs where one is expected"
        "Without an argument, platgen reads `platform.yaml`, `platform.toml` or the folder `platform/` in the current folder or a parent folder. More than one of them exists in the folder. Name the spec as an argument."
    Anchor "anchor" Error
        "an anchor, alias, merge key or tag in a spec"
        "Anchors, aliases, merge keys (`<<`) and tags are not part of the spec language, so that each value is written at its place. Write the value wherever it is used, or share fields of apps with a profile."
    CidrDisagreement "cidr-disagreement" Error
        "`cidr` differs from the range in the lock"
        "The range of a subnet can't change while resources use it. Set `cidr` to the range in `platgen.lock`, or give the subnet a new name and move its workloads."
    ConcurrentChange "concurrent-change" Error
        "an input file changed during the render"
        "Another render or an editor wrote the lock while this render was running. Nothing was written. Run `platgen render` again."
    ConfigTooLarge "config-too-large" Error
        "configuration files too large for a ConfigMap"
        "The files of a container become one ConfigMap, and the API server refuses a ConfigMap of more than 1 MiB. Move large files into the image, a volume or a bucket."
    ConflictMarkers "conflict-markers" Error
        "git's conflict markers in a file"
        "Two branches changed the same lines, and git left both versions between lines of `<<<<<<<`, `=======` and `>>>>>>>`. In the spec, keep the right lines and remove the markers. Never merge a rendered file by hand: merge the spec, then run `platgen render`, with `--force=PATH` where the finding says so."
    Contradiction "contradiction" Error
        "two fields that exclude each other"
        "The fields of an entry decide how it is rendered, and these two can't both apply. Remove one of them."
    DefinedTwice "defined-twice" Error
        "an entry or section that is defined in two files"
        "The files of a folder together are one spec. An entry, or a section with fixed fields, can be in one file only. Remove one of the two, or merge them."
    DesktopTooSmall "desktop-too-small" Error
        "a region whose pods do not fit the laptop"
        "`platgen kind` lowers what pods request until three quarters of `--cpus` and `--memory` hold them: Kubernetes and its add-ons take the rest. No container requests less than 10 thousandths of a processor or a quarter of its memory, because programs need memory whatever they request. Give the desktop more with `--cpus` and `--memory`, or lower `resources` in the spec."
    DuplicateKey "duplicate-key" Error
        "a duplicate key in a map"
        "YAML parsers silently keep only one of two equal keys. Remove one of them, or rename it."
    EarlyRollout "early-rollout" Warning
        "a job before the rollout that calls an app"
        "A job with `run: before-deploy` finds the apps that it calls running, so their new version rolls out before the job. A migration that this version needs may not have run then. Jobs that call no app, directly or through others, run before all rollouts. Write `run: after-deploy` for a job that has to follow the app, such as a test of the new version. Else remove the call, or see that the new version of the app works before the job has run, and ignore the warning."
    EditedFile "edited-file" Error
        "a rendered file was edited by hand"
        "The file differs from the text that platgen wrote, and rendering would lose the edit. Make the change in the spec, or discard the edit with `--force=PATH`."
    ExpiredWaiver "expired-waiver" Error
        "an expired waiver"
        "Waivers expire, so that somebody reviews them. Fix the waived finding, or set a new date in `expires` and update the `reason`."
    ExposedMetrics "exposed-metrics" Error
        "metrics at a port that a public route reaches"
        "Metrics tell how much an app is used, by which names, and what fails. A public route leads to the port and the path at which the app serves them, so that everybody on the internet can read them. Serve metrics at a port of their own and name it in `metrics.port`: the network policy lets Prometheus alone in. Or limit the route to other paths with `expose.path`."
    FixedField "fixed-field" Error
        "a field that can't differ by environment"
        "The field has to be the same in every environment. Move it out of the `environments` block."
    ForeignFile "foreign-file" Error
        "a rendered path is taken by a file that platgen did not write"
        "No manifest of rendered files lists the file. Move the file away, or replace it with `--force=PATH`."
    HostTaken "host-taken" Error
        "two entries expose the same host and path"
        "A host and path can belong to one app of one environment only. Change the host or path of one entry."
    ImpossibleObjective "impossible-objective" Error
        "a service level objective that can't hold or can't be measured"
        "An objective says which share of the requests through the Gateway is good over 30 days. It is less than 100 %, metrics are kept for at least 30 days, the app is exposed, a higher percentile of the latency allows no less time, and the time is one of the bounds up to which the Gateway counts requests. The help of the finding names the nearest value."
    ImpossibleRange "impossible-range" Error
        "a range whose start is above its end"
        "A range is `a..b` with both ends, and `a` is not above `b`. Swap the ends."
    Incomplete "incomplete" Error
        "an entry asks for something that this version does not render"
        "The rendered files would lack configuration that an entry needs or was promised, such as the address of a database or its backups. Nothing is written. The help of the finding says how to do without. With `--allow-incomplete`, `validate`, `render`, `check` and `show` warn instead, and the README of the output lists what the files lack."
    InternalError "internal-error" Error
        "a fault in platgen itself"
        "A template printed text that platgen's own reader refuses, or a table inside the program does not build. The spec is not the cause. Report the message to the maintainers of platgen."
    InterruptedRender "interrupted-render" Error
        "an earlier render stopped before it was complete"
        "Some files are new and some are old; each file is complete. Run `platgen render`: it finishes the interrupted render first."
    InvalidValue "invalid-value" Error
        "a value that its field can't parse"
        "The field expects a quantity, a duration, a range, an address or a similar value. The message shows a valid example; `platgen explain PATH` shows the format."
    Layout "layout" Error
        "a spec file that `platgen fmt` can't format"
        "Formatting has to keep the meaning and every comment. If that is not certain, the file stays unchanged. Rewrite the line that the message names, or format the file by hand."
    LiveTerraformRoot "live-terraform-root" Error
        "the spec no longer has a Terraform root whose resources may still exist"
        "Without its configuration, nothing manages the resources. The finding lists the commands that destroy them, guards (`prevent_destroy`) included; then `platgen render --force=PATH` removes the files."
    LockConflict "lock-conflict" Error
        "unresolved merge conflict in the lock"
        "Two branches changed the same lines of `platgen.lock`, or allocated different ranges for one key. Merge the spec, then run `platgen lock --resolve`: it asks git for the merge base and the target branch, keeps their ranges, and names each range that moves with both values. `--onto REV` names another target."
    LockSyntax "lock-syntax" Error
        "an invalid line in the lock"
        "platgen writes `platgen.lock`: a header, then one line per key. Restore the file from version control."
    LosesData "loses-data" Error
        "a change that separates a workload from its data"
        "Volumes belong to a StatefulSet, or a claim of the section `volumes`, of one name in one namespace and one region. With another kind, name, namespace, region or class, or a smaller or missing claim, the workload starts empty. `platgen render` writes nothing. Keep the entry as it was, or save the data, render with `--force=ENVIRONMENT/NAMESPACE/ENTRY`, and restore the data. A bucket that moves to a region without a copy of it starts empty as well: `--force=ENVIRONMENT/bucket:NAME` allows it."
    ManifestInvalid "manifest-invalid" Error
        "a raw manifest that is not a Kubernetes object"
        "Files of `manifests` hold Kubernetes objects in YAML, `---` between them, each with `apiVersion`, `kind` and `metadata`."
    MergedFile "merged-file" Error
        "git merged two versions of a generated file"
        "Two branches changed the file, and git combined both versions, perhaps with conflict markers. Merge the spec, then run `platgen render`: platgen wrote both versions, so no `--force` is needed."
    MissingField "missing-field" Error
        "a missing field"
        "The field is required and has no default. `platgen explain PATH` shows the values that it accepts."
    MissingFile "missing-file" Error
        "a rendered file is missing"
        "The file was deleted or never committed. Run `platgen render`, and commit the file with the spec."
    MissingLock "missing-lock" Error
        "the lock is missing, but rendered files depend on it"
        "Without `platgen.lock`, platgen would allocate all addresses anew, and Terraform would replace existing networks. Restore the file from version control."
    MissingReason "missing-reason" Error
        "a setting below the safe default has no reason"
        "Defaults are safe. A setting that weakens one needs a `reason` beside it: reviewers read the reason, and the checks accept it as the waiver."
    MissingTree "missing-tree" Error
        "there are no files to judge"
        "`platgen check` judges the files that are committed. Write them first with `platgen render`, or name a folder of manifests with `--tree`. `platgen kind` builds on the rendered files of one region, and needs them in the same way."
    NameTaken "name-taken" Error
        "a name that is in use in the namespace"
        "An entry's name and aliases become names of objects in its namespace, so two entries with the same name would overwrite each other's objects. Some names are reserved for the namespace's own objects, and some keys of labels and annotations for platgen and Kubernetes. Choose another name or another namespace."
    NameTooLong "name-too-long" Error
        "a name that is too long"
        "Names become parts of the names of cloud resources and Kubernetes objects, which limit their length. Choose a shorter name."
    NetworkOverlap "network-overlap" Error
        "overlapping address ranges"
        "Networks that route to each other need disjoint address ranges. Change one of the two ranges."
    NetworkTooSmall "network-too-small" Error
        "an address range that is too small"
        "Every environment, region, subnet and zone gets a block of its own. Clouds reserve addresses in every subnet and have a minimum subnet size; nodes and pods need addresses up to the maximum size of their pools. Enlarge the range, lower the maximum size of a pool, or delete the lines of removed keys from `platgen.lock`, which keep their ranges until then."
    NewerManifest "newer-manifest" Error
        "a manifest in an unknown format"
        "A newer version of platgen rendered the files. Use the same version or a later one."
    NightRun "night-run" Warning
        "a scheduled app that only runs at night"
        "The environment has no nodes at these times (`night`). The pod of each run waits until there are nodes again, and the run fails if its `deadline` comes before. Choose another `schedule` for the environment, or limit the app to other environments with `only`."
    NoHeartbeat "no-heartbeat" Warning
        "monitoring that nobody outside watches"
        "An Alertmanager that is down sends no alert about it, and neither does a region that is down as a whole. With `observability.heartbeat` every region calls a URL outside of the platform every few minutes, and the service there alerts when no call comes. The key names the path of a secret with a key for each region, of the region's name, that holds the URL of that region: one URL for several regions would hide a region that is down behind one that is not."
    NoPage "no-page" Warning
        "a protected environment in which no alert wakes anybody up"
        "No team has a `page` receiver, and `observability.page` is not set either. Critical alerts go where all others go, and wait until somebody looks there. Add `page` to the teams whose apps have to run at night, or to `observability` for all of them."
    NoReceiver "no-receiver" Error
        "a team that owns something and that no alert reaches"
        "With `observability`, every app, store and namespace has alerts, and they go to the team that owns it. The team has neither `page` nor `ticket`, and `observability` has no default for teams without one. Add a receiver to the team or to `observability`."
    NoRoom "no-room" Error
        "pods that fit on no node pool"
        "The pods would stay pending: no pool is in their subnet, all pools have taints that the pods don't tolerate, no pool has their architecture, or a pod requests more than a machine has. Change the entry, or add a pool under `cluster.pools`. Servers of a store that each have a zone of their own wait as well, while fewer zones have nodes: that is a warning, because the other servers run. Pods of add-ons such as CoreDNS tolerate no taint but `CriticalAddonsOnly`, so that a cluster needs a pool without taints that always has nodes."
    NoSpec "no-spec" Error
        "no spec found"
        "platgen looks for `platform.yaml`, `platform.toml` or the folder `platform/` in the current folder and its parents. Name the spec as an argument, change to its folder, or run `platgen init` to create a first spec."
    NotFormatted "not-formatted" Error
        "a spec file that is not in the canonical form"
        "`platgen fmt --check` compares the files of a spec with their canonical form. Run `platgen fmt`, which keeps the meaning and every comment."
    NotInPlace "not-in-place" Warning
        "a change that `kubectl apply` alone does not make in a running cluster"
        "The API server refuses the change, an apply would interrupt the workload, objects stay in the cluster that left the files, or the steps of a README.md need another order once. The help of the finding holds the commands to run before or after the apply."
    NotRendered "not-rendered" Warning
        "a part of the spec that is not rendered yet"
        "This version of platgen validates the whole spec language but renders only a part of it. The files work without this part. Where an entry would lack something that it needs, the finding is the error `incomplete`. Nothing is left out without one of the two."
    NothingToRemove "nothing-to-remove" Error
        "`without` names a path that is not set"
        "`without` removes values that lower layers (defaults, profiles, the entry itself) set. No lower layer sets this path. Correct its spelling, or remove it from `without`."
    OtherVersion "other-version" Error
        "a spec for another version of platgen"
        "The field `platgen` limits the versions that may render the spec, so that everybody renders the same files. Install a matching version, or change the field."
    OutputFailed "output-failed" Error
        "a file of the output could not be read or written"
        "The message names the path and the cause. Solve the cause and run `platgen render` again: it completes an interrupted write, and nothing is lost."
    PatchTarget "patch-target" Error
        "a patch that can't be applied to its object"
        "The `target` of a patch has to match exactly one rendered object, as `Kind/namespace/name` or `Kind/name`, and the patch can't change the object's kind or name. `platgen render --stdout` prints all objects."
    PathInTheWay "path-in-the-way" Error
        "a rendered path is taken by a symbolic link, folder or file"
        "platgen never follows or replaces symbolic links, because they can lead out of the output folder. Move the link, folder or file away."
    PlatgenChanged "platgen-changed" Error
        "this version of platgen renders the file differently"
        "The manifest records another version of platgen. The difference may also contain changes of the spec since then. Render with the new version in a commit of its own to keep the two apart."
    PortMapping "port-mapping" Warning
        "a Service port that differs from the container port, with a policy engine that needs equal ports"
        "The network policy agent of EKS compares the port of a policy with the port of the Service. If Service port and container port differ, allowed connections are dropped. Use the same number for both, or another `cluster.policy_engine`."
    ProbeProtocol "probe-protocol" Warning
        "a probe over plain HTTP of a port that speaks HTTPS or gRPC"
        "The kubelet sends a request over HTTP/1.1 without TLS, which such a server refuses: the pod never becomes ready, or is restarted again and again. Write the probe as `{https: /path}`, `{grpc: \"\"}` or `{tcp: true}`, or correct `protocol` of the app. A server that answers plain HTTP on the same port, too, passes the probe: ignore the warning."
    QuotaExceeded "quota-exceeded" Error
        "workloads that exceed the quota of their namespace"
        "The API server refuses pods beyond the quota, after it accepted their Deployment. The sum covers the minimum replicas of all apps and stores: CPU requests, memory limits and volume sizes. Raise the `quota`, or lower replicas or resources."
    SecretLiteral "secret-literal" Error
        "a text that looks like a credential"
        "A spec is committed and read by many people, so secrets belong into the secret manager. Store the value there, revoke it if it was committed, and refer to it under `secrets` or with `${secret/path#key}`."
    SeparateDirectory "separate-directory" Warning
        "a directory that looks shared"
        "Containers of a pod share a directory only on request: `tmp` of an init container or sidecar is a new, empty directory, even at a path that the app has, too. Write `of` to share the app's directory, or set `size` to say that the container has another."
    SeveralClusters "several-clusters" Error
        "a stream of documents for several clusters"
        "`platgen render --stdout` prints documents for `kubectl apply`, which applies all of them to one cluster. Choose the cluster with `--env` and `--region`, or print every file with `--stdout=all`."
    ShortRetention "short-retention" Warning
        "a volume that is full before the metrics in it are as old as they should be"
        "Prometheus keeps metrics for the time of `retention`, and deletes the oldest ones before when its volume is full. The sum in the help is what the metrics of the cluster itself take at least: those of apps and stores come on top of it. Write more `storage`, or a shorter `retention`."
    SpecChanged "spec-changed" Error
        "a rendered file is out of date"
        "The spec changed after the last render. Run `platgen render`, and commit the files with the spec."
    SpecExists "spec-exists" Error
        "a spec exists already"
        "`platgen init` never overwrites files. Run it in another folder, or use the existing spec."
    StaleLock "stale-lock" Error
        "the lock is out of date"
        "The spec has a region, subnet or zone without a range in `platgen.lock`. Run `platgen lock` or `platgen render`, which add the range and change no other, and commit the lock with the spec."
    StaleTree "stale-tree" Error
        "rendered files that are not as the spec says"
        "A desktop is a set of patches for the rendered files of a region, and patches fit the files for which they were made. `platgen render --check` says what differs. Run `platgen render`, then `platgen kind`."
    Syntax "syntax" Error
        "the file is not valid YAML or TOML"
        "The parser failed at this place. In YAML, text that starts with a sign such as `@`, `*`, `%`, `!` or `&` has to be quoted."
    TooManyBuckets "too-many-buckets" Error
        "more buckets than an IAM policy can name"
        "Pipelines of an environment see the buckets of the spec and no others: a policy of IAM names each bucket and each copy. AWS takes at most 6144 characters, and the apply of the root `bootstrap` fails with a longer one. Give buckets shorter names or fewer copies, or let apps share a bucket."
    TooManyRules "too-many-rules" Warning
        "more security group rules than AWS allows by default"
        "AWS allows 60 rules in each direction of a security group and refuses more, unless the account has a higher quota. Every port of every callee in another subnet and every external range is a rule; the API server and the load balancers have up to six more. Move apps that call each other to one subnet, or ask AWS for a higher quota and ignore the warning."
    UnbalancedCalls "unbalanced-calls" Warning
        "calls of an app over gRPC that go to one of its pods"
        "The address of a Service is translated to that of a pod once for each connection, and a client of gRPC sends all calls over one connection. So each client calls one pod, and pods that an autoscaler adds get no calls from clients that are connected already. With `headless: true` the name of the app leads to the addresses of all pods: the clients have to balance over them, for example with a target `dns:///app:port` and the policy `round_robin`. `headless: false` accepts one pod per client: there are enough clients, or the server ends connections after a while. Calls through the gateway are balanced in any case."
    UnknownKey "unknown-key" Error
        "an unknown key"
        "platgen ignores nothing in a spec, so that a misspelt key is an error. `platgen explain PATH` lists the allowed keys."
    UnknownMachine "unknown-machine" Warning
        "an unknown machine type"
        "Cloud providers add machine types every week, so the name may be valid. Declare architecture and size under `cloud.machines`, or correct the name."
    UnknownRanges "unknown-ranges" Warning
        "calls of a service in a private network without its address ranges"
        "Network policies and firewalls open ranges and know no host names. Without `cidrs` they open the networks that platgen plans for the environment, and no other: calls of a service in another network, such as a database that existed before the platform, are dropped. Give `cidrs` the ranges of the service; if it is in a network of the platform, its range is in `platgen.lock`."
    UnknownReference "unknown-reference" Error
        "a reference to an entry that does not exist"
        "The spec does not declare the referenced entry. Declare it, or correct the name."
    UnknownValue "unknown-value" Error
        "a value that is not one of the allowed words"
        "The field accepts one of a few words, which the message lists. Use one of them."
    UnofferedVersion "unoffered-version" Warning
        "a Kubernetes version that the provider may not offer"
        "The provider did not offer the version when this version of platgen was released. If the provider still does not offer it, creating the cluster fails. Choose an offered version, or ignore the warning."
    UnreachableCluster "unreachable-cluster" Error
        "a cluster that kubectl can't ask"
        "`platgen guard` asks the cluster of a context whose it is, and gets no answer: kubectl is not installed, the context is not in the kubeconfig, the cluster does not answer, or it lets you read neither namespaces nor admission policies. The message has the words of kubectl."
    UnreachableEntrance "unreachable-entrance" Warning
        "an entrance from the internet that admits private addresses only"
        "Clients reach the public load balancer over the internet, where nobody has a private address, so that it refuses everybody. Write `via: internal` to expose the app in the private networks, or list the public addresses of the clients in `from`."
    UnreachableImage "unreachable-image" Warning
        "an image in a registry that its nodes don't reach"
        "Nodes of a subnet with `egress: none` reach the registries of AWS in their own region, through private endpoints, and no others. Write `cluster: {registry: {mirror: true}}`: nodes then pull copies of all images from ECR, and `mirror.sh` of the region makes these copies. Or copy the image to a repository there, such as `111111111111.dkr.ecr.eu-west-1.amazonaws.com/redis:7.4`, for example with `skopeo copy --all`. A pull-through cache is not enough: AWS sends nodes on to the original registry for the first pull of an image. A registry in the private or the company's network is declared under `external` with `via`. Or move the entry to a subnet with a route to the internet."
    Unreadable "unreadable" Error
        "a file can't be read"
        "The operating system refused to read the file. The message names the cause."
    UnsafePath "unsafe-path" Error
        "a path or folder that is not for rendered files"
        "A folder of rendered files holds neither the spec nor other rendered files, and is not within these: choose another one with `-o`. Rendered paths are made from names in the spec. A path can't be absolute, contain `..`, a backslash or control characters, or be one of platgen's own files. Change the name in the spec."
    UntestedAddon "untested-addon" Warning
        "an add-on whose project does not name the Kubernetes version"
        "The project of the add-on says which versions of Kubernetes its releases were tested with, and the version of the clusters is not among them. It may work, and nobody says so. Choose another `cluster.version`, name a version of the chart that you have tried with `addons: {NAME: {version: ...}}`, or install the add-on yourself and say so with `addons: {NAME: {mode: existing}}`."
    UnusedProfile "unused-profile" Warning
        "an unused profile"
        "No app inherits from the profile. List the profile in the `from` of an app, or remove it."
    UnusedWaiver "unused-waiver" Warning
        "an unused waiver"
        "No finding matches the waiver: the waived findings are fixed, or `rule` or `objects` is misspelt. Correct the waiver, or remove it."
    Unwritable "unwritable" Error
        "a file can't be written"
        "The operating system refused to write the file. The message names the cause. Nothing was lost."
    WrongType "wrong-type" Error
        "a value of the wrong type"
        "The field expects a text, a number, a boolean, a list or a map, and the value has another type. `platgen explain PATH` shows the type."
}
rules {
    AddedCapability "added-capability" Error
        "a container with Linux capabilities"
        "A capability is a part of root's rights. Remove it, or declare it with its reason under `security` of the container."
    BlockedEviction "blocked-eviction" Error
        "a disruption budget that allows no eviction"
        "A budget without a pod to spare, or two budgets for one pod, keep every node from being drained, and upgrades hang. Allow at least one eviction, and run at least two replicas."
    BlockedFlow "blocked-flow" Error
        "a network policy blocks a connection that the spec needs"
        "Both sides have to allow a connection: the egress of the caller and the ingress of the callee. `needs` and references of the spec open both. Bring the rule back with `platgen render --force=FILE`."
    ClusterAdmin "cluster-admin" Error
        "a binding to `cluster-admin`"
        "The role grants everything in every namespace, secrets and rights included. Bind a role with the rights that are needed; emergencies go through the cloud's own access, where they leave a trace."
    DuplicateName "duplicate-name" Error
        "two parts of a pod have one name"
        "Of two variables, volumes, ports or containers with one name one is lost or the pod is refused. Rename one of them."
    DuplicateObject "duplicate-object" Error
        "two documents are the same object"
        "The one that is applied last wins, in an order that nobody promises. Remove one of them."
    ExcessAccess "excess-access" Error
        "a binding that the spec does not declare"
        "It gives a person, a group or an account a role that no reviewer of the spec saw. Declare it under `access.groups`, or remove it."
    ExcessPermission "excess-permission" Error
        "a role with rights that no level of the spec gives"
        "No group reads secrets, opens a shell in a pod or changes rights, and viewers change nothing. Remove the right; emergencies go through the cloud's own access, where they leave a trace."
    ExcessPolicy "excess-policy" Error
        "a network policy allows a connection that the spec does not need"
        "Only what an app says it needs is open. Declare the dependency with `needs`, or remove the rule."
    ExposedService "exposed-service" Error
        "a Service that is reached from outside of the cluster"
        "Ways in go through the Gateways, which end TLS and know who may come in; a load balancer, node port or external address goes around them. Declare the way in with `expose`."
    ExposedWithoutTls "exposed-without-tls" Error
        "a way in from outside without encryption"
        "The plain port only redirects, and every other listener ends TLS with a certificate. Attach the route to the `https` listener."
    HashMismatch "hash-mismatch" Error
        "a ConfigMap whose content is not what its name was made from"
        "The name ends with a hash over environment, owner and content, so that a change of content is a rollout. A file that is edited changes the content under running pods, or is refused. Change the spec and render again."
    HostNamespace "host-namespace" Error
        "pods that share the network, processes or shared memory of their node"
        "They see what other pods and the node itself do, and no network policy applies to pods in the node's network. Remove it, or declare it with its reason under `security.host`."
    HostPath "host-path" Error
        "a volume that is a folder of the node"
        "It reaches the files of the node and of other pods, and its content does not move with the pod. Use a volume of the pod's own, or declare it with its reason under `security.host`."
    HostPort "host-port" Error
        "a container that takes a port of its node"
        "It is reached around Services and Gateways, and two such pods never share a node. Use a Service."
    KustomizationList "kustomization-list" Error
        "`kustomization.yaml` does not list exactly the files beside it, or changes them"
        "`kubectl apply -k` does not apply a file that is not listed, and fails if a listed file is missing. Bring `kustomization.yaml` and missing files back with `platgen render`; remove a file of your own, or declare it under `manifests`."
    MissingConfigMap "missing-config-map" Error
        "a pod names a ConfigMap, or an entry of one, that does not exist"
        "The pod does not start: it waits for the ConfigMap for ever. Name a ConfigMap of the same namespace and environment."
    MissingGuard "missing-guard" Error
        "a probe, request, limit, disruption budget, quota or admission policy of the spec is missing"
        "Nothing refuses an object without its guards, and the loss shows when a program hangs, a node is drained, a namespace takes all of a pool or the files of another environment are applied. Bring the file back with `platgen render --force=FILE`, or remove the guard in the spec."
    MissingIsolation "missing-isolation" Error
        "a namespace that does not deny traffic by default, or does not allow DNS"
        "Every namespace denies traffic in both directions unless a policy allows it, and allows DNS. Bring the policy back with `platgen render --force=FILE`."
    MissingNamespace "missing-namespace" Error
        "an object in a namespace that does not exist"
        "The API server refuses it, and an object without a namespace lands in `default`. Declare the namespace under `namespaces`."
    MissingParent "missing-parent" Error
        "a route or its policy names a Gateway, listener or route that does not exist or does not admit it"
        "The route is accepted and never answers. Name a listener of a Gateway that admits routes of this namespace."
    MissingPort "missing-port" Error
        "a port that the pods behind it do not have"
        "The Service or probe leads nowhere. Name a port of the container."
    MissingPriorityClass "missing-priority-class" Error
        "a pod names a priority class that does not exist"
        "Its pods are refused when they are created, long after the object was accepted. Name a class that exists."
    MissingRole "missing-role" Error
        "a binding names a role that does not exist"
        "The binding is accepted and grants nothing. Name a role that exists."
    MissingScaleTarget "missing-scale-target" Error
        "an autoscaler whose target or container does not exist"
        "It is accepted and never scales anything. Name the workload and one of its containers."
    MissingSecret "missing-secret" Error
        "a pod names a Secret, or an entry of one, that nothing creates"
        "The pod does not start. Declare the value under `secrets` of the app, so that it is fetched from the secret manager."
    MissingSecretStore "missing-secret-store" Error
        "a secret is fetched from a store that does not exist"
        "It is never fetched, and pods that need it do not start. Name the store of its namespace."
    MissingService "missing-service" Error
        "a route or StatefulSet names a Service, or a port of one, that does not exist"
        "Requests are answered with an error. Name a Service of the same namespace and one of its ports."
    MissingServiceAccount "missing-service-account" Error
        "a pod or binding names a service account that does not exist"
        "Pods are refused when they are created, long after the object was accepted. Name an account that exists."
    MissingStorageClass "missing-storage-class" Error
        "a claim names a storage class that does not exist"
        "The claim is never bound, and its pod waits for ever. Name a class of the tree, or one that the provider brings."
    MissingVolume "missing-volume" Error
        "a container mounts a volume, or a pod claims one, that does not exist"
        "The pod is refused, or waits for ever. Declare the volume."
    NoMemoryLimit "no-memory-limit" Warning
        "a container without a memory limit"
        "It can take the memory of its neighbours, and the kernel then picks a victim. Give `resources.memory` a limit."
    OpenPolicy "open-policy" Error
        "a network policy allows all traffic"
        "A rule without peers and ports opens every pod that the policy selects to everybody, and a peer with `namespaceSelector: {}` opens them to every namespace. Name the peers and ports, or remove the rule."
    PlainSecret "plain-secret" Error
        "a Secret with its values in the file, or a text that looks like a credential"
        "Everybody who reads the repository knows the value. Put it into the secret manager, refer to it under `secrets`, and change it."
    PolicyPort "policy-port" Error
        "a network policy opens a port that the pods behind it do not have"
        "The policy is accepted and opens nothing: the connection is blocked. A policy names container ports, not those of the Service."
    PrivilegeEscalation "privilege-escalation" Error
        "a container that may gain rights"
        "With `allowPrivilegeEscalation` a program with the setuid bit becomes root. Set it to `false`."
    PrivilegedContainer "privileged-container" Error
        "a container with every right on its node"
        "It can read and change everything on the node, the secrets of other pods included. Remove `privileged`, or declare it with its reason under `security` of the container."
    RootUser "root-user" Error
        "a container that runs as root"
        "Whoever breaks out of it is root on the node. Name another user, or declare user 0 with its reason under `security` of the container."
    RouteConflict "route-conflict" Error
        "two routes or Services claim one host and path"
        "Which of them answers depends on their age. Give one of them another host or path."
    SelectsNothing "selects-nothing" Error
        "a selector that matches no pod"
        "It is accepted and has no effect: a Service without endpoints, a budget that protects nothing, a policy that isolates nothing. Select a label that the pods have."
    SelectsWrongPods "selects-wrong-pods" Error
        "a selector that matches pods of another workload"
        "Requests, budgets or spreading would apply to the other workload. Select a label that only the workload's own pods have."
    SingleReplica "single-replica" Warning
        "one replica serves in a protected environment"
        "A drained or lost node takes it away. Give it two replicas, or say with a waiver why one is enough."
    SystemNamespace "system-namespace" Error
        "an object in a namespace of the cluster itself"
        "Whoever writes into `kube-system` can replace what the cluster runs on. Use a namespace of the platform, or bring the object as a manifest with its reason."
    UndeclaredImage "undeclared-image" Error
        "an image from a repository that the spec does not name"
        "A program that no reviewer of the spec saw runs in the cluster. Declare the image in the spec, or bring the file back with `platgen render --force=FILE`."
    UndeclaredSecret "undeclared-secret" Error
        "an entry of the secret manager that the spec does not name for the namespace"
        "The namespace reads a secret that the spec gives to nobody in it. Declare it under `secrets` of an entry, or bring the file back with `platgen render --force=FILE`."
    UnhardenedPod "unhardened-pod" Error
        "a pod without the lines that take rights away"
        "Kubernetes grants what is not refused: gaining rights, default capabilities, root, a writable image, every system call, an API token. Every rendered pod refuses them; what a spec loosens has a reason there."
    UnknownPeer "unknown-peer" Error
        "a network policy names pods that nothing runs"
        "The rule is accepted and opens nothing. Name the labels and the namespace of pods that exist."
    UnknownPermission "unknown-permission" Error
        "a role names a verb or resource that the API does not have, or all of them"
        "A misspelt right is accepted and grants nothing, and `*` grants what nobody read. Spell out verbs and resources."
    UnknownRegion "unknown-region" Error
        "a folder of Kubernetes files that belongs to no region of the spec"
        "The environment or region left the spec and its files did not: its objects may still run, and no render changes them any more. Delete the objects from the cluster and remove the folder, or declare the region again."
    UnknownTaint "unknown-taint" Warning
        "a pod tolerates a taint that no pool has"
        "The toleration has no effect: a word is misspelt, or the pool lost its taint. Remove it, or declare the taint on the pool."
    UnpinnedImage "unpinned-image" Error
        "an image without a version"
        "`latest`, or no tag at all, is another image tomorrow. Name a version or a digest."
    UnreadableDocument "unreadable-document" Error
        "a file or document that no API server would take"
        "It can't be applied, and the rules can't judge it. A file holds YAML or JSON in UTF-8, each Kubernetes document has `apiVersion`, `kind` and `metadata.name`, and its fields have the types of the API. Templates are rendered first, with `helm template` or `kubectl kustomize`."
    Unschedulable "unschedulable" Error
        "a pod that no pool of nodes takes"
        "It stays pending: no pool has the labels it asks for, or the taints of all that have them keep it out. Mend `subnet`, `pool`, `arch` or the tolerations."
    WeakPodSecurity "weak-pod-security" Error
        "a namespace that does not enforce the restricted Pod Security Standard"
        "The API server then admits pods with more rights. Declare the level with its reason under `pod_security` of the namespace. Without a spec, only the level `privileged` is a finding."
    WrongEnvironment "wrong-environment" Error
        "an object of another environment"
        "An object of one environment in the files of another is how production's configuration reaches beta. Every object carries its environment in a label, and reads secrets below its environment's name. Take the files as `platgen render` writes them."
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
