//! Determines the method and mode of a backup from the request and the cluster's ability.

use crate::ability::BackupAbility;
use crate::backup::{BackupMethod, BackupWish, DataBackupMode};
use crate::problem::{Problem, codes};

/// Determines the method and the mode of a backup.
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
    use super::settle;
    use crate::ability::BackupAbility;
    use crate::backup::{BackupMethod, BackupObject, BackupWish, DataBackupMode};

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
