//! The privileges of a user, read from `SHOW GRANTS`, and the databases of a grant.

use std::collections::BTreeSet;

use model::version::Product;

use crate::error::Error;
use crate::session::Session;
use crate::statement::Statement;

/// The privileges of the session's user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    /// On `*.*`.
    everywhere: BTreeSet<String>,
    /// On databases: the pattern of their names and the privilege.
    databases: BTreeSet<(String, String)>,
    /// On tables: database, table and the privilege.
    tables: BTreeSet<(String, String, String)>,
    /// Exceptions from the privileges on `*.*`: the database and the revoked privilege. MySQL 8 has them with
    /// `partial_revokes`.
    revoked: BTreeSet<(String, String)>,
    /// Whether the user has roles whose privileges are not shown.
    roles: bool,
}

impl Grants {
    /// Reads them, including those of the active roles.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn read(session: &mut Session) -> Result<Self, Error> {
        let mut grants = Self::default();
        for row in session.rows(&Statement::read("SHOW GRANTS")).await? {
            grants.add(row.str(0)?);
        }
        // MariaDB lists the privileges of active roles together with the user's own.
        grants.roles &= session.server().product != Product::Mariadb;
        Ok(grants)
    }

    /// Returns whether the user has that privilege (in capitals, such as `ALTER SYSTEM`) on everything.
    #[must_use]
    pub fn has_everywhere(&self, privilege: &str) -> bool {
        self.is_given(privilege) && !self.revoked.iter().any(|(_, revoked)| is_one(revoked, privilege))
    }

    /// Returns whether the user has that privilege on `*.*`, even if it is revoked on some databases.
    fn is_given(&self, privilege: &str) -> bool {
        self.everywhere.iter().any(|held| is_one(held, privilege))
    }

    /// Returns whether the user has that privilege on a whole database.
    #[must_use]
    pub fn has_on(&self, database: &str, privilege: &str) -> bool {
        let holds =
            |(pattern, held): &(String, String)| is_one(held, privilege) && is_like(database, pattern);
        let takes = |(name, revoked): &(String, String)| name == database && is_one(revoked, privilege);
        (self.is_given(privilege) && !self.revoked.iter().any(takes)) || self.databases.iter().any(holds)
    }

    /// Returns whether the user has that privilege on a table.
    #[must_use]
    pub fn has_on_table(&self, database: &str, table: &str, privilege: &str) -> bool {
        let holds = |(owner, name, held): &(String, String, String)| {
            owner == database && name == table && is_one(held, privilege)
        };
        self.has_on(database, privilege) || self.tables.iter().any(holds)
    }

    /// Returns whether the user has roles whose privileges are not shown, so that it may have more privileges.
    #[must_use]
    pub fn has_roles(&self) -> bool {
        self.roles
    }

    /// Returns the privileges in these lines of `SHOW GRANTS`.
    #[cfg(test)]
    pub(crate) fn of(lines: &[&str]) -> Self {
        let mut grants = Self::default();
        lines.iter().for_each(|line| grants.add(line));
        grants
    }

    /// Adds the privileges in one line of `SHOW GRANTS`.
    fn add(&mut self, line: &str) {
        if let Some(line) = line.strip_prefix("REVOKE ") {
            self.take(line);
            return;
        }
        let Some(line) = line.strip_prefix("GRANT ") else { return };
        let Some((privileges, target)) = line.split_once(" ON ") else {
            self.roles = true; // GRANT `role`@`%` TO `user`@`%`
            return;
        };
        let Some((database, name)) = target_of(target) else { return };
        for privilege in each(privileges) {
            match (database.as_str(), name.as_str()) {
                ("*", "*") => drop(self.everywhere.insert(privilege)),
                (_, "*") => drop(self.databases.insert((database.clone(), privilege))),
                _ => drop(self.tables.insert((database.clone(), name.clone(), privilege))),
            }
        }
    }

    /// Adds the exceptions of a REVOKE line of `SHOW GRANTS`: `` SELECT ON `secret`.* FROM `user`@`%` ``.
    fn take(&mut self, line: &str) {
        let Some((privileges, target)) = line.split_once(" ON ") else { return };
        let Some((database, _)) = target_of(target) else { return };
        self.revoked.extend(each(privileges).map(|privilege| (database.clone(), privilege)));
    }
}

/// Returns the privileges of a list. Privileges on columns, such as `SELECT (a, b)`, are split into names that match
/// no privilege.
fn each(privileges: &str) -> impl Iterator<Item = String> {
    privileges.split(',').map(|privilege| privilege.trim().to_ascii_uppercase())
}

/// Returns whether the privilege in a grant is this one or includes it.
fn is_one(named: &str, privilege: &str) -> bool {
    named == privilege || named == "ALL PRIVILEGES"
}

/// Reads `` `database`.* ``, `*.*` or `` `database`.`table` ``; `None` for any other target, such as that of PROXY.
fn target_of(text: &str) -> Option<(String, String)> {
    let (database, rest) = name(text)?;
    let (table, _) = name(rest.strip_prefix('.')?)?;
    Some((database, table))
}

/// Reads a name in backquotes, a `*`, or a bare name, and returns it with the rest of the text.
fn name(text: &str) -> Option<(String, &str)> {
    if let Some(rest) = text.strip_prefix('*') {
        return Some(("*".to_owned(), rest));
    }
    let Some(quoted) = text.strip_prefix('`') else {
        let end = text.find(['.', ' ']).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let end = rest.find('`')?;
        name.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('`') {
            Some(more) => {
                name.push('`');
                rest = more;
            }
            None => return Some((name, rest)),
        }
    }
}

/// Returns whether a grant's pattern matches a database's name, case-insensitively: `%` matches any characters and
/// `_` any single one, unless escaped with a backslash.
#[must_use]
pub fn is_like(name: &str, pattern: &str) -> bool {
    let lower = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    like(&lower(name), &lower(pattern))
}

fn like(name: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => name.is_empty(),
        ['%', rest @ ..] => (0..=name.len()).any(|skipped| like(&name[skipped..], rest)),
        ['_', rest @ ..] => !name.is_empty() && like(&name[1..], rest),
        ['\\', escaped, rest @ ..] | [escaped, rest @ ..] => {
            name.first() == Some(escaped) && like(&name[1..], rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Grants, is_like};

    #[test]
    fn privileges_are_read_where_they_were_granted() {
        let all = Grants::of(&["GRANT ALL PRIVILEGES ON *.* TO 'root' WITH GRANT OPTION"]);
        assert!(all.has_everywhere("ALTER SYSTEM") && all.has_on("oceanbase", "SELECT"));

        let some = Grants::of(&[
            "GRANT SHOW VIEW, ALTER SYSTEM ON *.* TO 'backup'",
            "GRANT SELECT ON `oceanbase`.* TO 'backup'",
            "GRANT SELECT ON `shop`.`orders` TO 'backup'",
            "GRANT SELECT (id), INSERT (id) ON `shop`.`lines` TO 'backup'",
        ]);
        assert!(some.has_everywhere("ALTER SYSTEM") && some.has_everywhere("SHOW VIEW"));
        assert!(some.has_on("oceanbase", "SELECT") && !some.has_everywhere("SELECT"));
        assert!(!some.has_on("shop", "SELECT"), "one table is not the database");
        assert!(!some.has_roles());

        // As MySQL 8 shows them with `partial_revokes`, by its documentation.
        let most = Grants::of(&[
            "GRANT SELECT, SHOW DATABASES ON *.* TO `backup`@`%`",
            "REVOKE SELECT ON `secret`.* FROM `backup`@`%`",
        ]);
        assert!(most.has_on("shop", "SELECT") && most.has_everywhere("SHOW DATABASES"));
        assert!(!most.has_on("secret", "SELECT") && !most.has_on_table("secret", "t", "SELECT"));
        assert!(!most.has_everywhere("SELECT"));

        let none = Grants::of(&["GRANT USAGE ON *.* TO 'nobody'", "GRANT `backup`@`%` TO `nobody`@`%`"]);
        assert!(!none.has_everywhere("SELECT") && none.has_roles());
    }

    #[test]
    fn a_grant_on_a_pattern_is_on_every_database_of_such_a_name() {
        let cases = [
            ("my_app", r"my\_app", true),
            ("my_app", "my_app", true),
            ("myxapp", "my_app", true),
            ("myxapp", r"my\_app", false),
            ("my_app_2", r"my\_app%", true),
            ("my%", r"my\%", true),
            ("mine", r"my\%", false),
            ("Shop", "shop", true),
            ("", "%", true),
            ("shop", "", false),
            (r"a\b", r"a\\b", true),
        ];
        for (name, pattern, expected) in cases {
            assert_eq!(is_like(name, pattern), expected, "{name} {pattern}");
        }
        let grants = Grants::of(&[
            r"GRANT SELECT ON `my\_app`.* TO 'u'",
            "GRANT TRIGGER ON `shop%`.* TO 'u'",
            "GRANT SELECT ON `odd``.name`.* TO 'u'",
            "GRANT SELECT ON `mysql`.`proc` TO 'u'",
            "GRANT PROXY ON `root`@`localhost` TO 'u'",
        ]);
        assert!(grants.has_on("my_app", "SELECT") && !grants.has_on("myxapp", "SELECT"));
        assert!(grants.has_on("shop_2", "TRIGGER") && grants.has_on("odd`.name", "SELECT"));
        assert!(grants.has_on_table("mysql", "proc", "SELECT") && !grants.has_on("mysql", "SELECT"));
        assert!(grants.has_on_table("my_app", "any", "SELECT"));
    }
}
