//! The number of tasks by state, and the servers that run them; and the measurements of this program.

use std::collections::BTreeMap;

use engine::TaskStatus;
use model::measure::Timing;

use crate::error::Error;
pub use crate::measured::{RunKind, RunOutcome};
use crate::open::Metadata;
use crate::sql::{statement, word};
use crate::tasks::UNFINISHED;

/// The number of tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queue {
    /// By state; all states are present.
    pub tasks: BTreeMap<TaskStatus, u64>,
    /// The number of unfinished tasks that each server has leased.
    pub leases: BTreeMap<String, u64>,
}

impl Metadata {
    /// Returns the timings of statements since this program opened the metadata, by purpose.
    #[must_use]
    pub fn statement_timings(&self) -> Vec<(&'static str, Timing)> {
        self.database.measured().statements()
    }

    /// Returns the timings of the tasks whose end this program saved.
    #[must_use]
    pub fn run_timings(&self) -> Vec<(RunKind, Timing)> {
        self.database.measured().runs()
    }

    /// Returns the number of tasks.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queue(&self) -> Result<Queue, Error> {
        let mut reader = self.read().await?;
        let mut queue =
            Queue { tasks: TaskStatus::ALL.iter().map(|status| (*status, 0)).collect(), ..Queue::default() };
        let count =
            statement("count tasks by state", "SELECT status, COUNT(*) AS total FROM tasks GROUP BY status");
        for row in reader.rows(count).await? {
            queue.tasks.insert(row.word("status")?, row.large("total")?);
        }
        let now = reader.now().await?;
        let count = statement(
            "count leases",
            "SELECT lease_owner, COUNT(*) AS total FROM tasks WHERE lease_until > ?",
        );
        let count = count.bind(now).and_one_of("status", UNFINISHED.iter().map(word));
        for row in reader.rows(count.push(" GROUP BY lease_owner")).await? {
            if let Some(owner) = row.text_or_none("lease_owner")? {
                queue.leases.insert(owner, row.large("total")?);
            }
        }
        Ok(queue)
    }
}
