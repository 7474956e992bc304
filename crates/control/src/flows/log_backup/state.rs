//! The request of a change of log backup, and the state of each lane.

use std::collections::BTreeMap;

use model::archive::LogBackupWish;
use model::id::ClusterId;
use model::physical::Scope;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Change the log backup of a cluster.
pub(crate) struct LogBackup;

/// The request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) cluster: ClusterId,
    pub(crate) wish: LogBackupWish,
    pub(crate) scopes: BTreeMap<String, Scope>,
}

/// What is known of one lane.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Lane {
    /// When we began to wait, by the database's clock.
    pub(super) since: Option<Timestamp>,
}

impl LogBackup {
    /// Returns what a task of this flow was asked for; nothing when its state cannot be read.
    pub(crate) fn wish(task: &engine::Task) -> Option<LogBackupWish> {
        let state = serde_json::from_value::<State>(task.state.clone());
        state.ok().map(|state| state.wish)
    }
}
