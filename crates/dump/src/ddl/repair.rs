//! Repairs the output of SHOW CREATE TABLE of OceanBase: texts in ENUM, SET and partition values, printed without
//! escaped quotes and backslashes, and names of partitions, printed without doubled backticks.
//!
//! The inner tables have the true content. From that, the broken text is predicted byte by byte, found in the
//! definition, and replaced. Text that differs from the prediction is refused, not repaired.

use oceanbase::catalog::{MemberColumn, PartitionNames, PartitionValues};

use crate::column::Form;
use crate::ddl::token::{Token, TokenKind, tokens};
use crate::encode::push_literal;

/// Repairs a definition; `None` if it is broken in an unknown way. `names` are the names of its partitions if one
/// contains a backtick.
pub(crate) fn repair(
    definition: &[u8],
    columns: &[MemberColumn],
    partitions: &[PartitionValues],
    names: Option<&PartitionNames>,
) -> Option<Vec<u8>> {
    let mut mended = Mending { rest: definition, done: Vec::with_capacity(definition.len()) };
    for column in columns {
        mended.members(column)?;
    }
    if let Some(names) = names {
        mended.partitions(names, partitions)?;
        return is_well_quoted(&mended.done).then_some(mended.done);
    }
    if partitions.iter().any(|values| values.sub && has_hazard(values)) {
        return None;
    }
    for values in partitions.iter().filter(|values| !values.sub && has_hazard(values)) {
        mended.values(values)?;
    }
    let mut done = mended.done;
    done.extend_from_slice(mended.rest);
    is_well_quoted(&done).then_some(done)
}

/// Returns whether no text in a statement touches a word, as in a statement with correct quotes.
fn is_well_quoted(sql: &[u8]) -> bool {
    let tokens = tokens(sql);
    let beside = |kind| matches!(kind, TokenKind::Word | TokenKind::Literal | TokenKind::Name);
    let touching = tokens.windows(2).any(|pair| {
        let literal = pair[0].kind == TokenKind::Literal || pair[1].kind == TokenKind::Literal;
        let introduced = pair[0].kind == TokenKind::Word && is_introducer(pair[0].text);
        literal && beside(pair[0].kind) && beside(pair[1].kind) && !introduced
    });
    !touching && tokens.last().is_none_or(|last| last.kind != TokenKind::Unclosed)
}

/// Returns whether a word may directly precede a text: `b'01'`, `x'FF'`, `_utf8mb4'…'`, and `TIMESTAMP'…'` as printed
/// by MariaDB.
fn is_introducer(word: &[u8]) -> bool {
    let is_short = [&b"b"[..], b"x", b"n"].iter().any(|known| word.eq_ignore_ascii_case(known));
    is_short || word.starts_with(b"_") || [&b"DATE"[..], b"TIME", b"TIMESTAMP"].contains(&word)
}

/// Returns whether a definition has a backslash in the members of an ENUM or SET, or after `PARTITION`. Without the
/// true content, such a backslash may be part of a text or escape the next character.
pub(crate) fn has_doubtful_backslash(definition: &[u8]) -> bool {
    let (mut depth, mut list, mut partitions) = (0_usize, None, false);
    let mut before: Option<Token<'_>> = None;
    for token in tokens(definition) {
        if token.is_sign(b'(') {
            depth += 1;
            if before.is_some_and(|before| before.is_any(&["enum", "set"])) {
                list = list.or(Some(depth));
            }
        } else if token.is_sign(b')') {
            list = list.filter(|&begun| begun != depth);
            depth = depth.saturating_sub(1);
        }
        partitions |= depth == 0 && token.is_word("partition");
        let is_sure = match token.kind {
            TokenKind::Name => true,
            TokenKind::Literal => list.is_none() && !partitions,
            _ => false, // outside of quotes: the quotes are broken
        };
        if !is_sure && token.text.contains(&b'\\') {
            return true;
        }
        if !token.is_blank() {
            before = Some(token);
        }
    }
    false
}

fn has_hazard(values: &PartitionValues) -> bool {
    let mut texts = values.rows.iter().flatten().flatten();
    texts.any(|text| text.iter().any(|&byte| byte == b'\'' || byte == b'\\'))
}

/// A definition that is repaired from its beginning to its end.
struct Mending<'d> {
    rest: &'d [u8],
    done: Vec<u8>,
}

impl Mending<'_> {
    /// Repairs the members and the default of a column, which comes after the parts that were repaired before.
    fn members(&mut self, column: &MemberColumn) -> Option<()> {
        if column.members.is_empty() {
            return None; // the members could not be read
        }
        let name = oceanbase::statement::identifier(&column.name);
        let is_set = self.find(format!("\n  {name} set(").as_bytes()).is_some();
        let word = if is_set { "set" } else { "enum" };
        let begin = format!("\n  {name} {word}");
        let raw = list(&column.members, raw_text);
        let mended = list(&column.members, quoted);
        // A server that escapes the members needs no repair.
        let whole = |list: &[u8]| [begin.as_bytes(), list].concat();
        let place = self.replace(&[whole(&raw), whole(&mended)], &whole(&mended));
        place?;
        let Some(default) = column.default else { return Some(()) };
        let value = default_value(&column.members, default, is_set)?;
        // CHARACTER SET, COLLATE and NOT NULL may come between; they contain no quotes.
        let before = self.rest.iter().position(|byte| b"'\n".contains(byte))?;
        if !self.rest[..before].ends_with(b" DEFAULT ") {
            return None;
        }
        self.take(before);
        self.replace_here(&[raw_text(&value), quoted(&value)], &quoted(&value))
    }

    /// Repairs the values of a partition, which comes after the parts that were repaired before.
    fn values(&mut self, values: &PartitionValues) -> Option<()> {
        let name = oceanbase::statement::identifier(&values.partition);
        let begin = format!("partition {name} values ");
        let place = self.find(begin.as_bytes())?;
        self.take(place + begin.len());
        self.rows(values)
    }

    /// Repairs the rows of values here, from before their bracket to after it.
    fn rows(&mut self, values: &PartitionValues) -> Option<()> {
        let open = self.rest.iter().position(|&byte| byte == b'(')?;
        self.take(open + 1);
        for row in &values.rows {
            let in_brackets = self.rest.first() == Some(&b'(');
            if in_brackets {
                self.take(1);
            }
            for value in row {
                match value {
                    Some(text) => self.replace_here(&[raw_text(text), quoted(text)], &quoted(text))?,
                    None => {
                        let end = self.rest.iter().position(|byte| b",)".contains(byte))?;
                        self.take(end);
                    }
                }
                let behind = self.rest.first()?;
                if !b",)".contains(behind) {
                    return None;
                }
                self.take(1);
            }
            if in_brackets {
                self.take(1); // `,` between rows, or the bracket after the last
            }
        }
        Some(())
    }

    /// Repairs the whole list of partitions, to the end of the definition.
    fn partitions(&mut self, names: &PartitionNames, values: &[PartitionValues]) -> Option<()> {
        if !names.template.is_empty() {
            self.take(list_begin(self.rest, "subpartition")?);
            self.list("subpartition", &names.template, &[], values)?;
        }
        self.take(list_begin(self.rest, "partition")?);
        let (partitions, subs): (Vec<_>, Vec<_>) = names.partitions.iter().cloned().unzip();
        self.list("partition", &partitions, &subs, values)?;
        self.rest.trim_ascii().is_empty().then_some(())
    }

    /// Repairs a list of partitions of these names, from after its bracket to after the closing one.
    fn list(
        &mut self,
        word: &str,
        names: &[String],
        subs: &[Vec<String>],
        values: &[PartitionValues],
    ) -> Option<()> {
        for (place, name) in names.iter().enumerate() {
            self.blanks();
            let quoted = format!("{word} {}", oceanbase::statement::identifier(name)).into_bytes();
            self.replace_here(&[format!("{word} `{name}`").into_bytes(), quoted.clone()], &quoted)?;
            if self.rest.starts_with(b" values ") {
                let sub = word == "subpartition";
                match values.iter().find(|values| values.partition == *name && values.sub == sub) {
                    Some(own) => self.rows(own)?,
                    None => self.bracket()?,
                }
            }
            if self.rest.starts_with(b" (") {
                self.take(2);
                self.list("subpartition", subs.get(place)?, &[], values)?;
            }
            let ends = if place + 1 == names.len() { b')' } else { b',' };
            if self.rest.first() != Some(&ends) {
                return None;
            }
            self.take(1);
        }
        Some(())
    }

    /// Copies the text up to the end of the next bracket.
    fn bracket(&mut self) -> Option<()> {
        let (mut depth, mut length) = (0_usize, 0);
        for token in tokens(self.rest) {
            length += token.text.len();
            if token.is_sign(b'(') {
                depth += 1;
            } else if token.is_sign(b')') {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    self.take(length);
                    return Some(());
                }
            }
        }
        None
    }

    /// Copies spaces and line ends.
    fn blanks(&mut self) {
        self.take(self.rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count());
    }

    fn find(&self, text: &[u8]) -> Option<usize> {
        self.rest.windows(text.len()).position(|window| window == text)
    }

    /// Copies correct text.
    fn take(&mut self, length: usize) {
        let (text, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.done.extend_from_slice(text);
        self.rest = rest;
    }

    /// Replaces the first of these texts that is found.
    fn replace(&mut self, texts: &[Vec<u8>], by: &[u8]) -> Option<()> {
        let (place, text) = texts.iter().find_map(|text| Some((self.find(text)?, text)))?;
        self.take(place);
        self.rest = &self.rest[text.len()..];
        self.done.extend_from_slice(by);
        Some(())
    }

    /// Replaces the text that must follow here.
    fn replace_here(&mut self, texts: &[Vec<u8>], by: &[u8]) -> Option<()> {
        let behind = texts.iter().find_map(|text| self.rest.strip_prefix(text.as_slice()))?;
        self.rest = behind;
        self.done.extend_from_slice(by);
        Some(())
    }
}

/// Returns where the list of partitions begins, after its bracket. Up to there the text can be split into tokens.
fn list_begin(sql: &[u8], word: &str) -> Option<usize> {
    let all = tokens(sql);
    let mut length = 0;
    for (place, token) in all.iter().enumerate() {
        length += token.text.len();
        let next = all[place + 1..].iter().find(|next| !next.is_blank());
        if token.is_sign(b'(') && next.is_some_and(|next| next.is_word(word)) {
            return Some(length);
        }
    }
    None
}

fn list(members: &[Vec<u8>], write: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let members: Vec<Vec<u8>> = members.iter().map(|member| write(member)).collect();
    [b"(", members.join(&b","[..]).as_slice(), b")"].concat()
}

/// A text as the server prints it: between quotes, with nothing escaped.
fn raw_text(text: &[u8]) -> Vec<u8> {
    [b"'", text, b"'"].concat()
}

fn quoted(text: &[u8]) -> Vec<u8> {
    let mut sql = Vec::new();
    push_literal(&mut sql, Form::Text, Some(text));
    sql
}

/// Returns the text of a default that is kept as a number.
fn default_value(members: &[Vec<u8>], default: u64, is_set: bool) -> Option<Vec<u8>> {
    if !is_set {
        let place = usize::try_from(default).ok()?.checked_sub(1)?;
        return members.get(place).cloned();
    }
    let chosen = members.iter().enumerate().filter(|(place, _)| default >> place & 1 == 1);
    Some(chosen.map(|(_, member)| member.clone()).collect::<Vec<_>>().join(&b","[..]))
}

#[cfg(test)]
mod tests {
    use oceanbase::catalog::{MemberColumn, PartitionNames, PartitionValues};
    use proptest::prelude::*;

    use super::{has_doubtful_backslash, repair};

    fn column(name: &str, members: &[&str], default: Option<u64>) -> MemberColumn {
        let members = members.iter().map(|member| member.as_bytes().to_vec()).collect();
        MemberColumn { name: name.to_owned(), members, default }
    }

    fn repaired(sql: &str, columns: &[MemberColumn], partitions: &[PartitionValues]) -> Option<String> {
        repair(sql.as_bytes(), columns, partitions, None).map(|sql| String::from_utf8(sql).expect("text"))
    }

    #[test]
    fn a_text_may_follow_the_name_of_a_type() {
        for sql in [
            "CREATE TABLE `t` (\n  `a` date CHECK (`a` > DATE'2020-01-01' and `a` < TIMESTAMP'2030-01-01 00:00:00')\n)",
            "CREATE TABLE `t` (\n  `a` int\n) PARTITION BY SYSTEM_TIME INTERVAL 7 DAY STARTS TIMESTAMP'2024-01-01 00:00:00'\nPARTITIONS 3",
        ] {
            assert_eq!(repaired(sql, &[], &[]).as_deref(), Some(sql));
        }
        assert_eq!(repaired("CREATE TABLE `t` (\n  `a` int COMMENT 'it's'\n)", &[], &[]), None);
    }

    /// A table as OceanBase prints it: it escapes only the default and the comments.
    fn printed(member: &str, set_member: &str, value: &str) -> String {
        format!(
            "CREATE TABLE `t\\` (\n  `a\\b` varchar(9) DEFAULT 'x\\\\y' COMMENT 'it\\'s',\n  `e` enum('new','{member}') \
             DEFAULT 'new' COMMENT 'a\\\\b',\n  `s` set('{set_member}','z') COLLATE utf8mb4_bin DEFAULT NULL\n) COMMENT = 'c\\\\d'\n \
             partition by list columns(b)\n(partition `p\\0` values in ('c','{value}'))"
        )
    }

    #[test]
    fn a_backslash_is_doubtful_where_the_server_does_not_escape_it() {
        let cases = [
            ("a", "b", "c", false),
            ("a\\nb", "b", "c", true),
            ("a\\", "b", "c", true),
            ("a", "(\\", "c", true),
            ("a", "b", "x\\ty", true),
            ("a", "b", "\\", true),
            ("it's \\", "b", "c", true),
        ];
        for (member, set_member, value, expected) in cases {
            let sql = printed(member, set_member, value);
            assert_eq!(has_doubtful_backslash(sql.as_bytes()), expected, "{sql}");
        }
    }

    proptest! {
        #[test]
        fn no_backslash_in_a_text_without_quotes_is_missed(
            texts in prop::array::uniform3(r"[a-c(),;#`\\ -]{0,6}"),
        ) {
            let [member, set_member, value] = &texts;
            let sql = printed(member, set_member, value);
            let has_some = texts.iter().any(|text| text.contains('\\'));
            prop_assert_eq!(has_doubtful_backslash(sql.as_bytes()), has_some, "{}", sql);
        }
    }

    #[test]
    fn members_get_the_quotes_that_the_server_left_out() {
        let sql = "CREATE TABLE `e` (\n  `a` enum('a','b'c','\\y') NOT NULL DEFAULT 'b'c',\n  \
                   `s` set('x'y','z') COLLATE utf8mb4_bin DEFAULT 'x'y,z' COMMENT 'it\\'s',\n  \
                   `o` enum('a','b') DEFAULT NULL\n) COMMENT = 'x'";
        let columns = [
            column("a", &["a", "b'c", "\\y"], Some(2)),
            column("s", &["x'y", "z"], Some(3)),
            column("o", &["a','b"], None),
        ];
        let expected = "CREATE TABLE `e` (\n  `a` enum('a','b\\'c','\\\\y') NOT NULL DEFAULT 'b\\'c',\n  \
                        `s` set('x\\'y','z') COLLATE utf8mb4_bin DEFAULT 'x\\'y,z' COMMENT 'it\\'s',\n  \
                        `o` enum('a\\',\\'b') DEFAULT NULL\n) COMMENT = 'x'";
        assert_eq!(repaired(sql, &columns, &[]).as_deref(), Some(expected));
        assert_eq!(repaired(expected, &columns, &[]).as_deref(), Some(expected), "a server that escapes");
    }

    #[test]
    fn partition_values_get_the_quotes_that_the_server_left_out() {
        let text = |text: &str| Some(text.as_bytes().to_vec());
        let values =
            |partition: &str, rows| PartitionValues { partition: partition.to_owned(), sub: false, rows };
        let sql = "CREATE TABLE `l` (\n  `b` int\n)\n partition by list columns(a,b)\n\
                   (partition `p0` values in ((1,'a'),(2,'b'b')),\npartition `p1` values in ((3,NULL)))";
        let partitions = [
            values("p0", vec![vec![None, text("a")], vec![None, text("b'b")]]),
            values("p1", vec![vec![None, None]]),
        ];
        let mended = repaired(sql, &[], &partitions).expect("mended");
        assert_eq!(mended, sql.replace("'b'b'", "'b\\'b'"));
        let sql =
            "x (\n)\n(partition `p` values less than ('b'b'),\npartition `q` values less than (MAXVALUE))";
        let mended = repaired(sql, &[], &[values("p", vec![vec![text("b'b")]])]).expect("mended");
        assert_eq!(mended, sql.replace("'b'b'", "'b\\'b'"));
        let sql = "x (\n)\n(partition `p` values in ('c','d\\'),\npartition `q` values in (DEFAULT))";
        let mended =
            repaired(sql, &[], &[values("p", vec![vec![text("c")], vec![text("d\\")]])]).expect("mended");
        assert_eq!(mended, sql.replace("'d\\'", "'d\\\\'"));
    }

    #[test]
    fn partition_names_get_the_backticks_that_the_server_left_out() {
        let values =
            |partition: &str, sub, rows| PartitionValues { partition: partition.to_owned(), sub, rows };
        let text = |text: &str| vec![vec![Some(text.as_bytes().to_vec())]];
        let evil = "q` values less than (1); DROP DATABASE canary; -- ";
        let names = PartitionNames {
            template: Vec::new(),
            partitions: vec![
                ("p`0".to_owned(), vec!["s`0".to_owned(), "s1".to_owned()]),
                (evil.to_owned(), vec!["s2".to_owned()]),
            ],
        };
        let values = [
            values("p`0", false, vec![vec![None]]),
            values(evil, false, vec![vec![None]]),
            values("s`0", true, text("a`'b")),
            values("s1", true, text("c")),
            values("s2", true, vec![vec![None]]),
        ];
        let sql = format!(
            "CREATE TABLE `t` (\n  `a` int\n) COMMENT = '(partition'\n partition by range(a) subpartition by list columns(b)\n\
             (partition `p`0` values less than (10) (\nsubpartition `s`0` values in ('a`'b'),\nsubpartition `s1` values in ('c')),\n\
             partition `{evil}` values less than (MAXVALUE) (\nsubpartition `s2` values in (DEFAULT)))"
        );
        let mended = repair(sql.as_bytes(), &[], &values, Some(&names)).expect("mended");
        let expected =
            sql.replace("`p`0`", "`p``0`").replace("`s`0`", "`s``0`").replace("'a`'b'", "'a`\\'b'");
        let expected = expected.replace("`q` values", "`q`` values");
        assert_eq!(String::from_utf8(mended).expect("text"), expected);
        assert_eq!(repair(sql.replace("p`0", "p`1").as_bytes(), &[], &values, Some(&names)), None);

        let template = "x (\n)\n partition by hash(a) subpartition by hash(b) subpartition template (\nsubpartition `s`0`,\n\
                        subpartition `s1`)\n(partition `p0`,\npartition `p1`)";
        let names = PartitionNames {
            template: vec!["s`0".to_owned(), "s1".to_owned()],
            partitions: vec![("p0".to_owned(), Vec::new()), ("p1".to_owned(), Vec::new())],
        };
        let mended = repair(template.as_bytes(), &[], &[], Some(&names)).expect("mended");
        assert_eq!(String::from_utf8(mended).expect("text"), template.replace("`s`0`", "`s``0`"));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let sql = "CREATE TABLE `e` (\n  `a` enum('a','b'c') DEFAULT 'b'c'\n)";
        let cases: [&[MemberColumn]; 4] = [
            &[],
            &[column("a", &["a", "b"], Some(2))],
            &[column("a", &["a", "b'c"], Some(1))],
            &[column("a", &[], None)],
        ];
        for columns in cases {
            assert_eq!(repaired(sql, columns, &[]), None, "{columns:?}");
        }
        assert_eq!(repaired("(partition p values in ('b'b'))", &[], &[]), None);
        let plain = "CREATE TABLE `t` (\n  `b` bit(2) DEFAULT b'01',\n  `x` int COMMENT 'x'\n) COMMENT = 'x'";
        assert_eq!(repaired(plain, &[], &[]).as_deref(), Some(plain));
    }
}
