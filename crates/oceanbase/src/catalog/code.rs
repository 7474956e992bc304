//! What runs inside the server, and who may use it: triggers, routines, users, roles, privileges.

use model::version::Product;

use super::{grouped, if_there};
use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, literal};

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
    /// Returns the account as a statement spells it: `'user'@'host'`.
    #[must_use]
    pub fn spelled(&self) -> String {
        format!("{}@{}", literal(&self.user), literal(&self.host))
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

/// Returns the users and roles that are not the server's own; `None` when this user may not see them.
///
/// # Errors
/// Fails when the server does.
pub async fn accounts(session: &mut Session) -> Result<Option<Vec<Account>>, Error> {
    let roles = "SELECT USER_NAME, HOST FROM oceanbase.DBA_OB_USERS WHERE TYPE = 'ROLE'".to_owned();
    let roles =
        if_there(grouped(session, roles, |row| row.str(1).map(str::to_owned)).await)?.unwrap_or_default();
    let users = "SELECT user, host, account_locked, ssl_type FROM mysql.user ORDER BY user, host".to_owned();
    let accounts = grouped(session, users, |row| {
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
    });
    let Some(accounts) = if_there(accounts.await)? else { return Ok(None) };
    let product = session.server().product;
    let own = |account: &Account| is_system_account(product, &account.user);
    Ok(Some(accounts.into_values().flatten().filter(|account| !own(account)).collect()))
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

/// Returns the statements that give an account its privileges and roles.
///
/// # Errors
/// Fails when the server does.
pub async fn account_grants(session: &mut Session, account: &Account) -> Result<Vec<String>, Error> {
    let rows = session.rows(&Statement::read(format!("SHOW GRANTS FOR {}", account.spelled()))).await?;
    rows.iter().map(|row| row.str(0).map(str::to_owned)).collect()
}
