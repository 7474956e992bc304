//! A repair step of log backup: its task and the record of the gap are written in one transaction.

use engine::journal::NewTask;
use metadata::Transaction;
use metadata::tasks::subject;
use model::Problem;
use model::id::{StrategyId, TaskId};
use model::log_gap::{GapKey, Mending};

use crate::context::Error;

/// The gaps that a task is for, and the strategy that allows it.
#[derive(Debug, Clone)]
pub(crate) struct GapTasks {
    /// The strategy.
    pub(crate) strategy: StrategyId,
    /// The repair step.
    pub(crate) step: Mending,
    /// The gaps.
    pub(crate) gaps: Vec<GapKey>,
}

impl GapTasks {
    /// Names the strategy in the task.
    pub(crate) fn mark(&self, task: NewTask) -> NewTask {
        let id = self.strategy;
        task.creator(format!("strategy/{id}")).subject(subject::STRATEGY, id.to_string())
    }

    /// Writes the task into the row of every gap.
    ///
    /// # Errors
    /// When one of them has a task of this step already: the transaction must then not be committed.
    pub(crate) async fn settle(&self, writer: &mut Transaction, task: TaskId) -> Result<(), Error> {
        for gap in &self.gaps {
            if !writer.log_gap_task(*gap, self.step, task).await? {
                return Err(Problem::conflict("log-gap-settled").into());
            }
        }
        Ok(())
    }
}
