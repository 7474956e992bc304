//! Databases and tables, made before their rows are loaded.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use model::version::Product;
use oceanbase::statement::identifier;
use oceanbase::{Session, Statement, catalog};
use storage::Client;

use crate::archive::Archive;
use crate::ddl::table::TableDefinition;
use crate::ddl::token::{TokenKind, tokens};
use crate::error::{DuringSql as _, Error, Result};
use crate::id::DumpId;
use crate::layout::ObjectKey;
use crate::load::marks::Marks;
use crate::load::{Options, check_target, names};
use crate::manifest::DatabaseEntry;
use crate::piece::PREAMBLE;
use crate::plan::{Selection, full_name};
use crate::schema_file::{SchemaKind, SchemaObject};
use crate::source::Target;

/// A table with fewer rows gets its keys at once: making them later costs more than it saves.
pub(super) const KEYS_AT_ONCE_ROWS: u64 = 1000;

/// Makes the databases and their tables, without the keys that are cheaper to add when the rows are in.
///
/// # Errors
/// Fails as [`check_target`] does, and when the server refuses a definition.
pub async fn create_schema(target: &Target, client: &Client, dump: &DumpId, options: &Options) -> Result<()> {
    check_target(target, client, dump, options).await?;
    let (archive, manifest) = Archive::open(client, dump, &options.identities).await?;
    let names = names(&manifest, options)?;
    let mut session = open_for_loading(target).await?;
    for entry in &manifest.databases {
        let Some(database) = names.get(&entry.name) else { continue };
        create_database(&mut session, &archive, &entry.name, database).await?;
        Marks::new(database, dump).begin(&mut session).await?;
        create_tables(&mut session, &archive, entry, database, &options.selection).await?;
    }
    session.close().await;
    Ok(())
}

/// Opens a connection that takes what the source has taken.
pub(super) async fn open_for_loading(target: &Target) -> Result<Session> {
    let mut session = target.open().await?;
    make_lenient(&mut session).await?;
    Ok(session)
}

/// Makes a connection take what the source has taken.
pub(super) async fn make_lenient(session: &mut Session) -> Result<()> {
    for sql in PREAMBLE {
        session.run(&Statement::read(sql)).await.during(|| "set up the connection".to_owned())?;
    }
    if session.server().product == Product::Mariadb {
        let unchecked = Statement::read("SET SESSION check_constraint_checks = 0");
        session.run(&unchecked).await.during(|| "set up the connection".to_owned())?;
    }
    Ok(())
}

/// OceanBase's number for a definition that changes at this moment: "Schema try again".
const SCHEMA_AGAIN: u16 = 5627;

/// How often and how soon it is tried again.
const AGAIN: (u32, Duration) = (20, Duration::from_millis(250));

/// MySQL's and OceanBase's numbers for a database, table, key, routine, trigger or constraint that exists.
const THERE: [u16; 7] = [1007, 1050, 1061, 1304, 1359, 1826, 5734];

/// Runs a statement that makes something, again where the server says that it may be: it may have been done all the same.
pub(super) async fn make(
    session: &mut Session,
    statement: &Statement,
) -> std::result::Result<u64, oceanbase::Error> {
    let mut tries = 0;
    loop {
        match session.run(statement).await {
            Err(error) if error.number() == Some(SCHEMA_AGAIN) && tries < AGAIN.0 => tries += 1,
            Err(error) if tries > 0 && error.number().is_some_and(|number| THERE.contains(&number)) => {
                return Ok(0);
            }
            done => return done,
        }
        tokio::time::sleep(AGAIN.1).await;
    }
}

/// Makes a database current on a connection.
pub(super) async fn enter(session: &mut Session, database: &str) -> Result<()> {
    let sql = format!("USE {}", identifier(database));
    session.run(&Statement::read(sql)).await.during(|| format!("use `{database}`")).map(drop)
}

async fn create_database(session: &mut Session, archive: &Archive, name: &str, target: &str) -> Result<()> {
    let key = ObjectKey::Database { database: name };
    let text = archive.read_schema(key).await?;
    let text = text.strip_suffix(b";\n").unwrap_or(&text);
    let statement = database_statement(text, target)
        .ok_or_else(|| Error::Damaged { path: key.path(), why: "it creates no database".to_owned() })?;
    session
        .run(&Statement::act(statement))
        .await
        .during(|| format!("create the database `{target}`"))
        .map(drop)
}

/// Returns the statement under the new name, harmless where there is such a database.
fn database_statement(sql: &[u8], name: &str) -> Option<Vec<u8>> {
    let tokens = tokens(sql);
    let old = tokens.iter().position(|token| token.kind == TokenKind::Name)?;
    if !tokens.first()?.is_word("CREATE") {
        return None;
    }
    let mut statement = format!("CREATE DATABASE IF NOT EXISTS {}", identifier(name)).into_bytes();
    tokens[old + 1..].iter().for_each(|token| statement.extend_from_slice(token.text));
    Some(statement)
}

async fn create_tables(
    session: &mut Session,
    archive: &Archive,
    entry: &DatabaseEntry,
    database: &str,
    selection: &Selection,
) -> Result<()> {
    enter(session, database).await?;
    let there =
        catalog::tables(session, database).await.during(|| format!("list the tables of `{database}`"))?;
    let there: HashSet<String> = there.into_iter().map(|table| table.name).collect();
    let folds = session.server().product.is_oceanbase();
    let rows: BTreeMap<&str, u64> =
        entry.tables.iter().map(|table| (table.name.as_str(), table.rows)).collect();
    for object in table_objects(archive, &entry.name, selection).await? {
        // Nothing of that name was there before this load began: it is from an earlier attempt. The target may keep all
        // names in small letters.
        if there.contains(&object.name) || folds && there.contains(&object.name.to_lowercase()) {
            continue;
        }
        let definition = read_definition(&entry.name, &object)?;
        let small = rows.get(object.name.as_str()).is_none_or(|&rows| rows < KEYS_AT_ONCE_ROWS);
        // MySQL and MariaDB show keys in the order in which they were made.
        let at_once = small || !folds && definition.has_special_keys();
        let statement = if at_once { definition.without_foreign_keys() } else { definition.bare() };
        let created = make(session, &Statement::act(statement).within(crate::LONG_READ)).await;
        created.during(|| format!("create the table {}", full_name(database, &object.name)))?;
    }
    Ok(())
}

/// Reads the definitions of a database's tables out of the dump.
pub(super) async fn table_objects(
    archive: &Archive,
    database: &str,
    selection: &Selection,
) -> Result<Vec<SchemaObject>> {
    let objects = archive.read_objects(ObjectKey::Tables { database }).await?;
    let chosen = |object: &SchemaObject| {
        object.kind == SchemaKind::Table && selection.has_table(database, &object.name)
    };
    Ok(objects.into_iter().filter(chosen).collect())
}

pub(super) fn read_definition(database: &str, object: &SchemaObject) -> Result<TableDefinition> {
    TableDefinition::read(&object.statement).ok_or_else(|| Error::Damaged {
        path: ObjectKey::Tables { database }.path(),
        why: format!("the definition of `{}` is unreadable", object.name),
    })
}

#[cfg(test)]
mod tests {
    use super::database_statement;

    #[test]
    fn a_database_is_made_under_its_new_name() {
        let made = database_statement(b"CREATE DATABASE `shop` DEFAULT CHARACTER SET = utf8mb4", "sh`op2");
        let expected = "CREATE DATABASE IF NOT EXISTS `sh``op2` DEFAULT CHARACTER SET = utf8mb4";
        assert_eq!(made.map(|sql| String::from_utf8(sql).expect("text")).as_deref(), Some(expected));
        assert_eq!(database_statement(b"DROP DATABASE `x`", "y"), None);
    }
}
