//! A simulated year of random strategies: with any behaviour of the clock, the cluster and the users, and any
//! crashes, every due time has a row, and none has two tasks.

use std::collections::BTreeMap;

use model::Timestamp;
use model::backup::{BackupMethod, DataBackupMode};
use model::cluster::ClusterStatus;
use model::id::{ClusterId, StorageId, StrategyId, UserId};
use model::schedule::Due;
use model::schedule::decide::{
    Decision, HORIZON, Hindrance, MissReason, Outcome, Run, RunKey, State, decide, promotion,
};
use model::strategy::{Scope, Settings, Strategy, Thresholds};
use serde_json::json;

use super::{Dice, rounds};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

#[test]
fn a_year_of_any_strategy_misses_nothing_unrecorded_and_doubles_nothing() {
    rounds(8, 1, |seed| {
        let mut world = World::new(seed, false);
        world.live(366 * DAY);
        world.settle();
    });
}

#[test]
fn a_clock_that_jumps_both_ways_loses_and_doubles_no_run_of_a_year() {
    rounds(8, 1, |seed| World::new(seed, true).live(366 * DAY));
}

/// The task of a run.
struct Task {
    kind: DataBackupMode,
    ends: i64,
}

/// A task that waits in the queue.
struct Waiting {
    kind: DataBackupMode,
    from: Timestamp,
    before: Timestamp,
}

/// The environment of a strategy.
struct World {
    dice: Dice,
    strategy: Strategy,
    rows: BTreeMap<Timestamp, Run>,
    tasks: BTreeMap<RunKey, Task>,
    queue: BTreeMap<RunKey, Waiting>,
    /// The real elapsed time, which only the world knows.
    real: i64,
    /// The error of the clock.
    offset: i64,
    jumps: bool,
    cluster: (ClusterStatus, i64),
    other_backup_until: i64,
    crowded_until: i64,
    usable_full: bool,
}

impl World {
    fn new(seed: u64, jumps: bool) -> Self {
        let mut dice = Dice::new(seed);
        let begin = 1_767_225_600_000_000 + dice.from(0, 365) * DAY; // a random day of 2026
        let strategy = Strategy {
            id: StrategyId(dice.from(1, 1_000)),
            scope: Scope::Cluster(ClusterId(1)),
            owner: UserId(1),
            settings: Settings {
                method: BackupMethod::Physical,
                storage: StorageId(1),
                schedule: serde_json::from_value(schedule(&mut dice)).expect("a schedule"),
                start_log_backup: true,
                restart_interrupted_log_backup: false,
                clean_up: None,
                take_over: None,
                thresholds: Thresholds::default(),
            },
            paused: false,
            since: Timestamp(begin),
        };
        Self {
            dice,
            strategy,
            rows: BTreeMap::new(),
            tasks: BTreeMap::new(),
            queue: BTreeMap::new(),
            real: begin,
            offset: 0,
            jumps,
            cluster: (ClusterStatus::Running, 0),
            other_backup_until: 0,
            crowded_until: 0,
            usable_full: false,
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.real + self.offset)
    }

    /// Advances time.
    fn live(&mut self, time: i64) {
        let end = self.real + time;
        while self.real < end {
            self.real += match self.dice.from(1, 200) {
                1 => self.dice.from(1, 10 * DAY), // Lifeboat was down
                2..=20 => self.dice.from(1, MINUTE),
                _ => self.dice.from(1, 9 * HOUR),
            };
            if self.dice.one_in(3) {
                // Exactly the time at which something is due.
                let next = self.strategy.settings.schedule.dues(self.now()).next().expect("a due time").at.0;
                let ahead = next - self.now().0;
                self.real += if ahead < DAY { ahead } else { 0 };
            }
            self.happen();
            self.work();
            self.tick();
            self.work();
        }
    }

    /// Events between two checks of the scheduler.
    fn happen(&mut self) {
        let real = self.real;
        if self.cluster.1 <= real {
            let status = self.dice.pick(&[
                ClusterStatus::Running,
                ClusterStatus::Running,
                ClusterStatus::Upgrading,
                ClusterStatus::Unavailable,
            ]);
            let longest = if status == ClusterStatus::Running { 20 * DAY } else { 5 * DAY };
            self.cluster = (status, real + self.dice.from(MINUTE, longest));
        }
        if self.dice.one_in(100) {
            self.other_backup_until = real + self.dice.from(1, 2 * DAY);
        }
        if self.dice.one_in(100) {
            self.crowded_until = real + self.dice.from(1, DAY);
        }
        if self.dice.one_in(300) {
            self.usable_full = false; // somebody deleted it
        }
        for (key, task) in &self.tasks {
            let row = self.rows.get_mut(&key.due).expect("the row was written with the task");
            if let Outcome::Started { is_over, .. } = &mut row.outcome
                && !*is_over
                && task.ends <= real
            {
                *is_over = true;
                self.usable_full |= task.kind == DataBackupMode::Full;
            }
        }
        if self.dice.one_in(80) {
            // The use case that pauses or resumes records what was due, in the same transaction.
            let is_paused = std::mem::replace(&mut self.strategy.paused, true);
            let decisions = self.decide();
            self.carry_out(&decisions, true);
            // Tasks that wait for a future time, because the clock went back, are removed, too.
            for key in std::mem::take(&mut self.queue).into_keys() {
                self.rows.remove(&key.due);
            }
            self.strategy.paused = !is_paused;
        }
        if self.jumps && self.dice.one_in(25) {
            self.offset = match self.dice.from(1, 6) {
                1 => self.dice.from(-3 * DAY, 3 * DAY),
                2 => self.dice.from(-HOUR, HOUR),
                3 => self.dice.from(0, 400 * DAY),
                _ => 0,
            };
        }
    }

    fn state(&self) -> State {
        State {
            cluster: Some(self.cluster.0),
            has_usable_full: self.usable_full,
            other_backup_runs: self.other_backup_until > self.real,
            running: if self.crowded_until > self.real { 2 } else { 0 },
            begun: None,
            running_max: 2,
            storage_running: 0,
            storage_running_max: None,
        }
    }

    fn has_room(&self) -> bool {
        let state = self.state();
        !state.other_backup_runs && state.running < state.running_max
    }

    /// Acts as a worker: takes due tasks from the queue.
    fn work(&mut self) {
        let (now, real) = (self.now(), self.real);
        let has_turn = |waiting: &Waiting| waiting.from <= now && now < waiting.before;
        let turns: Vec<RunKey> =
            self.queue.iter().filter(|(_, waiting)| has_turn(waiting)).map(|(&key, _)| key).collect();
        if !self.has_room() {
            return;
        }
        for key in turns {
            let Waiting { kind, .. } = self.queue.remove(&key).expect("it is there");
            let schedule = &self.strategy.settings.schedule;
            let window = schedule.window();
            assert!(!window.is_some_and(|window| window.holds(schedule.zone(), now)), "{key} at {now}");
            assert!(!self.strategy.paused, "{key} at {now}");
            let ends = real + self.dice.pick(&[MINUTE, HOUR, 6 * HOUR, 2 * DAY]);
            assert!(self.tasks.insert(key, Task { kind, ends }).is_none(), "doubled: {key}");
            let row = self.rows.get_mut(&key.due).expect("the row was written with the task");
            row.outcome = Outcome::Started { kind, is_over: false };
        }
    }

    /// The rows that a store would return: those within the horizon, and the runs that have not ended.
    fn history(&self) -> Vec<Run> {
        let begin = Timestamp(self.now().0 - HORIZON);
        let is_due =
            |run: &&Run| run.due >= begin || matches!(run.outcome, Outcome::Started { is_over: false, .. });
        self.rows.values().filter(is_due).cloned().collect()
    }

    fn decide(&self) -> Vec<Decision> {
        decide(&self.strategy, &self.history(), &self.state(), self.now())
    }

    /// One check of the scheduler.
    fn tick(&mut self) {
        let decisions = self.decide();
        self.check(&decisions);
        let crash = self.dice.one_in(10);
        let carried_out =
            if crash { self.dice.from(0, i64::try_from(decisions.len()).expect("few")) } else { i64::MAX };
        let carried_out = usize::try_from(carried_out).unwrap_or(usize::MAX).min(decisions.len());
        self.carry_out(&decisions[..carried_out], !crash);
        if carried_out == decisions.len() {
            self.check_rows(decisions.last());
        }
    }

    fn check(&self, decisions: &[Decision]) {
        let (now, state) = (self.now(), self.state());
        let context = || format!("{decisions:?} at {now} of {:?}", self.strategy);
        for (number, decision) in decisions.iter().enumerate() {
            let is_last = number + 1 == decisions.len();
            match *decision {
                Decision::Start { due, kind, key, before } => {
                    assert!(before > now && !self.queue.contains_key(&key), "{}", context());
                    assert!(is_last && due <= now && due > self.strategy.since, "{}", context());
                    assert!(!self.tasks.contains_key(&key), "doubled: {}", context());
                    assert!(
                        !self.strategy.paused && state.cluster == Some(ClusterStatus::Running),
                        "{}",
                        context()
                    );
                    assert!(
                        !self
                            .rows
                            .values()
                            .any(|row| matches!(row.outcome, Outcome::Started { is_over: false, .. }))
                    );
                    let schedule = &self.strategy.settings.schedule;
                    assert!(
                        !schedule.window().is_some_and(|window| window.holds(schedule.zone(), now)),
                        "{}",
                        context()
                    );
                    let planned = self.planned(due);
                    let owed = self.owed_full(due);
                    let expected = planned.kind == DataBackupMode::Full || owed || !state.has_usable_full;
                    assert_eq!(kind == DataBackupMode::Full, expected, "{}", context());
                    let promoted = promotion(&self.strategy, &self.history(), &state, planned, now);
                    assert_eq!(promoted.is_some(), kind != planned.kind, "{}", context());
                }
                Decision::Miss { due, .. } => {
                    assert!(due <= now && due > self.strategy.since, "{}", context());
                    let old = self.rows.get(&due);
                    let is_open =
                        |row: &Run| row.decided > now || matches!(row.outcome, Outcome::Queued { .. });
                    assert!(old.is_none_or(is_open), "missed twice: {}", context());
                }
                Decision::Queue { due, held, before } => {
                    assert!(is_last && !self.strategy.paused && before > now, "{}", context());
                    assert!(held.is_none_or(|(_, until)| until > now), "{}", context());
                    assert!(matches!(self.rows[&due].outcome, Outcome::Queued { .. }), "{}", context());
                }
                Decision::Wait { until, why } => {
                    assert!(is_last && until > now, "{}", context());
                    assert!(why != Hindrance::Paused, "{}", context());
                }
                Decision::Nothing => assert_eq!(decisions.len(), 1),
            }
        }
    }

    fn planned(&self, due: Timestamp) -> Due {
        let found = self.strategy.settings.schedule.due_times(Timestamp(due.0 - 1), due);
        *found.first().expect("only times of the schedule are due")
    }

    /// Returns whether a full run was due since the last started run, and was missed for another reason than a pause.
    fn owed_full(&self, due: Timestamp) -> bool {
        let began =
            self.rows.range(..due).rev().find(|(_, row)| matches!(row.outcome, Outcome::Started { .. }));
        let begin =
            began.map_or(self.strategy.since, |(&began, _)| began).max(Timestamp(self.now().0 - HORIZON));
        let dues = self.strategy.settings.schedule.due_times(begin, Timestamp(due.0 - 1));
        dues.iter().any(|due| {
            let paused = Outcome::Missed(MissReason::Hindered(Hindrance::Paused));
            let is_paused = self.rows.get(&due.at).is_some_and(|row| row.outcome == paused);
            due.kind == DataBackupMode::Full && !is_paused
        })
    }

    fn carry_out(&mut self, decisions: &[Decision], may_submit_twice: bool) {
        let now = self.now();
        for decision in decisions {
            match *decision {
                Decision::Start { due, kind, key, before } if !self.has_room() => {
                    self.queue.insert(key, Waiting { kind, from: now, before });
                    self.record(due, now, Outcome::Queued { kind });
                }
                Decision::Queue { due, held, before } => {
                    let key = RunKey { strategy: self.strategy.id, due };
                    let waiting = self.queue.get_mut(&key).expect("it is in the queue");
                    (waiting.from, waiting.before) = (held.map_or(now, |(_, until)| until), before);
                }
                Decision::Start { due, kind, key, .. } => {
                    let submissions = if may_submit_twice && self.dice.one_in(5) { 2 } else { 1 };
                    for _ in 0..submissions {
                        let ends = self.real + self.dice.pick(&[MINUTE, HOUR, 6 * HOUR, 2 * DAY]);
                        self.tasks.entry(key).or_insert(Task { kind, ends });
                        let outcome = Outcome::Started { kind, is_over: false };
                        self.record(due, now, outcome);
                    }
                }
                Decision::Miss { due, reason } => {
                    self.queue.remove(&RunKey { strategy: self.strategy.id, due });
                    self.record(due, now, Outcome::Missed(reason));
                }
                Decision::Wait { .. } | Decision::Nothing => (),
            }
        }
    }

    fn record(&mut self, due: Timestamp, decided: Timestamp, outcome: Outcome) {
        let planned = self.planned(due).kind;
        self.rows.insert(due, Run { due, planned, decided, outcome });
    }

    /// Every due time within the horizon has a settled row, except the newest one while it waits.
    fn check_rows(&self, last: Option<&Decision>) {
        let now = self.now();
        let begin = self.strategy.since.max(Timestamp(now.0 - HORIZON));
        let dues = self.strategy.settings.schedule.due_times(begin, now);
        let has_row = |due: &&Due| {
            self.rows
                .get(&due.at)
                .is_some_and(|row| !matches!(row.outcome, Outcome::Missed(_)) || row.decided <= now)
        };
        let without: Vec<Due> = dues.iter().filter(|due| !has_row(due)).copied().collect();
        match last {
            Some(Decision::Wait { .. }) => {
                assert_eq!(without.as_slice(), &dues[dues.len() - 1..], "only the newest one waits");
            }
            _ => assert_eq!(without, [], "missed without a row at {now}"),
        }
        // If nothing prevents it, the newest due time has become a task, unless it was due in a pause.
        if let (Some(newest), Some(Decision::Start { .. } | Decision::Nothing)) = (dues.last(), last) {
            let paused = Outcome::Missed(MissReason::Hindered(Hindrance::Paused));
            let outcome = &self.rows[&newest.at].outcome;
            assert!(
                !matches!(outcome, Outcome::Missed(_)) || *outcome == paused,
                "lost at {now}: {outcome:?}"
            );
        }
    }

    /// At the end of a year with a good clock, each miss is explained.
    fn settle(&mut self) {
        self.cluster = (ClusterStatus::Running, i64::MAX);
        (self.other_backup_until, self.crowded_until, self.strategy.paused) = (0, 0, false);
        // The last check of the year may have crashed before it recorded what was missed.
        let decisions = self.decide();
        self.carry_out(&decisions, true);
        let dues = self.strategy.settings.schedule.due_times(self.strategy.since, self.now());
        let last = dues.last().map(|due| due.at);
        for due in &dues {
            let Some(row) = self.rows.get(&due.at) else {
                // Lifeboat was down for longer than the horizon, or the run is still waiting.
                assert!(Some(due.at) == last, "no row for {}", due.at);
                continue;
            };
            if let Outcome::Missed(MissReason::ReplacedBy(by) | MissReason::ReplacedQuiet(by)) = row.outcome {
                assert!(by > due.at && dues.iter().any(|due| due.at == by), "{} is replaced by {by}", due.at);
            }
        }
        assert_eq!(
            self.rows.len() + usize::from(last.is_some_and(|last| !self.rows.contains_key(&last))),
            dues.len()
        );
        let started = self.rows.values().filter(|row| matches!(row.outcome, Outcome::Started { .. })).count();
        assert_eq!(started, self.tasks.len(), "a task for each start and none beside");
        assert!(started > 0 || dues.len() < 5, "some run of a year starts");
    }
}

/// Returns a random schedule.
pub(super) fn schedule(dice: &mut Dice) -> serde_json::Value {
    let zones = [
        "UTC",
        "Asia/Shanghai",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Sydney",
        "America/Santiago",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Pacific/Auckland",
        "Africa/Casablanca",
        "+08:00",
        "-03:30",
    ];
    let kinds = ["FULL_BACKUP", "INCREMENTAL_BACKUP", "INCREMENTAL_BACKUP"];
    let zone = dice.pick(&zones);
    let mut json = match dice.from(1, 3) {
        1 => {
            let expressions = [
                "0 2 * * *",
                "30 2 * * *",
                "0 */6 * * *",
                "0 * * * *",
                "15 1,13 * * 1-5",
                "0 2 1,15,L * *",
                "30 1 * * SUN#1",
                "0 0 * * *",
            ];
            let mut json = json!({"backupScheduleMode": "CRON", "cronExpression": dice.pick(&expressions), "scheduleZone": zone});
            if json["cronExpression"].as_str().is_some_and(|text| text.ends_with("* * *")) && dice.one_in(2) {
                json["dataBackupMode"] = json!("INCREMENTAL_BACKUP");
                json["fullOnCycle"] = json!("WEEK");
                json["fullOnDays"] = json!([dice.from(1, 7).to_string()]);
            }
            json
        }
        form => {
            let (mode, most) = if form == 2 { ("WEEK", 7) } else { ("MONTH", 31) };
            let mut days = json!({dice.from(1, most).to_string(): "FULL_BACKUP"});
            for _ in 0..dice.from(0, 8) {
                let day = dice.from(1, most).to_string();
                if days.get(&day).is_none() {
                    days[day] = json!(dice.pick(&kinds));
                }
            }
            if form == 3 && dice.one_in(2) {
                days["L"] = json!(dice.pick(&kinds));
            }
            let time = format!("{:02}:{:02}", dice.from(0, 6), dice.pick(&[0, 15, 30, 59]));
            json!({"backupScheduleMode": mode, "backupScheduleTime": time, "scheduleZone": zone, "dayAndDataBackupModelMap": days})
        }
    };
    if dice.one_in(3) {
        json["jitterSeconds"] = json!(dice.from(1, 3_600));
    }
    if dice.one_in(3) {
        let until = dice.pick(&["12:00", "20:00", "23:45"]);
        json["quietWindow"] = json!({"from": dice.pick(&["07:00", "08:30"]), "until": until});
    }
    json
}
