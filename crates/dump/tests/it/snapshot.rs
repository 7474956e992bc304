//! A dump contains one snapshot of the database, regardless of concurrent writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use dump::{ChunkAim, DumpId, Error, Options};
use oceanbase::Statement;

use crate::bed::{Bed, query, run, selection};

const ACCOUNTS: u64 = 600;
const SUM: u64 = ACCOUNTS * 2 * 100;

/// Moves money between two tables, and moves accounts themselves, each in one transaction.
async fn write(bed: Arc<Bed>, stop: Arc<AtomicBool>, written: Arc<AtomicU64>, seed: u64) {
    let mut session = bed.session().await;
    let mut random = seed;
    while !stop.load(Ordering::Relaxed) {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (from, to) = ((random >> 33) % ACCOUNTS, (random >> 45) % ACCOUNTS);
        let statements = [
            "START TRANSACTION".to_owned(),
            format!("UPDATE d_bank.one SET money = money - 7 WHERE id = {from}"),
            format!("UPDATE d_bank.other SET money = money + 7 WHERE id = {to}"),
            format!(
                "INSERT INTO d_bank.moved SELECT id, money FROM d_bank.other WHERE id = {to} AND money > 120"
            ),
            format!("DELETE FROM d_bank.other WHERE id = {to} AND money > 120"),
            format!("INSERT INTO d_bank.other SELECT id, money FROM d_bank.moved WHERE id = {from}"),
            format!("DELETE FROM d_bank.moved WHERE id = {from}"),
        ];
        let mut failed = false;
        for sql in &statements {
            // A deadlock rolls back the transaction: later statements would stand alone.
            failed = session.run(&Statement::act(sql.as_str())).await.is_err();
            if failed {
                break;
            }
        }
        // An update of a moved account changes nothing: then the money would be lost, so the transaction is rolled
        // back.
        let sum = "SELECT (SELECT SUM(money) FROM d_bank.one) + (SELECT SUM(money) FROM d_bank.other) \
                   + COALESCE((SELECT SUM(money) FROM d_bank.moved), 0)";
        let kept = !failed && query(&mut session, sum).await[0][0] == SUM.to_string();
        run(&mut session, if kept { "COMMIT" } else { "ROLLBACK" }).await;
        written.fetch_add(u64::from(kept), Ordering::Relaxed);
    }
    session.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sum_over_all_tables_is_right_however_much_is_written_meanwhile() {
    one_moment(Bed::shared()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sum_is_right_on_mariadb_too() {
    one_moment(Bed::mariadb()).await;
}

async fn one_moment(bed: Bed) {
    let bed = Arc::new(bed);
    let accounts: Vec<String> = (0..ACCOUNTS).map(|id| format!("({id},100)")).collect();
    let accounts = accounts.join(",");
    bed.database(
        "d_bank",
        &[
            "CREATE TABLE one (id INT PRIMARY KEY, money INT NOT NULL)",
            "CREATE TABLE other (id INT PRIMARY KEY, money INT NOT NULL)",
            "CREATE TABLE moved (id INT PRIMARY KEY, money INT NOT NULL)",
            &format!("INSERT INTO one VALUES {accounts}"),
            &format!("INSERT INTO other VALUES {accounts}"),
        ],
    )
    .await;
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writers: Vec<_> = (1..=3)
        .map(|seed| tokio::spawn(write(Arc::clone(&bed), Arc::clone(&stop), Arc::clone(&written), seed)))
        .collect();
    let mut moved = Vec::new();
    for round in 0..4 {
        let (id, target) = (format!("bank-{round}"), format!("d_bank_{round}"));
        let before = written.load(Ordering::Relaxed);
        let manifest = bed.dump(&id, &["d_bank"], ChunkAim { rows: Some(50), ..ChunkAim::default() }).await;
        moved.push(written.load(Ordering::Relaxed) - before);
        assert!(
            manifest.tables().any(|(_, table)| table.pieces.len() >= 12),
            "many pieces on four connections"
        );
        bed.no_database(&target);
        bed.load(&id, &[("d_bank", &target)]).await;
        let mut session = bed.session().await;
        let sum = format!(
            "SELECT (SELECT SUM(money) FROM {target}.one) + (SELECT SUM(money) FROM {target}.other) \
             + COALESCE((SELECT SUM(money) FROM {target}.moved), 0)"
        );
        assert_eq!(query(&mut session, &sum).await[0][0], SUM.to_string(), "round {round}");
        session.close().await;
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("a writer");
    }
    assert!(moved.iter().sum::<u64>() > 20, "the writers wrote while the dumps ran: {moved:?}");
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let bed = Bed::shared();
    bed.database("d_named", &["CREATE TABLE t (a INT PRIMARY KEY)"]).await;
    let missing = [
        model::backup::BackupObject::Database("d_nobody".to_owned()),
        model::backup::BackupObject::Table("d_named".to_owned(), "nothing".to_owned()),
    ];
    for (object, name) in missing.into_iter().zip(["d_nobody", "nothing"]) {
        let options = Options { selection: dump::Selection(vec![object]), ..Options::default() };
        let error = bed.dump_with(&"x".parse().expect("an id"), &options).await.expect_err("nothing there");
        assert!(matches!(&error, Error::NothingThere { what } if what.contains(name)), "{error:?}");
        assert!(error.problem().to_string().contains(name));
    }
}

/// Changes the plan of a dump, as no one should.
fn change_plan(path: &std::path::Path, from: &str, to: &str) {
    let sealed = std::fs::read_to_string(path).expect("a plan");
    let content = sealed.lines().next().expect("a line").replace(from, to);
    let seal = format!("{{\"blake3\":\"{}\",\"signature\":null}}", blake3::hash(content.as_bytes()).to_hex());
    std::fs::write(path, format!("{content}\n{seal}\n")).expect("written");
}

#[tokio::test]
async fn a_lost_snapshot_is_distinguished_from_other_failures() {
    let bed = Bed::shared();
    bed.database("d_past", &["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"]).await;
    let options = Options { selection: selection(&["d_past"]), ..Options::default() };
    for (id, scn) in [("past", "1700000000000000000"), ("future", "1900000000000000000")] {
        let dump: DumpId = id.parse().expect("an id");
        let snapshot =
            dump::take_snapshot(&bed.source(), &bed.client, &dump, &options).await.expect("a snapshot");
        let taken = snapshot.scn();
        snapshot.release().await;
        let plan = bed.dir.path().join(id).join("plan.json");
        change_plan(&plan, &format!("\"scn\":{taken}"), &format!("\"scn\":{scn}"));
        let again = dump::resume_snapshot(&bed.source(), &bed.client, &dump, &options).await;
        let error = again.err().expect("it is gone");
        assert!(matches!(error, Error::SnapshotGone { .. }) && error.must_restart(), "{error:?}");
        assert!(!error.is_transient());
        assert!(error.problem().to_string().contains("snapshot"), "{}", error.problem());
    }
    let error = bed.dump_with(&"past".parse().expect("an id"), &options).await.expect_err("still gone");
    assert!(error.must_restart());
    bed.dump_with(&"anew".parse().expect("an id"), &options).await.expect("a new one works");
}
