//! Our own database: the stored data of Lifeboat. SQL is here and nowhere else; decisions are not here.
//!
//! | file | what it holds |
//! |---|---|
//! | [`open`] | the data directory: its lock, its key, its schema |
//! | [`server`], `schema` | a database on a server, for several Lifeboats at once |
//! | `room` | room on the disk of the data directory, and a reserve there |
//! | [`copy`] | a copy of everything, and putting one back |
//! | [`database`] | transactions, and what SQL takes and gives |
//! | `dialect` | what one database spells otherwise than another |
//! | [`seal`] | secrets, sealed to the row they belong to |
//! | [`users`], [`passwords`], [`sessions`], [`audit`] | who may do what, who is logged on, who did what |
//! | [`clusters`], [`tenants`] | what was taken over |
//! | [`tenant_credentials`] | who logs on to the tenants to read their data |
//! | [`storages`], [`backup_sets`], [`restores`] | the storages of backups, the backup sets, their recoveries |
//! | [`strategies`], [`strategy_runs`] | what is backed up regularly, and what became of each due time |
//! | [`standings`], [`backup_failures`] | how backups stand, and which of the newest failed |
//! | [`protection`] | how recently everything was backed up |
//! | [`queue`], `measured` | how many tasks there are; what this program measured |
//! | [`tasks`] | durable tasks as people look at them |
//! | [`signing_keys`] | the key that dumps are signed with, sealed, and the public keys that are known |
//! | [`submissions`] | which order made which task, for orders that are sent again |
//! | [`task_secrets`] | secrets that tasks carry, sealed |
//! | [`journal`] | durable tasks as workers run them: `engine`'s contract |
//! | [`error`] | what can go wrong, in words |
//!
//! Reading is done with [`Metadata`], writing with a [`Transaction`]: a use case writes all of its changes or none,
//! with its line in the audit log and its task.

pub mod audit;
pub mod backup_failures;
pub mod backup_sets;
pub mod clusters;
pub mod copy;
pub mod database;
mod dialect;
pub mod error;
pub mod journal;
pub mod log_delays;
pub mod log_gaps;
mod measured;
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
