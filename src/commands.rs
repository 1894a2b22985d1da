//! Commands of kubectl that messages and files name.

/// The server of a database that takes writes, as the shell finds it: the name of a pod, inside of quotes. `kubectl` is the command with its context and
/// namespace, `name` that of the Cluster of CloudNativePG.
pub fn primary(kubectl: &str, name: &str) -> String {
    format!("$({kubectl} get clusters.postgresql.cnpg.io/{name} --output jsonpath='{{.status.currentPrimary}}')")
}

/// The command that runs `mysql` as the superuser in the first server of a MySQL store; `terminal` says whether a person types to it. `arguments` are those of
/// `mysql`.
pub fn in_mysql(kubectl: &str, name: &str, terminal: bool, arguments: &str) -> String {
    mysql_of(kubectl, &format!("{name}-pxc-0"), terminal, arguments)
}

/// The same in a server by its name.
pub fn mysql_of(kubectl: &str, server: &str, terminal: bool, arguments: &str) -> String {
    let terminal = if terminal { "-it " } else { "" };
    format!(
        "{kubectl} exec {terminal}{server} --container pxc -- sh -c \"MYSQL_PWD=\\$(cat /etc/mysql/mysql-users-secret/root) exec mysql --host=127.0.0.1 \
         --user=root \\\"\\$@\\\"\" mysql {arguments}"
    )
}

/// The command that runs a program in the server of a database that takes writes; `terminal` says whether a person types to the program.
pub fn in_primary(kubectl: &str, name: &str, terminal: bool, program: &str) -> String {
    let terminal = if terminal { "-it " } else { "" };
    format!("{kubectl} exec {terminal}\"{}\" --container postgres -- {program}", primary(kubectl, name))
}
