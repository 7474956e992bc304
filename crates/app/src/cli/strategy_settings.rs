//! The settings of a strategy as options of the command line, and the resulting request.

use clap::{Arg, ArgGroup, Args, ValueEnum};
use model::Problem;
use model::retention::Policy;
use serde_json::{Map, Value, json};

use super::storage::choice;
use crate::client::Client;
use crate::failure::Failure;

/// The settings of a strategy. Its schedule comes from --cron, --weekly or --monthly.
#[derive(Args)]
#[command(group = ArgGroup::new("schedule").args(["cron", "weekly", "monthly"]).multiple(false))]
pub(super) struct SettingsArgs {
    /// The backup method: physical (by OceanBase) or logical (by reading rows). Defaults to the cluster's first choice
    #[arg(long)]
    method: Option<Method>,
    /// The storage: the name of a storage configuration, or file:///…. Defaults to the one of the cluster's strategy for
    /// a tenant, then to the one that was last used for this cluster
    #[arg(long, value_name = "NAME|URI")]
    storage: Option<String>,
    /// Run at these times, as five cron fields: minute, hour, day of the month, month, day of the week
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
    /// Run on these days of the week, 1 (Monday) to 7, each full or incremental, such as 2=incremental,6=full
    #[arg(long, value_name = "DAY=KIND,…")]
    weekly: Option<String>,
    /// Run on these days of the month, 1 to 31 or L (the last), at most 10, such as 1=full,15=incremental
    #[arg(long, value_name = "DAY=KIND,…")]
    monthly: Option<String>,
    /// The time of day for --weekly and --monthly, such as 02:00, or 02:00+08:00 without --zone
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The time zone, such as Asia/Shanghai
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// The backup mode for --cron. Defaults to incremental with days of full runs, otherwise to full
    #[arg(long)]
    mode: Option<Mode>,
    /// The days of the week (1 to 7) with full runs for --cron, such as 7
    #[arg(long, value_name = "DAY,…", value_delimiter = ',')]
    full_on: Vec<String>,
    /// The days of the month (1 to 31 or L, the last) with full runs for --cron, such as 1,15
    #[arg(long, value_name = "DAY,…", value_delimiter = ',', conflicts_with = "full_on")]
    full_on_month_days: Vec<String>,
    /// The hours in which no backup starts, such as 08:00-20:00; none removes them
    #[arg(long, value_name = "FROM-UNTIL")]
    quiet: Option<String>,
    /// The maximum random delay of a run in seconds; 0 turns it off
    #[arg(long, value_name = "SECONDS")]
    jitter: Option<u32>,
    /// Start log backup when it is not running. Defaults to yes for a physical backup
    #[arg(long, value_name = "YES|NO")]
    start_log_backup: Option<Switch>,
    /// Restart an interrupted log backup once the cause is gone, followed by a full backup. Defaults to no
    #[arg(long, value_name = "YES|NO")]
    restart_log_backup: Option<Switch>,
    /// Delete expired backups: keep every set of this many days, and the newest one before them. none keeps all. Lifeboat
    /// deletes logical backups; `lifeboat retention plan --keep-days` shows which. On 4.x, the database deletes physical
    /// backups at once and from then on, by the delete policies that Lifeboat sets; --preview shows which
    #[arg(long, value_name = "DAYS")]
    retention_days: Option<String>,
    /// The time of day to delete expired logical backups, such as 03:00 or 03:00+08:00. Defaults to 03:00
    #[arg(long, value_name = "TIME")]
    clean_time: Option<String>,
    /// Raise an alarm when a data backup takes longer than this; 0 turns it off
    #[arg(long, value_name = "MINUTES")]
    timeout_minutes: Option<u32>,
    /// Raise an alarm after this many days without a successful data backup
    #[arg(long, value_name = "DAYS")]
    no_success_days: Option<u32>,
    /// Raise an alarm when log backup is this far behind
    #[arg(long, value_name = "SECONDS")]
    log_delay_seconds: Option<u32>,
    /// Raise an alarm when the storage is fuller than this, if its capacity is known
    #[arg(long, value_name = "PERCENT")]
    storage_percent: Option<u8>,
}

/// Removes the defaults from the help of an option: an edit leaves an omitted setting as it is.
pub(super) fn without_default(option: Arg) -> Arg {
    const DEFAULT: &str = ". Defaults to ";
    let help = option.get_help().map(ToString::to_string).unwrap_or_default();
    match help.split_once(DEFAULT) {
        // What is edited has a default: the whole cluster.
        Some((before, _)) if option.get_id() != "tenant" => option.help(before.to_owned()),
        _ => option,
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Method {
    Physical,
    Logical,
}

impl Method {
    const fn word(self) -> &'static str {
        match self {
            Self::Physical => "PHYSICAL_BACKUP",
            Self::Logical => "LOGICAL_BACKUP",
        }
    }
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

impl SettingsArgs {
    /// Returns the request: the given options, and for a schedule also the unchanged settings of the saved strategy.
    pub(super) async fn body(&self, client: &Client, saved: Option<&Value>) -> Result<Value, Failure> {
        let mut body = Map::new();
        if let Some(method) = self.method {
            body.insert("backupMode".into(), json!(method.word()));
        }
        let schedule = self.schedule(saved)?;
        self.check_complete(saved.is_none(), schedule.as_ref())?;
        if let Some(schedule) = schedule {
            body.insert("obBackupScheduleConfig".into(), schedule);
        }
        let thresholds = [
            ("dataBackupTimeoutMinutes", self.timeout_minutes),
            ("noSuccessfulDataBackupAlarmDays", self.no_success_days),
            ("logBackupDelaySeconds", self.log_delay_seconds),
        ];
        let thresholds: Map<String, Value> = thresholds
            .into_iter()
            .filter_map(|(field, number)| Some((field.to_owned(), json!(number?))))
            .collect();
        if !thresholds.is_empty() {
            body.insert("obBackupThresholdConfig".into(), Value::Object(thresholds));
        }
        if let Some(wanted) = &self.storage {
            body.insert("obBackupServiceStorageConfig".into(), choice(client, wanted).await?);
        }
        if let Some(percent) = self.storage_percent {
            let storage = body.entry("obBackupServiceStorageConfig").or_insert_with(|| json!({}));
            storage["alarmStoragePercentageThreshold"] = json!(percent);
        }
        Ok(Value::Object(body))
    }

    /// Returns the schedule in the API's format; the server reports its errors. Omitted settings stay as in the saved
    /// schedule.
    fn schedule(&self, saved: Option<&Value>) -> Result<Option<Value>, Problem> {
        let mut given = self.given()?;
        if given.is_empty() {
            return Ok(None);
        }
        if let Some(saved) = saved {
            let mut old = saved["obBackupScheduleConfig"].clone();
            if self.method.is_some_and(|method| saved["backupMode"] != method.word()) {
                // The old choices do not apply to another method.
                old["startLogBackup"] = Value::Null;
                old["restartInterruptedLogBackup"] = Value::Null;
                old["cleanScheduleTime"] = Value::Null;
            }
            given = put_over(&old, given);
        }
        given.retain(|_, value| !value.is_null());
        Ok(Some(Value::Object(given)))
    }

    /// Checks that the schedule of a new strategy repeats, and that one by days has a time.
    fn check_complete(&self, is_new: bool, schedule: Option<&Value>) -> Result<(), Problem> {
        let has = |field: &str| schedule.is_some_and(|schedule| schedule[field].is_string());
        if is_new && !has("backupScheduleMode") {
            return Err(Problem::invalid("strategy-without-schedule"));
        }
        match [("--weekly", &self.weekly), ("--monthly", &self.monthly)]
            .iter()
            .find(|(_, days)| days.is_some())
        {
            Some((option, _)) if !has("backupScheduleTime") => {
                Err(Problem::invalid("strategy-without-time").with("option", option))
            }
            _ => Ok(()),
        }
    }

    /// Returns the given fields of the schedule; fields to remove are null.
    fn given(&self) -> Result<Map<String, Value>, Problem> {
        let mut given = Map::new();
        let mut set = |field: &str, value: Option<Value>| {
            given.extend(value.map(|value| (field.to_owned(), value)));
        };
        if let Some(expression) = &self.cron {
            set("backupScheduleMode", Some(json!("CRON")));
            set("cronExpression", Some(json!(expression)));
        }
        for (mode, days) in [("WEEK", &self.weekly), ("MONTH", &self.monthly)] {
            if let Some(days) = days {
                set("backupScheduleMode", Some(json!(mode)));
                set("dayAndDataBackupModelMap", Some(Value::Object(read_days(days)?)));
            }
        }
        set("backupScheduleTime", self.at.as_ref().map(|at| json!(at)));
        set("scheduleZone", self.zone.as_ref().map(|zone| json!(zone)));
        set("dataBackupMode", self.mode.map(|mode| json!(mode.word())));
        for (cycle, days) in [("WEEK", &self.full_on), ("MONTH", &self.full_on_month_days)] {
            if !days.is_empty() {
                set("fullOnCycle", Some(json!(cycle)));
                set("fullOnDays", Some(json!(days)));
            }
        }
        let quiet = self.quiet.as_deref().map(|quiet| match quiet.split_once('-') {
            _ if quiet == "none" => Ok(Value::Null),
            Some((from, until)) => Ok(json!({ "from": from, "until": until })),
            None => Err(Problem::invalid("schedule-time-malformed").with("time", quiet)),
        });
        set("quietWindow", quiet.transpose()?);
        set("jitterSeconds", self.jitter.map(|jitter| if jitter == 0 { Value::Null } else { json!(jitter) }));
        let restarts = self.restart_log_backup.map(|switch| json!(switch == Switch::Yes));
        set("restartInterruptedLogBackup", restarts);
        match self.retention_days.as_deref() {
            None => {}
            Some("none") => {
                set("cleanEnabled", Some(json!(false)));
                set("backupDataRetentionDays", Some(Value::Null));
                set("cleanScheduleTime", Some(Value::Null));
            }
            Some(days) => {
                let number: Option<u32> = days.parse().ok();
                let number = number.ok_or_else(|| {
                    let problem = Problem::invalid("strategy-retention-days-out-of-range");
                    problem.with("found", days).with("most", Policy::DAYS_MAX)
                })?;
                set("cleanEnabled", Some(json!(true)));
                set("backupDataRetentionDays", Some(json!(number)));
            }
        }
        set("cleanScheduleTime", self.clean_time.as_ref().map(|time| json!(time)));
        set("startLogBackup", self.start_log_backup.map(|switch| json!(switch == Switch::Yes)));
        Ok(given)
    }
}

/// Replaces fields of a saved schedule. If the kind of repetition changes, the fields of the old kind are removed. A
/// time of day keeps its offset.
fn put_over(saved: &Value, mut given: Map<String, Value>) -> Map<String, Value> {
    let mut schedule = saved.as_object().cloned().unwrap_or_default();
    // The request must not change whether the schedule is enabled.
    schedule.remove("backupScheduleEnabled");
    if let Some(mode) = given.get("backupScheduleMode")
        && *mode != saved["backupScheduleMode"]
    {
        for field in
            ["dayAndDataBackupModelMap", "cronExpression", "dataBackupMode", "fullOnCycle", "fullOnDays"]
        {
            schedule.remove(field);
        }
        if mode == "CRON" {
            schedule.remove("backupScheduleTime");
        }
    }
    if given.get("dataBackupMode").is_some_and(|mode| mode == Mode::Full.word())
        && !given.contains_key("fullOnDays")
    {
        schedule.remove("fullOnCycle");
        schedule.remove("fullOnDays");
    }
    let (saved_time, saved_offset) = split_offset(saved["backupScheduleTime"].as_str().unwrap_or_default());
    match (given.get("backupScheduleTime").and_then(Value::as_str), given.contains_key("scheduleZone")) {
        (Some(time), false) if !split_offset(time).1.is_empty() => {
            schedule.remove("scheduleZone");
        }
        (Some(time), false) => {
            let time = format!("{time}{saved_offset}");
            given.insert("backupScheduleTime".into(), json!(time));
        }
        (None, true) if schedule.contains_key("backupScheduleTime") => {
            schedule.insert("backupScheduleTime".into(), json!(saved_time));
        }
        (None | Some(_), _) => {}
    }
    schedule.extend(given);
    schedule
}

/// Returns a time of day without its offset, and the offset.
fn split_offset(time: &str) -> (&str, &str) {
    time.split_at(time.find(['+', '-', 'Z']).unwrap_or(time.len()))
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

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};
    use serde_json::{Value, json};

    use super::{SettingsArgs, put_over, read_days, without_default};

    #[test]
    fn the_help_of_an_edit_promises_no_defaults() {
        let help = |command: Command| {
            let options =
                command.get_arguments().filter_map(|option| option.get_help().map(ToString::to_string));
            options.collect::<Vec<_>>().join("\n")
        };
        let create = SettingsArgs::augment_args(Command::new("create"));
        assert!(help(create.clone()).contains("Defaults to"));
        let edit = help(create.mut_args(without_default));
        assert!(!edit.contains("Defaults to"), "{edit}");
        assert!(edit.contains("Start log backup when it is not running"), "{edit}");
    }

    #[test]
    fn what_a_schedule_lacks_is_named_as_an_option() {
        let check = |options: &[&str], saved: Option<Value>| {
            let command = SettingsArgs::augment_args(Command::new("create").no_binary_name(true));
            let matches = command.try_get_matches_from(options).expect("options");
            let settings = SettingsArgs::from_arg_matches(&matches).expect("settings");
            let schedule = settings.schedule(saved.as_ref()).expect("a schedule");
            let problem = settings.check_complete(saved.is_none(), schedule.as_ref()).err()?;
            Some((problem.text.id, problem.text.args.get("option").cloned().unwrap_or_default()))
        };
        let lacks = |id: &str, option: &str| Some((id.to_owned(), option.to_owned()));
        assert_eq!(check(&[], None), lacks("strategy-without-schedule", ""));
        assert_eq!(check(&["--jitter", "60"], None), lacks("strategy-without-schedule", ""));
        assert_eq!(check(&["--weekly", "6=full"], None), lacks("strategy-without-time", "--weekly"));
        assert_eq!(check(&["--monthly", "L=full"], None), lacks("strategy-without-time", "--monthly"));
        assert_eq!(check(&["--weekly", "6=full", "--at", "02:00"], None), None);
        assert_eq!(check(&["--cron", "0 2 * * *"], None), None);
        let cron = || {
            Some(
                json!({ "obBackupScheduleConfig": { "backupScheduleMode": "CRON", "cronExpression": "0 2 * * *" } }),
            )
        };
        assert_eq!(check(&["--jitter", "60"], cron()), None, "the saved schedule stays");
        assert_eq!(check(&["--weekly", "6=full"], cron()), lacks("strategy-without-time", "--weekly"));
    }

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

    #[test]
    fn what_an_edit_leaves_out_of_a_schedule_stays() {
        let saved = json!({
            "backupScheduleMode": "WEEK", "backupScheduleEnabled": true, "backupScheduleTime": "02:00:00.000+08:00",
            "dayAndDataBackupModelMap": { "6": "FULL_BACKUP" }, "quietWindow": { "from": "08:00", "until": "20:00" },
            "jitterSeconds": 60, "startLogBackup": false, "cleanEnabled": false
        });
        let with_zone = || {
            let mut saved = saved.clone();
            saved["backupScheduleTime"] = json!("02:00:00.000");
            saved["scheduleZone"] = json!("Asia/Shanghai");
            saved
        };
        let cases = [
            (&saved, json!({ "jitterSeconds": 5 }), json!({ "jitterSeconds": 5 })),
            (
                &saved,
                json!({ "backupScheduleTime": "03:00" }),
                json!({ "backupScheduleTime": "03:00+08:00" }),
            ),
            (
                &saved,
                json!({ "scheduleZone": "UTC" }),
                json!({ "backupScheduleTime": "02:00:00.000", "scheduleZone": "UTC" }),
            ),
            (
                &with_zone(),
                json!({ "backupScheduleTime": "03:00Z" }),
                json!({ "backupScheduleTime": "03:00Z", "scheduleZone": null }),
            ),
            (
                &with_zone(),
                json!({ "backupScheduleTime": "03:00" }),
                json!({ "backupScheduleTime": "03:00" }),
            ),
            (
                &with_zone(),
                json!({ "backupScheduleMode": "CRON", "cronExpression": "0 2 * * *" }),
                json!({
                    "backupScheduleMode": "CRON", "cronExpression": "0 2 * * *", "backupScheduleTime": null,
                    "dayAndDataBackupModelMap": null
                }),
            ),
        ];
        for (saved, given, changed) in cases {
            let mut expected = saved.as_object().cloned().expect("a map");
            expected.remove("backupScheduleEnabled");
            for (field, value) in changed.as_object().expect("a map") {
                if value.is_null() {
                    expected.remove(field);
                } else {
                    expected.insert(field.clone(), value.clone());
                }
            }
            let fields = given.as_object().cloned().expect("a map");
            assert_eq!(Value::Object(put_over(saved, fields)), Value::Object(expected), "{given}");
        }
    }
}
