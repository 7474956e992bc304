//! The privileges of a user, read from `SHOW GRANTS`, and the databases of a grant.

mod pattern;

use std::collections::{BTreeMap, BTreeSet};

use model::version::Product;

use self::pattern::Pattern;
use crate::catalog;
use crate::error::Error;
use crate::session::Session;
use crate::statement::Statement;

/// The privileges of the session's user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    /// On `*.*`.
    everywhere: BTreeSet<String>,
    /// On databases: to whom, the pattern of their names, and the privileges.
    databases: BTreeMap<(Grantee, String), BTreeSet<String>>,
    /// On tables: database, table and the privilege.
    tables: BTreeSet<(String, String, String)>,
    /// Exceptions from the privileges on `*.*`: the database and the revoked privilege. MySQL 8 has them with
    /// `partial_revokes`.
    revoked: BTreeSet<(String, String)>,
    /// Whether the user has roles whose privileges are not shown.
    roles: bool,
    /// Whether the server ignores capitals in the names of databases and tables.
    ignores_case: bool,
}

/// To whom a line of `SHOW GRANTS` gives privileges. Each has the privileges of its own most specific pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grantee {
    User,
    /// The active role and the roles that it has.
    Roles,
    /// Every user.
    Public,
}

impl Grants {
    /// Reads them, including those of the active roles.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn read(session: &mut Session) -> Result<Self, Error> {
        // OceanBase and seekdb store small letters, unless a tenant is created with another setting.
        let ignores_case = session.server().product.is_oceanbase()
            || catalog::variable(session, "lower_case_table_names").await?.is_some_and(|value| value != 0);
        let mut grants = Self { ignores_case, ..Self::default() };
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

    /// Returns whether the user has that privilege on a whole database. Privileges of several patterns do not add up.
    #[must_use]
    pub fn has_on(&self, database: &str, privilege: &str) -> bool {
        let takes =
            |(name, revoked): &(String, String)| self.is_same(name, database) && is_one(revoked, privilege);
        let holds = |grantee| self.has_by_pattern(grantee, database, privilege);
        (self.is_given(privilege) && !self.revoked.iter().any(takes))
            || [Grantee::User, Grantee::Roles, Grantee::Public].into_iter().any(holds)
    }

    /// Returns whether the most specific of the grantee's patterns for this database gives the privilege.
    fn has_by_pattern(&self, grantee: Grantee, database: &str, privilege: &str) -> bool {
        let database = self.folded(database);
        let gives = |held: &BTreeSet<String>| held.iter().any(|held| is_one(held, privilege));
        let own = self.databases.iter().filter(|((to, _), _)| *to == grantee);
        let patterns = own.map(|((_, text), held)| (Pattern::read(&self.folded(text)), gives(held)));
        let matching: Vec<_> = patterns.filter(|(pattern, _)| pattern.matches(&database)).collect();
        pattern::most_specific_gives(&matching)
    }

    fn folded(&self, name: &str) -> String {
        if self.ignores_case { name.to_lowercase() } else { name.to_owned() }
    }

    fn is_same(&self, name: &str, other: &str) -> bool {
        self.folded(name) == self.folded(other)
    }

    /// Returns whether the user has that privilege on a table.
    #[must_use]
    pub fn has_on_table(&self, database: &str, table: &str, privilege: &str) -> bool {
        let holds = |(owner, name, held): &(String, String, String)| {
            self.is_same(owner, database) && self.is_same(name, table) && is_one(held, privilege)
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
        let Some((database, name, rest)) = target_of(target) else { return };
        let privileges = each(privileges);
        match (database.as_str(), name.as_str()) {
            ("*", "*") => self.everywhere.extend(privileges),
            (_, "*") => self.databases.entry((grantee(rest), database)).or_default().extend(privileges),
            _ => self.tables.extend(privileges.map(|held| (database.clone(), name.clone(), held))),
        }
    }

    /// Adds the exceptions of a REVOKE line of `SHOW GRANTS`: `` SELECT ON `secret`.* FROM `user`@`%` ``.
    fn take(&mut self, line: &str) {
        let Some((privileges, target)) = line.split_once(" ON ") else { return };
        let Some((database, ..)) = target_of(target) else { return };
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

/// Reads `` `database`.* ``, `*.*` or `` `database`.`table` ``, and returns it with the rest of the text; `None` for any
/// other target, such as that of PROXY.
fn target_of(text: &str) -> Option<(String, String, &str)> {
    let (database, rest) = name(text)?;
    let (table, rest) = name(rest.strip_prefix('.')?)?;
    Some((database, table, rest))
}

/// Reads to whom a privilege is granted: `` TO `user`@`host` ``, `TO 'user'`, `` TO `role` `` or `TO PUBLIC`.
fn grantee(text: &str) -> Grantee {
    let text = text.trim_start().strip_prefix("TO ").unwrap_or_default();
    if text.starts_with("PUBLIC") {
        return Grantee::Public;
    }
    let is_role = text.starts_with('`') && name(text).is_some_and(|(_, rest)| !rest.starts_with('@'));
    if is_role { Grantee::Roles } else { Grantee::User }
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

#[cfg(test)]
mod tests {
    use super::Grants;

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
    #[test]
    fn the_most_specific_grant_on_a_database_decides() {
        let user = |privilege: &str, on: &str| format!("GRANT {privilege} ON `{on}`.* TO `u`@`%`");
        let role = |privilege: &str, on: &str| format!("GRANT {privilege} ON `{on}`.* TO `r`");
        let public = |privilege: &str, on: &str| format!("GRANT {privilege} ON `{on}`.* TO PUBLIC");
        let cases: [(&[String], &str, bool); 15] = [
            (&[user("SELECT, EVENT", "psh%")], "pshop", true),
            (&[user("SELECT, EVENT", "psh%"), user("SELECT", "pshop")], "pshop", false),
            (&[user("SELECT", "psh%"), user("SELECT, EVENT", "pshop")], "pshop", true),
            (&[user("SELECT, EVENT", "psh%"), user("SELECT", "pshop")], "pshop_2", true),
            (&[user("EVENT", "psho_"), user("SELECT", "pshop")], "pshop", false),
            (&[user("EVENT", "psh%"), user("SELECT", "psho_")], "pshop", false),
            (&[user("EVENT", "%"), user("SELECT", "psh%")], "pshop", false),
            (&[user("SELECT", "%"), user("EVENT", "psh%")], "pshop", true),
            (&[user("EVENT", "my%"), user("USAGE", r"my\_app")], "my_app", false),
            // Equally specific: the server may use either.
            (&[user("EVENT", "a%b%"), user("SELECT", "a%c%")], "a_b_c", false),
            (&[user("ALL PRIVILEGES", "psh%"), user("SELECT", "other")], "pshop", true),
            (&[user("SELECT", "pshop"), role("EVENT", "psh%")], "pshop", true),
            (&[role("SELECT", "pshop"), role("EVENT", "psh%")], "pshop", false),
            (&[user("SELECT", "pshop"), public("EVENT", "psh%")], "pshop", true),
            (&["GRANT EVENT ON *.* TO `u`@`%`".to_owned(), user("SELECT", "pshop")], "pshop", true),
        ];
        for (lines, database, expected) in cases {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            assert_eq!(Grants::of(&lines).has_on(database, "EVENT"), expected, "{lines:?}");
        }
    }

    #[test]
    fn names_that_differ_in_capitals_are_one_only_if_the_server_ignores_capitals() {
        let lines = [
            "GRANT TRIGGER ON `PSHOP`.* TO `u`@`%`",
            "GRANT SELECT ON `pshop`.* TO `u`@`%`",
            "GRANT INSERT ON `Shop`.`Orders` TO `u`@`%`",
        ];
        let exact = Grants::of(&lines);
        assert!(exact.has_on("PSHOP", "TRIGGER") && !exact.has_on("pshop", "TRIGGER"));
        assert!(exact.has_on("pshop", "SELECT") && !exact.has_on("PSHOP", "SELECT"));
        assert!(!exact.has_on_table("shop", "orders", "INSERT"));
        let folding = Grants { ignores_case: true, ..Grants::of(&lines[..1]) };
        assert!(folding.has_on("pshop", "TRIGGER") && folding.has_on("PShop", "TRIGGER"));
        let folding = Grants { ignores_case: true, ..exact };
        assert!(folding.has_on_table("shop", "orders", "INSERT"));
    }
}
