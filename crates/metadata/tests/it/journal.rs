//! Durable tasks: the requirements of `engine` for every journal, and the view of users.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use engine::journal::{Ask, Change, EventKind, InsertError, NewTask, PAGE_MAX};
use engine::testkit::contract;
use engine::{Journal, Note, Progress, RowNumber, Task, TaskId, TaskStatus};
use futures::future::join_all;
use futures::poll;
use metadata::tasks::{EventQuery, TaskQuery, subject};
use metadata::{Metadata, Slice};
use model::id::ClusterId;
use model::storage::StorageLocation;

use crate::stand::{Stand, begin, commit, for_every_database, new_task};

for_every_database! {
    every_promise_of_a_journal_is_kept
    workers_at_the_same_time_never_get_the_same_task
    a_task_and_what_belongs_to_it_are_kept_together_or_not_at_all
    a_task_is_refused_while_another_has_its_key
    lists_return_the_requested_rows_page_by_page
    events_tell_which_cluster_they_are_about
    readers_never_see_a_gap_in_the_events
    what_happened_to_a_task_is_seen_as_one
    a_call_that_is_given_up_writes_all_or_nothing
}

const LEASE: Duration = Duration::from_secs(30);

fn ask() -> Ask {
    Ask {
        worker: "one".into(),
        can: vec![("plain".into(), 1)],
        lease: LEASE,
        limits: engine::journal::Limits::default(),
    }
}

fn change(task: &Task) -> Change {
    Change {
        status: TaskStatus::Running,
        note: None,
        started_at: Some(task.created_at),
        finished_at: None,
        due_at: task.due_at,
        cancels_seen: task.cancels.clone(),
        state: None,
        lanes: Vec::new(),
        rows: Vec::new(),
        release: false,
    }
}

async fn finish(metadata: &Metadata, id: TaskId, status: TaskStatus) {
    let claim = metadata.claim(&ask()).await.expect("answers").expect("a task is due");
    assert_eq!(claim.ticket.task, id);
    let ended = Change { status, finished_at: Some(claim.pulse.now), release: true, ..change(&claim.task) };
    metadata.save(claim.ticket, &ended).await.expect("the holder may save");
}

async fn every_promise_of_a_journal_is_kept(metadata: Metadata) {
    contract::holds(&metadata).await;
}

async fn workers_at_the_same_time_never_get_the_same_task(metadata: Metadata) {
    const TASKS: usize = 60;
    for _ in 0..TASKS {
        metadata.insert(new_task(&["a"])).await.expect("kept");
    }
    let workers = (0..8).map(|_| {
        let metadata = metadata.clone();
        tokio::spawn(async move {
            let mut got = Vec::new();
            while let Some(claim) = metadata.claim(&ask()).await.expect("answers") {
                got.push(claim.ticket.task);
            }
            got
        })
    });
    let got: Vec<TaskId> =
        join_all(workers).await.into_iter().flat_map(|got| got.expect("no panic")).collect();
    assert_eq!(got.len(), TASKS, "each is handed out once");
    assert_eq!(got.iter().collect::<BTreeSet<_>>().len(), TASKS, "each is handed out once");
}

async fn a_task_and_what_belongs_to_it_are_kept_together_or_not_at_all(metadata: Metadata) {
    let location = StorageLocation::directory("/backup").expect("a location");
    for keeps in [false, true] {
        let mut writer = begin(&metadata).await;
        let storage = writer.storage_insert(None, &location, None).await.expect("kept");
        let new = new_task(&["a"]).subject(subject::STORAGE, storage.id.to_string());
        let task = writer.task_insert(&new).await.expect("kept");
        if keeps {
            commit(writer).await;
        } else {
            drop(writer);
        }
        assert_eq!(metadata.load(task).await.expect("answers").is_some(), keeps);
        assert_eq!(metadata.storage_get(storage.id).await.expect("answers").is_some(), keeps);
        assert_eq!(metadata.claim(&ask()).await.expect("answers").is_some(), keeps);
        assert_eq!(metadata.task_event_newest().await.expect("answers"), i64::from(keeps));
    }
}

async fn a_task_is_refused_while_another_has_its_key(metadata: Metadata) {
    let with_key = || new_task(&["a"]).exclusive("backup:1");
    let mut writer = begin(&metadata).await;
    let first = writer.task_insert(&with_key()).await.expect("nobody has the key");
    let refused = writer.task_insert(&with_key()).await;
    assert!(matches!(&refused, Err(InsertError::Occupied { task, .. }) if *task == first), "{refused:?}");
    commit(writer).await;
    finish(&metadata, first, TaskStatus::Failed).await;
    metadata.insert(with_key()).await.expect("the first is finished");
}

async fn lists_return_the_requested_rows_page_by_page(metadata: Metadata) {
    let mut ids = Vec::new();
    for number in 0..7_u32 {
        let about = new_task(&["a", "b"]).subject(subject::CLUSTER, (number % 2).to_string());
        let about = NewTask { kind: if number == 6 { "other".into() } else { "plain".into() }, ..about };
        ids.push(metadata.insert(about.subject(subject::TENANT, "1")).await.expect("kept"));
    }
    finish(&metadata, ids[0], TaskStatus::Failed).await;
    let list = async |query: &TaskQuery, offset, limit| {
        let listing = metadata.task_list(query, Slice { offset, limit }).await.expect("answers");
        (listing.items.iter().map(|task| task.id).collect::<Vec<_>>(), listing.total)
    };
    let about = |value: &str| vec![(subject::CLUSTER.to_owned(), value.to_owned())];
    let all = TaskQuery::default();
    assert_eq!(list(&all, 0, 2).await, (vec![ids[6], ids[5]], 7), "the newest come first");
    assert_eq!(list(&all, 6, 2).await, (vec![ids[0]], 7));
    assert_eq!(list(&TaskQuery { oldest_first: true, ..all.clone() }, 0, 1).await, (vec![ids[0]], 7));
    let query = TaskQuery { subjects: about("1"), ..all.clone() };
    assert_eq!(list(&query, 0, 9).await, (vec![ids[5], ids[3], ids[1]], 3));
    let query = TaskQuery { subjects: about("9"), ..all.clone() };
    assert_eq!(list(&query, 0, 9).await, (vec![], 0));
    let query = TaskQuery { statuses: vec![TaskStatus::Failed, TaskStatus::Successful], ..all.clone() };
    assert_eq!(list(&query, 0, 9).await, (vec![ids[0]], 1));
    let query = TaskQuery { kinds: vec!["other".into()], subjects: about("0"), ..all.clone() };
    assert_eq!(list(&query, 0, 9).await, (vec![ids[6]], 1));
    let now = begin(&metadata).await.now().await.expect("answers");
    let query = TaskQuery { until: Some(now), ..all.clone() };
    assert_eq!(list(&query, 0, 9).await.1, 7);
    let query = TaskQuery { from: Some(now), ..all.clone() };
    assert_eq!(list(&query, 0, 9).await.1, 0);

    let listed = metadata.task_list(&all, Slice::ALL).await.expect("answers").items;
    for task in listed {
        assert_eq!(
            metadata.load(task.id).await.expect("answers").as_ref(),
            Some(&task),
            "a list shows all of it"
        );
        assert_eq!((task.rows.len(), task.lanes.len()), (3, 2));
    }
}

async fn events_tell_which_cluster_they_are_about(metadata: Metadata) {
    let mut tasks = Vec::new();
    for cluster in [Some("1"), Some("2"), None] {
        let new = new_task(&["a"]);
        let new = match cluster {
            Some(cluster) => new.subject(subject::CLUSTER, cluster),
            None => new,
        };
        tasks.push(metadata.insert(new).await.expect("kept"));
    }
    let list = async |task, cluster, after| {
        let query = EventQuery { task, cluster };
        let events = metadata.task_event_list(&query, after, PAGE_MAX).await.expect("answers");
        events.iter().map(|event| (event.event.task, event.cluster)).collect::<Vec<_>>()
    };
    let all = [(tasks[0], Some(ClusterId(1))), (tasks[1], Some(ClusterId(2))), (tasks[2], None)];
    assert_eq!(list(None, None, 0).await, all);
    assert_eq!(list(None, Some(ClusterId(2)), 0).await, all[1..2]);
    assert_eq!(list(Some(tasks[2]), None, 0).await, all[2..]);
    assert_eq!(list(Some(tasks[2]), Some(ClusterId(1)), 0).await, []);
    assert_eq!(list(None, None, metadata.task_event_newest().await.expect("answers")).await, []);
}

async fn readers_never_see_a_gap_in_the_events(metadata: Metadata) {
    const WRITERS: usize = 4;
    const EACH: usize = 25;
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let metadata = metadata.clone();
            tokio::spawn(async move {
                for _ in 0..EACH {
                    metadata.insert(new_task(&["a"])).await.expect("kept");
                }
            })
        })
        .collect();
    let mut seen = 0;
    for _ in 0..100_000 {
        for event in metadata.events(seen, PAGE_MAX).await.expect("answers") {
            assert_eq!(event.seq, seen + 1, "an event came to be seen behind a later one");
            seen = event.seq;
        }
        if seen == i64::try_from(WRITERS * EACH).expect("small") {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(seen, i64::try_from(WRITERS * EACH).expect("small"));
    assert!(join_all(writers).await.iter().all(Result::is_ok));
}

/// On one database only: 300,000 statements over a network would prove nothing more.
#[tokio::test]
async fn old_events_and_log_lines_are_deleted() {
    let stand = Stand::new().await;
    let metadata = stand.metadata.clone();
    metadata.insert(new_task(&["a"])).await.expect("kept");
    let ticket = metadata.claim(&ask()).await.expect("answers").expect("due").ticket;
    let progress = vec![(RowNumber(0), Progress::default()); 2_000];
    for _ in 0..51 {
        metadata.append_progress(ticket, &progress).await.expect("the holder may write");
    }
    let newest = metadata.task_event_newest().await.expect("answers");
    assert_eq!(newest, 1 + 51 * 2_000);
    let oldest = metadata.events(0, 1).await.expect("answers")[0].seq;
    assert!(newest - oldest >= 99_999 && newest - oldest <= 102_000, "{oldest} to {newest}");

    let lines: Vec<_> =
        (0..4_000).map(|index| (RowNumber(0), Note::new("line").arg("index", index))).collect();
    for _ in 0..3 {
        metadata.append_log(ticket, &lines).await.expect("the holder may write");
    }
    let first = &metadata.logs(ticket.task, RowNumber(0), 0, 1).await.expect("answers")[0];
    assert_eq!((first.seq, first.note.args["index"].as_str()), (2_001, "2000"));
    metadata.append_log(ticket, &lines[..1]).await.expect("the holder may write");
    let last = metadata.logs(ticket.task, RowNumber(0), 12_000, 9).await.expect("answers");
    assert_eq!(last.iter().map(|line| line.seq).collect::<Vec<_>>(), [12_001], "numbers go on");
}

async fn what_happened_to_a_task_is_seen_as_one(metadata: Metadata) {
    let id = metadata.insert(new_task(&["a", "b", "c"])).await.expect("kept");
    let claim = metadata.claim(&ask()).await.expect("answers").expect("due");
    let writer = tokio::spawn({
        let metadata = metadata.clone();
        async move {
            for number in 1..=40_u32 {
                let mut rows = claim.task.rows.clone();
                rows.iter_mut().for_each(|row| row.runs = number);
                let state = Some(u64::from(number).into());
                let lanes = claim.task.lanes.clone();
                let saved = Change { rows, state, lanes, ..change(&claim.task) };
                metadata.save(claim.ticket, &saved).await.expect("the holder may save");
            }
        }
    });
    for _ in 0..100_000 {
        let task = metadata.load(id).await.expect("answers").expect("it is there");
        let revision = u32::try_from(task.revision).expect("small");
        assert!(task.rows.iter().all(|row| row.runs == revision), "a save is seen in part: {task:?}");
        assert_eq!(task.state, u64::from(revision));
        if revision == 40 {
            break;
        }
    }
    writer.await.expect("every save was kept");
    let lane = EventKind::Lane(RowNumber(3));
    let events = metadata.events(0, PAGE_MAX).await.expect("answers");
    assert_eq!(events.iter().filter(|event| event.kind == lane).count(), 40);
}

/// A cancelled body or a client that disconnects: the caller may stop waiting at any point of a call.
async fn a_call_that_is_given_up_writes_all_or_nothing(metadata: Metadata) {
    let mut given_up = 0;
    for polls in 0..400 {
        let before = metadata.task_list(&TaskQuery::default(), Slice { offset: 0, limit: 1 }).await;
        let before = before.expect("answers").total;
        let ended = {
            let mut call = pin!(metadata.insert(new_task(&["a", "b"])));
            let mut ended = false;
            for _ in 0..polls {
                ended = poll!(&mut call).is_ready();
                if ended {
                    break;
                }
                tokio::task::yield_now().await;
            }
            ended
        };
        given_up += u32::from(!ended);
        drop(begin(&metadata).await); // only one writer is active at a time, so the abandoned call has ended
        let after =
            metadata.task_list(&TaskQuery::default(), Slice { offset: 0, limit: 1 }).await.expect("answers");
        assert!(after.total == before + 1 || (after.total == before && !ended), "after {polls} polls");
        assert!(after.items.iter().all(|task| (task.rows.len(), task.lanes.len()) == (3, 2)), "{after:?}");
        let newest = metadata.task_event_newest().await.expect("answers");
        assert_eq!(newest, i64::try_from(after.total).expect("small"), "after {polls} polls");
    }
    assert!(given_up > 10, "calls were given up at different points: {given_up}");
    metadata.insert(new_task(&["a"])).await.expect("the next call finds everything in order");
}
