//! Every kind of object on a server: whether a dump supports it, the query for unsupported ones, and the privilege
//! that shows it. To a user without the privilege, a server shows fewer objects, without an error.
//!
//! Source: the catalogues of seekdb 1.4 and MariaDB 10.11; for MySQL and OceanBase 4.x, their documentation.

mod system;

use model::inventory::ObjectKind;
use model::version::{Product, ServerVersion, Version};

pub use system::{InSystem, InSystemDatabases, in_system_databases, system_databases};

use crate::answer::Row;
use crate::catalog;
use crate::error::Error;
use crate::grants::Grants;
use crate::session::Session;
use crate::statement::{Statement, literal};

/// The name of a view, and the statement that lists the objects' names from it.
type View = (&'static str, &'static str);

/// How a kind of object is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// A dump includes it.
    Carried,
    /// It has these types in the server's list of objects or routines.
    Listed(&'static [&'static str]),
    /// It has these types in `information_schema.TABLES`.
    TableTypes(&'static [&'static str]),
    /// Views show the objects of a database; each statement contains `{database}`.
    InDatabase(&'static [View]),
    /// Views show the objects of the whole server.
    OnServer(&'static [View]),
    /// It is not queried, for this reason.
    NotAsked(&'static str),
}

use Fate::{Carried, InDatabase, Listed, NotAsked, OnServer, TableTypes};
use Product::{Mariadb, Mysql, Oceanbase, Seekdb};

const OCEANBASE: &[Product] = &[Oceanbase, Seekdb];
const MYSQL: &[Product] = &[Mysql, Mariadb];
const ALL: &[Product] = &[Oceanbase, Seekdb, Mysql, Mariadb];

const EVENTS: &str = "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {database}";

/// Jobs of users. The view does not mark the server's own jobs, so their names and classes are excluded: statistics,
/// management of partitions, balance, compaction, refreshing of materialized views and of vector indexes. Jobs of
/// events are listed as events, and a statement that runs once in the background is not an object. The names are from
/// the kernel's source.
const JOBS: &str = "SELECT JOB_NAME FROM oceanbase.DBA_SCHEDULER_JOBS \
     WHERE JOB_NAME NOT IN ('MONDAY_WINDOW', 'TUESDAY_WINDOW', 'WEDNESDAY_WINDOW', 'THURSDAY_WINDOW', \
     'FRIDAY_WINDOW', 'SATURDAY_WINDOW', 'SUNDAY_WINDOW', 'OPT_STATS_HISTORY_MANAGER', \
     'ASYNC_GATHER_STATS_JOB_PROC', 'DAILY_MAINTENANCE_WINDOW', 'FLUSH_NCOMP_DLL_JOB', \
     'POLLING_ASK_JOB_FOR_PL_RECOMPILE') \
     AND JOB_NAME NOT LIKE 'SCHEDULED\\_MANAGE\\_%' AND JOB_NAME NOT LIKE 'SCHEDULED\\_TRIGGER\\_%' \
     AND JOB_NAME NOT LIKE 'MVIEW\\_REFRESH$J%' AND JOB_NAME NOT LIKE 'MLOG\\_PURGE$J%' \
     AND COALESCE(JOB_ACTION, '') NOT LIKE 'DBMS\\_%\\_INNER(%' \
     AND COALESCE(JOB_CLASS, '') NOT IN ('MYSQL_EVENT_JOB_CLASS', 'OLAP_ASYNC_JOB_CLASS', \
     'DATE_EXPRESSION_JOB_CLASS')";

/// The table of kinds. A row lists the products that have the kind.
const INVENTORY: &[(ObjectKind, &[Product], Fate)] = &[
    (ObjectKind::Databases, ALL, Carried),
    (ObjectKind::Tables, ALL, Carried),
    (ObjectKind::Views, ALL, Carried),
    (ObjectKind::Routines, ALL, Carried),
    (ObjectKind::Triggers, ALL, Carried),
    (ObjectKind::Users, ALL, Carried),
    (ObjectKind::Grants, ALL, Carried),
    (ObjectKind::Events, MYSQL, Carried),
    (ObjectKind::Events, OCEANBASE, InDatabase(&[("information_schema.EVENTS", EVENTS)])),
    (ObjectKind::Sequences, &[Mariadb], Carried),
    (ObjectKind::Sequences, OCEANBASE, Listed(&["SEQUENCE"])),
    (ObjectKind::History, &[Mariadb], NotAsked("every system-versioned table may have some")),
    (ObjectKind::Outlines, OCEANBASE, Carried),
    (ObjectKind::Packages, OCEANBASE, Listed(&["PACKAGE", "PACKAGE BODY"])),
    (ObjectKind::Packages, &[Mariadb], Listed(&["PACKAGE", "PACKAGE BODY"])),
    (ObjectKind::Types, OCEANBASE, Listed(&["TYPE", "TYPE BODY"])),
    (ObjectKind::Synonyms, OCEANBASE, Listed(&["SYNONYM"])),
    (
        ObjectKind::TableGroups,
        &[Oceanbase],
        OnServer(&[(
            "oceanbase.DBA_OB_TABLEGROUPS",
            "SELECT TABLEGROUP_NAME FROM oceanbase.DBA_OB_TABLEGROUPS WHERE TABLEGROUP_NAME <> 'oceanbase'",
        )]),
    ),
    (ObjectKind::ExternalTables, OCEANBASE, TableTypes(&["EXTERNAL TABLE"])),
    (ObjectKind::TemporaryTables, ALL, NotAsked("only the session that made one sees it")),
    (
        ObjectKind::MaterializedViews,
        &[Oceanbase],
        InDatabase(&[
            ("oceanbase.DBA_MVIEWS", "SELECT MVIEW_NAME FROM oceanbase.DBA_MVIEWS WHERE OWNER = {database}"),
            (
                "oceanbase.DBA_MVIEW_LOGS",
                "SELECT LOG_TABLE FROM oceanbase.DBA_MVIEW_LOGS WHERE LOG_OWNER = {database}",
            ),
        ]),
    ),
    (ObjectKind::LoadableFunctions, MYSQL, OnServer(&[("mysql.func", "SELECT name FROM mysql.func")])),
    (ObjectKind::Servers, MYSQL, OnServer(&[("mysql.servers", "SELECT Server_name FROM mysql.servers")])),
    (ObjectKind::Plugins, MYSQL, OnServer(&[("mysql.plugin", "SELECT name FROM mysql.plugin")])),
    (
        ObjectKind::AiModels,
        OCEANBASE,
        OnServer(&[
            ("oceanbase.DBA_OB_AI_MODELS", "SELECT NAME FROM oceanbase.DBA_OB_AI_MODELS"),
            (
                "oceanbase.DBA_OB_AI_MODEL_ENDPOINTS",
                "SELECT CONCAT('endpoint ', ENDPOINT_NAME) FROM oceanbase.DBA_OB_AI_MODEL_ENDPOINTS",
            ),
        ]),
    ),
    (ObjectKind::RecycleBin, OCEANBASE, NotAsked("what lies in it was dropped")),
    (ObjectKind::Jobs, OCEANBASE, OnServer(&[("oceanbase.DBA_SCHEDULER_JOBS", JOBS)])),
    (
        ObjectKind::GeneratedValues,
        ALL,
        NotAsked("the settings that are recorded with a column, or the rows, show whether some would change"),
    ),
    (ObjectKind::MemberNames, MYSQL, NotAsked("the rows of each table show whether some are hidden")),
];

/// The error numbers for a missing view or column.
const ABSENT: [u16; 4] = [1146, 1109, 1054, 1049];

/// The error numbers for a missing privilege.
const DENIED: [u16; 4] = [1142, 1143, 1044, 1227];

/// The first MySQL version in which the privilege SHOW_ROUTINE shows routines, instead of access to a system table.
const SHOW_ROUTINE_SINCE: Version = Version::new(8, 0, 20);

/// The objects that a dump does not include.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Others {
    /// The objects, by kind and name.
    pub found: Vec<(ObjectKind, String)>,
    /// Kinds of which objects may exist, each with the view that this user may not read.
    pub unseen: Vec<(ObjectKind, &'static str)>,
}

/// Returns whether a dump of that product includes objects of this kind.
#[must_use]
pub fn is_carried(product: Product, kind: ObjectKind) -> bool {
    rows(product).any(|(row, fate)| row == kind && fate == Carried)
}

/// Returns the kind of a table by its type in `information_schema.TABLES`, if it is neither a table nor a view.
#[must_use]
pub fn kind_of_table(product: Product, table_type: &str) -> ObjectKind {
    let is_it = |fate| matches!(fate, TableTypes(types) if types.contains(&table_type));
    rows(product).find(|&(_, fate)| is_it(fate)).map_or(ObjectKind::Tables, |(kind, _)| kind)
}

fn rows(product: Product) -> impl Iterator<Item = (ObjectKind, Fate)> {
    let is_of = move |products: &[Product]| products.contains(&product);
    INVENTORY.iter().filter(move |(_, products, _)| is_of(products)).map(|&(kind, _, fate)| (kind, fate))
}

/// Queries the objects of a database that a dump does not include, except tables of unsupported types.
///
/// # Errors
/// Fails when the server does.
pub async fn of_database(session: &mut Session, database: &str) -> Result<Others, Error> {
    let product = session.server().product;
    let mut others = Others::default();
    for (kind, fate) in rows(product) {
        let InDatabase(views) = fate else { continue };
        for (view, sql) in views {
            let sql = sql.replace("{database}", &literal(database));
            ask(session, kind, view, sql, &mut others).await?;
        }
    }
    listed(session, database, &mut others).await?;
    Ok(others)
}

/// Queries the objects of the whole server that a dump does not include.
///
/// # Errors
/// Fails when the server does.
pub async fn of_server(session: &mut Session) -> Result<Others, Error> {
    let product = session.server().product;
    let mut others = Others::default();
    for (kind, fate) in rows(product) {
        let OnServer(views) = fate else { continue };
        for (view, sql) in views {
            ask(session, kind, view, (*sql).to_owned(), &mut others).await?;
        }
    }
    Ok(others)
}

async fn ask(
    session: &mut Session,
    kind: ObjectKind,
    view: &'static str,
    sql: String,
    others: &mut Others,
) -> Result<(), Error> {
    match shown(session, sql).await? {
        Shown::Rows(rows) => {
            for row in rows {
                others.found.push((kind, row.str(0)?.to_owned()));
            }
        }
        Shown::Denied => others.unseen.push((kind, view)),
        Shown::Absent => {}
    }
    Ok(())
}

/// Queries all kinds in the list of objects at once, because the server takes long to build that list.
async fn listed(session: &mut Session, database: &str, others: &mut Others) -> Result<(), Error> {
    let product = session.server().product;
    let kinds: Vec<(ObjectKind, &[&str])> = rows(product)
        .filter_map(|(kind, fate)| if let Listed(types) = fate { Some((kind, types)) } else { None })
        .collect();
    let types: Vec<String> =
        kinds.iter().flat_map(|(_, types)| types.iter()).map(|name| literal(name)).collect();
    if types.is_empty() {
        return Ok(());
    }
    let (types, owner) = (types.join(", "), literal(database));
    let (view, sql) = if product.is_oceanbase() {
        let asked = "SELECT OBJECT_TYPE, OBJECT_NAME FROM oceanbase.DBA_OBJECTS";
        ("oceanbase.DBA_OBJECTS", format!("{asked} WHERE OWNER = {owner} AND OBJECT_TYPE IN ({types})"))
    } else {
        let asked = "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES";
        let of_database = catalog::of_database(session, "ROUTINE_SCHEMA", database);
        let sql = format!("{asked} WHERE {of_database} AND ROUTINE_TYPE IN ({types})");
        ("information_schema.ROUTINES", sql)
    };
    match shown(session, sql).await? {
        Shown::Rows(rows) => {
            for row in rows {
                let found = row.str(0)?;
                let kind = kinds.iter().find(|(_, types)| types.contains(&found));
                others.found.extend(kind.map(|&(kind, _)| (kind, row.str(1).unwrap_or_default().to_owned())));
            }
        }
        // seekdb has no statement that creates such an object.
        Shown::Denied if product == Seekdb => {}
        Shown::Denied => others.unseen.extend(kinds.iter().map(|&(kind, _)| (kind, view))),
        Shown::Absent => {}
    }
    Ok(())
}

enum Shown {
    Rows(Vec<Row>),
    /// The view does not exist.
    Absent,
    /// The user may not read it.
    Denied,
}

async fn shown(session: &mut Session, sql: String) -> Result<Shown, Error> {
    match session.rows(&Statement::read(sql)).await {
        Ok(rows) => Ok(Shown::Rows(rows)),
        Err(error) if error.number().is_some_and(|number| ABSENT.contains(&number)) => Ok(Shown::Absent),
        Err(error) if error.number().is_some_and(|number| DENIED.contains(&number)) => Ok(Shown::Denied),
        Err(error) => Err(error),
    }
}

/// Returns the kinds of which a database may contain objects that this user does not see, each with a privilege that
/// shows them.
#[must_use]
pub fn hidden(server: &ServerVersion, grants: &Grants, database: &str) -> Vec<(ObjectKind, &'static str)> {
    let lacks = |privileges: &[&str]| !privileges.iter().any(|privilege| grants.has_on(database, privilege));
    let mut hidden = Vec::new();
    if lacks(&["SELECT"]) {
        hidden.push((ObjectKind::Tables, "SELECT"));
    }
    if lacks(&["TRIGGER"]) {
        hidden.push((ObjectKind::Triggers, "TRIGGER"));
    }
    if lacks(&["EXECUTE", "ALTER ROUTINE", "CREATE ROUTINE", "SHOW CREATE ROUTINE"])
        && !sees_all_routines(server, grants)
    {
        hidden.push((ObjectKind::Routines, "EXECUTE"));
    }
    if MYSQL.contains(&server.product) && lacks(&["EVENT"]) {
        hidden.push((ObjectKind::Events, "EVENT"));
    }
    hidden
}

/// Returns whether the user sees all routines without a privilege on them.
fn sees_all_routines(server: &ServerVersion, grants: &Grants) -> bool {
    match server.product {
        Oceanbase | Seekdb => false,
        Mysql if server.version >= SHOW_ROUTINE_SINCE => {
            grants.has_everywhere("SHOW_ROUTINE") || grants.has_everywhere("SELECT")
        }
        Mysql | Mariadb => grants.has_on_table("mysql", "proc", "SELECT"),
    }
}

/// Returns whether there may be databases that this user does not see.
#[must_use]
pub fn hides_databases(grants: &Grants) -> bool {
    !(grants.has_everywhere("SELECT") || grants.has_everywhere("SHOW DATABASES"))
}

#[cfg(test)]
mod tests {
    use model::inventory::ObjectKind;
    use model::version::{Product, ServerVersion, Version};

    use super::{INVENTORY, hidden, is_carried, kind_of_table, rows};
    use crate::grants::Grants;

    #[test]
    fn every_kind_has_a_row_and_no_product_has_two_for_one() {
        for kind in ObjectKind::ALL {
            assert!(INVENTORY.iter().any(|(row, ..)| row == kind), "{kind}");
        }
        for product in super::ALL {
            let mut kinds: Vec<ObjectKind> = rows(*product).map(|(kind, _)| kind).collect();
            kinds.sort_unstable();
            assert!(kinds.windows(2).all(|pair| pair[0] != pair[1]), "{product:?} {kinds:?}");
        }
        assert!(is_carried(Product::Mysql, ObjectKind::Users));
        assert_eq!(kind_of_table(Product::Oceanbase, "EXTERNAL TABLE"), ObjectKind::ExternalTables);
        assert_eq!(kind_of_table(Product::Mariadb, "SOMETHING NEW"), ObjectKind::Tables);
    }

    #[test]
    fn what_a_privilege_shows_may_be_hidden_without_it() {
        let server = |product, version| ServerVersion { product, version, community: true };
        let seekdb = server(Product::Seekdb, Version::new(1, 4, 0));
        let mariadb = server(Product::Mariadb, Version::new(10, 11, 0));
        let mysql = server(Product::Mysql, Version::new(8, 4, 0));
        let all = "GRANT ALL PRIVILEGES ON *.* TO 'u'";
        let three = "GRANT SELECT, SHOW VIEW, TRIGGER ON *.* TO 'u'";
        let on_shop = "GRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE, EVENT ON `shop`.* TO 'u'";
        let proc = "GRANT SELECT ON `mysql`.`proc` TO 'u'";
        let cases: &[(&ServerVersion, &[&str], &[&str])] = &[
            (&seekdb, &[all], &[]),
            (&seekdb, &[three], &["routines"]),
            (&seekdb, &[on_shop], &[]),
            (&mariadb, &[three], &["events"]),
            (&mariadb, &["GRANT SELECT, TRIGGER ON `shop`.* TO 'u'"], &["routines", "events"]),
            (&mariadb, &["GRANT SELECT, TRIGGER, EVENT ON `shop`.* TO 'u'", proc], &[]),
            (&mysql, &[three], &["events"]),
            (&mysql, &["GRANT SELECT ON `shop`.`t` TO 'u'"], &["tables", "triggers", "routines", "events"]),
        ];
        for (server, lines, expected) in cases {
            let found = hidden(server, &Grants::of(lines), "shop");
            let found: Vec<&str> = found.iter().map(|(kind, _)| kind.word()).collect();
            assert_eq!(&found, expected, "{server} {lines:?}");
        }
    }
}
