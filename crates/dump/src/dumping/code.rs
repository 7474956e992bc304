//! Procedures, functions, triggers, users, roles and privileges, as files.

use model::text::Text;
use oceanbase::catalog::{self, Account, RoutineKind};
use oceanbase::{Session, statement};

use crate::archive::Archive;
use crate::ddl::code::{trigger_without_database, with_comment};
use crate::ddl::form::Refusal;
use crate::ddl::requote::{self, Names};
use crate::dumping::schema::SchemaReceipt;
use crate::error::{DuringSql as _, Error, Result};
use crate::layout::ObjectKey;
use crate::manifest::CodeEntry;
use crate::plan::full_name;
use crate::schema_file::{self, SchemaKind, SchemaObject};

/// Writes a database's procedures, functions and triggers.
pub(super) async fn write_code(
    session: &mut Session,
    archive: &Archive,
    database: &str,
    receipt: &mut SchemaReceipt,
) -> Result<()> {
    let reading = || format!("read the code in `{database}`");
    let (mut objects, mut entries) = (Vec::new(), Vec::new());
    for routine in catalog::routines(session, database).await.during(reading)? {
        let text = catalog::routine_definition(session, database, &routine.name, routine.kind).await;
        let catalog::Definition { text, context } = text.during(reading)?;
        let mended = if session.server().product.is_oceanbase() {
            let (word, definer) = (routine.kind.word(), &routine.definer);
            with_comment(&requote::routine(&text, word, &routine.name, definer), &routine.comment)
        } else {
            Some(text) // printed as it should be
        };
        let statement = mended.ok_or_else(|| unreadable(database, &routine.name))?;
        let (kind, word) = match routine.kind {
            RoutineKind::Procedure => (SchemaKind::Procedure, "procedure"),
            RoutineKind::Function => (SchemaKind::Function, "function"),
        };
        entries.push(CodeEntry {
            kind: word.to_owned(),
            name: routine.name.clone(),
            definer: routine.definer,
        });
        let object = SchemaObject::plain(kind, &routine.name, statement);
        objects.push(SchemaObject { mode: Some(routine.sql_mode), ..object.under(context) });
    }
    for trigger in catalog::triggers(session, database).await.during(reading)? {
        let found = catalog::trigger_definition(session, database, &trigger.name).await.during(reading)?;
        let text = requote::trigger(&found.text, &trigger.definer);
        let statement = trigger_without_database(&text, database);
        entries.push(CodeEntry {
            kind: "trigger".to_owned(),
            name: trigger.name.clone(),
            definer: trigger.definer,
        });
        let object = SchemaObject::plain(SchemaKind::Trigger, &trigger.name, statement);
        objects.push(SchemaObject { mode: Some(trigger.sql_mode), ..object.under(found.context) });
    }
    if !objects.is_empty() {
        let text = schema_file::write(&format!("code of `{database}`"), &objects)?;
        receipt.objects.push(archive.write_schema(ObjectKey::Code { database }, text).await?);
        receipt.code.insert(database.to_owned(), entries);
    }
    Ok(())
}

fn unreadable(database: &str, name: &str) -> Error {
    let problem =
        model::Problem::refused(model::problem::codes::PRECHECK_FAILED, "dump-definition-unreadable");
    Error::CannotCarry { problems: vec![problem.with("table", full_name(database, name))] }
}

/// Writes users and roles, and what they may do. The hashes of passwords are among it.
pub(super) async fn write_accounts(
    session: &mut Session,
    archive: &Archive,
    receipt: &mut SchemaReceipt,
) -> Result<()> {
    let reading = || "read the users".to_owned();
    let Some(accounts) = catalog::accounts(session).await.during(reading)? else {
        receipt.notes.push(Text::new("dump-accounts-unseen"));
        return Ok(());
    };
    let (mut made, mut granted) = (Vec::new(), Vec::new());
    let crooked = crooked_names(session).await?;
    for account in &accounts {
        let name = account.spelled();
        let definition = if account.is_role {
            format!("CREATE ROLE IF NOT EXISTS {name}") // the server shows it as a user, and would make it one
        } else {
            catalog::account_definition(session, account).await.during(reading)?
        };
        made.push(SchemaObject::plain(SchemaKind::Account, &name, definition.into_bytes()));
        made.extend(
            changes(account).map(|sql| SchemaObject::plain(SchemaKind::AccountChange, &name, sql.into())),
        );
        for grant in catalog::account_grants(session, account).await.during(reading)? {
            // Everybody has this from the start.
            if !grant.starts_with("GRANT USAGE ON *.*") {
                let grant = quoted_grant(session, &grant, account, &crooked)?;
                granted.push(SchemaObject::plain(SchemaKind::Grant, &name, grant.into_bytes()));
            }
        }
        receipt.accounts.push(name);
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
fn quoted_grant(session: &Session, grant: &str, account: &Account, crooked: &[Names]) -> Result<String> {
    if !session.server().product.is_oceanbase() {
        return Ok(grant.to_owned());
    }
    let unclear = || Refusal("its privileges can be read in more ways than one".to_owned());
    requote::grant(grant, &account.user, &account.host, crooked)
        .ok_or_else(|| Error::not_carried(&account.spelled(), &unclear()))
}

/// Returns what SHOW CREATE USER leaves out.
fn changes(account: &Account) -> impl Iterator<Item = String> {
    let name = format!("{}@{}", statement::literal(&account.user), statement::literal(&account.host));
    let locked = account.locked.then(|| format!("ALTER USER {name} ACCOUNT LOCK"));
    let tls = account.tls.then(|| format!("ALTER USER {name} REQUIRE SSL"));
    locked.into_iter().chain(tls)
}
