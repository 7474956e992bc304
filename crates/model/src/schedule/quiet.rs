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

impl QuietWindow {
    /// Returns the window from one time of day, inclusive, to another, exclusive; over midnight if that is earlier.
    ///
    /// # Errors
    /// Two equal times would leave no time to start at.
    pub fn new(from: NaiveTime, until: NaiveTime) -> Result<Self, Problem> {
        if from == until {
            return Err(Problem::invalid("schedule-window-empty").with("time", from.format("%H:%M")));
        }
        Ok(Self { from, until })
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

    /// Returns whether it holds a time of day.
    #[must_use]
    pub fn holds_time(self, time: NaiveTime) -> bool {
        if self.from < self.until {
            (self.from..self.until).contains(&time)
        } else {
            time >= self.from || time < self.until
        }
    }

    /// Returns whether a moment is within it.
    #[must_use]
    pub fn holds(self, zone: Zone, moment: Timestamp) -> bool {
        self.holds_time(zone.wall(moment).time())
    }

    /// Returns the first moment at or after one within it that is not; another moment is returned as it is.
    #[must_use]
    pub fn end(self, zone: Zone, moment: Timestamp) -> Timestamp {
        let mut end = moment;
        // A second round is needed only where the clocks go back at the very end, a third never.
        for _ in 0..3 {
            if !self.holds(zone, end) {
                break;
            }
            let wall = zone.wall(end);
            let ahead = u64::from(wall.time() >= self.until);
            let date = wall.date().checked_add_days(Days::new(ahead)).unwrap_or(wall.date());
            let next = zone.moment(date.and_time(self.until));
            // Within the second of two equal hours, the end that is looked for is the second one, too.
            end = if next > end {
                next
            } else {
                Timestamp(end.0 + (date.and_time(self.until) - wall).num_microseconds().unwrap_or(0))
            };
        }
        end
    }
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
            // It ends in the hour that the clocks skip, and in the first and the second of two equal hours.
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
            // At its end the clocks go back into it.
            (
                "01:00:00",
                "03:00:00",
                "Europe/Berlin",
                "2026-10-25T01:30:00+02:00",
                Some("2026-10-25T03:00:00+01:00"),
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
    fn a_window_of_no_length_is_refused() {
        let noon = "12:00:00".parse().expect("a time of day");
        assert_eq!(QuietWindow::new(noon, noon).expect_err("refused").text.id, "schedule-window-empty");
    }
}
