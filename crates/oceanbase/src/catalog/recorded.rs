//! The session variables that OceanBase records with a generated column or a functional key when it is created.
//!
//! The server computes the column under these values for ever, in every session. SHOW CREATE TABLE does not show them,
//! so a table that is created again under other values holds other values. Observed on seekdb 1.4.

use std::collections::BTreeMap;

use super::inner::{USER_TABLE, ask, joined_tables};
use crate::catalog::serial;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, literal};

/// The recorded values of a table's columns. A variable that no expression depends on has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recorded {
    /// The time zone.
    pub time_zone: Option<String>,
    /// The `sql_mode`.
    pub sql_mode: Option<String>,
    /// The collation of literals.
    pub collation: Option<String>,
    /// Whether columns have different values of a variable, or values that cannot be decoded. No single session can
    /// create such a table again.
    pub is_mixed: bool,
}

/// Returns the recorded values of those of a database's tables that have some; `None` if the server does not show them
/// to this user, or records none.
///
/// # Errors
/// Fails when the server does.
pub async fn recorded(
    session: &mut Session,
    database: &str,
) -> Result<Option<BTreeMap<String, Recorded>>, Error> {
    let sql = format!(
        "SELECT t.table_name, c.local_session_vars FROM {} JOIN oceanbase.__all_column c ON c.table_id = t.table_id \
         WHERE c.local_session_vars IS NOT NULL AND t.table_type = {USER_TABLE} AND d.database_name = {}",
        joined_tables(),
        literal(database)
    );
    let found = ask(session, sql, |row| {
        let text = row.bytes(1).unwrap_or_default();
        Ok(serial::from_hexadecimal(text).and_then(|bytes| serial::variables(&bytes)))
    });
    let Some(found) = found.await? else { return Ok(None) };
    let (mut modes, mut collations) = (BTreeMap::new(), BTreeMap::new());
    let mut all = BTreeMap::new();
    for (table, columns) in found {
        let mut recorded = Recorded { is_mixed: columns.iter().any(Option::is_none), ..Recorded::default() };
        for stored in columns.into_iter().flatten() {
            let mode = match stored.sql_mode {
                Some(number) => mode_name(session, number, &mut modes).await?,
                None => None,
            };
            recorded.is_mixed |= stored.sql_mode.is_some() && mode.is_none();
            let collation = match stored.collation {
                Some(id) => Some(collation_name(session, id, &mut collations).await?),
                None => None,
            };
            recorded.add(stored.time_zone, mode, collation);
        }
        all.insert(table, recorded);
    }
    Ok(Some(all))
}

impl Recorded {
    /// Adds the values of a column.
    fn add(&mut self, time_zone: Option<String>, sql_mode: Option<String>, collation: Option<String>) {
        for (own, other) in [
            (&mut self.time_zone, time_zone),
            (&mut self.sql_mode, sql_mode),
            (&mut self.collation, collation),
        ] {
            match (&own, other) {
                (_, None) => {}
                (None, other) => *own = other,
                (Some(known), Some(other)) => self.is_mixed |= *known != other,
            }
        }
    }
}

/// Asks the server for the words of a stored `sql_mode`; `None` if it does not accept the number.
async fn mode_name(
    session: &mut Session,
    number: u64,
    known: &mut BTreeMap<u64, Option<String>>,
) -> Result<Option<String>, Error> {
    if let Some(name) = known.get(&number) {
        return Ok(name.clone());
    }
    let ask = Statement::read("SELECT @@SESSION.sql_mode");
    let before = session.rows(&ask).await?;
    let before = before.first().map_or(Ok(String::new()), |row| row.str(0).map(str::to_owned))?;
    let name = match session.run(&Statement::read(format!("SET SESSION sql_mode = {number}"))).await {
        Err(error) if error.number().is_some() && !error.is_transient() => None,
        set => {
            set?;
            let found = session.rows(&ask).await;
            session.run(&Statement::read(format!("SET SESSION sql_mode = {}", literal(&before)))).await?;
            let found = found?;
            Some(found.first().map_or(Ok(String::new()), |row| row.str(0).map(str::to_owned))?)
        }
    };
    known.insert(number, name.clone());
    Ok(name)
}

/// Asks the server for the name of a stored collation.
async fn collation_name(
    session: &mut Session,
    id: u64,
    known: &mut BTreeMap<u64, String>,
) -> Result<String, Error> {
    if known.is_empty() {
        let sql = "SELECT ID, COLLATION_NAME FROM information_schema.COLLATIONS WHERE ID IS NOT NULL";
        for row in session.rows(&Statement::read(sql)).await? {
            known.insert(row.u64(0)?, row.str(1)?.to_owned());
        }
    }
    Ok(known.get(&id).cloned().unwrap_or_default())
}
