//! Accounts and privileges that a plain installation of MariaDB has, and that no one granted.
//!
//! Source: `mysql_test_db.sql` of MariaDB 10.11, and SHOW GRANTS of a fresh server.

use std::collections::BTreeSet;
use std::net::IpAddr;

use oceanbase::catalog::PUBLIC_ROLE;

use crate::ddl::token::{Token, TokenKind, tokens};

/// The databases, as patterns, on which everybody has [`PRIVILEGES`].
const DATABASES: [&str; 2] = ["test", r"test\_%"];

/// What everybody may do with [`DATABASES`].
const PRIVILEGES: [&str; 17] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "REFERENCES",
    "INDEX",
    "ALTER",
    "CREATE TEMPORARY TABLES",
    "LOCK TABLES",
    "CREATE VIEW",
    "SHOW VIEW",
    "CREATE ROUTINE",
    "EVENT",
    "TRIGGER",
    "DELETE HISTORY",
];

/// Returns the pattern of databases in a grant to PUBLIC that is exactly that of an installation.
pub(crate) fn default_grant(statement: &[u8]) -> Option<String> {
    let all = tokens(statement);
    let words: Vec<&Token<'_>> = all.iter().filter(|token| !token.is_blank()).collect();
    let (grant, rest) = words.split_first()?;
    let on = rest.iter().position(|token| token.is_word("ON"))?;
    let privileges: Vec<String> = rest[..on]
        .split(|token| token.is_sign(b','))
        .map(|words| words.iter().filter_map(|word| word.name()).collect::<Vec<_>>().join(" "))
        .collect();
    let [database, dot, star, to, role] = rest.get(on + 1..)? else { return None };
    let name =
        database.name().filter(|name| database.kind == TokenKind::Name && DATABASES.contains(&&name[..]))?;
    let is_form = grant.is_word("GRANT")
        && dot.is_sign(b'.')
        && star.is_sign(b'*')
        && to.is_word("TO")
        && role.is_word(PUBLIC_ROLE);
    let given: BTreeSet<&str> = privileges.iter().map(String::as_str).collect();
    (is_form && privileges.len() == PRIVILEGES.len() && given == BTreeSet::from(PRIVILEGES)).then_some(name)
}

/// Returns the host of an anonymous account, unless it is a pattern.
fn fixed_host(account: &str) -> Option<&str> {
    let host = account.strip_prefix("''@'")?.strip_suffix('\'')?;
    Some(host).filter(|host| !host.contains('%'))
}

/// The host of the first anonymous user.
const LOCAL: &str = "localhost";

/// Returns whether a statement creates an anonymous user as an installation does: without a password and a limit, on
/// `localhost`, and on the name of the server's own host. `accounts` are all of the dump, as SQL spells them: an
/// installation creates the second one only beside the first, and no third.
pub(crate) fn is_default_account(statement: &[u8], accounts: &[String]) -> bool {
    let all = tokens(statement);
    let words: Vec<&Token<'_>> = all.iter().filter(|token| !token.is_blank()).collect();
    let [create, account, user, at, host] = words[..] else { return false };
    let is_quoted = |token: &Token<'_>| matches!(token.kind, TokenKind::Name | TokenKind::Literal);
    let quoted =
        |token: &Token<'_>| token.text.get(1..token.text.len().saturating_sub(1)).map(<[u8]>::to_vec);
    let is_own_host = quoted(host).is_some_and(|host| {
        let host = String::from_utf8_lossy(&host);
        let is_named = !host.is_empty() && !host.contains('%') && host.parse::<IpAddr>().is_err();
        let anonymous: Vec<&str> = accounts.iter().filter_map(|account| fixed_host(account)).collect();
        host == LOCAL || is_named && anonymous.len() == 2 && anonymous.contains(&LOCAL)
    });
    create.is_word("CREATE")
        && account.is_word("USER")
        && [user, host].into_iter().all(is_quoted)
        && quoted(user).is_some_and(|user| user.is_empty())
        && at.is_sign(b'@')
        && is_own_host
}

#[cfg(test)]
mod tests {
    use super::{default_grant, is_default_account};

    const PRINTED: &str = "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE \
                           TEMPORARY TABLES, LOCK TABLES, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, EVENT, TRIGGER, \
                           DELETE HISTORY";

    #[test]
    fn only_the_exact_grants_of_an_installation_are_its_defaults() {
        let cases = [
            (format!("{PRINTED} ON `test`.* TO PUBLIC"), Some("test")),
            (format!(r"{PRINTED} ON `test\_%`.* TO PUBLIC"), Some(r"test\_%")),
            (format!("{PRINTED} ON `tests`.* TO PUBLIC"), None),
            (format!("{PRINTED} ON `test`.`t` TO PUBLIC"), None),
            (format!("{PRINTED}, EXECUTE ON `test`.* TO PUBLIC"), None),
            (format!("{PRINTED} ON `test`.* TO PUBLIC WITH GRANT OPTION"), None),
            (format!("{PRINTED} ON `test`.* TO `u`@`%`"), None),
            (format!("{} ON `test`.* TO PUBLIC", PRINTED.replace("SELECT, ", "")), None),
            (format!("{} ON `test`.* TO PUBLIC", PRINTED.replace("SELECT", "EXECUTE")), None),
            ("GRANT ALL PRIVILEGES ON `test`.* TO PUBLIC".to_owned(), None),
        ];
        for (grant, expected) in cases {
            assert_eq!(default_grant(grant.as_bytes()).as_deref(), expected, "{grant}");
        }
    }

    #[test]
    fn only_a_bare_anonymous_user_is_one_of_an_installation() {
        let (alone, pair, three) = (
            &["'root'@'localhost'", "''@'localhost'"][..],
            &["''@'localhost'", "''@'vm-1'", "''@'%'"][..],
            &["''@'localhost'", "''@'vm-1'", "''@'vm-2'"][..],
        );
        for (statement, accounts, expected) in [
            ("CREATE USER ``@`localhost`", alone, true),
            ("CREATE USER ``@`localhost`", three, true),
            ("CREATE USER ''@'vm-1'", pair, true),
            ("CREATE USER ''@'vm-1'", three, false),
            ("CREATE USER ''@'vm-1'", &["''@'vm-1'"][..], false),
            ("CREATE USER ''@'10.0.0.7'", &["''@'localhost'", "''@'10.0.0.7'"][..], false),
            ("CREATE USER ``@`%`", pair, false),
            ("CREATE USER ``@`localhost` IDENTIFIED BY PASSWORD '*B6'", pair, false),
            ("CREATE USER ``@`localhost` REQUIRE SSL", pair, false),
            ("CREATE USER `u`@`localhost`", pair, false),
            ("CREATE ROLE ``@`localhost`", pair, false),
        ] {
            let accounts: Vec<String> = accounts.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(
                is_default_account(statement.as_bytes(), &accounts),
                expected,
                "{statement} {accounts:?}"
            );
        }
    }
}
