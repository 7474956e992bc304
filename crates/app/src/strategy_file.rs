//! Backup strategies in a YAML file: the fields of REST, with clusters, tenants and storages by name.
//!
//! This module does no I/O: the strategies of the server are an argument.

mod comparing;
mod entry;
mod reading;
mod storages;

pub(crate) use comparing::{Difference, differences, shown, written};
pub(crate) use entry::Entry;
pub(crate) use reading::read;
pub(crate) use storages::fill_in_storages;

#[cfg(test)]
mod tests {
    use model::text::Language;
    use serde_json::{Value, json};

    use super::entry::{QUIET, SCHEDULE, STRATEGY, THRESHOLDS};
    use super::{Difference, Entry, differences, read, written};

    const FILE: &str = "
strategies:
- clusterName: prod
  storage: nightly
  obBackupScheduleConfig:
    backupScheduleMode: WEEK
    backupScheduleTime: 02:00+08:00
    dayAndDataBackupModelMap: {2: INCREMENTAL_BACKUP, 6: FULL_BACKUP}
- clusterName: prod
  tenantName: shop
  backupMode: PHYSICAL_BACKUP
  obBackupScheduleConfig:
    backupScheduleMode: CRON
    cronExpression: 0 */6 * * *
    scheduleZone: Europe/Berlin
    dataBackupMode: INCREMENTAL_BACKUP
    fullOnCycle: WEEK
    fullOnDays: [7]
    quietWindow: {from: 08:00, until: 20:00}
    startLogBackup: false
  obBackupThresholdConfig: {dataBackupTimeoutMinutes: 90}
";

    fn entries(text: &str) -> Vec<Entry> {
        read(text, "s.yaml").expect("a file")
    }

    /// Returns a strategy as the server shows it, built from an entry.
    fn server(entry: &Entry) -> Value {
        let mut schedule = entry.fields["obBackupScheduleConfig"].clone();
        schedule["backupScheduleEnabled"] = json!(true);
        schedule["cleanEnabled"] = json!(false);
        schedule["restartInterruptedLogBackup"] = json!(false);
        if schedule["startLogBackup"].is_null() {
            schedule["startLogBackup"] = json!(true);
        }
        json!({
            "strategyId": 1, "clusterName": entry.cluster, "tenantName": entry.tenant, "owner": "admin",
            "backupMode": "PHYSICAL_BACKUP", "obBackupScheduleConfig": schedule,
            "obBackupThresholdConfig": {
                "dataBackupTimeoutMinutes": 90, "noSuccessfulDataBackupAlarmDays": 7, "logBackupDelaySeconds": 3_600
            },
            "obBackupServiceStorageConfig": {
                "storageId": 3, "configName": "nightly", "uri": "file:///nas", "alarmStoragePercentageThreshold": 80
            },
        })
    }

    #[test]
    fn what_is_written_reads_the_same_and_changes_nothing() {
        let read = entries(FILE);
        assert_eq!([read[0].object(), read[1].object()], ["prod", "prod/shop"]);
        let shown: Vec<Value> = read.iter().map(server).collect();
        for (entry, shown) in read.iter().zip(&shown) {
            assert_eq!(differences(entry, Some(shown)), [], "{}", entry.object());
        }
        let again = entries(&written(&shown).expect("written"));
        for (entry, shown) in again.iter().zip(&shown) {
            assert_eq!(differences(entry, Some(shown)), [], "{}", entry.object());
        }
    }

    #[test]
    fn each_change_is_listed_with_its_field_and_both_values() {
        let mut entry = entries(FILE).remove(1);
        let shown = server(&entry);
        entry.fields["obBackupScheduleConfig"]["cronExpression"] = json!("0 2 * * *");
        entry.fields["obBackupThresholdConfig"] = json!({ "noSuccessfulDataBackupAlarmDays": 3 });
        entry.fields["obBackupScheduleConfig"].as_object_mut().expect("a map").remove("startLogBackup");
        let told = |field: &str, old: Value, new: Value| Difference {
            field: field.to_owned(),
            old: Some(old),
            new: Some(new),
        };
        let expected = [
            told("obBackupScheduleConfig.cronExpression", json!("0 */6 * * *"), json!("0 2 * * *")),
            told("obBackupScheduleConfig.startLogBackup", json!(false), json!(true)),
            told("obBackupThresholdConfig.noSuccessfulDataBackupAlarmDays", json!(7), json!(3)),
        ];
        assert_eq!(differences(&entry, Some(&shown)), expected);
        let mut paused = shown.clone();
        paused["obBackupScheduleConfig"]["backupScheduleEnabled"] = json!(false);
        assert_eq!(
            differences(&entries(FILE)[1], Some(&paused)),
            [],
            "a pause that the file leaves out stays"
        );
        let new = differences(&entries(FILE)[0], None);
        assert!(new.iter().all(|difference| difference.old.is_none()) && new.len() > 4, "{new:?}");
    }

    #[test]
    fn a_wrong_file_is_refused_with_the_path_of_what_is_wrong() {
        let wrong = |from: &str, to: &str| {
            assert!(FILE.contains(from), "{from}");
            let problem = read(&FILE.replacen(from, to, 1), "s.yaml").expect_err("refused");
            (problem.text.id.clone(), problem.text.args.get("path").cloned().unwrap_or_default())
        };
        let schedule = "strategies[0].obBackupScheduleConfig";
        let cases = [
            ("strategies:", "strategy:", "strategy-file-key-unknown", "strategy"),
            ("  storage:", "  storag:", "strategy-file-key-unknown", "strategies[0].storag"),
            (
                "until: 20:00",
                "till: 20:00",
                "strategy-file-key-unknown",
                "strategies[1].obBackupScheduleConfig.quietWindow.till",
            ),
            (
                "dataBackupTimeoutMinutes",
                "timeout",
                "strategy-file-key-unknown",
                "strategies[1].obBackupThresholdConfig.timeout",
            ),
            ("  storage: nightly", "  storage: [a]", "strategy-file-malformed", "strategies[0].storage"),
            ("Mode: WEEK", "Mode: YEAR", "strategy-file-malformed", schedule),
            ("02:00+08:00", "02:00", "strategy-file-malformed", schedule),
            (
                "dataBackupTimeoutMinutes: 90",
                "dataBackupTimeoutMinutes: soon",
                "strategy-file-malformed",
                "strategies[1].obBackupThresholdConfig.dataBackupTimeoutMinutes",
            ),
            ("90", "10081", "strategy-file-malformed", "strategies[1].obBackupThresholdConfig"),
            (
                "- clusterName: prod\n  storage",
                "- storage",
                "strategy-file-key-missing",
                "strategies[0].clusterName",
            ),
            ("  tenantName: shop\n", "", "strategy-file-twice", ""),
            ("  storage: nightly", "  storage: a\n  storage: b", "strategy-file-not-yaml", ""),
            ("strategies:", "strategies: {", "strategy-file-not-yaml", ""),
        ];
        for (from, to, id, path) in cases {
            assert_eq!(wrong(from, to), (id.to_owned(), path.to_owned()), "{from} -> {to}");
        }
    }

    #[test]
    fn the_cause_of_a_wrong_file_is_no_message_of_a_server() {
        let refused = |text: &str| read(text, "s.yaml").expect_err("refused").text;
        for text in ["", "[]", "prod"] {
            assert_eq!(refused(text).id, "strategy-file-without-list", "{text}");
        }
        for (from, to, why) in [
            ("  storage: nightly", "  storage: a\n  storage: b", "duplicate"),
            ("dataBackupTimeoutMinutes: 90", "dataBackupTimeoutMinutes: soon", "soon"),
            ("  storage: nightly", "  storage: [a]", "expected a name"),
        ] {
            let text = refused(&FILE.replacen(from, to, 1));
            let cause = text.cause(Language::En).expect("a cause");
            assert!(text.raw.is_none() && cause.contains(why), "{cause}");
        }
    }

    #[test]
    fn the_former_name_of_the_zone_is_read() {
        assert_eq!(entries(&FILE.replace("scheduleZone", "zone")), entries(FILE));
        let both = FILE.replace("scheduleZone: Europe/Berlin", "zone: UTC\n    scheduleZone: UTC");
        let problem = read(&both, "s.yaml").expect_err("refused");
        assert_eq!(problem.text.args["path"], "strategies[1].obBackupScheduleConfig");
        assert!(problem.text.args["why"].contains("scheduleZone"), "{problem:?}");
    }

    #[test]
    fn the_keys_are_those_of_rest() {
        let description = include_str!("../../../docs/openapi.json");
        let description: Value = serde_json::from_str(description).expect("JSON");
        let fields = |schema: &str| -> Vec<String> {
            let properties = description["components"]["schemas"][schema]["properties"].as_object();
            let mut fields: Vec<String> = properties.expect(schema).keys().cloned().collect();
            // OCP's field, which the server refuses.
            fields.retain(|field| field != "libObLogExpireDays");
            fields.sort();
            fields
        };
        for (keys, schema) in
            [(SCHEDULE, "ScheduleBody"), (QUIET, "QuietWindowView"), (THRESHOLDS, "ThresholdBody")]
        {
            let mut keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            keys.sort();
            assert_eq!(keys, fields(schema), "{schema}");
        }
        let of_strategy = fields("NewStrategyBody");
        let shared = STRATEGY.iter().filter(|key| of_strategy.iter().any(|field| field == *key));
        assert_eq!(shared.count(), 3);
    }
}
