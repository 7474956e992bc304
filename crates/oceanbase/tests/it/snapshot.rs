//! One snapshot of the data, on the real kernel.

use std::sync::Arc;

use oceanbase::snapshot::{self, Pin};
use oceanbase::{NoWitness, Session, Statement};

use crate::seekdb;

#[tokio::test]
async fn an_scn_is_read_by_any_connection_whatever_is_written_later() {
    seekdb::server().fresh_database("o_snapshot").expect("a database");
    let endpoint = seekdb::endpoint();
    let mut writer = Session::open(&endpoint, Arc::new(NoWitness)).await.expect("seekdb answers");
    for sql in ["CREATE TABLE o_snapshot.t (a INT PRIMARY KEY)", "INSERT INTO o_snapshot.t VALUES (1),(2)"] {
        writer.run(&Statement::act(sql)).await.expect("done");
    }
    let mut pin = Pin::open(&endpoint, Arc::new(NoWitness), Some(("o_snapshot", "t"))).await.expect("a pin");
    let scn = pin.current_scn().await.expect("an SCN");
    writer.run(&Statement::act("INSERT INTO o_snapshot.t VALUES (3)")).await.expect("done");
    let later = snapshot::current_scn(&mut writer).await.expect("an SCN");
    assert!(later > scn, "{later} after {scn}");
    for (scn, rows) in [(scn, "2"), (later, "3")] {
        let mut reader = Session::open(&endpoint, Arc::new(NoWitness)).await.expect("seekdb answers");
        let sql = format!("SELECT COUNT(*) FROM o_snapshot.t AS OF SNAPSHOT {scn}");
        let found = reader.rows(&Statement::read(sql)).await.expect("rows");
        assert_eq!(found[0].str(0).expect("a number"), rows);
        snapshot::probe(&mut reader, scn, "o_snapshot", "t").await.expect("readable");
    }
    let future = snapshot::probe(&mut writer, later + 3_600_000_000_000, "o_snapshot", "t").await;
    assert_eq!(future.expect_err("not there yet").number(), Some(4344));
    pin.check().await.expect("it lives");
    pin.release().await;
}

#[tokio::test]
async fn a_pin_needs_no_table_where_there_is_none() {
    let mut pin = Pin::open(&seekdb::endpoint(), Arc::new(NoWitness), None).await.expect("a pin");
    assert!(pin.current_scn().await.expect("an SCN") > 1_700_000_000_000_000_000);
    pin.release().await;
}
