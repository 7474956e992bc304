//! What a recovery of a tenant was asked for, and what its steps have learnt.

use engine::At;
use model::Secret;
use model::id::{ClusterId, StorageId, TenantId};
use model::order::{RecoverUntil, RecoveredRole};
use model::physical::resources::TargetResources;
use model::physical::restore::{RestoreJob, RestoreMark};
use model::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::Error;

/// Recover a tenant from a physical backup.
pub(crate) struct RestoreTenant;

/// Where a body of this flow stands.
pub(super) type Here = At<RestoreTenant>;

/// What was asked for, and what the steps have learnt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) source: Source,
    /// The cluster that was backed up, where it is one of ours.
    pub(crate) backup_cluster: Option<ClusterId>,
    pub(crate) backup_cluster_name: String,
    pub(crate) backup_ob_cluster_id: i64,
    pub(crate) backup_tenant: TenantId,
    pub(crate) backup_tenant_name: String,
    pub(crate) until: RecoverUntil,
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    /// The name of the tenant that is created.
    pub(crate) tenant_name: String,
    pub(crate) resources: TargetResources,
    pub(crate) primary_zone: Option<String>,
    pub(crate) role: RecoveredRole,
    /// The passwords of encrypted sets as a JSON array, sealed; gone when the tenant is there.
    pub(crate) passwords: Option<String>,
    pub(crate) requested: Timestamp,
    /// Tells what this task creates from what another server's task of the same number does.
    pub(crate) tag: String,

    /// Where the backups lie.
    #[serde(default)]
    pub(crate) places: Vec<Place>,
    /// The moment, once it is settled; nothing for the latest one of a storage alone.
    #[serde(default)]
    pub(crate) scn: Option<u64>,
    /// The bytes of the sets and pieces that are read, as far as they are known.
    #[serde(default)]
    pub(crate) source_bytes: u64,
    /// The pools that this task creates; written down before the first is created.
    #[serde(default)]
    pub(crate) made_pools: Vec<String>,
    /// How our job is known; nothing before one is begun.
    #[serde(default)]
    pub(crate) mark: Option<RestoreMark>,
    /// How often the job is still looked for before the statement is sent again: its last answer left open whether the
    /// database took it.
    #[serde(default)]
    pub(crate) doubts: u32,
    /// Our job's number, once a view has shown it.
    #[serde(default)]
    pub(crate) job: Option<i64>,
    /// The number of the tenant that our job creates.
    #[serde(default)]
    pub(crate) tenant: Option<TenantId>,
    /// The moment that the database says it restores to.
    #[serde(default)]
    pub(crate) restored_scn: u64,
    /// How often in a row no view has shown our job, or why it failed.
    #[serde(default)]
    pub(crate) unseen: u32,
    /// How far the restore was when last looked at.
    #[serde(default)]
    pub(crate) sample: Option<Sample>,
    /// Whether the upgrade was asked for.
    #[serde(default)]
    pub(crate) upgrade_asked: bool,
    /// How often a clean-up has looked for what it waits for.
    #[serde(default)]
    pub(crate) clean_up_looks: u32,
}

/// What is recovered from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
    /// The backups that the cluster's views tell of.
    Cluster,
    /// What lies in a storage, in these folders below its base.
    Storage { storage: StorageId, data_folder: String, log_folder: String },
}

/// A directory of backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The storage whose keys open it; none for a directory of the servers.
    pub(crate) storage: Option<StorageId>,
    /// Its address without keys.
    pub(crate) uri: String,
}

/// How far a restore was at some moment, by the database's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// The bytes, or what else moves.
    pub(crate) done: u64,
    pub(crate) at: Timestamp,
    /// Since when it has not moved.
    pub(crate) since: Timestamp,
    /// When waiting began.
    pub(crate) begun: Timestamp,
}

impl State {
    /// Returns the pools that the tenant is created on.
    pub(super) fn pools(&self) -> &[String] {
        match &self.resources {
            TargetResources::Pools(names) => names,
            TargetResources::Zones(_) => &self.made_pools,
        }
    }

    /// Returns the passwords of encrypted sets.
    pub(super) fn open_passwords(&self, context: &Context) -> Result<Vec<Secret>, Error> {
        let Some(sealed) = &self.passwords else { return Ok(Vec::new()) };
        let opened = context.metadata.task_secret_open(self.cluster, sealed)?;
        let passwords: Vec<String> = serde_json::from_str(opened.expose()).unwrap_or_default();
        Ok(passwords.into_iter().map(Secret::new).collect())
    }

    /// Finds our job among those that the views show.
    pub(super) fn ours<'j>(&self, jobs: &'j [RestoreJob]) -> Option<&'j RestoreJob> {
        match self.job {
            Some(id) => jobs.iter().find(|job| job.id == id),
            None => self.mark.as_ref()?.find(jobs, &self.tenant_name),
        }
    }

    /// Writes down which job is ours and which tenant it creates.
    pub(super) fn remember(&mut self, job: &RestoreJob) {
        self.job = Some(job.id);
        self.tenant = job.tenant.or(self.tenant);
        self.restored_scn = job.scn;
        (self.doubts, self.unseen) = (0, 0);
    }

    /// Forgets a job of which nothing is left, so that the next start is another.
    pub(super) fn forget(&mut self) {
        (self.mark, self.job, self.tenant, self.sample) = (None, None, None, None);
        (self.doubts, self.unseen, self.restored_scn) = (0, 0, 0);
    }
}
