//! Recovering a tenant from a physical backup: source, time and target.

use serde::{Deserialize, Serialize};

use super::storage_choice::StorageChoice;
use crate::Secret;
use crate::ability::Generation;
use crate::backup::BackupObject;
use crate::id::{ClusterId, TenantId};
use crate::physical::resources::TargetResources;
use crate::physical::restore::TableName;
use crate::physical::table_recovery::{RecoveredObject, check_objects};
use crate::problem::{Problem, codes};
use crate::time::Timestamp;
use crate::version::ServerVersion;

/// The most characters of a tenant's name.
const LONGEST_TENANT: usize = 63;

/// A recovery of a tenant. The JSON form has no secrets.
#[derive(Debug, Clone, Serialize)]
pub struct TenantRecovery {
    /// The source.
    pub source: RecoverySource,
    /// The time to recover to.
    pub until: RecoverUntil,
    /// The cluster to recover into.
    pub cluster: ClusterId,
    /// The name of the tenant that is created.
    pub tenant: String,
    /// The resources of the tenant.
    pub resources: TargetResources,
    /// The zones in order of priority for leaders; `None` leaves it to the cluster.
    pub primary_zone: Option<String>,
    /// The role of the tenant after the recovery.
    pub role: RecoveredRole,
    /// Only these tables of the tenant; empty means everything. Only before 4.0.
    pub tables: Vec<TableName>,
    /// The passwords of encrypted sets.
    #[serde(skip)]
    pub passwords: Vec<Secret>,
}

/// The source of a tenant recovery.
#[derive(Debug, Clone, Serialize)]
pub enum RecoverySource {
    /// The backups of a tenant whose cluster responds.
    Cluster {
        /// The cluster.
        cluster: ClusterId,
        /// The tenant that was backed up.
        tenant: TenantId,
    },
    /// A storage alone: the cluster may be gone.
    Storage {
        /// The storage.
        storage: Box<StorageChoice>,
        /// The owner of the backups.
        owner: BackupOwner,
        /// The folder of the data backups below the storage's base; `None`: derived from the owner.
        data_folder: Option<String>,
        /// The folder of the log backups below the storage's base; `None`: derived from the owner.
        log_folder: Option<String>,
    },
}

/// The owner of the backups in a storage, in OceanBase's terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupOwner {
    /// The cluster's own name.
    pub cluster_name: String,
    /// The cluster's own ID.
    pub cluster_id: i64,
    /// The tenant's ID.
    pub tenant: TenantId,
    /// The tenant's name; empty if unknown.
    pub tenant_name: String,
}

/// The time that a tenant is recovered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecoverUntil {
    /// The latest recoverable time.
    Latest,
    /// A time.
    Time(Timestamp),
    /// An SCN: nanoseconds since 1970, or microseconds of 2.2.77 and 3.x.
    Scn(u64),
    /// The end of a backup set, by the cluster's own set ID: the earliest time that the set can be recovered to.
    Set(i64),
}

impl RecoverUntil {
    /// Refuses a time or set of 0 or less.
    pub(super) fn check(self) -> Result<(), Problem> {
        let is_no_set = matches!(self, Self::Set(set) if set <= 0);
        if is_no_set || self.scn(Generation::Gen4) == Some(0) {
            return Err(Problem::invalid("recovery-moment-malformed"));
        }
        Ok(())
    }

    /// Returns the SCN in the unit of a generation: nanoseconds, before 4.0 microseconds. `None` if the backups
    /// determine it.
    #[must_use]
    pub fn scn(self, generation: Generation) -> Option<u64> {
        let micros = |time: Timestamp| u64::try_from(time.0).unwrap_or(0);
        match (self, generation) {
            (Self::Latest | Self::Set(_), _) => None,
            (Self::Time(time), Generation::Gen3) => Some(micros(time)),
            (Self::Time(time), _) => Some(micros(time).saturating_mul(1_000)),
            (Self::Scn(scn), Generation::Gen3) => Some(micros(Timestamp::from_scn(scn))),
            (Self::Scn(scn), _) => Some(scn),
        }
    }
}

/// The role of a recovered tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecoveredRole {
    /// It is activated: users write to it.
    #[default]
    Primary,
    /// It stays a standby, read-only until it is activated.
    Standby,
}

impl TenantRecovery {
    /// Checks everything that needs no other data.
    ///
    /// # Errors
    /// Fails for an invalid tenant name, an empty password, a time or set of 0, empty resources, and for tables as
    /// [`check_objects`].
    pub fn checked(self) -> Result<Self, Problem> {
        check_tenant_name(&self.tenant)?;
        self.resources.check_names()?;
        self.until.check()?;
        check_passwords(&self.passwords)?;
        check_primary_zone(self.primary_zone.as_deref())?;
        if !self.tables.is_empty() {
            check_objects(&self.tables.iter().map(unchanged).collect::<Vec<_>>())?;
        }
        Ok(self)
    }

    /// Returns all its secrets, in a fixed order.
    pub(super) fn secrets(&self) -> Vec<&str> {
        key_of(&self.source).into_iter().chain(&self.passwords).map(Secret::expose).collect()
    }
}

/// Returns a table as an object that keeps its name.
fn unchanged(TableName { database, table }: &TableName) -> RecoveredObject {
    let name = BackupObject::Table(database.clone(), table.clone());
    RecoveredObject { from: name.clone(), to: name }
}

/// Checks that a cluster can restore a tenant with only some of its tables.
///
/// # Errors
/// 20108 for 4.0 and later, and for seekdb.
pub fn takes_table_list(generation: Generation, server: &ServerVersion) -> Result<(), Problem> {
    if generation == Generation::Gen3 {
        return Ok(());
    }
    let refusal = Problem::refused(codes::METHOD_UNSUPPORTED, "recovery-table-list-not-offered");
    Err(refusal.with("server", server))
}

/// Returns the access key of a storage that was typed in.
pub(super) fn key_of(source: &RecoverySource) -> Option<&Secret> {
    let RecoverySource::Storage { storage, .. } = source else { return None };
    match &**storage {
        StorageChoice::Typed { secret, .. } => secret.as_ref(),
        StorageChoice::Saved(_) => None,
    }
}

/// Checks the passwords of encrypted sets.
pub(super) fn check_passwords(passwords: &[Secret]) -> Result<(), Problem> {
    if passwords.iter().any(Secret::is_empty) {
        return Err(Problem::invalid("backup-password-empty"));
    }
    Ok(())
}

/// Checks the primary zone of a new tenant.
pub(super) fn check_primary_zone(zones: Option<&str>) -> Result<(), Problem> {
    let zones = zones.unwrap_or("RANDOM");
    let is_zone = |c: char| c.is_ascii_alphanumeric() || "_-.,; ".contains(c);
    if zones.trim().is_empty() || !zones.chars().all(is_zone) {
        return Err(Problem::invalid("recovery-primary-zone-malformed").with("zones", zones));
    }
    Ok(())
}

/// Checks the name of a new tenant: letters, digits and underscores, and not a name that OceanBase reserves.
pub(super) fn check_tenant_name(name: &str) -> Result<(), Problem> {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let begins_well = name.chars().next().is_some_and(|c| !c.is_ascii_digit());
    let is_kept = ["sys", "gts", "oceanbase"].contains(&name.to_ascii_lowercase().as_str());
    if is_plain && begins_well && !is_kept && name.len() <= LONGEST_TENANT {
        Ok(())
    } else {
        let problem = Problem::invalid("recovery-tenant-name-malformed");
        Err(problem.with("tenant", name).with("most", LONGEST_TENANT))
    }
}

#[cfg(test)]
mod tests {
    use super::{BackupOwner, RecoverUntil, RecoveredRole, RecoverySource, TenantRecovery};
    use crate::Secret;
    use crate::id::{ClusterId, TenantId};
    use crate::order::{Order, RecoveryOrder, StorageChoice};
    use crate::physical::resources::TargetResources;
    use crate::physical::restore::TableName;
    use crate::storage::StorageLocation;
    use crate::time::Timestamp;

    fn order() -> TenantRecovery {
        TenantRecovery {
            source: RecoverySource::Cluster { cluster: ClusterId(1), tenant: TenantId(1002) },
            until: RecoverUntil::Latest,
            cluster: ClusterId(1),
            tenant: "shop_2".into(),
            resources: TargetResources::Pools(vec!["p".into()]),
            primary_zone: None,
            role: RecoveredRole::Primary,
            tables: Vec::new(),
            passwords: Vec::new(),
        }
    }

    #[test]
    fn what_can_never_be_recovered_is_refused_before_anything_is_looked_at() {
        let long = "t".repeat(64);
        for (name, is_good) in [
            ("shop_2", true),
            ("Shop", true),
            ("", false),
            ("2shop", false),
            ("a b", false),
            ("a`b", false),
            ("SYS", false),
            (&*long, false),
        ] {
            let checked = TenantRecovery { tenant: name.into(), ..order() }.checked();
            let expected = (!is_good).then_some("recovery-tenant-name-malformed");
            assert_eq!(checked.err().map(|problem| problem.text.id).as_deref(), expected, "{name}");
        }
        let id = |order: TenantRecovery| order.checked().err().map(|problem| problem.text.id);
        let cases = [
            (TenantRecovery { until: RecoverUntil::Scn(0), ..order() }, "recovery-moment-malformed"),
            (TenantRecovery { until: RecoverUntil::Set(0), ..order() }, "recovery-moment-malformed"),
            (
                TenantRecovery { until: RecoverUntil::Time(Timestamp(-5)), ..order() },
                "recovery-moment-malformed",
            ),
            (TenantRecovery { passwords: vec![Secret::new("")], ..order() }, "backup-password-empty"),
            (
                TenantRecovery { primary_zone: Some("z1'".into()), ..order() },
                "recovery-primary-zone-malformed",
            ),
            (
                TenantRecovery { resources: TargetResources::Pools(Vec::new()), ..order() },
                "recovery-resources-missing",
            ),
            (TenantRecovery { tables: vec![table(""), table("a")], ..order() }, "table-name-malformed"),
            (TenantRecovery { tables: vec![table("a"), table("a")], ..order() }, "table-recovery-overlaps"),
        ];
        for (order, expected) in cases {
            assert_eq!(id(order).as_deref(), Some(expected));
        }
        assert_eq!(id(TenantRecovery { primary_zone: Some("z1;z2,z3".into()), ..order() }), None);
        assert_eq!(id(TenantRecovery { tables: vec![table("a"), table("b")], ..order() }), None);
    }

    fn table(name: &str) -> TableName {
        TableName { database: "shop".into(), table: name.into() }
    }

    #[test]
    fn a_moment_is_counted_as_the_cluster_counts() {
        use crate::ability::Generation::{Gen3, Gen4};
        let micros = 1_763_805_600_123_456;
        let time = RecoverUntil::Time(Timestamp(1_763_805_600_123_456));
        let cases = [
            (time, Gen4, Some(micros * 1_000)),
            (time, Gen3, Some(micros)),
            (RecoverUntil::Scn(micros * 1_000 + 7), Gen4, Some(micros * 1_000 + 7)),
            (RecoverUntil::Scn(micros * 1_000 + 7), Gen3, Some(micros)),
            (RecoverUntil::Scn(micros), Gen3, Some(micros)),
            (RecoverUntil::Latest, Gen3, None),
            (RecoverUntil::Set(3), Gen4, None),
        ];
        for (until, generation, expected) in cases {
            assert_eq!(until.scn(generation), expected, "{until:?} {generation:?}");
        }
    }

    #[test]
    fn recoveries_that_differ_only_in_a_secret_are_distinguished_and_no_json_shows_it() {
        let order = |password: &str, key: &str| {
            let location = StorageLocation::directory("/backup").expect("a path");
            let owner = BackupOwner {
                cluster_name: "ob".into(),
                cluster_id: 1,
                tenant: TenantId(1002),
                tenant_name: String::new(),
            };
            let source = RecoverySource::Storage {
                storage: Box::new(StorageChoice::Typed { location, secret: Some(Secret::new(key)) }),
                owner,
                data_folder: None,
                log_folder: None,
            };
            let order = TenantRecovery { source, passwords: vec![Secret::new(password)], ..order() };
            Order::Recovery(RecoveryOrder::Tenant(Box::new(order)))
        };
        let one = order("hunter2", "s3cr3t");
        assert_eq!(one.in_full(), order("hunter2", "s3cr3t").in_full());
        assert_ne!(one.in_full(), order("hunter3", "s3cr3t").in_full());
        assert_ne!(one.in_full(), order("hunter2", "other").in_full());
        let shown = format!("{one:?} {}", serde_json::to_string(&one).expect("JSON"));
        assert!(!shown.contains("hunter2") && !shown.contains("s3cr3t"), "{shown}");
    }
}
