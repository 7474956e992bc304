//! The promises about queued tasks.

use super::{LEASE, SECOND, Timed, ask, change, claimed, failed, load, new, pass, save};
use crate::journal::{Ask, Claim, InsertError, Limits, NewTask};
use crate::operator::{Command, decide};
use crate::task::{Moment, TaskId, TaskStatus};

pub(super) async fn holds<J: Timed>(journal: &J) {
    a_queued_task_waits_for_its_exclusive_key(journal).await;
    a_queued_task_waits_for_room(journal).await;
    a_queued_task_does_not_begin_when_its_time_is_up(journal).await;
    a_queued_task_that_is_cancelled_ends_without_its_key(journal).await;
}

async fn soon<J: Timed>(journal: &J) -> Moment {
    journal.time().await.expect("the journal tells the time").plus(LEASE * 100)
}

async fn insert<J: Timed>(journal: &J, task: NewTask) -> TaskId {
    journal.insert(task).await.expect("the journal takes it")
}

async fn try_claim<J: Timed>(journal: &J, ask: &Ask) -> Option<Claim> {
    journal.claim(ask).await.expect("the journal answers")
}

async fn a_queued_task_waits_for_its_exclusive_key<J: Timed>(journal: &J) {
    let kind = "contract-queue-key";
    let with_key = || new(kind).exclusive("contract:queue");
    let until = soon(journal).await;
    let first = insert(journal, with_key()).await;
    let held = claimed(journal, kind).await;
    assert_eq!(held.ticket.task, first);
    let second = insert(journal, with_key().queued(until)).await;
    assert_eq!(load(journal, second).await.queued, Some(until), "a queued task is kept as one");
    let third = insert(journal, with_key().queued(until)).await;
    assert!(try_claim(journal, &ask(kind)).await.is_none(), "another task has the key");
    save(journal, held.ticket, &failed(&held.task)).await;
    let Claim { ticket, task, .. } = claimed(journal, kind).await;
    assert_eq!(
        (ticket.task, task.queued),
        (second, None),
        "who waits longest is first, and leaves the queue"
    );
    assert!(try_claim(journal, &ask(kind)).await.is_none(), "the key is taken again");
    match journal.insert(with_key()).await {
        Err(InsertError::Occupied { task, .. }) => assert_eq!(task, second),
        other => panic!("a task that left the queue has its key: {other:?}"),
    }
    save(journal, ticket, &change(&task)).await;
    save(journal, ticket, &failed(&load(journal, second).await)).await;
    let last = claimed(journal, kind).await;
    assert_eq!(last.ticket.task, third);
    save(journal, last.ticket, &failed(&last.task)).await;
}

async fn a_queued_task_waits_for_room<J: Timed>(journal: &J) {
    let kind = "contract-queue-room";
    let of = |place: &str| new(kind).subject("place", place);
    let limited = |at_once, same| Ask {
        limits: Limits {
            kinds: vec![kind.to_owned()],
            at_once: Some(at_once),
            same_subject: Some(("place".to_owned(), same)),
        },
        ..ask(kind)
    };
    let until = soon(journal).await;
    let mut held = Vec::new();
    for place in ["a", "b"] {
        insert(journal, of(place)).await;
        held.push(claimed(journal, kind).await);
    }
    let (in_a, in_c) =
        (insert(journal, of("a").queued(until)).await, insert(journal, of("c").queued(until)).await);
    assert!(try_claim(journal, &limited(2, 9)).await.is_none(), "there is no room at all");
    let other = insert(journal, new("contract-queue-other").queued(until)).await;
    let both =
        Ask { can: vec![(kind.to_owned(), 3), ("contract-queue-other".to_owned(), 3)], ..limited(2, 9) };
    let free = try_claim(journal, &both).await.expect("another kind is not limited");
    assert_eq!(free.ticket.task, other);
    save(journal, free.ticket, &failed(&free.task)).await;
    let found = try_claim(journal, &limited(3, 1)).await.expect("there is room for one that goes elsewhere");
    assert_eq!(found.ticket.task, in_c, "the longest waiting one has no room at its place");
    assert!(try_claim(journal, &limited(3, 9)).await.is_none(), "it counts now");
    let waiting = insert(journal, of("a")).await;
    let at_once = try_claim(journal, &limited(3, 1)).await.expect("one that is not queued waits for nothing");
    assert_eq!(at_once.ticket.task, waiting);
    for done in held.into_iter().chain([found, at_once]) {
        save(journal, done.ticket, &failed(&done.task)).await;
    }
    let last = try_claim(journal, &limited(1, 1)).await.expect("there is room");
    assert_eq!(last.ticket.task, in_a);
    save(journal, last.ticket, &failed(&last.task)).await;
}

async fn a_queued_task_does_not_begin_when_its_time_is_up<J: Timed>(journal: &J) {
    let kind = "contract-queue-late";
    let until = journal.time().await.expect("the journal tells the time").plus(SECOND);
    let id = insert(journal, new(kind).queued(until)).await;
    pass(journal, SECOND).await;
    assert!(try_claim(journal, &ask(kind)).await.is_none(), "its time is up");
    let cancel = decide(&load(journal, id).await, Command::CancelTask).expect("it is not finished");
    journal.apply(id, &cancel).await.expect("it may be ended");
    assert_eq!(claimed(journal, kind).await.ticket.task, id, "it is handed out to be ended");
}

async fn a_queued_task_that_is_cancelled_ends_without_its_key<J: Timed>(journal: &J) {
    let kind = "contract-queue-cancel";
    let with_key = || new(kind).exclusive("contract:queue-cancel");
    let first = insert(journal, with_key()).await;
    assert_eq!(claimed(journal, kind).await.ticket.task, first);
    let until = soon(journal).await;
    let id = insert(journal, with_key().queued(until)).await;
    let cancel = decide(&load(journal, id).await, Command::CancelTask).expect("it is not finished");
    journal.apply(id, &cancel).await.expect("it may be ended");
    let Claim { ticket, task, .. } = claimed(journal, kind).await;
    assert_eq!((ticket.task, task.cancels.task), (id, true));
    save(journal, ticket, &change(&task)).await;
    save(journal, ticket, &failed(&load(journal, id).await)).await;
    let ended = load(journal, id).await;
    assert_eq!((ended.status, ended.queued), (TaskStatus::Failed, None));
    assert!(
        matches!(journal.insert(with_key()).await, Err(InsertError::Occupied { task, .. }) if task == first)
    );
}
