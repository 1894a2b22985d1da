//! The sentences of the report of an outage.

use super::{Data, Elsewhere, Entry, Outage, Pods, State, Until, Waits, Writes};
use crate::diagnostic::wording::{Count, plain};

/// Entries in words: "2 apps and 1 store".
fn counted<'e>(entries: impl Iterator<Item = &'e Entry>) -> (usize, String) {
    let (stores, apps): (Vec<&Entry>, Vec<&Entry>) = entries.partition(|entry| entry.engine.is_some());
    let words = [(apps.len(), "app"), (stores.len(), "store")].into_iter().filter(|(count, _)| *count > 0);
    (apps.len() + stores.len(), plain(words.map(|(count, noun)| Count(count, noun).to_string())))
}

/// The first sentences.
pub(super) fn verdict(outage: &Outage) -> String {
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
    let (serving, words) = count(&|entry| entry.state == State::Serves && entry.behind.is_empty());
    if serving > 0 {
        let place = if outage.zone.is_none() { " in other regions" } else { "" };
        parts.push(format!("{words} {} serving{place}", if serving == 1 { "keeps" } else { "keep" }));
    }
    let (jobs, words) = count(&|entry| entry.state == State::BreaksOff && entry.behind.is_empty());
    if jobs > 0 {
        parts.push(format!("{words} {} jobs, which break off", if jobs == 1 { "runs" } else { "run" }));
    }
    let (untouched, words) = count(&|entry| entry.state == State::Untouched && entry.behind.is_empty());
    if untouched > 0 {
        parts.push(format!("{words} {} not affected", if untouched == 1 { "is" } else { "are" }));
    }
    let lost: Vec<&str> = outage.parts.iter().filter(|part| part.is_lost()).map(|part| part.part).collect();
    if !lost.is_empty() {
        parts.push(format!("lost: {}", plain(lost)));
    }
    if parts.is_empty() {
        return "Nothing of the spec runs there.".to_owned();
    }
    let mut sentence = parts.join("; ");
    if let Some((first, rest)) = sentence.split_at_checked(1) {
        sentence = format!("{}{rest}", first.to_uppercase());
    }
    let all = outage.entries.iter().any(|entry| entry.state.is_away()) || outage.parts.iter().any(super::Part::is_lost);
    let accepted = if all && !outage.hit { " The spec accepts what is away." } else { "" };
    format!("{sentence}.{accepted}")
}

/// An entry with its engine.
pub(super) fn named(entry: &Entry) -> String {
    match entry.engine {
        Some(engine) => format!("{} ({engine})", entry.entry),
        None => entry.entry.clone(),
    }
}

/// What happens to an entry that is away or may be; `region` says that a whole region is lost.
pub(super) fn happens(entry: &Entry, region: bool) -> String {
    if region {
        let mut parts = vec!["runs in no other region".to_owned()];
        let until = if ["CronJob", "Job"].contains(&entry.kind) {
            "until the region is back, or `primary` names another one"
        } else {
            "until the region is back"
        };
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
pub(super) fn remarks_elsewhere(entry: &Entry, other: &Elsewhere) -> String {
    let mut parts = Vec::new();
    if let Some(pods) = other.pods {
        if pods.load.is_some() && pods.is_short() {
            parts.push("FEWER than all regions have at the least".to_owned());
        }
        match pods.load {
            Some(load) if load > 100 => {
                let limit = pods.limit.map_or_else(|| "no limit".to_owned(), |limit| format!("limit {limit} %"));
                parts.push(format!("at first {load} % of the requested CPU, {limit}"));
            }
            Some(_) => {}
            None if pods.most.is_some_and(|most| most <= pods.left) => {
                parts.push(format!("each pod gets {} % of its load, and no autoscaler adds one", pods.share))
            }
            None => parts.push(format!("at first each pod gets {} % of its load", pods.share)),
        }
    } else if entry.engine.is_some() {
        parts.push("has data of its own".to_owned());
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
        (Some(_), Some(Writes::Wait)) => "writes wait if too many of its servers are there for another one to take over".to_owned(),
        (Some(pods), _) => {
            format!(
                "away if all {} are there: their spread is preferred and not guaranteed",
                Count(pods.before.try_into().unwrap_or(usize::MAX), "pod")
            )
        }
    }
}

/// What else is to be said of an entry that serves.
pub(super) fn remarks(entry: &Entry, pods: &Pods) -> String {
    let mut parts = Vec::new();
    if entry.writes == Some(Writes::GoOn) && pods.worst < pods.before {
        parts.push("writes go on: another server takes over if theirs is lost".to_owned());
    }
    match entry.data {
        Some(Data::LastTransactions) => parts.push("transactions of the last moments may be lost".to_owned()),
        Some(Data::LastWrites) => parts.push("writes of the last seconds may be lost".to_owned()),
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
