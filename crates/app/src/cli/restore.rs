//! `lifeboat restore`.

use clap::{Args, Subcommand};
use model::Problem;
use model::text::Text;
use serde_json::{Value, json};

use super::Reach;
use super::backup::show_plan;
use super::names::{cluster, read_rename, read_table, short_or_none, tenant};
use crate::client::Client;
use crate::failure::Failure;
use crate::follow;
use crate::rows::{ActionRow, ClusterRow, RestoreTaskRow, read, read_all};

#[derive(Args)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Say what a recovery would do
    Plan {
        #[command(flatten)]
        target: TargetArgs,
        /// Show also the statements that would be sent
        #[arg(long)]
        statements: bool,
    },
    /// Recover a backup set
    Start {
        #[command(flatten)]
        target: TargetArgs,
        /// Wait for the end, showing how far it is
        #[arg(long)]
        wait: bool,
    },
    /// List the recoveries
    List {
        /// Only those into this cluster
        #[arg(long, value_name = "NAME")]
        cluster: Option<String>,
    },
}

#[derive(Args)]
struct TargetArgs {
    /// The backup set
    #[arg(long, value_name = "ID")]
    set: i64,
    /// The cluster to recover into
    #[arg(long, value_name = "NAME")]
    cluster: String,
    /// The tenant to recover into; may be left out where there is only one
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Only this database; may be given several times
    #[arg(long, value_name = "NAME")]
    database: Vec<String>,
    /// Only this table or view; may be given several times
    #[arg(long, value_name = "DATABASE.TABLE")]
    table: Vec<String>,
    /// Recover a database under a new name; may be given several times
    #[arg(long, value_name = "OLD=NEW")]
    rename: Vec<String>,
    /// Recover a set that is not signed, or signed with a key that is not trusted; ADMIN only. `lifeboat restore plan` shows
    /// the origin of a set
    #[arg(long)]
    accept_foreign: bool,
}

pub(crate) async fn run(args: RestoreArgs) -> Result<(), Failure> {
    let RestoreArgs { reach, verb } = args;
    match verb {
        Verb::Plan { target, statements } => plan(&reach, &target, statements).await,
        Verb::Start { target, wait } => start(&reach, &target, wait).await,
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
    screen.show(&ended, |_| {});
    Ok(())
}

async fn ask(client: &Client, target: &TargetArgs, dry_run: bool) -> Result<Value, Failure> {
    let rename = read_rename(&target.rename)?;
    let tables = target.table.iter().map(|name| {
        let (database, table) = read_table(name)?;
        Ok(json!({ "backupDimension": "TABLE", "databaseName": database, "tableName": table }))
    });
    let tables = tables.collect::<Result<Vec<_>, Problem>>()?;
    let cluster = cluster(client, &target.cluster).await?;
    let tenant = tenant(client, &cluster, target.tenant.as_deref()).await?;
    let body = json!({
        "backupSetId": target.set,
        "restoreClusterId": cluster.id,
        "restoreTenantId": tenant,
        "databases": target.database,
        "obBackupObjectList": tables,
        "rename": rename,
        "acceptForeign": target.accept_foreign,
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
                let databases = restore.databases.iter().map(|(old, new)| {
                    let tables =
                        restore.ob_backup_object_list.iter().filter(|each| each.database_name == *old);
                    let tables: Vec<&str> = tables.filter_map(|each| each.table_name.as_deref()).collect();
                    let name = if old == new { old.clone() } else { format!("{old}→{new}") };
                    if tables.is_empty() { name } else { format!("{name} ({})", tables.join(", ")) }
                });
                vec![
                    restore.id.to_string(),
                    restore.backup_set_id.to_string(),
                    format!("{}/{}", restore.backup_cluster_name, restore.backup_tenant_name),
                    format!("{}/{}", restore.restore_cluster_name, restore.restore_tenant_name),
                    databases.collect::<Vec<_>>().join(", "),
                    short_or_none(restore.create_time.as_ref()),
                    short_or_none(restore.finish_time.as_ref()),
                    restore.status,
                ]
            })
            .collect();
        screen.table(&["TASK", "SET", "FROM", "INTO", "DATABASES", "STARTED", "ENDED", "STATUS"], &rows);
    });
    Ok(())
}
