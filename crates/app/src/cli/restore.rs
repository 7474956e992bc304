//! `lifeboat restore`.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use model::Problem;
use model::text::Text;
use serde_json::{Value, json};

use super::Reach;
use super::backup::show_plan;
use super::names::{cluster, short_or_none, tenant};
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
    Plan(TargetArgs),
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
    /// Recover a database under a new name; may be given several times
    #[arg(long, value_name = "OLD=NEW")]
    rename: Vec<String>,
}

pub(crate) async fn run(args: RestoreArgs) -> Result<(), Failure> {
    let RestoreArgs { reach, verb } = args;
    match verb {
        Verb::Plan(target) => begin(&reach, &target, true, false).await,
        Verb::Start { target, wait } => begin(&reach, &target, false, wait).await,
        Verb::List { cluster } => list(&reach, cluster.as_deref()).await,
    }
}

async fn begin(reach: &Reach, args: &TargetArgs, dry_run: bool, wait: bool) -> Result<(), Failure> {
    let rename = read_rename(&args.rename)?;
    let (client, screen) = (reach.client()?, reach.screen());
    let cluster = cluster(&client, &args.cluster).await?;
    let tenant = tenant(&client, &cluster, args.tenant.as_deref()).await?;
    let body = json!({
        "backupSetId": args.set,
        "restoreClusterId": cluster.id,
        "restoreTenantId": tenant,
        "databases": args.database,
        "rename": rename,
        "dryRun": dry_run,
    });
    let data = client.post(&format!("/ob/clusters/{}/backup/restore", cluster.id), Some(&body)).await?;
    let action: ActionRow = read(&data)?;
    if let Some(plan) = &action.plan {
        screen.show(&data["plan"], |screen| show_plan(screen, plan));
        return Ok(());
    }
    let task = action.task()?;
    if !wait {
        screen.show(&data, |screen| screen.say(&Text::new("cli-task-made").with("task", task)));
        return Ok(());
    }
    screen.say(&Text::new("cli-task-made").with("task", task));
    let ended = follow::to_end(&client, screen, task).await?;
    screen.show(&ended, |_| {});
    Ok(())
}

/// Reads `old=new` pairs.
fn read_rename(pairs: &[String]) -> Result<BTreeMap<String, String>, Problem> {
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
                let databases = restore
                    .databases
                    .iter()
                    .map(|(old, new)| if old == new { old.clone() } else { format!("{old}→{new}") });
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
