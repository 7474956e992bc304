//! Lifeboat's own history: how much there is, how long it is kept, and its deletion.

use std::collections::BTreeSet;

use engine::TaskId;
pub use metadata::history::HistorySize;
use model::Timestamp;
use model::history::{HistoryDays, HistoryPart};
use model::user::Permission;

use crate::actor::Actor;
use crate::context::Control;
use crate::error::Error;
use crate::orders;

/// How many rows are deleted in one transaction, so that other writers do not wait long.
const AT_ONCE: u32 = 500;

/// How often, at most, one run of the watcher deletes that many rows of one part.
const ROUNDS: u32 = 200;

/// How much history there is, and how long it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Each part.
    pub sizes: Vec<HistorySize>,
    /// How long each part is kept.
    pub days: HistoryDays,
}

/// Returns how much history there is.
///
/// # Errors
/// When the actor may not read it, or the metadata fail.
pub async fn read(control: &Control, actor: &Actor) -> Result<History, Error> {
    actor.must(Permission::Read)?;
    Ok(History { sizes: control.metadata().history_sizes().await?, days: control.context.history })
}

/// Deletes what is older than the settings allow, in small transactions.
pub(crate) async fn forget(control: &Control) -> Result<(), Error> {
    let now = control.metadata().now().await?;
    for part in HistoryPart::ALL {
        let Some(before) = control.context.history.before(part, now) else { continue };
        match part {
            HistoryPart::Tasks => forget_tasks(control, before).await?,
            part => forget_part(control, part, before).await?,
        }
    }
    Ok(())
}

async fn forget_part(control: &Control, part: HistoryPart, before: Timestamp) -> Result<(), Error> {
    for _ in 0..ROUNDS {
        let mut writer = control.metadata().begin().await?;
        let deleted = match part {
            HistoryPart::Logs => writer.history_forget_logs(before, AT_ONCE).await?,
            HistoryPart::Runs => writer.history_forget_runs(before, AT_ONCE).await?,
            HistoryPart::Audit => writer.history_forget_audit(before, AT_ONCE).await?,
            HistoryPart::Tasks => return Ok(()),
        };
        writer.commit().await?;
        if deleted < u64::from(AT_ONCE) {
            break;
        }
    }
    Ok(())
}

/// Deletes old tasks. The newest backup of a tenant stays if it failed: its alarm is current.
async fn forget_tasks(control: &Control, before: Timestamp) -> Result<(), Error> {
    let failures = control.metadata().backup_failures(&orders::backup_kinds()).await?;
    let failed: BTreeSet<TaskId> = failures.into_iter().map(|failure| failure.task).collect();
    let mut after = TaskId(0);
    for _ in 0..ROUNDS {
        let mut found = control.metadata().history_tasks(before, after, AT_ONCE).await?;
        let Some(last) = found.last else { break };
        after = last;
        found.tasks.retain(|task| !failed.contains(task));
        if !found.tasks.is_empty() {
            let mut writer = control.metadata().begin().await?;
            writer.history_forget_tasks(&found.tasks).await?;
            writer.commit().await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
