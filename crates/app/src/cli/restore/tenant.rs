//! Recovering a tenant or tables from physical backups: the recoverable times, and the request.

use std::time::Duration;

use model::Problem;
use model::backup::BackupObject;
use model::physical::table_recovery::shown;
use model::size;
use model::text::Text;
use serde_json::{Map, Value, json};

use super::target::TargetArgs;
use super::units::Units;
use crate::cli::names::{self, cluster, read_table, short, storage};
use crate::cli::reach::Reach;
use crate::client::Client;
use crate::failure::Failure;
use crate::language::words_of;
use crate::rows::{ClusterRow, TenantWindowRow, read_all};
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
    let id = names::tenant(client, known, target.tenant.as_deref()).await?;
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

/// Adds a tenant to the request of which only the backup files are left; returns its folder instead of a name.
async fn offline(
    client: &Client,
    name: &str,
    folder: &str,
    tenant: Option<&str>,
    form: &mut Map<String, Value>,
) -> Result<String, Failure> {
    let malformed = || Problem::invalid("recovery-folder-malformed").with("folder", folder);
    let parts: Vec<&str> = folder.trim_matches('/').split('/').collect();
    let [cluster_name, cluster_id, tenant_id] = parts[..] else { return Err(malformed().into()) };
    let number = |text: &str| text.parse::<i64>().map_err(|_| malformed());
    form.insert("storageId".into(), json!(storage(client, name).await?.storage_id));
    form.insert("backupClusterName".into(), json!(cluster_name));
    form.insert("backupObClusterId".into(), json!(number(cluster_id)?));
    form.insert("backupObTenantId".into(), json!(number(tenant_id)?));
    if let Some(tenant) = tenant {
        form.insert("backupTenantName".into(), json!(tenant));
    }
    Ok(tenant.map_or_else(|| format!("tenant_{tenant_id}"), str::to_owned))
}

/// Shows the recoverable periods of tenants.
pub(super) async fn window(reach: &Reach, name: &str, tenant: Option<&str>) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let cluster = cluster(&client, name).await?;
    let path = match tenant {
        Some(name) => {
            let id = names::tenant(&client, &cluster, Some(name)).await?;
            format!("/ob/clusters/{}/tenants/{id}/backup/info", cluster.id)
        }
        None => format!("/ob/clusters/{}/backup/info", cluster.id),
    };
    let data = client.get(&path, &[]).await?;
    let tenants: Vec<TenantWindowRow> = read_all(data["tenants"].as_array().map_or(&[], Vec::as_slice))?;
    screen.show(&data, |screen| {
        if tenants.is_empty() {
            screen.say(&Text::new("cli-nothing-recoverable").with("cluster", name));
        }
        let rows: Vec<Vec<String>> = tenants.iter().flat_map(rows).collect();
        if !rows.is_empty() {
            screen.table(&["TENANT", "FROM", "UNTIL", "NOTE"], &rows);
        }
    });
    Ok(())
}

/// Returns one row for each interval and each gap, by time.
fn rows(tenant: &TenantWindowRow) -> Vec<Vec<String>> {
    let last = tenant.intervals.len().saturating_sub(1);
    let loss = tenant.loss_seconds.map(|seconds| size::span(Duration::from_secs(seconds)));
    let intervals = tenant.intervals.iter().enumerate().map(|(place, interval)| {
        let unproven = (!interval.proven).then(|| words_of(&Text::new("cli-window-unproven")));
        let loss = loss.as_ref().filter(|_| place == last);
        let loss = loss.map(|loss| words_of(&Text::new("cli-window-loss").with("loss", loss)));
        let note = unproven.into_iter().chain(loss).collect::<Vec<_>>().join("; ");
        (interval.start_time.clone(), interval.end_time.clone(), note)
    });
    let gaps = tenant.gaps.iter().map(|gap| {
        let note = words_of(&Text::new("cli-window-gap").with("reason", &gap.message));
        (gap.after_time.clone(), gap.before_time.clone(), note)
    });
    let mut all: Vec<_> = intervals.chain(gaps).collect();
    all.sort();
    let row = |(from, until, note): (String, String, String)| {
        vec![tenant.tenant_name.clone(), short(&from), short(&until), note]
    };
    all.into_iter().map(row).collect()
}
