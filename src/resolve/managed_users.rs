//! The job that makes the users and the database of a store that RDS runs, as the administrator of the database.
//!
//! RDS makes the password of the administrator and changes it every week; External Secrets fetches it. Apps have users of their own, whose passwords stay.

use super::restore_tests::container;
use crate::model::{ConfigFile, Container, FileContent, Managed, Source, Variable};
use crate::value::{Engine, Name};
use std::fmt::Write;

/// The files of the job.
const FOLDER: &str = "/etc/users";

const POSTGRES: &str = include_str!("../../templates/output/managed/postgres.sh");

const MYSQL: &str = include_str!("../../templates/output/managed/mysql.sh");

/// The container of the job. `image` has the client of the engine, and `address` is that of the store in its namespace.
pub(super) fn makes_users(store: &Managed, image: &str) -> Option<Container> {
    let mut main = container(store.job.as_str(), image.to_owned(), "sh")?;
    let text = |name: &str, value: &str| Variable { name: name.to_owned(), value: Source::Text(value.to_owned()) };
    let administrator = |name: &str| Variable {
        name: name.to_owned(),
        value: Source::Made { secret: Managed::administrator_secret(store.name.as_str()), key: "password" },
    };
    let file =
        |name: &str, content: String| ConfigFile { path: format!("{FOLDER}/{name}"), content: FileContent::Text(content), mode: None };
    let passwords = store
        .users
        .iter()
        .enumerate()
        .map(|(number, user)| Variable { name: variable(number), value: Source::Secret(user.password.clone()) });
    let names: Vec<&Name> = store.users.iter().map(|user| &user.name).collect();
    let (script, variables) = match store.engine {
        Engine::Mysql => {
            let script = MYSQL.replace("<statements>", statements_of_mysql(store, &names).trim_end());
            (
                script,
                vec![
                    text("MYSQL_ADMINISTRATOR", Managed::ADMINISTRATOR),
                    text("MYSQL_HOST", store.name.as_str()),
                    administrator("MYSQL_PWD"),
                ],
            )
        }
        _ => {
            main.files.push(file("users.sql", statements_of_postgres(store, &names)));
            let connection = [
                ("PGCHANNELBINDING", "require"),
                ("PGCONNECT_TIMEOUT", "30"),
                ("PGDATABASE", "postgres"),
                ("PGHOST", store.name.as_str()),
                ("PGSSLMODE", "require"),
                ("PGUSER", Managed::ADMINISTRATOR),
            ];
            let variables = connection.map(|(name, value)| text(name, value)).into_iter().chain([administrator("PGPASSWORD")]).collect();
            (POSTGRES.replace("<folder>", FOLDER), variables)
        }
    };
    main.files.push(file("users.sh", script));
    main.args = vec![format!("{FOLDER}/users.sh")];
    main.variables = variables.into_iter().chain(passwords).collect();
    Some(main)
}

/// The variable with the password of a user.
fn variable(number: usize) -> String {
    format!("PASSWORD_{}", number + 1)
}

/// For psql, which quotes the passwords. Names are words of letters, digits and hyphens.
fn statements_of_postgres(store: &Managed, users: &[&Name]) -> String {
    let (database, owner) = (&store.database, &store.owned_by);
    let mut all = "-- Makes what is missing, and gives every user the password of the secret manager. Deletes nothing.\n".to_owned();
    for (number, user) in users.iter().enumerate() {
        let (variable, password) = (variable(number), format!("password_{}", number + 1));
        let _ = write!(
            all,
            "\\getenv {password} {variable}\n\
             SELECT 'CREATE ROLE \"{user}\" LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{user}') \\gexec\n\
             SELECT format('ALTER ROLE \"{user}\" LOGIN PASSWORD %L', :'{password}') \\gexec\n"
        );
    }
    let _ = write!(
        all,
        "-- Who makes a database for a user has to be a member of it.\n\
         GRANT \"{owner}\" TO CURRENT_USER;\n\
         SELECT 'CREATE DATABASE \"{database}\" OWNER \"{owner}\"' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec\n\
         SELECT 'ALTER DATABASE \"{database}\" OWNER TO \"{owner}\"' FROM pg_database\n\
         \x20 WHERE datname = '{database}' AND pg_get_userbyid(datdba) <> '{owner}' \\gexec\n"
    );
    all
}

/// Inside of a text of the shell, in which a backquote has a backslash before it.
fn statements_of_mysql(store: &Managed, users: &[&Name]) -> String {
    let (database, owner) = (&store.database, &store.owned_by);
    let mut all = format!("CREATE DATABASE IF NOT EXISTS \\`{database}\\`;\n");
    for (number, user) in users.iter().enumerate() {
        let password = format!("'$(quoted \"${}\")'", variable(number));
        let _ = write!(
            all,
            "CREATE USER IF NOT EXISTS '{user}'@'%' IDENTIFIED BY {password};\nALTER USER '{user}'@'%' IDENTIFIED BY {password} REQUIRE SSL;\n"
        );
    }
    let _ = writeln!(all, "GRANT ALL PRIVILEGES ON \\`{database}\\`.* TO '{owner}'@'%' WITH GRANT OPTION;");
    all
}

#[cfg(test)]
mod tests {
    use crate::model::{FileContent, Source};
    use crate::tests::estate::estate;

    /// The files of the job of a store, and its variables with secrets.
    fn job(store: &str) -> (Vec<String>, Vec<String>) {
        let estate = estate(&format!(
            "apiVersion: platgen/v1\nplatform: {{name: shop, owner: sre, domain: shop.example}}\n\
             cloud: {{provider: aws, accounts: {{dev: \"111111111111\"}}, state: {{region: eu-west-1}}}}\nregions: {{eu-west-1: {{zones: 3}}}}\n\
             environments: {{dev: {{regions: [eu-west-1]}}}}\naccess: {{groups: {{sre: {{id: platform-admin, role: admin}}}}}}\n\
             teams: {{sre: {{group: sre}}}}\nnamespaces: {{shop: {{owner: sre}}}}\n\
             stores: {{orders: {{mode: managed, machine: db.m7g.large, storage: 20Gi, users: {{app: {{owner: true}}, reports: {{}}}}, backup: {{none: a trial}}, {store}}}}}\n"
        ));
        let main = &estate.environments["dev"].regions["eu-west-1"].workloads["shop/orders-users"].main;
        let files =
            main.files.iter().filter_map(|file| if let FileContent::Text(text) = &file.content { Some(text.clone()) } else { None });
        let secrets = main.variables.iter().filter_map(|variable| match &variable.value {
            Source::Secret(reference) => Some(format!("{} {reference}", variable.name)),
            Source::Made { secret, key } => Some(format!("{} {secret} {key}", variable.name)),
            _ => None,
        });
        (files.collect(), secrets.collect())
    }

    #[test]
    fn each_user_has_its_own_password() {
        let own = ["PASSWORD_1 shop/orders/app#password", "PASSWORD_2 shop/orders/reports#password"];
        let (files, secrets) = job("engine: postgres, version: \"17\", name: shop-orders");
        assert_eq!(secrets, [&["PGPASSWORD orders.administrator password"][..], &own[..]].concat());
        let sql = &files[0];
        for line in [
            "\\getenv password_2 PASSWORD_2\n",
            "SELECT 'CREATE ROLE \"reports\" LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reports') \\gexec\n",
            "SELECT format('ALTER ROLE \"reports\" LOGIN PASSWORD %L', :'password_2') \\gexec\n",
            "GRANT \"app\" TO CURRENT_USER;\n",
            "SELECT 'CREATE DATABASE \"shop-orders\" OWNER \"app\"' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'shop-orders') \\gexec\n",
        ] {
            assert!(sql.contains(line), "{line}: {sql}");
        }
        let (files, secrets) = job("engine: mysql, version: \"8.4\"");
        assert_eq!(secrets, [&["MYSQL_PWD orders.administrator password"][..], &own[..]].concat());
        let script = &files[0];
        for line in [
            "CREATE DATABASE IF NOT EXISTS \\`orders\\`;\n",
            "ALTER USER 'reports'@'%' IDENTIFIED BY '$(quoted \"$PASSWORD_2\")' REQUIRE SSL;\n",
            "GRANT ALL PRIVILEGES ON \\`orders\\`.* TO 'app'@'%' WITH GRANT OPTION;\n",
        ] {
            assert!(script.contains(line), "{line}: {script}");
        }
    }
}
