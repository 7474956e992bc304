//! Runs SELECTs: the tables of a query are copied into an embedded engine, which runs the query.
//!
//! Each query gets a new engine. This costs a fraction of a millisecond and avoids stale data: the same name is a
//! different table in every tenant, and times are shown differently in every session.

use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::functions;
use super::rewrite::{Rewritten, rewrite};
use super::table::{Answer, Column, Kind, Table, Value};
use super::token::Token;
use crate::civil;
use crate::error::SqlError;

/// The facts about the session that functions use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) now_us: i64,
    pub(crate) zone_s: i32,
    pub(crate) sql_version: String,
    pub(crate) version: String,
    pub(crate) database: String,
    pub(crate) user: String,
    pub(crate) tenant: String,
    pub(crate) tenant_id: i64,
    pub(crate) host: String,
    pub(crate) rpc_port: i64,
    pub(crate) connection: u32,
}

/// The environment of a query.
pub(crate) struct Environment<'a> {
    pub(crate) facts: Facts,
    pub(crate) pipes_as_concat: bool,
    pub(crate) user_variables: &'a HashMap<String, Value>,
    pub(crate) system_variable: &'a dyn Fn(&str) -> Option<Value>,
    /// Returns the table of an upper-case name.
    pub(crate) table: &'a dyn Fn(&str) -> Option<Table>,
}

/// Runs a query.
pub(crate) fn run(text: &str, tokens: &[Token], env: &Environment<'_>) -> Result<Answer, SqlError> {
    query(text, tokens, env, true)
}

/// Returns the columns of a query's answer.
pub(crate) fn describe(text: &str, tokens: &[Token], env: &Environment<'_>) -> Result<Vec<Column>, SqlError> {
    Ok(query(text, tokens, env, false)?.columns)
}

fn query(text: &str, tokens: &[Token], env: &Environment<'_>, with_rows: bool) -> Result<Answer, SqlError> {
    let Rewritten { sql, names } = rewrite(text, tokens, env)?;
    let connection = Connection::open_in_memory().map_err(|error| translate(&error))?;
    functions::register(&connection, &env.facts).map_err(|error| translate(&error))?;
    let mut loaded: Vec<String> = Vec::new();
    for name in names {
        if !loaded.contains(&name)
            && let Some(table) = (env.table)(&name)
        {
            load(&connection, &table, env.facts.zone_s).map_err(|error| translate(&error))?;
            loaded.push(name);
        }
    }
    let mut statement = connection.prepare(&sql).map_err(|error| translate(&error))?;
    let declared: Vec<(String, Option<Kind>)> = statement
        .columns()
        .iter()
        .map(|column| (column.name().to_owned(), column.decl_type().map(Kind::of)))
        .collect();
    let mut cells: Vec<Vec<Value>> = Vec::new();
    if with_rows {
        let mut rows = statement.query([]).map_err(|error| translate(&error))?;
        while let Some(row) = rows.next().map_err(|error| translate(&error))? {
            let mut values = Vec::with_capacity(declared.len());
            for at in 0..declared.len() {
                values.push(cell(row.get_ref(at).map_err(|error| translate(&error))?));
            }
            cells.push(values);
        }
    }
    Ok(finish(declared, cells))
}

/// Creates a table and fills it; instants become texts in the session's time zone.
fn load(connection: &Connection, table: &Table, zone_s: i32) -> rusqlite::Result<()> {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|(name, declared)| {
            let collation = match Kind::of(declared) {
                Kind::Varchar | Kind::Longtext => " COLLATE NOCASE",
                _ => "",
            };
            format!("\"{name}\" {declared}{collation}")
        })
        .collect();
    let create = format!("CREATE TABLE \"{}\" ({})", table.name, columns.join(", "));
    connection.execute_batch(&create)?;
    let marks = vec!["?"; table.columns.len()].join(", ");
    let mut insert = connection.prepare(&format!("INSERT INTO \"{}\" VALUES ({marks})", table.name))?;
    for row in &table.rows {
        insert.execute(rusqlite::params_from_iter(row.iter().map(|value| match value {
            Value::Null => rusqlite::types::Value::Null,
            Value::Int(number) => rusqlite::types::Value::Integer(*number),
            Value::Real(number) => rusqlite::types::Value::Real(*number),
            Value::Text(text) => rusqlite::types::Value::Text(text.clone()),
            Value::Instant(us) => rusqlite::types::Value::Text(civil::format(*us, zone_s)),
        })))?;
    }
    Ok(())
}

fn cell(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Value::Text(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

fn finish(declared: Vec<(String, Option<Kind>)>, cells: Vec<Vec<Value>>) -> Answer {
    let columns: Vec<Column> = declared
        .into_iter()
        .enumerate()
        .map(|(at, (name, kind))| {
            let kind = kind.unwrap_or_else(|| guess_kind(&name, cells.iter().map(|row| &row[at])));
            Column { name, kind }
        })
        .collect();
    let rows = cells
        .into_iter()
        .map(|row| row.iter().zip(&columns).map(|(value, column)| render(value, column.kind)).collect())
        .collect();
    Answer { columns, rows }
}

/// Returns a cell as the text protocol sends it.
pub(crate) fn render(value: &Value, kind: Kind) -> Option<String> {
    match (value, kind) {
        (Value::Int(number), Kind::Decimal(scale)) => Some(format!("{:.*}", scale.into(), *number as f64)),
        (Value::Real(number), Kind::Decimal(scale)) => Some(format!("{number:.*}", usize::from(scale))),
        (Value::Real(number), Kind::Double) => Some(number.to_string()),
        (other, _) => other.render(0),
    }
}

/// Guesses the type of a computed column, which the engine does not report.
fn guess_kind<'a>(name: &str, values: impl Iterator<Item = &'a Value>) -> Kind {
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("sum(") || lower.starts_with("avg(") {
        return Kind::Decimal(if lower.starts_with("sum(") { 0 } else { 4 });
    }
    let timely = ["min(", "max(", "now(", "sysdate(", "current_timestamp"]
        .iter()
        .any(|start| lower.starts_with(start));
    let (mut seen, mut kind) = (false, Kind::Varchar);
    for value in values.filter(|value| !value.is_null()) {
        let this = match value {
            Value::Int(_) | Value::Instant(_) => Kind::Integer,
            Value::Real(_) => Kind::Decimal(4),
            Value::Text(text) if timely && civil::parse(text, 0).is_some() => Kind::Datetime,
            Value::Text(_) | Value::Null => Kind::Varchar,
        };
        kind = match (seen, kind, this) {
            (false, _, this) => this,
            (true, Kind::Integer, Kind::Decimal(4)) | (true, Kind::Decimal(4), Kind::Integer) => {
                Kind::Decimal(4)
            }
            (true, old, this) if old == this => old,
            _ => Kind::Varchar,
        };
        seen = true;
    }
    if !seen && lower.starts_with("count(") { Kind::Integer } else { kind }
}

/// Converts an error of the engine into OceanBase's error.
fn translate(error: &rusqlite::Error) -> SqlError {
    let text = error.to_string();
    let after = |mark: &str| -> Option<String> {
        let rest = &text[text.find(mark)? + mark.len()..];
        Some(rest.split([' ', '\n']).next().unwrap_or(rest).to_owned())
    };
    if let Some(name) = after("no such table: ") {
        let name = match name.split_once("__") {
            Some((schema @ ("INFORMATION_SCHEMA" | "MYSQL"), table)) => {
                format!("{}.{table}", schema.to_lowercase())
            }
            _ => format!("oceanbase.{name}"),
        };
        return SqlError::new(5019, format!("Table '{name}' doesn't exist")).into_gap();
    }
    if let Some(name) = after("no such column: ") {
        // Correct if the version has no such column, and a gap if it has one.
        return SqlError::new(5217, format!("Unknown column '{name}' in 'field list'")).into_gap();
    }
    if let Some(name) = after("no such function: ") {
        let mut error = SqlError::gap(format!("function {name}"));
        (error.number, error.state) = (1305, "42000");
        error.message = format!("FUNCTION {name} does not exist");
        return error;
    }
    if let Some(near) = after("near ") {
        return SqlError::syntax(near.trim_matches(['"', ':'])).into_gap();
    }
    if text.contains("incomplete input") {
        return SqlError::syntax("").into_gap();
    }
    SqlError::gap(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::token::statements;

    fn ask(sql: &str) -> Result<Answer, SqlError> {
        let tokens = statements(sql)?.remove(0);
        let table = |name: &str| {
            (name == "CDB_OB_ARCHIVELOG").then(|| Table {
                name: name.to_owned(),
                columns: vec![
                    ("TENANT_ID", "bigint"),
                    ("STATUS", "varchar(64)"),
                    ("CHECKPOINT_SCN", "bigint unsigned"),
                    ("RATIO", "decimal(24,2)"),
                    ("START_TIMESTAMP", "timestamp(6)"),
                ],
                rows: vec![
                    vec![
                        1002.into(),
                        "DOING".into(),
                        1_700_000_000_000_000_000_i64.into(),
                        1.into(),
                        Value::Instant(1_700_000_000_000_000),
                    ],
                    vec![1004.into(), "STOP".into(), 5.into(), Value::Real(2.5), Value::Null],
                ],
            })
        };
        let facts = Facts {
            now_us: 1_700_000_010_500_000,
            zone_s: 8 * 3_600,
            version: "4.2.5.0".into(),
            ..Facts::default()
        };
        let variables = HashMap::from([("t".to_owned(), Value::from("doing"))]);
        let env = Environment {
            facts,
            pipes_as_concat: false,
            user_variables: &variables,
            system_variable: &|name| (name == "version_comment").then(|| "a simulator".into()),
            table: &table,
        };
        run(sql, &tokens, &env)
    }

    fn cells(sql: &str) -> Vec<Vec<String>> {
        let answer = ask(sql).expect("a good query");
        answer
            .rows
            .into_iter()
            .map(|row| row.into_iter().map(|c| c.unwrap_or("NULL".into())).collect())
            .collect()
    }

    #[test]
    fn the_delay_query_of_an_existing_tool_is_answered_in_seconds() {
        let sql = "select truncate((time_to_usec(now()) - checkpoint_scn/1000)/1000000, 4) as delay \
                   from OCEANBASE.`cdb_ob_archivelog` where tenant_id = '1002' order by 1 desc limit 1";
        assert_eq!(cells(sql), [["10.0000"]]);
    }

    #[test]
    fn text_compares_without_case_and_columns_are_named_as_they_were_typed() {
        let answer = ask("SELECT status, count(*), a.Tenant_Id, ob_version() v, @@version_comment, 'x' FROM CDB_OB_ARCHIVELOG a WHERE status = @T")
            .expect("a good query");
        let names: Vec<&str> = answer.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["status", "count(*)", "Tenant_Id", "v", "@@version_comment", "x"]);
        assert_eq!(answer.columns[2].kind, Kind::Integer);
        assert_eq!(answer.rows[0][0].as_deref(), Some("DOING"));
    }

    #[test]
    fn types_keep_their_scale_and_zone() {
        assert_eq!(
            cells("SELECT ratio, start_timestamp, ifnull(START_TIMESTAMP, '-') FROM CDB_OB_ARCHIVELOG"),
            [["1.00", "2023-11-15 06:13:20.000000", "2023-11-15 06:13:20.000000"], ["2.50", "NULL", "-"]]
        );
    }

    #[test]
    fn what_the_engine_cannot_do_is_an_error_and_a_gap() {
        let cases = [
            ("SELECT * FROM nowhere", 1146, true),
            ("SELECT missing FROM CDB_OB_ARCHIVELOG", 1054, true),
            ("SELECT `missing` FROM CDB_OB_ARCHIVELOG", 1054, true),
            ("SELECT 'a' REGEXP '('", 1235, true),
            ("SELECT frobnicate(1)", 1305, true),
            ("SELECT 1 FROM", 1064, true),
            ("SELECT @@nonsense", 1193, true),
        ];
        for (sql, number, gap) in cases {
            let error = ask(sql).expect_err(sql);
            assert_eq!((error.number, error.gap), (number, gap), "{sql}: {}", error.message);
        }
    }

    #[test]
    fn the_functions_that_tools_use_mean_what_they_mean_in_mysql() {
        let cases = [
            ("SELECT 7/2", "3.5000"),
            ("SELECT 7 DIV 2", "3"),
            ("SELECT CAST('12' AS SIGNED)", "12"),
            ("SELECT IF(1 > 0, 'a', 'b')", "a"),
            ("SELECT \"it's\"", "it's"),
            ("SELECT CONCAT('a', NULL)", "NULL"),
            ("SELECT substring_index('a?b?c', '?', 1)", "a"),
            ("SELECT date_sub('2024-03-01 00:00:00', INTERVAL 1 DAY)", "2024-02-29 00:00:00.000000"),
            ("SELECT timestampdiff(SECOND, '2024-03-01 00:00:00', '2024-03-01 00:01:00') FROM DUAL", "60"),
            ("SELECT now() - INTERVAL 1 DAY", "2023-11-14 06:13:30.000000"),
            (
                "SELECT count(*) FROM CDB_OB_ARCHIVELOG a WHERE a.START_TIMESTAMP + INTERVAL 1 HOUR > now()",
                "1",
            ),
            ("SELECT 'Zone1' REGEXP '^zone[0-9]+$'", "1"),
            ("SELECT 'zone' NOT RLIKE '[0-9]'", "1"),
            ("SELECT NULL REGEXP 'a'", "NULL"),
            ("SELECT CHARSET('x')", "utf8mb4"),
            ("SELECT CHARSET(1)", "binary"),
            ("(SELECT tenant_id FROM CDB_OB_ARCHIVELOG) EXCEPT (SELECT 1004 FROM DUAL)", "1002"),
            ("((SELECT 1) UNION (SELECT 2)) EXCEPT (SELECT 2)", "1"),
            ("SELECT count(*) FROM ((SELECT status FROM CDB_OB_ARCHIVELOG) MINUS (SELECT 'STOP')) t", "1"),
            ("(SELECT tenant_id FROM CDB_OB_ARCHIVELOG ORDER BY 1 DESC LIMIT 1)", "1004"),
            (
                "SELECT tenant_id FROM CDB_OB_ARCHIVELOG WHERE tenant_id = (SELECT max(tenant_id) FROM CDB_OB_ARCHIVELOG)",
                "1004",
            ),
            ("SELECT now(6)", "2023-11-15 06:13:30.500000"),
            ("SELECT scn_to_timestamp(1700000000000000000)", "2023-11-15 06:13:20.000000"),
        ];
        for (sql, expected) in cases {
            assert_eq!(cells(sql), [[expected]], "{sql}");
        }
    }
}
