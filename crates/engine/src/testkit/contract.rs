//! The promises of [`Journal`](crate::journal::Journal), checked on any implementation.

mod queue;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::Timed;
use crate::clock::WAIT_MAX;
use crate::flow::{Flow, Next, Step};
use crate::journal::{
    ApplyError, Ask, Change, Claim, Decision, Event, EventKind, HoldError, InsertError, NewTask, PAGE_MAX,
    Ticket,
};
use crate::note::Note;
use crate::operator::{Command, decide};
use crate::task::{
    Cancels, Lease, Moment, Operation, Progress, RowNumber, StepStatus, Task, TaskId, TaskStatus, Undo,
};

const LEASE: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);

/// Checks every promise in turn. Panics at the first broken one and names it.
///
/// The journal may contain other tasks. Its clock is advanced.
pub async fn holds<J: Timed>(journal: &J) {
    a_new_task_is_kept_whole(journal).await;
    an_exclusive_key_keeps_others_out(journal).await;
    a_claimed_task_is_claimed_again_only_after_its_lease(journal).await;
    a_claim_gets_the_longest_due_of_what_it_can_run(journal).await;
    a_due_time_of_a_clock_that_was_ahead_has_come(journal).await;
    a_renewal_lengthens_and_never_shortens(journal).await;
    a_change_is_kept_whole(journal).await;
    an_old_ticket_writes_nothing(journal).await;
    a_cancel_that_the_holder_did_not_know_makes_due_at_once(journal).await;
    a_cancel_is_kept_until_the_task_goes_on(journal).await;
    a_decision_on_an_old_revision_is_refused(journal).await;
    a_resumed_task_needs_its_exclusive_key_again(journal).await;
    log_lines_keep_their_order_and_come_in_pages(journal).await;
    progress_changes_nothing_else(journal).await;
    events_are_in_order_and_complete(journal).await;
    Box::pin(queue::holds(journal)).await; // as large as all others together
}

/// A flow that is only stored here.
struct Stored;

impl Flow for Stored {
    const KIND: &'static str = "contract";
    const VERSION: u32 = 3;
    type Context = ();
    type State = String;
    type Lane = u32;
    const STEPS: &'static [Step<Self>] = &[
        Step::one("first", |_, _| Box::pin(async { Ok(Next::Done) }))
            .undo(|_, _| Box::pin(async { Ok(Next::Done) })),
        Step::each("each", |_, _, _| Box::pin(async { Ok(Next::Done) })).skippable().timeout(SECOND),
    ];
}

fn new(kind: &str) -> NewTask {
    let lanes = ["ä".to_owned(), "b".to_owned()];
    let mut new = NewTask::of::<Stored>(Note::new("named").arg("of", "x"), &"»begin«".to_owned(), lanes)
        .expect("a text is JSON");
    kind.clone_into(&mut new.kind);
    new.creator("somebody").subject("colour", "red").subject("place", "x'y\\z")
}

async fn insert<J: Timed>(journal: &J, kind: &str) -> TaskId {
    journal.insert(new(kind)).await.expect("a new task is kept")
}

async fn load<J: Timed>(journal: &J, task: TaskId) -> Task {
    journal.load(task).await.expect("the journal answers").expect("the task is there")
}

fn ask(kind: &str) -> Ask {
    Ask {
        worker: "one".to_owned(),
        can: vec![(kind.to_owned(), 3)],
        lease: LEASE,
        limits: crate::journal::Limits::default(),
    }
}

async fn claim<J: Timed>(journal: &J, kind: &str) -> Option<Claim> {
    journal.claim(&ask(kind)).await.expect("the journal answers")
}

async fn claimed<J: Timed>(journal: &J, kind: &str) -> Claim {
    claim(journal, kind).await.expect("a task is due")
}

async fn pass<J: Timed>(journal: &J, time: Duration) {
    journal.pass(time).await.expect("the journal's clock can be moved");
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

fn failed(task: &Task) -> Change {
    let mut rows = task.rows.clone();
    rows[0].status = StepStatus::Failed;
    rows[0].runs = 1;
    Change {
        status: TaskStatus::Failed,
        note: Some(Note::new("broken").raw("it said \"no\"\nand went")),
        finished_at: Some(task.created_at),
        rows,
        release: true,
        ..change(task)
    }
}

async fn save<J: Timed>(journal: &J, ticket: Ticket, change: &Change) {
    journal.save(ticket, change).await.expect("the holder may save");
}

fn is_lost<T>(outcome: &Result<T, HoldError>) -> bool {
    matches!(outcome, Err(HoldError::Lost))
}

async fn a_new_task_is_kept_whole<J: Timed>(journal: &J) {
    let before = journal.time().await.expect("the journal tells the time");
    let id = insert(journal, "contract-whole").await;
    let new = new("contract-whole");
    let stored = load(journal, id).await;
    // seekdb's NOW() lags behind its clock by up to 10 ms, on each connection a little differently.
    assert!(stored.created_at.plus(Duration::from_millis(50)) >= before, "{before:?}: {stored:?}");
    let expected = Task {
        id,
        kind: new.kind,
        version: 3,
        status: TaskStatus::Pending,
        operation: Operation::Execute,
        creator: new.creator,
        name: new.name,
        subject: new.subject,
        exclusive: None,
        queued: None,
        state: new.state,
        lanes: new.lanes,
        note: None,
        cancels: Cancels::default(),
        revision: 0,
        created_at: stored.created_at,
        started_at: None,
        finished_at: None,
        due_at: stored.due_at,
        lease: None,
        rows: new.rows,
    };
    assert_eq!(stored, expected, "a new task is kept whole");
    assert!(journal.load(TaskId(i64::MAX)).await.expect("the journal answers").is_none());
}

async fn an_exclusive_key_keeps_others_out<J: Timed>(journal: &J) {
    let with_key = |key: &str| new("contract-exclusive").exclusive(key);
    let first = journal.insert(with_key("contract:1")).await.expect("nobody has the key");
    match journal.insert(with_key("contract:1")).await {
        Err(InsertError::Occupied { key, task }) => assert_eq!((key.as_str(), task), ("contract:1", first)),
        other => panic!("a second task with the key must be refused: {other:?}"),
    }
    journal.insert(with_key("contract:2")).await.expect("another key is another matter");
    let claim = claimed(journal, "contract-exclusive").await;
    assert_eq!(claim.ticket.task, first);
    save(journal, claim.ticket, &failed(&claim.task)).await;
    journal.insert(with_key("contract:1")).await.expect("a finished task keeps nobody out");
}

async fn a_claimed_task_is_claimed_again_only_after_its_lease<J: Timed>(journal: &J) {
    let id = insert(journal, "contract-lease").await;
    let first = claimed(journal, "contract-lease").await;
    assert_eq!(first.ticket.task, id);
    assert!(first.pulse.left > LEASE - SECOND && first.pulse.left <= LEASE, "{:?}", first.pulse);
    assert_eq!(first.task.rows, new("contract-lease").rows, "a claim brings the rows");
    let Some(Lease { owner, .. }) = load(journal, id).await.lease else {
        panic!("a claimed task shows its lease")
    };
    assert_eq!(owner, "one");
    assert!(claim(journal, "contract-lease").await.is_none(), "a lease keeps others out");
    pass(journal, LEASE).await;
    let second = claimed(journal, "contract-lease").await;
    assert!(second.ticket.fence > first.ticket.fence, "every claim raises the fence");
    save(journal, second.ticket, &Change { release: true, ..change(&second.task) }).await;
    let third = claimed(journal, "contract-lease").await;
    assert!(third.ticket.fence > second.ticket.fence, "every claim raises the fence");
}

async fn a_claim_gets_the_longest_due_of_what_it_can_run<J: Timed>(journal: &J) {
    let early = insert(journal, "contract-order").await;
    pass(journal, SECOND).await;
    let late = insert(journal, "contract-order").await;
    let older = Ask { can: vec![("contract-order".to_owned(), 2)], ..ask("contract-order") };
    assert!(journal.claim(&older).await.expect("answers").is_none(), "a newer version is left alone");
    assert!(claim(journal, "contract-unknown").await.is_none(), "an unknown kind is left alone");
    let newer = Ask {
        can: vec![("contract-order".to_owned(), 2), ("contract-order".to_owned(), 9)],
        ..ask("contract-order")
    };
    let first = journal.claim(&newer).await.expect("answers").expect("an older version is handed out");
    assert_eq!(first.ticket.task, early, "the longest due comes first");
    let later = first.pulse.now.plus(LEASE);
    save(journal, first.ticket, &Change { due_at: later, release: true, ..change(&first.task) }).await;
    assert_eq!(claimed(journal, "contract-order").await.ticket.task, late);
    assert!(claim(journal, "contract-order").await.is_none(), "what is due later is left alone");
    pass(journal, LEASE - SECOND).await;
    assert!(claim(journal, "contract-order").await.is_none(), "what is due later is left alone");
    pass(journal, SECOND).await;
    assert!(claim(journal, "contract-order").await.is_some(), "then it is due");
}

async fn a_due_time_of_a_clock_that_was_ahead_has_come<J: Timed>(journal: &J) {
    insert(journal, "contract-ahead").await;
    let first = claimed(journal, "contract-ahead").await;
    let ahead = first.pulse.now.plus(WAIT_MAX * 3);
    save(journal, first.ticket, &Change { due_at: ahead, release: true, ..change(&first.task) }).await;
    let second = claimed(journal, "contract-ahead").await;
    assert_eq!(second.ticket.task, first.ticket.task, "nothing can have ordered such a wait");
    let wait = second.pulse.now.plus(WAIT_MAX - SECOND * 10);
    save(journal, second.ticket, &Change { due_at: wait, release: true, ..change(&second.task) }).await;
    assert!(claim(journal, "contract-ahead").await.is_none(), "a long wait is waited for");
}

async fn a_renewal_lengthens_and_never_shortens<J: Timed>(journal: &J) {
    insert(journal, "contract-renew").await;
    let ticket = claimed(journal, "contract-renew").await.ticket;
    let long = journal.renew(ticket, LEASE * 10).await.expect("the holder may renew");
    assert!(long.left > LEASE * 9, "{long:?}");
    let short = journal.renew(ticket, LEASE).await.expect("the holder may renew");
    assert!(short.left > LEASE * 9, "a renewal never shortens: {short:?}");
    pass(journal, LEASE * 11).await;
    let lapsed = journal.renew(ticket, LEASE).await.expect("nobody else has claimed it");
    assert!(lapsed.left > LEASE - SECOND, "{lapsed:?}");
    assert!(claim(journal, "contract-renew").await.is_none(), "the renewed lease keeps others out");
}

async fn a_change_is_kept_whole<J: Timed>(journal: &J) {
    let id = insert(journal, "contract-change").await;
    let Claim { ticket, mut task, pulse } = claimed(journal, "contract-change").await;
    let note = Note::new("why").arg("a", "1").raw("ünquoted ' text");
    let progress = Progress {
        done: 3,
        total: Some(u64::from(u32::MAX) * 9),
        unit: "bytes".to_owned(),
        rate_per_s: Some(7),
        note: Some(note.clone()),
    };
    let row = &mut task.rows[1];
    (row.status, row.skipped, row.undo) = (StepStatus::Failed, true, Undo::PassedOver);
    (row.runs, row.attempts) = (2, 4);
    (row.progress, row.note) = (Some(progress), Some(note.clone()));
    (row.started_at, row.finished_at) = (Some(Moment(1)), Some(Moment(2_000_000_000_000_000)));
    (row.since, row.due_at) = (Some(Moment(3)), Some(Moment(4)));
    task.state = json!({"nested": ["ä", 1.5, null]});
    task.lanes[1].state = json!(99);
    (task.status, task.note) = (TaskStatus::RollingBack, Some(note.clone()));
    (task.started_at, task.finished_at) = (Some(Moment(5)), Some(Moment(6)));
    task.due_at = pulse.now.plus(SECOND);
    let change = Change {
        status: task.status,
        note: task.note.clone(),
        started_at: task.started_at,
        finished_at: task.finished_at,
        due_at: task.due_at,
        state: Some(task.state.clone()),
        lanes: vec![task.lanes[1].clone()],
        rows: vec![task.rows[1].clone()],
        ..change(&task)
    };
    let after = journal.save(ticket, &change).await.expect("the holder may save");
    assert!(after.left <= pulse.left && after.left > SECOND, "a save does not touch the lease: {after:?}");
    task.revision += 1;
    assert_eq!(load(journal, id).await, task, "what is saved is kept, and nothing else changes");
    let emptied = Change { note: None, finished_at: None, started_at: None, ..change };
    save(journal, ticket, &emptied).await;
    let stored = load(journal, id).await;
    assert_eq!((stored.note, stored.finished_at, stored.started_at), (None, None, None));
}

async fn an_old_ticket_writes_nothing<J: Timed>(journal: &J) {
    let id = insert(journal, "contract-fence").await;
    let old = claimed(journal, "contract-fence").await;
    pass(journal, LEASE).await;
    let new = claimed(journal, "contract-fence").await;
    let before = load(journal, id).await;
    let row = RowNumber(0);
    let progress = [(row, Progress::default())];
    assert!(is_lost(&journal.save(old.ticket, &failed(&old.task)).await));
    assert!(is_lost(&journal.renew(old.ticket, LEASE).await));
    assert!(is_lost(&journal.append_log(old.ticket, &[(row, Note::new("x"))]).await));
    assert!(is_lost(&journal.append_progress(old.ticket, &progress).await));
    assert_eq!(load(journal, id).await, before, "an old ticket writes nothing");
    assert!(journal.logs(id, row, 0, 10).await.expect("answers").is_empty());
    save(journal, new.ticket, &Change { release: true, ..change(&new.task) }).await;
    let given_back = journal.save(new.ticket, &failed(&new.task)).await;
    assert!(is_lost(&given_back), "what is given back is not held any more");
    assert!(is_lost(&journal.renew(new.ticket, LEASE).await), "what is given back is not held any more");
}

async fn a_cancel_that_the_holder_did_not_know_makes_due_at_once<J: Timed>(journal: &J) {
    let id = insert(journal, "contract-cancel-due").await;
    let Claim { ticket, task, pulse } = claimed(journal, "contract-cancel-due").await;
    journal.apply(id, &Decision::Cancel { row: None }).await.expect("the task is not finished");
    let waiting = Change { due_at: pulse.now.plus(LEASE), release: true, ..change(&task) };
    let answer = journal.save(ticket, &waiting).await.expect("a cancel takes nothing from the holder");
    assert!(answer.cancels.task, "a holder learns of a cancel when it saves");
    let again = claimed(journal, "contract-cancel-due").await;
    assert!(again.pulse.cancels.task && again.task.cancels.task, "a claim tells of a cancel");
    let seen = Change { cancels_seen: again.task.cancels, ..waiting };
    save(journal, again.ticket, &seen).await;
    assert!(
        claim(journal, "contract-cancel-due").await.is_none(),
        "a known cancel waits as long as it is told"
    );
}

async fn a_cancel_is_kept_until_the_task_goes_on<J: Timed>(journal: &J) {
    let id = insert(journal, "contract-cancel").await;
    let Claim { ticket, task, .. } = claimed(journal, "contract-cancel").await;
    let cancel = |row: u32| Decision::Cancel { row: Some(RowNumber(row)) };
    journal.apply(id, &cancel(2)).await.expect("the row is open");
    journal.apply(id, &cancel(1)).await.expect("the row is open");
    let stored = load(journal, id).await;
    assert_eq!(stored.operation, Operation::Cancel);
    assert_eq!(stored.revision, task.revision, "a cancel is no new revision: the holder goes on");
    let rows = BTreeSet::from([RowNumber(1), RowNumber(2)]);
    assert_eq!(stored.cancels, Cancels { task: false, rows });
    assert_eq!(journal.renew(ticket, LEASE).await.expect("still held").cancels, stored.cancels);
    save(journal, ticket, &failed(&task)).await;
    assert_eq!(load(journal, id).await.cancels, stored.cancels, "no save takes a cancel back");
    for late in [Decision::Cancel { row: None }, cancel(1)] {
        let refused = journal.apply(id, &late).await;
        assert!(matches!(refused, Err(ApplyError::Changed)), "a finished task is not cancelled: {refused:?}");
    }
    let resume = decide(&load(journal, id).await, Command::RetryTask).expect("a failed task may be retried");
    journal.apply(id, &resume).await.expect("nothing has changed");
    let resumed = load(journal, id).await;
    assert_eq!(resumed.cancels, Cancels::default(), "a task that goes on is cancelled no more");
    assert_eq!((resumed.status, resumed.operation), (TaskStatus::Running, Operation::Retry));
    assert_eq!(resumed.rows[0].status, StepStatus::Ready);
    assert!(is_lost(&journal.renew(ticket, LEASE).await), "who held it before holds it no more");
    assert!(claim(journal, "contract-cancel").await.is_some(), "a resumed task is due at once");
    let gone = journal.apply(TaskId(i64::MAX), &Decision::Cancel { row: None }).await;
    assert!(matches!(gone, Err(ApplyError::Changed)), "{gone:?}");
}

async fn a_decision_on_an_old_revision_is_refused<J: Timed>(journal: &J) {
    let id = insert(journal, "contract-revision").await;
    let Claim { ticket, task, .. } = claimed(journal, "contract-revision").await;
    save(journal, ticket, &failed(&task)).await;
    let seen = load(journal, id).await;
    let (retry, undo) = (decide(&seen, Command::RetryTask), decide(&seen, Command::RollBack));
    journal.apply(id, &retry.expect("it has failed")).await.expect("nobody was quicker");
    let second = journal.apply(id, &undo.expect("it has failed")).await;
    assert!(matches!(second, Err(ApplyError::Changed)), "of two decisions one is carried out: {second:?}");
    assert_eq!(load(journal, id).await.status, TaskStatus::Running);
}

async fn a_resumed_task_needs_its_exclusive_key_again<J: Timed>(journal: &J) {
    let with_key = || new("contract-resume").exclusive("contract:resume");
    let id = journal.insert(with_key()).await.expect("nobody has the key");
    let Claim { ticket, task, .. } = claimed(journal, "contract-resume").await;
    save(journal, ticket, &failed(&task)).await;
    let other = journal.insert(with_key()).await.expect("the first one is finished");
    let resume = decide(&load(journal, id).await, Command::RetryTask).expect("it has failed");
    match journal.apply(id, &resume).await {
        Err(ApplyError::Occupied { key, task }) => {
            assert_eq!((key.as_str(), task), ("contract:resume", other));
        }
        outcome => panic!("the key is taken: {outcome:?}"),
    }
    assert_eq!(load(journal, id).await.status, TaskStatus::Failed, "a refused decision changes nothing");
}

async fn log_lines_keep_their_order_and_come_in_pages<J: Timed>(journal: &J) {
    let id = insert(journal, "contract-log").await;
    let ticket = claimed(journal, "contract-log").await.ticket;
    let line = |row: u32, index: u32| (RowNumber(row), Note::new("line").arg("index", index).raw("r'a\"w"));
    for start in [0, 600] {
        let lines: Vec<_> = (start..start + 600).flat_map(|index| [line(0, index), line(1, index)]).collect();
        journal.append_log(ticket, &lines).await.expect("the holder may write");
    }
    let page = async |row: u32, after: i64, limit: u32| {
        journal.logs(id, RowNumber(row), after, limit).await.expect("the journal answers")
    };
    let all = page(0, 0, u32::MAX).await;
    assert_eq!(all.len(), PAGE_MAX as usize, "a page has its limit");
    assert!(all.iter().map(|line| line.seq).eq(1..=1_000), "lines count from 1 within their row");
    let rest = page(1, 1_000, 1_000).await;
    assert!(rest.iter().map(|line| line.seq).eq(1_001..=1_200));
    assert_eq!(rest[0].note, line(1, 1_000).1);
    assert_eq!(page(1, 7, 2).await.iter().map(|line| line.seq).collect::<Vec<_>>(), [8, 9]);
    assert!(page(2, 0, 10).await.is_empty());
}

async fn progress_changes_nothing_else<J: Timed>(journal: &J) {
    let id = insert(journal, "contract-progress").await;
    let ticket = claimed(journal, "contract-progress").await.ticket;
    let mut expected = load(journal, id).await;
    let progress = Progress { done: 5, unit: "rows".to_owned(), ..Progress::default() };
    journal.append_progress(ticket, &[(RowNumber(1), progress.clone())]).await.expect("the holder may write");
    expected.rows[1].progress = Some(progress);
    assert_eq!(load(journal, id).await, expected);
}

async fn events_are_in_order_and_complete<J: Timed>(journal: &J) {
    let last = last_event(journal).await;
    let id = insert(journal, "contract-events").await;
    let Claim { ticket, task, .. } = claimed(journal, "contract-events").await;
    save(journal, ticket, &Change { rows: task.rows[..2].to_vec(), ..change(&task) }).await;
    let progress = [(RowNumber(2), Progress::default())];
    journal.append_progress(ticket, &progress).await.expect("the holder may write");
    journal.apply(id, &Decision::Cancel { row: None }).await.expect("the task is not finished");
    let events: Vec<Event> = journal.events(last, PAGE_MAX).await.expect("the journal answers");
    assert!(events.iter().all(|event| event.task == id));
    assert!(events.windows(2).all(|pair| pair[0].seq < pair[1].seq), "{events:?}");
    let kinds: Vec<EventKind> = events.iter().map(|event| event.kind).collect();
    let (step, lane) = (EventKind::Step(RowNumber(0)), |row| EventKind::Lane(RowNumber(row)));
    assert_eq!(kinds, [EventKind::Task, EventKind::Task, step, lane(1), lane(2), EventKind::Task]);
    let page = journal.events(events[1].seq, 2).await.expect("the journal answers");
    assert_eq!(page, events[2..4], "a page begins behind what was seen");
}

async fn last_event<J: Timed>(journal: &J) -> i64 {
    let mut last = 0;
    loop {
        let page = journal.events(last, PAGE_MAX).await.expect("the journal answers");
        let Some(event) = page.last() else { return last };
        last = event.seq;
    }
}
