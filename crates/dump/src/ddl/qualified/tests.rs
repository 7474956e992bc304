//! Statements with names of databases, before and after these are changed.

use std::collections::BTreeMap;

use super::Qualified;
use crate::ddl::token::Quoting;

fn text(sql: Vec<u8>) -> String {
    String::from_utf8(sql).expect("text")
}

#[test]
fn the_own_database_is_left_out_of_a_view_and_nothing_else() {
    let cases = [
        (
            "CREATE VIEW `shop` AS select `shop`.`t`.`a` AS `shop` from (`shop`.`t` join `hr`.`p`)",
            "CREATE VIEW `shop` AS select `t`.`a` AS `shop` from (`t` join `hr`.`p`)",
        ),
        ("select `shop`.`shop`.`shop` from `shop`.`shop`", "select `shop`.`shop` from `shop`"),
        ("select '`shop`.`t`' from `shop`.`t`", "select '`shop`.`t`' from `t`"),
        // A table or an alias has the name of the database.
        ("select `shop`.`id` from `shop`.`par` `shop`", "select `shop`.`id` from `par` `shop`"),
        ("select `shop`.`id` from (`shop` join `t`)", "select `shop`.`id` from (`shop` join `t`)"),
        ("select `shop`.`id` from `hr`.`shop`", "select `shop`.`id` from `hr`.`shop`"),
        (
            "select `o`.`id` from `shop`.`shop` `o` join `shop`.`t` on(`o`.`id` = `shop`.`t`.`id`) where `o`.`n` > 0",
            "select `o`.`id` from `shop` `o` join `t` on(`o`.`id` = `t`.`id`) where `o`.`n` > 0",
        ),
        (
            "select `shop`.`f`(1),nextval(`shop`.`s`) from `t` `shop`",
            "select `f`(1),nextval(`s`) from `t` `shop`",
        ),
        (
            "select extract(year from `shop`.`d`) from `shop`.`t` `shop`",
            "select extract(year from `shop`.`d`) from `t` `shop`",
        ),
        (
            "select straight_join `shop`.`d` from ((`shop`.`t` `shop` join `shop`.`u` on(`shop`.`d` = `u`.`d`)) left join `shop`.`w` on(1))",
            "select straight_join `shop`.`d` from ((`t` `shop` join `u` on(`shop`.`d` = `u`.`d`)) left join `w` on(1))",
        ),
        (
            "select 1 from (select `shop`.`t`.`a` from `shop`.`t`) `q`,`shop`.`u` union select 2 from `shop`.`v`",
            "select 1 from (select `t`.`a` from `t`) `q`,`u` union select 2 from `v`",
        ),
        (
            "with `shop` as (select `shop`.`t`.`a` from `shop`.`t`) select `shop`.`a` from `shop`",
            "with `shop` as (select `t`.`a` from `t`) select `shop`.`a` from `shop`",
        ),
        ("`no` bigint DEFAULT nextval(`shop`.`s`)", "`no` bigint DEFAULT nextval(`s`)"),
    ];
    for (sql, expected) in cases {
        let read = Qualified::read(sql.as_bytes(), |name| name == "shop");
        assert_eq!(text(read.without()), expected);
        assert!(read.unclear().is_empty(), "{sql}");
    }
}

#[test]
fn a_name_that_may_be_a_database_or_something_else_is_not_guessed_at() {
    let sql = "select `shop`.`id` from `hr`.`t`";
    let read = Qualified::read(sql.as_bytes(), |name| name == "shop");
    assert_eq!((text(read.without()), read.unclear().len()), (sql.to_owned(), 1));
}

#[test]
fn other_databases_get_their_new_names() {
    let names = BTreeMap::from([("hr".to_owned(), "h`r".to_owned())]);
    let sql = b"select `hr`.`p`.`id` AS `hr` from `hr`.`p`";
    let renamed = Qualified::read(sql, |name| names.contains_key(name)).renamed(&names);
    assert_eq!(text(renamed), "select `h``r`.`p`.`id` AS `hr` from `h``r`.`p`");
}

#[test]
fn hints_name_the_new_database() {
    let names = BTreeMap::from([("hr".to_owned(), "h`r\"".to_owned())]);
    for (sql, expected) in [
        ("select /*+ full(hr.p) */ 1 from `hr`.`p`", "select /*+ full(`h``r\"`.p) */ 1 from `h``r\"`.`p`"),
        (
            "select /*+ INDEX(@\"SEL$1\" \"hr\".\"p\"@\"SEL$1\" \"hr\") */ 1",
            "select /*+ INDEX(@\"SEL$1\" \"h`r\"\"\".\"p\"@\"SEL$1\" \"hr\") */ 1",
        ),
        ("select /*+ full(hr) leading(x.hr) */ 1", "select /*+ full(hr) leading(x.hr) */ 1"),
        ("select /*+*/ 1", "select /*+*/ 1"),
    ] {
        let read = Qualified::read_code(sql.as_bytes(), Quoting::default(), |name| names.contains_key(name));
        assert_eq!(text(read.renamed(&names)), expected);
        assert!(read.unclear().is_empty(), "{sql}");
    }
}

#[test]
fn code_names_the_new_database_where_it_surely_means_the_old_one() {
    let names = BTreeMap::from([("shop".to_owned(), "s`2".to_owned())]);
    let read = |sql: &str| {
        let is_database = |name: &str| names.contains_key(name);
        let code = Qualified::read_code(sql.as_bytes(), Quoting::default(), is_database);
        (text(code.renamed(&names)), code.unclear().is_empty())
    };
    for (sql, expected) in [
        ("begin insert into shop.log values (1); end", "begin insert into `s``2`.log values (1); end"),
        (
            "select a.x, 'shop.x' from shop.t a, shop . u -- shop.x",
            "select a.x, 'shop.x' from `s``2`.t a, `s``2` . u -- shop.x",
        ),
        (
            "begin call shop.p(shop.f(1)); update low_priority `shop`.t, shop.u set x = 1; delete from shop.t; end",
            "begin call `s``2`.p(`s``2`.f(1)); update low_priority `s``2`.t, `s``2`.u set x = 1; delete from `s``2`.t; end",
        ),
        (
            "insert shop.log select x from shop.t on duplicate key update x = shop.log.x",
            "insert `s``2`.log select x from `s``2`.t on duplicate key update x = `s``2`.log.x",
        ),
        (
            "for each row if exists (select 1 from shop.t for update) then replace shop.t values (shop.s.nextval); end if",
            "for each row if exists (select 1 from `s``2`.t for update) then replace `s``2`.t values (`s``2`.s.nextval); end if",
        ),
        ("select x into y from shop.t limit 1", "select x into y from `s``2`.t limit 1"),
        (
            "delete t from shop.t join u using (id) where t.a",
            "delete t from `s``2`.t join u using (id) where t.a",
        ),
        ("select shop.x from t shop", "select shop.x from t shop"),
        ("set @shop.x = new.shop", "set @shop.x = new.shop"),
        (
            "create definer = root@shop.net trigger t after update on u",
            "create definer = root@shop.net trigger t after update on u",
        ),
    ] {
        assert_eq!(read(sql), (expected.to_owned(), true), "{sql}");
    }
    for sql in [
        "select shop.x from t",
        "lock shop.t",
        "prepare s from 'insert into shop.log values (1)'",
        "select 1 /*!50000 from shop.t */",
    ] {
        assert_eq!(read(sql), (sql.to_owned(), false), "{sql}");
    }
}
