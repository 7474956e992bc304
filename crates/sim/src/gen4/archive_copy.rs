//! Copies of the archive at a second destination (data version 4.4.2.3 and later). The syntax of the statement and
//! the values of BACKUP_TYPE are guesses; the error texts are not.

use super::backup::{self, Job};
use super::cleanup::{self, Wanted};
use super::destination::{self, read_location};
use super::{SCN, after, features, job};
use crate::civil;
use crate::error::SqlError;
use crate::media::{Uri, layout4};
use crate::world::tenant::Tenant;
use crate::world::{Caller, Cluster, TenantId};

/// The copy rate of pieces.
const BYTES_PER_SECOND: i64 = 64 << 20;

/// `BACKUP ARCHIVELOG ALL [DELETE INPUT] [TENANT = t] [DESCRIPTION 's']`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) deletes_input: bool,
    pub(crate) tenants: Option<Vec<String>>,
    pub(crate) description: String,
}

/// `SET backup_archive_dest = 'LOCATION=…'`.
pub(crate) fn set_destination(cluster: &mut Cluster, id: TenantId, value: &str) -> Result<(), SqlError> {
    let is_cleared = value.trim().is_empty();
    let location = if is_cleared { String::new() } else { read_location(value) };
    if !is_cleared && location.is_empty() {
        return Err(SqlError::not_supported("set backup archive dest without location is"));
    }
    if !features::has(cluster, id, features::ARCHIVE_COPY) {
        return Err(SqlError::not_supported("set backup archive dest during upgrade is not supported"));
    }
    let backups = cluster.four.of(id);
    let running = |wanted: &dyn Fn(&&Job) -> bool| {
        backups.jobs.iter().filter(|job| !job.has_ended()).any(|job| wanted(&job))
    };
    let in_the_way = if running(&|job| job.copies.is_some()) {
        Some("backup archive job")
    } else if running(&|job| job.copies.is_none() && job.plus_archivelog) {
        Some("plus archivelog backup job")
    } else if backups
        .cleanup
        .jobs
        .iter()
        .any(|job| job.is_running() && matches!(job.wanted, Wanted::Copied(_)))
    {
        Some("backed up archive piece clean job")
    } else {
        None
    };
    if let Some(what) = in_the_way {
        return Err(SqlError::not_allowed(format!(
            "modifying backup archive dest while a {what} is in progress is"
        )));
    }
    let place = if is_cleared {
        None
    } else {
        let uri = Uri::parse(&location)?;
        if cleanup::is_cleaning(backups, &uri.bare) {
            return Err(SqlError::not_supported("cleaning of this dest is in progress, set it again "));
        }
        if backups.archive.destination.as_ref().is_some_and(|other| other.place.bare == uri.bare) {
            return Err(SqlError::not_allowed("backup archive dest must differ from log archive dest"));
        }
        Some(destination::probe(cluster, id, &uri, "backup_archive_log")?)
    };
    let backups = cluster.four.of(id);
    let has_moved = backups.copies.as_ref().map(|old| &old.bare) != place.as_ref().map(|new| &new.bare);
    if has_moved {
        backups.archive.pieces.iter_mut().for_each(|piece| piece.copy = "INCOMPLETE");
    }
    backups.copies = place;
    Ok(())
}

/// Records a job: a row among the backup jobs, without a set.
pub(crate) fn start(cluster: &mut Cluster, caller: Caller, request: &Request) -> Result<(), SqlError> {
    let id = match request.tenants.as_deref() {
        Some(_) if !caller.is_sys() => {
            return Err(SqlError::not_supported("user tenant cannot specify tenant names"));
        }
        Some([name]) => cluster.expect_tenant(name)?,
        // A guess.
        Some(_) => return Err(SqlError::not_supported("Too many tenant names specified")),
        None if caller.is_sys() => return Err(SqlError::not_supported("need to specify a tenant name")),
        None => caller.tenant,
    };
    if !features::has(cluster, id, features::ARCHIVE_COPY) {
        return Err(SqlError::not_supported("backup archivelog all with data version less than 4.4.2.3 is"));
    }
    if id == TenantId::SYS || !cluster.tenants.get(&id).is_some_and(Tenant::is_normal) {
        return Err(SqlError::cannot_start("tenant status is not normal."));
    }
    let now_us = cluster.now_us;
    let archives = cluster.tenants.get(&id).is_some_and(|tenant| tenant.archives);
    let backups = cluster.four.of(id);
    if backups.jobs.iter().any(|job| job.copies.is_some() && !job.has_ended()) {
        return Err(SqlError::plain(9036));
    }
    let Some(place) = backups.copies.clone() else {
        return Err(SqlError::cannot_start("backup archive dest is not configured."));
    };
    if !archives || !["DOING", "SUSPEND"].contains(&backups.archive.status()) {
        return Err(SqlError::cannot_start("backup archivelog requires archive mode and active round."));
    }
    if backups.cleanup.jobs.iter().any(cleanup::DeleteJob::is_running) {
        return Err(SqlError::cannot_start(
            "backup archive job can't start because backup clean job is running",
        ));
    }
    backups.last_job += 1;
    let number = backups.last_job;
    backups.jobs.push(Job {
        tenant: id,
        id: number,
        set: 0,
        copies: Some(request.deletes_input),
        initiator: caller.tenant,
        initiator_job: 0,
        executors: vec![id],
        plus_archivelog: false,
        is_incremental: false,
        level: "USER_TENANT",
        password: String::new(),
        start_us: now_us,
        end_us: 0,
        status: "INIT",
        result: 0,
        comment: String::new(),
        description: request.description.clone(),
        path: place.bare,
        in_history: false,
        due: after(now_us, 1),
    });
    Ok(())
}

/// The value of BACKUP_TYPE (a guess).
pub(super) fn type_name(deletes_input: bool) -> &'static str {
    if deletes_input { "BACKUP_ARCHIVE_DELETE_INPUT" } else { "BACKUP_ARCHIVE" }
}

/// Copies all frozen pieces that are not copied yet: marks them, waits for the copy time, and writes them.
pub(super) fn advance(cluster: &mut Cluster, id: TenantId, at: usize) -> Option<i64> {
    let now_us = cluster.now_us;
    let path = cluster.four.of(id).jobs[at].path.clone();
    if let Err(error) = cluster.destination_trouble(&path) {
        return fail(cluster, id, at, &error);
    }
    let backups = cluster.four.of(id);
    if backups.jobs[at].status == "INIT" {
        let mut bytes = 0;
        for piece in &mut backups.archive.pieces {
            if piece.status == "FROZEN" && piece.file_status == "AVAILABLE" && piece.copy != "AVAILABLE" {
                piece.copy = "COPYING";
                bytes += piece.output_bytes;
            }
        }
        backups.jobs[at].status = "DOING";
        // If there is nothing to copy, it ends immediately.
        return after(now_us, if bytes == 0 { 0 } else { 1 + bytes / BYTES_PER_SECOND });
    }
    match copy_pieces(cluster, id, &path) {
        Ok(copied) => {
            let backups = cluster.four.of(id);
            let finished = &mut backups.jobs[at];
            (finished.status, finished.end_us) = ("COMPLETED", now_us);
            if finished.copies == Some(true) && !copied.is_empty() {
                cleanup::add_job(cluster, id, id, Wanted::Copied(copied));
            }
            after(now_us, job::LINGER_S)
        }
        Err(error) => fail(cluster, id, at, &error),
    }
}

fn copy_pieces(cluster: &mut Cluster, id: TenantId, path: &str) -> Result<Vec<u64>, SqlError> {
    let (media, zone_s) = (cluster.media.clone(), cluster.zone_s);
    let mut copied = Vec::new();
    for piece in cluster.four.of(id).archive.pieces.iter_mut().filter(|piece| piece.copy == "COPYING") {
        let name = layout4::piece_name(piece.destination, piece.round, piece.id);
        let (_, manifest) = layout4::read_pieces(&media, &format!("{}/{name}", piece.path))
            .pop()
            .ok_or_else(|| SqlError::plain(9011))?;
        let [start, end] =
            [piece.start_scn, piece.checkpoint_scn].map(|scn| civil::compact(scn / SCN, zone_s));
        layout4::write_piece(&media, path, &manifest, &start, &end)?;
        piece.copy = "AVAILABLE";
        copied.push(piece.id);
    }
    Ok(copied)
}

fn fail(cluster: &mut Cluster, id: TenantId, at: usize, error: &SqlError) -> Option<i64> {
    let number = cluster.four.of(id).jobs[at].id;
    let comment = backup::failure_comment(cluster, number, error);
    let now_us = cluster.now_us;
    let backups = cluster.four.of(id);
    for piece in backups.archive.pieces.iter_mut().filter(|piece| piece.copy == "COPYING") {
        piece.copy = "INCOMPLETE";
    }
    let job = &mut backups.jobs[at];
    (job.status, job.result, job.end_us) = ("FAILED", -i64::from(error.code), now_us);
    job.comment = comment;
    after(now_us, job::LINGER_S)
}
