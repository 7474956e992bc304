//! Information about the storage of tables on MySQL and MariaDB.

use std::collections::BTreeMap;

use model::version::Product;

use super::{TableIdentity, grouped};
use crate::answer::Row;
use crate::catalog::if_there;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, literal};

/// The server's error number for a missing global privilege.
const SERVER_PRIVILEGE_MISSING: u16 = 1227;

/// The end of the file name of a database or table with a name that Windows reserves, such as `con`.
const RESERVED: &str = "@@@";

/// Returns the identities of a database's InnoDB tables. The ID of a table is the lowest ID of its partitions; a
/// table that is created, truncated or rebuilt gets a new one. Without the privilege PROCESS, it is 0. MariaDB drops
/// and adds columns instantly, which changes no ID: so the creation time in seconds is the version and is added to
/// the columns.
pub(super) async fn table_identities(
    session: &mut Session,
    database: &str,
) -> Result<Option<BTreeMap<String, TableIdentity>>, Error> {
    // InnoDB names tables like their files: `db/a@0020b`, `db/t#P#p0`.
    let sql = format!(
        "SELECT TABLE_NAME, CAST(CONVERT(TABLE_NAME USING filename) AS BINARY), \
         CAST(CONVERT(TABLE_SCHEMA USING filename) AS BINARY), COALESCE(UNIX_TIMESTAMP(CREATE_TIME), 0) \
         FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')",
        literal(database)
    );
    let table = |row: &Row| Ok((row.str(2)?.to_owned(), row.str(1)?.to_owned(), row.u64(3)?));
    let tables = grouped(session, sql, table).await?;
    let Some((folder, ..)) = tables.values().flatten().next().cloned() else {
        return Ok(Some(BTreeMap::new()));
    };
    let parts = part_numbers(session, &folder).await?;
    let identity = |(name, found): (String, Vec<(String, String, u64)>)| {
        let (_, file, changed) = found.into_iter().next()?;
        let mut columns = parts.get(&file).cloned().unwrap_or_default();
        let id = columns.iter().copied().min().unwrap_or(0);
        columns.push(changed);
        Some((name, TableIdentity { id, version: changed, columns }))
    };
    Ok(Some(tables.into_iter().filter_map(identity).collect()))
}

/// Returns the IDs of the partitions of each table in a directory, in the order of their names; empty if they are not
/// shown.
async fn part_numbers(session: &mut Session, folder: &str) -> Result<BTreeMap<String, Vec<u64>>, Error> {
    let view = match session.server().product {
        Product::Mariadb => "INNODB_SYS_TABLES",
        _ => "INNODB_TABLES",
    };
    let folders = [format!("{folder}/"), format!("{folder}{RESERVED}/")];
    let is_in = |folder: &String| format!("LEFT(NAME, {}) = {}", folder.chars().count(), literal(folder));
    let sql = format!(
        "SELECT NAME, TABLE_ID FROM information_schema.{view} WHERE {}",
        folders.each_ref().map(is_in).join(" OR ")
    );
    let numbers = seen(grouped(session, sql, |row| row.u64(1)).await)?.unwrap_or_default();
    let mut parts: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (name, numbers) in numbers {
        let file = folders.iter().find_map(|folder| name.strip_prefix(folder)).unwrap_or(&name);
        let table = ["#P#", "#p#"].iter().find_map(|mark| file.split_once(mark)).map_or(file, |cut| cut.0);
        let table = table.strip_suffix(RESERVED).unwrap_or(table);
        parts.entry(table.to_owned()).or_default().extend(numbers);
    }
    Ok(parts)
}

fn seen<T>(found: Result<T, Error>) -> Result<Option<T>, Error> {
    match found {
        Err(error) if error.number() == Some(SERVER_PRIVILEGE_MISSING) => Ok(None),
        found => if_there(found),
    }
}

/// Returns the tables of a database whose engine does not support snapshots, with the engine. Always empty on
/// OceanBase.
///
/// # Errors
/// Fails when the server does.
pub async fn engines_without_snapshot(
    session: &mut Session,
    database: &str,
) -> Result<BTreeMap<String, String>, Error> {
    if session.server().product.is_oceanbase() {
        return Ok(BTreeMap::new());
    }
    let sql = format!(
        "SELECT t.TABLE_NAME, COALESCE(t.ENGINE, '') FROM information_schema.TABLES t \
         LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE \
         WHERE t.TABLE_SCHEMA = {} AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND COALESCE(e.TRANSACTIONS, 'NO') <> 'YES'",
        literal(database)
    );
    let rows = session.rows(&Statement::read(sql)).await?;
    rows.iter().map(|row| Ok((row.str(0)?.to_owned(), row.str(1)?.to_owned()))).collect()
}
