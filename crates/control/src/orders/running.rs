//! The running data backups, and the limits on their number.

use std::collections::BTreeMap;

use engine::journal::Limits;
use metadata::tasks::subject;
use model::id::{ClusterId, StorageId, StrategyId};
use model::strategy::Strategy;

use super::kinds::backup_kinds;
use crate::context::{Context, Error};

/// A running data backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunningBackup {
    /// Its cluster; none if the task does not name one.
    pub(crate) cluster: Option<ClusterId>,
    /// Its storage.
    pub(crate) storage: Option<StorageId>,
    /// The strategy that ordered it.
    pub(crate) strategy: Option<StrategyId>,
}

/// The running data backups: their tasks are unfinished and do not wait in the queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Running(pub(crate) Vec<RunningBackup>);

impl Running {
    /// Reads the data backups that run now, on any server.
    pub(crate) async fn read(context: &Context) -> Result<Self, Error> {
        let tasks = context.metadata.task_under_way_subjects(&backup_kinds()).await?;
        let number = |task: &BTreeMap<String, String>, name| task.get(name).and_then(|id| id.parse().ok());
        let backups = tasks.iter().map(|task| RunningBackup {
            cluster: number(task, subject::CLUSTER).map(ClusterId),
            storage: number(task, subject::STORAGE).map(StorageId),
            strategy: number(task, subject::STRATEGY).map(StrategyId),
        });
        Ok(Self(backups.collect()))
    }

    /// Returns the number of running backups.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the number of running backups to a storage.
    pub(crate) fn count_to(&self, storage: StorageId) -> usize {
        self.0.iter().filter(|backup| backup.storage == Some(storage)).count()
    }

    /// Returns whether another backup of the strategy's cluster is running, one that the strategy did not order.
    pub(crate) fn has_other_of(&self, strategy: &Strategy) -> bool {
        let cluster = Some(strategy.scope.cluster());
        self.0.iter().any(|backup| backup.cluster == cluster && backup.strategy != Some(strategy.id))
    }
}

/// Returns the numbers of running data backups at which the backups of strategies wait in the queue.
pub(crate) fn backup_limits(context: &Context) -> Limits {
    Limits {
        kinds: backup_kinds(),
        at_once: Some(context.data_backups_at_once),
        same_subject: context.backups_per_storage.map(|most| (subject::STORAGE.to_owned(), most)),
    }
}
