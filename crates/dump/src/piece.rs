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

use crate::checksum::{Checksum, RowHasher};
use crate::column::{Column, Form};
use crate::encode::push_exact;
use crate::insert_form::{Deviation, InsertForm, statement_head};
use crate::typed::{Suspects, Typed};
use crate::unwritable::Unwritable;

/// The first statements of every piece and schema file; a loading session must run them, too.
///
/// `NO_AUTO_VALUE_ON_ZERO` keeps a 0 in an AUTO_INCREMENT column. `ALLOW_INVALID_DATES` keeps dates such as
/// 2024-02-30. No other mode is on, because it might refuse values that the source accepted.
pub(crate) const PREAMBLE: [&str; 2] = [
    "SET NAMES utf8mb4",
    "SET SESSION time_zone='+00:00', sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', \
     foreign_key_checks=0, unique_checks=0",
];

/// The maximum length of a statement: well below the smallest usual `max_allowed_packet` (4 MiB).
const STATEMENT_MOST_BYTES: usize = 2 << 20;

/// The intended length of a statement. More than 1 MiB gains little.
const STATEMENT_AIM_BYTES: usize = 1 << 20;

/// The number of bytes after which the number of rows per statement is fixed.
const SAMPLE_BYTES: usize = 64 << 10;

/// The most rows in a statement.
const STATEMENT_MOST_ROWS: u32 = 16 << 10;

/// Fewer rows than this at the end of a piece are one statement: planning it takes the server little time.
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
/// All statements of a piece except the last few hold the same number of rows, a power of two, so that the server
/// reuses their plan. The exception is rows that would make a statement too long. The rest at the end is split into
/// smaller powers of two: a single statement would need a new plan in every piece, and planning thousands of rows
/// takes the server several times as long as inserting them.
pub(crate) struct PieceText {
    columns: Vec<Column>,
    head: Vec<u8>,
    /// The bytes of the open statement.
    statement_bytes: usize,
    statement_rows: u32,
    /// The number of finished statements.
    statements: u32,
    rows_per_statement: Option<u32>,
    hasher: RowHasher,
    /// The documents of this row that are not hashed as received.
    canonical: Vec<(usize, Vec<u8>)>,
    longest_statement: usize,
    /// The expressions to query.
    pub(crate) suspects: Suspects,
    /// The documents that are not written as their texts.
    typed: Typed,
    /// The number of rows that were written with such documents.
    typed_rows: u64,
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
            hasher: RowHasher::new(columns),
            canonical: Vec::new(),
            longest_statement: 0,
            suspects: Suspects::default(),
            typed: Typed::default(),
            typed_rows: 0,
            rows: 0,
            checksum: Checksum::default(),
        }
    }

    /// Writes these documents as expressions instead of texts.
    pub(crate) fn with(self, typed: Typed) -> Self {
        Self { typed, ..self }
    }

    /// Returns whether exactly the given documents were written as expressions: other documents may have the same
    /// text.
    pub(crate) fn has_all_typed(&self) -> bool {
        self.typed_rows == self.typed.rows()
    }

    /// Appends a row to the text. `form` is the form that [`Checksum`] hashes, if the caller has it already.
    ///
    /// # Errors
    /// Returns the position of a column whose value no literal restores.
    pub(crate) fn push_row<'v>(
        &mut self,
        text: &mut Vec<u8>,
        value: impl Fn(usize) -> Option<&'v [u8]>,
        form: Option<&'v [u8]>,
    ) -> Result<(), (usize, Unwritable)> {
        let before = text.len();
        text.extend_from_slice(if self.statement_rows == 0 { &self.head } else { b",\n" });
        for (place, column) in self.columns.iter().enumerate() {
            text.push(if place == 0 { b'(' } else { b',' });
            let of_json = value(place).filter(|_| column.form == Form::Json);
            if let Some(literal) = of_json.and_then(|document| self.typed.literal(place, document)) {
                text.extend_from_slice(literal);
                self.canonical.push((place, literal.to_vec()));
                self.typed_rows += 1;
                continue;
            }
            if let Some(document) = of_json {
                self.suspects.weigh(place, document);
            }
            let document = push_exact(text, column.form, value(place));
            let is_suspect = document.as_ref().map_or(true, |document| document.is_suspect);
            if let (Some(document), true) = (of_json, is_suspect) {
                self.suspects.add(place, document);
            }
            let document = document.map_err(|why| {
                text.truncate(before);
                self.canonical.clear();
                (place, why)
            })?;
            self.canonical.extend(document.canonical.map(|canonical| (place, canonical)));
        }
        text.push(b')');
        self.checksum.add_row(self.hasher.form_with(&self.canonical, value, form));
        self.canonical.clear();
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
        Ok(())
    }

    /// Ends the open statement, if any.
    fn end_statement(&mut self, text: &mut Vec<u8>) {
        if self.statement_rows > 0 {
            text.extend_from_slice(b";\n");
            self.longest_statement = self.longest_statement.max(self.statement_bytes);
            self.statement_rows = 0;
            self.statement_bytes = 0;
            self.statements += 1;
        }
    }

    /// Returns whether no statement is open. Otherwise, the text may be taken only after [`Self::end`].
    pub(crate) fn is_between_statements(&self) -> bool {
        self.statement_rows == 0
    }

    /// Ends the text: splits the open statement, if that helps the server, and ends it.
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

    /// Returns the length of the longest finished statement: a target must accept packets of this size.
    pub(crate) fn longest_statement(&self) -> u64 {
        self.longest_statement as u64
    }
}

/// Returns the number of rows for a statement of about the intended length: a power of two, so that pieces with
/// slightly different rows still use the same number.
fn fitting_rows(bytes: usize, rows: u32) -> u32 {
    let per_row = (bytes / rows.max(1) as usize).max(1);
    let fitting =
        u32::try_from(STATEMENT_AIM_BYTES / per_row).unwrap_or(u32::MAX).clamp(1, STATEMENT_MOST_ROWS);
    1 << fitting.ilog2()
}

/// The beginning of the first line of every piece and schema file.
const TITLE: &[u8] = b"-- Lifeboat dump, format ";

/// The maximum length of that line, which contains two names.
const TITLE_MOST_BYTES: usize = 4 << 10;

/// Splits the text of a piece into statements as it arrives, and refuses any statement that is not of the planned
/// form.
pub(crate) struct Splitter {
    form: InsertForm,
    /// The maximum length of a statement.
    most_bytes: usize,
    /// Whether the first lines of the piece were read.
    is_begun: bool,
    /// The text that was not returned yet.
    text: BytesMut,
    /// The text before this position was examined.
    seen: usize,
    /// The number of rows that were returned.
    pub(crate) rows: u64,
}

/// The text is not that of a piece.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAPiece {
    /// It has another beginning.
    #[error("it does not begin like a piece of a dump")]
    Preamble,
    /// A statement does not end where it must.
    #[error("a statement is longer than {most} bytes, the longest in the manifest")]
    TooLong { most: usize },
    /// A statement does something else than inserting rows.
    #[error(transparent)]
    Form(#[from] Deviation),
}

impl Splitter {
    /// Splits a piece whose statements have this form and maximum length.
    pub(crate) fn new(form: InsertForm, most_bytes: usize) -> Self {
        Self { form, most_bytes, is_begun: false, text: BytesMut::new(), seen: 0, rows: 0 }
    }

    /// Appends text.
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    /// Returns the next whole statement, without its `;`: an INSERT of the planned form.
    ///
    /// # Errors
    /// Names the text that was found instead.
    pub(crate) fn next_statement(&mut self) -> Result<Option<Bytes>, NotAPiece> {
        if !self.is_begun {
            self.is_begun = self.pass_preamble()?;
        }
        while self.is_begun && (self.seen > 0 || self.pass_head()) {
            let line = memchr::memchr(b'\n', &self.text[self.seen..]);
            let end = line.map_or(self.text.len(), |length| self.seen + length);
            let is_whole = line.is_some() && self.text[..end].ends_with(b";");
            // Do not count the `;`, if it has arrived.
            if end.saturating_sub(1) > self.most_bytes {
                return Err(NotAPiece::TooLong { most: self.most_bytes });
            }
            if is_whole {
                let statement = self.text.split_to(end + 1).freeze().slice(..end - 1);
                self.seen = 0;
                self.rows += self.form.check(&statement)?;
                return Ok(Some(statement));
            }
            self.seen = end + usize::from(line.is_some());
            if line.is_none() {
                break;
            }
        }
        Ok(None)
    }

    /// Skips the first lines of a piece, which are not run. Returns false if more text is needed.
    fn pass_preamble(&mut self) -> Result<bool, NotAPiece> {
        let line = &self.text[..self.text.len().min(TITLE_MOST_BYTES)];
        let Some(title) = memchr::memchr(b'\n', line) else {
            return if line.len() < TITLE_MOST_BYTES { Ok(false) } else { Err(NotAPiece::Preamble) };
        };
        let rest = &self.text[title + 1..];
        let preamble = PREAMBLE.map(|statement| format!("{statement};\n")).concat().into_bytes();
        if !line.starts_with(TITLE) || !rest.starts_with(&preamble[..preamble.len().min(rest.len())]) {
            return Err(NotAPiece::Preamble);
        }
        if rest.len() < preamble.len() {
            return Ok(false);
        }
        self.text.advance(title + 1 + preamble.len());
        Ok(true)
    }

    /// Skips the head of a statement: the names in it may contain characters that end a statement elsewhere. Returns
    /// false if more text is needed.
    fn pass_head(&mut self) -> bool {
        let head = self.form.head();
        if self.text.starts_with(head) {
            self.seen = head.len();
        }
        self.text.len() >= head.len() || !head.starts_with(&self.text)
    }

    /// Returns whether all text was returned, and there was any.
    pub(crate) fn is_at_end(&self) -> bool {
        self.is_begun && self.text.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        NotAPiece, PREAMBLE, PieceText, STATEMENT_MOST_BYTES, Splitter, fitting_rows, push_preamble,
    };
    use crate::column::{Column, Form};
    use crate::insert_form::InsertForm;

    fn column(name: &str, form: Form) -> Column {
        Column { name: name.to_owned(), form }
    }

    fn cut(text: &[u8], form: &InsertForm, longest: u64, step: usize) -> Result<Vec<String>, NotAPiece> {
        let mut splitter = Splitter::new(form.clone(), usize::try_from(longest).expect("a length"));
        let mut all = Vec::new();
        for part in text.chunks(step) {
            splitter.push(part);
            while let Some(statement) = splitter.next_statement()? {
                all.push(String::from_utf8(statement.to_vec()).expect("text"));
            }
        }
        assert!(splitter.is_at_end());
        Ok(all)
    }

    #[test]
    fn a_piece_is_cut_into_its_statements_wherever_its_parts_end() {
        let mut text = Vec::new();
        push_preamble(&mut text, "rows of `a\nb`");
        let columns = [column("id", Form::Number), column("n\n;\n--", Form::Text)];
        let mut piece = PieceText::new("o`o;\n", &columns);
        for value in ["x;\n", "--", ";", "'"] {
            piece
                .push_row(&mut text, |place| Some(if place == 0 { b"1" } else { value.as_bytes() }), None)
                .expect("a row");
        }
        piece.end(&mut text);
        let form = InsertForm::new("o`o;\n", &columns);
        let expected =
            ["INSERT INTO `o``o;\n` (`id`,`n\n;\n--`) VALUES\n(1,'x;\\n'),\n(1,'--'),\n(1,';'),\n(1,'\\'')"
                .to_owned()];
        for step in [1, 2, 7, 10_000] {
            let all = cut(&text, &form, piece.longest_statement(), step);
            assert_eq!(all.as_ref().map(Vec::as_slice), Ok(&expected[..]), "in parts of {step} bytes");
        }
        assert_eq!(piece.longest_statement(), expected[0].len() as u64);
    }

    #[test]
    fn what_is_not_the_text_of_a_piece_is_refused_before_a_statement_is_given_out() {
        let columns = [column("a", Form::Number)];
        let form = InsertForm::new("t", &columns);
        let mut preamble = Vec::new();
        push_preamble(&mut preamble, "rows of `t`");
        let preamble = String::from_utf8(preamble).expect("text");
        let insert = "INSERT INTO `t` (`a`) VALUES\n(1);\n";
        let other_mode = preamble.replace("foreign_key_checks=0", "foreign_key_checks=1");
        let no_comment = preamble.replacen("--", "/*", 1);
        let long_title = preamble.replace("rows of", &"x".repeat(5000));
        let second = PREAMBLE[1];
        let texts = [
            insert.to_owned(),
            format!("{other_mode}{insert}"),
            format!("{no_comment}{insert}"),
            format!("{long_title}{insert}"),
            format!("{preamble}GRANT ALL ON *.* TO me;\n{insert}"),
            format!("{preamble}{second};\n{insert}"),
            format!("{preamble}-- a comment\n{insert}"),
            format!("{preamble}\n{insert}"),
            format!("{preamble}INSERT INTO `t` (`a`) VALUES\n(1);DROP TABLE t;\n"),
            format!("{preamble}INSERT INTO `t` (`a`) VALUES\n(12345);\n"),
            format!("{preamble}INSERT INTO `t` (`a`) VALUES\n(1),\n(1),\n(1),\n(1)"),
        ];
        for text in &texts {
            for step in [1, 10_000] {
                let mut splitter = Splitter::new(form.clone(), insert.len() - 2);
                let refused = text.as_bytes().chunks(step).find_map(|part| {
                    splitter.push(part);
                    match splitter.next_statement() {
                        Ok(None) => None,
                        Ok(Some(statement)) => panic!("{statement:?} of {text}"),
                        Err(refused) => Some(refused),
                    }
                });
                assert!(refused.is_some(), "{text}");
            }
        }
        let text = format!("{preamble}{insert}{insert}");
        let all = cut(text.as_bytes(), &form, insert.len() as u64 - 2, 3);
        assert_eq!(all.map(|all| all.len()), Ok(2));
    }

    #[test]
    fn statements_have_the_same_number_of_rows_and_are_never_too_long() {
        let mut text = Vec::new();
        let columns = [column("n", Form::Text)];
        let (mut piece, form) = (PieceText::new("t", &columns), InsertForm::new("t", &columns));
        push_preamble(&mut text, "rows of `t`");
        let long = "x".repeat(200);
        for _ in 0..20_000 {
            piece.push_row(&mut text, |_| Some(long.as_bytes()), None).expect("a row");
        }
        piece.end(&mut text);
        let all = cut(&text, &form, piece.longest_statement(), 4096).expect("statements");
        let rows: Vec<usize> = all.iter().map(|statement| statement.lines().count() - 1).collect();
        assert_eq!(rows, [4096, 4096, 4096, 4096, 2048, 1024, 512, 32]);
        assert_eq!(piece.rows, 20_000);
        assert!(all.iter().all(|statement| statement.ends_with("x')") && statement.starts_with("INSERT")));
        assert_eq!(all.concat().matches(&long).count(), 20_000);

        let (mut piece, mut text) = (PieceText::new("t", &columns), Vec::new());
        push_preamble(&mut text, "rows of `t`");
        let huge = "x".repeat(STATEMENT_MOST_BYTES);
        for _ in 0..3 {
            piece.push_row(&mut text, |_| Some(huge.as_bytes()), None).expect("a row");
        }
        let all = cut(&text, &form, piece.longest_statement(), 4096);
        assert_eq!(all.map(|all| all.len()), Ok(3));
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
