//! Statements of code before and after a database is renamed.

use std::collections::BTreeMap;

use super::Qualified;
use crate::ddl::token::Quoting;

/// Returns code with `shop` renamed to `new`, and the names that remain unclear with the text around them.
fn renamed(sql: &str, mode: &str) -> (String, BTreeMap<String, String>) {
    let names = BTreeMap::from([("shop".to_owned(), "new".to_owned())]);
    let code = Qualified::read_code(sql.as_bytes(), Quoting::of_mode(mode), |name| names.contains_key(name));
    (String::from_utf8(code.renamed(&names)).expect("text"), code.unclear().clone())
}

/// Statements in which `{}` stands for the database.
const STATEMENTS: &[&str] = &[
    // tables
    "alter table {}.t add column x int after y",
    "alter table {}.t rename to {}.u",
    "alter table {}.t rename {}.u",
    "alter table t add foreign key (a) references {}.u (id) on delete cascade on update cascade, rename as {}.v",
    "alter table t exchange partition p with table {}.u",
    "alter table {}.t add constraint c check (t.a > 1), comment 'shop.t'",
    "create table {}.t (a int default nextval({}.s), b int references {}.u (id), check (t.a > {}.f(1)))",
    "create table if not exists {}.t like {}.u",
    "create temporary table {}.t (like {}.u)",
    "create or replace table {}.t as select x from {}.u, {}.v where u.a = {}.v.a",
    "create table {}.t (a int) engine = merge union = ({}.a, {}.b)",
    "drop table {}.t, {}.u",
    "drop temporary table if exists {}.t",
    "rename table {}.t to {}.u, {}.v to w",
    "truncate {}.t",
    "truncate table {}.t",
    "analyze table {}.t persistent for columns (a) indexes (b), {}.u",
    "check table {}.t, {}.u for upgrade",
    "checksum table {}.t, {}.u extended",
    "optimize table {}.t, {}.u",
    "repair no_write_to_binlog table {}.t, {}.u quick",
    "flashback table {}.t to before drop rename to {}.u",
    "purge table {}.t",
    // other objects
    "create unique index i on {}.t (a)",
    "create index if not exists i using btree on {}.t (a) comment 'x'",
    "drop index i on {}.t",
    "create or replace view {}.v (a) as select a from {}.t with check option",
    "alter sql security invoker view {}.v as select t.a from {}.t",
    "drop view if exists {}.v, {}.w",
    "create sequence {}.s start with 1",
    "alter sequence if exists {}.s restart 1",
    "drop sequence {}.s, {}.r",
    "drop trigger if exists {}.t",
    "drop event {}.e",
    "alter event {}.e on schedule every 1 day rename to {}.f do delete {}.t from {}.t join u",
    "drop procedure if exists {}.p",
    "drop function {}.f",
    "alter procedure {}.p comment 'x'",
    "alter function {}.f sql security invoker",
    "create database if not exists {}",
    "alter database {} character set utf8mb4",
    "drop schema if exists {}",
    "use {}",
    // rows
    "insert into {}.t values (1) on duplicate key update a = {}.t.a",
    "insert ignore {}.t set a = 1",
    "insert into t (a) select a from {}.u",
    "replace {}.t values ({}.f(1))",
    "replace into {}.t select * from {}.u",
    "update {}.t set a = 1 where {}.t.b = 2",
    "update {}.t, {}.u set t.a = 1, {}.u.a = 2",
    "update low_priority ({}.t join {}.u using (id)) set t.a = 1",
    "update {}.t for portion of p from '2020-01-01' to '2021-01-01' set a = 1",
    "delete from {}.t where {}.t.a = 1",
    "delete quick ignore {}.t from {}.t join {}.u on t.id = u.id",
    "delete {}.t, {}.u.* from {}.t inner join {}.u",
    "delete low_priority from {}.t, u, {}.v using {}.t join u using (id) join {}.v on v.id = u.id",
    "delete t from (select 1) q, {}.t",
    "delete history from {}.t before system_time '2020-01-01'",
    "select * from {}.t for system_time all a join {}.u b, {}.v",
    "select * from t use index for order by (i), {}.u where t.a",
    "select * from { oj {}.t left outer join {}.u on t.a = u.a }",
    "select * from t, lateral ({}.u join {}.v)",
    "select (select max({}.t.a) from {}.t), {}.f(1), {}.t.* from {}.t",
    "select a into x from {}.t",
    "with c as (select * from {}.t) select c.a from c join {}.u",
    "handler {}.t open as h",
    "handler {}.t read first where a > 1",
    "lock tables {}.t read, {}.u as x write",
    "flush tables {}.t, {}.u with read lock",
    "cache index {}.t, {}.u in hot",
    "load index into cache {}.t, {}.u",
    "call {}.p(1, {}.f(2))",
    "call {}.p",
    "do {}.f(1)",
    "set @a = {}.f(1), @b = (select count(*) from {}.t)",
    // sequences
    "select next value for {}.s, previous value for {}.s, nextval({}.s), lastval({}.s), setval({}.s, 1)",
    "select {}.s.nextval",
    // what is shown
    "show create table {}.t",
    "show create view {}.v",
    "show create database {}",
    "show columns from {}.t",
    "show full columns from t from {} where field = 'x'",
    "show fields in t in {}",
    "show index from {}.t",
    "show keys from t from {}",
    "show tables from {} like 'x'",
    "show full tables in {}",
    "show table status from {}",
    "show open tables from {}",
    "show triggers from {}",
    "show events in {}",
    "describe {}.t a",
    "desc {}.t",
    "explain {}.t",
    "explain extended select * from {}.t",
    "explain format = json delete {}.t from {}.t join u",
    "analyze update {}.t set a = 1",
    "set statement max_statement_time = 1 for delete {}.t from {}.t",
    // privileges
    "grant select, update (a), delete on {}.* to u@localhost",
    "grant select on table {}.t to shop@shop.net with grant option",
    "grant execute on procedure {}.p to u",
    "revoke select, insert on {}.t from u",
];

#[test]
fn every_statement_names_the_new_database() {
    for statement in STATEMENTS {
        let (old, new) = (statement.replace("{}", "shop"), statement.replace("{}", "`new`"));
        for around in [
            "create procedure p() {}",
            "create procedure `p`(in a int) sql security invoker comment 'x' {}",
            "create procedure p() begin {}; end",
            "create procedure p() begin declare exit handler for not found {}; {}; {}; end",
            "create procedure p() if a then {}; elseif b then {}; else {}; end if",
            "create procedure p() l: loop {}; repeat {}; until 1 end repeat; end loop",
            "create trigger r before insert on t for each row {}",
            "create trigger r after delete on t for each row follows q begin {}; end",
            "create definer = a@b event e on schedule every 1 hour do {}",
            "create procedure p() case a when 1 then {}; else {}; end case",
        ] {
            let fill = |text: &str| around.replace("{}", text);
            assert_eq!(renamed(&fill(&old), ""), (fill(&new), BTreeMap::new()), "{statement}");
        }
    }
}

#[test]
fn heads_and_declarations_name_the_new_database() {
    for (sql, expected) in [
        (
            "create trigger t before update on shop.t for each row set new.a = old.a",
            "create trigger t before update on `new`.t for each row set new.a = old.a",
        ),
        (
            "create procedure p(a type of shop.t.c) begin declare r row type of shop.t; declare x type of shop.t.c; end",
            "create procedure p(a type of `new`.t.c) begin declare r row type of `new`.t; declare x type of `new`.t.c; end",
        ),
        ("create outline o on update shop.t set a = 1", "create outline o on update `new`.t set a = 1"),
        (
            "create function f(a int) returns varchar(9) character set utf8 return (select count(*) from shop.t where shop.t.a > a) + shop.g(1)",
            "create function f(a int) returns varchar(9) character set utf8 return (select count(*) from `new`.t where `new`.t.a > a) + `new`.g(1)",
        ),
    ] {
        assert_eq!(renamed(sql, ""), (expected.to_owned(), BTreeMap::new()));
    }
    for (sql, expected) in [
        (
            "CREATE PROCEDURE \"p\"()\nis x shop.t.id%type; r shop.t%rowtype; begin select shop.s.nextval; drop index i on shop.t; <<l>> truncate \"shop\".t; end",
            "CREATE PROCEDURE \"p\"()\nis x `new`.t.id%type; r `new`.t%rowtype; begin select `new`.s.nextval; drop index i on `new`.t; <<l>> truncate `new`.t; end",
        ),
        (
            "CREATE FUNCTION \"f\"() RETURN int as begin analyze table shop.t, shop.u; return 1; exception when others then drop table shop.t; end",
            "CREATE FUNCTION \"f\"() RETURN int as begin analyze table `new`.t, `new`.u; return 1; exception when others then drop table `new`.t; end",
        ),
    ] {
        assert_eq!(renamed(sql, "ORACLE"), (expected.to_owned(), BTreeMap::new()));
    }
}

#[test]
fn columns_variables_and_words_are_no_databases() {
    for sql in [
        "create procedure p() begin declare shop row type of t; set shop.id = 1; select shop.id; select a, b into shop.a, shop.b from t; end",
        "create procedure p() for shop in (select id from t) do select shop.id; end for",
        "create procedure p() begin select shop.a from t shop; select shop.a from shop; update shop set shop.a = 1; end",
        "create procedure p() begin insert into shop values (1) on duplicate key update a = shop.a; delete shop.* from shop; end",
        "create procedure p(shop int) begin declare x type of shop.c; show columns from shop; show tables like 'shop'; end",
        "create table shop (a int, check (shop.a > 1))",
        "create procedure p() begin lock: begin end; load: begin end; select case when a then replace(b, 1, 2) else truncate(c, 1) end, shop.a from t shop; end",
        "create procedure p() shop: loop leave shop; end loop shop",
        "create procedure shop() begin drop user shop@shop.net; set @shop.x = 1; end",
        "create procedure p() begin select 1 from t where a in (select shop.b from t shop) order by shop desc; end",
        "create procedure p() select 'shop', 'shop.t', concat('shop', '.t')",
    ] {
        let expected = if sql.contains("like 'shop'") { 1 } else { 0 };
        let (text, unclear) = renamed(sql, "");
        assert_eq!((text.as_str(), unclear.len()), (sql, expected), "{unclear:?}");
    }
}

/// Returns the text around the statement that runs a text from elsewhere, and how many names remain unclear.
fn unknown(body: &str) -> (Option<String>, usize) {
    let sql = format!("create definer = a@b procedure p(q text) begin {body}; end");
    let code = Qualified::read_code(sql.as_bytes(), Quoting::of_mode(""), |name| name == "shop");
    (code.runs_unknown().map(str::to_owned), code.unclear().len())
}

#[test]
fn code_that_runs_a_text_from_elsewhere_is_told() {
    for (body, around) in [
        ("prepare s from @x; execute s", "prepare s from @x"),
        ("prepare s from@x; execute s", "prepare s from@x"),
        ("if q then prepare s from @`x`; end if", "prepare s from @`x`"),
        ("execute immediate @x", "execute immediate @x"),
        ("execute immediate concat('select ', @x) using @y", "execute immediate concat('…', @x) using @y"),
        // It is set here after it was read, or from another one.
        ("prepare s from @x; set @x = 'select 1'", "prepare s from @x"),
        ("if @x is null then set @x = 'select 1'; end if; prepare s from @x", "prepare s from @x"),
        ("set @x = concat('select ', @y); prepare s from @x", "prepare s from @x"),
        ("set @y = @z; set @x = concat('select ', @Y); prepare s from @x", "prepare s from @x"),
        ("call other(@x); prepare s from @x", "prepare s from @x"),
        ("set a = f(1, @x = 2); prepare s from @x", "prepare s from @x"),
        ("select a into q from t where @x = 1; prepare s from @x", "prepare s from @x"),
        // Another routine or the session prepares it.
        ("execute s", "execute s"),
        ("set @x = case when q then 'a' else @y end; prepare s from @x", "prepare s from @x"),
        ("prepare r from 'select 1'; execute s using @a", "execute s using @a"),
    ] {
        assert_eq!(unknown(body).0.as_deref(), Some(around), "{body}");
    }
    for body in [
        "prepare s from 'select ?'; execute s using @a; deallocate prepare s",
        "set @x = 'select 1'; prepare S from @X; execute s",
        "set @x := 'select 1', @y = 2; prepare s from @x",
        "select concat('select ', 1) into @x; prepare s from @x",
        "select a, b into @y, @x from t; prepare s from @x; execute s",
        "select @x := 'select 1'; execute immediate @x using @elsewhere",
        "set @y = 'select 1'; set @x = concat(@y, '2'); prepare s from @x",
        "execute immediate q",
        "grant execute on procedure p to u; xa prepare 'x'; select @x",
        "set @x = 1; select @y",
    ] {
        assert_eq!(unknown(body).0, None, "{body}");
    }
}

#[test]
fn a_text_that_is_kept_in_a_variable_may_be_run_elsewhere() {
    for (body, expected) in [
        ("set @x = 'drop table shop.t'", 1),
        ("set a = 1, @x := concat('drop table ', 'shop.t')", 1),
        ("select 'use shop' into @x", 1),
        ("select @x := 'select * from `shop`.t'", 1),
        ("set @x = case when q then 'use shop' else 'use other' end", 1),
        ("select case when q then 'use shop' else concat(q, 'x') end into @x", 1),
        ("if q then set @x = 1; else select 'use shop'; end if", 0),
        ("set @x = 'drop table other.t'", 0),
        ("set @x = 'shop'", 0),
        ("set a = 'drop table shop.t'", 0),
        ("select 'shop.t' into q; set @x = 1", 0),
        ("insert into log values ('shop.t', @x)", 0),
    ] {
        assert_eq!(unknown(body), (None, expected), "{body}");
    }
}

#[test]
fn what_may_still_name_the_old_database_is_told_with_its_statement() {
    for (sql, around) in [
        (
            "create procedure p() begin set @a = 1; select shop.x from t where a = 'secret'; end",
            "select shop.x from t where a = '…'",
        ),
        (
            "create procedure p() begin prepare s from 'drop table shop.t'; execute s; end",
            "prepare s from 'drop table shop.t'",
        ),
        (
            "create procedure p() execute immediate concat('drop table ', 'shop', '.t')",
            "execute immediate concat('…', 'shop', '…')",
        ),
        (
            "create procedure p() execute immediate concat('drop table shop', '.t')",
            "execute immediate concat('drop table shop', '…')",
        ),
        ("create procedure p() execute immediate 'use shop'", "execute immediate 'use shop'"),
        ("create procedure p() begin call run('drop table shop.t'); end", "call run('drop table shop.t')"),
        (
            "create procedure p() begin call dbms_stats.gather('shop', 't'); end",
            "call dbms_stats.gather('shop', '…')",
        ),
        (
            "create procedure p() select 1 from information_schema.tables where table_schema = 'shop'",
            "select 1 from information_schema.tables where table_schema = 'shop'",
        ),
        (
            "create procedure p() begin select 1 /*!50000 from shop.t */; end",
            "select 1 /*!50000 from shop.t */",
        ),
        (
            "create procedure p() begin grant select on `s\\hop`.* to u; end",
            "grant select on `s\\hop`.* to u",
        ),
    ] {
        let (text, unclear) = renamed(sql, "");
        assert_eq!(
            (text.as_str(), unclear.values().map(String::as_str).collect::<Vec<_>>()),
            (sql, vec![around])
        );
    }
}
