//! Restore of 3.x: a new, ordinary tenant from a cluster's backup directory.

use serde::Serialize;

use super::after;
use crate::civil;
use crate::error::SqlError;
use crate::media::{Uri, layout3};
use crate::world::tenant::{Tenant, TenantKind};
use crate::world::{Cluster, TenantId};

const BYTES_PER_SECOND: i64 = 64 << 20;

/// The stages in their order, with their durations in seconds; most of the data is restored with the user replicas.
const STAGES: [(&str, i64); 7] = [
    ("CREATE_TENANT", 2),
    ("RESTORE_SYS_REPLICA", 3),
    ("MODIFY_SCHEMA", 1),
    ("CREATE_USER_PARTITIONS", 1),
    ("RESTORE_USER_REPLICA", 2),
    ("REBUILD_INDEX", 1),
    ("POST_CHECK", 1),
];

/// A RESTORE statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) tenant: String,
    pub(crate) from: String,
    pub(crate) at: String,
    pub(crate) until: String,
    pub(crate) options: String,
    /// Database and table; empty for everything.
    pub(crate) tables: Vec<(String, String)>,
}

/// A restore.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Restore {
    pub(crate) job: u64,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) tenant_name: String,
    pub(crate) backup_tenant: u64,
    pub(crate) backup_tenant_name: String,
    pub(crate) cluster_name: String,
    pub(crate) cluster_id: u64,
    pub(crate) destination: String,
    /// The options of WITH.
    pub(crate) options: String,
    /// Database and table; empty for everything.
    pub(crate) tables: Vec<(String, String)>,
    pub(crate) stage: usize,
    /// RESTORE_SUCCESS or RESTORE_FAIL at the end.
    pub(crate) end: Option<&'static str>,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) until_us: i64,
    /// The backups that it restores from.
    pub(crate) source: Source,
    pub(crate) data_bytes: i64,
    pub(crate) info: String,
    pub(crate) in_history: bool,
    pools: Vec<String>,
    pub(crate) due: Option<i64>,
}

impl Restore {
    pub(crate) fn status(&self) -> &'static str {
        self.end.unwrap_or_else(|| STAGES.get(self.stage).map_or("POST_CHECK", |(name, _)| name))
    }

    /// Returns WHITE_LIST. The kernel does not escape backquotes.
    pub(crate) fn white_list(&self) -> String {
        let shown = self.tables.iter().map(|(database, table)| format!("`{database}`.`{table}`"));
        shown.collect::<Vec<_>>().join(",")
    }

    /// Returns an option of WITH.
    pub(crate) fn option(&self, name: &str) -> Option<String> {
        option(&self.options, name)
    }
}

/// Returns an option of WITH, which joins its options with `&`.
fn option(options: &str, name: &str) -> Option<String> {
    let known = options.split('&').filter_map(|option| option.split_once('='));
    known.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// `ALTER SYSTEM RESTORE new FROM old AT 'uri' UNTIL '…' WITH '…'`.
pub(crate) fn start(
    cluster: &mut Cluster,
    request: &Request,
    passwords: &[String],
    zone_s: i32,
) -> Result<(), SqlError> {
    if cluster.parameters.propagated("restore_concurrency", cluster.now_us) == Some("0") {
        return Err(SqlError::not_allowed("restore tenant when restore_concurrency is 0"));
    }
    if cluster.tenant_named(&request.tenant).is_some() {
        return Err(SqlError::new(5156, format!("tenant '{}' already exist", request.tenant)));
    }
    let option = |name: &str| option(&request.options, name);
    let pools: Vec<String> = option("pool_list")
        .unwrap_or_default()
        .split(',')
        .filter(|p| !p.is_empty())
        .map(str::to_owned)
        .collect();
    cluster.resources.check_free(&pools)?;
    let uri = Uri::parse(&request.at)?;
    let until_us = civil::parse(&request.until, zone_s)
        .ok_or_else(|| SqlError::new(5241, format!("Incorrect TIMESTAMP value: '{}'", request.until)))?;
    let cluster_name =
        option("backup_cluster_name").ok_or_else(|| SqlError::arguments("backup_cluster_name"))?;
    let cluster_id = option("backup_cluster_id")
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| SqlError::arguments("backup_cluster_id"))?;
    cluster.destination_trouble(&uri.bare)?;
    let root = layout3::root(&uri.bare, &cluster_name, cluster_id);
    let source = find(cluster, &root, &request.from, until_us, passwords)?;
    cluster.three.last_restore += 1;
    let now_us = cluster.now_us;
    cluster.three.restores.push(Restore {
        job: cluster.three.last_restore,
        tenant: None,
        tenant_name: request.tenant.clone(),
        backup_tenant: source.tenant,
        backup_tenant_name: request.from.clone(),
        cluster_name,
        cluster_id,
        destination: uri.bare,
        options: request.options.clone(),
        tables: request.tables.clone(),
        stage: 0,
        end: None,
        start_us: now_us,
        end_us: 0,
        until_us,
        data_bytes: source.data_bytes,
        source,
        info: String::new(),
        in_history: false,
        pools,
        due: after(now_us, STAGES[0].1),
    });
    Ok(())
}

/// The sets and the round of logs that a restore uses.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Source {
    tenant: u64,
    /// The sets' addresses, newest first.
    pub(crate) set_list: String,
    pub(crate) full_set: u64,
    pub(crate) last_set: u64,
    pub(crate) round: u64,
    /// The time of the newest set.
    pub(crate) snapshot_us: i64,
    /// The cluster's frozen version and the kernel's version at the newest set.
    pub(crate) data_version: u64,
    pub(crate) version: String,
    data_bytes: i64,
    /// The tables of the newest set, as `database.table`.
    tables: Vec<String>,
    /// The files to read: address and size.
    #[serde(skip)]
    files: Vec<(String, u64)>,
}

/// Finds the newest set before the given time, the sets that it builds on, and logs that reach that time.
fn find(
    cluster: &Cluster,
    root: &str,
    tenant: &str,
    until_us: i64,
    passwords: &[String],
) -> Result<Source, SqlError> {
    let missing = || SqlError::new(4018, "No enough log for restore");
    let tenant = layout3::tenant_id(&cluster.media, root, tenant).ok_or_else(|| SqlError::plain(4018))?;
    let sets = layout3::read_sets(&cluster.media, root, tenant);
    let last = sets.iter().rev().find(|(_, set)| set.end_us <= until_us).ok_or_else(missing)?;
    let mut chain = vec![last];
    while let Some((_, newest)) = chain.last().filter(|(_, set)| set.is_incremental) {
        let previous = newest.previous_set;
        let older = |(_, set): &&(String, layout3::SetManifest)| set.set == previous && previous < newest.set;
        chain.push(sets.iter().find(older).ok_or_else(missing)?);
    }
    for (_, set) in chain.iter().filter(|(_, set)| !set.password.is_empty()) {
        if !passwords.iter().any(|password| crate::gen4::backup::digest(password) == set.password) {
            return Err(SqlError::plain(9047));
        }
    }
    let rounds = layout3::read_rounds(&cluster.media, root, tenant);
    let reaches = |round: &&layout3::RoundManifest| {
        round.start_us <= last.1.start_us && round.checkpoint_us >= until_us
    };
    let round = rounds.iter().find(reaches).ok_or_else(missing)?.round;
    Ok(Source {
        tenant,
        set_list: chain.iter().map(|(address, _)| address.as_str()).collect::<Vec<_>>().join(","),
        full_set: chain.last().map_or(0, |(_, set)| set.set),
        last_set: last.1.set,
        round,
        snapshot_us: last.1.start_us,
        data_version: last.1.data_version,
        version: last.1.version.clone(),
        data_bytes: last.1.data_bytes,
        tables: last.1.tables.clone(),
        files: chain.iter().map(|(address, set)| (format!("{address}/{}", set.file.0), set.file.1)).collect(),
    })
}

/// Advances all restores that are due.
pub(super) fn step(cluster: &mut Cluster) {
    let now_us = cluster.now_us;
    for at in 0..cluster.three.restores.len() {
        if cluster.three.restores[at].due.is_none_or(|due| due > now_us) {
            continue;
        }
        let restore = cluster.three.restores[at].clone();
        if restore.end.is_some() {
            cluster.three.restores[at].in_history = true;
            cluster.three.restores[at].due = None;
            continue;
        }
        let result = advance(cluster, &restore);
        let restore = &mut cluster.three.restores[at];
        match result {
            Ok(Some(tenant)) => restore.tenant = Some(tenant),
            Ok(None) => {}
            Err(error) => {
                restore.info = format!("RESTORE_DATA: -{} {}", error.code, error.message);
                restore.end = Some("RESTORE_FAIL");
            }
        }
        restore.stage += 1;
        if restore.end.is_none() && restore.stage == STAGES.len() {
            restore.end = Some("RESTORE_SUCCESS");
        }
        let mut seconds = STAGES.get(restore.stage).map_or(5, |(_, seconds)| *seconds);
        if restore.status() == "RESTORE_USER_REPLICA" {
            seconds += restore.data_bytes / BYTES_PER_SECOND;
        }
        if restore.end.is_some() {
            restore.end_us = now_us;
        }
        restore.due = after(now_us, seconds);
    }
}

/// Leaves the current stage; returns the tenant once it is created.
fn advance(cluster: &mut Cluster, restore: &Restore) -> Result<Option<TenantId>, SqlError> {
    match restore.status() {
        "CREATE_TENANT" => {
            let id = cluster.next_tenant_id();
            let mut tenant = Tenant::new(id, &restore.tenant_name, TenantKind::User, cluster.now_us);
            tenant.status = "RESTORE".to_owned();
            tenant.base_bytes = restore.data_bytes;
            cluster.add_tenant(tenant);
            cluster.resources.grant(&restore.pools, id);
            Ok(Some(id))
        }
        "MODIFY_SCHEMA" => {
            let wanted: Vec<String> =
                restore.tables.iter().map(|(database, table)| format!("{database}.{table}")).collect();
            let held = &restore.source.tables;
            // A table that the backup does not have ends the job (kernel 3.1, `ob_restore_scheduler.cpp`).
            if wanted.iter().any(|name| !held.contains(name)) {
                return Err(SqlError::plain(4007));
            }
            let kept = held.iter().filter(|name| wanted.is_empty() || wanted.contains(name));
            if let Some(tenant) = restore.tenant.and_then(|id| cluster.tenants.get_mut(&id)) {
                kept.for_each(|name| tenant.add_table(name));
            }
            Ok(None)
        }
        "RESTORE_USER_REPLICA" => {
            let media = cluster.media.clone();
            for (address, size) in &restore.source.files {
                cluster.destination_trouble(address)?;
                media.damage(address, *size).map_or(Ok(()), Err)?;
            }
            Ok(None)
        }
        "POST_CHECK" => {
            let tenant = restore.tenant.and_then(|id| cluster.tenants.get_mut(&id));
            if let Some(tenant) = tenant {
                tenant.status = "NORMAL".to_owned();
                tenant.data_scn = Some(restore.until_us);
            }
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// `DROP TENANT … FORCE` cancels a restore.
pub(super) fn tenant_removed(cluster: &mut Cluster, id: TenantId) {
    let now_us = cluster.now_us;
    let restores = cluster.three.restores.iter_mut();
    for restore in restores.filter(|restore| restore.tenant == Some(id) && restore.end.is_none()) {
        restore.end = Some("RESTORE_FAIL");
        restore.info = "tenant has been dropped".to_owned();
        (restore.end_us, restore.due) = (now_us, after(now_us, 1));
    }
}
