//! Weeks and months of strategies on simulated clusters, with faults: every run is a real backup.

use std::time::Duration;

use engine::testkit::Timed as _;
use model::Timestamp;
use model::backup::DataBackupMode::{self, Full, Incremental};
use model::id::TaskId;
use model::strategy::Scope;
use model::strategy::draft::ThresholdConfig;
use serde_json::{Value, json};
use sim::{FaultName, Profile};

use super::{NamedStorage, RunFilter, RunStatus, StrategyAsk, due};
use crate::PageAsk;
use crate::clusters;
use crate::storages::StorageChoice;
use crate::testing::simulated::SimWorld;

const DAY: i64 = 86_400_000_000;

/// The result of a run: its status, its planned and actual mode, and the reason.
type Fate = (RunStatus, DataBackupMode, Option<DataBackupMode>, Option<&'static str>);

struct Story {
    world: SimWorld,
    scope: Scope,
}

impl Story {
    /// Starts at midnight of the next day for which the condition holds; its argument is the days since 1970.
    async fn begin(profile: Profile, schedule: Value, is_the_day: impl Fn(i64) -> bool) -> Self {
        let world = SimWorld::new(profile).await;
        let story = Self { scope: Scope::Cluster(world.cluster), world };
        let today = story.now().await.0 / DAY;
        let day = (today + 1..).find(|day| is_the_day(*day)).expect("it comes");
        story.pass_until(Timestamp(day * DAY)).await;
        let ask = StrategyAsk {
            method: None,
            storage: Some(NamedStorage { choice: StorageChoice::Saved(story.world.storage), name: None }),
            schedule: serde_json::from_value(schedule).expect("a schedule"),
            thresholds: ThresholdConfig::default(),
            secondary_backup: false,
            take_over_policies: false,
            seen_policies: None,
        };
        super::create(&story.world.control, &story.world.actor, story.scope, ask).await.expect("created");
        story
    }

    async fn now(&self) -> Timestamp {
        self.world.control.metadata().now().await.expect("answers")
    }

    async fn pass_until(&self, moment: Timestamp) {
        let time =
            Duration::from_micros(u64::try_from(moment.0 - self.now().await.0).expect("it is to come"));
        self.world.control.metadata().pass(time).await.expect("the clock can be moved");
        self.world.handle.advance_seconds(time.as_secs_f64());
    }

    /// Lets time pass until a second after the next due time.
    async fn until_due(&self) {
        let now = self.now().await;
        let strategies = self.world.control.metadata().strategy_list(None).await.expect("listed");
        let next = strategies[0].settings.schedule.dues(now).next().expect("something is due");
        self.pass_until(Timestamp(next.at.0 + 1_000_000)).await;
    }

    async fn look(&self) {
        let (control, actor) = (&self.world.control, &self.world.actor);
        clusters::refresh(control, actor, self.world.cluster).await.expect("it answers");
    }

    async fn round(&self) {
        due::run(&self.world.control).await.expect("a round");
    }

    /// Returns the running task, if any.
    async fn task(&self) -> Option<TaskId> {
        let page = super::runs(
            &self.world.control,
            &self.world.actor,
            self.scope,
            RunFilter::default(),
            PageAsk::default(),
        )
        .await;
        let newest = page.expect("listed").contents.into_iter().next()?;
        newest.task.filter(|_| newest.status == RunStatus::Running)
    }

    /// Waits for the next run, which must succeed.
    async fn run(&self) {
        self.until_due().await;
        self.round().await;
        self.world.finish(self.task().await.expect("a run starts")).await;
    }

    /// Checks all runs so far, oldest first.
    async fn assert_fates(&self, expected: &[Fate]) {
        let page = super::runs(
            &self.world.control,
            &self.world.actor,
            self.scope,
            RunFilter::default(),
            PageAsk::default(),
        )
        .await;
        let mut runs = page.expect("listed").contents;
        runs.reverse();
        let fates: Vec<(RunStatus, DataBackupMode, Option<DataBackupMode>, Option<String>)> = runs
            .into_iter()
            .map(|run| (run.status, run.planned, run.kind, run.reason.map(|reason| reason.id)))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(status, planned, kind, reason)| (*status, *planned, *kind, reason.map(str::to_owned)))
            .collect();
        assert_eq!(fates, expected);
    }
}

const fn good(kind: DataBackupMode) -> Fate {
    (RunStatus::Successful, kind, Some(kind), None)
}

#[tokio::test]
async fn a_month_of_a_week_grid_survives_an_upgrade_and_a_failed_run() {
    for profile in [Profile::V4_2_5, Profile::V3_1_5] {
        let grid = json!({"backupScheduleMode": "WEEK", "backupScheduleTime": "02:00:00.000+00:00",
                          "dayAndDataBackupModelMap": {"2": "INCREMENTAL_BACKUP", "6": "FULL_BACKUP"}});
        // Day 0 is a Thursday, so day 4 is a Monday.
        let story = Story::begin(profile, grid, |day| day % 7 == 4).await;
        story.run().await; // Tuesday: there is no full set yet
        story.run().await;
        story.world.fault(FaultName::UpgradeMode, None);
        story.until_due().await;
        story.look().await;
        story.round().await;
        assert_eq!(story.task().await, None, "{profile}: nothing starts during an upgrade");
        story.world.handle.clear_faults(None);
        story.pass_until(Timestamp(story.now().await.0 + 3 * DAY)).await;
        story.look().await;
        story.round().await;
        story.world.finish(story.task().await.expect("it is caught up")).await;
        story.run().await;
        story.world.fault(FaultName::DestinationUnreachable, None);
        story.until_due().await;
        story.round().await;
        story.world.fail(story.task().await.expect("a run starts")).await;
        story.world.handle.clear_faults(None);
        for _ in 0..3 {
            story.run().await;
        }
        // Before 4.0, the job disappears without a reason.
        let why = if profile.is_tenant_level() { "database-backup-unreachable" } else { "backup-job-gone" };
        story
            .assert_fates(&[
                (RunStatus::Successful, Incremental, Some(Full), Some("run-full-without-full")),
                good(Full),
                good(Incremental),
                good(Full),
                (RunStatus::Failed, Incremental, Some(Incremental), Some(why)),
                good(Full),
                good(Incremental),
                good(Full),
            ])
            .await;
    }
}

#[tokio::test]
async fn a_month_grid_runs_on_its_last_day_and_what_a_pause_held_back_is_recorded() {
    for profile in [Profile::V4_2_5, Profile::V3_1_5] {
        let grid = json!({"backupScheduleMode": "MONTH", "backupScheduleTime": "01:30", "scheduleZone": "Australia/Sydney",
                          "dayAndDataBackupModelMap": {"1": "FULL_BACKUP", "10": "INCREMENTAL_BACKUP",
                                                       "20": "INCREMENTAL_BACKUP", "L": "FULL_BACKUP"}});
        let is_last_but_one = |day: i64| {
            let month = |day: i64| Timestamp(day * DAY).to_rfc3339()[5..7].to_owned();
            month(day + 1) == month(day) && month(day + 2) != month(day)
        };
        let story = Story::begin(profile, grid, is_last_but_one).await;
        story.run().await; // the last day
        story.run().await; // the first of the next month
        let (control, actor) = (&story.world.control, &story.world.actor);
        super::pause(control, actor, story.scope, super::PauseToo::default()).await.expect("paused");
        story.until_due().await;
        story.round().await;
        assert_eq!(story.task().await, None, "{profile}: it is paused");
        super::resume(control, actor, story.scope).await.expect("resumed");
        story.run().await;
        story.run().await;
        let paused = (RunStatus::Missed, Incremental, None, Some("run-hindered-paused"));
        story.assert_fates(&[good(Full), good(Full), paused, good(Incremental), good(Full)]).await;
    }
}

#[tokio::test]
async fn cron_runs_that_were_due_during_a_run_or_an_outage_start_once() {
    for profile in [Profile::V4_2_5, Profile::V3_1_5] {
        let cron =
            json!({"backupScheduleMode": "CRON", "cronExpression": "0 */6 * * *", "scheduleZone": "UTC"});
        let story = Story::begin(profile, cron, |_| true).await;
        story.until_due().await;
        story.round().await;
        let long = story.task().await.expect("a run starts");
        for _ in 0..2 {
            story.until_due().await;
            story.round().await;
        }
        assert_eq!(story.task().await, None, "{profile}: the newest due time was missed");
        story.world.finish(long).await;
        story.round().await;
        story.world.finish(story.task().await.expect("it is caught up")).await;
        for _ in 0..3 {
            story.until_due().await; // no server runs
        }
        story.round().await;
        story.world.finish(story.task().await.expect("the newest starts")).await;
        let replaced = (RunStatus::Missed, Full, None, Some("run-replaced"));
        let during = (RunStatus::Missed, Full, None, Some("run-hindered-previous"));
        story.assert_fates(&[good(Full), during, good(Full), replaced, replaced, good(Full)]).await;
    }
}
