//! The handlers, one file per noun. Each has three steps: read the request, call one function of `control`, turn the
//! answer into a view.

pub(crate) mod accounts;
pub(crate) mod alarms;
pub(crate) mod audit;
pub(crate) mod backups;
pub(crate) mod channels;
pub(crate) mod clusters;
pub(crate) mod compactions;
pub(crate) mod configuration;
pub(crate) mod history;
pub(crate) mod log_backups;
pub(crate) mod metrics;
pub(crate) mod protection;
pub(crate) mod restores;
pub(crate) mod retention;
pub(crate) mod server;
pub(crate) mod signing;
pub(crate) mod storage_uses;
pub(crate) mod storages;
pub(crate) mod strategies;
pub(crate) mod tasks;
pub(crate) mod tenants;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod watchers;
