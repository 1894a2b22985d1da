//! What the runbook says where people apply the files. `synced.rs` has the same sections where Argo CD does. Words in capitals are what both share: see
//! [`super::procedures`].

/// What to do when an apply ends in a conflict.
pub(super) const CONFLICT: &str = r#"
## A conflict of fields

`Apply failed with 1 conflict` names another owner of a field, such as `kubectl` after a `kubectl scale`, or a controller. Everything
without a conflict is applied. The spec owns every field that the files set. To look at the owners:

```sh
kubectl --context "${context:?}" -n "${namespace:?}" get "${kind:?}" "${app:?}" --show-managed-fields -o yaml
```

When a person set the field and the reason is over, take it back. This overwrites every value that others set in these fields, in the whole
region: look at the difference first. To keep the value, put it into the spec instead.

```sh
kubectl --context "${context:?}" diff --server-side --force-conflicts -k "kubernetes/${region:?}"
kubectl --context "${context:?}" apply --server-side --force-conflicts -k "kubernetes/${region:?}"
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

/// How to roll back.
pub(super) const ROLL_BACK: &str = r#"
## Roll back

Revert the commit and render; then apply the region as its README.md says, with the step that removes what left the spec: what the bad commit
added would stay otherwise. A job that ran before the rollout is not undone: its migration has to fit both versions.

```sh
git revert --no-edit HEAD
```

When there is no time for that, undo the last rollout of one app by hand. The next apply then ends in a conflict: apply with
`--force-conflicts` as above when the files have the version that is to run.

UNDO
"#;

/// How to remove what left the spec.
pub(super) const REMOVE: &str = r#"
## Remove what left the spec

`kubectl apply` deletes nothing, and `--prune` does not work on objects of a server-side apply. What left the spec runs on, and a binding of a
role that left still grants its rights. `removed.sh` compares the files of the last applied commit with those here and prints the commands:

```sh
git fetch --force origin 'refs/tags/applied/*:refs/tags/applied/*'
sh removed.sh "applied/${region:?}" "${region:?}" "${context:?}" > removal.sh
RUN_REMOVAL

- Old ConfigMaps, whose names end with a hash, are among them. Remove them after the rollout: `rollout undo` needs them.
- What holds other objects or data is printed as a comment: namespaces, claims, volumes, definitions, databases and queues, and the objects that a database or a
  queue needs while it runs. Remove the `#` and the words before the command only when their owner agrees.
KEPT_CLAIMS
"#;
