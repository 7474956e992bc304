//! The delete policies of tenants.

use std::collections::BTreeMap;

use model::id::TenantId;
use model::physical::delete_policy::{DeleteJob, DeletePolicy};
use model::physical::moment;
use model::retention::kernel::KernelPolicy;

use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, identifier, literal};

const POLICIES: &str = "SELECT tenant_id, policy_name, recovery_window \
                        FROM oceanbase.CDB_OB_BACKUP_DELETE_POLICY ORDER BY tenant_id, policy_name";

/// Reads the delete policies of all tenants.
pub(crate) async fn policies(session: &mut Session) -> Result<Vec<DeletePolicy>, Error> {
    let rows = session.rows(&Statement::read(POLICIES)).await?;
    let policy = |row: &Row| {
        Ok(DeletePolicy {
            tenant: TenantId(row.i64("tenant_id")?),
            name: row.str("policy_name")?.to_owned(),
            window: row.maybe_str("recovery_window")?.unwrap_or_default().to_owned(),
        })
    };
    rows.iter().map(policy).collect()
}

/// Reads the newest deletion of obsolete backups of each tenant. Finished jobs move to the history after a few seconds.
pub(crate) async fn newest_jobs(session: &mut Session) -> Result<Vec<DeleteJob>, Error> {
    let mut newest: BTreeMap<TenantId, DeleteJob> = BTreeMap::new();
    for view in ["CDB_OB_BACKUP_DELETE_JOBS", "CDB_OB_BACKUP_DELETE_JOB_HISTORY"] {
        let text = format!(
            "SELECT tenant_id, job_id, status, start_timestamp, end_timestamp, result, \
             comment FROM oceanbase.{view} \
             WHERE type = '{OBSOLETE}' AND (tenant_id, job_id) IN (SELECT tenant_id, MAX(job_id) \
             FROM oceanbase.{view} WHERE type = '{OBSOLETE}' GROUP BY tenant_id)"
        );
        for row in session.rows(&Statement::read(text)).await? {
            let found = job(&row)?;
            if newest.get(&found.tenant).is_none_or(|known| known.id < found.id) {
                newest.insert(found.tenant, found);
            }
        }
    }
    Ok(newest.into_values().collect())
}

/// The type of the jobs of a delete policy.
const OBSOLETE: &str = "DELETE OBSOLETE BACKUP";

fn job(row: &Row) -> Result<DeleteJob, Error> {
    Ok(DeleteJob {
        tenant: TenantId(row.i64("tenant_id")?),
        id: row.i64("job_id")?,
        status: row.str("status")?.to_owned(),
        started: row.maybe_str("start_timestamp")?.and_then(moment::utc),
        ended: row.maybe_str("end_timestamp")?.and_then(moment::utc),
        result: row.i64("result")?,
        comment: row.maybe_str("comment")?.unwrap_or_default().to_owned(),
    })
}

/// Returns the statement that adds a policy. The database deletes expired backups at once. It refuses a tenant that has
/// a policy.
pub(crate) fn add(tenant: &str, rule: KernelPolicy, days: u32) -> Statement {
    let (tenant, name) = (identifier(tenant), literal(rule.name()));
    // The kernel takes the window only in this place, and no statement without a name.
    Statement::act(format!(
        "ALTER SYSTEM ADD DELETE BACKUP POLICY {name} RECOVERY_WINDOW '{days}d' TENANT = {tenant}"
    ))
}

/// Returns the statement that drops a policy. It also succeeds if the tenant has none.
pub(crate) fn drop(tenant: &str, rule: KernelPolicy) -> Statement {
    let (tenant, name) = (identifier(tenant), literal(rule.name()));
    Statement::act(format!("ALTER SYSTEM DROP DELETE BACKUP POLICY {name} TENANT = {tenant}"))
}

/// Returns whether a policy was refused because the tenant has one: a duplicate key before 4.4.1, and later one of two
/// numbers, of which it is not known which one arrives.
pub(crate) fn exists(error: &Error) -> bool {
    matches!(error.number(), Some(1062 | 4017 | 9718))
}
