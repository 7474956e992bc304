//! The use cases of Lifeboat. A caller (REST, the console, the command line) calls one function of one of the modules
//! below with a [`Control`] and an [`Actor`]; the function checks permissions and writes the audit log.
//!
//! | module | contents |
//! |---|---|
//! | [`clusters`] | take over, show, refresh, remove |
//! | [`tenants`] | the tenants of all clusters, and the credentials that read their data |
//! | [`storages`] | the library of storage configurations, and their tests |
//! | [`storage_uses`] | the space of backups in each storage, over time |
//! | [`storage_scan`] | enters the backup sets of a storage into the catalogue |
//! | [`backups`] | what can be backed up, Back up Now, backup sets |
//! | [`strategies`] | backup strategies, their past runs, and the runs that are due now |
//! | [`log_backups`] | log backup: status, start, stop, pause, resume |
//! | [`log_delays`] | the delay of log backup over time |
//! | [`log_gaps`] | interruptions of log backup, and their repair |
//! | [`delete_policies`] | what a 4.x cluster deletes by its own policies |
//! | [`compactions`] | major compaction: status, start, clear exceptions |
//! | [`recovery_windows`] | the recoverable time ranges of tenants |
//! | [`restores`] | recover a backup set |
//! | [`retention`] | which logical sets are kept, clean-up of expired ones, holds |
//! | [`tasks`] | watch and control tasks |
//! | [`users`] | accounts, log-on, passwords |
//! | [`signing`] | the origin of backup sets, and the keys that prove it |
//! | [`alarms`] | the current problems, and their history |
//! | [`channels`] | the receivers of notices of alarms, and the outbox |
//! | [`audit`] | the audit log |
//! | [`protection`] | how recently each object was backed up |
//! | [`metrics`] | the numbers that a server reports to monitoring |
//! | [`health`] | whether this server can do its work |
//! | [`configuration`] | the configuration of this server |
//! | [`watching`] | the watchers of this server, and their recent runs |
//!
//! These modules are in `use_cases`. The folders of this crate from top to bottom; each uses only those below it:
//!
//! | folder | contents |
//! |---|---|
//! | `server` | opens a server, and runs its workers and watchers |
//! | `watchers` | the background checks of a server |
//! | `use_cases` | one file for each noun: the modules above |
//! | `flows` | the durable tasks: one folder for each operation, its steps in running order, and its plan |
//! | `orders` | the orders, and how an order becomes a task |
//! | `context` | the caller, the metadata, endpoints, the audit log, errors, pages |
//!
//! A request goes down; values come back up. Nothing calls back.

mod context;
mod flows;
mod orders;
mod server;
#[cfg(test)]
mod testing;
mod use_cases;
mod watchers;

pub use context::{
    Actor, Control, Error, Heartbeat, Means, Opened, Page, PageAsk, Settings, actor, error, page,
};
use context::{asking, words};
pub use metadata::Server as MetadataServer;
pub use use_cases::{
    alarms, audit, backups, channels, clusters, compactions, configuration, delete_policies, health, history,
    log_backups, log_delays, log_gaps, metrics, protection, recovery_windows, restores, retention, signing,
    storage_scan, storage_uses, storages, strategies, tasks, tenants, users, watching,
};
