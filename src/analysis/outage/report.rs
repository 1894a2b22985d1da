//! An outage as text: the verdict, what is away and who stands behind it, what serves with how many pods, then the rest; for a terminal or as Markdown.

use super::room::MOST;
use super::words::{happens, named, remarks, remarks_elsewhere, verdict};
use super::{Advice, Elsewhere, Entry, Outage, Standing, State};
use crate::analysis::page::{Page, Style};
use crate::diagnostic::wording::plain;

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
        let rows: Vec<[String; 6]> = there
            .iter()
            .map(|(entry, other)| {
                let [before, left, most] = match other.pods {
                    None => ["-"; 3].map(str::to_owned),
                    Some(pods) => [Some(pods.before), Some(pods.left), pods.most].map(counted),
                };
                [entry.entry.clone(), other.regions.join(", "), before, left, most, remarks_elsewhere(entry, other)]
            })
            .collect();
        self.table(["", "runs in", "pods of all", "left", "left at most", ""], &rows);
        if there.iter().any(|(_, other)| other.pods.is_some_and(|pods| pods.most.is_none())) {
            self.uncounted();
        }
    }

    /// Says below a table why it lacks a number.
    fn uncounted(&mut self) {
        self.end_table();
        self.item(0, &format!("there are more than {MOST} pods: whether they find room is not counted"));
    }

    /// What serves, with how many pods.
    fn serving(&mut self, outage: &Outage) {
        let untouched: Vec<&str> =
            outage.entries.iter().filter(|entry| entry.state == State::Untouched).map(|entry| entry.entry.as_str()).collect();
        if outage.zone.is_none() {
            self.elsewhere(outage);
            if !untouched.is_empty() {
                self.heading("Without pods");
                self.item(0, &untouched.join(", "));
            }
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
        let everywhere: Vec<&str> = outage
            .entries
            .iter()
            .filter(|entry| entry.state == State::Serves && entry.pods.is_none())
            .map(|entry| entry.entry.as_str())
            .collect();
        if rows.is_empty() && everywhere.is_empty() && untouched.is_empty() {
            return;
        }
        self.heading("Keeps serving");
        if !rows.is_empty() {
            self.table(["", "pods", "left at worst", "if even", "again", ""], &rows);
            self.end_table();
        }
        if !everywhere.is_empty() {
            self.item(0, &format!("on every node that is left: {}", everywhere.join(", ")));
        }
        if !untouched.is_empty() {
            self.item(0, &format!("not in this zone, or without pods: {}", untouched.join(", ")));
        }
    }

    fn jobs(&mut self, outage: &Outage) {
        let jobs: Vec<&str> =
            outage.entries.iter().filter(|entry| entry.state == State::BreaksOff).map(|entry| entry.entry.as_str()).collect();
        if !jobs.is_empty() {
            self.heading("Jobs");
            self.item(0, &jobs.join(", "));
            let said = "a run whose pod is there breaks off; another pod follows once its node is removed, as often as the `backoffLimit` of the \
                        job allows, and the schedule starts no further run before";
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
            .map(|room| {
                [room.pool.clone(), room.nodes.to_string(), room.left.to_string(), counted(room.waiting), counted(room.waiting_at_most)]
            })
            .collect();
        self.table(["pool", "nodes at most", "in the zones left", "pods without room", "with autoscalers at their most"], &rows);
        if rooms.iter().any(|room| room.waiting_at_most.is_none()) {
            self.uncounted();
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
        // Lines with the same reason stand together.
        let mut groups: Vec<(&str, Vec<&Advice>)> = Vec::new();
        for advice in &outage.advice {
            match groups.last_mut() {
                Some((why, lines)) if *why == advice.why => lines.push(advice),
                _ => groups.push((&advice.why, vec![advice])),
            }
        }
        for (why, lines) in groups {
            lines.iter().for_each(|advice| self.item(0, &advice.line));
            let entries: Vec<&str> = match lines[..] {
                [only] => only.entries.iter().map(String::as_str).collect(),
                _ => Vec::new(),
            };
            let entries = if entries.is_empty() { String::new() } else { format!(" ({})", entries.join(", ")) };
            self.item(1, &format!("{why}{entries}"));
        }
    }

    fn limits(&mut self, outage: &Outage) {
        self.heading("What the numbers say");
        if outage.zone.is_some() {
            self.item(0, "at worst: as the scheduler may have placed the pods while another zone was away; restarting an app spreads it evenly again");
            self.item(
                0,
                "an autoscaler that removes pods does not look at zones: after that, nothing is guaranteed until the next rollout",
            );
            self.item(0, "room counts requests on whole machines: what nodes keep for the system and what add-ons use comes on top");
        }
        if outage.zone.is_none() {
            self.item(
                0,
                "pods are counted with autoscalers at their minimum, at most with autoscalers at their maximum as far as nodes have room",
            );
            self.item(0, "the use of CPU is that of the target of the autoscaler in every region, until there are more pods");
        } else {
            self.item(0, "which calls an app can do without is not known: whoever calls what is away works in part");
        }
    }
}

/// A number of pods that may not be counted.
fn counted(pods: Option<u32>) -> String {
    pods.map_or_else(|| "not counted".to_owned(), |pods| pods.to_string())
}
