//! `lifeboat retention policy`: the delete policies of a 4.x cluster.

use std::io::{IsTerminal as _, Write as _};

use clap::{Args, Subcommand};
use model::Problem;
use model::size;
use model::text::Text;
use serde_json::{Value, json};

use crate::cli::names::{cluster, tenant};
use crate::client::Client;
use crate::failure::Failure;
use crate::follow;
use crate::language::words_of;
use crate::rows::{ActionRow, ClusterRow, DeletePolicyRow, ExpiringRow, PolicyPlanRow, read, read_all};
use crate::screen::Screen;

#[derive(Subcommand)]
pub(super) enum PolicyVerb {
    /// Show the delete policy of each tenant, and which physical backups the database deletes by it
    Show {
        /// The name of the cluster
        #[arg(long, value_name = "NAME")]
        cluster: String,
        /// Show what a policy with this window would delete instead
        #[arg(long, value_name = "DAYS")]
        keep_days: Option<u32>,
    },
    /// Set or change the delete policy of tenants: the database deletes expired physical backups at once
    Set {
        #[command(flatten)]
        change: ChangeArgs,
        /// Keep all backups that a recovery to a time within this many days needs
        #[arg(long, value_name = "DAYS")]
        keep_days: u32,
        /// The policy: default, or log_only for tenants that archive logs without data backups (4.4.1 and later)
        #[arg(long, value_name = "NAME", default_value = "default")]
        name: String,
    },
    /// Drop the delete policy of tenants: the database deletes no more of their backups
    Drop {
        #[command(flatten)]
        change: ChangeArgs,
    },
}

/// Whose policy changes, and how it is confirmed.
#[derive(Args)]
pub(super) struct ChangeArgs {
    /// The name of the cluster
    #[arg(long, value_name = "NAME")]
    cluster: String,
    /// The tenant; repeatable
    #[arg(long, value_name = "NAME", required = true)]
    tenant: Vec<String>,
    /// Only show what would change and what the database would delete
    #[arg(long)]
    preview: bool,
    /// Do what this preview shows, without asking: its `planHash` in the JSON output of --preview
    #[arg(long, value_name = "HASH", conflicts_with = "preview")]
    plan: Option<String>,
    /// Replace or drop policies that Lifeboat did not set, too
    #[arg(long)]
    take_over: bool,
    /// Wait for the task to end, and show its progress
    #[arg(long)]
    wait: bool,
}

pub(super) async fn run(client: &Client, screen: Screen, verb: PolicyVerb) -> Result<(), Failure> {
    match verb {
        PolicyVerb::Show { cluster, keep_days } => show(client, screen, &cluster, keep_days).await,
        PolicyVerb::Set { change, keep_days, name } => {
            let wish = json!({"action": "SET", "policyName": name, "policy": {"retentionDays": keep_days}});
            apply(client, screen, change, wish).await
        }
        PolicyVerb::Drop { change } => apply(client, screen, change, json!({"action": "DROP"})).await,
    }
}

async fn show(client: &Client, screen: Screen, name: &str, days: Option<u32>) -> Result<(), Failure> {
    let id = cluster(client, name).await?.id;
    let query: Vec<_> = days.map(|days| ("retentionDays", days.to_string())).into_iter().collect();
    let path = format!("/ob/clusters/{id}/backup/retention/deletePolicies");
    let data = client.get(&path, &query).await?;
    let policies = read_policies(&data)?;
    screen.show(&data, |screen| show_policies(screen, &policies));
    Ok(())
}

/// Reads a list of delete policies.
pub(crate) fn read_policies(data: &Value) -> Result<Vec<DeletePolicyRow>, Failure> {
    read_all(data["contents"].as_array().map_or(&[], Vec::as_slice))
}

/// Prints delete policies with what the database deletes by them.
pub(crate) fn show_policies(screen: Screen, policies: &[DeletePolicyRow]) {
    let rows: Vec<Vec<String>> = policies.iter().map(|policy| columns(policy, None)).collect();
    let heads = ["TENANT", "POLICY", "WINDOW", "SET BY LIFEBOAT", "SETS TO DELETE", "PIECES", "SIZE"];
    screen.table(&heads, &rows);
}

/// Previews a change, asks, and requests it.
async fn apply(client: &Client, screen: Screen, args: ChangeArgs, mut body: Value) -> Result<(), Failure> {
    let found = cluster(client, &args.cluster).await?;
    let mut tenants = Vec::with_capacity(args.tenant.len());
    for name in &args.tenant {
        tenants.push(tenant(client, &found, Some(name)).await?);
    }
    body["tenantIdList"] = json!(tenants);
    let is_drop = body["action"] == "DROP";
    let hash = match args.plan {
        Some(hash) => hash,
        None => {
            let (data, plan) = preview(client, &found, &body).await?;
            if args.preview {
                screen.show(&data, |screen| show_plan(screen, &plan, is_drop));
                return Ok(());
            }
            show_plan(screen, &plan, is_drop);
            confirm(&plan, is_drop)?;
            plan.plan_hash
        }
    };
    body["planHash"] = json!(hash);
    body["takeOver"] = json!(args.take_over);
    let path = format!("/ob/clusters/{}/backup/retention/deletePolicies/change", found.id);
    let data = client.post(&path, Some(&body)).await?;
    let task = read::<ActionRow>(&data)?.task()?;
    let made = Text::new("cli-task-made").with("task", task);
    if !args.wait {
        screen.show(&data, |screen| screen.say(&made));
        return Ok(());
    }
    screen.say(&made);
    let ended = follow::to_end(client, screen, task).await?;
    screen.show(&ended, |_| {});
    Ok(())
}

async fn preview(
    client: &Client,
    cluster: &ClusterRow,
    body: &Value,
) -> Result<(Value, PolicyPlanRow), Failure> {
    let path = format!("/ob/clusters/{}/backup/retention/deletePolicies/preview", cluster.id);
    let data = client.post(&path, Some(body)).await?;
    let plan = read(&data)?;
    Ok((data, plan))
}

fn show_plan(screen: Screen, plan: &PolicyPlanRow, is_drop: bool) {
    let rows: Vec<Vec<String>> =
        plan.contents.iter().map(|planned| columns(&planned.policy, Some(&planned.action))).collect();
    let heads =
        ["TENANT", "POLICY", "WINDOW", "SET BY LIFEBOAT", "ACTION", "SETS TO DELETE", "PIECES", "SIZE"];
    screen.table(&heads, &rows);
    let id = if is_drop { "cli-delete-policy-drop" } else { "cli-delete-policy-plan" };
    screen.say(&Text::new(id));
}

/// Returns the columns of a tenant; with an action, those of a plan.
fn columns(policy: &DeletePolicyRow, action: Option<&str>) -> Vec<String> {
    let dash = |text: Option<&String>| text.cloned().unwrap_or_else(|| "-".to_owned());
    let expiring = policy.expiring.as_ref();
    let sets = expiring.map(ExpiringRow::set_ids).filter(|sets| !sets.is_empty());
    let owner = match (&policy.policy_name, policy.set_by_lifeboat) {
        (None, _) => "-",
        (Some(_), true) => "yes",
        (Some(_), false) => "no",
    };
    let front = [
        policy.tenant_name.clone(),
        dash(policy.policy_name.as_ref()),
        dash(policy.recovery_window.as_ref()),
        owner.to_owned(),
    ];
    let back = [
        dash(sets.as_ref()),
        dash(expiring.map(|expiring| expiring.pieces.to_string()).as_ref()),
        dash(expiring.map(|expiring| size::bytes(expiring.bytes)).as_ref()),
    ];
    front.into_iter().chain(action.map(str::to_owned)).chain(back).collect()
}

/// Requires the names of the tenants on the terminal; `yes` is enough to drop policies, which keeps all backups.
fn confirm(plan: &PolicyPlanRow, is_drop: bool) -> Result<(), Failure> {
    let unconfirmed = || Problem::invalid("cli-delete-policy-unconfirmed");
    if !std::io::stdin().is_terminal() {
        return Err(unconfirmed().into());
    }
    let names: Vec<&str> = plan.contents.iter().map(|planned| planned.policy.tenant_name.as_str()).collect();
    let id = if is_drop { "cli-prompt-delete-policy-drop" } else { "cli-prompt-delete-policy" };
    let prompt = Text::new(id).with("tenants", names.len());
    let asked = || -> std::io::Result<String> {
        let mut out = std::io::stderr().lock();
        write!(out, "{} ", words_of(&prompt))?;
        out.flush()?;
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        Ok(line)
    };
    let answer = asked().map_err(|cause| Failure::from(unconfirmed().raw(cause)))?;
    if is_confirmed(&answer, &names, is_drop) { Ok(()) } else { Err(unconfirmed().into()) }
}

fn is_confirmed(answer: &str, names: &[&str], is_drop: bool) -> bool {
    if is_drop { answer.trim() == "yes" } else { answer.split(',').map(str::trim).eq(names.iter().copied()) }
}

#[cfg(test)]
mod tests {
    use super::is_confirmed;

    #[test]
    fn a_policy_is_set_only_with_the_names_of_its_tenants() {
        let names = ["shop", "crm"];
        let cases = [
            ("shop, crm\n", false, true),
            ("shop,crm", false, true),
            ("yes", false, false),
            ("shop", false, false),
            ("crm, shop", false, false),
            ("shop, crm, hr", false, false),
            ("", false, false),
            ("yes\n", true, true),
            ("shop, crm", true, false),
            ("", true, false),
        ];
        for (answer, is_drop, expected) in cases {
            assert_eq!(is_confirmed(answer, &names, is_drop), expected, "{answer:?} {is_drop}");
        }
    }
}
