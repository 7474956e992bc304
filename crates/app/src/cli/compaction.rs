//! `lifeboat compaction`.

use clap::{Args, Subcommand};
use model::text::Text;
use serde_json::Value;

use super::names::{cluster, short_or_none};
use super::reach::Reach;
use super::wish::{self, WishArgs, made};
use crate::failure::Failure;
use crate::rows::{ClearedRow, CompactionsRow, read};

#[derive(Args)]
pub(crate) struct CompactionArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Start a major compaction
    Start(WishArgs),
    /// Show the status of major compaction
    Show {
        /// The name of the cluster
        #[arg(long, value_name = "NAME")]
        cluster: String,
    },
    /// Clear the error of stopped major compactions, so that they continue
    Clear {
        /// The name of the cluster
        #[arg(long, value_name = "NAME")]
        cluster: String,
        /// Only this tenant; repeatable. Defaults to all tenants
        #[arg(long, value_name = "NAME")]
        tenant: Vec<String>,
    },
}

pub(crate) async fn run(args: CompactionArgs) -> Result<(), Failure> {
    let CompactionArgs { reach, verb } = args;
    match verb {
        Verb::Start(wish) => made(&reach, &wish, "compaction/start").await,
        Verb::Show { cluster } => show(&reach, &cluster).await,
        Verb::Clear { cluster, tenant } => clear(&reach, &cluster, &tenant).await,
    }
}

async fn show(reach: &Reach, name: &str) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let id = cluster(&client, name).await?.id;
    let data = client.get(&format!("/ob/clusters/{id}/compaction"), &[]).await?;
    let found: CompactionsRow = read(&data)?;
    screen.show(&data, |screen| {
        let rows: Vec<Vec<String>> = found
            .tenants
            .iter()
            .map(|row| {
                vec![
                    row.tenant_name.clone(),
                    if row.suspended { format!("{} (suspended)", row.status) } else { row.status.clone() },
                    short_or_none(row.start_time.as_ref()),
                    short_or_none(row.finish_time.as_ref()),
                    row.error_msg.clone().unwrap_or_default(),
                ]
            })
            .collect();
        screen.table(&["TENANT", "STATUS", "LAST BEGAN", "LAST ENDED", "ERROR"], &rows);
        if let Some(task) = found.running_task_id {
            screen.say(&Text::new("cli-compaction-runs").with("task", task));
        }
    });
    Ok(())
}

async fn clear(reach: &Reach, name: &str, tenants: &[String]) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let cluster = cluster(&client, name).await?;
    let body: Value = wish::tenants(&client, &cluster, tenants).await?;
    let path = format!("/ob/clusters/{}/compaction/clearExceptions", cluster.id);
    let data = client.post(&path, Some(&body)).await?;
    let cleared: ClearedRow = read(&data)?;
    screen.show(&data, |screen| {
        screen.say(&Text::new("cli-compaction-cleared").with("count", cleared.tenant_id_list.len()));
    });
    Ok(())
}
