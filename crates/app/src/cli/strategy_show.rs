//! `lifeboat strategy show`, and `--preview` of `create` and `edit`: settings and next runs.

use model::problem::codes;
use model::text::Text;
use serde_json::Value;

use super::names::{Place, short};
use super::retention::{read_policies, show_policies};
use crate::client::Client;
use crate::failure::Failure;
use crate::rows::{PlannedRunRow, Said, ScheduleRow, StrategyRow, WaitingRunRow, read, read_all};
use crate::screen::Screen;

/// Prints the saved strategy at a path of the API.
pub(super) async fn show(client: &Client, screen: Screen, path: &str) -> Result<(), Failure> {
    let data = client.get(path, &[]).await?;
    let strategy: StrategyRow = read(&data)?;
    let next = client.get(&format!("{path}/nextRuns"), &[]).await?;
    let next = planned(&next)?;
    screen.show(&data, |screen| {
        screen.facts(&facts(&strategy));
        if let Some(Said { message, cause, action, .. }) = &strategy.invalid {
            screen.line("");
            for sentence in [Some(message), cause.as_ref(), action.as_ref()].into_iter().flatten() {
                screen.line(sentence);
            }
        }
        screen.line("");
        next_runs(screen, &next);
    });
    Ok(())
}

/// Lets the server check a strategy to be saved, and prints its next runs. Saves nothing. `saved` is the strategy that
/// the body changes, if it exists.
pub(super) async fn preview(
    client: &Client,
    screen: Screen,
    place: Place,
    mut body: Value,
    saved: Option<&Value>,
) -> Result<(), Failure> {
    body["dryRun"] = Value::Bool(true);
    // First what the database would delete: the check may refuse to replace these policies.
    let policies = policies(client, place, &body, saved).await?;
    if let Some(policies) = &policies {
        let shown = read_policies(policies)?;
        body["deletePolicyPlanHash"] = policies["planHash"].clone(); // this has been shown
        if !screen.is_json() {
            screen.say(&Text::new("cli-strategy-deletes"));
            show_policies(screen, &shown);
            screen.say(
                &Text::new("cli-strategy-plan").with("plan", policies["planHash"].as_str().unwrap_or("-")),
            );
            screen.line("");
        }
    }
    let checked = match saved {
        None => client.post(&place.path(), Some(&body)).await,
        Some(_) => client.patch(&place.path(), &body).await,
    };
    match checked {
        // The saved schedule has next runs, too.
        Err(failure) if saved.is_some() && failure.code() == codes::NOTHING_CHANGED => {}
        checked => drop(checked?),
    }
    let schedule = Some(&body["obBackupScheduleConfig"]).filter(|schedule| !schedule.is_null());
    let schedule = schedule.or_else(|| saved.map(|saved| &saved["obBackupScheduleConfig"]));
    let storage = storage_of(client, place, &body, saved).await?;
    let ids = [("clusterId", Some(place.cluster)), ("tenantId", place.tenant), ("storageId", storage)];
    let ids = ids.into_iter().filter_map(|(name, id)| Some((name, id?.to_string())));
    let mut answer =
        client.post_with("/backup/strategies/nextRuns", &ids.collect::<Vec<_>>(), schedule).await?;
    if let Some(policies) = policies {
        answer["deletePolicies"] = policies["contents"].clone();
        answer["planHash"] = policies["planHash"].clone();
    }
    let next = planned(&answer)?;
    screen.show(&answer, |screen| next_runs(screen, &next));
    Ok(())
}

/// Returns the delete policies that the clean-up of a physical strategy replaces, with what the database would delete;
/// none for another strategy.
pub(super) async fn policies(
    client: &Client,
    place: Place,
    body: &Value,
    saved: Option<&Value>,
) -> Result<Option<Value>, Failure> {
    let given = |field: &str| {
        let of = |strategy: &Value| Some(strategy[field].clone()).filter(|value| !value.is_null());
        of(body).or_else(|| saved.and_then(of))
    };
    let schedule = given("obBackupScheduleConfig").unwrap_or_default();
    let Some(days) =
        schedule["backupDataRetentionDays"].as_u64().filter(|_| schedule["cleanEnabled"] == true)
    else {
        return Ok(None);
    };
    let ability = format!("/ob/clusters/{}/backup/ability", place.cluster);
    let method = match given("backupMode") {
        Some(method) => method,
        None => client.get(&ability, &[]).await?["backupMode"].clone(),
    };
    if method != "PHYSICAL_BACKUP" {
        return Ok(None);
    }
    let mut query = vec![("retentionDays", days.to_string())];
    match place.tenant {
        Some(tenant) => {
            query.extend([("strategyDimension", "TENANT".to_owned()), ("tenantId", tenant.to_string())]);
        }
        None => query.push(("strategyDimension", "CLUSTER".to_owned())),
    }
    // The server knows from where a tenant's strategy has its storage if the request does not name one.
    let is_named = body["obBackupServiceStorageConfig"]["storageId"].is_number();
    if is_named || place.tenant.is_none() {
        let storage = storage_of(client, place, body, saved).await?;
        query.extend(storage.map(|storage| ("storageId", storage.to_string())));
    }
    let path = format!("/ob/clusters/{}/backup/retention/deletePolicies", place.cluster);
    match client.get(&path, &query).await {
        Ok(data) => Ok(Some(data)),
        // Before 4.0 there are no policies: the check says why the strategy is refused.
        Err(failure) if failure.code() == codes::METHOD_UNSUPPORTED => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Returns whether the database deletes the expired backups of a saved strategy.
pub(super) fn is_cleaned_by_database(strategy: &Value) -> bool {
    strategy["backupMode"] == "PHYSICAL_BACKUP" && strategy["obBackupScheduleConfig"]["cleanEnabled"] == true
}

/// Returns the storage that the strategy will use; none if it is not saved.
async fn storage_of(
    client: &Client,
    place: Place,
    body: &Value,
    saved: Option<&Value>,
) -> Result<Option<i64>, Failure> {
    let id = |strategy: &Value| strategy["obBackupServiceStorageConfig"]["storageId"].as_i64();
    let is_typed = body["obBackupServiceStorageConfig"]["obBackupStorageBaseInfo"].is_object();
    if let Some(storage) = id(body).or_else(|| saved.filter(|_| !is_typed).and_then(id)) {
        return Ok(Some(storage));
    }
    if is_typed {
        return Ok(None);
    }
    let ability = client.get(&format!("/ob/clusters/{}/backup/ability", place.cluster), &[]).await?;
    Ok(ability["storageId"].as_i64())
}

fn planned(answer: &Value) -> Result<Vec<PlannedRunRow>, Failure> {
    read_all(answer["contents"].as_array().map_or(&[], Vec::as_slice))
}

fn next_runs(screen: Screen, next: &[PlannedRunRow]) {
    let rows: Vec<Vec<String>> = next
        .iter()
        .map(|run| {
            let starts = if run.start_time == run.due_time { "-" } else { &run.start_time };
            let replaces =
                if run.replaced_runs == 0 { "-".to_owned() } else { run.replaced_runs.to_string() };
            let due = run.due_time.clone();
            vec![due, run.zone.clone(), run.data_backup_mode.clone(), starts.to_owned(), replaces]
        })
        .collect();
    screen.table(&["NEXT RUNS", "ZONE", "MODE", "STARTS", "REPLACES"], &rows);
}

/// Returns the names and values of everything that is set.
fn facts(strategy: &StrategyRow) -> Vec<(&'static str, String)> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let yes_or_no = |is_on: bool| if is_on { "yes" } else { "no" }.to_owned();
    let schedule = &strategy.ob_backup_schedule_config;
    let quiet = schedule.quiet_window.as_ref().map(|window| format!("{}-{}", window.from, window.until));
    let thresholds = &strategy.ob_backup_threshold_config;
    vec![
        ("Cluster", strategy.cluster_name.clone()),
        ("Tenant", or_dash(strategy.tenant_shown())),
        ("Method", strategy.backup_mode.clone()),
        ("Storage", strategy.storage_shown()),
        ("Owner", or_dash(strategy.owner.clone())),
        ("Status", strategy.status_shown()),
        ("Waiting run", or_dash(strategy.waiting_run.as_ref().map(waiting))),
        ("Schedule", repetition(schedule)),
        ("Quiet hours", or_dash(quiet)),
        ("Jitter", or_dash(schedule.jitter_seconds.map(|seconds| format!("up to {seconds} s")))),
        ("Starts log backup", yes_or_no(schedule.start_log_backup)),
        ("Restarts log backup", yes_or_no(schedule.restart_interrupted_log_backup)),
        ("Clean-up", or_dash(clean_up(schedule, strategy.clean_up_paused))),
        (
            "Alarm: backup takes",
            or_dash(thresholds.data_backup_timeout_minutes.map(|minutes| format!("over {minutes} min"))),
        ),
        ("Alarm: no success", format!("for {} days", thresholds.no_successful_data_backup_alarm_days)),
        ("Alarm: log backup", format!("over {} s behind", thresholds.log_backup_delay_seconds)),
        ("Alarm: storage", format!("over {} % full", strategy.storage_percent())),
    ]
}

/// Returns when the waiting run was due, and why it waits.
fn waiting(run: &WaitingRunRow) -> String {
    let reason = run.reason.as_ref().map(|reason| format!(": {}", reason.message)).unwrap_or_default();
    format!("due at {}{reason}", short(&run.due_time))
}

/// Returns when a schedule repeats, in the words of the options that set it.
fn repetition(schedule: &ScheduleRow) -> String {
    let mut words = Vec::new();
    let short = |mode: &str| mode.trim_end_matches("_BACKUP").to_lowercase();
    if let Some(expression) = &schedule.cron_expression {
        words.push(format!("cron {expression}"));
    } else {
        let kind = if schedule.backup_schedule_mode == "MONTH" { "monthly" } else { "weekly" };
        let mut days: Vec<(&String, &String)> = schedule.day_and_data_backup_model_map.iter().collect();
        // L, the last day, comes after all others.
        days.sort_by_key(|(day, _)| day.parse::<u32>().unwrap_or(u32::MAX));
        let days: Vec<String> = days.iter().map(|(day, mode)| format!("{day}={}", short(mode))).collect();
        words.push(format!("{kind} {}", days.join(",")));
    }
    words.extend(schedule.backup_schedule_time.as_ref().map(|time| format!("at {time}")));
    words.extend(schedule.schedule_zone.clone());
    let mut parts = vec![words.join(" ")];
    parts.extend(schedule.data_backup_mode.as_deref().map(short));
    if !schedule.full_on_days.is_empty() {
        let cycle = schedule.full_on_cycle.as_deref().unwrap_or_default().to_lowercase();
        parts.push(format!("full on days {} of the {cycle}", schedule.full_on_days.join(",")));
    }
    parts.join(", ")
}

/// Returns how long backups are kept and when expired ones are deleted; none if all are kept.
fn clean_up(schedule: &ScheduleRow, is_paused: bool) -> Option<String> {
    let days = schedule.backup_data_retention_days.filter(|_| schedule.clean_enabled)?;
    let paused = if is_paused { " (paused)" } else { "" };
    Some(match schedule.clean_schedule_time.as_deref() {
        Some(time) => format!("keeps {days} days, daily at {time}{paused}"),
        None => format!("keeps {days} days, deleted by the database"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{facts, repetition};
    use crate::rows::{ScheduleRow, StrategyRow, read};

    fn weekly() -> Value {
        json!({
            "backupScheduleMode": "WEEK", "backupScheduleEnabled": true, "backupScheduleTime": "02:00:00.000",
            "dayAndDataBackupModelMap": { "2": "INCREMENTAL_BACKUP", "6": "FULL_BACKUP" }, "scheduleZone": "Asia/Shanghai",
            "quietWindow": { "from": "08:00:00", "until": "20:00:00" }, "jitterSeconds": 60,
            "startLogBackup": true, "restartInterruptedLogBackup": false, "cleanEnabled": true,
            "backupDataRetentionDays": 14, "cleanScheduleTime": "03:00:00"
        })
    }

    #[test]
    fn every_setting_of_a_strategy_is_shown() {
        let strategy: StrategyRow = read(&json!({
            "clusterName": "prod", "tenantName": null, "owner": "eva", "backupMode": "PHYSICAL_BACKUP",
            "backupScheduleStatus": "PAUSED", "cleanUpPaused": true, "nextRun": null, "lastRun": null,
            "waitingRun": null,
            "obBackupScheduleConfig": weekly(),
            "obBackupThresholdConfig": {
                "dataBackupTimeoutMinutes": 90, "noSuccessfulDataBackupAlarmDays": 7, "logBackupDelaySeconds": 3_600
            },
            "obBackupServiceStorageConfig": {
                "storageId": 3, "configName": "nightly", "uri": "file:///nas", "obBackupStorageBaseInfo": {},
                "createTime": "2026-11-25T10:00:00.000+08:00", "alarmStoragePercentageThreshold": 80
            },
        }))
        .expect("a strategy");
        let shown = facts(&strategy);
        let shown: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let expected = [
            ("Cluster", "prod"),
            ("Tenant", "-"),
            ("Method", "PHYSICAL_BACKUP"),
            ("Storage", "nightly"),
            ("Owner", "eva"),
            ("Status", "PAUSED"),
            ("Waiting run", "-"),
            ("Schedule", "weekly 2=incremental,6=full at 02:00:00.000 Asia/Shanghai"),
            ("Quiet hours", "08:00:00-20:00:00"),
            ("Jitter", "up to 60 s"),
            ("Starts log backup", "yes"),
            ("Restarts log backup", "no"),
            ("Clean-up", "keeps 14 days, daily at 03:00:00 (paused)"),
            ("Alarm: backup takes", "over 90 min"),
            ("Alarm: no success", "for 7 days"),
            ("Alarm: log backup", "over 3600 s behind"),
            ("Alarm: storage", "over 80 % full"),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn each_kind_of_repetition_has_words() {
        let common = |more: Value| {
            let mut schedule = json!({
                "backupScheduleMode": "CRON", "dayAndDataBackupModelMap": {}, "startLogBackup": true,
                "restartInterruptedLogBackup": false, "cleanEnabled": false
            });
            for (key, value) in more.as_object().expect("a map") {
                schedule[key] = value.clone();
            }
            repetition(&read::<ScheduleRow>(&schedule).expect("a schedule"))
        };
        let month = json!({
            "backupScheduleMode": "MONTH", "backupScheduleTime": "02:00:00.000+08:00",
            "dayAndDataBackupModelMap": { "15": "INCREMENTAL_BACKUP", "2": "FULL_BACKUP", "L": "FULL_BACKUP" }
        });
        assert_eq!(common(month), "monthly 2=full,15=incremental,L=full at 02:00:00.000+08:00");
        let cron = json!({ "cronExpression": "0 2 * * *", "scheduleZone": "UTC" });
        assert_eq!(common(cron), "cron 0 2 * * * UTC");
        let mixed = json!({
            "cronExpression": "0 */6 * * *", "scheduleZone": "UTC", "dataBackupMode": "INCREMENTAL_BACKUP",
            "fullOnCycle": "MONTH", "fullOnDays": ["1", "L"]
        });
        assert_eq!(common(mixed), "cron 0 */6 * * * UTC, incremental, full on days 1,L of the month");
    }
}
