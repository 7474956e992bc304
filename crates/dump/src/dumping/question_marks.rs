//! Texts that MySQL and MariaDB show with a `?`: SHOW CREATE TABLE prints one for each character of four bytes, such as
//! an emoji. The rows of a table show the true text.

use oceanbase::catalog;
use oceanbase::statement::identifier;
use oceanbase::{Error as SqlError, Session, Statement};

use crate::column::Members;
use crate::ddl::questionable::{Default, mend};

/// Returns a definition with the true defaults; `None` if a row shows a default that does not fit the definition. A
/// table without rows shows none: its definition is not changed.
pub(super) async fn with_true_defaults(
    session: &mut Session,
    database: &str,
    table: &str,
    definition: Vec<u8>,
) -> Result<Option<Vec<u8>>, SqlError> {
    let shown = Default::all_questionable(&definition);
    if shown.is_empty() {
        return Ok(Some(definition));
    }
    let asked: Vec<String> =
        shown.iter().map(|default| text_of(&format!("DEFAULT({})", identifier(&default.column)))).collect();
    let rows = session.rows(&one_row(&asked.join(", "), database, table, "")).await?;
    let Some(row) = rows.first() else { return Ok(Some(definition)) };
    let mut found = Vec::with_capacity(shown.len());
    for (place, default) in shown.into_iter().enumerate() {
        if let Some(text) = row.maybe_str(place)? {
            found.push((default, text.to_owned()));
        }
    }
    Ok(mend(&definition, &found))
}

/// Returns the columns with a `?` in their default, if the table has no row that shows whether it is one.
pub(super) async fn unproved_defaults(
    session: &mut Session,
    database: &str,
    table: &str,
    definition: &[u8],
) -> Result<Vec<String>, SqlError> {
    let shown = Default::all_questionable(definition);
    if shown.is_empty() || !session.rows(&one_row("1", database, table, "")).await?.is_empty() {
        return Ok(Vec::new());
    }
    Ok(shown.into_iter().map(|default| default.column).collect())
}

/// Returns the ENUM and SET columns with a row whose text has a character that the definition does not show.
pub(super) async fn hidden_members(
    session: &mut Session,
    database: &str,
    table: &str,
    columns: &[catalog::Column],
) -> Result<Vec<String>, SqlError> {
    let mut hidden = Vec::new();
    for column in columns.iter().filter(|column| Members::shown(column) == Some(Members::Doubtful)) {
        let text = text_of(&format!("CAST({} AS CHAR)", identifier(&column.name)));
        // Each character of four bytes becomes a `?` in utf8mb3.
        let condition = format!(" WHERE OCTET_LENGTH({text}) <> OCTET_LENGTH(CONVERT({text} USING utf8mb3))");
        if !session.rows(&one_row("1", database, table, &condition)).await?.is_empty() {
            hidden.push(column.name.clone());
        }
    }
    Ok(hidden)
}

fn one_row(what: &str, database: &str, table: &str, condition: &str) -> Statement {
    Statement::read(format!(
        "SELECT {what} FROM {}.{}{condition} LIMIT 1",
        identifier(database),
        identifier(table)
    ))
    .within(crate::SILENCE)
}

fn text_of(expression: &str) -> String {
    format!("CONVERT({expression} USING utf8mb4)")
}
