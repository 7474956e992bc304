//! Recovering tables and databases from a physical backup into an existing tenant: source, time, objects and target.

use serde::Serialize;

use super::tenant_recovery::{RecoverUntil, RecoverySource, check_passwords, key_of};
use crate::Secret;
use crate::ability::Generation;
use crate::id::ClusterId;
use crate::physical::resources::TargetResources;
use crate::physical::table_recovery::{RecoveredObject, TABLES_SINCE, check_objects};
use crate::problem::{Problem, codes};
use crate::version::ServerVersion;

/// A recovery of tables. The JSON form has no secrets.
#[derive(Debug, Clone, Serialize)]
pub struct TableRecovery {
    /// The source.
    pub source: RecoverySource,
    /// The time to recover to.
    pub until: RecoverUntil,
    /// The cluster to recover into.
    pub cluster: ClusterId,
    /// The name of the tenant to recover into. It exists.
    pub tenant: String,
    /// The tables and databases.
    pub objects: Vec<RecoveredObject>,
    /// The free resource pools on which the database restores an auxiliary tenant meanwhile.
    pub pools: Vec<String>,
    /// The passwords of encrypted sets.
    #[serde(skip)]
    pub passwords: Vec<Secret>,
}

impl TableRecovery {
    /// Checks everything that needs no other data.
    ///
    /// # Errors
    /// Fails for the sys tenant or no tenant, no pools, an empty password, a time or set of 0, and as
    /// [`check_objects`].
    pub fn checked(self) -> Result<Self, Problem> {
        if self.tenant.trim().is_empty() || self.tenant.eq_ignore_ascii_case("sys") {
            return Err(Problem::invalid("table-recovery-tenant-unfit").with("tenant", &self.tenant));
        }
        if self.pools.is_empty() {
            return Err(Problem::invalid("table-recovery-pools-missing"));
        }
        TargetResources::Pools(self.pools.clone()).check_names()?;
        self.until.check()?;
        check_passwords(&self.passwords)?;
        check_objects(&self.objects)?;
        Ok(self)
    }

    /// Returns all its secrets, in a fixed order.
    pub(super) fn secrets(&self) -> Vec<&str> {
        key_of(&self.source).into_iter().chain(&self.passwords).map(Secret::expose).collect()
    }
}

/// Checks that a cluster can recover single tables.
///
/// # Errors
/// 20108 before 4.2.1, and for seekdb.
pub fn takes_tables(generation: Generation, server: &ServerVersion) -> Result<(), Problem> {
    if generation == Generation::Gen4 && server.version >= TABLES_SINCE {
        return Ok(());
    }
    let refusal = Problem::refused(codes::METHOD_UNSUPPORTED, "table-recovery-not-offered");
    Err(refusal.with("server", server).with("since", TABLES_SINCE))
}

#[cfg(test)]
mod tests {
    use super::{TableRecovery, takes_tables};
    use crate::Secret;
    use crate::ability::Generation::{self, Gen3, Gen4, Seekdb};
    use crate::backup::BackupObject;
    use crate::id::{ClusterId, TenantId};
    use crate::order::{Order, RecoverUntil, RecoveryOrder, RecoverySource};
    use crate::physical::table_recovery::RecoveredObject;
    use crate::version::{Product, ServerVersion};

    fn order() -> TableRecovery {
        let orders = BackupObject::Table("shop".into(), "orders".into());
        TableRecovery {
            source: RecoverySource::Cluster { cluster: ClusterId(1), tenant: TenantId(1002) },
            until: RecoverUntil::Latest,
            cluster: ClusterId(1),
            tenant: "shop".into(),
            objects: vec![RecoveredObject { from: orders.clone(), to: orders }],
            pools: vec!["spare".into()],
            passwords: Vec::new(),
        }
    }

    #[test]
    fn what_can_never_be_recovered_is_refused_before_anything_is_looked_at() {
        let cases = [
            (order(), None),
            (TableRecovery { tenant: "SYS".into(), ..order() }, Some("table-recovery-tenant-unfit")),
            (TableRecovery { tenant: " ".into(), ..order() }, Some("table-recovery-tenant-unfit")),
            (TableRecovery { pools: Vec::new(), ..order() }, Some("table-recovery-pools-missing")),
            (
                TableRecovery { pools: vec!["a,b".into()], ..order() },
                Some("recovery-resource-name-malformed"),
            ),
            (TableRecovery { until: RecoverUntil::Scn(0), ..order() }, Some("recovery-moment-malformed")),
            (TableRecovery { until: RecoverUntil::Set(-1), ..order() }, Some("recovery-moment-malformed")),
            (TableRecovery { passwords: vec![Secret::new("")], ..order() }, Some("backup-password-empty")),
            (TableRecovery { objects: Vec::new(), ..order() }, Some("table-recovery-of-nothing")),
        ];
        for (order, expected) in cases {
            let shown = format!("{order:?}");
            let found = order.checked().err().map(|problem| problem.text.id);
            assert_eq!(found.as_deref(), expected, "{shown}");
        }
    }

    #[test]
    fn only_4_2_1_and_later_recover_tables() {
        let cases: [(Generation, Product, &str, bool); 8] = [
            (Gen3, Product::Oceanbase, "2.2.77", false),
            (Gen3, Product::Oceanbase, "3.2.4.5", false),
            (Gen4, Product::Oceanbase, "4.0.0.0", false),
            (Gen4, Product::Oceanbase, "4.2.0.0", false),
            (Gen4, Product::Oceanbase, "4.2.1.0", true),
            (Gen4, Product::Oceanbase, "4.2.5.3", true),
            (Gen4, Product::Oceanbase, "4.6.0.0", true),
            (Seekdb, Product::Seekdb, "4.3.5.0", false),
        ];
        for (generation, product, version, is_offered) in cases {
            let server =
                ServerVersion { product, version: version.parse().expect("a version"), community: false };
            assert_eq!(takes_tables(generation, &server).is_ok(), is_offered, "{version}");
        }
    }

    #[test]
    fn recoveries_that_differ_only_in_a_password_are_distinguished_and_no_json_shows_it() {
        let order = |password: &str| {
            let order = TableRecovery { passwords: vec![Secret::new(password)], ..order() };
            Order::Recovery(RecoveryOrder::Tables(Box::new(order)))
        };
        let one = order("hunter2");
        assert_eq!(one.in_full(), order("hunter2").in_full());
        assert_ne!(one.in_full(), order("hunter3").in_full());
        let shown = format!("{one:?} {}", serde_json::to_string(&one).expect("JSON"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
