//! Parameters of the cluster and of tenants.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Caller, Cluster, TenantId};
use crate::civil;
use crate::error::SqlError;

/// The delay until a change reaches the servers of 3.x.
const PROPAGATION_US: i64 = 2 * civil::SECOND;

/// The definition of a parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) data_type: &'static str,
    pub(crate) default: &'static str,
    pub(crate) is_tenant: bool,
    pub(crate) section: &'static str,
    /// First digit of the versions that have it; 0 for all.
    generation: u8,
}

const fn known(
    generation: u8,
    name: &'static str,
    data_type: &'static str,
    default: &'static str,
    is_tenant: bool,
    section: &'static str,
) -> Parameter {
    Parameter { name, data_type, default, is_tenant, section, generation }
}

const ALL: &[Parameter] = &[
    known(0, "cluster", "STRING", "obcluster", false, "OBSERVER"),
    known(0, "cluster_id", "INT", "1", false, "OBSERVER"),
    known(0, "enable_upgrade_mode", "BOOL", "False", false, "ROOT_SERVICE"),
    known(0, "enable_ddl", "BOOL", "True", false, "ROOT_SERVICE"),
    known(0, "enable_major_freeze", "BOOL", "True", false, "ROOT_SERVICE"),
    known(0, "enable_rich_error_msg", "BOOL", "False", false, "OBSERVER"),
    known(0, "min_observer_version", "STRING", "1.0.0.0", false, "ROOT_SERVICE"),
    known(0, "major_freeze_duty_time", "MOMENT", "02:00", false, "DAILY_MERGE"),
    known(0, "zone_merge_timeout", "TIME", "3h", false, "DAILY_MERGE"),
    known(0, "_backup_idle_time", "TIME", "5m", false, "OBSERVER"),
    known(0, "_restore_idle_time", "TIME", "1m", false, "OBSERVER"),
    known(0, "recyclebin_object_expire_time", "TIME", "0s", false, "ROOT_SERVICE"),
    known(3, "enable_manual_merge", "BOOL", "False", false, "DAILY_MERGE"),
    known(3, "backup_dest", "STRING", "", false, "OBSERVER"),
    known(3, "backup_dest_option", "STRING", "", false, "OBSERVER"),
    known(3, "backup_log_archive_option", "STRING", "OPTIONAL COMPRESSION=ENABLE", false, "OBSERVER"),
    known(3, "backup_zone", "STRING", "", false, "OBSERVER"),
    known(3, "backup_region", "STRING", "", false, "OBSERVER"),
    known(3, "backup_concurrency", "INT", "0", false, "OBSERVER"),
    known(3, "backup_net_limit", "CAPACITY", "0M", false, "OBSERVER"),
    known(3, "backup_backup_dest", "STRING", "", false, "OBSERVER"),
    known(3, "backup_backup_dest_option", "STRING", "", false, "OBSERVER"),
    known(3, "backup_recovery_window", "TIME", "0", false, "OBSERVER"),
    known(3, "auto_delete_expired_backup", "BOOL", "False", false, "OBSERVER"),
    known(3, "log_archive_checkpoint_interval", "TIME", "120s", false, "OBSERVER"),
    known(3, "enable_log_archive", "BOOL", "False", false, "OBSERVER"),
    known(3, "restore_concurrency", "INT", "0", false, "OBSERVER"),
    known(4, "archive_lag_target", "TIME", "120s", true, "LOGSERVICE"),
    known(4, "log_archive_concurrency", "INT", "0", true, "LOGSERVICE"),
    known(4, "ha_low_thread_score", "INT", "0", true, "OBSERVER"),
    known(4, "ha_high_thread_score", "INT", "0", true, "OBSERVER"),
    known(4, "backup_data_file_size", "CAPACITY", "4G", true, "OBSERVER"),
    known(4, "compatible", "STRING", "", true, "ROOT_SERVICE"),
];

/// Values that differ from their defaults.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Parameters {
    values: BTreeMap<String, Changed>,
}

#[derive(Clone, Debug, Serialize)]
struct Changed {
    value: String,
    before: Option<String>,
    at_us: i64,
}

impl Parameters {
    pub(crate) fn put(&mut self, name: &str, value: &str) {
        self.put_at(name, value, 0);
    }

    fn put_at(&mut self, name: &str, value: &str, at_us: i64) {
        let before = self.values.get(name).map(|changed| changed.value.clone());
        self.values.insert(name.to_owned(), Changed { value: value.to_owned(), before, at_us });
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|changed| changed.value.as_str()).or_else(|| find(name).map(|p| p.default))
    }

    /// Returns the value that has reached every server.
    pub(crate) fn propagated(&self, name: &str, now_us: i64) -> Option<&str> {
        match self.values.get(name) {
            Some(changed) if now_us - changed.at_us < PROPAGATION_US => {
                changed.before.as_deref().or_else(|| find(name).map(|parameter| parameter.default))
            }
            _ => self.get(name),
        }
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("True")
    }

    /// Returns a time parameter in microseconds.
    pub(crate) fn duration_us(&self, name: &str) -> i64 {
        self.get(name).and_then(civil::parse_duration).unwrap_or_default()
    }
}

fn find(name: &str) -> Option<&'static Parameter> {
    ALL.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name))
}

/// Returns the parameters of a generation.
pub(crate) fn of_generation(is_tenant_level: bool) -> impl Iterator<Item = &'static Parameter> {
    let generation = if is_tenant_level { 4 } else { 3 };
    ALL.iter().filter(move |parameter| parameter.generation == 0 || parameter.generation == generation)
}

/// The parameters whose values are versions. Source: seekdb 2ab098bd (the line of 4.3.5), `ob_parameter_seed.ipp` and
/// `ObAdminSetConfig::verify_config`: anybody who may set parameters may set them, to any version.
const VERSIONS: [&str; 2] = ["compatible", "min_observer_version"];

/// Returns whether the kernel reads a text as a version: it has three parts or more, whatever these are (`parse_version`
/// in `ob_cluster_version.cpp`).
fn is_version(text: &str) -> bool {
    text.len() < 64 && text.split('.').filter(|part| !part.is_empty()).count() >= 3
}

/// Converts a value into the form in which it is read back.
fn normalize(parameter: &Parameter, value: &str) -> Result<String, SqlError> {
    let invalid = || SqlError::new(4147, "Invalid config");
    if VERSIONS.contains(&parameter.name) && !is_version(value) {
        return Err(invalid());
    }
    match parameter.data_type {
        "BOOL" => match value.to_ascii_lowercase().as_str() {
            "true" | "1" | "on" | "t" | "yes" => Ok("True".to_owned()),
            "false" | "0" | "off" | "f" | "no" => Ok("False".to_owned()),
            _ => Err(invalid()),
        },
        "INT" => {
            let number: i64 = value.parse().map_err(|_| invalid())?;
            let is_score = parameter.name.contains("score") || parameter.name.contains("concurrency");
            if is_score && !(0..=100).contains(&number) { Err(invalid()) } else { Ok(number.to_string()) }
        }
        "TIME" => civil::parse_duration(value).map(|_| value.to_owned()).ok_or_else(invalid),
        _ => Ok(value.to_owned()),
    }
}

impl Cluster {
    /// `ALTER SYSTEM SET name = 'value' [TENANT = t]` of an ordinary parameter.
    pub(crate) fn set_parameter(
        &mut self,
        caller: Caller,
        name: &str,
        value: &str,
        tenants: Option<&[TenantId]>,
    ) -> Result<(), SqlError> {
        let name = name.to_lowercase();
        let parameter = of_generation(self.profile.is_tenant_level())
            .find(|parameter| parameter.name == name)
            .ok_or_else(|| SqlError::new(5099, "System config unknown").into_gap())?;
        let value = normalize(parameter, value)?;
        if !parameter.is_tenant {
            if !caller.is_sys() {
                return Err(SqlError::new(4007, "Not supported feature or function"));
            }
            self.parameters.put_at(&name, &value, self.now_us);
            self.plan_daily_freeze();
            return Ok(());
        }
        for id in tenants.unwrap_or(&[caller.tenant]) {
            if let Some(tenant) = self.tenants.get_mut(id) {
                if name == "compatible" {
                    tenant.raise_compatible(&value);
                    continue;
                }
                tenant.parameters.put_at(&name, &value, self.now_us);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use crate::world::tests::{cluster, pass};

    #[test]
    fn booleans_read_back_with_a_capital_and_unknown_names_are_refused() {
        let mut cluster = cluster(Profile::V4_2_5);
        let caller = Caller { tenant: TenantId::SYS };
        cluster.set_parameter(caller, "ENABLE_UPGRADE_MODE", "true", None).expect("a known one");
        assert_eq!(cluster.parameters.get("enable_upgrade_mode"), Some("True"));
        let error = cluster.set_parameter(caller, "backup_dest", "x", None).expect_err("a 3.x one");
        assert_eq!(error.number, 5099);
    }

    #[test]
    fn versions_are_accepted_and_the_version_of_data_never_falls() {
        let mut cluster = cluster(Profile::V4_2_5);
        let caller = Caller { tenant: TenantId::SYS };
        for name in VERSIONS {
            for wrong in ["", "4.2", "4.2..", "new"] {
                let refused = cluster.set_parameter(caller, name, wrong, None).expect_err("no version");
                assert_eq!(refused.number, 4147, "{name} {wrong}");
            }
        }
        cluster.set_parameter(caller, "min_observer_version", "4.2.1.0", None).expect("a version");
        assert_eq!(cluster.parameters.get("min_observer_version"), Some("4.2.1.0"));
        let tenant = cluster.user_tenants()[0];
        let before = cluster.tenants[&tenant].compatible.clone();
        for (value, expected) in [("4.0.0.0", before.as_str()), ("9.0.0", "9.0.0"), ("4.3.0.0", "9.0.0")] {
            cluster.set_parameter(caller, "COMPATIBLE", value, Some(&[tenant])).expect("a version");
            assert_eq!(cluster.tenants[&tenant].compatible, expected, "{value}");
        }
    }

    #[test]
    fn a_change_reaches_the_servers_of_3x_seconds_later() {
        let mut cluster = cluster(Profile::V3_1_5);
        cluster
            .set_parameter(Caller { tenant: TenantId::SYS }, "restore_concurrency", "10", None)
            .expect("a known one");
        assert_eq!(cluster.parameters.propagated("restore_concurrency", cluster.now_us), Some("0"));
        pass(&mut cluster, 3);
        assert_eq!(cluster.parameters.propagated("restore_concurrency", cluster.now_us), Some("10"));
    }
}
