//! The parts of a CREATE TABLE: those that it is created with, and the keys that are cheaper to add after the rows.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::ddl::group::without_table_group;
use crate::ddl::qualified::Qualified;
use crate::ddl::qualify::with_reference;
use crate::ddl::token::{Token, TokenKind, tokens};

/// A CREATE TABLE statement, split at its commas.
#[derive(Debug)]
pub(crate) struct TableDefinition {
    /// The text up to and including the opening bracket.
    head: Vec<u8>,
    items: Vec<Item>,
    /// The text from the closing bracket on.
    tail: Vec<u8>,
}

/// The text between two commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) kind: ItemKind,
    pub(crate) text: Vec<u8>,
}

/// What an item of a table's definition is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ItemKind {
    /// A column of that name.
    Column { name: String, counts: bool },
    /// A plain or unique key of that name, over these columns first.
    Key { name: String, first_column: Option<String> },
    /// A foreign key of that name.
    ForeignKey { name: Option<String> },
    /// The primary key, a check, a full-text, spatial or vector key: created with the table.
    Other,
}

impl TableDefinition {
    /// Splits the text of SHOW CREATE TABLE; `None` if its form is unknown.
    pub(crate) fn read(sql: &[u8]) -> Option<Self> {
        let tokens = tokens(sql);
        let (open, close) = brackets(&tokens)?;
        let text = |range: Range<usize>| -> Vec<u8> {
            tokens[range].iter().flat_map(|token| token.text.iter().copied()).collect()
        };
        let mut items = Vec::new();
        let (mut depth, mut begin) = (0, open + 1);
        for place in open + 1..=close {
            let token = tokens[place];
            if depth == 0 && (token.is_sign(b',') || place == close) {
                let kind = kind(&tokens[begin..place])?;
                items.push(Item { kind, text: text(begin..place).trim_ascii().to_vec() });
                begin = place + 1;
            } else if token.is_sign(b'(') {
                depth += 1;
            } else if token.is_sign(b')') {
                depth -= 1;
            }
        }
        Some(Self { head: text(0..open + 1), items, tail: text(close..tokens.len()) })
    }

    /// Rewrites the tables that foreign keys refer to, see [`with_reference`].
    pub(crate) fn refer(&mut self, database: impl Fn(&str) -> Option<String>) {
        for item in &mut self.items {
            if matches!(item.kind, ItemKind::ForeignKey { .. }) {
                item.text = with_reference(&item.text, &database);
            }
        }
    }

    /// Removes the table's own database before the names of sequences in defaults.
    pub(crate) fn leave_database(&mut self, own: &str) {
        self.rewrite(|text| Qualified::read(text, |name| name == own).without());
    }

    /// Replaces the database names before the names of sequences. For foreign keys, see [`Self::refer`].
    pub(crate) fn rename(&mut self, names: &BTreeMap<String, String>) {
        self.rewrite(|text| Qualified::read(text, |name| names.contains_key(name)).renamed(names));
    }

    fn rewrite(&mut self, new: impl Fn(&[u8]) -> Vec<u8>) {
        for item in self.items.iter_mut().filter(|item| !matches!(item.kind, ItemKind::ForeignKey { .. })) {
            item.text = new(&item.text);
        }
    }

    /// Removes the marks of columns in an old format. Servers print them as comments, and create columns in the
    /// current format, which has the same values.
    pub(crate) fn leave_format_marks(&mut self) {
        for item in self.items.iter_mut().filter(|item| matches!(item.kind, ItemKind::Column { .. })) {
            item.text = without_format_marks(&item.text);
        }
    }

    /// Removes the table group; returns whether there was one.
    pub(crate) fn leave_group(&mut self) -> bool {
        let (tail, had_one) = without_table_group(&self.tail);
        self.tail = tail;
        had_one
    }

    /// Removes the directories of the table and its partitions; returns whether there was one. Those of the source may
    /// not exist in the target, and a statement of a dump names no file.
    pub(crate) fn leave_directories(&mut self) -> bool {
        let tail = without_directories(&self.tail);
        let had_one = tail != self.tail;
        self.tail = tail;
        had_one
    }

    /// Returns the complete statement that creates the table.
    pub(crate) fn whole(&self) -> Vec<u8> {
        self.joined(|_| true)
    }

    /// Returns the statement that creates the table without its foreign keys.
    pub(crate) fn without_foreign_keys(&self) -> Vec<u8> {
        self.joined(|item| !matches!(item.kind, ItemKind::ForeignKey { .. }))
    }

    /// Returns the statement that creates the table for the load of its rows: without foreign keys and without the
    /// keys that can wait.
    pub(crate) fn bare(&self) -> Vec<u8> {
        self.joined(|item| !self.can_wait(item) && !matches!(item.kind, ItemKind::ForeignKey { .. }))
    }

    /// Returns the keys that [`Self::bare`] leaves out, by name.
    pub(crate) fn late_keys(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.items.iter().filter(|item| self.can_wait(item)).filter_map(|item| match &item.kind {
            ItemKind::Key { name, .. } => Some((name.as_str(), item.text.as_slice())),
            _ => None,
        })
    }

    /// Returns the names of the columns.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Column { name, .. } => Some(name.as_str()),
            _ => None,
        })
    }

    /// Returns the definitions of the columns, by name.
    pub(crate) fn column_items(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Column { name, .. } => Some((name.as_str(), item.text.as_slice())),
            _ => None,
        })
    }

    /// Returns whether it has these columns and others: a server shows only columns on which a user has privileges.
    pub(crate) fn has_more_columns(&self, known: &[&str]) -> bool {
        let named: Vec<&str> = self.columns().collect();
        known.len() < named.len() && known.iter().all(|name| named.contains(name))
    }

    /// Returns the foreign keys with their names.
    pub(crate) fn foreign_keys(&self) -> impl Iterator<Item = (Option<&str>, &[u8])> {
        self.items.iter().filter_map(|item| match &item.kind {
            ItemKind::ForeignKey { name } => Some((name.as_deref(), item.text.as_slice())),
            _ => None,
        })
    }

    /// Returns whether there are keys that must be created with the table: full-text, spatial, functional ones.
    pub(crate) fn has_special_keys(&self) -> bool {
        let special = |item: &Item| {
            let first = tokens(&item.text).into_iter().next();
            item.kind == ItemKind::Other
                && first.is_some_and(|word| {
                    ["FULLTEXT", "SPATIAL", "VECTOR", "INDEX", "KEY", "UNIQUE"]
                        .iter()
                        .any(|known| word.is_word(known))
                })
        };
        self.items.iter().any(special)
    }

    /// Returns whether the rows are stored in the order of insertion, and the primary key is a separate index.
    pub(crate) fn is_heap(&self) -> bool {
        let tokens: Vec<Token<'_>> =
            tokens(&self.tail).into_iter().filter(|token| !token.is_blank()).collect();
        tokens.windows(2).any(|pair| pair[0].is_word("ORGANIZATION") && pair[1].is_word("HEAP"))
    }

    /// Returns the part of the statement that affects how rows are read: without keys, and without the next
    /// AUTO_INCREMENT value, which changes with every row.
    pub(crate) fn essence(&self) -> Vec<u8> {
        let bare = self.joined(|item| matches!(item.kind, ItemKind::Column { .. } | ItemKind::Other));
        let tokens: Vec<Token<'_>> = tokens(&bare).into_iter().filter(|token| !token.is_blank()).collect();
        let mut essence = Vec::with_capacity(bare.len());
        let mut skip = 0;
        for (place, token) in tokens.iter().enumerate() {
            let next_number =
                token.is_word("AUTO_INCREMENT") && tokens.get(place + 1).is_some_and(|t| t.is_sign(b'='));
            if next_number {
                skip = 3; // AUTO_INCREMENT = 55
            }
            if skip > 0 {
                skip -= 1;
            } else {
                essence.extend_from_slice(token.text);
                essence.push(b' ');
            }
        }
        essence
    }

    /// A key that begins with an AUTO_INCREMENT column can't wait: MySQL refuses such a column without a key.
    fn can_wait(&self, item: &Item) -> bool {
        let ItemKind::Key { first_column, .. } = &item.kind else { return false };
        !self.items.iter().any(|other| {
            matches!(&other.kind, ItemKind::Column { name, counts: true } if Some(name) == first_column.as_ref())
        })
    }

    fn joined(&self, belongs: impl Fn(&Item) -> bool) -> Vec<u8> {
        let mut sql = self.head.clone();
        let items: Vec<&[u8]> =
            self.items.iter().filter(|item| belongs(item)).map(|item| item.text.as_slice()).collect();
        for (place, item) in items.iter().enumerate() {
            sql.extend_from_slice(if place == 0 { b"\n  " } else { b",\n  " });
            sql.extend_from_slice(item);
        }
        sql.push(b'\n');
        sql.extend_from_slice(&self.tail);
        sql
    }
}

/// The comments by which MariaDB and MySQL mark a TIME, DATETIME or TIMESTAMP column in an old format.
const FORMAT_MARKS: [&[u8]; 2] = [b"/* mariadb-5.3 */", b"/* 5.5 binary format */"];

fn without_format_marks(column: &[u8]) -> Vec<u8> {
    let is_mark = |token: &Token<'_>| token.kind == TokenKind::Comment && FORMAT_MARKS.contains(&token.text);
    let tokens = tokens(column);
    let mut text = Vec::with_capacity(column.len());
    for (place, token) in tokens.iter().enumerate() {
        let is_before_mark = token.kind == TokenKind::Space && tokens.get(place + 1).is_some_and(is_mark);
        if !is_mark(token) && !is_before_mark {
            text.extend_from_slice(token.text);
        }
    }
    text
}

/// Removes `DATA DIRECTORY = '…'` and `INDEX DIRECTORY = '…'`.
fn without_directories(tail: &[u8]) -> Vec<u8> {
    let all = tokens(tail);
    let solid: Vec<usize> = (0..all.len()).filter(|&place| !all[place].is_blank()).collect();
    let mut skipped = vec![false; all.len()];
    for (at, pair) in solid.windows(2).enumerate() {
        if !all[pair[0]].is_any(&["DATA", "INDEX"]) || !all[pair[1]].is_word("DIRECTORY") {
            continue;
        }
        let has_sign = solid.get(at + 2).is_some_and(|&place| all[place].is_sign(b'='));
        let value = solid.get(at + 2 + usize::from(has_sign)).copied();
        if let Some(value) = value.filter(|&place| all[place].kind == TokenKind::Literal) {
            skipped[pair[0].saturating_sub(1)] |= pair[0] > 0 && all[pair[0] - 1].kind == TokenKind::Space;
            skipped[pair[0]..=value].fill(true);
        }
    }
    let kept = all.iter().zip(skipped).filter(|(_, is_skipped)| !is_skipped);
    kept.flat_map(|(token, _)| token.text.iter().copied()).collect()
}

/// Returns where the list of columns begins and ends.
fn brackets(tokens: &[Token<'_>]) -> Option<(usize, usize)> {
    let open = tokens.iter().position(|token| token.is_sign(b'('))?;
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate().skip(open) {
        if token.is_sign(b'(') {
            depth += 1;
        } else if token.is_sign(b')') {
            depth -= 1;
            if depth == 0 {
                return Some((open, place));
            }
        }
    }
    None
}

fn kind(item: &[Token<'_>]) -> Option<ItemKind> {
    let mut tokens = item.iter().filter(|token| !token.is_blank()).peekable();
    let first = tokens.next()?;
    if first.kind == TokenKind::Name {
        let counts = tokens.any(|token| token.is_word("AUTO_INCREMENT"));
        return Some(ItemKind::Column { name: first.name()?, counts });
    }
    if first.is_word("CONSTRAINT") || first.is_word("FOREIGN") {
        let name = if first.is_word("CONSTRAINT") { tokens.next()?.name() } else { None };
        let foreign = first.is_word("FOREIGN") || tokens.next().is_some_and(|token| token.is_word("FOREIGN"));
        return Some(if foreign { ItemKind::ForeignKey { name } } else { ItemKind::Other });
    }
    if first.is_word("UNIQUE")
        && !tokens.next().is_some_and(|token| token.is_word("KEY") || token.is_word("INDEX"))
    {
        return Some(ItemKind::Other);
    }
    // `INDEX` is how OceanBase prints functional keys, which are created with the table.
    if first.is_word("UNIQUE") || first.is_word("KEY") {
        let name = tokens.next()?.name()?;
        let open = tokens.next()?;
        let column = tokens.next()?;
        // `KEY k ((a+b))` is over an expression.
        let first_column = if column.kind == TokenKind::Name { column.name() } else { None };
        return Some(if open.is_sign(b'(') { ItemKind::Key { name, first_column } } else { ItemKind::Other });
    }
    Some(ItemKind::Other)
}

#[cfg(test)]
mod tests {
    use super::TableDefinition;

    const SQL: &str = "CREATE TABLE `t` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `n,(` varchar(20) DEFAULT 'a,)' COMMENT 'x;(\\n y',
  PRIMARY KEY (`n,(`, `id`),
  CONSTRAINT `fk1` FOREIGN KEY (`id`) REFERENCES `par`(`id`) ON DELETE CASCADE ,
  UNIQUE KEY `up` (`n,(`) BLOCK_SIZE 16384 LOCAL,
  KEY `kid` (`id`) LOCAL,
  KEY `kp` (`n,(`(10), `id`) BLOCK_SIZE 16384 LOCAL,
  FULLTEXT KEY `ft` (`n,(`) WITH PARSER space PARSER_PROPERTIES=(a=3,b=84),
  INDEX `m` ((json_query(`j`,'$')) ) LOCAL,
  CONSTRAINT `c1` CHECK ((`id` > 0))
) ORGANIZATION INDEX AUTO_INCREMENT = 55 DEFAULT CHARSET = utf8mb4
 partition by hash(id)
(partition `p0`)";

    #[test]
    fn a_definition_is_cut_into_what_comes_before_and_after_the_rows() {
        let table = TableDefinition::read(SQL.as_bytes()).expect("a table");
        assert_eq!(String::from_utf8(table.whole()).expect("text"), SQL.replace("CASCADE ,", "CASCADE,"));
        let bare = String::from_utf8(table.bare()).expect("text");
        for (text, expected) in [
            ("`up`", false),
            ("`kp`", false),
            ("`fk1`", false),
            ("`kid`", true),
            ("`ft`", true),
            ("`m`", true),
        ] {
            assert_eq!(bare.contains(text), expected, "{text} in {bare}");
        }
        assert!(bare.contains("CHECK ((`id` > 0))\n) ORGANIZATION"), "{bare}");
        let late: Vec<&str> = table.late_keys().map(|(name, _)| name).collect();
        assert_eq!(late, ["up", "kp"]);
        let foreign: Vec<_> = table.foreign_keys().collect();
        assert_eq!(foreign[0].0, Some("fk1"));
        assert!(foreign[0].1.starts_with(b"CONSTRAINT `fk1` FOREIGN KEY"));
        let heap = SQL.replace("ORGANIZATION INDEX", "ORGANIZATION HEAP");
        assert!(!table.is_heap() && TableDefinition::read(heap.as_bytes()).expect("a table").is_heap());
    }

    #[test]
    fn the_essence_changes_with_the_columns_only() {
        let essence = |sql: &str| TableDefinition::read(sql.as_bytes()).expect("a table").essence();
        let same = SQL.replace("= 55", "= 9000").replace("  KEY `kid` (`id`) LOCAL,\n", "");
        assert_eq!(essence(SQL), essence(&same));
        for other in
            [SQL.replace("varchar(20)", "varchar(30)"), SQL.replace("partition by", "partition  by key")]
        {
            assert_ne!(essence(SQL), essence(&other));
        }
    }

    #[test]
    fn marks_of_old_formats_are_left_out() {
        let sql = "CREATE TABLE `t` (
  `a /* mariadb-5.3 */` datetime(3) /* mariadb-5.3 */ DEFAULT NULL COMMENT '/* mariadb-5.3 */',
  `b` time /* 5.5 binary format */ NOT NULL,
  `c` int /* other */
) COMMENT='x'";
        let mut table = TableDefinition::read(sql.as_bytes()).expect("a table");
        table.leave_format_marks();
        let expected = "CREATE TABLE `t` (
  `a /* mariadb-5.3 */` datetime(3) DEFAULT NULL COMMENT '/* mariadb-5.3 */',
  `b` time NOT NULL,
  `c` int /* other */
) COMMENT='x'";
        assert_eq!(String::from_utf8(table.whole()).expect("text"), expected);
    }

    #[test]
    fn directories_are_left_out() {
        let sql = |table: &str, partition: &str| {
            format!(
                "CREATE TABLE `t` (\n  `data` int COMMENT 'DATA DIRECTORY=''x'''\n) ENGINE=InnoDB{table} COMMENT='INDEX DIRECTORY=''x'''\n \
                 PARTITION BY RANGE (`data`)\n(PARTITION `p0` VALUES LESS THAN (10){partition} ENGINE = InnoDB)"
            )
        };
        let whole = sql(" DATA DIRECTORY='/d/' INDEX DIRECTORY='/i'", " DATA DIRECTORY = '/it''s'");
        let mut table = TableDefinition::read(whole.as_bytes()).expect("a table");
        assert!(table.leave_directories() && !table.leave_directories());
        assert_eq!(String::from_utf8(table.whole()).expect("text"), sql("", ""));
    }

    #[test]
    fn only_tables_are_split() {
        for sql in ["", "CREATE VIEW v AS select 1", "CREATE TABLE `t` (`a` int", "CREATE TABLE `t` ()"] {
            assert!(TableDefinition::read(sql.as_bytes()).is_none(), "{sql}");
        }
    }
}
