//! What the steps of a lane share: the scope of its statement, a session, and the storage.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::StepError;
use model::ability::Generation;
use model::archive::ArchiveStatus;
use model::id::TenantId;
use model::physical::destination::{self, TenantDestinations, TenantPlan, TenantWish, tenant_places};
use model::physical::{SYS, Scope, address};
use model::problem::codes;
use model::storage::StorageLocation;
use model::tenant::Tenant;
use model::version::ServerVersion;
use model::{Problem, Secret};
use oceanbase::{Driver, Statement, Witness};

use super::{Here, State};
use crate::context::Context;
use crate::error::Error;
use crate::flows::step_log::StepLog;
use crate::words;

/// Opens a session on the cluster whose statements go into the step's log.
pub(super) async fn driver(at: &Here, state: &State) -> Result<Driver, StepError> {
    Ok(open(at.context(), state, Arc::new(StepLog::new(at))).await?)
}

/// Opens a session on the cluster.
pub(crate) async fn open(
    context: &Context,
    state: &State,
    witness: Arc<dyn Witness>,
) -> Result<Driver, Error> {
    let cluster = context.cluster(state.cluster).await?;
    let endpoint = context.endpoint(&cluster).await?;
    Ok(Driver::open(&endpoint, witness).await?)
}

/// Returns the scope of the lane's statement.
pub(super) fn scope<'s>(at: &Here, state: &'s State) -> Result<&'s Scope, StepError> {
    state
        .scopes
        .get(at.lane())
        .ok_or_else(|| words::refused(Problem::not_found("tenant-unknown").with("tenant", at.lane())))
}

/// Sends a statement that changes the cluster, if this worker still holds the task.
pub(super) async fn act(at: &Here, driver: &mut Driver, statement: &Statement) -> Result<(), StepError> {
    at.may_act(statement.timeout).await?;
    Ok(driver.act(statement).await.map_err(Error::from)?)
}

/// Reports why a tenant can't be backed up: it does not exist, or is not NORMAL. Standby and locked tenants can be
/// backed up.
pub(super) fn tenant_fits(scope: &Scope, tenants: &[Tenant]) -> Result<(), Problem> {
    let find = |fits: &dyn Fn(&Tenant) -> bool, name: &dyn std::fmt::Display| {
        let found = tenants.iter().find(|tenant| fits(tenant));
        let found = found.ok_or_else(|| Problem::not_found("tenant-unknown").with("tenant", name))?;
        if found.status == "NORMAL" {
            return Ok(());
        }
        let refusal = Problem::refused(codes::PRECHECK_FAILED, "tenant-not-normal");
        Err(refusal.with("tenant", &found.name).with("status", &found.status))
    };
    match scope {
        Scope::Cluster => Ok(()),
        Scope::Tenant { id, name } => find(&|tenant| tenant.id == *id && tenant.name == *name, name),
        Scope::Tenants { names } => {
            names.iter().try_for_each(|name| find(&|tenant| tenant.name == *name, name))
        }
    }
}

/// Returns the tenants that the single job of a 3.x cluster must back up; on 4.x each tenant has its own job.
pub(super) fn part_takers(scope: &Scope, tenants: &[Tenant]) -> BTreeSet<TenantId> {
    let is_meant = |tenant: &&Tenant| match scope {
        Scope::Cluster => tenant.id != SYS,
        Scope::Tenants { names } => names.contains(&tenant.name),
        Scope::Tenant { .. } => false,
    };
    tenants.iter().filter(is_meant).map(|tenant| tenant.id).collect()
}

/// The storage of the task, as statements and views spell it.
pub(crate) struct Place {
    pub(crate) location: StorageLocation,
    secret: Option<Secret>,
}

impl Place {
    pub(crate) async fn of(context: &Context, state: &State) -> Result<Self, Error> {
        let location = context.storage(state.storage).await?.location;
        let secret = context.metadata.storage_secret(state.storage).await?;
        Ok(Self { location, secret })
    }

    pub(crate) fn new(location: StorageLocation, secret: Option<Secret>) -> Self {
        Self { location, secret }
    }

    /// Writes the address of the storage, or of a folder in it, for a statement.
    pub(crate) fn written(&self, at: &StorageLocation, server: &ServerVersion) -> Result<Secret, Problem> {
        address::written(at, self.secret.as_ref(), server)
    }

    /// Decides the destinations of a tenant of 4.x.
    pub(crate) fn decide(
        &self,
        state: &State,
        tenant: TenantId,
        found: &TenantDestinations,
        archive: ArchiveStatus,
    ) -> Result<TenantPlan, Problem> {
        let (data, log) = self.folders(state, tenant);
        let (base, data, log) = (address::shown(&self.location), address::shown(&data), address::shown(&log));
        let wish = TenantWish { base: &base, data: &data, log: &log };
        let has_both = found.data.is_some() && found.log.is_some();
        destination::for_tenant(
            Some(wish).filter(|_| !(state.keeps_destinations && has_both)),
            found,
            archive,
        )
    }

    /// Returns the data and log destinations of a tenant in this storage.
    pub(crate) fn folders(&self, state: &State, tenant: TenantId) -> (StorageLocation, StorageLocation) {
        tenant_places(&self.location, &state.ob_name, state.ob_cluster_id, tenant)
    }
}

/// Returns whether each tenant of the cluster has its own backup job.
pub(super) fn is_by_tenant(driver: &Driver) -> bool {
    driver.generation() == Generation::Gen4
}
