//! The databases of users, and the databases that belong to the server itself.
//!
//! Source: names that MariaDB 10.11 and seekdb 1.4 accept in CREATE DATABASE; for OceanBase 4.x, the IDs in the
//! kernel's source.

use std::collections::BTreeMap;

use model::version::{Product, ServerVersion, Version};

use super::if_there;
use crate::error::Error;
use crate::session::Session;
use crate::statement::Statement;

/// Databases that belong to the server in any spelling. MySQL and MariaDB create neither a database with the first name
/// in capitals nor an object in one with the second.
const IN_ANY_SPELLING: [&str; 2] = ["information_schema", "performance_schema"];

/// Databases of OceanBase and seekdb.
const OCEANBASE: [&str; 4] = ["mysql", "oceanbase", "__public", "__recyclebin"];

/// Databases that some tenants of OceanBase have. In other tenants, users can create databases of the same names. seekdb
/// has none of them.
const SOME_TENANTS: [&str; 4] = ["lbacsys", "oraauditor", "ocs", "sys"];

/// The first ID of databases of users on OceanBase 4.x. Earlier versions put the tenant into the ID.
const FIRST_OF_USERS: u64 = 500_000;

/// The first version with IDs that distinguish the databases of users.
const IDS_SINCE: Version = Version::new(4, 0, 0);

/// The first MariaDB with the database `sys`.
const MARIADB_SYS_SINCE: Version = Version::new(10, 6, 0);

/// To whom a database belongs, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Server,
    User,
    /// Its ID decides.
    ById,
}

/// Returns the names of the databases, except system databases.
///
/// # Errors
/// Fails when the server does.
pub async fn databases(session: &mut Session) -> Result<Vec<String>, Error> {
    let names = all_databases(session).await?;
    let server = session.server().clone();
    let needs_ids = names.iter().any(|name| owner(&server, name) == Owner::ById);
    let ids = if needs_ids { ids(session).await? } else { BTreeMap::new() };
    let is_of_user = |name: &String| !is_system_database(&server, name, ids.get(name).copied());
    Ok(names.into_iter().filter(is_of_user).collect())
}

/// Returns whether every server of the product has a database of this name, which belongs to the server.
#[must_use]
pub fn every_server_has(product: Product, name: &str) -> bool {
    let own: &[&str] = match product {
        Product::Oceanbase | Product::Seekdb => &["mysql", "oceanbase", "information_schema"],
        Product::Mariadb | Product::Mysql => &["mysql", "sys", "information_schema", "performance_schema"],
    };
    own.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// Returns the names of all databases.
///
/// # Errors
/// Fails when the server does.
pub async fn all_databases(session: &mut Session) -> Result<Vec<String>, Error> {
    let ask = Statement::read("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY 1");
    session.rows(&ask).await?.iter().map(|row| row.str(0).map(str::to_owned)).collect()
}

/// Returns whether a database belongs to the server itself, by its name as the server spells it and, on OceanBase, its
/// ID. Without an ID, the names that only some tenants reserve count as the server's.
#[must_use]
pub fn is_system_database(server: &ServerVersion, name: &str, id: Option<u64>) -> bool {
    match owner(server, name) {
        Owner::Server => true,
        Owner::User => false,
        Owner::ById => id.is_none_or(|id| id < FIRST_OF_USERS),
    }
}

/// A server with `lower_case_table_names` = 0 distinguishes capitals; another stores these names in small letters.
fn owner(server: &ServerVersion, name: &str) -> Owner {
    let is_any = |names: &[&str]| names.iter().any(|reserved| reserved.eq_ignore_ascii_case(name));
    let is_of_server = match server.product {
        Product::Oceanbase | Product::Seekdb => OCEANBASE.contains(&name) || is_any(&IN_ANY_SPELLING[..1]),
        Product::Mysql => ["mysql", "sys"].contains(&name) || is_any(&IN_ANY_SPELLING),
        Product::Mariadb => {
            let has_sys = server.version >= MARIADB_SYS_SINCE;
            name == "mysql" || has_sys && name == "sys" || is_any(&IN_ANY_SPELLING)
        }
    };
    if is_of_server {
        return Owner::Server;
    }
    match server.product {
        Product::Oceanbase if is_any(&SOME_TENANTS) && server.version >= IDS_SINCE => Owner::ById,
        Product::Oceanbase if is_any(&SOME_TENANTS) => Owner::Server,
        _ => Owner::User,
    }
}

/// Returns the IDs of OceanBase's databases, as far as the server shows them to this user.
async fn ids(session: &mut Session) -> Result<BTreeMap<String, u64>, Error> {
    let ask = Statement::read("SELECT database_name, database_id FROM oceanbase.__all_database");
    let rows = if_there(session.rows(&ask).await)?.unwrap_or_default();
    rows.iter().map(|row| Ok((row.str(0)?.to_owned(), row.u64(1)?))).collect()
}

#[cfg(test)]
mod tests {
    use model::version::{Product, ServerVersion, Version};

    use super::is_system_database;

    #[test]
    fn only_the_names_that_a_server_reserves_are_its_own() {
        let server = |product, version| ServerVersion { product, version, community: true };
        let seekdb = server(Product::Seekdb, Version::new(1, 4, 0));
        let oceanbase = server(Product::Oceanbase, Version::new(4, 3, 5));
        let old = server(Product::Oceanbase, Version::new(3, 1, 0));
        let mariadb = server(Product::Mariadb, Version::new(10, 11, 0));
        let no_sys = server(Product::Mariadb, Version::new(10, 5, 0));
        let mysql = server(Product::Mysql, Version::new(8, 4, 0));
        let cases: &[(&ServerVersion, &[&str], Option<u64>, bool)] = &[
            (
                &mariadb,
                &["mysql", "sys", "performance_schema", "Performance_Schema", "INFORMATION_SCHEMA"],
                None,
                true,
            ),
            (&mariadb, &["MySQL", "SYS", "oceanbase", "ocs", "shop"], None, false),
            (&no_sys, &["sys"], None, false),
            (&mysql, &["mysql", "sys", "performance_schema", "information_schema"], None, true),
            (&mysql, &["MySQL", "SYS", "Sys"], None, false),
            (&seekdb, &["mysql", "oceanbase", "information_schema", "__public", "__recyclebin"], None, true),
            (&seekdb, &["ocs", "lbacsys", "oraauditor", "sys", "performance_schema", "test"], None, false),
            (&oceanbase, &["mysql", "oceanbase", "information_schema", "__recyclebin"], None, true),
            (&oceanbase, &["LBACSYS", "ORAAUDITOR", "SYS", "ocs"], Some(201_007), true),
            (&oceanbase, &["lbacsys", "oraauditor", "sys", "ocs"], Some(500_002), false),
            (&oceanbase, &["LBACSYS", "ocs"], None, true),
            (&oceanbase, &["performance_schema", "test"], None, false),
            (&old, &["LBACSYS", "SYS"], Some(1_099_511_627_783), true),
        ];
        for (server, names, id, expected) in cases {
            for name in *names {
                assert_eq!(is_system_database(server, name, *id), *expected, "{server} {name} {id:?}");
            }
        }
    }
}
