//! Resolves the names on the command line to the IDs of the API.

use std::collections::BTreeMap;

use dump::Selection;
use model::Problem;
use model::backup::BackupObject;
use model::storage::mask_uri;
use serde_json::Value;

use crate::client::Client;
use crate::failure::Failure;
use crate::rows::{ClusterRow, StorageRow, TenantRow, UnreadableStrategyRow, read_all};

/// Returns the cluster of that name.
pub(crate) async fn cluster(client: &Client, name: &str) -> Result<ClusterRow, Failure> {
    let clusters: Vec<ClusterRow> = read_all(&client.list("/ob/clusters", &[]).await?)?;
    let found = clusters.into_iter().find(|cluster| cluster.name == name);
    found.ok_or_else(|| Problem::not_found("cluster-unknown").with("cluster", name).into())
}

/// Returns the storage configuration of that name.
pub(crate) async fn storage(client: &Client, name: &str) -> Result<StorageRow, Failure> {
    let storages: Vec<StorageRow> = read_all(&client.list("/backup/storages", &[]).await?)?;
    let found = storages.into_iter().find(|storage| storage.config_name.as_deref() == Some(name));
    found.ok_or_else(|| Problem::not_found("storage-unknown").with("storage", name).into())
}

/// Returns the strategies that the server cannot read.
pub(super) async fn unreadable_strategies(client: &Client) -> Result<Vec<UnreadableStrategyRow>, Failure> {
    let data = client.get("/backup/strategies", &[("size", "1".to_owned())]).await?;
    read_all(data["unreadable"].as_array().map_or(&[], Vec::as_slice))
}

/// Returns a cluster's tenants.
pub(crate) async fn tenants(client: &Client, cluster: i64) -> Result<Vec<TenantRow>, Failure> {
    let data = client.get(&format!("/ob/clusters/{cluster}/tenants"), &[]).await?;
    read_all(data["contents"].as_array().map_or(&[], Vec::as_slice))
}

/// Returns the names of a cluster's zones.
pub(crate) async fn zones(client: &Client, cluster: i64) -> Result<Vec<String>, Failure> {
    let data = client.get(&format!("/ob/clusters/{cluster}/zones"), &[]).await?;
    let rows = data["contents"].as_array().cloned().unwrap_or_default();
    Ok(rows.iter().filter_map(|row| row["name"].as_str().map(str::to_owned)).collect())
}

/// Returns the ID of the tenant of that name; without a name, that of the only tenant.
pub(crate) async fn tenant(
    client: &Client,
    cluster: &ClusterRow,
    name: Option<&str>,
) -> Result<i64, Failure> {
    let tenants = tenants(client, cluster.id).await?;
    let names = || tenants.iter().map(|tenant| tenant.name.as_str()).collect::<Vec<_>>().join(", ");
    match (name, tenants.as_slice()) {
        (None, [only]) => Ok(only.id),
        (None, _) => {
            let problem = Problem::invalid("tenant-not-chosen");
            Err(problem.with("cluster", &cluster.name).with("tenants", names()).into())
        }
        (Some(name), _) => {
            let found = tenants.iter().find(|tenant| tenant.name == name);
            let missing = || {
                let problem = Problem::not_found("tenant-unknown");
                problem.with("tenant", name).into()
            };
            found.map(|tenant| tenant.id).ok_or_else(missing)
        }
    }
}

/// Returns the ID of the tenant of that name, or of a tenant with a strategy that was dropped: then `name` is its ID.
pub(super) async fn strategy_tenant(
    client: &Client,
    cluster: &ClusterRow,
    name: &str,
) -> Result<i64, Failure> {
    let unknown = match tenant(client, cluster, Some(name)).await {
        Ok(id) => return Ok(id),
        Err(unknown) => unknown,
    };
    let strategies = client.list("/backup/strategies", &[("clusterId", cluster.id.to_string())]).await?;
    let of_dropped = strategies.iter().filter(|strategy| is_of_dropped_tenant(strategy));
    let readable = of_dropped.filter_map(|strategy| strategy["tenantId"].as_i64());
    let unreadable = unreadable_strategies(client).await?;
    let is_it = |row: &&UnreadableStrategyRow| row.cluster_name == cluster.name && row.tenant_name.is_none();
    let unreadable = unreadable.iter().filter(is_it).filter_map(|row| row.tenant_id);
    readable.chain(unreadable).find(|id| id.to_string() == name).ok_or(unknown)
}

/// Returns whether a strategy is of a tenant that was dropped: it has an ID, and no name any more.
pub(super) fn is_of_dropped_tenant(strategy: &Value) -> bool {
    strategy["tenantId"].is_i64() && strategy["tenantName"].is_null()
}

/// Refuses a URL that contains a password: it would appear in process lists and in the shell history.
pub(crate) fn check_no_password(text: &str) -> Result<(), Failure> {
    let user = text.split_once("://").and_then(|(_, rest)| rest.split_once('@')).map(|(user, _)| user);
    if user.is_some_and(|user| user.contains(':')) {
        return Err(Problem::invalid("url-with-password").with("url", mask_uri(text)).into());
    }
    Ok(())
}

/// Reads `database.table`.
pub(crate) fn read_table(name: &str) -> Result<(String, String), Problem> {
    let parts = name.split_once('.').filter(|(database, table)| !database.is_empty() && !table.is_empty());
    let (database, table) = parts.ok_or_else(|| Problem::invalid("table-malformed").with("table", name))?;
    Ok((database.to_owned(), table.to_owned()))
}

/// Returns the selection of `--database` and `--table`; without these options, everything.
pub(crate) fn chosen(databases: &[String], tables: &[String]) -> Result<Selection, Problem> {
    let databases = databases.iter().cloned().map(BackupObject::Database).map(Ok);
    let tables = tables.iter().map(|name| read_table(name).map(|(d, t)| BackupObject::Table(d, t)));
    Ok(Selection(databases.chain(tables).collect::<Result<_, Problem>>()?))
}

/// Reads `old=new` pairs.
pub(crate) fn read_rename(pairs: &[String]) -> Result<BTreeMap<String, String>, Problem> {
    let mut rename = BTreeMap::new();
    for pair in pairs {
        let wrong = || Problem::invalid("rename-malformed").with("rename", pair);
        let (old, new) = pair.split_once('=').ok_or_else(wrong)?;
        if old.is_empty() || new.is_empty() || rename.insert(old.to_owned(), new.to_owned()).is_some() {
            return Err(wrong());
        }
    }
    Ok(rename)
}

/// Returns a time of an answer without fractions of seconds.
pub(crate) fn short(moment: &str) -> String {
    model::Timestamp::from_rfc3339(moment).map_or_else(|| moment.to_owned(), |moment| moment.to_string())
}

/// Returns the time of an answer, if any.
pub(crate) fn short_or_none(moment: Option<&String>) -> String {
    moment.map_or_else(|| "-".to_owned(), |moment| short(moment))
}

/// The IDs of the object that a strategy backs up.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) cluster: i64,
    pub(super) tenant: Option<i64>,
}

impl Place {
    /// Returns the path of its strategy.
    pub(super) fn path(self) -> String {
        let below = self.tenant.map(|tenant| format!("/tenants/{tenant}")).unwrap_or_default();
        format!("/ob/clusters/{}{below}/backup/config/backupStrategy", self.cluster)
    }
}

#[cfg(test)]
mod tests {
    use super::read_rename;

    #[test]
    fn each_new_name_is_read_or_refused() {
        let pairs = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let read = read_rename(&pairs(&["shop=shop_2", "hr=people"])).expect("two pairs");
        assert_eq!(read.get("shop").map(String::as_str), Some("shop_2"));
        for wrong in [&["shop"][..], &["=x"], &["x="], &["a=b", "a=c"]] {
            assert!(read_rename(&pairs(wrong)).is_err(), "{wrong:?}");
        }
    }
}
