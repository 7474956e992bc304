//! Deleting a dump: its manifest first, so that an incomplete dump never looks like a backup.

use storage::Client;

use crate::error::{DuringIo as _, Result};
use crate::id::DumpId;
use crate::layout::ObjectKey;

/// Deletes the manifest of a dump: without it, the dump is not a backup. Returns whether there was one.
///
/// # Errors
/// Fails if the storage refuses; then the dump is unchanged.
pub async fn delete_manifest(client: &Client, dump: &DumpId) -> Result<bool> {
    client.delete(&ObjectKey::Manifest.key(dump)).await.during(|| format!("delete the manifest of {dump}"))
}

/// Deletes everything that lies in the folder of a dump without a manifest; returns how many objects there were.
///
/// # Errors
/// Refuses a dump with a manifest. If the storage refuses, the objects deleted so far stay deleted.
pub async fn delete_files(client: &Client, dump: &DumpId) -> Result<u64> {
    let has_manifest = client.exists(&ObjectKey::Manifest.key(dump)).await;
    if has_manifest.during(|| format!("look for the manifest of {dump}"))? {
        return Err(crate::Error::AlreadyComplete { dump: dump.clone() });
    }
    client.delete_below(dump.as_str()).await.during(|| format!("delete the files of {dump}"))
}
