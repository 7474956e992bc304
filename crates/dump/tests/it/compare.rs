//! Comparing two databases without any code of the engine: definitions and rows, as the server shows them.

use crate::bed::{Bed, query};

/// Compares two databases without any code of the engine.
pub(crate) async fn same(bed: &Bed, one: &str, other: &str) {
    let mut session = bed.session().await;
    let tables = "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema";
    let left =
        query(&mut session, &format!("{tables} = '{one}' AND table_name <> 'broken' ORDER BY 1")).await;
    let right = query(&mut session, &format!("{tables} = '{other}' ORDER BY 1")).await;
    assert_eq!(left, right);
    assert!(!left.is_empty());
    for row in &left {
        let name = row[0].replace('`', "``");
        let kind = if row[1] == "VIEW" { "VIEW" } else { "TABLE" };
        let mut texts = Vec::new();
        for database in [one, other] {
            let definition = query(&mut session, &format!("SHOW CREATE {kind} `{database}`.`{name}`")).await;
            texts.push(normalised(&definition[0][1].replace(&format!("`{database}`."), "")));
        }
        assert_eq!(texts[0], texts[1]);
        let mut rows = Vec::new();
        for database in [one, other] {
            let mut found = query(&mut session, &format!("SELECT * FROM `{database}`.`{name}`")).await;
            found.sort();
            rows.push(found);
        }
        assert_eq!(rows[0], rows[1], "{name}");
    }
    session.close().await;
}

/// Leaves out the next number of an AUTO_INCREMENT column, which a server may let grow by itself.
fn normalised(definition: &str) -> String {
    for mark in [" AUTO_INCREMENT = ", " AUTO_INCREMENT="] {
        if let Some((before, after)) = definition.split_once(mark) {
            return format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit()));
        }
    }
    definition.to_owned()
}
