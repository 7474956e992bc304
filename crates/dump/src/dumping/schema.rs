//! The statements that create databases, tables and views, as files.

use model::Problem;
use model::inventory::{Consent, ObjectKind};
use model::problem::codes;
use model::text::Text;
use oceanbase::statement::identifier;
use oceanbase::{Session, catalog};
use storage::Client;

use crate::archive::Archive;
use crate::ddl::group::without_table_group;
use crate::ddl::qualified::Qualified;
use crate::ddl::qualify::with_readable_literals;
use crate::ddl::table::TableDefinition;
use crate::ddl::{form, requote};
use crate::dumping::definition::{Definitions, Kept};
use crate::dumping::left_out::{Scope, changed, changed_database, not_taken, refused, unfit};
use crate::dumping::needs::Needs;
use crate::dumping::schema_receipt::SchemaReceipt;
use crate::dumping::survey::INNER_TABLES;
use crate::dumping::vanished::{is_gone, tables_now};
use crate::dumping::{Snapshot, accounts, code, generated};
use crate::error::{DuringSql as _, Error, Result};
use crate::layout::ObjectKey;
use crate::plan::{DatabasePlan, Plan, TablePlan, ViewPlan, full_name};
use crate::refusal::is_refusal;
use crate::schema_file::{self, SchemaKind, SchemaObject};
use crate::source::Source;

/// Writes the statements that create databases, tables and views. Does nothing if that was done before.
///
/// # Errors
/// [`Error::SchemaChanged`] if a table is no longer as planned, unless such tables are left out.
pub async fn dump_schema(source: &Source, client: &Client, snapshot: &Snapshot) -> Result<()> {
    let plan = snapshot.plan();
    let archive = Archive::of_plan(client, plan, snapshot.signer());
    if archive.read_sealed::<SchemaReceipt>(ObjectKey::SchemaReceipt).await?.is_some() {
        return Ok(());
    }
    let mut session = source.open_for_definitions().await?;
    let scope = Scope { selection: &plan.selection, consent: &plan.consent };
    let databases = catalog::all_databases(&mut session).await.during(|| "list the databases".to_owned())?;
    let needs = Needs::new(plan, &databases);
    let (mut receipt, mut kept) = (SchemaReceipt::default(), snapshot.take_kept());
    for database in &plan.databases {
        let leave_out_changed = snapshot.leaves_out_changed();
        let is_there = write_database(
            &mut session,
            &archive,
            &needs,
            database,
            leave_out_changed,
            &mut kept,
            &mut receipt,
        )
        .await?;
        if !is_there {
            continue;
        }
        code::write_code(&mut session, &archive, scope, &needs, &database.name, &mut receipt).await?;
    }
    if scope.wants_of_server(ObjectKind::Users) {
        accounts::write_accounts(&mut session, &archive, scope.consent, &needs, &mut receipt).await?;
    }
    session.close().await;
    archive.write_sealed(ObjectKey::SchemaReceipt, &receipt).await
}

/// Reads the statement that creates a database; or returns why it can't be dumped.
pub(super) async fn database_statement(
    session: &mut Session,
    name: &str,
) -> Result<std::result::Result<Vec<u8>, Text>> {
    let text = match catalog::database_definition(session, name).await {
        Ok(text) => text,
        Err(error) if is_refusal(&error) => {
            let reason = Text::new("dump-database-refused").with("database", identifier(name));
            return Ok(Err(reason.with("why", error)));
        }
        Err(error) => return Err(error).during(|| format!("read the definition of {}", identifier(name))),
    };
    let text = if session.server().product.is_oceanbase() { requote::database(&text, name) } else { text };
    let (text, _) = without_table_group(&text);
    Ok(match form::check_database(&text, name) {
        Ok(()) => Ok(text),
        Err(why) => Err(unfit(ObjectKind::Databases, &identifier(name), &why)),
    })
}

/// Writes the statements of a database. Returns false if the database no longer exists: it is then left out.
async fn write_database(
    session: &mut Session,
    archive: &Archive,
    needs: &Needs<'_>,
    database: &DatabasePlan,
    leave_out_changed: bool,
    kept: &mut Kept,
    receipt: &mut SchemaReceipt,
) -> Result<bool> {
    let (plan, name) = (needs.plan, database.name.as_str());
    let mut text = match database_statement(session, name).await? {
        Ok(text) => text,
        Err(_) if is_gone(session, name).await? => {
            if !leave_out_changed {
                return Err(Error::SchemaChanged { dump: plan.dump.clone(), tables: vec![identifier(name)] });
            }
            receipt.left_out.push(changed_database(&plan.consent, name));
            return Ok(false);
        }
        Err(reason) => {
            let problem = Problem::refused(codes::PRECHECK_FAILED, &reason.id);
            return Err(Error::CannotCarry { problems: vec![Problem { text: reason, ..problem }] });
        }
    };
    text.extend_from_slice(b";\n");
    receipt.objects.push(archive.write_schema(ObjectKey::Database { database: name }, text).await?);

    let definitions = Definitions::read(session, name).await;
    let definitions = definitions.during(|| format!("read the catalogue of `{name}`"))?;
    let mut tables = Vec::new();
    for table in &database.tables {
        // A statement that was read when the snapshot was taken stays valid while nothing has changed since.
        let text = kept.take(name, &table.name);
        let text = text.filter(|_| definitions.is_untouched(&table.name, &table.identity));
        let definition = match text.and_then(|text| TableDefinition::read(&text)) {
            Some(definition) => definition,
            None => match definition_now(session, plan, name, table, &definitions).await {
                Err(Error::SchemaChanged { .. }) if leave_out_changed => {
                    let full = full_name(name, &table.name);
                    let reason = changed(&full);
                    receipt.left_out.push(plan.consent.left_out(ObjectKind::Tables, full, reason));
                    continue;
                }
                definition => definition?,
            },
        };
        let object = table_object(name, &table.name, definition, &mut receipt.notes);
        let full = full_name(name, &table.name);
        let recorded = definitions.recorded(session, &table.name).await;
        let recorded = recorded.during(|| format!("read the settings of generated columns of {full}"))?;
        tables.push(match recorded.map(|recorded| object.clone().created_under(recorded)) {
            None if definitions.hides_settings() && has_generated(&object) => {
                let reason = Text::new("left-out-generated-hidden").with("table", &full);
                let reason = reason.with("privilege", INNER_TABLES);
                receipt.left_out.push(plan.consent.left_out(ObjectKind::GeneratedValues, full, reason));
                object
            }
            None => object,
            Some(Some(created)) => created,
            Some(None) => {
                let reason = Text::new("left-out-generated-settings").with("table", &full);
                receipt.left_out.push(plan.consent.left_out(ObjectKind::GeneratedValues, full, reason));
                object
            }
        });
    }
    let is_dumped = |table: &str| database.tables.iter().any(|known| known.name == table);
    for column in generated::otherwise(session, name, is_dumped).await? {
        let full = format!("{}.{}", full_name(name, &column.table), identifier(&column.column));
        let id =
            if column.rows.is_some() { "left-out-generated-values" } else { "left-out-generated-unknown" };
        let reason = Text::new(id).with("column", &full).with("rows", column.rows.unwrap_or_default());
        receipt.left_out.push(plan.consent.left_out(ObjectKind::GeneratedValues, full, reason));
    }
    for table in &tables {
        receipt.notes.extend(needs.of_defaults(name, table));
        for orphan in needs.orphans(name, table) {
            let there = tables_now(session, &orphan.database).await?;
            // A database that this user does not see may have the table.
            let exists = !needs.sees(&orphan.database)
                || there.iter().any(|other| other.eq_ignore_ascii_case(&orphan.parent));
            receipt.notes.push(orphan.note(exists));
        }
    }
    let text = schema_file::write(&format!("tables of `{name}`"), &tables)?;
    receipt.objects.push(archive.write_schema(ObjectKey::Tables { database: name }, text).await?);

    let mut sequences = Vec::new();
    for sequence in &database.sequences {
        sequences.extend(sequence_objects(session, name, sequence, &plan.consent, receipt).await?);
    }
    if !sequences.is_empty() {
        let text = schema_file::write(&format!("sequences of `{name}`"), &sequences)?;
        receipt.objects.push(archive.write_schema(ObjectKey::Sequences { database: name }, text).await?);
    }

    if !database.views.is_empty() {
        let mut views = Vec::new();
        for view in &database.views {
            views.extend(view_object(session, name, view, &plan.consent, needs, receipt).await?);
        }
        let text = schema_file::write(&format!("views of `{name}`"), &views)?;
        receipt.objects.push(archive.write_schema(ObjectKey::Views { database: name }, text).await?);
    }
    Ok(true)
}

/// Returns whether a table may have generated columns, as OceanBase prints them.
fn has_generated(object: &SchemaObject) -> bool {
    let words = b"GENERATED ALWAYS AS";
    object.statement.windows(words.len()).any(|found| found.eq_ignore_ascii_case(words))
}

/// Reads the definition of a table, which must still be as planned.
async fn definition_now(
    session: &mut Session,
    plan: &Plan,
    database: &str,
    table: &TablePlan,
    definitions: &Definitions,
) -> Result<TableDefinition> {
    let full = full_name(database, &table.name);
    let definition = definitions.table(session, &table.name).await;
    let definition =
        definition.during_read(&plan.dump, plan.scn, || format!("read the definition of {full}"))?;
    let unchanged =
        |definition: &TableDefinition| table.identity.is_of(&definitions.identity(&table.name, definition));
    definition
        .filter(unchanged)
        .ok_or_else(|| Error::SchemaChanged { dump: plan.dump.clone(), tables: vec![full.clone()] })
}

fn table_object(
    database: &str,
    table: &str,
    mut definition: TableDefinition,
    notes: &mut Vec<Text>,
) -> SchemaObject {
    if definition.leave_group() {
        notes.push(Text::new("dump-table-group-left-out").with("table", full_name(database, table)));
    }
    if definition.leave_directories() {
        notes.push(Text::new("dump-table-directory-left-out").with("table", full_name(database, table)));
    }
    created_by(database, table, definition)
}

/// Returns the object that creates a table, as stored in the dump.
pub(super) fn created_by(database: &str, table: &str, mut definition: TableDefinition) -> SchemaObject {
    definition.refer(|other| if other == database { None } else { Some(other.to_owned()) });
    definition.leave_database(database);
    definition.leave_format_marks();
    definition.leave_directories();
    SchemaObject::plain(SchemaKind::Table, table, with_readable_literals(&definition.whole()))
}

/// Reads a sequence. Its next number is read after the snapshot, so no row of the dump has a later one.
async fn sequence_objects(
    session: &mut Session,
    database: &str,
    sequence: &str,
    consent: &Consent,
    receipt: &mut SchemaReceipt,
) -> Result<Vec<SchemaObject>> {
    let full = full_name(database, sequence);
    let what = || format!("read the definition of {full}");
    let (text, value) = match catalog::sequence_definition(session, database, sequence).await {
        Ok(found) => found,
        Err(error) => {
            receipt.left_out.push(refused(consent, ObjectKind::Sequences, &full, error, what)?);
            return Ok(Vec::new());
        }
    };
    let objects = vec![
        SchemaObject::plain(SchemaKind::Sequence, sequence, text),
        SchemaObject::plain(SchemaKind::SequenceValue, sequence, value.into_bytes()),
    ];
    match objects.iter().find_map(|object| form::check(object).err()) {
        None => Ok(objects),
        Some(why) => {
            receipt.left_out.push(not_taken(consent, ObjectKind::Sequences, &full, &why));
            Ok(Vec::new())
        }
    }
}

/// Reads a view. A view that the server does not show, or shows in a form that is refused, is left out.
async fn view_object(
    session: &mut Session,
    database: &str,
    view: &ViewPlan,
    consent: &Consent,
    needs: &Needs<'_>,
    receipt: &mut SchemaReceipt,
) -> Result<Option<SchemaObject>> {
    let full = full_name(database, &view.name);
    if !session.server().product.is_oceanbase() {
        // MySQL and MariaDB omit the name of the current database; then a table could not be distinguished from its
        // database.
        session.enter("information_schema").await.during(|| "use `information_schema`".to_owned())?;
    }
    let what = || format!("read the definition of {full}");
    let catalog::Definition { text, context, .. } =
        match catalog::view_definition(session, database, &view.name).await {
            Ok(found) => found,
            Err(error) => {
                receipt.left_out.push(refused(consent, ObjectKind::Views, &full, error, what)?);
                return Ok(None);
            }
        };
    let text = if session.server().product.is_oceanbase() { requote::view(&text, &view.name) } else { text };
    let qualified = Qualified::read(&text, |name| name == database);
    let is_unclear = !qualified.unclear().is_empty();
    let statement = qualified.without();
    let kind = if view.broken.is_some() { SchemaKind::BrokenView } else { SchemaKind::View };
    let object = SchemaObject::plain(kind, &view.name, statement).under(context);
    if let Err(why) = form::check(&object) {
        receipt.left_out.push(not_taken(consent, ObjectKind::Views, &full, &why));
        return Ok(None);
    }
    receipt.notes.extend(needs.of_view(database, &view.name, &text));
    if is_unclear {
        let note = Text::new("dump-view-qualified").with("view", full).with("database", database);
        receipt.notes.push(note);
    }
    Ok(Some(object))
}
