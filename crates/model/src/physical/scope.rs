//! The scope of one backup statement: on 4.x one tenant, before that the whole cluster or a list of tenants.

use serde::{Deserialize, Serialize};

use super::SYS;
use crate::ability::Generation;
use crate::backup::DataBackupMode;
use crate::id::TenantId;
use crate::problem::{Problem, codes};
use crate::tenant::Tenant;
use crate::version::{ServerVersion, Version};

/// The oldest 3.x that backs up single tenants.
const TENANT_BACKUP_SINCE: Version = Version::new(3, 2, 2).at_build(20_220_304_134_610);

/// The most tenants that one statement takes on 3.x.
const TENANTS_MAX: usize = 256;

/// The scope of one backup statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// 3.x: all tenants, in one job.
    Cluster,
    /// 3.x: some tenants, in one job, into an empty directory of their own.
    Tenants {
        /// Their names.
        names: Vec<String>,
    },
    /// 4.x: one tenant.
    Tenant {
        /// Its number.
        id: TenantId,
        /// Its name.
        name: String,
    },
}

impl Scope {
    /// Returns the tenant whose rows show the status.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        match self {
            Self::Tenant { id, .. } => *id,
            Self::Cluster | Self::Tenants { .. } => SYS,
        }
    }
}

/// Checks that a single tenant can be chosen for a physical backup.
///
/// # Errors
/// 20108 for the sys tenant and for seekdb, 20300 for a version that backs up only the whole cluster.
pub fn check_tenant(server: &ServerVersion, generation: Generation, tenant: &Tenant) -> Result<(), Problem> {
    let unsupported = |id| Problem::refused(codes::METHOD_UNSUPPORTED, id);
    match generation {
        Generation::Seekdb => Err(unsupported("physical-not-offered")),
        _ if tenant.id == SYS => Err(unsupported("physical-not-of-sys")),
        Generation::Gen3 if server.version < TENANT_BACKUP_SINCE => {
            let refusal = Problem::refused(codes::TENANT_BACKUP_UNSUPPORTED, "tenant-backup-unsupported");
            Err(refusal.with("version", server))
        }
        Generation::Gen3 | Generation::Gen4 => Ok(()),
    }
}

/// Returns the lanes of a backup, each with its key: on 4.x a lane for each tenant, before that a single one.
///
/// # Errors
/// 20300 for single tenants of a version that backs up only the whole cluster, 20302 for an incremental backup of
/// single tenants, 20107 if nothing is left to back up.
pub fn lanes(
    server: &ServerVersion,
    generation: Generation,
    chosen: &[Tenant],
    is_whole_cluster: bool,
    mode: DataBackupMode,
) -> Result<Vec<(String, Scope)>, Problem> {
    let nothing = || Problem::refused(codes::NO_BACKUP_OBJECT, "backup-without-tenant");
    match generation {
        Generation::Seekdb => Err(Problem::refused(codes::METHOD_UNSUPPORTED, "physical-not-offered")),
        Generation::Gen4 => {
            let lanes: Vec<_> = chosen
                .iter()
                .filter(|tenant| tenant.id != SYS)
                .map(|tenant| {
                    (tenant.name.clone(), Scope::Tenant { id: tenant.id, name: tenant.name.clone() })
                })
                .collect();
            if lanes.is_empty() { Err(nothing()) } else { Ok(lanes) }
        }
        Generation::Gen3 if is_whole_cluster => Ok(vec![("cluster".to_owned(), Scope::Cluster)]),
        Generation::Gen3 => {
            let names: Vec<_> =
                chosen.iter().filter(|tenant| tenant.id != SYS).map(|tenant| tenant.name.clone()).collect();
            if server.version < TENANT_BACKUP_SINCE {
                let refusal = Problem::refused(codes::TENANT_BACKUP_UNSUPPORTED, "tenant-backup-unsupported");
                return Err(refusal.with("version", server));
            }
            if mode == DataBackupMode::Incremental {
                return Err(Problem::refused(
                    codes::TENANT_BACKUP_IS_FULL_ONLY,
                    "tenant-backup-is-full-only",
                ));
            }
            if names.is_empty() {
                return Err(nothing());
            }
            if names.len() > TENANTS_MAX {
                return Err(Problem::invalid("tenant-backup-of-too-many").with("most", TENANTS_MAX));
            }
            Ok(vec![("tenants".to_owned(), Scope::Tenants { names })])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Scope, check_tenant, lanes};
    use crate::ability::Generation::{self, Gen3, Gen4, Seekdb};
    use crate::backup::DataBackupMode::{self, Full, Incremental};
    use crate::id::TenantId;
    use crate::tenant::{Tenant, TenantMode};
    use crate::version::{Product, ServerVersion};

    fn tenant(id: i64, name: &str) -> Tenant {
        let text = String::new;
        Tenant {
            id: TenantId(id),
            name: name.to_owned(),
            mode: TenantMode::Mysql,
            status: "NORMAL".to_owned(),
            role: "PRIMARY".to_owned(),
            locked: false,
            primary_zone: text(),
            locality: text(),
            data_version: None,
        }
    }

    type Case = (Generation, &'static str, bool, DataBackupMode, Result<usize, u32>);

    #[test]
    fn lanes_follow_the_version() {
        let tenants = [tenant(1, "sys"), tenant(1002, "a"), tenant(1004, "b")];
        let cases: [Case; 8] = [
            (Gen4, "4.2.5", true, Full, Ok(2)),
            (Gen4, "4.0.0", false, Incremental, Ok(2)),
            (Gen3, "2.2.77", true, Incremental, Ok(1)),
            (Gen3, "3.1.5", false, Full, Err(20300)),
            (Gen3, "3.2.2-20220101000000", false, Full, Err(20300)),
            (Gen3, "3.2.2-20220304134610", false, Full, Ok(1)),
            (Gen3, "3.2.4", false, Incremental, Err(20302)),
            (Seekdb, "1.4.0", true, Full, Err(20108)),
        ];
        for (generation, version, is_whole_cluster, mode, expected) in cases {
            let version = version.parse().expect("a version");
            let server = ServerVersion { product: Product::Oceanbase, version, community: false };
            let found = lanes(&server, generation, &tenants, is_whole_cluster, mode);
            assert_eq!(found.map(|lanes| lanes.len()).map_err(|problem| problem.code), expected, "{server}");
        }
    }

    #[test]
    fn single_tenants_can_be_chosen_where_the_version_backs_them_up() {
        let cases = [
            (Gen4, "4.2.5", 1, Some("physical-not-of-sys")),
            (Gen4, "4.2.5", 1002, None),
            (Gen3, "3.1.5", 1, Some("physical-not-of-sys")),
            (Gen3, "3.1.5", 1001, Some("tenant-backup-unsupported")),
            (Gen3, "3.2.4", 1001, None),
            (Seekdb, "1.4.0", 1, Some("physical-not-offered")),
        ];
        for (generation, version, id, expected) in cases {
            let version = version.parse().expect("a version");
            let server = ServerVersion { product: Product::Oceanbase, version, community: false };
            let refusal = check_tenant(&server, generation, &tenant(id, "t")).err();
            assert_eq!(refusal.map(|problem| problem.text.id).as_deref(), expected, "{server} {id}");
        }
    }

    #[test]
    fn the_sys_tenant_is_never_backed_up_on_4() {
        let version = "4.2.5".parse().expect("a version");
        let server = ServerVersion { product: Product::Oceanbase, version, community: false };
        let refusal = lanes(&server, Gen4, &[tenant(1, "sys")], false, Full).expect_err("nothing is left");
        assert_eq!(refusal.code, 20107);
        let found =
            lanes(&server, Gen4, &[tenant(1, "sys"), tenant(1002, "a")], false, Full).expect("one is");
        assert_eq!(found, [("a".to_owned(), Scope::Tenant { id: TenantId(1002), name: "a".to_owned() })]);
    }
}
