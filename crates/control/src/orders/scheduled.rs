//! A backup that a strategy orders: its task and the row of its due time are written in one transaction.

use engine::Moment;
use engine::journal::NewTask;
use metadata::Transaction;
use metadata::strategy_runs::{Fate, NewRun};
use metadata::tasks::subject;
use model::backup::{BackupMethod, DataBackupMode};
use model::id::{ClusterId, StrategyId, TaskId, TenantId, UserId};
use model::order::StorageChoice;
use model::problem::{ProblemKind, codes};
use model::schedule::decide::Promotion;
use model::strategy::{Scope, Strategy, holding};
use model::user::{Permission, Role, User};
use model::{Problem, Timestamp};

use super::running::backup_limits;
use crate::context::{Actor, Context, Error, Means};

/// An order as the run of a strategy.
#[derive(Debug, Clone)]
pub(crate) struct Scheduled {
    /// The strategy at the time of the decision.
    pub(crate) strategy: Strategy,
    /// When the run is due.
    pub(crate) due: Timestamp,
    /// The backup mode in the schedule.
    pub(crate) planned: DataBackupMode,
    /// The actual backup mode.
    pub(crate) kind: DataBackupMode,
    /// Why it is full instead of incremental, if it is.
    pub(crate) promotion: Option<Promotion>,
    /// The time until which its task may wait in the queue.
    pub(crate) before: Timestamp,
}

/// Returns the name of a strategy, used instead of an account's name or address.
fn named(strategy: StrategyId) -> String {
    format!("strategy/{strategy}")
}

/// Returns the actor of a run: the owner of the strategy, whose account must exist, be enabled, and have the permission
/// to back up. An initial password that must be changed does not stop a run.
pub(crate) fn actor(owner: Option<User>, strategy: &Strategy) -> Result<Actor, Problem> {
    let forbidden = |id| Problem::new(ProblemKind::Forbidden, codes::FORBIDDEN, id);
    let owner = owner.ok_or_else(|| forbidden("strategy-owner-gone"))?;
    let owner = User { must_change_password: false, ..owner };
    let actor = Actor::of(owner, &named(strategy.id), Means::Program)?;
    let denied = |_| forbidden("owner-may-not-back-up").with("user", &actor.name);
    actor.must(Permission::Backup).map_err(denied)?;
    Ok(actor)
}

/// Returns the actor that drops the delete policies of a strategy that no longer needs them. The owner of the strategy
/// may be gone, and a policy that nobody drops would go on deleting backups.
pub(crate) fn caretaker(strategy: StrategyId) -> Actor {
    Actor {
        user: UserId(0), // no account has this ID
        name: named(strategy),
        role: Role::BackupManager,
        address: named(strategy),
        must_change_password: false,
        means: Means::Program,
    }
}

impl Scheduled {
    /// Names the strategy in the task.
    pub(crate) fn mark(&self, task: NewTask) -> NewTask {
        let id = self.strategy.id;
        task.creator(named(id)).subject(subject::STRATEGY, id.to_string())
    }

    /// Lets the task wait in the queue if the running backups have reached a limit.
    pub(crate) async fn queue(
        &self,
        context: &Context,
        writer: &mut Transaction,
        task: NewTask,
    ) -> Result<NewTask, Error> {
        let has_turn = writer.task_has_turn(&task, &backup_limits(context)).await?;
        Ok(if has_turn { task } else { task.queued(Moment(self.before.0)) })
    }

    /// Writes the row of the due time in the transaction that writes the task. The owner's permission is checked again
    /// here, in the same transaction.
    ///
    /// # Errors
    /// When the due time has a row already, the strategy was changed, or its owner may no longer back up.
    pub(crate) async fn settle(&self, writer: &mut Transaction, task: TaskId) -> Result<(), Error> {
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

/// Returns the strategy that backs up these tenants, if there is one; no tenants means the whole cluster. None for a
/// tenant whose own strategy cannot be read.
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

/// Returns the storage of the strategy that backs up these tenants with this method. A strategy with the other method
/// does not count: its storage would move the destinations of a physical backup.
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
