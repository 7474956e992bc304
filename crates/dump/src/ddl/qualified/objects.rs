//! The tables that a query names together with their databases.

use std::collections::BTreeSet;

use super::Qualified;

impl Qualified<'_> {
    /// Returns the tables and views after the names of databases, with these, in the order of the names.
    pub(crate) fn tables(&self) -> BTreeSet<(String, String)> {
        let mut tables = BTreeSet::new();
        for (&database, &dot) in &self.0.databases {
            let mut rest = self.0.tokens[dot + 1..].iter().filter(|token| !token.is_blank());
            let (Some(table), next) = (rest.next(), rest.next()) else { continue };
            let is_routine = next.is_some_and(|next| next.is_sign(b'('));
            if let (Some(database), Some(table), false) =
                (self.0.tokens[database].name(), table.name(), is_routine)
            {
                tables.insert((database, table));
            }
        }
        tables
    }
}

#[cfg(test)]
mod tests {
    use super::super::Qualified;

    #[test]
    fn tables_are_named_and_columns_aliases_and_routines_are_not() {
        let cases: [(&str, &[(&str, &str)]); 4] = [
            ("select `d`.`t`.`a` AS `a` from `d`.`t`", &[("d", "t")]),
            (
                "select `g`.`id` AS `b` from (`d`.`t` join `e`.`u` `g` on(`g`.`id` = `d`.`t`.`id`))",
                &[("d", "t"), ("e", "u")],
            ),
            ("select `d`.`f`(1) AS `x`, (select count(0) from `e`.`in ner`) AS `y`", &[("e", "in ner")]),
            ("select 1 AS `1`", &[]),
        ];
        for (sql, expected) in cases {
            let found = Qualified::read(sql.as_bytes(), |_| true).tables();
            let found: Vec<(&str, &str)> =
                found.iter().map(|(database, table)| (database.as_str(), table.as_str())).collect();
            assert_eq!(found, expected, "{sql}");
        }
    }
}
