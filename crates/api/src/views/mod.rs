//! The shapes of the REST API, separate from the internal nouns.
//!
//! Each view is built from a noun field by field: for a new field, the compiler requires a decision on its
//! visibility, so a secret cannot slip out.

pub(crate) mod accounts;
pub(crate) mod alarms;
pub(crate) mod all_backups;
pub(crate) mod audit;
pub(crate) mod backup_now;
pub(crate) mod backups;
pub(crate) mod channels;
pub(crate) mod cluster_recovery;
pub(crate) mod clusters;
pub(crate) mod compactions;
pub(crate) mod configuration;
pub(crate) mod delete_policies;
mod exposition;
pub(crate) mod history;
pub(crate) mod left_out;
pub(crate) mod log_backups;
pub(crate) mod metrics;
pub(crate) mod next_actions;
pub(crate) mod not_made;
pub(crate) mod plans;
pub(crate) mod protection;
pub(crate) mod recovery_info;
pub(crate) mod restore_preview;
pub(crate) mod restores;
pub(crate) mod retention;
pub(crate) mod secret;
pub(crate) mod signing;
pub(crate) mod storage_recovery_info;
pub(crate) mod storage_uses;
pub(crate) mod storages;
pub(crate) mod strategies;
pub(crate) mod strategy_list;
pub(crate) mod strategy_runs;
pub(crate) mod strategy_schedule;
pub(crate) mod tasks;
pub(crate) mod tenant_recovery;
pub(crate) mod tenants;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod watchers;
mod whole;
pub(crate) mod words;
mod zone_units;

use serde::{Deserialize, Deserializer};

/// Reads a list that may be null; for fields with `#[serde(default)]`.
fn null_as_empty<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
