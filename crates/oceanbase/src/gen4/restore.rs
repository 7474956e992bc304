//! Restoring a tenant: the statements around it, and the jobs that the views show.
//!
//! A restore has two rows: the sys tenant's, which shows the stage, and the new tenant's, which shows the progress.
//! The views show IDs as texts. They also contain keys (in `BACKUP_DEST`), which are never read from a row.

use std::collections::BTreeMap;
use std::time::Duration;

use model::Secret;
use model::id::TenantId;
use model::physical::moment;
use model::physical::restore::{RestoreJob, RestoreOrigin, RestoreStatus};

use crate::answer::Row;
use crate::error::Error;
use crate::physical::{NewTenant, Previewed};
use crate::session::Session;
use crate::statement::{Statement, identifier, literal};

/// The statement returns when the new tenant's META tenant exists. The restore itself continues even if the statement
/// does not return.
const RESTORE_LIMIT: Duration = Duration::from_secs(10 * 60);

/// Reading the storage takes a while.
const PREVIEW_LIMIT: Duration = Duration::from_secs(5 * 60);

/// The row of this tenant represents the whole restore.
const SYS: i64 = 1;

/// Sets the passwords with which the next statements on this connection decrypt sets.
pub(crate) fn set_passwords(passwords: &[Secret]) -> Statement {
    let passwords: Vec<String> = passwords.iter().map(|password| literal(password.expose())).collect();
    Statement::read(format!("SET DECRYPTION IDENTIFIED BY {}", passwords.join(", ")))
}

/// Prepares, on this connection, the preview that [`SHOW_PREVIEW`] returns.
pub(crate) fn preview(from: &[Secret], scn: u64) -> Statement {
    let text = format!("ALTER SYSTEM RESTORE FROM {} UNTIL SCN = {scn} PREVIEW", places(from));
    Statement::read(text).within(PREVIEW_LIMIT)
}

/// Returns the sets and pieces that a restore would read.
pub(crate) const SHOW_PREVIEW: &str = "SHOW RESTORE PREVIEW";

/// Reads the sets and pieces that a restore would read, with their addresses without keys.
pub(crate) async fn previewed(session: &mut Session) -> Result<Vec<Previewed>, Error> {
    let rows = session.rows(&Statement::read(SHOW_PREVIEW).within(PREVIEW_LIMIT)).await?;
    let item = |row: &Row| {
        let address = model::physical::bare(row.maybe_str("backup_dest")?.unwrap_or_default()).to_owned();
        let description = if row.has("description") { row.maybe_str("description")? } else { None };
        Ok(Previewed {
            kind: row.str("backup_type")?.to_owned(),
            id: row.i64("backup_id")?,
            address,
            description: description.unwrap_or_default().to_owned(),
        })
    };
    rows.iter().map(item).collect()
}

/// Restores a tenant from backups. Without an SCN, it is restored as far as possible.
pub(crate) fn restore(new: &NewTenant<'_>, tag: Option<&str>) -> Statement {
    let until = new.scn.map(|scn| format!(" UNTIL SCN = {scn}")).unwrap_or_default();
    let mut options = format!("pool_list={}", new.pools.join(","));
    for (name, value) in [("locality", new.locality), ("primary_zone", new.primary_zone)] {
        if let Some(value) = value {
            options.push_str(&format!("&{name}={value}"));
        }
    }
    let mut text = format!(
        "ALTER SYSTEM RESTORE {} FROM {}{until} WITH {}",
        identifier(new.name),
        places(new.from),
        literal(&options),
    );
    if let Some(tag) = tag {
        text.push_str(" DESCRIPTION = ");
        text.push_str(&literal(tag));
    }
    Statement::act(text).within(RESTORE_LIMIT)
}

/// Writes the addresses as one literal.
pub(super) fn places(from: &[Secret]) -> String {
    literal(&from.iter().map(Secret::expose).collect::<Vec<_>>().join(","))
}

/// Cancels a restore and drops its partly restored tenant. Check first that the restore is ours.
pub(crate) fn cancel(tenant: &str) -> Statement {
    Statement::act(format!("ALTER SYSTEM CANCEL RESTORE {}", identifier(tenant)))
}

/// Turns a standby tenant into a primary.
pub(crate) fn activate(tenant: &str) -> Statement {
    Statement::act(format!("ALTER SYSTEM ACTIVATE STANDBY TENANT = {}", identifier(tenant)))
}

/// Raises the version of a tenant's data to that of the cluster.
pub(crate) fn upgrade(tenant: &str) -> Statement {
    Statement::act(format!("ALTER SYSTEM RUN UPGRADE JOB 'UPGRADE_ALL' TENANT = {}", identifier(tenant)))
}

/// Drops a tenant permanently. Check the tenant first.
pub(crate) fn drop_tenant(tenant: &str) -> Statement {
    Statement::act(format!("DROP TENANT IF EXISTS {} FORCE", identifier(tenant)))
}

/// Creates a pool in one zone.
pub(crate) fn create_pool(name: &str, zone: &str, unit: &str, count: u32) -> Statement {
    Statement::act(format!(
        "CREATE RESOURCE POOL {} UNIT = {}, UNIT_NUM = {count}, ZONE_LIST = ({})",
        identifier(name),
        literal(unit),
        literal(zone),
    ))
}

/// Drops a pool that no tenant uses.
pub(crate) fn drop_pool(name: &str) -> Statement {
    Statement::act(format!("DROP RESOURCE POOL IF EXISTS {}", identifier(name)))
}

/// Reads the restores into a tenant of that name, including finished ones.
pub(crate) async fn jobs(session: &mut Session, tenant: &str) -> Result<Vec<RestoreJob>, Error> {
    let mut jobs: BTreeMap<i64, RestoreJob> = BTreeMap::new();
    // A finished restore moves from the first view to the second, so this order misses none.
    for view in ["CDB_OB_RESTORE_PROGRESS", "CDB_OB_RESTORE_HISTORY"] {
        // All columns: the progress columns differ between versions.
        let text = format!(
            "SELECT * FROM oceanbase.{view} WHERE restore_tenant_name = {} ORDER BY job_id, tenant_id",
            literal(tenant)
        );
        let rows = session.rows(&Statement::read(text)).await?;
        let seen = rows.iter().filter(|row| row.i64("tenant_id").is_ok_and(|tenant| tenant == SYS));
        for row in seen {
            let job = job(row)?;
            jobs.insert(job.id, job);
        }
        for row in rows.iter().filter(|row| row.i64("tenant_id").is_ok_and(|tenant| tenant != SYS)) {
            let tenant = row.i64("tenant_id").ok();
            // The job ID in the new tenant's own row may differ from that in the sys tenant's row.
            let ours = jobs.values_mut().filter(|job| job.tenant.map(|id| id.0) == tenant);
            for job in ours {
                add_progress(job, row)?;
            }
        }
    }
    Ok(jobs.into_values().collect())
}

fn job(row: &Row) -> Result<RestoreJob, Error> {
    let text = |column: &'static str| {
        let found = if row.has(column) { row.maybe_str(column)? } else { None };
        Ok::<_, Error>(found.unwrap_or_default().to_owned())
    };
    // 0 and -1 mean that the tenant does not exist yet.
    let number = |column: &'static str| {
        Ok::<_, Error>(text(column)?.trim().parse().ok().filter(|id: &i64| *id > 0).map(TenantId))
    };
    let origin = RestoreOrigin {
        cluster_name: text("backup_cluster_name")?,
        tenant: number("backup_tenant_id")?,
        tenant_name: text("backup_tenant_name")?,
    };
    let stage = text("status")?;
    Ok(RestoreJob {
        id: row.i64("job_id")?,
        tenant_name: text("restore_tenant_name")?,
        tenant: number("restore_tenant_id")?,
        status: RestoreStatus::of(&stage),
        stage,
        scn: text("restore_scn")?.trim().parse().unwrap_or(0),
        started: row.maybe_str("start_timestamp")?.and_then(moment::utc),
        bytes_done: 0,
        bytes_total: 0,
        data_progress: None,
        log_progress: None,
        origin,
        only: None, // tables are recovered by another statement
        description: text("description")?,
        comment: text("comment")?,
    })
}

/// Adds the progress from the new tenant's own row.
fn add_progress(job: &mut RestoreJob, row: &Row) -> Result<(), Error> {
    let number = |column: &'static str| {
        let found = if row.has(column) { row.maybe_str(column)? } else { None };
        Ok::<_, Error>(found.and_then(|text| text.trim().parse().ok()))
    };
    let percent = |column: &'static str| Ok::<_, Error>(number(column)?.and_then(hundredths));
    let bytes = |column: &'static str| {
        let found = if row.has(column) { row.maybe_str(column)? } else { None };
        Ok::<_, Error>(found.and_then(|text| text.trim().parse().ok()).unwrap_or(0))
    };
    job.bytes_done = bytes("finish_bytes")?;
    job.bytes_total = bytes("total_bytes")?;
    job.data_progress = percent("restore_progress")?;
    job.log_progress = percent("recover_progress")?;
    if job.comment.is_empty() && row.has("comment") {
        row.maybe_str("comment")?.unwrap_or_default().clone_into(&mut job.comment);
    }
    if job.status == RestoreStatus::Running {
        row.str("status")?.clone_into(&mut job.stage);
    }
    Ok(())
}

fn hundredths(percent: f64) -> Option<u32> {
    let is_percent = (0.0..=100.0).contains(&percent);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 10000")]
    is_percent.then(|| (percent * 100.0).round() as u32)
}

/// Reads the state of a tenant's newest upgrade job, such as `INPROGRESS`. The sys tenant's view shows the jobs of
/// all tenants.
pub(crate) async fn upgrade_state(session: &mut Session, tenant: TenantId) -> Result<Option<String>, Error> {
    let text = format!(
        "SELECT job_id, job_status FROM oceanbase.DBA_OB_TENANT_JOBS \
         WHERE tenant_id = {tenant} AND job_type = 'UPGRADE_ALL' ORDER BY job_id DESC LIMIT 1"
    );
    let rows = session.rows(&Statement::read(text)).await?;
    rows.first().map(|row| Ok(row.str("job_status")?.to_owned())).transpose()
}
