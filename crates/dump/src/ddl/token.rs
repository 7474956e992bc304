//! SQL cut into words, quotes and signs, by the rules of the servers. Joined again, the tokens are the text.

/// A piece of SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'t [u8],
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// Spaces and line ends.
    Space,
    /// A comment that no server runs.
    Comment,
    /// A comment whose content some servers run: `/*! … */`, `/*M! … */`.
    Executable,
    /// A hint for the optimizer: `/*+ … */`.
    Hint,
    /// A name in backticks, or in `"` under ANSI_QUOTES.
    Name,
    /// A text in `'` or `"`.
    Literal,
    /// A keyword, a bare name or a number.
    Word,
    /// One other character.
    Sign,
    /// An unclosed quote or comment; it reaches to the end.
    Unclosed,
}

/// The parts of `sql_mode` that decide how a statement is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Quoting {
    /// Whether `"` quotes a name.
    ansi_quotes: bool,
    /// Whether a backslash in a text is an ordinary character.
    plain_backslash: bool,
    /// Whether routines and blocks are written as in Oracle.
    is_oracle: bool,
}

/// The modes that switch ANSI_QUOTES on.
const ANSI_MODES: [&str; 7] = ["ANSI_QUOTES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL"];

impl Quoting {
    /// Returns how statements are cut under this `sql_mode`.
    pub(crate) fn of_mode(sql_mode: &str) -> Self {
        let mut quoting = Self::default();
        for word in sql_mode.split(',').map(str::trim) {
            quoting.ansi_quotes |= ANSI_MODES.iter().any(|mode| mode.eq_ignore_ascii_case(word));
            quoting.is_oracle |= word.eq_ignore_ascii_case("ORACLE");
            quoting.plain_backslash |= word.eq_ignore_ascii_case("NO_BACKSLASH_ESCAPES");
        }
        quoting
    }

    /// Returns whether routines and blocks are written as in Oracle.
    pub(crate) fn is_oracle(self) -> bool {
        self.is_oracle
    }
}

impl Token<'_> {
    /// Returns whether it is that keyword, in any capitalization.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word.as_bytes())
    }

    /// Returns whether it is one of these keywords.
    pub(crate) fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is_word(word))
    }

    /// Returns whether it is that sign.
    pub(crate) fn is_sign(&self, sign: u8) -> bool {
        self.kind == TokenKind::Sign && self.text == [sign]
    }

    /// Returns whether it only separates other tokens.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self.kind, TokenKind::Space | TokenKind::Comment)
    }

    /// Returns whether it may be a name.
    pub(crate) fn is_name(&self) -> bool {
        matches!(self.kind, TokenKind::Name | TokenKind::Word)
    }

    /// Returns the name without its quotes, or the bare word.
    pub(crate) fn name(&self) -> Option<String> {
        match self.kind {
            TokenKind::Name => {
                let inner = self.text.get(1..self.text.len().saturating_sub(1))?;
                let quote = char::from(self.text[0]);
                Some(String::from_utf8_lossy(inner).replace(&format!("{quote}{quote}"), &quote.to_string()))
            }
            TokenKind::Word => Some(String::from_utf8_lossy(self.text).into_owned()),
            _ => None,
        }
    }
}

/// Splits SQL into tokens under the `sql_mode` of a load.
pub(crate) fn tokens(sql: &[u8]) -> Vec<Token<'_>> {
    tokens_of(sql, Quoting::default())
}

/// Splits SQL into tokens.
pub(crate) fn tokens_of(sql: &[u8], quoting: Quoting) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(&first) = rest.first() {
        let (kind, length) = match first {
            b'`' => (TokenKind::Name, quoted_length(rest, false)),
            b'"' if quoting.ansi_quotes => (TokenKind::Name, quoted_length(rest, false)),
            b'\'' | b'"' => (TokenKind::Literal, quoted_length(rest, !quoting.plain_backslash)),
            b'#' => (TokenKind::Comment, Some(line_length(rest))),
            b'-' if is_line_comment(rest) => (TokenKind::Comment, Some(line_length(rest))),
            b'/' if rest.starts_with(b"/*") => (comment_kind(rest), comment_length(rest)),
            _ if first.is_ascii_whitespace() => {
                (TokenKind::Space, Some(run_length(rest, u8::is_ascii_whitespace)))
            }
            _ if is_word(&first) => (TokenKind::Word, Some(run_length(rest, is_word))),
            _ => (TokenKind::Sign, Some(1)),
        };
        let kind = if length.is_some() { kind } else { TokenKind::Unclosed };
        let (text, behind) = rest.split_at(length.unwrap_or(rest.len()));
        tokens.push(Token { kind, text });
        rest = behind;
    }
    tokens
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'$' || *byte >= 0x80
}

/// `--` begins a comment in front of a space or control character.
fn is_line_comment(text: &[u8]) -> bool {
    text.starts_with(b"--") && text.get(2).is_none_or(|&next| next <= b' ')
}

fn comment_kind(text: &[u8]) -> TokenKind {
    match text.get(2) {
        Some(b'!') => TokenKind::Executable,
        Some(b'M') if text.get(3) == Some(&b'!') => TokenKind::Executable,
        Some(b'+') => TokenKind::Hint,
        _ => TokenKind::Comment,
    }
}

fn run_length(text: &[u8], belongs: impl Fn(&u8) -> bool) -> usize {
    text.iter().position(|byte| !belongs(byte)).unwrap_or(text.len())
}

fn line_length(text: &[u8]) -> usize {
    run_length(text, |&byte| byte != b'\n')
}

/// Returns the length of a comment with its marks. Servers look for its end without regard to quotes.
fn comment_length(text: &[u8]) -> Option<usize> {
    text.windows(2).skip(2).position(|pair| pair == b"*/").map(|place| place + 4)
}

/// Returns the length of a quoted text with its quotes. A doubled quote stands for itself.
fn quoted_length(text: &[u8], backslash: bool) -> Option<usize> {
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
            return Some(place + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Quoting, TokenKind, tokens, tokens_of};

    fn shown(sql: &str) -> Vec<(TokenKind, &str)> {
        shown_of(sql, Quoting::default())
    }

    fn shown_of(sql: &str, quoting: Quoting) -> Vec<(TokenKind, &str)> {
        tokens_of(sql.as_bytes(), quoting)
            .into_iter()
            .filter(|token| !token.is_blank())
            .map(|token| (token.kind, std::str::from_utf8(token.text).expect("text")))
            .collect()
    }

    #[test]
    fn quotes_and_comments_hide_what_is_in_them() {
        use TokenKind::{Executable, Hint, Literal, Name, Sign, Word};
        let expected =
            [(Name, "`a``(`"), (Word, "int"), (Literal, r"'x\'y''z'"), (Sign, ","), (Literal, "\"(\"")];
        assert_eq!(shown("`a``(` int 'x\\'y''z', \"(\" -- (\n /* ( */"), expected);
        assert_eq!(shown("a --\t(\n--\n#(\nb"), [(Word, "a"), (Word, "b")]);
        assert_eq!(shown("a--1")[1..], [(Sign, "-"), (Sign, "-"), (Word, "1")]);
        let expected =
            [(Word, "a"), (Executable, "/*!80000 ' */"), (Hint, "/*+ x */"), (Executable, "/*M! y */")];
        assert_eq!(shown("a/*!80000 ' *//*+ x *//*M! y */"), expected);
    }

    #[test]
    fn the_mode_decides_what_a_quote_means() {
        use TokenKind::{Literal, Name, Word};
        let ansi = Quoting::of_mode("STRICT_ALL_TABLES,ansi_quotes");
        assert_eq!(shown_of("\"a\"\"b\" 'c'", ansi), [(Name, "\"a\"\"b\""), (Literal, "'c'")]);
        assert_eq!(tokens_of(b"\"a\"\"b\"", ansi)[0].name().as_deref(), Some("a\"b"));
        let plain = Quoting::of_mode("NO_BACKSLASH_ESCAPES");
        assert_eq!(shown_of("'a\\' b", plain), [(Literal, "'a\\'"), (Word, "b")]);
    }

    #[test]
    fn an_unclosed_quote_or_comment_is_detected() {
        for sql in ["'a", "`a", "'a''", "'a\\'", "/* a", "/*! a", "/*+ a", "/*/", "'", "`"] {
            assert_eq!(tokens(sql.as_bytes()).last().expect("a token").kind, TokenKind::Unclosed, "{sql}");
        }
        for sql in ["'a'", "`a```", "'a'''", "'a\\''", "/**/", "/*!*/", "-- a", "a", "''"] {
            assert_ne!(tokens(sql.as_bytes()).last().expect("a token").kind, TokenKind::Unclosed, "{sql}");
        }
    }

    proptest! {
        #[test]
        fn the_tokens_joined_are_the_text(sql in any::<Vec<u8>>()) {
            let joined: Vec<u8> = tokens(&sql).iter().flat_map(|token| token.text.iter().copied()).collect();
            prop_assert_eq!(joined, sql);
        }

        #[test]
        fn no_text_of_quotes_is_too_crooked(sql in "[`'\"\\\\a/*!+#\n -]{0,30}") {
            let all = tokens(sql.as_bytes());
            let joined: Vec<u8> = all.iter().flat_map(|token| token.text.iter().copied()).collect();
            prop_assert!(all.iter().filter(|token| token.kind == TokenKind::Unclosed).count() <= 1);
            prop_assert_eq!(joined, sql.as_bytes());
        }
    }
}
