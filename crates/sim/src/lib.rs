//! A simulated OceanBase cluster that speaks the MySQL protocol.
//!
//! Any client of OceanBase's backup views and statements can be tested against it, unchanged: it is bent to
//! none of them and shares no code with ours. Where it lacks something it answers an error and logs a gap.
//!
//! A statement comes in through `wire`, is parsed by `sql`, and `session` decides who answers: SELECTs run on an
//! embedded engine over tables that mirror the documented views; ALTER SYSTEM goes to `gen3` or `gen4`, which change
//! the `world`. The world is a state machine: it is given the time, and everything that was due until then happens
//! before the statement is answered.

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
