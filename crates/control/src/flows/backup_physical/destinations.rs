//! 4. The data and log destinations are set; a running archive keeps its destination. There is no undo: a new
//!    destination stays set.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note};
use model::Problem;
use model::archive::ArchiveStatus;
use model::physical::destination::{Destination, for_cluster, for_tenants_of_3};
use model::physical::{Scope, address};
use model::schedule::decide::Promotion;
use oceanbase::Driver;

use super::lane::{self, Place};
use super::policy::{Move, before_move};
use super::{Here, Lane, State, checks};
use crate::error::Error;
use crate::words;

/// The interval between two polls whether every server of a 3.x cluster has read the parameter.
const PARAMETER_WAIT: Duration = Duration::from_secs(2);

/// The number of polls after which the statement is sent again.
const LOOKS: u32 = 30;

pub(super) async fn set_backup_storage(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let scope = lane::scope(at, state)?;
    let mut driver = lane::driver(at, state).await?;
    let place = Place::of(at.context(), state).await?;
    let tenants = driver.tenants().await.map_err(Error::from)?;
    let mode = lane.mode(state);
    match checks::check_lane(&mut driver, state, &place, scope, mode, &tenants).await {
        Err(error) if checks::makes_full(&error, state) => {
            at.log(words::note(Promotion::WithoutFull.text()));
            lane.is_full = true;
            return Ok(Next::again(Duration::ZERO)); // saved before anything acts
        }
        checked => checked?,
    }
    match scope {
        Scope::Tenant { id, name } => set_tenant(at, state, lane, &mut driver, &place, (*id, name)).await,
        Scope::Cluster => set_cluster(at, state, lane, &mut driver, &place).await,
        Scope::Tenants { .. } => {
            let base = address::shown(&place.location);
            let found = driver.cluster_destinations().await.map_err(Error::from)?;
            for_tenants_of_3(&base, &found).map_err(words::refused)?;
            lane.data_path = base;
            Ok(Next::Done)
        }
    }
}

async fn set_tenant(
    at: &Here,
    state: &State,
    lane: &mut Lane,
    driver: &mut Driver,
    place: &Place,
    (tenant, name): (model::id::TenantId, &str),
) -> Answer {
    let scope = lane::scope(at, state)?;
    let found = driver.tenant_destinations(tenant).await.map_err(Error::from)?;
    let round = driver.archive_round(scope).await.map_err(Error::from)?;
    let archive = round.map_or(ArchiveStatus::Never, |round| round.status);
    let plan = place.decide(state, tenant, &found, archive).map_err(words::refused)?;
    let (data, log) = place.folders(state, tenant);
    let server = driver.server().clone();
    if plan.moves() {
        let to = Move { tenant, name, storage: state.storage, found: &found, plan: &plan };
        before_move(at, state, driver, to).await?;
    }
    tell(at, &plan.data);
    if let Destination::Set { .. } = plan.data {
        let address = place.written(&data, &server).map_err(words::refused)?;
        let statement = driver.verbs().set_data_destination(scope, &address);
        lane::act(at, driver, &statement).await?;
    }
    tell(at, &plan.log);
    if let Destination::Set { .. } = plan.log {
        if plan.log_attributes.was_mandatory {
            at.log(Note::new("destination-was-mandatory"));
        }
        let address = place.written(&log, &server).map_err(words::refused)?;
        let statement = driver.verbs().set_log_destination(name, &address, &plan.log_attributes);
        lane::act(at, driver, &statement).await?;
    }
    plan.data.place().clone_into(&mut lane.data_path);
    Ok(Next::Done)
}

async fn set_cluster(
    at: &Here,
    state: &State,
    lane: &mut Lane,
    driver: &mut Driver,
    place: &Place,
) -> Answer {
    let found = driver.cluster_destinations().await.map_err(Error::from)?;
    let round = driver.archive_round(&Scope::Cluster).await.map_err(Error::from)?;
    let archive = round.map_or(ArchiveStatus::Never, |round| round.status);
    let base = address::shown(&place.location);
    let is_set = found.iter().any(|path| !path.is_empty());
    let wish = Some(base.as_str()).filter(|_| !(state.keeps_destinations && is_set));
    let plan = match for_cluster(wish, &found, archive) {
        Err(problem) if is_spreading(&problem, lane) => return Ok(Next::again(PARAMETER_WAIT)),
        decided => decided.map_err(words::refused)?,
    };
    if let Destination::Set { .. } = plan {
        let has_sent = lane.data_path == base;
        base.clone_into(&mut lane.data_path);
        lane.looks += 1;
        // Servers read the parameter within some seconds. The statement is sent again after every `LOOKS` polls, in
        // case another client has changed the parameter.
        if has_sent && !lane.looks.is_multiple_of(LOOKS) {
            return Ok(Next::again(PARAMETER_WAIT));
        }
        tell(at, &plan);
        let address = place.written(&place.location, driver.server()).map_err(words::refused)?;
        let statement = driver.verbs().set_data_destination(&Scope::Cluster, &address);
        lane::act(at, driver, &statement).await?;
        return Ok(Next::again(PARAMETER_WAIT)); // the next poll shows whether every server has read it
    }
    tell(at, &plan);
    plan.place().clone_into(&mut lane.data_path);
    Ok(Next::Done)
}

/// Returns whether the servers differ only because some have not yet read the parameter that we set.
fn is_spreading(problem: &Problem, lane: &Lane) -> bool {
    problem.text.id == "destinations-differ" && !lane.data_path.is_empty()
}

fn tell(at: &Here, destination: &Destination) {
    at.log(note(destination));
}

/// Reports the change of a destination.
pub(super) fn note(destination: &Destination) -> Note {
    match destination {
        Destination::Keep { at } => Note::new("destination-kept").arg("path", at),
        Destination::Set { to, from: None } => Note::new("destination-set").arg("path", to),
        Destination::Set { to, from: Some(from) } => {
            Note::new("destination-moved").arg("from", from).arg("path", to)
        }
    }
}
