//! A tenant of a cluster.

use serde::{Deserialize, Serialize};

use crate::id::TenantId;

/// Which SQL a tenant speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TenantMode {
    /// MySQL's.
    Mysql,
    /// Oracle's.
    Oracle,
}

/// A tenant, as its cluster describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// The number that OceanBase gave it.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// Which SQL it speaks.
    pub mode: TenantMode,
    /// `NORMAL`, `CREATING`, `RESTORE`, …, as the cluster says.
    pub status: String,
    /// `PRIMARY`, `STANDBY` or `RESTORE`, as the cluster says; `PRIMARY` before 4.2.
    pub role: String,
    /// Whether it is locked.
    pub locked: bool,
    /// The primary zone, as the cluster spells it.
    pub primary_zone: String,
    /// The locality, as the cluster spells it.
    pub locality: String,
}
