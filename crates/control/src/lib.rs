//! The behaviour of the product. A caller (REST, the console, the command line) calls one function of one of the
//! modules below with a [`Control`] and an [`Actor`]; they check permissions and write the audit log.
//!
//! | module | what it holds |
//! |---|---|
//! | [`clusters`] | take over, look at, remove |
//! | [`tenants`] | the tenants of all clusters, and the credentials that read their data |
//! | [`storages`] | the library of storage configurations, and their tests |
//! | [`storage_uses`] | how much of each storage backups take, over time |
//! | [`storage_scan`] | enters the backup sets of a storage into the catalogue |
//! | [`backups`] | what can be backed up, Back up Now, what was backed up |
//! | [`strategies`] | what is backed up regularly, what became of each run, and what is due now |
//! | [`log_backups`] | log backup: how it stands, start, stop, pause, resume |
//! | [`log_delays`] | the delay of log backup over time |
//! | [`log_gaps`] | interruptions of log backup, and what is done about them |
//! | [`compactions`] | major compaction: how it stands, start, clear exceptions |
//! | [`recovery_windows`] | to which moments tenants can be recovered |
//! | [`restores`] | recover a backup set |
//! | [`tasks`] | follow and steer what runs |
//! | [`users`] | accounts, log-on, passwords |
//! | [`signing`] | where backup sets come from, and the keys that show it |
//! | [`alarms`] | what is wrong now |
//! | [`audit`] | who did what |
//! | [`protection`] | how recently each object was backed up |
//! | [`metrics`] | the numbers that a server reports to monitoring |
//! | [`health`] | whether this server can do its work |
//! | [`watching`] | what this server does by itself, and how that went |
//!
//! They are the room `use_cases`. The rooms from top to bottom, each of which uses only those below it:
//!
//! | room | what it holds |
//! |---|---|
//! | `server` | opens a server, and runs its workers and watchers |
//! | `watchers` | what a server does by itself now and then |
//! | `use_cases` | one file for each noun: the modules above |
//! | `flows` | the durable tasks: one folder for each operation, its steps in running order, and its plan |
//! | `orders` | what can be ordered, and how an order becomes a task |
//! | `context` | who asks, the metadata, endpoints, the audit log, errors, pages |
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

pub use context::{Actor, Control, Error, Means, Opened, Page, PageAsk, Settings, actor, error, page};
use context::{asking, words};
pub use metadata::Server as MetadataServer;
pub use use_cases::{
    alarms, audit, backups, clusters, compactions, health, log_backups, log_delays, log_gaps, metrics,
    protection, recovery_windows, restores, signing, storage_scan, storage_uses, storages, strategies, tasks,
    tenants, users, watching,
};
