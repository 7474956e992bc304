//! The use cases: one file for each noun.

pub mod alarms;
pub mod audit;
pub mod backups;
pub mod clusters;
pub mod compactions;
pub(crate) mod first_start;
pub mod health;
pub mod log_backups;
pub mod log_delays;
pub mod log_gaps;
pub mod metrics;
pub mod protection;
pub mod recovery_windows;
pub mod restores;
pub mod signing;
pub mod storage_scan;
pub mod storage_uses;
pub mod storages;
pub mod strategies;
pub mod tasks;
pub mod tenants;
pub mod users;
pub mod watching;
