//! Taking a dump, call by call.

mod accounts;
mod catalogue;
mod closing;
mod code;
mod count;
mod data;
mod definition;
mod exchanged;
mod finish;
mod generated;
mod left_out;
mod lost;
mod names;
mod needs;
mod planning;
mod preflight;
mod question_marks;
mod receipts;
mod restless;
mod resume;
mod schema;
mod schema_receipt;
mod snapshot;
mod survey;
mod together;
mod vanished;
mod views;

pub use data::dump_data;
pub use finish::finish;
pub use preflight::{Preflight, preflight, warnings};
pub use schema::dump_schema;
pub use snapshot::{Snapshot, resume_snapshot, take_or_resume_snapshot, take_snapshot};

use std::time::Duration;

use model::inventory::Consent;

use crate::chunk::ChunkAim;
use crate::encryption::Recipient;
use crate::plan::{Compression, Selection};
use crate::signing::SigningKey;

/// How a dump is taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// What is dumped.
    pub selection: Selection,
    /// What the dump may omit.
    pub consent: Consent,
    /// How the rows are compressed.
    pub compression: Compression,
    /// The recipients of the encryption; none: not encrypted.
    pub recipients: Vec<Recipient>,
    /// How large the pieces become.
    pub chunk: ChunkAim,
    /// The maximum number of connections that read definitions, cuts and rows. On MySQL and MariaDB, they begin their
    /// transactions together.
    pub connections: usize,
    /// The key that signs the dump; `None`: not signed.
    pub signer: Option<SigningKey>,
    /// The owner of the data, in the caller's words; part of the signed manifest. `None` if it is unknown.
    pub owner: Option<String>,
    /// How long writers of MySQL or MariaDB may be blocked while the snapshot is taken; defaults to 5 seconds.
    pub lock_wait: Option<Duration>,
    /// Whether a table that changes meanwhile is left out. Otherwise it fails the dump, which must start over.
    pub leave_out_changed: bool,
}

impl Options {
    fn scope(&self) -> left_out::Scope<'_> {
        left_out::Scope { selection: &self.selection, consent: &self.consent }
    }
}
