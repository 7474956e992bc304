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
use crate::task_queue;
use crate::tasks::{UNFINISHED, subject};

/// The span in which ended backups are recent.
const RECENT: Duration = Duration::from_hours(24);

/// The span that OCP's core metrics count.
const WEEK: Duration = Duration::from_hours(7 * 24);

/// The backup status of all clusters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standings {
    /// By cluster, without clusters that have neither tenants nor backup sets.
    pub clusters: BTreeMap<ClusterId, Standing>,
    /// Backups that ended in the last 24 hours.
    pub recent: Ended,
    /// Backups that ended in the last 7 days.
    pub week: Ended,
    /// Recoveries that ended in the last 7 days.
    pub week_recoveries: Ended,
}

/// The numbers of ended tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    /// With success.
    pub well: u64,
    /// Without success.
    pub badly: u64,
}

/// The backup status of one cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// The totals of its backup sets.
    pub sets: BackupSetTotals,
    /// The newest unfinished task that backs it up.
    pub running: Option<TaskId>,
    /// Its tenants without the sys tenant.
    pub tenants: u64,
    /// Those of them with a backup set that counts as a backup.
    pub protected_tenants: u64,
    /// Whether there is a backup set of its sys tenant.
    pub has_sys_set: bool,
}

impl Metadata {
    /// Returns the backup status of all clusters. `kinds` are the task kinds of backups, `recoveries` those of
    /// recoveries.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backup_standings(
        &self,
        kinds: &[String],
        recoveries: &[String],
    ) -> Result<Standings, Error> {
        let mut reader = self.read().await?;
        let mut all = Standings::default();
        add_up_sets(&mut reader, &mut all).await?;
        count_tenants(&mut reader, &mut all).await?;
        find_running(&mut reader, &mut all, kinds).await?;
        all.recent = ended(&mut reader, RECENT, kinds).await?;
        all.week = ended(&mut reader, WEEK, kinds).await?;
        all.week_recoveries = ended(&mut reader, WEEK, recoveries).await?;
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
    let find = task_queue::under_way(find.bind(subject::CLUSTER), kinds).push(" ORDER BY t.id");
    for row in reader.rows(find).await? {
        let Ok(cluster) = row.text("cluster")?.parse() else { continue };
        let task = TaskId(row.integer("id")?);
        all.clusters.entry(ClusterId(cluster)).or_default().running = Some(task);
    }
    Ok(())
}

/// Counts the tasks that ended within the span, except those that never started.
async fn ended(reader: &mut Connection, span: Duration, kinds: &[String]) -> Result<Ended, Error> {
    let span = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    let since = Timestamp(reader.now().await?.0 - span);
    let count = statement("count ended tasks", "SELECT status, COUNT(*) AS total FROM tasks WHERE 1 = 1");
    let count = count.and("finished_at >= ?", since).push(" AND started_at IS NOT NULL");
    let count = count.and_one_of("kind", kinds).push(" GROUP BY status");
    let mut ended = Ended::default();
    for row in reader.rows(count).await? {
        let status: TaskStatus = row.word("status")?;
        match status {
            TaskStatus::Successful => ended.well += row.large("total")?,
            status if UNFINISHED.contains(&status) => {}
            _ => ended.badly += row.large("total")?,
        }
    }
    Ok(ended)
}
