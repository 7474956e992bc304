//! Major compaction of each tenant.

use model::compaction::{Compaction, CompactionStatus};
use model::id::TenantId;
use model::physical::{SYS, moment};

use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, identifier};

/// Without TENANT, the statement would apply to the sys tenant only. While a merge is running, the answer is OK with
/// a warning.
pub(crate) fn freeze(tenant: &str) -> Statement {
    Statement::act(format!("ALTER SYSTEM MAJOR FREEZE TENANT = {}", identifier(tenant)))
}

/// Clears the error of a stopped merge, so that it continues.
pub(crate) fn clear_error(tenant: &str) -> Statement {
    Statement::act(format!("ALTER SYSTEM CLEAR MERGE ERROR TENANT = {}", identifier(tenant)))
}

const COLUMNS: &str =
    "frozen_scn, frozen_time, last_scn, last_finish_time, start_time, status, is_error, is_suspended, info";

/// Reads the compaction of the sys tenant and of all user tenants.
pub(crate) async fn compactions(session: &mut Session) -> Result<Vec<Compaction>, Error> {
    let text =
        format!("SELECT tenant_id, {COLUMNS} FROM oceanbase.CDB_OB_MAJOR_COMPACTION ORDER BY tenant_id");
    let mut found = Vec::new();
    for row in session.rows(&Statement::read(text)).await? {
        let tenant = TenantId(row.i64("tenant_id")?);
        // User tenants have even IDs; the odd ID before each one is its META tenant.
        if tenant == SYS || tenant.0 % 2 == 0 {
            found.push(compaction(&row, tenant)?);
        }
    }
    Ok(found)
}

/// Reads the compaction of the session's own tenant: seekdb's only tenant.
pub(crate) async fn own(session: &mut Session) -> Result<Compaction, Error> {
    let statement = Statement::read(format!("SELECT {COLUMNS} FROM oceanbase.DBA_OB_MAJOR_COMPACTION"));
    let rows = session.rows(&statement).await?;
    compaction(rows.first().ok_or_else(|| Error::no_rows(&statement))?, SYS)
}

fn compaction(row: &Row, tenant: TenantId) -> Result<Compaction, Error> {
    let moment = |column: &'static str| Ok::<_, Error>(row.maybe_str(column)?.and_then(moment::utc));
    let (frozen, merged) = (row.u64("frozen_scn")?, row.u64("last_scn")?);
    let is_idle = row.str("status")?.eq_ignore_ascii_case("IDLE");
    let status = if row.str("is_error")?.eq_ignore_ascii_case("YES") {
        CompactionStatus::Error
    } else if is_idle && merged >= frozen {
        CompactionStatus::Idle
    } else {
        CompactionStatus::Compacting // also: about to start, or verifying the result
    };
    Ok(Compaction {
        tenant,
        status,
        frozen,
        merged,
        frozen_at: moment("frozen_time")?,
        started: moment("start_time")?,
        finished: moment("last_finish_time")?,
        suspended: row.str("is_suspended")?.eq_ignore_ascii_case("YES"),
        info: row.maybe_str("info")?.unwrap_or_default().to_owned(),
    })
}
