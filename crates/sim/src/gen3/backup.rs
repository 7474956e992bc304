//! Data backup of 3.x: one job for the cluster, with one key for all tenants.
//!
//! A tenant's part has two rows, as in the kernel (`ObRootBackup` of 3.1): one among the *running tasks*, which is
//! written when the part starts and deleted when the job is cleaned up, and one in the *history*, which is written
//! when the part ends and stays. The tenant with the highest ID starts first; the sys tenant's part starts and ends
//! last. Another backup is refused until the sys tenant's row is deleted.

use serde::Serialize;

use super::{after, archive, destination, participants};
use crate::civil::{self, SECOND};
use crate::error::SqlError;
use crate::faults::FaultName;
use crate::media::Uri;
use crate::media::layout3::{self, SetManifest};
use crate::profile::Profile;
use crate::world::tenant::Tenant;
use crate::world::{Cluster, TenantId};

const BYTES_PER_SECOND: i64 = 64 << 20;
const PACKED_PERCENT: i64 = 45;
/// A backup fails if the cluster's frozen version is this many versions ahead of the backup's.
const VERSION_GAP_LIMIT: u64 = 16;

/// The running job, if any.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Backups {
    pub(crate) phase: Phase,
    pub(crate) key: u64,
    pub(crate) due: Option<i64>,
    last_key: u64,
    plan: Option<Plan>,
}

/// The job's internal status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) enum Phase {
    #[default]
    Stop,
    /// The statement was accepted; the parts start as soon as their metadata can be written to the destination.
    Schedule,
    Doing,
    Cancel,
    Cleanup,
}

/// The plan of the running job.
#[derive(Clone, Debug, Serialize)]
struct Plan {
    root: String,
    /// The cluster's frozen version when the job started.
    frozen_version: u64,
}

/// A tenant's part of a backup set.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Set {
    pub(crate) key: u64,
    pub(crate) tenant: TenantId,
    pub(crate) is_incremental: bool,
    pub(crate) password: String,
    pub(crate) start_us: i64,
    /// The time when all data is written.
    pub(crate) data_end_us: i64,
    pub(crate) end_us: i64,
    pub(crate) input_bytes: i64,
    pub(crate) output_bytes: i64,
    /// DOING, SUCCESS, FAILED.
    pub(crate) status: &'static str,
    pub(crate) file_status: &'static str,
    pub(crate) result: i64,
    pub(crate) root: String,
    pub(crate) directory: String,
    pub(crate) previous_set: u64,
    /// The cluster's frozen version when the part started.
    pub(crate) data_version: u64,
    /// The day in its directory's name, such as 20240131.
    pub(crate) day: i64,
    /// Whether its row among the running tasks exists.
    pub(crate) is_running_row: bool,
    /// Whether its row in the history exists.
    pub(crate) is_recorded: bool,
}

impl Set {
    pub(crate) fn is_usable(&self) -> bool {
        self.status == "SUCCESS" && self.file_status == "AVAILABLE"
    }

    /// D for a full set, I for an incremental one.
    pub(crate) fn kind(&self) -> &'static str {
        if self.is_incremental { "I" } else { "D" }
    }

    pub(crate) fn encryption(&self) -> &'static str {
        if self.password.is_empty() { "NONE" } else { "PASSWORD" }
    }
}

/// A BACKUP statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) is_incremental: bool,
    /// `TENANT a, b TO 'destination'`.
    pub(crate) tenants: Option<(Vec<String>, String)>,
}

/// `ALTER SYSTEM BACKUP …`.
pub(crate) fn start(
    cluster: &mut Cluster,
    request: &Request,
    password: Option<&str>,
) -> Result<(), SqlError> {
    let mut ids = participants(cluster);
    let mut root = destination(cluster).map(|(_, root)| root);
    if let Some((names, address)) = &request.tenants {
        if cluster.profile < Profile::V3_2_4 {
            return Err(SqlError::plain(4007));
        }
        ids = names.iter().map(|name| cluster.expect_tenant(name)).collect::<Result<_, _>>()?;
        root = Some(layout3::root(&Uri::parse(address)?.bare, &cluster.name, cluster.id));
    }
    check(cluster)?;
    let Some(root) = root else { return Err(SqlError::plain(9026)) };
    let now_us = cluster.now_us;
    let password = password.map(crate::gen4::backup::digest).unwrap_or_default();
    let frozen_version = cluster.three.merge.frozen_version;
    let backups = &mut cluster.three.backups;
    backups.last_key += 1;
    (backups.key, backups.phase) = (backups.last_key, Phase::Schedule);
    backups.plan = Some(Plan { root: root.clone(), frozen_version });
    backups.due = after(now_us, 2);
    for id in ids {
        let set = new_set(cluster, id, request.is_incremental, &password, &root);
        cluster.three.sets.push(set);
    }
    Ok(())
}

/// The kernel's checks, in its order.
fn check(cluster: &Cluster) -> Result<(), SqlError> {
    let three = &cluster.three;
    if three.archive.status != archive::Status::Doing {
        return Err(SqlError::cannot_start(format!(
            "log archive is not doing. log archive status : {}.",
            three.archive.status.text()
        )));
    }
    let (start_us, frozen_us) = (three.archive.start_us(), three.merge.frozen_us);
    if cluster.profile == Profile::V2_2_77 && start_us > frozen_us {
        return Err(SqlError::cannot_start(format!(
            "log archive start timestamp is bigger than frozen timestamp, need major freeze first. \
             start timestamp : {start_us}, frozen timestamp : {frozen_us} ."
        )));
    }
    if three.backups.phase != Phase::Stop {
        return Err(SqlError::plain(9036));
    }
    Ok(())
}

fn new_set(cluster: &Cluster, id: TenantId, is_incremental: bool, password: &str, root: &str) -> Set {
    let now_us = cluster.now_us;
    let usable = cluster.three.sets.iter().rev().filter(|set| set.tenant == id && set.is_usable());
    // Without an earlier set at the destination, an incremental set is recorded as full.
    let previous = usable.filter(|_| is_incremental).find(|set| set.root == root);
    let (bytes, previous_set) = match (cluster.tenants.get(&id), previous) {
        (Some(tenant), Some(set)) => (tenant.changed_bytes(set.start_us, now_us) + (2 << 20), set.key),
        (Some(tenant), None) => (tenant.data_bytes(now_us), 0),
        (None, _) => (0, 0),
    };
    let key = cluster.three.backups.key;
    let day = civil::day_number(now_us, cluster.zone_s);
    let is_oldest = cluster.profile == Profile::V2_2_77;
    Set {
        key,
        tenant: id,
        is_incremental: previous_set != 0,
        password: password.to_owned(),
        start_us: now_us,
        data_end_us: 0,
        end_us: 0,
        input_bytes: bytes,
        output_bytes: bytes * PACKED_PERCENT / 100,
        status: "DOING",
        file_status: "COPYING",
        result: 0,
        root: root.to_owned(),
        directory: layout3::set_directory(key, previous_set != 0, day, is_oldest),
        previous_set,
        data_version: cluster.three.merge.frozen_version,
        day,
        is_running_row: false,
        is_recorded: false,
    }
}

/// `ALTER SYSTEM CANCEL BACKUP`.
pub(crate) fn cancel(cluster: &mut Cluster) -> Result<(), SqlError> {
    let now_us = cluster.now_us;
    let backups = &mut cluster.three.backups;
    match backups.phase {
        Phase::Stop => Err(SqlError::plain(9049)),
        Phase::Cleanup => Err(SqlError::plain(9041)),
        Phase::Schedule | Phase::Doing | Phase::Cancel => {
            backups.phase = Phase::Cancel;
            backups.due = after(now_us, 2);
            Ok(())
        }
    }
}

/// The next transition.
pub(super) fn step(cluster: &mut Cluster) {
    let due = match cluster.three.backups.phase {
        Phase::Stop => None,
        Phase::Schedule => schedule(cluster),
        Phase::Doing => look(cluster),
        Phase::Cancel => end(cluster, "FAILED", -4072),
        Phase::Cleanup => clean_up(cluster),
    };
    cluster.three.backups.due = due;
}

fn parts(cluster: &mut Cluster) -> impl Iterator<Item = &mut Set> {
    let key = cluster.three.backups.key;
    cluster.three.sets.iter_mut().filter(move |set| set.key == key)
}

fn running(cluster: &mut Cluster) -> impl Iterator<Item = &mut Set> {
    parts(cluster).filter(|set| set.status == "DOING")
}

/// Starts the parts: first those of the user tenants, and one second later that of the sys tenant.
fn schedule(cluster: &mut Cluster) -> Option<i64> {
    let now_us = cluster.now_us;
    let root = cluster.three.backups.plan.as_ref()?.root.clone();
    if cluster.destination_trouble(&root).is_err() {
        return after(now_us, 5); // The job is not visible until its metadata can be written to the destination.
    }
    let mut waiting: Vec<&mut Set> = parts(cluster).filter(|set| !set.is_running_row).collect();
    waiting.retain(|set| set.tenant != TenantId::SYS);
    if !waiting.is_empty() {
        waiting.into_iter().for_each(|set| set.is_running_row = true);
        return after(now_us, 1);
    }
    let mut at_us = now_us;
    for set in parts(cluster) {
        set.is_running_row = true;
        at_us += (set.input_bytes as f64 / BYTES_PER_SECOND as f64 * 1e6) as i64 + SECOND;
        set.data_end_us = at_us;
    }
    cluster.three.backups.phase = Phase::Doing;
    after(now_us, 1)
}

/// Checks once a second whether the job can continue, and which tenants' data is complete.
fn look(cluster: &mut Cluster) -> Option<i64> {
    let now_us = cluster.now_us;
    let Plan { root, frozen_version } = cluster.three.backups.plan.clone()?;
    if cluster.three.merge.frozen_version >= frozen_version + VERSION_GAP_LIMIT {
        return end(cluster, "FAILED", -9042);
    }
    if cluster.three.archive.status == archive::Status::Interrupted {
        return end(cluster, "FAILED", -9027);
    }
    if cluster.destination_trouble(&root).is_err() {
        return after(now_us, 5); // Errors of the medium are retried.
    }
    let ended: Vec<TenantId> = running(cluster)
        .filter(|set| set.tenant != TenantId::SYS && set.data_end_us <= now_us)
        .map(|set| set.tenant)
        .collect();
    for tenant in ended {
        if write(cluster, &root, tenant).is_err() {
            return after(now_us, 5);
        }
        finish(cluster, tenant);
    }
    let next_us = running(cluster).filter(|set| set.tenant != TenantId::SYS).map(|set| set.data_end_us).min();
    if let Some(next_us) = next_us {
        // Nothing changes until the data is written, but the archive and the medium are checked periodically.
        return Some(next_us.min(now_us + 5 * SECOND));
    }
    // The sys tenant's part contains the metadata of the others, and ends after them.
    if write(cluster, &root, TenantId::SYS).is_err() {
        return after(now_us, 5);
    }
    end(cluster, "SUCCESS", 0)
}

fn write(cluster: &mut Cluster, root: &str, tenant: TenantId) -> Result<(), SqlError> {
    let (now_us, version) = (cluster.now_us, cluster.profile.version());
    let media = cluster.media.clone();
    let key = cluster.three.backups.key;
    let tenants: Vec<(u64, String)> = cluster.tenants.values().map(|t| (t.id.0, t.name.clone())).collect();
    layout3::write_cluster(&media, root, &tenants)?;
    for set in cluster.three.sets.iter().filter(|set| set.key == key && set.tenant == tenant) {
        let manifest = SetManifest {
            set: set.key,
            is_incremental: set.is_incremental,
            start_us: set.start_us,
            end_us: now_us,
            version: version.to_owned(),
            password: set.password.clone(),
            data_bytes: cluster.tenants.get(&set.tenant).map_or(0, |tenant| tenant.data_bytes(now_us)),
            previous_set: set.previous_set,
            data_version: set.data_version,
            tables: cluster.tenants.get(&set.tenant).map_or_else(Vec::new, Tenant::table_names),
            file: ("data/macro_block_1".to_owned(), set.output_bytes.max(4_096) as u64),
        };
        layout3::write_set(&media, root, set.tenant.0, &set.directory, &manifest)?;
    }
    Ok(())
}

/// A tenant's part succeeded: its row in the history is written; its row among the running tasks stays for now.
fn finish(cluster: &mut Cluster, tenant: TenantId) {
    let now_us = cluster.now_us;
    for set in running(cluster).filter(|set| set.tenant == tenant) {
        (set.status, set.file_status, set.end_us) = ("SUCCESS", "AVAILABLE", now_us);
        set.is_recorded = true;
    }
}

/// Ends the unfinished parts, and with them the job.
fn end(cluster: &mut Cluster, status: &'static str, result: i64) -> Option<i64> {
    let now_us = cluster.now_us;
    for set in running(cluster) {
        (set.status, set.result, set.end_us) = (status, result, now_us);
        set.file_status = if status == "SUCCESS" { "AVAILABLE" } else { "INCOMPLETE" };
        // A job that is cancelled before its parts start leaves failed parts.
        (set.is_running_row, set.is_recorded) = (true, true);
    }
    cluster.three.backups.phase = Phase::Cleanup;
    if cluster.faults.is_set(FaultName::BackupCleanedUpAtOnce, "") {
        while clean_up(cluster).is_some() {}
        return None;
    }
    after(now_us, 2)
}

/// Deletes one row among the running tasks, the sys tenant's row last; then the job stops.
fn clean_up(cluster: &mut Cluster) -> Option<i64> {
    let now_us = cluster.now_us;
    let is_kept = cluster.faults.is_set(FaultName::BackupRowsKept, "");
    let next = parts(cluster).filter(|set| set.is_running_row && !is_kept).max_by_key(|set| set.tenant);
    if let Some(set) = next {
        set.is_running_row = false;
        if parts(cluster).any(|set| set.is_running_row) {
            return after(now_us, 1);
        }
    }
    cluster.three.backups.phase = Phase::Stop;
    None
}

/// `CANCEL ALL BACKUP FORCE`: everything stops, and nothing touches the medium.
pub(super) fn stop_at_once(cluster: &mut Cluster) {
    end(cluster, "FAILED", -4072);
    while clean_up(cluster).is_some() {}
    cluster.three.backups.due = None;
}
