//! Major compaction: shows its status, starts one, and clears the error of a stopped one.

use engine::{Flow as _, TaskStatus as Stored};
use metadata::Slice;
use metadata::tasks::{TaskQuery, subject};
use model::Problem;
use model::ability::Generation;
use model::compaction::{Compaction, CompactionStatus};
use model::id::{ClusterId, TaskId, TenantId};
use model::order::{CompactionOrder, IdempotencyKey, Order};
use model::physical::SYS;
use model::problem::codes;
use model::user::Permission;

use crate::actor::Actor;
use crate::asking;
use crate::context::Attempt;
use crate::context::Control;
use crate::error::Error;
use crate::flows::major_compaction::MajorCompaction;
use crate::orders::{self, Accepted};

/// The status of major compaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compactions {
    /// The running compaction task of Lifeboat.
    pub running: Option<TaskId>,
    /// Its status: the worst of all tenants.
    pub status: CompactionStatus,
    /// The name and status of each tenant; before 4.0 and on seekdb only tenant 1, for the whole cluster.
    pub tenants: Vec<(String, Compaction)>,
}

/// Returns the status of major compaction.
///
/// # Errors
/// When there is no such cluster, or it does not answer.
pub async fn show(control: &Control, actor: &Actor, id: ClusterId) -> Result<Compactions, Error> {
    actor.must(Permission::Read)?;
    let cluster = control.context.cluster(id).await?;
    let running = TaskQuery {
        statuses: vec![Stored::Pending, Stored::Running, Stored::RollingBack],
        kinds: vec![MajorCompaction::KIND.to_owned()],
        subjects: vec![(subject::CLUSTER.to_owned(), id.to_string())],
        ..TaskQuery::default()
    };
    let running = control.metadata().task_list(&running, Slice { offset: 0, limit: 1 }).await?;
    let known = control.metadata().tenant_list(id).await?;
    let compactions = asking::open(&control.context, &cluster).await?.compactions().await?;
    let is_by_tenant = cluster.facts.generation == Generation::Gen4;
    let name = |tenant: TenantId| match known.iter().find(|known| known.id == tenant) {
        _ if !is_by_tenant => "cluster".to_owned(),
        Some(known) => known.name.clone(),
        None => tenant.to_string(),
    };
    Ok(Compactions {
        running: running.items.first().map(|task| TaskId(task.id.0)),
        status: worst(&compactions),
        tenants: compactions.into_iter().map(|one| (name(one.tenant), one)).collect(),
    })
}

/// Returns the worst status.
pub(crate) fn worst(compactions: &[Compaction]) -> CompactionStatus {
    let rank = |status: &CompactionStatus| match status {
        CompactionStatus::Idle => 0,
        CompactionStatus::Compacting => 1,
        CompactionStatus::Error => 2,
    };
    let statuses = compactions.iter().map(|one| one.status);
    statuses.max_by_key(rank).unwrap_or(CompactionStatus::Idle)
}

/// Starts a major compaction of tenants; none means all user tenants. Before 4.0 and on seekdb it is always the whole
/// cluster.
///
/// # Errors
/// When a rule refuses it: while the cluster is being upgraded, or for single tenants before 4.0 and on seekdb.
pub async fn start(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    tenants: &[TenantId],
    key: Option<&IdempotencyKey>,
) -> Result<Accepted, Error> {
    let order = CompactionOrder { cluster: id, tenants: tenants.to_vec() };
    orders::submit(control, actor, Order::Compaction(order), key).await
}

/// Clears the error of stopped major compactions; returns the affected tenants. None means all.
///
/// # Errors
/// When the cluster does not answer or refuses, or no selected tenant has a compaction error.
pub async fn clear_exceptions(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    chosen: &[TenantId],
) -> Result<Vec<TenantId>, Error> {
    let attempt = Attempt::new(actor, "compaction-clear", format!("cluster/{id}"));
    let work = async {
        actor.must(Permission::Backup)?;
        let cluster = control.context.cluster(id).await?;
        let mut driver = asking::open(&control.context, &cluster).await?;
        let tenants = control.metadata().tenant_list(id).await?;
        let mut cleared = Vec::new();
        for compaction in driver.compactions().await? {
            let is_chosen = chosen.is_empty() || chosen.contains(&compaction.tenant);
            if !is_chosen || compaction.status != CompactionStatus::Error {
                continue;
            }
            let known = tenants.iter().find(|tenant| tenant.id == compaction.tenant);
            let name = known.map_or("sys", |tenant| tenant.name.as_str());
            let is_by_tenant = driver.generation() == Generation::Gen4;
            let statement = driver.verbs().clear_merge_error(if is_by_tenant { name } else { "" });
            driver.act(&statement).await?;
            cleared.push(compaction.tenant);
        }
        if cleared.is_empty() {
            let tenant = chosen.first().copied().unwrap_or(SYS);
            let problem =
                Problem::refused(codes::CONFLICT, "compaction-without-error").with("tenant", tenant);
            return Err(problem.into());
        }
        let mut writer = control.metadata().begin().await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        Ok(cleared)
    };
    attempt.watch(&control.context, work).await
}
