//! From YAML to strategies, or to the path of an error.

use std::collections::BTreeMap;

use model::Problem;
use model::schedule::{Daily, Form, Saved, Schedule};
use model::strategy::draft::{ScheduleConfig, ThresholdConfig};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

use super::entry::{Entry, QUIET, SCHEDULE, STRATEGY, THRESHOLDS};
use crate::language::language;

/// Reads a file.
///
/// # Errors
/// Names the path of an unknown, missing, duplicate or malformed key.
pub(crate) fn read(text: &str, file: &str) -> Result<Vec<Entry>, Problem> {
    let reader = Reader { file };
    let not_yaml = |cause: serde_yaml_ng::Error| {
        Problem::invalid("strategy-file-not-yaml").with("file", file).with("why", cause)
    };
    let yaml: Yaml = serde_yaml_ng::from_str(text).map_err(not_yaml)?;
    let mut top = reader.keys(reader.json(yaml, "")?, "", &["strategies"])?;
    let list = top.remove("strategies").ok_or_else(|| reader.missing("strategies"))?;
    let Value::Array(list) = list else { return Err(reader.malformed("strategies", "a list")) };
    let entries = list.into_iter().enumerate();
    let entries = entries.map(|(number, entry)| reader.entry(entry, format!("strategies[{number}]")));
    let entries: Vec<Entry> = entries.collect::<Result<_, _>>()?;
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for entry in &entries {
        if let Some(first) = seen.insert(entry.object(), &entry.path) {
            return Err(Problem::invalid("strategy-file-twice")
                .with("file", file)
                .with("first", first)
                .with("second", &entry.path)
                .with("object", entry.object()));
        }
    }
    Ok(entries)
}

/// Reads values. Errors name the path of the value and the file.
struct Reader<'f> {
    file: &'f str,
}

impl Reader<'_> {
    fn entry(&self, entry: Value, path: String) -> Result<Entry, Problem> {
        let below = |key: &str| format!("{path}.{key}");
        let mut fields = self.keys(entry, &path, STRATEGY)?;
        let mut name = |key: &str| match fields.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(name)) => Ok(Some(name)),
            Some(_) => Err(self.malformed(&below(key), "a name")),
        };
        let (cluster, tenant) = (name("clusterName")?, name("tenantName")?);
        let cluster = cluster.ok_or_else(|| self.missing(&below("clusterName")))?;
        fields.retain(|_, value| !value.is_null());
        for (key, value) in &mut fields {
            let at = below(key);
            match key.as_str() {
                "obBackupScheduleConfig" => *value = self.schedule(value.take(), &at)?,
                "obBackupThresholdConfig" => {
                    let given = self.keys(value.take(), &at, THRESHOLDS)?;
                    let read: ThresholdConfig = self.typed(&given, &at)?;
                    read.checked().map_err(|problem| self.refused(&at, &problem))?;
                    *value = Value::Object(given);
                }
                "alarmStoragePercentageThreshold" if !value.is_u64() => {
                    return Err(self.malformed(&at, "a whole number"));
                }
                "backupMode"
                    if !["PHYSICAL_BACKUP", "LOGICAL_BACKUP"].contains(&value.as_str().unwrap_or("")) =>
                {
                    return Err(self.malformed(&at, "PHYSICAL_BACKUP or LOGICAL_BACKUP"));
                }
                "storage" if !value.is_string() => return Err(self.malformed(&at, "a name")),
                _ => {}
            }
        }
        Ok(Entry { path, cluster, tenant, fields })
    }

    /// Reads a schedule, and returns it in the server's notation.
    fn schedule(&self, schedule: Value, path: &str) -> Result<Value, Problem> {
        let mut schedule = schedule;
        let former_zone = schedule.as_object_mut().and_then(|schedule| schedule.remove("zone"));
        let mut given = self.keys(schedule, path, SCHEDULE)?;
        given.extend(former_zone.map(|zone| ("zone".to_owned(), zone)));
        if let Some(window) = given.get_mut("quietWindow") {
            *window = Value::Object(self.keys(window.take(), &format!("{path}.quietWindow"), QUIET)?);
        }
        if let Some(Value::Array(days)) = given.get_mut("fullOnDays") {
            for day in days.iter_mut().filter(|day| day.is_u64()) {
                *day = json!(day.to_string());
            }
        }
        let read: ScheduleConfig = self.typed(&given, path)?;
        // The server refuses what breaks a newer rule, unless its strategy has it already.
        let checked =
            Schedule::try_from(Saved(read.schedule)).map_err(|problem| self.refused(path, &problem))?;
        let form = serde_json::to_value(Form::from(checked))
            .map_err(|cause| self.because(path, cause.to_string()))?;
        if let Some(time) = &read.clean_schedule_time {
            let time: Daily = time.parse().map_err(|problem| self.refused(path, &problem))?;
            given.insert("cleanScheduleTime".to_owned(), json!(time.to_string()));
        }
        let mut schedule = Map::new();
        for key in SCHEDULE {
            let is_rest = [
                "startLogBackup",
                "restartInterruptedLogBackup",
                "cleanEnabled",
                "backupDataRetentionDays",
                "cleanScheduleTime",
                "backupScheduleEnabled",
            ];
            let value = if is_rest.contains(key) { given.get(*key) } else { form.get(*key) };
            schedule.extend(value.map(|value| ((*key).to_owned(), value.clone())));
        }
        Ok(Value::Object(schedule))
    }

    /// Converts an object. If one value alone is of another type than expected, the error names its path.
    fn typed<T: DeserializeOwned>(&self, given: &Map<String, Value>, path: &str) -> Result<T, Problem> {
        let read = |object: Map<String, Value>| serde_json::from_value::<T>(Value::Object(object));
        read(given.clone()).map_err(|cause| {
            let is_wrong = |key: &&String| {
                let mut others = given.clone();
                others.remove(*key);
                read(others).is_ok()
            };
            let wrong = given.keys().find(is_wrong);
            let path = wrong.map_or_else(|| path.to_owned(), |key| format!("{path}.{key}"));
            self.because(&path, cause.to_string())
        })
    }

    /// Reads an object; an unknown key is an error.
    fn keys(&self, value: Value, path: &str, known: &[&str]) -> Result<Map<String, Value>, Problem> {
        let Value::Object(object) = value else { return Err(self.malformed(path, "a map")) };
        match object.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(object),
            Some(key) => {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let refusal = Problem::invalid("strategy-file-key-unknown").with("file", self.file);
                Err(refusal.with("path", path).with("known", known.join(", ")))
            }
        }
    }

    /// Converts YAML to JSON; a number as a key becomes its text.
    fn json(&self, yaml: Yaml, path: &str) -> Result<Value, Problem> {
        Ok(match yaml {
            Yaml::Null => Value::Null,
            Yaml::Bool(flag) => json!(flag),
            Yaml::Number(number) => {
                serde_json::to_value(number).map_err(|cause| self.because(path, cause.to_string()))?
            }
            Yaml::String(text) => json!(text),
            Yaml::Sequence(list) => {
                let list = list.into_iter().enumerate();
                let list = list.map(|(number, value)| self.json(value, &format!("{path}[{number}]")));
                Value::Array(list.collect::<Result<_, _>>()?)
            }
            Yaml::Mapping(map) => {
                let mut object = Map::new();
                for (key, value) in map {
                    let key = match key {
                        Yaml::String(key) => key,
                        Yaml::Number(number) => number.to_string(),
                        _ => return Err(self.malformed(path, "a map of texts")),
                    };
                    let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    object.insert(key, self.json(value, &below)?);
                }
                Value::Object(object)
            }
            Yaml::Tagged(_) => return Err(self.malformed(path, "a value without a tag")),
        })
    }

    fn missing(&self, path: &str) -> Problem {
        Problem::invalid("strategy-file-key-missing").with("file", self.file).with("path", path)
    }

    fn malformed(&self, path: &str, expected: &str) -> Problem {
        if path.is_empty() {
            return Problem::invalid("strategy-file-without-list").with("file", self.file);
        }
        self.because(path, format!("expected {expected}"))
    }

    fn because(&self, path: &str, cause: String) -> Problem {
        let malformed = Problem::invalid("strategy-file-malformed").with("file", self.file);
        malformed.with("path", path).with("why", cause)
    }

    /// Adds the path in the file to the refusal of a value.
    fn refused(&self, path: &str, problem: &Problem) -> Problem {
        self.because(path, problem.text.message(language()))
    }
}
