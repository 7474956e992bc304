//! Information that OceanBase shows only in its inner tables: its SHOW statements lose it.
//!
//! - The IDs of tables and columns, which distinguish a table from a later one of the same name.
//! - The members of ENUM and SET columns, and the values of partitions: SHOW CREATE TABLE and `information_schema`
//!   print them without escaping quotes and backslashes (seekdb 1.4).

use std::collections::BTreeMap;

use super::{grouped, if_there};
use crate::catalog::serial;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, literal};

/// The identity of a table: it differs for a later table of the same name, and after each change of the definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableIdentity {
    /// The server's ID for it. A re-created table gets another.
    pub id: u64,
    /// A version that changes with its definition.
    pub version: u64,
    /// The IDs of its columns; a column that is dropped and added again gets another.
    pub columns: Vec<u64>,
}

/// An ENUM or SET column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberColumn {
    /// Its name.
    pub name: String,
    /// Its members, in their order.
    pub members: Vec<Vec<u8>>,
    /// Its default: the position of an ENUM member from 1, or one bit for each SET member; `None` for NULL or no
    /// default.
    pub default: Option<u64>,
}

/// The values that define the content of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionValues {
    /// The name of the partition.
    pub partition: String,
    /// Whether it is a subpartition.
    pub sub: bool,
    /// The rows of values; `None` for a value that is not a text.
    pub rows: Vec<Vec<Option<Vec<u8>>>>,
}

/// Returns the identities of a database's tables; `None` if the server does not show them to this user.
///
/// # Errors
/// Fails when the server does.
pub async fn table_identities(
    session: &mut Session,
    database: &str,
) -> Result<Option<BTreeMap<String, TableIdentity>>, Error> {
    if !session.server().product.is_oceanbase() {
        return super::innodb::table_identities(session, database).await;
    }
    let tables = tables(database);
    let sql = format!("SELECT t.table_name, t.table_id, t.schema_version FROM {tables}");
    let Some(found) = ask(session, sql, |row| Ok((row.u64(1)?, row.u64(2)?))).await? else { return Ok(None) };
    let sql = format!(
        "SELECT c.table_id, c.column_id FROM oceanbase.__all_column c \
         WHERE c.is_hidden = 0 AND c.table_id IN (SELECT t.table_id FROM {tables}) ORDER BY c.table_id, c.column_id"
    );
    let Some(mut columns) = ask(session, sql, |row| row.u64(1)).await? else { return Ok(None) };
    let identity = |(name, versions): (String, Vec<(u64, u64)>)| {
        let (id, version) = versions.first().copied()?;
        let columns = columns.remove(&id.to_string()).unwrap_or_default();
        Some((name, TableIdentity { id, version, columns }))
    };
    Ok(Some(found.into_iter().filter_map(identity).collect()))
}

/// Returns the ENUM and SET columns of a database's tables, in their order; `None` if the server does not show them
/// to this user. A column whose members cannot be decoded has none.
///
/// # Errors
/// Fails when the server does.
pub async fn member_columns(
    session: &mut Session,
    database: &str,
) -> Result<Option<BTreeMap<String, Vec<MemberColumn>>>, Error> {
    const ENUM_AND_SET: &str = "32, 33";
    let sql = format!(
        "SELECT t.table_name, c.column_name, c.extended_type_info, c.cur_default_value_v2 \
         FROM {} JOIN oceanbase.__all_column c ON c.table_id = t.table_id \
         WHERE c.data_type IN ({ENUM_AND_SET}) AND c.is_hidden = 0 AND t.table_type = {USER_TABLE} \
         AND d.database_name = {} ORDER BY t.table_name, c.column_id",
        joined_tables(),
        literal(database)
    );
    let found = ask(session, sql, |row| {
        let members = row.bytes(2).and_then(serial::members).unwrap_or_default();
        let default = row.bytes(3).and_then(|text| std::str::from_utf8(text).ok()?.trim().parse().ok());
        Ok(MemberColumn { name: row.str(1)?.to_owned(), members, default })
    });
    let Some(mut found) = found.await? else { return Ok(None) };
    if found.values().any(|columns| columns.len() > 1) {
        for (table, places) in moved_columns(session, database).await? {
            let place = |column: &MemberColumn| places.iter().position(|name| *name == column.name);
            if let Some(columns) = found.get_mut(&table) {
                columns.sort_by_key(place);
            }
        }
    }
    Ok(Some(found))
}

/// Returns the names of all columns, in their order, of those tables whose order differs from that of the IDs: a
/// column was added or moved with FIRST or AFTER.
async fn moved_columns(
    session: &mut Session,
    database: &str,
) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let moved = format!(
        "SELECT DISTINCT t.table_name FROM {} JOIN oceanbase.__all_column c ON c.table_id = t.table_id \
         WHERE c.prev_column_id > c.column_id AND t.table_type = {USER_TABLE} AND d.database_name = {}",
        joined_tables(),
        literal(database)
    );
    let moved = session.rows(&Statement::read(moved)).await?;
    if moved.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names = moved.iter().map(|row| row.str(0).map(literal)).collect::<Result<Vec<_>, _>>()?;
    let sql = format!(
        "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS \
         WHERE TABLE_SCHEMA = {} AND TABLE_NAME IN ({}) ORDER BY TABLE_NAME, ORDINAL_POSITION",
        literal(database),
        names.join(", ")
    );
    grouped(session, sql, |row| row.str(1).map(str::to_owned)).await
}

/// Returns the values of the partitions of a database's tables, in their order; `None` if the server does not show
/// them to this user. Values that cannot be decoded are omitted.
///
/// # Errors
/// Fails when the server does.
pub async fn partition_values(
    session: &mut Session,
    database: &str,
) -> Result<Option<BTreeMap<String, Vec<PartitionValues>>>, Error> {
    let mut all: BTreeMap<String, Vec<PartitionValues>> = BTreeMap::new();
    for (table, prefix, sub) in [
        ("__all_part", "part", false),
        ("__all_sub_part", "sub_part", true),
        ("__all_def_sub_part", "sub_part", true),
    ] {
        let sql = format!(
            "SELECT t.table_name, p.{prefix}_name, p.b_list_val, p.b_high_bound_val \
             FROM {} JOIN oceanbase.{table} p ON p.table_id = t.table_id \
             WHERE t.table_type = {USER_TABLE} AND d.database_name = {} \
             AND (p.b_list_val IS NOT NULL OR p.b_high_bound_val IS NOT NULL) ORDER BY t.table_name, p.{prefix}_idx",
            joined_tables(),
            literal(database)
        );
        let found = ask(session, sql, |row| {
            let rows = match (row.bytes(2), row.bytes(3)) {
                (Some(list), _) if !list.is_empty() => {
                    serial::from_hexadecimal(list).and_then(|v| serial::rows(&v))
                }
                (_, Some(bound)) => serial::from_hexadecimal(bound).and_then(|v| serial::bound(&v)),
                _ => None,
            };
            Ok(rows.map(|rows| (row.str(1).map(str::to_owned), rows)))
        });
        let Some(found) = found.await? else { return Ok(None) };
        for (table, values) in found {
            for (partition, rows) in values.into_iter().flatten() {
                let values = PartitionValues { partition: partition?, sub, rows };
                all.entry(table.clone()).or_default().push(values);
            }
        }
    }
    Ok(Some(all))
}

/// The names of a table's partitions, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartitionNames {
    /// The names of the subpartitions of the template, which are the same in every partition.
    pub template: Vec<String>,
    /// The names of the partitions, each with the names of its own subpartitions.
    pub partitions: Vec<(String, Vec<String>)>,
}

/// Returns the partition names of those tables of a database that have a backtick in a partition name, which SHOW
/// CREATE TABLE does not double. `None` if the server does not show them to this user.
///
/// # Errors
/// Fails when the server does.
pub async fn crooked_partition_names(
    session: &mut Session,
    database: &str,
) -> Result<Option<BTreeMap<String, PartitionNames>>, Error> {
    let crooked = format!(
        "SELECT h.table_id FROM (SELECT table_id FROM oceanbase.__all_part WHERE part_name LIKE '%`%' \
         UNION ALL SELECT table_id FROM oceanbase.__all_sub_part WHERE sub_part_name LIKE '%`%' \
         UNION ALL SELECT table_id FROM oceanbase.__all_def_sub_part WHERE sub_part_name LIKE '%`%') h \
         JOIN {} ON t.table_id = h.table_id WHERE t.table_type = {USER_TABLE} AND d.database_name = {}",
        joined_tables(),
        literal(database)
    );
    let sql = format!(
        "SELECT DISTINCT t.table_name, t.table_id FROM oceanbase.__all_table t WHERE t.table_id IN ({crooked})"
    );
    let Some(tables) = ask(session, sql, |row| row.u64(1)).await? else { return Ok(None) };
    let mut all = BTreeMap::new();
    for (table, ids) in tables {
        let Some(id) = ids.first() else { continue };
        let template = format!(
            "SELECT sub_part_name FROM oceanbase.__all_def_sub_part WHERE table_id = {id} ORDER BY sub_part_idx"
        );
        let template = session.rows(&Statement::read(template)).await?;
        let template: Vec<String> =
            template.iter().map(|row| row.str(0).map(str::to_owned)).collect::<Result<_, _>>()?;
        let sql = format!(
            "SELECT p.part_name, s.sub_part_name FROM oceanbase.__all_part p LEFT JOIN oceanbase.__all_sub_part s \
             ON s.table_id = p.table_id AND s.part_id = p.part_id WHERE p.table_id = {id} ORDER BY p.part_idx, s.sub_part_idx"
        );
        let mut partitions: Vec<(String, Vec<String>)> = Vec::new();
        for row in session.rows(&Statement::read(sql)).await? {
            let name = row.str(0)?.to_owned();
            if partitions.last().is_none_or(|(last, _)| *last != name) {
                partitions.push((name, Vec::new()));
            }
            if let (Some(sub), true, Some(last)) =
                (row.maybe_str(1)?, template.is_empty(), partitions.last_mut())
            {
                last.1.push(sub.to_owned());
            }
        }
        all.insert(table, PartitionNames { template, partitions });
    }
    Ok(Some(all))
}

/// The type number of a user table.
pub(super) const USER_TABLE: u8 = 3;

pub(super) fn joined_tables() -> &'static str {
    "oceanbase.__all_table t JOIN oceanbase.__all_database d ON d.database_id = t.database_id"
}

/// The bit of a table's mode that marks the server's own copy: ALTER TABLE fills it before it takes the table's place.
const HIDDEN_COPY: u16 = 1 << 13;

fn tables(database: &str) -> String {
    let tables = joined_tables();
    format!(
        "{tables} WHERE d.database_name = {} AND t.table_type = {USER_TABLE} AND t.table_mode & {HIDDEN_COPY} = 0",
        literal(database)
    )
}

/// Queries OceanBase; `None` on other servers, and without the privilege.
pub(super) async fn ask<T>(
    session: &mut Session,
    sql: String,
    read: impl Fn(&crate::answer::Row) -> Result<T, Error>,
) -> Result<Option<BTreeMap<String, Vec<T>>>, Error> {
    if !session.server().product.is_oceanbase() {
        return Ok(None);
    }
    if_there(grouped(session, sql, read).await)
}
