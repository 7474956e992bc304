//! 1. Every tenant is recoverable to its time, and the target's servers can read its backups. It only reads.

use std::sync::Arc;

use engine::flow::{Answer, ErrorKind};
use engine::{Next, StepError};
use model::order::RecoverySource;
use model::text::Text;
use model::{Secret, size};
use oceanbase::Witness;

use super::state::{Here, State, Wanted};
use crate::context::Context;
use crate::error::Error;
use crate::flows::recovery_source::{choose, shown, survey};
use crate::flows::step_log::StepLog;
use crate::words;

/// The findings about the backups of one tenant.
pub(super) struct Sighted {
    pub(super) bytes: u64,
    pub(super) scn: u64,
    /// The location of the backups.
    pub(super) storage: String,
    pub(super) notes: Vec<Text>,
}

/// Checks all tenants, so that the log shows the problem of each.
pub(super) async fn check_recovery_sources(at: &Here, state: &mut State) -> Answer {
    let passwords = state.open_passwords(at.context())?;
    let witness = Arc::new(StepLog::new(at));
    let mut first: Option<StepError> = None;
    for index in 0..state.tenants.len() {
        match look(at.context(), state, &state.tenants[index], &passwords, witness.clone()).await {
            Ok(sighted) => {
                let wanted = &mut state.tenants[index];
                (wanted.bytes, wanted.scn) = (sighted.bytes, sighted.scn);
                for note in sighted.notes {
                    at.log(words::note(note));
                }
            }
            Err(error) => {
                let error = StepError::from(error);
                if error.kind == ErrorKind::Transient {
                    return Err(error);
                }
                at.log(error.note.clone());
                first.get_or_insert(error);
            }
        }
    }
    first.map_or(Ok(Next::Done), Err)
}

/// The undo of the check, which changed nothing: removes the passwords, because a task that was rolled back is never
/// retried.
pub(super) async fn forget_passwords(state: &mut State) -> Answer {
    state.passwords = None;
    Ok(Next::Done)
}

/// Checks the backups of one tenant.
pub(super) async fn look(
    context: &Context,
    state: &State,
    wanted: &Wanted,
    passwords: &[Secret],
    witness: Arc<dyn Witness>,
) -> Result<Sighted, Error> {
    let source = RecoverySource::Cluster { cluster: state.source, tenant: wanted.tenant };
    let mut origin = choose(context, &source, state.until, state.cluster).await?.origin(None, None);
    let mut notes = survey(context, &mut origin, passwords, witness).await?;
    let scn = origin.scn.or(origin.floor_scn).unwrap_or(0);
    let note = Text::new("cluster-recovery-source")
        .with("source", &wanted.tenant_name)
        .with("tenant", &wanted.name)
        .with("moment", shown(scn))
        .with("bytes", size::bytes(origin.source_bytes));
    notes.push(note);
    let storage = origin.places.first().map(|place| place.uri.clone()).unwrap_or_default();
    Ok(Sighted { bytes: origin.source_bytes, scn, storage, notes })
}
