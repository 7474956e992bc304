//! Cleanup of 4.x: the one policy a tenant may have, the hourly job it leads to, and manual deletion on the newest.

use serde::Serialize;

use super::backup::BackupSet;
use super::{SCN, after};
use crate::civil::{self, SECOND};
use crate::error::SqlError;
use crate::media::layout4;
use crate::world::{Caller, Cluster, TenantId};

/// The kernel looks so often for what is obsolete.
const PERIOD_S: i64 = 3_600;

/// What a tenant has in hand.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Cleanup {
    /// The recovery window of the policy `default`.
    pub(crate) window: Option<String>,
    pub(crate) jobs: Vec<DeleteJob>,
    pub(crate) tasks: Vec<DeleteTask>,
    pub(crate) next: Option<i64>,
    last_task: u64,
}

/// A deletion.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DeleteJob {
    pub(crate) tenant: TenantId,
    pub(crate) id: u64,
    pub(crate) initiator: TenantId,
    pub(crate) kind: &'static str,
    pub(crate) parameter: String,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) status: &'static str,
    pub(crate) result: i64,
    pub(crate) comment: String,
    pub(crate) in_history: bool,
    pub(crate) due: Option<i64>,
}

/// A deletion of one thing.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DeleteTask {
    pub(crate) tenant: TenantId,
    pub(crate) id: u64,
    pub(crate) job: u64,
    pub(crate) kind: &'static str,
    pub(crate) thing: u64,
    pub(crate) round: u64,
    pub(crate) destination: u64,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) status: &'static str,
    pub(crate) log_streams: i64,
    pub(crate) path: String,
    pub(crate) in_history: bool,
}

/// `ADD DELETE BACKUP POLICY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) name: Option<String>,
    pub(crate) window: Option<String>,
    pub(crate) redundancy: Option<String>,
    pub(crate) tenants: Option<Vec<String>>,
}

/// The single tenant a policy statement is about.
fn policy_tenant(
    cluster: &Cluster,
    caller: Caller,
    tenants: Option<&[String]>,
) -> Result<TenantId, SqlError> {
    match tenants {
        Some(_) if !caller.is_sys() => {
            Err(SqlError::not_supported("user tenant cannot specify tenant names"))
        }
        Some([name]) => cluster.expect_tenant(name),
        Some([]) => Err(too_few()),
        Some(_) => Err(SqlError::not_supported(
            "Too many tenant names specified, only one tenant name can be specified",
        )),
        None if caller.is_sys() => Err(too_few()),
        None => Ok(caller.tenant),
    }
}

fn too_few() -> SqlError {
    SqlError::not_supported("Too little tenant names specified, only one tenant name can be specified")
}

/// `ALTER SYSTEM ADD DELETE BACKUP POLICY …`.
pub(crate) fn add_policy(cluster: &mut Cluster, caller: Caller, policy: &Policy) -> Result<(), SqlError> {
    check_name(policy.name.as_deref())?;
    let id = policy_tenant(cluster, caller, policy.tenants.as_deref())?;
    if policy.redundancy.as_ref().is_some_and(|redundancy| redundancy != "1") {
        return Err(SqlError::new(4007, "Redundancy not equal to 1 is not supported"));
    }
    let Some(window) = &policy.window else {
        return Err(SqlError::not_supported("Neither recovery_window nor redundancy is set"));
    };
    if civil::parse_duration(window).is_none() {
        return Err(SqlError::not_supported("recovery window is not be time string"));
    }
    let now_us = cluster.now_us;
    let cleanup = &mut cluster.four.of(id).cleanup;
    if cleanup.window.is_some() {
        return Err(SqlError::new(5024, format!("Duplicate entry '{}-default' for key 'PRIMARY'", id.0)));
    }
    cleanup.window = Some(window.clone());
    cleanup.next = after(now_us, 10);
    Ok(())
}

/// `ALTER SYSTEM DROP DELETE BACKUP POLICY …`; a missing one is no error.
pub(crate) fn drop_policy(cluster: &mut Cluster, caller: Caller, policy: &Policy) -> Result<(), SqlError> {
    check_name(policy.name.as_deref())?;
    let id = policy_tenant(cluster, caller, policy.tenants.as_deref())?;
    let cleanup = &mut cluster.four.of(id).cleanup;
    (cleanup.window, cleanup.next) = (None, None);
    Ok(())
}

fn check_name(name: Option<&str>) -> Result<(), SqlError> {
    match name {
        Some("default") => Ok(()),
        Some(_) => Err(SqlError::new(4007, "The policy name is not 'default', it is not supported")),
        None => Err(SqlError::new(4007, "delete policy name is not specified, which is not supported")),
    }
}

/// `ALTER SYSTEM CANCEL DELETE BACKUP`; nothing to cancel is no error.
pub(crate) fn cancel(
    cluster: &mut Cluster,
    caller: Caller,
    names: Option<&[String]>,
) -> Result<(), SqlError> {
    let ids = match names {
        Some(names) => names.iter().map(|name| cluster.expect_tenant(name)).collect::<Result<Vec<_>, _>>()?,
        None if caller.is_sys() => cluster.user_tenants(),
        None => vec![caller.tenant],
    };
    let now_us = cluster.now_us;
    for id in ids {
        for job in
            cluster.four.of(id).cleanup.jobs.iter_mut().filter(|job| ["INIT", "DOING"].contains(&job.status))
        {
            job.status = "CANCELING";
            job.due = after(now_us, 1);
        }
    }
    Ok(())
}

/// Does what is due: the hourly look, and the jobs it has led to.
pub(super) fn step(cluster: &mut Cluster, id: TenantId) {
    let now_us = cluster.now_us;
    let cleanup = &cluster.four.of(id).cleanup;
    if cleanup.next.is_some_and(|next| next <= now_us) {
        look(cluster, id);
    }
    let due: Vec<usize> = cluster
        .four
        .of(id)
        .cleanup
        .jobs
        .iter()
        .enumerate()
        .filter(|(_, job)| job.due.is_some_and(|due| due <= now_us))
        .map(|(at, _)| at)
        .collect();
    for at in due {
        run(cluster, id, at);
    }
}

fn look(cluster: &mut Cluster, id: TenantId) {
    let now_us = cluster.now_us;
    let cleanup = &mut cluster.four.of(id).cleanup;
    cleanup.next = after(now_us, PERIOD_S);
    let Some(window) = cleanup.window.as_deref().and_then(civil::parse_duration) else { return };
    if window == 0 {
        return;
    }
    let expired_us = now_us - window;
    if !obsolete_sets(cluster, id, expired_us).is_empty()
        || !obsolete_pieces(cluster, id, expired_us).is_empty()
    {
        add_job(cluster, id, "DELETE OBSOLETE BACKUP", civil::format(expired_us, cluster.zone_s));
    }
}

fn add_job(cluster: &mut Cluster, id: TenantId, kind: &'static str, parameter: String) {
    let now_us = cluster.now_us;
    let jobs = &mut cluster.four.of(id).cleanup.jobs;
    jobs.push(DeleteJob {
        tenant: id,
        id: jobs.len() as u64 + 1,
        initiator: id,
        kind,
        parameter,
        start_us: now_us,
        end_us: 0,
        status: "INIT",
        result: 0,
        comment: String::new(),
        in_history: false,
        due: after(now_us, 1),
    });
}

/// The newest full set that reaches back to the border starts the chain that is kept.
fn first_kept(cluster: &Cluster, id: TenantId, expired_us: i64) -> Option<BackupSet> {
    let backups = cluster.four.tenants.get(&id)?;
    let path = backups.data.as_ref().map(|place| place.bare.as_str())?;
    let mut here = backups.sets.iter().filter(|set| set.path == path && set.is_usable());
    here.rfind(|set| !set.is_incremental && set.min_restore_scn <= expired_us.saturating_mul(SCN)).cloned()
}

fn obsolete_sets(cluster: &Cluster, id: TenantId, expired_us: i64) -> Vec<u64> {
    let Some(kept) = first_kept(cluster, id, expired_us) else { return Vec::new() };
    let Some(backups) = cluster.four.tenants.get(&id) else { return Vec::new() };
    let is_old = |set: &&BackupSet| set.path == kept.path && set.id < kept.id && set.status != "DOING";
    backups.sets.iter().filter(is_old).filter(|set| set.file_status != "DELETED").map(|set| set.id).collect()
}

fn obsolete_pieces(cluster: &Cluster, id: TenantId, expired_us: i64) -> Vec<(u64, u64, u64)> {
    let Some(kept) = first_kept(cluster, id, expired_us) else { return Vec::new() };
    let Some(backups) = cluster.four.tenants.get(&id) else { return Vec::new() };
    let Some(destination) = &backups.archive.destination else { return Vec::new() };
    backups
        .archive
        .pieces
        .iter()
        .filter(|piece| piece.path == destination.place.bare && piece.status == "FROZEN")
        .filter(|piece| piece.end_scn <= kept.start_replay_scn && piece.file_status != "DELETED")
        .map(|piece| (piece.destination, piece.round, piece.id))
        .collect()
}

fn run(cluster: &mut Cluster, id: TenantId, at: usize) {
    let now_us = cluster.now_us;
    let job = cluster.four.of(id).cleanup.jobs[at].clone();
    let (status, due) = match job.status {
        "INIT" => {
            mark(cluster, id, &job);
            ("DOING", after(now_us, 4))
        }
        "DOING" => {
            delete_marked(cluster, id, job.id);
            ("COMPLETED", after(now_us, 5))
        }
        "CANCELING" => ("CANCELED", after(now_us, 5)),
        ended => (ended, None),
    };
    let cleanup = &mut cluster.four.of(id).cleanup;
    let has_moved = due.is_none();
    cleanup.tasks.iter_mut().filter(|task| task.job == job.id).for_each(|task| task.in_history = has_moved);
    let job = &mut cleanup.jobs[at];
    if job.status != status && ["COMPLETED", "CANCELED"].contains(&status) {
        job.end_us = now_us;
        job.result = if status == "CANCELED" { -4072 } else { 0 };
    }
    (job.status, job.due, job.in_history) = (status, due, has_moved);
}

/// Sets and pieces that are to go become DELETING, each with its task.
fn mark(cluster: &mut Cluster, id: TenantId, job: &DeleteJob) {
    let now_us = cluster.now_us;
    let (sets, pieces) = if job.kind == "DELETE BACKUP SET" {
        (job.parameter.split(',').filter_map(|set| set.parse().ok()).collect(), Vec::new())
    } else {
        let expired_us = civil::parse(&job.parameter, cluster.zone_s).unwrap_or_default();
        (obsolete_sets(cluster, id, expired_us), obsolete_pieces(cluster, id, expired_us))
    };
    let backups = cluster.four.of(id);
    let mut tasks = Vec::new();
    for set in backups.sets.iter_mut().filter(|set| sets.contains(&set.id)) {
        set.file_status = "DELETING";
        tasks.push(("BACKUP SET", set.id, 0, set.destination, set.path.clone()));
    }
    for piece in &mut backups.archive.pieces {
        if pieces.contains(&(piece.destination, piece.round, piece.id)) {
            piece.file_status = "DELETING";
            tasks.push(("BACKUP PIECE", piece.id, piece.round, piece.destination, piece.path.clone()));
        }
    }
    for (kind, thing, round, destination, path) in tasks {
        let cleanup = &mut backups.cleanup;
        cleanup.last_task += 1;
        cleanup.tasks.push(DeleteTask {
            tenant: id,
            id: cleanup.last_task,
            job: job.id,
            kind,
            thing,
            round,
            destination,
            start_us: now_us,
            end_us: 0,
            status: "DOING",
            log_streams: 2,
            path,
            in_history: false,
        });
    }
}

fn delete_marked(cluster: &mut Cluster, id: TenantId, job: u64) {
    let now_us = cluster.now_us;
    let media = cluster.media.clone();
    let backups = cluster.four.of(id);
    for set in backups.sets.iter_mut().filter(|set| set.file_status == "DELETING") {
        layout4::remove_set(&media, &set.path, &layout4::set_name(set.id, set.is_incremental));
        set.file_status = "DELETED";
    }
    for piece in backups.archive.pieces.iter_mut().filter(|piece| piece.file_status == "DELETING") {
        layout4::remove_piece(
            &media,
            &piece.path,
            &layout4::piece_name(piece.destination, piece.round, piece.id),
        );
        piece.file_status = "DELETED";
        for round in backups.archive.round.iter_mut().chain(&mut backups.archive.past) {
            if round.id == piece.round {
                round.deleted_input_bytes += piece.input_bytes;
                round.deleted_output_bytes += piece.output_bytes;
            }
        }
    }
    for task in backups.cleanup.tasks.iter_mut().filter(|task| task.job == job) {
        (task.status, task.end_us) = ("COMPLETED", now_us);
    }
}

/// `ALTER SYSTEM DELETE BACKUPSET n[, …]` of the newest kernels; refusals appear in the job, not in the answer.
pub(crate) fn delete_sets(cluster: &mut Cluster, id: TenantId, sets: &[u64]) {
    let refusal = sets.iter().find_map(|set| refusal(cluster, id, *set));
    let list = sets.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    add_job(cluster, id, "DELETE BACKUP SET", list);
    let now_us = cluster.now_us;
    if let (Some(comment), Some(job)) = (refusal, cluster.four.of(id).cleanup.jobs.last_mut()) {
        (job.status, job.result, job.end_us) = ("FAILED", -9045, now_us);
        job.comment = comment;
        job.due = Some(now_us + 5 * SECOND);
    }
}

fn refusal(cluster: &Cluster, id: TenantId, number: u64) -> Option<String> {
    let backups = cluster.four.tenants.get(&id)?;
    let Some(set) = backups.sets.iter().find(|set| set.id == number) else {
        return Some(format!("id={number}(get set failed)"));
    };
    if set.status == "FAILED" {
        return None;
    }
    if set.file_status == "DELETED" {
        return Some(format!("id={number}(already deleted)"));
    }
    if set.status == "DOING" {
        return Some(format!("id={number}(status=DOING)"));
    }
    if backups.data.as_ref().is_some_and(|place| place.bare == set.path) && backups.cleanup.window.is_some() {
        return Some("cannot delete backup set in current path when delete policy is set".to_owned());
    }
    if let Some(child) = backups.sets.iter().find(|child| child.previous_set == number && child.is_usable()) {
        return Some(format!("id={number}(dependent by backup set id={})", child.id));
    }
    let newest = backups.sets.iter().rev().find(|known| !known.is_incremental && known.is_usable())?;
    (number >= newest.id).then(|| format!("id={number}(newer than latest full backupset id={})", newest.id))
}
