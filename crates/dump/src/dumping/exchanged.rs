//! Whether tables of MySQL or MariaDB may have been exchanged while they were read.
//!
//! A snapshot protects rows, but not names: after `EXCHANGE PARTITION`, or a `RENAME` of two tables, a name stands for
//! another table, whose rows of the same snapshot are read without an error. InnoDB's IDs of tables show this, but only
//! to a user with the privilege PROCESS. Without it, the server still counts such statements. If there were any in the
//! meantime, the dump is partial.

use model::inventory::{LeftOut, ObjectKind};
use model::text::Text;
use oceanbase::{Session, Statement};

use crate::archive::Archive;
use crate::error::{DuringSql as _, Result};
use crate::layout::ObjectKey;
use crate::plan::{DatabasePlan, Plan};
use crate::source::Source;

/// The privilege that shows InnoDB's IDs of tables.
const PRIVILEGE: &str = "PROCESS";

/// Returns the number of statements since the server's start that can give a name to another table. All other
/// statements that replace rows make the server refuse to read the table in an earlier snapshot (1412).
///
/// It counts a statement when it begins. Read it before the tables are locked: a statement that the lock stops
/// continues after it.
pub(super) async fn count(session: &mut Session) -> Result<u64> {
    let ask = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_alter_table', 'Com_rename_table')";
    let what = || "read the number of changes of tables".to_owned();
    let rows = session.rows(&Statement::read(ask)).await.during(what)?;
    let mut sum = 0;
    for row in &rows {
        sum += row.u64(1).during(what)?;
    }
    Ok(sum)
}

/// Notes the databases whose tables may have been exchanged since [`count`] was `before`.
pub(super) async fn note_doubts(source: &Source, archive: &Archive, plan: &Plan, before: u64) -> Result<()> {
    let doubtful = unproven(plan);
    if doubtful.is_empty() {
        return Ok(());
    }
    let mut session = source.open().await?;
    let now = count(&mut session).await?;
    session.close().await;
    if now == before {
        return Ok(());
    }
    archive.write_sealed(ObjectKey::DoubtReceipt, &doubtful).await
}

/// Returns an entry for each database with tables whose IDs the server hides.
fn unproven(plan: &Plan) -> Vec<LeftOut> {
    let is_hidden =
        |database: &&DatabasePlan| database.tables.iter().any(|table| table.identity.id == Some(0));
    let entry = |database: &DatabasePlan| {
        let reason = Text::new("left-out-exchanged").with("of", &database.name).with("privilege", PRIVILEGE);
        plan.consent.left_out(ObjectKind::Tables, &database.name, reason)
    };
    plan.databases.iter().filter(is_hidden).map(entry).collect()
}
