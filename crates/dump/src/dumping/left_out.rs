//! What of the server a dump leaves out, or may leave out because this user does not see it.

use model::inventory::{Consent, LeftOut, ObjectKind};
use model::text::Text;
use oceanbase::grants::Grants;
use oceanbase::inventory::{self, Others};
use oceanbase::{Error as SqlError, Session};

use crate::ddl::form::Refusal;
use crate::error::{DuringSql as _, Error, Result};
use crate::plan::{Selection, full_name};

/// What stands for the whole server, in place of a name.
const SERVER: &str = "*";

/// What is dumped: what was chosen, without what the request agrees to be without.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) selection: &'a Selection,
    pub(super) consent: &'a Consent,
}

impl Scope<'_> {
    /// Tells whether the table or view is dumped.
    pub(super) fn has_table(self, database: &str, name: &str) -> bool {
        self.selection.has_table(database, name) && !self.consent.excludes_table(database, name)
    }

    /// Tells whether the database's objects of this kind are dumped.
    pub(super) fn wants(self, database: &str, kind: ObjectKind) -> bool {
        self.selection.has_whole_database(database) && !self.consent.is_without(kind)
    }

    /// Tells whether the server's objects of this kind are dumped.
    pub(super) fn wants_of_server(self, kind: ObjectKind) -> bool {
        self.selection.is_all() && !self.consent.is_without(kind)
    }
}

/// Returns what the dump of these databases leaves out, or may leave out.
///
/// # Errors
/// Fails when the server does.
pub(super) async fn left_out(
    session: &mut Session,
    scope: Scope<'_>,
    databases: &[String],
) -> Result<Vec<LeftOut>> {
    let server = session.server().clone();
    let grants = Grants::read(session).await.during(|| "read the user's privileges".to_owned())?;
    let mut finding = Finding { consent: scope.consent, found: agreed(server.product, scope) };
    for database in databases.iter().filter(|name| scope.selection.has_whole_database(name)) {
        for (kind, privilege) in inventory::hidden(&server, &grants, database) {
            finding.hidden(kind, database, privilege);
        }
        let others = inventory::of_database(session, database).await;
        let others = others.during(|| format!("list what else is in `{database}`"))?;
        finding.others(others, database, |name| full_name(database, name));
    }
    if scope.selection.is_all() {
        if inventory::hides_databases(&grants) {
            finding.hidden(ObjectKind::Databases, SERVER, "SHOW DATABASES");
        }
        let others =
            inventory::of_server(session).await.during(|| "list what else the server has".to_owned())?;
        finding.others(others, SERVER, str::to_owned);
    }
    Ok(finding.found)
}

/// Returns what the request itself names: excluded databases and tables, and kinds that a dump would carry.
fn agreed(product: model::version::Product, scope: Scope<'_>) -> Vec<LeftOut> {
    use model::backup::BackupObject::{Database, Table};
    let excluded = scope.consent.exclude.iter().map(|object| {
        let (kind, name) = match object {
            Database(name) => (ObjectKind::Databases, name.clone()),
            Table(database, table) => (ObjectKind::Tables, full_name(database, table)),
        };
        let reason = Text::new("left-out-excluded").with("name", &name);
        LeftOut { kind, name, reason, agreed: true }
    });
    let carried = scope.consent.without.iter().filter(|kind| inventory::is_carried(product, **kind));
    let without = carried.map(|&kind| {
        let reason = Text::new("left-out-kind").with("kind", kind);
        LeftOut { kind, name: SERVER.to_owned(), reason, agreed: true }
    });
    excluded.chain(without).collect()
}

struct Finding<'a> {
    consent: &'a Consent,
    found: Vec<LeftOut>,
}

impl Finding<'_> {
    fn add(&mut self, kind: ObjectKind, name: &str, reason: Text) {
        let known = self.found.iter().any(|other| (other.kind, other.name.as_str()) == (kind, name));
        if !known {
            self.found.push(self.consent.left_out(kind, name, reason));
        }
    }

    fn hidden(&mut self, kind: ObjectKind, of: &str, privilege: &str) {
        let reason = may_lack("left-out-hidden", kind, of);
        self.add(kind, of, reason.with("privilege", privilege));
    }

    fn others(&mut self, others: Others, of: &str, name: impl Fn(&str) -> String) {
        for (kind, view) in others.unseen {
            self.add(kind, of, may_lack("left-out-unseen", kind, of).with("view", view));
        }
        for (kind, found) in others.found {
            let name = name(&found);
            let reason = Text::new("left-out-not-carried").with("kind", kind).with("name", &name);
            self.add(kind, &name, reason);
        }
    }
}

/// Begins a sentence about objects that this user may not see, of a database or the whole server.
fn may_lack(id: &str, kind: ObjectKind, of: &str) -> Text {
    let text = if of == SERVER { Text::new(&format!("{id}-server")) } else { Text::new(id) };
    text.with("kind", kind).with("of", of)
}

/// Says that this user may not see any users.
pub(super) fn unseen_users(consent: &Consent) -> LeftOut {
    let reason = may_lack("left-out-unseen", ObjectKind::Users, SERVER).with("view", "mysql.user");
    consent.left_out(ObjectKind::Users, SERVER, reason)
}

/// Describes an object that the server does not show, and passes on what is no refusal of that object: then nothing can be
/// read any more.
pub(super) fn refused(
    consent: &Consent,
    kind: ObjectKind,
    name: &str,
    error: SqlError,
    what: impl FnOnce() -> String,
) -> Result<LeftOut> {
    if !is_refusal(&error) {
        return Err(error).during(what);
    }
    let reason = Text::new("left-out-refused").with("kind", kind).with("name", name).with("why", &error);
    Ok(consent.left_out(kind, name, reason))
}

/// Describes an object whose statement is not taken for one that creates it and does nothing else.
pub(super) fn not_taken(consent: &Consent, kind: ObjectKind, name: &str, why: &Refusal) -> LeftOut {
    consent.left_out(kind, name, Text::new("dump-statement-refused").with("object", name).with("why", why))
}

/// Tells whether the server refused this one statement: the next may well succeed.
pub(super) fn is_refusal(error: &SqlError) -> bool {
    error.number().is_some() && !error.is_transient() || matches!(error, SqlError::UnexpectedAnswer { .. })
}

/// Tells whether the failure is about the one object that was read, and not about the server or the dump.
pub(super) fn is_about_one(error: &Error) -> bool {
    match error {
        Error::Database { source, .. } => is_refusal(source),
        Error::RowsMiscut { .. } | Error::ValueUnwritable { .. } => true,
        _ => false,
    }
}

/// Says why the rows of a table are not in the dump.
pub(super) fn unreadable_rows(error: &Error) -> Text {
    let said = error.problem();
    match error {
        Error::Database { what, source } => Text::new("left-out-rows").with("what", what).with("why", source),
        _ => said.text,
    }
}
