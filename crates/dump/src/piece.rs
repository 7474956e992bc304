//! The text of a piece: one object with rows of one table, which any MySQL client can run.
//!
//! ```sql
//! -- Lifeboat dump, format 1: rows of `shop`.`orders`
//! SET NAMES utf8mb4;
//! SET SESSION time_zone='+00:00', sql_mode='…', foreign_key_checks=0, unique_checks=0;
//! INSERT INTO `orders` (`id`,`name`) VALUES
//! (1,'a'),
//! (2,'b');
//! ```

use bytes::{Buf as _, Bytes, BytesMut};
use oceanbase::statement::identifier;

use crate::checksum::{Checksum, push_value};
use crate::column::Column;
use crate::encode::push_literal;

/// What every piece and every schema file does first, and what a loading session must have done.
///
/// `NO_AUTO_VALUE_ON_ZERO` keeps a 0 in an AUTO_INCREMENT column, `ALLOW_INVALID_DATES` dates such as 2024-02-30
/// that the source holds; and no other mode is on that would refuse what the source has taken.
pub(crate) const PREAMBLE: [&str; 2] = [
    "SET NAMES utf8mb4",
    "SET SESSION time_zone='+00:00', sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', \
     foreign_key_checks=0, unique_checks=0",
];

/// How long a statement may become: well below the smallest `max_allowed_packet` that is usual (4 MiB).
const STATEMENT_MOST_BYTES: usize = 2 << 20;

/// How long a statement should be: the longer, the fewer; what comes after 1 MiB gains little.
const STATEMENT_AIM_BYTES: usize = 1 << 20;

/// After how many bytes the number of rows per statement is settled.
const SAMPLE_BYTES: usize = 64 << 10;

/// The most rows in a statement.
const STATEMENT_MOST_ROWS: u32 = 16 << 10;

/// Fewer rows than this at the end of a piece are one statement: planning it takes the server a moment only.
const LAST_MOST_ROWS: u32 = 64;

/// Appends the first lines of a piece or a schema file.
pub(crate) fn push_preamble(text: &mut Vec<u8>, title: &str) {
    let title: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.extend_from_slice(format!("-- Lifeboat dump, format {}: {title}\n", crate::FORMAT).as_bytes());
    for statement in PREAMBLE {
        text.extend_from_slice(statement.as_bytes());
        text.extend_from_slice(b";\n");
    }
}

/// Turns rows into the text of a piece.
///
/// All statements of a piece but the last few hold the same number of rows, a power of two, so that the server finds
/// their plan again; unless rows are so long that a statement would be too long. What is left at the end is cut into
/// smaller powers of two: as one statement it would be new to the server in every piece, and planning thousands of rows
/// takes it several times as long as inserting them.
pub(crate) struct PieceText {
    columns: Vec<Column>,
    head: Vec<u8>,
    /// The bytes of the statement that was begun.
    statement_bytes: usize,
    statement_rows: u32,
    /// How many statements were ended.
    statements: u32,
    rows_per_statement: Option<u32>,
    row: Vec<u8>,
    longest_statement: usize,
    /// How many rows were added.
    pub(crate) rows: u64,
    /// The checksum of the rows that were added.
    pub(crate) checksum: Checksum,
}

impl PieceText {
    pub(crate) fn new(table: &str, columns: &[Column]) -> Self {
        Self {
            columns: columns.to_vec(),
            head: statement_head(table, columns),
            statement_bytes: 0,
            statement_rows: 0,
            statements: 0,
            rows_per_statement: None,
            row: Vec::new(),
            longest_statement: 0,
            rows: 0,
            checksum: Checksum::default(),
        }
    }

    /// Appends a row to the text. `form` is what [`Checksum`] hashes of it, where somebody has it already.
    pub(crate) fn push_row<'v>(
        &mut self,
        text: &mut Vec<u8>,
        value: impl Fn(usize) -> Option<&'v [u8]>,
        form: Option<&[u8]>,
    ) {
        let before = text.len();
        text.extend_from_slice(if self.statement_rows == 0 { &self.head } else { b",\n" });
        for (place, column) in self.columns.iter().enumerate() {
            text.push(if place == 0 { b'(' } else { b',' });
            push_literal(text, column.form, value(place));
        }
        text.push(b')');
        self.checksum.add_row(form.unwrap_or_else(|| {
            self.row.clear();
            (0..self.columns.len()).for_each(|place| push_value(&mut self.row, value(place)));
            &self.row
        }));
        self.rows += 1;
        self.statement_rows += 1;
        self.statement_bytes += text.len() - before;
        if self.rows_per_statement.is_none() && self.statement_bytes >= SAMPLE_BYTES {
            self.rows_per_statement = Some(fitting_rows(self.statement_bytes, self.statement_rows));
        }
        let full = self.statement_rows >= self.rows_per_statement.unwrap_or(STATEMENT_MOST_ROWS);
        if full || self.statement_bytes >= STATEMENT_MOST_BYTES {
            self.end_statement(text);
        }
    }

    /// Ends the statement that was begun, if there is one.
    fn end_statement(&mut self, text: &mut Vec<u8>) {
        if self.statement_rows > 0 {
            text.extend_from_slice(b";\n");
            self.longest_statement = self.longest_statement.max(self.statement_bytes);
            self.statement_rows = 0;
            self.statement_bytes = 0;
            self.statements += 1;
        }
    }

    /// Tells whether no statement is begun: only then may the text be taken away before [`Self::end`].
    pub(crate) fn is_between_statements(&self) -> bool {
        self.statement_rows == 0
    }

    /// Ends the text: cuts the statement that was begun, where that helps the server, and ends it.
    pub(crate) fn end(&mut self, text: &mut Vec<u8>) {
        if self.statements > 0 && self.statement_rows > LAST_MOST_ROWS {
            let rows = text.split_off(text.len() + self.head.len() - self.statement_bytes);
            let (mut left, mut in_statement) = (self.statement_rows, 0);
            // No literal holds a line feed, so each line is a row.
            for row in rows.split_inclusive(|&byte| byte == b'\n') {
                text.extend_from_slice(row);
                in_statement += 1;
                let fitting = if left > LAST_MOST_ROWS { 1 << left.ilog2() } else { left };
                if in_statement == fitting && left > fitting {
                    text.truncate(text.len() - b",\n".len());
                    text.extend_from_slice(b";\n");
                    text.extend_from_slice(&self.head);
                    left -= fitting;
                    in_statement = 0;
                }
            }
        }
        self.end_statement(text);
    }

    /// Returns the length of the longest statement that was ended: a target must take packets of that size.
    pub(crate) fn longest_statement(&self) -> u64 {
        self.longest_statement as u64
    }
}

/// Returns how each statement with rows begins.
pub(crate) fn statement_head(table: &str, columns: &[Column]) -> Vec<u8> {
    let names: Vec<String> = columns.iter().map(|column| identifier(&column.name)).collect();
    format!("INSERT INTO {} ({}) VALUES\n", identifier(table), names.join(",")).into_bytes()
}

/// Returns how many rows make a statement of about the aimed length: a power of two, so that pieces whose rows
/// differ a little still agree.
fn fitting_rows(bytes: usize, rows: u32) -> u32 {
    let per_row = (bytes / rows.max(1) as usize).max(1);
    let fitting =
        u32::try_from(STATEMENT_AIM_BYTES / per_row).unwrap_or(u32::MAX).clamp(1, STATEMENT_MOST_ROWS);
    1 << fitting.ilog2()
}

/// Cuts the text of a piece into its statements, as it arrives.
pub(crate) struct Splitter {
    /// How statements with rows begin. The names in it may hold anything, also what ends a statement elsewhere.
    head: Vec<u8>,
    /// What was not given out yet.
    text: BytesMut,
    /// Everything before was looked at.
    seen: usize,
}

impl Splitter {
    /// Cuts a piece whose statements with rows begin so.
    pub(crate) fn new(head: Vec<u8>) -> Self {
        Self { head, text: BytesMut::new(), seen: 0 }
    }

    /// Adds text behind what is there.
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    /// Returns the next whole statement, without its `;`. Comment lines between statements are passed over.
    pub(crate) fn next_statement(&mut self) -> Option<Bytes> {
        loop {
            if self.seen == 0 && !self.pass_head() {
                return None;
            }
            let Some(length) = memchr::memchr(b'\n', &self.text[self.seen..]) else {
                self.seen = self.text.len();
                return None;
            };
            let end = self.seen + length;
            if self.text.starts_with(b"--") {
                self.text.advance(end + 1); // no statement begins so, and no line within one
                self.seen = 0;
            } else if self.text[..end].ends_with(b";") {
                let statement = self.text.split_to(end + 1).freeze();
                self.seen = 0;
                return Some(statement.slice(..end - 1));
            } else {
                self.seen = end + 1;
            }
        }
    }

    /// Passes over the head that stands at the beginning of a statement. No: more text is needed to tell.
    fn pass_head(&mut self) -> bool {
        if self.text.starts_with(&self.head) {
            self.seen = self.head.len();
        }
        self.text.len() >= self.head.len() || !self.head.starts_with(&self.text)
    }

    /// Tells whether all text was given out.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{PieceText, STATEMENT_MOST_BYTES, Splitter, fitting_rows, push_preamble, statement_head};
    use crate::column::{Column, Form};

    fn column(name: &str, form: Form) -> Column {
        Column { name: name.to_owned(), form }
    }

    fn statements(text: &[u8], head: Vec<u8>, step: usize) -> Vec<String> {
        let mut splitter = Splitter::new(head);
        let mut all = Vec::new();
        for part in text.chunks(step) {
            splitter.push(part);
            while let Some(statement) = splitter.next_statement() {
                all.push(String::from_utf8(statement.to_vec()).expect("text"));
            }
        }
        assert!(splitter.is_empty());
        all
    }

    #[test]
    fn a_piece_is_cut_into_its_statements_wherever_its_parts_end() {
        let mut text = Vec::new();
        push_preamble(&mut text, "rows of `a\nb`");
        let columns = [column("id", Form::Number), column("n\n;\n--", Form::Text)];
        let (mut piece, head) = (PieceText::new("o`o;\n", &columns), statement_head("o`o;\n", &columns));
        for value in ["x;\n", "--", ";", "'"] {
            piece.push_row(&mut text, |place| Some(if place == 0 { b"1" } else { value.as_bytes() }), None);
        }
        piece.end(&mut text);
        let expected = [
            "SET NAMES utf8mb4",
            "SET SESSION time_zone='+00:00', sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', \
             foreign_key_checks=0, unique_checks=0",
            "INSERT INTO `o``o;\n` (`id`,`n\n;\n--`) VALUES\n(1,'x;\\n'),\n(1,'--'),\n(1,';'),\n(1,'\\'')",
        ];
        for step in [1, 2, 7, 10_000] {
            assert_eq!(statements(&text, head.clone(), step), expected, "in parts of {step} bytes");
        }
    }

    #[test]
    fn statements_have_the_same_number_of_rows_and_are_never_too_long() {
        let mut text = Vec::new();
        let columns = [column("n", Form::Text)];
        let (mut piece, head) = (PieceText::new("t", &columns), statement_head("t", &columns));
        let long = "x".repeat(200);
        for _ in 0..20_000 {
            piece.push_row(&mut text, |_| Some(long.as_bytes()), None);
        }
        piece.end(&mut text);
        let all = statements(&text, head.clone(), 4096);
        let rows: Vec<usize> = all.iter().map(|statement| statement.lines().count() - 1).collect();
        assert_eq!(rows, [4096, 4096, 4096, 4096, 2048, 1024, 512, 32]);
        assert_eq!(piece.rows, 20_000);
        assert!(all.iter().all(|statement| statement.ends_with("x')") && statement.starts_with("INSERT")));
        assert_eq!(all.concat().matches(&long).count(), 20_000);

        let mut text = Vec::new();
        let huge = "x".repeat(STATEMENT_MOST_BYTES);
        for _ in 0..3 {
            piece.push_row(&mut text, |_| Some(huge.as_bytes()), None);
        }
        assert_eq!(statements(&text, head, 4096).len(), 3);
    }

    #[test]
    fn the_number_of_rows_is_a_power_of_two() {
        for (bytes, rows, expected) in
            [(65_536, 320, 4096), (65_536, 310, 4096), (70_000, 1, 8), (65_536, 32_768, 16_384)]
        {
            assert_eq!(fitting_rows(bytes, rows), expected, "{bytes} bytes in {rows} rows");
        }
        assert_eq!(fitting_rows(50 << 20, 1), 1);
    }
}
