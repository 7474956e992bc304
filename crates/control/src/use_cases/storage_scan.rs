//! Finding the logical backup sets in a storage, to rebuild a lost catalogue.
//!
//! A dump describes itself, except for the cluster and the tenant, which are the name of its folder. The cluster is the
//! one that was taken over under that name and has that cluster ID.

use std::collections::BTreeSet;

use dump::{DumpId, KnownKeys, Manifest, OpenManifest, Origin, open_manifest};
use metadata::Slice;
use metadata::backup_sets::BackupSetQuery;
use model::backup::{BackupMethod, DataBackupMode};
use model::backup_set::{BackupSet, BackupSetStatus};
use model::cluster::Cluster;
use model::id::{BackupSetId, StorageId, TaskId, TenantId};
use model::storage::{LogicalFolder, logical_folder};
use model::user::Permission;
use model::{Problem, Timestamp};
use storage::Client;

use crate::actor::Actor;
use crate::context::{Attempt, Control, signing};
use crate::error::Error;

/// The end of the path of a manifest, which completes a dump.
const MANIFEST: &str = "/manifest.json";

/// The result of a scan.
#[derive(Debug, Default)]
pub struct Scan {
    /// The number of complete logical dumps.
    pub found: u64,
    /// The number of those that the catalogue had already.
    pub known: u64,
    /// The sets that were added to the catalogue.
    pub added: Vec<Adopted>,
    /// The folders of the dumps that cannot be added, and why.
    pub left_out: Vec<(String, Problem)>,
}

/// A set that was found in a storage.
#[derive(Debug)]
pub struct Adopted {
    /// Its ID in the catalogue.
    pub id: BackupSetId,
    /// Its folder below the storage's base.
    pub path: String,
    /// Its origin.
    pub origin: Origin,
}

/// Finds the complete logical dumps in a storage, and adds unknown ones to the catalogue. Nothing in the storage is
/// changed. The rows are not read: added sets are unverified.
///
/// # Errors
/// When there is no such storage, or the storage or the metadata database fails. A dump that cannot be read is left out
/// without an error.
pub async fn scan(control: &Control, actor: &Actor, id: StorageId) -> Result<Scan, Error> {
    let attempt = Attempt::new(actor, "storage-scan", format!("storage/{id}"));
    let work = async {
        actor.must(Permission::Backup)?;
        let client = control.context.client(id).await?;
        let clusters = control.metadata().cluster_list().await?;
        let known = known_folders(control, id).await?;
        let keys = control.context.known_keys().await?;
        let mut scan = Scan::default();
        let mut sets = Vec::new();
        for folder in dump_folders(&client).await? {
            scan.found += 1;
            if known.contains(&folder) {
                scan.known += 1;
                continue;
            }
            match look(control, &client, &clusters, &keys, id, &folder).await {
                Ok(found) => sets.push(found),
                Err(error) => scan.left_out.push((folder, error.into_problem())),
            }
        }
        let mut writer = control.metadata().begin().await?;
        for (set, origin) in sets {
            let id = writer.backup_set_adopt(&set).await?;
            scan.added.push(Adopted { id, path: set.path, origin });
        }
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        Ok(scan)
    };
    attempt.watch(&control.context, work).await
}

/// Returns the folders of all sets in a storage, according to the catalogue.
async fn known_folders(control: &Control, storage: StorageId) -> Result<BTreeSet<String>, Error> {
    let query = BackupSetQuery { storage: Some(storage), ..BackupSetQuery::default() };
    let mut folders = BTreeSet::new();
    let mut slice = Slice::ALL;
    loop {
        let page = control.metadata().backup_set_list(&query, slice).await?;
        slice.offset += page.items.len() as u64;
        let is_last = page.items.is_empty() || slice.offset >= page.total;
        folders.extend(page.items.into_iter().map(|set| set.path));
        if is_last {
            return Ok(folders);
        }
    }
}

/// Returns the folders of the complete dumps, in order.
async fn dump_folders(client: &Client) -> Result<Vec<String>, Error> {
    let objects = client.list("").await?;
    let folders = objects.iter().filter_map(|object| object.key.strip_suffix(MANIFEST));
    Ok(folders.filter(|folder| place(folder).is_some()).map(str::to_owned).collect())
}

/// Parses the path of a dump; none if it is not one.
fn place(path: &str) -> Option<(LogicalFolder<'_>, DumpId)> {
    let (folder, dump) = LogicalFolder::of_dump(path)?;
    Some((folder, dump.parse().ok()?))
}

/// Reads a dump's own description.
async fn look(
    control: &Control,
    client: &Client,
    clusters: &[Cluster],
    keys: &KnownKeys,
    storage: StorageId,
    folder: &str,
) -> Result<(BackupSet, Origin), Error> {
    let (LogicalFolder { cluster: name, ob_cluster_id, tenant }, dump) =
        place(folder).expect("only dumps are looked at");
    let cluster = clusters
        .iter()
        .find(|cluster| cluster.name == name && cluster.facts.ob_cluster_id == ob_cluster_id)
        .ok_or_else(|| {
            Problem::not_found("scan-cluster-unknown").with("cluster", name).with("number", ob_cluster_id)
        })?;
    let client = client.below(&logical_folder(name, ob_cluster_id, tenant))?;
    let OpenManifest { manifest, signer, .. } = open_manifest(&client, &dump).await?;
    let tenant_name = match control.metadata().tenant_get(cluster.id, tenant).await? {
        Some(tenant) => tenant.name,
        None => tenant.to_string(),
    };
    let origin = keys.origin(signer);
    let mut set = described(&manifest, cluster, tenant, tenant_name, storage, folder);
    signing::refuse_moved(&set.path, manifest.owner.as_deref())?;
    set.status = match origin {
        Origin::Unknown { .. } | Origin::Unsigned => BackupSetStatus::Foreign,
        Origin::Own { .. } | Origin::Known { .. } if manifest.is_partial() => BackupSetStatus::Partial,
        Origin::Own { .. } | Origin::Known { .. } => BackupSetStatus::Unverified,
    };
    Ok((set, origin))
}

fn described(
    manifest: &Manifest,
    cluster: &Cluster,
    tenant: TenantId,
    tenant_name: String,
    storage: StorageId,
    folder: &str,
) -> BackupSet {
    let started: Timestamp = manifest.taken;
    BackupSet {
        id: BackupSetId(0),
        task: TaskId(0),
        cluster: cluster.id,
        cluster_name: cluster.name.clone(),
        tenant,
        tenant_name,
        method: BackupMethod::Logical,
        mode: DataBackupMode::Full,
        storage,
        path: folder.to_owned(),
        scn: manifest.scn,
        bytes: manifest.totals.bytes,
        rows: manifest.totals.rows,
        tables: manifest.totals.tables,
        started,
        finished: manifest.finished,
        status: BackupSetStatus::Foreign,
        left_out: manifest.left_out.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_dump_is_known_by_its_folder_and_nothing_else_is_taken_for_one() {
        let (found, dump) = place("prod/1/1002/logical/20261122T100000Z-17-1").expect("a dump");
        assert_eq!((found.cluster, found.ob_cluster_id, found.tenant.0), ("prod", 1, 1002));
        assert_eq!(dump.as_str(), "20261122T100000Z-17-1");
        for other in
            ["d", "logical/d", "prod/1/1002/data/d", "prod/x/1002/logical/d", "prod/01/1002/logical/d"]
        {
            assert!(place(other).is_none(), "{other}");
        }
    }
}
