//! Stored code of a server (triggers, routines, events), and objects that change how it runs statements (outlines).

use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, identifier, literal};

/// The kind of a routine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoutineKind {
    /// Called by CALL.
    Procedure,
    /// Called in expressions.
    Function,
}

impl RoutineKind {
    /// Returns its SQL keyword.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Procedure => "PROCEDURE",
            Self::Function => "FUNCTION",
        }
    }
}

/// A procedure or function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routine {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: RoutineKind,
    /// The mode under which it was created and runs.
    pub sql_mode: String,
    /// Its definer, as the server spells it.
    pub definer: String,
    /// Its comment.
    pub comment: String,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Its table, its time and its event. Triggers that share all three run in an order.
    pub occasion: [String; 3],
    /// The mode under which it was created and runs.
    pub sql_mode: String,
    /// Its definer, as the server spells it.
    pub definer: String,
}

/// A statement that the server runs on a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// The mode under which it was created and runs.
    pub sql_mode: String,
    /// Its definer, as the server spells it.
    pub definer: String,
    /// The time zone of its schedule.
    pub time_zone: String,
}

/// A plan that a statement is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Its name.
    pub name: String,
    /// The statement that creates it; its database must be the current one.
    pub statement: String,
}

impl Outline {
    /// Builds the statement that creates an outline, from the text of a statement, or from a statement's ID and a
    /// hint.
    fn read(word: &str, name: &str, text: &str, target: &str, id: &str, content: &str) -> Self {
        let made = format!("CREATE {word} {} ON", identifier(name));
        let statement = match (text, target) {
            ("", _) => format!("{made} {} USING HINT {content}", literal(id)),
            (text, "") => format!("{made} {text}"),
            (text, target) => format!("{made} {text} TO {target}"),
        };
        Self { name: name.to_owned(), statement }
    }
}

/// The outlines of a database.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outlines {
    /// Those that can be re-created.
    pub carried: Vec<Outline>,
    /// The names of outlines that only limit concurrency; the server does not show their statements.
    pub limits: Vec<String>,
}

/// Returns a SQL mode in the form that SET accepts. MariaDB lists one mode under a name that SET rejects.
fn mode(listed: &str) -> String {
    let settable = |name: &str| if name == "INVALID_DATES" { "ALLOW_INVALID_DATES" } else { name }.to_owned();
    listed.split(',').map(settable).collect::<Vec<_>>().join(",")
}

/// Returns the condition that a column of `information_schema` is this database. MySQL and MariaDB compare these columns
/// without capitals and accents, although such names are of different databases.
pub(crate) fn of_database(session: &Session, column: &str, database: &str) -> String {
    let name = literal(database);
    if session.server().product.is_oceanbase() {
        return format!("{column} = {name}");
    }
    let stored =
        |text: &str| format!("CAST(IF(@@lower_case_table_names = 0, {text}, LOWER({text})) AS BINARY)");
    // The first comparison lets the server read one database only.
    format!("{column} = {name} AND {} = {}", stored(column), stored(&name))
}

/// Returns the procedures and functions of a database.
///
/// # Errors
/// Fails when the server does.
pub async fn routines(session: &mut Session, database: &str) -> Result<Vec<Routine>, Error> {
    let sql = format!(
        "SELECT ROUTINE_NAME, ROUTINE_TYPE, SQL_MODE, DEFINER, ROUTINE_COMMENT FROM information_schema.ROUTINES \
         WHERE {} AND ROUTINE_TYPE IN ('PROCEDURE', 'FUNCTION') ORDER BY ROUTINE_TYPE, ROUTINE_NAME",
        of_database(session, "ROUTINE_SCHEMA", database)
    );
    let routine = |row: &Row| {
        let kind = if row.str(1)? == "FUNCTION" { RoutineKind::Function } else { RoutineKind::Procedure };
        Ok(Routine {
            name: row.str(0)?.to_owned(),
            kind,
            sql_mode: mode(row.maybe_str(2)?.unwrap_or_default()),
            definer: row.maybe_str(3)?.unwrap_or_default().to_owned(),
            comment: row.maybe_str(4)?.unwrap_or_default().to_owned(),
        })
    };
    session.rows(&Statement::read(sql)).await?.iter().map(routine).collect()
}

/// Returns the triggers of a database, each after those that run before it. Without the privilege TRIGGER, the server
/// shows none.
///
/// # Errors
/// Fails when the server does.
pub async fn triggers(session: &mut Session, database: &str) -> Result<Vec<Trigger>, Error> {
    let sql = format!(
        "SELECT TRIGGER_NAME, SQL_MODE, DEFINER, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION \
         FROM information_schema.TRIGGERS \
         WHERE {} ORDER BY EVENT_OBJECT_TABLE, ACTION_ORDER, TRIGGER_NAME",
        of_database(session, "TRIGGER_SCHEMA", database)
    );
    let trigger = |row: &Row| {
        let occasion = [row.str(3)?, row.str(4)?, row.str(5)?].map(str::to_owned);
        Ok(Trigger {
            name: row.str(0)?.to_owned(),
            occasion,
            sql_mode: mode(row.maybe_str(1)?.unwrap_or_default()),
            definer: row.maybe_str(2)?.unwrap_or_default().to_owned(),
        })
    };
    session.rows(&Statement::read(sql)).await?.iter().map(trigger).collect()
}

/// Returns the events of a database; nothing on OceanBase and seekdb. Without the privilege EVENT, the server shows
/// none.
///
/// # Errors
/// Fails when the server does.
pub async fn events(session: &mut Session, database: &str) -> Result<Vec<Event>, Error> {
    if session.server().product.is_oceanbase() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT EVENT_NAME, SQL_MODE, DEFINER, TIME_ZONE FROM information_schema.EVENTS \
         WHERE {} ORDER BY EVENT_NAME",
        of_database(session, "EVENT_SCHEMA", database)
    );
    let event = |row: &Row| {
        Ok(Event {
            name: row.str(0)?.to_owned(),
            sql_mode: mode(row.maybe_str(1)?.unwrap_or_default()),
            definer: row.maybe_str(2)?.unwrap_or_default().to_owned(),
            time_zone: row.str(3)?.to_owned(),
        })
    };
    session.rows(&Statement::read(sql)).await?.iter().map(event).collect()
}

/// Returns the outlines of a database; `None` if this user may not see them. Empty on a server without outlines.
///
/// # Errors
/// Fails when the server does.
pub async fn outlines(session: &mut Session, database: &str) -> Result<Option<Outlines>, Error> {
    let mut outlines = Outlines::default();
    if !session.server().product.is_oceanbase() {
        return Ok(Some(outlines));
    }
    for (word, view, text, id) in OUTLINE_VIEWS {
        let asked = format!("OUTLINE_NAME, {text}, OUTLINE_TARGET, {id}, OUTLINE_CONTENT");
        let Some(rows) = outline_rows(session, &asked, view, database).await? else { return Ok(None) };
        for row in &rows {
            let text = |column: usize| Ok::<_, Error>(row.maybe_str(column)?.unwrap_or_default());
            outlines.carried.push(Outline::read(word, text(0)?, text(1)?, text(2)?, text(3)?, text(4)?));
        }
    }
    // Documented only: seekdb shows them in the same views.
    let found =
        outline_rows(session, "DISTINCT OUTLINE_NAME", "DBA_OB_CONCURRENT_LIMIT_SQL", database).await?;
    for row in found.unwrap_or_default() {
        let name = row.str(0)?;
        if !outlines.carried.iter().any(|outline| outline.name == name) {
            outlines.limits.push(name.to_owned());
        }
    }
    Ok(Some(outlines))
}

/// The views of outlines: the keyword after CREATE, the view, and its columns for the statement's text and ID.
const OUTLINE_VIEWS: [(&str, &str, &str, &str); 2] = [
    ("OUTLINE", "DBA_OB_OUTLINES", "SQL_TEXT", "SQL_ID"),
    ("FORMAT OUTLINE", "DBA_OB_FORMAT_OUTLINES", "FORMAT_SQL_TEXT", "FORMAT_SQL_ID"),
];

/// Reads a view of outlines; `None` if this user may not. Empty if the version has no such view.
async fn outline_rows(
    session: &mut Session,
    columns: &str,
    view: &str,
    database: &str,
) -> Result<Option<Vec<Row>>, Error> {
    let owner = literal(database);
    let sql =
        format!("SELECT {columns} FROM oceanbase.{view} WHERE DATABASE_NAME = {owner} ORDER BY OUTLINE_NAME");
    match session.rows(&Statement::read(sql)).await {
        Err(error) if matches!(error.number(), Some(1146 | 1054)) => Ok(Some(Vec::new())),
        Err(error) if matches!(error.number(), Some(1142 | 1143 | 1044)) => Ok(None),
        rows => rows.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::Outline;

    #[test]
    fn an_outline_is_made_by_what_it_was_made_by() {
        let by_text = Outline::read("OUTLINE", "o`1", "select /*+ full(t) */ 1", "", "", "/*+x*/");
        assert_eq!(by_text.statement, "CREATE OUTLINE `o``1` ON select /*+ full(t) */ 1");
        let to = Outline::read("FORMAT OUTLINE", "o", "select 1", "select 2", "", "/*+x*/");
        assert_eq!(to.statement, "CREATE FORMAT OUTLINE `o` ON select 1 TO select 2");
        let by_id = Outline::read("OUTLINE", "o", "", "", "ED57", "/*+full(b1) */");
        assert_eq!(by_id.statement, "CREATE OUTLINE `o` ON 'ED57' USING HINT /*+full(b1) */");
    }
}
