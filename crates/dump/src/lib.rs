//! The logical engine: dumps one snapshot of a database, loads dumps, verifies both.
//!
//! A dump is a sequence of calls. Each can be repeated after a crash and resumes where it stopped. The state is
//! stored at the destination, so the caller keeps only the [`DumpId`]: [`preflight`], [`take_snapshot`]
//! ([`resume_snapshot`] for an interrupted dump), [`dump_schema`], [`dump_data`], [`finish`], then [`verify`]. A load
//! is [`load::check_target`], [`load::create_schema`], [`load::load_data`], [`load::create_indexes`],
//! [`load::verify_data`], [`load::finish`]. For procedures, functions, triggers, users and their privileges, also
//! call [`load::create_routines`] before the indexes and [`load::create_triggers`] at the end.
//!
//! `docs/formats/dump.md` describes what is written, byte by byte.

mod archive;
mod blocks;
mod checksum;
mod choice;
mod chunk;
mod collection;
mod column;
mod crew;
mod ddl;
mod deleting;
mod document;
mod dumping;
mod encode;
mod encryption;
mod error;
#[cfg(test)]
mod fuzz;
mod id;
mod input;
mod insert_form;
mod json;
mod layout;
pub mod load;
mod manifest;
mod moment;
mod number;
mod output;
mod piece;
mod plan;
mod progress;
mod refusal;
mod schema_file;
mod sealed;
mod signing;
mod source;
mod table_settings;
mod typed;
mod typed_query;
mod unwritable;
mod verify;
mod weight;

use std::time::Duration;

pub use archive::OpenManifest;
pub use checksum::Checksum;
pub use choice::Choice;
pub use chunk::ChunkAim;
pub use collection::{Element, Shape};
pub use column::{Column, Form};
pub use deleting::{delete_files, delete_manifest};
pub use dumping::{
    Options, Preflight, Snapshot, dump_data, dump_schema, finish, preflight, resume_snapshot,
    take_or_resume_snapshot, take_snapshot, warnings,
};
pub use encryption::{Identities, NotARecipient, NotIdentities, Recipient};
pub use error::{Error, Holder, Result};
pub use id::{DumpId, NotADumpId};
pub use manifest::{CodeEntry, DatabaseEntry, Manifest, ObjectEntry, Piece, TableEntry, Totals};
pub use plan::{Chunk, Compression, DatabasePlan, Identity, Plan, Selection, TablePlan, ViewPlan, full_name};
pub use progress::{Meter, Progress};
pub use signing::{KnownKeys, NotAPublicKey, NotASigningKey, Origin, PublicKey, SigningKey};
pub use source::{Source, Target};
pub use verify::{Finding, Report, open_manifest, read_manifest, verify, verify_against};

/// The version of the format that is written, and the newest one that is read.
pub const FORMAT: u32 = 1;

/// The timeout of a statement that reads through a table.
const LONG_READ: Duration = Duration::from_secs(3600);

/// The longest pause of the server between rows.
const SILENCE: Duration = Duration::from_secs(600);
