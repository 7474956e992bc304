//! Physical backup for every generation: the statements ([`Verbs`]) and the views.
//!
//! A verb returns the statement; a plan prints it, a step passes it to [`Driver::act`].

use model::ability::Generation;
use model::archive::ArchiveRound;
use model::compaction::Compaction;
use model::id::TenantId;
use model::physical::destination::TenantDestinations;
use model::physical::{BackupJob, JobProgress, PhysicalSet, Scope};
use model::recovery_window::record::BackupRecord;
use model::time::Timestamp;

use crate::driver::Driver;
use crate::error::Error;
use crate::statement::Statement;
use crate::{gen3, gen4};

mod restores;
mod verbs;

pub use restores::{NewTenant, Previewed};
pub use verbs::{BackupOptions, RestoreSource, RestoreTarget, Verbs};

/// OceanBase's number for a backup while another runs, or while the last one is still being tidied up.
const BACKUP_RUNS: u16 = 9036;

/// Returns whether the database refused because a backup runs, or one that is over is still being tidied up.
#[must_use]
pub fn is_busy(error: &Error) -> bool {
    error.number() == Some(BACKUP_RUNS)
}

/// The server's clock; connections are pinned to UTC.
const NOW: &str = "SELECT time_to_usec(now(6)) AS now";

impl Driver {
    /// Returns what can be sent to this cluster.
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

    /// Reads the status of log archiving: of each user tenant, on 3.x of the cluster; none on seekdb.
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

    /// Reads the status of log archiving of the scope; none for a tenant that is gone.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn archive_round(&mut self, scope: &Scope) -> Result<Option<ArchiveRound>, Error> {
        match scope {
            Scope::Tenant { id, .. } => Ok(gen4::archive::rounds(self.session(), Some(*id)).await?.pop()),
            Scope::Cluster | Scope::Tenants { .. } => gen3::archive::round(self.session()).await.map(Some),
        }
    }

    /// Reads where data and logs of a tenant of 4.x go.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn tenant_destinations(&mut self, tenant: TenantId) -> Result<TenantDestinations, Error> {
        gen4::destination::found(self.session(), tenant).await
    }

    /// Reads where a cluster of 3.x is backed up to, from each of its servers.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn cluster_destinations(&mut self) -> Result<Vec<String>, Error> {
        gen3::destination::found(self.session()).await
    }

    /// Reads the newest backup jobs that the scope has to do with, those that are over and foreign ones too.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn backup_jobs(&mut self, scope: &Scope) -> Result<Vec<BackupJob>, Error> {
        match scope {
            Scope::Tenant { id, .. } => gen4::backup::jobs(self.session(), *id).await,
            Scope::Cluster | Scope::Tenants { .. } => gen3::backup::jobs(self.session()).await,
        }
    }

    /// Reads the newest backup jobs of the whole cluster, also foreign ones; none on seekdb.
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

    /// Reads how far a job is; nothing when it does not run.
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

    /// Reads what one tenant, or each, can be recovered from: sets, archive rounds and pieces, those that are over or
    /// deleted too. Nothing on seekdb.
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

    /// Reads the version of the data; empty if the cluster does not show it.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn data_version(&mut self, scope: &Scope) -> Result<String, Error> {
        match scope {
            Scope::Tenant { id, .. } => gen4::sets::compatible(self.session(), *id).await,
            Scope::Cluster | Scope::Tenants { .. } => Ok(String::new()),
        }
    }

    /// Reads the status of major compaction: of each tenant on 4.x, else of the whole cluster.
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

    /// Sends a statement that acts, and reads what the server warned of: number and words.
    ///
    /// # Errors
    /// Fails when the server refuses, does not answer in time, or is gone.
    pub async fn act_and_hear(&mut self, statement: &Statement) -> Result<Vec<(u64, String)>, Error> {
        self.act(statement).await?;
        // With the same time-out: setting another would be a statement in between, and end the warnings.
        let warnings = Statement::read("SHOW WARNINGS").within(statement.timeout);
        let rows = self.session().rows(&warnings).await?;
        rows.iter().map(|row| Ok((row.u64("code")?, row.str("message")?.to_owned()))).collect()
    }
}
