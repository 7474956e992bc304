//! A small shop to try Lifeboat on: tables with integer and composite keys, foreign keys, an index, a view.

use std::fmt::Write as _;

use anyhow::Result;

use crate::seekdb::Server;

const CUSTOMERS: u32 = 5_000;
const ORDERS: u32 = 60_000;
const LINES_PER_ORDER: u32 = 4;
const ROWS_PER_STATEMENT: u32 = 2_000;

const TABLES: [&str; 6] = [
    "CREATE TABLE customer (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL,
       email VARCHAR(120) NOT NULL, city VARCHAR(60), note TEXT, joined DATETIME(3) NOT NULL,
       UNIQUE KEY customer_email (email)) COMMENT 'who buys'",
    "CREATE TABLE product (sku VARCHAR(20) NOT NULL PRIMARY KEY, title VARCHAR(100) NOT NULL,
       price DECIMAL(10,2) NOT NULL, weight FLOAT, tags JSON)",
    "CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, customer_id BIGINT NOT NULL, placed TIMESTAMP(6) NOT NULL,
       state ENUM('new','paid','sent','returned') NOT NULL DEFAULT 'new', KEY orders_customer (customer_id),
       CONSTRAINT orders_customer_fk FOREIGN KEY (customer_id) REFERENCES customer (id))",
    "CREATE TABLE order_line (order_id BIGINT NOT NULL, line INT NOT NULL, sku VARCHAR(20) NOT NULL,
       quantity INT NOT NULL, price DECIMAL(10,2) NOT NULL, PRIMARY KEY (order_id, line), KEY order_line_sku (sku),
       CONSTRAINT order_line_order_fk FOREIGN KEY (order_id) REFERENCES orders (id),
       CONSTRAINT order_line_product_fk FOREIGN KEY (sku) REFERENCES product (sku))",
    "CREATE TABLE setting (name VARCHAR(40), value VARBINARY(200), KEY setting_name (name))",
    "CREATE VIEW revenue AS SELECT o.customer_id, SUM(l.quantity * l.price) AS total
       FROM orders o JOIN order_line l ON l.order_id = o.id GROUP BY o.customer_id",
];

/// Creates the database `name` with its rows; replaces an existing one.
///
/// # Errors
/// Fails when the server refuses a statement.
pub fn create(server: &Server, name: &str) -> Result<()> {
    server.fresh_database(name)?;
    let mut statements = vec![format!("USE `{name}`")];
    statements.extend(TABLES.map(str::to_owned));
    let cities = ["Hangzhou", "杭州", "Zürich", "São Paulo", "O'Fallon", "NULL"];
    statements.extend(batches("customer(id, name, email, city, note, joined)", CUSTOMERS, |i| {
        let note = if i % 7 == 0 { "NULL".to_owned() } else { format!("'line one\\nline two of {i}'") };
        let city = cities[i as usize % cities.len()].replace('\'', "''");
        format!(
            "({i},'Customer {i}','c{i}@shop.example','{city}',{note},'2026-01-{:02} 10:00:00.{:03}')",
            i % 28 + 1,
            i % 1000
        )
    }));
    statements.extend(batches("product", 500, |i| {
        format!(
            "('SKU-{i:05}','Product {i}',{}.{:02},{}.{},'{{\"size\": {i}, \"new\": true}}')",
            i % 90 + 1,
            i % 100,
            i % 40,
            i % 10
        )
    }));
    let states = ["new", "paid", "sent", "returned"];
    statements.extend(batches("orders", ORDERS, |i| {
        let state = states[i as usize % states.len()];
        format!(
            "({i},{},'2026-{:02}-{:02} 12:30:00.{i:06}','{state}')",
            i % CUSTOMERS + 1,
            i % 12 + 1,
            i % 28 + 1
        )
    }));
    statements.extend(batches("order_line", ORDERS * LINES_PER_ORDER, |i| {
        let (order, line) = ((i - 1) / LINES_PER_ORDER + 1, (i - 1) % LINES_PER_ORDER + 1);
        format!("({order},{line},'SKU-{:05}',{},{}.99)", i % 500 + 1, i % 9 + 1, i % 90 + 1)
    }));
    statements.push(
        "INSERT INTO setting VALUES ('logo', 0x89504e470d0a1a0a00ff), ('empty', ''), (NULL, NULL)".into(),
    );
    server.run(&statements)
}

/// Returns INSERT statements for the rows 1 to `count`.
fn batches(table: &str, count: u32, row: impl Fn(u32) -> String) -> Vec<String> {
    let mut statements = Vec::new();
    for first in (1..=count).step_by(ROWS_PER_STATEMENT as usize) {
        let mut statement = format!("INSERT INTO {table} VALUES ");
        for i in first..=count.min(first + ROWS_PER_STATEMENT - 1) {
            let comma = if i == first { "" } else { "," };
            write!(statement, "{comma}{}", row(i)).expect("a String takes everything");
        }
        statements.push(statement);
    }
    statements
}
