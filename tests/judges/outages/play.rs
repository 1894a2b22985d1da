//! What a play is made of: moments, outages, and targets that say something at each moment.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::fmt::Write as _;

/// What goes wrong.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Outage {
    /// A pod of `payer` crashes again and again.
    CrashLoop,
    /// Some answers of `web` are errors.
    Errors,
    /// `api` answers some requests slowly.
    Slow,
    /// A volume of `orders` is full.
    FullDisk,
    /// No new backup of `orders` is made.
    StaleBackup,
    /// The test that restores `orders` failed.
    FailedTest,
    /// The pods of `web` serve no metrics.
    Unread,
    /// The operator leaves out the receivers of a team.
    Rejected,
    /// Somebody applies files of another environment.
    Refused,
    /// The certificate of the Gateway is not renewed, and expires.
    Certificate,
}

/// A moment of the play.
#[derive(Clone, Debug, Default)]
pub struct Moment {
    /// Seconds since 1970.
    pub now: f64,
    /// Seconds since the play began.
    pub elapsed: f64,
    /// When each outage begins and ends, in seconds since the play began.
    pub outages: Outages,
    /// How bad they are.
    pub degree: Degree,
}

/// How bad outages are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Degree {
    /// The shares of requests that become errors, and that are slow.
    pub errors: f64,
    pub slow: f64,
    /// The seconds that the newest backup is older than the last one before the outage.
    pub late: f64,
}

/// When outages begin and end, in seconds.
pub type Outages = BTreeMap<Outage, (f64, Option<f64>)>;

/// What goes up and down: the share of each cycle, and its seconds.
const CYCLES: [(f64, f64); 3] = [(0.2, 10_800.0), (0.06, 2820.0), (0.04, 780.0)];

/// A number between 0 and 1, always the same for a name.
fn chance(name: &str, number: usize) -> f64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = name.bytes().chain(number.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, step);
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

impl Moment {
    /// Whether it lasts.
    pub fn has(&self, outage: Outage) -> bool {
        self.since(outage).is_some() && self.outages[&outage].1.is_none_or(|end| self.elapsed < end)
    }

    /// The seconds since it began.
    pub fn since(&self, outage: Outage) -> Option<f64> {
        self.outages.get(&outage).map(|(from, _)| self.elapsed - from).filter(|since| *since >= 0.0)
    }

    /// The seconds that it has lasted.
    pub fn lasted(&self, outage: Outage) -> Option<f64> {
        let (from, end) = self.outages.get(&outage)?;
        self.since(outage).map(|since| end.map_or(since, |end| since.min(end - from)))
    }

    /// What a gauge shows that moves about a value.
    pub fn moves(&self, name: &str, about: f64) -> f64 {
        let wave = |(number, (share, seconds)): (usize, &(f64, f64))| share * (TAU * (self.elapsed / seconds + chance(name, number))).sin();
        about * (1.0 + CYCLES.iter().enumerate().map(wave).sum::<f64>())
    }

    /// What a counter is at that grows by about `rate` each second.
    pub fn counts(&self, name: &str, rate: f64) -> f64 {
        counted(name, rate, self.elapsed)
    }

    /// What the same counter has counted within an outage.
    pub fn counts_within(&self, name: &str, rate: f64, outage: Outage) -> f64 {
        let Some(lasted) = self.lasted(outage) else { return 0.0 };
        let from = self.outages[&outage].0;
        counted(name, rate, from + lasted) - counted(name, rate, from)
    }
}

/// A counter at a time: the area below what [`Moment::moves`] shows.
fn counted(name: &str, rate: f64, time: f64) -> f64 {
    let wave = |(number, (share, seconds)): (usize, &(f64, f64))| {
        let start = TAU * chance(name, number);
        share * seconds / TAU * (start.cos() - (TAU * time / seconds + start).cos())
    };
    rate * (time + CYCLES.iter().enumerate().map(wave).sum::<f64>())
}

/// Series with their values.
pub type Series = Vec<(String, f64)>;

/// What a target says at a moment. `None`: it does not answer.
type Say = Box<dyn Fn(&Moment) -> Option<Series> + Send + Sync>;

/// What Prometheus scrapes: the labels of a target, and what it says.
pub struct Target {
    pub labels: BTreeMap<&'static str, String>,
    say: Say,
}

impl Target {
    pub fn new(labels: &[(&'static str, &str)], say: impl Fn(&Moment) -> Option<Series> + Send + Sync + 'static) -> Target {
        Target { labels: labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), say: Box::new(say) }
    }

    /// Its series at a moment.
    pub fn series(&self, moment: &Moment) -> Option<Series> {
        (self.say)(moment)
    }

    /// The answer to a scrape.
    pub fn page(&self, moment: &Moment) -> Option<String> {
        let mut text = String::new();
        for (series, value) in self.series(moment)? {
            let _ = writeln!(text, "{series} {value}");
        }
        Some(text)
    }

    /// A series as Prometheus stores it: with the labels of the target, over which those of the exporter win.
    pub fn stored(&self, series: &str) -> String {
        let (name, own) = series.strip_suffix('}').and_then(|text| text.split_once('{')).unwrap_or((series, ""));
        let known = |label: &str| own.starts_with(&format!("{label}=")) || own.contains(&format!(",{label}="));
        let own = Some(own.to_owned()).filter(|own| !own.is_empty());
        let added = self.labels.iter().filter(|(label, _)| !known(label)).map(|(label, value)| format!("{label}={value:?}"));
        format!("{name}{{{}}}", own.into_iter().chain(added).collect::<Vec<_>>().join(","))
    }
}

/// A metric with labels.
pub fn metric(name: &str, labels: &[(&str, &str)]) -> String {
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
}
