//! Old history is deleted in small parts; what is in use stays.

use std::sync::Arc;
use std::time::Duration;

use engine::testkit::{Stand as Bench, Timed as _};
use engine::{Journal as _, TaskId};
use metadata::Metadata;
use metadata::audit::{AuditFilter, Deed};
use metadata::history::OldTasks;
use model::history::HistoryPart;
use model::id::UserId;
use model::storage::StorageLocation;
use model::strategy::Scope;
use model::{Timestamp, id};

use crate::records::backup_set;
use crate::stand::{Plain, begin, commit, for_every_database, new_cluster, new_task};
use crate::strategies::{missed, settings, started};

for_every_database! {
    old_tasks_are_found_unless_they_are_in_use
    the_newest_backup_of_a_strategy_stays_with_what_followed
    old_audit_lines_are_deleted_in_small_parts
}

async fn finished(metadata: &Metadata) -> TaskId {
    let bench = Bench::<Plain, Metadata>::with_journal((), Arc::new(metadata.clone()));
    let task = bench.start(new_task(&["shop"])).await;
    bench.run(task, None).await;
    task
}

async fn now(metadata: &Metadata) -> Timestamp {
    metadata.now().await.expect("a time")
}

async fn old_tasks_are_found_unless_they_are_in_use(metadata: Metadata) {
    let [first, with_set, of_run, last] = [
        finished(&metadata).await,
        finished(&metadata).await,
        finished(&metadata).await,
        finished(&metadata).await,
    ];
    let mut writer = begin(&metadata).await;
    let unfinished = writer.task_insert(&new_task(&["shop"])).await.expect("kept");
    let cluster = writer.cluster_insert(&new_cluster("prod", "")).await.expect("kept");
    let location = StorageLocation::directory("/backup").expect("a location");
    let storage = writer.storage_insert(None, &location, None).await.expect("kept").id;
    let of = |task: TaskId| id::TaskId(task.0);
    writer.backup_set_record(&backup_set(with_set.0, 1002, storage)).await.expect("kept");
    let scope = Scope::Cluster(cluster);
    let strategy = writer.strategy_insert(scope, UserId(1), &settings(storage), false).await.expect("kept");
    writer.strategy_run_insert(&started(strategy.id, Timestamp(1), of(of_run))).await.expect("kept");
    commit(writer).await;

    let begun = Timestamp(now(&metadata).await.0 - 60_000_000);
    let none = metadata.history_tasks(begun, TaskId(0), 10).await.expect("answers");
    assert_eq!(none, OldTasks { tasks: Vec::new(), last: None }, "none is that old");
    metadata.pass(Duration::from_secs(60)).await.expect("the clock can be moved");
    let before = now(&metadata).await;
    let page = metadata.history_tasks(before, TaskId(0), 2).await.expect("answers");
    assert_eq!(page, OldTasks { tasks: vec![first], last: Some(of_run) });
    let page = metadata.history_tasks(before, of_run, 2).await.expect("answers");
    assert_eq!(page, OldTasks { tasks: vec![last], last: Some(last) });
    let mut writer = begin(&metadata).await;
    let deleted = writer.history_forget_tasks(&[first, last, unfinished]).await.expect("deleted");
    commit(writer).await;
    assert_eq!(deleted, 2, "an unfinished task stays");
    for (task, stays) in [(first, false), (with_set, true), (of_run, true), (last, false), (unfinished, true)]
    {
        assert_eq!(metadata.load(task).await.expect("answers").is_some(), stays, "{task}");
    }
}

async fn the_newest_backup_of_a_strategy_stays_with_what_followed(metadata: Metadata) {
    let mut writer = begin(&metadata).await;
    let cluster = writer.cluster_insert(&new_cluster("prod", "")).await.expect("kept");
    let location = StorageLocation::directory("/backup").expect("a location");
    let storage = writer.storage_insert(None, &location, None).await.expect("kept").id;
    let scope = Scope::Cluster(cluster);
    let strategy =
        writer.strategy_insert(scope, UserId(1), &settings(storage), false).await.expect("kept").id;
    writer.strategy_run_insert(&missed(strategy, Timestamp(1))).await.expect("kept");
    writer.strategy_run_insert(&started(strategy, Timestamp(2), id::TaskId(7))).await.expect("kept");
    writer.strategy_run_insert(&started(strategy, Timestamp(3), id::TaskId(8))).await.expect("kept");
    writer.strategy_run_insert(&missed(strategy, Timestamp(4))).await.expect("kept");
    let count = async |writer: &mut metadata::Transaction, before, most| {
        writer.history_forget_runs(Timestamp(before), most).await.expect("deleted")
    };
    assert_eq!(count(&mut writer, 2, 10).await, 1);
    assert_eq!(count(&mut writer, 100, 1).await, 1);
    assert_eq!(count(&mut writer, 100, 10).await, 0);
    commit(writer).await;
    let sizes = metadata.history_sizes().await.expect("answers");
    let runs = sizes.iter().find(|size| size.part == HistoryPart::Runs).expect("every part");
    assert_eq!((runs.rows, runs.oldest), (2, Some(Timestamp(3))));
}

async fn old_audit_lines_are_deleted_in_small_parts(metadata: Metadata) {
    let deed = |action: &str| Deed {
        user: "eva".into(),
        address: "::1".into(),
        action: action.into(),
        target: "task/1".into(),
        outcome: "done".into(),
    };
    let mut writer = begin(&metadata).await;
    for action in ["one", "two", "three"] {
        writer.audit_append(&deed(action)).await.expect("kept");
    }
    commit(writer).await;
    metadata.pass(Duration::from_secs(60)).await.expect("the clock can be moved");
    let before = now(&metadata).await;
    let mut writer = begin(&metadata).await;
    writer.audit_append(&deed("four")).await.expect("kept");
    let mut deleted = Vec::new();
    for _ in 0..3 {
        deleted.push(writer.history_forget_audit(before, 2).await.expect("deleted"));
    }
    commit(writer).await;
    assert_eq!(deleted, [2, 1, 0]);
    let left = metadata.audit_list(&AuditFilter::default(), metadata::Slice { offset: 0, limit: 10 }).await;
    let left: Vec<String> = left.expect("answers").items.into_iter().map(|line| line.deed.action).collect();
    assert_eq!(left, ["four"]);
}
