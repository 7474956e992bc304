//! The storage that a tenant's new strategy takes from the cluster's strategy in the same file.

use serde_json::Value;

use super::entry::Entry;

/// Fills in the storage of each tenant's new strategy without one, if the file has the strategy of its cluster, and both
/// name the same method: without a name, the server chooses it. The server would take it from the saved strategy of the cluster, which may be created or moved only by
/// this file: with the storage, each strategy can be checked before any is saved.
pub(crate) fn fill_in_storages(entries: &mut [Entry], strategies: &[Value]) {
    let of_clusters: Vec<Entry> = entries.iter().filter(|entry| entry.tenant.is_none()).cloned().collect();
    for entry in entries {
        let is_saved = strategies.iter().any(|strategy| {
            strategy["clusterName"] == *entry.cluster
                && strategy["tenantName"].as_str() == entry.tenant.as_deref()
        });
        if is_saved || entry.tenant.is_none() || entry.fields.contains_key("storage") {
            continue;
        }
        let of_cluster = of_clusters.iter().find(|other| {
            let mode = entry.fields.get("backupMode");
            other.cluster == entry.cluster && mode.is_some() && other.fields.get("backupMode") == mode
        });
        if let Some(storage) = of_cluster.and_then(|other| other.fields.get("storage")) {
            entry.fields.insert("storage".to_owned(), storage.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::fill_in_storages;
    use crate::strategy_file::read;

    #[test]
    fn a_tenants_new_strategy_takes_the_storage_of_its_cluster_in_the_file() {
        let file = "
strategies:
- {clusterName: prod, tenantName: shop, backupMode: PHYSICAL_BACKUP}
- {clusterName: prod, tenantName: crm, backupMode: PHYSICAL_BACKUP, storage: own}
- {clusterName: prod, tenantName: hr, backupMode: LOGICAL_BACKUP}
- {clusterName: prod, tenantName: pay}
- {clusterName: prod, tenantName: old, backupMode: PHYSICAL_BACKUP}
- {clusterName: test, tenantName: shop, backupMode: PHYSICAL_BACKUP}
- {clusterName: prod, backupMode: PHYSICAL_BACKUP, storage: nightly}
";
        let mut entries = read(file, "s.yaml").expect("a file");
        fill_in_storages(&mut entries, &[json!({ "clusterName": "prod", "tenantName": "old" })]);
        let storages: Vec<&str> = entries
            .iter()
            .map(|entry| entry.fields.get("storage").and_then(Value::as_str).unwrap_or("-"))
            .collect();
        assert_eq!(storages, ["nightly", "own", "-", "-", "-", "-", "nightly"]);
    }
}
