//! Rounds of the scheduler with a problem: unreadable rows, clocks, long outages, and missing full sets.

use std::task::Poll;

use engine::StepStatus;
use model::backup::BackupMethod;
use model::backup_set::{BackupSet, BackupSetStatus};
use model::id::BackupSetId;
use model::strategy::Strategy;
use sim::FaultName;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::*;
use crate::testing::Ended;

const DAY_US: i64 = 86_400_000_000;

/// Changes the metadata without the program.
async fn alter(world: &SimWorld, sql: &'static str) {
    let file = world.dir.path().join("data/lifeboat.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut connection: SqliteConnection = options.connect().await.expect("a database");
    let done = sqlx::query(sql).execute(&mut connection).await.expect("altered");
    assert!(done.rows_affected() > 0, "{sql}");
    connection.close().await.expect("closed");
}

fn of_shop(world: &SimWorld) -> Scope {
    Scope::Tenant(world.cluster, TenantId(1002))
}

fn lanes(task: &engine::Task) -> Vec<&str> {
    task.lanes.iter().map(|lane| lane.key.as_str()).collect()
}

#[tokio::test]
async fn a_strategy_that_cannot_be_read_stops_no_other_and_can_be_deleted() {
    let world = SimWorld::new(Profile::V4_2_5).await;
    let (control, actor) = (&world.control, &world.actor);
    create(&world, whole(&world), "FULL_BACKUP").await;
    create(&world, of_shop(&world), "FULL_BACKUP").await;
    alter(&world, "UPDATE strategies SET settings = replace(settings, 'UTC', 'Mars/Base') WHERE id = 1")
        .await;
    until_due(&world).await;
    round(&world).await;
    world.finish(only_task(&world).await).await;
    let unreadable = (0, "strategy-unreadable".to_owned());
    let id = |result: Result<_, Error>| (0, refusal(result).1);
    assert_eq!(id(super::super::get(control, actor, whole(&world)).await), unreadable);
    assert_eq!(
        id(super::super::create(control, actor, whole(&world), ask(&world, "FULL_BACKUP")).await),
        unreadable
    );
    let paused = super::super::pause(control, actor, whole(&world), PauseToo::default()).await;
    assert_eq!((0, refusal(paused).1), unreadable);
    let standing = super::super::schedule_standing(&control.context, world.cluster).await.expect("answers");
    assert_eq!(standing.status, ScheduleStatus::Abnormal);
    let listed = super::super::list(control, actor, None, PageAsk::default()).await.expect("listed");
    assert_eq!(listed.contents.len(), 1, "the readable one");
    let hidden = super::super::list_unreadable(control, actor, None).await.expect("listed");
    let [hidden] = &hidden[..] else { panic!("one cannot be read: {hidden:?}") };
    assert_eq!((hidden.scope, hidden.cluster_name.as_str()), (whole(&world), "prod"));
    assert!(hidden.reason.raw.as_ref().is_some_and(|raw| raw.contains("Mars/Base")), "{hidden:?}");
    let raised = alarms(&world).await;
    let [alarm] = &raised[..] else { panic!("one alarm: {raised:?}") };
    assert_eq!((alarm.kind, alarm.tenant.as_ref()), (AlarmKind::StrategyUnreadable, None));
    assert!(alarm.text.message(Language::En).contains("prod"), "{alarm:?}");
    super::super::remove(control, actor, whole(&world), false).await.expect("deleted");
    assert_eq!(alarms(&world).await, []);
    create(&world, whole(&world), "FULL_BACKUP").await;
}

#[tokio::test]
async fn a_tenant_whose_strategy_cannot_be_read_is_not_backed_up_to_another_place() {
    let world = SimWorld::new(Profile::V4_2_5).await;
    create(&world, whole(&world), "FULL_BACKUP").await;
    create(&world, of_shop(&world), "FULL_BACKUP").await;
    alter(&world, "UPDATE strategies SET settings = replace(settings, 'UTC', 'Mars/Base') WHERE id = 2")
        .await;
    until_due(&world).await;
    round(&world).await;
    assert_eq!(lanes(&world.task(only_task(&world).await).await), ["books"]);
    let ability = backups::ability(&world.control, &world.actor, world.cluster, Some(TenantId(1002))).await;
    let storage = ability.expect("answers").storage;
    assert!(storage.is_none_or(|(_, source)| source != backups::StorageSource::Strategy), "{storage:?}");
}

async fn stored(world: &SimWorld) -> Strategy {
    world.control.metadata().strategy_list(None).await.expect("listed").remove(0)
}

#[tokio::test]
async fn a_strategy_that_was_saved_by_a_clock_that_was_ahead_runs_when_it_is_right_again() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    create(&world, whole(&world), "FULL_BACKUP").await;
    let saved = stored(&world).await;
    let mut writer = world.control.metadata().begin().await.expect("may write");
    let since = Timestamp(saved.since.0 + 10 * DAY_US);
    writer.strategy_update(&Strategy { since, ..saved }).await.expect("kept");
    writer.commit().await.expect("kept");
    until_due(&world).await;
    round(&world).await;
    assert_eq!(outcomes(&world, whole(&world)).await, [(RunStatus::Running, None)]);
    let now = world.control.metadata().now().await.expect("answers");
    assert!(stored(&world).await.since < now);
}

#[tokio::test]
async fn what_fails_here_each_time_alike_is_recorded_with_its_reason() {
    for damage in [
        "UPDATE storages SET kind = 'NOWHERE'", // found when the run is submitted
        "UPDATE clusters SET facts = 'nothing'", // found when it is decided
    ] {
        let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
        create(&world, whole(&world), "FULL_BACKUP").await;
        alter(&world, damage).await;
        until_due(&world).await;
        for _ in 0..2 {
            round(&world).await;
        }
        let id = stored(&world).await.id;
        let runs = world.control.metadata().strategy_run_history(id, Timestamp(0)).await.expect("listed");
        let reasons: Vec<_> = runs.into_iter().map(|run| run.run.note.expect("a reason").id).collect();
        assert_eq!(reasons, ["metadata-unreadable"], "{damage}");
    }
}

#[tokio::test]
async fn misses_of_a_long_outage_are_recorded_all_at_once_or_not_at_all() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    until_due(&world).await; // so that no full hour passes during the checks
    create(&world, whole(&world), "FULL_BACKUP").await;
    pass(&world, Duration::from_secs(30 * 3_600)).await;
    let id = stored(&world).await.id;
    let rows = async || {
        let runs = world.control.metadata().strategy_run_history(id, Timestamp(0)).await.expect("listed");
        runs.len()
    };
    for polls in 1.. {
        let decided = decided(&world).await;
        let mut work = Box::pin(due::carry_out(&world.control, &decided));
        let mut left = polls;
        let ended = std::future::poll_fn(|cx| {
            left -= 1;
            match work.as_mut().poll(cx) {
                Poll::Pending if left > 0 => Poll::Pending,
                Poll::Pending => Poll::Ready(None),
                Poll::Ready(done) => Poll::Ready(Some(done)),
            }
        });
        let has_ended = ended.await.is_some();
        drop(work);
        // Only one transaction writes at a time: when this one starts, the dropped one has ended.
        drop(world.control.metadata().begin().await.expect("may write"));
        let found = rows().await;
        assert!([0, 29, 30].contains(&found), "{found} rows after {polls} waits");
        if has_ended || found > 0 {
            break;
        }
    }
    round(&world).await;
    assert_eq!((rows().await, tasks(&world).await.len()), (30, 1));
}

/// Adds a full set of a tenant to the catalogue that the cluster does not have.
async fn record_full_set(world: &SimWorld, tenant: TenantId, name: &str) {
    let now = world.control.metadata().now().await.expect("answers");
    let set = BackupSet {
        id: BackupSetId(0),
        task: TaskId(4_711),
        cluster: world.cluster,
        cluster_name: "prod".into(),
        tenant,
        tenant_name: name.into(),
        method: BackupMethod::Physical,
        mode: Full,
        storage: world.storage,
        path: "gone".into(),
        scn: 1,
        bytes: 1,
        rows: 0,
        tables: 0,
        started: now,
        finished: now,
        status: BackupSetStatus::Available,
        left_out: Vec::new(),
    };
    let mut writer = world.control.metadata().begin().await.expect("may write");
    writer.backup_set_record(&set).await.expect("kept");
    writer.commit().await.expect("kept");
}

#[tokio::test]
async fn a_scheduled_incremental_backup_whose_full_set_is_gone_makes_a_full_one() {
    for profile in [Profile::V4_2_5, Profile::V3_1_5] {
        let world = SimWorld::with(profile, &["shop"]).await;
        let scope = whole(&world);
        create(&world, scope, "INCREMENTAL_BACKUP").await;
        let tenants = world.control.metadata().tenant_list(world.cluster).await.expect("listed");
        let shop = tenants.iter().find(|tenant| tenant.name == "shop").expect("shop").id;
        record_full_set(&world, shop, "shop").await;
        until_due(&world).await;
        round(&world).await;
        assert_eq!(runs(&world, scope).await[0].kind, Some(Incremental), "{profile}: as far as is known");
        let task = only_task(&world).await;
        world.finish(task).await;
        assert!(world.sets_of(task).await.iter().all(|set| set.mode == Full), "{profile}");
        let [run] = &runs(&world, scope).await[..] else { panic!("one run") };
        assert_eq!((run.planned, run.kind, run.status), (Incremental, Some(Full), RunStatus::Successful));
        assert_eq!(
            run.reason.as_ref().map(|text| text.id.as_str()),
            Some("run-full-without-full"),
            "{profile}"
        );
        assert!(world.story(task).await.contains("run-full-without-full"), "{}", world.story(task).await);
        until_due(&world).await;
        round(&world).await;
        let next = runs(&world, scope).await[0].task.expect("a task");
        world.finish(next).await;
        assert!(world.sets_of(next).await.iter().all(|set| set.mode == Incremental), "{profile}");
    }
}

#[tokio::test]
async fn a_run_that_becomes_full_begins_one_job_whatever_step_crashes() {
    let steps_of_4 = ["check-ready", "set-backup-storage", "start-data-backup"];
    let cases = steps_of_4.map(|step| (Profile::V4_2_5, step)).into_iter();
    for (profile, step) in cases.chain([(Profile::V3_1_5, "set-backup-storage")]) {
        for crash in [engine::Fault::CrashBefore, engine::Fault::CrashAfter, engine::Fault::RunTwice] {
            let crash = crash(step);
            let world = SimWorld::with(profile, &["shop"]).await;
            create(&world, whole(&world), "INCREMENTAL_BACKUP").await;
            record_full_set(&world, TenantId(1002), "shop").await;
            until_due(&world).await;
            round(&world).await;
            let task = only_task(&world).await;
            if world.run(task, Some(crash)).await == Ended::Crashed {
                world.finish(task).await;
            }
            let acts = world.acts();
            assert_eq!(world.count_acts("ALTER SYSTEM BACKUP"), 1, "{profile} {crash:?}: {acts:?}");
            assert!(world.sets_of(task).await.iter().all(|set| set.mode == Full), "{profile} {crash:?}");
        }
    }
}

#[tokio::test]
async fn only_a_tenant_without_a_full_set_is_backed_up_in_full() {
    let world = SimWorld::new(Profile::V4_2_5).await;
    let scope = whole(&world);
    create(&world, scope, "INCREMENTAL_BACKUP").await;
    world.fault(FaultName::TenantNotNormal, Some("books"));
    until_due(&world).await;
    round(&world).await;
    let first = only_task(&world).await;
    world.fail(first).await;
    let modes = async |task: TaskId| {
        let mut modes: Vec<_> =
            world.sets_of(task).await.into_iter().map(|set| (set.tenant_name, set.mode)).collect();
        modes.sort_by(|one, other| one.0.cmp(&other.0));
        modes
    };
    assert_eq!(modes(first).await, [("shop".to_owned(), Full)]);

    until_due(&world).await;
    round(&world).await; // books still can't be backed up
    let second = TaskId(tasks(&world).await[1].id.0);
    world.fail(second).await;
    assert_eq!(modes(second).await, [("shop".to_owned(), Incremental)], "the others are as they should be");
    world.handle.clear_faults(None);
    world.steer(second, crate::tasks::Steer::Retry).await;
    world.finish(second).await;
    let both = [("books".to_owned(), Full), ("shop".to_owned(), Incremental)];
    assert_eq!(modes(second).await, both, "nobody is there to order a full one");
    assert!(world.task(second).await.rows.iter().all(|row| row.status == StepStatus::Successful));
    world.assert_clean(second).await;
}

#[tokio::test]
async fn a_run_names_the_tenants_with_full_sets() {
    let world = SimWorld::new(Profile::V4_2_5).await;
    let scope = whole(&world);
    create(&world, scope, "INCREMENTAL_BACKUP").await;
    let mut wish = world.wish(Full);
    wish.wish.tenants = vec![TenantId(1002)];
    let manual = world.begin(wish).await;
    world.finish(manual).await;
    until_due(&world).await;
    round(&world).await;
    let run = &runs(&world, scope).await[0];
    let task = run.task.expect("a task");
    world.finish(task).await;
    let run = &runs(&world, scope).await[0];
    assert_eq!((run.kind, run.status), (Some(Incremental), RunStatus::Successful));
    let reason = run.reason.as_ref().expect("a reason").message(Language::En);
    assert_eq!(
        reason,
        "Full instead of incremental for books: there is no usable full backup set in the storage of the strategy"
    );
}
