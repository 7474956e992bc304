//! Random tables with hostile rows survive a dump and a load unchanged.
//!
//! The seed is printed; `LIFEBOAT_SEED=7 LIFEBOAT_ROUNDS=100` runs 100 rounds from that seed.

use dump::{ChunkAim, Compression, Options};

use crate::bed::{Bed, query, run, selection};
use crate::compare::same;

/// Small numbers from a seed, the same on every machine.
pub(crate) struct Dice {
    state: u64,
    /// Whether names of members may have characters longer than three bytes, which MariaDB does not show.
    wide: bool,
}

impl Dice {
    pub(crate) fn new(seed: u64, wide: bool) -> Self {
        Self { state: seed.wrapping_mul(0x2545_F491_4F6C_DD1D) | 1, wide }
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33).expect("31 bits") % limit
    }

    pub(crate) fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    pub(crate) fn pick<'p, T>(&mut self, from: &'p [T]) -> &'p T {
        &from[self.below(from.len())]
    }

    /// Returns a text of characters that end, escape, separate, or fill.
    pub(crate) fn text(&mut self, most: usize) -> String {
        const PARTS: [&str; 24] = [
            "a", "B", "z", " ", "0", "'", "\"", "\\", "`", ";", ";\n", "\n", "\r", "\0", "\u{1a}", "%", "_",
            "--", "/*", "ä", "中", "😀", "\t", ",",
        ];
        let mut text = String::new();
        for _ in 0..self.below(most + 1) {
            let part = self.pick(&PARTS);
            if text.chars().count() + part.chars().count() <= most {
                text.push_str(part);
            }
        }
        text
    }

    pub(crate) fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most + 1))
            .map(|_| *[0, 10, 26, 39, 92, 128, 255, 65].get(self.below(8)).expect("8"))
            .collect()
    }
}

pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\0', "\\0"))
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    format!("x'{}'", bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>())
}

/// A type of column: how it is declared, whether it can be part of a key, and its values as literals.
struct Kind {
    declared: String,
    key: bool,
    value: Box<dyn Fn(&mut Dice) -> String>,
}

fn kind(declared: impl Into<String>, key: bool, value: impl Fn(&mut Dice) -> String + 'static) -> Kind {
    Kind { declared: declared.into(), key, value: Box::new(value) }
}

pub(crate) fn whole_number(bits: u32, signed: bool) -> impl Fn(&mut Dice) -> String {
    let (low, high) = if signed {
        (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1)
    } else {
        (0, (1_i128 << bits) - 1)
    };
    move |dice| match dice.below(5) {
        0 => low.to_string(),
        1 => high.to_string(),
        _ => {
            let some = i128::try_from(dice.below(1 << 30)).expect("small")
                * i128::try_from(dice.below(1 << 30)).expect("small");
            (low + some.rem_euclid(high - low + 1)).to_string()
        }
    }
}

fn members(dice: &mut Dice) -> Vec<String> {
    let mut members: Vec<String> = Vec::new();
    for number in 0..=dice.below(6) {
        let text: String =
            dice.text(6).replace([',', '\0', '\n', '\r', '\u{1a}', '\t'], "").trim_end().to_owned();
        let text = if dice.wide { text } else { text.replace('😀', "") };
        members.push(format!("{text}{number}"));
    }
    members
}

pub(crate) fn moment(dice: &mut Dice) -> String {
    let (year, month, day) = (1971 + dice.below(66), 1 + dice.below(12), 1 + dice.below(28));
    let (hour, minute, second) = (dice.below(24), dice.below(60), dice.below(60));
    format!("'{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{:06}'", dice.below(1_000_000))
}

fn random_kind(dice: &mut Dice) -> Kind {
    match dice.below(25) {
        0 => kind("TINYINT", true, whole_number(8, true)),
        1 => kind("SMALLINT UNSIGNED", true, whole_number(16, false)),
        2 => kind("MEDIUMINT", true, whole_number(24, true)),
        3 => kind("INT", true, whole_number(32, true)),
        4 => kind("BIGINT", true, whole_number(64, true)),
        5 => kind("BIGINT UNSIGNED", true, whole_number(64, false)),
        6 => kind("DECIMAL(30,10)", true, |dice| {
            format!("{}{}.{:010}", dice.pick(&["-", ""]), dice.below(1 << 30), dice.below(1 << 30))
        }),
        7 => kind("DOUBLE", false, |dice| {
            format!(
                "{}{}.{}e{}",
                dice.pick(&["-", ""]),
                dice.below(10),
                dice.below(1 << 30),
                dice.below(600) as i64 - 300
            )
        }),
        8 => kind("FLOAT", false, |dice| {
            format!(
                "{}{}.{}e{}",
                dice.pick(&["-", ""]),
                dice.below(10),
                dice.below(1 << 30),
                dice.below(70) as i64 - 35
            )
        }),
        9 => kind("BIT(17)", false, |dice| dice.below(1 << 17).to_string()),
        10 => kind("CHAR(12)", true, |dice| quoted(&dice.text(12))),
        11 => kind("VARCHAR(40) COLLATE utf8mb4_bin", true, |dice| quoted(&dice.text(40))),
        12 => kind("VARCHAR(40) COLLATE utf8mb4_general_ci", true, |dice| quoted(&dice.text(40))),
        13 => kind("TEXT", false, |dice| quoted(&dice.text(300))),
        14 => kind("BINARY(6)", true, |dice| hexadecimal(&dice.bytes(6))),
        15 => kind("VARBINARY(20)", true, |dice| hexadecimal(&dice.bytes(20))),
        16 => kind("BLOB", false, |dice| hexadecimal(&dice.bytes(300))),
        17 => kind("DATE", true, |dice| {
            let zero = *dice.pick(&["'0000-00-00'", "'2024-02-30'", "'9999-12-31'"]);
            if dice.one_in(4) { zero.to_owned() } else { format!("{}'", &moment(dice)[..11]) }
        }),
        18 => kind("DATETIME(6)", true, moment),
        19 => kind("TIMESTAMP(3)", false, moment),
        20 => kind("TIME(6)", true, |dice| {
            let (hour, minute, second) = (dice.below(838), dice.below(60), dice.below(60));
            format!("'{}{hour}:{minute:02}:{second:02}.{:06}'", dice.pick(&["-", ""]), dice.below(1_000_000))
        }),
        21 => kind("YEAR", false, |dice| (1901 + dice.below(255)).to_string()),
        22 | 23 => {
            let members = members(dice);
            let (word, count) = (*dice.pick(&["ENUM", "SET"]), members.len());
            let list: Vec<String> = members.iter().map(|member| quoted(member)).collect();
            let highest = if word == "ENUM" { count } else { (1 << count) - 1 };
            kind(format!("{word}({})", list.join(",")), false, move |dice| {
                (1 + dice.below(highest)).to_string()
            })
        }
        _ => kind("JSON", false, |dice| {
            let text = serde_json::to_string(&dice.text(20)).expect("a text");
            quoted(&format!("{{\"{}\": [{}, null, {text}]}}", dice.below(9), dice.below(1000)))
        }),
    }
}

/// Makes a table and fills it; what the server refuses is left out.
async fn random_table(bed: &Bed, database: &str, number: usize, dice: &mut Dice) {
    let name = format!(
        "`t{number}{}`",
        dice.text(8).replace('`', "``").replace(['\0', '\u{1a}', '😀'], "").trim_end()
    );
    let kinds: Vec<Kind> = (0..=dice.below(8)).map(|_| random_kind(dice)).collect();
    let keyable: Vec<usize> = (0..kinds.len()).filter(|&column| kinds[column].key).collect();
    let mut key: Vec<usize> = keyable.iter().copied().filter(|_| !dice.one_in(3)).take(3).collect();
    if dice.one_in(4) {
        key.clear();
    }
    let mut items = Vec::new();
    for (column, kind) in kinds.iter().enumerate() {
        let must = if key.contains(&column) { " NOT NULL" } else { " NULL" };
        let comment =
            if dice.one_in(3) { format!(" COMMENT {}", quoted(&dice.text(15))) } else { String::new() };
        items.push(format!("c{column} {}{must}{comment}", kind.declared));
    }
    if dice.one_in(3) {
        items.push("g INT AS (1 + 1) VIRTUAL".to_owned());
    }
    let columns =
        |columns: &[usize]| columns.iter().map(|column| format!("c{column}")).collect::<Vec<_>>().join(",");
    if !key.is_empty() {
        items.push(format!("PRIMARY KEY ({})", columns(&key)));
    }
    if let Some(&column) = keyable.first()
        && dice.one_in(2)
    {
        items.push(format!("{} k ({})", dice.pick(&["KEY", "UNIQUE KEY"]), columns(&[column])));
    }
    let create = format!("CREATE TABLE {name} ({}) COMMENT {}", items.join(", "), quoted(&dice.text(20)));
    let mut session = bed.session().await;
    for sql in
        ["SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'", &format!("USE {database}"), &create]
    {
        run(&mut session, sql).await;
    }
    let names: Vec<String> = (0..kinds.len()).map(|column| format!("c{column}")).collect();
    for _ in 0..dice.below(4) {
        let mut rows = Vec::new();
        for _ in 0..=dice.below(90) {
            let value = |(column, kind): (usize, &Kind)| {
                if !key.contains(&column) && dice.one_in(6) { "NULL".to_owned() } else { (kind.value)(dice) }
            };
            rows.push(format!("({})", kinds.iter().enumerate().map(value).collect::<Vec<_>>().join(",")));
        }
        let insert = format!("INSERT IGNORE INTO {name} ({}) VALUES {}", names.join(","), rows.join(","));
        run(&mut session, &insert).await;
    }
    session.close().await;
}

pub(crate) fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

#[tokio::test]
async fn random_tables_come_back_as_they_were() {
    come_back(&Bed::shared(), true).await;
}

#[tokio::test]
async fn random_tables_of_mariadb_come_back_as_they_were() {
    come_back(&Bed::mariadb(), false).await;
}

async fn come_back(bed: &Bed, wide: bool) {
    let seed = setting("LIFEBOAT_SEED", 1);
    let mut rows = 0;
    for seed in seed..seed + setting("LIFEBOAT_ROUNDS", 3) {
        println!("seed {seed}");
        let mut dice = Dice::new(seed, wide);
        bed.database("d_random", &[]).await;
        bed.no_database("d_random_2");
        for number in 0..6 {
            random_table(bed, "d_random", number, &mut dice).await;
        }
        let id = format!("random-{seed}");
        let compression = *dice.pick(&[
            Compression::None,
            Compression::Lz4,
            Compression::Zstd { level: 1 },
            Compression::Zstd { level: 9 },
        ]);
        let chunk = ChunkAim { rows: Some(1 + dice.below(60) as u64), ..ChunkAim::default() };
        let options =
            Options { selection: selection(&["d_random"]), compression, chunk, ..Options::default() };
        let manifest = bed.dump_with(&id.parse().expect("an id"), &options).await.expect("a dump");
        rows += manifest.totals.rows;
        assert_eq!(bed.verify(&id).await.findings, []);
        assert_eq!(bed.compare(&id, &[]).await.findings, []);
        bed.load(&id, &[("d_random", "d_random_2")]).await;
        same(bed, "d_random", "d_random_2").await;
        let mut session = bed.session().await;
        assert_eq!(query(&mut session, "SHOW TABLES FROM d_random_2").await.len(), 6);
        session.close().await;
    }
    assert!(rows > 100, "{rows} rows are no test");
}
