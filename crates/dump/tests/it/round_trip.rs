//! A dump and a load preserve everything.

use dump::ChunkAim;

use crate::bed::{Bed, run, selection};
use crate::compare::same;

const SHOP: &[&str] = &[
    "CREATE TABLE customers (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(60) NOT NULL COMMENT 'it''s; a\\nname', \
     mail VARCHAR(60), UNIQUE KEY by_mail (mail), KEY by_name (name(10))) COMMENT 'who; buys'",
    "CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, customer BIGINT NOT NULL, parent BIGINT, \
     total DECIMAL(12,2) NOT NULL, placed DATETIME(6), KEY by_customer (customer), \
     CONSTRAINT orders_customer FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE, \
     CONSTRAINT orders_parent FOREIGN KEY (parent) REFERENCES orders (id), CHECK (total >= 0))",
    "CREATE TABLE `lines` (order_id BIGINT, line SMALLINT, sku VARCHAR(20), PRIMARY KEY (order_id, line))",
    "CREATE TABLE words (word VARCHAR(40) PRIMARY KEY, n INT) DEFAULT COLLATE utf8mb4_bin",
    "CREATE TABLE events (at DATE, id INT, what VARCHAR(20), PRIMARY KEY (at, id)) \
     PARTITION BY HASH(id) PARTITIONS 3",
    "CREATE TABLE keyless (a INT, b VARCHAR(20))",
    "CREATE TABLE empty_one (a INT PRIMARY KEY)",
    "CREATE TABLE `we``ird; name/` (`co``l 1` INT PRIMARY KEY, `select` VARCHAR(5))",
    "CREATE VIEW big AS SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer WHERE o.total > 10",
    "CREATE VIEW bigger AS SELECT id FROM big WHERE id > 5",
    "CREATE VIEW a_first AS SELECT * FROM bigger",
    "CREATE TABLE gone (x INT)",
    "CREATE VIEW broken AS SELECT x FROM gone",
    "DROP TABLE gone",
];

async fn fill(bed: &Bed, name: &str) {
    bed.database(name, SHOP).await;
    let mut session = bed.session().await;
    run(&mut session, &format!("USE `{name}`")).await;
    let values = |row: &dyn Fn(i64) -> String, numbers: std::ops::Range<i64>| -> String {
        numbers.map(row).collect::<Vec<_>>().join(",")
    };
    let customers = values(&|i| format!("({i},'n\\'{i}\\n;','m{i}@x')"), 1..300);
    run(&mut session, &format!("INSERT INTO customers VALUES {customers}")).await;
    let orders = values(
        &|i| {
            format!(
                "({i},{},{},{i}.25,'2024-01-01 00:00:00.{i:06}')",
                i % 299 + 1,
                if i > 9 { "3" } else { "NULL" }
            )
        },
        1..2500,
    );
    run(&mut session, &format!("INSERT INTO orders VALUES {orders}")).await;
    let lines = values(&|i| format!("({},{},'s{i}')", i / 7 - 50, i % 7 - 3), 0..1500);
    run(&mut session, &format!("INSERT INTO `lines` VALUES {lines}")).await;
    let words = values(
        &|i| format!("('{}{i}',{i})", ["Ä", "a", "Z", "\\'", "中"][usize::try_from(i % 5).expect("small")]),
        0..1300,
    );
    run(&mut session, &format!("INSERT INTO words VALUES {words}")).await;
    let events = values(&|i| format!("('2024-01-{:02}',{i},'e{i}')", i % 28 + 1), 0..1100);
    run(&mut session, &format!("INSERT INTO events VALUES {events}")).await;
    run(&mut session, "INSERT INTO keyless VALUES (1,'x'),(1,'x'),(NULL,NULL),(2,'')").await;
    run(&mut session, "INSERT INTO `we``ird; name/` VALUES (1,'a'),(-1,NULL)").await;
    session.close().await;
}

#[tokio::test]
async fn a_loaded_dump_holds_exactly_what_the_source_held() {
    let bed = Bed::shared();
    fill(&bed, "d_shop").await;
    bed.no_database("d_shop_2");
    let manifest = bed.dump("rt", &["d_shop"], ChunkAim { rows: Some(400), ..ChunkAim::default() }).await;
    assert_eq!(manifest.totals.rows, 299 + 2499 + 1500 + 1300 + 1100 + 4 + 2);
    let orders = manifest.tables().find(|(_, table)| table.name == "orders").expect("the table").1;
    assert_eq!(orders.pieces.len(), 7, "2499 rows in pieces of 400");
    assert_eq!(bed.verify("rt").await.findings, []);
    assert_eq!(bed.compare("rt", &[]).await.findings, []);

    let notes = bed.load("rt", &[("d_shop", "d_shop_2")]).await;
    assert_eq!(notes.iter().map(|note| note.id.as_str()).collect::<Vec<_>>(), ["load-view-refused"]);
    same(&bed, "d_shop", "d_shop_2").await;
}

/// The privileges in docs/operate/tenants.md suffice to dump everything and to load it.
#[tokio::test]
async fn a_user_of_least_privilege_dumps_and_loads_all_of_it() {
    let bed = Bed::shared();
    fill(&bed, "d_least").await;
    bed.no_database("d_least_2");
    let mut session = bed.session().await;
    run(&mut session, "USE d_least").await;
    run(&mut session, "CREATE TRIGGER least BEFORE INSERT ON keyless FOR EACH ROW SET new.a = 1").await;
    run(&mut session, "CREATE PROCEDURE little() SELECT 1").await;
    for (user, writes) in [("d_least_reader", false), ("d_least_writer", true)] {
        run(&mut session, &format!("DROP USER IF EXISTS {user}")).await;
        run(&mut session, &format!("CREATE USER {user} IDENTIFIED BY 'little'")).await;
        run(&mut session, &format!("GRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE ON *.* TO {user}")).await;
        if writes {
            let more = "GRANT CREATE, CREATE VIEW, INSERT, UPDATE, ALTER, INDEX, DROP, REFERENCES ON *.* TO";
            run(&mut session, &format!("{more} {user}")).await;
        }
    }
    let reader = bed.as_user("d_least_reader", "little");
    let selection = selection(&["d_least"]);
    let consent = model::inventory::Consent::default();
    for selection in [&selection, &dump::Selection::default()] {
        let found = dump::preflight(&reader.source(), selection, &consent, 4).await.expect("it looks");
        assert_eq!(found.problems, []);
        let hidden = found.left_out.iter().filter(|object| object.reason.id.starts_with("left-out-hidden"));
        assert_eq!(hidden.count(), 0, "{:?}", found.left_out);
        let unseen = found.left_out.iter().filter(|object| object.reason.id.starts_with("left-out-unseen"));
        assert_eq!(unseen.count(), 0, "{:?}", found.left_out);
    }
    let least = reader.dump("least", &["d_least"], ChunkAim::default()).await;
    let all = bed.dump("all", &["d_least"], ChunkAim::default()).await;
    assert_eq!(least.totals.rows, all.totals.rows);
    assert_eq!(least.databases[0].code, all.databases[0].code, "trigger and procedure are seen");
    assert_eq!(all.databases[0].code.len(), 2);
    assert!(!least.is_partial(), "{:?}", least.left_out);

    let writer = bed.as_user("d_least_writer", "little");
    writer.load("least", &[("d_least", "d_least_2")]).await;
    same(&bed, "d_least", "d_least_2").await;
    session.close().await;
}
