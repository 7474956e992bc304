//! The request of a change of log backup, and the state of each lane.

use std::collections::BTreeMap;

use model::archive::LogBackupWish;
use model::id::ClusterId;
use model::physical::Scope;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A change of log backup.
pub(crate) struct LogBackup;

/// The request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) cluster: ClusterId,
    pub(crate) wish: LogBackupWish,
    pub(crate) scopes: BTreeMap<String, Scope>,
}

/// The state of one lane.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Lane {
    /// When the wait began, by the database's clock. None if the lane was already in the requested state, and after a
    /// wait that took too long.
    pub(super) since: Option<Timestamp>,
}

impl LogBackup {
    /// Returns the change that a task of this flow makes, or none if its state cannot be read.
    pub(crate) fn wish(task: &engine::Task) -> Option<LogBackupWish> {
        let state = serde_json::from_value::<State>(task.state.clone());
        state.ok().map(|state| state.wish)
    }

    /// Returns whether a task of this flow changed the log backup of a lane, or still may. A task that found the lane
    /// in the requested state did not.
    pub(crate) fn changes(task: &engine::Task, lane: &str) -> bool {
        let Some(known) = task.lanes.iter().find(|known| known.key == lane) else { return false };
        let has_acted =
            || serde_json::from_value::<Lane>(known.state.clone()).is_ok_and(|lane| lane.since.is_some());
        !task.status.is_finished() || task.lane_failure(lane).is_none() && has_acted()
    }
}
