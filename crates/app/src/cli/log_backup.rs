//! `lifeboat log-backup`.

use clap::{Args, Subcommand};
use model::size;
use serde_json::{Value, json};

use super::names::{cluster, short_or_none};
use super::reach::Reach;
use super::wish::{WishArgs, made};
use crate::failure::Failure;
use crate::language::words;
use crate::rows::{LogBackupRow, Said, read, read_all};
use crate::screen::Screen;

#[derive(Args)]
pub(crate) struct LogBackupArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Start log backup, if the cluster has a log destination
    Start(WishArgs),
    /// Stop log backup; its round ends
    Stop(WishArgs),
    /// Pause log backup and keep its round (4.x)
    Pause(WishArgs),
    /// Resume log backup after a pause (4.x)
    Resume(WishArgs),
    /// Show the status of log backup for each tenant
    List {
        /// The name of the cluster
        #[arg(long, value_name = "NAME")]
        cluster: String,
    },
}

pub(crate) async fn run(args: LogBackupArgs) -> Result<(), Failure> {
    let LogBackupArgs { reach, verb } = args;
    let (action, wish) = match verb {
        Verb::Start(wish) => ("start", wish),
        Verb::Stop(wish) => ("stop", wish),
        Verb::Pause(wish) => ("pause", wish),
        Verb::Resume(wish) => ("resume", wish),
        Verb::List { cluster } => return list(&reach, &cluster).await,
    };
    made(&reach, &wish, &format!("backup/logBackup/{action}")).await
}

async fn list(reach: &Reach, name: &str) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let id = cluster(&client, name).await?.id;
    let path = format!("/ob/clusters/{id}/backup/task/logBackupTasks");
    let data = client.get(&path, &[("size", "2000".to_owned())]).await?;
    let rows: Vec<LogBackupRow> = read_all(data["contents"].as_array().map_or(&[], Vec::as_slice))?;
    let silent: Option<Said> = match &data["clusterError"] {
        Value::Null => None,
        said => Some(read(said)?),
    };
    screen.show(&json!(data["contents"]), |screen| show(screen, &rows, silent.as_ref()));
    Ok(())
}

fn show(screen: Screen, rows: &[LogBackupRow], silent: Option<&Said>) {
    if let Some(silent) = silent {
        screen.line(&silent.message);
        return;
    }
    let delay = |row: &LogBackupRow| {
        row.delay.map_or_else(|| "-".to_owned(), |delay| size::span(std::time::Duration::from_secs(delay)))
    };
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.tenant_name.clone(),
                row.status.clone(),
                row.round.to_string(),
                short_or_none(row.checkpoint.as_ref()),
                delay(row),
                row.backup_uri.clone(),
            ]
        })
        .collect();
    screen.table(&["TENANT", "STATUS", "ROUND", "UP TO", "BEHIND", "PLACE"], &cells);
    for row in rows {
        let Some(error) = &row.error else { continue };
        screen.line("");
        screen.line(&format!("{}: {}", row.tenant_name, error.message));
        let parts = [("cli-cause", &error.cause), ("cli-said", &error.raw), ("cli-action", &error.action)];
        for (label, part) in parts {
            if let Some(part) = part {
                screen.line(&format!("  {}{part}", words(label)));
            }
        }
    }
}
