//! Old history is deleted in small parts; what is in use stays.

use std::sync::Arc;
use std::time::Duration;

use engine::testkit::{Stand as Bench, Timed as _};
use engine::{Journal as _, TaskId};
use metadata::Metadata;
use metadata::audit::{AuditFilter, Deed};
use model::Timestamp;
use model::history::HistoryPart;

use crate::stand::{begin, commit, for_every_database, new_task};

for_every_database! {
    old_logs_of_finished_tasks_are_deleted_once
    the_oldest_audit_lines_are_deleted
}

/// A flow whose step writes to its log.
struct Talker;

impl engine::Flow for Talker {
    const KIND: &'static str = "talker";
    const VERSION: u32 = 1;
    type Context = ();
    type State = u64;
    type Lane = ();
    const STEPS: &'static [engine::Step<Self>] = &[engine::Step::one("talk", |at, _| {
        Box::pin(async move {
            for word in ["one", "two", "three"] {
                at.log(engine::Note::new(word));
            }
            Ok(engine::Next::Done)
        })
    })];
}

async fn now(metadata: &Metadata) -> Timestamp {
    metadata.now().await.expect("a time")
}

async fn old_logs_of_finished_tasks_are_deleted_once(metadata: Metadata) {
    let bench = Bench::<Talker, Metadata>::with_journal((), Arc::new(metadata.clone()));
    let new = || engine::NewTask::of::<Talker>(engine::Note::new("talker"), &0, []).expect("JSON");
    let [first, second] = [bench.start(new()).await, bench.start(new()).await];
    for task in [first, second] {
        bench.run(task, None).await;
    }
    let none = metadata.history_logs(Timestamp(now(&metadata).await.0 - 60_000_000), TaskId(0), 10).await;
    assert_eq!(none.expect("answers"), [], "none is that old");
    metadata.pass(Duration::from_secs(60)).await.expect("the clock can be moved");
    let before = now(&metadata).await;
    let found = metadata.history_logs(before, TaskId(0), 10).await.expect("answers");
    assert_eq!(found.iter().map(|log| log.task).collect::<Vec<_>>(), [first, second]);
    assert_eq!(metadata.history_logs(before, second, 10).await.expect("answers"), found[1..]);
    assert_eq!(metadata.history_logs(before, TaskId(0), 1).await.expect("answers"), found[..1]);
    let mut writer = begin(&metadata).await;
    writer.history_forget_log(&found[0]).await.expect("deleted");
    commit(writer).await;
    assert_eq!(metadata.history_logs(before, TaskId(0), 10).await.expect("answers"), found[1..]);
    let lines = async |task, row| {
        let lines = metadata.logs(task, row, 0, 100).await.expect("answers");
        lines.into_iter().map(|line| (line.seq, line.note.id)).collect::<Vec<_>>()
    };
    assert_eq!(lines(first, found[0].row).await, [(found[0].lines, "log-deleted".to_owned())]);
    assert_eq!(lines(second, found[1].row).await.len() as i64, found[1].lines);
    let sizes = metadata.history_sizes().await.expect("answers");
    let logs = sizes.iter().find(|(part, _)| *part == HistoryPart::Logs).expect("every part").1;
    assert_eq!(logs, 1 + u64::try_from(found[1].lines).expect("few"));

    // A task that is not finished keeps its log, whatever a caller asks for.
    let mut writer = begin(&metadata).await;
    let unfinished = writer.task_insert(&new_task(&["shop"])).await.expect("kept");
    let of_it = metadata::history::OldLog { task: unfinished, ..found[1] };
    writer.history_forget_log(&of_it).await.expect("nothing to do");
    commit(writer).await;
}

async fn the_oldest_audit_lines_are_deleted(metadata: Metadata) {
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
    commit(writer).await;
    let mut counts = Vec::new();
    for _ in 0..3 {
        let old = metadata.history_audit(before, 2).await.expect("answers");
        counts.push(old.len());
        let mut writer = begin(&metadata).await;
        writer.history_forget_audit(old).await.expect("deleted");
        commit(writer).await;
    }
    assert_eq!(counts, [2, 1, 0]);
    let left = metadata.audit_list(&AuditFilter::default(), metadata::Slice { offset: 0, limit: 10 }).await;
    let left: Vec<String> = left.expect("answers").items.into_iter().map(|line| line.deed.action).collect();
    assert_eq!(left, ["four"]);
}
