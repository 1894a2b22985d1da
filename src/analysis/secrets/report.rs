//! The secrets of clusters as text: each with its readers, then the copies in the cluster; for a terminal or as Markdown.

use super::{Effect, Held, Secret, Secrets, Use};
use crate::analysis::page::{Page, Style};
use crate::diagnostic::wording::plain;
use std::collections::BTreeSet;

/// The text of the clusters of a platform.
pub fn report(all: &[Secrets], style: Style) -> String {
    let texts: Vec<String> = all.iter().map(|secrets| text(secrets, style)).collect();
    texts.join("\n")
}

fn text(secrets: &Secrets, style: Style) -> String {
    let mut page = Page::new(style);
    page.title(&format!("{}/{}: secrets", secrets.environment, secrets.region));
    page.unjudged(&secrets.unjudged);
    if secrets.secrets.is_empty() {
        page.line("Nothing reads a secret.");
        return page.text;
    }
    page.line(&secrets.manager);
    page.heading("Who reads them");
    let rows: Vec<[String; 5]> = secrets.secrets.iter().flat_map(rows).collect();
    page.table(["path", "key", "read by", "as", "a new value"], &rows);
    page.end_table();
    page.effects(secrets);
    page.heading("Copies in the cluster");
    let rows: Vec<[String; 4]> = secrets.copies.iter().map(copied).collect();
    page.table(["Secret", "fetched every", "with the identity of", "may be read by"], &rows);
    page.end_table();
    if let Some(administrator) = &secrets.administrator {
        let (takers, role) = (administrator.takers(), &administrator.role);
        page.item(0, &format!("all of them: {takers}, with the role {role} of AWS, which does everything in the cluster"));
    }
    page.text
}

/// A row for each reader; one for all objects of a namespace that name the logins of a registry.
fn rows(secret: &Secret) -> Vec<[String; 5]> {
    let key = secret.key.clone().unwrap_or_else(|| "the whole value".to_owned());
    let row = |one: &Use| {
        let container = one.container.as_ref().map(|container| format!(" {container}")).unwrap_or_default();
        let reader = match one.effect {
            Effect::NextPull => format!("pods in {}", one.object.split('/').nth(1).unwrap_or_default()),
            _ => format!("{}{container}", one.object),
        };
        [secret.path.clone(), key.clone(), reader, one.name.clone(), one.effect.words().to_owned()]
    };
    if secret.uses.is_empty() {
        return vec![[secret.path.clone(), key, "NOBODY".to_owned(), String::new(), String::new()]];
    }
    let mut rows: Vec<[String; 5]> = secret.uses.iter().map(row).collect();
    rows.sort();
    rows.dedup();
    rows
}

fn copied(copy: &Held) -> [String; 4] {
    let identity = match (&copy.account, &copy.role) {
        (Some(account), Some(role)) => format!("{account} ({})", role.rsplit('/').next().unwrap_or(role)),
        (Some(account), None) => account.clone(),
        (None, _) => "its store".to_owned(),
    };
    let readers = if copy.read_by.is_empty() { "nobody else".to_owned() } else { plain(&copy.read_by) };
    [copy.object.clone(), copy.interval.clone(), identity, readers]
}

impl Effect {
    /// The words in the table.
    fn words(self) -> &'static str {
        match self {
            Effect::Restart => "restart",
            Effect::File => "live",
            Effect::NextStart => "next start",
            Effect::NextRun => "next run",
            Effect::NextPull => "next pull",
            Effect::Controller => "controller",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Effect::Restart => "Reloader restarts the pods, where it runs; without Reloader, when they start next",
            Effect::File => "the file changes within two minutes; the program has to read it again",
            Effect::NextStart => "when the container starts next",
            Effect::NextRun => "when the job runs next",
            Effect::NextPull => "when an image is pulled next",
            Effect::Controller => "the controller of the object takes it; of a store, the README.md of the region says how",
        }
    }
}

impl Page {
    /// What the words of the last column mean.
    fn effects(&mut self, secrets: &Secrets) {
        let used: BTreeSet<Effect> = secrets.secrets.iter().flat_map(|secret| &secret.uses).map(|one| one.effect).collect();
        for effect in used {
            self.item(0, &format!("{}: {}", effect.words(), effect.meaning()));
        }
    }
}
