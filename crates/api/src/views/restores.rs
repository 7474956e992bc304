//! Recoveries: the request in our form and OCP's, and running or past recoveries.

use std::collections::BTreeMap;

use control::restores::RestoreTask;
use model::Problem;
use model::backup::BackupObject;
use model::id::{BackupSetId, ClusterId, TenantId};
use model::order::{TableRecovery, TenantRecovery};
use model::recovery::RecoveryRequest;
use model::task::TaskStatus;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::backup_now::ObjectBody;
use super::not_made::NotMadeView;
use super::tenant_recovery::{BackupTenantStatus, OfflineTenantBody, OnlineTenantBody};
use super::{whole, words};
use crate::call;
use crate::error::Words;

/// The source and target of a recovery: a logical backup set by its ID, or a tenant from physical backups in OCP's
/// form. With `databases` or `obBackupObjectList`, only these are recovered, from 4.2.1 on also from physical backups.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RestoreBody {
    /// The logical backup set to recover from.
    #[serde(default, deserialize_with = "whole::optional")]
    backup_set_id: Option<i64>,
    /// The cluster to recover a backup set into; defaults to the path's.
    #[serde(default, deserialize_with = "whole::optional")]
    restore_cluster_id: Option<i64>,
    /// The tenant to recover a backup set into; defaults to the path's, if any.
    #[serde(default, deserialize_with = "whole::optional")]
    restore_tenant_id: Option<i64>,
    /// The databases to recover; defaults to all of the set. From physical backups: to recover into an existing tenant,
    /// instead of the whole tenant as a new one.
    #[serde(default)]
    databases: Vec<String>,
    /// More databases to recover, and single tables and views: `DATABASE` and `TABLE`, without cluster and tenant. From
    /// physical backups, tables only, and at most 200 objects.
    #[serde(default, deserialize_with = "super::null_as_empty")]
    #[schema(value_type = Option<Vec<ObjectBody>>)]
    ob_backup_object_list: Vec<ObjectBody>,
    /// New names of databases, by the old ones. A database that is not listed keeps its name. From physical backups also
    /// of tables, both names as `database.table`.
    #[serde(default)]
    rename: BTreeMap<String, String>,
    /// Whether to recover a backup set that is unsigned or signed with an untrusted key. ADMIN only. It is not known
    /// who wrote such a set, and its definitions run with the privileges of the tenant credential.
    #[serde(default)]
    accept_foreign: bool,
    /// Whether to recover procedures, functions and triggers of whole databases, and the users and privileges of a
    /// whole set. ADMIN only: code runs with the privileges of its definer. Without it, skipped objects make the
    /// recovery partial.
    #[serde(default)]
    with_code: bool,
    /// Kinds of code, users and privileges that may be missing: they are not recovered, and do not make the recovery
    /// partial. `routines`, `triggers`, `events`, `outlines`, `users` and `grants`; only for a backup set.
    #[serde(default)]
    without: Vec<words::ObjectKind>,
    /// Whether to return only the plan.
    #[serde(default)]
    dry_run: bool,
    /// The form of the request; derived from the fields by default.
    backup_tenant_status: Option<BackupTenantStatus>,
    /// A tenant whose cluster Lifeboat knows, from its physical backups.
    restore_online_tenant_required_param: Option<OnlineTenantBody>,
    /// A tenant of which only the files of its physical backups are left.
    restore_offline_tenant_required_param: Option<OfflineTenantBody>,
}

/// A request to recover, read.
pub(crate) struct RestoreRequest {
    /// The request for `control`.
    pub(crate) ask: RestoreAsk,
    /// Whether to return only the plan.
    pub(crate) dry_run: bool,
}

/// What is to be recovered.
pub(crate) enum RestoreAsk {
    /// Databases of a logical backup set.
    Databases(RecoveryRequest),
    /// A tenant, from its physical backups.
    Tenant(Box<TenantRecovery>),
    /// Tables and databases, from physical backups into an existing tenant.
    Tables(Box<TableRecovery>),
}

impl RestoreBody {
    /// Reads the request; `tenant` is the path's, where the path has one.
    pub(crate) fn read(
        self,
        cluster: ClusterId,
        tenant: Option<TenantId>,
    ) -> Result<RestoreRequest, Problem> {
        let Self {
            backup_set_id,
            restore_cluster_id,
            restore_tenant_id,
            databases,
            ob_backup_object_list,
            rename,
            accept_foreign,
            with_code,
            without,
            dry_run,
            backup_tenant_status,
            restore_online_tenant_required_param: online,
            restore_offline_tenant_required_param: offline,
        } = self;
        let missing = |field: &str| Problem::invalid("restore-field-missing").with("field", field);
        let is_logical = backup_set_id.is_some() || with_code || !without.is_empty();
        let has_objects = !databases.is_empty() || !ob_backup_object_list.is_empty();
        // The form names the tenant of selected tables.
        let is_mixed =
            is_logical || if has_objects { restore_tenant_id.is_some() } else { !rename.is_empty() };
        if is_mixed && (online.is_some() || offline.is_some()) {
            return Err(Problem::invalid("restore-forms-mixed"));
        }
        let objects: Vec<BackupObject> = databases
            .into_iter()
            .map(|name| Ok(BackupObject::Database(name)))
            .chain(ob_backup_object_list.iter().map(ObjectBody::part_of_set))
            .collect::<Result<_, Problem>>()?;
        let form = match (backup_tenant_status, online, offline) {
            (_, Some(_), Some(_)) => return Err(Problem::invalid("restore-forms-mixed")),
            (None | Some(BackupTenantStatus::Online), Some(online), None) => online.read(cluster, tenant)?,
            (None | Some(BackupTenantStatus::Offline), None, Some(offline)) => offline.read(cluster)?,
            (None, None, None) => {
                let into = restore_tenant_id.map(TenantId).or(tenant);
                let ask = RecoveryRequest {
                    backup_set: BackupSetId(backup_set_id.ok_or_else(|| missing("backupSetId"))?),
                    cluster: restore_cluster_id.map_or(cluster, ClusterId),
                    tenant: into.ok_or_else(|| missing("restoreTenantId"))?,
                    objects,
                    rename,
                    accept_foreign,
                    with_code,
                    without: without.into_iter().map(Into::into).collect(),
                };
                return Ok(RestoreRequest { ask: RestoreAsk::Databases(ask), dry_run });
            }
            (Some(BackupTenantStatus::Online), ..) => {
                return Err(missing("restoreOnlineTenantRequiredParam"));
            }
            (Some(BackupTenantStatus::Offline), ..) => {
                return Err(missing("restoreOfflineTenantRequiredParam"));
            }
        };
        let ask = if has_objects {
            RestoreAsk::Tables(Box::new(form.tables(objects, &rename)?))
        } else {
            RestoreAsk::Tenant(Box::new(form.tenant()?))
        };
        Ok(RestoreRequest { ask, dry_run })
    }
}

/// The state of a recovery, in OCP's words.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub(crate) enum RestoreStatus {
    /// Running, or waiting for its turn.
    #[serde(rename = "RESTORE_RUNNING")]
    Running,
    /// Ended without success.
    #[serde(rename = "RESTORE_FAIL")]
    Failed,
    /// Ended with success.
    #[serde(rename = "RESTORE_SUCCESS")]
    Successful,
}

impl From<TaskStatus> for RestoreStatus {
    fn from(status: TaskStatus) -> Self {
        match status {
            TaskStatus::Running => Self::Running,
            TaskStatus::Failed => Self::Failed,
            TaskStatus::Successful => Self::Successful,
        }
    }
}

impl From<RestoreStatus> for TaskStatus {
    fn from(status: RestoreStatus) -> Self {
        match status {
            RestoreStatus::Running => Self::Running,
            RestoreStatus::Failed => Self::Failed,
            RestoreStatus::Successful => Self::Successful,
        }
    }
}

/// A recovery, by the task that does or did it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestoreTaskView {
    /// The task.
    id: i64,
    /// The task, under OCP's name.
    ocp_job_id: i64,
    /// The recovery of a whole cluster that it belongs to, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_task_id: Option<i64>,
    /// The initiator.
    creator: String,
    /// How the backup was taken.
    backup_mode: words::BackupMode,
    /// The recovered backup set; absent for a tenant, which is recovered from the cluster's own sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_set_id: Option<i64>,
    /// The cluster that was backed up; absent if only a storage is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_cluster_id: Option<i64>,
    /// OceanBase's ID of that cluster, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_ob_cluster_id: Option<i64>,
    /// That cluster's name.
    backup_cluster_name: String,
    /// The tenant that was backed up.
    backup_tenant_id: i64,
    /// That tenant's name.
    backup_tenant_name: String,
    /// The target cluster.
    restore_cluster_id: i64,
    /// That cluster's name.
    restore_cluster_name: String,
    /// The target tenant; absent until the database has created it.
    #[serde(skip_serializing_if = "Option::is_none")]
    restore_tenant_id: Option<i64>,
    /// That tenant's name.
    restore_tenant_name: String,
    /// The resource pools of the new tenant, or of the auxiliary tenant of a recovery of tables, separated by commas.
    #[serde(skip_serializing_if = "String::is_empty")]
    restore_pool_list_str: String,
    /// The new name of each database that is recovered, whole or in part.
    databases: BTreeMap<String, String>,
    /// The selected databases and single tables of the backup; all of `databases` when empty.
    ob_backup_object_list: Vec<ObjectBody>,
    /// The location of the backup set.
    restore_uri: String,
    /// The recovered time; absent while it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    restore_end_time: Option<String>,
    /// Its status.
    status: RestoreStatus,
    /// Whether it has ended.
    finished: bool,
    /// Whether it succeeded.
    successful: bool,
    /// Whether it does not create everything that was selected of the backup set.
    partial: bool,
    /// The objects of the backup set that it did not create, as far as known.
    not_made: Vec<NotMadeView>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Words>,
    /// Why it failed, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_msg: Option<String>,
    /// When it was started.
    #[schema(format = DateTime)]
    create_time: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    finish_time: Option<String>,
}

impl From<RestoreTask> for RestoreTaskView {
    fn from(restore: RestoreTask) -> Self {
        let RestoreTask {
            task,
            parent,
            creator,
            method,
            backup_set,
            backup_cluster,
            backup_ob_cluster,
            backup_cluster_name,
            backup_tenant,
            backup_tenant_name,
            cluster,
            cluster_name,
            tenant,
            tenant_name,
            pools,
            databases,
            objects,
            uri,
            until,
            status,
            not_made,
            problem,
            started,
            finished,
        } = restore;
        Self {
            id: task.0,
            ocp_job_id: task.0,
            parent_task_id: parent.map(|id| id.0),
            creator,
            backup_mode: method.into(),
            backup_set_id: backup_set.map(|id| id.0),
            backup_cluster_id: backup_cluster.map(|id| id.0),
            backup_ob_cluster_id: backup_ob_cluster,
            backup_cluster_name,
            backup_tenant_id: backup_tenant.0,
            backup_tenant_name,
            restore_cluster_id: cluster.0,
            restore_cluster_name: cluster_name,
            restore_tenant_id: tenant.map(|id| id.0),
            restore_tenant_name: tenant_name,
            restore_pool_list_str: pools.join(","),
            databases,
            ob_backup_object_list: objects.into_iter().map(ObjectBody::of_part).collect(),
            restore_uri: uri,
            restore_end_time: until.map(Timestamp::to_rfc3339),
            status: status.into(),
            finished: status != TaskStatus::Running,
            successful: status == TaskStatus::Successful,
            partial: !not_made.is_empty(),
            not_made: not_made.into_iter().map(Into::into).collect(),
            error_msg: problem.as_ref().map(|text| text.message(call::language())),
            error: problem.as_ref().map(Words::here),
            create_time: started.map(Timestamp::to_rfc3339),
            finish_time: finished.map(Timestamp::to_rfc3339),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::backup::BackupObject;
    use model::id::{ClusterId, TenantId};
    use serde_json::{Value, json};

    use super::{RestoreAsk, RestoreBody};

    fn read(more: &Value) -> Result<RestoreAsk, String> {
        let target = json!({ "name": "shop", "poolList": ["aux"] });
        let online = json!({ "backupTenantId": 1002, "restoreTenantInfoParam": target });
        let mut body = json!({ "restoreOnlineTenantRequiredParam": online });
        for (name, value) in more.as_object().expect("an object") {
            body[name] = value.clone();
        }
        let body: RestoreBody = serde_json::from_value(body).expect("the form");
        let read = body.read(ClusterId(1), Some(TenantId(1002)));
        read.map(|request| request.ask).map_err(|problem| problem.text.id)
    }

    #[test]
    fn a_form_with_objects_recovers_only_these_into_the_tenant() {
        let table = json!({ "backupDimension": "TABLE", "databaseName": "sale", "tableName": "orders" });
        let ask = read(&json!({
            "databases": ["hr"],
            "obBackupObjectList": [table],
            "rename": { "sale.orders": "spare.`old;orders`", "hr": "hr_2" },
        }));
        let Ok(RestoreAsk::Tables(order)) = ask else { panic!("tables are selected") };
        assert_eq!((order.tenant.as_str(), &order.pools[..]), ("shop", &["aux".to_owned()][..]));
        let database = |name: &str| BackupObject::Database(name.into());
        let named = |database: &str, name: &str| BackupObject::Table(database.into(), name.into());
        let found: Vec<_> = order.objects.into_iter().map(|object| (object.from, object.to)).collect();
        let orders = (named("sale", "orders"), named("spare", "old;orders"));
        assert_eq!(found, [(database("hr"), database("hr_2")), orders]);
        assert!(matches!(read(&json!({})), Ok(RestoreAsk::Tenant(_))));
    }

    #[test]
    fn a_form_that_mixes_kinds_of_recovery_is_refused() {
        let target = |more: Value| {
            let mut target = json!({ "name": "shop", "poolList": ["aux"] });
            for (name, value) in more.as_object().expect("an object") {
                target[name] = value.clone();
            }
            let online = json!({ "backupTenantId": 1002, "restoreTenantInfoParam": target });
            json!({ "databases": ["hr"], "restoreOnlineTenantRequiredParam": online })
        };
        let zones = json!([{ "name": "z", "resourcePool": { "unitSpecName": "u" } }]);
        let tenant = json!({ "backupDimension": "TENANT", "tenantId": 1002 });
        for (more, id) in [
            (json!({ "backupSetId": 3 }), "restore-forms-mixed"),
            (json!({ "databases": ["hr"], "withCode": true }), "restore-forms-mixed"),
            (json!({ "without": ["users"] }), "restore-forms-mixed"),
            (json!({ "rename": { "hr": "hr_2" } }), "restore-forms-mixed"),
            (json!({ "databases": ["hr"], "restoreTenantId": 1002 }), "restore-forms-mixed"),
            (json!({ "obBackupObjectList": [tenant] }), "restore-object-is-no-part"),
            (json!({ "databases": ["hr"], "rename": { "pay": "x" } }), "table-recovery-rename-unused"),
            (json!({ "databases": ["hr", "hr"] }), "table-recovery-overlaps"),
            (target(json!({ "zones": zones })), "table-recovery-new-tenant"),
            (target(json!({ "primaryZone": "z1" })), "table-recovery-new-tenant"),
            (target(json!({ "role": "STANDBY" })), "table-recovery-new-tenant"),
            (target(json!({ "poolList": [] })), "table-recovery-pools-missing"),
            (target(json!({ "name": "sys" })), "table-recovery-tenant-unfit"),
        ] {
            assert_eq!(read(&more).err().as_deref(), Some(id), "{more}");
        }
    }
}
