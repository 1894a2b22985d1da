//! Who may talk to whom as text: the differences, the answer to a question, then every pair; for a terminal or as Markdown.

use super::{Also, Answer, Cause, Layer, Pair, Reach};
use crate::analysis::page::{Page, Style};
use crate::diagnostic::wording::Count;

/// The text of the clusters of a platform.
pub fn report(all: &[Reach], style: Style) -> String {
    let texts: Vec<String> = all.iter().map(|reach| text(reach, style)).collect();
    texts.join("\n")
}

fn text(reach: &Reach, style: Style) -> String {
    let mut page = Page::new(style);
    let place = format!("{}/{}", reach.environment, reach.region);
    if let Some(answer) = &reach.answer {
        page.title(&format!("{place}: {} to {}", answer.pair.from, answer.pair.to));
        page.answer(answer);
        return page.text;
    }
    page.title(&format!("{place}: who may talk to whom"));
    page.line(&verdict(reach));
    page.differences(reach);
    page.pairs(reach);
    page.also(reach);
    if !reach.unjudged.is_empty() {
        page.heading("Not judged");
        reach.unjudged.iter().for_each(|line| page.item(0, line));
    }
    page.text
}

fn verdict(reach: &Reach) -> String {
    let blocked = reach.pairs.iter().filter(|pair| !pair.blocked.is_empty()).count();
    let undeclared = reach.pairs.iter().filter(|pair| !pair.undeclared.is_empty()).count();
    let also = reach.pairs.iter().filter(|pair| pair.also.is_some()).count();
    match (blocked, undeclared) {
        (0, 0) if also == 0 => "Every declared flow is open, and nothing else is.".to_owned(),
        (0, 0) => {
            let (pairs, verb) = (Count(also, "pair"), if also == 1 { "is" } else { "are" });
            format!("Every declared flow is open. {pairs} {verb} open on ports of no flow, which policies can't close.")
        }
        _ => format!("DIFFERENCES: {} blocked, {undeclared} open that nobody declared.", Count(blocked, "declared flow")),
    }
}

impl Layer {
    /// The name for it.
    pub fn name(self) -> &'static str {
        match self {
            Layer::Egress => "policies of the caller",
            Layer::Ingress => "policies of the callee",
            Layer::Firewall => "firewall between subnets",
        }
    }
}

impl Page {
    fn differences(&mut self, reach: &Reach) {
        let undeclared: Vec<&Pair> = reach.pairs.iter().filter(|pair| !pair.undeclared.is_empty()).collect();
        if !undeclared.is_empty() {
            self.heading("Open, and nobody declared it");
            for pair in undeclared {
                self.item(0, &format!("{} to {}: {}", pair.from, pair.to, pair.undeclared.join(", ")));
                if !pair.allowed_by.is_empty() {
                    self.item(1, &format!("allowed by {}", pair.allowed_by.join(", ")));
                }
            }
        }
        let blocked: Vec<&Pair> = reach.pairs.iter().filter(|pair| !pair.blocked.is_empty()).collect();
        if !blocked.is_empty() {
            self.heading("Declared, and blocked");
            for pair in blocked {
                self.item(0, &format!("{} to {}", pair.from, pair.to));
                for one in &pair.blocked {
                    self.item(1, &format!("{}, {}: {}", one.ports.join(", "), one.layer.name(), one.reason));
                }
                self.declared(pair, 1);
            }
        }
    }

    fn declared(&mut self, pair: &Pair, depth: usize) {
        for flow in &pair.declared {
            let place = flow.place.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
            self.item(depth, &format!("declared: {} ({}{place})", flow.why, flow.ports.join(", ")));
        }
    }

    fn pairs(&mut self, reach: &Reach) {
        let is_told = |pair: &&Pair| !pair.declared.is_empty() || !pair.undeclared.is_empty();
        let is_routine = |pair: &&Pair| pair.undeclared.is_empty() && pair.declared.iter().all(|flow| flow.place.is_none());
        let (routine, told): (Vec<&Pair>, Vec<&Pair>) = reach.pairs.iter().filter(is_told).partition(is_routine);
        if !told.is_empty() {
            self.heading("May talk");
            let row = |pair: &&Pair| {
                let why = pair.declared.iter().filter_map(|flow| Some(format!("{} ({})", flow.why, flow.place.as_ref()?)));
                let why: Vec<String> = why.collect();
                let why = if why.is_empty() { "NOT DECLARED".to_owned() } else { why.join("; ") };
                let ports = if pair.declared.is_empty() { &pair.undeclared } else { &pair.declared_open };
                let open = if ports.is_empty() { "BLOCKED".to_owned() } else { ports.join(", ") };
                [pair.from.clone(), pair.to.clone(), open, why]
            };
            let rows: Vec<[String; 4]> = told.iter().map(row).collect();
            self.table(["from", "to", "ports", "declared by"], &rows);
            if self.style == Style::Markdown {
                self.text.push('\n');
            }
        }
        if !routine.is_empty() {
            self.item(0, &format!("names: resolved at dns, by {}", Count(routine.len(), "workload")));
        }
    }

    /// What is open without a flow, callers and callees of the same cause in one row.
    fn also(&mut self, reach: &Reach) {
        let mut rows: Vec<(Vec<&str>, &str, &Also)> = Vec::new();
        for pair in &reach.pairs {
            let Some(also) = &pair.also else { continue };
            match rows.iter_mut().find(|(_, to, known)| *to == pair.to && *known == also) {
                Some((callers, _, _)) => callers.push(&pair.from),
                None => rows.push((vec![&pair.from], &pair.to, also)),
            }
        }
        if rows.is_empty() {
            return;
        }
        self.heading("Open, and policies can't close it");
        for (callers, to, also) in rows {
            self.item(0, &format!("{to}, {}: {}", also.ports.join(", "), also.reason));
            self.item(1, &format!("from {}", callers.join(", ")));
        }
    }

    fn answer(&mut self, answer: &Answer) {
        let pair = &answer.pair;
        self.line(&match (answer.reaches, &pair.declared[..], pair.undeclared.is_empty()) {
            (true, [], true) => format!("Yes, on {}. No flow declares it.", pair.open.join(", ")),
            (true, _, true) if pair.declared_open.is_empty() => format!("Yes, on {}, and on no declared port.", pair.open.join(", ")),
            (true, _, true) if pair.also.is_some() => {
                format!("Yes, on {}; declared is {}.", pair.open.join(", "), pair.declared_open.join(", "))
            }
            (true, [], _) => format!("Yes, on {}, though nobody declared it.", pair.open.join(", ")),
            (true, _, false) => format!("Yes, on {}; nobody declared {}.", pair.open.join(", "), pair.undeclared.join(", ")),
            (true, _, true) => format!("Yes, on {}.", pair.open.join(", ")),
            (false, [], _) => "No, and nobody declared it.".to_owned(),
            (false, _, _) => "No, though it is declared.".to_owned(),
        });
        if let Some(also) = &pair.also {
            let what = match also.cause {
                Cause::SharedAddresses => "policies know it by its addresses alone",
                Cause::NoPolicy => "not judged",
            };
            self.item(0, &format!("{}: {what}; {}", also.ports.join(", "), also.reason));
        }
        self.declared(pair, 0);
        if !answer.allowed_by.is_empty() {
            self.item(0, &format!("allowed by {}", answer.allowed_by.join(", ")));
        }
        for one in &answer.lacks {
            self.item(0, &format!("{}: {}", one.layer.name(), one.reason));
        }
        if let Some(remedy) = &answer.remedy {
            self.item(0, &format!("to change it: {remedy}"));
        }
    }
}
