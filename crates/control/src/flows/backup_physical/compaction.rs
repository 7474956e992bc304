//! 6. Before 4.0 a data backup needs a finished major compaction that began after the start of log backup.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note, StepError};
use model::compaction::{Compaction, CompactionHindrance, CompactionNeed, need, needed};
use oceanbase::Driver;

use super::lane;
use super::{Here, Lane, State};
use crate::error::Error;
use crate::words;

/// The interval between two polls.
const LOOK: Duration = Duration::from_secs(15);

/// The maximum number of freezes to request. If the views still show none, the step fails.
const FREEZES_MAX: u32 = 3;

/// OceanBase's error number for a freeze that is requested while the last one is being merged.
const FREEZE_UNFINISHED: u16 = 4213;

pub(super) async fn start_compaction(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let scope = lane::scope(at, state)?;
    let mut driver = lane::driver(at, state).await?;
    if lane::is_by_tenant(&driver) {
        at.log(Note::new("compaction-not-needed"));
        return Ok(Next::Done);
    }
    let round = driver.archive_round(scope).await.map_err(Error::from)?;
    let compactions = driver.compactions().await.map_err(Error::from)?;
    let Some(compaction) = compactions.first() else { return Ok(Next::Done) };
    let start = round.and_then(|round| round.start);
    match need(&driver.server().version, compaction, start).map_err(words::refused)? {
        CompactionNeed::None | CompactionNeed::Fulfilled => {
            at.log(Note::new("compaction-not-needed"));
            Ok(Next::Done)
        }
        CompactionNeed::Running => Ok(waiting(at, compaction)),
        CompactionNeed::Freeze if !state.auto_compaction => {
            Err(words::refused(needed(CompactionHindrance::NotAllowed)))
        }
        CompactionNeed::Freeze if lane.freezes >= FREEZES_MAX => {
            lane.freezes = 0; // a retry may ask again
            Err(words::refused(needed(CompactionHindrance::Refused)))
        }
        CompactionNeed::Freeze => {
            freeze(at, &mut driver).await?;
            lane.freezes += 1;
            Ok(Next::again(LOOK))
        }
    }
}

async fn freeze(at: &Here, driver: &mut Driver) -> Result<(), StepError> {
    let statement = driver.verbs().major_freeze("");
    at.may_act(statement.timeout).await?;
    match driver.act(&statement).await {
        Ok(()) => Ok(()),
        Err(error) if error.number() == Some(FREEZE_UNFINISHED) => Ok(()), // wait for that merge
        Err(error) if error.number().is_some() && !error.is_transient() => {
            Err(words::refused(needed(CompactionHindrance::Refused).raw(&error)))
        }
        Err(error) => Err(Error::from(error).into()),
    }
}

fn waiting(at: &Here, compaction: &Compaction) -> Next {
    at.log(Note::new("compaction-waiting").arg("frozen", compaction.frozen).arg("merged", compaction.merged));
    Next::again(LOOK)
}
