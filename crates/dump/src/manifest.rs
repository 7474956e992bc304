//! The contents of a dump: receipts during the dump, the manifest at its end.

use model::Timestamp;
use model::backup::BackupObject;
use model::inventory::{Consent, LeftOut, is_partial};
use model::naming::Held;
use model::text::Text;
use model::version::ServerVersion;
use oceanbase::statement::identifier;
use serde::{Deserialize, Serialize};

use crate::blocks::BlockHasher;
use crate::checksum::Checksum;
use crate::encryption::Recipient;
use crate::error::{Error, Result};
use crate::id::DumpId;
use crate::layout::ObjectKey;
use crate::plan::{Compression, Selection, full_name};

/// An object of the dump, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectEntry {
    /// Its path below the dump's folder.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// The BLAKE3 of its bytes.
    pub blake3: String,
    /// The hashes of its blocks of 4 MiB, which together yield `blake3`; none if it is a single block, or if an older
    /// Lifeboat wrote it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<String>,
}

impl ObjectEntry {
    /// Describes an object by its bytes.
    pub(crate) fn of(path: String, bytes: &[u8]) -> Self {
        let mut hasher = BlockHasher::new();
        hasher.update(bytes);
        let (blake3, blocks) = hasher.finish();
        Self { path, bytes: bytes.len() as u64, blake3, blocks }
    }
}

/// The ID of the note on a foreign key whose other table does not exist in the source either.
pub(crate) const DANGLING: &str = "dump-foreign-key-dangling";

/// How the IDs of the notes on what a load needs beside the dump begin.
const NEEDS: &str = "dump-needs-";

/// A finished piece; alone it is the receipt of that piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The number of its chunk in the table's plan, from 1.
    pub number: u32,
    /// How many rows it holds.
    pub rows: u64,
    /// Their checksum.
    pub checksum: Checksum,
    /// The length of the text before compression, in bytes.
    pub raw_bytes: u64,
    /// The bytes of its longest statement: the target of a load must accept packets of this size.
    pub longest_statement: u64,
    /// The object; none when there are no rows.
    pub object: Option<ObjectEntry>,
    /// What the reader of the log should know of its values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text>,
}

/// A table of the dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// Their checksum.
    pub checksum: Checksum,
    /// Its pieces in order, one for each chunk of its plan.
    pub pieces: Vec<Piece>,
}

impl TableEntry {
    /// Describes a table by its pieces.
    pub(crate) fn of(name: &str, pieces: Vec<Piece>) -> Self {
        let mut checksum = Checksum::default();
        pieces.iter().for_each(|piece| checksum.add(piece.checksum));
        Self { name: name.to_owned(), rows: sum(pieces.iter().map(|piece| piece.rows)), checksum, pieces }
    }

    /// Returns how many bytes its rows take in the storage.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        sum(self.pieces.iter().filter_map(|piece| piece.object.as_ref()).map(|object| object.bytes))
    }
}

/// A database of the dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseEntry {
    /// Its name.
    pub name: String,
    /// Its tables.
    pub tables: Vec<TableEntry>,
    /// Its views that work.
    pub views: Vec<String>,
    /// Its views that did not work when they were dumped. They are stored as comments and not created by a load.
    pub broken_views: Vec<String>,
    /// Its sequences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<String>,
    /// Its procedures, functions, triggers, events and outlines.
    #[serde(default)]
    pub code: Vec<CodeEntry>,
}

/// A procedure, function, trigger, event or outline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeEntry {
    /// `procedure`, `function`, `trigger`, `event` or `outline`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The account whose privileges it has, as the source spells it; empty for an outline.
    pub definer: String,
}

/// How much a dump holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Tables.
    pub tables: u64,
    /// Rows.
    pub rows: u64,
    /// Bytes of all objects but the manifest itself.
    pub bytes: u64,
    /// Bytes of the rows as SQL, before compression.
    pub raw_bytes: u64,
}

/// The content of a complete dump. Written last: without it, a dump is not a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the format.
    pub format: u32,
    /// The dump.
    pub dump: DumpId,
    /// The server that was dumped.
    pub server: ServerVersion,
    /// The owner of the data, in the caller's words. It reveals a dump that was copied to another owner's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The SCN of its snapshot.
    pub scn: u64,
    /// The same as a time.
    pub taken: Timestamp,
    /// When the dump was complete.
    pub finished: Timestamp,
    /// How the rows are compressed.
    pub compression: Compression,
    /// The recipients of rows and statements; none if they are not encrypted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<Recipient>,
    /// The plan.
    pub plan: ObjectEntry,
    /// The files with the statements that create databases, tables and views.
    pub schema: Vec<ObjectEntry>,
    /// The databases with their tables.
    pub databases: Vec<DatabaseEntry>,
    /// The users and roles, as `'user'@'host'`; only a dump of the whole server has them.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// What the request agreed to omit.
    #[serde(default, skip_serializing_if = "Consent::is_empty")]
    pub consent: Consent,
    /// What the server has, or may have, but the dump does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// The totals.
    pub totals: Totals,
    /// What the reader of the log should know.
    pub notes: Vec<Text>,
}

impl DatabaseEntry {
    /// Returns the names of its tables, views and sequences.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        let others = self.views.iter().chain(&self.broken_views).chain(&self.sequences).map(String::as_str);
        self.tables.iter().map(|table| table.name.as_str()).chain(others)
    }
}

impl Manifest {
    /// Returns whether the dump left something out without consent.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        is_partial(&self.left_out)
    }

    /// Returns the names of all tables and views, by database: what can be recovered.
    #[must_use]
    pub fn held(&self) -> Held {
        let names = |entry: &DatabaseEntry| entry.objects().map(str::to_owned).collect();
        self.databases.iter().map(|entry| (entry.name.clone(), names(entry))).collect()
    }

    /// Returns the notes on what a load of this selection needs beside the dump.
    pub fn needs<'a>(&'a self, selection: &'a Selection, with_code: bool) -> impl Iterator<Item = &'a Text> {
        let concerns = move |note: &&Text| match note.id.as_str() {
            "dump-needs-grant" | "dump-needs-grant-table" => with_code && selection.is_all(),
            id if id.starts_with(NEEDS) || id == DANGLING => {
                let name = note.args.get("table").or_else(|| note.args.get("name"));
                let is_of = |object: &BackupObject| match object {
                    BackupObject::Database(database) => {
                        name.is_some_and(|name| name.starts_with(&format!("{}.", identifier(database))))
                    }
                    BackupObject::Table(database, table) => name == Some(&full_name(database, table)),
                };
                (with_code || id != "dump-needs-code")
                    && (selection.is_all() || selection.0.iter().any(is_of))
            }
            _ => false,
        };
        self.notes.iter().filter(concerns)
    }

    /// Returns all tables with the names of their databases.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &TableEntry)> {
        self.databases
            .iter()
            .flat_map(|database| database.tables.iter().map(move |table| (database.name.as_str(), table)))
    }

    /// Returns the chosen tables with the names of their databases.
    pub fn tables_of(&self, selection: &Selection) -> impl Iterator<Item = (&str, &TableEntry)> {
        self.tables().filter(|(database, table)| selection.has_table(database, &table.name))
    }

    /// Returns all objects but the manifest itself.
    pub fn objects(&self) -> impl Iterator<Item = &ObjectEntry> {
        self.with_pieces_of(self.tables())
    }

    /// Returns the objects that are read when these tables are loaded.
    pub fn objects_of(&self, selection: &Selection) -> impl Iterator<Item = &ObjectEntry> {
        self.with_pieces_of(self.tables_of(selection))
    }

    fn with_pieces_of<'a>(
        &'a self,
        tables: impl Iterator<Item = (&'a str, &'a TableEntry)>,
    ) -> impl Iterator<Item = &'a ObjectEntry> {
        let pieces = tables.flat_map(|(_, table)| &table.pieces).filter_map(|piece| piece.object.as_ref());
        std::iter::once(&self.plan).chain(&self.schema).chain(pieces)
    }

    /// Adds up what the dump holds.
    pub(crate) fn add_up(&self) -> Totals {
        let pieces = || self.tables().flat_map(|(_, table)| &table.pieces);
        Totals {
            tables: self.tables().count() as u64,
            rows: sum(pieces().map(|piece| piece.rows)),
            bytes: sum(self.objects().map(|object| object.bytes)),
            raw_bytes: sum(pieces().map(|piece| piece.raw_bytes)),
        }
    }

    /// Checks that the sums for any selected tables do not overflow: a manifest may be forged.
    ///
    /// # Errors
    /// [`Error::Damaged`] when they are larger than those of any dump.
    pub(crate) fn check_numbers(&self) -> Result<()> {
        let Totals { tables: _, rows, bytes, raw_bytes } = self.add_up();
        if [rows, bytes, raw_bytes].contains(&u64::MAX) {
            let why = "it names more rows or bytes than can be counted".to_owned();
            return Err(Error::Damaged { path: ObjectKey::Manifest.path(), why });
        }
        Ok(())
    }
}

/// Adds numbers, saturating at the largest one.
fn sum(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}
