//! Data backup of 4.x: jobs, tasks and sets, and the checks of BACKUP before it answers OK.

use serde::Serialize;

use super::{Backups, after, job};
use crate::civil;
use crate::error::SqlError;
use crate::profile::Profile;
use crate::world::tenant::Tenant;
use crate::world::{Caller, Cluster, TenantId};

/// A job; the sys tenant's job only creates the jobs of the tenants.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Job {
    pub(crate) tenant: TenantId,
    pub(crate) id: u64,
    pub(crate) set: u64,
    /// Set for a copy of the archive instead of a data backup: whether it deletes the copied pieces.
    pub(crate) copies: Option<bool>,
    pub(crate) initiator: TenantId,
    pub(crate) initiator_job: u64,
    pub(crate) executors: Vec<TenantId>,
    pub(crate) plus_archivelog: bool,
    pub(crate) is_incremental: bool,
    pub(crate) level: &'static str,
    pub(crate) password: String,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) status: &'static str,
    pub(crate) result: i64,
    pub(crate) comment: String,
    pub(crate) description: String,
    pub(crate) path: String,
    /// Whether the row has moved to the history.
    pub(crate) in_history: bool,
    pub(crate) due: Option<i64>,
}

impl Job {
    pub(crate) fn has_ended(&self) -> bool {
        ["COMPLETED", "FAILED", "CANCELED"].contains(&self.status)
    }
}

/// The one task of a tenant's job.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Task {
    pub(crate) tenant: TenantId,
    pub(crate) id: u64,
    pub(crate) job: u64,
    pub(crate) set: u64,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) status: &'static str,
    /// Its stage, as an index.
    pub(crate) stage: usize,
    pub(crate) start_scn: i64,
    pub(crate) end_scn: i64,
    pub(crate) user_start_scn: i64,
    pub(crate) password: String,
    pub(crate) total_bytes: i64,
    pub(crate) output_bytes: i64,
    pub(crate) data_start_us: i64,
    pub(crate) data_end_us: i64,
    pub(crate) tablets: i64,
    pub(crate) files: i64,
    pub(crate) result: i64,
    pub(crate) comment: String,
    pub(crate) path: String,
    pub(crate) in_history: bool,
}

/// A backup set.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BackupSet {
    pub(crate) tenant: TenantId,
    pub(crate) id: u64,
    pub(crate) destination: u64,
    pub(crate) is_incremental: bool,
    pub(crate) full_set: u64,
    pub(crate) previous_set: u64,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) status: &'static str,
    pub(crate) file_status: &'static str,
    pub(crate) plus_archivelog: bool,
    pub(crate) start_replay_scn: i64,
    pub(crate) min_restore_scn: i64,
    pub(crate) input_bytes: i64,
    pub(crate) output_bytes: i64,
    pub(crate) tablets: i64,
    pub(crate) files: i64,
    pub(crate) result: i64,
    pub(crate) comment: String,
    pub(crate) password: String,
    pub(crate) compatible: String,
    pub(crate) path: String,
}

impl BackupSet {
    /// Returns whether another set or a restore can use it.
    pub(crate) fn is_usable(&self) -> bool {
        self.status == "SUCCESS" && self.file_status == "AVAILABLE"
    }
}

/// A BACKUP statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) is_incremental: bool,
    pub(crate) tenants: Option<Vec<String>>,
    pub(crate) to: Option<String>,
    pub(crate) plus_archivelog: bool,
    pub(crate) description: String,
}

/// `ALTER SYSTEM BACKUP …`: does the immediate checks, and writes the first job row.
pub(crate) fn start(
    cluster: &mut Cluster,
    caller: Caller,
    request: &Request,
    password: Option<&str>,
) -> Result<(), SqlError> {
    if request.to.is_some() {
        return Err(SqlError::not_supported("backup do not support using specify path"));
    }
    if request.plus_archivelog && cluster.profile == Profile::V4_0 {
        return Err(SqlError::not_supported("plus archive is not supported"));
    }
    let named = named_tenants(cluster, caller, request)?;
    let now_us = cluster.now_us;
    let (owner, executors, level) = match named {
        Some(ids) => {
            for id in &ids {
                check(cluster, *id, TenantId::SYS)?;
            }
            (TenantId::SYS, ids, "CLUSTER")
        }
        None if caller.is_sys() => (TenantId::SYS, eligible_tenants(cluster)?, "CLUSTER"),
        None => {
            // From the sys tenant, the statement is accepted, but its job starts no backup.
            if cluster.is_upgrading() {
                return Err(SqlError::cannot_start("cluster upgrading"));
            }
            if cluster.four.of(caller.tenant).data.is_none() {
                return Err(SqlError::plain(9040));
            }
            check(cluster, caller.tenant, caller.tenant)?;
            (caller.tenant, vec![caller.tenant], "USER_TENANT")
        }
    };
    let password = password.map(digest).unwrap_or_default();
    let description = if cluster.profile == Profile::V4_0 { "" } else { request.description.as_str() };
    let path = if owner == TenantId::SYS { String::new() } else { data_path(cluster.four.of(owner)) };
    let backups = cluster.four.of(owner);
    backups.last_job += 1;
    backups.jobs.push(Job {
        tenant: owner,
        id: backups.last_job,
        set: 0,
        copies: None,
        initiator: owner,
        initiator_job: if owner == TenantId::SYS { backups.last_job } else { 0 },
        executors,
        plus_archivelog: request.plus_archivelog,
        is_incremental: request.is_incremental,
        level,
        password,
        start_us: now_us,
        end_us: 0,
        status: "INIT",
        result: 0,
        comment: String::new(),
        description: description.to_owned(),
        path,
        in_history: false,
        due: after(now_us, 1),
    });
    Ok(())
}

fn named_tenants(
    cluster: &Cluster,
    caller: Caller,
    request: &Request,
) -> Result<Option<Vec<TenantId>>, SqlError> {
    let Some(names) = &request.tenants else { return Ok(None) };
    if !caller.is_sys() {
        return Err(SqlError::not_supported("user tenant cannot specify tenant names"));
    }
    if names.is_empty() {
        return Err(SqlError::not_supported("No tenant name specified"));
    }
    let mut ids = Vec::new();
    for name in names {
        let id = cluster.expect_tenant(name)?;
        if ids.contains(&id) {
            return Err(SqlError::not_supported(format!("duplicate tenant {name} is")));
        }
        ids.push(id);
    }
    Ok(Some(ids))
}

/// Returns an error if a tenant cannot be backed up now.
fn check(cluster: &mut Cluster, id: TenantId, initiator: TenantId) -> Result<(), SqlError> {
    check_again(cluster, id)?;
    let backups = cluster.four.of(id);
    let mut data = backups.jobs.iter().filter(|job| job.copies.is_none());
    let own = data.any(|job| !job.has_ended() && job.initiator == initiator);
    let handed_out = initiator == TenantId::SYS
        && cluster
            .four
            .of(TenantId::SYS)
            .jobs
            .iter()
            .any(|job| job.status == "INIT" && job.executors.contains(&id));
    if own || handed_out { Err(SqlError::plain(9036)) } else { Ok(()) }
}

/// The checks that are repeated when a tenant's own job is about to start.
pub(super) fn check_again(cluster: &mut Cluster, id: TenantId) -> Result<(), SqlError> {
    if id == TenantId::SYS || !cluster.tenants.get(&id).is_some_and(Tenant::is_normal) {
        return Err(SqlError::cannot_start("tenant status is not normal."));
    }
    let backups = cluster.four.of(id);
    if backups.archive.status() != "DOING" {
        return Err(SqlError::cannot_start("log archive status is not doing."));
    }
    if backups.data.is_none() {
        return Err(SqlError::cannot_start("backup dest is not set."));
    }
    Ok(())
}

/// Returns the tenants that can be backed up now; the others are silently skipped.
fn eligible_tenants(cluster: &mut Cluster) -> Result<Vec<TenantId>, SqlError> {
    let ids: Vec<TenantId> =
        cluster.user_tenants().into_iter().filter(|id| check(cluster, *id, TenantId::SYS).is_ok()).collect();
    if ids.is_empty() {
        // The kernel's text also contains the object replacement character.
        return Err(SqlError::cannot_start(
            "no tenant meets the backup condition, \u{fffc}please check the tenant status, log archive status, \
             backup data dest, and backup status for each tenant",
        ));
    }
    Ok(ids)
}

pub(super) fn data_path(backups: &Backups) -> String {
    backups.data.as_ref().map_or(String::new(), |place| place.bare.clone())
}

/// `ALTER SYSTEM CANCEL BACKUP [TENANT …]`; succeeds if there is nothing to cancel.
pub(crate) fn cancel(
    cluster: &mut Cluster,
    caller: Caller,
    names: Option<&[String]>,
) -> Result<(), SqlError> {
    let ids = match names {
        Some(_) if !caller.is_sys() => {
            return Err(SqlError::not_supported("user tenant cannot specify tenant names"));
        }
        Some(names) => names.iter().map(|name| cluster.expect_tenant(name)).collect::<Result<Vec<_>, _>>()?,
        None if caller.is_sys() => cluster.four.tenants.keys().copied().collect(),
        None => vec![caller.tenant],
    };
    for id in ids {
        job::cancel(cluster, id);
    }
    Ok(())
}

/// Returns the value of PASSWD columns instead of a password: 32 hexadecimal digits.
pub(crate) fn digest(password: &str) -> String {
    use sha1::{Digest, Sha1};
    let sum = Sha1::digest(password.as_bytes());
    sum.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the comment of a failed job or task.
pub(super) fn failure_comment(cluster: &Cluster, id: u64, error: &SqlError) -> String {
    format!(
        "(ROOTSERVICE)addr: {}, result: -{}({}), trace_id: {}",
        cluster.address(),
        error.code,
        error.message,
        trace_id(cluster, id)
    )
}

pub(super) fn trace_id(cluster: &Cluster, id: u64) -> String {
    format!("YB427F000001-{:012X}-0-0", (cluster.now_us / civil::SECOND) as u64 ^ id)
}
