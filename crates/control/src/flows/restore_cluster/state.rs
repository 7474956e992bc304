//! The request of a recovery of a cluster's tenants, and the results of its steps.

use std::collections::{BTreeMap, BTreeSet};

use engine::{At, Task, TaskId};
use model::id::{ClusterId, TenantId};
use model::order::{RecoverUntil, RecoveredRole, RecoverySource, TenantRecovery, TenantWish};
use model::physical::resources::TargetResources;
use model::physical::unit::UnitSpec;
use model::problem::codes;
use model::time::Timestamp;
use model::{Problem, Secret};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::Error;
use crate::flows::recovery_source::open_passwords;
use crate::orders::children::Initiator;

/// A recovery of the tenants of a cluster.
pub(crate) struct RestoreCluster;

/// The context of a body of this flow.
pub(super) type Here = At<RestoreCluster>;

/// The request, and the results of the steps that run once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    /// The cluster that was backed up.
    pub(crate) source: ClusterId,
    pub(crate) source_name: String,
    /// The cluster to recover into.
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    pub(crate) until: RecoverUntil,
    pub(crate) role: RecoveredRole,
    /// The target's zone for a zone of the source; others keep their names.
    pub(crate) zones: BTreeMap<String, String>,
    /// The maximum number of tenants that are restored at the same time.
    pub(crate) parallel: u32,
    /// The passwords of encrypted sets as a JSON array, sealed; removed when all tenants are recovered,
    /// or the task is rolled back. A retry of a failed lane needs them for another task.
    pub(crate) passwords: Option<String>,
    /// The user for whom the tenants are recovered.
    pub(crate) initiator: Initiator,
    pub(crate) requested: Timestamp,
    /// Distinguishes what this task creates from that of another installation's task with the same number.
    pub(crate) tag: String,
    /// The tenants, in the order in which they start.
    pub(crate) tenants: Vec<Wanted>,

    /// The unit specifications that this task creates; saved before the first is created.
    #[serde(default)]
    pub(crate) units: Vec<UnitSpec>,
}

/// A tenant to recover.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// The name of the new tenant, which is also that of the lane.
    pub(crate) name: String,
    /// The tenant that was backed up.
    pub(crate) tenant: TenantId,
    pub(crate) tenant_name: String,
    /// The order's resources and primary zone; omitted ones follow from the tenant that was backed up.
    pub(crate) wish: TenantWish,

    /// The bytes of the backups to read, as far as known.
    #[serde(default)]
    pub(crate) bytes: u64,
    /// The SCN that the tenant can be recovered to; for the latest time, the one at the check.
    #[serde(default)]
    pub(crate) scn: u64,
    /// The resources, once they are decided.
    #[serde(default)]
    pub(crate) resources: Option<TargetResources>,
    #[serde(default)]
    pub(crate) primary_zone: Option<String>,
}

/// The recovery of a tenant, as its lane knows it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Lane {
    /// The task that recovers the tenant.
    #[serde(default)]
    pub(crate) child: Option<i64>,
    /// Whether the lane has failed with the problem of this task: then it runs again because a user retries it.
    #[serde(default)]
    pub(crate) is_reported: bool,
    /// Whether this task was cancelled and is being rolled back, before another one replaces it.
    #[serde(default)]
    pub(crate) is_replaced: bool,
    /// How many commands in a row its task has refused.
    #[serde(default)]
    pub(crate) refusals: u32,
    /// The tasks whose rollback was requested by the rollback of this one.
    #[serde(default)]
    pub(crate) rolled_back: BTreeSet<i64>,
    /// The tenant that was created, once its task has succeeded.
    #[serde(default)]
    pub(crate) tenant: Option<TenantId>,
    /// The SCN that it was restored to.
    #[serde(default)]
    pub(crate) restored_scn: u64,
}

impl State {
    /// Returns the passwords of encrypted sets.
    pub(super) fn open_passwords(&self, context: &Context) -> Result<Vec<Secret>, Error> {
        open_passwords(context, self.cluster, self.passwords.as_deref())
    }

    /// Returns the tenant of a lane.
    pub(super) fn wanted(&self, lane: &str) -> Result<&Wanted, Problem> {
        let found = self.tenants.iter().find(|wanted| wanted.name == lane);
        found.ok_or_else(|| Problem::internal("cluster-recovery-lane-unknown").with("lane", lane))
    }

    /// Returns the order of one tenant's recovery.
    pub(super) fn order(&self, lane: &str, passwords: Vec<Secret>) -> Result<TenantRecovery, Problem> {
        let wanted = self.wanted(lane)?;
        let missing = || {
            let problem = Problem::refused(codes::UNIT_NOT_MADE, "cluster-recovery-units-unknown");
            problem.with("tenant", &wanted.tenant_name)
        };
        Ok(TenantRecovery {
            source: RecoverySource::Cluster { cluster: self.source, tenant: wanted.tenant },
            until: self.until,
            cluster: self.cluster,
            tenant: wanted.name.clone(),
            resources: wanted.resources.clone().ok_or_else(missing)?,
            primary_zone: wanted.primary_zone.clone(),
            role: self.role,
            tables: Vec::new(),
            passwords,
        })
    }
}

/// Returns a task.
pub(super) async fn load(context: &Context, task: TaskId) -> Result<Task, Error> {
    context.task(model::id::TaskId(task.0)).await
}
