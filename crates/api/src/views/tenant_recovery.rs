//! Recoveries of tenants from physical backups: the request in OCP's forms, online and offline, and what it would read.

use control::restores::Previewed;
use model::id::{ClusterId, TenantId};
use model::order::{BackupOwner, RecoverUntil, RecoveredRole, RecoverySource, TenantRecovery};
use model::physical::resources::{ReplicaType, TargetResources, ZoneUnits};
use model::time::Timestamp;
use model::{Problem, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::secret::SecretText;
use super::storages::{StorageBaseBody, StorageChoiceBody};
use super::{whole, words};

/// Whether Lifeboat manages the cluster that was backed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum BackupTenantStatus {
    /// It is: its views show what can be recovered.
    Online,
    /// It is not: only its files are left.
    Offline,
}

/// A tenant of a known cluster, to recover from its physical backups.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OnlineTenantBody {
    /// The cluster that was backed up; defaults to the path's.
    #[serde(default, deserialize_with = "whole::optional")]
    backup_cluster_id: Option<i64>,
    /// The tenant that was backed up; defaults to the path's, if any.
    #[serde(default, deserialize_with = "whole::optional")]
    backup_tenant_id: Option<i64>,
    /// The target cluster; defaults to the one that was backed up.
    #[serde(default, deserialize_with = "whole::optional")]
    restore_cluster_id: Option<i64>,
    /// The time to recover to, with its zone, to the microsecond. Defaults to the latest recoverable time, if
    /// `restoreScn` is omitted too.
    #[schema(format = DateTime, example = "2026-11-22T10:00:00.000000+08:00")]
    restore_end_time: Option<String>,
    /// The SCN to recover to, as text: a JSON number cannot represent its 19 digits.
    #[schema(example = "1763805600123000000", pattern = "^[0-9]{1,20}$")]
    restore_scn: Option<String>,
    /// The new tenant.
    restore_tenant_info_param: NewTenantBody,
    /// The passwords of encrypted backups.
    #[serde(default)]
    passwords: Vec<SecretText>,
}

/// A tenant of which only the files in a storage are left.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OfflineTenantBody {
    /// The method: `PHYSICAL_BACKUP`.
    backup_mode: Option<words::BackupMode>,
    /// OceanBase's name of the cluster that was backed up.
    backup_cluster_name: String,
    /// OceanBase's ID of the cluster that was backed up.
    #[serde(deserialize_with = "whole::required")]
    backup_ob_cluster_id: i64,
    /// The name of the tenant that was backed up.
    backup_tenant_name: Option<String>,
    /// OceanBase's ID of the tenant that was backed up.
    #[serde(deserialize_with = "whole::required")]
    backup_ob_tenant_id: i64,
    /// The target cluster; defaults to the path's.
    #[serde(default, deserialize_with = "whole::optional")]
    restore_cluster_id: Option<i64>,
    /// The storage, by its location.
    ob_backup_storage_base_info: Option<StorageBaseBody>,
    /// The storage, by its saved configuration.
    #[serde(default, deserialize_with = "whole::optional")]
    storage_id: Option<i64>,
    /// The folder of the data backups below the storage; defaults to that of the cluster and tenant.
    data_folder: Option<String>,
    /// The folder of the log backups below the storage; defaults to that of the cluster and tenant.
    log_folder: Option<String>,
    /// The time to recover to, with its zone, to the microsecond. Defaults to the latest recoverable time, if
    /// `restoreScn` is omitted too.
    #[schema(format = DateTime, example = "2026-11-22T10:00:00.000000+08:00")]
    restore_end_time: Option<String>,
    /// The SCN to recover to, as text: a JSON number cannot represent its 19 digits.
    #[schema(example = "1763805600123000000", pattern = "^[0-9]{1,20}$")]
    restore_scn: Option<String>,
    /// The new tenant.
    restore_tenant_info_param: NewTenantBody,
    /// The passwords of encrypted backups.
    #[serde(default)]
    passwords: Vec<SecretText>,
}

/// A new tenant.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewTenantBody {
    /// Its name.
    #[schema(min_length = 1, max_length = 63, example = "shop_2")]
    name: String,
    /// The primary zone; defaults to the cluster's choice.
    #[schema(example = "zone1;zone2,zone3")]
    primary_zone: Option<String>,
    /// The resources in each zone: a pool is created for each.
    #[serde(default)]
    zones: Vec<ZoneBody>,
    /// Free resource pools to use instead of new ones.
    #[serde(default)]
    pool_list: Vec<String>,
    /// Whether it is activated, or stays a standby.
    #[serde(default)]
    role: TenantRoleBody,
}

/// The role of a recovered tenant.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TenantRoleBody {
    /// Users can write to it.
    #[default]
    Primary,
    /// It is read-only until it is activated.
    Standby,
}

/// The resources of a tenant in one zone.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ZoneBody {
    /// The zone.
    #[schema(example = "zone1")]
    name: String,
    /// The kind of its replicas; defaults to full ones.
    #[serde(default)]
    replica_type: ReplicaTypeBody,
    /// Its resource pool.
    resource_pool: PoolBody,
}

/// A kind of replica.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
pub(crate) enum ReplicaTypeBody {
    /// Data and logs, and it votes.
    #[default]
    #[serde(rename = "FULL")]
    Full,
    /// Logs only.
    #[serde(rename = "LOGONLY")]
    LogOnly,
    /// Data to be read; it does not vote.
    #[serde(rename = "READONLY")]
    ReadOnly,
}

/// A resource pool to create.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PoolBody {
    /// An existing unit specification.
    #[schema(example = "small")]
    unit_spec_name: String,
    /// The number of units; defaults to 1.
    #[serde(default, deserialize_with = "whole::optional")]
    #[schema(minimum = 1)]
    unit_count: Option<u32>,
}

impl OnlineTenantBody {
    /// Reads the request; `cluster` and `tenant` are the path's.
    pub(crate) fn read(
        self,
        cluster: ClusterId,
        tenant: Option<TenantId>,
    ) -> Result<TenantRecovery, Problem> {
        let Self {
            backup_cluster_id,
            backup_tenant_id,
            restore_cluster_id,
            restore_end_time,
            restore_scn,
            restore_tenant_info_param,
            passwords,
        } = self;
        let source = backup_cluster_id.map_or(cluster, ClusterId);
        let missing = || Problem::invalid("restore-field-missing").with("field", "backupTenantId");
        let tenant = backup_tenant_id.map(TenantId).or(tenant).ok_or_else(missing)?;
        let target = restore_cluster_id.map_or(source, ClusterId);
        let source = RecoverySource::Cluster { cluster: source, tenant };
        restore_tenant_info_param.recovery(source, moment(restore_end_time, restore_scn)?, target, passwords)
    }
}

impl OfflineTenantBody {
    /// Reads the request; `cluster` is the path's.
    pub(crate) fn read(self, cluster: ClusterId) -> Result<TenantRecovery, Problem> {
        let Self {
            backup_mode,
            backup_cluster_name,
            backup_ob_cluster_id,
            backup_tenant_name,
            backup_ob_tenant_id,
            restore_cluster_id,
            ob_backup_storage_base_info,
            storage_id,
            data_folder,
            log_folder,
            restore_end_time,
            restore_scn,
            restore_tenant_info_param,
            passwords,
        } = self;
        if backup_mode.is_some_and(|mode| !matches!(mode, words::BackupMode::Physical)) {
            return Err(Problem::invalid("tenant-recovery-is-physical"));
        }
        let storage = StorageChoiceBody::of(storage_id, ob_backup_storage_base_info).read()?;
        let source = RecoverySource::Storage {
            storage: Box::new(storage),
            owner: BackupOwner {
                cluster_name: backup_cluster_name,
                cluster_id: backup_ob_cluster_id,
                tenant: TenantId(backup_ob_tenant_id),
                tenant_name: backup_tenant_name.unwrap_or_default(),
            },
            data_folder,
            log_folder,
        };
        let target = restore_cluster_id.map_or(cluster, ClusterId);
        restore_tenant_info_param.recovery(source, moment(restore_end_time, restore_scn)?, target, passwords)
    }
}

/// Reads the time to recover to.
fn moment(time: Option<String>, scn: Option<String>) -> Result<RecoverUntil, Problem> {
    let malformed = |field: &str, text: &str| {
        Problem::invalid("restore-moment-unreadable").with("field", field).with("text", text)
    };
    match (time, scn) {
        (None, None) => Ok(RecoverUntil::Latest),
        (Some(text), None) => {
            let time = Timestamp::from_rfc3339(&text);
            time.map(RecoverUntil::Time).ok_or_else(|| malformed("restoreEndTime", &text))
        }
        (None, Some(text)) => {
            let scn = text.parse().map(RecoverUntil::Scn);
            scn.map_err(|_| malformed("restoreScn", &text))
        }
        (Some(_), Some(_)) => Err(Problem::invalid("restore-moment-given-twice")),
    }
}

impl NewTenantBody {
    fn recovery(
        self,
        source: RecoverySource,
        until: RecoverUntil,
        cluster: ClusterId,
        passwords: Vec<SecretText>,
    ) -> Result<TenantRecovery, Problem> {
        let Self { name, primary_zone, zones, pool_list, role } = self;
        let resources = match (zones.is_empty(), pool_list.is_empty()) {
            (false, false) => return Err(Problem::invalid("recovery-resources-twice")),
            (true, _) => TargetResources::Pools(pool_list),
            (false, true) => TargetResources::Zones(zones.into_iter().map(ZoneBody::units).collect()),
        };
        let passwords: Vec<Secret> = passwords.into_iter().map(|password| password.0).collect();
        TenantRecovery {
            source,
            until,
            cluster,
            tenant: name,
            resources,
            primary_zone: primary_zone.filter(|zones| !zones.trim().is_empty()),
            role: match role {
                TenantRoleBody::Primary => RecoveredRole::Primary,
                TenantRoleBody::Standby => RecoveredRole::Standby,
            },
            passwords,
        }
        .checked()
    }
}

impl ZoneBody {
    fn units(self) -> ZoneUnits {
        let Self { name, replica_type, resource_pool } = self;
        ZoneUnits {
            zone: name,
            replica: match replica_type {
                ReplicaTypeBody::Full => ReplicaType::Full,
                ReplicaTypeBody::LogOnly => ReplicaType::LogOnly,
                ReplicaTypeBody::ReadOnly => ReplicaType::ReadOnly,
            },
            unit: resource_pool.unit_spec_name,
            count: resource_pool.unit_count.unwrap_or(1),
        }
    }
}

/// A set or piece that a recovery would read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestorePreviewView {
    /// Its location.
    backup_dest: String,
    /// The cluster's number of it.
    backup_id: i64,
    /// `BACKUP_SET` or `BACKUP_PIECE`.
    backup_type: String,
    /// The number of the copy; 0 for the original.
    copy_id: i64,
}

impl From<Previewed> for RestorePreviewView {
    fn from(item: Previewed) -> Self {
        let Previewed { kind, id, address, description: _ } = item;
        Self { backup_dest: address, backup_id: id, backup_type: kind, copy_id: 0 }
    }
}

#[cfg(test)]
mod tests {
    use model::id::{ClusterId, TenantId};
    use model::order::{RecoverUntil, RecoverySource};
    use model::time::Timestamp;
    use serde_json::json;

    use super::{OfflineTenantBody, OnlineTenantBody};

    #[test]
    fn ocps_form_of_a_tenant_whose_cluster_is_there_is_read() {
        let body = json!({
            "backupClusterId": 1,
            "backupTenantId": 1002,
            "restoreClusterId": 2,
            "restoreEndTime": "2026-11-22T10:00:00.123456+08:00",
            "restoreTenantInfoParam": {
                "name": "shop_2",
                "primaryZone": "zone1",
                "zones": [{ "name": "zone1", "replicaType": "FULL",
                            "resourcePool": { "unitSpecName": "small", "unitCount": 1 } }],
            },
        });
        let body: OnlineTenantBody = serde_json::from_value(body).expect("OCP's form");
        let order = body.read(ClusterId(9), None).expect("read");
        assert_eq!((order.cluster, order.tenant.as_str()), (ClusterId(2), "shop_2"));
        let time = Timestamp::from_rfc3339("2026-11-22T02:00:00.123456Z").expect("a time");
        assert_eq!(order.until, RecoverUntil::Time(time));
        assert_eq!(order.resources.locality().as_deref(), Some("F@zone1"));
        let expected = (ClusterId(1), TenantId(1002));
        match order.source {
            RecoverySource::Cluster { cluster, tenant } => assert_eq!((cluster, tenant), expected),
            RecoverySource::Storage { .. } => panic!("the cluster is there"),
        }
    }

    #[test]
    fn ocps_form_of_a_tenant_of_which_only_files_are_left_is_read() {
        let body = json!({
            "backupMode": "PHYSICAL_BACKUP",
            "backupClusterName": "prod",
            "backupObClusterId": 7,
            "backupTenantName": "shop",
            "backupObTenantId": 1002,
            "obBackupStorageBaseInfo": { "backupStorageType": "BACKUP_STORAGE_FILE", "storageUrl": "/backup" },
            "restoreScn": "1763805600123000000",
            "restoreTenantInfoParam": { "name": "shop", "poolList": ["p1"], "role": "STANDBY" },
        });
        let body: OfflineTenantBody = serde_json::from_value(body).expect("OCP's form");
        let order = body.read(ClusterId(9)).expect("read");
        assert_eq!(
            (order.cluster, order.until),
            (ClusterId(9), RecoverUntil::Scn(1_763_805_600_123_000_000))
        );
    }

    #[test]
    fn what_is_given_twice_or_can_not_be_read_is_refused() {
        let zones = json!([{ "name": "z", "resourcePool": { "unitSpecName": "u" } }]);
        for (moment, tenant, id) in [
            (json!({ "restoreScn": "x" }), json!({ "poolList": ["p"] }), "restore-moment-unreadable"),
            (json!({ "restoreEndTime": "now" }), json!({ "poolList": ["p"] }), "restore-moment-unreadable"),
            (
                json!({ "restoreEndTime": "2026-11-22T02:00:00Z", "restoreScn": "5" }),
                json!({ "poolList": ["p"] }),
                "restore-moment-given-twice",
            ),
            (json!({}), json!({ "poolList": ["p"], "zones": zones }), "recovery-resources-twice"),
            (json!({}), json!({}), "recovery-resources-missing"),
        ] {
            let mut body = json!({ "backupTenantId": 1002, "restoreTenantInfoParam": { "name": "t" } });
            for (name, value) in moment.as_object().expect("an object") {
                body[name] = value.clone();
            }
            for (name, value) in tenant.as_object().expect("an object") {
                body["restoreTenantInfoParam"][name] = value.clone();
            }
            let body: OnlineTenantBody = serde_json::from_value(body.clone()).expect("the form");
            let refusal = body.read(ClusterId(1), None).err().map(|problem| problem.text.id);
            assert_eq!(refusal.as_deref(), Some(id));
        }
    }
}
