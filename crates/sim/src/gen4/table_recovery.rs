//! RECOVER TABLE of 4.2.1 and later: restores an auxiliary tenant and imports its tables into the tenant.
//!
//! Source: `ob_recover_table_initiator.cpp` (checks, rows, names), `ob_import_table_task_generator.cpp` (errors
//! before an import), `ob_import_table_struct.cpp` (texts). Guesses: the duration of each stage; the texts for a
//! table that is not in the backup and for a failed import. The restore of the auxiliary tenant has no rows in the
//! views of restores.

use std::collections::BTreeSet;

use serde::Serialize;

use super::after;
use super::recovery::{self, Until};
use super::restore::{read_options, source_list};
use crate::error::SqlError;
use crate::profile::Profile;
use crate::world::tenant::{Imported, Role, Tenant, TenantKind};
use crate::world::{Caller, Cluster, TenantId};

const BYTES_PER_SECOND: i64 = 64 << 20;
/// How long finished rows stay in the view of running jobs. The auxiliary tenant is dropped at the end of this time.
const LINGER_S: i64 = 5;

/// The objects to recover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Item {
    All,
    Database(String),
    Table(String, String),
}

/// A RECOVER TABLE statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) items: Vec<Item>,
    pub(crate) tenant: String,
    pub(crate) from: Option<String>,
    pub(crate) until: Until,
    pub(crate) options: String,
    /// The old and new names of tables or whole databases.
    pub(crate) remaps: Vec<(Item, Item)>,
    pub(crate) description: String,
}

/// The stage of a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Stage {
    Prepare,
    Restore,
    Activate,
    Precheck,
    Generate,
    Import,
    Canceling,
    Completed,
    Failed,
}

/// The import of one table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Import {
    pub(crate) id: u64,
    pub(crate) from: (String, String),
    pub(crate) to: (String, String),
    /// SUCCESS or FAILED; `None` until it has ended.
    pub(crate) result: Option<&'static str>,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) comment: String,
}

/// A recovery of tables: the sys tenant's row and the tenant's own.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TableRecovery {
    pub(crate) job: u64,
    pub(crate) tenant: TenantId,
    pub(crate) tenant_name: String,
    pub(crate) aux_name: String,
    aux: Option<TenantId>,
    pub(crate) items: Vec<Item>,
    pub(crate) remaps: Vec<(Item, Item)>,
    pub(crate) scn: i64,
    pub(crate) sources: String,
    pub(crate) options: String,
    pub(crate) set_list: String,
    pub(crate) piece_list: String,
    pub(crate) description: String,
    pub(crate) stage: Stage,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) imports: Vec<Import>,
    pub(crate) import_start_us: i64,
    /// SUCCESS, PARTIAL_SUCCESS or FAILED.
    pub(crate) result: Option<&'static str>,
    pub(crate) comment: String,
    pub(crate) in_history: bool,
    data_bytes: i64,
    /// The tables in the backup.
    #[serde(skip)]
    held: BTreeSet<(String, String)>,
    #[serde(skip)]
    files: Vec<(String, u64)>,
    #[serde(skip)]
    pools: Vec<String>,
    pub(crate) due: Option<i64>,
}

impl TableRecovery {
    pub(crate) fn is_running(&self) -> bool {
        !matches!(self.stage, Stage::Completed | Stage::Failed)
    }
}

/// `ALTER SYSTEM RECOVER TABLE …`: the statement returns when the job is recorded.
pub(crate) fn start(
    cluster: &mut Cluster,
    caller: Caller,
    request: &Request,
    added_sources: &[String],
    passwords: &[String],
    zone_s: i32,
) -> Result<(), SqlError> {
    if !caller.is_sys() {
        return Err(SqlError::not_allowed("user tenant initiate recover table is"));
    }
    let id = cluster.tenant_named(&request.tenant).map(|tenant| (tenant.id, tenant.kind, tenant.role));
    let (id, kind, role) = id.ok_or_else(|| SqlError::unknown_tenant(&request.tenant))?;
    if role == Role::Standby {
        return Err(SqlError::not_supported("recover table to standby tenant is"));
    }
    request.until.check()?;
    if kind != TenantKind::User {
        return Err(SqlError::arguments("TENANT, it must be user tenant"));
    }
    let sources = source_list(request.from.as_deref(), added_sources)?;
    let options = read_options(&request.options)?;
    cluster.resources.check_free(&options.pools)?;
    for source in &sources {
        if let Ok(uri) = crate::media::Uri::parse(source) {
            cluster.destination_trouble(&uri.bare)?;
        }
    }
    let media = cluster.media.clone();
    let plan = recovery::plan(&media, &sources, &request.until, passwords, cluster.profile, zone_s)?;
    let newest = plan.sets.last().map(|(_, set)| set.clone());
    let files = plan.sets.iter().flat_map(|(address, set)| {
        set.files.iter().map(move |(file, size)| (format!("{address}/{file}"), *size))
    });
    let names = |addresses: Vec<&String>| addresses.into_iter().cloned().collect::<Vec<_>>().join(",");
    let now_us = cluster.now_us;
    cluster.four.last_restore += 1;
    cluster.four.table_recoveries.push(TableRecovery {
        job: cluster.four.last_restore,
        tenant: id,
        tenant_name: request.tenant.clone(),
        aux_name: format!("AUX_RECOVER${now_us}"),
        aux: None,
        items: request.items.clone(),
        remaps: request.remaps.clone(),
        scn: plan.scn,
        sources: sources.join(","),
        options: request.options.clone(),
        set_list: names(plan.sets.iter().map(|(address, _)| address).collect()),
        piece_list: names(plan.pieces.iter().map(|(address, _)| address).collect()),
        description: request.description.clone(),
        stage: Stage::Prepare,
        start_us: now_us,
        end_us: 0,
        imports: Vec::new(),
        import_start_us: 0,
        result: None,
        comment: String::new(),
        in_history: false,
        data_bytes: newest.as_ref().map_or(64 << 20, |set| set.data_bytes),
        held: newest.map(|set| set.tables.into_iter().collect()).unwrap_or_default(),
        files: files.collect(),
        pools: options.pools,
        due: after(now_us, 2),
    });
    let job = cluster.four.last_restore.to_string();
    cluster.event(
        "recover_table",
        "start_recover_table",
        &[("tenant_id", id.0.to_string()), ("job_id", job)],
    );
    Ok(())
}

/// `ALTER SYSTEM CANCEL RECOVER TABLE t`: without a job it does nothing, as in the kernel.
pub(crate) fn cancel(cluster: &mut Cluster, caller: Caller, name: &str) -> Result<(), SqlError> {
    if !caller.is_sys() {
        return Err(SqlError::not_allowed("user tenant cancel recover table is"));
    }
    let id = cluster.expect_tenant(name)?;
    let now_us = cluster.now_us;
    let running = |recovery: &&mut TableRecovery| recovery.tenant == id && recovery.is_running();
    for recovery in cluster.four.table_recoveries.iter_mut().filter(running) {
        (recovery.stage, recovery.due) = (Stage::Canceling, after(now_us, 2));
    }
    Ok(())
}

/// Advances all recoveries that are due.
pub(super) fn step(cluster: &mut Cluster) {
    let now_us = cluster.now_us;
    for at in 0..cluster.four.table_recoveries.len() {
        let recovery = &mut cluster.four.table_recoveries[at];
        if recovery.due.is_none_or(|due| due > now_us) {
            continue;
        }
        if !recovery.is_running() {
            (recovery.in_history, recovery.due) = (true, None);
            if let Some(aux) = recovery.aux.take() {
                cluster.remove_tenant(aux);
            }
            continue;
        }
        let mut recovery = recovery.clone();
        match advance(cluster, &mut recovery) {
            Ok(seconds) => recovery.due = after(now_us, seconds),
            Err(comment) => end(now_us, &mut recovery, "FAILED", comment),
        }
        cluster.four.table_recoveries[at] = recovery;
    }
}

/// Leaves the current stage; returns the duration of the next one in seconds.
fn advance(cluster: &mut Cluster, recovery: &mut TableRecovery) -> Result<i64, String> {
    let now_us = cluster.now_us;
    if recovery.stage != Stage::Canceling && !cluster.tenants.contains_key(&recovery.tenant) {
        return Err("tenant has been dropped".to_owned());
    }
    match recovery.stage {
        Stage::Prepare => {
            create_aux(cluster, recovery)?;
            recovery.stage = Stage::Restore;
            Ok(5 + recovery.data_bytes / BYTES_PER_SECOND)
        }
        Stage::Restore => {
            check_files(cluster, recovery)?;
            with_aux(cluster, recovery, |aux| (aux.status, aux.role) = ("NORMAL".to_owned(), Role::Standby));
            recovery.stage = Stage::Activate;
            Ok(1)
        }
        Stage::Activate => {
            with_aux(cluster, recovery, |aux| aux.role = Role::Primary);
            recovery.stage = Stage::Precheck;
            Ok(1)
        }
        Stage::Precheck => {
            recovery.stage = Stage::Generate;
            Ok(1)
        }
        Stage::Generate => {
            recovery.import_start_us = now_us;
            recovery.imports = imports(cluster, recovery)?;
            recovery.stage = Stage::Import;
            Ok(1)
        }
        Stage::Import => {
            if import_next(cluster, recovery) {
                return Ok(1);
            }
            let failed = recovery.imports.iter().filter(|import| import.result == Some("FAILED")).count();
            let result = match failed {
                0 => "SUCCESS",
                all if all == recovery.imports.len() => "FAILED",
                _ => "PARTIAL_SUCCESS",
            };
            end(now_us, recovery, result, String::new());
            Ok(LINGER_S)
        }
        Stage::Canceling => Err("recover table is canceled".to_owned()),
        Stage::Completed | Stage::Failed => Ok(LINGER_S),
    }
}

fn create_aux(cluster: &mut Cluster, recovery: &mut TableRecovery) -> Result<(), String> {
    cluster.resources.check_free(&recovery.pools).map_err(|error| error.message)?;
    let id = cluster.next_tenant_id();
    let mut aux = Tenant::new(id, &recovery.aux_name, TenantKind::User, cluster.now_us);
    (aux.role, aux.status) = (Role::Restore, "RESTORE".to_owned());
    aux.base_bytes = recovery.data_bytes;
    cluster.add_tenant(aux);
    cluster.resources.grant(&recovery.pools, id);
    recovery.aux = Some(id);
    Ok(())
}

fn with_aux(cluster: &mut Cluster, recovery: &TableRecovery, change: impl FnOnce(&mut Tenant)) {
    if let Some(aux) = recovery.aux.and_then(|id| cluster.tenants.get_mut(&id)) {
        change(aux);
    }
}

fn check_files(cluster: &mut Cluster, recovery: &TableRecovery) -> Result<(), String> {
    let media = cluster.media.clone();
    for (address, size) in &recovery.files {
        let trouble = cluster.destination_trouble(address).err().or_else(|| media.damage(address, *size));
        if let Some(error) = trouble {
            return Err(format!("restore aux tenant failed, result: -{}({})", error.code, error.message));
        }
    }
    Ok(())
}

/// Returns the imports of the items. An impossible one fails the whole job before anything is imported.
fn imports(cluster: &Cluster, recovery: &TableRecovery) -> Result<Vec<Import>, String> {
    let mut wanted: BTreeSet<(String, String)> = BTreeSet::new();
    for item in &recovery.items {
        match item {
            Item::All => wanted.extend(recovery.held.iter().cloned()),
            Item::Database(database) => {
                let own = recovery.held.iter().filter(|(held, _)| held == database);
                let before = wanted.len();
                wanted.extend(own.cloned());
                if wanted.len() == before {
                    return Err(format!("import database {database} not exist"));
                }
            }
            Item::Table(database, table) => {
                let name = (database.clone(), table.clone());
                if !recovery.held.contains(&name) {
                    return Err(format!("import table {database}.{table} not exist"));
                }
                wanted.insert(name);
            }
        }
    }
    let there = cluster.tenants.get(&recovery.tenant);
    let mut imports = Vec::new();
    for (number, from) in wanted.into_iter().enumerate() {
        let to = target(&recovery.remaps, &from);
        let is_database = there.is_some_and(|tenant| tenant.databases.contains(&to.0));
        if !is_database {
            return Err(format!("import database {} not exist", to.0));
        }
        if there.is_some_and(|tenant| tenant.tables.contains_key(&format!("{}.{}", to.0, to.1))) {
            return Err(format!("import table {}.{} exist", to.0, to.1));
        }
        imports.push(Import {
            id: recovery.job * 1_000 + number as u64 + 1,
            from,
            to,
            result: None,
            start_us: 0,
            end_us: 0,
            comment: String::new(),
        });
    }
    Ok(imports)
}

/// Returns the new name of a table: by its own remap, otherwise by that of its database.
fn target(remaps: &[(Item, Item)], from: &(String, String)) -> (String, String) {
    let own = remaps.iter().find_map(|(old, new)| match (old, new) {
        (Item::Table(database, table), Item::Table(to, name)) if (database, table) == (&from.0, &from.1) => {
            Some((to.clone(), name.clone()))
        }
        _ => None,
    });
    let whole = remaps.iter().find_map(|(old, new)| match (old, new) {
        (Item::Database(database), Item::Database(to)) if *database == from.0 => {
            Some((to.clone(), from.1.clone()))
        }
        _ => None,
    });
    own.or(whole).unwrap_or_else(|| from.clone())
}

/// Imports the next table; returns whether there was one.
fn import_next(cluster: &mut Cluster, recovery: &mut TableRecovery) -> bool {
    let now_us = cluster.now_us;
    let Some(import) = recovery.imports.iter_mut().find(|import| import.result.is_none()) else {
        return false;
    };
    let name = format!("{}.{}", import.to.0, import.to.1);
    (import.start_us, import.end_us) = (now_us, now_us);
    let from = format!("{}.{}", import.from.0, import.from.1);
    let Some(tenant) = cluster.tenants.get_mut(&recovery.tenant) else { return false };
    if tenant.refused_imports.contains(&from) {
        import.result = Some("FAILED");
        import.comment = format!("import table {from} failed, result: -4184(Server out of disk space)");
        return true;
    }
    import.result = Some("SUCCESS");
    tenant.tables.insert(name, Imported { from: Some(from), data_scn: Some(recovery.scn) });
    true
}

/// Ends a recovery: first its rows show the outcome, later they move to the history.
fn end(now_us: i64, recovery: &mut TableRecovery, result: &'static str, comment: String) {
    recovery.stage = if result == "FAILED" { Stage::Failed } else { Stage::Completed };
    (recovery.result, recovery.comment) = (Some(result), comment);
    recovery.end_us = now_us;
    recovery.due = after(now_us, LINGER_S);
}

/// Returns whether a version supports it.
pub(crate) fn is_known(profile: Profile) -> bool {
    profile >= Profile::V4_2_5
}
