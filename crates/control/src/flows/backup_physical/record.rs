//! 10. The catalogue has the sets. A set is identified by its task and tenant, so recording it again changes nothing. A
//!     backup that left out a tenant is recorded, but the step fails.

use engine::flow::Answer;
use engine::{Next, Note};
use model::Problem;
use model::backup::BackupMethod;
use model::backup::DataBackupMode;
use model::backup_set::{BackupSet, BackupSetStatus};
use model::id::{BackupSetId, TaskId};
use model::physical::{PhysicalSet, SYS, Scope, address, bare};
use model::problem::codes;

use super::lane::Place;
use super::{Here, Lane, State};
use crate::error::Error;
use crate::words;

pub(super) async fn record_backup_set(at: &Here, state: &mut State) -> Answer {
    let context = at.context();
    let place = Place::of(context, state).await?;
    let base = address::shown(&place.location);
    let tenants = context.metadata.tenant_list(state.cluster).await.map_err(Error::from)?;
    let mut writer = context.metadata.begin().await.map_err(Error::from)?;
    let now = writer.now().await.map_err(Error::from)?;
    for lane in at.lanes().iter().filter(|lane| lane.succeeded()) {
        // On 3.x the rows of the sys tenant repeat the sets of the other tenants.
        for seen in lane.state.sets.iter().filter(|set| set.tenant != SYS) {
            let known = tenants.iter().find(|tenant| tenant.id == seen.tenant);
            let tenant_name = known.map_or_else(|| lane.key.clone(), |tenant| tenant.name.clone());
            let set = BackupSet {
                id: BackupSetId(0),
                task: TaskId(at.task().0),
                cluster: state.cluster,
                cluster_name: state.cluster_name.clone(),
                tenant: seen.tenant,
                tenant_name,
                method: BackupMethod::Physical,
                mode: seen.mode,
                storage: state.storage,
                path: path(&base, &lane.state, seen),
                scn: nanoseconds(state, &lane.key, seen.restore_scn),
                bytes: seen.output_bytes,
                rows: 0,
                tables: 0,
                started: seen.started.unwrap_or(state.requested),
                finished: seen.ended.unwrap_or(now),
                status: if lane.state.verified {
                    BackupSetStatus::Available
                } else {
                    BackupSetStatus::Unverified
                },
                left_out: Vec::new(),
            };
            let id = writer.backup_set_record(&set).await.map_err(Error::from)?;
            at.log(Note::new("backup-set-recorded").arg("set", id).arg("tenant", &set.tenant_name));
        }
    }
    writer.commit().await.map_err(Error::from)?;
    if at.lanes().iter().all(engine::flow::LaneSeen::succeeded) {
        state.password = None; // kept otherwise: a retry of a failed lane needs it
    }
    let lanes = at.lanes().iter().filter(|lane| lane.succeeded());
    let left_out: Vec<&str> = lanes.flat_map(|lane| &lane.state.left_out).map(String::as_str).collect();
    if !left_out.is_empty() {
        let problem = Problem::outside("backup-tenants-left-out").coded(codes::DATA_BACKUP_FAILED);
        return Err(words::refused(problem.with("tenants", left_out.join(", "))));
    }
    Ok(Next::Done)
}

/// Returns the SCN of a set in nanoseconds; 3.x counts it in microseconds.
fn nanoseconds(state: &State, lane: &str, scn: u64) -> u64 {
    match state.scopes.get(lane) {
        Some(Scope::Tenant { .. }) => scn,
        _ => scn.saturating_mul(1_000),
    }
}

/// Returns the set's folder below the storage's base, or its full address if the cluster writes to another location.
pub(crate) fn path(base: &str, lane: &Lane, set: &PhysicalSet) -> String {
    let kind = if set.mode == DataBackupMode::Full { "full" } else { "inc" };
    let whole = format!("{}/backup_set_{}_{kind}", bare(&lane.data_path), set.set);
    match whole.strip_prefix(bare(base)).and_then(|rest| rest.strip_prefix('/')) {
        Some(below) => below.to_owned(),
        None => whole,
    }
}
