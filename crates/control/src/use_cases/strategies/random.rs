//! A year of random strategies, on the real metadata: two servers that run at the same time, crashes between
//! decisions and writes, a clock that jumps both ways, a cluster that disappears and returns. Every due time has a
//! row, and none has two tasks.
//!
//! The seed is printed; `LIFEBOAT_SEED=7 LIFEBOAT_ROUNDS=100` runs many from there.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::task::Poll;

use metadata::Slice;
use metadata::strategy_runs::{Fate, StoredRun};
use metadata::tasks::{TaskQuery, subject};
use model::Timestamp;
use model::backup::BackupMethod;
use model::cluster::ClusterStatus;
use model::id::TenantId;
use model::schedule::decide::{Decision, HORIZON};
use model::strategy::draft::{ScheduleConfig, ThresholdConfig};
use model::strategy::{Scope, Strategy};
use serde_json::{Value, json};
use sim::Profile;

use super::due::{self, Decided};
use super::{NamedStorage, StrategyAsk};
use crate::orders::Running;
use crate::storages::StorageChoice;
use crate::tasks::Steer;
use crate::testing::simulated::SimWorld;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The maximum difference between two readings of one clock: within it, a miss counts although it was written later.
const CLOCK_APART: i64 = MINUTE;

/// The zones change their clocks in both hemispheres, by half an hour, at midnight, or never.
const ZONES: [&str; 9] = [
    "UTC",
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "-03:30",
];

#[tokio::test]
async fn two_servers_that_crash_and_clocks_that_jump_lose_and_double_no_run_of_a_year() {
    let setting =
        |name: &str, usual| std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual);
    let first: u64 = setting("LIFEBOAT_SEED", 1);
    for seed in first..first + (setting("LIFEBOAT_ROUNDS", 10) / 10).max(1) {
        println!("LIFEBOAT_SEED={seed}");
        Year::begin(seed).await.live().await;
    }
}

struct Dice(u64);

impl Dice {
    fn from(&mut self, least: i64, most: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let number = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let span = u64::try_from(most - least + 1).expect("least is not above most");
        least + i64::try_from((number ^ (number >> 31)) % span).expect("a small number")
    }

    fn one_in(&mut self, times: i64) -> bool {
        self.from(1, times) == 1
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.from(0, i64::try_from(of.len()).expect("few") - 1)).expect("an index")]
    }
}

struct Year {
    dice: Dice,
    world: SimWorld,
    scopes: Vec<Scope>,
    /// When the strategies were saved, by the right clock. If the clock goes back further, earlier due times count.
    saved: Timestamp,
    /// The current error of the clock.
    wrong_by: i64,
    /// The time that has passed.
    passed: i64,
}

impl Year {
    async fn begin(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let world = SimWorld::new(Profile::V4_2_5).await;
        // A random day of the year, so that some seed meets every change of the clocks.
        world.control.metadata().turn_clock(dice.from(0, 365) * DAY);
        let mut scopes = vec![Scope::Cluster(world.cluster)];
        if dice.one_in(2) {
            scopes.push(Scope::Tenant(world.cluster, TenantId(1002)));
        }
        for scope in &scopes {
            let ask = StrategyAsk {
                method: Some(BackupMethod::Physical),
                storage: Some(NamedStorage { choice: StorageChoice::Saved(world.storage), name: None }),
                schedule: schedule(&mut dice),
                thresholds: ThresholdConfig::default(),
                secondary_backup: false,
                take_over_policies: false,
                seen_policies: None,
            };
            super::create(&world.control, &world.actor, *scope, ask).await.expect("created");
        }
        let saved = world.control.metadata().now().await.expect("answers");
        Self { dice, world, scopes, saved, wrong_by: 0, passed: 0 }
    }

    async fn live(mut self) {
        while self.passed < 366 * DAY {
            self.pass().await;
            self.happen().await;
            self.two_servers_look().await;
            self.check_tasks().await;
            if self.dice.one_in(2) {
                due::run(&self.world.control).await.expect("a round");
                self.check_rows().await;
            }
        }
        self.recover().await;
    }

    /// At the end, nothing hinders the strategies: a run starts, even if none did in a year of outages and pauses.
    async fn recover(&mut self) {
        let (control, actor) = (&self.world.control, &self.world.actor);
        control.metadata().turn_clock(-self.wrong_by);
        let cluster = control.context.cluster(self.world.cluster).await.expect("there");
        let mut writer = control.metadata().begin().await.expect("may write");
        writer.cluster_probed(cluster.id, &cluster.facts, ClusterStatus::Running).await.expect("kept");
        writer.commit().await.expect("kept");
        for strategy in self.strategies().await.iter().filter(|strategy| strategy.paused) {
            super::resume(control, actor, strategy.scope).await.expect("it may be resumed");
        }
        for _ in 0..5 {
            self.end_tasks().await;
        }
        let before = self.tasks().await;
        // A clock that was ahead has settled due times of the next 500 days already.
        let mut settled = self.now().await;
        for strategy in self.strategies().await {
            let runs = self.runs(&strategy, settled).await;
            settled = runs.iter().map(|run| run.run.due).max().map_or(settled, |due| due.max(settled));
        }
        control.metadata().turn_clock(settled.0 - self.now().await.0);
        for _ in 0..10 {
            // When it is due, after its jitter, and after each quiet window.
            for time in [self.until_due().await, HOUR, 3 * HOUR, 4 * HOUR, 4 * HOUR, 6 * HOUR] {
                control.metadata().turn_clock(time);
                due::run(control).await.expect("a round");
                if self.tasks().await > before {
                    return;
                }
            }
        }
        panic!("nothing starts although nothing hinders it: {:?}", self.strategies().await);
    }

    async fn now(&self) -> Timestamp {
        self.world.control.metadata().now().await.expect("answers")
    }

    async fn strategies(&self) -> Vec<Strategy> {
        self.world.control.metadata().strategy_list(None).await.expect("listed")
    }

    async fn runs(&self, strategy: &Strategy, from: Timestamp) -> Vec<StoredRun> {
        self.world.control.metadata().strategy_run_history(strategy.id, from).await.expect("listed")
    }

    /// Lets time pass: often exactly until the next due time.
    async fn pass(&mut self) {
        let ahead = self.until_due().await;
        let time = match self.dice.from(1, 60) {
            1 => self.dice.from(1, 20 * DAY), // no server runs
            2..=10 => self.dice.from(1, MINUTE),
            11..=30 => ahead,
            _ => ahead + self.dice.from(0, 3 * HOUR),
        };
        self.passed += time;
        self.world.control.metadata().turn_clock(time);
    }

    /// Returns how long nothing is due.
    async fn until_due(&self) -> i64 {
        let now = self.now().await;
        let next =
            |strategy: &Strategy| strategy.settings.schedule.dues(now).next().map(|due| due.at.0 - now.0);
        self.strategies().await.iter().filter_map(next).min().expect("something is due some day")
    }

    async fn happen(&mut self) {
        if self.dice.one_in(3) {
            self.end_tasks().await;
        }
        if self.dice.one_in(15) {
            let cluster = self.world.control.context.cluster(self.world.cluster).await.expect("there");
            let mut writer = self.world.control.metadata().begin().await.expect("may write");
            let status = self.dice.pick(&[ClusterStatus::Unavailable, ClusterStatus::Upgrading]);
            let status =
                if cluster.status == ClusterStatus::Running { status } else { ClusterStatus::Running };
            writer.cluster_probed(cluster.id, &cluster.facts, status).await.expect("kept");
            writer.commit().await.expect("kept");
        }
        if self.dice.one_in(40) {
            let scope = self.dice.pick(&self.scopes);
            let (control, actor) = (&self.world.control, &self.world.actor);
            let strategies = self.strategies().await;
            let is_paused = strategies.iter().any(|strategy| strategy.scope == scope && strategy.paused);
            let switched = if is_paused {
                super::resume(control, actor, scope).await
            } else {
                super::pause(control, actor, scope, super::PauseToo::default()).await
            };
            switched.expect("it may be switched");
        }
        if self.dice.one_in(20) {
            let wrong_by = match self.dice.from(1, 5) {
                1 => self.dice.from(-3 * DAY, 3 * DAY),
                2 => self.dice.from(-HOUR, HOUR),
                3 => self.dice.from(0, 500 * DAY),
                _ => 0,
            };
            self.world.control.metadata().turn_clock(wrong_by - self.wrong_by);
            self.wrong_by = wrong_by;
        }
    }

    /// Ends the running tasks, if the clock lets a worker claim them.
    async fn end_tasks(&self) {
        let control = &self.world.control;
        let query = TaskQuery::default();
        let tasks =
            control.metadata().task_list(&query, Slice { offset: 0, limit: 5 }).await.expect("listed");
        for task in tasks.items.iter().map(|task| model::id::TaskId(task.id.0)) {
            // The worker below may have ended it.
            if self.world.task(task).await.status.is_finished() {
                continue;
            }
            self.world.steer(task, Steer::Cancel).await;
            for _ in 0..5 {
                control.worker().run_due().await.expect("the journal answers");
            }
        }
    }

    /// Returns what one server decides now about all due runs.
    async fn decided(&self) -> Vec<Decided> {
        let control = &self.world.control;
        let running = Running::read(&control.context).await.expect("answers");
        let mut all = Vec::new();
        for pending in due::pending(control).await.expect("answers") {
            all.extend(due::decided(&control.context, pending.strategy, &running).await.expect("answers"));
        }
        all
    }

    /// Two servers check at the same time. Each may carry out its decisions immediately, late, twice, partly, or
    /// never.
    async fn two_servers_look(&mut self) {
        let (mut one, other) = (self.decided().await, self.decided().await);
        for decided in &mut one {
            if self.dice.one_in(4) {
                let kept = self.dice.from(0, i64::try_from(decided.decisions.len()).expect("few"));
                decided.decisions.truncate(usize::try_from(kept).expect("few"));
            }
        }
        let control = &self.world.control;
        let all = async |decided: &[Decided]| {
            for decided in decided {
                due::carry_out(control, decided).await.expect("nothing fails");
            }
        };
        match self.dice.from(1, 4) {
            1 => {
                tokio::join!(all(&one), all(&other));
            }
            2 => {
                all(&other).await;
                all(&one).await;
            }
            3 => {
                let polls = self.dice.from(1, 60);
                broken_off(Box::pin(all(&one)), polls).await;
                // Only one transaction writes at a time: when this one starts, the interrupted one has ended.
                drop(control.metadata().begin().await.expect("may write"));
                all(&other).await;
            }
            _ => all(&one).await,
        }
    }

    /// Counts the tasks of runs, without those that ended without running: their due times were missed.
    async fn tasks(&self) -> usize {
        let query = TaskQuery { without_withdrawn: true, ..TaskQuery::default() };
        let all = self.world.control.metadata().task_list(&query, Slice::ALL).await.expect("listed");
        assert!(all.total < 10_000, "every task is looked at");
        all.items.iter().filter(|task| task.subject.contains_key(subject::STRATEGY)).count()
    }

    /// Every task belongs to exactly one due time.
    async fn check_tasks(&self) {
        let mut started = BTreeSet::new();
        for strategy in self.strategies().await {
            for run in self.runs(&strategy, Timestamp(0)).await {
                if let Fate::Started { task, .. } = run.run.fate {
                    assert!(started.insert(task), "{task} stands for two due times");
                }
            }
        }
        assert_eq!(started.len(), self.tasks().await, "one task for each run that started");
    }

    /// After a round every due time within the horizon has a row, except the newest one while it waits.
    async fn check_rows(&self) {
        let now = self.now().await;
        for strategy in self.strategies().await {
            let begin = strategy.since.max(self.saved).max(Timestamp(now.0 - HORIZON));
            let runs = self.runs(&strategy, begin).await;
            let is_settled = |due: Timestamp| {
                let run = runs.iter().find(|run| run.run.due == due);
                run.is_some_and(|run| {
                    matches!(run.run.fate, Fate::Started { .. }) || run.decided.0 <= now.0 + CLOCK_APART
                })
            };
            let dues = strategy.settings.schedule.due_times(begin, now);
            let open: Vec<Timestamp> =
                dues.iter().map(|due| due.at).filter(|due| !is_settled(*due)).collect();
            let waits = match &open[..] {
                [] => continue,
                [only] => dues.last().is_some_and(|newest| newest.at == *only),
                _ => false,
            };
            assert!(waits, "missed without a record at {now}: {open:?} of {strategy:?}");
            let running = Running::read(&self.world.control.context).await.expect("answers");
            let decided = due::decided(&self.world.control.context, strategy.clone(), &running).await;
            let decisions = decided.expect("answers").expect("its cluster is there").decisions;
            assert!(
                matches!(decisions[..], [Decision::Wait { .. }]),
                "{decisions:?} of {strategy:?} at {now}"
            );
        }
    }
}

/// Drops a future after this many polls, as a crash does.
async fn broken_off(mut work: Pin<Box<impl Future<Output = ()>>>, mut polls: i64) {
    std::future::poll_fn(|cx| {
        polls -= 1;
        match work.as_mut().poll(cx) {
            Poll::Pending if polls > 0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    })
    .await;
}

/// Returns a random schedule with few runs a week, so that a year is short.
fn schedule(dice: &mut Dice) -> ScheduleConfig {
    let kinds = ["FULL_BACKUP", "INCREMENTAL_BACKUP", "INCREMENTAL_BACKUP"];
    let time = format!("{:02}:{:02}", dice.from(0, 5), dice.pick(&[0, 15, 30, 59]));
    let mut json: Value = match dice.from(1, 3) {
        1 => {
            let expressions = ["30 2 * * 2,5", "0 2 1,15,L * *", "30 1 * * SUN#1", "15 0,13 * * SAT"];
            json!({"backupScheduleMode": "CRON", "cronExpression": dice.pick(&expressions)})
        }
        form => {
            let (mode, most, days) = if form == 2 { ("WEEK", 7, 2) } else { ("MONTH", 31, 5) };
            let mut map = json!({dice.from(1, most).to_string(): "FULL_BACKUP"});
            for _ in 0..dice.from(0, days) {
                let day = dice.from(1, most).to_string();
                if map.get(&day).is_none() {
                    map[day] = json!(dice.pick(&kinds));
                }
            }
            json!({"backupScheduleMode": mode, "backupScheduleTime": time, "dayAndDataBackupModelMap": map})
        }
    };
    json["zone"] = json!(dice.pick(&ZONES));
    if dice.one_in(3) {
        json["jitterSeconds"] = json!(dice.from(1, 3_600));
    }
    if dice.one_in(3) {
        json["quietWindow"] = json!({"from": "07:00", "until": dice.pick(&["12:00", "20:00", "23:45"])});
    }
    serde_json::from_value(json).expect("a schedule")
}
