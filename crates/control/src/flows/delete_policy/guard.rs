//! What must hold before a statement about a delete policy is sent: the right cluster and tenant, no hold, no task that
//! uses the backups.

use engine::{Flow as _, TaskStatus};
use metadata::Slice;
use metadata::tasks::{TaskQuery, subject};
use model::Problem;
use model::ability::Generation;
use model::backup::BackupMethod;
use model::cluster::{Cluster, refuse_upgrading};
use model::id::TenantId;
use model::physical::SYS;
use model::physical::data_version::TenantFeature;
use model::physical::delete_policy::{DAY_US, PolicyWish};
use model::physical::destination::is_below;
use model::problem::codes;
use model::retention::kernel::KernelPolicy;
use model::tenant::Tenant;
use oceanbase::Driver;

use super::foreseen::{Foreseen, Outlook};
use super::state::{Here, Identity, Part, State};
use super::wanted::{self, Wanted};
use crate::context::Context;
use crate::error::Error;
use crate::flows::recover_tables::RecoverTables;
use crate::flows::recovery_source::Origin;
use crate::flows::restore_cluster::{self, RestoreCluster};
use crate::flows::restore_tenant::RestoreTenant;
use crate::orders::BACKUP_PHYSICAL;

/// The statuses in which a task may still use backups.
const UNFINISHED: [TaskStatus; 3] = [TaskStatus::Pending, TaskStatus::Running, TaskStatus::RollingBack];

/// Refuses a cluster without delete policies, by what is known about it.
pub(crate) fn check_offered(cluster: &Cluster) -> Result<(), Problem> {
    let facts = &cluster.facts;
    if facts.generation != Generation::Gen4 || !facts.ability.offers(BackupMethod::Physical) {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "delete-policy-not-offered"));
    }
    Ok(())
}

/// Checks that the server belongs to the cluster that is meant, and that it is not being upgraded.
pub(super) async fn check_cluster(
    driver: &mut Driver,
    cluster: &Cluster,
    meant: &Identity,
) -> Result<(), Error> {
    let facts = driver.probe().await?;
    let found = Identity::of(&facts);
    if found != *meant {
        let refusal = Problem::conflict("delete-policy-other-cluster").with("cluster", &cluster.name);
        return Err(refusal.with("known", meant).with("found", found).into());
    }
    let seen = Cluster { facts, ..cluster.clone() };
    check_offered(&seen)?;
    Ok(refuse_upgrading(&seen)?)
}

/// Returns a tenant of the cluster by its ID.
pub(super) fn living(tenants: &[Tenant], id: TenantId) -> Result<&Tenant, Problem> {
    if id == SYS {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "delete-policy-of-sys"));
    }
    let found = tenants.iter().find(|tenant| tenant.id == id);
    found.ok_or_else(|| Problem::not_found("tenant-unknown").with("tenant", id))
}

/// Checks that the name of a tenant, which a statement contains, still is that of the tenant with this ID. Another one
/// may have been created with the name of a dropped one.
async fn check_tenant(
    context: &Context,
    driver: &mut Driver,
    state: &State,
    id: TenantId,
    name: &str,
) -> Result<Tenant, Error> {
    check_cluster(driver, &context.cluster(state.cluster).await?, &state.identity).await?;
    let tenants = driver.tenants().await?;
    let tenant = living(&tenants, id)?;
    if tenant.name == name {
        return Ok(tenant.clone());
    }
    let refusal = Problem::conflict("delete-policy-other-tenant").with("tenant", name);
    Err(refusal.with("id", id).with("found", &tenant.name).into())
}

/// Checks once more, immediately before a policy is dropped or added, that this is still wanted, that the tenant is the
/// one that is meant, and that the database deletes nothing by a new policy that the plan does not contain.
pub(super) async fn check_change(
    at: &Here,
    driver: &mut Driver,
    state: &State,
    part: &Part,
) -> Result<(), Error> {
    let (context, name) = (at.context(), at.lane());
    let tenant = check_tenant(context, driver, state, part.tenant, name).await?;
    let cluster = context.cluster(state.cluster).await?;
    wanted::check(at, state, part.tenant, name).await?;
    let PolicyWish::Set { rule, days } = state.wish else { return Ok(()) };
    check_set(context, driver, &cluster, &tenant, rule).await?;
    let window_us = u64::from(days) * DAY_US;
    let outlook = Outlook::read(driver, Some(part.tenant)).await?;
    let (_, now) = outlook.foresee(driver, part.tenant, rule, window_us).await?;
    if part.foreseen.has_moved(&now) {
        return Err(Problem::conflict("delete-policy-destination-moved").with("tenant", name).into());
    }
    if let Some(base) = Wanted::read(context, &cluster).await?.base(context, state.strategy).await? {
        check_place(&base, &now, name)?;
    }
    let (sets, pieces) = part.foreseen.surplus(&now);
    if sets.is_empty() && pieces == 0 {
        return Ok(());
    }
    let sets: Vec<String> = sets.iter().map(i64::to_string).collect();
    let refusal = Problem::conflict("delete-policy-deletes-more").with("tenant", name);
    let sets = if sets.is_empty() { "-".to_owned() } else { sets.join(", ") };
    Err(refusal.with("sets", sets).with("pieces", pieces).into())
}

/// Checks that the database deletes by the policy of a strategy only in the strategy's storage. A tenant without
/// destinations gets them by the first backup of the strategy.
pub(super) fn check_place(base: &str, foreseen: &Foreseen, name: &str) -> Result<(), Problem> {
    let mut places = [&foreseen.data, &foreseen.log].into_iter().flatten();
    match places.find(|place| !place.is_empty() && !is_below(place, base)) {
        None => Ok(()),
        Some(place) => {
            let refusal = Problem::refused(codes::PRECHECK_FAILED, "delete-policy-elsewhere");
            Err(refusal.with("tenant", name).with("path", place).with("storage", base))
        }
    }
}

/// Checks that a tenant can get a policy with this rule.
pub(super) async fn check_set(
    context: &Context,
    driver: &mut Driver,
    cluster: &Cluster,
    tenant: &Tenant,
    rule: KernelPolicy,
) -> Result<(), Error> {
    let refused = |id| Problem::refused(codes::PRECHECK_FAILED, id).with("tenant", &tenant.name);
    if tenant.role != "PRIMARY" {
        return Err(refused("delete-policy-not-primary").with("role", &tenant.role).into());
    }
    if tenant.status != "NORMAL" {
        return Err(refused("delete-policy-tenant-not-normal").with("status", &tenant.status).into());
    }
    if rule == KernelPolicy::LogOnly {
        TenantFeature::LogOnlyPolicy.check(&driver.server().version, tenant)?;
        if let Some(data) = driver.tenant_destinations(tenant.id).await?.data {
            return Err(refused("delete-policy-log-only-with-data").with("path", data).into());
        }
    }
    refuse_held(context, cluster, tenant).await?;
    refuse_used(context, cluster, tenant).await
}

/// Refuses a tenant with a held physical set: the database does not know holds.
async fn refuse_held(context: &Context, cluster: &Cluster, tenant: &Tenant) -> Result<(), Error> {
    let now = context.metadata.now().await?;
    for hold in context.metadata.hold_list(cluster.id).await? {
        let set = context.backup_set(hold.set).await?;
        if hold.is_active(now) && set.method == BackupMethod::Physical && set.tenant == tenant.id {
            let refusal = Problem::conflict("delete-policy-held").with("set", hold.set);
            let refusal = refusal.with("tenant", &tenant.name).with("owner", hold.owner);
            return Err(refusal.with("reason", hold.reason).into());
        }
    }
    Ok(())
}

/// Refuses a tenant whose physical backups an unfinished task writes or reads.
async fn refuse_used(context: &Context, cluster: &Cluster, tenant: &Tenant) -> Result<(), Error> {
    let kinds = [BACKUP_PHYSICAL, RestoreTenant::KIND, RecoverTables::KIND, RestoreCluster::KIND];
    let query = TaskQuery {
        statuses: UNFINISHED.to_vec(),
        kinds: kinds.map(str::to_owned).to_vec(),
        ..TaskQuery::default()
    };
    let tasks = context.metadata.task_list(&query, Slice::ALL).await?.items;
    match tasks.iter().find(|task| uses(task, cluster, tenant)) {
        Some(task) => {
            let refusal = Problem::conflict("delete-policy-in-use").with("task", task.id);
            Err(refusal.with("tenant", &tenant.name).into())
        }
        None => Ok(()),
    }
}

fn uses(task: &engine::Task, cluster: &Cluster, tenant: &Tenant) -> bool {
    if task.kind == BACKUP_PHYSICAL {
        let is_here = task.subject.get(subject::CLUSTER).is_some_and(|id| *id == cluster.id.to_string());
        return is_here && task.lanes.iter().any(|lane| lane.key == tenant.name);
    }
    if task.kind == RestoreCluster::KIND {
        // Tenants that wait for their turn have no task of their own yet.
        let state = serde_json::from_value::<restore_cluster::State>(task.state.clone());
        return state.map_or(true, |state| {
            state.source == cluster.id && state.tenants.iter().any(|wanted| wanted.tenant == tenant.id)
        });
    }
    match serde_json::from_value::<Origin>(task.state["origin"].clone()) {
        Ok(origin) => {
            let is_here = origin.backup_cluster == Some(cluster.id)
                || origin.backup_ob_cluster_id == cluster.facts.ob_cluster_id;
            is_here && origin.backup_tenant == tenant.id
        }
        Err(_) => true, // a newer version of Lifeboat saved it: it may read these backups
    }
}
