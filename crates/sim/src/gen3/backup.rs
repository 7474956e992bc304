//! Data backup of 3.x: one job for the cluster, with one key for all tenants.

use serde::Serialize;

use super::{after, archive, destination, participants};
use crate::civil::{self, SECOND};
use crate::error::SqlError;
use crate::media::Uri;
use crate::media::layout3::{self, SetManifest};
use crate::profile::Profile;
use crate::world::{Cluster, TenantId};

const BYTES_PER_SECOND: i64 = 64 << 20;
const PACKED_PERCENT: i64 = 45;
/// The cluster must not run so many versions ahead of the one that is backed up.
const VERSION_GAP_LIMIT: u64 = 16;

/// The job that runs, if one does.
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
    Prepare,
    Doing,
    Cancel,
    Cleanup,
}

/// What the running job does.
#[derive(Clone, Debug, Serialize)]
struct Plan {
    root: String,
    /// The cluster's version when it began.
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
    /// When the data will have gone out.
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
}

impl Set {
    pub(crate) fn is_usable(&self) -> bool {
        self.status == "SUCCESS" && self.file_status == "AVAILABLE"
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
    (backups.key, backups.phase) = (backups.last_key, Phase::Prepare);
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
    // Without an earlier set at the destination an incremental one is recorded as full.
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
    }
}

/// `ALTER SYSTEM CANCEL BACKUP`.
pub(crate) fn cancel(cluster: &mut Cluster) -> Result<(), SqlError> {
    let now_us = cluster.now_us;
    let backups = &mut cluster.three.backups;
    match backups.phase {
        Phase::Stop => Err(SqlError::plain(9049)),
        Phase::Prepare | Phase::Cleanup => Err(SqlError::plain(9041)),
        Phase::Doing | Phase::Cancel => {
            backups.phase = Phase::Cancel;
            backups.due = after(now_us, 2);
            Ok(())
        }
    }
}

/// The next transition.
pub(super) fn step(cluster: &mut Cluster) {
    let now_us = cluster.now_us;
    let due = match cluster.three.backups.phase {
        Phase::Stop => None,
        Phase::Prepare => begin(cluster),
        Phase::Doing => look(cluster),
        Phase::Cancel => {
            end(cluster, "FAILED", -4072);
            after(now_us, 2)
        }
        Phase::Cleanup => {
            cluster.three.backups.phase = Phase::Stop;
            None
        }
    };
    cluster.three.backups.due = due;
}

fn running(cluster: &mut Cluster) -> impl Iterator<Item = &mut Set> {
    let key = cluster.three.backups.key;
    cluster.three.sets.iter_mut().filter(move |set| set.key == key && set.status == "DOING")
}

fn begin(cluster: &mut Cluster) -> Option<i64> {
    let now_us = cluster.now_us;
    cluster.three.backups.phase = Phase::Doing;
    let mut at_us = now_us;
    for set in running(cluster) {
        at_us += (set.input_bytes as f64 / BYTES_PER_SECOND as f64 * 1e6) as i64 + SECOND;
        set.data_end_us = at_us;
    }
    after(now_us, 1)
}

/// Once a second: may it go on, and has the data gone out?
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
        return after(now_us, 5); // Errors of the medium are tried again.
    }
    let last_us = running(cluster).map(|set| set.data_end_us).max().unwrap_or(now_us);
    if now_us < last_us {
        // Nothing happens until the data has gone out, but the archive and the medium are looked at now and then.
        return Some(last_us.min(now_us + 5 * SECOND));
    }
    if write(cluster, &root).is_err() {
        return after(now_us, 5);
    }
    end(cluster, "SUCCESS", 0)
}

fn write(cluster: &mut Cluster, root: &str) -> Result<(), SqlError> {
    let (now_us, version) = (cluster.now_us, cluster.profile.version());
    let media = cluster.media.clone();
    let key = cluster.three.backups.key;
    let tenants: Vec<(u64, String)> = cluster.tenants.values().map(|t| (t.id.0, t.name.clone())).collect();
    layout3::write_cluster(&media, root, &tenants)?;
    for set in cluster.three.sets.iter().filter(|set| set.key == key && set.status == "DOING") {
        let manifest = SetManifest {
            set: set.key,
            is_incremental: set.is_incremental,
            start_us: set.start_us,
            end_us: now_us,
            version: version.to_owned(),
            password: set.password.clone(),
            data_bytes: cluster.tenants.get(&set.tenant).map_or(0, |tenant| tenant.data_bytes(now_us)),
            previous_set: set.previous_set,
            file: ("data/macro_block_1".to_owned(), set.output_bytes.max(4_096) as u64),
        };
        layout3::write_set(&media, root, set.tenant.0, &set.directory, &manifest)?;
    }
    Ok(())
}

fn end(cluster: &mut Cluster, status: &'static str, result: i64) -> Option<i64> {
    let now_us = cluster.now_us;
    for set in running(cluster) {
        (set.status, set.result, set.end_us) = (status, result, now_us);
        set.file_status = if status == "SUCCESS" { "AVAILABLE" } else { "INCOMPLETE" };
    }
    cluster.three.backups.phase = Phase::Cleanup;
    after(now_us, 3)
}

/// `CANCEL ALL BACKUP FORCE`: everything stops, and nothing touches the medium.
pub(super) fn stop_at_once(cluster: &mut Cluster) {
    end(cluster, "FAILED", -4072);
    cluster.three.backups.phase = Phase::Stop;
    cluster.three.backups.due = None;
}
