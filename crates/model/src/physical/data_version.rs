//! The operations that a tenant's data version allows. From 4.4 on, the kernel checks the data version (the parameter
//! `compatible`), not the program's: during an upgrade, a new program still refuses these operations.

use crate::problem::{Problem, codes};
use crate::tenant::Tenant;
use crate::version::Version;

/// An operation that needs a minimum data version of the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantFeature {
    /// Setting a destination, which uses another statement since 4.4.1. Programs before 4.4.1 set one with any data
    /// version.
    Destination,
    /// The delete policy `log_only`.
    LogOnlyPolicy,
    /// `DELETE BACKUPSET`, `DELETE ARCHIVELOG_PIECE`, `DELETE OBSOLETE BACKUP`.
    ManualDeletion,
    /// `DELAY` of a log restore source.
    RestoreDelay,
    /// `BACKUP ARCHIVELOG`, to a second destination.
    ArchiveCopy,
    /// `VALIDATE`.
    Validation,
    /// `RECOVER TABLE` into the tenant.
    TableRecovery,
}

impl TenantFeature {
    /// Returns the data version from which a tenant has it.
    #[must_use]
    pub const fn since(self) -> Version {
        Version::of(match self {
            Self::Destination | Self::LogOnlyPolicy | Self::ManualDeletion => [4, 4, 1, 0],
            Self::RestoreDelay => [4, 4, 2, 2],
            Self::ArchiveCopy => [4, 4, 2, 3],
            Self::Validation => [4, 5, 1, 0],
            Self::TableRecovery => [4, 2, 1, 0],
        })
    }

    /// Checks that a tenant has it, on a program of this version.
    ///
    /// # Errors
    /// 20036 if its data version is older or unknown. For a destination and a recovery of tables, an unknown data version
    /// is accepted.
    pub fn check(self, program: &Version, tenant: &Tenant) -> Result<(), Problem> {
        let is_unknown = tenant.data_version.is_none();
        let is_free = match self {
            Self::Destination => *program < self.since() || is_unknown,
            Self::TableRecovery => is_unknown,
            _ => false,
        };
        if is_free || tenant.data_version.as_ref().is_some_and(|data| *data >= self.since()) {
            return Ok(());
        }
        let found = tenant.data_version.as_ref().map_or_else(|| "-".to_owned(), Version::to_string);
        let refusal = Problem::refused(codes::PRECHECK_FAILED, "tenant-data-older");
        Err(refusal.with("tenant", &tenant.name).with("found", found).with("needed", self.since()))
    }
}

#[cfg(test)]
mod tests {
    use super::TenantFeature::{
        self, ArchiveCopy, Destination, LogOnlyPolicy, ManualDeletion, RestoreDelay, TableRecovery,
        Validation,
    };
    use crate::id::TenantId;
    use crate::tenant::{Tenant, TenantMode};

    fn tenant(data: &str) -> Tenant {
        Tenant {
            id: TenantId(1002),
            name: "shop".to_owned(),
            mode: TenantMode::Mysql,
            status: "NORMAL".to_owned(),
            role: "PRIMARY".to_owned(),
            locked: false,
            primary_zone: String::new(),
            locality: String::new(),
            data_version: data.parse().ok(),
        }
    }

    #[test]
    fn the_data_decide_and_not_the_program() {
        let cases: [(TenantFeature, &str, &str, bool); 18] = [
            (Destination, "4.3.5.0", "4.2.1.0", true),
            (Destination, "4.4.1.0", "4.3.5.0", false),
            (Destination, "4.4.1.0", "4.4.1.0", true),
            (Destination, "4.4.1.0", "", true),
            (ManualDeletion, "4.4.2.3", "4.3.5.0", false),
            (ManualDeletion, "4.4.2.3", "", false),
            (ManualDeletion, "4.4.2.3", "4.4.1.0", true),
            (LogOnlyPolicy, "4.6.0.0", "4.4.0.9", false),
            (LogOnlyPolicy, "4.6.0.0", "", false),
            (LogOnlyPolicy, "4.6.0.0", "4.4.1.0", true),
            (RestoreDelay, "4.6.0.0", "4.4.2.1", false),
            (ArchiveCopy, "4.6.0.0", "4.4.2.2", false),
            (ArchiveCopy, "4.6.0.0", "4.4.2.3", true),
            (Validation, "4.6.0.0", "4.4.2.3", false),
            (Validation, "4.6.0.0", "4.6.0.0", true),
            (TableRecovery, "4.2.5.0", "4.2.0.0", false),
            (TableRecovery, "4.2.5.0", "4.2.1.0", true),
            (TableRecovery, "4.2.5.0", "", true),
        ];
        for (feature, program, data, expected) in cases {
            let program = program.parse().expect("a version");
            let checked = feature.check(&program, &tenant(data));
            assert_eq!(checked.is_ok(), expected, "{feature:?} {program} {data}: {checked:?}");
        }
    }
}
