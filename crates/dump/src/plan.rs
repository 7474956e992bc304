//! The plan of a dump: fixed before the first row is read, and unchanged after a crash.

use model::backup::BackupObject;
use model::inventory::{Consent, LeftOut};
use model::text::Text;
use model::version::ServerVersion;
use oceanbase::statement::identifier;
use serde::{Deserialize, Serialize};

use crate::column::Column;
use crate::encryption::Recipient;
use crate::error::{Error, Result};
use crate::id::DumpId;
use crate::insert_form::is_literal;
use crate::layout::ObjectKey;
use crate::manifest::TableEntry;
use crate::moment::Moment;

/// The selected databases and tables; none means all. Typed names are first resolved to those of the server or of the
/// dump: only equal names are selected.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Selection(pub Vec<BackupObject>);

impl Selection {
    /// Returns whether the database is dumped, whole or in part.
    #[must_use]
    pub fn has_database(&self, name: &str) -> bool {
        self.is_all() || self.0.iter().any(|object| object.database() == name)
    }

    /// Returns whether everything is dumped.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether all of the database is dumped.
    #[must_use]
    pub fn has_whole_database(&self, name: &str) -> bool {
        let whole =
            |object: &BackupObject| matches!(object, BackupObject::Database(chosen) if chosen == name);
        self.is_all() || self.0.iter().any(whole)
    }

    /// Returns whether the table or view is dumped.
    #[must_use]
    pub fn has_table(&self, database: &str, name: &str) -> bool {
        let chosen = |object: &BackupObject| match object {
            BackupObject::Database(chosen) => chosen == database,
            BackupObject::Table(chosen, table) => chosen == database && table == name,
        };
        self.0.is_empty() || self.0.iter().any(chosen)
    }
}

/// How the rows are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "codec", rename_all = "kebab-case")]
pub enum Compression {
    /// Not at all.
    None,
    /// By lz4: larger than with zstd, but faster.
    Lz4,
    /// By zstd.
    Zstd {
        /// From 1, the fastest, to 19.
        level: i32,
    },
}

impl Default for Compression {
    fn default() -> Self {
        Self::Zstd { level: 1 }
    }
}

impl Compression {
    /// Returns the file extension of a piece.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::None => "sql",
            Self::Lz4 => "sql.lz4",
            Self::Zstd { .. } => "sql.zst",
        }
    }
}

impl std::str::FromStr for Compression {
    type Err = String;

    /// Reads `none`, `lz4`, `zstd` and `zstd:3`.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let wrong = || format!("`{text}` is not none, lz4, zstd, or zstd:1 to zstd:19");
        match text.split_once(':') {
            None if text == "none" => Ok(Self::None),
            None if text == "lz4" => Ok(Self::Lz4),
            None if text == "zstd" => Ok(Self::default()),
            Some(("zstd", level)) => match level.parse() {
                Ok(level @ 1..=19) => Ok(Self::Zstd { level }),
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

/// The plan of a dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of the format.
    pub format: u32,
    /// The dump.
    pub dump: DumpId,
    /// The server that is dumped.
    pub server: ServerVersion,
    /// The identity of the server, if it shows one. Plans of older versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The owner of the data, in the caller's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The SCN of the snapshot.
    pub scn: u64,
    /// The selected objects.
    pub selection: Selection,
    /// What the request agreed to omit.
    #[serde(default, skip_serializing_if = "Consent::is_empty")]
    pub consent: Consent,
    /// How the rows are compressed.
    pub compression: Compression,
    /// The recipients of rows and statements; none if they are not encrypted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<Recipient>,
    /// The databases.
    pub databases: Vec<DatabasePlan>,
    /// What is left out, or may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// What the reader of the log should know: tables read in one go, things left out.
    pub notes: Vec<Text>,
}

/// The planned part of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabasePlan {
    /// Its name.
    pub name: String,
    /// Its tables.
    pub tables: Vec<TablePlan>,
    /// Its views, each after those that it reads.
    pub views: Vec<ViewPlan>,
    /// Its sequences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<String>,
}

/// A view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewPlan {
    /// Its name.
    pub name: String,
    /// The server's error when it is read, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TablePlan {
    /// Its name.
    pub name: String,
    /// The columns whose values are dumped, in order. A generated column is included only if the table has no others.
    pub columns: Vec<Column>,
    /// The columns by which it is split; none if it is read in one go, or by partition.
    pub key: Vec<Column>,
    /// Whether this key is the server's hidden key, which it shows only on request. Its values differ in every
    /// database.
    #[serde(default)]
    pub hidden_key: bool,
    /// The version of the table, to detect a change.
    pub identity: Identity,
    /// Its parts, each of which becomes a piece.
    pub chunks: Vec<Chunk>,
}

/// The identity and version of a table, to detect a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The server's ID of the table, if it shows one.
    pub id: Option<u64>,
    /// The server's IDs of its columns.
    pub columns: Vec<u64>,
    /// The BLAKE3 of its definition without keys.
    pub essence: String,
    /// The server's number of the last change of its definition, if it has one (OceanBase: `schema_version`). It also
    /// grows with changes that do not matter here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

impl Identity {
    /// Returns whether the table still has the same ID, columns and essence; other properties may have changed.
    #[must_use]
    pub fn is_of(&self, now: &Self) -> bool {
        (self.id, &self.columns, &self.essence) == (now.id, &now.columns, &now.essence)
    }
}

/// A part of a table: one piece.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Chunk {
    /// Its partition, if the table is read partition by partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// The key after which it begins, as literals; `None`: at the beginning of the table or partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Vec<String>>,
    /// The last key in it, as literals; `None`: up to the end of the table or partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<Vec<String>>,
}

impl Chunk {
    /// Splits off the part up to and including this key; `self` then begins after the key.
    pub(crate) fn cut_off(&mut self, cut: Vec<String>) -> Self {
        let part = Self { up_to: Some(cut.clone()), ..self.clone() };
        self.after = Some(cut);
        part
    }
}

impl Plan {
    /// Returns the maximum number of pieces.
    #[must_use]
    pub fn pieces(&self) -> u64 {
        self.databases
            .iter()
            .flat_map(|database| &database.tables)
            .map(|table| table.chunks.len() as u64)
            .sum()
    }

    /// Returns how many tables there are.
    #[must_use]
    pub fn tables(&self) -> u64 {
        self.databases.iter().map(|database| database.tables.len() as u64).sum()
    }

    /// Returns the form of the snapshot in queries.
    pub(crate) fn moment(&self) -> Moment {
        Moment::of(&self.server, self.scn)
    }

    /// Checks that every bound of a chunk is a literal for each column of the key. Bounds become part of the queries
    /// that read the source, or the target that is compared.
    ///
    /// # Errors
    /// [`Error::Damaged`] if a bound is anything else: then the plan is forged.
    pub(crate) fn check_bounds(&self) -> Result<()> {
        for database in &self.databases {
            for table in &database.tables {
                let bounds = table.chunks.iter().flat_map(|chunk| [&chunk.after, &chunk.up_to]).flatten();
                if let Some(bound) = bounds.into_iter().find(|bound| !is_key(&table.key, bound)) {
                    let table = full_name(&database.name, &table.name);
                    let why = format!("a chunk of {table} ends at something that is not a key: {bound:?}");
                    return Err(Error::Damaged { path: ObjectKey::Plan.path(), why });
                }
            }
        }
        Ok(())
    }

    /// Finds a table.
    #[must_use]
    pub fn table(&self, database: &str, table: &str) -> Option<&TablePlan> {
        let database = self.databases.iter().find(|plan| plan.name == database)?;
        database.tables.iter().find(|plan| plan.name == table)
    }
}

/// Returns whether a bound has one literal for each column of the key.
fn is_key(key: &[Column], bound: &[String]) -> bool {
    bound.len() == key.len()
        && key.iter().zip(bound).all(|(column, text)| is_literal(column.form, text.as_bytes()))
}

/// Finds the plan of a table in the manifest.
///
/// # Errors
/// Fails if plan and manifest do not match.
pub(crate) fn planned<'p>(plan: &'p Plan, database: &str, table: &TableEntry) -> Result<&'p TablePlan> {
    let found = plan.table(database, &table.name).filter(|plan| plan.chunks.len() == table.pieces.len());
    found.ok_or_else(|| Error::Damaged {
        path: ObjectKey::Plan.path(),
        why: format!("it does not fit the manifest at {}", full_name(database, &table.name)),
    })
}

/// Returns the quoted full name of a table.
pub fn full_name(database: &str, table: &str) -> String {
    format!("{}.{}", identifier(database), identifier(table))
}

#[cfg(test)]
mod tests {
    use model::backup::BackupObject;

    use super::{Chunk, Compression, DatabasePlan, Identity, Plan, Selection, TablePlan};
    use crate::column::{Column, Form};
    use crate::error::Error;

    #[test]
    fn a_bound_is_one_literal_for_each_column_of_the_key() {
        let column = |name: &str, form| Column { name: name.to_owned(), form };
        let key = vec![column("a", Form::Number), column("b", Form::Text)];
        let server = model::version::ServerVersion::identify("10.11.19-MariaDB", "Debian 12").expect("known");
        let values = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
        let plan = |after: &[&str], up_to: &[&str]| {
            let chunk = Chunk { partition: None, after: Some(values(after)), up_to: Some(values(up_to)) };
            let identity = Identity { id: None, columns: vec![], essence: String::new(), version: None };
            let table = TablePlan {
                name: "t".to_owned(),
                columns: key.clone(),
                key: key.clone(),
                hidden_key: false,
                identity,
                chunks: vec![Chunk::default(), chunk],
            };
            Plan {
                format: crate::FORMAT,
                dump: "d1".parse().expect("an id"),
                server: server.clone(),
                origin: None,
                owner: None,
                scn: 1,
                selection: Selection::default(),
                compression: Compression::None,
                recipients: vec![],
                consent: super::Consent::default(),
                databases: vec![DatabasePlan {
                    name: "d".to_owned(),
                    tables: vec![table],
                    views: Vec::new(),
                    sequences: Vec::new(),
                }],
                left_out: vec![],
                notes: vec![],
            }
        };
        for fine in
            [["1", "'x'"], ["-12.50", "''"], ["1e10", "'it\\'s; --'"], ["1", "0xFF"], ["NULL", "'订'"]]
        {
            assert!(plan(&fine, &fine).check_bounds().is_ok(), "{fine:?}");
        }
        let fine = ["1", "'x'"];
        for forged in [
            &["1) OR sleep(9) OR (1", "'x'"][..],
            &["1", "'x' OR 1"],
            &["1", "'x' --"],
            &["1", "x.b"],
            &["(SELECT 1)", "'x'"],
            &["1", "'x''"],
            &["1", "'x\\'"],
            &["", "'x'"],
            &["1", "DEFAULT"],
            &["1"],
            &["1", "'x'", "2"],
            &[],
        ] {
            for plan in [plan(forged, &fine), plan(&fine, forged)] {
                let refused = plan.check_bounds();
                assert!(
                    matches!(&refused, Err(Error::Damaged { path, .. }) if path == "plan.json"),
                    "{forged:?}"
                );
            }
        }
    }

    #[test]
    fn what_was_chosen_is_taken_and_nothing_else() {
        let all = Selection::default();
        assert!(all.has_database("a") && all.has_table("a", "t"));
        let some = Selection(vec![
            BackupObject::Database("Shop".to_owned()),
            BackupObject::Table("hr".to_owned(), "People".to_owned()),
        ]);
        for (database, table, expected) in [
            ("Shop", "t", true),
            ("shop", "t", false),
            ("hr", "People", true),
            ("hr", "people", false),
            ("hr", "t", false),
            ("x", "People", false),
        ] {
            assert_eq!(some.has_table(database, table), expected, "{database}.{table}");
        }
        assert!(some.has_database("hr") && !some.has_database("x"));
    }

    #[test]
    fn a_compression_is_read_or_refused() {
        assert_eq!("zstd".parse(), Ok(Compression::Zstd { level: 1 }));
        assert_eq!("zstd:9".parse(), Ok(Compression::Zstd { level: 9 }));
        assert_eq!("none".parse(), Ok(Compression::None));
        assert_eq!("lz4".parse(), Ok(Compression::Lz4));
        for bad in ["", "zstd:", "zstd:0", "zstd:20", "gzip", "none:1", "lz4:1"] {
            assert!(bad.parse::<Compression>().is_err(), "{bad}");
        }
    }
}
