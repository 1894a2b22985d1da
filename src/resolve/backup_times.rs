//! The arithmetic of backups: the schedule of an interval, and how long copies and restores take.

use crate::value::{Duration, Quantity};

/// A minute in seconds.
pub(super) const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The bytes that a copy or a restore moves in a second. The documentation of the plugin has 395 MB restored in 8.3 s with the compression of these files,
/// on one machine with its object store; a volume of gp3 takes 125 MiB/s without further payment.
const SPEED: u64 = 40 << 20;

/// Seconds of a restore beside the data: a volume is made, the image pulled, and a server started.
pub(super) const START: u64 = 5 * MINUTE;

/// Whole days, rounded up: objects are locked for days.
pub(super) fn days(time: Duration) -> u64 {
    time.seconds().div_ceil(DAY)
}

/// Seconds in which all data of a full volume is moved.
pub(super) fn transfer(size: &Quantity) -> u64 {
    size.bytes().div_ceil(SPEED)
}

/// Seconds in which a full volume is restored at the least.
pub(super) fn restore(size: &Quantity) -> u64 {
    transfer(size) + START
}

/// The speed of copies and restores, for messages.
pub(super) fn speed() -> String {
    format!("{} MiB/s", SPEED >> 20)
}

/// Whole minutes, rounded up.
pub(super) fn minutes(seconds: u64) -> Duration {
    Duration::from_millis(seconds.div_ceil(MINUTE) * MINUTE * 1000)
}

/// The schedule of an interval: a cron expression with six fields. `seed` spreads stores over the hour and the night. None for an interval that
/// cron does not have.
pub(super) fn schedule(every: Duration, seed: u64) -> Option<String> {
    if !every.millis().is_multiple_of(MINUTE * 1000) || every.millis() == 0 {
        return None;
    }
    let (every, minute) = (every.seconds(), seed % 60);
    let night = seed / 60 % 6;
    // From a minute on, or from an hour on.
    let from = |first: u64, last: u64, step: u64| match step {
        1 => "*".to_owned(),
        _ => format!("{}-{last}/{step}", first % step),
    };
    if every < HOUR {
        let step = every / MINUTE;
        return (60 % step == 0).then(|| format!("0 {} * * * *", from(minute, 59, step)));
    }
    if every < DAY {
        let step = every / HOUR;
        return (every.is_multiple_of(HOUR) && 24 % step == 0).then(|| format!("0 {minute} {} * * *", from(seed / 60, 23, step)));
    }
    // A step of days starts anew with each month, so that no interval is longer.
    let days = every / DAY;
    let day = match days {
        1 => "* * *".to_owned(),
        7 => "* * 0".to_owned(),
        2..=31 => format!("*/{days} * *"),
        _ => return None,
    };
    every.is_multiple_of(DAY).then(|| format!("0 {minute} {night} {day}"))
}

/// The interval of a schedule that is next to another one.
pub(super) fn nearest(every: Duration) -> Duration {
    let minutes = (1..60).map(|count| count * MINUTE);
    let hours = (1..24).map(|count| count * HOUR);
    let days = (1..=31).map(|count| count * DAY);
    let all = minutes.chain(hours).chain(days).map(|seconds| Duration::from_millis(seconds * 1000));
    let known = all.filter(|one| schedule(*one, 0).is_some());
    known.min_by_key(|one| one.millis().abs_diff(every.millis())).unwrap_or(every)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_a_schedule_or_has_one_next_to_it() {
        let of = |every: &str, seed: u64| schedule(every.parse().unwrap(), seed);
        // Minute 17 of hour 4: the seed counts minutes.
        let seed = 4 * 60 + 17;
        for (every, wanted) in [
            ("1m", "0 * * * * *"),
            ("15m", "0 2-59/15 * * * *"),
            ("1h", "0 17 * * * *"),
            ("6h", "0 17 4-23/6 * * *"),
            ("24h", "0 17 4 * * *"),
            ("2d", "0 17 4 */2 * *"),
            ("1w", "0 17 4 * * 0"),
            ("31d", "0 17 4 */31 * *"),
        ] {
            assert_eq!(of(every, seed).as_deref(), Some(wanted), "{every}");
        }
        for (every, next) in [("90s", "1m"), ("50m", "1h"), ("90m", "1h"), ("7h", "6h"), ("25h", "1d"), ("32d", "31d"), ("52w", "31d")] {
            assert_eq!((of(every, 0), nearest(every.parse().unwrap()).to_string()), (None, next.to_owned()), "{every}");
        }
    }

    #[test]
    fn a_restore_takes_what_its_volume_says() {
        let size: Quantity = "100Gi".parse().unwrap();
        assert_eq!((minutes(transfer(&size)).to_string(), minutes(restore(&size)).to_string()), ("43m".to_owned(), "48m".to_owned()));
    }
}
