//! The backup status of all clusters: a fixed number of statements for any number of clusters.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{TaskId, TaskStatus};
use model::Timestamp;
use model::backup_set::BackupSetStatus;
use model::id::ClusterId;

use crate::backup_sets::BackupSetTotals;
use crate::database::Connection;
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{statement, word};
use crate::tasks::{UNFINISHED, subject};

/// The span in which ended backups are counted.
const RECENT: Duration = Duration::from_hours(24);

/// The backup status of all clusters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standings {
    /// By cluster; one without tenants and backup sets is not among them.
    pub clusters: BTreeMap<ClusterId, Standing>,
    /// Tasks that ended well in the last 24 hours.
    pub succeeded: u64,
    /// Tasks that ended otherwise in the last 24 hours.
    pub failed: u64,
}

/// How the backups of one cluster stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// What its backup sets come to.
    pub sets: BackupSetTotals,
    /// The newest unfinished task that backs it up.
    pub running: Option<TaskId>,
    /// Its tenants without the sys tenant.
    pub tenants: u64,
    /// Those of them of which there is a backup set that counts as a backup.
    pub protected_tenants: u64,
    /// Whether there is a backup set of its sys tenant.
    pub has_sys_set: bool,
}

impl Metadata {
    /// Returns how the backups of all clusters stand; `kinds` are those of tasks that back up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backup_standings(&self, kinds: &[String]) -> Result<Standings, Error> {
        let mut reader = self.read().await?;
        let mut all = Standings::default();
        add_up_sets(&mut reader, &mut all).await?;
        count_tenants(&mut reader, &mut all).await?;
        find_running(&mut reader, &mut all, kinds).await?;
        count_ended(&mut reader, &mut all, kinds).await?;
        Ok(all)
    }
}

async fn add_up_sets(reader: &mut Connection, all: &mut Standings) -> Result<(), Error> {
    let sum = statement(
        "add up backup sets",
        "SELECT cluster_id, COUNT(*) AS total, CAST(COALESCE(SUM(byte_count), 0) AS SIGNED) AS bytes,
                MAX(CASE WHEN status IN (?, ?) THEN finished_at END) AS newest
         FROM backup_sets WHERE status <> ? GROUP BY cluster_id",
    );
    let [available, unverified] = BackupSetStatus::GOOD.map(|status| word(&status));
    let sum = sum.bind(available).bind(unverified).bind(word(&BackupSetStatus::Deleted));
    for row in reader.rows(sum).await? {
        all.clusters.entry(ClusterId(row.integer("cluster_id")?)).or_default().sets = BackupSetTotals {
            count: row.large("total")?,
            bytes: row.large("bytes")?,
            newest: row.integer_or_none("newest")?.map(Timestamp),
        };
    }
    Ok(())
}

async fn count_tenants(reader: &mut Connection, all: &mut Standings) -> Result<(), Error> {
    let count = statement(
        "count protected tenants",
        "SELECT t.cluster_id, CASE WHEN t.tenant_id = ? THEN 1 ELSE 0 END AS is_sys,
                COUNT(*) AS total, COUNT(b.tenant_id) AS protected
         FROM tenants t
         LEFT JOIN (SELECT DISTINCT cluster_id, tenant_id FROM backup_sets WHERE status IN (?, ?)) b
                ON b.cluster_id = t.cluster_id AND b.tenant_id = t.tenant_id
         GROUP BY t.cluster_id, is_sys",
    );
    let [available, unverified] = BackupSetStatus::GOOD.map(|status| word(&status));
    let count = count.bind(model::physical::SYS.0).bind(available).bind(unverified);
    for row in reader.rows(count).await? {
        let standing = all.clusters.entry(ClusterId(row.integer("cluster_id")?)).or_default();
        let protected = row.large("protected")?;
        if row.integer("is_sys")? == 1 {
            standing.has_sys_set = protected > 0;
        } else {
            (standing.tenants, standing.protected_tenants) = (row.large("total")?, protected);
        }
    }
    Ok(())
}

async fn find_running(reader: &mut Connection, all: &mut Standings, kinds: &[String]) -> Result<(), Error> {
    let find = statement(
        "find running backups",
        "SELECT t.id, s.value AS cluster FROM tasks t
         JOIN task_subjects s ON s.task_id = t.id AND s.name = ? WHERE 1 = 1",
    );
    let find = find.bind(subject::CLUSTER).and_one_of("t.status", UNFINISHED.iter().map(word));
    let find = find.and_one_of("t.kind", kinds).push(" ORDER BY t.id");
    for row in reader.rows(find).await? {
        let Ok(cluster) = row.text("cluster")?.parse() else { continue };
        let task = TaskId(row.integer("id")?);
        all.clusters.entry(ClusterId(cluster)).or_default().running = Some(task);
    }
    Ok(())
}

async fn count_ended(reader: &mut Connection, all: &mut Standings, kinds: &[String]) -> Result<(), Error> {
    let recent = i64::try_from(RECENT.as_micros()).unwrap_or(i64::MAX);
    let since = Timestamp(reader.now().await?.0 - recent);
    let count = statement("count ended backups", "SELECT status, COUNT(*) AS total FROM tasks WHERE 1 = 1");
    let count =
        count.and_if("finished_at >= ?", Some(since)).and_one_of("kind", kinds).push(" GROUP BY status");
    for row in reader.rows(count).await? {
        let status: TaskStatus = row.word("status")?;
        match status {
            TaskStatus::Successful => all.succeeded += row.large("total")?,
            status if UNFINISHED.contains(&status) => {}
            _ => all.failed += row.large("total")?,
        }
    }
    Ok(())
}
