//! Objects that users created in the server's own databases, such as `mysql`: a dump does not include them.
//!
//! OceanBase and seekdb give the tables of users higher IDs, and have no routines and triggers of their own there. On
//! MySQL and MariaDB, the definer shows whose code and views they are; tables have none, so the server's own are
//! listed by name. Source: a fresh MariaDB 10.11 and seekdb 1.4; for other versions and MySQL, their documentation.

use model::inventory::ObjectKind;

use super::{Shown, shown};
use crate::answer::Row;
use crate::catalog::{self, of_database};
use crate::error::Error;
use crate::session::Session;

/// The server's own tables in `mysql`, and `sys_config` in `sys`.
const OWN_TABLES: [&str; 66] = [
    "audit_log_filter",
    "audit_log_user",
    "column_stats",
    "columns_priv",
    "component",
    "db",
    "default_roles",
    "engine_cost",
    "event",
    "firewall_group_allowlist",
    "firewall_groups",
    "firewall_membership",
    "firewall_users",
    "firewall_whitelist",
    "func",
    "general_log",
    "global_grants",
    "global_priv",
    "gtid_executed",
    "gtid_slave_pos",
    "help_category",
    "help_keyword",
    "help_relation",
    "help_topic",
    "host",
    "index_stats",
    "innodb_ddl_log",
    "innodb_dynamic_metadata",
    "innodb_index_stats",
    "innodb_table_stats",
    "masking_dictionaries",
    "ndb_binlog_index",
    "ndb_replication",
    "password_history",
    "password_reuse_check_history",
    "plugin",
    "proc",
    "procs_priv",
    "proxies_priv",
    "replication_asynchronous_connection_failover",
    "replication_asynchronous_connection_failover_managed",
    "replication_group_configuration_version",
    "replication_group_member_actions",
    "role_edges",
    "roles_mapping",
    "server_cost",
    "servers",
    "slave_master_info",
    "slave_relay_log_info",
    "slave_worker_info",
    "slow_log",
    "sys_config",
    "table_stats",
    "tables_priv",
    "time_zone",
    "time_zone_leap_second",
    "time_zone_name",
    "time_zone_transition",
    "time_zone_transition_type",
    "transaction_registry",
    "user",
    "version_tokens",
    "wsrep_allowlist",
    "wsrep_cluster",
    "wsrep_cluster_members",
    "wsrep_streaming_log",
];

/// The beginnings of names of further own tables: positions of replicas by engine, of the Spider engine, and of
/// managed services.
const OWN_PREFIXES: [&str; 3] = ["gtid_slave_pos_", "spider_", "rds_"];

/// The definers of the server's own views and code.
const OWN_DEFINERS: &str = "'mariadb.sys@localhost', 'mysql.sys@localhost', 'mysql.session@localhost', \
     'mysql.infoschema@localhost', 'rdsadmin@localhost'";

/// The server's own views and routines whose definer was `root` in older versions.
const OLD_OWN: &str = "'user', 'AddGeometryColumn', 'DropGeometryColumn'";

/// The view that shows tables of users on OceanBase.
const TABLES_VIEW: &str = "oceanbase.__all_table";

/// Tables of users on OceanBase, by their type: tables, views, materialized views, external tables. Dropped ones are
/// in the recycle bin.
const OCEANBASE_TABLES: &str = "SELECT d.database_name, t.table_name, CASE t.table_type WHEN 4 THEN 'VIEW' ELSE 'TABLE' END \
     FROM oceanbase.__all_table t JOIN oceanbase.__all_database d ON d.database_id = t.database_id \
     WHERE t.table_id > 500000 AND d.database_id < 500000 AND d.database_name <> '__recyclebin' \
     AND t.table_type IN (3, 4, 7, 14) ORDER BY 1, 2";

/// An object of a user in one of the server's own databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InSystem {
    /// Its kind.
    pub kind: ObjectKind,
    /// The server's database.
    pub database: String,
    /// Its name.
    pub name: String,
}

/// The objects of users in the server's own databases.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InSystemDatabases {
    /// Those that this user sees.
    pub found: Vec<InSystem>,
    /// The view that would show further tables, if this user may not read it.
    pub unseen: Option<&'static str>,
}

/// Returns the objects of users in these databases of the server.
///
/// # Errors
/// Fails when the server does.
pub async fn in_system_databases(
    session: &mut Session,
    databases: &[String],
) -> Result<InSystemDatabases, Error> {
    let is_oceanbase = session.server().product.is_oceanbase();
    let mut all = InSystemDatabases::default();
    if is_oceanbase {
        match shown(session, OCEANBASE_TABLES.to_owned()).await? {
            Shown::Rows(rows) => all.add(&rows)?,
            Shown::Denied | Shown::Absent => all.unseen = Some(TABLES_VIEW),
        }
    }
    for database in databases {
        for sql in questions(session, database, is_oceanbase) {
            // Views that a server does not have show nothing.
            if let Shown::Rows(rows) = shown(session, sql).await? {
                all.add(&rows)?;
            }
        }
    }
    Ok(all)
}

/// Returns the statements that list the objects of users in a database, each with database, name and type.
fn questions(session: &Session, database: &str, is_oceanbase: bool) -> Vec<String> {
    let of = |column: &str| of_database(session, column, database);
    let of_users = |definer: &str, name: &str| {
        if is_oceanbase {
            String::new()
        } else {
            format!(" AND {definer} NOT IN ({OWN_DEFINERS}) AND {name} NOT IN ({OLD_OWN})")
        }
    };
    let code = |view: &str, prefix: &str, kind: &str| {
        format!(
            "SELECT {prefix}_SCHEMA, {prefix}_NAME, {kind} FROM information_schema.{view} WHERE {}{} ORDER BY 2",
            of(&format!("{prefix}_SCHEMA")),
            of_users("DEFINER", &format!("{prefix}_NAME"))
        )
    };
    let mut questions = Vec::new();
    if !is_oceanbase {
        questions.push(format!(
            "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE {} AND TABLE_TYPE <> 'VIEW' \
             ORDER BY 2",
            of("TABLE_SCHEMA")
        ));
        questions.push(code("VIEWS", "TABLE", "'VIEW'"));
    }
    questions.push(code("ROUTINES", "ROUTINE", "'ROUTINE'"));
    questions.push(code("TRIGGERS", "TRIGGER", "'TRIGGER'"));
    questions.push(code("EVENTS", "EVENT", "'EVENT'"));
    questions
}

impl InSystemDatabases {
    fn add(&mut self, rows: &[Row]) -> Result<(), Error> {
        for row in rows {
            let (database, name, kind) = (row.str(0)?.to_owned(), row.str(1)?.to_owned(), kind(row.str(2)?));
            if kind != ObjectKind::Tables || !is_own_table(&name) {
                self.found.push(InSystem { kind, database, name });
            }
        }
        Ok(())
    }
}

fn kind(shown: &str) -> ObjectKind {
    match shown {
        "VIEW" => ObjectKind::Views,
        "SEQUENCE" => ObjectKind::Sequences,
        "ROUTINE" => ObjectKind::Routines,
        "TRIGGER" => ObjectKind::Triggers,
        "EVENT" => ObjectKind::Events,
        _ => ObjectKind::Tables,
    }
}

fn is_own_table(name: &str) -> bool {
    OWN_TABLES.contains(&name) || OWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Returns the server's own databases in which users may create objects.
///
/// # Errors
/// Fails when the server does.
pub async fn system_databases(session: &mut Session) -> Result<Vec<String>, Error> {
    const OPEN: [&str; 3] = ["mysql", "sys", "oceanbase"];
    let all = catalog::all_databases(session).await?;
    let server = session.server().clone();
    let is_open =
        |name: &String| OPEN.contains(&name.as_str()) && catalog::is_system_database(&server, name, None);
    Ok(all.into_iter().filter(is_open).collect())
}

#[cfg(test)]
mod tests {
    use super::{OWN_TABLES, is_own_table};

    #[test]
    fn only_the_servers_own_tables_are_its_own() {
        assert!(OWN_TABLES.is_sorted());
        for own in ["user", "global_priv", "gtid_slave_pos_InnoDB", "sys_config", "time_zone"] {
            assert!(is_own_table(own), "{own}");
        }
        for other in ["users", "User", "orders", "gtid_slave", "my_spider_"] {
            assert!(!is_own_table(other), "{other}");
        }
    }
}
