//! 2. The tenant can take tables, no other table recovery runs there, and the pools are free.

use engine::Next;
use engine::flow::Answer;
use model::Problem;
use model::cluster::refuse_upgrading;
use model::order::takes_tables;
use model::physical::data_version::TenantFeature;
use model::physical::resources::TargetResources;
use model::physical::table_recovery::TableJobStatus;
use model::problem::codes;
use model::tenant::{Tenant, TenantMode};
use model::text::Text;
use oceanbase::Driver;

use super::state::{Here, State};
use crate::context::Context;
use crate::error::Error;
use crate::flows::recovery_source::driver;
use crate::flows::restore_tenant::pools::check_unclaimed;
use crate::words;

pub(super) async fn check_destination(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    for note in look(at.context(), state, &mut driver).await? {
        at.log(words::note(note));
    }
    Ok(Next::Done)
}

/// Checks whether tables can be recovered into the tenant. It only reads.
pub(super) async fn look(context: &Context, state: &State, driver: &mut Driver) -> Result<Vec<Text>, Error> {
    let mut cluster = context.cluster(state.origin.cluster).await?;
    cluster.facts = driver.probe().await?;
    refuse_upgrading(&cluster)?;
    let server = &cluster.facts.server;
    takes_tables(cluster.facts.generation, server)?;
    let tenants = driver.tenants().await?;
    let unknown = || {
        let problem = Problem::not_found("table-recovery-tenant-unknown");
        problem.with("cluster", &cluster.name).with("tenant", &state.tenant_name)
    };
    let tenant = tenants.iter().find(|tenant| state.is_target(tenant)).ok_or_else(unknown)?;
    check_tenant(tenant)?;
    TenantFeature::TableRecovery.check(&server.version, tenant)?;
    check_mode(context, state, tenant).await?;
    let jobs = driver.table_jobs(&state.tenant_name).await?;
    if let Some(job) = jobs.iter().find(|job| job.status == TableJobStatus::Running) {
        let problem = Problem::refused(codes::RECOVERY_RUNS_ALREADY, "table-recovery-job-foreign");
        return Err(problem.with("tenant", &state.tenant_name).with("job", job.id).into());
    }
    let have = driver.resources().await?;
    check_unclaimed(context, &state.pools, &have).await?;
    TargetResources::Pools(state.pools.clone()).check(&have, &[])?;
    let cluster_is = Text::new("cluster-is").with("cluster", &cluster.name).with("server", server);
    let late = Text::new("plan-tables-checked-late").with("tenant", &state.tenant_name);
    Ok(vec![cluster_is, late])
}

fn check_tenant(tenant: &Tenant) -> Result<(), Problem> {
    let refused = |id| Problem::refused(codes::RECOVERY_FAILED, id).with("tenant", &tenant.name);
    if tenant.status != "NORMAL" {
        return Err(refused("tenant-not-normal").with("status", &tenant.status));
    }
    if tenant.role != "PRIMARY" {
        return Err(refused("table-recovery-into-standby").with("role", &tenant.role));
    }
    Ok(())
}

/// Compares the SQL mode with that of the tenant that was backed up, if Lifeboat knows it.
async fn check_mode(context: &Context, state: &State, tenant: &Tenant) -> Result<(), Error> {
    let origin = &state.origin;
    let Some(cluster) = origin.backup_cluster else { return Ok(()) };
    let known = context.metadata.tenant_get(cluster, origin.backup_tenant).await?;
    let is_oracle = |mode: TenantMode| mode == TenantMode::Oracle;
    if known.is_some_and(|known| is_oracle(known.mode) != is_oracle(tenant.mode)) {
        let problem = Problem::refused(codes::RECOVERY_FAILED, "table-recovery-modes-differ");
        return Err(problem.with("source", &origin.backup_tenant_name).with("tenant", &tenant.name).into());
    }
    Ok(())
}
