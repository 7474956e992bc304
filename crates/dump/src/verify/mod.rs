//! Verifies that a dump is complete, and that a database matches it.

mod against;
mod objects;

use model::Problem;
use model::problem::codes;
use storage::Client;

pub(crate) use against::compare;
pub use against::verify_against;
#[cfg(test)]
pub(crate) use objects::contradictions;
pub use objects::verify;

use crate::archive::{Archive, OpenManifest};
use crate::error::Result;
use crate::id::DumpId;
use crate::manifest::Manifest;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What is wrong; empty if all is well.
    pub findings: Vec<Finding>,
    /// How many objects, or pieces of tables, were checked.
    pub checked: u64,
    /// How many tables were compared with a database; 0 if only the dump was checked.
    pub tables: u64,
    /// How many bytes were read.
    pub bytes: u64,
    /// How many rows the dump or the database holds.
    pub rows: u64,
}

impl Report {
    /// Returns whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// An object is missing.
    Missing {
        /// Its path below the dump.
        path: String,
    },
    /// An object differs from what was written.
    Damaged {
        /// Its path below the dump.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A foreign object is in the dump's folder.
    Foreign {
        /// Its path below the dump.
        path: String,
    },
    /// A table of the dump is not in the database, or can't be read in the same parts.
    TableMissing {
        /// The table, in the database's names.
        table: String,
        /// The server's message.
        why: String,
    },
    /// A part of a table has other rows than the dump.
    RowsDiffer {
        /// The table, in the database's names.
        table: String,
        /// Which piece.
        piece: u32,
        /// How many rows the dump has in it.
        expected: u64,
        /// How many the database has.
        found: u64,
    },
}

impl Finding {
    /// Returns the table in the database that it is about.
    pub(crate) fn table(&self) -> Option<&str> {
        match self {
            Self::RowsDiffer { table, .. } | Self::TableMissing { table, .. } => Some(table),
            _ => None,
        }
    }

    /// Returns the table whose rows differ.
    pub(crate) fn differing_table(&self) -> Option<&str> {
        match self {
            Self::RowsDiffer { table, .. } => Some(table),
            _ => None,
        }
    }

    /// Returns the finding as a message for users.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let outside = |id| Problem::outside(id).coded(codes::BACKUP_UNREADABLE);
        match self {
            Self::Missing { path } => outside("verify-object-missing").with("path", path),
            Self::Damaged { path, why } => outside("dump-damaged").with("path", path).with("why", why),
            Self::Foreign { path } => outside("verify-object-foreign").with("path", path),
            Self::TableMissing { table, why } => {
                outside("verify-table-missing").with("table", table).with("why", why)
            }
            Self::RowsDiffer { table, piece, expected, found } => outside("verify-rows-differ")
                .with("table", table)
                .with("piece", piece)
                .with("expected", expected)
                .with("found", found),
        }
    }
}

/// Reads the manifest of a finished dump.
///
/// # Errors
/// [`crate::Error::NotFinished`] if there is none, [`crate::Error::Damaged`] if it differs from what was written, and
/// [`crate::Error::Altered`] if its signature does not match.
pub async fn read_manifest(client: &Client, dump: &DumpId) -> Result<Manifest> {
    Archive::new(client, dump).require_manifest().await
}

/// Reads the manifest of a finished dump, and its origin.
///
/// # Errors
/// As [`read_manifest`].
pub async fn open_manifest(client: &Client, dump: &DumpId) -> Result<OpenManifest> {
    Archive::new(client, dump).open_manifest().await
}
