//! `lifeboat strategy`.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use model::Problem;
use model::text::Text;
use serde_json::{Map, Value, json};

use super::Reach;
use super::names::{cluster, short, short_or_none, storage, tenant};
use super::storage::{directory_base, read_uri};
use crate::client::Client;
use crate::failure::Failure;
use crate::rows::{PlannedRunRow, StrategyRow, StrategyRunRow, read, read_all};
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
    /// Create a backup strategy of a cluster or of one tenant
    Create {
        #[command(flatten)]
        scope: ScopeArgs,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// Show a strategy with its next runs
    Show {
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// List the strategies
    List,
    /// Change a strategy; what is left out stays. Its runs then have your permissions
    Edit {
        #[command(flatten)]
        scope: ScopeArgs,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// Pause the schedule; a run that has begun goes on
    Pause {
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// Resume the schedule; what was due meanwhile is recorded as missed. Its runs then have your permissions
    Resume {
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// Delete a strategy with the record of its runs; backup sets stay
    Delete {
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// List what became of each due time, the newest first
    Runs {
        #[command(flatten)]
        scope: ScopeArgs,
        /// How many runs at most, 1 to 2000
        #[arg(long, value_name = "NUMBER", default_value_t = 30)]
        limit: u32,
    },
}

/// What a strategy backs up.
#[derive(Args)]
struct ScopeArgs {
    /// The cluster
    #[arg(long, value_name = "NAME")]
    cluster: String,
    /// Only this tenant (4.x); its strategy takes the place of the cluster's
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
}

/// What a strategy does. Its schedule is given with --cron, --weekly or --monthly.
#[derive(Args)]
#[command(group = ArgGroup::new("schedule").args(["cron", "weekly", "monthly"]).multiple(false))]
struct SettingsArgs {
    /// How: by OceanBase itself, or by reading rows. Defaults to the cluster's first choice
    #[arg(long)]
    method: Option<Method>,
    /// Where to: a storage configuration's name or file:///…. Defaults to the one used last for this cluster
    #[arg(long, value_name = "NAME|URI")]
    storage: Option<String>,
    /// Five fields: minute, hour, day of the month, month, day of the week
    #[arg(long, value_name = "EXPRESSION", requires = "zone")]
    cron: Option<String>,
    /// Days of the week from 1 (Monday) to 7, each full or incremental, such as 2=incremental,6=full
    #[arg(long, value_name = "DAY=KIND,…", requires = "at")]
    weekly: Option<String>,
    /// Days of the month from 1 to 31 and L (the last), at most 10, such as 1=full,15=incremental
    #[arg(long, value_name = "DAY=KIND,…", requires = "at")]
    monthly: Option<String>,
    /// With --weekly and --monthly: the time of day, such as 02:00, or 02:00+08:00 without --zone
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The time zone, such as Asia/Shanghai
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// With --cron: how much a run backs up. Defaults to full
    #[arg(long, requires = "cron")]
    mode: Option<Mode>,
    /// With --cron --mode incremental: the days of the week (1 to 7) whose runs are full, such as 7
    #[arg(long, value_name = "DAY,…", requires = "cron", value_delimiter = ',')]
    full_on: Vec<String>,
    /// The hours in which nothing starts, such as 08:00-20:00
    #[arg(long, value_name = "FROM-UNTIL", requires = "schedule")]
    quiet: Option<String>,
    /// By how many seconds a run may start later than due
    #[arg(long, value_name = "SECONDS", requires = "schedule")]
    jitter: Option<u32>,
    /// Whether a run starts log backup where it is not running. Defaults to yes for a physical backup
    #[arg(long, value_name = "YES|NO", requires = "schedule")]
    start_log_backup: Option<Switch>,
    /// Raise an alarm when a data backup takes longer
    #[arg(long, value_name = "MINUTES")]
    timeout_minutes: Option<u32>,
    /// Raise an alarm after this many days without a successful data backup
    #[arg(long, value_name = "DAYS")]
    no_success_days: Option<u32>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Method {
    Physical,
    Logical,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    Yes,
    No,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    Full,
    Incremental,
}

impl Mode {
    const fn word(self) -> &'static str {
        match self {
            Self::Full => "FULL_BACKUP",
            Self::Incremental => "INCREMENTAL_BACKUP",
        }
    }
}

impl ScopeArgs {
    /// Returns the path of the strategy.
    async fn path(&self, client: &Client) -> Result<String, Failure> {
        let found = cluster(client, &self.cluster).await?;
        let below = match &self.tenant {
            Some(name) => format!("/tenants/{}", tenant(client, &found, Some(name)).await?),
            None => String::new(),
        };
        Ok(format!("/ob/clusters/{}{below}/backup/config/backupStrategy", found.id))
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
    let said = match verb {
        Verb::List => return list(&client, screen).await,
        Verb::Show { scope } => return show(&client, screen, &scope).await,
        Verb::Runs { scope, limit } => return runs(&client, screen, &scope, limit).await,
        Verb::Create { scope, settings } => {
            let path = scope.path(&client).await?;
            let data = client.post(&path, Some(&settings.body(&client).await?)).await?;
            (data, scope.text("cli-strategy-created"))
        }
        Verb::Edit { scope, settings } => {
            let path = scope.path(&client).await?;
            let data = client.patch(&path, &settings.body(&client).await?).await?;
            (data, scope.text("cli-strategy-changed"))
        }
        Verb::Pause { scope } => {
            let path = scope.path(&client).await?;
            (client.post(&format!("{path}/stopSchedule"), None).await?, scope.text("cli-strategy-paused"))
        }
        Verb::Resume { scope } => {
            let path = scope.path(&client).await?;
            (client.post(&format!("{path}/startSchedule"), None).await?, scope.text("cli-strategy-resumed"))
        }
        Verb::Delete { scope } => {
            let path = scope.path(&client).await?;
            (client.delete(&path).await?, scope.text("cli-strategy-deleted"))
        }
    };
    let (data, said) = said;
    screen.show(&data, |screen| screen.say(&said));
    Ok(())
}

impl SettingsArgs {
    /// Returns the request: only what was given.
    async fn body(&self, client: &Client) -> Result<Value, Failure> {
        let mut body = Map::new();
        if let Some(method) = self.method {
            let word = match method {
                Method::Physical => "PHYSICAL_BACKUP",
                Method::Logical => "LOGICAL_BACKUP",
            };
            body.insert("backupMode".into(), json!(word));
        }
        if let Some(schedule) = self.schedule()? {
            body.insert("obBackupScheduleConfig".into(), schedule);
        }
        let thresholds = [
            ("dataBackupTimeoutMinutes", self.timeout_minutes),
            ("noSuccessfulDataBackupAlarmDays", self.no_success_days),
        ];
        let thresholds: Map<String, Value> = thresholds
            .into_iter()
            .filter_map(|(field, number)| Some((field.to_owned(), json!(number?))))
            .collect();
        if !thresholds.is_empty() {
            body.insert("obBackupThresholdConfig".into(), Value::Object(thresholds));
        }
        if let Some(wanted) = &self.storage {
            let choice = if wanted.contains("://") {
                json!({ "obBackupStorageBaseInfo": directory_base(&read_uri(wanted)?)? })
            } else {
                json!({ "storageId": storage(client, wanted).await?.storage_id })
            };
            body.insert("obBackupServiceStorageConfig".into(), choice);
        }
        Ok(Value::Object(body))
    }

    /// Returns the schedule as the API takes it; what is wrong with it, the server says.
    fn schedule(&self) -> Result<Option<Value>, Failure> {
        let mut schedule = match (&self.cron, &self.weekly, &self.monthly) {
            (Some(expression), ..) => json!({ "backupScheduleMode": "CRON", "cronExpression": expression }),
            (_, Some(days), _) => {
                json!({ "backupScheduleMode": "WEEK", "dayAndDataBackupModelMap": read_days(days)? })
            }
            (.., Some(days)) => {
                json!({ "backupScheduleMode": "MONTH", "dayAndDataBackupModelMap": read_days(days)? })
            }
            (None, None, None) => return Ok(None),
        };
        let mut set = |field: &str, value: Option<Value>| {
            if let Some(value) = value {
                schedule[field] = value;
            }
        };
        set("backupScheduleTime", self.at.as_ref().map(|at| json!(at)));
        set("zone", self.zone.as_ref().map(|zone| json!(zone)));
        set("dataBackupMode", self.mode.map(|mode| json!(mode.word())));
        if !self.full_on.is_empty() {
            set("fullOnCycle", Some(json!("WEEK")));
            set("fullOnDays", Some(json!(self.full_on)));
        }
        let quiet = self.quiet.as_deref().map(|quiet| {
            let parts = quiet.split_once('-');
            let parts = parts.ok_or_else(|| Problem::invalid("schedule-time-malformed").with("time", quiet));
            parts.map(|(from, until)| json!({ "from": from, "until": until }))
        });
        set("quietWindow", quiet.transpose()?);
        set("jitterSeconds", self.jitter.map(|jitter| json!(jitter)));
        set("startLogBackup", self.start_log_backup.map(|switch| json!(switch == Switch::Yes)));
        Ok(Some(schedule))
    }
}

/// Reads `2=incremental,6=full`.
fn read_days(text: &str) -> Result<Map<String, Value>, Problem> {
    let mut days = Map::new();
    for part in text.split(',') {
        let wrong = || Problem::invalid("strategy-day-malformed").with("day", part);
        let (day, kind) = part.split_once('=').ok_or_else(wrong)?;
        let mode = Mode::from_str(kind.trim(), true).map_err(|_| wrong())?;
        if days.insert(day.trim().to_owned(), json!(mode.word())).is_some() {
            return Err(Problem::invalid("schedule-day-twice").with("day", day));
        }
    }
    Ok(days)
}

async fn list(client: &Client, screen: Screen) -> Result<(), Failure> {
    let rows = client.list("/backup/strategies", &[]).await?;
    let strategies: Vec<StrategyRow> = read_all(&rows)?;
    screen.show(&Value::Array(rows), |screen| {
        let rows: Vec<Vec<String>> = strategies
            .iter()
            .map(|strategy| {
                vec![
                    strategy.cluster_name.clone(),
                    strategy.tenant_name.clone().unwrap_or_else(|| "-".to_owned()),
                    strategy.backup_mode.clone(),
                    strategy.storage_shown(),
                    if strategy.is_paused() { "PAUSED".to_owned() } else { "NORMAL".to_owned() },
                    strategy.next_run.as_ref().map_or_else(|| "-".to_owned(), |run| run.due_time.clone()),
                    strategy.last_run.as_ref().map_or_else(|| "-".to_owned(), |run| run.status.clone()),
                ]
            })
            .collect();
        screen.table(&["CLUSTER", "TENANT", "METHOD", "STORAGE", "SCHEDULE", "NEXT RUN", "LAST RUN"], &rows);
    });
    Ok(())
}

async fn show(client: &Client, screen: Screen, scope: &ScopeArgs) -> Result<(), Failure> {
    let path = scope.path(client).await?;
    let data = client.get(&path, &[]).await?;
    let strategy: StrategyRow = read(&data)?;
    let next = client.get(&format!("{path}/nextRuns"), &[]).await?;
    let next: Vec<PlannedRunRow> = read_all(next["contents"].as_array().map_or(&[], Vec::as_slice))?;
    screen.show(&data, |screen| {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        screen.facts(&[
            ("Cluster", strategy.cluster_name.clone()),
            ("Tenant", or_dash(&strategy.tenant_name)),
            ("Method", strategy.backup_mode.clone()),
            ("Storage", strategy.storage_shown()),
            ("Owner", or_dash(&strategy.owner)),
            ("Schedule", if strategy.is_paused() { "PAUSED" } else { "NORMAL" }.to_owned()),
        ]);
        screen.line("");
        let rows: Vec<Vec<String>> = next
            .iter()
            .map(|run| vec![run.due_time.clone(), run.zone.clone(), run.data_backup_mode.clone()])
            .collect();
        screen.table(&["NEXT RUNS", "ZONE", "MODE"], &rows);
    });
    Ok(())
}

async fn runs(client: &Client, screen: Screen, scope: &ScopeArgs, limit: u32) -> Result<(), Failure> {
    let path = scope.path(client).await?;
    let data = client.get(&format!("{path}/runs"), &[("size", limit.to_string())]).await?;
    let runs: Vec<StrategyRunRow> = read_all(data["contents"].as_array().map_or(&[], Vec::as_slice))?;
    screen.show(&data["contents"], |screen| {
        let rows: Vec<Vec<String>> = runs
            .iter()
            .map(|run| {
                vec![
                    short(&run.due_time),
                    run.status.clone(),
                    run.data_backup_mode.clone().unwrap_or_else(|| "-".to_owned()),
                    run.task_id.map_or_else(|| "-".to_owned(), |task| task.to_string()),
                    short_or_none(run.finish_time.as_ref()),
                    run.reason.as_ref().map_or_else(|| "-".to_owned(), |reason| reason.message.clone()),
                ]
            })
            .collect();
        screen.table(&["DUE", "STATUS", "MODE", "TASK", "ENDED", "REASON"], &rows);
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::read_days;

    #[test]
    fn each_day_is_read_with_its_kind_or_refused() {
        let read = read_days("2=incremental, 6=FULL,L=full").map(Value::Object);
        let expected = json!({ "2": "INCREMENTAL_BACKUP", "6": "FULL_BACKUP", "L": "FULL_BACKUP" });
        assert_eq!(read, Ok(expected));
        for (wrong, id) in [
            ("2", "strategy-day-malformed"),
            ("2=half", "strategy-day-malformed"),
            ("", "strategy-day-malformed"),
            ("2=full,2=full", "schedule-day-twice"),
        ] {
            assert_eq!(read_days(wrong).expect_err("refused").text.id, id, "{wrong}");
        }
    }
}
