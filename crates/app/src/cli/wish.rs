//! Requests about a cluster or its tenants that create a task: a change of log backup, a major compaction.

use clap::Args;
use model::text::Text;
use serde_json::{Value, json};

use super::names::{cluster, tenant};
use super::reach::Reach;
use crate::client::Client;
use crate::failure::Failure;
use crate::follow;
use crate::rows::{ActionRow, ClusterRow, read};

/// The cluster and tenants of a request.
#[derive(Args)]
pub(crate) struct WishArgs {
    /// The name of the cluster
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: String,
    /// Only this tenant; repeatable. Defaults to the whole cluster
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: Vec<String>,
    /// Wait for the task to end, and show its progress
    #[arg(long)]
    pub(crate) wait: bool,
}

/// Creates the task with a POST to this path below the cluster, and watches it if requested.
pub(crate) async fn made(reach: &Reach, wish: &WishArgs, path: &str) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let cluster = cluster(&client, &wish.cluster).await?;
    let body = tenants(&client, &cluster, &wish.tenant).await?;
    let data = client.post(&format!("/ob/clusters/{}/{path}", cluster.id), Some(&body)).await?;
    let task = read::<ActionRow>(&data)?.task()?;
    let said = Text::new("cli-task-made").with("task", task);
    if !wish.wait {
        screen.show(&data, |screen| screen.say(&said));
        return Ok(());
    }
    screen.say(&said);
    let ended = follow::to_end(&client, screen, task).await?;
    screen.show(&ended, |_| {});
    Ok(())
}

/// Returns the body that names the tenants.
pub(crate) async fn tenants(
    client: &Client,
    cluster: &ClusterRow,
    names: &[String],
) -> Result<Value, Failure> {
    let mut objects = Vec::new();
    for name in names {
        let id = tenant(client, cluster, Some(name)).await?;
        objects.push(json!({ "backupDimension": "TENANT", "tenantId": id }));
    }
    Ok(json!({ "obBackupObjectList": objects }))
}
