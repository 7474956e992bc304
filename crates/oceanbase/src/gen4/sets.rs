//! Backup sets of a tenant. Rows remain after their files are deleted.

use model::id::TenantId;
use model::physical::{PhysicalSet, bare, moment};

use super::backup::mode;
use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::Statement;

/// Reads the sets of a tenant, newest first.
pub(crate) async fn sets(session: &mut Session, tenant: TenantId) -> Result<Vec<PhysicalSet>, Error> {
    let text = format!(
        "SELECT tenant_id, backup_set_id, backup_type, prev_full_backup_set_id, start_timestamp, end_timestamp, \
         status, file_status, min_restore_scn, output_bytes, tenant_compatible, path \
         FROM oceanbase.CDB_OB_BACKUP_SET_FILES WHERE tenant_id = {tenant} ORDER BY backup_set_id DESC"
    );
    session.rows(&Statement::read(text)).await?.iter().map(set).collect()
}

fn set(row: &Row) -> Result<PhysicalSet, Error> {
    Ok(PhysicalSet {
        tenant: TenantId(row.i64("tenant_id")?),
        set: row.i64("backup_set_id")?,
        mode: mode(row.str("backup_type")?),
        full_set: Some(row.i64("prev_full_backup_set_id")?).filter(|set| *set != 0),
        succeeded: row.str("status")?.eq_ignore_ascii_case("SUCCESS"),
        file_status: row.str("file_status")?.to_owned(),
        path: bare(row.maybe_str("path")?.unwrap_or_default()).to_owned(),
        compatible: row.maybe_str("tenant_compatible")?.unwrap_or_default().to_owned(),
        output_bytes: row.u64("output_bytes")?,
        restore_scn: row.u64("min_restore_scn")?,
        started: row.maybe_str("start_timestamp")?.and_then(moment::utc),
        ended: row.maybe_str("end_timestamp")?.and_then(moment::utc),
    })
}

/// Reads the data version of a tenant; empty before 4.2, which does not report it.
pub(crate) async fn compatible(session: &mut Session, tenant: TenantId) -> Result<String, Error> {
    let text = format!("SELECT * FROM oceanbase.DBA_OB_TENANTS WHERE tenant_id = {tenant}");
    let rows = session.rows(&Statement::read(text)).await?;
    match rows.first() {
        Some(row) if row.has("compatible") => Ok(row.maybe_str("compatible")?.unwrap_or_default().to_owned()),
        _ => Ok(String::new()),
    }
}
