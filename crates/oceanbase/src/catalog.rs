//! The contents of a server: databases, tables, columns, keys, partitions, views, and the statements that create
//! them.
//!
//! From `information_schema`, only columns with the same name on MySQL, MariaDB and OceanBase are read; objects that
//! a server does not have are omitted. Names are returned as the server stores them.

mod account;
mod code;
mod databases;
mod definition;
mod inner;
mod innodb;
mod recorded;
mod role;
mod serial;
mod stray;

use std::collections::BTreeMap;

pub use account::{Account, PUBLIC_ROLE, Tls, account_definition, account_grants, accounts, all_accounts};
pub(crate) use code::of_database;
pub use code::{
    Event, Outline, Outlines, Routine, RoutineKind, Trigger, events, outlines, routines, triggers,
};
pub use databases::{all_databases, databases, every_server_has, is_system_database};
pub use definition::{
    Context, Definition, event_definition, routine_definition, trigger_definition, view_definition,
};
pub use inner::{
    MemberColumn, PartitionNames, PartitionValues, TableIdentity, crooked_partition_names, member_columns,
    partition_values, table_identities,
};
pub use innodb::engines_without_snapshot;
pub use recorded::{Recorded, recorded};
pub use role::{Roles, is_of_roles, role_grants};
pub use stray::{StrayGrant, stray_grants};

use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, identifier, literal};

/// The number of columns that describe a MariaDB sequence.
const SEQUENCE_NUMBERS: usize = 8;

/// MySQL's error numbers for a table, view or column that does not exist or that the user may not see.
const NOT_THERE: [u16; 6] = [1146, 1109, 1054, 1142, 1143, 1044];

/// A table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: TableKind,
    /// The server's estimate of the number of rows; outdated or 0 if the server has no statistics.
    pub rows_guess: u64,
    /// The server's estimate of their size in bytes.
    pub bytes_guess: u64,
}

/// The kind of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableKind {
    /// A table with stored rows.
    Base,
    /// A table with stored rows and their former versions (MariaDB).
    SystemVersioned,
    /// A sequence (MariaDB).
    Sequence,
    /// A view.
    View,
    /// Another kind, as the server names it.
    Other(String),
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as declared, such as `varchar(20)`.
    pub column_type: String,
    /// Its character set, if it holds text.
    pub character_set: Option<String>,
    /// Whether the server computes it.
    pub generated: bool,
}

/// A column of a primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyColumn {
    /// Its name.
    pub name: String,
    /// Whether only a prefix of the column belongs to the key.
    pub prefix: bool,
}

/// Returns the tables and views of a database, sorted by name.
///
/// # Errors
/// Fails when the server does.
pub async fn tables(session: &mut Session, database: &str) -> Result<Vec<Table>, Error> {
    let sql = format!(
        "SELECT TABLE_NAME, TABLE_TYPE, TABLE_ROWS, DATA_LENGTH FROM information_schema.TABLES \
         WHERE TABLE_SCHEMA = {} ORDER BY TABLE_NAME",
        literal(database)
    );
    let guess = |row: &Row, column: usize| row.u64(column).unwrap_or(0);
    let table = |row: &Row| {
        let kind = match row.str(1)? {
            "BASE TABLE" => TableKind::Base,
            "VIEW" => TableKind::View,
            "SYSTEM VERSIONED" => TableKind::SystemVersioned,
            "SEQUENCE" => TableKind::Sequence,
            other => TableKind::Other(other.to_owned()),
        };
        Ok(Table {
            name: row.str(0)?.to_owned(),
            kind,
            rows_guess: guess(row, 2),
            bytes_guess: guess(row, 3),
        })
    };
    session.rows(&Statement::read(sql)).await?.iter().map(table).collect()
}

/// Returns the databases whose own name contains a backtick, or that contain a table, column or routine with such a
/// name.
///
/// # Errors
/// Fails when the server does.
pub async fn crooked_databases(session: &mut Session) -> Result<Vec<String>, Error> {
    let sql = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE '%`%' \
               UNION SELECT TABLE_SCHEMA FROM information_schema.COLUMNS WHERE TABLE_NAME LIKE '%`%' OR COLUMN_NAME LIKE '%`%' \
               UNION SELECT ROUTINE_SCHEMA FROM information_schema.ROUTINES WHERE ROUTINE_NAME LIKE '%`%'";
    let rows = session.rows(&Statement::read(sql)).await?;
    rows.iter().map(|row| row.str(0).map(str::to_owned)).collect()
}

/// Returns the columns of all tables of a database, in their order.
///
/// # Errors
/// Fails when the server does.
pub async fn columns(session: &mut Session, database: &str) -> Result<BTreeMap<String, Vec<Column>>, Error> {
    let sql = format!(
        "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, CHARACTER_SET_NAME, EXTRA FROM information_schema.COLUMNS \
         WHERE TABLE_SCHEMA = {} ORDER BY TABLE_NAME, ORDINAL_POSITION",
        literal(database)
    );
    grouped(session, sql, |row| {
        let extra = row.maybe_str(4)?.unwrap_or_default().to_ascii_uppercase();
        Ok(Column {
            name: row.str(1)?.to_owned(),
            column_type: row.str(2)?.to_owned(),
            character_set: row.maybe_str(3)?.map(str::to_owned),
            // Not `DEFAULT_GENERATED`: MySQL's mark for a default that is an expression.
            generated: ["VIRTUAL", "STORED GENERATED", "PERSISTENT"].iter().any(|word| extra.contains(word)),
        })
    })
    .await
}

/// Returns the columns of the primary keys of a database's tables.
///
/// # Errors
/// Fails when the server does.
pub async fn primary_keys(
    session: &mut Session,
    database: &str,
) -> Result<BTreeMap<String, Vec<KeyColumn>>, Error> {
    let sql = format!(
        "SELECT TABLE_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS \
         WHERE TABLE_SCHEMA = {} AND INDEX_NAME = 'PRIMARY' ORDER BY TABLE_NAME, SEQ_IN_INDEX",
        literal(database)
    );
    grouped(session, sql, |row| {
        Ok(KeyColumn { name: row.str(1)?.to_owned(), prefix: row.maybe_str(2)?.is_some() })
    })
    .await
}

/// Returns the names of the keys of a database's tables, including primary keys.
///
/// # Errors
/// Fails when the server does.
pub async fn key_names(
    session: &mut Session,
    database: &str,
) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let sql = format!(
        "SELECT DISTINCT TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {}",
        literal(database)
    );
    grouped(session, sql, |row| row.str(1).map(str::to_owned)).await
}

/// Returns the names of the foreign keys of a database's tables.
///
/// # Errors
/// Fails when the server does.
pub async fn foreign_key_names(
    session: &mut Session,
    database: &str,
) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let sql = format!(
        "SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS \
         WHERE TABLE_SCHEMA = {} AND CONSTRAINT_TYPE = 'FOREIGN KEY'",
        literal(database)
    );
    grouped(session, sql, |row| row.str(1).map(str::to_owned)).await
}

/// Returns the partitions of a database's partitioned tables; for a subpartitioned table, its subpartitions.
///
/// # Errors
/// Fails when the server does.
pub async fn partitions(
    session: &mut Session,
    database: &str,
) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let sql = format!(
        "SELECT TABLE_NAME, COALESCE(SUBPARTITION_NAME, PARTITION_NAME) FROM information_schema.PARTITIONS \
         WHERE TABLE_SCHEMA = {} AND PARTITION_NAME IS NOT NULL \
         ORDER BY TABLE_NAME, PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION",
        literal(database)
    );
    grouped(session, sql, |row| row.str(1).map(str::to_owned)).await
}

/// Returns the tables and views that each view of a database reads, as `(database, name)`. Views whose tables no
/// longer exist are missing. Empty on a server that does not record this.
///
/// # Errors
/// Fails when the server does.
pub async fn view_uses(
    session: &mut Session,
    database: &str,
) -> Result<BTreeMap<String, Vec<(String, String)>>, Error> {
    let sql = format!(
        "SELECT VIEW_NAME, TABLE_SCHEMA, TABLE_NAME FROM information_schema.VIEW_TABLE_USAGE WHERE VIEW_SCHEMA = {}",
        literal(database)
    );
    let uses = grouped(session, sql, |row| Ok((row.str(1)?.to_owned(), row.str(2)?.to_owned()))).await;
    Ok(if_there(uses)?.unwrap_or_default())
}

/// Returns the query of a view, which names all tables with their databases; `None` if the server does not show it.
///
/// # Errors
/// Fails when the server does.
pub async fn view_query(session: &mut Session, database: &str, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let sql = format!(
        "SELECT VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}",
        literal(database),
        literal(name)
    );
    let rows = if_there(session.rows(&Statement::read(sql)).await)?.unwrap_or_default();
    Ok(rows.first().and_then(|row| row.bytes(0)).filter(|query| !query.is_empty()).map(<[u8]>::to_vec))
}

/// Returns the statement that creates a table, as bytes: a binary default in it may not be UTF-8.
///
/// # Errors
/// Fails when there is no such table, or the server does.
pub async fn table_definition(session: &mut Session, database: &str, table: &str) -> Result<Vec<u8>, Error> {
    definition(session, &format!("TABLE {}.{}", identifier(database), identifier(table))).await
}

/// Returns the statement that creates a MariaDB sequence, and the one that sets all its numbers, such as the next
/// value and the cycle count. `SETVAL` cannot set a lower value.
///
/// # Errors
/// Fails when there is no such sequence, or the server does.
pub async fn sequence_definition(
    session: &mut Session,
    database: &str,
    name: &str,
) -> Result<(Vec<u8>, String), Error> {
    let full = format!("{}.{}", identifier(database), identifier(name));
    let text = definition(session, &format!("SEQUENCE {full}")).await?;
    let ask = Statement::read(format!(
        "SELECT next_not_cached_value, minimum_value, maximum_value, start_value, increment, cache_size, cycle_option, cycle_count \
         FROM {full}"
    ));
    let rows = session.rows(&ask).await?;
    let row = rows.first().ok_or_else(|| Error::no_rows(&ask))?;
    let numbers = (0..SEQUENCE_NUMBERS).map(|column| row.str(column)).collect::<Result<Vec<_>, _>>()?;
    Ok((text, format!("INSERT INTO {} VALUES ({})", identifier(name), numbers.join(","))))
}

/// Returns the statement that creates a database.
///
/// # Errors
/// Fails when there is no such database, or the server does.
pub async fn database_definition(session: &mut Session, database: &str) -> Result<Vec<u8>, Error> {
    definition(session, &format!("DATABASE {}", identifier(database))).await
}

async fn definition(session: &mut Session, object: &str) -> Result<Vec<u8>, Error> {
    let statement = Statement::read(format!("SHOW CREATE {object}"));
    let rows = session.rows(&statement).await?;
    let text = rows.first().and_then(|row| row.bytes(1)).map(<[u8]>::to_vec);
    text.ok_or_else(|| Error::no_rows(&statement))
}

/// Returns a session variable as a number; `None` if the server has no such variable.
///
/// # Errors
/// Fails when the server does.
pub async fn variable(session: &mut Session, name: &str) -> Result<Option<u64>, Error> {
    let rows = session.rows(&Statement::read(format!("SHOW VARIABLES LIKE {}", literal(name)))).await?;
    Ok(rows.first().and_then(|row| row.u64(1).ok()))
}

/// Returns `None` if the server does not have or show the object, and other errors unchanged.
fn if_there<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.number().is_some_and(|number| NOT_THERE.contains(&number)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads rows and groups them by their first column.
async fn grouped<T>(
    session: &mut Session,
    sql: String,
    read: impl Fn(&Row) -> Result<T, Error>,
) -> Result<BTreeMap<String, Vec<T>>, Error> {
    let mut groups: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for row in session.rows(&Statement::read(sql)).await? {
        groups.entry(row.str(0)?.to_owned()).or_default().push(read(&row)?);
    }
    Ok(groups)
}
