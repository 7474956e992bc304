//! The only form of a statement of a piece: a dump is data, and no other statement of it runs.
//!
//! A statement is checked in one pass before it is sent. It begins with the planned table and columns, byte for byte,
//! and continues with tuples of exactly the literals that [`crate::encode`] writes. A comment, another function, a
//! subquery, a second statement or another table is an error.

use oceanbase::statement::identifier;

use crate::column::{Column, Form};
use crate::document::{AS_JSON, CAST, DEEPEST};
use crate::encode::plain_bytes;

/// The number of bytes of a quoted text that are checked one by one: most texts are short.
const SHORT_BYTES: usize = 16;

/// The form that every statement of a piece has.
#[derive(Debug, Clone)]
pub(crate) struct InsertForm {
    head: Vec<u8>,
    forms: Vec<Form>,
}

/// A statement has another form: it was not written by a dump of this table.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a statement is not an INSERT of the planned form, from its byte {at} on")]
pub(crate) struct Deviation {
    /// The position where it leaves the form.
    at: usize,
}

/// Returns the beginning of each statement with rows.
pub(crate) fn statement_head(table: &str, columns: &[Column]) -> Vec<u8> {
    let names: Vec<String> = columns.iter().map(|column| identifier(&column.name)).collect();
    format!("INSERT INTO {} ({}) VALUES\n", identifier(table), names.join(",")).into_bytes()
}

impl InsertForm {
    /// Returns the form of the statements that insert into a table.
    pub(crate) fn new(table: &str, columns: &[Column]) -> Self {
        let forms = columns.iter().map(|column| column.form).collect();
        Self { head: statement_head(table, columns), forms }
    }

    /// Returns the beginning of every statement. The names in it may contain any characters, even those that end a
    /// statement elsewhere.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Checks a statement without its `;`; returns how many rows it holds.
    ///
    /// # Errors
    /// Names the position where the statement leaves the form.
    pub(crate) fn check(&self, statement: &[u8]) -> Result<u64, Deviation> {
        if !statement.starts_with(&self.head) {
            let same = statement.iter().zip(&self.head).take_while(|(found, head)| found == head);
            return Err(Deviation { at: same.count() });
        }
        let mut reader = Reader { statement, at: self.head.len() };
        let mut rows = 0;
        loop {
            for (place, &form) in self.forms.iter().enumerate() {
                reader.pass(if place == 0 { b'(' } else { b',' })?;
                reader.pass_literal(form)?;
            }
            reader.pass(b')')?;
            rows += 1;
            if reader.at == statement.len() {
                return Ok(rows);
            }
            reader.pass(b',')?;
            reader.pass(b'\n')?;
        }
    }
}

/// Returns whether a text is one literal of that form, or of bytes, which stand where a text is not valid UTF-8.
pub(crate) fn is_literal(form: Form, text: &[u8]) -> bool {
    [form, Form::Bytes].into_iter().any(|form| {
        let mut reader = Reader { statement: text, at: 0 };
        reader.pass_literal(form).is_ok() && reader.at == text.len()
    })
}

/// Reads through a statement.
struct Reader<'a> {
    statement: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.statement.get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        &self.statement[self.at..]
    }

    fn deviation(&self) -> Deviation {
        Deviation { at: self.at }
    }

    /// Passes over that byte.
    fn pass(&mut self, expected: u8) -> Result<(), Deviation> {
        if self.byte() != Some(expected) {
            return Err(self.deviation());
        }
        self.at += 1;
        Ok(())
    }

    /// Passes over a literal of that form. It has one arm for each arm of [`crate::encode::push_literal`].
    fn pass_literal(&mut self, form: Form) -> Result<(), Deviation> {
        if self.rest().starts_with(b"NULL") {
            self.at += b"NULL".len();
            return Ok(());
        }
        match form {
            Form::Number | Form::Float | Form::Ordinal => self.pass_number(),
            Form::Json => self.pass_document(),
            // A text with single surrogates is written as its bytes.
            Form::Text if self.byte() == Some(b'0') => self.pass_hexadecimal(),
            Form::Text | Form::Floats | Form::Array(_) | Form::Map { .. } | Form::Sparse => {
                self.pass_quoted()
            }
            Form::Bytes | Form::Raw => self.pass_hexadecimal(),
            Form::Generated => b"DEFAULT".iter().try_for_each(|&byte| self.pass(byte)),
        }
    }

    /// A document: its text; or, as [`crate::document`] writes it, a number, bytes, a date or time, or one of two
    /// functions of literals.
    fn pass_document(&mut self) -> Result<(), Deviation> {
        match self.byte() {
            Some(b'\'') => self.pass_quoted(),
            Some(b'J') => self.pass_value(0),
            Some(b'C') => {
                CAST.iter().try_for_each(|&byte| self.pass(byte))?;
                if !self.pass_moment()? {
                    return Err(self.deviation());
                }
                AS_JSON.iter().try_for_each(|&byte| self.pass(byte))
            }
            _ if self.rest().starts_with(b"0x") => self.pass_hexadecimal(),
            _ => self.pass_number(),
        }
    }

    /// A value in a function of [`crate::document`].
    fn pass_value(&mut self, depth: usize) -> Result<(), Deviation> {
        const WORDS: [&[u8]; 3] = [b"NULL", b"TRUE", b"FALSE"];
        let rest = self.rest();
        if let Some(word) = WORDS.into_iter().find(|word| rest.starts_with(word)) {
            self.at += word.len();
            return Ok(());
        }
        if self.pass_moment()? {
            return Ok(());
        }
        let rest = self.rest();
        let (is_object, is_array) = (rest.starts_with(b"JSON_OBJECT("), rest.starts_with(b"JSON_ARRAY("));
        if !is_object && !is_array {
            return match self.byte() {
                Some(b'\'') => self.pass_quoted(),
                _ if rest.starts_with(b"0x") => self.pass_hexadecimal(),
                _ => self.pass_number(),
            };
        }
        if depth > DEEPEST {
            return Err(self.deviation());
        }
        self.at += if is_object { b"JSON_OBJECT(".len() } else { b"JSON_ARRAY(".len() };
        let mut is_first = true;
        while self.byte() != Some(b')') {
            if !is_first {
                self.pass(b',')?;
            }
            is_first = false;
            if is_object {
                self.pass_quoted()?;
                self.pass(b',')?;
            }
            self.pass_value(depth + 1)?;
        }
        self.pass(b')')
    }

    /// `DATE'2026-01-31'` and the like; returns whether one is there.
    fn pass_moment(&mut self) -> Result<bool, Deviation> {
        const MOMENTS: [&[u8]; 3] = [b"DATE'", b"TIMESTAMP'", b"TIME'"];
        let Some(word) = MOMENTS.into_iter().find(|word| self.rest().starts_with(word)) else {
            return Ok(false);
        };
        self.at += word.len() - 1;
        self.pass_quoted().map(|()| true)
    }

    /// `-12.50`, `.5`, `1e-10`.
    fn pass_number(&mut self) -> Result<(), Deviation> {
        self.at += usize::from(self.byte() == Some(b'-'));
        let mut digits = self.pass_all(u8::is_ascii_digit);
        if self.byte() == Some(b'.') {
            self.at += 1;
            digits += self.pass_all(u8::is_ascii_digit);
        }
        if digits > 0 && matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            digits = self.pass_all(u8::is_ascii_digit);
        }
        if digits > 0 { Ok(()) } else { Err(self.deviation()) }
    }

    /// `'it\'s'`.
    fn pass_quoted(&mut self) -> Result<(), Deviation> {
        self.pass(b'\'')?;
        loop {
            self.pass_plain();
            match self.byte() {
                Some(b'\'') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\')
                    if matches!(
                        self.statement.get(self.at + 1),
                        Some(b'0' | b'n' | b'r' | b'Z' | b'\'' | b'\\')
                    ) =>
                {
                    self.at += 2;
                }
                _ => return Err(self.deviation()),
            }
        }
    }

    /// Skips literal characters between quotes.
    fn pass_plain(&mut self) {
        let rest = self.rest();
        let short = &rest[..rest.len().min(SHORT_BYTES)];
        self.at += match short.iter().position(|&byte| IS_SPECIAL[usize::from(byte)]) {
            Some(plain) => plain,
            None => short.len() + plain_bytes(&rest[short.len()..]),
        };
    }

    /// `0x00FF`; `''` for no byte.
    fn pass_hexadecimal(&mut self) -> Result<(), Deviation> {
        if self.rest().starts_with(b"''") {
            self.at += 2;
            return Ok(());
        }
        self.pass(b'0')?;
        self.pass(b'x')?;
        let digits = self.pass_all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
        if digits > 0 && digits.is_multiple_of(2) { Ok(()) } else { Err(self.deviation()) }
    }

    /// Passes over all bytes of a kind; returns how many they are.
    fn pass_all(&mut self, kind: impl Fn(&u8) -> bool) -> usize {
        let count = self.rest().iter().take_while(|byte| kind(byte)).count();
        self.at += count;
        count
    }
}

/// The bytes that are not literal between quotes.
const IS_SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let bytes = [0, b'\n', b'\r', 0x1A, b'\'', b'\\'];
    let mut place = 0;
    while place < bytes.len() {
        special[bytes[place] as usize] = true;
        place += 1;
    }
    special
};

#[cfg(test)]
mod tests;
