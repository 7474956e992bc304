//! Major compaction: how it stands, starting one, and letting one go on that stopped at an error.

use std::sync::Arc;

use model::Problem;
use model::ability::Generation;
use model::compaction::{Compaction, CompactionStatus};
use model::id::{ClusterId, TenantId};
use model::physical::SYS;
use model::problem::codes;
use model::user::Permission;
use oceanbase::{Driver, NoWitness};

use crate::actor::Actor;
use crate::audit::Attempt;
use crate::backups::Accepted;
use crate::context::Control;
use crate::error::Error;
use crate::flows::major_compaction;

/// Returns how major compaction stands: each tenant on 4.x, else tenant 1 for all there is.
///
/// # Errors
/// When there is no such cluster, or it does not answer.
pub async fn show(control: &Control, actor: &Actor, id: ClusterId) -> Result<Vec<Compaction>, Error> {
    actor.must(Permission::Read)?;
    Ok(open(control, id).await?.compactions().await?)
}

/// Begins a major compaction of tenants; none means all users'. Before 4.0 and on seekdb it is always the whole.
///
/// # Errors
/// When a rule refuses it: while the cluster is being upgraded, or for single tenants where they do not merge alone.
pub async fn start(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    tenants: &[TenantId],
) -> Result<Accepted, Error> {
    let attempt = Attempt::new(actor, "compaction-start", format!("cluster/{id}"));
    let work = async {
        actor.must(Permission::Backup)?;
        major_compaction::request(control, actor, id, tenants, &attempt).await
    };
    attempt.watch(control, work).await
}

/// Lets major compactions go on that stopped at an error; returns which tenants' did. None means all.
///
/// # Errors
/// When the cluster does not answer or refuses, or nothing that was chosen is in an error.
pub async fn clear_exceptions(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    chosen: &[TenantId],
) -> Result<Vec<TenantId>, Error> {
    let attempt = Attempt::new(actor, "compaction-clear", format!("cluster/{id}"));
    let work = async {
        actor.must(Permission::Backup)?;
        let mut driver = open(control, id).await?;
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
    attempt.watch(control, work).await
}

async fn open(control: &Control, id: ClusterId) -> Result<Driver, Error> {
    let cluster = control.context.cluster(id).await?;
    let endpoint = control.context.endpoint(&cluster).await?;
    Ok(Driver::open(&endpoint, Arc::new(NoWitness)).await?)
}
