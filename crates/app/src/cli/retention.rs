//! `lifeboat retention`.

mod policy;

pub(super) use policy::{read_policies, show_policies};

use std::io::{IsTerminal as _, Write as _};

use clap::{Args, Subcommand};
use model::Problem;
use model::problem::codes;
use model::size;
use model::text::Text;
use serde_json::{Map, Value, json};

use super::names::{cluster, short, short_or_none, storage, tenant};
use super::reach::Reach;
use crate::client::Client;
use crate::failure::Failure;
use crate::follow;
use crate::language::words_of;
use crate::rows::{ActionRow, ClusterRow, HoldRow, TenantRetentionRow, read, read_all};
use crate::screen::Screen;

#[derive(Args)]
pub(crate) struct RetentionArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Show which logical backup sets are kept, and why; changes nothing
    Plan {
        #[command(flatten)]
        which: WhichArgs,
        #[command(flatten)]
        rules: RulesArgs,
    },
    /// Delete the logical backup sets that have expired
    Apply {
        #[command(flatten)]
        which: WhichArgs,
        #[command(flatten)]
        rules: RulesArgs,
        /// Delete only this set; repeatable. A set that is kept is refused
        #[arg(long, value_name = "SET")]
        set: Vec<i64>,
        /// Delete without asking. Defaults to showing the sets and asking
        #[arg(long)]
        yes: bool,
        /// Wait for the task to end, and show its progress
        #[arg(long)]
        wait: bool,
    },
    /// Hold a logical backup set: no clean-up deletes it
    Hold {
        /// The set
        set: i64,
        /// Why it is held
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// When the hold ends, such as 2027-01-31T00:00:00+08:00; without end when left out
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
    /// Show, set or drop the delete policies by which a 4.x cluster deletes physical backups
    Policy {
        #[command(subcommand)]
        verb: policy::PolicyVerb,
    },
    /// Release a logical backup set from its hold
    Release {
        /// The set
        set: i64,
    },
}

/// Which sets are meant.
#[derive(Args)]
struct WhichArgs {
    /// The name of the cluster
    #[arg(long, value_name = "NAME")]
    cluster: String,
    /// Only this tenant; repeatable. Defaults to the whole cluster
    #[arg(long, value_name = "NAME")]
    tenant: Vec<String>,
    /// Only the sets in this storage; `apply` needs it when the sets are in several
    #[arg(long, value_name = "NAME")]
    storage: Option<String>,
}

/// What is kept. Without a rule, each tenant's backup strategy says it; where none does, everything is kept.
#[derive(Args)]
struct RulesArgs {
    /// Keep every set of this many days, and the newest one before them
    #[arg(long, value_name = "DAYS")]
    keep_days: Option<u32>,
    /// Keep the newest sets
    #[arg(long, value_name = "NUMBER")]
    keep_last: Option<u32>,
    /// Keep the newest set of each of the last days that have one
    #[arg(long, value_name = "DAYS")]
    keep_daily: Option<u32>,
    /// Keep the newest set of each of the last weeks that have one
    #[arg(long, value_name = "WEEKS")]
    keep_weekly: Option<u32>,
    /// Keep the newest set of each of the last months that have one
    #[arg(long, value_name = "MONTHS")]
    keep_monthly: Option<u32>,
    /// Keep the newest set of each of the last years that have one
    #[arg(long, value_name = "YEARS")]
    keep_yearly: Option<u32>,
    /// Keep only the newest sets of a tenant that fit in this size; older ones expire even if another rule keeps them,
    /// except for --minimum-sets
    #[arg(long, value_name = "BYTES")]
    cap_bytes: Option<u64>,
    /// Keep this many good sets, regardless of the other rules [default: 1]
    #[arg(long, value_name = "NUMBER")]
    minimum_sets: Option<u32>,
    /// The time zone of days, weeks, months and years, such as Asia/Shanghai [default: UTC]
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
}

impl RulesArgs {
    /// Returns the policy of a request; none without a rule.
    fn policy(&self) -> Option<Value> {
        let numbers = [
            ("retentionDays", self.keep_days.map(u64::from)),
            ("keepLast", self.keep_last.map(u64::from)),
            ("keepDaily", self.keep_daily.map(u64::from)),
            ("keepWeekly", self.keep_weekly.map(u64::from)),
            ("keepMonthly", self.keep_monthly.map(u64::from)),
            ("keepYearly", self.keep_yearly.map(u64::from)),
            ("capBytes", self.cap_bytes),
            ("minimumSets", self.minimum_sets.map(u64::from)),
        ];
        let numbers = numbers.into_iter().filter_map(|(field, number)| Some((field, json!(number?))));
        let zone = self.zone.as_ref().map(|zone| ("zone", json!(zone)));
        let policy: Map<String, Value> =
            numbers.chain(zone).map(|(field, value)| (field.to_owned(), value)).collect();
        (!policy.is_empty()).then_some(Value::Object(policy))
    }
}

impl WhichArgs {
    /// Returns the request.
    async fn body(&self, client: &Client, cluster: &ClusterRow, rules: &RulesArgs) -> Result<Value, Failure> {
        let mut body = Map::new();
        let mut tenants = Vec::with_capacity(self.tenant.len());
        for name in &self.tenant {
            tenants.push(tenant(client, cluster, Some(name)).await?);
        }
        body.insert("tenantIdList".into(), json!(tenants));
        if let Some(name) = &self.storage {
            body.insert("storageId".into(), json!(storage(client, name).await?.storage_id));
        }
        body.extend(rules.policy().map(|policy| ("policy".to_owned(), policy)));
        Ok(Value::Object(body))
    }
}

pub(crate) async fn run(args: RetentionArgs) -> Result<(), Failure> {
    let RetentionArgs { reach, verb } = args;
    let (client, screen) = (reach.client()?, reach.screen());
    match verb {
        Verb::Plan { which, rules } => {
            let found = cluster(&client, &which.cluster).await?;
            let body = which.body(&client, &found, &rules).await?;
            let (data, plans) = plan(&client, &found, &body).await?;
            screen.show(&data, |screen| show_plan(screen, &plans, false));
            Ok(())
        }
        Verb::Apply { which, rules, set, yes, wait } => {
            let found = cluster(&client, &which.cluster).await?;
            let body = which.body(&client, &found, &rules).await?;
            apply(&client, screen, &found, body, set, yes, wait).await
        }
        Verb::Hold { set, reason, until } => {
            let mut body = json!({ "reason": reason });
            if let Some(until) = until {
                body["endTime"] = json!(until);
            }
            let data = client.put(&format!("/backup/sets/{set}/hold"), &body).await?;
            let hold: HoldRow = read(&data)?;
            screen.show(&data, |screen| {
                let text = match &hold.end_time {
                    Some(end) => Text::new("cli-set-held-until").with("until", short(end)),
                    None => Text::new("cli-set-held"),
                };
                screen.say(&text.with("set", set).with("reason", &hold.reason));
            });
            Ok(())
        }
        Verb::Policy { verb } => policy::run(&client, screen, verb).await,
        Verb::Release { set } => {
            let data = client.delete(&format!("/backup/sets/{set}/hold")).await?;
            screen.show(&data, |screen| screen.say(&Text::new("cli-set-released").with("set", set)));
            Ok(())
        }
    }
}

async fn plan(
    client: &Client,
    cluster: &ClusterRow,
    body: &Value,
) -> Result<(Value, Vec<TenantRetentionRow>), Failure> {
    let path = format!("/ob/clusters/{}/backup/retention/plan", cluster.id);
    let data = client.post(&path, Some(body)).await?;
    let plans = read_all(data["contents"].as_array().map_or(&[], Vec::as_slice))?;
    Ok((data, plans))
}

/// Deletes the sets of the plan, and no others. Without `yes`, shows the plan and prompts for a confirmation first.
async fn apply(
    client: &Client,
    screen: Screen,
    cluster: &ClusterRow,
    mut body: Value,
    chosen: Vec<i64>,
    yes: bool,
    wait: bool,
) -> Result<(), Failure> {
    if !yes || chosen.is_empty() {
        let (_, mut plans) = plan(client, cluster, &body).await?;
        for plan in &mut plans {
            let is_shown = |set: &i64| chosen.is_empty() || chosen.contains(set);
            plan.sets.retain(|set| set.is_deleted() && is_shown(&set.backup_set_id));
            plan.delete_count = plan.sets.len() as u64;
            plan.delete_bytes = plan.sets.iter().map(|set| set.bytes).sum();
        }
        plans.retain(|plan| !plan.sets.is_empty());
        if plans.is_empty() && chosen.is_empty() {
            let problem = Problem::refused(codes::NOTHING_TO_CLEAN_UP, "cli-retention-nothing");
            return Err(problem.with("cluster", &cluster.name).into());
        }
        if !yes && !plans.is_empty() {
            show_plan(screen, &plans, true);
            confirm(&plans)?;
        }
        let shown = plans.iter().flat_map(|plan| &plan.sets).map(|set| set.backup_set_id);
        let shown: Vec<i64> = if chosen.is_empty() { shown.collect() } else { chosen };
        body["backupSetIdList"] = json!(shown);
        if let [first, rest @ ..] = &plans[..]
            && rest.iter().all(|other| other.storage_id == first.storage_id)
        {
            body["storageId"] = json!(first.storage_id);
        }
    } else {
        body["backupSetIdList"] = json!(chosen);
    }
    let path = format!("/ob/clusters/{}/backup/retention/apply", cluster.id);
    let data = client.post(&path, Some(&body)).await?;
    let task = read::<ActionRow>(&data)?.task()?;
    let made = Text::new("cli-task-made").with("task", task);
    if !wait {
        screen.show(&data, |screen| screen.say(&made));
        return Ok(());
    }
    screen.say(&made);
    let ended = follow::to_end(client, screen, task).await?;
    screen.show(&ended, |_| {});
    Ok(())
}

/// Requires a confirmation on the terminal.
fn confirm(plans: &[TenantRetentionRow]) -> Result<(), Failure> {
    let count: u64 = plans.iter().map(|plan| plan.delete_count).sum();
    let bytes: u64 = plans.iter().map(|plan| plan.delete_bytes).sum();
    let unconfirmed = || Problem::invalid("cli-retention-unconfirmed").with("count", count);
    if !std::io::stdin().is_terminal() {
        return Err(unconfirmed().into());
    }
    let prompt = Text::new("cli-prompt-retention").with("count", count).with("bytes", size::bytes(bytes));
    let asked = || -> std::io::Result<String> {
        let mut out = std::io::stderr().lock();
        write!(out, "{} ", words_of(&prompt))?;
        out.flush()?;
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        Ok(line.trim().to_owned())
    };
    let answer = asked().map_err(|cause| Failure::from(unconfirmed().raw(cause)))?;
    if answer == "yes" { Ok(()) } else { Err(unconfirmed().into()) }
}

/// Shows whether each set is kept. Before a prompt, the sums are left out, because the prompt names them itself.
fn show_plan(screen: Screen, plans: &[TenantRetentionRow], is_question: bool) {
    let mut rows = Vec::new();
    for plan in plans {
        for set in &plan.sets {
            rows.push(vec![
                set.backup_set_id.to_string(),
                plan.tenant_name.clone(),
                plan.storage_name.clone().unwrap_or_else(|| plan.storage_uri.clone()),
                short(&set.consistent_time),
                size::bytes(set.bytes),
                set.status.clone(),
                set.action.clone(),
                short_or_none(set.hold.as_ref().and_then(|hold| hold.end_time.as_ref())),
                set.why(),
            ]);
        }
    }
    let heads = ["SET", "TENANT", "STORAGE", "DATA OF", "SIZE", "STATUS", "ACTION", "HELD UNTIL", "REASON"];
    screen.table(&heads, &rows);
    if !is_question {
        let count: u64 = plans.iter().map(|plan| plan.delete_count).sum();
        let bytes: u64 = plans.iter().map(|plan| plan.delete_bytes).sum();
        let kept = rows.len() as u64 - count;
        let text = Text::new("cli-retention-is").with("count", count).with("kept", kept);
        screen.say(&text.with("bytes", size::bytes(bytes)));
    }
}
