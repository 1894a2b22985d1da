//! What the runbook says where people apply the files. `synced.rs` has the same sections where Argo CD does. Words in capitals are what both share: see
//! [`super::procedures`].

/// What to do when an apply ends in a conflict.
pub(super) const CONFLICT: &str = r#"
## A conflict of fields

`Apply failed with 1 conflict` names another owner of a field, such as `kubectl` after a `kubectl scale`, or a controller. What comes after the
object in the order of the script is not applied. The spec owns every field that the files set. To look at the owners:

```sh
kubectl --context "${context:?}" -n "${namespace:?}" get "${kind:?}" "${app:?}" --show-managed-fields -o yaml
```

When a person set the field and the reason is over, take it back. This overwrites every value that others set in these fields, in the whole
region: look at the difference first. To keep the value, put it into the spec instead.

```sh
sh "kubernetes/${region:?}/../apply.sh" --region "${region#*/}" --dry-run --force-conflicts
sh "kubernetes/${region:?}/../apply.sh" --region "${region#*/}" --force-conflicts
```

When a controller set the field, do not take it back: the two would take turns. Ask the owner.
"#;

/// How to scale by hand.
pub(super) const SCALE: &str = r#"
## Scale by hand and give it back

An app without an autoscaler keeps the number by hand. The next apply then ends in a conflict:

- To keep the number, write it into the spec as `scale`, and render and apply.
- To give the field back to the spec, apply with `--force-conflicts` as above, while the number still differs from the spec's. Scaling back by
  hand is not enough: `kubectl scale` stays an owner of the field, and the next change of the number in the spec ends in a conflict.

SCALE_APP

The autoscaler of an app undoes a scale by hand. Raise its minimum instead, and give it back in the same way:

RAISE_LEAST
"#;

/// How to bring reverted files into the clusters.
pub(super) const ROLL_BACK: &str = r#"What the bad commit added is deleted at the end of the apply:

```sh
sh "kubernetes/${region:?}/../apply.sh" --region "${region#*/}" --dry-run
sh "kubernetes/${region:?}/../apply.sh" --region "${region#*/}"
```

When there is no time for that, undo the last rollout of one app by hand. It needs the ConfigMaps of the version before, which the last apply deleted unless it
ran with `--no-prune`:

UNDO
The next apply then ends in a conflict: apply with `--force-conflicts` as above once the files have the version that is to run.
"#;

/// How to remove what left the spec.
pub(super) const REMOVE: &str = r#"
## Remove what left the spec

`apply.sh` deletes what an applied commit had and the files have not. A ConfigMap in the cluster says which commits these are: the last one, and those whose apply
was not finished. `removed.sh` prints the same commands for any commit, such as where the script was not used before:

```sh
git fetch --force origin 'refs/tags/applied/*:refs/tags/applied/*'
sh removed.sh "applied/${region:?}" "${region:?}" "${context:?}" > removal.sh
RUN_REMOVAL

- Old ConfigMaps, whose names end with a hash, are among them. `rollout undo` needs them: with `--no-prune` the script leaves them to its next run.
- What holds other objects or data is printed as a comment: namespaces, claims, volumes, definitions, databases and queues, and the objects that a database or a
  queue needs while it runs. Remove the `#` and the words before the command only when their owner agrees.
KEPT_CLAIMS
"#;
