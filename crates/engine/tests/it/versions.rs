//! Tasks of another version of the program.

use std::sync::Arc;

use engine::flow::Answer;
use engine::memory::Memory;
use engine::operator::Command;
use engine::testkit::{Outcome, Stand};
use engine::worker::Ran;
use engine::{Flow, Journal, NewTask, Next, Note, Settings, Step, StepStatus, TaskStatus, Worker};

use crate::demo::{Act, World, new_task, rows, stand};

const FAILED: Outcome = Outcome::Ended(TaskStatus::Failed);

#[tokio::test]
async fn a_task_of_a_newer_version_is_left_alone() {
    let stand = stand();
    let mut new = new_task(&["a"]);
    new.version += 1;
    let task = stand.start(new).await;
    assert_eq!(stand.worker().run_due().await.expect("the journal answers"), Ran::AllDue);
    let stored = stand.task(task).await;
    assert_eq!((stored.status, stored.lease), (TaskStatus::Pending, None));
}

#[tokio::test]
async fn a_task_of_a_version_without_code_fails_with_a_sentence_before_any_body() {
    let stand = stand();
    let mut new = new_task(&["a"]);
    new.version -= 1;
    let task = stand.start(new).await;
    assert_eq!(stand.run(task, None).await, FAILED);
    let note = stand.task(task).await.note.expect("a failed task says why");
    assert_eq!(note.to_string(), "engine.steps-changed kind=copying known_version=2 stored_version=1");
    assert_eq!(stand.context().played(), Vec::<String>::new());
    assert_eq!(rows(&stand, task).await[0], "open FAILED");
}

#[tokio::test]
async fn a_task_with_other_steps_fails_with_a_sentence_before_any_body() {
    let rename = |new: &mut NewTask| "opened".clone_into(&mut new.rows[0].step);
    let shorten = |new: &mut NewTask| {
        new.rows.pop();
    };
    let reshape = |new: &mut NewTask| new.rows[1].lane.clear();
    let changes: [&dyn Fn(&mut NewTask); 3] = [&rename, &shorten, &reshape];
    for change in changes {
        let stand = stand();
        let mut new = new_task(&["a"]);
        change(&mut new);
        let task = stand.start(new).await;
        assert_eq!(stand.run(task, None).await, FAILED);
        let note = stand.task(task).await.note.expect("a failed task says why");
        assert_eq!(note.id, "engine.steps-changed");
        assert_eq!(stand.context().played(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_waiting_task_that_fails_for_its_version_can_be_retried_by_a_program_that_has_the_code() {
    let stand = stand();
    let task = stand.start(new_task(&["a"])).await;
    stand.worker().run_due().await.expect("the journal answers");
    stand.journal().advance(std::time::Duration::from_secs(61));
    let other = Worker::new(stand.journal().clone(), Settings::default()).register::<Renamed>(Arc::new(()));
    other.run_due().await.expect("the journal answers");
    assert_eq!(stand.task(task).await.rows[2].status, StepStatus::Failed);
    stand.operate(task, Command::RetryTask).await.expect("a failed task may be retried");
    assert_eq!(stand.run(task, None).await, Outcome::Ended(TaskStatus::Successful));
    assert_eq!(stand.context().wrong(), Vec::<String>::new());
}

/// The flow `copying` in a later version, with a renamed step.
struct Renamed;

impl Flow for Renamed {
    const KIND: &'static str = "copying";
    const VERSION: u32 = 3;
    type Context = ();
    type State = ();
    type Lane = ();
    const STEPS: &'static [Step<Self>] = &[Step::one("all-at-once", |_, ()| Box::pin(done()))];
}

async fn done() -> Answer {
    Ok(Next::Done)
}

/// A later version of the flow with one step, which reads the state of the previous version.
struct Grown;

impl Flow for Grown {
    const KIND: &'static str = "copying";
    const VERSION: u32 = 5;
    const READS_SINCE: u32 = 3;
    type Context = ();
    type State = ();
    type Lane = ();
    const STEPS: &'static [Step<Self>] = &[Step::one("all-at-once", |_, ()| Box::pin(done()))];
}

#[tokio::test]
async fn a_task_of_an_older_version_is_gone_on_with_as_far_back_as_its_state_is_read() {
    for (version, expected) in
        [(2, TaskStatus::Failed), (3, TaskStatus::Successful), (5, TaskStatus::Successful)]
    {
        let stand = stand();
        let mut new = NewTask::of::<Renamed>(Note::new("x"), &(), []).expect("the task is in order");
        new.version = version;
        let task = stand.start(new).await;
        let worker =
            Worker::new(stand.journal().clone(), Settings::default()).register::<Grown>(Arc::new(()));
        worker.run_due().await.expect("the journal answers");
        assert_eq!(stand.task(task).await.status, expected, "{version}");
    }
}

#[tokio::test]
async fn two_versions_of_a_flow_are_run_beside_each_other() {
    let journal = Arc::new(Memory::new());
    let stand = Stand::<crate::demo::Copying>::with_journal(World::default(), journal.clone());
    stand.context().script("open", "", &[Act::Transient]);
    let old = stand.start(new_task(&["a"])).await;
    let new = NewTask::of::<Renamed>(Note::new("x"), &(), []).expect("the task is in order");
    let new = stand.start(new).await;
    let both = stand.worker().register::<Renamed>(Arc::new(()));
    for _ in 0..10 {
        both.run_due().await.expect("the journal answers");
        journal.advance(std::time::Duration::from_secs(61));
    }
    for task in [old, new] {
        let stored = journal.load(task).await.expect("the journal answers").expect("the task is there");
        assert_eq!(stored.status, TaskStatus::Successful, "{:?}", stored.note);
    }
}
