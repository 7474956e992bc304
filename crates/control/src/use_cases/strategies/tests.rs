//! The runs that strategies start, wait for and miss, on a simulated cluster and with a clock that the tests move.

mod clock;
mod earlier;
mod log_backup;
mod planned;
mod queue;
mod refusals;
mod storages;
mod thresholds;

use std::collections::BTreeSet;
use std::time::Duration;

use engine::testkit::Timed as _;
use metadata::Slice;
use metadata::tasks::{TaskQuery, subject};
use model::alarm::{Alarm, AlarmKind};
use model::archive::LogBackupWish;
use model::backup::DataBackupMode::{Full, Incremental};
use model::id::{StrategyId, TaskId, TenantId};
use model::schedule::decide::Decision;
use model::storage::StorageLocation;
use model::strategy::Scope;
use model::strategy::draft::{ScheduleConfig, ThresholdConfig};
use model::text::Language;
use model::user::Role;
use model::{Secret, Timestamp};
use serde_json::json;
use sim::Profile;

use super::due::{self, Started};
use super::{
    NamedStorage, PauseToo, RunFilter, RunStatus, ScheduleStatus, StrategyAsk, StrategyChange, StrategyRun,
};
use crate::backups::{self, BackupFilter, BackupSource};
use crate::orders::Running;
use crate::storages::StorageChoice;
use crate::testing::simulated::SimWorld;
use crate::users::accounts::{self, AccountChange, NewAccount};
use crate::{Actor, Error, PageAsk};

mod meanwhile;
mod rounds;

/// Returns a schedule with a run at every full hour.
fn hourly(kind: &str) -> ScheduleConfig {
    let all = ["1", "2", "3", "4", "5", "6", "7"];
    let mut form = json!({"backupScheduleMode": "CRON", "cronExpression": "0 * * * *", "scheduleZone": "UTC", "dataBackupMode": kind});
    if kind == "INCREMENTAL_BACKUP" {
        // The day of full backups is neither today nor tomorrow, so that the next runs are incremental.
        form["fullOnCycle"] = json!("WEEK");
        form["fullOnDays"] = json!([all[usize::try_from(weekday() + 3).expect("small") % 7]]);
    }
    serde_json::from_value(form).expect("a schedule")
}

/// Returns today's day of the week, from 0 for Monday.
fn weekday() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let days = i64::try_from(now.as_secs() / 86_400).expect("small");
    (days + 3) % 7 // 1970 began on a Thursday
}

fn ask(world: &SimWorld, kind: &str) -> StrategyAsk {
    StrategyAsk {
        method: None,
        storage: Some(NamedStorage { choice: StorageChoice::Saved(world.storage), name: None }),
        schedule: hourly(kind),
        thresholds: ThresholdConfig::default(),
        secondary_backup: false,
        take_over_policies: false,
        seen_policies: None,
    }
}

fn whole(world: &SimWorld) -> Scope {
    Scope::Cluster(world.cluster)
}

async fn create(world: &SimWorld, scope: Scope, kind: &str) -> StrategyId {
    let made = super::create(&world.control, &world.actor, scope, ask(world, kind)).await;
    made.expect("the strategy is created").strategy.id
}

async fn pass(world: &SimWorld, time: Duration) {
    world.control.metadata().pass(time).await.expect("the clock can be moved");
    world.handle.advance_seconds(time.as_secs_f64());
}

/// Lets time pass until a second after the next full hour.
async fn until_due(world: &SimWorld) {
    let now = world.control.metadata().now().await.expect("answers");
    let hour = 3_600_000_000;
    let left = hour - now.0 % hour + 1_000_000;
    pass(world, Duration::from_micros(u64::try_from(left).expect("positive"))).await;
}

async fn round(world: &SimWorld) {
    due::run(&world.control).await.expect("a round");
}

async fn runs(world: &SimWorld, scope: Scope) -> Vec<StrategyRun> {
    let page =
        super::runs(&world.control, &world.actor, scope, RunFilter::default(), PageAsk::default()).await;
    page.expect("listed").contents
}

async fn outcomes(world: &SimWorld, scope: Scope) -> Vec<(RunStatus, Option<String>)> {
    let runs = runs(world, scope).await;
    runs.into_iter().map(|run| (run.status, run.reason.map(|reason| reason.id))).collect()
}

/// Returns the tasks that strategies have started, the oldest first.
async fn tasks(world: &SimWorld) -> Vec<engine::Task> {
    let query = TaskQuery { oldest_first: true, ..TaskQuery::default() };
    let all = world.control.metadata().task_list(&query, Slice::ALL).await.expect("listed").items;
    all.into_iter().filter(|task| task.subject.contains_key(subject::STRATEGY)).collect()
}

async fn only_task(world: &SimWorld) -> TaskId {
    let [task] = &tasks(world).await[..] else { panic!("one task") };
    TaskId(task.id.0)
}

fn refusal<T>(result: Result<T, Error>) -> (u32, String) {
    let problem = result.err().expect("refused").into_problem();
    (problem.code, problem.text.id)
}

#[tokio::test]
async fn a_run_starts_once_when_it_is_due_and_stands_as_its_task_does() {
    let world = SimWorld::new(Profile::V4_2_5).await;
    let id = create(&world, whole(&world), "FULL_BACKUP").await;
    round(&world).await;
    assert_eq!(tasks(&world).await.len(), 0, "nothing is due yet");
    until_due(&world).await;
    for _ in 0..2 {
        round(&world).await;
    }
    let task = only_task(&world).await;
    let [run] = &runs(&world, whole(&world)).await[..] else { panic!("one run") };
    assert_eq!(
        (run.status, run.task, run.kind, run.planned),
        (RunStatus::Running, Some(task), Some(Full), Full)
    );
    assert_eq!(run.due.0 % 3_600_000_000, 0);
    let stored = world.task(task).await;
    assert_eq!((stored.creator.as_str(), stored.subject[subject::STRATEGY].as_str()), ("strategy/1", "1"));
    world.finish(task).await;
    assert_eq!(outcomes(&world, whole(&world)).await, [(RunStatus::Successful, None)]);
    round(&world).await;
    assert_eq!(only_task(&world).await, task, "what is over is not started again");
    assert_eq!(world.sets_of(task).await.len(), 2);
    let filter = BackupFilter { cluster: Some(world.cluster), ..BackupFilter::default() };
    let shown = backups::data_backup_tasks(&world.control, &world.actor, &filter, PageAsk::default()).await;
    let shown = shown.expect("listed").page.contents;
    assert!(shown.iter().all(|row| row.source == BackupSource::Scheduled), "{shown:?}");
    let detail = super::get(&world.control, &world.actor, whole(&world)).await.expect("there");
    assert_eq!((detail.strategy.id, detail.owner.as_deref()), (id, Some("admin")));
    assert_eq!(detail.standing.last.map(|run| run.status), Some(RunStatus::Successful));
    world.assert_clean(task).await;
}

#[tokio::test]
async fn of_two_servers_and_of_two_decisions_for_one_due_time_one_starts_a_task() {
    let world = SimWorld::new(Profile::V4_2_5).await;
    let scope = whole(&world);
    create(&world, scope, "FULL_BACKUP").await;
    until_due(&world).await;
    let (one, other) = tokio::join!(due::run(&world.control), due::run(&world.control));
    one.and(other).expect("both rounds");
    let task = only_task(&world).await;
    world.finish(task).await;

    // One server decides, and carries it out only after the task of the other has ended.
    until_due(&world).await;
    let late = decided(&world).await;
    round(&world).await;
    let second = TaskId(tasks(&world).await[1].id.0);
    world.finish(second).await;
    let outcome = due::carry_out(&world.control, &late).await.expect("nothing fails");
    assert_eq!(outcome, Started::Outrun, "another was first");
    assert_eq!(tasks(&world).await.len(), 2);
    assert_eq!(outcomes(&world, scope).await, [(RunStatus::Successful, None), (RunStatus::Successful, None)]);
}

async fn decided(world: &SimWorld) -> due::Decided {
    let strategy = due::pending(&world.control).await.expect("answers").remove(0).strategy;
    let running = Running::read(&world.control.context).await.expect("answers");
    due::decided(&world.control.context, strategy, &running)
        .await
        .expect("answers")
        .expect("its cluster is there")
}

#[tokio::test]
async fn a_crash_between_decision_and_submission_loses_nothing() {
    let world = SimWorld::new(Profile::V4_2_5).await;
    create(&world, whole(&world), "FULL_BACKUP").await;
    until_due(&world).await;
    let crashed = decided(&world).await;
    assert!(matches!(crashed.decisions[..], [Decision::Start { .. }]), "{:?}", crashed.decisions);
    drop(crashed);
    assert_eq!((tasks(&world).await.len(), runs(&world, whole(&world)).await.len()), (0, 0));
    // The submission is dropped at each of its first waits, as by a crash; then it is completed.
    for polls in 0..40 {
        if due::pending(&world.control).await.expect("answers").is_empty() {
            break; // the dropped submission had reached its commit
        }
        let decided = decided(&world).await;
        let mut submission = Box::pin(due::carry_out(&world.control, &decided));
        let mut left = polls;
        let ended = std::future::poll_fn(|cx| {
            let polled = submission.as_mut().poll(cx);
            left -= 1;
            match polled {
                std::task::Poll::Ready(done) => std::task::Poll::Ready(Some(done)),
                std::task::Poll::Pending if left < 0 => std::task::Poll::Ready(None),
                std::task::Poll::Pending => std::task::Poll::Pending,
            }
        });
        let ended = ended.await;
        drop(submission);
        // Only one transaction writes at a time: when this one starts, the dropped one has ended.
        drop(world.control.metadata().begin().await.expect("may write"));
        let (tasks, runs) = (tasks(&world).await.len(), runs(&world, whole(&world)).await.len());
        assert_eq!(tasks, runs, "after {polls} waits: a task and its row are there together or not at all");
        if ended.is_some() || tasks > 0 {
            break;
        }
    }
    round(&world).await;
    let task = only_task(&world).await;
    world.finish(task).await;
}

#[tokio::test]
async fn what_is_due_during_a_pause_is_recorded_and_not_caught_up() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let scope = whole(&world);
    create(&world, scope, "FULL_BACKUP").await;
    let standing =
        async || super::schedule_standing(&world.control.context, world.cluster).await.expect("answers");
    assert_eq!(standing().await.status, ScheduleStatus::Normal);
    super::pause(&world.control, &world.actor, scope, PauseToo::default()).await.expect("paused");
    assert_eq!((standing().await.status, standing().await.next), (ScheduleStatus::Paused, None));
    until_due(&world).await;
    round(&world).await;
    let paused = || (RunStatus::Missed, Some("run-hindered-paused".to_owned()));
    assert_eq!(outcomes(&world, scope).await, [paused()]);
    assert_eq!(alarms(&world).await, [], "somebody wanted it so");
    until_due(&world).await; // no round until the strategy is resumed
    super::resume(&world.control, &world.actor, scope).await.expect("resumed");
    round(&world).await;
    assert_eq!((outcomes(&world, scope).await, tasks(&world).await.len()), (vec![paused(), paused()], 0));
    assert_eq!(standing().await.status, ScheduleStatus::Normal, "the pause was intended");
    until_due(&world).await;
    assert_eq!(standing().await.status, ScheduleStatus::Waiting);
    round(&world).await;
    assert_eq!(outcomes(&world, scope).await[0], (RunStatus::Running, None));
}

#[tokio::test]
async fn a_run_that_failed_before_a_pause_or_another_schedule_still_shows() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let (scope, control, actor) = (whole(&world), &world.control, &world.actor);
    let mut ask = ask(&world, "FULL_BACKUP");
    ask.schedule.start_log_backup = Some(false); // without log backup, the run fails
    super::create(control, actor, scope, ask).await.expect("created");
    let status = async || {
        let standing = super::schedule_standing(&control.context, world.cluster).await;
        standing.expect("answers").status
    };
    until_due(&world).await;
    round(&world).await;
    world.fail(only_task(&world).await).await;
    assert_eq!(status().await, ScheduleStatus::Abnormal);
    super::pause(control, actor, scope, PauseToo::default()).await.expect("paused");
    until_due(&world).await;
    round(&world).await;
    super::resume(control, actor, scope).await.expect("resumed");
    let missed = (RunStatus::Missed, Some("run-hindered-paused".to_owned()));
    assert_eq!((&outcomes(&world, scope).await[0], status().await), (&missed, ScheduleStatus::Abnormal));
    until_due(&world).await;
    let other = StrategyChange { schedule: Some(hourly("INCREMENTAL_BACKUP")), ..StrategyChange::default() };
    super::change(control, actor, scope, other).await.expect("changed");
    let replaced = (RunStatus::Missed, Some("run-schedule-changed".to_owned()));
    assert_eq!((&outcomes(&world, scope).await[0], status().await), (&replaced, ScheduleStatus::Abnormal));
}

#[tokio::test]
async fn of_several_missed_runs_the_newest_is_started_and_the_others_are_recorded() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let scope = whole(&world);
    create(&world, scope, "FULL_BACKUP").await;
    for _ in 0..3 {
        until_due(&world).await; // no server runs
    }
    round(&world).await;
    let replaced = (RunStatus::Missed, Some("run-replaced-stopped".to_owned()));
    assert_eq!(outcomes(&world, scope).await, [(RunStatus::Running, None), replaced.clone(), replaced]);
    assert_eq!(tasks(&world).await.len(), 1);
}

async fn alarms(world: &SimWorld) -> Vec<Alarm> {
    let page = crate::alarms::problems(&world.control, &world.actor, None, PageAsk::default()).await;
    page.expect("listed").contents
}

/// Creates an account that may back up; returns its actor.
async fn manager(world: &SimWorld) -> Actor {
    let new =
        NewAccount { name: "eva".into(), role: Role::BackupManager, password: Secret::new("long enough") };
    let user = accounts::create(&world.control, &world.actor, new).await.expect("an account");
    Actor { user: user.id, name: user.name, role: user.role, ..world.actor.clone() }
}

#[tokio::test]
async fn runs_of_an_owner_without_permission_are_missed_until_another_user_takes_over() {
    let changes = [
        (AccountChange { disabled: Some(true), role: None }, "account-disabled"),
        (AccountChange { role: Some(Role::ClusterViewer), disabled: None }, "owner-may-not-back-up"),
    ];
    for (change, reason) in changes {
        let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
        let (scope, eva) = (whole(&world), manager(&world).await);
        super::create(&world.control, &eva, scope, ask(&world, "FULL_BACKUP")).await.expect("created");
        accounts::change(&world.control, &world.actor, eva.user, change).await.expect("changed");
        until_due(&world).await;
        round(&world).await;
        round(&world).await;
        assert_eq!(outcomes(&world, scope).await, [(RunStatus::Missed, Some(reason.to_owned()))]);
        let [run] = &runs(&world, scope).await[..] else { panic!("one run") };
        let words = run.reason.as_ref().expect("a reason").message(Language::En);
        assert!(words.contains("eva"), "{words}");
        let raised = alarms(&world).await;
        let expected = [AlarmKind::BackupRunMissed, AlarmKind::StrategyOwnerInvalid];
        assert_eq!(raised.iter().map(|alarm| alarm.kind).collect::<Vec<_>>(), expected);
        assert!(
            raised.iter().all(|alarm| alarm.reason.as_ref().is_some_and(|why| why.id == reason)),
            "{raised:?}"
        );
        assert!(!raised[0].text.message(Language::En).contains('{'), "{raised:?}");
        super::resume(&world.control, &world.actor, scope).await.expect("taken over");
        let left: Vec<_> = alarms(&world).await.iter().map(|alarm| alarm.kind).collect();
        assert_eq!(left, [AlarmKind::BackupRunMissed], "the owner is a valid one");
        super::pause(&world.control, &world.actor, scope, PauseToo::default()).await.expect("paused");
        until_due(&world).await;
        super::resume(&world.control, &world.actor, scope).await.expect("resumed");
        let left = async || alarms(&world).await.iter().map(|alarm| alarm.kind).collect::<Vec<_>>();
        assert_eq!(left().await, [AlarmKind::BackupRunMissed], "a miss in a pause hides no other one");
        until_due(&world).await;
        round(&world).await;
        let run = &runs(&world, scope).await[0];
        assert_eq!((run.status, run.reason.as_ref()), (RunStatus::Running, None), "{reason}");
        assert_eq!(left().await, [AlarmKind::BackupRunMissed], "the run may still fail");
        world.finish(run.task.expect("a task")).await;
        assert_eq!(left().await, [], "a later run succeeded");
    }
}

#[tokio::test]
async fn an_incremental_run_without_a_full_set_is_full_and_the_task_shows_it() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let scope = whole(&world);
    create(&world, scope, "INCREMENTAL_BACKUP").await;
    until_due(&world).await;
    round(&world).await;
    let [run] = &runs(&world, scope).await[..] else { panic!("one run") };
    assert_eq!((run.planned, run.kind), (Incremental, Some(Full)));
    let first = only_task(&world).await;
    world.finish(first).await;
    assert!(world.story(first).await.contains("run-full-without-full"), "{}", world.story(first).await);
    let why = outcomes(&world, scope).await;
    assert_eq!(why, [(RunStatus::Successful, Some("run-full-without-full".to_owned()))]);
    until_due(&world).await;
    round(&world).await;
    let run = &runs(&world, scope).await[0];
    assert_eq!((run.kind, run.reason.as_ref()), (Some(Incremental), None));
    world.finish(run.task.expect("a task")).await;
}

#[tokio::test]
async fn a_strategy_that_does_not_start_log_backup_needs_it_to_run() {
    for profile in [Profile::V4_2_5, Profile::V3_1_5] {
        let world = SimWorld::with(profile, &["shop"]).await;
        let scope = whole(&world);
        let mut ask = ask(&world, "FULL_BACKUP");
        ask.schedule.start_log_backup = Some(false);
        super::create(&world.control, &world.actor, scope, ask).await.expect("created");
        until_due(&world).await;
        round(&world).await;
        let refused = only_task(&world).await;
        let (step, why) = world.fail(refused).await;
        assert_eq!((step.as_str(), why.as_str()), ("check-ready", "log-backup-needed"), "{profile}");
        assert_eq!(world.count_acts("ALTER SYSTEM ARCHIVELOG"), 0, "{profile}: nothing is started");
        let manual = world.begin(world.wish(Full)).await; // starts log backup
        world.finish(manual).await;
        until_due(&world).await;
        round(&world).await;
        let good = runs(&world, scope).await[0].task.expect("a task");
        world.finish(good).await;
    }
}

#[tokio::test]
async fn a_run_resumes_log_backup_only_where_it_was_paused_here() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    create(&world, whole(&world), "FULL_BACKUP").await;
    world.finish(world.begin(world.wish(Full)).await).await; // starts log backup
    let (control, actor) = (&world.control, &world.actor);
    let paused = crate::log_backups::change(control, actor, world.cluster, &[], LogBackupWish::Pause, None);
    world.finish(paused.await.expect("accepted").task).await;
    until_due(&world).await;
    round(&world).await;
    world.finish(runs(&world, whole(&world)).await[0].task.expect("a task")).await;
    let resumed = crate::log_backups::change(control, actor, world.cluster, &[], LogBackupWish::Resume, None);
    world.finish(resumed.await.expect("accepted").task).await;
    world.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = shop").await;
    until_due(&world).await;
    round(&world).await;
    let (step, why) = world.fail(runs(&world, whole(&world)).await[0].task.expect("a task")).await;
    assert_eq!((step.as_str(), why.as_str()), ("start-log-backup", "log-backup-paused-elsewhere"));
}

#[tokio::test]
async fn a_tenant_with_a_strategy_of_its_own_is_left_to_it() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop", "books", "hr"]).await;
    let tenants = world.control.metadata().tenant_list(world.cluster).await.expect("listed");
    let shop = tenants.iter().find(|tenant| tenant.name == "shop").expect("shop").id;
    create(&world, whole(&world), "FULL_BACKUP").await;
    let of_shop = Scope::Tenant(world.cluster, shop);
    create(&world, of_shop, "FULL_BACKUP").await;
    until_due(&world).await;
    round(&world).await;
    let lanes = |task: &engine::Task| -> BTreeSet<String> {
        task.lanes.iter().map(|lane| lane.key.clone()).collect()
    };
    let names = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|&name| name.to_owned()).collect() };
    let first = tasks(&world).await.remove(0);
    assert_eq!(lanes(&first), names(&["books", "hr"]));
    let second = tasks(&world).await.remove(1);
    assert!(second.queued.is_some(), "one backup of a cluster at a time: it waits");
    world.finish(TaskId(first.id.0)).await;
    assert_eq!(lanes(&second), names(&["shop"]));
    world.finish(TaskId(second.id.0)).await;
    assert_eq!(outcomes(&world, of_shop).await, [(RunStatus::Successful, None)]);
}

#[tokio::test]
async fn a_run_waits_for_a_manual_backup() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let scope = whole(&world);
    create(&world, scope, "FULL_BACKUP").await;
    let manual = world.begin(world.wish(Full)).await;
    until_due(&world).await;
    round(&world).await;
    let task = only_task(&world).await;
    let waiting = || (RunStatus::Waiting, Some("task-waits-for-backup".to_owned()));
    assert_eq!(outcomes(&world, scope).await, [waiting()]);
    world.finish(manual).await;
    world.finish(task).await;
    assert_eq!(outcomes(&world, scope).await, [(RunStatus::Successful, None)]);
}

#[tokio::test]
async fn back_up_now_takes_the_storage_of_the_strategy() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let location = StorageLocation::directory(&world.dir.path().join("data/other").to_string_lossy());
    let typed = StorageChoice::Typed { location: location.expect("a path"), secret: None };
    let ask = StrategyAsk {
        storage: Some(NamedStorage { choice: typed, name: None }),
        ..ask(&world, "FULL_BACKUP")
    };
    let made = super::create(&world.control, &world.actor, whole(&world), ask).await.expect("created");
    assert_eq!(made.storage.name.as_deref(), Some("prod"), "a typed-in storage gets the cluster's name");
    for tenant in [None, Some(TenantId(1002))] {
        let ability = backups::ability(&world.control, &world.actor, world.cluster, tenant).await;
        let storage = ability.expect("answers").storage;
        assert_eq!(storage, Some((made.storage.id, backups::StorageSource::Strategy)));
    }
    let wish = backups::BackupNow { storage: None, ..world.wish(Full) };
    let task = world.begin(wish).await;
    assert_eq!(world.task(task).await.subject[subject::STORAGE], made.storage.id.to_string());
    world.finish(task).await;
    let moved = StrategyChange {
        storage: Some(NamedStorage { choice: StorageChoice::Saved(world.storage), name: None }),
        ..StrategyChange::default()
    };
    let refused = super::change(&world.control, &world.actor, whole(&world), moved.clone()).await;
    assert_eq!(refusal(refused), (409, "strategy-storage-move".to_owned()));
    let moved = StrategyChange { accept_storage_move: true, ..moved };
    let moved = super::change(&world.control, &world.actor, whole(&world), moved).await.expect("changed");
    assert_eq!(moved.storage.id, world.storage);
    let refused = crate::storages::remove(&world.control, &world.actor, world.storage).await;
    assert_eq!(refusal(refused).1, "storage-of-strategy");
}
