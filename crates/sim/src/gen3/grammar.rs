//! Parses the ALTER SYSTEM statements of 3.x; the words ALTER SYSTEM are already consumed.

use super::backup;
use super::cleanup::Kind;
use super::command::Command;
use super::compaction::Verb;
use super::restore::Request;
use crate::error::SqlError;
use crate::sql::Cursor;
use crate::sql::token::TokenKind;

/// Parses one statement.
pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Command, SqlError> {
    let command = verb(cursor)?;
    cursor.end()?;
    Ok(command)
}

fn verb(c: &mut Cursor<'_>) -> Result<Command, SqlError> {
    const WORDS: [(&str, Command); 7] = [
        ("ARCHIVELOG", Command::Archive { on: true }),
        ("NOARCHIVELOG", Command::Archive { on: false }),
        ("CANCEL ALL BACKUP FORCE", Command::CancelAll),
        ("CANCEL DELETE BACKUP", Command::CancelDelete),
        ("CLEAR MERGE ERROR", Command::Compaction(Verb::ClearError)),
        ("SUSPEND BACKUP", Command::Gap("SUSPEND BACKUP")),
        ("RESUME BACKUP", Command::Gap("RESUME BACKUP")),
    ];
    if let Some((_, command)) = WORDS.into_iter().find(|(words, _)| c.words(words)) {
        return Ok(command);
    }
    if c.words("SET") {
        return set(c);
    }
    if c.words("BACKUP") {
        return backup(c);
    }
    if c.words("CANCEL BACKUP") {
        return if c.is_at_end() {
            Ok(Command::CancelBackup)
        } else {
            gap(c, "cancelling a backup of a backup")
        };
    }
    if c.words("DELETE") {
        return delete(c);
    }
    if c.words("MAJOR FREEZE") {
        if c.words("IGNORE") {
            c.names()?;
        }
        return Ok(Command::Compaction(Verb::Freeze));
    }
    for (words, verb) in
        [("SUSPEND MERGE", Verb::Suspend), ("RESUME MERGE", Verb::Resume), ("START MERGE", Verb::Start)]
    {
        if c.words(words) {
            if c.words("ZONE") {
                c.symbol("=");
                c.name()?;
            }
            return Ok(Command::Compaction(verb));
        }
    }
    if c.words("RESTORE") {
        return restore(c);
    }
    if c.words("VALIDATE") || c.words("CANCEL VALIDATE") {
        return gap(c, "VALIDATE");
    }
    Err(c.syntax())
}

fn gap(c: &mut Cursor<'_>, what: &'static str) -> Result<Command, SqlError> {
    while c.next().is_some() {}
    Ok(Command::Gap(what))
}

fn set(c: &mut Cursor<'_>) -> Result<Command, SqlError> {
    let mut items = Vec::new();
    loop {
        let name = c.name()?;
        if !c.symbol("=") {
            return Err(c.syntax());
        }
        let value = match c.next() {
            Some(token) if !matches!(token.kind, TokenKind::Symbol | TokenKind::Placeholder) => {
                token.value.clone()
            }
            _ => return Err(c.syntax()),
        };
        items.push((name, value));
        while c.words("COMMENT") || c.words("SCOPE") || c.words("SERVER") || c.words("ZONE") {
            c.symbol("=");
            c.name()?;
        }
        if !c.symbol(",") {
            return Ok(Command::Set(items));
        }
    }
}

fn backup(c: &mut Cursor<'_>) -> Result<Command, SqlError> {
    if c.words("BACKUPSET") || c.words("BACKUPPIECE") {
        return gap(c, "backup of a backup");
    }
    if c.words("TENANT") {
        let names = c.names()?;
        c.expect_words("TO")?;
        let address = c.string()?;
        return Ok(Command::Backup(backup::Request {
            is_incremental: false,
            tenants: Some((names, address)),
        }));
    }
    let is_incremental = c.words("INCREMENTAL");
    c.expect_words("DATABASE")?;
    Ok(Command::Backup(backup::Request { is_incremental, tenants: None }))
}

fn delete(c: &mut Cursor<'_>) -> Result<Command, SqlError> {
    if c.words("OBSOLETE BACKUP") || c.words("EXPIRED BACKUP") {
        return Ok(Command::Delete { kind: Kind::Obsolete, number: 0 });
    }
    let kind = [
        ("BACKUPSET", Kind::Set),
        ("BACKUPPIECE", Kind::Piece),
        ("BACKUPROUND", Kind::Round),
        ("BACKUP", Kind::Set),
    ]
    .into_iter()
    .find(|(word, _)| c.words(word))
    .map(|(_, kind)| kind)
    .ok_or_else(|| c.syntax())?;
    let number = c.number()? as u64;
    if c.words("COPY") {
        c.number()?;
    }
    Ok(Command::Delete { kind, number })
}

/// `[tables FOR] new FROM old AT 'uri' UNTIL '…' WITH '…'`.
fn restore(c: &mut Cursor<'_>) -> Result<Command, SqlError> {
    let mut tables = Vec::new();
    let mut tenant = c.name()?;
    if c.symbol(".") {
        tables.push((tenant, c.name()?));
        while c.symbol(",") {
            tables.push(table(c)?);
        }
        c.expect_words("FOR")?;
        tenant = c.name()?;
    }
    c.expect_words("FROM")?;
    let from = c.name()?;
    c.expect_words("AT")?;
    let at = c.string()?;
    c.expect_words("UNTIL")?;
    let until = c.string()?;
    c.expect_words("WITH")?;
    let options = c.string()?;
    Ok(Command::Restore(Request { tenant, from, at, until, options, tables }))
}

fn table(c: &mut Cursor<'_>) -> Result<(String, String), SqlError> {
    let database = c.name()?;
    if c.symbol(".") { Ok((database, c.name()?)) } else { Err(c.syntax()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::token::statements;

    fn read(text: &str) -> Result<Command, SqlError> {
        let tokens = statements(text)?.remove(0);
        parse(&mut Cursor::new(text, &tokens))
    }

    #[test]
    fn the_statements_of_3x_are_read_and_those_of_4x_are_not() {
        assert_eq!(read("cancel all backup force"), Ok(Command::CancelAll));
        assert_eq!(read("DELETE BACKUPSET 3 COPY 1"), Ok(Command::Delete { kind: Kind::Set, number: 3 }));
        for text in ["BACKUP DATABASE PLUS ARCHIVELOG", "ARCHIVELOG TENANT = t", "CANCEL RESTORE t"] {
            assert_eq!(read(text).map_err(|error| error.number), Err(1064), "{text}");
        }
    }

    #[test]
    fn a_restore_of_tables_keeps_their_list() {
        let text = "RESTORE `d`.`a`,`d`.`b` FOR new FROM old AT 'file:///b' UNTIL '2024-01-01 00:00:00' WITH 'pool_list=p'";
        let Ok(Command::Restore(request)) = read(text) else { panic!("it is a restore") };
        let tables = [("d", "a"), ("d", "b")].map(|(database, table)| (database.into(), table.into()));
        assert_eq!((request.tenant.as_str(), request.tables), ("new", tables.to_vec()));
        assert_eq!(
            read("RESTORE a,b FOR new FROM old AT 'u' UNTIL 't' WITH 'o'").map_err(|e| e.number),
            Err(1064)
        );
    }
}
