//! Due times that are recorded as missed.

use metadata::Transaction;
use metadata::strategy_runs::{Fate, NewRun, StoredRun};
use model::Timestamp;
use model::backup::DataBackupMode;
use model::schedule::decide::{Decision, HORIZON, MissReason, State, decide};
use model::strategy::Strategy;

use crate::error::Error;

/// Records, in the transaction that ends a pause or replaces a schedule, every due time that was not started.
pub(super) async fn record_misses(
    writer: &mut Transaction,
    strategy: &Strategy,
    reason: MissReason,
    now: Timestamp,
) -> Result<(), Error> {
    let history = writer.strategy_runs_now(strategy.id, Timestamp(now.0.saturating_sub(HORIZON))).await?;
    let history: Vec<_> = history.iter().map(StoredRun::row).collect();
    // All runs of a paused strategy are missed, whatever the other inputs.
    let paused = Strategy { paused: true, ..strategy.clone() };
    let unknown = State {
        begun: None,
        cluster: None,
        has_usable_full: false,
        other_backup_runs: false,
        running: 0,
        running_max: 0,
        storage_running: 0,
        storage_running_max: None,
    };
    let decisions = decide(&paused, &history, &unknown, now).into_iter();
    let missed: Vec<NewRun> = decisions
        .filter_map(|decision| match decision {
            Decision::Miss { due, .. } => Some(missed(strategy, due, reason)),
            _ => None,
        })
        .collect();
    writer.strategy_runs_insert(&missed).await?;
    Ok(())
}

/// Returns the row of a missed due time.
pub(super) fn missed(strategy: &Strategy, due: Timestamp, reason: MissReason) -> NewRun {
    NewRun {
        strategy: strategy.id,
        due,
        planned: planned(strategy, due),
        fate: Fate::Missed(reason),
        note: None,
    }
}

/// Returns the backup mode in the schedule at a due time.
pub(super) fn planned(strategy: &Strategy, due: Timestamp) -> DataBackupMode {
    let found = strategy.settings.schedule.due_times(Timestamp(due.0 - 1), due);
    found.first().map_or(DataBackupMode::Full, |due| due.kind)
}
