//! Transitions -> findings with the commands that carry each one out.

use super::transition::{Change, Cluster, Loss, Transition};
use crate::commands::{MongodbUser, in_mongodb, in_mysql, in_primary};
use crate::diagnostic::{Code, Diagnostic, Severity, wording};
use crate::kinds::Operator;
use crate::labels::WORKLOAD;
use crate::source::Span;
use std::collections::BTreeSet;

/// A region as commands name it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The context of kubectl for its cluster.
    pub context: String,
    /// Whether the spec still has it.
    pub is_there: bool,
}

/// A finding for each transition; the same transition in several clusters is one finding, and so are all objects of a region that left. An entry in
/// `forced`, written `environment/namespace/entry`, may lose its data.
///
/// `region` tells of a region of an environment, `line` names the line of the spec that declares an entry of a namespace.
pub fn findings(
    transitions: &[Transition],
    forced: &BTreeSet<String>,
    region: impl Fn(&str, &str) -> Place,
    line: impl Fn(&str, &str, &str) -> Option<Span>,
) -> Vec<Diagnostic> {
    let is_gone = |one: &&Transition| {
        matches!(one.change, Change::Left { .. } | Change::LastEntrance { .. }) && !region(&one.environment, &one.region).is_there
    };
    let (gone, transitions): (Vec<&Transition>, Vec<&Transition>) = transitions.iter().partition(is_gone);
    let gone: BTreeSet<(&str, &str)> = gone.iter().map(|one| (one.environment.as_str(), one.region.as_str())).collect();
    let is_forced = |one: &Transition| forced.contains(&format!("{}/{}/{}", one.environment, one.namespace, one.entry));
    let mut groups: Vec<(&Transition, Vec<String>, Vec<String>)> = Vec::new();
    for transition in transitions {
        let same = |(first, ..): &&mut (&Transition, _, _)| {
            first.object == transition.object && first.change == transition.change && is_forced(first) == is_forced(transition)
        };
        let cluster = region(&transition.environment, &transition.region).context;
        match groups.iter_mut().find(same) {
            Some((_, environments, clusters)) => {
                if !environments.contains(&transition.environment) {
                    environments.push(transition.environment.clone());
                }
                clusters.push(cluster);
            }
            None => groups.push((transition, vec![transition.environment.clone()], vec![cluster])),
        }
    }
    let finding = |(transition, environments, clusters): (&Transition, Vec<String>, Vec<String>)| {
        let mut finding = describe(transition, &environments, &clusters, is_forced(transition));
        match line(&transition.environment, &transition.namespace, &transition.entry) {
            Some(span) => finding.span = Some(span),
            None => finding.subject = Some(transition.object.clone()),
        }
        finding.environments = environments;
        finding
    };
    let mut findings: Vec<Diagnostic> = Vec::new();
    for new in groups.into_iter().map(finding) {
        // The same change of objects whose names differ, such as those with a host: one finding with the commands of each.
        let same = |known: &&mut Diagnostic| {
            (known.severity, &known.message, &known.span, &known.subject) == (new.severity, &new.message, &new.span, &new.subject)
        };
        let Some(known) = findings.iter_mut().find(same) else {
            findings.push(new);
            continue;
        };
        known.help = Some([known.help.take(), new.help].into_iter().flatten().collect::<Vec<_>>().join("\n"));
        for environment in new.environments {
            if !known.environments.contains(&environment) {
                known.environments.push(environment);
            }
        }
    }
    findings.extend(gone.into_iter().map(|(environment, region)| region_left(environment, region)));
    findings
}

/// The finding about a region without which the spec goes on.
fn region_left(environment: &str, region: &str) -> Diagnostic {
    let message = format!("`{region}` left `{environment}`, and the objects stay in its cluster");
    let help = "destroy the cluster; if it has to stay, `removed.sh` in the output folder prints the commands that delete the objects";
    Diagnostic::new(Code::NotInPlace, message).subject(format!("kubernetes/{environment}/{region}")).help(help)
}

/// A finding for each file that a cluster runs and that can't be read.
pub fn unreadable(clusters: &[Cluster]) -> impl Iterator<Item = Diagnostic> {
    clusters.iter().flat_map(|cluster| cluster.before.unreadable()).map(|fault| {
        let message = format!("the committed `{}` can't be read, so changes of the objects in it are not judged", fault.file);
        let finding = Diagnostic::new(Code::NotInPlace, message).subject(fault.file.clone());
        finding.help("compare the file with its last good version in git before the apply")
    })
}

fn describe(transition: &Transition, environments: &[String], clusters: &[String], forced: bool) -> Diagnostic {
    let (object, namespace) = (&transition.object, &transition.namespace);
    let first = clusters.first().map(String::as_str).unwrap_or_default();
    let kubectl = match namespace.as_str() {
        "" => format!("kubectl --context {first}"),
        namespace => format!("kubectl --context {first} -n {namespace}"),
    };
    let others = match &clusters[clusters.len().min(1)..] {
        [] => String::new(),
        others => format!("; the same with the {} {}", if others.len() == 1 { "context" } else { "contexts" }, wording::all(others)),
    };
    let (name, argument) = (object.rsplit('/').next().unwrap_or_default(), &transition.argument);
    let claims = |claim: &str, action: &str| {
        format!("for claim in $({kubectl} get pvc -o name | grep '/{claim}-{name}-[0-9]*$'); do {kubectl} {action}; done")
    };
    let in_hand = |message: String, help: String| Diagnostic::new(Code::NotInPlace, message).help(help + &others);
    match &transition.change {
        Change::Immutable(field) => in_hand(
            format!("`{}` of `{object}` can't change in place: the API server refuses the new object", dotted(field)),
            format!("delete the object right before the apply; until the apply, the object does not exist: `{kubectl} delete {argument}`"),
        ),
        Change::Claims { grown, kept } => {
            let grow: String = grown
                .iter()
                .map(|(claim, size)| {
                    let patch = format!(r#"{{"spec":{{"resources":{{"requests":{{"storage":"{size}"}}}}}}}}"#);
                    format!("`{}`, then ", claims(claim, &format!("patch $claim -p '{patch}'")))
                })
                .collect();
            let kept = match &kept[..] {
                [] => String::new(),
                kept => format!(
                    "; the existing claims of {} change in size alone, and those of new pods have the new fields, such as the class",
                    wording::all(kept)
                ),
            };
            in_hand(
                format!("the volume claims of `{object}` can't change in place: the API server refuses the new object"),
                format!(
                    "before the apply, {grow}`{kubectl} delete {argument} --cascade=orphan`: the pods keep running, and the apply adopts them{kept}"
                ),
            )
        }
        Change::Upgrade { from, to } => in_hand(
            format!(
                "`{object}` goes from PostgreSQL {from} to {to}: all its servers stop while the data is upgraded, and all but one are copied anew"
            ),
            format!(
                "choose a quiet hour, and save the data first; after the apply wait with `{kubectl} wait --for=condition=Ready --timeout=3600s {argument}`, then \
                 `{}`: the upgrade keeps no statistics. If it fails, revert the commit and apply the old files: the data is as it was. Don't delete the Cluster",
                in_primary(&kubectl, name, false, "vacuumdb --all --analyze-in-stages")
            ),
        ),
        Change::TwoSteps { settings } => {
            let patch = wording::shell_quoted(&format!(r#"{{"spec":{{"postgresql":{{"parameters":{settings}}}}}}}"#));
            in_hand(
                format!("the image and the settings of `{object}` can't change together: the operator refuses the new object"),
                format!(
                    "right before the apply, `{kubectl} patch {argument} --type=merge -p {patch}`, then `{kubectl} wait --for=condition=Ready --timeout=600s \
                     {argument}`"
                ),
            )
        }
        Change::ReadOnce(field) => in_hand(
            format!("`{}` of `{object}` is read when the database is made: the running database keeps what it has", dotted(field)),
            format!("keep what the spec said, or change the database as well, such as with `{}`", in_primary(&kubectl, name, true, "psql")),
        ),
        Change::Fewer { from, to } => in_hand(
            format!(
                "`{object}` can't go from {from} servers to {to}: its operator removes none, and makes no other change until they are asked for again"
            ),
            format!("keep {from} in the spec, or move the messages to a new store with {to} servers"),
        ),
        Change::Emptied { from, to } => in_hand(
            format!(
                "`{object}` goes from {from} servers to {to}: Strimzi takes a server away once it has no partitions, and runs all of them until then"
            ),
            "move the partitions away before the apply, as the part of the store in the region's README.md shows".to_owned(),
        ),
        Change::Voters { from, to } => in_hand(
            format!(
                "`{object}` can't go from {from} to {to} servers that vote: Strimzi makes quorums of a fixed size, and servers that join with nothing could \
                 elect one that knows no topic"
            ),
            format!("keep `replicas` as it was, or move the messages to a new store with {to} servers"),
        ),
        Change::OtherUser { store, from, to } => {
            let run = |program: String| format!("`{kubectl} exec -it {store}-server-0 --container rabbitmq -- rabbitmqctl {program}`");
            in_hand(
                format!(
                    "the store `{store}` keeps the user `{from}` and makes no user `{to}`: RabbitMQ makes its user at its very first start alone"
                ),
                format!(
                    "before the apply: {}, which asks for the password, {}, then {}; after the rollout: {}",
                    run(format!("add_user {to}")),
                    run(format!("set_user_tags {to} administrator")),
                    run(format!("set_permissions {to} '.*' '.*' '.*'")),
                    run(format!("delete_user {from}"))
                ),
            )
        }
        Change::OtherDatabase { from, to } => {
            let moved = if is_mongodb(argument) {
                let script = format!(
                    "db.getSiblingDB(\"{from}\").getCollectionNames().forEach(name => db.adminCommand({{renameCollection: \"{from}.\" + name, to: \"{to}.\" + name}}))"
                );
                format!(
                    "stop the clients and move the collections of `{from}` after the rollout: `{}`",
                    in_mongodb(&kubectl, name, MongodbUser::Data, false, &script)
                )
            } else {
                format!(
                    "move the tables of `{from}` after the rollout, such as with `RENAME TABLE` in `{}`",
                    in_mysql(&kubectl, name, true, from)
                )
            };
            in_hand(
                format!("`{object}` keeps the database `{from}`: its operator makes `{to}` beside it, which is empty"),
                format!("keep what the spec said, or {moved}"),
            )
        }
        Change::FormerOwner { user, database } => in_hand(
            format!("`{user}` keeps every right to the database `{database}` of `{object}`: its operator takes no right away"),
            format!(
                "after the rollout: `{}`",
                in_mysql(&kubectl, name, false, &format!("--execute=\"REVOKE ALL PRIVILEGES, GRANT OPTION FROM '{user}'@'%'\""))
            ),
        ),
        Change::TakesOver => in_hand(
            format!("`{object}` is no standby any more: with the apply it takes the writes, and what it does not have by then is lost"),
            format!("\"{name} takes over\" in the README.md of the region says what to do before and after"),
        ),
        Change::Copied => in_hand(
            format!("`{object}` becomes one of several servers, which can't take the place of a single one while it runs"),
            format!(
                "right before the apply: `{kubectl} delete {argument}`; the claim of `{name}-0` stays, and the new servers copy what is on it. Until they have, \
                 and until clients sign in with name and password, the store is away"
            ),
        ),
        Change::Alone => in_hand(
            format!("`{object}` becomes a single server, which goes on with what `{name}-0` has"),
            format!(
                "make `{name}-0` the server that takes the writes, as the part of the store in the region's README.md shows, and stop the clients; right before \
                 the apply: `{kubectl} delete {argument}`; the claims of the others stay until they are deleted by name"
            ),
        ),
        Change::Users(users) => {
            let of_mysql = Operator::PerconaMysql.facts().is_held_by(argument);
            let lock = |user: &String| match user.split_once('.').filter(|_| is_mongodb(argument)) {
                Some((database, user)) => {
                    let script = format!("db.getSiblingDB(\"{database}\").dropUser(\"{user}\")");
                    in_mongodb(&kubectl, name, MongodbUser::Users, false, &script)
                }
                None if of_mysql => in_mysql(&kubectl, name, false, &format!("--execute=\"ALTER USER '{user}'@'%' ACCOUNT LOCK\"")),
                None => in_primary(&kubectl, name, false, &format!("psql --command='ALTER ROLE \"{user}\" NOLOGIN'")),
            };
            let lock: Vec<String> = users.iter().map(|user| format!("`{}`", lock(user))).collect();
            in_hand(
                format!("{} left the spec but can still sign in to the database of `{object}`", wording::all(users)),
                format!("after the rollout: {}", lock.join(", then ")),
            )
        }
        Change::HandOver { replicas } => {
            let kind = object.split('/').next().unwrap_or_default();
            let part =
                format!(r#"{{"apiVersion":"apps/v1","kind":"{kind}","metadata":{{"name":"{name}"}},"spec":{{"replicas":{replicas}}}}}"#);
            in_hand(
                format!(
                    "an autoscaler takes over `replicas` of `{object}`: `kubectl apply --server-side` alone would drop from {replicas} pods to 1"
                ),
                format!(
                    "right before the apply, give the number another owner: `echo '{part}' | {kubectl} apply --server-side --force-conflicts \
                     --field-manager=hand-over --validate=false -f -`; the autoscaler takes it from there"
                ),
            )
        }
        Change::Left { objects, successor, volumes } => {
            let delete = removal(&kubectl, objects);
            // What holds others or data is left alone.
            let (pruned, left) = (delete.starts_with('`'), objects.len().max(1));
            let end = match (pruned, left) {
                (true, 1) => "left the files: the end of the apply deletes it",
                (true, _) => "left the files: the end of the apply deletes them",
                (false, 1) => "left the files but stays in the cluster",
                (false, _) => "left the files but stay in the cluster",
            };
            let message = match left {
                1 => format!("`{object}` {end}"),
                count => format!("`{object}` and {} {end}", wording::Count(count - 1, "more object")),
            };
            let beside = successor.as_ref().map(|new| format!(", beside `{new}` with the same pods")).unwrap_or_default();
            let kept = if *volumes { KEPT } else { "" };
            let when = if pruned { "`apply.sh` does it; by hand, after the rollout: " } else { "" };
            in_hand(message + &beside, format!("{when}{delete}{kept}"))
        }
        Change::LastEntrance { gateways } => in_hand(
            format!("`{object}` leaves with the last entrance: Terraform takes the rights away with which its load balancer is deleted"),
            format!(
                "before Terraform, and while the AWS Load Balancer Controller runs: `{kubectl} delete {}`, then `kubectl --context {first} wait --for=delete services \
                 --all-namespaces --selector gateway.envoyproxy.io/owning-gateway-name --timeout=600s`; a load balancer is gone once its Service is",
                gateways.join(" ")
            ),
        ),
        Change::LosesData(loss, objects) => {
            let message = match loss {
                Loss::Claims(claims) => {
                    format!("`{object}` loses its data: {} shrinks or is gone, and no volume can shrink", wording::all(claims))
                }
                Loss::Claim(field) => format!(
                    "`{}` of `{object}` can't {} in place, and a new claim starts empty",
                    dotted(field),
                    if field.ends_with("/storage") || field.ends_with("/size") { "shrink" } else { "change" }
                ),
                Loss::Downgrade { engine, from, to } => {
                    format!("`{object}` can't go from {engine} {from} back to {to}, and a new store starts empty")
                }
                Loss::Successor(new) => format!("`{new}` starts empty: the volumes stay with `{object}`, which it replaces"),
                Loss::Backups { from, to } => {
                    format!("`{object}` keeps backups for {to} and no longer for {from}: the older ones are deleted after the next backup")
                }
                Loss::Standby => format!(
                    "`{object}` becomes a standby in `{}`: what it has and the database that it follows has not is lost",
                    transition.region
                ),
                Loss::Region(region) => {
                    format!("`{object}` moves from `{}` to `{region}` and starts empty: the volumes stay", transition.region)
                }
            };
            let finding = Diagnostic::new(Code::LosesData, message);
            if !forced {
                let flag = |environment: &String| format!("--force={environment}/{namespace}/{}", transition.entry);
                let flags = environments.iter().map(flag).collect::<Vec<_>>().join(" ");
                return finding
                    .help(format!("{}keep the entry as it was, or save its data first and render with `{flags}`", way_back(loss)));
            }
            let help = match loss {
                Loss::Claims(lost) => {
                    let lost: String = lost.iter().map(|claim| format!(", then `{}`", claims(claim, "delete $claim"))).collect();
                    format!("allowed by `--force`; right before the apply: `{kubectl} delete {argument}`{lost}")
                }
                // The volumes of a Kafka store stay when its objects are deleted.
                Loss::Claim(_) | Loss::Downgrade { .. } if Operator::Strimzi.facts().is_held_by(argument) => format!(
                    "allowed by `--force`; {}right before the apply: `{kubectl} delete kafkas.kafka.strimzi.io,kafkanodepools.kafka.strimzi.io,pvc --selector {WORKLOAD}={}`",
                    way_back(loss),
                    transition.entry
                ),
                // Those of a MySQL or MongoDB store do as well, and have the labels of its operator alone.
                Loss::Claim(_) | Loss::Downgrade { .. } if let Some(component) = percona(argument) => format!(
                    "allowed by `--force`; {}right before the apply: `{kubectl} delete {argument}`, then `{kubectl} delete pvc --selector \
                     app.kubernetes.io/instance={name},app.kubernetes.io/component={component}`",
                    way_back(loss)
                ),
                Loss::Claim(_) | Loss::Downgrade { .. } => {
                    format!("allowed by `--force`; {}right before the apply: `{kubectl} delete {argument}`", way_back(loss))
                }
                Loss::Standby => format!(
                    "allowed by `--force`; once the other region takes the writes, and before the apply here: `{kubectl} delete {argument}`, which the \
                     operator then makes anew from the backups of the other"
                ),
                Loss::Backups { .. } => {
                    let help = "allowed by `--force`; before the apply, copy the backups that have to stay to another bucket";
                    return Diagnostic { severity: Severity::Warning, ..finding.help(help.to_owned() + &others) };
                }
                Loss::Successor(_) | Loss::Region(_) => {
                    let kept = if objects.iter().any(|object| holds_others(object)) { "" } else { KEPT };
                    format!("allowed by `--force`; once the data is restored where the entry is now: {}{kept}", removal(&kubectl, objects))
                }
            };
            Diagnostic { severity: Severity::Warning, ..finding.help(help + GLASS + &others) }
        }
    }
}

/// Whether an object, which is named as kubectl names it, is a MongoDB store.
fn is_mongodb(argument: &str) -> bool {
    Operator::PerconaMongodb.facts().is_held_by(argument)
}

/// What the operator calls the servers of a MySQL or MongoDB store.
fn percona(argument: &str) -> Option<&'static str> {
    match () {
        () if is_mongodb(argument) => Some("mongod"),
        () if Operator::PerconaMysql.facts().is_held_by(argument) => Some("pxc"),
        () => None,
    }
}

/// What a help says before it leads to a new store: after an upgrade that failed, the old one still has its data.
fn way_back(loss: &Loss) -> &'static str {
    match loss {
        Loss::Downgrade { .. } => "after an upgrade that failed, revert the commit, apply the old files and delete nothing; else ",
        Loss::Claims(_) | Loss::Claim(_) | Loss::Successor(_) | Loss::Region(_) | Loss::Standby | Loss::Backups { .. } => "",
    }
}

/// A part of a help: what else a command needs that deletes data.
const GLASS: &str = "; in a protected environment with the flags of \"Break glass\" in RUNBOOK.md";

/// A part of a help: what stays after the objects are deleted.
const KEPT: &str = "; its volume claims stay until they are deleted by name";

/// The command that deletes objects. Objects that hold others are not deleted without their owner.
fn removal(kubectl: &str, objects: &[String]) -> String {
    let (holders, others): (Vec<&String>, Vec<&String>) = objects.iter().partition(|object| holds_others(object));
    let names: Vec<&str> = others.iter().map(|object| object.as_str()).collect();
    let delete = (!names.is_empty()).then(|| format!("`{kubectl} delete --ignore-not-found {}`", names.join(" ")));
    let ask = (!holders.is_empty()).then(|| format!("deleting {} deletes everything in it: ask its owner first", wording::all(holders)));
    [delete, ask].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Whether other objects, or data, are deleted with an object; it is named as kubectl names it.
pub(super) fn holds_others(object: &str) -> bool {
    let holders = ["namespace/", "persistentvolumeclaim/", "persistentvolume/", "customresourcedefinition."];
    holders.iter().any(|kind| object.starts_with(kind)) || Operator::ALL.iter().any(|one| one.facts().is_held_by(object))
}

/// A JSON pointer as people write a field: `spec.clusterIP`.
fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}
