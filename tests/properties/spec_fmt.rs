//! `layout` over specs in every dress: the same meaning, every comment, the same text a second time, the same text whatever the dress was.

use super::fuzz::{Random, corpus};
use super::mutate::{self, Step};
use super::pipeline::make;
use platgen::diagnostic::Diagnostics;
use platgen::source::Sources;
use platgen::spec_fmt::{canonical, same};
use platgen::syntax::{Node, parse};
use serde_json::Value;

fn read(name: &str, text: &str) -> Option<Node> {
    let mut sources = Sources::default();
    let id = sources.add(name, text);
    let mut found = Diagnostics::default();
    parse(&sources, id, &mut found).filter(|_| !found.has_errors())
}

fn lay_out(name: &str, text: &str) -> Result<String, String> {
    let mut sources = Sources::default();
    let id = sources.add(name, text);
    canonical(&sources, id).map_err(|faults| faults.iter().map(|fault| fault.message.clone()).collect())
}

/// What must hold of every text that is laid out; whether it was.
fn holds(name: &str, text: &str) -> bool {
    let Ok(once) = lay_out(name, text) else { return false };
    let (before, after) = (read(name, text).expect("it was read"), read(name, &once).unwrap_or_else(|| panic!("{text}\n=>\n{once}")));
    assert!(same(&before, &after), "another meaning:\n{text}\n=>\n{once}");
    assert_eq!(lay_out(name, &once).as_deref(), Ok(once.as_str()), "a second time:\n{text}");
    assert!(once.is_empty() || once.ends_with('\n') && !once.contains("\n\n\n\n"), "{once}");
    true
}

/// Every spec and every refused one; of those that can be read nearly all can be laid out.
pub(crate) fn the_corpus() {
    let (mut readable, mut done) = (0, 0);
    for (format, bytes) in corpus() {
        let (name, text) = (format!("platform.{format}"), String::from_utf8_lossy(&bytes).into_owned());
        readable += usize::from(read(&name, &text).is_some());
        done += usize::from(holds(&name, &text));
    }
    assert!(readable > 150 && done * 100 > readable * 95, "{done} of {readable}");
}

/// Spoilt texts: whatever can still be read keeps its meaning or is refused.
pub(crate) fn spoilt_texts() {
    let mut random = Random(7);
    let seeds = corpus();
    let mut done = 0;
    for _ in 0..if cfg!(debug_assertions) { 600 } else { 30_000 } {
        let (format, mut bytes) = seeds[random.below(seeds.len())].clone();
        let other = &seeds[random.below(seeds.len())].1;
        super::fuzz::spoil(&mut bytes, other, &mut random);
        done += usize::from(holds(&format!("platform.{format}"), &String::from_utf8_lossy(&bytes)));
    }
    assert!(done > 60, "{done}");
}

/// How a text is dressed.
struct Dress {
    step: usize,
    gap: usize,
    trailing: bool,
    comments: bool,
    single: bool,
    ends: &'static str,
}

struct Writer<'a> {
    dress: &'a Dress,
    random: Random,
    out: Vec<String>,
    comments: usize,
}

impl Writer<'_> {
    fn line(&mut self, indent: usize, text: &str) {
        if self.dress.comments && self.random.below(6) == 0 {
            self.comments += 1;
            self.out.push(format!("{}# c{}", " ".repeat(indent), self.comments));
        }
        for _ in 0..self.random.below(5).saturating_sub(2) {
            self.out.push(if self.dress.trailing { "   ".into() } else { String::new() });
        }
        let mut line = " ".repeat(indent) + text;
        if self.dress.comments && self.random.below(6) == 0 && !text.ends_with("|+") {
            self.comments += 1;
            line += &format!("{}# c{}", " ".repeat(1 + self.random.below(4)), self.comments);
        } else if self.dress.trailing {
            line += "  ";
        }
        self.out.push(line);
    }

    fn scalar(&self, text: &str) -> String {
        let word = text.len() > 5 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        let quotable = text.chars().all(|c| (' '..='~').contains(&c) && !matches!(c, '\\' | '"' | '\''));
        match (word, self.dress.single && quotable) {
            (true, _) => text.to_string(),
            (_, true) => format!("'{text}'"),
            _ => Value::from(text).to_string(),
        }
    }

    fn flow(&self, value: &Value) -> String {
        let (open, between) = if self.dress.gap > 1 { (" ", " , ") } else { ("", ",") };
        match value {
            Value::String(text) => self.scalar(text),
            Value::Array(items) => format!("[{open}{}{open}]", items.iter().map(|item| self.flow(item)).collect::<Vec<_>>().join(between)),
            Value::Object(map) => {
                let pair = |(key, value): (&String, &Value)| format!("{}: {}", self.scalar(key), self.flow(value));
                format!("{{{open}{}{open}}}", map.iter().map(pair).collect::<Vec<_>>().join(between))
            }
            other => other.to_string(),
        }
    }

    fn map(&mut self, value: &Value, indent: usize, depth: usize, first: &str) {
        for (at, (key, value)) in value.as_object().into_iter().flatten().enumerate() {
            let (lead, indent) = if at == 0 { (first, indent - first.len()) } else { ("", indent) };
            self.entry(&format!("{lead}{}:", self.scalar(key)), value, indent, indent + lead.len(), depth);
        }
    }

    /// A key or dash with its value; `column` is where the key itself stands.
    fn entry(&mut self, head: &str, value: &Value, indent: usize, column: usize, depth: usize) {
        let gap = " ".repeat(self.dress.gap);
        match value {
            Value::Object(map) if !map.is_empty() && depth < 4 => {
                self.line(indent, head);
                self.map(value, column + self.dress.step, depth + 1, "");
            }
            Value::Array(items) if !items.is_empty() && depth < 4 => {
                self.line(indent, head);
                let deeper = if self.dress.step > 3 { column } else { column + self.dress.step };
                for item in items {
                    let dash = format!("-{gap}");
                    match item {
                        Value::Object(map) if !map.is_empty() => self.map(item, deeper + dash.len(), depth + 1, &dash),
                        _ => self.line(deeper, &format!("{dash}{}", self.flow(item))),
                    }
                }
            }
            Value::String(text)
                if text.contains('\n')
                    && !text.starts_with([' ', '\n'])
                    && text.chars().all(|c| c == '\n' || c == ' ' || c.is_ascii_graphic()) =>
            {
                self.line(indent, &format!("{head}{gap}|+"));
                for line in text.trim_end_matches('\n').split('\n') {
                    self.out.push(" ".repeat(column + self.dress.step) + line);
                }
                let ends = text.len() - text.trim_end_matches('\n').len();
                self.out.extend(std::iter::repeat_n(String::new(), ends.saturating_sub(1)));
            }
            other => self.line(indent, &format!("{head}{gap}{}", self.flow(other))),
        }
    }
}

fn dressed(tree: &Value, dress: &Dress, seed: u64) -> (String, usize) {
    let mut writer = Writer { dress, random: Random(seed), out: Vec::new(), comments: 0 };
    writer.map(tree, 0, 0, "");
    (writer.out.iter().map(|line| line.clone() + dress.ends).collect(), writer.comments)
}

/// Findings; what was found instead of a value is named with its word or as a text, as its quotes were.
fn said(findings: &[String]) -> Vec<&str> {
    findings.iter().map(|line| line.split(", found ").next().unwrap_or(line)).collect()
}

/// Changed samples, written in many ways.
pub(crate) fn every_dress_comes_off() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/sample/platform.yaml");
    let sample: Value = serde_yaml::from_str(&std::fs::read_to_string(path).expect("the sample")).expect("YAML");
    let mut random = Random(11);
    let (mut rendered, mut compared) = (0, 0);
    for case in 0..if cfg!(debug_assertions) { 60 } else { 600_u32 } {
        let mut tree = sample.clone();
        for _ in 0..random.below(4) {
            let number = |random: &mut Random| random.below(1 << 30) as u32;
            mutate::apply(&mut tree, &Step { what: number(&mut random) as u8, at: number(&mut random), other: number(&mut random) });
        }
        let mut forms = Vec::new();
        for comments in [true, false, false] {
            let dress = Dress {
                step: 1 + random.below(6),
                gap: 1 + random.below(3),
                trailing: random.below(2) == 0,
                comments,
                single: random.below(2) == 0,
                ends: if random.below(4) == 0 { "\r\n" } else { "\n" },
            };
            // The blank lines and comments of a case are the same in each of its dresses.
            let (text, count) = dressed(&tree, &dress, u64::from(case) + 1);
            if read("platform.yaml", &text).is_none() {
                continue;
            }
            assert!(holds("platform.yaml", &text), "{:?}\n{text}", lay_out("platform.yaml", &text));
            let form = lay_out("platform.yaml", &text).expect("it holds");
            let kept: Vec<usize> = form.split("# c").skip(1).filter_map(|rest| rest.lines().next()?.parse().ok()).collect();
            assert_eq!(kept, (1..=count).collect::<Vec<_>>(), "comments:\n{text}\n=>\n{form}");
            if case % 15 == 0 {
                let (a, b) = (make(&[("platform.yaml", &text)]), make(&[("platform.yaml", &form)]));
                assert_eq!((said(&a.findings), &a.files), (said(&b.findings), &b.files), "{text}\n=>\n{form}");
                rendered += usize::from(a.files.is_some());
            }
            if !comments {
                forms.push(form);
            }
        }
        if let [one, other] = &forms[..] {
            assert_eq!(one, other, "two dresses of one text");
            compared += 1;
        }
    }
    assert!(rendered > 2 && compared > 40, "{rendered} rendered, {compared} compared");
}
