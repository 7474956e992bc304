//! The real OceanBase kernel that all tests share, with databases of their own.

use mysql_async::prelude::Queryable as _;
use xtask::seekdb::{Server, shared};

/// Returns the shared server with a fresh, small shop in the database of that name.
pub(crate) fn with_shop(database: &str) -> Server {
    let server = shared().expect("seekdb starts");
    server.fresh_database(database).expect("a fresh database");
    let statements = [
        format!("USE `{database}`"),
        "CREATE TABLE product (id INT NOT NULL PRIMARY KEY, title VARCHAR(40) NOT NULL, price DECIMAL(8,2))".into(),
        "INSERT INTO product VALUES (1, 'Boat', 990.00), (2, '救生圈', 45.50), (3, 'O''ar', NULL)".into(),
        "CREATE TABLE sale (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, product INT NOT NULL, note VARCHAR(200), \
         KEY sale_product (product), CONSTRAINT sale_product_fk FOREIGN KEY (product) REFERENCES product (id))"
            .into(),
        "INSERT INTO sale (product, note) SELECT id, title FROM product".into(),
        "INSERT INTO sale (product, note) SELECT a.product, CONCAT(a.note, '-', b.id) FROM sale a, sale b".into(),
        "INSERT INTO sale (product, note) SELECT a.product, CONCAT(a.note, '+', b.id) FROM sale a, sale b".into(),
        "CREATE VIEW sold AS SELECT p.title, COUNT(*) AS times FROM sale s JOIN product p ON p.id = s.product \
         GROUP BY p.title"
            .into(),
    ];
    server.run(&statements).expect("a shop");
    server
}

/// Returns what identifies the rows of a shop, whatever its database is called.
pub(crate) fn fingerprint(server: &Server, database: &str) -> Vec<String> {
    let query = format!(
        "SELECT CONCAT_WS('|', s.id, s.product, s.note, p.title, p.price) \
         FROM `{database}`.sale s JOIN `{database}`.product p ON p.id = s.product ORDER BY s.id"
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut conn = mysql_async::Conn::new(server.opts()).await.expect("seekdb answers");
        let rows: Vec<String> = conn.query(query).await.expect("the shop is there");
        conn.disconnect().await.expect("seekdb says goodbye");
        rows
    })
}
