//! A worker that no longer holds a task sends nothing and saves nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::flow::Answer;
use engine::memory::Memory;
use engine::testkit::{Outcome, Stand, Timed};
use engine::{At, Flow, Journal, NewTask, Next, Note, RowNumber, Settings, Step, TaskId, TaskStatus};
use futures::FutureExt;
use tokio::sync::Notify;
use tokio::time::{Instant, advance, sleep, timeout};

use crate::demo::World;
use crate::dying::Dying;

const STATEMENT: Duration = Duration::from_secs(5);
const HOUR: Duration = Duration::from_secs(3_600);
const LONG_STATEMENT: Duration = Duration::from_secs(90);

/// Sends one letter, after the test has opened the gate.
struct Sending;

impl Flow for Sending {
    const KIND: &'static str = "sending";
    const VERSION: u32 = 1;
    type Context = Post;
    type State = u32;
    type Lane = ();
    const STEPS: &'static [Step<Self>] =
        &[Step::one("send", |at, sent| Box::pin(send(at, sent))), Step::one("wait", |_, _| Box::pin(wait()))];
}

#[derive(Default)]
struct Post {
    world: World,
    is_gated: AtomicBool,
    reached: Notify,
    gate: Notify,
}

impl Post {
    fn gated() -> Self {
        let post = Self::default();
        post.is_gated.store(true, Ordering::SeqCst);
        post
    }
}

async fn send(at: &At<Sending>, sent: &mut u32) -> Answer {
    let post = at.context();
    // Only the first body waits at the gate.
    if post.is_gated.swap(false, Ordering::SeqCst) {
        post.reached.notify_one();
        post.gate.notified().await;
    }
    if !post.world.has("letter") {
        at.may_act(STATEMENT).await?;
        post.world.make("letter");
    } else {
        at.log(Note::new("already-sent"));
    }
    *sent += 1;
    Ok(Next::Done)
}

async fn wait() -> Answer {
    Ok(Next::again(Duration::from_secs(1_000)))
}

fn new_task() -> NewTask {
    NewTask::of::<Sending>(Note::new("sending"), &0, []).expect("the task is in order")
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().expect("a runtime can be built")
}

/// A worker on its own runtime, which can be frozen like a stopped process.
#[test]
fn a_worker_frozen_past_its_lease_and_woken_sends_and_saves_nothing() {
    let (frozen, other) = (runtime(), runtime());
    let stand = Arc::new(Stand::<Sending>::new(Post::gated()));
    let task = other.block_on(stand.start(new_task()));
    let worker = stand.worker();
    let run = frozen.spawn(async move { worker.run_due().await });
    frozen.block_on(stand.context().reached.notified());

    stand.journal().advance(Settings::default().lease);
    other.block_on(async { stand.worker().run_due().await }).expect("the journal answers");
    let taken_over = other.block_on(stand.task(task));
    assert_eq!(taken_over.state, 1, "the other worker has sent the letter");
    // A body that checks would now send it again.
    stand.context().world.unmake("letter");

    frozen.block_on(async {
        advance(Settings::default().lease).await;
        stand.context().gate.notify_one();
        run.await.expect("the worker does not break").expect("the journal answers");
    });
    assert_eq!(stand.context().world.things(), Vec::<String>::new(), "nothing was sent");
    assert_eq!(other.block_on(stand.task(task)), taken_over, "nothing was saved");
}

#[tokio::test]
async fn a_task_whose_lease_was_lost_saves_nothing() {
    let stand = Stand::<Sending>::new(Post::gated());
    let task = stand.start(new_task()).await;
    // The letter exists, so that the body does not need permission to act before it answers.
    stand.context().world.make("letter");
    let worker = stand.worker();
    let other = async {
        stand.context().reached.notified().await;
        stand.journal().advance(Settings::default().lease);
        stand.worker().run_due().await.expect("the journal answers");
        let taken_over = stand.task(task).await;
        stand.context().gate.notify_one();
        taken_over
    };
    let (ran, taken_over) = tokio::join!(worker.run_due(), other);
    ran.expect("a lost lease is no error of the journal");
    assert_eq!(stand.task(task).await, taken_over);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_dropped_once_its_lease_is_lost() {
    let stand = Stand::<Sending>::new(Post::gated());
    stand.start(new_task()).await;
    let worker = stand.worker();
    let other = async {
        stand.context().reached.notified().await;
        stand.journal().advance(Settings::default().lease);
        stand.worker().run_due().await.expect("the journal answers");
    };
    // The gate never opens.
    let both = async { tokio::join!(worker.run_due(), other) };
    let (ran, ()) = timeout(HOUR, both).await.expect("the run ends with its lease");
    ran.expect("a lost lease is no error of the journal");
}

/// Checks, between the permission to act and the action, whether its earlier report is stored.
struct Saying;

impl Flow for Saying {
    const KIND: &'static str = "saying";
    const VERSION: u32 = 1;
    type Context = (Arc<Memory>, AtomicBool);
    type State = ();
    type Lane = ();
    const STEPS: &'static [Step<Self>] = &[Step::one("say", |at, ()| Box::pin(say(at)))];
}

async fn say(at: &At<Saying>) -> Answer {
    at.log(Note::new("about-to-act"));
    at.may_act(STATEMENT).await?;
    let (journal, was_stored) = at.context();
    let lines = journal.logs(at.task(), RowNumber(0), 0, 10).now_or_never();
    let lines = lines.expect("memory answers at once").expect("memory answers");
    was_stored.store(lines.len() == 1, Ordering::SeqCst);
    Ok(Next::Done)
}

#[tokio::test]
async fn progress_before_an_action_is_stored_before_the_action() {
    let journal = Arc::new(Memory::new());
    let stand = Stand::<Saying>::with_journal((journal.clone(), AtomicBool::new(false)), journal);
    let task = stand.start(NewTask::of::<Saying>(Note::new("saying"), &(), []).expect("in order")).await;
    stand.run(task, None).await;
    assert!(stand.context().1.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn without_the_journal_nothing_is_sent_once_the_lease_may_be_gone() {
    for (silence, expected) in [(Duration::from_secs(10), 1), (Duration::from_secs(29), 0)] {
        let stand = Stand::<Sending, _>::with_journal(Post::gated(), Arc::new(Dying::new(false)));
        stand.start(new_task()).await;
        let worker = stand.worker();
        let run = tokio::spawn(async move { worker.run_due().await });
        stand.context().reached.notified().await;
        stand.journal().die_at(0);
        sleep(silence).await;
        stand.context().gate.notify_one();
        tokio::task::yield_now().await;
        sleep(Duration::from_millis(1)).await;
        assert_eq!(stand.context().world.things().len(), expected, "after {silence:?}");
        run.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_answer_took_on_its_way_is_missing_from_the_lease() {
    for (latency, expected) in [(Duration::from_secs(20), 1), (Duration::from_secs(26), 0)] {
        let stand = Stand::<Sending, _>::with_journal(Post::default(), Arc::new(Dying::slow(latency)));
        let task = stand.start(new_task()).await;
        stand.worker().run_due().await.expect("the journal answers");
        // Of the 30 seconds of the lease, 5 for the statement and a margin of 3 must remain after the latency.
        assert_eq!(stand.context().world.things().len(), expected, "{latency:?}");
        let attempts = stand.task(task).await.rows[0].attempts;
        assert_eq!(attempts > 0, expected == 0, "not being allowed to act is a passing failure");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_statement_gets_a_lease_that_outlasts_it_and_none_keeps_others_waiting_for_long() {
    struct Slow;
    impl Flow for Slow {
        const KIND: &'static str = "slow";
        const VERSION: u32 = 1;
        type Context = (Duration, Notify);
        type State = ();
        type Lane = ();
        const STEPS: &'static [Step<Self>] = &[Step::one("act", |at, ()| Box::pin(act(at)))];
    }
    async fn act(at: &At<Slow>) -> Answer {
        at.may_act(at.context().0).await?;
        at.context().1.notify_one();
        std::future::pending().await
    }
    for limit in [LONG_STATEMENT, HOUR] {
        let stand = Stand::<Slow>::new((limit, Notify::new()));
        let task = stand.start(NewTask::of::<Slow>(Note::new("slow"), &(), []).expect("in order")).await;
        let worker = stand.worker();
        let run = tokio::spawn(async move { worker.run_due().await });
        timeout(HOUR, stand.context().1.notified()).await.expect("the step may act");
        let lease = stand.task(task).await.lease.expect("the task is held");
        let left = lease.until.since(stand.journal().now());
        assert!(left > LONG_STATEMENT && left <= Duration::from_secs(100), "{limit:?}: {left:?}");
        run.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_is_saved_although_the_journal_was_away_for_longer_than_the_lease() {
    let stand = Stand::<Sending, _>::with_journal(Post::gated(), Arc::new(Dying::new(false)));
    let task = stand.start(new_task()).await;
    stand.context().world.make("letter");
    let worker = stand.worker();
    let outage = async {
        stand.context().reached.notified().await;
        stand.journal().die_at(0);
        stand.context().gate.notify_one();
        sleep(Settings::default().lease * 2).await;
        stand.journal().pass(Settings::default().lease * 2).await.expect("the clock can be moved");
        stand.journal().die_at(i64::MAX);
    };
    let (ran, ()) = tokio::join!(worker.run_due(), outage);
    ran.expect("the journal is back");
    let stored = stand.task(task).await;
    assert_eq!((stored.state, stored.rows[0].runs), (1.into(), 1), "the step was not run again");
    assert!(stored.rows[1].due_at.is_some(), "the task went on to its next step");
    assert_eq!(stand.log(task, RowNumber(0)).await, ["already-sent"], "and lost no line of its log");
}

#[tokio::test(start_paused = true)]
async fn a_running_task_keeps_its_lease_for_as_long_as_it_runs() {
    let stand = Stand::<Sending>::with_journal(Post::gated(), Arc::new(Memory::ticking()));
    let task = stand.start(new_task()).await;
    let worker = stand.worker();
    let watch = async {
        stand.context().reached.notified().await;
        let begun = Instant::now();
        while begun.elapsed() < Settings::default().lease * 20 {
            sleep(Duration::from_secs(7)).await;
            stand.worker().run_due().await.expect("the journal answers");
        }
        stand.context().gate.notify_one();
    };
    let (ran, ()) = tokio::join!(worker.run_due(), watch);
    ran.expect("the journal answers");
    assert_eq!(stand.task(task).await.rows[0].runs, 1);
    assert_eq!(stand.context().world.wrong(), Vec::<String>::new());
}

#[tokio::test]
async fn a_worker_after_a_crash_waits_for_the_lease_and_then_continues() {
    let stand = Stand::<Sending>::new(Post::default());
    let task: TaskId = stand.start(new_task()).await;
    assert_eq!(stand.run(task, Some(engine::Fault::CrashAfter("send"))).await, Outcome::Crashed);
    stand.worker().run_due().await.expect("the journal answers");
    assert_eq!(stand.task(task).await.state, 0, "the lease is still in force");
    stand.journal().advance(Settings::default().lease);
    stand.worker().run_due().await.expect("the journal answers");
    let stored = stand.journal().load(task).await.expect("the journal answers").expect("the task is there");
    assert_eq!((stored.state, stored.status), (1.into(), TaskStatus::Running));
    assert_eq!(stand.context().world.wrong(), Vec::<String>::new());
}
