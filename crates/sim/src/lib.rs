//! A simulated OceanBase cluster that speaks the MySQL protocol.
//!
//! Any client of OceanBase's backup views and statements can be tested against it unchanged. It is not adapted to a
//! particular client and shares no code with Lifeboat. If it lacks a feature, it returns an error and logs a gap.
//!
//! A statement arrives in `wire`, is parsed by `sql`, and `session` dispatches it: SELECTs run in an embedded engine
//! over tables that mirror the documented views; ALTER SYSTEM goes to `gen3` or `gen4`, which change the `world`. The
//! world is a state machine: before each statement, it is advanced to the current time, and everything that is due by
//! then happens first.

mod backend;
mod civil;
mod clock;
mod config;
mod control;
mod error;
mod faults;
mod gen3;
mod gen4;
mod media;
mod process;
mod profile;
mod server;
mod session;
mod sql;
mod transcript;
mod wire;
mod world;

pub use config::{Backend, ClusterConfig, Config, ConfigError, TenantConfig, TlsFiles};
pub use faults::{Fault, FaultName};
pub use profile::{Profile, UnknownProfile};
pub use server::{ClusterPorts, Handle, Server};
pub use transcript::Entry;
