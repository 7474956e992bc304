//! The next runs of random strategies: what the preview shows is what the scheduler does if nothing hinders it.

use std::cell::Cell;
use std::collections::BTreeMap;

use model::Timestamp;
use model::backup::{BackupMethod, DataBackupMode};
use model::cluster::ClusterStatus;
use model::id::{ClusterId, StorageId, StrategyId, UserId};
use model::schedule::decide::{Decision, Outcome, Run, State, decide};
use model::schedule::preview::preview;
use model::schedule::{PlannedRun, Schedule};
use model::strategy::{Scope, Settings, Strategy, Thresholds};
use serde_json::json;

use super::schedule::schedule;
use super::{Dice, rounds};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

/// The longest time after which the scheduler looks.
const LATE: i64 = 5 * SECOND;

#[test]
fn the_scheduler_starts_the_runs_of_the_preview_and_no_others() {
    rounds(60, 6, |seed| {
        let mut world = World::new(seed);
        world.suffer();
        let shown = preview(&world.strategy, &world.history(), world.has_usable_full, world.now, 30);
        let context = format!("{:?}", world.strategy);
        assert_eq!(shown.len(), 30, "{context}");
        for (number, shown) in shown.iter().enumerate() {
            let ran = world.next_run();
            let context = format!("run {number} of {context}");
            assert_eq!(
                (shown.due.at, shown.due.kind, shown.replaces),
                (ran.due, ran.kind, ran.replaces),
                "{context}"
            );
            let late = ran.at.0 - shown.starts.0;
            assert!((0..=LATE).contains(&late), "{} instead of {}: {context}", ran.at, shown.starts);
        }
    });
}

/// What the property above relies on: due times in quiet windows and incremental runs without a base are not rare.
#[test]
fn random_strategies_replace_and_promote_runs() {
    let (replaced, promoted) = (Cell::new(0), Cell::new(0));
    rounds(60, 1, |seed| {
        let world = World::new(seed);
        let schedule = &world.strategy.settings.schedule;
        let is_promoted = |run: &PlannedRun| {
            let planned = schedule.due_times(Timestamp(run.due.at.0 - 1), run.due.at)[0].kind;
            planned != run.due.kind
        };
        let shown = preview(&world.strategy, &[], false, world.now, 30);
        replaced.set(replaced.get() + shown.iter().map(|run| run.replaces).sum::<usize>());
        promoted.set(promoted.get() + shown.iter().filter(|run| is_promoted(run)).count());
    });
    assert!(replaced.get() > 100 && promoted.get() > 10, "{replaced:?} {promoted:?}");
}

/// A run that was started.
struct Ran {
    due: Timestamp,
    kind: DataBackupMode,
    at: Timestamp,
    replaces: usize,
}

struct World {
    dice: Dice,
    strategy: Strategy,
    rows: BTreeMap<Timestamp, Run>,
    now: Timestamp,
    cluster: ClusterStatus,
    has_usable_full: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        // Some second of 2026.
        let begin = Timestamp(1_767_225_600_000_000 + dice.from(0, 365 * 86_400) * SECOND);
        let strategy = Strategy {
            id: StrategyId(dice.from(1, 1_000)),
            scope: Scope::Cluster(ClusterId(1)),
            owner: UserId(1),
            settings: Settings {
                method: BackupMethod::Physical,
                storage: StorageId(1),
                schedule: with_window(&mut dice),
                start_log_backup: true,
                restart_interrupted_log_backup: false,
                clean_up: None,
                take_over: None,
                thresholds: Thresholds::default(),
            },
            paused: false,
            since: begin,
        };
        let has_usable_full = dice.one_in(2);
        let rows = BTreeMap::new();
        Self { dice, strategy, rows, now: begin, cluster: ClusterStatus::Running, has_usable_full }
    }

    /// Lets some days pass, in which the cluster comes and goes.
    fn suffer(&mut self) {
        let end = self.now.0 + self.dice.from(0, 12) * DAY;
        while self.now.0 < end {
            self.cluster =
                if self.dice.one_in(3) { ClusterStatus::Unavailable } else { ClusterStatus::Running };
            self.look();
            self.pass();
        }
        self.cluster = ClusterStatus::Running;
    }

    /// Returns what starts next, while nothing hinders it.
    fn next_run(&mut self) -> Ran {
        let mut replaces = 0;
        for _ in 0..10_000 {
            let (missed, ran) = self.look();
            replaces += missed;
            let at = self.now;
            self.pass();
            if let Some((due, kind)) = ran {
                return Ran { due, kind, at, replaces };
            }
        }
        panic!("nothing starts: {:?}", self.strategy);
    }

    fn history(&self) -> Vec<Run> {
        self.rows.values().cloned().collect()
    }

    /// One look of the scheduler; returns the number of missed due times, and what starts.
    fn look(&mut self) -> (usize, Option<(Timestamp, DataBackupMode)>) {
        let state = State {
            cluster: Some(self.cluster),
            has_usable_full: self.has_usable_full,
            other_backup_runs: false,
            running: 0,
            begun: None,
            running_max: 2,
            storage_running: 0,
            storage_running_max: None,
        };
        let mut found = (0, None);
        for decision in decide(&self.strategy, &self.history(), &state, self.now) {
            let (due, outcome) = match decision {
                Decision::Start { due, kind, .. } => {
                    found.1 = Some((due, kind));
                    self.has_usable_full |= kind == DataBackupMode::Full;
                    (due, Outcome::Started { kind, is_over: true })
                }
                Decision::Miss { due, reason } => {
                    found.0 += 1;
                    (due, Outcome::Missed(reason))
                }
                Decision::Queue { .. } => panic!("nothing is queued"),
                Decision::Wait { .. } | Decision::Nothing => continue,
            };
            let planned = self.strategy.settings.schedule.due_times(Timestamp(due.0 - 1), due)[0].kind;
            self.rows.insert(due, Run { due, planned, decided: self.now, outcome });
        }
        found
    }

    /// Lets time pass until shortly after something changes: a time is due, its jitter has passed, or the quiet window
    /// ends. Or until some time before that.
    fn pass(&mut self) {
        let schedule = &self.strategy.settings.schedule;
        let now = self.now;
        let next = |after: Timestamp| schedule.dues(after).next().expect("always due again").at;
        let is_quiet =
            |at: i64| schedule.window().is_some_and(|window| window.holds(schedule.zone(), Timestamp(at)));
        let mut change = next(now).0;
        if is_quiet(now.0) {
            let minutes = (now.0 / MINUTE + 1..).map(|minute| minute * MINUTE);
            change = change.min(minutes.take(1_441 * 2).find(|&at| !is_quiet(at)).expect("it ends"));
        }
        let newest = schedule.due_times(Timestamp(now.0 - DAY), now).last().map(|due| due.at);
        let starts = newest.map(|due| due.0 + schedule.jitter_us(self.strategy.id, due));
        change = starts.filter(|starts| *starts > now.0).map_or(change, |starts| starts.min(change));
        self.now = if self.dice.one_in(3) && change - now.0 > 2 {
            Timestamp(now.0 + self.dice.from(1, change - now.0 - 1))
        } else {
            let replaced = next(Timestamp(change)).0;
            Timestamp((change + self.dice.from(0, LATE)).min(replaced - 1))
        };
    }
}

/// Returns a random schedule, often with due times in its quiet window.
fn with_window(dice: &mut Dice) -> Schedule {
    let plain = schedule(dice);
    let mut json = plain.clone();
    if dice.one_in(2) {
        let time = |dice: &mut Dice| format!("{:02}:{:02}", dice.from(0, 23), dice.pick(&[0, 1, 29, 30, 59]));
        json["quietWindow"] = json!({"from": time(dice), "until": time(dice)});
    }
    // A time of day that is in the window is refused, and so is an empty window.
    let read = serde_json::from_value(json);
    read.unwrap_or_else(|_| serde_json::from_value(plain).expect("a schedule"))
}
