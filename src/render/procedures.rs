//! What holds for every region: who may apply and when to stop, for the README of the output, and the runbook for the night.

use std::collections::BTreeMap;

use super::{buckets, by_hand, fluxed, guard, rollback, synced};
use crate::guard::BREAK_GLASS_FLAGS;
use crate::model::{Estate, GitOpsController, GroupRole, Holds, Kind, Platform, Region};

/// The sections of `README.md` about applying. `terraform` says whether there are Terraform roots.
pub(super) fn apply(estate: &Estate, terraform: bool) -> String {
    let steps = match synced::applies_everything(estate) {
        Some(GitOpsController::ArgoCd) => "network, cluster and add-ons, what Argo CD is told, difference, sync, remove",
        Some(GitOpsController::Flux) => "network, cluster, what Flux is told, difference, sync, remove",
        None => "network, cluster and add-ons, secrets, difference, apply",
    };
    let mut text = APPLY.replace("STEPS", steps).replace("GITOPS", &synced::apply(estate));
    if estate.environments.values().flat_map(|platform| &platform.groups).any(|group| group.role == GroupRole::Admin) {
        text.push_str(&ADMIN.replace("PLATFORM", estate.name.as_str()));
    }
    if terraform {
        text.push_str(STATE);
    }
    text.push_str(STOP);
    if terraform {
        text.push_str(STOP_PLAN);
    }
    text.push_str(ASK);
    text
}

/// The text of `RUNBOOK.md`; none without a region.
pub(super) fn runbook(estate: &Estate) -> Option<String> {
    let regions = estate.environments.values().flat_map(|platform| platform.regions.values().map(move |region| (platform, region)));
    let (platform, region) = regions.last()?;
    let several = estate.environments.values().flat_map(|platform| platform.regions.values()).any(|region| !region.shared_hosts.is_empty());
    let (failover, lost, removed) = match (several, estate.environments.values().any(has_single_records)) {
        (false, _) => ("", LOST.replace("OTHER", ""), REMOVED.replace("OTHER", "")),
        (true, false) => (FAILOVER, LOST_OF_SEVERAL.to_owned(), REMOVED_OF_SEVERAL.to_owned()),
        (true, true) => {
            let (lost, removed) = (LOST.replace("OTHER", "other "), REMOVED.replace("OTHER", "other ").replace("Change", "change"));
            (FAILOVER, format!("{LOST_OF_SEVERAL}\n   {lost}"), format!("{REMOVED_OF_SEVERAL}, {removed}"))
        }
    };
    let buckets = buckets::runbook(estate);
    let mut holding = estate.environments.values().flat_map(|platform| platform.buckets.values());
    let objects = if holding.clone().next().is_none() { "" } else { REMOVED_BUCKETS };
    let guarded = estate.environments.values().any(Platform::is_guarded);
    let (glass, flags) = if guarded { (guard::glass(), format!(" {BREAK_GLASS_FLAGS}")) } else { (String::new(), String::new()) };
    let there = if guarded {
        let let_go = guard::let_go("--filename \"kubernetes/${region:?}/cluster/guard.yaml\"");
        format!("{there}{let_go} &&\n     ", there = guard::only_there(platform))
    } else {
        String::new()
    };
    let asks = if guarded { "- The script asks the cluster first whose it is, and deletes nothing in another one.\n" } else { "" };
    let [conflict, scale, roll_back, remove] = match synced::applies_everything(estate) {
        Some(GitOpsController::ArgoCd) => ["", synced::SCALE, synced::ROLL_BACK, synced::REMOVE],
        Some(GitOpsController::Flux) => ["", fluxed::SCALE, fluxed::ROLL_BACK, fluxed::REMOVE],
        None => [by_hand::CONFLICT, by_hand::SCALE, by_hand::ROLL_BACK, by_hand::REMOVE],
    };
    let roll_back = rollback::section(estate, roll_back);
    let [scale, roll_back, remove] = [scale, &roll_back, remove].map(whole);
    let remove = remove.replace("ASKS", asks);
    let remove_region =
        REMOVE_REGION.replace("RECORDS", &removed).replace("BUCKETS", objects).replace("FLAGS", &flags).replace("THERE", &there);
    let backups = if holding.any(|bucket| bucket.holds != Holds::Objects && bucket.copy.is_some()) { LOST_BACKUPS } else { "" };
    let before = if buckets.is_empty() { backups.to_owned() } else { format!("{LOST_BUCKETS}{backups}") };
    let region_lost = REGION.replace("RECORDS", &lost).replace("BUCKETS", &before);
    let copied = estate.environments.values().flat_map(|platform| platform.regions.values()).any(|region| region.cluster.mirror.is_some());
    let images = if copied { IMAGES } else { "" };
    let sections =
        [conflict, &scale, ROTATE, &roll_back, &remove, &glass, images, &buckets, FULL, ZONE, failover, &region_lost, &remove_region];
    Some(variables(platform, region) + &synced::runbook(estate) + &fluxed::runbook(estate) + &sections.concat())
}

/// A section with what it shares with the one about another way to apply.
fn whole(section: &str) -> String {
    SHARED.iter().fold(section.to_owned(), |section, (word, text)| section.replace(word, text))
}

/// Whether a host of several regions has one record alone, which people change when they lose its region.
fn has_single_records(platform: &Platform) -> bool {
    let mut regions: BTreeMap<&str, usize> = BTreeMap::new();
    for host in platform.regions.values().flat_map(Region::hosts) {
        *regions.entry(host).or_default() += 1;
    }
    let single =
        |region: &Region| region.hosts().into_iter().any(|host| regions.get(host) > Some(&1) && !region.shared_hosts.contains(host));
    platform.regions.values().any(single)
}

/// The values that the commands of the procedures use: empty, so that a pasted command stops, with those of the last region as an example.
fn variables(platform: &Platform, region: &Region) -> String {
    let workload = region.workloads.values().find(|one| matches!(one.kind, Kind::Deployment));
    let (namespace, app) = workload.map_or(("NAMESPACE", "APP"), |one| (one.namespace.as_str(), one.name.as_str()));
    format!(
        "# At night\n\nGenerated by platgen from the platform spec. Do not edit: change the spec and render again.\n\nRun the commands in the folder of this file. Set \
         these values for the region and the app in question first; a command stops where its value is empty. An example is\n\
         `region={}/{} context={} namespace={namespace} kind=deployment app={app}`. The kind of an app is deployment, statefulset or\n\
         daemonset: it stands as `kind` in the file of the app, `kubernetes/{}/{}/NAMESPACE/APP.yaml`.\n\n```sh\n\
         region=\ncontext=\nnamespace=\nkind=\napp=\n```\n{}",
        platform.environment,
        region.name,
        region.cluster.name,
        platform.environment,
        region.name,
        if platform.is_guarded() { guard::whose(platform) } else { String::new() }
    )
}

const APPLY: &str = "
## Apply

Review the change. Then apply one environment after the other, and in it one region after the other, in the order of the table. The README.md
of a region has the commands: STEPS. `platgen render` names
changes that cannot be made in place, with the commands that carry them out: keep what it prints, and run these commands before the apply.

GITOPSRUNBOOK.md is for the night: conflicts, scaling by hand, secrets, roll back, removal, the loss of a zone or a region.

### Who may

- Kubernetes: an identity with the ClusterRole `cluster-admin`. The files make namespaces, network policies, roles and bindings of roles.
";

const ADMIN: &str =
    "- The role `PLATFORM-admin` of these files is not enough: it can make none of these. It restarts, scales and changes what runs by hand.
- Whoever has `PLATFORM-admin` in a namespace has more than the role says, because it runs pods and changes ExternalSecrets and routes there:
  - every Secret of the namespace: a pod reads and prints it, and the role reads the log of the pod;
  - the rights of every account of the namespace, in the Kubernetes API and in the cloud: a pod takes any of them;
  - every value that the account `platgen` of the namespace may read in the secret manager, also those of other namespaces where they share a role;
  - the requests to hosts of other namespaces: a Gateway takes routes of every namespace of the platform.

  Give the role only to people who may have all of this.
";

const STATE: &str =
    "- Terraform: one of the identities that the root `bootstrap` lists as `state_users`: the bucket of the state refuses all others. A plan also reads the
  account; an apply also changes networks, clusters, roles, endpoints and keys there. An administrator applies `bootstrap`, which makes the bucket.
- Commit `.terraform.lock.hcl` of each root. `.gitignore` leaves out `.terraform/`, plans, states and `removal.sh`.
";

const STOP: &str = "
### When to stop

- The `--context` of a command is not the cluster of the region whose files it applies. The table above has the pairs.
- The difference changes or removes something that the commit does not explain.
- A command of `removal.sh` deletes a namespace, a claim, a database or a queue, and its owner has not agreed: everything in a namespace is lost, and the data
  of the others unless the volumes have the reclaim policy `Retain`.
";

const STOP_PLAN: &str =
    "- A plan destroys or replaces something, and the commit does not mean to. An error that names `prevent_destroy` says the same.
";

const ASK: &str = "
Ask the team that owns the object: its label `platgen.io/owner` names the team, and the README.md of the region has a table of owners. Stopping
between two steps breaks nothing: what runs goes on running.
";

/// What sections about the same thing share, whoever applies the files.
const SHARED: [(&str, &str); 5] = [
    (
        "SCALE_APP\n",
        r#"```sh
kubectl --context "${context:?}" -n "${namespace:?}" scale "${kind:?}" "${app:?}" --replicas=6
```
"#,
    ),
    (
        "RAISE_LEAST\n",
        r#"```sh
kubectl --context "${context:?}" -n "${namespace:?}" patch horizontalpodautoscaler "${app:?}" --type=merge --patch '{"spec":{"minReplicas":6}}'
```
"#,
    ),
    (
        "UNDO\n",
        r#"```sh
kubectl --context "${context:?}" -n "${namespace:?}" rollout undo "${kind:?}" "${app:?}"
kubectl --context "${context:?}" -n "${namespace:?}" rollout status "${kind:?}" "${app:?}" --timeout=600s
```
"#,
    ),
    (
        "RUN_REMOVAL\n",
        r#"cat removal.sh
```

Run them when each of them is meant:

```sh
sh removal.sh
```
"#,
    ),
    (
        "KEPT_CLAIMS\n",
        r#"ASKS- A claim of a removed StatefulSet stays, with its data, and is in no list: `kubectl get persistentvolumeclaims`.
"#,
    ),
];

const ROTATE: &str = r#"
## Rotate a secret

Write the new value to its path in the secret manager: the region's README.md lists paths, keys and readers. Where one path holds several keys,
write the others again with it. The cluster has the value within an hour, and at once after the first command. Pods read secrets when they start. Reloader restarts those of apps and stores without `rotation: none`;
restart the others, or all where no Reloader runs:

```sh
kubectl --context "${context:?}" -n "${namespace:?}" annotate externalsecrets.external-secrets.io --all "force-sync=$(date +%s)" --overwrite
kubectl --context "${context:?}" -n "${namespace:?}" rollout restart "${kind:?}" "${app:?}"
kubectl --context "${context:?}" -n "${namespace:?}" rollout status "${kind:?}" "${app:?}" --timeout=600s
```

Take the old value away where it is valid only after all readers of all regions have restarted.
"#;

const IMAGES: &str = r#"
## An image is missing or left the spec

The image of a pod with the reason `ImagePullBackOff` and the message `not found` has no copy in the registry of its region. The second command copies
what is missing. The pods start within five minutes after it:

```sh
kubectl --context "${context:?}" get events --all-namespaces --field-selector reason=Failed
sh "kubernetes/${region:?}/mirror.sh"
```

- Copy a new version before you apply the files that name it, also after a revert. The original may be gone by then: the script says so and stops.
- A copy keeps its content. To get an image that was built again below the same tag, write its new digest into the spec, such as
  `redis:8.2-alpine@sha256:...`. With a digest, every region has the same content.
- When a repository left the spec, the apply of the root `cluster` ends with `RepositoryNotEmptyException` in a protected environment. The plan has
  its name. This has to print nothing: it lists what runs its images, or may run them again, such as a ReplicaSet that `rollout undo` needs:

```sh
repository=
kubectl --context "${context:?}" get pods,replicasets,cronjobs --all-namespaces --output jsonpath='{range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name} {..image}{"\n"}{end}' | grep "/${repository:?}[:@]"
```

Then delete the repository, and plan and apply again:

```sh
aws ecr delete-repository --region "${region#*/}" --repository-name "${repository:?}" --force
```
"#;

const FULL: &str = r#"
## A zone is full

In a region of three zones or more, an app has at most one pod more in a zone than in any other, so that the loss of a zone ends no app. A zone
without room for the next pod then stops a rollout and an autoscaler in the others as well: the pod is `Pending`, and its events name
`topology spread constraints`. To look:

```sh
kubectl --context "${context:?}" get pods --all-namespaces --field-selector status.phase=Pending
kubectl --context "${context:?}" get events --all-namespaces --field-selector reason=FailedScheduling
```

Add nodes in the full zone: raise the maximum of `nodes` of the pool. Where the cloud has no machines there, the `kubectl patch` of "A zone is lost"
lets the pods of an app run wherever there is room until the next apply. The loss of a zone may then end more of them.
"#;

const ZONE: &str = r#"
## A zone is lost

Apply nothing. Kubernetes notices the loss after about a minute and replaces the pods after about six. An app with pods in several zones keeps
serving. An app with a single pod is away until then; a pod with a claim waits for its zone, because its volume cannot move. To look:

```sh
kubectl --context "${context:?}" get nodes --label-columns topology.kubernetes.io/zone
kubectl --context "${context:?}" get pods --all-namespaces --field-selector status.phase=Pending
```

With nodes in a single zone left, an app of several pods keeps those that run there, and new pods wait for a second zone. When every zone but
one stays away, let them run in that zone until the next apply:

```sh
kubectl --context "${context:?}" -n "${namespace:?}" patch "${kind:?}" "${app:?}" --type=json --patch '[{"op":"remove","path":"/spec/template/spec/topologySpreadConstraints/0"}]'
```

When the zone is back, the pods stay where they are. Restart an app to spread it again:

```sh
kubectl --context "${context:?}" -n "${namespace:?}" rollout restart "${kind:?}" "${app:?}"
```
"#;

const REGION: &str = r#"
## A region is lost

1. Apply nothing there, and no Terraform whose state is in the lost region.
2. RECORDS A host that no other region lists stays away.
3. These files move no data. A store runs in the primary region, and in each region with data of its own where the spec says `independent: true`.
4. Jobs and schedules run in the primary region alone. BUCKETSSet `primary` of the environment in the spec, render, and apply the other region.
5. When the region is back, apply it and let its stores catch up before the DNS records come back.
"#;

/// What to do about the hosts of a lost region, where each host has one record.
const LOST: &str = "Change the DNS records of the lost region's OTHERhosts to the Gateways of another region of the environment that has the host. Both README.md
   files list hosts and Gateways.";

/// The same, where hosts have a record of each region.
const LOST_OF_SEVERAL: &str =
    "Hosts that several regions on AWS answer at need nothing: see \"Which region answers\". Take the lost region out as it says there, so
   that no client comes back before step 5.";

const FAILOVER: &str = r#"
## Which region answers

A host that several regions of an environment on AWS answer at has a record of each region in Route 53: the README.md of a region lists these
hosts.
Route 53 answers with the region that is nearest to the client and whose load balancer is healthy. Nobody has to apply anything for it.

| what happens in a region | what clients get | after |
|---|---|---|
| no proxy of the Gateway is ready, or the region is lost | another region | about 20 seconds until the load balancer fails two checks, about a minute until Route 53 leaves it out, and 60 seconds until resolvers ask again |
| an app is down, and its Gateway is not | errors: nothing looks at apps | you take the region out |
| one Gateway is down, and another is not | another region, for the hosts of the Gateway that is down | as for a lost region |
| all regions are lost | the addresses of all regions | as for a lost region |

Clients that keep a connection, or an address longer than its 60 seconds, stay with the region. Nothing moves the data of stores.

To take a region out by hand, let its ExternalDNS give up the records. Clients leave after about two minutes. An apply does not change this
back, and the other regions have to carry the load: look at their autoscalers.

```sh
kubectl --context "${context:?}" annotate httproutes.gateway.networking.k8s.io --all --all-namespaces external-dns.kubernetes.io/controller=none
```

The same command with `grpcroutes` or `tlsroutes` in place of `httproutes` does it for the other routes of the region's README.md. To take
the region in again:

```sh
kubectl --context "${context:?}" annotate httproutes.gateway.networking.k8s.io --all --all-namespaces external-dns.kubernetes.io/controller-
```

When the API server of the region does not answer, delete the records, once ExternalDNS runs there no more. `zone` is the ID of the zone, which
`aws route53 list-hosted-zones` prints. This needs the API of Route 53, which is in us-east-1:

```sh
zone=
changes=$(aws route53 list-resource-record-sets --hosted-zone-id "${zone:?}" --output json --query "{Changes: ResourceRecordSets[?SetIdentifier=='${context:?}'].{Action: 'DELETE', ResourceRecordSet: @}}")
echo "$changes"
aws route53 change-resource-record-sets --hosted-zone-id "${zone:?}" --change-batch "$changes"
```

A record of all regions and records of each region exclude each other. When an environment gets its second region, apply the first one again
before the second one: the second one's records come with the next turn of its ExternalDNS.
"#;

const REMOVE_REGION: &str = r#"
## Remove a region

1. RECORDS, and see that its data is saved.
   Every owner has to agree. This lists the volumes: those with the reclaim policy `Delete` lose their data in the next step, those with
   `Retain`, such as all volumes of classes of these files, keep it:

   ```sh
   kubectl --context "${context:?}" get persistentvolumes
   ```

2. Delete everything in the cluster while its files are still here, namespaces and claims included:

   ```sh
   THEREkubectl --context "${context:?}"FLAGS delete -k "kubernetes/${region:?}"
   ```

3. Where data was kept and nobody needs it any more, delete the volume and its disk in the cloud: the disk costs money, and is no longer found
   through the cluster once that is gone.
4. Take the region out of the spec and render. Where the region has Terraform roots, `platgen render` stops and prints the commands that destroy
   them, in order. BUCKETSRun them, then render again. The bucket of the region's states stays until the README.md of the root `bootstrap` is followed.
"#;

/// What to do about the hosts of a region that is removed, where each host has one record.
const REMOVED: &str = "Change the DNS records of its OTHERhosts";

/// The same, where hosts have a record of each region.
const REMOVED_OF_SEVERAL: &str = "Take it out as in \"Which region answers\"";

/// What to do with buckets before an environment gets another primary region.
const LOST_BUCKETS: &str = "For an environment with buckets, see \"The region of a bucket is lost\" first.\n   ";

/// What to do with databases before an environment gets another primary region.
const LOST_BACKUPS: &str = "A database is made anew from the copy of its backups, or its standby takes over: its\n   part of the README.md of the lost region says which, and how. ";

/// What the commands of a data root do, before the next sentence.
const REMOVED_BUCKETS: &str =
    "Those of a root `data` let Terraform forget its buckets and their key, which stay: empty and\n   delete them once nobody needs them. ";
