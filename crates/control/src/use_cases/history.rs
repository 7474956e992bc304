//! Lifeboat's own history: how much there is, how long it is kept, and its deletion.

use engine::TaskId;
use metadata::history::OldLog;
use model::Timestamp;
use model::history::{HistoryDays, HistoryPart};
use model::user::Permission;

use crate::actor::Actor;
use crate::context::Control;
use crate::error::Error;

/// How many rows are deleted in one transaction, so that other writers do not wait long. One log may be longer.
const AT_ONCE: u32 = 500;

/// How many transactions of each part one run of the watcher makes at most.
const ROUNDS: u32 = 2_000;

/// How much history there is, and how long it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The number of rows of each part.
    pub sizes: Vec<(HistoryPart, u64)>,
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
    let before = |part| control.context.history.before(part, now);
    let logs = match before(HistoryPart::Logs) {
        Some(before) => forget_logs(control, before).await,
        None => Ok(()),
    };
    let audit = match before(HistoryPart::Audit) {
        Some(before) => forget_audit(control, before).await,
        None => Ok(()),
    };
    logs.and(audit)
}

async fn forget_logs(control: &Control, before: Timestamp) -> Result<(), Error> {
    let mut from = TaskId(0);
    for _ in 0..ROUNDS {
        let found = control.metadata().history_logs(before, from, AT_ONCE).await?;
        let Some(last) = found.last() else { break };
        from = last.task;
        let mut rest = &found[..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(fitting(rest));
            let mut writer = control.metadata().begin().await?;
            for log in now {
                writer.history_forget_log(log).await?;
            }
            writer.commit().await?;
            rest = later;
        }
    }
    Ok(())
}

/// Returns how many of the first logs are deleted in one transaction: at least one.
fn fitting(logs: &[OldLog]) -> usize {
    let mut lines = 0;
    let fits = |log: &&OldLog| {
        lines += log.lines;
        lines <= i64::from(AT_ONCE)
    };
    logs.iter().take_while(fits).count().max(1)
}

async fn forget_audit(control: &Control, before: Timestamp) -> Result<(), Error> {
    for _ in 0..ROUNDS {
        let found = control.metadata().history_audit(before, AT_ONCE).await?;
        if found.is_empty() {
            break;
        }
        let mut writer = control.metadata().begin().await?;
        writer.history_forget_audit(found).await?;
        writer.commit().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
