//! The one form that a statement of a piece may have: a dump is data, and nothing else of it is run.
//!
//! A statement is checked in one pass before it is sent. It begins with the planned table and columns, byte for byte, and
//! goes on with tuples of exactly the literals that [`crate::encode`] writes. No comment, function,
//! subquery, further statement or other table has a place in it.

use crate::column::{Column, Form};
use crate::document::DEEPEST;
use crate::encode::plain_bytes;
use crate::piece::statement_head;

/// How many bytes of a quoted text are looked at one by one: most texts are short.
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
    /// Where it leaves the form.
    at: usize,
}

impl InsertForm {
    /// Returns the form of the statements that insert into a table.
    pub(crate) fn new(table: &str, columns: &[Column]) -> Self {
        let forms = columns.iter().map(|column| column.form).collect();
        Self { head: statement_head(table, columns), forms }
    }

    /// Returns how every statement begins. The names in it may hold anything, also what ends a statement elsewhere.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Checks a statement without its `;`; returns how many rows it holds.
    ///
    /// # Errors
    /// Says where the statement leaves the form.
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

/// Tells whether a text is one literal of that form, or of bytes, which stand where a text is not valid UTF-8.
pub(crate) fn is_literal(form: Form, text: &[u8]) -> bool {
    [form, Form::Bytes].into_iter().any(|form| {
        let mut reader = Reader { statement: text, at: 0 };
        reader.pass_literal(form).is_ok() && reader.at == text.len()
    })
}

/// Reads along a statement.
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

    /// Passes over a literal of that form. To each arm of [`crate::encode::push_literal`] belongs one here.
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

    /// A document: its text; or, as [`crate::document`] writes it, a number, bytes, or one of two functions of literals.
    fn pass_document(&mut self) -> Result<(), Deviation> {
        match self.byte() {
            Some(b'\'') => self.pass_quoted(),
            Some(b'J') => self.pass_value(0),
            _ if self.rest().starts_with(b"0x") => self.pass_hexadecimal(),
            _ => self.pass_number(),
        }
    }

    /// A value in such a function.
    fn pass_value(&mut self, depth: usize) -> Result<(), Deviation> {
        const WORDS: [&[u8]; 3] = [b"NULL", b"TRUE", b"FALSE"];
        const MOMENTS: [&[u8]; 3] = [b"DATE'", b"TIMESTAMP'", b"TIME'"];
        let rest = self.rest();
        if let Some(word) = WORDS.into_iter().find(|word| rest.starts_with(word)) {
            self.at += word.len();
            return Ok(());
        }
        if let Some(word) = MOMENTS.into_iter().find(|word| rest.starts_with(word)) {
            self.at += word.len() - 1;
            return self.pass_quoted();
        }
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

    /// Passes over what stands for itself between quotes.
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

/// The bytes that do not stand for themselves between quotes.
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
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::{InsertForm, Reader};
    use crate::column::{Column, Form};
    use crate::encode::push_literal;
    use crate::piece::PieceText;

    /// The values of a row; nothing for NULL.
    type Row = Vec<Option<Vec<u8>>>;

    const FORMS: [Form; 8] = [
        Form::Number,
        Form::Text,
        Form::Bytes,
        Form::Float,
        Form::Floats,
        Form::Ordinal,
        Form::Raw,
        Form::Generated,
    ];

    fn columns(forms: &[Form]) -> Vec<Column> {
        let column = |(place, &form): (usize, &Form)| Column { name: format!("c`{place};\n"), form };
        forms.iter().enumerate().map(column).collect()
    }

    /// Returns a statement of these rows, as a dump writes it, and its form.
    fn written(forms: &[Form], rows: &[Row]) -> (InsertForm, Vec<u8>) {
        let columns = columns(forms);
        let (mut piece, mut text) = (PieceText::new("o`;\nrders", &columns), Vec::new());
        for row in rows {
            piece.push_row(&mut text, |place| row[place].as_deref(), None).expect("a row");
        }
        piece.end(&mut text);
        text.truncate(text.len() - b";\n".len());
        (InsertForm::new("o`;\nrders", &columns), text)
    }

    fn value(form: Form) -> BoxedStrategy<Option<Vec<u8>>> {
        let number = prop_oneof![
            Just("-0".to_owned()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(|n| format!("{n:e}")),
            "-?[0-9]{1,20}\\.[0-9]{1,10}",
        ];
        let value = match form {
            Form::Generated => Just(b"1".to_vec()).boxed(),
            Form::Floats | Form::Bytes | Form::Raw => {
                prop_oneof![any::<Vec<u8>>(), "[ -~中'\\\\;\n]{0,80}".prop_map(String::into_bytes)].boxed()
            }
            // A text that is no UTF-8 is not written.
            Form::Text | Form::Json | Form::Array(_) | Form::Map { .. } | Form::Sparse => {
                prop_oneof![any::<String>(), "[ -~中'\\\\;\n]{0,80}"].prop_map(String::into_bytes).boxed()
            }
            Form::Number | Form::Float | Form::Ordinal => number.prop_map(String::into_bytes).boxed(),
        };
        prop::option::weighted(0.9, value).boxed()
    }

    /// Rows with their forms.
    fn table() -> impl Strategy<Value = (Vec<Form>, Vec<Row>)> {
        prop::collection::vec(prop::sample::select(&FORMS[..]), 1..5).prop_flat_map(|forms| {
            let row: Vec<_> = forms.iter().map(|&form| value(form)).collect();
            (Just(forms), prop::collection::vec(row, 1..20))
        })
    }

    /// The slow way: what a server's tokens would be. A statement of the form holds these and no others.
    fn is_of_tuples(form: &InsertForm, statement: &[u8]) -> bool {
        let Some(mut rest) = statement.strip_prefix(form.head()) else { return false };
        loop {
            for (place, &form) in form.forms.iter().enumerate() {
                let before: &[u8] = if place == 0 { b"(" } else { b"," };
                let Some(at) = rest.strip_prefix(before) else { return false };
                let Some(length) = (1..=at.len()).find(|&length| {
                    is_literal(form, &at[..length]) && matches!(at.get(length), Some(b',' | b')'))
                }) else {
                    return false;
                };
                rest = &at[length..];
            }
            rest = match rest.strip_prefix(b")") {
                Some(b"") => return true,
                Some(more) => match more.strip_prefix(b",\n") {
                    Some(more) => more,
                    None => return false,
                },
                None => return false,
            };
        }
    }

    /// Tells whether writing the value that a literal stands for gives the literal again.
    fn is_literal(form: Form, text: &[u8]) -> bool {
        let Ok(as_text) = std::str::from_utf8(text) else {
            return matches!(form, Form::Text | Form::Floats) && reads_back(form, text);
        };
        match form {
            _ if text == b"NULL" => true,
            Form::Generated => text == b"DEFAULT",
            Form::Number | Form::Float | Form::Ordinal => {
                as_text.parse::<f64>().is_ok()
                    && text.iter().all(|byte| b"0123456789.eE+-".contains(byte))
                    && !text.starts_with(b"+")
            }
            _ => reads_back(form, text),
        }
    }

    fn reads_back(form: Form, text: &[u8]) -> bool {
        let value = match form {
            Form::Bytes | Form::Raw if text != b"''" => {
                let Some(digits) = text.strip_prefix(b"0x") else { return false };
                let byte = |pair: &[u8]| {
                    u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16)
                        .ok()
                };
                digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>()
            }
            _ => {
                let Some(inner) = text.strip_prefix(b"'").and_then(|rest| rest.strip_suffix(b"'")) else {
                    return false;
                };
                let (mut value, mut bytes) = (Vec::new(), inner.iter());
                while let Some(&byte) = bytes.next() {
                    value.push(match byte {
                        b'\\' => match bytes.next() {
                            Some(b'0') => 0,
                            Some(b'n') => b'\n',
                            Some(b'r') => b'\r',
                            Some(b'Z') => 0x1A,
                            Some(&other) => other,
                            None => return false,
                        },
                        other => other,
                    });
                }
                Some(value)
            }
        };
        value.is_some_and(|value| {
            let mut again = Vec::new();
            push_literal(&mut again, form, Some(&value));
            again == text
        })
    }

    proptest! {
        #[test]
        fn what_a_dump_writes_is_of_the_form((forms, rows) in table()) {
            let (form, text) = written(&forms, &rows);
            prop_assert_eq!(form.check(&text), Ok(rows.len() as u64));
            prop_assert!(is_of_tuples(&form, &text), "{}", String::from_utf8_lossy(&text));
        }

        #[test]
        fn a_mutation_is_refused_unless_it_is_other_rows(
            (forms, rows) in table(),
            places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..4),
        ) {
            let (form, mut text) = written(&forms, &rows);
            for (place, byte, how) in places {
                let at = place.index(text.len());
                // Half of the bytes are those that mean something.
                let byte = if byte < 128 { byte } else { b"'\\(),;\n-#/*0x`N"[usize::from(byte) % 15] };
                match how {
                    0 => text[at] = byte,
                    1 => text.insert(at, byte),
                    _ => drop(text.remove(at)),
                }
            }
            prop_assert_eq!(form.check(&text).is_ok(), is_of_tuples(&form, &text), "{}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn statements_that_do_something_else_are_refused() {
        let columns = [("id", Form::Number), ("name", Form::Text), ("photo", Form::Bytes)]
            .map(|(name, form)| Column { name: name.to_owned(), form });
        let form = InsertForm::new("orders", &columns);
        let head = "INSERT INTO `orders` (`id`,`name`,`photo`) VALUES\n";
        assert_eq!(form.check(format!("{head}(1,'a',0x00),\n(NULL,NULL,'')").as_bytes()), Ok(2));
        let others = [
            "GRANT ALL ON *.* TO root",
            "",
            "INSERT INTO `users` (`id`,`name`,`photo`) VALUES\n(1,'a',0x00)",
            "INSERT INTO `mysql`.`orders` (`id`,`name`,`photo`) VALUES\n(1,'a',0x00)",
            "INSERT INTO `orders` (`id`,`photo`,`name`) VALUES\n(1,'a',0x00)",
            "INSERT INTO `orders` (`id`,`name`) VALUES\n(1,'a')",
            "REPLACE INTO `orders` (`id`,`name`,`photo`) VALUES\n(1,'a',0x00)",
        ];
        let tuples = [
            "",
            "(1,'a',0x00",
            "(1,'a',0x00);",
            "(1,'a',0x00),",
            "(1,'a',0x00),\n",
            "(1,'a',0x00);DROP TABLE x",
            "(1,'a',0x00) -- x",
            "(1,'a',0x00) ON DUPLICATE KEY UPDATE id=1",
            "(1,'a',0x00)/*!;*/",
            "(1,'a'),\n(2,'b')",
            "(1,'a',0x00,1)",
            "((SELECT 1),'a',0x00)",
            "(SLEEP(9),'a',0x00)",
            "(1,USER(),0x00)",
            "(1,LOAD_FILE('/x'),0x00)",
            "(1,@@version,0x00)",
            "(1,`name`,0x00)",
            "(1,\"a\",0x00)",
            "(1,'a''b',0x00)",
            "(1,'a' 'b',0x00)",
            "(1,_utf8'a',0x00)",
            "(1,N'a',0x00)",
            "(1,'a\\%',0x00)",
            "(1,'a\nb',0x00)",
            "(1,'a\0',0x00)",
            "(1,'a\\',0x00)",
            "(1,'a\\'',0x0)",
            "(1,'a',0x)",
            "(1,'a',0xfg)",
            "(1,'a',0xff)",
            "(1,'a',X'00')",
            "(1,'a','x')",
            "(1+1,'a',0x00)",
            "(--1,'a',0x00)",
            "(1-- ,'a',0x00)",
            "(1#,'a',0x00)",
            "(-,'a',0x00)",
            "(.,'a',0x00)",
            "(1e,'a',0x00)",
            "(1.1.1,'a',0x00)",
            "('1','a',0x00)",
            "(1, 'a',0x00)",
            "(1,'a',0x00),(2,'b',0x00)",
            "(null,'a',0x00)",
            "(NULLIF(1,1),'a',0x00)",
            "(DEFAULT,'a',0x00)",
            "(TRUE,'a',0x00)",
            "(0x01,'a',0x00)",
            "(,'a',0x00)",
        ];
        let with_head = tuples.iter().map(|tuple| format!("{head}{tuple}"));
        for statement in others.iter().map(|&other| other.to_owned()).chain(with_head) {
            assert!(form.check(statement.as_bytes()).is_err(), "{statement}");
        }
    }

    #[test]
    fn a_document_is_a_text_or_two_functions_of_literals() {
        let form = InsertForm::new("t", &[Column { name: "d".to_owned(), form: Form::Json }]);
        let check = |value: &str| form.check(format!("INSERT INTO `t` (`d`) VALUES\n({value})").as_bytes());
        for value in [
            "NULL",
            "'[1]'",
            "1.10",
            "0x00FF",
            "JSON_ARRAY()",
            r"JSON_OBJECT('a',JSON_ARRAY(1.10,NULL,TRUE,FALSE,-7.,1e20),'it\'s',DATE'2026-01-31','t',TIME'01:02:03.500000','b',0x00FF,'m',TIMESTAMP'2026-01-31 01:02:03.000000','s','x')",
        ] {
            assert_eq!(check(value), Ok(1), "{value}");
        }
        let deep = format!("{}{}", "JSON_ARRAY(".repeat(200), ")".repeat(200));
        for value in [
            "JSON_ARRAY(USER())",
            "JSON_ARRAY((SELECT 1))",
            "JSON_ARRAY(1 )",
            "JSON_ARRAY(1,)",
            "JSON_ARRAY(,1)",
            "JSON_ARRAY(1",
            "JSON_ARRAY(@@version)",
            "JSON_ARRAY(DATE)",
            "JSON_ARRAY(DATE'x)",
            "JSON_ARRAY(CAST(1 AS JSON))",
            "JSON_OBJECT('a')",
            "JSON_OBJECT(1,1)",
            "JSON_OBJECT(USER(),1)",
            "JSON_EXTRACT('[1]','$[0]')",
            "JSON_ARRAYAGG(1)",
            "JSON_ARRAY (1)",
            "json_array(1)",
            "TRUE",
            "DATE'2026-01-31'",
            deep.as_str(),
        ] {
            assert!(check(value).is_err(), "{value}");
        }
        let text = InsertForm::new("t", &[Column { name: "d".to_owned(), form: Form::Text }]);
        assert!(text.check(b"INSERT INTO `t` (`d`) VALUES\n(JSON_ARRAY(1))").is_err());
    }

    #[test]
    fn a_deviation_says_where_it_is() {
        let form = InsertForm::new("t", &[Column { name: "a".to_owned(), form: Form::Number }]);
        let said = form.check(b"INSERT INTO `t` (`a`) VALUES\n(NOW())").expect_err("a function").to_string();
        assert_eq!(said, "a statement is not an INSERT of the planned form, from its byte 30 on");
    }

    #[test]
    fn short_and_long_texts_are_passed_over_alike() {
        for length in 0..100 {
            let quoted = format!("'{}'", "x".repeat(length));
            let mut reader = Reader { statement: quoted.as_bytes(), at: 0 };
            assert_eq!((reader.pass_quoted(), reader.at), (Ok(()), length + 2));
        }
    }

    #[test]
    #[ignore = "a measurement: `cargo test --release -p dump -- --ignored --nocapture fast_the_check`"]
    fn how_fast_the_check_is() {
        let forms = [Form::Number, Form::Number, Form::Text, Form::Text];
        let digits = "68487932199-96439406143-93774651418-41631865787-96406072701-20604855487";
        let row = |id: u32| {
            let (text, pad) = (format!("{digits}-{id}"), format!("{id}-67847967377"));
            vec![
                Some(id.to_string().into_bytes()),
                Some(b"4992833".to_vec()),
                Some(text.into_bytes()),
                Some(pad.into_bytes()),
            ]
        };
        let (form, text) = written(&forms, &(0..8000).map(row).collect::<Vec<_>>());
        let begun = Instant::now();
        let rows: u64 = (0..200).map(|_| form.check(&text).expect("of the form")).sum();
        let per_second = text.len() as f64 * 200.0 / begun.elapsed().as_secs_f64() / 1e6;
        println!("{rows} rows, {per_second:.0} MB/s");
    }
}
