//! Steps that fail, panic, take too long, or log too much.

use std::time::Duration;

use engine::journal::EventKind;
use engine::note::TEXT_MAX_BYTES;
use engine::operator::Command;
use engine::testkit::{Outcome, Stand};
use engine::{
    At, Backoff, Flow, Journal, NewTask, Next, Note, Progress, RowNumber, Settings, Step, StepStatus,
    TaskStatus,
};

use crate::demo::{Act, Copying, new_task, number, stand};

const FAILED: Outcome = Outcome::Ended(TaskStatus::Failed);
const SUCCESSFUL: Outcome = Outcome::Ended(TaskStatus::Successful);
const OPEN: RowNumber = RowNumber(0);

#[tokio::test]
async fn a_passing_failure_is_tried_again_and_shown_while_it_lasts() {
    let stand = stand();
    stand.context().script("open", "", &[Act::Transient, Act::Transient]);
    let task = stand.start(new_task(&["a"])).await;
    stand.worker().run_due().await.expect("the journal answers");
    let row = stand.task(task).await.rows[0].clone();
    assert_eq!((row.status, row.attempts), (StepStatus::Running, 1));
    assert_eq!(row.note.map(|note| note.id).as_deref(), Some("demo.failed"));
    assert!(row.due_at.is_some(), "a row that waits says until when");
    assert_eq!(stand.run(task, None).await, SUCCESSFUL);
    let row = stand.task(task).await.rows[0].clone();
    assert_eq!((row.attempts, row.runs, row.note), (0, 1, None));
    let log = stand.log(task, OPEN).await;
    assert_eq!(log[0], "demo.failed body=open: the world said no");
    assert_eq!(log[1], "engine.trying-again after_s=1 attempt=2");
    assert_eq!(log[3], "engine.trying-again after_s=2 attempt=3");
    assert_eq!(log[4], "make thing=doors");
}

#[tokio::test]
async fn a_passing_failure_that_comes_too_often_fails_the_step_with_its_own_words() {
    let backoff = Backoff { tries: 4, ..Settings::default().backoff };
    let stand = stand().settings(Settings { backoff, ..Settings::default() });
    stand.context().script("open", "", &[const { Act::Transient }; 9]);
    let task = stand.start(new_task(&["a"])).await;
    assert_eq!(stand.run(task, None).await, FAILED);
    assert_eq!(stand.context().times_played("open"), 4);
    let stored = stand.task(task).await;
    assert_eq!(stored.note.as_ref().map(|note| note.id.as_str()), Some("demo.failed"));
    assert_eq!(stored.rows[0].note, stored.note);
    let log = stand.log(task, OPEN).await;
    assert_eq!(log.last().map(String::as_str), Some("engine.gave-up attempts=4"));
    stand.context().forget_script();
    stand.operate(task, Command::RetryTask).await.expect("a failed task may be retried");
    assert_eq!(stand.run(task, None).await, SUCCESSFUL);
    assert_eq!(stand.task(task).await.rows[0].runs, 2);
}

#[tokio::test]
async fn a_body_that_breaks_fails_its_step_and_no_other_task() {
    let stand = stand();
    stand.context().script("copy", "a", &[Act::Panic]);
    let broken = stand.start(new_task(&["a"])).await;
    let other = stand.start(new_task(&["b"])).await;
    assert_eq!(stand.run(broken, None).await, FAILED);
    let note = stand.task(broken).await.rows[2].note.clone().expect("a failed row says why");
    assert_eq!(note.to_string(), "engine.panicked step=copy: copy broke");
    assert_eq!(stand.run(other, None).await, SUCCESSFUL);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_takes_too_long_has_failed() {
    for (act, expected_s) in [(Act::UntilCancelled, 3_600), (Act::Forever, 3_610)] {
        let begun = tokio::time::Instant::now();
        let stand = stand();
        stand.context().script("copy, begun", "a", &[act]);
        let task = stand.start(new_task(&["a"])).await;
        assert_eq!(stand.run(task, None).await, FAILED);
        let note = stand.task(task).await.rows[2].note.clone().expect("a failed row says why");
        assert_eq!(note.to_string(), "engine.timed-out limit_s=3600");
        assert_eq!(begun.elapsed().as_secs(), expected_s, "it was asked to end, and given the grace for it");
        assert!(stand.context().has("job a of task 1"), "what runs outside is left to the operator");
    }
}

#[tokio::test]
async fn a_wait_forgets_the_passing_failure_before_it() {
    let stand = stand();
    stand.context().script("copy", "a", &[Act::Transient]);
    let task = stand.start(new_task(&["a"])).await;
    stand.worker().run_due().await.expect("the journal answers");
    assert_eq!(stand.task(task).await.rows[2].attempts, 1);
    stand.journal().advance(Duration::from_secs(2));
    stand.worker().run_due().await.expect("the journal answers");
    let row = stand.task(task).await.rows[2].clone();
    assert_eq!((row.status, row.attempts, row.note), (StepStatus::Running, 0, None));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_waits_too_long_has_failed_but_gets_a_last_look() {
    let stand = stand();
    // Lane c begins a little later.
    stand.context().script("copy", "c", &[Act::Transient]);
    let task = stand.start(new_task(&["a", "b", "c"])).await;
    stand.worker().run_due().await.expect("the journal answers");
    stand.journal().advance(Duration::from_secs(61));
    stand.worker().run_due().await.expect("the journal answers");
    // Lane a ends with its third check, which takes a while. The others time out, too: b fails and must not retry, c
    // requests a fourth check.
    stand.context().script("copy", "a", &[Act::Slowly]);
    stand.context().script("copy", "b", &[Act::Transient]);
    stand.journal().advance(Duration::from_secs(7_200));
    assert_eq!(stand.run(task, None).await, FAILED);
    assert_eq!(stand.context().book(task), ["a"]);
    for (lane, expected) in [("b", "demo.failed"), ("c", "engine.timed-out")] {
        let row = number(&stand, task, "copy", lane).await;
        let row = stand.task(task).await.row(row).cloned().expect("the row is there");
        assert_eq!(row.status, StepStatus::Failed);
        assert_eq!(row.note.map(|note| note.id).as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn a_saved_state_that_cannot_be_read_fails_the_step_before_its_body() {
    let stand = stand();
    let mut new = new_task(&["a"]);
    new.state = serde_json::json!({"opened": "perhaps"});
    let task = stand.start(new).await;
    assert_eq!(stand.run(task, None).await, FAILED);
    assert_eq!(stand.context().played(), Vec::<String>::new());
    let note = stand.task(task).await.note.expect("a failed task says why").to_string();
    assert!(note.starts_with("engine.state-unreadable step=open: invalid type"), "{note}");
}

/// Logs endlessly.
struct Talking;

impl Flow for Talking {
    const KIND: &'static str = "talking";
    const VERSION: u32 = 1;
    type Context = ();
    type State = ();
    type Lane = ();
    const STEPS: &'static [Step<Self>] = &[
        Step::one("talk", |at, ()| Box::pin(async move { talk(at) })),
        Step::one("count", |at, ()| Box::pin(count(at))),
    ];
}

fn talk(at: &At<Talking>) -> engine::flow::Answer {
    for index in 0..5_000 {
        at.log(Note::new("talk").arg("index", index));
    }
    at.log(Note::new("left-out").raw("x".repeat(TEXT_MAX_BYTES * 2)));
    Ok(Next::Done)
}

async fn count(at: &At<Talking>) -> engine::flow::Answer {
    at.log(Note::new("long").raw("x".repeat(TEXT_MAX_BYTES * 2)));
    for done in 1..=1_000 {
        at.progress(Progress { done, total: Some(1_000), unit: "grains".to_owned(), ..Progress::default() });
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(Next::Done)
}

#[tokio::test(start_paused = true)]
async fn the_log_of_a_step_is_limited() {
    let stand = Stand::<Talking>::new(());
    let new = NewTask::of::<Talking>(Note::new("talking"), &(), []).expect("the task is in order");
    let task = stand.start(new).await;
    assert_eq!(stand.run(task, None).await, SUCCESSFUL);
    let lines = stand.log(task, RowNumber(0)).await;
    assert_eq!(lines.len(), 1_000, "the log's first page");
    let rest = stand.journal().logs(task, RowNumber(0), 1_000, 10).await.expect("the journal answers");
    let rest: Vec<String> = rest.into_iter().map(|line| line.note.to_string()).collect();
    assert_eq!(rest, ["engine.lines-left-out count=4001"]);
    let long = stand.log(task, RowNumber(1)).await;
    assert!(long[0].len() <= TEXT_MAX_BYTES + "long: ".len());
}

#[tokio::test(start_paused = true)]
async fn progress_is_saved_once_a_second_and_at_the_end() {
    let stand = Stand::<Talking>::new(());
    let new = NewTask::of::<Talking>(Note::new("talking"), &(), []).expect("the task is in order");
    let task = stand.start(new).await;
    assert_eq!(stand.run(task, None).await, SUCCESSFUL);
    let stored = stand.task(task).await;
    assert_eq!(stored.rows[1].progress.as_ref().map(|progress| progress.done), Some(1_000));
    let events = stand.journal().events(0, 1_000).await.expect("the journal answers");
    let of_row = events.iter().filter(|event| event.kind == EventKind::Step(RowNumber(1))).count();
    assert!((10..=14).contains(&of_row), "10 seconds of progress made {of_row} events");
}

#[test]
fn a_flow_lists_the_abilities_of_its_steps() {
    let facts: Vec<_> = Copying::STEPS
        .iter()
        .map(|step| (step.id(), step.is_each(), step.has_undo(), step.has_stop()))
        .collect();
    assert_eq!(facts[0], ("open", false, true, false));
    assert_eq!(facts[2], ("copy", true, true, true));
    assert_eq!(facts[3], ("compare", true, false, false));
}
