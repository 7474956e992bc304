//! `lifeboat backup`.

use clap::{Args, Subcommand, ValueEnum};
use model::Problem;
use model::backup::BackupObject;
use model::problem::codes;
use model::size;
use model::text::Text;
use serde_json::{Map, Value, json};

use super::consent::ConsentArgs;
use super::names::{cluster, read_table, short, tenant};
use super::reach::Reach;
use super::storage::choice;
use super::task;
use crate::client::Client;
use crate::failure::Failure;
use crate::follow;
use crate::rows::{AbilityRow, ActionRow, BackupSetRow, ClusterRow, PlanRow, StorageRow, read, read_all};
use crate::screen::Screen;
use crate::secrets;

#[derive(Args)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Back up a cluster or some of its tenants, databases or tables
    Now(NowArgs),
    /// List the backup sets
    List {
        /// Show only this cluster
        #[arg(long, value_name = "NAME")]
        cluster: Option<String>,
    },
    /// Cancel a running backup
    Cancel {
        /// The task of the backup
        task: i64,
    },
}

#[derive(Args)]
struct NowArgs {
    /// The name of the cluster
    #[arg(long, value_name = "NAME")]
    cluster: String,
    /// Only this tenant; repeatable. Defaults to the whole cluster
    #[arg(long, value_name = "NAME")]
    tenant: Vec<String>,
    /// Select only this database; repeatable. Defaults to all databases
    #[arg(long, value_name = "NAME")]
    database: Vec<String>,
    /// Select only this table; repeatable. Defaults to all tables
    #[arg(long, value_name = "DATABASE.TABLE")]
    table: Vec<String>,
    #[command(flatten)]
    consent: ConsentArgs,
    /// The backup method: physical (by OceanBase) or logical (by reading rows). Defaults to the cluster's first choice
    #[arg(long)]
    method: Option<Method>,
    /// The backup mode: full, or incremental since the last backup
    #[arg(long)]
    mode: Option<Mode>,
    /// The storage: the name of a storage configuration, or file:///…. Defaults to the storage of the backup strategy,
    /// or to the one that was last used for this cluster
    #[arg(long, value_name = "NAME|URI")]
    storage: Option<String>,
    /// Do not start a major compaction when one is needed
    #[arg(long)]
    no_auto_compaction: bool,
    /// Accept that the database deletes backups in the new storage by a delete policy that a user or another tool set.
    /// Without this option, the backup stops before it changes the destinations
    #[arg(long)]
    accept_deletions: bool,
    /// Include the required logs in the backup set, so that it can be restored alone (PLUS ARCHIVELOG; physical, 4.1
    /// and later)
    #[arg(long)]
    plus_archivelog: bool,
    /// Encrypt a physical backup. The password comes from LIFEBOAT_BACKUP_PASSWORD, LIFEBOAT_BACKUP_PASSWORD_FILE, a
    /// prompt or standard input
    #[arg(long)]
    encrypt: bool,
    /// The number of concurrent read connections
    #[arg(long, value_name = "NUMBER")]
    threads: Option<u32>,
    /// The compression: zstd:1 to zstd:19, lz4, or none
    #[arg(long, value_name = "METHOD")]
    compression: Option<String>,
    /// Show the plan without running it
    #[arg(long)]
    dry_run: bool,
    /// Include the statements in the plan
    #[arg(long, requires = "dry_run")]
    statements: bool,
    /// Wait for the task to end, and show its progress
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Method {
    Physical,
    Logical,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    Full,
    Incremental,
}

pub(crate) async fn run(args: BackupArgs) -> Result<(), Failure> {
    let BackupArgs { reach, verb } = args;
    match verb {
        Verb::Now(args) => now(&reach, args).await,
        Verb::List { cluster } => list(&reach, cluster.as_deref()).await,
        Verb::Cancel { task } => task::steer(&reach, task, "cancel", "cli-task-canceled").await,
    }
}

async fn now(reach: &Reach, args: NowArgs) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let cluster = cluster(&client, &args.cluster).await?;
    let body = body(&client, &cluster, &args).await?;
    if args.storage.is_none() {
        say_storage(&client, screen, &cluster, &args).await?;
    }
    let path = format!("/ob/clusters/{}/backup/backupNow", cluster.id);
    let data = client.post(&path, Some(&body)).await?;
    let action: ActionRow = read(&data)?;
    if let Some(plan) = &action.plan {
        screen.show(&data["plan"], |screen| show_plan(screen, plan, args.statements));
        return Ok(());
    }
    let task = action.task()?;
    if !args.wait {
        screen.show(&data, |screen| screen.say(&Text::new("cli-task-made").with("task", task)));
        return Ok(());
    }
    screen.say(&Text::new("cli-task-made").with("task", task));
    let ended = follow::to_end(&client, screen, task).await?;
    let sets = client.list(&format!("/ob/clusters/{}/backup/sets", cluster.id), &[]).await?;
    let sets: Vec<BackupSetRow> = read_all(&sets)?;
    screen.show(&ended, |screen| {
        for set in sets.iter().filter(|set| set.task_id == task) {
            screen.say(&made(set));
            task::say_left_out(screen, &set.left_out);
        }
    });
    let is_partial = |set: &&BackupSetRow| set.task_id == task && set.status == "PARTIAL";
    let partial: Vec<&BackupSetRow> = sets.iter().filter(is_partial).collect();
    if partial.is_empty() {
        return Ok(());
    }
    let lost = partial.iter().flat_map(|set| &set.left_out).filter(|object| !object.agreed).count();
    let numbers: Vec<String> = partial.iter().map(|set| set.backup_set_id.to_string()).collect();
    let problem = Problem::refused(codes::DATA_BACKUP_FAILED, "backup-partial");
    Err(Failure::partial(problem.with("set", numbers.join(", ")).with("count", lost)))
}

/// Prints the storage of a backup that uses the backup strategy's storage.
async fn say_storage(
    client: &Client,
    screen: Screen,
    cluster: &ClusterRow,
    args: &NowArgs,
) -> Result<(), Failure> {
    let below = match &args.tenant[..] {
        [only] => format!("/tenants/{}", tenant(client, cluster, Some(only)).await?),
        _ => String::new(),
    };
    let ability = client.get(&format!("/ob/clusters/{}{below}/backup/ability", cluster.id), &[]).await?;
    let ability: AbilityRow = read(&ability)?;
    if let (Some(id), Some("STRATEGY")) = (ability.storage_id, ability.storage_source.as_deref()) {
        let storage: StorageRow = read(&client.get(&format!("/backup/storages/{id}"), &[]).await?)?;
        let shown = storage.config_name.unwrap_or(storage.uri);
        screen.say(&Text::new("cli-backup-storage-of-strategy").with("storage", shown));
    }
    Ok(())
}

/// Prints the backup sets of a task. A physical set has no counts of tables and rows.
fn made(set: &BackupSetRow) -> Text {
    let is_physical = set.backup_mode == "PHYSICAL_BACKUP";
    Text::new(if is_physical { "cli-backup-set-physical" } else { "cli-backup-set-made" })
        .with("set", set.backup_set_id)
        .with("tenant", &set.tenant_name)
        .with("mode", &set.data_backup_task_type)
        .with("tables", set.tables)
        .with("rows", set.rows)
        .with("size", size::bytes(set.bytes))
}

/// Returns the request with the given options only; the server fills in the rest.
async fn body(client: &Client, cluster: &ClusterRow, args: &NowArgs) -> Result<Value, Failure> {
    let mut body = Map::new();
    let method = args.method.map(|method| match method {
        Method::Physical => "PHYSICAL_BACKUP",
        Method::Logical => "LOGICAL_BACKUP",
    });
    let mode = args.mode.map(|mode| match mode {
        Mode::Full => "FULL_BACKUP",
        Mode::Incremental => "INCREMENTAL_BACKUP",
    });
    for (field, value) in [("backupMode", method), ("dataBackupMode", mode)] {
        body.extend(value.map(|value| (field.to_owned(), json!(value))));
    }
    body.insert("autoCompaction".into(), json!(!args.no_auto_compaction));
    body.insert("dryRun".into(), json!(args.dry_run));
    if args.accept_deletions {
        body.insert("acceptDeletions".into(), json!(true));
    }
    if args.plus_archivelog {
        body.insert("plusArchivelog".into(), json!(true));
    }
    if args.encrypt {
        let again = "cli-prompt-backup-password-again";
        let password = secrets::read_new("LIFEBOAT_BACKUP_PASSWORD", "cli-prompt-backup-password", again)?;
        body.insert("encryption".into(), json!({ "password": password.expose() }));
    }
    body.extend(args.threads.map(|threads| ("threads".to_owned(), json!(threads))));
    body.extend(args.compression.as_ref().map(|method| ("compression".to_owned(), json!(method))));
    let consent = args.consent.read()?;
    if !consent.exclude.is_empty() {
        let exclude: Vec<Value> = consent.exclude.iter().map(part).collect();
        body.insert("exclude".into(), Value::Array(exclude));
    }
    if !consent.without.is_empty() {
        body.insert("without".into(), json!(consent.without));
    }
    let objects = objects(client, cluster, args).await?;
    if !objects.is_empty() {
        body.insert("obBackupObjectList".into(), Value::Array(objects));
    }
    if let Some(wanted) = &args.storage {
        body.insert("obBackupServiceStorageConfig".into(), choice(client, wanted).await?);
    }
    Ok(Value::Object(body))
}

fn part(object: &BackupObject) -> Value {
    match object {
        BackupObject::Database(name) => json!({ "backupDimension": "DATABASE", "databaseName": name }),
        BackupObject::Table(database, table) => {
            json!({ "backupDimension": "TABLE", "databaseName": database, "tableName": table })
        }
    }
}

/// Returns the selected parts of the cluster. Databases and tables belong to the selected tenant.
async fn objects(client: &Client, cluster: &ClusterRow, args: &NowArgs) -> Result<Vec<Value>, Failure> {
    let mut tenants = Vec::new();
    for name in &args.tenant {
        tenants.push(tenant(client, cluster, Some(name)).await?);
    }
    let parts = !args.database.is_empty() || !args.table.is_empty();
    if !parts {
        let whole = tenants.iter().map(|id| json!({ "backupDimension": "TENANT", "tenantId": id }));
        return Ok(whole.collect());
    }
    if tenants.len() > 1 {
        return Err(Problem::invalid("backup-objects-of-two-tenants").into());
    }
    let tenant = tenants.first();
    let mut objects: Vec<Value> = args
        .database
        .iter()
        .map(|name| json!({ "backupDimension": "DATABASE", "databaseName": name, "tenantId": tenant }))
        .collect();
    for name in &args.table {
        let (database, table) = read_table(name)?;
        objects.push(json!({
            "backupDimension": "TABLE", "databaseName": database, "tableName": table, "tenantId": tenant,
        }));
    }
    Ok(objects)
}

/// Shows the plan of a task.
pub(crate) fn show_plan(screen: Screen, plan: &PlanRow, with_statements: bool) {
    screen.facts(&[
        ("Method", plan.backup_mode.clone()),
        ("Mode", plan.data_backup_mode.clone()),
        ("Storage", plan.backup_uri.clone()),
        ("Tenants", plan.tenants.join(", ")),
    ]);
    for (place, step) in plan.steps.iter().enumerate() {
        screen.line("");
        screen.line(&format!("{}. {}", place + 1, step.name));
        for note in &step.notes {
            screen.line(&format!("   {note}"));
        }
        for statement in step.statements.iter().filter(|_| with_statements) {
            screen.line(&format!("   > {statement}"));
        }
    }
    if !plan.not_made.is_empty() {
        screen.line("");
    }
    task::say_not_made(screen, &plan.not_made);
}

async fn list(reach: &Reach, name: Option<&str>) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let rows = match name {
        Some(name) => {
            let id = cluster(&client, name).await?.id;
            client.list(&format!("/ob/clusters/{id}/backup/sets"), &[]).await?
        }
        None => client.list("/backup/sets", &[]).await?,
    };
    let sets: Vec<BackupSetRow> = read_all(&rows)?;
    screen.show(&Value::Array(rows), |screen| {
        let rows: Vec<Vec<String>> = sets
            .into_iter()
            .map(|set| {
                vec![
                    set.backup_set_id.to_string(),
                    set.cluster_name,
                    set.tenant_name,
                    set.backup_mode,
                    set.data_backup_task_type,
                    short(&set.consistent_time),
                    set.tables.to_string(),
                    set.rows.to_string(),
                    size::bytes(set.bytes),
                    set.status,
                ]
            })
            .collect();
        let heads =
            ["SET", "CLUSTER", "TENANT", "METHOD", "MODE", "DATA OF", "TABLES", "ROWS", "SIZE", "STATUS"];
        screen.table(&heads, &rows);
    });
    Ok(())
}
