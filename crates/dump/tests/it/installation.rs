//! A plain installation of MariaDB has accounts and privileges that no one asked for.

use std::path::PathBuf;

use dump::ChunkAim;
use xtask::mariadb::Instance;
use xtask::seekdb::Server;

use crate::bed::{Bed, query};
use crate::kinds::made_of_all;

/// Loads a dump with its code, and returns the IDs of what was not created and of the notes.
async fn loaded(bed: &Bed, id: &str, names: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let made = made_of_all(bed, id, names).await;
    let lost = made.not_made.iter().map(|part| format!("{} {}", part.reason.id, part.name)).collect();
    (lost, made.notes.iter().map(|note| note.id.clone()).collect())
}

#[tokio::test]
async fn the_defaults_of_a_plain_installation_make_no_load_incomplete_and_other_privileges_do() {
    let own = Instance::plain().expect("a MariaDB");
    let server = Server {
        host: own.host.clone(),
        port: own.port,
        password: own.password.clone(),
        pid: 0,
        dir: PathBuf::new(),
    };
    let bed = Bed::on(server);
    let mut session = bed.session().await;
    let defaults = "SELECT Db FROM mysql.db WHERE User = 'PUBLIC' ORDER BY 1";
    assert_eq!(query(&mut session, defaults).await, [["test"], [r"test\_%"]], "an installation has them");
    bed.database("shop", &["CREATE TABLE orders (a INT PRIMARY KEY)"]).await;
    bed.dump("plain", &[], ChunkAim::default()).await;
    bed.no_database("shop");
    let (lost, notes) = loaded(&bed, "plain", &[]).await;
    assert_eq!(lost, [""; 0]);
    assert!(notes.contains(&"load-grant-default".to_owned()), "the pattern fits no database: {notes:?}");

    let seekdb = bed.beside(&Bed::shared());
    for name in ["d_plain_shop", "d_plain_test"] {
        seekdb.no_database(name);
    }
    let names = [("shop", "d_plain_shop"), ("test", "d_plain_test")];
    let (lost, notes) = loaded(&seekdb, "plain", &names).await;
    assert_eq!(lost, [""; 0], "{notes:?}");
    let count = notes.iter().filter(|id| *id == "load-grant-default").count();
    assert_eq!(count, 2, "{notes:?}");

    bed.server.run(&[r"REVOKE DROP ON `test\_%`.* FROM PUBLIC"]).expect("an administrator restricts it");
    bed.dump("changed", &[], ChunkAim::default()).await;
    bed.no_database("shop");
    let (lost, _) = loaded(&bed, "changed", &[]).await;
    assert_eq!(lost, ["load-grant-elsewhere PUBLIC"]);
    session.close().await;
}

/// MySQL 5.7 and MariaDB before 10.11 give the privileges on `test` to an anonymous user that does not exist.
#[tokio::test]
async fn privileges_without_an_account_are_left_out_by_name_unless_an_installation_has_them() {
    let bed = Bed::mariadb();
    bed.database("d_stray", &["CREATE TABLE t (a INT PRIMARY KEY)"]).await;
    let given = "Select_priv, Insert_priv, Update_priv, Delete_priv, Create_priv, Drop_priv, References_priv, \
                 Index_priv, Alter_priv, Create_tmp_table_priv, Lock_tables_priv, Create_view_priv, \
                 Show_view_priv, Create_routine_priv, Event_priv, Trigger_priv, Delete_history_priv";
    let yes = ["'Y'"; 17].join(", ");
    let row = |name: &str| {
        format!("INSERT INTO mysql.db (Host, Db, User, {given}) VALUES ('%', '{name}', '', {yes})")
    };
    bed.server.run(&[row("test"), row(r"test\\_%")]).expect("rows as an installation has them");
    let stray = |manifest: dump::Manifest| -> Vec<String> {
        let is_stray = |lost: &&model::inventory::LeftOut| lost.reason.id == "left-out-stray-grant";
        let lost = manifest.left_out.iter().filter(is_stray);
        lost.map(|lost| format!("{} {}", lost.name, lost.reason.args["database"])).collect()
    };
    assert_eq!(stray(bed.dump("stray-1", &[], ChunkAim::default()).await), [""; 0]);
    let more = "UPDATE mysql.db SET Execute_priv = 'Y' WHERE Db = 'test' AND User = ''".to_owned();
    let other =
        "INSERT INTO mysql.db (Host, Db, User, Select_priv) VALUES ('%', 'd_stray', 'gone', 'Y')".to_owned();
    bed.server.run(&[more, other]).expect("rows of someone");
    assert_eq!(
        stray(bed.dump("stray-2", &[], ChunkAim::default()).await),
        ["''@'%' test", "'gone'@'%' d_stray"]
    );
}
