//! `lifeboat strategy export` and `apply`: strategies as a file that can be reviewed, versioned and restored.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use model::Problem;
use model::problem::codes;
use model::text::Text;
use serde_json::{Map, Value, json};

use super::names::{Place, cluster, is_of_dropped_tenant, tenant, unreadable_strategies};
use super::storage::{directory_base, read_uri};
use super::strategy_show::policies;
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
    /// Replace delete policies that Lifeboat did not set, or that another strategy or a user set with a longer window, and
    /// set policies again that somebody dropped. Without this option, the command names them, and fails
    #[arg(long)]
    take_over: bool,
    /// Accept that the database deletes backups at once because of shorter retention periods. Without this option, the
    /// command fails if any would be deleted. `strategy edit --preview` lists them
    #[arg(long)]
    accept_deletions: bool,
}

/// The effect of applying an entry.
struct Intent {
    entry: Entry,
    place: Place,
    /// The existing strategy.
    saved: Option<Value>,
    /// Whether the database may delete at once what has expired.
    accepts_deletions: bool,
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
    let dropped: Vec<Value> = strategies.extract_if(.., |strategy| is_of_dropped_tenant(strategy)).collect();
    let mut unreadable = unreadable_strategies(client).await?;
    unreadable.retain(|strategy| args.cluster.as_ref().is_none_or(|name| strategy.cluster_name == *name));
    let file = strategy_file::written(&strategies)?;
    let shown: Vec<Map<String, Value>> = strategies.iter().map(strategy_file::shown).collect();
    screen.show(&json!({ "strategies": shown }), |screen| {
        for strategy in &unreadable {
            let said = Text::new("cli-strategy-unreadable").with("object", strategy.object());
            screen.line(&format!("# {}", said.message(language())));
        }
        for strategy in &dropped {
            let said = Text::new("cli-strategy-not-exported")
                .with("cluster", strategy["clusterName"].as_str().unwrap_or("-"));
            let said = said.with("tenant", &strategy["tenantId"]);
            screen.line(&format!("# {}", said.message(language())));
        }
        screen.line(file.trim_end());
    });
    Ok(())
}

/// Creates and changes strategies to match the file. Strategies that the file does not name stay unchanged. The server
/// checks every change before the first one is made: if it refuses one, nothing is changed.
pub(super) async fn apply(client: &Client, screen: Screen, args: &ApplyArgs) -> Result<(), Failure> {
    let name = args.file.display().to_string();
    let mut entries = strategy_file::read(&text(&args.file)?, &name)?;
    let mut strategies = client.list("/backup/strategies", &[]).await?;
    strategies.retain(|strategy| !is_of_dropped_tenant(strategy)); // a file names tenants
    strategy_file::fill_in_storages(&mut entries, &strategies);
    let storages: Vec<StorageRow> = read_all(&client.list("/backup/storages", &[]).await?)?;
    let mut intents = Vec::with_capacity(entries.len());
    for entry in entries {
        intents.push(intent(client, entry, &strategies, &storages, args).await?);
    }
    let mut checked = Vec::with_capacity(intents.len());
    for intent in &mut intents {
        checked.push(match intent.carry_out(client, true).await {
            Ok(is_change) => {
                if !is_change {
                    // They differ only in notation, such as a storage by its address instead of its name.
                    intent.differences.clear();
                }
                Stand::Would
            }
            // Without an answer, nothing was refused, and nothing was changed.
            Err(failure) if failure.is_passing => return Err(failure),
            Err(refusal) => Stand::WouldNot(refusal),
        });
    }
    let is_refused = checked.iter().any(|stand| matches!(stand, Stand::WouldNot(_)));
    if args.dry_run || is_refused {
        let closing = (!args.dry_run).then(|| Text::new("cli-strategy-nothing-applied"));
        return report(screen, args.dry_run, &intents, checked, closing);
    }
    let mut stands = Vec::with_capacity(intents.len());
    let mut is_stopped = false;
    for intent in &intents {
        stands.push(match intent.is_change() {
            true if is_stopped => Stand::Skipped,
            _ => match intent.carry_out(client, false).await {
                Ok(_) => Stand::Applied,
                Err(failure) => {
                    is_stopped = true;
                    Stand::Failed(failure)
                }
            },
        });
    }
    let closing = is_stopped.then(|| {
        let changes = intents.iter().zip(&stands).filter(|(intent, _)| intent.is_change());
        let applied = changes.clone().filter(|(_, stand)| matches!(stand, Stand::Applied)).count();
        Text::new("cli-strategy-apply-again").with("applied", applied).with("count", changes.count())
    });
    report(screen, false, &intents, stands, closing)
}

/// What became of an entry.
enum Stand {
    /// The server would accept it.
    Would,
    /// The server would refuse it.
    WouldNot(Failure),
    /// It was saved, or was up to date.
    Applied,
    /// It was not saved.
    Failed(Failure),
    /// It was not tried after another one failed.
    Skipped,
}

/// Prints what became of each entry; returns the first failure.
fn report(
    screen: Screen,
    dry_run: bool,
    intents: &[Intent],
    stands: Vec<Stand>,
    closing: Option<Text>,
) -> Result<(), Failure> {
    let mut lines = Vec::with_capacity(intents.len());
    let mut first_failure = None;
    for (intent, stand) in intents.iter().zip(stands) {
        let action = intent.action();
        let id = match &stand {
            Stand::Would => format!("cli-strategy-would-{action}"),
            Stand::WouldNot(_) => format!("cli-strategy-would-not-{action}"),
            Stand::Applied => format!("cli-strategy-applied-{action}"),
            Stand::Failed(_) => format!("cli-strategy-failed-{action}"),
            Stand::Skipped => format!("cli-strategy-skipped-{action}"),
        };
        let is_applied = matches!(stand, Stand::Applied) && intent.is_change();
        let failure = match stand {
            Stand::WouldNot(failure) | Stand::Failed(failure) => Some(failure),
            Stand::Would | Stand::Applied | Stand::Skipped => None,
        };
        let why = failure.as_ref().map(Failure::line);
        let said = Text::new(&id).with("object", intent.entry.object());
        screen.say(&said.with("why", why.clone().unwrap_or_default()));
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
        lines.push(json!({
            "object": intent.entry.object(), "action": action, "changes": changes.collect::<Vec<_>>(),
            "applied": is_applied, "refusal": why,
        }));
        first_failure = first_failure.or(failure);
    }
    if let Some(closing) = closing {
        screen.say(&closing);
    }
    screen.show(&json!({ "dryRun": dry_run, "strategies": lines }), |_| {});
    first_failure.map_or(Ok(()), Err)
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
    args: &ApplyArgs,
) -> Result<Intent, Failure> {
    let found = cluster(client, &entry.cluster).await?;
    let tenant = match &entry.tenant {
        Some(name) => Some(tenant(client, &found, Some(name)).await?),
        None => None,
    };
    let of_entry = |strategy: &&Value| {
        strategy["clusterName"] == *entry.cluster
            && strategy["tenantName"].as_str() == entry.tenant.as_deref()
    };
    let strategy = strategies.iter().find(of_entry);
    let mut body = body(&entry, storages)?;
    if args.yes && strategy.is_some() {
        body["acceptStorageMove"] = json!(true);
    }
    // Where nothing is set, there is nothing to take over.
    if args.take_over && body["obBackupScheduleConfig"]["cleanEnabled"] == true {
        body["takeOverDeletePolicies"] = json!(true);
    }
    let place = Place { cluster: found.id, tenant };
    Ok(Intent {
        place,
        saved: strategy.cloned(),
        accepts_deletions: args.accept_deletions,
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
    /// Returns what applying the entry does.
    fn action(&self) -> &'static str {
        match (self.saved.is_some(), self.differences.is_empty()) {
            (false, _) => "create",
            (true, false) => "change",
            (true, true) => "nothing",
        }
    }

    /// Returns whether applying the entry changes anything.
    fn is_change(&self) -> bool {
        self.action() != "nothing"
    }

    /// Saves the strategy; in a dry run, only lets the server check it. Returns whether that changes anything.
    async fn carry_out(&self, client: &Client, dry_run: bool) -> Result<bool, Failure> {
        let mut body = self.body.clone();
        if dry_run {
            body["dryRun"] = json!(true);
        }
        // Only now: a strategy that was saved before this one may have changed which tenants it is for.
        if self.is_change()
            && self.accepts_deletions
            && let Some(policies) = policies(client, self.place, &body, self.saved.as_ref()).await?
        {
            body["deletePolicyPlanHash"] = policies["planHash"].clone();
        }
        let path = self.place.path();
        let saved = match self.action() {
            "nothing" => return Ok(false),
            "create" => client.post(&path, Some(&body)).await,
            _ => client.patch(&path, &body).await,
        };
        match saved {
            Err(failure) if self.saved.is_some() && failure.code() == codes::NOTHING_CHANGED => Ok(false),
            saved => saved.map(|_| true),
        }
    }
}
