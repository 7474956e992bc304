//! Every command in every state of a task and a row, as one table.

use engine::journal::Decision;
use engine::operator::{Command, Refusal, decide};
use engine::task::{Cancels, Undo};
use engine::{Moment, RowNumber, StepStatus, Task, TaskId, TaskStatus};

use crate::demo::new_task;

const COPY_A: RowNumber = RowNumber(3);
const COMPARE_A: RowNumber = RowNumber(5);

/// A started task of two lanes, a and b.
fn task(status: TaskStatus) -> Task {
    let new = new_task(&["a", "b"]);
    let mut task = Task {
        id: TaskId(1),
        kind: new.kind,
        version: new.version,
        status,
        operation: engine::task::Operation::Execute,
        creator: new.creator,
        name: new.name,
        subject: new.subject,
        exclusive: None,
        state: new.state,
        lanes: new.lanes,
        note: None,
        cancels: Cancels::default(),
        revision: 7,
        created_at: Moment(1),
        started_at: Some(Moment(2)),
        finished_at: None,
        due_at: Moment(1),
        lease: None,
        rows: new.rows,
    };
    task.rows[0].status = StepStatus::Successful;
    task.rows[0].runs = 1;
    task
}

fn said(decision: &Result<Decision, Refusal>) -> String {
    match decision {
        Ok(Decision::Cancel { .. }) => "asks the holder".to_owned(),
        Ok(Decision::Resume { change, operation, .. }) => format!("{} by {operation}", change.status),
        Err(_) => "-".to_owned(),
    }
}

#[test]
fn a_tasks_standing_decides_which_commands_fit() {
    let mut table = Vec::new();
    for &status in TaskStatus::ALL {
        let mut task = task(status);
        task.rows[3].status = StepStatus::Failed;
        task.rows[5].status = StepStatus::Failed;
        task.rows[4].status = StepStatus::Running;
        let commands = [
            ("retry task", Command::RetryTask),
            ("retry step", Command::RetryStep(COPY_A)),
            ("skip step", Command::SkipStep(COMPARE_A)),
            ("cancel task", Command::CancelTask),
            ("cancel step", Command::CancelStep(RowNumber(4))),
            ("roll back", Command::RollBack),
        ];
        for (name, command) in commands {
            table.push(format!("{status}: {name}: {}", said(&decide(&task, command))));
        }
    }
    let allowed: Vec<&str> = table.iter().filter(|line| !line.ends_with('-')).map(String::as_str).collect();
    assert_eq!(table.len(), 36);
    assert_eq!(
        allowed,
        [
            "PENDING: cancel task: asks the holder",
            "RUNNING: cancel task: asks the holder",
            "RUNNING: cancel step: asks the holder",
            "ROLLING_BACK: cancel task: asks the holder",
            "FAILED: retry task: RUNNING by RETRY",
            "FAILED: retry step: RUNNING by RETRY",
            "FAILED: skip step: RUNNING by SKIP",
            "FAILED: roll back: ROLLING_BACK by ROLLBACK",
        ]
    );
}

#[test]
fn a_rows_standing_decides_which_commands_fit() {
    let mut allowed = Vec::new();
    for &status in StepStatus::ALL {
        let mut failed = task(TaskStatus::Failed);
        let mut running = task(TaskStatus::Running);
        failed.rows[5].status = status;
        running.rows[5].status = status;
        let cases = [
            ("retry", decide(&failed, Command::RetryStep(COMPARE_A))),
            ("skip", decide(&failed, Command::SkipStep(COMPARE_A))),
            ("cancel", decide(&running, Command::CancelStep(COMPARE_A))),
        ];
        for (name, decision) in cases {
            match decision {
                Ok(Decision::Resume { change, .. }) => {
                    allowed.push(format!("{status}: {name}: {}", change.rows[0].status));
                }
                Ok(Decision::Cancel { row }) => {
                    assert_eq!(row, Some(COMPARE_A));
                    allowed.push(format!("{status}: {name}: asks the holder"));
                }
                Err(refusal) => {
                    assert_eq!(refusal, Refusal::Row { step: "compare".to_owned(), status });
                }
            }
        }
    }
    assert_eq!(
        allowed,
        [
            "READY: cancel: asks the holder",
            "RUNNING: cancel: asks the holder",
            "CANCELING: cancel: asks the holder",
            "FAILED: retry: READY",
            "FAILED: skip: SUCCESSFUL",
        ]
    );
}

#[test]
fn a_step_is_skipped_only_if_its_row_allows_it() {
    let mut task = task(TaskStatus::Failed);
    task.rows[3].status = StepStatus::Failed;
    let refused = decide(&task, Command::SkipStep(COPY_A)).expect_err("the table says nothing of skipping");
    assert_eq!(refused.to_string(), "step `copy` cannot be skipped");
}

#[test]
fn a_row_that_is_not_there_is_named() {
    let task = task(TaskStatus::Failed);
    let refused = decide(&task, Command::RetryStep(RowNumber(99))).expect_err("no such row");
    assert_eq!(refused.to_string(), "the task has no step number 99");
}

#[test]
fn rolling_back_needs_something_begun_that_has_an_undo() {
    let mut task = task(TaskStatus::Failed);
    assert!(decide(&task, Command::RollBack).is_ok());
    task.rows[0].undo = Undo::Absent;
    assert_eq!(decide(&task, Command::RollBack), Err(Refusal::NothingToUndo));
    task.rows[0].undo = Undo::Failed;
    let Ok(Decision::Resume { seen, change, .. }) = decide(&task, Command::RollBack) else {
        panic!("a failed undo may be tried again")
    };
    assert_eq!((seen, change.rows.len(), change.rows[0].undo), (7, 1, Undo::Available));
}

#[test]
fn what_is_partly_undone_is_not_built_on() {
    for undo in [Undo::Done, Undo::Failed, Undo::PassedOver, Undo::Running] {
        let mut task = task(TaskStatus::Failed);
        task.rows[0].undo = undo;
        task.rows[5].status = StepStatus::Failed;
        for command in [Command::RetryTask, Command::RetryStep(COMPARE_A), Command::SkipStep(COMPARE_A)] {
            assert_eq!(decide(&task, command), Err(Refusal::PartlyRolledBack), "{undo} {command:?}");
        }
    }
}

#[test]
fn after_a_roll_back_that_undid_nothing_a_retry_begins_with_the_step_whose_undo_failed() {
    let mut task = task(TaskStatus::Failed);
    let last = task.rows.pop().expect("a step behind the lanes");
    let mut third = last.clone();
    (third.number, third.step, third.skippable) = (RowNumber(2), "third".to_owned(), true);
    task.rows = vec![task.rows[0].clone(), engine::task::Row { number: RowNumber(1), ..last }, third];
    let [first, second, third] = task.rows.as_mut_slice() else { panic!("three") };
    (first.undo, first.status) = (Undo::Failed, StepStatus::Successful);
    (second.undo, second.status) = (Undo::PassedOver, StepStatus::Successful);
    (third.undo, third.status) = (Undo::PassedOver, StepStatus::Failed);
    let numbers: Vec<RowNumber> = task.rows.iter().map(|row| row.number).collect();
    for command in [Command::RetryTask, Command::RetryStep(numbers[2])] {
        let Ok(Decision::Resume { change, .. }) = decide(&task, command) else { panic!("it goes on") };
        let found: Vec<_> = change.rows.iter().map(|row| (row.number, row.status, row.undo)).collect();
        let expected = [
            (numbers[0], StepStatus::Ready, Undo::Available),
            (numbers[1], StepStatus::Pending, Undo::Absent),
            (numbers[2], StepStatus::Pending, Undo::Absent),
        ];
        assert_eq!(found, expected, "{command:?}");
    }
    assert_eq!(decide(&task, Command::SkipStep(numbers[2])), Err(Refusal::PartlyRolledBack));
    for undo in [Undo::Done, Undo::Running] {
        task.rows[1].undo = undo;
        assert_eq!(decide(&task, Command::RetryTask), Err(Refusal::PartlyRolledBack), "{undo}");
    }
}

#[test]
fn a_retry_repeats_the_steps_after_all_lanes_except_skipped_ones() {
    let mut task = task(TaskStatus::Failed);
    task.rows[3].status = StepStatus::Failed;
    task.rows[7].status = StepStatus::Successful;
    let changed = |task: &Task| match decide(task, Command::RetryTask) {
        Ok(Decision::Resume { change, .. }) => {
            change.rows.iter().map(|row| (row.number.0, row.status)).collect::<Vec<_>>()
        }
        other => panic!("a failed task may be retried: {other:?}"),
    };
    assert_eq!(changed(&task), [(3, StepStatus::Ready), (7, StepStatus::Pending)]);
    task.rows[7].skipped = true;
    assert_eq!(changed(&task), [(3, StepStatus::Ready)]);
}

#[test]
fn a_retry_forgets_the_failure_but_not_that_it_was_begun() {
    let mut task = task(TaskStatus::Failed);
    let row = &mut task.rows[3];
    (row.status, row.runs, row.attempts) = (StepStatus::Failed, 2, 5);
    (row.started_at, row.finished_at, row.due_at) = (Some(Moment(1)), Some(Moment(2)), Some(Moment(3)));
    row.note = Some(engine::Note::new("x"));
    let Ok(Decision::Resume { change, .. }) = decide(&task, Command::RetryTask) else {
        panic!("a failed task may be retried")
    };
    let fresh = new_task(&["a", "b"]).rows.swap_remove(3);
    assert_eq!(change.rows, [engine::Row { status: StepStatus::Ready, runs: 2, ..fresh }]);
}
