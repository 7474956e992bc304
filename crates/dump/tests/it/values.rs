//! Values of every type are restored unchanged. They are compared by functions of the server, never by their printed
//! text: two different values may print alike.
//!
//! The seed is printed; `LIFEBOAT_SEED=7 LIFEBOAT_ROUNDS=100` runs 100 rounds from that seed.

use dump::ChunkAim;

use crate::bed::{Bed, query, run, selection};
use crate::random::{Dice, hexadecimal, moment, quoted, setting, whole_number};
use crate::traps::round_trip;

/// A type, its values as expressions, and how two of them, `{x}` and `{y}`, are compared.
struct Kind {
    declared: &'static str,
    same: &'static str,
    value: Box<dyn Fn(&mut Dice) -> String>,
}

fn kind(declared: &'static str, same: &'static str, value: impl Fn(&mut Dice) -> String + 'static) -> Kind {
    Kind { declared, same, value: Box::new(value) }
}

const EQUAL: &str = "{x} <=> {y}";
const BYTES: &str = "HEX({x}) <=> HEX({y})";
/// The second distinguishes a zero from a negative one.
const NUMBER: &str = "{x} <=> {y} AND ATAN2({x},-1) <=> ATAN2({y},-1)";
/// Its number is longer than a DOUBLE holds.
const LONGEST_SET: &str = "SET('','k1','k2','k3','k4','k5','k6','k7','k8','k9','k10','k11','k12','k13','k14','k15','k16','k17', \
                           'k18','k19','k20','k21','k22','k23','k24','k25','k26','k27','k28','k29','k30','k31','k32','k33', \
                           'k34','k35','k36','k37','k38','k39','k40','k41','k42','k43','k44','k45','k46','k47','k48','k49', \
                           'k50','k51','k52','k53','k54','k55','k56','k57','k58','k59','k60','k61','k62','k63')";
const LIST: &str = "{x} = {y}";
const FIRST: &str = "{x} = {y} AND ATAN2(element_at({x},1),-1) <=> ATAN2(element_at({y},1),-1)";
const MAP: &str = "map_keys({x}) = map_keys({y}) AND map_values({x}) = map_values({y})";
/// Texts have a different order in a computed map and in a stored one.
const TEXT_MAP: &str = "array_sort(array_map((k,v) -> concat(hex(k),':',ifnull(hex(v),'N')), map_keys({x}), map_values({x}))) \
                        = array_sort(array_map((k,v) -> concat(hex(k),':',ifnull(hex(v),'N')), map_keys({y}), map_values({y})))";
const TIME: &str = "{x} <=> {y} AND {x}+0 <=> {y}+0 AND MICROSECOND({x}) <=> MICROSECOND({y})";

/// Returns a number with up to 17 digits, of any size.
fn double(dice: &mut Dice) -> String {
    let sign = *dice.pick(&["-", ""]);
    let (digits, more) = (dice.below(1 << 30), dice.below(100_000_000));
    match dice.below(8) {
        0 => format!("{sign}0.0"),
        1 => format!("{sign}{}.{}e{}", dice.below(10), digits, dice.below(600) as i64 - 300),
        2 => format!("{sign}{}.{:02}", dice.below(100_000), dice.below(100)),
        3 => (*dice.pick(&["1.7976931348623157e308", "5e-324", "-2.2250738585072014e-308", "1e22", "1e15"]))
            .to_owned(),
        4 => format!("{sign}{}", dice.below(1 << 30)),
        _ => format!("{sign}{}.{digits}{more:08}", dice.below(1000)),
    }
}

fn single(dice: &mut Dice) -> String {
    let sign = *dice.pick(&["-", ""]);
    match dice.below(6) {
        0 => format!("{sign}0.0"),
        1 => (*dice.pick(&["3.402823466e38", "1.4e-45", "-1.17549435e-38", "16777217"])).to_owned(),
        2 => format!("{sign}{}.{}e{}", dice.below(10), dice.below(1 << 30), dice.below(70) as i64 - 35),
        _ => format!("{sign}{}.{}", dice.below(100_000), dice.below(1 << 30)),
    }
}

/// Returns a few items as the server's JSON has them, sometimes NULL.
fn list(dice: &mut Dice, item: impl Fn(&mut Dice) -> String) -> String {
    let items: Vec<String> =
        (0..dice.below(6)).map(|_| if dice.one_in(7) { "null".to_owned() } else { item(dice) }).collect();
    format!("[{}]", items.join(","))
}

fn text_in_list(dice: &mut Dice) -> String {
    let text = match dice.below(6) {
        0 => (*dice.pick(&["null", "NULL", "a,5:", "{7:", "[]", "\\u0041", "\u{7f}", "1.10", "true"]))
            .to_owned(),
        _ => dice.text(12),
    };
    serde_json::to_string(&text).expect("a text")
}

fn key(dice: &mut Dice) -> String {
    // The server itself mistakes `null` for NULL.
    let text = dice.text(6);
    format!("{text}{}", dice.pick(&["n", "N ull", "null ", "k", "5"]))
}

fn map(dice: &mut Dice, key: impl Fn(&mut Dice) -> String, value: impl Fn(&mut Dice) -> String) -> String {
    // A map with nothing but NULL has no type.
    let items: Vec<String> = (0..=dice.below(4))
        .map(|place| {
            let is_null = place > 0 && dice.one_in(6);
            format!("{},{}", key(dice), if is_null { "NULL".to_owned() } else { value(dice) })
        })
        .collect();
    format!("map({})", items.join(","))
}

/// A document: numbers from text, as the server reads them, and from functions, as it computes them.
fn document(dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => quoted(&format!(r#"{{"a": {}, "b": {}}}"#, double(dice), list(dice, double))),
        1 => quoted(&list(dice, text_in_list)),
        _ => format!(
            "JSON_OBJECT({}, {}, 'd', CAST({}.{:03}0 AS DECIMAL(20,4)), 'e', JSON_ARRAY(TRUE, NULL, CAST({} AS UNSIGNED), {}), \
             'f', DATE'20{:02}-01-31', 'g', 0x{:04X})",
            quoted(&dice.text(9)),
            quoted(&dice.text(30)),
            dice.below(1 << 30),
            dice.below(1000),
            whole_number(64, false)(dice),
            whole_number(64, true)(dice),
            dice.below(100),
            dice.below(1 << 16),
        ),
    }
}

fn common() -> Vec<Kind> {
    vec![
        kind("TINYINT", EQUAL, whole_number(8, true)),
        kind("SMALLINT UNSIGNED", EQUAL, whole_number(16, false)),
        kind("MEDIUMINT", EQUAL, whole_number(24, true)),
        kind("INT ZEROFILL", EQUAL, whole_number(32, false)),
        kind("BIGINT", EQUAL, whole_number(64, true)),
        kind("BIGINT UNSIGNED", EQUAL, whole_number(64, false)),
        kind("DECIMAL(65,30)", EQUAL, |dice| format!("{}.{:030}", dice.below(1 << 30), dice.below(1 << 30))),
        kind("DECIMAL(12,2) UNSIGNED", EQUAL, |dice| {
            format!("{}.{:02}", dice.below(1 << 30), dice.below(100))
        }),
        kind("DOUBLE", NUMBER, |dice| real(&double(dice))),
        kind("DOUBLE(20,4)", NUMBER, |dice| real(&format!("{}.{:04}e0", dice.below(1 << 30), dice.below(3)))),
        kind("DOUBLE(40,10)", NUMBER, |dice| real(&format!("{}.{:010}e0", dice.below(3), dice.below(3)))),
        kind("FLOAT", NUMBER, |dice| real(&single(dice))),
        kind("FLOAT(9,2)", NUMBER, |dice| real(&format!("{}.{:02}e0", dice.below(10_000), dice.below(100)))),
        kind("BIT(1)", "{x}+0 <=> {y}+0", |dice| dice.below(2).to_string()),
        kind("BIT(64)", "{x}+0 <=> {y}+0", whole_number(64, false)),
        kind("CHAR(20)", BYTES, |dice| quoted(&dice.text(20))),
        kind("VARCHAR(40)", BYTES, |dice| quoted(&dice.text(40))),
        kind("TINYTEXT", BYTES, |dice| quoted(&dice.text(60))),
        kind("LONGTEXT", BYTES, |dice| quoted(&dice.text(400))),
        kind("BINARY(6)", BYTES, |dice| hexadecimal(&dice.bytes(6))),
        kind("VARBINARY(40)", BYTES, |dice| hexadecimal(&dice.bytes(40))),
        kind("TINYBLOB", BYTES, |dice| hexadecimal(&dice.bytes(200))),
        kind("MEDIUMBLOB", BYTES, |dice| hexadecimal(&dice.bytes(400))),
        kind("VARCHAR(40) CHARACTER SET binary", BYTES, |dice| hexadecimal(&dice.bytes(40))),
        kind("DATE", "{x} <=> {y} AND {x}+0 <=> {y}+0", |dice| match dice.below(4) {
            0 => (*dice.pick(&["'0000-00-00'", "'2024-02-30'", "'2024-00-10'", "'9999-12-31'"])).to_owned(),
            _ => format!("{}'", &moment(dice)[..11]),
        }),
        kind("DATETIME", TIME, moment),
        kind("DATETIME(6)", TIME, moment),
        kind("TIMESTAMP(3) NULL", TIME, moment),
        kind("TIME(6)", TIME, |dice| {
            let sign = *dice.pick(&["-", ""]);
            format!("'{sign}{}:{:02}:00.{:06}'", dice.below(838), dice.below(60), dice.below(1_000_000))
        }),
        kind("YEAR", EQUAL, |dice| (*dice.pick(&["0", "1901", "2155", "2026"])).to_owned()),
        kind("ENUM('','a','b''c','\\\\')", "{x}+0 <=> {y}+0", |dice| (1 + dice.below(4)).to_string()),
        kind("SET('','a','b''c','\\\\')", "{x}+0 <=> {y}+0", |dice| dice.below(16).to_string()),
        kind(LONGEST_SET, "CAST({x} AS UNSIGNED) <=> CAST({y} AS UNSIGNED)", whole_number(64, false)),
        kind("JSON", EQUAL, document),
        kind("GEOMETRY", "HEX(ST_AsWKB({x})) <=> HEX(ST_AsWKB({y}))", |dice| {
            let shape = *dice.pick(&[
                "POINT(# #)",
                "LINESTRING(# #,# #)",
                "MULTIPOINT(# #,# #)",
                "POLYGON((0 0,# 0,# #,0 0))",
            ]);
            let shape: String = shape
                .chars()
                .map(|c| if c == '#' { char::from(b'1' + dice.below(9) as u8) } else { c })
                .collect();
            format!("ST_GeomFromText('{shape}')")
        }),
    ]
}

/// Returns a DOUBLE whose sign is computed, so that a zero also gets one.
fn real(number: &str) -> String {
    let power = if number.contains('e') { "" } else { "e0" };
    match number.strip_prefix('-') {
        Some(positive) => format!("-({positive}{power})"),
        None => format!("{number}{power}"),
    }
}

fn of_seekdb() -> Vec<Kind> {
    let lists = [
        kind("ARRAY(TINYINT)", LIST, |dice| quoted(&list(dice, whole_number(8, true)))),
        kind("ARRAY(BIGINT)", LIST, |dice| quoted(&list(dice, whole_number(64, true)))),
        kind("ARRAY(BIGINT UNSIGNED)", LIST, |dice| quoted(&list(dice, whole_number(64, false)))),
        kind("ARRAY(FLOAT)", FIRST, |dice| quoted(&list(dice, single))),
        kind("ARRAY(DOUBLE)", FIRST, |dice| quoted(&list(dice, double))),
        kind("ARRAY(VARCHAR(60))", LIST, |dice| quoted(&list(dice, text_in_list))),
        kind("ARRAY(ARRAY(INT))", LIST, |dice| {
            quoted(&format!("[{},null,[]]", list(dice, whole_number(32, true))))
        }),
        kind("ARRAY(ARRAY(FLOAT))", LIST, |dice| quoted(&format!("[{}]", list(dice, single)))),
        kind("ARRAY(ARRAY(ARRAY(DOUBLE)))", LIST, |dice| quoted(&format!("[[{}],null]", list(dice, double)))),
        kind("ARRAY(ARRAY(VARCHAR(60)))", LIST, |dice| {
            quoted(&format!("[{0},{0}]", list(dice, text_in_list)))
        }),
        kind("ARRAY(VECTOR(2))", LIST, |dice| quoted(&format!("[[{},{}]]", single(dice), single(dice)))),
        kind(
            "VECTOR(3)",
            "l2_distance({x},{y}) = 0 AND ATAN2(inner_product({x},'[1,0,0]'),-1) <=> ATAN2(inner_product({y},'[1,0,0]'),-1)",
            |dice| {
                let coordinate = |dice: &mut Dice| format!("{}.{}", dice.below(1000), dice.below(1 << 30));
                quoted(&format!("[{},{},{}]", coordinate(dice), coordinate(dice), coordinate(dice)))
            },
        ),
        kind(
            "SPARSEVECTOR",
            "negative_inner_product({x},'{1:1}') <=> negative_inner_product({y},'{1:1}') \
             AND negative_inner_product({x},'{70000:1}') <=> negative_inner_product({y},'{70000:1}') \
             AND negative_inner_product({x},'{4294967295:1}') <=> negative_inner_product({y},'{4294967295:1}')",
            |dice| {
                let value = |dice: &mut Dice| format!("{}.{}", dice.below(100_000), dice.below(1 << 30));
                quoted(&format!("{{1:{},70000:{},4294967295:{}}}", value(dice), value(dice), value(dice)))
            },
        ),
        kind("MAP(INT,INT)", MAP, |dice| map(dice, whole_number(32, true), whole_number(32, true))),
        kind("MAP(VARCHAR(60),VARCHAR(60))", TEXT_MAP, |dice| {
            map(dice, |dice| quoted(&key(dice)), |dice| quoted(&dice.text(9)))
        }),
        kind("MAP(VARCHAR(60),INT)", TEXT_MAP, |dice| {
            map(dice, |dice| quoted(&key(dice)), whole_number(32, true))
        }),
        kind("MAP(INT,FLOAT)", MAP, |dice| {
            map(dice, whole_number(32, true), |dice| format!("{}e0", dice.below(1 << 30)))
        }),
        kind("MAP(BIGINT,DOUBLE)", MAP, |dice| {
            map(dice, whole_number(64, true), |dice| {
                format!("{}.{:02}e0", dice.below(1 << 30), dice.below(100))
            })
        }),
        kind("MAP(VARCHAR(60),ARRAY(VARCHAR(60)))", MAP, |dice| {
            format!(
                "map({},array({},NULL,{}))",
                quoted(&key(dice)),
                quoted(&dice.text(9)),
                quoted(&dice.text(9))
            )
        }),
        kind("string", BYTES, |dice| quoted(&dice.text(100))),
    ];
    common().into_iter().chain(lists).collect()
}

fn of_mariadb() -> Vec<Kind> {
    const SETS: [&str; 12] = [
        "VARCHAR(40) CHARACTER SET latin1",
        "VARCHAR(40) CHARACTER SET ascii",
        "VARCHAR(40) CHARACTER SET cp932",
        "TEXT CHARACTER SET sjis",
        "VARCHAR(40) CHARACTER SET gbk",
        "CHAR(9) CHARACTER SET big5",
        "VARCHAR(40) CHARACTER SET ujis",
        "TEXT CHARACTER SET euckr",
        "VARCHAR(40) CHARACTER SET cp1251",
        "VARCHAR(40) CHARACTER SET utf8mb3",
        "VARCHAR(40) CHARACTER SET ucs2",
        "TEXT CHARACTER SET utf16",
    ];
    let texts = SETS.into_iter().map(|declared| kind(declared, BYTES, |dice| quoted(&dice.text(9))));
    let japanese = [
        // Two bytes of each for one character, and one that has none.
        kind("VARCHAR(9) CHARACTER SET cp932", BYTES, |dice| {
            (*dice.pick(&["_cp932 x'8790'", "_cp932 x'81E0'", "_cp932 x'FAD0'", "_cp932 x'5C'"])).to_owned()
        }),
        kind("VARCHAR(9) CHARACTER SET cp1251", BYTES, |_| "_cp1251 x'98'".to_owned()),
        kind("ENUM('a','ä') CHARACTER SET latin2", "{x}+0 <=> {y}+0", |dice| {
            (1 + dice.below(2)).to_string()
        }),
        kind("INET6", BYTES, |dice| quoted(&format!("fe80::{:x}", dice.below(1 << 16)))),
        kind("INET4", BYTES, |dice| quoted(&format!("10.0.0.{}", dice.below(256)))),
        kind("UUID", BYTES, |dice| {
            quoted(&format!("6ccd780c-baba-1026-9564-5b8c6560{:04x}", dice.below(1 << 16)))
        }),
    ];
    common().into_iter().filter(|kind| kind.declared != "JSON").chain(texts).chain(japanese).collect()
}

#[tokio::test]
async fn values_of_every_type_come_back_as_they_were() {
    come_back(&Bed::shared(), &of_seekdb()).await;
}

#[tokio::test]
async fn values_of_every_type_of_mariadb_come_back_as_they_were() {
    come_back(&Bed::mariadb(), &of_mariadb()).await;
}

async fn come_back(bed: &Bed, kinds: &[Kind]) {
    const IN_A_TABLE: usize = 12;
    let seed = setting("LIFEBOAT_SEED", 1);
    for seed in seed..seed + setting("LIFEBOAT_ROUNDS", 1) {
        println!("seed {seed}");
        let mut dice = Dice::new(seed, true);
        bed.database("d_values", &[]).await;
        bed.no_database("d_values_2");
        let mut session = bed.session().await;
        for sql in ["SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'", "USE d_values"] {
            run(&mut session, sql).await;
        }
        for (table, kinds) in kinds.chunks(IN_A_TABLE).enumerate() {
            let columns: Vec<String> =
                kinds.iter().enumerate().map(|(place, kind)| format!("c{place} {}", kind.declared)).collect();
            run(&mut session, &format!("CREATE TABLE t{table} (id INT PRIMARY KEY, {})", columns.join(",")))
                .await;
            for id in 0..30 {
                let value = |kind: &Kind, dice: &mut Dice| {
                    if dice.one_in(9) { "NULL".to_owned() } else { (kind.value)(dice) }
                };
                let row: Vec<String> = kinds.iter().map(|kind| value(kind, &mut dice)).collect();
                run(&mut session, &format!("INSERT INTO t{table} VALUES ({id},{})", row.join(","))).await;
            }
        }
        let (id, chunk) = (format!("values-{seed}"), ChunkAim { rows: Some(13), ..ChunkAim::default() });
        let options =
            dump::Options { selection: selection(&["d_values"]), chunk, ..dump::Options::default() };
        bed.dump_with(&id.parse().expect("an id"), &options).await.expect("a dump");
        assert_eq!(bed.compare(&id, &[]).await.findings, []);
        bed.load(&id, &[("d_values", "d_values_2")]).await;
        for (table, kinds) in kinds.chunks(IN_A_TABLE).enumerate() {
            for (place, kind) in kinds.iter().enumerate() {
                let (x, y) = (format!("x.c{place}"), format!("y.c{place}"));
                let same = kind.same.replace("{x}", &x).replace("{y}", &y);
                let sql = format!(
                    "SELECT COUNT(*), COUNT(CASE WHEN {x} IS NULL THEN NULL ELSE 1 END), SUM(CASE WHEN {x} IS NULL AND {y} IS NULL \
                     THEN 0 WHEN {same} THEN 0 ELSE 1 END) FROM d_values.t{table} x JOIN d_values_2.t{table} y ON x.id = y.id"
                );
                let found = query(&mut session, &sql).await;
                assert_eq!((&*found[0][0], &*found[0][2]), ("30", "0"), "{}", kind.declared);
                assert_ne!(found[0][1], "0", "{} holds nothing", kind.declared);
            }
        }
        session.close().await;
    }
}

#[tokio::test]
async fn a_zero_keeps_its_sign_in_every_kind_of_double() {
    let statements = [
        "CREATE TABLE z (id INT PRIMARY KEY, d DOUBLE, m DOUBLE(20,4), a ARRAY(DOUBLE), b ARRAY(FLOAT), v VECTOR(1))",
        "INSERT INTO z VALUES (1,0,0,'[-0.0]','[-0.0]','[-0]'),(2,5.5,5.5,'[0]','[0]','[0]')",
        "UPDATE z SET d = -d, m = -m",
    ];
    let (bed, target, _) = round_trip("negative_zero", &statements).await;
    let mut session = bed.session().await;
    let sql = format!(
        "SELECT ATAN2(d,-1)<0, ATAN2(m,-1)<0, ATAN2(element_at(a,1),-1)<0, ATAN2(element_at(b,1),-1)<0, v FROM {target}.z ORDER BY id"
    );
    let found = query(&mut session, &sql).await;
    assert_eq!(found, [["1", "1", "1", "1", "[-0]"], ["1", "1", "0", "0", "[0]"]]);
    session.close().await;
}

#[tokio::test]
async fn a_value_that_no_literal_brings_back_ends_the_dump_and_is_named() {
    let cases = [
        (
            "CREATE TABLE r (id INT PRIMARY KEY, c ARRAY(ARRAY(INT)))",
            "INSERT INTO r SELECT 7, array_filter(e -> 0, array(array(1)))",
            "empty",
        ),
        (
            "CREATE TABLE r (id INT PRIMARY KEY, c MAP(VARCHAR(9),INT))",
            "INSERT INTO r SELECT 7, map('Null', 1)",
            "as a key",
        ),
    ];
    let bed = Bed::shared();
    for (number, (create, insert, words)) in cases.into_iter().enumerate() {
        bed.database("d_unwritable", &[create, insert]).await;
        let options = dump::Options { selection: selection(&["d_unwritable"]), ..dump::Options::default() };
        let id = format!("unwritable-{number}").parse().expect("an id");
        let error = bed.dump_with(&id, &options).await.expect_err("no dump");
        let problem = error.problem().to_string();
        for named in ["`d_unwritable`.`r`.`c`", "`id` = 7", words] {
            assert!(problem.contains(named), "{named}: {problem}");
        }
    }
}

#[tokio::test]
async fn values_larger_than_a_statement_may_be_are_loaded() {
    for bed in [Bed::shared(), Bed::mariadb()] {
        let mut statements = vec![
            "CREATE TABLE b (id INT PRIMARY KEY, e ENUM('2','1'), n DECIMAL(20,3), b LONGBLOB, t LONGTEXT, z INT)".to_owned(),
            "INSERT INTO b VALUES (1,1,-0.125,REPEAT(0x00FF275C,2359296),NULL,5),(2,2,NULL,0x00,REPEAT('abcdef''\\\\',1966080),6)"
                .to_owned(),
            "INSERT INTO b VALUES (3,2,18446744073709551,REPEAT(0x0A1A0D,5242880),REPEAT('中中中中''abc',589824),-1),(4,1,0,'','',0)"
                .to_owned(),
        ];
        if !bed.session().await.server().product.is_oceanbase() {
            statements.push("ALTER TABLE b ADD COLUMN g LONGTEXT CHARACTER SET gbk".to_owned());
            statements.push("UPDATE b SET g = REPEAT('中',4000000) WHERE id = 4".to_owned());
        }
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        bed.database("d_large", &statements).await;
        bed.no_database("d_large_2");
        let manifest = bed.dump("large", &["d_large"], ChunkAim::default()).await;
        let mut session = bed.session().await;
        let limit: u64 =
            query(&mut session, "SELECT @@max_allowed_packet").await[0][0].parse().expect("a number");
        let longest =
            manifest.databases[0].tables[0].pieces.iter().map(|piece| piece.longest_statement).max();
        assert!(longest > Some(limit), "{longest:?} is not too long for {limit}");
        bed.load("large", &[("d_large", "d_large_2")]).await;
        let sql = "SELECT SUM(x.e+0 = y.e+0 AND x.n <=> y.n AND MD5(x.b) = MD5(y.b) AND MD5(x.t) <=> MD5(y.t) AND x.z = y.z), \
                   MAX(LENGTH(y.b)), MAX(LENGTH(y.t)) FROM d_large.b x JOIN d_large_2.b y ON x.id = y.id";
        assert_eq!(query(&mut session, sql).await, [["4", "15728640", "15728640"]]);
        session.close().await;
    }
}

#[tokio::test]
async fn a_table_that_generates_all_its_columns_keeps_its_rows() {
    for bed in [Bed::shared(), Bed::mariadb()] {
        let statements = [
            "CREATE TABLE g (g INT GENERATED ALWAYS AS (1+1) VIRTUAL, h VARCHAR(9) AS ('x') STORED)",
            "INSERT INTO g VALUES (DEFAULT,DEFAULT),(DEFAULT,DEFAULT),(DEFAULT,DEFAULT)",
            "CREATE TABLE t (id INT PRIMARY KEY)",
        ];
        bed.database("d_generated", &statements).await;
        bed.no_database("d_generated_2");
        let manifest = bed.dump("generated", &["d_generated"], ChunkAim::default()).await;
        assert_eq!(manifest.totals.rows, 3);
        assert_eq!(bed.compare("generated", &[]).await.findings, []);
        bed.load("generated", &[("d_generated", "d_generated_2")]).await;
        let mut session = bed.session().await;
        assert_eq!(query(&mut session, "SELECT g, h FROM d_generated_2.g").await, [["2", "x"]; 3]);
        session.close().await;
    }
}
