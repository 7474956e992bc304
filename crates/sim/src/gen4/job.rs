//! The life of backup jobs: INIT, the stages of the task, the end, the move to the history.

use super::backup::{self, BackupSet, Job, Task, failure_comment};
use super::{Backups, SCN, after, archive_copy, destination};
use crate::civil::{self, SECOND};
use crate::error::SqlError;
use crate::faults::FaultName;
use crate::media::layout4;
use crate::profile::Profile;
use crate::world::tenant::Tenant;
use crate::world::{Cluster, TenantId};

/// The write rate of data.
const BYTES_PER_SECOND: i64 = 64 << 20;
/// How long ended rows stay in the current views.
pub(super) const LINGER_S: i64 = 5;
/// The size of the output in percent of the input.
const PACKED_PERCENT: i64 = 45;

/// The stages of a task by version; the data stages share the time for the data.
pub(super) fn stages(profile: Profile) -> &'static [&'static str] {
    match profile {
        Profile::V4_0 | Profile::V4_1 | Profile::V4_2_5 => &[
            "INIT",
            "BACKUP_SYS_META",
            "BACKUP_USER_META",
            "BACKUP_META_FINISH",
            "BACKUP_DATA_SYS",
            "BACKUP_DATA_MINOR",
            "BACKUP_DATA_MAJOR",
            "PREPARE_BACKUP_LOG",
            "BEFORE_BACKUP_LOG",
            "BACKUP_LOG",
        ],
        _ => &[
            "INIT",
            "BACKUP_SYS_META",
            "BACKUP_USER_META",
            "BACKUP_META_FINISH",
            "BACKUP_SYS_DATA",
            "BACKUP_USER_DATA",
            "BACKUP_FUSE_TABLET_META",
            "PREPARE_BACKUP_LOG",
            "BEFORE_BACKUP_LOG",
            "BACKUP_LOG",
        ],
    }
}

/// Returns whether most of the data is written in this stage.
fn is_data_stage(name: &str) -> bool {
    name == "BACKUP_DATA_MAJOR" || name == "BACKUP_USER_DATA"
}

/// Returns whether the current view has the row of a job.
pub(super) fn has_current(backups: &Backups) -> bool {
    backups.jobs.iter().any(|job| !job.in_history)
}

/// Advances all due jobs of a tenant.
pub(super) fn step(cluster: &mut Cluster, id: TenantId) {
    let now_us = cluster.now_us;
    let Some(backups) = cluster.four.tenants.get(&id) else { return };
    let due: Vec<usize> = backups
        .jobs
        .iter()
        .enumerate()
        .filter(|(_, job)| job.due.is_some_and(|due| due <= now_us))
        .map(|(at, _)| at)
        .collect();
    for at in due {
        let job = cluster.four.of(id).jobs[at].clone();
        let next = if job.has_ended() {
            move_to_history(cluster.four.of(id), at);
            None
        } else if job.status == "CANCELING" {
            finish(cluster, id, at, "CANCELED", &SqlError::plain(4072))
        } else if job.copies.is_some() {
            archive_copy::advance(cluster, id, at)
        } else if id == TenantId::SYS {
            step_sys(cluster, at, &job)
        } else if job.status == "INIT" {
            begin(cluster, id, at)
        } else {
            advance(cluster, id, at)
        };
        cluster.four.of(id).jobs[at].due = next;
    }
}

fn move_to_history(backups: &mut Backups, at: usize) {
    let number = backups.jobs[at].id;
    backups.jobs[at].in_history = true;
    backups.tasks.iter_mut().filter(|task| task.job == number).for_each(|task| task.in_history = true);
}

/// The sys tenant's job: creates a job for every tenant, then waits for all of them.
fn step_sys(cluster: &mut Cluster, at: usize, job: &Job) -> Option<i64> {
    let now_us = cluster.now_us;
    if job.status == "INIT" {
        for id in &job.executors {
            hand_out(cluster, job, *id);
        }
        cluster.four.of(TenantId::SYS).jobs[at].status = "DOING";
        return after(now_us, 1);
    }
    let children: Vec<&Job> = job
        .executors
        .iter()
        .filter_map(|id| cluster.four.tenants.get(id))
        .flat_map(|backups| &backups.jobs)
        .filter(|child| child.initiator == TenantId::SYS && child.initiator_job == job.id)
        .collect();
    if children.iter().any(|child| !child.has_ended()) {
        return after(now_us, 1);
    }
    let failed = children.iter().find(|child| child.status == "FAILED").map(|child| child.result);
    let canceled = children.iter().any(|child| child.status == "CANCELED");
    let (status, result) = match (failed, canceled) {
        (Some(result), _) => ("FAILED", result),
        (None, true) => ("CANCELED", -4072),
        (None, false) => ("COMPLETED", 0),
    };
    let sys = &mut cluster.four.of(TenantId::SYS).jobs[at];
    (sys.status, sys.result, sys.end_us) = (status, result, now_us);
    after(now_us, LINGER_S)
}

/// Creates a job for one tenant; a tenant that can no longer be backed up is skipped, with an event.
fn hand_out(cluster: &mut Cluster, sys: &Job, id: TenantId) {
    let now_us = cluster.now_us;
    let checked = if cluster.is_upgrading() {
        Err(SqlError::cannot_start("cluster upgrading"))
    } else {
        backup::check_again(cluster, id)
    };
    let code = checked.as_ref().err().map_or(0, |error| -i64::from(error.code));
    let pairs = [("tenant_id", id.0.to_string()), ("result", code.to_string())];
    cluster.event("backup_data", "start_backup_data", &pairs);
    if checked.is_err() {
        return;
    }
    let backups = cluster.four.of(id);
    backups.last_job += 1;
    let path = backup::data_path(backups);
    backups.jobs.push(Job {
        tenant: id,
        id: backups.last_job,
        initiator: TenantId::SYS,
        initiator_job: sys.id,
        executors: vec![id],
        level: "USER_TENANT",
        start_us: now_us,
        path,
        due: after(now_us, 1),
        ..sys.clone()
    });
}

/// INIT of a tenant's job: checks the destination, then writes the rows of the task and the set.
fn begin(cluster: &mut Cluster, id: TenantId, at: usize) -> Option<i64> {
    let now_us = cluster.now_us;
    if cluster
        .four
        .of(id)
        .jobs
        .iter()
        .any(|job| job.copies.is_none() && ["DOING", "CANCELING"].contains(&job.status))
    {
        return after(now_us, 1); // Another job is running: wait.
    }
    let base = match check_destination(cluster, id) {
        Ok(base) => base,
        Err(error) => return finish(cluster, id, at, "FAILED", &error),
    };
    let job = cluster.four.of(id).jobs[at].clone();
    let tenant = cluster.tenants.get(&id)?.clone();
    let version = tenant.compatible.clone();
    let backups = cluster.four.of(id);
    let previous = backups.sets.iter().rev().find(|set| set.is_usable() && set.path == base).cloned();
    // Without a set to build on, an incremental set silently becomes full.
    let previous = previous.filter(|set| job.is_incremental && set.compatible == version);
    let total_bytes = match &previous {
        Some(set) => tenant.changed_bytes(set.start_us, now_us) + (2 << 20),
        None => tenant.data_bytes(now_us),
    };
    backups.last_task += 1;
    backups.last_set += 1;
    let (set, task) = (backups.last_set, backups.last_task);
    let start_scn = backups.archive.checkpoint_scn();
    backups.sets.push(new_set(&job, set, previous.as_ref(), start_scn, backups, version));
    backups.tasks.push(new_task(&job, set, task, start_scn, total_bytes));
    let name = layout4::set_name(set, previous.is_some());
    let running = &mut backups.jobs[at];
    (running.status, running.set) = ("DOING", set);
    running.is_incremental = previous.is_some();
    match layout4::write_set_start(&cluster.media, &base, &name) {
        Ok(()) => after(now_us, 1),
        Err(error) => finish(cluster, id, at, "FAILED", &error),
    }
}

/// Checks that the destination answers and still belongs to this tenant.
fn check_destination(cluster: &mut Cluster, id: TenantId) -> Result<String, SqlError> {
    let base = backup::data_path(cluster.four.of(id));
    if base.is_empty() {
        return Err(SqlError::cannot_start("backup dest is not set."));
    }
    cluster.destination_trouble(&base)?;
    let format = layout4::read_format(&cluster.media, &base).ok_or_else(|| SqlError::plain(9080))?;
    let is_foreign = cluster.faults.hit(FaultName::DestinationForeign, &base).is_some();
    if is_foreign || format.tenant != id.0 || format.cluster_id != cluster.id || format.kind != "backup_data"
    {
        return Err(destination::mismatch(cluster.profile));
    }
    Ok(base)
}

fn new_set(
    job: &Job,
    set: u64,
    previous: Option<&BackupSet>,
    start_scn: i64,
    backups: &Backups,
    version: String,
) -> BackupSet {
    BackupSet {
        tenant: job.tenant,
        id: set,
        destination: backups.data.as_ref().map_or(0, |place| place.id),
        is_incremental: previous.is_some(),
        full_set: previous
            .map_or(0, |previous| if previous.is_incremental { previous.full_set } else { previous.id }),
        previous_set: previous.map_or(0, |previous| previous.id),
        start_us: job.start_us,
        end_us: 0,
        status: "DOING",
        file_status: "COPYING",
        plus_archivelog: job.plus_archivelog,
        start_replay_scn: start_scn,
        min_restore_scn: 0,
        input_bytes: 0,
        output_bytes: 0,
        tablets: 0,
        files: 0,
        result: 0,
        comment: String::new(),
        password: job.password.clone(),
        compatible: version,
        path: job.path.clone(),
    }
}

fn new_task(job: &Job, set: u64, task: u64, start_scn: i64, total_bytes: i64) -> Task {
    Task {
        tenant: job.tenant,
        id: task,
        job: job.id,
        set,
        start_us: job.start_us,
        end_us: 0,
        status: "INIT",
        stage: 0,
        start_scn,
        end_scn: 0,
        user_start_scn: 0,
        password: job.password.clone(),
        total_bytes,
        output_bytes: 0,
        data_start_us: 0,
        data_end_us: 0,
        tablets: 480 + total_bytes / (16 << 20),
        files: 0,
        result: 0,
        comment: String::new(),
        path: job.path.clone(),
        in_history: false,
    }
}

fn task_of(backups: &mut Backups, at: usize) -> Option<&mut Task> {
    let number = backups.jobs[at].id;
    backups.tasks.iter_mut().find(|task| task.job == number)
}

/// The next stage of a running task.
fn advance(cluster: &mut Cluster, id: TenantId, at: usize) -> Option<i64> {
    let now_us = cluster.now_us;
    if let Some(error) = obstacle(cluster, id) {
        return finish(cluster, id, at, "FAILED", &error);
    }
    let stages = stages(cluster.profile);
    let backups = cluster.four.of(id);
    let plus_archivelog = backups.jobs[at].plus_archivelog;
    let task = task_of(backups, at)?;
    let was_data = is_data_stage(task.status);
    task.stage += 1;
    let Some(name) = stages.get(task.stage).copied() else {
        return complete(cluster, id, at);
    };
    task.status = name;
    if is_data_stage(name) {
        let duration_us = (task.total_bytes as f64 / BYTES_PER_SECOND as f64 * 1e6) as i64;
        (task.data_start_us, task.data_end_us) = (now_us, now_us + duration_us.max(SECOND));
        return Some(task.data_end_us);
    }
    if name == "BACKUP_META_FINISH" {
        task.user_start_scn = now_us * SCN;
    }
    if was_data && let Err(error) = write_data(cluster, id, at) {
        return finish(cluster, id, at, "FAILED", &error);
    }
    after(now_us, if name == "BACKUP_LOG" && plus_archivelog { 5 } else { 1 })
}

/// Returns the error that ends a running job, if any.
fn obstacle(cluster: &mut Cluster, id: TenantId) -> Option<SqlError> {
    if cluster.is_upgrading() {
        return Some(SqlError::plain(4109));
    }
    match cluster.four.of(id).archive.status() {
        "DOING" => {}
        "INTERRUPTED" => return Some(SqlError::plain(9027)),
        _ => return Some(SqlError::plain(9029)),
    }
    let path = backup::data_path(cluster.four.of(id));
    if let Err(error) = cluster.destination_trouble(&path) {
        return Some(error);
    }
    cluster.faults.hit(FaultName::ObserverLost, "").map(|_| SqlError::plain(4554))
}

fn write_data(cluster: &mut Cluster, id: TenantId, at: usize) -> Result<(), SqlError> {
    let media = cluster.media.clone();
    let merged_data = cluster.profile >= Profile::V4_3_5;
    let log_streams = cluster.tenants.get(&id).map(|tenant| tenant.log_streams.clone()).unwrap_or_default();
    let backups = cluster.four.of(id);
    let (path, is_incremental) = (backups.jobs[at].path.clone(), backups.jobs[at].is_incremental);
    let Some(task) = task_of(backups, at) else { return Ok(()) };
    let files = layout4::data_files(&log_streams, task.total_bytes * PACKED_PERCENT / 100, merged_data);
    let name = layout4::set_name(task.set, is_incremental);
    task.output_bytes = layout4::write_set_data(&media, &path, &name, &files)?;
    task.files = files.len() as i64;
    Ok(())
}

/// Completes the task: the set becomes SUCCESS, which is recorded in its directory.
fn complete(cluster: &mut Cluster, id: TenantId, at: usize) -> Option<i64> {
    let now_us = cluster.now_us;
    super::archive::settle(cluster, id);
    let checkpoint = cluster.four.of(id).archive.checkpoint_scn();
    let backups = cluster.four.of(id);
    let task = task_of(backups, at)?;
    // The minimum restore SCN is the end of the data, as far as the archive has reached it.
    let min_restore_scn = (task.data_end_us * SCN).min(checkpoint).max(task.start_scn);
    (task.end_scn, task.end_us, task.status) = (min_restore_scn, now_us, "COMPLETED");
    let task = task.clone();
    let set = backups.sets.iter_mut().find(|set| set.id == task.set)?;
    (set.status, set.file_status, set.end_us) = ("SUCCESS", "AVAILABLE", now_us);
    (set.min_restore_scn, set.input_bytes, set.output_bytes) =
        (min_restore_scn, task.total_bytes, task.output_bytes);
    (set.tablets, set.files) = (task.tablets, task.files);
    let set = set.clone();
    let job = &mut backups.jobs[at];
    (job.status, job.end_us) = ("COMPLETED", now_us);
    if let Err(error) = write_end(cluster, &set) {
        return finish(cluster, id, at, "FAILED", &error);
    }
    after(now_us, LINGER_S)
}

fn write_end(cluster: &Cluster, set: &BackupSet) -> Result<(), SqlError> {
    let Some(tenant) = cluster.tenants.get(&set.tenant) else { return Ok(()) };
    let merged_data = cluster.profile >= Profile::V4_3_5;
    let name = layout4::set_name(set.id, set.is_incremental);
    let manifest = layout4::SetManifest {
        cluster: cluster.name.clone(),
        cluster_id: cluster.id,
        tenant: set.tenant.0,
        tenant_name: tenant.name.clone(),
        mode: tenant.mode.clone(),
        version: set.compatible.clone(),
        set: set.id,
        is_incremental: set.is_incremental,
        full_set: set.full_set,
        previous_set: set.previous_set,
        start_replay_scn: set.start_replay_scn,
        min_restore_scn: set.min_restore_scn,
        plus_archivelog: set.plus_archivelog,
        password: set.password.clone(),
        data_bytes: tenant.data_bytes(cluster.now_us),
        tablets: set.tablets,
        tables: tables(tenant),
        files: layout4::data_files(&tenant.log_streams, set.input_bytes * PACKED_PERCENT / 100, merged_data),
    };
    let times = [set.start_us, set.end_us].map(|us| civil::compact(us, cluster.zone_s));
    layout4::write_set_end(&cluster.media, &set.path, &name, &manifest, (&times[0], &times[1]))
}

fn tables(tenant: &Tenant) -> Vec<(String, String)> {
    let names = tenant.tables.keys().filter_map(|name| name.split_once('.'));
    names.map(|(database, table)| (database.to_owned(), table.to_owned())).collect()
}

/// Ends a job that does not complete; its set becomes FAILED, even if the job was cancelled.
fn finish(
    cluster: &mut Cluster,
    id: TenantId,
    at: usize,
    status: &'static str,
    error: &SqlError,
) -> Option<i64> {
    let now_us = cluster.now_us;
    let number = cluster.four.of(id).jobs[at].id;
    let comment = if status == "FAILED" { failure_comment(cluster, number, error) } else { String::new() };
    let result = -i64::from(error.code);
    let backups = cluster.four.of(id);
    let job = &mut backups.jobs[at];
    (job.status, job.result, job.end_us) = (status, result, now_us);
    job.comment.clone_from(&comment);
    let set = job.set;
    if let Some(task) = task_of(backups, at) {
        (task.status, task.result, task.end_us) = (status, result, now_us);
        task.comment.clone_from(&comment);
    }
    if let Some(set) = backups.sets.iter_mut().find(|known| known.id == set) {
        (set.status, set.result, set.end_us) = ("FAILED", result, now_us);
        set.comment = comment;
    }
    after(now_us, LINGER_S)
}

/// Requests running jobs to stop.
pub(super) fn cancel(cluster: &mut Cluster, id: TenantId) {
    let now_us = cluster.now_us;
    let Some(backups) = cluster.four.tenants.get_mut(&id) else { return };
    for job in backups.jobs.iter_mut().filter(|job| !job.has_ended() && job.status != "CANCELING") {
        job.status = "CANCELING";
        job.due = after(now_us, 2);
    }
}

/// Ends running jobs immediately when the archive or the cluster no longer allows them.
pub(super) fn watch(cluster: &mut Cluster) {
    let ids: Vec<TenantId> = cluster.four.tenants.keys().copied().collect();
    for id in ids.into_iter().filter(|id| *id != TenantId::SYS) {
        let running: Vec<usize> = cluster
            .four
            .of(id)
            .jobs
            .iter()
            .enumerate()
            .filter(|(_, job)| job.status == "DOING" && job.copies.is_none())
            .map(|(at, _)| at)
            .collect();
        for at in running {
            let is_archiving = cluster.four.of(id).archive.status() == "DOING";
            if !is_archiving || cluster.is_upgrading() {
                let Some(error) = obstacle(cluster, id) else { continue };
                let due = finish(cluster, id, at, "FAILED", &error);
                cluster.four.of(id).jobs[at].due = due;
            }
        }
    }
}
