//! Restore of 4.x: the statement's checks, then a job that creates a standby tenant.

use serde::Serialize;

use super::recovery::{self, Plan, Until};
use super::{SCN, after};
use crate::civil::SECOND;
use crate::error::SqlError;
use crate::media::Uri;
use crate::profile::Profile;
use crate::world::tenant::{Role, Tenant, TenantKind};
use crate::world::{Caller, Cluster, TenantId};

/// The restore rate of data.
const BYTES_PER_SECOND: i64 = 64 << 20;
/// How long finished rows stay in the progress view.
const LINGER_S: i64 = 5;

/// A RESTORE statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) tenant: String,
    /// The text after FROM; `None` with ADD RESTORE SOURCE.
    pub(crate) from: Option<String>,
    pub(crate) until: Until,
    pub(crate) options: String,
    pub(crate) description: String,
}

/// The stage of a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Stage {
    CreateTenant,
    Restoring,
    PostCheck,
    Upgrade,
    /// The tenant's own job has succeeded; the sys tenant's job has not noticed it yet.
    Finish,
    Success,
    Fail,
}

/// A restore.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Restore {
    pub(crate) job: u64,
    pub(crate) tenant: TenantId,
    pub(crate) tenant_name: String,
    pub(crate) backup_tenant: u64,
    pub(crate) backup_tenant_name: String,
    pub(crate) backup_cluster: String,
    pub(crate) backup_version: String,
    pub(crate) sources: String,
    pub(crate) options: String,
    pub(crate) is_quick: bool,
    pub(crate) scn: i64,
    pub(crate) stage: Stage,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) data_start_us: i64,
    pub(crate) data_end_us: i64,
    pub(crate) set_list: String,
    pub(crate) piece_list: String,
    pub(crate) data_bytes: i64,
    pub(crate) tablets: i64,
    pub(crate) description: String,
    pub(crate) comment: String,
    pub(crate) in_history: bool,
    /// The files to read: address and size.
    #[serde(skip)]
    files: Vec<(String, u64)>,
    pub(crate) due: Option<i64>,
}

impl Restore {
    pub(crate) fn is_running(&self) -> bool {
        !matches!(self.stage, Stage::Success | Stage::Fail)
    }
}

/// `ALTER SYSTEM RESTORE …`: returns the job; the statement then waits for its tenant.
pub(crate) fn start(
    cluster: &mut Cluster,
    caller: Caller,
    request: &Request,
    added_sources: &[String],
    passwords: &[String],
    zone_s: i32,
) -> Result<u64, SqlError> {
    if !caller.is_sys() {
        return Err(SqlError::access_denied("sys tenant"));
    }
    request.until.check()?;
    if cluster.tenant_named(&request.tenant).is_some() {
        return Err(SqlError::new(5156, format!("tenant '{}' already exist", request.tenant)));
    }
    let sources = source_list(request.from.as_deref(), added_sources)?;
    let options = read_options(&request.options)?;
    cluster.resources.check_free(&options.pools)?;
    if options.is_quick && cluster.profile < Profile::V4_3_5 {
        return Err(SqlError::not_allowed("quick restore is"));
    }
    for source in &sources {
        if let Ok(uri) = Uri::parse(source) {
            cluster.destination_trouble(&uri.bare)?;
        }
    }
    let media = cluster.media.clone();
    let plan = recovery::plan(&media, &sources, &request.until, passwords, cluster.profile, zone_s)?;
    let id = cluster.next_tenant_id();
    cluster.four.last_restore += 1;
    let job = cluster.four.last_restore;
    let restore = describe(cluster, request, &sources, &plan, (job, id), options.is_quick);
    let (mode, compatible) = plan
        .sets
        .last()
        .map_or(("MYSQL".to_owned(), String::new()), |(_, set)| (set.mode.clone(), set.version.clone()));
    let mut tenant = Tenant::new(id, &request.tenant, TenantKind::User, cluster.now_us);
    (tenant.role, tenant.status, tenant.mode) = (Role::Restore, "RESTORE".to_owned(), mode);
    tenant.base_bytes = restore.data_bytes;
    tenant.recovery_until_scn = plan.scn;
    cluster.add_tenant(tenant);
    if let Some(tenant) = cluster.tenants.get_mut(&id) {
        tenant.compatible = compatible;
    }
    cluster.resources.grant(&options.pools, id);
    cluster.event("physical_restore", "restore_start", &[("tenant", request.tenant.clone())]);
    cluster.four.restores.push(restore);
    Ok(job)
}

pub(super) fn source_list(from: Option<&str>, added: &[String]) -> Result<Vec<String>, SqlError> {
    match from {
        Some(_) if !added.is_empty() => {
            Err(SqlError::not_supported("have backup_dest and restore_source at the same time"))
        }
        Some(from) => Ok(from.split(',').map(|token| token.trim().to_owned()).collect()),
        None if added.is_empty() => Err(SqlError::arguments("backup_dest")),
        None => Ok(added.to_vec()),
    }
}

pub(super) struct Options {
    pub(super) pools: Vec<String>,
    is_quick: bool,
}

pub(super) fn read_options(text: &str) -> Result<Options, SqlError> {
    let mut options = Options { pools: Vec::new(), is_quick: false };
    for option in text.split('&').filter(|option| !option.trim().is_empty()) {
        let (name, value) = option.split_once('=').ok_or_else(|| SqlError::arguments("restore option"))?;
        match name.trim() {
            "pool_list" => options.pools = value.split(',').map(|pool| pool.trim().to_owned()).collect(),
            "concurrency" if value.parse::<u32>().is_ok_and(|number| number > 0) => {}
            "concurrency" => return Err(SqlError::arguments("restore concurrency")),
            "method" => options.is_quick = value.eq_ignore_ascii_case("quick"),
            "locality" | "primary_zone" | "kms_encrypt" | "encrypt_key" => {}
            _ => return Err(SqlError::arguments("restore option")),
        }
    }
    options.pools.retain(|pool| !pool.is_empty());
    Ok(options)
}

fn describe(
    cluster: &Cluster,
    request: &Request,
    sources: &[String],
    plan: &Plan,
    (job, tenant): (u64, TenantId),
    is_quick: bool,
) -> Restore {
    let newest = plan.sets.last().map(|(_, set)| set.clone());
    let files = plan
        .sets
        .iter()
        .flat_map(|(address, set)| {
            set.files.iter().map(move |(file, size)| (format!("{address}/{file}"), *size))
        })
        .collect();
    let names =
        |addresses: &mut dyn Iterator<Item = &String>| addresses.cloned().collect::<Vec<_>>().join(",");
    Restore {
        job,
        tenant,
        tenant_name: request.tenant.clone(),
        backup_tenant: newest.as_ref().map_or(0, |set| set.tenant),
        backup_tenant_name: newest.as_ref().map(|set| set.tenant_name.clone()).unwrap_or_default(),
        backup_cluster: newest.as_ref().map(|set| set.cluster.clone()).unwrap_or_default(),
        backup_version: newest.as_ref().map(|set| set.version.clone()).unwrap_or_default(),
        sources: sources.join(","),
        options: request.options.clone(),
        is_quick,
        scn: plan.scn,
        stage: Stage::CreateTenant,
        start_us: cluster.now_us,
        end_us: 0,
        data_start_us: 0,
        data_end_us: 0,
        set_list: names(&mut plan.sets.iter().map(|(address, _)| address)),
        piece_list: names(&mut plan.pieces.iter().map(|(address, _)| address)),
        data_bytes: newest.as_ref().map_or(64 << 20, |set| set.data_bytes),
        tablets: newest.as_ref().map_or(480, |set| set.tablets),
        description: request.description.clone(),
        comment: String::new(),
        in_history: false,
        files,
        due: after(cluster.now_us, 5),
    }
}

/// Returns the result of the waiting statement, once it is known.
pub(crate) fn statement_outcome(cluster: &Cluster, job: u64) -> Option<Result<(), SqlError>> {
    let restore = cluster.four.restores.iter().find(|restore| restore.job == job)?;
    match restore.stage {
        // Its META tenant existed: only the views show later failures.
        _ if restore.data_start_us > 0 => Some(Ok(())),
        Stage::CreateTenant => None,
        Stage::Fail => Some(Err(SqlError::new(
            9099,
            format!("{} restore failed, {}", restore.tenant_name, restore.comment),
        ))),
        _ => Some(Ok(())),
    }
}

/// Advances all restores that are due.
pub(super) fn step(cluster: &mut Cluster) {
    let now_us = cluster.now_us;
    for at in 0..cluster.four.restores.len() {
        if cluster.four.restores[at].due.is_none_or(|due| due > now_us) {
            continue;
        }
        let restore = cluster.four.restores[at].clone();
        let (stage, due) = next_stage(cluster, &restore);
        let restore = &mut cluster.four.restores[at];
        if restore.is_running() && matches!(stage, Stage::Success | Stage::Fail) {
            restore.end_us = now_us;
        }
        if stage == Stage::Restoring {
            (restore.data_start_us, restore.data_end_us) = (now_us, due.unwrap_or(now_us));
        }
        if restore.stage == stage && !restore.is_running() {
            restore.in_history = true;
        }
        (restore.stage, restore.due) = (stage, due);
    }
}

fn next_stage(cluster: &mut Cluster, restore: &Restore) -> (Stage, Option<i64>) {
    let now_us = cluster.now_us;
    if restore.is_running() && !cluster.tenants.contains_key(&restore.tenant) {
        // The tenant was dropped; the text is a guess.
        fail(cluster, restore.job, "tenant has been dropped".to_owned());
        return (Stage::Fail, after(now_us, LINGER_S));
    }
    match restore.stage {
        Stage::CreateTenant => {
            if let Some(meta) = cluster.tenants.get_mut(&restore.tenant.meta()) {
                meta.status = "NORMAL".to_owned();
            }
            let seconds = (restore.data_bytes / BYTES_PER_SECOND).max(2);
            (Stage::Restoring, after(now_us, seconds))
        }
        Stage::Restoring => match damage(cluster, restore) {
            Some(comment) => {
                fail(cluster, restore.job, comment);
                (Stage::Fail, after(now_us, LINGER_S))
            }
            None => (Stage::PostCheck, after(now_us, 1)),
        },
        Stage::PostCheck => {
            // The first version has no standby tenants.
            let role = if cluster.profile == Profile::V4_0 { Role::Primary } else { Role::Standby };
            if let Some(tenant) = cluster.tenants.get_mut(&restore.tenant) {
                (tenant.role, tenant.data_scn) = (role, Some(restore.scn));
            }
            (Stage::Upgrade, after(now_us, 1))
        }
        Stage::Upgrade => (Stage::Finish, after(now_us, 1)),
        Stage::Finish => {
            if let Some(tenant) = cluster.tenants.get_mut(&restore.tenant) {
                "NORMAL".clone_into(&mut tenant.status);
            }
            (Stage::Success, after(now_us, LINGER_S))
        }
        ended => (ended, None),
    }
}

/// Returns the problem of the files, if any, as the failing server reports it.
fn damage(cluster: &mut Cluster, restore: &Restore) -> Option<String> {
    let media = cluster.media.clone();
    let broken = restore.files.iter().find_map(|(address, size)| {
        let error = cluster.destination_trouble(address).err().or_else(|| media.damage(address, *size))?;
        let stream = address.split("logstream_").nth(1)?.split('/').next()?.to_owned();
        Some((stream, error))
    });
    let (stream, error) = broken?;
    Some(format!(
        "(SERVER)ls_id: {stream}, addr: {}, module: RESTORE_DATA, result: -{}({}), trace_id: {}",
        cluster.address(),
        error.code,
        error.message,
        super::backup::trace_id(cluster, restore.job)
    ))
}

fn fail(cluster: &mut Cluster, job: u64, comment: String) {
    if let Some(restore) = cluster.four.restores.iter_mut().find(|restore| restore.job == job) {
        restore.comment = comment;
    }
}

/// `ALTER SYSTEM CANCEL RESTORE t`: also drops the partly restored tenant.
pub(crate) fn cancel(cluster: &mut Cluster, caller: Caller, name: &str) -> Result<(), SqlError> {
    if !caller.is_sys() {
        return Err(SqlError::access_denied("sys tenant"));
    }
    if cluster.profile < Profile::V4_2_5 {
        return Err(SqlError::not_supported("cancel restore is"));
    }
    if cluster.tenant_named(name).is_none() {
        return Err(SqlError::unknown_tenant(name));
    }
    let now_us = cluster.now_us;
    let running =
        cluster.four.restores.iter_mut().find(|restore| restore.tenant_name == name && !restore.in_history);
    match running {
        Some(restore) if restore.stage != Stage::Success => {
            restore.stage = Stage::Fail;
            restore.comment = "restore is canceled".to_owned();
            (restore.end_us, restore.due) = (now_us, Some(now_us + LINGER_S * SECOND));
            let id = restore.tenant;
            cluster.remove_tenant(id);
            Ok(())
        }
        _ => Err(SqlError::not_allowed("Cancel tenant not in restore is")),
    }
}

/// Returns the rows of SHOW RESTORE PREVIEW: type, ID, address, description.
pub(crate) fn preview(plan: &Plan, zone_s: i32) -> Vec<Vec<String>> {
    let sets = plan.sets.iter().map(|(address, set)| {
        vec!["BACKUP_SET".to_owned(), set.set.to_string(), address.clone(), String::new()]
    });
    let pieces = plan.pieces.iter().map(|(address, piece)| {
        let text = |scn: i64| crate::civil::compact(scn / SCN, zone_s);
        let description = format!(
            "start_scn_display: {}, checkpoint_scn_display: {}.",
            text(piece.start_scn),
            text(piece.checkpoint_scn)
        );
        vec!["BACKUP_PIECE".to_owned(), piece.piece.to_string(), address.clone(), description]
    });
    sets.chain(pieces).collect()
}
