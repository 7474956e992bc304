//! Runs for which other backups leave no room: they become tasks at once, and wait in the queue.

use engine::journal::{Ask, Change, Claim, Journal as _, Limits, NewTask};
use engine::{Flow, Next, Note, Step};
use model::cluster::ClusterStatus;
use model::id::StorageId;

use super::*;
use crate::orders;

/// A backup without any action: only its task counts.
struct Elsewhere;

impl Flow for Elsewhere {
    const KIND: &'static str = orders::BACKUP_PHYSICAL;
    const VERSION: u32 = 1;
    type Context = ();
    type State = ();
    type Lane = ();
    const STEPS: &'static [Step<Self>] = &[Step::one("run", |_, ()| Box::pin(async { Ok(Next::Done) }))];
}

/// Starts this many backups of other clusters, on another server.
async fn begin_elsewhere(world: &SimWorld, count: i64, storage: StorageId) -> Vec<Claim> {
    let metadata = world.control.metadata();
    let ask = Ask {
        worker: "elsewhere".to_owned(),
        can: vec![(Elsewhere::KIND.to_owned(), Elsewhere::VERSION)],
        lease: Duration::from_secs(90 * 86_400),
        limits: Limits::default(),
    };
    let mut claims = Vec::new();
    for number in 0..count {
        let task = NewTask::of::<Elsewhere>(Note::new("backup-physical"), &(), []).expect("a task");
        let task = task.subject(subject::CLUSTER, (100 + number).to_string());
        metadata.insert(task.subject(subject::STORAGE, storage.to_string())).await.expect("kept");
        claims.push(metadata.claim(&ask).await.expect("answers").expect("it is due"));
    }
    claims
}

/// Ends one of the backups of other clusters.
async fn end_elsewhere(world: &SimWorld, claim: &Claim) {
    let now = claim.pulse.now;
    let change = Change {
        status: engine::TaskStatus::Successful,
        note: None,
        started_at: Some(now),
        finished_at: Some(now),
        due_at: now,
        cancels_seen: claim.task.cancels.clone(),
        state: None,
        lanes: Vec::new(),
        rows: Vec::new(),
        release: true,
    };
    world.control.metadata().save(claim.ticket, &change).await.expect("it is held");
}

async fn work(world: &SimWorld) {
    world.control.worker().run_due().await.expect("the journal answers");
}

fn waiting(reason: &str) -> (RunStatus, Option<String>) {
    (RunStatus::Waiting, Some(reason.to_owned()))
}

fn missed(reason: &str) -> (RunStatus, Option<String>) {
    (RunStatus::Missed, Some(reason.to_owned()))
}

/// Returns the text that shows what a task waits for.
async fn note(world: &SimWorld, task: TaskId) -> Option<String> {
    let task = crate::tasks::get(&world.control, &world.actor, task).await.expect("there");
    task.note.map(|note| note.message(Language::En))
}

#[tokio::test]
async fn what_is_due_is_a_task_at_once_and_waits_for_room_in_the_queue() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let scope = whole(&world);
    create(&world, scope, "FULL_BACKUP").await;
    let elsewhere = begin_elsewhere(&world, 4, StorageId(100)).await;
    until_due(&world).await;
    let (one, other) = tokio::join!(due::run(&world.control), due::run(&world.control));
    one.and(other).expect("both rounds");
    work(&world).await;
    let task = only_task(&world).await;
    assert!(world.task(task).await.queued.is_some(), "there is no room");
    assert_eq!(outcomes(&world, scope).await, [waiting("run-hindered-too-many")]);
    assert_eq!(note(&world, task).await.as_deref(), Some("The maximum number of backups is running"));
    let standing =
        super::super::schedule_standing(&world.control.context, world.cluster).await.expect("answers");
    assert_eq!(standing.status, ScheduleStatus::Waiting);
    for _ in 0..2 {
        round(&world).await;
    }
    assert_eq!(only_task(&world).await, task, "it waits, and nothing is decided again");
    end_elsewhere(&world, &elsewhere[0]).await;
    world.finish(task).await;
    assert_eq!(outcomes(&world, scope).await, [(RunStatus::Successful, None)]);
}

#[tokio::test]
async fn to_one_storage_no_more_backups_start_than_may() {
    let world = SimWorld::set_up(Profile::V4_2_5, &["shop"], |settings| {
        (settings.data_backups_at_once, settings.backups_per_storage) = (20, Some(2));
    })
    .await;
    create(&world, whole(&world), "FULL_BACKUP").await;
    begin_elsewhere(&world, 9, StorageId(100)).await;
    let here = begin_elsewhere(&world, 2, world.storage).await;
    until_due(&world).await;
    round(&world).await;
    work(&world).await;
    assert_eq!(outcomes(&world, whole(&world)).await, [waiting("run-hindered-storage-busy")]);
    end_elsewhere(&world, &here[0]).await;
    work(&world).await;
    assert_eq!(outcomes(&world, whole(&world)).await, [(RunStatus::Running, None)]);
}

#[tokio::test]
async fn a_task_that_did_not_come_to_its_turn_is_missed_and_the_next_one_takes_its_place() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let scope = whole(&world);
    create(&world, scope, "FULL_BACKUP").await;
    let elsewhere = begin_elsewhere(&world, 4, StorageId(100)).await;
    until_due(&world).await;
    round(&world).await;
    let first = only_task(&world).await;
    until_due(&world).await;
    end_elsewhere(&world, &elsewhere[0]).await; // too late: its time in the queue is over
    work(&world).await;
    assert!(world.task(first).await.queued.is_some());
    begin_elsewhere(&world, 1, StorageId(100)).await;
    round(&world).await;
    assert_eq!(
        outcomes(&world, scope).await,
        [waiting("run-hindered-too-many"), missed("run-hindered-too-many")]
    );
    let is_raised =
        async || alarms(&world).await.iter().any(|alarm| alarm.kind == AlarmKind::BackupRunMissed);
    assert!(is_raised().await, "a run that waits hides no missed one");
    let withdrawn = world.task(first).await;
    assert_eq!((withdrawn.status, withdrawn.queued), (engine::TaskStatus::Failed, None));
    assert_eq!(withdrawn.note.map(|note| note.id).as_deref(), Some("run-hindered-too-many"));
    let filter = BackupFilter { cluster: Some(world.cluster), ..BackupFilter::default() };
    let shown = backups::data_backup_tasks(&world.control, &world.actor, &filter, PageAsk::default()).await;
    let shown: Vec<_> = shown.expect("listed").page.contents.iter().map(|row| row.task).collect();
    assert!(!shown.contains(&Some(first)), "no data backup of it ever began: {shown:?}");
    // A user can still start it manually.
    end_elsewhere(&world, &elsewhere[1]).await;
    world.steer(first, crate::tasks::Steer::Retry).await;
    world.finish(first).await;
    assert!(is_raised().await);
    world.finish(TaskId(tasks(&world).await[1].id.0)).await;
    assert!(!is_raised().await, "the later run succeeded");
}

#[tokio::test]
async fn a_task_that_waits_can_be_cancelled() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    create(&world, whole(&world), "FULL_BACKUP").await;
    let manual = world.begin(world.wish(Full)).await;
    until_due(&world).await;
    round(&world).await;
    let task = only_task(&world).await;
    let said = format!("Waits for another data backup of this cluster (task {manual})");
    assert_eq!(note(&world, task).await, Some(said));
    world.steer(task, crate::tasks::Steer::Cancel).await;
    work(&world).await;
    assert_eq!(world.task(task).await.status, engine::TaskStatus::Failed);
    assert!(!world.task(manual).await.status.is_finished(), "the other goes on");
    round(&world).await;
    let [(status, _)] = &outcomes(&world, whole(&world)).await[..] else { panic!("one run") };
    assert_eq!(*status, RunStatus::Failed);
    assert_eq!(only_task(&world).await, task, "nobody wants it any more");
    world.finish(manual).await;
}

#[tokio::test]
async fn a_task_that_waits_is_missed_when_its_strategy_may_not_run_any_more() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let (scope, eva) = (whole(&world), manager(&world).await);
    super::super::create(&world.control, &eva, scope, ask(&world, "FULL_BACKUP")).await.expect("created");
    begin_elsewhere(&world, 4, StorageId(100)).await;
    until_due(&world).await;
    round(&world).await;
    let change = AccountChange { disabled: Some(true), role: None };
    accounts::change(&world.control, &world.actor, eva.user, change).await.expect("changed");
    round(&world).await;
    assert_eq!(outcomes(&world, scope).await, [missed("account-disabled")]);

    super::super::resume(&world.control, &world.actor, scope).await.expect("taken over");
    until_due(&world).await;
    round(&world).await;
    assert_eq!(outcomes(&world, scope).await[0], waiting("run-hindered-too-many"));
    super::super::pause(&world.control, &world.actor, scope, PauseToo::default()).await.expect("paused");
    assert_eq!(outcomes(&world, scope).await[0], missed("run-hindered-paused"), "with the pause itself");
    assert!(tasks(&world).await.iter().all(|task| task.status.is_finished()));

    super::super::resume(&world.control, &world.actor, scope).await.expect("resumed");
    until_due(&world).await;
    round(&world).await;
    super::super::remove(&world.control, &world.actor, scope, false).await.expect("deleted");
    let last = tasks(&world).await.pop().expect("a task");
    assert_eq!(last.note.map(|note| note.id).as_deref(), Some("task-withdrawn-deleted"));
}

#[tokio::test]
async fn a_task_that_waits_is_held_while_its_cluster_is_away_or_the_window_is_quiet() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let scope = whole(&world);
    create(&world, scope, "FULL_BACKUP").await;
    let elsewhere = begin_elsewhere(&world, 4, StorageId(100)).await;
    until_due(&world).await;
    round(&world).await;
    let task = only_task(&world).await;
    let stand = async |status| {
        let cluster = world.control.context.cluster(world.cluster).await.expect("there");
        let mut writer = world.control.metadata().begin().await.expect("may write");
        writer.cluster_probed(cluster.id, &cluster.facts, status).await.expect("kept");
        writer.commit().await.expect("kept");
    };
    stand(ClusterStatus::Unavailable).await;
    round(&world).await;
    end_elsewhere(&world, &elsewhere[0]).await;
    work(&world).await;
    assert_eq!(outcomes(&world, scope).await, [waiting("run-hindered-unreachable")]);
    stand(ClusterStatus::Running).await;
    round(&world).await;
    world.finish(task).await;

    // The quiet hours start a minute after the next due time.
    let now = world.control.metadata().now().await.expect("answers");
    let hour = |ahead: i64, minute: u32| {
        let hours = now.0 / 3_600_000_000 + ahead;
        format!("{:02}:{minute:02}", hours % 24)
    };
    let mut schedule = hourly("FULL_BACKUP");
    let window = json!({"from": hour(1, 1), "until": hour(1, 30)});
    schedule.schedule.quiet_window = Some(serde_json::from_value(window).expect("a window"));
    let change = StrategyChange { schedule: Some(schedule), ..StrategyChange::default() };
    super::super::change(&world.control, &world.actor, scope, change).await.expect("changed");
    let elsewhere = begin_elsewhere(&world, 1, StorageId(100)).await;
    until_due(&world).await;
    round(&world).await;
    let task = TaskId(tasks(&world).await[1].id.0);
    pass(&world, Duration::from_secs(60)).await;
    end_elsewhere(&world, &elsewhere[0]).await;
    work(&world).await;
    assert!(world.task(task).await.queued.is_some(), "the quiet window began before its turn came");
    round(&world).await;
    work(&world).await;
    assert_eq!(outcomes(&world, scope).await[0], waiting("run-hindered-window"));
    pass(&world, Duration::from_secs(29 * 60)).await;
    world.finish(task).await;
}

#[tokio::test]
async fn a_strategy_that_is_changed_reorders_a_task_that_waits() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let scope = whole(&world);
    create(&world, scope, "FULL_BACKUP").await;
    begin_elsewhere(&world, 4, StorageId(100)).await;
    until_due(&world).await;
    round(&world).await;
    let first = only_task(&world).await;
    let thresholds =
        ThresholdConfig { no_successful_data_backup_alarm_days: Some(3), ..ThresholdConfig::default() };
    let change = StrategyChange { thresholds, ..StrategyChange::default() };
    super::super::change(&world.control, &world.actor, scope, change).await.expect("changed");
    round(&world).await;
    let withdrawn = world.task(first).await;
    assert_eq!(withdrawn.note.map(|note| note.id).as_deref(), Some("task-withdrawn-changed"));
    let [run] = &runs(&world, scope).await[..] else { panic!("one run") };
    assert!(run.status == RunStatus::Waiting && run.task > Some(first), "{run:?}");
}
