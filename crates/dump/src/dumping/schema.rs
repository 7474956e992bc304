//! The statements that make databases, tables and views, as files.

use std::collections::BTreeMap;

use model::text::Text;
use oceanbase::{Session, catalog};
use serde::{Deserialize, Serialize};
use storage::Client;

use crate::archive::Archive;
use crate::ddl::group::without_table_group;
use crate::ddl::qualify::{QualifiedView, with_readable_literals};
use crate::ddl::table::TableDefinition;
use crate::dumping::definition::Definitions;
use crate::dumping::{Snapshot, code};
use crate::error::{DuringSql as _, Error, Result};
use crate::layout::ObjectKey;
use crate::manifest::{CodeEntry, ObjectEntry};
use crate::plan::{DatabasePlan, Plan, TablePlan, ViewPlan, full_name};
use crate::schema_file::{self, SchemaKind, SchemaObject};
use crate::source::Source;

/// Says that the schema is finished.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct SchemaReceipt {
    pub(crate) objects: Vec<ObjectEntry>,
    pub(crate) notes: Vec<Text>,
    /// The code of each database, by its name.
    #[serde(default)]
    pub(crate) code: BTreeMap<String, Vec<CodeEntry>>,
    /// The users and roles.
    #[serde(default)]
    pub(crate) accounts: Vec<String>,
}

/// Writes the statements that make databases, tables and views. Does nothing when that was done before.
///
/// # Errors
/// [`Error::SchemaChanged`] when a table is not any more what was planned.
pub async fn dump_schema(source: &Source, client: &Client, snapshot: &Snapshot) -> Result<()> {
    let plan = snapshot.plan();
    let archive = Archive::of_plan(client, plan);
    if archive.read_sealed::<SchemaReceipt>(ObjectKey::SchemaReceipt).await?.is_some() {
        return Ok(());
    }
    let mut session = source.open_for_definitions().await?;
    let mut receipt = SchemaReceipt::default();
    for database in &plan.databases {
        write_database(&mut session, &archive, plan, database, &mut receipt).await?;
        if plan.selection.has_whole_database(&database.name) {
            code::write_code(&mut session, &archive, &database.name, &mut receipt).await?;
        }
    }
    if plan.selection.is_all() {
        code::write_accounts(&mut session, &archive, &mut receipt).await?;
    }
    session.close().await;
    archive.write_sealed(ObjectKey::SchemaReceipt, &receipt).await
}

async fn write_database(
    session: &mut Session,
    archive: &Archive,
    plan: &Plan,
    database: &DatabasePlan,
    receipt: &mut SchemaReceipt,
) -> Result<()> {
    let name = database.name.as_str();
    let definition = catalog::database_definition(session, name).await;
    let text = definition.during(|| format!("read the definition of `{name}`"))?;
    let (mut text, _) = without_table_group(&text);
    text.extend_from_slice(b";\n");
    receipt.objects.push(archive.write_schema(ObjectKey::Database { database: name }, text).await?);

    let definitions = Definitions::read(session, name).await;
    let definitions = definitions.during(|| format!("read the catalogue of `{name}`"))?;
    let mut tables = Vec::new();
    for table in &database.tables {
        tables.push(table_object(session, plan, name, table, &definitions, &mut receipt.notes).await?);
    }
    let text = schema_file::write(&format!("tables of `{name}`"), &tables);
    receipt.objects.push(archive.write_schema(ObjectKey::Tables { database: name }, text).await?);

    if !database.views.is_empty() {
        let mut views = Vec::new();
        for view in &database.views {
            views.push(view_object(session, name, view, &mut receipt.notes).await?);
        }
        let text = schema_file::write(&format!("views of `{name}`"), &views);
        receipt.objects.push(archive.write_schema(ObjectKey::Views { database: name }, text).await?);
    }
    Ok(())
}

async fn table_object(
    session: &mut Session,
    plan: &Plan,
    database: &str,
    table: &TablePlan,
    definitions: &Definitions,
    notes: &mut Vec<Text>,
) -> Result<SchemaObject> {
    let full = full_name(database, &table.name);
    let definition = definitions.table(session, &table.name).await;
    let definition =
        definition.during_read(&plan.dump, plan.scn, || format!("read the definition of {full}"))?;
    let unchanged =
        |definition: &TableDefinition| table.identity.is_of(&definitions.identity(&table.name, definition));
    let Some(mut definition) = definition.filter(unchanged) else {
        return Err(Error::SchemaChanged { dump: plan.dump.clone(), tables: vec![full] });
    };
    if definition.leave_group() {
        notes.push(Text::new("dump-table-group-left-out").with("table", &full));
    }
    definition.refer(|other| if other == database { None } else { Some(other.to_owned()) });
    let statement = with_readable_literals(&definition.whole());
    Ok(SchemaObject::plain(SchemaKind::Table, &table.name, statement))
}

async fn view_object(
    session: &mut Session,
    database: &str,
    view: &ViewPlan,
    notes: &mut Vec<Text>,
) -> Result<SchemaObject> {
    let full = full_name(database, &view.name);
    let text = catalog::view_definition(session, database, &view.name).await;
    let text = text.during(|| format!("read the definition of {full}"))?;
    let statement = match QualifiedView::read(&text, |name| name == database) {
        Ok(view) => view.without(),
        Err(_) => {
            notes.push(Text::new("dump-view-qualified").with("view", full).with("database", database));
            text
        }
    };
    let kind = if view.broken.is_some() { SchemaKind::BrokenView } else { SchemaKind::View };
    Ok(SchemaObject::plain(kind, &view.name, statement))
}
