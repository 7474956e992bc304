//! What runs inside the server, and who may use it: triggers, routines, users, roles, privileges.

use model::version::Product;

use super::{grouped, if_there};
use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, identifier, literal};

/// Tells whether an account belongs to a server of that product. On another one, such a name is somebody's.
fn is_system_account(product: Product, user: &str) -> bool {
    let own: &[&str] = match product {
        Product::Oceanbase | Product::Seekdb => &["root", "ORAAUDITOR", "LBACSYS", "proxyro", "standbyro"],
        Product::Mysql => &["root", "mysql.sys", "mysql.session", "mysql.infoschema"],
        Product::Mariadb => &["root", "mariadb.sys"],
    };
    user.is_empty() || own.contains(&user)
}

/// The kind of a routine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoutineKind {
    /// Called by CALL.
    Procedure,
    /// Called in expressions.
    Function,
}

impl RoutineKind {
    /// Returns the keyword for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Procedure => "PROCEDURE",
            Self::Function => "FUNCTION",
        }
    }
}

/// A procedure or function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routine {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: RoutineKind,
    /// The mode that it was made and runs under.
    pub sql_mode: String,
    /// Who made it, as the server spells it.
    pub definer: String,
    /// Its comment.
    pub comment: String,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// The mode that it was made and runs under.
    pub sql_mode: String,
    /// Who made it, as the server spells it.
    pub definer: String,
}

/// A statement that the server runs by a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// The mode that it was made and runs under.
    pub sql_mode: String,
    /// Who made it, as the server spells it.
    pub definer: String,
    /// The time zone of its schedule.
    pub time_zone: String,
}

/// A plan that a statement is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Its name.
    pub name: String,
    /// The statement that makes it, in its database.
    pub statement: String,
}

impl Outline {
    /// Puts together what an outline was made by: the text of a statement, or its number and a hint.
    fn read(word: &str, name: &str, text: &str, target: &str, id: &str, content: &str) -> Self {
        let made = format!("CREATE {word} {} ON", identifier(name));
        let statement = match (text, target) {
            ("", _) => format!("{made} {} USING HINT {content}", literal(id)),
            (text, "") => format!("{made} {text}"),
            (text, target) => format!("{made} {text} TO {target}"),
        };
        Self { name: name.to_owned(), statement }
    }
}

/// The role of MariaDB that everybody has.
const PUBLIC: &str = "PUBLIC";

/// A user or a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub user: String,
    /// From where.
    pub host: String,
    /// Whether it is a role.
    pub is_role: bool,
    /// Whether it may not log on.
    pub locked: bool,
    /// Whether it must come over TLS.
    pub tls: bool,
}

impl Account {
    /// Returns the account as a statement spells it: `'user'@'host'`, and a role of MariaDB without a host.
    #[must_use]
    pub fn spelled(&self) -> String {
        if self.is_public() {
            PUBLIC.to_owned()
        } else if self.is_role && self.host.is_empty() {
            literal(&self.user)
        } else {
            format!("{}@{}", literal(&self.user), literal(&self.host))
        }
    }

    /// Tells whether it is the role of MariaDB that is always there, and that everybody has.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.is_role && self.host.is_empty() && self.user == PUBLIC
    }
}

/// Returns a mode as it can be set. MariaDB lists one under a name by which it does not know it.
fn mode(listed: &str) -> String {
    let settable = |name: &str| if name == "INVALID_DATES" { "ALLOW_INVALID_DATES" } else { name }.to_owned();
    listed.split(',').map(settable).collect::<Vec<_>>().join(",")
}

/// Returns the procedures and functions of a database.
///
/// # Errors
/// Fails when the server does.
pub async fn routines(session: &mut Session, database: &str) -> Result<Vec<Routine>, Error> {
    let sql = format!(
        "SELECT ROUTINE_NAME, ROUTINE_TYPE, SQL_MODE, DEFINER, ROUTINE_COMMENT FROM information_schema.ROUTINES \
         WHERE ROUTINE_SCHEMA = {} AND ROUTINE_TYPE IN ('PROCEDURE', 'FUNCTION') ORDER BY ROUTINE_TYPE, ROUTINE_NAME",
        literal(database)
    );
    let routine = |row: &Row| {
        let kind = if row.str(1)? == "FUNCTION" { RoutineKind::Function } else { RoutineKind::Procedure };
        Ok(Routine {
            name: row.str(0)?.to_owned(),
            kind,
            sql_mode: mode(row.maybe_str(2)?.unwrap_or_default()),
            definer: row.maybe_str(3)?.unwrap_or_default().to_owned(),
            comment: row.maybe_str(4)?.unwrap_or_default().to_owned(),
        })
    };
    session.rows(&Statement::read(sql)).await?.iter().map(routine).collect()
}

/// Returns the triggers of a database. Without the privilege TRIGGER there seem to be none.
///
/// # Errors
/// Fails when the server does.
pub async fn triggers(session: &mut Session, database: &str) -> Result<Vec<Trigger>, Error> {
    let sql = format!(
        "SELECT TRIGGER_NAME, SQL_MODE, DEFINER FROM information_schema.TRIGGERS \
         WHERE TRIGGER_SCHEMA = {} ORDER BY EVENT_OBJECT_TABLE, ACTION_ORDER, TRIGGER_NAME",
        literal(database)
    );
    let trigger = |row: &Row| {
        Ok(Trigger {
            name: row.str(0)?.to_owned(),
            sql_mode: mode(row.maybe_str(1)?.unwrap_or_default()),
            definer: row.maybe_str(2)?.unwrap_or_default().to_owned(),
        })
    };
    session.rows(&Statement::read(sql)).await?.iter().map(trigger).collect()
}

/// Returns the events of a database; nothing on a server that has none. Without the privilege EVENT there seem to be none.
///
/// # Errors
/// Fails when the server does.
pub async fn events(session: &mut Session, database: &str) -> Result<Vec<Event>, Error> {
    if session.server().product.is_oceanbase() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT EVENT_NAME, SQL_MODE, DEFINER, TIME_ZONE FROM information_schema.EVENTS \
         WHERE EVENT_SCHEMA = {} ORDER BY EVENT_NAME",
        literal(database)
    );
    let event = |row: &Row| {
        Ok(Event {
            name: row.str(0)?.to_owned(),
            sql_mode: mode(row.maybe_str(1)?.unwrap_or_default()),
            definer: row.maybe_str(2)?.unwrap_or_default().to_owned(),
            time_zone: row.str(3)?.to_owned(),
        })
    };
    session.rows(&Statement::read(sql)).await?.iter().map(event).collect()
}

/// Returns the outlines of a database; `None` when this user may not see them. A server that has none shows an empty list.
///
/// # Errors
/// Fails when the server does.
pub async fn outlines(session: &mut Session, database: &str) -> Result<Option<Vec<Outline>>, Error> {
    let mut outlines = Vec::new();
    if !session.server().product.is_oceanbase() {
        return Ok(Some(outlines));
    }
    for (word, view, text, id) in [
        ("OUTLINE", "DBA_OB_OUTLINES", "SQL_TEXT", "SQL_ID"),
        ("FORMAT OUTLINE", "DBA_OB_FORMAT_OUTLINES", "FORMAT_SQL_TEXT", "FORMAT_SQL_ID"),
    ] {
        let sql = format!(
            "SELECT OUTLINE_NAME, {text}, OUTLINE_TARGET, {id}, OUTLINE_CONTENT FROM oceanbase.{view} \
             WHERE DATABASE_NAME = {} ORDER BY OUTLINE_NAME",
            literal(database)
        );
        let rows = match session.rows(&Statement::read(sql)).await {
            Err(error) if matches!(error.number(), Some(1146 | 1054)) => continue, // a version without them
            Err(error) if matches!(error.number(), Some(1142 | 1143 | 1044)) => return Ok(None),
            rows => rows?,
        };
        for row in &rows {
            let [name, text, target, id, content] =
                std::array::from_fn(|place| row.maybe_str(place).ok().flatten().unwrap_or_default());
            outlines.push(Outline::read(word, name, text, target, id, content));
        }
    }
    Ok(Some(outlines))
}

/// Returns the users and roles that are not the server's own; `None` when this user may not see them.
///
/// # Errors
/// Fails when the server does.
pub async fn accounts(session: &mut Session) -> Result<Option<Vec<Account>>, Error> {
    let product = session.server().product;
    let found =
        if product == Product::Mariadb { accounts_of_mariadb(session).await } else { users(session).await };
    let Some(accounts) = if_there(found)? else { return Ok(None) };
    let own = |account: &Account| is_system_account(product, &account.user);
    Ok(Some(accounts.into_iter().filter(|account| !own(account)).collect()))
}

async fn users(session: &mut Session) -> Result<Vec<Account>, Error> {
    let roles = "SELECT USER_NAME, HOST FROM oceanbase.DBA_OB_USERS WHERE TYPE = 'ROLE'".to_owned();
    let roles =
        if_there(grouped(session, roles, |row| row.str(1).map(str::to_owned)).await)?.unwrap_or_default();
    let users = "SELECT user, host, account_locked, ssl_type FROM mysql.user ORDER BY user, host";
    let account = |row: &Row| {
        let (user, host) = (row.str(0)?, row.str(1)?);
        let is_role = roles.get(user).is_some_and(|hosts| hosts.iter().any(|other| other == host));
        Ok(Account {
            user: user.to_owned(),
            host: host.to_owned(),
            is_role,
            // The server keeps roles locked: nobody logs on as one.
            locked: !is_role && row.maybe_str(2)? == Some("Y"),
            tls: row.maybe_str(3)?.is_some_and(|kind| !kind.is_empty()),
        })
    };
    session.rows(&Statement::read(users)).await?.iter().map(account).collect()
}

/// MariaDB shows locks and TLS with the account, and its roles come from no host.
async fn accounts_of_mariadb(session: &mut Session) -> Result<Vec<Account>, Error> {
    let users = "SELECT user, host, is_role FROM mysql.user ORDER BY user, host";
    let account = |row: &Row| {
        let (user, host) = (row.str(0)?.to_owned(), row.str(1)?.to_owned());
        Ok(Account { user, host, is_role: row.str(2)? == "Y", locked: false, tls: false })
    };
    session.rows(&Statement::read(users)).await?.iter().map(account).collect()
}

/// Returns the statement that makes an account, with the hash of its password.
///
/// # Errors
/// Fails when the server does.
pub async fn account_definition(session: &mut Session, account: &Account) -> Result<String, Error> {
    if session.server().product.is_oceanbase() {
        // SHOW CREATE USER prints names without quoting what is in them, and fails for some.
        let sql = format!(
            "SELECT HOST, PASSWD FROM oceanbase.DBA_OB_USERS WHERE USER_NAME = {} AND HOST = {}",
            literal(&account.user),
            literal(&account.host)
        );
        let found = if_there(session.rows(&Statement::read(sql)).await)?.unwrap_or_default();
        if let Some(row) = found.first() {
            let password = match row.maybe_str(1)?.unwrap_or_default() {
                "" => String::new(),
                hash => format!(" IDENTIFIED BY PASSWORD {}", literal(hash)),
            };
            return Ok(format!("CREATE USER IF NOT EXISTS {}{password}", account.spelled()));
        }
    }
    let statement = Statement::read(format!("SHOW CREATE USER {}", account.spelled()));
    let rows = session.rows(&statement).await?;
    Ok(rows.first().ok_or_else(|| Error::no_rows(&statement))?.str(0)?.to_owned())
}

/// Returns the statements that give an account its privileges and roles, without how it proves who it is.
///
/// # Errors
/// Fails when the server does.
pub async fn account_grants(session: &mut Session, account: &Account) -> Result<Vec<String>, Error> {
    let rows = session.rows(&Statement::read(format!("SHOW GRANTS FOR {}", account.spelled()))).await?;
    let lines = rows.iter().map(|row| row.str(0).map(without_authentication));
    let lines: Vec<String> = lines.collect::<Result<_, _>>()?;
    // Everybody has USAGE from the start.
    let says_something =
        |line: &String| !line.starts_with("GRANT USAGE ON *.*") || line.contains(" WITH GRANT OPTION");
    Ok(lines.into_iter().filter(says_something).collect())
}

/// Cuts off what MariaDB repeats in a GRANT of the account's own definition: hash, TLS and limits.
fn without_authentication(grant: &str) -> String {
    let ways = [" IDENTIFIED BY PASSWORD '", " IDENTIFIED VIA "];
    let Some(place) = ways.iter().filter_map(|way| grant.rfind(way)).min() else { return grant.to_owned() };
    let option = if grant[place..].contains(" WITH GRANT OPTION") { " WITH GRANT OPTION" } else { "" };
    format!("{}{option}", &grant[..place])
}

#[cfg(test)]
mod tests {
    use super::{Outline, without_authentication};

    #[test]
    fn a_grant_repeats_no_hash() {
        let cases = [
            (
                "GRANT SELECT ON *.* TO `a``b`@`%` IDENTIFIED BY PASSWORD '*B6'",
                "GRANT SELECT ON *.* TO `a``b`@`%`",
            ),
            (
                "GRANT ALL PRIVILEGES ON *.* TO `u`@`%` IDENTIFIED VIA unix_socket OR mysql_native_password USING '*B6' \
                 REQUIRE SSL WITH GRANT OPTION MAX_QUERIES_PER_HOUR 3",
                "GRANT ALL PRIVILEGES ON *.* TO `u`@`%` WITH GRANT OPTION",
            ),
            ("GRANT SELECT ON `d`.* TO 'u'", "GRANT SELECT ON `d`.* TO 'u'"),
        ];
        for (line, expected) in cases {
            assert_eq!(without_authentication(line), expected);
        }
    }

    #[test]
    fn an_outline_is_made_by_what_it_was_made_by() {
        let by_text = Outline::read("OUTLINE", "o`1", "select /*+ full(t) */ 1", "", "", "/*+x*/");
        assert_eq!(by_text.statement, "CREATE OUTLINE `o``1` ON select /*+ full(t) */ 1");
        let to = Outline::read("FORMAT OUTLINE", "o", "select 1", "select 2", "", "/*+x*/");
        assert_eq!(to.statement, "CREATE FORMAT OUTLINE `o` ON select 1 TO select 2");
        let by_id = Outline::read("OUTLINE", "o", "", "", "ED57", "/*+full(b1) */");
        assert_eq!(by_id.statement, "CREATE OUTLINE `o` ON 'ED57' USING HINT /*+full(b1) */");
    }
}
