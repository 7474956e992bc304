//! `lifeboat restore`.

use clap::{Args, Subcommand};
use model::Problem;
use model::text::Text;
use serde_json::{Value, json};

use super::backup::show_plan;
use super::names::{self, cluster, read_rename, read_table, short_or_none};
use super::reach::Reach;
use super::task;
use crate::client::Client;
use crate::failure::Failure;
use crate::follow;
use crate::rows::{ActionRow, ClusterRow, RestoreTaskRow, TaskRow, read, read_all};

mod clean_up;
mod target;
mod tenant;
mod units;
mod whole;
mod window;

use target::TargetArgs;
use whole::WholeArgs;

#[derive(Args)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Show the recoverable periods of tenants from physical backups
    Window {
        /// The name of the cluster
        #[arg(long, value_name = "NAME", required_unless_present = "storage")]
        cluster: Option<String>,
        /// Show only this tenant
        #[arg(long, value_name = "NAME", requires = "cluster")]
        tenant: Option<String>,
        /// List the tenants that have physical backups in this storage, for a cluster that is lost
        #[arg(long, value_name = "NAME", conflicts_with = "cluster")]
        storage: Option<String>,
        /// Show the presumable periods of the tenant in this folder of the storage, such as obcluster/1/1002
        #[arg(long, value_name = "FOLDER", requires = "storage")]
        folder: Option<String>,
        /// The time zone of that tenant, an IANA name or an offset. Defaults to +08:00
        #[arg(long, value_name = "ZONE", requires = "folder")]
        zone: Option<String>,
    },
    /// Show the plan of a recovery without running it
    Plan {
        #[command(flatten)]
        target: Box<TargetArgs>,
        /// Include the statements in the plan
        #[arg(long)]
        statements: bool,
    },
    /// Recover a logical backup set, or a tenant or tables from physical backups
    Start {
        #[command(flatten)]
        target: Box<TargetArgs>,
        /// Show the plan without running it
        #[arg(long)]
        dry_run: bool,
        /// Include the statements in the plan
        #[arg(long, requires = "dry_run")]
        statements: bool,
        /// Wait for the task to end, and show its progress
        #[arg(long, conflicts_with = "dry_run")]
        wait: bool,
    },
    /// Recover the tenants of a cluster in one go from physical backups
    Cluster(Box<WholeArgs>),
    /// Clean up after a failed recovery
    CleanUp {
        /// The task of the recovery
        task: i64,
        /// Confirm with the name of the recovered tenant, or of the target for the recovery of a cluster. When omitted, you
        /// are prompted for it on a terminal
        #[arg(long, value_name = "NAME")]
        yes: Option<String>,
        /// Wait for the task to end, and show its progress
        #[arg(long)]
        wait: bool,
    },
    /// List the recoveries
    List {
        /// Show only recoveries into this cluster
        #[arg(long, value_name = "NAME")]
        cluster: Option<String>,
    },
}

pub(crate) async fn run(args: RestoreArgs) -> Result<(), Failure> {
    let RestoreArgs { reach, verb } = args;
    match verb {
        Verb::Window { storage: Some(storage), folder, zone, .. } => {
            window::in_storage(&reach, &storage, folder.as_deref(), zone.as_deref()).await
        }
        Verb::Window { cluster, tenant, .. } => {
            window::of_cluster(&reach, &cluster.unwrap_or_default(), tenant.as_deref()).await
        }
        Verb::Plan { target, statements } => plan(&reach, &target, statements).await,
        Verb::Start { target, dry_run: true, statements, .. } => plan(&reach, &target, statements).await,
        Verb::Start { target, wait, .. } => start(&reach, &target, wait).await,
        Verb::Cluster(args) => whole::run(&reach, &args).await,
        Verb::CleanUp { task, yes, wait } => clean_up::run(&reach, task, yes.as_deref(), wait).await,
        Verb::List { cluster } => list(&reach, cluster.as_deref()).await,
    }
}

async fn plan(reach: &Reach, target: &TargetArgs, with_statements: bool) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let data = ask(&client, target, true).await?;
    let action: ActionRow = read(&data)?;
    let plan = action.plan.as_ref();
    screen.show(&data["plan"], |screen| {
        if let Some(plan) = plan {
            show_plan(screen, plan, with_statements);
        }
    });
    Ok(())
}

async fn start(reach: &Reach, target: &TargetArgs, wait: bool) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let data = ask(&client, target, false).await?;
    let task = read::<ActionRow>(&data)?.task()?;
    let said = Text::new("cli-task-made").with("task", task);
    if !wait {
        screen.show(&data, |screen| screen.say(&said));
        return Ok(());
    }
    screen.say(&said);
    let ended = follow::to_end(&client, screen, task).await?;
    let row: TaskRow = read(&ended)?;
    screen.show(&ended, |screen| task::say_what_lacks(screen, &row));
    task::complete(&row)
}

async fn ask(client: &Client, target: &TargetArgs, dry_run: bool) -> Result<Value, Failure> {
    let Some(set) = target.set else {
        let (cluster, mut body) = tenant::request(client, target).await?;
        body["dryRun"] = json!(dry_run);
        return client.post(&format!("/ob/clusters/{cluster}/backup/restore"), Some(&body)).await;
    };
    let rename = read_rename(&target.rename)?;
    let tables = target.table.iter().map(|name| {
        let (database, table) = read_table(name)?;
        Ok(json!({ "backupDimension": "TABLE", "databaseName": database, "tableName": table }))
    });
    let tables = tables.collect::<Result<Vec<_>, Problem>>()?;
    let cluster = cluster(client, &target.cluster).await?;
    let tenant = names::tenant(client, &cluster, target.tenant.as_deref()).await?;
    let body = json!({
        "backupSetId": set,
        "restoreClusterId": cluster.id,
        "restoreTenantId": tenant,
        "databases": target.database,
        "obBackupObjectList": tables,
        "rename": rename,
        "acceptForeign": target.accept_foreign,
        "withCode": target.with_code,
        "without": target.without,
        "dryRun": dry_run,
    });
    client.post(&format!("/ob/clusters/{}/backup/restore", cluster.id), Some(&body)).await
}

async fn list(reach: &Reach, name: Option<&str>) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let clusters: Vec<ClusterRow> = match name {
        Some(name) => vec![cluster(&client, name).await?],
        None => read_all(&client.list("/ob/clusters", &[]).await?)?,
    };
    let mut rows = Vec::new();
    for cluster in clusters {
        rows.extend(
            client.list(&format!("/ob/clusters/{}/backup/task/restoreTasks", cluster.id), &[]).await?,
        );
    }
    let restores: Vec<RestoreTaskRow> = read_all(&rows)?;
    screen.show(&Value::Array(rows), |screen| {
        let rows: Vec<Vec<String>> = restores
            .into_iter()
            .map(|restore| {
                let standing = restore.standing();
                let databases = restore.databases.iter().map(|(old, new)| {
                    let tables =
                        restore.ob_backup_object_list.iter().filter(|each| each.database_name == *old);
                    let tables: Vec<&str> = tables.filter_map(|each| each.table_name.as_deref()).collect();
                    let name = if old == new { old.clone() } else { format!("{old}→{new}") };
                    if tables.is_empty() { name } else { format!("{name} ({})", tables.join(", ")) }
                });
                vec![
                    restore.id.to_string(),
                    restore.backup_set_id.map_or_else(|| "-".to_owned(), |set| set.to_string()),
                    format!("{}/{}", restore.backup_cluster_name, restore.backup_tenant_name),
                    format!("{}/{}", restore.restore_cluster_name, restore.restore_tenant_name),
                    databases.collect::<Vec<_>>().join(", "),
                    short_or_none(restore.create_time.as_ref()),
                    short_or_none(restore.finish_time.as_ref()),
                    standing,
                ]
            })
            .collect();
        screen.table(&["TASK", "SET", "FROM", "INTO", "DATABASES", "STARTED", "ENDED", "STATUS"], &rows);
    });
    Ok(())
}
