//! The backup options of each version: one table, OCP's *ability* of a cluster.

use serde::{Deserialize, Serialize};

use crate::backup::BackupMethod;
use crate::problem::{Problem, codes};
use crate::version::{Product, ServerVersion, Version};

/// The oldest OceanBase with physical backup.
pub const OLDEST: Version = Version::new(2, 2, 77);

/// The protocol of a cluster's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Generation {
    /// OceanBase 2.2.77 to 3.x: the cluster is backed up as a whole.
    Gen3,
    /// OceanBase 4.x: each tenant is backed up by itself.
    Gen4,
    /// One node, one tenant, no physical backup.
    Seekdb,
}

/// The available methods of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BackupAbility {
    /// Only logical backup.
    LogicalBackup,
    /// Only physical backup.
    PhysicalBackup,
    /// Both; physical is the first choice.
    LogicalAndPhysical,
}

impl BackupAbility {
    /// Returns whether the method is available.
    #[must_use]
    pub fn offers(self, method: BackupMethod) -> bool {
        match method {
            BackupMethod::Logical => self != Self::PhysicalBackup,
            BackupMethod::Physical => self != Self::LogicalBackup,
        }
    }

    /// Returns the default method.
    #[must_use]
    pub fn preferred(self) -> BackupMethod {
        if self == Self::LogicalBackup { BackupMethod::Logical } else { BackupMethod::Physical }
    }
}

/// The abilities of a server of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// The protocol of its connections.
    pub generation: Generation,
    /// The available methods.
    pub backup: BackupAbility,
}

/// Returns what a server can do, or why it can't be taken over (20000 for a version without backup).
///
/// # Errors
/// MySQL and MariaDB are refused, and any OceanBase older than [`OLDEST`].
pub fn abilities(server: &ServerVersion) -> Result<Abilities, Problem> {
    let (generation, backup) = match server.product {
        Product::Seekdb => (Generation::Seekdb, BackupAbility::LogicalBackup),
        Product::Oceanbase if server.version >= Version::new(4, 0, 0) => {
            (Generation::Gen4, BackupAbility::LogicalAndPhysical)
        }
        Product::Oceanbase if server.version >= OLDEST => (Generation::Gen3, BackupAbility::PhysicalBackup),
        Product::Oceanbase => {
            return Err(Problem::refused(codes::VERSION_WITHOUT_BACKUP, "version-too-old")
                .with("version", server)
                .with("oldest", "2.2.77"));
        }
        Product::Mysql | Product::Mariadb => {
            return Err(Problem::refused(codes::INVALID, "not-an-oceanbase").with("found", server));
        }
    };
    Ok(Abilities { generation, backup })
}

#[cfg(test)]
mod tests {
    use super::{BackupAbility, Generation, abilities};
    use crate::backup::BackupMethod;
    use crate::version::{Product, ServerVersion};

    #[test]
    fn each_version_offers_the_methods_of_the_table() {
        let cases = [
            (Product::Seekdb, "1.4.0.0", Some((Generation::Seekdb, BackupAbility::LogicalBackup))),
            (Product::Oceanbase, "2.2.76", None),
            (Product::Oceanbase, "2.2.77", Some((Generation::Gen3, BackupAbility::PhysicalBackup))),
            (Product::Oceanbase, "3.2.4", Some((Generation::Gen3, BackupAbility::PhysicalBackup))),
            (Product::Oceanbase, "4.0.0", Some((Generation::Gen4, BackupAbility::LogicalAndPhysical))),
            (Product::Oceanbase, "4.4.1", Some((Generation::Gen4, BackupAbility::LogicalAndPhysical))),
            (Product::Mariadb, "10.11.19", None),
        ];
        for (product, version, expected) in cases {
            let server =
                ServerVersion { product, version: version.parse().expect("a version"), community: false };
            let found = abilities(&server).ok().map(|found| (found.generation, found.backup));
            assert_eq!(found, expected, "{server}");
        }
    }

    #[test]
    fn physical_is_preselected_wherever_it_exists() {
        assert_eq!(BackupAbility::LogicalAndPhysical.preferred(), BackupMethod::Physical);
        assert_eq!(BackupAbility::LogicalBackup.preferred(), BackupMethod::Logical);
        assert!(!BackupAbility::PhysicalBackup.offers(BackupMethod::Logical));
    }
}
