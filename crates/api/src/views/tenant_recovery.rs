//! Recoveries from physical backups, of tenants or of tables: the request in OCP's forms, online and offline.

use std::collections::BTreeMap;

use model::Problem;
use model::backup::BackupObject;
use model::id::{ClusterId, TenantId};
use model::order::{BackupOwner, RecoverUntil, RecoveredRole, RecoverySource, TableRecovery, TenantRecovery};
use model::physical::resources::TargetResources;
use model::physical::restore::TableName;
use model::physical::table_recovery::renamed;
use model::time::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::secret::SecretText;
use super::storages::{StorageBaseBody, StorageChoiceBody};
use super::zone_units::{ZoneBody, resources};
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
    /// The moment to recover to: a time with its zone, to the microsecond. The latest possible one when this,
    /// `restoreScn` and `restoreBackupSetId` are left out.
    #[schema(format = DateTime, example = "2026-11-22T10:00:00.000000+08:00")]
    restore_end_time: Option<String>,
    /// The SCN to recover to, as text: a JSON number cannot represent its 19 digits.
    #[schema(example = "1763805600123000000", pattern = "^[0-9]{1,20}$")]
    restore_scn: Option<String>,
    /// Recover to the end of this backup set: `backupSetId` of `backup/info`, the cluster's own number of it.
    #[serde(default, deserialize_with = "whole::optional")]
    #[schema(minimum = 1)]
    restore_backup_set_id: Option<i64>,
    /// The new tenant; with `databases` or `obBackupObjectList` the existing tenant to recover them into.
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
    /// The name of the tenant that was backed up; needed before OceanBase 4.0.
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
    /// The new tenant; with `databases` or `obBackupObjectList` the existing tenant to recover them into.
    restore_tenant_info_param: NewTenantBody,
    /// The passwords of encrypted backups.
    #[serde(default)]
    passwords: Vec<SecretText>,
}

/// A new tenant. To recover single tables and databases, an existing one: then only `name` and `poolList` apply.
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
    /// Free resource pools to use instead of new ones. For tables: the pools of the auxiliary tenant, which OceanBase
    /// restores first and drops at the end.
    #[serde(default)]
    pool_list: Vec<String>,
    /// Before OceanBase 4.0: only these tables, as `database.table` or with backquotes; defaults to all objects. Views, and
    /// foreign keys to other tables, are not restored then.
    #[serde(default)]
    #[schema(example = json!(["shop.orders"]))]
    tables: Vec<String>,
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

/// One of the two forms, read: the source, the time and the target.
pub(crate) struct TenantForm {
    source: RecoverySource,
    until: RecoverUntil,
    cluster: ClusterId,
    target: NewTenantBody,
    passwords: Vec<SecretText>,
}

impl OnlineTenantBody {
    /// Reads the form; `cluster` and `tenant` are the path's.
    pub(crate) fn read(self, cluster: ClusterId, tenant: Option<TenantId>) -> Result<TenantForm, Problem> {
        let Self {
            backup_cluster_id,
            backup_tenant_id,
            restore_cluster_id,
            restore_end_time,
            restore_scn,
            restore_backup_set_id,
            restore_tenant_info_param,
            passwords,
        } = self;
        let source = backup_cluster_id.map_or(cluster, ClusterId);
        let missing = || Problem::invalid("restore-field-missing").with("field", "backupTenantId");
        let tenant = backup_tenant_id.map(TenantId).or(tenant).ok_or_else(missing)?;
        let target = restore_cluster_id.map_or(source, ClusterId);
        let source = RecoverySource::Cluster { cluster: source, tenant };
        let until = moment(restore_end_time, restore_scn, restore_backup_set_id)?;
        Ok(TenantForm { source, until, cluster: target, target: restore_tenant_info_param, passwords })
    }
}

impl OfflineTenantBody {
    /// Reads the form; `cluster` is the path's.
    pub(crate) fn read(self, cluster: ClusterId) -> Result<TenantForm, Problem> {
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
        let until = moment(restore_end_time, restore_scn, None)?;
        Ok(TenantForm { source, until, cluster: target, target: restore_tenant_info_param, passwords })
    }
}

/// Reads the time to recover to.
pub(super) fn moment(
    time: Option<String>,
    scn: Option<String>,
    set: Option<i64>,
) -> Result<RecoverUntil, Problem> {
    let malformed = |field: &str, text: &str| {
        Problem::invalid("restore-moment-unreadable").with("field", field).with("text", text)
    };
    match (time, scn, set) {
        (None, None, None) => Ok(RecoverUntil::Latest),
        (None, None, Some(set)) => Ok(RecoverUntil::Set(set)),
        (Some(text), None, None) => {
            let time = Timestamp::from_rfc3339(&text);
            time.map(RecoverUntil::Time).ok_or_else(|| malformed("restoreEndTime", &text))
        }
        (None, Some(text), None) => {
            let scn = text.parse().map(RecoverUntil::Scn);
            scn.map_err(|_| malformed("restoreScn", &text))
        }
        _ => Err(Problem::invalid("restore-moment-given-twice")),
    }
}

impl TenantForm {
    /// Returns the recovery of the whole tenant, as a new one.
    pub(crate) fn tenant(self) -> Result<TenantRecovery, Problem> {
        let Self { source, until, cluster, target, passwords } = self;
        let NewTenantBody { name, primary_zone, zones, pool_list, tables, role } = target;
        let none = || TargetResources::Pools(Vec::new()); // the check refuses it
        let resources = resources(zones, pool_list)?.unwrap_or_else(none);
        TenantRecovery {
            source,
            until,
            cluster,
            tenant: name,
            resources,
            primary_zone: primary_zone.filter(|zones| !zones.trim().is_empty()),
            role: role.role(),
            tables: tables.iter().map(|name| table(name)).collect::<Result<_, _>>()?,
            passwords: passwords.into_iter().map(|password| password.0).collect(),
        }
        .checked()
    }

    /// Returns the recovery of these tables and databases, into an existing tenant.
    pub(crate) fn tables(
        self,
        objects: Vec<BackupObject>,
        rename: &BTreeMap<String, String>,
    ) -> Result<TableRecovery, Problem> {
        let Self { source, until, cluster, target, passwords } = self;
        let NewTenantBody { name, primary_zone, zones, pool_list, tables, role } = target;
        let options = [
            ("tables", !tables.is_empty()),
            ("zones", !zones.is_empty()),
            ("primaryZone", primary_zone.is_some_and(|zones| !zones.trim().is_empty())),
            ("role", matches!(role, TenantRoleBody::Standby)),
        ];
        if let Some((option, _)) = options.iter().find(|(_, given)| *given) {
            return Err(Problem::invalid("table-recovery-new-tenant").with("option", option));
        }
        TableRecovery {
            source,
            until,
            cluster,
            tenant: name,
            objects: renamed(objects, rename)?,
            pools: pool_list,
            passwords: passwords.into_iter().map(|password| password.0).collect(),
        }
        .checked()
    }
}

/// Reads `database.table`.
fn table(name: &str) -> Result<TableName, Problem> {
    match name.parse() {
        Ok(BackupObject::Table(database, table)) => Ok(TableName { database, table }),
        _ => Err(Problem::invalid("recovery-table-name-malformed").with("name", name)),
    }
}

impl TenantRoleBody {
    pub(super) fn role(self) -> RecoveredRole {
        match self {
            Self::Primary => RecoveredRole::Primary,
            Self::Standby => RecoveredRole::Standby,
        }
    }
}

#[cfg(test)]
mod tests {
    use model::id::{ClusterId, TenantId};
    use model::order::{RecoverUntil, RecoverySource};
    use model::time::Timestamp;
    use serde_json::json;

    use super::{OfflineTenantBody, OnlineTenantBody, TenantForm};

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
        let order = body.read(ClusterId(9), None).and_then(TenantForm::tenant).expect("read");
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
    fn each_way_to_name_the_moment_is_read() {
        let time = Timestamp::from_rfc3339("2026-11-22T02:00:00.123456Z").expect("a time");
        for (moment, until) in [
            (json!({}), RecoverUntil::Latest),
            (json!({ "restoreBackupSetId": 3 }), RecoverUntil::Set(3)),
            (json!({ "restoreScn": "1763805600123000000" }), RecoverUntil::Scn(1_763_805_600_123_000_000)),
            (json!({ "restoreEndTime": "2026-11-22T10:00:00.123456+08:00" }), RecoverUntil::Time(time)),
        ] {
            let tenant = json!({ "name": "t", "poolList": ["p"] });
            let mut body = json!({ "backupTenantId": 1002, "restoreTenantInfoParam": tenant });
            for (name, value) in moment.as_object().expect("an object") {
                body[name] = value.clone();
            }
            let body: OnlineTenantBody = serde_json::from_value(body).expect("the form");
            assert_eq!(
                body.read(ClusterId(1), None).and_then(TenantForm::tenant).expect("read").until,
                until,
                "{moment}"
            );
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
        let order = body.read(ClusterId(9)).and_then(TenantForm::tenant).expect("read");
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
            (
                json!({ "restoreBackupSetId": 3, "restoreScn": "5" }),
                json!({ "poolList": ["p"] }),
                "restore-moment-given-twice",
            ),
            (json!({ "restoreBackupSetId": 0 }), json!({ "poolList": ["p"] }), "recovery-moment-malformed"),
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
            let refusal = body
                .read(ClusterId(1), None)
                .and_then(TenantForm::tenant)
                .err()
                .map(|problem| problem.text.id);
            assert_eq!(refusal.as_deref(), Some(id));
        }
    }
}
