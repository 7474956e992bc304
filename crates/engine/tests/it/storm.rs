//! Random commands, faults and failures, in any order: the invariants hold after each of them.

use std::time::Duration;

use engine::operator::Command;
use engine::testkit::{Outcome, faults};
use engine::{Fault, RowNumber, StepStatus, Task, TaskId, TaskStatus};
use proptest::prelude::*;

use crate::demo::{Act, Copying, DemoStand, new_task, stand};

/// The number of rows of the task with two lanes.
const ROWS: u32 = 8;

#[derive(Debug, Clone)]
enum Happening {
    /// Due tasks run, perhaps into a fault.
    Run(Option<Fault>),
    Time(Duration),
    Command(Command),
    /// A body will fail when it next runs.
    Trouble(&'static str, &'static str, Act),
}

fn happening() -> impl Strategy<Value = Happening> {
    let every_fault: Vec<Fault> = faults::<Copying>().collect();
    let fault = prop_oneof![2 => Just(None), 1 => proptest::sample::select(every_fault).prop_map(Some)];
    let row = (0..ROWS).prop_map(RowNumber);
    let command = prop_oneof![
        3 => Just(Command::RetryTask),
        2 => row.clone().prop_map(Command::RetryStep),
        3 => row.clone().prop_map(Command::SkipStep),
        2 => Just(Command::CancelTask),
        3 => row.prop_map(Command::CancelStep),
        1 => Just(Command::RollBack),
    ];
    let body = proptest::sample::select(vec![
        "open",
        "shut",
        "prepare",
        "clear",
        "copy",
        "copy, begun",
        "end-copy",
        "throw-away",
        "compare",
        "record",
        "strike-out",
    ]);
    let lane = proptest::sample::select(vec!["", "a", "b"]);
    let act = proptest::sample::select(vec![Act::Transient, Act::Permanent, Act::Panic]);
    prop_oneof![
        6 => fault.prop_map(Happening::Run),
        4 => (1..90_u64).prop_map(|seconds| Happening::Time(Duration::from_secs(seconds))),
        4 => command.prop_map(Happening::Command),
        3 => (body, lane, act).prop_map(|(body, lane, act)| Happening::Trouble(body, lane, act)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nothing_is_done_twice_and_the_task_can_be_brought_to_an_end(
        happenings in proptest::collection::vec(happening(), 1..40)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime can be built");
        runtime.block_on(weather(happenings));
    }
}

async fn weather(happenings: Vec<Happening>) {
    let stand = stand();
    let task = stand.start(new_task(&["a", "b"])).await;
    for happening in happenings {
        happen(&stand, task, happening).await;
        check(&stand, &stand.task(task).await);
    }
    stand.context().forget_script();
    let mut outcome = stand.run(task, None).await;
    if outcome == Outcome::Ended(TaskStatus::Failed) {
        let retried = stand.operate(task, Command::RetryTask).await;
        if retried.is_err() {
            stand.operate(task, Command::RollBack).await.expect("what cannot be retried can be rolled back");
        }
        outcome = stand.run(task, None).await;
    }
    check(&stand, &stand.task(task).await);
    let is_well_ended = matches!(outcome, Outcome::Ended(TaskStatus::Successful | TaskStatus::RolledBack));
    assert!(is_well_ended, "{outcome:?}");
}

async fn happen(stand: &DemoStand, task: TaskId, happening: Happening) {
    match happening {
        Happening::Run(fault) => {
            let worker = stand.worker();
            worker.set_fault(fault);
            worker.run_due().await.expect("the journal answers");
        }
        Happening::Time(time) => stand.journal().advance(time),
        Happening::Command(command) => {
            // The operator table decides whether the command is allowed.
            let _refused = stand.operate(task, command).await;
        }
        Happening::Trouble(body, lane, act) => stand.context().script(body, lane, &[act]),
    }
}

fn check(stand: &DemoStand, task: &Task) {
    assert_eq!(stand.context().wrong(), Vec::<String>::new());
    let is_all = |status: StepStatus| task.rows.iter().all(|row| row.status == status);
    match task.status {
        TaskStatus::Successful => {
            assert!(is_all(StepStatus::Successful), "{:?}", task.rows);
            let is_skipped = |lane: &str| task.rows.iter().any(|row| row.lane == lane && row.skipped);
            for lane in ["a", "b"] {
                let job = format!("job {lane} of task {}", task.id);
                assert!(stand.context().has(&job) || is_skipped(lane), "{job} is missing");
            }
            assert_eq!(stand.context().book(task.id), ["a", "b"]);
        }
        TaskStatus::RolledBack => {
            assert_eq!(stand.context().things(), Vec::<String>::new());
            assert_eq!(stand.context().book(task.id), Vec::<String>::new());
        }
        TaskStatus::Failed => assert!(task.note.is_some(), "a failed task says why"),
        TaskStatus::Pending | TaskStatus::Running | TaskStatus::RollingBack => {}
    }
    if task.status.is_finished() {
        assert_eq!(task.lease, None, "nobody holds a finished task");
        let is_open =
            |status| matches!(status, StepStatus::Running | StepStatus::Canceling | StepStatus::Ready);
        assert!(!task.rows.iter().any(|row| is_open(row.status)), "{:?}", task.rows);
    }
}
