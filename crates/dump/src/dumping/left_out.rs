//! The objects of the server that a dump leaves out, or may leave out because this user does not see them.

use model::backup::BackupObject;
use model::inventory::{Consent, LeftOut, ObjectKind, WHOLE_SERVER, name_of_database};
use model::text::Text;
use oceanbase::catalog::StrayGrant;
use oceanbase::grants::Grants;
use oceanbase::inventory::{self, InSystem, Others};
use oceanbase::{Error as SqlError, Session};

use crate::ddl::form::Refusal;
use crate::error::{DuringSql as _, Error, Result};
use crate::plan::{Selection, full_name};
use crate::refusal::is_refusal;

/// OceanBase's number for a table that was changed after the snapshot.
const DEFINITION_CHANGED: u16 = 1412;

/// What is dumped: the selection, except the objects that the request excludes. The names are those of the server.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) selection: &'a Selection,
    pub(super) consent: &'a Consent,
}

impl Scope<'_> {
    /// Returns whether the table or view is dumped.
    pub(super) fn has_table(self, database: &str, name: &str) -> bool {
        self.selection.has_table(database, name) && !self.consent.excludes_table(database, name)
    }

    /// Returns whether the database's objects of this kind are dumped.
    pub(super) fn wants(self, database: &str, kind: ObjectKind) -> bool {
        self.selection.has_whole_database(database) && !self.consent.is_without(kind)
    }

    /// Returns whether the server's objects of this kind are dumped.
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
            finding.hidden(kind, &name_of_database(database), privilege);
        }
        let others = inventory::of_database(session, database).await;
        let others = others.during(|| format!("list what else is in `{database}`"))?;
        finding.others(others, &name_of_database(database), |name| full_name(database, name));
    }
    if scope.selection.is_all() {
        if inventory::hides_databases(&grants) {
            finding.hidden(ObjectKind::Databases, WHOLE_SERVER, "SHOW DATABASES");
        }
        let others =
            inventory::of_server(session).await.during(|| "list what else the server has".to_owned())?;
        finding.others(others, WHOLE_SERVER, str::to_owned);
        finding.in_system_databases(session, &grants).await?;
    }
    Ok(finding.found)
}

/// Returns what the request itself excludes: selected databases and tables, and kinds of objects that a dump would
/// contain.
fn agreed(product: model::version::Product, scope: Scope<'_>) -> Vec<LeftOut> {
    use BackupObject::{Database, Table};
    let is_chosen = |object: &&BackupObject| match object {
        Database(name) => scope.selection.has_database(name),
        Table(database, table) => scope.selection.has_table(database, table),
    };
    let excluded = scope.consent.exclude.iter().filter(is_chosen).map(|object| {
        let (kind, name) = match object {
            Database(name) => (ObjectKind::Databases, name_of_database(name)),
            Table(database, table) => (ObjectKind::Tables, full_name(database, table)),
        };
        let reason = Text::new("left-out-excluded").with("name", &name);
        LeftOut { kind, name, reason, agreed: true }
    });
    let carried = scope.consent.without.iter().filter(|kind| inventory::is_carried(product, **kind));
    let without = carried.map(|&kind| {
        let reason = Text::new("left-out-kind").with("kind", kind);
        LeftOut { kind, name: WHOLE_SERVER.to_owned(), reason, agreed: true }
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

    /// Adds what users created in the server's own databases.
    async fn in_system_databases(&mut self, session: &mut Session, grants: &Grants) -> Result<()> {
        let what = || "list what users created in the databases of the server".to_owned();
        let mut databases = inventory::system_databases(session).await.during(what)?;
        databases.retain(|name| !self.consent.excludes_database(name));
        for database in &databases {
            for (kind, privilege) in inventory::hidden(session.server(), grants, database) {
                self.hidden(kind, database, privilege);
            }
        }
        let all = inventory::in_system_databases(session, &databases).await.during(what)?;
        if let Some(view) = all.unseen {
            let reason = may_lack("left-out-unseen", ObjectKind::Tables, WHOLE_SERVER);
            self.add(ObjectKind::Tables, WHOLE_SERVER, reason.with("view", view));
        }
        for InSystem { kind, database, name } in all.found {
            if self.consent.excludes_table(&database, &name) || self.consent.excludes_database(&database) {
                continue; // named as excluded
            }
            let full = full_name(&database, &name);
            let reason = Text::new("left-out-in-system").with("kind", kind).with("name", &full);
            self.add(kind, &full, reason);
        }
        Ok(())
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
    let text = if of == WHOLE_SERVER { Text::new(&format!("{id}-server")) } else { Text::new(id) };
    text.with("kind", kind).with("of", of)
}

/// Reports that this user may not see the outlines of a database.
pub(super) fn unseen_outlines(consent: &Consent, database: &str) -> LeftOut {
    let reason = may_lack("left-out-unseen", ObjectKind::Outlines, database);
    consent.left_out(
        ObjectKind::Outlines,
        name_of_database(database),
        reason.with("view", "oceanbase.DBA_OB_OUTLINES"),
    )
}

/// Reports that this user may not see any users.
pub(super) fn unseen_users(consent: &Consent) -> LeftOut {
    let reason = may_lack("left-out-unseen", ObjectKind::Users, WHOLE_SERVER).with("view", "mysql.user");
    consent.left_out(ObjectKind::Users, WHOLE_SERVER, reason)
}

/// Reports that this user may not see who may give a role to others, and the default roles.
pub(super) fn unseen_roles(consent: &Consent) -> LeftOut {
    let reason = may_lack("left-out-unseen", ObjectKind::Grants, WHOLE_SERVER);
    let view = "mysql.role_edges, mysql.default_roles";
    consent.left_out(ObjectKind::Grants, WHOLE_SERVER, reason.with("view", view))
}

/// Reports privileges whose account does not exist, so that no statement grants them.
pub(super) fn stray_grant(consent: &Consent, grant: &StrayGrant) -> LeftOut {
    let StrayGrant { account, database } = grant;
    let reason = Text::new("left-out-stray-grant").with("account", account).with("database", database);
    consent.left_out(ObjectKind::Grants, account, reason)
}

/// Describes an object that the server does not show. Passes on errors that do not concern this object: then nothing
/// else can be read either.
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

/// Describes objects that the server does not list, for example because one of its own tables is damaged, and passes
/// on other errors.
pub(super) fn unlisted(
    consent: &Consent,
    kind: ObjectKind,
    of: &str,
    error: SqlError,
    what: impl FnOnce() -> String,
) -> Result<LeftOut> {
    if !is_refusal(&error) {
        return Err(error).during(what);
    }
    let reason = may_lack("left-out-unlisted", kind, of).with("why", &error);
    Ok(consent.left_out(kind, of, reason))
}

/// Describes an object whose statement does more than create it.
pub(super) fn not_taken(consent: &Consent, kind: ObjectKind, name: &str, why: &Refusal) -> LeftOut {
    consent.left_out(kind, name, unfit(kind, name, why))
}

/// Reports why the definition of an object is not dumped.
pub(super) fn unfit(kind: ObjectKind, name: &str, why: &Refusal) -> Text {
    Text::new("left-out-definition").with("kind", kind).with("name", name).with("why", why)
}

/// Returns whether the failure is about the one object that was read, and not about the server or the dump.
pub(super) fn is_about_one(error: &Error) -> bool {
    match error {
        Error::Database { source, .. } => is_refusal(source),
        Error::RowsMiscut { .. } | Error::ValueUnwritable { .. } => true,
        _ => false,
    }
}

/// The same, but also true for a changed table if changed tables are left out.
pub(super) fn leaves_out(error: &Error, leave_out_changed: bool) -> bool {
    is_about_one(error) || leave_out_changed && is_change(error)
}

/// Returns whether the table that was read was changed.
pub(super) fn is_change(error: &Error) -> bool {
    match error {
        Error::SchemaChanged { .. } => true,
        Error::SnapshotGone { source, .. } => source.number() == Some(DEFINITION_CHANGED),
        _ => false,
    }
}

/// Reports that a table was changed while it was dumped.
pub(super) fn changed(table: &str) -> Text {
    Text::new("left-out-changed").with("table", table)
}

/// Leaves out a database that was dropped or created while it was dumped.
pub(super) fn changed_database(consent: &Consent, name: &str) -> LeftOut {
    consent.left_out(
        ObjectKind::Databases,
        name_of_database(name),
        Text::new("left-out-changed-database").with("database", name),
    )
}

/// Reports why the rows of a table are not in the dump.
pub(super) fn unreadable_rows(error: &Error) -> Text {
    let said = error.problem();
    match error {
        Error::Database { what, source } => Text::new("left-out-rows").with("what", what).with("why", source),
        _ => said.text,
    }
}
