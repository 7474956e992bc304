//! `lifeboat strategy export` and `apply`: strategies as a file that can be reviewed, versioned and restored.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use model::Problem;
use model::problem::codes;
use model::text::Text;
use serde_json::{Map, Value, json};

use super::names::{cluster, tenant, unreadable_strategies};
use super::storage::{directory_base, read_uri};
use crate::client::Client;
use crate::failure::Failure;
use crate::language::language;
use crate::rows::{StorageRow, read_all};
use crate::screen::Screen;
use crate::strategy_file::{self, Difference, Entry};

#[derive(Args)]
pub(super) struct ExportArgs {
    /// Only the strategies of this cluster and its tenants. Defaults to all clusters
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
}

#[derive(Args)]
pub(super) struct ApplyArgs {
    /// The YAML file, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only print what would change. The server checks each change; the command fails if it would refuse one
    #[arg(long)]
    dry_run: bool,
    /// Accept that physical strategies move to another storage. Without this option, the command explains what the move
    /// means for recovery, and fails
    #[arg(long)]
    yes: bool,
}

/// The effect of applying an entry.
struct Intent {
    entry: Entry,
    /// The path of the strategy in the API.
    path: String,
    exists: bool,
    differences: Vec<Difference>,
    body: Value,
}

/// Prints the strategies as a file.
pub(super) async fn export(client: &Client, screen: Screen, args: &ExportArgs) -> Result<(), Failure> {
    let mut strategies = client.list("/backup/strategies", &[]).await?;
    if let Some(name) = &args.cluster {
        cluster(client, name).await?;
        strategies.retain(|strategy| strategy["clusterName"] == **name);
    }
    let mut unreadable = unreadable_strategies(client).await?;
    unreadable.retain(|strategy| args.cluster.as_ref().is_none_or(|name| strategy.cluster_name == *name));
    let file = strategy_file::written(&strategies)?;
    let shown: Vec<Map<String, Value>> = strategies.iter().map(strategy_file::shown).collect();
    screen.show(&json!({ "strategies": shown }), |screen| {
        for strategy in &unreadable {
            let said = Text::new("cli-strategy-unreadable").with("object", strategy.object());
            screen.line(&format!("# {}", said.message(language())));
        }
        screen.line(file.trim_end());
    });
    Ok(())
}

/// Creates and changes strategies to match the file. Strategies that the file does not name stay unchanged. All checks
/// of the command itself come before the first change.
pub(super) async fn apply(client: &Client, screen: Screen, args: &ApplyArgs) -> Result<(), Failure> {
    let name = args.file.display().to_string();
    let entries = strategy_file::read(&text(&args.file)?, &name)?;
    let strategies = client.list("/backup/strategies", &[]).await?;
    let storages: Vec<StorageRow> = read_all(&client.list("/backup/storages", &[]).await?)?;
    let mut intents = Vec::with_capacity(entries.len());
    for entry in entries {
        intents.push(intent(client, entry, &strategies, &storages, args.yes).await?);
    }
    let mut report = Vec::with_capacity(intents.len());
    let mut first_refusal = None;
    for intent in intents {
        let action = match (intent.exists, intent.differences.is_empty()) {
            (false, _) => "create",
            (true, false) => "change",
            (true, true) => "nothing",
        };
        let refusal = match intent.carry_out(client, args.dry_run).await {
            Err(failure) if args.dry_run => Some(failure),
            done => done.map(|()| None)?,
        };
        let said = Text::new(&match (args.dry_run, &refusal) {
            (false, _) => format!("cli-strategy-applied-{action}"),
            (true, None) => format!("cli-strategy-would-{action}"),
            (true, Some(_)) => format!("cli-strategy-would-not-{action}"),
        });
        let why = refusal.as_ref().map(Failure::line);
        screen.say(&said.with("object", intent.entry.object()).with("why", why.clone().unwrap_or_default()));
        for Difference { field, old, new } in &intent.differences {
            for (sign, value) in [("-", old), ("+", new)] {
                if let Some(value) = value {
                    screen.line(&format!("  {sign} {field}: {value}"));
                }
            }
        }
        let differences = intent.differences.iter();
        let changes = differences
            .map(|Difference { field, old, new }| json!({ "field": field, "old": old, "new": new }));
        report.push(json!({
            "object": intent.entry.object(), "action": action, "changes": changes.collect::<Vec<_>>(),
            "refusal": why,
        }));
        first_refusal = first_refusal.or(refusal);
    }
    screen.show(&json!({ "dryRun": args.dry_run, "strategies": report }), |_| {});
    first_refusal.map_or(Ok(()), Err)
}

fn text(file: &Path) -> Result<String, Problem> {
    let read = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    let unreadable = |cause: std::io::Error| {
        Problem::invalid("strategy-file-unreadable").with("file", file.display()).raw(cause.to_string())
    };
    read.map_err(unreadable)
}

/// Determines the changes of an entry: resolves names, and compares with the existing strategy.
async fn intent(
    client: &Client,
    entry: Entry,
    strategies: &[Value],
    storages: &[StorageRow],
    accept_storage_move: bool,
) -> Result<Intent, Failure> {
    let found = cluster(client, &entry.cluster).await?;
    let below = match &entry.tenant {
        Some(name) => format!("/tenants/{}", tenant(client, &found, Some(name)).await?),
        None => String::new(),
    };
    let of_entry = |strategy: &&Value| {
        strategy["clusterName"] == *entry.cluster
            && strategy["tenantName"].as_str() == entry.tenant.as_deref()
    };
    let strategy = strategies.iter().find(of_entry);
    let mut body = body(&entry, storages)?;
    if accept_storage_move && strategy.is_some() {
        body["acceptStorageMove"] = json!(true);
    }
    Ok(Intent {
        path: format!("/ob/clusters/{}{below}/backup/config/backupStrategy", found.id),
        exists: strategy.is_some(),
        differences: strategy_file::differences(&entry, strategy),
        body,
        entry,
    })
}

/// Returns the request of an entry.
fn body(entry: &Entry, storages: &[StorageRow]) -> Result<Value, Failure> {
    let mut body = Map::new();
    for key in ["backupMode", "obBackupScheduleConfig", "obBackupThresholdConfig"] {
        body.extend(entry.fields.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    let mut storage = match entry.fields.get("storage").and_then(Value::as_str) {
        Some(name) => storage(name, storages)?,
        None => json!({}),
    };
    if let Some(percent) = entry.fields.get("alarmStoragePercentageThreshold") {
        storage["alarmStoragePercentageThreshold"] = percent.clone();
    }
    if storage.as_object().is_some_and(|storage| !storage.is_empty()) {
        body.insert("obBackupServiceStorageConfig".into(), storage);
    }
    Ok(Value::Object(body))
}

/// Returns a storage configuration by its name or address. A directory without a configuration is sent as it is.
fn storage(wanted: &str, storages: &[StorageRow]) -> Result<Value, Failure> {
    let is_it =
        |storage: &&StorageRow| storage.config_name.as_deref() == Some(wanted) || storage.uri == wanted;
    if let Some(found) = storages.iter().find(is_it) {
        return Ok(json!({ "storageId": found.storage_id }));
    }
    if wanted.contains("://") {
        return Ok(json!({ "obBackupStorageBaseInfo": directory_base(&read_uri(wanted)?)? }));
    }
    Err(Problem::not_found("storage-unknown").with("storage", wanted).into())
}

impl Intent {
    /// Saves the strategy; in a dry run, only lets the server check it.
    async fn carry_out(&self, client: &Client, dry_run: bool) -> Result<(), Failure> {
        let mut body = self.body.clone();
        if dry_run {
            body["dryRun"] = json!(true);
        }
        if !self.exists {
            client.post(&self.path, Some(&body)).await?;
        } else if !self.differences.is_empty() {
            let changed = client.patch(&self.path, &body).await;
            // A difference only in notation is no change for the server.
            if let Err(failure) = changed
                && failure.code() != codes::NOTHING_CHANGED
            {
                return Err(failure);
            }
        }
        Ok(())
    }
}
