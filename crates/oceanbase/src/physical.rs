//! Physical backup for every generation: the statements ([`Verbs`]) and the views.
//!
//! A verb returns the statement; a plan prints it, and a step passes it to [`Driver::act`].

use model::ability::Generation;
use model::archive::ArchiveRound;
use model::compaction::Compaction;
use model::id::TenantId;
use model::physical::delete_policy::{DeleteJob, DeletePolicy};
use model::physical::destination::TenantDestinations;
use model::physical::{BackupJob, JobProgress, PhysicalSet, Scope};
use model::recovery_window::record::BackupRecord;
use model::time::Timestamp;

use crate::driver::Driver;
use crate::error::Error;
use crate::statement::Statement;
use crate::{gen3, gen4};

mod restores;
mod table_recoveries;
mod verbs;

pub use restores::{NewTenant, OldTenant, Previewed};
pub use table_recoveries::NewTables;
pub use verbs::{BackupOptions, RestoreSource, RestoreTarget, Verbs};

/// OceanBase's error number if another backup is running, or the last one is still being cleaned up.
const BACKUP_RUNS: u16 = 9036;

/// Returns whether the database refused because another backup is running, or the last one is still being cleaned up.
#[must_use]
pub fn is_busy(error: &Error) -> bool {
    error.number() == Some(BACKUP_RUNS)
}

/// The server's clock; connections are pinned to UTC.
const NOW: &str = "SELECT time_to_usec(now(6)) AS now";

impl Driver {
    /// Returns the verbs of this cluster.
    #[must_use]
    pub fn verbs(&self) -> Verbs {
        Verbs::new(self.generation(), self.server().version.clone())
    }

    /// Sends a statement that acts.
    ///
    /// # Errors
    /// Fails when the server refuses, does not answer in time, or is gone.
    pub async fn act(&mut self, statement: &Statement) -> Result<(), Error> {
        self.session().run(statement).await.map(|_| ())
    }

    /// Reads the database's clock.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn database_now(&mut self) -> Result<Timestamp, Error> {
        let statement = Statement::read(NOW);
        let rows = self.session().rows(&statement).await?;
        rows.first().ok_or_else(|| Error::no_rows(&statement))?.i64("now").map(Timestamp)
    }

    /// Reads the status of log archiving: of each user tenant on 4.x, of the cluster on 3.x; empty on seekdb.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn archive_rounds(&mut self) -> Result<Vec<ArchiveRound>, Error> {
        match self.generation() {
            Generation::Gen3 => Ok(vec![gen3::archive::round(self.session()).await?]),
            Generation::Gen4 => gen4::archive::rounds(self.session(), None).await,
            Generation::Seekdb => Ok(Vec::new()),
        }
    }

    /// Reads the status of log archiving of the scope; `None` for a tenant that no longer exists.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn archive_round(&mut self, scope: &Scope) -> Result<Option<ArchiveRound>, Error> {
        match scope {
            Scope::Tenant { id, .. } => Ok(gen4::archive::rounds(self.session(), Some(*id)).await?.pop()),
            Scope::Cluster | Scope::Tenants { .. } => gen3::archive::round(self.session()).await.map(Some),
        }
    }

    /// Reads the destinations of data and logs of a tenant on 4.x.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn tenant_destinations(&mut self, tenant: TenantId) -> Result<TenantDestinations, Error> {
        gen4::destination::found(self.session(), tenant).await
    }

    /// Reads the backup destination of a cluster of 3.x, from each of its servers.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn cluster_destinations(&mut self) -> Result<Vec<String>, Error> {
        gen3::destination::found(self.session()).await
    }

    /// Reads the newest backup jobs of the scope, including finished and foreign ones.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn backup_jobs(&mut self, scope: &Scope) -> Result<Vec<BackupJob>, Error> {
        match scope {
            Scope::Tenant { id, .. } => gen4::backup::jobs(self.session(), *id).await,
            Scope::Cluster | Scope::Tenants { .. } => gen3::backup::jobs(self.session()).await,
        }
    }

    /// Reads the newest backup jobs of the whole cluster, including foreign ones; empty on seekdb.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn all_backup_jobs(&mut self) -> Result<Vec<BackupJob>, Error> {
        match self.generation() {
            Generation::Gen3 => gen3::backup::jobs(self.session()).await,
            Generation::Gen4 => gen4::backup::all_jobs(self.session()).await,
            Generation::Seekdb => Ok(Vec::new()),
        }
    }

    /// Reads the progress of a job; `None` if it is not running.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn backup_progress(&mut self, job: &BackupJob) -> Result<Option<JobProgress>, Error> {
        match self.generation() {
            Generation::Gen4 => gen4::backup::progress(self.session(), job.tenant, job.id).await,
            Generation::Gen3 => gen3::backup::progress(self.session(), job.id).await,
            Generation::Seekdb => Ok(None),
        }
    }

    /// Reads the backup sets, newest first.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn backup_sets(&mut self, scope: &Scope) -> Result<Vec<PhysicalSet>, Error> {
        match scope {
            Scope::Tenant { id, .. } => gen4::sets::sets(self.session(), *id).await,
            Scope::Cluster | Scope::Tenants { .. } => gen3::sets::sets(self.session()).await,
        }
    }

    /// Reads the recoverable data of one tenant or of all tenants: sets, archive rounds and pieces, including
    /// finished and deleted ones. Empty on seekdb.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn backup_records(&mut self, only: Option<TenantId>) -> Result<Vec<BackupRecord>, Error> {
        match self.generation() {
            Generation::Gen3 => gen3::records::records(self.session(), only).await,
            Generation::Gen4 => gen4::records::records(self.session(), only).await,
            Generation::Seekdb => Ok(Vec::new()),
        }
    }

    /// Reads the delete policies of a cluster of 4.x; empty on others, which have none.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn delete_policies(&mut self) -> Result<Vec<DeletePolicy>, Error> {
        match self.generation() {
            Generation::Gen4 => gen4::delete_policy::policies(self.session()).await,
            Generation::Gen3 | Generation::Seekdb => Ok(Vec::new()),
        }
    }

    /// Reads the newest deletion of obsolete backups of each tenant of 4.x; empty on others.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn newest_delete_jobs(&mut self) -> Result<Vec<DeleteJob>, Error> {
        match self.generation() {
            Generation::Gen4 => gen4::delete_policy::newest_jobs(self.session()).await,
            Generation::Gen3 | Generation::Seekdb => Ok(Vec::new()),
        }
    }

    /// Reads the data version; empty if the cluster does not show it.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn data_version(&mut self, scope: &Scope) -> Result<String, Error> {
        match scope {
            Scope::Tenant { id, .. } => gen4::sets::compatible(self.session(), *id).await,
            Scope::Cluster | Scope::Tenants { .. } => Ok(String::new()),
        }
    }

    /// Reads the status of major compaction: of each tenant on 4.x, otherwise of the whole cluster.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn compactions(&mut self) -> Result<Vec<Compaction>, Error> {
        match self.generation() {
            Generation::Gen3 => Ok(vec![gen3::compaction::compaction(self.session()).await?]),
            Generation::Gen4 => gen4::compaction::compactions(self.session()).await,
            Generation::Seekdb => Ok(vec![gen4::compaction::own(self.session()).await?]),
        }
    }

    /// Sends a statement that acts, and reads the server's warnings: number and message.
    ///
    /// # Errors
    /// Fails when the server refuses, does not answer in time, or is gone.
    pub async fn act_and_hear(&mut self, statement: &Statement) -> Result<Vec<(u64, String)>, Error> {
        self.act(statement).await?;
        // With the same time-out: setting another one would be a statement in between, and clear the warnings.
        let warnings = Statement::read("SHOW WARNINGS").within(statement.timeout);
        let rows = self.session().rows(&warnings).await?;
        rows.iter().map(|row| Ok((row.u64("code")?, row.str("message")?.to_owned()))).collect()
    }
}
