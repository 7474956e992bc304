//! What a recovery from physical backups would read.

use control::restores::Previewed;
use serde::Serialize;
use utoipa::ToSchema;

/// A set or piece that a recovery would read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestorePreviewView {
    /// Its location.
    backup_dest: String,
    /// The cluster's number of it.
    backup_id: i64,
    /// `BACKUP_SET` or `BACKUP_PIECE`.
    backup_type: String,
    /// The number of the copy; 0 for the original.
    copy_id: i64,
}

impl From<Previewed> for RestorePreviewView {
    fn from(item: Previewed) -> Self {
        let Previewed { kind, id, address, description: _ } = item;
        Self { backup_dest: address, backup_id: id, backup_type: kind, copy_id: 0 }
    }
}
