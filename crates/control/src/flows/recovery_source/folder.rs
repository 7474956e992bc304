//! The names of backups in a storage of 4.x, as Lifeboat itself reads them: for a tenant whose cluster is gone.

use std::str::FromStr;

use model::Problem;
use model::id::TenantId;
use model::recovery_window::names::{Reading, read};
use model::schedule::Zone;
use model::storage::tenant_folder;
use model::text::Text;
use storage::Client;

use super::origin::shown;
use crate::error::Error;

/// The folder of a tenant's backups in a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantFolder {
    /// The cluster's name.
    pub cluster_name: String,
    /// OceanBase's ID of the cluster.
    pub cluster_id: i64,
    /// The tenant's ID in that cluster.
    pub tenant: TenantId,
}

/// What Lifeboat sees in the folders of a source.
pub(crate) enum Sight {
    /// These names, perhaps none.
    Names(Reading),
    /// It cannot read the storage.
    Hidden(Box<Text>),
}

impl TenantFolder {
    /// Returns the path below the storage's base.
    #[must_use]
    pub fn path(&self) -> String {
        tenant_folder(&self.cluster_name, self.cluster_id, self.tenant)
    }
}

impl FromStr for TenantFolder {
    type Err = Problem;

    /// Reads `CLUSTER/CLUSTER-ID/TENANT-ID`.
    fn from_str(text: &str) -> Result<Self, Problem> {
        let malformed = || Problem::invalid("recovery-folder-malformed").with("folder", text);
        let parts: Vec<&str> = text.trim_matches('/').split('/').collect();
        let [cluster_name, cluster, tenant] = parts[..] else { return Err(malformed()) };
        let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number > 0).ok_or_else(malformed);
        let (cluster_id, tenant) = (number(cluster)?, TenantId(number(tenant)?));
        if cluster_name.is_empty() {
            return Err(malformed());
        }
        Ok(Self { cluster_name: cluster_name.to_owned(), cluster_id, tenant })
    }
}

/// The zone of the times in names, unless a user gives another: OceanBase's default.
pub(crate) fn usual_zone() -> Zone {
    "+08:00".parse().unwrap_or(Zone::UTC)
}

/// Finds the folders that contain physical backups of tenants of 4.x.
///
/// # Errors
/// If the storage cannot be read.
pub(crate) async fn tenants(client: &Client) -> Result<Vec<TenantFolder>, Error> {
    let mut found = Vec::new();
    for cluster_name in client.children("").await?.folders {
        for cluster in folders(client, &cluster_name).await {
            let Ok(cluster_id) = cluster.parse() else { continue };
            for tenant in folders(client, &format!("{cluster_name}/{cluster}")).await {
                let Ok(id) = tenant.parse() else { continue };
                let below = folders(client, &format!("{cluster_name}/{cluster}/{tenant}")).await;
                if below.iter().any(|name| name == "data" || name == "clog") {
                    let cluster_name = cluster_name.clone();
                    found.push(TenantFolder { cluster_name, cluster_id, tenant: TenantId(id) });
                }
            }
        }
    }
    Ok(found)
}

/// Returns the folders in a folder; none if it cannot be read, such as `lost+found`: it is not one of ours.
async fn folders(client: &Client, folder: &str) -> Vec<String> {
    match client.children(folder).await {
        Ok(children) => children.folders,
        Err(error) => {
            tracing::debug!(folder, %error, "a folder of a storage cannot be read");
            Vec::new()
        }
    }
}

/// Reads the names in the data and log folders of a tenant.
///
/// # Errors
/// If the storage cannot be read.
pub(crate) async fn names(client: &Client, data: &str, log: &str, zone: Zone) -> Result<Reading, Error> {
    let mut names = Vec::new();
    for folder in [format!("{data}/backup_sets"), format!("{log}/rounds"), format!("{log}/pieces")] {
        names.extend(client.children(&folder).await?.objects);
    }
    for set in client.children(data).await?.folders.iter().filter(|name| name.starts_with("backup_set_")) {
        let below = client.children(&format!("{data}/{set}")).await?;
        let folders = below.folders.iter().filter(|name| *name == "complement_log");
        let inside = folders.chain(below.objects.iter().filter(|name| name.starts_with("backup_set_")));
        names.extend(inside.map(|name| format!("{set}/{name}")));
    }
    Ok(read(names.iter().map(String::as_str), zone))
}

/// Looks into the folders of a source, with the client of their storage.
pub(crate) async fn look(client: Result<Client, Error>, data: &str, log: &str) -> Sight {
    let work = async { names(&client?, data, log, usual_zone()).await };
    match work.await {
        Ok(reading) => Sight::Names(reading),
        Err(error) => Sight::Hidden(Box::new(error.text())),
    }
}

/// Describes the names, and the presumable latest recoverable time.
pub(crate) fn told(reading: &Reading) -> Vec<Text> {
    let timeline = reading.timeline();
    let good = model::recovery_window::good_sets(&reading.sets);
    let sets: Vec<String> = good.iter().map(|set| set.id.to_string()).collect();
    let about = |id: &str| Text::new(id).with("sets", sets.join(", ")).with("count", sets.len());
    let Some(latest) = timeline.latest() else {
        return vec![about("recovery-folder-without-times")];
    };
    vec![about("recovery-folder-holds").with("moment", shown(latest)).with("pieces", reading.pieces.len())]
}
