//! The location of every object of a dump. No other code joins the parts of a path.

use std::fmt::Write as _;

use crate::id::DumpId;
use crate::signing::Purpose;

/// The folder of objects that exist only until the dump is complete.
const RECEIPTS: &str = "receipts";

/// The longest encoded name in a path; file systems end at 255 bytes, and the storage may add to it.
const NAME_MAX_BYTES: usize = 200;

/// An object of a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectKey<'a> {
    /// The plan of the dump and its snapshot; written first.
    Plan,
    /// The content of the dump; written last. Without it, there is no backup.
    Manifest,
    /// The statement that creates a database.
    Database { database: &'a str },
    /// The statements that create a database's tables.
    Tables { database: &'a str },
    /// The statements that create a database's sequences.
    Sequences { database: &'a str },
    /// The statements that create a database's views.
    Views { database: &'a str },
    /// The statements that create a database's procedures, functions, triggers, events and outlines.
    Code { database: &'a str },
    /// The statements that create users and roles.
    Accounts,
    /// The statements that give users and roles their privileges.
    Grants,
    /// Rows of a table.
    Piece { database: &'a str, table: &'a str, number: u32, extension: &'a str },
    /// Reports that pieces are finished: numbered by their writer, so that no other overwrites them.
    PieceReceipts { writer: u64, number: u32 },
    /// Reports that the schema is finished.
    SchemaReceipt,
    /// Lists the tables that are left out because their rows cannot be read.
    LostReceipt,
    /// Lists the databases whose tables may have been exchanged while they were read.
    DoubtReceipt,
}

impl<'a> ObjectKey<'a> {
    /// Returns the path below the dump's folder.
    pub(crate) fn path(&self) -> String {
        match *self {
            Self::Plan => "plan.json".to_owned(),
            Self::Manifest => "manifest.json".to_owned(),
            Self::Database { database } => format!("schema/{}/database.sql", encoded(database)),
            Self::Tables { database } => format!("schema/{}/tables.sql", encoded(database)),
            Self::Sequences { database } => format!("schema/{}/sequences.sql", encoded(database)),
            Self::Views { database } => format!("schema/{}/views.sql", encoded(database)),
            Self::Code { database } => format!("schema/{}/code.sql", encoded(database)),
            // No database's folder has such a name: its dot would be encoded.
            Self::Accounts => "schema/accounts.sql".to_owned(),
            Self::Grants => "schema/grants.sql".to_owned(),
            Self::Piece { database, table, number, extension } => {
                format!("data/{}/{}/{number:06}.{extension}", encoded(database), encoded(table))
            }
            Self::PieceReceipts { writer, number } => {
                format!("{RECEIPTS}/data/{writer:016x}-{number:06}.json")
            }
            Self::SchemaReceipt => format!("{RECEIPTS}/schema.json"),
            Self::LostReceipt => format!("{RECEIPTS}/left-out.json"),
            Self::DoubtReceipt => format!("{RECEIPTS}/in-doubt.json"),
        }
    }

    /// Returns the label of the object that its signature covers; none for one that is not sealed.
    pub(crate) fn purpose(&self, dump: &'a DumpId) -> Option<Purpose<'a>> {
        let kind = match self {
            Self::Plan => "plan",
            Self::Manifest => "manifest",
            Self::PieceReceipts { .. } => "receipt",
            Self::SchemaReceipt => "schema-receipt",
            Self::LostReceipt => "left-out-receipt",
            Self::DoubtReceipt => "in-doubt-receipt",
            // Listed one by one: a new object needs a decision.
            Self::Database { .. }
            | Self::Tables { .. }
            | Self::Sequences { .. }
            | Self::Views { .. }
            | Self::Code { .. }
            | Self::Accounts
            | Self::Grants
            | Self::Piece { .. } => return None,
        };
        Some(Purpose { kind, dump: dump.as_str() })
    }

    /// Returns the path below the dump's folder of an object that is encrypted.
    pub(crate) fn encrypted_path(&self) -> String {
        format!("{}.age", self.path())
    }

    /// Returns the path below the location that holds the dumps.
    pub(crate) fn key(&self, dump: &DumpId) -> String {
        format!("{dump}/{}", self.path())
    }
}

/// Returns the folder of a dump's receipts, below the location that holds the dumps.
pub(crate) fn receipts_folder(dump: &DumpId) -> String {
    format!("{dump}/{RECEIPTS}")
}

/// Returns the folder of a table's pieces, below the location that holds the dumps.
pub(crate) fn pieces_folder(dump: &DumpId, database: &str, table: &str) -> String {
    format!("{dump}/data/{}/{}", encoded(database), encoded(table))
}

/// Returns a name as one part of a path: letters, digits, `_` and `-` as they are, all else as `%XX` per byte.
///
/// A name that would become too long ends in a `~` and a hash instead. The plan contains the names, so no reader
/// derives them from a path.
fn encoded(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for &byte in name.as_bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}"); // writing to a String can't fail
        }
    }
    if text.len() > NAME_MAX_BYTES {
        text.truncate(NAME_MAX_BYTES - 17);
        let _ = write!(text, "~{}", &blake3::hash(name.as_bytes()).to_hex()[..16]);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{ObjectKey, encoded};

    #[test]
    fn the_paths_are_the_documented_ones() {
        let dump = "d1".parse().expect("an id");
        let piece = ObjectKey::Piece { database: "shop", table: "a/b", number: 7, extension: "sql.zst" };
        assert_eq!(piece.key(&dump), "d1/data/shop/a%2Fb/000007.sql.zst");
        assert_eq!(ObjectKey::Manifest.key(&dump), "d1/manifest.json");
        assert_eq!(ObjectKey::Tables { database: "订单" }.path(), "schema/%E8%AE%A2%E5%8D%95/tables.sql");
        let receipts = ObjectKey::PieceReceipts { writer: 0xbeef, number: 1 };
        assert_eq!(receipts.path(), "receipts/data/000000000000beef-000001.json");
    }

    #[test]
    fn long_names_stay_different_and_short_enough() {
        let names: BTreeSet<String> = (0..3).map(|i| format!("{}{i}", "订".repeat(70))).collect();
        let paths: BTreeSet<String> = names.iter().map(|name| encoded(name)).collect();
        assert_eq!(paths.len(), names.len());
        assert!(paths.iter().all(|path| path.len() <= 200), "{paths:?}");
    }

    proptest! {
        #[test]
        fn no_name_leads_elsewhere_and_no_two_names_meet(one in any::<String>(), other in any::<String>()) {
            let path = encoded(&one);
            prop_assert!(!path.contains(['/', '.', '\0']));
            prop_assert!(one == other || path != encoded(&other));
        }
    }
}
