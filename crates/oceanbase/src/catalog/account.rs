//! Users, roles and privileges of a server.

use model::version::Product;

use super::{grouped, if_there};
use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, identifier, literal};

/// MariaDB's predefined role that every user has.
pub const PUBLIC_ROLE: &str = "PUBLIC";

/// The administrator that every server creates.
const ROOT: &str = "root";

/// A user or a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub user: String,
    /// The host from which it connects.
    pub host: String,
    /// Whether it is a role.
    pub is_role: bool,
    /// Whether the account is locked.
    pub locked: bool,
    /// What its connections must have.
    pub tls: Tls,
    /// The most connections per hour; 0 without a limit.
    pub connections_per_hour: u64,
    /// The most connections at a time; 0 without a limit of its own.
    pub connections: u64,
}

/// What an account requires of the TLS of its connections (`REQUIRE`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Tls {
    /// Nothing: a connection may do without.
    #[default]
    Any,
    /// TLS.
    Required,
    /// A valid certificate of the client.
    Certificate,
    /// The parts that are not empty.
    Specified {
        /// The cipher.
        cipher: String,
        /// The issuer of the client's certificate.
        issuer: String,
        /// The subject of the client's certificate.
        subject: String,
    },
}

impl Tls {
    /// Reads the columns `ssl_type`, `ssl_cipher`, `x509_issuer` and `x509_subject` of `mysql.user`.
    fn read(kind: &str, [cipher, issuer, subject]: [&str; 3]) -> Self {
        match kind {
            "" => Self::Any,
            "X509" => Self::Certificate,
            "SPECIFIED" => {
                let [cipher, issuer, subject] = [cipher, issuer, subject].map(str::to_owned);
                Self::Specified { cipher, issuer, subject }
            }
            _ => Self::Required,
        }
    }

    /// Returns what follows `REQUIRE`; `None` if nothing is required.
    #[must_use]
    pub fn requirement(&self) -> Option<String> {
        match self {
            Self::Any => None,
            Self::Required => Some("SSL".to_owned()),
            Self::Certificate => Some("X509".to_owned()),
            Self::Specified { cipher, issuer, subject } => {
                let parts = [("CIPHER", cipher), ("ISSUER", issuer), ("SUBJECT", subject)];
                let parts = parts.into_iter().filter(|(_, text)| !text.is_empty());
                let parts: Vec<String> =
                    parts.map(|(word, text)| format!("{word} {}", literal(text))).collect();
                Some(if parts.is_empty() { "SSL".to_owned() } else { parts.join(" AND ") })
            }
        }
    }
}

impl Account {
    /// Returns the account in SQL: `'user'@'host'`; a MariaDB role without a host.
    #[must_use]
    pub fn spelled(&self) -> String {
        if self.is_public() {
            PUBLIC_ROLE.to_owned()
        } else if self.is_role && self.host.is_empty() {
            literal(&self.user)
        } else {
            format!("{}@{}", literal(&self.user), literal(&self.host))
        }
    }

    /// Returns a MariaDB role, which has no host, as the server spells it.
    fn role_of_mariadb(&self) -> Option<String> {
        let spelled = if self.is_public() { PUBLIC_ROLE.to_owned() } else { identifier(&self.user) };
        (self.is_role && self.host.is_empty()).then_some(spelled)
    }

    /// Returns whether it is [`PUBLIC_ROLE`].
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.is_role && self.host.is_empty() && self.user == PUBLIC_ROLE
    }
}

/// The accounts that a server creates itself. MariaDB also creates [`ROOT`] for the name of its machine.
fn system_accounts(product: Product) -> &'static [(&'static str, &'static str)] {
    match product {
        Product::Oceanbase => {
            &[(ROOT, "%"), ("ORAAUDITOR", "%"), ("LBACSYS", "%"), ("proxyro", "%"), ("standbyro", "%")]
        }
        Product::Seekdb => &[(ROOT, "%")],
        Product::Mysql => &[
            (ROOT, "localhost"),
            ("mysql.sys", "localhost"),
            ("mysql.session", "localhost"),
            ("mysql.infoschema", "localhost"),
        ],
        Product::Mariadb => {
            &[(ROOT, "localhost"), (ROOT, "127.0.0.1"), (ROOT, "::1"), ("mariadb.sys", "localhost")]
        }
    }
}

/// Returns whether the server created this user itself. With another host, or as a role, it is the user's own.
fn is_system_account(product: Product, machine: &str, account: &Account) -> bool {
    // On MySQL and MariaDB, any user can log on as the anonymous user, if it exists.
    if account.user.is_empty() && product.is_oceanbase() {
        return true;
    }
    let is_at = |host: &str| account.host.eq_ignore_ascii_case(host);
    let is_listed = system_accounts(product).iter().any(|(user, host)| account.user == *user && is_at(host));
    let is_of_machine =
        product == Product::Mariadb && account.user == ROOT && !machine.is_empty() && is_at(machine);
    !account.is_role && (is_listed || is_of_machine)
}

/// Returns the users and roles, except system accounts; `None` if this user may not see them.
///
/// # Errors
/// Fails when the server does.
pub async fn accounts(session: &mut Session) -> Result<Option<Vec<Account>>, Error> {
    let product = session.server().product;
    let Some(accounts) = all_accounts(session).await? else { return Ok(None) };
    let machine = match product {
        Product::Mariadb => session.rows(&Statement::read("SELECT @@hostname")).await?,
        _ => Vec::new(),
    };
    let machine = machine.first().map(|row| row.maybe_str(0)).transpose()?.flatten().unwrap_or_default();
    let own = |account: &Account| is_system_account(product, machine, account);
    Ok(Some(accounts.into_iter().filter(|account| !own(account)).collect()))
}

/// Returns the users and roles with the system accounts; `None` if this user may not see them.
///
/// # Errors
/// Fails when the server does.
pub async fn all_accounts(session: &mut Session) -> Result<Option<Vec<Account>>, Error> {
    if_there(match session.server().product {
        Product::Mariadb => accounts_of_mariadb(session).await,
        _ => users(session).await,
    })
}

async fn users(session: &mut Session) -> Result<Vec<Account>, Error> {
    let roles = "SELECT USER_NAME, HOST FROM oceanbase.DBA_OB_USERS WHERE TYPE = 'ROLE'".to_owned();
    let roles =
        if_there(grouped(session, roles, |row| row.str(1).map(str::to_owned)).await)?.unwrap_or_default();
    let users = "SELECT user, host, account_locked, ssl_type, ssl_cipher, x509_issuer, x509_subject, \
                 max_connections, max_user_connections FROM mysql.user ORDER BY user, host";
    fn text(row: &Row, place: usize) -> Result<&str, Error> {
        Ok(row.maybe_str(place)?.unwrap_or_default())
    }
    let account = |row: &Row| {
        let (user, host) = (row.str(0)?, row.str(1)?);
        let is_role = roles.get(user).is_some_and(|hosts| hosts.iter().any(|other| other == host));
        Ok(Account {
            user: user.to_owned(),
            host: host.to_owned(),
            is_role,
            // The server keeps roles locked: nobody logs on as a role.
            locked: !is_role && row.maybe_str(2)? == Some("Y"),
            tls: Tls::read(text(row, 3)?, [text(row, 4)?, text(row, 5)?, text(row, 6)?]),
            connections_per_hour: row.u64(7)?,
            connections: row.u64(8)?,
        })
    };
    session.rows(&Statement::read(users)).await?.iter().map(account).collect()
}

/// MariaDB shows locks, TLS and limits in the account's definition, and its roles have no host.
async fn accounts_of_mariadb(session: &mut Session) -> Result<Vec<Account>, Error> {
    let users = "SELECT user, host, is_role FROM mysql.user ORDER BY user, host";
    let account = |row: &Row| {
        let (user, host) = (row.str(0)?.to_owned(), row.str(1)?.to_owned());
        let is_role = row.str(2)? == "Y";
        Ok(Account {
            user,
            host,
            is_role,
            locked: false,
            tls: Tls::Any,
            connections_per_hour: 0,
            connections: 0,
        })
    };
    session.rows(&Statement::read(users)).await?.iter().map(account).collect()
}

/// Returns the statement that creates an account, with the hash of its password.
///
/// # Errors
/// Fails when the server does.
pub async fn account_definition(session: &mut Session, account: &Account) -> Result<String, Error> {
    if session.server().product.is_oceanbase() {
        // SHOW CREATE USER prints names without escaping, and fails for some.
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

/// Returns the statements that grant an account its privileges and roles, without its authentication.
///
/// # Errors
/// Fails when the server does.
pub async fn account_grants(session: &mut Session, account: &Account) -> Result<Vec<String>, Error> {
    let rows = session.rows(&Statement::read(format!("SHOW GRANTS FOR {}", account.spelled()))).await?;
    let lines = rows.iter().map(|row| row.str(0).map(|line| without_authentication(line, account)));
    let lines: Vec<String> = lines.collect::<Result<_, _>>()?;
    // Every account has USAGE from its creation.
    let says_something =
        |line: &String| !line.starts_with("GRANT USAGE ON *.*") || line.contains(" WITH GRANT OPTION");
    let of_role = account.role_of_mariadb();
    let is_own = |line: &String| of_role.as_ref().is_none_or(|role| is_given_to(line, role));
    Ok(lines.into_iter().filter(|line| says_something(line) && is_own(line)).collect())
}

/// Returns whether a GRANT is to that role. MariaDB also lists the grants that a role inherits from other roles.
fn is_given_to(grant: &str, role: &str) -> bool {
    let options = [" WITH GRANT OPTION", " WITH ADMIN OPTION"];
    let given = options.iter().find_map(|option| grant.strip_suffix(option)).unwrap_or(grant);
    given.ends_with(&format!(" TO {role}"))
}

/// Removes what MariaDB repeats after the account of a GRANT: hash, TLS and limits.
fn without_authentication(grant: &str, account: &Account) -> String {
    let to = format!(" TO {}@{}", identifier(&account.user), identifier(&account.host));
    let Some(end) = grant.find(&to).map(|place| place + to.len()) else { return grant.to_owned() };
    let (given, rest) = grant.split_at(end);
    // Quoted texts may contain anything.
    let may_grant = rest.split('\'').step_by(2).any(|part| part.contains(" WITH GRANT OPTION"));
    let option = if rest == " WITH ADMIN OPTION" {
        rest
    } else if may_grant {
        " WITH GRANT OPTION"
    } else {
        ""
    };
    format!("{given}{option}")
}

#[cfg(test)]
mod tests {
    use model::version::Product;

    use super::{Account, Tls, is_given_to, is_system_account, without_authentication};

    fn account(user: &str, host: &str) -> Account {
        Account {
            user: user.to_owned(),
            host: host.to_owned(),
            is_role: false,
            locked: false,
            tls: Tls::Any,
            connections_per_hour: 0,
            connections: 0,
        }
    }

    #[test]
    fn accounts_of_the_server_have_the_host_that_it_gives_them() {
        use Product::{Mariadb, Mysql, Oceanbase, Seekdb};
        for (product, user, host, expected) in [
            (Seekdb, "root", "%", true),
            (Seekdb, "root", "10.1.1.1", false),
            (Seekdb, "ORAAUDITOR", "%", false),
            (Seekdb, "proxyro", "%", false),
            (Seekdb, "standbyro", "%", false),
            (Oceanbase, "ORAAUDITOR", "%", true),
            (Oceanbase, "ORAAUDITOR", "10.%", false),
            (Mariadb, "root", "localhost", true),
            (Mariadb, "root", "VM-1", true),
            (Mariadb, "root", "%", false),
            (Mariadb, "root", "10.1.1.1", false),
            (Mariadb, "mariadb.sys", "localhost", true),
            (Mariadb, "mariadb.sys", "%", false),
            (Mysql, "root", "localhost", true),
            (Mysql, "root", "%", false),
        ] {
            let account = account(user, host);
            assert_eq!(is_system_account(product, "vm-1", &account), expected, "{product:?} {user}@{host}");
        }
        let role = Account { is_role: true, ..account("root", "") };
        assert!(!is_system_account(Mariadb, "", &role));
    }

    #[test]
    fn requirements_of_tls_are_kept_exactly() {
        for (kind, parts, expected) in [
            ("", ["", "", ""], None),
            ("ANY", ["", "", ""], Some("SSL")),
            ("X509", ["", "", ""], Some("X509")),
            ("SPECIFIED", ["AES", "", ""], Some("CIPHER 'AES'")),
            ("SPECIFIED", ["", "/CN=b", "/CN=it's"], Some("ISSUER '/CN=b' AND SUBJECT '/CN=it''s'")),
        ] {
            assert_eq!(Tls::read(kind, parts).requirement().as_deref(), expected, "{kind} {parts:?}");
        }
    }

    #[test]
    fn what_a_role_has_of_other_roles_is_not_its_own() {
        for (line, expected) in [
            ("GRANT SELECT ON `q`.* TO `b1` WITH GRANT OPTION", true),
            ("GRANT `a1` TO `b1` WITH ADMIN OPTION", true),
            ("GRANT SELECT ON `q`.* TO `a1`", false),
            ("GRANT SELECT ON `q`.* TO `x`` TO ``b1`", false),
        ] {
            assert_eq!(is_given_to(line, "`b1`"), expected, "{line}");
        }
        assert!(is_given_to("GRANT SELECT ON `q`.* TO PUBLIC", "PUBLIC"));
    }

    #[test]
    fn a_grant_repeats_no_hash() {
        let odd = "a`b IDENTIFIED BY PASSWORD '";
        for (user, line, expected) in [
            (
                odd,
                "GRANT SELECT ON *.* TO `a``b IDENTIFIED BY PASSWORD '`@`%` IDENTIFIED BY PASSWORD '*B6'",
                "GRANT SELECT ON *.* TO `a``b IDENTIFIED BY PASSWORD '`@`%`",
            ),
            (
                odd,
                "GRANT SELECT ON `q`.* TO `a``b IDENTIFIED BY PASSWORD '`@`%`",
                "GRANT SELECT ON `q`.* TO `a``b IDENTIFIED BY PASSWORD '`@`%`",
            ),
            (
                "u",
                "GRANT ALL PRIVILEGES ON *.* TO `u`@`%` IDENTIFIED VIA unix_socket OR mysql_native_password USING '*B6' \
                 REQUIRE SSL WITH GRANT OPTION MAX_QUERIES_PER_HOUR 3",
                "GRANT ALL PRIVILEGES ON *.* TO `u`@`%` WITH GRANT OPTION",
            ),
            (
                "u",
                "GRANT SELECT ON *.* TO `u`@`%` REQUIRE ISSUER 'x WITH GRANT OPTION'",
                "GRANT SELECT ON *.* TO `u`@`%`",
            ),
            ("u", "GRANT `r` TO `u`@`%` WITH ADMIN OPTION", "GRANT `r` TO `u`@`%` WITH ADMIN OPTION"),
            ("u", "GRANT SELECT ON `d`.* TO 'u'", "GRANT SELECT ON `d`.* TO 'u'"),
        ] {
            assert_eq!(without_authentication(line, &account(user, "%")), expected);
        }
    }
}
