//! Accounts and privileges that a plain installation of MariaDB has, and that no one granted.
//!
//! Source: `mysql_test_db.sql` of MariaDB 10.11, and SHOW GRANTS of a fresh server.

use std::collections::BTreeSet;

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

/// Returns whether a statement creates an anonymous user as an installation does: without a password, a limit or a
/// pattern of hosts.
pub(crate) fn is_default_account(statement: &[u8]) -> bool {
    let all = tokens(statement);
    let words: Vec<&Token<'_>> = all.iter().filter(|token| !token.is_blank()).collect();
    let [create, account, user, at, host] = words[..] else { return false };
    let is_quoted = |token: &Token<'_>| matches!(token.kind, TokenKind::Name | TokenKind::Literal);
    let quoted =
        |token: &Token<'_>| token.text.get(1..token.text.len().saturating_sub(1)).map(<[u8]>::to_vec);
    let is_one_host = quoted(host).is_some_and(|host| !host.is_empty() && !host.contains(&b'%'));
    create.is_word("CREATE")
        && account.is_word("USER")
        && [user, host].into_iter().all(is_quoted)
        && quoted(user).is_some_and(|user| user.is_empty())
        && at.is_sign(b'@')
        && is_one_host
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
        for (statement, expected) in [
            ("CREATE USER ``@`localhost`", true),
            ("CREATE USER ''@'vm-1'", true),
            ("CREATE USER ``@`%`", false),
            ("CREATE USER ``@`localhost` IDENTIFIED BY PASSWORD '*B6'", false),
            ("CREATE USER ``@`localhost` REQUIRE SSL", false),
            ("CREATE USER `u`@`localhost`", false),
            ("CREATE ROLE ``@`localhost`", false),
        ] {
            assert_eq!(is_default_account(statement.as_bytes()), expected, "{statement}");
        }
    }
}
