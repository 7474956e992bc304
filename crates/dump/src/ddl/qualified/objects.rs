//! The objects that a statement names together with their databases.

use std::collections::BTreeSet;

use super::Qualified;
use crate::ddl::token::Token;

/// An object after the name of its database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Object {
    pub(crate) database: String,
    /// `None` if the statement names only the database.
    pub(crate) object: Option<String>,
    /// Whether a bracket follows: it is a routine, or a table before a list of columns.
    pub(crate) is_called: bool,
}

impl Qualified<'_> {
    /// Returns the objects after the names that certainly stand for databases, in the order of the names.
    pub(crate) fn objects(&self) -> BTreeSet<Object> {
        let mut objects = BTreeSet::new();
        for (&database, &dot) in &self.0.databases {
            let mut rest = self.0.tokens[dot + 1..].iter().filter(|token| !token.is_blank());
            let (object, next) = if dot == database { (None, None) } else { (rest.next(), rest.next()) };
            let Some(database) = self.0.tokens[database].name() else { continue };
            let is_called = next.is_some_and(|next| next.is_sign(b'('));
            objects.insert(Object { database, object: object.and_then(Token::name), is_called });
        }
        objects
    }

    /// Returns the tables and views after the names of databases, with these, in the order of the names.
    pub(crate) fn tables(&self) -> BTreeSet<(String, String)> {
        let tables = self.objects().into_iter().filter(|found| !found.is_called);
        tables.filter_map(|found| Some((found.database, found.object?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Qualified;
    use crate::ddl::token::Quoting;

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

    #[test]
    fn code_names_tables_routines_and_whole_databases() {
        let sql = "create procedure p() begin insert into d.t (a) select e.f(1) from u x where x.a = 1; show tables in g; end";
        let code = Qualified::read_code(sql.as_bytes(), Quoting::of_mode(""), |_| true);
        let found: Vec<(String, Option<String>, bool)> =
            code.objects().into_iter().map(|found| (found.database, found.object, found.is_called)).collect();
        let object = |database: &str, object: Option<&str>, is_called| {
            (database.to_owned(), object.map(str::to_owned), is_called)
        };
        let expected = [object("d", Some("t"), true), object("e", Some("f"), true), object("g", None, false)];
        assert_eq!(found, expected);
    }
}
