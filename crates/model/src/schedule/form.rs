//! The JSON form of a schedule: OCP's fields, and ours in the same style.
//!
//! ```json
//! {"backupScheduleMode": "WEEK", "backupScheduleTime": "02:00:00.000+08:00",
//!  "dayAndDataBackupModelMap": {"2": "INCREMENTAL_BACKUP", "6": "FULL_BACKUP"}}
//! {"backupScheduleMode": "MONTH", "backupScheduleTime": "02:00", "scheduleZone": "Asia/Shanghai",
//!  "dayAndDataBackupModelMap": {"1": "FULL_BACKUP", "L": "FULL_BACKUP"}}
//! {"backupScheduleMode": "CRON", "cronExpression": "0 */6 * * *", "scheduleZone": "Europe/Berlin",
//!  "dataBackupMode": "INCREMENTAL_BACKUP", "fullOnCycle": "WEEK", "fullOnDays": ["7"],
//!  "quietWindow": {"from": "08:00", "until": "20:00"}, "jitterSeconds": 600}
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use chrono::{NaiveTime, Timelike as _};
use serde::{Deserialize, Serialize};

use super::cron::KindRule;
use super::grid::MONTH_DAYS_MAX;
use super::{Cron, Cycle, Day, Grid, JITTER_MAX_S, QuietWindow, Rule, Schedule, Zone};
use crate::backup::DataBackupMode;
use crate::problem::Problem;

/// How a schedule repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// On days of a week.
    Week,
    /// On days of a month.
    Month,
    /// By a cron expression.
    Cron,
}

/// An unchecked schedule in its JSON form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Form {
    /// How it repeats.
    pub backup_schedule_mode: Mode,
    /// WEEK and MONTH: the time of day, with an offset (OCP's form), or without one if `schedule_zone` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_schedule_time: Option<String>,
    /// WEEK and MONTH: the backup mode of each day: 1 (Monday) to 7 of a week, 1 to 31 and `L` of a month.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub day_and_data_backup_model_map: BTreeMap<String, DataBackupMode>,
    /// The zone of times of day: an IANA name, or an offset such as `+08:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_zone: Option<String>,
    /// The former name of `schedule_zone`, which is still read.
    #[serde(default, skip_serializing)]
    pub zone: Option<String>,
    /// CRON: minute, hour, day of the month, month, day of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron_expression: Option<String>,
    /// CRON: the backup mode; full by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_backup_mode: Option<DataBackupMode>,
    /// CRON: the cycle of `full_on_days`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_on_cycle: Option<Cycle>,
    /// CRON: the days whose runs are always full.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub full_on_days: Vec<String>,
    /// The hours in which nothing starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_window: Option<QuietWindowForm>,
    /// The maximum random delay of a run in seconds, so that many strategies do not start at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter_seconds: Option<u32>,
}

/// The hours in which nothing starts, in JSON form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietWindowForm {
    /// When it begins, such as `08:00`.
    pub from: String,
    /// When it ends, such as `20:00`.
    pub until: String,
}

/// A schedule as it was saved, possibly by a version with fewer rules.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Saved(pub Form);

impl TryFrom<Form> for Schedule {
    type Error = Problem;

    /// Checks a schedule.
    ///
    /// # Errors
    /// Names the first field that is missing, malformed, or conflicts with the others.
    fn try_from(form: Form) -> Result<Self, Problem> {
        let schedule = Self::try_from(Saved(form))?;
        schedule.check()?;
        Ok(schedule)
    }
}

impl TryFrom<Saved> for Schedule {
    type Error = Problem;

    /// Reads a saved schedule.
    ///
    /// # Errors
    /// Names the first field that is missing, malformed, or conflicts with the others, by the rules of all versions.
    fn try_from(Saved(form): Saved) -> Result<Self, Problem> {
        let (rule, zone) = match form.backup_schedule_mode {
            Mode::Week => grid(&form, Cycle::Week)?,
            Mode::Month => grid(&form, Cycle::Month)?,
            Mode::Cron => cron(&form)?,
        };
        let window = match &form.quiet_window {
            Some(window) => Some(QuietWindow::new(time(&window.from)?, time(&window.until)?)?),
            None => None,
        };
        if let (Rule::Grid(grid), Some(window)) = (&rule, window)
            && window.holds_time(grid.at)
        {
            let refusal = Problem::invalid("schedule-time-in-window");
            return Err(refusal.with("time", spelt(grid.at)).with("until", spelt(window.until())));
        }
        let jitter = form.jitter_seconds.and_then(NonZeroU32::new);
        check_jitter(&rule, jitter)?;
        Ok(Self { rule, zone, window, jitter })
    }
}

fn grid(form: &Form, cycle: Cycle) -> Result<(Rule, Zone), Problem> {
    let unfit = [
        ("cronExpression", form.cron_expression.is_some()),
        ("dataBackupMode", form.data_backup_mode.is_some()),
        ("fullOnCycle", form.full_on_cycle.is_some()),
        ("fullOnDays", !form.full_on_days.is_empty()),
    ];
    refuse_unfit(form, &unfit)?;
    let text = form.backup_schedule_time.as_deref().ok_or_else(|| missing("backupScheduleTime"))?;
    let (at, offset) = time_and_offset(text)?;
    let zone = match (named_zone(form)?, offset) {
        (Some(zone), Some(offset)) => {
            return Err(Problem::invalid("schedule-zone-twice").with("zone", zone).with("offset", offset));
        }
        (Some(zone), None) => zone.parse()?,
        (None, Some(offset)) => offset,
        (None, None) => return Err(missing("scheduleZone")),
    };
    let mut days = BTreeMap::new();
    for (day, &kind) in &form.day_and_data_backup_model_map {
        if days.insert(cycle.day(day)?, kind).is_some() {
            return Err(Problem::invalid("schedule-day-twice").with("day", day));
        }
    }
    if days.is_empty() {
        return Err(missing("dayAndDataBackupModelMap"));
    }
    if cycle == Cycle::Month && days.len() > MONTH_DAYS_MAX {
        let refusal = Problem::invalid("schedule-too-many-days");
        return Err(refusal.with("found", days.len()).with("most", MONTH_DAYS_MAX));
    }
    if days.values().all(|&kind| kind == DataBackupMode::Incremental) {
        return Err(Problem::invalid("schedule-without-full"));
    }
    Ok((Rule::Grid(Grid { cycle, days, at }), zone))
}

fn cron(form: &Form) -> Result<(Rule, Zone), Problem> {
    let unfit = [
        ("backupScheduleTime", form.backup_schedule_time.is_some()),
        ("dayAndDataBackupModelMap", !form.day_and_data_backup_model_map.is_empty()),
    ];
    refuse_unfit(form, &unfit)?;
    let expression = form.cron_expression.as_deref().ok_or_else(|| missing("cronExpression"))?;
    let zone = named_zone(form)?.ok_or_else(|| missing("scheduleZone"))?.parse()?;
    let full_on = match (form.full_on_cycle, form.full_on_days.is_empty()) {
        (None, true) => None,
        (None, false) => return Err(missing("fullOnCycle")),
        (Some(_), true) => return Err(missing("fullOnDays")),
        (Some(cycle), false) => {
            let days: Result<BTreeSet<Day>, _> = form.full_on_days.iter().map(|day| cycle.day(day)).collect();
            Some((cycle, days?))
        }
    };
    // Days of full backups mean incremental backups on the others.
    let usual = if full_on.is_some() { DataBackupMode::Incremental } else { DataBackupMode::Full };
    let kinds = KindRule { kind: form.data_backup_mode.unwrap_or(usual), full_on };
    Ok((Rule::Cron(Box::new(Cron::new(expression, kinds)?)), zone))
}

/// Returns the time zone, which may be in the field of the former name.
fn named_zone(form: &Form) -> Result<Option<&str>, Problem> {
    match (&form.schedule_zone, &form.zone) {
        (Some(_), Some(_)) => Err(Problem::invalid("schedule-zone-fields")),
        (zone, former) => Ok(zone.as_deref().or(former.as_deref())),
    }
}

fn check_jitter(rule: &Rule, jitter: Option<NonZeroU32>) -> Result<(), Problem> {
    // A run has to start before the next one is due.
    let most = match rule {
        Rule::Grid(_) => JITTER_MAX_S,
        Rule::Cron(cron) => {
            u32::try_from(cron.apart_min().saturating_mul(60)).unwrap_or(JITTER_MAX_S).min(JITTER_MAX_S)
        }
    };
    match jitter {
        Some(jitter) if jitter.get() > most => {
            Err(Problem::invalid("schedule-jitter-too-long").with("found", jitter).with("most", most))
        }
        _ => Ok(()),
    }
}

fn refuse_unfit(form: &Form, fields: &[(&str, bool)]) -> Result<(), Problem> {
    let mode = match form.backup_schedule_mode {
        Mode::Week => "WEEK",
        Mode::Month => "MONTH",
        Mode::Cron => "CRON",
    };
    match fields.iter().find(|(_, is_given)| *is_given) {
        Some((field, _)) => {
            Err(Problem::invalid("schedule-field-unfit").with("field", field).with("mode", mode))
        }
        None => Ok(()),
    }
}

fn missing(field: &str) -> Problem {
    Problem::invalid("schedule-field-missing").with("field", field)
}

/// Reads a time of day without an offset: `02:00`, `02:00:00` or `02:00:00.000`.
fn time(text: &str) -> Result<NaiveTime, Problem> {
    match time_and_offset(text)? {
        (time, None) => Ok(time),
        (_, Some(_)) => Err(malformed(text)),
    }
}

/// Reads a time of day and the offset after it, if any.
pub(super) fn time_and_offset(text: &str) -> Result<(NaiveTime, Option<Zone>), Problem> {
    let text = text.trim();
    let (time, offset) = text.split_at(text.find(['+', '-', 'Z', 'z']).unwrap_or(text.len()));
    let read = ["%H:%M", "%H:%M:%S%.f"].iter().find_map(|form| NaiveTime::parse_from_str(time, form).ok());
    let time = read.filter(|time| time.nanosecond() == 0).ok_or_else(|| malformed(text))?;
    let offset = if offset.is_empty() { None } else { Some(offset.parse().map_err(|_| malformed(text))?) };
    Ok((time, offset))
}

fn malformed(text: &str) -> Problem {
    Problem::invalid("schedule-time-malformed").with("time", text)
}

fn spelt(time: NaiveTime) -> String {
    time.format("%H:%M:%S").to_string()
}

impl From<Schedule> for Form {
    fn from(schedule: Schedule) -> Self {
        let Schedule { rule, zone, window, jitter } = schedule;
        let mut form = Self {
            backup_schedule_mode: Mode::Cron,
            backup_schedule_time: None,
            day_and_data_backup_model_map: BTreeMap::new(),
            schedule_zone: Some(zone.to_string()),
            zone: None,
            cron_expression: None,
            data_backup_mode: None,
            full_on_cycle: None,
            full_on_days: Vec::new(),
            quiet_window: window
                .map(|window| QuietWindowForm { from: spelt(window.from()), until: spelt(window.until()) }),
            jitter_seconds: jitter.map(NonZeroU32::get),
        };
        match rule {
            Rule::Grid(Grid { cycle, days, at }) => {
                form.backup_schedule_mode = match cycle {
                    Cycle::Week => Mode::Week,
                    Cycle::Month => Mode::Month,
                };
                form.day_and_data_backup_model_map =
                    days.into_iter().map(|(day, kind)| (day.to_string(), kind)).collect();
                let time = at.format("%H:%M:%S%.3f").to_string();
                // OCP's clients expect a fixed offset as a part of the time.
                form.backup_schedule_time = Some(match zone {
                    Zone::Named(_) => time,
                    Zone::Fixed(offset) => format!("{time}{offset}"),
                });
                form.schedule_zone = form.schedule_zone.filter(|_| matches!(zone, Zone::Named(_)));
            }
            Rule::Cron(cron) => {
                form.cron_expression = Some(cron.expression().to_owned());
                form.data_backup_mode = Some(cron.kinds().kind);
                if let Some((cycle, days)) = &cron.kinds().full_on {
                    form.full_on_cycle = Some(*cycle);
                    form.full_on_days = days.iter().map(Day::to_string).collect();
                }
            }
        }
        form
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::Problem;
    use crate::schedule::{Form, Schedule};
    use crate::text::Language;

    fn read(json: &Value) -> Result<Schedule, Problem> {
        let form: Form = serde_json::from_value(json.clone()).expect("a form");
        form.try_into()
    }

    #[test]
    fn a_schedule_is_written_as_it_was_read() {
        let written = [
            json!({"backupScheduleMode": "WEEK", "backupScheduleTime": "02:00:00.000+08:00",
                   "dayAndDataBackupModelMap": {"2": "FULL_BACKUP", "6": "INCREMENTAL_BACKUP"}}),
            json!({"backupScheduleMode": "MONTH", "backupScheduleTime": "23:59:59.000",
                   "dayAndDataBackupModelMap": {"1": "FULL_BACKUP", "31": "FULL_BACKUP", "L": "INCREMENTAL_BACKUP"},
                   "scheduleZone": "America/New_York", "quietWindow": {"from": "08:00:00", "until": "20:00:00"}, "jitterSeconds": 14400}),
            json!({"backupScheduleMode": "CRON", "scheduleZone": "+05:45", "cronExpression": "30 1 * * MON-FRI",
                   "dataBackupMode": "INCREMENTAL_BACKUP", "fullOnCycle": "MONTH", "fullOnDays": ["1", "L"]}),
        ];
        for json in written {
            let schedule = read(&json).expect("a schedule");
            let text = serde_json::to_value(&schedule).expect("JSON");
            assert_eq!(text, json);
            assert_eq!(serde_json::from_value::<Schedule>(text).expect("a schedule"), schedule);
        }
    }

    #[test]
    fn the_former_name_of_the_zone_is_read_and_not_written() {
        let former =
            json!({"backupScheduleMode": "CRON", "cronExpression": "0 2 * * *", "zone": "Asia/Shanghai"});
        let written = serde_json::to_value(read(&former).expect("a schedule")).expect("JSON");
        assert_eq!((&written["scheduleZone"], &written["zone"]), (&json!("Asia/Shanghai"), &Value::Null));
        assert_eq!(read(&former), read(&written));
    }

    #[test]
    fn short_spellings_of_a_time_are_read() {
        for time in ["02:00+08:00", "02:00:00+08:00", " 02:00:00.000+08:00 "] {
            let json = json!({"backupScheduleMode": "WEEK", "backupScheduleTime": time, "dayAndDataBackupModelMap": {"7": "FULL_BACKUP"}});
            let json = serde_json::to_value(read(&json).expect("a schedule")).expect("JSON");
            assert_eq!(json["backupScheduleTime"], "02:00:00.000+08:00");
        }
    }

    #[test]
    fn every_reason_to_refuse_a_schedule_has_a_name_and_words() {
        let week = |change: Value| {
            let mut json = json!({"backupScheduleMode": "WEEK", "backupScheduleTime": "02:00:00.000+08:00",
                                  "dayAndDataBackupModelMap": {"2": "FULL_BACKUP"}});
            merge(&mut json, change);
            json
        };
        let month = |days: &[&str]| {
            let days: serde_json::Map<_, _> =
                days.iter().map(|&day| (day.to_owned(), json!("FULL_BACKUP"))).collect();
            week(json!({"backupScheduleMode": "MONTH", "dayAndDataBackupModelMap": days}))
        };
        let cron = |change: Value| {
            let mut json =
                json!({"backupScheduleMode": "CRON", "cronExpression": "0 2 * * *", "scheduleZone": "UTC"});
            merge(&mut json, change);
            json
        };
        let eleven = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "L"];
        let cases = [
            (week(json!({"backupScheduleTime": null})), "schedule-field-missing"),
            (week(json!({"backupScheduleTime": "02:00"})), "schedule-field-missing"),
            (week(json!({"backupScheduleTime": "24:00+08:00"})), "schedule-time-malformed"),
            (week(json!({"backupScheduleTime": "02:00:00.5+08:00"})), "schedule-time-malformed"),
            (week(json!({"backupScheduleTime": "23:59:60+08:00"})), "schedule-time-malformed"),
            (week(json!({"backupScheduleTime": "02:00:00+8"})), "schedule-time-malformed"),
            (week(json!({"backupScheduleTime": "at two"})), "schedule-time-malformed"),
            (week(json!({"scheduleZone": "Asia/Shanghai"})), "schedule-zone-twice"),
            (
                week(json!({"backupScheduleTime": "02:00", "scheduleZone": "Asia/Peking"})),
                "schedule-zone-unknown",
            ),
            (week(json!({"dayAndDataBackupModelMap": null_days()})), "schedule-field-missing"),
            (week(json!({"dayAndDataBackupModelMap": {"0": "FULL_BACKUP"}})), "schedule-day-unknown"),
            (week(json!({"dayAndDataBackupModelMap": {"8": "FULL_BACKUP"}})), "schedule-day-unknown"),
            (week(json!({"dayAndDataBackupModelMap": {"L": "FULL_BACKUP"}})), "schedule-day-unknown"),
            (week(json!({"dayAndDataBackupModelMap": {"MON": "FULL_BACKUP"}})), "schedule-day-unknown"),
            (
                week(json!({"dayAndDataBackupModelMap": {"1": "FULL_BACKUP", "01": "FULL_BACKUP"}})),
                "schedule-day-twice",
            ),
            (week(json!({"dayAndDataBackupModelMap": {"1": "INCREMENTAL_BACKUP"}})), "schedule-without-full"),
            (week(json!({"cronExpression": "0 2 * * *"})), "schedule-field-unfit"),
            (week(json!({"quietWindow": {"from": "01:00", "until": "03:00"}})), "schedule-time-in-window"),
            (week(json!({"quietWindow": {"from": "09:00", "until": "09:00"}})), "schedule-window-empty"),
            (
                week(json!({"quietWindow": {"from": "09:00", "until": "09:00:59"}})),
                "schedule-window-too-short",
            ),
            (week(json!({"quietWindow": {"from": "09:00", "until": "09:01"}})), "schedule-accepted"),
            (
                week(json!({"quietWindow": {"from": "23:59:30", "until": "00:00:00"}})),
                "schedule-window-too-short",
            ),
            (
                cron(json!({"quietWindow": {"from": "09:00:59", "until": "09:00"}})),
                "schedule-window-leaves-no-time",
            ),
            (cron(json!({"quietWindow": {"from": "09:01", "until": "09:00"}})), "schedule-accepted"),
            (
                week(json!({"quietWindow": {"from": "09:00", "until": "10:00+08:00"}})),
                "schedule-time-malformed",
            ),
            (week(json!({"jitterSeconds": 14_401})), "schedule-jitter-too-long"),
            (month(&["32"]), "schedule-day-unknown"),
            (month(&eleven), "schedule-too-many-days"),
            (cron(json!({"cronExpression": null})), "schedule-field-missing"),
            (cron(json!({"scheduleZone": null})), "schedule-field-missing"),
            (cron(json!({"zone": "UTC"})), "schedule-zone-fields"),
            (cron(json!({"backupScheduleTime": "02:00"})), "schedule-field-unfit"),
            (cron(json!({"cronExpression": "0 2 * *"})), "schedule-cron-malformed"),
            (cron(json!({"cronExpression": "0 0 2 * * *"})), "schedule-cron-malformed"),
            (cron(json!({"cronExpression": "@daily"})), "schedule-cron-malformed"),
            (cron(json!({"cronExpression": "61 2 * * *"})), "schedule-cron-malformed"),
            (
                cron(json!({"cronExpression": format!("{} 2 * * *", vec!["1"; 60].join(","))})),
                "schedule-cron-malformed",
            ),
            (cron(json!({"cronExpression": "0 2 30 2 *"})), "schedule-never-due"),
            (cron(json!({"cronExpression": "*/10 * * * *"})), "schedule-too-often"),
            (cron(json!({"cronExpression": "59 23 1 * *"})), "schedule-accepted"),
            (cron(json!({"cronExpression": "0,59 0,23 * * *"})), "schedule-too-often"),
            (cron(json!({"dataBackupMode": "INCREMENTAL_BACKUP"})), "schedule-without-full"),
            (
                cron(json!({"dataBackupMode": "INCREMENTAL_BACKUP", "fullOnDays": ["7"]})),
                "schedule-field-missing",
            ),
            (
                cron(json!({"dataBackupMode": "INCREMENTAL_BACKUP", "fullOnCycle": "WEEK"})),
                "schedule-field-missing",
            ),
            (
                cron(
                    json!({"cronExpression": "0 2 * * MON", "dataBackupMode": "INCREMENTAL_BACKUP", "fullOnCycle": "WEEK", "fullOnDays": ["7"]}),
                ),
                "schedule-without-full",
            ),
            (cron(json!({"cronExpression": "0,15 * * * *", "jitterSeconds": 900})), "schedule-accepted"),
            (
                cron(json!({"cronExpression": "0,15 * * * *", "jitterSeconds": 901})),
                "schedule-jitter-too-long",
            ),
            (cron(json!({"jitterSeconds": 14_401})), "schedule-jitter-too-long"),
        ];
        for (json, expected) in cases {
            let problem = match read(&json) {
                Ok(_) if expected == "schedule-accepted" => continue,
                Ok(_) => panic!("{json} was accepted"),
                Err(problem) => problem,
            };
            assert_eq!(problem.text.id, expected, "{json}");
            for language in [Language::En, Language::Zh] {
                let words = [
                    Some(problem.text.message(language)),
                    problem.text.cause(language),
                    problem.text.action(language),
                ];
                for words in words.into_iter().flatten() {
                    assert!(!words.contains('{') && words != expected, "{expected}: {words}");
                }
            }
        }
    }

    fn null_days() -> Value {
        json!({})
    }

    fn merge(json: &mut Value, change: Value) {
        let (Value::Object(json), Value::Object(change)) = (json, change) else { panic!("objects") };
        for (key, value) in change {
            if value.is_null() {
                json.remove(&key)
            } else {
                json.insert(key, value)
            };
        }
    }
}
