//! SQL cut into words, quotes and signs. Joined again, the tokens are the text.

/// A piece of SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'t [u8],
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// Spaces, line ends and comments.
    Space,
    /// A name in backticks.
    Name,
    /// A text in `'` or `"`.
    Literal,
    /// A keyword, a bare name or a number.
    Word,
    /// One other character.
    Sign,
}

impl Token<'_> {
    /// Tells whether it is that keyword, whatever its capitals.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word.as_bytes())
    }

    /// Tells whether it is that sign.
    pub(crate) fn is_sign(&self, sign: u8) -> bool {
        self.kind == TokenKind::Sign && self.text == [sign]
    }

    /// Returns the name without its backticks, or the bare word.
    pub(crate) fn name(&self) -> Option<String> {
        match self.kind {
            TokenKind::Name => {
                let inner = self.text.get(1..self.text.len().saturating_sub(1))?;
                Some(String::from_utf8_lossy(inner).replace("``", "`"))
            }
            TokenKind::Word => Some(String::from_utf8_lossy(self.text).into_owned()),
            _ => None,
        }
    }
}

/// Cuts SQL into tokens. A quote that nobody closes reaches to the end.
pub(crate) fn tokens(sql: &[u8]) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(&first) = rest.first() {
        let (kind, length) = match first {
            b'`' => (TokenKind::Name, quoted_length(rest, false)),
            b'\'' | b'"' => (TokenKind::Literal, quoted_length(rest, true)),
            b'#' => (TokenKind::Space, line_length(rest)),
            b'-' if rest.starts_with(b"-- ") => (TokenKind::Space, line_length(rest)),
            // `/*! … */` and `/*+ … */` are no comments; their marks are signs, their insides tokens.
            b'/' if rest.starts_with(b"/*") && !matches!(rest.get(2), Some(b'!' | b'+')) => {
                (TokenKind::Space, comment_length(rest))
            }
            _ if first.is_ascii_whitespace() => (TokenKind::Space, run_length(rest, u8::is_ascii_whitespace)),
            _ if is_word(&first) => (TokenKind::Word, run_length(rest, is_word)),
            _ => (TokenKind::Sign, 1),
        };
        let (text, behind) = rest.split_at(length);
        tokens.push(Token { kind, text });
        rest = behind;
    }
    tokens
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'$' || *byte >= 0x80
}

fn run_length(text: &[u8], belongs: impl Fn(&u8) -> bool) -> usize {
    text.iter().position(|byte| !belongs(byte)).unwrap_or(text.len())
}

fn line_length(text: &[u8]) -> usize {
    run_length(text, |&byte| byte != b'\n')
}

fn comment_length(text: &[u8]) -> usize {
    text.windows(2).skip(2).position(|pair| pair == b"*/").map_or(text.len(), |place| place + 4)
}

/// Returns the length of a quoted text with its quotes. A doubled quote stands for itself.
fn quoted_length(text: &[u8], backslash: bool) -> usize {
    let quote = text[0];
    let mut place = 1;
    while place < text.len() {
        if backslash && text[place] == b'\\' {
            place += 2;
        } else if text[place] != quote {
            place += 1;
        } else if text.get(place + 1) == Some(&quote) {
            place += 2;
        } else {
            return place + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{TokenKind, tokens};

    fn shown(sql: &str) -> Vec<(TokenKind, &str)> {
        tokens(sql.as_bytes())
            .into_iter()
            .filter(|token| token.kind != TokenKind::Space)
            .map(|token| (token.kind, std::str::from_utf8(token.text).expect("text")))
            .collect()
    }

    #[test]
    fn quotes_and_comments_hide_what_is_in_them() {
        use TokenKind::{Literal, Name, Sign, Word};
        let expected =
            [(Name, "`a``(`"), (Word, "int"), (Literal, r"'x\'y''z'"), (Sign, ","), (Literal, "\"(\"")];
        assert_eq!(shown("`a``(` int 'x\\'y''z', \"(\" -- (\n /* ( */"), expected);
        let expected =
            [(Word, "a"), (Sign, "/"), (Sign, "*"), (Sign, "!"), (Word, "80000"), (Word, "INVISIBLE")];
        assert_eq!(shown("a/*!80000 INVISIBLE */")[..6], expected);
    }

    proptest! {
        #[test]
        fn the_tokens_joined_are_the_text(sql in any::<Vec<u8>>()) {
            let joined: Vec<u8> = tokens(&sql).iter().flat_map(|token| token.text.iter().copied()).collect();
            prop_assert_eq!(joined, sql);
        }

        #[test]
        fn no_text_of_quotes_is_too_crooked(sql in "[`'\"\\\\a/*#\n -]{0,30}") {
            let joined: Vec<u8> = tokens(sql.as_bytes()).iter().flat_map(|token| token.text.iter().copied()).collect();
            prop_assert_eq!(joined, sql.as_bytes());
        }
    }
}
