//! `environments.NAME.night`: when an environment has no nodes, and which scheduled apps run only then.

use super::EnvironmentResolver;
use super::names::{EntrySpec, Names};
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::facts;
use crate::model::{Kind, Night, Platform};
use crate::syntax::Field;
use crate::value::{Schedule, WEEK};

/// The time zone of schedules that name none.
pub(super) const UTC: &str = "Etc/UTC";

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

impl EnvironmentResolver<'_> {
    /// The night of the environment. Reports one that the environment can't have, and scheduled apps that run only then.
    pub(super) fn night(&mut self, platform: &Platform, names: &Names) -> Option<Night> {
        let environment = self.own_environment()?;
        let (night, at) = environment.night.spanned()?;
        if platform.protected {
            let message = "`night` ends every node, and what runs in a protected environment has to be there at any time";
            self.contradiction(message, at, environment.protected.span());
            return None;
        }
        if !self.on_aws() {
            self.not_rendered("night", at);
            return None;
        }
        self.check_timezone(&night.timezone);
        let (stop, start) = (self.require(&night.stop, "stop", at), self.require(&night.start, "start", at));
        let (stop, start) = (stop?, start?);
        for (schedule, at) in [night.stop.spanned()?, night.start.spanned()?].into_iter().filter(|(schedule, _)| schedule.has_dates()) {
            let message = format!("`{schedule}` names days of the month or months, and a night is the same every week");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("write `*` for both, such as `0 20 * * 1-5`"));
        }
        let (stops, starts) = (stop.week(), start.week());
        if let Some(both) = (0..WEEK).find(|minute| stops[*minute] && starts[*minute]) {
            let (day, hour, minute) = (WEEKDAYS[both / (24 * 60)], both % (24 * 60) / 60, both % 60);
            let message = format!("the nodes end and start at the same time, on {day} at {hour:02}:{minute:02}");
            self.contradiction(message, night.start.span()?, night.stop.span());
            return None;
        }
        let timezone = night.timezone.get().map_or(UTC, String::as_str);
        if night.timezone.is_missing() {
            let at = format!("environments.{}.night", self.environment);
            self.record(|| (format!("{at}.timezone"), timezone, format!("{at}: UTC unless `timezone` is set")));
        }
        let asleep = asleep(&stops, &starts);
        self.night_runs(names, &asleep, timezone);
        self.night_tests(platform, &asleep, timezone);
        Some(Night { stop: stop.in_figures(), start: start.in_figures(), timezone: timezone.to_owned() })
    }

    /// Warns of scheduled apps whose every run is in the night. Those of another time zone are not judged: the distance of two zones changes in a year.
    fn night_runs(&mut self, names: &Names, asleep: &[bool], timezone: &str) {
        for entry in names.iter().filter(|entry| entry.absent.is_none()) {
            let EntrySpec::App(app) = &entry.spec else { continue };
            let Some((schedule, at)) = app.schedule.spanned() else { continue };
            if app.timezone.get().map_or(UTC, String::as_str) == timezone
                && schedule.week().iter().zip(asleep).all(|(runs, asleep)| !runs || *asleep)
            {
                let message = format!(
                    "every run of `{}` is in the night of `{}`: its pod waits for a node until `night.start`, or until its `deadline`",
                    entry.display(),
                    self.environment
                );
                let help = format!(
                    "choose another time there with `environments: {{{0}: {{schedule: ...}}}}`, or leave the app out of `{0}` with `only`",
                    self.environment
                );
                self.tell(Diagnostic::new(Code::NightRun, message).at(at).help(help));
            }
        }
    }

    /// Warns of restore tests whose every run is in the night.
    fn night_tests(&mut self, platform: &Platform, asleep: &[bool], timezone: &str) {
        for workload in platform.regions.values().flat_map(|region| region.workloads.values()) {
            let (Some(store), Kind::CronJob(cron)) = (&workload.test_of, &workload.kind) else { continue };
            let Ok(schedule) = cron.schedule.parse::<Schedule>() else { continue };
            if cron.timezone == timezone && schedule.week().iter().zip(asleep).all(|(runs, asleep)| !runs || *asleep) {
                let message = format!("every restore test of `store/{store}` is in the night of `{}`, without nodes", self.environment);
                let help =
                    format!("write the `backup` of the store without `restore_test` under `environments: {{{}: ...}}`", self.environment);
                self.tell(Diagnostic::new(Code::NightRun, message).at(workload.span).help(help));
            }
        }
    }

    /// Reports a time zone that does not exist.
    pub(super) fn check_timezone(&mut self, timezone: &Field<String>) {
        if let Some((zone, span)) = timezone.spanned()
            && !facts::timezones().any(|known| known == zone)
        {
            let diagnostic = Diagnostic::new(Code::UnknownValue, format!("`{zone}` is not a time zone, such as `Europe/London`")).at(span);
            self.tell(diagnostic.suggest(wording::suggest(zone, facts::timezones()), "name it as the IANA time zone database does"));
        }
    }
}

/// The minutes of a week without nodes: from each stop to the next start.
fn asleep(stops: &[bool], starts: &[bool]) -> Vec<bool> {
    let mut asleep = vec![false; WEEK];
    let mut now = false;
    // The second week begins as the first ends.
    for minute in (0..WEEK).chain(0..WEEK) {
        now = (now || stops[minute]) && !starts[minute];
        asleep[minute] = now;
    }
    asleep
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_lasts_from_stop_to_start() {
        let week = |text: &str| text.parse::<Schedule>().unwrap().week();
        let asleep = asleep(&week("0 20 * * 1-5"), &week("0 6 * * 1-5"));
        let at = |day: usize, hour: usize| asleep[day * 24 * 60 + hour * 60];
        // Monday evening, Friday night, the whole weekend until Monday morning.
        assert!(at(1, 20) && at(2, 5) && at(5, 23) && at(6, 12) && at(0, 12) && at(1, 5));
        assert!(!at(1, 6) && !at(1, 19) && !at(5, 19));
    }
}
