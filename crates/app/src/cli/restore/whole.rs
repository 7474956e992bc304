//! `lifeboat restore cluster`: recovers the tenants of a cluster in one go.

use std::collections::BTreeMap;

use clap::Args;
use model::Problem;
use model::size;
use model::text::Text;
use serde_json::{Map, Value, json};

use super::tenant::recovered;
use crate::cli::backup::show_plan;
use crate::cli::names::{self, cluster, short};
use crate::cli::reach::Reach;
use crate::cli::task;
use crate::client::Client;
use crate::failure::Failure;
use crate::follow;
use crate::rows::{ActionRow, ClusterPlanRow, ClusterRow, TaskRow, read};
use crate::secrets;

#[derive(Args)]
pub(super) struct WholeArgs {
    /// The cluster that was backed up
    #[arg(long, value_name = "NAME")]
    cluster: String,
    /// The cluster to recover into. Defaults to the cluster that was backed up
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// The time to recover all tenants to: a time with its zone (2026-11-22T10:00:00.123456+08:00), an SCN, or latest
    /// for the latest recoverable time of each tenant [default: latest]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Recover only these tenants, by name, or by ID for a dropped one; separated by commas, or repeated. Defaults to all
    /// user tenants
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    tenant: Vec<String>,
    /// Append this to the name of each tenant
    #[arg(long, value_name = "TEXT", default_value = "")]
    suffix: String,
    /// Recover a tenant under a new name; repeatable
    #[arg(long = "as", value_name = "OLD=NEW")]
    new_name: Vec<String>,
    /// Use a zone of the target for a zone of the source; repeatable. Defaults to the zone of the same name
    #[arg(long, value_name = "SOURCE=TARGET")]
    zone: Vec<String>,
    /// Create the resource pools of a tenant with this unit specification of the target, one unit in each zone of the
    /// target; repeatable. Defaults to units like those of the source
    #[arg(long, value_name = "TENANT=UNIT")]
    unit: Vec<String>,
    /// Restore this many tenants at the same time. Defaults to 2
    #[arg(long, value_name = "NUMBER")]
    parallel: Option<u32>,
    /// Keep the new tenants as read-only standbys
    #[arg(long)]
    standby: bool,
    /// Recover from encrypted backups. The password comes from LIFEBOAT_BACKUP_PASSWORD, LIFEBOAT_BACKUP_PASSWORD_FILE,
    /// a prompt or standard input
    #[arg(long)]
    decrypt: bool,
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

pub(super) async fn run(reach: &Reach, args: &WholeArgs) -> Result<(), Failure> {
    let client = reach.client()?;
    let source = cluster(&client, &args.cluster).await?;
    let body = request(&client, &source, args).await?;
    let path = format!("/ob/clusters/{}/backup/restore/cluster", source.id);
    if args.dry_run {
        let data = client.post(&format!("{path}/preview"), Some(&body)).await?;
        return plan(reach, &data, args.statements);
    }
    let screen = reach.screen();
    let data = client.post(&path, Some(&body)).await?;
    let task = read::<ActionRow>(&data)?.task()?;
    let said = Text::new("cli-task-made").with("task", task);
    if !args.wait {
        screen.show(&data, |screen| screen.say(&said));
        return Ok(());
    }
    screen.say(&said);
    let ended = follow::to_end(&client, screen, task).await?;
    let row: TaskRow = read(&ended)?;
    screen.show(&ended, |screen| task::say_what_lacks(screen, &row));
    task::complete(&row)
}

async fn request(client: &Client, source: &ClusterRow, args: &WholeArgs) -> Result<Value, Failure> {
    let mut body = Map::new();
    let target = match &args.target {
        Some(name) => cluster(client, name).await?.id,
        None => source.id,
    };
    body.insert("restoreClusterId".into(), json!(target));
    match args.until.as_deref().map(str::trim) {
        None | Some("latest") => {}
        Some(scn) if scn.bytes().all(|byte| byte.is_ascii_digit()) => {
            body.insert("restoreScn".into(), json!(scn));
        }
        Some(time) => {
            body.insert("restoreEndTime".into(), json!(time));
        }
    }
    let mut chosen = Vec::new();
    for name in args.tenant.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        chosen.push(recovered(client, source, Some(name)).await?);
    }
    body.insert("backupTenantIdList".into(), json!(chosen));
    body.insert("nameSuffix".into(), json!(args.suffix));
    let mut zones = BTreeMap::new();
    for text in &args.zone {
        let (from, to) = pair("--zone", text)?;
        zones.insert(from, to);
    }
    body.insert("zoneMapping".into(), json!(zones));
    body.insert("tenants".into(), Value::Array(wishes(client, source, target, args).await?));
    if let Some(parallel) = args.parallel {
        body.insert("parallel".into(), json!(parallel));
    }
    if args.standby {
        body.insert("role".into(), json!("STANDBY"));
    }
    if args.decrypt {
        let password = secrets::read("LIFEBOAT_BACKUP_PASSWORD", "cli-prompt-backup-password")?;
        body.insert("passwords".into(), json!([password.expose()]));
    }
    Ok(Value::Object(body))
}

/// Returns the names and resources of single tenants.
async fn wishes(
    client: &Client,
    source: &ClusterRow,
    target: i64,
    args: &WholeArgs,
) -> Result<Vec<Value>, Failure> {
    let mut wishes: BTreeMap<i64, Map<String, Value>> = BTreeMap::new();
    for text in &args.new_name {
        let (old, new) = pair("--as", text)?;
        wishes
            .entry(recovered(client, source, Some(old)).await?)
            .or_default()
            .insert("name".into(), json!(new));
    }
    let all = if args.unit.is_empty() { Vec::new() } else { names::zones(client, target).await? };
    for text in &args.unit {
        let (name, unit) = pair("--unit", text)?;
        let pool = json!({ "unitSpecName": unit });
        let zones = all.iter().map(|zone| json!({ "name": zone, "resourcePool": pool }));
        let zones = Value::Array(zones.collect());
        wishes.entry(recovered(client, source, Some(name)).await?).or_default().insert("zones".into(), zones);
    }
    let wish = |(id, mut wish): (i64, Map<String, Value>)| {
        wish.insert("backupTenantId".into(), json!(id));
        Value::Object(wish)
    };
    Ok(wishes.into_iter().map(wish).collect())
}

/// Reads `LEFT=RIGHT`.
fn pair<'t>(option: &str, text: &'t str) -> Result<(&'t str, &'t str), Problem> {
    let parts = text.split_once('=').map(|(left, right)| (left.trim(), right.trim()));
    let whole = parts.filter(|(left, right)| !left.is_empty() && !right.is_empty());
    whole.ok_or_else(|| Problem::invalid("cli-pair-malformed").with("option", option).with("text", text))
}

fn plan(reach: &Reach, data: &Value, with_statements: bool) -> Result<(), Failure> {
    let row: ClusterPlanRow = read(data)?;
    reach.screen().show(data, |screen| {
        let tenants: Vec<Vec<String>> = row
            .tenants
            .iter()
            .map(|tenant| {
                let units = tenant.zones.iter().map(|zone| {
                    let unit = zone.unit_spec_name.as_deref().unwrap_or("new");
                    format!("{}: {} × {unit}", zone.name, zone.unit_count)
                });
                let pools = tenant.pool_list.iter().cloned();
                vec![
                    tenant.backup_tenant_name.clone(),
                    tenant.name.clone(),
                    short(&tenant.restore_end_time),
                    size::bytes(tenant.bytes),
                    units.chain(pools).collect::<Vec<_>>().join("; "),
                ]
            })
            .collect();
        screen.table(&["TENANT", "AS", "TO", "SIZE", "RESOURCES"], &tenants);
        screen.line("");
        let zones: Vec<Vec<String>> = row
            .zones
            .iter()
            .map(|zone| {
                let cpu = |amount: &crate::rows::AmountRow| amount.cpu.to_string();
                let memory = |amount: &crate::rows::AmountRow| size::bytes(amount.memory_bytes);
                let log = |amount: &crate::rows::AmountRow| size::bytes(amount.log_disk_bytes);
                let both = |of: &dyn Fn(&crate::rows::AmountRow) -> String| {
                    format!("{} / {}", of(&zone.needed), of(&zone.free))
                };
                vec![zone.name.clone(), zone.unit_count.to_string(), both(&cpu), both(&memory), both(&log)]
            })
            .collect();
        screen.table(&["ZONE", "UNITS", "CPU / FREE", "MEMORY / FREE", "LOG DISK / FREE"], &zones);
        screen.line("");
        show_plan(screen, &row.plan, with_statements);
    });
    Ok(())
}
