//! Lanes: concurrent, failing separately, retried separately.

use engine::operator::Command;
use engine::testkit::{Outcome, faults};
use engine::{NewTask, Note, Settings, TaskStatus};

use crate::demo::{Act, Copying, State, new_task, number, rows, stand};

const FAILED: Outcome = Outcome::Ended(TaskStatus::Failed);
const SUCCESSFUL: Outcome = Outcome::Ended(TaskStatus::Successful);

#[tokio::test]
async fn lanes_are_under_way_together_up_to_the_limit() {
    for (limit, expected) in [(1, 1), (2, 2), (9, 5)] {
        let stand = stand().settings(Settings { lanes_at_once: limit, ..Settings::default() });
        let task = stand.start(new_task(&["a", "b", "c", "d", "e"])).await;
        assert_eq!(stand.run(task, None).await, SUCCESSFUL);
        assert_eq!(stand.context().most_jobs(), expected, "limit {limit}");
        assert_eq!(stand.context().book(task).len(), 5);
    }
}

#[tokio::test]
async fn a_lane_under_way_is_walked_to_its_end_before_another_begins() {
    let stand = stand().settings(Settings { lanes_at_once: 1, ..Settings::default() });
    let task = stand.start(new_task(&["a", "b"])).await;
    assert_eq!(stand.run(task, None).await, SUCCESSFUL);
    let mut played = stand.context().played();
    played.retain(|body| body.starts_with("prepare") || body.starts_with("compare"));
    assert_eq!(played, ["prepare a", "compare a", "prepare b", "compare b"]);
}

#[tokio::test]
async fn bodies_of_lanes_run_at_the_same_time() {
    let stand = stand();
    for lane in ["a", "b", "c"] {
        stand.context().script("prepare", lane, &[Act::Gate]);
    }
    let task = stand.start(new_task(&["a", "b", "c"])).await;
    let open_gate = async {
        while stand.context().played().iter().filter(|body| body.starts_with("prepare")).count() < 3 {
            stand.context().reached.notified().await;
        }
        // The gate opens only when all three lanes wait at it.
        stand.context().gate.notify_waiters();
    };
    let (outcome, ()) = tokio::join!(stand.run(task, None), open_gate);
    assert_eq!(outcome, SUCCESSFUL);
}

#[tokio::test]
async fn a_failed_lane_stops_no_other_and_is_counted_at_the_end() {
    let stand = stand();
    stand.context().script("copy", "b", &[Act::Permanent]);
    let task = stand.start(new_task(&["a", "b", "c"])).await;
    assert_eq!(stand.run(task, None).await, FAILED);
    assert_eq!(stand.context().book(task), ["a", "c"], "what succeeded is recorded");
    let stored = stand.task(task).await;
    let expected = Note::new("engine.lanes-failed").arg("failed", 1).arg("total", 3).arg("succeeded", 2);
    assert_eq!(stored.note, Some(expected));
    assert_eq!(
        rows(&stand, task).await,
        [
            "open SUCCESSFUL",
            "prepare a SUCCESSFUL",
            "prepare b SUCCESSFUL",
            "prepare c SUCCESSFUL",
            "copy a SUCCESSFUL",
            "copy b FAILED",
            "copy c SUCCESSFUL",
            "compare a SUCCESSFUL",
            "compare b PENDING",
            "compare c SUCCESSFUL",
            "record SUCCESSFUL",
        ]
    );
}

#[tokio::test]
async fn a_retry_runs_failed_lanes_from_their_failed_step_and_then_the_steps_after_all_lanes() {
    for fault in std::iter::once(None).chain(faults::<Copying>().map(Some)) {
        let stand = stand();
        stand.context().script("copy", "b", &[Act::Permanent]);
        let task = stand.start(new_task(&["a", "b"])).await;
        assert_eq!(stand.run(task, None).await, FAILED);
        stand.context().forget_played();
        stand.operate(task, Command::RetryTask).await.expect("a failed task may be retried");
        stand.run(task, fault).await;
        assert_eq!(stand.run(task, None).await, SUCCESSFUL, "{fault:?}");
        assert_eq!(stand.context().book(task), ["a", "b"], "{fault:?}");
        assert_eq!(stand.context().wrong(), Vec::<String>::new(), "{fault:?}");
        let played = stand.context().played();
        assert!(played.iter().all(|body| body.ends_with(" b") || body == "record"), "{fault:?} {played:?}");
        assert!(!played.contains(&"prepare b".to_owned()), "{fault:?} {played:?}");
    }
}

#[tokio::test]
async fn when_every_lane_has_failed_the_next_step_does_not_begin() {
    let stand = stand();
    stand.context().script("prepare", "a", &[Act::Permanent]);
    stand.context().script("copy", "b", &[Act::Permanent]);
    let task = stand.start(new_task(&["a", "b"])).await;
    assert_eq!(stand.run(task, None).await, FAILED);
    assert_eq!(stand.context().times_played("record"), 0);
    let expected = Note::new("engine.lanes-failed").arg("failed", 2).arg("total", 2).arg("succeeded", 0);
    assert_eq!(stand.task(task).await.note, Some(expected));
}

#[tokio::test]
async fn a_retried_row_leaves_other_failed_lanes_as_they_are() {
    let stand = stand();
    for lane in ["a", "b"] {
        stand.context().script("prepare", lane, &[Act::Permanent]);
    }
    let task = stand.start(new_task(&["a", "b", "c"])).await;
    assert_eq!(stand.run(task, None).await, FAILED);
    let row = number(&stand, task, "prepare", "a").await;
    stand.operate(task, Command::RetryStep(row)).await.expect("the row has failed");
    assert_eq!(stand.run(task, None).await, FAILED);
    assert_eq!(stand.context().book(task), ["a", "c"]);
    assert_eq!(stand.context().times_played("prepare b"), 1);
    stand.operate(task, Command::RetryTask).await.expect("a failed task may be retried");
    assert_eq!(stand.run(task, None).await, SUCCESSFUL);
    assert_eq!(stand.context().book(task), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_step_sees_why_a_lane_failed() {
    let stand = stand();
    stand.context().script("copy", "b", &[Act::Permanent]);
    let task = stand.start(new_task(&["a", "b"])).await;
    stand.run(task, None).await;
    let stored = stand.task(task).await;
    let failure = stored.lane_failure("b").and_then(|row| row.note.clone()).expect("lane b has failed");
    assert_eq!(failure.id, "demo.failed");
    assert!(stored.lane_failure("a").is_none());
}

#[test]
fn lanes_need_keys_that_differ() {
    let of = |lanes: &[&str]| {
        let lanes = lanes.iter().map(|&lane| lane.to_owned());
        NewTask::of::<Copying>(Note::new("x"), &State::default(), lanes).map(|new| new.lanes.len())
    };
    let refusal = |lanes: &[&str]| of(lanes).expect_err("bad lanes").to_string();
    assert_eq!(refusal(&[]), "a task of kind `copying` needs at least one lane");
    assert_eq!(refusal(&["a", "a"]), "the lane key `a` of a task of kind `copying` is empty or given twice");
    assert_eq!(refusal(&["a", ""]), "the lane key `` of a task of kind `copying` is empty or given twice");
    assert_eq!(of(&["a", "b"]).ok(), Some(2));
}
