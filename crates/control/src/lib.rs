//! What the product does. Whoever asks (REST, the console, the command line) calls one function of one of the
//! modules below with a [`Control`] and an [`Actor`]; permissions and the audit log are their business.
//!
//! | file | what it holds |
//! |---|---|
//! | [`clusters`] | take over, look at, let go of |
//! | [`tenants`] | the tenants of all clusters, and who reads their data |
//! | [`storages`] | the library of storage configurations, and their test |
//! | [`storage_test`] | the test of a storage for one cluster |
//! | [`storage_scan`] | the backup sets that lie in a storage, into the catalogue |
//! | [`backups`] | what can be backed up, Back up Now, what was backed up |
//! | [`log_backups`] | log backup: how it stands, start, stop, pause, resume |
//! | [`compactions`] | major compaction: how it stands, start, clear exceptions |
//! | [`restores`] | recover a backup set |
//! | [`tasks`] | follow and steer what runs |
//! | [`users`] | accounts, log-on, passwords |
//! | [`alarms`] | what is wrong now |
//! | [`audit`] | who did what |
//! | [`health`] | whether this server can do its work |
//! | `flows` | the durable tasks: one file each, its steps in running order |
//! | `asking` | what is shown of a cluster beside what we know |
//! | `watch` | what looks at clusters now and then |
//!
//! A request goes down; values come back up. Nothing calls back.

pub mod actor;
pub mod alarms;
mod asking;
pub mod audit;
pub mod backups;
pub mod clusters;
pub mod compactions;
mod context;
pub mod error;
mod first_start;
mod flows;
pub mod health;
pub mod log_backups;
pub mod page;
pub mod restores;
pub mod signing;
pub mod storage_scan;
pub mod storages;
pub mod tasks;
pub mod tenants;
pub mod users;
mod watch;
mod words;

pub use actor::{Actor, Means};
pub use context::{Control, Opened, Settings};
pub use error::Error;
pub use metadata::Server as MetadataServer;
pub use page::{Page, PageAsk};
