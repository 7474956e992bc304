//! Users, roles and privileges, as files.

use model::inventory::{Consent, ObjectKind, WHOLE_SERVER};
use oceanbase::catalog::{self, Account};
use oceanbase::{Error as SqlError, Session, statement};

use crate::archive::Archive;
use crate::ddl::form::{self, Refusal};
use crate::ddl::requote::{self, Names};
use crate::dumping::left_out::{not_taken, refused, stray_grant, unlisted, unseen_roles, unseen_users};
use crate::dumping::needs::Needs;
use crate::dumping::schema_receipt::SchemaReceipt;
use crate::error::{DuringSql as _, Result};
use crate::layout::ObjectKey;
use crate::schema_file::{self, SchemaKind, SchemaObject};

/// Writes users, roles and their privileges, including the password hashes.
pub(super) async fn write_accounts(
    session: &mut Session,
    archive: &Archive,
    consent: &Consent,
    needs: &Needs<'_>,
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
    let roles = match session.server().product.is_oceanbase() {
        true => catalog::role_grants(session).await.during(reading)?,
        false => None,
    };
    let mut are_roles_unseen = false;
    for account in &accounts {
        let name = account.spelled();
        let definition = match definition(session, account).await {
            Ok(definition) => definition,
            Err(_) if !is_there(session, account, &accounts).await? => continue,
            Err(error) => {
                receipt.left_out.push(refused(consent, ObjectKind::Users, &name, error, reading)?);
                continue;
            }
        };
        let changes = changes(account).into_iter().map(|sql| (SchemaKind::AccountChange, sql));
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
            Err(_) if !is_there(session, account, &accounts).await? => {
                // Dropped after it was listed.
                made.retain(|object: &SchemaObject| object.name != name);
                receipt.accounts.retain(|account| *account != name);
                continue;
            }
            Err(error) => {
                receipt.left_out.push(refused(consent, ObjectKind::Grants, &name, error, reading)?);
                continue;
            }
        };
        let is_oceanbase = session.server().product.is_oceanbase();
        for grant in &grants {
            if is_oceanbase && catalog::is_of_roles(grant) {
                if roles.is_some() {
                    continue;
                }
                are_roles_unseen = true;
            }
            match grant_object(session, grant, account, &crooked) {
                Ok(object) => granted.push(object),
                Err(why) => receipt.left_out.push(not_taken(consent, ObjectKind::Grants, &name, &why)),
            }
        }
        let own = roles.as_ref().and_then(|roles| roles.get(&name));
        for sql in own.map(|own| own.statements(&name)).unwrap_or_default() {
            let object = SchemaObject::plain(SchemaKind::Grant, &name, sql.into_bytes());
            match form::check(&object) {
                Ok(()) => granted.push(object),
                Err(why) => receipt.left_out.push(not_taken(consent, ObjectKind::Grants, &name, &why)),
            }
        }
    }
    if !session.server().product.is_oceanbase() {
        let stray = catalog::stray_grants(session).await.during(reading)?;
        receipt.left_out.extend(stray.iter().map(|grant| stray_grant(consent, grant)));
    }
    if are_roles_unseen {
        receipt.left_out.push(unseen_roles(consent));
    }
    receipt.notes.extend(granted.iter().filter_map(|grant| needs.of_grant(grant)));
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

/// Returns whether the server still lists an account. Also if it may not list it, or lists an account that is not among
/// the known ones: then this one may have been renamed.
async fn is_there(session: &mut Session, account: &Account, known: &[Account]) -> Result<bool> {
    let same = |one: &Account, other: &Account| (&one.user, &one.host) == (&other.user, &other.host);
    let all = catalog::accounts(session).await.during(|| "read the users".to_owned())?;
    Ok(all.is_none_or(|all| {
        let is_new = |other: &Account| !known.iter().any(|known| same(known, other));
        all.iter().any(|other| same(other, account) || is_new(other))
    }))
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
fn changes(account: &Account) -> Vec<String> {
    let name = format!("{}@{}", statement::literal(&account.user), statement::literal(&account.host));
    let locked = account.locked.then(|| format!("ALTER USER {name} ACCOUNT LOCK"));
    let tls = account.tls.requirement().map(|required| format!("ALTER USER {name} REQUIRE {required}"));
    let limits = [
        ("MAX_CONNECTIONS_PER_HOUR", account.connections_per_hour),
        ("MAX_USER_CONNECTIONS", account.connections),
    ];
    let limits = limits.into_iter().filter(|(_, most)| *most > 0);
    let limits: Vec<String> = limits.map(|(word, most)| format!("{word} {most}")).collect();
    let limited = (!limits.is_empty()).then(|| format!("ALTER USER {name} WITH {}", limits.join(" ")));
    locked.into_iter().chain(tls).chain(limited).collect()
}

#[cfg(test)]
mod tests {
    use oceanbase::catalog::{Account, Tls};

    use super::changes;

    #[test]
    fn an_account_keeps_what_limits_it() {
        let plain = Account {
            user: "u".to_owned(),
            host: "%".to_owned(),
            is_role: false,
            locked: false,
            tls: Tls::Any,
            connections_per_hour: 0,
            connections: 0,
        };
        assert_eq!(changes(&plain), [] as [&str; 0]);
        let limited =
            Account { locked: true, tls: Tls::Certificate, connections_per_hour: 5, connections: 2, ..plain };
        let expected = [
            "ALTER USER 'u'@'%' ACCOUNT LOCK",
            "ALTER USER 'u'@'%' REQUIRE X509",
            "ALTER USER 'u'@'%' WITH MAX_CONNECTIONS_PER_HOUR 5 MAX_USER_CONNECTIONS 2",
        ];
        assert_eq!(changes(&limited), expected);
    }
}
