//! The recovery of the tenants of a cluster in one go: the request and its plan.

use std::collections::BTreeMap;

use control::restores::{ClusterRecoveryPlan, PlannedTenant, PlannedUnits};
use model::Problem;
use model::id::{ClusterId, TenantId};
use model::order::{ClusterRecovery, PARALLEL, RecoverUntil, TenantWish};
use model::physical::capacity::{Amount, ZoneSum};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::plans::PlanView;
use super::secret::SecretText;
use super::tenant_recovery::{TenantRoleBody, moment};
use super::whole;
use super::zone_units::{ZoneBody, resources};

/// The tenants of a cluster, to recover from their physical backups.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ClusterRestoreBody {
    /// The cluster that was backed up; defaults to the path's.
    #[serde(default, deserialize_with = "whole::optional")]
    backup_cluster_id: Option<i64>,
    /// The tenants that were backed up; defaults to all user tenants of the cluster.
    #[serde(default, deserialize_with = "whole::list")]
    backup_tenant_id_list: Vec<i64>,
    /// The target cluster; defaults to the one that was backed up.
    #[serde(default, deserialize_with = "whole::optional")]
    restore_cluster_id: Option<i64>,
    /// The time that all tenants are recovered to, with its zone, to the microsecond. Defaults to the latest
    /// recoverable time of each tenant, if `restoreScn` is omitted too.
    #[schema(format = DateTime, example = "2026-11-22T10:00:00.000000+08:00")]
    restore_end_time: Option<String>,
    /// The SCN that all tenants are recovered to, as text: a JSON number cannot represent its 19 digits.
    #[schema(example = "1763805600123000000", pattern = "^[0-9]{1,20}$")]
    restore_scn: Option<String>,
    /// Appended to the names of the tenants.
    #[serde(default)]
    #[schema(example = "_r")]
    name_suffix: String,
    /// The target's zone for each zone of the source. Omitted zones keep their names.
    #[serde(default)]
    zone_mapping: BTreeMap<String, String>,
    /// The names and resources of single tenants. Other tenants get units like those in the source cluster.
    #[serde(default)]
    tenants: Vec<ClusterTenantBody>,
    /// The number of tenants that are restored at the same time; defaults to 2.
    #[serde(default, deserialize_with = "whole::optional")]
    #[schema(minimum = 1, maximum = 32)]
    parallel: Option<u32>,
    /// Whether the tenants are activated, or stay standbys.
    #[serde(default)]
    role: TenantRoleBody,
    /// The passwords of encrypted backups.
    #[serde(default)]
    passwords: Vec<SecretText>,
    /// Whether only the plan is returned.
    #[serde(default)]
    dry_run: bool,
}

/// What differs for one tenant.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ClusterTenantBody {
    /// The tenant that was backed up.
    #[serde(deserialize_with = "whole::required")]
    backup_tenant_id: i64,
    /// The name of the new tenant; defaults to the old name with the suffix.
    #[schema(max_length = 63)]
    name: Option<String>,
    /// The primary zone; defaults to that of the tenant that was backed up.
    primary_zone: Option<String>,
    /// The resources in each zone: a pool is created for each.
    #[serde(default)]
    zones: Vec<ZoneBody>,
    /// Free resource pools to use instead of new ones.
    #[serde(default)]
    pool_list: Vec<String>,
}

/// A request, read.
pub(crate) struct ClusterRestoreRequest {
    pub(crate) order: ClusterRecovery,
    pub(crate) dry_run: bool,
}

impl ClusterRestoreBody {
    /// Reads the request; `cluster` is the path's.
    pub(crate) fn read(self, cluster: ClusterId) -> Result<ClusterRestoreRequest, Problem> {
        let Self {
            backup_cluster_id,
            backup_tenant_id_list,
            restore_cluster_id,
            restore_end_time,
            restore_scn,
            name_suffix,
            zone_mapping,
            tenants,
            parallel,
            role,
            passwords,
            dry_run,
        } = self;
        let source = backup_cluster_id.map_or(cluster, ClusterId);
        let mut wishes = BTreeMap::new();
        for tenant in tenants {
            let (id, wish) = tenant.read()?;
            if wishes.insert(id, wish).is_some() {
                return Err(Problem::invalid("cluster-recovery-tenant-twice").with("tenant", id));
            }
        }
        let until: RecoverUntil = moment(restore_end_time, restore_scn, None)?;
        let order = ClusterRecovery {
            source,
            tenants: backup_tenant_id_list.into_iter().map(TenantId).collect(),
            until,
            cluster: restore_cluster_id.map_or(source, ClusterId),
            suffix: name_suffix,
            zones: zone_mapping,
            wishes,
            parallel: parallel.unwrap_or(PARALLEL),
            role: role.role(),
            passwords: passwords.into_iter().map(|password| password.0).collect(),
        };
        Ok(ClusterRestoreRequest { order: order.checked()?, dry_run })
    }
}

impl ClusterTenantBody {
    fn read(self) -> Result<(TenantId, TenantWish), Problem> {
        let Self { backup_tenant_id, name, primary_zone, zones, pool_list } = self;
        let resources = resources(zones, pool_list)?;
        let given = |text: &String| !text.trim().is_empty();
        let wish =
            TenantWish { name: name.filter(given), resources, primary_zone: primary_zone.filter(given) };
        Ok((TenantId(backup_tenant_id), wish))
    }
}

/// The plan of a recovery of a cluster's tenants.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClusterRestorePlanView {
    /// The tenants in the order in which they start.
    tenants: Vec<PlannedTenantView>,
    /// The resources of all tenants together, by zone of the target.
    zones: Vec<ZoneSumView>,
    /// The number of tenants that are restored at the same time.
    parallel: u32,
    /// The bytes of the backups of all tenants, as far as known.
    total_bytes: u64,
    /// The steps.
    plan: PlanView,
}

/// A tenant of a plan.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedTenantView {
    /// The tenant that was backed up.
    backup_tenant_id: i64,
    /// Its name.
    backup_tenant_name: String,
    /// The name of the new tenant.
    name: String,
    /// The time that it is recovered to; for the latest one, that at the time of the plan.
    #[schema(format = DateTime)]
    restore_end_time: String,
    /// The bytes of its backups, as far as known.
    bytes: u64,
    /// Its units in each zone; none if it uses existing pools.
    zones: Vec<PlannedUnitsView>,
    /// The existing pools that it uses.
    pool_list: Vec<String>,
    /// Its primary zone; absent if the cluster chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_zone: Option<String>,
}

/// The units of a new tenant in a zone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedUnitsView {
    /// The zone.
    name: String,
    /// The unit specification; absent if the recovery creates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_spec_name: Option<String>,
    /// The number of units.
    unit_count: u32,
    /// The size of each unit.
    size: AmountView,
}

/// What all tenants together need in a zone, and what is free there.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ZoneSumView {
    /// The zone.
    name: String,
    /// The number of units.
    unit_count: u64,
    /// The sum of the units.
    needed: AmountView,
    /// What is free on all servers of the zone.
    free: AmountView,
}

/// An amount of resources.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AmountView {
    /// CPUs.
    cpu: f64,
    /// Memory.
    memory_bytes: u64,
    /// Log disk; 0 before OceanBase 4.0.
    log_disk_bytes: u64,
}

impl From<Amount> for AmountView {
    fn from(amount: Amount) -> Self {
        let Amount { cpu_hundredths, memory_bytes, log_disk_bytes } = amount;
        #[expect(clippy::cast_precision_loss, reason = "a number of CPUs has few digits")]
        let cpu = cpu_hundredths as f64 / 100.0;
        Self { cpu, memory_bytes, log_disk_bytes }
    }
}

impl From<ZoneSum> for ZoneSumView {
    fn from(sum: ZoneSum) -> Self {
        let ZoneSum { zone, units, needs, free } = sum;
        Self { name: zone, unit_count: units, needed: needs.into(), free: free.into() }
    }
}

impl From<PlannedUnits> for PlannedUnitsView {
    fn from(units: PlannedUnits) -> Self {
        let PlannedUnits { zone, unit, count, size } = units;
        Self { name: zone, unit_spec_name: unit, unit_count: count, size: size.into() }
    }
}

impl From<PlannedTenant> for PlannedTenantView {
    fn from(tenant: PlannedTenant) -> Self {
        let PlannedTenant { tenant, tenant_name, name, moment, bytes, units, pools, primary_zone } = tenant;
        Self {
            backup_tenant_id: tenant.0,
            backup_tenant_name: tenant_name,
            name,
            restore_end_time: moment.to_rfc3339(),
            bytes,
            zones: units.into_iter().map(Into::into).collect(),
            pool_list: pools,
            primary_zone,
        }
    }
}

impl From<ClusterRecoveryPlan> for ClusterRestorePlanView {
    fn from(plan: ClusterRecoveryPlan) -> Self {
        let ClusterRecoveryPlan { plan, tenants, zones, parallel } = plan;
        Self {
            total_bytes: tenants.iter().fold(0, |sum, tenant| sum.saturating_add(tenant.bytes)),
            tenants: tenants.into_iter().map(Into::into).collect(),
            zones: zones.into_iter().map(Into::into).collect(),
            parallel,
            plan: plan.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::id::{ClusterId, TenantId};
    use model::order::{PARALLEL, RecoverUntil, RecoveredRole};
    use model::physical::resources::TargetResources;
    use serde_json::{Value, json};

    use super::{ClusterRestoreBody, ClusterRestoreRequest};

    fn read(body: Value) -> Result<ClusterRestoreRequest, String> {
        let body: ClusterRestoreBody = serde_json::from_value(body).expect("the form");
        body.read(ClusterId(7)).map_err(|problem| problem.text.id)
    }

    #[test]
    fn an_empty_request_recovers_all_tenants_of_the_paths_cluster_to_their_latest_times() {
        let request = read(json!({})).expect("read");
        let order = request.order;
        assert_eq!(
            (order.source, order.cluster, order.until),
            (ClusterId(7), ClusterId(7), RecoverUntil::Latest)
        );
        assert_eq!((order.tenants.len(), order.parallel, order.role), (0, PARALLEL, RecoveredRole::Primary));
        assert!(!request.dry_run);
    }

    #[test]
    fn single_tenants_get_names_and_resources_of_their_own() {
        let zone = json!({ "name": "z1", "resourcePool": { "unitSpecName": "small" } });
        let request = read(json!({
            "backupClusterId": 1,
            "restoreClusterId": 2,
            "backupTenantIdList": [1002, 1004],
            "restoreScn": "1763805600123000000",
            "nameSuffix": "_r",
            "zoneMapping": { "zone1": "z1" },
            "tenants": [
                { "backupTenantId": 1002, "name": "books", "zones": [zone], "primaryZone": "z1" },
                { "backupTenantId": 1004, "poolList": ["p"] },
            ],
            "parallel": 4,
            "role": "STANDBY",
            "passwords": ["hunter2"],
            "dryRun": true,
        }));
        let order = request.expect("read").order;
        assert_eq!((order.source, order.cluster), (ClusterId(1), ClusterId(2)));
        assert_eq!((order.parallel, order.role, order.passwords.len()), (4, RecoveredRole::Standby, 1));
        let wish = &order.wishes[&TenantId(1002)];
        assert_eq!(wish.resources.as_ref().and_then(TargetResources::locality).as_deref(), Some("F@z1"));
        assert_eq!(order.name_of(TenantId(1002), "shop").as_deref(), Ok("books"));
        assert_eq!(order.name_of(TenantId(1004), "shop").as_deref(), Ok("shop_r"));
        assert_eq!(order.wishes[&TenantId(1004)].resources, Some(TargetResources::Pools(vec!["p".into()])));
    }

    #[test]
    fn what_is_given_twice_or_can_not_be_read_is_refused() {
        let zone = json!({ "name": "z", "resourcePool": { "unitSpecName": "u" } });
        for (body, why) in [
            (
                json!({ "restoreScn": "5", "restoreEndTime": "2026-11-22T02:00:00Z" }),
                "restore-moment-given-twice",
            ),
            (json!({ "restoreEndTime": "now" }), "restore-moment-unreadable"),
            (json!({ "parallel": 33 }), "cluster-recovery-parallel-outside"),
            (
                json!({ "tenants": [{ "backupTenantId": 1 }, { "backupTenantId": 1 }] }),
                "cluster-recovery-tenant-twice",
            ),
            (
                json!({ "tenants": [{ "backupTenantId": 1, "zones": [zone], "poolList": ["p"] }] }),
                "recovery-resources-twice",
            ),
        ] {
            assert_eq!(read(body.clone()).err().as_deref(), Some(why), "{body}");
        }
    }
}
