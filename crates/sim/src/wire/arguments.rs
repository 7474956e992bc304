//! Arguments of prepared statements: binary values that become literal tokens.

use super::packet::Reader;
use crate::sql::Token;
use crate::sql::token::TokenKind;

/// A prepared statement and the client's description of its arguments.
pub(crate) struct Prepared {
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
    pub(crate) arguments: usize,
    types: Vec<(u8, bool)>,
    /// Values that were sent ahead in parts.
    long: Vec<Option<Vec<u8>>>,
}

impl Prepared {
    pub(crate) fn new(text: String, tokens: Vec<Token>) -> Self {
        let arguments = tokens.iter().filter(|token| token.kind == TokenKind::Placeholder).count();
        Self { text, tokens, arguments, types: Vec::new(), long: vec![None; arguments] }
    }

    pub(crate) fn append_long(&mut self, argument: usize, data: &[u8]) {
        if let Some(slot) = self.long.get_mut(argument) {
            slot.get_or_insert_default().extend_from_slice(data);
        }
    }

    pub(crate) fn reset(&mut self) {
        self.long = vec![None; self.arguments];
    }

    /// Returns the tokens of the statement with the arguments of an execution; `None` if the arguments are invalid.
    pub(crate) fn bind(&mut self, payload: &[u8]) -> Option<Vec<Token>> {
        let mut values = Vec::new();
        if self.arguments > 0 {
            let mut reader = Reader::new(payload);
            let nulls = reader.take(self.arguments.div_ceil(8))?;
            if reader.byte()? == 1 {
                self.types.clear();
                for _ in 0..self.arguments {
                    let code = reader.byte()?;
                    self.types.push((code, reader.byte()? & 0x80 != 0));
                }
            }
            for at in 0..self.arguments {
                let (code, unsigned) = *self.types.get(at)?;
                if let Some(long) = self.long[at].take() {
                    values.push((TokenKind::Text, String::from_utf8_lossy(&long).into_owned()));
                } else if nulls[at / 8] >> (at % 8) & 1 == 1 {
                    values.push((TokenKind::Null, "NULL".to_owned()));
                } else {
                    values.push(value(&mut reader, code, unsigned)?);
                }
            }
        }
        let mut values = values.into_iter();
        let mut bound = self.tokens.clone();
        for token in bound.iter_mut().filter(|token| token.kind == TokenKind::Placeholder) {
            (token.kind, token.value) = values.next()?;
        }
        Some(bound)
    }
}

fn value(reader: &mut Reader<'_>, code: u8, unsigned: bool) -> Option<(TokenKind, String)> {
    let integer = |reader: &mut Reader<'_>, bytes: usize| {
        let raw = reader.number(bytes)?;
        let shift = 64 - bytes * 8;
        let text = if unsigned { raw.to_string() } else { ((raw << shift) as i64 >> shift).to_string() };
        Some((TokenKind::Number, text))
    };
    match code {
        1 => integer(reader, 1),
        2 | 13 => integer(reader, 2),
        3 | 9 => integer(reader, 4),
        8 => integer(reader, 8),
        4 => Some((TokenKind::Number, f32::from_bits(u32::try_from(reader.number(4)?).ok()?).to_string())),
        5 => Some((TokenKind::Number, f64::from_bits(reader.number(8)?).to_string())),
        6 => Some((TokenKind::Null, "NULL".to_owned())),
        7 | 10 | 12 => Some((TokenKind::Text, datetime(reader)?)),
        11 => Some((TokenKind::Text, time(reader)?)),
        _ => Some((TokenKind::Text, String::from_utf8_lossy(reader.bytes()?).into_owned())),
    }
}

fn datetime(reader: &mut Reader<'_>) -> Option<String> {
    let length = reader.byte()?;
    let raw = reader.take(length.into())?;
    let mut fields = Reader::new(raw);
    let mut field = |bytes| fields.number(bytes).unwrap_or_default();
    let (year, month, day) = (field(2), field(1), field(1));
    let (hour, minute, second, micros) = (field(1), field(1), field(1), field(4));
    Some(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}"))
}

fn time(reader: &mut Reader<'_>) -> Option<String> {
    let length = reader.byte()?;
    let raw = reader.take(length.into())?;
    let mut fields = Reader::new(raw);
    let mut field = |bytes| fields.number(bytes).unwrap_or_default();
    let (negative, days, hour, minute, second) = (field(1), field(4), field(1), field(1), field(1));
    let sign = if negative == 1 { "-" } else { "" };
    Some(format!("{sign}{:02}:{minute:02}:{second:02}", days * 24 + hour))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::token::statements;

    #[test]
    fn arguments_become_literals_in_their_places() {
        let text = "SELECT ?, ?, ?";
        let mut prepared = Prepared::new(text.to_owned(), statements(text).expect("good text").remove(0));
        let payload =
            [0b010, 1, 8, 0, 6, 0, 253, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, b'a', b'b'];
        let bound = prepared.bind(&payload).expect("good arguments");
        assert_eq!((bound[1].kind, bound[1].value.as_str()), (TokenKind::Number, "-2"));
        assert_eq!(bound[3].kind, TokenKind::Null);
        assert_eq!((bound[5].kind, bound[5].value.as_str()), (TokenKind::Text, "ab"));
        assert!(prepared.bind(&payload[..10]).is_none());
    }
}
