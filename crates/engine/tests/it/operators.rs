//! Operators' commands on tasks that run, wait, pause between steps, or have failed.

use std::sync::Arc;
use std::time::Duration;

use engine::operator::{Command, OperateError, Refusal};
use engine::testkit::{Outcome, Stand};
use engine::{Settings, TaskId, TaskStatus};

use crate::demo::{Act, Copying, DemoStand, World, new_task, number, rows, stand};
use crate::dying::Dying;

const FAILED: Outcome = Outcome::Ended(TaskStatus::Failed);
const SUCCESSFUL: Outcome = Outcome::Ended(TaskStatus::Successful);

/// Runs what is due while an operator, as soon as a body waits, gives a command.
async fn command_while_running(stand: &DemoStand, task: TaskId, command: Command) {
    let worker = stand.worker();
    let operator = async {
        stand.context().reached.notified().await;
        stand.operate(task, command).await.expect("the command fits");
        worker.wake().now();
    };
    let (ran, ()) = tokio::join!(worker.run_due(), operator);
    ran.expect("the journal answers");
}

/// Runs what is due while an operator cancels the task as soon as a body waits at its gate, and then opens the gate.
async fn cancel_at_gate(stand: &DemoStand, task: TaskId) {
    let worker = stand.worker();
    let operator = async {
        stand.context().reached.notified().await;
        stand.operate(task, Command::CancelTask).await.expect("the command fits");
        worker.wake().now();
        stand.context().gate.notify_one();
    };
    let (ran, ()) = tokio::join!(worker.run_due(), operator);
    ran.expect("the journal answers");
}

#[tokio::test]
async fn a_cancelled_waiting_step_ends_its_outside_work_and_has_failed() {
    let stand = stand();
    let task = stand.start(new_task(&["a"])).await;
    stand.worker().run_due().await.expect("the journal answers");
    assert!(stand.context().has("job a of task 1"));
    stand.operate(task, Command::CancelTask).await.expect("a waiting task may be cancelled");
    stand.worker().run_due().await.expect("the journal answers");
    assert!(!stand.context().has("job a of task 1"));
    let stored = stand.task(task).await;
    assert_eq!(stored.status, TaskStatus::Failed);
    assert_eq!(stored.rows[2].note.as_ref().map(|note| note.id.as_str()), Some("engine.cancelled"));
    assert_eq!(
        rows(&stand, task).await,
        ["open SUCCESSFUL", "prepare a SUCCESSFUL", "copy a FAILED", "compare a PENDING", "record PENDING"]
    );
}

#[tokio::test]
async fn a_cancelled_running_body_is_asked_to_end_and_its_action_is_ended() {
    let stand = stand();
    stand.context().script("copy, begun", "a", &[Act::UntilCancelled]);
    let task = stand.start(new_task(&["a"])).await;
    command_while_running(&stand, task, Command::CancelTask).await;
    assert_eq!(stand.task(task).await.status, TaskStatus::Failed);
    assert_eq!(stand.context().things(), ["doors", "place a"]);
    assert_eq!(stand.task(task).await.rows[2].attempts, 0, "an asked end is no failed try");
}

#[tokio::test]
async fn what_a_body_began_is_ended_even_if_the_body_breaks_while_it_winds_down() {
    let stand = stand();
    stand.context().script("copy, begun", "a", &[Act::BreakWhenCancelled]);
    let task = stand.start(new_task(&["a"])).await;
    command_while_running(&stand, task, Command::CancelTask).await;
    let stored = stand.task(task).await;
    assert_eq!(stored.rows[2].note.as_ref().map(|note| note.id.as_str()), Some("engine.cancelled"));
    assert_eq!(stand.context().things(), ["doors", "place a"]);
}

#[tokio::test]
async fn a_stop_is_not_cancelled_by_the_cancel_that_it_carries_out() {
    let stand = stand();
    let task = stand.start(new_task(&["a", "b"])).await;
    stand.worker().run_due().await.expect("the journal answers");
    stand.operate(task, Command::CancelTask).await.expect("a waiting task may be cancelled");
    stand.context().script("end-copy", "a", &[Act::Gate]);
    let open_gate = async {
        stand.context().reached.notified().await;
        // By now the other lane's stop has ended, and the task has checked its rows again.
        while stand.context().has("job b of task 1") {
            tokio::task::yield_now().await;
        }
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        stand.context().gate.notify_one();
    };
    let (outcome, ()) = tokio::join!(stand.run(task, None), open_gate);
    assert_eq!(outcome, FAILED);
    let notes = stand.task(task).await.rows.into_iter().filter_map(|row| row.note).map(|note| note.id);
    assert_eq!(notes.collect::<Vec<_>>(), ["engine.cancelled", "engine.cancelled"]);
}

#[tokio::test]
async fn a_cancel_that_comes_while_the_first_step_is_noted_down_begins_no_body() {
    let journal = Arc::new(Dying::new(false));
    let stand = Stand::<Copying, _>::with_journal(World::default(), journal.clone());
    let task = stand.start(new_task(&["a"])).await;
    journal.cancel_at_next_save();
    assert_eq!(stand.run(task, None).await, FAILED);
    assert_eq!(stand.context().played(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_wind_down_is_dropped_after_the_grace() {
    let stand = stand().settings(Settings { grace: Duration::from_secs(7), ..Settings::default() });
    stand.context().script("copy, begun", "a", &[Act::Forever]);
    let task = stand.start(new_task(&["a"])).await;
    let begun = tokio::time::Instant::now();
    command_while_running(&stand, task, Command::CancelTask).await;
    assert_eq!(begun.elapsed().as_secs(), 7);
    assert_eq!(stand.task(task).await.status, TaskStatus::Failed);
    assert_eq!(stand.context().things(), ["doors", "place a"]);
}

#[tokio::test]
async fn a_cancel_between_steps_begins_no_further_step() {
    let stand = stand();
    // The body ignores the cancel and completes.
    stand.context().script("open", "", &[Act::Gate]);
    let task = stand.start(new_task(&["a"])).await;
    cancel_at_gate(&stand, task).await;
    assert_eq!(
        rows(&stand, task).await,
        ["open SUCCESSFUL", "prepare a FAILED", "copy a PENDING", "compare a PENDING", "record PENDING"]
    );
    assert_eq!(stand.task(task).await.status, TaskStatus::Failed);
    assert_eq!(stand.context().things(), ["doors"]);
}

#[tokio::test]
async fn a_cancel_between_steps_ends_what_the_step_before_has_begun() {
    let stand = stand();
    stand.context().script("prepare", "a", &[Act::Gate]);
    let task = stand.start(new_task(&["a"])).await;
    // The step that ends now has started a job that the next step would watch and end.
    stand.context().make("job a of task 1");
    cancel_at_gate(&stand, task).await;
    assert_eq!(
        rows(&stand, task).await,
        ["open SUCCESSFUL", "prepare a SUCCESSFUL", "copy a FAILED", "compare a PENDING", "record PENDING"]
    );
    assert_eq!(stand.context().things(), ["doors", "place a"]);
}

#[tokio::test]
async fn a_task_cancelled_before_it_began_runs_no_body() {
    let stand = stand();
    let task = stand.start(new_task(&["a"])).await;
    stand.operate(task, Command::CancelTask).await.expect("a new task may be cancelled");
    assert_eq!(stand.run(task, None).await, FAILED);
    assert_eq!(stand.context().played(), Vec::<String>::new());
}

#[tokio::test]
async fn a_cancel_that_comes_after_the_last_step_has_acted_changes_nothing() {
    let stand = stand();
    stand.context().script("record", "", &[Act::Gate]);
    let task = stand.start(new_task(&["a"])).await;
    let operator = async {
        stand.context().reached.notified().await;
        stand.operate(task, Command::CancelTask).await.expect("the task is not finished");
        stand.context().gate.notify_one();
    };
    let (outcome, ()) = tokio::join!(stand.run(task, None), operator);
    assert_eq!(outcome, SUCCESSFUL);
    let late = stand.operate(task, Command::CancelTask).await;
    assert!(matches!(late, Err(OperateError::Refused(Refusal::Task(TaskStatus::Successful)))), "{late:?}");
}

#[tokio::test]
async fn a_cancelled_lane_leaves_the_others_alone() {
    let stand = stand();
    let task = stand.start(new_task(&["a", "b"])).await;
    stand.worker().run_due().await.expect("the journal answers");
    let row = number(&stand, task, "copy", "b").await;
    stand.operate(task, Command::CancelStep(row)).await.expect("the row waits");
    assert_eq!(stand.run(task, None).await, FAILED);
    assert_eq!(stand.context().book(task), ["a"]);
    assert!(!stand.context().has("job b of task 1"));
    stand.operate(task, Command::RetryTask).await.expect("a failed task may be retried");
    assert_eq!(stand.run(task, None).await, SUCCESSFUL);
    assert_eq!(stand.context().book(task), ["a", "b"]);
}

#[tokio::test]
async fn a_failed_stop_is_recorded_in_its_row() {
    let stand = stand();
    stand.context().script("end-copy", "a", &[Act::Transient, Act::Permanent]);
    let task = stand.start(new_task(&["a"])).await;
    stand.worker().run_due().await.expect("the journal answers");
    stand.operate(task, Command::CancelTask).await.expect("a waiting task may be cancelled");
    assert_eq!(stand.run(task, None).await, FAILED);
    let note = stand.task(task).await.rows[2].note.clone().expect("a failed row says why");
    assert_eq!(note.to_string(), "demo.failed body=end-copy: the world said no");
    assert_eq!(stand.context().times_played("end-copy a"), 2, "a passing failure is tried again");
}

#[tokio::test]
async fn a_skipped_step_lets_the_lane_continue() {
    let stand = stand();
    stand.context().script("compare", "a", &[Act::Permanent]);
    let task = stand.start(new_task(&["a", "b"])).await;
    assert_eq!(stand.run(task, None).await, FAILED);
    assert_eq!(stand.context().book(task), ["b"]);
    let row = number(&stand, task, "compare", "a").await;
    stand.operate(task, Command::SkipStep(row)).await.expect("the table lets it be skipped");
    assert_eq!(stand.run(task, None).await, SUCCESSFUL);
    assert_eq!(stand.context().book(task), ["a", "b"]);
    assert_eq!(stand.context().times_played("compare a"), 1);
    assert!(rows(&stand, task).await.contains(&"compare a SUCCESSFUL skipped".to_owned()));
}

#[tokio::test]
async fn undos_run_last_first_for_everything_that_was_begun() {
    let stand = stand();
    stand.context().script("copy, begun", "b", &[Act::Permanent]);
    let task = stand.start(new_task(&["a", "b"])).await;
    assert_eq!(stand.run(task, None).await, FAILED);
    stand.operate(task, Command::RollBack).await.expect("a failed task may be rolled back");
    stand.context().forget_played();
    assert_eq!(stand.run(task, None).await, Outcome::Ended(TaskStatus::RolledBack));
    let expected = ["strike-out", "throw-away b", "throw-away a", "clear b", "clear a", "shut"];
    assert_eq!(stand.context().played(), expected);
    assert_eq!(stand.context().things(), Vec::<String>::new());
    let undos: Vec<String> =
        stand.task(task).await.rows.iter().map(|row| format!("{} {}", row.step, row.undo)).collect();
    assert_eq!(
        undos,
        [
            "open DONE",
            "prepare DONE",
            "prepare DONE",
            "copy DONE",
            "copy DONE",
            "compare PASSED_OVER",
            "compare ABSENT",
            "record DONE"
        ]
    );
    for command in [Command::RetryTask, Command::RollBack, Command::CancelTask] {
        let refused = stand.operate(task, command).await;
        assert!(
            matches!(refused, Err(OperateError::Refused(Refusal::Task(TaskStatus::RolledBack)))),
            "{command:?}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_failed_rollback_continues_from_the_failed_step() {
    let stand = stand();
    stand.context().script("record", "", &[Act::Permanent]);
    stand.context().script("clear", "a", &[Act::Transient, Act::Permanent]);
    let task = stand.start(new_task(&["a"])).await;
    assert_eq!(stand.run(task, None).await, FAILED);
    stand.operate(task, Command::RollBack).await.expect("a failed task may be rolled back");
    assert_eq!(stand.run(task, None).await, FAILED);
    assert_eq!(stand.context().things(), ["doors", "place a"]);
    let retried = stand.operate(task, Command::RetryTask).await;
    assert!(matches!(retried, Err(OperateError::Refused(Refusal::PartlyRolledBack))), "{retried:?}");
    stand.context().forget_played();
    stand.operate(task, Command::RollBack).await.expect("what is left may be rolled back");
    assert_eq!(stand.run(task, None).await, Outcome::Ended(TaskStatus::RolledBack));
    assert_eq!(stand.context().played(), ["clear a", "shut"]);
    assert_eq!(stand.context().wrong(), Vec::<String>::new());
}

#[tokio::test]
async fn a_cancelled_roll_back_stops_and_can_be_taken_up_again() {
    let stand = stand();
    stand.context().script("record", "", &[Act::Permanent]);
    stand.context().script("clear", "a", &[Act::UntilCancelled]);
    let task = stand.start(new_task(&["a"])).await;
    assert_eq!(stand.run(task, None).await, FAILED);
    stand.operate(task, Command::RollBack).await.expect("a failed task may be rolled back");
    command_while_running(&stand, task, Command::CancelTask).await;
    assert_eq!(stand.task(task).await.status, TaskStatus::Failed);
    assert_eq!(stand.context().things(), ["doors", "place a"]);
    stand.operate(task, Command::RollBack).await.expect("what is left may be rolled back");
    assert_eq!(stand.run(task, None).await, Outcome::Ended(TaskStatus::RolledBack));
}

#[tokio::test]
async fn a_cancelled_roll_back_that_waits_tries_no_further() {
    let stand = stand();
    stand.context().script("record", "", &[Act::Permanent]);
    stand.context().script("clear", "a", &[Act::Transient]);
    let task = stand.start(new_task(&["a"])).await;
    assert_eq!(stand.run(task, None).await, FAILED);
    stand.operate(task, Command::RollBack).await.expect("a failed task may be rolled back");
    stand.worker().run_due().await.expect("the journal answers");
    stand.operate(task, Command::CancelTask).await.expect("a waiting roll back may be cancelled");
    stand.context().forget_played();
    assert_eq!(stand.run(task, None).await, FAILED);
    assert_eq!(stand.context().played(), Vec::<String>::new());
    let note = stand.task(task).await.note.expect("a failed task says why");
    assert_eq!(note.id, "engine.cancelled");
}

#[tokio::test]
async fn an_exclusive_key_is_free_again_when_its_task_has_ended() {
    let stand = stand();
    let first = stand.start(new_task(&["a"]).exclusive("shelves")).await;
    stand.context().script("record", "", &[Act::Permanent]);
    assert_eq!(stand.run(first, None).await, FAILED);
    let second = stand.start(new_task(&["a"]).exclusive("shelves")).await;
    for command in [Command::RetryTask, Command::RollBack] {
        match stand.operate(first, command).await {
            Err(OperateError::Occupied { task, .. }) => assert_eq!(task, second),
            other => panic!("{command:?} must be refused while {second} has the key: {other:?}"),
        }
    }
    assert_eq!(stand.run(second, None).await, SUCCESSFUL);
    stand.operate(first, Command::RetryTask).await.expect("the key is free again");
    assert_eq!(stand.run(first, None).await, SUCCESSFUL);
}

#[tokio::test]
async fn a_command_for_a_task_that_is_not_there_names_it() {
    let stand = stand();
    let refused = stand.operate(TaskId(77), Command::RetryTask).await;
    assert_eq!(refused.expect_err("no such task").to_string(), "there is no task 77");
}
