//! The next runs of a strategy: the scheduler's own decisions, made ahead of time.
//!
//! Nothing is expected to hinder them except the schedule itself: its quiet window and its jitter. Running backups
//! count as ended, and the cluster as running.

use chrono::{DateTime, FixedOffset};

use super::decide::{Decision, Outcome, Run, State, decide};
use super::due::Due;
use super::zone::Zone;
use crate::backup::DataBackupMode;
use crate::cluster::ClusterStatus;
use crate::strategy::Strategy;
use crate::time::Timestamp;

/// A future run, as users see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRun {
    /// Its due time, and the backup mode in which it starts.
    pub due: Due,
    /// When it starts: the due time, delayed by the jitter and the quiet window.
    pub starts: Timestamp,
    /// The due time in the zone's local time.
    pub local: DateTime<FixedOffset>,
    /// The zone.
    pub zone: Zone,
    /// The number of earlier due times that it replaces: only the newest run that waits for the end of the quiet window
    /// starts.
    pub replaces: usize,
}

/// The maximum number of decisions for one run. Due times are at least a quarter of an hour apart, and a quiet window is
/// shorter than a day, so that a run needs at most 96 waits for the next due time, a few for the jitter, and one for the
/// end of the window.
const DECISIONS_MAX: usize = 256;

/// Returns the next runs that start from `now` on, at most `count`; none if the strategy is paused. `history` has the
/// rows of its due times as for [`decide`]. A task that waits in the queue is no future run.
#[must_use]
pub fn preview(
    strategy: &Strategy,
    history: &[Run],
    has_usable_full: bool,
    now: Timestamp,
    count: usize,
) -> Vec<PlannedRun> {
    if strategy.paused {
        return Vec::new();
    }
    let mut ahead = Ahead {
        strategy: strategy.clone(),
        rows: history.iter().cloned().map(ended).collect(),
        state: State {
            cluster: Some(ClusterStatus::Running),
            has_usable_full,
            other_backup_runs: false,
            running: 0,
            begun: None,
            running_max: 1,
            storage_running: 0,
            storage_running_max: None,
        },
        replaced: 0,
    };
    let mut now = now.max(strategy.since);
    ahead.forget(newest_started(&ahead.rows, now));
    let mut runs = Vec::new();
    for _ in 0..count.saturating_add(1).saturating_mul(DECISIONS_MAX) {
        if runs.len() >= count {
            break;
        }
        let (run, next) = ahead.pass(now);
        runs.extend(run);
        let Some(next) = next else { break };
        now = next.max(Timestamp(now.0 + 1));
    }
    runs
}

/// A strategy as it will be.
struct Ahead {
    strategy: Strategy,
    rows: Vec<Run>,
    state: State,
    /// The number of due times that were missed since the last run.
    replaced: usize,
}

impl Ahead {
    /// Carries out the decisions of a time. Returns the run that starts, and when to decide again.
    fn pass(&mut self, now: Timestamp) -> (Option<PlannedRun>, Option<Timestamp>) {
        let mut next = self.strategy.settings.schedule.dues(now).next().map(|due| due.at);
        let mut run = None;
        for decision in decide(&self.strategy, &self.rows, &self.state, now) {
            match decision {
                Decision::Miss { due, reason } => {
                    let outcome = Outcome::Missed(reason);
                    self.rows.push(Run { due, planned: self.planned(due).kind, decided: now, outcome });
                    self.replaced += 1;
                }
                Decision::Start { due, kind, .. } => {
                    run = Some(self.starts(Due { at: due, kind }, now));
                    self.begin(Due { at: due, kind }, now);
                }
                Decision::Queue { due, held: None, .. } => self.begin(self.planned(due), now),
                Decision::Queue { held: Some((_, until)), .. } | Decision::Wait { until, .. } => {
                    next = Some(next.map_or(until, |next| next.min(until)));
                }
                Decision::Nothing => {}
            }
        }
        (run, next)
    }

    fn starts(&self, due: Due, now: Timestamp) -> PlannedRun {
        let zone = self.strategy.settings.schedule.zone();
        PlannedRun { due, starts: now, local: zone.local(due.at), zone, replaces: self.replaced }
    }

    /// Records a run that ends before the next one is due. It leaves a full set, which it is or builds on.
    fn begin(&mut self, due: Due, now: Timestamp) {
        let outcome = Outcome::Started { kind: due.kind, is_over: true };
        self.rows.push(Run { due: due.at, planned: due.kind, decided: now, outcome });
        self.state.has_usable_full = true;
        self.replaced = 0;
        self.forget(Some(due.at));
    }

    /// Forgets what came before a started run: no decision depends on it.
    fn forget(&mut self, started: Option<Timestamp>) {
        let Some(started) = started else { return };
        self.rows.retain(|row| row.due >= started);
        self.strategy.since = self.strategy.since.max(started);
    }

    fn planned(&self, due: Timestamp) -> Due {
        let found = self.strategy.settings.schedule.due_times(Timestamp(due.0 - 1), due).into_iter().next();
        found.unwrap_or(Due { at: due, kind: DataBackupMode::Full })
    }
}

/// Returns a row whose task has ended, if it has started.
fn ended(mut row: Run) -> Run {
    if let Outcome::Started { is_over, .. } = &mut row.outcome {
        *is_over = true;
    }
    row
}

fn newest_started(rows: &[Run], now: Timestamp) -> Option<Timestamp> {
    let started = rows.iter().filter(|row| matches!(row.outcome, Outcome::Started { .. }) && row.due <= now);
    started.map(|row| row.due).max()
}

#[cfg(test)]
mod tests {
    use super::preview;
    use crate::backup::DataBackupMode::{Full, Incremental};
    use crate::id::ClusterId;
    use crate::schedule::PlannedRun;
    use crate::schedule::decide::{Hindrance, MissReason, Outcome, Run};
    use crate::strategy::tests::strategy;
    use crate::strategy::{Scope, Strategy};
    use crate::time::Timestamp;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_rfc3339(text).expect("a moment")
    }

    fn of(schedule: &str, since: &str) -> Strategy {
        Strategy { since: at(since), ..strategy(1, Scope::Cluster(ClusterId(1)), schedule) }
    }

    fn shown(run: &PlannedRun) -> (String, String, usize) {
        (run.local.to_rfc3339(), run.zone.local(run.starts).to_rfc3339(), run.replaces)
    }

    fn run(due: &str, start: &str, replaces: usize) -> (String, String, usize) {
        (due.to_owned(), start.to_owned(), replaces)
    }

    const WEEKLY: &str = r#"{"backupScheduleMode": "WEEK", "backupScheduleTime": "02:00:00.000+08:00",
        "dayAndDataBackupModelMap": {"2": "INCREMENTAL_BACKUP", "6": "FULL_BACKUP"},
        "quietWindow": {"from": "01:30", "until": "02:00"}}"#;

    const BERLIN: &str = r#"{"backupScheduleMode": "CRON", "cronExpression": "0 */6 * * *",
        "scheduleZone": "Europe/Berlin", "quietWindow": {"from": "05:00", "until": "20:30"}}"#;

    #[test]
    fn the_next_runs_show_time_zone_kind_and_when_they_start() {
        let weekly = of(WEEKLY, "2026-11-27T00:00:00Z");
        let runs = preview(&weekly, &[], true, weekly.since, 30);
        assert_eq!(runs.len(), 30);
        let first =
            |number: usize| (shown(&runs[number]).0, runs[number].due.kind, runs[number].zone.to_string());
        assert_eq!(first(0), ("2026-11-28T02:00:00+08:00".to_owned(), Full, "+08:00".to_owned()));
        assert_eq!(first(1), ("2026-12-01T02:00:00+08:00".to_owned(), Incremental, "+08:00".to_owned()));
        assert!(runs.iter().all(|run| run.starts == run.due.at), "the window ends as the runs are due");
        let paused = Strategy { paused: true, ..weekly };
        assert_eq!(preview(&paused, &[], true, paused.since, 30), []);
    }

    #[test]
    fn of_the_due_times_in_the_quiet_window_only_the_newest_starts_at_its_end() {
        let daily = of(BERLIN, "2026-11-27T00:00:00Z");
        let runs = preview(&daily, &[], true, daily.since, 4);
        let expected = [
            run("2026-11-27T18:00:00+01:00", "2026-11-27T20:30:00+01:00", 2),
            run("2026-11-28T00:00:00+01:00", "2026-11-28T00:00:00+01:00", 0),
            run("2026-11-28T18:00:00+01:00", "2026-11-28T20:30:00+01:00", 2),
            run("2026-11-29T00:00:00+01:00", "2026-11-29T00:00:00+01:00", 0),
        ];
        assert_eq!(runs.iter().map(shown).collect::<Vec<_>>(), expected);
        // It is 19:00: a run waits, and it is still to come.
        let waiting = preview(&daily, &[], true, at("2026-11-27T18:00:00Z"), 1);
        assert_eq!(waiting.iter().map(shown).collect::<Vec<_>>(), expected[..1]);
    }

    #[test]
    fn a_run_is_shown_as_full_if_it_replaces_a_full_one_or_there_is_none_to_build_on() {
        let schedule = r#"{"backupScheduleMode": "CRON", "cronExpression": "0 2,23 * * *", "scheduleZone": "UTC",
            "dataBackupMode": "INCREMENTAL_BACKUP", "fullOnCycle": "WEEK", "fullOnDays": ["7"],
            "quietWindow": {"from": "22:00", "until": "04:00"}}"#;
        // A Friday. The run of Sunday, 23:00 is full and never starts; that of Monday, 02:00 replaces it.
        let nightly = of(schedule, "2026-11-27T12:00:00Z");
        let kinds = |has_usable_full: bool| {
            let runs = preview(&nightly, &[], has_usable_full, nightly.since, 4);
            runs.iter().map(|run| (run.local.format("%a").to_string(), run.due.kind)).collect::<Vec<_>>()
        };
        let expected = [("Sat", Incremental), ("Sun", Full), ("Mon", Full), ("Tue", Incremental)];
        assert_eq!(kinds(true), expected.map(|(day, kind)| (day.to_owned(), kind)));
        assert_eq!(kinds(false)[0], ("Sat".to_owned(), Full), "there is no full backup");
        assert_eq!(kinds(false)[1..], kinds(true)[1..]);
    }

    #[test]
    fn the_next_runs_follow_from_what_has_run() {
        let weekly = of(WEEKLY, "2026-11-20T00:00:00Z");
        let row = |due: &str, planned, outcome| Run { due: at(due), planned, decided: at(due), outcome };
        let running = Outcome::Started { kind: Incremental, is_over: false };
        let history = [
            row("2026-11-24T02:00:00+08:00", Incremental, running),
            row(
                "2026-11-28T02:00:00+08:00",
                Full,
                Outcome::Missed(MissReason::Hindered(Hindrance::Unreachable)),
            ),
        ];
        let next = preview(&weekly, &history, true, at("2026-11-30T00:00:00Z"), 2);
        let kinds: Vec<_> = next.iter().map(|run| (run.local.to_rfc3339(), run.due.kind)).collect();
        let expected = [("2026-12-01T02:00:00+08:00", Full), ("2026-12-05T02:00:00+08:00", Full)];
        assert_eq!(
            kinds,
            expected.map(|(due, kind)| (due.to_owned(), kind)),
            "the missed full one is made up for"
        );
        let queued =
            [history[0].clone(), row("2026-11-28T02:00:00+08:00", Full, Outcome::Queued { kind: Full })];
        let next = preview(&weekly, &queued, true, at("2026-11-28T00:00:00Z"), 1);
        assert_eq!(next[0].due.kind, Incremental, "the waiting task makes the full one");
        assert_eq!(next[0].local.to_rfc3339(), "2026-12-01T02:00:00+08:00", "it is no run to come");
    }
}
