//! The source of a recovery, as a task saves it.

use metadata::Transaction;
use model::Secret;
use model::ability::Generation;
use model::id::{ClusterId, StorageId, TenantId};
use model::order::RecoverUntil;
use model::physical::moment;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::Error;

/// The source of a recovery: the request, and what the check of the source found. Part of a task's state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Origin {
    pub(crate) source: Source,
    /// The cluster that was backed up, if Lifeboat manages it.
    pub(crate) backup_cluster: Option<ClusterId>,
    pub(crate) backup_cluster_name: String,
    /// The cluster's name in its backups; empty if an older version saved the task.
    #[serde(default)]
    pub(crate) backup_ob_cluster_name: String,
    pub(crate) backup_ob_cluster_id: i64,
    pub(crate) backup_tenant: TenantId,
    pub(crate) backup_tenant_name: String,
    pub(crate) until: RecoverUntil,
    /// The cluster to recover into: its servers read the backups.
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    /// The generation of both clusters.
    #[serde(default = "later")]
    pub(crate) generation: Generation,
    /// The passwords of encrypted sets as a JSON array, sealed; removed when the recovery is recorded
    /// or rolled back, even if it changed nothing, because no retry needs them then.
    pub(crate) passwords: Option<String>,

    /// The directories of the backups.
    #[serde(default)]
    pub(crate) places: Vec<Place>,
    /// The SCN to restore to, before 4.0 in microseconds. None until it is decided, and for the latest one, which 4.x
    /// chooses itself.
    #[serde(default)]
    pub(crate) scn: Option<u64>,
    /// For the latest time: an SCN that was recoverable when the source was checked. The restored data must not be
    /// older.
    #[serde(default)]
    pub(crate) floor_scn: Option<u64>,
    /// The bytes of the sets and pieces to read, as far as known.
    #[serde(default)]
    pub(crate) source_bytes: u64,
}

/// Tasks that were saved without a generation are for 4.x.
fn later() -> Generation {
    Generation::Gen4
}

/// The source of a recovery.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
    /// The backups in the cluster's views.
    Cluster,
    /// The backups in these folders below the base of a storage. Before 4.0 only `data_folder` is used; it is usually
    /// empty, which means the base itself.
    Storage { storage: StorageId, data_folder: String, log_folder: String },
}

/// A directory of backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The storage configuration with its keys; none for a file directory.
    pub(crate) storage: Option<StorageId>,
    /// Its address without keys.
    pub(crate) uri: String,
}

impl Origin {
    /// Returns the requested SCN, before 4.0 in microseconds; none if the backups decide.
    pub(crate) fn asked_scn(&self) -> Option<u64> {
        self.until.scn(self.generation)
    }

    /// Returns the passwords of encrypted sets.
    pub(crate) fn open_passwords(&self, context: &Context) -> Result<Vec<Secret>, Error> {
        open_passwords(context, self.cluster, self.passwords.as_deref())
    }

    /// Returns whether a job restores to another SCN than the requested one; for the latest time, to one older than
    /// `floor_scn`. 0 means that no view shows the job's SCN.
    pub(crate) fn differs(&self, scn: u64) -> bool {
        let is_other = match (self.scn, self.floor_scn) {
            (Some(wanted), _) => scn != wanted,
            (None, Some(floor)) => scn < floor,
            (None, None) => false,
        };
        scn != 0 && is_other
    }

    /// Returns the addresses of the backups, separated by commas.
    pub(crate) fn addresses(&self) -> String {
        self.places.iter().map(|place| place.uri.as_str()).collect::<Vec<_>>().join(",")
    }
}

/// Opens the passwords of encrypted sets, which were sealed for a cluster.
pub(crate) fn open_passwords(
    context: &Context,
    cluster: ClusterId,
    sealed: Option<&str>,
) -> Result<Vec<Secret>, Error> {
    let Some(sealed) = sealed else { return Ok(Vec::new()) };
    let opened = context.metadata.task_secret_open(cluster, sealed)?;
    let passwords: Vec<String> = serde_json::from_str(opened.expose()).unwrap_or_default();
    Ok(passwords.into_iter().map(Secret::new).collect())
}

/// Seals the passwords of encrypted sets for a cluster and the task that this transaction creates.
pub(crate) fn seal_passwords(
    writer: &Transaction,
    cluster: ClusterId,
    passwords: &[Secret],
) -> Option<String> {
    let texts: Vec<&str> = passwords.iter().map(Secret::expose).collect();
    let all = (!texts.is_empty()).then(|| Secret::new(serde_json::json!(texts).to_string()));
    all.map(|all| writer.task_secret_seal(cluster, &all))
}

/// Writes a time to the microsecond.
pub(crate) fn shown(scn: u64) -> String {
    format!("{} UTC", moment::spelt(Timestamp::from_scn(scn)))
}
