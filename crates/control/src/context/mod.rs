//! The base of all other modules of this crate: the caller, the metadata, sessions on clusters and storages, the audit
//! log, errors, pages, and the state that exists in this process only.

pub mod actor;
pub(crate) mod asking;
mod audit;
mod clean_up_troubles;
mod control;
mod endpoints;
pub mod error;
mod health;
mod heartbeat;
mod log_checkpoints;
pub(crate) mod log_on;
mod lookup;
mod order_table;
pub mod page;
mod said;
mod seen;
mod settings;
mod shared;
pub(crate) mod signing;
mod snapshots;
mod troubles;
mod watch_log;
pub(crate) mod words;

pub use actor::{Actor, Means};
pub(crate) use audit::Attempt;
pub(crate) use clean_up_troubles::{CleanUpCheck, CleanUpTrouble, Deletions};
pub use control::{Control, Opened};
pub use error::Error;
pub use heartbeat::Heartbeat;
pub use log_checkpoints::LogCheckpoint;
pub(crate) use order_table::{Conflict, Draft, OrderTable, Taker};
pub use page::{Page, PageAsk};
pub(crate) use seen::{Basis, Seen};
pub use settings::{ConfigurationValue, Settings};
pub(crate) use shared::{Context, open_metadata};
pub(crate) use troubles::{DiskTrouble, Trouble};
pub use watch_log::{WakesBy, Watched};
