//! Converts the server's strategies to the fields of a file, and compares them with a file.

use model::Problem;
use model::schedule::Daily;
use serde_json::{Map, Value, json};

use super::entry::{Entry, SCHEDULE, THRESHOLDS};

/// What applying an entry does to one field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    /// The field's path in the strategy.
    pub(crate) field: String,
    /// The current value; none if the field is not set.
    pub(crate) old: Option<Value>,
    /// The new value; none if the field is removed.
    pub(crate) new: Option<Value>,
}

/// Writes strategies as the server shows them.
///
/// # Errors
/// When they cannot be written as YAML.
pub(crate) fn written(strategies: &[Value]) -> Result<String, Problem> {
    let strategies: Vec<Map<String, Value>> = strategies.iter().map(shown).collect();
    let file = json!({ "strategies": strategies });
    serde_yaml_ng::to_string(&file)
        .map_err(|cause| Problem::internal("strategy-file-not-written").raw(cause.to_string()))
}

/// Returns a strategy that the server shows, in the fields of a file.
pub(crate) fn shown(strategy: &Value) -> Map<String, Value> {
    let storage = &strategy["obBackupServiceStorageConfig"];
    let name = Some(&storage["configName"]).filter(|name| !name.is_null()).unwrap_or(&storage["uri"]);
    let of = |object: &Value, keys: &[&str]| -> Map<String, Value> {
        let given = keys.iter().map(|key| ((*key).to_owned(), object[*key].clone()));
        given.filter(|(_, value)| !value.is_null()).collect()
    };
    let all = [
        ("clusterName", strategy["clusterName"].clone()),
        ("tenantName", strategy["tenantName"].clone()),
        ("backupMode", strategy["backupMode"].clone()),
        ("storage", name.clone()),
        ("alarmStoragePercentageThreshold", storage["alarmStoragePercentageThreshold"].clone()),
        ("obBackupScheduleConfig", Value::Object(of(&strategy["obBackupScheduleConfig"], SCHEDULE))),
        ("obBackupThresholdConfig", Value::Object(of(&strategy["obBackupThresholdConfig"], THRESHOLDS))),
    ];
    all.into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// Compares an entry with the server's strategy, if any. Omitted fields stay unchanged. A schedule is replaced as a
/// whole, but if the file omits whether it is enabled, that stays unchanged.
pub(crate) fn differences(entry: &Entry, strategy: Option<&Value>) -> Vec<Difference> {
    let old = strategy.map(shown).unwrap_or_default();
    let mut new = old.clone();
    for (key, value) in &entry.fields {
        let mut value = value.clone();
        if key == "obBackupScheduleConfig" {
            fill_in(&mut value, entry, &old);
        }
        // Omitted thresholds stay unchanged.
        if key == "obBackupThresholdConfig"
            && let (Some(Value::Object(old)), Value::Object(given)) = (new.get_mut(key), &value)
        {
            old.extend(given.clone());
            // 0 means no threshold.
            old.retain(|_, value| *value != 0);
            continue;
        }
        new.insert(key.clone(), value);
    }
    let (old, new) = (flat(&old), flat(&new));
    let fields: Vec<&String> = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))).collect();
    let difference = |field: &String| {
        let (old, new) = (old.get(field).cloned(), new.get(field).cloned());
        (old != new).then(|| Difference { field: field.clone(), old, new })
    };
    fields.into_iter().filter_map(difference).collect()
}

/// Fills in the server's defaults of a schedule, so that equivalent schedules are equal.
fn fill_in(schedule: &mut Value, entry: &Entry, old: &Map<String, Value>) {
    let of_old = |key: &str| old.get("obBackupScheduleConfig").map_or(&Value::Null, |old| &old[key]).clone();
    if schedule["backupScheduleEnabled"].is_null() {
        let enabled = of_old("backupScheduleEnabled");
        schedule["backupScheduleEnabled"] = if enabled.is_null() { json!(true) } else { enabled };
    }
    let method = entry.fields.get("backupMode").or_else(|| old.get("backupMode"));
    if schedule["startLogBackup"].is_null()
        && let Some(method) = method
    {
        schedule["startLogBackup"] = json!(method == "PHYSICAL_BACKUP");
    }
    for field in ["cleanEnabled", "restartInterruptedLogBackup"] {
        if schedule[field].is_null() {
            schedule[field] = json!(false);
        }
    }
    if schedule["cleanEnabled"] == true && schedule["cleanScheduleTime"].is_null() {
        schedule["cleanScheduleTime"] = json!(Daily::usual().to_string());
    }
    if let Some(schedule) = schedule.as_object_mut() {
        schedule.retain(|_, value| !value.is_null());
    }
}

/// Returns every value by its path, in the order of the file.
fn flat(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut paths = Map::new();
    for (key, value) in fields {
        match value {
            Value::Object(below) => {
                paths.extend(flat(below).into_iter().map(|(path, value)| (format!("{key}.{path}"), value)));
            }
            value => {
                paths.insert(key.clone(), value.clone());
            }
        }
    }
    paths
}
