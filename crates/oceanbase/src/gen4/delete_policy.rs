//! The delete policies of tenants.

use model::id::TenantId;
use model::physical::delete_policy::DeletePolicy;

use crate::error::Error;
use crate::session::Session;
use crate::statement::Statement;

const POLICIES: &str = "SELECT tenant_id, policy_name, recovery_window \
                        FROM oceanbase.CDB_OB_BACKUP_DELETE_POLICY ORDER BY tenant_id, policy_name";

/// Reads the delete policies of all tenants.
pub(crate) async fn policies(session: &mut Session) -> Result<Vec<DeletePolicy>, Error> {
    let rows = session.rows(&Statement::read(POLICIES)).await?;
    let policy = |row: &crate::answer::Row| {
        Ok(DeletePolicy {
            tenant: TenantId(row.i64("tenant_id")?),
            name: row.str("policy_name")?.to_owned(),
            window: row.maybe_str("recovery_window")?.unwrap_or_default().to_owned(),
        })
    };
    rows.iter().map(policy).collect()
}
