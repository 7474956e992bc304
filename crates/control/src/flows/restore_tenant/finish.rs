//! 6. to 9. The tenant matches the request: its role, version and time; and it is recorded.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note, StepError};
use metadata::restores::Restore;
use model::Problem;
use model::id::{BackupSetId, TaskId};
use model::order::RecoveredRole;
use model::physical::SYS;
use model::problem::codes;
use model::tenant::Tenant;
use oceanbase::Driver;

use super::state::{Here, State};
use crate::error::Error;
use crate::flows::recovery_source::{act, driver, shown};
use crate::words;

/// The interval between two polls.
const LOOK: Duration = Duration::from_secs(5);

/// 6. The tenant is a primary that users can write to, or stays a standby as requested.
pub(super) async fn activate_tenant(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    let tenant = ours(state, &driver.tenants().await.map_err(Error::from)?)?;
    match (state.role, tenant.role.as_str()) {
        (_, "PRIMARY") => {
            at.log(Note::new("recovery-tenant-primary").arg("tenant", &tenant.name));
            Ok(Next::Done)
        }
        (RecoveredRole::Standby, "STANDBY") => {
            at.log(Note::new("recovery-tenant-standby").arg("tenant", &tenant.name));
            Ok(Next::Done)
        }
        (RecoveredRole::Primary, "STANDBY") => {
            let statement = driver.verbs().activate(&state.tenant_name);
            act(at, &mut driver, &statement).await?;
            Ok(Next::again(LOOK)) // the next poll shows whether it has become a primary
        }
        _ => Ok(Next::again(LOOK)), // its role is changing
    }
}

/// 7. The tenant's data version is that of the cluster. A standby can be upgraded only after its activation.
pub(super) async fn upgrade_tenant(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    let tenants = driver.tenants().await.map_err(Error::from)?;
    let tenant = ours(state, &tenants)?;
    let cluster = tenants.iter().find(|tenant| tenant.id == SYS).and_then(|sys| sys.data_version.clone());
    let (Some(has), Some(wanted)) = (tenant.data_version.clone(), cluster) else {
        at.log(Note::new("recovery-version-unknown"));
        return Ok(Next::Done); // versions that show no data version restore only backups of their own version
    };
    if has >= wanted {
        at.log(Note::new("recovery-version-is").arg("version", &has));
        return Ok(Next::Done);
    }
    if tenant.role == "STANDBY" {
        at.log(Note::new("recovery-upgrade-later").arg("version", &has).arg("wanted", &wanted));
        return Ok(Next::Done);
    }
    let upgrade = driver.upgrade_state(tenant.id).await.map_err(Error::from)?;
    match upgrade.as_deref() {
        Some("FAILED") if state.upgrade_asked => {
            state.upgrade_asked = false; // a retry requests another upgrade
            let problem = Problem::outside("recovery-upgrade-failed").coded(codes::RECOVERY_FAILED);
            return Err(words::refused(problem.with("tenant", &tenant.name).with("version", &has)));
        }
        Some("INPROGRESS") => state.upgrade_asked = true,
        _ if state.upgrade_asked => {}
        _ => {
            let statement = driver.verbs().upgrade_tenant(&state.tenant_name);
            act(at, &mut driver, &statement).await?;
            state.upgrade_asked = true;
        }
    }
    Ok(Next::again(LOOK))
}

/// 8. The tenant is NORMAL, and was restored to the requested time.
pub(super) async fn check_tenant(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    let tenant = ours(state, &driver.tenants().await.map_err(Error::from)?)?;
    check_moment(at, state, &mut driver).await?;
    let note = Note::new("recovery-tenant-is")
        .arg("tenant", &tenant.name)
        .arg("id", tenant.id)
        .arg("role", &tenant.role)
        .arg("moment", shown(state.restored_scn));
    at.log(note);
    Ok(Next::Done)
}

/// Compares the restored SCN in the job's history row with the request. If the history no longer has the row, only logs
/// that.
async fn check_moment(at: &Here, state: &mut State, driver: &mut Driver) -> Result<(), StepError> {
    let jobs = driver.restore_jobs(&state.tenant_name).await.map_err(Error::from)?;
    let Some(job) = state.ours(&jobs).cloned() else {
        at.log(Note::new("restore-job-forgotten"));
        return Ok(());
    };
    state.check_restored(&job).map_err(words::refused)?;
    state.remember(&job);
    Ok(())
}

/// 9. The recovery and the tenant are recorded, and the passwords are removed.
pub(super) async fn record_recovery(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    let tenants = driver.tenants().await.map_err(Error::from)?;
    let tenant = ours(state, &tenants)?;
    let mut writer = at.context().metadata.begin().await.map_err(Error::from)?;
    writer.tenants_probed(state.origin.cluster, &tenants).await.map_err(Error::from)?;
    let restore = Restore {
        task: TaskId(at.task().0),
        backup_set: BackupSetId(0), // the cluster reads its own sets, not one of the catalogue
        cluster: state.origin.cluster,
        tenant: tenant.id,
        databases: BTreeMap::new(),
        bytes: state.origin.source_bytes,
        rows: 0,
        tables: 0,
        started: state.requested,
        finished: writer.now().await.map_err(Error::from)?,
    };
    writer.restore_record(&restore).await.map_err(Error::from)?;
    writer.commit().await.map_err(Error::from)?;
    state.origin.passwords = None;
    at.log(
        Note::new("recovery-tenant-recorded")
            .arg("tenant", &tenant.name)
            .arg("cluster", &state.origin.cluster_name),
    );
    Ok(Next::Done)
}

/// Finds the tenant that our job has created.
fn ours(state: &State, tenants: &[Tenant]) -> Result<Tenant, StepError> {
    let missing = || {
        let problem = Problem::not_found("recovery-tenant-gone").with("tenant", &state.tenant_name);
        words::refused(problem.with("cluster", &state.origin.cluster_name))
    };
    let found = tenants.iter().find(|tenant| Some(tenant.id) == state.tenant);
    let tenant = found.ok_or_else(missing)?;
    if tenant.status != "NORMAL" {
        let problem = Problem::refused(codes::RECOVERY_FAILED, "tenant-not-normal");
        return Err(words::refused(problem.with("tenant", &tenant.name).with("status", &tenant.status)));
    }
    Ok(tenant.clone())
}
