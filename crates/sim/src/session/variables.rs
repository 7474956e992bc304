//! Session variables: those that clients read when they connect, and those that they set.

use std::collections::HashMap;

use super::Session;
use crate::civil;
use crate::error::SqlError;
use crate::sql::{Table, Value};
use crate::world::Cluster;
use crate::world::system_variables::DEFAULTS;

/// The variables that a session has set.
#[derive(Debug, Default)]
pub(super) struct Variables {
    changed: HashMap<String, Option<String>>,
}

impl Variables {
    fn text(&self, name: &str) -> Option<Option<String>> {
        let default =
            DEFAULTS.iter().find(|(known, _)| *known == name).map(|(_, value)| Some((*value).to_owned()));
        self.changed.get(name).cloned().or(default)
    }

    /// Returns the value of `@@name`.
    pub(super) fn get(&self, name: &str, cluster: &Cluster, session: &Session) -> Option<Value> {
        let server = &cluster.servers[session.server.min(cluster.servers.len() - 1)];
        let text = match name {
            "version" => Some(cluster.profile.sql_version()),
            "version_comment" => Some(cluster.profile.comment()),
            "port" => Some(server.sql_port.to_string()),
            "hostname" => Some(server.ip.clone()),
            "time_zone" if !self.changed.contains_key("time_zone") && cluster.zone_s == 8 * 3_600 => {
                Some("+08:00".to_owned())
            }
            _ => self.text(name)?,
        };
        Some(text.map_or(Value::Null, |text| text.parse().map_or(Value::Text(text), Value::Int)))
    }

    pub(super) fn sql_mode(&self) -> String {
        self.text("sql_mode").flatten().unwrap_or_default()
    }

    pub(super) fn query_timeout_us(&self) -> i64 {
        self.text("ob_query_timeout").flatten().and_then(|text| text.parse().ok()).unwrap_or(10_000_000)
    }

    pub(super) fn zone_s(&self, cluster_zone_s: i32) -> i32 {
        let zone = self.text("time_zone").flatten().unwrap_or_default();
        civil::parse_zone(&zone, cluster_zone_s).unwrap_or(cluster_zone_s)
    }

    /// Sets a variable; unknown names are refused, except names that look like OceanBase's own.
    pub(super) fn set(&mut self, name: &str, value: Option<String>) -> Result<(), SqlError> {
        let name = name.to_lowercase();
        if name == "time_zone" && value.as_deref().is_none_or(|zone| civil::parse_zone(zone, 0).is_none()) {
            return Err(SqlError {
                code: 5209,
                number: 1298,
                state: "HY000",
                message: format!("Unknown or incorrect time zone: '{}'", value.unwrap_or_default()),
                gap: false,
            });
        }
        if name == "ob_query_timeout" && value.as_deref().is_none_or(|text| text.parse::<i64>().is_err()) {
            return Err(SqlError {
                code: 5200,
                number: 1232,
                state: "42000",
                message: "Incorrect argument type to variable 'ob_query_timeout'".to_owned(),
                gap: false,
            });
        }
        let is_known = DEFAULTS.iter().any(|(known, _)| *known == name);
        if !is_known && !name.starts_with("ob_") && !name.starts_with('_') {
            return Err(SqlError {
                code: 5100,
                number: 1193,
                state: "HY000",
                message: format!("Unknown system variable '{name}'"),
                gap: true,
            });
        }
        let switched = match value.as_deref().map(str::to_ascii_uppercase).as_deref() {
            Some("ON") => Some("1".to_owned()),
            Some("OFF") => Some("0".to_owned()),
            _ => value,
        };
        self.changed.insert(name, switched);
        Ok(())
    }

    /// Resets a variable to its default.
    pub(super) fn unset(&mut self, name: &str) {
        self.changed.remove(&name.to_lowercase());
    }

    /// Returns all variables as `SHOW VARIABLES` lists them.
    pub(super) fn table(&self, cluster: &Cluster, session: &Session) -> Table {
        const SWITCHES: [&str; 4] =
            ["autocommit", "foreign_key_checks", "unique_checks", "performance_schema"];
        let more = ["version", "version_comment", "port", "hostname"];
        let mut names: Vec<&str> = DEFAULTS.iter().map(|(name, _)| *name).chain(more).collect();
        names.sort_unstable();
        let rows = names
            .into_iter()
            .map(|name| {
                let value =
                    self.get(name, cluster, session).and_then(|value| value.render(0)).unwrap_or_default();
                let value = match (SWITCHES.contains(&name), value.as_str()) {
                    (true, "1") => "ON".to_owned(),
                    (true, "0") => "OFF".to_owned(),
                    _ => value,
                };
                vec![Value::from(name), Value::Text(value)]
            })
            .collect();
        Table {
            name: "__VARIABLES".to_owned(),
            columns: vec![("Variable_name", "varchar(128)"), ("Value", "varchar(1024)")],
            rows,
        }
    }
}
