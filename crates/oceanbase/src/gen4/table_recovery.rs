//! Recovering tables from a physical backup: the statements, and the jobs and imports that the views show.
//!
//! A recovery has two rows: the sys tenant's, which shows the outcome, and later the target tenant's, which shows the
//! stage. The views also contain keys and passwords (in `BACKUP_DEST` and `BACKUP_PASSWD`), which are never read.

use std::collections::BTreeMap;
use std::time::Duration;

use model::Secret;
use model::backup::BackupObject;
use model::id::TenantId;
use model::physical::table_recovery::{
    ImportedTable, RecoveredObject, TableImport, TableJob, TableJobStatus,
};

use super::restore::places;
use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, identifier, literal};

/// The statement returns when the job is recorded, after the servers have read the list of backups.
const START_LIMIT: Duration = Duration::from_secs(10 * 60);

/// The row of this tenant represents the whole recovery.
const SYS: i64 = 1;

/// Tables to be recovered.
#[derive(Debug, Clone, Copy)]
pub struct NewTables<'a> {
    /// The tables and databases.
    pub objects: &'a [RecoveredObject],
    /// The tenant to recover into.
    pub tenant: &'a str,
    /// The locations of the data and log backups.
    pub from: &'a [Secret],
    /// The SCN to recover to; `None` means as late as possible.
    pub scn: Option<u64>,
    /// The resource pools of the auxiliary tenant.
    pub pools: &'a [String],
    /// The description that identifies the job later.
    pub tag: &'a str,
}

/// Recovers tables from backups. Without an SCN, they are recovered as far as possible.
pub(crate) fn recover(new: &NewTables<'_>) -> Statement {
    let NewTables { objects, tenant, from, scn, pools, tag } = new;
    let from = places(from);
    let items: Vec<String> = objects.iter().map(|object| item(&object.from)).collect();
    let until = scn.map(|scn| format!(" UNTIL SCN = {scn}")).unwrap_or_default();
    let remap = |object: &RecoveredObject| format!("{}:{}", item(&object.from), item(&object.to));
    let remaps: Vec<String> = objects.iter().filter(|object| object.is_renamed()).map(remap).collect();
    let mut text = format!(
        "ALTER SYSTEM RECOVER TABLE {} TO TENANT {} FROM {from}{until} WITH {}",
        items.join(", "),
        identifier(tenant),
        literal(&format!("pool_list={}", pools.join(","))),
    );
    if !remaps.is_empty() {
        text.push_str(" REMAP TABLE ");
        text.push_str(&remaps.join(", "));
    }
    text.push_str(" DESCRIPTION = ");
    text.push_str(&literal(tag));
    Statement::act(text).within(START_LIMIT)
}

/// Writes a table, or all tables of a database.
fn item(object: &BackupObject) -> String {
    match object {
        BackupObject::Database(database) => format!("{}.*", identifier(database)),
        BackupObject::Table(database, table) => format!("{}.{}", identifier(database), identifier(table)),
    }
}

/// Cancels all recoveries of tables into a tenant. Check first that there is only ours.
pub(crate) fn cancel(tenant: &str) -> Statement {
    Statement::act(format!("ALTER SYSTEM CANCEL RECOVER TABLE {}", identifier(tenant)))
}

/// Reads the recoveries of tables into a tenant of that name, including finished ones.
pub(crate) async fn jobs(session: &mut Session, tenant: &str) -> Result<Vec<TableJob>, Error> {
    let mut jobs: BTreeMap<i64, TableJob> = BTreeMap::new();
    // A finished job moves from the first view to the second, so this order misses none.
    for (view, is_past) in [("CDB_OB_RECOVER_TABLE_JOBS", false), ("CDB_OB_RECOVER_TABLE_JOB_HISTORY", true)]
    {
        let text = format!(
            "SELECT tenant_id, job_id, initiator_job_id, status, restore_scn, comment, description \
             FROM oceanbase.{view} WHERE target_tenant_name = {} ORDER BY job_id, tenant_id",
            literal(tenant)
        );
        let rows = session.rows(&Statement::read(text)).await?;
        for row in rows.iter().filter(|row| row.i64("tenant_id").is_ok_and(|tenant| tenant == SYS)) {
            let mut found = job(row, is_past)?;
            found.own = jobs.get(&found.id).and_then(|before| before.own);
            jobs.insert(found.id, found);
        }
        for row in rows.iter().filter(|row| row.i64("tenant_id").is_ok_and(|tenant| tenant != SYS)) {
            let initiator = row.i64("initiator_job_id")?;
            let Some(job) = jobs.get_mut(&initiator) else { continue };
            add_own(job, row)?;
        }
    }
    Ok(jobs.into_values().collect())
}

fn job(row: &Row, is_past: bool) -> Result<TableJob, Error> {
    let text = |column: &'static str| Ok::<_, Error>(row.maybe_str(column)?.unwrap_or_default().to_owned());
    let stage = text("status")?;
    Ok(TableJob {
        id: row.i64("job_id")?,
        own: None,
        status: TableJobStatus::of(&stage),
        stage,
        // An unreadable SCN is an error: 0 would switch off the check of the time.
        scn: if text("restore_scn")?.trim().is_empty() { 0 } else { row.u64("restore_scn")? },
        description: text("description")?,
        comment: text("comment")?,
        is_past,
    })
}

/// Adds the stage and the reason from the target tenant's own row.
fn add_own(job: &mut TableJob, row: &Row) -> Result<(), Error> {
    job.own = Some((TenantId(row.i64("tenant_id")?), row.i64("job_id")?));
    if job.status == TableJobStatus::Running {
        row.maybe_str("status")?.unwrap_or_default().clone_into(&mut job.stage);
    }
    if job.comment.is_empty() {
        row.maybe_str("comment")?.unwrap_or_default().clone_into(&mut job.comment);
    }
    Ok(())
}

/// Reads the import of a tenant's own job; `None` until there is one.
pub(crate) async fn import(
    session: &mut Session,
    (tenant, job): (TenantId, i64),
) -> Result<Option<TableImport>, Error> {
    let mut found = None;
    for view in ["CDB_OB_IMPORT_TABLE_JOBS", "CDB_OB_IMPORT_TABLE_JOB_HISTORY"] {
        let text = format!(
            "SELECT job_id, total_table_count, finished_table_count, failed_table_count \
             FROM oceanbase.{view} WHERE tenant_id = {tenant} AND initiator_job_id = {job} ORDER BY job_id"
        );
        let rows = session.rows(&Statement::read(text)).await?;
        if let Some(row) = rows.last() {
            let count = |column| row.i64(column).map(|count| u64::try_from(count).unwrap_or(0));
            found = Some(TableImport {
                id: row.i64("job_id")?,
                total: count("total_table_count")?,
                done: count("finished_table_count")?,
                failed: count("failed_table_count")?,
            });
        }
    }
    Ok(found)
}

/// Reads the tables of an import, each with its outcome.
pub(crate) async fn imported(
    session: &mut Session,
    tenant: TenantId,
    import: i64,
) -> Result<Vec<ImportedTable>, Error> {
    let mut tables: BTreeMap<(String, String), ImportedTable> = BTreeMap::new();
    for view in ["CDB_OB_IMPORT_TABLE_TASKS", "CDB_OB_IMPORT_TABLE_TASK_HISTORY"] {
        let text = format!(
            "SELECT src_database, src_table, target_database, target_table, result, comment \
             FROM oceanbase.{view} WHERE tenant_id = {tenant} AND job_id = {import}"
        );
        for row in &session.rows(&Statement::read(text)).await? {
            let text =
                |column: &'static str| Ok::<_, Error>(row.maybe_str(column)?.unwrap_or_default().to_owned());
            let table = ImportedTable {
                from: (text("src_database")?, text("src_table")?),
                to: (text("target_database")?, text("target_table")?),
                is_made: match text("result")?.as_str() {
                    "" => None,
                    result => Some(result.eq_ignore_ascii_case("SUCCESS")),
                },
                comment: text("comment")?,
            };
            tables.insert(table.from.clone(), table);
        }
    }
    Ok(tables.into_values().collect())
}
