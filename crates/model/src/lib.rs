//! The nouns of backup and recovery for OceanBase, the rules about them, and the texts for users.
//!
//! Pure: no I/O, no clock (time is an argument), no async code. All other crates use this one, except `engine`, `sim`
//! and `xtask`.

pub mod ability;
pub mod alarm;
pub mod archive;
pub mod backup;
pub mod backup_set;
pub mod channel;
pub mod cluster;
pub mod compaction;
pub mod egress;
pub mod history;
pub mod id;
pub mod inventory;
pub mod limits;
pub mod log_gap;
pub mod measure;
pub mod method;
pub mod naming;
pub mod near;
pub mod not_made;
pub mod order;
pub mod physical;
pub mod problem;
pub mod recovery;
pub mod recovery_window;
pub mod retention;
pub mod schedule;
pub mod secret;
pub mod size;
pub mod storage;
pub mod storage_use;
pub mod strategy;
pub mod task;
pub mod tenant;
pub mod text;
pub mod time;
pub mod user;
pub mod version;
pub mod visible;

pub use problem::Problem;
pub use secret::Secret;
pub use time::Timestamp;
