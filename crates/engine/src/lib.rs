//! Durable tasks: named steps that survive crashes, run once for the outside world, and obey an operator.
//!
//! | file | content |
//! |---|---|
//! | [`flow`] | the parts that the author of a flow writes: steps, bodies, answers |
//! | [`note`] | texts as `{id, arguments}`; never rendered here |
//! | [`task`] | the stored data: a task, its rows, their states |
//! | [`journal`] | the store's contract: claims, fenced saves, logs, events |
//! | `new_task` | a task to create, and its rows |
//! | [`operator`] | the commands of an operator, when they are allowed, and their effects |
//! | `plan`, `answer` | the next action of a task, the effect of a body's answer (both pure) |
//! | `hold`, `runner`, `body` | one claimed task: its lease, the order of its rows, the run of one body |
//! | [`worker`] | claims due tasks and runs them |
//! | [`backoff`] | the waits after failures |
//! | [`clock`] | the times that a clock which was ahead has written |
//! | [`fault`], [`memory`], [`testkit`] | crashes on demand, a journal in memory, the test kit that combines them |
//!
//! A request goes down as a [`journal::NewTask`]; a [`worker::Worker`] claims it, runs the bodies of its
//! [`flow::Flow`] and saves after each. Observers read the journal. There are no callbacks.

mod answer;
pub mod backoff;
mod body;
pub mod clock;
pub mod fault;
pub mod flow;
mod hold;
pub mod journal;
pub mod memory;
mod new_task;
pub mod note;
pub mod operator;
mod plan;
mod registry;
mod runner;
mod settings;
pub mod task;
pub mod testkit;
pub mod worker;

pub use backoff::Backoff;
pub use fault::Fault;
pub use flow::{At, Flow, Next, Step, StepError};
pub use journal::{Journal, JournalError, NewTask};
pub use note::Note;
pub use task::{Moment, Progress, Row, RowNumber, StepStatus, Task, TaskId, TaskStatus};
pub use worker::{Settings, Wake, Worker};
