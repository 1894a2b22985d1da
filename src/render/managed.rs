//! The part of a region's README about a store that RDS runs: what to do with it, with commands that name it.

use std::fmt::Write;

use crate::diagnostic::wording::Count;
use crate::layers::Layer;
use crate::model::{Engine, Managed, ManagedBackup, Platform, Region};

/// What to do with a store.
pub(super) fn managed(platform: &Platform, region: &Region, store: &Managed, text: &mut String) {
    let (name, namespace, id) = (&store.name, &store.namespace, &store.id);
    let aws = |service: &str| format!("aws {service} --region {}", region.name);
    let rds = |command: &str| format!("{} {command} --db-instance-identifier {id}", aws("rds"));
    let wait = |id: &str| format!("{} wait db-instance-available --db-instance-identifier {id}", aws("rds"));
    let title = if store.engine == Engine::Mysql { "MySQL" } else { "PostgreSQL" };
    let promise = if store.standby {
        "A commit is on two servers in two zones, and the second takes over by itself within one or two minutes."
    } else {
        "There is no second server: it is away while its server restarts or its zone is lost."
    };
    let _ = write!(
        text,
        "\n### {namespace}/{name}\n\n{title} {}, which RDS runs as `{id}`. The user `{}` owns the database `{}`. {promise}\n\
         Pods find it under the name `{name}` of the namespace, which leads to `{}`. Connections use TLS. A client that compares\n\
         the name in the certificate needs the one that RDS gives: the first command shows it.\n",
        store.version,
        store.owned_by,
        store.database,
        store.host(region),
    );
    let mut add = |title: &str, lines: &[String]| {
        let _ = write!(text, "\n{title}:\n\n```sh\n{}\n```\n", lines.join("\n"));
    };
    let query = "DBInstances[0].{Status:DBInstanceStatus,Zone:AvailabilityZone,Second:SecondaryAvailabilityZone,Address:Endpoint.Address,Latest:LatestRestorableTime,Waiting:PendingModifiedValues}";
    let events = format!("{} describe-events --source-type db-instance --source-identifier {id} --duration 1440", aws("rds"));
    add("To look, and to see what happened in the last day", &[format!("{} --query '{query}'", rds("describe-db-instances")), events]);
    if store.standby {
        add(
            "To let the second server take over, which breaks connections off",
            &[format!("{} --force-failover", rds("reboot-db-instance")), wait(id)],
        );
    } else {
        add("To restart it, so that changed settings take effect", &[rds("reboot-db-instance"), wait(id)]);
    }
    add(
        "To make the users again, after a new password or a job that failed. Apply the file of the job afterwards",
        &[
            format!(
                "kubectl --context {} -n {namespace} annotate externalsecrets --selector platgen.io/workload={} force-sync=\"$(date +%s)\" --overwrite",
                region.cluster.name, store.job
            ),
            format!("kubectl --context {} -n {namespace} delete jobs --selector platgen.io/workload={}", region.cluster.name, store.job),
        ],
    );
    text.push_str(&restores(platform, region, store));
    let passwords: Vec<String> = (store.users.iter())
        .map(|user| format!("`{}` for `{}`", platform.secret_name(region.provider, user.password.path()), user.name))
        .collect();
    let changes = if platform.protected {
        format!("The server changes on Sunday, 03:30 to 05:30 UTC; `{} --apply-immediately` does it now.", rds("modify-db-instance"))
    } else {
        "The server changes at once.".to_owned()
    };
    let snapshot = format!("{} --db-snapshot-identifier {id}-before", rds("create-db-snapshot"));
    let _ = write!(
        text,
        "\n- Grow the volume: raise `storage` in the spec, render, and apply the root `data`. It grows while it is in use, once in six hours. A volume cannot shrink.\n\
         - Another class: change `machine`. {changes} {}\n\
         - Minor versions come by themselves, on Sundays.\n\
         - Major version: make a snapshot, raise `version`, render and apply. The database is away for some minutes, and goes back by a restore alone: `{}`.\n\
         - Password: write the new value to {}, and make the users again. Apps sign in with it once their Secret has it.\n\
         - The password of the administrator `{}` is in the Secret `{}`. RDS changes it every week.\n\
         - A user that left the spec stays in the database.\n\
         - A store that left the spec: its root `data` stops at `prevent_destroy` in a protected environment. Take it out of the state, and delete it once nobody needs it:\n\
         \x20 `terraform state rm 'aws_db_instance.this[\"{}\"]'`, `{} --no-deletion-protection`, `{} --final-db-snapshot-identifier {id}-final`.\n",
        if store.standby { "The second server is first, and takes over." } else { "It restarts." },
        snapshot,
        passwords.join(", "),
        Managed::ADMINISTRATOR,
        Managed::administrator_secret(name.as_str()),
        store.key(),
        rds("modify-db-instance"),
        rds("delete-db-instance"),
    );
}

/// How to restore.
fn restores(platform: &Platform, region: &Region, store: &Managed) -> String {
    let backup = match &store.backup {
        Ok(backup) => backup,
        Err(reason) => {
            let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            return format!("\nThere are no backups but those of the last day, with which RDS makes servers{why}.\n");
        }
    };
    let ManagedBackup { keep, copy_to, .. } = backup;
    let id = &store.id;
    let aws = |service: &str, region: &str| format!("aws {service} --region {region}");
    let own = aws("rds", region.name.as_str());
    let vault = platform.vault(&region.name);
    let mut text = format!(
        "\nRDS keeps every point in time of the last {}. AWS Backup keeps copies in the vault `{vault}` as long{}. A restore makes a new server: the old one stays.\n",
        Count(usize::try_from(*keep).unwrap_or_default(), "day"),
        copy_to.as_ref().map(|other| format!(", and in the vault `{}` in {other}", platform.vault(other))).unwrap_or_default(),
    );
    let settings = |region: &str, id: &str| {
        let group = format!(
            "$({} describe-security-groups --filters 'Name=tag:Name,Values={id}' --query 'SecurityGroups[0].GroupId' --output text)",
            aws("ec2", region)
        );
        let standby = if store.standby { "--multi-az" } else { "--no-multi-az" };
        format!(
            "  --db-instance-class {} --db-subnet-group-name {id} --db-parameter-group-name {id}-{} \\\n  --vpc-security-group-ids \"{group}\" \\\n  {standby} --no-publicly-accessible --copy-tags-to-snapshot",
            store.machine,
            store.family().replace('.', "-"),
        )
    };
    let wait = |own: &str, id: &str| format!("{own} wait db-instance-available --db-instance-identifier {id}");
    let mut add = |title: &str, lines: &[String]| {
        let _ = write!(text, "\n{title}:\n\n```sh\n{}\n```\n", lines.join("\n"));
    };
    add(
        "To restore to a point in time beside the old server. The time is in UTC, such as `2030-01-31T12:00:00Z`",
        &[
            "time=".to_owned(),
            format!(
                "{own} restore-db-instance-to-point-in-time --source-db-instance-identifier {id} \\\n  --target-db-instance-identifier {id}-restored --restore-time \"${{time:?}}\" \\\n{}",
                settings(region.name.as_str(), id)
            ),
            wait(&own, &format!("{id}-restored")),
        ],
    );
    add(
        "To put the restored server in the place of the old one, which gets another name. Stop the apps that write before. The name of pods leads to the new one \
         by itself, and Terraform has to know it",
        &swap(&own, region.name.as_str(), id, store, platform, region),
    );
    if let Some(other) = copy_to {
        let there = Managed::identifier(platform, &store.namespace, &store.name, other);
        let far = aws("rds", other.as_str());
        let points = format!(
            "{} list-recovery-points-by-backup-vault --backup-vault-name {} --by-resource-arn {} --query 'sort_by(RecoveryPoints,&CreationDate)[-1].RecoveryPointArn' --output text",
            aws("backup", other.as_str()),
            platform.vault(other),
            store.arn(region)
        );
        add(
            &format!(
                "When {} is lost: make {other} a region of the environment and its primary one in the spec, render, and apply its roots `network`, `cluster` and `data`. \
                 The database there is empty. Restore the newest copy beside it, and put it in the place of the empty one as above, with `{there}` and {other}",
                region.name
            ),
            &[
                format!("point=\"$({points})\""),
                format!(
                    "{far} restore-db-instance-from-db-snapshot --db-snapshot-identifier \"${{point##*:snapshot:}}\" \\\n  --db-instance-identifier {there}-restored \\\n{}",
                    settings(other.as_str(), &there)
                ),
                wait(&far, &format!("{there}-restored")),
            ],
        );
    }
    text
}

/// The commands that put a restored server in the place of another one. The old one gives its secret up: that of the new one has the same tag.
fn swap(own: &str, place: &str, id: &str, store: &Managed, platform: &Platform, region: &Region) -> Vec<String> {
    let modify = |id: &str, what: &str| format!("{own} modify-db-instance --db-instance-identifier {id} {what} --apply-immediately");
    let root = crate::layers::Scope::region(platform.environment.as_str(), region.name.as_str()).path(Layer::Data);
    let password = format!("$(aws secretsmanager --region {place} get-random-password --exclude-punctuation --output text)");
    vec![
        modify(id, &format!("--no-manage-master-user-password --master-user-password \"{password}\"")),
        modify(id, &format!("--new-db-instance-identifier {id}-old")),
        format!("until {own} describe-db-instances --db-instance-identifier {id}-old >/dev/null 2>&1; do sleep 10; done"),
        modify(&format!("{id}-restored"), &format!("--new-db-instance-identifier {id}")),
        format!("until {own} describe-db-instances --db-instance-identifier {id} >/dev/null 2>&1; do sleep 10; done"),
        format!("{own} wait db-instance-available --db-instance-identifier {id}"),
        modify(id, "--manage-master-user-password --deletion-protection"),
        format!("terraform -chdir=terraform/{root} state rm 'aws_db_instance.this[\"{}\"]'", store.key()),
        format!("terraform -chdir=terraform/{root} import 'aws_db_instance.this[\"{}\"]' {id}", store.key()),
        format!("terraform -chdir=terraform/{root} plan"),
    ]
}
