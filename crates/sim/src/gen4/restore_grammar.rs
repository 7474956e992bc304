//! Parses the statements of 4.x around restore and standby.

use super::command::{Command, Targets};
use super::grammar::targets;
use super::recovery::Until;
use super::restore::Request;
use super::table_recovery::{Item, Request as Tables};
use crate::error::SqlError;
use crate::sql::Cursor;
use crate::world::tenant::Role;

pub(super) fn verb(c: &mut Cursor<'_>) -> Result<Command, SqlError> {
    if c.words("RESTORE FROM") {
        let from = c.string()?;
        return preview(c, Some(from));
    }
    if c.words("RESTORE PREVIEW") {
        return preview_end(c, None, None);
    }
    if c.words("RESTORE") {
        return restore(c);
    }
    if c.words("ADD RESTORE SOURCE") {
        return Ok(Command::AddSource(c.string()?.split(',').map(|path| path.trim().to_owned()).collect()));
    }
    if c.words("CLEAR RESTORE SOURCE") {
        return Ok(Command::ClearSource);
    }
    if c.words("RECOVER STANDBY") {
        let tenant = tenant(c)?;
        if c.words("CANCEL") {
            return Ok(Command::Recover { tenant, until: None });
        }
        return Ok(Command::Recover { tenant, until: Some(until(c)?.unwrap_or(Until::Newest)) });
    }
    if c.words("ACTIVATE STANDBY") {
        let tenant = tenant(c)?;
        return Ok(Command::Activate { tenant, only_verify: c.words("VERIFY") });
    }
    if c.words("SWITCHOVER TO") {
        let to = if c.words("PRIMARY") {
            Role::Primary
        } else {
            c.expect_words("STANDBY")?;
            Role::Standby
        };
        let tenant = tenant(c)?;
        return Ok(Command::Switchover { to, tenant, only_verify: c.words("VERIFY") });
    }
    if c.words("RECOVER TABLE") {
        return recover_tables(c);
    }
    if c.words("RUN UPGRADE JOB") {
        let kind = c.string()?;
        let tenants = match targets(c)? {
            Targets::Named(names) => names,
            _ => Vec::new(),
        };
        return Ok(Command::Upgrade { kind, tenants });
    }
    Err(c.syntax())
}

/// `[TENANT [=]] t`, or nothing.
fn tenant(c: &mut Cursor<'_>) -> Result<Option<String>, SqlError> {
    if c.words("TENANT") {
        c.symbol("=");
        return c.name().map(Some);
    }
    Ok(None)
}

fn restore(c: &mut Cursor<'_>) -> Result<Command, SqlError> {
    let tenant = c.name()?;
    let from = if c.words("FROM") { Some(c.string()?) } else { None };
    let until = until(c)?.unwrap_or(Until::Newest);
    c.expect_words("WITH")?;
    let options = c.string()?;
    if c.words("WITH KEY FROM") {
        c.string()?;
        c.expect_words("ENCRYPTED BY")?;
        c.string()?;
    }
    let description = if c.words("DESCRIPTION") { c.assigned_string()? } else { String::new() };
    Ok(Command::Restore(Request { tenant, from, until, options, description }))
}

/// `{db.t | db.* | *.*}[, …] TO [TENANT [=]] t [FROM '…'] [UNTIL …] WITH '…'
/// [REMAP TABLE a.b:c.d[, …]] [DESCRIPTION '…']`.
fn recover_tables(c: &mut Cursor<'_>) -> Result<Command, SqlError> {
    let mut items = vec![item(c)?];
    while c.symbol(",") {
        items.push(item(c)?);
    }
    c.expect_words("TO")?;
    if c.words("TENANT") {
        c.symbol("=");
    }
    let tenant = c.name()?;
    let from = if c.words("FROM") { Some(c.string()?) } else { None };
    let until = until(c)?.unwrap_or(Until::Newest);
    c.expect_words("WITH")?;
    let options = c.string()?;
    let mut remaps = Vec::new();
    if c.words("REMAP TABLE") {
        loop {
            let old = item(c)?;
            if !c.symbol(":") {
                return Err(c.syntax());
            }
            remaps.push((old.clone(), renamed(c, &old)?));
            if !c.symbol(",") {
                break;
            }
        }
    }
    let description = if c.words("DESCRIPTION") { c.assigned_string()? } else { String::new() };
    Ok(Command::RecoverTables(Tables { items, tenant, from, until, options, remaps, description }))
}

/// A table, a whole database, or all of them.
fn item(c: &mut Cursor<'_>) -> Result<Item, SqlError> {
    let all = c.symbol("*");
    let database = if all { String::new() } else { c.name()? };
    if !c.symbol(".") {
        return Err(c.syntax());
    }
    if c.symbol("*") {
        return Ok(if all { Item::All } else { Item::Database(database) });
    }
    if all { Err(c.syntax()) } else { Ok(Item::Table(database, c.name()?)) }
}

/// Parses the new name of an item; for a table, a name in the same database is enough.
fn renamed(c: &mut Cursor<'_>, old: &Item) -> Result<Item, SqlError> {
    let first = c.name()?;
    match old {
        Item::Table(database, _) if !c.symbol(".") => Ok(Item::Table(database.clone(), first)),
        Item::Table(..) => Ok(Item::Table(first, c.name()?)),
        Item::Database(_) if c.symbol(".") && c.symbol("*") => Ok(Item::Database(first)),
        Item::Database(_) | Item::All => Err(c.syntax()),
    }
}

fn preview(c: &mut Cursor<'_>, from: Option<String>) -> Result<Command, SqlError> {
    let until = until(c)?;
    c.expect_words("PREVIEW")?;
    preview_end(c, from, until)
}

fn preview_end(_: &mut Cursor<'_>, from: Option<String>, until: Option<Until>) -> Result<Command, SqlError> {
    Ok(Command::Preview { from, until })
}

/// `[UNTIL TIME = '…' | SCN = n | UNLIMITED]`; TIME and SCN need the `=`.
fn until(c: &mut Cursor<'_>) -> Result<Option<Until>, SqlError> {
    if !c.words("UNTIL") {
        return Ok(None);
    }
    if c.words("UNLIMITED") {
        return Ok(Some(Until::Newest));
    }
    let is_time = c.words("TIME");
    if !is_time {
        c.expect_words("SCN")?;
    }
    if !c.symbol("=") {
        return Err(c.syntax());
    }
    if is_time {
        c.string().map(|text| Some(Until::Time(text)))
    } else {
        c.number().map(|scn| Some(Until::Scn(scn)))
    }
}
