//! Quiet windows in zones that change their clocks: they begin and end when a search minute by minute says so.

use chrono::NaiveTime;
use model::Timestamp;
use model::schedule::{QuietWindow, Zone};

use super::{Dice, rounds};

const MINUTE: i64 = 60_000_000;

/// Some of the days of 2026 on which these zones change their clocks.
const CHANGES: [(&str, &str); 9] = [
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("America/Santiago", "2026-04-05"),
    ("America/Santiago", "2026-09-06"),
    ("Africa/Casablanca", "2026-02-15"),
    ("Asia/Shanghai", "2026-07-01"),
];

#[test]
fn a_window_begins_and_ends_when_a_slow_search_says_so() {
    rounds(300, 30, |seed| {
        let mut dice = Dice::new(seed);
        let (zone, day) = dice.pick(&CHANGES);
        let zone: Zone = zone.parse().expect("a zone");
        let mut time = || -> NaiveTime {
            // Mostly in the hours in which clocks change.
            let hour = if dice.one_in(3) { dice.from(0, 23) } else { dice.from(0, 4) };
            format!("{hour:02}:{:02}", dice.from(0, 59)).parse().expect("a time of day")
        };
        let Ok(window) = QuietWindow::new(time(), time()) else { return };
        let noon = Timestamp::from_rfc3339(&format!("{day}T00:00:00Z")).expect("a moment");
        for _ in 0..20 {
            let moment = Timestamp(noon.0 + dice.from(-720, 720) * MINUTE);
            let is_quiet = window.holds(zone, moment);
            let minutes = (1..).map(|minute| Timestamp(moment.0 + minute * MINUTE));
            let change = minutes.take(2_880).find(|later| window.holds(zone, *later) != is_quiet);
            let found = if is_quiet { window.end(zone, moment) } else { window.begin(zone, moment) };
            assert_eq!(Some(found), change, "{window:?} in {zone} from {moment}, quiet: {is_quiet}");
        }
    });
}
