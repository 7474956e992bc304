//! A backup that a strategy orders: its task and the row of its due time are written in one transaction.

use engine::journal::NewTask;
use metadata::Transaction;
use metadata::strategy_runs::{Fate, NewRun};
use metadata::tasks::subject;
use model::backup::{BackupMethod, DataBackupMode};
use model::id::{ClusterId, StrategyId, TaskId, TenantId};
use model::order::StorageChoice;
use model::problem::{ProblemKind, codes};
use model::schedule::decide::Promotion;
use model::strategy::{Scope, Strategy, holding};
use model::user::{Permission, User};
use model::{Problem, Timestamp};

use super::kinds::backup_kinds;
use crate::context::{Actor, Context, Error, Means};

/// The run of a strategy that an order is.
#[derive(Debug, Clone)]
pub(crate) struct Scheduled {
    /// The strategy as it was when this was decided.
    pub(crate) strategy: Strategy,
    /// When the run is due.
    pub(crate) due: Timestamp,
    /// How much the schedule asks for.
    pub(crate) planned: DataBackupMode,
    /// The backup mode.
    pub(crate) kind: DataBackupMode,
    /// Why it is full instead of incremental, if it is.
    pub(crate) promotion: Option<Promotion>,
}

/// Returns the name of a strategy in place of an account's name or address.
fn named(strategy: StrategyId) -> String {
    format!("strategy/{strategy}")
}

/// Returns who acts in a run: the owner of the strategy, who must be there, enabled, and allowed to back up. A password
/// that is to be changed keeps a person out, and no run.
pub(crate) fn actor(owner: Option<User>, strategy: &Strategy) -> Result<Actor, Problem> {
    let forbidden = |id| Problem::new(ProblemKind::Forbidden, codes::FORBIDDEN, id);
    let owner = owner.ok_or_else(|| forbidden("strategy-owner-gone"))?;
    let owner = User { must_change_password: false, ..owner };
    let actor = Actor::of(owner, &named(strategy.id), Means::Program)?;
    actor.must(Permission::Backup)?;
    Ok(actor)
}

impl Scheduled {
    /// Names the strategy in the task.
    pub(crate) fn mark(&self, task: NewTask) -> NewTask {
        let id = self.strategy.id;
        task.creator(named(id)).subject(subject::STRATEGY, id.to_string())
    }

    /// Writes the row of the due time in the transaction that writes the task. The owner's permission is looked at
    /// here again: what may happen is decided in the transaction in which it happens.
    ///
    /// # Errors
    /// When the due time is settled already, when another server has used up the room, when the strategy was changed, or
    /// its owner may not back up any more.
    pub(crate) async fn settle(
        &self,
        context: &Context,
        writer: &mut Transaction,
        task: TaskId,
    ) -> Result<(), Error> {
        self.find_room(context, writer).await?;
        let strategies = writer.strategies_now(self.strategy.scope.cluster()).await?;
        if !strategies.contains(&self.strategy) {
            return Err(Problem::conflict("strategy-changed-meanwhile").into());
        }
        actor(writer.user_now(self.strategy.owner).await?, &self.strategy)?;
        let run = NewRun {
            strategy: self.strategy.id,
            due: self.due,
            planned: self.planned,
            fate: Fate::Started { kind: self.kind, task },
            note: self.promotion.map(Promotion::text),
        };
        if writer.strategy_run_insert(&run).await? {
            Ok(())
        } else {
            Err(Problem::conflict("strategy-run-settled").with("due", self.due).into())
        }
    }
}

impl Scheduled {
    /// Counts the running backups, with the one that this transaction creates. Otherwise, servers that check at the
    /// same time would each use up the free slots.
    async fn find_room(&self, context: &Context, writer: &mut Transaction) -> Result<(), Error> {
        let kinds = backup_kinds();
        let running = writer.task_unfinished_count(&kinds, None).await?;
        let is_within =
            |running: u64, max: usize| usize::try_from(running).is_ok_and(|running| running <= max);
        let mut has_room = is_within(running, context.data_backups_at_once);
        if let Some(max) = context.backups_per_storage {
            let storage = self.strategy.settings.storage.to_string();
            let about = Some((subject::STORAGE, storage.as_str()));
            has_room &= is_within(writer.task_unfinished_count(&kinds, about).await?, max);
        }
        if has_room { Ok(()) } else { Err(Problem::conflict("strategy-without-room").into()) }
    }
}

/// Returns the strategy that backs up these tenants, if there is one; no tenants stand for the cluster. Of a tenant whose
/// own strategy cannot be read nothing is known.
pub(crate) async fn strategy_of(
    context: &Context,
    cluster: ClusterId,
    tenants: &[TenantId],
) -> Result<Option<Strategy>, Error> {
    let strategies = context.metadata.strategy_list_whole(Some(cluster)).await?;
    let is_hidden = |scope| strategies.unreadable.iter().any(|unreadable| unreadable.scope == scope);
    let found = match tenants {
        [tenant] if is_hidden(Scope::Tenant(cluster, *tenant)) => None,
        [tenant] => holding(&strategies.readable, cluster, *tenant),
        _ => strategies.readable.iter().find(|strategy| strategy.scope.tenant().is_none()),
    };
    Ok(found.cloned())
}

/// Returns the storage of the strategy that backs up these tenants in this way. A strategy of the other method does
/// not count: its storage would move the destinations of a physical backup.
pub(crate) async fn strategy_storage(
    context: &Context,
    cluster: ClusterId,
    tenants: &[TenantId],
    method: BackupMethod,
) -> Result<Option<StorageChoice>, Error> {
    let strategy = strategy_of(context, cluster, tenants).await?;
    let strategy = strategy.filter(|strategy| strategy.settings.method == method);
    Ok(strategy.map(|strategy| StorageChoice::Saved(strategy.settings.storage)))
}
