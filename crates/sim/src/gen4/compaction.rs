//! Major compaction of 4.x, for each tenant.

use serde::Serialize;

use super::{SCN, after};
use crate::error::SqlError;
use crate::faults::FaultName;
use crate::world::tenant::{Role, TenantKind};
use crate::world::{Caller, Cluster, TenantId, Warning};

/// The SCN of a tenant that has never merged.
const FIRST_SCN: i64 = 1;

/// A tenant's compaction.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Compaction {
    pub(crate) frozen_scn: i64,
    pub(crate) broadcast_scn: i64,
    pub(crate) last_scn: i64,
    pub(crate) start_us: i64,
    pub(crate) finish_us: i64,
    pub(crate) status: &'static str,
    pub(crate) is_error: bool,
    pub(crate) is_suspended: bool,
    pub(crate) due: Option<i64>,
}

impl Default for Compaction {
    fn default() -> Self {
        Self {
            frozen_scn: FIRST_SCN,
            broadcast_scn: FIRST_SCN,
            last_scn: FIRST_SCN,
            start_us: 0,
            finish_us: 0,
            status: "IDLE",
            is_error: false,
            is_suspended: false,
            due: None,
        }
    }
}

/// The tenants of a compaction statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The caller's own.
    Own,
    AllUser,
    AllMeta,
    Named(Vec<String>),
}

/// The action of a compaction statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Freeze,
    Suspend,
    Resume,
    ClearError,
}

/// Executes a compaction statement.
pub(crate) fn execute(
    cluster: &mut Cluster,
    caller: Caller,
    verb: Verb,
    scope: &Scope,
) -> Result<Vec<Warning>, SqlError> {
    let ids = tenants(cluster, caller, scope)?;
    if verb == Verb::Freeze {
        return freeze(cluster, &ids, matches!(scope, Scope::Named(names) if names.len() == 1));
    }
    let now_us = cluster.now_us;
    for id in ids {
        let Some(compaction) = cluster.four.compactions.get_mut(&id) else { continue };
        match verb {
            Verb::Suspend => compaction.is_suspended = true,
            Verb::Resume => compaction.is_suspended = false,
            Verb::ClearError => compaction.is_error = false,
            Verb::Freeze => {}
        }
        if verb != Verb::Suspend && compaction.status != "IDLE" {
            compaction.due = after(now_us, 2);
        }
    }
    Ok(Vec::new())
}

fn tenants(cluster: &Cluster, caller: Caller, scope: &Scope) -> Result<Vec<TenantId>, SqlError> {
    if !caller.is_sys() && *scope != Scope::Own {
        return Err(SqlError::access_denied("sys tenant"));
    }
    let of_kind =
        |kind| cluster.tenants.values().filter(move |tenant| tenant.kind == kind).map(|tenant| tenant.id);
    Ok(match scope {
        Scope::Own => vec![caller.tenant],
        Scope::AllUser => of_kind(TenantKind::User).collect(),
        Scope::AllMeta => of_kind(TenantKind::Meta).collect(),
        Scope::Named(names) => {
            names.iter().map(|name| cluster.expect_tenant(name)).collect::<Result<_, _>>()?
        }
    })
}

fn freeze(cluster: &mut Cluster, ids: &[TenantId], is_alone: bool) -> Result<Vec<Warning>, SqlError> {
    if !cluster.parameters.is_true("enable_major_freeze") {
        return Err(SqlError::plain(4217));
    }
    let mut warnings = Vec::new();
    for id in ids {
        let Some(tenant) = cluster.tenants.get(id) else { continue };
        let (role, name) = (tenant.role, tenant.name.clone());
        if cluster.faults.hit(FaultName::MajorFreezeRefused, &name).is_some() {
            return Err(SqlError::plain(4209));
        }
        match role {
            Role::Standby if is_alone => return Err(SqlError::plain(4217)),
            Role::Standby => warnings.push(Warning {
                code: 4217,
                message: format!(
                    "[T{}]standby tenant sync freeze info from primary tenant, not allowed to launch major freeze",
                    id.0
                ),
            }),
            Role::Restore => warnings.push(Warning {
                code: 4217,
                message: format!("[T{}]tenant is in restore, major freeze is not allowed now", id.0),
            }),
            Role::Primary => {
                if !freeze_one(cluster, *id, &name) {
                    warnings.push(unfinished(ids.len()));
                }
            }
        }
    }
    Ok(warnings)
}

/// An unfinished merge is only a warning.
fn unfinished(tenants: usize) -> Warning {
    let message = if tenants > 1 {
        "larger frozen_scn already exist, some tenants' prev merge may not finish"
    } else {
        "larger frozen_scn already exist, prev merge may not finish"
    };
    Warning { code: 4744, message: message.to_owned() }
}

/// Freezes one tenant; returns false if its last merge is still running.
fn freeze_one(cluster: &mut Cluster, id: TenantId, name: &str) -> bool {
    let now_us = cluster.now_us;
    let has_error = cluster.faults.is_set(FaultName::MergeError, name);
    let Some(compaction) = cluster.four.compactions.get_mut(&id) else { return true };
    if compaction.status != "IDLE" || compaction.frozen_scn > compaction.last_scn {
        return false;
    }
    compaction.frozen_scn = now_us * SCN;
    compaction.broadcast_scn = compaction.frozen_scn;
    compaction.start_us = now_us;
    compaction.status = "COMPACTING";
    compaction.is_error = has_error;
    compaction.due = after(now_us, 8);
    true
}

/// The daily freeze of every tenant that accepts writes; a refusal is ignored.
pub(crate) fn freeze_daily(cluster: &mut Cluster) {
    let ids: Vec<TenantId> = cluster.tenants.keys().copied().collect();
    drop(freeze(cluster, &ids, false));
}

/// Advances all merges that are due.
pub(super) fn step(cluster: &mut Cluster) {
    let now_us = cluster.now_us;
    for compaction in cluster.four.compactions.values_mut() {
        if compaction.due.is_none_or(|due| due > now_us) {
            continue;
        }
        if compaction.is_error || compaction.is_suspended {
            compaction.due = None; // Until a statement clears or resumes it.
            continue;
        }
        match compaction.status {
            "COMPACTING" => {
                compaction.status = "VERIFYING";
                compaction.due = after(now_us, 2);
            }
            _ => {
                compaction.status = "IDLE";
                compaction.last_scn = compaction.frozen_scn;
                compaction.finish_us = now_us;
                compaction.due = None;
            }
        }
    }
}

/// Sets or clears the error of a merge.
pub(crate) fn set_error(cluster: &mut Cluster, id: TenantId, is_error: bool) {
    let now_us = cluster.now_us;
    if let Some(compaction) = cluster.four.compactions.get_mut(&id)
        && (compaction.status != "IDLE" || !is_error)
    {
        compaction.is_error = is_error;
        compaction.due = if compaction.status == "IDLE" { None } else { after(now_us, 2) };
    }
}
