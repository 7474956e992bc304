//! The age of each object's last backups: from the metadata, and from the log checkpoints of the last refresh of each
//! cluster. No cluster is contacted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use metadata::protection::{Protection, SelectionField, SetSum};
use model::ability::Generation;
use model::backup::{BackupMethod, BackupObject, DataBackupMode};
use model::backup_set::BackupSetStatus;
use model::id::{ClusterId, TenantId};
use model::physical::SYS;
use model::time::Timestamp;
use model::user::Permission;

use crate::actor::Actor;
use crate::context::Control;
pub use crate::context::LogCheckpoint;
use crate::error::Error;
use crate::orders;
use crate::page::{Page, PageAsk};

/// The state field of a logical backup task with the selected databases and tables.
const SELECTION: SelectionField = SelectionField { kind: orders::BACKUP_LOGICAL, name: "selection" };

/// An object to back up: a tenant, or a database that was backed up by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedObject {
    /// The cluster.
    pub cluster: ClusterId,
    /// The name of the cluster.
    pub cluster_name: String,
    /// The tenant.
    pub tenant: TenantId,
    /// The tenant's name.
    pub tenant_name: String,
    /// The database; none for the whole tenant.
    pub database: Option<String>,
    /// The last full backup that can be restored.
    pub full: Option<LastBackup>,
    /// The last incremental backup that can be restored.
    pub incremental: Option<LastBackup>,
    /// Log backup at the last refresh of the cluster. Before 4.0 it is that of the whole cluster.
    pub logs: Option<LogCheckpoint>,
}

/// The last good backup of an object, ordered by the time of its completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LastBackup {
    /// When it was completed.
    pub finished: Timestamp,
    /// How long ago that is, by the clock of the metadata.
    pub age: Duration,
}

/// The backup sets of one method and mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SetTotals {
    /// The current number of sets.
    pub count: u64,
    /// The size of the current sets in bytes.
    pub bytes: u64,
    /// The size in bytes of all sets that were ever recorded.
    pub recorded_bytes: u64,
}

/// The last backups of all objects.
#[derive(Debug, Clone, Default)]
pub struct Protected {
    /// The objects: first the tenants, by cluster and number, then single databases.
    pub objects: Vec<ProtectedObject>,
    /// The backup sets by method and mode.
    pub sets: Vec<((BackupMethod, DataBackupMode), SetTotals)>,
}

/// Returns how recently each object was backed up, for one cluster or tenant, or for all.
///
/// # Errors
/// When the actor may not read it, when there is no such cluster or tenant, or the metadata database fails.
pub async fn list(
    control: &Control,
    actor: &Actor,
    cluster: Option<ClusterId>,
    tenant: Option<TenantId>,
    page: PageAsk,
) -> Result<Page<ProtectedObject>, Error> {
    actor.must(Permission::Read)?;
    if let Some(id) = cluster {
        control.context.cluster(id).await?;
        if let Some(tenant) = tenant {
            control.context.tenant(id, tenant).await?;
        }
    }
    let mut objects = read(control, cluster).await?.objects;
    objects.retain(|object| tenant.is_none_or(|tenant| object.tenant == tenant));
    Ok(page.of(objects))
}

/// Reads the last backups of all objects, for one cluster or for all.
pub(crate) async fn read(control: &Control, cluster: Option<ClusterId>) -> Result<Protected, Error> {
    let known = control.metadata().protection(cluster, SELECTION).await?;
    let sets = add_up(&known.sets);
    let newest = Newest::of(&known);
    let mut tenants = Vec::new();
    let mut databases = Vec::new();
    let mut logs = BTreeMap::new();
    for cluster in &known.clusters {
        logs.insert(cluster.id, control.context.log_checkpoints.of(cluster.id));
    }
    let clusters: BTreeMap<ClusterId, _> =
        known.clusters.iter().map(|cluster| (cluster.id, cluster)).collect();
    for tenant in &known.tenants {
        let Some(cluster) = clusters.get(&tenant.cluster) else { continue };
        let generation = cluster.facts.generation;
        // The sys tenant has no user data, except where it is the only tenant.
        if tenant.id == SYS && generation != Generation::Seekdb {
            continue;
        }
        let log_owner = if generation == Generation::Gen3 { SYS } else { tenant.id };
        let object = ProtectedObject {
            cluster: tenant.cluster,
            cluster_name: cluster.name.clone(),
            tenant: tenant.id,
            tenant_name: tenant.name.clone(),
            database: None,
            full: newest.whole(tenant.cluster, tenant.id, DataBackupMode::Full),
            incremental: newest.whole(tenant.cluster, tenant.id, DataBackupMode::Incremental),
            logs: logs.get(&tenant.cluster).and_then(|logs| logs.get(&log_owner)).copied(),
        };
        for database in newest.databases(tenant.cluster, tenant.id) {
            let full = newest.database(tenant.cluster, tenant.id, database).max(object.full);
            databases.push(ProtectedObject { database: Some(database.clone()), full, ..object.clone() });
        }
        tenants.push(object);
    }
    tenants.append(&mut databases);
    Ok(Protected { objects: tenants, sets })
}

fn add_up(sums: &[SetSum]) -> Vec<((BackupMethod, DataBackupMode), SetTotals)> {
    let kinds = [
        (BackupMethod::Logical, DataBackupMode::Full),
        (BackupMethod::Physical, DataBackupMode::Full),
        (BackupMethod::Physical, DataBackupMode::Incremental),
    ];
    let totals = kinds.map(|kind| {
        let mut totals = SetTotals::default();
        for sum in sums.iter().filter(|sum| (sum.method, sum.mode) == kind) {
            totals.recorded_bytes += sum.bytes;
            if sum.status != BackupSetStatus::Deleted {
                totals.count += sum.count;
                totals.bytes += sum.bytes;
            }
        }
        (kind, totals)
    });
    totals.into()
}

/// When tenants and databases were last backed up.
struct Newest<'a> {
    now: Timestamp,
    whole: BTreeMap<(ClusterId, TenantId), Vec<&'a SetSum>>,
    databases: BTreeMap<(ClusterId, TenantId), BTreeMap<String, Timestamp>>,
}

impl<'a> Newest<'a> {
    fn of(known: &'a Protection) -> Self {
        let mut newest = Self { now: known.now, whole: BTreeMap::new(), databases: BTreeMap::new() };
        for sum in known.sets.iter().filter(|sum| sum.is_whole && BackupSetStatus::GOOD.contains(&sum.status))
        {
            newest.whole.entry((sum.cluster, sum.tenant)).or_default().push(sum);
        }
        for part in &known.parts {
            // A backup of single tables does not count for their database.
            let objects: Vec<BackupObject> = serde_json::from_str(&part.selection).unwrap_or_default();
            let names: BTreeSet<String> = objects
                .into_iter()
                .filter_map(|object| match object {
                    BackupObject::Database(name) => Some(name),
                    BackupObject::Table(..) => None,
                })
                .collect();
            let databases = newest.databases.entry((part.cluster, part.tenant)).or_default();
            for name in names {
                let finished = databases.entry(name).or_insert(part.newest);
                *finished = part.newest.max(*finished);
            }
        }
        newest
    }

    fn whole(&self, cluster: ClusterId, tenant: TenantId, mode: DataBackupMode) -> Option<LastBackup> {
        let sums = self.whole.get(&(cluster, tenant))?;
        sums.iter().filter(|sum| sum.mode == mode).map(|sum| sum.newest).max().map(|at| self.last(at))
    }

    fn databases(&self, cluster: ClusterId, tenant: TenantId) -> impl Iterator<Item = &String> {
        self.databases.get(&(cluster, tenant)).into_iter().flat_map(BTreeMap::keys)
    }

    fn database(&self, cluster: ClusterId, tenant: TenantId, database: &str) -> Option<LastBackup> {
        let finished = self.databases.get(&(cluster, tenant))?.get(database)?;
        Some(self.last(*finished))
    }

    fn last(&self, finished: Timestamp) -> LastBackup {
        LastBackup { finished, age: Duration::from_micros(self.now.since(finished)) }
    }
}

#[cfg(test)]
mod tests {
    use metadata::protection::{PartNewest, Protection, SetSum};
    use model::backup::{BackupMethod, DataBackupMode};
    use model::backup_set::BackupSetStatus;
    use model::id::{ClusterId, TenantId};
    use model::time::Timestamp;

    use super::{Newest, add_up};

    const PLACE: (ClusterId, TenantId) = (ClusterId(1), TenantId(1_002));

    fn sum(status: BackupSetStatus, is_whole: bool, newest_s: i64) -> SetSum {
        SetSum {
            cluster: PLACE.0,
            tenant: PLACE.1,
            method: BackupMethod::Logical,
            mode: DataBackupMode::Full,
            status,
            is_whole,
            count: 1,
            bytes: 100,
            newest: Timestamp(newest_s * 1_000_000),
        }
    }

    fn part(selection: &str, newest_s: i64) -> PartNewest {
        let newest = Timestamp(newest_s * 1_000_000);
        PartNewest { cluster: PLACE.0, tenant: PLACE.1, selection: selection.to_owned(), newest }
    }

    #[test]
    fn a_tenant_is_as_old_as_its_newest_whole_set_and_a_database_as_its_own_newest() {
        let known = Protection {
            now: Timestamp(100_000_000),
            clusters: Vec::new(),
            tenants: Vec::new(),
            sets: vec![
                sum(BackupSetStatus::Unverified, true, 10),
                sum(BackupSetStatus::Available, true, 5),
                sum(BackupSetStatus::Deleted, true, 50),
                sum(BackupSetStatus::Available, false, 60),
            ],
            parts: vec![
                part(r#"[{"Database":"shop"},{"Table":["books","t"]}]"#, 60),
                part(r#"[{"Database":"shop"}, {"Database":"old"}]"#, 20),
                part("not JSON", 90),
            ],
        };
        let newest = Newest::of(&known);
        let whole = newest.whole(PLACE.0, PLACE.1, DataBackupMode::Full).expect("known");
        assert_eq!((whole.finished, whole.age.as_secs()), (Timestamp(10_000_000), 90));
        assert_eq!(newest.whole(PLACE.0, PLACE.1, DataBackupMode::Incremental), None);
        let databases: Vec<_> = newest
            .databases(PLACE.0, PLACE.1)
            .map(|name| {
                (name.as_str(), newest.database(PLACE.0, PLACE.1, name).map(|last| last.age.as_secs()))
            })
            .collect();
        assert_eq!(databases, [("old", Some(80)), ("shop", Some(40))], "a table protects no database");
        let (_, totals) = add_up(&known.sets)[0];
        assert_eq!((totals.count, totals.bytes, totals.recorded_bytes), (3, 300, 400));
    }
}
