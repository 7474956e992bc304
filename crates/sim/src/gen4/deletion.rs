//! Manual deletion of sets and pieces: the errors of the statement, and those of the job.

use super::Backups;
use super::backup::BackupSet;
use super::cleanup::{self, ActivePolicy, Wanted};
use super::features;
use crate::error::SqlError;
use crate::profile::Profile;
use crate::world::tenant::Tenant;
use crate::world::{Caller, Cluster, TenantId};

/// The maximum number of IDs in one statement.
const MOST_IDS: usize = 32;
/// OB_BACKUP_CLEAN_CAN_NOT_START. The number is a guess: it is that of the older kernels.
const CANNOT_START: u16 = 9_040;

/// A DELETE statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// `OBSOLETE`, `BACKUPSET`, `ARCHIVELOG_PIECE`, or the older `BACKUPPIECE`.
    pub(crate) kind: &'static str,
    pub(crate) ids: Vec<u64>,
    pub(crate) tenants: Option<Vec<String>>,
}

/// `ALTER SYSTEM DELETE …`: OK means only that a job was recorded.
pub(crate) fn start(cluster: &mut Cluster, caller: Caller, request: &Request) -> Result<(), SqlError> {
    if cluster.profile < Profile::V4_4 {
        return Err(SqlError::new(4007, "function is not supported"));
    }
    if !features::has(cluster, caller.tenant, features::MANUAL_DELETION) {
        return Err(SqlError::not_supported("manual backup clean"));
    }
    if request.ids.len() > MOST_IDS {
        return Err(SqlError::not_supported("the number of ids to be deleted more than 32"));
    }
    if request.kind == "BACKUPPIECE" {
        return Err(SqlError::gap("DELETE BACKUPPIECE of the newest kernels"));
    }
    let ids = tenants(cluster, caller, request)?;
    let obsolete = request.kind == "OBSOLETE";
    if obsolete {
        check_policies(cluster, &ids)?;
    }
    let is_normal = |id: &TenantId| cluster.tenants.get(id).is_some_and(Tenant::is_normal);
    let ids: Vec<TenantId> = ids.into_iter().filter(is_normal).collect();
    match (ids.is_empty(), caller.is_sys()) {
        (true, false) => return Err(SqlError::not_supported("tenant status is not normal, backup clean")),
        (true, true) => return Err(SqlError::new(CANNOT_START, "no tenant need backup clean")),
        _ => {}
    }
    for id in ids {
        let wanted = match request.kind {
            "BACKUPSET" => Wanted::Sets(request.ids.clone()),
            "ARCHIVELOG_PIECE" => Wanted::Pieces(request.ids.clone()),
            _ => {
                let policy = cluster.four.of(id).cleanup.policy.as_ref();
                Wanted::Obsolete { expired_us: cluster.now_us - policy.map_or(0, ActivePolicy::window_us) }
            }
        };
        cleanup::add_job(cluster, id, caller.tenant, wanted);
    }
    Ok(())
}

fn tenants(cluster: &Cluster, caller: Caller, request: &Request) -> Result<Vec<TenantId>, SqlError> {
    match request.tenants.as_deref() {
        Some(_) if !caller.is_sys() => {
            Err(SqlError::not_supported("user tenant cannot specify tenant names"))
        }
        Some([name]) => match cluster.expect_tenant(name)? {
            TenantId::SYS => Err(SqlError::new(4016, "tenant list should not contain system tenant")),
            id => Ok(vec![id]),
        },
        Some(_) => Err(SqlError::not_supported(
            "Too many tenant names specified, only one tenant name can be specified",
        )),
        None if !caller.is_sys() => Ok(vec![caller.tenant]),
        None if request.kind == "OBSOLETE" => Ok(cluster.user_tenants()),
        None => Err(SqlError::not_supported("need to specify a tenant name")),
    }
}

fn check_policies(cluster: &Cluster, ids: &[TenantId]) -> Result<(), SqlError> {
    for id in ids {
        let policy = cluster.four.tenants.get(id).and_then(|backups| backups.cleanup.policy.as_ref());
        match policy {
            None => return Err(SqlError::new(CANNOT_START, "no delete policy for some user tenant")),
            Some(policy) if policy.window_us() <= 0 => {
                return Err(SqlError::not_supported("recovery window is not positive, backup clean"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Returns why a job fails before it deletes anything: RESULT and COMMENT.
pub(super) fn refusal(cluster: &Cluster, id: TenantId, wanted: &Wanted) -> Option<(i64, String)> {
    let backups = cluster.four.tenants.get(&id)?;
    match wanted {
        Wanted::Obsolete { .. } | Wanted::Copied(_) => None,
        Wanted::Sets(ids) => of_sets(backups, ids),
        Wanted::Pieces(ids) => of_pieces(backups, ids),
    }
}

fn of_sets(backups: &Backups, ids: &[u64]) -> Option<(i64, String)> {
    let refused = |id: u64, reason: String| Some((-9045, format!("id={id}({reason})")));
    let mut sets: Vec<&BackupSet> = Vec::new();
    for id in ids {
        let Some(set) = backups.sets.iter().find(|set| set.id == *id) else {
            return refused(*id, "get set failed".to_owned());
        };
        if set.status == "DOING" {
            return refused(*id, "status=DOING".to_owned());
        }
        if set.file_status == "DELETED" {
            return refused(*id, "already deleted".to_owned());
        }
        sets.push(set);
    }
    if sets.windows(2).any(|pair| pair[0].path != pair[1].path) {
        return Some((-4007, "delete from multiple dest is not supported".to_owned()));
    }
    sets.iter().find_map(|set| {
        let reason = kept_because(backups, set, ids)?;
        refused(set.id, reason)
    })
}

/// Returns why a set cannot be deleted, if so.
fn kept_because(backups: &Backups, set: &BackupSet, ids: &[u64]) -> Option<String> {
    let is_current = backups.data.as_ref().is_some_and(|place| place.bare == set.path);
    if is_current && backups.cleanup.policy.is_some() {
        return Some("cannot delete backup set in current path when delete policy is set".to_owned());
    }
    if is_current && set.status == "SUCCESS" {
        let mut full = backups.sets.iter().rev().filter(|known| known.path == set.path);
        let Some(newest) = full.find(|known| !known.is_incremental && known.is_usable()) else {
            return Some("no full backup exists".to_owned());
        };
        if set.id >= newest.id {
            return Some(format!("newer than latest full backupset id={}", newest.id));
        }
    }
    let depends = |child: &&BackupSet| {
        child.path == set.path
            && child.file_status != "DELETED"
            && child.is_usable()
            && (child.full_set == set.id || child.previous_set == set.id)
    };
    let child = backups.sets.iter().filter(|child| !ids.contains(&child.id)).find(depends)?;
    Some(format!("dependent by backup set id={}", child.id))
}

fn of_pieces(backups: &Backups, ids: &[u64]) -> Option<(i64, String)> {
    let refused = |id: u64, reason: String| Some((-9069, format!("id={id}({reason})")));
    let pieces = &backups.archive.pieces;
    for id in ids {
        let Some(piece) = pieces.iter().find(|piece| piece.id == *id) else {
            return refused(*id, "not exist".to_owned());
        };
        if piece.file_status == "DELETED" {
            return refused(*id, "already deleted".to_owned());
        }
        if piece.status != "FROZEN" {
            return refused(*id, "is active piece".to_owned());
        }
        let current = backups.archive.destination.as_ref();
        if current.is_some_and(|current| current.place.bare == piece.path) {
            if backups.cleanup.policy.is_some() {
                return refused(
                    *id,
                    "cannot delete backup piece in current path when delete policy is set".to_owned(),
                );
            }
            let Some(data) = &backups.data else { return refused(*id, "no backup set dest".to_owned()) };
            let mut here = backups.sets.iter().filter(|set| set.path == data.bare);
            let Some(oldest) = here.find(|set| !set.is_incremental && set.is_usable()) else {
                return refused(*id, "no full backup exists".to_owned());
            };
            if piece.end_scn > oldest.start_replay_scn {
                return refused(*id, format!("needed for oldest full backup id={}", oldest.id));
            }
        }
        let older = pieces.iter().find(|other| {
            other.path == piece.path
                && other.id < piece.id
                && other.file_status != "DELETED"
                && !ids.contains(&other.id)
        });
        if let Some(older) = older {
            return refused(*id, format!("smaller piece exists id={}", older.id));
        }
    }
    None
}
