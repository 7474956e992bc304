//! A dump is data: a writer to the storage cannot make a load run other statements.

use std::fs;
use std::path::Path;

use dump::{ChunkAim, DumpId, Error, load};
use oceanbase::Statement;

use crate::bed::{Bed, create_schema, load_options, query};

const HELD: &[&str] = &[
    "CREATE TABLE t (a INT PRIMARY KEY)",
    "INSERT INTO t VALUES (1)",
    "CREATE VIEW v AS SELECT a FROM t",
    "CREATE PROCEDURE p () SELECT 1",
    "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
];

/// A statement that takes the place of the one that creates an object.
struct Forgery {
    file: &'static str,
    object: &'static str,
    statement: &'static str,
}

const fn forgery(file: &'static str, object: &'static str, statement: &'static str) -> Forgery {
    Forgery { file, object, statement }
}

const FORGERIES: &[Forgery] = &[
    forgery("database.sql", "", "DROP DATABASE d_fg_canary"),
    forgery("database.sql", "", "CREATE DATABASE `d_fg`; DROP DATABASE d_fg_canary"),
    forgery("database.sql", "", "CREATE DATABASE `d_fg_canary` DEFAULT CHARACTER SET = utf8mb4"),
    forgery("tables.sql", "t", "DROP DATABASE d_fg_canary"),
    forgery("tables.sql", "t", "CREATE TABLE `t` (\n  `a` int\n) AS SELECT * FROM d_fg_canary.secret"),
    forgery("tables.sql", "t", "CREATE TABLE `t` (\n  `a` int\n); DROP DATABASE d_fg_canary"),
    forgery("tables.sql", "t", "CREATE TABLE `t` (\n  `a` int\n) /*!50000 ; DROP DATABASE d_fg_canary */"),
    forgery("tables.sql", "t", "CREATE TABLE `d_fg_canary`.`t` (\n  `a` int\n)"),
    forgery("tables.sql", "t", "CREATE TABLE `t` (\n  `a` int\n) DATA DIRECTORY = '/tmp'"),
    forgery("views.sql", "v", "DROP DATABASE d_fg_canary"),
    forgery("views.sql", "v", "CREATE VIEW `v` AS select 1; DROP DATABASE d_fg_canary"),
    forgery("views.sql", "v", "GRANT ALL ON *.* TO 'd_fg_user'@'%'"),
    forgery("views.sql", "v", "CREATE VIEW `v` AS select 1 into outfile '/tmp/d_fg'"),
    forgery("code.sql", "p", "DROP DATABASE d_fg_canary"),
    forgery("code.sql", "p", "CREATE PROCEDURE `p`() begin end; DROP DATABASE d_fg_canary"),
    forgery("code.sql", "r", "CREATE TRIGGER d_fg_canary.r BEFORE INSERT ON t FOR EACH ROW SET @a = 1"),
];

const HELD_BY_MARIADB: &[&str] = &[
    "CREATE TABLE t (a INT PRIMARY KEY) WITH SYSTEM VERSIONING",
    "CREATE SEQUENCE s",
    "CREATE EVENT e ON SCHEDULE AT '2036-01-01' DO DELETE FROM t",
];

const FORGERIES_FOR_MARIADB: &[Forgery] = &[
    forgery("sequences.sql", "s", "DROP DATABASE d_fg_canary"),
    forgery("sequences.sql", "s", "CREATE SEQUENCE `s` start with 1; DROP DATABASE d_fg_canary"),
    forgery("sequences.sql", "s", "CREATE SEQUENCE `d_fg_canary`.`s` start with 1"),
    forgery("sequences.sql", "s", "CREATE OR REPLACE SEQUENCE `s` start with 1"),
    forgery("sequences.sql", "s", "CREATE SEQUENCE `s` ENGINE=CONNECT"),
    forgery("code.sql", "e", "DROP DATABASE d_fg_canary"),
    forgery(
        "code.sql",
        "e",
        "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY DO SELECT 1; DROP DATABASE d_fg_canary",
    ),
    forgery("code.sql", "e", "CREATE EVENT `d_fg_canary`.`e` ON SCHEDULE EVERY 1 DAY DO SELECT 1"),
    forgery("code.sql", "e", "ALTER EVENT `e` ENABLE"),
];

#[tokio::test]
async fn a_forged_statement_is_refused_before_anything_runs() {
    are_refused(&Bed::shared(), HELD, FORGERIES).await;
}

#[tokio::test]
async fn a_forged_statement_for_a_mariadb_is_refused_before_anything_runs() {
    are_refused(&Bed::mariadb(), HELD_BY_MARIADB, FORGERIES_FOR_MARIADB).await;
}

async fn are_refused(bed: &Bed, held: &[&str], forgeries: &[Forgery]) {
    bed.database("d_fg_canary", &["CREATE TABLE secret (a INT)"]).await;
    bed.database("d_fg", held).await;
    bed.no_database("d_fg_2");
    let mut session = bed.session().await;
    for (place, forged) in forgeries.iter().enumerate() {
        let dump: DumpId = format!("forged-{place}").parse().expect("an id");
        bed.dump(dump.as_str(), &["d_fg"], ChunkAim::default()).await;
        forge(&bed.dir.path().join(dump.as_str()), forged);
        let refused = refusal(bed, &dump).await;
        let what = forged.statement;
        let Error::StatementRefused { object, .. } = &refused else { panic!("{what}: {refused:?}") };
        assert!(object.contains(forged.object) && object.contains("d_fg"), "{what}: {object}");
        let alive = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'd_fg_canary'";
        assert_eq!(query(&mut session, alive).await, [["1"]], "{what}");
        let made = "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'd_fg_2'";
        assert_eq!(query(&mut session, made).await, [["0"]], "{what}");
    }
    let users = Statement::read("SELECT COUNT(*) FROM mysql.user WHERE user = 'd_fg_user'");
    assert_eq!(session.rows(&users).await.expect("users")[0].u64(0).expect("a number"), 0);
    session.close().await;
}

/// Loads a dump and returns why that was refused.
async fn refusal(bed: &Bed, dump: &DumpId) -> Error {
    let options = load::Options { with_code: true, ..load_options(&[("d_fg", "d_fg_2")]) };
    create_schema(&bed.source(), &bed.client, dump, &options).await.expect_err("a refusal")
}

/// Puts the statement into the dump as if it had been there from the beginning: its length and all sums are right.
fn forge(folder: &Path, forged: &Forgery) {
    let path = format!("schema/d_fg/{}", forged.file);
    let text = fs::read_to_string(folder.join(&path)).expect("a file");
    let text = if forged.object.is_empty() {
        format!("{};\n", forged.statement)
    } else {
        let header = text.find(&format!(" \"{}\"", forged.object)).expect("the object");
        let line = text[..header].rfind('\n').expect("a line") + 1;
        let end = header + text[header..].find('\n').expect("its end") + 1;
        let parts: Vec<&str> = text[line..end].splitn(5, ' ').collect();
        let length: usize = parts[3].parse().expect("a length");
        let head = format!("-- object {} {} {}", parts[2], forged.statement.len(), parts[4]);
        format!("{}{head}{}{}", &text[..line], forged.statement, &text[end + length..])
    };
    fs::write(folder.join(&path), &text).expect("written");
    let manifest = folder.join("manifest.json");
    let sealed = fs::read_to_string(&manifest).expect("a manifest");
    let mut json: serde_json::Value =
        serde_json::from_str(sealed.lines().next().expect("a line")).expect("JSON");
    for object in json["schema"].as_array_mut().expect("objects") {
        if object["path"] == path.as_str() {
            object["bytes"] = text.len().into();
            object["blake3"] = blake3::hash(text.as_bytes()).to_hex().to_string().into();
        }
    }
    let content = json.to_string();
    let seal = serde_json::json!({ "blake3": blake3::hash(content.as_bytes()).to_hex().to_string(), "signature": null });
    fs::write(manifest, format!("{content}\n{seal}\n")).expect("written");
}
