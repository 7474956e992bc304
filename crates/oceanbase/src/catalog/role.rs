//! The roles that OceanBase and seekdb give to accounts. Their SHOW GRANTS omits default roles, and may omit that an
//! account may give a role to others.

use std::collections::BTreeMap;

use super::if_there;
use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, identifier, literal};

/// The statements that give roles to an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roles {
    plain: Vec<String>,
    with_admin: Vec<String>,
    default: Vec<String>,
}

impl Roles {
    /// Returns the statements, in the order in which they run. `account` is spelled as in SQL.
    #[must_use]
    pub fn statements(&self, account: &str) -> Vec<String> {
        [
            (&self.plain, "GRANT", ""),
            (&self.with_admin, "GRANT", " WITH ADMIN OPTION"),
            (&self.default, "SET DEFAULT ROLE", ""),
        ]
        .into_iter()
        .filter(|(roles, ..)| !roles.is_empty())
        .map(|(roles, verb, option)| format!("{verb} {} TO {account}{option}", roles.join(",")))
        .collect()
    }
}

/// Returns the roles of each account on OceanBase or seekdb, by the account as SQL spells it. `None` if this user may
/// not see them, or if the version of the server does not list them.
///
/// # Errors
/// Fails when the server does.
pub async fn role_grants(session: &mut Session) -> Result<Option<BTreeMap<String, Roles>>, Error> {
    let edges = "SELECT TO_USER, TO_HOST, FROM_USER, FROM_HOST, WITH_ADMIN_OPTION FROM mysql.role_edges \
                 ORDER BY 1, 2, 3, 4";
    let default = "SELECT USER, HOST, DEFAULT_ROLE_USER, DEFAULT_ROLE_HOST FROM mysql.default_roles \
                   ORDER BY 1, 2, 3, 4";
    let Some(edges) = if_there(session.rows(&Statement::read(edges)).await)? else { return Ok(None) };
    let Some(default) = if_there(session.rows(&Statement::read(default)).await)? else { return Ok(None) };
    let mut all: BTreeMap<String, Roles> = BTreeMap::new();
    for row in &edges {
        let roles = all.entry(account(row)?).or_default();
        let into = if row.str(4)? == "Y" { &mut roles.with_admin } else { &mut roles.plain };
        into.push(role(row)?);
    }
    for row in &default {
        all.entry(account(row)?).or_default().default.push(role(row)?);
    }
    Ok(Some(all))
}

/// Returns whether a line of SHOW GRANTS gives roles, and not privileges: these are words, without quotes.
#[must_use]
pub fn is_of_roles(grant: &str) -> bool {
    grant.starts_with("GRANT `")
}

fn account(row: &Row) -> Result<String, Error> {
    Ok(format!("{}@{}", literal(row.str(0)?), literal(row.str(1)?)))
}

fn role(row: &Row) -> Result<String, Error> {
    Ok(format!("{}@{}", identifier(row.str(2)?), identifier(row.str(3)?)))
}

#[cfg(test)]
mod tests {
    use super::{Roles, is_of_roles};

    #[test]
    fn roles_keep_their_options() {
        let list = |names: &[&str]| names.iter().map(|name| format!("`{name}`@`%`")).collect();
        let roles =
            Roles { plain: list(&["r1"]), with_admin: list(&["r2", "r3"]), default: list(&["r1", "r3"]) };
        let expected = [
            "GRANT `r1`@`%` TO 'u'@'%'",
            "GRANT `r2`@`%`,`r3`@`%` TO 'u'@'%' WITH ADMIN OPTION",
            "SET DEFAULT ROLE `r1`@`%`,`r3`@`%` TO 'u'@'%'",
        ];
        assert_eq!(roles.statements("'u'@'%'"), expected);
        assert_eq!(Roles::default().statements("'u'@'%'"), [] as [&str; 0]);
    }

    #[test]
    fn grants_of_roles_are_told_from_privileges() {
        for (grant, expected) in [
            ("GRANT `r3`@`%`,`r``2`@`%` TO `x2`@`%`", true),
            ("GRANT `r4`@`%` TO `x2`@`%` WITH ADMIN OPTION", true),
            ("GRANT SELECT ON `shop`.* TO 'r1'", false),
            ("GRANT SELECT(`a`) ON `shop`.`t` TO 'r1'", false),
        ] {
            assert_eq!(is_of_roles(grant), expected, "{grant}");
        }
    }
}
