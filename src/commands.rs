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

/// A user of the operator of MongoDB, as which commands sign in.
#[derive(Clone, Copy, Debug)]
pub enum MongodbUser {
    /// Looks at the servers and changes how they work together.
    Cluster,
    /// Reads and writes all data.
    Data,
    /// Makes and drops users, and gives roles.
    Users,
}

/// The command that runs a script of `mongosh` in the server of a MongoDB store that takes writes, from inside the first server; `terminal` says whether a
/// person types to it afterwards.
pub fn in_mongodb(kubectl: &str, name: &str, user: MongodbUser, terminal: bool, script: &str) -> String {
    mongosh(kubectl, &format!("{name}-rs0-0"), ("mongodb://localhost/admin?replicaSet=rs0", user), terminal, script)
}

/// The same in a server by its name, whether it takes writes or not.
pub fn mongodb_of(kubectl: &str, server: &str, user: MongodbUser, script: &str) -> String {
    mongosh(kubectl, server, ("mongodb://localhost/admin", user), false, script)
}

fn mongosh(kubectl: &str, server: &str, (address, user): (&str, MongodbUser), terminal: bool, script: &str) -> String {
    let (name, variable) = match user {
        MongodbUser::Cluster => ("clusterAdmin", "CLUSTER_ADMIN"),
        MongodbUser::Data => ("databaseAdmin", "DATABASE_ADMIN"),
        MongodbUser::Users => ("userAdmin", "USER_ADMIN"),
    };
    let (terminal, shell) = if terminal { ("-it ", "--shell ") } else { ("", "") };
    let script = if script.is_empty() { String::new() } else { format!(" --eval '{script}'") };
    format!(
        "{kubectl} exec {terminal}{server} --container mongod -- mongosh '{address}' --quiet {shell}--eval 'process.chdir(\"/etc/users-secret\"); \
         db.auth(\"{name}\", require(\"fs\").readFileSync(\"MONGODB_{variable}_PASSWORD\", \"utf8\"))'{script}"
    )
}

/// The command that runs a program in the server of a database that takes writes; `terminal` says whether a person types to the program.
pub fn in_primary(kubectl: &str, name: &str, terminal: bool, program: &str) -> String {
    let terminal = if terminal { "-it " } else { "" };
    format!("{kubectl} exec {terminal}\"{}\" --container postgres -- {program}", primary(kubectl, name))
}
