//! Procedures, functions, triggers, events and outlines, as files.

use std::collections::HashMap;

use model::inventory::{Consent, LeftOut, ObjectKind, name_of_database};
use model::text::Text;
use model::version::Product;
use oceanbase::catalog::{self, Definition, Event, Outlines, Routine, RoutineKind, Trigger};
use oceanbase::{Error as SqlError, Session};

use crate::archive::Archive;
use crate::ddl::code::{trigger_in_order, trigger_without_database, with_comment, without_comments};
use crate::ddl::form;
use crate::ddl::requote;
use crate::ddl::token::Quoting;
use crate::dumping::left_out::{Scope, not_taken, refused, unlisted, unseen_outlines};
use crate::dumping::needs::Needs;
use crate::dumping::schema_receipt::SchemaReceipt;
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
    needs: &Needs<'_>,
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
    for (object, entry) in objects.iter().zip(&entries) {
        receipt.notes.extend(needs.of_code(database, &entry.kind, object));
    }
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
            let Definition { text, context, database_collation } = match found {
                Ok(found) => found,
                Err(error) => {
                    self.refused(ObjectKind::Routines, &name, error).await?;
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
                    let object = object.in_mode(sql_mode).in_database_of(database_collation);
                    self.add(ObjectKind::Routines, word, object, definer);
                }
                None => self.lose(ObjectKind::Routines, &name, Text::new("left-out-unreadable")),
            }
        }
        Ok(())
    }

    async fn triggers(&mut self) -> Result<()> {
        let found = catalog::triggers(self.session, self.database).await;
        let mut before: HashMap<[String; 3], String> = HashMap::new();
        for trigger in self.listed(ObjectKind::Triggers, found)? {
            let Trigger { name, occasion, sql_mode, definer } = trigger;
            let previous = before.insert(occasion, name.clone());
            match catalog::trigger_definition(self.session, self.database, &name).await {
                Ok(Definition { text, context, database_collation }) => {
                    let text = requote::trigger(&text, &definer);
                    let quoting = Quoting::of_mode(&sql_mode);
                    let text = trigger_without_database(&text, quoting, self.database);
                    let statement = trigger_in_order(&text, quoting, previous.as_deref());
                    let object = SchemaObject::plain(SchemaKind::Trigger, &name, statement).under(context);
                    let object = object.in_mode(sql_mode).in_database_of(database_collation);
                    self.add(ObjectKind::Triggers, "trigger", object, definer);
                }
                Err(error) => self.refused(ObjectKind::Triggers, &name, error).await?,
            }
        }
        Ok(())
    }

    async fn events(&mut self) -> Result<()> {
        let found = catalog::events(self.session, self.database).await;
        for event in self.listed(ObjectKind::Events, found)? {
            let Event { name, sql_mode, definer, time_zone } = event;
            match catalog::event_definition(self.session, self.database, &name).await {
                Ok(Definition { text, context, database_collation }) => {
                    let object = SchemaObject::plain(SchemaKind::Event, &name, text).under(context);
                    let object = object.in_database_of(database_collation);
                    match object.in_mode(sql_mode).in_zone(time_zone) {
                        Some(object) => self.add(ObjectKind::Events, "event", object, definer),
                        None => self.lose(ObjectKind::Events, &name, Text::new("left-out-unreadable")),
                    }
                }
                Err(error) => self.refused(ObjectKind::Events, &name, error).await?,
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
                self.left_out.push(unlisted(
                    self.consent,
                    kind,
                    &name_of_database(self.database),
                    error,
                    || what,
                )?);
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

    /// Returns whether the catalogue lists an object.
    async fn is_there(&mut self, kind: ObjectKind, name: &str) -> Result<bool> {
        let (what, database) = (self.reading(), self.database);
        let names: std::result::Result<Vec<String>, SqlError> = match kind {
            ObjectKind::Triggers => catalog::triggers(self.session, database)
                .await
                .map(|all| all.into_iter().map(|trigger| trigger.name).collect()),
            _ => catalog::routines(self.session, database)
                .await
                .map(|all| all.into_iter().map(|routine| routine.name).collect()),
        };
        Ok(names.during(|| what)?.iter().any(|there| there == name))
    }

    async fn refused(&mut self, kind: ObjectKind, name: &str, error: SqlError) -> Result<()> {
        // An event may have been renamed instead; other code can't be.
        if kind != ObjectKind::Events && !self.is_there(kind, name).await? {
            return Ok(()); // dropped after it was listed
        }
        if matches!(error, SqlError::UnexpectedAnswer { .. }) {
            let has_proc = self.session.server().product == Product::Mariadb;
            let id = if has_proc { "left-out-body-hidden-proc" } else { "left-out-body-hidden" };
            self.lose(kind, name, Text::new(id));
            return Ok(());
        }
        let (full, what) = (full_name(self.database, name), self.reading());
        self.left_out.push(refused(self.consent, kind, &full, error, || what)?);
        Ok(())
    }
}
