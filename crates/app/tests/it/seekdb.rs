//! The real OceanBase kernel that all tests share, each with its own databases.

use mysql_async::prelude::Queryable as _;
use xtask::seekdb::{Server, shared};

/// A small shop in its own database. Dropping this drops that database and the one that the shop is restored to. Their
/// names contain the number of this process, because two test runs may share the server.
pub(crate) struct Shop {
    pub(crate) server: Server,
    pub(crate) database: String,
    pub(crate) copy: String,
}

impl Drop for Shop {
    fn drop(&mut self) {
        let drops = [&self.database, &self.copy].map(|name| format!("DROP DATABASE IF EXISTS `{name}`"));
        let _ = self.server.run(&drops);
    }
}

impl std::ops::Deref for Shop {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// Returns a new shop on the shared server.
pub(crate) fn with_shop(name: &str) -> Shop {
    let database = format!("{name}_{}", std::process::id());
    let server = shared().expect("seekdb starts");
    server.fresh_database(&database).expect("a fresh database");
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
    Shop { server, copy: format!("{database}_copy"), database }
}

/// Returns a shop that takes some seconds to back up.
pub(crate) fn large_shop(name: &str) -> Shop {
    let shop = with_shop(name);
    let mut statements = vec![format!("USE `{}`", shop.database)];
    let grow = "INSERT INTO sale (product, note) SELECT product, LEFT(CONCAT(note, REPEAT('~', 100)), 100) FROM sale";
    statements.extend((0..11).map(|_| grow.to_owned()));
    shop.run(&statements).expect("a large shop");
    shop
}

/// Returns a fingerprint of the rows of a shop, independent of the name of its database.
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
