//! Cleanup of 4.x: the delete policy of a tenant, its hourly check, and running deletions.

use serde::Serialize;

use super::backup::BackupSet;
use super::{Backups, SCN, after, deletion, features};
use crate::civil;
use crate::error::SqlError;
use crate::faults::FaultName;
use crate::media::layout4;
use crate::world::{Caller, Cluster, TenantId};

/// OB_LOG_ONLY_POLICY_NOT_ALLOWED_TO_SET. Its number and text are guesses.
const LOG_ONLY_NOT_ALLOWED: u16 = 9_150;

/// How often the kernel checks for obsolete backups.
const PERIOD_S: i64 = 3_600;

/// The cleanup state of a tenant.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Cleanup {
    pub(crate) policy: Option<ActivePolicy>,
    pub(crate) jobs: Vec<DeleteJob>,
    pub(crate) tasks: Vec<DeleteTask>,
    pub(crate) next: Option<i64>,
    last_task: u64,
}

/// The policy of a tenant.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ActivePolicy {
    /// `default`, or `log_only`.
    pub(crate) name: &'static str,
    pub(crate) window: String,
}

impl ActivePolicy {
    /// The recovery window in microseconds.
    pub(super) fn window_us(&self) -> i64 {
        civil::parse_duration(&self.window).unwrap_or_default()
    }
}

/// The target of a deletion.
#[derive(Clone, Debug, Serialize)]
pub(crate) enum Wanted {
    /// All backups that are not needed for restoring to that time or later.
    Obsolete {
        expired_us: i64,
    },
    Sets(Vec<u64>),
    Pieces(Vec<u64>),
    /// Pieces that were copied with DELETE INPUT.
    Copied(Vec<u64>),
}

impl Wanted {
    /// The TYPE of the job. The values for pieces are guesses.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Obsolete { .. } => "DELETE OBSOLETE BACKUP",
            Self::Sets(_) => "DELETE BACKUP SET",
            Self::Pieces(_) => "DELETE BACKUP PIECE",
            Self::Copied(_) => "DELETE BACKED UP ARCHIVE PIECE",
        }
    }

    pub(super) fn ids(ids: &[u64]) -> String {
        ids.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
    }
}

/// A deletion.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DeleteJob {
    pub(crate) tenant: TenantId,
    pub(crate) id: u64,
    pub(crate) initiator: TenantId,
    pub(crate) wanted: Wanted,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) status: &'static str,
    pub(crate) result: i64,
    pub(crate) comment: String,
    pub(crate) in_history: bool,
    pub(crate) due: Option<i64>,
}

impl DeleteJob {
    pub(super) fn is_running(&self) -> bool {
        ["INIT", "DOING", "CANCELING"].contains(&self.status)
    }
}

/// Returns whether something at that path is being deleted.
pub(super) fn is_cleaning(backups: &Backups, path: &str) -> bool {
    backups.cleanup.tasks.iter().any(|task| task.path == path && task.end_us == 0)
}

/// The deletion of one object.
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
    pub(crate) name: String,
    pub(crate) window: Option<String>,
    pub(crate) redundancy: Option<String>,
    pub(crate) tenants: Option<Vec<String>>,
}

/// Returns the single tenant of a policy statement.
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
    let name = check_name(cluster, &policy.name)?;
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
    let is_newer = features::has(cluster, id, features::MANUAL_DELETION);
    let now_us = cluster.now_us;
    let backups = cluster.four.of(id);
    if is_newer && civil::parse_duration(window) == Some(0) {
        return Err(SqlError::arguments("the recovery window"));
    }
    if backups.cleanup.policy.is_some() {
        return Err(if is_newer {
            // The text is that of 9718; the number on the wire is a guess.
            SqlError::new(4017, "policy already exists")
        } else {
            SqlError::new(5024, format!("Duplicate entry '{}-default' for key 'PRIMARY'", id.0))
        });
    }
    if name == "log_only" && backups.data.is_some() {
        return Err(SqlError::new(
            LOG_ONLY_NOT_ALLOWED,
            "log_only policy is not allowed to set, because data_backup_dest is set",
        ));
    }
    backups.cleanup.policy = Some(ActivePolicy { name, window: window.clone() });
    backups.cleanup.next = after(now_us, if is_newer { 0 } else { 10 });
    Ok(())
}

/// `ALTER SYSTEM DROP DELETE BACKUP POLICY …`; succeeds if it does not exist.
pub(crate) fn drop_policy(cluster: &mut Cluster, caller: Caller, policy: &Policy) -> Result<(), SqlError> {
    let name = check_name(cluster, &policy.name)?;
    let id = policy_tenant(cluster, caller, policy.tenants.as_deref())?;
    let cleanup = &mut cluster.four.of(id).cleanup;
    if cleanup.policy.as_ref().is_some_and(|policy| policy.name == name) {
        (cleanup.policy, cleanup.next) = (None, None);
    }
    Ok(())
}

/// Checks the name of a policy; the version of the whole cluster determines the valid names.
fn check_name(cluster: &Cluster, name: &str) -> Result<&'static str, SqlError> {
    let knows_log_only = features::has(cluster, TenantId::SYS, features::MANUAL_DELETION);
    match name {
        "default" => Ok("default"),
        "log_only" if knows_log_only => Ok("log_only"),
        _ if knows_log_only => {
            Err(SqlError::new(4007, "The policy name is not 'default' or 'log_only', it is not supported"))
        }
        _ => Err(SqlError::new(4007, "The policy name is not 'default', it is not supported")),
    }
}

/// `ALTER SYSTEM CANCEL DELETE BACKUP`; succeeds if there is nothing to cancel.
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

/// Executes what is due: the hourly check, and the resulting jobs.
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
    let Some(window) = cleanup.policy.as_ref().map(ActivePolicy::window_us).filter(|window| *window > 0)
    else {
        return;
    };
    let name = cluster.tenants.get(&id).map(|tenant| tenant.name.clone()).unwrap_or_default();
    let is_running = cluster.four.of(id).cleanup.jobs.iter().any(DeleteJob::is_running);
    if is_running || cluster.faults.hit(FaultName::CleanUpSkipped, &name).is_some() {
        return;
    }
    let expired_us = now_us - window;
    if !obsolete_sets(cluster, id, expired_us).is_empty()
        || !obsolete_pieces(cluster, id, expired_us).is_empty()
    {
        add_job(cluster, id, id, Wanted::Obsolete { expired_us });
    }
}

/// Records a job, which is executed in order.
pub(super) fn add_job(cluster: &mut Cluster, id: TenantId, initiator: TenantId, wanted: Wanted) {
    let now_us = cluster.now_us;
    let jobs = &mut cluster.four.of(id).cleanup.jobs;
    jobs.push(DeleteJob {
        tenant: id,
        id: jobs.len() as u64 + 1,
        initiator,
        wanted,
        start_us: now_us,
        end_us: 0,
        status: "INIT",
        result: 0,
        comment: String::new(),
        in_history: false,
        due: after(now_us, 1),
    });
}

/// Returns the first set that is kept: the newest full set that can be restored to the start of the window. Newer
/// kernels also require that its logs exist.
fn first_kept(cluster: &Cluster, id: TenantId, expired_us: i64) -> Option<BackupSet> {
    let must_restore = features::has(cluster, id, features::MANUAL_DELETION);
    let backups = cluster.four.tenants.get(&id)?;
    let path = backups.data.as_ref().map(|place| place.bare.as_str())?;
    let mut here = backups.sets.iter().filter(|set| set.path == path && set.is_usable());
    here.rfind(|set| {
        !set.is_incremental
            && set.min_restore_scn <= expired_us.saturating_mul(SCN)
            && (!must_restore
                || set.plus_archivelog
                || backups.archive.covers(set.start_replay_scn, set.min_restore_scn))
    })
    .cloned()
}

fn obsolete_sets(cluster: &Cluster, id: TenantId, expired_us: i64) -> Vec<u64> {
    let Some(backups) = cluster.four.tenants.get(&id) else { return Vec::new() };
    let kept = first_kept(cluster, id, expired_us);
    let takes_failed = features::has(cluster, id, features::MANUAL_DELETION);
    let path = backups.data.as_ref().map(|place| place.bare.as_str());
    let is_old = |set: &&BackupSet| {
        kept.as_ref().is_some_and(|kept| set.id < kept.id) || (takes_failed && set.status == "FAILED")
    };
    let here = backups.sets.iter().filter(|set| Some(set.path.as_str()) == path && set.status != "DOING");
    here.filter(is_old).filter(|set| set.file_status != "DELETED").map(|set| set.id).collect()
}

/// Returns the frozen pieces that no kept set needs; for a tenant that only archives, the pieces older than the
/// window.
fn obsolete_pieces(cluster: &Cluster, id: TenantId, expired_us: i64) -> Vec<(u64, u64, u64)> {
    let Some(backups) = cluster.four.tenants.get(&id) else { return Vec::new() };
    let only_logs = backups.cleanup.policy.as_ref().is_some_and(|policy| policy.name == "log_only");
    let border = if only_logs {
        Some(expired_us.saturating_mul(SCN))
    } else {
        first_kept(cluster, id, expired_us).map(|kept| kept.start_replay_scn)
    };
    let (Some(border), Some(destination)) = (border, &backups.archive.destination) else { return Vec::new() };
    backups
        .archive
        .pieces
        .iter()
        .filter(|piece| piece.path == destination.place.bare && piece.status == "FROZEN")
        .filter(|piece| piece.end_scn <= border && piece.file_status != "DELETED")
        .map(|piece| (piece.destination, piece.round, piece.id))
        .collect()
}

fn run(cluster: &mut Cluster, id: TenantId, at: usize) {
    let now_us = cluster.now_us;
    let job = cluster.four.of(id).cleanup.jobs[at].clone();
    let name = cluster.tenants.get(&id).map(|tenant| tenant.name.clone()).unwrap_or_default();
    let (status, due) = match job.status {
        "DOING" if cluster.faults.is_set(FaultName::CleanUpHangs, &name) => {
            ("DOING", after(now_us, PERIOD_S))
        }
        "INIT" if cluster.faults.hit(FaultName::CleanUpFails, &name).is_some() => {
            let job = &mut cluster.four.of(id).cleanup.jobs[at];
            (job.result, job.comment) = (-9_070, "(SERVER)module: BACKUP_CLEAN, result: -9070".to_owned());
            ("FAILED", after(now_us, 5))
        }
        "INIT" => match deletion::refusal(cluster, id, &job.wanted) {
            Some((result, comment)) => {
                let job = &mut cluster.four.of(id).cleanup.jobs[at];
                (job.result, job.comment) = (result, comment);
                ("FAILED", after(now_us, 5))
            }
            None => {
                mark(cluster, id, &job);
                ("DOING", after(now_us, 4))
            }
        },
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
    if job.status != status && ["COMPLETED", "CANCELED", "FAILED"].contains(&status) {
        job.end_us = now_us;
        if status == "CANCELED" {
            job.result = -4072;
        }
    }
    (job.status, job.due, job.in_history) = (status, due, has_moved);
}

/// Marks the sets and pieces to delete as DELETING, and creates a task for each.
fn mark(cluster: &mut Cluster, id: TenantId, job: &DeleteJob) {
    let now_us = cluster.now_us;
    let (sets, pieces) = match &job.wanted {
        Wanted::Sets(sets) => (sets.clone(), Vec::new()),
        Wanted::Pieces(wanted) | Wanted::Copied(wanted) => {
            let all = cluster.four.of(id).archive.pieces.iter();
            let wanted = all.filter(|piece| wanted.contains(&piece.id));
            (Vec::new(), wanted.map(|piece| (piece.destination, piece.round, piece.id)).collect())
        }
        Wanted::Obsolete { expired_us } => {
            (obsolete_sets(cluster, id, *expired_us), obsolete_pieces(cluster, id, *expired_us))
        }
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
