//! Standby tenants of 4.x: their lag, how they become primary, and the upgrade after a restore.

use serde::Serialize;

use super::recovery::Until;
use super::{SCN, features};
use crate::civil;
use crate::error::SqlError;
use crate::profile::Profile;
use crate::sql::{Shape, Table};
use crate::world::tenant::{Role, UNLIMITED_SCN};
use crate::world::{Caller, Cluster, TenantId};

/// A finished `RUN UPGRADE JOB`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Upgrade {
    pub(crate) id: u64,
    pub(crate) tenant: TenantId,
    pub(crate) kind: String,
    pub(crate) at_us: i64,
}

/// Returns the single tenant of a standby statement.
fn only(cluster: &Cluster, caller: Caller, name: Option<&str>) -> Result<TenantId, SqlError> {
    match name {
        Some(_) if !caller.is_sys() => Err(SqlError::access_denied("sys tenant")),
        Some(name) => cluster.expect_tenant(name),
        None if caller.is_sys() => Err(SqlError::plain(4007)),
        None => Ok(caller.tenant),
    }
}

/// `ALTER SYSTEM ACTIVATE STANDBY [TENANT t] [VERIFY]`.
pub(crate) fn activate(
    cluster: &mut Cluster,
    caller: Caller,
    name: Option<&str>,
    only_verify: bool,
) -> Result<(), SqlError> {
    let id = only(cluster, caller, name)?;
    let tenant = cluster.tenants.get_mut(&id).ok_or_else(|| SqlError::plain(5157))?;
    match tenant.role {
        Role::Standby if only_verify => Ok(()),
        Role::Standby => {
            tenant.role = Role::Primary;
            tenant.recovery_until_scn = UNLIMITED_SCN;
            Ok(())
        }
        Role::Primary => Err(SqlError::not_allowed("tenant role is PRIMARY, activate standby tenant is")),
        Role::Restore => Err(SqlError::not_allowed("tenant role is RESTORE, activate standby tenant is")),
    }
}

/// `ALTER SYSTEM SWITCHOVER TO PRIMARY | STANDBY [TENANT t] [VERIFY]`. The error texts are guesses.
pub(crate) fn switch_over(
    cluster: &mut Cluster,
    caller: Caller,
    to: Role,
    name: Option<&str>,
    only_verify: bool,
) -> Result<(), SqlError> {
    let id = only(cluster, caller, name)?;
    let tenant = cluster.tenants.get_mut(&id).ok_or_else(|| SqlError::plain(5157))?;
    let (role, text) = (tenant.role, tenant.role.text());
    let refuse = |what: &str| Err(SqlError::not_allowed(format!("tenant role is {text}, {what} is")));
    match (role, to) {
        (Role::Primary, Role::Standby) | (Role::Standby, Role::Primary) => {
            if !only_verify {
                tenant.role = to;
            }
            Ok(())
        }
        (_, Role::Primary) => refuse("switchover to primary"),
        (..) => refuse("switchover to standby"),
    }
}

/// `ALTER SYSTEM RECOVER STANDBY [TENANT t] UNTIL … | CANCEL`; `None` means CANCEL.
pub(crate) fn recover(
    cluster: &mut Cluster,
    caller: Caller,
    name: Option<&str>,
    until: Option<&Until>,
    zone_s: i32,
) -> Result<(), SqlError> {
    let id = only(cluster, caller, name)?;
    let now_us = cluster.now_us;
    let tenant = cluster.tenants.get_mut(&id).ok_or_else(|| SqlError::plain(5157))?;
    if tenant.role == Role::Primary {
        return Err(SqlError::not_allowed("tenant role is PRIMARY, recover is"));
    }
    tenant.recovery_until_scn = match until {
        None => (now_us * SCN).min(tenant.recovery_until_scn),
        Some(Until::Newest) => UNLIMITED_SCN,
        Some(Until::Scn(scn)) => *scn,
        Some(Until::Time(text)) => {
            let us = civil::parse(text, zone_s)
                .ok_or_else(|| SqlError::new(5241, format!("Incorrect TIMESTAMP value: '{text}'")))?;
            us.saturating_mul(SCN)
        }
    };
    Ok(())
}

/// `ALTER SYSTEM RUN UPGRADE JOB 'UPGRADE_ALL' TENANT = t`.
pub(crate) fn upgrade(
    cluster: &mut Cluster,
    caller: Caller,
    kind: &str,
    names: &[String],
) -> Result<(), SqlError> {
    if !caller.is_sys() {
        return Err(SqlError::access_denied("sys tenant"));
    }
    let (version, at_us) = (cluster.profile.version(), cluster.now_us);
    for name in names {
        let id = cluster.expect_tenant(name)?;
        let Some(tenant) = cluster.tenants.get_mut(&id) else { continue };
        if tenant.role == Role::Restore {
            return Err(SqlError::plain(4179));
        }
        version.clone_into(&mut tenant.compatible);
        let upgrades = &mut cluster.four.upgrades;
        upgrades.push(Upgrade { id: upgrades.len() as u64 + 1, tenant: id, kind: kind.to_owned(), at_us });
    }
    Ok(())
}

/// `SET LOG_RESTORE_SOURCE = 'LOCATION=… DELAY=…'`: the intended delay of a standby.
pub(super) fn check_source(cluster: &Cluster, id: TenantId, value: &str) -> Result<(), SqlError> {
    let upper = value.to_ascii_uppercase();
    let has = |word: &str| upper.split(' ').any(|attribute| attribute.starts_with(word));
    if cluster.profile < Profile::V4_4_2 {
        return Ok(());
    }
    if has("DELAY=") && !features::has(cluster, id, features::DELAYED_LOG) {
        return Err(SqlError::not_supported("set DELAY in log_restore_source before version 4.4.2.2 is"));
    }
    if !value.is_empty() && has("LOCATION=") == has("SERVICE=") {
        return Err(SqlError::arguments("log restore source type"));
    }
    Ok(())
}

/// `CDB_OB_LOG_RESTORE_SOURCE`: the log sources of standby tenants.
pub(super) fn sources(cluster: &Cluster, name: &str) -> Table {
    type Row = (TenantId, String, i64);
    let rows: Vec<Row> = cluster
        .four
        .tenants
        .iter()
        .filter_map(|(id, backups)| {
            let until = cluster.tenants.get(id)?.recovery_until_scn;
            Some((*id, backups.log_source.clone()?, until))
        })
        .collect();
    Shape::<Row>::new()
        .col("TENANT_ID", "bigint", |r| r.0.into())
        .col("ID", "bigint", |_| 1.into())
        .col("TYPE", "varchar(32)", |r| {
            if r.1.to_ascii_uppercase().starts_with("SERVICE") { "SERVICE" } else { "LOCATION" }.into()
        })
        .col("VALUE", "longtext", |r| r.1.clone().into())
        .col("RECOVERY_UNTIL_SCN", "bigint unsigned", |r| r.2.into())
        .table(name, &rows)
}

/// `V$OB_LS_LOG_RESTORE_STATUS`: the progress of the log streams of standby tenants.
pub(super) fn log_restores(cluster: &Cluster, name: &str) -> Table {
    type Row = (TenantId, u64, i64);
    let followers = cluster.tenants.values().filter(|tenant| tenant.role == Role::Standby);
    let rows: Vec<Row> = followers
        .flat_map(|tenant| tenant.log_streams.iter().map(move |stream| (tenant, *stream)))
        .map(|(tenant, stream)| (tenant.id, stream, (cluster.now_us * SCN).min(tenant.recovery_until_scn)))
        .collect();
    Shape::<Row>::new()
        .col("TENANT_ID", "bigint", |r| r.0.into())
        .col("LS_ID", "bigint", |r| r.1.into())
        .col("SYNC_LSN", "bigint unsigned", |_| 0.into())
        .col("SYNC_SCN", "bigint unsigned", |r| r.2.into())
        .col("SYNC_STATUS", "varchar(128)", |_| "NORMAL".into())
        .col("ERR_CODE", "bigint", |_| 0.into())
        .col("COMMENT", "varchar(2048)", |_| "".into())
        .table(name, &rows)
}
