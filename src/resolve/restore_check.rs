//! What a restore test asks the restored database, in SQL.

use crate::value::{Duration, Name};

/// The questions that hold for every database.
///
/// How old the data is, only the copy of all files says: `backup_label` came with it, and has the time at which the copy was begun. The log that was replayed
/// says less: a database in which nothing is written archives nothing, so that the newest file of the log may be of any age and all is well.
const DECLARED: &str = "-- Fails unless the restored database is as new as its backups have to be, and holds what the spec declares.
begin read only;
set local standard_conforming_strings = on;
set local statement_timeout = '<seconds>s';

do <tag>
declare
  -- When the copy of all files was begun from which this database was made.
  begun timestamptz := substring(pg_read_file('backup_label.old') from 'START TIME: (\\S+ \\S+)')::timestamp
    at time zone current_setting('log_timezone');
  owner text := (select pg_get_userbyid(datdba) from pg_database where datname = current_database());
  missing text := (
    select string_agg(name, ', ') from unnest(array[<users>]) as name
    where not exists (select from pg_roles where rolname = name and rolcanlogin)
  );
begin
  raise notice 'the copy of all files was begun at %', begun;
  if begun is null or begun < now() - interval '<oldest> s' then
    raise exception 'the newest copy of all files was begun at %, and has to be younger than <shown>', begun;
  end if;
  if owner <> '<owner>' then
    raise exception 'the database belongs to %, and not to <owner>', owner;
  end if;
  if missing is not null then
    raise exception 'users are missing: %', missing;
  end if;
end
<tag>;
";

/// The query of the spec.
const QUERY: &str = "
-- The query of the spec, with the rights of the owner: one row, which says true.
set local role \"<owner>\";

do <tag>
declare
  holds boolean;
begin
  execute '<query>' into strict holds;
  if holds is not true then
    raise exception 'the query of the spec says %', coalesce(holds::text, 'null');
  end if;
end
<tag>;
";

/// The script for psql. Each of its two halves may take some seconds.
pub(super) fn check(owner: &Name, users: &[&Name], oldest: Duration, query: Option<&str>, seconds: u64) -> String {
    // No text of the spec ends the quotes around it: names are words, and the tag is not part of the query.
    let tag = tag(query.unwrap_or_default());
    let users: Vec<String> = users.iter().map(|user| format!("'{user}'")).collect();
    let words = [
        ("<tag>", tag),
        ("<seconds>", seconds.to_string()),
        ("<oldest>", oldest.seconds().to_string()),
        ("<shown>", oldest.to_string()),
        ("<owner>", owner.to_string()),
        ("<users>", users.join(", ")),
    ];
    let fill = |text: &str| words.iter().fold(text.to_owned(), |text, (word, with)| text.replace(word, with));
    // The query last: its own words stay as they are.
    let query = query.map(|query| fill(QUERY).replace("<query>", &query.replace('\'', "''"))).unwrap_or_default();
    format!("{}{query}commit;\n", fill(DECLARED))
}

/// A quotation mark of PostgreSQL that a text does not have.
fn tag(text: &str) -> String {
    let tags = std::iter::once("$check$".to_owned()).chain((2..).map(|number: u32| format!("$check{number}$")));
    let mut free = tags.filter(|tag| !text.contains(tag.as_str()));
    free.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(query: Option<&str>) -> String {
        let users = ["app", "reports"].map(|user| user.parse::<Name>().unwrap());
        check(&users[0], &users.iter().collect::<Vec<_>>(), "8h".parse().unwrap(), query, 300)
    }

    #[test]
    fn a_query_ends_no_quotes() {
        let text = script(Some("select 'it''s <owner>' = $check$it's$check$"));
        assert!(text.contains("execute 'select ''it''''s <owner>'' = $check$it''s$check$' into strict holds;"), "{text}");
        assert_eq!((text.matches("$check2$").count(), text.matches("do $check2$\n").count()), (4, 2), "{text}");
    }

    #[test]
    fn without_a_query_nothing_runs_as_the_owner() {
        let text = script(None);
        assert!(text.contains("unnest(array['app', 'reports'])") && text.contains("interval '28800 s'"), "{text}");
        assert!(!text.contains("set local role") && text.ends_with("$check$;\ncommit;\n"), "{text}");
    }
}
