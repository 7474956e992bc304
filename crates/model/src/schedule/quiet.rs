//! The hours in which nothing starts.

use chrono::{Days, NaiveTime};

use super::zone::Zone;
use crate::problem::Problem;
use crate::time::Timestamp;

/// The hours of each day in which nothing starts. Runs that are due then wait until the end; running tasks continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietWindow {
    from: NaiveTime,
    until: NaiveTime,
}

/// The shortest window, and the shortest time outside of it, in seconds: the scheduler looks for due runs every few
/// seconds, so it could overlook less.
const SHORTEST_S: i64 = 60;

impl QuietWindow {
    /// Returns the window from one time of day, inclusive, to another, exclusive; past midnight if the latter is
    /// earlier. A saved one may break a newer rule: see [`QuietWindow::check`].
    ///
    /// # Errors
    /// Refuses two equal times.
    pub fn new(from: NaiveTime, until: NaiveTime) -> Result<Self, Problem> {
        if from == until {
            return Err(Problem::invalid("schedule-window-empty").with("time", from.format("%H:%M")));
        }
        Ok(Self { from, until })
    }

    /// Checks its length. Strategies that were saved before this rule may break it.
    ///
    /// # Errors
    /// Refuses a window that lasts or leaves less than a minute a day.
    pub fn check(self) -> Result<(), Problem> {
        const DAY_S: i64 = 86_400;
        let lasts_s = (self.until - self.from).num_seconds().rem_euclid(DAY_S);
        if (SHORTEST_S..=DAY_S - SHORTEST_S).contains(&lasts_s) {
            return Ok(());
        }
        let is_short = lasts_s < SHORTEST_S;
        let id = if is_short { "schedule-window-too-short" } else { "schedule-window-leaves-no-time" };
        let refusal = Problem::invalid(id).with("from", self.from.format("%H:%M:%S"));
        Err(refusal.with("until", self.until.format("%H:%M:%S")))
    }

    /// Returns when it begins.
    #[must_use]
    pub fn from(self) -> NaiveTime {
        self.from
    }

    /// Returns when it ends.
    #[must_use]
    pub fn until(self) -> NaiveTime {
        self.until
    }

    /// Returns whether it contains a time of day.
    #[must_use]
    pub fn holds_time(self, time: NaiveTime) -> bool {
        if self.from < self.until {
            (self.from..self.until).contains(&time)
        } else {
            time >= self.from || time < self.until
        }
    }

    /// Returns whether it contains a point in time.
    #[must_use]
    pub fn holds(self, zone: Zone, moment: Timestamp) -> bool {
        self.holds_time(zone.wall(moment).time())
    }

    /// Returns the end of the window for a time within it; any other time is returned unchanged. The window also ends
    /// when the clocks are set back to before its start.
    #[must_use]
    pub fn end(self, zone: Zone, moment: Timestamp) -> Timestamp {
        let end = self.end_by_clock(zone, moment);
        zone.set_back(moment, end).filter(|back| !self.holds(zone, *back)).unwrap_or(end)
    }

    fn end_by_clock(self, zone: Zone, moment: Timestamp) -> Timestamp {
        let mut end = moment;
        // A second round is needed only if the clocks go back exactly at the end; a third is never needed.
        for _ in 0..3 {
            if !self.holds(zone, end) {
                break;
            }
            end = next(zone, self.until, end);
        }
        end
    }

    /// Returns its next start after a time outside of it. The window also begins when the clocks are set back into it.
    #[must_use]
    pub fn begin(self, zone: Zone, moment: Timestamp) -> Timestamp {
        let begin = next(zone, self.from, moment);
        match zone.set_back(moment, begin) {
            Some(back) if self.holds(zone, back) => back,
            Some(back) => next(zone, self.from, back),
            None => begin,
        }
    }
}

/// Returns the next time after `moment` at which the clocks show a time of day.
fn next(zone: Zone, time: NaiveTime, moment: Timestamp) -> Timestamp {
    let wall = zone.wall(moment);
    let ahead = u64::from(wall.time() >= time);
    let date = wall.date().checked_add_days(Days::new(ahead)).unwrap_or(wall.date());
    let next = zone.moment(date.and_time(time));
    if next > moment {
        return next;
    }
    // Of two equal times of day, the first has passed.
    Timestamp(moment.0 + (date.and_time(time) - wall).num_microseconds().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::QuietWindow;
    use crate::schedule::Zone;
    use crate::time::Timestamp;

    fn window(from: &str, until: &str) -> QuietWindow {
        let time = |text: &str| text.parse().expect("a time of day");
        QuietWindow::new(time(from), time(until)).expect("a window")
    }

    #[test]
    fn a_window_closes_and_opens_by_the_zones_clocks() {
        let cases = [
            ("08:00:00", "20:00:00", "Asia/Shanghai", "2026-11-27T07:59:59+08:00", None),
            (
                "08:00:00",
                "20:00:00",
                "Asia/Shanghai",
                "2026-11-27T08:00:00+08:00",
                Some("2026-11-27T20:00:00+08:00"),
            ),
            ("08:00:00", "20:00:00", "Asia/Shanghai", "2026-11-27T20:00:00+08:00", None),
            // Over midnight.
            ("22:00:00", "06:00:00", "UTC", "2026-11-27T23:00:00+00:00", Some("2026-11-28T06:00:00+00:00")),
            ("22:00:00", "06:00:00", "UTC", "2026-11-27T05:00:00+00:00", Some("2026-11-27T06:00:00+00:00")),
            ("22:00:00", "06:00:00", "UTC", "2026-11-27T12:00:00+00:00", None),
            // It ends in a skipped hour, and in the first and the second of two equal hours.
            (
                "01:00:00",
                "02:30:00",
                "Europe/Berlin",
                "2026-03-29T01:30:00+01:00",
                Some("2026-03-29T03:00:00+02:00"),
            ),
            (
                "01:00:00",
                "02:30:00",
                "Europe/Berlin",
                "2026-10-25T01:30:00+02:00",
                Some("2026-10-25T02:30:00+02:00"),
            ),
            (
                "01:00:00",
                "02:30:00",
                "Europe/Berlin",
                "2026-10-25T02:10:00+01:00",
                Some("2026-10-25T02:30:00+01:00"),
            ),
            // At its end, the clocks go back into the window.
            (
                "01:00:00",
                "03:00:00",
                "Europe/Berlin",
                "2026-10-25T01:30:00+02:00",
                Some("2026-10-25T03:00:00+01:00"),
            ),
            // The clocks go back to before its start.
            (
                "02:30:00",
                "11:59:00",
                "Africa/Casablanca",
                "2026-02-15T02:45:00+01:00",
                Some("2026-02-15T02:00:00+00:00"),
            ),
        ];
        for (from, until, zone, moment, end) in cases {
            let (window, zone) = (window(from, until), zone.parse::<Zone>().expect("a zone"));
            let at = Timestamp::from_rfc3339(moment).expect("a moment");
            assert_eq!(window.holds(zone, at), end.is_some(), "{from} {until} {moment}");
            let found = zone.local(window.end(zone, at)).to_rfc3339();
            assert_eq!(found, end.unwrap_or(moment), "{from} {until} {moment}");
        }
    }

    #[test]
    fn a_window_begins_next_by_the_zones_clocks() {
        let cases = [
            ("08:00:00", "20:00:00", "UTC", "2026-11-27T07:59:59+00:00", "2026-11-27T08:00:00+00:00"),
            ("08:00:00", "20:00:00", "UTC", "2026-11-27T20:00:00+00:00", "2026-11-28T08:00:00+00:00"),
            ("22:00:00", "06:00:00", "UTC", "2026-11-27T06:00:00+00:00", "2026-11-27T22:00:00+00:00"),
            // In a skipped hour, and on a day with 25 hours.
            (
                "02:30:00",
                "04:00:00",
                "Europe/Berlin",
                "2026-03-29T01:00:00+01:00",
                "2026-03-29T03:00:00+02:00",
            ),
            (
                "08:00:00",
                "20:00:00",
                "Europe/Berlin",
                "2026-10-24T21:00:00+02:00",
                "2026-10-25T08:00:00+01:00",
            ),
            // The clocks go back to before its start, and into it.
            (
                "02:30:00",
                "11:59:00",
                "Africa/Casablanca",
                "2026-02-15T02:00:00+00:00",
                "2026-02-15T02:30:00+00:00",
            ),
            (
                "02:00:00",
                "02:30:00",
                "Europe/Berlin",
                "2026-10-25T02:45:00+02:00",
                "2026-10-25T02:00:00+01:00",
            ),
        ];
        for (from, until, zone, moment, begin) in cases {
            let (window, zone) = (window(from, until), zone.parse::<Zone>().expect("a zone"));
            let at = Timestamp::from_rfc3339(moment).expect("a moment");
            let found = window.begin(zone, at);
            assert_eq!(zone.local(found).to_rfc3339(), begin, "{from} {until} {moment}");
            assert!(window.holds(zone, found) && !window.holds(zone, Timestamp(found.0 - 1)), "{moment}");
        }
    }

    #[test]
    fn a_window_of_no_length_is_refused() {
        let noon = "12:00:00".parse().expect("a time of day");
        assert_eq!(QuietWindow::new(noon, noon).expect_err("refused").text.id, "schedule-window-empty");
    }
}
