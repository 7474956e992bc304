//! Durable tasks: named steps that survive crashes, run once for the outside world, and obey an operator.
//!
//! | file | what it holds |
//! |---|---|
//! | [`flow`] | what a flow's author writes: steps, bodies, answers |
//! | [`note`] | texts as `{id, arguments}`; never rendered here |
//! | [`task`] | what is stored: a task, its rows, their states |
//! | [`journal`] | the store's contract: claims, fenced saves, logs, events |
//! | `new_task` | a task to be made, and its rows |
//! | [`operator`] | what a person may command when, and what it changes |
//! | `plan`, `answer` | what a task does next, what a body's answer changes (pure) |
//! | `hold`, `runner`, `body` | one claimed task: its lease, its walk through the rows, the run of one body |
//! | [`worker`] | claims what is due and runs it |
//! | [`backoff`] | how long to wait after which failure |
//! | [`fault`], [`memory`], [`testkit`] | crashes on demand, a journal in memory, the loop over both |
//!
//! A request goes down as a [`journal::NewTask`]; a [`worker::Worker`] claims it, runs the bodies of its
//! [`flow::Flow`] and saves after each. Observers read the journal. Nothing calls back.

mod answer;
pub mod backoff;
mod body;
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
