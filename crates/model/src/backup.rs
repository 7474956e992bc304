//! The content and the form of a backup: methods, modes, objects.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::TenantId;

/// The method of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BackupMethod {
    /// By OceanBase itself, which writes its own files to the storage.
    #[serde(rename = "PHYSICAL_BACKUP")]
    Physical,
    /// By Lifeboat: schema and rows, read at one snapshot.
    #[serde(rename = "LOGICAL_BACKUP")]
    Logical,
}

/// The mode of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DataBackupMode {
    /// All of it.
    #[serde(rename = "FULL_BACKUP")]
    Full,
    /// The changes since the last backup.
    #[serde(rename = "INCREMENTAL_BACKUP")]
    Incremental,
}

/// A part of a tenant that a logical backup can be limited to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BackupObject {
    /// A whole database.
    Database(String),
    /// One table of a database.
    Table(String, String),
}

impl BackupObject {
    /// Returns the database, or the database of the table.
    #[must_use]
    pub fn database(&self) -> &str {
        let (Self::Database(name) | Self::Table(name, _)) = self;
        name
    }
}

impl fmt::Display for BackupObject {
    /// Writes the names in backquotes, as `FromStr` reads them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |name: &str| format!("`{}`", name.replace('`', "``"));
        match self {
            Self::Database(database) => f.write_str(&quoted(database)),
            Self::Table(database, table) => write!(f, "{}.{}", quoted(database), quoted(table)),
        }
    }
}

impl FromStr for BackupObject {
    type Err = MalformedName;

    /// Reads `database` or `database.table`, with or without backquotes, as reports show them.
    fn from_str(text: &str) -> Result<Self, MalformedName> {
        let (database, rest) = name_and_rest(text, true).ok_or(MalformedName)?;
        let Some(rest) = rest else { return Ok(Self::Database(database)) };
        match name_and_rest(rest, false) {
            Some((table, None)) => Ok(Self::Table(database, table)),
            _ => Err(MalformedName),
        }
    }
}

/// A text that names neither a database nor a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedName;

/// Reads a name, and returns the text after its dot. Without backquotes, only the first name ends at a dot.
fn name_and_rest(text: &str, ends_at_dot: bool) -> Option<(String, Option<&str>)> {
    let (name, rest) = match text.strip_prefix('`') {
        Some(quoted) => quoted_and_rest(quoted)?,
        None => {
            let end = if ends_at_dot { text.find('.') } else { None };
            let (name, rest) = text.split_at(end.unwrap_or(text.len()));
            (name.to_owned(), rest)
        }
    };
    let rest = if rest.is_empty() { None } else { Some(rest.strip_prefix('.')?) };
    (!name.is_empty()).then_some((name, rest))
}

/// Reads a name up to its closing backquote; a doubled one belongs to the name.
fn quoted_and_rest(mut text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    loop {
        let (part, rest) = text.split_once('`')?;
        name.push_str(part);
        match rest.strip_prefix('`') {
            None => return Some((name, rest)),
            Some(more) => {
                name.push('`');
                text = more;
            }
        }
    }
}

/// The request of a backup, before the cluster's abilities are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackupWish {
    /// The tenants; none means the whole cluster.
    pub tenants: Vec<TenantId>,
    /// The databases and tables; none means all.
    pub objects: Vec<BackupObject>,
    /// The method, if one was chosen.
    pub method: Option<BackupMethod>,
    /// Full or incremental; full by default.
    pub mode: Option<DataBackupMode>,
}

#[cfg(test)]
mod tests {
    use super::BackupObject::{self, Database, Table};

    #[test]
    fn a_database_or_table_is_named_as_reports_name_it_or_without_quotes() {
        let database = |name: &str| Some(Database(name.to_owned()));
        let table = |database: &str, name: &str| Some(Table(database.to_owned(), name.to_owned()));
        let cases: [(&str, Option<BackupObject>); 13] = [
            ("shop", database("shop")),
            ("shop.orders", table("shop", "orders")),
            ("shop.orders.old", table("shop", "orders.old")),
            ("`shop`.`orders`", table("shop", "orders")),
            ("`a.b`", database("a.b")),
            ("`a.b`.c", table("a.b", "c")),
            ("`a``b`.`c``d`", table("a`b", "c`d")),
            ("shop.`orders`", table("shop", "orders")),
            ("", None),
            ("shop.", None),
            (".orders", None),
            ("`shop", None),
            ("`shop`orders", None),
        ];
        for (text, expected) in cases {
            let read: Option<BackupObject> = text.parse().ok();
            assert_eq!(read, expected, "{text}");
            if let Some(object) = read {
                assert_eq!(object.to_string().parse().ok(), expected, "{text}");
            }
        }
    }
}
