//! 9. The sets are complete, available and of the requested mode. On 4.x the files of the set exist, if this server can
//!    list them.

use engine::flow::Answer;
use engine::{Next, Note};
use model::Problem;
use model::physical::{PhysicalSet, Scope, address, bare};
use model::problem::codes;
use model::size;

use super::checks::named;
use super::lane::{self, Place};
use super::wait::became_full;
use super::{Here, Lane, State};
use crate::error::Error;
use crate::words;

pub(super) async fn verify_backup_set(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let scope = lane::scope(at, state)?;
    let mut driver = lane::driver(at, state).await?;
    let problem =
        |id: &str| Problem::outside(id).coded(codes::DATA_BACKUP_FAILED).with("tenant", named(scope));
    if lane.sets.is_empty() {
        return Err(words::refused(problem("backup-set-missing").with("set", "-")));
    }
    let now = driver.backup_sets(scope).await.map_err(Error::from)?;
    let asked = lane.mode(state);
    for set in &mut lane.sets {
        let seen = now.iter().find(|seen| (seen.tenant, seen.set) == (set.tenant, set.set));
        let seen = seen.ok_or_else(|| words::refused(problem("backup-set-missing").with("set", set.set)))?;
        *set = seen.clone();
        if !set.is_usable() {
            let status = if set.succeeded { set.file_status.as_str() } else { "FAILED" };
            let problem = problem("backup-set-not-available").with("set", set.set).with("status", status);
            return Err(words::refused(problem));
        }
        if became_full(asked, set.mode) {
            return Err(words::refused(problem("backup-became-full").with("set", set.set)));
        }
        at.log(
            Note::new("backup-set-seen")
                .arg("set", set.set)
                .arg("tenant", set.tenant)
                .arg("bytes", size::bytes(set.output_bytes)),
        );
    }
    look_for_files(at, state, scope, &lane.data_path, &lane.sets).await?;
    lane.verified = true;
    Ok(Next::Done)
}

/// Checks on 4.x whether files of the set are in the storage, if the set is in the storage of the task and this server
/// can list it.
async fn look_for_files(
    at: &Here,
    state: &State,
    scope: &Scope,
    data_path: &str,
    sets: &[PhysicalSet],
) -> Result<(), engine::StepError> {
    let Some(set) = sets.first() else { return Ok(()) };
    let not_checked = || at.log(Note::new("backup-set-files-not-checked").arg("set", set.set));
    let place = Place::of(at.context(), state).await?;
    let base = address::shown(&place.location);
    // Before 4.0 the views do not show the path, and every version names its folders differently.
    let folder = match (scope, bare(data_path).strip_prefix(bare(&base))) {
        (Scope::Tenant { .. }, Some(rest)) if rest.starts_with('/') => rest.trim_matches('/').to_owned(),
        _ => {
            not_checked();
            return Ok(());
        }
    };
    let listed = match at.context().client(state.storage).await {
        Ok(client) => client.list(&folder).await.ok(),
        Err(_) => None,
    };
    // Every destination has files of the cluster. If this server sees none, it does not see the destination: an NFS that
    // is mounted on the OBServers only, for example.
    let Some(listed) = listed.filter(|listed| !listed.is_empty()) else {
        not_checked();
        return Ok(());
    };
    let prefix = format!("backup_set_{}_", set.set);
    // The set is a folder directly in the destination. `backup_sets` only has a mark for each set.
    let is_there = listed.iter().any(|entry| {
        let below = entry.key.strip_prefix(&folder).unwrap_or(&entry.key).trim_start_matches('/');
        below.starts_with(&prefix)
    });
    if !is_there {
        let problem = Problem::outside("backup-set-missing").coded(codes::DATA_BACKUP_FAILED);
        return Err(words::refused(problem.with("tenant", named(scope)).with("set", set.set)));
    }
    at.log(Note::new("backup-set-files-there").arg("set", set.set));
    Ok(())
}
