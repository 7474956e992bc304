//! `lifeboat strategy`.

use clap::{Args, Subcommand};
use model::text::Text;
use serde_json::{Value, json};

use super::names::{Place, cluster, short, short_or_none, strategy_tenant, unreadable_strategies};
use super::reach::Reach;
use super::strategy_apply::{ApplyArgs, ExportArgs, apply, export};
use super::strategy_settings::{SettingsArgs, without_default};
use super::strategy_show::{is_cleaned_by_database, preview, show};
use crate::client::Client;
use crate::failure::Failure;
use crate::rows::{ActionRow, Said, StrategyRow, StrategyRunRow, read, read_all};
use crate::screen::Screen;

#[derive(Args)]
pub(crate) struct StrategyArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Create a backup strategy for a cluster or one tenant
    Create {
        #[command(flatten)]
        scope: ScopeArgs,
        #[command(flatten)]
        settings: SettingsArgs,
        #[command(flatten)]
        consent: TakeOverArgs,
        /// Only check the settings and print the next 30 runs, without jitter; save nothing
        #[arg(long)]
        preview: bool,
    },
    /// Show a strategy with its settings and its next runs
    Show {
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// List the strategies
    List,
    /// Change a strategy; omitted settings stay unchanged. Its runs then use your permissions
    #[command(mut_args = without_default)]
    Edit {
        #[command(flatten)]
        scope: ScopeArgs,
        #[command(flatten)]
        settings: SettingsArgs,
        #[command(flatten)]
        consent: TakeOverArgs,
        /// Accept that a physical strategy moves to another storage. Without this option, the command explains what the
        /// move means for recovery, and fails
        #[arg(long)]
        yes: bool,
        /// Only check the change and print the next 30 runs, without jitter; save nothing
        #[arg(long)]
        preview: bool,
    },
    /// Pause the schedule; a running backup continues, a waiting one is recorded as missed
    Pause {
        #[command(flatten)]
        scope: ScopeArgs,
        /// Pause log backup too (4.x). Defaults to letting log backup continue
        #[arg(long)]
        log_backup: bool,
        /// Delete no expired backups during the pause. Defaults to letting clean-up continue
        #[arg(long)]
        clean_up: bool,
    },
    /// Resume the schedule, and log backup paused with it; runs that were due meanwhile are recorded as missed. Its runs
    /// then use your permissions
    Resume {
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// Delete a strategy and its run history. Backup sets stay; for a tenant, the cluster's strategy then decides how long
    Delete {
        #[command(flatten)]
        scope: ScopeArgs,
        /// Accept that the database deletes physical backups of the tenant by the shorter window of the cluster's
        /// strategy, or in its storage. Without this option, the command names what is deleted, and fails
        #[arg(long, requires = "tenant")]
        accept_cluster_retention: bool,
    },
    /// List the runs of a strategy, newest first
    Runs {
        #[command(flatten)]
        scope: ScopeArgs,
        /// The maximum number of runs, 1 to 2000
        #[arg(long, value_name = "NUMBER", default_value_t = 30)]
        limit: u32,
    },
    /// Print strategies as a YAML file for `apply`
    Export(ExportArgs),
    /// Create and change strategies from a YAML file; strategies that the file does not name stay unchanged
    Apply(ApplyArgs),
}

/// The consent to replace delete policies, and to what the database deletes by the new ones.
#[derive(Args)]
struct TakeOverArgs {
    /// Replace delete policies that Lifeboat did not set, or that another strategy or a user set with a longer window, and
    /// set policies again that somebody dropped. Without this option, the command names them, and fails
    #[arg(long)]
    take_over: bool,
    /// Let the database delete what this preview shows: its `planHash`, which --preview prints. Without this option, the
    /// command fails if the database would delete anything at once
    #[arg(long, value_name = "HASH", conflicts_with = "preview")]
    plan: Option<String>,
}

impl TakeOverArgs {
    fn put(&self, body: &mut Value) {
        if self.take_over {
            body["takeOverDeletePolicies"] = Value::Bool(true);
        }
        if let Some(plan) = &self.plan {
            body["deletePolicyPlanHash"] = Value::String(plan.clone());
        }
    }
}

/// The object that a strategy backs up.
#[derive(Args)]
struct ScopeArgs {
    /// The name of the cluster
    #[arg(long, value_name = "NAME")]
    cluster: String,
    /// The tenant (4.x) whose own strategy this is, or its ID if the tenant was dropped. Defaults to the strategy of the
    /// cluster
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
}

impl ScopeArgs {
    /// Returns the path of the strategy.
    async fn path(&self, client: &Client) -> Result<String, Failure> {
        Ok(self.place(client).await?.path())
    }

    /// Finds the cluster or tenant.
    async fn place(&self, client: &Client) -> Result<Place, Failure> {
        let found = cluster(client, &self.cluster).await?;
        let tenant = match &self.tenant {
            Some(name) => Some(strategy_tenant(client, &found, name).await?),
            None => None,
        };
        Ok(Place { cluster: found.id, tenant })
    }

    /// Returns a text about the cluster or tenant.
    fn text(&self, id: &str) -> Text {
        let object = match &self.tenant {
            Some(tenant) => format!("{}/{tenant}", self.cluster),
            None => self.cluster.clone(),
        };
        Text::new(id).with("object", object)
    }
}

pub(crate) async fn run(args: StrategyArgs) -> Result<(), Failure> {
    let StrategyArgs { reach, verb } = args;
    let (client, screen) = (reach.client()?, reach.screen());
    let mut more = None;
    let said = match verb {
        Verb::List => return list(&client, screen).await,
        Verb::Show { scope } => return show(&client, screen, &scope.path(&client).await?).await,
        Verb::Runs { scope, limit } => return runs(&client, screen, &scope, limit).await,
        Verb::Export(args) => return export(&client, screen, &args).await,
        Verb::Apply(args) => return apply(&client, screen, &args).await,
        Verb::Create { scope, settings, consent, preview: only_preview } => {
            let place = scope.place(&client).await?;
            let mut body = settings.body(&client, None).await?;
            consent.put(&mut body);
            if only_preview {
                return preview(&client, screen, place, body, None).await;
            }
            let data = client.post(&place.path(), Some(&body)).await?;
            let saved = client.get(&place.path(), &[]).await?;
            more = is_cleaned_by_database(&saved).then(|| Text::new("cli-strategy-policies-set"));
            (data, scope.text("cli-strategy-created"))
        }
        Verb::Edit { scope, settings, consent, yes, preview: only_preview } => {
            let place = scope.place(&client).await?;
            let saved = client.get(&place.path(), &[]).await?;
            let mut body = settings.body(&client, Some(&saved)).await?;
            consent.put(&mut body);
            if yes {
                body["acceptStorageMove"] = Value::Bool(true);
            }
            if only_preview {
                return preview(&client, screen, place, body, Some(&saved)).await;
            }
            let data = client.patch(&place.path(), &body).await?;
            let is_cleaned = is_cleaned_by_database(&client.get(&place.path(), &[]).await?);
            more = match (is_cleaned_by_database(&saved), is_cleaned) {
                (_, true) => Some(Text::new("cli-strategy-policies-set")),
                (true, false) => Some(Text::new("cli-strategy-policies-dropped")),
                (false, false) => None,
            };
            (data, scope.text("cli-strategy-changed"))
        }
        Verb::Pause { scope, log_backup, clean_up } => {
            let path = format!("{}/stopSchedule", scope.path(&client).await?);
            let body = json!({ "pauseLogBackup": log_backup, "pauseCleanUp": clean_up });
            (client.post(&path, Some(&body)).await?, scope.text("cli-strategy-paused"))
        }
        Verb::Resume { scope } => {
            let path = scope.path(&client).await?;
            (client.post(&format!("{path}/startSchedule"), None).await?, scope.text("cli-strategy-resumed"))
        }
        Verb::Delete { scope, accept_cluster_retention } => {
            let place = scope.place(&client).await?;
            let path = place.path();
            // One that cannot be read can be deleted.
            let saved = client.get(&path, &[]).await.unwrap_or_default();
            let query = accept_cluster_retention.then(|| ("acceptClusterRetention", "true".to_owned()));
            let data = client.delete_with(&path, query.as_slice()).await?;
            let of_cluster = Place { tenant: None, ..place }.path();
            let next = match place.tenant {
                Some(_) => client.get(&of_cluster, &[]).await.unwrap_or_default(),
                None => Value::Null,
            };
            if is_cleaned_by_database(&next) {
                let days = &next["obBackupScheduleConfig"]["backupDataRetentionDays"];
                (data, scope.text("cli-strategy-deleted-of-tenant").with("days", days))
            } else {
                more = is_cleaned_by_database(&saved).then(|| Text::new("cli-strategy-policies-dropped"));
                (data, scope.text("cli-strategy-deleted"))
            }
        }
    };
    let (data, said) = said;
    let task = read::<ActionRow>(&data)?.task().ok();
    screen.show(&data, |screen| {
        screen.say(&said);
        if let Some(more) = &more {
            screen.say(more);
        }
        if let Some(task) = task {
            screen.say(&Text::new("cli-strategy-log-backup").with("task", task));
        }
    });
    Ok(())
}

async fn list(client: &Client, screen: Screen) -> Result<(), Failure> {
    let rows = client.list("/backup/strategies", &[]).await?;
    let strategies: Vec<StrategyRow> = read_all(&rows)?;
    let unreadable = unreadable_strategies(client).await?;
    screen.show(&Value::Array(rows), |screen| {
        let mut rows: Vec<Vec<String>> = strategies
            .iter()
            .map(|strategy| {
                vec![
                    strategy.cluster_name.clone(),
                    strategy.tenant_shown().unwrap_or_else(|| "-".to_owned()),
                    strategy.backup_mode.clone(),
                    strategy.storage_shown(),
                    strategy.status_shown(),
                    strategy.next_run.as_ref().map_or_else(|| "-".to_owned(), |run| run.due_time.clone()),
                    strategy.last_run.as_ref().map_or_else(|| "-".to_owned(), |run| run.status.clone()),
                ]
            })
            .collect();
        rows.extend(unreadable.iter().map(|strategy| {
            let tenant = strategy.tenant_shown().unwrap_or_else(|| "-".to_owned());
            let mut row = vec![strategy.cluster_name.clone(), tenant];
            row.extend(["-", "-", "UNREADABLE", "-", "-"].map(str::to_owned));
            row
        }));
        screen.table(&["CLUSTER", "TENANT", "METHOD", "STORAGE", "SCHEDULE", "NEXT RUN", "LAST RUN"], &rows);
    });
    Ok(())
}

async fn runs(client: &Client, screen: Screen, scope: &ScopeArgs, limit: u32) -> Result<(), Failure> {
    let path = scope.path(client).await?;
    let strategy: StrategyRow = read(&client.get(&path, &[]).await?)?;
    let data = client.get(&format!("{path}/runs"), &[("size", limit.to_string())]).await?;
    let runs: Vec<StrategyRunRow> = read_all(data["contents"].as_array().map_or(&[], Vec::as_slice))?;
    let message = |reason: Option<&Said>| reason.map_or_else(|| "-".to_owned(), |said| said.message.clone());
    screen.show(&data["contents"], |screen| {
        // A run without a task is in no list, and it is what one looks for first.
        let waiting = strategy.waiting_run.iter().map(|run| {
            let [none, reason] = ["-".to_owned(), message(run.reason.as_ref())];
            vec![short(&run.due_time), "WAITING".to_owned(), none.clone(), none.clone(), none, reason]
        });
        let listed = runs.iter().map(|run| {
            vec![
                short(&run.due_time),
                run.status.clone(),
                run.data_backup_mode.clone().unwrap_or_else(|| "-".to_owned()),
                run.task_id.map_or_else(|| "-".to_owned(), |task| task.to_string()),
                short_or_none(run.finish_time.as_ref()),
                message(run.reason.as_ref()),
            ]
        });
        let rows: Vec<Vec<String>> = waiting.chain(listed).collect();
        screen.table(&["DUE", "STATUS", "MODE", "TASK", "ENDED", "REASON"], &rows);
    });
    Ok(())
}
