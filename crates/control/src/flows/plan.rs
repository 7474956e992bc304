//! The plan of a task, without running it.

use model::backup::{BackupMethod, DataBackupMode};
use model::inventory::Missing;
use model::not_made::NotMade;
use model::text::Text;

/// The plan of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The flow's kind, such as `backup-logical`.
    pub kind: String,
    /// The method of the backup.
    pub method: BackupMethod,
    /// Whether the backup is full or incremental.
    pub mode: DataBackupMode,
    /// The location of the backup, as a URI.
    pub storage: String,
    /// The names of the tenants.
    pub tenants: Vec<String>,
    /// The objects that the backup would leave out, as far as known now.
    pub left_out: Vec<Missing>,
    /// The objects of the backup set that a recovery would not create, as far as known now.
    pub not_made: Vec<NotMade>,
    /// The steps in running order.
    pub steps: Vec<PlannedStep>,
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    /// The step's ID; its display name is in the texts.
    pub step: String,
    /// What the step found, or would do.
    pub notes: Vec<Text>,
    /// The statements to the cluster, with masked secrets.
    pub statements: Vec<String>,
}
