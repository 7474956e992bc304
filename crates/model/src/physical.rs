//! Physical backup: its types, and one file for each rule.
//!
//! | file | the rule |
//! |---|---|
//! | [`scope`] | the scope of one backup statement, by version |
//! | [`address`] | the form of a storage in a statement, by version |
//! | [`destination`] | which destination is kept, set or refused |
//! | [`incremental`] | which set an incremental backup can build on |
//! | [`identity`] | which job is ours |
//! | [`data_version`] | the operations that a tenant's data version allows |
//! | [`delete_policy`] | when the database itself deletes backups |
//! | [`moment`] | the format of times in views |
//! | [`resources`] | whether a cluster has the resources for a new tenant |
//! | [`unit`] | the limits of a new unit specification, by version |
//! | [`unit_plan`] | which unit specifications a recovery creates |
//! | [`restore`] | which restore job is ours, and which tenant is only partly restored |

use serde::{Deserialize, Serialize};

use crate::backup::DataBackupMode;
use crate::id::TenantId;
use crate::time::Timestamp;

pub mod address;
pub mod capacity;
pub mod data_version;
pub mod delete_policy;
pub mod destination;
pub mod identity;
pub mod incremental;
pub mod locality;
pub mod moment;
pub mod resources;
pub mod restore;
pub mod scope;
pub mod sent;
pub mod table_recovery;
pub mod unit;
pub mod unit_plan;

pub use scope::Scope;

/// The sys tenant.
pub const SYS: TenantId = TenantId(1);

/// The status of a backup job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    /// It runs, or will start.
    Running,
    /// It is being cancelled.
    Canceling,
    /// It succeeded.
    Completed,
    /// It ended with an error.
    Failed,
    /// It was cancelled.
    Canceled,
}

impl JobStatus {
    /// Reads the word of a view; unknown words are stages of a running job.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word.to_ascii_uppercase().as_str() {
            "COMPLETED" => Self::Completed,
            "FAILED" => Self::Failed,
            "CANCELED" => Self::Canceled,
            "CANCELING" => Self::Canceling,
            _ => Self::Running,
        }
    }

    /// Returns whether the job has ended.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Canceled)
    }
}

/// A backup job, as the cluster shows it. On 4.x (tenant, id) is the key; on 3.x a job spans the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupJob {
    /// The tenant; 1 for a job that starts other jobs, and on 3.x.
    pub tenant: TenantId,
    /// `JOB_ID`; on 3.x `BS_KEY`.
    pub id: i64,
    /// The set that it creates, if known.
    pub set: Option<i64>,
    /// Full or incremental.
    pub mode: DataBackupMode,
    /// Whether it backs up data: the newest versions list copies of archived logs among the jobs.
    pub is_data: bool,
    /// Its status.
    pub status: JobStatus,
    /// OceanBase's error number without the sign; 0 for none.
    pub result: u64,
    /// The database's message about it.
    pub comment: String,
    /// The description that the initiator wrote (4.1 and later).
    pub description: String,
    /// The job that started this one, if any.
    pub parent: Option<(TenantId, i64)>,
    /// The tenants for which this job starts other jobs.
    pub executors: Vec<TenantId>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// The progress of a running job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JobProgress {
    /// Blocks that are written.
    pub blocks_done: u64,
    /// Blocks in all; 0 until they are counted.
    pub blocks: u64,
    /// Bytes read so far.
    pub input_bytes: u64,
    /// Bytes written so far.
    pub output_bytes: u64,
}

impl JobProgress {
    /// Returns the estimated total bytes, derived from the blocks.
    #[must_use]
    pub fn total_bytes(&self) -> Option<u64> {
        if self.blocks == 0 || self.blocks_done == 0 || self.input_bytes == 0 {
            return None;
        }
        let total = u128::from(self.input_bytes) * u128::from(self.blocks.max(self.blocks_done))
            / u128::from(self.blocks_done);
        u64::try_from(total).ok()
    }
}

/// A backup set, as the cluster shows it: of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhysicalSet {
    /// The tenant.
    pub tenant: TenantId,
    /// `BACKUP_SET_ID`, which is counted per tenant; on 3.x `BS_KEY`, which is counted per cluster.
    pub set: i64,
    /// Its mode, as the kernel recorded it: an incremental request may become a full set.
    pub mode: DataBackupMode,
    /// The full set that an incremental one needs; `None` if the views do not show it.
    pub full_set: Option<i64>,
    /// Whether `STATUS` is SUCCESS.
    pub succeeded: bool,
    /// `FILE_STATUS`; empty if the version has none.
    pub file_status: String,
    /// Its location, without keys; empty if the views do not show it.
    pub path: String,
    /// The version of the data in it; empty if the views do not show it.
    pub compatible: String,
    /// Its size in bytes.
    pub output_bytes: u64,
    /// The earliest time that it can be restored to, in nanoseconds; on 3.x, its start, in microseconds.
    pub restore_scn: u64,
    /// When it was started.
    pub started: Option<Timestamp>,
    /// When it was completed.
    pub ended: Option<Timestamp>,
}

impl PhysicalSet {
    /// Returns whether it is complete and all its files exist.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.succeeded && (self.file_status.is_empty() || self.file_status.eq_ignore_ascii_case("AVAILABLE"))
    }
}

/// Returns an address without the part after `?`, which contains access keys and may differ for the same location.
#[must_use]
pub fn bare(address: &str) -> &str {
    address.split('?').next().unwrap_or_default().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::{JobProgress, JobStatus, bare};

    #[test]
    fn stages_of_all_versions_count_as_running() {
        for word in
            ["INIT", "DOING", "RUNNING", "BACKUP_DATA_MINOR", "BACKUP_USER_DATA", "whatever comes next"]
        {
            assert!(!JobStatus::of(word).is_over(), "{word}");
        }
        for word in ["COMPLETED", "FAILED", "CANCELED"] {
            assert!(JobStatus::of(word).is_over(), "{word}");
        }
        assert!(!JobStatus::of("CANCELING").is_over());
    }

    #[test]
    fn the_bytes_in_all_are_guessed_only_when_blocks_are_counted() {
        let progress = |blocks_done, blocks, input_bytes| JobProgress {
            blocks_done,
            blocks,
            input_bytes,
            output_bytes: 0,
        };
        assert_eq!(progress(0, 0, 0).total_bytes(), None);
        assert_eq!(progress(0, 100, 0).total_bytes(), None);
        assert_eq!(progress(25, 100, 50).total_bytes(), Some(200));
        // More blocks were written than counted: the total is never less than the completed part.
        assert_eq!(progress(110, 100, 220).total_bytes(), Some(220));
    }

    #[test]
    fn an_address_is_compared_without_keys() {
        assert_eq!(bare("oss://b/p/?host=h&access_id=AK&access_key=SK"), "oss://b/p");
        assert_eq!(bare("file:///backup/"), "file:///backup");
    }
}
