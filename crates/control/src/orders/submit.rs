//! The one way from an order to a task: permission, idempotency key, the flow's own decision, the task with its audit
//! line in one transaction, and a wake-up of the workers.

use engine::journal::{InsertError, NewTask};
use metadata::Transaction;
use metadata::submissions::{Submission, SubmissionKey};
use model::Problem;
use model::id::TaskId;
use model::order::{BackupOrder, IdempotencyKey, Order, RecoveryOrder};
use model::user::Permission;

use super::{Accepted, GapTasks, Scheduled};
use crate::context::{Actor, Attempt, Conflict, Context, Control, Draft, Error, Taker};

/// Creates the task of an order. With a key, the same order creates one task, even if it is sent again within a week.
///
/// # Errors
/// When the actor lacks the permission, a rule refuses the order, a running task excludes it, or the key was sent with
/// another order.
pub(crate) async fn submit(
    control: &Control,
    actor: &Actor,
    order: Order,
    key: Option<&IdempotencyKey>,
) -> Result<Accepted, Error> {
    let attempt = Attempt::new(actor, order.action(), order.target());
    // On the heap: the future is large, and would make the future of every caller large too.
    let work = Box::pin(async {
        actor.must(Permission::Backup)?;
        let context = &*control.context;
        let (action, in_full) = (order.action(), order.in_full());
        let key = key.map(|key| SubmissionKey { user: actor.user, action, key: key.as_str() });
        if let Some(key) = &key
            && let Some(known) = context.metadata.submission_get(key, &in_full).await?
        {
            return repeated(known, key);
        }
        let (draft, conflict) = draft(control, actor, order).await?;
        let mut writer = context.metadata.begin().await?;
        // Checked again: the same order may have been sent twice at the same time.
        if let Some(key) = &key
            && let Some(known) = writer.submission_now(key, &in_full).await?
        {
            return repeated(known, key);
        }
        let task = draft.first(&mut writer).await?.creator(&actor.name);
        let task = inserted(&mut writer, &task, conflict).await?;
        if let Some(key) = &key {
            writer.submission_insert(key, &in_full, engine::TaskId(task.0)).await?;
        }
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.wake().now();
        Ok(Accepted { task })
    });
    attempt.watch(&control.context, work).await
}

/// Creates the task of a strategy's order, and writes the row of its due time in the same transaction. If other backups
/// leave no room, the task waits in the queue.
///
/// # Errors
/// When a rule refuses the order, or the due time has a row already.
pub(crate) async fn submit_run(
    control: &Control,
    actor: &Actor,
    order: BackupOrder,
    run: &Scheduled,
) -> Result<Accepted, Error> {
    let order = Order::Backup(order);
    let attempt = Attempt::new(actor, "strategy-run", order.target());
    // On the heap, as above.
    Box::pin(async {
        let (draft, conflict) = draft(control, actor, order).await?;
        let mut writer = control.metadata().begin().await?;
        let task = run.mark(draft.first(&mut writer).await?);
        let task = run.queue(&control.context, &mut writer, task).await?;
        let task = inserted(&mut writer, &task, conflict).await?;
        run.settle(&mut writer, task).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.wake().now();
        Ok(Accepted { task })
    })
    .await
}

/// Creates the task of a repair step of log backup, and writes it into the rows of the gaps in the same transaction.
///
/// # Errors
/// When a rule refuses the order, a running task excludes it, or a gap has a task of this step already.
pub(crate) async fn submit_for_gaps(
    control: &Control,
    actor: &Actor,
    order: Order,
    tasks: &GapTasks,
) -> Result<Accepted, Error> {
    let attempt = Attempt::new(actor, "log-backup-restart", order.target());
    // On the heap, as above.
    Box::pin(async {
        actor.must(Permission::Backup)?;
        let (draft, conflict) = draft(control, actor, order).await?;
        let mut writer = control.metadata().begin().await?;
        let task = tasks.mark(draft.first(&mut writer).await?);
        let task = inserted(&mut writer, &task, conflict).await?;
        tasks.settle(&mut writer, task).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.wake().now();
        Ok(Accepted { task })
    })
    .await
}

/// The draft of an order, whose task is created in a transaction that also writes other rows.
pub(crate) struct Prepared {
    draft: Draft,
    conflict: Conflict,
}

/// Lets the flow draft the order.
///
/// # Errors
/// When the actor lacks the permission, or a rule refuses the order.
pub(crate) async fn prepare(control: &Control, actor: &Actor, order: Order) -> Result<Prepared, Error> {
    actor.must(Permission::Backup)?;
    let (draft, conflict) = Box::pin(draft(control, actor, order)).await?;
    Ok(Prepared { draft, conflict })
}

impl Prepared {
    /// Creates the task and the rows that belong to it. The caller wakes the workers after the commit.
    ///
    /// # Errors
    /// When a running task excludes it.
    pub(crate) async fn insert(
        self,
        writer: &mut Transaction,
        mark: impl FnOnce(NewTask) -> NewTask,
    ) -> Result<TaskId, Error> {
        let task = mark(self.draft.first(writer).await?);
        inserted(writer, &task, self.conflict).await
    }
}

/// Stores a task, or names the one that excludes it.
pub(super) async fn inserted(
    writer: &mut Transaction,
    task: &NewTask,
    conflict: Conflict,
) -> Result<TaskId, Error> {
    match writer.task_insert(task).await {
        Ok(task) => Ok(TaskId(task.0)),
        Err(InsertError::Occupied { task, .. }) => Err(conflict.with(task).into()),
        Err(InsertError::Journal(cause)) => Err(Error::from(cause)),
    }
}

fn repeated(known: Submission, key: &SubmissionKey<'_>) -> Result<Accepted, Error> {
    if known.is_same {
        return Ok(Accepted { task: TaskId(known.task.0) });
    }
    let refusal = Problem::conflict("idempotency-key-reused").with("key", key.key);
    Err(refusal.with("task", known.task).into())
}

/// Lets the flow draft the order.
async fn draft(control: &Control, actor: &Actor, order: Order) -> Result<(Draft, Conflict), Error> {
    let (context, table) = (&*control.context, control.orders());
    match order {
        Order::Backup(BackupOrder::Logical(order)) => {
            taken(context, actor, &table.logical_backup, order).await
        }
        Order::Backup(BackupOrder::Physical(order)) => {
            taken(context, actor, &table.physical_backup, order).await
        }
        Order::LogBackup(order) => taken(context, actor, &table.log_backup, order).await,
        Order::Compaction(order) => taken(context, actor, &table.compaction, order).await,
        Order::Recovery(RecoveryOrder::Databases(order)) => {
            taken(context, actor, &table.databases, order).await
        }
        Order::Recovery(RecoveryOrder::Tenant(order)) => taken(context, actor, &table.tenant, order).await,
        Order::Recovery(RecoveryOrder::Tables(order)) => taken(context, actor, &table.tables, order).await,
        Order::Recovery(RecoveryOrder::Cluster(order)) => taken(context, actor, &table.cluster, order).await,
        Order::CleanUp(order) => taken(context, actor, &table.clean_up, order).await,
        Order::DeletePolicy(order) => taken(context, actor, &table.delete_policy, order).await,
    }
}

async fn taken<O>(
    context: &Context,
    actor: &Actor,
    taker: &Taker<O>,
    order: O,
) -> Result<(Draft, Conflict), Error> {
    Ok(((taker.draft)(context, actor, order).await?, taker.conflict))
}
