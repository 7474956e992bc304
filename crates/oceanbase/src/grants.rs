//! Which privileges a user has, read from `SHOW GRANTS`.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::session::Session;
use crate::statement::Statement;

/// The privileges of the session's user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    /// On `*.*`.
    everywhere: BTreeSet<String>,
    /// On one database: its name and the privilege.
    databases: BTreeSet<(String, String)>,
    /// Whether roles were granted: what they hold is not seen.
    roles: bool,
}

impl Grants {
    /// Reads them.
    ///
    /// # Errors
    /// Fails when the server refuses or is gone.
    pub async fn read(session: &mut Session) -> Result<Self, Error> {
        let mut grants = Self::default();
        for row in session.rows(&Statement::read("SHOW GRANTS")).await? {
            grants.add(row.str(0)?);
        }
        Ok(grants)
    }

    /// Tells whether the user has that privilege (in capitals, such as `ALTER SYSTEM`) on everything.
    #[must_use]
    pub fn has_everywhere(&self, privilege: &str) -> bool {
        self.everywhere.contains(privilege) || self.everywhere.contains("ALL PRIVILEGES")
    }

    /// Tells whether the user has that privilege on all of a database.
    #[must_use]
    pub fn has_on(&self, database: &str, privilege: &str) -> bool {
        let holds = |privilege: &str| self.databases.contains(&(database.to_owned(), privilege.to_owned()));
        self.has_everywhere(privilege) || holds(privilege) || holds("ALL PRIVILEGES")
    }

    /// Tells whether the user has roles, so that it may have more than is seen here.
    #[must_use]
    pub fn has_roles(&self) -> bool {
        self.roles
    }

    /// Returns what these lines of `SHOW GRANTS` say.
    #[cfg(test)]
    pub(crate) fn of(lines: &[&str]) -> Self {
        let mut grants = Self::default();
        lines.iter().for_each(|line| grants.add(line));
        grants
    }

    /// Adds what one line of `SHOW GRANTS` says.
    fn add(&mut self, line: &str) {
        let Some(line) = line.strip_prefix("GRANT ") else { return };
        let Some((privileges, target)) = line.split_once(" ON ") else {
            self.roles = true; // GRANT `role`@`%` TO `user`@`%`
            return;
        };
        let target = target.split(" TO ").next().unwrap_or_default().replace('`', "");
        // Those on columns, `SELECT (a, b)`, fall apart here into names that nobody asks for.
        for privilege in privileges.split(',').map(|privilege| privilege.trim().to_ascii_uppercase()) {
            match target.split_once('.') {
                Some(("*", "*")) => drop(self.everywhere.insert(privilege)),
                Some((database, "*")) => drop(self.databases.insert((database.to_owned(), privilege))),
                _ => {}
            }
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

        let none = Grants::of(&["GRANT USAGE ON *.* TO 'nobody'", "GRANT `backup`@`%` TO `nobody`@`%`"]);
        assert!(!none.has_everywhere("SELECT") && none.has_roles());
    }
}
