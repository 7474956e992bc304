//! Splits SQL text into tokens and statements.

use crate::error::SqlError;

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A bare word: keyword or name.
    Word,
    /// A name in backquotes.
    Quoted,
    /// A string literal.
    Text,
    Number,
    /// `@name`
    Variable,
    /// `@@name`
    System,
    /// `?`
    Placeholder,
    Symbol,
    /// A NULL from an argument of a prepared statement.
    Null,
}

/// A token with its position in the text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// The meaning: names and strings without quotes and escapes.
    pub(crate) value: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Token {
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.value.eq_ignore_ascii_case(word)
    }

    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.value == symbol
    }

    /// Returns whether the token can be the name of a table or column.
    pub(crate) fn is_name(&self) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::Quoted)
    }
}

/// Splits a text into statements without their semicolons.
pub(crate) fn statements(text: &str) -> Result<Vec<Vec<Token>>, SqlError> {
    let mut all = vec![Vec::new()];
    for token in tokens(text)? {
        if token.is_symbol(";") {
            all.push(Vec::new());
        } else if let Some(last) = all.last_mut() {
            last.push(token);
        }
    }
    all.retain(|statement| !statement.is_empty());
    Ok(all)
}

fn tokens(text: &str) -> Result<Vec<Token>, SqlError> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if let Some(end) = comment_end(text, at) {
            at = end;
            continue;
        }
        let (kind, value) = match byte {
            b'\'' | b'"' => {
                let value = quoted(text, &mut at, byte, true)?;
                (TokenKind::Text, value)
            }
            b'`' => {
                let value = quoted(text, &mut at, byte, false)?;
                (TokenKind::Quoted, value)
            }
            b'@' => variable(text, &mut at)?,
            b'?' => {
                at += 1;
                (TokenKind::Placeholder, "?".to_owned())
            }
            b'0'..=b'9' => (TokenKind::Number, number(text, &mut at)),
            b'.' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => {
                (TokenKind::Number, number(text, &mut at))
            }
            _ if is_word_byte(byte) => (TokenKind::Word, take(text, &mut at, is_word_byte)),
            _ => (TokenKind::Symbol, symbol(text, &mut at)),
        };
        found.push(Token { kind, value, start, end: at });
    }
    Ok(found)
}

/// Returns the end of the comment that starts at `at`. Of `/*!50000 …*/`, only the marks are skipped, not the
/// content.
fn comment_end(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    if let Some(marked) = rest.strip_prefix("/*!") {
        let digits = marked.bytes().take_while(u8::is_ascii_digit).count();
        return Some(at + 3 + digits);
    }
    if rest.starts_with("*/") {
        return Some(at + 2);
    }
    if rest.starts_with("/*") {
        return Some(rest.find("*/").map_or(text.len(), |end| at + end + 2));
    }
    let line = rest.starts_with('#')
        || (rest.starts_with("--") && rest[2..].chars().next().is_none_or(char::is_whitespace));
    line.then(|| rest.find('\n').map_or(text.len(), |end| at + end + 1))
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn take(text: &str, at: &mut usize, belongs: impl Fn(u8) -> bool) -> String {
    let start = *at;
    while text.as_bytes().get(*at).is_some_and(|byte| belongs(*byte)) {
        *at += 1;
    }
    text[start..*at].to_owned()
}

fn number(text: &str, at: &mut usize) -> String {
    let start = *at;
    take(text, at, |byte| byte.is_ascii_digit() || byte == b'.');
    let exponent = text[*at..].bytes();
    if exponent.clone().next().is_some_and(|byte| byte == b'e' || byte == b'E')
        && exponent.clone().nth(1).is_some_and(|byte| byte.is_ascii_digit() || byte == b'-')
    {
        *at += 2;
        take(text, at, |byte| byte.is_ascii_digit());
    }
    text[start..*at].to_owned()
}

fn symbol(text: &str, at: &mut usize) -> String {
    const LONG: [&str; 8] = ["<=>", ":=", "<=", ">=", "<>", "!=", "||", "&&"];
    let rest = &text[*at..];
    let length = LONG
        .iter()
        .find(|long| rest.starts_with(**long))
        .map_or_else(|| rest.chars().next().map_or(1, char::len_utf8), |long| long.len());
    *at += length;
    rest[..length].to_owned()
}

fn variable(text: &str, at: &mut usize) -> Result<(TokenKind, String), SqlError> {
    *at += 1;
    let kind = if text[*at..].starts_with('@') {
        *at += 1;
        TokenKind::System
    } else {
        TokenKind::Variable
    };
    let value = match text.as_bytes().get(*at) {
        Some(&quote @ (b'`' | b'\'' | b'"')) => quoted(text, at, quote, false)?,
        _ => take(text, at, |byte| is_word_byte(byte) || byte == b'.'),
    };
    Ok((kind, value))
}

fn quoted(text: &str, at: &mut usize, quote: u8, escapes: bool) -> Result<String, SqlError> {
    let open = *at;
    let mut value = Vec::new();
    let bytes = text.as_bytes();
    *at += 1;
    loop {
        let Some(&byte) = bytes.get(*at) else { return Err(SqlError::syntax(&text[open..])) };
        *at += 1;
        if byte == quote {
            if bytes.get(*at) == Some(&quote) {
                value.push(quote);
                *at += 1;
                continue;
            }
            return String::from_utf8(value).map_err(|_| SqlError::syntax(&text[open..]));
        }
        if byte == b'\\' && escapes {
            let Some(&escaped) = bytes.get(*at) else { return Err(SqlError::syntax(&text[open..])) };
            *at += 1;
            match escaped {
                b'n' => value.push(b'\n'),
                b't' => value.push(b'\t'),
                b'r' => value.push(b'\r'),
                b'0' => value.push(0),
                b'Z' => value.push(0x1a),
                b'%' | b'_' => value.extend([b'\\', escaped]),
                other => value.push(other),
            }
            continue;
        }
        value.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        tokens(text).expect("good text").into_iter().map(|token| token.value).collect()
    }

    #[test]
    fn comments_are_not_tokens_but_version_comments_are_text() {
        assert_eq!(values("SELECT /* a ; b */ 1 -- x\n, 2 # y"), ["SELECT", "1", ",", "2"]);
        assert_eq!(values("/*!40101 SET NAMES utf8 */"), ["SET", "NAMES", "utf8"]);
    }

    #[test]
    fn a_semicolon_inside_quotes_does_not_end_a_statement() {
        let found = statements("SET @a = 'x;\\'y'; SELECT `a;b`; ;").expect("good text");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0][3].value, "x;'y");
        assert_eq!(found[1][1].value, "a;b");
    }

    #[test]
    fn an_open_string_is_a_syntax_error() {
        assert_eq!(statements("SELECT 'abc").map_err(|error| error.number), Err(1064));
    }
}
