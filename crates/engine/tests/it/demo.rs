//! A flow that copies shelves, one lane per shelf, and the world it acts on.
//!
//! 1. `open`     the doors stand open                     (undo: shuts them)
//! 2. `prepare`  each shelf has a place                    (undo: takes it away)
//! 3. `copy`     each shelf is being copied by one job     (stop: ends the job; undo: throws the copy away)
//! 4. `compare`  each copy was looked at                   (skippable)
//! 5. `record`   the book says which shelves were copied   (undo: strikes it out)

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use engine::flow::Answer;
use engine::testkit::Stand;
use engine::{At, Flow, NewTask, Next, Note, RowNumber, Step, StepError, TaskId};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub(crate) const STATEMENT: Duration = Duration::from_secs(5);

/// The results of the `One` steps.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    opened: bool,
    recorded: Vec<String>,
}

/// The results of a shelf's steps.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Shelf {
    job: Option<String>,
}

pub(crate) struct Copying;

impl Flow for Copying {
    const KIND: &'static str = "copying";
    const VERSION: u32 = 2;
    type Context = World;
    type State = State;
    type Lane = Shelf;
    const STEPS: &'static [Step<Self>] = &[
        Step::one("open", |at, s| Box::pin(open(at, s))).undo(|at, s| Box::pin(shut(at, s))),
        Step::each("prepare", |at, s, shelf| Box::pin(prepare(at, s, shelf)))
            .undo_each(|at, s, shelf| Box::pin(clear(at, s, shelf))),
        Step::each("copy", |at, s, shelf| Box::pin(copy(at, s, shelf)))
            .stop_each(|at, s, shelf| Box::pin(end_copy(at, s, shelf)))
            .undo_each(|at, s, shelf| Box::pin(throw_away(at, s, shelf)))
            .timeout(Duration::from_secs(3_600)),
        Step::each("compare", |at, s, shelf| Box::pin(compare(at, s, shelf))).skippable(),
        Step::one("record", |at, s| Box::pin(record(at, s))).undo(|at, s| Box::pin(strike_out(at, s))),
    ];
}

async fn open(at: &At<Copying>, s: &mut State) -> Answer {
    at.context().play("open", at).await?;
    make_once(at, "doors").await?;
    s.opened = true;
    Ok(Next::Done)
}

async fn shut(at: &At<Copying>, s: &mut State) -> Answer {
    at.context().play("shut", at).await?;
    unmake_once(at, "doors").await?;
    s.opened = false;
    Ok(Next::Done)
}

async fn prepare(at: &At<Copying>, s: &State, _shelf: &mut Shelf) -> Answer {
    assert!(s.opened, "what an earlier step has learnt is known to later ones");
    at.context().play("prepare", at).await?;
    make_once(at, &format!("place {}", at.lane())).await?;
    Ok(Next::Done)
}

async fn clear(at: &At<Copying>, _s: &State, _shelf: &mut Shelf) -> Answer {
    at.context().play("clear", at).await?;
    unmake_once(at, &format!("place {}", at.lane())).await?;
    Ok(Next::Done)
}

/// The job is named after the task and the shelf, so it can be found.
async fn copy(at: &At<Copying>, _s: &State, shelf: &mut Shelf) -> Answer {
    at.context().play("copy", at).await?;
    let job = format!("job {} of task {}", at.lane(), at.task());
    make_once(at, &job).await?;
    shelf.job = Some(job.clone());
    at.context().play("copy, begun", at).await?;
    if at.context().is_copied(&job) { Ok(Next::Done) } else { Ok(Next::again(Duration::from_secs(60))) }
}

async fn end_copy(at: &At<Copying>, _s: &State, _shelf: &mut Shelf) -> Answer {
    at.context().play("end-copy", at).await?;
    assert!(!at.cancelled().is_cancelled(), "who cancels a step does not cancel its stop");
    unmake_once(at, &format!("job {} of task {}", at.lane(), at.task())).await?;
    Ok(Next::Done)
}

async fn throw_away(at: &At<Copying>, _s: &State, _shelf: &mut Shelf) -> Answer {
    at.context().play("throw-away", at).await?;
    unmake_once(at, &format!("job {} of task {}", at.lane(), at.task())).await?;
    Ok(Next::Done)
}

async fn compare(at: &At<Copying>, _s: &State, shelf: &mut Shelf) -> Answer {
    assert!(shelf.job.is_some(), "what a lane's earlier step has learnt is known to its later ones");
    at.context().play("compare", at).await?;
    Ok(Next::Done)
}

async fn record(at: &At<Copying>, s: &mut State) -> Answer {
    at.context().play("record", at).await?;
    let copied = at.lanes().iter().filter(|lane| lane.succeeded());
    s.recorded = copied.map(|lane| lane.key.clone()).collect();
    at.may_act(STATEMENT).await?;
    at.context().write_book(at.task(), s.recorded.clone());
    Ok(Next::Done)
}

async fn strike_out(at: &At<Copying>, s: &mut State) -> Answer {
    at.context().play("strike-out", at).await?;
    at.may_act(STATEMENT).await?;
    at.context().write_book(at.task(), Vec::new());
    s.recorded.clear();
    Ok(Next::Done)
}

async fn make_once(at: &At<Copying>, thing: &str) -> Result<(), StepError> {
    if !at.context().has(thing) {
        at.log(Note::new("make").arg("thing", thing));
        at.may_act(STATEMENT).await?;
        at.context().make(thing);
    }
    Ok(())
}

async fn unmake_once(at: &At<Copying>, thing: &str) -> Result<(), StepError> {
    if at.context().has(thing) {
        at.may_act(STATEMENT).await?;
        at.context().unmake(thing);
    }
    Ok(())
}

/// What a body does instead of continuing.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Answer with a transient failure.
    Transient,
    /// Answer with a permanent failure.
    Permanent,
    /// Panic.
    Panic,
    /// Wait until it is asked to end, and then answer with a transient failure.
    UntilCancelled,
    /// Wait until it is asked to end, and then panic.
    BreakWhenCancelled,
    /// Take a second, and then continue; give up when asked to end.
    Slowly,
    /// Never end, even if cancelled.
    Forever,
    /// Wait until the test opens the gate, and then continue.
    Gate,
}

/// The outside world: it stores what was created, and notices when something is created twice.
#[derive(Debug, Default)]
pub(crate) struct World {
    inside: Mutex<Inside>,
    /// Notified when a body waits: at a gate, until it is cancelled, or forever.
    pub(crate) reached: Notify,
    pub(crate) gate: Notify,
}

#[derive(Debug, Default)]
struct Inside {
    things: BTreeSet<String>,
    /// What was done, in order.
    done: Vec<String>,
    wrong: Vec<String>,
    script: BTreeMap<(String, String), VecDeque<Act>>,
    played: Vec<String>,
    looks: BTreeMap<String, u32>,
    most_jobs: usize,
    book: BTreeMap<TaskId, Vec<String>>,
}

impl World {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().expect("no test breaks while it holds the world")
    }

    /// Makes a body (in this lane; "" for a `One` step) do these acts before it continues as usual, one per run.
    pub(crate) fn script(&self, body: &str, lane: &str, acts: &[Act]) {
        self.inside()
            .script
            .entry((body.to_owned(), lane.to_owned()))
            .or_default()
            .extend(acts.iter().cloned());
    }

    pub(crate) fn forget_script(&self) {
        self.inside().script.clear();
    }

    async fn play(&self, body: &str, at: &At<Copying>) -> Result<(), StepError> {
        let act = {
            let mut inside = self.inside();
            inside.played.push(format!("{body} {}", at.lane()).trim_end().to_owned());
            let key = (body.to_owned(), at.lane().to_owned());
            inside.script.get_mut(&key).and_then(VecDeque::pop_front)
        };
        let failure = || Note::new("demo.failed").arg("body", body).raw("the world said no");
        match act {
            None => Ok(()),
            Some(Act::Transient) => Err(StepError::transient(failure())),
            Some(Act::Permanent) => Err(StepError::permanent(failure())),
            Some(Act::Panic) => panic!("{body} broke"),
            Some(Act::UntilCancelled) => {
                self.reached.notify_one();
                at.cancelled().cancelled().await;
                Err(StepError::transient(failure()))
            }
            Some(Act::BreakWhenCancelled) => {
                self.reached.notify_one();
                at.cancelled().cancelled().await;
                panic!("{body} broke while it wound down")
            }
            Some(Act::Slowly) => {
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(1)) => Ok(()),
                    () = at.cancelled().cancelled() => Err(StepError::permanent(failure())),
                }
            }
            Some(Act::Forever) => {
                self.reached.notify_one();
                std::future::pending().await
            }
            Some(Act::Gate) => {
                self.reached.notify_one();
                self.gate.notified().await;
                Ok(())
            }
        }
    }

    pub(crate) fn has(&self, thing: &str) -> bool {
        self.inside().things.contains(thing)
    }

    pub(crate) fn make(&self, thing: &str) {
        let mut inside = self.inside();
        if !inside.things.insert(thing.to_owned()) {
            inside.wrong.push(format!("{thing} was made twice"));
        }
        inside.done.push(format!("made {thing}"));
        let jobs = inside.jobs_under_way();
        inside.most_jobs = inside.most_jobs.max(jobs);
    }

    pub(crate) fn unmake(&self, thing: &str) {
        let mut inside = self.inside();
        if !inside.things.remove(thing) {
            inside.wrong.push(format!("{thing} was unmade without being there"));
        }
        inside.done.push(format!("unmade {thing}"));
    }

    /// A job is done at the third check.
    fn is_copied(&self, job: &str) -> bool {
        let mut inside = self.inside();
        let looks = inside.looks.entry(job.to_owned()).or_default();
        *looks += 1;
        *looks >= 3
    }

    fn write_book(&self, task: TaskId, shelves: Vec<String>) {
        self.inside().book.insert(task, shelves);
    }

    pub(crate) fn book(&self, task: TaskId) -> Vec<String> {
        self.inside().book.get(&task).cloned().unwrap_or_default()
    }

    /// Everything that was done, in order.
    pub(crate) fn done(&self) -> Vec<String> {
        self.inside().done.clone()
    }

    /// Everything that exists.
    pub(crate) fn things(&self) -> Vec<String> {
        self.inside().things.iter().cloned().collect()
    }

    /// Every run of a body, in order.
    pub(crate) fn played(&self) -> Vec<String> {
        self.inside().played.clone()
    }

    pub(crate) fn forget_played(&self) {
        self.inside().played.clear();
    }

    pub(crate) fn times_played(&self, body: &str) -> usize {
        self.inside().played.iter().filter(|played| *played == body).count()
    }

    /// The most jobs that were under way at the same time.
    pub(crate) fn most_jobs(&self) -> usize {
        self.inside().most_jobs
    }

    /// What was done twice, or removed although it did not exist.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.inside().wrong.clone()
    }
}

impl Inside {
    fn jobs_under_way(&self) -> usize {
        let is_open = |thing: &&String| {
            thing.starts_with("job ") && self.looks.get(thing.as_str()).copied().unwrap_or(0) < 3
        };
        self.things.iter().filter(is_open).count()
    }
}

/// A task that copies these shelves.
pub(crate) fn new_task(shelves: &[&str]) -> NewTask {
    let lanes = shelves.iter().map(|&shelf| shelf.to_owned());
    NewTask::of::<Copying>(Note::new("demo.copying"), &State::default(), lanes).expect("the task is in order")
}

pub(crate) type DemoStand = Stand<Copying>;

pub(crate) fn stand() -> DemoStand {
    Stand::new(World::default())
}

/// The rows as short text, e.g. `copy a FAILED`.
pub(crate) async fn rows(stand: &DemoStand, task: TaskId) -> Vec<String> {
    let task = stand.task(task).await;
    task.rows
        .iter()
        .map(|row| {
            let lane = if row.is_lane() { format!(" {}", row.lane) } else { String::new() };
            let skipped = if row.skipped { " skipped" } else { "" };
            format!("{}{lane} {}{skipped}", row.step, row.status)
        })
        .collect()
}

/// The number of a step's row in a lane.
pub(crate) async fn number(stand: &DemoStand, task: TaskId, step: &str, lane: &str) -> RowNumber {
    let task = stand.task(task).await;
    let row = task.rows.iter().find(|row| row.step == step && row.lane == lane);
    row.expect("the task has this step").number
}
