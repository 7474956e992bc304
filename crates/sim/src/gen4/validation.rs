//! VALIDATE (data version 4.5.1 and later): reads sets and pieces back. One job for each tenant, asynchronous like a
//! backup.

use serde::Serialize;

use super::{Backups, after};
use crate::error::SqlError;
use crate::media::{Media, layout4};
use crate::world::{Cluster, TenantId};

/// The read rate of content.
const BYTES_PER_SECOND: i64 = 64 << 20;
/// How long ended rows stay in the current views.
const LINGER_S: i64 = 5;

/// All validations of a tenant.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Validations {
    pub(crate) jobs: Vec<ValidateJob>,
    pub(crate) tasks: Vec<ValidateTask>,
}

/// A job; the sys tenant's job only creates the jobs of the tenants.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ValidateJob {
    pub(crate) tenant: TenantId,
    pub(crate) id: u64,
    pub(crate) initiator: TenantId,
    pub(crate) initiator_job: u64,
    pub(crate) executors: Vec<TenantId>,
    /// `DATABASE`, `BACKUPSET`, `ARCHIVELOG_PIECE`.
    pub(crate) kind: &'static str,
    pub(crate) path: Option<String>,
    pub(crate) path_kind: Option<&'static str>,
    pub(crate) ids: Option<String>,
    pub(crate) level: &'static str,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) status: &'static str,
    pub(crate) result: i64,
    pub(crate) description: String,
    pub(crate) comment: String,
    pub(crate) in_history: bool,
    pub(crate) due: Option<i64>,
}

impl ValidateJob {
    pub(super) fn has_ended(&self) -> bool {
        ["COMPLETED", "FAILED", "CANCELED"].contains(&self.status)
    }
}

/// The validation of one set or piece.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ValidateTask {
    pub(crate) tenant: TenantId,
    pub(crate) id: u64,
    pub(crate) job: u64,
    /// `BACKUPSET` or `ARCHIVELOG_PIECE` (a guess).
    pub(crate) kind: &'static str,
    pub(crate) thing: u64,
    pub(crate) round: u64,
    pub(crate) destination: u64,
    /// The directory of the set or piece.
    pub(crate) path: String,
    pub(crate) plus_archivelog: bool,
    pub(crate) level: &'static str,
    pub(crate) start_us: i64,
    pub(crate) reading_us: i64,
    pub(crate) end_us: i64,
    pub(crate) status: &'static str,
    pub(crate) log_streams: i64,
    pub(crate) bytes: i64,
    pub(crate) result: i64,
    pub(crate) comment: String,
    pub(crate) in_history: bool,
    #[serde(skip)]
    files: Vec<(String, u64)>,
}

impl ValidateTask {
    /// Returns how many bytes have been read back at a given time.
    pub(super) fn validated_bytes(&self, now_us: i64) -> i64 {
        let until = if self.end_us > 0 { self.end_us } else { now_us };
        match self.reading_us {
            0 => 0,
            from => ((until - from) * (BYTES_PER_SECOND / 1_000_000)).clamp(0, self.bytes),
        }
    }
}

/// Records a job under the next ID.
pub(super) fn add(backups: &mut Backups, job: ValidateJob) {
    let jobs = &mut backups.validations.jobs;
    jobs.push(ValidateJob { id: jobs.len() as u64 + 1, ..job });
}

/// Advances all due jobs of a tenant.
pub(super) fn step(cluster: &mut Cluster, id: TenantId) {
    let now_us = cluster.now_us;
    let count = cluster.four.of(id).validations.jobs.len();
    for at in 0..count {
        let job = cluster.four.of(id).validations.jobs[at].clone();
        if job.due.is_none_or(|due| due > now_us) {
            continue;
        }
        let due = if job.has_ended() {
            let validations = &mut cluster.four.of(id).validations;
            validations.jobs[at].in_history = true;
            validations
                .tasks
                .iter_mut()
                .filter(|task| task.job == job.id)
                .for_each(|task| task.in_history = true);
            None
        } else if job.status == "CANCELING" {
            end(cluster.four.of(id), at, "CANCELED", -4072, now_us)
        } else if id == TenantId::SYS {
            step_sys(cluster, at, &job)
        } else if job.status == "INIT" {
            begin(cluster, id, at, &job)
        } else {
            advance(cluster, id, at)
        };
        cluster.four.of(id).validations.jobs[at].due = due;
    }
}

fn end(backups: &mut Backups, at: usize, status: &'static str, result: i64, now_us: i64) -> Option<i64> {
    let job = &mut backups.validations.jobs[at];
    (job.status, job.result, job.end_us) = (status, result, now_us);
    let number = job.id;
    for task in backups.validations.tasks.iter_mut().filter(|task| task.job == number && task.end_us == 0) {
        (task.status, task.result, task.end_us) = (status, result, now_us);
    }
    after(now_us, LINGER_S)
}

/// The sys tenant's job creates a job for each tenant, then waits for all of them.
fn step_sys(cluster: &mut Cluster, at: usize, job: &ValidateJob) -> Option<i64> {
    let now_us = cluster.now_us;
    if job.status == "INIT" {
        for id in &job.executors {
            let child = ValidateJob {
                tenant: *id,
                initiator_job: job.id,
                executors: vec![*id],
                start_us: now_us,
                due: after(now_us, 1),
                ..job.clone()
            };
            add(cluster.four.of(*id), child);
        }
        cluster.four.of(TenantId::SYS).validations.jobs[at].status = "DOING";
        return after(now_us, 1);
    }
    let tenants = job.executors.iter().filter_map(|id| cluster.four.tenants.get(id));
    let children: Vec<&ValidateJob> = tenants
        .flat_map(|backups| &backups.validations.jobs)
        .filter(|child| child.initiator == TenantId::SYS && child.initiator_job == job.id)
        .collect();
    if children.iter().any(|child| !child.has_ended()) {
        return after(now_us, 1);
    }
    let bad = children.iter().find(|child| child.status != "COMPLETED");
    let (status, result) = bad.map_or(("COMPLETED", 0), |bad| (bad.status, bad.result));
    end(cluster.four.of(TenantId::SYS), at, status, result, now_us)
}

/// A tenant's job determines what to validate, and creates a task for each object.
fn begin(cluster: &mut Cluster, id: TenantId, at: usize, job: &ValidateJob) -> Option<i64> {
    let now_us = cluster.now_us;
    let media = cluster.media.clone();
    let backups = cluster.four.of(id);
    let mut tasks = Vec::new();
    if job.kind != "ARCHIVELOG_PIECE" {
        tasks.extend(of_sets(backups, &media, job));
    }
    if job.kind != "BACKUPSET" {
        tasks.extend(of_pieces(backups, &media, job));
    }
    let wanted: Option<Vec<u64>> =
        job.ids.as_ref().map(|ids| ids.split(',').filter_map(|id| id.trim().parse().ok()).collect());
    if let Some(wanted) = &wanted {
        tasks.retain(|task| wanted.contains(&task.thing));
        if let Some(missing) = wanted.iter().find(|id| !tasks.iter().any(|task| task.thing == **id)) {
            backups.validations.jobs[at].comment = format!("id={missing} not exist"); // A guess.
            return end(backups, at, "FAILED", -4018, now_us);
        }
    }
    let first = backups.validations.tasks.len() as u64;
    for (number, task) in (first + 1..).zip(tasks) {
        backups.validations.tasks.push(ValidateTask { id: number, ..task });
    }
    backups.validations.jobs[at].status = "DOING";
    after(now_us, 1)
}

fn new_task(job: &ValidateJob, kind: &'static str, thing: u64, path: String) -> ValidateTask {
    ValidateTask {
        tenant: job.tenant,
        id: 0,
        job: job.id,
        kind,
        thing,
        round: 0,
        destination: 0,
        path,
        plus_archivelog: false,
        level: job.level,
        start_us: job.start_us,
        reading_us: 0,
        end_us: 0,
        status: "INIT",
        log_streams: 2,
        bytes: 0,
        result: 0,
        comment: String::new(),
        in_history: false,
        files: Vec::new(),
    }
}

/// Returns tasks for the usable sets at the current destination, or for all sets at a given path.
fn of_sets(backups: &Backups, media: &Media, job: &ValidateJob) -> Vec<ValidateTask> {
    let Some(base) = job.path.clone().or_else(|| backups.data.as_ref().map(|place| place.bare.clone()))
    else {
        return Vec::new();
    };
    let there = layout4::read_sets(media, &base);
    let task = |number, path: String| {
        let manifest = there.iter().find(|(known, _)| *known == path).map(|(_, manifest)| manifest);
        let files = manifest.map(|manifest| manifest.files.clone()).unwrap_or_default();
        ValidateTask {
            bytes: files.iter().map(|(_, size)| *size as i64).sum(),
            plus_archivelog: manifest.is_some_and(|manifest| manifest.plus_archivelog),
            destination: backups.data.as_ref().map_or(0, |place| place.id),
            files,
            ..new_task(job, "BACKUPSET", number, path)
        }
    };
    if job.path.is_some() {
        return there.iter().map(|(path, manifest)| task(manifest.set, path.clone())).collect();
    }
    let usable = backups.sets.iter().filter(|set| set.path == base && set.is_usable());
    usable
        .map(|set| task(set.id, format!("{base}/{}", layout4::set_name(set.id, set.is_incremental))))
        .collect()
}

fn of_pieces(backups: &Backups, media: &Media, job: &ValidateJob) -> Vec<ValidateTask> {
    let current = backups.archive.destination.as_ref().map(|destination| destination.place.bare.clone());
    let Some(base) = job.path.clone().or(current) else { return Vec::new() };
    if job.path.is_some() {
        let there = layout4::read_pieces(media, &base);
        return there
            .iter()
            .map(|(path, piece)| ValidateTask {
                round: piece.round,
                destination: piece.destination,
                bytes: piece.bytes,
                ..new_task(job, "ARCHIVELOG_PIECE", piece.piece, path.clone())
            })
            .collect();
    }
    let there =
        backups.archive.pieces.iter().filter(|piece| piece.path == base && piece.file_status != "DELETED");
    there
        .map(|piece| ValidateTask {
            round: piece.round,
            destination: piece.destination,
            bytes: piece.output_bytes,
            ..new_task(
                job,
                "ARCHIVELOG_PIECE",
                piece.id,
                format!("{base}/{}", layout4::piece_name(piece.destination, piece.round, piece.id)),
            )
        })
        .collect()
}

/// Advances the first unfinished task, or ends the job.
fn advance(cluster: &mut Cluster, id: TenantId, at: usize) -> Option<i64> {
    let now_us = cluster.now_us;
    let number = cluster.four.of(id).validations.jobs[at].id;
    let tasks = &cluster.four.of(id).validations.tasks;
    let Some(which) = tasks.iter().position(|task| task.job == number && task.end_us == 0) else {
        let failed = tasks.iter().find(|task| task.job == number && task.result != 0).cloned();
        let backups = cluster.four.of(id);
        return match failed {
            None => end(backups, at, "COMPLETED", 0, now_us),
            Some(task) => {
                backups.validations.jobs[at].comment = task.comment;
                end(backups, at, "FAILED", task.result, now_us)
            }
        };
    };
    let mut task = tasks[which].clone();
    let problem = match task.status {
        "INIT" => {
            task.status = "BASIC";
            None
        }
        "BASIC" => {
            let problem = damage(cluster, &task, false);
            if task.level == "PHYSICAL" && problem.is_none() {
                (task.status, task.reading_us) = ("PHYSICAL", now_us);
            } else {
                (task.status, task.end_us) = ("COMPLETED", now_us);
            }
            problem
        }
        _ => {
            (task.status, task.end_us) = ("COMPLETED", now_us);
            damage(cluster, &task, true)
        }
    };
    if let Some(error) = problem {
        (task.status, task.end_us, task.result) = ("FAILED", now_us, -i64::from(error.code));
        task.comment = format!(
            "(SERVER)addr: {}, module: BACKUP_VALIDATE, result: {}({})",
            cluster.address(),
            task.result,
            error.message
        );
    }
    let seconds = if task.status == "PHYSICAL" { 1 + task.bytes / BYTES_PER_SECOND } else { 1 };
    cluster.four.of(id).validations.tasks[which] = task;
    after(now_us, seconds)
}

/// Returns the problem of a set or piece, if any: missing files, or, if the content is read, damaged files.
fn damage(cluster: &mut Cluster, task: &ValidateTask, with_content: bool) -> Option<SqlError> {
    if let Err(error) = cluster.destination_trouble(&task.path) {
        return Some(error);
    }
    let media = cluster.media.clone();
    if task.kind == "ARCHIVELOG_PIECE" {
        return layout4::read_pieces(&media, &task.path).is_empty().then(|| SqlError::plain(9011));
    }
    if task.files.is_empty() || layout4::read_sets(&media, &task.path).is_empty() {
        return Some(SqlError::plain(9011));
    }
    let mut found =
        task.files.iter().filter_map(|(file, size)| media.damage(&format!("{}/{file}", task.path), *size));
    found.find(|error| with_content || error.code == 9011)
}
