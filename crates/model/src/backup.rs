//! A request to back up now, and the rules that need nothing but the request and the cluster's ability.

use serde::{Deserialize, Serialize};

use crate::ability::BackupAbility;
use crate::id::TenantId;
use crate::problem::{Problem, codes};

/// How a backup is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BackupMethod {
    /// By OceanBase itself: its own files, straight to the storage.
    #[serde(rename = "PHYSICAL_BACKUP")]
    Physical,
    /// By Lifeboat: schema and rows, read at one snapshot.
    #[serde(rename = "LOGICAL_BACKUP")]
    Logical,
}

/// How much of the data a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DataBackupMode {
    /// All of it.
    #[serde(rename = "FULL_BACKUP")]
    Full,
    /// What changed since the last backup.
    #[serde(rename = "INCREMENTAL_BACKUP")]
    Incremental,
}

/// A part of a tenant that a logical backup can be limited to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BackupObject {
    /// A whole database.
    Database(String),
    /// One table of a database.
    Table(String, String),
}

impl BackupObject {
    /// Returns the database that it is, or is a table of.
    #[must_use]
    pub fn database(&self) -> &str {
        let (Self::Database(name) | Self::Table(name, _)) = self;
        name
    }
}

/// Tells whether a name that was typed means this one: OceanBase keeps names in small letters, however they are typed.
#[must_use]
pub fn is_same_name(typed: &str, name: &str) -> bool {
    typed == name || typed.to_lowercase() == name
}

/// What is to be backed up, before the cluster was asked what it can do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackupWish {
    /// The tenants; none means the whole cluster.
    pub tenants: Vec<TenantId>,
    /// The databases and tables; none means all.
    pub objects: Vec<BackupObject>,
    /// The method, if one was chosen.
    pub method: Option<BackupMethod>,
    /// Full or incremental; full when left out.
    pub mode: Option<DataBackupMode>,
}

/// Settles the method and the mode of a backup, by the rules.
///
/// # Errors
/// 20108 when the cluster does not offer the method; 20110 for an incremental logical backup; 20107 for databases
/// or tables in a physical one.
pub fn settle(wish: &BackupWish, ability: BackupAbility) -> Result<(BackupMethod, DataBackupMode), Problem> {
    let parts = !wish.objects.is_empty();
    let preferred = if parts && ability.offers(BackupMethod::Logical) {
        BackupMethod::Logical
    } else {
        ability.preferred()
    };
    let method = wish.method.unwrap_or(preferred);
    let mode = wish.mode.unwrap_or(DataBackupMode::Full);
    if !ability.offers(method) {
        let id = match method {
            BackupMethod::Physical => "physical-not-offered",
            BackupMethod::Logical => "logical-not-offered",
        };
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, id));
    }
    if method == BackupMethod::Logical && mode == DataBackupMode::Incremental {
        return Err(Problem::refused(codes::LOGICAL_IS_FULL_ONLY, "logical-is-full-only"));
    }
    if method == BackupMethod::Physical && parts {
        return Err(Problem::refused(codes::NO_BACKUP_OBJECT, "physical-takes-whole-tenants"));
    }
    Ok((method, mode))
}

#[cfg(test)]
mod tests {
    use super::{BackupMethod, BackupObject, BackupWish, DataBackupMode, settle};
    use crate::ability::BackupAbility;

    #[test]
    fn method_and_mode_follow_the_table() {
        use BackupAbility::{LogicalAndPhysical, LogicalBackup, PhysicalBackup};
        use BackupMethod::{Logical, Physical};
        use DataBackupMode::{Full, Incremental};
        let table = || vec![BackupObject::Table("shop".into(), "orders".into())];
        let cases = [
            (LogicalBackup, None, None, vec![], Ok((Logical, Full))),
            (LogicalBackup, Some(Physical), None, vec![], Err(20108)),
            (LogicalBackup, None, Some(Incremental), vec![], Err(20110)),
            (PhysicalBackup, None, None, vec![], Ok((Physical, Full))),
            (PhysicalBackup, None, None, table(), Err(20107)),
            (PhysicalBackup, Some(Logical), None, vec![], Err(20108)),
            (LogicalAndPhysical, None, Some(Incremental), vec![], Ok((Physical, Incremental))),
            (LogicalAndPhysical, None, None, table(), Ok((Logical, Full))),
            (LogicalAndPhysical, Some(Logical), Some(Incremental), vec![], Err(20110)),
        ];
        for (ability, method, mode, objects, expected) in cases {
            let wish = BackupWish { tenants: vec![], objects, method, mode };
            let settled = settle(&wish, ability).map_err(|problem| problem.code);
            assert_eq!(settled, expected, "{ability:?} {wish:?}");
        }
    }
}
