//! The query for a snapshot of the data, which differs between servers.
//!
//! OceanBase and seekdb accept a snapshot's number in each query, on any connection. MySQL and MariaDB have no such
//! feature: there a connection sees the snapshot of its own transaction, and connections that must see the same one
//! begin together (`dumping/together.rs`).

use model::version::{Product, ServerVersion};
use oceanbase::statement::identifier;

use crate::column::Column;
use crate::plan::{Chunk, TablePlan, full_name};

/// The snapshot of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The snapshot of an SCN of OceanBase.
    Scn(u64),
    /// The snapshot of the connection's transaction.
    Transaction,
}

impl Moment {
    /// Returns the snapshot `scn` in the form of this server's queries.
    pub(crate) fn of(server: &ServerVersion, scn: u64) -> Self {
        match server.product {
            Product::Oceanbase | Product::Seekdb => Self::Scn(scn),
            Product::Mysql | Product::Mariadb => Self::Transaction,
        }
    }

    /// Returns the text after SELECT. On OceanBase, the hint prevents the use of indexes that are newer than the
    /// snapshot (error 1412); the range of the primary key is used anyway.
    pub(crate) fn hint(self, hidden_key: bool) -> &'static str {
        match self {
            Self::Scn(_) if hidden_key => "/*+ opt_param('hidden_column_visible','true') full(x) */ ",
            Self::Scn(_) => "/*+ full(x) */ ",
            Self::Transaction => "",
        }
    }

    /// Returns the table for FROM, called `x`.
    pub(crate) fn source(self, database: &str, table: &TablePlan, chunk: &Chunk) -> String {
        let name = full_name(database, &table.name);
        let partition = chunk
            .partition
            .as_ref()
            .map_or_else(String::new, |name| format!(" PARTITION({})", identifier(name)));
        match self {
            Self::Scn(scn) => format!("{name}{partition} AS OF SNAPSHOT {scn} x"),
            Self::Transaction if table.key.is_empty() => format!("{name}{partition} x"),
            Self::Transaction => format!("{name}{partition} x FORCE INDEX (PRIMARY)"),
        }
    }

    /// Returns the condition that a row comes after these values of the key, or with `last` not after them.
    ///
    /// OceanBase reads only this part of the table if rows are compared as tuples; MySQL and MariaDB, only if they
    /// are compared column by column.
    pub(crate) fn bound(self, key: &[Column], values: &[String], last: bool) -> String {
        let columns: Vec<String> =
            key.iter().map(|column| format!("x.{}", identifier(&column.name))).collect();
        let sign = if last { "<=" } else { ">" };
        if self != Self::Transaction || key.len() == 1 {
            return format!("({}){sign}({})", columns.join(","), values.join(","));
        }
        let place = |place: usize| {
            let sign = if last && place + 1 < columns.len() { "<" } else { sign };
            let mut parts: Vec<String> =
                (0..place).map(|before| format!("{}={}", columns[before], values[before])).collect();
            parts.push(format!("{}{sign}{}", columns[place], values[place]));
            format!("({})", parts.join(" AND "))
        };
        format!("({})", (0..columns.len()).map(place).collect::<Vec<_>>().join(" OR "))
    }
}
