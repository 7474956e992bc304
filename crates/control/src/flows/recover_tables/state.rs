//! The request of a recovery of tables, and the results of its steps.

use engine::{At, Flow as _};
use model::Problem;
use model::id::TenantId;
use model::not_made::NotMade;
use model::physical::sent::Sent;
use model::physical::table_recovery::{ImportedTable, RecoveredObject, TableImport, TableJob, not_recovered};
use model::problem::codes;
use model::tenant::Tenant;
use model::time::Timestamp;
use oceanbase::Driver;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::flows::recovery_source::{Origin, shown};

/// A recovery of tables from a physical backup.
pub(crate) struct RecoverTables;

/// The context of a body of this flow.
pub(super) type Here = At<RecoverTables>;

/// The request, and the results of the steps.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    #[serde(flatten)]
    pub(crate) origin: Origin,
    /// The tenant to recover into.
    pub(crate) tenant: TenantId,
    pub(crate) tenant_name: String,
    pub(crate) objects: Vec<RecoveredObject>,
    /// The free pools for the auxiliary tenant.
    pub(crate) pools: Vec<String>,
    pub(crate) requested: Timestamp,
    /// Distinguishes the job of this task from that of another installation's task with the same number.
    pub(crate) tag: String,

    /// How many jobs failed before this one.
    #[serde(default)]
    pub(crate) failed_jobs: u32,
    /// The statement, once it is about to be sent.
    #[serde(default)]
    pub(crate) sent: Option<Sent>,
    /// Our job's number, once a view has shown it.
    #[serde(default)]
    pub(crate) job: Option<i64>,
    /// The SCN that the database recovers to, according to its view.
    #[serde(default)]
    pub(crate) recovered_scn: u64,
    /// How many polls in a row showed no trace of our job.
    #[serde(default)]
    pub(crate) unseen: u32,
    /// The last progress of the job.
    #[serde(default)]
    pub(crate) moved: Option<Moved>,
    /// How many tables are recovered.
    #[serde(default)]
    pub(crate) tables: u64,
    /// The objects that are not recovered.
    #[serde(default)]
    pub(crate) not_made: Vec<NotMade>,
    /// How many times a clean-up has polled.
    #[serde(default)]
    pub(crate) clean_up_looks: u32,
}

/// The last progress of a job, by the database's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moved {
    pub(crate) stage: String,
    pub(crate) done: u64,
    pub(crate) since: Timestamp,
    /// The time of the first poll.
    pub(crate) begun: Timestamp,
}

impl State {
    /// Returns the description of our job. Each job after a failed one has another.
    pub(super) fn description(&self, at: &Here) -> String {
        let base = format!("lifeboat-{}-{}", at.task(), self.tag);
        if self.failed_jobs == 0 { base } else { format!("{base}-{}", self.failed_jobs) }
    }

    /// Records our job.
    pub(super) fn remember(&mut self, job: &TableJob) {
        (self.job, self.recovered_scn, self.unseen) = (Some(job.id), job.scn, 0);
    }

    /// Forgets a job that recovered nothing, so that the next start creates another.
    pub(super) fn forget(&mut self) {
        (self.job, self.sent, self.moved) = (None, None, None);
        (self.unseen, self.recovered_scn) = (0, 0);
        (self.tables, self.not_made) = (0, Vec::new());
        self.failed_jobs += 1;
    }

    /// Records what an ended job recovered: how many tables, and which objects not.
    pub(super) fn learn(&mut self, import: TableImport, tables: &[ImportedTable]) {
        self.tables = tables.iter().fold(0, |made, table| made + u64::from(table.is_made == Some(true)));
        self.not_made = not_recovered(&self.objects, import, tables);
    }

    /// Returns whether this is the tenant to recover into, still under its name.
    pub(super) fn is_target(&self, tenant: &Tenant) -> bool {
        tenant.id == self.tenant && tenant.name == self.tenant_name
    }

    /// Checks that the tenant still has its name: the statements find it by that only.
    pub(super) async fn check_name(&self, driver: &mut Driver) -> Result<(), Error> {
        if driver.tenants().await?.iter().any(|tenant| self.is_target(tenant)) {
            return Ok(());
        }
        let problem = Problem::refused(codes::RECOVERY_FAILED, "table-recovery-tenant-changed");
        Err(problem.with("tenant", &self.tenant_name).into())
    }

    /// Checks that a job recovers to the requested time.
    pub(super) fn check_moment(&self, job: &TableJob) -> Result<(), Problem> {
        if !self.origin.differs(job.scn) {
            return Ok(());
        }
        let wanted = self.origin.scn.or(self.origin.floor_scn).unwrap_or(0);
        let problem = Problem::outside("table-moment-differs").coded(codes::RECOVERY_FAILED);
        let problem = problem.with("tenant", &self.tenant_name).with("wanted", shown(wanted));
        Err(problem.with("found", shown(job.scn)))
    }
}

/// Returns the objects that a recovery did not recover, as far as known. Empty for a task of another flow.
pub(crate) fn not_made(task: &engine::Task) -> Vec<NotMade> {
    if task.kind != RecoverTables::KIND {
        return Vec::new();
    }
    let state: Option<State> = serde_json::from_value(task.state.clone()).ok();
    state.map(|state| state.not_made).unwrap_or_default()
}
