//! The forms of the schema statements, and the refused variants of each.

use proptest::prelude::*;

use super::{check, check_database};
use crate::ddl::token::tokens;
use crate::schema_file::{SchemaKind, SchemaObject};
use oceanbase::catalog::Context;
use oceanbase::statement::{identifier, literal};

fn refused(kind: SchemaKind, name: &str, sql: &str) -> Option<String> {
    check(&SchemaObject::plain(kind, name, sql.into())).err().map(|why| why.to_string())
}

fn assert_taken(kind: SchemaKind, name: &str, sql: &str) {
    assert_eq!(refused(kind, name, sql), None, "{sql}");
}

fn assert_refused(kind: SchemaKind, name: &str, sql: &str) {
    assert!(refused(kind, name, sql).is_some(), "{sql}");
}

#[test]
fn a_database_is_created_and_nothing_else() {
    for sql in [
        "CREATE DATABASE `d` DEFAULT CHARACTER SET = utf8mb4",
        "CREATE DATABASE `d` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci */",
        "CREATE DATABASE `d` /*!40100 DEFAULT CHARACTER SET utf8mb4 */ /*!80016 DEFAULT ENCRYPTION='N' */",
        "CREATE DATABASE `d` DEFAULT CHARACTER SET = utf8mb4 REPLICA_NUM = 1 COMMENT 'it''s; --'",
    ] {
        assert_eq!(check_database(sql.as_bytes(), "d"), Ok(()), "{sql}");
    }
    for sql in [
        "DROP DATABASE `d`",
        "CREATE DATABASE `e`",
        "CREATE DATABASE `d`; DROP DATABASE `e`",
        "CREATE DATABASE `d` /*!40100 ; DROP DATABASE e */",
        "CREATE DATABASE `d` LIKE `e`",
        "CREATE DATABASE `d` -- x",
        "CREATE DATABASE `d`.`e`",
    ] {
        assert!(check_database(sql.as_bytes(), "d").is_err(), "{sql}");
    }
}

#[test]
fn a_sequence_is_created_and_set_by_numbers_alone() {
    let (kind, value) = (SchemaKind::Sequence, SchemaKind::SequenceValue);
    let printed = "CREATE SEQUENCE `s` start with -5 minvalue -9000 maxvalue -1 increment by -3";
    for more in [" nocache cycle ENGINE=InnoDB", " cache 1000 nocycle ENGINE=InnoDB COMMENT='; x'", ""] {
        assert_taken(kind, "s", &format!("{printed}{more}"));
    }
    assert_taken(kind, "s", "CREATE SEQUENCE `s` as bigint unsigned start with 1 ENGINE=InnoDB");
    assert_taken(kind, "s", "CREATE SEQUENCE `s` start with 1 ENGINE=Aria");
    assert_taken(value, "s", "INSERT INTO `s` VALUES (-12,-9000,-1,-5,-3,1000,1,0)");
    for sql in [
        "CREATE OR REPLACE SEQUENCE `s` start with 1",
        "CREATE SEQUENCE `d`.`s` start with 1",
        "CREATE SEQUENCE `t` start with 1",
        "CREATE SEQUENCE `s` start with (select 1)",
        "CREATE SEQUENCE `s` ENGINE=CONNECT",
        "CREATE SEQUENCE `s`; DROP TABLE t",
        "DROP SEQUENCE `s`",
    ] {
        assert_refused(kind, "s", sql);
    }
    for sql in [
        "INSERT INTO `t` VALUES (1,1,9,1,1,0,0,0)",
        "INSERT INTO `d`.`s` VALUES (1,1,9,1,1,0,0,0)",
        "INSERT INTO `s` VALUES (1,1,9,1,1,0,0)",
        "INSERT INTO `s` VALUES (1,1,9,1,1,0,0,(SELECT 1))",
        "INSERT INTO `s` VALUES (1,1,9,1,1,0,0,0),(1,1,9,1,1,0,0,0)",
        "INSERT INTO `s` SELECT 1,1,9,1,1,0,0,0",
        "DO SLEEP(9)",
    ] {
        assert_refused(value, "s", sql);
    }
}

#[test]
fn an_event_runs_one_statement_and_an_outline_binds_one() {
    let (event, outline) = (SchemaKind::Event, SchemaKind::Outline);
    let head = "CREATE DEFINER=`root`@`localhost` EVENT `e` ON SCHEDULE EVERY 1 YEAR STARTS '2040-01-31' ON COMPLETION PRESERVE DISABLE";
    assert_taken(event, "e", &format!("{head} COMMENT 'x; y' DO BEGIN SELECT 1; END"));
    assert_refused(event, "e", &format!("{head} DO SELECT 1; DROP TABLE t"));
    assert_refused(event, "f", &format!("{head} DO SELECT 1"));
    for sql in [
        "CREATE OUTLINE `o` ON select /*+ full(t) */ * from t where a = 1",
        "CREATE FORMAT OUTLINE `o` ON select * from t where a = ? TO select a from t",
        "CREATE OUTLINE `o` ON 'ED57' USING HINT /*+ full(b1) */",
    ] {
        assert_taken(outline, "o", sql);
    }
    for sql in [
        "CREATE OR REPLACE OUTLINE `o` ON select 1",
        "CREATE OUTLINE `p` ON select 1",
        "CREATE OUTLINE `o` ON drop table t",
        "CREATE OUTLINE `o` ON select 1; drop table t",
        "CREATE OUTLINE `o` ON 'ED57' USING HINT /*+ full(b1) */ x",
    ] {
        assert_refused(outline, "o", sql);
    }
}

#[test]
fn a_role_of_mariadb_has_no_host() {
    assert_taken(SchemaKind::Account, "'r'", "CREATE ROLE IF NOT EXISTS 'r'");
    assert_taken(SchemaKind::Grant, "'r'", "GRANT SELECT ON `d`.* TO `r`");
    assert_taken(SchemaKind::Grant, "PUBLIC", "GRANT INSERT ON `d`.* TO PUBLIC");
    assert_refused(SchemaKind::Grant, "'r'", "GRANT SELECT ON `d`.* TO `s`");
    assert_refused(SchemaKind::Grant, "PUBLIC", "GRANT INSERT ON `d`.* TO `r`");
    assert_refused(SchemaKind::Grant, "'r'", "GRANT INSERT ON `d`.* TO PUBLIC");
}

#[test]
fn a_table_is_created_and_reaches_nothing_outside() {
    for sql in [
        "CREATE TABLE `t` (\n  `a` int(11) NOT NULL COMMENT '; -- /*',\n  `g` int GENERATED ALWAYS AS ((`a` + 1)) VIRTUAL,\n  \
         PRIMARY KEY (`a`),\n  KEY `k` (`a`) /*!80000 INVISIBLE */,\n  CONSTRAINT `c` CHECK ((`a` > -1))\n) ORGANIZATION INDEX \
         AUTO_INCREMENT = 5 DEFAULT CHARSET = utf8mb4 ROW_FORMAT = DYNAMIC COMPRESSION = 'zstd_1.3.8' BLOCK_SIZE = 16384 \
         TABLET_SIZE = 134217728 PCTFREE = 0 COMMENT = 'x'\n partition by list columns(`a`)\n(partition `p` values in (1,2),\n\
         partition `q` values in (DEFAULT))",
        "CREATE TABLE `t` (`a` int) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='x' \
         PAGE_CHECKSUM=1 `ENCRYPTED`=YES\n PARTITION BY RANGE (year(`a`))\nSUBPARTITION BY HASH (`a`)\nSUBPARTITIONS 2\n\
         (PARTITION `p0` VALUES LESS THAN (100) ENGINE = InnoDB,\n PARTITION `p1` VALUES LESS THAN MAXVALUE ENGINE = InnoDB)",
        "CREATE TABLE `t` (`a` int) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4\n/*!50100 PARTITION BY HASH (`a`)\nPARTITIONS 4 */",
        "CREATE TABLE `t` (`a` int) DEFAULT CHARSET = utf8mb4 WITH COLUMN GROUP(all columns, each column)",
        "CREATE TABLE `t` (`a` int) ENGINE=InnoDB WITH SYSTEM VERSIONING",
        "CREATE TABLE `t` (`select` int, `into` int DEFAULT nextval(`d`.`select`))",
    ] {
        assert_taken(SchemaKind::Table, "t", sql);
    }
    for sql in [
        "CREATE TABLE `u` (`a` int)",
        "CREATE TABLE `d`.`t` (`a` int)",
        "CREATE TEMPORARY TABLE `t` (`a` int)",
        "CREATE OR REPLACE TABLE `t` (`a` int)",
        "CREATE TABLE `t` LIKE `mysql`.`user`",
        "CREATE TABLE `t` (`a` int) AS SELECT 1",
        "CREATE TABLE `t` (`a` int) SELECT 1",
        "CREATE TABLE `t` (`a` int) IGNORE SELECT 1",
        "CREATE TABLE `t` (`a` int) COMMENT = 'x' AS TABLE u",
        "CREATE TABLE `t` (`a` int); DROP DATABASE d",
        "CREATE TABLE `t` (`a` int) ; ",
        "CREATE TABLE `t` (`a` int) DATA DIRECTORY = '/tmp'",
        "CREATE TABLE `t` (`a` int) COMMENT = DATA DIRECTORY = '/tmp'",
        "CREATE TABLE `t` (`a` int) ENGINE=FEDERATED CONNECTION='mysql://evil/d/t'",
        "CREATE TABLE `t` (`a` int) ENGINE=CONNECT",
        "CREATE TABLE `t` (`a` int) ENGINE = MRG_MYISAM UNION=(`mysql`.`user`)",
        "CREATE EXTERNAL TABLE `t` (`a` int) LOCATION = '/'",
        "CREATE TABLE `t` (`a` int) LOCATION = '/'",
        "CREATE TABLE `t` (`a` int) PARTITION BY HASH (`a`) (PARTITION p DATA DIRECTORY = '/')",
        "CREATE TABLE `t` (`a` int) PARTITION BY HASH (`a`) AS SELECT 1",
        "CREATE TABLE `t` (`a` int) PARTITION BY HASH (`a`) (PARTITION p ENGINE = FEDERATED)",
        "CREATE TABLE `t` (`a` int) /*!99999 ' */ ; DROP DATABASE d; -- '*/",
        "CREATE TABLE `t` (`a` int /*!50000 /* */ ) */",
        "CREATE TABLE `t` (`a` int) -- x",
        "CREATE TABLE `t` (`a` int) # x",
        "CREATE TABLE `t` (`a` int) /* x */",
        "CREATE TABLE `t` (`a` int COMMENT 'x)",
        "CREATE TABLE `t` (`a` int",
        "CREATE TABLE `t` (`a` int))",
        "CREATE TABLE `t` (`a` int) COMMENT\u{3000}'x'",
        "DROP TABLE `t`",
        "",
    ] {
        assert_refused(SchemaKind::Table, "t", sql);
    }
}

#[test]
fn a_view_is_created_and_writes_nothing() {
    for sql in [
        "CREATE VIEW `v` AS select `t`.`a` AS `a;`,'; --' AS `x` from `t` WITH LOCAL CHECK OPTION",
        "CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`%` SQL SECURITY INVOKER VIEW `v` AS select 1 AS `into`",
        "CREATE ALGORITHM=MERGE DEFINER=`u``x`@`10.%` SQL SECURITY DEFINER VIEW `v` (`a`,`b`) AS (select 1,2) union all (select 3,4)",
        "CREATE VIEW `v` AS WITH RECURSIVE `c`(`x`) as (select 1) select `c`.`x` AS `x` from `c`",
        "CREATE VIEW `v` AS select /*+ INDEX(\"p\".\"t\" \"PRIMARY\") */`t`.`into` AS `y` from `t`",
        "CREATE VIEW `v` AS select 1 - -1 AS `z`, `a`.`b`.into",
    ] {
        assert_taken(SchemaKind::View, "v", sql);
    }
    for sql in [
        "DROP DATABASE `v`",
        "CREATE VIEW `w` AS select 1",
        "CREATE VIEW `d`.`v` AS select 1",
        "CREATE VIEW `v` AS DROP DATABASE d",
        "CREATE VIEW `v` AS select 1; DROP DATABASE d",
        "CREATE VIEW `v` AS select 1 INTO OUTFILE '/tmp/x'",
        "CREATE VIEW `v` AS select 1 into @x",
        "CREATE VIEW `v` AS select 1 /*!50000 INTO OUTFILE '/tmp/x' */",
        "CREATE VIEW `v` AS select 1 -- x",
        "CREATE VIEW `v` AS select (1",
        "CREATE VIEW `v` AS select 1)",
        "CREATE OR REPLACE VIEW `v` AS select 1",
        "CREATE TABLE `v` AS select 1",
    ] {
        assert_refused(SchemaKind::View, "v", sql);
    }
}

#[test]
fn code_is_one_statement_of_its_kind() {
    for sql in [
        "CREATE DEFINER = `root`@`%` PROCEDURE `p`(in `a;` int)\n    COMMENT 'x; y'\n    READS SQL DATA\nselect 1",
        "CREATE PROCEDURE `p`() begin declare x int; declare continue handler for not found, sqlstate '42000', 1051 begin end; \
         if x > 1 then set x = 1; elseif x < 0 then select case x when 1 then 2 end; else begin set x = 2; end; end if; \
         l: while x < 9 do set x = x + 1; leave l; end while l; repeat set x = 1; until x end repeat; \
         case x when 1 then select 1; else select 2; end case; k: loop leave k; end loop k; end",
        "CREATE PROCEDURE `p`() a: begin select 1; -- ; end\n /* ; */ select t.case, @end, t.begin from t; end a",
        "CREATE PROCEDURE `p`() if 1 then select 1; end if",
        "CREATE PROCEDURE `p`() select 1;",
    ] {
        assert_taken(SchemaKind::Procedure, "p", sql);
    }
    assert_taken(
        SchemaKind::Function,
        "p",
        "CREATE DEFINER=`a`@`b` FUNCTION `p`(a varchar(20)) RETURNS varchar(20) CHARSET latin1 COLLATE latin1_bin\n DETERMINISTIC\nRETURN a",
    );
    for sql in [
        "CREATE DEFINER = root@% trigger p before insert on t for each row begin set @a = 1; end",
        "CREATE DEFINER = root@10.0.% trigger p after update on `t` for each row set @a = 1",
        "CREATE DEFINER = `a;b -- c`@`10.%` trigger `p` before delete on t for each row follows `q` set @a = 1",
    ] {
        assert_taken(SchemaKind::Trigger, "p", sql);
    }
    for body in [
        "select 1; drop database d",
        "begin end; drop database d",
        "begin select 1 as begin; end; drop database d; end",
        "begin declare begin int; declare x int default begin; end; drop database d; end",
        "begin declare continue int; end; drop database d; end",
        "begin select t.case from t; end; drop database d; end",
        "begin set @case = 1; end; drop database d; end",
        "begin select 1; /*!99999 begin */ end; drop database d; end",
        "begin select 1;\u{3000}end; drop database d; end",
        "begin select 1; -- x\r end; drop database d; begin\n end",
        "begin select 'a",
        "begin if 1 then select 1; end; drop database d; end if",
        "begin select 1; end; drop database d",
        "return begin; drop database d; end",
        "begin",
        "",
    ] {
        assert_refused(SchemaKind::Procedure, "p", &format!("CREATE PROCEDURE `p`() {body}"));
    }
    for sql in [
        "CREATE FUNCTION `p`() RETURNS int RETURN begin; drop database d; end",
        "CREATE FUNCTION `p` RETURNS int SONAME 'evil.so'",
        "CREATE PROCEDURE `p`() select 1",
    ] {
        assert_refused(SchemaKind::Function, "p", sql);
    }
    assert_refused(
        SchemaKind::Trigger,
        "p",
        "CREATE TRIGGER other.p before insert on t for each row set @a = 1",
    );
}

#[test]
fn quotes_in_code_follow_its_sql_mode() {
    let under = |mode: &str, body: &str| {
        let object = SchemaObject {
            mode: Some(mode.to_owned()),
            ..SchemaObject::plain(SchemaKind::Procedure, "p", format!("CREATE PROCEDURE `p`() {body}").into())
        };
        check(&object).is_ok()
    };
    assert!(!under("NO_BACKSLASH_ESCAPES", "select 'a\\'; drop database d; -- '"));
    assert!(under("", "select 'a\\'; drop database d; -- '"));
    assert!(!under("ANSI_QUOTES", "select \"a\\\"; drop database d; -- \""));
    assert!(under("", "select \"a\\\"; drop database d; -- \""));
}

#[test]
fn code_of_oracle_is_taken_in_its_mode_only() {
    let under = |mode: &str, kind, sql: &str| {
        let object =
            SchemaObject { mode: Some(mode.to_owned()), ..SchemaObject::plain(kind, "p", sql.into()) };
        check(&object).err().map(|why| why.to_string())
    };
    let procedure = |body: &str| {
        (SchemaKind::Procedure, format!("CREATE DEFINER=\"a\"@\"b\" PROCEDURE \"p\"(a in out int)\n{body}"))
    };
    let taken = [
        procedure("is begin null; end"),
        procedure(
            "as cursor c is select id from t; b int := case a when 1 then 2 end; begin for i in 1..3 loop null; end loop; \
             while b < 3 loop b := b + 1; end loop; <<l>> loop exit l when b > 3; end loop; declare z int; begin z := 1; \
             exception when others then null; when no_data_found then begin null; end; end; if a = 1 then null; \
             elsif a = 2 then null; else null; end if; case a when 1 then null; end case; \
             exception when others then null; end p",
        ),
        (
            SchemaKind::Function,
            "CREATE FUNCTION \"p\"() RETURN int(11)\n    DETERMINISTIC\n    COMMENT 'x'\nis x t.a%type; begin return 1; end".to_owned(),
        ),
        (
            SchemaKind::Trigger,
            "CREATE trigger \"p\" before insert on \"t\" for each row declare q int; begin q := 1; :new.n := q; end".to_owned(),
        ),
        (SchemaKind::Event, "CREATE EVENT `p` ON SCHEDULE EVERY 1 DAY DO begin null; end".to_owned()),
    ];
    for (kind, sql) in &taken {
        assert_eq!(under("ORACLE", *kind, sql), None, "{sql}");
    }
    for (kind, sql) in &taken[..4] {
        assert!(under("ANSI_QUOTES", *kind, sql).is_some(), "{sql}");
    }
    for body in [
        "is begin null; end; drop database d",
        "is x int; begin null; end; drop database d; end",
        "is x int; end; drop database d; begin null; end",
        "is begin declare begin int; end; drop database d; end",
        "is begin while a loop null; end while; end",
        "is begin null; exception when others then null; end; drop database d; end",
        "is x int",
        "is",
        "is drop database d",
    ] {
        let (kind, sql) = procedure(body);
        assert!(under("ORACLE", kind, &sql).is_some(), "{sql}");
    }
}

#[test]
fn an_account_is_given_nothing_but_its_own() {
    let name = "'u''q'@'10.%'";
    for sql in [
        "CREATE USER IF NOT EXISTS 'u''q'@'10.%' IDENTIFIED BY PASSWORD '*AB'",
        "create user if not exists `u'q`@`10.%` IDENTIFIED WITH mysql_native_password AS '*AB' REQUIRE NONE PASSWORD EXPIRE NEVER",
        "CREATE ROLE IF NOT EXISTS 'u''q'@'10.%'",
        "CREATE USER 'u''q'@'10.%' WITH MAX_CONNECTIONS_PER_HOUR 7 MAX_USER_CONNECTIONS -1 MAX_STATEMENT_TIME 1.500000",
    ] {
        assert_taken(SchemaKind::Account, name, sql);
    }
    for sql in [
        "CREATE USER 'u''q'@'10.%', 'root2'@'%' IDENTIFIED BY ''",
        "CREATE USER 'root2'@'%'",
        "DROP USER 'u''q'@'10.%'",
        "CREATE USER 'u''q'@'10.%'; DROP DATABASE d",
        "GRANT ALL ON *.* TO 'u''q'@'10.%'",
    ] {
        assert_refused(SchemaKind::Account, name, sql);
    }
    for change in [
        "ACCOUNT LOCK",
        "REQUIRE SSL",
        "REQUIRE X509",
        "REQUIRE CIPHER 'AES' AND ISSUER '/CN=b' AND SUBJECT '/CN=a'",
        "REQUIRE SUBJECT '/CN=a'",
        "WITH MAX_CONNECTIONS_PER_HOUR 5 MAX_USER_CONNECTIONS 2",
        "WITH MAX_USER_CONNECTIONS 2",
        "WITH MAX_USER_CONNECTIONS -1",
    ] {
        assert_taken(SchemaKind::AccountChange, name, &format!("ALTER USER 'u''q'@'10.%' {change}"));
    }
    for change in [
        "",
        "ACCOUNT UNLOCK",
        "ACCOUNT LOCK REQUIRE NONE",
        "IDENTIFIED BY ''",
        "REQUIRE NONE",
        "REQUIRE ISSUER",
        "REQUIRE ISSUER CIPHER",
        "REQUIRE ISSUER 'x' IDENTIFIED BY ''",
        "REQUIRE ISSUER 'x'', ssl_type = 0'",
        "REQUIRE ISSUER 'x\\\\'",
        "WITH MAX_QUERIES_PER_HOUR 1",
        "WITH MAX_USER_CONNECTIONS",
        "WITH MAX_USER_CONNECTIONS 'x'",
        "WITH MAX_USER_CONNECTIONS -",
        "WITH MAX_CONNECTIONS_PER_HOUR -1",
        "WITH MAX_USER_CONNECTIONS 2 ACCOUNT UNLOCK",
    ] {
        assert_refused(SchemaKind::AccountChange, name, &format!("ALTER USER 'u''q'@'10.%' {change}"));
    }
    assert_refused(SchemaKind::AccountChange, name, "ALTER USER 'root'@'%' ACCOUNT LOCK");
    for sql in [
        "GRANT SELECT (`a`, `b`), UPDATE (`b`) ON `d`.`t` TO 'u''q'@'10.%' WITH GRANT OPTION",
        "GRANT EXECUTE ON PROCEDURE `d`.`p` TO `u'q`@`10.%`",
        "GRANT `r`@`%`,`s`@`%` TO `u'q`@`10.%` WITH ADMIN OPTION",
        "SET DEFAULT ROLE `r`@`%`,`s`@`%` TO 'u''q'@'10.%'",
        "SET DEFAULT ROLE `r` FOR `u'q`@`10.%`",
    ] {
        assert_taken(SchemaKind::Grant, name, sql);
    }
    for sql in [
        "GRANT ALL ON *.* TO 'root2'@'%'",
        "GRANT SELECT ON `d`.* TO 'u''q'@'10.%', 'x'@'%'",
        "GRANT SELECT ON `d`.* TO 'u''q'@'10.%'; DROP DATABASE d",
        "REVOKE ALL ON *.* FROM 'u''q'@'10.%'",
        "SET DEFAULT ROLE `r`@`%` TO 'root2'@'%'",
        "SET DEFAULT ROLE `r`@`%`,`s`@`%` TO 'u''q'@'10.%', 'x'@'%'",
        "SET DEFAULT ROLE `r`@`%`, ALL TO 'u''q'@'10.%'",
        "DROP DATABASE d",
    ] {
        assert_refused(SchemaKind::Grant, name, sql);
    }
    assert_taken(SchemaKind::Grant, "'u'@'%'", "GRANT SELECT ON `my\\_a`.* TO 'u'");
}

/// Text that no statement may contain.
const INJECTED: [&str; 5] = ["; DROP DATABASE d", " -- ", "/* x */", "/*!50000 ;*/", " INTO OUTFILE 'x' "];

proptest! {
    /// With any names and texts, the written form passes. With injected text between two of its tokens, it is
    /// refused.
    #[test]
    fn what_is_written_passes_and_what_is_put_in_does_not(
        names in proptest::collection::vec("[a-z`'\";/*#\\\\ -]{1,12}", 6),
        text in "[a-z`'\";/*#\\\\\n -]{0,20}",
        place in any::<prop::sample::Index>(),
        injected in prop::sample::select(&INJECTED[..]),
    ) {
        let quoted: Vec<String> = names.iter().map(|name| identifier(name)).collect();
        let [a, b, c, d, e, f] = quoted.as_slice() else { unreachable!("six names") };
        let comment = literal(&text);
        let table = format!(
            "CREATE TABLE {a} (\n  {b} int NOT NULL DEFAULT '1' COMMENT {comment},\n  {c} int GENERATED ALWAYS AS (({b} + 1)),\n  \
             KEY {d} ({b}),\n  CONSTRAINT {e} FOREIGN KEY ({b}) REFERENCES {f}.{a}({c}),\n  CONSTRAINT {d} CHECK (({b} <> {comment}))\n) \
             COMMENT = {comment}\n partition by hash({b})\n(partition {c},\npartition {d})"
        );
        let view = format!("CREATE VIEW {a} AS select {b}.{c} AS {d},{comment} AS {e} from {f}.{b}");
        for (kind, sql) in [(SchemaKind::Table, table), (SchemaKind::View, view)] {
            assert_taken(kind, &names[0], &sql);
            let all = tokens(sql.as_bytes());
            let cut: usize = all[..place.index(all.len())].iter().map(|token| token.text.len()).sum();
            let (before, behind) = sql.split_at(cut);
            let forged = format!("{before} {injected} {behind}");
            assert_refused(kind, &names[0], &forged);
        }
    }
}

#[test]
fn a_table_is_created_under_variables_that_change_only_values() {
    let under = |mode: Option<&str>, context: Option<(&str, &str)>| {
        let mut table = SchemaObject::plain(SchemaKind::Table, "t", b"CREATE TABLE `t` (`a` int)".to_vec());
        table.mode = mode.map(str::to_owned);
        table.context = context.map(|(client, collation)| Context {
            client: client.to_owned(),
            collation: collation.to_owned(),
        });
        check(&table)
    };
    assert_eq!(under(Some("STRICT_ALL_TABLES,PAD_CHAR_TO_FULL_LENGTH"), None), Ok(()));
    assert_eq!(under(Some(""), Some(("utf8mb4", "utf8mb4_bin"))), Ok(()));
    for mode in
        ["ANSI_QUOTES", "STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES", "ANSI", "ORACLE", "4", "PIPES_AS_CONCAT"]
    {
        assert!(under(Some(mode), None).is_err(), "{mode}");
    }
    for context in [("gbk", "gbk_chinese_ci"), ("utf8mb4", "gbk_bin"), ("latin1", "utf8mb4_bin")] {
        assert!(under(None, Some(context)).is_err(), "{context:?}");
    }
    let mut grant = SchemaObject::plain(SchemaKind::Grant, "'r'", b"GRANT SELECT ON `d`.* TO `r`".to_vec());
    grant.zone = Some("+08:00".to_owned());
    assert!(check(&grant).is_err());
}
