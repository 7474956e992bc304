//! Restoring a tenant: the statements, and the jobs that the views show.
//!
//! A restore has one row: in `CDB_OB_RESTORE_PROGRESS` while it runs, then in `CDB_OB_RESTORE_HISTORY`. Rows have no
//! description. There is no statement to cancel a restore; dropping its tenant ends it. Times are in microseconds.

use std::collections::BTreeMap;
use std::time::Duration;

use model::id::TenantId;
use model::physical::moment;
use model::physical::restore::{RestoreJob, RestoreOrigin, RestoreStatus, TableName};
use model::time::Timestamp;

use crate::answer::Row;
use crate::error::Error;
use crate::physical::{NewTenant, RestoreSource, RestoreTarget};
use crate::probe::parameters;
use crate::session::Session;
use crate::statement::{Statement, identifier, literal};

/// The RootServer reads the backups in the storage before it answers.
const RESTORE_LIMIT: Duration = Duration::from_secs(10 * 60);

/// The parameter that enables restores: the number of threads; 0 disables restores.
const CONCURRENCY: &str = "restore_concurrency";

/// The size of a macro block.
const BLOCK_BYTES: u64 = 2 << 20;

/// Enables restores; servers apply it within a few seconds.
pub(crate) fn allow() -> Statement {
    Statement::act(format!("ALTER SYSTEM SET {CONCURRENCY} = 10"))
}

/// Reads whether restores are enabled on every server.
pub(crate) async fn is_allowed(session: &mut Session) -> Result<bool, Error> {
    let values = parameters::values(session, CONCURRENCY).await?;
    Ok(!values.is_empty() && values.iter().all(|value| value.trim() != "0"))
}

/// Restores a tenant from backups. The connection's time zone is UTC; without a time, the server refuses the
/// statement.
pub(crate) fn restore(new: &NewTenant<'_>) -> Statement {
    let mut options = format!(
        "backup_cluster_name={}&backup_cluster_id={}&pool_list={}",
        new.old.cluster,
        new.old.cluster_id,
        new.pools.join(",")
    );
    for (name, value) in [("locality", new.locality), ("primary_zone", new.primary_zone)] {
        if let Some(value) = value {
            options.push_str(&format!("&{name}={value}"));
        }
    }
    let at = new.from.first().map(model::Secret::expose).unwrap_or_default();
    let text = text((new.name, new.old.name), new.tables, at, new.scn.unwrap_or(0), &options);
    Statement::act(text).within(RESTORE_LIMIT)
}

/// Returns the statements that restore a tenant from backups, to be sent manually on one connection: the server reads
/// the time in that connection's time zone.
pub(crate) fn by_hand(from: &RestoreSource<'_>, into: &RestoreTarget<'_>) -> Vec<Statement> {
    let options = format!(
        "backup_cluster_name={}&backup_cluster_id={}&pool_list={}",
        from.cluster, from.cluster_id, into.pools
    );
    let restore = text((into.tenant, from.tenant), &[], from.data.expose(), from.scn, &options);
    vec![allow(), Statement::read("SET time_zone = '+00:00'"), Statement::act(restore)]
}

fn text((new, old): (&str, &str), tables: &[TableName], at: &str, scn: u64, options: &str) -> String {
    let name =
        |TableName { database, table }: &TableName| format!("{}.{}", identifier(database), identifier(table));
    let mut only = tables.iter().map(name).collect::<Vec<_>>().join(",");
    if !only.is_empty() {
        only.push_str(" FOR ");
    }
    format!(
        "ALTER SYSTEM RESTORE {only}{} FROM {} AT {} UNTIL {} WITH {}",
        identifier(new),
        identifier(old),
        literal(at),
        literal(&moment::spelt(Timestamp::from_scn(scn))),
        literal(options),
    )
}

/// Reads the restores into a tenant of that name, including finished ones.
pub(crate) async fn jobs(session: &mut Session, tenant: &str) -> Result<Vec<RestoreJob>, Error> {
    let mut jobs: BTreeMap<i64, RestoreJob> = BTreeMap::new();
    // A finished restore moves from the first view to the second, so this order misses none.
    for view in ["CDB_OB_RESTORE_PROGRESS", "CDB_OB_RESTORE_HISTORY"] {
        // All columns: not every build is known to have WHITE_LIST.
        let text =
            format!("SELECT * FROM oceanbase.{view} WHERE tenant_name = {} ORDER BY job_id", literal(tenant));
        for row in session.rows(&Statement::read(text)).await? {
            let job = job(&row)?;
            jobs.insert(job.id, job);
        }
    }
    Ok(jobs.into_values().collect())
}

fn job(row: &Row) -> Result<RestoreJob, Error> {
    let text = |column: &'static str| Ok::<_, Error>(row.maybe_str(column)?.unwrap_or_default().to_owned());
    let number = |column: &'static str| Ok::<_, Error>(text(column)?.trim().parse::<u64>().unwrap_or(0));
    let moment = |column: &'static str| Ok::<_, Error>(row.maybe_str(column)?.and_then(moment::utc));
    // -1 means that the tenant does not exist yet.
    let tenant = |column: &'static str| {
        let id = text(column)?.trim().parse().ok();
        Ok::<_, Error>(id.filter(|id: &i64| *id > 0).map(TenantId))
    };
    let (done, blocks) = (number("finish_macro_block_count")?, number("macro_block_count")?);
    let stage = text("status")?;
    let until = moment("restore_finish_timestamp")?;
    Ok(RestoreJob {
        id: row.i64("job_id")?,
        tenant_name: text("tenant_name")?,
        tenant: tenant("tenant_id")?,
        status: RestoreStatus::of(&stage),
        stage,
        scn: until.and_then(|until| u64::try_from(until.0).ok()).unwrap_or(0),
        started: moment("start_time")?,
        bytes_done: done.saturating_mul(BLOCK_BYTES),
        bytes_total: blocks.saturating_mul(BLOCK_BYTES),
        data_progress: (done.min(blocks) * 10_000)
            .checked_div(blocks)
            .and_then(|part| u32::try_from(part).ok()),
        log_progress: None,
        origin: RestoreOrigin {
            cluster_name: text("backup_cluster_name")?,
            tenant: tenant("backup_tenant_id")?,
            tenant_name: text("backup_tenant_name")?,
        },
        only: if row.has("white_list") { Some(text("white_list")?) } else { None },
        description: String::new(),
        comment: text("info")?,
    })
}
