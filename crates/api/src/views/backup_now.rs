//! A request to back up now, read from OCP's fields and ours.

use control::backups::BackupNow;
use model::Problem;
use model::backup::{BackupObject, BackupWish};
use model::id::{ClusterId, TenantId};
use model::inventory::{Consent, ObjectKind};
use model::problem::codes;
use model::strategy::Scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::secret::SecretText;
use super::storages::StorageChoiceBody;
use super::{whole, words};

/// A request to back up now. Omitted fields have defaults.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BackupNowBody {
    /// The method; defaults to the cluster's first choice.
    backup_mode: Option<words::BackupMode>,
    /// The mode; defaults to full.
    data_backup_mode: Option<words::DataBackupMode>,
    /// The storage; defaults to the one that was last used for this cluster, or to the only one.
    ob_backup_service_storage_config: Option<StorageChoiceBody>,
    /// The objects to back up; defaults to the whole cluster.
    #[serde(default, deserialize_with = "super::null_as_empty")]
    #[schema(value_type = Option<Vec<ObjectBody>>)]
    ob_backup_object_list: Vec<ObjectBody>,
    /// Databases and tables that a logical backup leaves out. Each has only `databaseName` and `tableName`.
    #[serde(default)]
    exclude: Vec<ObjectBody>,
    /// Kinds of objects that a logical backup leaves out. Databases, tables and views are excluded by name.
    #[serde(default)]
    without: Vec<words::ObjectKind>,
    /// Whether a major compaction may be started when one is needed.
    #[serde(default = "yes")]
    #[schema(default = true)]
    auto_compaction: bool,
    /// Whether the database may delete backups in the new storage by a delete policy that a user or another tool has set.
    /// Otherwise, a physical backup that would move a tenant's destinations there stops before that.
    #[serde(default)]
    accept_deletions: bool,
    /// Whether a physical set includes the logs that it needs, so that it can be restored alone; 4.1 and later.
    #[serde(default)]
    plus_archivelog: bool,
    /// The encryption of a physical backup.
    encryption: Option<EncryptionBody>,
    /// Whether to return only the plan.
    #[serde(default)]
    dry_run: bool,
    /// The number of concurrent read connections.
    #[schema(minimum = 1, maximum = 64)]
    #[serde(default, deserialize_with = "whole::optional")]
    threads: Option<u32>,
    /// The compression: `zstd:1` to `zstd:19`, `lz4` or `none`.
    #[schema(example = "zstd:1", pattern = "^(none|lz4|zstd(:([1-9]|1[0-9]))?)$")]
    compression: Option<String>,
}

/// The encryption of a physical backup.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EncryptionBody {
    /// The password. The backup cannot be restored without it, and Lifeboat keeps it only until the backup is complete.
    #[schema(min_length = 1)]
    password: SecretText,
}

fn yes() -> bool {
    true
}

/// A request to back up, read.
pub(crate) struct BackupNowRequest {
    /// The request for `control`.
    pub(crate) ask: BackupNow,
    /// The objects as they were given, or the tenant of the path, for the answer; none for the whole cluster.
    pub(crate) objects: Vec<ObjectBody>,
    /// Whether to return only the plan.
    pub(crate) dry_run: bool,
}

impl BackupNowBody {
    /// Reads the request; `tenant` is the path's, where the path has one.
    pub(crate) fn read(
        self,
        cluster: ClusterId,
        tenant: Option<TenantId>,
    ) -> Result<BackupNowRequest, Problem> {
        let Self {
            backup_mode,
            data_backup_mode,
            ob_backup_service_storage_config,
            ob_backup_object_list: objects,
            exclude,
            without,
            auto_compaction,
            accept_deletions,
            plus_archivelog,
            encryption,
            dry_run,
            threads,
            compression,
        } = self;
        let (tenants, parts) = read_objects(&objects, cluster, tenant)?;
        let ask = BackupNow {
            cluster,
            wish: BackupWish {
                tenants,
                objects: parts,
                method: backup_mode.map(Into::into),
                mode: data_backup_mode.map(Into::into),
            },
            consent: Consent {
                exclude: exclude.iter().map(ObjectBody::part_of_set).collect::<Result<_, _>>()?,
                without: without.into_iter().map(read_kind).collect::<Result<_, _>>()?,
            },
            storage: ob_backup_service_storage_config.map(StorageChoiceBody::read).transpose()?,
            auto_compaction,
            accept_deletions,
            plus_archivelog,
            encryption: encryption.map(|encryption| encryption.password.0),
            threads,
            compression,
        };
        let whole = |tenant| vec![ObjectBody::of_tenant(cluster, tenant, BackupDimension::Tenant)];
        let objects = match tenant {
            Some(tenant) if objects.is_empty() => whole(tenant),
            _ => objects,
        };
        Ok(BackupNowRequest { ask, objects, dry_run })
    }
}

/// Reads a kind that can be left out.
fn read_kind(kind: words::ObjectKind) -> Result<ObjectKind, Problem> {
    let kind = ObjectKind::from(kind);
    let refusal =
        || Problem::invalid("kind-not-left-out").with("kind", kind).with("kinds", ObjectKind::words());
    kind.can_be_left_out().then_some(kind).ok_or_else(refusal)
}

/// One object of a backup.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ObjectBody {
    /// The cluster; defaults to the path's.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    cluster_id: Option<i64>,
    /// The tenant.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    tenant_id: Option<i64>,
    /// The database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    database_name: Option<String>,
    /// The table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table_name: Option<String>,
    /// The kind of the object.
    backup_dimension: BackupDimension,
}

/// A kind of object of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum BackupDimension {
    /// The whole cluster.
    Cluster,
    /// A whole tenant.
    Tenant,
    /// A whole database.
    Database,
    /// One table.
    Table,
}

impl ObjectBody {
    /// Returns an object that needs no more than a tenant.
    pub(crate) fn of_tenant(cluster: ClusterId, tenant: TenantId, backup_dimension: BackupDimension) -> Self {
        Self { tenant_id: Some(tenant.0), ..Self::of_cluster(cluster, backup_dimension) }
    }

    /// Returns an object that needs no more than a cluster.
    pub(crate) fn of_cluster(cluster: ClusterId, backup_dimension: BackupDimension) -> Self {
        Self {
            cluster_id: Some(cluster.0),
            tenant_id: None,
            database_name: None,
            table_name: None,
            backup_dimension,
        }
    }

    /// Returns the object of a backup strategy.
    pub(super) fn of_scope(scope: Scope) -> Self {
        let dimension = scope.tenant().map_or(BackupDimension::Cluster, |_| BackupDimension::Tenant);
        Self { tenant_id: scope.tenant().map(|id| id.0), ..Self::of_cluster(scope.cluster(), dimension) }
    }

    /// Returns an object that is a part of a backup set, or of what one was taken of.
    pub(super) fn of_part(part: BackupObject) -> Self {
        let (database, table, backup_dimension) = match part {
            BackupObject::Database(database) => (database, None, BackupDimension::Database),
            BackupObject::Table(database, table) => (database, Some(table), BackupDimension::Table),
        };
        Self {
            cluster_id: None,
            tenant_id: None,
            database_name: Some(database),
            table_name: table,
            backup_dimension,
        }
    }

    /// Reads the database or table; nothing where the object is a whole tenant or cluster.
    fn part(&self) -> Result<Option<BackupObject>, Problem> {
        let database = || self.database_name.clone().ok_or_else(|| incomplete("databaseName"));
        Ok(match self.backup_dimension {
            BackupDimension::Cluster | BackupDimension::Tenant => None,
            BackupDimension::Database => Some(BackupObject::Database(database()?)),
            BackupDimension::Table => {
                let table = self.table_name.clone().ok_or_else(|| incomplete("tableName"))?;
                Some(BackupObject::Table(database()?, table))
            }
        })
    }

    /// Reads a part of a backup set. Cluster and tenant are the set's own and can't be chosen.
    pub(super) fn part_of_set(&self) -> Result<BackupObject, Problem> {
        match self.part()? {
            Some(part) if self.cluster_id.is_none() && self.tenant_id.is_none() => Ok(part),
            _ => Err(wrong("restore-object-is-no-part")),
        }
    }
}

fn wrong(id: &str) -> Problem {
    Problem::invalid(id).coded(codes::NO_BACKUP_OBJECT)
}

fn incomplete(field: &str) -> Problem {
    wrong("backup-object-incomplete").with("field", field)
}

/// The tenants of a request; defaults to all of the cluster.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TenantsBody {
    /// The cluster itself, or tenants of it.
    #[serde(default, deserialize_with = "super::null_as_empty")]
    #[schema(value_type = Option<Vec<ObjectBody>>)]
    ob_backup_object_list: Vec<ObjectBody>,
}

impl TenantsBody {
    /// Reads which tenants; none means all.
    pub(crate) fn read(self, cluster: ClusterId) -> Result<Vec<TenantId>, Problem> {
        let (tenants, parts) = read_objects(&self.ob_backup_object_list, cluster, None)?;
        if !parts.is_empty() {
            return Err(Problem::invalid("physical-takes-whole-tenants").coded(codes::NO_BACKUP_OBJECT));
        }
        Ok(tenants)
    }
}

/// Reads the list of objects as tenants and parts of them. An ambiguous list is refused: one interpretation would
/// back up less than the other requested.
pub(super) fn read_objects(
    objects: &[ObjectBody],
    cluster: ClusterId,
    tenant: Option<TenantId>,
) -> Result<(Vec<TenantId>, Vec<BackupObject>), Problem> {
    let mut tenants: Vec<TenantId> = tenant.into_iter().collect();
    let mut parts = Vec::new();
    for object in objects {
        if let Some(other) = object.cluster_id.filter(|id| *id != cluster.0) {
            return Err(wrong("backup-object-elsewhere").with("cluster", other).with("expected", cluster));
        }
        let id = object.tenant_id.map(TenantId);
        if let (Some(id), Some(tenant)) = (id, tenant)
            && id != tenant
        {
            return Err(wrong("backup-object-of-other-tenant").with("tenant", id).with("expected", tenant));
        }
        if object.backup_dimension == BackupDimension::Tenant && id.or(tenant).is_none() {
            return Err(incomplete("tenantId"));
        }
        parts.extend(object.part()?);
        if let Some(id) = id.filter(|id| !tenants.contains(id)) {
            tenants.push(id);
        }
    }
    let of = |dimensions: &[BackupDimension]| {
        objects.iter().filter(|object| dimensions.contains(&object.backup_dimension)).count()
    };
    let kinds = [
        of(&[BackupDimension::Cluster]),
        of(&[BackupDimension::Tenant]),
        of(&[BackupDimension::Database, BackupDimension::Table]),
    ];
    let whole_cluster_of_one_tenant = kinds[0] > 0 && !tenants.is_empty();
    if kinds.iter().filter(|count| **count > 0).count() > 1 || whole_cluster_of_one_tenant {
        return Err(wrong("backup-objects-mixed"));
    }
    if !parts.is_empty() && tenants.len() > 1 {
        return Err(wrong("backup-objects-of-two-tenants"));
    }
    Ok((tenants, parts))
}

#[cfg(test)]
mod tests {
    use model::id::{ClusterId, TenantId};
    use serde_json::json;

    use super::{BackupNowBody, ObjectBody, read_objects};

    #[test]
    fn the_answer_names_what_is_backed_up() {
        let read = |body: serde_json::Value, tenant: Option<i64>| {
            let body: BackupNowBody = serde_json::from_value(body).expect("a request");
            let read = body.read(ClusterId(7), tenant.map(TenantId)).expect("a request");
            (serde_json::to_value(read.objects).expect("JSON"), read.ask.wish.tenants)
        };
        let shop = json!([{"clusterId": 7, "tenantId": 1004, "backupDimension": "TENANT"}]);
        let full = json!({"dataBackupMode": "FULL_BACKUP"});
        assert_eq!(read(full.clone(), Some(1004)), (shop.clone(), vec![TenantId(1004)]));
        assert_eq!(read(full, None), (json!([]), vec![]), "the whole cluster");
        assert_eq!(read(json!({"obBackupObjectList": null}), Some(1004)).0, shop, "null is an empty list");
        let books = json!([{"tenantId": 1002, "databaseName": "books", "backupDimension": "DATABASE"}]);
        assert_eq!(read(json!({"obBackupObjectList": books}), Some(1002)).0, books, "as it was given");
    }

    #[test]
    fn a_list_of_objects_is_taken_whole_or_refused() {
        let cases = [
            (json!([]), None, Ok((vec![], 0))),
            (json!([{"backupDimension": "CLUSTER", "clusterId": 7}]), None, Ok((vec![], 0))),
            (json!([{"backupDimension": "TENANT", "tenantId": 1}]), None, Ok((vec![1], 0))),
            (
                json!([{"backupDimension": "TABLE", "databaseName": "d", "tableName": "t"},
                       {"backupDimension": "DATABASE", "databaseName": "e"}]),
                Some(3),
                Ok((vec![3], 2)),
            ),
            (json!([{"backupDimension": "TENANT"}]), None, Err("backup-object-incomplete")),
            (json!([{"backupDimension": "TABLE", "tableName": "t"}]), None, Err("backup-object-incomplete")),
            (json!([{"backupDimension": "CLUSTER", "clusterId": 8}]), None, Err("backup-object-elsewhere")),
            (
                json!([{"backupDimension": "TENANT", "tenantId": 1}]),
                Some(2),
                Err("backup-object-of-other-tenant"),
            ),
            (
                json!([{"backupDimension": "TENANT", "tenantId": 1},
                       {"backupDimension": "DATABASE", "databaseName": "d", "tenantId": 1}]),
                None,
                Err("backup-objects-mixed"),
            ),
            (json!([{"backupDimension": "CLUSTER"}]), Some(2), Err("backup-objects-mixed")),
            (
                json!([{"backupDimension": "DATABASE", "databaseName": "d", "tenantId": 1},
                       {"backupDimension": "DATABASE", "databaseName": "d", "tenantId": 2}]),
                None,
                Err("backup-objects-of-two-tenants"),
            ),
        ];
        for (objects, tenant, expected) in cases {
            let read: Vec<ObjectBody> = serde_json::from_value(objects.clone()).expect("a list of objects");
            let found = read_objects(&read, ClusterId(7), tenant.map(TenantId))
                .map(|(tenants, parts)| (tenants.iter().map(|id| id.0).collect(), parts.len()))
                .map_err(|problem| problem.text.id);
            assert_eq!(found, expected.map_err(str::to_owned), "{objects}");
        }
    }
}
