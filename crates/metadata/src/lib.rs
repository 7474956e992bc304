//! Our own database: the stored data of Lifeboat. All SQL for it is in this crate, and no decisions are.
//!
//! | file | content |
//! |---|---|
//! | [`open`] | the data directory: its lock, its key, its schema |
//! | [`server`], `schema` | a database on a server, for several Lifeboats at once |
//! | `room` | the disk space of the data directory, and its reserve |
//! | [`copy`] | a copy of everything, and its restore |
//! | [`database`] | connections, transactions and statements |
//! | `dialect` | the differences between databases |
//! | [`seal`] | secrets, sealed to their rows |
//! | [`users`], [`passwords`], [`sessions`], [`audit`] | accounts, sessions, and the audit log |
//! | [`clusters`], [`tenants`] | the clusters that were taken over, and their tenants |
//! | [`tenant_credentials`] | the logical backup accounts of tenants |
//! | [`storages`], [`backup_sets`], [`restores`] | the storages of backups, the backup sets, their recoveries |
//! | [`history`] | old logs and audit lines, and their deletion |
//! | [`holds`] | backup sets that are on hold |
//! | [`alarms`] | the recorded alarms |
//! | [`channels`], [`notices`] | the receivers of notices of alarms, and the outbox |
//! | [`strategies`], [`strategy_runs`] | backup strategies, and the result of each due time |
//! | [`standings`], [`backup_failures`] | the backup status of clusters, and the failed backups |
//! | [`protection`] | the age of all last backups |
//! | [`queue`], `measured` | the number of tasks; the measurements of this program |
//! | [`tasks`], [`task_queue`] | durable tasks for users; queued tasks |
//! | [`signing_keys`] | the sealed key that signs dumps, and the known public keys |
//! | [`submissions`] | the tasks of orders with an idempotency key |
//! | [`task_secrets`] | sealed secrets of tasks |
//! | [`journal`] | durable tasks for workers: `engine`'s contract |
//! | [`error`] | the errors, and their messages |
//!
//! [`Metadata`] reads, a [`Transaction`] writes: a use case writes all of its changes or none, together with its line
//! in the audit log and its task.

pub mod alarms;
pub mod audit;
pub mod backup_failures;
pub mod backup_sets;
pub mod channels;
pub mod clusters;
pub mod copy;
pub mod database;
mod dialect;
pub mod error;
pub mod history;
pub mod holds;
pub mod journal;
pub mod log_delays;
pub mod log_gaps;
mod measured;
pub mod notices;
pub mod open;
pub mod passwords;
pub mod protection;
pub mod queue;
pub mod restores;
mod room;
mod schema;
pub mod seal;
pub mod server;
pub mod sessions;
pub mod signing_keys;
mod sql;
pub mod standings;
pub mod storage_uses;
pub mod storages;
pub mod strategies;
pub mod strategy_runs;
pub mod submissions;
mod tables;
pub mod task_queue;
pub mod task_secrets;
pub mod tasks;
pub mod tenant_credentials;
pub mod tenants;
pub mod tokens;
pub mod users;

pub use database::{Listing, Slice, Transaction};
pub use error::Error;
pub use open::Metadata;
pub use server::Server;
