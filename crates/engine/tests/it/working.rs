//! A worker that runs on its own: woken, polling, shut down.

use std::sync::Arc;
use std::time::Duration;

use engine::journal::{Ask, Change, Limits};
use engine::memory::Memory;
use engine::note::CLOCK_SET_BACK;
use engine::operator::{Command, operate};
use engine::testkit::{Outcome, Stand};
use engine::{Journal, Settings, StepStatus, TaskStatus, Wake};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::demo::{Act, Copying, DemoStand, World, new_task, stand};
use crate::dying::Dying;

const HOUR: Duration = Duration::from_secs(3_600);

fn ticking_stand() -> DemoStand {
    Stand::with_journal(World::default(), Arc::new(Memory::ticking()))
}

struct Running {
    wake: Wake,
    shutdown: CancellationToken,
    run: JoinHandle<()>,
}

impl Running {
    fn start(stand: &DemoStand) -> Self {
        let worker = stand.worker();
        let (wake, shutdown) = (worker.wake(), CancellationToken::new());
        let until = shutdown.clone();
        Self { wake, shutdown, run: tokio::spawn(async move { worker.run(until).await }) }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        timeout(HOUR, self.run).await.expect("a worker stops").expect("a worker does not break");
    }
}

async fn until_finished(stand: &DemoStand, task: engine::TaskId) -> TaskStatus {
    for _ in 0..100_000 {
        let status = stand.task(task).await.status;
        if status.is_finished() {
            return status;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("the task is never finished")
}

#[tokio::test(start_paused = true)]
async fn a_worker_runs_tasks_to_their_end_and_stops_on_request() {
    let stand = ticking_stand();
    let running = Running::start(&stand);
    let mut tasks = Vec::new();
    for _ in 0..40 {
        tasks.push(stand.start(new_task(&["a", "b"])).await);
    }
    for task in tasks {
        assert_eq!(until_finished(&stand, task).await, TaskStatus::Successful);
    }
    running.stop().await;
    let late = stand.start(new_task(&["a"])).await;
    sleep(HOUR).await;
    assert_eq!(stand.task(late).await.status, TaskStatus::Pending);
}

#[tokio::test(start_paused = true)]
async fn a_woken_worker_looks_at_once_and_another_at_its_next_poll() {
    for (is_woken, expected_s) in [(true, 0), (false, 2)] {
        let stand = ticking_stand();
        stand.context().script("open", "", &[Act::Gate]);
        let running = Running::start(&stand);
        sleep(Duration::from_millis(1)).await;
        let begun = Instant::now();
        stand.start(new_task(&["a"])).await;
        if is_woken {
            running.wake.now();
        }
        stand.context().reached.notified().await;
        assert_eq!(begun.elapsed().as_secs_f64().round() as u64, expected_s);
        stand.context().gate.notify_one();
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_waiting_task_continues_when_it_is_due_however_rare_the_polls_are() {
    let stand = ticking_stand().settings(Settings { poll: HOUR, ..Settings::default() });
    let task = stand.start(new_task(&["a"])).await;
    let begun = Instant::now();
    let running = Running::start(&stand);
    assert_eq!(until_finished(&stand, task).await, TaskStatus::Successful);
    assert_eq!(begun.elapsed().as_secs(), 120, "two waits of a minute");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_cancel_from_another_program_reaches_a_running_body_with_the_next_renewal() {
    let stand = ticking_stand();
    stand.context().script("copy, begun", "a", &[Act::UntilCancelled]);
    let task = stand.start(new_task(&["a"])).await;
    let running = Running::start(&stand);
    stand.context().reached.notified().await;
    let begun = Instant::now();
    // Nothing wakes this worker: the operator is elsewhere.
    operate(stand.journal().as_ref(), task, Command::CancelTask).await.expect("the task runs");
    assert_eq!(until_finished(&stand, task).await, TaskStatus::Failed);
    assert!(begun.elapsed() <= Settings::default().lease / 2, "{:?}", begun.elapsed());
    assert_eq!(stand.context().things(), ["doors", "place a"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_gives_open_tasks_back_and_counts_no_failure() {
    for act in [Act::UntilCancelled, Act::Forever] {
        let stand = ticking_stand();
        stand.context().script("copy, begun", "a", &[act]);
        let task = stand.start(new_task(&["a"])).await;
        let running = Running::start(&stand);
        stand.context().reached.notified().await;
        running.stop().await;
        let stored = stand.task(task).await;
        let row = &stored.rows[2];
        assert_eq!((stored.status, stored.lease), (TaskStatus::Running, None));
        assert_eq!((row.status, row.attempts, row.note.clone()), (StepStatus::Running, 0, None));
        assert!(stand.context().has("job a of task 1"), "what runs outside runs on");
        assert!(stored.due_at <= stand.journal().now(), "others may go on at once");
        let next = Running::start(&stand);
        assert_eq!(until_finished(&stand, task).await, TaskStatus::Successful);
        assert_eq!(stand.context().wrong(), Vec::<String>::new());
        next.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_although_the_journal_does_not_answer() {
    let journal = Arc::new(Dying::new(false));
    let stand = Stand::<Copying, _>::with_journal(World::default(), journal.clone());
    stand.context().script("open", "", &[Act::UntilCancelled]);
    stand.start(new_task(&["a"])).await;
    let (worker, shutdown) = (stand.worker(), CancellationToken::new());
    let until = shutdown.clone();
    let run = tokio::spawn(async move { worker.run(until).await });
    stand.context().reached.notified().await;
    journal.die_at(0);
    shutdown.cancel();
    let begun = Instant::now();
    timeout(HOUR, run).await.expect("a worker stops").expect("a worker does not break");
    assert_eq!(begun.elapsed(), Settings::default().grace * 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_body_answers_while_it_winds_down_is_kept() {
    let stand = ticking_stand();
    stand.context().script("open", "", &[Act::Gate]);
    let task = stand.start(new_task(&["a"])).await;
    let running = Running::start(&stand);
    stand.context().reached.notified().await;
    running.shutdown.cancel();
    sleep(Duration::from_secs(1)).await;
    stand.context().gate.notify_one();
    running.stop().await;
    let stored = stand.task(task).await;
    assert_eq!(stored.rows[0].status, StepStatus::Successful);
    assert_eq!(stored.rows[1].runs, 0, "nothing new is begun");
    assert_eq!(stored.lease, None);
}

#[tokio::test(start_paused = true)]
async fn no_more_tasks_run_at_once_than_the_settings_say() {
    let settings = Settings { tasks_at_once: 3, ..Settings::default() };
    let stand = ticking_stand().settings(settings);
    stand.context().script("open", "", &[const { Act::Forever }; 9]);
    for _ in 0..9 {
        stand.start(new_task(&["a"])).await;
    }
    let running = Running::start(&stand);
    sleep(HOUR).await;
    assert_eq!(stand.context().times_played("open"), 3);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn two_workers_share_the_tasks_and_do_nothing_twice() {
    let stand = ticking_stand();
    let (one, two) = (Running::start(&stand), Running::start(&stand));
    let mut tasks = Vec::new();
    for _ in 0..30 {
        tasks.push(stand.start(new_task(&["a", "b", "c"])).await);
    }
    for task in tasks {
        assert_eq!(until_finished(&stand, task).await, TaskStatus::Successful);
        let stored =
            stand.journal().load(task).await.expect("the journal answers").expect("the task is there");
        assert!(stored.rows.iter().all(|row| row.runs == 1), "{:?}", stored.rows);
    }
    assert_eq!(stand.context().wrong(), Vec::<String>::new());
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn a_task_continues_at_once_when_a_clock_that_was_ahead_is_set_back() {
    let stand = stand();
    let task = stand.start(new_task(&["a"])).await;
    stand.worker().run_due().await.expect("the journal answers");
    let waiting = stand.task(task).await;
    let begun = stand.journal().now();
    // As the task would be stored if the clock had been a day ahead.
    let day = HOUR * 24;
    let mut rows = waiting.rows.clone();
    rows.retain(|row| row.status == StepStatus::Running);
    assert_eq!(rows.len(), 1, "the copy waits");
    let copy = rows[0].number;
    (rows[0].since, rows[0].due_at) = (Some(begun.plus(day)), Some(begun.plus(day + HOUR / 60)));
    let ask = Ask {
        worker: "ahead".to_owned(),
        can: vec![(waiting.kind.clone(), waiting.version)],
        lease: HOUR / 60,
        limits: Limits::default(),
    };
    stand.journal().advance(HOUR / 30);
    let claim = stand.journal().claim(&ask).await.expect("answers").expect("it is due");
    let change = Change {
        status: waiting.status,
        note: None,
        started_at: waiting.started_at,
        finished_at: None,
        due_at: begun.plus(day),
        cancels_seen: waiting.cancels,
        state: None,
        lanes: Vec::new(),
        rows,
        release: true,
    };
    stand.journal().save(claim.ticket, &change).await.expect("the holder may save");
    assert!(stand.worker().run_due().await.is_ok());
    let row = stand.task(task).await.row(copy).cloned().expect("a row");
    assert!(
        row.since.is_some_and(|since| since < stand.journal().now().plus(HOUR / 60)),
        "its time limit counts from now"
    );
    assert_eq!(stand.run(task, None).await, Outcome::Ended(TaskStatus::Successful));
    assert!(stand.journal().now().since(begun) < HOUR, "nothing waited for the wrong time");
    assert_eq!(stand.log(task, copy).await.iter().filter(|line| *line == CLOCK_SET_BACK).count(), 1);
}
