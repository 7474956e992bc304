//! A flow on the real journal: if any step crashes or repeats, the work is still done once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::flow::Answer;
use engine::operator::Command;
use engine::testkit::{Outcome, Stand as Bench, faults};
use engine::{At, Flow, NewTask, Next, Note, Step, StepError, TaskStatus};
use metadata::Metadata;
use serde::{Deserialize, Serialize};

use crate::stand::for_every_database;

for_every_database! {
    work_is_done_once_whatever_crashes_or_repeats
    a_failed_lane_is_tried_again_and_the_others_are_not
}

/// Fills jars, one lane per jar, and counts them.
struct Filling;

#[derive(Default, Serialize, Deserialize)]
struct State {
    full: usize,
}

/// How often each action was done, and which lane must fail.
#[derive(Default)]
struct World {
    done: Mutex<BTreeMap<String, u32>>,
    broken: Mutex<Option<String>>,
}

impl World {
    fn times(&self, thing: &str) -> u32 {
        self.done.lock().expect("no panic").get(thing).copied().unwrap_or(0)
    }

    fn act(&self, thing: &str) {
        *self.done.lock().expect("no panic").entry(thing.to_owned()).or_default() += 1;
    }
}

impl Flow for Filling {
    const KIND: &'static str = "filling";
    const VERSION: u32 = 1;
    type Context = World;
    type State = State;
    type Lane = u32;
    const STEPS: &'static [Step<Self>] = &[
        Step::one("open", |at, s| Box::pin(open(at, s))),
        Step::each("fill", |at, s, lane| Box::pin(fill(at, s, lane))),
        Step::one("count", |at, s| Box::pin(count(at, s))),
    ];
}

async fn open(at: &At<Filling>, _: &mut State) -> Answer {
    once(at, "open").await
}

/// Waits twice, then is full.
async fn fill(at: &At<Filling>, _: &State, looks: &mut u32) -> Answer {
    if at.context().broken.lock().expect("no panic").as_deref() == Some(at.lane()) {
        return Err(StepError::permanent(Note::new("broken").arg("jar", at.lane())));
    }
    at.log(Note::new("look").arg("looks", *looks));
    *looks += 1;
    if *looks < 3 {
        return Ok(Next::again(Duration::from_secs(60)));
    }
    once(at, &format!("fill {}", at.lane())).await
}

async fn count(at: &At<Filling>, s: &mut State) -> Answer {
    s.full = at.lanes().iter().filter(|lane| lane.succeeded()).count();
    once(at, "count").await
}

async fn once(at: &At<Filling>, thing: &str) -> Answer {
    if at.context().times(thing) == 0 {
        at.may_act(Duration::from_secs(1)).await?;
        at.context().act(thing);
    }
    Ok(Next::Done)
}

fn new() -> NewTask {
    let jars = ["a", "b", "c"].map(str::to_owned);
    NewTask::of::<Filling>(Note::new("filling"), &State::default(), jars).expect("JSON")
}

async fn work_is_done_once_whatever_crashes_or_repeats(metadata: Metadata) {
    let journal = Arc::new(metadata);
    for fault in faults::<Filling>() {
        let bench = Bench::<Filling, _>::with_journal(World::default(), journal.clone());
        let task = bench.start(new()).await;
        bench.run(task, Some(fault)).await;
        assert_eq!(bench.run(task, None).await, Outcome::Ended(TaskStatus::Successful), "{fault:?}");
        for thing in ["open", "fill a", "fill b", "fill c", "count"] {
            assert_eq!(bench.context().times(thing), 1, "{thing}, {fault:?}");
        }
        assert_eq!(bench.task(task).await.state["full"], 3, "{fault:?}");
    }
}

async fn a_failed_lane_is_tried_again_and_the_others_are_not(metadata: Metadata) {
    let bench = Bench::<Filling, _>::with_journal(World::default(), Arc::new(metadata));
    *bench.context().broken.lock().expect("no panic") = Some("b".to_owned());
    let task = bench.start(new()).await;
    assert_eq!(bench.run(task, None).await, Outcome::Ended(TaskStatus::Failed));
    *bench.context().broken.lock().expect("no panic") = None;
    bench.operate(task, Command::RetryTask).await.expect("it has failed");
    assert_eq!(bench.run(task, None).await, Outcome::Ended(TaskStatus::Successful));
    let stored = bench.task(task).await;
    assert_eq!(stored.state["full"], 3);
    let looks: Vec<_> = stored.lanes.iter().map(|lane| lane.state.as_u64()).collect();
    assert_eq!(looks, [Some(3); 3]);
    let fill_a = stored.rows.iter().find(|row| row.lane == "a").expect("a row");
    assert_eq!((fill_a.runs, bench.log(task, fill_a.number).await.len()), (1, 3));
}
