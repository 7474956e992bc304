//! The request of a recovery of a tenant or of tables from physical backups.

use control::recovery_windows::TenantFolder;
use model::Problem;
use model::backup::BackupObject;
use model::physical::table_recovery::shown;
use serde_json::{Map, Value, json};

use super::target::TargetArgs;
use super::units::Units;
use crate::cli::names::{self, cluster, read_table, storage};
use crate::client::Client;
use crate::failure::Failure;
use crate::rows::ClusterRow;
use crate::secrets;

/// Returns the cluster in the path of the request, and the request.
pub(super) async fn request(client: &Client, target: &TargetArgs) -> Result<(i64, Value), Failure> {
    let new = &target.new;
    let known = cluster(client, &target.cluster).await?;
    let into = match &new.into {
        Some(name) => cluster(client, name).await?.id,
        None => known.id,
    };
    let mut form = Map::new();
    form.insert("restoreClusterId".into(), json!(into));
    let old_name = match (&new.storage, &new.folder) {
        (Some(name), Some(folder)) => {
            offline(client, name, folder, target.tenant.as_deref(), &mut form).await?
        }
        _ => online(client, &known, target, &mut form).await?,
    };
    match new.until.as_deref().map(str::trim) {
        None | Some("latest") => {}
        Some(text) if text.starts_with("set:") => {
            let number = text["set:".len()..].trim();
            let set: i64 = number.parse().map_err(|_| {
                Problem::invalid("restore-moment-unreadable").with("field", "--until").with("text", text)
            })?;
            if new.storage.is_some() {
                return Err(Problem::invalid("recovery-set-needs-cluster").with("set", set).into());
            }
            form.insert("restoreBackupSetId".into(), json!(set));
        }
        Some(scn) if scn.bytes().all(|byte| byte.is_ascii_digit()) => {
            form.insert("restoreScn".into(), json!(scn));
        }
        Some(time) => {
            form.insert("restoreEndTime".into(), json!(time));
        }
    }
    if new.decrypt {
        let password = secrets::read("LIFEBOAT_BACKUP_PASSWORD", "cli-prompt-backup-password")?;
        form.insert("passwords".into(), json!([password.expose()]));
    }
    let mut tenant = Map::new();
    let default = if target.has_objects() { old_name } else { format!("{old_name}_restored") };
    let name = new.new_name.clone().unwrap_or(default);
    tenant.insert("name".into(), json!(name));
    if new.standby {
        tenant.insert("role".into(), json!("STANDBY"));
    }
    if !new.only_table.is_empty() {
        tenant.insert("tables".into(), json!(new.only_table));
    }
    if let Some(zones) = &new.primary_zone {
        tenant.insert("primaryZone".into(), json!(zones));
    }
    let units = Units::read(&new.unit, &new.new_unit)?;
    if units.is_empty() {
        tenant.insert("poolList".into(), json!(new.pool));
    } else {
        let zones = match new.zone.is_empty() && units.are_for_all() {
            true => names::zones(client, into).await?,
            false => Vec::new(),
        };
        tenant.insert("zones".into(), units.in_zones(&new.zone, zones, new.unit_count.unwrap_or(1))?);
    }
    form.insert("restoreTenantInfoParam".into(), Value::Object(tenant));
    let field = match new.storage {
        Some(_) => "restoreOfflineTenantRequiredParam",
        None => "restoreOnlineTenantRequiredParam",
    };
    let mut body = json!({ field: form });
    objects(target, &mut body)?;
    Ok((into, body))
}

/// Adds the selected databases and tables to the request, and their new names.
fn objects(target: &TargetArgs, body: &mut Value) -> Result<(), Problem> {
    let mut rename = Map::new();
    for (old, new) in names::read_rename(&target.rename)? {
        rename.insert(shown(&BackupObject::Database(old)), json!(shown(&BackupObject::Database(new))));
    }
    let mut tables = Vec::new();
    for text in &target.table {
        let (name, new) = match text.split_once('=') {
            Some((name, new)) => (name, Some(read_table(new)?)),
            None => (text.as_str(), None),
        };
        let (database, table) = read_table(name)?;
        tables.push(json!({ "backupDimension": "TABLE", "databaseName": database, "tableName": table }));
        if let Some((new_database, new_table)) = new {
            let new = shown(&BackupObject::Table(new_database, new_table));
            rename.insert(shown(&BackupObject::Table(database, table)), json!(new));
        }
    }
    for (field, value) in [
        ("databases", json!(target.database)),
        ("obBackupObjectList", json!(tables)),
        ("rename", Value::Object(rename)),
    ] {
        let is_empty =
            value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
        if !is_empty {
            body[field] = value;
        }
    }
    Ok(())
}

/// Adds the tenant of a known cluster to the request; returns its name.
async fn online(
    client: &Client,
    known: &ClusterRow,
    target: &TargetArgs,
    form: &mut Map<String, Value>,
) -> Result<String, Failure> {
    let id = recovered(client, known, target.tenant.as_deref()).await?;
    form.insert("backupClusterId".into(), json!(known.id));
    form.insert("backupTenantId".into(), json!(id));
    match &target.tenant {
        Some(name) => Ok(name.clone()),
        None => {
            let all = names::tenants(client, known.id).await?;
            let found = all.into_iter().find(|tenant| tenant.id == id);
            Ok(found.map_or_else(|| id.to_string(), |tenant| tenant.name))
        }
    }
}

/// Returns the ID of the tenant of that name, or of one that was dropped: then `name` is its ID.
pub(super) async fn recovered(
    client: &Client,
    known: &ClusterRow,
    name: Option<&str>,
) -> Result<i64, Failure> {
    let found = names::tenant(client, known, name).await;
    found.or_else(|unknown| name.and_then(|name| name.parse().ok()).ok_or(unknown))
}

/// Adds a tenant to the request of which only the backup files are left; returns its folder instead of a name.
async fn offline(
    client: &Client,
    name: &str,
    folder: &str,
    tenant: Option<&str>,
    form: &mut Map<String, Value>,
) -> Result<String, Failure> {
    let folder: TenantFolder = folder.parse()?;
    form.insert("storageId".into(), json!(storage(client, name).await?.storage_id));
    form.insert("backupClusterName".into(), json!(folder.cluster_name));
    form.insert("backupObClusterId".into(), json!(folder.cluster_id));
    form.insert("backupObTenantId".into(), json!(folder.tenant.0));
    if let Some(tenant) = tenant {
        form.insert("backupTenantName".into(), json!(tenant));
    }
    Ok(tenant.map_or_else(|| format!("tenant_{}", folder.tenant), str::to_owned))
}
