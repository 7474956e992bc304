//! Backup strategies and the rows of their due times.

use std::path::Path;
use std::time::Duration;

use engine::testkit::Timed as _;
use engine::{Journal as _, TaskStatus};
use metadata::strategy_runs::{Fate, NewRun};
use metadata::tasks::subject;
use metadata::{Error, Metadata, Slice};
use model::Timestamp;
use model::backup::{BackupMethod, DataBackupMode};
use model::backup_set::{BackupSet, BackupSetStatus};
use model::id::{ClusterId, StorageId, StrategyId, TaskId, TenantId, UserId};
use model::schedule::decide::{Hindrance, MissReason, Outcome};
use model::storage::StorageLocation;
use model::strategy::{Scope, Settings, Strategy, Thresholds};
use model::text::Text;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::records::{backup_set, tenant};
use crate::stand::{Stand, begin, commit, for_every_database, new_cluster, new_task, open};

for_every_database! {
    a_strategy_is_kept_changed_and_deleted
    a_scope_has_one_strategy_and_a_storage_of_one_stays
    a_due_time_is_settled_once
    a_run_that_is_due_in_the_future_is_not_the_newest
    intended_misses_hide_no_earlier_run
    of_two_servers_one_settles_a_due_time
    due_times_of_a_long_outage_are_settled_in_one_go
    a_miss_of_a_clock_that_was_ahead_settles_nothing
    since_when_due_times_count_is_changed_once
    how_a_run_stands_is_how_its_task_stands
    a_run_whose_task_waits_is_missed_together_with_it
    a_run_and_its_task_are_kept_together_or_not_at_all
}

/// After all due times.
const LATE: Timestamp = Timestamp(i64::MAX);

pub(crate) fn settings(storage: StorageId) -> Settings {
    let schedule =
        r#"{"backupScheduleMode": "CRON", "cronExpression": "0 2 * * *", "scheduleZone": "Asia/Shanghai"}"#;
    Settings {
        method: BackupMethod::Physical,
        storage,
        schedule: serde_json::from_str(schedule).expect("a schedule"),
        start_log_backup: true,
        restart_interrupted_log_backup: false,
        clean_up: None,
        take_over: None,
        thresholds: Thresholds::default(),
    }
}

pub(crate) fn missed(strategy: StrategyId, due: Timestamp) -> NewRun {
    NewRun {
        strategy,
        due,
        planned: DataBackupMode::Full,
        fate: Fate::Missed(MissReason::Hindered(Hindrance::Unreachable)),
        note: None,
    }
}

fn started(strategy: StrategyId, due: Timestamp, task: TaskId) -> NewRun {
    let kind = DataBackupMode::Full;
    let note = Some(Text::new("run-full-without-full"));
    NewRun {
        planned: DataBackupMode::Incremental,
        fate: Fate::Started { kind, task },
        note,
        ..missed(strategy, due)
    }
}

async fn place(metadata: &Metadata) -> (ClusterId, StorageId) {
    let mut writer = begin(metadata).await;
    let cluster = writer.cluster_insert(&new_cluster("prod", "")).await.expect("kept");
    let location = StorageLocation::directory("/backup").expect("a location");
    let storage = writer.storage_insert(Some("nas"), &location, None).await.expect("kept").id;
    commit(writer).await;
    (cluster, storage)
}

async fn strategy(metadata: &Metadata) -> Strategy {
    let (cluster, storage) = place(metadata).await;
    let mut writer = begin(metadata).await;
    let kept = writer.strategy_insert(Scope::Cluster(cluster), UserId(1), &settings(storage), false).await;
    commit(writer).await;
    kept.expect("kept")
}

async fn a_strategy_is_kept_changed_and_deleted(metadata: Metadata) {
    let mut strategy = strategy(&metadata).await;
    let cluster = strategy.scope.cluster();
    assert_eq!(metadata.strategy_list(None).await.expect("answers"), [strategy.clone()]);
    assert_eq!(metadata.strategy_list(Some(ClusterId(cluster.0 + 1))).await.expect("answers"), []);
    strategy.paused = true;
    strategy.owner = UserId(7);
    strategy.since = Timestamp(5);
    strategy.settings.start_log_backup = false;
    let mut writer = begin(&metadata).await;
    writer.strategy_update(&strategy).await.expect("kept");
    assert_eq!(writer.strategies_now(cluster).await.expect("answers"), [strategy.clone()]);
    commit(writer).await;
    assert_eq!(metadata.strategy_list(Some(cluster)).await.expect("answers"), [strategy.clone()]);
    let mut writer = begin(&metadata).await;
    writer.strategy_run_insert(&missed(strategy.id, Timestamp(1))).await.expect("kept");
    writer.strategy_remove(strategy.id).await.expect("deleted");
    let gone = writer.strategy_update(&strategy).await;
    assert!(matches!(gone, Err(Error::Missing { .. })), "{gone:?}");
    commit(writer).await;
    assert_eq!(metadata.strategy_list(None).await.expect("answers"), []);
    assert_eq!(metadata.strategy_run_newest(LATE).await.expect("answers"), [], "runs go with their strategy");
}

async fn a_scope_has_one_strategy_and_a_storage_of_one_stays(metadata: Metadata) {
    let of_cluster = strategy(&metadata).await;
    let (cluster, storage) = (of_cluster.scope.cluster(), of_cluster.settings.storage);
    let shop = Scope::Tenant(cluster, TenantId(1002));
    let mut writer = begin(&metadata).await;
    let of_shop = writer.strategy_insert(shop, UserId(1), &settings(storage), true).await.expect("kept");
    commit(writer).await;
    for scope in [shop, Scope::Cluster(cluster)] {
        let mut writer = begin(&metadata).await;
        let taken = writer.strategy_insert(scope, UserId(1), &settings(storage), false).await;
        assert!(matches!(taken, Err(Error::NameTaken { .. })), "{taken:?}");
    }
    assert_eq!(metadata.strategy_list(None).await.expect("answers"), [of_cluster.clone(), of_shop]);
    let mut writer = begin(&metadata).await;
    let refused = async |writer: &mut metadata::Transaction, expected: &str| {
        let refused = writer.storage_remove(storage).await;
        let object = match &refused {
            Err(Error::StorageOfStrategy { object, .. }) => object.as_str(),
            other => panic!("{other:?}"),
        };
        assert_eq!(object, expected);
    };
    refused(&mut writer, "prod").await;
    writer.strategy_remove(of_cluster.id).await.expect("deleted");
    refused(&mut writer, "prod/1002").await;
    writer.tenants_probed(cluster, &[tenant(1002, "shop")]).await.expect("kept");
    refused(&mut writer, "prod/shop").await;
    drop(writer);
    let mut writer = begin(&metadata).await;
    writer.cluster_remove(cluster).await.expect("removed");
    writer.storage_remove(storage).await.expect("no strategy is left");
    commit(writer).await;
    assert_eq!(metadata.strategy_list(None).await.expect("answers"), [], "strategies go with their cluster");
}

async fn a_due_time_is_settled_once(metadata: Metadata) {
    let strategy = strategy(&metadata).await.id;
    let mut writer = begin(&metadata).await;
    assert!(writer.strategy_run_insert(&missed(strategy, Timestamp(10))).await.expect("kept"));
    assert!(writer.strategy_run_insert(&started(strategy, Timestamp(20), TaskId(7))).await.expect("kept"));
    for again in [missed(strategy, Timestamp(20)), started(strategy, Timestamp(10), TaskId(8))] {
        assert!(!writer.strategy_run_insert(&again).await.expect("answers"), "{again:?}");
    }
    assert_eq!(writer.strategy_runs_now(strategy, Timestamp(0)).await.expect("answers").len(), 2);
    commit(writer).await;
    let runs = metadata.strategy_run_list(strategy, Slice { offset: 0, limit: 1 }).await.expect("answers");
    assert_eq!((runs.items[0].run.clone(), runs.total), (started(strategy, Timestamp(20), TaskId(7)), 2));
    let history = metadata.strategy_run_history(strategy, Timestamp(10)).await.expect("answers");
    assert_eq!(history[0].run, missed(strategy, Timestamp(10)), "the oldest first");
    let later = metadata.strategy_run_history(strategy, Timestamp(11)).await.expect("answers");
    assert_eq!(later.len(), 1);
    let newest = metadata.strategy_run_newest(LATE).await.expect("answers");
    assert_eq!(
        (newest[0].strategy, newest[0].due, newest[0].decided),
        (strategy, Timestamp(20), history[1].decided)
    );
    assert_eq!(metadata.strategy_run_missed(LATE).await.expect("answers"), [], "the newest was started");
    let year = 366 * 86_400_000_000;
    let mut writer = begin(&metadata).await;
    assert!(writer.strategy_run_insert(&missed(strategy, Timestamp(year + 15))).await.expect("kept"));
    commit(writer).await;
    let kept = metadata.strategy_run_history(strategy, Timestamp(0)).await.expect("answers");
    assert_eq!(kept.len(), 3, "what is older than a year stays while there are few rows");
    let last = metadata.strategy_run_missed(LATE).await.expect("answers");
    assert_eq!(last.iter().map(|run| run.run.due).collect::<Vec<_>>(), [Timestamp(year + 15)]);
}

async fn a_run_that_is_due_in_the_future_is_not_the_newest(metadata: Metadata) {
    let strategy = strategy(&metadata).await.id;
    let now = Timestamp(50);
    let mut writer = begin(&metadata).await;
    // The clock was ahead when the last one succeeded.
    for run in [missed(strategy, Timestamp(40)), started(strategy, Timestamp(90), TaskId(7))] {
        assert!(writer.strategy_run_insert(&run).await.expect("kept"));
    }
    commit(writer).await;
    let found = (
        metadata.strategy_run_newest(now).await.expect("answers")[0].due,
        metadata.strategy_run_last(strategy, now).await.expect("answers").map(|run| run.run.due),
        metadata.strategy_run_telling(strategy, now).await.expect("answers").map(|run| run.run.due),
        metadata.strategy_run_missed(now).await.expect("answers").first().map(|run| run.run.due),
    );
    let due = Timestamp(40);
    assert_eq!(
        found,
        (due, Some(due), Some(due), Some(due)),
        "a later success hides no miss before its time"
    );
    let last = metadata.strategy_run_last(strategy, Timestamp(90)).await.expect("answers");
    assert_eq!(last.map(|run| run.run.due), Some(Timestamp(90)));
    assert_eq!(metadata.strategy_run_last(strategy, Timestamp(39)).await.expect("answers"), None);
}

async fn intended_misses_hide_no_earlier_run(metadata: Metadata) {
    let strategy = strategy(&metadata).await.id;
    let telling = async || {
        let found = metadata.strategy_run_telling(strategy, LATE).await.expect("answers");
        found.map(|run| run.run.due.0)
    };
    let problem = async || {
        let found = metadata.strategy_run_missed(LATE).await.expect("answers");
        found.first().map(|run| run.run.due.0)
    };
    let reasons = [
        (10, MissReason::Hindered(Hindrance::Paused), None),
        (20, MissReason::Hindered(Hindrance::Unreachable), Some(20)),
        (30, MissReason::ReplacedBy(Timestamp(99)), Some(20)),
        (40, MissReason::Hindered(Hindrance::Paused), Some(20)),
        (50, MissReason::Refused, Some(50)),
        (60, MissReason::ReplacedBy(Timestamp(99)), Some(50)),
    ];
    for (due, reason, expected) in reasons {
        let mut writer = begin(&metadata).await;
        let run = NewRun { fate: Fate::Missed(reason), ..missed(strategy, Timestamp(due)) };
        assert!(writer.strategy_run_insert(&run).await.expect("kept"));
        commit(writer).await;
        assert_eq!(telling().await, expected, "{run:?}");
        assert_eq!(problem().await, expected, "{run:?}");
        assert_eq!(reason.is_intended(), expected != Some(due), "{reason:?}");
    }
    let mut writer = begin(&metadata).await;
    assert!(writer.strategy_run_insert(&started(strategy, Timestamp(70), TaskId(7))).await.expect("kept"));
    commit(writer).await;
    assert_eq!(telling().await, Some(70), "a run that was started says the most");
    assert_eq!(problem().await, None, "its task ended so long ago that it is gone");
}

async fn of_two_servers_one_settles_a_due_time(metadata: Metadata) {
    let strategy = strategy(&metadata).await.id;
    let settle = async |task: i64| {
        let mut writer = begin(&metadata).await;
        let is_ours = writer.strategy_run_insert(&started(strategy, Timestamp(10), TaskId(task))).await;
        commit(writer).await;
        is_ours.expect("answers")
    };
    let (one, other) = tokio::join!(settle(1), settle(2));
    assert_ne!(one, other, "one is first, and only one");
    let runs = metadata.strategy_run_history(strategy, Timestamp(0)).await.expect("answers");
    let task = TaskId(if one { 1 } else { 2 });
    assert_eq!(
        runs.iter().map(|run| run.run.clone()).collect::<Vec<_>>(),
        [started(strategy, Timestamp(10), task)]
    );
}

async fn due_times_of_a_long_outage_are_settled_in_one_go(metadata: Metadata) {
    let strategy = strategy(&metadata).await.id;
    let mut writer = begin(&metadata).await;
    let known = started(strategy, Timestamp(30), TaskId(7));
    assert!(writer.strategy_run_insert(&known).await.expect("kept"));
    let all: Vec<NewRun> = (1..=250).map(|due| missed(strategy, Timestamp(due))).collect();
    assert_eq!(writer.strategy_runs_insert(&all).await.expect("kept"), 249, "one was settled");
    assert_eq!(writer.strategy_runs_insert(&all).await.expect("answers"), 0);
    assert_eq!(writer.strategy_runs_insert(&[]).await.expect("answers"), 0);
    commit(writer).await;
    let runs = metadata.strategy_run_history(strategy, Timestamp(0)).await.expect("answers");
    let expected: Vec<NewRun> =
        all.into_iter().map(|run| if run.due == known.due { known.clone() } else { run }).collect();
    assert_eq!(runs.into_iter().map(|run| run.run).collect::<Vec<_>>(), expected);
}

async fn a_miss_of_a_clock_that_was_ahead_settles_nothing(metadata: Metadata) {
    let strategy = strategy(&metadata).await.id;
    let now = metadata.now().await.expect("answers");
    metadata.pass(Duration::from_secs(86_400)).await.expect("the clock can be moved");
    let due = Timestamp(now.0 + 3_600_000_000);
    let mut writer = begin(&metadata).await;
    assert!(writer.strategy_run_insert(&missed(strategy, due)).await.expect("kept"));
    assert!(
        !writer.strategy_run_insert(&started(strategy, due, TaskId(7))).await.expect("answers"),
        "it is settled"
    );
    commit(writer).await;
    let decided = metadata.strategy_run_history(strategy, Timestamp(0)).await.expect("answers")[0].decided;
    assert!(decided.0 > now.0 + 86_000_000_000, "{decided}");
}

#[tokio::test]
async fn a_strategy_that_cannot_be_read_hides_no_other_and_can_be_deleted() {
    let stand = Stand::new().await;
    let broken = strategy(&stand.metadata).await;
    let (cluster, storage) = (broken.scope.cluster(), broken.settings.storage);
    let shop = Scope::Tenant(cluster, TenantId(1002));
    let mut writer = begin(&stand.metadata).await;
    let good = writer.strategy_insert(shop, UserId(1), &settings(storage), false).await.expect("kept");
    commit(writer).await;
    let directory = stand.close().await;
    // As if a rule had become stricter, or a zone no longer existed.
    alter(
        directory.path(),
        "UPDATE strategies SET settings = replace(settings, 'Shanghai', 'Atlantis') WHERE id = 1",
    )
    .await;
    let metadata = open(directory.path()).await;
    assert_eq!(metadata.strategy_list(None).await.expect("answers"), std::slice::from_ref(&good));
    let whole = metadata.strategy_list_whole(Some(cluster)).await.expect("answers");
    assert_eq!(whole.readable, std::slice::from_ref(&good));
    let [unreadable] = &whole.unreadable[..] else { panic!("one: {whole:?}") };
    assert_eq!((unreadable.id, unreadable.scope), (broken.id, broken.scope));
    assert!(unreadable.cause.contains("Atlantis"), "{}", unreadable.cause);
    let mut writer = begin(&metadata).await;
    assert_eq!(writer.strategies_now(cluster).await.expect("answers"), std::slice::from_ref(&good));
    assert_eq!(writer.strategies_whole_now(cluster).await.expect("answers"), whole);
    writer.strategy_remove(unreadable.id).await.expect("deleted");
    commit(writer).await;
    let left = metadata.strategy_list_whole(None).await.expect("answers");
    assert_eq!((left.readable, left.unreadable), (vec![good], vec![]));
}

/// Changes a closed database without the program.
async fn alter(directory: &Path, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(directory.join("lifeboat.db"));
    let mut connection: SqliteConnection = options.connect().await.expect("a database");
    sqlx::query(sql).execute(&mut connection).await.expect("altered");
    connection.close().await.expect("closed");
}

async fn since_when_due_times_count_is_changed_once(metadata: Metadata) {
    let strategy = strategy(&metadata).await;
    let earlier = Timestamp(strategy.since.0 - 1);
    for expected in [true, false] {
        let mut writer = begin(&metadata).await;
        let is_changed = writer.strategy_since(strategy.id, strategy.since, earlier).await;
        assert_eq!(is_changed.expect("answers"), expected, "one server is first");
        commit(writer).await;
    }
    assert_eq!(metadata.strategy_list(None).await.expect("answers")[0].since, earlier);
}

#[tokio::test]
async fn of_many_rows_those_that_are_older_than_a_year_go() {
    let stand = Stand::new().await;
    let strategy = strategy(&stand.metadata).await.id;
    let hour = 3_600_000_000;
    let mut writer = begin(&stand.metadata).await;
    for number in 1..=5_000 {
        assert!(writer.strategy_run_insert(&missed(strategy, Timestamp(number * hour))).await.expect("kept"));
    }
    let oldest = async |writer: &mut metadata::Transaction| {
        let runs = writer.strategy_runs_now(strategy, Timestamp(0)).await.expect("answers");
        (runs[0].run.due.0 / hour, runs.len())
    };
    assert_eq!(oldest(&mut writer).await, (1, 5_000));
    let later = missed(strategy, Timestamp(20_000 * hour));
    assert!(writer.strategy_run_insert(&later).await.expect("kept"));
    assert_eq!(oldest(&mut writer).await, (1, 5_001), "the newest 5000 stay, however old");
    let later = missed(strategy, Timestamp(20_001 * hour));
    assert!(writer.strategy_run_insert(&later).await.expect("kept"));
    assert_eq!(oldest(&mut writer).await, (2, 5_001));
    commit(writer).await;
}

#[tokio::test]
async fn when_the_clock_is_right_again_such_a_miss_gives_way() {
    let stand = Stand::new().await;
    let strategy = strategy(&stand.metadata).await.id;
    let now = stand.metadata.now().await.expect("answers");
    stand.metadata.pass(Duration::from_secs(86_400)).await.expect("the clock can be moved");
    let due = Timestamp(now.0 + 3_600_000_000);
    let mut writer = begin(&stand.metadata).await;
    assert!(writer.strategy_run_insert(&missed(strategy, due)).await.expect("kept"));
    commit(writer).await;
    let directory = stand.close().await;
    let metadata = open(directory.path()).await; // it uses the real clock
    let mut writer = begin(&metadata).await;
    assert!(writer.strategy_run_insert(&started(strategy, due, TaskId(7))).await.expect("kept"));
    commit(writer).await;
    let runs = metadata.strategy_run_history(strategy, Timestamp(0)).await.expect("answers");
    assert_eq!(
        runs.iter().map(|run| run.run.clone()).collect::<Vec<_>>(),
        [started(strategy, due, TaskId(7))]
    );
}

async fn how_a_run_stands_is_how_its_task_stands(metadata: Metadata) {
    let strategy = strategy(&metadata).await.id;
    let mut writer = begin(&metadata).await;
    let task = writer.task_insert(&new_task(&["a"]).subject(subject::STRATEGY, "1")).await.expect("kept");
    let run = started(strategy, Timestamp(10), TaskId(task.0));
    assert!(writer.strategy_run_insert(&run).await.expect("kept"));
    assert!(
        writer.strategy_run_insert(&started(strategy, Timestamp(20), TaskId(4_711))).await.expect("kept")
    );
    commit(writer).await;
    let read = async || metadata.strategy_run_history(strategy, Timestamp(0)).await.expect("answers");
    let kind = DataBackupMode::Full;
    let runs = read().await;
    assert_eq!(runs[0].task.as_ref().map(|task| task.status), Some(TaskStatus::Pending));
    assert_eq!(runs[0].row().outcome, Outcome::Started { kind, is_over: false });
    assert_eq!(
        runs[1].row().outcome,
        Outcome::Started { kind, is_over: true },
        "a task that is gone is over"
    );
    let stored = metadata.load(task).await.expect("answers").expect("there");
    let cancel = engine::operator::decide(&stored, engine::operator::Command::CancelTask).expect("it fits");
    metadata.apply(task, &cancel).await.expect("applied");
    assert_eq!(
        read().await[0].row().outcome,
        Outcome::Started { kind, is_over: false },
        "it has not ended yet"
    );
    assert_eq!(read().await[0].task.as_ref().map(|task| task.is_partial), Some(false));
    let storage = metadata.storage_list().await.expect("answers")[0].id;
    let set = BackupSet { status: BackupSetStatus::Partial, ..backup_set(task.0, 1002, storage) };
    let mut writer = begin(&metadata).await;
    writer.backup_set_record(&set).await.expect("kept");
    commit(writer).await;
    assert_eq!(read().await[0].task.as_ref().map(|task| task.is_partial), Some(true));
}

async fn a_run_whose_task_waits_is_missed_together_with_it(metadata: Metadata) {
    let strategy = strategy(&metadata).await.id;
    let now = metadata.now().await.expect("answers");
    let before = Timestamp(now.0 + 3_600_000_000);
    let queue = async |due: i64| {
        let task = new_task(&["a"]).subject(subject::STRATEGY, strategy.to_string());
        let mut writer = begin(&metadata).await;
        let task = writer.task_insert(&task.queued(engine::Moment(before.0))).await.expect("kept");
        let run = started(strategy, Timestamp(due), TaskId(task.0));
        assert!(writer.strategy_run_insert(&run).await.expect("kept"));
        assert!(!writer.strategy_run_insert(&run).await.expect("answers"), "of two servers one is first");
        commit(writer).await;
        task
    };
    let read = async || metadata.strategy_run_history(strategy, Timestamp(0)).await.expect("answers");
    let load = async |task| metadata.load(task).await.expect("answers").expect("there");
    let (first, second) = (queue(10).await, queue(20).await);
    let kind = DataBackupMode::Full;
    assert!(read().await.iter().all(|run| run.row().outcome == Outcome::Queued { kind }));
    let queued = metadata.task_queue_of_strategies().await.expect("answers");
    assert_eq!(
        queued.iter().map(|task| (task.task, task.strategy, task.before)).collect::<Vec<_>>(),
        [(first, strategy, before), (second, strategy, before)]
    );

    let mut writer = begin(&metadata).await;
    let later = Timestamp(before.0 + 1);
    writer.task_queue_move(second, Some(before), later).await.expect("moved");
    commit(writer).await;
    let span = read().await[1].task.as_ref().and_then(|task| task.queued).expect("it waits");
    assert_eq!((span.from, span.before), (before, later));

    let mut writer = begin(&metadata).await;
    assert!(writer.strategy_run_insert(&missed(strategy, Timestamp(10))).await.expect("kept"));
    writer.strategy_runs_withdraw(strategy, Text::new("task-withdrawn-changed")).await.expect("withdrawn");
    commit(writer).await;
    let runs = read().await;
    assert_eq!(runs.iter().map(|run| run.run.clone()).collect::<Vec<_>>(), [missed(strategy, Timestamp(10))]);
    for (task, why) in [(first, "run-hindered-unreachable"), (second, "task-withdrawn-changed")] {
        let ended = load(task).await;
        assert_eq!((ended.status, ended.queued, ended.started_at), (TaskStatus::Failed, None, None));
        assert!(ended.finished_at.is_some() && ended.note.is_some_and(|note| note.id == why));
    }
    assert_eq!(metadata.task_queue_of_strategies().await.expect("answers"), []);
}

async fn a_run_and_its_task_are_kept_together_or_not_at_all(metadata: Metadata) {
    let strategy = strategy(&metadata).await.id;
    for is_committed in [false, true] {
        let mut writer = begin(&metadata).await;
        let task = writer.task_insert(&new_task(&["a"])).await.expect("kept");
        assert!(
            writer
                .strategy_run_insert(&started(strategy, Timestamp(10), TaskId(task.0)))
                .await
                .expect("kept")
        );
        if is_committed {
            commit(writer).await;
        } else {
            drop(writer); // as a crash does
        }
        let runs = metadata.strategy_run_history(strategy, Timestamp(0)).await.expect("answers");
        let task = metadata.load(task).await.expect("answers");
        assert_eq!((runs.len(), task.is_some()), (usize::from(is_committed), is_committed));
    }
}
