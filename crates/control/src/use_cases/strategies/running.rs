//! The running data backups, and the runs that they exclude.

use std::collections::BTreeMap;

use metadata::tasks::subject;
use model::id::{ClusterId, StorageId, StrategyId};
use model::strategy::Strategy;

use crate::context::{Context, Control};
use crate::error::Error;
use crate::orders;

/// A data backup that runs or waits to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunningBackup {
    /// Its cluster; none when its task does not name one.
    pub(crate) cluster: Option<ClusterId>,
    /// Where it goes.
    pub(crate) storage: Option<StorageId>,
    /// The strategy that ordered it.
    pub(crate) strategy: Option<StrategyId>,
}

/// The data backups that run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Running(pub(crate) Vec<RunningBackup>);

impl Running {
    /// Reads what runs now, on whichever server.
    pub(crate) async fn read(control: &Control) -> Result<Self, Error> {
        let tasks = control.metadata().task_unfinished_subjects(&orders::backup_kinds()).await?;
        let number = |task: &BTreeMap<String, String>, name| task.get(name).and_then(|id| id.parse().ok());
        let backups = tasks.iter().map(|task| RunningBackup {
            cluster: number(task, subject::CLUSTER).map(ClusterId),
            storage: number(task, subject::STORAGE).map(StorageId),
            strategy: number(task, subject::STRATEGY).map(StrategyId),
        });
        Ok(Self(backups.collect()))
    }

    /// Adds the run of a strategy that has just started.
    pub(super) fn add(&mut self, strategy: &Strategy) {
        self.0.push(RunningBackup {
            cluster: Some(strategy.scope.cluster()),
            storage: Some(strategy.settings.storage),
            strategy: Some(strategy.id),
        });
    }

    /// Returns how many run.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns how many go to a storage.
    pub(super) fn count_to(&self, storage: StorageId) -> usize {
        self.0.iter().filter(|backup| backup.storage == Some(storage)).count()
    }

    /// Returns whether a backup of the strategy's cluster runs that is not the strategy's own.
    pub(super) fn has_other_of(&self, strategy: &Strategy) -> bool {
        let cluster = Some(strategy.scope.cluster());
        self.0.iter().any(|backup| backup.cluster == cluster && backup.strategy != Some(strategy.id))
    }

    /// Returns whether no run of the strategy can start, whatever else is known: the maximum number of backups is
    /// running, or one of its cluster is.
    pub(super) fn leaves_no_room(&self, context: &Context, strategy: &Strategy) -> bool {
        let cluster = Some(strategy.scope.cluster());
        self.count() >= context.data_backups_at_once
            || context.backups_per_storage.is_some_and(|max| self.count_to(strategy.settings.storage) >= max)
            || self.0.iter().any(|backup| backup.cluster == cluster)
    }
}
