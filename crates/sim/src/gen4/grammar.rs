//! Parses the ALTER SYSTEM statements of 4.x; the words ALTER SYSTEM are already consumed.

use super::cleanup::Policy;
use super::command::{Command, Item, Targets};
use super::compaction::{Scope, Verb};
use super::deletion;
use super::restore_grammar as restore;
use super::{archive_copy, backup, destination, validate_statement};
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
    if c.words("SET") {
        return set(c);
    }
    if c.words("ARCHIVELOG") {
        return archive(c, true);
    }
    if c.words("NOARCHIVELOG") {
        return archive(c, false);
    }
    if c.words("BACKUP") {
        return backup(c);
    }
    if c.words("CANCEL BACKUP") {
        return Ok(Command::CancelBackup { tenants: tenant_list(c)? });
    }
    if c.words("CANCEL DELETE BACKUP") {
        return Ok(Command::CancelDelete { tenants: tenant_list(c)? });
    }
    if c.words("CANCEL RECOVER TABLE") {
        return Ok(Command::CancelRecoverTables { tenant: c.name()? });
    }
    if c.words("CANCEL RESTORE") {
        return Ok(Command::CancelRestore { tenant: c.name()? });
    }
    if c.words("ADD DELETE BACKUP POLICY") {
        return Ok(Command::AddPolicy(policy(c)?));
    }
    if c.words("DROP DELETE BACKUP POLICY") {
        return Ok(Command::DropPolicy(policy(c)?));
    }
    if c.words("DELETE") {
        return delete(c);
    }
    if ["CHANGE", "ALTER", "MODIFY"].iter().any(|verb| c.words(&format!("{verb} EXTERNAL_STORAGE_DEST"))) {
        return change_storage(c);
    }
    if c.words("VALIDATE") {
        return validate_statement::parse(c).map(Command::Validate);
    }
    if c.words("CANCEL VALIDATE BACKUP") {
        return Ok(Command::CancelValidate { tenants: tenant_list(c)? });
    }
    if c.words("MINOR FREEZE") {
        tenant_list(c)?;
        tablet(c)?;
        return Ok(Command::Accepted);
    }
    if let Some(verb) = merge_verb(c) {
        let scope = scope(c)?;
        // None of the simulated views shows the compaction of a single tablet.
        return if verb == Verb::Freeze && tablet(c)? {
            Ok(Command::Accepted)
        } else {
            Ok(Command::Compaction { verb, scope })
        };
    }
    restore::verb(c)
}

/// `[TENANT [=] …] [DESCRIPTION [=] 's']`; the description is not stored.
fn archive(c: &mut Cursor<'_>, on: bool) -> Result<Command, SqlError> {
    let targets = targets(c)?;
    if c.words("DESCRIPTION") {
        c.assigned_string()?;
    }
    Ok(Command::Archive { on, targets })
}

/// `[TABLET_ID [=] n]`.
fn tablet(c: &mut Cursor<'_>) -> Result<bool, SqlError> {
    if !c.words("TABLET_ID") {
        return Ok(false);
    }
    c.symbol("=");
    c.number().map(|_| true)
}

fn merge_verb(c: &mut Cursor<'_>) -> Option<Verb> {
    [
        ("MAJOR FREEZE", Verb::Freeze),
        ("SUSPEND MERGE", Verb::Suspend),
        ("RESUME MERGE", Verb::Resume),
        ("CLEAR MERGE ERROR", Verb::ClearError),
    ]
    .into_iter()
    .find(|(words, _)| c.words(words))
    .map(|(_, verb)| verb)
}

/// `SET name = value [COMMENT = 'c'] [SCOPE = …] [TENANT = t] [, …]`; a tenant applies to one setting.
fn set(c: &mut Cursor<'_>) -> Result<Command, SqlError> {
    let mut items = Vec::new();
    loop {
        let name = c.name()?;
        if !c.symbol("=") {
            return Err(c.syntax());
        }
        let (value, mut targets) = (value(c)?, Targets::Own);
        loop {
            if c.words("COMMENT") {
                c.assigned_string()?;
            } else if c.words("SCOPE") || c.words("SERVER") || c.words("ZONE") {
                c.symbol("=");
                c.name()?;
            } else if c.words("TENANT") {
                c.symbol("=");
                targets = targets_of(vec![c.name()?])?;
            } else {
                break;
            }
        }
        items.push(Item { name, value, targets });
        if !c.symbol(",") {
            return Ok(Command::Set(items));
        }
    }
}

/// The value of a parameter: a string, number or word.
fn value(c: &mut Cursor<'_>) -> Result<String, SqlError> {
    match c.next() {
        Some(token) if token.is_symbol("-") => Ok(format!("-{}", c.number()?)),
        Some(token) if matches!(token.kind, TokenKind::Text | TokenKind::Word | TokenKind::Quoted) => {
            Ok(token.value.clone())
        }
        Some(token) if token.kind == TokenKind::Number => Ok(token.value.clone()),
        Some(token) if token.kind == TokenKind::Null => Ok(String::new()),
        _ => Err(c.syntax()),
    }
}

/// `[TENANT [=] …]`.
pub(super) fn targets(c: &mut Cursor<'_>) -> Result<Targets, SqlError> {
    tenant_list(c)?.map_or(Ok(Targets::Own), targets_of)
}

/// Reads names of tenants. Source: seekdb 2ab098bd (the line of 4.3.5), `ob_alter_system_resolver.cpp`,
/// `resolve_tenant`.
fn targets_of(names: Vec<String>) -> Result<Targets, SqlError> {
    let group = |name: &String| match name.to_lowercase().as_str() {
        "all" => Some(Targets::All),
        "all_user" => Some(Targets::AllUser),
        "all_meta" => Some(Targets::AllMeta),
        _ => None,
    };
    match names.iter().find_map(group) {
        None => Ok(Targets::Named(names)),
        Some(_) if names.len() > 1 => {
            Err(SqlError::not_supported("all/all_user/all_meta in combination with other names is"))
        }
        Some(group) => Ok(group),
    }
}

/// `[TENANT [=] a, b]`.
pub(super) fn tenant_list(c: &mut Cursor<'_>) -> Result<Option<Vec<String>>, SqlError> {
    if !c.words("TENANT") {
        return Ok(None);
    }
    c.symbol("=");
    c.names().map(Some)
}

fn backup(c: &mut Cursor<'_>) -> Result<Command, SqlError> {
    if c.words("KEY") || c.words("CLUSTER PARAMETERS") {
        while c.next().is_some() {}
        return Ok(Command::Accepted);
    }
    if c.is_at_end() {
        return Ok(Command::Refused("Not supported feature or function"));
    }
    if c.words("ARCHIVELOG ALL") {
        let deletes_input = c.words("DELETE INPUT");
        let tenants = tenant_list(c)?;
        let description = if c.words("DESCRIPTION") { c.assigned_string()? } else { String::new() };
        return Ok(Command::CopyArchive(archive_copy::Request { deletes_input, tenants, description }));
    }
    let mut request =
        backup::Request { is_incremental: c.words("INCREMENTAL"), ..backup::Request::default() };
    if !c.words("DATABASE") {
        let tenants = tenant_list(c)?;
        request.tenants = Some(tenants.ok_or_else(|| c.syntax())?);
    }
    if c.words("TO") {
        request.to = Some(c.assigned_string()?);
    }
    request.plus_archivelog = c.words("PLUS ARCHIVELOG");
    if c.words("DESCRIPTION") {
        request.description = c.assigned_string()?;
    }
    Ok(Command::Backup(request))
}

/// `PATH [=] 'path' [SET] [ACCESS_INFO = '…'] [ATTRIBUTE = '…']`.
fn change_storage(c: &mut Cursor<'_>) -> Result<Command, SqlError> {
    c.expect_words("PATH")?;
    let path = c.assigned_string()?;
    c.words("SET");
    let access = if c.words("ACCESS_INFO") { Some(c.assigned_string()?) } else { None };
    let attributes = if c.words("ATTRIBUTE") { Some(c.assigned_string()?) } else { None };
    Ok(Command::ChangeStorage(destination::Change { path, access, attributes }))
}

fn policy(c: &mut Cursor<'_>) -> Result<Policy, SqlError> {
    let mut policy = Policy { name: c.assigned_string()?, window: None, redundancy: None, tenants: None };
    if c.words("RECOVERY_WINDOW") {
        policy.window = Some(c.assigned_string()?);
    }
    if c.words("REDUNDANCY") {
        c.symbol("=");
        policy.redundancy = Some(value(c)?);
    }
    if c.words("BACKUP_COPIES") {
        c.symbol("=");
        value(c)?;
    }
    policy.tenants = tenant_list(c)?;
    Ok(policy)
}

fn delete(c: &mut Cursor<'_>) -> Result<Command, SqlError> {
    let kind = if c.words("OBSOLETE BACKUP") {
        "OBSOLETE"
    } else if c.words("BACKUPSET") {
        "BACKUPSET"
    } else if c.words("ARCHIVELOG_PIECE") {
        "ARCHIVELOG_PIECE"
    } else if c.words("BACKUPPIECE") {
        "BACKUPPIECE"
    } else {
        return Err(c.syntax());
    };
    let mut ids = Vec::new();
    if kind != "OBSOLETE" {
        c.symbol("=");
        loop {
            ids.push(c.number()? as u64);
            if !c.symbol(",") {
                break;
            }
        }
    }
    let tenants = tenant_list(c)?;
    if c.words("DESCRIPTION") {
        c.assigned_string()?; // No view shows it.
    }
    Ok(Command::Delete(deletion::Request { kind, ids, tenants }))
}

fn scope(c: &mut Cursor<'_>) -> Result<Scope, SqlError> {
    Ok(match targets(c)? {
        Targets::Own => Scope::Own,
        Targets::All | Targets::AllUser => Scope::AllUser,
        Targets::AllMeta => Scope::AllMeta,
        Targets::Named(names) => Scope::Named(names),
    })
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
    fn the_forms_of_one_statement_mean_the_same() {
        let forms = [
            "BACKUP INCREMENTAL TENANT = t1, t2 PLUS ARCHIVELOG DESCRIPTION = 'tag'",
            "backup incremental tenant `t1`,'t2' plus archivelog description 'tag'",
        ];
        let [a, b] = forms.map(|form| read(form).expect(form));
        assert_eq!(a, b);
        let Command::Backup(request) = a else { panic!("it is a backup") };
        assert_eq!(request.tenants, Some(vec!["t1".to_owned(), "t2".to_owned()]));
        assert_eq!(request.description, "tag");
    }

    #[test]
    fn words_that_do_not_belong_are_a_syntax_error() {
        for text in [
            "BACKUP DATABASE NOW",
            "ARCHIVELOG TENANT",
            "SET x",
            "FROBNICATE",
            "CANCEL RESTORE TENANT = t",
            "RESTORE TENANT t FROM 'file:///d' WITH 'pool_list=p'",
            "RESTORE t FROM = 'file:///d' WITH 'pool_list=p'",
            "ADD DELETE BACKUP POLICY 'default' TENANT t RECOVERY_WINDOW '7d'",
            "ADD DELETE BACKUP POLICY TENANT t RECOVERY_WINDOW '7d'",
            "ADD DELETE BACKUP POLICY RECOVERY_WINDOW '7d' TENANT t",
            "DROP DELETE BACKUP POLICY TENANT t",
            "SET archive_lag_target = '120s' TENANT = a, b",
            "SET archive_lag_target = 120s",
        ] {
            assert_eq!(read(text).map_err(|error| error.number), Err(1064), "{text}");
        }
    }

    #[test]
    fn a_group_of_tenants_stands_alone() {
        let Ok(Command::Archive { targets, .. }) = read("ARCHIVELOG TENANT = ALL") else {
            panic!("it is read")
        };
        assert_eq!(targets, Targets::All);
        for text in ["ARCHIVELOG TENANT = all, t", "NOARCHIVELOG TENANT = t, all_user"] {
            let refused = read(text).expect_err("several");
            assert_eq!(
                (refused.number, refused.message.contains("in combination with")),
                (1235, true),
                "{text}"
            );
        }
    }

    #[test]
    fn what_the_kernel_reads_is_read() {
        for text in [
            "BACKUP",
            "ARCHIVELOG DESCRIPTION 's'",
            "NOARCHIVELOG TENANT = t DESCRIPTION = 's'",
            "MAJOR FREEZE TENANT t TABLET_ID = 200001",
            "MAJOR FREEZE TABLET_ID 200001",
            "MINOR FREEZE",
            "MINOR FREEZE TENANT = all_user",
            "SWITCHOVER TO STANDBY TENANT = t",
            "SWITCHOVER TO PRIMARY TENANT t VERIFY",
            "RECOVER TABLE d.t, d2.* TO TENANT t FROM 'file:///d' UNTIL SCN = 5 WITH 'pool_list=p'",
            "CANCEL RECOVER TABLE t",
        ] {
            assert!(read(text).is_ok(), "{text}: {:?}", read(text));
        }
        let text = "SET DATA_BACKUP_DEST = 'file:///a' TENANT = a, DATA_BACKUP_DEST = 'file:///b' TENANT = b";
        let Ok(Command::Set(items)) = read(text) else { panic!("it sets") };
        let named = |name: &str| Targets::Named(vec![name.to_owned()]);
        assert_eq!((&items[0].targets, &items[1].targets), (&named("a"), &named("b")));
    }

    #[test]
    fn restore_statements_keep_their_moment_and_options() {
        let text = "RESTORE `new` FROM \"file:///d, file:///a\" UNTIL TIME= '2024-01-01 00:00:00' \
                    WITH 'pool_list=p1&concurrency=4' DESCRIPTION 'x'";
        let Command::Restore(request) = read(text).expect("a good statement") else {
            panic!("it is a restore")
        };
        assert_eq!(request.from.as_deref(), Some("file:///d, file:///a"));
        assert_eq!(request.until, super::super::recovery::Until::Time("2024-01-01 00:00:00".to_owned()));
        assert_eq!(request.options, "pool_list=p1&concurrency=4");
    }
}
