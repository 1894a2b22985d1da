//! An outage as text: the verdict, what is away and who stands behind it, what serves with how many pods, then the rest; for a terminal or as Markdown.

use super::{Data, Elsewhere, Entry, Outage, Pods, Standing, State, Until, Waits, Writes};
use crate::analysis::page::{Page, Style};
use crate::diagnostic::wording::{Count, plain};

/// The text of an outage.
pub fn report(outage: &Outage, style: Style) -> String {
    let mut page = Page::new(style);
    let place = format!("{}/{}", outage.environment, outage.region);
    page.title(&match &outage.zone {
        Some(zone) => format!("{place} without {zone}"),
        None => format!("{} without {}", outage.environment, outage.region),
    });
    page.line(&verdict(outage));
    page.away(outage);
    page.serving(outage);
    page.jobs(outage);
    page.rooms(outage);
    page.parts(outage);
    page.advice(outage);
    page.limits(outage);
    page.text
}

/// Entries in words: "2 apps and 1 store".
fn counted<'e>(entries: impl Iterator<Item = &'e Entry>) -> (usize, String) {
    let (stores, apps): (Vec<&Entry>, Vec<&Entry>) = entries.partition(|entry| entry.engine.is_some());
    let words = [(apps.len(), "app"), (stores.len(), "store")].into_iter().filter(|(count, _)| *count > 0);
    (apps.len() + stores.len(), plain(words.map(|(count, noun)| Count(count, noun).to_string())))
}

/// The first sentences.
fn verdict(outage: &Outage) -> String {
    let count = |holds: &dyn Fn(&Entry) -> bool| counted(outage.entries.iter().filter(|entry| holds(entry)));
    let mut parts = Vec::new();
    let (stops, words) = count(&|entry| entry.state == State::Stops);
    if stops > 0 {
        parts.push(format!("{words} {}", if stops == 1 { "stops" } else { "stop" }));
    }
    let (may, words) = count(&|entry| entry.state == State::MayStop);
    if may > 0 {
        parts.push(format!("{words} may be away"));
    }
    let (behind, words) = count(&|entry| !entry.state.is_away() && !entry.behind.is_empty());
    if behind > 0 {
        let them = if stops + may == 1 { "it" } else { "them" };
        parts.push(format!("{words} behind {them} {} in part", if behind == 1 { "works" } else { "work" }));
    }
    let (serving, words) = count(&|entry| matches!(entry.state, State::Serves | State::Untouched) && entry.behind.is_empty());
    if serving > 0 {
        let place = if outage.zone.is_none() { " in other regions" } else { "" };
        parts.push(format!("{words} {} serving{place}", if serving == 1 { "keeps" } else { "keep" }));
    }
    let lost: Vec<&str> = outage.parts.iter().filter(|part| part.is_lost()).map(|part| part.part).collect();
    if !lost.is_empty() {
        parts.push(format!("lost: {}", plain(lost)));
    }
    let mut sentence = parts.join("; ");
    if let Some(first) = sentence.get(..1) {
        sentence = format!("{}{}", first.to_uppercase(), &sentence[1..]);
    }
    let all = outage.entries.iter().any(|entry| entry.state.is_away()) || outage.parts.iter().any(super::Part::is_lost);
    let accepted = if all && !outage.hit { " The spec accepts what is away." } else { "" };
    format!("{sentence}.{accepted}")
}

impl Page {
    /// What is away, and who stands behind it.
    fn away(&mut self, outage: &Outage) {
        let away: Vec<&Entry> = outage.entries.iter().filter(|entry| entry.state.is_away()).collect();
        if away.is_empty() {
            return;
        }
        self.heading("Away");
        for entry in away {
            self.item(0, &format!("{}: {}", named(entry), happens(entry, outage.zone.is_none())));
            if !entry.hosts.is_empty() {
                self.item(1, &format!("answers at {}", plain(&entry.hosts)));
            }
            let (mut direct, mut others) = (Vec::new(), Vec::new());
            for follower in &outage.entries {
                let answers = if follower.hosts.is_empty() { String::new() } else { format!(" ({})", follower.hosts.join(", ")) };
                match follower.behind.iter().find(|behind| behind.lost == entry.entry) {
                    Some(behind) if behind.through.is_none() => direct.push(format!("{}{answers}", follower.entry)),
                    Some(behind) => {
                        let through = behind.through.as_deref().unwrap_or_default();
                        others.push(format!("{}{answers} through {through}", follower.entry));
                    }
                    None => {}
                }
            }
            if !direct.is_empty() {
                self.item(1, &format!("called by {}", direct.join(", ")));
            }
            if !others.is_empty() {
                self.item(1, &format!("behind these: {}", others.join(", ")));
            }
            if let Some(reason) = &entry.accepted {
                self.item(1, &format!("accepted: {reason}"));
            }
        }
    }

    /// What other regions run as well.
    fn elsewhere(&mut self, outage: &Outage) {
        let there: Vec<(&Entry, &Elsewhere)> = outage.entries.iter().filter_map(|entry| Some((entry, entry.elsewhere.as_ref()?))).collect();
        if there.is_empty() {
            return;
        }
        self.heading("Runs in other regions");
        let rows: Vec<[String; 5]> = there
            .into_iter()
            .map(|(entry, other)| {
                let [before, left, most] = match other.before {
                    0 => ["-"; 3].map(str::to_owned),
                    before => [before.to_string(), other.left.to_string(), other.most.to_string()],
                };
                [entry.entry.clone(), before, left, most, remarks_elsewhere(entry, other)]
            })
            .collect();
        self.table(["", "pods of all", "left", "left at most", ""], &rows);
        if self.style == Style::Markdown {
            self.text.push('\n');
        }
    }

    /// What serves, with how many pods.
    fn serving(&mut self, outage: &Outage) {
        if outage.zone.is_none() {
            self.elsewhere(outage);
            return;
        }
        let rows: Vec<[String; 6]> = outage
            .entries
            .iter()
            .filter(|entry| entry.state == State::Serves)
            .filter_map(|entry| {
                let pods = entry.pods?;
                let before = if pods.most > pods.before { format!("{}..{}", pods.before, pods.most) } else { pods.before.to_string() };
                let numbers = [before, pods.worst.to_string(), pods.even.to_string(), pods.after.to_string()];
                let [before, worst, even, after] = numbers;
                Some([entry.entry.clone(), before, worst, even, after, remarks(entry, &pods)])
            })
            .collect();
        let everywhere: Vec<&str> =
            outage.entries.iter().filter(|entry| entry.state == State::Serves && entry.pods.is_none()).map(|entry| entry.entry.as_str()).collect();
        let untouched: Vec<&str> =
            outage.entries.iter().filter(|entry| entry.state == State::Untouched).map(|entry| entry.entry.as_str()).collect();
        if rows.is_empty() && everywhere.is_empty() && untouched.is_empty() {
            return;
        }
        self.heading("Keeps serving");
        if !rows.is_empty() {
            self.table(["", "pods", "left at worst", "if even", "again", ""], &rows);
            if self.style == Style::Markdown {
                self.text.push('\n');
            }
        }
        if !everywhere.is_empty() {
            self.item(0, &format!("on every node that is left: {}", everywhere.join(", ")));
        }
        if !untouched.is_empty() {
            self.item(0, &format!("not in this zone: {}", untouched.join(", ")));
        }
    }

    fn jobs(&mut self, outage: &Outage) {
        let jobs: Vec<&str> =
            outage.entries.iter().filter(|entry| entry.state == State::BreaksOff).map(|entry| entry.entry.as_str()).collect();
        if !jobs.is_empty() {
            self.heading("Jobs");
            self.item(0, &jobs.join(", "));
            let said = "a run whose pod is there breaks off; another pod follows once its node is removed, at most twice, and the schedule starts no \
                        further run before";
            self.item(1, said);
        }
    }

    fn rooms(&mut self, outage: &Outage) {
        if outage.zone.is_none() || outage.zones_left.is_empty() {
            return;
        }
        self.heading("Room");
        let Some(rooms) = &outage.rooms else {
            self.item(0, "the nodes of this cluster are not part of the spec: whether lost pods find room is not known");
            return;
        };
        let rows: Vec<[String; 5]> = rooms
            .iter()
            .map(|room| [room.pool.clone(), room.nodes.to_string(), room.left.to_string(), room.waiting.to_string(), room.waiting_at_most.to_string()])
            .collect();
        self.table(["pool", "nodes at most", "in the zones left", "pods without room", "with autoscalers at their maximum"], &rows);
        if self.style == Style::Markdown {
            self.text.push('\n');
        }
    }

    fn parts(&mut self, outage: &Outage) {
        if outage.parts.is_empty() {
            return;
        }
        self.heading("Network and cluster");
        for part in &outage.parts {
            let standing = match part.standing {
                Standing::Works => "works",
                Standing::Manual => "BY HAND",
                Standing::Lost => "LOST",
                Standing::Unknown => "not known",
            };
            self.item(0, &format!("{}: {standing}; {}", part.part, part.note));
            if !part.entries.is_empty() && part.standing != Standing::Works {
                self.item(1, &part.entries.join(", "));
            }
        }
    }

    fn advice(&mut self, outage: &Outage) {
        if outage.advice.is_empty() {
            return;
        }
        self.heading("What to change in the spec");
        for advice in &outage.advice {
            self.item(0, &advice.line);
            let entries = if advice.entries.is_empty() { String::new() } else { format!(" ({})", advice.entries.join(", ")) };
            self.item(1, &format!("{}{entries}", advice.why));
        }
    }

    fn limits(&mut self, outage: &Outage) {
        self.heading("What the numbers say");
        if outage.zone.is_some() {
            self.item(0, "at worst: as the scheduler may have placed the pods while another zone was away; restarting an app spreads it evenly again");
            self.item(0, "an autoscaler that removes pods does not look at zones: after that, nothing is guaranteed until the next rollout");
            self.item(0, "room counts requests on whole machines: what nodes keep for the system and what add-ons use comes on top");
        }
        if outage.zone.is_none() {
            self.item(0, "pods are counted with autoscalers at their minimum, at most with autoscalers at their maximum as far as nodes have room");
            self.item(0, "the use of CPU is that of the target of the autoscaler in every region, until there are more pods");
        } else {
            self.item(0, "which calls an app can do without is not known: whoever calls what is away works in part");
        }
    }
}

/// An entry with its engine.
fn named(entry: &Entry) -> String {
    match entry.engine {
        Some(engine) => format!("{} ({engine})", entry.entry),
        None => entry.entry.clone(),
    }
}

/// What happens to an entry that is away or may be; `region` says that a whole region is lost.
fn happens(entry: &Entry, region: bool) -> String {
    if region {
        let mut parts = vec!["runs in no other region".to_owned()];
        let until = if ["CronJob", "Job"].contains(&entry.kind) { "until the region is back, or `primary` names another one" } else { "until the region is back" };
        parts.push(until.to_owned());
        parts.extend(data_elsewhere(entry));
        return parts.join("; ");
    }
    let mut parts = vec![cause(entry)];
    let held = entry.data == Some(Data::Away);
    parts.extend(match (entry.until, entry.pods.and_then(|pods| pods.waits)) {
        (Some(Until::Replaced), _) => Some("until another pod runs in another zone".to_owned()),
        (Some(Until::Back), _) if held => Some("until the zone is back, as its volume does not leave it".to_owned()),
        (Some(Until::Back), Some(Waits::Room)) => Some("until there is room on a node".to_owned()),
        (Some(Until::Back), Some(Waits::Spread)) => Some("until a second zone has nodes".to_owned()),
        (Some(Until::Back), _) => Some("until the zone is back".to_owned()),
        (None, _) => None,
    });
    if entry.data == Some(Data::Lost) {
        parts.push("ITS CONTENT IS LOST, as no volume keeps it".to_owned());
    }
    parts.join("; ")
}

/// What becomes of the data of a lost region.
fn data_elsewhere(entry: &Entry) -> Option<String> {
    match (entry.data?, &entry.brought_back) {
        (Data::Lost, _) => Some("what it held there is lost, as no volume keeps it".to_owned()),
        (_, Some(how)) => Some(format!("its data is on volumes there; without them it is brought back by {how}")),
        (_, None) => None,
    }
}

/// What else is to be said of an entry that other regions run.
fn remarks_elsewhere(entry: &Entry, other: &Elsewhere) -> String {
    let mut parts = Vec::new();
    if other.is_short() {
        parts.push("FEWER than all regions need at the least".to_owned());
    }
    if let Some(load) = other.load.filter(|load| *load > 100) {
        let limit = other.limit.map_or_else(|| "no limit".to_owned(), |limit| format!("limit {limit} %"));
        parts.push(format!("at first {load} % of the requested CPU, {limit}"));
    }
    parts.extend(data_elsewhere(entry));
    parts.join("; ")
}

fn cause(entry: &Entry) -> String {
    let stops = entry.state == State::Stops;
    match (entry.pods, entry.writes) {
        (None, _) => "all its nodes are there".to_owned(),
        (Some(pods), _) if pods.before == 1 && !stops => "away if its only pod is there".to_owned(),
        (_, _) if stops => "all its nodes are there".to_owned(),
        (Some(_), Some(Writes::Wait)) => {
            "writes wait if too many of its servers are there for another one to take over".to_owned()
        }
        (Some(pods), _) => {
            format!("away if all {} are there: their spread is preferred and not guaranteed", Count(pods.before.try_into().unwrap_or(usize::MAX), "pod"))
        }
    }
}

/// What else is to be said of an entry that serves.
fn remarks(entry: &Entry, pods: &Pods) -> String {
    let mut parts = Vec::new();
    if entry.writes == Some(Writes::GoOn) && pods.worst < pods.before {
        parts.push("writes go on: another server takes over if theirs is lost".to_owned());
    }
    match entry.data {
        Some(Data::LastTransactions) => parts.push("transactions of the last moments may be lost".to_owned()),
        Some(Data::Lost) => parts.push("what lost pods held is lost".to_owned()),
        Some(Data::Away) => parts.push("volumes of the zone are away until it is back".to_owned()),
        Some(Data::Kept) | None => {}
    }
    match pods.waits {
        Some(Waits::Room) => parts.push("NO ROOM for the others".to_owned()),
        Some(Waits::Spread) => parts.push("the others wait for a second zone".to_owned()),
        Some(Waits::Zone) | None => {}
    }
    if !entry.behind.is_empty() {
        parts.push("works in part".to_owned());
    }
    parts.join("; ")
}
