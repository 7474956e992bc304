//! Recovering the tenants of a cluster in one go: the source, the time and the target of all of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::tenant_recovery::{
    RecoverUntil, RecoveredRole, check_passwords, check_primary_zone, check_tenant_name,
};
use crate::Secret;
use crate::id::{ClusterId, TenantId};
use crate::physical::resources::TargetResources;
use crate::problem::Problem;

/// How many tenants are restored at the same time, unless the order says otherwise.
pub const PARALLEL: u32 = 2;

/// How many tenants can be restored at the same time.
pub const PARALLEL_MAX: u32 = 32;

/// A recovery of the tenants of a cluster. The JSON form has no secrets.
#[derive(Debug, Clone, Serialize)]
pub struct ClusterRecovery {
    /// The cluster that was backed up.
    pub source: ClusterId,
    /// The tenants; none means all user tenants of the cluster.
    pub tenants: Vec<TenantId>,
    /// The time that all are recovered to, or the latest one of each.
    pub until: RecoverUntil,
    /// The cluster to recover into.
    pub cluster: ClusterId,
    /// Appended to the name of each tenant that has no new name.
    pub suffix: String,
    /// The target's zone for a zone of the source; others keep their names.
    pub zones: BTreeMap<String, String>,
    /// What differs for single tenants.
    pub wishes: BTreeMap<TenantId, TenantWish>,
    /// How many tenants are restored at the same time.
    pub parallel: u32,
    /// The role of the tenants after the recovery.
    pub role: RecoveredRole,
    /// The passwords of encrypted sets.
    #[serde(skip)]
    pub passwords: Vec<Secret>,
}

/// What an order says about one tenant. Omitted fields follow from the source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantWish {
    /// The name of the new tenant.
    pub name: Option<String>,
    /// The resources of the new tenant.
    pub resources: Option<TargetResources>,
    /// The zones in order of priority for leaders.
    pub primary_zone: Option<String>,
}

impl ClusterRecovery {
    /// Checks everything that needs no other data.
    ///
    /// # Errors
    /// Fails for a set instead of a time, a limit outside 1 to [`PARALLEL_MAX`], and as the order of one tenant does.
    pub fn checked(self) -> Result<Self, Problem> {
        if let RecoverUntil::Set(_) = self.until {
            return Err(Problem::invalid("cluster-recovery-to-set"));
        }
        self.until.check()?;
        check_passwords(&self.passwords)?;
        if !(1..=PARALLEL_MAX).contains(&self.parallel) {
            let problem = Problem::invalid("cluster-recovery-parallel-outside");
            return Err(problem.with("parallel", self.parallel).with("most", PARALLEL_MAX));
        }
        check_tenant_name(&format!("t{}", self.suffix)).map_err(|_| {
            Problem::invalid("cluster-recovery-suffix-malformed").with("suffix", &self.suffix)
        })?;
        for wish in self.wishes.values() {
            wish.name.as_deref().map_or(Ok(()), check_tenant_name)?;
            wish.resources.as_ref().map_or(Ok(()), TargetResources::check_names)?;
            check_primary_zone(wish.primary_zone.as_deref())?;
        }
        Ok(self)
    }

    /// Returns the name of the new tenant.
    ///
    /// # Errors
    /// If it is not a valid name.
    pub fn name_of(&self, tenant: TenantId, old: &str) -> Result<String, Problem> {
        let wished = self.wishes.get(&tenant).and_then(|wish| wish.name.clone());
        let name = wished.unwrap_or_else(|| format!("{old}{}", self.suffix));
        check_tenant_name(&name)?;
        Ok(name)
    }

    /// Returns all its secrets, in a fixed order.
    pub(super) fn secrets(&self) -> Vec<&str> {
        self.passwords.iter().map(Secret::expose).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{ClusterRecovery, PARALLEL_MAX, TenantWish};
    use crate::Secret;
    use crate::id::{ClusterId, TenantId};
    use crate::order::{Order, RecoverUntil, RecoveredRole, RecoveryOrder};
    use crate::physical::resources::TargetResources;

    fn order() -> ClusterRecovery {
        ClusterRecovery {
            source: ClusterId(1),
            tenants: Vec::new(),
            until: RecoverUntil::Latest,
            cluster: ClusterId(2),
            suffix: "_r".into(),
            zones: BTreeMap::new(),
            wishes: BTreeMap::new(),
            parallel: 2,
            role: RecoveredRole::Primary,
            passwords: Vec::new(),
        }
    }

    fn wishing(wish: TenantWish) -> ClusterRecovery {
        ClusterRecovery { wishes: [(TenantId(1002), wish)].into(), ..order() }
    }

    #[test]
    fn what_can_never_be_recovered_is_refused_before_anything_is_looked_at() {
        let named = |name: &str| wishing(TenantWish { name: Some(name.into()), ..TenantWish::default() });
        let pools = TargetResources::Pools(Vec::new());
        let cases = [
            (order(), None),
            (ClusterRecovery { suffix: String::new(), ..order() }, None),
            (named("books"), None),
            (ClusterRecovery { until: RecoverUntil::Set(3), ..order() }, Some("cluster-recovery-to-set")),
            (ClusterRecovery { until: RecoverUntil::Scn(0), ..order() }, Some("recovery-moment-malformed")),
            (ClusterRecovery { parallel: 0, ..order() }, Some("cluster-recovery-parallel-outside")),
            (
                ClusterRecovery { parallel: PARALLEL_MAX + 1, ..order() },
                Some("cluster-recovery-parallel-outside"),
            ),
            (ClusterRecovery { suffix: "-r".into(), ..order() }, Some("cluster-recovery-suffix-malformed")),
            (ClusterRecovery { passwords: vec![Secret::new("")], ..order() }, Some("backup-password-empty")),
            (named("sys"), Some("recovery-tenant-name-malformed")),
            (
                wishing(TenantWish { resources: Some(pools), ..TenantWish::default() }),
                Some("recovery-resources-missing"),
            ),
            (
                wishing(TenantWish { primary_zone: Some("z'".into()), ..TenantWish::default() }),
                Some("recovery-primary-zone-malformed"),
            ),
        ];
        for (place, (order, expected)) in cases.into_iter().enumerate() {
            let refusal = order.checked().err().map(|problem| problem.text.id);
            assert_eq!(refusal.as_deref(), expected, "{place}");
        }
    }

    #[test]
    fn a_tenant_gets_its_own_name_or_the_suffix() {
        let order = wishing(TenantWish { name: Some("books".into()), ..TenantWish::default() });
        assert_eq!(order.name_of(TenantId(1002), "shop").as_deref(), Ok("books"));
        assert_eq!(order.name_of(TenantId(1004), "shop").as_deref(), Ok("shop_r"));
        assert!(order.name_of(TenantId(1004), &"t".repeat(62)).is_err(), "too long with the suffix");
    }

    #[test]
    fn orders_that_differ_only_in_a_password_are_distinguished_and_no_json_shows_it() {
        let order = |password: &str| {
            let order = ClusterRecovery { passwords: vec![Secret::new(password)], ..order() };
            Order::Recovery(RecoveryOrder::Cluster(Box::new(order)))
        };
        let one = order("hunter2");
        assert_eq!(one.in_full(), order("hunter2").in_full());
        assert_ne!(one.in_full(), order("hunter3").in_full());
        assert!(!serde_json::to_string(&one).expect("JSON").contains("hunter2"));
    }
}
