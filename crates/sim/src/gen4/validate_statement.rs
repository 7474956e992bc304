//! The statements VALIDATE and CANCEL VALIDATE (data version 4.5.1 and later): their syntax and errors.

use super::grammar::tenant_list;
use super::validation::{ValidateJob, add};
use super::{after, features};
use crate::error::SqlError;
use crate::media::{Uri, layout4};
use crate::profile::Profile;
use crate::sql::Cursor;
use crate::world::tenant::Tenant;
use crate::world::{Caller, Cluster, TenantId};

/// The maximum length of a list of IDs.
const LONGEST_IDS: usize = 512;

/// A VALIDATE statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// `BACKUP`, `BACKUPSET`, `ARCHIVELOG_PIECE`, or a keyword of the old grammar.
    pub(crate) kind: &'static str,
    pub(crate) ids: Option<String>,
    pub(crate) data: Option<String>,
    pub(crate) log: Option<String>,
    pub(crate) level: Option<String>,
    pub(crate) tenants: Option<Vec<String>>,
    pub(crate) description: String,
}

/// Parses a statement after VALIDATE.
pub(super) fn parse(c: &mut Cursor<'_>) -> Result<Request, SqlError> {
    let kinds = ["BACKUP", "BACKUPSET", "ARCHIVELOG_PIECE"];
    let kind = kinds.into_iter().find(|kind| c.words(kind)).unwrap_or("");
    let mut request = Request { kind, ..Request::default() };
    let has_equals = c.symbol("=");
    if kind.is_empty() || (!has_equals && c.number().is_ok()) {
        while c.next().is_some() {}
        return Ok(Request { kind: "", ..request });
    }
    if has_equals {
        request.ids = Some(c.string()?);
    }
    loop {
        if c.words("DATA_BACKUP_DEST") {
            request.data = Some(c.assigned_string()?);
        } else if c.words("LOG_ARCHIVE_DEST") {
            request.log = Some(c.assigned_string()?);
        } else if c.words("LEVEL") {
            request.level = Some(c.assigned_string()?);
        } else if c.peek().is_some_and(|token| token.is_word("TENANT")) {
            request.tenants = tenant_list(c)?;
        } else if c.words("DESCRIPTION") {
            request.description = c.assigned_string()?;
        } else {
            return Ok(request);
        }
    }
}

/// Does the checks in the kernel's order, and records the first job.
pub(crate) fn start(cluster: &mut Cluster, caller: Caller, request: &Request) -> Result<(), SqlError> {
    if cluster.profile < Profile::V4_6 {
        return Err(SqlError::new(4007, "Not supported feature or function"));
    }
    if request.kind.is_empty() {
        return Err(SqlError::syntax("VALIDATE")); // A guess: that the old grammar is gone.
    }
    if !features::has(cluster, caller.tenant, features::VALIDATION) {
        return Err(SqlError::not_supported(
            "BACKUP_VALIDATE command is not supported in data version less than 4.5.1",
        ));
    }
    let level = check_words(caller, request)?;
    let named = match &request.tenants {
        None => None,
        Some(names) => {
            Some(names.iter().map(|name| cluster.expect_tenant(name)).collect::<Result<Vec<_>, _>>()?)
        }
    };
    let path = request.data.as_ref().or(request.log.as_ref());
    if caller.is_sys() && path.is_some() && named.as_ref().is_none_or(|ids| ids.len() != 1) {
        return Err(SqlError::arguments(
            "validate data for a specified path: A unique user tenant must also be specified.",
        ));
    }
    let place = path.map(|path| identify(cluster, path, request)).transpose()?;
    let ids = match named {
        _ if !caller.is_sys() => vec![caller.tenant],
        Some(ids) => ids,
        None => cluster.user_tenants().into_iter().filter(|id| is_fit(cluster, *id)).collect(),
    };
    if ids.is_empty() {
        return Err(SqlError::new(4016, "all tenant can not do validation task"));
    }
    for id in &ids {
        check_tenant(cluster, *id, place.is_some())?;
    }
    let owner = if caller.is_sys() { TenantId::SYS } else { caller.tenant };
    let (path, path_kind) = place.unzip();
    let now_us = cluster.now_us;
    let job = ValidateJob {
        tenant: owner,
        id: 0,
        initiator: owner,
        initiator_job: 0,
        executors: ids,
        kind: if request.kind == "BACKUP" { "DATABASE" } else { request.kind },
        path,
        path_kind,
        ids: request.ids.clone(),
        level,
        start_us: now_us,
        end_us: 0,
        status: "INIT",
        result: 0,
        description: request.description.clone(),
        comment: String::new(),
        in_history: false,
        due: after(now_us, 1),
    };
    add(cluster.four.of(owner), job);
    cluster.event("backup_validate", "start_backup_validate", &[("tenant_id", owner.0.to_string())]);
    Ok(())
}

/// Checks that need only the statement; returns the level.
fn check_words(caller: Caller, request: &Request) -> Result<&'static str, SqlError> {
    let level = match request.level.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None | Some("physical") => "PHYSICAL",
        Some("basic") => "BASIC",
        Some(_) => return Err(SqlError::arguments("set validate level")),
    };
    if request.data.is_some() && request.kind != "BACKUPSET" {
        return Err(SqlError::arguments("only validate type backupset can set data_backup_dest"));
    }
    if request.log.is_some() && request.kind != "ARCHIVELOG_PIECE" {
        return Err(SqlError::arguments("only validate type archivelog_piece can set log_archive_dest"));
    }
    let is_number = |id: &str| id.trim().parse::<u64>().is_ok_and(|id| id > 0);
    if request.ids.as_ref().is_some_and(|ids| ids.len() >= LONGEST_IDS || !ids.split(',').all(is_number)) {
        return Err(SqlError::arguments("check set/piece ids string"));
    }
    if request.tenants.is_some() && !caller.is_sys() {
        return Err(SqlError::not_supported("specify tenant under user tenant"));
    }
    if request.ids.is_some() && request.kind == "BACKUP" {
        return Err(SqlError::arguments("validate database with set set or piece ids")); // sic
    }
    Ok(level)
}

/// Determines what is at a path: a destination, or a single set or piece.
fn identify(cluster: &Cluster, path: &str, request: &Request) -> Result<(String, &'static str), SqlError> {
    let (media, bare) = (&cluster.media, Uri::parse(path)?.bare);
    let kind = match layout4::read_format(media, &bare) {
        Some(format) if format.kind == "backup_data" => "BACKUP_DEST",
        Some(format) if format.kind == "archive_log" => "ARCHIVELOG_DEST",
        Some(_) => {
            return Err(SqlError::arguments(
                "validate: Only data backup path or log archive path supports backup verification.",
            ));
        }
        None if media.list(&bare).is_empty() => {
            return Err(SqlError::arguments("validate: empty directory"));
        }
        None => match (layout4::read_sets(media, &bare).len(), layout4::read_pieces(media, &bare).len()) {
            (1, 0) => "BACKUP_SET_DEST",
            (0, 1) => "ARCHIVELOG_PIECE_DEST",
            _ => {
                return Err(SqlError::arguments(
                    "validate: missing format file and metadata file to identify the path type.",
                ));
            }
        },
    };
    let fits = kind.starts_with("BACKUP") == (request.kind == "BACKUPSET");
    let is_single = ["BACKUP_SET_DEST", "ARCHIVELOG_PIECE_DEST"].contains(&kind);
    if !fits || (is_single && request.ids.is_some()) {
        return Err(SqlError::arguments(
            "validate: the specified path type and validate type are inconsistent.",
        ));
    }
    Ok((bare, kind))
}

fn check_tenant(cluster: &Cluster, id: TenantId, has_path: bool) -> Result<(), SqlError> {
    if !cluster.tenants.get(&id).is_some_and(Tenant::is_normal) {
        return Err(SqlError::new(5150, "Tenant not in server"));
    }
    let backups = cluster.four.tenants.get(&id);
    let is_empty = backups.is_none_or(|b| b.data.is_none() && b.archive.destination.is_none());
    if is_empty && !has_path {
        return Err(SqlError::arguments("validate: tenant has not set backup dest or archive dest"));
    }
    if backups.is_some_and(|backups| backups.validations.jobs.iter().any(|job| !job.has_ended())) {
        return Err(SqlError::not_supported(
            "creating new backup validate job when other validate jobs exist",
        ));
    }
    Ok(())
}

fn is_fit(cluster: &Cluster, id: TenantId) -> bool {
    features::has(cluster, id, features::VALIDATION) && check_tenant(cluster, id, false).is_ok()
}

/// `CANCEL VALIDATE BACKUP [TENANT = t]`; succeeds if there is nothing to cancel.
pub(crate) fn cancel(
    cluster: &mut Cluster,
    caller: Caller,
    names: Option<&[String]>,
) -> Result<(), SqlError> {
    let ids = match names {
        Some(_) if !caller.is_sys() => {
            return Err(SqlError::not_supported("specify tenant under user tenant"));
        }
        Some(names) => names.iter().map(|name| cluster.expect_tenant(name)).collect::<Result<Vec<_>, _>>()?,
        None if caller.is_sys() => cluster.four.tenants.keys().copied().collect(),
        None => vec![caller.tenant],
    };
    let now_us = cluster.now_us;
    for id in ids {
        for job in cluster.four.of(id).validations.jobs.iter_mut().filter(|job| !job.has_ended()) {
            (job.status, job.due) = ("CANCELING", after(now_us, 1));
        }
    }
    Ok(())
}
