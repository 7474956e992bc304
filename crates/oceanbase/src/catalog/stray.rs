//! Privileges on databases whose account does not exist. SHOW GRANTS does not list them, but MySQL and MariaDB apply those
//! of the anonymous user to everybody.

use super::if_there;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, literal};

/// A privilege on a database whose account does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrayGrant {
    /// The account, as SQL spells it.
    pub account: String,
    /// The pattern of databases.
    pub database: String,
}

/// The privileges that an installation before MariaDB 10.11, and of MySQL 5.7, gives everybody on `test`.
const GIVEN: [&str; 16] = [
    "Select",
    "Insert",
    "Update",
    "Delete",
    "Create",
    "Drop",
    "References",
    "Index",
    "Alter",
    "Create_tmp_table",
    "Lock_tables",
    "Create_view",
    "Show_view",
    "Create_routine",
    "Event",
    "Trigger",
];

/// The privileges that it does not give.
const NOT_GIVEN: [&str; 3] = ["Grant", "Alter_routine", "Execute"];

/// Returns the privileges on databases whose account does not exist, except those of a plain installation on `test`.
/// Empty if this user may not see them.
///
/// # Errors
/// Fails when the server does.
pub async fn stray_grants(session: &mut Session) -> Result<Vec<StrayGrant>, Error> {
    let given = GIVEN.map(|privilege| format!("d.{privilege}_priv = 'Y'"));
    let not_given = NOT_GIVEN.map(|privilege| format!("d.{privilege}_priv = 'N'"));
    let exactly = [&given[..], &not_given].concat().join(" AND ");
    // In a pattern, `\_` is one character.
    let of_installation =
        format!("d.User = '' AND d.Host = '%' AND d.Db IN ('test', {}) AND {exactly}", literal(r"test\_%"));
    let sql = format!(
        "SELECT d.User, d.Host, d.Db FROM mysql.db d LEFT JOIN mysql.user u ON u.User = d.User AND u.Host = d.Host \
         WHERE u.User IS NULL AND NOT ({of_installation}) ORDER BY 1, 2, 3"
    );
    let rows = if_there(session.rows(&Statement::read(sql)).await)?.unwrap_or_default();
    rows.iter()
        .map(|row| {
            let account = format!("{}@{}", literal(row.str(0)?), literal(row.str(1)?));
            Ok(StrayGrant { account, database: row.str(2)?.to_owned() })
        })
        .collect()
}
