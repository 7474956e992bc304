//! Files of 2.2.77 and 3.x destinations: one directory tree for the whole cluster. The content of the files is the
//! simulator's own.

use serde::{Deserialize, Serialize};

use super::Media;
use crate::error::SqlError;

/// A tenant's part of a backup set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SetManifest {
    pub(crate) set: u64,
    pub(crate) is_incremental: bool,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) version: String,
    pub(crate) password: String,
    pub(crate) data_bytes: i64,
    pub(crate) previous_set: u64,
    /// The cluster's frozen version when the set started.
    #[serde(default)]
    pub(crate) data_version: u64,
    /// The tables, as `database.table`.
    #[serde(default)]
    pub(crate) tables: Vec<String>,
    /// The data file with its size, relative to the set.
    pub(crate) file: (String, u64),
}

/// A tenant's archive of one round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RoundManifest {
    pub(crate) round: u64,
    pub(crate) start_us: i64,
    pub(crate) checkpoint_us: i64,
}

/// Returns the root directory of a cluster at its destination.
pub(crate) fn root(destination: &str, cluster: &str, cluster_id: u64) -> String {
    format!("{destination}/{cluster}/{cluster_id}/incarnation_1")
}

/// Writes the files that name the owner of the directory.
pub(crate) fn write_cluster(media: &Media, root: &str, tenants: &[(u64, String)]) -> Result<(), SqlError> {
    let names: Vec<(&u64, &str)> = tenants.iter().map(|(id, name)| (id, name.as_str())).collect();
    media.put(&format!("{root}/tenant_info"), b"tenants")?;
    media.put(&format!("{root}/tenant_name_info"), &json(&names))
}

/// Returns the ID of a tenant by its name in a cluster's directory.
pub(crate) fn tenant_id(media: &Media, root: &str, name: &str) -> Option<u64> {
    let names: Vec<(u64, String)> =
        serde_json::from_slice(&media.get(&format!("{root}/tenant_name_info"))?).ok()?;
    names.into_iter().find(|(_, known)| known == name).map(|(id, _)| id)
}

/// Writes the mark that each server creates when the archive starts.
pub(crate) fn write_server_mark(media: &Media, root: &str, ip: &str, port: u16) -> Result<(), SqlError> {
    media.put(&format!("{root}/clog_info/1_{ip}_{port}"), b"start")
}

/// Returns the directory of a set; on 2.2.77, its name has only the set's ID.
pub(crate) fn set_directory(set: u64, is_incremental: bool, day: i64, is_oldest: bool) -> String {
    if is_oldest {
        return format!("backup_set_{set}");
    }
    format!("backup_set_{set}_{}_{day}", if is_incremental { "inc" } else { "full" })
}

/// Writes a tenant's part of a set.
pub(crate) fn write_set(
    media: &Media,
    root: &str,
    tenant: u64,
    directory: &str,
    manifest: &SetManifest,
) -> Result<(), SqlError> {
    let data = format!("{root}/{tenant}/data");
    media.put_data(&format!("{data}/{directory}/{}", manifest.file.0), manifest.file.1)?;
    media.put(&format!("{data}/{directory}/backup_{}/backup_info", manifest.set), b"info")?;
    media.put(&format!("{data}/{directory}/backup_set_info"), &json(manifest))?;
    media.put(&format!("{data}/tenant_data_backup_info"), b"info")?;
    media.put(&format!("{root}/cluster_data_backup_info"), b"info")
}

/// Returns a tenant's readable sets, with their addresses.
pub(crate) fn read_sets(media: &Media, root: &str, tenant: u64) -> Vec<(String, SetManifest)> {
    let data = format!("{root}/{tenant}/data");
    let names = media.list(&data);
    let mut sets: Vec<(String, SetManifest)> = names
        .iter()
        .filter_map(|name| {
            let address = format!("{data}/{name}");
            let manifest = serde_json::from_slice(&media.get(&format!("{address}/backup_set_info"))?).ok()?;
            Some((address, manifest))
        })
        .collect();
    sets.sort_by_key(|(_, set)| set.set);
    sets
}

pub(crate) fn remove_set(media: &Media, root: &str, tenant: u64, directory: &str) {
    media.remove(&format!("{root}/{tenant}/data/{directory}"));
}

/// Writes a tenant's logs up to the current checkpoint.
pub(crate) fn write_clog(
    media: &Media,
    root: &str,
    tenant: u64,
    directory: &str,
    bytes: i64,
    manifest: &RoundManifest,
) -> Result<(), SqlError> {
    let clog = format!("{root}/{tenant}/clog");
    media.put_data(&format!("{clog}/{directory}/data/1"), bytes.max(4_096) as u64)?;
    media.put(&format!("{clog}/{directory}/index/1"), b"index")?;
    media.put(&format!("{clog}/round_{}_info", manifest.round), &json(manifest))?;
    media.put(&format!("{clog}/tenant_clog_backup_info"), b"info")?;
    media.put(&format!("{root}/cluster_clog_backup_info"), b"info")
}

pub(crate) fn remove_clog(media: &Media, root: &str, tenant: u64, directory: &str) {
    media.remove(&format!("{root}/{tenant}/clog/{directory}"));
}

/// Returns a tenant's readable rounds.
pub(crate) fn read_rounds(media: &Media, root: &str, tenant: u64) -> Vec<RoundManifest> {
    let clog = format!("{root}/{tenant}/clog");
    let names = media.list(&clog);
    let infos = names.iter().filter(|name| name.starts_with("round_"));
    infos.filter_map(|name| serde_json::from_slice(&media.get(&format!("{clog}/{name}"))?).ok()).collect()
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain structs always become JSON")
}
