//! Connections for a load: they accept everything that the source accepted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::not_made::{NotMade, PartKind};
use model::text::Text;
use oceanbase::catalog::Context;
use oceanbase::statement::{identifier, literal};
use oceanbase::{Purpose, Session, Statement};
use tokio_util::sync::CancellationToken;

use crate::crew::{self, Work};
use crate::error::{DuringSql as _, Error, Result};
use crate::plan::full_name;
use crate::refusal::is_refusal;
use crate::schema_file::{SchemaObject, in_which, set_context, set_zone, usual_context, usual_zone};
use crate::source::{Target, prepare};

/// How long a statement of a load may take. All share one limit: on OceanBase, each change of the limit needs a
/// separate statement.
pub(super) const STATEMENT_LIMIT: Duration = Duration::from_secs(600);

/// Opens a connection that accepts everything that the source accepted.
pub(super) async fn open_for_loading(target: &Target) -> Result<Session> {
    let mut session = target.open().await?;
    make_lenient(&mut session).await?;
    Ok(session)
}

/// Makes a connection accept everything that the source accepted.
pub(super) async fn make_lenient(session: &mut Session) -> Result<()> {
    prepare(session, Purpose::Load).await?;
    prepare(session, Purpose::LoadWithPrivileges).await
}

/// OceanBase's numbers for a definition that is changing: "Schema try again", and "Try again", which seekdb answers to
/// GRANT and ALTER USER while other sessions change definitions.
const AGAIN_LATER: [u16; 2] = [5627, 4023];

/// OceanBase's number for a user that it did not create, also because a definition was changing: the kernel drops the
/// cause (`ObDDLService::create_user`), and IF NOT EXISTS does not prevent it.
const CANNOT_USER: u16 = 1396;

/// The number of retries, and the pause between them.
const AGAIN: (u32, Duration) = (20, Duration::from_millis(250));

/// MySQL's and OceanBase's numbers for a database, table, key, routine, trigger or constraint that exists.
const THERE: [u16; 7] = [1007, 1050, 1061, 1304, 1359, 1826, 5734];

/// Runs a statement that creates an object, and repeats it if the server allows that: it may have succeeded anyway.
pub(super) async fn make(
    session: &mut Session,
    statement: &Statement,
) -> std::result::Result<u64, oceanbase::Error> {
    let mut tries = 0;
    loop {
        match session.run(statement).await {
            Err(error) if tries < AGAIN.0 && is_unsettled(session, &error) => tries += 1,
            Err(error) if tries > 0 && is_there(&error) => return Ok(0),
            done => return done,
        }
        tokio::time::sleep(AGAIN.1).await;
    }
}

/// Returns whether another change of a definition may be why the server refused this one.
fn is_unsettled(session: &Session, error: &oceanbase::Error) -> bool {
    let is_oceanbase = session.server().product.is_oceanbase();
    is_oceanbase
        && error.number().is_some_and(|number| AGAIN_LATER.contains(&number) || number == CANNOT_USER)
}

/// Returns whether the server refused to create an object because it exists.
pub(super) fn is_there(error: &oceanbase::Error) -> bool {
    error.number().is_some_and(|number| THERE.contains(&number))
}

/// Returns whether the server refused this one statement, and may accept the next. A statement that was killed, or
/// that found no space on the server's disk, was not refused: it can be run later.
pub(super) fn is_refused(error: &oceanbase::Error) -> bool {
    error.number().is_some() && !error.is_transient() && !error.is_of_server()
}

/// The session variables that the generated columns and functional keys of a table were created under in the source.
/// OceanBase computes them under the values of the session that creates them.
#[derive(Default, Clone)]
pub(super) struct Settings {
    mode: Option<String>,
    zone: Option<String>,
    context: Option<Context>,
}

impl Settings {
    pub(super) fn of(object: &SchemaObject) -> Self {
        Self { mode: object.mode.clone(), zone: object.zone.clone(), context: object.context.clone() }
    }

    /// Returns whether the table needs no variables of its own.
    pub(super) fn are_usual(&self) -> bool {
        self.mode.is_none() && self.zone.is_none() && self.context.is_none()
    }

    /// Returns the statements that set them.
    fn statements(&self) -> Vec<String> {
        let mode = self.mode.iter().map(|mode| format!("SET SESSION sql_mode = {}", literal(mode)));
        let context = self.context.iter().map(|context| set_context(&context.client, &context.collation));
        mode.chain(self.zone.iter().map(|zone| set_zone(zone))).chain(context).collect()
    }

    /// Sets them. Returns why the server refuses: then the usual ones stay. Servers other than OceanBase record none, and
    /// compute generated columns under those of the session that writes a row.
    async fn begin(&self, session: &mut Session) -> Result<Option<String>> {
        if !session.server().product.is_oceanbase() {
            return Ok(self.zone.as_ref().map(|zone| format!("time_zone = {}", literal(zone))));
        }
        for statement in self.statements() {
            match session.run(&Statement::read(statement)).await {
                Ok(_) => {}
                Err(error) if is_refused(&error) => {
                    self.end(session).await?;
                    return Ok(Some(error.to_string()));
                }
                Err(error) => return Err(error).during(|| "set the variables of a table".to_owned()),
            }
        }
        Ok(None)
    }

    /// Restores the usual ones.
    async fn end(&self, session: &mut Session) -> Result<()> {
        if !session.server().product.is_oceanbase() {
            return Ok(());
        }
        if self.mode.is_some() {
            make_lenient(session).await?;
        }
        for statement in
            [self.zone.as_ref().map(|_| usual_zone()), self.context.as_ref().map(|_| usual_context())]
        {
            let Some(statement) = statement else { continue };
            let back = session.run(&Statement::read(statement)).await;
            back.during(|| "set the connection's variables".to_owned())?;
        }
        Ok(())
    }
}

/// The statements that create a table or parts of it, in order.
pub(super) struct TableStatements {
    /// The database, in the target's name.
    pub(super) database: String,
    pub(super) table: String,
    pub(super) statements: Vec<Definition>,
    /// The variables under which they run.
    pub(super) settings: Settings,
}

/// A statement that creates a table or one of its keys.
pub(super) struct Definition {
    /// The key's name; empty for the table itself.
    pub(super) key: String,
    pub(super) sql: Vec<u8>,
}

/// A table or a key that the server refused to create.
pub(super) struct Refused {
    pub(super) database: String,
    pub(super) table: String,
    /// The key's name; empty for the table itself.
    key: String,
    error: oceanbase::Error,
}

impl Refused {
    /// Records that it was not created.
    pub(super) fn not_made(&self, kind: PartKind) -> NotMade {
        let table = full_name(&self.database, &self.table);
        let (id, name) = match kind {
            PartKind::Indexes => ("load-key-refused", format!("{table}.{}", identifier(&self.key))),
            PartKind::ForeignKeys => {
                ("load-foreign-key-refused", format!("{table}.{}", identifier(&self.key)))
            }
            _ => ("load-table-refused", table.clone()),
        };
        let reason = Text::new(id).with("table", table).with("key", &self.key).with("why", &self.error);
        NotMade::new(kind, name, reason)
    }

    /// Returns the error of the whole load.
    pub(super) fn into_error(self) -> Error {
        let what = format!("create the table {}", full_name(&self.database, &self.table));
        Error::Database { what, source: Box::new(self.error) }
    }
}

/// The statements that a server refused, in the order of the names, and the tables whose generated columns it computes
/// under other settings than the source.
#[derive(Default)]
pub(super) struct Defined {
    pub(super) refused: Vec<Refused>,
    pub(super) otherwise: Vec<NotMade>,
}

/// Runs the statements of tables on several connections. The statements that are not refused are carried out anyway.
pub(super) async fn define(
    target: &Target,
    connections: usize,
    jobs: Vec<TableStatements>,
    limit: Duration,
    cancel: &CancellationToken,
) -> Result<Defined> {
    let defined = Arc::new(Mutex::new(Defined::default()));
    let work = Define { limit, defined: Arc::clone(&defined) };
    crew::run(target, connections, jobs, work, cancel).await?;
    let mut defined = std::mem::take(&mut *defined.lock().unwrap_or_else(PoisonError::into_inner));
    defined.refused.sort_by(|one: &Refused, other| {
        (&one.database, &one.table, &one.key).cmp(&(&other.database, &other.table, &other.key))
    });
    defined.otherwise.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(defined)
}

/// Runs the statements of tables.
struct Define {
    /// How long each may take.
    limit: Duration,
    defined: Arc<Mutex<Defined>>,
}

impl Work for Define {
    type Job = TableStatements;

    async fn prepare(&self, session: &mut Session) -> Result<()> {
        make_lenient(session).await
    }

    async fn work(&self, session: &mut Session, job: TableStatements) -> Result<()> {
        enter(session, &job.database).await?;
        let otherwise = job.settings.begin(session).await?;
        if let Some(why) = &otherwise {
            let name = full_name(&job.database, &job.table);
            let reason = Text::new("load-generated-settings").with("table", &name).with("why", why);
            let lacks = NotMade::new(PartKind::GeneratedValues, name, reason);
            self.defined.lock().unwrap_or_else(PoisonError::into_inner).otherwise.push(lacks);
        }
        for Definition { key, sql } in job.statements {
            match make(session, &Statement::act(sql).within(self.limit)).await {
                Err(error) if is_refusal(&error) => {
                    let (database, table) = (job.database.clone(), job.table.clone());
                    let refused = Refused { database, table, key, error };
                    self.defined.lock().unwrap_or_else(PoisonError::into_inner).refused.push(refused);
                }
                made => {
                    let what = if key.is_empty() { "create the table" } else { "make the keys of" };
                    made.during(|| format!("{what} {}", full_name(&job.database, &job.table)))?;
                }
            }
        }
        if otherwise.is_none() {
            job.settings.end(session).await?;
        }
        Ok(())
    }
}

/// The context in which a view or code is created: the character set and collation that it had in the source.
pub(super) struct Under;

impl Under {
    /// Sets the context for a statement. Returns a note if the server does not have the character set or collation:
    /// then the defaults stay.
    pub(super) async fn begin(
        session: &mut Session,
        context: Option<&Context>,
        statement: &[u8],
        what: &str,
    ) -> Result<Option<Text>> {
        let Some(context) = context else { return Ok(None) };
        let Context { client, collation } = in_which(statement, context);
        match session.run(&Statement::read(set_context(&client, &collation))).await {
            Ok(_) => Ok(None),
            Err(error) if is_refused(&error) => {
                let note = Text::new("load-context-refused").with("what", what).with("why", error);
                Ok(Some(note.with("client", client).with("collation", collation)))
            }
            Err(error) => Err(error).during(|| format!("set the character set of {what}")),
        }
    }

    /// Restores the defaults.
    pub(super) async fn end(session: &mut Session, context: Option<&Context>) -> Result<()> {
        if context.is_some() {
            let back = session.run(&Statement::read(usual_context())).await;
            back.during(|| "set the connection's character set".to_owned())?;
        }
        Ok(())
    }
}

/// Makes a database current on a connection.
pub(super) async fn enter(session: &mut Session, database: &str) -> Result<()> {
    session.enter(database).await.during(|| format!("use `{database}`"))
}
