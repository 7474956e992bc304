//! Splitting a table into chunks that are read separately, by its primary key.
//!
//! If keys are integers that are close together, such as counters, the cuts are computed: a range of N numbers
//! contains at most N rows. Otherwise each cut is queried: it is the key N rows after the last cut. The server finds
//! it by counting along the index, which works for every kind of key: sparse, skewed, composite, text. But this reads
//! the whole index, which takes as long as reading the rows if the table is not cached.

use std::collections::HashSet;

use oceanbase::catalog::{self, KeyColumn};
use oceanbase::statement::identifier;
use oceanbase::{Row, Session, Statement};

use crate::column::{Column, Form};
use crate::encode::push_literal;
use crate::error::{DuringSql as _, Result};
use crate::id::DumpId;
use crate::moment::Moment;
use crate::plan::{Chunk, TablePlan, full_name};

/// A table with fewer rows than this is not split, and the length of its rows is not queried.
pub(crate) const SMALL_TABLE_ROWS: u64 = 1000;

/// The number of rows that are read to estimate the row length.
const SAMPLE_ROWS: u64 = 200;

/// The most rows in a chunk, however short they are.
const CHUNK_MOST_ROWS: u64 = 5_000_000;

/// The server's error number for a column that does not exist or is hidden.
const UNKNOWN_COLUMN: u16 = 1054;

/// The number of chunks of one size before the size doubles.
const CHUNKS_OF_A_SIZE: usize = 16;

/// The largest average distance between keys for which cuts are computed. At this distance, a computed chunk contains
/// half of the intended rows on average. No chunk contains more rows than intended.
const NUMBERS_PER_ROW_MOST: u64 = 2;

/// How often the chunk size doubles: the first chunks are an eighth of the largest.
const DOUBLINGS_MOST: usize = 3;

/// How large the chunks should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkAim {
    /// The approximate bytes of values in the largest chunks. A table's first chunks are smaller: then tables of any
    /// size keep all connections busy, and the chunks that are read last are short.
    pub bytes: u64,
    /// Exactly this many rows instead.
    pub rows: Option<u64>,
}

impl Default for ChunkAim {
    fn default() -> Self {
        Self { bytes: 64 << 20, rows: None }
    }
}

/// Returns the columns by which a table can be cut: its primary key, if the literals of all its types sort like the
/// values.
pub(crate) fn usable_key(key: &[KeyColumn], columns: &[(catalog::Column, Form)]) -> Vec<Column> {
    let usable = |part: &KeyColumn| {
        let (column, form) = columns.iter().find(|(column, _)| column.name == part.name)?;
        let declared = column.column_type.to_ascii_lowercase();
        let base = declared.split(['(', ' ']).next().unwrap_or_default();
        let ordered = matches!(
            base,
            "tinyint"
                | "smallint"
                | "mediumint"
                | "int"
                | "integer"
                | "bigint"
                | "decimal"
                | "numeric"
                | "date"
                | "datetime"
                | "timestamp"
                | "char"
                | "varchar"
                | "binary"
                | "varbinary"
        );
        // A key is compared as text, in any character set.
        let form = if *form == Form::Raw { Form::Text } else { *form };
        let ordered = ordered && form != Form::Generated; // its value is not read
        (ordered && !part.prefix).then(|| Column { name: column.name.clone(), form })
    };
    key.iter().map(usable).collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// Returns the key that OceanBase gives to tables without one.
pub(crate) fn hidden_key() -> Vec<Column> {
    vec![Column { name: "__pk_increment".to_owned(), form: Form::Number }]
}

/// Returns a table as one chunk, or one for each partition.
pub(crate) fn whole(partitions: &[String]) -> Vec<Chunk> {
    if partitions.is_empty() {
        return vec![Chunk::default()];
    }
    let chunk = |name: &String| Chunk { partition: Some(name.clone()), ..Chunk::default() };
    partitions.iter().map(chunk).collect()
}

/// What is known about the number of rows of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownRows {
    /// The server's estimate.
    pub(crate) guess: u64,
    /// Whether there are too few rows to split, if the server was queried.
    pub(crate) are_few: Option<bool>,
}

/// Determines the chunks of a database's tables.
pub(crate) struct Cutter<'a> {
    pub(crate) dump: &'a DumpId,
    pub(crate) scn: u64,
    pub(crate) moment: Moment,
    pub(crate) database: &'a str,
    pub(crate) aim: ChunkAim,
}

impl Cutter<'_> {
    /// Returns whether the server shows the hidden key of a table.
    pub(crate) async fn sees_hidden_key(&self, session: &mut Session, table: &TablePlan) -> Result<bool> {
        let sql = format!("{} LIMIT 1", select_rows(self.moment, self.database, table, &Chunk::default()));
        match session.rows(&Statement::read(sql).within(crate::LONG_READ)).await {
            Err(error) if error.number() == Some(UNKNOWN_COLUMN) => Ok(false),
            answer => self.read(table, answer).map(|_| true),
        }
    }

    /// Returns for each of these tables, which have keys, whether it is too small to be cut. The server plans one
    /// statement for many tables in half the time of one statement for each.
    pub(crate) async fn are_small(&self, session: &mut Session, tables: &[&TablePlan]) -> Result<Vec<bool>> {
        let row_there = |table: &&TablePlan| {
            let order = key_list(&table.key);
            format!("({})", self.row_at(table, "1", &Chunk::default(), &order, SMALL_TABLE_ROWS - 1))
        };
        let sql = format!("SELECT {}", tables.iter().map(row_there).collect::<Vec<_>>().join(","));
        let rows = session.rows(&Statement::read(sql).within(crate::LONG_READ)).await;
        let what = || format!("look which tables of `{}` are small", self.database);
        let rows = rows.during_read(self.dump, self.scn, what)?;
        Ok((0..tables.len())
            .map(|place| rows.first().is_some_and(|row| row.bytes(place).is_none()))
            .collect())
    }

    /// Returns the chunks of a table in the order of partitions and keys; `None` if the server orders the keys
    /// inconsistently.
    pub(crate) async fn cut(
        &self,
        session: &mut Session,
        table: &TablePlan,
        partitions: &[String],
        known: KnownRows,
    ) -> Result<Option<Vec<Chunk>>> {
        let mut chunks = Vec::new();
        for part in whole(partitions) {
            match self.cut_part(session, table, part, known).await? {
                Some(cut) => chunks.extend(cut),
                None => return Ok(None),
            }
        }
        Ok(Some(chunks))
    }

    async fn cut_part(
        &self,
        session: &mut Session,
        table: &TablePlan,
        mut rest: Chunk,
        known: KnownRows,
    ) -> Result<Option<Vec<Chunk>>> {
        let mut chunks = Vec::new();
        if !table.key.is_empty()
            && let Some(rows) = self.rows_per_chunk(session, table, &rest, known.are_few).await?
        {
            // How the numbers are distributed over partitions is unknown.
            if rest.partition.is_none()
                && let Some((first, last)) = self.whole_numbers(session, table).await?
                && let Some(cuts) = reckoned(first, last, known.guess, |chunks| self.grown(rows, chunks))
            {
                chunks.extend(cuts.iter().map(|cut| rest.cut_off(vec![cut.to_string()])));
                chunks.push(rest);
                return Ok(Some(chunks));
            }
            let mut cuts = HashSet::new();
            while let Some(cut) = self.key_after(session, table, &rest, self.grown(rows, cuts.len())).await? {
                // If a server compares keys differently from how it sorts them, the cuts repeat.
                if !cuts.insert(cut.clone()) {
                    return Ok(None);
                }
                chunks.push(rest.cut_off(cut));
            }
        }
        chunks.push(rest);
        Ok(Some(chunks))
    }

    /// Returns the first and the last key if the key is one integer; `None` if the caller requests exact row counts.
    async fn whole_numbers(&self, session: &mut Session, table: &TablePlan) -> Result<Option<(i128, i128)>> {
        let [Column { form: Form::Number, .. }] = &table.key[..] else { return Ok(None) };
        if self.aim.rows.is_some() {
            return Ok(None);
        }
        let (order, all) = (key_list(&table.key), Chunk::default());
        let first = self.key_at(session, table, &all, &order, 0).await?;
        let last = self.key_at(session, table, &all, &format!("{order} DESC"), 0).await?;
        // A number with digits after the point is not a whole number.
        let whole = |key: Option<Vec<String>>| key.and_then(|key| key.first()?.parse().ok());
        Ok(whole(first).zip(whole(last)))
    }

    /// Returns the number of rows of the next chunk after this many chunks.
    fn grown(&self, first: u64, chunks: usize) -> u64 {
        if self.aim.rows.is_some() {
            return first;
        }
        let doublings = (chunks / CHUNKS_OF_A_SIZE).min(DOUBLINGS_MOST);
        (first << doublings).min(CHUNK_MOST_ROWS)
    }

    /// Returns the number of rows of the first chunks; `None` if the table is too small to be cut.
    async fn rows_per_chunk(
        &self,
        session: &mut Session,
        table: &TablePlan,
        whole: &Chunk,
        are_few: Option<bool>,
    ) -> Result<Option<u64>> {
        if self.aim.rows.is_some() {
            return Ok(self.aim.rows.map(|rows| rows.max(1)));
        }
        let are_few = match are_few {
            Some(are_few) => are_few,
            None => self.key_after(session, table, whole, SMALL_TABLE_ROWS).await?.is_none(),
        };
        if are_few {
            return Ok(None);
        }
        let sql = format!("{} LIMIT {SAMPLE_ROWS}", select_rows(self.moment, self.database, table, whole));
        let sample = self.rows(session, table, sql).await?;
        let bytes: usize = sample
            .iter()
            .map(|row| {
                (0..row.width()).filter_map(|place| row.bytes(place)).map(|v| v.len() + 1).sum::<usize>()
            })
            .sum();
        let per_row = (bytes / sample.len().max(1)).max(1) as u64;
        Ok(Some(rounded((self.aim.bytes >> DOUBLINGS_MOST) / per_row).clamp(1, CHUNK_MOST_ROWS)))
    }

    /// Returns the key of the `rows`-th row from the beginning of a chunk.
    async fn key_after(
        &self,
        session: &mut Session,
        table: &TablePlan,
        from: &Chunk,
        rows: u64,
    ) -> Result<Option<Vec<String>>> {
        self.key_at(session, table, from, &key_list(&table.key), rows - 1).await
    }

    /// Returns the key of the row after this many rows of a chunk, in that order.
    async fn key_at(
        &self,
        session: &mut Session,
        table: &TablePlan,
        from: &Chunk,
        order: &str,
        behind: u64,
    ) -> Result<Option<Vec<String>>> {
        let key = &table.key;
        let values: Vec<String> = key.iter().map(|column| column.form.expression(&column.name)).collect();
        let sql = self.row_at(table, &values.join(","), from, order, behind);
        let found = self.rows(session, table, sql).await?;
        let literals = |row: &Row| -> Vec<String> {
            key.iter().enumerate().map(|(place, column)| literal(column.form, row.bytes(place))).collect()
        };
        Ok(found.first().map(literals))
    }

    /// Returns the query for an expression on the row after this many rows of a chunk, in that order.
    fn row_at(&self, table: &TablePlan, what: &str, from: &Chunk, order: &str, behind: u64) -> String {
        let (hint, bounds) = (self.moment.hint(table.hidden_key), condition(self.moment, &table.key, from));
        let source = self.moment.source(self.database, table, from);
        format!("SELECT {hint}{what} FROM {source}{bounds} ORDER BY {order} LIMIT {behind},1")
    }

    async fn rows(&self, session: &mut Session, table: &TablePlan, sql: String) -> Result<Vec<Row>> {
        let rows = session.rows(&Statement::read(sql).within(crate::LONG_READ)).await;
        self.read(table, rows)
    }

    fn read<T>(&self, table: &TablePlan, answer: std::result::Result<T, oceanbase::Error>) -> Result<T> {
        answer.during_read(self.dump, self.scn, || format!("read {}", full_name(self.database, &table.name)))
    }
}

/// Returns the cuts between two integers so that no chunk holds more rows than `rows`; `None` if the keys are too
/// sparse.
fn reckoned(first: i128, last: i128, rows_guess: u64, rows: impl Fn(usize) -> u64) -> Option<Vec<i128>> {
    let numbers = last.checked_sub(first)?.checked_add(1)?;
    if numbers > i128::from(rows_guess) * i128::from(NUMBERS_PER_ROW_MOST) {
        return None;
    }
    let (mut cuts, mut cut) = (Vec::new(), first.checked_sub(1)?);
    loop {
        cut = cut.checked_add(i128::from(rows(cuts.len()).max(1)))?;
        if cut >= last {
            return Some(cuts);
        }
        cuts.push(cut);
    }
}

/// Rounds a number of rows down to its four leading bits: statements contain a power of two of rows, and a chunk at
/// least eight statements, so no short statement remains.
fn rounded(rows: u64) -> u64 {
    let step = 1 << rows.max(1).ilog2().saturating_sub(3);
    rows / step * step
}

fn literal(form: Form, value: Option<&[u8]>) -> String {
    let mut sql = Vec::new();
    // A text with bytes that are invalid in its character set would be cut at the wrong place. Written as bytes, it
    // keeps its place in the order.
    let form =
        if value.is_some_and(|value| std::str::from_utf8(value).is_err()) { Form::Bytes } else { form };
    push_literal(&mut sql, form, value);
    String::from_utf8_lossy(&sql).into_owned()
}

/// Returns the query that reads a chunk.
pub(crate) fn select_rows(moment: Moment, database: &str, table: &TablePlan, chunk: &Chunk) -> String {
    let columns: Vec<String> =
        table.columns.iter().map(|column| column.form.expression(&column.name)).collect();
    let order =
        if table.key.is_empty() { String::new() } else { format!(" ORDER BY {}", key_list(&table.key)) };
    let (hint, from) = (moment.hint(table.hidden_key), moment.source(database, table, chunk));
    format!("SELECT {hint}{} FROM {from}{}{order}", columns.join(","), condition(moment, &table.key, chunk))
}

/// Returns the WHERE clause with the bounds of a chunk; empty if it has none.
pub(crate) fn condition(moment: Moment, key: &[Column], chunk: &Chunk) -> String {
    let bounds: Vec<String> = [(&chunk.after, false), (&chunk.up_to, true)]
        .into_iter()
        .filter_map(|(values, last)| values.as_ref().map(|values| moment.bound(key, values, last)))
        .collect();
    if bounds.is_empty() { String::new() } else { format!(" WHERE {}", bounds.join(" AND ")) }
}

fn key_list(key: &[Column]) -> String {
    key.iter().map(|column| format!("x.{}", identifier(&column.name))).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use oceanbase::catalog::{self, KeyColumn};
    use proptest::prelude::*;

    use super::{hidden_key, literal, reckoned, select_rows, usable_key};
    use crate::column::{Column, Form};
    use crate::moment::Moment;
    use crate::plan::{Chunk, Identity, TablePlan};

    #[test]
    fn the_query_of_a_chunk_is_the_measured_one() {
        let column = |name: &str, form| Column { name: name.to_owned(), form };
        let table = TablePlan {
            name: "or`ders".to_owned(),
            columns: vec![column("a", Form::Number), column("b", Form::Text), column("f", Form::Float)],
            key: vec![column("a", Form::Number), column("b", Form::Text)],
            hidden_key: false,
            identity: Identity { id: None, columns: vec![], essence: String::new(), version: None },
            chunks: vec![],
        };
        let chunk = Chunk {
            partition: Some("p0".to_owned()),
            after: Some(vec!["-5".to_owned(), "'x'".to_owned()]),
            up_to: Some(vec!["7".to_owned(), literal(Form::Text, Some(b"it's"))]),
        };
        assert_eq!(
            select_rows(Moment::Scn(99), "shop", &table, &chunk),
            "SELECT /*+ full(x) */ x.`a`,x.`b`,x.`f`*1e0 FROM `shop`.`or``ders` PARTITION(`p0`) AS OF SNAPSHOT 99 x \
             WHERE (x.`a`,x.`b`)>(-5,'x') AND (x.`a`,x.`b`)<=(7,'it\\'s') ORDER BY x.`a`,x.`b`"
        );
        let whole = TablePlan { key: vec![], ..table };
        assert_eq!(
            select_rows(Moment::Scn(99), "shop", &whole, &Chunk::default()),
            "SELECT /*+ full(x) */ x.`a`,x.`b`,x.`f`*1e0 FROM `shop`.`or``ders` AS OF SNAPSHOT 99 x"
        );
    }

    #[test]
    fn mysql_is_queried_column_by_column() {
        let column = |name: &str| Column { name: name.to_owned(), form: Form::Number };
        let table = TablePlan {
            name: "t".to_owned(),
            columns: vec![column("a"), column("v")],
            key: vec![column("a"), column("b")],
            hidden_key: false,
            identity: Identity { id: None, columns: vec![], essence: String::new(), version: None },
            chunks: vec![],
        };
        let values = |values: &[&str]| Some(values.iter().map(|&value| value.to_owned()).collect());
        let chunk = Chunk { partition: None, after: values(&["1", "2"]), up_to: values(&["3", "4"]) };
        assert_eq!(
            select_rows(Moment::Transaction, "shop", &table, &chunk),
            "SELECT x.`a`,x.`v` FROM `shop`.`t` x FORCE INDEX (PRIMARY) \
             WHERE ((x.`a`>1) OR (x.`a`=1 AND x.`b`>2)) AND ((x.`a`<3) OR (x.`a`=3 AND x.`b`<=4)) ORDER BY x.`a`,x.`b`"
        );
        let whole = TablePlan { key: vec![], ..table };
        assert_eq!(
            select_rows(Moment::Transaction, "shop", &whole, &Chunk::default()),
            "SELECT x.`a`,x.`v` FROM `shop`.`t` x"
        );
    }

    #[test]
    fn whole_numbers_are_cut_only_where_they_lie_close_together() {
        let of = |size| move |_: usize| size;
        assert_eq!(reckoned(1, 10, 10, of(4)), Some(vec![4, 8]));
        assert_eq!(reckoned(1, 8, 10, of(4)), Some(vec![4]), "nothing is left behind the last cut");
        assert_eq!(reckoned(-5, 5, 11, of(4)), Some(vec![-2, 2]));
        assert_eq!(reckoned(1, 10, 5, of(4)), Some(vec![4, 8]), "two numbers for each row");
        assert_eq!(reckoned(1, 11, 5, of(4)), None);
        assert_eq!(reckoned(1, 3_000, 0, of(4)), None, "the server does not know how many rows there are");
        assert_eq!(reckoned(i128::from(i64::MIN), i128::from(u64::MAX), u64::MAX / 4, of(4)), None);
        assert_eq!(reckoned(i128::MIN, i128::MAX, u64::MAX, of(4)), None);
    }

    proptest! {
        #[test]
        fn no_reckoned_chunk_holds_more_numbers_than_rows_are_wished(
            first in -1000i128..1000, numbers in 1i128..5000, size in 1u64..700
        ) {
            let last = first + numbers - 1;
            let cuts = reckoned(first, last, 5000, |chunks| size << (chunks / 4).min(2)).expect("close together");
            let mut before = first - 1;
            for (place, &cut) in cuts.iter().enumerate() {
                prop_assert_eq!(cut - before, i128::from(size << (place / 4).min(2)));
                before = cut;
            }
            prop_assert!(before < last && last - before <= i128::from(size << (cuts.len() / 4).min(2)));
        }
    }

    #[test]
    fn a_hidden_key_is_selected() {
        let table = TablePlan {
            name: "t".to_owned(),
            columns: vec![Column { name: "a".to_owned(), form: Form::Number }],
            key: hidden_key(),
            hidden_key: true,
            identity: Identity { id: None, columns: vec![], essence: String::new(), version: None },
            chunks: vec![],
        };
        let chunk = Chunk { after: Some(vec!["5".to_owned()]), ..Chunk::default() };
        assert_eq!(
            select_rows(Moment::Scn(99), "shop", &table, &chunk),
            "SELECT /*+ opt_param('hidden_column_visible','true') full(x) */ x.`a` FROM `shop`.`t` AS OF SNAPSHOT 99 x \
             WHERE (x.`__pk_increment`)>(5) ORDER BY x.`__pk_increment`"
        );
    }

    #[test]
    fn a_key_that_would_not_keep_its_order_is_not_used() {
        let columns: Vec<_> = ["bigint(20)", "varchar(20)", "double", "enum('a')"]
            .into_iter()
            .map(|declared| {
                let column = catalog::Column {
                    name: declared.to_owned(),
                    column_type: declared.to_owned(),
                    character_set: None,
                    generated: false,
                };
                let form = Form::of(&column).expect("a known type");
                (column, form)
            })
            .collect();
        let key = |names: &[&str], prefix| -> Vec<KeyColumn> {
            names.iter().map(|&name| KeyColumn { name: name.to_owned(), prefix }).collect()
        };
        assert_eq!(usable_key(&key(&["bigint(20)", "varchar(20)"], false), &columns).len(), 2);
        for unusable in
            [key(&["varchar(20)"], true), key(&["bigint(20)", "double"], false), key(&["enum('a')"], false)]
        {
            assert_eq!(usable_key(&unusable, &columns), []);
        }
        assert_eq!(literal(Form::Text, Some(b"\xff")), "0xFF");
    }
}
