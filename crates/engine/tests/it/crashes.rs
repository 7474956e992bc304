//! If anything dies or repeats at any point, the work is still done exactly once.

use std::sync::Arc;
use std::time::Duration;

use engine::flow::Answer;
use engine::operator::Command;
use engine::testkit::{Outcome, Stand, Timed, faults};
use engine::{At, Backoff, Fault, Flow, NewTask, Next, Note, Settings, Step, StepStatus, TaskId, TaskStatus};

use crate::demo::{Act, Copying, World, new_task, stand};
use crate::dying::Dying;

const ALL_DONE: [&str; 5] = ["doors", "job a of task 1", "job b of task 1", "place a", "place b"];

#[tokio::test]
async fn every_effect_happens_once_whatever_step_crashes_or_repeats() {
    let mut crashes = 0;
    for fault in faults::<Copying>() {
        let stand = stand();
        let task = stand.start(new_task(&["a", "b"])).await;
        crashes += u32::from(stand.run(task, Some(fault)).await == Outcome::Crashed);
        assert_eq!(stand.run(task, None).await, Outcome::Ended(TaskStatus::Successful), "{fault:?}");
        assert_eq!(stand.context().things(), ALL_DONE, "{fault:?}");
        assert_eq!(stand.context().done().len(), ALL_DONE.len(), "{fault:?}");
        assert_eq!(stand.context().wrong(), Vec::<String>::new(), "{fault:?}");
        assert_eq!(stand.context().book(task), ["a", "b"], "{fault:?}");
    }
    assert_eq!(crashes, 10, "each of the five steps was crashed before and after its body");
}

#[tokio::test]
async fn every_effect_is_undone_once_whatever_undo_crashes_or_repeats() {
    for fault in faults::<Copying>() {
        let stand = stand();
        stand.context().script("record", "", &[Act::Permanent]);
        let task = stand.start(new_task(&["a", "b"])).await;
        assert_eq!(stand.run(task, None).await, Outcome::Ended(TaskStatus::Failed), "{fault:?}");
        stand.operate(task, Command::RollBack).await.expect("a failed task may be rolled back");
        stand.run(task, Some(fault)).await;
        assert_eq!(stand.run(task, None).await, Outcome::Ended(TaskStatus::RolledBack), "{fault:?}");
        assert_eq!(stand.context().things(), Vec::<String>::new(), "{fault:?}");
        assert_eq!(stand.context().wrong(), Vec::<String>::new(), "{fault:?}");
    }
}

#[tokio::test]
async fn outside_work_is_ended_once_whatever_stop_crashes_or_repeats() {
    for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::RunTwice].map(|fault| fault("copy")) {
        let stand = stand();
        let task = stand.start(new_task(&["a"])).await;
        stand.worker().run_due().await.expect("the journal answers");
        assert!(stand.context().has("job a of task 1"), "the job is under way");
        stand.operate(task, Command::CancelTask).await.expect("a waiting task may be cancelled");
        stand.run(task, Some(fault)).await;
        assert_eq!(stand.run(task, None).await, Outcome::Ended(TaskStatus::Failed), "{fault:?}");
        assert!(!stand.context().has("job a of task 1"), "{fault:?}");
        assert_eq!(stand.context().wrong(), Vec::<String>::new(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_fault_is_met_once() {
    let stand = stand();
    let task = stand.start(new_task(&["a"])).await;
    let worker = stand.worker();
    worker.set_fault(Some(Fault::RunTwice("copy")));
    worker.run_due().await.expect("the journal answers");
    assert_eq!(stand.context().times_played("copy a"), 2, "twice in its first turn");
    stand.journal().advance(Duration::from_secs(61));
    worker.run_due().await.expect("the journal answers");
    assert_eq!(stand.context().times_played("copy a"), 3, "once in its second");
    assert_eq!(stand.task(task).await.rows[2].status, StepStatus::Successful);
}

/// Proves that the loop over faults finds a step that does not check before it acts.
#[tokio::test]
async fn a_step_that_does_not_look_before_it_acts_is_found() {
    struct Careless;
    impl Flow for Careless {
        const KIND: &'static str = "careless";
        const VERSION: u32 = 1;
        type Context = World;
        type State = ();
        type Lane = ();
        const STEPS: &'static [Step<Self>] = &[Step::one("act", |at, ()| Box::pin(act(at)))];
    }
    async fn act(at: &At<Careless>) -> Answer {
        at.context().make("thing");
        Ok(Next::Done)
    }
    let mut wrong = Vec::new();
    for fault in faults::<Careless>() {
        let stand = Stand::<Careless>::new(World::default());
        let new = NewTask::of::<Careless>(Note::new("careless"), &(), []).expect("the task is in order");
        let task = stand.start(new).await;
        stand.run(task, Some(fault)).await;
        stand.run(task, None).await;
        if !stand.context().wrong().is_empty() {
            wrong.push(fault);
        }
    }
    assert_eq!(wrong, [Fault::CrashAfter("act"), Fault::RunTwice("act")]);
}

/// The program dies at its n-th call of the journal: before or after the journal executes it.
#[tokio::test]
async fn every_effect_happens_once_at_whatever_call_of_the_journal_the_program_dies() {
    for is_heard in [false, true] {
        let mut calls = 0;
        loop {
            calls += 1;
            assert!(calls < 1_000, "a small task needs fewer calls");
            let stand = dying_stand(is_heard);
            let task = stand.start(new_task(&["a", "b"])).await;
            stand.journal().die_at(calls);
            let was_reached = run_to_its_end_or_death(&stand, task).await;
            stand.journal().die_at(i64::MAX);
            let case = format!("call {calls}, heard: {is_heard}");
            assert_eq!(stand.run(task, None).await, Outcome::Ended(TaskStatus::Successful), "{case}");
            assert_eq!(stand.context().things(), ALL_DONE, "{case}");
            assert_eq!(stand.context().wrong(), Vec::<String>::new(), "{case}");
            if !was_reached {
                break;
            }
        }
        assert!(calls > 20, "a task of eight rows speaks more often than {calls} times");
    }
}

fn dying_stand(is_heard: bool) -> Stand<Copying, Dying> {
    let journal = Dying::new(is_heard);
    let settings = Settings {
        journal_backoff: Backoff { tries: 1, ..Settings::default().journal_backoff },
        ..Settings::default()
    };
    Stand::with_journal(World::default(), Arc::new(journal)).settings(settings)
}

async fn run_to_its_end_or_death(stand: &Stand<Copying, Dying>, task: TaskId) -> bool {
    let worker = stand.worker();
    for _ in 0..100 {
        if worker.run_due().await.is_err() || stand.journal().is_dead() {
            return true;
        }
        if stand.task(task).await.status.is_finished() {
            return false;
        }
        stand.journal().pass(Duration::from_secs(60)).await.expect("the clock can be moved");
    }
    panic!("the task neither ends nor dies");
}
