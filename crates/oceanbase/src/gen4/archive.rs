//! Log archiving of a tenant.

use model::archive::{ArchiveRound, ArchiveStatus, ArchiveStep};
use model::id::TenantId;
use model::physical::{bare, moment};

use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, identifier};

/// Returns the statement of a step; `None` for a step that only waits.
pub(crate) fn step(tenant: &str, step: ArchiveStep) -> Option<Statement> {
    let tenant = identifier(tenant);
    let text = match step {
        ArchiveStep::Nothing | ArchiveStep::Wait => return None,
        // Without TENANT, the statement would apply to every user tenant.
        ArchiveStep::SwitchOn => format!("ALTER SYSTEM ARCHIVELOG TENANT = {tenant}"),
        ArchiveStep::SwitchOff => format!("ALTER SYSTEM NOARCHIVELOG TENANT = {tenant}"),
        ArchiveStep::Enable => {
            format!("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = {tenant}")
        }
        ArchiveStep::Defer => format!("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = {tenant}"),
    };
    Some(Statement::act(text))
}

/// Returns whether archiving is already in the requested state. 9023 has another meaning here: the tenant is not
/// NORMAL.
pub(crate) fn is_so_already(error: &Error) -> bool {
    matches!(error.number(), Some(9091 | 9092))
}

/// A stopped round stays in the view as STOP; no row means that archiving never ran.
const ROUNDS: &str = "SELECT tenant_id, round_id, status, start_scn, checkpoint_scn, comment, path \
                      FROM oceanbase.CDB_OB_ARCHIVELOG";

/// All columns: 4.0 has no log mode.
const MODES: &str = "SELECT * FROM oceanbase.DBA_OB_TENANTS WHERE tenant_type = 'USER'";

const STATES: &str = "SELECT tenant_id, value FROM oceanbase.CDB_OB_ARCHIVE_DEST WHERE name = 'state'";

/// Reads the status of archiving: of one tenant, or of all user tenants.
pub(crate) async fn rounds(
    session: &mut Session,
    only: Option<TenantId>,
) -> Result<Vec<ArchiveRound>, Error> {
    let limited = |text: &str, word: &str| match only {
        Some(tenant) => format!("{text} {word} tenant_id = {tenant}"),
        None => format!("{text}{}", if word == "WHERE" { "" } else { " ORDER BY tenant_id" }),
    };
    let modes = session.rows(&Statement::read(limited(MODES, "AND"))).await?;
    let states = session.rows(&Statement::read(limited(STATES, "AND"))).await?;
    let rounds = session.rows(&Statement::read(limited(ROUNDS, "WHERE"))).await?;
    modes.iter().map(|mode| round(mode, &states, &rounds)).collect()
}

fn round(tenant: &Row, states: &[Row], rounds: &[Row]) -> Result<ArchiveRound, Error> {
    let id = tenant.i64("tenant_id")?;
    let of_tenant = |row: &&Row| row.i64("tenant_id").is_ok_and(|other| other == id);
    let mode = if tenant.has("log_mode") { tenant.maybe_str("log_mode")? } else { None };
    let state = states.iter().find(of_tenant).map(|row| row.maybe_str("value")).transpose()?.flatten();
    let mut round = ArchiveRound {
        tenant: TenantId(id),
        status: ArchiveStatus::Never,
        mode_on: mode.map(|mode| mode.eq_ignore_ascii_case("ARCHIVELOG")),
        enabled: !state.is_some_and(|state| state.eq_ignore_ascii_case("DEFER")),
        round: 0,
        start: None,
        checkpoint: None,
        comment: String::new(),
        path: String::new(),
    };
    if let Some(row) = rounds.iter().find(of_tenant) {
        round.status = ArchiveStatus::of(row.str("status")?);
        round.round = row.i64("round_id")?;
        round.start = moment::scn(row.u64("start_scn")?);
        round.checkpoint = moment::scn(row.u64("checkpoint_scn")?);
        row.maybe_str("comment")?.unwrap_or_default().clone_into(&mut round.comment);
        bare(row.maybe_str("path")?.unwrap_or_default()).clone_into(&mut round.path);
    }
    Ok(round)
}
