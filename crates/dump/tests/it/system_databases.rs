//! Objects that users created in the server's own databases are named as left out.

use dump::{Manifest, Options};
use model::backup::BackupObject;
use model::inventory::{Consent, ObjectKind};

use crate::bed::{Bed, run};

fn lost(manifest: &Manifest, agreed: bool) -> Vec<String> {
    let wanted = manifest.left_out.iter().filter(|object| object.agreed == agreed);
    let mut names: Vec<String> = wanted.map(|object| format!("{} {}", object.kind, object.name)).collect();
    names.sort();
    names
}

/// Dumps the whole server, with what it may leave out.
async fn dumped(bed: &Bed, id: &str, consent: Consent) -> Manifest {
    let options = Options { consent, ..Options::default() };
    bed.dump_with(&id.parse().expect("an id"), &options).await.expect("a dump")
}

#[tokio::test]
async fn objects_in_the_databases_of_a_mariadb_itself_are_named() {
    let bed = Bed::mariadb();
    bed.database("d_own", &["CREATE TABLE t (a INT PRIMARY KEY)"]).await;
    assert_eq!(lost(&dumped(&bed, "fresh", Consent::default()).await, false), [""; 0], "all is the server's");

    let mut session = bed.session().await;
    for sql in [
        "CREATE TABLE mysql.mine (a INT)",
        "CREATE SEQUENCE mysql.sq",
        "CREATE VIEW mysql.vm AS SELECT 1",
        "CREATE EVENT mysql.ev ON SCHEDULE EVERY 1 YEAR DO DO 1",
        "CREATE TABLE sys.mine (a INT)",
        "CREATE PROCEDURE sys.p() SELECT 1",
        "CREATE TRIGGER sys.tr BEFORE INSERT ON sys.mine FOR EACH ROW SET NEW.a = 1",
    ] {
        run(&mut session, sql).await;
    }
    let named = [
        "events `mysql`.`ev`",
        "routines `sys`.`p`",
        "sequences `mysql`.`sq`",
        "tables `mysql`.`mine`",
        "tables `sys`.`mine`",
        "triggers `sys`.`tr`",
        "views `mysql`.`vm`",
    ];
    assert_eq!(lost(&dumped(&bed, "all", Consent::default()).await, false), named);

    let exclude = vec![
        BackupObject::Database("sys".to_owned()),
        BackupObject::Table("mysql".to_owned(), "mine".to_owned()),
        BackupObject::Table("mysql".to_owned(), "vm".to_owned()),
    ];
    let without = vec![ObjectKind::Events, ObjectKind::Sequences];
    let agreed = dumped(&bed, "agreed", Consent { exclude, without }).await;
    assert!(!agreed.is_partial(), "{:?}", agreed.left_out);
    let agreed = lost(&agreed, true);
    assert!(agreed.contains(&"databases sys".to_owned()), "{agreed:?}");
    assert!(agreed.contains(&"tables `mysql`.`mine`".to_owned()), "{agreed:?}");

    run(&mut session, "CREATE USER half IDENTIFIED BY 'half'").await;
    run(&mut session, "GRANT RELOAD, PROCESS, SHOW DATABASES ON *.* TO half").await;
    run(&mut session, "GRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE, EVENT ON d_own.* TO half").await;
    session.close().await;
    let half = dumped(&bed.as_user("half", "half"), "half", Consent::default()).await;
    assert!(lost(&half, false).contains(&"tables mysql".to_owned()), "{:?}", half.left_out);
}

#[tokio::test]
async fn objects_in_the_databases_of_a_seekdb_itself_are_named() {
    let folder = tempfile::Builder::new().prefix("seekdb-").tempdir().expect("a folder");
    let instance = xtask::seekdb::Instance::start_in(&folder.path().join("seekdb")).expect("a seekdb");
    let bed = Bed::on(instance.server.clone());
    bed.database("d_own", &["CREATE TABLE t (a INT PRIMARY KEY)"]).await;
    assert_eq!(lost(&dumped(&bed, "fresh", Consent::default()).await, false), [""; 0], "all is the server's");

    let mut session = bed.session().await;
    for sql in [
        "CREATE TABLE mysql.mine (a INT)",
        "CREATE VIEW mysql.vm AS SELECT 1",
        "CREATE TABLE oceanbase.mine (a INT, KEY ka (a))",
        "USE mysql",
        "CREATE PROCEDURE p() SELECT 1",
        "CREATE TRIGGER tr BEFORE INSERT ON mine FOR EACH ROW SET NEW.a = 1",
    ] {
        run(&mut session, sql).await;
    }
    session.close().await;
    let named = [
        "routines `mysql`.`p`",
        "tables `mysql`.`mine`",
        "tables `oceanbase`.`mine`",
        "triggers `mysql`.`tr`",
        "views `mysql`.`vm`",
    ];
    assert_eq!(lost(&dumped(&bed, "all", Consent::default()).await, false), named);
    let exclude = ["mysql", "oceanbase"].map(|name| BackupObject::Database(name.to_owned())).to_vec();
    let agreed = dumped(&bed, "agreed", Consent { exclude, ..Consent::default() }).await;
    assert!(!agreed.is_partial(), "{:?}", agreed.left_out);
}

/// The name of the whole server is `*`, too.
#[tokio::test]
async fn a_database_named_like_the_whole_server_is_told_from_it() {
    for bed in [Bed::shared(), Bed::mariadb()] {
        let statements = ["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"];
        bed.database("*", &statements).await;
        let selection = dump::Selection(vec![BackupObject::Database("*".to_owned())]);
        let whole = Options { selection: selection.clone(), ..Options::default() };
        let manifest = bed.dump_with(&"star".parse().expect("an id"), &whole).await.expect("a dump");
        assert_eq!((manifest.totals.rows, lost(&manifest, false)), (1, Vec::new()));
        assert_eq!(bed.verify("star").await.findings, []);
        let mut session = bed.session().await;
        for sql in [
            "DROP USER IF EXISTS d_star",
            "CREATE USER d_star IDENTIFIED BY 'little'",
            "GRANT SELECT, SHOW VIEW, EXECUTE, EVENT ON `*`.* TO d_star",
        ] {
            let sql = if session.server().product.is_oceanbase() {
                sql.replace(", EVENT", "")
            } else {
                sql.to_owned()
            };
            run(&mut session, &sql).await;
        }
        if !session.server().product.is_oceanbase() {
            run(&mut session, "GRANT RELOAD, PROCESS ON *.* TO d_star").await;
        }
        let little = bed.as_user("d_star", "little");
        let manifest = little.dump_with(&"few".parse().expect("an id"), &whole).await.expect("a dump");
        let lost = lost(&manifest, false);
        assert!(lost.contains(&"triggers `*`".to_owned()), "of this database: {lost:?}");
        session.close().await;
        bed.no_database("*");
    }
}
