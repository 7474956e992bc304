//! Procedures, functions, triggers, users, roles and privileges, as files.

use model::inventory::{Consent, LeftOut, ObjectKind, WHOLE_SERVER};
use model::text::Text;
use oceanbase::catalog::{self, Account, Definition, Event, Outlines, Routine, RoutineKind, Trigger};
use oceanbase::{Error as SqlError, Session, statement};

use crate::archive::Archive;
use crate::ddl::code::{trigger_without_database, with_comment, without_comments};
use crate::ddl::form::{self, Refusal};
use crate::ddl::requote::{self, Names};
use crate::dumping::left_out::{Scope, not_taken, refused, unlisted, unseen_outlines, unseen_users};
use crate::dumping::schema::SchemaReceipt;
use crate::error::{DuringSql as _, Result};
use crate::layout::ObjectKey;
use crate::manifest::CodeEntry;
use crate::plan::full_name;
use crate::schema_file::{self, SchemaKind, SchemaObject};

/// The code of a database as it is read. Only objects that the server does not show are left out.
struct Code<'a> {
    session: &'a mut Session,
    consent: &'a Consent,
    database: &'a str,
    objects: Vec<SchemaObject>,
    entries: Vec<CodeEntry>,
    left_out: Vec<LeftOut>,
}

/// Writes a database's procedures, functions, triggers, events and outlines.
pub(super) async fn write_code(
    session: &mut Session,
    archive: &Archive,
    scope: Scope<'_>,
    database: &str,
    receipt: &mut SchemaReceipt,
) -> Result<()> {
    let (objects, entries, left_out) = (Vec::new(), Vec::new(), Vec::new());
    let mut code = Code { session, consent: scope.consent, database, objects, entries, left_out };
    if scope.wants(database, ObjectKind::Routines) {
        code.routines().await?;
    }
    if scope.wants(database, ObjectKind::Triggers) {
        code.triggers().await?;
    }
    if scope.wants(database, ObjectKind::Events) {
        code.events().await?;
    }
    if scope.wants(database, ObjectKind::Outlines) {
        code.outlines().await?;
    }
    let Code { objects, entries, left_out, .. } = code;
    receipt.left_out.extend(left_out);
    if !objects.is_empty() {
        let text = schema_file::write(&format!("code of `{database}`"), &objects)?;
        receipt.objects.push(archive.write_schema(ObjectKey::Code { database }, text).await?);
        receipt.code.insert(database.to_owned(), entries);
    }
    Ok(())
}

impl Code<'_> {
    async fn routines(&mut self) -> Result<()> {
        let found = catalog::routines(self.session, self.database).await;
        for routine in self.listed(ObjectKind::Routines, found)? {
            let Routine { name, kind, sql_mode, definer, comment } = routine;
            let found = catalog::routine_definition(self.session, self.database, &name, kind).await;
            let Definition { text, context } = match found {
                Ok(found) => found,
                Err(error) => {
                    self.refused(ObjectKind::Routines, &name, error)?;
                    continue;
                }
            };
            let mended = if self.session.server().product.is_oceanbase() {
                with_comment(&requote::routine(&text, kind.word(), &name, &definer), &comment)
            } else {
                Some(text) // printed correctly
            };
            let (schema_kind, word) = match kind {
                RoutineKind::Procedure => (SchemaKind::Procedure, "procedure"),
                RoutineKind::Function => (SchemaKind::Function, "function"),
            };
            match mended {
                Some(statement) => {
                    let object = SchemaObject::plain(schema_kind, &name, statement).under(context);
                    let object = object.in_mode(sql_mode);
                    self.add(ObjectKind::Routines, word, object, definer);
                }
                None => self.lose(ObjectKind::Routines, &name, Text::new("left-out-unreadable")),
            }
        }
        Ok(())
    }

    async fn triggers(&mut self) -> Result<()> {
        let found = catalog::triggers(self.session, self.database).await;
        for trigger in self.listed(ObjectKind::Triggers, found)? {
            let Trigger { name, sql_mode, definer } = trigger;
            match catalog::trigger_definition(self.session, self.database, &name).await {
                Ok(Definition { text, context }) => {
                    let text = requote::trigger(&text, &definer);
                    let statement = trigger_without_database(&text, self.database);
                    let object = SchemaObject::plain(SchemaKind::Trigger, &name, statement).under(context);
                    let object = object.in_mode(sql_mode);
                    self.add(ObjectKind::Triggers, "trigger", object, definer);
                }
                Err(error) => self.refused(ObjectKind::Triggers, &name, error)?,
            }
        }
        Ok(())
    }

    async fn events(&mut self) -> Result<()> {
        let found = catalog::events(self.session, self.database).await;
        for event in self.listed(ObjectKind::Events, found)? {
            let Event { name, sql_mode, definer, time_zone } = event;
            match catalog::event_definition(self.session, self.database, &name).await {
                Ok(Definition { text, context }) => {
                    let object = SchemaObject::plain(SchemaKind::Event, &name, text).under(context);
                    match object.in_mode(sql_mode).in_zone(time_zone) {
                        Some(object) => self.add(ObjectKind::Events, "event", object, definer),
                        None => self.lose(ObjectKind::Events, &name, Text::new("left-out-unreadable")),
                    }
                }
                Err(error) => self.refused(ObjectKind::Events, &name, error)?,
            }
        }
        Ok(())
    }

    async fn outlines(&mut self) -> Result<()> {
        let found = catalog::outlines(self.session, self.database).await;
        // The outer `Some`: the list was read. The inner `Some`: this user may see the outlines.
        let Some(found) = self.listed(ObjectKind::Outlines, found.map(Some))? else { return Ok(()) };
        let Some(Outlines { carried, limits }) = found else {
            self.left_out.push(unseen_outlines(self.consent, self.database));
            return Ok(());
        };
        for outline in carried {
            let statement = without_comments(outline.statement.as_bytes());
            let object = SchemaObject::plain(SchemaKind::Outline, &outline.name, statement);
            self.add(ObjectKind::Outlines, "outline", object, String::new());
        }
        for name in limits {
            self.lose(ObjectKind::Outlines, &name, Text::new("left-out-outline-limit"));
        }
        Ok(())
    }

    /// Returns the list; an empty one if the server refuses it, which is noted as left out.
    fn listed<T: Default>(&mut self, kind: ObjectKind, found: std::result::Result<T, SqlError>) -> Result<T> {
        match found {
            Ok(found) => Ok(found),
            Err(error) => {
                let what = self.reading();
                self.left_out.push(unlisted(self.consent, kind, self.database, error, || what)?);
                Ok(T::default())
            }
        }
    }

    fn reading(&self) -> String {
        format!("read the code in `{}`", self.database)
    }

    fn add(&mut self, kind: ObjectKind, word: &str, object: SchemaObject, definer: String) {
        match form::check(&object) {
            Ok(()) => {
                self.entries.push(CodeEntry { kind: word.to_owned(), name: object.name.clone(), definer });
                self.objects.push(object);
            }
            Err(why) => {
                let full = full_name(self.database, &object.name);
                self.left_out.push(not_taken(self.consent, kind, &full, &why));
            }
        }
    }

    fn lose(&mut self, kind: ObjectKind, name: &str, reason: Text) {
        let full = full_name(self.database, name);
        let reason = reason.with("kind", kind).with("name", &full);
        self.left_out.push(self.consent.left_out(kind, full, reason));
    }

    fn refused(&mut self, kind: ObjectKind, name: &str, error: SqlError) -> Result<()> {
        if matches!(error, SqlError::UnexpectedAnswer { .. }) {
            self.lose(kind, name, Text::new("left-out-body-hidden"));
            return Ok(());
        }
        let (full, what) = (full_name(self.database, name), self.reading());
        self.left_out.push(refused(self.consent, kind, &full, error, || what)?);
        Ok(())
    }
}

/// Writes users, roles and their privileges, including the password hashes.
pub(super) async fn write_accounts(
    session: &mut Session,
    archive: &Archive,
    consent: &Consent,
    receipt: &mut SchemaReceipt,
) -> Result<()> {
    let reading = || "read the users".to_owned();
    let accounts = match catalog::accounts(session).await {
        Ok(Some(accounts)) => accounts,
        Ok(None) => {
            receipt.left_out.push(unseen_users(consent));
            return Ok(());
        }
        Err(error) => {
            receipt.left_out.push(unlisted(consent, ObjectKind::Users, WHOLE_SERVER, error, reading)?);
            return Ok(());
        }
    };
    let (mut made, mut granted) = (Vec::new(), Vec::new());
    let crooked = crooked_names(session).await?;
    for account in &accounts {
        let name = account.spelled();
        let definition = match definition(session, account).await {
            Ok(definition) => definition,
            Err(error) => {
                receipt.left_out.push(refused(consent, ObjectKind::Users, &name, error, reading)?);
                continue;
            }
        };
        let changes = changes(account).map(|sql| (SchemaKind::AccountChange, sql));
        let own = std::iter::once((SchemaKind::Account, definition)).chain(changes);
        let own: Vec<SchemaObject> =
            own.map(|(kind, sql)| SchemaObject::plain(kind, &name, sql.into_bytes())).collect();
        if let Some(why) = own.iter().find_map(|object| form::check(object).err()) {
            receipt.left_out.push(not_taken(consent, ObjectKind::Users, &name, &why));
            continue;
        }
        // The role PUBLIC always exists.
        if !account.is_public() {
            made.extend(own);
            receipt.accounts.push(name.clone());
        }
        if consent.is_without(ObjectKind::Grants) {
            continue;
        }
        let grants = match catalog::account_grants(session, account).await {
            Ok(grants) => grants,
            Err(error) => {
                receipt.left_out.push(refused(consent, ObjectKind::Grants, &name, error, reading)?);
                continue;
            }
        };
        for grant in &grants {
            match grant_object(session, grant, account, &crooked) {
                Ok(object) => granted.push(object),
                Err(why) => receipt.left_out.push(not_taken(consent, ObjectKind::Grants, &name, &why)),
            }
        }
    }
    for (key, title, objects) in [
        (ObjectKey::Accounts, "users and roles", made),
        (ObjectKey::Grants, "privileges of users and roles", granted),
    ] {
        if !objects.is_empty() {
            let text = schema_file::write(title, &objects)?;
            receipt.objects.push(archive.write_schema(key, text).await?);
        }
    }
    Ok(())
}

/// Returns the names that OceanBase prints in a GRANT without doubling their backticks.
async fn crooked_names(session: &mut Session) -> Result<Vec<Names>> {
    if !session.server().product.is_oceanbase() {
        return Ok(Vec::new());
    }
    let reading = || "read the names in the databases".to_owned();
    let mut all = Vec::new();
    for database in catalog::crooked_databases(session).await.during(reading)? {
        let columns = catalog::columns(session, &database).await.during(reading)?;
        let names = |columns: Vec<catalog::Column>| columns.into_iter().map(|column| column.name).collect();
        let tables = columns.into_iter().map(|(table, columns)| (table, names(columns))).collect();
        let routines = catalog::routines(session, &database).await.during(reading)?;
        let routines = routines.into_iter().map(|routine| routine.name).collect();
        all.push(Names { database, tables, routines });
    }
    Ok(all)
}

/// Returns a GRANT with its names quoted.
fn grant_object(
    session: &Session,
    grant: &str,
    account: &Account,
    crooked: &[Names],
) -> std::result::Result<SchemaObject, Refusal> {
    let unclear = || Refusal("its privileges can be read in more ways than one".to_owned());
    let quoted = if session.server().product.is_oceanbase() {
        requote::grant(grant, &account.user, &account.host, crooked).ok_or_else(unclear)?
    } else {
        grant.to_owned()
    };
    let object = SchemaObject::plain(SchemaKind::Grant, &account.spelled(), quoted.into_bytes());
    form::check(&object)?;
    Ok(object)
}

async fn definition(session: &mut Session, account: &Account) -> std::result::Result<String, SqlError> {
    if account.is_role {
        // The server prints a role as CREATE USER, which would create a user.
        return Ok(format!("CREATE ROLE IF NOT EXISTS {}", account.spelled()));
    }
    catalog::account_definition(session, account).await
}

/// Returns the statements for what SHOW CREATE USER omits.
fn changes(account: &Account) -> impl Iterator<Item = String> {
    let name = format!("{}@{}", statement::literal(&account.user), statement::literal(&account.host));
    let locked = account.locked.then(|| format!("ALTER USER {name} ACCOUNT LOCK"));
    let tls = account.tls.then(|| format!("ALTER USER {name} REQUIRE SSL"));
    locked.into_iter().chain(tls)
}
