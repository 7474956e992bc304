//! Stored generated columns of MySQL and MariaDB whose values depend on the time zone of the session that wrote a row.
//!
//! These servers record no settings with a generated column, and accept no value for it: a load computes it again, in
//! UTC. So the dump computes it in UTC, too, and compares. Only a TIMESTAMP and a few functions depend on the time
//! zone; other columns are not read.

use std::collections::BTreeMap;

use oceanbase::statement::{identifier, literal};
use oceanbase::{Session, Statement};

use crate::error::{DuringSql as _, Result};
use crate::plan::full_name;
use crate::refusal::is_refusal;

/// The functions that depend on the time zone, besides those of a TIMESTAMP.
const FUNCTIONS: [&str; 2] = ["from_unixtime(", "unix_timestamp("];

/// The columns of system-versioned tables, which the server fills itself.
const ROW_TIMES: [&str; 2] = ["ROW START", "ROW END"];

/// A stored generated column with values that a load does not compute.
pub(super) struct Otherwise {
    pub(super) table: String,
    pub(super) column: String,
    /// The number of such rows; `None` if the server cannot tell.
    pub(super) rows: Option<u64>,
}

/// Finds the columns of a database's tables whose stored values are not those that a load computes.
///
/// # Errors
/// Fails when the server does.
pub(super) async fn otherwise(
    session: &mut Session,
    database: &str,
    is_dumped: impl Fn(&str) -> bool,
) -> Result<Vec<Otherwise>> {
    if session.server().product.is_oceanbase() {
        return Ok(Vec::new()); // it records the settings
    }
    let mut found = Vec::new();
    for (table, column, expression) in dependent(session, database).await? {
        if !is_dumped(&table) {
            continue;
        }
        let full = full_name(database, &table);
        let sql =
            format!("SELECT COUNT(*) FROM {full} WHERE NOT ({} <=> ({expression}))", identifier(&column));
        let rows = match session.rows(&Statement::read(sql).within(crate::LONG_READ)).await {
            Ok(answer) => answer.first().and_then(|row| row.u64(0).ok()),
            Err(error) if is_refusal(&error) => None,
            Err(error) => {
                return Err(error).during(|| format!("compute {full}.{}", identifier(&column)));
            }
        };
        if rows != Some(0) {
            found.push(Otherwise { table, column, rows });
        }
    }
    Ok(found)
}

/// Returns the stored generated columns that may depend on the time zone: table, column and expression.
async fn dependent(session: &mut Session, database: &str) -> Result<Vec<(String, String, String)>> {
    let sql = format!(
        "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, EXTRA, COALESCE(GENERATION_EXPRESSION, '') \
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND (DATA_TYPE = 'timestamp' OR EXTRA LIKE '%GENERATED%') \
         ORDER BY TABLE_NAME, ORDINAL_POSITION",
        literal(database)
    );
    let rows = session.rows(&Statement::read(sql)).await;
    let rows = rows.during(|| format!("list the generated columns of {}", identifier(database)))?;
    let (mut stored, mut moments) = (Vec::new(), BTreeMap::<String, Vec<String>>::new());
    for row in &rows {
        let text = |place: usize| row.str(place).map(str::to_owned);
        let texts = (text(0), text(1), text(2), text(3), text(4));
        let (Ok(table), Ok(column), Ok(kind), Ok(extra), Ok(expression)) = texts else { continue };
        if kind.eq_ignore_ascii_case("timestamp") {
            moments.entry(table.clone()).or_default().push(identifier(&column));
        }
        let is_of_versions = ROW_TIMES.iter().any(|times| times.eq_ignore_ascii_case(expression.trim()));
        if extra.to_ascii_uppercase().contains("STORED GENERATED") && !is_of_versions {
            stored.push((table, column, expression));
        }
    }
    stored.retain(|(table, column, expression)| {
        let own = moments.get(table).map_or(&[][..], Vec::as_slice);
        let lower = expression.to_ascii_lowercase();
        own.iter().any(|moment| expression.contains(moment.as_str()) || *moment == identifier(column))
            || FUNCTIONS.iter().any(|function| lower.contains(function))
    });
    Ok(stored)
}
